/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of base/field, for every (hi, lo) of 32 and 64 bits:
 *   the mask has exactly the bits lo..hi;
 *   GET(PREP(v)) is v cut to the width, and v itself exactly when it FITS;
 *   PREP touches no bit outside the mask.
 * The file compiles only if the helpers are constant expressions.
 */
#include <iom/base/field.h>

#include "lib/test.h"

IOM_STATIC_ASSERT(IOM_BITS32(31, 0) == UINT32_MAX);
IOM_STATIC_ASSERT(IOM_BITS64(63, 0) == UINT64_MAX);
IOM_STATIC_ASSERT(IOM_FIELD_GET(IOM_BITS64(51, 6), UINT64_C(0xffc0)) == 0x3ff);
IOM_STATIC_ASSERT(IOM_FIELD_PREP(IOM_BITS32(3, 2), 2u) == 8);

static const uint64_t table[] = { IOM_FIELD_PREP(IOM_BITS64(63, 60), UINT64_C(0xf)) };

static uint64_t slow_mask(unsigned int hi, unsigned int lo)
{
	uint64_t m = 0;
	unsigned int i;

	for (i = lo; i <= hi; i++)
		m |= UINT64_C(1) << i;
	return m;
}

static void fields_of_64(void **state)
{
	struct test_rng rng;
	unsigned int hi, lo, step;

	(void)state;
	test_rng_init(&rng);
	for (hi = 0; hi < 64; hi++) {
		for (lo = 0; lo <= hi; lo++) {
			uint64_t m = IOM_BITS64(hi, lo);

			assert_true(m == slow_mask(hi, lo));
			assert_true(IOM_FIELD_LSB(m) == IOM_BIT64(lo));
			for (step = 0; step < 20; step++) {
				uint64_t v = test_rng_edgy(&rng), w = test_rng_u64(&rng);
				uint64_t cut = v & slow_mask(hi - lo, 0);

				assert_true((IOM_FIELD_PREP(m, v) & ~m) == 0);
				assert_true(IOM_FIELD_GET(m, IOM_FIELD_PREP(m, v)) == cut);
				assert_int_equal(IOM_FIELD_FITS(m, v), cut == v);
				assert_true(IOM_FIELD_GET(m, w) ==
					    (w >> lo & slow_mask(hi - lo, 0)));
			}
		}
	}
}

static void fields_of_32(void **state)
{
	struct test_rng rng;
	unsigned int hi, lo, step;

	(void)state;
	test_rng_init(&rng);
	for (hi = 0; hi < 32; hi++) {
		for (lo = 0; lo <= hi; lo++) {
			uint32_t m = IOM_BITS32(hi, lo);

			assert_true(m == slow_mask(hi, lo));
			assert_true(IOM_FIELD_LSB(m) == IOM_BIT32(lo));
			for (step = 0; step < 20; step++) {
				uint32_t v = (uint32_t)test_rng_edgy(&rng);
				uint32_t cut = (uint32_t)(v & slow_mask(hi - lo, 0));

				assert_true(IOM_FIELD_GET(m, IOM_FIELD_PREP(m, v)) == cut);
				assert_int_equal(IOM_FIELD_FITS(m, v), cut == v);
			}
		}
	}
}

static void container_and_array(void **state)
{
	struct outer {
		char pad[5];
		uint64_t inner;
	} o = { .inner = table[0] };

	(void)state;
	assert_ptr_equal(IOM_CONTAINER_OF(&o.inner, struct outer, inner), &o);
	assert_int_equal(IOM_ARRAY_SIZE(o.pad), 5);
	assert_true(o.inner == UINT64_C(0xf) << 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_64),
		cmocka_unit_test(fields_of_32),
		cmocka_unit_test(container_and_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
