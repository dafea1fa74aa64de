/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers for tests: splitmix64, small and with no bad seed. */
#include <inttypes.h>
#include <time.h>

#include "lib/test.h"

void test_rng_seed(struct test_rng *rng, uint64_t seed)
{
	rng->state = seed;
}

void test_rng_init(struct test_rng *rng)
{
	const char *env = getenv("IOM_SEED");
	struct timespec now;

	if (env) {
		rng->state = strtoull(env, NULL, 0);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		rng->state = (uint64_t)now.tv_sec * 1000000007u + (uint64_t)now.tv_nsec;
	}
	printf("IOM_SEED=%#" PRIx64 "\n", rng->state);
	fflush(stdout);
}

uint64_t test_rng_u64(struct test_rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The bias of a remainder does not matter to a test. */
uint64_t test_rng_below(struct test_rng *rng, uint64_t n)
{
	return test_rng_u64(rng) % n;
}

uint64_t test_rng_edgy(struct test_rng *rng)
{
	uint64_t pow2 = UINT64_C(1) << test_rng_below(rng, 64);

	switch (test_rng_below(rng, 8)) {
	case 0:		return 0;
	case 1:		return UINT64_MAX;
	case 2:		return pow2;
	case 3:		return pow2 - 1;
	case 4:		return pow2 + 1;
	case 5:		return ~(pow2 - 1);
	case 6:		return test_rng_u64(rng) & (pow2 - 1);
	default:	return test_rng_u64(rng);
	}
}

void test_rng_fill(struct test_rng *rng, void *buf, size_t len)
{
	unsigned char *p = buf;

	while (len--)
		*p++ = (unsigned char)test_rng_u64(rng);
}
