/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What looks at leaves: a walk tells every leaf once, in order, and where mappings
 * begin and end; a dump says it in lines; dirty bits, set by a hardware that may
 * take any member of a contiguous set, are reported and cleared, no other bit is
 * touched, and nothing that was written is missed. A gather keeps few ranges apart.
 */
#include <iom/pt/pt.h>

#include "lib/pt_hw.h"
#include "lib/test.h"

#define PAGE	UINT64_C(0x1000)
#define RW	(IOM_PT_READ | IOM_PT_WRITE)
#define PAGES	6000u

static struct test_rng rng;
static struct dmem_fake mem;
static struct iom_pt_cfg cfg;
static struct iom_pt pt;
static struct pt_hw hw;

static void open_pt(const struct iom_pt_format *f, bool dirty)
{
	cfg = (struct iom_pt_cfg){ .format = f, .granule_lg2 = 12, .ia_bits = 40,
				   .oa_bits = 40, .dirty = dirty };
	dmem_fake_init(&mem, 0);
	assert_int_equal(iom_pt_init(&pt, &mem.dmem, &cfg), IOM_OK);
	hw = pt_hw_of(&mem, &pt, &cfg);
}

static void close_pt(void)
{
	iom_pt_fini(&pt);
	dmem_fake_fini(&mem);
}

static struct iom_range pages(uint64_t first, uint64_t n)
{
	return (struct iom_range){ first * PAGE, (first + n) * PAGE - 1 };
}

/* --- walk --------------------------------------------------------------------- */

struct model {
	uint64_t oa[PAGES];	/* 1: nothing */
	bool first[PAGES], last[PAGES], written[PAGES];
	unsigned int prot[PAGES];
};

static struct model m;

static void fill(void)
{
	uint64_t at = 0, n, pa, i;
	unsigned int prot;

	for (i = 0; i < PAGES; i++)
		m.oa[i] = 1;
	memset(m.first, 0, sizeof(m.first));
	memset(m.last, 0, sizeof(m.last));
	memset(m.written, 0, sizeof(m.written));
	while (at < PAGES) {
		n = 1 + test_rng_below(&rng, test_rng_below(&rng, 2) ? 40 : 1200);
		if (n > PAGES - at)
			n = PAGES - at;
		pa = test_rng_below(&rng, 2) ? at * PAGE + (UINT64_C(1) << 32) :
		     test_rng_below(&rng, 1 << 20) * PAGE;
		prot = test_rng_below(&rng, 4) ? RW : IOM_PT_READ;
		prot |= (unsigned int)test_rng_below(&rng, 2) * IOM_PT_CACHE;
		if (test_rng_below(&rng, 5)) {
			assert_int_equal(iom_pt_map(&pt, pages(at, n), pa, prot), IOM_OK);
			m.first[at] = m.last[at + n - 1] = true;
			for (i = 0; i < n; i++) {
				m.oa[at + i] = pa + i * PAGE;
				m.prot[at + i] = prot;
			}
		}
		at += n;
	}
}

struct seen {
	struct iom_pt_visitor v;
	struct iom_range in;
	uint64_t next;		/* first page that was not told about */
	unsigned int left;	/* leaves until it stops */
};

static int see(struct iom_pt_visitor *v, const struct iom_pt_leaf *l)
{
	struct seen *s = IOM_CONTAINER_OF(v, struct seen, v);
	uint64_t a = l->ia.start / PAGE, b = l->ia.last / PAGE, i;

	assert_true(a >= s->next && b < PAGES && iom_range_overlaps(l->ia, s->in));
	for (i = s->next; i < a; i++)
		assert_true(m.oa[i] == 1);
	for (i = a; i <= b; i++) {
		assert_true(m.oa[i] == l->oa + (i - a) * PAGE);
		assert_int_equal(m.prot[i], l->prot);
		/* no leaf is of two mappings */
		assert_true(i == a || !m.first[i]);
		assert_true(i == b || !m.last[i]);
	}
	assert_int_equal(l->first, m.first[a]);
	assert_int_equal(l->last, m.last[b]);
	s->next = b + 1;
	return --s->left ? 0 : 77;
}

