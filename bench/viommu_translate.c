/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cost of a translation: instructions (under callgrind, argument "count"), time
 * at 1e3 and 1e6 mappings, with and without the bracket, beside a second reader
 * and beside a mapper; and the same on GLib's balanced tree under a recursive
 * mutex, which is how the best-known VMM does it. Also bytes per mapping.
 *
 * Both sides: 8 endpoints, one reserved region each, mappings of 4 KiB with the
 * last one below 4 GiB, as Linux hands IOVAs out; random pages, 64 bytes, read.
 */
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "../bench/bench.h"
#include "lib/test.h"
#include "lib/viommu.h"

#define PICKS (1u << 16)
#define TOP (UINT64_C(1) << 32)

static uint64_t pick[PICKS];		/* addresses to look up */
static uint32_t *order;			/* of inserting */
static volatile uint64_t sink;

static void make_picks(unsigned int n)
{
	struct test_rng rng;
	unsigned int i, k;
	uint32_t t;

	test_rng_seed(&rng, 1);
	for (i = 0; i < PICKS; i++)
		pick[i] = TOP - 4096 * (1 + test_rng_below(&rng, n)) +
			  64 * test_rng_below(&rng, 64);
	order = realloc(order, n * sizeof(*order));
	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n - 1; i; i--) {
		k = (unsigned int)test_rng_below(&rng, i + 1);
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

/* Pages are mapped in random order, each to a page of its own. */
static uint64_t nth_iova(unsigned int i)
{
	return TOP - 4096 * (uint64_t)(1 + order[i]);
}

static uint64_t nth_gpa(unsigned int i)
{
	return UINT64_C(0x100000000) + (uint64_t)i * 8192;
}

/* --- ours --- */

struct ours {
	struct iom_xlate *x;
	struct iom_access *access;
};

static void ours_map(struct vt *t, unsigned int i)
{
	VT_REQUIRE(vt_map(t->v, 1, nth_iova(i), nth_iova(i) + 4095, nth_gpa(i), VT_RW) == S_OK);
}

static void ours_open(struct vt *t, unsigned int n)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = { .nr_resv = 1, .resv[0] = { { 0xfee00000, 0xfeefffff }, 1 } };
	unsigned int i;

	cfg.input.last = 0xffffffffffff;
	vt_open(t, &cfg);
	for (e.id = 0; e.id < 8; e.id++) {
		if (e.id == 7)	/* the one that is measured may use the whole range */
			e.resv[0].iova = (struct iom_range){ 0x8000000, 0x80fffff };
		vt_add(t, &e);
	}
	VT_REQUIRE(vt_attach(t->v, 1, 7, 0) == S_OK);
	for (i = 0; i < n; i++)
		ours_map(t, i);
}

/* The first n picks. Not inlined: callgrind counts inside these by name. */
__attribute__((noinline)) uint64_t region_translate(const struct ours *o, unsigned int n)
{
	struct iom_run run = { 0, 0, 0 };
	const uint64_t *p, *end = pick + n;
	struct iom_xlate *x = o->x;
	uint64_t sum = 0;

	for (p = pick; p < end; p++) {
		if (iom_xlate_translate(x, *p, 64, IOM_ACCESS_READ, &run))
			abort();
		sum += run.gpa;
	}
	return sum;
}

__attribute__((noinline)) uint64_t region_bracket(const struct ours *o, unsigned int n)
{
	struct iom_run run = { 0, 0, 0 };
	const uint64_t *p, *end = pick + n;
	struct iom_xlate *x = o->x;
	uint64_t sum = 0;

	for (p = pick; p < end; p++) {
		iom_access_begin(o->access);
		if (iom_xlate_translate(x, *p, 64, IOM_ACCESS_READ, &run))
			abort();
		sum += run.gpa;
		iom_access_end(o->access);
	}
	return sum;
}

/* --- the peer --- */

struct interval {
	uint64_t low, high;
};

struct tree_mapping {
	uint64_t gpa;
	uint32_t flags;
};

struct tree_ep {
	GTree *mappings;	/* of its domain, by interval */
	struct interval resv;
};

