/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the embedder supplies: memory, locks, a way to wait. One of libiom's
 * four seams (with mmio, gmem and backend); iom_host_plat() is the ready-made
 * one for a hosted program. Every op is required unless it says it has a
 * default; iom_plat_init() checks that and fills the defaults in.
 */
#ifndef IOM_PLAT_PLAT_H
#define IOM_PLAT_PLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_plat;

/* A mutual exclusion lock; the embedder keeps its own object behind impl. */
struct iom_lock {
	void *impl;
};

struct iom_plat_ops {
	/*
	 * Zeroed memory of size bytes, aligned to align (a power of two, at
	 * most 4096). IOM_ENOMEM leaves *out untouched. Called from any thread
	 * that calls into the library, possibly under library locks.
	 */
	int (*alloc)(struct iom_plat *p, size_t size, size_t align, void **out);
	/* size is the one given to alloc. mem is never NULL. */
	void (*free)(struct iom_plat *p, void *mem, size_t size);

	int (*lock_init)(struct iom_plat *p, struct iom_lock *l);	/* IOM_ENOMEM */
	void (*lock_fini)(struct iom_plat *p, struct iom_lock *l);
	void (*lock)(struct iom_plat *p, struct iom_lock *l);
	void (*unlock)(struct iom_plat *p, struct iom_lock *l);
	/* Does the calling thread hold l? For assertions. Default: always true. */
	bool (*lock_held)(struct iom_plat *p, struct iom_lock *l);

	/*
	 * Another thread must act before the caller can go on; turn counts the
	 * calls of this wait from 0. A good op spins first, then yields, then
	 * sleeps. Default: does nothing.
	 */
	void (*relax)(struct iom_plat *p, unsigned int turn);
	/* Monotonic nanoseconds. Default: always 0 (time limits never end). */
	uint64_t (*now_ns)(struct iom_plat *p);
};

struct iom_plat {
	struct iom_plat_ops ops;
};

/*
 * Copies *ops into *p and fills defaults. Returns IOM_OK; IOM_EINVAL if a
 * required op is missing, *p then untouched. The embedder may embed struct
 * iom_plat in its own and use IOM_CONTAINER_OF in its ops.
 */
int iom_plat_init(struct iom_plat *p, const struct iom_plat_ops *ops);

static inline int iom_plat_alloc(struct iom_plat *p, size_t size, size_t align, void **out)
{
	return p->ops.alloc(p, size, align, out);
}

static inline void iom_plat_free(struct iom_plat *p, void *mem, size_t size)
{
	if (mem)
		p->ops.free(p, mem, size);
}

static inline void iom_plat_lock(struct iom_plat *p, struct iom_lock *l)
{
	p->ops.lock(p, l);
}

static inline void iom_plat_unlock(struct iom_plat *p, struct iom_lock *l)
{
	p->ops.unlock(p, l);
}

/* For the library's helpers: the caller must hold l. A breach is a defect of the library. */
static inline void iom_plat_assert_held(struct iom_plat *p, struct iom_lock *l)
{
	if (!p->ops.lock_held(p, l))
		__builtin_trap();
}

#ifdef __cplusplus
}
#endif
#endif
