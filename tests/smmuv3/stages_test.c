/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table walks by hand: indices, addresses, permissions and attributes with
 * numbers worked out on paper (Arm DDI 0487 D8; IHI 0070 section 13).
 */
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000123000)
#define PA	UINT64_C(0xabcde000)

/* --- indices --- */

struct path {
	unsigned int stage, granule, bits;
	int start;		/* 9: whatever stage 1 says */
	uint64_t ia;
	unsigned int index[5];	/* from the start level; then the offset is what is left */
	unsigned int n;
};

static const struct path paths[] = {
	{ 1, 12, 48, 9, 0x123456789abc, { 0x24, 0xd1, 0xb3, 0x189 }, 4 },
	{ 1, 14, 48, 9, 0x123456789abc, { 0x0, 0x123, 0x22b, 0x1e2 }, 4 },
	{ 1, 16, 48, 9, 0x123456789abc, { 0x4, 0x11a2, 0x1678 }, 3 },
	{ 2, 12, 40, 1, 0xabcdef0123, { 0x2af, 0x6f, 0xf0 }, 3 },
	{ 2, 12, 48, 0, 0xabcdef0123, { 0x1, 0xaf, 0x6f, 0xf0 }, 4 },
	{ 2, 14, 40, 2, 0xabcdef0123, { 0x55e6, 0x7bc }, 2 },
	{ 2, 16, 42, 2, 0xabcdef0123, { 0x55e, 0xdef }, 2 },
};

/* A stream over tables of any shape. */
static void use(struct st *t, struct st_stream *x, const struct st_tables *tb, bool high)
{
	memset(x, 0, sizeof(*x));
	st_ste_init(x->ste, tb->stage == 1 ? 5 : 6);
	if (tb->stage == 1) {
		x->cdptr = st_alloc(t, 64);
		st_cd_init(x->cd, tb, ST_ASID, high);
		st_ste_s1(x->ste, x->cdptr, 0, 0, 0);
		st_set(x->ste, 143, 128, ST_VMID);
	} else {
		st_ste_s2(x->ste, tb, ST_VMID);
	}
	st_stream_put(t, x);
}

static void known_indices(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	const struct path *p;
	struct st_tables tb;
	struct st_stream x;
	unsigned int i, l;
	uint64_t table, next;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	for (p = paths; p < paths + sizeof(paths) / sizeof(*p); p++) {
		st_tables_init(&t, &tb, p->stage, p->granule, p->bits, p->start, false, 5);
		use(&t, &x, &tb, false);
		table = tb.root;
		for (i = 0; i + 1 < p->n; i++) {
			next = st_alloc(&t, UINT64_C(1) << p->granule);
			st_poke(&t, table + 8 * p->index[i], next | 3);
			table = next;
		}
		st_poke(&t, table + 8 * p->index[i],
			(UINT64_C(0x5550000) | 3) + (p->stage == 1 ? ST_S1_RW : ST_S2_RW));
		for (l = 0; l < 2; l++)
			assert_true(st_goes(&t, p->ia, ST_R, UINT64_C(0x5550000) |
					    (p->ia & ((1u << p->granule) - 1))));
	}
	st_close(&t);
}

/* D8.3: what a driver writes, as numbers. */
static void known_descriptors(void **state)
{
	static const struct {
		unsigned int stage, granule;
		bool ds;
		int level;
		uint64_t desc, pa;
	} row[] = {
		{ 1, 12, false, 3, 0x40000f47, 0x40000000 },
		{ 2, 12, false, 2, 0x400007fd, 0x40000000 },
		{ 1, 16, false, 3, 0x12345678f707, 0xf123456780000 },
		{ 1, 12, true, 3, 0x1123456789300 | 0x400 | 1 << 6 | 3, 0xd123456789000 },
		/* 512 GiB, 64 GiB and 4 TiB, which exist with DS, or 52 bits and 64K */
		{ 1, 12, true, 0, 0x2008000000000 | 0x300 | 0x441, 0xe008000000000 },
		{ 1, 14, true, 1, 0x1001000000000 | 0x100 | 0x441, 0x5001000000000 },
		{ 1, 16, false, 1, 0x40000000000 | 0xa000 | 0x441, 0xa040000000000 },
		{ 2, 14, true, 3, 0x0000000004000 | 0x200 | 0x4c3, 0x8000000004000 },
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_tables tb;
	struct st_stream x;
	struct st_out o;
	unsigned int i;
	uint64_t ia;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		st_tables_init(&t, &tb, row[i].stage, row[i].granule, 48,
			       row[i].stage == 1 ? 9 : row[i].granule == 12 ? 0 : 1, row[i].ds, 6);
		use(&t, &x, &tb, false);
		ia = UINT64_C(1) << (row[i].level < 2 ? 47 : 40);
		st_poke(&t, st_slot(&t, &tb, ia, row[i].level), row[i].desc);
		o = st_xlate_sid(&t, 0, ia + 0x321, UINT64_C(1) << 50, ST_R | ST_PRIV);
		assert_int_equal(o.rc, 0);
		assert_int_equal(o.res.pa, row[i].pa + 0x321);
		assert_int_equal(o.res.len, (UINT64_C(1) << st_shift(&tb, row[i].level)) - 0x321);
	}
	st_close(&t);
}

