/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defaults of the gmem seam, and the flat gmem: one block of host memory.
 * Values in memory are little-endian; sizes are 2, 4 and 8.
 */
#include <iom/base/mem.h>

#include "gmem_host.h"

static int begin_nothing(struct iom_gmem *g)
{
	(void)g;
	return IOM_OK;
}

static void end_nothing(struct iom_gmem *g)
{
	(void)g;
}

static int cas64_none(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val)
{
	(void)g;
	(void)addr;
	(void)old;
	(void)val;
	return IOM_EOPNOTSUPP;
}

static int map_none(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
		    void **ptr, size_t *got)
{
	(void)g;
	(void)addr;
	(void)len;
	(void)access;
	(void)ptr;
	(void)got;
	return IOM_EOPNOTSUPP;
}

bool iom_gmem_has_cas64(const struct iom_gmem *g)
{
	return g->ops.cas64 != cas64_none;
}

int iom_gmem_init(struct iom_gmem *g, const struct iom_gmem_ops *ops)
{
	if (!ops->read || !ops->write || !ops->load || !ops->store ||
	    !ops->begin != !ops->end)
		return IOM_EINVAL;
	g->ops = *ops;
	g->bracket = 0;
	g->uncounted = false;
	if (!g->ops.begin) {
		g->ops.begin = begin_nothing;
		g->ops.end = end_nothing;
	}
	if (!g->ops.cas64)
		g->ops.cas64 = cas64_none;
	if (!g->ops.map)
		g->ops.map = map_none;
	return IOM_OK;
}

static bool flat_has(const struct iom_gmem_flat *f, uint64_t off, uint64_t len)
{
	/* Below base, off has wrapped to behind the end: base + size does not wrap. */
	return off < f->size && len <= f->size - off;
}

/* Host pointer to len bytes at addr, or NULL if they are not all inside. */
static uint8_t *flat_ptr(struct iom_gmem *g, uint64_t addr, uint64_t len)
{
	struct iom_gmem_flat *f = IOM_CONTAINER_OF(g, struct iom_gmem_flat, g);

	return flat_has(f, addr - f->base, len) ? f->mem + (addr - f->base) : NULL;
}

static int flat_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	struct iom_gmem_flat *f = IOM_CONTAINER_OF(g, struct iom_gmem_flat, g);

	if (!flat_has(f, addr - f->base, len))
		return IOM_EFAULT;
	memcpy(buf, f->mem + (addr - f->base), len);
	return IOM_OK;
}

static int flat_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	struct iom_gmem_flat *f = IOM_CONTAINER_OF(g, struct iom_gmem_flat, g);

	if (!flat_has(f, addr - f->base, len))
		return IOM_EFAULT;
	/* Most writes of a device are a status of one word: no call for that. */
	if (len == sizeof(uint32_t))
		memcpy(f->mem + (addr - f->base), buf, sizeof(uint32_t));
	else
		memcpy(f->mem + (addr - f->base), buf, len);
	return IOM_OK;
}

static __attribute__((noinline)) int flat_load_part(struct iom_gmem *g, uint64_t addr,
						    unsigned int size, uint64_t *val)
{
	void *p = flat_ptr(g, addr, size);

	if (!p)
		return IOM_EFAULT;
	return iomi_gmem_host_load(p, size, val);
}

/* Straight on for what table walks ask for. All is aligned, so the last byte is off | 7. */
static int flat_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	struct iom_gmem_flat *f = IOM_CONTAINER_OF(g, struct iom_gmem_flat, g);
	uint64_t off = addr - f->base;

	if (size != 8)
		return flat_load_part(g, addr, size, val);
	if ((off | 7) >= f->size)
		return IOM_EFAULT;
	*val = IOMI_LE64(atomic_load((_Atomic uint64_t *)(void *)(f->mem + off)));
	return IOM_OK;
}

static int flat_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	void *p = flat_ptr(g, addr, size);

	if (!p)
		return IOM_EFAULT;
	return iomi_gmem_host_store(p, size, val);
}

static int flat_cas64(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val)
{
	void *p = addr & 7 ? NULL : flat_ptr(g, addr, 8);

	if (!p)
		return addr & 7 ? IOM_EINVAL : IOM_EFAULT;
	iomi_gmem_host_cas64(p, old, val);
	return IOM_OK;
}

static int flat_map(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
		    void **ptr, size_t *got)
{
	struct iom_gmem_flat *f = IOM_CONTAINER_OF(g, struct iom_gmem_flat, g);
	uint8_t *p = flat_ptr(g, addr, 1);
	uint64_t left;

	(void)access;
	if (!p)
		return IOM_EFAULT;
	left = f->size - (addr - f->base);
	*ptr = p;
	*got = len < left ? len : (size_t)left;
	return IOM_OK;
}

static const struct iom_gmem_ops flat_ops = {
	.read = flat_read,
	.write = flat_write,
	.load = flat_load,
	.store = flat_store,
	.cas64 = flat_cas64,
	.map = flat_map,
};

int iom_gmem_flat_init(struct iom_gmem_flat *f, uint64_t base, void *mem, uint64_t size)
{
	if (!size || base + (size - 1) < base || ((uintptr_t)mem & 7) || (base & 7))
		return IOM_EINVAL;
	f->base = base;
	f->size = size;
	f->mem = mem;
	return iom_gmem_init(&f->g, &flat_ops);
}
