/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Costs of the SMMUv3 model: hits by the port's iom_xlate, with stream look-up and
 * permission check; misses; TLB invalidations from queue to effect. Time without
 * arguments, else "count WHAT" under callgrind, which counts inside region_*.
 *
 * 4K pages, reads of 64 bytes, tables in host memory, locks of the host's plat
 * in a process that has threads.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <iom/dev/smmuv3_atc.h>
#include <iom/dev/smmuv3_strict.h>
#include <iom/host/host.h>

#include "../bench/bench.h"
#include "lib/smmu_stall.h"
#include "lib/test.h"

#define PICKS	(1u << 16)
#define BASE	UINT64_C(0x80000000)		/* of memory */
#define OUT	UINT64_C(0x1000000000)		/* where pages go to, an IPA under stage 2 */
#define TOP	(UINT64_C(1) << 32)		/* as Linux: IOVAs from here downwards */
#define LAPS	16u
#define BATCH	32u				/* commands a doorbell */
#define PAGE	UINT64_C(4096)

static uint64_t pick[PICKS];			/* addresses to look up */
static volatile uint64_t sink;

static const struct iom_smmuv3_strict_cfg *strict;	/* of the next world; NULL: not strict */

struct world {
	struct st t;
	struct st_tables s1, s2;
	unsigned int stages;			/* STE.Config: 5, 6, 7 */
};

/* One stream through stage 1, 2 or both. tlb 0: the default size. */
static void open_world(struct world *w, unsigned int config, unsigned int tlb)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t ste[8], cd[8], cdptr, off = config == 7 ? BASE : 0, i;
	struct st *t = &w->t;

	memset(w, 0, sizeof(*w));
	w->stages = config;
	cfg.plat = iom_host_plat();
	iom_smmuv3_dev_ats_idr(cfg.idr);
	cfg.tlb_entries = tlb;
	cfg.config_entries = 0;
	cfg.strict = strict;
	st_open(t, &cfg, BASE);
	cdptr = st_alloc(t, 64);
	st_ste_init(ste, config);
	if (config & 2) {
		st_tables_init(t, &w->s2, 2, 12, 48, 0, false, 5);
		st_ste_s2(ste, &w->s2, 7);
		/* CD and tables of stage 1 stand at IPA 0 and on, in pages. */
		for (i = 0; config == 7 && i < ST_SIZE; i += PAGE)
			st_map(t, &w->s2, i, BASE + i, 3, ST_S2_RW);
	}
	if (config & 1) {
		st_tables_init(t, &w->s1, 1, 12, 48, 0, false, 5);
		w->s1.off = off;
		st_cd_init(cd, &w->s1, 1, false);
		st_cd_put(t, cdptr, 0, 0, cd);
		st_ste_s1(ste, cdptr - off, 0, 0, 0);
	}
	st_ste_put(t, 0, ste);
}

/* Both stages map by pages; stage 1's page goes to the one at OUT. */
static void map_page(struct world *w, uint64_t iova, unsigned int i)
{
	if (w->stages & 1)
		st_map(&w->t, &w->s1, iova, OUT + i * PAGE, 3, ST_S1_RW);
	if (w->stages == 7)
		st_map(&w->t, &w->s2, OUT + i * PAGE, 2 * OUT + i * PAGE, 3, ST_S2_RW);
	if (w->stages == 6)
		st_map(&w->t, &w->s2, iova, OUT + i * PAGE, 3, ST_S2_RW);
}

static uint64_t nth(unsigned int i)
{
	return TOP - PAGE * (1 + i);
}

/* n adjacent pages, looked up at random. */
static void adjacent(struct world *w, unsigned int n)
{
	struct test_rng rng;
	unsigned int i;

	test_rng_seed(&rng, 1);
	for (i = 0; i < n; i++)
		map_page(w, nth(i), i);
	for (i = 0; i < PICKS; i++)
		pick[i] = nth((unsigned int)test_rng_below(&rng, n)) +
			  64 * test_rng_below(&rng, 64);
}

/* n pages anywhere in 1 GiB, looked up at random. */
static void scattered(struct world *w, unsigned int n)
{
	static uint64_t iova[PICKS];
	struct test_rng rng;
	unsigned int i;

	test_rng_seed(&rng, 2);
	for (i = 0; i < n; i++) {
		iova[i] = nth((unsigned int)test_rng_below(&rng, 1u << 18));
		map_page(w, iova[i], i);
	}
	for (i = 0; i < PICKS; i++)
		pick[i] = iova[test_rng_below(&rng, n)] + 64 * test_rng_below(&rng, 64);
}

