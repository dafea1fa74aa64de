/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's end of a virtqueue; see vq_ref.h. */
#include <stdatomic.h>

#include <iom/base/endian.h>

#include "lib/vq_ref.h"

/* Numbers from the document, on purpose not those of spec/virtio.h. */
enum {
	F_NEXT = 1, F_WRITE = 2, F_INDIRECT = 4, F_AVAIL = 0x80, F_USED = 0x8000,
};

static uint8_t *at(struct vq_ref *r, uint64_t addr)
{
	return r->mem + (addr - r->base);
}

static uint16_t load16(struct vq_ref *r, uint64_t addr)
{
	return IOMI_LE16(atomic_load((_Atomic uint16_t *)(void *)at(r, addr)));
}

static void store16(struct vq_ref *r, uint64_t addr, unsigned int v)
{
	atomic_store((_Atomic uint16_t *)(void *)at(r, addr), IOMI_LE16((uint16_t)v));
}

static uint32_t load32(struct vq_ref *r, uint64_t addr)
{
	return IOMI_LE32(atomic_load((_Atomic uint32_t *)(void *)at(r, addr)));
}

static void store32(struct vq_ref *r, uint64_t addr, uint32_t v)
{
	atomic_store((_Atomic uint32_t *)(void *)at(r, addr), IOMI_LE32(v));
}

uint64_t vq_ref_bytes(unsigned int size)
{
	return 16 * size + 256 + 2 * size + 256 + 8 * size + 256 + 16ull * size * size;
}

void vq_ref_init(struct vq_ref *r, const struct iom_vq_cfg *cfg, void *mem, uint64_t base,
		 const struct iom_vq_state *start)
{
	unsigned int n = cfg->size;

	memset(r, 0, sizeof(*r));
	r->mem = mem;
	r->base = base;
	r->cfg = *cfg;
	r->cfg.desc = base;
	/* The least alignment that is allowed, so that nobody relies on more. */
	r->cfg.driver = base + 16 * n + (cfg->packed ? 4 : 2);
	r->cfg.device = (r->cfg.driver + 6 + 2 * n + 3) / 4 * 4 + (n % 2 ? 4 : 0);
	r->tables = (r->cfg.device + 6 + 8 * n + 15) / 16 * 16;
	r->bytes = r->tables + 16ull * n * n - base;
	r->nr_free = cfg->size;
	r->avail_wrap = true;
	r->used_wrap = true;
	memset(mem, 0, r->bytes);
	if (!start)
		return;
	r->avail = start->avail;
	r->used = start->used;
	r->avail_wrap = start->avail_wrap;
	r->used_wrap = start->used_wrap;
	if (cfg->packed) {
		/* As the lap before has left them: used, hence not available. */
		for (n = 0; n < cfg->size; n++)
			store16(r, r->cfg.desc + 16 * n + 14,
				(n < start->avail) == start->avail_wrap ? F_AVAIL | F_USED : 0);
		return;
	}
	store16(r, r->cfg.driver + 2, start->avail);
	store16(r, r->cfg.device + 2, start->used);
	/* "Notify at once", as after an ask at this position. */
	store16(r, r->cfg.device + 4 + 8 * n, start->avail);
}

static uint16_t pick(struct vq_ref *r, struct test_rng *rng, bool by_id)
{
	unsigned int i = rng ? (unsigned int)test_rng_below(rng, r->cfg.size) : 0;

	while (by_id ? r->chain[i].live : r->desc_used[i])
		i = (i + 1) % r->cfg.size;
	return (uint16_t)i;
}

static void put_desc(struct vq_ref *r, uint64_t addr, struct iom_vq_seg s, unsigned int id,
		     unsigned int flags, bool packed)
{
	iom_put_le64(at(r, addr), s.addr);
	iom_put_le32(at(r, addr + 8), s.len);
	iom_put_le16(at(r, addr + 12), (uint16_t)(packed ? id : flags));
	iom_put_le16(at(r, addr + 14), (uint16_t)(packed ? flags : id));
}

