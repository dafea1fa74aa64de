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

/* Becomes the set's writer; false if somebody is. */
static bool try_lock(struct smmu_tlb_set *set, uint64_t *seq)
{
	*seq = atomic_load(&set->seq);
	return !(*seq & 1) && atomic_compare_exchange_strong(&set->seq, seq, *seq + 1);
}

static void lock(struct iom_smmuv3_dev *s, struct smmu_tlb_set *set, uint64_t *seq)
{
	unsigned int turn = 0;

	while (!try_lock(set, seq))
		s->plat->ops.relax(s->plat, turn++);
}

static void unlock(struct smmu_tlb_set *set, uint64_t seq)
{
	atomic_store(&set->seq, seq + 2);
}

static void put(struct smmu_tlb_set *set, unsigned int way, uint64_t tag, uint64_t val)
{
	atomic_store_explicit(&set->tag[way], tag, memory_order_release);
	atomic_store_explicit(&set->val[way], val, memory_order_release);
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

static uint64_t tag_of(const struct smmu_tlb_set *set, unsigned int way)
{
	return atomic_load_explicit(&set->tag[way], memory_order_relaxed);
}

/* The way for a key: its own, an empty one, or the next victim. */
static unsigned int choose(struct smmu_tlb_set *set, uint64_t key)
{
	uint64_t a = tag_of(set, 0), b = tag_of(set, 1), c = tag_of(set, 2), victim;

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

/* Before the entry: an invalidation that sees the entry knows its sizes. */
static void note_sizes(struct smmu_space *space, uint64_t size, unsigned int cut_lg2)
{
	uint64_t cut;

	if (!(atomic_load(&space->sizes) & size))
		atomic_fetch_or(&space->sizes, size);
	if (!cut_lg2)
		return;
	cut = IOM_BIT64(cut_lg2 - 12u);
	if (!(atomic_load(&space->cut) & cut))
		atomic_fetch_or(&space->cut, cut);
}

void iomi_smmuv3_dev_tlb_fill(struct iom_smmuv3_dev *s, struct smmu_space *space, uint64_t tag,
			      const struct smmu_leaf *leaf, uint64_t tlb_gen)
{
	unsigned int n = leaf->size_lg2 - 12u;
	uint64_t key, seq;
	struct smmu_tlb_set *set;

	if (!tag || leaf->size_lg2 < 12)
		return;
	note_sizes(space, IOM_BIT64(n), leaf->cut_lg2);
	set = smmu_tlb_place(&s->tlb, tag, leaf->ia, n, &key);
	if (!try_lock(set, &seq))
		return;
	/*
	 * In the set: an invalidation that moves tlb_gen after this look comes
	 * to the set after us.
	 */
	if (atomic_load(&s->tlb_gen) == tlb_gen)
		put(set, choose(set, key), key, (leaf->pa & SMMU_VAL_PA) |
		    (~leaf->perm & SMMU_VAL_DENY) |
		    IOM_FIELD_PREP(SMMU_VAL_SIZE_LG2, (uint64_t)leaf->size_lg2) |
		    IOM_FIELD_PREP(SMMU_VAL_MEMATTR, (uint64_t)leaf->memattr) |
		    IOM_FIELD_PREP(SMMU_VAL_SH, (uint64_t)leaf->sh));
	unlock(set, seq);
}

void iomi_smmuv3_dev_tlb_drop_wait(struct iom_smmuv3_dev *s, struct smmu_tlb_set *set,
				   uint64_t key)
{
	unsigned int way;
	uint64_t seq;

	lock(s, set, &seq);
	for (way = 0; way < SMMU_TLB_WAYS; way++) {
		if (tag_of(set, way) == key)
			put(set, way, 0, 0);
	}
	unlock(set, seq);
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
			put(&s->tlb.set[i], way, 0, 0);
		unlock(&s->tlb.set[i], seq);
	}
}
