/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts (decoded STE and CD, by stream and substream) and spaces (what TLB
 * entries are tagged by). cache_lock keeps both; pools are made at creation.
 *
 * A context leaves its bucket first, then gen moves on, then a ticket is taken:
 * when the accesses open at that time have ended, no port can be using it, and
 * it is free again. While it is retired it holds its spaces.
 */
#include <iom/base/mem.h>

#include "smmuv3_dev_tlb.h"
#include "smmuv3_strict_int.h"

#define CHAIN_MAX	4u	/* contexts in one bucket */
#define SPACES_PER_CTX	3u

static unsigned int nr_pool(const struct iom_smmuv3_dev *s)
{
	return 2 * s->cfg.config_entries;
}

static struct smmu_ctx **ctx_bucket(struct iom_smmuv3_dev *s, uint32_t sid, bool ssv, uint32_t ssid)
{
	uint32_t h = sid + (ssv ? (ssid + 1) * 0x9e3779b1u : 0);

	return &s->ctx_bucket[h & (s->cfg.config_entries - 1)];
}

/* asid: 0 for spaces that have none. */
static struct smmu_space **space_bucket(struct iom_smmuv3_dev *s, uint16_t vmid, uint16_t asid)
{
	return &s->space_bucket[(vmid * 0x9e5u + asid) & (s->cfg.config_entries - 1)];
}

static struct smmu_space **vmid_bucket(struct iom_smmuv3_dev *s, uint16_t vmid)
{
	return &s->vmid_bucket[vmid & (s->cfg.config_entries - 1)];
}

/* --- init --- */

#define NR_PARTS 5u

struct part {
	void **ptr;
	size_t size;
};

/* All the memory of the cache, in one list for making and freeing. */
static unsigned int parts(struct iom_smmuv3_dev *s, struct part p[NR_PARTS])
{
	size_t n = s->cfg.config_entries, pool = nr_pool(s);

	p[0] = (struct part){ (void **)&s->ctx_bucket, n * sizeof(*s->ctx_bucket) };
	p[1] = (struct part){ (void **)&s->space_bucket, n * sizeof(*s->space_bucket) };
	p[2] = (struct part){ (void **)&s->vmid_bucket, n * sizeof(*s->vmid_bucket) };
	p[3] = (struct part){ (void **)&s->ctx_pool, pool * sizeof(*s->ctx_pool) };
	p[4] = (struct part){ (void **)&s->space_pool,
			      SPACES_PER_CTX * pool * sizeof(*s->space_pool) };
	return NR_PARTS;
}

static void free_parts(struct iom_smmuv3_dev *s, unsigned int n)
{
	struct part p[NR_PARTS];

	parts(s, p);
	while (n--)
		iom_plat_free(s->plat, *p[n].ptr, p[n].size);
}

int iomi_smmuv3_dev_cache_init(struct iom_smmuv3_dev *s)
{
	struct part p[NR_PARTS];
	unsigned int n = parts(s, p), i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = iom_plat_alloc(s->plat, p[i].size, 64, p[i].ptr);
		if (rc)
			goto err_parts;
	}
	rc = iomi_smmuv3_dev_tlb_init(s);
	if (rc)
		goto err_parts;
	rc = s->plat->ops.lock_init(s->plat, &s->cache_lock);
	if (rc)
		goto err_tlb;
	for (i = 0; i < nr_pool(s); i++) {
		s->ctx_pool[i].next = s->ctx_free;
		s->ctx_free = &s->ctx_pool[i];
	}
	for (i = 0; i < SPACES_PER_CTX * nr_pool(s); i++) {
		s->space_pool[i].next = s->space_free;
		s->space_free = &s->space_pool[i];
	}
	return IOM_OK;
err_tlb:
	iomi_smmuv3_dev_tlb_fini(s);
err_parts:
	free_parts(s, i);
	return rc;
}

void iomi_smmuv3_dev_cache_fini(struct iom_smmuv3_dev *s)
{
	s->plat->ops.lock_fini(s->plat, &s->cache_lock);
	iomi_smmuv3_dev_tlb_fini(s);
	free_parts(s, NR_PARTS);
}

/* --- spaces, under cache_lock --- */

/*
 * A tag no entry carries, or 0 when all are used up. The sizes first: whoever
 * fills under the new tag adds to what is stored here.
 */
