/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * V = 0 is a way to block a stream, and a step of every update. Contents that
 * were not valid at any transaction or CFGI, and are left so, are taken for a
 * forgotten V; where the driver says that it is done, also new contents of what
 * had been valid. How much time or DMA goes by says nothing: devices do not
 * wait for an update to end.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_chk.h"
#include "smmuv3_strict_engine.h"

/* 3.21.3.1: of an update one CFGI comes behind contents that V = 0 hides. */
#define LEFT_CFGIS	2u

static struct chk_valid *was_valid(struct strict_checker *c, uint64_t pa)
{
	unsigned int i;

	for (i = 0; i < CHK_VALID; i++) {
		if (c->valid[i].there && c->valid[i].pa == pa)
			return &c->valid[i];
	}
	return NULL;
}

static void is_valid(struct strict_checker *c, uint64_t pa, const uint64_t w[8])
{
	struct chk_valid *v = was_valid(c, pa);

	if (!v)
		v = &c->valid[c->next_valid++ % CHK_VALID];
	v->there = true;
	v->pa = pa;
	memcpy(v->w, w, sizeof(v->w));
}

void iomi_smmuv3_strict_chk_is_valid(struct strict_checker *c, const struct strict_line *line)
{
	is_valid(c, line->pa, line->w);
}

/* Is there something new beside the word with V? Then it is more than blocked. */
static bool is_new(const struct chk_valid *v, const uint64_t w[8])
{
	unsigned int i;

	for (i = 1; i < 8; i++) {
		if (w[i] && w[i] != v->w[i])
			return true;
	}
	return false;
}

static void tell_left(struct iom_smmuv3_dev *s, struct chk_left *l)
{
	enum smmu_rule rule = l->cd ? SMMU_RULE_CD_V : SMMU_RULE_STE_V;
	struct iom_smmuv3_report r;

	l->there = false;
	if (iomi_smmuv3_strict_chk_seen(s->strict->checker, rule, l->pa, l->w, 8))
		return;
	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_STRUCT |
		  (l->cd && l->ssid ? IOM_SMMUV3_ABOUT_SSID : 0);
	r.sid = l->sid;
	r.ssid = l->ssid;
	r.what = l->cd ? IOM_SMMUV3_FETCH_CD : IOM_SMMUV3_FETCH_STE;
	r.pa = l->pa;
	r.nr_words = 8;
	memcpy(r.held, l->w, sizeof(r.held));
	memcpy(r.memory, l->w, sizeof(r.memory));
	memcpy(r.missing, "V=1", sizeof("V=1"));
	iomi_smmuv3_strict_report(s, rule, 0, &r);
}

void iomi_smmuv3_strict_chk_not_valid(struct iom_smmuv3_dev *s, const struct strict_config *c,
				      const struct strict_line *line, bool cd)
{
	struct strict_checker *k = s->strict->checker;
	const struct chk_valid *v = was_valid(k, line->pa);
	struct chk_left *l;
	uint64_t any = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		any |= line->w[i];
	if (!any || (v && !is_new(v, line->w)))
		return;
	for (l = k->left; l < k->left + CHK_LEFT; l++) {
		if (!l->there || l->pa != line->pa || l->sid != c->sid)
			continue;
		if (!memcmp(l->w, line->w, sizeof(l->w)))
			return;
		l->there = false;
		break;
	}
	l = &k->left[k->next_left++ % CHK_LEFT];
	*l = (struct chk_left){ .there = true, .cd = cd, .again = v, .sid = c->sid,
				.ssid = c->ssv ? c->ssid : 0, .pa = line->pa };
	memcpy(l->w, line->w, sizeof(l->w));
}

/* Does memory still say so? gmem's bracket is open. */
static bool still(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, struct chk_left *l)
{
	uint64_t now[8];

	l->there = l->there && !iomi_smmuv3_strict_load(s, gmem, l->pa, now, 8) &&
		   !memcmp(now, l->w, sizeof(now));
	return l->there;
}

void iomi_smmuv3_strict_chk_left(struct iom_smmuv3_dev *s, bool again)
{
	struct strict_checker *k = s->strict->checker;
	struct chk_left *l;

	if (iom_gmem_begin(s->cfg.gmem))
		return;
	for (l = k->left; l < k->left + CHK_LEFT; l++) {
		if (still(s, s->cfg.gmem, l) && (again || !l->again))
			tell_left(s, l);
	}
	iom_gmem_end(s->cfg.gmem);
}

