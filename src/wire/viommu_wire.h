/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-iommu requests and events between their layout in memory (VIRTIO 1.3,
 * 5.13.6) and native structs. Pure functions; packing and unpacking of one
 * thing stand side by side, for the two halves.
 */
#ifndef IOMI_WIRE_VIOMMU_WIRE_H
#define IOMI_WIRE_VIOMMU_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/range.h>

/* Largest readable part of any request. */
#define VIOMMU_WIRE_REQ_MAX	72u
#define VIOMMU_WIRE_TAIL	4u
#define VIOMMU_WIRE_FAULT	24u
#define VIOMMU_WIRE_RESV	24u

/* One request; which fields count follows from type. */
struct viommu_wire_req {
	uint8_t type;		/* VIRTIO_IOMMU_T_* */
	uint32_t domain;
	uint32_t endpoint;
	uint32_t flags;
	uint64_t virt_start;
	uint64_t virt_end;
	uint64_t phys_start;
	bool reserved;		/* a reserved field that counts is not zero */
};

struct viommu_wire_fault {
	uint8_t reason;
	uint32_t flags;
	uint32_t endpoint;
	uint64_t address;
};

struct viommu_wire_resv {
	uint8_t subtype;
	struct iom_range iova;
};

/* Bytes of the readable part of a type; 0: no such type. */
size_t iomi_viommu_wire_req_len(uint8_t type);
/* False: too short, or a type that does not exist. in is read once. */
bool iomi_viommu_wire_unpack_req(const void *in, size_t len, struct viommu_wire_req *r);
/* Returns the length written; 0 for an unknown type. out holds VIOMMU_WIRE_REQ_MAX. */
size_t iomi_viommu_wire_pack_req(const struct viommu_wire_req *r, void *out);

void iomi_viommu_wire_pack_tail(uint8_t status, void *out);

void iomi_viommu_wire_pack_fault(const struct viommu_wire_fault *f, void *out);
void iomi_viommu_wire_unpack_fault(const void *in, struct viommu_wire_fault *f);

void iomi_viommu_wire_pack_resv(const struct viommu_wire_resv *p, void *out);

#endif
