/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AArch64 translation tables (VMSAv8-64), as Arm DDI 0487 D8 has them and as
 * SMMUv3 walks them: one 64-bit little-endian descriptor, granules of 4, 16
 * and 64 KiB, stage 1 and stage 2. A name ending in _ADDR is an address in
 * place, used with & and never shifted.
 */
#ifndef IOM_SPEC_LPAE_H
#define IOM_SPEC_LPAE_H

#include <iom/base/endian.h>
#include <iom/base/field.h>

/* D8.2 Levels -1 to 3; level 3 has the pages. */
#define LPAE_LEVEL_FIRST		(-1)
#define LPAE_LEVEL_LAST			3
#define LPAE_CONCAT_LG2_MAX		4u	/* 16 tables at the start of stage 2 */
#define LPAE_ROOT_ALIGN_LG2		6u	/* a start table stands at 64 bytes at least */

/* D8.3 Descriptors: bits 1:0 */
#define LPAE_VALID			IOM_BIT64(0)
#define LPAE_TYPE			IOM_BITS64(1, 0)
#define   LPAE_TYPE_BLOCK		1u	/* at level 3: reserved */
#define   LPAE_TYPE_TABLE		3u	/* at level 3: a page */

/* Output address of tables, blocks and pages; below the granule's lowest bit: 0 */
#define LPAE_OA_48_ADDR			IOM_BITS64(47, 12)
#define LPAE_OA_DS_ADDR			IOM_BITS64(49, 12)	/* OA[49:12], and */
#define LPAE_OA_DS_51_50		IOM_BITS64(9, 8)	/* OA[51:50] */
#define LPAE_OA_64K_51_48		IOM_BITS64(15, 12)	/* 64K granule: OA[51:48] */
#define   LPAE_OA_DS_51_50_LSB		50u
#define   LPAE_OA_64K_51_48_LSB		48u

/* Table descriptor, stage 1; stage 2 has the address only */
#define LPAE_TABLE_PXN			IOM_BIT64(59)
#define LPAE_TABLE_XN			IOM_BIT64(60)	/* UXNTable with two privileges */
#define LPAE_TABLE_AP			IOM_BITS64(62, 61)
#define LPAE_TABLE_AP_NO_EL0		IOM_BIT64(61)
#define LPAE_TABLE_AP_NO_WRITE		IOM_BIT64(62)
#define LPAE_TABLE_NS			IOM_BIT64(63)

/* Block and page, both stages */
#define LPAE_SH				IOM_BITS64(9, 8)	/* not with DS */
#define   LPAE_SH_NSH			0u
#define   LPAE_SH_OSH			2u
#define   LPAE_SH_ISH			3u
#define LPAE_AF				IOM_BIT64(10)	/* of a table: with HAFT */
#define LPAE_NT				IOM_BIT64(16)	/* block only, BBML 1 */
#define LPAE_DBM			IOM_BIT64(51)
#define LPAE_CONTIG			IOM_BIT64(52)
#define LPAE_SW				IOM_BITS64(58, 55)
#define LPAE_PBHA			IOM_BITS64(62, 59)

/* Block and page, stage 1 */
#define LPAE_S1_ATTRINDX		IOM_BITS64(4, 2)
#define LPAE_S1_NS			IOM_BIT64(5)
#define LPAE_S1_AP			IOM_BITS64(7, 6)	/* AP[2:1] */
#define LPAE_S1_AP1_EL0			IOM_BIT64(6)	/* 1: EL0 may access */
#define LPAE_S1_AP2_RO			IOM_BIT64(7)	/* 1: read only */
#define LPAE_S1_NG			IOM_BIT64(11)
#define LPAE_S1_GP			IOM_BIT64(50)
#define LPAE_S1_PXN			IOM_BIT64(53)
#define LPAE_S1_UXN			IOM_BIT64(54)	/* XN with one privilege */

/* Block and page, stage 2 */
#define LPAE_S2_MEMATTR			IOM_BITS64(5, 2)
#define   LPAE_S2_DEVICE_nGnRE		1u	/* with FWB and without */
#define   LPAE_S2_WB			0xfu	/* without FWB: outer and inner write-back */
#define   LPAE_S2_FWB_NC		5u	/* Normal becomes non-cacheable */
#define   LPAE_S2_FWB_WB		6u	/* write-back, whatever stage 1 says */
#define   LPAE_S2_FWB_S1		7u	/* what stage 1 says */
#define LPAE_S2_AP			IOM_BITS64(7, 6)
#define LPAE_S2_AP_READ			IOM_BIT64(6)
#define LPAE_S2_AP_WRITE		IOM_BIT64(7)
#define LPAE_S2_XN			IOM_BITS64(54, 53)
#define   LPAE_S2_XN_NONE		0u	/* both may execute */
#define   LPAE_S2_XN_EL0_ONLY		1u
#define   LPAE_S2_XN_ALL		2u	/* nobody may */
#define   LPAE_S2_XN_EL1_ONLY		3u
#define LPAE_S2_XN_ANY			IOM_BIT64(54)	/* without XNX */

/* D17.2 MAIR: one byte an index; high nibble outer, low nibble inner, 0x0X Device */
#define LPAE_MAIR_DEVICE_nGnRnE		0x00u
#define LPAE_MAIR_DEVICE_nGnRE		0x04u
#define LPAE_MAIR_DEVICE_nGRE		0x08u
#define LPAE_MAIR_DEVICE_GRE		0x0cu
#define LPAE_MAIR_NORMAL_NC		0x44u
#define LPAE_MAIR_NORMAL_WT		0xbbu
#define LPAE_MAIR_NORMAL_WB		0xffu

/* TxSZ: input address bits are 64 - TxSZ */
#define LPAE_TXSZ_MIN			16u
#define LPAE_TXSZ_MIN_52		12u	/* DS, or 64K with 52-bit addresses */
#define LPAE_TXSZ_MAX			39u
#define LPAE_TXSZ_MAX_STT		48u	/* small tables: FEAT_TTST */
#define LPAE_TXSZ_MAX_STT_64K		47u

#endif
