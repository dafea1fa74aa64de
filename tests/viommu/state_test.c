/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of the device. After each request of a random sequence the state
 * goes into another device, which is in use and has another state, and the
 * sequence goes on there; the model (tests/lib/viommu_model.h) says what must
 * be reachable. No damaged, cut, foreign or lying stream changes anything.
 */
#include <iom/base/state.h>

#include "lib/test.h"
#include "lib/viommu_model.h"

#define STREAM_MAX 65536u

static struct test_rng rng;

static size_t save(struct vt *t, uint8_t *buf)
{
	size_t len = 0, again;

	assert_int_equal(iom_viommu_dev_save(t->v, NULL, 0, &len), IOM_ENOSPC);
	assert_true(len && len <= STREAM_MAX);
	memset(buf, 0xee, STREAM_MAX);
	assert_int_equal(iom_viommu_dev_save(t->v, buf, len - 1, &again), IOM_ENOSPC);
	assert_int_equal(again, len);
	assert_int_equal(buf[len - 1], 0xee);
	assert_int_equal(iom_viommu_dev_save(t->v, buf, len, &again), IOM_OK);
	assert_int_equal(again, len);
	return len;
}

/* From a heap copy of its length, so that a read too far is seen. */
static int restore(struct vt *t, const uint8_t *buf, size_t size, size_t *used)
{
	uint8_t *copy = malloc(size ? size : 1);
	int rc;

	memcpy(copy, buf, size);
	*used = 12345;
	rc = iom_viommu_dev_restore(t->v, copy, size, used);
	free(copy);
	return rc;
}

static uint8_t stream[2 * STREAM_MAX], other[STREAM_MAX];

static void after_each_request(void **state)
{
	static struct model m, unused;
	struct vt a, b, c, *now = &a, *next = &b, *swap;
	struct vt_req r;
	size_t len, used;
	unsigned int variant, i;
	uint64_t maps = 0;

	(void)state;
	for (variant = 0; variant < 4; variant++) {
		model_open(&unused, &b, variant);
		model_open(&m, &a, variant);
		for (i = 0; i < 600; i++) {
			r = model_random_request(&m, &rng);
			model_step(&m, now, &r);
			if (!test_rng_below(&rng, 100)) {
				iom_viommu_dev_reset(now->v, false);
				model_reset(&m, false);
				m.accepted = m.offered;
				iom_viommu_dev_accept(now->v, m.accepted);
			}
			len = save(now, stream);
			/* Bytes behind the stream are another's. */
			assert_int_equal(restore(next, stream, len + i % 7, &used), IOM_OK);
			assert_int_equal(used, len);
			model_compare_now(&m, next, &rng);
			assert_int_equal(save(next, other), len);
			if (i % 50 == 0) {
				model_open(&unused, &c, variant);
				assert_int_equal(restore(&c, stream, len, &used), IOM_OK);
				model_compare_now(&m, &c, &rng);
				vt_close(&c);
			}
			swap = now;
			now = next;
			next = swap;
		}
		maps += m.st.map;
		vt_close(&a);
		vt_close(&b);
	}
	/* One variant alone may be unlucky with its seed. */
	assert_true(maps > 20);
}

/* A device with something of everything. */
static void fill(struct model *m, struct vt *t)
{
	struct vt_req r;
	unsigned int i;

	model_open(m, t, 0);
	for (i = 0; i < 150; i++) {
		r = model_random_request(m, &rng);
		if (r.in[0] != 2)
			model_step(m, t, &r);
	}
}

/* What a refusal must not have done. */
static void unchanged(struct vt *t, const uint8_t *before, size_t before_len)
{
	static uint8_t after[STREAM_MAX];

	assert_int_equal(save(t, after), before_len);
	assert_memory_equal(after, before, before_len);
}

static void damage_is_refused(void **state)
{
	static struct model ma, mb;
	size_t len, own, used, i;
	struct vt a, b;

	(void)state;
	fill(&ma, &a);
	fill(&mb, &b);
	len = save(&a, stream);
	own = save(&b, other);
	for (i = 0; i < len; i++) {
		assert_int_equal(restore(&b, stream, i, &used), IOM_EINVAL);
		assert_int_equal(used, 12345);
	}
	unchanged(&b, other, own);
	for (i = 0; i < 8 * len; i++) {
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(restore(&b, stream, len, &used), IOM_EINVAL);
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
		if (i % 64 == 0)
			unchanged(&b, other, own);
	}
	unchanged(&b, other, own);
	model_compare_now(&mb, &b, &rng);
	assert_int_equal(restore(&b, stream, len, &used), IOM_OK);
	model_compare_now(&ma, &b, &rng);
	print_message("%zu bytes: each cut, each flipped bit\n", len);
	vt_close(&a);
	vt_close(&b);
}

