/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device without its transport, VIRTIO 1.3 sections 2.1-2.4 and 3.1.
 *
 * The word `state` says who owns the rings and holds device_status, so that
 * both change in one step:
 *
 *	bits 7:0	device_status
 *	INSIDE		the worker is in run() and owns the rings
 *	RESET		a reset was asked for and is not done
 *	DRAIN		of a reset: all is reset, but open accesses must end first
 *	DISABLE(q)	taking queue q away was asked for and is not done
 *
 * The register thread asks by setting a bit. If INSIDE was clear at that moment
 * it carries the wish out itself: the worker does not enter while a wish is
 * pending. If INSIDE was set, the worker carries it out before it leaves; it
 * can only leave by an exchange that finds no wish. So each wish is carried out
 * once, by one of the two, while the other keeps away from the rings. A reset
 * ends by clearing RESET and the status in one step: whoever reads status 0 can
 * begin anew, and no write of his is lost.
 *
 * A queue's ring belongs to the worker while `ready` is set; the register thread
 * prepares it before, and learns from `ready` that it has it back.
 */
#include <iom/base/mem.h>
#include <iom/spec/virtio.h>
#include <iom/virtio/virtio_dev.h>

#include "virtio/virtio_dev_priv.h"

#define INSIDE		IOM_BIT32(8)
#define RESET		IOM_BIT32(9)
#define DRAIN		IOM_BIT32(10)
#define DISABLE(q)	IOM_BIT32(16 + (q))
#define DISABLES	IOM_BITS32(16 + IOM_VIRTIO_DEV_QUEUES_MAX - 1, 16)
#define WISHES		(RESET | DISABLES)

#define STATUS_OF_DRIVER (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | \
			  VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_FEATURES_OK | \
			  VIRTIO_STATUS_FAILED)
#define STATUS_DEAD	(VIRTIO_STATUS_DEVICE_NEEDS_RESET | VIRTIO_STATUS_FAILED)

/* What the transports and this file do not do: their registers do not exist. */
#define FEATURES_NOT_HERE (VIRTIO_F_SR_IOV | VIRTIO_F_NOTIFICATION_DATA | \
			   VIRTIO_F_NOTIF_CONFIG_DATA | VIRTIO_F_RING_RESET | VIRTIO_F_ADMIN_VQ)

/* --- defaults ---------------------------------------------------------------- */

static int features_ok_any(struct iom_virtio_dev *d, uint64_t accepted)
{
	(void)d;
	(void)accepted;
	return IOM_OK;
}

static void config_read_zero(struct iom_virtio_dev *d, unsigned int off, void *buf,
			     unsigned int len)
{
	(void)d;
	(void)off;
	memset(buf, 0, len);
}

static void config_write_nothing(struct iom_virtio_dev *d, unsigned int off, const void *buf,
				 unsigned int len)
{
	(void)d;
	(void)off;
	(void)buf;
	(void)len;
}

static void nothing(struct iom_virtio_dev *d)
{
	(void)d;
}

static bool done_at_once(struct iom_virtio_dev *d)
{
	(void)d;
	return true;
}

static void queue_nothing(struct iom_virtio_dev *d, unsigned int q)
{
	(void)d;
	(void)q;
}

static void unbound_queue_irq(void *transport, unsigned int q)
{
	(void)transport;
	(void)q;
}

static void unbound(void *transport)
{
	(void)transport;
}

static const struct iom_virtio_transport_ops no_transport = {
	.queue_irq = unbound_queue_irq,
	.config_irq = unbound,
	.reset = unbound,
};

/* --- birth --------------------------------------------------------------------- */

static bool cfg_ok(const struct iom_virtio_dev_cfg *c)
{
	unsigned int q;

	if (!c->plat || !c->gmem || !c->wake || !c->device_id || c->device_id > 63 ||
	    !c->nr_queues || c->nr_queues > IOM_VIRTIO_DEV_QUEUES_MAX || c->cfg_len > 4096 ||
	    (c->features & FEATURES_NOT_HERE))
		return false;
	for (q = 0; q < c->nr_queues; q++)
		if (c->queue_size_max[q] > IOM_VQ_SIZE_MAX ||
		    (c->queue_size_max[q] & (c->queue_size_max[q] - 1)))
			return false;
	return true;
}

