/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker thread. wanted says that a run must follow; asleep that the
 * thread may be inside its read of the eventfd. The two are a Dekker pair: the
 * waker sets wanted and then looks at asleep, the thread sets asleep and then
 * looks at wanted, both sequentially consistent, so one of them sees the
 * other, and the eventfd is written only when somebody may be reading it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <iom/host/host_worker.h>

#define POLL_SPINS	32u	/* looks between two readings of the clock */

struct iom_host_worker {
	struct iom_host_worker_cfg cfg;
	pthread_t thread;
	bool ended;		/* of whoever stops it */
	int efd;
	atomic_bool wanted;
	atomic_bool asleep;
	atomic_bool stop;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Did a wake come within poll_ns? */
static bool poll_wanted(struct iom_host_worker *w)
{
	uint64_t end = now_ns() + w->cfg.poll_ns;
	unsigned int i;

	do {
		for (i = 0; i < POLL_SPINS; i++) {
			if (atomic_load(&w->wanted))
				return true;
			cpu_relax();
		}
	} while (now_ns() < end);
	return false;
}

static void sleep_until_wanted(struct iom_host_worker *w)
{
	uint64_t count;

	atomic_store(&w->asleep, true);
	while (!atomic_load(&w->wanted)) {
		/* Blocking; a count left by an earlier wake only costs one turn. */
		if (read(w->efd, &count, sizeof(count)) < 0 && errno != EINTR)
			break;
	}
	atomic_store(&w->asleep, false);
}

static void *worker_main(void *arg)
{
	struct iom_host_worker *w = arg;
	bool polling = false;

	for (;;) {
		if (!atomic_load(&w->wanted)) {
			/*
			 * Poll after work; once a poll was in vain, sleep, and
			 * poll again only after the next work.
			 */
			if (!(polling && poll_wanted(w)))
				sleep_until_wanted(w);
			polling = w->cfg.poll_ns > 0;
		}
		atomic_store(&w->wanted, false);
		if (atomic_load(&w->stop))
			return NULL;
		while (w->cfg.run(w->cfg.arg) == IOM_EAGAIN) {
			if (atomic_load(&w->stop))
				return NULL;
		}
	}
}

int iom_host_worker_start(const struct iom_host_worker_cfg *cfg, struct iom_host_worker **out)
{
	struct iom_host_worker *w = calloc(1, sizeof(*w));
	char name[16];

	if (!w)
		return IOM_ENOMEM;
	w->cfg = *cfg;
	w->efd = eventfd(0, EFD_CLOEXEC);
	if (w->efd < 0)
		goto err_free;
	if (pthread_create(&w->thread, NULL, worker_main, w))
		goto err_efd;
	if (cfg->name) {
		strncpy(name, cfg->name, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
		pthread_setname_np(w->thread, name);
	}
	*out = w;
	return IOM_OK;

err_efd:
	close(w->efd);
err_free:
	free(w);
	return IOM_ENOMEM;
}

void iom_host_worker_wake(struct iom_host_worker *w)
{
	static const uint64_t one = 1;

	if (atomic_exchange(&w->wanted, true))
		return;
	/* One write a sleep, so the count cannot come near the blocking limit. */
	if (atomic_load(&w->asleep) && write(w->efd, &one, sizeof(one)) < 0)
		return;
}

void iom_host_worker_stop(struct iom_host_worker *w)
{
	if (w->ended)
		return;
	atomic_store(&w->stop, true);
	iom_host_worker_wake(w);
	pthread_join(w->thread, NULL);
	w->ended = true;
}

void iom_host_worker_free(struct iom_host_worker *w)
{
	if (!w)
		return;
	iom_host_worker_stop(w);
	close(w->efd);
	free(w);
}