static void walk_tells_all(void **state)
{
	struct seen s;
	uint64_t i, a, b;
	int k;

	(void)state;
	for (k = 0; k < 40; k++) {
		open_pt(pt_formats[k & 1], false);
		fill();
		s = (struct seen){ .v = { see }, .in = pt.aperture, .left = UINT32_MAX };
		assert_int_equal(iom_pt_walk(&pt, pt.aperture, &s.v), 0);
		for (i = s.next; i < PAGES; i++)
			assert_true(m.oa[i] == 1);
		/* from inside a leaf to inside another: whole leaves */
		a = test_rng_below(&rng, PAGES);
		b = a + test_rng_below(&rng, PAGES - a);
		for (i = a; i && m.oa[i] != 1 && !m.first[i]; i--)
			;
		s = (struct seen){ .v = { see }, .next = i, .left = UINT32_MAX };
		s.in.start = a * PAGE + 5;
		s.in.last = b * PAGE + (k & 2 ? 9 : PAGE - 1);
		/* what is in front of the range, in its first mapping, is not told */
		while (s.next < a && m.oa[s.next] != 1 && pt_hw_walk(&hw, s.next * PAGE).mapped) {
			struct pt_hw_leaf l = pt_hw_walk(&hw, s.next * PAGE);
			uint64_t n = (UINT64_C(1) << l.set_lg2) / PAGE;

			if ((s.next & ~(n - 1)) + n > a)
				break;
			s.next = (s.next & ~(n - 1)) + n;
		}
		if (m.oa[a] == 1)
			s.next = a;
		assert_int_equal(iom_pt_walk(&pt, s.in, &s.v), 0);
		for (i = s.next; i <= b; i++)
			assert_true(m.oa[i] == 1);
		s = (struct seen){ .v = { see }, .in = pt.aperture, .left = 3 };
		assert_int_equal(iom_pt_walk(&pt, pt.aperture, &s.v), 77);
		assert_int_equal(iom_pt_walk(&pt, (struct iom_range){ 1, 0 }, &s.v), IOM_EINVAL);
		assert_int_equal(iom_pt_walk(&pt, (struct iom_range){ 0, UINT64_MAX }, &s.v),
				 IOM_EINVAL);
		close_pt();
	}
}

/* --- dump --------------------------------------------------------------------- */

struct lines {
	struct iom_pt_text t;
	char all[2048];
};

static void keep_line(struct iom_pt_text *t, const char *line)
{
	struct lines *l = IOM_CONTAINER_OF(t, struct lines, t);

	assert_true(strlen(line) < 128);
	strcat(l->all, line);
	strcat(l->all, "\n");
}

static void dump_in_lines(void **state)
{
	static struct lines l = { .t = { keep_line } };

	(void)state;
	open_pt(&iom_pt_arm_s1, true);
	assert_int_equal(iom_pt_map(&pt, pages(0, 3), 0x40000000, IOM_PT_READ), IOM_OK);
	assert_int_equal(iom_pt_map(&pt, pages(3, 1), 0x40003000, IOM_PT_READ), IOM_OK);
	assert_int_equal(iom_pt_map(&pt, pages(16, 1024), 0x80010000, RW | IOM_PT_CACHE), IOM_OK);
	assert_int_equal(iom_pt_map(&pt, pages(1 << 20, 1), 0x8020000, IOM_PT_READ |
				    IOM_PT_NOEXEC | IOM_PT_MMIO | IOM_PT_PRIV), IOM_OK);
	assert_int_equal(iom_pt_dump(&pt, pt.aperture, &l.t), IOM_OK);
	assert_string_equal(l.all,
		"0x0000000000000000-0x0000000000002fff -> 0x0000000040000000 3 x 4K r-x\n"
		"0x0000000000003000-0x0000000000003fff -> 0x0000000040003000 1 x 4K r-x\n"
		"0x0000000000010000-0x00000000001fffff -> 0x0000000080010000 496 x 4K contig"
		" rwx cache dirty\n"
		"0x0000000000200000-0x00000000003fffff -> 0x0000000080200000 1 x 2M"
		" rwx cache dirty\n"
		"0x0000000000400000-0x000000000040ffff -> 0x0000000080400000 16 x 4K contig"
		" rwx cache dirty\n"
		"0x0000000100000000-0x0000000100000fff -> 0x0000000008020000 1 x 4K r--"
		" priv mmio\n");
	close_pt();
}