struct tree {
	pthread_mutex_t mutex;	/* recursive */
	GTree *eps;		/* by endpoint ID */
	struct interval *keys;
	struct tree_mapping *values;
	struct tree_ep ep[8];
};

static gint by_interval(gconstpointer a, gconstpointer b, gpointer arg)
{
	const struct interval *x = a, *y = b;

	(void)arg;
	if (x->high < y->low)
		return -1;
	return y->high < x->low ? 1 : 0;
}

static gint by_id(gconstpointer a, gconstpointer b, gpointer arg)
{
	(void)arg;
	return (GPOINTER_TO_UINT(a) > GPOINTER_TO_UINT(b)) -
	       (GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b));
}

/* Keys and values in arrays in the order of inserting: no worse than one allocation each. */
static void tree_open(struct tree *t, unsigned int n)
{
	pthread_mutexattr_t attr;
	unsigned int i;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&t->mutex, &attr);
	t->eps = g_tree_new_full(by_id, NULL, NULL, NULL);
	t->keys = calloc(n, sizeof(*t->keys));
	t->values = calloc(n, sizeof(*t->values));
	VT_REQUIRE(t->keys && t->values);
	for (i = 0; i < 8; i++) {
		t->ep[i].resv = (struct interval){ 0x8000000, 0x80fffff };
		t->ep[i].mappings = i == 7 ? g_tree_new_full(by_interval, NULL, NULL, NULL) : NULL;
		g_tree_insert(t->eps, GUINT_TO_POINTER(i + 1), &t->ep[i]);
	}
	for (i = 0; i < n; i++) {
		t->keys[i] = (struct interval){ nth_iova(i), nth_iova(i) + 4095 };
		t->values[i] = (struct tree_mapping){ nth_gpa(i), VT_RW };
		g_tree_insert(t->ep[7].mappings, &t->keys[i], &t->values[i]);
	}
}

static void tree_close(struct tree *t)
{
	g_tree_destroy(t->ep[7].mappings);
	g_tree_destroy(t->eps);
	free(t->keys);
	free(t->values);
	pthread_mutex_destroy(&t->mutex);
}

static bool tree_translate(struct tree *t, uint32_t id, uint64_t iova, unsigned int access,
			   uint64_t *gpa)
{
	struct interval at = { iova, iova };
	gpointer key, value;
	struct tree_ep *ep;
	bool ok = false;

	pthread_mutex_lock(&t->mutex);
	ep = g_tree_lookup(t->eps, GUINT_TO_POINTER(id + 1));
	if (ep && ep->mappings && !(iova >= ep->resv.low && iova <= ep->resv.high) &&
	    g_tree_lookup_extended(ep->mappings, &at, &key, &value)) {
		const struct interval *k = key;
		const struct tree_mapping *m = value;

		ok = (m->flags & access) == access;
		*gpa = m->gpa + (iova - k->low);
	}
	pthread_mutex_unlock(&t->mutex);
	return ok;
}

__attribute__((noinline)) uint64_t region_tree(struct tree *t, unsigned int n)
{
	const uint64_t *p, *end = pick + n;
	uint64_t sum = 0, gpa = 0;

	for (p = pick; p < end; p++) {
		if (!tree_translate(t, 7, *p, IOM_ACCESS_READ, &gpa))
			abort();
		sum += gpa;
	}
	return sum;
}

/* --- one thread --- */

#define LAPS 16u	/* over all picks: about a million look-ups */

static double per_op(double ns, unsigned int laps)
{
	return ns / laps / PICKS;
}

/* Median ns an op of ours, of ours with the bracket, of the tree, in turns. */
struct single {
	double plain, bracket, tree, r;
};

static struct single measure(unsigned int n)
{
	double plain[BENCH_RUNS], bracket[BENCH_RUNS], tree[BENCH_RUNS], t0, t1, t2, t3;
	struct single s;
	struct tree tr;
	struct ours o;
	unsigned int k;
	struct vt t;
	int i;

