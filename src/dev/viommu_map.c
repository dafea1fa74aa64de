/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writers of the mapping tree. Order of stores: a node is zero and complete
 * before a slot names it; a slot that takes something away is stored
 * sequentially consistent, as <iom/dev/access.h> requires of the change.
 */
#include <iom/base/err.h>
#include <iom/base/mem.h>

#include "viommu_map.h"

#define DEPTH_MAX	10u	/* 64 address bits, granule of 7 bits at least */
#define POOL_KEEP	64u	/* free nodes kept for the next map */

/* The way from the root to a slot. */
struct path {
	struct viommu_node *node[DEPTH_MAX];
	unsigned int shift[DEPTH_MAX];
	unsigned int depth;	/* of the last node */
};

void iomi_viommu_map_init(struct viommu_map *m, unsigned int granule_lg2, bool bypass)
{
	atomic_init(&m->root, bypass ? VIOMMU_ROOT_IDENTITY : 0);
	m->granule_lg2 = granule_lg2;
	m->granule_m1 = (UINT64_C(1) << granule_lg2) - 1;
	m->run_flags = bypass ? IOM_RUN_BYPASS : 0;
	m->nr_mappings = 0;
	m->near = NULL;
	m->near_start = 0;
	m->near_span = 0;
}

static unsigned int slot_of(uint64_t iova, unsigned int shift)
{
	return (unsigned int)(iova >> shift) & (VIOMMU_SLOTS - 1);
}

static struct viommu_node *node_of(uint64_t w)
{
	return (struct viommu_node *)(uintptr_t)(w & VIOMMU_ROOT_NODE);
}

static uint64_t slot_get(struct viommu_node *n, unsigned int i)
{
	return atomic_load_explicit(&n->slot[i], memory_order_relaxed);
}

static uint64_t root_get(struct viommu_map *m)
{
	return atomic_load_explicit(&m->root, memory_order_relaxed);
}

static uint64_t root_word(struct viommu_node *n, unsigned int shift)
{
	return (uintptr_t)n | VIOMMU_NODE | IOM_FIELD_PREP(VIOMMU_ROOT_SHIFT, (uint64_t)shift);
}

static uint64_t slot_word(struct viommu_node *n)
{
	return (uintptr_t)n | VIOMMU_NODE;
}

/* Range that slot i of a node with this shift covers, the node being the one over iova. */
static struct iom_range slot_range(uint64_t iova, unsigned int shift, unsigned int i)
{
	uint64_t base = iova >> shift >> VIOMMU_SLOT_LG2;
	struct iom_range r;

	/* Two shifts: together they may be 64 and more. */
	r.start = (base << VIOMMU_SLOT_LG2 | i) << shift;
	r.last = r.start + ((UINT64_C(1) << shift) - 1);
	return r;
}

/* --- pool --- */

/* Makes sure that n nodes can be had without fail. */
static int pool_reserve(struct viommu_pool *pool, unsigned int n)
{
	struct viommu_node *node;
	void *mem;
	int rc;

	if (pool->nr_used + n > pool->nr_max)
		return IOM_ENOSPC;
	while (pool->nr_free < n) {
		rc = iom_plat_alloc(pool->plat, sizeof(*node), VIOMMU_NODE_ALIGN, &mem);
		if (rc)
			return rc;
		node = mem;
		node->next = pool->free;
		pool->free = node;
		pool->nr_free++;
	}
	return IOM_OK;
}

static struct viommu_node *pool_get(struct viommu_pool *pool)
{
	struct viommu_node *node = pool->free;

	pool->free = node->next;
	pool->nr_free--;
	if (++pool->nr_used > pool->nr_peak)
		pool->nr_peak = pool->nr_used;
	node->next = NULL;
	return node;
}

static void pool_retire(struct viommu_pool *pool, struct viommu_node *node)
{
	node->next = pool->retired;
	pool->retired = node;
}

struct viommu_node *iomi_viommu_map_pool_take(struct viommu_pool *pool)
{
	struct viommu_node *list = pool->retired;

	pool->retired = NULL;
	return list;
}

