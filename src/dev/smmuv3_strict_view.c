/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration cache of a strict SMMUv3 (3.21): L1STD, STE, L1CD and CD,
 * each kept until a CFGI names it, valid or not; a fetch that failed is not
 * kept. And the past: which states memory had at a structure since the last
 * CMD_SYNC, of an STE or CD the last behind a CFGI of it: without one, a CMD_SYNC
 * says nothing of a fetch that is on its way. A fetch may have begun at any time
 * since then, and takes its words one by one, so each may come from another state.
 *
 * Invariants: of one kind there is one line at most for a stream (and
 * substream); a line's pa is where the tables in force say it is.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_engine.h"

static void words_copy(uint64_t to[8], const uint64_t *from, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		to[i] = i < n ? from[i] : 0;
}

/* --- what counts --- */

/* The bits of a structure that hardware reads, given what it holds. */
static void used(const struct iom_smmuv3_dev *s, unsigned int kind, const uint64_t *w,
		 uint64_t mask[8])
{
	memset(mask, 0, 8 * sizeof(mask[0]));
	switch (kind) {
	case IOM_SMMUV3_FETCH_L1STD:
		mask[0] = iomi_smmuv3_used_l1std(w[0]);
		break;
	case IOM_SMMUV3_FETCH_STE:
		iomi_smmuv3_used_ste(w, &s->caps, mask);
		break;
	case IOM_SMMUV3_FETCH_L1CD:
		mask[0] = iomi_smmuv3_used_l1cd(w[0]);
		break;
	default:
		iomi_smmuv3_used_cd(w, NULL, &s->caps, mask);
		break;
	}
}

static bool same(const struct iom_smmuv3_dev *s, const struct strict_line *l, const uint64_t now[8])
{
	uint64_t mask[8];

	used(s, l->kind, l->w, mask);
	return iomi_smmuv3_used_same(l->w, now, mask);
}

static bool valid(unsigned int kind, const uint64_t *w)
{
	switch (kind) {
	case IOM_SMMUV3_FETCH_L1STD:
		return w[0] & SMMU_L1STD_SPAN;
	case IOM_SMMUV3_FETCH_STE:
		return w[0] & SMMU_STE0_V;
	case IOM_SMMUV3_FETCH_L1CD:
		return w[0] & SMMU_L1CD_V;
	default:
		return w[0] & SMMU_CD0_V;
	}
}

void iomi_smmuv3_strict_view_look(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				  struct strict_line *l, uint64_t now[8])
{
	memset(now, 0, 8 * sizeof(now[0]));
	if (iomi_smmuv3_strict_load(s, gmem, l->pa, now, l->n))
		return;
	if (same(s, l, now)) {
		l->changed = l->mark = l->syncs = 0;
		l->reported = false;
	} else if (!l->changed) {
		l->changed = s->strict->step;
		l->mark = s->strict->log.nr;
		l->syncs = 0;
	}
}

/* --- the past --- */

static bool past_is(const struct strict_past *p, const struct strict_held *h)
{
	return p->pa == h->l.pa && p->n == h->l.n && p->kind == h->l.kind &&
	       p->sid == h->sid && p->ssid == h->ssid;
}

static struct strict_past *past_of(struct iom_smmuv3_dev *s, const struct strict_held *h)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_past *p = NULL;
	unsigned int i;

	for (i = 0; i < STRICT_PAST; i++) {
		if (past_is(&e->past[i], h))
			return &e->past[i];
		if (!e->past[i].n)
			p = &e->past[i];
	}
	if (!p)
		p = &e->past[iomi_smmuv3_strict_rand(s->strict, STRICT_PAST)];
	*p = (struct strict_past){ .pa = h->l.pa, .sid = h->sid, .ssid = h->ssid,
				   .kind = h->l.kind, .n = h->l.n };
	return p;
}