/* What the register thread owns, as it is after power-on. */
static void registers_reset(struct iom_virtio_dev *d)
{
	unsigned int q;

	d->driver_features = 0;
	d->driver_features_beyond = 0;
	d->device_feature_sel = 0;
	d->driver_feature_sel = 0;
	d->queue_sel = 0;
	for (q = 0; q < d->cfg.nr_queues; q++) {
		memset(&d->queue[q].cfg, 0, sizeof(d->queue[q].cfg));
		d->queue[q].cfg.size = d->queue[q].size_max;
	}
}

int iom_virtio_dev_init(struct iom_virtio_dev *d, const struct iom_virtio_dev_ops *ops,
			const struct iom_virtio_dev_cfg *cfg)
{
	unsigned int q;

	if (!ops->process || !cfg_ok(cfg))
		return IOM_EINVAL;
	memset(d, 0, sizeof(*d));
	d->ops = *ops;
	if (!d->ops.features_ok)
		d->ops.features_ok = features_ok_any;
	if (!d->ops.config_read)
		d->ops.config_read = config_read_zero;
	if (!d->ops.config_write)
		d->ops.config_write = config_write_nothing;
	if (!d->ops.reset)
		d->ops.reset = nothing;
	if (!d->ops.reset_done)
		d->ops.reset_done = done_at_once;
	if (!d->ops.driver_ok)
		d->ops.driver_ok = nothing;
	if (!d->ops.queue_disabled)
		d->ops.queue_disabled = queue_nothing;
	d->cfg = *cfg;
	d->cfg.features |= VIRTIO_F_VERSION_1;
	d->tr = &no_transport;
	for (q = 0; q < cfg->nr_queues; q++)
		d->queue[q].size_max = cfg->queue_size_max[q];
	registers_reset(d);
	return IOM_OK;
}

void iom_virtio_dev_bind(struct iom_virtio_dev *d, const struct iom_virtio_transport_ops *tr,
			 void *tr_arg)
{
	d->tr = tr;
	d->tr_arg = tr_arg;
}

/* --- who owns the rings ----------------------------------------------------------- */

/* One queue is taken away. */
static void settle_disable(struct iom_virtio_dev *d, unsigned int q)
{
	iom_vq_dev_disable(&d->queue[q].vq);
	d->ops.queue_disabled(d, q);
	/*
	 * Before `ready`, which the register thread waits for: the queue can then
	 * be enabled at once.
	 */
	atomic_fetch_and(&d->state, ~DISABLE(q));
	/* Release: the ring is the register thread's from here on. */
	atomic_store(&d->queue[q].ready, false);
}

static void settle_reset(struct iom_virtio_dev *d)
{
	unsigned int q;

	for (q = 0; q < d->cfg.nr_queues; q++) {
		iom_vq_dev_disable(&d->queue[q].vq);
		atomic_store(&d->queue[q].ready, false);
	}
	atomic_store(&d->kicked, 0);
	atomic_store(&d->negotiated, 0);
	d->ops.reset(d);
	d->tr->reset(d->tr_arg);
	atomic_fetch_add_explicit(&d->nr_resets, 1, memory_order_relaxed);
	/* Only the register thread wishes, and it wishes nothing more during a reset. */
	if (d->ops.reset_done(d))
		atomic_fetch_and(&d->state, INSIDE);
	else
		atomic_fetch_or(&d->state, DRAIN);
}

/* Carries wishes out; the caller owns the rings. */
static void settle(struct iom_virtio_dev *d, uint32_t wishes)
{
	unsigned int q;

	if (wishes & RESET) {
		settle_reset(d);
		return;
	}
	for (q = 0; q < d->cfg.nr_queues; q++) {
		if (wishes & DISABLE(q))
			settle_disable(d, q);
	}
}

