/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of a virtio device: one record that says what device it is for,
 * what the driver wrote, and where the rings stand. The order of the fields in
 * save and restore is the format; a change of it is a new version.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/spec/virtio.h>
#include <iom/virtio/virtio_dev.h>

#include "virtio/virtio_dev_priv.h"

#define MAGIC		0x64767669u	/* "ivvd" */
#define VERSION		1u

#define Q_READY		0x1u
#define Q_BROKEN	0x2u
#define Q_AVAIL_WRAP	0x4u
#define Q_USED_WRAP	0x8u
#define Q_FLAGS		0xfu

#define STATUS_ALL	(VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
			 VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK | \
			 VIRTIO_STATUS_DEVICE_NEEDS_RESET | VIRTIO_STATUS_FAILED)

/* A stream, taken apart and checked before anything of it is used. */
struct saved {
	uint8_t status;
	uint8_t generation;
	uint32_t kicked;
	uint64_t driver_features;
	uint32_t driver_features_beyond;
	uint32_t device_feature_sel;
	uint32_t driver_feature_sel;
	uint16_t queue_sel;
	struct {
		struct iom_vq_cfg cfg;
		struct iom_vq_state st;
		uint8_t flags;
		struct iom_vq_dev vq;		/* what the queue will be, if ready */
	} queue[IOM_VIRTIO_DEV_QUEUES_MAX];
};

static void queue_save(struct iom_state_w *w, const struct iom_virtio_queue *queue)
{
	const struct iom_vq_dev *vq = &queue->vq;
	struct iom_vq_state st = { 0, 0, false, false };
	unsigned int flags = 0;

	if (atomic_load(&queue->ready)) {
		st = vq->st;
		flags = Q_READY | (vq->broken ? Q_BROKEN : 0);
		if (vq->cfg.packed)
			flags |= (st.avail_wrap ? Q_AVAIL_WRAP : 0) |
				 (st.used_wrap ? Q_USED_WRAP : 0);
	}
	iom_state_w_u16(w, queue->cfg.size);
	iom_state_w_u64(w, queue->cfg.desc);
	iom_state_w_u64(w, queue->cfg.driver);
	iom_state_w_u64(w, queue->cfg.device);
	iom_state_w_u8(w, (uint8_t)flags);
	iom_state_w_u16(w, st.avail);
	iom_state_w_u16(w, st.used);
}

int iom_virtio_dev_save(struct iom_virtio_dev *d, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, MAGIC, VERSION);
	unsigned int q;

	iom_state_w_u16(&w, d->cfg.device_id);
	iom_state_w_u64(&w, d->cfg.features);
	iom_state_w_u32(&w, d->cfg.cfg_len);
	iom_state_w_u8(&w, (uint8_t)d->cfg.nr_queues);
	for (q = 0; q < d->cfg.nr_queues; q++)
		iom_state_w_u16(&w, d->queue[q].size_max);
	iom_state_w_u8(&w, iomi_virtio_dev_final_status(d));
	iom_state_w_u8(&w, atomic_load(&d->generation));
	iom_state_w_u32(&w, atomic_load(&d->kicked));
	iom_state_w_u64(&w, d->driver_features);
	iom_state_w_u32(&w, d->driver_features_beyond);
	iom_state_w_u32(&w, d->device_feature_sel);
	iom_state_w_u32(&w, d->driver_feature_sel);
	iom_state_w_u16(&w, d->queue_sel);
	for (q = 0; q < d->cfg.nr_queues; q++)
		queue_save(&w, &d->queue[q]);
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

/* Is the stream of a device like this one? */
static bool same_device(const struct iom_virtio_dev *d, struct iom_state_r *r)
{
	bool same = iom_state_r_u16(r) == d->cfg.device_id;
	unsigned int q;

	same = iom_state_r_u64(r) == d->cfg.features && same;
	same = iom_state_r_u32(r) == d->cfg.cfg_len && same;
	same = iom_state_r_u8(r) == d->cfg.nr_queues && same;
	for (q = 0; same && q < d->cfg.nr_queues; q++)
		same = iom_state_r_u16(r) == d->queue[q].size_max;
	return same;
}

static void saved_read(struct saved *s, struct iom_state_r *r, unsigned int nr_queues)
{
	unsigned int q;

	s->status = iom_state_r_u8(r);
	s->generation = iom_state_r_u8(r);
	s->kicked = iom_state_r_u32(r);
	s->driver_features = iom_state_r_u64(r);
	s->driver_features_beyond = iom_state_r_u32(r);
	s->device_feature_sel = iom_state_r_u32(r);
	s->driver_feature_sel = iom_state_r_u32(r);
	s->queue_sel = iom_state_r_u16(r);
	for (q = 0; q < nr_queues; q++) {
		s->queue[q].cfg.size = iom_state_r_u16(r);
		s->queue[q].cfg.desc = iom_state_r_u64(r);
		s->queue[q].cfg.driver = iom_state_r_u64(r);
		s->queue[q].cfg.device = iom_state_r_u64(r);
		s->queue[q].flags = iom_state_r_u8(r);
		s->queue[q].st.avail = iom_state_r_u16(r);
		s->queue[q].st.used = iom_state_r_u16(r);
		s->queue[q].st.avail_wrap = !!(s->queue[q].flags & Q_AVAIL_WRAP);
		s->queue[q].st.used_wrap = !!(s->queue[q].flags & Q_USED_WRAP);
	}
}

