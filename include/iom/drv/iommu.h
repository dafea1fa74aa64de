/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One IOMMU as a domain sees it, whatever drives it: who carries out the
 * invalidations that the domain's attachments need. The driver embeds it.
 */
#ifndef IOM_DRV_IOMMU_H
#define IOM_DRV_IOMMU_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/range.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_iommu;

/* Kinds in the order in which they are carried out: what an ATC asks again must be gone first. */
enum iom_inv_kind {
	IOM_INV_STAGE1,		/* translations under an ASID */
	IOM_INV_STAGE2,		/* of stage 2 alone, under a VMID */
	IOM_INV_PARENT,		/* under a VMID, with what stands on it: both stages combined */
	IOM_INV_ATC,		/* what an endpoint keeps itself */
};

/* What one attachment needs when a mapping of its domain goes. */
struct iom_inv {
	struct iom_iommu *iommu;
	enum iom_inv_kind kind;
	uint32_t id;		/* ASID, VMID, StreamID */
	uint32_t pasid;		/* ATC, with has_pasid */
	bool has_pasid;
};

/* What has gone. */
struct iom_inv_range {
	struct iom_range iova;
	uint8_t granule_lg2;	/* of the tables; 0: all addresses, whatever iova says */
	uint64_t leaf_sizes;	/* bit n: leaves of 2^n bytes have gone; 0: any */
	bool tables;		/* tables too, not only leaves */
};

struct iom_iommu_ops {
	/*
	 * Called by a domain that has taken translations out of its tables, no
	 * lock held or the domain's. Returns when hardware has confirmed that
	 * none is in use any more; IOM_EIO if it has not: then they may be for
	 * ever. inv: nr of them, all of this IOMMU, sorted by kind, each for each
	 * of the ranges. May sleep.
	 */
	int (*invalidate)(struct iom_iommu *i, const struct iom_inv *inv, unsigned int nr,
			  const struct iom_inv_range *r, unsigned int nr_ranges);
};

struct iom_iommu {
	const struct iom_iommu_ops *ops;
};

#ifdef __cplusplus
}
#endif
#endif