void iomi_viommu_map_pool_release(struct viommu_pool *pool, struct viommu_node *list)
{
	struct viommu_node *node;

	while ((node = list)) {
		list = node->next;
		pool->nr_used--;
		if (pool->nr_free >= POOL_KEEP) {
			iom_plat_free(pool->plat, node, sizeof(*node));
			continue;
		}
		/* Emptied nodes are zero already; those dropped whole are not. */
		if (node->used) {
			memset(node->slot, 0, sizeof(node->slot));
			node->used = 0;
		}
		node->next = pool->free;
		pool->free = node;
		pool->nr_free++;
	}
}

void iomi_viommu_map_pool_fini(struct viommu_pool *pool)
{
	struct viommu_node *node;

	while ((node = pool->free)) {
		pool->free = node->next;
		iom_plat_free(pool->plat, node, sizeof(*node));
	}
	pool->nr_free = 0;
}

/* --- looking --- */

/*
 * One descent towards the first used slot at or after *iova. Returns true with
 * the leaf; false with *iova moved behind the part that was found empty, and
 * *end set if nothing lies behind it.
 */
static bool next_step(struct viommu_map *m, uint64_t *iova, bool *end, struct viommu_leaf *leaf)
{
	uint64_t w = root_get(m);
	unsigned int s = (unsigned int)IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w);
	uint64_t at = *iova, rest;
	struct iom_range r;
	unsigned int i;

	for (;;) {
		struct viommu_node *n = node_of(w);

		i = slot_of(at, s);
		rest = n->used >> i;
		if (!rest) {
			r = slot_range(at, s, VIOMMU_SLOTS - 1);
			*iova = r.last + 1;
			*end = !*iova;
			return false;
		}
		if (!(rest & 1)) {
			i += (unsigned int)__builtin_ctzll(rest);
			at = slot_range(at, s, i).start;
		}
		w = slot_get(n, i);
		if (!(w & VIOMMU_NODE)) {
			leaf->iova = slot_range(at, s, i);
			leaf->word = w;
			return true;
		}
		s -= VIOMMU_SLOT_LG2;
	}
}

bool iomi_viommu_map_next(struct viommu_map *m, uint64_t iova, uint64_t last,
			  struct viommu_leaf *leaf)
{
	uint64_t w = root_get(m);
	bool end = false;

	if (!w)
		return false;
	if (!(w & VIOMMU_NODE)) {
		leaf->iova = (struct iom_range){ 0, UINT64_MAX };
		leaf->word = w;
		return true;
	}
	/* No node is empty, so each turn goes up at least one level. */
	while (!end && iova <= last) {
		if (iova >> IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w) >> VIOMMU_SLOT_LG2)
			return false;
		if (next_step(m, &iova, &end, leaf))
			return leaf->iova.start <= last;
	}
	return false;
}

bool iomi_viommu_map_mapping(struct viommu_map *m, uint64_t iova, struct viommu_mapping *out)
{
	struct viommu_leaf leaf;

	if (!iomi_viommu_map_next(m, iova, UINT64_MAX, &leaf))
		return false;
	out->iova = leaf.iova;
	out->gpa = leaf.word & VIOMMU_LEAF_GPA;
	out->flags = (uint32_t)((leaf.word & VIOMMU_LEAF_PROT) >> VIOMMU_LEAF_FLAGS_LG2);
	while (!(leaf.word & VIOMMU_LEAF_LAST) &&
	       iomi_viommu_map_next(m, leaf.iova.last + 1, UINT64_MAX, &leaf))
		out->iova.last = leaf.iova.last;
	return true;
}

/* --- the node worked on last --- */

static void set_near(struct viommu_map *m, struct viommu_node *n, unsigned int shift,
		     uint64_t iova)
{
	if (shift != m->granule_lg2)
		return;
	m->near = n;
	m->near_span = UINT64_C(1) << (shift + VIOMMU_SLOT_LG2);
	m->near_start = iova & ~(m->near_span - 1);
}

static void forget_near(struct viommu_map *m)
{
	m->near_span = 0;
}

