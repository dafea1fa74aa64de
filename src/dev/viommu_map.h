/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mappings of one virtio-iommu domain: a radix tree over granules, 64 slots
 * a node, one word a slot. Writers exclude each other (the device's lock);
 * readers take no lock and stand inside an access bracket.
 *
 * A slot is 0, a leaf (VALID), or a tagged pointer (NODE) to a node 6 address
 * bits below, so that one test a level tells the walk whether to go on. A
 * mapping is cut into the largest leaves that are aligned to a slot; its first
 * leaf carries FIRST and its last LAST, so no record of mappings is needed
 * beside the tree. The root word names the root node and its shift, and grows
 * upwards with the highest address mapped, so low addresses are found in few
 * steps; a root that is itself a leaf covers all 64 bits of address.
 *
 * Invariants: no node is empty; used has exactly the bits of slots not 0; a
 * node taken out of the tree keeps its slots until no reader can be in it.
 */
#ifndef IOMI_DEV_VIOMMU_MAP_H
#define IOMI_DEV_VIOMMU_MAP_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include <iom/base/atomic.h>
#include <iom/base/field.h>
#include <iom/base/range.h>
#include <iom/dev/xlate.h>
#include <iom/plat/plat.h>

#define VIOMMU_SLOT_LG2		6u
#define VIOMMU_SLOTS		64u
#define VIOMMU_NODE_ALIGN	128u
#define VIOMMU_GRANULE_LG2_MIN	7u	/* a leaf keeps its flags below the granule */

/*
 * A leaf: flags, and the granule-aligned guest-physical address. R, W and MMIO
 * are the flags of the MAP request, and IOM_ACCESS_*, one bit up.
 */
#define VIOMMU_LEAF_FLAGS_LG2	1
#define VIOMMU_LEAF_R		IOM_BIT64(1)
#define VIOMMU_LEAF_W		IOM_BIT64(2)
#define VIOMMU_LEAF_MMIO	IOM_BIT64(3)
#define VIOMMU_LEAF_FIRST	IOM_BIT64(4)
#define VIOMMU_LEAF_LAST	IOM_BIT64(5)
#define VIOMMU_LEAF_VALID	IOM_BIT64(6)
#define VIOMMU_LEAF_GPA		IOM_BITS64(63, 7)
#define VIOMMU_LEAF_PROT	(VIOMMU_LEAF_R | VIOMMU_LEAF_W | VIOMMU_LEAF_MMIO)
/* Everything at its own address: bypass. */
#define VIOMMU_ROOT_IDENTITY	(VIOMMU_LEAF_VALID | VIOMMU_LEAF_R | VIOMMU_LEAF_W | \
				 VIOMMU_LEAF_FIRST | VIOMMU_LEAF_LAST)

/* Tag of a node pointer; the root's also holds the shift of the node's slots. */
#define VIOMMU_NODE		IOM_BIT64(0)
#define VIOMMU_ROOT_SHIFT	IOM_BITS64(6, 1)
#define VIOMMU_ROOT_NODE	IOM_BITS64(63, 7)

struct viommu_node {
	IOM_ATOMIC(uint64_t) slot[VIOMMU_SLOTS];
	uint64_t used;			/* writers */
	struct viommu_node *next;	/* in a list of the pool; writers */
};

/* Nodes, and the account of them. Under the device's lock. */
struct viommu_pool {
	struct iom_plat *plat;
	struct viommu_node *free;	/* zeroed on the way out */
	unsigned int nr_free;
	uint64_t nr_used;		/* in trees and retired */
	uint64_t nr_peak;
	uint64_t nr_max;		/* limit of nr_used */
	struct viommu_node *retired;	/* out of the tree; a reader may be inside */
};

