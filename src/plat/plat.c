/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks an embedder's plat ops once, so that no caller asks again. */
#include <iom/base/err.h>
#include <iom/plat/plat.h>

static bool held_unknown(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	(void)l;
	return true;
}

static void relax_nothing(struct iom_plat *p, unsigned int turn)
{
	(void)p;
	(void)turn;
}

static uint64_t now_never(struct iom_plat *p)
{
	(void)p;
	return 0;
}

int iom_plat_init(struct iom_plat *p, const struct iom_plat_ops *ops)
{
	if (!ops->alloc || !ops->free || !ops->lock_init || !ops->lock_fini ||
	    !ops->lock || !ops->unlock)
		return IOM_EINVAL;
	p->ops = *ops;
	if (!p->ops.lock_held)
		p->ops.lock_held = held_unknown;
	if (!p->ops.relax)
		p->ops.relax = relax_nothing;
	if (!p->ops.now_ns)
		p->ops.now_ns = now_never;
	return IOM_OK;
}