/* Register thread: the state, after a look whether a reset has drained. */
static uint32_t state_now(struct iom_virtio_dev *d)
{
	uint32_t s = atomic_load(&d->state);

	if ((s & DRAIN) && d->ops.reset_done(d)) {
		atomic_fetch_and(&d->state, INSIDE);
		s = atomic_load(&d->state);
	}
	return s;
}

/* Are there wishes for the owner of the rings to carry out? */
static bool wanting(uint32_t s)
{
	return (s & WISHES) && !(s & DRAIN);
}

/* Register thread. */
static void wish(struct iom_virtio_dev *d, uint32_t bit)
{
	uint32_t s = atomic_fetch_or(&d->state, bit);

	if ((s & INSIDE) || (s & bit))
		return;
	settle(d, bit);
	/* The worker may have been turned away with work left. */
	if (atomic_load(&d->kicked))
		d->cfg.wake(d->cfg.wake_arg);
}

/* Worker. IOM_EAGAIN: somebody is inside; IOM_EBUSY: the register thread settles. */
static int enter(struct iom_virtio_dev *d)
{
	uint32_t s = atomic_load(&d->state);

	do {
		if (s & INSIDE)
			return IOM_EAGAIN;
		if (s & WISHES)
			return IOM_EBUSY;
	} while (!atomic_compare_exchange_weak(&d->state, &s, s | INSIDE));
	return IOM_OK;
}

static void leave(struct iom_virtio_dev *d)
{
	uint32_t s = atomic_load(&d->state);

	for (;;) {
		if (wanting(s)) {
			settle(d, s & WISHES);
			s = atomic_load(&d->state);
		} else if (atomic_compare_exchange_weak(&d->state, &s, s & ~INSIDE)) {
			return;
		}
	}
}

/* --- the worker ------------------------------------------------------------------- */

static bool may_serve(const struct iom_virtio_dev *d)
{
	uint32_t s = atomic_load(&d->state);

	return (s & VIRTIO_STATUS_DRIVER_OK) && !(s & (STATUS_DEAD | WISHES));
}

static int queue_serve(struct iom_virtio_dev *d, unsigned int q)
{
	struct iom_virtio_queue *queue = &d->queue[q];
	uint16_t avail;
	int rc;

	if (!atomic_load(&queue->ready) || queue->vq.broken)
		return IOM_OK;
	if (iom_virtio_dev_resume(d))
		return IOM_ENODEV;
	queue->vq.polling = d->polling;
	avail = queue->vq.st.avail;
	rc = d->ops.process(d, q);
	d->nr_found += avail != queue->vq.st.avail;
	if (d->in_bracket) {
		iom_virtio_dev_signal(d, q);
		iom_virtio_dev_pause(d);
	}
	if (queue->vq.broken || (rc && rc != IOM_EAGAIN && rc != IOM_ENODEV)) {
		iom_virtio_dev_needs_reset(d);
		return IOM_OK;
	}
	return rc;
}

static int serve(struct iom_virtio_dev *d)
{
	bool again = false, no_dma = false;
	unsigned int q;
	int rc;

	for (q = 0; q < d->cfg.nr_queues && may_serve(d); q++) {
		if (atomic_load(&d->kicked) & IOM_BIT32(q))
			/* First forgotten, then served: a kick from now on counts anew. */
			atomic_fetch_and(&d->kicked, ~IOM_BIT32(q));
		else if (!d->polling)
			continue;
		rc = queue_serve(d, q);
		if (!rc)
			continue;
		atomic_fetch_or(&d->kicked, IOM_BIT32(q));
		again = again || rc == IOM_EAGAIN;
		no_dma = no_dma || rc == IOM_ENODEV;
	}
	if (no_dma)
		return IOM_ENODEV;
	return again ? IOM_EAGAIN : IOM_OK;
}

int iom_virtio_dev_run(struct iom_virtio_dev *d)
{
	int rc = enter(d);

	if (rc)
		return rc == IOM_EBUSY ? IOM_OK : rc;
	rc = serve(d);
	leave(d);
	/* A wish may have turned serve() away with work left. */
	if (!rc && atomic_load(&d->kicked) && may_serve(d))
		return IOM_EAGAIN;
	return rc;
}