/* Memory says w now. The oldest state goes if there is no room. */
static bool past_add(struct iom_smmuv3_dev *s, struct strict_past *p, const uint64_t *w)
{
	unsigned int i, last = p->nr ? p->nr - 1u : 0;

	if (p->nr && !memcmp(p->w[last], w, p->n * sizeof(w[0])))
		return false;
	if (p->nr == STRICT_STATES) {
		for (i = 1; i < STRICT_STATES; i++) {
			words_copy(p->w[i - 1], p->w[i], 8);
			p->step[i - 1] = p->step[i];
			p->mark[i - 1] = p->mark[i];
		}
		p->nr--;
	}
	words_copy(p->w[p->nr], w, p->n);
	p->step[p->nr] = s->strict->step;
	p->mark[p->nr] = s->strict->log.nr;
	p->nr++;
	return true;
}

/*
 * A fetch as hardware may have done it: each word from any state there was. A
 * prefetch is whole. Words of one state that are read at once agree, which is
 * the usual case; so all of one state half of the time.
 */
static void compose(struct strict_way *y, const struct strict_past *p, struct strict_line *l)
{
	struct smmu_strict *x = y->s->strict;
	bool whole = y->prefetch || iomi_smmuv3_strict_rand(x, 2);
	unsigned int i, k = iomi_smmuv3_strict_rand(x, p->nr), oldest = k;

	for (i = 0; i < l->n; i++) {
		if (!whole)
			k = iomi_smmuv3_strict_rand(x, p->nr);
		if (k < oldest)
			oldest = k;
		l->w[i] = p->w[k][i];
	}
	l->changed = 0;
	if (oldest + 1u < p->nr && !same(y->s, l, p->w[p->nr - 1])) {
		l->changed = p->step[oldest + 1];
		l->mark = p->mark[oldest + 1];
	}
}

/* --- lines --- */

static bool names(const struct strict_held *h, unsigned int kind, uint32_t sid, uint32_t ssid)
{
	if (!h->there || h->l.kind != kind)
		return false;
	switch (kind) {
	case IOM_SMMUV3_FETCH_L1STD:
		return h->sid >> h->split == sid >> h->split;
	case IOM_SMMUV3_FETCH_STE:
		return h->sid == sid;
	case IOM_SMMUV3_FETCH_L1CD:
		return h->sid == sid && h->ssid >> h->split == ssid >> h->split;
	default:
		return h->sid == sid && h->ssid == ssid;
	}
}

static struct strict_held *find(struct strict_engine *e, unsigned int kind, uint32_t sid,
				uint32_t ssid)
{
	unsigned int i;

	for (i = 0; i < STRICT_HELD; i++) {
		if (names(&e->held[i], kind, sid, ssid))
			return &e->held[i];
	}
	return NULL;
}

/* In use by the transaction that is going on? */
static bool on_way(const struct strict_way *y, const struct strict_held *h)
{
	return h == y->l1std || h == y->ste || h == y->l1cd || h == y->cd;
}

static struct strict_held *new_line(struct strict_way *y)
{
	struct strict_engine *e = y->s->strict->engine;
	unsigned int i, k;

	for (i = 0; i < STRICT_HELD; i++) {
		if (!e->held[i].there)
			return &e->held[i];
	}
	k = iomi_smmuv3_strict_rand(y->s->strict, STRICT_HELD);
	for (i = 0; i < STRICT_HELD && on_way(y, &e->held[k]); i++)
		k = (k + 1) % STRICT_HELD;
	return &e->held[k];
}

/* log2 of the IDs behind an L1STD or L1CD. */
static uint8_t split_of(const struct strict_way *y, unsigned int kind)
{
	unsigned int split;

	if (kind == IOM_SMMUV3_FETCH_L1STD) {
		split = IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_SPLIT, atomic_load(&y->s->strtab_cfg));
		return split == 8 || split == 10 ? (uint8_t)split : 6;
	}
	if (kind == IOM_SMMUV3_FETCH_L1CD && y->ste &&
	    IOM_FIELD_GET(SMMU_STE0_S1FMT, y->ste->l.w[0]) == SMMU_S1FMT_64K)
		return SMMU_S1FMT_64K_SPLIT;
	return SMMU_S1FMT_4K_SPLIT;
}

