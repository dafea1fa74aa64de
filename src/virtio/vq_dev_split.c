/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The split ring, device side. VIRTIO 1.3 section 2.7.
 *
 * st.avail and st.used are free-running indices; used <= avail <= avail_seen
 * <= used + size in their modular order, checked whenever the driver's idx is
 * read, so a driver that counts wrongly is found before an entry is used.
 */
#include <iom/base/mem.h>

#include "virtio/vq_dev_ring.h"

static uint16_t ring_slot(const struct iom_vq_dev *vq, uint16_t idx)
{
	return (uint16_t)(idx & (vq->cfg.size - 1));
}

/* Reads the driver's idx: how many chains wait, after the check above. */
static int split_look(struct iom_vq_dev *vq)
{
	uint16_t idx;
	int rc = iomi_vq_dev_load16(vq, &vq->driver, VIRTQ_AVAIL_IDX, &idx);

	if (rc)
		return rc;
	if ((uint16_t)(idx - vq->st.used) > vq->cfg.size ||
	    (uint16_t)(idx - vq->st.used) < vq->inflight)
		return IOM_EPROTO;
	vq->avail_seen = idx;
	return IOM_OK;
}

/*
 * 2.7.10: ask for a notification of the next chain. The driver stores idx and
 * then reads this; we store this and then read idx again (both sequentially
 * consistent), so one of the two sees the other's store.
 */
static int split_ask(struct iom_vq_dev *vq)
{
	int rc;

	if (vq->cfg.event_idx)
		rc = iomi_vq_dev_store16(vq, &vq->device, VIRTQ_USED_AVAIL_EVENT(vq->cfg.size),
					 vq->st.avail);
	else
		rc = iomi_vq_dev_store16(vq, &vq->device, VIRTQ_USED_FLAGS, 0);
	if (rc)
		return rc;
	vq->quiet = false;
	return split_look(vq);
}

/* Without EVENT_IDX: no notifications while we look by ourselves. */
static int split_hush(struct iom_vq_dev *vq)
{
	int rc;

	if (vq->quiet || vq->cfg.event_idx)
		return IOM_OK;
	rc = iomi_vq_dev_store16(vq, &vq->device, VIRTQ_USED_FLAGS, VIRTQ_USED_F_NO_NOTIFY);
	vq->quiet = !rc;
	return rc;
}

/*
 * A table, from entry 0 on. Entries are fetched in batches, since drivers
 * write them one after another; a jump backwards fetches again, what was
 * copied into the chain is not looked at again.
 */
__attribute__((noinline))
static int split_table(struct iom_vq_dev *vq, uint64_t table, uint32_t n, unsigned int room,
		       struct iomi_vq_dev_walk w)
{
	struct virtq_desc d[IOMI_VQ_DEV_BATCH];
	uint32_t first = 0, have = 0, i = 0;
	unsigned int count, flags;
	int rc;

	/* room also ends a chain that loops. */
	for (count = 0; count < room; count++) {
		if (i - first >= have) {
			first = i;
			have = n - i < IOMI_VQ_DEV_BATCH ? n - i : IOMI_VQ_DEV_BATCH;
			rc = iom_gmem_read(vq->gmem, table + 16 * (uint64_t)i, d, 16 * have);
			if (rc)
				return rc;
		}
		flags = iom_le16_get(d[i - first].flags);
		if (flags & VIRTQ_DESC_F_INDIRECT)
			return IOM_EPROTO;
		rc = iomi_vq_dev_walk_add(&w, iom_le64_get(d[i - first].addr),
					  iom_le32_get(d[i - first].len), flags);
		if (rc == IOM_EPROTO)
			return rc;
		if (rc || !(flags & VIRTQ_DESC_F_NEXT))
			return iomi_vq_dev_walk_end(&w, rc);
		i = iom_le16_get(d[i - first].next);
		if (i >= n)
			return IOM_EPROTO;
	}
	return IOM_EPROTO;
}

/* The descriptor table was looked up. */
static inline int split_chain(struct iom_vq_dev *vq, uint32_t i, struct iom_vq_chain *ch)
{
	struct iomi_vq_dev_walk w = iomi_vq_dev_walk_start(ch);
	unsigned int left, flags, size = vq->cfg.size;
	struct iomi_vq_dev_desc d;
	uint32_t n;
	int rc;

	for (left = size; left && i < size; left--) {
		rc = iomi_vq_dev_desc_read(vq, i, &d);
		if (rc)
			return rc;
		flags = d.at12;
		if (flags & VIRTQ_DESC_F_INDIRECT) {
			rc = iomi_vq_dev_table_check(vq, d.addr, d.len, flags, &n);
			/* 2.7.5.3.2: ordinary descriptors may stand before it. */
			return rc ? rc : split_table(vq, d.addr, n, left, w);
		}
		rc = iomi_vq_dev_walk_add(&w, d.addr, d.len, flags);
		if (rc == IOM_EPROTO)
			return rc;
		if (rc || !(flags & VIRTQ_DESC_F_NEXT))
			return iomi_vq_dev_walk_end(&w, rc);
		i = d.at14;
	}
	return IOM_EPROTO;
}

