/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory attributes of what comes out and of what the SMMU itself reads, and
 * which reads there are (IHI 0070 section 13; Arm DDI 0487 D8.6).
 */
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000123000)
#define PA	UINT64_C(0xabcde000)

static void attributes(void **state)
{
	static const struct {
		unsigned int attr_index, s1sh;	/* MAIR 0 NC, 1 WB, 2 Device nGnRE, 3 iNC oWB */
		unsigned int memattr, s2sh, fwb;
		uint8_t mem, sh;
	} row[] = {
		{ 1, 3, 0xf, 3, 0, 0xff, 3 },	{ 1, 0, 0xf, 0, 0, 0xff, 0 },
		{ 1, 0, 0xf, 3, 0, 0xff, 3 },	{ 1, 3, 0xf, 2, 0, 0xff, 2 },
		{ 1, 3, 0x5, 3, 0, 0x44, 2 },	{ 0, 3, 0xf, 3, 0, 0x44, 2 },
		{ 1, 3, 0xa, 3, 0, 0xbb, 3 },	{ 1, 3, 0x1, 3, 0, 0x04, 2 },
		{ 2, 3, 0xf, 3, 0, 0x04, 2 },	{ 2, 3, 0x0, 3, 0, 0x00, 2 },
		{ 2, 3, 0x3, 3, 0, 0x04, 2 },	{ 3, 3, 0xf, 3, 0, 0xf4, 3 },
		{ 3, 3, 0xd, 3, 0, 0xf4, 3 },	{ 1, 3, 0x7, 3, 0, 0x4f, 3 },
		/* S2FWB */
		{ 0, 0, 0x6, 3, 1, 0xff, 2 },	{ 2, 0, 0x6, 3, 1, 0xff, 2 },
		{ 1, 3, 0x5, 3, 1, 0x44, 2 },	{ 2, 3, 0x5, 3, 1, 0x04, 2 },
		{ 0, 3, 0x7, 3, 1, 0x44, 2 },	{ 1, 3, 0x7, 3, 1, 0xff, 3 },
		{ 1, 3, 0x1, 3, 1, 0x04, 2 },	{ 2, 3, 0x0, 3, 1, 0x00, 2 },
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	struct st_out o;
	unsigned int i;
	uint64_t a;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_nested(&t, &x, 0);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		st_map(&t, &x.s1, VA, 0x5000, 3, (ST_S1_RW & ~UINT64_C(0x31c)) |
		       row[i].s1sh << 8 | row[i].attr_index << 2);
		st_map(&t, &x.s2, 0x5000, PA, 3, 0x4c0 | row[i].s2sh << 8 | row[i].memattr << 2);
		st_set(x.ste, 89, 89, row[i].fwb);
		/* With S2FWB the tables' own memory must still be Normal. */
		for (a = 0; a < ST_SIZE; a += 1 << 21)
			st_map(&t, &x.s2, ST_IPA + a, BASE + a, 2,
			       0x7c0 | (row[i].fwb ? 6u : 15u) << 2);
		st_stream_put(&t, &x);
		assert_true(st_goes(&t, VA, ST_R, PA));
		o = st_xlate(&t, VA, ST_R);
		if (o.res.memattr != row[i].mem || o.res.sh != row[i].sh)
			fail_msg("row %u: %02x %u", i, o.res.memattr, o.res.sh);
	}
	st_close(&t);
}

/* Without stage 1 what comes in (WB, ISH), or MTCFG and SHCFG, meets stage 2; also in the TLB. */
static void incoming_attributes(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x, y;
	struct st_out o;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s2(&t, &x, 0);
	st_map(&t, &x.s2, 0x5000, PA, 3, ST_S2_RW);
	/* Another stream with the same VMID and other attributes. */
	y = x;
	y.sid = 1;
	st_set(y.ste, 100, 96, 0x11);
	st_ste_put(&t, 1, y.ste);
	o = st_xlate(&t, 0x5000, ST_R);
	assert_int_equal(o.res.memattr, 0xff);
	assert_int_equal(o.res.sh, 3);
	o = st_xlate_sid(&t, 1, 0x5000, 1, ST_R);
	assert_int_equal(o.res.memattr, 0x04);
	assert_int_equal(o.res.sh, 2);
	o = st_xlate(&t, 0x5000, ST_R);
	assert_int_equal(o.res.memattr, 0xff);
	/* Both go by one TLBI of their VMID. */
	st_poke(&t, st_slot(&t, &x.s2, 0x5000, 3), 0);
	st_tlbi(&t, ST_S2_IPA, ST_VMID, 0, 0x5000);
	st_sync(&t);
	assert_true(st_refused(&t, 0x5000, ST_R, ST_TRANSLATION, NULL));
	assert_int_equal(st_xlate_sid(&t, 1, 0x5000, 1, ST_R).rc, IOM_EFAULT);
	/* Bypass. */
	st_ste_init(x.ste, 4);
	st_set(x.ste, 100, 96, 0x15);
	st_ste_put(&t, 0, x.ste);
	o = st_xlate(&t, 0x5000, ST_R);
	assert_int_equal(o.res.memattr, 0x44);
	st_close(&t);
}

