/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structures as a transaction goes by them: illegal, reserved, misaligned, or at
 * odds with others in use. Asked of what memory says now; what is held from
 * before is the engine's to judge.
 */
#include <stdalign.h>

#include <iom/base/mem.h>

#include "pt/lpae.h"
#include "smmuv3_strict_chk.h"
#include "wire/smmuv3_fields.h"
#include "wire/smmuv3_text.h"
#include "wire/smmuv3_used.h"

int iomi_smmuv3_strict_checker_init(struct iom_smmuv3_dev *s)
{
	void *mem;
	int rc = s->plat->ops.alloc(s->plat, sizeof(struct strict_checker), alignof(uint64_t),
				    &mem);

	if (!rc)
		s->strict->checker = mem;
	return rc;
}

void iomi_smmuv3_strict_checker_fini(struct iom_smmuv3_dev *s)
{
	if (s->strict->checker)
		s->plat->ops.free(s->plat, s->strict->checker, sizeof(*s->strict->checker));
	s->strict->checker = NULL;
}

/* --- once for each object -------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

bool iomi_smmuv3_strict_chk_seen(struct strict_checker *c, enum smmu_rule rule, uint64_t a,
				 const uint64_t *w, unsigned int n)
{
	uint64_t h = mix(rule + 1u, a);
	unsigned int i;

	for (i = 0; i < n; i++)
		h = mix(h, w[i]);
	for (i = 0; i < CHK_SEEN; i++) {
		if (c->seen[i] == h)
			return true;
	}
	c->seen[c->next_seen++ % CHK_SEEN] = h;
	return false;
}

/* --- reports of structures ------------------------------------------------- */

static void tell(struct iom_smmuv3_dev *s, const struct strict_config *c,
		 const struct strict_line *line, enum smmu_rule rule, const char *fmt, uint64_t v,
		 const char *name)
{
	struct iom_smmuv3_report r;
	struct iomi_smmuv3_text t;
	unsigned int i;

	if (iomi_smmuv3_strict_chk_seen(s->strict->checker, rule, line->pa, line->w, line->n))
		return;
	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_STRUCT |
		  (c->ssv ? IOM_SMMUV3_ABOUT_SSID : 0);
	r.sid = c->sid;
	r.ssid = c->ssid;
	r.what = (enum iom_smmuv3_fetch_kind)line->kind;
	r.pa = line->pa;
	r.nr_words = line->n;
	for (i = 0; i < line->n; i++)
		r.held[i] = r.memory[i] = line->w[i];
	iomi_smmuv3_text_init(&t, r.missing, sizeof(r.missing));
	if (name)
		iomi_smmuv3_text_fmt(&t, fmt, name, v);
	else if (fmt)
		iomi_smmuv3_text_fmt(&t, fmt, v);
	iomi_smmuv3_strict_report(s, rule, 0, &r);
}

/* RES0 bits, and values that are reserved, of the fields that count. */
static void reserved(struct iom_smmuv3_dev *s, const struct strict_config *c,
		     const struct strict_line *line, const struct iomi_smmuv3_layout *l,
		     const uint64_t used[8], enum smmu_rule res0, enum smmu_rule value)
{
	const struct iomi_smmuv3_field *f;
	const char *name;
	unsigned int i;
	uint64_t bits;

	for (i = 0; i < line->n; i++) {
		bits = line->w[i] & ~iomi_smmuv3_fields_mask(l, i);
		if (bits)
			tell(s, c, line, res0, "0 in the bits %x", bits, NULL);
	}
	for (i = 0; i < l->n_fields; i++) {
		f = &l->fields[i];
		if (!(f->mask & used[f->word]))
			continue;
		name = iomi_smmuv3_fields_value(f, iomi_smmuv3_fields_get(f, line->w));
		if (name && name[0] == 'r' && name[1] == 'e' && name[2] == 's')
			tell(s, c, line, value, "another value of %s than %u",
			     iomi_smmuv3_fields_get(f, line->w), f->name);
	}
}

