/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver of SMMUs needs to know of a machine, whoever described it, an
 * IORT or a device tree: the SMMUs, which endpoints have which stream IDs where,
 * and the memory that must stay mapped for some of them.
 *
 * The caller owns the arrays; whoever fills them says so where one is too small.
 * Strings live as long as the description they were taken from.
 */
#ifndef IOM_FW_STREAMS_H
#define IOM_FW_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/range.h>
#include <iom/fw/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_STREAMS_NONE	UINT32_MAX

struct iom_streams_smmu {
	uint64_t base;			/* of its registers */
	bool coherent;			/* its own accesses: tables, queues */
	/* Wired interrupts as numbers of the interrupt controller (GSIV); 0: none. */
	uint32_t irq_event;
	uint32_t irq_pri;
	uint32_t irq_gerror;
	uint32_t irq_sync;
	bool has_msi;			/* its MSIs have this device ID */
	uint32_t msi_id;
	uint32_t source;		/* offset in the IORT, index in iom_machine.iommus */
};

/*
 * Endpoints in a row: PCI functions whose requester ID, after the mask, is in
 * [rid_first, rid_last], or one platform device. Ranges of one segment do not overlap.
 */
struct iom_streams_range {
	const char *path;		/* platform: ACPI name or device tree path; else NULL */
	uint16_t segment;		/* PCI */
	uint16_t rid_mask;
	uint16_t rid_first;
	uint16_t rid_last;
	uint32_t smmu;			/* index, or NONE: not translated */
	uint32_t id;			/* stream ID of the first */
	uint8_t addr_bits;		/* that it can issue; 0: not said */
	bool coherent;			/* the device itself; see iom_streams_coherent() */
	bool can_wbs;			/* PCI: CANWBS, write-back despite No Snoop (B3) */
	bool ats;			/* PCI: the root complex supports ATS */
	bool stall;			/* platform: can be stalled */
};

/*
 * IOVAs of these streams that are not free. Where they are mapped, the streams must
 * reach that memory before and after a driver takes over.
 */
struct iom_streams_resv {
	struct iom_range range;
	bool mapped;			/* else nothing may be there */
	uint64_t pa;			/* of the first byte; an IORT's are mapped at their own */
	uint32_t smmu;
	uint32_t id_first;
	uint32_t id_last;
	bool remap;			/* may be unmapped once a driver owns the device */
	bool privileged;
};

struct iom_streams {
	struct iom_streams_smmu *smmus;
	uint32_t nr_smmus, cap_smmus;
	struct iom_streams_range *ranges;
	uint32_t nr_ranges, cap_ranges;
	struct iom_streams_resv *resvs;
	uint32_t nr_resvs, cap_resvs;
};

/*
 * The SMMU and stream ID of a PCI function: IOM_OK, or IOM_ENOENT if no SMMU
 * translates it.
 */
int iom_streams_find_pci(const struct iom_streams *s, uint16_t segment, uint16_t rid,
			 uint32_t *smmu, uint32_t *id);

/* The nth (from 0) stream of a platform device; IOM_ENOENT behind the last. */
int iom_streams_find_path(const struct iom_streams *s, const char *path, uint32_t nth,
			  uint32_t *smmu, uint32_t *id);

/*
 * Do caches see what it writes, all the way? Only if the device is coherent and
 * the SMMU in front of it, too (B1).
 */
bool iom_streams_coherent(const struct iom_streams *s, const struct iom_streams_range *r);

#ifdef __cplusplus
}
#endif
#endif
