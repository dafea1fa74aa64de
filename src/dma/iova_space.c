/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The space as a row of stripes. What fits into one stripe is looked for stripe
 * by stripe, each under its own lock, the caller's home first. What does not,
 * or found no room there, is looked for over all of them with all locks held:
 * only then is a run that crosses from one stripe into the next seen as one.
 */
#include <iom/base/err.h>
#include <iom/base/field.h>

#include "iova_int.h"

/* A part of the row whose locks are held, and the pages of it that are asked for. */
struct view {
	struct iom_iova *s;
	unsigned int from, to;	/* stripes */
	uint64_t lo, hi;	/* pages */
};

static unsigned int stripe_of(const struct iom_iova *s, uint64_t page)
{
	return (unsigned int)((page - s->base) >> s->stripe_lg2);
}

static uint64_t stripe_first(const struct iom_iova *s, unsigned int i)
{
	return s->base + ((uint64_t)i << s->stripe_lg2);
}

static uint64_t stripe_last(const struct iom_iova *s, unsigned int i)
{
	return stripe_first(s, i) + ((UINT64_C(1) << s->stripe_lg2) - 1);
}

static void lock(struct iom_iova *s, unsigned int i)
{
	iom_plat_lock(s->plat, &s->stripe[i].lock);
}

static void unlock(struct iom_iova *s, unsigned int i)
{
	iom_plat_unlock(s->plat, &s->stripe[i].lock);
}

static void lock_all(struct iom_iova *s, unsigned int from, unsigned int to)
{
	for (; from <= to; from++)
		lock(s, from);
}

