/* SPDX-License-Identifier: BSD-2-Clause */
/* All that a VMM, simulator or test needs to embed the device half. */
#ifndef IOM_DEVICE_H
#define IOM_DEVICE_H

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
#include <iom/pci/pci.h>
#include <iom/virtio/virtio_dev.h>
#include <iom/virtio/vmmio_dev.h>
#include <iom/virtio/vpci_dev.h>
#include <iom/virtio/vq_dev.h>
#include <iom/dev/access.h>
#include <iom/dev/smmuv3_atc.h>
#include <iom/dev/smmuv3_ats.h>
#include <iom/dev/smmuv3_dev.h>
#include <iom/dev/smmuv3_strict.h>
#include <iom/dev/viommu_dev.h>
#include <iom/dev/viommu_vq.h>
#include <iom/dev/xgmem.h>
#include <iom/dev/xlate.h>
#include <iom/ep/blk.h>
#include <iom/ep/dmatest.h>
#include <iom/ep/rng.h>

#endif