	make_picks(n);
	ours_open(&t, n);
	tree_open(&tr, n);
	o = (struct ours){ iom_viommu_dev_xlate(t.ep[7]), &t.access };
	sink += region_bracket(&o, PICKS) + region_tree(&tr, PICKS);
	for (i = 0; i < BENCH_RUNS; i++) {
		t0 = bench_now_ns();
		for (k = 0; k < LAPS; k++)
			sink += region_translate(&o, PICKS);
		t1 = bench_now_ns();
		for (k = 0; k < LAPS; k++)
			sink += region_bracket(&o, PICKS);
		t2 = bench_now_ns();
		for (k = 0; k < LAPS / 4; k++)
			sink += region_tree(&tr, PICKS);
		t3 = bench_now_ns();
		plain[i] = per_op(t1 - t0, LAPS);
		bracket[i] = per_op(t2 - t1, LAPS);
		tree[i] = per_op(t3 - t2, LAPS / 4);
	}
	s.plain = bench_median(plain, BENCH_RUNS);
	s.bracket = bench_median(bracket, BENCH_RUNS);
	s.tree = bench_median(tree, BENCH_RUNS);
	s.r = bench_r_ns();
	tree_close(&tr);
	vt_close(&t);
	return s;
}

static void single_rows(void)
{
	struct single a = measure(1000), b = measure(1000000);

	bench_row("r", a.r, "ns", "one uncontended atomic add, the unit R");
	bench_row("translate_r", a.plain / a.r, "R",
		  "hit, 1e3 mappings of 4K, random, independent");
	bench_row("translate_ns", a.plain, "ns", "the same");
	bench_row("translate_bracket_r", (a.bracket - a.plain) / a.r, "R",
		  "what begin and end add to translate_r");
	bench_row("translate_bracket_ns", a.bracket, "ns", "translate with begin and end");
	bench_row("translate_1e6_r", b.plain / b.r, "R", "hit, 1e6 mappings of 4K");
	bench_row("translate_1e6_ns", b.plain, "ns", "the same");
	bench_row_peer("translate_vs_tree_1e3", a.tree / a.plain, "times",
		       "GLib tree under a recursive mutex over translate, ns", a.tree,
		       a.tree / a.plain);
	bench_row_peer("translate_bracket_vs_tree_1e3", a.tree / a.bracket, "times",
		       "the same, ours with begin and end", a.tree, a.tree / a.bracket);
	bench_row_peer("translate_vs_tree_1e6", b.tree / b.plain, "times",
		       "the same with 1e6 mappings", b.tree, b.tree / b.plain);
	bench_row_peer("translate_bracket_vs_tree_1e6", b.tree / b.bracket, "times",
		       "the same, ours with begin and end", b.tree, b.tree / b.bracket);
}

/* --- two threads --- */

struct second {
	struct vt *t;
	struct ours o;
	_Alignas(64) struct iom_access access;
	_Alignas(64) unsigned int cpu;
	bool maps;		/* else it translates */
	atomic_int go;		/* 1: begin, 2: stop */
	atomic_bool running;
	double ns;		/* an op */
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
	const uint64_t at = TOP - 4096 * 1001;	/* the next one that Linux would take */
	double begin;
	unsigned long n = 0;

	pin(s->cpu);
	while (!atomic_load(&s->go))
		;
	atomic_store(&s->running, true);
	begin = bench_now_ns();
	while (atomic_load_explicit(&s->go, memory_order_relaxed) == 1) {
		if (s->maps) {
			VT_REQUIRE(vt_map(s->t->v, 1, at, at + 4095, 0, VT_RW) == S_OK);
			VT_REQUIRE(vt_unmap(s->t->v, 1, at, at + 4095) == S_OK);
			n++;
		} else {
			sink += region_bracket(&s->o, PICKS);
			n += PICKS;
		}
	}
	s->ns = n ? (bench_now_ns() - begin) / (double)n : 0;
	return NULL;
}

/* Nanoseconds of an op by this thread, whoever else runs. */
static double alone(const struct ours *o)
{
	double t0 = bench_now_ns();
	unsigned int k;

	for (k = 0; k < 2 * LAPS; k++)
		sink += region_bracket(o, PICKS);
	return per_op(bench_now_ns() - t0, 2 * LAPS);
}

