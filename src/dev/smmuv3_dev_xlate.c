/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One translation, from a port to a result: context, TLB, walk, and the event
 * if it is refused. Runs on the accessing thread, inside its bracket.
 */
#include <iom/base/mem.h>

#include "smmuv3_dev_quick.h"
#include "smmuv3_strict_int.h"

/* What of an access word tells contexts apart. */
#define SUBSTREAM	(IOM_SMMUV3_SSV | IOM_SMMUV3_TRANSLATED | IOM_SMMUV3_SSID(0xfffffu))
#define SSID_OF(access)	((access) >> 8 & 0xfffffu)
#define RAZ_WI_LEN	UINT64_C(4096)	/* another look at the tables after that */

/* Kept out of line, so that a hit saves no registers for it. */
#define IOMI_COLD __attribute__((noinline))
#define IOMI_HOT inline __attribute__((always_inline))

static void fill_txn(const struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
		     unsigned int access, struct smmu_txn *t)
{
	t->sid = p->sid;
	t->ssv = access & IOM_SMMUV3_SSV;
	t->ssid = t->ssv ? SSID_OF(access) : 0;
	t->access = access;
	t->iova = iova;
	t->len = len;
	t->gmem = p->gmem;
	t->fetch = NULL;
}

/* A SubstreamID does not count (3.9.1.3, IDR3.PASIDTT = 0). */
static void fill_translated(const struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			    unsigned int access, struct smmu_txn *t)
{
	fill_txn(p, iova, len, (access & ~IOM_SMMUV3_SSV) | SMMU_ACCESS_STE, t);
}

static void leaf_result(const struct smmu_leaf *leaf, uint64_t iova, uint64_t len,
			struct iom_smmuv3_result *res)
{
	uint64_t off = iova & ((UINT64_C(1) << leaf->size_lg2) - 1);
	uint64_t left = (UINT64_C(1) << leaf->size_lg2) - off;

	res->pa = leaf->pa + off;
	res->len = len < left ? len : left;
	res->memattr = leaf->memattr;
	res->sh = leaf->sh;
	res->bypass = false;
	res->raz_wi = false;
}

/*
 * Config 100, S1DSS = 1 without stage 2, SMMUEN = 0, or an address translated before:
 * as it is, up to OAS. Nobody is told of one beyond in the last two (3.9.1.1).
 */
static int bypass(const struct iom_smmuv3_dev *s, const struct smmu_ctx *c,
		  const struct smmu_txn *t, struct iom_smmuv3_result *res, struct smmu_fault *f)
{
	unsigned int oas = s->caps.oas_bits;
	uint64_t last = (UINT64_C(1) << oas) - 1;

	if (t->iova > last) {
		if (!c->disabled && !(t->access & IOM_SMMUV3_TRANSLATED))
			iomi_smmuv3_dev_fault_in(t, SMMU_EVT_F_ADDR_SIZE, f);
		f->mergeable = c->mev;
		return f->rc;
	}
	res->pa = t->iova;
	res->len = t->len - 1 <= last - t->iova ? t->len : last - t->iova + 1;
	res->memattr = c->in.mair;
	res->sh = c->in.sh;
	res->bypass = true;
	res->raz_wi = false;
	return IOM_OK;
}

/* A context, then its tables. use_cache: the TLB and the context cache are asked and filled. */
static int walk(struct iom_smmuv3_dev *s, const struct smmu_ctx *c, struct smmu_txn *t,
		bool use_cache, const struct smmu_seen *seen, struct iom_smmuv3_result *res,
		struct smmu_fault *f)
{
	uint64_t tlb_gen = atomic_load(&s->tlb_gen), tag = 0, tag_global = 0;
	struct smmu_leaf leaf;
	int rc;

