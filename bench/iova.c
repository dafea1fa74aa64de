/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cost of the IOVA allocator through its public calls, on the host's plat. An
 * operation is one alloc and one free. Under callgrind with argument "count
 * ORDER", else time. A space of 48 bits and 4 KiB granules, unless a row says
 * something else.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include <iom/dma/iova.h>
#include <iom/host/host.h>

#include "../bench/bench.h"
#include "lib/test.h"

#define SIZES		19u	/* 4 KiB to 1 GiB */
#define FRAG_OPS	10000000u
#define PAIRS		1000000u

static struct iom_iova *space;

static void require(bool ok)
{
	if (!ok) {
		fprintf(stderr, "iova: a call failed\n");
		exit(1);
	}
}

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static struct iom_iova_cache *open_space(unsigned int bits)
{
	struct iom_iova_cfg cfg = { { 0, (UINT64_C(1) << bits) - 1 }, 12, IOM_IOVA_CACHED_LG2 };
	struct iom_iova_cache *c;

	require(!iom_iova_create(iom_host_plat(), &cfg, &space));
	require(!iom_iova_cache_create(space, &c));
	return c;
}

__attribute__((noinline)) void region_pairs(struct iom_iova_cache *c, uint64_t len_m1,
					    unsigned int n)
{
	struct iom_range r;

	while (n--) {
		require(!iom_iova_alloc(space, c, len_m1, 0, &r));
		iom_iova_free(space, c, r);
	}
}

static double pair_ns(struct iom_iova_cache *c, uint64_t len_m1, unsigned int n)
{
	double t = bench_now_ns();

	region_pairs(c, len_m1, n);
	return (bench_now_ns() - t) / n;
}

/* --- random: free one of n live ranges, allocate another of a random size --- */

/*
 * A live range in one word, since this array is no part of what is measured: its
 * first granule above, its granules minus one in the low 18 bits. 0: none.
 */
static uint64_t *live;

static struct iom_range live_get(uint64_t w)
{
	struct iom_range r = { w >> 18 << 12, 0 };

	r.last = r.start + ((w & ((1u << 18) - 1)) << 12 | 4095);
	return r;
}

/* Log-uniform: each doubling from 4 KiB to 1 GiB as often as the others. */
static uint64_t some_len_m1(struct test_rng *rng, unsigned int order)
{
	uint64_t half = UINT64_C(2048) << order;

	return half + (test_rng_u64(rng) & (half - 1) & ~UINT64_C(4095)) + (order ? 4095 : 2047);
}

static bool take(struct iom_iova_cache *c, struct test_rng *rng, uint64_t *w)
{
	unsigned int order = (unsigned int)((test_rng_u64(rng) >> 32) * SIZES >> 32);
	struct iom_range r;

	if (iom_iova_alloc(space, c, some_len_m1(rng, order), 0, &r))
		return false;
	*w = r.start >> 12 << 18 | (r.last - r.start) >> 12;
	return true;
}

/* In pages of 2 MiB if there are any, as a kernel's memory is. */
static void live_open(size_t n)
{
	size_t huge = (size_t)1 << 21, size = (n * sizeof(*live) + huge - 1) / huge * huge;

	live = aligned_alloc(huge, size);
	require(live);
	madvise(live, size, MADV_HUGEPAGE);
	memset(live, 0, size);
}

static double random_ns(struct iom_iova_cache *c, unsigned int n, unsigned int ops)
{
	double run[5], t;
	struct test_rng rng;
	unsigned int i, k;

	test_rng_seed(&rng, 1);
	for (i = 0; i < n; i++)
		require(take(c, &rng, &live[i]));
	for (k = 0; k < 5; k++) {
		t = bench_now_ns();
		for (i = 0; i < ops; i++) {
			uint64_t *w = &live[(test_rng_u64(&rng) >> 32) * n >> 32];

			iom_iova_free(space, c, live_get(*w));
			require(take(c, &rng, w));
		}
		run[k] = (bench_now_ns() - t) / ops;
	}
	for (i = 0; i < n; i++)
		iom_iova_free(space, c, live_get(live[i]));
	return bench_median(run, 5);
}

static void random_rows(double r_ns)
{
	struct iom_iova_cache *c = open_space(48);
	struct iom_iova_stats st;
	double few, many, t;
	struct iom_range r;
	unsigned int i;

	live_open(1000000);
	few = random_ns(c, 1000, 1000000);
	many = random_ns(c, 1000000, 2000000);
	bench_row("iova_random_1e3_r", few / r_ns, "R", "1e3 live, sizes 4K to 1 GiB, log-uniform");
	bench_row("iova_random_1e6_r", many / r_ns, "R", "1e6 live, the same");
	bench_row("iova_random_1e6_ns", many, "ns", "the same");
	bench_row("iova_random_flat", many / few, "times", "1e6 live over 1e3 live");
	iom_iova_cache_flush(space, c);
	t = bench_now_ns();
	for (i = 0; i < 1000000; i++)
		require(!iom_iova_alloc(space, c, 4095, 0, &r));
	bench_row("iova_fill_ns", (bench_now_ns() - t) / 1000000, "ns",
		  "1e6 allocs of 4K, empty space");
	iom_iova_stats(space, &st);
	bench_row("iova_fill_bytes", (double)st.bytes / 1000000, "bytes",
		  "memory of the allocator for each of these, caches included");
	iom_iova_destroy(space);
	free(live);
}

