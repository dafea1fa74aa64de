/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transaction of a strict SMMUv3, and what hardware does without being asked:
 * prefetches, of configurations and translations. Both go the model's own way
 * (ctx.c, walk.c) with a fetcher that answers from what is held. A transaction
 * that goes by something too old is evidence; a prefetch is not.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_engine.h"

static int fetch(struct smmu_fetcher *f, const struct smmu_txn *t,
		 const struct iom_smmuv3_fetch *what, uint64_t *w, unsigned int n)
{
	struct strict_way *y = IOM_CONTAINER_OF(f, struct strict_way, base);

	if (what->kind == IOM_SMMUV3_FETCH_S1 || what->kind == IOM_SMMUV3_FETCH_S2)
		return iomi_smmuv3_strict_tlb_fetch(y, t, what, w);
	return iomi_smmuv3_strict_view_fetch(y, t, what, w, n);
}

static void way_init(struct strict_way *y, struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
		     const struct smmu_ctx *c, bool prefetch)
{
	y->base.fetch = fetch;
	y->s = s;
	y->gmem = gmem;
	y->prefetch = prefetch;
	y->ctx = c;
	y->l1std = y->ste = y->l1cd = y->cd = NULL;
	y->nr = 0;
}

/* --- transactions --- */

void iomi_smmuv3_strict_xlate_begin(struct iom_smmuv3_port *p, struct smmu_txn *t)
{
	struct iom_smmuv3_dev *s = p->s;
	struct strict_way *y = &s->strict->engine->way;

	iom_plat_lock(s->plat, &s->strict->lock);
	iomi_smmuv3_strict_record_input(s->strict->record, s->strict->step, STRICT_IN_DMA, t->sid,
					t->iova, t->len, t->access);
	iomi_smmuv3_strict_step(s, p->gmem);
	memset(p->own, 0, sizeof(*p->own));
	way_init(y, s, p->gmem, p->own, false);
	t->fetch = &y->base;
}

void iomi_smmuv3_strict_xlate_end(struct iom_smmuv3_port *p, int rc,
				  const struct iom_smmuv3_result *res)
{
	const uint64_t val[] = { rc ? 0 : res->pa, rc ? 0 : res->len };

	iomi_smmuv3_strict_record_result(p->s->strict->record, rc, 2, val);
	iom_plat_unlock(p->s->plat, &p->s->strict->lock);
}

/* What goes by the model's ordinary caches: recorded, and one at a time. */
void iomi_smmuv3_strict_plain_begin(struct iom_smmuv3_port *p, enum strict_input in, uint64_t a,
				    uint64_t b, uint64_t c)
{
	struct smmu_strict *x = p->s->strict;

	iom_plat_lock(p->s->plat, &x->lock);
	iomi_smmuv3_strict_record_input(x->record, x->step, in, p->sid, a, b, c);
}

void iomi_smmuv3_strict_plain_end(struct iom_smmuv3_port *p, int rc, uint64_t a, uint64_t b)
{
	const uint64_t val[] = { a, b };

	iomi_smmuv3_strict_record_result(p->s->strict->record, rc, 2, val);
	iom_plat_unlock(p->s->plat, &p->s->strict->lock);
}

static const struct strict_line *line(const struct strict_held *h)
{
	return h ? &h->l : NULL;
}

/* Has the checker seen it? It is told of each once. */
static bool unseen(struct strict_held *h, bool *fresh)
{
	bool first = h && !h->checked;

	if (h) {
		h->checked = true;
		*fresh = *fresh && !h->l.changed;
	}
	return first;
}

void iomi_smmuv3_strict_xlate_configured(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
					 int rc, const struct smmu_fault *f)
{
	struct strict_way *y = &s->strict->engine->way;
	struct strict_config c = {
		.sid = t->sid, .ssid = t->ssid, .ssv = t->ssv, .fresh = true,
		.l1std = line(y->l1std), .ste = line(y->ste),
		.l1cd = line(y->l1cd), .cd = line(y->cd),
		.err = rc ? (uint32_t)IOM_FIELD_GET(SMMU_EVT0_ID, f->ev[0]) : 0,
	};
	bool tell;

	iomi_smmuv3_strict_view_judge(y);
	iomi_smmuv3_strict_tlb_judge(y);
	tell = unseen(y->l1std, &c.fresh);
	tell |= unseen(y->ste, &c.fresh);
	tell |= unseen(y->l1cd, &c.fresh);
	tell |= unseen(y->cd, &c.fresh);
	if (tell)
		iomi_smmuv3_strict_config(s, &c);
}

static void remember(struct strict_engine *e, const struct smmu_txn *t)
{
	struct strict_used_ia *u = &e->used[e->next_used];

	u->sid = t->sid;
	u->iova = t->iova;
	u->ssv = t->ssv;
	u->ssid = t->ssid;
	e->next_used = (e->next_used + 1) % STRICT_USED_IAS;
	if (e->nr_used < STRICT_USED_IAS)
		e->nr_used++;
}

