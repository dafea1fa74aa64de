/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads use a page's translation by an ATC of their own, hence fill it,
 * while a third changes page tables and does what 4.5.1 asks: TLBI, CMD_SYNC,
 * ATC_INV, CMD_SYNC. A page's output address says its generation. Laws:
 *
 * 1. A descriptor whose last CMD_SYNC was complete before an access began is
 *    not used.
 * 2. While an access that used it is open, that CMD_SYNC is not complete.
 * 3. A page that nobody has touched since goes where the newest descriptor says.
 *
 * Best run under ThreadSanitizer. It fails within a second if the filler does not
 * look at gen, or ATC_INV does not add to it.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include <iom/dev/smmuv3_atc.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define PAGES	64u
#define READERS	2u
#define SECONDS	1.0	/* each test; IOM_STEPS bounds it by steps instead */

struct page {
	atomic_uint_least64_t written;	/* newest generation of which the change was begun */
	atomic_uint_least64_t synced;	/* ... of which the last CMD_SYNC was complete */
};

struct race {
	struct st t;
	struct st_stream x;
	struct page page[PAGES];
	atomic_bool stop;
	atomic_ulong reached, refused;
	uint64_t seed;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t iova_of(unsigned int p)
{
	return UINT64_C(0x7f0000000000) + p * UINT64_C(4096);
}

static uint64_t out_of(unsigned int p, uint64_t gen)
{
	return UINT64_C(1) << 38 | gen << 18 | p << 12;
}

/* Memory that loses time behind a load, now and then. */
struct slow_gmem {
	struct iom_gmem g;
	struct iom_gmem_flat flat;
	struct test_rng rng;
};

static struct iom_gmem *below(struct iom_gmem *g)
{
	return &IOM_CONTAINER_OF(g, struct slow_gmem, g)->flat.g;
}

static int slow_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	return below(g)->ops.read(below(g), addr, buf, len);
}

static int slow_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	return below(g)->ops.write(below(g), addr, buf, len);
}

static int slow_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	int rc = below(g)->ops.load(below(g), addr, size, val);

	if (!test_rng_below(&IOM_CONTAINER_OF(g, struct slow_gmem, g)->rng, 32))
		sched_yield();
	return rc;
}

static int slow_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	return below(g)->ops.store(below(g), addr, size, val);
}

static void slow_init(struct slow_gmem *m, uint8_t *ram, uint64_t seed)
{
	static const struct iom_gmem_ops ops = { .read = slow_read, .write = slow_write,
						 .load = slow_load, .store = slow_store };

	test_rng_seed(&m->rng, seed);
	ST_REQUIRE(!iom_gmem_flat_init(&m->flat, BASE, ram, ST_SIZE));
	ST_REQUIRE(!iom_gmem_init(&m->g, &ops));
}

struct reader {
	struct race *r;
	struct slow_gmem gmem;
	struct iom_smmuv3_port port;
	struct iom_smmuv3_atc atc;
	struct iom_access access;
};

static void read_page(struct reader *me, struct test_rng *rng, unsigned int p)
{
	struct race *r = me->r;
	uint64_t synced = atomic_load(&r->page[p].synced), written, gen = 0;
	struct iom_run run;
	int rc;

	ST_REQUIRE(!iom_gmem_begin(&me->gmem.g));
	iom_access_begin(&me->access);
	rc = iom_xlate_translate(&me->atc.x, iova_of(p) + 8, 8,
				 IOM_ACCESS_READ | IOM_ACCESS_QUIET, &run);
	if (!rc) {
		gen = run.gpa >> 18 & 0x7ffff;
		ST_REQUIRE(run.gpa == out_of(p, gen) + 8 && run.len == 8);
		ST_REQUIRE(gen >= synced);				/* law 1 */
		if (!test_rng_below(rng, 64))
			sched_yield();
		ST_REQUIRE(gen >= atomic_load(&r->page[p].synced));	/* law 2 */
		atomic_fetch_add_explicit(&r->reached, 1, memory_order_relaxed);
	} else {
		atomic_fetch_add_explicit(&r->refused, 1, memory_order_relaxed);
	}
	iom_access_end(&me->access);
	iom_gmem_end(&me->gmem.g);
	written = atomic_load(&r->page[p].written);
	if (written == synced)						/* law 3 */
		ST_REQUIRE(synced & 1 ? gen == synced : !gen);
}

