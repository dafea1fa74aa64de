/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Table walks: stage 1, stage 2, and stage 1 whose tables and output go through
 * stage 2. The order of faults is 3.4 of the document (fact sheet 10): at each
 * level stage 2 of the descriptor's address, the fetch, an invalid descriptor,
 * its address size; at the leaf the access flag, then permissions; stage 2 of
 * the output last, once stage 1 permits the access.
 *
 * A leaf that is not accessed or not dirty yet, where the SMMU is to note that
 * (HA, HD), is written as soon as its own stage permits the access: stage 1
 * before stage 2 of the output, and through stage 2 itself.
 *
 * Memory is hostile: a descriptor is loaded once and every loop goes from the
 * start level to level 3, at which no descriptor is a table.
 */
#include "smmuv3_dev_quick.h"

struct walk {
	struct iom_smmuv3_dev *s;
	const struct smmu_ctx *c;
	const struct smmu_txn *t;
	struct smmu_fault *f;
	bool use_tlb;
	const struct smmu_seen *seen;	/* of a walk of one stage; may be NULL */
};

#define CLASS(c)	IOM_FIELD_PREP(SMMU_EVT1_CLASS, (uint64_t)(c))
#define IN_CD		(SMMU_EVT1_S2 | CLASS(SMMU_CLASS_CD))
#define IN_TT		(SMMU_EVT1_S2 | CLASS(SMMU_CLASS_TT))
#define IN_IN		(SMMU_EVT1_S2 | CLASS(SMMU_CLASS_IN))
#define TT_WRITE	IOM_BIT64(63)		/* a mark, no field of the record */
#define IN_TT_WRITE	(IN_TT | TT_WRITE)	/* the descriptor of stage 1 is to be written */

#define TRIES	64u		/* of an access, while descriptors change under it */

static uint64_t mask(unsigned int lg2)
{
	return (UINT64_C(1) << lg2) - 1;
}

/* --- faults --- */

/*
 * 5.5: with S it is held and recorded; else recorded only if R says so, and
 * A = 0 is no abort.
 */
static __attribute__((noinline, cold)) int
as_asked(struct smmu_fault *f, bool record, bool stall)
{
	f->stall = stall;
	if (!record && !stall)
		f->ev[0] = f->ev[1] = f->ev[2] = f->ev[3] = 0;
	return f->rc;
}

static int fault_s1(const struct walk *w, uint32_t id)
{
	struct smmu_fault *f = w->f;

	iomi_smmuv3_dev_fault_in(w->t, id, f);
	f->mergeable = w->c->mev;
	f->raz_wi = !w->c->abort;
	return as_asked(f, w->c->record, w->c->stall);
}

/* in: IN_*. TTRnW is of F_PERMISSION alone. */
static int fault_s2(const struct walk *w, uint32_t id, uint64_t in, uint64_t ipa)
{
	struct smmu_fault *f = w->f;

	if (id == SMMU_EVT_F_PERMISSION && in == IN_TT)
		in |= SMMU_EVT1_TTRNW;
	in &= ~TT_WRITE;
	iomi_smmuv3_dev_fault_tt(w->t, id, in, ipa & SMMU_EVT3_IPA_ADDR, f);
	f->mergeable = w->c->mev;
	return as_asked(f, w->c->s2r, w->c->s2s);
}

static int fault_fetch(const struct walk *w, uint64_t in, uint64_t pa)
{
	in &= ~TT_WRITE;
	iomi_smmuv3_dev_fault_tt(w->t, SMMU_EVT_F_WALK_EABT, in, pa & SMMU_EVT3_FETCH_ADDR, w->f);
	w->f->mergeable = w->c->mev;
	return w->f->rc;
}

/* A descriptor, which the quick walk may have read already. */
static int load(const struct walk *w, int level, uint64_t at, uint64_t *desc)
{
	if (w->seen && level < w->seen->n) {
		*desc = w->seen->desc[level];
		return IOM_OK;
	}
	if (w->seen && level == w->seen->n && w->seen->failed)
		return IOM_EFAULT;
	return iom_gmem_load(w->t->gmem, at, 8, desc);
}

