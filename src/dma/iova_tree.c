/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of free pages: see iova_tree.h for what it keeps. */
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/mem.h>

#include "iova_tree.h"

#define SPARE_KEEP	2u	/* of each level: the most that one take needs */

/* Multiples of 2^(i + 1): where a pair of blocks of order i begins. */
static const uint64_t pairs[IOVA_SLOT_LG2] = {
	UINT64_C(0x5555555555555555), UINT64_C(0x1111111111111111),
	UINT64_C(0x0101010101010101), UINT64_C(0x0001000100010001),
	UINT64_C(0x0000000100000001), UINT64_C(0x0000000000000001),
};

/* The way from the root to a slot. */
struct path {
	struct iova_node *node[IOVA_LEVELS];
	unsigned int slot[IOVA_LEVELS];
	unsigned int depth;	/* of the last node */
};

/* Where aligned runs of 2^order set bits begin. */
static uint64_t runs(uint64_t w, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < order; i++)
		w &= w >> (1u << i) & pairs[i];
	return w;
}

/* 1 + the order of the largest aligned run of set bits, 0 if there is none. */
static unsigned int most_of(uint64_t w)
{
	unsigned int i;

	if (!w)
		return 0;
	for (i = 0; i < IOVA_SLOT_LG2; i++) {
		w &= w >> (1u << i) & pairs[i];
		if (!w)
			break;
	}
	return i + 1;
}

/* Bits first to last, both below 64. */
static uint64_t bits(unsigned int first, unsigned int last)
{
	return UINT64_MAX << first & UINT64_MAX >> (63 - last);
}

static unsigned int lowest(uint64_t w)
{
	return (unsigned int)__builtin_ctzll(w);
}

static unsigned int highest(uint64_t w)
{
	return 63 - (unsigned int)__builtin_clzll(w);
}

static unsigned int shift_of(const struct iova_node *n)
{
	return n->level * IOVA_SLOT_LG2;
}

static unsigned int slot_of(const struct iova_node *n, uint64_t page)
{
	return (unsigned int)(page >> shift_of(n)) & (IOVA_SLOTS - 1);
}

static uint64_t slot_first(const struct iova_node *n, uint64_t page, unsigned int i)
{
	unsigned int s = shift_of(n);

	return (page >> s >> IOVA_SLOT_LG2 << IOVA_SLOT_LG2 | i) << s;
}

static uint64_t *slots(struct iova_node *n)
{
	return n->w + shift_of(n);
}

static bool slot_free(const struct iova_node *n, unsigned int i)
{
	return n->free >> i & 1;
}

static struct iova_node *child(const struct iova_node *n, unsigned int i)
{
	return (struct iova_node *)(uintptr_t)n->w[shift_of(n) + i];
}

/* At level 1, the bitmap of the slot's free pages. */
static uint64_t pages_of(const struct iova_node *n, unsigned int i)
{
	return slot_free(n, i) ? UINT64_MAX : n->w[IOVA_SLOT_LG2 + i];
}

static size_t node_size(unsigned int level)
{
	return sizeof(struct iova_node) + (level * IOVA_SLOT_LG2 + IOVA_SLOTS) * sizeof(uint64_t);
}

/* --- nodes --- */

static int node_alloc(struct iova_tree *t, unsigned int level, struct iova_node **out)
{
	void *mem;
	int rc = iom_plat_alloc(t->plat, node_size(level), 128, &mem);

	if (rc)
		return rc;
	*out = mem;
	(*out)->level = level;
	t->bytes += node_size(level);
	return IOM_OK;
}

static void node_free(struct iova_tree *t, struct iova_node *n)
{
	t->bytes -= node_size(n->level);
	iom_plat_free(t->plat, n, node_size(n->level));
}

/* All free. The slot words mean nothing until their bit in free is cleared. */
static void node_fill(struct iova_node *n)
{
	n->free = UINT64_MAX;
	n->most = shift_of(n) + IOVA_SLOT_LG2 + 1;
	memset(n->w, 0xff, shift_of(n) * sizeof(uint64_t));
}