/* --- dirty -------------------------------------------------------------------- */

struct told {
	struct iom_pt_dirty d;
	struct iom_range in;
	bool page[PAGES];
	uint64_t next;
};

static void tell(struct iom_pt_dirty *d, struct iom_range r)
{
	struct told *t = IOM_CONTAINER_OF(d, struct told, d);
	uint64_t i;

	/* in order, and never two that touch */
	assert_true(r.start / PAGE >= t->next);
	t->next = r.last / PAGE + 2;
	/* what is whole in it must reach into what was asked for */
	assert_true(iom_range_overlaps(r, t->in));
	for (i = r.start / PAGE; i <= r.last / PAGE; i++)
		t->page[i] = true;
}

/* The descriptor of a page, in memory. */
static uint64_t *desc_of(uint64_t page)
{
	uint64_t table = hw.root, at, e;
	int level;

	for (level = hw.geom.start;; level++) {
		at = iomi_lpae_entry_addr(&hw.geom, level, table, page * PAGE);
		e = dmem_fake_hw(&mem, at);
		if (iomi_lpae_kind(hw.geom.fmt, level, e) != IOMI_LPAE_TABLE)
			return (uint64_t *)(void *)dmem_fake_ptr(&mem, at);
		table = iomi_lpae_table_oa(hw.geom.fmt, e);
	}
}

/* Hardware writes to a page: one entry of its set, whichever, becomes dirty; and the model. */
static void hw_write(uint64_t page)
{
	struct pt_hw_leaf l = pt_hw_walk(&hw, page * PAGE);
	uint64_t n = (UINT64_C(1) << l.set_lg2) / PAGE, first = page & ~(n - 1), i;
	uint64_t *d = desc_of(first + test_rng_below(&rng, n)), *own = desc_of(page);
	unsigned int stage = hw.geom.fmt->stage;

	if (iomi_lpae_clean(stage, *own))
		*d = iomi_lpae_make_dirty(stage, *d);
	for (i = 0; i < n; i++)
		m.written[first + i] = true;
}

static void check_told(const struct told *t, uint64_t a, uint64_t b)
{
	uint64_t i;

	for (i = a; i <= b; i++)
		assert_int_equal(t->page[i], m.oa[i] != 1 && m.written[i]);
}

static bool same_leaf(uint64_t page, uint64_t other)
{
	struct pt_hw_leaf l = pt_hw_walk(&hw, other * PAGE);

	return l.mapped && (page * PAGE ^ other * PAGE) >> l.set_lg2 == 0;
}

