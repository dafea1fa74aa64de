/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A gmem that stands before any other and misbehaves as told:
 * - the nth access from now on fails with a chosen error;
 * - bytes of chosen ranges change as soon as they have been read, so whoever
 *   reads them again gets something else;
 * - a function of the test runs before each access.
 * What is reached through a pointer that map gave goes past it, so it gives none
 * unless told to. It counts accesses, and ends the program with a message if one is made
 * outside a bracket or brackets nest. One thread, as any gmem.
 */
#ifndef TESTS_FAKES_GMEM_FAKE_H
#define TESTS_FAKES_GMEM_FAKE_H

#include <stdbool.h>

#include <iom/plat/gmem.h>

#include "lib/test.h"

enum gmem_fake_kind {
	GMEM_FAKE_READ,
	GMEM_FAKE_WRITE,
	GMEM_FAKE_LOAD,
	GMEM_FAKE_STORE,
	GMEM_FAKE_CAS64,
	GMEM_FAKE_MAP,
	GMEM_FAKE_BEGIN,
};

#define GMEM_FAKE_HOT_MAX 4

struct gmem_fake {
	struct iom_gmem g;
	struct iom_gmem *below;
	bool open;
	bool can_map;			/* false, as at first: map is IOM_EOPNOTSUPP */
	unsigned long accesses;		/* all kinds but begin */
	/* Fails: */
	long fail_in;			/* 1: the next access fails; 0: none */
	int fail_rc;
	bool failed;
	/* Changes: */
	struct test_rng rng;
	unsigned int nr_hot;
	struct {
		uint64_t start;
		uint64_t last;
		uint64_t stride;	/* of a repeated piece, 0: all of it is hot */
		uint64_t bytes;		/* the first bytes of each piece are hot */
	} hot[GMEM_FAKE_HOT_MAX];
	/* Tells: */
	void (*before)(void *arg, enum gmem_fake_kind kind, uint64_t addr, size_t len);
	void *before_arg;
};

void gmem_fake_init(struct gmem_fake *f, struct iom_gmem *below);
/* The nth access (begin counts) from now fails once with rc; 0: none. */
void gmem_fake_fail_nth(struct gmem_fake *f, long n, int rc);
/* Bytes [start, last] change once read; with stride, only the first bytes of each piece. */
void gmem_fake_hot(struct gmem_fake *f, uint64_t start, uint64_t last, uint64_t stride,
		   uint64_t bytes);

#endif