/* A descriptor from who stands in between; out of the way of those that nobody does. */
static __attribute__((noinline, cold)) int
ask(const struct walk *w, enum iom_smmuv3_fetch_kind kind, int level, struct iomi_lpae_mem mem,
    uint64_t ia, uint64_t ipa, uint64_t at, uint64_t *desc)
{
	const struct iom_smmuv3_fetch what = {
		.kind = kind, .level = (int8_t)level, .memattr = mem.mair, .sh = mem.sh,
		.ia = ia, .ipa = ipa, .pa = at,
	};

	return w->t->fetch->fetch(w->t->fetch, w->t, &what, desc, 1);
}

/* --- access flag and dirty state --- */

/*
 * The descriptor at pa becomes `want`. IOM_EAGAIN: it is another by now, and
 * *f is what to say if that never ends.
 */
static int write_desc(const struct walk *w, uint64_t in, uint64_t pa, uint64_t was, uint64_t want)
{
	int rc = iomi_smmuv3_dev_httu_swap(w->t->gmem, pa, was, want);

	if (!rc)
		return rc;
	fault_fetch(w, in, pa);
	return rc == IOM_EAGAIN ? rc : w->f->rc;
}

/* Does what goes on write to the page? The SMMU's own reads do not. */
static bool writes(const struct walk *w, uint64_t in)
{
	if ((in & SMMU_EVT1_S2) && in != IN_IN)
		return in & TT_WRITE;
	return w->t->access & (IOM_ACCESS_WRITE | SMMU_ACCESS_WANT_W);
}

/* --- stage 2 --- */

/* A block or page: attributes stay as the descriptor has them. */
static int s2_leaf(const struct walk *w, uint64_t ipa, uint64_t in, int level, uint64_t desc,
		   struct smmu_leaf *out)
{
	const struct smmu_tt *tt = &w->c->s2tt;
	const struct iomi_lpae_fmt *fmt = tt->geom.fmt;

	out->pa = iomi_lpae_leaf_oa(fmt, level, desc);
	if (out->pa >> tt->oa_lg2)
		return fault_s2(w, SMMU_EVT_F_ADDR_SIZE, in, ipa);
	out->size_lg2 = (uint8_t)iomi_lpae_shift(fmt, level);
	out->ia = ipa & ~mask(out->size_lg2);
	out->cut_lg2 = 0;
	out->perm = (uint8_t)iomi_lpae_s2_perms(w->c->s2xnx, false, desc);
	out->memattr = (uint8_t)IOM_FIELD_GET(LPAE_S2_MEMATTR, desc);
	out->sh = fmt->ds ? tt->sh : (uint8_t)IOM_FIELD_GET(LPAE_SH, desc);
	out->global = false;
	return IOM_OK;
}

/* What the access needs of stage 2. */
static uint8_t s2_need(const struct walk *w, uint64_t in)
{
	if (in == IN_IN)
		return smmu_perm_need(w->t->access);
	return in & TT_WRITE ? SMMU_PERM_UR | SMMU_PERM_UW : SMMU_PERM_UR;
}

/*
 * A leaf that s2_ask asks about. One that stays clean is read-only as long as it
 * is in the TLB, so that a write comes here.
 */
static __attribute__((noinline, cold)) int
s2_update(const struct walk *w, uint64_t ipa, uint64_t in, int level, uint64_t at, uint64_t desc,
	  struct smmu_leaf *out)
{
	const struct smmu_ctx *c = w->c;
	uint64_t want = iomi_smmuv3_dev_httu_want(2, c->s2ha, c->s2hd, writes(w, in), desc);
	int rc = s2_leaf(w, ipa, in, level, want, out);

	if (rc)
		return rc;
	if (!(want & LPAE_AF) && !c->s2affd)
		return fault_s2(w, SMMU_EVT_F_ACCESS, in, ipa);
	if ((out->perm & s2_need(w, in)) != s2_need(w, in))
		return fault_s2(w, SMMU_EVT_F_PERMISSION, in, ipa);
	if (want == desc || (w->t->access & SMMU_ACCESS_LOOK))
		return IOM_OK;
	return write_desc(w, in, at, desc, want);
}

