/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tables look like: leaves are the largest that addresses allow, hints stand
 * where a set is whole; entries equal words worked out by hand from DDI 0487 D8; a
 * table is filled before hardware can find it; no memory, nothing done.
 */
#include <iom/pt/pt.h>

#include "lib/pt_hw.h"
#include "lib/test.h"

static struct test_rng rng;

struct one {
	struct dmem_fake mem;
	struct iom_pt_cfg cfg;
	struct iom_pt pt;
	struct pt_hw hw;
};

static struct iom_pt_cfg cfg_of(const struct iom_pt_format *f, unsigned int g, unsigned int ia,
				unsigned int oa)
{
	return (struct iom_pt_cfg){ .format = f, .granule_lg2 = (uint8_t)g,
				    .ia_bits = (uint8_t)ia, .oa_bits = (uint8_t)oa };
}

static void open_one(struct one *o, unsigned int flags, struct iom_pt_cfg cfg)
{
	o->cfg = cfg;
	dmem_fake_init(&o->mem, flags);
	assert_int_equal(iom_pt_init(&o->pt, &o->mem.dmem, &cfg), IOM_OK);
	o->hw = pt_hw_of(&o->mem, &o->pt, &cfg);
}

static void close_one(struct one *o)
{
	iom_pt_fini(&o->pt);
	dmem_fake_fini(&o->mem);
}

static struct iom_range range(uint64_t start, uint64_t len)
{
	return (struct iom_range){ start, start + len - 1 };
}

/* --- the largest leaves ------------------------------------------------------ */

/* D8.6.1, from the document: entries of a contiguous set, by granule and size of an entry. */
static unsigned int set_lg2(unsigned int granule, unsigned int size)
{
	switch (granule) {
	case 12:
		return size <= 30 ? 4 : 0;
	case 14:
		return size == 14 ? 7 : size == 25 ? 5 : 0;
	default:
		return size == 16 || size == 29 ? 5 : 0;
	}
}

static bool fits(struct iom_range r, uint64_t pa, uint64_t ia, unsigned int lg2)
{
	uint64_t low = (UINT64_C(1) << lg2) - 1, first = ia & ~low;

	return first >= r.start && first + low <= r.last && !((pa + (first - r.start)) & low);
}

static void check_shape(struct one *o, struct iom_range r, uint64_t pa, uint64_t ia)
{
	struct pt_hw_leaf l = pt_hw_walk(&o->hw, ia);
	unsigned int lg2, best = 0, set;

	for (lg2 = 0; lg2 < 63; lg2++)
		if (iom_pt_info(&o->pt)->leaf_sizes >> lg2 & 1 && fits(r, pa, ia, lg2))
			best = lg2;
	assert_true(l.mapped && l.oa == pa + (ia - r.start));
	assert_int_equal(l.size_lg2, best);
	set = set_lg2(o->cfg.granule_lg2, best);
	set = set && !o->cfg.no_contig && fits(r, pa, ia, best + set) ? best + set : best;
	assert_int_equal(l.set_lg2, set);
}

/* Mostly a few pages around something that is aligned. */
static uint64_t near(uint64_t top)
{
	uint64_t a = test_rng_u64(&rng) >> test_rng_below(&rng, 64);
	unsigned int lg2 = (unsigned int)test_rng_below(&rng, 48);

	a &= ~((UINT64_C(1) << lg2) - 1);
	a += (test_rng_below(&rng, 5) - 2) << 16;
	return a % top;
}

