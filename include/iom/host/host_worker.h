/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread that runs a callback while there is work and sleeps when there is
 * none. No wake is lost: a wake during a run makes another run follow it.
 */
#ifndef IOM_HOST_HOST_WORKER_H
#define IOM_HOST_HOST_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/base/err.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_host_worker;		/* opaque */

struct iom_host_worker_cfg {
	/*
	 * Does some work, on the worker's thread. IOM_EAGAIN: call again; any
	 * other value: idle until the next wake.
	 */
	int (*run)(void *arg);
	void *arg;
	const char *name;	/* of the thread; at most 15 characters are shown */
	/*
	 * Adaptive polling: look for a wake this long before sleeping, as long
	 * as wakes do come within that time. Costs CPU time of an otherwise
	 * idle core, saves waking the thread. 0: sleep at once.
	 */
	uint32_t poll_ns;
};

/* Starts the thread, idle. IOM_ENOMEM: no memory, thread or descriptor. */
int iom_host_worker_start(const struct iom_host_worker_cfg *cfg, struct iom_host_worker **out);
/* Any thread, also the worker itself; never blocks. */
void iom_host_worker_wake(struct iom_host_worker *w);
/*
 * Lets the current run return, then ends the thread; work left is not done.
 * Not from the worker's own thread. A wake after it does nothing.
 */
void iom_host_worker_stop(struct iom_host_worker *w);
/* Stops it if it runs. Nobody may wake it any more. NULL: nothing. */
void iom_host_worker_free(struct iom_host_worker *w);

#ifdef __cplusplus
}
#endif
#endif