	t->access = (t->access & c->acc_and) | c->acc_or;
	if (c->kind == SMMU_KIND_ABORT)
		return f->rc = IOM_EFAULT;
	if (c->kind == SMMU_KIND_BYPASS)
		return bypass(s, c, t, res, f);
	/* The tags too must be older than the walk. */
	if (use_cache && c->space)
		tag = atomic_load(&c->space->tag);
	if (use_cache && c->space_global)
		tag_global = atomic_load(&c->space_global->tag);
	rc = iomi_smmuv3_dev_walk(s, c, t, use_cache, seen, &leaf, f);
	if (rc)
		return rc;
	if (leaf.global)
		iomi_smmuv3_dev_tlb_fill(s, c->space_global, tag_global, &leaf, tlb_gen);
	else
		iomi_smmuv3_dev_tlb_fill(s, c->space, tag, &leaf, tlb_gen);
	leaf_result(&leaf, t->iova, t->len, res);
	return IOM_OK;
}

/* What the device sees of a fault: an abort, or with CD.A = 0 nothing but zeros (5.4 A). */
static int outcome(const struct smmu_fault *f, const struct smmu_txn *t,
		   struct iom_smmuv3_result *res, uint64_t ev[4])
{
	uint64_t left = RAZ_WI_LEN - (t->iova & (RAZ_WI_LEN - 1));

	if (ev)
		memcpy(ev, f->ev, sizeof(f->ev));
	if (!f->raz_wi)
		return f->rc;
	memset(res, 0, sizeof(*res));
	res->len = t->len < left ? t->len : left;
	res->raz_wi = true;
	return IOM_OK;
}

/* access: as it came to the port. */
static int refuse(struct iom_smmuv3_port *p, const struct smmu_txn *t, uint32_t access,
		  struct smmu_fault *f, struct iom_smmuv3_result *res, uint64_t ev[4])
{
	struct iom_smmuv3_dev *s = p->s;

	if (f->stall && iomi_smmuv3_dev_stall(p, t->iova, access, f)) {
		if (ev)
			memcpy(ev, f->ev, sizeof(f->ev));
		return IOM_EAGAIN;
	}
	if (!(t->access & IOM_ACCESS_QUIET)) {
		atomic_fetch_add_explicit(&s->nr_refused, 1, memory_order_relaxed);
		if (f->ev[0] && SMMU_STRICT(s) && t->fetch)
			iomi_smmuv3_strict_event(s, p->gmem, f);
		else if (f->ev[0])
			iomi_smmuv3_dev_event(s, p->gmem, f);
	}
	return outcome(f, t, res, ev);
}

/* Is the port's context of the last time still the one? A generation is never 0. */
static IOMI_HOT bool knows_ctx(const struct iom_smmuv3_port *p, unsigned int access)
{
	return p->gen == atomic_load(&p->s->gen) && p->substream == (access & SUBSTREAM);
}

/* Bits 63:55 are not all alike: the sum of a carry from bit 55 is not 0. */
static IOMI_HOT bool top_used(uint64_t iova)
{
	return (iova + IOM_BIT64(55)) >> 56;
}

/* With TBI bits 63:56 may be anything, else copies of bit 55 (5.4 TBI). */
static inline bool top_wrong(const struct smmu_ctx *c, uint64_t iova)
{
	unsigned int high = iova >> 55 & 1;

	return (iova >> 56 ^ (high ? 0xffu : 0)) & c->top_mask[high];
}

static IOMI_HOT bool permits(const struct smmu_ctx *c, uint64_t val, unsigned int access)
{
	return !(val & smmu_perm_need((access & c->acc_and) | c->acc_or));
}

/* What the TLB has under this tag in one of these sizes, if it permits the access; else 0. */
static uint64_t hit(const struct iom_smmuv3_dev *s, const struct smmu_ctx *c, uint64_t tag,
		    uint64_t sizes, uint64_t iova, unsigned int access)
{
	uint64_t val = smmu_tlb_find(&s->tlb, tag, sizes, iova);

	return val && !top_wrong(c, iova) && permits(c, val, access) ? val : 0;
}

