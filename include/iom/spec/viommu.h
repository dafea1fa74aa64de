/* SPDX-License-Identifier: BSD-2-Clause */
/* VIRTIO 1.3, 5.13 "IOMMU Device": constants and layouts, in the document's order. */
#ifndef IOM_SPEC_VIOMMU_H
#define IOM_SPEC_VIOMMU_H

#include <iom/base/endian.h>
#include <iom/base/field.h>

/* 5.13.1 Device ID */
#define VIRTIO_ID_IOMMU			23

/* 5.13.2 Virtqueues */
#define VIRTIO_IOMMU_VQ_REQUEST		0
#define VIRTIO_IOMMU_VQ_EVENT		1
#define VIRTIO_IOMMU_NR_VQS		2

/* 5.13.3 Feature bits */
#define VIRTIO_IOMMU_F_INPUT_RANGE	IOM_BIT64(0)
#define VIRTIO_IOMMU_F_DOMAIN_RANGE	IOM_BIT64(1)
#define VIRTIO_IOMMU_F_MAP_UNMAP	IOM_BIT64(2)
#define VIRTIO_IOMMU_F_BYPASS		IOM_BIT64(3)
#define VIRTIO_IOMMU_F_PROBE		IOM_BIT64(4)
#define VIRTIO_IOMMU_F_MMIO		IOM_BIT64(5)
#define VIRTIO_IOMMU_F_BYPASS_CONFIG	IOM_BIT64(6)

/* 5.13.4 Device configuration layout */
struct virtio_iommu_config {
	struct iom_le64 page_size_mask;
	struct iom_le64 input_range_start;
	struct iom_le64 input_range_end;	/* inclusive */
	struct iom_le32 domain_range_start;
	struct iom_le32 domain_range_end;	/* inclusive */
	struct iom_le32 probe_size;
	uint8_t bypass;
	uint8_t reserved[3];
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_config) == 40);
#define VIRTIO_IOMMU_CONFIG_BYPASS	36	/* offset of bypass */

/* 5.13.6 Device operations: request framing */
struct virtio_iommu_req_head {
	uint8_t type;
	uint8_t reserved[3];
};
#define VIRTIO_IOMMU_T_ATTACH		1
#define VIRTIO_IOMMU_T_DETACH		2
#define VIRTIO_IOMMU_T_MAP		3
#define VIRTIO_IOMMU_T_UNMAP		4
#define VIRTIO_IOMMU_T_PROBE		5

struct virtio_iommu_req_tail {
	uint8_t status;
	uint8_t reserved[3];
};
#define VIRTIO_IOMMU_S_OK		0
#define VIRTIO_IOMMU_S_IOERR		1
#define VIRTIO_IOMMU_S_UNSUPP		2
#define VIRTIO_IOMMU_S_DEVERR		3
#define VIRTIO_IOMMU_S_INVAL		4
#define VIRTIO_IOMMU_S_RANGE		5
#define VIRTIO_IOMMU_S_NOENT		6
#define VIRTIO_IOMMU_S_FAULT		7
#define VIRTIO_IOMMU_S_NOMEM		8

/* 5.13.6.3 ATTACH request: the device-readable part */
struct virtio_iommu_req_attach {
	struct virtio_iommu_req_head head;
	struct iom_le32 domain;
	struct iom_le32 endpoint;
	struct iom_le32 flags;
	struct iom_le32 reserved;
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_req_attach) == 20);
#define VIRTIO_IOMMU_ATTACH_F_BYPASS	IOM_BIT32(0)

/* 5.13.6.4 DETACH request */
struct virtio_iommu_req_detach {
	struct virtio_iommu_req_head head;
	struct iom_le32 domain;
	struct iom_le32 endpoint;
	uint8_t reserved[8];
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_req_detach) == 20);

/* 5.13.6.5 MAP request; packed, since the 64-bit fields follow a 32-bit one evenly */
struct virtio_iommu_req_map {
	struct virtio_iommu_req_head head;
	struct iom_le32 domain;
	struct iom_le32 virt_start[2];	/* le64, low word first: the struct stays 4-byte aligned */
	struct iom_le32 virt_end[2];	/* inclusive */
	struct iom_le32 phys_start[2];
	struct iom_le32 flags;
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_req_map) == 36);
#define VIRTIO_IOMMU_MAP_F_READ		IOM_BIT32(0)
#define VIRTIO_IOMMU_MAP_F_WRITE	IOM_BIT32(1)
#define VIRTIO_IOMMU_MAP_F_MMIO		IOM_BIT32(2)

/* 5.13.6.6 UNMAP request */
struct virtio_iommu_req_unmap {
	struct virtio_iommu_req_head head;
	struct iom_le32 domain;
	struct iom_le32 virt_start[2];
	struct iom_le32 virt_end[2];
	uint8_t reserved[4];
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_req_unmap) == 28);

/* 5.13.6.7 PROBE request: the readable part, then probe_size bytes of properties and the tail */
struct virtio_iommu_req_probe {
	struct virtio_iommu_req_head head;
	struct iom_le32 endpoint;
	uint8_t reserved[64];
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_req_probe) == 72);

struct virtio_iommu_probe_property {
	struct iom_le16 type;
	struct iom_le16 length;		/* of the value, without this header */
};
#define VIRTIO_IOMMU_PROBE_T_MASK	0xfffu
#define VIRTIO_IOMMU_PROBE_T_NONE	0
#define VIRTIO_IOMMU_PROBE_T_RESV_MEM	1

/* 5.13.6.7.1 Property RESV_MEM, with its header */
struct virtio_iommu_probe_resv_mem {
	struct virtio_iommu_probe_property head;
	uint8_t subtype;
	uint8_t reserved[3];
	struct iom_le64 start;
	struct iom_le64 end;		/* inclusive */
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_probe_resv_mem) == 24);
#define VIRTIO_IOMMU_RESV_MEM_T_RESERVED 0
#define VIRTIO_IOMMU_RESV_MEM_T_MSI	1

/* 5.13.6.8 Fault reporting */
struct virtio_iommu_fault {
	uint8_t reason;
	uint8_t reserved[3];
	struct iom_le32 flags;
	struct iom_le32 endpoint;
	struct iom_le32 reserved1;
	struct iom_le64 address;
};
IOM_STATIC_ASSERT(sizeof(struct virtio_iommu_fault) == 24);
#define VIRTIO_IOMMU_FAULT_R_UNKNOWN	0
#define VIRTIO_IOMMU_FAULT_R_DOMAIN	1
#define VIRTIO_IOMMU_FAULT_R_MAPPING	2
#define VIRTIO_IOMMU_FAULT_F_READ	IOM_BIT32(0)
#define VIRTIO_IOMMU_FAULT_F_WRITE	IOM_BIT32(1)
#define VIRTIO_IOMMU_FAULT_F_ADDRESS	IOM_BIT32(8)

#endif
