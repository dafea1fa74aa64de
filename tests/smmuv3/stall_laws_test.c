/* SPDX-License-Identifier: BSD-2-Clause */
/* Stalls: laws under random devices and drivers (3.12.2, 4.6; S7, S19). */
#include "lib/smmu_stall.h"
#include "lib/test.h"

#define VA	UINT64_C(0x7f0000123000)
#define PA	UINT64_C(0xabcde000)
#define NDEV	8u

/*
 * Devices that fault at random, an event queue of two entries, three STAGs,
 * and a driver that answers late and in any order. Each wait of a device ends
 * by one answer to its one record, no STAG stands for two, all come to an end.
 */
struct law {
	struct st_world w;
	struct st_dev d[NDEV];
	uint64_t page[NDEV];		/* what it waits for; 0: nothing */
	int stag[NDEV];			/* of its record; -1: it has none */
	unsigned int answer[NDEV];	/* that its record got: 1 retry, 2 abort, 3 terminate */
	uint64_t todo[3][4];		/* records not answered */
	unsigned int nr_todo;
	uint64_t records, waits, stalls, overtaken;
	bool mapped[4];
};

static void law_ask(struct law *l, unsigned int i, struct test_rng *rng)
{
	unsigned int n = (unsigned int)test_rng_below(rng, 4), told = l->d[i].told;
	uint64_t page = l->page[i] ? l->page[i] : VA + n * 0x1000;
	struct st_out o = st_dev_go(&l->d[i], page, ST_W);

	n = (unsigned int)(page - VA) / 0x1000;
	assert_int_equal(l->d[i].told, told);
	/* Its record was held, and a CMD_SYNC came before there was room (4.7.3). */
	if (l->stag[i] >= 0 && (o.ev[0] || !o.rc)) {
		l->overtaken++;
		l->stag[i] = -1;
	}
	if (o.ev[0]) {
		l->stalls++;
		l->stag[i] = (int)st_get(o.ev, 79, 64);
	}
	if (!l->page[i] || l->answer[i] == 1) {
		assert_int_equal(o.rc, l->mapped[n] ? IOM_OK : IOM_EAGAIN);
		l->waits += o.rc && !l->page[i];
		l->page[i] = o.rc ? page : 0;
		l->answer[i] = 0;
		return;
	}
	switch (l->answer[i]) {
	case 0:
		/* Without a record that was read it may have been woken, and be let through. */
		if (o.rc == IOM_EAGAIN)
			return;
		assert_int_equal(o.rc, IOM_OK);
		assert_true(l->mapped[n]);
		break;
	case 2:
		assert_int_equal(o.rc, IOM_EFAULT);
		break;
	default:
		assert_int_equal(o.rc, IOM_OK);
		assert_true(o.res.raz_wi);
		break;
	}
	l->page[i] = 0;
	l->answer[i] = 0;
}

static void law_take(struct law *l)
{
	unsigned int i, k;
	uint64_t ev[4];

	if (!st_take(&l->w.t, 1, ev))
		return;
	assert_true(l->nr_todo < 3);
	for (k = 0; k < l->nr_todo; k++)
		assert_true(st_get(l->todo[k], 79, 64) != st_get(ev, 79, 64));
	for (i = 0; i < NDEV; i++) {
		if (l->stag[i] == (int)st_get(ev, 79, 64))
			break;
	}
	assert_true(i < NDEV && l->page[i] == ev[2] &&
		    iom_smmuv3_dev_port_waits(&l->d[i].port));
	assert_int_equal(ev[0], ST_TRANSLATION);
	memcpy(l->todo[l->nr_todo++], ev, sizeof(ev));
	l->records++;
}

static void law_answer(struct law *l, struct test_rng *rng)
{
	static const uint64_t how[4] = { 0, ST_RETRY, ST_ABORT, ST_TERMINATE };
	unsigned int k, i, a = 1 + (unsigned int)test_rng_below(rng, 3), told;
	unsigned int stag;

	if (!l->nr_todo)
		return;
	k = (unsigned int)test_rng_below(rng, l->nr_todo);
	stag = (unsigned int)st_get(l->todo[k], 79, 64);
	for (i = 0; i < NDEV; i++) {
		if (l->stag[i] == (int)stag)
			break;
	}
	assert_true(i < NDEV && l->page[i] && !l->answer[i]);
	l->stag[i] = -1;
	told = l->d[i].told;
	st_resume(&l->w.t, 0, stag, how[a]);
	assert_int_equal(l->d[i].told, told + 1);
	assert_int_equal(l->d[i].how, a - 1);
	l->answer[i] = a;
	memmove(l->todo[k], l->todo[k + 1], (--l->nr_todo - k) * sizeof(l->todo[0]));
	if (test_rng_below(rng, 4) == 0)
		st_resume(&l->w.t, 0, stag, ST_RETRY);
}

static void laws(void **state)
{
	static struct law l;
	struct iom_smmuv3_stats stats;
	struct test_rng rng;
	unsigned int step, i, n;
	bool busy;

	(void)state;
	test_rng_init(&rng);
	memset(&l, 0, sizeof(l));
	st_world_s1(&l.w, 3);
	st_small_queue(&l.w.t, 1);
	for (i = 0; i < NDEV; i++) {
		st_dev_init(&l.w.t, &l.d[i], 0);
		l.stag[i] = -1;
	}
	for (step = 0; step < 20000; step++) {
		switch (test_rng_below(&rng, 8)) {
		case 0:
			law_take(&l);
			break;
		case 1:
			law_answer(&l, &rng);
			break;
		case 2:
			n = (unsigned int)test_rng_below(&rng, 4);
			l.mapped[n] = !l.mapped[n];
			st_poke(&l.w.t, st_slot(&l.w.t, &l.w.x.s1, VA + n * 0x1000, 3), 0);
			st_tlbi(&l.w.t, ST_NH_VA, ST_VMID, ST_ASID, VA + n * 0x1000);
			st_sync(&l.w.t);
			if (l.mapped[n])
				st_map(&l.w.t, &l.w.x.s1, VA + n * 0x1000, PA, 3, ST_S1_RW);
			break;
		default:
			law_ask(&l, (unsigned int)test_rng_below(&rng, NDEV), &rng);
			break;
		}
	}
	/* All come to an end. */
	for (n = 0, busy = true; busy && n < 1000; n++) {
		law_take(&l);
		law_answer(&l, &rng);
		for (i = 0, busy = false; i < NDEV; i++) {
			if (l.page[i])
				law_ask(&l, i, &rng);
			busy |= l.page[i];
		}
	}
	assert_false(busy);
	while (l.nr_todo) {
		law_answer(&l, &rng);
		law_take(&l);
	}
	iom_smmuv3_dev_stats(l.w.t.s, &stats);
	assert_int_equal(stats.stalls, l.records + l.overtaken);
	assert_int_equal(stats.stalls, l.stalls);
	assert_true(l.records > 1000 && l.waits > 1000 && l.overtaken > 100);
	assert_int_equal(stats.events_lost, 0);
	for (i = 0; i < NDEV; i++)
		st_dev_fini(&l.d[i]);
	st_world_close(&l.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
