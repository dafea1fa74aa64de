/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the IOVA allocator: the space is cut into stripes, each a tree with a
 * lock of its own, so that threads that allocate from different stripes do not
 * meet. On top stand the caches, one an owner, and between them the depot, where
 * caches leave and find ranges by the batch.
 *
 * Locks: of stripes, several only in ascending order; the depot's is a leaf,
 * not held together with a stripe's. Pages are granules, of the whole space
 * here, of the stripe in the tree.
 */
#ifndef IOMI_DMA_IOVA_INT_H
#define IOMI_DMA_IOVA_INT_H

#include <stdalign.h>

#include <iom/base/atomic.h>
#include <iom/base/list.h>
#include <iom/dma/iova.h>

#include "iova_tree.h"

#define IOVA_ORDERS	26u	/* cached sizes: 2^32 bytes in granules of 2^7 */
#define IOVA_STACK	64u	/* ranges of one size and zone in a cache, at most */
#define IOVA_BATCH	(IOVA_STACK / 2)
#define IOVA_DEPOT_MAX	1024u	/* batches, full and empty */
#define IOVA_ZONE_SHARE	8u	/* log2: a stack holds at most this part of its zone */

enum { IOVA_LOW, IOVA_HIGH, IOVA_ZONES };

#define IOVA_NO_ADDRESS	UINT64_C(1)
#define IOVA_STACKS	(IOVA_ZONES * 64u)

/*
 * Only its owner touches it, but for `least`. A stack has the addresses of free
 * blocks of one size in one zone. Below the first stands a word that is no address,
 * so that the pop needs no other test. Stacks are found by zone and by the highest
 * bit of a length minus one, so those of order 0 stand at granule_lg2 - 1. A word of
 * each is beside that of the next, so that an index is an address without arithmetic.
 */
struct iom_iova_cache {
	uintptr_t top[IOVA_STACKS];	/* of uint64_t: where the next goes */
	/* fixed: */
	uintptr_t end[IOVA_STACKS];	/* where none goes any more */
	uint64_t last[IOVA_STACKS];	/* the last block of the zone begins here */
	uint64_t size_m1[IOVA_STACKS];	/* of a block, bytes minus one */
	uint64_t *base[IOVA_STACKS];	/* NULL: there is no such stack */
	uint64_t first[IOVA_ZONES];	/* where zones begin, or would */
	unsigned int zone[4];		/* where to look first, by flags: in stacks */
	/*
	 * What is ORed into a length minus one: the granule minus one, or all ones,
	 * which leads to no stack, if somebody found no room: give back what is here.
	 */
	IOM_ATOMIC(uint64_t) least;
	unsigned int home;		/* stripe to take from first */
	uint32_t low_full;		/* orders that low had no room for ... */
	uint64_t low_seen;		/* ... when low_returned was this */
	size_t size;
	struct iom_list link;		/* depot.lock */
	uint64_t none;			/* what stacks that are not there stand on */
	uint64_t start[];		/* of all stacks */
};

struct iova_batch {
	struct iova_batch *next;
	uint32_t n;
	uint64_t start[IOVA_BATCH];
};

struct iova_depot {
	struct iom_lock lock;
	struct iova_batch *full[2 * IOVA_ORDERS];
	struct iova_batch *empty;
	unsigned int nr_batches;
	unsigned int next_home;
	uint64_t nr_ranges;
	uint64_t cache_bytes;
	struct iom_list caches;
};

struct iova_stripe {
	alignas(128) struct iom_lock lock;
	struct iova_tree tree;		/* lock */
};

struct iom_iova {
	struct iom_plat *plat;
	struct iom_range space;
	unsigned int granule_lg2;
	unsigned int nr_orders;		/* cached sizes: pages of order 0 to nr_orders - 1 */
	uint64_t first, last;		/* pages */
	uint64_t zone_last[IOVA_ZONES];	/* pages */
	uint64_t zone_first[IOVA_ZONES];
	bool has_zone[IOVA_ZONES];
	unsigned int stripe_lg2;
	unsigned int nr_stripes;
	uint64_t base;			/* page that stripe 0 begins at */
	unsigned int nr_locks;		/* the depot's, then the stripes' */
	size_t size;
	IOM_ATOMIC(uint64_t) low_returned;	/* times that low ranges went to depot or tree */
	alignas(128) IOM_ATOMIC(uint64_t) nr_failed;
	struct iova_depot depot;
	struct iova_stripe stripe[];
};

#define IOVA_LOW_LG2	32u

/* What an allocation looks for, in pages. */
struct iova_want {
	uint64_t n;
	unsigned int align;		/* orders */
	unsigned int boundary;		/* 64: none */
	uint64_t lo, hi;
};

static inline unsigned int iova_top_bit(uint64_t w)
{
	return 63u ^ (unsigned int)__builtin_clzll(w);
}

/* Order of the pages that len_m1 + 1 bytes are rounded up to. */
static inline unsigned int iova_order(uint64_t len_m1, unsigned int granule_lg2)
{
	return iova_top_bit(len_m1 >> granule_lg2 << 1 | 1);
}

/* iova_space.c: over the stripes */

/* Takes up to *n free blocks of one order; *n is how many. IOM_ENOSPC, IOM_ENOMEM: none. */
int iomi_iova_blocks(struct iom_iova *s, unsigned int home, unsigned int zone, unsigned int order,
		     uint64_t *start, unsigned int *n);
/* Frees blocks of one order. */
void iomi_iova_give_blocks(struct iom_iova *s, unsigned int order, const uint64_t *start,
			   unsigned int n);
/* Takes a run of pages. IOM_ENOSPC, IOM_ENOMEM. */
int iomi_iova_take_run(struct iom_iova *s, unsigned int home, const struct iova_want *w,
		       uint64_t *first);
/* Takes just these pages. IOM_EEXIST, IOM_ENOMEM. */
int iomi_iova_take_fixed(struct iom_iova *s, uint64_t first, uint64_t last);
/* Takes the free ones of these. IOM_ENOMEM. */
int iomi_iova_take_free(struct iom_iova *s, uint64_t first, uint64_t last);
void iomi_iova_give(struct iom_iova *s, uint64_t first, uint64_t last);

/* iova_cache.c */

/* A block for c or, without one, from the tree. IOM_ENOSPC, IOM_ENOMEM. */
int iomi_iova_cache_get(struct iom_iova *s, struct iom_iova_cache *c, unsigned int zone,
			unsigned int order, uint64_t *start);
void iomi_iova_cache_put(struct iom_iova *s, struct iom_iova_cache *c, unsigned int zone,
			 unsigned int order, uint64_t start);
/* Empties c if somebody asked for it. */
void iomi_iova_cache_heed(struct iom_iova *s, struct iom_iova_cache *c);
/* Asks that of all caches but c, which may be NULL. */
void iomi_iova_cache_drain_others(struct iom_iova *s, const struct iom_iova_cache *c);
void iomi_iova_cache_fini(struct iom_iova *s);

#endif
