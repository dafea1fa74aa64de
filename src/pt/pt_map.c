/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mapping, in three steps, so that nothing need ever be undone:
 *
 * 1. check: nothing is mapped there, and how many tables are missing;
 * 2. reserve that many, all or none;
 * 3. place: cannot fail. Runs of leaves of one size in one table are written in
 *    order. A table that is not there is filled first, with what leads to it, and
 *    then linked by compare-and-swap: a thread in a range beside ours may want
 *    the same one. Who loses gives his back and goes on in the other's.
 *
 * What fits into one table that exists, the common case, is checked and written at once.
 */
#include <iom/base/mem.h>

#include "pt_int.h"

/* A map under way. */
struct job {
	struct iom_pt *pt;
	struct iom_range iova;
	uint64_t delta;		/* pa - iova */
	uint64_t attrs;
	unsigned int h_max;	/* highest leaf that iova and pa are aligned to each other for */
	void *spare;		/* tables reserved: zero but for their first two words */
};

/* --- leaves ----------------------------------------------------------------- */

/* n entries from s on, of 2^lg2 bytes each, the first of them to oa. */
static void put(const struct iom_pt *pt, struct iomi_pt_slot *s, size_t n, uint64_t leaf,
		uint64_t oa, unsigned int lg2)
{
	uint64_t step = UINT64_C(1) << lg2;

	if (pt_unlikely(pt->oa_high)) {
		for (; n; n--, s++, oa += step)
			iomi_pt_store(s, leaf | iomi_pt_oa_bits(pt, oa));
		return;
	}
	leaf |= oa;
	for (; n >= 8; n -= 8, s += 8, leaf += step) {
		iomi_pt_store(&s[0], leaf);
		iomi_pt_store(&s[1], leaf += step);
		iomi_pt_store(&s[2], leaf += step);
		iomi_pt_store(&s[3], leaf += step);
		iomi_pt_store(&s[4], leaf += step);
		iomi_pt_store(&s[5], leaf += step);
		iomi_pt_store(&s[6], leaf += step);
		iomi_pt_store(&s[7], leaf += step);
	}
	for (; n; n--, s++, leaf += step)
		iomi_pt_store(s, leaf);
}

/* What of a run is written in one way: n entries, in items of `unit` (1, or a contiguous set). */
struct part {
	size_t n, unit;
	bool first, last;	/* the mapping's first item, and its last, are in here */
};

static void put_part(const struct iom_pt *pt, struct iomi_pt_slot *s, const struct part *p,
		     uint64_t leaf, uint64_t oa, unsigned int lg2)
{
	size_t head = p->first ? p->unit : 0, tail;

	if (!p->n)
		return;
	if (p->unit > 1)
		leaf |= pt->contig;
	tail = p->last && p->n > head ? p->unit : 0;
	put(pt, s, head, leaf | pt->first | (p->last && p->n == head ? pt->last : 0), oa, lg2);
	put(pt, s + head, p->n - head - tail, leaf, oa + ((uint64_t)head << lg2), lg2);
	put(pt, s + p->n - tail, tail, leaf | pt->last, oa + ((uint64_t)(p->n - tail) << lg2),
	    lg2);
}

/* n leaves of height h from s on, the first for ia: those before, in and behind contiguous sets. */
static void put_run(const struct job *j, struct iomi_pt_slot *s, unsigned int h, uint64_t ia,
		    size_t n)
{
	const struct iom_pt *pt = j->pt;
	unsigned int lg2 = iomi_pt_shift(pt, h), c = pt->contig_lg2[h];
	uint64_t leaf = j->attrs | pt->leaf_bits[h != 0];
	size_t head = n, body = 0, set = (size_t)1 << c, at = 0, i;
	bool first = ia == j->iova.start;
	bool last = ia + ((uint64_t)n << lg2) - 1 == j->iova.last;

	if (c && n >= set && !(j->delta & ((UINT64_C(1) << (lg2 + c)) - 1))) {
		head = (size_t)(0 - (ia >> lg2)) & (set - 1);
		if (head + set <= n)
			body = (n - head) & ~(set - 1);
		else
			head = n;
	}
	const struct part parts[3] = {
		{ head, 1, first, last && head == n },
		{ body, set, first && !head, last && head + body == n },
		{ n - head - body, 1, false, last },
	};
	for (i = 0; i < 3; i++) {
		put_part(pt, s + at, &parts[i], leaf, ia + j->delta + ((uint64_t)at << lg2), lg2);
		at += parts[i].n;
	}
	iomi_pt_clean(pt, s, n);
}

