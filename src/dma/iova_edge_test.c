/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOVA allocator where a model finds little: whole 64 bits, arguments that are
 * wrong, frees of what was never given out, and what caches owe each other: one
 * that is marked gives back, and one that found low full looks there again.
 */
#include <iom/base/field.h>
#include <iom/dma/iova.h>

#include "fakes/plat_test.h"
#include "lib/test.h"

#define GRANULES	4096u
#define GIB4		(UINT64_C(1) << 32)

/* GRANULES granules from start on, with up to two caches. */
struct box {
	struct plat_test pt;
	struct iom_iova *s;
	struct iom_iova_cache *cache[2];
	uint64_t start;
};

static void open_box(struct box *b, uint64_t start, unsigned int lg2, unsigned int cached_orders,
		     unsigned int nr_caches)
{
	struct iom_iova_cfg cfg = { .granule_lg2 = lg2 };
	unsigned int i;

	plat_test_init(&b->pt);
	b->start = start;
	cfg.space.start = start;
	cfg.space.last = start + (((uint64_t)GRANULES << lg2) - 1);
	cfg.cached_lg2 = lg2 + cached_orders - 1;
	assert_int_equal(iom_iova_create(&b->pt.plat, &cfg, &b->s), IOM_OK);
	for (i = 0; i < nr_caches; i++)
		assert_int_equal(iom_iova_cache_create(b->s, &b->cache[i]), IOM_OK);
}

/* Another owner's cache holds what is missing: it gives it back at its next call. */
static void marked_caches_give_back(void **state)
{
	struct box b;
	struct iom_range r, one, last = { 1, 0 };
	struct iom_iova_stats st;
	unsigned int i;

	(void)state;
	open_box(&b, 0, 12, 4, 2);
	for (i = 0; iom_iova_alloc(b.s, b.cache[0], 4095, 0, &r) == IOM_OK; i++)
		last = r;
	assert_int_equal(i, GRANULES);
	/* The owner's next call is a free: it keeps that range, and gives back the other. */
	one = (struct iom_range){ last.start ^ 4096, (last.start ^ 4096) | 4095 };
	iom_iova_free(b.s, b.cache[1], last);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, 0, &r), IOM_ENOSPC);
	iom_iova_free(b.s, b.cache[1], one);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, 0, &r), IOM_OK);
	assert_int_equal(r.start, last.start);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[1], 4095, 0, &r), IOM_OK);
	assert_int_equal(r.start, one.start);
	/* Once is enough: what is freed now stays with the cache. */
	iom_iova_free(b.s, b.cache[1], last);
	iom_iova_free(b.s, b.cache[1], one);
	iom_iova_stats(b.s, &st);
	assert_int_equal(st.free, 0);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[1], 4095, 0, &r), IOM_OK);
	assert_int_equal(r.start, one.start);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, 0, &r), IOM_ENOSPC);
	/* The owner's next call, whatever it is: this one is refused, and gives back. */
	assert_int_equal(iom_iova_alloc(b.s, b.cache[1], 8191, 0, &one), IOM_ENOSPC);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, 0, &r), IOM_OK);
	assert_int_equal(r.start, last.start);
	/* The same with a free as the next call, of another range. */
	iom_iova_free(b.s, b.cache[1], r);
	assert_int_equal(iom_iova_reserve(b.s, b.cache[0], r), IOM_EEXIST);
	one = (struct iom_range){ r.start ^ 4096, (r.start ^ 4096) | 4095 };
	iom_iova_free(b.s, b.cache[1], one);
	assert_int_equal(iom_iova_reserve(b.s, b.cache[0], r), IOM_OK);
	iom_iova_release(b.s, r);
	iom_iova_cache_flush(b.s, b.cache[1]);
	/* Its own cache: nobody has to call, for an allocation and for a reservation. */
	assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, 0, &r), IOM_OK);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, 0, &one), IOM_OK);
	iom_iova_free(b.s, b.cache[0], r);
	iom_iova_free(b.s, b.cache[0], one);
	assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 8191, 0, &r), IOM_OK);
	iom_iova_free(b.s, b.cache[0], r);
	assert_int_equal(iom_iova_reserve(b.s, b.cache[0], r), IOM_OK);
	iom_iova_destroy(b.s);
	assert_int_equal(plat_test_live(&b.pt), 0);
}

