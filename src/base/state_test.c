/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of base/state: what is written is read back; no flipped bit, cut or
 * foreign record opens; a buffer too small is never written past its end.
 */
#include <iom/base/err.h>
#include <iom/base/state.h>

#include "lib/test.h"

#define MAGIC 0x74736574u

static int write_some(void *buf, size_t cap, uint64_t v, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 }, in;
	size_t outer, inner;

	outer = iom_state_w_begin(&w, MAGIC, 3);
	iom_state_w_u8(&w, (uint8_t)v);
	iom_state_w_u16(&w, (uint16_t)v);
	in.buf = iom_state_w_room(&w, &in.cap);
	in.pos = 0;
	inner = iom_state_w_begin(&in, MAGIC + 1, 1);
	iom_state_w_u32(&in, (uint32_t)v);
	iom_state_w_end(&in, inner);
	w.pos += in.pos;
	iom_state_w_u64(&w, v);
	iom_state_w_bytes(&w, "bytes", 5);
	iom_state_w_end(&w, outer);
	return iom_state_w_done(&w, len);
}

static int read_some(const void *buf, size_t size, uint64_t *v, size_t *len)
{
	struct iom_state_r r, in;
	const void *rec;
	char bytes[5];
	size_t inner, n;
	int rc;

	rc = iom_state_r_open(&r, buf, size, MAGIC, 3, len);
	if (rc)
		return rc;
	iom_state_r_u8(&r);
	iom_state_r_u16(&r);
	iom_state_r_record(&r, &rec, &n);
	rc = iom_state_r_open(&in, rec, n, MAGIC + 1, 1, &inner);
	if (rc)
		return rc;
	assert_int_equal(inner, n);
	iom_state_r_u32(&in);
	rc = iom_state_r_end(&in);
	*v = iom_state_r_u64(&r);
	iom_state_r_bytes(&r, bytes, sizeof(bytes));
	assert_memory_equal(bytes, "bytes", 5);
	return rc ? rc : iom_state_r_end(&r);
}

static void round_trip_and_sizes(void **state)
{
	uint8_t buf[128];
	uint64_t v;
	size_t need, len, cap, i;

	(void)state;
	assert_int_equal(write_some(NULL, 0, 0, &need), IOM_ENOSPC);
	assert_true(need < sizeof(buf));
	for (cap = 0; cap <= need; cap++) {
		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(write_some(buf, cap, 0x1122334455667788, &len),
				 cap < need ? IOM_ENOSPC : IOM_OK);
		assert_int_equal(len, need);
		for (i = cap; i < sizeof(buf); i++)
			assert_int_equal(buf[i], 0xee);
	}
	assert_int_equal(read_some(buf, sizeof(buf), &v, &len), IOM_OK);
	assert_int_equal(len, need);
	assert_true(v == 0x1122334455667788);
}

static void damage_is_refused(void **state)
{
	uint8_t buf[128];
	uint64_t v;
	size_t need, len, i;

	(void)state;
	assert_int_equal(write_some(buf, sizeof(buf), 77, &need), IOM_OK);
	for (i = 0; i < need; i++)
		assert_int_equal(read_some(buf, i, &v, &len), IOM_EINVAL);
	for (i = 0; i < 8 * need; i++) {
		buf[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(read_some(buf, need, &v, &len), IOM_EINVAL);
		buf[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(read_some(buf, need, &v, &len), IOM_OK);
}

static void reading_too_much_or_too_little_is_refused(void **state)
{
	uint8_t buf[32], out[8];
	struct iom_state_w w = { buf, sizeof(buf), 0 };
	struct iom_state_r r;
	const void *rec;
	size_t len;

	(void)state;
	iom_state_w_end(&w, (iom_state_w_begin(&w, MAGIC, 1), iom_state_w_u32(&w, 5), 0));
	assert_int_equal(iom_state_r_open(&r, buf, w.pos, MAGIC, 1, &len), IOM_OK);
	assert_int_equal(iom_state_r_end(&r), IOM_EINVAL);
	assert_int_equal(iom_state_r_u32(&r), 5);
	assert_int_equal(iom_state_r_end(&r), IOM_OK);
	memset(out, 0xff, sizeof(out));
	iom_state_r_bytes(&r, out, sizeof(out));
	assert_int_equal(out[0] | out[7], 0);
	assert_int_equal(iom_state_r_end(&r), IOM_EINVAL);
	assert_int_equal(iom_state_r_open(&r, buf, w.pos, MAGIC, 2, &len), IOM_EINVAL);
	assert_int_equal(iom_state_r_open(&r, buf, w.pos, MAGIC + 1, 1, &len), IOM_EINVAL);
	assert_int_equal(iom_state_r_u64(&r), 0);
	/* No record stands here. */
	assert_int_equal(iom_state_r_open(&r, buf, w.pos, MAGIC, 1, &len), IOM_OK);
	iom_state_r_record(&r, &rec, &len);
	assert_true(!rec && !len && iom_state_r_end(&r) == IOM_EINVAL);
}

/* The check value of the catalogue of CRCs, and iSCSI's 32 zero bytes (RFC 3720 B.4). */
static void crc_has_its_check_value(void **state)
{
	const uint8_t zero[32] = { 0 };

	(void)state;
	assert_int_equal(iom_state_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(iom_state_crc32c(0, zero, 32), 0x8a9136aa);
	assert_int_equal(iom_state_crc32c(iom_state_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip_and_sizes),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(reading_too_much_or_too_little_is_refused),
		cmocka_unit_test(crc_has_its_check_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
