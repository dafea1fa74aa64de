/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device against a model with one entry a page (tests/lib/viommu_model.h):
 * random requests, sensible and hostile, six endpoints with different granules,
 * reserved regions and input ranges; after each step every page of every
 * endpoint is translated. Then large shapes, and the limits of A6.
 */
#include "lib/test.h"
#include "lib/viommu_model.h"

static struct test_rng rng;

static void run_variant(unsigned int variant, unsigned int steps)
{
	static struct model m;
	struct vt_req r;
	struct vt t;
	unsigned int i;
	uint8_t val;
	bool system;

	model_open(&m, &t, variant);
	model_compare(&m, &t, &rng);
	for (i = 0; i < steps; i++) {
		if (!test_rng_below(&rng, 200)) {
			system = test_rng_below(&rng, 2);
			iom_viommu_dev_reset(t.v, system);
			model_reset(&m, system);
			if (!test_rng_below(&rng, 2))
				model_compare(&m, &t, &rng);
			m.accepted = test_rng_below(&rng, 4) ? m.offered :
				     test_rng_u64(&rng) & m.offered;
			iom_viommu_dev_accept(t.v, m.accepted);
		} else if (!test_rng_below(&rng, 60)) {
			val = (uint8_t)test_rng_below(&rng, 3);
			iom_viommu_dev_config_write(t.v, 36, &val, 1);
			model_write_bypass(&m, val);
		} else {
			r = model_random_request(&m, &rng);
			model_step(&m, &t, &r);
		}
		model_compare(&m, &t, &rng);
	}
	/* The run was of some use. */
	assert_true(m.st.attach > steps / 50 && m.st.refused > steps / 10);
	assert_true(m.st.map > steps / 50 && m.st.unmap > steps / 50);
	print_message("variant %u: %u maps, %u unmaps, %u attaches, %u refused\n", variant,
		      (unsigned int)m.st.map, (unsigned int)m.st.unmap,
		      (unsigned int)m.st.attach, (unsigned int)m.st.refused);
	vt_close(&t);
}

static unsigned int steps(void)
{
	const char *env = getenv("IOM_STEPS");

	return env ? (unsigned int)strtoul(env, NULL, 0) : 4000;
}

static void everything_offered(void **state)
{
	(void)state;
	run_variant(0, steps());
}

static void two_domains_at_most(void **state)
{
	(void)state;
	run_variant(1, steps());
}

static void smaller_input_and_fewer_features(void **state)
{
	(void)state;
	run_variant(2, steps());
}

static void no_probe_no_bypass(void **state)
{
	(void)state;
	run_variant(3, steps());
}

static void open_one(struct vt *t, unsigned int granule_lg2, uint64_t max_bytes)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();

	cfg.page_size_mask = UINT64_MAX << granule_lg2;
	cfg.limits.max_bytes = max_bytes;
	vt_open(t, &cfg);
	vt_add_plain(t, 1);
	assert_int_equal(vt_attach(t->v, 1, 1, 0), S_OK);
}

/*
 * One mapping of any granule-aligned shape in the whole 64 bits: it is there
 * from its first byte to its last, not around, and only an unmap of all of it
 * takes it. Then all memory is given back.
 */
