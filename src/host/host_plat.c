/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hosted plat. A lock is a pthread mutex of the error-checking kind with
 * its holder beside it, so that "helper called without the lock" assertions of
 * the library have something to ask.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <stdatomic.h>

#include <iom/host/host.h>

/*
 * relax: below SPIN turns the other side is on another core and about done;
 * below YIELD it may need this core; after that it does something long, and a
 * doubling sleep costs it at most as much again, 1 ms at the end.
 */
#define RELAX_SPIN	64u
#define RELAX_YIELD	96u
#define RELAX_NS_MIN	1000u
#define RELAX_SHIFT_MAX	10u

/*
 * Lines of its own, two as they are fetched in pairs: locks made in a row are
 * often taken by different threads.
 */
struct host_lock {
	_Alignas(128) pthread_mutex_t mutex;
	atomic_int holder;	/* thread id, 0 none; only the holder's own value matters */
};

static _Thread_local int this_thread_id;

static int thread_id(void)
{
	if (!this_thread_id)
		this_thread_id = (int)syscall(SYS_gettid);
	return this_thread_id;
}

static int host_alloc(struct iom_plat *p, size_t size, size_t align, void **out)
{
	void *mem;

	(void)p;
	if (align <= _Alignof(max_align_t)) {
		mem = calloc(1, size ? size : 1);
		if (!mem)
			return IOM_ENOMEM;
	} else {
		if (posix_memalign(&mem, align, size ? size : 1))
			return IOM_ENOMEM;
		memset(mem, 0, size);
	}
	*out = mem;
	return IOM_OK;
}

static void host_free(struct iom_plat *p, void *mem, size_t size)
{
	(void)p;
	(void)size;
	free(mem);
}

static int host_lock_init(struct iom_plat *p, struct iom_lock *l)
{
	struct host_lock *h = aligned_alloc(_Alignof(struct host_lock), sizeof(*h));
	pthread_mutexattr_t attr;

	(void)p;
	if (!h)
		return IOM_ENOMEM;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	if (pthread_mutex_init(&h->mutex, &attr)) {
		pthread_mutexattr_destroy(&attr);
		free(h);
		return IOM_ENOMEM;
	}
	pthread_mutexattr_destroy(&attr);
	atomic_init(&h->holder, 0);
	l->impl = h;
	return IOM_OK;
}

static void host_lock_fini(struct iom_plat *p, struct iom_lock *l)
{
	struct host_lock *h = l->impl;

	(void)p;
	pthread_mutex_destroy(&h->mutex);
	free(h);
	l->impl = NULL;
}

/* Only a bug of ours gets here; going on would corrupt what the lock guards. */
static _Noreturn void lock_bug(const char *what, int err)
{
	fprintf(stderr, "libiom: %s: %s\n", what, strerror(err));
	abort();
}

static void host_lock(struct iom_plat *p, struct iom_lock *l)
{
	struct host_lock *h = l->impl;
	int err = pthread_mutex_lock(&h->mutex);

	(void)p;
	if (err)
		lock_bug("lock", err);
	atomic_store_explicit(&h->holder, thread_id(), memory_order_relaxed);
}

static void host_unlock(struct iom_plat *p, struct iom_lock *l)
{
	struct host_lock *h = l->impl;
	int err;

	(void)p;
	atomic_store_explicit(&h->holder, 0, memory_order_relaxed);
	err = pthread_mutex_unlock(&h->mutex);
	if (err)
		lock_bug("unlock", err);
}

static bool host_lock_held(struct iom_plat *p, struct iom_lock *l)
{
	struct host_lock *h = l->impl;

	(void)p;
	return atomic_load_explicit(&h->holder, memory_order_relaxed) == thread_id();
}

static void host_relax(struct iom_plat *p, unsigned int turn)
{
	struct timespec ts = { 0, 0 };
	unsigned int shift;

	(void)p;
	if (turn < RELAX_SPIN) {
#if defined(__x86_64__) || defined(__i386__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield");
#endif
		return;
	}
	if (turn < RELAX_YIELD) {
		sched_yield();
		return;
	}
	shift = turn - RELAX_YIELD;
	ts.tv_nsec = RELAX_NS_MIN << (shift < RELAX_SHIFT_MAX ? shift : RELAX_SHIFT_MAX);
	nanosleep(&ts, NULL);
}

static uint64_t host_now_ns(struct iom_plat *p)
{
	struct timespec ts;

	(void)p;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct iom_plat *iom_host_plat(void)
{
	static struct iom_plat plat = {
		.ops = {
			.alloc = host_alloc,
			.free = host_free,
			.lock_init = host_lock_init,
			.lock_fini = host_lock_fini,
			.lock = host_lock,
			.unlock = host_unlock,
			.lock_held = host_lock_held,
			.relax = host_relax,
			.now_ns = host_now_ns,
		},
	};

	return &plat;
}
