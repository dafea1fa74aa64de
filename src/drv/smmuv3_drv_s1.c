/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 1 (IHI 0070: 3.3.2, 5.3, 5.4): a CD table for each stream that has been
 * in a domain of stage 1, and what its CDs say. All under the instance's lock.
 *
 * CD 0 is that of transactions without a PASID (S1DSS = 2). With PASIDs the
 * table has two levels of 1024 CDs a leaf where the SMMU can, and leaves come
 * when they are needed; they stay until the stream goes.
 */
#include <iom/base/mem.h>

#include "smmuv3_drv_int.h"

#define LEAF_LG2	SMMU_S1FMT_64K_SPLIT

struct cd_leaf {
	struct smmu_cd *cd;
	uint64_t pa;
	bool told;		/* the SMMU has confirmed to have forgotten the empty descriptor */
};

struct pasid {
	struct iom_list link;
	struct iom_domain *domain;
	uint32_t pasid, asid;
};

struct smmu_cdtab {
	uint8_t bits;			/* S1CDMax */
	bool two;			/* levels */
	struct iom_le64 *l1;		/* two: first level; */
	uint64_t l1_pa;
	struct cd_leaf *leaf;		/* its leaves. Else leaf[0] is all */
	struct iom_list pasids;
};

static size_t nr_leaves(const struct smmu_cdtab *t)
{
	return t->two ? (size_t)1 << (t->bits - LEAF_LG2) : 1;
}

static size_t leaf_size(const struct smmu_cdtab *t)
{
	return sizeof(struct smmu_cd) << (t->two ? LEAF_LG2 : t->bits);
}

static size_t l1_size(const struct smmu_cdtab *t)
{
	size_t size = nr_leaves(t) * sizeof(*t->l1);

	return size > sizeof(struct smmu_cd) ? size : sizeof(struct smmu_cd);
}

/* --- the table --- */

/* CDs of zeros: V = 0. */
static int leaf_get(struct iom_smmuv3_stream *st, struct smmu_cdtab *t, size_t i)
{
	struct iom_dmem *dmem = st->s->dmem;
	void *mem;
	int rc;

	if (t->leaf[i].cd)
		return IOM_OK;
	rc = dmem->ops.alloc(dmem, leaf_size(t), leaf_size(t), &mem, &t->leaf[i].pa);
	if (rc)
		return rc;
	t->leaf[i].cd = mem;
	if (!t->two)
		return IOM_OK;
	iom_mmio_wmb(st->s->mmio);
	__atomic_store_n(&t->l1[i].raw, iom_le64_make(t->leaf[i].pa | SMMU_L1CD_V).raw,
			 __ATOMIC_RELAXED);
	dmem->ops.clean(dmem, &t->l1[i], sizeof(t->l1[i]));
	return IOM_OK;
}

/*
 * The leaf of a PASID's CD is there. 5.3: a first-level descriptor has changed:
 * CFGI_CD with Leaf = 0. IOM_EIO: linked, and not confirmed; the next one asks again.
 */
static int leaf_link(struct iom_smmuv3_stream *st, struct smmu_cdtab *t, uint32_t pasid)
{
	struct cd_leaf *leaf = &t->leaf[t->two ? pasid >> LEAF_LG2 : 0];
	struct smmu_batch b = { 0 };
	const struct smmuv3_wire_cmd c = {
		.opcode = SMMU_CMD_CFGI_CD, .sid = st->sid, .ssid = pasid,
	};
	int rc = leaf_get(st, t, (size_t)(leaf - t->leaf));

	if (rc || leaf->told)
		return rc;
	iomi_smmuv3_drv_batch_add(st->s, &b, &c);
	rc = iomi_smmuv3_drv_batch_end(st->s, &b);
	leaf->told = !rc;
	return rc;
}

static void tab_free(struct iom_smmuv3_stream *st, struct smmu_cdtab *t)
{
	struct iom_smmuv3_drv *s = st->s;
	size_t i;

	for (i = 0; i < nr_leaves(t); i++) {
		if (t->leaf[i].cd)
			s->dmem->ops.free(s->dmem, t->leaf[i].cd, t->leaf[i].pa, leaf_size(t));
	}
	if (t->l1)
		s->dmem->ops.free(s->dmem, t->l1, t->l1_pa, l1_size(t));
	iom_plat_free(s->plat, t->leaf, nr_leaves(t) * sizeof(*t->leaf));
	iom_plat_free(s->plat, t, sizeof(*t));
}

