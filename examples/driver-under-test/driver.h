/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of a small RTOS sees of its SMMUv3 driver: one domain is one
 * address space of 32 MiB in pages of 4 KiB. One thread. 0, or -1: no memory, or
 * the SMMU does not answer.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#define SMMU_STREAMS	64u		/* StreamIDs 0 to 63 */

struct smmu_domain {
	volatile uint64_t *root, *pte;	/* levels 2 and 3, whole from the start */
	uint16_t asid;
};

struct smmu {
	uintptr_t regs;
	volatile uint64_t *strtab, *cmdq, *evtq;
	uint32_t cmd_prod, evt_cons;
	volatile uint64_t *cd[SMMU_STREAMS];
	struct smmu_domain *ats[SMMU_STREAMS];	/* of those that do ATS */
	bool dead;			/* it did not answer once */
};

int smmu_init(struct smmu *s, uintptr_t regs);
/* One event record if there is one: true. */
bool smmu_event(struct smmu *s, uint64_t ev[4]);

/* No two domains share an ASID. */
int smmu_domain_init(struct smmu_domain *d, uint16_t asid);
/* No stream is attached. */
int smmu_domain_free(struct smmu *s, struct smmu_domain *d);

/* ats: the device does ATS. It holds no translation: that was just enabled. */
int smmu_attach(struct smmu *s, uint32_t sid, struct smmu_domain *d, bool ats);
/* From one domain to another. */
int smmu_move(struct smmu *s, uint32_t sid, struct smmu_domain *d);
int smmu_detach(struct smmu *s, uint32_t sid);

/* The device may be started by a register write that has a barrier in front. */
void smmu_map(struct smmu_domain *d, uint64_t iova, uint64_t pa);
/* n pages; afterwards no device reaches them. */
int smmu_unmap(struct smmu *s, struct smmu_domain *d, uint64_t iova, unsigned int n);

#endif
