/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI 6.4, 5.2.34 Virtual I/O Translation Table (VIOT), and the ACPI table
 * header of 5.2.6. Offsets are in bytes, values little-endian.
 */
#ifndef IOM_SPEC_VIOT_H
#define IOM_SPEC_VIOT_H

#define VIOT_SIGNATURE			"VIOT"

/* 5.2.6 System Description Table Header */
#define ACPI_HDR_SIGNATURE		0
#define ACPI_HDR_LENGTH			4
#define ACPI_HDR_REVISION		8
#define ACPI_HDR_CHECKSUM		9	/* all bytes of the table sum to 0 */
#define ACPI_HDR_OEM_ID			10	/* 6 bytes */
#define ACPI_HDR_OEM_TABLE_ID		16	/* 8 bytes */
#define ACPI_HDR_OEM_REVISION		24
#define ACPI_HDR_CREATOR_ID		28	/* 4 bytes */
#define ACPI_HDR_CREATOR_REVISION	32
#define ACPI_HDR_SIZE			36

/* Table 5.149: VIOT header, after the above */
#define VIOT_NODE_COUNT			36	/* 16 bits */
#define VIOT_NODE_OFFSET		38	/* 16 bits, from the start of the table */
#define VIOT_HDR_SIZE			48	/* 8 reserved bytes before */

/* Every node */
#define VIOT_NODE_TYPE			0	/* 8 bits; 8 reserved after */
#define   VIOT_NODE_PCI_RANGE		1u
#define   VIOT_NODE_MMIO_ENDPOINT	2u
#define   VIOT_NODE_VIRTIO_PCI		3u
#define   VIOT_NODE_VIRTIO_MMIO		4u
#define VIOT_NODE_LENGTH		2	/* 16 bits */
#define VIOT_NODE_HDR_SIZE		4

/* PCI range */
#define VIOT_PCI_ENDPOINT_START		4	/* 32 bits */
#define VIOT_PCI_SEGMENT_START		8
#define VIOT_PCI_SEGMENT_END		10
#define VIOT_PCI_BDF_START		12
#define VIOT_PCI_BDF_END		14
#define VIOT_PCI_OUTPUT_NODE		16
#define VIOT_PCI_SIZE			24
#define VIOT_PCI_SEGMENT_STRIDE		0x10000	/* endpoint ids from one segment to the next */

/* MMIO endpoint */
#define VIOT_MMIO_ENDPOINT		4	/* 32 bits */
#define VIOT_MMIO_BASE			8	/* 64 bits */
#define VIOT_MMIO_OUTPUT_NODE		16
#define VIOT_MMIO_SIZE			24

/* virtio-iommu over PCI */
#define VIOT_VIRTIO_PCI_SEGMENT		4
#define VIOT_VIRTIO_PCI_BDF		6
#define VIOT_VIRTIO_PCI_SIZE		16

/* virtio-iommu over MMIO */
#define VIOT_VIRTIO_MMIO_BASE		8	/* 64 bits */
#define VIOT_VIRTIO_MMIO_SIZE		16

#endif
