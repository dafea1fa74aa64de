/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Costs of page tables, through iom/pt/pt.h with all its checks: VMSAv8-64 stage 1,
 * 4K granule, 48 bits, four levels, a coherent walker, pointers as addresses. An
 * unmap is followed by what a caller does with its gather, but for the hardware.
 * Time without arguments, else "count WHAT" under callgrind, which counts inside
 * region_*.
 */
#include <string.h>

#include <iom/pt/pt.h>

#include "../bench/bench.h"
#include "lib/test.h"

#define PAGE	UINT64_C(4096)
#define BLOCK	(PAGE * 512)
#define PAGES	(1u << 18)		/* 1 GiB */
#define BASE	UINT64_C(0x1000000000)	/* input addresses from here on */
#define OUT	UINT64_C(0x8000003000)	/* output addresses: no block and no set fits */
#define LAPS	2000u
#define PROT	(IOM_PT_READ | IOM_PT_WRITE | IOM_PT_CACHE)

#define MUST(rc) \
	do { \
		if (rc) { \
			fprintf(stderr, "%s:%d: failed\n", __FILE__, __LINE__); \
			abort(); \
		} \
	} while (0)

static uint32_t order[PAGES];		/* pages in random order */
static struct iom_pt pt;
static struct iom_dmem mem;
static volatile uint64_t sink;
static _Alignas(4096) _Atomic(uint64_t) floor_table[512];

/* --- table memory: a free list, zeroed when it is given out ------------------- */

static void *spare;

static int bench_alloc(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa)
{
	void *t = spare;
	size_t i;

	(void)m;
	if (t && size == PAGE)
		memcpy(&spare, t, sizeof(spare));
	else
		t = aligned_alloc(align, size);
	if (!t)
		return IOM_ENOMEM;
	/* not memset(): callgrind counts what that does as an instruction a byte */
	for (i = 0; i < size / 8; i++)
		atomic_store_explicit((_Atomic(uint64_t) *)t + i, 0, memory_order_relaxed);
	*virt = t;
	*pa = (uint64_t)(uintptr_t)t;
	return IOM_OK;
}

static void bench_free(struct iom_dmem *m, void *virt, uint64_t pa, size_t size)
{
	(void)m;
	(void)pa;
	if (size != PAGE) {
		free(virt);
		return;
	}
	memcpy(virt, &spare, sizeof(spare));
	spare = virt;
}

