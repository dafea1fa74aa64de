/* SPDX-License-Identifier: BSD-2-Clause */
/* The device type and driver of virtio_echo.h. */
#include <iom/base/field.h>

#include "lib/virtio_echo.h"

static struct echo *of(struct iom_virtio_dev *d)
{
	return IOM_CONTAINER_OF(d, struct echo, d);
}

static int echo_features_ok(struct iom_virtio_dev *d, uint64_t accepted)
{
	assert_true(accepted & V1);
	assert_int_equal(accepted & ~(OFFER | V1), 0);
	return of(d)->features_rc;
}

static void echo_config_read(struct iom_virtio_dev *d, unsigned int off, void *buf,
			     unsigned int len)
{
	assert_true(len && len <= 8 && off + len <= CFG_LEN);
	memcpy(buf, of(d)->config + off, len);
}

static void echo_config_write(struct iom_virtio_dev *d, unsigned int off, const void *buf,
			      unsigned int len)
{
	assert_true(len && len <= 8 && off + len <= CFG_LEN);
	memcpy(of(d)->config + off, buf, len);
}

static int echo_process(struct iom_virtio_dev *d, unsigned int q)
{
	struct iom_vq_dev *vq = &d->queue[q].vq;
	struct iom_vq_seg seg[SIZE];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = SIZE };
	struct echo *e = of(d);
	unsigned int n = 0;
	uint8_t buf[64];
	uint32_t len;
	int rc;

	assert_true(e->fake.open);
	if (e->inside)
		e->inside(e, q);
	if (e->process_rc) {
		rc = e->process_rc;
		e->process_rc = 0;
		return rc;
	}
	while (n++ < e->budget) {
		rc = iom_vq_dev_pop(vq, &ch);
		if (rc)
			return rc == IOM_EAGAIN ? IOM_OK : rc;
		len = (uint32_t)(ch.in_len < ch.out_len ? ch.in_len : ch.out_len);
		len = len < sizeof(buf) ? len : (uint32_t)sizeof(buf);
		rc = iom_vq_dev_read(vq, &ch, 0, buf, len);
		if (!rc)
			rc = iom_vq_dev_write(vq, &ch, 0, buf, len);
		rc = iom_vq_dev_push(vq, &ch, rc ? 0 : len);
		if (rc)
			return rc;
		e->served++;
	}
	return IOM_EAGAIN;
}

static void echo_reset(struct iom_virtio_dev *d)
{
	unsigned int q;

	for (q = 0; q < NR_Q; q++)
		assert_false(atomic_load(&d->queue[q].ready));
	of(d)->resets++;
}

static void echo_driver_ok(struct iom_virtio_dev *d)
{
	assert_false(iom_virtio_dev_status(d) & DRV_OK);
	of(d)->driver_oks++;
}

static void echo_disabled(struct iom_virtio_dev *d, unsigned int q)
{
	assert_false(d->queue[q].vq.enabled);
	of(d)->disabled++;
}

const struct iom_virtio_dev_ops echo_ops = {
	.features_ok = echo_features_ok,
	.config_read = echo_config_read,
	.config_write = echo_config_write,
	.process = echo_process,
	.reset = echo_reset,
	.driver_ok = echo_driver_ok,
	.queue_disabled = echo_disabled,
};

static void tr_queue_irq(void *tr, unsigned int q)
{
	((struct echo *)tr)->queue_irqs[q]++;
}

static void tr_config_irq(void *tr)
{
	((struct echo *)tr)->config_irqs++;
}

static void tr_reset(void *tr)
{
	/* The type's own reset has come first. */
	((struct echo *)tr)->tr_resets++;
	assert_int_equal(((struct echo *)tr)->tr_resets, ((struct echo *)tr)->resets);
}

const struct iom_virtio_transport_ops echo_transport_ops = {
	.queue_irq = tr_queue_irq,
	.config_irq = tr_config_irq,
	.reset = tr_reset,
};

static void wake(void *arg)
{
	((struct echo *)arg)->wakes++;
}