static void shape(struct one *o)
{
	uint64_t page = o->pt.page_mask, span = o->pt.aperture.last - o->pt.aperture.start;
	uint64_t top = span < o->pt.oa_last ? span : o->pt.oa_last, len, pa, off;
	struct iom_pt_gather g;
	struct iom_range r;
	int i, rc;

	/* so that 64K tables stay few */
	len = (near((top >> 2) & UINT64_C(0x3ffffffffff)) & ~page) + page + 1;
	r = range(o->pt.aperture.start + (near(top - len) & ~page), len);
	pa = test_rng_below(&rng, 2) ? r.start & o->pt.oa_last & ~page : near(top - len) & ~page;
	if (pa > o->pt.oa_last - (len - 1))
		pa = 0;
	/* by pages only a terabyte is too much */
	if (len > UINT64_C(1) << 32 && (pa ^ r.start) & o->pt.block_mask)
		return;
	rc = iom_pt_map(&o->pt, r, pa, IOM_PT_READ);
	assert_int_equal(rc, IOM_OK);
	for (i = 0; i < 64; i++) {
		off = near(len) & ~page;
		check_shape(o, r, pa, r.start + off);
	}
	check_shape(o, r, pa, r.start);
	check_shape(o, r, pa, r.last & ~page);
	iom_pt_gather_init(&g);
	assert_int_equal(iom_pt_unmap(&o->pt, r, &g), IOM_OK);
	iom_pt_gather_free(&o->pt, &g);
}

static void largest_leaves(void **state)
{
	static const uint8_t sizes[][3] = {
		{ 12, 39, 40 }, { 12, 40, 40 }, { 12, 48, 48 }, { 12, 52, 52 },
		{ 14, 36, 40 }, { 14, 47, 48 }, { 14, 48, 48 }, { 14, 52, 52 },
		{ 16, 42, 42 }, { 16, 48, 48 }, { 16, 52, 52 }, { 16, 48, 52 },
	};
	static struct one o;
	unsigned int i, f, k;

	(void)state;
	for (k = 0; k < 12; k++)
		for (f = 0; f < PT_FORMATS; f++)
			for (i = 0; i < IOM_ARRAY_SIZE(sizes); i++) {
				struct iom_pt_cfg cfg = cfg_of(pt_formats[f], sizes[i][0],
							       sizes[i][1], sizes[i][2]);

				cfg.no_contig = k == 3;
				/* leftover tables would show: a fresh one each time */
				open_one(&o, k & 1 ? DMEM_FAKE_IDENTITY : 0, cfg);
				shape(&o);
				close_one(&o);
			}
}

/*
 * A mapping that is one contiguous set: every member has the hint, and nothing but
 * OA differs; no part of it can be unmapped, though each entry says that the mapping
 * begins and ends here.
 */
static void part_of_one_set_stays(struct one *o, unsigned int lg2)
{
	unsigned int n = 1u << set_lg2(o->cfg.granule_lg2, lg2), k;
	uint64_t size = UINT64_C(1) << lg2, first, at;
	struct iom_range r = range(n * size, n * size);
	struct iom_pt_gather g;

	iom_pt_gather_init(&g);
	assert_int_equal(iom_pt_map(&o->pt, r, 3 * n * size, IOM_PT_READ), IOM_OK);
	first = pt_hw_walk(&o->hw, r.start).desc;
	assert_true(first & UINT64_C(1) << 52);
	for (k = 0, at = r.start; k < n; k++, at += size) {
		assert_true(pt_hw_walk(&o->hw, at).desc == first + k * size);
		assert_int_equal(iom_pt_unmap(&o->pt, range(at, size), &g), IOM_EINVAL);
		if (!k)
			continue;
		assert_int_equal(iom_pt_unmap(&o->pt, range(at, (n - k) * size), &g), IOM_EINVAL);
		assert_int_equal(iom_pt_unmap(&o->pt, range(r.start, k * size), &g), IOM_EINVAL);
	}
	assert_int_equal(g.nr, 0);
	check_shape(o, r, 3 * n * size, r.start);
	check_shape(o, r, 3 * n * size, r.last);
	assert_int_equal(iom_pt_unmap(&o->pt, r, &g), IOM_OK);
	for (at = r.start; at < r.last; at += size)
		assert_false(pt_hw_walk(&o->hw, at).mapped);
	iom_pt_gather_free(&o->pt, &g);
}

