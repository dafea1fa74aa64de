/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SMMU's registers in BAR 0 of a PCI function that is served by vfio-user:
 * widths and the effects of each access are the driver's own. The guest has to
 * be told where the BAR is, and somebody has to enable it before the driver.
 */
#ifndef TESTS_GUEST_SMMU_BAR_H
#define TESTS_GUEST_SMMU_BAR_H

#include <pthread.h>
#include <stdatomic.h>

#include <iom/device.h>
#include <iom/host.h>

#include "guest/smmu_strict.h"

struct smmu_bar {
	struct iom_smmuv3_dev *s;
	struct smmu_strict_run *strict;
	struct iom_vfu_dev dev;
	struct iom_vfu *v;
	struct iom_pci_fn fn;
	pthread_t thread;
	bool runs;
	atomic_ulong accesses_32, accesses_64, refused;
};

/* IOM_E*, with a line in why (IOM_VFU_WHY bytes). b is zero but for strict. Stop it in any case. */
int smmu_bar_start(struct smmu_bar *b, struct iom_smmuv3_dev *s, const char *socket, char *why);
void smmu_bar_stop(struct smmu_bar *b);

#endif
