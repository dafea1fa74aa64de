/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is not there: every allocation of every call fails once. The call
 * says so, nothing has changed (by the saved state and by all translations),
 * nothing leaks, and the same call succeeds afterwards.
 */
#include "lib/test.h"
#include "lib/viommu_model.h"
#include "lib/viommu_ring.h"

#define STREAM_MAX 65536u

static struct test_rng rng;
static uint8_t before[STREAM_MAX], after[STREAM_MAX], stream[STREAM_MAX];

static size_t save(struct vt *t, uint8_t *buf)
{
	size_t len;

	assert_int_equal(iom_viommu_dev_save(t->v, buf, STREAM_MAX, &len), IOM_OK);
	return len;
}

static void create_fails_clean(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_dev *v = NULL;
	struct plat_test pt;
	long n;
	int rc;

	(void)state;
	plat_test_init(&pt);
	cfg.plat = &pt.plat;
	for (n = 1;; n++) {
		plat_test_fail_nth(&pt, n);
		rc = iom_viommu_dev_create(&cfg, &v);
		if (!plat_test_failed(&pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
		assert_null(v);
		assert_int_equal(plat_test_live(&pt), 0);
	}
	assert_true(n > 2);
	assert_int_equal(rc, IOM_OK);
	assert_int_equal(iom_viommu_dev_destroy(v), IOM_OK);
	assert_int_equal(plat_test_live(&pt), 0);
}

static void create_with_rings_fails_clean(void **state)
{
	const struct vtq_cfg cfg = { .dev = vt_cfg() };
	struct vtq t;
	long n;
	int rc;

	(void)state;
	memset(&t, 0, sizeof(t));
	plat_test_init(&t.pt);
	for (n = 1;; n++) {
		plat_test_fail_nth(&t.pt, n);
		rc = vtq_create(&t, &cfg);
		if (!plat_test_failed(&t.pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
		assert_int_equal(plat_test_live(&t.pt), 0);
	}
	assert_true(n > 4);
	assert_int_equal(rc, IOM_OK);
	vtq_close(&t);
}

static void add_ep_fails_clean(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = { .id = 5 };
	struct iom_viommu_ep *ep = NULL;
	struct vt t;
	long n, live;
	int rc;

	(void)state;
	vt_open(&t, &cfg);
	live = plat_test_live(&t.pt);
	for (n = 1;; n++) {
		plat_test_fail_nth(&t.pt, n);
		rc = iom_viommu_dev_add_ep(t.v, &e, &ep);
		if (!plat_test_failed(&t.pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
		assert_null(ep);
		assert_int_equal(plat_test_live(&t.pt), live);
		plat_test_fail_nth(&t.pt, 0);
		assert_int_equal(vt_attach(t.v, 1, 5, 0), S_NOENT);
	}
	assert_int_equal(rc, IOM_OK);
	plat_test_fail_nth(&t.pt, 0);
	/* A refusal gives back what it took. */
	live = plat_test_live(&t.pt);
	assert_int_equal(iom_viommu_dev_add_ep(t.v, &e, &ep), IOM_EEXIST);
	assert_int_equal(plat_test_live(&t.pt), live);
	t.ep[t.nr_eps++] = ep;
	vt_close(&t);
}

/*
 * The endpoint stays where it was, with what it reached. A MAP in the sparsest
 * place needs a table at each level; those it got before the failure may stay
 * for the next one, but in no domain.
 */
static void attach_and_map_fail_clean(void **state)
{
	const struct vt_req req[] = {
		vt_attach_req(9, 1, 0), vt_attach_req(9, 1, 1),
		vt_map_req(1, 0x7ffffffffffff000, 0x7fffffffffffffff, 0x3000, VT_R),
		vt_map_req(1, 0x123456789000, 0x7abcdef123456fff, 0, VT_RW),
	};
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	unsigned int i, failures;
	size_t len;
	struct vt t;
	long n;
	int status;

	(void)state;
	for (i = 0; i < sizeof(req) / sizeof(req[0]); i++) {
		vt_open(&t, &cfg);
		vt_add_plain(&t, 1);
		assert_int_equal(vt_attach(t.v, 1, 1, 0), S_OK);
		assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0x5000, VT_RW), S_OK);
		len = save(&t, before);
		for (failures = 0, n = 1;; failures++) {
			plat_test_fail_nth(&t.pt, n);
			status = vt_send(t.v, &req[i]);
			if (!plat_test_failed(&t.pt))
				break;
			assert_int_equal(status, S_NOMEM);
			assert_int_equal(save(&t, after), len);
			assert_memory_equal(before, after, len);
			assert_true(vt_reaches(&t, 0, 0, IOM_ACCESS_WRITE, 0x5000));
			/* What it got stays in the pool: the next first one is another. */
			n = 1 + failures % 2;
		}
		plat_test_fail_nth(&t.pt, 0);
		assert_int_equal(status, S_OK);
		assert_true(failures);
		vt_close(&t);
	}
}

/* A random sequence with failures here and there: a refused request did nothing. */
static void random_failures(void **state)
{
	static struct model m;
	unsigned int i, failures = 0;
	struct vt_req r;
	struct vt t;
	int status;

	(void)state;
	model_open(&m, &t, 0);
	for (i = 0; i < 4000; i++) {
		r = model_random_request(&m, &rng);
		plat_test_fail_nth(&t.pt, (long)test_rng_below(&rng, 4));
		status = vt_send(t.v, &r);
		if (plat_test_failed(&t.pt)) {
			assert_int_equal(status, S_NOMEM);
			m.st.refused++;
			failures++;
		} else if (model_request(&m, &r) != status) {
			assert_int_equal(status, m.or_status);
		}
		plat_test_fail_nth(&t.pt, 0);
		if (i % 16 == 0)
			model_compare(&m, &t, &rng);
	}
	assert_true(failures > 20);
	model_compare(&m, &t, &rng);
	vt_close(&t);
}

static void restore_fails_clean(void **state)
{
	static struct model ma, mb;
	struct vt_req r;
	struct vt a, b;
	size_t len, own, used;
	unsigned int i;
	long n, live;
	int rc;

	(void)state;
	model_open(&ma, &a, 0);
	model_open(&mb, &b, 0);
	for (i = 0; i < 200; i++) {
		r = model_random_request(&ma, &rng);
		if (r.in[0] != 2)
			model_step(&ma, &a, &r);
		r = model_random_request(&mb, &rng);
		model_step(&mb, &b, &r);
	}
	len = save(&a, stream);
	own = save(&b, before);
	live = plat_test_live(&b.pt);
	for (n = 1;; n++) {
		plat_test_fail_nth(&b.pt, n);
		rc = iom_viommu_dev_restore(b.v, stream, len, &used);
		if (!plat_test_failed(&b.pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
		assert_int_equal(plat_test_live(&b.pt), live);
		assert_int_equal(save(&b, after), own);
		assert_memory_equal(before, after, own);
	}
	plat_test_fail_nth(&b.pt, 0);
	assert_int_equal(rc, IOM_OK);
	assert_true(n > 1);
	model_compare_now(&ma, &b, &rng);
	print_message("%ld allocations failed\n", n - 1);
	vt_close(&a);
	vt_close(&b);
}

/* What must never need memory: taking away. */
static void taking_away_never_allocates(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	unsigned int i;
	struct vt t;
	long allocs;

	(void)state;
	vt_open(&t, &cfg);
	vt_add_plain(&t, 1);
	assert_int_equal(vt_attach(t.v, 1, 1, 0), S_OK);
	for (i = 0; i < 500; i++)
		vt_map(t.v, 1, test_rng_u64(&rng) & ~UINT64_C(0x1fff),
		       UINT64_MAX, 0, VT_R);
	for (i = 0; i < 500; i++) {
		uint64_t at = test_rng_u64(&rng) & ~UINT64_C(0xfff);

		vt_map(t.v, 1, at, at + 0xfff, 0, VT_R);
	}
	allocs = atomic_load(&t.pt.nr_allocs);
	for (i = 0; i < 2000; i++) {
		uint64_t x = test_rng_u64(&rng), y = test_rng_u64(&rng);

		vt_unmap(t.v, 1, x < y ? x : y, x < y ? y : x);
	}
	assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX), S_OK);
	assert_int_equal(vt_detach(t.v, 1, 1), S_OK);
	iom_viommu_dev_reset(t.v, true);
	assert_int_equal(atomic_load(&t.pt.nr_allocs), allocs);
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
		cmocka_unit_test(create_fails_clean),
		cmocka_unit_test(create_with_rings_fails_clean),
		cmocka_unit_test(add_ep_fails_clean),
		cmocka_unit_test(attach_and_map_fail_clean),
		cmocka_unit_test(random_failures),
		cmocka_unit_test(restore_fails_clean),
		cmocka_unit_test(taking_away_never_allocates),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