static void part_of_a_set_stays(void **state)
{
	static const uint8_t sets[][2] = {	/* granule, size of an entry */
		{ 12, 12 }, { 12, 21 }, { 12, 30 }, { 14, 14 }, { 14, 25 }, { 16, 16 }, { 16, 29 },
	};
	static struct one o;
	unsigned int i, f;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sets); i++)
		for (f = 0; f < 2 * PT_FORMATS; f++) {
			open_one(&o, f & 1 ? DMEM_FAKE_IDENTITY : 0,
				 cfg_of(pt_formats[f / 2], sets[i][0], 48, 48));
			part_of_one_set_stays(&o, sets[i][1]);
			close_one(&o);
		}
}

/* --- words by hand ----------------------------------------------------------- */

#define SW	(UINT64_C(0xf) << 55)		/* software's */
#define S1_RW	UINT64_C(0xf44)			/* nG AF ISH, AP 01, AttrIndx 1 */

struct vector {
	const struct iom_pt_format *format;
	uint8_t granule, ia, oa;
	uint64_t iova, len, pa;
	unsigned int prot;
	uint64_t desc;			/* of the first entry */
	unsigned int size_lg2;
	bool fwb, global, dirty;
};

#define RW	(IOM_PT_READ | IOM_PT_WRITE)
#define S1	(&iom_pt_arm_s1)
#define S2	(&iom_pt_arm_s2)
#define WB	IOM_PT_CACHE
#define KEEP	IOM_PT_NOEXEC
#define XN_S1	(UINT64_C(3) << 53)
#define XN_S2	(UINT64_C(1) << 54)
#define DBM	(UINT64_C(1) << 51)
#define SET	(UINT64_C(1) << 52)

/* D8.3: address, then bits 11:0, then 63:50 as they stand. */
static const struct vector vectors[] = {
	{ S1, 12, 48, 48, 0x123456789000, 0x1000, 0x40000000, RW | WB, 0x40000f47, 12, 0, 0, 0 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x40000000, IOM_PT_READ | WB, 0x40000fc7, 12, 0, 0, 0 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x40000000, RW | WB | IOM_PT_PRIV, 0x40000f07, 12,
	  0, 0, 0 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x40000000, RW | WB | KEEP, 0x40000f47 | XN_S1, 12,
	  0, 0, 0 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x40000000, RW, 0x40000e43, 12, 0, 0, 0 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x8020000, IOM_PT_WRITE | IOM_PT_MMIO | KEEP,
	  0x8020e4b | XN_S1, 12, 0, 0, 0 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x40000000, RW | WB, 0x40000747, 12, 0, 1, 0 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x40000000, RW | WB, 0x40000f47 | DBM, 12, 0, 0, 1 },
	{ S1, 12, 48, 48, 0x7000, 0x1000, 0x40000000, IOM_PT_READ | WB, 0x40000fc7, 12, 0, 0, 1 },
	{ S1, 12, 48, 48, 0x200000, 0x200000, 0x40000000, RW | WB, 0x40000f45, 21, 0, 0, 0 },
	{ S1, 12, 39, 40, 0x40000000, 0x40000000, 0x80000000, RW | WB, 0x80000f45, 30, 0, 0, 0 },
	{ S1, 12, 48, 48, 0x10000, 0x10000, 0x40010000, RW | WB, 0x40010f47 | SET, 12, 0, 0, 0 },
	/* LPA2: OA[51:50] in 9:8, SH is not there */
	{ S1, 12, 52, 52, 0x7000, 0x1000, 0xd123456789000, RW | WB, 0x1123456789f47, 12,
	  0, 0, 0 },
	{ S2, 12, 52, 52, 0x7000, 0x1000, 0x8123456789000, RW | WB, 0x1234567896ff, 12,
	  0, 0, 0 },
	{ S1, 14, 52, 52, 0x4000, 0x4000, 0xd123456788000, RW | WB, 0x1123456788f47, 14,
	  0, 0, 0 },
	{ S1, 14, 47, 48, 0x2000000, 0x2000000, 0x42000000, RW | WB, 0x42000f45, 25, 0, 0, 0 },
	/* 64K: OA[51:48] in 15:12 */
	{ S1, 16, 52, 52, 0x10000, 0x10000, 0xf123456780000, RW | WB, 0x12345678ff47, 16,
	  0, 0, 0 },
	{ S1, 16, 48, 48, 0x20000000, 0x20000000, 0x60000000, RW | WB, 0x60000f45, 29, 0, 0, 0 },
	{ S2, 12, 40, 40, 0x200000, 0x200000, 0x40000000, RW | WB, 0x400007fd, 21, 0, 0, 0 },
	{ S2, 12, 40, 40, 0x7000, 0x1000, 0x40000000, RW | WB, 0x400007db, 12, 1, 0, 0 },
	{ S2, 12, 40, 40, 0x7000, 0x1000, 0x40000000, IOM_PT_READ, 0x40000657, 12, 0, 0, 0 },
	{ S2, 12, 40, 40, 0x7000, 0x1000, 0x40000000, IOM_PT_WRITE | WB | KEEP,
	  0x400007bf | XN_S2, 12, 0, 0, 0 },
	{ S2, 12, 40, 40, 0x7000, 0x1000, 0x8020000, RW | IOM_PT_MMIO, 0x80206c7, 12, 0, 0, 0 },
	{ S2, 12, 40, 40, 0x7000, 0x1000, 0x40000000, RW | WB, 0x400007ff | DBM, 12, 0, 0, 1 },
	{ S2, 16, 42, 48, 0x10000, 0x10000, 0x40010000, RW | WB, 0x400107ff, 16, 0, 0, 0 },
};