int iomi_smmuv3_strict_xlate_walk(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
				  struct smmu_leaf *leaf, struct smmu_fault *f)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_way *y = &e->way;
	int rc;

	remember(e, t);
	/* What stage 2 said of the CD is no part of this. */
	y->nr = 0;
	if (iomi_smmuv3_strict_tlb_find(y, t, leaf))
		return IOM_OK;
	rc = iomi_smmuv3_dev_walk(s, y->ctx, t, false, NULL, leaf, f);
	iomi_smmuv3_strict_tlb_judge(y);
	if (!rc && iomi_smmuv3_strict_rand(s->strict, 16))
		iomi_smmuv3_strict_tlb_fill(y, t, leaf);
	return rc;
}

/* --- ATS requests: the same caches --- */

void iomi_smmuv3_strict_ats_begin(struct iom_smmuv3_port *p, struct smmu_txn *t,
				  unsigned int access)
{
	struct iom_smmuv3_dev *s = p->s;
	struct strict_way *y = &s->strict->engine->way;

	iomi_smmuv3_strict_plain_begin(p, STRICT_IN_ATS, t->iova, access, 0);
	iomi_smmuv3_strict_step(s, p->gmem);
	way_init(y, s, p->gmem, p->own, false);
	t->fetch = &y->base;
}

int iomi_smmuv3_strict_ats_configure(struct iom_smmuv3_port *p, struct smmu_txn *t,
				     struct smmu_fault *f)
{
	int rc;

	memset(p->own, 0, sizeof(*p->own));
	rc = iomi_smmuv3_dev_ctx_build(p->s, t, p->own, f);
	/* Of the STE alone nothing is known yet. */
	if (rc || !(t->access & SMMU_ACCESS_STE))
		iomi_smmuv3_strict_xlate_configured(p->s, t, rc, f);
	return rc;
}

int iomi_smmuv3_strict_ats_walk(struct iom_smmuv3_dev *s, const struct smmu_txn *t, uint8_t any,
				bool split, struct smmu_leaf *leaf, struct smmu_fault *f)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_way *y = &e->way;
	int rc;

	remember(e, t);
	y->nr = 0;
	if (!split && !(t->access & SMMU_ACCESS_WANT_W) &&
	    iomi_smmuv3_strict_tlb_find(y, t, leaf)) {
		leaf->perm = leaf->perm & any ? leaf->perm : 0;
		return IOM_OK;
	}
	rc = iomi_smmuv3_dev_walk_ats(s, y->ctx, t, any, split, leaf, f);
	iomi_smmuv3_strict_tlb_judge(y);
	return rc;
}

/* --- prefetches --- */

/* Somewhere near an address that was used. */
static void somewhere(struct iom_smmuv3_dev *s, struct smmu_txn *t)
{
	struct smmu_strict *x = s->strict;
	struct strict_engine *e = x->engine;
	const struct strict_used_ia *u;

	if (e->nr_used && iomi_smmuv3_strict_rand(x, 2)) {
		u = &e->used[iomi_smmuv3_strict_rand(x, e->nr_used)];
		t->sid = u->sid;
		t->ssv = u->ssv;
		t->ssid = u->ssid;
		t->iova = u->iova + (uint64_t)iomi_smmuv3_strict_rand(x, 3) * 4096 - 4096;
		return;
	}
	t->sid = e->sid[iomi_smmuv3_strict_rand(x, e->nr_sids)];
}

void iomi_smmuv3_strict_xlate_prefetch(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_way *y = &e->way;
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_txn t = {
		.access = IOM_ACCESS_READ | IOM_ACCESS_QUIET | SMMU_ACCESS_LOOK,
		.len = 1, .gmem = gmem, .fetch = &y->base,
	};
	struct smmu_leaf leaf;

	/* Unreachable structures are never fetched. */
	if (!e->nr_sids || !(atomic_load(&s->cr0) & SMMU_CR0_SMMUEN))
		return;
	somewhere(s, &t);
	memset(&e->ctx, 0, sizeof(e->ctx));
	way_init(y, s, gmem, &e->ctx, true);
	if (iomi_smmuv3_dev_ctx_build(s, &t, &e->ctx, &f) || e->ctx.kind != SMMU_KIND_TRANSLATE)
		return;
	t.access = (t.access & e->ctx.acc_and) | e->ctx.acc_or;
	y->nr = 0;
	if (!iomi_smmuv3_dev_walk(s, &e->ctx, &t, false, NULL, &leaf, &f) &&
	    !iomi_smmuv3_strict_tlb_has(y, &t) && iomi_smmuv3_strict_tlb_accessed(y)) {
		iomi_smmuv3_strict_tlb_fill(y, &t, &leaf);
		s->strict->stats.prefetches++;
	}
}
