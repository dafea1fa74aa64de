/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The law of map, unmap and look-up: after any operations, for every format, an
 * address goes where an array with one entry a unit says it goes, or nowhere;
 * what is refused changes nothing. Asked by iom_pt_lookup() and by a walk with the
 * decoders in what hardware sees. A unit is a page, or a block where there are
 * larger ones. Also: what a gather says, that a table is given back neither early
 * nor never, and that hardware never meets an entry that is not right.
 */
#include <iom/pt/pt.h>

#include "lib/pt_hw.h"
#include "lib/test.h"

#define PAGES_MAX	20000u

struct unit {
	uint64_t oa;		/* of its first byte */
	unsigned int id;	/* of the mapping; 0: none */
	uint8_t prot;
};

struct world {
	struct test_rng rng;
	struct dmem_fake mem;
	struct iom_pt_cfg cfg;
	struct iom_pt pt;
	struct pt_hw hw;
	/* the model: n units of 2^lg2 bytes from base on */
	unsigned int lg2, n, next_id;
	uint64_t base;
	struct unit u[PAGES_MAX];
};

static struct world w;

static void fill_cfg(const struct iom_pt_format *format, unsigned int g, unsigned int ia,
		     unsigned int oa)
{
	w.cfg = (struct iom_pt_cfg){ .format = format, .granule_lg2 = (uint8_t)g,
				     .ia_bits = (uint8_t)ia, .oa_bits = (uint8_t)oa };
}

/* Units of height k, around a place of the aperture where tables of all heights meet. */
static void open_world(unsigned int flags, unsigned int k, unsigned int n)
{
	uint64_t span, len;

	dmem_fake_init(&w.mem, flags);
	assert_int_equal(iom_pt_init(&w.pt, &w.mem.dmem, &w.cfg), IOM_OK);
	w.hw = pt_hw_of(&w.mem, &w.pt, &w.cfg);
	w.lg2 = w.cfg.granule_lg2 + k * (w.cfg.granule_lg2 - 3u);
	w.next_id = 1;
	memset(w.u, 0, sizeof(w.u));
	span = w.pt.aperture.last - w.pt.aperture.start;
	len = (span >> w.lg2) + 1;
	if (len > w.pt.oa_last >> w.lg2)
		len = w.pt.oa_last >> w.lg2;
	w.n = n < len ? n : (unsigned int)len;
	len = (span >> w.lg2) + 1;
	switch (test_rng_below(&w.rng, 3)) {
	case 0:
		w.base = w.pt.aperture.start;
		break;
	case 1:
		w.base = w.pt.aperture.last - ((uint64_t)w.n << w.lg2) + 1;
		break;
	default:
		w.base = w.pt.aperture.start + ((len / 2 - w.n / 2) << w.lg2);
		break;
	}
}

static void close_world(void)
{
	iom_pt_fini(&w.pt);
	dmem_fake_fini(&w.mem);
}

static struct iom_range range_of(unsigned int a, unsigned int b)
{
	return (struct iom_range){ w.base + ((uint64_t)a << w.lg2),
				   w.base + ((uint64_t)b << w.lg2) + (UINT64_C(1) << w.lg2) - 1 };
}

/* --- agreement -------------------------------------------------------------- */

static unsigned int prot_seen(unsigned int prot)
{
	if (prot & IOM_PT_MMIO)
		prot &= ~IOM_PT_CACHE;
	if (w.cfg.format == &iom_pt_arm_s1)
		return prot | IOM_PT_READ;
	return prot & ~IOM_PT_PRIV;
}

static void check_at(unsigned int i, uint64_t off)
{
	uint64_t ia = w.base + ((uint64_t)i << w.lg2) + off, oa = 1;
	struct pt_hw_leaf l = pt_hw_walk(&w.hw, ia);
	int rc = iom_pt_lookup(&w.pt, ia, &oa);

	if (!w.u[i].id) {
		assert_false(l.mapped);
		assert_int_equal(rc, IOM_EFAULT);
		assert_true(oa == 1);
		return;
	}
	assert_true(l.mapped);
	assert_int_equal(rc, IOM_OK);
	assert_true(oa == w.u[i].oa + off);
	assert_true(l.oa == oa);
	assert_int_equal(l.prot, prot_seen(w.u[i].prot));
}

static void check_all(void)
{
	uint64_t last = (UINT64_C(1) << w.lg2) - 1;
	unsigned int i;

	for (i = 0; i < w.n; i++) {
		check_at(i, 0);
		if (last > w.pt.page_mask)
			check_at(i, test_rng_u64(&w.rng) & last);
	}
	assert_int_equal(pt_hw_tables(&w.hw), w.mem.live);
}

/* --- operations ------------------------------------------------------------- */

static unsigned int random_prot(void)
{
	unsigned int prot;

	do
		prot = (unsigned int)test_rng_below(&w.rng, IOM_PT_PROT_ALL + 1);
	while (!(prot & (IOM_PT_READ | IOM_PT_WRITE)));
	return prot;
}

