/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two ring formats share, inside vq_dev. vq_dev.c has checked that the
 * queue is enabled and not broken before it calls a format; a format returns
 * an error and vq_dev.c decides whether that breaks the queue.
 */
#ifndef VIRTIO_VQ_DEV_RING_H
#define VIRTIO_VQ_DEV_RING_H

#include <stdatomic.h>

#include <iom/base/endian.h>
#include <iom/spec/virtio.h>
#include <iom/virtio/vq_dev.h>

#define IOMI_VQ_DEV_BATCH 8u		/* descriptors of a table read at once */

/*
 * pop_batch and push_batch. pop counts what is in flight, push leaves that to
 * its caller. All but pop with a chain to give leave the positions alone.
 */
int iomi_vq_dev_split_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch, unsigned int n,
			  unsigned int *got);
int iomi_vq_dev_split_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
			   const uint32_t *written, unsigned int n);
int iomi_vq_dev_split_want_irq(struct iom_vq_dev *vq, bool *want);
int iomi_vq_dev_split_pending(struct iom_vq_dev *vq, bool *pending);

int iomi_vq_dev_packed_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch, unsigned int n,
			   unsigned int *got);
int iomi_vq_dev_packed_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
			    const uint32_t *written, unsigned int n);
int iomi_vq_dev_packed_want_irq(struct iom_vq_dev *vq, bool *want);
int iomi_vq_dev_packed_pending(struct iom_vq_dev *vq, bool *pending);

/*
 * The ring is reached by pointers that are fetched once a bracket, and by the
 * gmem's loads and stores where there are none. Through a pointer, what the
 * driver may change is read by an atomic or volatile access of its own, so
 * that the compiler cannot read it twice either.
 */
int iomi_vq_dev_map(struct iom_vq_dev *vq, struct iom_vq_area *area);
int iomi_vq_dev_gmem_load16(struct iom_vq_dev *vq, uint64_t addr, uint16_t *val);

/* Before each access. The error, if there is one, is that of the access. */
static inline int iomi_vq_dev_area(struct iom_vq_dev *vq, struct iom_vq_area *area)
{
	return area->bracket == vq->gmem->bracket ? IOM_OK : iomi_vq_dev_map(vq, area);
}

/* The caller has called iomi_vq_dev_area(). */
static inline int iomi_vq_dev_get16(struct iom_vq_dev *vq, const struct iom_vq_area *area,
				    uint64_t off, uint16_t *val)
{
	if (!area->map)
		return iomi_vq_dev_gmem_load16(vq, area->addr + off, val);
	*val = IOMI_LE16(atomic_load((_Atomic uint16_t *)(void *)(area->map + off)));
	return IOM_OK;
}

static inline int iomi_vq_dev_load16(struct iom_vq_dev *vq, struct iom_vq_area *area, uint64_t off,
				     uint16_t *val)
{
	int rc = iomi_vq_dev_area(vq, area);

	return rc ? rc : iomi_vq_dev_get16(vq, area, off, val);
}

static inline int iomi_vq_dev_store16(struct iom_vq_dev *vq, struct iom_vq_area *area,
				      uint64_t off, unsigned int val)
{
	int rc = iomi_vq_dev_area(vq, area);

	if (rc)
		return rc;
	if (!area->map)
		return iom_gmem_store(vq->gmem, area->addr + off, 2, val);
	atomic_store((_Atomic uint16_t *)(void *)(area->map + off), IOMI_LE16((uint16_t)val));
	return IOM_OK;
}

/* A descriptor of either ring: split flags and next, packed ID and flags. */
struct iomi_vq_dev_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t at12;
	uint16_t at14;
};

static inline void iomi_vq_dev_desc_unpack(uint64_t low, uint64_t high, struct iomi_vq_dev_desc *d)
{
	d->addr = IOMI_LE64(low);
	high = IOMI_LE64(high);
	d->len = (uint32_t)high;
	d->at12 = (uint16_t)(high >> 32);
	d->at14 = (uint16_t)(high >> 48);
}

int iomi_vq_dev_gmem_desc(struct iom_vq_dev *vq, uint32_t i, struct iomi_vq_dev_desc *d);

