/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of requirements_test share. */
#ifndef TESTS_VIOMMU_REQUIREMENTS_H
#define TESTS_VIOMMU_REQUIREMENTS_H

#include "lib/test.h"
#include "lib/viommu.h"

#define NR_D 41

/* For the list: what a test has shown. Its last statement, so a failure leaves none. */
extern const char *proved[NR_D + 1];
#define PROVED(n, what) (proved[n] = (what))

/* A device with two plain endpoints, 8 and 9. */
void open_two(struct vt *t);
struct iom_viommu_ep_cfg ep_resv(uint32_t id, uint64_t start, uint64_t last, bool msi);

#define REQUIREMENTS(D) \
	D(D1_offers_map_unmap) \
	D(D2_never_offers_legacy_bypass) \
	D(D3_page_size_mask_has_a_bit) \
	D(D4_bypass_is_0_or_1) \
	D(D5_bypass_survives_device_reset) \
	D(D6_success_is_status_ok) \
	D(D7_unknown_type_is_not_answered) \
	D(D8_reserved_of_head_and_tail) \
	D(D9_unattached_endpoint_reaches_nothing) \
	D(D10_attach_reserved_is_inval) \
	D(D11_attach_unknown_flag_is_inval) \
	D(D12_attach_unknown_endpoint_is_noent) \
	D(D13_endpoints_share_a_domain) \
	D(D14_bypass_flag_must_agree) \
	D(D15_reattach_is_detach_and_attach) \
	D(D16_incompatible_properties_are_unsupp) \
	D(D17_attach_attaches) \
	D(D18_detach_ignores_reserved) \
	D(D19_detach_unknown_endpoint_is_noent) \
	D(D20_detach_from_a_wrong_domain_is_inval) \
	D(D21_detached_endpoint_reaches_nothing) \
	D(D22_map_misaligned_is_range) \
	D(D23_map_overlap_is_inval) \
	D(D24_map_unknown_flag_is_inval) \
	D(D25_map_needs_a_domain_that_maps) \
	D(D26_no_write_without_the_flag) \
	D(D27_unmap_reserved_is_inval) \
	D(D28_unmap_needs_a_domain_that_maps) \
	D(D29_unmap_that_splits_is_range) \
	D(D30_unmap_of_holes_is_ok) \
	D(D31_probe_ignores_reserved) \
	D(D32_probe_unknown_endpoint_is_noent) \
	D(D33_probe_without_the_feature_is_not_answered) \
	D(D34_properties_are_contiguous_and_clean) \
	D(D35_properties_that_do_not_fit) \
	D(D36_rest_of_properties_is_zero) \
	D(D37_one_msi_region_none_overlap) \
	D(D38_map_over_a_reserved_region) \
	D(D39_fault_record_is_clean) \
	D(D40_fault_has_its_address) \
	D(D41_fault_is_not_split)

#define D(name) void name(void **state);
REQUIREMENTS(D)
#undef D

#endif