/* A table for segments [from, n); returns the segment that names it. */
static struct iom_vq_seg put_table(struct vq_ref *r, unsigned int id, const struct iom_vq_seg *seg,
				   unsigned int from, unsigned int nr_out, unsigned int n)
{
	struct iom_vq_seg t = {
		.addr = r->tables + 16ull * r->cfg.size * id,
		.len = 16 * (n - from),
	};
	unsigned int i, flags;

	for (i = from; i < n; i++) {
		flags = i >= nr_out ? F_WRITE : 0;
		if (!r->cfg.packed && i + 1 < n)
			flags |= F_NEXT;
		put_desc(r, t.addr + 16 * (i - from), seg[i], i + 1 - from, flags, r->cfg.packed);
	}
	return t;
}

/*
 * The ring's own descriptors of a chain: the first `direct` segments, then
 * perhaps a table for the rest.
 */
static uint16_t split_add(struct vq_ref *r, struct test_rng *rng, const struct iom_vq_seg *seg,
			  unsigned int direct, unsigned int nr_out, unsigned int n)
{
	unsigned int i, flags, count = direct + (direct < n);
	struct vq_ref_chain *c;
	uint16_t d[VQ_REF_SIZE_MAX] = { 0 };

	for (i = 0; i < count; i++) {
		d[i] = pick(r, rng, false);
		r->desc_used[d[i]] = true;
	}
	c = &r->chain[d[0]];
	for (i = 0; i < count; i++) {
		struct iom_vq_seg s = i < direct ? seg[i] :
				      put_table(r, d[0], seg, direct, nr_out, n);

		flags = i < direct ? (i >= nr_out ? F_WRITE : 0) : F_INDIRECT;
		if (i + 1 < count)
			flags |= F_NEXT;
		put_desc(r, r->cfg.desc + 16 * d[i], s, i + 1 < count ? d[i + 1] : 0xffff, flags,
			 false);
		c->desc[i] = d[i];
	}
	c->ndesc = (uint16_t)count;
	store16(r, r->cfg.driver + 4 + 2u * (r->avail % r->cfg.size), d[0]);
	r->avail++;
	store16(r, r->cfg.driver + 2, r->avail);
	r->added++;
	return d[0];
}

static uint16_t packed_add(struct vq_ref *r, struct test_rng *rng, const struct iom_vq_seg *seg,
			   unsigned int direct, unsigned int nr_out, unsigned int n)
{
	unsigned int i, flags, head_flags = 0, count = direct ? n : 1, head = r->avail;
	uint16_t id = pick(r, rng, true);

	for (i = 0; i < count; i++) {
		struct iom_vq_seg s = direct ? seg[i] : put_table(r, id, seg, 0, nr_out, n);
		uint64_t addr = r->cfg.desc + 16 * r->avail;

		flags = direct ? (i >= nr_out ? F_WRITE : 0) : F_INDIRECT;
		flags |= i + 1 < count ? F_NEXT : 0;
		flags |= r->avail_wrap ? F_AVAIL : F_USED;
		if (i) {
			put_desc(r, addr, s, i + 1 == count ? id : 0xdead, flags, true);
		} else {
			head_flags = flags;
			iom_put_le64(at(r, addr), s.addr);
			iom_put_le32(at(r, addr + 8), s.len);
			iom_put_le16(at(r, addr + 12), count == 1 ? id : 0xdead);
		}
		if (++r->avail == r->cfg.size) {
			r->avail = 0;
			r->avail_wrap = !r->avail_wrap;
		}
	}
	/* 2.8.6: the first descriptor's flags last. */
	store16(r, r->cfg.desc + 16 * head + 14, head_flags);
	r->chain[id].ndesc = (uint16_t)count;
	r->added += count;
	return id;
}

uint16_t vq_ref_add(struct vq_ref *r, struct test_rng *rng, enum vq_ref_frame frame,
		    unsigned int lead, const struct iom_vq_seg *seg, unsigned int nr_out,
		    unsigned int nr_in)
{
	unsigned int n = nr_out + nr_in, direct = frame == VQ_REF_DIRECT ? n : 0;
	unsigned int count;
	uint16_t id;

	if (frame == VQ_REF_MIXED)
		direct = lead;
	count = direct + (direct < n);
	if (!n || n > r->cfg.size || count > r->nr_free)
		return VQ_REF_NONE;
	if (r->cfg.packed)
		id = packed_add(r, rng, seg, direct, nr_out, n);
	else
		id = split_add(r, rng, seg, direct, nr_out, n);
	r->nr_free = (uint16_t)(r->nr_free - count);
	r->chain[id].live = true;
	return id;
}