static void *reader_main(void *arg)
{
	struct reader *me = arg;
	struct test_rng rng;

	test_rng_seed(&rng, me->r->seed + (uint64_t)(uintptr_t)me);
	while (!atomic_load_explicit(&me->r->stop, memory_order_relaxed)) {
		read_page(me, &rng, (unsigned int)test_rng_below(&rng, PAGES));
		if (!test_rng_below(&rng, 32))
			sched_yield();
	}
	return NULL;
}

/* 2^size pages at first: odd generations are mapped, even ones are not. */
static void change_pages(struct race *r, struct test_rng *rng)
{
	unsigned int size = (unsigned int)test_rng_below(rng, 3), n = 1u << size;
	unsigned int first = (unsigned int)test_rng_below(rng, PAGES / n) * n, p;
	struct st *t = &r->t;
	uint64_t gen;

	for (p = first; p < first + n; p++) {
		gen = atomic_load(&r->page[p].written) + 1;
		atomic_store(&r->page[p].written, gen);
		st_poke(t, st_slot(t, &r->x.s1, iova_of(p), 3),
			gen & 1 ? out_of(p, gen & 0x7ffff) | ST_S1_RW | 3 : 0);
		st_tlbi(t, ST_NH_VA, ST_VMID, ST_ASID, iova_of(p));
	}
	if (!test_rng_below(rng, 32))
		st_cfgi_ste(t, 0);
	st_sync(t);
	st_cmd(t, ST_ATC_INV, iova_of(first) | size);
	st_sync(t);
	for (p = first; p < first + n; p++)
		atomic_store(&r->page[p].synced, atomic_load(&r->page[p].written));
}

/* Nested: what stage 1 gives out is mapped as it is, by blocks. */
static void setup(struct race *r, bool split)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st *t = &r->t;
	unsigned int i;

	memset(r, 0, sizeof(*r));
	iom_smmuv3_dev_ats_idr(cfg.idr);
	st_open(t, &cfg, BASE);
	st_w(t, ST_CR0, 0x1d);
	if (split)
		st_stream_nested(t, &r->x, 0);
	else
		st_stream_s1(t, &r->x, 0);
	for (i = 0; split && i < 512; i++) {
		if ((uint64_t)i << 30 != ST_IPA)
			st_map(t, &r->x.s2, (uint64_t)i << 30, (uint64_t)i << 30, 1, ST_S2_RW);
	}
	st_set(r->x.ste, 93, 92, split ? 2 : 1);
	st_stream_put(t, &r->x);
	for (i = 0; i < PAGES; i++)
		st_slot(t, &r->x.s1, iova_of(i), 3);
}

static void race(bool split)
{
	static struct race r;
	static struct reader reader[READERS];
	const char *env = getenv("IOM_STEPS");
	unsigned long steps = env ? strtoul(env, NULL, 0) : 0, n;
	pthread_t thread[READERS];
	struct test_rng rng;
	unsigned int i;
	double until;

	setup(&r, split);
	test_rng_init(&rng);
	r.seed = test_rng_u64(&rng);
	for (i = 0; i < READERS; i++) {
		reader[i].r = &r;
		slow_init(&reader[i].gmem, r.t.ram, r.seed + i);
		ST_REQUIRE(!iom_smmuv3_dev_port_init(&reader[i].port, r.t.s, 0,
						     &reader[i].gmem.g));
		/* The second is so small that pages push each other out. */
		ST_REQUIRE(!iom_smmuv3_atc_init(&reader[i].atc, &reader[i].port,
						i ? 16 : 1024));
		iom_access_join(&reader[i].access, iom_smmuv3_dev_gate(r.t.s));
		assert_int_equal(pthread_create(&thread[i], NULL, reader_main, &reader[i]), 0);
	}
	until = now() + SECONDS;
	for (n = 0; steps ? n < steps : now() < until; n++)
		change_pages(&r, &rng);
	atomic_store(&r.stop, true);
	for (i = 0; i < READERS; i++) {
		pthread_join(thread[i], NULL);
		iom_access_leave(&reader[i].access);
		iom_smmuv3_atc_fini(&reader[i].atc);
		iom_smmuv3_dev_port_fini(&reader[i].port);
	}
	print_message("%lu changes; %lu accesses reached a page, %lu did not\n", n,
		      atomic_load(&r.reached), atomic_load(&r.refused));
	assert_true(atomic_load(&r.reached) && atomic_load(&r.refused));
	st_close(&r.t);
}

static void full(void **state)
{
	(void)state;
	race(false);
}

static void split_stage(void **state)
{
	(void)state;
	race(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full),
		cmocka_unit_test(split_stage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