/*
 * The index of each level is va >> shift; above the start level there are no
 * bits left, so there a mask is not needed.
 */
static int s2_walk(const struct walk *w, uint64_t ipa, uint64_t in, struct smmu_leaf *out)
{
	const struct smmu_tt *tt = &w->c->s2tt;
	const struct iomi_lpae_fmt *fmt = tt->geom.fmt;
	unsigned int stride = fmt->granule_lg2 - 3u;
	uint64_t table = tt->ttb, bits = UINT64_MAX, at, desc;
	int level = tt->geom.start, rc;
	unsigned int shift = iomi_lpae_shift(fmt, level);

	if (!iomi_lpae_s2_in_range(&tt->geom, ipa))
		return fault_s2(w, SMMU_EVT_F_TRANSLATION, in, ipa);
	for (;;) {
		at = table + (ipa >> shift & bits) * 8;
		if (w->t->fetch)
			rc = ask(w, IOM_SMMUV3_FETCH_S2, level, tt->walk, ipa, at, at, &desc);
		else
			rc = load(w, level, at, &desc);
		if (rc)
			return fault_fetch(w, in, at);
		if ((desc & LPAE_TYPE) != LPAE_TYPE_TABLE || level == LPAE_LEVEL_LAST)
			break;
		table = iomi_lpae_table_oa(fmt, desc);
		if (table >> tt->oa_lg2)
			return fault_s2(w, SMMU_EVT_F_ADDR_SIZE, in, ipa);
		bits = mask(stride);
		shift -= stride;
		level++;
	}
	if (iomi_lpae_kind(fmt, level, desc) < IOMI_LPAE_BLOCK)
		return fault_s2(w, SMMU_EVT_F_TRANSLATION, in, ipa);
	if ((desc ^ LPAE_AF) & w->c->s2_ask)
		return s2_update(w, ipa, in, level, at, desc, out);
	return s2_leaf(w, ipa, in, level, desc, out);
}

/* What stage 2 makes of attributes; *leaf as s2_leaf() leaves it. */
static struct iomi_lpae_mem s2_mem(const struct walk *w, struct iomi_lpae_mem mem,
				   const struct smmu_leaf *leaf)
{
	return iomi_lpae_s2_mem(mem, IOM_FIELD_PREP(LPAE_S2_MEMATTR, (uint64_t)leaf->memattr),
				leaf->sh, w->c->s2fwb);
}

/* Not in the TLB: straight down to a page, if it is one; *out goes into the TLB. */
static int s2_fill(const struct walk *w, uint64_t ipa, uint64_t in, struct smmu_leaf *out)
{
	struct smmu_space *sp = w->c->space_s2;
	uint64_t tlb_gen = atomic_load(&w->s->tlb_gen), tag = atomic_load(&sp->tag), desc;
	const struct smmu_tt *tt = &w->c->s2tt;
	struct smmu_seen seen;
	struct walk again;
	int rc;

	if (tt->quick && iomi_lpae_s2_in_range(&tt->geom, ipa)) {
		desc = iomi_smmuv3_dev_quick_descend(w->t->gmem, tt, ipa, &seen);
		if (desc && !((desc ^ LPAE_AF) & w->c->s2_ask)) {
			rc = s2_leaf(w, ipa, in, LPAE_LEVEL_LAST, desc, out);
		} else {
			if (desc)
				smmu_seen_all(&seen);
			again = *w;
			again.seen = &seen;
			rc = s2_walk(&again, ipa, in, out);
		}
	} else {
		rc = s2_walk(w, ipa, in, out);
	}
	if (!rc)
		iomi_smmuv3_dev_tlb_fill(w->s, sp, tag, out, tlb_gen);
	return rc;
}

/*
 * Stage 2 for an access that needs `need`. A leaf in the TLB counts if it
 * permits that; pages of 4K have been looked for if no_4k says so.
 */