/* The rules that set_status() and queue_enable() keep while the device lives. */
static bool saved_ok(struct saved *s, const struct iom_virtio_dev *d)
{
	bool features_ok = s->status & VIRTIO_STATUS_FEATURES_OK;
	uint64_t f = s->driver_features;
	unsigned int q;

	if ((s->status & ~STATUS_ALL) || (s->kicked >> d->cfg.nr_queues) ||
	    ((s->status & VIRTIO_STATUS_DRIVER_OK) && !features_ok))
		return false;
	if (features_ok && ((f & ~d->cfg.features) || s->driver_features_beyond ||
			    !(f & VIRTIO_F_VERSION_1)))
		return false;
	for (q = 0; q < d->cfg.nr_queues; q++) {
		struct iom_vq_cfg *c = &s->queue[q].cfg;

		if ((s->queue[q].flags & ~Q_FLAGS))
			return false;
		if (!(s->queue[q].flags & Q_READY)) {
			if (s->queue[q].flags || s->queue[q].st.avail || s->queue[q].st.used)
				return false;
			continue;
		}
		c->packed = !!(f & VIRTIO_F_RING_PACKED);
		c->event_idx = !!(f & VIRTIO_F_EVENT_IDX);
		c->indirect = !!(f & VIRTIO_F_INDIRECT_DESC);
		if (!features_ok || c->size > d->queue[q].size_max ||
		    (!c->packed && (s->queue[q].flags & (Q_AVAIL_WRAP | Q_USED_WRAP))) ||
		    iom_vq_dev_enable(&s->queue[q].vq, d->cfg.gmem, c, &s->queue[q].st))
			return false;
		s->queue[q].vq.broken = !!(s->queue[q].flags & Q_BROKEN);
	}
	return true;
}

/* Nothing here can fail. */
static void saved_apply(const struct saved *s, struct iom_virtio_dev *d)
{
	uint32_t kicked = s->kicked;
	unsigned int q;

	d->driver_features = s->driver_features;
	d->driver_features_beyond = s->driver_features_beyond;
	d->device_feature_sel = s->device_feature_sel;
	d->driver_feature_sel = s->driver_feature_sel;
	d->queue_sel = s->queue_sel;
	for (q = 0; q < d->cfg.nr_queues; q++) {
		bool ready = s->queue[q].flags & Q_READY;

		d->queue[q].cfg = s->queue[q].cfg;
		d->queue[q].vq = s->queue[q].vq;
		atomic_store(&d->queue[q].ready, ready);
		/* What was made available while nobody looked has no kick of its own. */
		if (ready && (s->status & VIRTIO_STATUS_DRIVER_OK))
			kicked |= IOM_BIT32(q);
	}
	atomic_store(&d->generation, s->generation);
	atomic_store(&d->negotiated,
		     s->status & VIRTIO_STATUS_FEATURES_OK ? s->driver_features : 0);
	atomic_store(&d->kicked, kicked);
	atomic_store(&d->state, s->status);
}

int iomi_virtio_dev_restore_asleep(struct iom_virtio_dev *d, const void *buf, size_t size,
				   size_t *len)
{
	struct iom_state_r r;
	struct saved s;
	size_t used;
	int rc = iom_state_r_open(&r, buf, size, MAGIC, VERSION, &used);

	if (rc)
		return rc;
	memset(&s, 0, sizeof(s));
	if (!same_device(d, &r))
		return IOM_EINVAL;
	saved_read(&s, &r, d->cfg.nr_queues);
	if (iom_state_r_end(&r) || !saved_ok(&s, d))
		return IOM_EINVAL;
	saved_apply(&s, d);
	*len = used;
	return IOM_OK;
}

void iomi_virtio_dev_restore_wake(struct iom_virtio_dev *d)
{
	if (atomic_load(&d->kicked) && (atomic_load(&d->state) & VIRTIO_STATUS_DRIVER_OK))
		d->cfg.wake(d->cfg.wake_arg);
}

int iom_virtio_dev_restore(struct iom_virtio_dev *d, const void *buf, size_t size, size_t *len)
{
	int rc = iomi_virtio_dev_restore_asleep(d, buf, size, len);

	if (!rc)
		iomi_virtio_dev_restore_wake(d);
	return rc;
}
