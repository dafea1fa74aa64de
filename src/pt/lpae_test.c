/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AArch64 tables. Geometry is compared with a search over plain definitions,
 * for every TxSZ, SL0, granule and width; decoding with vectors written by hand.
 * P1, P2, P4 to P7, P12: numbers of the checklist for table formats.
 */
#include <iom/base/err.h>
#include <pt/lpae.h>

#include "lib/test.h"

static const unsigned int granules[] = { 12, 14, 16 };

/* IA bits resolved by full tables of levels l..3, and the page. */
static unsigned int coverage(unsigned int g, int l)
{
	unsigned int bits = g;

	for (; l <= 3; l++)
		bits += g - 3;
	return bits;
}

static void geometry_s1_is_the_shortest_walk(void **state)
{
	unsigned int i, wide, txsz;

	(void)state;
	for (i = 0; i < 3; i++) for (wide = 0; wide < 2; wide++) for (txsz = 0; txsz < 70; txsz++) {
		const struct iomi_lpae_fmt *f = iomi_lpae_fmt(1, granules[i], wide);
		unsigned int g = granules[i], bits = 64 - txsz;
		int first = g == 12 && wide ? -1 : g == 16 ? 1 : 0;
		unsigned int max = wide || g == 16 ? 52 : 48;
		bool legal = txsz < 64 && bits > g && bits <= max;
		struct iomi_lpae_geom q = { NULL, 0xee, 0, 0 };
		int start;

		if (!legal) {
			assert_int_equal(iomi_lpae_geom_s1(f, txsz, &q), IOM_ERANGE);
			assert_int_equal(q.ia_bits, 0xee);
			continue;
		}
		for (start = 3; coverage(g, start) < bits; start--)
			assert_true(start > first);
		assert_int_equal(iomi_lpae_geom_s1(f, txsz, &q), IOM_OK);
		assert_int_equal(q.ia_bits, bits);
		assert_int_equal(q.start, start);
		assert_int_equal(q.start_bits, bits - coverage(g, start + 1));
		assert_int_equal(iomi_lpae_shift(f, start), coverage(g, start + 1));
	}
}

/* Table 1.1 of the fact sheet, first and last TxSZ of each row. */
static void geometry_s1_start_levels(void **state)
{
	static const struct {
		unsigned int first, last;
		int level[3];
	} rows[] = {
		{ 12, 15, { -1, 0, 1 } }, { 16, 16, { 0, 0, 1 } }, { 17, 21, { 0, 1, 1 } },
		{ 22, 24, { 0, 1, 2 } }, { 25, 27, { 1, 1, 2 } }, { 28, 33, { 1, 2, 2 } },
		{ 34, 34, { 2, 2, 2 } }, { 35, 38, { 2, 2, 3 } }, { 39, 39, { 2, 3, 3 } },
		{ 40, 42, { 2, 3, 3 } }, { 43, 47, { 3, 3, 3 } },
	};
	unsigned int r, i, txsz;

	(void)state;
	for (r = 0; r < IOM_ARRAY_SIZE(rows); r++) for (i = 0; i < 3; i++)
		for (txsz = rows[r].first; txsz <= rows[r].last; txsz++) {
			struct iomi_lpae_geom q;

			assert_int_equal(iomi_lpae_geom_s1(iomi_lpae_fmt(1, granules[i], true),
							   txsz, &q), IOM_OK);
			assert_int_equal(q.start, rows[r].level[i]);
		}
}

static void geometry_s2_concatenates_up_to_16(void **state)
{
	unsigned int i, wide, t0sz;
	int start;

	(void)state;
	for (i = 0; i < 3; i++) for (wide = 0; wide < 2; wide++)
	for (t0sz = 0; t0sz < 70; t0sz++) for (start = -3; start < 6; start++) {
		const struct iomi_lpae_fmt *f = iomi_lpae_fmt(2, granules[i], wide);
		unsigned int g = granules[i], bits = 64 - t0sz, max = wide || g == 16 ? 52 : 48;
		int first = g == 12 && wide ? -1 : g == 16 ? 1 : 0;
		struct iomi_lpae_geom q;
		bool legal = t0sz < 64 && bits <= max && start >= first && start <= 3 &&
			     bits > coverage(g, start + 1) && bits <= coverage(g, start) + 4;

		assert_int_equal(iomi_lpae_geom_s2(f, t0sz, start, &q),
				 legal ? IOM_OK : IOM_ERANGE);
		if (!legal)
			continue;
		assert_int_equal(q.start_bits, bits - coverage(g, start + 1));
		assert_int_equal(iomi_lpae_root_lg2(&q),
				 q.start_bits + 3 < 6 ? 6 : q.start_bits + 3);
	}
}

