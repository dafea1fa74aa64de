/* SPDX-License-Identifier: BSD-2-Clause */
/* The SMMUv3 model's life: creation, first translations of each kind, modes. */
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE UINT64_C(0x80000000)

/* One stage-1 page for SID 0: CD at *cd. */
static void one_s1(struct st *t, struct st_tables *tb, uint64_t cd[8])
{
	uint64_t ste[8], at = st_alloc(t, 64);

	st_tables_init(t, tb, 1, 12, 48, 9, false, 5);
	st_cd_init(cd, tb, 1, false);
	st_cd_put(t, at, 0, 0, cd);
	st_ste_init(ste, 5);
	st_ste_s1(ste, at, 0, 0, 0);
	st_ste_put(t, 0, ste);
}

static void stage1_translates(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_tables tb;
	uint64_t cd[8], ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	one_s1(&t, &tb, cd);
	assert_true(st_refused(&t, 0x123456789000, ST_R, ST_TRANSLATION, ev));
	assert_int_equal(ev[2], 0x123456789000);
	st_map(&t, &tb, 0x123456789000, 0xabcde000, 3, ST_S1_RW);
	assert_true(st_goes(&t, 0x123456789abc, ST_R, 0xabcdeabc));
	assert_true(st_goes(&t, 0x123456789abc, ST_W, 0xabcdeabc));
	/* Cached: what is in memory now does not matter until TLBI. */
	st_poke(&t, st_slot(&t, &tb, 0x123456789000, 3), 0);
	assert_false(st_xlate(&t, 0x123456789abc, ST_R).rc);
	st_tlbi(&t, ST_NH_VA, 0, 1, 0x123456789000);
	st_sync(&t);
	assert_true(st_refused(&t, 0x123456789000, ST_R, ST_TRANSLATION, ev));
	st_close(&t);
}

static void stage2_translates(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_tables tb;
	uint64_t ste[8];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_tables_init(&t, &tb, 2, 12, 40, 1, false, 5);
	st_ste_init(ste, 6);
	st_ste_s2(ste, &tb, 7);
	st_ste_put(&t, 0, ste);
	st_map(&t, &tb, 0xabcdef0000, 0x5000, 3, ST_S2_RW);
	st_map(&t, &tb, 0x40200000, 0x80000000, 2, ST_S2_RW);
	assert_true(st_goes(&t, 0xabcdef0123, ST_R, 0x5123));
	assert_true(st_goes(&t, 0x402abcde, ST_W, 0x800abcde));
	st_close(&t);
}

static void nested_translates(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t ste[8], cd[8], ev[4], at, i;
	struct st_tables s1, s2;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_tables_init(&t, &s2, 2, 12, 40, 1, false, 5);
	st_tables_init(&t, &s1, 1, 12, 48, 9, false, 5);
	s1.off = BASE;
	at = st_alloc(&t, 64);
	/* The CD and the tables of stage 1 stand at IPA 0 and on. */
	for (i = 0; i < ST_SIZE; i += 1 << 21)
		st_map(&t, &s2, i, BASE + i, 2, ST_S2_RW);
	st_map(&t, &s2, 0x40001000, 0x12345000, 3, ST_S2_RW);
	st_map(&t, &s1, 0x7000, 0x40001000, 3, ST_S1_RW);
	st_map(&t, &s1, 0x8000, 0x40002000, 3, ST_S1_RW);
	st_cd_init(cd, &s1, 1, false);
	st_cd_put(&t, at, 0, 0, cd);
	st_ste_init(ste, 7);
	st_ste_s1(ste, at - BASE, 0, 0, 0);
	st_ste_s2(ste, &s2, 7);
	st_ste_put(&t, 0, ste);
	assert_true(st_goes(&t, 0x7fff, ST_W, 0x12345fff));
	assert_true(st_refused(&t, 0x8fff, ST_R, ST_TRANSLATION, ev));
	assert_int_equal(st_get(ev, 103, 103), 1);
	assert_int_equal(st_get(ev, 105, 104), 2);
	assert_int_equal(ev[3], 0x40002000);
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage1_translates),
		cmocka_unit_test(stage2_translates),
		cmocka_unit_test(nested_translates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
