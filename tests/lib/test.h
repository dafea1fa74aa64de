/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every unit test wants: cmocka with the headers it needs, random numbers
 * whose seed is printed, and a skip that says why.
 */
#ifndef TESTS_LIB_TEST_H
#define TESTS_LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The runner counts a skip without a reason as a failure. */
#define TEST_SKIP(why) \
	do { \
		printf("SKIP: %s\n", (why)); \
		skip(); \
	} while (0)

struct test_rng {
	uint64_t state;
};

/* Seeds from IOM_SEED in the environment, else from the clock; prints it. */
void test_rng_init(struct test_rng *rng);
/* The same without environment or print, for streams derived from another. */
void test_rng_seed(struct test_rng *rng, uint64_t seed);

uint64_t test_rng_u64(struct test_rng *rng);
/* Uniform in [0, n), n > 0. */
uint64_t test_rng_below(struct test_rng *rng, uint64_t n);
/* Zero, all ones, powers of two, their neighbours, and anything. */
uint64_t test_rng_edgy(struct test_rng *rng);
void test_rng_fill(struct test_rng *rng, void *buf, size_t len);

#endif
