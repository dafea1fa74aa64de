/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads map and unmap in one iom_pt, in ranges that never overlap but lie in
 * the same tables: pages by turns, so that all upper tables are wanted by both at
 * once. Each checks its own; what the other does must not show. At the end no
 * table is lost. Worth ThreadSanitizer's time.
 */
#include <pthread.h>

#include <iom/pt/pt.h>

#include "fakes/dmem_fake.h"
#include "lib/test.h"

#define PAGE	UINT64_C(0x1000)
#define ROUNDS	200u
#define RUNS	64u		/* of pages, spread wide */
#define RW	(IOM_PT_READ | IOM_PT_WRITE)

static struct dmem_fake mem;
static struct iom_pt pt;
static pthread_barrier_t barrier;

struct worker {
	pthread_t thread;
	unsigned int id;
	uint64_t seed;
	bool ok;
};

/* Run i of a worker: next to one of the other's, every few in another 1G. */
static struct iom_range run_of(unsigned int id, unsigned int i, uint64_t n, uint64_t shift)
{
	uint64_t start = ((uint64_t)(i / 4) << 30) + ((uint64_t)(i % 4) << shift) +
			 (id ? 300 * PAGE : 0);

	return (struct iom_range){ start, start + n * PAGE - 1 };
}

#define MUST(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			w->ok = false; \
		} \
	} while (0)

static void *work(void *arg)
{
	struct worker *w = arg;
	struct iom_pt_gather g;
	unsigned int round, i;
	uint64_t n[RUNS], shift, oa;
	struct test_rng rng;
	struct iom_range r;

	test_rng_seed(&rng, w->seed + w->id);
	for (round = 0; round < ROUNDS && w->ok; round++) {
		shift = 21 + round % 3;
		pthread_barrier_wait(&barrier);
		for (i = 0; i < RUNS; i++) {
			n[i] = 1 + test_rng_below(&rng, 200);
			r = run_of(w->id, i, n[i], shift);
			MUST(!iom_pt_map(&pt, r, r.start + PAGE * 7 * w->id, RW));
			MUST(iom_pt_map(&pt, r, 0, RW) == IOM_EEXIST);
			MUST(!iom_pt_lookup(&pt, r.last, &oa) &&
			     oa == r.last + PAGE * 7 * w->id);
		}
		iom_pt_gather_init(&g);
		for (i = 0; i < RUNS; i++) {
			r = run_of(w->id, i, n[i], shift);
			MUST(!iom_pt_unmap(&pt, r, &g));
			MUST(iom_pt_lookup(&pt, r.start, &oa) == IOM_EFAULT);
		}
		iom_pt_gather_free(&pt, &g);
		/* nobody works: all that is there goes, so that the next round begins anew */
		pthread_barrier_wait(&barrier);
		if (!w->id) {
			r = (struct iom_range){ 0, (UINT64_C(1) << 40) - 1 };
			MUST(!iom_pt_map(&pt, (struct iom_range){ 0, PAGE - 1 }, 0, RW));
			MUST(!iom_pt_map(&pt, (struct iom_range){ r.last - PAGE + 1, r.last },
					 0, RW));
			iom_pt_gather_init(&g);
			MUST(!iom_pt_unmap(&pt, r, &g));
			iom_pt_gather_free(&pt, &g);
			MUST(mem.live == 1);	/* the start table */
		}
	}
	return NULL;
}

static void two_threads(unsigned int flags)
{
	const struct iom_pt_cfg cfg = {
		.format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 48, .oa_bits = 48,
	};
	struct worker w[2] = { { .id = 0, .ok = true }, { .id = 1, .ok = true } };
	struct test_rng rng;
	unsigned int i;

	test_rng_init(&rng);
	dmem_fake_init(&mem, flags);
	assert_int_equal(iom_pt_init(&pt, &mem.dmem, &cfg), IOM_OK);
	pthread_barrier_init(&barrier, NULL, 2);
	for (i = 0; i < 2; i++) {
		w[i].seed = rng.state;
		assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (i = 0; i < 2; i++) {
		pthread_join(w[i].thread, NULL);
		assert_true(w[i].ok);
	}
	pthread_barrier_destroy(&barrier);
	iom_pt_fini(&pt);
	dmem_fake_fini(&mem);
}

static void plain(void **state)
{
	(void)state;
	two_threads(DMEM_FAKE_IDENTITY);
}

static void translated(void **state)
{
	(void)state;
	two_threads(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(translated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
