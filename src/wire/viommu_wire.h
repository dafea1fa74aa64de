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

#include <iom/base/mem.h>
#include <iom/base/range.h>
#include <iom/spec/viommu.h>

/* Largest readable part of any request. */
#define VIOMMU_WIRE_REQ_MAX	72u
#define VIOMMU_WIRE_TAIL	4u
#define VIOMMU_WIRE_FAULT	24u
#define VIOMMU_WIRE_RESV	24u

/* One request; which fields count follows from type. */
struct viommu_wire_req {
	uint8_t type;		/* VIRTIO_IOMMU_T_*; for packing */
	uint32_t domain;
	uint32_t endpoint;
	uint32_t flags;
	struct iom_range iova;	/* virt_start, virt_end: not checked */
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

static inline uint64_t viommu_wire_get64(const struct iom_le32 w[2])
{
	return iom_le32_get(w[0]) | (uint64_t)iom_le32_get(w[1]) << 32;
}

/* Bytes of the readable part of a type; 0: no such type. */
static inline size_t viommu_wire_req_len(unsigned int type)
{
	static const uint8_t len[] = {
		[VIRTIO_IOMMU_T_ATTACH] = sizeof(struct virtio_iommu_req_attach),
		[VIRTIO_IOMMU_T_DETACH] = sizeof(struct virtio_iommu_req_detach),
		[VIRTIO_IOMMU_T_MAP] = sizeof(struct virtio_iommu_req_map),
		[VIRTIO_IOMMU_T_UNMAP] = sizeof(struct virtio_iommu_req_unmap),
		[VIRTIO_IOMMU_T_PROBE] = sizeof(struct virtio_iommu_req_probe),
	};

	return type < sizeof(len) ? len[type] : 0;
}

/*
 * A request whose bytes are all there, by its type: the path of every map, so
 * inline. Each byte of in is read at most once.
 */
static inline void viommu_wire_unpack_attach(const void *in, struct viommu_wire_req *r)
{
	struct virtio_iommu_req_attach w;

	memcpy(&w, in, sizeof(w));
	*r = (struct viommu_wire_req){
		.domain = iom_le32_get(w.domain),
		.endpoint = iom_le32_get(w.endpoint),
		.flags = iom_le32_get(w.flags),
		.reserved = w.reserved.raw,
	};
}

/* 5.13.6.4.2: the device ignores reserved */
static inline void viommu_wire_unpack_detach(const void *in, struct viommu_wire_req *r)
{
	struct virtio_iommu_req_detach w;

	memcpy(&w, in, sizeof(w));
	*r = (struct viommu_wire_req){
		.domain = iom_le32_get(w.domain),
		.endpoint = iom_le32_get(w.endpoint),
	};
}

static inline void viommu_wire_unpack_map(const void *in, struct viommu_wire_req *r)
{
	struct virtio_iommu_req_map w;

	memcpy(&w, in, sizeof(w));
	*r = (struct viommu_wire_req){
		.domain = iom_le32_get(w.domain),
		.iova = { viommu_wire_get64(w.virt_start), viommu_wire_get64(w.virt_end) },
		.phys_start = viommu_wire_get64(w.phys_start),
		.flags = iom_le32_get(w.flags),
	};
}

static inline void viommu_wire_unpack_unmap(const void *in, struct viommu_wire_req *r)
{
	struct virtio_iommu_req_unmap w;

	memcpy(&w, in, sizeof(w));
	*r = (struct viommu_wire_req){
		.domain = iom_le32_get(w.domain),
		.iova = { viommu_wire_get64(w.virt_start), viommu_wire_get64(w.virt_end) },
		.reserved = iom_get_le32(w.reserved),
	};
}

/* 5.13.6.7.2: the device ignores reserved */
static inline void viommu_wire_unpack_probe(const void *in, struct viommu_wire_req *r)
{
	struct virtio_iommu_req_probe w;

	memcpy(&w, in, sizeof(w));
	*r = (struct viommu_wire_req){ .endpoint = iom_le32_get(w.endpoint) };
}

static inline void viommu_wire_pack_tail(uint8_t status, void *out)
{
	/* struct virtio_iommu_req_tail: the status, and three bytes of 0 */
	iom_put_le32(out, status);
}

/* Returns the length written; 0 for an unknown type. out holds VIOMMU_WIRE_REQ_MAX. */
size_t iomi_viommu_wire_pack_req(const struct viommu_wire_req *r, void *out);

void iomi_viommu_wire_pack_fault(const struct viommu_wire_fault *f, void *out);
void iomi_viommu_wire_unpack_fault(const void *in, struct viommu_wire_fault *f);

void iomi_viommu_wire_pack_resv(const struct viommu_wire_resv *p, void *out);

#endif