/* P1, P2: entries that are no blocks where they stand. */
static void no_such_block(void **state)
{
	static const struct {
		unsigned int granule;
		bool ds;
		int level;
		bool good, oas48;
	} row[] = {
		{ 12, false, 0, false, false }, { 12, true, 0, true, false },
		{ 12, false, 1, true, false }, { 12, false, 3, false, false },
		{ 14, false, 1, false, false }, { 14, true, 1, true, false },
		{ 14, false, 0, false, false }, { 14, false, 2, true, false },
		{ 16, false, 1, true, false }, { 16, false, 1, false, true },
		{ 16, false, 2, true, false }, { 16, false, 3, false, false },
	};
	struct iom_smmuv3_dev_cfg cfg;
	struct st_tables tb;
	struct st_stream x;
	unsigned int i;
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		cfg = st_cfg();
		if (row[i].oas48) {
			cfg.idr[5] = (cfg.idr[5] & ~7u) | 5;
			cfg.idr[5] &= ~(1u << 7);
		}
		st_open(&t, &cfg, BASE);
		st_tables_init(&t, &tb, 1, row[i].granule, 48, 9, row[i].ds, 5);
		use(&t, &x, &tb, false);
		st_poke(&t, st_slot(&t, &tb, 0, row[i].level), 0x441);
		if (row[i].good)
			assert_true(st_goes(&t, 0x123, ST_R, 0x123));
		else
			assert_true(st_refused(&t, 0x123, ST_R, ST_TRANSLATION, NULL));
		st_close(&t);
	}
}

/* --- halves, ranges --- */

static void halves_and_tbi(void **state)
{
	const uint64_t hi = UINT64_C(0xffff800000123000), lo_va = UINT64_C(0x7f00123000);
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_tables lo, up;
	struct st_stream x;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_tables_init(&t, &lo, 1, 12, 39, 9, false, 5);
	st_tables_init(&t, &up, 1, 16, 48, 9, false, 5);
	use(&t, &x, &lo, false);
	st_map(&t, &lo, 0x7f00123000, 0x1000, 3, ST_S1_RW);
	st_map(&t, &up, hi & ~UINT64_C(0xffff), 0x20000, 3, ST_S1_RW);
	assert_true(st_goes(&t, 0x7f00123000, ST_R, 0x1000));
	assert_true(st_refused(&t, UINT64_C(1) << 39, ST_R, ST_TRANSLATION, NULL));
	assert_true(st_refused(&t, hi, ST_R, ST_TRANSLATION, NULL));	/* EPD1 */
	/* The other half: its own granule and size (P13). */
	st_set(x.cd, 30, 30, 0);
	st_set(x.cd, 21, 16, 16);
	st_set(x.cd, 23, 22, 3);
	x.cd[2] |= up.root;
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, 0x7f00123000, ST_R, 0x1000));
	assert_true(st_goes(&t, hi, ST_R, 0x23000));
	/* A byte on top: with TBI only. */
	assert_true(st_refused(&t, hi ^ UINT64_C(0xa5) << 56, ST_R, ST_TRANSLATION, NULL));
	assert_true(st_refused(&t, lo_va | UINT64_C(0xa5) << 56, ST_R, ST_TRANSLATION, NULL));
	st_set(x.cd, 39, 38, 2);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, hi ^ UINT64_C(0xa5) << 56, ST_R, 0x23000));
	assert_true(st_goes(&t, hi, ST_R, 0x23000));
	assert_true(st_refused(&t, lo_va | UINT64_C(0xa5) << 56, ST_R, ST_TRANSLATION, NULL));
	st_set(x.cd, 39, 38, 1);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, 0x7f00123000 | UINT64_C(0xa5) << 56, ST_W, 0x1000));
	assert_true(st_goes(&t, 0x7f00123000, ST_W, 0x1000));
	assert_true(st_refused(&t, hi ^ UINT64_C(0xa5) << 56, ST_R, ST_TRANSLATION, NULL));
	/* EPD0 takes the lower half away. */
	st_set(x.cd, 14, 14, 1);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, 0x7f00123000, ST_R, ST_TRANSLATION, NULL));
	assert_true(st_goes(&t, hi, ST_R, 0x23000));
	/* 5.4 EPD0: EL2 has one half, and nothing takes it away. */
	st_set(x.ste, 95, 94, 2);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, 0x7f00123000, ST_R, 0x1000));
	assert_true(st_refused(&t, hi, ST_R, ST_TRANSLATION, NULL));
	st_close(&t);
}

