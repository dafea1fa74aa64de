/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device's registers, as an ops table: real MMIO of a port, or a model's read
 * and write. Values are in host byte order; the ops know the device's.
 *
 * Any thread may call; accesses to one register by two threads at a time are the
 * driver's matter. None of the ops may fail: a device that is gone reads as ones.
 */
#ifndef IOM_PLAT_MMIO_H
#define IOM_PLAT_MMIO_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_mmio;

struct iom_mmio_ops {
	/* off is aligned to the width. 64 bits: one access, or low then high. */
	uint32_t (*read32)(struct iom_mmio *m, uint64_t off);
	void (*write32)(struct iom_mmio *m, uint64_t off, uint32_t val);
	uint64_t (*read64)(struct iom_mmio *m, uint64_t off);
	void (*write64)(struct iom_mmio *m, uint64_t off, uint64_t val);
	/*
	 * Stores to memory before it are visible to the device before any store
	 * or register write after it (Arm: dmb oshst).
	 */
	void (*wmb)(struct iom_mmio *m);
	/* Loads after it are not made before register reads and loads in front of it. */
	void (*rmb)(struct iom_mmio *m);
};

struct iom_mmio {
	const struct iom_mmio_ops *ops;
};

static inline uint32_t iom_mmio_read32(struct iom_mmio *m, uint64_t off)
{
	return m->ops->read32(m, off);
}

static inline void iom_mmio_write32(struct iom_mmio *m, uint64_t off, uint32_t val)
{
	m->ops->write32(m, off, val);
}

static inline uint64_t iom_mmio_read64(struct iom_mmio *m, uint64_t off)
{
	return m->ops->read64(m, off);
}

static inline void iom_mmio_write64(struct iom_mmio *m, uint64_t off, uint64_t val)
{
	m->ops->write64(m, off, val);
}

static inline void iom_mmio_wmb(struct iom_mmio *m)
{
	m->ops->wmb(m);
}

static inline void iom_mmio_rmb(struct iom_mmio *m)
{
	m->ops->rmb(m);
}

#ifdef __cplusplus
}
#endif
#endif
