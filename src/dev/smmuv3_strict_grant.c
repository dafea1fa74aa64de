/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translations that endpoints have been given (3.9.1): an ATC may keep each until
 * an ATC_INV of it is complete. Memory that one of them leads to is not the
 * driver's to give to somebody else. With ATSCHK, an STE that turned ATS off makes
 * them useless: its CFGI_STE counts as much as an ATC_INV then. That of an STE that
 * goes on with ATS, for another domain it may be, takes nothing out of an ATC.
 */
#include <iom/base/mem.h>
#include <iom/dev/smmuv3_ats.h>

#include "smmuv3_strict_chk.h"
#include "smmuv3_strict_engine.h"
#include "pt/lpae.h"
#include "wire/smmuv3_text.h"

/*
 * CMD_SYNCs behind a change while an ATC may still have it: the TLBI has one, the
 * ATC_INV another, and a driver may take several TLBIs before its ATC_INVs.
 */
#define ATC_SYNCS	8u

static struct iom_range span(uint64_t start, unsigned int lg2)
{
	return (struct iom_range){ start, start | ((UINT64_C(1) << lg2) - 1) };
}

static void tables(const struct smmu_ctx *c, uint64_t iova, uint64_t ttb[2])
{
	ttb[0] = c->s1 ? c->tt[iomi_lpae_half(iova)].ttb : 0;
	ttb[1] = c->s2 ? c->s2tt.ttb : 0;
}

void iomi_smmuv3_strict_granted(struct iom_smmuv3_dev *s, const struct smmu_ctx *c,
				const struct smmu_txn *t, const struct iom_smmuv3_ats_resp *resp)
{
	struct strict_checker *k = s->strict->checker;
	struct chk_grant *g = NULL;
	unsigned int i;

	for (i = 0; i < CHK_GRANTS; i++) {
		if (k->grant[i].there && k->grant[i].sid == t->sid &&
		    k->grant[i].ssv == t->ssv && k->grant[i].ssid == t->ssid &&
		    k->grant[i].iova == resp->iova && k->grant[i].pa == resp->pa)
			g = &k->grant[i];
	}
	if (!g)
		g = &k->grant[k->next_grant++ % CHK_GRANTS];
	*g = (struct chk_grant){ .there = true, .ssv = t->ssv, .sid = t->sid, .ssid = t->ssid,
				 .size_lg2 = resp->size_lg2, .iova = resp->iova, .pa = resp->pa };
	tables(c, resp->iova, g->ttb);
}

void iomi_smmuv3_strict_ungranted(struct iom_smmuv3_dev *s, uint32_t sid)
{
	struct strict_checker *k = s->strict->checker;
	unsigned int i;

	iom_plat_lock(s->plat, &s->strict->lock);
	iomi_smmuv3_strict_record_input(s->strict->record, s->strict->step, STRICT_IN_UNEP, sid,
					0, 0, 0);
	for (i = 0; i < CHK_GRANTS; i++)
		k->grant[i].there = k->grant[i].there && k->grant[i].sid != sid;
	iom_plat_unlock(s->plat, &s->strict->lock);
}

/* 4.5.1: without a PASID those with one go as well. */
static bool names(const struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
		  const struct chk_grant *g)
{
	uint32_t low;

	switch (c->opcode) {
	case SMMU_CMD_ATC_INV:
		return c->sid == g->sid &&
		       (!c->ssv || c->global || (g->ssv && g->ssid == c->ssid)) &&
		       iom_range_overlaps(iomi_smmuv3_wire_atc_range(c),
					  span(g->iova, g->size_lg2));
	case SMMU_CMD_CFGI_STE:
		return (atomic_load(&s->cr0) & SMMU_CR0_ATSCHK) && c->sid == g->sid;
	case SMMU_CMD_CFGI_STE_RANGE:
		low = c->range == SMMU_CFGI_RANGE_ALL ? UINT32_MAX : (IOM_BIT32(c->range) << 1) - 1;
		return (atomic_load(&s->cr0) & SMMU_CR0_ATSCHK) && !((c->sid ^ g->sid) & ~low);
	default:
		return false;
	}
}

