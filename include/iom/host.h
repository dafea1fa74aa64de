/* SPDX-License-Identifier: BSD-2-Clause */
/* All that a program on Linux needs around the halves: memory, threads, vfio-user, firmware. */
#ifndef IOM_HOST_H
#define IOM_HOST_H

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
#include <iom/vfu/vfu.h>
#include <iom/host/host.h>
#include <iom/host/host_iova.h>
#include <iom/host/host_store.h>
#include <iom/host/host_worker.h>
#include <iom/fw/diag.h>
#include <iom/fw/iort.h>
#include <iom/fw/machine.h>
#include <iom/fw/streams.h>
#include <iom/fw/viot.h>

#endif