/* Descriptor i; the caller has called iomi_vq_dev_area() for them. */
static inline int iomi_vq_dev_desc_read(struct iom_vq_dev *vq, uint32_t i,
					struct iomi_vq_dev_desc *d)
{
	const volatile uint64_t *at;
	struct iomi_vq_dev_desc tmp;
	int rc;

	if (vq->desc.map) {
		at = (const void *)(vq->desc.map + 16 * (size_t)i);
		iomi_vq_dev_desc_unpack(at[0], at[1], d);
		return IOM_OK;
	}
	/* Not into *d: its address would keep it out of registers. */
	rc = iomi_vq_dev_gmem_desc(vq, i, &tmp);
	*d = tmp;
	return rc;
}

/* Room for a chain behind the one before it; false if it might not suffice. */
static inline bool iomi_vq_dev_room(const struct iom_vq_dev *vq, struct iom_vq_chain *ch)
{
	const struct iom_vq_chain *before = ch - 1;
	unsigned int n = before->nr_out + before->nr_in;

	ch->seg = before->seg + n;
	ch->seg_max = before->seg_max - n;
	return ch->seg_max >= vq->cfg.size;
}

/* A chain while it is walked, in few words, so that they stay in registers. */
struct iomi_vq_dev_walk {
	struct iom_vq_seg *seg;		/* place of the next segment */
	struct iom_vq_seg *end;
	struct iom_vq_seg *in;		/* the first writable one; NULL before it */
	struct iom_vq_chain *ch;
	uint64_t bytes;
};

static inline struct iomi_vq_dev_walk iomi_vq_dev_walk_start(struct iom_vq_chain *ch)
{
	struct iomi_vq_dev_walk w = { .seg = ch->seg, .end = ch->seg + ch->seg_max, .ch = ch };

	return w;
}

/*
 * One more buffer at the end of the chain. IOM_EPROTO: it breaks a rule of
 * 2.7.4.2 or 2.7.5; IOM_E2BIG: the caller's array is full.
 */
static inline int iomi_vq_dev_walk_add(struct iomi_vq_dev_walk *w, uint64_t addr, uint32_t len,
				       unsigned int flags)
{
	/* ~addr + 1 is the room up to 2^64, but for address 0, which has room enough. */
	if (~addr < len && ~addr + 1 < len)
		return IOM_EPROTO;
	if (!w->in && (flags & VIRTQ_DESC_F_WRITE)) {
		w->in = w->seg;
		w->ch->out_len = w->bytes;
	} else if (w->in && !(flags & VIRTQ_DESC_F_WRITE)) {
		return IOM_EPROTO;
	}
	if (w->seg == w->end)
		return IOM_E2BIG;
	w->seg->addr = addr;
	w->seg->len = len;
	w->seg++;
	w->bytes += len;
	return IOM_OK;
}

/* The walk is over, with IOM_OK or IOM_E2BIG as rc: the chain, or IOM_EPROTO. */
static inline int iomi_vq_dev_walk_end(const struct iomi_vq_dev_walk *w, int rc)
{
	const struct iom_vq_seg *in = w->in ? w->in : w->seg;
	struct iom_vq_chain *ch = w->ch;

	if (w->bytes > UINT32_MAX)
		return IOM_EPROTO;
	if (!w->in)
		ch->out_len = w->bytes;
	ch->in_len = w->bytes - ch->out_len;
	ch->nr_out = (unsigned int)(in - ch->seg);
	ch->nr_in = (unsigned int)(w->seg - in);
	return rc;
}

/*
 * A descriptor with INDIRECT: number of entries of its table in *n. 2.7.5.3.1
 * and 2.8.19: no NEXT beside it, whole descriptors, no more than the queue size.
 */
static inline int iomi_vq_dev_table_check(const struct iom_vq_dev *vq, uint64_t addr, uint32_t len,
					  unsigned int flags, uint32_t *n)
{
	if (!vq->cfg.indirect || (flags & VIRTQ_DESC_F_NEXT) || !len || len % 16 ||
	    len / 16 > vq->cfg.size || addr + (len - 1) < addr)
		return IOM_EPROTO;
	*n = len / 16;
	return IOM_OK;
}

#endif
