/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables of VIRTIO 1.3 section 5.13, row by row: the UNMAP examples of
 * 5.13.6.6, and who is in bypass when (5.13.6.2), for each way to offer it.
 */
#include "lib/test.h"
#include "lib/viommu.h"

#define PAGE 0x1000u

/* A page range of the tables; the document counts in bytes, here in pages. */
struct pages {
	int first, last;
};

static const struct unmap_row {
	struct pages map[2];	/* { 1, 0 }: none */
	struct pages unmap;
	int status;
	int left;		/* mappings afterwards */
} unmap_rows[] = {
	{ { { 1, 0 }, { 1, 0 } }, { 0, 4 }, S_OK, 0 },
	{ { { 0, 9 }, { 1, 0 } }, { 0, 9 }, S_OK, 0 },
	{ { { 0, 4 }, { 5, 9 } }, { 0, 9 }, S_OK, 0 },
	{ { { 0, 9 }, { 1, 0 } }, { 0, 4 }, S_RANGE, 1 },
	{ { { 0, 4 }, { 5, 9 } }, { 0, 4 }, S_OK, 1 },
	{ { { 0, 4 }, { 1, 0 } }, { 0, 9 }, S_OK, 0 },
	{ { { 0, 4 }, { 10, 14 } }, { 0, 14 }, S_OK, 0 },
};

static void reaches_pages(struct vt *t, struct pages p, bool there)
{
	int i;

	for (i = p.first; i <= p.last; i++)
		assert_int_equal(vt_reaches(t, 0, (uint64_t)i * PAGE, IOM_ACCESS_READ,
					    (uint64_t)i * PAGE + 0x100000), there);
}

static void unmap_examples_5_13_6_6(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_stats s;
	const struct unmap_row *r;
	unsigned int i, k;
	struct vt t;

	(void)state;
	for (i = 0; i < sizeof(unmap_rows) / sizeof(unmap_rows[0]); i++) {
		r = &unmap_rows[i];
		vt_open(&t, &cfg);
		vt_add_plain(&t, 1);
		assert_int_equal(vt_attach(t.v, 1, 1, 0), S_OK);
		for (k = 0; k < 2; k++)
			if (r->map[k].first <= r->map[k].last)
				assert_int_equal(vt_map(t.v, 1, (uint64_t)r->map[k].first * PAGE,
						(uint64_t)r->map[k].last * PAGE + 0xfff,
						(uint64_t)r->map[k].first * PAGE + 0x100000,
						VT_R), S_OK);
		assert_int_equal(vt_unmap(t.v, 1, (uint64_t)r->unmap.first * PAGE,
					  (uint64_t)r->unmap.last * PAGE + 0xfff), r->status);
		iom_viommu_dev_stats(t.v, &s);
		assert_int_equal(s.mappings, r->left);
		for (k = 0; k < 2; k++)
			reaches_pages(&t, r->map[k], r->status ||
				      r->map[k].last > r->unmap.last);
		vt_close(&t);
	}
}

/* Does an unattached endpoint reach memory at its own address? */
static void unattached(struct vt *t, bool bypass)
{
	struct iom_run run;

	if (!bypass) {
		assert_true(vt_faults(t, 0, 0x1234, IOM_ACCESS_READ, 1));
		assert_true(vt_faults(t, 0, 0, IOM_ACCESS_WRITE, 1));
		return;
	}
	assert_int_equal(vt_translate(t, 0, 0x1234, 0x100000, IOM_ACCESS_WRITE, &run), IOM_OK);
	assert_true(run.gpa == 0x1234 && run.len == 0x100000);
	assert_true(run.flags & IOM_RUN_BYPASS);
	assert_true(vt_reaches(t, 0, UINT64_MAX, IOM_ACCESS_READ, UINT64_MAX));
}

static void set_bypass(struct vt *t, uint8_t val)
{
	iom_viommu_dev_config_write(t->v, 36, &val, 1);
}

static void bypass_when_5_13_6_2(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct vt t;
	int boot;

	(void)state;
	/* Not offered: blocked, before and after negotiation. */
	cfg.bypass_config = false;
	vt_open(&t, &cfg);
	vt_add_plain(&t, 1);
	unattached(&t, false);
	iom_viommu_dev_reset(t.v, false);
	unattached(&t, false);
	iom_viommu_dev_accept(t.v, UINT64_MAX);
	unattached(&t, false);
	set_bypass(&t, 1);
	unattached(&t, false);
	vt_close(&t);

	/* Offered: what `bypass` says, before any driver, and if it never accepts the bit. */
	cfg.bypass_config = true;
	for (boot = 0; boot < 2; boot++) {
		cfg.boot_bypass = boot;
		vt_open(&t, &cfg);
		vt_add_plain(&t, 1);
		iom_viommu_dev_reset(t.v, true);
		unattached(&t, boot);
		iom_viommu_dev_accept(t.v, iom_viommu_dev_features(t.v) & ~UINT64_C(0x40));
		unattached(&t, boot);
		set_bypass(&t, !boot);	/* not accepted: read-only */
		unattached(&t, boot);
		iom_viommu_dev_accept(t.v, iom_viommu_dev_features(t.v));
		set_bypass(&t, 1);
		unattached(&t, true);
		set_bypass(&t, 0);
		unattached(&t, false);
		vt_close(&t);
	}
}

