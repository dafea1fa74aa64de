/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver of stage 2 alone, with one device. Each returns as libiom's calls do. */
#ifndef BAREMETAL_STAGE2_H
#define BAREMETAL_STAGE2_H

#include <iom/drv/fault.h>
#include <iom/plat/dmem.h>
#include <iom/plat/mmio.h>
#include <iom/plat/plat.h>

int stage2_start(struct iom_plat *plat, struct iom_dmem *dmem, struct iom_mmio *mmio, uint32_t sid,
		 enum iom_fault_answer (*fault)(void *arg, const struct iom_fault *f));
int stage2_map(struct iom_range iova, uint64_t pa);
int stage2_unmap(struct iom_range iova);
void stage2_poll(void);			/* tells faults */
int stage2_stop(void);

#endif
