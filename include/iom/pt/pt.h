/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation tables of an IOMMU: map, unmap, look up, dirty bits, walk, dump.
 *
 * A mapping is what one iom_pt_map() made. It is written with the largest
 * blocks, and contiguous hints, that its addresses allow, and goes away whole.
 *
 * Nothing here takes a lock. Callers of map, unmap and dirty own the range that
 * they name for as long as the call lasts: two threads may work on one iom_pt in
 * ranges that do not overlap, even where they share tables. iom_pt_lookup() and
 * iom_pt_walk() want that nobody unmaps what they look at meanwhile.
 *
 * A map never replaces an entry, so it needs no invalidation. But what was unmapped
 * may be mapped again only once its own invalidation is complete: hardware must not
 * know two entries for one address (break-before-make, D8.16). What an unmap or a
 * clearing of dirty bits made stale is in a struct iom_pt_gather:
 *
 *	struct iom_pt_gather g;
 *
 *	iom_pt_gather_init(&g);
 *	rc = iom_pt_unmap(&pt, range, &g);
 *	... more, by the same thread ...
 *	for (i = 0; i < g.nr; i++)
 *		... invalidate g.inval[i] ...
 *	... wait until hardware has done so ...
 *	iom_pt_gather_free(&pt, &g);	only now are tables, and the range, free
 *
 * Entries are stored with release order. That hardware sees them before what a
 * driver tells it next is for the driver to order (iom_mmio_wmb()).
 */
#ifndef IOM_PT_PT_H
#define IOM_PT_PT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/range.h>
#include <iom/plat/dmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a mapping allows, and what memory it is. */
#define IOM_PT_READ	0x01u
#define IOM_PT_WRITE	0x02u	/* Arm stage 1 has no write without read: it gives both */
#define IOM_PT_NOEXEC	0x04u	/* no instruction fetch; else it is allowed */
#define IOM_PT_PRIV	0x08u	/* privileged accesses only; nothing at stage 2 */
#define IOM_PT_CACHE	0x10u	/* write-back, inner shareable; else not cacheable */
#define IOM_PT_MMIO	0x20u	/* device registers; CACHE then says nothing */
#define IOM_PT_PROT_ALL	0x3fu

/* Formats: VMSAv8-64 stage 1 and stage 2. One that nobody names is not linked. */
struct iom_pt_format;
extern const struct iom_pt_format iom_pt_arm_s1, iom_pt_arm_s2;

/* MAIR that fits attr_idx when that is left at zero. */
#define IOM_PT_ARM_MAIR	UINT64_C(0xf404ff44)

/* Zero what is not needed. */
struct iom_pt_cfg {
	const struct iom_pt_format *format;
	uint8_t granule_lg2;	/* 12, 14, 16 */
	uint8_t ia_bits;	/* of input addresses: 25 to 48, or to 52 */
	uint8_t oa_bits;	/* of output addresses: 32, 36, 40, 42, 44, 48, 52 */
	/*
	 * Stage 2: levels of the walk. 0: as few as there can be, by up to 16 tables
	 * side by side at the start, which no size of PA forbids.
	 */
	uint8_t levels;
	/* Stage 1: MAIR indices of non-cacheable, write-back, device; all zero: 0, 1, 2. */
	uint8_t attr_idx[3];
	bool high;		/* stage 1: addresses have ones above ia_bits (TTB1) */
	bool global;		/* stage 1: entries are of every ASID */
	bool fwb;		/* stage 2: MemAttr is read as with S2FWB */
	/*
	 * Hardware keeps dirty bits (HTTU): DBM is set where writing is allowed. A
	 * mapping begins dirty, so nothing is missed and nothing need be written
	 * to tables until somebody cleans. mem must be coherent. Access flags of tables
	 * (HAFT) stay off, whatever this says: a table's entry is ours alone.
	 */
	bool dirty;
	bool no_contig;		/* no contiguous hints */
};

