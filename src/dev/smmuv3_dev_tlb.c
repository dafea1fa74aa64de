/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The TLB of the SMMUv3 model: sets of three entries in one cache line each,
 * read without a lock. An entry is two words: the key (space tag and page) and
 * the translation, in which the leaf's size stands, so that one line may hold
 * leaves of several sizes at one address.
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

	tlb->nr_sets = 16;
	while (tlb->nr_sets * SMMU_TLB_WAYS < s->cfg.tlb_entries)
		tlb->nr_sets *= 2;
	rc = iom_plat_alloc(s->plat, tlb->nr_sets * sizeof(*tlb->set), 64, &mem);
	if (rc)
		return rc;
	tlb->set = mem;
	tlb->next_tag = 1;
	return IOM_OK;
}

void iomi_smmuv3_dev_tlb_fini(struct iom_smmuv3_dev *s)
{
	iom_plat_free(s->plat, s->tlb.set, s->tlb.nr_sets * sizeof(*s->tlb.set));
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
	uint64_t tag = atomic_load(&space->tag);
	uint64_t val = smmu_tlb_find(&s->tlb, tag, atomic_load(&space->sizes), ia);
	unsigned int lg2 = SMMU_VAL_SIZE_LG2(val);

	if (!val)
		return false;
	leaf->ia = ia & SMMU_TLB_IA & ~((UINT64_C(1) << lg2) - 1);
	leaf->pa = val & SMMU_VAL_PA;
	leaf->size_lg2 = (uint8_t)lg2;
	leaf->perm = (uint8_t)IOM_FIELD_GET(SMMU_VAL_PERM, val);
	leaf->memattr = (uint8_t)IOM_FIELD_GET(SMMU_VAL_MEMATTR, val);
	leaf->sh = (uint8_t)IOM_FIELD_GET(SMMU_VAL_SH, val);
	leaf->cut_lg2 = 0;
	leaf->global = space->global;
	return true;
}

/* The way for a key: its own, an empty one, or the next victim. */
static unsigned int choose(struct smmu_tlb_set *set, uint64_t key, uint64_t val)
{
	unsigned int way, empty = SMMU_TLB_WAYS;
	uint64_t victim;

	for (way = 0; way < SMMU_TLB_WAYS; way++) {
		uint64_t k = atomic_load_explicit(&set->tag[way], memory_order_relaxed);
		uint64_t v = atomic_load_explicit(&set->val[way], memory_order_relaxed);

		if (k == key && !((v ^ val) & SMMU_VAL_SIZE))
			return way;
		if (!k)
			empty = way;
	}
	if (empty < SMMU_TLB_WAYS)
		return empty;
	victim = atomic_load_explicit(&set->victim, memory_order_relaxed);
	atomic_store_explicit(&set->victim, (victim + 1) % SMMU_TLB_WAYS, memory_order_relaxed);
	return (unsigned int)victim;
}

void iomi_smmuv3_dev_tlb_fill(struct iom_smmuv3_dev *s, struct smmu_space *space, uint64_t tag,
			      const struct smmu_leaf *leaf, uint64_t tlb_gen)
{
	uint64_t size = IOM_BIT64(leaf->size_lg2 - 12u), cut, key, val, seq;
	struct smmu_tlb_set *set;

	if (!tag || leaf->size_lg2 < 12)
		return;
	key = smmu_tlb_key(tag, leaf->ia, leaf->size_lg2);
	val = (leaf->pa & SMMU_VAL_PA) | (leaf->size_lg2 - 12u) |
	      IOM_FIELD_PREP(SMMU_VAL_PERM, (uint64_t)leaf->perm) |
	      IOM_FIELD_PREP(SMMU_VAL_MEMATTR, (uint64_t)leaf->memattr) |
	      IOM_FIELD_PREP(SMMU_VAL_SH, (uint64_t)leaf->sh);
	/* Before the entry: an invalidation that sees the entry knows its sizes. */
	cut = leaf->cut_lg2 ? IOM_BIT64(leaf->cut_lg2 - 12u) : 0;
	if (cut & ~atomic_load(&space->cut))
		atomic_fetch_or(&space->cut, cut);
	if (!(atomic_load(&space->sizes) & size))
		atomic_fetch_or(&space->sizes, size);
	set = smmu_tlb_set(&s->tlb, key, leaf->size_lg2);
	if (!try_lock(set, &seq))
		return;
	/*
	 * In the set: an invalidation that moves tlb_gen after this look comes
	 * to the set after us.
	 */
	if (atomic_load(&s->tlb_gen) == tlb_gen)
		put(set, choose(set, key, val), key, val);
	unlock(set, seq);
}

static void drop_one(struct iom_smmuv3_dev *s, uint64_t key, unsigned int lg2)
{
	struct smmu_tlb_set *set = smmu_tlb_set(&s->tlb, key, lg2);
	unsigned int way;
	uint64_t seq;

	lock(s, set, &seq);
	for (way = 0; way < SMMU_TLB_WAYS; way++) {
		uint64_t v = atomic_load_explicit(&set->val[way], memory_order_relaxed);

		if (atomic_load_explicit(&set->tag[way], memory_order_relaxed) == key &&
		    SMMU_VAL_SIZE_LG2(v) == lg2)
			put(set, way, 0, 0);
	}
	unlock(set, seq);
}

bool iomi_smmuv3_dev_tlb_drop(struct iom_smmuv3_dev *s, uint64_t tag, uint64_t sizes,
			      struct iom_range addr)
{
	uint64_t bits, left = DROP_MAX, n, at;
	unsigned int lg2;

	for (bits = sizes; bits; bits &= bits - 1) {
		lg2 = 12 + (unsigned int)__builtin_ctzll(bits);
		n = (addr.last >> lg2) - (addr.start >> lg2);
		if (n >= left)
			return false;
		left -= n + 1;
	}
	for (bits = sizes; bits; bits &= bits - 1) {
		lg2 = 12 + (unsigned int)__builtin_ctzll(bits);
		at = addr.start >> lg2;
		for (n = (addr.last >> lg2) - at + 1; n; n--, at++)
			drop_one(s, smmu_tlb_key(tag, at << lg2, lg2), lg2);
	}
	return true;
}

void iomi_smmuv3_dev_tlb_clear(struct iom_smmuv3_dev *s)
{
	unsigned int way;
	uint64_t i, seq;

	for (i = 0; i < s->tlb.nr_sets; i++) {
		lock(s, &s->tlb.set[i], &seq);
		for (way = 0; way < SMMU_TLB_WAYS; way++)
			put(&s->tlb.set[i], way, 0, 0);
		unlock(&s->tlb.set[i], seq);
	}
}