/* --- check ------------------------------------------------------------------ */

static bool any(struct iomi_pt_slot *s, size_t n)
{
	uint64_t all = 0;

	for (; n >= 8; n -= 8, s += 8)
		all |= iomi_pt_load(&s[0]) | iomi_pt_load(&s[1]) | iomi_pt_load(&s[2]) |
		       iomi_pt_load(&s[3]) | iomi_pt_load(&s[4]) | iomi_pt_load(&s[5]) |
		       iomi_pt_load(&s[6]) | iomi_pt_load(&s[7]);
	for (; n; n--, s++)
		all |= iomi_pt_load(s);
	return all;
}

/*
 * Tables that r needs where there is none, r being all or part of one entry of
 * height h: an entry leads to a table unless it is a leaf, and it is a leaf if it is
 * low enough and r has all of it.
 */
static size_t tables_below(const struct job *j, struct iom_range r, unsigned int h)
{
	size_t n = 0;

	for (; h; h--) {
		unsigned int shift = iomi_pt_shift(j->pt, h);
		uint64_t low = iomi_pt_span_m1(j->pt, h);
		uint64_t more = (r.last >> shift) - (r.start >> shift);	/* entries, minus one */
		bool cut_first = r.start & low, cut_last = ~r.last & low;

		if (h > j->h_max)
			n += (size_t)more + 1;
		else
			n += more ? (size_t)cut_first + cut_last : cut_first || cut_last;
	}
	return n;
}

/* IOM_OK and how many tables are missing; or IOM_EEXIST. */
static int check(const struct job *j, size_t *missing)
{
	const struct iom_pt *pt = j->pt;
	uint64_t ia = j->iova.start, e;
	struct iom_range r;

	for (*missing = 0;;) {
		struct iomi_pt_at at = iomi_pt_seek(pt, ia);

		if (!at.h) {
			uint64_t n = iomi_pt_mask(pt, 0) - at.i + 1;
			uint64_t left = (j->iova.last - ia) >> pt->page_lg2;

			if (any(&at.t[at.i], left < n ? (size_t)left + 1 : (size_t)n))
				return IOM_EEXIST;
			if (left < n)
				return IOM_OK;
			ia += n << pt->page_lg2;
			continue;
		}
		/* entries of this table, up to one that leads further down */
		for (; at.i <= iomi_pt_mask(pt, at.h); at.i++) {
			e = iomi_pt_load(&at.t[at.i]);
			if (iomi_pt_is_table(pt, e))
				break;
			if (e)
				return IOM_EEXIST;
			r.start = ia;
			r.last = ia | iomi_pt_span_m1(pt, at.h);
			if (r.last > j->iova.last)
				r.last = j->iova.last;
			*missing += tables_below(j, r, at.h);
			if (r.last == j->iova.last)
				return IOM_OK;
			ia = r.last + 1;
		}
	}
}

/* --- reserve ---------------------------------------------------------------- */

static int reserve(struct job *j, size_t n)
{
	size_t size = (size_t)j->pt->page_mask + 1;
	uint64_t pa;
	void *t;
	int rc;

	for (; n; n--) {
		rc = iomi_pt_alloc(j->pt, size, &t, &pa);
		if (rc) {
			iomi_pt_free_list(j->pt, &j->spare);
			return rc;
		}
		iomi_pt_push(&j->spare, t, pa);
	}
	return IOM_OK;
}

static struct iomi_pt_slot *take(struct job *j, uint64_t *pa)
{
	struct iomi_pt_slot *t = iomi_pt_pop(&j->spare, pa);

	iomi_pt_store(&t[0], 0);
	iomi_pt_store(&t[1], 0);
	return t;
}

/* --- place ------------------------------------------------------------------ */