static int tab_make(struct iom_smmuv3_stream *st)
{
	struct iom_smmuv3_drv *s = st->s;
	struct smmu_cdtab *t;
	void *mem;
	int rc = iom_plat_alloc(s->plat, sizeof(*t), 16, &mem);

	if (rc)
		return rc;
	t = mem;
	t->bits = st->pasid_bits;
	t->two = s->caps.cd2l && t->bits > LEAF_LG2;
	iom_list_init(&t->pasids);
	rc = iom_plat_alloc(s->plat, nr_leaves(t) * sizeof(*t->leaf), 16, &mem);
	if (rc) {
		iom_plat_free(s->plat, t, sizeof(*t));
		return rc;
	}
	t->leaf = mem;
	if (t->two) {
		rc = s->dmem->ops.alloc(s->dmem, l1_size(t), l1_size(t), &mem, &t->l1_pa);
		if (!rc)
			t->l1 = mem;
	}
	if (!rc)
		rc = leaf_get(st, t, 0);
	/* No STE leads here yet. */
	t->leaf[0].told = true;
	if (rc)
		tab_free(st, t);
	else
		st->cdtab = t;
	return rc;
}

/* --- what a CD says --- */

static void make_cd(const struct iom_smmuv3_stream *st, const struct smmu_fmt *f, uint32_t asid,
		    uint64_t w[8])
{
	uint64_t walk = IOM_FIELD_PREP(SMMU_CD0_IR0, (uint64_t)SMMU_CACHE_WB) |
			IOM_FIELD_PREP(SMMU_CD0_OR0, (uint64_t)SMMU_CACHE_WB) |
			IOM_FIELD_PREP(SMMU_CD0_SH0, (uint64_t)SMMU_SH_ISH);

	memset(w, 0, 8 * sizeof(*w));
	w[0] = IOM_FIELD_PREP(SMMU_CD0_T0SZ, (uint64_t)f->t0sz) |
	       IOM_FIELD_PREP(SMMU_CD0_TG0, (uint64_t)f->tg) |
	       (iomi_smmuv3_drv_coherent(st->s) ? walk : 0) | SMMU_CD0_EPD1 | SMMU_CD0_V |
	       IOM_FIELD_PREP(SMMU_CD0_IPS, (uint64_t)f->ps) | SMMU_CD0_AA64 |
	       SMMU_CD0_R | SMMU_CD0_A | SMMU_CD0_ASET |
	       IOM_FIELD_PREP(SMMU_CD0_ASID, (uint64_t)asid) |
	       (iomi_smmuv3_drv_stalls(st) ? SMMU_CD0_S : 0) |
	       (f->dirty ? SMMU_CD0_HA | SMMU_CD0_HD : 0);
	w[1] = f->ttb & SMMU_CD1_TTB0_ADDR;
	w[2] = f->ds ? SMMU_CD2_DS : 0;
	w[3] = f->mair;
}

static int write_cd(struct iom_smmuv3_stream *st, uint32_t pasid, const uint64_t w[8])
{
	struct smmu_cdtab *t = st->cdtab;
	struct smmu_cd *leaf = t->leaf[t->two ? pasid >> LEAF_LG2 : 0].cd;
	const struct smmu_entry_sync sync = {
		.s = st->s,
		.cmd = { .opcode = SMMU_CMD_CFGI_CD, .sid = st->sid, .ssid = pasid, .leaf = true },
	};

	iom_plat_assert_held(st->s->plat, &st->s->lock);
	return iomi_smmuv3_drv_write_entry(&sync, &iomi_smmuv3_drv_cd_kind,
					   leaf[t->two ? pasid & (IOM_BIT32(LEAF_LG2) - 1) :
							 pasid].w, w);
}

/* 5.2: the STE that leads to the table. */
static void make_ste(const struct iom_smmuv3_stream *st, uint64_t ste[8])
{
	const struct iom_smmuv3_drv *s = st->s;
	const struct smmu_cdtab *t = st->cdtab;

	memset(ste, 0, 8 * sizeof(*ste));
	ste[0] = SMMU_STE0_V | IOM_FIELD_PREP(SMMU_STE0_CONFIG, (uint64_t)SMMU_STE_CONFIG_S1) |
		 ((t->two ? t->l1_pa : t->leaf[0].pa) & SMMU_STE0_S1CONTEXTPTR_ADDR) |
		 IOM_FIELD_PREP(SMMU_STE0_S1CDMAX, (uint64_t)t->bits) |
		 IOM_FIELD_PREP(SMMU_STE0_S1FMT,
				(uint64_t)(t->two ? SMMU_S1FMT_64K : SMMU_S1FMT_LINEAR));
	ste[1] = iomi_smmuv3_drv_incoming(s) | iomi_smmuv3_drv_eats(st) |
		 IOM_FIELD_PREP(SMMU_STE1_S1DSS, (uint64_t)SMMU_S1DSS_SSID0);
	if (iomi_smmuv3_drv_coherent(s))
		ste[1] |= IOM_FIELD_PREP(SMMU_STE1_S1CIR, (uint64_t)SMMU_CACHE_WB) |
			  IOM_FIELD_PREP(SMMU_STE1_S1COR, (uint64_t)SMMU_CACHE_WB) |
			  IOM_FIELD_PREP(SMMU_STE1_S1CSH, (uint64_t)SMMU_SH_ISH);
	if (s->caps.stall_model == SMMU_STALL_MODEL_BOTH && !st->stall)
		ste[1] |= SMMU_STE1_S1STALLD;
}

