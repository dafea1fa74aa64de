/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream table (IHI 0070: 3.3.1, 5.1, 5.2), streams, and what their STEs
 * say. All under the instance's lock.
 *
 * Two levels where the SMMU has them and StreamIDs have more bits than a leaf:
 * a leaf table is made when its first stream is added, filled with STEs that
 * abort, and linked by one store; it stays until the end. Hardware never finds
 * an entry here that is not either of some state asked for, V = 0, or abort.
 */
#include <iom/base/mem.h>

#include "smmuv3_drv_int.h"

#define SPLIT		8u	/* 16 KiB a leaf */
#define LINEAR_MAX_LG2	16u	/* 4 MiB, without two levels */

struct smmu_l2 {
	struct smmu_ste *ste;
	uint64_t pa;
	bool told;		/* the SMMU has confirmed to have forgotten the empty descriptor */
};

static size_t nr_l1(const struct iom_smmuv3_drv *s)
{
	return (size_t)1 << (s->sid_lg2 - s->split);
}

static size_t top_size(const struct iom_smmuv3_drv *s)
{
	return s->split ? nr_l1(s) * sizeof(struct iom_le64) :
			  sizeof(struct smmu_ste) << s->sid_lg2;
}

/* Config 000: aborted, and nothing is recorded. */
static void abort_ste(uint64_t w[8])
{
	memset(w, 0, 8 * sizeof(*w));
	w[0] = SMMU_STE0_V | IOM_FIELD_PREP(SMMU_STE0_CONFIG, (uint64_t)SMMU_STE_CONFIG_ABORT);
}

/* Not linked yet. */
static void fill_abort(struct iom_smmuv3_drv *s, struct smmu_ste *ste, size_t n)
{
	uint64_t w[8];
	size_t i;

	abort_ste(w);
	for (i = 0; i < n; i++)
		iomi_smmuv3_wire_store(ste[i].w, w, 8);
	s->dmem->ops.clean(s->dmem, ste, n * sizeof(*ste));
}

int iomi_smmuv3_drv_strtab_init(struct iom_smmuv3_drv *s)
{
	bool two = (IOM_FIELD_GET(SMMU_IDR0_ST_LEVEL, s->idr[0]) & SMMU_ST_LEVEL_2LVL) &&
		   s->sid_lg2 > SPLIT;
	size_t align;
	void *mem;
	int rc;

	s->split = two ? SPLIT : 0;
	if (!two && s->sid_lg2 > LINEAR_MAX_LG2)
		return IOM_ENOMEM;
	if (two) {
		rc = iom_plat_alloc(s->plat, nr_l1(s) * sizeof(*s->l2), 16, &mem);
		if (rc)
			return rc;
		s->l2 = mem;
	}
	/* 6.3.23: aligned to its size, and to 64 bytes. */
	align = top_size(s) > 64 ? top_size(s) : 64;
	rc = s->dmem->ops.alloc(s->dmem, top_size(s), align, &s->strtab, &s->strtab_pa);
	if (rc) {
		iom_plat_free(s->plat, s->l2, nr_l1(s) * sizeof(*s->l2));
		return rc;
	}
	if (!two)
		fill_abort(s, s->strtab, (size_t)1 << s->sid_lg2);
	return IOM_OK;
}

void iomi_smmuv3_drv_strtab_fini(struct iom_smmuv3_drv *s)
{
	size_t i;

	for (i = 0; s->split && i < nr_l1(s); i++) {
		if (s->l2[i].ste)
			s->dmem->ops.free(s->dmem, s->l2[i].ste, s->l2[i].pa,
					  sizeof(struct smmu_ste) << SPLIT);
	}
	s->dmem->ops.free(s->dmem, s->strtab, s->strtab_pa, top_size(s));
	if (s->split)
		iom_plat_free(s->plat, s->l2, nr_l1(s) * sizeof(*s->l2));
}

