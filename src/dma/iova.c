/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOVA allocator's public calls, and the short way through them: a cached
 * size is a pop or a push on a stack that only the caller touches. Everything
 * else leaves for iova_cache.c and iova_space.c.
 */
#include <iom/base/err.h>
#include <iom/base/field.h>

#include "iova_int.h"

#define GRANULE_MIN	7u
#define GRANULE_MAX	30u
#define CACHED_MAX	32u
#define STRIPES_LG2	4u	/* a space has about 2^this stripes */
#define ZONE_FLAGS	3u

/* --- life --- */

static bool cfg_valid(const struct iom_iova_cfg *cfg)
{
	uint64_t m1 = (UINT64_C(1) << (cfg->granule_lg2 & 63)) - 1;

	return cfg->granule_lg2 >= GRANULE_MIN && cfg->granule_lg2 <= GRANULE_MAX &&
	       cfg->cached_lg2 <= CACHED_MAX && iom_range_valid(cfg->space) &&
	       !(cfg->space.start & m1) && !(~cfg->space.last & m1);
}

/* Order of n + 1 things, rounded up. */
static unsigned int order_up(uint64_t n_m1)
{
	return n_m1 ? 64 - (unsigned int)__builtin_clzll(n_m1) : 0;
}

static unsigned int stripe_lg2(uint64_t first, uint64_t last, unsigned int nr_orders)
{
	unsigned int lg2 = order_up(last - first), least = IOVA_TREE_MIN;

	lg2 = lg2 > STRIPES_LG2 ? lg2 - STRIPES_LG2 : 0;
	/* Every cached size fits into one stripe. */
	least = nr_orders > least ? nr_orders : least;
	return lg2 > least ? lg2 : least;
}

static void set_zones(struct iom_iova *s)
{
	uint64_t high = UINT64_C(1) << (IOVA_LOW_LG2 - s->granule_lg2);

	s->zone_first[IOVA_LOW] = s->first;
	s->zone_last[IOVA_LOW] = s->last < high ? s->last : high - 1;
	s->has_zone[IOVA_LOW] = s->first < high;
	s->zone_first[IOVA_HIGH] = s->first > high ? s->first : high;
	s->zone_last[IOVA_HIGH] = s->last;
	s->has_zone[IOVA_HIGH] = s->last >= high;
}

static void fini(struct iom_iova *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_stripes; i++)
		iomi_iova_tree_fini(&s->stripe[i].tree);
	for (i = 0; i < s->nr_locks; i++)
		s->plat->ops.lock_fini(s->plat, i ? &s->stripe[i - 1].lock : &s->depot.lock);
	iom_plat_free(s->plat, s, s->size);
}

static int init_locks(struct iom_iova *s)
{
	int rc;

	for (; s->nr_locks <= s->nr_stripes; s->nr_locks++) {
		rc = s->plat->ops.lock_init(s->plat, s->nr_locks ?
					    &s->stripe[s->nr_locks - 1].lock : &s->depot.lock);
		if (rc)
			return rc;
	}
	return IOM_OK;
}

int iom_iova_create(struct iom_plat *plat, const struct iom_iova_cfg *cfg, struct iom_iova **out)
{
	unsigned int g = cfg->granule_lg2, nr_orders, lg2, n, i;
	uint64_t first, last, base;
	struct iom_iova *s;
	size_t size;
	void *mem;
	int rc;

	if (!cfg_valid(cfg))
		return IOM_EINVAL;
	first = cfg->space.start >> g;
	last = cfg->space.last >> g;
	nr_orders = cfg->cached_lg2 >= g ? cfg->cached_lg2 - g + 1 : 0;
	lg2 = stripe_lg2(first, last, nr_orders);
	base = first >> lg2 << lg2;
	n = (unsigned int)((last - base) >> lg2) + 1;
	size = sizeof(*s) + n * sizeof(s->stripe[0]);
	rc = iom_plat_alloc(plat, size, alignof(struct iom_iova), &mem);
	if (rc)
		return rc;
	s = mem;
	s->plat = plat;
	s->space = cfg->space;
	s->granule_lg2 = g;
	s->nr_orders = nr_orders;
	s->first = first;
	s->last = last;
	s->stripe_lg2 = lg2;
	s->nr_stripes = n;
	s->base = base;
	s->size = size;
	set_zones(s);
	iom_list_init(&s->depot.caches);
	rc = init_locks(s);
	for (i = 0; !rc && i < n; i++)
		rc = iomi_iova_tree_init(&s->stripe[i].tree, plat, lg2);
	/* The stripes begin and end on their own size, the space may not. */
	if (!rc && base < first)
		rc = iomi_iova_take_free(s, base, first - 1);
	if (!rc && last - base < ((uint64_t)n << lg2) - 1)
		rc = iomi_iova_take_free(s, last + 1, base + (((uint64_t)n << lg2) - 1));
	if (rc) {
		fini(s);
		return rc;
	}
	*out = s;
	return IOM_OK;
}

