/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocator of I/O virtual addresses: which ranges of one address space are
 * taken. It needs base and plat, and may be used without the rest.
 *
 * The space is counted in granules; a length is given as in ranges, as the
 * number of bytes minus one, so that the whole 64-bit space has one. A length
 * need not be a multiple of the granule: the rest of the last granule belongs
 * to the range.
 *
 * Two kinds of sizes. Up to 2^cached_lg2 bytes a size is rounded up to a power
 * of two, stands aligned to that, and is cached: what one thread frees, it gets
 * again without a lock. Larger ones are taken exactly and are not cached. What a
 * caller gets is always as long as it asked for.
 *
 * Two zones: low is below 4 GiB, high is the rest. What may be anywhere comes
 * from high, so that low is left for devices that reach no further.
 *
 * Threads. A cache belongs to one thread or CPU: calls that name the same
 * cache must not run at the same time. All other calls may run on any thread.
 * A range may be freed through another cache than it came from, or none.
 *
 * Nothing fails because of caches, within their rule: an allocation that finds
 * no room takes back what its own cache and the shared depot hold and looks
 * again. Other threads' caches cannot be looked into; a failing call marks them,
 * and each is emptied by its owner's next call with it. So with one cache a
 * failure is final; with more, it is final once their owners have called.
 */
#ifndef IOM_DMA_IOVA_H
#define IOM_DMA_IOVA_H

#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/range.h>
#include <iom/plat/plat.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_iova;
struct iom_iova_cache;

struct iom_iova_cfg {
	struct iom_range space;		/* whole granules */
	unsigned int granule_lg2;	/* 7 to 30 */
	/* Largest cached size, at most 2^32 bytes; below granule_lg2: nothing is cached. */
	unsigned int cached_lg2;
};

#define IOM_IOVA_CACHED_LG2	30u	/* a good cached_lg2 */

/*
 * *cfg is copied. The space is free as a whole. IOM_EINVAL: granule_lg2 or
 * cached_lg2 out of bounds, or the space no whole granules; IOM_ENOMEM.
 */
int iom_iova_create(struct iom_plat *plat, const struct iom_iova_cfg *cfg, struct iom_iova **out);
/* Also frees the caches that are left. Nobody may be in a call. */
void iom_iova_destroy(struct iom_iova *s);

/* IOM_ENOMEM. */
int iom_iova_cache_create(struct iom_iova *s, struct iom_iova_cache **out);
/* Gives back what c holds; the owner, or anyone once the owner is gone. */
void iom_iova_cache_destroy(struct iom_iova *s, struct iom_iova_cache *c);
/* Gives back what c and the shared depot hold. c may be NULL. */
void iom_iova_cache_flush(struct iom_iova *s, struct iom_iova_cache *c);

/* Where. None: high, then low. */
#define IOM_IOVA_LOW_FIRST	1u	/* low if there is room, then high */
#define IOM_IOVA_LOW_ONLY	3u	/* below 4 GiB or not at all */
/* iom_iova_alloc_in() only: */
#define IOM_IOVA_SIZE_ALIGN	4u	/* aligned to the size, rounded up to a power of two */
#define IOM_IOVA_HINT		8u	/* at or above req.hint if there is room */

/*
 * Takes a range of len_m1 + 1 bytes; c may be NULL. IOM_ENOSPC: there is no
 * room (but see the rule of caches above); IOM_ENOMEM. On failure *out is
 * untouched. Everything that the free will need is reserved here.
 */
int iom_iova_alloc(struct iom_iova *s, struct iom_iova_cache *c, uint64_t len_m1,
		   unsigned int flags, struct iom_range *out);

struct iom_iova_req {
	uint64_t len_m1;
	struct iom_range limits;	/* the range lies in it */
	uint64_t hint;			/* with IOM_IOVA_HINT */
	unsigned int align_lg2;		/* 0: the granule is enough; at most 63 */
	unsigned int boundary_lg2;	/* no multiple of 2^this inside; 0: none; at most 63 */
	unsigned int flags;
};

/*
 * The same with all wishes. IOM_EINVAL also: limits are no range, a shift above
 * 63, or the length is more than the boundary allows.
 */
int iom_iova_alloc_in(struct iom_iova *s, struct iom_iova_cache *c,
		      const struct iom_iova_req *req, struct iom_range *out);

/*
 * Frees what iom_iova_alloc() or iom_iova_alloc_in() gave, as it was given.
 * Never fails and never allocates. A range that was not given out is an error of
 * the caller. It is not freed, and counted, if it is no range, does not stand
 * where one of its size can, or is not all inside the space; and if it is free
 * already, unless a cache holds it: c does not look for it among what it has.
 */
void iom_iova_free(struct iom_iova *s, struct iom_iova_cache *c, struct iom_range r);

/*
 * Takes exactly the granules that r touches. IOM_EEXIST: one of them is taken;
 * IOM_EINVAL: r is no range, or not inside the space; IOM_ENOMEM. c is the
 * caller's cache, to be looked through, or NULL.
 */
int iom_iova_reserve(struct iom_iova *s, struct iom_iova_cache *c, struct iom_range r);
/* Ends a reservation, with the same range. Never fails and never allocates. */
void iom_iova_release(struct iom_iova *s, struct iom_range r);
/*
 * Takes for good all granules that r touches, that lie in the space and are
 * free: for reserved regions, which may overlap each other and the ends of the
 * space. To be called before the first allocation. IOM_EINVAL: r is no range;
 * IOM_ENOMEM: a part may have been taken.
 */
int iom_iova_exclude(struct iom_iova *s, struct iom_range r);

struct iom_iova_stats {
	uint64_t free;			/* granules that are in no range, cache or depot */
	struct iom_range largest;	/* largest free range; largest_valid says if there is one */
	bool largest_valid;
	uint64_t nr_failed;		/* allocations refused for lack of room */
	uint64_t nr_bad_frees;		/* frees and releases of what was not taken */
	uint64_t nr_depot;		/* ranges that the shared depot holds */
	uint64_t bytes;			/* memory of the allocator, its caches included */
};

/* Any thread; walks the whole space with all its locks held. */
void iom_iova_stats(struct iom_iova *s, struct iom_iova_stats *out);

#ifdef __cplusplus
}
#endif
#endif
