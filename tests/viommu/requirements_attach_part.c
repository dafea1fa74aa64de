/* SPDX-License-Identifier: BSD-2-Clause */
/* D10 to D21: ATTACH and DETACH. */
#include "viommu/requirements.h"

void D10_attach_reserved_is_inval(void **state)
{
	struct vt_req r;
	struct vt t;
	int i;

	(void)state;
	open_two(&t);
	for (i = 0; i < 32; i++) {
		r = vt_attach_req(1, 8, 0);
		r.in[16 + i / 8] = (uint8_t)(1u << i % 8);
		assert_int_equal(vt_send(t.v, &r), S_INVAL);
	}
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0, VT_R), S_NOENT);
	vt_close(&t);
	PROVED(10, "each of the 32 bits");
}

void D11_attach_unknown_flag_is_inval(void **state)
{
	struct vt t;
	int i;

	(void)state;
	open_two(&t);
	for (i = 1; i < 32; i++) {
		assert_int_equal(vt_attach(t.v, 1, 8, UINT32_C(1) << i), S_INVAL);
		assert_int_equal(vt_attach(t.v, 1, 8, UINT32_C(1) << i | 1), S_INVAL);
	}
	/* BYPASS is unknown to a driver that did not accept BYPASS_CONFIG. */
	iom_viommu_dev_reset(t.v, false);
	iom_viommu_dev_accept(t.v, iom_viommu_dev_features(t.v) & ~UINT64_C(0x40));
	assert_int_equal(vt_attach(t.v, 1, 8, VT_BYPASS), S_INVAL);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0, VT_R), S_NOENT);
	vt_close(&t);
	PROVED(11, "each bit but 0, and 0 without the feature");
}

void D12_attach_unknown_endpoint_is_noent(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 7, 0), S_NOENT);
	assert_int_equal(vt_attach(t.v, 1, UINT32_MAX, 0), S_NOENT);
	assert_int_equal(vt_attach(t.v, 1, 8 | 0x10000, 0), S_NOENT);
	iom_viommu_dev_remove_ep(t.v, t.ep[--t.nr_eps]);
	assert_int_equal(vt_attach(t.v, 1, 9, 0), S_NOENT);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0, VT_R), S_NOENT);
	vt_close(&t);
	PROVED(12, "never there, and removed; no domain is left behind");
}

void D13_endpoints_share_a_domain(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 5, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 5, 0x2000, 0x2fff, 0x7000, VT_RW), S_OK);
	assert_int_equal(vt_attach(t.v, 5, 9, 0), S_OK);
	assert_true(vt_reaches(&t, 0, 0x2345, IOM_ACCESS_WRITE, 0x7345));
	assert_true(vt_reaches(&t, 1, 0x2345, IOM_ACCESS_WRITE, 0x7345));
	assert_int_equal(vt_unmap(t.v, 5, 0, UINT64_MAX), S_OK);
	assert_true(vt_faults(&t, 0, 0x2345, IOM_ACCESS_READ, 2));
	assert_true(vt_faults(&t, 1, 0x2345, IOM_ACCESS_READ, 2));
	vt_close(&t);
	PROVED(13, "two endpoints see the same mappings come and go");
}

void D14_bypass_flag_must_agree(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_attach(t.v, 1, 9, VT_BYPASS), S_INVAL);
	assert_int_equal(vt_attach(t.v, 1, 8, VT_BYPASS), S_INVAL);
	assert_true(vt_faults(&t, 0, 0, IOM_ACCESS_READ, 2));
	assert_true(vt_faults(&t, 1, 0, IOM_ACCESS_READ, 1));
	assert_int_equal(vt_attach(t.v, 2, 8, VT_BYPASS), S_OK);
	assert_int_equal(vt_attach(t.v, 2, 9, 0), S_INVAL);
	assert_int_equal(vt_attach(t.v, 2, 8, 0), S_INVAL);
	assert_true(vt_reaches(&t, 0, 0x1234, IOM_ACCESS_WRITE, 0x1234));
	assert_int_equal(vt_attach(t.v, 2, 9, VT_BYPASS), S_OK);
	assert_true(vt_reaches(&t, 1, UINT64_MAX, IOM_ACCESS_READ, UINT64_MAX));
	vt_close(&t);
	PROVED(14, "both kinds, other endpoint and the same; nothing changed");
}

void D15_reattach_is_detach_and_attach(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0x1000, VT_RW), S_OK);
	/* To the same domain: nothing is lost. */
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_true(vt_reaches(&t, 0, 0, IOM_ACCESS_READ, 0x1000));
	/* Elsewhere: the old domain loses its last endpoint and is gone. */
	assert_int_equal(vt_attach(t.v, 2, 8, 0), S_OK);
	assert_true(vt_faults(&t, 0, 0, IOM_ACCESS_READ, 2));
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0x1000, VT_RW), S_NOENT);
	assert_int_equal(vt_attach(t.v, 1, 9, 0), S_OK);
	assert_true(vt_faults(&t, 1, 0, IOM_ACCESS_READ, 2));
	vt_close(&t);
	PROVED(15, "same domain, another one; the ID comes back empty");
}