/* An address is the sum of its indexes and its offset, whatever the geometry. */
static void indexes_name_each_address_once(void **state)
{
	struct test_rng rng;
	unsigned int n;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 200000; n++) {
		unsigned int stage = 1 + (unsigned int)test_rng_below(&rng, 2);
		const struct iomi_lpae_fmt *f = iomi_lpae_fmt(stage,
			granules[test_rng_below(&rng, 3)], test_rng_below(&rng, 2));
		unsigned int txsz = (unsigned int)test_rng_below(&rng, 64);
		int start = (int)test_rng_below(&rng, 5) - 1, level;
		struct iomi_lpae_geom q;
		uint64_t ia, sum;

		if (stage == 1 ? iomi_lpae_geom_s1(f, txsz, &q) :
				 iomi_lpae_geom_s2(f, txsz, start, &q))
			continue;
		ia = test_rng_edgy(&rng) & ((UINT64_C(1) << q.ia_bits) - 1);
		sum = ia & ((UINT64_C(1) << f->granule_lg2) - 1);
		for (level = q.start; level <= 3; level++) {
			uint64_t index = iomi_lpae_index(&q, level, ia);

			/* P6: only the start level of stage 2 has a wider index */
			if (level != q.start || stage == 1)
				assert_true(index >> (f->granule_lg2 - 3) == 0);
			sum += index << iomi_lpae_shift(f, level);
			assert_int_equal(iomi_lpae_entry_addr(&q, level, 0x40000000, ia),
					 0x40000000 + index * 8);
		}
		assert_true(sum == ia);
	}
}

struct index_vector {
	unsigned int stage, granule, txsz;
	int start;
	uint64_t ia;
	uint64_t index[4];	/* from start on */
};

static void index_vectors(void **state)
{
	static const struct index_vector v[] = {
		{ 1, 12, 16, 0, 0x123456789ABC, { 0x24, 0xD1, 0xB3, 0x189 } },
		{ 1, 14, 16, 0, 0x123456789ABC, { 0, 0x123, 0x22B, 0x1E2 } },
		{ 1, 16, 16, 1, 0x123456789ABC, { 0x4, 0x11A2, 0x1678 } },
		{ 2, 12, 24, 1, 0xABCDEF0123, { 0x2AF, 0x6F, 0xF0 } },
		{ 2, 12, 16, 0, 0xABCDEF0123, { 0x1, 0xAF, 0x6F, 0xF0 } },
		{ 2, 14, 24, 2, 0xABCDEF0123, { 0x55E6, 0x7BC } },
		{ 2, 16, 22, 2, 0xABCDEF0123, { 0x55E, 0xDEF } },
	};
	unsigned int i;
	int level;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(v); i++) {
		const struct iomi_lpae_fmt *f = iomi_lpae_fmt(v[i].stage, v[i].granule, false);
		struct iomi_lpae_geom q;

		if (v[i].stage == 1)
			assert_int_equal(iomi_lpae_geom_s1(f, v[i].txsz, &q), IOM_OK);
		else
			assert_int_equal(iomi_lpae_geom_s2(f, v[i].txsz, v[i].start, &q), IOM_OK);
		assert_int_equal(q.start, v[i].start);
		for (level = q.start; level <= 3; level++)
			assert_int_equal(iomi_lpae_index(&q, level, v[i].ia),
					 v[i].index[level - q.start]);
	}
}

