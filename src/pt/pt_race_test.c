/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads map and unmap in one iom_pt, in ranges that never overlap but lie in
 * the same tables: pages by turns, so that all upper tables are wanted by both at
 * once. Each checks its own; what the other does must not show. At the end no
 * table is lost. And a hardware that writes while dirty bits are read and cleared:
 * none is lost. Worth ThreadSanitizer's time.
 */
#include <pthread.h>
#include <stdatomic.h>

#include <iom/pt/pt.h>

#include "lib/pt_hw.h"
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

/* --- hardware that writes ----------------------------------------------------- */

#define WRITTEN	256u		/* pages */
#define WRITES	60000u

/* Entries of the pages, as hardware finds them. */
static struct hw {
	struct pt_hw at;
	pthread_t thread;
	uint64_t seed;
	_Atomic(uint64_t) *entry[WRITTEN];
	unsigned long writes[WRITTEN];	/* that found the entry clean */
	atomic_bool done;
} hw;

static void find_entries(void)
{
	unsigned int i;

	for (i = 0; i < WRITTEN; i++) {
		const struct iomi_lpae_geom *g = &hw.at.geom;
		uint64_t table = hw.at.root, at;
		int level;

		for (level = g->start; level < LPAE_LEVEL_LAST; level++) {
			at = iomi_lpae_entry_addr(g, level, table, i * PAGE);
			table = iomi_lpae_table_oa(g->fmt, dmem_fake_hw(&mem, at));
		}
		at = iomi_lpae_entry_addr(g, level, table, i * PAGE);
		hw.entry[i] = (_Atomic(uint64_t) *)(void *)dmem_fake_ptr(&mem, at);
	}
}

static void *hw_writes(void *arg)
{
	unsigned int stage = hw.at.geom.fmt->stage, n, i;
	struct test_rng rng;
	uint64_t e;

	(void)arg;
	test_rng_seed(&rng, hw.seed);
	for (n = 0; n < WRITES; n++) {
		i = (unsigned int)test_rng_below(&rng, WRITTEN);
		e = atomic_load(hw.entry[i]);
		if (iomi_lpae_clean(stage, e) &&
		    atomic_compare_exchange_strong(hw.entry[i], &e, iomi_lpae_make_dirty(stage, e)))
			hw.writes[i]++;
	}
	atomic_store(&hw.done, true);
	return NULL;
}

struct told {
	struct iom_pt_dirty d;
	unsigned long times[WRITTEN];
};

static void tell(struct iom_pt_dirty *d, struct iom_range r)
{
	struct told *t = IOM_CONTAINER_OF(d, struct told, d);
	uint64_t i;

	for (i = r.start / PAGE; i <= r.last / PAGE; i++)
		t->times[i]++;
}

/* A write to a clean entry is told just once; of a set, once at least and together. */
static void hw_run(const struct iom_pt_format *format, bool no_contig)
{
	const struct iom_pt_cfg cfg = {
		.format = format, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 40,
		.dirty = true, .no_contig = no_contig,
	};
	const struct iom_range all = { 0, WRITTEN * PAGE - 1 };
	struct told t = { .d = { tell } };
	struct iom_pt_gather g;
	struct test_rng rng;
	bool done;
	unsigned int i;

	test_rng_init(&rng);
	memset(&hw, 0, sizeof(hw));
	hw.seed = rng.state;
	dmem_fake_init(&mem, 0);
	assert_int_equal(iom_pt_init(&pt, &mem.dmem, &cfg), IOM_OK);
	assert_int_equal(iom_pt_map(&pt, all, 0x40000000, RW), IOM_OK);
	hw.at = pt_hw_of(&mem, &pt, &cfg);
	find_entries();
	assert_int_equal(pthread_create(&hw.thread, NULL, hw_writes, NULL), 0);
	do {
		done = atomic_load(&hw.done);	/* then one more look */
		iom_pt_gather_init(&g);
		assert_int_equal(iom_pt_dirty(&pt, all, &t.d, &g), IOM_OK);
		iom_pt_gather_free(&pt, &g);
	} while (!done);
	pthread_join(hw.thread, NULL);
	for (i = 0; i < WRITTEN; i++) {
		assert_true(iomi_lpae_clean(hw.at.geom.fmt->stage, atomic_load(hw.entry[i])));
		if (no_contig)		/* and once for how it began */
			assert_int_equal(t.times[i], hw.writes[i] + 1);
		else
			assert_true(t.times[i] > !!hw.writes[i] &&
				    t.times[i] == t.times[i & ~15u]);
	}
	iom_pt_fini(&pt);
	dmem_fake_fini(&mem);
}

static void no_dirty_bit_is_lost(void **state)
{
	(void)state;
	hw_run(&iom_pt_arm_s1, true);
	hw_run(&iom_pt_arm_s2, true);
	hw_run(&iom_pt_arm_s1, false);
	hw_run(&iom_pt_arm_s2, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(translated),
		cmocka_unit_test(no_dirty_bit_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
