/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOVA allocator against an array with one entry a granule. Laws:
 *  1. no two live ranges share a granule; each is as long as asked for, and
 *     lies where its limits, alignment, boundary and zone say;
 *  2. an allocation is refused only if the model finds no place either: with
 *     one cache at once, with several after their owners flushed them;
 *  3. a reservation succeeds exactly if its granules are free;
 *  4. once all is given back and flushed, the whole space can be had in one piece;
 *  5. a call that fails changes nothing, whichever allocation fails under it;
 *  6. a hint, and the zone that is wanted first, count if there is room there.
 */
#include <inttypes.h>

#include <iom/dma/iova.h>

#include "fakes/plat_test.h"
#include "lib/test.h"

#define GRANULES	4096u
#define LIVE		512u
#define STEPS		30000u
#define GIB4		(UINT64_C(1) << 32)

struct live {
	struct iom_range r;
	bool fixed;
};

struct bench {
	struct plat_test pt;
	struct iom_iova *s;
	struct iom_iova_cache *cache[2];
	unsigned int nr_caches;
	unsigned int lg2;
	unsigned int cached_orders;
	struct iom_range space;
	uint32_t owner[GRANULES];	/* the model: 0 free, 1 excluded, else 2 + live index */
	struct live live[LIVE];
	unsigned int nr_live;
	struct test_rng rng;
};

static unsigned int order_of(uint64_t granules)
{
	unsigned int o = 0;

	while (UINT64_C(1) << o < granules)
		o++;
	return o;
}

static struct iom_iova_cache *some_cache(struct bench *b)
{
	uint64_t i = test_rng_below(&b->rng, b->nr_caches + 1);

	return i < b->nr_caches ? b->cache[i] : NULL;
}

static void flush(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < b->nr_caches; i++)
		iom_iova_cache_flush(b->s, b->cache[i]);
	iom_iova_cache_flush(b->s, NULL);
}

/* Granules that a range of the model takes: with rounding, unless it is fixed. */
static uint64_t granules(const struct bench *b, const struct live *l)
{
	uint64_t n = (iom_range_len_m1(l->r) >> b->lg2) + 1;

	if (l->fixed)
		return (l->r.last >> b->lg2) - (l->r.start >> b->lg2) + 1;
	return order_of(n) < b->cached_orders ? UINT64_C(1) << order_of(n) : n;
}

static void mark(struct bench *b, const struct live *l, uint32_t from, uint32_t to)
{
	uint64_t first = (l->r.start - b->space.start) >> b->lg2, n = granules(b, l), i;

	for (i = first; i < first + n; i++) {
		assert_true(i < GRANULES);
		assert_int_equal(b->owner[i], from);
		b->owner[i] = to;
	}
}

/* Would a range at granule i do? */
static bool place_ok(const struct bench *b, const struct iom_iova_req *req, uint64_t i)
{
	struct live l = { .r.start = b->space.start + (i << b->lg2) };
	uint64_t n, k, align, len;

	l.r.last = l.r.start + req->len_m1;
	n = granules(b, &l);
	if (i + n > GRANULES)
		return false;
	for (k = i; k < i + n; k++)
		if (b->owner[k])
			return false;
	len = n << b->lg2;
	align = order_of(n) < b->cached_orders || req->flags & IOM_IOVA_SIZE_ALIGN ?
		UINT64_C(1) << (order_of(n) + b->lg2) : 1;
	if (l.r.start & (align - 1) || l.r.start & ((UINT64_C(1) << req->align_lg2) - 1))
		return false;
	if (l.r.start < req->limits.start || l.r.start + (len - 1) > req->limits.last)
		return false;
	if ((req->flags & 3) == IOM_IOVA_LOW_ONLY && l.r.start + (len - 1) >= GIB4)
		return false;
	return !req->boundary_lg2 ||
	       !((l.r.start ^ l.r.last) >> req->boundary_lg2);
}

static bool place_exists(const struct bench *b, const struct iom_iova_req *req)
{
	uint64_t i;

	for (i = 0; i < GRANULES; i++) {
		if (!place_ok(b, req, i))
			continue;
		/* For whoever looks at the failure. */
		printf("granule %" PRIu64 " of %#" PRIx64 ": len_m1 %#" PRIx64 " in %#" PRIx64
		       " to %#" PRIx64 ", align %u, boundary %u, flags %#x\n", i, b->space.start,
		       req->len_m1, req->limits.start, req->limits.last, req->align_lg2,
		       req->boundary_lg2, req->flags);
		return true;
	}
	return false;
}

