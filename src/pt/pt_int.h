/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of pt share: entries, tables, and what a format is.
 *
 * Height counts from the pages (0) up to the start table (pt->top), whatever a
 * format calls its levels. A table that other threads may see is read with
 * acquire and written with release: who finds a table finds what is in it.
 */
#ifndef IOMI_PT_INT_H
#define IOMI_PT_INT_H

#include <stdatomic.h>

#include <iom/base/endian.h>
#include <iom/pt/pt.h>

#define PT_INLINE static inline __attribute__((always_inline))
/* Out of line, so that the common case saves no registers for it. */
#define PT_COLD __attribute__((noinline))
#define pt_likely(c)	__builtin_expect(!!(c), 1)
#define pt_unlikely(c)	__builtin_expect(!!(c), 0)

/* A format: descriptors (struct iomi_lpae_fmt and such), and how they become a struct iom_pt. */
struct iom_pt_format {
	const char *name;
	/*
	 * Fills all of *pt that describes geometry and entries, and info; mem is set.
	 * IOM_EINVAL: no such format.
	 */
	int (*setup)(struct iom_pt *pt, const struct iom_pt_cfg *cfg);
	/* IOM_PT_* of a leaf. */
	unsigned int (*prot)(const struct iom_pt *pt, uint64_t entry);
};

/* An entry in a table: little-endian, as hardware sees it. */
struct iomi_pt_slot {
	_Atomic(uint64_t) raw;
};

PT_INLINE uint64_t iomi_pt_load(struct iomi_pt_slot *s)
{
	return IOMI_LE64(atomic_load_explicit(&s->raw, memory_order_acquire));
}

PT_INLINE void iomi_pt_store(struct iomi_pt_slot *s, uint64_t entry)
{
	atomic_store_explicit(&s->raw, IOMI_LE64(entry), memory_order_release);
}

/* --- geometry --- */

static inline unsigned int iomi_pt_shift(const struct iom_pt *pt, unsigned int h)
{
	return pt->page_lg2 + h * pt->stride;
}

/* Bytes of an entry, minus one; of the start table's parent, if it had one, all ones. */
static inline uint64_t iomi_pt_span_m1(const struct iom_pt *pt, unsigned int h)
{
	return (UINT64_C(1) << iomi_pt_shift(pt, h)) - 1;
}

static inline uint64_t iomi_pt_mask(const struct iom_pt *pt, unsigned int h)
{
	return h == pt->top ? pt->root_mask : pt->index_mask;
}

static inline size_t iomi_pt_index(const struct iom_pt *pt, unsigned int h, uint64_t ia)
{
	return (size_t)(ia >> iomi_pt_shift(pt, h) & iomi_pt_mask(pt, h));
}

/* Whole pages inside the aperture? last + 1 may wrap to 0, which is aligned. */
PT_INLINE bool iomi_pt_range_ok(const struct iom_pt *pt, struct iom_range r)
{
	return r.start >= pt->aperture.start && r.last <= pt->aperture.last &&
	       r.start <= r.last && !((r.start | (r.last + 1)) & pt->page_mask);
}

/* --- entries --- */

/* At any height: what is at height 0 is never marked as a table. */
PT_INLINE bool iomi_pt_is_table(const struct iom_pt *pt, uint64_t e)
{
	return e & pt->table_mark;
}

PT_INLINE uint64_t iomi_pt_oa(const struct iom_pt *pt, uint64_t e)
{
	return (e & pt->oa_addr) | (e & pt->oa_high) << pt->oa_high_shl;
}

static inline uint64_t iomi_pt_oa_bits(const struct iom_pt *pt, uint64_t oa)
{
	return (oa & pt->oa_addr) | (oa >> pt->oa_high_shl & pt->oa_high);
}

/* The table that e leads to. */
static inline struct iomi_pt_slot *iomi_pt_table(const struct iom_pt *pt, uint64_t e)
{
	return pt->mem->ops.virt(pt->mem, iomi_pt_oa(pt, e));
}

/*
 * If an entry leads to a table, that. p: the entry, exclusive-or table_bits. plain:
 * pt->plain, as a constant where the caller has tested it: then a table's entry is
 * table_bits and its pointer, nothing else, and what is none differs from table_bits
 * in its low 12 bits. So one look finds out both.
 */
PT_INLINE bool iomi_pt_down(const struct iom_pt *pt, uint64_t p, bool plain,
			    struct iomi_pt_slot **t)
{
	uint64_t e = p ^ pt->table_bits;

	if (plain) {
		if (p & 0xfff)
			return false;
		*t = (struct iomi_pt_slot *)(uintptr_t)p;
		return true;
	}
	if (!iomi_pt_is_table(pt, e))
		return false;
	*t = iomi_pt_table(pt, e);
	return true;
}

/*
 * The common case of map, unmap and look-up walks by rotation: the bits of ia that
 * index a table stand lowest in turn, so a level is one rotate and one mask.
 */
PT_INLINE uint64_t iomi_pt_ror(uint64_t v, unsigned int n)	/* n: 1 to 63 */
{
	return v >> n | v << (64 - n);
}

/* With masks, or a compiler that hoists 64 - n sees no rotate in a loop. */
PT_INLINE uint64_t iomi_pt_rol(uint64_t v, unsigned int n)
{
	return v << (n & 63) | v >> (-n & 63);
}