static struct iova_node *spare_get(struct iova_tree *t, unsigned int level)
{
	struct iova_node *n = t->spare[level];

	t->spare[level] = n->next;
	t->nr_spare[level]--;
	node_fill(n);
	return n;
}

static void spare_put(struct iova_tree *t, struct iova_node *n)
{
	if (t->nr_spare[n->level] >= SPARE_KEEP) {
		node_free(t, n);
		return;
	}
	n->next = t->spare[n->level];
	t->spare[n->level] = n;
	t->nr_spare[n->level]++;
}

int iomi_iova_tree_init(struct iova_tree *t, struct iom_plat *plat, unsigned int lg2)
{
	unsigned int level = (lg2 - 1) / IOVA_SLOT_LG2, i, o;
	struct iova_node *n;
	int rc;

	memset(t, 0, sizeof(*t));
	t->plat = plat;
	t->lg2 = lg2;
	t->nr_free = UINT64_C(1) << lg2;
	rc = node_alloc(t, level, &n);
	if (rc)
		return rc;
	node_fill(n);
	/* Slots behind the last page are taken for good. */
	i = 1u << (lg2 - level * IOVA_SLOT_LG2);
	if (i < IOVA_SLOTS) {
		n->free = bits(0, i - 1);
		n->most = lg2 + 1;
		for (o = 0; o < shift_of(n); o++)
			n->w[o] = n->free;
		memset(slots(n), 0, IOVA_SLOTS * sizeof(uint64_t));
	}
	t->root = n;
	return IOM_OK;
}

void iomi_iova_tree_fini(struct iova_tree *t)
{
	struct iova_node *todo = t->root, *n;
	unsigned int i;

	t->root = NULL;
	if (todo)
		todo->next = NULL;
	while ((n = todo)) {
		todo = n->next;
		for (i = 0; n->level > 1 && i < IOVA_SLOTS; i++) {
			if (slot_free(n, i) || !child(n, i))
				continue;
			child(n, i)->next = todo;
			todo = child(n, i);
		}
		node_free(t, n);
	}
	for (i = 0; i < IOVA_LEVELS; i++) {
		while ((n = t->spare[i])) {
			t->spare[i] = n->next;
			node_free(t, n);
		}
		t->nr_spare[i] = 0;
	}
}

/* --- looking --- */

enum found {
	FOUND,
	GO_DOWN,	/* into the child of the slot over *at */
	GO_UP,		/* nothing more in this node */
};

/* One node's part of iomi_iova_tree_block(). *at moves on over what is too small. */
static enum found block_step(const struct iova_node *n, unsigned int order, uint64_t *at)
{
	unsigned int s = shift_of(n), i = slot_of(n, *at), j;
	uint64_t w;

	if (order >= s) {
		w = order - s > IOVA_SLOT_LG2 ? 0 : runs(n->free, order - s) & UINT64_MAX << i;
		if (w)
			*at = slot_first(n, *at, lowest(w));
		return w ? FOUND : GO_UP;
	}
	for (w = n->w[order] & UINT64_MAX << i; w; w &= w - 1) {
		j = lowest(w);
		if (j != i)
			*at = slot_first(n, *at, j);
		/* Aligned, and the slot is free to its end. */
		if (slot_free(n, j))
			return FOUND;
		if (n->level > 1)
			return GO_DOWN;
		w = runs(pages_of(n, j), order) & UINT64_MAX << (*at & (IOVA_SLOTS - 1));
		if (w) {
			*at = slot_first(n, *at, j) + lowest(w);
			return FOUND;
		}
		/* Only the slot that *at lay inside can disappoint; the others are seen whole. */
		w = n->w[order] & bits(j, IOVA_SLOTS - 1);
	}
	return GO_UP;
}

