/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translations that endpoints have been given (3.9.1): an ATC may keep each until
 * an ATC_INV of it is complete. Memory that one of them leads to is not the
 * driver's to give to somebody else. With ATSCHK, an STE that turned ATS off makes
 * them useless: a CFGI_STE counts as much as an ATC_INV then.
 */
#include <iom/base/mem.h>
#include <iom/dev/smmuv3_ats.h>

#include "smmuv3_strict_chk.h"
#include "wire/smmuv3_text.h"
#include "wire/smmuv3_wire.h"

static struct iom_range span(uint64_t start, unsigned int lg2)
{
	return (struct iom_range){ start, start | ((UINT64_C(1) << lg2) - 1) };
}

void iomi_smmuv3_strict_granted(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
				const struct iom_smmuv3_ats_resp *resp)
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

void iomi_smmuv3_strict_chk_grants(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c)
{
	struct chk_grant *g = s->strict->checker->grant;
	unsigned int i;

	for (i = 0; i < CHK_GRANTS; i++, g++) {
		if (g->there && !g->gone && names(s, c, g))
			g->gone = s->strict->completed_syncs + 1;
	}
}

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
