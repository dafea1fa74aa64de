/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a StreamID and SubstreamID to a context: stream table, STE, CD table,
 * CD. Everything is read once, in 64-bit units (3.21.3), checked, then used;
 * no address computed here depends on an unchecked field, and nothing loops.
 */
#include "smmuv3_dev_int.h"

#define STE_LG2	6u
#define CD_LG2	6u
#define DESC_LG2 3u	/* L1STD, L1CD */

struct build {
	struct iom_smmuv3_dev *s;
	struct iomi_smmuv3_caps caps;	/* with CR2 as it is now */
	struct smmu_txn t;		/* access as the STE overrides it */
	struct smmu_ctx *ctx;
	struct smmu_fault *f;
	uint64_t ste[8], cd[8];
};

static uint64_t align_down(uint64_t addr, unsigned int lg2)
{
	return addr & UINT64_MAX << lg2;
}

static int refuse(struct build *b, uint32_t id, uint64_t fetch)
{
	return iomi_smmuv3_dev_fault_cfg(&b->t, id, fetch, b->f);
}

/* --- memory --- */

/* What is read, and with which attributes; ipa is pa if stage 2 has nothing to do with it. */
struct place {
	enum iom_smmuv3_fetch_kind kind;
	struct iomi_lpae_mem mem;
	uint64_t ipa, pa;
};

int iomi_smmuv3_dev_load(struct iom_gmem *gmem, uint64_t pa, uint64_t *w, unsigned int n)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = iom_gmem_load(gmem, pa + i * 8, 8, &w[i]);
	return rc;
}

/* n words at a place. Beyond OAS there is no memory. */
static bool load(struct build *b, const struct place *at, uint64_t *w, unsigned int n)
{
	struct smmu_fetcher *fetch = b->t.fetch;
	struct iom_smmuv3_fetch what;

	if (at->pa >> b->caps.oas_bits)
		return false;
	if (!fetch)
		return !iomi_smmuv3_dev_load(b->t.gmem, at->pa, w, n);
	what = (struct iom_smmuv3_fetch){
		.kind = at->kind, .memattr = at->mem.mair, .sh = at->mem.sh,
		.ipa = at->ipa, .pa = at->pa,
	};
	return !fetch->fetch(fetch, &b->t, &what, w, n);
}

/* --- stream table, 3.3.1 --- */

/* RECINVSID is not about Translated transactions (3.9.1.3). */
static int bad_streamid(struct build *b)
{
	if ((atomic_load(&b->s->cr2) & SMMU_CR2_RECINVSID) ||
	    (b->t.access & IOM_SMMUV3_TRANSLATED))
		return refuse(b, SMMU_EVT_C_BAD_STREAMID, 0);
	return b->f->rc = IOM_EFAULT;
}

/* 6.3.24: other splits are reserved and mean 6 */
static unsigned int split_of(uint32_t cfg)
{
	unsigned int split = IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_SPLIT, cfg);

	return split == 8 || split == 10 ? split : 6;
}

static void at_pa(struct place *at, enum iom_smmuv3_fetch_kind kind, uint64_t pa)
{
	at->kind = kind;
	at->ipa = at->pa = pa;
}

static int two_level(struct build *b, uint64_t base, unsigned int lg2, unsigned int split,
		     struct place *at)
{
	unsigned int l1_lg2 = DESC_LG2 + (lg2 > split ? lg2 - split : 0), span;
	uint64_t low = b->t.sid & ((UINT64_C(1) << split) - 1), l1std;