/* A cache that found low full sees what comes back there, from wherever it comes. */
static void low_is_seen_again(void **state)
{
	static struct iom_range low[2048];
	struct box b;
	struct iom_range r;
	unsigned int n, i;

	(void)state;
	open_box(&b, GIB4 - (2048u << 12), 12, 4, 2);
	for (n = 0; !iom_iova_alloc(b.s, NULL, 4095, IOM_IOVA_LOW_ONLY, &r); n++)
		low[n] = r;
	assert_int_equal(n, 2048);
	for (i = 0; i < 3; i++) {
		/* Full: twice, since the second time is by heart. */
		for (n = 0; n < 2; n++) {
			assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, IOM_IOVA_LOW_FIRST,
							&r), IOM_OK);
			assert_true(r.start >= GIB4);
		}
		if (i == 0) {			/* a block into the tree, */
			iom_iova_free(b.s, NULL, low[7]);
		} else if (i == 1) {		/* a reservation, */
			assert_int_equal(iom_iova_reserve(b.s, NULL, low[7]), IOM_EEXIST);
			iom_iova_release(b.s, low[7]);
		} else {			/* more than another's stack holds */
			for (n = 0; n < 8; n++)
				iom_iova_free(b.s, b.cache[1], low[n]);
		}
		assert_int_equal(iom_iova_alloc(b.s, b.cache[0], 4095, IOM_IOVA_LOW_FIRST, &r),
				 IOM_OK);
		assert_true(r.start < GIB4);
		if (i < 2)
			assert_true(r.start == low[7].start);
	}
	iom_iova_destroy(b.s);
	assert_int_equal(plat_test_live(&b.pt), 0);
}

static void whole_64_bits(void **state)
{
	struct iom_iova_cfg cfg = { { 0, UINT64_MAX }, 12, IOM_IOVA_CACHED_LG2 };
	struct iom_iova_req req = { .len_m1 = (UINT64_C(3) << 61) - 1,
				    .limits = { 0, UINT64_MAX } };
	struct iom_iova_stats st;
	struct iom_iova_cache *c;
	struct iom_range r, q;
	struct plat_test pt;
	struct iom_iova *s;

	(void)state;
	plat_test_init(&pt);
	assert_int_equal(iom_iova_create(&pt.plat, &cfg, &s), IOM_OK);
	assert_int_equal(iom_iova_cache_create(s, &c), IOM_OK);
	assert_int_equal(iom_iova_alloc(s, c, UINT64_MAX, 0, &r), IOM_OK);
	assert_true(r.start == 0 && r.last == UINT64_MAX);
	assert_int_equal(iom_iova_alloc(s, c, 0, 0, &q), IOM_ENOSPC);
	iom_iova_free(s, c, r);
	/* 3/8 of the space twice, not at the same place; then no third. */
	assert_int_equal(iom_iova_alloc_in(s, c, &req, &r), IOM_OK);
	assert_int_equal(iom_iova_alloc_in(s, c, &req, &q), IOM_OK);
	assert_false(iom_range_overlaps(r, q));
	assert_int_equal(iom_iova_alloc_in(s, c, &req, &q), IOM_ENOSPC);
	iom_iova_destroy(s);
	assert_int_equal(iom_iova_create(&pt.plat, &cfg, &s), IOM_OK);
	/* One byte past the middle: no place that does not cross it. */
	req.len_m1 = UINT64_C(1) << 63;
	req.boundary_lg2 = 63;
	assert_int_equal(iom_iova_alloc_in(s, NULL, &req, &r), IOM_EINVAL);
	req.len_m1--;
	assert_int_equal(iom_iova_alloc_in(s, NULL, &req, &r), IOM_OK);
	req.align_lg2 = 63;
	assert_int_equal(iom_iova_alloc_in(s, NULL, &req, &q), IOM_OK);
	iom_iova_free(s, NULL, r);
	iom_iova_free(s, NULL, q);
	/* A page at each end, and the rest is one run. */
	assert_int_equal(iom_iova_reserve(s, NULL, (struct iom_range){ 0, 0 }), IOM_OK);
	assert_int_equal(iom_iova_reserve(s, NULL, (struct iom_range){ UINT64_MAX, UINT64_MAX }),
			 IOM_OK);
	iom_iova_stats(s, &st);
	assert_int_equal(st.free, (UINT64_C(1) << 52) - 2);
	assert_int_equal(st.largest.start, 4096);
	assert_int_equal(st.largest.last, UINT64_MAX - 4096);
	assert_int_equal(iom_iova_alloc(s, NULL, UINT64_MAX - 2 * 4096, 0, &r), IOM_OK);
	assert_int_equal(r.start, 4096);
	iom_iova_destroy(s);
	assert_int_equal(plat_test_live(&pt), 0);
}

