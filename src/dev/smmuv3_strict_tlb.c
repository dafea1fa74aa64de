/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a strict SMMUv3 keeps of translation tables: whole translations, found by
 * their tags before anything is walked, and single descriptors, found at each
 * step of a walk (3.17, 3.21). Valid descriptors with their access flag set are
 * kept, faults are not.
 *
 * Invariant: under one tag there is one translation at most for an address.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_engine.h"

static uint64_t span_mask(unsigned int lg2)
{
	return (UINT64_C(1) << lg2) - 1;
}

/* --- tags --- */

static struct strict_tag tag_s1(const struct smmu_ctx *c)
{
	return (struct strict_tag){
		.kind = c->el2 ? SMMU_SPACE_EL2 : SMMU_SPACE_EL1,
		.combined = c->s2, .aset = c->aset,
		.vmid = c->el2 ? 0 : c->vmid, .asid = c->asid,
	};
}

static struct strict_tag tag_s2(const struct smmu_ctx *c)
{
	return (struct strict_tag){ .kind = SMMU_SPACE_S2, .vmid = c->vmid };
}

/* Of a whole translation. Stage 2 alone has the incoming attributes in its result. */
static struct strict_tag tag_of(const struct smmu_ctx *c)
{
	struct strict_tag tag = c->s1 ? tag_s1(c) : tag_s2(c);

	if (!c->s1)
		tag.in = (uint16_t)(c->in.mair | c->in.sh << 8);
	return tag;
}

/* held: as it was filled; a global one is everybody's with the same ASET (3.17). */
static bool tag_matches(const struct strict_tag *held, const struct strict_tag *now)
{
	return held->kind == now->kind && held->combined == now->combined &&
	       held->aset == now->aset && held->vmid == now->vmid && held->in == now->in &&
	       (held->global || held->asid == now->asid);
}

/* --- descriptors against memory --- */

static void fill_line(const struct strict_desc *d, struct strict_line *l)
{
	*l = (struct strict_line){
		.kind = d->kind, .level = d->level, .n = 1, .pa = d->pa, .w = { d->w },
		.changed = d->changed, .mark = d->mark, .syncs = d->syncs,
	};
}

struct owner {		/* of a descriptor: an entry or a step, for a report */
	const struct strict_tag *tag;
	uint32_t sid, ssid;
	bool ssv, leaf;
	uint64_t ia;
	uint8_t size_lg2, tg_lg2;
	bool read_from;		/* released memory: see strict_stale */
};

static struct owner owner_entry(const struct strict_entry *en)
{
	return (struct owner){ &en->tag, en->sid, en->ssid, en->ssv, true, en->leaf.ia,
			       en->s1_lg2, en->tg_lg2, false };
}

static struct owner owner_step(const struct strict_step *st)
{
	return (struct owner){ &st->tag, st->sid, st->ssid, st->ssv, st->d.leaf, st->d.ia,
			       st->lg2, st->tg_lg2, false };
}

static void report(struct iom_smmuv3_dev *s, const struct owner *o, const struct strict_line *l,
		   enum strict_how how, const uint64_t now[8])
{
	struct strict_stale st = {
		.how = how, .line = l, .sid = o->sid, .ssid = o->ssid, .ssv = o->ssv, .tlb = true,
		.vmid = o->tag->vmid, .asid = o->tag->asid,
		.s2 = l->kind == IOM_SMMUV3_FETCH_S2 || o->tag->kind == SMMU_SPACE_S2,
		.combined = o->tag->combined, .global = o->tag->global,
		.el2 = o->tag->kind == SMMU_SPACE_EL2, .leaf = o->leaf, .ia = o->ia,
		.size_lg2 = o->size_lg2, .tg_lg2 = o->tg_lg2, .read_from = o->read_from,
		.log = &s->strict->log, .caps = &s->caps,
	};

	memcpy(st.now, now, sizeof(st.now));
	iomi_smmuv3_strict_report_stale(s, &st);
}