/* What a driver tells its hardware. */
struct iom_pt_info {
	uint64_t root;		/* address of the start table */
	struct iom_range aperture;	/* of input addresses */
	uint64_t leaf_sizes;	/* bit n: there are leaves of 2^n bytes */
	uint64_t mair;		/* Arm stage 1 with attr_idx; others 0 */
	uint8_t ia_bits, oa_bits, granule_lg2;
	uint8_t levels;		/* Arm: the start level is 4 - levels */
	uint8_t stage;		/* Arm: 1, 2 */
	bool ds;		/* Arm 4K, 16K: descriptors are those of DS = 1 */
};

#define IOM_PT_LEVELS_MAX	6

/* The embedder's to place, this library's to look into. Constant after init, but for the tables. */
struct iom_pt {
	struct iom_dmem *mem;
	void *root;
	struct iom_range aperture;
	uint64_t oa_last;
	bool plain;		/* coherent, pointers are addresses, OAs stand in place */
	/* geometry; height 0 has the pages, top is the start table */
	uint8_t top, leaf_top, top_shift, page_lg2, stride;
	uint8_t contig_lg2[IOM_PT_LEVELS_MAX];
	uint64_t root_mask, index_mask, top_low;
	uint64_t page_mask, block_mask;		/* bytes minus one; block 0: there is none */
	uint64_t plain_block;			/* block_mask; page_mask if there is none */
	struct iom_range plain_ia;		/* the aperture; nothing if not plain */
	/* entries; an empty one is 0 */
	/*
	 * A table's entry is its address, these and perhaps synced; in its low 12 bits it
	 * differs from what is none. And the one bit of these that no leaf has.
	 */
	uint64_t table_bits, table_mark;
	uint64_t leaf_bits[2];			/* page, block */
	uint64_t oa_addr, oa_high;
	uint8_t oa_high_shl;
	uint64_t contig, first, last, synced;	/* a hint, and bits that are software's */
	uint64_t both, alone_mask;		/* first and last; with contig too */
	uint64_t alone_bits[2];			/* leaf_bits and both */
	uint64_t dirty_mask, dirty_bits, dirty_flip;
	uint64_t attrs[IOM_PT_PROT_ALL + 1];	/* of a leaf, by prot; 0: no such */
	/* seldom */
	const struct iom_pt_format *fmt;
	uint64_t root_pa;
	struct iom_pt_info info;
};

/*
 * Makes *pt with nothing mapped. mem must outlive it. IOM_OK; IOM_EINVAL: there is
 * no such format; IOM_ENOMEM; IOM_EIO: mem gave an address that tables cannot name.
 */
int iom_pt_init(struct iom_pt *pt, struct iom_dmem *mem, const struct iom_pt_cfg *cfg);
/* Frees every table. Hardware must no longer walk them. */
void iom_pt_fini(struct iom_pt *pt);

static inline const struct iom_pt_info *iom_pt_info(const struct iom_pt *pt)
{
	return &pt->info;
}

/*
 * Maps iova to [pa, pa + its length - 1]. On failure nothing is changed:
 * IOM_EINVAL	iova is not whole pages inside the aperture, pa not a page or the end
 *		beyond oa_bits, or prot has neither READ nor WRITE, or an unknown bit
 * IOM_EEXIST	something is mapped there
 * IOM_ENOMEM	no table; all that are needed were asked for first
 * IOM_EIO	as of iom_pt_init()
 */
int iom_pt_map(struct iom_pt *pt, struct iom_range iova, uint64_t pa, unsigned int prot);

#define IOM_PT_GATHER_MAX	8u

/* One invalidation. */
struct iom_pt_inval {
	struct iom_range range;
	uint64_t leaf_sizes;	/* bit n: entries of 2^n bytes went, in a contiguous set or not */
	bool tables;		/* table entries went too, not only leaves */
};