/* The highest leaf for ia, by the alignment of both addresses and by what is left. */
static unsigned int leaf_height(const struct job *j, uint64_t ia)
{
	unsigned int h = 0;
	uint64_t low;

	for (; h < j->h_max; h++) {
		low = iomi_pt_span_m1(j->pt, h + 1);
		if (ia & low || j->iova.last - ia < low)
			break;
	}
	return h;
}

/* Entries of height h from entry i on that the job has to write, in one table. */
static size_t run_length(const struct job *j, struct iomi_pt_at at, uint64_t ia)
{
	uint64_t left = j->iova.last - ia + 1;	/* 0: all of 2^64, which no aperture has */
	uint64_t n = iomi_pt_mask(j->pt, at.h) - at.i + 1;
	size_t k;

	if (n > left >> iomi_pt_shift(j->pt, at.h))
		n = left >> iomi_pt_shift(j->pt, at.h);
	if (!at.h)
		return (size_t)n;
	/* a table that was left when its mappings went is used, not replaced */
	for (k = 1; k < n && !iomi_pt_load(&at.t[at.i + k]); k++)
		;
	return k;
}

static void link_synced(const struct iom_pt *pt, struct iomi_pt_slot *s)
{
	if (pt->mem->coherent)
		return;
	iomi_pt_clean(pt, s, 1);
	atomic_fetch_or_explicit(&s->raw, IOMI_LE64(pt->synced), memory_order_release);
}

/*
 * Where at stands there is no table: writes the first run from ia on into one of
 * height h, with the tables that lead there, then links it all. Returns the
 * entries written; 0 if another thread was faster.
 */
static size_t place_new(struct job *j, struct iomi_pt_at at, unsigned int h, uint64_t ia)
{
	const struct iom_pt *pt = j->pt;
	struct iomi_pt_slot *t[IOM_PT_LEVELS_MAX], *slot = &at.t[at.i];
	uint64_t pa[IOM_PT_LEVELS_MAX], e, none = 0;
	size_t n, entries = (size_t)pt->index_mask + 1;
	struct iomi_pt_at low;
	unsigned int k;

	for (k = h; k < at.h; k++)
		t[k] = take(j, &pa[k]);
	low = (struct iomi_pt_at){ t[h], h, iomi_pt_index(pt, h, ia) };
	n = run_length(j, low, ia);
	put_run(j, &t[h][low.i], h, ia, n);
	for (k = h + 1; k < at.h; k++)
		iomi_pt_store(&t[k][iomi_pt_index(pt, k, ia)],
			      pt->table_bits | pt->synced | iomi_pt_oa_bits(pt, pa[k - 1]));
	for (k = h; k < at.h; k++)
		iomi_pt_clean(pt, t[k], entries);
	e = pt->table_bits | iomi_pt_oa_bits(pt, pa[at.h - 1]);
	if (atomic_compare_exchange_strong_explicit(&slot->raw, &none, IOMI_LE64(e),
						    memory_order_acq_rel, memory_order_acquire)) {
		link_synced(pt, slot);
		return n;
	}
	for (k = h; k < at.h; k++) {
		memset(t[k], 0, entries * sizeof(*t[k]));
		iomi_pt_push(&j->spare, t[k], pa[k]);
	}
	return 0;
}

/* The run at ia, in a table that is there or made for it. Returns its bytes. */
static uint64_t place_run(struct job *j, uint64_t ia)
{
	const struct iom_pt *pt = j->pt;
	unsigned int h = leaf_height(j, ia);
	struct iomi_pt_at at = { pt->root, pt->top, iomi_pt_index(pt, pt->top, ia) };
	size_t n;

	for (;;) {
		uint64_t e = iomi_pt_load(&at.t[at.i]);

		if (e && at.h) {	/* a table: check saw no leaf */
			/* the thread that linked it may not have come to clean the entry */
			if (!pt->mem->coherent && !(e & pt->synced))
				link_synced(pt, &at.t[at.i]);
			at.t = iomi_pt_table(pt, e);
			at.h--;
			at.i = iomi_pt_index(pt, at.h, ia);
			if (h > at.h)
				h = at.h;
		} else if (at.h > h) {
			n = place_new(j, at, h, ia);
			if (n)
				break;
		} else {
			n = run_length(j, at, ia);
			put_run(j, &at.t[at.i], h, ia, n);
			break;
		}
	}
	return (uint64_t)n << iomi_pt_shift(pt, h);
}