static void report_desc(struct iom_smmuv3_dev *s, const struct owner *o, struct strict_desc *d,
			enum strict_how how, uint64_t val)
{
	const uint64_t now[8] = { val };
	struct strict_line l;

	fill_line(d, &l);
	report(s, o, &l, how, now);
	d->reported = true;
}

static bool is_leaf(int level, uint64_t desc)
{
	return level == LPAE_LEVEL_LAST || (desc & LPAE_TYPE) != LPAE_TYPE_TABLE;
}

/* Does this leaf let anybody write? With two leaves that do not, nothing can be seen. */
static bool writable(const struct strict_desc *d, uint64_t desc)
{
	if (d->kind == IOM_SMMUV3_FETCH_S2)
		return desc & LPAE_S2_AP_WRITE;
	return !(desc & LPAE_S1_AP2_RO);
}

/*
 * Break before make (Arm DDI 0487, D8.16): between two valid descriptors another
 * address, another memory type or another size. Two tables are not: it is their
 * entries that count. A size may change with IDR3.BBML, at level 1 under nT.
 */
static bool breaks_bbm(const struct iom_smmuv3_dev *s, const struct strict_desc *d, uint64_t now)
{
	unsigned int bbml = IOM_FIELD_GET(SMMU_IDR3_BBML, s->cfg.idr[3]);
	bool was_leaf = is_leaf(d->level, d->w), leaf, attrs;
	uint64_t mem = d->kind == IOM_SMMUV3_FETCH_S2 ? LPAE_S2_MEMATTR : LPAE_S1_ATTRINDX;
	uint64_t addr = IOM_BITS64(47, 12);

	if (!(d->w & LPAE_VALID) || !(now & LPAE_VALID))
		return false;
	leaf = is_leaf(d->level, now);
	if (!leaf && !was_leaf)
		return false;
	if (leaf != was_leaf)
		return !bbml || (bbml == 1 && !((leaf ? now : d->w) & LPAE_NT));
	attrs = (d->w ^ now) & mem;
	return attrs || (((d->w ^ now) & addr) && (writable(d, d->w) || writable(d, now)));
}

/* Memory is read; true: it has changed in a bit that counts. */
static bool look(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, struct strict_desc *d,
		 uint64_t *now)
{
	bool table = !is_leaf(d->level, d->w), htt = s->caps.httu;
	unsigned int stage = d->kind == IOM_SMMUV3_FETCH_S2 ? 2 : 1;

	if (iomi_smmuv3_strict_load(s, gmem, d->pa, now, 1))
		return false;
	if (!iomi_smmuv3_used_desc(stage, table, d->w, *now, htt, htt)) {
		d->changed = d->mark = d->syncs = 0;
		d->reported = false;
		return false;
	}
	if (!d->changed) {
		d->changed = s->strict->step;
		d->mark = s->strict->log.nr;
		d->syncs = 0;
	}
	return true;
}

static void poll_desc(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, const struct owner *o,
		      struct strict_desc *d)
{
	uint64_t now;

	if (look(s, gmem, d, &now) && !d->reported && breaks_bbm(s, d, now))
		report_desc(s, o, d, STRICT_BBM, now);
}

/* A transaction goes by it. True: memory says something else. */
static bool judge(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, const struct owner *o,
		  uint64_t enables, struct strict_desc *d)
{
	uint64_t now;

	if (!look(s, gmem, d, &now))
		return false;
	if (d->reported)
		return true;
	if (enables != s->strict->engine->enables)
		report_desc(s, o, d, STRICT_ENABLED, now);
	else if (iomi_smmuv3_strict_too_old(s->strict, d->changed, d->syncs))
		report_desc(s, o, d, STRICT_USED, now);
	return true;
}