static void stage_1_has_two_halves(void **state)
{
	struct iomi_lpae_geom q;

	(void)state;
	assert_int_equal(iomi_lpae_geom_s1(iomi_lpae_fmt(1, 12, false), 25, &q), IOM_OK);
	assert_true(iomi_lpae_s1_in_range(&q, 0, false));
	assert_true(iomi_lpae_s1_in_range(&q, 0x7fffffffff, false));
	assert_false(iomi_lpae_s1_in_range(&q, 0x8000000000, false));
	assert_true(iomi_lpae_s1_in_range(&q, 0xffffff8000000000, false));
	assert_false(iomi_lpae_s1_in_range(&q, 0xffffff7fffffffff, false));
	assert_false(iomi_lpae_s1_in_range(&q, 0x0100000000000000, false));
	assert_true(iomi_lpae_s1_in_range(&q, 0xab00000000001000, true));
	assert_true(iomi_lpae_s1_in_range(&q, 0x00ffff8000000000, true));
	assert_false(iomi_lpae_s1_in_range(&q, 0x007fff8000000000, true));
	assert_int_equal(iomi_lpae_half(0x00ffff8000000000), 1);
	assert_int_equal(iomi_lpae_half(0xff00000000000000), 0);
}

static void stage_2_range_ends_at_the_ipa_bits(void **state)
{
	struct iomi_lpae_geom q;

	(void)state;
	assert_int_equal(iomi_lpae_geom_s2(iomi_lpae_fmt(2, 12, false), 20, 0, &q), IOM_OK);
	assert_true(iomi_lpae_s2_in_range(&q, 0xfffffffffff));
	assert_false(iomi_lpae_s2_in_range(&q, 0x100000000000));
	assert_false(iomi_lpae_s2_in_range(&q, UINT64_MAX));
}

/* P1, P2: which of the four types exists at which level */
static void kinds(void **state)
{
	/* levels with blocks: granule, wide, level */
	static const int blocks[][3] = {
		{ 12, 0, 1 }, { 12, 0, 2 }, { 12, 1, 0 }, { 12, 1, 1 }, { 12, 1, 2 },
		{ 14, 0, 2 }, { 14, 1, 1 }, { 14, 1, 2 },
		{ 16, 0, 2 }, { 16, 1, 1 }, { 16, 1, 2 },
	};
	unsigned int i, wide, stage, b;
	int level;

	(void)state;
	for (stage = 1; stage <= 2; stage++) for (i = 0; i < 3; i++)
	for (wide = 0; wide < 2; wide++) for (level = -1; level <= 3; level++) {
		const struct iomi_lpae_fmt *f = iomi_lpae_fmt(stage, granules[i], wide);
		bool block = false;

		for (b = 0; b < IOM_ARRAY_SIZE(blocks); b++)
			block |= blocks[b][0] == (int)granules[i] &&
				 blocks[b][1] == (int)wide && blocks[b][2] == level;
		assert_int_equal(iomi_lpae_kind(f, level, UINT64_MAX - 3), IOMI_LPAE_INVALID);
		assert_int_equal(iomi_lpae_kind(f, level, UINT64_MAX - 1), IOMI_LPAE_INVALID);
		assert_int_equal(iomi_lpae_kind(f, level, UINT64_MAX),
				 level == 3 ? IOMI_LPAE_PAGE : IOMI_LPAE_TABLE);
		assert_int_equal(iomi_lpae_kind(f, level, UINT64_MAX - 2),
				 block ? IOMI_LPAE_BLOCK : IOMI_LPAE_RESERVED);
	}
}

