/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the caches keep and let go: tags, ranges and hints of TLBI, leaves that
 * stage 2 cuts into pieces, tags and contexts used up, accesses that are open
 * while something is taken away.
 */
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000200000)
#define PA	UINT64_C(0xabc00000)
#define NR_TAGS	(1u << 19)	/* that a TLB entry has bits for */

static bool cached(struct st *t, uint64_t va)
{
	bool is = !st_xlate(t, va, ST_R).rc;

	st_event_id(t);
	return is;
}

/* n pages from VA, all of them in the TLB. */
static void fill(struct st *t, struct st_stream *x, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		st_map(t, &x->s1, VA + i * 0x1000, PA + i * 0x1000, 3, ST_S1_RW);
		assert_true(st_goes(t, VA + i * 0x1000, ST_R, PA + i * 0x1000));
	}
}

/* Takes them out of memory: what still translates is cached. */
static void empty(struct st *t, struct st_stream *x, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		st_poke(t, st_slot(t, &x->s1, VA + i * 0x1000, 3), 0);
}

static unsigned int count(struct st *t, unsigned int n)
{
	unsigned int i, left = 0;

	for (i = 0; i < n; i++)
		left += cached(t, VA + i * 0x1000);
	return left;
}

/* 4.4.1.1: (NUM + 1) x 2^SCALE granules; TTL is a hint for the level. */
static void ranges(void **state)
{
	static const struct {
		uint64_t num, scale, ttl, tg;
		unsigned int first, gone;
	} row[] = {
		{ 0, 0, 0, 0, 3, 1 },	{ 0, 0, 3, 1, 3, 1 },	{ 3, 0, 0, 1, 0, 4 },
		{ 0, 2, 0, 1, 2, 4 },	{ 2, 1, 3, 1, 1, 6 },	{ 1, 4, 0, 1, 0, 32 },
		{ 31, 31, 0, 1, 0, 32 },
		{ 0, 0, 0, 2, 0, 0 },	/* CERROR_ILL: nothing */
		{ 1, 0, 0, 2, 0, 8 },	{ 0, 1, 0, 3, 0, 32 },
		/* A hint for blocks: no page is of that level. */
		{ 0, 4, 2, 1, 0, 0 },
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	unsigned int i;
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		st_open(&t, &cfg, BASE);
		st_stream_s1(&t, &x, 0);
		fill(&t, &x, 32);
		empty(&t, &x, 32);
		st_cmd(&t, ST_NH_VA | row[i].num << 12 | row[i].scale << 20 |
		       (uint64_t)ST_VMID << 32 | (uint64_t)ST_ASID << 48,
		       (VA + row[i].first * 0x1000) | row[i].ttl << 8 | row[i].tg << 10);
		assert_int_equal(count(&t, 32), 32 - row[i].gone);
		st_close(&t);
	}
	/* Without RIL these bits mean nothing. */
	cfg.idr[3] &= ~(1u << 10);
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	fill(&t, &x, 32);
	empty(&t, &x, 32);
	st_cmd(&t, ST_NH_VAA | UINT64_C(0x1f) << 12 | (uint64_t)ST_VMID << 32,
	       VA | 1 << 10 | 2 << 8);
	assert_int_equal(count(&t, 32), 31);
	st_close(&t);
}

/*
 * Stage 1 has a block, stage 2 pages: whoever invalidates one address of the
 * block means all of it, with or without a hint.
 */