void iom_iova_destroy(struct iom_iova *s)
{
	if (!s)
		return;
	iomi_iova_cache_fini(s);
	fini(s);
}

/* --- cached sizes --- */

/*
 * Low would be searched in vain: this cache found no room there, and nothing
 * has come back since.
 */
static bool low_is_full(struct iom_iova *s, const struct iom_iova_cache *c, unsigned int order)
{
	return c && c->low_full >> order & 1 && c->low_seen == atomic_load(&s->low_returned);
}

/* Before low is looked at, so that what comes back meanwhile is not missed. */
static void see_low(struct iom_iova *s, struct iom_iova_cache *c)
{
	uint64_t returned = atomic_load(&s->low_returned);

	if (c && c->low_seen != returned) {
		c->low_seen = returned;
		c->low_full = 0;
	}
}

static int try_zones(struct iom_iova *s, struct iom_iova_cache *c, unsigned int order,
		     unsigned int flags, uint64_t *start)
{
	bool low_first = flags & IOM_IOVA_LOW_FIRST;
	int rc = IOM_ENOSPC;

	if (low_first && !low_is_full(s, c, order)) {
		see_low(s, c);
		rc = iomi_iova_cache_get(s, c, IOVA_LOW, order, start);
		if (rc == IOM_ENOSPC && c)
			c->low_full |= IOM_BIT32(order);
	}
	if (rc == IOM_ENOSPC && flags != IOM_IOVA_LOW_ONLY)
		rc = iomi_iova_cache_get(s, c, IOVA_HIGH, order, start);
	if (rc == IOM_ENOSPC && !low_first)
		rc = iomi_iova_cache_get(s, c, IOVA_LOW, order, start);
	return rc;
}

/* There is no room, and c was emptied: others are to give back what they hold. */
static int no_room(struct iom_iova *s, const struct iom_iova_cache *c)
{
	atomic_fetch_add(&s->nr_failed, 1);
	iomi_iova_cache_drain_others(s, c);
	return IOM_ENOSPC;
}

static int alloc_block(struct iom_iova *s, struct iom_iova_cache *c, unsigned int order,
		       unsigned int flags, uint64_t *start)
{
	int rc;

	if (c)
		iomi_iova_cache_heed(s, c);
	rc = try_zones(s, c, order, flags, start);
	if (rc != IOM_ENOSPC)
		return rc;
	iom_iova_cache_flush(s, c);
	if (c)
		c->low_full = 0;
	rc = try_zones(s, c, order, flags, start);
	return rc == IOM_ENOSPC ? no_room(s, c) : rc;
}

__attribute__((noinline))	/* so that the other way stays short */
static int alloc_slow(struct iom_iova *s, struct iom_iova_cache *c, uint64_t len_m1,
		      unsigned int flags, struct iom_range *out)
{
	struct iom_iova_req req = { .len_m1 = len_m1, .limits = { 0, UINT64_MAX } };
	unsigned int order = iova_order(len_m1, s->granule_lg2);
	uint64_t start;
	int rc;

	if (order >= s->nr_orders) {
		req.flags = flags & ZONE_FLAGS;
		return iom_iova_alloc_in(s, c, &req, out);
	}
	rc = alloc_block(s, c, order, flags & ZONE_FLAGS, &start);
	if (rc)
		return rc;
	out->start = start;
	out->last = start + len_m1;
	return IOM_OK;
}

/* In a zone; the last one, which is empty for good, if others are to have what c holds. */
static inline unsigned int stack_for(const struct iom_iova_cache *c, uint64_t len_m1)
{
	return iova_top_bit(len_m1 | atomic_load_explicit(&c->least, memory_order_relaxed));
}

/*
 * The stores stand in this order because the compiler may then not join the two
 * of *out, which costs more than it saves.
 */
