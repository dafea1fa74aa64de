/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader's side of the TLB, inline: it is the hit path. See smmuv3_dev_tlb.c. */
#ifndef IOMI_DEV_SMMUV3_DEV_TLB_H
#define IOMI_DEV_SMMUV3_DEV_TLB_H

#include "smmuv3_dev_int.h"

/* Key: page number of 56 address bits, and the space's tag; never 0, as no tag is. */
#define SMMU_TLB_IA		IOM_BITS64(55, 12)
#define SMMU_TLB_TAG_LG2	44u
#define SMMU_TLB_TAG_MAX	IOM_BITS64(19, 0)

/* Value: size of the leaf as a power of two from 12, permissions, address, attributes. */
#define SMMU_VAL_SIZE		IOM_BITS64(5, 0)
#define SMMU_VAL_PERM		IOM_BITS64(11, 6)
#define SMMU_VAL_PA		IOM_BITS64(51, 12)
#define SMMU_VAL_SH		IOM_BITS64(55, 54)
#define SMMU_VAL_MEMATTR	IOM_BITS64(63, 56)
#define SMMU_VAL_SIZE_LG2(val)	(12u + (unsigned int)((val) & SMMU_VAL_SIZE))

static inline uint64_t smmu_tlb_key(uint64_t tag, uint64_t ia, unsigned int lg2)
{
	return tag << SMMU_TLB_TAG_LG2 | (ia & SMMU_TLB_IA) >> lg2 << lg2 >> 12;
}

static inline struct smmu_tlb_set *smmu_tlb_set(const struct smmu_tlb *tlb, uint64_t key,
						unsigned int lg2)
{
	/* The page's own bits, moved by the tag so that spaces do not collide page by page. */
	uint64_t page = (key & IOM_BITS64(43, 0)) >> (lg2 - 12);

	return &tlb->set[(page + (key >> SMMU_TLB_TAG_LG2) * 0x9e5u) & (tlb->nr_sets - 1)];
}

/* The value of the entry that covers ia, 0 if there is none. */
static inline uint64_t smmu_tlb_find(const struct smmu_tlb *tlb, uint64_t tag, uint64_t sizes,
				     uint64_t ia)
{
	for (; sizes; sizes &= sizes - 1) {
		unsigned int lg2 = 12 + (unsigned int)__builtin_ctzll(sizes), way;
		uint64_t key = smmu_tlb_key(tag, ia, lg2), seq, val;
		struct smmu_tlb_set *set = smmu_tlb_set(tlb, key, lg2);

		seq = atomic_load(&set->seq);
		for (way = 0; way < SMMU_TLB_WAYS; way++) {
			if (atomic_load_explicit(&set->tag[way], memory_order_acquire) != key)
				continue;
			val = atomic_load_explicit(&set->val[way], memory_order_acquire);
			if (SMMU_VAL_SIZE_LG2(val) != lg2)
				continue;
			/* A writer was here: this is a miss, and the walk decides. */
			if ((seq & 1) ||
			    atomic_load_explicit(&set->seq, memory_order_relaxed) != seq)
				break;
			return val;
		}
	}
	return 0;
}

#endif