static void report_torn(struct iom_smmuv3_dev *s, const struct strict_held *h,
			const struct strict_past *p)
{
	struct strict_held *ste = find(s->strict->engine, IOM_SMMUV3_FETCH_STE, h->sid, 0);
	bool cd = h->l.kind == IOM_SMMUV3_FETCH_CD;
	struct strict_config c = { .sid = h->sid, .ssid = h->ssid, .ssv = h->ssv };

	if (h->l.n != 8 || p->nr < 2)
		return;
	c.ste = cd ? ste ? &ste->l : NULL : &h->l;
	c.cd = cd ? &h->l : NULL;
	iomi_smmuv3_strict_torn(s, &c, &h->l, p->w, p->nr);
}

/*
 * A structure that is held, and was valid when this window began, has changed.
 * Hardware may fetch it again at any time: would words of different times give
 * something that memory never had?
 */
static void try_torn(struct iom_smmuv3_dev *s, const struct strict_held *h,
		     const struct strict_past *p)
{
	struct strict_held mix = *h;
	unsigned int i;

	if (h->l.n != 8 || p->nr < 2 || !valid(h->l.kind, p->w[0]))
		return;
	for (i = 0; i < 8; i++)
		mix.l.w[i] = p->w[iomi_smmuv3_strict_rand(s->strict, p->nr)][i];
	report_torn(s, &mix, p);
}

void iomi_smmuv3_strict_view_past(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_past *p;
	uint64_t now[8];
	unsigned int i, k;

	for (i = 0; i < STRICT_PAST; i++) {
		p = &e->past[i];
		if (!p->n || iomi_smmuv3_strict_load(s, gmem, p->pa, now, p->n) ||
		    !past_add(s, p, now))
			continue;
		for (k = 0; k < STRICT_HELD; k++) {
			if (e->held[k].there && past_is(p, &e->held[k]))
				try_torn(s, &e->held[k], p);
		}
	}
}

static int fill(struct strict_way *y, const struct smmu_txn *t,
		const struct iom_smmuv3_fetch *what, uint32_t ssid, unsigned int n,
		struct strict_held **out)
{
	struct strict_engine *e = y->s->strict->engine;
	struct strict_past *p;
	struct strict_held *h;
	uint64_t now[8];

	if (iomi_smmuv3_strict_load(y->s, y->gmem, what->pa, now, n))
		return IOM_EFAULT;
	h = new_line(y);
	memset(h, 0, sizeof(*h));
	h->l.kind = (uint8_t)what->kind;
	h->l.n = (uint8_t)n;
	h->l.pa = what->pa;
	h->sid = t->sid;
	h->ssid = ssid;
	p = past_of(y->s, h);
	(void)past_add(y->s, p, now);
	compose(y, p, &h->l);
	h->ssv = t->ssv;
	h->split = split_of(y, what->kind);
	h->enables = e->enables;
	h->there = true;
	if (!y->prefetch)
		report_torn(y->s, h, p);
	*out = h;
	return IOM_OK;
}