int iom_iova_alloc(struct iom_iova *s, struct iom_iova_cache *c, uint64_t len_m1,
		   unsigned int flags, struct iom_range *out)
{
	uint64_t start;
	unsigned int k;

	if (!c)
		return alloc_slow(s, c, len_m1, flags, out);
	k = c->zone[flags & ZONE_FLAGS] + stack_for(c, len_m1);
	start = ((uint64_t *)c->top[k])[-1];
	if (start & IOVA_NO_ADDRESS)
		return alloc_slow(s, c, len_m1, flags, out);
	out->start = start;
	c->top[k] -= sizeof(uint64_t);
	out->last = start + len_m1;
	return IOM_OK;
}

/* Is it a block of this order inside the space? */
static bool is_block(const struct iom_iova *s, uint64_t start, unsigned int order)
{
	uint64_t size_m1 = (UINT64_C(1) << s->granule_lg2 << order) - 1;

	return !(start & size_m1) && start >= s->space.start && (start | size_m1) <= s->space.last;
}

static void count_bad(struct iom_iova *s)
{
	iom_plat_lock(s->plat, &s->stripe[0].lock);
	s->stripe[0].tree.nr_bad++;
	iom_plat_unlock(s->plat, &s->stripe[0].lock);
}

__attribute__((noinline))
static void free_slow(struct iom_iova *s, struct iom_iova_cache *c, struct iom_range r)
{
	unsigned int order;

	if (c)
		iomi_iova_cache_heed(s, c);
	if (!iom_range_valid(r)) {
		count_bad(s);
		return;
	}
	order = iova_order(iom_range_len_m1(r), s->granule_lg2);
	if (order >= s->nr_orders)
		iom_iova_release(s, r);
	else if (is_block(s, r.start, order))
		iomi_iova_cache_put(s, c, r.start >> IOVA_LOW_LG2 ? IOVA_HIGH : IOVA_LOW, order,
				    r.start);
	else
		count_bad(s);
}

/* Where there is no stack `last` is 0, and 0 is refused because nothing goes in. */
static inline bool push(struct iom_iova_cache *c, unsigned int k, uint64_t start)
{
	if (start > c->last[k] || start & c->size_m1[k] || c->top[k] == c->end[k])
		return false;
	*(uint64_t *)c->top[k] = start;
	c->top[k] += sizeof(uint64_t);
	return true;
}

void iom_iova_free(struct iom_iova *s, struct iom_iova_cache *c, struct iom_range r)
{
	unsigned int i;

	if (c) {
		i = stack_for(c, r.last - r.start);
		/* Two ways, and no choice of an index: it is the same one again and again. */
		if (r.start >= c->first[IOVA_HIGH]) {
			if (push(c, IOVA_HIGH * 64 + i, r.start))
				return;
		} else if (r.start >= c->first[IOVA_LOW] && push(c, i, r.start)) {
			return;
		}
	}
	free_slow(s, c, r);
}

/* --- everything else --- */

/* The pages that lie in r as a whole, and in the space. False: none. */
static bool pages_in(const struct iom_iova *s, struct iom_range r, uint64_t *lo, uint64_t *hi)
{
	uint64_t m1 = (UINT64_C(1) << s->granule_lg2) - 1;

	if (r.last < m1)
		return false;
	*lo = (r.start >> s->granule_lg2) + !!(r.start & m1);
	*hi = (r.last - m1) >> s->granule_lg2;
	*lo = *lo > s->first ? *lo : s->first;
	*hi = *hi < s->last ? *hi : s->last;
	return *lo <= *hi;
}

static int req_check(const struct iom_iova_req *req)
{
	if (!iom_range_valid(req->limits) || req->align_lg2 > 63 || req->boundary_lg2 > 63)
		return IOM_EINVAL;
	if (req->boundary_lg2 && req->len_m1 >> req->boundary_lg2)
		return IOM_EINVAL;
	return IOM_OK;
}