static void new_tag(struct iom_smmuv3_dev *s, struct smmu_space *space)
{
	struct smmu_tlb *tlb = &s->tlb;

	atomic_store(&space->sizes, 0);
	atomic_store(&space->cut, 0);
	/* It wraps to 0 when all are used up, and stays there. */
	atomic_store(&space->tag, tlb->next_tag);
	if (tlb->next_tag)
		tlb->next_tag += SMMU_TLB_TAG_ONE;
}

static void new_tags(struct iom_smmuv3_dev *s)
{
	unsigned int i;

	for (i = 0; i < SPACES_PER_CTX * nr_pool(s); i++) {
		if (s->space_pool[i].refs)
			new_tag(s, &s->space_pool[i]);
	}
}

/*
 * Tags are used up after half a million of invalidations. Then no space has one,
 * until the accesses that may know an old tag have ended and the TLB is empty.
 */
static void renew_tags(struct iom_smmuv3_dev *s)
{
	struct smmu_tlb *tlb = &s->tlb;

	if (tlb->next_tag)
		return;
	if (!tlb->renewing) {
		new_tags(s);
		tlb->renewing = true;
		tlb->renew_ticket = iom_access_ticket(&s->gate);
	}
	if (!iom_access_passed(&s->gate, tlb->renew_ticket))
		return;
	iomi_smmuv3_dev_tlb_clear(s);
	tlb->next_tag = SMMU_TLB_TAG_ONE;
	tlb->renewing = false;
	new_tags(s);
}

static struct smmu_space *space_get(struct iom_smmuv3_dev *s, const struct smmu_space *key)
{
	struct smmu_space **b = space_bucket(s, key->vmid, key->asid), **v, *sp;

	for (sp = *b; sp; sp = sp->next) {
		if (sp->vmid == key->vmid && sp->asid == key->asid && sp->kind == key->kind &&
		    sp->global == key->global && sp->aset == key->aset && sp->in == key->in) {
			sp->refs++;
			return sp;
		}
	}
	/* The pool has as many as all contexts together can hold. */
	sp = s->space_free;
	s->space_free = sp->next;
	sp->vmid = key->vmid;
	sp->asid = key->asid;
	sp->kind = key->kind;
	sp->global = key->global;
	sp->aset = key->aset;
	sp->in = key->in;
	sp->refs = 1;
	new_tag(s, sp);
	sp->next = *b;
	*b = sp;
	v = vmid_bucket(s, key->vmid);
	sp->next_vmid = *v;
	*v = sp;
	return sp;
}

static void space_put(struct iom_smmuv3_dev *s, struct smmu_space *sp)
{
	struct smmu_space **p;

	if (!sp || --sp->refs)
		return;
	for (p = space_bucket(s, sp->vmid, sp->asid); *p != sp; p = &(*p)->next)
		;
	*p = sp->next;
	for (p = vmid_bucket(s, sp->vmid); *p != sp; p = &(*p)->next_vmid)
		;
	*p = sp->next_vmid;
	sp->next = s->space_free;
	s->space_free = sp;
}

/* 11: NS-EL1 by VMID and, where nG, ASID; stage 2 by VMID; EL2 without, EL2-E2H with ASID. */
static void get_spaces(struct iom_smmuv3_dev *s, struct smmu_ctx *c)
{
	struct smmu_space key = { .vmid = c->vmid, .kind = SMMU_SPACE_S2 };

	if (c->kind != SMMU_KIND_TRANSLATE)
		return;
	if (c->s2 && c->s1)
		c->space_s2 = space_get(s, &key);
	if (!c->s1) {
		key.in = (uint16_t)(1u << 15 | (unsigned int)c->in.sh << 8 | c->in.mair);
		c->space = space_get(s, &key);
		return;
	}
	key.kind = c->el2 ? SMMU_SPACE_EL2 : SMMU_SPACE_EL1;
	if (c->el2)
		key.vmid = 0;
	key.aset = c->aset;
	key.asid = c->asid;
	c->space = space_get(s, &key);
	key.asid = 0;
	key.global = true;
	c->space_global = space_get(s, &key);
}

/* --- contexts, under cache_lock --- */

static void retire(struct iom_smmuv3_dev *s, struct smmu_ctx **p)
{
	struct smmu_ctx *c = *p;

	*p = c->next;
	s->nr_ctx--;
	c->next = s->ctx_retired;
	s->ctx_retired = c;
}

