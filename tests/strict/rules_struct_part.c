/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios of structures as they are written: a row sets fields of an STE or
 * CD, by the bit numbers of the document, that are illegal on an SMMU with
 * these IDRs; and others that just are not.
 */
#include <string.h>

#include <iom/base/field.h>

#include "rules.h"

struct set {
	unsigned int hi, lo;		/* lo: of the structure; both 0: no more */
	uint64_t val;
};

struct row {
	enum smmu_rule rule;
	unsigned int config;
	bool cd;			/* else the STE */
	struct set bad[4], good[4];
	uint32_t clear[6], set[6];	/* of IDR0-5 */
};

#define STALL_0		.clear = { [0] = 3u << 24 }, .set = { [5] = 16u << 16 }
#define S1_OFF		.clear = { [0] = 2 | 1 << 9 | 1 << 12 | 1 << 19, [1] = 0x7c0 }
#define S2_OFF		.clear = { [0] = 1 | 1 << 18, [3] = 1 << 4 | 1 << 8 }
#define OAS(n)		.clear = { [5] = 7 | 1 << 7 | 3 << 10 | 1 << 6 }, .set = { [5] = (n) }
#define R(r)		.rule = SMMU_RULE_##r

static const struct row rows[] = {
	{ R(STE_CONFIG_S1), 5, false, { { 0, 0, 1 } }, { { 3, 1, 4 } }, S1_OFF },
	{ R(STE_CONFIG_S2), 6, false, { { 0, 0, 1 } }, { { 3, 1, 4 } }, S2_OFF },
	{ R(STE_STRW_RESERVED), 5, false, { { 95, 94, 1 } }, { { 95, 94, 2 } } },
	{ R(STE_STRW_HYP), 5, false, { { 95, 94, 2 } }, { { 95, 94, 0 } },
	  .clear = { [0] = 1 << 9 } },
	{ R(STE_STRW_NESTED), 7, false, { { 95, 94, 2 } }, { { 95, 94, 0 } } },
	{ R(STE_S1STALLD), 5, false, { { 91, 91, 1 } }, { { 91, 91, 0 } } },
	{ R(STE_S1CDMAX), 5, false, { { 63, 59, 2 } }, { { 63, 59, 1 } },
	  .clear = { [1] = 0x7c0 }, .set = { [1] = 1 << 6 } },
	{ R(STE_S1FMT), 5, false, { { 5, 4, 2 } }, { { 5, 4, 2 }, { 63, 59, 0 } },
	  .clear = { [0] = 1 << 19 } },
	{ R(STE_S1CONTEXTPTR), 5, false, { { 50, 50, 1 } }, { { 50, 50, 0 } }, OAS(4) },
	{ R(STE_EATS_S2S), 6, false, { { 93, 92, 1 }, { 185, 185, 1 } }, { { 93, 92, 1 } },
	  .clear = { [0] = 3u << 24 }, .set = { [0] = 1 << 10, [5] = 16u << 16 } },
	{ R(STE_S2VMID), 6, false, { { 143, 128, 0x100 } }, { { 143, 128, 0xff } },
	  .clear = { [0] = 1 << 18 } },
	{ R(STE_S2S), 6, false, { { 185, 185, 1 } }, { { 186, 186, 1 } } },
	{ R(STE_S2ENDI), 6, false, { { 180, 180, 1 } }, { { 180, 180, 0 } } },
	{ R(STE_S2AA64), 6, false, { { 179, 179, 0 } }, { { 179, 179, 1 } } },
	{ R(STE_S2FWB), 6, false, { { 89, 89, 1 }, { 179, 179, 0 } }, { { 89, 89, 1 } } },
	{ R(STE_S2HA), 6, false, { { 184, 184, 1 } }, { { 184, 184, 0 } } },
	{ R(STE_S2HD), 6, false, { { 183, 183, 1 } }, { { 183, 183, 0 } } },
	{ R(STE_S2TG), 6, false, { { 175, 174, 3 } }, { { 175, 174, 0 } } },
	{ R(STE_S2T0SZ_LARGE), 6, false, { { 165, 160, 40 }, { 167, 166, 0 } },
	  { { 165, 160, 39 }, { 167, 166, 0 } }, .clear = { [3] = 1 << 9 } },
	{ R(STE_S2T0SZ_SMALL), 6, false, { { 165, 160, 23 } }, { { 165, 160, 24 } }, OAS(2) },
	{ R(STE_S2SL0_RESERVED), 6, false, { { 167, 166, 3 } }, { { 167, 166, 1 } },
	  .clear = { [3] = 1 << 9 } },
	{ R(STE_S2SL0_PA), 6, false, { { 165, 160, 22 }, { 167, 166, 2 } },
	  { { 165, 160, 22 }, { 167, 166, 1 }, { 243, 196, 0x40100000 >> 4 } }, OAS(3) },
	{ R(STE_S2SL0_T0SZ), 6, false, { { 167, 166, 0 } }, { { 167, 166, 1 } } },
	{ R(STE_S2TTB), 6, false, { { 178, 176, 0 }, { 240, 240, 1 } }, { { 178, 176, 0 } } },
	{ R(STE_RES0), 5, false, { { 56, 56, 1 } }, { { 87, 84, 0xf } } },
	{ R(STE_RES0), 5, false, { { 510, 510, 1 }, { 400, 400, 1 } }, { { 87, 84, 1 } } },
	{ R(STE_RESERVED), 5, false, { { 71, 70, 1 } }, { { 71, 70, 2 } } },
	{ R(STE_RESERVED), 6, false, { { 113, 112, 1 } }, { { 113, 112, 2 } } },
	{ R(STE_ABSENT), 6, false, { { 89, 89, 1 } }, { { 89, 89, 0 } },
	  .clear = { [3] = 1 << 8 } },
	{ R(STE_ABSENT), 5, false, { { 287, 272, 3 } }, { { 143, 128, 3 } } },
	{ R(STE_ALIGN), 5, false, { { 63, 59, 4 }, { 8, 8, 1 } }, { { 63, 59, 1 } } },

	{ R(CD_S_S1STALLD), 5, true, { { 44, 44, 1 } }, { { 44, 44, 0 } }, STALL_0 },
	{ R(CD_S_MODEL), 5, true, { { 44, 44, 1 } }, { { 44, 44, 0 } } },
	{ R(CD_A_MODEL), 5, true, { { 46, 46, 0 } }, { { 46, 46, 1 } }, .set = { [0] = 1 << 26 } },
	{ R(CD_ENDI), 5, true, { { 15, 15, 1 } }, { { 15, 15, 0 } } },
	{ R(CD_AA64), 5, true, { { 41, 41, 0 } }, { { 41, 41, 1 } } },
	{ R(CD_ASID), 5, true, { { 63, 48, 0x100 } }, { { 63, 48, 0xff } },
	  .clear = { [0] = 1 << 12 } },
	{ R(CD_HA), 5, true, { { 43, 43, 1 } }, { { 43, 43, 0 } } },
	{ R(CD_HD), 5, true, { { 42, 42, 1 } }, { { 42, 42, 0 } } },
	{ R(CD_TG0), 5, true, { { 7, 6, 3 } }, { { 7, 6, 3 }, { 14, 14, 1 } } },
	{ R(CD_T0SZ), 5, true, { { 5, 0, 50 } }, { { 5, 0, 50 }, { 14, 14, 1 } } },
	{ R(CD_TTB0), 5, true, { { 34, 32, 0 }, { 112, 112, 1 } }, { { 34, 32, 0 } } },
	{ R(CD_TG1), 5, true, { { 30, 30, 0 }, { 21, 16, 16 } }, { { 23, 22, 0 } } },
	{ R(CD_T1SZ), 5, true, { { 30, 30, 0 }, { 23, 22, 2 }, { 21, 16, 60 } },
	  { { 30, 30, 0 }, { 23, 22, 2 }, { 21, 16, 16 } } },
	{ R(CD_TTB1), 5, true,
	  { { 30, 30, 0 }, { 23, 22, 2 }, { 21, 16, 16 }, { 179, 132, IOM_BIT64(47) } },
	  { { 30, 30, 0 }, { 23, 22, 2 }, { 21, 16, 16 } } },
	{ R(CD_RES0), 5, true, { { 190, 190, 1 } }, { { 37, 37, 0 } } },
	{ R(CD_RESERVED), 5, true, { { 13, 12, 1 } }, { { 13, 12, 2 } } },
	{ R(CD_ABSENT), 5, true, { { 367, 352, 1 } }, { { 40, 40, 1 } } },
	{ R(CD_ABSENT), 5, true, { { 65, 65, 1 } }, { { 65, 65, 0 } }, .clear = { [3] = 1 << 2 } },
	{ R(CD_ALIGN), 5, true, { { 75, 72, 1 } }, { { 5, 0, 16 } } },
};