bool vq_ref_kick(struct vq_ref *r)
{
	uint32_t i, e, added = r->added;
	bool wrap = r->avail_wrap;
	uint16_t pos = r->avail;

	r->added = 0;
	if (!added)
		return false;
	if (!r->cfg.packed && !r->cfg.event_idx)
		return !(load16(r, r->cfg.device) & 1);
	if (!r->cfg.packed) {
		e = load16(r, r->cfg.device + 4 + 8 * r->cfg.size);
		for (i = 1; i <= added; i++)
			if ((uint16_t)(pos - i) == e)
				return true;
		return false;
	}
	e = load32(r, r->cfg.device);
	if ((e >> 16 & 3) != 2)
		return (e >> 16 & 3) == 0;
	for (i = 0; i < added; i++) {
		if (!pos--) {
			pos = (uint16_t)(r->cfg.size - 1);
			wrap = !wrap;
		}
		if (pos == (e & 0x7fff) && wrap == (e >> 15 & 1))
			return true;
	}
	return false;
}

static void release(struct vq_ref *r, uint16_t id)
{
	struct vq_ref_chain *c = &r->chain[id];
	unsigned int i;

	if (!r->cfg.packed)
		for (i = 0; i < c->ndesc; i++)
			r->desc_used[c->desc[i]] = false;
	r->nr_free = (uint16_t)(r->nr_free + c->ndesc);
	c->live = false;
}

bool vq_ref_used(struct vq_ref *r, uint16_t *id, uint32_t *len)
{
	uint64_t d = r->cfg.desc + 16 * r->used;
	unsigned int next;
	uint16_t flags;

	if (!r->cfg.packed) {
		if (load16(r, r->cfg.device + 2) == r->used)
			return false;
		d = r->cfg.device + 4 + 8u * (r->used % r->cfg.size);
		assert_true(iom_get_le32(at(r, d)) < r->cfg.size);
		*id = (uint16_t)iom_get_le32(at(r, d));
		*len = iom_get_le32(at(r, d + 4));
		r->used++;
		assert_true(r->chain[*id].live);
		release(r, *id);
		return true;
	}
	flags = load16(r, d + 14);
	if (!!(flags & F_AVAIL) != r->used_wrap || !!(flags & F_USED) != r->used_wrap)
		return false;
	*id = iom_get_le16(at(r, d + 12));
	*len = flags & F_WRITE ? iom_get_le32(at(r, d + 8)) : 0;
	assert_true(*id < r->cfg.size && r->chain[*id].live);
	next = r->used + r->chain[*id].ndesc;
	if (next >= r->cfg.size) {
		next -= r->cfg.size;
		r->used_wrap = !r->used_wrap;
	}
	r->used = (uint16_t)next;
	release(r, *id);
	return true;
}

void vq_ref_irq_on(struct vq_ref *r)
{
	if (r->cfg.packed)
		store32(r, r->cfg.driver, 0);
	else if (r->cfg.event_idx)
		store16(r, r->cfg.driver + 4 + 2 * r->cfg.size, r->used);
	else
		store16(r, r->cfg.driver, 0);
}

void vq_ref_irq_off(struct vq_ref *r)
{
	if (r->cfg.packed)
		store32(r, r->cfg.driver, 1 << 16);
	else if (r->cfg.event_idx)
		store16(r, r->cfg.driver + 4 + 2 * r->cfg.size, (uint16_t)(r->used - 1));
	else
		store16(r, r->cfg.driver, 1);
}

void vq_ref_irq_at(struct vq_ref *r, uint16_t pos, bool wrap)
{
	if (r->cfg.packed)
		store32(r, r->cfg.driver, 2u << 16 | (uint32_t)wrap << 15 | pos);
	else
		store16(r, r->cfg.driver + 4 + 2 * r->cfg.size, pos);
}
