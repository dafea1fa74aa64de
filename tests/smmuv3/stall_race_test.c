/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices in threads that really wait, and a driver that takes records from a
 * queue of two and answers them: no thread waits for ever, each record is of a
 * thread that waits, each answer ends one wait (3.12.2, 4.6; S7). Then the same
 * with everything else that ends stalls: STALL_TERM, SMMUEN = 0, reset, and a
 * device that gives up; no thread waits for ever.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "lib/smmu_stall.h"
#include "lib/test.h"

#define VA	UINT64_C(0x7f0000123000)
#define PA	UINT64_C(0xabcde000)
#define THREADS	3u
#define WAITS	2000u			/* each thread's; IOM_STEPS instead */

struct waiter {
	struct iom_smmuv3_port port;
	struct iom_gmem_flat gmem;
	struct iom_access access;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool told;			/* under lock */
	unsigned long target;		/* of records, or of waits if it gives up at times */
	bool gives_up;
	/* its thread's: */
	unsigned long records, waits, aborted, zeros, went, left;
	uint64_t seed;
	atomic_ulong *running;
};

static void on_resumed(struct iom_smmuv3_port *p, enum iom_smmuv3_resume how)
{
	struct waiter *w = (struct waiter *)((char *)p - offsetof(struct waiter, port));

	(void)how;
	pthread_mutex_lock(&w->lock);
	w->told = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static void wait_told(struct waiter *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->told)
		pthread_cond_wait(&w->cond, &w->lock);
	w->told = false;
	pthread_mutex_unlock(&w->lock);
}

/* One access to its end. */
static void reach(struct waiter *w, uint64_t iova)
{
	struct iom_smmuv3_result res;
	uint64_t ev[4];
	int rc;

	for (;;) {
		ST_REQUIRE(!iom_gmem_begin(&w->gmem.g));
		iom_access_begin(&w->access);
		rc = iom_smmuv3_dev_translate(&w->port, iova, 8, ST_W, &res, ev);
		iom_access_end(&w->access);
		iom_gmem_end(&w->gmem.g);
		if (rc != IOM_EAGAIN)
			break;
		w->records += !!ev[0];
		w->waits++;
		wait_told(w);
	}
	if (rc)
		w->aborted++;
	else if (res.raz_wi)
		w->zeros++;
	else
		w->went++;
}

/* Its device is reset while it waits, or is not. */
static void give_up(struct waiter *w, uint64_t iova)
{
	struct iom_smmuv3_result res;
	uint64_t ev[4];

	ST_REQUIRE(!iom_gmem_begin(&w->gmem.g));
	iom_access_begin(&w->access);
	iom_smmuv3_dev_translate(&w->port, iova, 8, ST_W, &res, ev);
	iom_access_end(&w->access);
	iom_gmem_end(&w->gmem.g);
	iom_smmuv3_dev_port_forget(&w->port);
	ST_REQUIRE(!iom_smmuv3_dev_port_waits(&w->port));
	w->left++;
}

static void *waiter_main(void *arg)
{
	struct waiter *w = arg;
	struct test_rng rng;
	uint64_t iova;

	test_rng_seed(&rng, w->seed);
	while ((w->gives_up ? w->waits : w->records) < w->target) {
		iova = VA + test_rng_below(&rng, 4) * 0x1000;
		if (w->gives_up && !test_rng_below(&rng, 16))
			give_up(w, iova);
		else
			reach(w, iova);
	}
	atomic_fetch_sub(w->running, 1);
	return NULL;
}

/* The page comes or goes, then the answer. */
static void answer(struct st_world *w, struct test_rng *rng, const uint64_t ev[4])
{
	static const uint64_t how[3] = { ST_RETRY, ST_ABORT, ST_TERMINATE };
	uint64_t gone = VA + test_rng_below(rng, 4) * 0x1000;

	st_poke(&w->t, st_slot(&w->t, &w->x.s1, gone, 3), 0);
	st_tlbi(&w->t, ST_NH_VA, ST_VMID, ST_ASID, gone);
	st_sync(&w->t);
	if (test_rng_below(rng, 2))
		st_map(&w->t, &w->x.s1, ev[2], PA, 3, ST_S1_RW);
	st_resume(&w->t, 0, (unsigned int)st_get(ev, 79, 64), how[test_rng_below(rng, 3)]);
}

static void start(struct st_world *w, struct waiter *x, pthread_t *thread, uint64_t seed,
		  atomic_ulong *running, bool gives_up)
{
	const char *env = getenv("IOM_STEPS");

	memset(x, 0, sizeof(*x));
	ST_REQUIRE(!iom_gmem_flat_init(&x->gmem, w->t.base, w->t.ram, ST_SIZE));
	ST_REQUIRE(!iom_smmuv3_dev_port_init(&x->port, w->t.s, 0, &x->gmem.g));
	iom_smmuv3_dev_port_stalls(&x->port, on_resumed);
	iom_access_join(&x->access, iom_smmuv3_dev_gate(w->t.s));
	pthread_mutex_init(&x->lock, NULL);
	pthread_cond_init(&x->cond, NULL);
	x->target = env ? strtoul(env, NULL, 0) : gives_up ? WAITS / 4 : WAITS;
	x->gives_up = gives_up;
	x->seed = seed;
	x->running = running;
	assert_int_equal(pthread_create(thread, NULL, waiter_main, x), 0);
}