static void dirty_is_what_was_written(void **state)
{
	static struct told t;
	static uint64_t before[PAGES];
	struct iom_pt_gather g;
	uint64_t i, a, b;
	int k, round;

	(void)state;
	for (k = 0; k < 16; k++) {
		open_pt(pt_formats[k & 1], true);
		fill();
		for (i = 0; i < PAGES; i++)	/* begins dirty, where it can be written */
			m.written[i] = m.oa[i] != 1 && m.prot[i] & IOM_PT_WRITE;
		for (round = 0; round < 12; round++) {
			t = (struct told){ .d = { tell }, .in = pages(0, PAGES) };
			assert_int_equal(iom_pt_dirty(&pt, t.in, &t.d, NULL), IOM_OK);
			check_told(&t, 0, PAGES - 1);
			a = test_rng_below(&rng, PAGES);
			b = a + test_rng_below(&rng, PAGES - a);
			t = (struct told){ .d = { tell }, .in = pages(a, b - a + 1) };
			for (i = 0; i < PAGES; i++)
				before[i] = m.oa[i] == 1 ? 0 : *desc_of(i);
			iom_pt_gather_init(&g);
			assert_int_equal(iom_pt_dirty(&pt, t.in, &t.d, &g), IOM_OK);
			check_told(&t, a, b);
			/* and of what is around it only the rest of its own leaves */
			for (i = 0; i < PAGES; i++)
				if (t.page[i] && (i < a || i > b))
					assert_true(same_leaf(i, i < a ? a : b));
			for (i = 0; i < PAGES; i++) {
				if (m.oa[i] == 1)
					continue;
				/* nothing but the one bit, and only of what was told */
				assert_true(((before[i] ^ *desc_of(i)) & ~UINT64_C(0x80)) == 0);
				if (!t.page[i]) {
					assert_true(before[i] == *desc_of(i));
					continue;
				}
				assert_true(iomi_lpae_clean(hw.geom.fmt->stage, *desc_of(i)));
				assert_true(g.nr == 1 && !g.inval[0].tables &&
					    iom_range_has(g.inval[0].range, i * PAGE) &&
					    g.inval[0].leaf_sizes >>
					    pt_hw_walk(&hw, i * PAGE).size_lg2 & 1);
				m.written[i] = false;
			}
			for (i = test_rng_below(&rng, 40); i; i--) {
				a = test_rng_below(&rng, PAGES);
				if (m.oa[a] != 1 && m.prot[a] & IOM_PT_WRITE)
					hw_write(a);
			}
		}
		close_pt();
	}
	open_pt(&iom_pt_arm_s1, false);
	assert_int_equal(iom_pt_dirty(&pt, pages(0, 1), &t.d, NULL), IOM_EOPNOTSUPP);
	close_pt();
}

/* --- gather ------------------------------------------------------------------- */

/* In slot i, which is 2M: a page, a block, or 512 pages that no block holds. */
static struct iom_range some_mapping(uint64_t i)
{
	struct iom_range r = pages(i * 512, test_rng_below(&rng, 3) ? 512 : 1);
	uint64_t pa = test_rng_below(&rng, 2) ? r.start : r.start + PAGE;

	return iom_pt_map(&pt, r, pa, RW) ? (struct iom_range){ 1, 0 } : r;
}

/*
 * Whatever is unmapped in whatever order, every range is in one of the
 * invalidations, which has its size of leaf, and its tables if any went.
 */
static void gather_holds_all(void **state)
{
	uint64_t sizes[20];
	struct iom_range r[20];
	bool tables[20], in;
	struct iom_pt_gather g;
	unsigned int k, i, j, n;
	unsigned long before;

	(void)state;
	open_pt(&iom_pt_arm_s2, false);
	for (k = 0; k < 300; k++) {
		n = 1 + (unsigned int)test_rng_below(&rng, IOM_ARRAY_SIZE(r));
		for (i = 0; i < n; i++)
			do
				r[i] = some_mapping(test_rng_below(&rng, 60));
			while (!iom_range_valid(r[i]));
		iom_pt_gather_init(&g);
		for (i = 0; i < n; i++) {
			sizes[i] = UINT64_C(1) << pt_hw_walk(&hw, r[i].start).size_lg2;
			before = pt_hw_tables(&hw);
			assert_int_equal(iom_pt_unmap(&pt, r[i], &g), IOM_OK);
			tables[i] = pt_hw_tables(&hw) != before;
		}
		assert_true(g.nr >= 1 && g.nr <= IOM_PT_GATHER_MAX);
		for (i = 0; i < n; i++) {
			for (j = 0, in = false; j < g.nr; j++)
				in |= iom_range_contains(g.inval[j].range, r[i]) &&
				      g.inval[j].leaf_sizes & sizes[i] &&
				      iom_pt_inval_step(&g.inval[j]) <= sizes[i] &&
				      (g.inval[j].tables || !tables[i]);
			assert_true(in);
		}
		iom_pt_gather_free(&pt, &g);
	}
	close_pt();
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
		cmocka_unit_test(walk_tells_all),
		cmocka_unit_test(dump_in_lines),
		cmocka_unit_test(dirty_is_what_was_written),
		cmocka_unit_test(gather_holds_all),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