/* After retiring: ports look again, and the retired wait for what is open now. */
static void retired(struct iom_smmuv3_dev *s)
{
	atomic_fetch_add(&s->gen, 1);
	s->ctx_ticket = iom_access_ticket(&s->gate);
}

static void reap(struct iom_smmuv3_dev *s)
{
	struct smmu_ctx *c;

	if (!s->ctx_retired || !iom_access_passed(&s->gate, s->ctx_ticket))
		return;
	while ((c = s->ctx_retired)) {
		s->ctx_retired = c->next;
		space_put(s, c->space);
		space_put(s, c->space_global);
		space_put(s, c->space_s2);
		c->next = s->ctx_free;
		s->ctx_free = c;
	}
}

/* What a context is cached by: an STE alone goes as a SubstreamID that cannot be. */
static bool key_ssv(const struct smmu_txn *t)
{
	return t->ssv || (t->access & SMMU_ACCESS_STE);
}

static uint32_t key_ssid(const struct smmu_txn *t)
{
	return t->access & SMMU_ACCESS_STE ? SMMU_SSID_STE : t->ssid;
}

static struct smmu_ctx **find(struct iom_smmuv3_dev *s, const struct smmu_txn *t)
{
	uint32_t ssid = key_ssid(t);
	bool ssv = key_ssv(t);
	struct smmu_ctx **p = ctx_bucket(s, t->sid, ssv, ssid);

	while (*p && ((*p)->sid != t->sid || (*p)->ssv != ssv || (*p)->ssid != ssid))
		p = &(*p)->next;
	return p;
}

/* Makes room for one more: in the bucket, and in all. */
static void evict(struct iom_smmuv3_dev *s, struct smmu_ctx **bucket)
{
	struct smmu_ctx **p;
	unsigned int n = 0;
	bool any = false;

	for (p = bucket; *p; n++) {
		if (n + 1 < CHAIN_MAX) {
			p = &(*p)->next;
		} else {
			retire(s, p);
			any = true;
		}
	}
	while (s->nr_ctx >= s->cfg.config_entries) {
		p = &s->ctx_bucket[s->evict_at++ & (s->cfg.config_entries - 1)];
		if (*p) {
			retire(s, p);
			any = true;
		}
	}
	if (any)
		retired(s);
}

/* Puts a copy of what was built into the cache; NULL if no context is free. */
static struct smmu_ctx *insert(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
			       const struct smmu_ctx *built)
{
	struct smmu_ctx **b = ctx_bucket(s, t->sid, key_ssv(t), key_ssid(t)), *c;

	reap(s);
	renew_tags(s);
	c = s->ctx_free;
	if (!c)
		return NULL;
	evict(s, b);
	s->ctx_free = c->next;
	memcpy(c, built, sizeof(*c));
	get_spaces(s, c);
	iomi_smmuv3_dev_quick_init(s, c);
	c->next = *b;
	*b = c;
	s->nr_ctx++;
	return c;
}

int iomi_smmuv3_dev_lookup(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
			   struct smmu_ctx *own, struct smmu_ctx **ctx, uint64_t *gen,
			   struct smmu_fault *f)
{
	uint64_t before = atomic_load(&s->gen);
	struct smmu_ctx *c;
	int rc;

	iom_plat_lock(s->plat, &s->cache_lock);
	c = *find(s, t);
	*gen = atomic_load(&s->gen);
	iom_plat_unlock(s->plat, &s->cache_lock);
	/* With SMMUEN = 0 the cache is kept, and not looked at. */
	if (c && (atomic_load(&s->cr0) & SMMU_CR0_SMMUEN)) {
		*ctx = c;
		return IOM_OK;
	}
	atomic_fetch_add_explicit(&s->nr_config_misses, 1, memory_order_relaxed);
	memset(own, 0, sizeof(*own));
	rc = iomi_smmuv3_dev_ctx_build(s, t, own, f);
	if (rc)
		return rc;
	own->sid = t->sid;
	own->ssv = key_ssv(t);
	own->ssid = key_ssid(t);
	*ctx = own;
	*gen = 0;
	/* As it was built: SMMUEN may be 1 by now. */
	if (own->disabled)
		return IOM_OK;
	iom_plat_lock(s->plat, &s->cache_lock);
	/* Not if it may be stale, nor if another thread was first. */
	c = *find(s, t);
	if (!c && atomic_load(&s->gen) == before)
		c = insert(s, t, own);
	else
		c = NULL;
	if (c) {
		*ctx = c;
		*gen = atomic_load(&s->gen);
	}
	iom_plat_unlock(s->plat, &s->cache_lock);
	return IOM_OK;
}