/* --- against the tables ----------------------------------------------------- */

struct looker {
	struct smmu_fetcher base;
	struct iom_smmuv3_dev *s;
};

static int fetch(struct smmu_fetcher *f, const struct smmu_txn *t,
		 const struct iom_smmuv3_fetch *what, uint64_t *w, unsigned int n)
{
	return iomi_smmuv3_strict_load(IOM_CONTAINER_OF(f, struct looker, base)->s, t->gmem,
				       what->pa, w, n);
}

/* What memory says now of the stream; NULL: nothing that translates. */
static struct smmu_ctx *now(struct iom_smmuv3_dev *s, struct smmu_txn *t)
{
	struct smmu_ctx *c = &s->strict->engine->ctx;
	struct smmu_fault f = { .rc = IOM_EFAULT };

	memset(c, 0, sizeof(*c));
	return iomi_smmuv3_dev_ctx_build(s, t, c, &f) || c->kind != SMMU_KIND_TRANSLATE ? NULL : c;
}

static struct smmu_txn txn(struct iom_gmem *gmem, struct looker *l, const struct chk_grant *g)
{
	return (struct smmu_txn){
		.access = IOM_ACCESS_READ | IOM_ACCESS_QUIET | SMMU_ACCESS_LOOK,
		.len = 1, .gmem = gmem, .fetch = &l->base, .iova = g->iova,
		.sid = g->sid, .ssv = g->ssv, .ssid = g->ssid,
	};
}

/*
 * Does memory lead from the first address to the same place? Yes, too, if that
 * cannot be told: a structure has V = 0 now, there are other tables, a flag is out.
 */
static bool agrees(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, const struct chk_grant *g)
{
	struct looker l = { .base.fetch = fetch, .s = s };
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_txn t = txn(gmem, &l, g);
	struct smmu_ctx *c = now(s, &t);
	struct smmu_leaf leaf;
	uint64_t ttb[2];

	if (!c)
		return true;
	tables(c, g->iova, ttb);
	if (ttb[0] != g->ttb[0] || ttb[1] != g->ttb[1])
		return true;
	t.access = (t.access & c->acc_and) | c->acc_or;
	if (iomi_smmuv3_dev_walk(s, c, &t, false, NULL, &leaf, &f))
		return f.id != SMMU_EVT_F_TRANSLATION;
	return leaf.pa + (g->iova & ((UINT64_C(1) << leaf.size_lg2) - 1)) == g->pa;
}

static bool ats_is_on(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, const struct chk_grant *g)
{
	struct looker l = { .base.fetch = fetch, .s = s };
	struct smmu_txn t = txn(gmem, &l, g);
	const struct smmu_ctx *c = now(s, &t);

	return c && c->eats != SMMU_EATS_OFF;
}

void iomi_smmuv3_strict_chk_grants(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c)
{
	struct chk_grant *g = s->strict->checker->grant;
	struct iom_gmem *gmem = s->cfg.gmem;
	unsigned int i;

	if (iom_gmem_begin(gmem))
		return;
	for (i = 0; i < CHK_GRANTS; i++, g++) {
		if (g->there && !g->gone && names(s, c, g) &&
		    (c->opcode == SMMU_CMD_ATC_INV || !ats_is_on(s, gmem, g)))
			g->gone = s->strict->completed_syncs + 1;
	}
	iom_gmem_end(gmem);
}

static void look(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, struct chk_grant *g)
{
	if (agrees(s, gmem, g)) {
		g->changed = g->mark = g->syncs = 0;
		g->reported = false;
	} else if (!g->changed) {
		g->changed = s->strict->step;
		g->mark = s->strict->log.nr;
		g->syncs = 0;
	}
}