bool iomi_iova_tree_block(const struct iova_tree *t, unsigned int order, uint64_t at,
			  uint64_t *page)
{
	uint64_t align_m1 = (UINT64_C(1) << order) - 1;
	const struct iova_node *n = t->root;

	if (order > t->lg2)
		return false;
	at = (at + align_m1) & ~align_m1;
	/* Each turn from the root begins at the start of a node that was not looked into. */
	while (!(at >> t->lg2)) {
		switch (block_step(n, order, &at)) {
		case FOUND:
			*page = at;
			return true;
		case GO_DOWN:
			n = child(n, slot_of(n, at));
			break;
		case GO_UP:
			if (n == t->root)
				return false;
			at = slot_first(n, at, 0) + (UINT64_C(1) << shift_of(n) << IOVA_SLOT_LG2);
			n = t->root;
		}
	}
	return false;
}

bool iomi_iova_tree_next_used(const struct iova_tree *t, uint64_t at, uint64_t *page)
{
	const struct iova_node *n = t->root;
	unsigned int i, j;
	uint64_t w;

	while (!(at >> t->lg2)) {
		i = slot_of(n, at);
		w = ~n->free & UINT64_MAX << i;
		if (!w) {
			at = slot_first(n, at, 0) + (UINT64_C(1) << shift_of(n) << IOVA_SLOT_LG2);
			n = t->root;
			continue;
		}
		j = lowest(w);
		if (j != i)
			at = slot_first(n, at, j);
		if (n->level > 1 && child(n, j)) {
			n = child(n, j);
			continue;
		}
		w = n->level > 1 ? UINT64_MAX : ~pages_of(n, j) & UINT64_MAX << (at & 63);
		if (w) {
			*page = n->level > 1 ? at : slot_first(n, at, j) + lowest(w);
			/* The root's slots behind the last page are not pages. */
			return !(*page >> t->lg2);
		}
		at = slot_first(n, at, j) + IOVA_SLOTS;
		n = t->root;
	}
	return false;
}

bool iomi_iova_tree_prev_used(const struct iova_tree *t, uint64_t at, uint64_t *page)
{
	const struct iova_node *n = t->root;
	unsigned int i, j;
	uint64_t w, first;

	for (;;) {
		i = slot_of(n, at);
		w = ~n->free & bits(0, i);
		first = slot_first(n, at, 0);
		if (w) {
			j = highest(w);
			first = slot_first(n, at, j);
			if (j != i)
				at = first + (UINT64_C(1) << shift_of(n)) - 1;
			if (n->level > 1 && child(n, j)) {
				n = child(n, j);
				continue;
			}
			w = n->level > 1 ? 1 : ~pages_of(n, j) & bits(0, (unsigned int)at & 63);
			if (w) {
				*page = n->level > 1 ? at : first + highest(w);
				return true;
			}
		}
		if (!first)
			return false;
		at = first - 1;
		n = t->root;
	}
}

/* --- changing --- */

/* Level of the largest slot that begins at first and ends at or before last. */
static unsigned int first_level(const struct iova_tree *t, uint64_t first, uint64_t last)
{
	unsigned int level = 0;

	while (level < t->root->level) {
		uint64_t m1 = (UINT64_C(1) << (level + 1) * IOVA_SLOT_LG2) - 1;

		if ((first & m1) || last - first < m1)
			break;
		level++;
	}
	return level;
}

/* The same of the largest slot that ends at last. */
static unsigned int last_level(const struct iova_tree *t, uint64_t first, uint64_t last)
{
	unsigned int level = 0;

	while (level < t->root->level) {
		uint64_t m1 = (UINT64_C(1) << (level + 1) * IOVA_SLOT_LG2) - 1;

		if ((~last & m1) || last - first < m1)
			break;
		level++;
	}
	return level;
}

/* Counts the nodes that are missing on the way to the one of this level over page. */
static void count_missing(const struct iova_tree *t, uint64_t page, unsigned int level,
			  unsigned int *need)
{
	const struct iova_node *n = t->root;
	unsigned int l;

	while (n->level > level && n->level > 1) {
		if (slot_free(n, slot_of(n, page))) {
			for (l = n->level - 1; l && l >= level; l--)
				need[l]++;
			return;
		}
		n = child(n, slot_of(n, page));
	}
}

