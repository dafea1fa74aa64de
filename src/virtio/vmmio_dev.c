/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-mmio version 2, device side: VIRTIO 1.3 section 4.2. Registers are a
 * view of the virtio device; only InterruptStatus lives here.
 *
 * Invariant: the interrupt line is asserted exactly while InterruptStatus is not
 * 0; both change in one step under the lock, so no interrupt is lost between an
 * acknowledgement and a new event.
 */
#include <iom/base/endian.h>
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/spec/virtio.h>
#include <iom/virtio/vmmio_dev.h>

#include "virtio/transport_regs.h"
#include "virtio/virtio_dev_priv.h"

#define MAGIC	0x6d6d7669u	/* "ivmm" */
#define VERSION	1u

#define ISR_BITS (VIRTIO_MMIO_INT_USED_BUFFER | VIRTIO_MMIO_INT_CONFIG_CHANGE)

/* --- interrupts: any thread --------------------------------------------------------- */

static void isr_change(struct iom_vmmio_dev *m, uint32_t clear, uint32_t set)
{
	struct iom_plat *plat = m->d->cfg.plat;
	uint32_t was;

	iom_plat_lock(plat, &m->lock);
	was = m->isr;
	m->isr = (was & ~clear) | set;
	if (!was != !m->isr)
		m->irq(m->irq_arg, m->isr != 0);
	iom_plat_unlock(plat, &m->lock);
}

static uint32_t isr_get(struct iom_vmmio_dev *m)
{
	struct iom_plat *plat = m->d->cfg.plat;
	uint32_t isr;

	iom_plat_lock(plat, &m->lock);
	isr = m->isr;
	iom_plat_unlock(plat, &m->lock);
	return isr;
}

static void queue_irq(void *transport, unsigned int q)
{
	(void)q;
	isr_change(transport, 0, VIRTIO_MMIO_INT_USED_BUFFER);
}

static void config_irq(void *transport)
{
	isr_change(transport, 0, VIRTIO_MMIO_INT_CONFIG_CHANGE);
}

/* 4.2.2.1: InterruptStatus is cleared with the rest. */
static void transport_reset(void *transport)
{
	isr_change(transport, UINT32_MAX, 0);
}

static const struct iom_virtio_transport_ops transport_ops = {
	.queue_irq = queue_irq,
	.config_irq = config_irq,
	.reset = transport_reset,
};

int iom_vmmio_dev_init(struct iom_vmmio_dev *m, struct iom_virtio_dev *d, uint32_t vendor,
		       void (*irq)(void *arg, bool level), void *irq_arg)
{
	struct iom_plat *plat = d->cfg.plat;
	struct iom_lock lock;
	int rc;

	if (!irq)
		return IOM_EINVAL;
	rc = plat->ops.lock_init(plat, &lock);
	if (rc)
		return rc;
	m->d = d;
	m->vendor = vendor;
	m->irq = irq;
	m->irq_arg = irq_arg;
	m->lock = lock;
	m->isr = 0;
	iom_virtio_dev_bind(d, &transport_ops, m);
	return IOM_OK;
}

void iom_vmmio_dev_fini(struct iom_vmmio_dev *m)
{
	struct iom_plat *plat = m->d->cfg.plat;

	plat->ops.lock_fini(plat, &m->lock);
}

/* --- registers: register thread ---------------------------------------------------- */

static uint32_t reg_read(struct iom_vmmio_dev *m, unsigned int off)
{
	struct iom_virtio_dev *d = m->d;
	const struct iom_virtio_queue *queue = transport_queue(d);

	switch (off) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return VIRTIO_MMIO_MAGIC;
	case VIRTIO_MMIO_VERSION:
		return VIRTIO_MMIO_VERSION_2;
	case VIRTIO_MMIO_DEVICE_ID:
		return d->cfg.device_id;
	case VIRTIO_MMIO_VENDOR_ID:
		return m->vendor;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return iom_virtio_dev_features(d, d->device_feature_sel);
	case VIRTIO_MMIO_QUEUE_SIZE_MAX:
		return queue ? queue->size_max : 0;
	case VIRTIO_MMIO_QUEUE_READY:
		return queue && atomic_load(&queue->ready);
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return isr_get(m);
	case VIRTIO_MMIO_STATUS:
		return iom_virtio_dev_status(d);
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_LEN_HIGH:
	case VIRTIO_MMIO_SHM_BASE_LOW:
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		/* 4.2.2.1: a shared memory region that is not there. */
		return UINT32_MAX;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		return atomic_load(&d->generation);
	default:
		return 0;
	}
}

/* 4.2.2.2: the driver sees a reset through at once, and need not poll. */
static void status_write(struct iom_vmmio_dev *m, uint8_t val)
{
	struct iom_virtio_dev *d = m->d;
	unsigned int turn;

	iom_virtio_dev_set_status(d, val);
	for (turn = 0; !val && iom_virtio_dev_status(d); turn++)
		d->cfg.plat->ops.relax(d->cfg.plat, turn);
}

