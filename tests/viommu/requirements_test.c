/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device requirements of VIRTIO 1.3 section 5.13, one test each, numbered
 * D1 to D41 in the order of the document. Ends with the list of all of them.
 * Here: features, configuration, framing. The rest is in requirements_*_part.c.
 */
#include "viommu/requirements.h"

const char *proved[NR_D + 1];

void open_two(struct vt *t)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();

	vt_open(t, &cfg);
	vt_add_plain(t, 8);
	vt_add_plain(t, 9);
}

struct iom_viommu_ep_cfg ep_resv(uint32_t id, uint64_t start, uint64_t last, bool msi)
{
	struct iom_viommu_ep_cfg e;

	memset(&e, 0, sizeof(e));
	e.id = id;
	e.nr_resv = 1;
	e.resv[0].iova.start = start;
	e.resv[0].iova.last = last;
	e.resv[0].msi = msi;
	return e;
}

static void config(struct vt *t, uint8_t c[40])
{
	memset(c, 0xee, 40);
	iom_viommu_dev_config_read(t->v, 0, c, 40);
}

static int write_bypass(struct vt *t, uint8_t val)
{
	uint8_t c[40];

	iom_viommu_dev_config_write(t->v, 36, &val, 1);
	config(t, c);
	return c[36];
}

void D1_offers_map_unmap(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct vt t;

	(void)state;
	vt_open(&t, &cfg);
	assert_true(iom_viommu_dev_features(t.v) & VT_F_MAP_UNMAP);
	vt_close(&t);
	cfg.mmio = cfg.bypass_config = false;
	cfg.probe_size = 0;
	vt_open(&t, &cfg);
	assert_true(iom_viommu_dev_features(t.v) & VT_F_MAP_UNMAP);
	vt_close(&t);
	PROVED(1, "offered in the fullest and the barest configuration");
}

void D2_never_offers_legacy_bypass(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	unsigned int i;
	struct vt t;

	(void)state;
	for (i = 0; i < 8; i++) {
		cfg.mmio = i & 1;
		cfg.bypass_config = i & 2;
		cfg.boot_bypass = i & 2;
		cfg.probe_size = i & 4 ? 512 : 0;
		vt_open(&t, &cfg);
		assert_false(iom_viommu_dev_features(t.v) & VT_F_BYPASS);
		/* Accepting what was not offered does not turn it on (section 7). */
		iom_viommu_dev_accept(t.v, ~UINT64_C(0));
		vt_add_plain(&t, 1);
		if (!cfg.boot_bypass)
			assert_true(vt_faults(&t, 0, 0x1000, IOM_ACCESS_READ, 1));
		vt_close(&t);
	}
	PROVED(2, "bit 3 absent in eight configurations, and without effect");
}

void D3_page_size_mask_has_a_bit(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	uint64_t mask;
	uint8_t c[40];
	unsigned int i;
	struct vt t;

	(void)state;
	for (cfg.page_size_mask = 0, i = 0; i < 16; i++) {
		vt_open(&t, &cfg);
		config(&t, c);
		memcpy(&mask, c, 8);
		assert_true(mask);
		if (cfg.page_size_mask)
			assert_true(mask == cfg.page_size_mask);
		vt_close(&t);
		cfg.page_size_mask = ~UINT64_C(0) << (7 + i);
	}
	PROVED(3, "default and granules of 128 bytes to 2 MiB");
}

void D4_bypass_is_0_or_1(void **state)
{
	uint8_t wide[40], c[40], before[40];
	struct vt t;
	int i;

	(void)state;
	open_two(&t);
	assert_int_equal(write_bypass(&t, 1), 1);
	for (i = 2; i < 256; i++)
		assert_int_equal(write_bypass(&t, (uint8_t)i), 1);
	assert_int_equal(write_bypass(&t, 0), 0);
	for (i = 2; i < 256; i++)
		assert_int_equal(write_bypass(&t, (uint8_t)i), 0);
	/* Nothing else can be written, nor beyond the end (V2 may be broken). */
	config(&t, before);
	memset(wide, 0xff, sizeof(wide));
	iom_viommu_dev_config_write(t.v, 0, wide, 36);
	iom_viommu_dev_config_write(t.v, 37, wide, 40);
	iom_viommu_dev_config_write(t.v, UINT32_MAX, wide, 40);
	config(&t, c);
	assert_memory_equal(before, c, 40);
	vt_close(&t);
	PROVED(4, "all 256 values written, other fields too");
}

