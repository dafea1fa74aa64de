/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packed ring, device side. VIRTIO 1.3 section 2.8.
 *
 * A position is a slot and a wrap counter. A chain takes consecutive slots;
 * its used descriptor is written at the used position, whatever slots the
 * chain had, and the position then skips as many slots as the chain took
 * (2.8.6). The slots between used and avail are in flight; a chain never takes
 * one of them, so avail never passes used.
 */
#include <iom/base/mem.h>

#include "virtio/vq_dev_ring.h"

static void advance(const struct iom_vq_dev *vq, uint16_t *slot, bool *wrap, unsigned int by)
{
	unsigned int next = *slot + by;

	if (next >= vq->cfg.size) {
		next -= vq->cfg.size;
		*wrap = !*wrap;
	}
	*slot = (uint16_t)next;
}

/* 2.8.1: AVAIL is the driver's wrap counter, USED its inverse. */
static bool is_available(unsigned int flags, bool wrap)
{
	return !!(flags & VIRTQ_DESC_F_AVAIL) == wrap && !!(flags & VIRTQ_DESC_F_USED) != wrap;
}

/* The flags at the avail position: the acquire that all other reads follow. */
static int packed_look(struct iom_vq_dev *vq, uint16_t *flags)
{
	return iomi_vq_dev_load16(vq, &vq->desc, 16 * (uint64_t)vq->st.avail +
				  offsetof(struct pvirtq_desc, flags), flags);
}

static int packed_event(struct iom_vq_dev *vq, unsigned int flags)
{
	uint32_t e = IOM_FIELD_PREP(PVIRTQ_EVENT_FLAGS, flags);
	int rc = iomi_vq_dev_area(vq, &vq->device);

	if (rc)
		return rc;
	if (flags == RING_EVENT_FLAGS_DESC) {
		e |= vq->st.avail;
		if (vq->st.avail_wrap)
			e |= PVIRTQ_EVENT_DESC_WRAP;
	}
	if (!vq->device.map)
		return iom_gmem_store(vq->gmem, vq->device.addr, PVIRTQ_EVENT_SIZE, e);
	atomic_store((_Atomic uint32_t *)(void *)vq->device.map, IOMI_LE32(e));
	return IOM_OK;
}

/*
 * 2.8.10: ask for a notification of the next chain; as in the split ring the
 * store comes before another look. One store: the driver reads all four bytes.
 */
static int packed_ask(struct iom_vq_dev *vq, uint16_t *flags)
{
	int rc = packed_event(vq, vq->cfg.event_idx ? RING_EVENT_FLAGS_DESC :
						      RING_EVENT_FLAGS_ENABLE);

	if (rc)
		return rc;
	vq->quiet = false;
	return packed_look(vq, flags);
}

/*
 * With EVENT_IDX the offset that was asked for has been passed, that is quiet
 * enough, but for an owner that polls: it would come again after two laps.
 * Before the first ask, the driver's zeroes say ENABLE.
 */
static int packed_hush(struct iom_vq_dev *vq)
{
	int rc;

	if (vq->quiet || (vq->cfg.event_idx && !vq->polling))
		return IOM_OK;
	rc = packed_event(vq, RING_EVENT_FLAGS_DISABLE);
	vq->quiet = !rc;
	return rc;
}

/* 2.8.7: entries one after another; only WRITE means something. */
static int packed_table(struct iom_vq_dev *vq, uint64_t table, uint32_t n, struct iom_vq_chain *ch)
{
	struct iomi_vq_dev_walk w = iomi_vq_dev_walk_start(ch);
	struct pvirtq_desc d[IOMI_VQ_DEV_BATCH];
	uint32_t i, k;
	int rc = IOM_OK;

	for (i = 0; i < n; i++) {
		k = i % IOMI_VQ_DEV_BATCH;
		if (!k) {
			uint32_t have = n - i < IOMI_VQ_DEV_BATCH ? n - i : IOMI_VQ_DEV_BATCH;

			rc = iom_gmem_read(vq->gmem, table + 16 * (uint64_t)i, d, 16 * have);
			if (rc)
				return rc;
		}
		rc = iomi_vq_dev_walk_add(&w, iom_le64_get(d[k].addr), iom_le32_get(d[k].len),
					  iom_le16_get(d[k].flags));
		if (rc == IOM_EPROTO)
			return rc;
		if (rc)
			break;
	}
	return iomi_vq_dev_walk_end(&w, rc);
}