static void open_pt(void)
{
	const struct iom_dmem_ops ops = { .alloc = bench_alloc, .free = bench_free };
	const struct iom_pt_cfg cfg = {
		.format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 48, .oa_bits = 48,
	};
	struct test_rng rng;
	uint32_t i, k, t;

	MUST(iom_dmem_init(&mem, &ops));
	MUST(iom_pt_init(&pt, &mem, &cfg));
	test_rng_seed(&rng, 1);
	for (i = 0; i < PAGES; i++)
		order[i] = i;
	for (i = PAGES - 1; i; i--) {
		k = (uint32_t)test_rng_below(&rng, i + 1);
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

static struct iom_range at(uint64_t off, uint64_t len)
{
	return (struct iom_range){ BASE + off, BASE + off + len - 1 };
}

/* --- regions ------------------------------------------------------------------ */

/* A mapping made and taken away, over and over; something else keeps the tables there. */
static __attribute__((noinline)) void region_pair(uint64_t off, uint64_t len, uint64_t oa)
{
	struct iom_pt_gather g;
	unsigned int i;

	for (i = 0; i < LAPS; i++) {
		MUST(iom_pt_map(&pt, at(off, len), oa, PROT));
		iom_pt_gather_init(&g);
		MUST(iom_pt_unmap(&pt, at(off, len), &g));
		iom_pt_gather_free(&pt, &g);
	}
}

static __attribute__((noinline)) void region_map(void)
{
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		MUST(iom_pt_map(&pt, at(order[i] * PAGE, PAGE), OUT + order[i] * PAGE, PROT));
}

static __attribute__((noinline)) void region_unmap(void)
{
	struct iom_pt_gather g;
	uint32_t i;

	for (i = 0; i < PAGES; i++) {
		iom_pt_gather_init(&g);
		MUST(iom_pt_unmap(&pt, at(order[i] * PAGE, PAGE), &g));
		iom_pt_gather_free(&pt, &g);
	}
}

static __attribute__((noinline)) void region_lookup(void)
{
	uint64_t sum = 0, oa = 0;
	uint32_t i;

	for (i = 0; i < PAGES; i++) {
		MUST(iom_pt_lookup(&pt, BASE + order[i] * PAGE, &oa));
		sum += oa;
	}
	sink = sum;
}

/* The address of each look-up comes from the result of the one before. */
static __attribute__((noinline)) void region_dependent(void)
{
	uint64_t oa = OUT;
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		MUST(iom_pt_lookup(&pt, BASE + order[i] * PAGE + (oa & 7), &oa));
	sink = oa;
}

/*
 * What a pair of 512 pages cannot do without: see that the entries are empty, write
 * each once, and clear each, in stores that hardware may read at any time.
 */
static __attribute__((noinline)) void region_floor(void)
{
	_Atomic(uint64_t) *e = floor_table;
	unsigned int i, lap;
	uint64_t all, oa;

	for (lap = 0; lap < LAPS; lap++) {
		for (i = 0, all = 0; i < 512; i++)
			all |= atomic_load_explicit(&e[i], memory_order_relaxed);
		MUST(all);
		for (i = 0, oa = OUT | 0xf43; i < 512; i++, oa += PAGE)
			atomic_store_explicit(&e[i], oa, memory_order_relaxed);
		for (i = 0; i < 512; i++)
			atomic_store_explicit(&e[i], 0, memory_order_relaxed);
	}
}

/* --- rows --------------------------------------------------------------------- */

struct what {
	const char *name;
	uint64_t off, len, oa;
};

/* The first page of the gigabyte stays mapped, so tables are there but for its own 2M. */
static const struct what pairs[] = {
	{ "pair4k", 5 * PAGE, PAGE, OUT },
	{ "pair64k", 16 * PAGE, 16 * PAGE, OUT & ~UINT64_C(0xffff) },
	{ "pair512", 3 * BLOCK, BLOCK, OUT },
	{ "across", 3 * BLOCK + 7 * PAGE, BLOCK, OUT },
	{ "pair2m", 5 * BLOCK, BLOCK, OUT & ~(BLOCK - 1) },
	{ "pair1g", PAGES * PAGE, PAGES * PAGE, UINT64_C(0x8000000000) },
};

static void pair(const struct what *p)
{
	MUST(iom_pt_map(&pt, at(0, PAGE), OUT, PROT));
	/* tables that other mappings would keep: of the pages next to an odd range */
	if (p->off % BLOCK && p->len == BLOCK) {
		MUST(iom_pt_map(&pt, at(3 * BLOCK, PAGE), OUT, PROT));
		MUST(iom_pt_map(&pt, at(5 * BLOCK - PAGE, PAGE), OUT, PROT));
	}
	region_pair(p->off, p->len, p->oa);
}

static void count(const char *what)
{
	size_t i;

	for (i = 0; i < IOM_ARRAY_SIZE(pairs); i++) {
		if (strcmp(pairs[i].name, what))
			continue;
		pair(&pairs[i]);
		printf("%u\n", LAPS);
		return;
	}
	if (!strcmp(what, "floor")) {
		region_floor();
		printf("%u\n", LAPS);
		return;
	}
	region_map();
	if (!strcmp(what, "lookup"))
		region_lookup();
	else if (!strcmp(what, "rnd"))
		region_unmap();
	else
		abort();
	printf("%u\n", PAGES);
}

static double timed(void (*region)(void))
{
	double run[BENCH_RUNS], t;
	int i;

	for (i = 0; i < BENCH_RUNS; i++) {
		t = bench_now_ns();
		region();
		run[i] = (bench_now_ns() - t) / PAGES;
	}
	return bench_median(run, BENCH_RUNS);
}

static void rnd_rows(void)
{
	double m[BENCH_RUNS], u[BENCH_RUNS], t;
	int i;

	for (i = 0; i < BENCH_RUNS; i++) {
		t = bench_now_ns();
		region_map();
		m[i] = (bench_now_ns() - t) / PAGES;
		t = bench_now_ns();
		region_unmap();
		u[i] = (bench_now_ns() - t) / PAGES;
	}
	bench_row("pt_map_4k_rnd_ns", bench_median(m, BENCH_RUNS), "ns", "random in 1 GiB");
	bench_row("pt_unmap_4k_rnd_ns", bench_median(u, BENCH_RUNS), "ns", "random in 1 GiB");
}

static void pair_row(const char *name, const struct what *p)
{
	double run[BENCH_RUNS], t;
	int i;

	for (i = 0; i < BENCH_RUNS; i++) {
		t = bench_now_ns();
		region_pair(p->off, p->len, p->oa);
		run[i] = (bench_now_ns() - t) / LAPS;
	}
	bench_row(name, bench_median(run, BENCH_RUNS), "ns", "the same pair");
}

int main(int argc, char **argv)
{
	double apart, chained;

	open_pt();
	if (argc > 2 && !strcmp(argv[1], "count")) {
		count(argv[2]);
		return 0;
	}
	rnd_rows();
	region_map();
	apart = timed(region_lookup);
	chained = timed(region_dependent);
	bench_row("pt_lookup_ns", apart, "ns", "random in 1 GiB of 4K pages, independent");
	bench_row("pt_lookup_dependent_ns", chained, "ns", "each address from the last result");
	bench_row("pt_lookup_overlap", apart / chained, "times", "independent over dependent");
	region_unmap();
	MUST(iom_pt_map(&pt, at(0, PAGE), OUT, PROT));
	pair_row("pt_map_unmap_4k_ns", &pairs[0]);
	pair_row("pt_pair_512x4k_ns", &pairs[2]);
	return 0;
}