/*
 * Of this one alone: a CFGI of more may be another update's, by another thread.
 * The CFGI is the driver's word that this is what it wants seen.
 */
static bool names(const struct smmuv3_wire_cmd *c, const struct chk_left *l)
{
	if (l->cd)
		return c->opcode == SMMU_CMD_CFGI_CD && c->sid == l->sid && c->ssid == l->ssid;
	return c->opcode == SMMU_CMD_CFGI_STE && c->sid == l->sid;
}

/* --- what a CFGI says is there --------------------------------------------- */

struct looker {
	struct smmu_fetcher base;
	struct iom_smmuv3_dev *s;
};

static int look_fetch(struct smmu_fetcher *f, const struct smmu_txn *t,
		      const struct iom_smmuv3_fetch *what, uint64_t *w, unsigned int n)
{
	struct iom_smmuv3_dev *s = IOM_CONTAINER_OF(f, struct looker, base)->s;
	int rc = iomi_smmuv3_strict_load(s, t->gmem, what->pa, w, n);

	if (!rc && ((what->kind == IOM_SMMUV3_FETCH_STE && (w[0] & SMMU_STE0_V)) ||
		    (what->kind == IOM_SMMUV3_FETCH_CD && (w[0] & SMMU_CD0_V))))
		is_valid(s->strict->checker, what->pa, w);
	return rc;
}

/* No transaction need have met them while they were valid. gmem's bracket is open. */
static void look(struct iom_smmuv3_dev *s, uint32_t sid, uint32_t ssid)
{
	struct looker l = { .base.fetch = look_fetch, .s = s };
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_txn t = {
		.access = IOM_ACCESS_READ | IOM_ACCESS_QUIET | SMMU_ACCESS_LOOK,
		.len = 1, .gmem = s->cfg.gmem, .fetch = &l.base,
		.sid = sid, .ssv = ssid != 0, .ssid = ssid,
	};
	struct smmu_ctx *c = &s->strict->engine->ctx;

	memset(c, 0, sizeof(*c));
	(void)iomi_smmuv3_dev_ctx_build(s, &t, c, &f);
}

static void look_at_named(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c)
{
	const struct strict_engine *e = s->strict->engine;
	uint32_t low = 0;
	unsigned int i;

	if (c->opcode != SMMU_CMD_CFGI_STE_RANGE) {
		look(s, c->sid, c->opcode == SMMU_CMD_CFGI_CD ? c->ssid : 0);
		return;
	}
	low = c->range == SMMU_CFGI_RANGE_ALL ? UINT32_MAX : (IOM_BIT32(c->range) << 1) - 1;
	for (i = 0; i < e->nr_sids; i++) {
		if (!((e->sid[i] ^ c->sid) & ~low))
			look(s, e->sid[i], 0);
	}
}

void iomi_smmuv3_strict_chk_named(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c)
{
	struct strict_checker *k = s->strict->checker;
	struct chk_left *l;

	if (c->opcode < SMMU_CMD_CFGI_STE || c->opcode > SMMU_CMD_CFGI_CD_ALL ||
	    iom_gmem_begin(s->cfg.gmem))
		return;
	look_at_named(s, c);
	for (l = k->left; l < k->left + CHK_LEFT; l++) {
		if (names(c, l) && still(s, s->cfg.gmem, l) && ++l->cfgis >= LEFT_CFGIS &&
		    !l->again)
			tell_left(s, l);
	}
	iom_gmem_end(s->cfg.gmem);
}

/* --- the end --------------------------------------------------------------- */

void iomi_smmuv3_strict_chk_left_release(struct strict_checker *c, struct iom_range r)
{
	struct chk_left *l;

	for (l = c->left; l < c->left + CHK_LEFT; l++) {
		if (iom_range_overlaps(r, (struct iom_range){ l->pa, l->pa + 63 }))
			l->there = false;
	}
}

void iomi_smmuv3_strict_at_settled(struct iom_smmuv3_dev *s)
{
	iomi_smmuv3_strict_chk_left(s, true);
}
