/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caches' slow side: what happens when a stack is empty or full, and when
 * ranges have to go back. A full stack leaves its older half in the depot, an
 * empty one fills half from there, so a lock is taken once in many calls.
 *
 * The depot has batches only as memory allows: they are made when ranges come
 * out of the tree, never when they are freed. Without one, ranges go back to
 * the tree.
 */
#include <iom/base/err.h>
#include <iom/base/mem.h>

#include "iova_int.h"

static struct iova_stack *stack_of(const struct iom_iova *s, struct iom_iova_cache *c,
				   unsigned int zone, unsigned int order)
{
	return &c->stack[zone][order + s->granule_lg2 - 1];
}

static unsigned int held(const struct iova_stack *st)
{
	return (unsigned int)((uint64_t *)st->top - st->base);
}

static void set_held(struct iova_stack *st, unsigned int n)
{
	st->top = (uintptr_t)(st->base + n);
}

static unsigned int cap(const struct iova_stack *st)
{
	return (unsigned int)((uint64_t *)st->end - st->base);
}

static unsigned int half(const struct iova_stack *st)
{
	return (cap(st) + 1) / 2;
}

/* --- depot --- */

/* Moves a batch to st, which is empty. */
static bool depot_get(struct iom_iova *s, struct iova_stack *st, unsigned int i)
{
	struct iova_depot *d = &s->depot;
	struct iova_batch *b;

	iom_plat_lock(s->plat, &d->lock);
	b = d->full[i];
	if (b) {
		d->full[i] = b->next;
		d->nr_ranges -= b->n;
		memcpy(st->base, b->start, b->n * sizeof(b->start[0]));
		set_held(st, b->n);
		b->next = d->empty;
		d->empty = b;
	}
	iom_plat_unlock(s->plat, &d->lock);
	return b;
}

/* Takes n ranges if there is an empty batch. */
static bool depot_put(struct iom_iova *s, const uint64_t *start, unsigned int n, unsigned int i)
{
	struct iova_depot *d = &s->depot;
	struct iova_batch *b;

	iom_plat_lock(s->plat, &d->lock);
	b = d->empty;
	if (b) {
		d->empty = b->next;
		b->n = n;
		memcpy(b->start, start, n * sizeof(b->start[0]));
		b->next = d->full[i];
		d->full[i] = b;
		d->nr_ranges += n;
	}
	iom_plat_unlock(s->plat, &d->lock);
	return b;
}

/* One more batch, for ranges that just came out of the tree. Not had: no harm. */
static void depot_grow(struct iom_iova *s)
{
	struct iova_depot *d = &s->depot;
	struct iova_batch *b;
	void *mem;
	bool more;

	iom_plat_lock(s->plat, &d->lock);
	more = d->nr_batches < IOVA_DEPOT_MAX;
	d->nr_batches += more;
	iom_plat_unlock(s->plat, &d->lock);
	if (!more)
		return;
	if (iom_plat_alloc(s->plat, sizeof(*b), sizeof(uint64_t), &mem))
		mem = NULL;
	b = mem;
	iom_plat_lock(s->plat, &d->lock);
	if (b) {
		b->next = d->empty;
		d->empty = b;
	} else {
		d->nr_batches--;
	}
	iom_plat_unlock(s->plat, &d->lock);
}

static void depot_flush(struct iom_iova *s)
{
	struct iova_depot *d = &s->depot;
	struct iova_batch *list, *b;
	unsigned int i;

	for (i = 0; i < 2 * s->nr_orders; i++) {
		iom_plat_lock(s->plat, &d->lock);
		list = d->full[i];
		d->full[i] = NULL;
		for (b = list; b; b = b->next)
			d->nr_ranges -= b->n;
		iom_plat_unlock(s->plat, &d->lock);
		while ((b = list)) {
			list = b->next;
			iomi_iova_give_blocks(s, i / 2, b->start, b->n);
			iom_plat_lock(s->plat, &d->lock);
			b->next = d->empty;
			d->empty = b;
			iom_plat_unlock(s->plat, &d->lock);
		}
	}
}

/* --- one cache --- */

int iomi_iova_cache_get(struct iom_iova *s, struct iom_iova_cache *c, unsigned int zone,
			unsigned int order, uint64_t *start)
{
	struct iova_stack *st = c ? stack_of(s, c, zone, order) : NULL;
	unsigned int n = 1;
	int rc;

	if (!st || !st->base)
		return iomi_iova_blocks(s, c ? c->home : 0, zone, order, start, &n);
	if (!held(st) && !depot_get(s, st, 2 * order + zone)) {
		n = half(st);
		rc = iomi_iova_blocks(s, c->home, zone, order, st->base, &n);
		if (rc)
			return rc;
		set_held(st, n);
		depot_grow(s);
	}
	n = held(st) - 1;
	*start = st->base[n];
	set_held(st, n);
	return IOM_OK;
}

void iomi_iova_cache_put(struct iom_iova *s, struct iom_iova_cache *c, unsigned int zone,
			 unsigned int order, uint64_t start)
{
	struct iova_stack *st = c ? stack_of(s, c, zone, order) : NULL;
	unsigned int n, have;

	if (!st || !st->base) {
		iomi_iova_give_blocks(s, order, &start, 1);
		return;
	}
	have = held(st);
	if (have == cap(st)) {
		n = half(st);
		if (!depot_put(s, st->base, n, 2 * order + zone))
			iomi_iova_give_blocks(s, order, st->base, n);
		else if (zone == IOVA_LOW)
			atomic_fetch_add(&s->low_returned, 1);
		have -= n;
		memmove(st->base, st->base + n, have * sizeof(st->base[0]));
	}
	st->base[have] = start;
	set_held(st, have + 1);
}

