/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VIRTIO 1.3 in the document's order: device status, the two ring formats, the
 * PCI and MMIO transports, device IDs, reserved feature bits. Constants and
 * layouts only. Everything in memory and in registers is little-endian.
 */
#ifndef IOM_SPEC_VIRTIO_H
#define IOM_SPEC_VIRTIO_H

#include <iom/base/endian.h>
#include <iom/base/field.h>

/* 2.1 Device Status Field */
#define VIRTIO_STATUS_ACKNOWLEDGE	0x01u
#define VIRTIO_STATUS_DRIVER		0x02u
#define VIRTIO_STATUS_DRIVER_OK		0x04u
#define VIRTIO_STATUS_FEATURES_OK	0x08u
#define VIRTIO_STATUS_DEVICE_NEEDS_RESET 0x40u
#define VIRTIO_STATUS_FAILED		0x80u

/* 2.7 Split Virtqueues: alignment and size of the three areas */
#define VIRTQ_SIZE_MAX			32768u
#define VIRTQ_DESC_ALIGN		16u
#define VIRTQ_AVAIL_ALIGN		2u
#define VIRTQ_USED_ALIGN		4u
#define VIRTQ_DESC_AREA_SIZE(n)		(UINT64_C(16) * (n))
#define VIRTQ_AVAIL_AREA_SIZE(n)	(6 + UINT64_C(2) * (n))
#define VIRTQ_USED_AREA_SIZE(n)		(6 + UINT64_C(8) * (n))

/* 2.7.5 The Virtqueue Descriptor Table */
struct virtq_desc {
	struct iom_le64 addr;
	struct iom_le32 len;
	struct iom_le16 flags;
	struct iom_le16 next;
};
IOM_STATIC_ASSERT(sizeof(struct virtq_desc) == 16);
#define VIRTQ_DESC_F_NEXT		0x0001u
#define VIRTQ_DESC_F_WRITE		0x0002u
#define VIRTQ_DESC_F_INDIRECT		0x0004u

/* 2.7.6 The Virtqueue Available Ring; used_event is valid with EVENT_IDX */
#define VIRTQ_AVAIL_FLAGS		0u
#define   VIRTQ_AVAIL_F_NO_INTERRUPT	0x0001u
#define VIRTQ_AVAIL_IDX			2u
#define VIRTQ_AVAIL_RING(i)		(4 + UINT64_C(2) * (i))
#define VIRTQ_AVAIL_USED_EVENT(n)	(4 + UINT64_C(2) * (n))

/* 2.7.8 The Virtqueue Used Ring; avail_event is valid with EVENT_IDX */
#define VIRTQ_USED_FLAGS		0u
#define   VIRTQ_USED_F_NO_NOTIFY	0x0001u
#define VIRTQ_USED_IDX			2u
#define VIRTQ_USED_RING(i)		(4 + UINT64_C(8) * (i))
#define VIRTQ_USED_AVAIL_EVENT(n)	(4 + UINT64_C(8) * (n))
struct virtq_used_elem {
	struct iom_le32 id;
	struct iom_le32 len;
};
IOM_STATIC_ASSERT(sizeof(struct virtq_used_elem) == 8);

/* 2.8 Packed Virtqueues */
#define PVIRTQ_DESC_ALIGN		16u
#define PVIRTQ_EVENT_ALIGN		4u
#define PVIRTQ_EVENT_SIZE		4u

/* 2.8.1 Driver and Device Ring Wrap Counters, in the flags of a descriptor */
#define VIRTQ_DESC_F_AVAIL		0x0080u
#define VIRTQ_DESC_F_USED		0x8000u

/* 2.8.13 The Virtqueue Descriptor Format; NEXT, WRITE and INDIRECT are those of 2.7.5 */
struct pvirtq_desc {
	struct iom_le64 addr;
	struct iom_le32 len;
	struct iom_le16 id;
	struct iom_le16 flags;
};
IOM_STATIC_ASSERT(sizeof(struct pvirtq_desc) == 16);

/* 2.8.14 Event Suppression Structure Format, as one 32-bit word */
#define PVIRTQ_EVENT_DESC_OFF		IOM_BITS32(14, 0)
#define PVIRTQ_EVENT_DESC_WRAP		IOM_BIT32(15)
#define PVIRTQ_EVENT_FLAGS		IOM_BITS32(17, 16)
#define   RING_EVENT_FLAGS_ENABLE	0u
#define   RING_EVENT_FLAGS_DISABLE	1u
#define   RING_EVENT_FLAGS_DESC		2u