static void cut_blocks(void **state)
{
	static const uint64_t w1[] = { 0, 1 << 10 | 2 << 8, 1 << 10 | 2 << 8 };
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	unsigned int i, p;
	struct st t;

	(void)state;
	for (i = 0; i < 3; i++) {
		st_open(&t, &cfg, BASE);
		st_stream_nested(&t, &x, 0);
		st_map(&t, &x.s1, VA, 0x200000, 2, ST_S1_RW);
		for (p = 0; p < 32; p++) {
			st_map(&t, &x.s2, 0x200000 + p * 0x1000, PA + p * 0x3000, 3, ST_S2_RW);
			assert_true(st_goes(&t, VA + p * 0x1000, ST_R, PA + p * 0x3000));
		}
		st_poke(&t, st_slot(&t, &x.s1, VA, 2), 0);
		assert_int_equal(count(&t, 32), 32);
		st_cmd(&t, (i == 2 ? ST_NH_VAA : ST_NH_VA) | (uint64_t)ST_VMID << 32 |
		       (uint64_t)ST_ASID << 48, (VA + (i == 1 ? 0 : 0x1f0000)) | w1[i]);
		assert_int_equal(count(&t, 32), 0);
		st_close(&t);
	}
}

/* With 8 bits, the upper byte of an ASID or VMID in a command is not looked at. */
static void narrow_tags(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	struct st t;

	(void)state;
	cfg.idr[0] &= ~(1u << 12 | 1u << 18);
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	fill(&t, &x, 2);
	empty(&t, &x, 2);
	st_tlbi(&t, ST_NH_VA, ST_VMID | 0x300, ST_ASID | 0x500, VA);
	assert_int_equal(count(&t, 2), 1);
	st_tlbi(&t, ST_NH_ASID, ST_VMID | 0x300, ST_ASID | 0x500, 0);
	assert_int_equal(count(&t, 2), 0);
	st_close(&t);
	/* With 16 bits it is. */
	cfg = st_cfg();
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_set(x.cd, 63, 48, 0x501);
	st_set(x.ste, 143, 128, 0x307);
	st_stream_put(&t, &x);
	fill(&t, &x, 2);
	empty(&t, &x, 2);
	st_tlbi(&t, ST_NH_ASID, 0x7, 0x501, 0);
	st_tlbi(&t, ST_NH_ASID, 0x307, 0x1, 0);
	assert_int_equal(count(&t, 2), 2);
	st_tlbi(&t, ST_NH_ASID, 0x307, 0x501, 0);
	assert_int_equal(count(&t, 2), 0);
	st_close(&t);
	/* Without stage 2 the VMID is not looked at. */
	cfg.idr[0] &= ~(1u | 1u << 18);
	cfg.idr[3] &= ~(1u << 4 | 1u << 8);
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	fill(&t, &x, 2);
	empty(&t, &x, 2);
	st_tlbi(&t, ST_NH_ASID, 0x1234, ST_ASID, 0);
	assert_int_equal(count(&t, 2), 0);
	st_close(&t);
}

/* Global pages are shared by the ASIDs of a VMID whose CDs have the same ASET. */
static void global_pages(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x, y, z;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW & ~UINT64_C(0x800));
	st_stream_s1(&t, &y, 1);
	st_set(y.cd, 63, 48, ST_ASID + 1);
	st_stream_put(&t, &y);
	st_stream_s1(&t, &z, 2);
	st_set(z.cd, 63, 47, (ST_ASID + 2) << 1 | 1);	/* ASET */
	st_stream_put(&t, &z);
	assert_true(st_goes(&t, VA, ST_R, PA));
	assert_int_equal(st_xlate_sid(&t, 1, VA, 1, ST_R).res.pa, PA);
	assert_int_equal(st_xlate_sid(&t, 2, VA, 1, ST_R).rc, IOM_EFAULT);
	st_close(&t);
}

