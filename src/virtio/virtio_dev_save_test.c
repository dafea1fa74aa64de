/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of a virtio device. Laws:
 *  1. a device restored at any moment of a random life goes on as if nothing
 *     had happened, for both rings, and needs no kick for what waits;
 *  2. save says what it needs and never writes more than it is given;
 *  3. a stream that is cut, damaged, foreign, or well-formed with values that no
 *     device can have, is refused with nothing changed;
 *  4. what is accepted obeys the rules of status, features and queues;
 *  5. a reset that waits for accesses when the device is saved is over when it
 *     is restored.
 */
#include <iom/base/endian.h>
#include <iom/base/field.h>
#include <iom/base/state.h>

#include "lib/virtio_echo.h"

#define STREAM	1024u

static size_t save(struct echo *e, uint8_t *buf)
{
	size_t len = 0;

	assert_int_equal(iom_virtio_dev_save(&e->d, buf, STREAM, &len), IOM_OK);
	assert_true(len <= STREAM);
	return len;
}

/* Another device object, as in another process, over the same guest memory. */
static void new_device(struct echo *e)
{
	struct iom_virtio_dev_cfg cfg = echo_cfg(e);

	memset(&e->d, 0xa5, sizeof(e->d));
	assert_int_equal(iom_virtio_dev_init(&e->d, &echo_ops, &cfg), IOM_OK);
	iom_virtio_dev_bind(&e->d, &echo_transport_ops, e);
}

static void move(struct echo *e)
{
	uint8_t buf[STREAM], again[STREAM];
	uint8_t status = iom_virtio_dev_status(&e->d);
	size_t len = save(e, buf), used = 0;

	new_device(e);
	assert_int_equal(iom_virtio_dev_restore(&e->d, buf, STREAM, &used), IOM_OK);
	assert_int_equal(used, len);
	assert_int_equal(iom_virtio_dev_status(&e->d), status);
	/* From here on a stream is what it was restored from. */
	len = save(e, buf);
	new_device(e);
	assert_int_equal(iom_virtio_dev_restore(&e->d, buf, len, &used), IOM_OK);
	assert_int_equal(save(e, again), len);
	assert_memory_equal(buf, again, len);
}

static void goes_on(void **state)
{
	unsigned int life, step, q, sent, came, total = 0;
	struct echo *e = echo_new();
	struct test_rng rng;
	bool kicked;

	(void)state;
	test_rng_init(&rng);
	for (life = 0; life < 300; life++) {
		iom_virtio_dev_set_status(&e->d, 0);
		move(e);
		echo_bring_up(e, (life & 1 ? PACKED : 0) | (life & 2 ? 1u << 29 : 0));
		move(e);
		echo_go(e);
		sent = came = 0;
		for (step = 0; step < 60; step++) {
			q = test_rng_below(&rng, 2) ? 2 : 0;
			switch (test_rng_below(&rng, 6)) {
			case 0:
				move(e);
				break;
			case 1:
				e->budget = 1 + (unsigned int)test_rng_below(&rng, 3);
				iom_virtio_dev_run(&e->d);
				break;
			case 2:
				came += echo_got(e, q);
				break;
			default:
				if (e->ref[q].nr_free < 2)
					break;
				echo_send(e, q);
				sent++;
				kicked = vq_ref_kick(&e->ref[q]);
				/* The kick is lost in the move: it was on its way. */
				if (kicked && !test_rng_below(&rng, 4))
					move(e);
				else if (kicked)
					iom_virtio_dev_kick(&e->d, q);
			}
		}
		while (iom_virtio_dev_run(&e->d) == IOM_EAGAIN)
			;
		while (echo_got(e, 0) || echo_got(e, 2))
			came++;
		assert_int_equal(came, sent);
		assert_int_equal(iom_virtio_dev_status(&e->d), ACK | DRV | FEAT_OK | DRV_OK);
		total += came;
	}
	assert_true(total > 3000);
	echo_free(e);
}

/* A driver that has gone astray stays there. */
static void broken_stays_broken(void **state)
{
	struct echo *e = echo_new();

	(void)state;
	echo_bring_up(e, 0);
	echo_go(e);
	e->mem[e->ref[0].cfg.driver + 3] = 0x80;
	iom_virtio_dev_kick(&e->d, 0);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_true(iom_virtio_dev_status(&e->d) & NEEDS);
	move(e);
	assert_true(iom_virtio_dev_status(&e->d) & NEEDS);
	assert_true(e->d.queue[0].vq.broken);
	assert_false(e->d.queue[2].vq.broken);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	echo_free(e);
}

static struct echo *busy_device(uint64_t f)
{
	struct echo *e = echo_new();

	echo_bring_up(e, f);
	echo_go(e);
	e->budget = 1;
	echo_send(e, 0);
	echo_send(e, 2);
	iom_virtio_dev_kick(&e->d, 0);
	iom_virtio_dev_run(&e->d);
	iom_virtio_dev_config_changed(&e->d);
	return e;
}

static void save_says_what_it_needs(void **state)
{
	struct echo *e = busy_device(PACKED);
	uint8_t buf[STREAM], part[STREAM + 1];
	size_t len = save(e, buf), cap, need = 0;

	(void)state;
	assert_int_equal(iom_virtio_dev_save(&e->d, NULL, 0, &need), IOM_ENOSPC);
	assert_int_equal(need, len);
	for (cap = 0; cap < len; cap++) {
		memset(part, 0x77, sizeof(part));
		assert_int_equal(iom_virtio_dev_save(&e->d, part, cap, &need), IOM_ENOSPC);
		assert_int_equal(need, len);
		assert_int_equal(part[cap], 0x77);
	}
	echo_free(e);
}

