/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store in memory that knows what is durable: writes go to cur, a flush
 * copies cur to durable. It can let the nth operation fail (which then did
 * nothing), refuses (by ending the program) what the contract of struct
 * iom_store forbids, and flush, discard and write_zeroes inside a bracket.
 */
#ifndef TESTS_FAKES_STORE_MEM_H
#define TESTS_FAKES_STORE_MEM_H

#include <iom/plat/store.h>

#include "fakes/gmem_pages.h"

#define STORE_MEM_DISCARDED 0xdd	/* what reads after a discard */

struct store_mem {
	struct iom_store s;
	struct iom_store_ops ops;	/* a test may take ops away */
	uint8_t *cur, *durable;
	const struct gmem_pages *m;	/* whose brackets count; may be NULL */
	long fail_in;			/* 1: the next operation fails; 0: none */
	int fail_rc;			/* IOM_EIO at first */
	unsigned int nr_ops, nr_flushes;
	void (*flushing)(void *arg);	/* before a flush; may be NULL */
	void *arg;
};

void store_mem_init(struct store_mem *t, uint64_t size, const struct gmem_pages *m);
void store_mem_fini(struct store_mem *t);

#endif