	at_pa(at, IOM_SMMUV3_FETCH_L1STD, align_down(base, l1_lg2 > STE_LG2 ? l1_lg2 : STE_LG2) +
					  ((uint64_t)(b->t.sid >> split) << DESC_LG2));
	if (!load(b, at, &l1std, 1))
		return refuse(b, SMMU_EVT_F_STE_FETCH, at->pa);
	span = (unsigned int)IOM_FIELD_GET(SMMU_L1STD_SPAN, l1std);
	if (!span || span > split + 1 || low >> (span - 1))
		return bad_streamid(b);
	at_pa(at, IOM_SMMUV3_FETCH_STE,
	      align_down(l1std & SMMU_L1STD_L2PTR_ADDR, span - 1 + STE_LG2) + (low << STE_LG2));
	return IOM_OK;
}

static int find_ste(struct build *b, struct place *at)
{
	uint64_t base = atomic_load(&b->s->strtab_base) & SMMU_STRTAB_BASE_ADDR;
	uint32_t cfg = atomic_load(&b->s->strtab_cfg);
	unsigned int lg2 = IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE, cfg);

	if (lg2 > b->caps.sidsize)
		lg2 = b->caps.sidsize;
	if ((uint64_t)b->t.sid >> lg2)
		return bad_streamid(b);
	if (IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_FMT, cfg) == SMMU_STRTAB_FMT_2LVL &&
	    (b->s->cfg.idr[0] & SMMU_IDR0_ST_LEVEL))
		return two_level(b, base, lg2, split_of(cfg), at);
	at_pa(at, IOM_SMMUV3_FETCH_STE,
	      align_down(base, lg2 + STE_LG2) + ((uint64_t)b->t.sid << STE_LG2));
	return IOM_OK;
}

static int fetch_ste(struct build *b)
{
	uint32_t cr1 = atomic_load(&b->s->cr1);
	struct place at = {
		.mem = iomi_smmuv3_dev_walk_mem(IOM_FIELD_GET(SMMU_CR1_TABLE_IC, cr1),
						IOM_FIELD_GET(SMMU_CR1_TABLE_OC, cr1),
						IOM_FIELD_GET(SMMU_CR1_TABLE_SH, cr1)),
	};
	int rc = find_ste(b, &at);

	if (rc)
		return rc;
	if (!load(b, &at, b->ste, 8))
		return refuse(b, SMMU_EVT_F_STE_FETCH, at.pa);
	if (iomi_smmuv3_rules_ste(b->ste, &b->caps, NULL))
		return refuse(b, SMMU_EVT_C_BAD_STE, 0);
	b->ctx->mev = b->f->mergeable = b->ste[1] & SMMU_STE1_MEV;
	return IOM_OK;
}

/* --- context descriptors, 3.3.2 --- */

/* Nested: pointers to CDs are IPAs, and a fault there is stage 2's (CLASS CD). */
static int at_cd(struct build *b, enum iom_smmuv3_fetch_kind kind, uint64_t addr,
		 struct place *at)
{
	at_pa(at, kind, addr);
	at->mem = iomi_smmuv3_dev_walk_mem(IOM_FIELD_GET(SMMU_STE1_S1CIR, b->ste[1]),
					   IOM_FIELD_GET(SMMU_STE1_S1COR, b->ste[1]),
					   IOM_FIELD_GET(SMMU_STE1_S1CSH, b->ste[1]));
	if (!b->ctx->s2)
		return IOM_OK;
	return iomi_smmuv3_dev_walk_fetch(b->s, b->ctx, &b->t, &at->mem, addr, &at->pa, b->f);
}

/* log2 of the CDs of a leaf; 0: the table is linear */
static unsigned int leaf_lg2(uint64_t ste0, unsigned int max)
{
	if (!max)
		return 0;
	switch (IOM_FIELD_GET(SMMU_STE0_S1FMT, ste0)) {
	case SMMU_S1FMT_4K:
		return SMMU_S1FMT_4K_SPLIT;
	case SMMU_S1FMT_64K:
		return SMMU_S1FMT_64K_SPLIT;
	default:
		return 0;
	}
}

