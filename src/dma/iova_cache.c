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

static struct iova_stack *stack_of(struct iom_iova_cache *c, unsigned int zone,
				   unsigned int order)
{
	return &c->stack[2 * order + zone];
}

static unsigned int half(const struct iova_stack *st)
{
	return (st->cap + 1) / 2;
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
		st->n = b->n;
		memcpy(st->start, b->start, b->n * sizeof(b->start[0]));
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
	struct iova_stack *st = c ? stack_of(c, zone, order) : NULL;
	unsigned int n = 1;
	int rc;

	if (!st || !st->cap)
		return iomi_iova_blocks(s, c ? c->home : 0, zone, order, start, &n);
	if (!st->n && !depot_get(s, st, 2 * order + zone)) {
		n = half(st);
		rc = iomi_iova_blocks(s, c->home, zone, order, st->start, &n);
		if (rc)
			return rc;
		st->n = n;
		depot_grow(s);
	}
	*start = st->start[--st->n];
	return IOM_OK;
}

void iomi_iova_cache_put(struct iom_iova *s, struct iom_iova_cache *c, unsigned int zone,
			 unsigned int order, uint64_t start)
{
	struct iova_stack *st = c ? stack_of(c, zone, order) : NULL;
	unsigned int n;

	if (!st || !st->cap) {
		iomi_iova_give_blocks(s, order, &start, 1);
		return;
	}
	if (st->n == st->cap) {
		n = half(st);
		if (!depot_put(s, st->start, n, 2 * order + zone))
			iomi_iova_give_blocks(s, order, st->start, n);
		else if (zone == IOVA_LOW)
			atomic_fetch_add(&s->low_returned, 1);
		st->n -= n;
		memmove(st->start, st->start + n, st->n * sizeof(st->start[0]));
	}
	st->start[st->n++] = start;
}

static void empty(struct iom_iova *s, struct iom_iova_cache *c)
{
	unsigned int i;

	for (i = 0; i < 2u * c->nr_orders; i++) {
		iomi_iova_give_blocks(s, i / 2, c->stack[i].start, c->stack[i].n);
		c->stack[i].n = 0;
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

int iom_iova_cache_create(struct iom_iova *s, struct iom_iova_cache **out)
{
	unsigned int i, n = 2 * s->nr_orders;
	size_t size = sizeof(struct iom_iova_cache) + n * sizeof(struct iova_stack);
	struct iom_iova_cache *c;
	void *mem;
	int rc;

	rc = iom_plat_alloc(s->plat, size, 64, &mem);
	if (rc)
		return rc;
	c = mem;
	c->granule_lg2 = (uint8_t)s->granule_lg2;
	c->nr_orders = (uint8_t)s->nr_orders;
	c->size = size;
	c->zone[0] = c->zone[2] = s->has_zone[IOVA_HIGH] ? IOVA_HIGH : IOVA_LOW;
	c->zone[IOM_IOVA_LOW_FIRST] = s->has_zone[IOVA_LOW] ? IOVA_LOW : IOVA_HIGH;
	c->zone[IOM_IOVA_LOW_ONLY] = IOVA_LOW;
	for (i = 0; i < n; i++)
		c->stack[i].cap = stack_cap(s, i % 2, i / 2);
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
