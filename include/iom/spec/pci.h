/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space of a type 0 function: PCI Local Bus 3.0 chapter 6, PCI
 * Power Management 1.2, PCI Express Base 5.0 chapter 7. Offsets of a capability
 * are from its start. Only what an endpoint has.
 */
#ifndef IOM_SPEC_PCI_H
#define IOM_SPEC_PCI_H

#include <iom/base/field.h>

#define PCI_CFG_SIZE			256u
#define PCIE_CFG_SIZE			4096u

/* PCI 6.1 Configuration space organisation */
#define PCI_VENDOR_ID			0x00u	/* u16 */
#define PCI_DEVICE_ID			0x02u	/* u16 */
#define PCI_COMMAND			0x04u	/* u16 */
#define PCI_STATUS			0x06u	/* u16 */
#define PCI_REVISION_ID			0x08u	/* u8 */
#define PCI_CLASS_CODE			0x09u	/* u24 */
#define PCI_CACHE_LINE_SIZE		0x0cu	/* u8 */
#define PCI_LATENCY_TIMER		0x0du	/* u8 */
#define PCI_HEADER_TYPE			0x0eu	/* u8 */
#define   PCI_HEADER_TYPE_MULTI		0x80u
#define PCI_BIST			0x0fu	/* u8 */
#define PCI_BAR(n)			(0x10u + 4u * (n))	/* u32, n 0 to 5 */
#define PCI_CARDBUS_CIS			0x28u	/* u32 */
#define PCI_SUBSYSTEM_VENDOR_ID		0x2cu	/* u16 */
#define PCI_SUBSYSTEM_ID		0x2eu	/* u16 */
#define PCI_ROM_BAR			0x30u	/* u32 */
#define PCI_CAP_POINTER			0x34u	/* u8 */
#define PCI_INTERRUPT_LINE		0x3cu	/* u8 */
#define PCI_INTERRUPT_PIN		0x3du	/* u8 */
#define PCI_MIN_GNT			0x3eu	/* u8 */
#define PCI_MAX_LAT			0x3fu	/* u8 */
#define PCI_HEADER_SIZE			0x40u

/* PCI 6.2.2 Device control */
#define PCI_COMMAND_IO			0x0001u
#define PCI_COMMAND_MEMORY		0x0002u
#define PCI_COMMAND_MASTER		0x0004u
#define PCI_COMMAND_PARITY		0x0040u
#define PCI_COMMAND_SERR		0x0100u
#define PCI_COMMAND_INTX_DISABLE	0x0400u

/* PCI 6.2.3 Device status */
#define PCI_STATUS_INTERRUPT		0x0008u
#define PCI_STATUS_CAP_LIST		0x0010u

/* PCI 6.2.5.1 Address maps: a 32-bit memory BAR has 0 in all type bits */
#define PCI_BAR_MEM_MASK		IOM_BITS32(31, 4)

/* PCI 6.7 Capabilities list; both bits 1:0 of a pointer are reserved */
#define PCI_CAP_ID			0x00u	/* u8 */
#define PCI_CAP_NEXT			0x01u	/* u8 */

/* PCI appendix H: capability IDs */
#define PCI_CAP_ID_PM			0x01u
#define PCI_CAP_ID_MSI			0x05u
#define PCI_CAP_ID_VENDOR		0x09u
#define PCI_CAP_ID_EXPRESS		0x10u
#define PCI_CAP_ID_MSIX			0x11u

/* PCI-PM 3.2 Power management register block */
#define PCI_PM_PMC			0x02u	/* u16 */
#define   PCI_PM_PMC_VERSION_1_2	0x0003u
#define PCI_PM_PMCSR			0x04u	/* u16 */
#define   PCI_PM_PMCSR_STATE		0x0003u
#define   PCI_PM_D0			0u
#define   PCI_PM_D3HOT			3u
#define   PCI_PM_PMCSR_NO_SOFT_RESET	0x0008u
#define PCI_PM_SIZE			0x08u

/* PCI 6.8.1 MSI capability, 64-bit address, no per-vector masking */
#define PCI_MSI_CONTROL			0x02u	/* u16 */
#define   PCI_MSI_CONTROL_ENABLE	0x0001u
#define   PCI_MSI_CONTROL_MMC		0x000eu	/* log2 of the vectors it has */
#define   PCI_MSI_CONTROL_MME		0x0070u	/* log2 of the vectors it may use */
#define   PCI_MSI_CONTROL_64BIT		0x0080u
#define PCI_MSI_ADDR			0x04u	/* u32, bits 1:0 reserved */
#define   PCI_MSI_ADDR_MASK		IOM_BITS32(31, 2)
#define PCI_MSI_ADDR_UPPER		0x08u	/* u32 */
#define PCI_MSI_DATA64			0x0cu	/* u16 */
#define PCI_MSI_SIZE64			0x0eu
#define PCI_MSI_VECTORS_MAX		32u