/* P5: where the high address bits stand; bits outside of the field are not address */
static void output_addresses(void **state)
{
	const struct iomi_lpae_fmt *k4 = iomi_lpae_fmt(1, 12, false);
	const struct iomi_lpae_fmt *ds = iomi_lpae_fmt(1, 12, true);
	const struct iomi_lpae_fmt *k64 = iomi_lpae_fmt(1, 16, true);
	const struct iomi_lpae_fmt *k64n = iomi_lpae_fmt(1, 16, false);
	const struct iomi_lpae_fmt *k16 = iomi_lpae_fmt(1, 14, true);

	(void)state;
	assert_int_equal(iomi_lpae_leaf_oa(k4, 3, 0x40000F47), 0x40000000);
	assert_int_equal(iomi_lpae_leaf_oa(iomi_lpae_fmt(2, 12, false), 2, 0x400007FD), 0x40000000);
	assert_int_equal(iomi_lpae_leaf_oa(k64, 3, 0x12345678F707), 0xF123456780000);
	assert_int_equal(iomi_lpae_leaf_oa(k64n, 3, 0x12345678F707), 0x123456780000);
	assert_int_equal(iomi_lpae_leaf_oa(ds, 3, 0x1123456789303), 0xD123456789000);
	assert_int_equal(iomi_lpae_table_oa(ds, 0x1123456789303), 0xD123456789000);
	assert_int_equal(iomi_lpae_leaf_oa(k4, 3, UINT64_MAX), 0xFFFFFFFFF000);
	assert_int_equal(iomi_lpae_leaf_oa(ds, 3, UINT64_MAX), 0xFFFFFFFFFF000);
	assert_int_equal(iomi_lpae_leaf_oa(k16, 3, UINT64_MAX), 0xFFFFFFFFFC000);
	assert_int_equal(iomi_lpae_leaf_oa(k64, 3, UINT64_MAX), 0xFFFFFFFFF0000);
	/* bits between the granule and the block are not address; 16 is nT */
	assert_int_equal(iomi_lpae_leaf_oa(k4, 2, UINT64_MAX), 0xFFFFFFE00000);
	assert_int_equal(iomi_lpae_leaf_oa(k4, 1, UINT64_MAX), 0xFFFFC0000000);
	assert_int_equal(iomi_lpae_leaf_oa(ds, 0, UINT64_MAX), 0xFFF8000000000);
	assert_int_equal(iomi_lpae_leaf_oa(k64, 1, UINT64_MAX), 0xFFC0000000000);
}

static unsigned int s1(uint64_t desc, uint64_t tables)
{
	static const struct iomi_lpae_s1_ctl plain;

	return iomi_lpae_s1_perms(&plain, desc, tables);
}

#define UR	IOMI_LPAE_UR
#define UW	IOMI_LPAE_UW
#define UX	IOMI_LPAE_UX
#define PR	IOMI_LPAE_PR
#define PW	IOMI_LPAE_PW
#define PX	IOMI_LPAE_PX
#define XN	(LPAE_S1_UXN | LPAE_S1_PXN)

static void stage_1_permissions(void **state)
{
	(void)state;
	assert_int_equal(s1(0, 0), PR | PW | PX | UX);
	assert_int_equal(s1(LPAE_S1_AP1_EL0, 0), PR | PW | UR | UW | UX);
	assert_int_equal(s1(LPAE_S1_AP2_RO, 0), PR | PX | UX);
	assert_int_equal(s1(LPAE_S1_AP, 0), PR | PX | UR | UX);
	assert_int_equal(s1(LPAE_S1_AP | XN, 0), PR | UR);
	assert_int_equal(s1(LPAE_S1_AP | LPAE_S1_UXN, 0), PR | PX | UR);
	assert_int_equal(s1(LPAE_S1_AP | LPAE_S1_PXN, 0), PR | UR | UX);
	/* hierarchical: each takes away, none gives */
	assert_int_equal(s1(LPAE_S1_AP1_EL0, LPAE_TABLE_AP_NO_EL0), PR | PW | PX | UX);
	assert_int_equal(s1(LPAE_S1_AP1_EL0, LPAE_TABLE_AP_NO_WRITE), PR | PX | UR | UX);
	assert_int_equal(s1(LPAE_S1_AP1_EL0, LPAE_TABLE_AP), PR | PX | UX);
	assert_int_equal(s1(LPAE_S1_AP, LPAE_TABLE_XN), PR | PX | UR);
	assert_int_equal(s1(LPAE_S1_AP, LPAE_TABLE_PXN), PR | UR | UX);
	assert_int_equal(s1(LPAE_S1_AP, LPAE_TABLE_NS), PR | PX | UR | UX);
}