void iom_virtio_dev_pause(struct iom_virtio_dev *d)
{
	d->in_bracket = false;
	iom_gmem_end(d->cfg.gmem);
}

int iom_virtio_dev_resume(struct iom_virtio_dev *d)
{
	if (iom_gmem_begin(d->cfg.gmem))
		return IOM_ENODEV;
	d->in_bracket = true;
	return IOM_OK;
}

void iom_virtio_dev_poll(struct iom_virtio_dev *d, bool on)
{
	/* Each queue that was polled must be asked once more. */
	if (d->polling && !on)
		atomic_fetch_or(&d->kicked, IOM_BIT32(d->cfg.nr_queues) - 1);
	d->polling = on;
}

void iom_virtio_dev_kick(struct iom_virtio_dev *d, unsigned int q)
{
	if (q >= d->cfg.nr_queues)
		return;
	atomic_fetch_or(&d->kicked, IOM_BIT32(q));
	d->cfg.wake(d->cfg.wake_arg);
}

void iom_virtio_dev_signal(struct iom_virtio_dev *d, unsigned int q)
{
	struct iom_vq_dev *vq = &d->queue[q].vq;
	bool want;
	int rc;

	if (!vq->enabled || vq->broken)
		return;
	rc = iom_vq_dev_want_irq(vq, &want);
	if (want)
		d->tr->queue_irq(d->tr_arg, q);
	if (rc && rc != IOM_ENODEV)
		iom_virtio_dev_needs_reset(d);
}

void iom_virtio_dev_config_changed(struct iom_virtio_dev *d)
{
	atomic_fetch_add(&d->generation, 1);
	if (atomic_load(&d->state) & VIRTIO_STATUS_FEATURES_OK)
		d->tr->config_irq(d->tr_arg);
}

/* 2.1.2: with DRIVER_OK set, the driver is told by a configuration interrupt. */
void iom_virtio_dev_needs_reset(struct iom_virtio_dev *d)
{
	uint32_t s = atomic_load(&d->state);

	do {
		/* Nobody drives it, it is known, or the cure is on its way. */
		if (!(s & STATUS_OF_DRIVER) || (s & (VIRTIO_STATUS_DEVICE_NEEDS_RESET | RESET)))
			return;
	} while (!atomic_compare_exchange_weak(&d->state, &s,
					       s | VIRTIO_STATUS_DEVICE_NEEDS_RESET));
	atomic_fetch_add_explicit(&d->nr_broken, 1, memory_order_relaxed);
	if (s & VIRTIO_STATUS_DRIVER_OK)
		d->tr->config_irq(d->tr_arg);
}

/* --- registers ---------------------------------------------------------------------- */

uint8_t iom_virtio_dev_status(struct iom_virtio_dev *d)
{
	uint32_t s = state_now(d);

	/* A reset under way never reads 0, even one of a device nobody drove. */
	if ((s & RESET) && !(s & UINT8_MAX))
		return VIRTIO_STATUS_DEVICE_NEEDS_RESET;
	return (uint8_t)s;
}

uint8_t iomi_virtio_dev_final_status(const struct iom_virtio_dev *d)
{
	uint32_t s = atomic_load(&d->state);

	return s & RESET ? 0 : (uint8_t)s;
}

void iom_virtio_dev_reset(struct iom_virtio_dev *d)
{
	registers_reset(d);
	wish(d, RESET);
}

/* 2.2.2, 3.1.1 step 5: is what the driver wrote acceptable? */
static bool features_accept(struct iom_virtio_dev *d)
{
	uint64_t f = d->driver_features;

	if ((f & ~d->cfg.features) || d->driver_features_beyond || !(f & VIRTIO_F_VERSION_1) ||
	    d->ops.features_ok(d, f))
		return false;
	atomic_store(&d->negotiated, f);
	return true;
}