static void words_by_hand(void **state)
{
	static struct one o;
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct iom_pt_cfg cfg = cfg_of(v->format, v->granule, v->ia, v->oa);
		struct pt_hw_leaf l;

		cfg.fwb = v->fwb;
		cfg.global = v->global;
		cfg.dirty = v->dirty;
		open_one(&o, 0, cfg);
		assert_int_equal(iom_pt_map(&o.pt, range(v->iova, v->len), v->pa, v->prot),
				 IOM_OK);
		l = pt_hw_walk(&o.hw, v->iova);
		if (!l.mapped || (l.desc & ~SW) != v->desc || l.size_lg2 != v->size_lg2)
			fail_msg("vector %zu: 0x%llx, not 0x%llx", i,
				 (unsigned long long)(l.desc & ~SW),
				 (unsigned long long)v->desc);
		close_one(&o);
	}
}

/* Fact sheet 5.1: which entry of which table, found in memory and not by a decoder. */
static void indices_by_hand(void **state)
{
	static const struct {
		const struct iom_pt_format *format;
		uint8_t granule, ia, oa, levels;
		uint64_t iova;
		unsigned int n, index[4];
	} walks[] = {
		{ S1, 12, 48, 48, 0, 0x123456789000, 4, { 0x24, 0xd1, 0xb3, 0x189 } },
		{ S1, 14, 48, 48, 0, 0x123456788000, 4, { 0x0, 0x123, 0x22b, 0x1e2 } },
		{ S1, 16, 48, 48, 0, 0x123456780000, 3, { 0x4, 0x11a2, 0x1678 } },
		{ S2, 12, 40, 40, 0, 0xabcdef0000, 3, { 0x2af, 0x6f, 0xf0 } },
		{ S2, 12, 48, 48, 4, 0xabcdef0000, 4, { 0x1, 0xaf, 0x6f, 0xf0 } },
		{ S2, 14, 40, 40, 0, 0xabcdef0000, 2, { 0x55e6, 0x7bc } },
		{ S2, 16, 42, 42, 2, 0xabcdef0000, 2, { 0x55e, 0xdef } },
	};
	static struct one o;
	size_t i, k;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(walks); i++) {
		struct iom_pt_cfg cfg = cfg_of(walks[i].format, walks[i].granule, walks[i].ia,
					       walks[i].oa);
		uint64_t page = UINT64_C(1) << walks[i].granule, table, e = 0;

		cfg.levels = walks[i].levels;
		open_one(&o, 0, cfg);
		assert_int_equal(iom_pt_info(&o.pt)->levels, walks[i].n);
		assert_int_equal(iom_pt_map(&o.pt, range(walks[i].iova, page), 0x5550000,
					    IOM_PT_READ), IOM_OK);
		assert_int_equal(o.mem.nr_allocs, walks[i].n);	/* no more were asked for */
		table = iom_pt_info(&o.pt)->root;
		for (k = 0; k < walks[i].n; k++) {
			e = dmem_fake_hw(&o.mem, table + walks[i].index[k] * 8);
			assert_int_equal(e & 3, 3);
			table = e & UINT64_C(0xfffffffff000);
		}
		assert_true(table == 0x5550000);
		close_one(&o);
	}
}