/* The slots of m->near that are r, if r is granules of it. */
static inline bool near_slots(const struct viommu_map *m, struct iom_range r, unsigned int *first,
			      unsigned int *last)
{
	/* What lies below near_start wraps to above its span. */
	uint64_t a = r.start - m->near_start, b = r.last - m->near_start;

	if (a > b || b >= m->near_span || ((a | (b + 1)) & m->granule_m1))
		return false;
	*first = (unsigned int)(a >> m->granule_lg2);
	*last = (unsigned int)(b >> m->granule_lg2);
	return true;
}

static inline uint64_t slots_mask(unsigned int first, unsigned int last)
{
	return UINT64_MAX << first & UINT64_MAX >> (VIOMMU_SLOTS - 1 - last);
}

/* --- adding --- */

/* Shift of the largest slot that begins at start and ends at or before last. */
static unsigned int first_shift(unsigned int granule_lg2, struct iom_range r)
{
	unsigned int s = granule_lg2;

	while (s + VIOMMU_SLOT_LG2 < 64) {
		uint64_t mask = (UINT64_C(1) << (s + VIOMMU_SLOT_LG2)) - 1;

		if ((r.start & mask) || r.last - r.start < mask)
			break;
		s += VIOMMU_SLOT_LG2;
	}
	return s;
}

/* Shift of the largest slot that ends at last and begins at or after start. */
static unsigned int last_shift(unsigned int granule_lg2, struct iom_range r)
{
	unsigned int s = granule_lg2;

	while (s + VIOMMU_SLOT_LG2 < 64) {
		uint64_t mask = (UINT64_C(1) << (s + VIOMMU_SLOT_LG2)) - 1;

		if ((~r.last & mask) || r.last - r.start < mask)
			break;
		s += VIOMMU_SLOT_LG2;
	}
	return s;
}

/* Shift of a root over last, whose slots may be as large as s. */
static unsigned int root_shift(unsigned int s, uint64_t last)
{
	while (last >> s >> VIOMMU_SLOT_LG2)
		s += VIOMMU_SLOT_LG2;
	return s;
}

/* Nodes missing on the way to the node of shift `to` over iova, once the tree is as high as top. */
static unsigned int missing(struct viommu_map *m, uint64_t iova, unsigned int top, unsigned int to)
{
	uint64_t w = root_get(m);
	unsigned int s = (unsigned int)IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w);

	if (!w)
		return (top - to) / VIOMMU_SLOT_LG2;
	if (iova >> s >> VIOMMU_SLOT_LG2) {
		/* Below the lowest of the nodes that the tree grows by and that covers it. */
		while (iova >> s >> VIOMMU_SLOT_LG2)
			s += VIOMMU_SLOT_LG2;
		return s > to ? (s - to) / VIOMMU_SLOT_LG2 : 0;
	}
	while (s > to) {
		w = slot_get(node_of(w), slot_of(iova, s));
		if (!w)
			return (s - to) / VIOMMU_SLOT_LG2;
		s -= VIOMMU_SLOT_LG2;
	}
	return 0;
}

/*
 * The nodes that a map needs: every leaf stands on the way to the first or the
 * last. Not one more, or a tree at the limit could not be made again (restore).
 */
static unsigned int nodes_needed(struct viommu_map *m, struct iom_range iova, unsigned int top,
				 unsigned int first, unsigned int last)
{
	uint64_t w = root_get(m);
	unsigned int s = (unsigned int)IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w);
	unsigned int grow = !w ? 1 : top > s ? (top - s) / VIOMMU_SLOT_LG2 : 0;
	unsigned int a = missing(m, iova.start, top, first);
	unsigned int b = missing(m, iova.last, top, last), both = 0;

	for (s = first > last ? first : last;
	     s < first + a * VIOMMU_SLOT_LG2 && s < last + b * VIOMMU_SLOT_LG2;
	     s += VIOMMU_SLOT_LG2)
		both += iova.start >> s >> VIOMMU_SLOT_LG2 == iova.last >> s >> VIOMMU_SLOT_LG2;
	return grow + a + b - both;
}