static uint64_t some_len_m1(struct bench *b)
{
	uint64_t kind = test_rng_below(&b->rng, 16), max = kind < 8 ? 3 : kind < 14 ? 40 :
		kind < 15 ? 300 : GRANULES;
	uint64_t len = (1 + test_rng_below(&b->rng, max)) << b->lg2;

	/* Not whole granules, now and then. */
	return len - 1 - (test_rng_below(&b->rng, 4) ? 0 : test_rng_below(&b->rng, 100));
}

static struct iom_iova_req some_req(struct bench *b)
{
	static const unsigned int zone[] = { 0, IOM_IOVA_LOW_FIRST, IOM_IOVA_LOW_ONLY };
	struct iom_iova_req req = { .len_m1 = some_len_m1(b), .limits = { 0, UINT64_MAX } };
	uint64_t x, y;

	req.flags = zone[test_rng_below(&b->rng, 3)];
	if (!test_rng_below(&b->rng, 4))
		req.flags |= IOM_IOVA_SIZE_ALIGN;
	if (!test_rng_below(&b->rng, 4)) {
		req.flags |= IOM_IOVA_HINT;
		req.hint = b->space.start + (test_rng_below(&b->rng, GRANULES) << b->lg2);
	}
	if (!test_rng_below(&b->rng, 3))
		req.align_lg2 = (unsigned int)test_rng_below(&b->rng, b->lg2 + 9);
	if (!test_rng_below(&b->rng, 3)) {
		req.boundary_lg2 = 1 + (unsigned int)test_rng_below(&b->rng, b->lg2 + 12);
		if (req.len_m1 >> req.boundary_lg2)
			req.boundary_lg2 = 0;
	}
	if (!test_rng_below(&b->rng, 3)) {
		x = b->space.start + (test_rng_below(&b->rng, GRANULES) << b->lg2);
		y = b->space.start + (test_rng_below(&b->rng, GRANULES) << b->lg2);
		req.limits.start = x < y ? x : y;
		req.limits.last = (x < y ? y : x) | ((UINT64_C(1) << b->lg2) - 1);
	}
	return req;
}

static void took(struct bench *b, const struct iom_iova_req *req, struct iom_range r)
{
	struct live *l = &b->live[b->nr_live];

	assert_int_equal(iom_range_len_m1(r), req->len_m1);
	assert_true(iom_range_contains(b->space, r));
	assert_true(place_ok(b, req, (r.start - b->space.start) >> b->lg2));
	*l = (struct live){ r, false };
	mark(b, l, 0, 2 + b->nr_live);
	b->nr_live++;
}

/* Law 6, where no cache keeps anything. Before the model knows of r. */
static void check_wish(const struct bench *b, struct iom_iova_req req, struct iom_range r)
{
	if (req.flags & IOM_IOVA_HINT) {
		if (r.start >= req.hint)
			return;
		if (req.limits.start < req.hint)
			req.limits.start = req.hint;
		assert_true(!iom_range_valid(req.limits) || !place_exists(b, &req));
	} else if (req.flags & IOM_IOVA_LOW_FIRST && r.last >= GIB4) {
		req.flags |= IOM_IOVA_LOW_ONLY;
		assert_false(place_exists(b, &req));
	} else if (!(req.flags & IOM_IOVA_LOW_FIRST) && r.start < GIB4) {
		if (req.limits.start < GIB4)
			req.limits.start = GIB4;
		assert_true(!iom_range_valid(req.limits) || !place_exists(b, &req));
	}
}

static void do_alloc(struct bench *b)
{
	bool plain = test_rng_below(&b->rng, 2);
	struct iom_iova_cache *c = some_cache(b);
	struct iom_iova_req req = some_req(b);
	struct iom_range r = { 1, 0 };
	int rc;

	if (b->nr_live == LIVE)
		return;
	if (plain) {
		req = (struct iom_iova_req){ .len_m1 = req.len_m1, .limits = { 0, UINT64_MAX },
					     .flags = req.flags & 3 };
		rc = iom_iova_alloc(b->s, c, req.len_m1, req.flags, &r);
	} else {
		rc = iom_iova_alloc_in(b->s, c, &req, &r);
	}
	if (rc == IOM_ENOSPC && b->nr_caches) {
		assert_true(r.start == 1 && !r.last);
		flush(b);
		rc = iom_iova_alloc_in(b->s, c, &req, &r);
	}
	if (rc == IOM_OK) {
		if (!b->nr_caches)
			check_wish(b, req, r);
		took(b, &req, r);
		return;
	}
	assert_int_equal(rc, IOM_ENOSPC);
	assert_false(place_exists(b, &req));
}