void D5_bypass_survives_device_reset(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	uint8_t c[40];
	struct vt t;
	int boot, now;

	(void)state;
	for (boot = 0; boot < 2; boot++)
		for (now = 0; now < 2; now++) {
			cfg.boot_bypass = boot;
			vt_open(&t, &cfg);
			vt_add_plain(&t, 8);
			assert_int_equal(write_bypass(&t, (uint8_t)now), now);
			iom_viommu_dev_reset(t.v, false);
			config(&t, c);
			assert_int_equal(c[36], now);
			assert_int_equal(vt_reaches(&t, 0, 0x5000, IOM_ACCESS_READ, 0x5000), now);
			iom_viommu_dev_reset(t.v, true);
			config(&t, c);
			assert_int_equal(c[36], boot);
			vt_close(&t);
		}
	PROVED(5, "both values, device and system reset");
}

void D6_success_is_status_ok(void **state)
{
	struct vt_req r;
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x1000, 0x1fff, 0x8000, VT_RW), S_OK);
	assert_int_equal(vt_unmap(t.v, 1, 0x1000, 0x1fff), S_OK);
	assert_int_equal(vt_detach(t.v, 1, 8), S_OK);
	r = vt_probe_req(8, 512);
	assert_int_equal(vt_send(t.v, &r), S_OK);
	vt_close(&t);
	PROVED(6, "one of each request");
}

void D7_unknown_type_is_not_answered(void **state)
{
	struct vt_req r = vt_attach_req(1, 8, 0), p = vt_probe_req(8, 512);
	struct vt t;
	int type;

	(void)state;
	open_two(&t);
	for (type = 0; type < 256; type++) {
		if (type >= 1 && type <= 5)
			continue;
		r.in[0] = p.in[0] = (uint8_t)type;
		assert_int_equal(vt_send(t.v, &r), S_NONE);
		assert_int_equal(vt_send(t.v, &p), S_NONE);
	}
	/* Nor is a request too short to be one, or without room for a status. */
	r = vt_map_req(1, 0, 0xfff, 0, VT_RW);
	for (r.in_len = 0; r.in_len < 36; r.in_len++)
		assert_int_equal(vt_send(t.v, &r), S_NONE);
	for (r.out_len = 0; r.out_len < 4; r.out_len++)
		assert_int_equal(vt_send(t.v, &r), S_NONE);
	vt_close(&t);
	PROVED(7, "251 types, and every truncation of a MAP");
}

void D8_reserved_of_head_and_tail(void **state)
{
	struct vt_req r[5] = {
		vt_attach_req(1, 8, 0), vt_map_req(1, 0x1000, 0x1fff, 0x3000, VT_R),
		vt_probe_req(8, 512), vt_unmap_req(1, 0x1000, 0x1fff), vt_detach_req(1, 8),
	};
	struct test_rng rng;
	struct vt t;
	int i;

	(void)state;
	test_rng_init(&rng);
	open_two(&t);
	/* vt_send() demands zeroes in the tail. */
	for (i = 0; i < 5; i++) {
		test_rng_fill(&rng, r[i].in + 1, 3);
		assert_int_equal(vt_send(t.v, &r[i]), S_OK);
	}
	assert_int_equal(vt_detach(t.v, 1, 99), S_NOENT);
	vt_close(&t);
	PROVED(8, "random head.reserved on each request; tails of all tests");
}

void D9_unattached_endpoint_reaches_nothing(void **state)
{
	struct test_rng rng;
	struct vt t;
	int i;

	(void)state;
	test_rng_init(&rng);
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 9, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0, UINT64_MAX, 0, VT_RW), S_OK);
	for (i = 0; i < 1000; i++)
		assert_true(vt_faults(&t, 0, test_rng_edgy(&rng),
				      i & 1 ? IOM_ACCESS_READ : IOM_ACCESS_WRITE, 1));
	vt_close(&t);
	PROVED(9, "1000 addresses, beside an endpoint that reaches all");
}

static int print_list(void **state)
{
	int i;

	(void)state;
	printf("\ndevice requirements of VIRTIO 1.3 section 5.13\n");
	for (i = 1; i <= NR_D; i++)
		printf("  D%-3d %s  %s\n", i, proved[i] ? "pass" : "FAIL",
		       proved[i] ? proved[i] : "see above");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define D(name) cmocka_unit_test(name),
		REQUIREMENTS(D)
#undef D
	};

	return cmocka_run_group_tests(tests, NULL, print_list);
}