/* P7: AP[2] is "clean", not "read only", with DBM and HD */
static void stage_1_dirty_state(void **state)
{
	struct iomi_lpae_s1_ctl hd = { .hd = true };
	uint64_t clean = LPAE_DBM | LPAE_S1_AP | XN;

	(void)state;
	assert_int_equal(s1(clean, 0), PR | UR);
	assert_int_equal(iomi_lpae_s1_perms(&hd, clean, 0), PR | PW | UR | UW);
	assert_int_equal(iomi_lpae_s1_perms(&hd, clean, LPAE_TABLE_AP_NO_WRITE), PR | UR);
	assert_int_equal(iomi_lpae_s1_perms(&hd, clean & ~LPAE_DBM, 0), PR | UR);
	assert_true(iomi_lpae_clean(1, clean));
	assert_false(iomi_lpae_clean(1, clean & ~LPAE_DBM));
	assert_false(iomi_lpae_clean(1, iomi_lpae_make_dirty(1, clean)));
	assert_int_equal(iomi_lpae_make_dirty(1, clean), clean & ~LPAE_S1_AP2_RO);
	assert_true(iomi_lpae_clean(2, LPAE_DBM | LPAE_S2_AP_READ));
	assert_false(iomi_lpae_clean(2, LPAE_S2_AP_READ));
	assert_int_equal(iomi_lpae_make_dirty(2, LPAE_DBM | LPAE_S2_AP_READ),
			 LPAE_DBM | LPAE_S2_AP);
}

static void stage_1_wxn_pan_one_privilege(void **state)
{
	struct iomi_lpae_s1_ctl wxn = { .wxn = true }, pan = { .pan = true };
	struct iomi_lpae_s1_ctl epan = { .pan = true, .epan = true };
	struct iomi_lpae_s1_ctl one = { .one_priv = true, .pan = true };

	(void)state;
	assert_int_equal(iomi_lpae_s1_perms(&wxn, 0, 0), PR | PW | UX);
	assert_int_equal(iomi_lpae_s1_perms(&wxn, LPAE_S1_AP1_EL0, 0), PR | PW | UR | UW);
	assert_int_equal(iomi_lpae_s1_perms(&wxn, LPAE_S1_AP, 0), PR | PX | UR | UX);
	assert_int_equal(iomi_lpae_s1_perms(&pan, LPAE_S1_AP1_EL0 | XN, 0), UR | UW);
	assert_int_equal(iomi_lpae_s1_perms(&pan, LPAE_S1_PXN, 0), PR | PW | UX);
	assert_int_equal(iomi_lpae_s1_perms(&epan, LPAE_S1_PXN, 0), UX);
	assert_int_equal(iomi_lpae_s1_perms(&epan, XN, 0), PR | PW);
	assert_int_equal(iomi_lpae_s1_perms(&one, 0, LPAE_TABLE_AP_NO_EL0),
			 IOMI_LPAE_ALL);
	assert_int_equal(iomi_lpae_s1_perms(&one, LPAE_S1_AP2_RO | LPAE_S1_UXN, 0), PR | UR);
	assert_int_equal(iomi_lpae_s1_perms(&one, LPAE_S1_PXN, LPAE_TABLE_PXN), IOMI_LPAE_ALL);
}

static void stage_2_permissions(void **state)
{
	uint64_t rw = LPAE_S2_AP, xn53 = IOM_BIT64(53), xn54 = IOM_BIT64(54);

	(void)state;
	assert_int_equal(iomi_lpae_s2_perms(true, false, 0), 0);
	assert_int_equal(iomi_lpae_s2_perms(true, false, LPAE_S2_AP_WRITE), PW | UW);
	assert_int_equal(iomi_lpae_s2_perms(true, false, LPAE_S2_AP_READ), PR | UR | PX | UX);
	assert_int_equal(iomi_lpae_s2_perms(true, false, rw), IOMI_LPAE_ALL);
	assert_int_equal(iomi_lpae_s2_perms(true, false, rw | xn53), IOMI_LPAE_ALL & ~PX);
	assert_int_equal(iomi_lpae_s2_perms(true, false, rw | xn54), IOMI_LPAE_ALL & ~(PX | UX));
	assert_int_equal(iomi_lpae_s2_perms(true, false, rw | xn53 | xn54), IOMI_LPAE_ALL & ~UX);
	assert_int_equal(iomi_lpae_s2_perms(false, false, rw | xn53), IOMI_LPAE_ALL);
	assert_int_equal(iomi_lpae_s2_perms(false, false, rw | xn53 | xn54),
			 IOMI_LPAE_ALL & ~(PX | UX));
	assert_int_equal(iomi_lpae_s2_perms(true, true, LPAE_S2_AP_READ | LPAE_DBM | xn54),
			 PR | UR | PW | UW);
	assert_int_equal(iomi_lpae_s2_perms(true, false, LPAE_S2_AP_READ | LPAE_DBM | xn54),
			 PR | UR);
}