/* 4.1.2 PCI Device Discovery */
#define VIRTIO_PCI_VENDOR_ID		0x1af4u
#define VIRTIO_PCI_DEVICE_ID_BASE	0x1040u		/* plus the virtio device ID */
#define VIRTIO_PCI_REVISION_ID		0x01u

/* 4.1.4 Virtio Structure PCI Capabilities: struct virtio_pci_cap */
#define VIRTIO_PCI_CAP_VNDR		0x00u		/* u8: PCI_CAP_ID_VNDR */
#define VIRTIO_PCI_CAP_NEXT		0x01u		/* u8 */
#define VIRTIO_PCI_CAP_LEN		0x02u		/* u8 */
#define VIRTIO_PCI_CAP_CFG_TYPE		0x03u		/* u8 */
#define   VIRTIO_PCI_CAP_COMMON_CFG	1u
#define   VIRTIO_PCI_CAP_NOTIFY_CFG	2u
#define   VIRTIO_PCI_CAP_ISR_CFG	3u
#define   VIRTIO_PCI_CAP_DEVICE_CFG	4u
#define   VIRTIO_PCI_CAP_PCI_CFG	5u
#define   VIRTIO_PCI_CAP_SHARED_MEMORY_CFG 8u
#define   VIRTIO_PCI_CAP_VENDOR_CFG	9u
#define VIRTIO_PCI_CAP_BAR		0x04u		/* u8 */
#define VIRTIO_PCI_CAP_ID		0x05u		/* u8 */
#define VIRTIO_PCI_CAP_OFFSET		0x08u		/* le32 */
#define VIRTIO_PCI_CAP_LENGTH		0x0cu		/* le32 */
#define VIRTIO_PCI_CAP_SIZE		0x10u
#define VIRTIO_PCI_CAP_ID_VNDR		0x09u		/* PCI's vendor-specific capability ID */

/* 4.1.4.3 Common configuration structure layout: struct virtio_pci_common_cfg */
#define VIRTIO_PCI_COMMON_DEVICE_FEATURE_SELECT	0x00u	/* le32 */
#define VIRTIO_PCI_COMMON_DEVICE_FEATURE	0x04u	/* le32, read-only */
#define VIRTIO_PCI_COMMON_DRIVER_FEATURE_SELECT	0x08u	/* le32 */
#define VIRTIO_PCI_COMMON_DRIVER_FEATURE	0x0cu	/* le32 */
#define VIRTIO_PCI_COMMON_CONFIG_MSIX_VECTOR	0x10u	/* le16 */
#define VIRTIO_PCI_COMMON_NUM_QUEUES		0x12u	/* le16, read-only */
#define VIRTIO_PCI_COMMON_DEVICE_STATUS		0x14u	/* u8 */
#define VIRTIO_PCI_COMMON_CONFIG_GENERATION	0x15u	/* u8, read-only */
#define VIRTIO_PCI_COMMON_QUEUE_SELECT		0x16u	/* le16 */
#define VIRTIO_PCI_COMMON_QUEUE_SIZE		0x18u	/* le16 */
#define VIRTIO_PCI_COMMON_QUEUE_MSIX_VECTOR	0x1au	/* le16 */
#define VIRTIO_PCI_COMMON_QUEUE_ENABLE		0x1cu	/* le16 */
#define VIRTIO_PCI_COMMON_QUEUE_NOTIFY_OFF	0x1eu	/* le16, read-only */
#define VIRTIO_PCI_COMMON_QUEUE_DESC		0x20u	/* le64 */
#define VIRTIO_PCI_COMMON_QUEUE_DRIVER		0x28u	/* le64 */
#define VIRTIO_PCI_COMMON_QUEUE_DEVICE		0x30u	/* le64 */
#define VIRTIO_PCI_COMMON_QUEUE_NOTIF_CONFIG_DATA 0x38u	/* le16, read-only */
#define VIRTIO_PCI_COMMON_QUEUE_RESET		0x3au	/* le16 */
#define VIRTIO_PCI_COMMON_ADMIN_QUEUE_INDEX	0x3cu	/* le16, read-only */
#define VIRTIO_PCI_COMMON_ADMIN_QUEUE_NUM	0x3eu	/* le16, read-only */
#define VIRTIO_PCI_COMMON_SIZE			0x40u
#define   VIRTIO_MSI_NO_VECTOR			0xffffu

/* 4.1.4.4 Notification structure layout: struct virtio_pci_notify_cap */
#define VIRTIO_PCI_NOTIFY_CAP_MULT	0x10u		/* le32 */
#define VIRTIO_PCI_NOTIFY_CAP_SIZE	0x14u

/* 4.1.4.5 ISR status capability: one byte, a read clears it */
#define VIRTIO_PCI_ISR_QUEUE		0x01u
#define VIRTIO_PCI_ISR_CONFIG		0x02u