static void empty(struct iom_iova *s, struct iom_iova_cache *c)
{
	struct iova_stack *st;
	unsigned int i;

	for (i = 0; i < 2 * s->nr_orders; i++) {
		st = stack_of(s, c, i % 2, i / 2);
		if (!st->base)
			continue;
		iomi_iova_give_blocks(s, i / 2, st->base, held(st));
		set_held(st, 0);
	}
}

void iomi_iova_cache_heed(struct iom_iova *s, struct iom_iova_cache *c)
{
	uint64_t drain = atomic_load(&s->drain);

	if (c->drain_seen == drain)
		return;
	c->drain_seen = drain;
	empty(s, c);
}

void iom_iova_cache_flush(struct iom_iova *s, struct iom_iova_cache *c)
{
	if (c)
		empty(s, c);
	depot_flush(s);
}

/* --- life --- */

/* A stack may hold what is at most a small part of its zone. */
static uint32_t stack_cap(const struct iom_iova *s, unsigned int zone, unsigned int order)
{
	uint64_t pages;

	if (!s->has_zone[zone])
		return 0;
	pages = (s->zone_last[zone] - s->zone_first[zone]) >> IOVA_ZONE_SHARE >> order;
	return pages < IOVA_STACK ? (uint32_t)pages : IOVA_STACK;
}

/* Hands out words of c->start, one more a stack for the word below it. */
static size_t lay_out(struct iom_iova *s, struct iom_iova_cache *c)
{
	unsigned int i, zone, n;
	struct iova_stack *st;
	size_t used = 0;

	for (i = 0; i < 2 * s->nr_orders; i++) {
		zone = i % 2;
		n = stack_cap(s, zone, i / 2);
		if (n && c) {
			st = stack_of(s, c, zone, i / 2);
			c->start[used] = IOVA_NO_ADDRESS;
			st->base = &c->start[used + 1];
			st->top = (uintptr_t)st->base;
			st->end = (uintptr_t)(st->base + n);
			/* Also what is above the space, as far as bits can tell. */
			st->bad = (UINT64_C(1) << s->granule_lg2 << i / 2) - 1;
			if (iova_top_bit(s->space.last) < 63)
				st->bad |= UINT64_MAX << (iova_top_bit(s->space.last) + 1);
		}
		used += n ? n + 1 : 0;
	}
	return used;
}

int iom_iova_cache_create(struct iom_iova *s, struct iom_iova_cache **out)
{
	size_t size = sizeof(struct iom_iova_cache) + lay_out(s, NULL) * sizeof(uint64_t);
	struct iova_stack *low, *high;
	struct iom_iova_cache *c;
	unsigned int i;
	void *mem;
	int rc;

	rc = iom_plat_alloc(s->plat, size, 128, &mem);
	if (rc)
		return rc;
	c = mem;
	c->granule_m1 = (UINT64_C(1) << s->granule_lg2) - 1;
	c->low_last = (UINT64_C(1) << IOVA_LOW_LG2) - 1;
	c->size = size;
	low = c->stack[IOVA_LOW];
	high = c->stack[IOVA_HIGH];
	c->zone[0] = c->zone[2] = s->has_zone[IOVA_HIGH] ? high : low;
	c->zone[IOM_IOVA_LOW_FIRST] = s->has_zone[IOVA_LOW] ? low : high;
	c->zone[IOM_IOVA_LOW_ONLY] = low;
	c->none = IOVA_NO_ADDRESS;
	for (i = 0; i < 64; i++)
		low[i].top = low[i].end = high[i].top = high[i].end = (uintptr_t)(&c->none + 1);
	lay_out(s, c);
	c->drain_seen = atomic_load(&s->drain);
	iom_plat_lock(s->plat, &s->depot.lock);
	/* The first stripe is left to those that want low addresses, if there are others. */
	if (s->nr_stripes > 1)
		c->home = 1 + s->depot.next_home++ % (s->nr_stripes - 1);
	s->depot.cache_bytes += size;
	iom_list_add_tail(&s->depot.caches, &c->link);
	iom_plat_unlock(s->plat, &s->depot.lock);
	*out = c;
	return IOM_OK;
}

void iom_iova_cache_destroy(struct iom_iova *s, struct iom_iova_cache *c)
{
	if (!c)
		return;
	empty(s, c);
	iom_plat_lock(s->plat, &s->depot.lock);
	iom_list_del(&c->link);
	s->depot.cache_bytes -= c->size;
	iom_plat_unlock(s->plat, &s->depot.lock);
	iom_plat_free(s->plat, c, c->size);
}

void iomi_iova_cache_fini(struct iom_iova *s)
{
	struct iom_iova_cache *c;
	struct iova_batch *b;
	struct iom_list *l;
	unsigned int i;

	while (!iom_list_empty(&s->depot.caches)) {
		l = s->depot.caches.next;
		iom_list_del(l);
		c = IOM_CONTAINER_OF(l, struct iom_iova_cache, link);
		iom_plat_free(s->plat, c, c->size);
	}
	for (i = 0; i < 2 * s->nr_orders; i++) {
		while ((b = s->depot.full[i])) {
			s->depot.full[i] = b->next;
			iom_plat_free(s->plat, b, sizeof(*b));
		}
	}
	while ((b = s->depot.empty)) {
		s->depot.empty = b->next;
		iom_plat_free(s->plat, b, sizeof(*b));
	}
}
