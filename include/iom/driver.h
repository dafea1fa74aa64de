/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver half, all of it: page tables, IOVAs, domains, the core, drivers of IOMMUs. */
#ifndef IOM_DRIVER_H
#define IOM_DRIVER_H

#include <iom/base/atomic.h>
#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/list.h>
#include <iom/base/mem.h>
#include <iom/base/range.h>
#include <iom/base/state.h>
#include <iom/plat/dmem.h>
#include <iom/plat/gmem.h>
#include <iom/plat/irq.h>
#include <iom/plat/mmio.h>
#include <iom/plat/plat.h>
#include <iom/plat/store.h>
#include <iom/pt/pt.h>
#include <iom/drv/core.h>
#include <iom/drv/domain.h>
#include <iom/drv/fault.h>
#include <iom/drv/iommu.h>
#include <iom/drv/smmuv3_drv.h>
#include <iom/drv/smmuv3_drv_core.h>
#include <iom/dma/iova.h>

#endif