/* The head at the avail position, all but its flags: they were read already. */
static int packed_head(struct iom_vq_dev *vq, struct iomi_vq_dev_desc *d)
{
	uint64_t off = 16 * (uint64_t)vq->st.avail;
	struct pvirtq_desc raw;
	int rc;

	if (vq->desc.map) {
		const volatile uint8_t *p = vq->desc.map + off;

		d->addr = IOMI_LE64(*(const volatile uint64_t *)p);
		d->len = IOMI_LE32(*(const volatile uint32_t *)(p + 8));
		d->at12 = IOMI_LE16(*(const volatile uint16_t *)(p + 12));
		return IOM_OK;
	}
	rc = iom_gmem_read(vq->gmem, vq->desc.addr + off, &raw,
			   offsetof(struct pvirtq_desc, flags));
	if (rc)
		return rc;
	d->addr = iom_le64_get(raw.addr);
	d->len = iom_le32_get(raw.len);
	d->at12 = iom_le16_get(raw.id);
	return IOM_OK;
}

/*
 * The chain at the avail position, whose first flags are known. A chain that
 * is too big is followed to its end all the same: only there are its ID and
 * the number of its slots.
 */
static int packed_chain(struct iom_vq_dev *vq, unsigned int flags, struct iom_vq_chain *ch)
{
	unsigned int count = 1, room = (unsigned int)vq->cfg.size - vq->inflight;
	struct iom_vq_state at = vq->st;
	struct iomi_vq_dev_walk w = iomi_vq_dev_walk_start(ch);
	struct iomi_vq_dev_desc d;
	bool full = false;
	uint32_t n;
	int rc = packed_head(vq, &d);

	if (!rc && (flags & VIRTQ_DESC_F_INDIRECT)) {
		rc = iomi_vq_dev_table_check(vq, d.addr, d.len, flags, &n);
		ch->id = d.at12;
		ch->ndesc = 1;
		return rc ? rc : packed_table(vq, d.addr, n, ch);
	}
	for (;;) {
		if (rc)
			return rc;
		if (!full)
			rc = iomi_vq_dev_walk_add(&w, d.addr, d.len, flags);
		full = full || rc == IOM_E2BIG;
		if (rc && rc != IOM_E2BIG)
			return rc;
		if (!(flags & VIRTQ_DESC_F_NEXT))
			break;
		if (++count > room)
			return IOM_EPROTO;
		advance(vq, &at.avail, &at.avail_wrap, 1);
		rc = iomi_vq_dev_desc_read(vq, at.avail, &d);
		flags = rc ? 0 : d.at14;
		/* The driver shows the first descriptor last: these must stand already. */
		if (!rc && (!is_available(flags, at.avail_wrap) ||
			    (flags & VIRTQ_DESC_F_INDIRECT)))
			return IOM_EPROTO;
	}
	ch->id = d.at12;
	ch->ndesc = (uint16_t)count;
	return iomi_vq_dev_walk_end(&w, full ? IOM_E2BIG : IOM_OK);
}

static int packed_one(struct iom_vq_dev *vq, struct iom_vq_chain *ch)
{
	uint16_t flags;
	int rc = packed_look(vq, &flags);

	if (!rc && !is_available(flags, vq->st.avail_wrap)) {
		if (!vq->polling)
			rc = packed_ask(vq, &flags);
		if (!rc && !is_available(flags, vq->st.avail_wrap))
			return IOM_EAGAIN;
	}
	if (!rc)
		rc = packed_hush(vq);
	if (rc)
		return rc;
	/* All slots are in flight, and the driver has written over one. */
	if (vq->inflight == vq->cfg.size)
		return IOM_EPROTO;
	rc = packed_chain(vq, flags, ch);
	if (rc && rc != IOM_E2BIG)
		return rc;
	advance(vq, &vq->st.avail, &vq->st.avail_wrap, ch->ndesc);
	vq->inflight = (uint16_t)(vq->inflight + ch->ndesc);
	return rc;
}