static int s2_translate(const struct walk *w, uint64_t ipa, uint64_t in, uint8_t need,
			bool no_4k, struct smmu_leaf *out)
{
	struct smmu_space *sp = w->use_tlb ? w->c->space_s2 : NULL;
	int rc;

	if (sp && iomi_lpae_s2_in_range(&w->c->s2tt.geom, ipa) &&
	    !(no_4k && atomic_load(&sp->sizes) <= 1) &&
	    iomi_smmuv3_dev_tlb_find(w->s, sp, ipa, out) && (out->perm & need) == need)
		return IOM_OK;
	rc = sp ? s2_fill(w, ipa, in, out) : s2_walk(w, ipa, in, out);
	if (rc)
		return rc;
	if ((out->perm & need) != need)
		return fault_s2(w, SMMU_EVT_F_PERMISSION, in, ipa);
	return IOM_OK;
}

/* Where the TLB has pages of 4K, if one from there will do. */
static inline struct smmu_space *fetch_space(const struct walk *w)
{
	return w->use_tlb && !w->c->s2ptw ? w->c->space_s2 : NULL;
}

static __attribute__((noinline)) int
s2_fetch_miss(const struct walk *w, const struct iomi_lpae_mem *mem, uint64_t ipa, uint64_t in,
	      uint64_t *pa, struct iomi_lpae_mem *got)
{
	struct smmu_leaf leaf;
	int rc = s2_translate(w, ipa, in, SMMU_PERM_UR, fetch_space(w), &leaf);

	if (rc)
		return rc;
	/* Nobody else asks for the attributes. */
	if (w->c->s2ptw || w->t->fetch) {
		*got = s2_mem(w, *mem, &leaf);
		if (w->c->s2ptw && !(got->mair >> 4))
			return fault_s2(w, SMMU_EVT_F_PERMISSION, in, ipa);
	}
	*pa = leaf.pa + (ipa & mask(leaf.size_lg2));
	return IOM_OK;
}

/*
 * Stage 2 of what the SMMU itself reads. Most often the TLB has it, and all
 * that is asked for is the address. S2PTW: not from Device memory (5.2). *got,
 * what stage 2 makes of the attributes, is set for a fetcher only.
 */
static SMMU_STRAIGHT int s2_fetch(const struct walk *w, const struct iomi_lpae_mem *mem,
				  uint64_t ipa, uint64_t in, uint64_t *pa,
				  struct iomi_lpae_mem *got)
{
	struct smmu_space *sp = fetch_space(w);
	uint64_t val;

	if (sp && iomi_lpae_s2_in_range(&w->c->s2tt.geom, ipa) &&
	    smmu_tlb_look(&w->s->tlb, atomic_load(&sp->tag), ipa, 0, &val) &&
	    !(val & SMMU_PERM_UR)) {
		*pa = (val & SMMU_VAL_PA) | (ipa & mask(12));
		return IOM_OK;
	}
	return s2_fetch_miss(w, mem, ipa, in, pa, got);
}

int iomi_smmuv3_dev_walk_fetch(struct iom_smmuv3_dev *s, const struct smmu_ctx *ctx,
			       const struct smmu_txn *t, struct iomi_lpae_mem *mem, uint64_t ipa,
			       uint64_t *pa, struct smmu_fault *f)
{
	const struct walk w = { .s = s, .c = ctx, .t = t, .f = f };
	struct iomi_lpae_mem own = *mem;
	unsigned int n = TRIES;
	int rc;

	do {
		rc = s2_fetch(&w, &own, ipa, IN_CD, pa, mem);
	} while (rc == IOM_EAGAIN && --n);
	return rc == IOM_EAGAIN ? f->rc : rc;
}

/* --- stage 1 --- */

#define TABLE_ATTRS	(LPAE_TABLE_AP | LPAE_TABLE_XN | LPAE_TABLE_PXN)

