/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads translate, hence fill the TLB, while another changes page tables,
 * invalidates and waits for its CMD_SYNC. A page's output address says its
 * generation, so a translation tells which descriptor it comes from. Laws, on
 * what a thread can know (D1, IHI 0070 4.7.3):
 *
 * 1. A descriptor whose CMD_SYNC was complete before an access began is not used.
 * 2. While an access that used it is open, its CMD_SYNC is not complete.
 * 3. A page whose CMD_SYNC was complete before the access began, and that nobody
 *    touched since, goes where the newest descriptor says.
 *
 * The TLB is so small that pages push each other out all the time. Best run
 * under ThreadSanitizer, which watches the data under the laws.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define PAGES	256u
#define READERS	2u
#define SECONDS	1.0	/* each test; IOM_STEPS bounds it by steps instead */

/* Per page: the newest generation of which ... */
struct page {
	atomic_uint_least64_t written;	/* ... the change was begun */
	atomic_uint_least64_t synced;	/* ... the CMD_SYNC was complete */
};

struct race {
	struct st t;
	struct st_tables s1, s2;
	struct page page[PAGES];
	atomic_bool stop;
	atomic_ulong reached, refused;
	unsigned int config;
	bool by_s2;			/* its descriptors change, else those of stage 1 */
	uint64_t seed;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Dense, so that leaves share tables and sets. */
static uint64_t iova_of(unsigned int p)
{
	return UINT64_C(0x40000000) + p * UINT64_C(4096);
}

static uint64_t pa_of(unsigned int p, uint64_t gen)
{
	return (gen << 8 | p) << 12;
}

/* Odd generations are mapped, even ones are not. */
static uint64_t desc_of(unsigned int p, uint64_t gen, uint64_t bits)
{
	return gen & 1 ? pa_of(p, gen & 0xffffff) | bits | 3 : 0;
}

/*
 * Memory that loses time behind a load, now and then: the walk has an old
 * descriptor in hand while the other thread invalidates.
 */
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