/* 4.1.4.9 PCI configuration access capability: struct virtio_pci_cfg_cap */
#define VIRTIO_PCI_CFG_CAP_DATA		0x10u		/* u8[4] */
#define VIRTIO_PCI_CFG_CAP_SIZE		0x14u

/* 4.2.2 MMIO Device Register Layout; 32 bits each below CONFIG */
#define VIRTIO_MMIO_MAGIC_VALUE		0x000u		/* R */
#define   VIRTIO_MMIO_MAGIC		0x74726976u	/* "virt" */
#define VIRTIO_MMIO_VERSION		0x004u		/* R */
#define   VIRTIO_MMIO_VERSION_2		2u
#define VIRTIO_MMIO_DEVICE_ID		0x008u		/* R */
#define VIRTIO_MMIO_VENDOR_ID		0x00cu		/* R */
#define VIRTIO_MMIO_DEVICE_FEATURES	0x010u		/* R */
#define VIRTIO_MMIO_DEVICE_FEATURES_SEL	0x014u		/* W */
#define VIRTIO_MMIO_DRIVER_FEATURES	0x020u		/* W */
#define VIRTIO_MMIO_DRIVER_FEATURES_SEL	0x024u		/* W */
#define VIRTIO_MMIO_QUEUE_SEL		0x030u		/* W */
#define VIRTIO_MMIO_QUEUE_SIZE_MAX	0x034u		/* R */
#define VIRTIO_MMIO_QUEUE_SIZE		0x038u		/* W */
#define VIRTIO_MMIO_QUEUE_READY		0x044u		/* RW */
#define VIRTIO_MMIO_QUEUE_NOTIFY	0x050u		/* W */
#define VIRTIO_MMIO_INTERRUPT_STATUS	0x060u		/* R */
#define   VIRTIO_MMIO_INT_USED_BUFFER	0x1u
#define   VIRTIO_MMIO_INT_CONFIG_CHANGE	0x2u
#define VIRTIO_MMIO_INTERRUPT_ACK	0x064u		/* W */
#define VIRTIO_MMIO_STATUS		0x070u		/* RW */
#define VIRTIO_MMIO_QUEUE_DESC_LOW	0x080u		/* W */
#define VIRTIO_MMIO_QUEUE_DESC_HIGH	0x084u		/* W */
#define VIRTIO_MMIO_QUEUE_DRIVER_LOW	0x090u		/* W */
#define VIRTIO_MMIO_QUEUE_DRIVER_HIGH	0x094u		/* W */
#define VIRTIO_MMIO_QUEUE_DEVICE_LOW	0x0a0u		/* W */
#define VIRTIO_MMIO_QUEUE_DEVICE_HIGH	0x0a4u		/* W */
#define VIRTIO_MMIO_SHM_SEL		0x0acu		/* W */
#define VIRTIO_MMIO_SHM_LEN_LOW		0x0b0u		/* R */
#define VIRTIO_MMIO_SHM_LEN_HIGH	0x0b4u		/* R */
#define VIRTIO_MMIO_SHM_BASE_LOW	0x0b8u		/* R */
#define VIRTIO_MMIO_SHM_BASE_HIGH	0x0bcu		/* R */
#define VIRTIO_MMIO_QUEUE_RESET		0x0c0u		/* RW */
#define VIRTIO_MMIO_CONFIG_GENERATION	0x0fcu		/* R */
#define VIRTIO_MMIO_CONFIG		0x100u		/* RW */

/* 5 Device Types */
#define VIRTIO_ID_BLOCK			2u
#define VIRTIO_ID_ENTROPY		4u

/* 6 Reserved Feature Bits */
#define VIRTIO_F_INDIRECT_DESC		IOM_BIT64(28)
#define VIRTIO_F_EVENT_IDX		IOM_BIT64(29)
#define VIRTIO_F_VERSION_1		IOM_BIT64(32)
#define VIRTIO_F_ACCESS_PLATFORM	IOM_BIT64(33)
#define VIRTIO_F_RING_PACKED		IOM_BIT64(34)
#define VIRTIO_F_IN_ORDER		IOM_BIT64(35)
#define VIRTIO_F_ORDER_PLATFORM		IOM_BIT64(36)
#define VIRTIO_F_SR_IOV			IOM_BIT64(37)
#define VIRTIO_F_NOTIFICATION_DATA	IOM_BIT64(38)
#define VIRTIO_F_NOTIF_CONFIG_DATA	IOM_BIT64(39)
#define VIRTIO_F_RING_RESET		IOM_BIT64(40)
#define VIRTIO_F_ADMIN_VQ		IOM_BIT64(41)

#endif
