/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads over one space, each with its own cache, or none: no granule has two
 * owners at any time, and at the end the space is whole. Ranges change hands, so
 * that many are freed by another thread than took them.
 */
#include <pthread.h>
#include <stdatomic.h>

#include <iom/dma/iova.h>

#include "fakes/plat_test.h"
#include "lib/test.h"

#define THREADS		3u
#define GRANULES	16384u
#define LIVE		64u
#define STEPS		60000u
#define HANDS		32u
#define START		((UINT64_C(1) << 32) - (GRANULES / 2 << 12))

static struct iom_iova *space;
static atomic_uint owner[GRANULES];
/* Addresses and granules of ranges on their way to another thread; 0: none. */
static _Atomic(uint64_t) hand[HANDS];
static atomic_uint nr_bad;

struct thread {
	pthread_t id;
	unsigned int me;
	uint64_t seed;
	struct iom_iova_cache *cache;
};

/* What is taken: sizes up to 16 granules are rounded up. */
static uint64_t taken(uint64_t granules)
{
	uint64_t n = 1;

	while (n < granules)
		n *= 2;
	return granules > 16 ? granules : n;
}

static void set_owner(struct iom_range r, uint64_t granules, unsigned int from, unsigned int to)
{
	uint64_t first = (r.start - START) >> 12, i;

	for (i = first; i < first + taken(granules); i++)
		if (atomic_exchange(&owner[i], to) != from)
			atomic_fetch_add(&nr_bad, 1);
}

static struct iom_range range(uint64_t word)
{
	struct iom_range r = { word & ~UINT64_C(0xfff), 0 };

	r.last = r.start + (((word & 0xfff) << 12) - 1);
	return r;
}

static void give(struct thread *t, uint64_t word)
{
	set_owner(range(word), word & 0xfff, 1, 0);
	iom_iova_free(space, t->cache, range(word));
}

static void *work(void *arg)
{
	uint64_t live[LIVE], n, word;
	unsigned int nr = 0, step, i;
	struct thread *t = arg;
	struct test_rng rng;
	struct iom_range r;

	test_rng_seed(&rng, t->seed);
	for (step = 0; step < STEPS; step++) {
		i = (unsigned int)test_rng_below(&rng, LIVE);
		if (i >= nr) {
			n = 1 + test_rng_below(&rng, test_rng_below(&rng, 8) ? 16 : 300);
			if (iom_iova_alloc(space, t->cache, (n << 12) - 1, i & 1, &r))
				continue;
			set_owner(r, n, 0, 1);
			live[nr++] = r.start | n;
			continue;
		}
		word = live[i];
		live[i] = live[--nr];
		if (test_rng_below(&rng, 3))
			word = atomic_exchange(&hand[test_rng_below(&rng, HANDS)], word);
		if (word)
			give(t, word);
		if (step % 5000 == 4999)
			iom_iova_cache_flush(space, t->cache);
	}
	while (nr)
		give(t, live[--nr]);
	return NULL;
}

static void run(bool with_caches)
{
	struct iom_iova_cfg cfg = { { START, START + ((uint64_t)GRANULES << 12) - 1 }, 12, 16 };
	struct thread t[THREADS] = { 0 };
	struct iom_iova_stats st;
	struct plat_test pt;
	struct test_rng rng;
	unsigned int i;

	plat_test_init(&pt);
	test_rng_init(&rng);
	assert_int_equal(iom_iova_create(&pt.plat, &cfg, &space), IOM_OK);
	for (i = 0; i < THREADS; i++) {
		t[i].me = i;
		t[i].seed = test_rng_u64(&rng);
		if (with_caches)
			assert_int_equal(iom_iova_cache_create(space, &t[i].cache), IOM_OK);
		assert_int_equal(pthread_create(&t[i].id, NULL, work, &t[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i].id, NULL);
	for (i = 0; i < HANDS; i++) {
		if (hand[i])
			give(&t[0], hand[i]);
		hand[i] = 0;
	}
	for (i = 0; i < THREADS; i++)
		iom_iova_cache_flush(space, t[i].cache);
	iom_iova_stats(space, &st);
	assert_int_equal(nr_bad, 0);
	assert_int_equal(st.nr_bad_frees, 0);
	assert_int_equal(st.free, GRANULES);
	assert_true(st.largest_valid && st.largest.start == START);
	assert_int_equal(iom_range_len_m1(st.largest), ((uint64_t)GRANULES << 12) - 1);
	for (i = 0; i < THREADS; i++)
		iom_iova_cache_destroy(space, t[i].cache);
	iom_iova_destroy(space);
	assert_int_equal(plat_test_live(&pt), 0);
}

static void caches_of_their_own(void **state)
{
	(void)state;
	run(true);
}

static void no_caches(void **state)
{
	(void)state;
	run(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caches_of_their_own),
		cmocka_unit_test(no_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