/* How many chains are there? IOM_EAGAIN: none, and the next one is notified. */
static int split_waiting(struct iom_vq_dev *vq, unsigned int *n)
{
	int rc = IOM_OK;

	if (vq->avail_seen == vq->st.avail)
		rc = split_look(vq);
	if (!rc && vq->avail_seen == vq->st.avail && !vq->polling)
		rc = split_ask(vq);
	*n = (uint16_t)(vq->avail_seen - vq->st.avail);
	return rc || *n ? rc : IOM_EAGAIN;
}

int iomi_vq_dev_split_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch, unsigned int n,
			  unsigned int *got)
{
	unsigned int waiting, i = 0;
	uint16_t head;
	int rc = split_waiting(vq, &waiting);

	if (!rc)
		rc = split_hush(vq);
	if (!rc)
		rc = iomi_vq_dev_area(vq, &vq->driver);
	if (!rc)
		rc = iomi_vq_dev_area(vq, &vq->desc);
	if (n > waiting)
		n = waiting;
	while (!rc && i < n && (!i || iomi_vq_dev_room(vq, ch))) {
		rc = iomi_vq_dev_get16(vq, &vq->driver, VIRTQ_AVAIL_RING(
				       ring_slot(vq, (uint16_t)(vq->st.avail + i))), &head);
		if (!rc)
			rc = split_chain(vq, head, ch);
		if (rc && rc != IOM_E2BIG)
			break;
		ch->id = head;
		ch->ndesc = 1;
		ch++;
		i++;
	}
	vq->st.avail = (uint16_t)(vq->st.avail + i);
	vq->inflight = (uint16_t)(vq->inflight + i);
	*got = i;
	return rc;
}

int iomi_vq_dev_split_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
			   const uint32_t *written, unsigned int n)
{
	int rc = iomi_vq_dev_area(vq, &vq->device);
	uint16_t idx = vq->st.used, mask = (uint16_t)(vq->cfg.size - 1);
	uint8_t *map = vq->device.map;
	unsigned int i;

	for (i = 0; i < n && !rc; i++, idx++) {
		uint64_t at = VIRTQ_USED_RING(idx & mask);
		/* struct virtq_used_elem in one piece */
		struct iom_le64 e = iom_le64_make(ch[i].id | (uint64_t)written[i] << 32);

		if (map)
			memcpy(map + at, &e, sizeof(e));
		else
			rc = iom_gmem_write(vq->gmem, vq->device.addr + at, &e, sizeof(e));
	}
	/* 2.7.8.2: the entries before the index that shows them; the store releases. */
	if (!rc)
		rc = iomi_vq_dev_store16(vq, &vq->device, VIRTQ_USED_IDX, idx);
	if (!rc)
		vq->st.used = idx;
	return rc;
}

int iomi_vq_dev_split_want_irq(struct iom_vq_dev *vq, bool *want)
{
	uint16_t v;
	int rc;

	if (!vq->cfg.event_idx) {
		rc = iomi_vq_dev_load16(vq, &vq->driver, VIRTQ_AVAIL_FLAGS, &v);
		*want = rc || !(v & VIRTQ_AVAIL_F_NO_INTERRUPT);
		return rc;
	}
	rc = iomi_vq_dev_load16(vq, &vq->driver, VIRTQ_AVAIL_USED_EVENT(vq->cfg.size), &v);
	/*
	 * 2.7.7.2: one of the entries since the last decision stands at used_event:
	 * (u16)(new - event - 1) < (u16)(new - old); all 2^16 do if there were that many.
	 */
	*want = rc || (uint16_t)(vq->st.used - v - 1) < vq->unsignalled;
	return rc;
}

int iomi_vq_dev_split_pending(struct iom_vq_dev *vq, bool *pending)
{
	int rc = IOM_OK;

	if (vq->avail_seen == vq->st.avail)
		rc = split_look(vq);
	*pending = !rc && vq->avail_seen != vq->st.avail;
	return rc;
}
