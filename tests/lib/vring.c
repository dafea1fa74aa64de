/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's rings of vring.h. Words that the device reads too are atomic. */
#include <string.h>

#include "lib/vring.h"
#include "lib/viommu.h"

enum { NEXT = 1, WRITE = 2, AVAIL = 1 << 7, USED = 1 << 15 };

static void put16(struct vring *r, uint64_t at, uint16_t v)
{
	__atomic_store_n((uint16_t *)(void *)(r->mem + at), v, __ATOMIC_RELEASE);
}

static uint16_t get16(struct vring *r, uint64_t at)
{
	return __atomic_load_n((uint16_t *)(void *)(r->mem + at), __ATOMIC_ACQUIRE);
}

static uint32_t get32(struct vring *r, uint64_t at)
{
	return __atomic_load_n((uint32_t *)(void *)(r->mem + at), __ATOMIC_RELAXED);
}

static uint64_t align(uint64_t v, uint64_t to)
{
	return (v + to - 1) / to * to;
}

void vring_init(struct vring *r, uint8_t *mem, uint64_t at, uint16_t size, bool packed,
		uint64_t *end)
{
	unsigned int i;

	VT_REQUIRE(size && size <= VRING_SIZE_MAX);
	memset(r, 0, sizeof(*r));
	r->mem = mem;
	r->packed = packed;
	r->size = size;
	r->desc = at;
	r->driver = at + 16u * size;
	r->device = align(r->driver + (packed ? 4 : 6u + 2u * size), 4);
	*end = align(r->device + (packed ? 4 : 6u + 8u * size), 4096);
	memset(mem + at, 0, *end - at);
	r->avail_wrap = r->used_wrap = true;
	r->nr_free = size;
	for (i = 0; i < size; i++)
		r->next[i] = (uint16_t)(i + 1);
}

static void put_desc(struct vring *r, unsigned int i, const struct vring_buf *b, uint16_t w12,
		     uint16_t w14)
{
	uint8_t *d = r->mem + r->desc + 16u * i;

	memcpy(d, &b->addr, 8);
	memcpy(d + 8, &b->len, 4);
	memcpy(d + 12, &w12, 2);
	put16(r, r->desc + 16u * i + 14, w14);
}

static uint16_t take(struct vring *r)
{
	uint16_t i = r->free_head;

	r->free_head = r->next[i];
	return i;
}

/* 2.7.13: descriptors, then the ring entry, then the index. */
static uint16_t add_split(struct vring *r, const struct vring_buf *b, unsigned int nr_out,
			  unsigned int n)
{
	uint16_t head = r->free_head, at;
	unsigned int i, flags;

	for (i = 0; i < n; i++) {
		at = take(r);
		flags = (i + 1 < n ? NEXT : 0u) | (i < nr_out ? 0u : WRITE);
		put_desc(r, at, &b[i], (uint16_t)flags, i + 1 < n ? r->free_head : 0);
		r->next[at] = r->free_head;
	}
	put16(r, r->driver + 4 + 2u * (r->avail % r->size), head);
	put16(r, r->driver + 2, ++r->avail);
	return head;
}

/* 2.8.21: the flags of the first descriptor last. */
static uint16_t add_packed(struct vring *r, const struct vring_buf *b, unsigned int nr_out,
			   unsigned int n)
{
	uint16_t id = take(r), first = r->avail, flags, first_flags = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		flags = (uint16_t)((i + 1 < n ? NEXT : 0) | (i < nr_out ? 0 : WRITE) |
				   (r->avail_wrap ? AVAIL : USED));
		if (!i)
			first_flags = flags;
		/* The first is not available yet: both bits as the device left them. */
		if (!i)
			flags = (uint16_t)(r->avail_wrap ? 0 : AVAIL | USED);
		put_desc(r, r->avail, &b[i], id, flags);
		if (++r->avail == r->size) {
			r->avail = 0;
			r->avail_wrap = !r->avail_wrap;
		}
	}
	put16(r, r->desc + 16u * first + 14, first_flags);
	return id;
}

bool vring_add(struct vring *r, const struct vring_buf *b, unsigned int nr_out, unsigned int nr_in,
	       uint16_t *id)
{
	unsigned int n = nr_out + nr_in;

	if (!n || n > r->nr_free)
		return false;
	*id = r->packed ? add_packed(r, b, nr_out, n) : add_split(r, b, nr_out, n);
	r->nr_free = (uint16_t)(r->nr_free - n);
	r->count[*id] = (uint16_t)n;
	return true;
}

static bool get_split(struct vring *r, uint16_t *id, uint32_t *len)
{
	uint64_t e = r->device + 4 + 8u * (r->used % r->size);
	uint16_t last;
	unsigned int i;

	if (get16(r, r->device + 2) == r->used)
		return false;
	r->used++;
	VT_REQUIRE(get32(r, e) < r->size);
	*id = (uint16_t)get32(r, e);
	*len = get32(r, e + 4);
	VT_REQUIRE(r->count[*id]);
	for (last = *id, i = 1; i < r->count[*id]; i++)
		last = r->next[last];
	r->next[last] = r->free_head;
	r->free_head = *id;
	return true;
}

static bool get_packed(struct vring *r, uint16_t *id, uint32_t *len)
{
	uint64_t d = r->desc + 16u * r->used;
	uint16_t flags = get16(r, d + 14);

	if (!(flags & AVAIL) != !r->used_wrap || !(flags & USED) != !r->used_wrap)
		return false;
	*id = get16(r, d + 12);
	*len = get32(r, d + 8);
	VT_REQUIRE(*id < r->size && r->count[*id]);
	r->used = (uint16_t)(r->used + r->count[*id]);
	if (r->used >= r->size) {
		r->used = (uint16_t)(r->used - r->size);
		r->used_wrap = !r->used_wrap;
	}
	r->next[*id] = r->free_head;
	r->free_head = *id;
	return true;
}

bool vring_get(struct vring *r, uint16_t *id, uint32_t *len)
{
	if (!(r->packed ? get_packed(r, id, len) : get_split(r, id, len)))
		return false;
	r->nr_free = (uint16_t)(r->nr_free + r->count[*id]);
	r->count[*id] = 0;
	return true;
}