static void refused(struct echo *e, const uint8_t *buf, size_t size)
{
	struct iom_virtio_dev before;
	size_t used = 4711;

	memcpy(&before, &e->d, sizeof(before));
	assert_int_equal(iom_virtio_dev_restore(&e->d, buf, size, &used), IOM_EINVAL);
	assert_memory_equal(&e->d, &before, sizeof(before));
	assert_int_equal(used, 4711);
}

static void damage_is_refused(void **state)
{
	struct echo *e = busy_device(0);
	uint8_t buf[STREAM], bad[STREAM];
	size_t len = save(e, buf), i;
	unsigned int bit;

	(void)state;
	for (i = 0; i < len; i++)
		refused(e, buf, i);
	for (i = 0; i < len; i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(bad, buf, len);
			bad[i] = (uint8_t)(bad[i] ^ 1u << bit);
			refused(e, bad, len);
		}
	echo_free(e);
}

static void foreign_is_refused(void **state)
{
	struct echo *e = busy_device(0);
	struct iom_virtio_dev_cfg cfg[6];
	uint8_t buf[STREAM];
	size_t len = save(e, buf), i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(cfg); i++)
		cfg[i] = echo_cfg(e);
	cfg[0].device_id = 43;
	cfg[1].features ^= 4;
	cfg[2].nr_queues = 2;
	cfg[3].queue_size_max[0] = 16;
	cfg[4].queue_size_max[1] = 8;
	cfg[5].cfg_len = 12;
	for (i = 0; i < IOM_ARRAY_SIZE(cfg); i++) {
		assert_int_equal(iom_virtio_dev_init(&e->d, &echo_ops, &cfg[i]), IOM_OK);
		refused(e, buf, len);
	}
	echo_free(e);
}

/* The checksum is right, the values are anything. */
static void well_formed_nonsense(void **state)
{
	struct echo *e[2] = { busy_device(0), busy_device(PACKED) };
	unsigned int i, k, n, good = 0, bad = 0, q;
	uint8_t buf[2][STREAM], s[STREAM];
	struct iom_virtio_dev before;
	struct test_rng rng;
	size_t len[2], used;
	int rc;

	(void)state;
	test_rng_init(&rng);
	for (k = 0; k < 2; k++)
		len[k] = save(e[k], buf[k]);
	for (i = 0; i < 40000; i++) {
		k = i & 1;
		memcpy(s, buf[k], len[k]);
		for (n = 1 + (unsigned int)test_rng_below(&rng, 3); n; n--)
			s[16 + test_rng_below(&rng, len[k] - 20)] = (uint8_t)test_rng_edgy(&rng);
		iom_put_le32(s + len[k] - 4, iom_state_crc32c(0, s, len[k] - 4));
		memcpy(&before, &e[k]->d, sizeof(before));
		rc = iom_virtio_dev_restore(&e[k]->d, s, len[k], &used);
		if (rc) {
			assert_int_equal(rc, IOM_EINVAL);
			assert_memory_equal(&e[k]->d, &before, sizeof(before));
			bad++;
			continue;
		}
		good++;
		{
			struct iom_virtio_dev *d = &e[k]->d;
			uint8_t st = iom_virtio_dev_status(d);
			uint64_t f = iom_virtio_dev_negotiated(d);

			assert_int_equal(f & ~(OFFER | V1), 0);
			assert_int_equal(!!(f & V1), !!(st & FEAT_OK));
			assert_true(!(st & DRV_OK) || (st & FEAT_OK));
			for (q = 0; q < NR_Q; q++) {
				struct iom_virtio_queue *queue = &d->queue[q];

				if (!atomic_load(&queue->ready))
					continue;
				assert_true(st & FEAT_OK);
				assert_true(queue->vq.enabled);
				assert_true(queue->vq.inflight <= queue->vq.cfg.size);
				assert_true(queue->vq.cfg.size <= queue->size_max);
				assert_int_equal(queue->vq.cfg.packed, !!(f & PACKED));
			}
			/* Whatever it is now, it runs without harm. */
			iom_virtio_dev_run(d);
			assert_int_equal(iom_virtio_dev_restore(d, buf[k], len[k], &used), IOM_OK);
		}
	}
	assert_true(good > 1000 && bad > 1000);
	echo_free(e[0]);
	echo_free(e[1]);
}

static bool never(struct iom_virtio_dev *d)
{
	(void)d;
	return false;
}

static void draining_reset_is_over(void **state)
{
	struct echo *e = echo_new();
	uint8_t buf[STREAM];
	size_t len, used;

	(void)state;
	echo_bring_up(e, 0);
	echo_go(e);
	e->d.ops.reset_done = never;
	iom_virtio_dev_set_status(&e->d, 0);
	assert_int_not_equal(iom_virtio_dev_status(&e->d), 0);
	len = save(e, buf);
	new_device(e);
	assert_int_equal(iom_virtio_dev_restore(&e->d, buf, len, &used), IOM_OK);
	assert_int_equal(iom_virtio_dev_status(&e->d), 0);
	/* The driver that waited for this goes on. */
	echo_bring_up(e, 0);
	echo_go(e);
	assert_int_equal(iom_virtio_dev_status(&e->d), ACK | DRV | FEAT_OK | DRV_OK);
	echo_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on),
		cmocka_unit_test(broken_stays_broken),
		cmocka_unit_test(save_says_what_it_needs),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(foreign_is_refused),
		cmocka_unit_test(well_formed_nonsense),
		cmocka_unit_test(draining_reset_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