int iomi_iova_tree_prepare(struct iova_tree *t, uint64_t first, uint64_t last)
{
	unsigned int need[IOVA_LEVELS] = { 0 }, l;
	struct iova_node *n;
	int rc;

	/* Every piece stands on the way to the first or to the last page. */
	count_missing(t, first, first_level(t, first, last), need);
	if (first != last)
		count_missing(t, last, last_level(t, first, last), need);
	for (l = 1; l < IOVA_LEVELS; l++) {
		while (t->nr_spare[l] < need[l]) {
			rc = node_alloc(t, l, &n);
			if (rc)
				return rc;
			spare_put(t, n);
		}
	}
	return IOM_OK;
}

/* Slot i of n held blocks of `was` - 1 at most, now it is `is`. */
static void set_orders(struct iova_node *n, unsigned int i, unsigned int was, unsigned int is)
{
	unsigned int s = shift_of(n), o;

	was = was < s ? was : s;
	is = is < s ? is : s;
	for (o = was; o < is; o++)
		n->w[o] |= IOM_BIT64(i);
	for (o = is; o < was; o++)
		n->w[o] &= ~IOM_BIT64(i);
}

static unsigned int node_most(const struct iova_node *n)
{
	unsigned int o = shift_of(n);

	if (n->free)
		return o + most_of(n->free);
	while (o && !n->w[o - 1])
		o--;
	return o;
}

/* Carries a change of the last node of p upwards, and takes out what became free. */
static void carry_up(struct iova_tree *t, struct path *p)
{
	struct iova_node *n, *up;
	unsigned int was, i;

	for (;; p->depth--) {
		n = p->node[p->depth];
		was = n->most;
		n->most = node_most(n);
		if (n->most == was || !p->depth)
			return;
		up = p->node[p->depth - 1];
		i = p->slot[p->depth - 1];
		set_orders(up, i, was, n->most);
		if (n->free == UINT64_MAX) {
			up->free |= IOM_BIT64(i);
			spare_put(t, n);
		}
	}
}

/* Puts pages of one level-1 slot, `map` of them free, in its place. */
static void set_pages(struct iova_node *n, unsigned int i, uint64_t map)
{
	set_orders(n, i, most_of(pages_of(n, i)), most_of(map));
	slots(n)[i] = map;
	if (map == UINT64_MAX)
		n->free |= IOM_BIT64(i);
	else
		n->free &= ~IOM_BIT64(i);
}

/* The way down to the node of this level; with make, through new nodes. */
static bool descend(struct iova_tree *t, uint64_t page, unsigned int level, bool make,
		    struct path *p)
{
	struct iova_node *n = t->root;
	unsigned int i;

	for (p->depth = 0;; p->depth++) {
		i = slot_of(n, page);
		p->node[p->depth] = n;
		p->slot[p->depth] = i;
		if (n->level == level || n->level == 1)
			return true;
		if (slot_free(n, i)) {
			if (!make)
				return false;
			slots(n)[i] = (uintptr_t)spare_get(t, n->level - 1);
			n->free &= ~IOM_BIT64(i);
		}
		n = child(n, i);
		if (!n)
			return false;
	}
}

/* Whole slots, or pages of one slot, that lie side by side in one node. */
struct piece {
	uint64_t first;
	unsigned int level;	/* of what is counted; 0: pages */
	unsigned int n;
};

static struct piece next_piece(const struct iova_tree *t, uint64_t first, uint64_t last)
{
	struct piece pc = { first, first_level(t, first, last), 0 };
	unsigned int s = pc.level * IOVA_SLOT_LG2;
	unsigned int room = IOVA_SLOTS - ((unsigned int)(first >> s) & (IOVA_SLOTS - 1));
	uint64_t whole = (last - first) >> s;

	/* The part above the last whole slot may be one, too. */
	if (((last - first) & ((UINT64_C(1) << s) - 1)) == (UINT64_C(1) << s) - 1)
		whole++;
	pc.n = whole < room ? (unsigned int)whole : room;
	return pc;
}