void iomi_smmuv3_strict_grant_poll(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct chk_grant *g = s->strict->checker->grant;
	unsigned int i;

	for (i = 0; i < CHK_GRANTS; i++) {
		if (g[i].there)
			look(s, gmem, &g[i]);
	}
}

void iomi_smmuv3_strict_grant_synced(struct iom_smmuv3_dev *s, uint64_t nr)
{
	struct chk_grant *g = s->strict->checker->grant;
	unsigned int i;

	for (i = 0; i < CHK_GRANTS; i++, g++) {
		if (g->there && g->gone && s->strict->completed_syncs >= g->gone)
			g->there = false;
		else if (g->there && g->changed && nr > g->mark)
			g->syncs++;
	}
}

static bool stale(const struct smmu_strict *x, const struct chk_grant *g)
{
	return g->changed && (g->syncs > ATC_SYNCS + (uint64_t)x->cfg.sync_slack ||
			      g->changed <= x->settled);
}

/* Whom the text names is the first of those that lead there. */
static void tell_used(struct iom_smmuv3_dev *s, struct chk_grant *g)
{
	struct iom_smmuv3_report r;
	struct iomi_smmuv3_text t;

	g->reported = true;
	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_IOVA |
		  (g->ssv ? IOM_SMMUV3_ABOUT_SSID : 0);
	r.sid = g->sid;
	r.ssid = g->ssid;
	r.iova = g->iova;
	r.pa = g->pa;
	r.stored_step = g->changed;
	iomi_smmuv3_text_init(&t, r.missing, sizeof(r.missing));
	iomi_smmuv3_text_fmt(&t, "ATC_INV sid=%x addr=%x size=%u behind the TLBI, then CMD_SYNC",
			     (uint64_t)g->sid, g->iova, (uint64_t)g->size_lg2 - 12);
	iomi_smmuv3_strict_report(s, SMMU_RULE_ATC_USED, g->mark, &r);
}

void iomi_smmuv3_strict_grant_used(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t sid,
				   uint64_t pa)
{
	struct chk_grant *g = s->strict->checker->grant, *first = NULL;
	unsigned int i;

	for (i = 0; i < CHK_GRANTS; i++, g++) {
		if (!g->there || g->sid != sid || (g->pa ^ pa) >> g->size_lg2)
			continue;
		look(s, gmem, g);
		if (!stale(s->strict, g))
			return;
		if (!first)
			first = g;
	}
	if (first && !first->reported)
		tell_used(s, first);
}

/* --- memory is let go ------------------------------------------------------- */

void iomi_smmuv3_strict_grant_release(struct iom_smmuv3_dev *s, struct iom_range pa)
{
	struct chk_grant *g = s->strict->checker->grant;
	struct iom_smmuv3_report r;
	struct iomi_smmuv3_text t;
	unsigned int i;

	for (i = 0; i < CHK_GRANTS; i++, g++) {
		if (!g->there)
			continue;
		if (g->gone && s->strict->completed_syncs >= g->gone) {
			g->there = false;
			continue;
		}
		if (!iom_range_overlaps(pa, span(g->pa, g->size_lg2)))
			continue;
		g->there = false;
		memset(&r, 0, sizeof(r));
		r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_IOVA |
			  (g->ssv ? IOM_SMMUV3_ABOUT_SSID : 0);
		r.sid = g->sid;
		r.ssid = g->ssid;
		r.iova = g->iova;
		r.pa = g->pa;
		iomi_smmuv3_text_init(&t, r.missing, sizeof(r.missing));
		if (g->gone)
			iomi_smmuv3_text_str(&t, "CMD_SYNC behind the ATC_INV");
		else
			iomi_smmuv3_text_fmt(&t, "ATC_INV sid=%x addr=%x size=%u, then CMD_SYNC",
					     (uint64_t)g->sid, g->iova,
					     (uint64_t)g->size_lg2 - 12);
		iomi_smmuv3_strict_report(s, SMMU_RULE_STALE_ATC, 0, &r);
	}
}
