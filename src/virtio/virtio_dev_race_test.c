/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three threads on one device: a driver that resets, negotiates, makes chains
 * available, takes queues away, and resets again whenever it likes; a worker
 * that runs on each wake; a bystander that kicks, changes configuration and now
 * and then says that the device needs a reset. Laws (ThreadSanitizer proves 1):
 *  1. from status 0 until queues are enabled anew, and from ready false until
 *     ready true, the ring is the driver's alone: it writes all over it;
 *  2. each reset is done exactly once: the type counts as many as were asked for;
 *  3. no kick is lost: what is made available comes back, or the device needs a
 *     reset.
 */
#include <pthread.h>
#include <sched.h>

#include <iom/base/field.h>
#include <iom/virtio/virtio_dev.h>

#include "fakes/plat_test.h"
#include "lib/test.h"
#include "lib/vq_ref.h"

#define NR_Q		2u
#define SIZE		8u
#define RING_BYTES	0x1000u
#define LIVES		3000u

struct world {
	struct iom_virtio_dev d;
	struct plat_test plat;
	struct iom_gmem_flat flat;
	uint8_t *mem;
	struct vq_ref ref[NR_Q];
	uint8_t config[8];
	atomic_uint wakes;
	atomic_bool end;
	atomic_uint type_resets, irqs;
	/* The type's own, not atomic: process and reset never meet. */
	unsigned long served;
};

static struct world *of(struct iom_virtio_dev *d)
{
	return IOM_CONTAINER_OF(d, struct world, d);
}

static void wake(void *arg)
{
	atomic_fetch_add(&((struct world *)arg)->wakes, 1);
}

static int process(struct iom_virtio_dev *d, unsigned int q)
{
	struct iom_vq_seg seg[SIZE];
	struct iom_vq_chain ch = { .seg = seg, .seg_max = SIZE };
	unsigned int n;
	int rc;

	for (n = 0; n < 4; n++) {
		rc = iom_vq_dev_pop(&d->queue[q].vq, &ch);
		if (rc)
			return rc == IOM_EAGAIN ? IOM_OK : rc;
		rc = iom_vq_dev_push(&d->queue[q].vq, &ch, 1);
		if (rc)
			return rc;
		of(d)->served++;
		if (n == 2)
			sched_yield();
	}
	return IOM_EAGAIN;
}

static void reset(struct iom_virtio_dev *d)
{
	unsigned int i;

	/* Long enough for the others to come by. */
	for (i = 0; i < 3; i++) {
		wake(of(d));
		sched_yield();
	}
	of(d)->served = 0;
	atomic_fetch_add(&of(d)->type_resets, 1);
	/* Written by the register thread otherwise. */
	memset(of(d)->config, 0, sizeof(of(d)->config));
}

/* As long: whoever waits for `ready` must be able to enable the queue at once. */
static void queue_disabled(struct iom_virtio_dev *d, unsigned int q)
{
	unsigned int i;

	(void)d;
	(void)q;
	for (i = 0; i < 3; i++)
		sched_yield();
}

static void config_write(struct iom_virtio_dev *d, unsigned int off, const void *buf,
			 unsigned int len)
{
	memcpy(of(d)->config + off, buf, len);
}

static void irq(void *tr, unsigned int q)
{
	(void)q;
	atomic_fetch_add(&((struct world *)tr)->irqs, 1);
}

static void quiet(void *tr)
{
	atomic_fetch_add(&((struct world *)tr)->irqs, 1);
}

static void *worker(void *arg)
{
	struct world *w = arg;
	unsigned int seen = 0, now;

	while (!atomic_load(&w->end)) {
		now = atomic_load(&w->wakes);
		if (now == seen) {
			sched_yield();
			continue;
		}
		seen = now;
		while (iom_virtio_dev_run(&w->d) == IOM_EAGAIN)
			;
	}
	return NULL;
}

static void *bystander(void *arg)
{
	struct world *w = arg;
	struct test_rng rng;

	test_rng_seed(&rng, 99);
	while (!atomic_load(&w->end)) {
		switch (test_rng_below(&rng, 64)) {
		case 0:
			iom_virtio_dev_needs_reset(&w->d);
			break;
		case 1: case 2: case 3:
			iom_virtio_dev_kick(&w->d, (unsigned int)test_rng_below(&rng, NR_Q));
			break;
		case 4: case 5:
			iom_virtio_dev_config_changed(&w->d);
			break;
		default:
			(void)iom_virtio_dev_negotiated(&w->d);
			sched_yield();
		}
	}
	return NULL;
}

/* Law 1: plain stores, which race with any access of the worker. */
static void scribble(struct world *w, unsigned int q)
{
	memset(w->mem + q * RING_BYTES, 0xee, RING_BYTES);
}

static void wait_reset(struct world *w)
{
	unsigned int turn = 0, q;

	while (iom_virtio_dev_status(&w->d))
		w->plat.plat.ops.relax(&w->plat.plat, turn++);
	for (q = 0; q < NR_Q; q++) {
		assert_false(atomic_load(&w->d.queue[q].ready));
		scribble(w, q);
	}
}