/* Makes the tree as high as top. The nodes were reserved. */
static void grow_root(struct viommu_map *m, struct viommu_pool *pool, unsigned int top)
{
	uint64_t w = root_get(m);
	unsigned int s = (unsigned int)IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w);
	struct viommu_node *n;

	if (!w) {
		atomic_store(&m->root, root_word(pool_get(pool), top));
		return;
	}
	while (s < top) {
		n = pool_get(pool);
		n->used = 1;
		atomic_store_explicit(&n->slot[0], slot_word(node_of(w)),
				      memory_order_relaxed);
		s += VIOMMU_SLOT_LG2;
		w = root_word(n, s);
		atomic_store(&m->root, w);
	}
}

/* The node of shift s over iova, made if it is missing. The nodes were reserved. */
static struct viommu_node *make_node(struct viommu_map *m, struct viommu_pool *pool,
				     uint64_t iova, unsigned int to)
{
	uint64_t w = root_get(m);
	unsigned int s = (unsigned int)IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w);
	struct viommu_node *n = node_of(w);

	for (; s > to; s -= VIOMMU_SLOT_LG2) {
		unsigned int i = slot_of(iova, s);

		w = slot_get(n, i);
		if (!w) {
			w = slot_word(pool_get(pool));
			atomic_store_explicit(&n->slot[i], w, memory_order_release);
			n->used |= IOM_BIT64(i);
		}
		n = node_of(w);
	}
	return n;
}

/* Writes the leaves; everything was checked and reserved. */
static void fill(struct viommu_map *m, struct viommu_pool *pool, struct iom_range iova,
		 uint64_t gpa, uint64_t prot)
{
	struct iom_range rest = iova;
	struct viommu_node *n;
	unsigned int s, i;
	uint64_t w, size_m1;

	for (;;) {
		s = first_shift(m->granule_lg2, rest);
		n = make_node(m, pool, rest.start, s);
		size_m1 = (UINT64_C(1) << s) - 1;
		for (i = slot_of(rest.start, s); i < VIOMMU_SLOTS; i++) {
			w = VIOMMU_LEAF_VALID | prot | (gpa + (rest.start - iova.start));
			if (rest.start == iova.start)
				w |= VIOMMU_LEAF_FIRST;
			if (rest.start + size_m1 == iova.last)
				w |= VIOMMU_LEAF_LAST;
			atomic_store_explicit(&n->slot[i], w, memory_order_release);
			n->used |= IOM_BIT64(i);
			if (w & VIOMMU_LEAF_LAST) {
				set_near(m, n, s, iova.last);
				return;
			}
			rest.start += size_m1 + 1;
			if (rest.last - rest.start < size_m1)
				break;
		}
	}
}

/*
 * As fill(), inside m->near: all slots are leaves of one granule. They are never
 * the whole node, which would be one leaf above it: no node is empty.
 */
static void add_near(struct viommu_map *m, unsigned int i, unsigned int last, uint64_t gpa,
		     uint64_t prot)
{
	uint64_t w = VIOMMU_LEAF_VALID | VIOMMU_LEAF_FIRST | prot | gpa;
	struct viommu_node *n = m->near;

	n->used |= slots_mask(i, last);
	m->nr_mappings++;
	for (; i < last; i++) {
		atomic_store_explicit(&n->slot[i], w, memory_order_release);
		w = (w & ~VIOMMU_LEAF_FIRST) + m->granule_m1 + 1;
	}
	atomic_store_explicit(&n->slot[i], w | VIOMMU_LEAF_LAST, memory_order_release);
}