void iomi_smmuv3_strict_tlb_poll(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_entry *en;
	struct owner o;
	uint64_t now[8];
	unsigned int i, k;

	for (i = 0; i < STRICT_ENTRIES; i++) {
		en = &e->entry[i];
		if (!en->there)
			continue;
		o = owner_entry(en);
		for (k = 0; k < en->nr; k++)
			poll_desc(s, gmem, &o, &en->d[k]);
		if (en->ste.n)
			iomi_smmuv3_strict_view_look(s, gmem, &en->ste, now);
		if (en->cd.n)
			iomi_smmuv3_strict_view_look(s, gmem, &en->cd, now);
	}
	for (i = 0; i < STRICT_STEPS; i++) {
		if (!e->step[i].there)
			continue;
		o = owner_step(&e->step[i]);
		poll_desc(s, gmem, &o, &e->step[i].d);
	}
}

/* --- single descriptors --- */

static const struct smmu_tt *tables(const struct smmu_ctx *c, const struct iom_smmuv3_fetch *what)
{
	if (what->kind == IOM_SMMUV3_FETCH_S2)
		return &c->s2tt;
	return &c->tt[iomi_lpae_half(what->ia)];
}

static struct strict_step *step_find(struct strict_way *y, const struct strict_tag *tag,
				     const struct smmu_tt *tt, const struct iom_smmuv3_fetch *what)
{
	struct strict_engine *e = y->s->strict->engine;
	struct strict_step *st;
	unsigned int i;

	for (i = 0; i < STRICT_STEPS; i++) {
		st = &e->step[i];
		if (st->there && st->d.kind == what->kind && st->d.level == what->level &&
		    st->root == tt->ttb && st->tg_lg2 == tt->geom.fmt->granule_lg2 &&
		    !((st->d.ia ^ what->ia) >> st->lg2) && tag_matches(&st->tag, tag))
			return st;
	}
	return NULL;
}

/*
 * Is it worth keeping? Tables, and what stage 2 ends in; not a leaf that the SMMU
 * may have to write (3.13), which must be compared with memory then.
 */
static bool keeps(const struct strict_way *y, const struct iom_smmuv3_fetch *what, uint64_t desc)
{
	const struct iomi_lpae_fmt *fmt = tables(y->ctx, what)->geom.fmt;
	enum iomi_lpae_kind kind = iomi_lpae_kind(fmt, what->level, desc);

	if (kind == IOMI_LPAE_TABLE)
		return true;
	return kind >= IOMI_LPAE_BLOCK && what->kind == IOM_SMMUV3_FETCH_S2 &&
	       (desc & LPAE_AF) && !(y->ctx->s2hd && iomi_lpae_clean(2, desc));
}

static struct strict_step *step_new(struct strict_way *y)
{
	struct strict_engine *e = y->s->strict->engine;
	unsigned int i, k, n, used;

	for (i = 0; i < STRICT_STEPS; i++) {
		if (!e->step[i].there)
			return &e->step[i];
	}
	k = iomi_smmuv3_strict_rand(y->s->strict, STRICT_STEPS);
	/* Not one that this walk goes by. */
	for (n = 0; n < STRICT_STEPS; n++, k = (k + 1) % STRICT_STEPS) {
		for (i = used = 0; i < y->nr; i++)
			used |= y->from[i] == &e->step[k];
		if (!used)
			break;
	}
	return &e->step[k];
}

/* A walk that begins anew (3.13) reads some a second time. */
static void note(struct strict_way *y, const struct strict_desc *d, struct strict_step *from)
{
	unsigned int i;

	for (i = 0; i < y->nr; i++) {
		if (y->d[i].kind == d->kind && y->d[i].pa == d->pa && y->d[i].ia == d->ia)
			break;
	}
	if (i == STRICT_PATH)
		return;
	y->d[i] = *d;
	y->from[i] = from;
	if (i == y->nr)
		y->nr++;
}

