/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices in threads that really wait, and a driver that takes records from a
 * queue of two and answers them: no thread waits for ever, each record is of a
 * thread that waits, each answer ends one wait (3.12.2, 4.6; S7).
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
	unsigned long target;
	/* its thread's: */
	unsigned long records, aborted, zeros, went;
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
		wait_told(w);
	}
	if (rc)
		w->aborted++;
	else if (res.raz_wi)
		w->zeros++;
	else
		w->went++;
}

static void *waiter_main(void *arg)
{
	struct waiter *w = arg;
	struct test_rng rng;

	test_rng_seed(&rng, w->seed);
	while (w->records < w->target)
		reach(w, VA + test_rng_below(&rng, 4) * 0x1000);
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

static void threads(void **state)
{
	static struct st_world w;
	static struct waiter waiter[THREADS];
	const char *env = getenv("IOM_STEPS");
	unsigned long records = 0, taken = 0, aborted = 0, zeros = 0;
	struct iom_smmuv3_stats stats;
	pthread_t thread[THREADS];
	atomic_ulong running;
	struct test_rng rng;
	unsigned int i;
	uint64_t ev[4];

	(void)state;
	test_rng_init(&rng);
	memset(&w, 0, sizeof(w));
	st_world_s1(&w, 2);
	st_small_queue(&w.t, 1);
	/* Tables are there before the threads are. */
	for (i = 0; i < 4; i++)
		st_slot(&w.t, &w.x.s1, VA + i * 0x1000, 3);
	atomic_init(&running, THREADS);
	for (i = 0; i < THREADS; i++) {
		struct waiter *x = &waiter[i];

		memset(x, 0, sizeof(*x));
		ST_REQUIRE(!iom_gmem_flat_init(&x->gmem, w.t.base, w.t.ram, ST_SIZE));
		ST_REQUIRE(!iom_smmuv3_dev_port_init(&x->port, w.t.s, 0, &x->gmem.g));
		iom_smmuv3_dev_port_stalls(&x->port, on_resumed);
		iom_access_join(&x->access, iom_smmuv3_dev_gate(w.t.s));
		pthread_mutex_init(&x->lock, NULL);
		pthread_cond_init(&x->cond, NULL);
		x->target = env ? strtoul(env, NULL, 0) : WAITS;
		x->seed = test_rng_u64(&rng);
		x->running = &running;
		assert_int_equal(pthread_create(&thread[i], NULL, waiter_main, x), 0);
	}
	while (atomic_load(&running)) {
		if (st_take(&w.t, 1, ev)) {
			taken++;
			ST_REQUIRE(st_get(ev, 95, 95));
			answer(&w, &rng, ev);
		} else {
			/* Nothing is mapped for good, or nobody would stall. */
			i = (unsigned int)test_rng_below(&rng, 4);
			st_poke(&w.t, st_slot(&w.t, &w.x.s1, VA + i * 0x1000, 3), 0);
			st_tlbi(&w.t, ST_NH_VA, ST_VMID, ST_ASID, VA + i * 0x1000);
			st_sync(&w.t);
			sched_yield();
		}
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		iom_access_leave(&waiter[i].access);
		iom_smmuv3_dev_port_fini(&waiter[i].port);
		pthread_mutex_destroy(&waiter[i].lock);
		pthread_cond_destroy(&waiter[i].cond);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