static uint8_t s1_perm(const struct smmu_ctx *c, uint64_t desc, uint64_t tables)
{
	if (!(tables & TABLE_ATTRS))
		return IOMI_LPAE_ALL & (uint8_t)~c->deny[SMMU_PERM_INDEX(desc)];
	return (uint8_t)iomi_lpae_s1_perms(&c->ctl, desc, tables);
}

static SMMU_STRAIGHT int s1_leaf(const struct walk *w, const struct smmu_tt *tt, int level,
				 uint64_t desc, uint64_t tables, struct smmu_leaf *out)
{
	const struct iomi_lpae_fmt *fmt = tt->geom.fmt;
	uint8_t need = smmu_perm_need(w->t->access);
	struct iomi_lpae_mem mem;

	out->pa = iomi_lpae_leaf_oa(fmt, level, desc);
	if (out->pa >> tt->oa_lg2)
		return fault_s1(w, SMMU_EVT_F_ADDR_SIZE);
	out->perm = s1_perm(w->c, desc, tt->had ? 0 : tables);
	/* An unprivileged access must come to the walk, for its F_TRANSLATION. */
	if (tt->e0pd)
		out->perm &= (uint8_t)~SMMU_PERM_UNPRIV;
	if ((out->perm & need) != need)
		return fault_s1(w, SMMU_EVT_F_PERMISSION);
	mem = iomi_lpae_s1_mem(w->c->mair, desc,
			       fmt->ds ? tt->sh : (unsigned int)IOM_FIELD_GET(LPAE_SH, desc));
	out->memattr = mem.mair;
	out->sh = mem.sh;
	out->size_lg2 = (uint8_t)iomi_lpae_shift(fmt, level);
	out->ia = w->t->iova & ~mask(out->size_lg2);
	out->cut_lg2 = 0;
	out->global = !(desc & LPAE_S1_NG);
	return IOM_OK;
}

/* The descriptor of stage 1 at ipa, which was read at pa. Stage 2 must permit to write it. */
static int s1_write(const struct walk *w, uint64_t ipa, uint64_t pa, uint64_t was, uint64_t want)
{
	struct smmu_leaf page;
	int rc;

	if (w->c->s2) {
		rc = s2_translate(w, ipa, IN_TT_WRITE, s2_need(w, IN_TT_WRITE), false, &page);
		if (rc)
			return rc;
		/* It has moved: the descriptor is somewhere else now. */
		if (page.pa + (ipa & mask(page.size_lg2)) != pa) {
			fault_fetch(w, CLASS(SMMU_CLASS_TT), pa);
			return IOM_EAGAIN;
		}
	}
	return write_desc(w, CLASS(SMMU_CLASS_TT), pa, was, want);
}

/*
 * A leaf that s1_ask asks about. Writable-clean counts as writable, also for
 * what writable pages may not be (WXN); but as in s2_update() no W comes out.
 */
static __attribute__((noinline, cold)) int
s1_update(const struct walk *w, const struct smmu_tt *tt, int level, uint64_t ipa, uint64_t pa,
	  uint64_t desc, uint64_t tables, struct smmu_leaf *out)
{
	const struct smmu_ctx *c = w->c;
	uint8_t need = smmu_perm_need(w->t->access), perm, may_write;
	uint64_t want;
	int rc;

	if (iomi_lpae_leaf_oa(tt->geom.fmt, level, desc) >> tt->oa_lg2)
		return fault_s1(w, SMMU_EVT_F_ADDR_SIZE);
	if (!(desc & LPAE_AF) && !c->ha && !c->affd)
		return fault_s1(w, SMMU_EVT_F_ACCESS);
	perm = (uint8_t)iomi_lpae_s1_perms(&c->ctl, desc, tt->had ? 0 : tables);
	if (tt->e0pd)
		perm &= (uint8_t)~SMMU_PERM_UNPRIV;
	if ((perm & need) != need)
		return fault_s1(w, SMMU_EVT_F_PERMISSION);
	may_write = perm & smmu_perm_need((w->t->access & IOM_SMMUV3_PRIV) | IOM_ACCESS_WRITE);
	want = iomi_smmuv3_dev_httu_want(1, c->ha, c->ctl.hd, may_write && writes(w, 0), desc);
	rc = s1_leaf(w, tt, level, want, tables, out);
	if (rc)
		return rc;
	out->perm = perm;
	if (c->ctl.hd && iomi_lpae_clean(1, want))
		out->perm &= (uint8_t)~(SMMU_PERM_UW | SMMU_PERM_UW << 3);
	if (want == desc || (w->t->access & SMMU_ACCESS_LOOK))
		return IOM_OK;
	return s1_write(w, ipa, pa, desc, want);
}