/* Half of the time aligned to the input, so that blocks and sets are possible. */
static uint64_t random_pa(struct iom_range r)
{
	uint64_t len_m1 = r.last - r.start, top = w.pt.oa_last - len_m1, pa;
	unsigned int shift = (unsigned int)test_rng_below(&w.rng, 40);
	uint64_t same = (UINT64_C(1) << shift) - 1;

	pa = test_rng_below(&w.rng, top) & ~((UINT64_C(1) << w.lg2) - 1);
	if (test_rng_below(&w.rng, 2) && ((pa & ~same) | (r.start & same)) <= top)
		pa = (pa & ~same) | (r.start & same);
	return pa;
}

/* Where two random places are, mostly near each other. */
static void random_span(unsigned int *a, unsigned int *b)
{
	static const unsigned int most[] = { 1, 4, 40, 600, 3000, PAGES_MAX };
	unsigned int len = 1 + (unsigned int)test_rng_below(&w.rng,
						most[test_rng_below(&w.rng, 6)]);

	*a = (unsigned int)test_rng_below(&w.rng, w.n);
	if (test_rng_below(&w.rng, 2))
		*a &= ~(w.pt.index_mask < w.n ? (unsigned int)w.pt.index_mask : 0);
	*b = *a + len - 1;
	if (*b >= w.n)
		*b = w.n - 1;
}

static void op_map(void)
{
	unsigned int a, b, i, prot = random_prot();
	uint64_t pa;
	int rc = IOM_OK;

	random_span(&a, &b);
	/* a hole that is just right is rare: look for one half of the time */
	if (test_rng_below(&w.rng, 2))
		for (i = a; i <= b; i++)
			if (w.u[i].id) {
				b = i > a ? i - 1 : a;
				break;
			}
	pa = random_pa(range_of(a, b));
	for (i = a; i <= b; i++)
		if (w.u[i].id)
			rc = IOM_EEXIST;
	assert_int_equal(iom_pt_map(&w.pt, range_of(a, b), pa, prot), rc);
	for (i = a; !rc && i <= b; i++)
		w.u[i] = (struct unit){ pa + ((uint64_t)(i - a) << w.lg2), w.next_id,
					(uint8_t)prot };
	w.next_id++;
}

/* What an unmap of units a to b must answer. */
static int unmap_rc(unsigned int a, unsigned int b)
{
	if (!w.u[a].id)
		return IOM_ENOENT;
	if (a && w.u[a - 1].id == w.u[a].id)
		return IOM_EINVAL;
	if (!w.u[b].id)
		return IOM_ENOENT;
	return b + 1 < w.n && w.u[b + 1].id == w.u[b].id ? IOM_EINVAL : IOM_OK;
}

static uint64_t sizes_in(unsigned int a, unsigned int b)
{
	uint64_t sizes = 0;
	struct pt_hw_leaf l;

	for (; a <= b; a++) {
		l = pt_hw_walk(&w.hw, range_of(a, a).start);
		if (l.mapped)
			sizes |= UINT64_C(1) << l.size_lg2;
	}
	return sizes;
}

static void op_unmap(void)
{
	unsigned int a, b, i;
	unsigned long live = (unsigned long)w.mem.live, tables;
	struct iom_pt_gather g;
	uint64_t sizes;
	int rc;

	random_span(&a, &b);
	if (test_rng_below(&w.rng, 4) && w.u[a].id) {	/* the whole of one, mostly */
		while (a && w.u[a - 1].id == w.u[a].id)
			a--;
		for (b = a; b + 1 < w.n && w.u[b + 1].id == w.u[a].id; b++)
			;
		if (a < b && !test_rng_below(&w.rng, 6))	/* but for its end */
			b = a + (unsigned int)test_rng_below(&w.rng, b - a);
		else if (a < b && !test_rng_below(&w.rng, 5))	/* or its beginning */
			a = b - (unsigned int)test_rng_below(&w.rng, b - a);
	}
	rc = unmap_rc(a, b);
	sizes = rc ? 0 : sizes_in(a, b);
	iom_pt_gather_init(&g);
	assert_int_equal(iom_pt_unmap(&w.pt, range_of(a, b), &g), rc);
	if (rc) {
		assert_int_equal(g.nr, 0);
		assert_null(g.freed);
		return;
	}
	for (i = a; i <= b; i++)
		w.u[i].id = 0;
	assert_int_equal(g.nr, 1);
	assert_true(g.inval[0].range.start == range_of(a, b).start &&
		    g.inval[0].range.last == range_of(a, b).last);
	assert_true((sizes & ~g.inval[0].leaf_sizes) == 0);
	assert_true(iom_pt_inval_step(&g.inval[0]) <= (sizes & (~sizes + 1)));
	tables = pt_hw_tables(&w.hw);
	assert_int_equal(g.inval[0].tables, tables != live);
	assert_int_equal(w.mem.live, live);	/* not before the invalidation */
	iom_pt_gather_free(&w.pt, &g);
	assert_int_equal(w.mem.live, tables);
	assert_int_equal(g.nr, 0);
}

