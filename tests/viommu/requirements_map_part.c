/* SPDX-License-Identifier: BSD-2-Clause */
/* D22 to D30: MAP and UNMAP. */
#include "viommu/requirements.h"

void D22_map_misaligned_is_range(void **state)
{
	struct iom_viommu_ep_cfg e = { .id = 10, .page_size_mask = ~UINT64_C(0xffff) };
	struct vt t;

	(void)state;
	open_two(&t);
	vt_add(&t, &e);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x1800, 0x1fff, 0x4000, VT_R), S_RANGE);
	assert_int_equal(vt_map(t.v, 1, 0x1000, 0x1ffe, 0x4000, VT_R), S_RANGE);
	assert_int_equal(vt_map(t.v, 1, 0x1000, 0x2000, 0x4000, VT_R), S_RANGE);
	assert_int_equal(vt_map(t.v, 1, 0x1000, 0x1fff, 0x4001, VT_R), S_RANGE);
	assert_int_equal(vt_map(t.v, 1, 0x2000, 0x1fff, 0x4000, VT_R), S_INVAL);
	/* virt_end + 1 wraps to 0: aligned. */
	assert_int_equal(vt_map(t.v, 1, ~UINT64_C(0xfff), UINT64_MAX, 0x4000, VT_R), S_OK);
	/* The endpoint's granule counts, if it is the larger one. */
	assert_int_equal(vt_attach(t.v, 2, 10, 0), S_OK);
	assert_int_equal(vt_map(t.v, 2, 0x11000, 0x1ffff, 0, VT_R), S_RANGE);
	assert_int_equal(vt_map(t.v, 2, 0x10000, 0x1efff, 0, VT_R), S_RANGE);
	assert_int_equal(vt_map(t.v, 2, 0x10000, 0x1ffff, 0x1000, VT_R), S_RANGE);
	assert_int_equal(vt_map(t.v, 2, 0x10000, 0x1ffff, 0x30000, VT_R), S_OK);
	assert_true(vt_faults(&t, 0, 0x1000, IOM_ACCESS_READ, 2));
	vt_close(&t);
	PROVED(22, "start, end, physical; end wraps; endpoint's granule");
}

void D23_map_overlap_is_inval(void **state)
{
	static const uint64_t r[][2] = {
		{ 0x4000, 0x7fff }, { 0x3000, 0x4fff }, { 0x7000, 0x8fff }, { 0x5000, 0x5fff },
		{ 0x3000, 0x8fff }, { 0, UINT64_MAX }, { 0x4000, 0x4fff }, { 0x7000, 0x7fff },
	};
	unsigned int i;
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x4000, 0x7fff, 0x10000, VT_R), S_OK);
	for (i = 0; i < sizeof(r) / sizeof(r[0]); i++)
		assert_int_equal(vt_map(t.v, 1, r[i][0], r[i][1], 0, VT_W), S_INVAL);
	assert_true(vt_reaches(&t, 0, 0x5000, IOM_ACCESS_READ, 0x11000));
	assert_true(vt_faults(&t, 0, 0x3fff, IOM_ACCESS_READ, 2));
	assert_true(vt_faults(&t, 0, 0x8000, IOM_ACCESS_READ, 2));
	assert_int_equal(vt_map(t.v, 1, 0x3000, 0x3fff, 0, VT_W), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x8000, 0x8fff, 0, VT_W), S_OK);
	vt_close(&t);
	PROVED(23, "eight ways to overlap; neighbours are none");
}

void D24_map_unknown_flag_is_inval(void **state)
{
	struct vt t;
	int i;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	for (i = 3; i < 32; i++)
		assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0, UINT32_C(1) << i | VT_RW), S_INVAL);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0, VT_W | VT_MMIO), S_OK);
	/* MMIO is unknown to a driver that did not accept it. */
	iom_viommu_dev_reset(t.v, false);
	iom_viommu_dev_accept(t.v, iom_viommu_dev_features(t.v) & ~UINT64_C(0x20));
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0, VT_W | VT_MMIO), S_INVAL);
	assert_true(vt_faults(&t, 0, 0, IOM_ACCESS_WRITE, 2));
	vt_close(&t);
	PROVED(24, "each bit above MMIO, and MMIO without the feature");
}

void D25_map_needs_a_domain_that_maps(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0, VT_R), S_NOENT);
	assert_int_equal(vt_attach(t.v, 1, 8, VT_BYPASS), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0x1000, VT_R), S_INVAL);
	assert_true(vt_reaches(&t, 0, 0, IOM_ACCESS_READ, 0));
	vt_close(&t);
	PROVED(25, "unknown and bypass domain");
}