/* In a register: what follows an acquire would be loaded anew at each level. */
PT_INLINE unsigned int iomi_pt_stride(const struct iom_pt *pt)
{
	unsigned int n = pt->stride;

	if (n > 63)
		__builtin_unreachable();	/* so the masks of a rotate cost nothing */
	return n;
}

/*
 * What a walk found: an entry that leads to no table, exclusive-or table_bits, which
 * have no bit of an address; what that is if it is empty; the bytes that it is for,
 * minus one.
 */
struct iomi_pt_end {
	uint64_t p, none, low;
};

PT_INLINE struct iomi_pt_end iomi_pt_walk_down(const struct iom_pt *pt, uint64_t ia, bool plain)
{
	const unsigned int stride = iomi_pt_stride(pt);
	uint64_t turned = iomi_pt_ror(ia, pt->top_shift), low = pt->top_low, p;
	uint64_t i = turned & pt->root_mask, bits = pt->table_bits;
	struct iomi_pt_slot *t = pt->root;

	p = iomi_pt_load(&t[i]) ^ bits;
	while (iomi_pt_down(pt, p, plain, &t)) {
		turned = iomi_pt_rol(turned, stride);
		low >>= stride;
		i = turned & pt->index_mask;
		p = iomi_pt_load(&t[i]) ^ bits;
	}
	return (struct iomi_pt_end){ p, bits, low };
}

/* The entry of ia at height h of a plain pt. False: there is no such table. */
PT_INLINE bool iomi_pt_slot_of(const struct iom_pt *pt, uint64_t ia, unsigned int h,
			       struct iomi_pt_slot **out)
{
	const unsigned int stride = iomi_pt_stride(pt);
	uint64_t turned = iomi_pt_ror(ia, pt->top_shift), i = turned & pt->root_mask;
	struct iomi_pt_slot *t = pt->root;
	unsigned int n;

	for (n = pt->top - h; n; n--) {
		if (pt_unlikely(!iomi_pt_down(pt, iomi_pt_load(&t[i]) ^ pt->table_bits, true, &t)))
			return false;
		turned = iomi_pt_rol(turned, stride);
		i = turned & pt->index_mask;
	}
	*out = &t[i];
	return true;
}

/* Where a walk stands: entry i of the table t, which has that height. */
struct iomi_pt_at {
	struct iomi_pt_slot *t;
	unsigned int h;
	size_t i;
};

/* Down to the lowest table there is for ia. */
static inline struct iomi_pt_at iomi_pt_seek(const struct iom_pt *pt, uint64_t ia)
{
	struct iomi_pt_at at = { pt->root, pt->top, iomi_pt_index(pt, pt->top, ia) };
	uint64_t e;

	while (at.h && iomi_pt_is_table(pt, e = iomi_pt_load(&at.t[at.i]))) {
		at.t = iomi_pt_table(pt, e);
		at.h--;
		at.i = iomi_pt_index(pt, at.h, ia);
	}
	return at;
}

/* log2 of the bytes of the leaf e, or of the contiguous set that it is of. */
static inline unsigned int iomi_pt_leaf_lg2(const struct iom_pt *pt, unsigned int h, uint64_t e)
{
	return iomi_pt_shift(pt, h) + (e & pt->contig ? pt->contig_lg2[h] : 0u);
}

static inline void iomi_pt_clean(const struct iom_pt *pt, struct iomi_pt_slot *s, size_t n)
{
	if (!pt->mem->coherent)
		pt->mem->ops.clean(pt->mem, s, n * sizeof(*s));
}

/* --- tables that are not linked (any more) --- */

/*
 * They are on lists by their own first two words: the next one's pointer, and the
 * own address. Both are multiples of 8, so whatever the format, hardware that still
 * finds such a table takes them for invalid entries.
 */
static inline void iomi_pt_push(void **list, struct iomi_pt_slot *t, uint64_t pa)
{
	iomi_pt_store(&t[0], (uint64_t)(uintptr_t)*list);
	iomi_pt_store(&t[1], pa);
	*list = t;
}

static inline struct iomi_pt_slot *iomi_pt_pop(void **list, uint64_t *pa)
{
	struct iomi_pt_slot *t = *list;

	*list = (void *)(uintptr_t)iomi_pt_load(&t[0]);
	*pa = iomi_pt_load(&t[1]);
	return t;
}

/* IOM_OK, IOM_ENOMEM, IOM_EIO. size: a power of two, to which it is aligned. */
int iomi_pt_alloc(struct iom_pt *pt, size_t size, void **virt, uint64_t *pa);
void iomi_pt_free_list(struct iom_pt *pt, void **list);
void iomi_pt_gather_more(struct iom_pt_gather *g, uint64_t start, uint64_t last,
			 uint64_t sizes, bool tables);
PT_INLINE void iomi_pt_gather_add(struct iom_pt_gather *g, uint64_t start, uint64_t last,
				  uint64_t sizes, bool tables)
{
	if (pt_unlikely(g->nr)) {
		iomi_pt_gather_more(g, start, last, sizes, tables);
		return;
	}
	g->nr = 1;
	g->inval[0].range.start = start;
	g->inval[0].range.last = last;
	g->inval[0].leaf_sizes = sizes;
	g->inval[0].tables = tables;
}

/*
 * Puts the table t (of height h, at pa) and all under it on the list. Returns the
 * sizes of leaves found on the way, as a mask; of the lowest tables they are not looked at.
 */
uint64_t iomi_pt_drop(struct iom_pt *pt, void **list, struct iomi_pt_slot *t, unsigned int h,
		      uint64_t pa);

#endif