static void any_shape(void **state)
{
	struct iom_viommu_stats s;
	struct iom_run run;
	uint64_t g, start, last, gpa, at;
	unsigned int lg2, i, k;
	struct vt t;

	(void)state;
	for (i = 0; i < 3000; i++) {
		lg2 = 7 + (unsigned int)test_rng_below(&rng, 23);
		g = UINT64_C(1) << lg2;
		start = test_rng_edgy(&rng) & ~(g - 1);
		last = test_rng_edgy(&rng) | (g - 1);
		if (start > last)
			continue;
		gpa = last - start == UINT64_MAX ? 0 :
		      test_rng_below(&rng, UINT64_MAX - (last - start)) & ~(g - 1);
		open_one(&t, lg2, 0);
		assert_int_equal(vt_map(t.v, 1, start, last, gpa, VT_RW), S_OK);
		for (k = 0; k < 8; k++) {
			at = k == 0 ? start : k == 1 ? last : start +
			     (last - start == UINT64_MAX ? test_rng_u64(&rng) :
			      test_rng_below(&rng, last - start + 1));
			assert_int_equal(vt_translate(&t, 0, at, last - at ? last - at : 1,
						      IOM_ACCESS_WRITE, &run), IOM_OK);
			assert_true(run.gpa == gpa + (at - start));
			assert_true(run.len == (last - at ? last - at : 1));
		}
		if (start)
			assert_true(vt_faults(&t, 0, start - 1, IOM_ACCESS_READ, 2));
		if (last != UINT64_MAX)
			assert_true(vt_faults(&t, 0, last + 1, IOM_ACCESS_READ, 2));
		at = start + (last - start) / 2;
		if (at != last) {
			assert_int_equal(vt_unmap(t.v, 1, start, at), S_RANGE);
			assert_int_equal(vt_unmap(t.v, 1, at + 1, last), S_RANGE);
			assert_int_equal(vt_unmap(t.v, 1, at, at), S_RANGE);
		}
		assert_true(vt_reaches(&t, 0, at, IOM_ACCESS_READ, gpa + (at - start)));
		/* Any range around it will do. */
		assert_int_equal(vt_unmap(t.v, 1, start ? start - 1 : 0,
					  last != UINT64_MAX ? last + 1 : last), S_OK);
		assert_true(vt_faults(&t, 0, at, IOM_ACCESS_READ, 2));
		iom_viommu_dev_stats(t.v, &s);
		assert_true(!s.mappings && !s.bytes);
		vt_close(&t);
	}
}

/* A6: one MAP of the whole space is one entry. */
static void whole_space_is_one_entry(void **state)
{
	struct iom_viommu_stats s;
	struct vt t;

	(void)state;
	open_one(&t, 12, 1);
	assert_int_equal(vt_map(t.v, 1, 0, UINT64_MAX, 0, VT_R), S_OK);
	iom_viommu_dev_stats(t.v, &s);
	assert_int_equal(s.mappings, 1);
	assert_int_equal(s.bytes, 0);
	assert_true(vt_reaches(&t, 0, 0, IOM_ACCESS_READ, 0));
	assert_true(vt_reaches(&t, 0, UINT64_MAX, IOM_ACCESS_READ, UINT64_MAX));
	assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX - 1), S_RANGE);
	assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX), S_OK);
	assert_true(vt_faults(&t, 0, 0, IOM_ACCESS_READ, 2));
	vt_close(&t);
}

/*
 * A6: whatever pattern, bytes stays at or below max_bytes, and so does what is
 * really allocated but for a fixed part; refusals are counted; what was mapped
 * before still works; after unmap there is room again.
 */
static void sparsest_pattern_stays_in_the_limit(void **state)
{
	const uint64_t max = 1 << 20;
	struct iom_viommu_stats s;
	uint64_t iova, first = 0, refused = 0, n = 0;
	long fixed;
	struct vt t;
	int pattern, status;

	(void)state;
	for (pattern = 0; pattern < 4; pattern++) {
		open_one(&t, 12, max);
		fixed = plat_test_live_bytes(&t.pt);
		for (refused = n = 0; refused < 100 && n < 1000000; n++) {
			switch (pattern) {
			case 0:		/* as far from each other as can be */
				iova = n * UINT64_C(0x9e3779b97f4a7c15) & ~UINT64_C(0xfff);
				break;
			case 1:		/* random */
				iova = test_rng_u64(&rng) & ~UINT64_C(0xfff);
				break;
			case 2:		/* one in each last-level node */
				iova = n << 18;
				break;
			default:	/* long, in as many pieces as can be */
				iova = (n << 50) + 0x1000;
				break;
			}
			if (!n)
				first = iova;
			status = vt_map(t.v, 1, iova, pattern < 3 ? iova + 0xfff :
					(n << 50) + (UINT64_C(1) << 50) - 0x1001, 0x1000, VT_R);
			assert_true(status == S_OK || status == S_NOMEM || status == S_INVAL);
			refused += status == S_NOMEM;
			iom_viommu_dev_stats(t.v, &s);
			assert_true(s.bytes <= max && s.bytes_peak <= max);
			assert_int_equal(s.refused_limit, refused);
			assert_true(plat_test_live_bytes(&t.pt) <= fixed + (long)max + 65536);
			if (pattern == 3 && n == 16383)
				break;
		}
		assert_int_equal(refused, 100);
		assert_true(vt_reaches(&t, 0, first, IOM_ACCESS_READ, 0x1000));
		assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX), S_OK);
		iom_viommu_dev_stats(t.v, &s);
		assert_true(!s.bytes && !s.mappings);
		assert_int_equal(vt_map(t.v, 1, iova, iova + 0xfff, 0, VT_R), S_OK);
		print_message("pattern %d: %u mappings in 1 MiB\n", pattern,
			      (unsigned int)(n - refused));
		vt_close(&t);
	}
}