/* One cache alone: it needs nobody's flush (the rule of iova.h). */
static void do_alloc_one(struct bench *b)
{
	struct iom_iova_req req = some_req(b);
	struct iom_range r;
	int rc;

	if (b->nr_live == LIVE)
		return;
	rc = iom_iova_alloc_in(b->s, b->nr_caches ? b->cache[0] : NULL, &req, &r);
	if (rc == IOM_OK) {
		if (!b->nr_caches)
			check_wish(b, req, r);
		took(b, &req, r);
	} else {
		assert_false(place_exists(b, &req));
	}
}

static void do_reserve(struct bench *b)
{
	uint64_t n = 1 + test_rng_below(&b->rng, 30);
	uint64_t first = test_rng_below(&b->rng, GRANULES - n), i;
	struct live l = { .fixed = true };
	bool is_free = true;
	int rc;

	if (b->nr_live == LIVE)
		return;
	l.r.start = b->space.start + (first << b->lg2);
	l.r.last = l.r.start + ((n << b->lg2) - 1);
	for (i = first; i < first + n; i++)
		is_free &= !b->owner[i];
	rc = iom_iova_reserve(b->s, some_cache(b), l.r);
	if (rc == IOM_EEXIST && b->nr_caches) {
		flush(b);
		rc = iom_iova_reserve(b->s, NULL, l.r);
	}
	assert_int_equal(rc, is_free ? IOM_OK : IOM_EEXIST);
	if (rc)
		return;
	b->live[b->nr_live] = l;
	mark(b, &l, 0, 2 + b->nr_live);
	b->nr_live++;
}

static void drop(struct bench *b, unsigned int i)
{
	struct live *l = &b->live[i], *end = &b->live[b->nr_live - 1];

	if (l->fixed)
		iom_iova_release(b->s, l->r);
	else
		iom_iova_free(b->s, some_cache(b), l->r);
	mark(b, l, 2 + i, 0);
	b->nr_live--;
	if (l == end)
		return;
	mark(b, end, 2 + b->nr_live, 2 + i);
	*l = *end;
}

static void open_bench(struct bench *b, uint64_t start, unsigned int lg2,
		       unsigned int cached_orders, unsigned int nr_caches)
{
	struct iom_iova_cfg cfg = { .granule_lg2 = lg2 };
	unsigned int i;

	memset(b, 0, sizeof(*b));
	plat_test_init(&b->pt);
	b->lg2 = lg2;
	b->cached_orders = cached_orders;
	b->nr_caches = nr_caches;
	b->space.start = start;
	b->space.last = start + (((uint64_t)GRANULES << lg2) - 1);
	cfg.space = b->space;
	cfg.cached_lg2 = cached_orders ? lg2 + cached_orders - 1 : 0;
	assert_int_equal(iom_iova_create(&b->pt.plat, &cfg, &b->s), IOM_OK);
	for (i = 0; i < nr_caches; i++)
		assert_int_equal(iom_iova_cache_create(b->s, &b->cache[i]), IOM_OK);
}

static void all_is_free(struct bench *b)
{
	struct iom_iova_stats st;
	struct iom_range r;

	while (b->nr_live)
		drop(b, b->nr_live - 1);
	flush(b);
	iom_iova_stats(b->s, &st);
	assert_int_equal(st.nr_bad_frees, 0);
	assert_int_equal(st.free, GRANULES);
	assert_int_equal(st.nr_depot, 0);
	assert_true(st.largest_valid && st.largest.start == b->space.start &&
		    st.largest.last == b->space.last);
	/* Law 4, and again: the first time must leave nothing behind. */
	assert_int_equal(iom_iova_reserve(b->s, NULL, b->space), IOM_OK);
	assert_int_equal(iom_iova_reserve(b->s, NULL, b->space), IOM_EEXIST);
	iom_iova_release(b->s, b->space);
	if (order_of(GRANULES) < b->cached_orders)
		return;
	assert_int_equal(iom_iova_alloc(b->s, NULL, iom_range_len_m1(b->space), 0, &r), IOM_OK);
	iom_iova_free(b->s, NULL, r);
	iom_iova_stats(b->s, &st);
	assert_int_equal(st.free, GRANULES);
}