/* The check value of <iom/base/state.h>: CRC-32C of all before, in the last four bytes. */
static void seal(uint8_t *buf, size_t len)
{
	uint32_t crc = iom_state_crc32c(0, buf, len - 4);

	buf[len - 4] = (uint8_t)crc;
	buf[len - 3] = (uint8_t)(crc >> 8);
	buf[len - 2] = (uint8_t)(crc >> 16);
	buf[len - 1] = (uint8_t)(crc >> 24);
}

/*
 * A stream that lies, with the right check value: refused with nothing changed,
 * or taken as a state that could be: saved again it is the same.
 */
static void lies_are_refused_or_could_be_true(void **state)
{
	static uint8_t lie[STREAM_MAX], again[STREAM_MAX];
	static struct model ma, mb;
	unsigned int taken = 0, i;
	size_t len, own, used, at;
	struct vt a, b;
	int rc;

	(void)state;
	fill(&ma, &a);
	fill(&mb, &b);
	len = save(&a, stream);
	for (i = 0; i < 6000; i++) {
		own = save(&b, other);
		memcpy(lie, stream, len);
		at = 12 + test_rng_below(&rng, len - 16);
		if (i % 3)
			lie[at] = (uint8_t)test_rng_u64(&rng);
		else
			lie[at] ^= (uint8_t)(1u << test_rng_below(&rng, 8));
		seal(lie, len);
		rc = restore(&b, lie, len, &used);
		if (rc) {
			assert_true(rc == IOM_EINVAL || rc == IOM_ENOMEM);
			unchanged(&b, other, own);
			continue;
		}
		taken++;
		assert_int_equal(save(&b, again), len);
	}
	assert_true(taken && taken < i);
	print_message("%u lies, %u of them could be true\n", i, taken);
	vt_close(&a);
	vt_close(&b);
}

static void other_configurations_are_refused(void **state)
{
	static struct model m, unused;
	size_t len, own, used;
	unsigned int variant;
	struct vt a, b;

	(void)state;
	fill(&m, &a);
	len = save(&a, stream);
	for (variant = 2; variant < 4; variant++) {
		model_open(&unused, &b, variant);
		own = save(&b, other);
		assert_int_equal(restore(&b, stream, len, &used), IOM_EINVAL);
		unchanged(&b, other, own);
		vt_close(&b);
	}
	/* One endpoint less; another in its place. */
	model_open(&unused, &b, 0);
	iom_viommu_dev_remove_ep(b.v, b.ep[--b.nr_eps]);
	own = save(&b, other);
	assert_int_equal(restore(&b, stream, len, &used), IOM_EINVAL);
	unchanged(&b, other, own);
	vt_add_plain(&b, 1234);
	own = save(&b, other);
	assert_int_equal(restore(&b, stream, len, &used), IOM_EINVAL);
	unchanged(&b, other, own);
	vt_close(&b);
	vt_close(&a);
}

/* What a guest can fill up to the limit can also be moved to another host. */
static void full_device_can_be_restored(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_stats s;
	unsigned int refused, round;
	uint64_t iova;
	size_t len, used;
	uint8_t *buf;
	struct vt a, b;
	int status;

	(void)state;
	for (round = 0; round < 20; round++) {
		cfg.limits.max_bytes = 20000 + test_rng_below(&rng, 50000);
		vt_open(&a, &cfg);
		vt_open(&b, &cfg);
		vt_add_plain(&a, 1);
		vt_add_plain(&b, 1);
		assert_int_equal(vt_attach(a.v, 1, 1, 0), S_OK);
		for (refused = 0; refused < 200;) {
			iova = test_rng_u64(&rng) & (round & 1 ? ~UINT64_C(0xfff) : 0x3ffff000);
			status = vt_map(a.v, 1, iova, iova + 0xfff, 0, VT_R);
			refused += status == S_NOMEM;
		}
		iom_viommu_dev_stats(a.v, &s);
		assert_true(s.bytes <= cfg.limits.max_bytes);
		iom_viommu_dev_save(a.v, NULL, 0, &len);
		buf = malloc(len);
		assert_int_equal(iom_viommu_dev_save(a.v, buf, len, &len), IOM_OK);
		assert_int_equal(iom_viommu_dev_restore(b.v, buf, len, &used), IOM_OK);
		free(buf);
		iom_viommu_dev_stats(b.v, &s);
		assert_true(s.bytes <= cfg.limits.max_bytes);
		vt_close(&a);
		vt_close(&b);
	}
}

static int setup(void **state)
{
	(void)state;
	test_rng_init(&rng);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_each_request),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(lies_are_refused_or_could_be_true),
		cmocka_unit_test(other_configurations_are_refused),
		cmocka_unit_test(full_device_can_be_restored),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
