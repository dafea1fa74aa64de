/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory, or the bus of a device, as an ops table. Addresses are those
 * of whoever issues them: guest-physical for an IOMMU's own rings, IOVA for an
 * endpoint behind one (an xgmem, <iom/dev/xgmem.h>, is a gmem that translates).
 *
 * Brackets: every access stands between iom_gmem_begin() and iom_gmem_end().
 * What read, write, load, store and map reach or return stays valid until the
 * end, so that unmapping (of guest memory, or in the IOMMU) is answered only
 * after it. Brackets are short (one descriptor chain, one batch), do not nest,
 * and one gmem object is used by one thread at a time: give each thread its
 * own object over shared state.
 */
#ifndef IOM_PLAT_GMEM_H
#define IOM_PLAT_GMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/range.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_ACCESS_READ		1u
#define IOM_ACCESS_WRITE	2u

struct iom_gmem;

/*
 * All ops may be called only inside a bracket (but begin and end). Errors of
 * all: IOM_EFAULT not memory or not mapped; IOM_EACCES mapped without the
 * permission; IOM_ENODEV no DMA is possible now (bus mastering off, peer
 * gone); IOM_EIO the peer failed. A failed read or write may have moved a
 * part; a failed load, store, cas64 or map has done nothing. IOM_EAGAIN, only
 * behind an IOMMU that was told that this one can wait (<iom/dev/smmuv3_dev.h>,
 * stalls): end the bracket, and do the same again when the IOMMU says so.
 */
struct iom_gmem_ops {
	/* Default: IOM_OK. After a failure no end follows. */
	int (*begin)(struct iom_gmem *g);
	void (*end)(struct iom_gmem *g);
	/* Bytes in any order and width. len is not 0 and does not wrap. */
	int (*read)(struct iom_gmem *g, uint64_t addr, void *buf, size_t len);
	int (*write)(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len);
	/*
	 * Little-endian value of size 2, 4 or 8 at an address aligned to size,
	 * single-copy atomic, sequentially consistent, in host byte order in
	 * *val: a store and a later load of the same thread are not reordered
	 * (the notification handshake of the rings).
	 */
	int (*load)(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val);
	int (*store)(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val);
	/* *old is the expected value, and afterwards what was there. Default: IOM_EOPNOTSUPP. */
	int (*cas64)(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val);
	/*
	 * A pointer to the first *got (1 to len) bytes at addr for the given
	 * IOM_ACCESS_*; valid until the end of the bracket. IOM_EOPNOTSUPP
	 * where memory has no pointer here: use read and write. Default:
	 * IOM_EOPNOTSUPP.
	 */
	int (*map)(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
		   void **ptr, size_t *got);
};

struct iom_gmem {
	struct iom_gmem_ops ops;
	/* Odd in a bracket, and another in each: what was mapped in one is known to be stale. */
	uint64_t bracket;
	bool uncounted;		/* see iom_gmem_map_ring() */
};

/* Copies *ops, fills defaults. IOM_EINVAL if read, write, load or store is missing. */
int iom_gmem_init(struct iom_gmem *g, const struct iom_gmem_ops *ops);
bool iom_gmem_has_cas64(const struct iom_gmem *g);

static inline int iom_gmem_begin(struct iom_gmem *g)
{
	int rc = g->ops.begin(g);

	if (!rc)
		g->bracket++;
	return rc;
}

static inline void iom_gmem_end(struct iom_gmem *g)
{
	g->bracket++;
	g->ops.end(g);
}

/* As the op; len 0 is IOM_OK, a wrapping range IOM_EFAULT. */
static inline int iom_gmem_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	if (!len)
		return IOM_OK;
	if (addr + (len - 1) < addr)
		return IOM_EFAULT;
	return g->ops.read(g, addr, buf, len);
}

static inline int iom_gmem_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	if (!len)
		return IOM_OK;
	if (addr + (len - 1) < addr)
		return IOM_EFAULT;
	return g->ops.write(g, addr, buf, len);
}

/* IOM_EINVAL if addr is not aligned to size. */
static inline int iom_gmem_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	return addr & (size - 1) ? IOM_EINVAL : g->ops.load(g, addr, size, val);
}

static inline int iom_gmem_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	return addr & (size - 1) ? IOM_EINVAL : g->ops.store(g, addr, size, val);
}

/* len 0: IOM_EINVAL. */
static inline int iom_gmem_map(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access,
			       void **ptr, size_t *got)
{
	if (!len || addr + (len - 1) < addr)
		return len ? IOM_EFAULT : IOM_EINVAL;
	return g->ops.map(g, addr, len, access, ptr, got);
}

/*
 * As map, for a structure that is looked at through the bracket, like a ring: a
 * gmem that counts the bytes that move leaves these out.
 */
static inline int iom_gmem_map_ring(struct iom_gmem *g, uint64_t addr, size_t len,
				    unsigned int access, void **ptr, size_t *got)
{
	int rc;

	g->uncounted = true;
	rc = iom_gmem_map(g, addr, len, access, ptr, got);
	g->uncounted = false;
	return rc;
}

/*
 * A gmem over one block of host memory: address base is mem[0]. For tests and
 * simulators. No locking, brackets do nothing. Fixed after init.
 */
struct iom_gmem_flat {
	struct iom_gmem g;
	uint64_t base;
	uint64_t size;	/* bytes, at least 1, base + size does not wrap */
	uint8_t *mem;	/* 8-byte aligned */
};

/* IOM_EINVAL: size 0, wrap, or misaligned mem or base. */
int iom_gmem_flat_init(struct iom_gmem_flat *f, uint64_t base, void *mem, uint64_t size);

/*
 * The identity: an address is the host's own. For a driver that runs on the
 * host and gives its pointers to the device as physical addresses. ranges is
 * what the device reaches, the rest is IOM_EFAULT, and nothing in them is
 * unmapped while this is used. No locking, brackets do nothing. Fixed after init.
 */
struct iom_gmem_identity {
	struct iom_gmem g;
	const struct iom_range *ranges;		/* the caller's; nr of them */
	size_t nr;
};

/*
 * nr 0: all of the program's memory, and a wrong address ends the program, as
 * it would end it in the driver itself. IOM_EINVAL: a range whose start is
 * above its last.
 */
int iom_gmem_identity_init(struct iom_gmem_identity *m, const struct iom_range *ranges,
			   size_t nr);

#ifdef __cplusplus
}
#endif
#endif