/* 52-bit input with DS (level -1) and with 64K; memory above 48 bits. */
static void wide_addresses(void **state)
{
	const uint64_t base = UINT64_C(1) << 51 | BASE;
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	static const unsigned int granule[] = { 12, 14, 16 };
	struct st_tables tb;
	struct st_stream x;
	unsigned int i, stage;
	uint64_t ia;
	struct st t;

	(void)state;
	st_open(&t, &cfg, base);
	for (i = 0; i < 6; i++) {
		stage = 1 + i / 3;
		st_tables_init(&t, &tb, stage, granule[i % 3], 52,
			       stage == 1 ? 9 : granule[i % 3] == 12 ? -1 :
			       granule[i % 3] == 14 ? 0 : 1, granule[i % 3] != 16, 6);
		tb.wide = granule[i % 3] == 16;
		use(&t, &x, &tb, false);
		ia = UINT64_C(0xfedcba9870000);
		st_map(&t, &tb, ia, UINT64_C(0x8123456780000), 3, stage == 1 ? ST_S1_RW : ST_S2_RW);
		assert_true(st_goes(&t, ia + 0x765, ST_R, UINT64_C(0x8123456780765)));
		if (stage == 1)
			assert_true(st_refused(&t, ia | UINT64_C(1) << 52, ST_R, ST_TRANSLATION,
					       NULL));
		/* A smaller S2PS or IPS: tables up there are beyond it. */
		st_set(stage == 1 ? x.cd : x.ste, stage == 1 ? 34 : 178, stage == 1 ? 32 : 176, 5);
		st_stream_put(&t, &x);
		assert_true(st_refused(&t, ia, ST_R, stage == 1 ? ST_BAD_CD : ST_BAD_STE, NULL));
	}
	st_close(&t);
}

/* --- permissions --- */

#define U_R	1u
#define U_W	2u
#define U_X	4u
#define P_R	8u
#define P_W	16u
#define P_X	32u

static unsigned int permitted(struct st *t, uint64_t va)
{
	static const unsigned int how[6] = {
		ST_R, ST_W, ST_X, ST_R | ST_PRIV, ST_W | ST_PRIV, ST_X | ST_PRIV,
	};
	unsigned int i, got = 0;
	struct st_out o, w;

	for (i = 0; i < 6; i++) {
		o = st_xlate(t, va, how[i]);
		w = st_walk(t, 0, va, 1, how[i]);
		assert_int_equal(o.rc, w.rc);
		assert_true(o.rc == IOM_OK || o.rc == IOM_EACCES);
		got |= (unsigned int)!o.rc << i;
		st_event_id(t);
	}
	return got;
}

