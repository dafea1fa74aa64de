/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLB of the SMMUv3 model: sets of three entries in one cache line each,
 * read without a lock. An entry is two words: the key (space tag, page and size
 * of the leaf) and the translation. There is a set for each entry asked for, so
 * that as many pages fit wherever they are.
 *
 * A set is written between an odd and the next even value of seq. All words
 * are stored and loaded so that a reader whose two looks at seq agree has read
 * one entry as it was; seq is sequentially consistent, as
 * <iom/dev/access.h> asks of what invalidation stores.
 */
#include "smmuv3_dev_tlb.h"

#define DROP_MAX	64u	/* sets visited before a new tag is cheaper */

int iomi_smmuv3_dev_tlb_init(struct iom_smmuv3_dev *s)
{
	struct smmu_tlb *tlb = &s->tlb;
	void *mem;
	int rc;

	rc = iom_plat_alloc(s->plat, s->cfg.tlb_entries * sizeof(*tlb->set), 64, &mem);
	if (rc)
		return rc;
	tlb->set = mem;
	tlb->set_mask = s->cfg.tlb_entries - 1;
	tlb->next_tag = SMMU_TLB_TAG_ONE;
	return IOM_OK;
}

void iomi_smmuv3_dev_tlb_fini(struct iom_smmuv3_dev *s)
{
	iom_plat_free(s->plat, s->tlb.set, (s->tlb.set_mask + 1) * sizeof(*s->tlb.set));
}

static void lock(struct iom_smmuv3_dev *s, struct smmu_tlb_set *set, uint64_t *seq)
{
	unsigned int turn = 0;

	while (!smmu_tlb_try_lock(set, seq))
		s->plat->ops.relax(s->plat, turn++);
}

bool iomi_smmuv3_dev_tlb_find(struct iom_smmuv3_dev *s, const struct smmu_space *space,
			      uint64_t ia, struct smmu_leaf *leaf)
{
	uint64_t val = smmu_tlb_find(&s->tlb, atomic_load(&space->tag),
				     atomic_load(&space->sizes), ia);
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_VAL_SIZE_LG2, val);

	if (!val)
		return false;
	leaf->ia = ia & SMMU_TLB_IA & ~((UINT64_C(1) << lg2) - 1);
	leaf->pa = val & SMMU_VAL_PA;
	leaf->size_lg2 = (uint8_t)lg2;
	leaf->perm = (uint8_t)(~val & SMMU_VAL_DENY);
	leaf->memattr = (uint8_t)IOM_FIELD_GET(SMMU_VAL_MEMATTR, val);
	leaf->sh = (uint8_t)IOM_FIELD_GET(SMMU_VAL_SH, val);
	leaf->cut_lg2 = 0;
	leaf->global = space->global;
	return true;
}

void iomi_smmuv3_dev_tlb_fill(struct iom_smmuv3_dev *s, struct smmu_space *space, uint64_t tag,
			      const struct smmu_leaf *leaf, uint64_t tlb_gen)
{
	unsigned int n = leaf->size_lg2 - 12u;

	if (!tag || leaf->size_lg2 < 12)
		return;
	if (leaf->cut_lg2)
		smmu_tlb_note(&space->cut, IOM_BIT64(leaf->cut_lg2 - 12u));
	smmu_tlb_put(s, space, tag, leaf->ia, n, (leaf->pa & SMMU_VAL_PA) |
		     (~leaf->perm & SMMU_VAL_DENY) |
		     IOM_FIELD_PREP(SMMU_VAL_SIZE_LG2, (uint64_t)leaf->size_lg2) |
		     IOM_FIELD_PREP(SMMU_VAL_MEMATTR, (uint64_t)leaf->memattr) |
		     IOM_FIELD_PREP(SMMU_VAL_SH, (uint64_t)leaf->sh), tlb_gen);
}

void iomi_smmuv3_dev_tlb_drop_wait(struct iom_smmuv3_dev *s, struct smmu_tlb_set *set,
				   uint64_t key)
{
	unsigned int way;
	uint64_t seq;

	lock(s, set, &seq);
	for (way = 0; way < SMMU_TLB_WAYS; way++) {
		if (smmu_tlb_tag(set, way) == key)
			smmu_tlb_write(set, way, 0, 0);
	}
	smmu_tlb_unlock(set, seq);
}

bool iomi_smmuv3_dev_tlb_drop(struct iom_smmuv3_dev *s, uint64_t tag, uint64_t sizes,
			      struct iom_range addr)
{
	uint64_t bits, left = DROP_MAX, count, at;
	unsigned int n;

	for (bits = sizes; bits; bits &= bits - 1) {
		n = 12 + (unsigned int)__builtin_ctzll(bits);
		count = (addr.last >> n) - (addr.start >> n);
		if (count >= left)
			return false;
		left -= count + 1;
	}
	for (bits = sizes; bits; bits &= bits - 1) {
		n = (unsigned int)__builtin_ctzll(bits);
		at = addr.start >> (12 + n);
		for (count = (addr.last >> (12 + n)) - at + 1; count; count--, at++)
			smmu_tlb_drop_leaf(s, tag, at << (12 + n), n);
	}
	return true;
}

void iomi_smmuv3_dev_tlb_clear(struct iom_smmuv3_dev *s)
{
	unsigned int way;
	uint64_t i, seq;

	for (i = 0; i <= s->tlb.set_mask; i++) {
		lock(s, &s->tlb.set[i], &seq);
		for (way = 0; way < SMMU_TLB_WAYS; way++)
			smmu_tlb_write(&s->tlb.set[i], way, 0, 0);
		smmu_tlb_unlock(&s->tlb.set[i], seq);
	}
}