/* --- commands --- */

void iomi_smmuv3_dev_recheck(struct iom_smmuv3_dev *s)
{
	atomic_fetch_add(&s->gen, 1);
}

void iomi_smmuv3_dev_cfgi_ste(struct iom_smmuv3_dev *s, uint32_t first, uint32_t last)
{
	struct smmu_ctx **p;
	unsigned int i;

	iom_plat_lock(s->plat, &s->cache_lock);
	for (i = 0; i < s->cfg.config_entries; i++) {
		for (p = &s->ctx_bucket[i]; *p;) {
			if ((*p)->sid >= first && (*p)->sid <= last)
				retire(s, p);
			else
				p = &(*p)->next;
		}
	}
	/* Also if nothing was cached: a context being built now must not be. */
	retired(s);
	reap(s);
	iom_plat_unlock(s->plat, &s->cache_lock);
}

void iomi_smmuv3_dev_cfgi_cd(struct iom_smmuv3_dev *s, uint32_t sid, uint32_t ssid, bool all)
{
	struct smmu_ctx **p;
	unsigned int i;

	iom_plat_lock(s->plat, &s->cache_lock);
	for (i = 0; i < s->cfg.config_entries; i++) {
		for (p = &s->ctx_bucket[i]; *p;) {
			/* Without a substream it is CD 0 that was used. */
			if ((*p)->sid == sid && (all || (*p)->ssid == ssid))
				retire(s, p);
			else
				p = &(*p)->next;
		}
	}
	retired(s);
	reap(s);
	iom_plat_unlock(s->plat, &s->cache_lock);
}

/* Which entries of this space does the command name? */
static bool names(const struct smmu_tlbi *i, const struct smmu_space *sp)
{
	if (i->every)
		return sp->kind != SMMU_SPACE_EL2;
	if (i->kind == SMMU_SPACE_EL2 || i->kind == SMMU_SPACE_S2) {
		if (sp->kind != i->kind)
			return false;
	} else if (sp->kind != SMMU_SPACE_EL1 && !(i->with_s2 && sp->kind == SMMU_SPACE_S2)) {
		return false;
	}
	if (sp->kind != SMMU_SPACE_EL2 && sp->vmid != i->vmid)
		return false;
	if (sp->kind == SMMU_SPACE_S2 || !i->by_asid)
		return true;
	return sp->global ? !i->keep_global : sp->asid == i->asid;
}

/* The general case: a range, leaves that were cut, or all. */
static void invalidate_range(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
			     struct smmu_space *sp, uint64_t sizes)
{
	uint64_t cut = atomic_load(&sp->cut), whole;
	struct iom_range addr = i->addr;

	if (cut) {
		/* Pieces of the largest leaf that was cut may be anywhere in it, of any size. */
		whole = UINT64_MAX >> (__builtin_clzll(cut) - 11);
		addr.start &= ~whole;
		addr.last |= whole;
	} else if (i->size_lg2) {
		sizes &= IOM_BIT64(i->size_lg2 - 12);
	}
	if (!i->by_addr || !iomi_smmuv3_dev_tlb_drop(s, atomic_load(&sp->tag), sizes, addr))
		new_tag(s, sp);
}

static void invalidate_sizes(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
			     struct smmu_space *sp, uint64_t sizes)
{
	uint64_t tag;

	/* Within one leaf of the smallest size, hence of each? */
	if (!i->by_addr || atomic_load(&sp->cut) ||
	    (i->addr.start ^ i->addr.last) >> 12 >> __builtin_ctzll(sizes)) {
		invalidate_range(s, i, sp, sizes);
		return;
	}
	if (i->size_lg2)
		sizes &= IOM_BIT64(i->size_lg2 - 12);
	tag = atomic_load(&sp->tag);
	for (; sizes; sizes &= sizes - 1)
		smmu_tlb_drop_leaf(s, tag, i->addr.start, (unsigned int)__builtin_ctzll(sizes));
}

/* After tlb_gen has moved: who looked at it before has noted the size that it fills in. */
static inline void invalidate(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
			      struct smmu_space *sp)
{
	uint64_t sizes = atomic_load(&sp->sizes);

	if (sizes)
		invalidate_sizes(s, i, sp, sizes);
}

