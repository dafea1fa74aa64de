/* SPDX-License-Identifier: BSD-2-Clause */
/* The plat of plat_test.h. */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <iom/base/err.h>
#include <iom/base/field.h>

#include "fakes/plat_test.h"

/* Stands just below what the caller gets. */
struct block {
	void *start;
	size_t size;
	uint64_t magic;
};
#define MAGIC_LIVE UINT64_C(0x6c697665626c6f63)
#define MAGIC_FREED UINT64_C(0x6465616462656566)

struct lock {
	pthread_mutex_t mutex;
	pthread_t owner;
	_Atomic bool held;
};

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "plat_test: %s\n", what);
	abort();
}

static bool fails_now(struct plat_test *pt)
{
	long n = atomic_load(&pt->fail_in);

	atomic_fetch_add(&pt->nr_allocs, 1);
	while (n > 0)
		if (atomic_compare_exchange_weak(&pt->fail_in, &n, n - 1)) {
			if (n == 1)
				atomic_store(&pt->failed, true);
			return n == 1;
		}
	return false;
}

static struct plat_test *of(struct iom_plat *p)
{
	return IOM_CONTAINER_OF(p, struct plat_test, plat);
}

static int test_alloc(struct iom_plat *p, size_t size, size_t align, void **out)
{
	struct plat_test *pt = of(p);
	struct block *b;
	uint8_t *start;
	uintptr_t at;

	require(align && align <= 4096 && !(align & (align - 1)), "alloc: bad align");
	if (align < sizeof(void *))
		align = sizeof(void *);
	if (size > SIZE_MAX / 2 || fails_now(pt))
		return IOM_ENOMEM;
	start = calloc(1, size + align + sizeof(*b));
	if (!start)
		return IOM_ENOMEM;
	at = ((uintptr_t)start + sizeof(*b) + align - 1) & ~(uintptr_t)(align - 1);
	b = (struct block *)at - 1;
	b->start = start;
	b->size = size;
	b->magic = MAGIC_LIVE;
	atomic_fetch_add(&pt->live, 1);
	atomic_fetch_add(&pt->live_bytes, (long)size);
	*out = (void *)at;
	return IOM_OK;
}

static void test_free(struct iom_plat *p, void *mem, size_t size)
{
	struct plat_test *pt = of(p);
	struct block *b = (struct block *)mem - 1;

	require(mem, "free: NULL");
	require(b->magic == MAGIC_LIVE, "free: not allocated, or freed before");
	require(b->size == size, "free: not the size given to alloc");
	b->magic = MAGIC_FREED;
	atomic_fetch_sub(&pt->live, 1);
	atomic_fetch_sub(&pt->live_bytes, (long)size);
	memset(mem, 0xa5, size);
	free(b->start);
}

static int test_lock_init(struct iom_plat *p, struct iom_lock *l)
{
	struct lock *lock;

	if (fails_now(of(p)))
		return IOM_ENOMEM;
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return IOM_ENOMEM;
	pthread_mutex_init(&lock->mutex, NULL);
	atomic_fetch_add(&of(p)->live, 1);
	l->impl = lock;
	return IOM_OK;
}

static bool test_lock_held(struct iom_plat *p, struct iom_lock *l)
{
	struct lock *lock = l->impl;

	(void)p;
	return atomic_load(&lock->held) && pthread_equal(lock->owner, pthread_self());
}

static void test_lock(struct iom_plat *p, struct iom_lock *l)
{
	struct lock *lock = l->impl;

	(void)p;
	require(!pthread_mutex_lock(&lock->mutex), "lock");
	lock->owner = pthread_self();
	atomic_store(&lock->held, true);
}

static void test_unlock(struct iom_plat *p, struct iom_lock *l)
{
	struct lock *lock = l->impl;

	(void)p;
	require(atomic_load(&lock->held), "unlock of a lock that nobody holds");
	atomic_store(&lock->held, false);
	require(!pthread_mutex_unlock(&lock->mutex), "unlock");
}

static void test_lock_fini(struct iom_plat *p, struct iom_lock *l)
{
	struct lock *lock = l->impl;

	require(!atomic_load(&lock->held), "lock_fini of a held lock");
	pthread_mutex_destroy(&lock->mutex);
	atomic_fetch_sub(&of(p)->live, 1);
	free(lock);
	l->impl = NULL;
}

static void test_relax(struct iom_plat *p, unsigned int turn)
{
	struct timespec ts = { 0, 20000 };

	(void)p;
	if (turn < 1000)
		sched_yield();
	else
		nanosleep(&ts, NULL);
}

static uint64_t test_now_ns(struct iom_plat *p)
{
	struct timespec ts;

	(void)p;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void plat_test_init(struct plat_test *pt)
{
	static const struct iom_plat_ops ops = {
		.alloc = test_alloc,
		.free = test_free,
		.lock_init = test_lock_init,
		.lock_fini = test_lock_fini,
		.lock = test_lock,
		.unlock = test_unlock,
		.lock_held = test_lock_held,
		.relax = test_relax,
		.now_ns = test_now_ns,
	};

	memset(pt, 0, sizeof(*pt));
	require(iom_plat_init(&pt->plat, &ops) == IOM_OK, "iom_plat_init");
}

void plat_test_fail_nth(struct plat_test *pt, long n)
{
	atomic_store(&pt->failed, false);
	atomic_store(&pt->fail_in, n);
}

bool plat_test_failed(const struct plat_test *pt)
{
	return atomic_load(&pt->failed);
}

long plat_test_live(const struct plat_test *pt)
{
	return atomic_load(&pt->live);
}

long plat_test_live_bytes(const struct plat_test *pt)
{
	return atomic_load(&pt->live_bytes);
}