struct viommu_map {
	IOM_ATOMIC(uint64_t) root;
	unsigned int granule_lg2;	/* fixed */
	uint64_t granule_m1;		/* fixed: 2^granule_lg2 - 1 */
	uint32_t run_flags;		/* fixed: IOM_RUN_BYPASS or 0, for every run */
	/* writers, away from the line that translations read: */
	alignas(64) uint64_t nr_mappings;
	/*
	 * The node of granules that was worked on last, and the addresses below
	 * it; a span of 0 if it is in the tree no more. Requests come in clusters.
	 */
	struct viommu_node *near;
	uint64_t near_start;
	uint64_t near_span;
};

struct viommu_leaf {
	struct iom_range iova;
	uint64_t word;
};

/* Empty, or with bypass the identity, which is never changed. */
void iomi_viommu_map_init(struct viommu_map *m, unsigned int granule_lg2, bool bypass);
/*
 * Retires everything, and with it the map: whoever uses it still does so inside
 * a bracket that began before, and finds what was there.
 */
void iomi_viommu_map_drop(struct viommu_map *m, struct viommu_pool *pool);

/*
 * The first leaf that covers or follows iova, if it begins at or before last.
 * Writers' side.
 */
bool iomi_viommu_map_next(struct viommu_map *m, uint64_t iova, uint64_t last,
			  struct viommu_leaf *leaf);

/* One MAP request as it was made. */
struct viommu_mapping {
	struct iom_range iova;
	uint64_t gpa;
	uint32_t flags;		/* VIRTIO_IOMMU_MAP_F_* */
};

/* The first mapping that begins at or after iova, which is not inside one. */
bool iomi_viommu_map_mapping(struct viommu_map *m, uint64_t iova, struct viommu_mapping *out);

/*
 * Maps a granule-aligned range. prot: VIOMMU_LEAF_R, W, MMIO. IOM_EEXIST: it
 * overlaps a mapping; IOM_ENOSPC: the limit of nodes; IOM_ENOMEM. Nothing
 * changed then.
 */
int iomi_viommu_map_add(struct viommu_map *m, struct viommu_pool *pool, struct iom_range iova,
			uint64_t gpa, uint64_t prot);

/*
 * Removes every mapping inside iova; *removed is their number. IOM_ERANGE, and
 * nothing changed, if a mapping is only partly inside. Never allocates.
 * What was removed may be reached by brackets that are open: wait, then
 * iomi_viommu_map_pool_release() what iomi_viommu_map_pool_take() gave before.
 */
int iomi_viommu_map_remove(struct viommu_map *m, struct viommu_pool *pool, struct iom_range iova,
			   uint64_t *removed);

/* Takes the retired nodes away from the pool, as a list; they count as used until released. */
struct viommu_node *iomi_viommu_map_pool_take(struct viommu_pool *pool);
void iomi_viommu_map_pool_release(struct viommu_pool *pool, struct viommu_node *list);
/* Gives back every free node to plat. */
void iomi_viommu_map_pool_fini(struct viommu_pool *pool);

/*
 * Readers' side: the slot word that covers iova and the shift of its slot (64
 * for a root leaf); 0 if nothing is mapped. Inline: this is the hit path.
 */
static inline uint64_t viommu_map_walk(struct viommu_map *m, uint64_t iova, unsigned int *shift)
{
	uint64_t w = atomic_load(&m->root);
	struct viommu_node *node;
	unsigned int s;

	if (!(w & VIOMMU_NODE)) {
		*shift = 64;
		return w;
	}
	s = (unsigned int)IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w);
	if (iova >> s >> VIOMMU_SLOT_LG2)
		return 0;
	w = (w & VIOMMU_ROOT_NODE) | VIOMMU_NODE;
	for (;;) {
		node = (struct viommu_node *)(uintptr_t)(w - VIOMMU_NODE);
		w = atomic_load(&node->slot[iova >> s & (VIOMMU_SLOTS - 1)]);
		if (!(w & VIOMMU_NODE))
			break;
		s -= VIOMMU_SLOT_LG2;
	}
	*shift = s;
	return w;
}

#endif
