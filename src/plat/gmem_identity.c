/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identity gmem: addresses are pointers of this program, inside ranges that
 * the caller names, or anywhere but on the first page.
 */
#include <iom/base/mem.h>

#include "gmem_host.h"

#define NULL_PAGE	UINT64_C(4096)

/* Host pointer to len bytes at addr, or NULL if no one range has them all. */
static void *at(struct iom_gmem *g, uint64_t addr, uint64_t len)
{
	struct iom_gmem_identity *m = IOM_CONTAINER_OF(g, struct iom_gmem_identity, g);
	struct iom_range want;
	size_t i;

	if (!iom_range_make(addr, len, &want) || want.last > UINTPTR_MAX)
		return NULL;
	if (!m->nr)
		return addr < NULL_PAGE ? NULL : (void *)(uintptr_t)addr;
	for (i = 0; i < m->nr; i++) {
		if (iom_range_contains(m->ranges[i], want))
			return (void *)(uintptr_t)addr;
	}
	return NULL;
}

static int identity_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	const void *p = at(g, addr, len);

	if (!p)
		return IOM_EFAULT;
	memcpy(buf, p, len);
	return IOM_OK;
}

static int identity_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	void *p = at(g, addr, len);

	if (!p)
		return IOM_EFAULT;
	memcpy(p, buf, len);
	return IOM_OK;
}

static int identity_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	void *p = at(g, addr, size);

	return p ? iomi_gmem_host_load(p, size, val) : IOM_EFAULT;
}

static int identity_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	void *p = at(g, addr, size);

	return p ? iomi_gmem_host_store(p, size, val) : IOM_EFAULT;
}

static int identity_cas64(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val)
{
	void *p = at(g, addr, 8);

	if (addr & 7)
		return IOM_EINVAL;
	if (!p)
		return IOM_EFAULT;
	iomi_gmem_host_cas64(p, old, val);
	return IOM_OK;
}

static int identity_map(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
			void **ptr, size_t *got)
{
	struct iom_gmem_identity *m = IOM_CONTAINER_OF(g, struct iom_gmem_identity, g);
	void *p = at(g, addr, 1);
	size_t i;

	(void)access;
	if (!p)
		return IOM_EFAULT;
	*ptr = p;
	*got = len;
	for (i = 0; i < m->nr; i++) {
		if (!iom_range_has(m->ranges[i], addr))
			continue;
		if (len - 1 > m->ranges[i].last - addr)
			*got = (size_t)(m->ranges[i].last - addr) + 1;
		break;
	}
	return IOM_OK;
}

static const struct iom_gmem_ops identity_ops = {
	.read = identity_read,
	.write = identity_write,
	.load = identity_load,
	.store = identity_store,
	.cas64 = identity_cas64,
	.map = identity_map,
};

int iom_gmem_identity_init(struct iom_gmem_identity *m, const struct iom_range *ranges,
			   size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!iom_range_valid(ranges[i]))
			return IOM_EINVAL;
	}
	m->ranges = ranges;
	m->nr = nr;
	return iom_gmem_init(&m->g, &identity_ops);
}