static void stage1_permissions(void **state)
{
	const uint64_t uxn = UINT64_C(1) << 54, pxn = UINT64_C(1) << 53;
	const struct {
		uint64_t leaf;			/* AP, XN */
		uint64_t table;			/* bits 63:59 of the level 2 table */
		unsigned int hi, lo, bit;	/* of the CD */
		unsigned int want;
	} row[] = {
		{ 0, 0, 0, 0, 0, P_R | P_W | P_X | U_X },
		{ ST_S1_EL0, 0, 0, 0, 0, P_R | P_W | U_R | U_W | U_X },
		{ ST_S1_RO, 0, 0, 0, 0, P_R | P_X | U_X },
		{ ST_S1_EL0 | ST_S1_RO, 0, 0, 0, 0, P_R | P_X | U_R | U_X },
		{ ST_S1_EL0 | ST_S1_RO | uxn, 0, 0, 0, 0, P_R | P_X | U_R },
		{ ST_S1_EL0 | ST_S1_RO | pxn, 0, 0, 0, 0, P_R | U_R | U_X },
		{ uxn | pxn, 0, 0, 0, 0, P_R | P_W },
		/* APTable, XNTable, PXNTable; and with HAD */
		{ ST_S1_EL0, UINT64_C(1) << 61, 0, 0, 0, P_R | P_W | P_X | U_X },
		{ ST_S1_EL0, UINT64_C(1) << 62, 0, 0, 0, P_R | P_X | U_R | U_X },
		{ ST_S1_EL0, UINT64_C(3) << 61, 0, 0, 0, P_R | P_X | U_X },
		{ ST_S1_EL0 | ST_S1_RO, UINT64_C(1) << 60, 0, 0, 0, P_R | P_X | U_R },
		{ ST_S1_EL0 | ST_S1_RO, UINT64_C(1) << 59, 0, 0, 0, P_R | U_R | U_X },
		{ ST_S1_EL0, UINT64_C(15) << 59, 65, 65, 1, P_R | P_W | U_R | U_W | U_X },
		/* WXN */
		{ 0, 0, 36, 36, 1, P_R | P_W | U_X },
		{ ST_S1_EL0, 0, 36, 36, 1, P_R | P_W | U_R | U_W },
		{ ST_S1_RO, 0, 36, 36, 1, P_R | P_X | U_X },
		/* PAN; EPAN counts pages that EL0 can only execute */
		{ ST_S1_EL0, 0, 40, 40, 1, U_R | U_W | U_X },
		{ ST_S1_EL0 | ST_S1_RO, 0, 40, 40, 1, P_X | U_R | U_X },
		{ 0, 0, 40, 40, 1, P_R | P_W | P_X | U_X },
		{ 0, 0, 123, 123, 1, P_R | P_W | P_X | U_X },
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	unsigned int i;
	uint64_t l2;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_BASE);
	l2 = st_slot(&t, &x.s1, VA, 2);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		st_map(&t, &x.s1, VA, PA, 3, ST_S1_BASE | row[i].leaf);
		st_poke(&t, l2, st_peek(&t, l2) | row[i].table);
		st_set(x.cd, row[i].hi, row[i].lo, row[i].hi ? row[i].bit : st_get(x.cd, 0, 0));
		st_stream_put(&t, &x);
		assert_int_equal(permitted(&t, VA), row[i].want);
		if (row[i].hi)
			st_set(x.cd, row[i].hi, row[i].lo, 0);
		st_poke(&t, l2, st_peek(&t, l2) & ~(UINT64_C(31) << 59));
	}
	/* Both PAN and EPAN. */
	st_set(x.cd, 40, 40, 1);
	st_set(x.cd, 123, 123, 1);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_BASE);
	st_stream_put(&t, &x);
	assert_int_equal(permitted(&t, VA), P_X | U_X);
	st_close(&t);
}

/* EL2 has one privilege, no upper half, no ASID; EL2-E2H is like EL1. */
static void el2_permissions(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	unsigned int e2h;
	struct st t;

	(void)state;
	for (e2h = 0; e2h < 2; e2h++) {
		st_open(&t, &cfg, BASE);
		st_w(&t, ST_CR0, 12);
		st_w(&t, ST_CR2, e2h);
		st_w(&t, ST_CR0, 13);
		st_stream_s1(&t, &x, 0);
		st_set(x.ste, 95, 94, 2);
		st_set(x.cd, 30, 30, 0);	/* looked at with E2H only: TG1 is reserved */
		st_stream_put(&t, &x);
		if (e2h) {
			assert_true(st_refused(&t, VA, ST_R, ST_BAD_CD, NULL));
			st_set(x.cd, 30, 30, 1);
			st_stream_put(&t, &x);
		}
		st_map(&t, &x.s1, VA, PA, 3, ST_S1_BASE | ST_S1_RO);
		assert_int_equal(permitted(&t, VA), e2h ? P_R | P_X | U_X : P_R | P_X | U_R | U_X);
		assert_true(st_refused(&t, UINT64_MAX, ST_R, ST_TRANSLATION, NULL));
		/* The VMID means nothing here, the ASID only with E2H. */
		st_poke(&t, st_slot(&t, &x.s1, VA, 3), 0);
		st_tlbi(&t, ST_NH_ALL, ST_VMID, 0, 0);
		st_tlbi(&t, ST_NSNH_ALL, 0, 0, 0);
		if (e2h)
			st_tlbi(&t, ST_EL2_ASID, 0, ST_ASID + 1, 0);
		st_sync(&t);
		assert_false(st_xlate(&t, VA, ST_R | ST_PRIV).rc);
		st_tlbi(&t, ST_EL2_VA, 0, e2h ? ST_ASID : 0x55, VA);
		st_sync(&t);
		assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
		st_close(&t);
	}
}

