/* SPDX-License-Identifier: BSD-2-Clause */
/* An SMMUv3 (<iom/drv/smmuv3_drv.h>) as an IOMMU of the core (<iom/drv/core.h>). */
#ifndef IOM_DRV_SMMUV3_DRV_CORE_H
#define IOM_DRV_SMMUV3_DRV_CORE_H

#include <iom/drv/core.h>
#include <iom/drv/smmuv3_drv.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For iom_core_iommu_add(). key: by which the firmware's description names it. IOM_ENOMEM. */
int iom_smmuv3_drv_core_create(struct iom_plat *plat, struct iom_smmuv3_drv *s, uint64_t key,
			       struct iom_core_iommu **out);
/* After iom_core_iommu_remove(), and before iom_smmuv3_drv_destroy(). */
void iom_smmuv3_drv_core_destroy(struct iom_core_iommu *i);

#ifdef __cplusplus
}
#endif
#endif