static void ready_write(struct iom_vmmio_dev *m, const struct iom_virtio_queue *queue, uint32_t val)
{
	struct iom_virtio_dev *d = m->d;
	unsigned int turn;

	if (val == 1)
		(void)iom_virtio_dev_queue_enable(d, d->queue_sel);
	if (val)
		return;
	iom_virtio_dev_queue_disable(d, d->queue_sel);
	for (turn = 0; atomic_load(&queue->ready); turn++)
		d->cfg.plat->ops.relax(d->cfg.plat, turn);
}

static void queue_write(struct iom_vmmio_dev *m, struct iom_virtio_queue *queue, unsigned int off,
			uint32_t val)
{
	struct iom_vq_cfg *cfg = &queue->cfg;

	if (off == VIRTIO_MMIO_QUEUE_READY) {
		ready_write(m, queue, val);
		return;
	}
	/* The ring's place is the worker's from QueueReady on. */
	if (atomic_load(&queue->ready))
		return;
	switch (off) {
	case VIRTIO_MMIO_QUEUE_SIZE:
		transport_set_size(queue, val);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
		transport_set_low(&cfg->desc, val);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		transport_set_high(&cfg->desc, val);
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_LOW:
		transport_set_low(&cfg->driver, val);
		break;
	case VIRTIO_MMIO_QUEUE_DRIVER_HIGH:
		transport_set_high(&cfg->driver, val);
		break;
	case VIRTIO_MMIO_QUEUE_DEVICE_LOW:
		transport_set_low(&cfg->device, val);
		break;
	case VIRTIO_MMIO_QUEUE_DEVICE_HIGH:
		transport_set_high(&cfg->device, val);
		break;
	}
}

static void reg_write(struct iom_vmmio_dev *m, unsigned int off, uint32_t val)
{
	struct iom_virtio_dev *d = m->d;
	struct iom_virtio_queue *queue;

	switch (off) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		d->device_feature_sel = val;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		d->driver_feature_sel = val;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		iom_virtio_dev_set_features(d, d->driver_feature_sel, val);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		/* Beyond 16 bits there is no queue either. */
		d->queue_sel = val < UINT16_MAX ? (uint16_t)val : UINT16_MAX;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		iom_virtio_dev_kick(d, val);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		isr_change(m, val, 0);
		break;
	case VIRTIO_MMIO_STATUS:
		status_write(m, (uint8_t)val);
		break;
	default:
		queue = transport_queue(d);
		if (queue)
			queue_write(m, queue, off, val);
	}
}

/* 4.2.2.2: aligned words below Config, naturally aligned fields in it. */
static bool access_ok(uint64_t off, unsigned int len)
{
	if (len != 1 && len != 2 && len != 4 && len != 8)
		return false;
	if (off >= IOM_VMMIO_DEV_SIZE || off % len)
		return false;
	return off >= VIRTIO_MMIO_CONFIG || len == 4;
}

int iom_vmmio_dev_read(struct iom_vmmio_dev *m, uint64_t off, void *buf, unsigned int len)
{
	if (!access_ok(off, len)) {
		memset(buf, 0, len);
		return IOM_EINVAL;
	}
	if (off >= VIRTIO_MMIO_CONFIG)
		iom_virtio_dev_config_rw(m->d, off - VIRTIO_MMIO_CONFIG, buf, len, false);
	else
		iom_put_le32(buf, reg_read(m, (unsigned int)off));
	return IOM_OK;
}

int iom_vmmio_dev_write(struct iom_vmmio_dev *m, uint64_t off, const void *buf, unsigned int len)
{
	uint8_t copy[8];

	if (!access_ok(off, len))
		return IOM_EINVAL;
	memcpy(copy, buf, len);
	if (off >= VIRTIO_MMIO_CONFIG)
		iom_virtio_dev_config_rw(m->d, off - VIRTIO_MMIO_CONFIG, copy, len, true);
	else
		reg_write(m, (unsigned int)off, iom_get_le32(copy));
	return IOM_OK;
}

/* --- saved state -------------------------------------------------------------------- */

int iom_vmmio_dev_save(struct iom_vmmio_dev *m, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, MAGIC, VERSION), room, used;
	void *p;

	iom_state_w_u32(&w, isr_get(m));
	p = iom_state_w_room(&w, &room);
	(void)iom_virtio_dev_save(m->d, p, room, &used);
	w.pos += used;
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

int iom_vmmio_dev_restore(struct iom_vmmio_dev *m, const void *buf, size_t size, size_t *len)
{
	struct iom_plat *plat = m->d->cfg.plat;
	size_t used, n, virtio_len;
	const void *virtio;
	struct iom_state_r r;
	uint32_t isr;
	int rc;

	rc = iom_state_r_open(&r, buf, size, MAGIC, VERSION, &used);
	if (rc)
		return rc;
	isr = iom_state_r_u32(&r);
	iom_state_r_record(&r, &virtio, &virtio_len);
	if (iom_state_r_end(&r) || isr & ~ISR_BITS)
		return IOM_EINVAL;
	rc = iomi_virtio_dev_restore_asleep(m->d, virtio, virtio_len, &n);
	if (rc)
		return rc;
	/* The embedder's line is not part of the state: tell it even what it may know. */
	iom_plat_lock(plat, &m->lock);
	m->isr = isr;
	m->irq(m->irq_arg, isr != 0);
	iom_plat_unlock(plat, &m->lock);
	iomi_virtio_dev_restore_wake(m->d);
	*len = used;
	return IOM_OK;
}