static void bad_arguments(void **state)
{
	static const struct iom_iova_cfg bad[] = {
		{ { 0, 0xfffff }, 6, 0 }, { { 0, UINT64_MAX }, 31, 0 },
		{ { 0x1000, 0xfff }, 12, 0 }, { { 0, 0x1000 }, 12, 0 },
		{ { 0x800, 0xfff }, 12, 0 }, { { 0, 0xfffff }, 12, 33 },
	};
	struct iom_iova_req req = { .len_m1 = 0, .limits = { 1, 0 } };
	struct box b;
	struct iom_iova_stats st;
	struct iom_iova *s = NULL;
	struct iom_range r;
	unsigned int i;

	(void)state;
	open_box(&b, UINT64_C(1) << 40, 12, 2, 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(iom_iova_create(&b.pt.plat, &bad[i], &s), IOM_EINVAL);
	assert_null(s);
	assert_int_equal(iom_iova_alloc_in(b.s, NULL, &req, &r), IOM_EINVAL);
	req = (struct iom_iova_req){ .limits = { 0, UINT64_MAX }, .align_lg2 = 64 };
	assert_int_equal(iom_iova_alloc_in(b.s, NULL, &req, &r), IOM_EINVAL);
	/* No low zone, and limits that hold no whole granule. */
	assert_int_equal(iom_iova_alloc(b.s, NULL, 0, IOM_IOVA_LOW_ONLY, &r), IOM_ENOSPC);
	req = (struct iom_iova_req){ .limits = { b.start + 1, b.start + 0x1ffe } };
	assert_int_equal(iom_iova_alloc_in(b.s, NULL, &req, &r), IOM_ENOSPC);
	assert_int_equal(iom_iova_reserve(b.s, NULL, (struct iom_range){ 0, 0 }), IOM_EINVAL);
	/* What was never given out is noticed and left alone. */
	iom_iova_free(b.s, NULL, (struct iom_range){ b.start, b.start + 4095 });
	iom_iova_free(b.s, NULL, (struct iom_range){ 1, 0 });
	iom_iova_free(b.s, NULL, (struct iom_range){ 0, 4095 });
	iom_iova_release(b.s, (struct iom_range){ 0, 4095 });
	iom_iova_stats(b.s, &st);
	assert_int_equal(st.nr_bad_frees, 4);
	assert_int_equal(st.free, GRANULES);
	iom_iova_destroy(b.s);
}

/* What was not given out is not taken into a cache: what a cache has, it hands out. */
static void foreign_frees_are_refused(void **state)
{
	const struct iom_iova_cfg cfg = { { 0x103000, 0x902fff }, 12, 14 };
	static const struct iom_range bad[] = {
		{ 0x102000, 0x102fff }, { 0x100000, 0x103fff }, { 0x903000, 0x903fff },
		{ 0x900000, 0x903fff }, { 0x1000000, 0x1000fff }, { 0, 0xfff },
		{ UINT64_C(1) << 32, (UINT64_C(1) << 32) + 0xfff }, { 0x105000, 0x106fff },
		{ 0x104800, 0x104fff }, { UINT64_MAX - 0xfff, UINT64_MAX }, { 0x104000, 0x103fff },
	};
	struct iom_iova_cache *c[2] = { NULL };
	struct iom_iova_stats st;
	struct plat_test pt;
	struct iom_iova *s;
	struct iom_range r;
	unsigned int i, k;

	(void)state;
	plat_test_init(&pt);
	assert_int_equal(iom_iova_create(&pt.plat, &cfg, &s), IOM_OK);
	assert_int_equal(iom_iova_cache_create(s, &c[1]), IOM_OK);
	for (k = 0; k < 2; k++)
		for (i = 0; i < IOM_ARRAY_SIZE(bad); i++) {
			iom_iova_free(s, c[k], bad[i]);
			iom_iova_stats(s, &st);
			assert_int_equal(st.nr_bad_frees, k * IOM_ARRAY_SIZE(bad) + i + 1);
			assert_int_equal(st.free, 2048);
		}
	for (i = 0; !iom_iova_alloc(s, c[1], 0x3fff >> i % 3, 0, &r); i++)
		assert_true(iom_range_contains(cfg.space, r));
	assert_true(i > 512);
	iom_iova_destroy(s);
	assert_int_equal(plat_test_live(&pt), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marked_caches_give_back),
		cmocka_unit_test(low_is_seen_again),
		cmocka_unit_test(whole_64_bits),
		cmocka_unit_test(bad_arguments),
		cmocka_unit_test(foreign_frees_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
