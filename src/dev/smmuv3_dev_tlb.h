/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader's side of the TLB, inline: it is the hit path. See smmuv3_dev_tlb.c. */
#ifndef IOMI_DEV_SMMUV3_DEV_TLB_H
#define IOMI_DEV_SMMUV3_DEV_TLB_H

#include "smmuv3_dev_int.h"

/*
 * Key: the space's tag, and 44 bits of page number in front of a one that ends
 * it: bits of the page below the leaf's size are not there, so keys of leaves
 * of different sizes differ. Never 0.
 */
#define SMMU_TLB_IA		IOM_BITS64(55, 12)
#define SMMU_TLB_TAG_LG2	45u
#define SMMU_TLB_TAG_ONE	IOM_BIT64(SMMU_TLB_TAG_LG2)	/* tags stand in place */
#define SMMU_TLB_TAG_MAX	IOM_BITS64(63, 45)

/* Value: what the leaf denies, its size (log2), address, attributes. Never 0. */
#define SMMU_VAL_DENY		IOM_BITS64(5, 0)
#define SMMU_VAL_SIZE_LG2	IOM_BITS64(11, 6)
#define SMMU_VAL_PA		IOM_BITS64(51, 12)
#define SMMU_VAL_SH		IOM_BITS64(55, 54)
#define SMMU_VAL_MEMATTR	IOM_BITS64(63, 56)
#define SMMU_VAL_ATTRS_SHIFT	54u		/* of the last two */

/* Where a leaf of 2^(12+n) bytes at ia would be: *key, and its set. */
static inline __attribute__((always_inline))
struct smmu_tlb_set *smmu_tlb_place(const struct smmu_tlb *tlb, uint64_t tag,
						  uint64_t ia, unsigned int n, uint64_t *key)
{
	uint64_t page = ia << 8 >> (20 + n);

	*key = tag | (page << 1 | 1) << n;
	/* Adjacent pages in adjacent sets; moved by the tag, so that spaces do not collide. */
	return &tlb->set[(page + (tag >> SMMU_TLB_TAG_LG2) * 0x9e5u) & tlb->set_mask];
}

/* The leaf of 2^(12+n) bytes that covers ia, if it is there. */
static inline __attribute__((always_inline))
bool smmu_tlb_look(const struct smmu_tlb *tlb, uint64_t tag, uint64_t ia, unsigned int n,
		   uint64_t *val)
{
	uint64_t key, seq;
	const struct smmu_tlb_set *set = smmu_tlb_place(tlb, tag, ia, n, &key);

	IOM_STATIC_ASSERT(SMMU_TLB_WAYS == 3);
	seq = atomic_load(&set->seq);
	if (atomic_load_explicit(&set->tag[0], memory_order_acquire) == key)
		*val = atomic_load_explicit(&set->val[0], memory_order_acquire);
	else if (atomic_load_explicit(&set->tag[1], memory_order_acquire) == key)
		*val = atomic_load_explicit(&set->val[1], memory_order_acquire);
	else if (atomic_load_explicit(&set->tag[2], memory_order_acquire) == key)
		*val = atomic_load_explicit(&set->val[2], memory_order_acquire);
	else
		return false;
	/* Odd, or another: a writer is here. Then it is a miss, and the walk decides. */
	return atomic_load_explicit(&set->seq, memory_order_relaxed) == (seq & ~UINT64_C(1));
}

/* The value of a leaf of any of these sizes (as struct smmu_space has them), or 0. */
static inline uint64_t smmu_tlb_find(const struct smmu_tlb *tlb, uint64_t tag, uint64_t sizes,
				     uint64_t ia)
{
	uint64_t val;

	for (; sizes; sizes &= sizes - 1) {
		if (smmu_tlb_look(tlb, tag, ia, (unsigned int)__builtin_ctzll(sizes), &val))
			return val;
	}
	return 0;
}

/* --- the writer's side --- */

/* Becomes the set's writer; false if somebody is. */
static inline bool smmu_tlb_try_lock(struct smmu_tlb_set *set, uint64_t *seq)
{
	*seq = atomic_load(&set->seq);
	return !(*seq & 1) && atomic_compare_exchange_strong(&set->seq, seq, *seq + 1);
}

