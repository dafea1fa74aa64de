/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads write and read pages while a driver clears their dirty and accessed
 * state and uses the descriptor's software bits, with compare and swap, as
 * drivers do (chapter D8, 3.13). Laws:
 *
 * 1. A write that was done after the CMD_SYNC that followed the clearing is
 *    found in the descriptor.
 * 2. A page that nobody writes never becomes dirty, one that nobody touches
 *    never accessed.
 * 3. What software stored in the descriptor stays: the SMMU swaps, it never
 *    stores what it once read.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x40000000)
#define OUT	UINT64_C(0x100000)		/* nested: IPA of page 0 */
#define PA	UINT64_C(0xabc00000)
#define PAGES	8u		/* 0-5 are written and read, 6 is read, 7 is left alone */
#define WRITTEN	6u
#define TOUCHED	7u
#define THREADS	2u
#define SECONDS	1.0		/* each test; IOM_STEPS bounds it by steps instead */
#define AF	(UINT64_C(1) << 10)
#define DBM	(UINT64_C(1) << 51)
#define SW	(UINT64_C(15) << 55)

struct race {
	struct st t;
	struct st_stream x;
	unsigned int stage;		/* of the descriptors that are watched */
	atomic_uint_least64_t writes[PAGES];	/* done */
	atomic_bool stop;
	uint64_t seed;
};

struct worker {
	struct race *r;
	struct iom_gmem_flat gmem;
	struct iom_smmuv3_port port;
	struct iom_access access;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *worker_main(void *arg)
{
	struct worker *me = arg;
	struct race *r = me->r;
	struct test_rng rng;
	struct iom_run run;
	unsigned int p;
	bool write;

	test_rng_seed(&rng, r->seed + (uint64_t)(uintptr_t)me);
	while (!atomic_load_explicit(&r->stop, memory_order_relaxed)) {
		p = (unsigned int)test_rng_below(&rng, TOUCHED);
		write = p < WRITTEN && test_rng_below(&rng, 4);
		ST_REQUIRE(!iom_gmem_begin(&me->gmem.g));
		iom_access_begin(&me->access);
		ST_REQUIRE(!iom_xlate_translate(&me->port.x, VA + p * 0x1000, 8,
						write ? IOM_ACCESS_WRITE : IOM_ACCESS_READ, &run));
		if (!test_rng_below(&rng, 16))
			sched_yield();
		if (write)
			atomic_fetch_add(&r->writes[p], 1);
		iom_access_end(&me->access);
		iom_gmem_end(&me->gmem.g);
		if (!test_rng_below(&rng, 32))
			sched_yield();
	}
	return NULL;
}

static uint64_t slot_of(struct race *r, unsigned int p)
{
	return r->stage == 1 ? st_slot(&r->t, &r->x.s1, VA + p * 0x1000, 3) :
			       st_slot(&r->t, &r->x.s2, OUT + p * 0x1000, 3);
}

static bool is_dirty(const struct race *r, uint64_t desc)
{
	return r->stage == 1 ? !(desc & ST_S1_RO) : !!(desc & ST_S2_W);
}

static uint64_t cleaned(const struct race *r, uint64_t desc)
{
	desc &= ~AF;
	return r->stage == 1 ? desc | ST_S1_RO : desc & ~ST_S2_W;
}

/* Clears the state of page p and stores `sw` in its bits 58:55. */
static void clear(struct race *r, unsigned int p, uint64_t sw)
{
	struct iom_gmem *g = &r->t.own.g;
	uint64_t was = st_peek(&r->t, slot_of(r, p)), old, want;

	do {
		old = was;
		want = (cleaned(r, old) & ~SW) | sw << 55;
		ST_REQUIRE(!g->ops.cas64(g, slot_of(r, p), &was, want));
	} while (was != old);
	if (r->stage == 1)
		st_tlbi(&r->t, ST_NH_VA, ST_VMID, ST_ASID, VA + p * 0x1000);
	else
		st_cmd(&r->t, ST_S12_VMALL | (uint64_t)ST_VMID << 32, 0);
	st_sync(&r->t);
}

static void look(struct race *r, unsigned int p, uint64_t sw, uint64_t before)
{
	uint64_t done = atomic_load(&r->writes[p]);
	uint64_t desc = st_peek(&r->t, slot_of(r, p));

	ST_REQUIRE((desc & SW) == sw << 55);				/* law 3 */
	if (done != before)
		ST_REQUIRE(is_dirty(r, desc) && (desc & AF));		/* law 1 */
	if (p >= WRITTEN)
		ST_REQUIRE(!is_dirty(r, desc));				/* law 2 */
	if (p >= TOUCHED)
		ST_REQUIRE(!(desc & AF));
}

static void setup(struct race *r, unsigned int config, unsigned int stage)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->stage = stage;
	cfg.idr[0] |= 2u << 6;
	st_open(&r->t, &cfg, BASE);
	if (config == 5)
		st_stream_s1(&r->t, &r->x, 0);
	else
		st_stream_nested(&r->t, &r->x, 0);
	st_set(r->x.cd, 43, 42, 3);
	st_set(r->x.ste, 184, 183, config == 7 ? 3 : 0);
	for (i = 0; i < PAGES; i++) {
		st_map(&r->t, &r->x.s1, VA + i * 0x1000, OUT + i * 0x1000, 3,
		       (ST_S1_RW | DBM | ST_S1_RO) & ~AF);
		if (config == 7)
			st_map(&r->t, &r->x.s2, OUT + i * 0x1000, PA + i * 0x1000, 3,
			       (ST_S2_BASE | ST_S2_R | DBM) & ~AF);
	}
	st_stream_put(&r->t, &r->x);
}