int iomi_smmuv3_strict_view_fetch(struct strict_way *y, const struct smmu_txn *t,
				  const struct iom_smmuv3_fetch *what, uint64_t *w, unsigned int n)
{
	struct strict_engine *e = y->s->strict->engine;
	uint32_t ssid = t->ssv ? t->ssid : 0;
	struct strict_held *h = find(e, what->kind, t->sid, ssid);
	int rc;

	if (h && what->kind == IOM_SMMUV3_FETCH_L1STD && y->s->strict->cfg.spare_l1std &&
	    !valid(what->kind, h->l.w)) {
		h->there = false;
		h = NULL;
	}
	if (!h) {
		rc = fill(y, t, what, ssid, n, &h);
		if (rc)
			return rc;
	}
	/* Where the tables in force say that it is: there memory is to be compared. */
	h->l.pa = what->pa;
	switch (what->kind) {
	case IOM_SMMUV3_FETCH_L1STD:
		y->l1std = h;
		break;
	case IOM_SMMUV3_FETCH_STE:
		y->ste = h;
		break;
	case IOM_SMMUV3_FETCH_L1CD:
		y->l1cd = h;
		break;
	default:
		y->cd = h;
		break;
	}
	memcpy(w, h->l.w, n * sizeof(w[0]));
	return IOM_OK;
}

/* --- judgement --- */

static void report(struct iom_smmuv3_dev *s, struct strict_held *h, enum strict_how how,
		   const uint64_t now[8])
{
	struct strict_stale st = {
		.how = how, .line = &h->l, .sid = h->sid, .ssid = h->ssid,
		.ssv = h->ssv, .log = &s->strict->log, .caps = &s->caps,
	};

	words_copy(st.now, now, 8);
	iomi_smmuv3_strict_report_stale(s, &st);
	h->l.reported = true;
}

static void judge(struct strict_way *y, struct strict_held *h)
{
	struct smmu_strict *x = y->s->strict;
	uint64_t now[8];

	if (!h)
		return;
	iomi_smmuv3_strict_view_look(y->s, y->gmem, &h->l, now);
	if (!h->l.changed || h->l.reported)
		return;
	if (h->enables != x->engine->enables)
		report(y->s, h, STRICT_ENABLED, now);
	else if (iomi_smmuv3_strict_too_old(x, h->l.changed, h->l.syncs))
		report(y->s, h, STRICT_USED, now);
}

void iomi_smmuv3_strict_view_judge(struct strict_way *y)
{
	judge(y, y->l1std);
	judge(y, y->ste);
	judge(y, y->l1cd);
	judge(y, y->cd);
}

void iomi_smmuv3_strict_view_poll(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct strict_engine *e = s->strict->engine;
	uint64_t now[8];
	unsigned int i;

	for (i = 0; i < STRICT_HELD; i++) {
		if (e->held[i].there)
			iomi_smmuv3_strict_view_look(s, gmem, &e->held[i].l, now);
	}
}

void iomi_smmuv3_strict_view_release(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				     struct iom_range pa)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_held *h;
	uint64_t now[8];
	unsigned int i;

	for (i = 0; i < STRICT_HELD; i++) {
		h = &e->held[i];
		if (!h->there || !valid(h->l.kind, h->l.w) || h->l.pa > pa.last ||
		    h->l.pa + 8u * h->l.n - 1 < pa.start)
			continue;
		iomi_smmuv3_strict_view_look(s, gmem, &h->l, now);
		if (!h->l.reported)
			report(s, h, STRICT_RELEASED, now);
	}
}

/* --- CFGI, CMD_SYNC --- */

/* 4.3.1: CFGI_STE takes the CDs that were reached by the STE with it. */
static bool cfgi_ste(const struct strict_held *h, uint32_t first, uint32_t last, bool leaf)
{
	if (h->l.kind != IOM_SMMUV3_FETCH_L1STD)
		return h->sid >= first && h->sid <= last;
	return !leaf && h->sid >> h->split >= first >> h->split &&
	       h->sid >> h->split <= last >> h->split;
}

static bool cfgi_cd(const struct strict_held *h, const struct smmuv3_wire_cmd *c, bool all)
{
	bool l1 = h->l.kind == IOM_SMMUV3_FETCH_L1CD;

	if (h->sid != c->sid || (!l1 && h->l.kind != IOM_SMMUV3_FETCH_CD))
		return false;
	if (all)
		return true;
	if (l1)
		return !c->leaf && h->ssid >> h->split == c->ssid >> h->split;
	return h->ssid == c->ssid;
}