/* A field of a feature, and the bits of IDR3 or the capability that it needs. */
struct needs {
	uint8_t word, stage;	/* stage: 0 any */
	uint64_t bits;
	uint32_t idr3;		/* one of these, or: */
	bool (*has)(const struct iomi_smmuv3_caps *caps);
	const char *name;
};

static bool has_ats(const struct iomi_smmuv3_caps *c) { return c->ats; }
static bool has_ds(const struct iomi_smmuv3_caps *c) { return c->ds; }
static bool has_haft(const struct iomi_smmuv3_caps *c) { return c->httu > SMMU_HTTU_AF_DIRTY; }

static const struct needs ste_needs[] = {
	{ 1, 0, SMMU_STE1_EATS, 0, has_ats, "EATS" },
	{ 1, 2, SMMU_STE1_S2FWB, SMMU_IDR3_FWB, NULL, "S2FWB" },
	{ 1, 1, SMMU_STE1_S1MPAM, SMMU_IDR3_MPAM, NULL, "S1MPAM" },
	{ 1, 1, SMMU_STE1_S1PIE, SMMU_IDR3_S1PI, NULL, "S1PIE" },
	{ 2, 2, SMMU_STE2_S2HAFT, 0, has_haft, "S2HAFT" },
	{ 2, 2, SMMU_STE2_S2PIE, SMMU_IDR3_S2PI, NULL, "S2PIE" },
	{ 2, 2, SMMU_STE2_S2POE, SMMU_IDR3_S2PO, NULL, "S2POE" },
	{ 2, 0, SMMU_STE2_DPT_VMATCH, SMMU_IDR3_DPT, NULL, "DPT_VMATCH" },
	{ 3, 2, SMMU_STE3_S2SL0_2 | SMMU_STE3_S2DS, 0, has_ds, "S2DS, S2SL0[2]" },
	{ 4, 0, SMMU_STE4_PARTID, SMMU_IDR3_MPAM, NULL, "PARTID" },
	{ 5, 0, SMMU_STE5_PMG | SMMU_STE5_VMSPTR_ADDR, SMMU_IDR3_MPAM, NULL, "PMG, VMSPtr" },
};

static const struct needs cd_needs[] = {
	{ 1, 1, SMMU_CD1_HAD0, SMMU_IDR3_HAD, NULL, "HAD0" },
	{ 2, 1, SMMU_CD2_HAD1, SMMU_IDR3_HAD, NULL, "HAD1" },
	{ 1, 1, SMMU_CD1_E0PD0, SMMU_IDR3_E0PD, NULL, "E0PD0" },
	{ 2, 1, SMMU_CD2_E0PD1, SMMU_IDR3_E0PD, NULL, "E0PD1" },
	{ 1, 1, SMMU_CD1_EPAN, SMMU_IDR3_EPAN, NULL, "EPAN" },
	{ 1, 1, SMMU_CD1_HAFT, 0, has_haft, "HAFT" },
	{ 2, 1, SMMU_CD2_DS, 0, has_ds, "DS" },
	{ 2, 1, SMMU_CD2_AIE, SMMU_IDR3_AIE, NULL, "AIE" },
	{ 2, 1, SMMU_CD2_PIE, SMMU_IDR3_S1PI, NULL, "PIE" },
	{ 5, 1, SMMU_CD5_PARTID | SMMU_CD5_PMG, SMMU_IDR3_MPAM, NULL, "PARTID, PMG" },
};

static void absent(struct iom_smmuv3_dev *s, const struct strict_config *c,
		   const struct strict_line *line, const struct needs *n, size_t nr,
		   unsigned int stages, enum smmu_rule rule)
{
	for (; nr--; n++) {
		if (!(line->w[n->word] & n->bits) || (n->stage && !(stages & n->stage)))
			continue;
		if (n->has ? !n->has(&s->caps) : !(s->cfg.idr[3] & n->idr3))
			tell(s, c, line, rule, "0 in %s", 0, n->name);
	}
}