/* 5.1, 3.3.1.2: a leaf of STEs that abort, then the descriptor in one store. */
static int make_leaf(struct iom_smmuv3_drv *s, uint32_t sid)
{
	struct iom_le64 *desc = (struct iom_le64 *)s->strtab + (sid >> SPLIT);
	size_t size = sizeof(struct smmu_ste) << SPLIT;
	struct smmu_l2 leaf = { 0 };
	void *mem;
	int rc = s->dmem->ops.alloc(s->dmem, size, size, &mem, &leaf.pa);

	if (rc)
		return rc;
	leaf.ste = mem;
	fill_abort(s, leaf.ste, (size_t)1 << SPLIT);
	/* The STEs before the descriptor that leads to them. */
	iom_mmio_wmb(s->mmio);
	__atomic_store_n(&desc->raw,
			 iom_le64_make(leaf.pa | IOM_FIELD_PREP(SMMU_L1STD_SPAN,
								UINT64_C(1) + SPLIT)).raw,
			 __ATOMIC_RELAXED);
	s->dmem->ops.clean(s->dmem, desc, sizeof(*desc));
	s->l2[sid >> SPLIT] = leaf;
	return IOM_OK;
}

/*
 * Then CFGI of both. IOM_EIO: linked, and not confirmed. It stays linked, and the
 * next stream in it asks again.
 */
static int link_leaf(struct iom_smmuv3_drv *s, uint32_t sid)
{
	struct smmu_l2 *l2 = &s->l2[sid >> SPLIT];
	struct smmuv3_wire_cmd c = { .opcode = SMMU_CMD_CFGI_STE, .sid = sid };
	struct smmu_batch b = { 0 };
	int rc = l2->ste ? IOM_OK : make_leaf(s, sid);

	if (rc || l2->told)
		return rc;
	iomi_smmuv3_drv_batch_add(s, &b, &c);
	rc = iomi_smmuv3_drv_batch_end(s, &b);
	l2->told = !rc;
	return rc;
}

static struct smmu_ste *ste_of(struct iom_smmuv3_drv *s, uint32_t sid)
{
	if (s->split)
		return &s->l2[sid >> SPLIT].ste[sid & (IOM_BIT32(SPLIT) - 1)];
	return (struct smmu_ste *)s->strtab + sid;
}

/* Not confirmed: the stream may be where it was, and where it was to go. */
int iomi_smmuv3_drv_write_ste(struct iom_smmuv3_stream *st, const uint64_t w[8])
{
	struct smmu_entry_sync sync = {
		.s = st->s,
		.cmd = { .opcode = SMMU_CMD_CFGI_STE, .sid = st->sid, .leaf = true },
	};

	int rc;

	iom_plat_assert_held(st->s->plat, &st->s->lock);
	rc = iomi_smmuv3_drv_write_entry(&sync, &iomi_smmuv3_drv_ste_kind,
					 ste_of(st->s, st->sid)->w, w);
	st->torn = rc;
	return rc;
}

/* --- IDs --- */

int iomi_smmuv3_drv_ids_init(struct iom_smmuv3_drv *s, struct smmu_ids *ids, uint32_t nr)
{
	void *mem;
	int rc = iom_plat_alloc(s->plat, nr / 8, 8, &mem);

	if (rc)
		return rc;
	ids->used = mem;
	ids->nr = nr;
	ids->used[0] = 1;
	return IOM_OK;
}

void iomi_smmuv3_drv_ids_fini(struct iom_smmuv3_drv *s, struct smmu_ids *ids)
{
	if (ids->used)
		iom_plat_free(s->plat, ids->used, ids->nr / 8);
}

int iomi_smmuv3_drv_id_get(struct smmu_ids *ids, uint32_t *id)
{
	uint32_t i;

	for (i = 0; i < ids->nr / 64; i++) {
		if (~ids->used[i]) {
			*id = i * 64 + (uint32_t)__builtin_ctzll(~ids->used[i]);
			ids->used[i] |= ids->used[i] + 1;
			return IOM_OK;
		}
	}
	return IOM_ENOSPC;
}

void iomi_smmuv3_drv_id_put(struct smmu_ids *ids, uint32_t id)
{
	ids->used[id / 64] &= ~IOM_BIT64(id % 64);
}

/* --- what an STE says --- */

bool iomi_smmuv3_drv_stalls(const struct iom_smmuv3_stream *st)
{
	return st->s->caps.stall_model == SMMU_STALL_MODEL_FORCE ||
	       (st->s->caps.stall_model == SMMU_STALL_MODEL_BOTH && st->stall);
}

/* Attributes of the transaction: as it brings them, where the SMMU could override. */
uint64_t iomi_smmuv3_drv_incoming(const struct iom_smmuv3_drv *s)
{
	return s->idr[1] & SMMU_IDR1_ATTR_TYPES_OVR ?
	       IOM_FIELD_PREP(SMMU_STE1_SHCFG, (uint64_t)SMMU_SHCFG_INCOMING) : 0;
}