void D16_incompatible_properties_are_unsupp(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_viommu_ep_cfg e = { .id = 10, .page_size_mask = ~UINT64_C(0xffff) };
	struct vt t;

	(void)state;
	vt_open(&t, &cfg);
	vt_add_plain(&t, 8);
	vt_add(&t, &e);
	e = ep_resv(11, 0x8000, 0x8fff, false);
	vt_add(&t, &e);
	e = (struct iom_viommu_ep_cfg){ .id = 12, .input = { 0, 0xffff } };
	vt_add(&t, &e);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x8000, 0x8fff, 0, VT_R), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0x10000, 0x10fff, 0, VT_R), S_OK);
	assert_int_equal(vt_attach(t.v, 1, 10, 0), S_UNSUPP);	/* granule */
	assert_int_equal(vt_attach(t.v, 1, 11, 0), S_UNSUPP);	/* reserved region */
	assert_int_equal(vt_attach(t.v, 1, 12, 0), S_UNSUPP);	/* input range */
	assert_true(vt_faults(&t, 1, 0x8000, IOM_ACCESS_READ, 1));
	assert_true(vt_reaches(&t, 0, 0x8000, IOM_ACCESS_READ, 0));
	vt_close(&t);
	PROVED(16, "granule, reserved region, input range");
}

void D17_attach_attaches(void **state)
{
	struct iom_viommu_ep_stats s;
	struct test_rng rng;
	uint32_t domain;
	struct vt t;
	int i;

	(void)state;
	test_rng_init(&rng);
	open_two(&t);
	for (i = 0; i < 200; i++) {
		domain = (uint32_t)test_rng_edgy(&rng);
		assert_int_equal(vt_attach(t.v, domain, 8, 0), S_OK);
		iom_viommu_dev_ep_stats(t.v, t.ep[0], &s);
		assert_true(s.attached && !s.bypass && s.domain == domain && s.id == 8);
		assert_int_equal(vt_map(t.v, domain, 0, 0xfff, domain & ~0xfffu, VT_R), S_OK);
		assert_true(vt_reaches(&t, 0, 5, IOM_ACCESS_READ, (domain & ~0xfffu) + 5));
		assert_int_equal(vt_unmap(t.v, domain, 0, 0xfff), S_OK);
	}
	vt_close(&t);
	PROVED(17, "200 domain IDs of the whole 32 bits");
}

void D18_detach_ignores_reserved(void **state)
{
	struct vt_req r = vt_detach_req(1, 8);
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	memset(r.in + 12, 0xff, 8);
	assert_int_equal(vt_send(t.v, &r), S_OK);
	assert_true(vt_faults(&t, 0, 0, IOM_ACCESS_READ, 1));
	vt_close(&t);
	PROVED(18, "all 64 bits set");
}

void D19_detach_unknown_endpoint_is_noent(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_detach(t.v, 1, 10), S_NOENT);
	vt_close(&t);
	PROVED(19, "in a domain that exists");
}

void D20_detach_from_a_wrong_domain_is_inval(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_detach(t.v, 1, 8), S_INVAL);	/* no such domain */
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_attach(t.v, 2, 9, 0), S_OK);
	assert_int_equal(vt_detach(t.v, 2, 8), S_INVAL);	/* not in it */
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0x1000, VT_R), S_OK);
	assert_true(vt_reaches(&t, 0, 0, IOM_ACCESS_READ, 0x1000));
	vt_close(&t);
	PROVED(20, "unknown domain, another domain; nothing changed");
}

void D21_detached_endpoint_reaches_nothing(void **state)
{
	struct vt t;

	(void)state;
	open_two(&t);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_int_equal(vt_attach(t.v, 1, 9, 0), S_OK);
	assert_int_equal(vt_map(t.v, 1, 0, 0xfff, 0x1000, VT_RW), S_OK);
	assert_int_equal(vt_detach(t.v, 1, 8), S_OK);
	assert_true(vt_faults(&t, 0, 0, IOM_ACCESS_READ, 1));
	assert_true(vt_reaches(&t, 1, 0, IOM_ACCESS_READ, 0x1000));
	assert_int_equal(vt_detach(t.v, 1, 9), S_OK);
	assert_int_equal(vt_unmap(t.v, 1, 0, 0xfff), S_NOENT);
	assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
	assert_true(vt_faults(&t, 0, 0, IOM_ACCESS_READ, 2));
	vt_close(&t);
	PROVED(21, "while another stays, and when the last leaves");
}

