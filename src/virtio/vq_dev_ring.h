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

/* All but pop with a chain to give leave the positions alone. */
int iomi_vq_dev_split_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch);
int iomi_vq_dev_split_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint32_t written);
int iomi_vq_dev_split_want_irq(struct iom_vq_dev *vq, bool *want);
int iomi_vq_dev_split_pending(struct iom_vq_dev *vq, bool *pending);

int iomi_vq_dev_packed_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch);
int iomi_vq_dev_packed_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
			    uint32_t written);
int iomi_vq_dev_packed_want_irq(struct iom_vq_dev *vq, bool *want);
int iomi_vq_dev_packed_pending(struct iom_vq_dev *vq, bool *pending);

/*
 * The ring is reached by pointers that are fetched once a bracket, and by the
 * gmem's loads and stores where there are none. Through a pointer, what the
 * driver may change is read by an atomic or volatile access of its own, so
 * that the compiler cannot read it twice either.
 */
int iomi_vq_dev_map(struct iom_vq_dev *vq, struct iom_vq_area *area);

/* Before each access. The error, if there is one, is that of the access. */
static inline int iomi_vq_dev_area(struct iom_vq_dev *vq, struct iom_vq_area *area)
{
	return area->bracket == vq->gmem->bracket ? IOM_OK : iomi_vq_dev_map(vq, area);
}

static inline int iomi_vq_dev_load16(struct iom_vq_dev *vq, struct iom_vq_area *area, uint64_t off,
				     uint16_t *val)
{
	uint64_t v;
	int rc = iomi_vq_dev_area(vq, area);

	if (rc)
		return rc;
	if (area->map) {
		*val = IOMI_LE16(atomic_load((_Atomic uint16_t *)(void *)(area->map + off)));
		return IOM_OK;
	}
	rc = iom_gmem_load(vq->gmem, area->addr + off, 2, &v);
	if (!rc)
		*val = (uint16_t)v;
	return rc;
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

/* Descriptor i; the caller has called iomi_vq_dev_area() for them. */
static inline int iomi_vq_dev_desc_read(struct iom_vq_dev *vq, uint32_t i,
					struct iomi_vq_dev_desc *d)
{
	const uint8_t *map = vq->desc.map;
	uint64_t low, high, w[2];
	int rc;

	if (map) {
		map += 16 * (size_t)i;
		low = *(const volatile uint64_t *)(const void *)map;
		high = *(const volatile uint64_t *)(const void *)(map + 8);
	} else {
		rc = iom_gmem_read(vq->gmem, vq->desc.addr + 16 * (uint64_t)i, w, sizeof(w));
		if (rc)
			return rc;
		low = w[0];
		high = w[1];
	}
	d->addr = IOMI_LE64(low);
	high = IOMI_LE64(high);
	d->len = (uint32_t)high;
	d->at12 = (uint16_t)(high >> 32);
	d->at14 = (uint16_t)(high >> 48);
	return IOM_OK;
}

/*
 * A chain while it is walked, in values of its own so that the compiler can keep
 * them in registers: n segments so far, of which nr_out are readable once a
 * writable one has come.
 */
struct iomi_vq_dev_walk {
	struct iom_vq_seg *seg;
	unsigned int n;
	unsigned int max;
	unsigned int nr_out;
	bool writable;
	uint64_t bytes;
	uint64_t out_len;
};

static inline struct iomi_vq_dev_walk iomi_vq_dev_walk_start(const struct iom_vq_chain *ch)
{
	struct iomi_vq_dev_walk w = { .seg = ch->seg, .max = ch->seg_max };

	return w;
}

/*
 * One more buffer at the end of the chain. IOM_EPROTO: it breaks a rule of
 * 2.7.4.2 or 2.7.5; IOM_E2BIG: the caller's array is full.
 */
static inline int iomi_vq_dev_walk_add(struct iomi_vq_dev_walk *w, uint64_t addr, uint32_t len,
				       unsigned int flags)
{
	if (addr + len < addr && addr + len)
		return IOM_EPROTO;
	if (flags & VIRTQ_DESC_F_WRITE) {
		if (!w->writable) {
			w->writable = true;
			w->nr_out = w->n;
			w->out_len = w->bytes;
		}
	} else if (w->writable) {
		return IOM_EPROTO;
	}
	if (w->n >= w->max)
		return IOM_E2BIG;
	w->seg[w->n].addr = addr;
	w->seg[w->n].len = len;
	w->n++;
	w->bytes += len;
	return IOM_OK;
}

/* The walk is over, with IOM_OK or IOM_E2BIG as rc: the chain, or IOM_EPROTO. */
static inline int iomi_vq_dev_walk_end(const struct iomi_vq_dev_walk *w, struct iom_vq_chain *ch,
				       int rc)
{
	if (w->bytes > UINT32_MAX)
		return IOM_EPROTO;
	ch->nr_out = w->writable ? w->nr_out : w->n;
	ch->nr_in = w->n - ch->nr_out;
	ch->out_len = w->writable ? w->out_len : w->bytes;
	ch->in_len = w->bytes - ch->out_len;
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
