/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several threads translate while others map, unmap, attach, detach and reset.
 * A mapping's address says its generation, so a translation tells which MAP it
 * comes from. Laws, on what a thread can know:
 *
 * 1. A generation whose end was answered before an access began is not reached.
 * 2. While an access is open that reaches a generation, its end is not answered.
 * 3. A generation whose MAP was answered before the access began, and whose end
 *    was not asked for when it ended, is reached.
 *
 * "End" is UNMAP, or DETACH, ATTACH elsewhere or reset, by which the domain goes.
 * Best run under ThreadSanitizer, which watches the data under the laws.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/test.h"
#include "lib/viommu.h"

#define PAGES 64u
#define READERS 2u
#define SECONDS 1.0	/* each test; IOM_STEPS bounds it by steps instead */

/* Per page: the newest generation of which ... */
struct page {
	atomic_uint_least64_t mapped;	/* ... the MAP was answered */
	atomic_uint_least64_t ending;	/* ... the end was asked for */
	atomic_uint_least64_t dead;	/* ... the end was answered */
};

struct race {
	struct iom_viommu_dev *v;
	struct iom_xlate *x;
	uint64_t base;			/* of page 0 */
	uint64_t stride;
	struct page page[PAGES];
	atomic_bool stop;
	atomic_ulong reached, missed;
	unsigned int steps;
	double until;
	unsigned int first, last;	/* pages of one mutator */
	uint64_t seed;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool goes_on(const struct race *r, unsigned int step)
{
	return r->steps ? step < r->steps : now() < r->until;
}

static uint64_t iova_of(const struct race *r, unsigned int p)
{
	return r->base + p * r->stride;
}

static uint64_t gpa_of(unsigned int p, uint64_t gen)
{
	return (gen << 10 | p) << 12;
}

static void *reader_main(void *arg)
{
	struct race *r = arg;
	uint64_t dead, mapped, ending, gen;
	struct iom_access access;
	struct test_rng rng;
	struct iom_run run;
	unsigned int p;
	int rc;

	test_rng_seed(&rng, (uint64_t)(uintptr_t)&access);
	iom_access_join(&access, r->x->gate);
	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		p = (unsigned int)test_rng_below(&rng, PAGES);
		dead = atomic_load(&r->page[p].dead);
		mapped = atomic_load(&r->page[p].mapped);
		iom_access_begin(&access);
		rc = iom_xlate_translate(r->x, iova_of(r, p) + 8, 8,
					 IOM_ACCESS_READ | IOM_ACCESS_QUIET, &run);
		if (!rc) {
			gen = run.gpa >> 22;
			VT_REQUIRE(run.gpa == gpa_of(p, gen) + 8 && run.len == 8);
			VT_REQUIRE(gen > dead);				/* law 1 */
			if (!test_rng_below(&rng, 64))
				sched_yield();
			VT_REQUIRE(gen > atomic_load(&r->page[p].dead));	/* law 2 */
			atomic_fetch_add_explicit(&r->reached, 1, memory_order_relaxed);
		} else {
			gen = 0;
			atomic_fetch_add_explicit(&r->missed, 1, memory_order_relaxed);
		}
		iom_access_end(&access);
		/* Not always in the middle of a bracket when the time slice ends. */
		if (!test_rng_below(&rng, 32))
			sched_yield();
		ending = atomic_load(&r->page[p].ending);
		if (mapped > dead && ending < mapped)
			VT_REQUIRE(gen == mapped);			/* law 3 */
	}
	iom_access_leave(&access);
	return NULL;
}

static void map(struct race *r, unsigned int p, uint64_t gen)
{
	VT_REQUIRE(vt_map(r->v, 1, iova_of(r, p), iova_of(r, p) + 4095, gpa_of(p, gen), VT_RW) ==
		   S_OK);
	atomic_store(&r->page[p].mapped, gen);
}

/* Maps and unmaps its own pages, one at a time or all. */
static void *mapper_main(void *arg)
{
	struct race *r = *(struct race **)arg;
	struct race *mine = ((struct race **)arg)[1];
	unsigned int i, p, n = mine->last - mine->first + 1;
	struct test_rng rng;
	uint64_t gen = 0;

	test_rng_seed(&rng, mine->seed);
	for (i = 0; goes_on(r, i); i++) {
		gen++;
		if (test_rng_below(&rng, 8)) {
			p = mine->first + (unsigned int)test_rng_below(&rng, n);
			map(r, p, gen);
			sched_yield();
			atomic_store(&r->page[p].ending, gen);
			VT_REQUIRE(vt_unmap(r->v, 1, iova_of(r, p), iova_of(r, p) + 4095) == S_OK);
			atomic_store(&r->page[p].dead, gen);
			continue;
		}
		for (p = mine->first; p <= mine->last; p++)
			map(r, p, gen);
		sched_yield();
		for (p = mine->first; p <= mine->last; p++)
			atomic_store(&r->page[p].ending, gen);
		VT_REQUIRE(vt_unmap(r->v, 1, iova_of(r, mine->first),
				    iova_of(r, mine->last) + 4095) == S_OK);
		for (p = mine->first; p <= mine->last; p++)
			atomic_store(&r->page[p].dead, gen);
	}
	return NULL;
}

