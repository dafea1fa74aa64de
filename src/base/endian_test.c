/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of base/endian: byte i of memory is value >> 8 * i, at any alignment,
 * whatever the host; get undoes make; nothing outside the value is written.
 */
#include <iom/base/endian.h>
#include <iom/base/field.h>

#include "lib/test.h"

IOM_STATIC_ASSERT(sizeof(struct iom_le16) == 2 && sizeof(struct iom_le32) == 4);
IOM_STATIC_ASSERT(sizeof(struct iom_le64) == 8);

static void bytes_are_little_endian(const void *mem, uint64_t v, unsigned int size)
{
	const uint8_t *b = mem;
	unsigned int i;

	for (i = 0; i < size; i++)
		assert_int_equal(b[i], v >> 8 * i & 0xff);
}

static void typed_values(void **state)
{
	struct test_rng rng;
	unsigned int step;

	(void)state;
	test_rng_init(&rng);
	for (step = 0; step < 10000; step++) {
		uint64_t v = test_rng_edgy(&rng);
		struct iom_le16 v16 = iom_le16_make((uint16_t)v);
		struct iom_le32 v32 = iom_le32_make((uint32_t)v);
		struct iom_le64 v64 = iom_le64_make(v);

		bytes_are_little_endian(&v16, v, 2);
		bytes_are_little_endian(&v32, v, 4);
		bytes_are_little_endian(&v64, v, 8);
		assert_int_equal(iom_le16_get(v16), (uint16_t)v);
		assert_int_equal(iom_le32_get(v32), (uint32_t)v);
		assert_true(iom_le64_get(v64) == v);
	}
}

static void unaligned_buffers(void **state)
{
	uint8_t buf[32], before[32];
	struct test_rng rng;
	unsigned int step;

	(void)state;
	test_rng_init(&rng);
	for (step = 0; step < 30000; step++) {
		uint64_t v = test_rng_edgy(&rng);
		unsigned int at = (unsigned int)test_rng_below(&rng, 24);
		unsigned int size = 2u << step % 3;

		test_rng_fill(&rng, buf, sizeof(buf));
		memcpy(before, buf, sizeof(buf));
		switch (size) {
		case 2:
			iom_put_le16(buf + at, (uint16_t)v);
			assert_int_equal(iom_get_le16(buf + at), (uint16_t)v);
			break;
		case 4:
			iom_put_le32(buf + at, (uint32_t)v);
			assert_int_equal(iom_get_le32(buf + at), (uint32_t)v);
			break;
		default:
			iom_put_le64(buf + at, v);
			assert_true(iom_get_le64(buf + at) == v);
		}
		bytes_are_little_endian(buf + at, v, size);
		memcpy(buf + at, before + at, size);
		assert_memory_equal(buf, before, sizeof(buf));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typed_values),
		cmocka_unit_test(unaligned_buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