/* All that a context has in the TLB. first: hit_first() was here and found nothing. */
static uint64_t hit_more(const struct iom_smmuv3_dev *s, const struct smmu_ctx *c, uint64_t iova,
			 unsigned int access, bool first)
{
	uint64_t sizes, tag, val = 0;

	if (!c->space)
		return 0;
	tag = atomic_load(&c->space->tag);
	sizes = atomic_load(&c->space->sizes);
	if (first && !top_used(iova))
		sizes &= ~UINT64_C(1);
	if (sizes)
		val = hit(s, c, tag, sizes, iova, access);
	if (val || !c->space_global)
		return val;
	tag = atomic_load(&c->space_global->tag);
	sizes = atomic_load(&c->space_global->sizes);
	return sizes ? hit(s, c, tag, sizes, iova, access) : 0;
}

/*
 * The port's context is known. Pages of 4K, and no tag in the address: what
 * most hits are, and straight on, as this is their cost.
 */
static IOMI_HOT bool hit_first(const struct iom_smmuv3_dev *s, const struct smmu_ctx *c,
			       uint64_t iova, unsigned int access, uint64_t *val)
{
	const struct smmu_space *space = c->space;

	return space && !top_used(iova) &&
	       smmu_tlb_look(&s->tlb, atomic_load(&space->tag), iova, 0, val) &&
	       permits(c, *val, access);
}

static IOMI_HOT uint64_t hit_pa(uint64_t val, unsigned int lg2, uint64_t iova, uint64_t len,
				uint64_t *pa)
{
	uint64_t size = UINT64_C(1) << lg2, off = iova & (size - 1), room = size - off;

	*pa = (val & SMMU_VAL_PA) + off;
	return len < room ? len : room;
}

static inline void hit_result(uint64_t val, uint64_t iova, uint64_t len,
			      struct iom_smmuv3_result *res)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_VAL_SIZE_LG2, val);

	res->len = hit_pa(val, lg2, iova, len, &res->pa);
	res->memattr = (uint8_t)IOM_FIELD_GET(SMMU_VAL_MEMATTR, val);
	res->sh = (uint8_t)IOM_FIELD_GET(SMMU_VAL_SH, val);
	res->bypass = false;
	res->raz_wi = false;
}

/* Refused as a Translated transaction, which an ordinary one might not be (7.3.8). */
static int forbidden(const struct smmu_txn *t, bool mev, struct smmu_fault *f)
{
	struct smmu_txn bare = *t;

	bare.access &= ~(IOM_SMMUV3_PRIV | IOM_SMMUV3_INST);
	f->mergeable = mev;
	return iomi_smmuv3_dev_fault_tt(&bare, SMMU_EVT_F_TRANSL_FORBIDDEN, 0, 0, f);
}

/* 3.9.1.3: does a Translated transaction end before an STE is looked for, and how? */
static bool ends_early(const struct iom_smmuv3_dev *s, const struct smmu_txn *t,
		       struct iom_smmuv3_result *res, struct smmu_fault *f, int *rc)
{
	static const struct smmu_ctx unchecked = {
		.kind = SMMU_KIND_BYPASS, .in = { LPAE_MAIR_NORMAL_WB, LPAE_SH_ISH },
	};
	uint32_t cr0 = atomic_load(&s->cr0);

	if (s->caps.ats && (cr0 & SMMU_CR0_SMMUEN) && (cr0 & SMMU_CR0_ATSCHK))
		return false;
	if (!s->caps.ats)
		*rc = f->rc;
	else if (!(cr0 & SMMU_CR0_SMMUEN))
		*rc = forbidden(t, false, f);
	else
		*rc = bypass(s, &unchecked, t, res, f);
	return true;
}

/* The same once the STE is there, or rc and *f say why it is not. */
static int check_eats(const struct iom_smmuv3_dev *s, const struct smmu_ctx *c,
		      const struct smmu_txn *t, int rc, struct smmu_fault *f)
{
	if (rc) {
		if (!(atomic_load(&s->cr2) & SMMU_CR2_REC_CFG_ATS))
			memset(f->ev, 0, sizeof(f->ev));
		return rc;
	}
	if (c->disabled || (c->kind != SMMU_KIND_ABORT && c->eats == SMMU_EATS_OFF))
		return forbidden(t, c->mev, f);
	return IOM_OK;
}