struct iom_pt_gather {
	unsigned int nr;
	void *freed;		/* tables: this library's */
	struct iom_pt_inval inval[IOM_PT_GATHER_MAX];
};

static inline void iom_pt_gather_init(struct iom_pt_gather *g)
{
	g->nr = 0;
	g->freed = NULL;
}

/*
 * Frees the tables that went, and makes *g as new. Only after the invalidations
 * are complete. A gather may serve many unmaps of one iom_pt; more than fit become
 * ranges that hold several.
 */
static inline void iom_pt_gather_free(struct iom_pt *pt, struct iom_pt_gather *g);
void iom_pt_gather_free_tables(struct iom_pt *pt, struct iom_pt_gather *g);

static inline void iom_pt_gather_free(struct iom_pt *pt, struct iom_pt_gather *g)
{
	if (g->freed)
		iom_pt_gather_free_tables(pt, g);
	g->nr = 0;
}

/* Bytes from one address to the next, if addresses are invalidated one by one. */
static inline uint64_t iom_pt_inval_step(const struct iom_pt_inval *inv)
{
	return inv->leaf_sizes & (~inv->leaf_sizes + 1);
}

/*
 * Unmaps the mappings in iova, which must begin where one begins and end where one
 * ends; what lies unmapped in between is passed over. Adds to *g what is stale.
 * Never allocates. Dirty bits go with their entries: who wants them looks first, with
 * devices stopped. On failure nothing is changed:
 * IOM_EINVAL	iova is not whole pages inside the aperture, or cuts a mapping
 * IOM_ENOENT	its first or its last page is not mapped
 */
int iom_pt_unmap(struct iom_pt *pt, struct iom_range iova, struct iom_pt_gather *g);

/* Output address of ia. IOM_EFAULT: not mapped, or outside of the aperture; *oa untouched. */
int iom_pt_lookup(const struct iom_pt *pt, uint64_t ia, uint64_t *oa);

/* --- to look at ------------------------------------------------------------- */

/* A block, a page, or a contiguous set of them. */
struct iom_pt_leaf {
	struct iom_range ia;	/* all of it, even if a walk began inside */
	uint64_t oa;
	uint64_t entry;		/* as it stands in the table; of a set, all of them ORed */
	unsigned int prot;
	uint8_t size_lg2;	/* of one entry */
	bool contig;		/* a set */
	bool dirty;		/* of a set: any member */
	bool first, last;	/* a mapping begins here, ends here */
};

struct iom_pt_visitor {
	/* Not 0 ends the walk, which returns it. */
	int (*leaf)(struct iom_pt_visitor *v, const struct iom_pt_leaf *leaf);
};

/* Every leaf that reaches into range, in order. IOM_EINVAL: not in the aperture. */
int iom_pt_walk(struct iom_pt *pt, struct iom_range range, struct iom_pt_visitor *v);

struct iom_pt_text {
	/* One line without its end, good until it returns. */
	void (*line)(struct iom_pt_text *t, const char *line);
};

/* A line for each run of like leaves in range. IOM_EINVAL: not in the aperture. */
int iom_pt_dump(struct iom_pt *pt, struct iom_range range, struct iom_pt_text *t);

/* --- dirty bits -------------------------------------------------------------- */

struct iom_pt_dirty {
	/* What was written: leaves, adjacent ones together. */
	void (*range)(struct iom_pt_dirty *d, struct iom_range iova);
};

/*
 * Reports what of iova hardware may have written since it was last cleared. With
 * g it is cleared too, and *g says what to invalidate before the next look can be
 * believed; a NULL g only reads. Leaves are reported whole.
 * IOM_EINVAL: not in the aperture; IOM_EOPNOTSUPP: no `dirty` in the cfg.
 */
int iom_pt_dirty(struct iom_pt *pt, struct iom_range iova, struct iom_pt_dirty *d,
		 struct iom_pt_gather *g);

#ifdef __cplusplus
}
#endif
#endif
