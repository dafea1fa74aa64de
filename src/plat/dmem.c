/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks an embedder's memory ops once, so that no caller asks again. Owns nothing. */
#include <iom/plat/dmem.h>

static void *virt_identity(struct iom_dmem *m, uint64_t pa)
{
	(void)m;
	return (void *)(uintptr_t)pa;
}

static void snooped(struct iom_dmem *m, const void *virt, size_t size)
{
	(void)m;
	(void)virt;
	(void)size;
}

int iom_dmem_init(struct iom_dmem *m, const struct iom_dmem_ops *ops)
{
	if (!ops->alloc || !ops->free)
		return IOM_EINVAL;
	m->ops = *ops;
	m->identity = !ops->virt;
	m->coherent = !ops->clean && !ops->inval;
	if (!m->ops.virt)
		m->ops.virt = virt_identity;
	if (!m->ops.clean)
		m->ops.clean = snooped;
	if (!m->ops.inval)
		m->ops.inval = snooped;
	return IOM_OK;
}
