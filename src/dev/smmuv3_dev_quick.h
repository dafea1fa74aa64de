/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The miss that matters, inline: one stage, 4K granule, a page at the end,
 * nothing out of the ordinary. Decides nothing that smmuv3_dev_walk.c does not:
 * whatever is not as expected goes there, with the descriptors that were read,
 * so that each is read once.
 */
#ifndef IOMI_DEV_SMMUV3_DEV_QUICK_H
#define IOMI_DEV_SMMUV3_DEV_QUICK_H

#include "smmuv3_dev_tlb.h"

#define SMMU_QUICK_OA		IOM_BITS64(47, 12)

#define SMMU_STRAIGHT inline __attribute__((always_inline))

/* Tables down to level 3, and the page's descriptor; 0: *seen says how far it came. */
uint64_t iomi_smmuv3_dev_quick_descend(struct iom_gmem *gmem, const struct smmu_tt *tt,
				       uint64_t ia, struct smmu_seen *seen);

/* It came to the page, which the general walk has to judge. */
static SMMU_STRAIGHT void smmu_seen_all(struct smmu_seen *seen)
{
	seen->n = 4;
	seen->failed = false;
}

/* A page as the TLB has it. */
static SMMU_STRAIGHT uint64_t smmu_quick_val(const struct smmu_ctx *c, uint64_t desc)
{
	return (desc & SMMU_QUICK_OA) | IOM_FIELD_PREP(SMMU_VAL_SIZE_LG2, UINT64_C(12)) |
	       c->deny[SMMU_PERM_INDEX(desc)] |
	       (uint64_t)c->q_attrs[SMMU_ATTR_INDEX(desc)] << SMMU_VAL_ATTRS_SHIFT;
}

/*
 * Fills the TLB and gives its value, or 0 if the general walk must decide. The
 * tag may be looked at late: if tlb_gen has not moved, no tag was taken away.
 */
static SMMU_STRAIGHT uint64_t smmu_quick(struct iom_smmuv3_dev *s, const struct smmu_ctx *c,
					 struct iom_gmem *gmem, uint64_t iova,
					 unsigned int access, struct smmu_seen *seen)
{
	uint64_t ones = c->s1 && (iova & IOM_BIT64(55)) ? UINT64_MAX : 0, tlb_gen, desc, val;
	const struct smmu_tt *tt = c->s1 ? &c->tt[iova >> 55 & 1] : &c->s2tt;
	struct smmu_space *space = c->space;

	if (!tt->quick || ((iova ^ ones) & tt->q_top)) {
		seen->n = -1;	/* levels begin there */
		seen->failed = false;
		return 0;
	}
	tlb_gen = atomic_load(&s->tlb_gen);
	desc = iomi_smmuv3_dev_quick_descend(gmem, tt, iova & tt->q_ia, seen);
	if (!desc)
		return 0;
	val = smmu_quick_val(c, desc);
	if (!(desc & LPAE_AF) ||
	    (val & smmu_perm_need((access & c->acc_and) | c->acc_or))) {
		smmu_seen_all(seen);
		return 0;
	}
	if (c->s1 && !(desc & LPAE_S1_NG))
		space = c->space_global;
	smmu_tlb_put(s, space, atomic_load(&space->tag), iova, 0, val, tlb_gen);
	return val;
}

#endif