struct iom_virtio_dev_cfg echo_cfg(struct echo *e)
{
	struct iom_virtio_dev_cfg cfg = {
		.plat = &e->plat.plat,
		.gmem = &e->fake.g,
		.device_id = 42,
		.features = OFFER,
		.nr_queues = NR_Q,
		.queue_size_max = { SIZE, 0, 64 },
		.cfg_len = CFG_LEN,
		.wake = wake,
		.wake_arg = e,
	};

	return cfg;
}

struct echo *echo_new(void)
{
	struct echo *e = calloc(1, sizeof(*e));
	struct iom_virtio_dev_cfg cfg;

	e->mem = aligned_alloc(64, MEM);
	memset(e->mem, 0, MEM);
	e->budget = 100;
	plat_test_init(&e->plat);
	assert_int_equal(iom_gmem_flat_init(&e->flat, 0, e->mem, MEM), IOM_OK);
	gmem_fake_init(&e->fake, &e->flat.g);
	cfg = echo_cfg(e);
	assert_int_equal(iom_virtio_dev_init(&e->d, &echo_ops, &cfg), IOM_OK);
	iom_virtio_dev_bind(&e->d, &echo_transport_ops, e);
	return e;
}

void echo_free(struct echo *e)
{
	assert_int_equal(plat_test_live(&e->plat), 0);
	assert_false(e->fake.open);
	free(e->mem);
	free(e);
}

void echo_features(struct echo *e, uint64_t f)
{
	iom_virtio_dev_set_features(&e->d, 0, (uint32_t)f);
	iom_virtio_dev_set_features(&e->d, 1, (uint32_t)(f >> 32));
}

void echo_enable(struct echo *e, unsigned int q)
{
	struct iom_vq_cfg cfg = { .size = SIZE };
	uint64_t f = iom_virtio_dev_negotiated(&e->d);

	cfg.packed = f & PACKED;
	cfg.indirect = f & 1u << 28;
	cfg.event_idx = f & 1u << 29;
	vq_ref_init(&e->ref[q], &cfg, e->mem + RING(q), RING(q), NULL);
	e->d.queue[q].cfg.size = SIZE;
	e->d.queue[q].cfg.desc = e->ref[q].cfg.desc;
	e->d.queue[q].cfg.driver = e->ref[q].cfg.driver;
	e->d.queue[q].cfg.device = e->ref[q].cfg.device;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, q), IOM_OK);
	assert_true(atomic_load(&e->d.queue[q].ready));
	assert_int_equal(e->d.queue[q].vq.cfg.packed, cfg.packed);
	assert_int_equal(e->d.queue[q].vq.cfg.indirect, cfg.indirect);
	assert_int_equal(e->d.queue[q].vq.cfg.event_idx, cfg.event_idx);
}

void echo_bring_up(struct echo *e, uint64_t f)
{
	iom_virtio_dev_set_status(&e->d, ACK);
	iom_virtio_dev_set_status(&e->d, ACK | DRV);
	echo_features(e, f | V1);
	iom_virtio_dev_set_status(&e->d, ACK | DRV | FEAT_OK);
	assert_int_equal(iom_virtio_dev_status(&e->d), ACK | DRV | FEAT_OK);
	echo_enable(e, 0);
	echo_enable(e, 2);
}

void echo_go(struct echo *e)
{
	iom_virtio_dev_set_status(&e->d, ACK | DRV | FEAT_OK | DRV_OK);
	assert_int_equal(iom_virtio_dev_status(&e->d), ACK | DRV | FEAT_OK | DRV_OK);
}

void echo_send(struct echo *e, unsigned int q)
{
	static const struct iom_vq_seg seg[2] = { { DATA, 16 }, { DATA + 0x100, 20 } };

	assert_int_not_equal(vq_ref_add(&e->ref[q], NULL, VQ_REF_DIRECT, 0, seg, 1, 1),
			     VQ_REF_NONE);
}

bool echo_got(struct echo *e, unsigned int q)
{
	uint16_t id;
	uint32_t len;
	bool any = vq_ref_used(&e->ref[q], &id, &len);

	if (any)
		assert_int_equal(len, 16);
	return any;
}
