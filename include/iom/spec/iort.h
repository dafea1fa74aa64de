/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IO Remapping Table (IORT), Arm DEN 0049, revision E.e. Offsets are in bytes,
 * values little-endian, all fields 32 bits unless the comment says otherwise. The
 * ACPI table header is in <iom/spec/viot.h>.
 */
#ifndef IOM_SPEC_IORT_H
#define IOM_SPEC_IORT_H

#include <iom/base/field.h>

#define IORT_SIGNATURE			"IORT"

/* Table 2: IORT header, after the ACPI header */
#define IORT_NODE_COUNT			36
#define IORT_NODE_OFFSET		40	/* from the start of the table */
#define IORT_HDR_SIZE			48
#define IORT_REVISION			6	/* E.d and E.e; 5 is E.c */

/* Table 3: every node */
#define IORT_NODE_TYPE			0	/* 8 bits */
#define   IORT_NODE_ITS			0u
#define   IORT_NODE_NAMED		1u
#define   IORT_NODE_RC			2u
#define   IORT_NODE_SMMU		3u	/* v1 and v2 */
#define   IORT_NODE_SMMUV3		4u
#define   IORT_NODE_PMCG		5u
#define   IORT_NODE_RMR			6u
#define IORT_NODE_LENGTH		1	/* 16 bits */
#define IORT_NODE_REVISION		3	/* 8 bits */
#define IORT_NODE_ID			4	/* since E: unique in the table */
#define IORT_NODE_NR_MAPS		8
#define IORT_NODE_MAPS			12	/* from the start of the node */
#define IORT_NODE_HDR_SIZE		16

/* Table 4: ID mapping */
#define IORT_MAP_INPUT			0
#define IORT_MAP_COUNT			4	/* less one */
#define IORT_MAP_OUTPUT			8
#define IORT_MAP_REF			12	/* a node, from the start of the table */
#define IORT_MAP_FLAGS			16
#define   IORT_MAP_SINGLE		IOM_BIT32(0)
#define IORT_MAP_SIZE			20

/* ITS group */
#define IORT_ITS_COUNT			16
#define IORT_ITS_IDS			20
#define IORT_ITS_SIZE			20	/* and 4 each */

/* Memory access properties, Table 14 */
#define IORT_MEM_CCA			0	/* 1: fully coherent */
#define IORT_MEM_HINTS			4	/* 8 bits; 16 reserved after */
#define IORT_MEM_FLAGS			7	/* 8 bits */
#define   IORT_MEM_CPM			1u
#define   IORT_MEM_DACS			2u
#define   IORT_MEM_CANWBS		4u

/* Named component */
#define IORT_NAMED_FLAGS		16
#define   IORT_NAMED_STALL		IOM_BIT32(0)
#define   IORT_NAMED_SSID_BITS		IOM_BITS32(5, 1)
#define IORT_NAMED_MEM			20	/* memory access properties */
#define IORT_NAMED_ADDR_BITS		28	/* 8 bits */
#define IORT_NAMED_NAME			29	/* ends with NUL */
#define IORT_NAMED_REVISION		4u

/* Root complex */
#define IORT_RC_MEM			16
#define IORT_RC_ATS			24
#define   IORT_RC_ATS_SUPPORTED		IOM_BIT32(0)
#define   IORT_RC_PRI_SUPPORTED		IOM_BIT32(1)
#define IORT_RC_SEGMENT			28
#define IORT_RC_ADDR_BITS		32	/* 8 bits */
#define IORT_RC_SIZE_0			33	/* revisions 0 and 1 end here */
#define IORT_RC_SIZE_3			36	/* 2 and 3 here, with reserved bytes */
#define IORT_RC_PASID			33	/* 16 bits, since revision 4 */
#define IORT_RC_FLAGS			36	/* since revision 4 */
#define IORT_RC_SIZE			40
#define IORT_RC_REVISION		4u

/* SMMUv3 */
#define IORT_SMMUV3_BASE		16	/* 64 bits */
#define IORT_SMMUV3_FLAGS		24
#define   IORT_SMMUV3_COHACC		IOM_BIT32(0)
#define   IORT_SMMUV3_PXM_VALID		IOM_BIT32(3)
#define   IORT_SMMUV3_ID_VALID		IOM_BIT32(4)	/* since revision 5 */
#define IORT_SMMUV3_VATOS		32	/* 64 bits */
#define IORT_SMMUV3_MODEL		40
#define IORT_SMMUV3_EVENT		44	/* GSIVs, 0: none */
#define IORT_SMMUV3_PRI			48
#define IORT_SMMUV3_GERR		52
#define IORT_SMMUV3_SYNC		56
#define IORT_SMMUV3_PXM			60
#define IORT_SMMUV3_ID_INDEX		64	/* since revision 1 */
#define IORT_SMMUV3_SIZE_0		60	/* revision 0 */
#define IORT_SMMUV3_SIZE		68
#define IORT_SMMUV3_REVISION		5u

/* Reserved memory range */
#define IORT_RMR_FLAGS			16
#define   IORT_RMR_REMAP		IOM_BIT32(0)
#define   IORT_RMR_PRIVILEGED		IOM_BIT32(1)
#define   IORT_RMR_ATTR			IOM_BITS32(9, 2)
#define IORT_RMR_COUNT			20
#define IORT_RMR_OFFSET			24	/* from the start of the node */
#define IORT_RMR_SIZE			28
#define IORT_RMR_REVISION		3u
#define IORT_RMR_BASE			0	/* of a descriptor, 64 bits */
#define IORT_RMR_LENGTH			8	/* 64 bits */
#define IORT_RMR_DESC_SIZE		20

#endif