/* Nanoseconds of the first thread's op while the second does its own. */
static double beside(struct vt *t, const struct ours *o, struct second *s, bool maps,
		     double *other)
{
	pthread_t thread;
	double ns;

	s->t = t;
	s->maps = maps;
	s->cpu = 1;
	atomic_store(&s->go, 0);
	atomic_store(&s->running, false);
	VT_REQUIRE(!pthread_create(&thread, NULL, second_main, s));
	atomic_store(&s->go, 1);
	while (!atomic_load(&s->running))
		;
	ns = alone(o);
	atomic_store(&s->go, 2);
	pthread_join(thread, NULL);
	*other = s->ns;
	return ns;
}

static void double_rows(void)
{
	double two[BENCH_RUNS], mapper[BENCH_RUNS], pair[BENCH_RUNS], one, ns, other;
	struct second s;
	struct ours o;
	struct vt t;
	int i;

	make_picks(1000);
	ours_open(&t, 1000);
	iom_access_join(&s.access, iom_viommu_dev_gate(t.v));
	o = (struct ours){ iom_viommu_dev_xlate(t.ep[7]), &t.access };
	s.o = (struct ours){ iom_viommu_dev_xlate(t.ep[7]), &s.access };
	pin(0);
	for (i = 0; i < BENCH_RUNS; i++) {
		one = alone(&o);
		ns = beside(&t, &o, &s, false, &other);
		two[i] = one / ns + one / other;
		mapper[i] = one / beside(&t, &o, &s, true, &pair[i]);
	}
	bench_row("translate_2t", bench_median(two, BENCH_RUNS), "times",
		  "throughput of two threads over one, brackets included, same endpoint");
	bench_row("translate_with_mapper", bench_median(mapper, BENCH_RUNS), "times",
		  "throughput beside a thread that maps and unmaps in the same domain, over alone");
	bench_row("map_unmap_pair_ns", bench_median(pair, BENCH_RUNS), "ns",
		  "that thread's MAP and UNMAP by request(), its wait for brackets included");
	iom_access_leave(&s.access);
	vt_close(&t);
}

/* --- memory --- */

static double bytes_each(unsigned int n, bool dense)
{
	struct iom_viommu_stats st;
	struct test_rng rng;
	uint64_t iova;
	unsigned int i;
	struct vt t;

	test_rng_seed(&rng, 2);
	make_picks(n);
	ours_open(&t, dense ? n : 0);
	for (i = 0; !dense && i < n; i++) {
		iova = test_rng_u64(&rng) & 0xfffffffff000;
		if (vt_map(t.v, 1, iova, iova + 4095, 0, VT_RW) != S_OK)
			i--;
	}
	iom_viommu_dev_stats(t.v, &st);
	VT_REQUIRE(st.mappings == n);
	vt_close(&t);
	return (double)st.bytes / n;
}

static void *idle(void *arg)
{
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	struct tree tr;
	struct ours o;
	struct vt t;

	/* Locks cost what they cost in a process that has threads. */
	VT_REQUIRE(!pthread_create(&thread, NULL, idle, NULL));
	pthread_join(thread, NULL);
	if (argc > 1 && !strcmp(argv[1], "count")) {
		make_picks(1000);
		ours_open(&t, 1000);
		tree_open(&tr, 1000);
		o = (struct ours){ iom_viommu_dev_xlate(t.ep[7]), &t.access };
		sink += region_translate(&o, 10000);
		sink += region_bracket(&o, 10000);
		sink += region_tree(&tr, 10000);
		vt_close(&t);
		return 0;
	}
	pin(0);
	single_rows();
	double_rows();
	bench_row("map_bytes_dense", bytes_each(1000000, true), "bytes",
		  "mapping state of each of 1e6 adjacent 4K mappings");
	bench_row("map_bytes_sparse", bytes_each(10000, false), "bytes",
		  "of each of 1e4 4K mappings, random in 48 bits");
	return 0;
}