static SMMU_STRAIGHT int s1_walk(const struct walk *w, struct smmu_leaf *out)
{
	uint64_t va = w->t->iova, table, bits = UINT64_MAX, ipa, at, desc, tables = 0;
	const struct smmu_tt *tt = &w->c->tt[iomi_lpae_half(va)];
	const struct iomi_lpae_fmt *fmt = tt->geom.fmt;
	unsigned int stride, shift;
	struct iomi_lpae_mem mem;
	int level, rc;

	if (tt->disabled || !iomi_lpae_s1_in_range(&tt->geom, va, tt->tbi) ||
	    (tt->e0pd && !(w->t->access & IOM_SMMUV3_PRIV)))
		return fault_s1(w, SMMU_EVT_F_TRANSLATION);
	/* Bits above the range are all alike now, and index nothing. */
	va &= mask(tt->geom.ia_bits);
	table = tt->ttb;
	level = tt->geom.start;
	stride = fmt->granule_lg2 - 3u;
	shift = iomi_lpae_shift(fmt, level);
	for (;;) {
		ipa = at = table + (va >> shift & bits) * 8;
		if (w->c->s2) {
			rc = s2_fetch(w, &tt->walk, ipa, IN_TT, &at, &mem);
			if (rc)
				return rc;
		}
		if (w->t->fetch)
			rc = ask(w, IOM_SMMUV3_FETCH_S1, level, w->c->s2 ? mem : tt->walk,
				 w->t->iova, ipa, at, &desc);
		else if (w->c->s2)
			rc = iom_gmem_load(w->t->gmem, at, 8, &desc);
		else
			rc = load(w, level, at, &desc);
		if (rc)
			return fault_fetch(w, CLASS(SMMU_CLASS_TT), at);
		if ((desc & LPAE_TYPE) != LPAE_TYPE_TABLE || level == LPAE_LEVEL_LAST)
			break;
		tables |= desc;
		table = iomi_lpae_table_oa(fmt, desc);
		if (table >> tt->oa_lg2)
			return fault_s1(w, SMMU_EVT_F_ADDR_SIZE);
		bits = mask(stride);
		shift -= stride;
		level++;
	}
	if (iomi_lpae_kind(fmt, level, desc) < IOMI_LPAE_BLOCK)
		return fault_s1(w, SMMU_EVT_F_TRANSLATION);
	if ((desc ^ LPAE_AF) & w->c->s1_ask)
		return s1_update(w, tt, level, ipa, at, desc, tables, out);
	return s1_leaf(w, tt, level, desc, tables, out);
}

/* --- both --- */

/* Stage 1 permits the access and gave *leaf; the smaller of the two leaves is the result. */
static SMMU_STRAIGHT int combine(const struct walk *w, struct smmu_leaf *leaf)
{
	uint64_t ipa = leaf->pa + (w->t->iova & mask(leaf->size_lg2));
	struct iomi_lpae_mem mem = { leaf->memattr, leaf->sh };
	struct smmu_leaf s2;
	int rc = s2_translate(w, ipa, IN_IN, smmu_perm_need(w->t->access), false, &s2);

	if (rc)
		return rc;
	if (s2.size_lg2 < leaf->size_lg2) {
		leaf->cut_lg2 = leaf->size_lg2;
		leaf->size_lg2 = s2.size_lg2;
	}
	leaf->ia = w->t->iova & ~mask(leaf->size_lg2);
	leaf->pa = (s2.pa + (ipa & mask(s2.size_lg2))) & ~mask(leaf->size_lg2);
	leaf->perm &= s2.perm;
	mem = s2_mem(w, mem, &s2);
	leaf->memattr = mem.mair;
	leaf->sh = mem.sh;
	return IOM_OK;
}

