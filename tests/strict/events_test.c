/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of a strict SMMUv3: faults that are alike become one with MEV and never
 * without; a burst overflows the queue, and nothing is lost without OVFLG. Whoever
 * takes them right is told nothing; whoever does not acknowledge is told R422.
 */
#include <string.h>

#include <iom/dev/smmuv3_strict.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define SEEDS	64u
#define FAULTS	48u
#define VA	UINT64_C(0x200000)

struct run {
	struct st t;
	unsigned int reports;
	char id[8];
	uint64_t merged;
	unsigned int taken;
	bool overflowed;
};

static void on_report(void *arg, const struct iom_smmuv3_report *r)
{
	struct run *u = arg;

	if (!u->reports++)
		strncpy(u->id, r->id, sizeof(u->id) - 1);
}

static void take(struct run *u, bool acknowledges)
{
	uint64_t ev[4], prod;

	prod = st_r(&u->t, ST_EVENTQ_PROD);
	u->overflowed |= (prod ^ st_r(&u->t, ST_EVENTQ_CONS)) >> 31;
	if (!acknowledges) {
		st_w(&u->t, ST_EVENTQ_CONS, prod & 0x7fffffff);
		return;
	}
	while (st_event(&u->t, ev)) {
		assert_int_equal(ev[0] & 0xff, ST_TRANSLATION);
		u->taken++;
	}
	/* An overflow may come with no event behind it. */
	prod = st_r(&u->t, ST_EVENTQ_PROD);
	if (prod >> 31 != st_r(&u->t, ST_EVENTQ_CONS) >> 31)
		st_w(&u->t, ST_EVENTQ_CONS,
		     (st_r(&u->t, ST_EVENTQ_CONS) & 0x7fffffff) | (prod & 0x80000000));
}

/* Faults of one page, each of another byte; every so many are taken. */
static void faults(struct run *u, uint64_t seed, bool mev, unsigned int every, bool acknowledges)
{
	struct iom_smmuv3_strict_cfg strict = { .seed = seed, .max_delay = 64,
						.report = on_report, .arg = u };
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_strict_stats st;
	struct st_stream x;
	unsigned int i;

	memset(u, 0, sizeof(*u));
	cfg.strict = &strict;
	st_open(&u->t, &cfg, UINT64_C(0x80000000));
	st_stream_s1(&u->t, &x, 0);
	st_set(x.ste, 83, 83, mev);
	st_ste_put(&u->t, 0, x.ste);
	for (i = 0; i < FAULTS; i++) {
		assert_int_not_equal(st_xlate(&u->t, VA + i, ST_R).rc, IOM_OK);
		if (i % every == every - 1)
			take(u, acknowledges);
	}
	st_sync(&u->t);
	take(u, acknowledges);
	assert_int_equal(iom_smmuv3_strict_finish(u->t.s), IOM_OK);
	assert_int_equal(iom_smmuv3_strict_stats(u->t.s, &st), IOM_OK);
	u->merged = st.merged_events;
	st_close(&u->t);
}

/* MEV = 0: none. MEV = 1: some, and those that are left say the page. */
static void merging(void **state)
{
	uint64_t seed, fewer = 0;
	struct run u;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		faults(&u, seed, false, 1, true);
		assert_int_equal(u.merged, 0);
		assert_true(u.overflowed || u.taken == FAULTS);
		assert_int_equal(u.reports, 0);
		faults(&u, seed, true, 1, true);
		assert_int_equal(u.reports, 0);
		assert_true(u.taken >= 1);
		assert_true(u.overflowed || u.taken + u.merged == FAULTS);
		fewer += u.merged != 0;
	}
	assert_true(fewer > SEEDS / 2);
}

/*
 * A driver that takes events after every fourth fault is overrun all the same, by
 * some seeds: the queue has 16 entries, and up to 64 steps' events come at once.
 */
static void overflow(void **state)
{
	unsigned int overflowed = 0, told = 0;
	struct run u;
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < SEEDS; seed++) {
		faults(&u, seed, false, 4, true);
		overflowed += u.overflowed;
		assert_int_equal(u.reports, 0);
		faults(&u, seed, false, 4, false);
		told += u.reports != 0;
		if (u.reports)
			assert_string_equal(u.id, "R422");
	}
	assert_true(overflowed);
	assert_true(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merging),
		cmocka_unit_test(overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
