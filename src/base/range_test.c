/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of base/range, against sets of bytes. The universe is 64 addresses,
 * placed at the bottom, in the middle and at the very top of the space, so that
 * a range is one bit mask and a wrap would show.
 */
#include <iom/base/range.h>

#include "lib/test.h"

#define UNIVERSE 64

static const uint64_t places[] = { 0, UINT64_C(0x7fffffffffffffe0), UINT64_MAX - (UNIVERSE - 1) };

/* The model: one bit an address. */
static uint64_t set_of(struct iom_range r, uint64_t place)
{
	uint64_t set = 0;
	unsigned int i;

	for (i = 0; i < UNIVERSE; i++)
		if (place + i >= r.start && place + i <= r.last)
			set |= UINT64_C(1) << i;
	return set;
}

static struct iom_range random_range(struct test_rng *rng, uint64_t place)
{
	uint64_t a = test_rng_below(rng, UNIVERSE), b = test_rng_below(rng, UNIVERSE);
	struct iom_range r = { place + (a < b ? a : b), place + (a < b ? b : a) };

	return r;
}

static void sets_agree(void **state)
{
	struct test_rng rng;
	unsigned int step;

	(void)state;
	test_rng_init(&rng);
	for (step = 0; step < 30000; step++) {
		uint64_t place = places[step % 3];
		struct iom_range a = random_range(&rng, place), b = random_range(&rng, place);
		uint64_t sa = set_of(a, place), sb = set_of(b, place);
		unsigned int i = (unsigned int)test_rng_below(&rng, UNIVERSE);

		assert_true(iom_range_valid(a));
		assert_int_equal(iom_range_overlaps(a, b), (sa & sb) != 0);
		assert_int_equal(iom_range_overlaps(a, b), iom_range_overlaps(b, a));
		assert_int_equal(iom_range_contains(a, b), (sa & sb) == sb);
		assert_int_equal(iom_range_has(a, place + i), sa >> i & 1);
		assert_int_equal(iom_range_len_m1(a), (unsigned)__builtin_popcountll(sa) - 1u);
	}
}

static void make_refuses_empty_and_wrap(void **state)
{
	const struct iom_range before = { 123, 456 };
	struct test_rng rng;
	unsigned int step;

	(void)state;
	test_rng_init(&rng);
	for (step = 0; step < 30000; step++) {
		uint64_t start = test_rng_edgy(&rng), len = test_rng_edgy(&rng);
		struct iom_range r = before;
		/* Obviously right: in 128 bits nothing wraps. */
		unsigned __int128 end = (unsigned __int128)start + len;

		if (len && end <= (unsigned __int128)1 << 64) {
			assert_true(iom_range_make(start, len, &r));
			assert_true(iom_range_valid(r));
			assert_true(r.start == start && r.last == (uint64_t)(end - 1));
			assert_true(iom_range_len_m1(r) == len - 1);
		} else {
			assert_false(iom_range_make(start, len, &r));
			assert_memory_equal(&r, &before, sizeof(r));
		}
	}
}

static void whole_space_and_top_byte(void **state)
{
	const struct iom_range all = { 0, UINT64_MAX };
	struct iom_range top;

	(void)state;
	assert_true(iom_range_make(UINT64_MAX, 1, &top));
	assert_true(iom_range_contains(all, top) && !iom_range_contains(top, all));
	assert_true(iom_range_overlaps(all, top) && iom_range_has(top, UINT64_MAX));
	assert_true(iom_range_len_m1(all) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_agree),
		cmocka_unit_test(make_refuses_empty_and_wrap),
		cmocka_unit_test(whole_space_and_top_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