static bool cfgi_names(const struct strict_held *h, const struct smmuv3_wire_cmd *c)
{
	uint32_t mask;

	switch (c->opcode) {
	case SMMU_CMD_CFGI_STE:
		return cfgi_ste(h, c->sid, c->sid, c->leaf);
	case SMMU_CMD_CFGI_STE_RANGE:
		mask = c->range == SMMU_CFGI_RANGE_ALL ? UINT32_MAX :
							 (IOM_BIT32(c->range) << 1) - 1;
		return cfgi_ste(h, c->sid & ~mask, c->sid | mask, false);
	case SMMU_CMD_CFGI_CD:
		return cfgi_cd(h, c, false);
	case SMMU_CMD_CFGI_CD_ALL:
		return cfgi_cd(h, c, true);
	default:
		return false;
	}
}

/* Read again after the command had its effect, and changed after it was submitted. */
static bool stays(const struct strict_pending *p, const struct strict_held *h)
{
	return p->done && h->l.changed && h->l.mark >= p->nr;
}

bool iomi_smmuv3_strict_view_cfgi(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
				  const struct strict_pending *p)
{
	struct strict_engine *e = s->strict->engine;
	unsigned int i;

	if (c->opcode < SMMU_CMD_CFGI_STE || c->opcode > SMMU_CMD_CFGI_VMS_PIDM)
		return false;
	for (i = 0; i < STRICT_HELD; i++) {
		if (e->held[i].there && cfgi_names(&e->held[i], c) && !stays(p, &e->held[i]))
			e->held[i].there = false;
	}
	return true;
}

void iomi_smmuv3_strict_view_named(struct iom_smmuv3_dev *s, const struct strict_pending *p)
{
	struct strict_engine *e = s->strict->engine;
	struct smmuv3_wire_cmd c;
	struct strict_held h;
	unsigned int i;

	if (!iomi_smmuv3_wire_unpack_cmd(p->w, &c) || c.opcode < SMMU_CMD_CFGI_STE ||
	    c.opcode > SMMU_CMD_CFGI_VMS_PIDM)
		return;
	for (i = 0; i < STRICT_PAST; i++) {
		h = (struct strict_held){ .sid = e->past[i].sid, .ssid = e->past[i].ssid };
		h.l.kind = e->past[i].kind;
		if (e->past[i].n == 8 && cfgi_names(&h, &c))
			e->past[i].cfgi = p->nr;
	}
}

void iomi_smmuv3_strict_view_synced(struct iom_smmuv3_dev *s, uint64_t nr)
{
	struct strict_engine *e = s->strict->engine;
	unsigned int i;

	for (i = 0; i < STRICT_HELD; i++) {
		if (e->held[i].there && e->held[i].l.changed && nr > e->held[i].l.mark)
			e->held[i].l.syncs++;
	}
}

void iomi_smmuv3_strict_view_forget_past(struct iom_smmuv3_dev *s)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_past *p;
	unsigned int i, k, from;

	for (i = 0; i < STRICT_PAST; i++) {
		p = &e->past[i];
		if (p->n == 8 && !p->cfgi)
			continue;
		/* What memory said when the CFGI was submitted is the oldest that may come. */
		for (from = p->nr ? p->nr - 1u : 0; from && p->n == 8 && p->mark[from] >= p->cfgi;)
			from--;
		for (k = 0; from && k + from < p->nr; k++) {
			words_copy(p->w[k], p->w[k + from], 8);
			p->step[k] = p->step[k + from];
			p->mark[k] = p->mark[k + from];
		}
		p->nr = (uint8_t)(p->nr - from);
		p->cfgi = 0;
	}
}

void iomi_smmuv3_strict_view_drop_one(struct iom_smmuv3_dev *s)
{
	s->strict->engine->held[iomi_smmuv3_strict_rand(s->strict, STRICT_HELD)].there = false;
}
