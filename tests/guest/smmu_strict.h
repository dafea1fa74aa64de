/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's driver on a strict SMMUv3. One boot serves several seeds, each for a
 * number of CMD_SYNCs; reports go to a file as text. So that a run can be seen
 * to fail, commands can be spoilt before the SMMU reads them.
 *
 *	POLLED_STRICT	set: strict; the first seed. The next is one more, and so on
 *	POLLED_SEEDS	how many; the last one stays
 *	POLLED_SYNCS	N,M: CMD_SYNCs for the first, and for each other one
 *	POLLED_SLACK	sync_slack of <iom/dev/smmuv3_strict.h>
 *	POLLED_SPARE	set: spare_l1std, likewise
 *	POLLED_LOG	the file
 *	POLLED_SPOIL	an opcode, in hexadecimal: commands that have it become
 *			CMD_PREFETCH_CONFIG of stream 0, but the first few
 */
#ifndef TESTS_GUEST_SMMU_STRICT_H
#define TESTS_GUEST_SMMU_STRICT_H

#include <stdio.h>

#include <iom/dev/smmuv3_strict.h>

struct smmu_strict_run {
	struct iom_smmuv3_strict_cfg cfg;
	struct iom_smmuv3_dev *s;
	uint64_t seeds;			/* wanted */
	uint64_t boot, syncs;		/* CMD_SYNCs of the first, of each other one */
	uint64_t served;		/* seeds that were in force; 0: not strict */
	unsigned long spoil, seen, spoilt;
	uint8_t *ram;			/* of the guest, to spoil commands in */
	uint64_t base, size;
	FILE *log;
};

/* As the environment says. False: it wants something that cannot be. */
bool smmu_strict_init(struct smmu_strict_run *r, uint8_t *ram, uint64_t base, uint64_t size);
/* For iom_smmuv3_dev_cfg.strict. */
const struct iom_smmuv3_strict_cfg *smmu_strict_cfg(const struct smmu_strict_run *r);
/* The guest is about to write a register. One thread at a time. */
void smmu_strict_before(struct smmu_strict_run *r, uint64_t off, uint64_t val);
/* The run is over. */
void smmu_strict_fini(struct smmu_strict_run *r, struct iom_smmuv3_strict_stats *st);

#endif