/* Stage 2 alone: the input address is an IPA, with the attributes that came in. */
static int s2_only(const struct walk *w, struct smmu_leaf *leaf)
{
	struct iomi_lpae_mem mem;
	int rc;

	/* Beyond IAS it is stage 1, though bypassed, that reports it. */
	if (w->t->iova >> w->s->caps.ias_bits) {
		iomi_smmuv3_dev_fault_in(w->t, SMMU_EVT_F_ADDR_SIZE, w->f);
		w->f->mergeable = w->c->mev;
		return w->f->rc;
	}
	rc = s2_walk(w, w->t->iova, IN_IN, leaf);
	if (rc)
		return rc;
	if ((leaf->perm & smmu_perm_need(w->t->access)) != smmu_perm_need(w->t->access))
		return fault_s2(w, SMMU_EVT_F_PERMISSION, IN_IN, w->t->iova);
	mem = s2_mem(w, w->c->in, leaf);
	leaf->memattr = mem.mair;
	leaf->sh = mem.sh;
	return IOM_OK;
}

static SMMU_STRAIGHT int once(const struct walk *w, struct smmu_leaf *leaf)
{
	int rc;

	if (!w->c->s1)
		return s2_only(w, leaf);
	rc = s1_walk(w, leaf);
	return rc || !w->c->s2 ? rc : combine(w, leaf);
}

/* If another changes a descriptor before we have written it, what it is then decides. */
int iomi_smmuv3_dev_walk(struct iom_smmuv3_dev *s, const struct smmu_ctx *ctx,
			 const struct smmu_txn *t, bool use_tlb, const struct smmu_seen *seen,
			 struct smmu_leaf *leaf, struct smmu_fault *f)
{
	struct walk w = { .s = s, .c = ctx, .t = t, .f = f, .use_tlb = use_tlb, .seen = seen };
	unsigned int n = TRIES;
	int rc;

	for (;;) {
		rc = once(&w, leaf);
		if (rc != IOM_EAGAIN)
			return rc;
		if (!--n)
			return f->rc;
		w.seen = NULL;
	}
}

/* W is wanted: stage 2 is not made dirty for a page that stage 1 does not let be written. */
static int ats_once(const struct walk *w, uint8_t any, bool split, struct smmu_leaf *leaf)
{
	struct smmu_txn t = *w->t;
	struct walk inner = *w;
	uint64_t ipa = t.iova;
	int rc = w->c->s1 ? s1_walk(w, leaf) : s2_only(w, leaf);

	if (rc)
		return rc;
	if (!(leaf->perm & any)) {
		leaf->perm = 0;
		return IOM_OK;
	}
	if (w->c->s1 && w->c->s2) {
		if (!(leaf->perm & smmu_perm_need((t.access & IOM_SMMUV3_PRIV) | IOM_ACCESS_WRITE)))
			t.access &= ~SMMU_ACCESS_WANT_W;
		inner.t = &t;
		/* A page that is clean is in the TLB without W, and would stay clean. */
		inner.use_tlb = false;
		ipa = leaf->pa + (t.iova & mask(leaf->size_lg2));
		rc = combine(&inner, leaf);
	}
	if (!rc && split)
		leaf->pa = ipa & ~mask(leaf->size_lg2);
	return rc;
}

int iomi_smmuv3_dev_walk_ats(struct iom_smmuv3_dev *s, const struct smmu_ctx *ctx,
			     const struct smmu_txn *t, uint8_t any, bool split,
			     struct smmu_leaf *leaf, struct smmu_fault *f)
{
	const struct walk w = { .s = s, .c = ctx, .t = t, .f = f, .use_tlb = !t->fetch };
	unsigned int n = TRIES;
	int rc;

	do {
		rc = ats_once(&w, any, split, leaf);
	} while (rc == IOM_EAGAIN && --n);
	return rc == IOM_EAGAIN ? f->rc : rc;
}