static struct iom_range random_shape(unsigned int lg2)
{
	uint64_t mask = (UINT64_C(1) << lg2) - 1, a, b;

	do {
		a = test_rng_edgy(&rng) & ~mask;
		b = test_rng_edgy(&rng) | mask;
	} while (a > b || b - a == UINT64_MAX);
	return (struct iom_range){ a, b };
}

/*
 * Three maps fit exactly into the bytes that they use, and not into one less:
 * otherwise a device that is full could not be restored elsewhere.
 */
static void limit_is_exact(void **state)
{
	struct iom_range r[3];
	struct iom_viommu_stats s;
	unsigned int round, lg2, k, one_less;
	uint64_t bytes;
	struct vt t;
	int status;

	(void)state;
	for (round = 0; round < 2000; round++) {
		lg2 = 7 + (unsigned int)test_rng_below(&rng, 20);
		for (k = 0; k < 3; k++)
			r[k] = random_shape(lg2);
		open_one(&t, lg2, 0);
		for (status = S_OK, k = 0; k < 3 && status == S_OK; k++)
			status = vt_map(t.v, 1, r[k].start, r[k].last, 0, VT_R);
		iom_viommu_dev_stats(t.v, &s);
		bytes = s.bytes;
		vt_close(&t);
		if (status != S_OK)
			continue;
		for (one_less = 0; one_less < 2; one_less++) {
			open_one(&t, lg2, bytes - one_less);
			for (status = S_OK, k = 0; k < 3 && status == S_OK; k++)
				status = vt_map(t.v, 1, r[k].start, r[k].last, 0, VT_R);
			assert_int_equal(status, one_less ? S_NOMEM : S_OK);
			vt_close(&t);
		}
	}
}

static void domains_and_endpoints_are_limited(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = { .id = 9 };
	struct iom_viommu_ep *ep = NULL;
	struct iom_viommu_stats s;
	struct vt t;

	(void)state;
	cfg.limits.max_domains = 2;
	cfg.limits.max_endpoints = 3;
	vt_open(&t, &cfg);
	vt_add_plain(&t, 1);
	vt_add_plain(&t, 2);
	vt_add_plain(&t, 3);
	assert_int_equal(iom_viommu_dev_add_ep(t.v, &e, &ep), IOM_ENOMEM);
	assert_null(ep);
	assert_int_equal(vt_attach(t.v, 10, 1, 0), S_OK);
	assert_int_equal(vt_attach(t.v, 11, 2, VT_BYPASS), S_OK);
	assert_int_equal(vt_attach(t.v, 12, 3, 0), S_NOMEM);
	assert_int_equal(vt_attach(t.v, 10, 3, 0), S_OK);
	iom_viommu_dev_stats(t.v, &s);
	assert_true(s.domains == 2 && s.refused == 1 && s.refused_limit == 1);
	assert_int_equal(vt_detach(t.v, 11, 2), S_OK);
	assert_int_equal(vt_attach(t.v, 12, 3, 0), S_OK);
	e.id = 3;
	assert_int_equal(iom_viommu_dev_destroy(t.v), IOM_EBUSY);
	vt_close(&t);
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
		cmocka_unit_test(everything_offered),
		cmocka_unit_test(two_domains_at_most),
		cmocka_unit_test(smaller_input_and_fewer_features),
		cmocka_unit_test(no_probe_no_bypass),
		cmocka_unit_test(any_shape),
		cmocka_unit_test(whole_space_is_one_entry),
		cmocka_unit_test(sparsest_pattern_stays_in_the_limit),
		cmocka_unit_test(limit_is_exact),
		cmocka_unit_test(domains_and_endpoints_are_limited),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
