/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unmapping: first both ends are looked at, whether a mapping begins and ends
 * there; then entries go, and that cannot fail. A table whose whole span goes is
 * unlinked with all under it, unread but for the tables it leads to. It stays as it
 * was, on the gather's list, until the caller says that hardware has forgotten it.
 */
#include "pt_int.h"

/* --- gather ----------------------------------------------------------------- */

/* There is one already: joins neighbours, and what is too much. */
void iomi_pt_gather_more(struct iom_pt_gather *g, uint64_t start, uint64_t last,
			 uint64_t sizes, bool tables)
{
	struct iom_range r = { start, last };
	struct iom_pt_inval *v = &g->inval[g->nr - 1];

	if (v->range.last + 1 != r.start && r.last + 1 != v->range.start &&
	    g->nr < IOM_PT_GATHER_MAX) {
		g->inval[g->nr++] = (struct iom_pt_inval){ r, sizes, tables };
		return;
	}
	if (r.start < v->range.start)
		v->range.start = r.start;
	if (r.last > v->range.last)
		v->range.last = r.last;
	v->leaf_sizes |= sizes;
	v->tables |= tables;
}

void iom_pt_gather_free_tables(struct iom_pt *pt, struct iom_pt_gather *g)
{
	iomi_pt_free_list(pt, &g->freed);
}

/* --- whole tables ----------------------------------------------------------- */

uint64_t iomi_pt_drop(struct iom_pt *pt, void **list, struct iomi_pt_slot *t, unsigned int h,
		      uint64_t pa)
{
	uint64_t sizes = UINT64_C(1) << iomi_pt_shift(pt, h), e;
	size_t i;

	if (h) {
		for (i = 0, sizes = 0; i <= pt->index_mask; i++) {
			e = iomi_pt_load(&t[i]);
			/* at most as deep as there are levels */
			if (iomi_pt_is_table(pt, e))
				sizes |= iomi_pt_drop(pt, list, iomi_pt_table(pt, e),
						      h - 1, iomi_pt_oa(pt, e));
			else if (e)
				sizes |= UINT64_C(1) << iomi_pt_shift(pt, h);
		}
	}
	iomi_pt_push(list, t, pa);
	return sizes;
}

/* --- any range -------------------------------------------------------------- */

/* Does a mapping begin at ia? */
static int check_first(const struct iom_pt *pt, uint64_t ia)
{
	struct iomi_pt_at at = iomi_pt_seek(pt, ia);
	uint64_t e = iomi_pt_load(&at.t[at.i]);

	if (!e)
		return IOM_ENOENT;
	if (!(e & pt->first) || ia & ((UINT64_C(1) << iomi_pt_leaf_lg2(pt, at.h, e)) - 1))
		return IOM_EINVAL;
	return IOM_OK;
}

/* Does one end there? */
static int check_last(const struct iom_pt *pt, uint64_t ia)
{
	struct iomi_pt_at at = iomi_pt_seek(pt, ia);
	uint64_t e = iomi_pt_load(&at.t[at.i]);

	if (!e)
		return IOM_ENOENT;
	if (!(e & pt->last) || ~ia & ((UINT64_C(1) << iomi_pt_leaf_lg2(pt, at.h, e)) - 1))
		return IOM_EINVAL;
	return IOM_OK;
}

static void clear(const struct iom_pt *pt, struct iomi_pt_slot *s, size_t n)
{
	struct iomi_pt_slot *end = s + n;

	for (; end - s >= 8; s += 8) {
		iomi_pt_store(&s[0], 0);
		iomi_pt_store(&s[1], 0);
		iomi_pt_store(&s[2], 0);
		iomi_pt_store(&s[3], 0);
		iomi_pt_store(&s[4], 0);
		iomi_pt_store(&s[5], 0);
		iomi_pt_store(&s[6], 0);
		iomi_pt_store(&s[7], 0);
	}
	for (; s < end; s++)
		iomi_pt_store(s, 0);
	iomi_pt_clean(pt, end - n, n);
}

/* What an unmap found. */
struct swept {
	uint64_t sizes;
	bool tables;
};

static void unlink(struct iom_pt *pt, struct iomi_pt_slot *s, unsigned int h, uint64_t e,
		   void **list, struct swept *w)
{
	iomi_pt_store(s, 0);
	iomi_pt_clean(pt, s, 1);
	w->tables = true;
	w->sizes |= iomi_pt_drop(pt, list, iomi_pt_table(pt, e), h - 1,
				 iomi_pt_oa(pt, e));
}

