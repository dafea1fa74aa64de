/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No wake is lost: whatever was counted up before a wake is seen by a run
 * after it, with one waker and with two, with and without polling. A lost wake
 * shows as a test that does not end.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include <iom/host/host_worker.h>

#define ROUNDS 3000u

struct job {
	struct iom_host_worker *w;
	atomic_uint asked;
	atomic_uint done;
	unsigned int again;	/* worker only */
	atomic_uint runs;
};

static int run(void *arg)
{
	struct job *j = arg;

	atomic_fetch_add(&j->runs, 1);
	atomic_store(&j->done, atomic_load(&j->asked));
	/* Now and then there is more to do. */
	return ++j->again % 7 ? IOM_OK : IOM_EAGAIN;
}

static void *ask(void *arg)
{
	struct job *j = arg;
	unsigned int i, mine;

	for (i = 0; i < ROUNDS; i++) {
		mine = atomic_fetch_add(&j->asked, 1) + 1;
		iom_host_worker_wake(j->w);
		while (atomic_load(&j->done) < mine)
			sched_yield();
	}
	return NULL;
}

static void every_wake_is_followed_by_a_run(unsigned int wakers, uint32_t poll_ns)
{
	struct job j = { .again = 0 };
	struct iom_host_worker_cfg cfg = {
		.run = run, .arg = &j, .name = "a name longer than fifteen", .poll_ns = poll_ns,
	};
	pthread_t t[2];
	unsigned int i;

	assert_int_equal(iom_host_worker_start(&cfg, &j.w), IOM_OK);
	for (i = 0; i < wakers; i++)
		assert_int_equal(pthread_create(&t[i], NULL, ask, &j), 0);
	for (i = 0; i < wakers; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&j.done), wakers * ROUNDS);
	iom_host_worker_free(j.w);
}

static void one_waker(void **state)
{
	(void)state;
	every_wake_is_followed_by_a_run(1, 0);
}

static void two_wakers(void **state)
{
	(void)state;
	every_wake_is_followed_by_a_run(2, 0);
}

static void two_wakers_polling(void **state)
{
	(void)state;
	every_wake_is_followed_by_a_run(2, 20000);
}

static void does_not_run_unasked(void **state)
{
	struct timespec ms = { 0, 5000000 };
	struct job j = { .again = 0 };
	struct iom_host_worker_cfg cfg = { .run = run, .arg = &j };

	(void)state;
	assert_int_equal(iom_host_worker_start(&cfg, &j.w), IOM_OK);
	nanosleep(&ms, NULL);
	assert_int_equal(atomic_load(&j.runs), 0);
	iom_host_worker_wake(j.w);
	while (!atomic_load(&j.runs))
		sched_yield();
	nanosleep(&ms, NULL);
	assert_int_equal(atomic_load(&j.runs), 1);
	iom_host_worker_stop(j.w);
	iom_host_worker_wake(j.w);	/* harmless */
	iom_host_worker_wake(j.w);
	iom_host_worker_stop(j.w);
	assert_int_equal(atomic_load(&j.runs), 1);
	iom_host_worker_free(j.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_waker),
		cmocka_unit_test(two_wakers),
		cmocka_unit_test(two_wakers_polling),
		cmocka_unit_test(does_not_run_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