/* PCI 6.8.2 MSI-X capability and table */
#define PCI_MSIX_CONTROL		0x02u	/* u16 */
#define   PCI_MSIX_CONTROL_SIZE		0x07ffu	/* vectors minus one */
#define   PCI_MSIX_CONTROL_MASK		0x4000u
#define   PCI_MSIX_CONTROL_ENABLE	0x8000u
#define PCI_MSIX_TABLE			0x04u	/* u32 */
#define PCI_MSIX_PBA			0x08u	/* u32 */
#define   PCI_MSIX_BIR			IOM_BITS32(2, 0)
#define   PCI_MSIX_OFFSET		IOM_BITS32(31, 3)
#define PCI_MSIX_SIZE			0x0cu
/* An entry of the table, as words of 32 bits */
#define PCI_MSIX_ENTRY_SIZE		16u
#define PCI_MSIX_ENTRY_ADDR		0u	/* bits 1:0 reserved */
#define PCI_MSIX_ENTRY_ADDR_UPPER	1u
#define PCI_MSIX_ENTRY_DATA		2u
#define PCI_MSIX_ENTRY_CONTROL		3u
#define   PCI_MSIX_ENTRY_CONTROL_MASK	0x1u

/* PCIe 7.5.3 PCI Express capability, version 2 */
#define PCI_EXP_FLAGS			0x02u	/* u16 */
#define   PCI_EXP_FLAGS_VERSION_2	0x0002u
#define   PCI_EXP_FLAGS_TYPE		0x00f0u
#define   PCI_EXP_TYPE_ENDPOINT		0u
#define PCI_EXP_DEVCAP			0x04u	/* u32 */
#define   PCI_EXP_DEVCAP_L0S_LATENCY	IOM_BITS32(8, 6)
#define   PCI_EXP_DEVCAP_L1_LATENCY	IOM_BITS32(11, 9)
#define   PCI_EXP_LATENCY_NO_LIMIT	7u
#define   PCI_EXP_DEVCAP_ROLE_ERR	IOM_BIT32(15)
#define   PCI_EXP_DEVCAP_FLR		IOM_BIT32(28)
#define PCI_EXP_DEVCTL			0x08u	/* u16 */
#define   PCI_EXP_DEVCTL_ERR_ENABLES	0x000fu
#define   PCI_EXP_DEVCTL_MAX_READ	0x7000u
#define   PCI_EXP_MAX_READ_512		2u
#define   PCI_EXP_DEVCTL_FLR		0x8000u
#define PCI_EXP_DEVSTA			0x0au	/* u16 */
#define PCI_EXP_LNKCAP			0x0cu	/* u32 */
#define   PCI_EXP_LNKCAP_SPEED		IOM_BITS32(3, 0)
#define   PCI_EXP_SPEED_2_5GT		1u
#define   PCI_EXP_LNKCAP_WIDTH		IOM_BITS32(9, 4)
#define   PCI_EXP_LNKCAP_ASPM_OPTIONAL	IOM_BIT32(22)
#define PCI_EXP_LNKCTL			0x10u	/* u16 */
#define   PCI_EXP_LNKCTL_ASPM		0x0003u
#define   PCI_EXP_LNKCTL_RCB		0x0008u
#define   PCI_EXP_LNKCTL_COMMON_CLOCK	0x0040u
#define   PCI_EXP_LNKCTL_EXT_SYNCH	0x0080u
#define PCI_EXP_LNKSTA			0x12u	/* u16 */
#define   PCI_EXP_LNKSTA_SPEED		0x000fu
#define   PCI_EXP_LNKSTA_WIDTH		0x03f0u
#define PCI_EXP_DEVCAP2			0x24u	/* u32 */
#define   PCI_EXP_DEVCAP2_CPL_TIMEOUT_DIS IOM_BIT32(4)
#define PCI_EXP_DEVCTL2			0x28u	/* u16 */
#define   PCI_EXP_DEVCTL2_CPL_TIMEOUT_DIS 0x0010u
#define PCI_EXP_LNKCAP2			0x2cu	/* u32 */
#define   PCI_EXP_LNKCAP2_2_5GT		IOM_BIT32(1)
#define PCI_EXP_SIZE_V2			0x3cu

/*
 * PCIe 7.6: extended capabilities begin here; a header of all zeroes says
 * there is none.
 */
#define PCIE_EXT_CAP_START		0x100u

/* Code and ID Assignment 1: class codes (24 bits) of what libiom models */
#define PCI_CLASS_STORAGE_SCSI		0x010000u
#define PCI_CLASS_SYSTEM_IOMMU		0x080600u
#define PCI_CLASS_UNCLASSIFIED		0x00ff00u

#endif
