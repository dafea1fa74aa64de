/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that an endpoint behind an IOMMU sees: a gmem whose addresses are
 * IOVAs, over an xlate and the memory behind it. Its bracket opens the IOMMU's
 * bracket and the memory's, so a pointer or a run is good until the end, and an
 * UNMAP answered meanwhile cannot exist. One object a thread.
 */
#ifndef IOM_DEV_XGMEM_H
#define IOM_DEV_XGMEM_H

#include <iom/dev/xlate.h>
#include <iom/plat/gmem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_xgmem {
	struct iom_gmem g;
	struct iom_xlate *x;
	struct iom_gmem *parent;
	struct iom_access access;
	/* Bytes translated for the endpoint, refusals; written by its thread, read by any. */
	IOM_ATOMIC(uint64_t) bytes_read;
	IOM_ATOMIC(uint64_t) bytes_written;
	IOM_ATOMIC(uint64_t) faults;
};

/* Joins the IOMMU's gate. parent is used by this object's thread only. IOM_EINVAL: none. */
int iom_xgmem_init(struct iom_xgmem *xg, struct iom_xlate *x, struct iom_gmem *parent);
void iom_xgmem_fini(struct iom_xgmem *xg);

#ifdef __cplusplus
}
#endif
#endif
