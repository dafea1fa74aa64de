/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vfio-user, protocol 0.9: message layouts and constants, in the document's
 * order. Everything is in host byte order; a message is a header, then fields,
 * then data. Offsets in comments count from the end of the header.
 */
#ifndef IOM_SPEC_VFIO_USER_H
#define IOM_SPEC_VFIO_USER_H

#include <stdint.h>

#include <iom/base/field.h>

/* Header */
struct vfio_user_hdr {
	uint16_t id;		/* of the sender of the command; a reply repeats it */
	uint16_t cmd;
	uint32_t size;		/* with the header */
	uint32_t flags;
	uint32_t error;		/* errno, with ERROR */
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_hdr) == 16);

#define VFIO_USER_F_TYPE	IOM_BITS32(3, 0)
#define   VFIO_USER_TYPE_COMMAND	0u
#define   VFIO_USER_TYPE_REPLY		1u
#define VFIO_USER_F_NO_REPLY	IOM_BIT32(4)
#define VFIO_USER_F_ERROR	IOM_BIT32(5)

/* Commands */
#define VFIO_USER_VERSION			1u
#define VFIO_USER_DMA_MAP			2u
#define VFIO_USER_DMA_UNMAP			3u
#define VFIO_USER_DEVICE_GET_INFO		4u
#define VFIO_USER_DEVICE_GET_REGION_INFO	5u
#define VFIO_USER_DEVICE_GET_REGION_IO_FDS	6u
#define VFIO_USER_DEVICE_GET_IRQ_INFO		7u
#define VFIO_USER_DEVICE_SET_IRQS		8u
#define VFIO_USER_REGION_READ			9u
#define VFIO_USER_REGION_WRITE			10u
#define VFIO_USER_DMA_READ			11u	/* server to client */
#define VFIO_USER_DMA_WRITE			12u	/* server to client */
#define VFIO_USER_DEVICE_RESET			13u
#define VFIO_USER_REGION_WRITE_MULTI		15u
#define VFIO_USER_DEVICE_FEATURE		16u
#define VFIO_USER_MIG_DATA_READ			17u
#define VFIO_USER_MIG_DATA_WRITE		18u

/* VERSION: then JSON text with its NUL, {"capabilities": {...}} */
struct vfio_user_version {
	uint16_t major;
	uint16_t minor;
};

/* What a capability means that the text does not name */
#define VFIO_USER_DEFAULT_MAX_MSG_FDS		1u
#define VFIO_USER_DEFAULT_MAX_DATA_XFER_SIZE	1048576u
#define VFIO_USER_DEFAULT_MAX_DMA_MAPS		65535u
#define VFIO_USER_DEFAULT_PGSIZES		4096u

struct vfio_user_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;	/* in the file of the descriptor */
	uint64_t addr;
	uint64_t size;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_dma_map) == 32);

#define VFIO_USER_DMA_F_READ	IOM_BIT32(0)
#define VFIO_USER_DMA_F_WRITE	IOM_BIT32(1)
#define VFIO_USER_DMA_F_MMAP	IOM_BIT32(2)	/* of some clients: says nothing new */

struct vfio_user_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_dma_unmap) == 24);

struct vfio_user_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_device_info) == 16);

#define VFIO_USER_DEVICE_F_RESET	IOM_BIT32(0)
#define VFIO_USER_DEVICE_F_PCI		IOM_BIT32(1)

struct vfio_user_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;	/* of an mmap of the region's descriptor */
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_region_info) == 32);

#define VFIO_USER_REGION_F_READ		IOM_BIT32(0)
#define VFIO_USER_REGION_F_WRITE	IOM_BIT32(1)
#define VFIO_USER_REGION_F_MMAP		IOM_BIT32(2)
#define VFIO_USER_REGION_F_CAPS		IOM_BIT32(3)

/* Regions of a PCI function; 0 to 5 are the BARs */
#define VFIO_USER_PCI_ROM_REGION	6u
#define VFIO_USER_PCI_CONFIG_REGION	7u
#define VFIO_USER_PCI_VGA_REGION	8u
#define VFIO_USER_PCI_NUM_REGIONS	9u

struct vfio_user_region_io_fds {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_region_io_fds) == 16);

struct vfio_user_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_irq_info) == 16);

#define VFIO_USER_IRQ_F_EVENTFD		IOM_BIT32(0)
#define VFIO_USER_IRQ_F_MASKABLE	IOM_BIT32(1)
#define VFIO_USER_IRQ_F_AUTOMASKED	IOM_BIT32(2)
#define VFIO_USER_IRQ_F_NORESIZE	IOM_BIT32(3)

/* Interrupt indices of a PCI function */
#define VFIO_USER_PCI_INTX_IRQ		0u
#define VFIO_USER_PCI_MSI_IRQ		1u
#define VFIO_USER_PCI_MSIX_IRQ		2u
#define VFIO_USER_PCI_ERR_IRQ		3u
#define VFIO_USER_PCI_REQ_IRQ		4u
#define VFIO_USER_PCI_NUM_IRQS		5u

/* SET_IRQS: then with DATA_BOOL a byte for each interrupt; eventfds are ancillary */
struct vfio_user_set_irqs {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_set_irqs) == 20);

#define VFIO_USER_SET_IRQS_DATA		IOM_BITS32(2, 0)
#define   VFIO_USER_SET_IRQS_DATA_NONE		1u
#define   VFIO_USER_SET_IRQS_DATA_BOOL		2u
#define   VFIO_USER_SET_IRQS_DATA_EVENTFD	4u
#define VFIO_USER_SET_IRQS_ACTION	IOM_BITS32(5, 3)
#define   VFIO_USER_SET_IRQS_ACTION_MASK	1u
#define   VFIO_USER_SET_IRQS_ACTION_UNMASK	2u
#define   VFIO_USER_SET_IRQS_ACTION_TRIGGER	4u

/* REGION_READ's reply and REGION_WRITE: then count bytes */
struct vfio_user_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_region_access) == 16);

/* DMA_READ's reply and DMA_WRITE: then count bytes */
struct vfio_user_dma_access {
	uint64_t addr;
	uint64_t count;
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_dma_access) == 16);

/* REGION_WRITE_MULTI: a 64-bit count, then so many of these; the reply has the count */
struct vfio_user_write_multi_entry {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};
IOM_STATIC_ASSERT(sizeof(struct vfio_user_write_multi_entry) == 24);

#endif
