/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VIRTIO 1.3 section 5.2, the block device, in the document's order. Constants
 * and layouts only. Everything is little-endian; the unit of the protocol is
 * the sector of 512 bytes, whatever blk_size says.
 */
#ifndef IOM_SPEC_VIRTIO_BLK_H
#define IOM_SPEC_VIRTIO_BLK_H

#include <iom/base/endian.h>
#include <iom/base/field.h>

#define VIRTIO_BLK_SECTOR_LG2		9u
#define VIRTIO_BLK_SECTOR		512u

/* 5.2.2 Virtqueues, without VIRTIO_BLK_F_MQ */
#define VIRTIO_BLK_REQUESTQ		0u

/* 5.2.3 Feature bits */
#define VIRTIO_BLK_F_SIZE_MAX		IOM_BIT64(1)
#define VIRTIO_BLK_F_SEG_MAX		IOM_BIT64(2)
#define VIRTIO_BLK_F_GEOMETRY		IOM_BIT64(4)
#define VIRTIO_BLK_F_RO			IOM_BIT64(5)
#define VIRTIO_BLK_F_BLK_SIZE		IOM_BIT64(6)
#define VIRTIO_BLK_F_FLUSH		IOM_BIT64(9)
#define VIRTIO_BLK_F_TOPOLOGY		IOM_BIT64(10)
#define VIRTIO_BLK_F_CONFIG_WCE		IOM_BIT64(11)
#define VIRTIO_BLK_F_MQ			IOM_BIT64(12)
#define VIRTIO_BLK_F_DISCARD		IOM_BIT64(13)
#define VIRTIO_BLK_F_WRITE_ZEROES	IOM_BIT64(14)
#define VIRTIO_BLK_F_LIFETIME		IOM_BIT64(15)
#define VIRTIO_BLK_F_SECURE_ERASE	IOM_BIT64(16)
#define VIRTIO_BLK_F_ZONED		IOM_BIT64(17)

/* 5.2.4 Device configuration layout: struct virtio_blk_config */
#define VIRTIO_BLK_CFG_CAPACITY			0u	/* le64, sectors */
#define VIRTIO_BLK_CFG_SIZE_MAX			8u	/* le32 */
#define VIRTIO_BLK_CFG_SEG_MAX			12u	/* le32 */
#define VIRTIO_BLK_CFG_GEOMETRY			16u	/* le16, u8, u8 */
#define VIRTIO_BLK_CFG_BLK_SIZE			20u	/* le32, bytes */
#define VIRTIO_BLK_CFG_PHYSICAL_BLOCK_EXP	24u	/* u8, blocks, log2 */
#define VIRTIO_BLK_CFG_ALIGNMENT_OFFSET		25u	/* u8 */
#define VIRTIO_BLK_CFG_MIN_IO_SIZE		26u	/* le16, blocks */
#define VIRTIO_BLK_CFG_OPT_IO_SIZE		28u	/* le32, blocks */
#define VIRTIO_BLK_CFG_WRITEBACK		32u	/* u8, written by the driver */
#define VIRTIO_BLK_CFG_NUM_QUEUES		34u	/* le16 */
#define VIRTIO_BLK_CFG_MAX_DISCARD_SECTORS	36u	/* le32 */
#define VIRTIO_BLK_CFG_MAX_DISCARD_SEG		40u	/* le32 */
#define VIRTIO_BLK_CFG_DISCARD_SECTOR_ALIGNMENT	44u	/* le32, sectors */
#define VIRTIO_BLK_CFG_MAX_WRITE_ZEROES_SECTORS	48u	/* le32 */
#define VIRTIO_BLK_CFG_MAX_WRITE_ZEROES_SEG	52u	/* le32 */
#define VIRTIO_BLK_CFG_WRITE_ZEROES_MAY_UNMAP	56u	/* u8, then 3 of padding */
#define VIRTIO_BLK_CFG_LEN			60u	/* up to WRITE_ZEROES */

/* 5.2.6 Device Operation: the readable head of struct virtio_blk_req */
struct virtio_blk_req_head {
	struct iom_le32 type;
	struct iom_le32 reserved;
	struct iom_le64 sector;
};
IOM_STATIC_ASSERT(sizeof(struct virtio_blk_req_head) == 16);
#define VIRTIO_BLK_T_IN			0u
#define VIRTIO_BLK_T_OUT		1u
#define VIRTIO_BLK_T_FLUSH		4u
#define VIRTIO_BLK_T_GET_ID		8u
#define VIRTIO_BLK_T_GET_LIFETIME	10u
#define VIRTIO_BLK_T_DISCARD		11u
#define VIRTIO_BLK_T_WRITE_ZEROES	13u
#define VIRTIO_BLK_T_SECURE_ERASE	14u

struct virtio_blk_discard_write_zeroes {
	struct iom_le64 sector;
	struct iom_le32 num_sectors;
	struct iom_le32 flags;
};
IOM_STATIC_ASSERT(sizeof(struct virtio_blk_discard_write_zeroes) == 16);
#define VIRTIO_BLK_DWZ_F_UNMAP		IOM_BIT32(0)

/* NUL-padded, without a NUL if all 20 bytes are used */
#define VIRTIO_BLK_ID_BYTES		20u

/* The status byte, last of the device-writable bytes */
#define VIRTIO_BLK_S_OK			0u
#define VIRTIO_BLK_S_IOERR		1u
#define VIRTIO_BLK_S_UNSUPP		2u

#endif