void D26_no_write_without_the_flag(void **state)
{
	struct iom_run run;
	uint32_t flags;
	struct vt t;
	int read, write;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	for (flags = 1; flags < 8; flags++) {
		assert_int_equal(vt_map(t.v, 1, 0x1000, 0x1fff, 0x9000, flags), S_OK);
		read = vt_translate(&t, 0, 0x1010, 16, IOM_ACCESS_READ, &run);
		write = vt_translate(&t, 0, 0x1010, 16, IOM_ACCESS_WRITE, &run);
		assert_int_equal(write, flags & VT_W ? IOM_OK : IOM_EACCES);
		if (flags & VT_R)
			assert_int_equal(read, IOM_OK);
		if (!(flags & VT_W)) {
			assert_true(vt_faults(&t, 0, 0x1010, IOM_ACCESS_WRITE, 2));
			assert_true(vt_faults(&t, 0, 0x1010,
					      IOM_ACCESS_READ | IOM_ACCESS_WRITE, 2));
		}
		if (!write)
			assert_int_equal(run.flags, flags & VT_MMIO ? IOM_RUN_MMIO : 0);
		assert_int_equal(vt_unmap(t.v, 1, 0x1000, 0x1fff), S_OK);
	}
	vt_close(&t);
	PROVED(26, "all combinations of flags");
}

void D27_unmap_reserved_is_inval(void **state)
{
	struct vt_req r = vt_unmap_req(1, 0, 0xfff);
	struct vt t;
	int i;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0x1000, VT_R), S_OK);
	for (i = 0; i < 32; i++) {
		r.in[24 + i / 8] = (uint8_t)(1u << i % 8);
		assert_int_equal(vt_send(t.v, &r), S_INVAL);
		r.in[24 + i / 8] = 0;
	}
	assert_true(vt_reaches(&t, 0, 0, IOM_ACCESS_READ, 0x1000));
	assert_int_equal(vt_send(t.v, &r), S_OK);
	vt_close(&t);
	PROVED(27, "each of the 32 bits; refused, not done");
}

void D28_unmap_needs_a_domain_that_maps(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX), S_NOENT);
	assert_int_equal(vt_attach(t.v, 1, 8, VT_BYPASS), S_OK);
	assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX), S_INVAL);
	assert_true(vt_reaches(&t, 0, 0x1000, IOM_ACCESS_READ, 0x1000));
	vt_close(&t);
	PROVED(28, "unknown and bypass domain");
}

void D29_unmap_that_splits_is_range(void **state)
{
	static const uint64_t r[][2] = {
		{ 0x4000, 0x4fff }, { 0x7000, 0x7fff }, { 0x5000, 0x5fff }, { 0, 0x4fff },
		{ 0x7000, UINT64_MAX }, { 0x4001, 0x7fff }, { 0x4000, 0x7ffe }, { 0x5000, 0x5000 },
		{ 0, 0x4000 }, { 0x7fff, 0x9fff },
	};
	unsigned int i;
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x4000, 0x7fff, 0x10000, VT_R), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x0000, 0x0fff, 0x20000, VT_R), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x9000, 0x9fff, 0x30000, VT_R), S_OK);
	for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
		assert_int_equal(vt_unmap(t.v, 1, r[i][0], r[i][1]), S_RANGE);
		assert_true(vt_reaches(&t, 0, 0x7fff, IOM_ACCESS_READ, 0x13fff));
		assert_true(vt_reaches(&t, 0, 0x0000, IOM_ACCESS_READ, 0x20000));
		assert_true(vt_reaches(&t, 0, 0x9000, IOM_ACCESS_READ, 0x30000));
	}
	/* One mapping in many leaves of any table inside is still one. */
	assert_int_equal(vt_map(t.v, 1, 0x10000, ~UINT64_C(0xfff) - 1, 0, VT_R), S_OK);
	assert_int_equal(vt_unmap(t.v, 1, 0x10000, UINT64_MAX / 2), S_RANGE);
	assert_int_equal(vt_unmap(t.v, 1, UINT64_MAX / 2 + 1, UINT64_MAX), S_RANGE);
	assert_int_equal(vt_unmap(t.v, 1, 0x10000, UINT64_MAX), S_OK);
	/* A range that is none is no mapping's. */
	assert_int_not_equal(vt_unmap(t.v, 1, 0x8000, 0x3fff), S_OK);
	vt_close(&t);
	PROVED(29, "ten ways; nothing removed, neighbours neither");
}

void D30_unmap_of_holes_is_ok(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_unmap(t.v, 1, 0, 0x4fff), S_OK);
	assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x1000, 0x1fff, 0, VT_R), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x1000000000, 0x1000000fff, 0, VT_R), S_OK);
	assert_int_equal(vt_map(t.v, 1, ~UINT64_C(0xfff), UINT64_MAX, 0, VT_R), S_OK);
	/* No rule of alignment: it splits nothing. */
	assert_int_equal(vt_unmap(t.v, 1, 0x801, 0x1000000fff), S_OK);
	assert_true(vt_faults(&t, 0, 0x1000, IOM_ACCESS_READ, 2));
	assert_true(vt_faults(&t, 0, 0x1000000000, IOM_ACCESS_READ, 2));
	assert_true(vt_reaches(&t, 0, UINT64_MAX, IOM_ACCESS_READ, 0xfff));
	assert_int_equal(vt_unmap(t.v, 1, 0x2000, 0x2000), S_OK);
	assert_int_equal(vt_unmap(t.v, 1, 0, UINT64_MAX), S_OK);
	assert_true(vt_faults(&t, 0, UINT64_MAX, IOM_ACCESS_READ, 2));
	vt_close(&t);
	PROVED(30, "empty domain, holes between, unaligned ends");
}