void iom_virtio_dev_set_status(struct iom_virtio_dev *d, uint8_t val)
{
	uint32_t s = state_now(d), add = val & STATUS_OF_DRIVER & ~s;

	if (!val) {
		iom_virtio_dev_reset(d);
		return;
	}
	if (s & RESET)
		return;
	if ((add & VIRTIO_STATUS_FEATURES_OK) && !features_accept(d))
		add &= ~VIRTIO_STATUS_FEATURES_OK;
	if (!((s | add) & VIRTIO_STATUS_FEATURES_OK))
		add &= ~VIRTIO_STATUS_DRIVER_OK;
	if (add & VIRTIO_STATUS_DRIVER_OK)
		d->ops.driver_ok(d);
	atomic_fetch_or(&d->state, add);
	/* Kicks that came too early, or from driver_ok(). */
	if ((add & VIRTIO_STATUS_DRIVER_OK) && atomic_load(&d->kicked))
		d->cfg.wake(d->cfg.wake_arg);
}

uint32_t iom_virtio_dev_features(const struct iom_virtio_dev *d, uint32_t sel)
{
	return sel < 2 ? (uint32_t)(d->cfg.features >> (32 * sel)) : 0;
}

void iom_virtio_dev_set_features(struct iom_virtio_dev *d, uint32_t sel, uint32_t word)
{
	if (state_now(d) & (VIRTIO_STATUS_FEATURES_OK | RESET))
		return;
	if (sel >= 2)
		d->driver_features_beyond |= word;
	else if (sel)
		d->driver_features = (d->driver_features & UINT32_MAX) | (uint64_t)word << 32;
	else
		d->driver_features = (d->driver_features & ~(uint64_t)UINT32_MAX) | word;
}

uint64_t iom_virtio_dev_negotiated(const struct iom_virtio_dev *d)
{
	return atomic_load(&d->negotiated);
}

/* The ring's configuration under the accepted features. */
static struct iom_vq_cfg queue_cfg(const struct iom_virtio_queue *queue, uint64_t features)
{
	struct iom_vq_cfg c = queue->cfg;

	c.packed = !!(features & VIRTIO_F_RING_PACKED);
	c.event_idx = !!(features & VIRTIO_F_EVENT_IDX);
	c.indirect = !!(features & VIRTIO_F_INDIRECT_DESC);
	return c;
}

int iom_virtio_dev_queue_enable(struct iom_virtio_dev *d, unsigned int q)
{
	uint32_t s = atomic_load(&d->state);
	struct iom_virtio_queue *queue;
	struct iom_vq_cfg c;
	int rc;

	if (q >= d->cfg.nr_queues || !(s & VIRTIO_STATUS_FEATURES_OK) ||
	    (s & (RESET | DISABLE(q))))
		return IOM_EINVAL;
	queue = &d->queue[q];
	if (atomic_load(&queue->ready))
		return IOM_OK;
	c = queue_cfg(queue, iom_virtio_dev_negotiated(d));
	if (c.size > queue->size_max)
		return IOM_EINVAL;
	rc = iom_vq_dev_enable(&queue->vq, d->cfg.gmem, &c, NULL);
	if (rc)
		return rc;
	queue->cfg = c;
	/* Release: the ring is the worker's from here on. */
	atomic_store(&queue->ready, true);
	return IOM_OK;
}

void iom_virtio_dev_queue_disable(struct iom_virtio_dev *d, unsigned int q)
{
	if (q >= d->cfg.nr_queues || (atomic_load(&d->state) & RESET) ||
	    !atomic_load(&d->queue[q].ready))
		return;
	wish(d, DISABLE(q));
}

void iom_virtio_dev_config_rw(struct iom_virtio_dev *d, uint64_t off, void *buf, unsigned int len,
			      bool write)
{
	uint8_t *p = buf;
	unsigned int n;

	if (!write)
		memset(buf, 0, len);
	if (atomic_load(&d->state) & RESET)
		return;
	if (off >= d->cfg.cfg_len)
		return;
	if (len > d->cfg.cfg_len - off)
		len = d->cfg.cfg_len - (unsigned int)off;
	for (; len; len -= n, p += n, off += n) {
		n = len < 8 ? len : 8;
		if (write)
			d->ops.config_write(d, (unsigned int)off, p, n);
		else
			d->ops.config_read(d, (unsigned int)off, p, n);
	}
}