static void contiguous_sets(void **state)
{
	static const struct { unsigned int granule; int level; unsigned int bytes_lg2; } v[] = {
		{ 12, 3, 16 }, { 12, 2, 25 }, { 12, 1, 34 }, { 14, 3, 21 }, { 14, 2, 30 },
		{ 16, 3, 21 }, { 16, 2, 34 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(v); i++) {
		const struct iomi_lpae_fmt *f = iomi_lpae_fmt(1, v[i].granule, true);

		assert_int_equal(iomi_lpae_contig_lg2(f, v[i].level) +
				 iomi_lpae_shift(f, v[i].level), v[i].bytes_lg2);
	}
	assert_int_equal(iomi_lpae_contig_lg2(iomi_lpae_fmt(1, 12, true), 0), 0);
}

static unsigned int over(uint8_t mair, unsigned int attr, bool fwb)
{
	struct iomi_lpae_mem m = { mair, LPAE_SH_ISH };

	return iomi_lpae_s2_mem(m, IOM_FIELD_PREP(LPAE_S2_MEMATTR, (uint64_t)attr), LPAE_SH_NSH,
				fwb).mair;
}

static void memory_attributes(void **state)
{
	struct iomi_lpae_mem m;

	(void)state;
	/* index and shareability; Device and NC are outer shareable */
	m = iomi_lpae_s1_mem(0xf404ff44, 1 << 2, LPAE_SH_ISH);
	assert_int_equal(m.mair, 0xff);
	assert_int_equal(m.sh, LPAE_SH_ISH);
	m = iomi_lpae_s1_mem(0xf404ff44, 2 << 2, LPAE_SH_ISH);
	assert_int_equal(m.mair, 0x04);
	assert_int_equal(m.sh, LPAE_SH_OSH);
	m = iomi_lpae_s1_mem(0xf404ff44, 0, LPAE_SH_NSH);
	assert_int_equal(m.sh, LPAE_SH_OSH);
	/* without FWB the weaker wins */
	assert_int_equal(over(0xff, 0xf, false), 0xff);
	assert_int_equal(over(0xff, 0x5, false), 0x44);
	assert_int_equal(over(0x44, 0xf, false), 0x44);
	assert_int_equal(over(0xff, 0xa, false), 0xbb);
	assert_int_equal(over(0xbb, 0xf, false), 0xbb);
	assert_int_equal(over(0xf4, 0xf, false), 0xf4);
	assert_int_equal(over(0xff, 0x1, false), 0x04);
	assert_int_equal(over(0x04, 0xf, false), 0x04);
	assert_int_equal(over(0x04, 0x0, false), 0x00);
	assert_int_equal(over(0x00, 0x3, false), 0x00);
	assert_int_equal(over(0x0c, 0x2, false), 0x08);
	/* with FWB stage 2 decides */
	assert_int_equal(over(0x44, 6, true), 0xff);
	assert_int_equal(over(0x04, 6, true), 0xff);
	assert_int_equal(over(0xff, 5, true), 0x44);
	assert_int_equal(over(0x04, 5, true), 0x04);
	assert_int_equal(over(0xf4, 7, true), 0xf4);
	assert_int_equal(over(0xff, 1, true), 0x04);
	/* OSH over ISH over NSH */
	m.mair = 0xff;
	m.sh = LPAE_SH_NSH;
	assert_int_equal(iomi_lpae_s2_mem(m, 0xf << 2, LPAE_SH_ISH, false).sh, LPAE_SH_ISH);
	m.sh = LPAE_SH_OSH;
	assert_int_equal(iomi_lpae_s2_mem(m, 0xf << 2, LPAE_SH_ISH, false).sh, LPAE_SH_OSH);
}

static void decode_names_every_field(void **state)
{
	struct iomi_lpae_desc d;

	(void)state;
	iomi_lpae_decode(iomi_lpae_fmt(1, 12, false), 3, 0x40000F47, &d);
	assert_int_equal(d.kind, IOMI_LPAE_PAGE);
	assert_int_equal(d.oa, 0x40000000);
	assert_int_equal(d.size_lg2, 12);
	assert_int_equal(d.attrindx, 1);
	assert_int_equal(d.ap, 1);
	assert_int_equal(d.sh, LPAE_SH_ISH);
	assert_true(d.af && d.ng && !d.dbm && !d.contig && !d.ns && !d.uxn && !d.pxn);
	iomi_lpae_decode(iomi_lpae_fmt(2, 12, false), 2, 0x400007FD, &d);
	assert_int_equal(d.kind, IOMI_LPAE_BLOCK);
	assert_int_equal(d.size_lg2, 21);
	assert_int_equal(d.memattr, 0xf);
	assert_int_equal(d.s2ap, 3);
	assert_int_equal(d.xn, 0);
	iomi_lpae_decode(iomi_lpae_fmt(1, 16, true), 3, 0x12345678F707, &d);
	assert_int_equal(d.oa, 0xF123456780000);
	assert_int_equal(d.attrindx, 1);
	assert_int_equal(d.sh, LPAE_SH_ISH);
	iomi_lpae_decode(iomi_lpae_fmt(1, 12, false), 0,
			 LPAE_TABLE_AP | LPAE_TABLE_XN | 0x40001003, &d);
	assert_int_equal(d.kind, IOMI_LPAE_TABLE);
	assert_int_equal(d.oa, 0x40001000);
	assert_int_equal(d.ap_table, 3);
	assert_true(d.xn_table && !d.pxn_table && !d.ns_table);
	iomi_lpae_decode(iomi_lpae_fmt(2, 12, false), 0, LPAE_TABLE_AP | 0x40001003, &d);
	assert_int_equal(d.ap_table, 0);
	iomi_lpae_decode(iomi_lpae_fmt(2, 12, false), 0, UINT64_MAX - 1, &d);
	assert_int_equal(d.kind, IOMI_LPAE_INVALID);
	assert_int_equal(d.oa, 0);
}

static void no_such_format(void **state)
{
	unsigned int g;

	(void)state;
	for (g = 0; g < 40; g++) {
		bool is = g == 12 || g == 14 || g == 16;

		assert_true(!!iomi_lpae_fmt(1, g, false) == is);
		assert_true(!!iomi_lpae_fmt(2, g, true) == is);
		assert_null(iomi_lpae_fmt(0, g, false));
		assert_null(iomi_lpae_fmt(3, g, false));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(geometry_s1_is_the_shortest_walk),
		cmocka_unit_test(geometry_s1_start_levels),
		cmocka_unit_test(geometry_s2_concatenates_up_to_16),
		cmocka_unit_test(indexes_name_each_address_once),
		cmocka_unit_test(index_vectors),
		cmocka_unit_test(stage_1_has_two_halves),
		cmocka_unit_test(stage_2_range_ends_at_the_ipa_bits),
		cmocka_unit_test(kinds),
		cmocka_unit_test(output_addresses),
		cmocka_unit_test(stage_1_permissions),
		cmocka_unit_test(stage_1_dirty_state),
		cmocka_unit_test(stage_1_wxn_pan_one_privilege),
		cmocka_unit_test(stage_2_permissions),
		cmocka_unit_test(contiguous_sets),
		cmocka_unit_test(memory_attributes),
		cmocka_unit_test(decode_names_every_field),
		cmocka_unit_test(no_such_format),
	};

	return cmocka_run_group_tests_name("lpae", tests, NULL, NULL);
}