static void identity_ste(const struct iom_smmuv3_drv *s, uint64_t w[8])
{
	memset(w, 0, 8 * sizeof(*w));
	w[0] = SMMU_STE0_V | IOM_FIELD_PREP(SMMU_STE0_CONFIG, (uint64_t)SMMU_STE_CONFIG_BYPASS);
	w[1] = iomi_smmuv3_drv_incoming(s);
}

uint64_t iomi_smmuv3_drv_eats(const struct iom_smmuv3_stream *st)
{
	return st->ats ? IOM_FIELD_PREP(SMMU_STE1_EATS, (uint64_t)SMMU_EATS_FULL) : 0;
}

static void s2_ste(const struct iom_smmuv3_stream *st, const struct smmu_fmt *f, uint32_t vmid,
		   uint64_t w[8])
{
	const struct iom_smmuv3_drv *s = st->s;

	memset(w, 0, 8 * sizeof(*w));
	w[0] = SMMU_STE0_V | IOM_FIELD_PREP(SMMU_STE0_CONFIG, (uint64_t)SMMU_STE_CONFIG_S2);
	w[1] = iomi_smmuv3_drv_incoming(s) | iomi_smmuv3_drv_eats(st) |
	       (f->fwb ? SMMU_STE1_S2FWB : 0);
	w[2] = IOM_FIELD_PREP(SMMU_STE2_S2VMID, (uint64_t)vmid) |
	       IOM_FIELD_PREP(SMMU_STE2_S2T0SZ, (uint64_t)f->t0sz) |
	       IOM_FIELD_PREP(SMMU_STE2_S2SL0, (uint64_t)f->sl0) |
	       IOM_FIELD_PREP(SMMU_STE2_S2TG, (uint64_t)f->tg) |
	       IOM_FIELD_PREP(SMMU_STE2_S2PS, (uint64_t)f->ps) | SMMU_STE2_S2AA64 | SMMU_STE2_S2R |
	       (iomi_smmuv3_drv_stalls(st) ? SMMU_STE2_S2S : 0) |
	       (f->dirty ? SMMU_STE2_S2HA | SMMU_STE2_S2HD : 0);
	w[3] = (f->ttb & SMMU_STE3_S2TTB_ADDR) | (f->ds ? SMMU_STE3_S2DS : 0) |
	       (f->sl0_2 ? SMMU_STE3_S2SL0_2 : 0);
	/* Walks of a non-coherent SMMU go past the caches. */
	if (iomi_smmuv3_drv_coherent(s))
		w[2] |= IOM_FIELD_PREP(SMMU_STE2_S2IR0, (uint64_t)SMMU_CACHE_WB) |
			IOM_FIELD_PREP(SMMU_STE2_S2OR0, (uint64_t)SMMU_CACHE_WB) |
			IOM_FIELD_PREP(SMMU_STE2_S2SH0, (uint64_t)SMMU_SH_ISH);
}

/* --- the parts of an attachment --- */

static struct iom_inv inv_of(const struct iom_smmuv3_stream *st, enum iom_inv_kind kind,
			     uint32_t id)
{
	return (struct iom_inv){ .iommu = &st->s->iommu, .kind = kind, .id = id };
}

static enum iom_inv_kind kind_of(const struct iom_domain *d)
{
	if (iomi_smmuv3_drv_stage(d) == 1)
		return IOM_INV_STAGE1;
	return iom_domain_nest_parent(d) ? IOM_INV_PARENT : IOM_INV_STAGE2;
}

static struct smmu_ids *ids_of(struct iom_smmuv3_drv *s, enum iom_inv_kind kind)
{
	return kind == IOM_INV_STAGE1 ? &s->asids : &s->vmids;
}

/*
 * d's ASID or VMID on this SMMU, and d knows from now on that its unmaps must
 * reach it: before hardware can look at d's tables.
 */