static int find_cd(struct build *b, uint32_t ssid, struct place *at)
{
	unsigned int max = iomi_smmuv3_rules_cd_max(b->ste, &b->caps);
	unsigned int split = leaf_lg2(b->ste[0], max), l1_lg2;
	uint64_t addr = b->ste[0] & SMMU_STE0_S1CONTEXTPTR_ADDR, l1cd;
	int rc;

	if (!split)
		return at_cd(b, IOM_SMMUV3_FETCH_CD,
			     align_down(addr, max + CD_LG2) + ((uint64_t)ssid << CD_LG2), at);
	l1_lg2 = DESC_LG2 + (max > split ? max - split : 0);
	addr = align_down(addr, l1_lg2 > CD_LG2 ? l1_lg2 : CD_LG2) +
	       ((uint64_t)(ssid >> split) << DESC_LG2);
	rc = at_cd(b, IOM_SMMUV3_FETCH_L1CD, addr, at);
	if (rc)
		return rc;
	if (!load(b, at, &l1cd, 1))
		return refuse(b, SMMU_EVT_F_CD_FETCH, at->pa);
	if (!(l1cd & SMMU_L1CD_V))
		return refuse(b, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
	addr = align_down(l1cd & SMMU_L1CD_L2PTR_ADDR, split + CD_LG2);
	/* 3.4.3: as if there were no such CD; if it is an IPA, stage 2 has a fault. */
	if (!b->ctx->s2 && addr >> b->caps.oas_bits)
		return refuse(b, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
	return at_cd(b, IOM_SMMUV3_FETCH_CD, addr + ((ssid & ((1u << split) - 1)) << CD_LG2), at);
}

static int fetch_cd(struct build *b, uint32_t ssid)
{
	struct place at;
	int rc = find_cd(b, ssid, &at);

	if (rc)
		return rc;
	if (!load(b, &at, b->cd, 8))
		return refuse(b, SMMU_EVT_F_CD_FETCH, at.pa);
	if (iomi_smmuv3_rules_cd(b->cd, b->ste, &b->caps, NULL) ||
	    !iomi_smmuv3_dev_decode_s1(b->s, b->cd, b->ste, &b->caps, b->ctx))
		return refuse(b, SMMU_EVT_C_BAD_CD, 0);
	return IOM_OK;
}

/* --- which CD, if any --- */

enum stage1 { S1_OFF, S1_CD };

/* 3.9: substreams. *ssid is the CD's number if the answer is S1_CD. */
static int choose_cd(struct build *b, enum stage1 *use, uint32_t *ssid)
{
	unsigned int config = (unsigned int)IOM_FIELD_GET(SMMU_STE0_CONFIG, b->ste[0]);
	unsigned int max = iomi_smmuv3_rules_cd_max(b->ste, &b->caps);
	unsigned int dss = (unsigned int)IOM_FIELD_GET(SMMU_STE1_S1DSS, b->ste[1]);
	bool s1 = config & (SMMU_STE_CONFIG_S1 & ~SMMU_STE_CONFIG_BYPASS);

	*use = s1 ? S1_CD : S1_OFF;
	*ssid = b->t.ssid;
	if (b->t.ssv) {
		if (!s1 || !max || b->t.ssid >> max)
			return refuse(b, SMMU_EVT_C_BAD_SUBSTREAMID, 0);
		if (dss == SMMU_S1DSS_SSID0 && !b->t.ssid)
			return refuse(b, SMMU_EVT_F_STREAM_DISABLED, 0);
		return IOM_OK;
	}
	*ssid = 0;
	if (!s1 || !max || dss == SMMU_S1DSS_SSID0)
		return IOM_OK;
	if (dss != SMMU_S1DSS_BYPASS)
		return refuse(b, SMMU_EVT_F_STREAM_DISABLED, 0);
	*use = S1_OFF;
	return IOM_OK;
}

/*
 * What ATS asks of an STE. A Translated transaction is Data, unprivileged and
 * without a SubstreamID before the overrides (3.9.1.3, IDR3.PASIDTT = 0); it passes, or with
 * split-stage ATS is translated by stage 2. MTCFG and SHCFG do not touch its
 * attributes (table 13.5). Where EATS is off it is not let so far.
 */
static int ste_alone(struct build *b)
{
	struct smmu_ctx *ctx = b->ctx;

	ctx->acc_and &= ~(IOM_SMMUV3_PRIV | IOM_SMMUV3_INST);
	ctx->in = iomi_smmuv3_dev_incoming;
	ctx->kind = SMMU_KIND_BYPASS;
	if (ctx->eats != SMMU_EATS_SPLIT)
		return IOM_OK;
	ctx->kind = SMMU_KIND_TRANSLATE;
	if (b->caps.s2p)
		ctx->vmid = (uint16_t)IOM_FIELD_GET(SMMU_STE2_S2VMID, b->ste[2]);
	if (!iomi_smmuv3_dev_decode_s2(b->ste, &b->caps, ctx))
		return refuse(b, SMMU_EVT_C_BAD_STE, 0);
	return IOM_OK;
}

static int from_ste(struct build *b)
{
	unsigned int config = (unsigned int)IOM_FIELD_GET(SMMU_STE0_CONFIG, b->ste[0]);
	struct smmu_ctx *ctx = b->ctx;
	enum stage1 use;
	uint32_t ssid;
	int rc;

	iomi_smmuv3_dev_decode_in(b->s, b->ste, ctx);
	b->t.access = (b->t.access & ctx->acc_and) | ctx->acc_or;
	ctx->eats = (uint8_t)iomi_smmuv3_rules_eats(b->ste, &b->caps);
	ctx->ppar = b->ste[1] & SMMU_STE1_PPAR;
	if (config < SMMU_STE_CONFIG_BYPASS)
		return IOM_OK;		/* kind is ABORT */
	if (b->t.access & SMMU_ACCESS_STE)
		return ste_alone(b);
	rc = choose_cd(b, &use, &ssid);
	if (rc)
		return rc;
	ctx->kind = SMMU_KIND_BYPASS;
	if (b->caps.s2p)
		ctx->vmid = (uint16_t)IOM_FIELD_GET(SMMU_STE2_S2VMID, b->ste[2]);
	if ((config & SMMU_STE_CONFIG_S2 & ~SMMU_STE_CONFIG_BYPASS) &&
	    !iomi_smmuv3_dev_decode_s2(b->ste, &b->caps, ctx))
		return refuse(b, SMMU_EVT_C_BAD_STE, 0);
	if (use == S1_CD)
		rc = fetch_cd(b, ssid);
	if (ctx->s1 || ctx->s2)
		ctx->kind = SMMU_KIND_TRANSLATE;
	return rc;
}

int iomi_smmuv3_dev_ctx_build(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
			      struct smmu_ctx *ctx, struct smmu_fault *f)
{
	struct build b = { .s = s, .caps = s->caps, .t = *t, .ctx = ctx, .f = f };
	uint32_t cr0 = atomic_load(&s->cr0), gbpa;
	int rc;

	ctx->kind = SMMU_KIND_ABORT;
	ctx->top_mask[0] = ctx->top_mask[1] = 0xff;
	ctx->acc_and = UINT32_MAX;
	if (!(cr0 & SMMU_CR0_SMMUEN)) {
		gbpa = atomic_load(&s->gbpa);
		iomi_smmuv3_dev_decode_gbpa(s, gbpa, ctx);
		ctx->disabled = true;
		if (!(gbpa & SMMU_GBPA_ABORT))
			ctx->kind = SMMU_KIND_BYPASS;
		return IOM_OK;
	}
	b.caps.atschk = cr0 & SMMU_CR0_ATSCHK;
	b.caps.e2h = atomic_load(&s->cr2) & SMMU_CR2_E2H;
	rc = fetch_ste(&b);
	return rc ? rc : from_ste(&b);
}