static void field(struct sd *d, const struct row *r, const struct set *s)
{
	unsigned int i;

	for (i = 0; i < 4 && (s[i].hi || s[i].val); i++)
		st_set(r->cd ? d->cd : d->ste, s[i].hi, s[i].lo, s[i].val);
}

static void structure(struct sd *d, bool bad, const void *arg)
{
	const struct row *r = arg;
	unsigned int i;

	for (i = 0; i < 6; i++)
		d->cfg.idr[i] = (d->cfg.idr[i] & ~r->clear[i]) | r->set[i];
	sd_open(d);
	sd_stream(d, r->config);
	if (r->rule == SMMU_RULE_CD_S_S1STALLD)
		st_set(d->ste, 91, 91, 1);
	field(d, r, bad ? r->bad : r->good);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

/* --- V --------------------------------------------------------------------- */

#define RUN(f) static void f(struct sd *d, bool bad, const void *arg)
#define UNUSED ((void)arg)

/* All but V; near: nothing at all, which blocks the stream. */
RUN(ste_v)
{
	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	d->ste[0] &= ~UINT64_C(1);
	if (!bad)
		memset(d->ste, 0, sizeof(d->ste));
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

/* Near: it was valid, and V is taken away to block the stream. */
RUN(ste_v_teardown)
{
	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	if (bad)
		d->ste[0] &= ~UINT64_C(1);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	if (bad)
		return;
	st_poke(&d->t, d->t.strtab, d->ste[0] & ~UINT64_C(1));
	sd_wmb(d);
	sd_cfgi_ste(d, 0, true);
	sd_sync(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(cd_v)
{
	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	d->cd[0] &= ~IOM_BIT64(31);
	if (!bad)
		memset(d->cd, 0, sizeof(d->cd));
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

/* Near: it was valid, but no device used it then. */
RUN(ste_v_unused)
{
	uint64_t at;
	unsigned int n;

	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	sd_start(d);
	at = d->t.strtab + 64;
	st_poke_n(&d->t, at + 8, d->ste + 1, 7);
	sd_wmb(d);
	sd_cfgi_ste(d, 1, true);
	sd_sync(d);
	if (!bad) {
		st_poke(&d->t, at, d->ste[0]);
		sd_wmb(d);
		sd_cfgi_ste(d, 1, true);
		sd_sync(d);
		st_poke(&d->t, at, d->ste[0] & ~UINT64_C(1));
		sd_wmb(d);
	}
	for (n = 0; n < 4; n++) {
		sd_use(d, 1, SD_IOVA);
		sd_cfgi_ste(d, 1, true);
		sd_sync(d);
	}
}

#define MUCH	40u	/* sd_use()s: devices do not wait for an update to end */

static void much(struct sd *d, uint32_t sid, uint32_t ssid)
{
	unsigned int n;

	for (n = 0; n < MUCH; n++) {
		if (ssid)
			sd_dma_ss(d, sid, ssid, SD_IOVA);
		else
			sd_use(d, sid, SD_IOVA);
	}
}

/* The three steps of 3.21.3.1 under traffic, stream 1; bad: the last does not store V. */
RUN(ste_v_steps)
{
	unsigned int step;

	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	sd_start(d);
	for (step = 0; step < 3; step++) {
		if (step == 1)
			st_poke_n(&d->t, d->t.strtab + 64 + 8, d->ste + 1, 7);
		else
			st_poke(&d->t, d->t.strtab + 64, step && !bad ? d->ste[0] : 0);
		sd_wmb(d);
		much(d, 1, 0);
		sd_cfgi_ste(d, 1, true);
		much(d, 1, 0);
		sd_sync(d);
		much(d, 1, 0);
	}
}

/* Of a CD, substream 1. */
RUN(cd_v_steps)
{
	unsigned int step;
	uint64_t cd[8];

	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	sd_start(d);
	memcpy(cd, d->cd, sizeof(cd));
	st_set(cd, 63, 48, 2);
	for (step = 0; step < 3; step++) {
		if (step == 1)
			st_poke_n(&d->t, d->cdptr + 64 + 8, cd + 1, 7);
		else
			st_poke(&d->t, d->cdptr + 64, step && !bad ? cd[0] : 0);
		sd_wmb(d);
		much(d, 0, 1);
		sd_cfgi_cd(d, 0, 1, true);
		much(d, 0, 1);
		sd_sync(d);
		much(d, 0, 1);
	}
}

/* --- two levels ------------------------------------------------------------ */

/* 256 streams in a table of two levels, SPLIT 6; level 2 of the first is strtab. */
static void two_levels(struct sd *d, uint64_t span, uint64_t more)
{
	sd_open(d);
	sd_stream(d, 5);
	d->two_level = true;
	d->l1 = st_alloc(&d->t, 64);
	st_poke(&d->t, d->l1, d->t.strtab | span | more);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(l1std_span)
{
	UNUSED;
	two_levels(d, bad ? 8 : 7, 0);
}

RUN(l1std_align)
{
	UNUSED;
	/* 64 streams ask for 4 KiB; 2 for 128 bytes */
	sd_open(d);
	sd_stream(d, 5);
	d->two_level = true;
	d->l1 = st_alloc(&d->t, 64);
	d->t.strtab += 128;
	st_poke(&d->t, d->l1, d->t.strtab | (bad ? 7 : 2));
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(l1std_res0)
{
	UNUSED;
	two_levels(d, 7, bad ? IOM_BIT64(60) : 0);
}

/* CDs in two levels, leaves of 64 or of 1024. */
static void cd_levels(struct sd *d, unsigned int fmt, uint64_t off, uint64_t more)
{
	uint64_t leaf, l1;

	sd_open(d);
	sd_stream(d, 5);
	leaf = st_alloc(&d->t, 65536) + off;
	l1 = st_alloc(&d->t, 64);
	st_poke(&d->t, l1, leaf | 1 | more);
	st_set(d->ste, 5, 4, fmt);
	d->ste[0] = (d->ste[0] & ~IOM_BITS64(55, 6)) | l1;
	d->cdptr = leaf;
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
}

RUN(l1cd_res0)
{
	UNUSED;
	cd_levels(d, 1, 0, bad ? IOM_BIT64(5) : 0);
}

RUN(l1cd_align)
{
	UNUSED;
	cd_levels(d, bad ? 2 : 1, 4096, 0);
}

/* --- in use together ------------------------------------------------------- */

/* Stream 1 with the VMID of stream 0; near: with the same stage 2. */
RUN(vmid_shared)
{
	uint64_t ste[8];

	UNUSED;
	sd_open(d);
	sd_stream(d, 6);
	memcpy(ste, d->ste, sizeof(ste));
	if (bad) {
		struct st_tables other;

		st_tables_init(&d->t, &other, 2, 12, 40, 1, false, 5);
		st_map(&d->t, &other, SD_IOVA, d->page[1], 3, ST_S2_RW);
		ste[3] = (ste[3] & 0xf) | other.root;
	}
	st_poke_n(&d->t, d->t.strtab + 64, ste, 8);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	sd_use(d, 1, SD_IOVA);
}

RUN(asid_shared)
{
	uint64_t cd[8];

	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	memcpy(cd, d->cd, sizeof(cd));
	cd[1] = (cd[1] & 0xf) | d->s1b.root;
	if (!bad)
		st_set(cd, 63, 48, 2);
	st_poke_n(&d->t, d->cdptr + 64, cd, 8);
	sd_start(d);
	sd_use(d, 0, SD_IOVA);
	sd_dma_ss(d, 0, 1, SD_IOVA);
	sd_use(d, 0, SD_IOVA);
	sd_dma_ss(d, 0, 1, SD_IOVA);
}

/* --- all ------------------------------------------------------------------- */

#undef R
#define R(rule, f)	{ SMMU_RULE_##rule, f, NULL }

const struct sd_scenario sd_struct[] = {
	R(STE_V, ste_v), R(STE_V, ste_v_teardown), R(STE_V, ste_v_unused), R(STE_V, ste_v_steps),
	R(CD_V, cd_v), R(CD_V, cd_v_steps),
	R(L1STD_SPAN, l1std_span), R(L1STD_ALIGN, l1std_align), R(L1STD_RES0, l1std_res0),
	R(L1CD_RES0, l1cd_res0), R(L1CD_ALIGN, l1cd_align), R(VMID_SHARED, vmid_shared),
	R(ASID_SHARED, asid_shared),
};
const size_t sd_nr_struct = IOM_ARRAY_SIZE(sd_struct);

size_t sd_struct_row(size_t i, struct sd_scenario *sc)
{
	if (i < IOM_ARRAY_SIZE(rows))
		*sc = (struct sd_scenario){ rows[i].rule, structure, &rows[i] };
	return IOM_ARRAY_SIZE(rows);
}