static void take_piece(struct iova_tree *t, struct piece pc)
{
	unsigned int i, o, first;
	struct iova_node *n;
	struct path p;
	uint64_t mask;

	descend(t, pc.first, pc.level, true, &p);
	n = p.node[p.depth];
	if (!pc.level) {
		first = (unsigned int)pc.first & (IOVA_SLOTS - 1);
		i = p.slot[p.depth];
		set_pages(n, i, pages_of(n, i) & ~bits(first, first + pc.n - 1));
	} else {
		first = p.slot[p.depth];
		mask = bits(first, first + pc.n - 1);
		n->free &= ~mask;
		for (o = 0; o < shift_of(n); o++)
			n->w[o] &= ~mask;
		memset(slots(n) + first, 0, pc.n * sizeof(uint64_t));
	}
	t->nr_free -= (uint64_t)pc.n << pc.level * IOVA_SLOT_LG2;
	carry_up(t, &p);
}

void iomi_iova_tree_take(struct iova_tree *t, uint64_t first, uint64_t last)
{
	struct piece pc;
	uint64_t len;

	for (;; first += len) {
		pc = next_piece(t, first, last);
		take_piece(t, pc);
		len = (uint64_t)pc.n << pc.level * IOVA_SLOT_LG2;
		if (last - first < len)
			return;
	}
}

int iomi_iova_tree_take_blocks(struct iova_tree *t, uint64_t page, unsigned int order,
			       unsigned int *n)
{
	struct piece pc = { page, order / IOVA_SLOT_LG2, 0 };
	unsigned int each = order % IOVA_SLOT_LG2, bit, run;
	struct iova_node *node;
	uint64_t taken;
	struct path p;
	int rc;

	rc = iomi_iova_tree_prepare(t, page, page + ((UINT64_C(1) << order) - 1));
	if (rc)
		return rc;
	descend(t, page, pc.level, true, &p);
	node = p.node[p.depth];
	/* All in one node, or a slot above would be taken as one piece. */
	bit = (unsigned int)(page >> pc.level * IOVA_SLOT_LG2) & (IOVA_SLOTS - 1);
	taken = ~(pc.level ? node->free : pages_of(node, p.slot[p.depth])) & UINT64_MAX << bit;
	run = ((taken ? lowest(taken) : IOVA_SLOTS) - bit) >> each;
	*n = *n < run ? *n : run;
	pc.n = *n << each;
	take_piece(t, pc);
	return IOM_OK;
}

/* False, and nothing changed, if the piece was not taken as it is. */
static bool give_piece(struct iova_tree *t, struct piece pc)
{
	unsigned int i, o, first;
	struct iova_node *n;
	struct path p;
	uint64_t mask;

	if (!descend(t, pc.first, pc.level, false, &p))
		return false;
	n = p.node[p.depth];
	if (!pc.level) {
		first = (unsigned int)pc.first & (IOVA_SLOTS - 1);
		mask = bits(first, first + pc.n - 1);
		i = p.slot[p.depth];
		if (pages_of(n, i) & mask)
			return false;
		set_pages(n, i, pages_of(n, i) | mask);
	} else {
		first = p.slot[p.depth];
		mask = bits(first, first + pc.n - 1);
		if (n->free & mask)
			return false;
		for (i = first; i < first + pc.n; i++)
			if (slots(n)[i])
				return false;
		n->free |= mask;
		for (o = 0; o < shift_of(n); o++)
			n->w[o] |= mask;
	}
	t->nr_free += (uint64_t)pc.n << pc.level * IOVA_SLOT_LG2;
	carry_up(t, &p);
	return true;
}

void iomi_iova_tree_give(struct iova_tree *t, uint64_t first, uint64_t last)
{
	struct piece pc;
	uint64_t len;

	for (;; first += len) {
		pc = next_piece(t, first, last);
		if (!give_piece(t, pc))
			t->nr_bad++;
		len = (uint64_t)pc.n << pc.level * IOVA_SLOT_LG2;
		if (last - first < len)
			return;
	}
}
