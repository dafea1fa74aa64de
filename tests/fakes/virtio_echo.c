/* SPDX-License-Identifier: BSD-2-Clause */
/* The device of virtio_echo.h, and the half of a driver that transports share. */
#include <iom/base/field.h>

#include "fakes/virtio_echo.h"

static struct virtio_echo *of(struct iom_virtio_dev *d)
{
	return IOM_CONTAINER_OF(d, struct virtio_echo, d);
}

static void config_read(struct iom_virtio_dev *d, unsigned int off, void *buf, unsigned int len)
{
	assert_true(len <= 8 && off + len <= VIRTIO_ECHO_CFG);
	memcpy(buf, of(d)->cfg + off, len);
}

static void config_write(struct iom_virtio_dev *d, unsigned int off, const void *buf,
			 unsigned int len)
{
	const uint8_t *b = buf;
	unsigned int i;

	assert_true(len <= 8 && off + len <= VIRTIO_ECHO_CFG);
	for (i = 0; i < len; i++)
		if (off + i >= 4 && off + i < 12)
			of(d)->cfg[off + i] = b[i];
}

static int process(struct iom_virtio_dev *d, unsigned int q)
{
	struct virtio_echo *e = of(d);
	struct iom_vq_dev *vq = &d->queue[q].vq;
	struct iom_vq_seg seg[VIRTIO_ECHO_SIZE];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = VIRTIO_ECHO_SIZE };
	uint8_t b[64];
	uint32_t n, i;
	int rc;

	if (e->meanwhile) {
		e->meanwhile(e->meanwhile_arg);
		e->meanwhile = NULL;
	}
	while (!(rc = iom_vq_dev_pop(vq, &ch))) {
		e->nr_chains++;
		n = (uint32_t)(ch.out_len < ch.in_len ? ch.out_len : ch.in_len);
		if (n > sizeof(b))
			n = sizeof(b);
		rc = iom_vq_dev_read(vq, &ch, 0, b, n);
		for (i = 0; i < n; i++)
			b[i] = (uint8_t)~b[i];
		if (!rc)
			rc = iom_vq_dev_write(vq, &ch, 0, b, n);
		if (!rc)
			rc = iom_vq_dev_push(vq, &ch, n);
		if (rc)
			return rc;
	}
	return rc == IOM_EAGAIN ? IOM_OK : rc;
}

static void reset(struct iom_virtio_dev *d)
{
	of(d)->nr_resets++;
}

static void wake(void *arg)
{
	struct virtio_echo *e = arg;

	e->nr_wakes++;
}

void virtio_echo_init(struct virtio_echo *e, uint16_t device_id)
{
	static const struct iom_virtio_dev_ops ops = {
		.config_read = config_read,
		.config_write = config_write,
		.process = process,
		.reset = reset,
	};
	struct iom_virtio_dev_cfg cfg = {
		.plat = &e->pt.plat,
		.gmem = &e->gmem.g,
		.device_id = device_id,
		.features = VIRTIO_ECHO_FEATURES,
		.nr_queues = VIRTIO_ECHO_QUEUES,
		.queue_size_max = { VIRTIO_ECHO_SIZE, VIRTIO_ECHO_SIZE },
		.cfg_len = VIRTIO_ECHO_CFG,
		.wake = wake,
		.wake_arg = e,
	};
	unsigned int i;

	memset(e, 0, sizeof(*e));
	plat_test_init(&e->pt);
	for (i = 0; i < VIRTIO_ECHO_CFG; i++)
		e->cfg[i] = (uint8_t)(0xe0 + i);
	assert_int_equal(iom_gmem_flat_init(&e->gmem, VIRTIO_ECHO_BASE, e->mem, sizeof(e->mem)),
			 IOM_OK);
	assert_int_equal(iom_virtio_dev_init(&e->d, &ops, &cfg), IOM_OK);
}

#define RING_SPACE	(VIRTIO_ECHO_MEM / 4)

void virtio_echo_ring(struct virtio_echo *e, unsigned int q, bool packed, unsigned int size)
{
	const struct iom_vq_cfg cfg = { .size = (uint16_t)size, .packed = packed };
	uint64_t at = q * RING_SPACE;

	assert_true(vq_ref_bytes(size) <= RING_SPACE);
	vq_ref_init(&e->ring[q], &cfg, e->mem + at, VIRTIO_ECHO_BASE + at, NULL);
}

/* Each queue has its buffers: 256 bytes to read, 256 to write. */
#define BUFFERS(q)	(VIRTIO_ECHO_MEM / 2 + 512u * (q))

void virtio_echo_give(struct virtio_echo *e, unsigned int q, struct test_rng *rng,
		      unsigned int len)
{
	const uint64_t out = BUFFERS(q), in = out + 256;
	const struct iom_vq_seg seg[2] = {
		{ VIRTIO_ECHO_BASE + out, len }, { VIRTIO_ECHO_BASE + in, len },
	};

	test_rng_fill(rng, e->mem + out, len);
	memset(e->mem + in, 0x5c, 256);
	e->given[q] = vq_ref_add(&e->ring[q], rng, VQ_REF_DIRECT, 0, seg, 1, 1);
	assert_int_not_equal(e->given[q], VQ_REF_NONE);
	assert_true(vq_ref_kick(&e->ring[q]));
}

void virtio_echo_take(struct virtio_echo *e, unsigned int q, unsigned int len)
{
	const uint64_t out = BUFFERS(q), in = out + 256;
	uint16_t used_id;
	uint32_t used_len;
	unsigned int i;

	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_true(vq_ref_used(&e->ring[q], &used_id, &used_len));
	assert_int_equal(used_id, e->given[q]);
	assert_int_equal(used_len, len);
	for (i = 0; i < len; i++)
		assert_int_equal(e->mem[in + i], (uint8_t)~e->mem[out + i]);
	assert_int_equal(e->mem[in + len], 0x5c);
	assert_false(vq_ref_used(&e->ring[q], &used_id, &used_len));
}

void virtio_echo_exchange(struct virtio_echo *e, unsigned int q, struct test_rng *rng,
			  unsigned int len, void (*kick)(void *arg, unsigned int q), void *arg)
{
	virtio_echo_give(e, q, rng, len);
	kick(arg, q);
	virtio_echo_take(e, q, len);
}
