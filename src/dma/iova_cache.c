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

static uint64_t granule_m1(const struct iom_iova *s)
{
	return (UINT64_C(1) << s->granule_lg2) - 1;
}

static size_t stack_of(const struct iom_iova *s, unsigned int zone, unsigned int order)
{
	return zone * 64u + order + s->granule_lg2 - 1;
}

static unsigned int held(const struct iom_iova_cache *c, size_t k)
{
	return (unsigned int)((uint64_t *)c->top[k] - c->base[k]);
}

static void set_held(struct iom_iova_cache *c, size_t k, unsigned int n)
{
	c->top[k] = (uintptr_t)(c->base[k] + n);
}

static unsigned int cap(const struct iom_iova_cache *c, size_t k)
{
	return (unsigned int)((uint64_t *)c->end[k] - c->base[k]);
}

static unsigned int half(const struct iom_iova_cache *c, size_t k)
{
	return (cap(c, k) + 1) / 2;
}

/* --- depot --- */

/* Moves a batch to stack k of c, which is empty. */
static bool depot_get(struct iom_iova *s, struct iom_iova_cache *c, size_t k, unsigned int i)
{
	struct iova_depot *d = &s->depot;
	struct iova_batch *b;

	iom_plat_lock(s->plat, &d->lock);
	b = d->full[i];
	if (b) {
		d->full[i] = b->next;
		d->nr_ranges -= b->n;
		memcpy(c->base[k], b->start, b->n * sizeof(b->start[0]));
		set_held(c, k, b->n);
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
	size_t k = stack_of(s, zone, order);
	unsigned int n = 1;
	int rc;

	if (!c || !c->base[k])
		return iomi_iova_blocks(s, c ? c->home : 0, zone, order, start, &n);
	if (!held(c, k) && !depot_get(s, c, k, 2 * order + zone)) {
		n = half(c, k);
		rc = iomi_iova_blocks(s, c->home, zone, order, c->base[k], &n);
		if (rc)
			return rc;
		set_held(c, k, n);
		depot_grow(s);
	}
	n = held(c, k) - 1;
	*start = c->base[k][n];
	set_held(c, k, n);
	return IOM_OK;
}

void iomi_iova_cache_put(struct iom_iova *s, struct iom_iova_cache *c, unsigned int zone,
			 unsigned int order, uint64_t start)
{
	size_t k = stack_of(s, zone, order);
	unsigned int n, have;

	if (!c || !c->base[k]) {
		iomi_iova_give_blocks(s, order, &start, 1);
		return;
	}
	have = held(c, k);
	if (have == cap(c, k)) {
		n = half(c, k);
		if (!depot_put(s, c->base[k], n, 2 * order + zone))
			iomi_iova_give_blocks(s, order, c->base[k], n);
		else if (zone == IOVA_LOW)
			atomic_fetch_add(&s->low_returned, 1);
		have -= n;
		memmove(c->base[k], c->base[k] + n, have * sizeof(c->base[k][0]));
	}
	c->base[k][have] = start;
	set_held(c, k, have + 1);
}

static void empty(struct iom_iova *s, struct iom_iova_cache *c)
{
	unsigned int i;
	size_t k;

	for (i = 0; i < 2 * s->nr_orders; i++) {
		k = stack_of(s, i % 2, i / 2);
		if (!c->base[k])
			continue;
		iomi_iova_give_blocks(s, i / 2, c->base[k], held(c, k));
		set_held(c, k, 0);
	}
}

void iomi_iova_cache_heed(struct iom_iova *s, struct iom_iova_cache *c)
{
	if (atomic_load(&c->least) != UINT64_MAX)
		return;
	/* First: who asks while we give is heard at the next call. */
	atomic_store(&c->least, granule_m1(s));
	empty(s, c);
}

void iomi_iova_cache_drain_others(struct iom_iova *s, const struct iom_iova_cache *c)
{
	struct iom_iova_cache *other;
	struct iom_list *l;

	iom_plat_lock(s->plat, &s->depot.lock);
	for (l = s->depot.caches.next; l != &s->depot.caches; l = l->next) {
		other = IOM_CONTAINER_OF(l, struct iom_iova_cache, link);
		if (other != c)
			atomic_store(&other->least, UINT64_MAX);
	}
	iom_plat_unlock(s->plat, &s->depot.lock);
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

/* Address of the last block of this order that is in the zone, which has several. */
static uint64_t last_block(const struct iom_iova *s, unsigned int zone, unsigned int order)
{
	return (((s->zone_last[zone] + 1) >> order) - 1) << order << s->granule_lg2;
}

/* Hands out words of c->start, one more a stack for the word below it. */
static size_t lay_out(struct iom_iova *s, struct iom_iova_cache *c)
{
	size_t used = 0, k;
	unsigned int i, zone, n;

	for (i = 0; i < 2 * s->nr_orders; i++) {
		zone = i % 2;
		n = stack_cap(s, zone, i / 2);
		if (n && c) {
			k = stack_of(s, zone, i / 2);
			c->start[used] = IOVA_NO_ADDRESS;
			c->base[k] = &c->start[used + 1];
			c->top[k] = (uintptr_t)c->base[k];
			c->end[k] = (uintptr_t)(c->base[k] + n);
			c->size_m1[k] = (UINT64_C(1) << s->granule_lg2 << i / 2) - 1;
			c->last[k] = last_block(s, zone, i / 2);
		}
		used += n ? n + 1 : 0;
	}
	return used;
}

int iom_iova_cache_create(struct iom_iova *s, struct iom_iova_cache **out)
{
	size_t size = sizeof(struct iom_iova_cache) + lay_out(s, NULL) * sizeof(uint64_t);
	struct iom_iova_cache *c;
	unsigned int i;
	void *mem;
	int rc;

	rc = iom_plat_alloc(s->plat, size, 128, &mem);
	if (rc)
		return rc;
	c = mem;
	atomic_init(&c->least, granule_m1(s));
	for (i = 0; i < IOVA_ZONES; i++)
		c->first[i] = s->zone_first[i] << s->granule_lg2;
	c->size = size;
	c->zone[0] = c->zone[2] = s->has_zone[IOVA_HIGH] ? IOVA_HIGH * 64 : IOVA_LOW * 64;
	c->zone[IOM_IOVA_LOW_FIRST] = s->has_zone[IOVA_LOW] ? IOVA_LOW * 64 : IOVA_HIGH * 64;
	c->zone[IOM_IOVA_LOW_ONLY] = IOVA_LOW * 64;
	c->none = IOVA_NO_ADDRESS;
	for (i = 0; i < IOVA_STACKS; i++)
		c->top[i] = c->end[i] = (uintptr_t)(&c->none + 1);
	lay_out(s, c);
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