/* --- two threads, sizes that are not cached --- */

#define BIG_M1	((UINT64_C(3) << 30) - 1)	/* 3 GiB */

struct second {
	struct iom_iova_cache *c;
	atomic_uint go;
	atomic_bool running;
	double ns;
};

static void *second_main(void *arg)
{
	struct second *s = arg;
	double t;
	unsigned long n = 0;

	pin(1);
	while (!atomic_load(&s->go))
		;
	atomic_store(&s->running, true);
	t = bench_now_ns();
	for (; atomic_load_explicit(&s->go, memory_order_relaxed) == 1; n += 1000)
		region_pairs(s->c, BIG_M1, 1000);
	s->ns = (bench_now_ns() - t) / (double)n;
	return NULL;
}

static void two_rows(double r_ns)
{
	struct iom_iova_cache *c = open_space(48);
	double ratio[BENCH_RUNS], one[BENCH_RUNS], ns;
	static _Alignas(128) struct second s;
	pthread_t id;
	int i;

	require(!iom_iova_cache_create(space, &s.c));
	pin(0);
	for (i = 0; i < BENCH_RUNS; i++) {
		one[i] = pair_ns(c, BIG_M1, PAIRS / 4);
		atomic_store(&s.go, 0);
		atomic_store(&s.running, false);
		require(!pthread_create(&id, NULL, second_main, &s));
		atomic_store(&s.go, 1);
		while (!atomic_load(&s.running))
			;
		ns = pair_ns(c, BIG_M1, PAIRS / 4);
		atomic_store(&s.go, 2);
		pthread_join(id, NULL);
		ratio[i] = (ns + s.ns) / 2 / one[i];
	}
	bench_row("iova_uncached_r", bench_median(one, BENCH_RUNS) / r_ns, "R",
		  "hot pair of 3 GiB, which is not cached");
	bench_row("iova_2t", bench_median(ratio, BENCH_RUNS), "times",
		  "the same, two threads in one space over one thread, each its pair");
	iom_iova_destroy(space);
}

/* --- fragmentation: 1 TiB, half of it live, sizes 4 KiB to 1 GiB --- */

static void frag_rows(void)
{
	struct iom_iova_cache *c = open_space(40);
	const unsigned int n = 9200;	/* places, half of them taken */
	unsigned int i, failed = 0;
	struct iom_iova_stats st;
	struct test_rng rng;
	uint64_t *w;

	live_open(n);
	test_rng_seed(&rng, 2);
	for (i = 0; i < FRAG_OPS; i++) {
		w = &live[(test_rng_u64(&rng) >> 32) * n >> 32];
		if (*w) {
			iom_iova_free(space, c, live_get(*w));
			*w = 0;
		} else if (!take(c, &rng, w)) {
			failed++;
		}
	}
	iom_iova_cache_flush(space, c);
	iom_iova_stats(space, &st);
	bench_row("iova_frag_failures", failed, "calls",
		  "1e7 random allocs and frees in 1 TiB, 4K to 1 GiB");
	bench_row("iova_frag_free", (double)st.free / (1u << 18), "GiB", "free at the end of them");
	bench_row("iova_fragmentation", st.largest_valid ?
		  (double)iom_range_len_m1(st.largest) / (1u << 30) : 0, "GiB",
		  "largest free range then");
	iom_iova_destroy(space);
	free(live);
}

int main(int argc, char **argv)
{
	struct iom_iova_cache *c;
	double run[BENCH_RUNS], r_ns;
	struct iom_range r;
	int i;

	if (argc > 2 && !strcmp(argv[1], "count")) {
		c = open_space(48);
		i = atoi(argv[2]);
		/* The first fills the cache, outside of what is counted. */
		require(!iom_iova_alloc(space, c, (UINT64_C(4096) << i) - 1, 0, &r));
		iom_iova_free(space, c, r);
		region_pairs(c, (UINT64_C(4096) << i) - 1, 1000);
		printf("1000\n");
		return 0;
	}
	r_ns = bench_r_ns();
	c = open_space(48);
	for (i = 0; i < BENCH_RUNS; i++)
		run[i] = pair_ns(c, 4095, PAIRS);
	bench_row("iova_pair_r", bench_median(run, BENCH_RUNS) / r_ns, "R", "hot pair of 4K");
	iom_iova_destroy(space);
	random_rows(r_ns);
	two_rows(r_ns);
	frag_rows();
	return 0;
}