/* D8.2.4 and fact sheet 1.2: where stage 2 starts, and how many tables stand there. */
static void start_of_stage_2(void **state)
{
	static const uint8_t rows[][4] = {	/* granule, IPA bits, levels, log2 of tables */
		/* with 4K level 3 is for small tables only, whose 25 bits would fit */
		{ 12, 25, 2, 0 }, { 14, 25, 1, 0 }, { 16, 25, 1, 0 },
		{ 12, 32, 2, 2 }, { 12, 34, 2, 4 }, { 12, 35, 3, 0 }, { 12, 40, 3, 1 },
		{ 12, 42, 3, 3 }, { 12, 43, 3, 4 }, { 12, 44, 4, 0 }, { 12, 48, 4, 0 },
		{ 12, 52, 4, 4 }, { 14, 40, 2, 4 }, { 14, 48, 3, 1 }, { 14, 52, 4, 0 },
		{ 16, 33, 1, 4 }, { 16, 42, 2, 0 }, { 16, 46, 2, 4 }, { 16, 48, 3, 0 },
	};
	static struct one o;
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(rows); i++) {
		const uint8_t *r = rows[i];
		unsigned int full = r[0] - 3u + r[3];

		open_one(&o, 0, cfg_of(S2, r[0], r[1], r[1] == 52 ? 52 : 48));
		assert_int_equal(iom_pt_info(&o.pt)->levels, r[2]);
		if (r[3])
			assert_true(o.pt.root_mask + 1 == UINT64_C(1) << full);
		else
			assert_true(o.pt.root_mask < UINT64_C(1) << full);
		close_one(&o);
	}
}