/*
 * The first of a port's Translated transactions, or after a change. Those that
 * follow find the STE's context by knows_ctx(), as ordinary ones do theirs.
 */
static IOMI_COLD int translated(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
				unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4])
{
	struct iom_smmuv3_dev *s = p->s;
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_txn t;
	uint64_t gen = 0;
	int rc;

	fill_translated(p, iova, len, access, &t);
	p->gen = 0;
	if (ends_early(s, &t, res, &f, &rc))
		return rc ? refuse(p, &t, access, &f, res, ev) : IOM_OK;
	rc = iomi_smmuv3_dev_lookup(s, &t, p->own, &p->ctx, &gen, &f);
	rc = check_eats(s, p->ctx, &t, rc, &f);
	if (!rc)
		rc = walk(s, p->ctx, &t, true, NULL, res, &f);
	if (rc)
		return refuse(p, &t, access, &f, res, ev);
	/* Events of the next one must not have a SubstreamID either. */
	if (!(access & IOM_SMMUV3_SSV)) {
		p->gen = gen;
		p->substream = access & SUBSTREAM;
	}
	return IOM_OK;
}

/* Something that stalled keeps the port's generation 0, so no hit overtakes its answer. */
static inline bool is_held(const struct iom_smmuv3_port *p)
{
	return atomic_load_explicit(&p->held, memory_order_relaxed);
}

/*
 * A strict SMMUv3 keeps things in its own way, so a port of it never knows a
 * context (its gen stays 0), and each transaction comes here.
 */
static int strict_tables(struct iom_smmuv3_port *p, struct smmu_txn *t,
			 struct iom_smmuv3_result *res, struct smmu_fault *f)
{
	const struct smmu_ctx *c = p->own;
	struct smmu_leaf leaf;
	int rc;

	if (c->kind != SMMU_KIND_TRANSLATE)
		return walk(p->s, c, t, false, NULL, res, f);
	t->access = (t->access & c->acc_and) | c->acc_or;
	atomic_fetch_add_explicit(&p->s->nr_misses, 1, memory_order_relaxed);
	rc = iomi_smmuv3_strict_xlate_walk(p->s, t, &leaf, f);
	if (!rc)
		leaf_result(&leaf, t->iova, t->len, res);
	return rc;
}

static int strict_miss(struct iom_smmuv3_port *p, struct smmu_txn *t, struct iom_smmuv3_result *res,
		       uint64_t ev[4])
{
	struct smmu_fault f = { .rc = IOM_EFAULT };
	uint32_t access = t->access;
	int rc;

	iomi_smmuv3_strict_xlate_begin(p, t);
	if (is_held(p) && (rc = iomi_smmuv3_dev_stall_again(p, t->iova, access, &f))) {
		rc = rc == IOM_EAGAIN ? rc : outcome(&f, t, res, ev);
		goto out;
	}
	rc = iomi_smmuv3_dev_ctx_build(p->s, t, p->own, &f);
	iomi_smmuv3_strict_xlate_configured(p->s, t, rc, &f);
	if (!rc)
		rc = strict_tables(p, t, res, &f);
	if (rc)
		rc = refuse(p, t, access, &f, res, ev);
out:
	iomi_smmuv3_strict_xlate_end(p, rc, res);
	return rc;
}

static int strict_translated(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			     unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4])
{
	int rc;

	iomi_smmuv3_strict_plain_begin(p, STRICT_IN_DMA, iova, len, access);
	iomi_smmuv3_strict_grant_used(p->s, p->gmem, p->sid, iova);
	rc = translated(p, iova, len, access, res, ev);
	/* The next one, too, is to come here. */
	p->gen = 0;
	iomi_smmuv3_strict_plain_end(p, rc, rc ? 0 : res->pa, rc ? 0 : res->len);
	return rc;
}

/* The TLB's value if there is one, in *val; else a result, or a refusal. */
static IOMI_COLD int miss_slow(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			       unsigned int access, const struct smmu_seen *seen,
			       struct iom_smmuv3_result *res, uint64_t ev[4])
{
	struct iom_smmuv3_dev *s = p->s;
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_txn t;
	uint64_t val;
	int rc;