__attribute__((noinline))	/* so that the other way stays short */
static int add_far(struct viommu_map *m, struct viommu_pool *pool, struct iom_range iova,
		   uint64_t gpa, uint64_t prot)
{
	unsigned int first = first_shift(m->granule_lg2, iova);
	unsigned int last = last_shift(m->granule_lg2, iova);
	unsigned int top = root_shift(first > last ? first : last, iova.last);
	struct viommu_leaf leaf;
	int rc;

	if (iomi_viommu_map_next(m, iova.start, iova.last, &leaf))
		return IOM_EEXIST;
	if (!iova.start && iova.last == UINT64_MAX) {
		atomic_store(&m->root, VIOMMU_LEAF_VALID | VIOMMU_LEAF_FIRST | VIOMMU_LEAF_LAST |
			     prot | gpa);
		m->nr_mappings++;
		return IOM_OK;
	}
	rc = pool_reserve(pool, nodes_needed(m, iova, top, first, last));
	if (rc)
		return rc;
	grow_root(m, pool, top);
	fill(m, pool, iova, gpa, prot);
	m->nr_mappings++;
	return IOM_OK;
}

int iomi_viommu_map_add(struct viommu_map *m, struct viommu_pool *pool, struct iom_range iova,
			uint64_t gpa, uint64_t prot)
{
	unsigned int first, last;

	if (!near_slots(m, iova, &first, &last))
		return add_far(m, pool, iova, gpa, prot);
	if (m->near->used & slots_mask(first, last))
		return IOM_EEXIST;
	add_near(m, first, last, gpa, prot);
	return IOM_OK;
}

/* --- removing --- */

/* Puts a node that is out of the tree, and all below it, on the retired list. */
static uint64_t retire_subtree(struct viommu_pool *pool, struct viommu_node *top)
{
	struct viommu_node *todo = top, *n;
	uint64_t mappings = 0, bits, w;

	top->next = NULL;
	while ((n = todo)) {
		todo = n->next;
		for (bits = n->used; bits; bits &= bits - 1) {
			w = slot_get(n, (unsigned int)__builtin_ctzll(bits));
			if (!(w & VIOMMU_NODE)) {
				mappings += !!(w & VIOMMU_LEAF_FIRST);
			} else {
				node_of(w)->next = todo;
				todo = node_of(w);
			}
		}
		pool_retire(pool, n);
	}
	return mappings;
}

void iomi_viommu_map_drop(struct viommu_map *m, struct viommu_pool *pool)
{
	uint64_t w = root_get(m);

	if (w & VIOMMU_NODE)
		retire_subtree(pool, node_of(w));
}

/* A slot's content goes away; readers may still be using it. */
static void clear_slot(struct viommu_node *n, unsigned int i)
{
	atomic_store(&n->slot[i], 0);
	n->used &= ~IOM_BIT64(i);
}

/* Takes nodes that became empty out, from the end of the path upwards. */
static void prune(struct viommu_map *m, struct viommu_pool *pool, struct path *p, uint64_t iova)
{
	while (!p->node[p->depth]->used) {
		pool_retire(pool, p->node[p->depth]);
		if (!p->depth) {
			atomic_store(&m->root, 0);
			return;
		}
		p->depth--;
		clear_slot(p->node[p->depth], slot_of(iova, p->shift[p->depth]));
	}
}

/* Way to the node that holds the leaf at iova, or a node's slot that r covers whole. */
static void find_path(struct viommu_map *m, uint64_t iova, struct iom_range r, struct path *p)
{
	uint64_t w = root_get(m);
	unsigned int s = (unsigned int)IOM_FIELD_GET(VIOMMU_ROOT_SHIFT, w);

	for (p->depth = 0;; p->depth++, s -= VIOMMU_SLOT_LG2) {
		unsigned int i = slot_of(iova, s);

		p->node[p->depth] = node_of(w);
		p->shift[p->depth] = s;
		w = slot_get(node_of(w), i);
		if (!(w & VIOMMU_NODE) || iom_range_contains(r, slot_range(iova, s, i)))
			return;
	}
}

/*
 * Clears the slots of one node, from the one over iova, as far as r covers
 * them whole. Returns the mappings removed; *next is where to go on, *end
 * (false before) is set if that would be behind r.
 */
static uint64_t clear_slots(struct viommu_pool *pool, struct path *p, uint64_t iova,
			    struct iom_range r, uint64_t *next, bool *end)
{
	struct viommu_node *n = p->node[p->depth];
	unsigned int s = p->shift[p->depth], i;
	uint64_t mappings = 0, w;
	struct iom_range slot = { 0, 0 };