/* --- tables that structures lead to ---------------------------------------- */

static void aligned(struct iom_smmuv3_dev *s, const struct strict_config *c,
		    const struct strict_line *line, enum smmu_rule rule, const char *name,
		    uint64_t ptr, unsigned int lg2)
{
	if (lg2 < 64 && ptr & ((UINT64_C(1) << lg2) - 1))
		tell(s, c, line, rule, "%s aligned to %x", UINT64_C(1) << lg2, name);
}

static void cd_table(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	const uint64_t *w = c->ste->w;
	unsigned int max = iomi_smmuv3_rules_cd_max(w, &s->caps), lg2 = max + 6;

	if (max && IOM_FIELD_GET(SMMU_STE0_S1FMT, w[0]) == SMMU_S1FMT_4K)
		lg2 = max > SMMU_S1FMT_4K_SPLIT ? max - SMMU_S1FMT_4K_SPLIT + 3 : 6;
	else if (max && IOM_FIELD_GET(SMMU_STE0_S1FMT, w[0]) == SMMU_S1FMT_64K)
		lg2 = max > SMMU_S1FMT_64K_SPLIT ? max - SMMU_S1FMT_64K_SPLIT + 3 : 6;
	aligned(s, c, c->ste, SMMU_RULE_STE_ALIGN, "S1ContextPtr",
		w[0] & SMMU_STE0_S1CONTEXTPTR_ADDR, lg2 < 6 ? 6 : lg2);
}

static void s2_table(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	const uint64_t *w = c->ste->w;
	unsigned int g = iomi_smmuv3_rules_tg0_lg2((unsigned int)
						   IOM_FIELD_GET(SMMU_STE2_S2TG, w[2]));
	bool wide = g == 16 ? s->caps.oas_bits > 48 : iomi_smmuv3_rules_s2_ds(w, &s->caps);
	const struct iomi_lpae_fmt *fmt = iomi_lpae_fmt(2, g, wide);
	struct iomi_lpae_geom geom;

	if (!(w[2] & SMMU_STE2_S2AA64) || !fmt ||
	    iomi_lpae_geom_s2(fmt, (unsigned int)IOM_FIELD_GET(SMMU_STE2_S2T0SZ, w[2]),
			      iomi_smmuv3_rules_s2_start(w, &s->caps), &geom))
		return;
	aligned(s, c, c->ste, SMMU_RULE_STE_ALIGN, "S2TTB", w[3] & SMMU_STE3_S2TTB_ADDR,
		iomi_lpae_root_lg2(&geom));
}

static void s1_table(struct iom_smmuv3_dev *s, const struct strict_config *c, unsigned int half)
{
	const uint64_t *w = c->cd->w;
	unsigned int g = half ? iomi_smmuv3_rules_tg1_lg2((unsigned int)
							  IOM_FIELD_GET(SMMU_CD0_TG1, w[0])) :
				iomi_smmuv3_rules_tg0_lg2((unsigned int)
							  IOM_FIELD_GET(SMMU_CD0_TG0, w[0]));
	unsigned int txsz = (unsigned int)(half ? IOM_FIELD_GET(SMMU_CD0_T1SZ, w[0]) :
						  IOM_FIELD_GET(SMMU_CD0_T0SZ, w[0]));
	bool wide = g == 16 ? s->caps.oas_bits > 48 : iomi_smmuv3_rules_s1_ds(w, half, &s->caps);
	const struct iomi_lpae_fmt *fmt = iomi_lpae_fmt(1, g, wide);
	struct iomi_lpae_geom geom;

	if (!(w[0] & SMMU_CD0_AA64) || !fmt ||
	    iomi_smmuv3_rules_half_off(w, half,
				       iomi_smmuv3_rules_two_priv(c->ste->w, &s->caps)) ||
	    iomi_lpae_geom_s1(fmt, txsz, &geom))
		return;
	aligned(s, c, c->cd, SMMU_RULE_CD_ALIGN, half ? "TTB1" : "TTB0",
		w[1 + half] & SMMU_CD1_TTB0_ADDR, iomi_lpae_root_lg2(&geom));
}