int iomi_vq_dev_packed_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch, unsigned int n,
			   unsigned int *got)
{
	int rc = IOM_OK;

	while (*got < n && !rc && (!*got || iomi_vq_dev_room(vq, ch + *got))) {
		rc = packed_one(vq, ch + *got);
		*got += !rc || rc == IOM_E2BIG;
	}
	return rc;
}

static int packed_used(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint32_t written)
{
	uint64_t at = 16 * (uint64_t)vq->st.used + offsetof(struct pvirtq_desc, len);
	unsigned int flags = 0;
	uint8_t len_id[6];
	int rc = IOM_OK;

	/* 2.8.3, 2.8.4: WRITE says that something was written and len is valid. */
	if (written)
		flags |= VIRTQ_DESC_F_WRITE;
	if (vq->st.used_wrap)
		flags |= VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;
	iom_put_le32(len_id, written);
	iom_put_le16(len_id + 4, ch->id);
	if (vq->desc.map)
		memcpy(vq->desc.map + at, len_id, sizeof(len_id));
	else
		rc = iom_gmem_write(vq->gmem, vq->desc.addr + at, len_id, sizeof(len_id));
	/* The flags show the rest, so they come last; the store releases. */
	if (!rc)
		rc = iomi_vq_dev_store16(vq, &vq->desc, at + 6, flags);
	if (!rc)
		advance(vq, &vq->st.used, &vq->st.used_wrap, ch->ndesc);
	return rc;
}

int iomi_vq_dev_packed_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
			    const uint32_t *written, unsigned int n)
{
	int rc = iomi_vq_dev_area(vq, &vq->desc);
	unsigned int i;

	for (i = 0; i < n && !rc; i++)
		rc = packed_used(vq, &ch[i], written[i]);
	return rc;
}

/* Positions of two laps in one number, so that differences need no wrap counter. */
static uint32_t linear(const struct iom_vq_dev *vq, uint32_t slot, bool wrap)
{
	return wrap ? slot : slot + vq->cfg.size;
}

static int packed_driver_event(struct iom_vq_dev *vq, uint32_t *e)
{
	uint64_t v;
	int rc = iomi_vq_dev_area(vq, &vq->driver);

	if (rc)
		return rc;
	if (vq->driver.map) {
		*e = IOMI_LE32(atomic_load((_Atomic uint32_t *)(void *)vq->driver.map));
		return IOM_OK;
	}
	rc = iom_gmem_load(vq->gmem, vq->driver.addr, PVIRTQ_EVENT_SIZE, &v);
	if (!rc)
		*e = (uint32_t)v;
	return rc;
}

int iomi_vq_dev_packed_want_irq(struct iom_vq_dev *vq, bool *want)
{
	uint32_t e, off, back, laps = 2 * (uint32_t)vq->cfg.size;
	int rc;

	*want = true;
	rc = packed_driver_event(vq, &e);
	if (rc)
		return rc;
	off = IOM_FIELD_GET(PVIRTQ_EVENT_DESC_OFF, e);
	switch (IOM_FIELD_GET(PVIRTQ_EVENT_FLAGS, e)) {
	case RING_EVENT_FLAGS_DISABLE:
		*want = false;
		return IOM_OK;
	case RING_EVENT_FLAGS_DESC:
		/* 2.8.10: reserved without EVENT_IDX; too many interrupts do no harm. */
		if (!vq->cfg.event_idx || off >= vq->cfg.size)
			return IOM_OK;
		/* Slots used since the one asked for, over two laps. */
		back = linear(vq, vq->st.used, vq->st.used_wrap) + laps -
		       linear(vq, off, !!(e & PVIRTQ_EVENT_DESC_WRAP));
		*want = (back - 1) % laps < vq->unsignalled;
		return IOM_OK;
	default:
		return IOM_OK;
	}
}

int iomi_vq_dev_packed_pending(struct iom_vq_dev *vq, bool *pending)
{
	uint16_t flags;
	int rc = packed_look(vq, &flags);

	*pending = !rc && is_available(flags, vq->st.avail_wrap);
	return rc;
}
