/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of a small RTOS sees of its SMMUv3 driver: one domain is one
 * address space of 39 bits in 4 KiB pages. One thread. 0, or -1: no memory, or
 * the SMMU does not answer.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#define SMMU_STREAMS	64u		/* StreamIDs 0 to 63 */

struct smmu {
	uintptr_t regs;
	volatile uint64_t *strtab, *cmdq, *evtq;
	uint32_t cmd_prod, evt_cons;
	bool dead;			/* it did not answer once */
};

struct smmu_domain {
	volatile uint64_t *cd, *root;
	uint16_t asid;
	uint64_t streams;		/* those attached, bit SID */
};

int smmu_init(struct smmu *s, uintptr_t regs);
/* One event record if there is one: true. */
bool smmu_event(struct smmu *s, uint64_t ev[4]);

int smmu_domain_init(struct smmu_domain *d, uint16_t asid);
/* No stream is attached. */
int smmu_domain_free(struct smmu *s, struct smmu_domain *d);
/* Empties it and gives it another ASID; streams stay attached. */
int smmu_domain_reset(struct smmu *s, struct smmu_domain *d, uint16_t asid);

int smmu_attach(struct smmu *s, uint32_t sid, struct smmu_domain *d);
int smmu_detach(struct smmu *s, uint32_t sid, struct smmu_domain *d);

/* The device may be started by a register write that has a barrier in front. */
int smmu_map(struct smmu_domain *d, uint64_t iova, uint64_t pa, bool writable);
/* n pages inside one 2 MiB; afterwards the device does not reach them. */
int smmu_unmap(struct smmu *s, struct smmu_domain *d, uint64_t iova, unsigned int n);

#endif