/* --- in use at the same time ----------------------------------------------- */

static void tell_shared(struct iom_smmuv3_dev *s, const struct strict_config *c,
			const struct strict_line *line, enum smmu_rule rule,
			const struct chk_known *with, const uint64_t *theirs, uint64_t vmid,
			uint64_t asid)
{
	struct iom_smmuv3_report r;
	struct iomi_smmuv3_text t;
	unsigned int i;

	if (iomi_smmuv3_strict_chk_seen(s->strict->checker, rule, line->pa, line->w, 8))
		return;
	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_STRUCT | IOM_SMMUV3_ABOUT_VMID |
		  (rule == SMMU_RULE_ASID_SHARED ? IOM_SMMUV3_ABOUT_ASID : 0) |
		  (c->ssv ? IOM_SMMUV3_ABOUT_SSID : 0);
	r.sid = c->sid;
	r.ssid = c->ssid;
	r.vmid = (uint16_t)vmid;
	r.asid = (uint16_t)asid;
	r.what = (enum iom_smmuv3_fetch_kind)line->kind;
	r.pa = line->pa;
	r.nr_words = 8;
	for (i = 0; i < 8; i++) {
		r.held[i] = line->w[i];
		r.memory[i] = theirs[i];
	}
	iomi_smmuv3_text_init(&t, r.missing, sizeof(r.missing));
	iomi_smmuv3_text_fmt(&t, "the fields of stream %x, substream %x, or a tag of its own",
			     (uint64_t)with->sid, (uint64_t)(with->ssv ? with->ssid : 0));
	iomi_smmuv3_strict_report(s, rule, 0, &r);
}

/* In the bits that both count, less those that may differ for a while. */
static bool agree(const uint64_t *a, const uint64_t *b, uint64_t ma[8], const uint64_t mb[8])
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		ma[i] &= mb[i];
	return iomi_smmuv3_used_same(a, b, ma);
}

static void compare_s2(struct iom_smmuv3_dev *s, const struct strict_config *c,
		       const struct chk_known *b)
{
	const uint64_t *a = c->ste->w;
	uint64_t ma[8], mb[8];

	/* bit 1 of Config: stage 2 */
	if (!(a[0] & b->ste[0] & IOM_FIELD_PREP(SMMU_STE0_CONFIG, UINT64_C(2))) ||
	    ((a[2] ^ b->ste[2]) & SMMU_STE2_S2VMID))
		return;
	iomi_smmuv3_used_tlb_ste(a, &s->caps, ma);
	iomi_smmuv3_used_tlb_ste(b->ste, &s->caps, mb);
	if (!agree(a, b->ste, ma, mb))
		tell_shared(s, c, c->ste, SMMU_RULE_VMID_SHARED, b, b->ste,
			    IOM_FIELD_GET(SMMU_STE2_S2VMID, a[2]), 0);
}