/* Ends all pages at once, in each way there is. */
static void end_all(struct race *r, unsigned int how)
{
	switch (how) {
	case 0:
		VT_REQUIRE(vt_detach(r->v, 1, 1) == S_OK);
		break;
	case 1:
		VT_REQUIRE(vt_attach(r->v, 2, 1, 0) == S_OK);
		break;
	case 2:
		iom_viommu_dev_reset(r->v, false);
		iom_viommu_dev_accept(r->v, iom_viommu_dev_features(r->v));
		break;
	default:
		VT_REQUIRE(vt_unmap(r->v, 1, 0, UINT64_MAX) == S_OK);
		break;
	}
}

static void *attacher_main(void *arg)
{
	struct race *r = arg;
	struct test_rng rng;
	unsigned int i, p;
	uint64_t gen;

	test_rng_seed(&rng, r->seed);
	for (i = 0; goes_on(r, i); i++) {
		gen = i + 1;
		VT_REQUIRE(vt_attach(r->v, 1, 1, 0) == S_OK);
		for (p = 0; p < PAGES; p += 1 + (unsigned int)test_rng_below(&rng, 3))
			map(r, p, gen);
		sched_yield();
		for (p = 0; p < PAGES; p++)
			atomic_store(&r->page[p].ending, gen);
		end_all(r, (unsigned int)test_rng_below(&rng, 4));
		for (p = 0; p < PAGES; p++)
			atomic_store(&r->page[p].dead, gen);
	}
	return NULL;
}

/* Asks for what needs the lock while the others work. */
static void *asker_main(void *arg)
{
	static uint8_t buf[1 << 16];
	struct race *r = arg;
	struct iom_viommu_stats s;
	const struct vt_req probe = vt_probe_req(1, 512);
	size_t len;

	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		iom_viommu_dev_stats(r->v, &s);
		VT_REQUIRE(s.bytes <= s.bytes_peak && s.mappings <= 2 * PAGES);
		iom_viommu_dev_save(r->v, buf, sizeof(buf), &len);
		/* Between reset and accept it is unknown. */
		VT_REQUIRE(vt_send(r->v, &probe) <= S_OK);
		VT_REQUIRE(vt_map(r->v, 77, 0, 4095, 0, VT_R) != S_OK);
		sched_yield();
	}
	return NULL;
}

static void setup(struct race *r, struct vt *t, struct test_rng *rng, uint64_t base,
		  uint64_t stride)
{
	const char *env = getenv("IOM_STEPS");
	struct iom_viommu_dev_cfg cfg = vt_cfg();

	memset(r, 0, sizeof(*r));
	vt_open(t, &cfg);
	vt_add_plain(t, 1);
	vt_add_plain(t, 2);
	VT_REQUIRE(vt_attach(t->v, 2, 2, 0) == S_OK);
	r->v = t->v;
	r->x = iom_viommu_dev_xlate(t->ep[0]);
	r->base = base;
	r->stride = stride;
	r->steps = env ? (unsigned int)strtoul(env, NULL, 0) : 0;
	r->until = now() + SECONDS;
	r->seed = test_rng_u64(rng);
}

static void run(struct race *r, void *(*mutator[])(void *), void *arg[], unsigned int n)
{
	pthread_t reader[READERS], asker, thread[4];
	unsigned int i;

	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&reader[i], NULL, reader_main, r), 0);
	assert_int_equal(pthread_create(&asker, NULL, asker_main, r), 0);
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, mutator[i], arg[i]), 0);
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&r->stop, true);
	for (i = 0; i < READERS; i++)
		pthread_join(reader[i], NULL);
	pthread_join(asker, NULL);
	print_message("%lu accesses reached a page, %lu did not\n", atomic_load(&r->reached),
		      atomic_load(&r->missed));
	assert_true(atomic_load(&r->reached) && atomic_load(&r->missed));
}

static void two_mappers(uint64_t base, uint64_t stride)
{
	static struct race r, a, b;
	struct race *arg_a[2] = { &r, &a }, *arg_b[2] = { &r, &b };
	void *(*mutator[2])(void *) = { mapper_main, mapper_main };
	void *arg[2] = { arg_a, arg_b };
	struct test_rng rng;
	struct vt t;

	test_rng_init(&rng);
	setup(&r, &t, &rng, base, stride);
	VT_REQUIRE(vt_attach(t.v, 1, 1, 0) == S_OK);
	a.first = 0;
	a.last = PAGES / 2 - 1;
	b.first = PAGES / 2;
	b.last = PAGES - 1;
	a.seed = test_rng_u64(&rng);
	b.seed = test_rng_u64(&rng);
	run(&r, mutator, arg, 2);
	vt_close(&t);
}

static void map_and_unmap_dense(void **state)
{
	(void)state;
	two_mappers(0x100000, 4096);
}

/* Every page is in a table of its own, so that tables come and go. */
static void map_and_unmap_sparse(void **state)
{
	(void)state;
	two_mappers(0x100000, UINT64_C(1) << 57);
}

static void attach_detach_reset(void **state)
{
	static struct race r;
	void *(*mutator[1])(void *) = { attacher_main };
	void *arg[1] = { &r };
	struct test_rng rng;
	struct vt t;

	(void)state;
	test_rng_init(&rng);
	setup(&r, &t, &rng, 0, UINT64_C(1) << 24);
	run(&r, mutator, arg, 1);
	vt_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_and_unmap_dense),
		cmocka_unit_test(map_and_unmap_sparse),
		cmocka_unit_test(attach_detach_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