/* --- map -------------------------------------------------------------------- */

/* In one table of a plain pt, which is there. False: not so, or something is in the way. */
static bool map_run(const struct job *j)
{
	const struct iom_pt *pt = j->pt;
	size_t n = (size_t)((j->iova.last - j->iova.start) >> pt->page_lg2) + 1;
	struct iomi_pt_slot *s;

	if ((j->iova.start ^ j->iova.last) & ~pt->block_mask)
		return false;
	if (!iomi_pt_slot_of(pt, j->iova.start, 0, &s) || any(s, n))
		return false;
	put_run(j, s, 0, j->iova.start, n);
	return true;
}

/* One leaf of a plain pt, of any height. False: not so. */
static bool map_one(const struct job *j)
{
	const struct iom_pt *pt = j->pt;
	unsigned int h = leaf_height(j, j->iova.start);
	struct iomi_pt_slot *s;

	if (j->iova.last - j->iova.start != iomi_pt_span_m1(pt, h) ||
	    !iomi_pt_slot_of(pt, j->iova.start, h, &s) || iomi_pt_load(s))
		return false;
	iomi_pt_store(s, j->attrs | pt->alone_bits[h != 0] | (j->iova.start + j->delta));
	return true;
}

static PT_COLD int map_any(struct iom_pt *pt, uint64_t start, uint64_t len_m1, uint64_t pa,
			   unsigned int prot)
{
	const struct iom_range iova = { start, start + len_m1 };
	struct job j = { .pt = pt, .iova = iova, .delta = pa - iova.start };
	uint64_t ia = iova.start;
	size_t missing;
	int rc;

	if (!iomi_pt_range_ok(pt, iova) || pa & pt->page_mask || pa > pt->oa_last ||
	    iova.last - iova.start > pt->oa_last - pa || prot > IOM_PT_PROT_ALL ||
	    !pt->attrs[prot])
		return IOM_EINVAL;
	j.attrs = pt->attrs[prot];
	while (j.h_max < pt->leaf_top && !(j.delta & iomi_pt_span_m1(pt, j.h_max + 1)))
		j.h_max++;
	if (pt->plain && (map_one(&j) || map_run(&j)))
		return IOM_OK;
	rc = check(&j, &missing);
	if (!rc)
		rc = reserve(&j, missing);
	if (rc)
		return rc;
	do
		ia += place_run(&j, ia);
	while (ia - 1 != iova.last);
	/* what other threads had made meanwhile */
	iomi_pt_free_list(pt, &j.spare);
	return IOM_OK;
}

/* --- the common case -------------------------------------------------------- */

/* One leaf of a plain pt; low: its bytes minus one. False: not plain, or not as it mostly is. */
PT_INLINE bool map_leaf(struct iom_pt *pt, uint64_t ia, uint64_t low, uint64_t pa,
			unsigned int prot, unsigned int h)
{
	struct iomi_pt_slot *s;
	uint64_t attrs;

	/* aligned, of ia and pa it is enough to see where they begin */
	if (pt_unlikely((ia | pa) & low || ia < pt->plain_ia.start ||
			ia > pt->plain_ia.last || pa > pt->oa_last ||
			prot > IOM_PT_PROT_ALL))
		return false;
	if (pt_unlikely(!iomi_pt_slot_of(pt, ia, h, &s) || iomi_pt_load(s)))
		return false;
	attrs = pt->attrs[prot];
	if (pt_unlikely(!attrs))
		return false;
	iomi_pt_store(s, attrs | pt->alone_bits[h] | pa);
	return true;
}

int iom_pt_map(struct iom_pt *pt, struct iom_range iova, uint64_t pa, unsigned int prot)
{
	uint64_t ia = iova.start, low = iova.last - ia;

	if (low == pt->page_mask) {
		if (pt_likely(map_leaf(pt, ia, low, pa, prot, 0)))
			return IOM_OK;
	} else if (low == pt->plain_block) {
		if (pt_likely(map_leaf(pt, ia, low, pa, prot, 1)))
			return IOM_OK;
	}
	return map_any(pt, ia, low, pa, prot);
}