int iomi_smmuv3_drv_join(struct iom_smmuv3_stream *st, struct iom_domain *d, bool has_pasid,
			 uint32_t pasid, uint32_t *id)
{
	struct iom_smmuv3_drv *s = st->s;
	struct iom_inv inv = inv_of(st, kind_of(d), 0), atc = inv_of(st, IOM_INV_ATC, st->sid);
	bool fresh = !iom_domain_inv_find(d, &s->iommu, inv.kind, &inv.id);
	int rc = fresh ? iomi_smmuv3_drv_id_get(ids_of(s, inv.kind), &inv.id) : IOM_OK;

	iom_plat_assert_held(s->plat, &s->lock);
	if (rc)
		return rc;
	rc = iom_domain_inv_add(d, &inv);
	if (rc)
		goto err_id;
	atc.has_pasid = has_pasid;
	atc.pasid = pasid;
	rc = st->ats ? iom_domain_inv_add(d, &atc) : IOM_OK;
	if (rc)
		goto err_inv;
	*id = inv.id;
	return IOM_OK;
err_inv:
	iom_domain_inv_del(d, &inv);
err_id:
	if (fresh)
		iomi_smmuv3_drv_id_put(ids_of(s, inv.kind), inv.id);
	return rc;
}

/*
 * Hardware does not look at d's tables through this stream any more, and that is
 * confirmed. The ID is free when nothing is cached under it.
 */
int iomi_smmuv3_drv_leave(struct iom_smmuv3_stream *st, struct iom_domain *d, bool has_pasid,
			  uint32_t pasid, uint32_t id)
{
	struct iom_smmuv3_drv *s = st->s;
	struct iom_inv inv = inv_of(st, kind_of(d), id), atc = inv_of(st, IOM_INV_ATC, st->sid);
	const struct iom_inv_range all = { .iova = { 0, UINT64_MAX }, .tables = true };
	int rc = IOM_OK;

	iom_plat_assert_held(s->plat, &s->lock);
	if (st->ats) {
		atc.has_pasid = has_pasid;
		atc.pasid = pasid;
		rc = iomi_smmuv3_drv_invalidate(&s->iommu, &atc, 1, &all, 1);
		/* The endpoint may still go where d leads: d may not forget it. */
		if (rc)
			return rc;
		iom_domain_inv_del(d, &atc);
	}
	if (iom_domain_inv_del(d, &inv))
		return rc;
	if (iomi_smmuv3_drv_invalidate(&s->iommu, &inv, 1, &all, 1))
		return IOM_EIO;		/* the ID stays in use for ever */
	iomi_smmuv3_drv_id_put(ids_of(s, inv.kind), id);
	return IOM_OK;
}

/* --- attachments --- */

/* The STE is written and what it led to before is left. */
static int switch_to(struct iom_smmuv3_stream *st, struct iom_domain *d, uint32_t id,
		     const uint64_t ste[8])
{
	struct iom_domain *old = st->domain;
	uint32_t old_id = st->id;
	int rc = iomi_smmuv3_drv_write_ste(st, ste);

	/* The stream may still be in both, and neither may forget it. */
	if (rc)
		return rc;
	st->domain = d;
	st->id = id;
	if (!old)
		return IOM_OK;
	return iomi_smmuv3_drv_leave(st, old, false, 0, old_id);
}

/* 5.2: EATS = 1 with S2S = 1 is illegal: what an ATC asks for must not be held. */
static bool s2_stalls(const struct iom_smmuv3_stream *st, const struct iom_domain *d)
{
	return iomi_smmuv3_drv_stage(d) == 2 && iomi_smmuv3_drv_stalls(st);
}

static int attach(struct iom_smmuv3_stream *st, struct iom_domain *d)
{
	const struct iom_smmuv3_drv *s = st->s;
	bool s1 = iomi_smmuv3_drv_stage(d) == 1;
	struct smmu_fmt f;
	uint64_t ste[8];
	uint32_t id;
	int rc;

	if (d == st->domain && !st->torn)
		return IOM_OK;
	if (!iomi_smmuv3_drv_fmt(s, d, &f) || (st->ats && s2_stalls(st, d)))
		return IOM_EOPNOTSUPP;
	if (!s1 && st->nr_pasids)
		return IOM_EBUSY;
	rc = iomi_smmuv3_drv_join(st, d, false, 0, &id);
	if (rc)
		return rc;
	if (s1)
		rc = s->cfg.s1->attach(st, &f, id, ste);
	else
		s2_ste(st, &f, id, ste);
	if (rc) {
		/* IOM_ENOMEM: nothing was written. IOM_EIO: d stays bound to what may look. */
		st->torn |= rc == IOM_EIO;
		if (rc != IOM_EIO)
			iomi_smmuv3_drv_leave(st, d, false, 0, id);
		return rc;
	}
	return switch_to(st, d, id, ste);
}