int iomi_smmuv3_strict_tlb_fetch(struct strict_way *y, const struct smmu_txn *t,
				 const struct iom_smmuv3_fetch *what, uint64_t *w)
{
	const struct smmu_tt *tt = tables(y->ctx, what);
	unsigned int lg2 = iomi_lpae_shift(tt->geom.fmt, what->level);
	struct strict_tag tag = what->kind == IOM_SMMUV3_FETCH_S2 ? tag_s2(y->ctx) :
								     tag_s1(y->ctx);
	struct strict_step *st = step_find(y, &tag, tt, what);
	struct strict_desc d;
	int rc;

	if (st) {
		d = st->d;
		d.kept = true;
	} else {
		rc = iomi_smmuv3_strict_load(y->s, y->gmem, what->pa, w, 1);
		if (rc)
			return rc;
		d = (struct strict_desc){
			.kind = (uint8_t)what->kind, .level = what->level, .pa = what->pa,
			.ia = what->ia & ~span_mask(lg2), .w = *w,
			.leaf = is_leaf(what->level, *w),
		};
		if (keeps(y, what, *w) && iomi_smmuv3_strict_rand(y->s->strict, 8)) {
			st = step_new(y);
			*st = (struct strict_step){
				.there = true, .tag = tag, .lg2 = (uint8_t)lg2,
				.tg_lg2 = tt->geom.fmt->granule_lg2, .root = tt->ttb,
				.sid = t->sid, .ssid = t->ssid, .ssv = t->ssv, .d = d,
			};
		}
	}
	*w = d.w;
	note(y, &d, st);
	return IOM_OK;
}

bool iomi_smmuv3_strict_tlb_accessed(const struct strict_way *y)
{
	unsigned int i;

	for (i = 0; i < y->nr; i++) {
		if (y->d[i].leaf && !(y->d[i].w & LPAE_AF))
			return false;
	}
	return true;
}

void iomi_smmuv3_strict_tlb_judge(struct strict_way *y)
{
	struct owner o;
	unsigned int i;

	for (i = 0; i < y->nr; i++) {
		if (!y->from[i] || !y->from[i]->there)
			continue;
		o = owner_step(y->from[i]);
		(void)judge(y->s, y->gmem, &o, y->s->strict->engine->enables, &y->from[i]->d);
	}
}

/* --- whole translations --- */

/* Another translation, or the configuration it was made by says something else now. */
static bool same_regime(const struct strict_way *y, const struct strict_entry *en)
{
	uint64_t mask[8];

	if (en->cd.n && y->cd) {
		iomi_smmuv3_used_tlb_cd(en->cd.w, en->ste.n ? en->ste.w : NULL, &y->s->caps, mask);
		if (!iomi_smmuv3_used_same(en->cd.w, y->cd->l.w, mask))
			return false;
	}
	if (en->ste.n && y->ste) {
		iomi_smmuv3_used_tlb_ste(en->ste.w, &y->s->caps, mask);
		if (!iomi_smmuv3_used_same(en->ste.w, y->ste->l.w, mask))
			return false;
	}
	return true;
}

static void shared(struct strict_way *y, struct strict_entry *en, struct strict_line *l,
		   const struct strict_held *now, enum smmu_rule rule)
{
	struct iom_smmuv3_report r;

	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_VMID | IOM_SMMUV3_ABOUT_STRUCT |
		  IOM_SMMUV3_ABOUT_IOVA;
	if (rule == SMMU_RULE_ASID_SHARED)
		r.about |= IOM_SMMUV3_ABOUT_ASID;
	r.sid = now->sid;
	r.ssid = now->ssid;
	r.vmid = en->tag.vmid;
	r.asid = en->tag.asid;
	r.iova = en->leaf.ia;
	r.what = (enum iom_smmuv3_fetch_kind)l->kind;
	r.pa = now->l.pa;
	r.nr_words = l->n;
	memcpy(r.held, l->w, sizeof(r.held));
	memcpy(r.memory, now->l.w, sizeof(r.memory));
	while (r.word + 1 < l->n && l->w[r.word] == now->l.w[r.word])
		r.word++;
	iomi_smmuv3_strict_report(y->s, rule, 0, &r);
	l->reported = true;
}