static void close_bench(struct bench *b)
{
	all_is_free(b);
	/* One by its own call, what is left by the space's. */
	if (b->nr_caches)
		iom_iova_cache_destroy(b->s, b->cache[0]);
	iom_iova_destroy(b->s);
	assert_int_equal(plat_test_live(&b->pt), 0);
}

static void free_count_agrees(struct bench *b)
{
	struct iom_iova_stats st;
	uint64_t i, run = 0, best = 0, n = 0;

	flush(b);
	iom_iova_stats(b->s, &st);
	for (i = 0; i < GRANULES; i++) {
		run = b->owner[i] ? 0 : run + 1;
		best = run > best ? run : best;
		n += !b->owner[i];
	}
	assert_int_equal(st.free, n);
	assert_int_equal(st.largest_valid, best != 0);
	if (best)
		assert_int_equal(iom_range_len_m1(st.largest), (best << b->lg2) - 1);
}

static void run(uint64_t start, unsigned int lg2, unsigned int cached_orders,
		unsigned int nr_caches)
{
	static struct bench b;
	unsigned int step, bias = 5;

	open_bench(&b, start, lg2, cached_orders, nr_caches);
	test_rng_init(&b.rng);
	for (step = 0; step < STEPS; step++) {
		if (step % 500 == 0)
			bias = 3 + (unsigned int)test_rng_below(&b.rng, 5);
		if (step % 1000 == 999)
			free_count_agrees(&b);
		if (b.nr_live && test_rng_below(&b.rng, 10) >= bias)
			drop(&b, (unsigned int)test_rng_below(&b.rng, b.nr_live));
		else if (!test_rng_below(&b.rng, 8))
			do_reserve(&b);
		else if (nr_caches < 2 && !cached_orders)
			do_alloc_one(&b);
		else
			do_alloc(&b);
	}
	close_bench(&b);
}

static void without_caches(void **state)
{
	(void)state;
	run(0, 12, 0, 0);
	run(GIB4 - (2000u << 12), 12, 0, 0);
	run(GIB4 - (2000u << 12), 12, 4, 0);
}

static void across_4g(void **state)
{
	(void)state;
	run(GIB4 - (2048u << 12), 12, 4, 1);
	run(GIB4 - (100u << 16), 16, 3, 2);
}

static void at_the_ends(void **state)
{
	(void)state;
	run(0, 12, 5, 2);
	run(UINT64_MAX - ((uint64_t)GRANULES << 12) + 1, 12, 5, 2);
	run(UINT64_MAX - ((uint64_t)GRANULES << 7) + 1, 7, 9, 1);
	run(UINT64_C(3) << 30, 30, 3, 2);
}

/* The rule for one cache: no failure that the model does not see, and no flush by anyone. */
static void one_cache_is_final(void **state)
{
	static struct bench b;
	unsigned int step;

	(void)state;
	open_bench(&b, GIB4 - (1024u << 12), 12, 4, 1);
	test_rng_init(&b.rng);
	for (step = 0; step < STEPS; step++) {
		/* Full most of the time. */
		if (b.nr_live && test_rng_below(&b.rng, 10) >= (b.nr_live > 400 ? 4 : 8)) {
			/* Every free through the cache, so that there is much in it. */
			unsigned int i = (unsigned int)test_rng_below(&b.rng, b.nr_live);

			iom_iova_free(b.s, b.cache[0], b.live[i].r);
			mark(&b, &b.live[i], 2 + i, 0);
			b.nr_live--;
			if (i != b.nr_live) {
				mark(&b, &b.live[b.nr_live], 2 + b.nr_live, 2 + i);
				b.live[i] = b.live[b.nr_live];
			}
		} else {
			do_alloc_one(&b);
		}
	}
	close_bench(&b);
}