/* E0PD: unprivileged accesses to a half fault as if nothing were there. */
static void e0pd(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	st_set(x.cd, 66, 66, 1);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, VA, ST_R | ST_PRIV, PA));
	assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
	st_close(&t);
	cfg.idr[3] &= ~(1u << 13);
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	st_set(x.cd, 66, 66, 1);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, VA, ST_R, PA));
	st_close(&t);
}

static void stage2_permissions(void **state)
{
	static const struct {
		unsigned int ap, xn, want, want_noxnx;
	} row[] = {
		{ 0, 0, 0, 0 },
		{ 1, 0, U_R | P_R | U_X | P_X, U_R | P_R | U_X | P_X },
		{ 2, 0, U_W | P_W, U_W | P_W },
		{ 3, 0, 0x3f, 0x3f },
		{ 1, 1, U_R | P_R | U_X, U_R | P_R | U_X | P_X },
		{ 1, 2, U_R | P_R, U_R | P_R },
		{ 1, 3, U_R | P_R | P_X, U_R | P_R },
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	unsigned int i, xnx;
	struct st t;

	(void)state;
	for (xnx = 0; xnx < 2; xnx++) {
		cfg.idr[3] = (cfg.idr[3] & ~(1u << 4)) | xnx << 4;
		st_open(&t, &cfg, BASE);
		st_stream_s2(&t, &x, 0);
		for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
			st_map(&t, &x.s2, 0x5000, PA, 3, ST_S2_BASE | row[i].ap << 6 |
			       (uint64_t)row[i].xn << 53);
			st_flush(&t);
			assert_int_equal(permitted(&t, 0x5000),
					 xnx ? row[i].want : row[i].want_noxnx);
		}
		/* AF = 0 is a fault, but for S2AFFD. */
		st_map(&t, &x.s2, 0x5000, PA, 3, ST_S2_RW & ~UINT64_C(0x400));
		st_flush(&t);
		assert_true(st_refused(&t, 0x5000, ST_R, ST_ACCESS, NULL));
		st_set(x.ste, 181, 181, 1);
		st_stream_put(&t, &x);
		assert_true(st_goes(&t, 0x5000, ST_R, PA));
		st_close(&t);
	}
}

/* PRIVCFG, INSTCFG: what the permission check and the event see. */
static void overrides(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_BASE | UINT64_C(3) << 53);
	st_set(x.ste, 113, 112, 3);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, VA, ST_R, PA));
	st_set(x.ste, 115, 114, 3);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, VA, ST_R, ST_PERMISSION, ev));
	assert_int_equal(st_get(ev, 99, 97), 7);
	assert_true(st_goes(&t, VA, ST_W, PA));	/* writes are data */
	st_set(x.ste, 115, 112, 10);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, VA, ST_X | ST_PRIV, ST_PERMISSION, ev));
	assert_int_equal(st_get(ev, 99, 97), 4);
	st_close(&t);
}

/* The contiguous bit may be ignored, and is: each entry stands for itself. */
static void contiguous(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	unsigned int i;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	for (i = 0; i < 16; i++)
		st_map(&t, &x.s1, 0x10000 + i * 0x1000, PA + i * 0x1000, 3,
		       ST_S1_RW | UINT64_C(1) << 52);
	for (i = 0; i < 16; i++)
		assert_true(st_goes(&t, 0x10000 + i * 0x1000, ST_R, PA + i * 0x1000));
	assert_int_equal(st_xlate_sid(&t, 0, 0x10000, 0x20000, ST_R).res.len, 0x1000);
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_indices),
		cmocka_unit_test(known_descriptors),
		cmocka_unit_test(no_such_block),
		cmocka_unit_test(halves_and_tbi),
		cmocka_unit_test(wide_addresses),
		cmocka_unit_test(stage1_permissions),
		cmocka_unit_test(el2_permissions),
		cmocka_unit_test(e0pd),
		cmocka_unit_test(stage2_permissions),
		cmocka_unit_test(overrides),
		cmocka_unit_test(contiguous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