int iom_smmuv3_drv_attach(struct iom_smmuv3_stream *st, struct iom_domain *d)
{
	int rc;

	iom_plat_lock(st->s->plat, &st->s->lock);
	rc = attach(st, d);
	iom_plat_unlock(st->s->plat, &st->s->lock);
	return rc;
}

static int attach_none(struct iom_smmuv3_stream *st, const uint64_t ste[8])
{
	int rc;

	if (st->ats || st->nr_pasids)
		return IOM_EBUSY;
	rc = switch_to(st, NULL, 0, ste);
	if (!rc && st->cdtab)
		rc = st->s->cfg.s1->detach(st);
	return rc;
}

int iom_smmuv3_drv_block(struct iom_smmuv3_stream *st)
{
	uint64_t ste[8];
	int rc;

	abort_ste(ste);
	iom_plat_lock(st->s->plat, &st->s->lock);
	rc = attach_none(st, ste);
	iom_plat_unlock(st->s->plat, &st->s->lock);
	return rc;
}

int iom_smmuv3_drv_identity(struct iom_smmuv3_stream *st)
{
	uint64_t ste[8];
	int rc;

	identity_ste(st->s, ste);
	iom_plat_lock(st->s->plat, &st->s->lock);
	rc = attach_none(st, ste);
	iom_plat_unlock(st->s->plat, &st->s->lock);
	return rc;
}

int iom_smmuv3_drv_attach_pasid(struct iom_smmuv3_stream *st, uint32_t pasid,
				struct iom_domain *d)
{
	struct iom_smmuv3_drv *s = st->s;
	struct smmu_fmt f;
	int rc = IOM_EBUSY;

	iom_plat_lock(s->plat, &s->lock);
	if (!pasid || pasid >> st->pasid_bits)
		rc = IOM_ERANGE;
	else if (iomi_smmuv3_drv_stage(d) != 1 || !iomi_smmuv3_drv_fmt(s, d, &f))
		rc = IOM_EOPNOTSUPP;
	else if (st->torn)
		rc = IOM_EIO;
	else if (st->domain && iomi_smmuv3_drv_stage(st->domain) == 1)
		rc = s->cfg.s1->attach_pasid(st, pasid, d, &f);
	iom_plat_unlock(s->plat, &s->lock);
	return rc;
}

int iom_smmuv3_drv_detach_pasid(struct iom_smmuv3_stream *st, uint32_t pasid)
{
	struct iom_smmuv3_drv *s = st->s;
	int rc = IOM_ENOENT;

	iom_plat_lock(s->plat, &s->lock);
	if (st->cdtab && !(pasid >> st->pasid_bits))
		rc = s->cfg.s1->detach_pasid(st, pasid);
	iom_plat_unlock(s->plat, &s->lock);
	return rc;
}

int iom_smmuv3_drv_pasid_domain(struct iom_smmuv3_stream *st, uint32_t pasid,
				struct iom_domain **out)
{
	struct iom_smmuv3_drv *s = st->s;
	int rc = IOM_ENOENT;

	iom_plat_lock(s->plat, &s->lock);
	if (st->nr_pasids)
		rc = s->cfg.s1->pasid_domain(st, pasid, out);
	iom_plat_unlock(s->plat, &s->lock);
	return rc;
}

/* --- streams --- */

static int stream_add(struct iom_smmuv3_drv *s, struct iom_smmuv3_stream *st)
{
	const struct iom_smmuv3_stream *o;
	struct iom_list *l;
	uint64_t ste[8];
	int rc;

	iom_list_for_each(l, &s->streams) {
		o = IOM_CONTAINER_OF(l, struct iom_smmuv3_stream, link);
		if (o->sid == st->sid)
			return IOM_EEXIST;
	}
	rc = s->split ? link_leaf(s, st->sid) : IOM_OK;
	if (rc)
		return rc;
	/* Of a stream that was removed with an error it may say anything. */
	abort_ste(ste);
	rc = iomi_smmuv3_drv_write_ste(st, ste);
	if (!rc)
		iom_list_add_tail(&s->streams, &st->link);
	return rc;
}