/* Places in the order that hint and zone want. */
static int take_run(struct iom_iova *s, unsigned int home, const struct iom_iova_req *req,
		    const struct iova_want *all, uint64_t *first)
{
	uint64_t hint = (req->hint >> s->granule_lg2) +
			!!(req->hint & ((UINT64_C(1) << s->granule_lg2) - 1));
	uint64_t low_last = (UINT64_C(1) << (IOVA_LOW_LG2 - s->granule_lg2)) - 1;
	struct iova_want w = *all;
	int rc = IOM_ENOSPC;

	if ((req->flags & ZONE_FLAGS) == IOM_IOVA_LOW_ONLY && w.hi > low_last)
		w.hi = low_last;
	if (req->flags & IOM_IOVA_HINT && hint > w.lo && hint <= w.hi) {
		struct iova_want h = w;

		h.lo = hint;
		/* From the hint upwards, so no home. */
		rc = iomi_iova_take_run(s, 0, &h, first);
		if (rc != IOM_ENOSPC)
			return rc;
	}
	if (w.lo <= low_last && w.hi > low_last) {
		struct iova_want z = w;

		if (req->flags & IOM_IOVA_LOW_FIRST)
			z.hi = low_last;
		else
			z.lo = low_last + 1;
		rc = iomi_iova_take_run(s, home, &z, first);
		if (rc != IOM_ENOSPC)
			return rc;
	}
	return iomi_iova_take_run(s, home, &w, first);
}

int iom_iova_alloc_in(struct iom_iova *s, struct iom_iova_cache *c,
		      const struct iom_iova_req *req, struct iom_range *out)
{
	unsigned int g = s->granule_lg2, order = iova_order(req->len_m1, g);
	unsigned int align = req->align_lg2 > g ? req->align_lg2 - g : 0;
	struct iova_want w = { .n = (req->len_m1 >> g) + 1, .boundary = 64 };
	uint64_t first;
	int rc;

	rc = req_check(req);
	if (rc)
		return rc;
	if (req->boundary_lg2)
		w.boundary = req->boundary_lg2 > g ? req->boundary_lg2 - g : 0;
	if (req->flags & IOM_IOVA_SIZE_ALIGN || order < s->nr_orders)
		align = align > order ? align : order;
	w.align = align;
	if (order < s->nr_orders)
		w.n = UINT64_C(1) << order;
	if (!pages_in(s, req->limits, &w.lo, &w.hi))
		return no_room(s, NULL);
	/* Nothing is asked for that a cached block does not have anyway. */
	if (order < s->nr_orders && align == order && !(req->flags & IOM_IOVA_HINT) &&
	    w.lo == s->first) {
		if (w.hi == s->last)
			return iom_iova_alloc(s, c, req->len_m1, req->flags & ZONE_FLAGS, out);
		if (w.hi == s->zone_last[IOVA_LOW])
			return iom_iova_alloc(s, c, req->len_m1, IOM_IOVA_LOW_ONLY, out);
	}
	if (c)
		iomi_iova_cache_heed(s, c);
	rc = take_run(s, c ? c->home : 0, req, &w, &first);
	if (rc == IOM_ENOSPC) {
		iom_iova_cache_flush(s, c);
		rc = take_run(s, c ? c->home : 0, req, &w, &first);
	}
	if (rc)
		return rc == IOM_ENOSPC ? no_room(s, c) : rc;
	out->start = first << g;
	out->last = out->start + req->len_m1;
	return IOM_OK;
}

int iom_iova_reserve(struct iom_iova *s, struct iom_iova_cache *c, struct iom_range r)
{
	unsigned int g = s->granule_lg2;
	int rc;

	if (!iom_range_valid(r) || !iom_range_contains(s->space, r))
		return IOM_EINVAL;
	if (c)
		iomi_iova_cache_heed(s, c);
	rc = iomi_iova_take_fixed(s, r.start >> g, r.last >> g);
	if (rc != IOM_EEXIST)
		return rc;
	iom_iova_cache_flush(s, c);
	rc = iomi_iova_take_fixed(s, r.start >> g, r.last >> g);
	if (rc == IOM_EEXIST)
		iomi_iova_cache_drain_others(s, c);
	return rc;
}

void iom_iova_release(struct iom_iova *s, struct iom_range r)
{
	if (iom_range_valid(r) && iom_range_contains(s->space, r))
		iomi_iova_give(s, r.start >> s->granule_lg2, r.last >> s->granule_lg2);
	else
		count_bad(s);
}

int iom_iova_exclude(struct iom_iova *s, struct iom_range r)
{
	if (!iom_range_valid(r))
		return IOM_EINVAL;
	if (!iom_range_overlaps(s->space, r))
		return IOM_OK;
	r.start = r.start > s->space.start ? r.start : s->space.start;
	r.last = r.last < s->space.last ? r.last : s->space.last;
	return iomi_iova_take_free(s, r.start >> s->granule_lg2, r.last >> s->granule_lg2);
}