	for (i = slot_of(iova, s); i < VIOMMU_SLOTS && !*end; i++) {
		slot = slot_range(iova, s, i);
		if (!iom_range_contains(r, slot)) {
			*end = slot.start > r.last;
			*next = slot.start;
			return mappings;
		}
		/* Before the next slot is looked at: the address behind 2^64 - 1 is 0. */
		*end = slot.last == r.last;
		*next = slot.last + 1;
		w = slot_get(n, i);
		if (!w)
			continue;
		clear_slot(n, i);
		if (!(w & VIOMMU_NODE))
			mappings += !!(w & VIOMMU_LEAF_FIRST);
		else
			mappings += retire_subtree(pool, node_of(w));
	}
	return mappings;
}

/* Would removing r leave a part of a mapping? */
static bool splits(struct viommu_map *m, struct iom_range r)
{
	struct viommu_leaf leaf;

	if (iomi_viommu_map_next(m, r.start, r.start, &leaf) &&
	    (leaf.iova.start != r.start || !(leaf.word & VIOMMU_LEAF_FIRST)))
		return true;
	return iomi_viommu_map_next(m, r.last, r.last, &leaf) &&
	       (leaf.iova.last != r.last || !(leaf.word & VIOMMU_LEAF_LAST));
}

/* Is w a leaf, but not the first (or last) of its mapping? */
static bool goes_on(uint64_t w, uint64_t edge)
{
	return (w & (VIOMMU_LEAF_VALID | edge)) == VIOMMU_LEAF_VALID;
}

/*
 * The same inside m->near, if it does not become empty; IOM_EAGAIN: not a case
 * for this.
 */
static int remove_near(struct viommu_map *m, struct iom_range iova, uint64_t *removed)
{
	struct viommu_node *n = m->near;
	uint64_t mask, bits, count = 0;
	unsigned int first, last, i;

	if (!near_slots(m, iova, &first, &last))
		return IOM_EAGAIN;
	mask = slots_mask(first, last);
	if (!(n->used & ~mask))
		return IOM_EAGAIN;
	if (goes_on(slot_get(n, first), VIOMMU_LEAF_FIRST) ||
	    goes_on(slot_get(n, last), VIOMMU_LEAF_LAST))
		return IOM_ERANGE;
	for (bits = n->used & mask; bits; bits &= bits - 1) {
		i = (unsigned int)__builtin_ctzll(bits);
		count += !!(slot_get(n, i) & VIOMMU_LEAF_FIRST);
		atomic_store(&n->slot[i], 0);
	}
	n->used &= ~mask;
	m->nr_mappings -= count;
	*removed = count;
	return IOM_OK;
}

__attribute__((noinline))
static int remove_far(struct viommu_map *m, struct viommu_pool *pool, struct iom_range iova,
		      uint64_t *removed)
{
	struct viommu_leaf leaf;
	struct path p;
	uint64_t at = iova.start;
	bool end = false;

	if (splits(m, iova))
		return IOM_ERANGE;
	forget_near(m);
	while (!end && iomi_viommu_map_next(m, at, iova.last, &leaf)) {
		if (!(root_get(m) & VIOMMU_NODE)) {
			atomic_store(&m->root, 0);
			*removed = 1;
			break;
		}
		find_path(m, leaf.iova.start, iova, &p);
		*removed += clear_slots(pool, &p, leaf.iova.start, iova, &at, &end);
		prune(m, pool, &p, leaf.iova.start);
		/* It stays in the tree: something that is not in iova is in it. */
		if (p.node[p.depth]->used)
			set_near(m, p.node[p.depth], p.shift[p.depth], leaf.iova.start);
	}
	m->nr_mappings -= *removed;
	return IOM_OK;
}

int iomi_viommu_map_remove(struct viommu_map *m, struct viommu_pool *pool, struct iom_range iova,
			   uint64_t *removed)
{
	int rc;

	*removed = 0;
	rc = remove_near(m, iova, removed);
	return rc == IOM_EAGAIN ? remove_far(m, pool, iova, removed) : rc;
}