/* All picks are different pages, in random order: no small TLB has the next one. */
static void different(struct world *w)
{
	struct test_rng rng;
	unsigned int i, k;
	uint64_t at;

	test_rng_seed(&rng, 3);
	for (i = 0; i < PICKS; i++) {
		map_page(w, nth(i), i);
		pick[i] = nth(i);
	}
	for (i = PICKS - 1; i; i--) {
		k = (unsigned int)test_rng_below(&rng, i + 1);
		at = pick[i];
		pick[i] = pick[k];
		pick[k] = at;
	}
}

/* --- look-ups --- */

struct reader {
	struct iom_xlate *x;
	struct iom_access *access;
	struct iom_gmem *gmem;
};

static struct reader first_reader(struct world *w)
{
	return (struct reader){ &w->t.port.x, &w->t.access, &w->t.dma.g };
}

/* The first n picks. Not inlined: callgrind counts inside by name. */
__attribute__((noinline)) uint64_t region_lookup(const struct reader *r, unsigned int n)
{
	struct iom_run run = { 0, 0, 0 };
	const uint64_t *p, *end = pick + n;
	struct iom_xlate *x = r->x;
	uint64_t sum = 0;

	for (p = pick; p < end; p++) {
		if (iom_xlate_translate(x, *p, 64, IOM_ACCESS_READ, &run))
			abort();
		sum += run.gpa;
	}
	return sum;
}

static uint64_t look_up(const struct reader *r, unsigned int n)
{
	uint64_t sum;

	ST_REQUIRE(!iom_gmem_begin(r->gmem));
	iom_access_begin(r->access);
	sum = region_lookup(r, n);
	iom_access_end(r->access);
	iom_gmem_end(r->gmem);
	return sum;
}

static void warm(const struct reader *r)
{
	sink += look_up(r, PICKS);
	sink += look_up(r, PICKS);
}

static double misses(struct world *w)
{
	struct iom_smmuv3_stats st;

	iom_smmuv3_dev_stats(w->t.s, &st);
	return (double)st.tlb_misses;
}

/* Stage 1, all in the TLB. blocks: what is looked up are 2M blocks, a page is there too. */
static void count_hits(bool blocks)
{
	struct reader r;
	struct world w;
	unsigned int i;
	double before;

	open_world(&w, 5, 0);
	adjacent(&w, 1000);
	for (i = 0; blocks && i < 64; i++)
		st_map(&w.t, &w.s1, TOP + ((uint64_t)i << 21), OUT, 2, ST_S1_RW);
	for (i = 0; blocks && i < PICKS; i++)
		pick[i] = TOP + ((pick[i] << 6) & ((UINT64_C(64) << 21) - 1));
	/* Not by the region, which counts. */
	for (i = 0; i < PICKS; i++)
		ST_REQUIRE(!st_xlate(&w.t, pick[i], ST_R).rc && !st_xlate(&w.t, nth(0), ST_R).rc);
	r = first_reader(&w);
	before = misses(&w);
	sink += look_up(&r, 10000);
	ST_REQUIRE(misses(&w) == before);
	st_close(&w.t);
	printf("10000\n");
}

static void count_misses(unsigned int config, unsigned int tlb)
{
	struct reader r;
	struct world w;
	double before;

	open_world(&w, config, tlb);
	different(&w);
	r = first_reader(&w);
	ST_REQUIRE(!st_xlate(&w.t, nth(0), ST_R).rc);
	before = misses(&w);
	sink += look_up(&r, 10000);
	ST_REQUIRE(misses(&w) - before >= 9990);
	st_close(&w.t);
	printf("10000\n");
}

/* The same pages by an endpoint's ATC: full ATS (EATS 1), or split-stage (2). */
static void count_atc(unsigned int eats)
{
	static struct iom_smmuv3_atc atc;
	uint64_t ste[8], requests;
	struct reader r;
	struct world w;
	unsigned int i;

	open_world(&w, eats == 1 ? 5 : 7, 0);
	st_w(&w.t, ST_CR0, 0x1d);
	for (i = 0; i < 8; i++)
		ste[i] = st_peek(&w.t, w.t.strtab + 8 * i);
	st_set(ste, 93, 92, eats);
	st_ste_put(&w.t, 0, ste);
	adjacent(&w, 1000);
	ST_REQUIRE(!iom_smmuv3_atc_init(&atc, &w.t.port, 4096));
	r = (struct reader){ &atc.x, &w.t.access, &w.t.dma.g };
	/* Not by the region, which counts. */
	ST_REQUIRE(!iom_gmem_begin(r.gmem));
	iom_access_begin(r.access);
	for (i = 0; i < PICKS; i++) {
		struct iom_run run;

		ST_REQUIRE(!iom_xlate_translate(r.x, pick[i], 64, IOM_ACCESS_READ, &run));
	}
	iom_access_end(r.access);
	iom_gmem_end(r.gmem);
	requests = atc.requests;
	sink += look_up(&r, 10000);
	ST_REQUIRE(atc.requests == requests);
	iom_smmuv3_atc_fini(&atc);
	st_close(&w.t);
	printf("10000\n");
}