static void compare_s1(struct iom_smmuv3_dev *s, const struct strict_config *c,
		       const struct chk_known *b)
{
	const uint64_t *a = c->cd->w;
	uint64_t ma[8], mb[8];

	if (!iomi_smmuv3_rules_two_priv(c->ste->w, &s->caps) ||
	    !iomi_smmuv3_rules_two_priv(b->ste, &s->caps) ||
	    ((c->ste->w[1] ^ b->ste[1]) & SMMU_STE1_STRW) ||
	    ((a[0] ^ b->cd[0]) & (SMMU_CD0_ASID | SMMU_CD0_ASET)))
		return;
	if (s->caps.s2p && !(c->ste->w[1] & SMMU_STE1_STRW) &&
	    ((c->ste->w[2] ^ b->ste[2]) & SMMU_STE2_S2VMID))
		return;
	iomi_smmuv3_used_tlb_cd(a, c->ste->w, &s->caps, ma);
	iomi_smmuv3_used_tlb_cd(b->cd, b->ste, &s->caps, mb);
	/* walk attributes and what a fault does may be changed one CD after the other */
	ma[0] &= SMMU_CD0_T0SZ | SMMU_CD0_TG0 | SMMU_CD0_T1SZ | SMMU_CD0_TG1 | SMMU_CD0_AA64 |
		 SMMU_CD0_ENDI;
	if (!agree(a, b->cd, ma, mb))
		tell_shared(s, c, c->cd, SMMU_RULE_ASID_SHARED, b, b->cd,
			    IOM_FIELD_GET(SMMU_STE2_S2VMID, c->ste->w[2]),
			    IOM_FIELD_GET(SMMU_CD0_ASID, a[0]));
}

static void shared(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	struct strict_checker *k = s->strict->checker;
	struct chk_known *b, *mine = NULL;

	for (b = k->known; b < k->known + CHK_KNOWN; b++) {
		if (!b->there)
			continue;
		if (b->sid == c->sid && b->ssv == c->ssv && (!c->ssv || b->ssid == c->ssid)) {
			mine = b;
			continue;
		}
		compare_s2(s, c, b);
		if (c->cd && b->has_cd)
			compare_s1(s, c, b);
	}
	if (!mine)
		mine = &k->known[k->next_known++ % CHK_KNOWN];
	mine->there = true;
	mine->ssv = c->ssv;
	mine->sid = c->sid;
	mine->ssid = c->ssid;
	mine->has_cd = c->cd != NULL;
	memcpy(mine->ste, c->ste->w, sizeof(mine->ste));
	if (c->cd)
		memcpy(mine->cd, c->cd->w, sizeof(mine->cd));
}

void iomi_smmuv3_strict_chk_forget(struct strict_checker *k, uint32_t first, uint32_t last)
{
	unsigned int i;

	for (i = 0; i < CHK_KNOWN; i++) {
		if (k->known[i].sid >= first && k->known[i].sid <= last)
			k->known[i].there = false;
	}
}

/* --- a configuration ------------------------------------------------------- */

static void l1std(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	const struct strict_line *l = c->l1std;
	unsigned int span = (unsigned int)IOM_FIELD_GET(SMMU_L1STD_SPAN, l->w[0]);
	unsigned int split = (unsigned int)IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_SPLIT,
							 atomic_load(&s->strtab_cfg));
	uint64_t res0 = l->w[0] & ~iomi_smmuv3_fields_mask(&iomi_smmuv3_fields_l1std, 0);

	if (!span)
		return;
	if (res0)
		tell(s, c, l, SMMU_RULE_L1STD_RES0, "0 in the bits %x", res0, NULL);
	if (span > 11 || span > split + 1)
		tell(s, c, l, SMMU_RULE_L1STD_SPAN, "Span up to %u", split + 1, NULL);
	else
		aligned(s, c, l, SMMU_RULE_L1STD_ALIGN, "L2Ptr", l->w[0] & SMMU_L1STD_L2PTR_ADDR,
			span + 5);
}

static void l1cd(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	const struct strict_line *l = c->l1cd;
	uint64_t res0 = l->w[0] & ~iomi_smmuv3_fields_mask(&iomi_smmuv3_fields_l1cd, 0);

	if (!(l->w[0] & SMMU_L1CD_V))
		return;
	if (res0)
		tell(s, c, l, SMMU_RULE_L1CD_RES0, "0 in the bits %x", res0, NULL);
	if (c->ste && IOM_FIELD_GET(SMMU_STE0_S1FMT, c->ste->w[0]) == SMMU_S1FMT_64K)
		aligned(s, c, l, SMMU_RULE_L1CD_ALIGN, "L2Ptr", l->w[0] & SMMU_L1CD_L2PTR_ADDR, 16);
}