static void found_one(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
		      struct smmu_space *sp, struct smmu_tlbi_spaces *found)
{
	if (!names(i, sp))
		return;
	if (found->nr < SMMU_TLBI_SPACES)
		found->space[found->nr] = sp;
	found->nr++;
	invalidate(s, i, sp);
}

/* Spaces of one VMID and ASID; ASID 0: also those that have none. */
static void tlbi_bucket(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i, uint16_t vmid,
			uint16_t asid, struct smmu_tlbi_spaces *found)
{
	struct smmu_space *sp;

	for (sp = *space_bucket(s, vmid, asid); sp; sp = sp->next)
		found_one(s, i, sp, found);
}

enum which { ANY, STAGE_2, OTHERS };

/* The spaces of one VMID, or of all. */
static inline __attribute__((always_inline)) void
tlbi_vmids(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i, uint16_t vmid, enum which which,
	   struct smmu_tlbi_spaces *found)
{
	unsigned int last = s->cfg.config_entries - 1, b = i->every ? 0 : vmid & last;
	struct smmu_space *sp;

	for (last = i->every ? last : b; b <= last; b++) {
		for (sp = s->vmid_bucket[b]; sp; sp = sp->next_vmid) {
			if (which == ANY || (sp->kind == SMMU_SPACE_S2) == (which == STAGE_2))
				found_one(s, i, sp, found);
		}
	}
}

/*
 * Stage 2, and what was combined with it. A nested walk begun meanwhile may
 * have found a step of stage 2 that was still there: what it combines goes in
 * before tlb_gen moves on, and out below; or it does not go in.
 */
static __attribute__((noinline)) void tlbi_both(struct iom_smmuv3_dev *s,
						const struct smmu_tlbi *i, uint16_t vmid,
						struct smmu_tlbi_spaces *found)
{
	tlbi_vmids(s, i, vmid, STAGE_2, found);
	atomic_fetch_add(&s->tlb_gen, 1);
	tlbi_vmids(s, i, vmid, OTHERS, found);
}

void iomi_smmuv3_dev_tlbi_begin(struct iom_smmuv3_dev *s)
{
	iom_plat_lock(s->plat, &s->cache_lock);
	renew_tags(s);
}

void iomi_smmuv3_dev_tlbi_end(struct iom_smmuv3_dev *s)
{
	iom_plat_unlock(s->plat, &s->cache_lock);
}

void iomi_smmuv3_dev_tlbi_first(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
				struct smmu_tlbi_spaces *found)
{
	/* EL2 has no VMID. */
	uint16_t vmid = i->kind == SMMU_SPACE_EL2 ? 0 : i->vmid;

	/* First: a walk that has begun caches nothing any more. */
	atomic_fetch_add(&s->tlb_gen, 1);
	found->nr = 0;
	if (i->by_asid) {
		tlbi_bucket(s, i, vmid, i->asid, found);
		if (!i->keep_global && space_bucket(s, vmid, 0) != space_bucket(s, vmid, i->asid))
			tlbi_bucket(s, i, vmid, 0, found);
		return;
	}
	if (i->every || i->with_s2)
		tlbi_both(s, i, vmid, found);
	else
		tlbi_vmids(s, i, vmid, ANY, found);
}

void iomi_smmuv3_dev_tlbi_again(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
				struct smmu_tlbi_spaces *found)
{
	unsigned int k;

	if (found->nr > SMMU_TLBI_SPACES) {
		iomi_smmuv3_dev_tlbi_first(s, i, found);
		return;
	}
	/* tlb_gen has moved since these commands were written. */
	for (k = 0; k < found->nr; k++)
		invalidate(s, i, found->space[k]);
}

void iomi_smmuv3_dev_tlbi(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i)
{
	struct smmu_tlbi_spaces found;

	iomi_smmuv3_dev_tlbi_begin(s);
	iomi_smmuv3_dev_tlbi_first(s, i, &found);
	iomi_smmuv3_dev_tlbi_end(s);
}

void iomi_smmuv3_dev_forget(struct iom_smmuv3_dev *s)
{
	const struct smmu_tlbi every = { .every = true }, el2 = { .kind = SMMU_SPACE_EL2 };

	if (SMMU_STRICT(s))
		iomi_smmuv3_strict_reset(s);
	iomi_smmuv3_dev_cfgi_ste(s, 0, UINT32_MAX);
	iomi_smmuv3_dev_tlbi(s, &every);
	iomi_smmuv3_dev_tlbi(s, &el2);
}