/*
 * The structure that the translation was made by says something else than the one
 * in force. Did it change without a TLBI, or do two that differ share a tag?
 */
static void judge_regime(struct strict_way *y, struct strict_entry *en, struct strict_line *l,
			 const struct strict_held *now_held, enum smmu_rule rule)
{
	struct smmu_strict *x = y->s->strict;
	struct owner o = owner_entry(en);
	uint64_t now[8];

	if (!l->n || !now_held)
		return;
	iomi_smmuv3_strict_view_look(y->s, y->gmem, l, now);
	if (l->reported)
		return;
	if (l->changed && iomi_smmuv3_strict_too_old(x, l->changed, l->syncs)) {
		report(y->s, &o, l, en->enables != x->engine->enables ? STRICT_ENABLED :
									STRICT_USED, now);
		l->reported = true;
	} else if (!l->changed && (en->sid != now_held->sid || en->ssid != now_held->ssid)) {
		shared(y, en, l, now_held, rule);
	}
}

/* True: hardware goes by the translation that is held all the same. */
static bool other_regime(struct strict_way *y, struct strict_entry *en)
{
	uint64_t mask[8];

	if (en->cd.n && y->cd) {
		iomi_smmuv3_used_tlb_cd(en->cd.w, en->ste.n ? en->ste.w : NULL, &y->s->caps, mask);
		if (!iomi_smmuv3_used_same(en->cd.w, y->cd->l.w, mask))
			judge_regime(y, en, &en->cd, y->cd, SMMU_RULE_ASID_SHARED);
	}
	if (en->ste.n && y->ste) {
		iomi_smmuv3_used_tlb_ste(en->ste.w, &y->s->caps, mask);
		if (!iomi_smmuv3_used_same(en->ste.w, y->ste->l.w, mask))
			judge_regime(y, en, &en->ste, y->ste, SMMU_RULE_VMID_SHARED);
	}
	return iomi_smmuv3_strict_rand(y->s->strict, 2);
}

static struct strict_entry *entry_find(struct strict_way *y, uint64_t ia)
{
	struct strict_engine *e = y->s->strict->engine;
	struct strict_tag tag = tag_of(y->ctx);
	struct strict_entry *en;
	unsigned int i;

	for (i = 0; i < STRICT_ENTRIES; i++) {
		en = &e->entry[i];
		if (en->there && !((en->leaf.ia ^ ia) >> en->leaf.size_lg2) &&
		    tag_matches(&en->tag, &tag))
			return en;
	}
	return NULL;
}

bool iomi_smmuv3_strict_tlb_has(struct strict_way *y, const struct smmu_txn *t)
{
	return entry_find(y, t->iova);
}

bool iomi_smmuv3_strict_tlb_find(struct strict_way *y, const struct smmu_txn *t,
				 struct smmu_leaf *leaf)
{
	struct strict_entry *en = entry_find(y, t->iova);
	uint8_t need = smmu_perm_need(t->access);
	bool stale = false;
	struct owner o;
	unsigned int i;

	if (!en || (en->leaf.perm & need) != need)
		return false;
	if (!same_regime(y, en) && !other_regime(y, en)) {
		en->there = false;
		return false;
	}
	o = owner_entry(en);
	for (i = 0; i < en->nr; i++) {
		o.leaf = en->d[i].leaf || !en->d[i].kept;
		stale |= judge(y->s, y->gmem, &o, en->enables, &en->d[i]);
	}
	y->s->strict->stats.held_uses++;
	y->s->strict->stats.stale_uses += stale;
	*leaf = en->leaf;
	return true;
}

static struct strict_entry *entry_new(struct strict_way *y, uint64_t ia)
{
	struct strict_engine *e = y->s->strict->engine;
	struct strict_entry *en = entry_find(y, ia);
	unsigned int i;