static inline void smmu_tlb_unlock(struct smmu_tlb_set *set, uint64_t seq)
{
	atomic_store(&set->seq, seq + 2);
}

static inline void smmu_tlb_write(struct smmu_tlb_set *set, unsigned int way, uint64_t tag,
				  uint64_t val)
{
	atomic_store_explicit(&set->tag[way], tag, memory_order_release);
	atomic_store_explicit(&set->val[way], val, memory_order_release);
}

static inline uint64_t smmu_tlb_tag(const struct smmu_tlb_set *set, unsigned int way)
{
	return atomic_load_explicit(&set->tag[way], memory_order_relaxed);
}

/* The way for a key: its own, an empty one, or the next victim. */
static inline unsigned int smmu_tlb_way(struct smmu_tlb_set *set, uint64_t key)
{
	uint64_t a = smmu_tlb_tag(set, 0), b = smmu_tlb_tag(set, 1);
	uint64_t c = smmu_tlb_tag(set, 2), victim;

	if (a == key)
		return 0;
	if (b == key)
		return 1;
	if (c == key)
		return 2;
	if (!a)
		return 0;
	if (!b)
		return 1;
	if (!c)
		return 2;
	victim = atomic_load_explicit(&set->victim, memory_order_relaxed);
	atomic_store_explicit(&set->victim, victim < 2 ? victim + 1 : 0, memory_order_relaxed);
	return (unsigned int)victim;
}

static inline void smmu_tlb_note(_Atomic uint64_t *word, uint64_t bit)
{
	if (!(atomic_load(word) & bit))
		atomic_fetch_or(word, bit);
}

/*
 * Puts a leaf of 2^(12+n) bytes at ia in, unless the set has another writer, or
 * tlb_gen moved on since the walk began.
 */
static inline __attribute__((always_inline))
void smmu_tlb_put(struct iom_smmuv3_dev *s, struct smmu_space *space, uint64_t tag, uint64_t ia,
		  unsigned int n, uint64_t val, uint64_t tlb_gen)
{
	struct smmu_tlb_set *set;
	uint64_t key, seq;

	if (!tag)
		return;
	/* Before the entry: an invalidation that sees the entry knows its size. */
	smmu_tlb_note(&space->sizes, IOM_BIT64(n));
	set = smmu_tlb_place(&s->tlb, tag, ia, n, &key);
	if (!smmu_tlb_try_lock(set, &seq))
		return;
	/*
	 * In the set: an invalidation that moves tlb_gen after this look comes
	 * to the set after us.
	 */
	if (atomic_load(&s->tlb_gen) == tlb_gen)
		smmu_tlb_write(set, smmu_tlb_way(set, key), key, val);
	smmu_tlb_unlock(set, seq);
}

/* The key leaves the set, in which another writer is. */
void iomi_smmuv3_dev_tlb_drop_wait(struct iom_smmuv3_dev *s, struct smmu_tlb_set *set,
				   uint64_t key);

/*
 * Drops the leaf of 2^(12+n) bytes that covers ia. A set in which it is not is
 * left alone: whoever becomes its writer later looks at tlb_gen, which has
 * moved on. The exchange fails if the set is not as it was looked at.
 */
static inline void smmu_tlb_drop_leaf(struct iom_smmuv3_dev *s, uint64_t tag, uint64_t ia,
				      unsigned int n)
{
	uint64_t key, seq;
	struct smmu_tlb_set *set = smmu_tlb_place(&s->tlb, tag, ia, n, &key);
	unsigned int way;

	seq = atomic_load(&set->seq);
	for (way = 0; way < SMMU_TLB_WAYS; way++) {
		if (atomic_load_explicit(&set->tag[way], memory_order_relaxed) == key)
			break;
	}
	if (way == SMMU_TLB_WAYS && !(seq & 1))
		return;
	if (way == SMMU_TLB_WAYS || (seq & 1) ||
	    !atomic_compare_exchange_strong(&set->seq, &seq, seq + 1)) {
		iomi_smmuv3_dev_tlb_drop_wait(s, set, key);
		return;
	}
	atomic_store_explicit(&set->tag[way], 0, memory_order_release);
	atomic_store(&set->seq, seq + 2);
}

#endif