int iom_smmuv3_drv_stream_add(struct iom_smmuv3_drv *s, struct iom_smmuv3_stream *st,
			      uint32_t sid, const struct iom_smmuv3_stream_cfg *cfg)
{
	int rc;

	if ((uint64_t)sid >> s->sid_lg2)
		return IOM_ERANGE;
	memset(st, 0, sizeof(*st));
	st->s = s;
	st->sid = sid;
	if (cfg) {
		if (cfg->pasid_bits > s->caps.ssidsize || (cfg->pasid_bits && !s->cfg.s1))
			return IOM_EOPNOTSUPP;
		st->stall = cfg->stall;
		st->pasid_bits = cfg->pasid_bits;
	}
	iom_list_init(&st->link);
	iom_plat_lock(s->plat, &s->lock);
	rc = stream_add(s, st);
	iom_plat_unlock(s->plat, &s->lock);
	return rc;
}

int iom_smmuv3_drv_stream_remove(struct iom_smmuv3_stream *st)
{
	struct iom_smmuv3_drv *s = st->s;
	uint64_t ste[8];
	int rc;

	abort_ste(ste);
	iom_plat_lock(s->plat, &s->lock);
	rc = attach_none(st, ste);
	if (!rc) {
		if (st->cdtab)
			s->cfg.s1->gone(st);
		iom_list_del(&st->link);
	}
	iom_plat_unlock(s->plat, &s->lock);
	return rc;
}

/* --- ATS (3.9.1): the endpoint keeps translations itself --- */

/* EATS as st->ats says, and nothing else of the STE. */
static int write_eats(struct iom_smmuv3_stream *st)
{
	uint64_t w[8];

	iomi_smmuv3_wire_load(w, ste_of(st->s, st->sid)->w, 8);
	w[1] = (w[1] & ~SMMU_STE1_EATS) | iomi_smmuv3_drv_eats(st);
	return iomi_smmuv3_drv_write_ste(st, w);
}

static int forget_atc(struct iom_smmuv3_stream *st)
{
	const struct iom_inv_range all = { .iova = { 0, UINT64_MAX }, .tables = true };
	const struct iom_inv atc = inv_of(st, IOM_INV_ATC, st->sid);

	return iomi_smmuv3_drv_invalidate(&st->s->iommu, &atc, 1, &all, 1);
}

/*
 * Unmaps reach the ATC before the endpoint can fill it, and as long as it may hold
 * anything: also while it is on no more, but has not said that it holds nothing.
 */
static int ats_on(struct iom_smmuv3_stream *st)
{
	const struct iom_inv atc = inv_of(st, IOM_INV_ATC, st->sid);
	bool fresh = !st->ats;
	int rc = fresh ? iom_domain_inv_add(st->domain, &atc) : IOM_OK;

	if (rc)
		return rc;
	st->ats = true;
	rc = forget_atc(st);
	if (!rc)
		return write_eats(st);
	/* EATS was 0 all the time: what an ATC has of earlier is refused (ATSCHK). */
	if (fresh) {
		st->ats = false;
		iom_domain_inv_del(st->domain, &atc);
	}
	return rc;
}

static int ats_off(struct iom_smmuv3_stream *st)
{
	const struct iom_inv atc = inv_of(st, IOM_INV_ATC, st->sid);
	int rc;

	st->ats = false;
	rc = write_eats(st);
	if (!rc)
		rc = forget_atc(st);
	if (rc) {
		/* Not confirmed: it may still hold something. */
		st->ats = true;
		return rc;
	}
	iom_domain_inv_del(st->domain, &atc);
	return IOM_OK;
}

static bool eats(const struct iom_smmuv3_stream *st)
{
	return iom_le64_get(ste_of(st->s, st->sid)->w[1]) & SMMU_STE1_EATS;
}

int iom_smmuv3_drv_stream_ats(struct iom_smmuv3_stream *st, bool on)
{
	struct iom_smmuv3_drv *s = st->s;
	int rc = IOM_OK;

	iom_plat_lock(s->plat, &s->lock);
	if (!s->caps.ats)
		rc = IOM_EOPNOTSUPP;
	else if (on && st->domain && s2_stalls(st, st->domain))
		rc = IOM_EOPNOTSUPP;
	else if (!st->domain || st->nr_pasids)
		rc = IOM_EBUSY;
	else if (st->torn)
		rc = IOM_EIO;
	else if (on && !eats(st))
		rc = ats_on(st);
	else if (!on && st->ats)
		rc = ats_off(st);
	iom_plat_unlock(s->plat, &s->lock);
	return rc;
}