static void race(unsigned int config, unsigned int stage)
{
	static struct race r;
	static struct worker w[THREADS];
	const char *env = getenv("IOM_STEPS");
	unsigned long steps = env ? strtoul(env, NULL, 0) : 0, n, dirty = 0;
	uint64_t before[PAGES] = { 0 }, sw[PAGES] = { 0 };
	pthread_t thread[THREADS];
	struct test_rng rng;
	unsigned int i, p;
	double until;

	setup(&r, config, stage);
	test_rng_init(&rng);
	r.seed = test_rng_u64(&rng);
	for (i = 0; i < THREADS; i++) {
		w[i].r = &r;
		ST_REQUIRE(!iom_gmem_flat_init(&w[i].gmem, BASE, r.t.ram, ST_SIZE));
		ST_REQUIRE(!iom_smmuv3_dev_port_init(&w[i].port, r.t.s, 0, &w[i].gmem.g));
		iom_access_join(&w[i].access, iom_smmuv3_dev_gate(r.t.s));
		assert_int_equal(pthread_create(&thread[i], NULL, worker_main, &w[i]), 0);
	}
	until = now() + SECONDS;
	for (n = 0; steps ? n < steps : now() < until; n++) {
		p = (unsigned int)test_rng_below(&rng, PAGES);
		look(&r, p, sw[p], before[p]);
		dirty += is_dirty(&r, st_peek(&r.t, slot_of(&r, p)));
		if (test_rng_below(&rng, 4))
			continue;
		sw[p] = test_rng_below(&rng, 16);
		clear(&r, p, sw[p]);
		before[p] = atomic_load(&r.writes[p]);
	}
	atomic_store(&r.stop, true);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		iom_access_leave(&w[i].access);
		iom_smmuv3_dev_port_fini(&w[i].port);
	}
	print_message("%lu looks, %lu found it dirty\n", n, dirty);
	for (p = 0; p < PAGES; p++)
		look(&r, p, sw[p], before[p]);
	st_close(&r.t);
}

static void stage_1(void **state)
{
	(void)state;
	race(5, 1);
}

static void nested_stage_1(void **state)
{
	(void)state;
	race(7, 1);
}

static void nested_stage_2(void **state)
{
	(void)state;
	race(7, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage_1),
		cmocka_unit_test(nested_stage_1),
		cmocka_unit_test(nested_stage_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