	if (!test_rng_below(&IOM_CONTAINER_OF(g, struct slow_gmem, g)->rng, 64))
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
	rc = iom_xlate_translate(&me->port.x, iova_of(p) + 8, 8,
				 IOM_ACCESS_READ | IOM_ACCESS_QUIET, &run);
	if (!rc) {
		gen = run.gpa >> 20;
		ST_REQUIRE(run.gpa == pa_of(p, gen) + 8 && run.len == 8);
		ST_REQUIRE(gen >= synced);				/* law 1 */
		if (!test_rng_below(rng, 64))
			sched_yield();
		ST_REQUIRE(gen >= atomic_load(&r->page[p].synced));	/* law 2 */
		atomic_fetch_add_explicit(&r->reached, 1, memory_order_relaxed);
	} else {
		ST_REQUIRE(rc == IOM_EFAULT);
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

/* The next generation of pages first to last, in memory only. */
static void change(struct race *r, unsigned int first, unsigned int last)
{
	bool by_s2 = r->by_s2;
	unsigned int p;
	uint64_t gen;

	for (p = first; p <= last; p++) {
		gen = atomic_load(&r->page[p].written) + 1;
		atomic_store(&r->page[p].written, gen);
		st_poke(&r->t, st_slot(&r->t, by_s2 ? &r->s2 : &r->s1, iova_of(p), 3),
			desc_of(p, gen, by_s2 ? ST_S2_RW : ST_S1_RW));
	}
}

/* One way of invalidating them. */
static void invalidate(struct race *r, struct test_rng *rng, unsigned int first,
		       unsigned int last)
{
	bool s2 = r->by_s2;
	unsigned int p, how = (unsigned int)test_rng_below(rng, 16);
	uint64_t hint = test_rng_below(rng, 2) ? UINT64_C(1) << 10 | 3 << 8 : 0;
	struct st *t = &r->t;

	if (how == 0 || (how & 1 && s2 && r->config == 7)) {
		st_cmd(t, ST_NSNH_ALL, 0);
	} else if (s2 && r->config == 7) {
		/* Or stage 2, then what was combined with it (4.4.3). */
		st_cmd(t, (how & 2 ? ST_S12_VMALL : ST_S2_IPA) | UINT64_C(7) << 32, iova_of(first));
		for (p = first + 1; !(how & 2) && p <= last; p++)
			st_cmd(t, ST_S2_IPA | UINT64_C(7) << 32, iova_of(p));
		if (!(how & 2))
			st_cmd(t, ST_NH_ALL | UINT64_C(7) << 32, 0);
	} else if (how == 1) {
		st_cmd(t, (s2 ? ST_S12_VMALL : ST_NH_ALL) | UINT64_C(7) << 32, 0);
	} else if (how == 2 && !s2) {
		st_cmd(t, ST_NH_ASID | UINT64_C(7) << 32 | UINT64_C(1) << 48, 0);
	} else if (how == 3) {
		/* A range of 4K pages (4.4.1.1). */
		st_cmd(t, (uint64_t)(s2 ? ST_S2_IPA : ST_NH_VA) | (uint64_t)(last - first) << 12 |
		       UINT64_C(7) << 32 | UINT64_C(1) << 48,
		       iova_of(first) | 1 << 10 | 3 << 8);
	} else {
		/* As a driver does: all of them, then the doorbell. */
		for (p = first; p <= last; p++)
			st_cmd(t, (uint64_t)(s2 ? ST_S2_IPA : ST_NH_VA) | UINT64_C(7) << 32 |
			       UINT64_C(1) << 48, iova_of(p) | hint);
	}
}

static void change_pages(struct race *r, struct test_rng *rng)
{
	unsigned int first = (unsigned int)test_rng_below(rng, PAGES);
	unsigned int last = first + (unsigned int)test_rng_below(rng, 8), p;

	if (last >= PAGES)
		last = PAGES - 1;
	change(r, first, last);
	invalidate(r, rng, first, last);
	/* Now and then the configuration too: ports look for their context again. */
	if (!test_rng_below(rng, 32))
		st_cfgi_ste(&r->t, 0);
	st_sync(&r->t);
	for (p = first; p <= last; p++)
		atomic_store(&r->page[p].synced, atomic_load(&r->page[p].written));
}

static void setup(struct race *r, unsigned int config, bool by_s2)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t ste[8], cd[8], cdptr, off = config == 7 ? BASE : 0, i;
	struct st *t = &r->t;

	memset(r, 0, sizeof(*r));
	r->config = config;
	r->by_s2 = by_s2;
	cfg.tlb_entries = 64;
	st_open(t, &cfg, BASE);
	cdptr = st_alloc(t, 64);
	st_ste_init(ste, config);
	if (config & 2) {
		st_tables_init(t, &r->s2, 2, 12, 44, 0, false, 5);
		/* Nested: what stage 1 gives out, and its tables, by 1G blocks. */
		for (i = 0; config == 7 && !by_s2 && i < 64; i++)
			st_map(t, &r->s2, i << 30, i << 30, 1, ST_S2_RW);
		for (i = 0; config == 7 && i < ST_SIZE; i += 1 << 21)
			st_map(t, &r->s2, (UINT64_C(1) << 42) + i, BASE + i, 2, ST_S2_RW);
	}
	if (config & 1) {
		st_tables_init(t, &r->s1, 1, 12, 48, 0, false, 5);
		r->s1.off = config == 7 ? BASE - (UINT64_C(1) << 42) : 0;
		off = r->s1.off;
		st_cd_init(cd, &r->s1, 1, false);
		st_cd_put(t, cdptr, 0, 0, cd);
		st_ste_s1(ste, cdptr - off, 0, 0, 0);
	}
	/* Also without stage 2 the VMID is a tag. */
	if (config & 2)
		st_ste_s2(ste, &r->s2, 7);
	else
		st_set(ste, 143, 128, 7);
	st_ste_put(t, 0, ste);
	for (i = 0; i < PAGES; i++) {
		st_slot(t, by_s2 ? &r->s2 : &r->s1, iova_of((unsigned int)i), 3);
		if (config == 7 && by_s2)
			st_map(t, &r->s1, iova_of((unsigned int)i), iova_of((unsigned int)i), 3,
			       ST_S1_RW);
	}
}

static void race(unsigned int config, bool by_s2)
{
	static struct race r;
	static struct reader reader[READERS];
	const char *env = getenv("IOM_STEPS");
	unsigned long steps = env ? strtoul(env, NULL, 0) : 0, n;
	pthread_t thread[READERS];
	struct test_rng rng;
	unsigned int i;
	double until;

	setup(&r, config, by_s2);
	test_rng_init(&rng);
	r.seed = test_rng_u64(&rng);
	for (i = 0; i < READERS; i++) {
		reader[i].r = &r;
		slow_init(&reader[i].gmem, r.t.ram, r.seed + i);
		ST_REQUIRE(!iom_smmuv3_dev_port_init(&reader[i].port, r.t.s, 0,
						     &reader[i].gmem.g));
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
		iom_smmuv3_dev_port_fini(&reader[i].port);
	}
	print_message("%lu changes; %lu accesses reached a page, %lu did not\n", n,
		      atomic_load(&r.reached), atomic_load(&r.refused));
	assert_true(atomic_load(&r.reached) && atomic_load(&r.refused));
	st_close(&r.t);
}

static void stage_1(void **state)
{
	(void)state;
	race(5, false);
}

static void stage_2(void **state)
{
	(void)state;
	race(6, true);
}

static void nested(void **state)
{
	(void)state;
	race(7, false);
}

/* What was combined from a step of stage 2 goes with it. */
static void nested_stage_2(void **state)
{
	(void)state;
	race(7, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage_1),
		cmocka_unit_test(stage_2),
		cmocka_unit_test(nested),
		cmocka_unit_test(nested_stage_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
