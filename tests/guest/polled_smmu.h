/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libiom's SMMUv3 for a guest of another machine model: its registers are two
 * pages of the guest's own memory, which a thread here reads again and again.
 * What the guest stores there is written to the model, what the model has to
 * say is stored there, each register by one aligned store. Good for drivers
 * that use registers as Linux does: one writer each, and a wait for every
 * acknowledgement. Accesses have no effects of their own.
 *
 * The model's memory is the guest's, mapped here; stores elsewhere (to an MSI
 * doorbell) are handed to post, once the registers are up to date.
 */
#ifndef TESTS_GUEST_POLLED_SMMU_H
#define TESTS_GUEST_POLLED_SMMU_H

#include <pthread.h>
#include <stdatomic.h>

#include <iom/device.h>
#include <iom/host.h>

#include "guest/smmu_strict.h"

#define POLLED_WRITTEN	18u	/* registers that the guest writes */
#define POLLED_SHOWN	5u	/* registers that the model writes */
#define POLLED_MSIS	64u	/* waiting to be posted */

struct polled_smmu;

/* The guest's memory, and what is not memory. One for each thread. */
struct polled_gmem {
	struct iom_gmem g;
	struct iom_gmem_flat ram;
	struct polled_smmu *p;
};

struct polled_smmu_cfg {
	uint8_t *ram;		/* the guest's memory */
	uint64_t base, size;	/* its address and size */
	uint64_t regs;		/* address of the registers in it */
	uint32_t idr[6];
	bool at_once;		/* no polling: messages do not wait for it */
	/* Called by the polling thread, or with at_once by any. */
	void (*post)(void *arg, uint64_t addr, uint32_t data);
	void *arg;
	struct smmu_strict_run *strict;	/* may be NULL */
};

struct polled_smmu {
	struct polled_smmu_cfg cfg;
	struct iom_smmuv3_dev *s;
	struct polled_gmem queues;
	uint64_t written[POLLED_WRITTEN];
	uint32_t shown[POLLED_SHOWN];
	pthread_mutex_t msi_lock;
	struct { uint64_t addr; uint32_t data; } msi[POLLED_MSIS];
	unsigned int nr_msis;		/* under msi_lock */
	unsigned long msis, msis_lost;
	pthread_t thread;
	atomic_bool stop;
	bool runs;
};

/* IOM_E*. diag as of iom_smmuv3_dev_create(). The registers are filled in. */
int polled_smmu_init(struct polled_smmu *p, const struct polled_smmu_cfg *cfg,
		     struct iom_smmuv3_diag *diag);
/* For a port. */
int polled_gmem_init(struct polled_gmem *m, struct polled_smmu *p);
/* No port is left. */
void polled_smmu_fini(struct polled_smmu *p);
/* Looks at each register once. Was there anything to do? */
bool polled_smmu_poll(struct polled_smmu *p);
int polled_smmu_start(struct polled_smmu *p);

#endif