	if (!seen && (access & IOM_SMMUV3_TRANSLATED))
		return SMMU_STRICT(s) ? strict_translated(p, iova, len, access, res, ev) :
					translated(p, iova, len, access, res, ev);
	fill_txn(p, iova, len, access, &t);
	if (!seen) {
		if (SMMU_STRICT(s))
			return strict_miss(p, &t, res, ev);
		if (is_held(p) && (rc = iomi_smmuv3_dev_stall_again(p, iova, access, &f)))
			return rc == IOM_EAGAIN ? rc : outcome(&f, &t, res, ev);
		rc = iomi_smmuv3_dev_lookup(s, &t, p->own, &p->ctx, &p->gen, &f);
		if (rc) {
			p->gen = 0;
			return refuse(p, &t, access, &f, res, ev);
		}
		p->substream = access & SUBSTREAM;
		/* Come here until it is over. */
		if (is_held(p))
			p->gen = 0;
		val = hit_more(s, p->ctx, iova, access, false);
		if (val) {
			hit_result(val, iova, len, res);
			return IOM_OK;
		}
	}
	if (p->ctx->kind == SMMU_KIND_TRANSLATE)
		atomic_fetch_add_explicit(&s->nr_misses, 1, memory_order_relaxed);
	rc = walk(s, p->ctx, &t, true, seen, res, &f);
	return rc ? refuse(p, &t, access, &f, res, ev) : IOM_OK;
}

/* Has the context anything in the TLB that hit_first() did not look for? */
static IOMI_HOT bool has_more(const struct smmu_ctx *c, uint64_t iova)
{
	uint64_t sizes = c->space ? atomic_load(&c->space->sizes) : 0;

	return (sizes & ~UINT64_C(1)) || top_used(iova) ||
	       (c->space_global && atomic_load(&c->space_global->sizes));
}

/* The port knows its context, and the TLB has nothing: the quick walk. */
static IOMI_HOT uint64_t miss_quick(struct iom_smmuv3_port *p, uint64_t iova, unsigned int access,
				    struct smmu_seen *seen)
{
	uint64_t val = smmu_quick(p->s, p->ctx, p->gmem, iova, access, seen);

	if (val)
		atomic_fetch_add_explicit(&p->s->nr_misses, 1, memory_order_relaxed);
	return val;
}

int iom_smmuv3_dev_translate(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			     unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4])
{
	struct smmu_seen seen;
	uint64_t val = 0;

	memset(ev, 0, 4 * sizeof(ev[0]));
	if (!knows_ctx(p, access))
		return miss_slow(p, iova, len, access, NULL, res, ev);
	if (!hit_first(p->s, p->ctx, iova, access, &val)) {
		val = has_more(p->ctx, iova) ? hit_more(p->s, p->ctx, iova, access, true) : 0;
		if (!val)
			val = miss_quick(p, iova, access, &seen);
		if (!val)
			return miss_slow(p, iova, len, access, &seen, res, ev);
	}
	hit_result(val, iova, len, res);
	return IOM_OK;
}

static int fresh_walk(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
		      unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4],
		      struct smmu_fetcher *fetch)
{
	struct smmu_fault f = { .rc = IOM_EFAULT };
	struct smmu_ctx c;
	struct smmu_txn t;
	int rc;

	memset(&c, 0, sizeof(c));
	if (access & IOM_SMMUV3_TRANSLATED)
		fill_translated(p, iova, len, access | SMMU_ACCESS_LOOK, &t);
	else
		fill_txn(p, iova, len, access | SMMU_ACCESS_LOOK, &t);
	t.fetch = fetch;
	if ((access & IOM_SMMUV3_TRANSLATED) && ends_early(p->s, &t, res, &f, &rc))
		goto done;
	rc = iomi_smmuv3_dev_ctx_build(p->s, &t, &c, &f);
	if (access & IOM_SMMUV3_TRANSLATED)
		rc = check_eats(p->s, &c, &t, rc, &f);
	if (!rc)
		rc = walk(p->s, &c, &t, false, NULL, res, &f);
done:
	if (rc) {
		iomi_smmuv3_dev_fault_no_stall(&f);
		return outcome(&f, &t, res, ev);
	}
	memset(ev, 0, sizeof(f.ev));
	return IOM_OK;
}

