/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of what is held: a structure or descriptor is changed under
 * traffic, and the invalidation behind it is wrong in one way.
 */
#include <string.h>

#include <iom/base/field.h>

#include "rules.h"

#define RUN(f) static void f(struct sd *d, bool bad, const void *arg)
#define UNUSED ((void)arg)

#define IOVA2	(SD_IOVA + 0x1000)
#define IOVA3	(SD_IOVA + 0x2000)

static void up(struct sd *d, unsigned int config)
{
	sd_open(d);
	sd_stream(d, config);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

static void poke(struct sd *d, uint64_t at, uint64_t val)
{
	st_poke(&d->t, at, val);
	sd_wmb(d);
}

/* Another CD table, for the tables s1b and ASID 2. */
static uint64_t other_cds(struct sd *d)
{
	uint64_t at = st_alloc(&d->t, 64 << SD_SSIDS_LG2), cd[8];

	memcpy(cd, d->cd, sizeof(cd));
	st_set(cd, 63, 48, 2);
	cd[1] = (cd[1] & 0xf) | d->s1b.root;
	st_poke_n(&d->t, at, cd, 8);
	sd_wmb(d);
	return at;
}

static uint64_t with_cds(const struct sd *d, uint64_t cds)
{
	return (d->ste[0] & ~IOM_BITS64(55, 6)) | cds;
}

/* --- STE ------------------------------------------------------------------- */

RUN(stale_ste)
{
	UNUSED;
	up(d, 5);
	poke(d, d->t.strtab, with_cds(d, other_cds(d)));
	if (!bad)
		sd_cfgi_ste(d, 0, true);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(cfgi_order)
{
	uint64_t cds;

	UNUSED;
	up(d, 5);
	cds = other_cds(d);
	if (bad)
		sd_cfgi_ste(d, 0, true);
	sd_use(d, 0, SD_IOVA);
	poke(d, d->t.strtab, with_cds(d, cds));
	if (!bad)
		sd_cfgi_ste(d, 0, true);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(cfgi_sync)
{
	UNUSED;
	up(d, 5);
	poke(d, d->t.strtab, with_cds(d, other_cds(d)));
	sd_cfgi_ste(d, 0, true);
	if (!bad)
		sd_sync(d);
	iom_smmuv3_strict_release(d->t.s, d->cdptr, 64 << SD_SSIDS_LG2);
	if (bad)
		sd_sync(d);
}

RUN(released_config)
{
	UNUSED;
	up(d, 5);
	if (!bad) {
		poke(d, d->t.strtab, with_cds(d, other_cds(d)));
		sd_cfgi_ste(d, 0, true);
		sd_sync(d);
	}
	iom_smmuv3_strict_release(d->t.s, d->cdptr, 64 << SD_SSIDS_LG2);
}

/* Through V = 0, as a live STE or CD is changed in more than one word. */
static void by_steps(struct sd *d, uint64_t at, const uint64_t w[8], bool cd)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (i == 0)
			st_poke(&d->t, at, st_peek(&d->t, at) & ~(cd ? IOM_BIT64(31) : 1));
		else if (i == 1)
			st_poke_n(&d->t, at + 8, w + 1, 7);
		else
			st_poke(&d->t, at, w[0]);
		sd_wmb(d);
		if (cd)
			sd_cfgi_cd(d, 0, 0, true);
		else
			sd_cfgi_ste(d, 0, true);
		sd_dma(d, 0, SD_IOVA);
		sd_sync(d);
		sd_dma(d, 0, SD_IOVA);
	}
}

static void torn(struct sd *d, bool bad, uint64_t at, const uint64_t w[8], bool cd)
{
	if (!bad) {
		by_steps(d, at, w, cd);
		return;
	}
	st_poke_n(&d->t, at + 8, w + 1, 7);
	st_poke(&d->t, at, w[0]);
	sd_wmb(d);
	if (cd)
		sd_cfgi_cd(d, 0, 0, true);
	else
		sd_cfgi_ste(d, 0, true);
	sd_use(d, 0, SD_IOVA);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(ste_torn)
{
	uint64_t ste[8];

	UNUSED;
	up(d, 5);
	memcpy(ste, d->ste, sizeof(ste));
	ste[0] = with_cds(d, other_cds(d));
	st_set(ste, 67, 66, 0);
	torn(d, bad, d->t.strtab, ste, false);
}

RUN(cd_torn)
{
	uint64_t cd[8];

	UNUSED;
	up(d, 5);
	memcpy(cd, d->cd, sizeof(cd));
	st_set(cd, 63, 48, 2);
	cd[1] = (cd[1] & 0xf) | d->s1b.root;
	torn(d, bad, d->cdptr, cd, true);
}

RUN(enable_stale)
{
	UNUSED;
	up(d, 5);
	sd_w(d, ST_CR0, 8 | 4);
	sd_ack(d, ST_CR0ACK, 8 | 4);
	poke(d, d->t.strtab, with_cds(d, other_cds(d)));
	if (!bad)
		sd_invalidate_all(d);
	sd_enable(d);
	sd_use(d, 0, SD_IOVA);
}

/* --- L1STD ----------------------------------------------------------------- */

/* leaf: of the CFGI_STE; 2: none. */
static void l1std(struct sd *d, unsigned int leaf)
{
	uint64_t l2, ste[8];

	sd_open(d);
	sd_stream(d, 5);
	d->two_level = true;
	d->l1 = st_alloc(&d->t, 64);
	st_poke(&d->t, d->l1, d->t.strtab | 7);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	l2 = st_alloc(&d->t, 4096);
	memcpy(ste, d->ste, sizeof(ste));
	ste[0] = with_cds(d, other_cds(d));
	st_poke_n(&d->t, l2, ste, 8);
	sd_wmb(d);
	poke(d, d->l1, l2 | 7);
	if (leaf < 2)
		sd_cfgi_ste(d, 0, leaf);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(stale_l1std)
{
	UNUSED;
	l1std(d, bad ? 2 : 0);
}

RUN(cfgi_ste_leaf)
{
	UNUSED;
	l1std(d, bad);
}

/* --- CD -------------------------------------------------------------------- */

static void change_asid(struct sd *d, unsigned int i)
{
	uint64_t cd[8];

	memcpy(cd, d->cd, sizeof(cd));
	st_set(cd, 63, 48, 5);
	poke(d, d->cdptr + 64 * i, cd[0]);
}

RUN(stale_cd)
{
	UNUSED;
	up(d, 5);
	change_asid(d, 0);
	if (!bad)
		sd_cfgi_cd(d, 0, 0, true);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

/* Two streams with one CD table. */
RUN(cfgi_sid)
{
	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	st_poke_n(&d->t, d->t.strtab + 64, d->ste, 8);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	sd_use(d, 1, SD_IOVA);
	change_asid(d, 0);
	sd_cfgi_cd(d, 0, 0, true);
	if (!bad)
		sd_cfgi_cd(d, 1, 0, true);
	sd_sync(d);
	sd_use(d, 1, SD_IOVA);
}

RUN(cfgi_ssid)
{
	unsigned int i;

	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	st_poke_n(&d->t, d->cdptr + 64, d->cd, 8);
	sd_start(d);
	for (i = 0; i < 8; i++)
		sd_dma_ss(d, 0, 1, SD_IOVA);
	change_asid(d, 1);
	sd_cfgi_cd(d, 0, bad ? 0 : 1, true);
	sd_sync(d);
	for (i = 0; i < 8; i++)
		sd_dma_ss(d, 0, 1, SD_IOVA);
}

static void l1cd(struct sd *d, unsigned int leaf)
{
	uint64_t l1, l2;

	sd_open(d);
	sd_stream(d, 5);
	l1 = st_alloc(&d->t, 64);
	d->cdptr = st_alloc(&d->t, 4096);
	st_poke(&d->t, l1, d->cdptr | 1);
	st_set(d->ste, 5, 4, 1);
	d->ste[0] = with_cds(d, l1);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	l2 = st_alloc(&d->t, 4096);
	st_poke_n(&d->t, l2, d->cd, 8);
	sd_wmb(d);
	poke(d, l1, l2 | 1);
	if (leaf < 2)
		sd_cfgi_cd(d, 0, 0, leaf);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(stale_l1cd)
{
	UNUSED;
	l1cd(d, bad ? 2 : 0);
}

RUN(cfgi_cd_leaf)
{
	UNUSED;
	l1cd(d, bad);
}

/* --- translations ---------------------------------------------------------- */

struct tlbi {
	unsigned int config, level;
	uint64_t more;			/* bits of the leaf */
	uint64_t bad[2], good[2];	/* opcode and fields, second word; 0: none */
	bool clear_more;		/* more is taken out of the leaf */
};

#define V	((uint64_t)ST_VMID << 32)
#define AS	((uint64_t)ST_ASID << 48)

/* The page is unmapped; SYNC in both. */
RUN(tlbi)
{
	const struct tlbi *t = arg;
	struct st_tables *tb = t->config == 6 ? &d->s2 : &d->s1;
	const uint64_t *w = bad ? t->bad : t->good;
	uint64_t slot;

	sd_open(d);
	sd_stream(d, t->config);
	slot = st_slot(&d->t, tb, SD_IOVA, 3);
	st_poke(&d->t, slot, st_peek(&d->t, slot) & ~t->more);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	poke(d, slot, 0);
	if (w[0])
		sd_cmd(d, w[0], w[1]);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

static const struct tlbi
	s1_none = { 5, 3, 0, { 0 }, { ST_NH_VA | V | AS, SD_IOVA | 1 }, false },
	s2_none = { 6, 3, 0, { 0 }, { ST_S2_IPA | V, SD_IOVA | 1 }, false },
	vmid = { 5, 3, 0, { ST_NH_VA | UINT64_C(6) << 32 | AS, SD_IOVA | 1 },
		 { ST_NH_ALL | V }, false },
	asid = { 5, 3, 0, { ST_NH_VA | V | UINT64_C(9) << 48, SD_IOVA | 1 },
		 { ST_NH_VAA | V, SD_IOVA | 1 }, false },
	stage = { 6, 3, 0, { ST_NH_ALL | V }, { ST_S12_VMALL | V }, false },
	regime = { 5, 3, 0, { ST_EL2_ALL }, { ST_NSNH_ALL }, false },
	range = { 5, 3, 0, { ST_NH_VA | V | AS, (SD_IOVA + 4096) | 1 },
		  { ST_NH_VA | V | AS | 1 << 12, (SD_IOVA - 4096) | 1 << 10 | 1 }, false },
	ttl = { 5, 3, 0, { ST_NH_VA | V | AS, SD_IOVA | 1 << 10 | 2 << 8 | 1 },
		{ ST_NH_VA | V | AS, SD_IOVA | 1 << 10 | 3 << 8 | 1 }, false },
	global = { 5, 3, 1 << 11, { ST_NH_ASID | V | AS },
		   { ST_NH_VA | V | UINT64_C(9) << 48, SD_IOVA | 1 }, true };

RUN(tlbi_leaf)
{
	uint64_t iova;

	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	st_map(&d->t, &d->s1, IOVA2, d->page[2], 3, ST_S1_RW);
	st_map(&d->t, &d->s1, IOVA3, d->page[3], 3, ST_S1_RW);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	sd_use(d, 0, IOVA2);
	/* the table is unlinked, with all of its pages */
	poke(d, st_slot(&d->t, &d->s1, SD_IOVA, 2), 0);
	for (iova = SD_IOVA; iova <= IOVA3; iova += 4096)
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, iova, bad);
	sd_sync(d);
	sd_use(d, 0, IOVA3);
	sd_use(d, 0, SD_IOVA);
}

/* A page of stage 2 below a stage 1; IOVA2 is there. */
RUN(tlbi_combined)
{
	const uint64_t ipa = UINT64_C(0x80000000);

	UNUSED;
	sd_open(d);
	sd_stream(d, 7);
	st_map(&d->t, &d->s2, ipa, d->page[2], 3, ST_S2_RW);
	st_map(&d->t, &d->s1, IOVA2, ipa, 3, ST_S1_RW);
	sd_start(d);
	sd_use(d, 0, IOVA2);
	poke(d, st_slot(&d->t, &d->s2, ipa, 3), 0);
	sd_tlbi(d, ST_S2_IPA, ST_VMID, 0, ipa, true);
	if (!bad)
		sd_cmd(d, ST_NH_ALL | V, 0);
	sd_sync(d);
	sd_use(d, 0, IOVA2);
}

RUN(tlbi_order)
{
	UNUSED;
	up(d, 5);
	if (bad)
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	sd_use(d, 0, SD_IOVA);
	poke(d, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
	if (!bad)
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(tlbi_sync)
{
	UNUSED;
	up(d, 5);
	poke(d, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
	sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	if (!bad)
		sd_sync(d);
	iom_smmuv3_strict_release(d->t.s, d->page[0], 4096);
	if (bad)
		sd_sync(d);
}

/* TTB0 of a CD is changed, and nothing else. */
static void change_ttb(struct sd *d)
{
	poke(d, d->cdptr + 8, (d->cd[1] & 0xf) | d->s1b.root);
}

RUN(stale_regime)
{
	UNUSED;
	up(d, 5);
	change_ttb(d);
	sd_cfgi_cd(d, 0, 0, true);
	if (!bad)
		sd_cmd(d, ST_NH_ASID | V | AS, 0);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(tlbi_before_cfgi)
{
	UNUSED;
	up(d, 5);
	change_ttb(d);
	if (bad)
		sd_cmd(d, ST_NH_ASID | V | AS, 0);
	sd_use(d, 0, SD_IOVA);
	sd_cfgi_cd(d, 0, 0, true);
	if (!bad)
		sd_cmd(d, ST_NH_ASID | V | AS, 0);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

/* --- memory ---------------------------------------------------------------- */

RUN(released_page)
{
	UNUSED;
	up(d, 5);
	if (!bad) {
		poke(d, st_slot(&d->t, &d->s1, SD_IOVA, 3), 0);
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
		sd_sync(d);
	}
	iom_smmuv3_strict_release(d->t.s, d->page[0], 4096);
}

RUN(released_table)
{
	uint64_t table;

	UNUSED;
	up(d, 5);
	table = st_slot(&d->t, &d->s1, SD_IOVA, 3) & ~UINT64_C(4095);
	if (!bad) {
		poke(d, st_slot(&d->t, &d->s1, SD_IOVA, 2), 0);
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, false);
		sd_sync(d);
	}
	iom_smmuv3_strict_release(d->t.s, table, 4096);
}

/* --- break before make ----------------------------------------------------- */

RUN(bbm)
{
	uint64_t slot, desc;

	UNUSED;
	up(d, 5);
	slot = st_slot(&d->t, &d->s1, SD_IOVA, 3);
	desc = st_peek(&d->t, slot);
	/* near: the same page, read only */
	poke(d, slot, bad ? desc - d->page[0] + d->page[1] : desc | ST_S1_RO);
	sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, SD_IOVA, true);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(bbm_size)
{
	const uint64_t iova = UINT64_C(0x40000000);
	uint64_t slot, table, i;

	UNUSED;
	d->cfg.idr[3] &= ~(3u << 11);
	sd_open(d);
	sd_stream(d, 5);
	st_map(&d->t, &d->s1, iova, d->t.base, 2, ST_S1_RW);
	sd_start(d);
	sd_use(d, 0, iova);
	slot = st_slot(&d->t, &d->s1, iova, 2);
	table = st_alloc(&d->t, 4096);
	for (i = 0; i < 512; i++)
		st_poke(&d->t, table + 8 * i, (d->t.base + 4096 * i) | ST_S1_RW | 3);
	sd_wmb(d);
	if (!bad) {
		poke(d, slot, 0);
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, iova, false);
		sd_sync(d);
	}
	poke(d, slot, table | 3);
	sd_use(d, 0, iova);
	if (bad) {
		sd_tlbi(d, ST_NH_VA, ST_VMID, ST_ASID, iova, false);
		sd_sync(d);
	}
	sd_use(d, 0, iova);
}

/* --- all ------------------------------------------------------------------- */

#define R(rule, f)		{ SMMU_RULE_##rule, f, NULL }
#define T(rule, arg)		{ SMMU_RULE_##rule, tlbi, &(arg) }

const struct sd_scenario sd_stale[] = {
	R(STALE_L1STD, stale_l1std), R(STALE_STE, stale_ste), R(STALE_L1CD, stale_l1cd),
	R(STALE_CD, stale_cd), R(CFGI_STE_LEAF, cfgi_ste_leaf), R(CFGI_CD_LEAF, cfgi_cd_leaf),
	R(CFGI_SID, cfgi_sid), R(CFGI_SSID, cfgi_ssid), R(CFGI_ORDER, cfgi_order),
	R(CFGI_SYNC, cfgi_sync), T(STALE_S1, s1_none), T(STALE_S2, s2_none),
	R(STALE_REGIME, stale_regime), T(TLBI_VMID, vmid), T(TLBI_ASID, asid),
	T(TLBI_STAGE, stage), T(TLBI_STAGE, regime), T(TLBI_RANGE, range),
	R(TLBI_LEAF, tlbi_leaf), T(TLBI_TTL, ttl), T(TLBI_GLOBAL, global),
	R(TLBI_COMBINED, tlbi_combined), R(TLBI_ORDER, tlbi_order), R(TLBI_SYNC, tlbi_sync),
	R(TLBI_BEFORE_CFGI, tlbi_before_cfgi), R(RELEASED_PAGE, released_page),
	R(RELEASED_TABLE, released_table), R(RELEASED_CONFIG, released_config), R(BBM, bbm),
	R(BBM_SIZE, bbm_size), R(ENABLE_STALE, enable_stale), R(STE_TORN, ste_torn),
	R(CD_TORN, cd_torn),
};
const size_t sd_nr_stale = IOM_ARRAY_SIZE(sd_stale);