/* --- the ops --- */

static int s1_init(struct iom_smmuv3_drv *s)
{
	return iomi_smmuv3_drv_ids_init(s, &s->asids, s->caps.asid16 ? 1u << 16 : 1u << 8);
}

static void s1_fini(struct iom_smmuv3_drv *s)
{
	iomi_smmuv3_drv_ids_fini(s, &s->asids);
}

static int s1_attach(struct iom_smmuv3_stream *st, const struct smmu_fmt *f, uint32_t asid,
		     uint64_t ste[8])
{
	uint64_t cd[8];
	int rc = st->cdtab ? IOM_OK : tab_make(st);

	if (rc)
		return rc;
	make_cd(st, f, asid, cd);
	rc = write_cd(st, 0, cd);
	if (!rc)
		make_ste(st, ste);
	return rc;
}

static int s1_detach(struct iom_smmuv3_stream *st)
{
	static const uint64_t none[8];

	return write_cd(st, 0, none);
}

static struct pasid *find(const struct iom_smmuv3_stream *st, uint32_t pasid)
{
	struct pasid *p;
	struct iom_list *l;

	iom_list_for_each(l, &st->cdtab->pasids) {
		p = IOM_CONTAINER_OF(l, struct pasid, link);
		if (p->pasid == pasid)
			return p;
	}
	return NULL;
}

static int s1_attach_pasid(struct iom_smmuv3_stream *st, uint32_t pasid, struct iom_domain *d,
			   const struct smmu_fmt *f)
{
	struct smmu_cdtab *t = st->cdtab;
	struct pasid *p;
	uint64_t cd[8];
	void *mem;
	int rc;

	if (find(st, pasid))
		return IOM_EEXIST;
	rc = iom_plat_alloc(st->s->plat, sizeof(*p), 16, &mem);
	if (rc)
		return rc;
	p = mem;
	p->pasid = pasid;
	p->domain = d;
	rc = leaf_link(st, t, pasid);
	if (!rc)
		rc = iomi_smmuv3_drv_join(st, d, true, pasid, &p->asid);
	if (rc) {
		iom_plat_free(st->s->plat, p, sizeof(*p));
		return rc;
	}
	iom_list_add_tail(&t->pasids, &p->link);
	st->nr_pasids++;
	make_cd(st, f, p->asid, cd);
	/* Not confirmed: it counts as attached, as hardware may have seen it. */
	return write_cd(st, pasid, cd);
}

static int s1_detach_pasid(struct iom_smmuv3_stream *st, uint32_t pasid)
{
	static const uint64_t none[8];
	struct pasid *p = find(st, pasid);
	int rc;

	if (!p)
		return IOM_ENOENT;
	rc = write_cd(st, pasid, none);
	if (rc)
		return rc;
	rc = iomi_smmuv3_drv_leave(st, p->domain, true, pasid, p->asid);
	iom_list_del(&p->link);
	st->nr_pasids--;
	iom_plat_free(st->s->plat, p, sizeof(*p));
	return rc;
}

static int s1_pasid_domain(struct iom_smmuv3_stream *st, uint32_t pasid, struct iom_domain **out)
{
	const struct pasid *p = find(st, pasid);

	if (!p)
		return IOM_ENOENT;
	iom_domain_hold(p->domain);
	*out = p->domain;
	return IOM_OK;
}

static void s1_gone(struct iom_smmuv3_stream *st)
{
	tab_free(st, st->cdtab);
	st->cdtab = NULL;
}

const struct iom_smmuv3_drv_s1 iom_smmuv3_drv_s1 = {
	.init = s1_init,
	.fini = s1_fini,
	.attach = s1_attach,
	.detach = s1_detach,
	.attach_pasid = s1_attach_pasid,
	.detach_pasid = s1_detach_pasid,
	.pasid_domain = s1_pasid_domain,
	.gone = s1_gone,
};