/* 3.13: descriptors are changed in place; the encodings 1 and 3 are write-back. */
static void write_back(struct iom_smmuv3_dev *s, const struct strict_config *c,
		       const struct strict_line *line, uint64_t w, uint64_t inner, uint64_t outer)
{
	if (!(IOM_FIELD_GET(inner, w) & IOM_FIELD_GET(outer, w) & 1))
		tell(s, c, line, SMMU_RULE_HTTU_ATTR, "write-back, inner and outer", 0, NULL);
}

/* False: it is not one to go by. */
static bool ste(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	const struct iomi_smmuv3_rule *rows, *r = NULL;
	const struct strict_line *l = c->ste;
	struct iomi_smmuv3_caps caps = s->caps;
	unsigned int config;
	uint64_t used[8];
	size_t n;

	if (!(l->w[0] & SMMU_STE0_V)) {
		iomi_smmuv3_strict_chk_not_valid(s, c, l, false);
		return false;
	}
	iomi_smmuv3_strict_chk_is_valid(s->strict->checker, l);
	config = (unsigned int)IOM_FIELD_GET(SMMU_STE0_CONFIG, l->w[0]);
	if (config < SMMU_STE_CONFIG_BYPASS)
		return false;
	caps.atschk = atomic_load(&s->cr0) & SMMU_CR0_ATSCHK;
	caps.e2h = atomic_load(&s->cr2) & SMMU_CR2_E2H;
	rows = iomi_smmuv3_rules_of_ste(&n);
	while ((r = iomi_smmuv3_rules_ste(l->w, &caps, r)))
		tell(s, c, l, SMMU_RULE_STE_V + (unsigned int)(r - rows), NULL, 0, NULL);
	iomi_smmuv3_used_ste(l->w, &caps, used);
	reserved(s, c, l, &iomi_smmuv3_fields_ste, used, SMMU_RULE_STE_RES0,
		 SMMU_RULE_STE_RESERVED);
	absent(s, c, l, ste_needs, IOM_ARRAY_SIZE(ste_needs), config & 3, SMMU_RULE_STE_ABSENT);
	if (config & 1)
		cd_table(s, c);
	if (config & 2) {
		s2_table(s, c);
		if (l->w[2] & SMMU_STE2_S2HA)
			write_back(s, c, l, l->w[2], SMMU_STE2_S2IR0, SMMU_STE2_S2OR0);
	}
	return !iomi_smmuv3_rules_ste(l->w, &caps, NULL);
}

static bool cd(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	const struct iomi_smmuv3_rule *rows, *r = NULL;
	const struct strict_line *l = c->cd;
	struct iomi_smmuv3_caps caps = s->caps;
	uint64_t used[8];
	size_t n;

	if (!(l->w[0] & SMMU_CD0_V)) {
		iomi_smmuv3_strict_chk_not_valid(s, c, l, true);
		return false;
	}
	iomi_smmuv3_strict_chk_is_valid(s->strict->checker, l);
	caps.e2h = atomic_load(&s->cr2) & SMMU_CR2_E2H;
	rows = iomi_smmuv3_rules_of_cd(&n);
	while ((r = iomi_smmuv3_rules_cd(l->w, c->ste->w, &caps, r)))
		tell(s, c, l, SMMU_RULE_CD_V + (unsigned int)(r - rows), NULL, 0, NULL);
	iomi_smmuv3_used_cd(l->w, c->ste->w, &caps, used);
	reserved(s, c, l, &iomi_smmuv3_fields_cd, used, SMMU_RULE_CD_RES0, SMMU_RULE_CD_RESERVED);
	absent(s, c, l, cd_needs, IOM_ARRAY_SIZE(cd_needs), 1, SMMU_RULE_CD_ABSENT);
	s1_table(s, c, 0);
	if (iomi_smmuv3_rules_two_priv(c->ste->w, &caps))
		s1_table(s, c, 1);
	if ((l->w[0] & SMMU_CD0_HA) && (used[0] & SMMU_CD0_IR0))
		write_back(s, c, l, l->w[0], SMMU_CD0_IR0, SMMU_CD0_OR0);
	if ((l->w[0] & SMMU_CD0_HA) && (used[0] & SMMU_CD0_IR1))
		write_back(s, c, l, l->w[0], SMMU_CD0_IR1, SMMU_CD0_OR1);
	if (!s->strict->checker->tlbi_el2 &&
	    IOM_FIELD_GET(SMMU_STE1_STRW, c->ste->w[1]) == SMMU_STRW_EL2)
		tell(s, c, c->ste, SMMU_RULE_ENABLE_EL2, "TLBI_EL2_ALL, then CMD_SYNC", 0, NULL);
	return !iomi_smmuv3_rules_cd(l->w, c->ste->w, &caps, NULL);
}

