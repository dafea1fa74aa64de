/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two ring formats share, inside vq_dev. vq_dev.c has checked that the
 * queue is enabled and not broken before it calls a format; a format returns
 * an error and vq_dev.c decides whether that breaks the queue.
 */
#ifndef VIRTIO_VQ_DEV_RING_H
#define VIRTIO_VQ_DEV_RING_H

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

static inline int iomi_vq_dev_load16(struct iom_vq_dev *vq, uint64_t addr, uint16_t *val)
{
	uint64_t v;
	int rc = iom_gmem_load(vq->gmem, addr, 2, &v);

	if (!rc)
		*val = (uint16_t)v;
	return rc;
}

static inline int iomi_vq_dev_load32(struct iom_vq_dev *vq, uint64_t addr, uint32_t *val)
{
	uint64_t v;
	int rc = iom_gmem_load(vq->gmem, addr, 4, &v);

	if (!rc)
		*val = (uint32_t)v;
	return rc;
}

static inline void iomi_vq_dev_chain_init(struct iom_vq_chain *ch)
{
	ch->nr_out = 0;
	ch->nr_in = 0;
	ch->out_len = 0;
	ch->in_len = 0;
}

/*
 * One more buffer at the end of the chain. IOM_EPROTO: it breaks a rule of
 * 2.7.4.2 or 2.7.5; IOM_E2BIG: the caller's array is full.
 */
static inline int iomi_vq_dev_chain_add(struct iom_vq_chain *ch, uint64_t addr, uint32_t len,
					unsigned int flags)
{
	unsigned int n = ch->nr_out + ch->nr_in;

	if ((len && addr + (len - 1) < addr) || ch->out_len + ch->in_len + len > UINT32_MAX)
		return IOM_EPROTO;
	if (!(flags & VIRTQ_DESC_F_WRITE) && ch->nr_in)
		return IOM_EPROTO;
	if (n >= ch->seg_max)
		return IOM_E2BIG;
	ch->seg[n].addr = addr;
	ch->seg[n].len = len;
	if (flags & VIRTQ_DESC_F_WRITE) {
		ch->nr_in++;
		ch->in_len += len;
	} else {
		ch->nr_out++;
		ch->out_len += len;
	}
	return IOM_OK;
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
