/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access brackets: how "unmapped means unreachable" is kept without a lock on a
 * translation. Every access by a device stands between iom_access_begin() and
 * iom_access_end(); what translate returned is valid until the end. A change
 * that takes something away first makes it unfindable, then waits at the gate
 * until every bracket begun before has ended, and only then is answered.
 *
 * One struct iom_access belongs to one thread at a time (or to one worker);
 * brackets do not nest. begin and end cost one locked store, and none.
 *
 * Why it is right: begin stores the reader's word, then the walk loads; the
 * writer stores the change, then loads the reader's word. All four are
 * sequentially consistent, so at least one side sees the other. A reader whose
 * word is a later epoch has read that epoch, by an acquire, after the change.
 */
#ifndef IOM_DEV_ACCESS_H
#define IOM_DEV_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/base/atomic.h>
#include <iom/base/list.h>
#include <iom/plat/plat.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_access_gate {
	struct iom_plat *plat;
	IOM_ATOMIC(uint64_t) epoch;	/* from 1; grows with each wait */
	struct iom_lock lock;
	struct iom_list readers;	/* under lock */
};

struct iom_access {
	IOM_ATOMIC(uint64_t) seen;	/* 0: outside; else the epoch at begin */
	struct iom_access_gate *gate;
	struct iom_list link;		/* under gate->lock */
	char pad[32];			/* two readers' words are not on one cache line */
};

int iom_access_gate_init(struct iom_access_gate *g, struct iom_plat *plat);	/* IOM_ENOMEM */
void iom_access_gate_fini(struct iom_access_gate *g);	/* no reader is left */

/* A reader joins and leaves the gate; outside any bracket. */
void iom_access_join(struct iom_access *a, struct iom_access_gate *g);
void iom_access_leave(struct iom_access *a);

#ifndef __cplusplus
static inline void iom_access_begin(struct iom_access *a)
{
	atomic_store(&a->seen, atomic_load_explicit(&a->gate->epoch, memory_order_acquire));
}

static inline void iom_access_end(struct iom_access *a)
{
	atomic_store_explicit(&a->seen, 0, memory_order_release);
}
#endif

/*
 * Returns once every bracket that was open has ended. Calls plat's relax while
 * it waits. Never inside a bracket of the same gate.
 */
void iom_access_wait(struct iom_access_gate *g);

/*
 * The same in two steps, for a thread that must not wait: a ticket taken after
 * the change, and a question that never blocks.
 */
uint64_t iom_access_ticket(struct iom_access_gate *g);
bool iom_access_passed(struct iom_access_gate *g, uint64_t ticket);

#ifdef __cplusplus
}
#endif
#endif