/*
 * S2PTW: CDs and tables in Device memory of stage 2 are out of bounds; with
 * S2FWB it is the type that FWB makes.
 */
static void s2ptw(void **state)
{
	static const struct {
		unsigned int memattr, fwb;
		bool device;
	} row[] = {
		{ 0xf, 0, false }, { 0x1, 0, true }, { 0x5, 0, false }, { 0x0, 0, true },
		{ 0x6, 1, false }, { 0x7, 1, false }, { 0x5, 1, false }, { 0x1, 1, true },
		{ 0x9, 1, true },	/* bit 3 is not looked at with S2FWB */
		{ 0x9, 0, false },
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	uint64_t ev[4], a;
	unsigned int i, on;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_nested(&t, &x, 0);
	st_map(&t, &x.s1, VA, 0x5000, 3, ST_S1_RW);
	st_map(&t, &x.s2, 0x5000, PA, 3, ST_S2_RW);
	for (i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {
		on = i & 1;
		for (a = 0; a < ST_SIZE; a += 1 << 21)
			st_map(&t, &x.s2, ST_IPA + a, BASE + a, 2, 0x7c0 | row[i / 2].memattr << 2);
		st_set(x.ste, 89, 89, row[i / 2].fwb);
		st_set(x.ste, 182, 182, on);
		st_stream_put(&t, &x);
		if (!on || !row[i / 2].device) {
			assert_false(st_xlate(&t, VA, ST_R).rc);
			continue;
		}
		assert_true(st_refused(&t, VA, ST_R, ST_PERMISSION, ev));
		assert_int_equal(st_get(ev, 105, 103), 1);	/* S2, CLASS CD */
	}
	st_close(&t);
}

/* --- what is read, and how --- */

static void read_is(const struct iom_smmuv3_fetch *f, enum iom_smmuv3_fetch_kind kind, int level,
		    uint64_t ipa, uint64_t pa, uint64_t val)
{
	assert_int_equal(f->kind, kind);
	assert_int_equal(f->level, level);
	assert_int_equal(f->ipa, ipa);
	assert_int_equal(f->pa, pa);
	assert_int_equal(f->val, val);
}

/* Every read of a stage-1 translation, in order; of a nested one, how many. */
static void reads_in_order(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_fetch f[8];
	struct iom_smmuv3_result res;
	struct st_stream x;
	uint64_t ev[4], at;
	unsigned int i;
	struct st t;
	size_t n;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	assert_int_equal(iom_smmuv3_dev_explain(&t.port, VA, 1, ST_R, &res, ev, f, 8, &n), IOM_OK);
	assert_int_equal(res.pa, PA);
	assert_int_equal(n, 6);
	read_is(&f[0], IOM_SMMUV3_FETCH_STE, 0, t.strtab, t.strtab, x.ste[0]);
	read_is(&f[1], IOM_SMMUV3_FETCH_CD, 0, x.cdptr, x.cdptr, x.cd[0]);
	for (i = 0; i < 4; i++) {
		at = st_slot(&t, &x.s1, VA, (int)i);
		read_is(&f[2 + i], IOM_SMMUV3_FETCH_S1, (int)i, at, at, st_peek(&t, at));
	}
	/* CR1 says WB, ISH for tables; so do the CD and the STE. */
	for (i = 0; i < 6; i++)
		assert_true(f[i].memattr == 0xff && f[i].sh == 3);
	/* Room for fewer; a read that fails is the last. */
	st_poke(&t, st_slot(&t, &x.s1, VA, 2), 0x10000003);
	assert_int_equal(iom_smmuv3_dev_explain(&t.port, VA, 1, ST_R, &res, ev, f, 2, &n),
			 IOM_EFAULT);
	assert_int_equal(ev[0] & 0xff, ST_WALK_EABT);
	assert_int_equal(n, 6);
	/* Nested: CD, four tables and the output, each behind two or three of stage 2. */
	st_stream_nested(&t, &x, 0);
	st_map(&t, &x.s1, VA, 0x5000, 3, ST_S1_RW);
	st_map(&t, &x.s2, 0x5000, PA, 3, ST_S2_RW);
	assert_int_equal(iom_smmuv3_dev_explain(&t.port, VA, 1, ST_R, &res, ev, f, 8, &n), IOM_OK);
	assert_int_equal(n, 1 + 3 + 4 * 3 + 3);
	read_is(&f[3], IOM_SMMUV3_FETCH_CD, 0, x.cdptr - BASE + ST_IPA, x.cdptr, x.cd[0]);
	st_close(&t);
}

/* Fetches of CDs and tables: their attributes and stage 2's, as for data; S2FWB included. */
static void fetch_attributes(void **state)
{
	static const struct {
		unsigned int ir, sh;		/* S1CIR = S1COR = IR0 = OR0 */
		unsigned int memattr, fwb;
		uint8_t mem, memsh;
	} row[] = {
		{ 1, 3, 0xf, 0, 0xff, 3 },	{ 0, 3, 0xf, 0, 0x44, 2 },
		{ 1, 3, 0x5, 0, 0x44, 2 },	{ 2, 3, 0xf, 0, 0xaa, 3 },
		{ 3, 0, 0xf, 0, 0xee, 3 },	{ 1, 3, 0x1, 0, 0x04, 2 },
		/* Non-cacheable cannot be had where stage 2 forces write-back. */
		{ 0, 3, 0x6, 1, 0xff, 2 },	{ 2, 3, 0x6, 1, 0xff, 3 },
		{ 0, 3, 0x7, 1, 0x44, 2 },	{ 1, 3, 0x5, 1, 0x44, 2 },
		{ 1, 3, 0x0, 1, 0x00, 2 },
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_fetch f[24];
	struct iom_smmuv3_result res;
	uint64_t ev[4], a;
	struct st_stream x;
	unsigned int i, k;
	struct st t;
	size_t n;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_nested(&t, &x, 0);
	st_map(&t, &x.s1, VA, 0x5000, 3, ST_S1_RW);
	st_map(&t, &x.s2, 0x5000, PA, 3, ST_S2_RW);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (a = 0; a < ST_SIZE; a += 1 << 21)
			st_map(&t, &x.s2, ST_IPA + a, BASE + a, 2, 0x7c0 | row[i].memattr << 2);
		st_set(x.ste, 89, 89, row[i].fwb);
		st_set(x.ste, 71, 66, row[i].ir | row[i].ir << 2 | row[i].sh << 4);
		st_set(x.cd, 13, 8, row[i].ir | row[i].ir << 2 | row[i].sh << 4);
		st_stream_put(&t, &x);
		assert_int_equal(iom_smmuv3_dev_explain(&t.port, VA, 1, ST_R, &res, ev, f, 24, &n),
				 IOM_OK);
		for (k = 0; k < n; k++) {
			if (f[k].kind != IOM_SMMUV3_FETCH_CD && f[k].kind != IOM_SMMUV3_FETCH_S1)
				continue;
			if (f[k].memattr != row[i].mem || f[k].sh != row[i].memsh)
				fail_msg("row %u: %02x %u", i, f[k].memattr, f[k].sh);
		}
	}
	st_close(&t);
}

/* F_WALK_EABT of each kind of fetch. */
static void walk_aborts(void **state)
{
	const uint64_t nowhere = UINT64_C(0x10000000);
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_nested(&t, &x, 0);
	st_map(&t, &x.s1, VA, 0x40005000, 3, ST_S1_RW);
	/* Stage 1: IN a PA that stage 2 gives. */
	st_map(&t, &x.s2, UINT64_C(0x7000000000), nowhere, 2, ST_S2_RW);
	st_poke(&t, st_slot(&t, &x.s1, VA, 2), UINT64_C(0x7000001000) | 3);
	assert_true(st_refused(&t, VA, ST_R, ST_WALK_EABT, ev));
	assert_int_equal(st_get(ev, 105, 103), 2);		/* S2 = 0, CLASS TT */
	assert_int_equal(ev[3], nowhere + 0x1000 + 8 * (VA >> 12 & 511));
	assert_int_equal(ev[2], VA);
	/* Stage 2 of a table of stage 1, then of the CD. */
	st_poke(&t, st_slot(&t, &x.s2, UINT64_C(0x7000000000), 2), nowhere | 3);
	st_flush(&t);
	assert_true(st_refused(&t, VA, ST_R, ST_WALK_EABT, ev));
	assert_int_equal(st_get(ev, 105, 103), 3);		/* S2 = 1, CLASS TT */
	assert_int_equal(ev[3], nowhere + 8);
	x.ste[0] = (x.ste[0] & ~UINT64_C(0x00ffffffffffffc0)) | UINT64_C(0x7000002000);
	st_ste_put(&t, 0, x.ste);
	assert_true(st_refused(&t, VA, ST_R, ST_WALK_EABT, ev));
	assert_int_equal(st_get(ev, 105, 103), 1);		/* CLASS CD */
	assert_int_equal(ev[3], nowhere + 16);
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes),
		cmocka_unit_test(incoming_attributes),
		cmocka_unit_test(s2ptw),
		cmocka_unit_test(reads_in_order),
		cmocka_unit_test(fetch_attributes),
		cmocka_unit_test(walk_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