/* Reserved regions overlap each other and hang over the ends. */
static void excluded_regions(void **state)
{
	static struct bench b;
	uint64_t i;

	(void)state;
	open_bench(&b, GIB4 - (2048u << 12), 12, 4, 1);
	test_rng_init(&b.rng);
	for (i = 0; i < 8; i++) {
		uint64_t first = test_rng_below(&b.rng, GRANULES + 200), n, k;
		struct iom_range r = { b.space.start - (100u << 12) + (first << 12), 0 };

		n = 1 + test_rng_below(&b.rng, 100);
		r.last = r.start + (n << 12) - 1;
		assert_int_equal(iom_iova_exclude(b.s, r), IOM_OK);
		for (k = first; k < first + n; k++)
			if (k >= 100 && k < GRANULES + 100)
				b.owner[k - 100] = 1;
	}
	for (i = 0; i < 3000; i++) {
		do_alloc_one(&b);
		if (b.nr_live == LIVE)
			while (b.nr_live > 100)
				drop(&b, (unsigned int)test_rng_below(&b.rng, b.nr_live));
	}
	while (b.nr_live)
		drop(&b, 0);
	free_count_agrees(&b);
	iom_iova_destroy(b.s);
}

static int sequence(struct plat_test *pt)
{
	struct iom_iova_cfg cfg = { { 0x3000, (UINT64_C(1) << 48) - 1 }, 12, 30 };
	struct iom_iova_req req = { .len_m1 = (UINT64_C(5) << 40) - 1,
				    .limits = { 0, UINT64_MAX } };
	static const unsigned int zone[] = { 0, IOM_IOVA_LOW_FIRST, IOM_IOVA_LOW_ONLY };
	struct iom_range r[40] = { { 0, 0 } }, big = { 0, 0 };
	struct iom_iova_stats before, after;
	struct iom_iova_cache *c = NULL;
	struct iom_iova *s;
	unsigned int i;
	int rc;

	rc = iom_iova_create(&pt->plat, &cfg, &s);
	if (rc)
		return rc;
	rc = iom_iova_cache_create(s, &c);
	for (i = 0; !rc && i < 40; i++) {
		iom_iova_stats(s, &before);
		rc = iom_iova_alloc(s, i & 1 ? c : NULL, (UINT64_C(4096) << i % 19) - 1,
				    zone[i % 3], &r[i]);
		iom_iova_stats(s, &after);
		if (rc)
			assert_int_equal(after.free, before.free);
	}
	if (!rc)
		rc = iom_iova_alloc_in(s, c, &req, &big);
	if (!rc)
		rc = iom_iova_reserve(s, c, (struct iom_range){ UINT64_C(7) << 44,
								UINT64_C(9) << 44 });
	if (!rc)
		rc = iom_iova_exclude(s, (struct iom_range){ 0, 0xffffff });
	for (i = 0; i < 40; i++)
		if (r[i].last)
			iom_iova_free(s, i & 2 ? c : NULL, r[i]);
	if (big.last)
		iom_iova_free(s, c, big);
	iom_iova_stats(s, &after);
	assert_int_equal(after.nr_bad_frees, 0);
	iom_iova_destroy(s);
	return rc;
}

static void each_allocation_fails(void **state)
{
	struct plat_test pt;
	long n;
	int rc;

	(void)state;
	plat_test_init(&pt);
	for (n = 1; ; n++) {
		plat_test_fail_nth(&pt, n);
		rc = sequence(&pt);
		assert_int_equal(plat_test_live(&pt), 0);
		if (!plat_test_failed(&pt))
			break;
		/* The depot does without. */
		assert_true(rc == IOM_ENOMEM || rc == IOM_OK);
	}
	assert_int_equal(rc, IOM_OK);
	assert_true(n > 20);
}

/* Freeing asks for no memory, whatever the state. */
static void free_needs_no_memory(void **state)
{
	static struct bench b;
	unsigned int i;
	long allocs;

	(void)state;
	open_bench(&b, GIB4 - (2048u << 12), 12, 4, 2);
	test_rng_init(&b.rng);
	for (i = 0; i < 2000; i++)
		(test_rng_below(&b.rng, 4) ? do_alloc : do_reserve)(&b);
	allocs = atomic_load(&b.pt.nr_allocs);
	while (b.nr_live)
		drop(&b, (unsigned int)test_rng_below(&b.rng, b.nr_live));
	flush(&b);
	assert_int_equal(atomic_load(&b.pt.nr_allocs), allocs);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_caches),
		cmocka_unit_test(across_4g),
		cmocka_unit_test(at_the_ends),
		cmocka_unit_test(one_cache_is_final),
		cmocka_unit_test(excluded_regions),
		cmocka_unit_test(each_allocation_fails),
		cmocka_unit_test(free_needs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
