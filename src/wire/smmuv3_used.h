/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which bits of an STE, a CD, an L1 descriptor or a table descriptor an SMMU
 * reads, given what the others say (IHI 0070, 5.1 to 5.4; Arm DDI 0487, D8.3).
 * Two structures that agree in these bits are the same to it, so a checker
 * compares these bits and no other. The rows are the architecture's: whoever
 * writes structures has sets of its own.
 *
 * Words are native uint64_t. Everything here is pure; any thread.
 */
#ifndef IOMI_WIRE_SMMUV3_USED_H
#define IOMI_WIRE_SMMUV3_USED_H

#include "smmuv3_rules.h"

void iomi_smmuv3_used_ste(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			  uint64_t mask[8]);
/* ste: that led to the CD; NULL if it is not known. */
void iomi_smmuv3_used_cd(const uint64_t cd[8], const uint64_t *ste,
			 const struct iomi_smmuv3_caps *caps, uint64_t mask[8]);
uint64_t iomi_smmuv3_used_l1std(uint64_t desc);
uint64_t iomi_smmuv3_used_l1cd(uint64_t desc);

/*
 * Bits of a table descriptor that count and differ between what is held and
 * what is there. table: held is a table descriptor. ha, hd: the SMMU sets the
 * access flag, and makes writable-clean leaves dirty; what it may have changed
 * itself is no difference.
 */
uint64_t iomi_smmuv3_used_desc(unsigned int stage, bool table, uint64_t held, uint64_t now,
			       bool ha, bool hd);

/*
 * The part that translations depend on, so that a change asks for a TLBI too:
 * of an STE its stage 2, of a CD its tables and memory types. A half of a CD
 * that is disabled has none.
 */
void iomi_smmuv3_used_tlb_ste(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			      uint64_t mask[8]);
void iomi_smmuv3_used_tlb_cd(const uint64_t cd[8], const uint64_t *ste,
			     const struct iomi_smmuv3_caps *caps, uint64_t mask[8]);

/* Is a in the masked bits what b is? */
static inline bool iomi_smmuv3_used_same(const uint64_t a[8], const uint64_t b[8],
					 const uint64_t mask[8])
{
	uint64_t diff = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		diff |= (a[i] ^ b[i]) & mask[i];
	return !diff;
}

#endif