static void formats_refused(void **state)
{
	static const struct iom_pt_cfg bad[] = {
		{ NULL, 12, 48, 48, 0, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 13, 48, 48, 0, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 11, 48, 48, 0, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 24, 48, 0, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 53, 52, 0, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 48, 47, 0, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 48, 56, 0, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 48, 48, 4, { 0 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 48, 48, 0, { 0, 1, 8 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 48, 48, 0, { 3, 3, 1 }, 0, 0, 0, 0, 0 },
		{ S1, 12, 48, 48, 0, { 0 }, 0, 0, 1, 0, 0 },
		{ S2, 12, 48, 48, 0, { 0 }, 1, 0, 0, 0, 0 },
		{ S2, 12, 48, 48, 0, { 0 }, 0, 1, 0, 0, 0 },
		{ S2, 12, 48, 48, 2, { 0 }, 0, 0, 0, 0, 0 },
		{ S2, 12, 48, 48, 5, { 0 }, 0, 0, 0, 0, 0 },
		{ S2, 12, 48, 48, 6, { 0 }, 0, 0, 0, 0, 0 },
		{ S2, 12, 25, 48, 1, { 0 }, 0, 0, 0, 0, 0 },
	};
	struct iom_pt_cfg cfg = cfg_of(S1, 12, 48, 48);
	struct dmem_fake mem;
	struct iom_pt pt;
	size_t i;

	(void)state;
	dmem_fake_init(&mem, 0);
	for (i = 0; i < IOM_ARRAY_SIZE(bad); i++)
		assert_int_equal(iom_pt_init(&pt, &mem.dmem, &bad[i]), IOM_EINVAL);
	assert_int_equal(mem.live, 0);
	dmem_fake_fini(&mem);
	/* a hardware that does not snoop would write behind our caches */
	dmem_fake_init(&mem, DMEM_FAKE_STALE);
	cfg.dirty = true;
	assert_int_equal(iom_pt_init(&pt, &mem.dmem, &cfg), IOM_EINVAL);
	dmem_fake_fini(&mem);
}

/* --- order ------------------------------------------------------------------- */

static struct one *watched;
static struct iom_range watched_range;
static uint64_t watched_pa;
static unsigned int watched_times;

/*
 * At each moment at which hardware may see something new: of each lowest table's
 * share of the range it sees all or nothing, and what it sees is right.
 */
static void watch(struct dmem_fake *f)
{
	uint64_t page = watched->pt.page_mask + 1, ia, block = watched->pt.block_mask;
	unsigned int seen = 0, all = 0;
	struct pt_hw_leaf l;

	(void)f;
	watched_times++;
	for (ia = watched_range.start; ia - 1 != watched_range.last; ia += page) {
		l = pt_hw_walk(&watched->hw, ia);
		assert_true(!l.mapped || l.oa == watched_pa + (ia - watched_range.start));
		seen += l.mapped;
		all++;
		if (!((ia + page) & block) || ia + page - 1 == watched_range.last) {
			assert_true(!seen || seen == all);
			seen = all = 0;
		}
	}
}

/*
 * A thread in the range beside, made to act at the worst moments: it maps while ours
 * has its new tables filled and not yet linked (at the first clean), or linked and not
 * yet cleaned to memory (later ones).
 */
static unsigned int other_at, other_count;
static struct iom_range other_range;

static void other_thread(struct dmem_fake *f)
{
	uint64_t ia;

	if (++other_count != other_at)
		return;
	f->cleaning = NULL;
	assert_int_equal(iom_pt_map(&watched->pt, other_range, 0x7000000, RW), IOM_OK);
	/* its map has returned: hardware sees it, whatever ours still has to do */
	for (ia = other_range.start; ia < other_range.last; ia += 0x1000) {
		struct pt_hw_leaf l = pt_hw_walk(&watched->hw, ia);

		assert_true(l.mapped && l.oa == 0x7000000 + (ia - other_range.start));
	}
}

static void table_wanted_by_two(void **state)
{
	static struct one o;
	unsigned int k, f, i;
	struct pt_hw_leaf l;

	(void)state;
	watched = &o;
	for (k = 1; k < 12; k++)
		for (f = 0; f < PT_FORMATS; f++) {
			/*
			 * Ours: from inside one table to inside the next. Entry 300 above,
			 * so that what a lost table still had would show behind it.
			 */
			const uint64_t base = UINT64_C(300) << 30;
			struct iom_range ours = range(base + 0x100000, 0x1c0000);

			open_one(&o, DMEM_FAKE_STALE, cfg_of(pt_formats[f], 12, 48, 48));
			other_at = k;
			other_count = 0;
			other_range = range(base + test_rng_below(&rng, 0xf0) * 0x1000,
					    0x5000);
			o.mem.cleaning = other_thread;
			assert_int_equal(iom_pt_map(&o.pt, ours, 0x3000, RW), IOM_OK);
			for (i = 0; i < 1024; i++) {
				uint64_t ia = base + i * UINT64_C(0x1000);

				l = pt_hw_walk(&o.hw, ia);
				if (iom_range_has(ours, ia))
					assert_true(l.mapped && l.oa == 0x3000 + ia - ours.start);
				else if (!o.mem.cleaning && iom_range_has(other_range, ia))
					assert_true(l.mapped);
				else
					assert_false(l.mapped);
			}
			assert_int_equal(pt_hw_tables(&o.hw), o.mem.live);
			o.mem.cleaning = NULL;
			close_one(&o);
		}
}

/* Tables that earlier mappings left are used where they stand; blocks go around them. */
static void tables_left_are_used(void **state)
{
	static struct one o;
	struct iom_range r = range(0x40000000, 64 << 21), left;
	struct iom_pt_gather g;
	bool has[64];
	unsigned int k, f, i, n;

	(void)state;
	for (k = 0; k < 20; k++)
		for (f = 0; f < PT_FORMATS; f++) {
			open_one(&o, k & 1 ? DMEM_FAKE_IDENTITY : DMEM_FAKE_STALE,
				 cfg_of(pt_formats[f], 12, 48, 48));
			for (i = 0; i < 64; i++) {
				has[i] = !test_rng_below(&rng, 4);
				left = range(r.start + ((uint64_t)i << 21) + 0x3000, 0x2000);
				if (!has[i])
					continue;
				assert_int_equal(iom_pt_map(&o.pt, left, 0, RW), IOM_OK);
				iom_pt_gather_init(&g);
				assert_int_equal(iom_pt_unmap(&o.pt, left, &g), IOM_OK);
				assert_false(g.inval[0].tables);
				iom_pt_gather_free(&o.pt, &g);
			}
			assert_int_equal(iom_pt_map(&o.pt, r, r.start, RW), IOM_OK);
			for (i = 0; i < 64; i++) {
				uint64_t ia = r.start + ((uint64_t)i << 21) +
					      test_rng_below(&rng, 512) * 0x1000;
				struct pt_hw_leaf l = pt_hw_walk(&o.hw, ia);

				assert_true(l.mapped && l.oa == ia);
				assert_int_equal(l.size_lg2, has[i] ? 12 : 21);
				if (has[i])
					assert_int_equal(l.set_lg2, 16);
				/* a set of blocks only where all sixteen are */
				for (n = i & ~15u; n < (i | 15u) && !has[n]; n++)
					;
				if (!has[i])
					assert_int_equal(l.set_lg2, has[n] ? 21 : 25);
			}
			close_one(&o);
		}
}

static void tables_are_filled_then_linked(void **state)
{
	static struct one o;
	unsigned int k, f;

	(void)state;
	for (k = 0; k < 40; k++)
		for (f = 0; f < PT_FORMATS; f++) {
			uint64_t len = 1 + test_rng_below(&rng, 1300);
			struct iom_pt_gather g;

			open_one(&o, DMEM_FAKE_STALE, cfg_of(pt_formats[f], 12, 40, 40));
			watched = &o;
			watched_range = range(test_rng_below(&rng, 1 << 20) << 12, len << 12);
			watched_pa = test_rng_below(&rng, 1 << 20) << 12;
			watched_times = 0;
			o.mem.cleaned = watch;
			assert_int_equal(iom_pt_map(&o.pt, watched_range, watched_pa,
						    IOM_PT_READ), IOM_OK);
			assert_true(watched_times >= 2);
			iom_pt_gather_init(&g);
			assert_int_equal(iom_pt_unmap(&o.pt, watched_range, &g), IOM_OK);
			o.mem.cleaned = NULL;
			iom_pt_gather_free(&o.pt, &g);
			close_one(&o);
		}
}

/* --- no memory --------------------------------------------------------------- */

static void no_memory_nothing_done(void **state)
{
	static struct one o;
	struct iom_range r;
	struct iom_pt_gather g;
	unsigned int k, f;
	long n, live;
	uint64_t oa;
	int rc;

	(void)state;
	for (k = 0; k < 30; k++)
		for (f = 0; f < PT_FORMATS; f++) {
			uint64_t off = test_rng_below(&rng, 1 << 24) << 12;

			dmem_fake_init(&o.mem, k & 1 ? DMEM_FAKE_IDENTITY : 0);
			o.cfg = cfg_of(pt_formats[f], 12, 48, 48);
			dmem_fake_fail_nth(&o.mem, 1);
			assert_int_equal(iom_pt_init(&o.pt, &o.mem.dmem, &o.cfg), IOM_ENOMEM);
			assert_int_equal(iom_pt_init(&o.pt, &o.mem.dmem, &o.cfg), IOM_OK);
			o.hw = pt_hw_of(&o.mem, &o.pt, &o.cfg);
			/* some tables are there, some are not */
			assert_int_equal(iom_pt_map(&o.pt, range(off, 0x1000), 0, RW), IOM_OK);
			r = range(off + 0x1000, (1 + test_rng_below(&rng, 3000)) << 12);
			live = o.mem.live;
			for (n = 1;; n++) {
				dmem_fake_fail_nth(&o.mem, n);
				rc = iom_pt_map(&o.pt, r, 0x7000, RW);
				if (!o.mem.failed)
					break;
				assert_int_equal(rc, IOM_ENOMEM);
				assert_int_equal(o.mem.live, live);
				assert_int_equal(pt_hw_tables(&o.hw), live);
				assert_int_equal(iom_pt_lookup(&o.pt, r.start, &oa), IOM_EFAULT);
				assert_int_equal(iom_pt_lookup(&o.pt, r.last, &oa), IOM_EFAULT);
			}
			assert_int_equal(rc, IOM_OK);
			/* all that were asked for are in use, and no more were asked for */
			assert_int_equal(pt_hw_tables(&o.hw), o.mem.live);
			assert_int_equal(o.mem.live - live, n - 1);
			/* unmap asks for nothing */
			dmem_fake_fail_nth(&o.mem, 1);
			iom_pt_gather_init(&g);
			assert_int_equal(iom_pt_unmap(&o.pt, r, &g), IOM_OK);
			assert_false(o.mem.failed);
			iom_pt_gather_free(&o.pt, &g);
			close_one(&o);
		}
}

/* Memory that hardware cannot name is given back. */
static void memory_out_of_reach(void **state)
{
	struct dmem_fake mem;
	struct iom_pt_cfg cfg = cfg_of(S1, 12, 32, 32);
	struct iom_pt pt;

	(void)state;
	dmem_fake_init(&mem, 0);
	mem.base = UINT64_C(1) << 32;
	assert_int_equal(iom_pt_init(&pt, &mem.dmem, &cfg), IOM_EIO);
	mem.base = DMEM_FAKE_BASE;
	assert_int_equal(iom_pt_init(&pt, &mem.dmem, &cfg), IOM_OK);
	mem.base = UINT64_C(1) << 32;
	assert_int_equal(iom_pt_map(&pt, range(0, 4096), 0, RW), IOM_EIO);
	mem.base = DMEM_FAKE_BASE;
	assert_int_equal(mem.live, 1);
	iom_pt_fini(&pt);
	dmem_fake_fini(&mem);
}

static int group_setup(void **state)
{
	(void)state;
	test_rng_init(&rng);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(largest_leaves),
		cmocka_unit_test(part_of_a_set_stays),
		cmocka_unit_test(words_by_hand),
		cmocka_unit_test(indices_by_hand),
		cmocka_unit_test(start_of_stage_2),
		cmocka_unit_test(formats_refused),
		cmocka_unit_test(tables_are_filled_then_linked),
		cmocka_unit_test(table_wanted_by_two),
		cmocka_unit_test(tables_left_are_used),
		cmocka_unit_test(no_memory_nothing_done),
		cmocka_unit_test(memory_out_of_reach),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