/* Nested, and each look-up finds the TLB empty. */
static void count_cold(void)
{
	struct reader r;
	struct world w;
	unsigned int i;

	open_world(&w, 7, 0);
	different(&w);
	r = first_reader(&w);
	ST_REQUIRE(!st_xlate(&w.t, nth(0), ST_R).rc);
	for (i = 0; i < 200; i++) {
		st_cmd(&w.t, ST_NSNH_ALL, 0);
		st_sync(&w.t);
		pick[0] = nth(i);
		sink += look_up(&r, 1);
	}
	st_close(&w.t);
	printf("200\n");
}

/* Nanoseconds of a look-up; *missed: the share that missed. */
static double time_lookups(unsigned int config, unsigned int tlb,
			   void (*fill)(struct world *, unsigned int), unsigned int n,
			   double *missed)
{
	double run[BENCH_RUNS], t0, before;
	struct reader r;
	struct world w;
	unsigned int k;
	int i;

	open_world(&w, config, tlb);
	if (fill)
		fill(&w, n);
	else
		different(&w);
	r = first_reader(&w);
	warm(&r);
	before = misses(&w);
	for (i = 0; i < BENCH_RUNS; i++) {
		t0 = bench_now_ns();
		for (k = 0; k < LAPS; k++)
			sink += look_up(&r, PICKS);
		run[i] = (bench_now_ns() - t0) / LAPS / PICKS;
	}
	*missed = (misses(&w) - before) / BENCH_RUNS / LAPS / PICKS;
	st_close(&w.t);
	return bench_median(run, BENCH_RUNS);
}

/* Nanoseconds of a look-up, of some thousand: the strict model is not for speed. */
static double time_few(const struct iom_smmuv3_strict_cfg *how)
{
	double run[BENCH_RUNS], t0;
	struct reader r;
	struct world w;
	int i;

	strict = how;
	open_world(&w, 5, 0);
	strict = NULL;
	adjacent(&w, 1000);
	r = first_reader(&w);
	sink += look_up(&r, 4096);
	for (i = 0; i < BENCH_RUNS; i++) {
		t0 = bench_now_ns();
		sink += look_up(&r, 4096);
		run[i] = (bench_now_ns() - t0) / 4096;
	}
	st_close(&w.t);
	return bench_median(run, BENCH_RUNS);
}

static void strict_row(void)
{
	const struct iom_smmuv3_strict_cfg how = { .seed = 1 };
	double off = time_few(NULL), on = time_few(&how);

	bench_row("strict_slowdown", on / off, "times",
		  "hits of 1e3 pages in the strict model over the same in the other");
}

static void single_rows(void)
{
	double m1, m8, ms, mm, hit, hit8, scat, miss, r = bench_r_ns();

	hit = time_lookups(5, 0, adjacent, 1000, &m1);
	hit8 = time_lookups(5, 0, adjacent, 8192, &m8);
	scat = time_lookups(5, 0, scattered, 8192, &ms);
	miss = time_lookups(5, 64, NULL, 0, &mm);
	bench_row("smmu_hit_r", hit / r, "R", "hit, stage 1, 1e3 pages of 4K, random, independent");
	bench_row("smmu_hit_ns", hit, "ns", "the same");
	bench_row("smmu_hit_r_8k", hit8 / r, "R", "the same, 8,192 adjacent pages");
	bench_row("smmu_hit_8k_missed", 100 * m8, "%", "of these that missed");
	bench_row("smmu_hit_r_8k_scattered", scat / r, "R", "8,192 pages anywhere in 1 GiB");
	bench_row("smmu_hit_8k_scattered_missed", 100 * ms, "%", "of these that missed");
	bench_row("smmu_miss_ns", miss, "ns", "miss, stage 1, four levels, 65,536 pages");
}

/* --- two threads --- */