static void bypass_domain_is_not_config(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct vt t;

	(void)state;
	vt_open(&t, &cfg);
	vt_add_plain(&t, 1);
	assert_int_equal(vt_attach(t.v, 0, 1, VT_BYPASS), S_OK);
	unattached(&t, true);
	set_bypass(&t, 1);
	assert_int_equal(vt_attach(t.v, 7, 1, 0), S_OK);
	/* Attached: `bypass` says nothing. */
	assert_true(vt_faults(&t, 0, 0x1234, IOM_ACCESS_READ, 2));
	/* A quirk of Linux: DETACH of a bypass domain names domain 0, whatever it was. */
	assert_int_equal(vt_attach(t.v, 3, 1, VT_BYPASS), S_OK);
	assert_int_equal(vt_detach(t.v, 0, 1), S_INVAL);
	assert_int_equal(vt_detach(t.v, 3, 1), S_OK);
	unattached(&t, true);
	iom_viommu_dev_reset(t.v, false);
	unattached(&t, true);
	iom_viommu_dev_reset(t.v, true);
	unattached(&t, false);
	vt_close(&t);
}

/* 5.13.6.7.1: a write to the MSI region arrives there, attached or in bypass. */
static void msi_region_needs_no_mapping(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = { .id = 1, .nr_resv = 1,
		.resv[0] = { { 0xfee00000, 0xfeefffff }, true } };
	struct iom_run run;
	struct vt t;
	int i;

	(void)state;
	vt_open(&t, &cfg);
	vt_add(&t, &e);
	for (i = 0; i < 3; i++) {
		if (i == 0)
			set_bypass(&t, 1);
		if (i == 1)
			assert_int_equal(vt_attach(t.v, 1, 1, VT_BYPASS), S_OK);
		if (i == 2)
			assert_int_equal(vt_attach(t.v, 2, 1, 0), S_OK);
		assert_int_equal(vt_translate(&t, 0, 0xfee01004, 4, IOM_ACCESS_WRITE, &run), 0);
		assert_true(run.gpa == 0xfee01004 && run.len == 4);
		assert_int_equal(run.flags, i < 2 ? IOM_RUN_BYPASS : IOM_RUN_MSI);
	}
	/* No further than its end, and for writes only. */
	assert_int_equal(vt_translate(&t, 0, 0xfeefffff, 2, IOM_ACCESS_WRITE, &run), 0);
	assert_true(run.len == 1);
	assert_true(vt_faults(&t, 0, 0xfef00000, IOM_ACCESS_WRITE, 2));
	assert_true(vt_faults(&t, 0, 0xfee00000, IOM_ACCESS_READ, 2));
	vt_close(&t);
}

/* The last page of memory and the first are neighbours only modulo 2^64. */
static void run_ends_at_the_top_of_memory(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_run run[2];
	uint64_t done;
	struct vt t;
	size_t n;

	(void)state;
	vt_open(&t, &cfg);
	vt_add_plain(&t, 8);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x1000, 0x1fff, ~UINT64_C(0xfff), VT_R), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x2000, 0x2fff, 0, VT_R), S_OK);
	assert_int_equal(vt_translate(&t, 0, 0x1800, 0x1000, IOM_ACCESS_READ, &run[0]), 0);
	assert_int_equal(run[0].len, 0x800);
	iom_access_begin(&t.access);
	assert_int_equal(iom_xlate_runs(iom_viommu_dev_xlate(t.ep[0]), 0x1000, 0x2000,
					IOM_ACCESS_READ, run, 2, &n, &done), IOM_OK);
	iom_access_end(&t.access);
	assert_int_equal(n, 2);
	assert_int_equal(done, 0x2000);
	assert_int_equal(run[0].len, 0x1000);
	assert_int_equal(run[1].gpa, 0);
	vt_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unmap_examples_5_13_6_6),
		cmocka_unit_test(bypass_when_5_13_6_2),
		cmocka_unit_test(bypass_domain_is_not_config),
		cmocka_unit_test(msi_region_needs_no_mapping),
		cmocka_unit_test(run_ends_at_the_top_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