static void unlock_all(struct iom_iova *s, unsigned int from, unsigned int to)
{
	for (; from <= to; from++)
		unlock(s, from);
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- looking, locks of the view held --- */

static bool view_block(const struct view *v, unsigned int order, uint64_t at, uint64_t *page)
{
	unsigned int i;
	uint64_t p;

	for (i = stripe_of(v->s, at); i <= v->to; i++) {
		uint64_t first = stripe_first(v->s, i);

		if (iomi_iova_tree_block(&v->s->stripe[i].tree, order, at > first ? at - first : 0,
					 &p)) {
			*page = first + p;
			return *page <= v->hi;
		}
	}
	return false;
}

/* The free pages around page, inside the view. */
static struct iom_range view_run(const struct view *v, uint64_t page)
{
	struct iom_range r = { v->lo, v->hi };
	unsigned int i;
	uint64_t p;

	for (i = stripe_of(v->s, page); i >= v->from && i <= v->to; i--) {
		p = min_u64(page, stripe_last(v->s, i)) - stripe_first(v->s, i);
		if (iomi_iova_tree_prev_used(&v->s->stripe[i].tree, p, &p)) {
			r.start = max_u64(r.start, stripe_first(v->s, i) + p + 1);
			break;
		}
		if (!i)
			break;
	}
	for (i = stripe_of(v->s, page); i <= v->to; i++) {
		p = max_u64(page, stripe_first(v->s, i)) - stripe_first(v->s, i);
		if (iomi_iova_tree_next_used(&v->s->stripe[i].tree, p, &p)) {
			r.last = min_u64(r.last, stripe_first(v->s, i) + p - 1);
			break;
		}
	}
	return r;
}

/* First place in r where n aligned pages cross no boundary. */
static bool fit(const struct iova_want *w, struct iom_range r, uint64_t *first)
{
	uint64_t align_m1 = (UINT64_C(1) << w->align) - 1, at = r.start, next;

	/* Twice: what begins at a boundary crosses none, as n is no more than it allows. */
	for (next = at; ; at = next) {
		at = (at + align_m1) & ~align_m1;
		if (at > r.last || r.last - at < w->n - 1)
			return false;
		if (w->boundary >= 64 || !((at ^ (at + (w->n - 1))) >> w->boundary))
			break;
		next = ((at >> w->boundary) + 1) << w->boundary;
	}
	*first = at;
	return true;
}

/*
 * First-fit among runs that are long enough to be worth a look: any n pages
 * hold an aligned block of at least (n + 1) / 2 pages, rounded down to a power
 * of two.
 */
static bool view_fit(const struct view *v, const struct iova_want *w, uint64_t *first)
{
	unsigned int up = w->n > 1 ? 64 - (unsigned int)__builtin_clzll(w->n - 1) : 0;
	unsigned int order = 62 - (unsigned int)__builtin_clzll(w->n + 1);
	unsigned int all = up > w->align ? up : w->align;
	uint64_t at = v->lo, page;
	struct iom_range run;

	/* A block with room to spare is right whatever the boundary. */
	if (all <= v->s->stripe_lg2 && view_block(v, all, at, &page) &&
	    v->hi - page >= w->n - 1) {
		*first = page;
		return true;
	}
	/* Only such blocks would do. */
	if (all <= v->s->stripe_lg2 && w->n == UINT64_C(1) << w->align)
		return false;
	/* A run over whole stripes holds a block of a stripe's size. */
	order = order < v->s->stripe_lg2 ? order : v->s->stripe_lg2;
	/* Each turn goes on behind a run: no more turns than there are runs. */
	while (view_block(v, order, at, &page)) {
		run = view_run(v, page);
		if (fit(w, run, first))
			return true;
		if (run.last >= v->hi)
			return false;
		at = run.last + 1;
	}
	return false;
}

/* --- taking, locks held --- */

static int take(struct iom_iova *s, uint64_t first, uint64_t last)
{
	unsigned int from = stripe_of(s, first), to = stripe_of(s, last), i;
	uint64_t base;
	int rc;

	for (i = from; i <= to; i++) {
		base = stripe_first(s, i);
		iom_plat_assert_held(s->plat, &s->stripe[i].lock);
		rc = iomi_iova_tree_prepare(&s->stripe[i].tree, max_u64(first, base) - base,
					    min_u64(last, stripe_last(s, i)) - base);
		if (rc)
			return rc;
	}
	for (i = from; i <= to; i++) {
		base = stripe_first(s, i);
		iomi_iova_tree_take(&s->stripe[i].tree, max_u64(first, base) - base,
				    min_u64(last, stripe_last(s, i)) - base);
	}
	return IOM_OK;
}

/* --- one stripe after the other --- */

/* The stripe of turn i, and its pages between lo and hi. False: it has none. */
static bool turn(struct iom_iova *s, unsigned int home, unsigned int i, uint64_t lo, uint64_t hi,
		 struct view *v)
{
	unsigned int from = stripe_of(s, lo), n = stripe_of(s, hi) - from + 1, k;

	if (i >= n)
		return false;
	k = home >= from && home - from < n ? home - from + i : i;
	k = from + (k >= n ? k - n : k);
	*v = (struct view){ s, k, k, max_u64(lo, stripe_first(s, k)),
			    min_u64(hi, stripe_last(s, k)) };
	return true;
}

/* As many blocks of the view, which is one stripe, as there are, at most n. */
static unsigned int take_blocks(const struct view *v, unsigned int order, uint64_t *start,
				unsigned int n, int *rc)
{
	uint64_t base = stripe_first(v->s, v->from), at = v->lo, page;
	unsigned int k, got, i;

	iom_plat_assert_held(v->s->plat, &v->s->stripe[v->from].lock);
	for (k = 0; k < n; k += got) {
		*rc = IOM_ENOSPC;
		/* Of the zone's end no more is asked than how many fit below it. */
		if (at > v->hi || !view_block(v, order, at, &page) ||
		    (v->hi - page + 1) >> order == 0)
			break;
		got = n - k;
		if ((v->hi - page + 1) >> order < got)
			got = (unsigned int)((v->hi - page + 1) >> order);
		*rc = iomi_iova_tree_take_blocks(&v->s->stripe[v->from].tree, page - base, order,
						 &got);
		if (*rc)
			break;
		for (i = 0; i < got; i++)
			start[k + i] = (page + ((uint64_t)i << order)) << v->s->granule_lg2;
		at = page + ((uint64_t)got << order);
	}
	return k;
}

int iomi_iova_blocks(struct iom_iova *s, unsigned int home, unsigned int zone, unsigned int order,
		     uint64_t *start, unsigned int *n)
{
	unsigned int want = *n, i;
	int rc = IOM_ENOSPC;
	struct view v;

	if (!s->has_zone[zone])
		return IOM_ENOSPC;
	for (i = 0; turn(s, home, i, s->zone_first[zone], s->zone_last[zone], &v); i++) {
		lock(s, v.from);
		*n = take_blocks(&v, order, start, want, &rc);
		unlock(s, v.from);
		if (*n)
			return IOM_OK;
		if (rc != IOM_ENOSPC)
			return rc;
	}
	return IOM_ENOSPC;
}

void iomi_iova_give_blocks(struct iom_iova *s, unsigned int order, const uint64_t *start,
			   unsigned int n)
{
	uint64_t size_m1 = (UINT64_C(1) << order) - 1, page;
	unsigned int held = UINT32_MAX, i, k;
	bool low = false;

	for (k = 0; k < n; k++) {
		page = start[k] >> s->granule_lg2;
		i = stripe_of(s, page);
		if (i != held) {
			if (k)
				unlock(s, held);
			lock(s, i);
			held = i;
		}
		iomi_iova_tree_give(&s->stripe[i].tree, page - stripe_first(s, i),
				    page - stripe_first(s, i) + size_m1);
		low |= page <= s->zone_last[IOVA_LOW];
	}
	if (n)
		unlock(s, held);
	if (low)
		atomic_fetch_add(&s->low_returned, 1);
}

int iomi_iova_take_run(struct iom_iova *s, unsigned int home, const struct iova_want *w,
		       uint64_t *first)
{
	unsigned int i, from, to;
	struct view v;
	int rc;

	if (w->lo > w->hi || w->hi - w->lo < w->n - 1)
		return IOM_ENOSPC;
	for (i = 0; turn(s, home, i, w->lo, w->hi, &v); i++) {
		lock(s, v.from);
		rc = view_fit(&v, w, first) ? take(s, *first, *first + (w->n - 1)) : IOM_ENOSPC;
		unlock(s, v.from);
		if (rc != IOM_ENOSPC)
			return rc;
	}
	from = stripe_of(s, w->lo);
	to = stripe_of(s, w->hi);
	/* An aligned power of two up to the stripe's own size never crosses. */
	if (from == to || (w->n <= UINT64_C(1) << s->stripe_lg2 && w->n == UINT64_C(1) << w->align))
		return IOM_ENOSPC;
	v = (struct view){ s, from, to, w->lo, w->hi };
	lock_all(s, from, to);
	rc = view_fit(&v, w, first) ? take(s, *first, *first + (w->n - 1)) : IOM_ENOSPC;
	unlock_all(s, from, to);
	return rc;
}

int iomi_iova_take_fixed(struct iom_iova *s, uint64_t first, uint64_t last)
{
	struct view v = { s, stripe_of(s, first), stripe_of(s, last), first, last };
	struct iom_range run;
	uint64_t page;
	int rc = IOM_EEXIST;

	lock_all(s, v.from, v.to);
	if (view_block(&v, 0, first, &page) && page == first) {
		run = view_run(&v, first);
		if (run.last == last)
			rc = take(s, first, last);
	}
	unlock_all(s, v.from, v.to);
	return rc;
}

int iomi_iova_take_free(struct iom_iova *s, uint64_t first, uint64_t last)
{
	struct view v = { s, stripe_of(s, first), stripe_of(s, last), first, last };
	struct iom_range run;
	uint64_t page;
	int rc = IOM_OK;

	lock_all(s, v.from, v.to);
	while (!rc && view_block(&v, 0, first, &page)) {
		run = view_run(&v, page);
		rc = take(s, run.start, run.last);
		if (run.last == last)
			break;
		first = run.last + 1;
	}
	unlock_all(s, v.from, v.to);
	return rc;
}

void iomi_iova_give(struct iom_iova *s, uint64_t first, uint64_t last)
{
	unsigned int from = stripe_of(s, first), to = stripe_of(s, last), i;
	uint64_t base;

	lock_all(s, from, to);
	for (i = from; i <= to; i++) {
		base = stripe_first(s, i);
		iomi_iova_tree_give(&s->stripe[i].tree, max_u64(first, base) - base,
				    min_u64(last, stripe_last(s, i)) - base);
	}
	unlock_all(s, from, to);
	if (first <= s->zone_last[IOVA_LOW])
		atomic_fetch_add(&s->low_returned, 1);
}

/* The largest order of a free block of the stripes, plus 1. */
static unsigned int most(const struct view *v)
{
	unsigned int m = 0, i;

	for (i = v->from; i <= v->to; i++)
		m = v->s->stripe[i].tree.root->most > m ? v->s->stripe[i].tree.root->most : m;
	return m;
}

void iom_iova_stats(struct iom_iova *s, struct iom_iova_stats *out)
{
	struct view v = { s, 0, s->nr_stripes - 1, s->first, s->last };
	struct iom_iova_stats st = { .nr_failed = atomic_load(&s->nr_failed), .bytes = s->size };
	unsigned int order, i;
	struct iom_range run;
	uint64_t at = v.lo;

	lock_all(s, v.from, v.to);
	/* The longest run has a largest block of the largest order or of the one below. */
	order = most(&v);
	order = order > 1 ? order - 2 : 0;
	while (view_block(&v, order, at, &at)) {
		run = view_run(&v, at);
		if (!st.largest_valid || iom_range_len_m1(run) > iom_range_len_m1(st.largest))
			st.largest = run;
		st.largest_valid = true;
		if (run.last == v.hi)
			break;
		at = run.last + 1;
	}
	for (i = 0; i < s->nr_stripes; i++) {
		st.free += s->stripe[i].tree.nr_free;
		st.nr_bad_frees += s->stripe[i].tree.nr_bad;
		st.bytes += s->stripe[i].tree.bytes;
	}
	unlock_all(s, v.from, v.to);
	st.largest.start <<= s->granule_lg2;
	st.largest.last = st.largest.last << s->granule_lg2 | (IOM_BIT64(s->granule_lg2) - 1);
	iom_plat_lock(s->plat, &s->depot.lock);
	st.nr_depot = s->depot.nr_ranges;
	st.bytes += s->depot.cache_bytes + s->depot.nr_batches * sizeof(struct iova_batch);
	iom_plat_unlock(s->plat, &s->depot.lock);
	*out = st;
}