static void finish(struct waiter *x, pthread_t thread)
{
	pthread_join(thread, NULL);
	iom_access_leave(&x->access);
	iom_smmuv3_dev_port_fini(&x->port);
	pthread_mutex_destroy(&x->lock);
	pthread_cond_destroy(&x->cond);
}

static void unmap(struct st_world *w, struct test_rng *rng)
{
	uint64_t iova = VA + test_rng_below(rng, 4) * 0x1000;

	st_poke(&w->t, st_slot(&w->t, &w->x.s1, iova, 3), 0);
	st_tlbi(&w->t, ST_NH_VA, ST_VMID, ST_ASID, iova);
	st_sync(&w->t);
}

/* Tables are there before the threads are. */
static void open_world(struct st_world *w)
{
	unsigned int i;

	memset(w, 0, sizeof(*w));
	st_world_s1(w, 2);
	st_small_queue(&w->t, 1);
	for (i = 0; i < 4; i++)
		st_slot(&w->t, &w->x.s1, VA + i * 0x1000, 3);
}

static void threads(void **state)
{
	static struct st_world w;
	static struct waiter waiter[THREADS];
	unsigned long records = 0, taken = 0, aborted = 0, zeros = 0;
	struct iom_smmuv3_stats stats;
	pthread_t thread[THREADS];
	atomic_ulong running;
	struct test_rng rng;
	unsigned int i;
	uint64_t ev[4];

	(void)state;
	test_rng_init(&rng);
	open_world(&w);
	atomic_init(&running, THREADS);
	for (i = 0; i < THREADS; i++)
		start(&w, &waiter[i], &thread[i], test_rng_u64(&rng), &running, false);
	while (atomic_load(&running)) {
		if (st_take(&w.t, 1, ev)) {
			taken++;
			ST_REQUIRE(st_get(ev, 95, 95));
			answer(&w, &rng, ev);
		} else {
			/* Nothing is mapped for good, or nobody would stall. */
			unmap(&w, &rng);
			sched_yield();
		}
	}
	for (i = 0; i < THREADS; i++) {
		finish(&waiter[i], thread[i]);
		records += waiter[i].records;
		aborted += waiter[i].aborted;
		zeros += waiter[i].zeros;
	}
	iom_smmuv3_dev_stats(w.t.s, &stats);
	assert_int_equal(stats.stalls, records);
	assert_int_equal(taken, records);
	assert_int_equal(stats.events_lost, 0);
	assert_true(aborted && zeros);
	print_message("%lu records, %lu aborted, %lu zeros\n", records, aborted, zeros);
	st_world_close(&w);
}

/* What ends all stalls, of the stream or at all. */
static void disturb(struct st_world *w, unsigned int how)
{
	switch (how) {
	case 0:		/* 4.6: new transactions are terminated first */
		st_set(w->x.ste, 3, 1, 0);
		st_ste_put(&w->t, 0, w->x.ste);
		st_cmd(&w->t, ST_STALL_TERM, 0);
		st_sync(&w->t);
		st_set(w->x.ste, 3, 1, 5);
		st_ste_put(&w->t, 0, w->x.ste);
		break;
	case 1:
		st_w(&w->t, ST_CR0, 12);
		ST_REQUIRE(st_r(&w->t, ST_CR0ACK) == 12);
		st_w(&w->t, ST_CR0, 13);
		break;
	case 2:		/* no room for records, and then there is */
		st_w(&w->t, ST_CR0, 9);
		st_sync(&w->t);
		st_w(&w->t, ST_CR0, 13);
		break;
	default:
		iom_smmuv3_dev_reset(w->t.s);
		st_w(&w->t, ST_STRTAB_BASE, w->t.strtab);
		st_w(&w->t, ST_STRTAB_BASE_CFG, ST_SIDS_LG2);
		st_w(&w->t, ST_CMDQ_BASE, w->t.cmdq | ST_CMDQ_LG2);
		st_w(&w->t, ST_EVENTQ_BASE, w->t.evtq | 1);
		st_w(&w->t, ST_CR0, 13);
		break;
	}
}

static void disturbed(void **state)
{
	static struct st_world w;
	static struct waiter waiter[THREADS];
	unsigned long aborted = 0, left = 0, records = 0;
	pthread_t thread[THREADS];
	atomic_ulong running;
	struct test_rng rng;
	unsigned int i;
	uint64_t ev[4];

	(void)state;
	test_rng_init(&rng);
	open_world(&w);
	atomic_init(&running, THREADS);
	for (i = 0; i < THREADS; i++)
		start(&w, &waiter[i], &thread[i], test_rng_u64(&rng), &running, true);
	while (atomic_load(&running)) {
		if (!test_rng_below(&rng, 8))
			disturb(&w, (unsigned int)test_rng_below(&rng, 4));
		else if (!st_take(&w.t, 1, ev))
			unmap(&w, &rng);
		else if (st_get(ev, 95, 95))
			answer(&w, &rng, ev);
		sched_yield();
	}
	for (i = 0; i < THREADS; i++) {
		finish(&waiter[i], thread[i]);
		aborted += waiter[i].aborted;
		left += waiter[i].left;
		records += waiter[i].records;
	}
	assert_true(records);
	print_message("%lu records, %lu aborted, %lu given up\n", records, aborted, left);
	st_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads),
		cmocka_unit_test(disturbed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