struct second {
	struct iom_smmuv3_port port;
	struct iom_gmem_flat gmem;
	struct iom_access access;
	struct reader r;
	atomic_int go;		/* 1: begin, 2: stop */
	atomic_bool running;
	double ns;		/* a look-up */
};

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *second_main(void *arg)
{
	struct second *s = arg;
	unsigned long n = 0;
	double begin;

	pin(1);
	while (!atomic_load(&s->go))
		;
	warm(&s->r);
	atomic_store(&s->running, true);
	begin = bench_now_ns();
	while (atomic_load_explicit(&s->go, memory_order_relaxed) == 1) {
		sink += look_up(&s->r, PICKS);
		n += PICKS;
	}
	s->ns = n ? (bench_now_ns() - begin) / (double)n : 0;
	return NULL;
}

static double alone(const struct reader *r)
{
	double t0 = bench_now_ns();
	unsigned int k;

	for (k = 0; k < 2 * LAPS; k++)
		sink += look_up(r, PICKS);
	return (bench_now_ns() - t0) / (2 * LAPS) / PICKS;
}

static double beside(struct second *s, const struct reader *r)
{
	pthread_t thread;
	double ns;

	atomic_store(&s->go, 0);
	atomic_store(&s->running, false);
	ST_REQUIRE(!pthread_create(&thread, NULL, second_main, s));
	atomic_store(&s->go, 1);
	while (!atomic_load(&s->running))
		;
	ns = alone(r);
	atomic_store(&s->go, 2);
	pthread_join(thread, NULL);
	return ns;
}

static void double_rows(void)
{
	double two[BENCH_RUNS], one, ns;
	static struct second s;
	struct reader r;
	struct world w;
	int i;

	open_world(&w, 5, 0);
	adjacent(&w, 1000);
	r = first_reader(&w);
	ST_REQUIRE(!iom_gmem_flat_init(&s.gmem, BASE, w.t.ram, ST_SIZE));
	ST_REQUIRE(!iom_smmuv3_dev_port_init(&s.port, w.t.s, 0, &s.gmem.g));
	iom_access_join(&s.access, iom_smmuv3_dev_gate(w.t.s));
	s.r = (struct reader){ &s.port.x, &s.access, &s.gmem.g };
	warm(&r);
	for (i = 0; i < BENCH_RUNS; i++) {
		one = alone(&r);
		ns = beside(&s, &r);
		two[i] = one / ns + one / s.ns;
	}
	bench_row("smmu_hit_2t", bench_median(two, BENCH_RUNS), "times",
		  "hits of two threads over one, the same stream");
	iom_access_leave(&s.access);
	iom_smmuv3_dev_port_fini(&s.port);
	st_close(&w.t);
}

/* --- invalidations --- */

/* The doorbell: returns when the commands have taken effect. */
__attribute__((noinline)) void region_doorbell(struct st *t, uint32_t prod)
{
	ST_REQUIRE(!iom_smmuv3_dev_write(t->s, ST_CMDQ_PROD, 4, prod));
}

/* n commands; their words by next(i). */
static void commands(struct st *t, unsigned int from, unsigned int n,
		     void (*next)(unsigned int i, uint64_t w[2]))
{
	uint32_t prod = (uint32_t)st_r(t, ST_CMDQ_PROD), size = 1u << ST_CMDQ_LG2, i;
	uint64_t w[2], at;

	for (i = 0; i < n; i++) {
		next(from + i, w);
		at = t->cmdq + 16 * (uint64_t)((prod + i) & (size - 1));
		st_poke(t, at, w[0]);
		st_poke(t, at + 8, w[1]);
	}
	region_doorbell(t, (prod + n) & (2 * size - 1));
	ST_REQUIRE(st_r(t, ST_CMDQ_CONS) == st_r(t, ST_CMDQ_PROD));
}

/* 4.4: TG 4K, TTL 3, one page. */
static void page_hint(unsigned int i, uint64_t w[2])
{
	w[0] = ST_NH_VA | UINT64_C(1) << 48;
	w[1] = nth(i) | 1 << 10 | 3 << 8;
}

static void page_plain(unsigned int i, uint64_t w[2])
{
	w[0] = ST_NH_VA | UINT64_C(1) << 48;
	w[1] = nth(i);
}

/* No command is like the one before it. */
static void page_mixed(unsigned int i, uint64_t w[2])
{
	page_hint(i, w);
	if (i & 1)
		w[0] = ST_NH_VAA;
}

static void whole_asid(unsigned int i, uint64_t w[2])
{
	(void)i;
	w[0] = ST_NH_ASID | UINT64_C(1) << 48;
	w[1] = 0;
}

static void whole_vmid(unsigned int i, uint64_t w[2])
{
	(void)i;
	w[0] = ST_NH_ALL;
	w[1] = 0;
}

