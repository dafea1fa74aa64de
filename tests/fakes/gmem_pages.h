/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gmem as an IOMMU makes it: 4 KiB pages, each of which stands somewhere in
 * memory, in no order, with or without read and write permission. A part of an
 * access before a refused page is done, what is behind it is not. It can have
 * no pointers, do no DMA at all, and ends the program on what
 * is done outside of a bracket.
 */
#ifndef TESTS_FAKES_GMEM_PAGES_H
#define TESTS_FAKES_GMEM_PAGES_H

#include <stdbool.h>

#include <iom/plat/gmem.h>

#include "lib/test.h"

#define GMEM_PAGES_SIZE 4096u

struct gmem_pages {
	struct iom_gmem g;
	uint64_t base;			/* address of page 0; the last byte may be the top */
	unsigned int nr;		/* pages */
	uint8_t *mem;			/* nr pages, in host order */
	unsigned int *to;		/* page -> place in mem */
	uint8_t *access;		/* page -> IOM_ACCESS_*; all at first */
	bool no_map;			/* map() answers IOM_EOPNOTSUPP */
	bool off;			/* begin() answers IOM_ENODEV */
	unsigned int off_in;		/* off after this many begins; 0: never */
	unsigned int depth;		/* brackets open: 0 or 1 */
	unsigned long nr_begins;
	unsigned long nr_refused;
};

/* Pages are placed by rng; mem is filled from it. */
void gmem_pages_init(struct gmem_pages *m, uint64_t base, unsigned int nr, struct test_rng *rng);
void gmem_pages_fini(struct gmem_pages *m);

/* The test's own view, whatever the permissions. addr must be inside. */
uint8_t *gmem_pages_at(struct gmem_pages *m, uint64_t addr);
void gmem_pages_peek(struct gmem_pages *m, uint64_t addr, void *buf, size_t len);
void gmem_pages_poke(struct gmem_pages *m, uint64_t addr, const void *buf, size_t len);

/* Permissions of the page that addr is in. */
void gmem_pages_allow(struct gmem_pages *m, uint64_t addr, unsigned int access);
void gmem_pages_allow_all(struct gmem_pages *m);
bool gmem_pages_allowed(const struct gmem_pages *m, uint64_t addr, unsigned int access);

#endif
