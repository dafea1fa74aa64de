/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which pages of a power of two of pages are free: a radix tree of 64 slots a
 * node, with one bit a page at the bottom. A page here is a granule, counted
 * from the start of the tree; an order is the log2 of a number of pages.
 *
 * A slot of a node of level L stands for 64^L pages. It is free as a whole (its
 * bit in `free`), or taken as a whole (slot word 0), or there is something below
 * it: a node of level L - 1, or at level 1 the bitmap of its 64 pages. For each
 * order below 6L the node keeps a word that says which slots hold an aligned
 * free block of that order, and `most`, the largest order it holds itself. So
 * looking for a block goes straight down, one word a level, and a change goes
 * up only as far as `most` changes.
 *
 * Invariants: no node but the root is free as a whole; a slot that is taken
 * as a whole was taken in one piece, as blocks of 64^L. So whoever frees what
 * it took needs no new node: freeing never allocates.
 *
 * Not locked: the owner's lock holds for all of it.
 */
#ifndef IOMI_DMA_IOVA_TREE_H
#define IOMI_DMA_IOVA_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/plat/plat.h>

#define IOVA_SLOT_LG2	6u
#define IOVA_SLOTS	64u
#define IOVA_LEVELS	11u	/* 64^10 covers 2^57 granules, the most there are */
#define IOVA_TREE_MIN	6u	/* the least lg2 */

struct iova_node {
	uint64_t free;
	unsigned int level;		/* at least 1 */
	unsigned int most;		/* 1 + the largest order of a free block; 0: none */
	struct iova_node *next;		/* spare nodes */
	uint64_t w[];			/* 6 * level words of orders, then the slots */
};

struct iova_tree {
	struct iom_plat *plat;
	struct iova_node *root;		/* NULL: fini was done, or init was not */
	unsigned int lg2;		/* pages */
	struct iova_node *spare[IOVA_LEVELS];
	unsigned int nr_spare[IOVA_LEVELS];
	uint64_t nr_free;		/* pages */
	uint64_t nr_bad;		/* pieces freed that were not taken so */
	uint64_t bytes;
};

/* All 2^lg2 pages free. IOM_ENOMEM. */
int iomi_iova_tree_init(struct iova_tree *t, struct iom_plat *plat, unsigned int lg2);
void iomi_iova_tree_fini(struct iova_tree *t);

/* First aligned free block of this order that begins at or after page at. */
bool iomi_iova_tree_block(const struct iova_tree *t, unsigned int order, uint64_t at,
			  uint64_t *page);
/* First page at or after, last page at or before at, that is taken. */
bool iomi_iova_tree_next_used(const struct iova_tree *t, uint64_t at, uint64_t *page);
bool iomi_iova_tree_prev_used(const struct iova_tree *t, uint64_t at, uint64_t *page);

/* Reserves what taking these pages needs, until the next give. IOM_ENOMEM. */
int iomi_iova_tree_prepare(struct iova_tree *t, uint64_t first, uint64_t last);
/* Takes free pages after prepare. */
void iomi_iova_tree_take(struct iova_tree *t, uint64_t first, uint64_t last);
/*
 * Takes free blocks of one order that stand side by side from page on, one at
 * least; *n is how many are wanted, then how many were had. Each is a piece of
 * its own. IOM_ENOMEM.
 */
int iomi_iova_tree_take_blocks(struct iova_tree *t, uint64_t page, unsigned int order,
			       unsigned int *n);
/* Frees what was taken in one piece. What was not is left as it is and counted. */
void iomi_iova_tree_give(struct iova_tree *t, uint64_t first, uint64_t last);

#endif