/*
 * live pages are cached, and with blocks also a 2M and a 1G block. Each round
 * invalidates, whole: once, else BATCH pages; then what went is cached again.
 */
static void count_tlbi(unsigned int live, bool blocks,
		       void (*next)(unsigned int i, uint64_t w[2]), bool whole)
{
	unsigned int round, i, rounds = whole ? 10 : 30, n = whole ? 1 : BATCH;
	struct world w;

	open_world(&w, 5, 0);
	for (i = 0; i < live; i++)
		map_page(&w, nth(i), i);
	st_map(&w.t, &w.s1, TOP, OUT, 2, ST_S1_RW);
	st_map(&w.t, &w.s1, 2 * TOP, OUT, 1, ST_S1_RW);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < live; i++)
			ST_REQUIRE(!st_xlate(&w.t, nth(i), ST_R).rc);
		if (blocks)
			ST_REQUIRE(!st_xlate(&w.t, TOP, ST_R).rc &&
				   !st_xlate(&w.t, 2 * TOP, ST_R).rc);
		commands(&w.t, round * n, n, next);
	}
	st_close(&w.t);
	printf("%u\n", rounds * n);
}

/* --- stalls --- */

/* A fault that is held, its record, the RESUME, and the transaction asked again. */
__attribute__((noinline)) void region_stall(struct st_world *w, uint64_t iova)
{
	uint32_t prod = (uint32_t)st_r(&w->t, ST_CMDQ_PROD), size = 1u << ST_CMDQ_LG2;
	uint64_t at = w->t.cmdq + 16 * (uint64_t)(prod & (size - 1));

	ST_REQUIRE(st_dev_go(&w->d, iova, ST_R).rc == IOM_EAGAIN);
	st_poke(&w->t, at, ST_RESUME | ST_ABORT);
	st_poke(&w->t, at + 8, w->d.port.stag);
	region_doorbell(&w->t, (prod + 1) & (2 * size - 1));
	ST_REQUIRE(st_dev_go(&w->d, iova, ST_R).rc == IOM_EFAULT);
}

static void count_stalls(void)
{
	unsigned int i, n = 1000;
	struct st_world w;
	uint64_t ev[4];

	st_world_s1(&w, 64);
	for (i = 0; i < n; i++) {
		region_stall(&w, TOP);
		ST_REQUIRE(st_event(&w.t, ev));
	}
	st_world_close(&w);
	printf("%u\n", n);
}

/* --- memory --- */

static void memory_row(void)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st t;
	double bytes;

	cfg.tlb_entries = cfg.config_entries = 0;
	st_open_off(&t, &cfg, BASE);
	bytes = (double)plat_test_live_bytes(&t.pt);
	bench_row("bytes_per_instance", bytes, "bytes", "default caches, one port included");
	st_close(&t);
}

static void count(const char *what)
{
	if (!strcmp(what, "hit"))
		count_hits(false);
	else if (!strcmp(what, "hit2m"))
		count_hits(true);
	else if (!strcmp(what, "atc"))
		count_atc(1);
	else if (!strcmp(what, "atc_split"))
		count_atc(2);
	else if (!strcmp(what, "miss1"))
		count_misses(5, 64);
	else if (!strcmp(what, "miss2"))
		count_misses(6, 64);
	else if (!strcmp(what, "miss3"))
		count_misses(7, 64);
	else if (!strcmp(what, "cold"))
		count_cold();
	else if (!strcmp(what, "page"))
		count_tlbi(8192, true, page_hint, false);
	else if (!strcmp(what, "page_plain"))
		count_tlbi(8192, true, page_plain, false);
	else if (!strcmp(what, "page_mixed"))
		count_tlbi(8192, true, page_mixed, false);
	else if (!strcmp(what, "asid64"))
		count_tlbi(64, false, whole_asid, true);
	else if (!strcmp(what, "asid8k"))
		count_tlbi(8192, false, whole_asid, true);
	else if (!strcmp(what, "vmid64"))
		count_tlbi(64, false, whole_vmid, true);
	else if (!strcmp(what, "vmid8k"))
		count_tlbi(8192, false, whole_vmid, true);
	else if (!strcmp(what, "stall"))
		count_stalls();
	else
		abort();
}

static void *idle(void *arg)
{
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	/* Locks cost what they cost in a process that has threads. */
	ST_REQUIRE(!pthread_create(&thread, NULL, idle, NULL));
	pthread_join(thread, NULL);
	if (argc > 2 && !strcmp(argv[1], "count")) {
		count(argv[2]);
		return 0;
	}
	pin(0);
	single_rows();
	strict_row();
	double_rows();
	memory_row();
	return 0;
}
