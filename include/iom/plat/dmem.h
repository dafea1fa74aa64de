/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that a driver shares with its hardware: page tables, queues, stream
 * tables. The embedder says where it comes from, which address the hardware
 * knows it by, and, where hardware does not snoop, how caches are kept.
 *
 * Any thread that calls into the library, possibly under library locks.
 */
#ifndef IOM_PLAT_DMEM_H
#define IOM_PLAT_DMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_dmem;

struct iom_dmem_ops {
	/*
	 * Zeroed, contiguous memory of size bytes at *virt, aligned to align (a
	 * power of two) for both sides; *pa is the hardware's address. If hardware
	 * does not snoop, the zeros are in memory. IOM_ENOMEM leaves both untouched.
	 */
	int (*alloc)(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa);
	void (*free)(struct iom_dmem *m, void *virt, uint64_t pa, size_t size);
	/* The pointer of an address inside what alloc gave. Default: they are equal. */
	void *(*virt)(struct iom_dmem *m, uint64_t pa);
	/*
	 * What the CPU wrote to these bytes is in memory when it returns; and for
	 * inval, what it reads next comes from there. Default: hardware snoops.
	 */
	void (*clean)(struct iom_dmem *m, const void *virt, size_t size);
	void (*inval)(struct iom_dmem *m, const void *virt, size_t size);
};

struct iom_dmem {
	struct iom_dmem_ops ops;
	bool identity;		/* virt is the default, */
	bool coherent;		/* and so are clean and inval: for loops that need not call */
};

/* Copies *ops, fills the rest. IOM_EINVAL: alloc or free is missing; *m untouched. */
int iom_dmem_init(struct iom_dmem *m, const struct iom_dmem_ops *ops);

#ifdef __cplusplus
}
#endif
#endif