/* All of it is refused, whatever is mapped. */
static void op_refused(void)
{
	uint64_t page = w.pt.page_mask + 1, odd = 1 + test_rng_below(&w.rng, page - 1);
	struct iom_range in = range_of(0, w.n - 1), r = in, ap = w.pt.aperture;
	struct iom_pt_gather g;
	uint64_t pa = 0, oa;
	unsigned int prot = IOM_PT_READ;

	if (test_rng_below(&w.rng, 2))		/* one page goes another way than many */
		r.last = r.start + page - 1;
	switch (test_rng_below(&w.rng, 13)) {
	case 0: r.start += odd; break;
	case 1: r.last -= odd; break;
	case 2: pa = odd; break;
	case 3: r = (struct iom_range){ in.last - page + 1, in.start - 1 }; break;
	case 4: r.last = ap.last + page; r.start = r.last - page + 1; break;
	case 5: r.start = ap.start - page; r.last = r.start + page - 1; break;
	case 6: pa = w.pt.oa_last + 1; break;
	case 7: prot = IOM_PT_PROT_ALL + 1; break;
	case 8: r.last = r.start; break;
	case 9: r = (struct iom_range){ 0, UINT64_MAX }; break;
	case 10: r.last = r.start - 1; break;
	case 11:		/* the first page would fit, the second not */
		pa = w.pt.oa_last - (page - 1);
		r.last = r.start + 2 * page - 1;
		break;
	default: prot = IOM_PT_NOEXEC | IOM_PT_CACHE; break;
	}
	assert_int_equal(iom_pt_map(&w.pt, r, pa, prot), IOM_EINVAL);
	/* the same bits below what is translated, but not in the aperture */
	if (ap.last != UINT64_MAX)
		assert_int_equal(iom_pt_lookup(&w.pt, in.start + ap.last + 1, &oa), IOM_EFAULT);
	if (ap.start)
		assert_int_equal(iom_pt_lookup(&w.pt, in.start & ~ap.start, &oa), IOM_EFAULT);
	if (prot != IOM_PT_READ || pa)
		return;
	iom_pt_gather_init(&g);
	assert_int_equal(iom_pt_unmap(&w.pt, r, &g), IOM_EINVAL);
	assert_int_equal(g.nr, 0);
}

static void run(unsigned int steps)
{
	unsigned int i;

	for (i = 0; i < steps; i++) {
		switch (test_rng_below(&w.rng, 8)) {
		case 0: case 1: case 2: case 3:
			op_map();
			break;
		case 4:
			op_refused();
			break;
		default:
			op_unmap();
			break;
		}
		check_at((unsigned int)test_rng_below(&w.rng, w.n), 0);
		if (i % 64 == 63)
			check_all();
	}
	check_all();
}

/* --- every format ----------------------------------------------------------- */

struct size {
	uint8_t granule, ia, oa;
};

static const struct size sizes[] = {
	{ 12, 25, 32 }, { 12, 32, 36 }, { 12, 39, 40 }, { 12, 40, 40 }, { 12, 42, 42 },
	{ 12, 43, 44 }, { 12, 44, 44 }, { 12, 48, 48 }, { 12, 48, 52 }, { 12, 52, 52 },
	{ 14, 25, 32 }, { 14, 36, 36 }, { 14, 40, 40 }, { 14, 47, 48 }, { 14, 48, 48 },
	{ 14, 52, 52 }, { 14, 49, 52 },
	{ 16, 29, 32 }, { 16, 33, 36 }, { 16, 42, 42 }, { 16, 46, 48 }, { 16, 48, 48 },
	{ 16, 48, 52 }, { 16, 52, 48 }, { 16, 52, 52 },
};

static void every_format(unsigned int flags, unsigned int steps)
{
	unsigned int f, i, k, n;

	for (f = 0; f < PT_FORMATS; f++)
		for (i = 0; i < IOM_ARRAY_SIZE(sizes); i++) {
			const struct size *s = &sizes[i];

			for (k = 0; k < 3; k++) {
				fill_cfg(pt_formats[f], s->granule, s->ia, s->oa);
				w.cfg.high = !f && test_rng_below(&w.rng, 2);
				w.cfg.fwb = f && test_rng_below(&w.rng, 2);
				w.cfg.global = !f && test_rng_below(&w.rng, 2);
				w.cfg.dirty = !(flags & DMEM_FAKE_STALE) &&
					      test_rng_below(&w.rng, 2);
				w.cfg.no_contig = !test_rng_below(&w.rng, 4);
				n = s->granule == 16 ? 20000 : s->granule == 14 ? 5000 : 1500;
				open_world(flags, k, n);
				if (w.n > 1)
					run(steps);
				close_world();
			}
		}
}

static void test_law_plain(void **state)
{
	(void)state;
	every_format(DMEM_FAKE_IDENTITY, 150);
}

static void test_law_translated(void **state)
{
	(void)state;
	every_format(0, 100);
}

static void test_law_not_coherent(void **state)
{
	(void)state;
	every_format(DMEM_FAKE_STALE, 100);
}

static int group_setup(void **state)
{
	(void)state;
	test_rng_init(&w.rng);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_law_plain),
		cmocka_unit_test(test_law_translated),
		cmocka_unit_test(test_law_not_coherent),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