static void ring_up(struct world *w, unsigned int q, uint64_t f)
{
	struct iom_vq_cfg cfg = {
		.size = SIZE, .packed = f >> 34 & 1, .event_idx = f >> 29 & 1,
	};

	vq_ref_init(&w->ref[q], &cfg, w->mem + q * RING_BYTES, q * RING_BYTES, NULL);
	w->d.queue[q].cfg.desc = w->ref[q].cfg.desc;
	w->d.queue[q].cfg.driver = w->ref[q].cfg.driver;
	w->d.queue[q].cfg.device = w->ref[q].cfg.device;
	w->d.queue[q].cfg.size = SIZE;
	assert_int_equal(iom_virtio_dev_queue_enable(&w->d, q), IOM_OK);
}

static bool alive(struct world *w)
{
	return !(iom_virtio_dev_status(&w->d) & 64);
}

/* Law 3: all that was made available comes back. */
static void drain(struct world *w, unsigned int q)
{
	unsigned int turn = 0;
	uint16_t id;
	uint32_t len;

	while (w->ref[q].nr_free != SIZE && alive(w)) {
		if (vq_ref_used(&w->ref[q], &id, &len))
			turn = 0;
		else
			w->plat.plat.ops.relax(&w->plat.plat, turn++);
		assert_true(turn < 1000000);
	}
}

static void one_life(struct world *w, struct test_rng *rng)
{
	static const struct iom_vq_seg seg[2] = { { 0, 4 }, { 8, 4 } };
	uint64_t f = UINT64_C(1) << 32 | (test_rng_u64(rng) & (UINT64_C(1) << 34 | 1u << 29));
	unsigned int i, q, n = (unsigned int)test_rng_below(rng, 60), turn;
	uint64_t word = test_rng_u64(rng);

	iom_virtio_dev_set_status(&w->d, 1);
	iom_virtio_dev_set_status(&w->d, 3);
	iom_virtio_dev_set_features(&w->d, 0, (uint32_t)f);
	iom_virtio_dev_set_features(&w->d, 1, (uint32_t)(f >> 32));
	iom_virtio_dev_set_status(&w->d, 11);
	assert_true(iom_virtio_dev_status(&w->d) & 8);
	for (q = 0; q < NR_Q; q++)
		ring_up(w, q, f);
	iom_virtio_dev_set_status(&w->d, 15);
	for (i = 0; i < n; i++) {
		q = (unsigned int)test_rng_below(rng, NR_Q);
		switch (test_rng_below(rng, 8)) {
		case 0:
			drain(w, q);
			break;
		case 1:
			iom_virtio_dev_config_rw(&w->d, 0, &word, 8, true);
			break;
		case 2:
			if (test_rng_below(rng, 8))
				break;
			iom_virtio_dev_queue_disable(&w->d, q);
			for (turn = 0; atomic_load(&w->d.queue[q].ready); turn++)
				w->plat.plat.ops.relax(&w->plat.plat, turn);
			scribble(w, q);
			ring_up(w, q, f);
			break;
		default:
			vq_ref_add(&w->ref[q], rng, VQ_REF_DIRECT, 0, seg, 1, 1);
			if (vq_ref_kick(&w->ref[q]))
				iom_virtio_dev_kick(&w->d, q);
		}
	}
	if (test_rng_below(rng, 2))
		for (q = 0; q < NR_Q; q++)
			drain(w, q);
}

static void three_threads(void **state)
{
	static const struct iom_virtio_dev_ops ops = {
		.process = process, .reset = reset, .queue_disabled = queue_disabled,
		.config_write = config_write,
	};
	static const struct iom_virtio_transport_ops tr = {
		.queue_irq = irq, .config_irq = quiet, .reset = quiet,
	};
	struct world *w = calloc(1, sizeof(*w));
	struct iom_virtio_dev_cfg cfg = {
		.plat = &w->plat.plat,
		.gmem = &w->flat.g,
		.device_id = 1,
		.features = UINT64_C(1) << 34 | 1u << 29,
		.nr_queues = NR_Q,
		.queue_size_max = { SIZE, SIZE },
		.cfg_len = 8,
		.wake = wake,
		.wake_arg = w,
	};
	struct test_rng rng;
	pthread_t t[2];
	unsigned int i;

	(void)state;
	test_rng_init(&rng);
	plat_test_init(&w->plat);
	w->mem = aligned_alloc(64, NR_Q * RING_BYTES);
	assert_int_equal(iom_gmem_flat_init(&w->flat, 0, w->mem, NR_Q * RING_BYTES), IOM_OK);
	assert_int_equal(iom_virtio_dev_init(&w->d, &ops, &cfg), IOM_OK);
	iom_virtio_dev_bind(&w->d, &tr, w);
	pthread_create(&t[0], NULL, worker, w);
	pthread_create(&t[1], NULL, bystander, w);
	for (i = 1; i <= LIVES; i++) {
		one_life(w, &rng);
		if (test_rng_below(&rng, 2))
			iom_virtio_dev_set_status(&w->d, 0);
		else
			iom_virtio_dev_reset(&w->d);
		wait_reset(w);
		assert_int_equal(atomic_load(&w->type_resets), i);
		assert_int_equal(atomic_load(&w->d.nr_resets), i);
	}
	atomic_store(&w->end, true);
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	free(w->mem);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