int iom_smmuv3_dev_walk(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4])
{
	return fresh_walk(p, iova, len, access, res, ev, NULL);
}

/* Reads memory, and notes what it read. */
struct notes {
	struct smmu_fetcher base;
	struct iom_smmuv3_fetch *fetch;
	size_t max, n;
};

static int note(struct smmu_fetcher *f, const struct smmu_txn *t,
		const struct iom_smmuv3_fetch *what, uint64_t *w, unsigned int n)
{
	struct notes *notes = IOM_CONTAINER_OF(f, struct notes, base);
	int rc = iomi_smmuv3_dev_load(t->gmem, what->pa, w, n);

	if (notes->n < notes->max) {
		notes->fetch[notes->n] = *what;
		notes->fetch[notes->n].val = rc ? 0 : w[0];
	}
	notes->n++;
	return rc;
}

int iom_smmuv3_dev_explain(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			   unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4],
			   struct iom_smmuv3_fetch *fetch, size_t max, size_t *n)
{
	struct notes notes = { { note }, fetch, max, 0 };
	int rc = fresh_walk(p, iova, len, access, res, ev, &notes.base);

	*n = notes.n;
	return rc;
}

static void hit_run(uint64_t val, unsigned int lg2, uint64_t iova, uint64_t len,
		    struct iom_run *run)
{
	run->len = hit_pa(val, lg2, iova, len, &run->gpa);
	run->flags = IOM_FIELD_GET(SMMU_VAL_MEMATTR, val) >> 4 ? 0 : IOM_RUN_MMIO;
}

static IOMI_COLD int op_slow(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			     unsigned int access, const struct smmu_seen *seen,
			     struct iom_run *run)
{
	struct iom_smmuv3_result res;
	int rc = miss_slow(p, iova, len, access, seen, &res, NULL);

	if (rc)
		return rc;
	run->gpa = res.pa;
	run->len = res.len;
	run->flags = res.bypass ? IOM_RUN_BYPASS : 0;
	if (res.raz_wi)
		run->flags = IOM_RUN_RAZ_WI;
	else if (!(res.memattr >> 4))	/* MAIR: Device memory */
		run->flags |= IOM_RUN_MMIO;
	return IOM_OK;
}

static IOMI_COLD int op_new(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			    unsigned int access, struct iom_run *run)
{
	return op_slow(p, iova, len, access, NULL, run);
}

static IOMI_COLD int op_miss(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			     unsigned int access, struct iom_run *run)
{
	struct smmu_seen seen;
	uint64_t val;

	if (has_more(p->ctx, iova)) {
		val = hit_more(p->s, p->ctx, iova, access, true);
		if (val) {
			hit_run(val, (unsigned int)IOM_FIELD_GET(SMMU_VAL_SIZE_LG2, val), iova, len,
				run);
			return IOM_OK;
		}
	}
	val = miss_quick(p, iova, access, &seen);
	if (!val)
		return op_slow(p, iova, len, access, &seen, run);
	hit_run(val, 12, iova, len, run);
	return IOM_OK;
}

/* The hit path: no lock, no atomic read-modify-write, no call. */
static int op_translate(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
			struct iom_run *run)
{
	struct iom_smmuv3_port *p = IOM_CONTAINER_OF(x, struct iom_smmuv3_port, x);
	uint64_t val;

	if (!knows_ctx(p, access))
		return op_new(p, iova, len, access, run);
	if (!hit_first(p->s, p->ctx, iova, access, &val))
		return op_miss(p, iova, len, access, run);
	hit_run(val, 12, iova, len, run);
	return IOM_OK;
}

const struct iom_xlate_ops iomi_smmuv3_dev_xlate_ops = {
	.translate = op_translate,
};
