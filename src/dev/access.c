/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate behind access brackets. It owns the list of readers, kept by the
 * lock. The lock is never held while waiting, so passed() is always prompt.
 */
#include <iom/base/err.h>
#include <iom/dev/access.h>

int iom_access_gate_init(struct iom_access_gate *g, struct iom_plat *plat)
{
	int rc = plat->ops.lock_init(plat, &g->lock);

	if (rc)
		return rc;
	g->plat = plat;
	atomic_init(&g->epoch, 1);
	iom_list_init(&g->readers);
	return IOM_OK;
}

void iom_access_gate_fini(struct iom_access_gate *g)
{
	g->plat->ops.lock_fini(g->plat, &g->lock);
}

void iom_access_join(struct iom_access *a, struct iom_access_gate *g)
{
	a->gate = g;
	atomic_init(&a->seen, 0);
	iom_plat_lock(g->plat, &g->lock);
	iom_list_add_tail(&g->readers, &a->link);
	iom_plat_unlock(g->plat, &g->lock);
}

void iom_access_leave(struct iom_access *a)
{
	struct iom_access_gate *g = a->gate;

	iom_plat_lock(g->plat, &g->lock);
	iom_list_del(&a->link);
	iom_plat_unlock(g->plat, &g->lock);
}

uint64_t iom_access_ticket(struct iom_access_gate *g)
{
	return atomic_fetch_add(&g->epoch, 1) + 1;
}

/* A reader whose word is 0 is outside, and will see the change when it begins. */
static bool reader_passed(struct iom_list *l, uint64_t ticket)
{
	uint64_t seen = atomic_load(&IOM_CONTAINER_OF(l, struct iom_access, link)->seen);

	return !seen || seen >= ticket;
}

bool iom_access_passed(struct iom_access_gate *g, uint64_t ticket)
{
	struct iom_list *l;
	bool passed = true;

	iom_plat_lock(g->plat, &g->lock);
	iom_list_for_each(l, &g->readers)
		passed = passed && reader_passed(l, ticket);
	iom_plat_unlock(g->plat, &g->lock);
	return passed;
}

void iom_access_wait(struct iom_access_gate *g)
{
	uint64_t ticket = iom_access_ticket(g);
	unsigned int turn = 0;

	while (!iom_access_passed(g, ticket))
		g->plat->ops.relax(g->plat, turn++);
}