void iomi_smmuv3_strict_config(struct iom_smmuv3_dev *s, const struct strict_config *c)
{
	if (c->ste)
		iomi_smmuv3_strict_chk_place(s->strict->checker, c, c->ste);
	if (c->cd)
		iomi_smmuv3_strict_chk_place(s->strict->checker, c, c->cd);
	if (!c->fresh)
		return;
	if (c->l1std)
		l1std(s, c);
	if (!c->ste || !ste(s, c))
		return;
	if (c->l1cd)
		l1cd(s, c);
	if (c->cd && !cd(s, c))
		return;
	shared(s, c);
}

/* --- words of different times ---------------------------------------------- */

/*
 * 5.2: MEV is a hint, and may change at any time; EATS may come and go by
 * itself where neither is split-stage nor S2S is set.
 */
static void may_mix(const uint64_t *w, uint64_t used[8])
{
	used[1] &= ~SMMU_STE1_MEV;
	if (!(w[2] & SMMU_STE2_S2S) &&
	    IOM_FIELD_GET(SMMU_STE1_EATS, w[1]) <= SMMU_EATS_FULL)
		used[1] &= ~SMMU_STE1_EATS;
}

void iomi_smmuv3_strict_torn(struct iom_smmuv3_dev *s, const struct strict_config *c,
			     const struct strict_line *line, const uint64_t state[][8],
			     unsigned int nr_states)
{
	bool is_cd = line->kind == IOM_SMMUV3_FETCH_CD;
	enum smmu_rule rule = is_cd ? SMMU_RULE_CD_TORN : SMMU_RULE_STE_TORN;
	struct iom_smmuv3_report r;
	uint64_t used[8];
	unsigned int i;

	if (line->n != 8 || !nr_states ||
	    !(line->w[0] & (is_cd ? SMMU_CD0_V : SMMU_STE0_V)))
		return;
	if (is_cd) {
		iomi_smmuv3_used_cd(line->w, c->ste ? c->ste->w : NULL, &s->caps, used);
	} else {
		iomi_smmuv3_used_ste(line->w, &s->caps, used);
		may_mix(line->w, used);
	}
	for (i = 0; i < nr_states; i++) {
		if (iomi_smmuv3_used_same(line->w, state[i], used))
			return;
	}
	if (iomi_smmuv3_strict_chk_seen(s->strict->checker, rule, line->pa, state[nr_states - 1],
					8))
		return;
	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_STRUCT |
		  (is_cd && c->ssv ? IOM_SMMUV3_ABOUT_SSID : 0);
	r.sid = c->sid;
	r.ssid = c->ssid;
	r.what = (enum iom_smmuv3_fetch_kind)line->kind;
	r.pa = line->pa;
	r.nr_words = 8;
	r.word = 8;
	r.stored_step = s->strict->step;
	for (i = 8; i--;) {
		r.held[i] = line->w[i];
		r.memory[i] = state[nr_states - 1][i];
		if ((r.held[i] ^ r.memory[i]) & used[i])
			r.word = i;
	}
	iomi_smmuv3_strict_report(s, rule, 0, &r);
}