	if (en)
		return en;
	for (i = 0; i < STRICT_ENTRIES; i++) {
		if (!e->entry[i].there)
			return &e->entry[i];
	}
	return &e->entry[iomi_smmuv3_strict_rand(y->s->strict, STRICT_ENTRIES)];
}

static void keep_line(struct strict_line *l, const struct strict_held *h)
{
	if (h)
		*l = h->l;
	l->reported = false;
}

void iomi_smmuv3_strict_tlb_fill(struct strict_way *y, const struct smmu_txn *t,
				 const struct smmu_leaf *leaf)
{
	const struct smmu_ctx *c = y->ctx;
	const struct smmu_tt *tt = c->s1 ? &c->tt[iomi_lpae_half(t->iova)] : &c->s2tt;
	struct strict_entry *en = entry_new(y, t->iova);
	unsigned int i;

	memset(en, 0, sizeof(*en));
	en->leaf = *leaf;
	en->s1_lg2 = leaf->cut_lg2 ? leaf->cut_lg2 : leaf->size_lg2;
	en->tg_lg2 = tt->geom.fmt->granule_lg2;
	en->tag = tag_of(c);
	en->tag.global = leaf->global;
	en->sid = t->sid;
	en->ssid = t->ssv ? t->ssid : 0;
	en->ssv = t->ssv;
	keep_line(&en->ste, y->ste);
	keep_line(&en->cd, c->s1 ? y->cd : NULL);
	en->enables = y->s->strict->engine->enables;
	en->born = y->s->strict->engine->effects;
	en->nr = y->nr;
	for (i = 0; i < y->nr; i++) {
		en->d[i] = y->d[i];
		en->d[i].reported = false;
	}
	en->there = true;
}

/* --- release --- */

static bool touches(struct iom_range r, uint64_t start, uint64_t len)
{
	return start <= r.last && start + (len - 1) >= r.start;
}

/* A page that is reached, or else a table that it was read from. */
static void release_entry(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			  struct strict_entry *en, struct iom_range pa)
{
	bool page = touches(pa, en->leaf.pa, span_mask(en->leaf.size_lg2) + 1);
	struct owner o = owner_entry(en);
	struct strict_desc *d;
	uint64_t now = 0;
	unsigned int k;

	for (k = 0; k < en->nr; k++) {
		d = &en->d[k];
		if (!touches(pa, d->pa, 8) && !(page && k + 1 == en->nr))
			continue;
		(void)look(s, gmem, d, &now);
		o.leaf = d->leaf;
		o.read_from = touches(pa, d->pa, 8);
		if (!d->reported)
			report_desc(s, &o, d, STRICT_RELEASED, now);
		d->reported = true;
		return;
	}
}

void iomi_smmuv3_strict_tlb_release(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				    struct iom_range pa)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_step *st;
	struct owner o;
	uint64_t now = 0;
	unsigned int i;

	for (i = 0; i < STRICT_ENTRIES; i++) {
		if (e->entry[i].there)
			release_entry(s, gmem, &e->entry[i], pa);
	}
	for (i = 0; i < STRICT_STEPS; i++) {
		st = &e->step[i];
		if (!st->there || !touches(pa, st->d.pa, 8))
			continue;
		(void)look(s, gmem, &st->d, &now);
		o = owner_step(st);
		o.read_from = true;
		if (!st->d.reported)
			report_desc(s, &o, &st->d, STRICT_RELEASED, now);
	}
}

void iomi_smmuv3_strict_tlb_drop_one(struct iom_smmuv3_dev *s)
{
	struct strict_engine *e = s->strict->engine;

	if (iomi_smmuv3_strict_rand(s->strict, 2))
		e->entry[iomi_smmuv3_strict_rand(s->strict, STRICT_ENTRIES)].there = false;
	else
		e->step[iomi_smmuv3_strict_rand(s->strict, STRICT_STEPS)].there = false;
}