/* More streams than the cache has contexts; each still gets its own answer. */
static void many_streams(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_stats st;
	struct iom_access other;
	struct st_stream x;
	unsigned int i, turn;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	for (i = 0; i < 64; i++) {
		st_set(x.ste, 3, 1, i & 1 ? 5 : 4);
		st_ste_put(&t, i, x.ste);
	}
	for (turn = 0; turn < 4; turn++) {
		for (i = 0; i < 64; i++)
			assert_int_equal(st_xlate_sid(&t, i, VA, 1, ST_R).res.pa, i & 1 ? PA : VA);
	}
	/* An access that never ends: nothing can be freed, everything still works. */
	iom_access_join(&other, iom_smmuv3_dev_gate(t.s));
	iom_access_begin(&other);
	for (turn = 0; turn < 4; turn++) {
		for (i = 0; i < 64; i++)
			assert_int_equal(st_xlate_sid(&t, i, VA, 1, ST_R).res.pa, i & 1 ? PA : VA);
	}
	iom_access_end(&other);
	iom_access_leave(&other);
	iom_smmuv3_dev_stats(t.s, &st);
	assert_true(st.config_misses >= 64);
	st_close(&t);
}

/* Contexts taken away while an access is open are not used again before it ends. */
static void open_access(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_access other;
	struct st_stream x;
	unsigned int i;
	struct st t;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	iom_access_join(&other, iom_smmuv3_dev_gate(t.s));
	iom_access_begin(&other);
	for (i = 0; i < 100; i++) {
		assert_int_equal(st_xlate(&t, VA, ST_R).res.pa, PA);
		st_cfgi_ste(&t, 0);
		st_r(&t, ST_CMDQ_CONS);
	}
	iom_access_end(&other);
	iom_access_leave(&other);
	st_sync(&t);
	assert_int_equal(st_xlate(&t, VA, ST_R).res.pa, PA);
	st_close(&t);
}

/*
 * Half a million invalidations use up the tags; when they begin anew, what the
 * TLB still held under the old ones must be gone. It is large enough here to
 * hold everything.
 */
static void tags_used_up(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_stats a, b;
	struct st_stream x;
	unsigned int i;
	struct st t;

	(void)state;
	cfg.tlb_entries = 1u << 20;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	/* Pages of the first two tags: one of the ASID, one global. */
	fill(&t, &x, 8);
	st_map(&t, &x.s1, VA + 0x6000, PA, 3, ST_S1_RW & ~UINT64_C(0x800));
	st_tlbi(&t, ST_NH_VA, ST_VMID, ST_ASID, VA + 0x6000);
	assert_true(st_goes(&t, VA + 0x6000, ST_R, PA));
	empty(&t, &x, 8);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	st_map(&t, &x.s1, VA + 0x1000, PA, 3, ST_S1_RW & ~UINT64_C(0x800));
	for (i = 0; i < NR_TAGS / 2 + 100; i++) {
		/* Only a space that holds something needs a new tag. */
		assert_false(st_xlate(&t, VA, ST_R).rc);
		assert_false(st_xlate(&t, VA + 0x1000, ST_R).rc);
		if (i > NR_TAGS / 2 - 100) {
			assert_false(cached(&t, VA + 0x6000));
			assert_false(cached(&t, VA + 0x7000));
		}
		st_tlbi(&t, ST_NH_ALL, ST_VMID, 0, 0);
	}
	assert_false(st_xlate(&t, VA, ST_R).rc);
	iom_smmuv3_dev_stats(t.s, &a);
	for (i = 0; i < 100; i++)
		assert_false(st_xlate(&t, VA, ST_R).rc);
	iom_smmuv3_dev_stats(t.s, &b);
	assert_int_equal(a.tlb_misses, b.tlb_misses);
	st_close(&t);
}

/* A full TLB forgets, and walks. */
static void small_tlb(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	struct st t;

	(void)state;
	cfg.tlb_entries = 64;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	fill(&t, &x, 500);
	empty(&t, &x, 500);
	assert_in_range(count(&t, 500), 32, 256);
	st_tlbi(&t, ST_NH_ALL, ST_VMID, 0, 0);
	assert_int_equal(count(&t, 500), 0);
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(cut_blocks),
		cmocka_unit_test(narrow_tags),
		cmocka_unit_test(global_pages),
		cmocka_unit_test(many_streams),
		cmocka_unit_test(open_access),
		cmocka_unit_test(tags_used_up),
		cmocka_unit_test(small_tlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