/*
 * Entries of one table, from at on for ia, up to r.last, the table's end, or one that
 * leads to a table which r has not all of. Returns the last address done, plus one.
 */
static uint64_t sweep(struct iom_pt *pt, struct iomi_pt_at at, uint64_t ia, struct iom_range r,
		      void **list, struct swept *w)
{
	uint64_t low = iomi_pt_span_m1(pt, at.h), e;

	if (!at.h) {
		size_t n = iomi_pt_mask(pt, 0) - at.i + 1;
		uint64_t left = (r.last - ia) >> pt->page_lg2;

		if (left < n)
			n = (size_t)left + 1;
		clear(pt, &at.t[at.i], n);
		w->sizes |= pt->page_mask + 1;
		return ia + ((uint64_t)n << pt->page_lg2);
	}
	for (; at.i <= iomi_pt_mask(pt, at.h); at.i++, ia = (ia | low) + 1) {
		e = iomi_pt_load(&at.t[at.i]);
		if (iomi_pt_is_table(pt, e)) {
			if (ia & low || r.last - ia < low)
				return ia;
			unlink(pt, &at.t[at.i], at.h, e, list, w);
		} else if (e) {
			clear(pt, &at.t[at.i], 1);
			w->sizes |= low + 1;
		}
		if ((ia | low) >= r.last)
			return r.last + 1;
	}
	return ia;
}

/* Down to the table whose entries r has whole, or that has no table under ia. */
static struct iomi_pt_at seek_whole(const struct iom_pt *pt, uint64_t ia, struct iom_range r)
{
	struct iomi_pt_at at = { pt->root, pt->top, iomi_pt_index(pt, pt->top, ia) };

	for (;;) {
		uint64_t e = iomi_pt_load(&at.t[at.i]), low = iomi_pt_span_m1(pt, at.h);

		if (!iomi_pt_is_table(pt, e) || (!(ia & low) && r.last - ia >= low))
			return at;
		at.t = iomi_pt_table(pt, e);
		at.h--;
		at.i = iomi_pt_index(pt, at.h, ia);
	}
}

/* --- unmap ------------------------------------------------------------------- */

/* A leaf of a plain pt, of low + 1 bytes, that is all of a mapping. False: not so. */
PT_INLINE bool unmap_leaf(struct iom_pt *pt, uint64_t ia, uint64_t low, unsigned int h)
{
	struct iomi_pt_slot *s;

	if (pt_unlikely(ia & low || ia < pt->plain_ia.start || ia > pt->plain_ia.last))
		return false;
	if (pt_unlikely(!iomi_pt_slot_of(pt, ia, h, &s) ||
			(iomi_pt_load(s) & pt->alone_mask) != pt->both))
		return false;
	iomi_pt_store(s, 0);
	return true;
}

static PT_COLD int unmap_any(struct iom_pt *pt, uint64_t start, uint64_t len_m1,
			     struct iom_pt_gather *g)
{
	const struct iom_range iova = { start, start + len_m1 };
	struct swept w = { 0, false };
	uint64_t ia = iova.start;
	unsigned int h;
	int rc;

	if (!iomi_pt_range_ok(pt, iova))
		return IOM_EINVAL;
	for (h = 2; pt->plain && h <= pt->leaf_top; h++)
		if (len_m1 == iomi_pt_span_m1(pt, h) && unmap_leaf(pt, start, len_m1, h)) {
			iomi_pt_gather_add(g, iova.start, iova.last, len_m1 + 1, false);
			return IOM_OK;
		}
	rc = check_first(pt, iova.start);
	if (!rc)
		rc = check_last(pt, iova.last);
	if (rc)
		return rc;
	do
		ia = sweep(pt, seek_whole(pt, ia, iova), ia, iova, &g->freed, &w);
	while (ia - 1 != iova.last);
	iomi_pt_gather_add(g, iova.start, iova.last, w.sizes, w.tables);
	return IOM_OK;
}

int iom_pt_unmap(struct iom_pt *pt, struct iom_range iova, struct iom_pt_gather *g)
{
	uint64_t ia = iova.start, low = iova.last - ia;

	if (low == pt->page_mask) {
		if (pt_unlikely(!unmap_leaf(pt, ia, low, 0)))
			return unmap_any(pt, ia, low, g);
	} else if (low != pt->plain_block || pt_unlikely(!unmap_leaf(pt, ia, low, 1))) {
		return unmap_any(pt, ia, low, g);
	}
	iomi_pt_gather_add(g, ia, ia | low, low + 1, false);
	return IOM_OK;
}
