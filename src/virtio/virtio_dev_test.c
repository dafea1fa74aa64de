/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of virtio_dev (VIRTIO 1.3 sections 2.1-2.4, 3.1), driven through the
 * calls of a transport, with the device type and driver of lib/virtio_echo.h:
 *  1. status, features and queues follow the rules whatever the order of the
 *     writes (against a model of a few lines);
 *  2. nothing is consumed before DRIVER_OK; kicks from before are kept;
 *  3. a reset or a queue taken away while the worker is inside is done when it
 *     leaves, once, and until then reads as not done;
 *  4. an error of a ring, or of the type, ends in DEVICE_NEEDS_RESET;
 *  5. without DMA kicks are kept.
 */
#include <iom/base/field.h>
#include <iom/virtio/virtio_dev.h>

#include "lib/virtio_echo.h"

/* --- init --------------------------------------------------------------------- */

static void init_checks(void **state)
{
	struct echo *e = echo_new();
	struct iom_virtio_dev before = e->d;
	struct iom_virtio_dev_ops no_process = echo_ops;
	struct iom_virtio_dev_cfg bad[12];
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(bad); i++)
		bad[i] = echo_cfg(e);
	bad[0].plat = NULL;
	bad[1].gmem = NULL;
	bad[2].wake = NULL;
	bad[3].device_id = 0;
	bad[4].device_id = 64;
	bad[5].nr_queues = 0;
	bad[6].nr_queues = IOM_VIRTIO_DEV_QUEUES_MAX + 1;
	bad[7].queue_size_max[2] = 3;
	bad[8].cfg_len = 4097;
	bad[9].features |= UINT64_C(1) << 40;
	bad[10].features |= UINT64_C(1) << 38;
	bad[11].queue_size_max[2] = 0xffff;
	for (i = 0; i < IOM_ARRAY_SIZE(bad); i++)
		assert_int_equal(iom_virtio_dev_init(&e->d, &echo_ops, &bad[i]), IOM_EINVAL);
	no_process.process = NULL;
	bad[0] = echo_cfg(e);
	assert_int_equal(iom_virtio_dev_init(&e->d, &no_process, &bad[0]), IOM_EINVAL);
	assert_memory_equal(&before, &e->d, sizeof(before));
	echo_free(e);
}

/* --- features -------------------------------------------------------------------- */

static void offer_is_read_in_words(void **state)
{
	struct echo *e = echo_new();

	(void)state;
	assert_int_equal(iom_virtio_dev_features(&e->d, 0), (uint32_t)OFFER);
	assert_int_equal(iom_virtio_dev_features(&e->d, 1), (uint32_t)((OFFER | V1) >> 32));
	assert_int_equal(iom_virtio_dev_features(&e->d, 2), 0);
	assert_int_equal(iom_virtio_dev_features(&e->d, 3), 0);
	assert_int_equal(iom_virtio_dev_features(&e->d, UINT32_MAX), 0);
	echo_free(e);
}

static bool negotiates(struct echo *e, uint64_t f, uint32_t beyond)
{
	bool ok;

	iom_virtio_dev_set_status(&e->d, 0);
	iom_virtio_dev_set_status(&e->d, ACK | DRV);
	echo_features(e, f);
	iom_virtio_dev_set_features(&e->d, 2, beyond);
	iom_virtio_dev_set_features(&e->d, 3, 0);
	assert_int_equal(iom_virtio_dev_negotiated(&e->d), 0);
	iom_virtio_dev_set_status(&e->d, ACK | DRV | FEAT_OK);
	ok = iom_virtio_dev_status(&e->d) & FEAT_OK;
	assert_int_equal(iom_virtio_dev_negotiated(&e->d), ok ? f : 0);
	return ok;
}

static void features_are_accepted_or_not(void **state)
{
	struct echo *e = echo_new();
	struct test_rng rng;
	unsigned int i;

	(void)state;
	test_rng_init(&rng);
	assert_true(negotiates(e, V1, 0));
	assert_true(negotiates(e, OFFER | V1, 0));
	assert_false(negotiates(e, OFFER, 0));		/* no VERSION_1 */
	assert_false(negotiates(e, 0, 0));
	assert_false(negotiates(e, V1 | 2, 0));		/* not offered */
	assert_false(negotiates(e, V1, 1));		/* bit 64 exists nowhere */
	for (i = 0; i < 2000; i++) {
		uint64_t f = test_rng_u64(&rng) & (test_rng_below(&rng, 2) ? OFFER | V1 :
				test_rng_u64(&rng) & test_rng_u64(&rng));

		assert_int_equal(negotiates(e, f, 0), (f & V1) && !(f & ~(OFFER | V1)));
	}
	/* 2.2.2: what was accepted is accepted again after a reset. */
	assert_true(negotiates(e, OFFER | V1, 0));
	assert_true(negotiates(e, OFFER | V1, 0));
	/* The type may refuse; then the driver tries with less, without a reset. */
	e->features_rc = IOM_EOPNOTSUPP;
	assert_false(negotiates(e, OFFER | V1, 0));
	e->features_rc = 0;
	echo_features(e, V1 | 4);
	iom_virtio_dev_set_status(&e->d, ACK | DRV | FEAT_OK);
	assert_int_equal(iom_virtio_dev_negotiated(&e->d), V1 | 4);
	/* After FEATURES_OK they stand. */
	echo_features(e, V1);
	iom_virtio_dev_set_features(&e->d, 2, 1);
	iom_virtio_dev_set_status(&e->d, ACK | DRV | FEAT_OK);
	assert_int_equal(iom_virtio_dev_negotiated(&e->d), V1 | 4);
	assert_int_equal(e->d.driver_features, V1 | 4);
	echo_free(e);
}

/* --- status -------------------------------------------------------------------------- */

static void status_follows_the_rules(void **state)
{
	struct echo *e = echo_new();
	uint8_t model = 0, val;
	bool good = false;
	struct test_rng rng;
	unsigned int i, oks = 0, broken = 0;

	(void)state;
	test_rng_init(&rng);
	for (i = 0; i < 20000; i++) {
		switch (test_rng_below(&rng, 8)) {
		case 0:
			if (!(model & FEAT_OK))
				good = test_rng_below(&rng, 2);
			echo_features(e, good ? V1 : 0);
			break;
		case 1:
			iom_virtio_dev_set_status(&e->d, 0);
			model = 0;
			good = false;
			break;
		case 2:
			iom_virtio_dev_needs_reset(&e->d);
			if ((model & ~NEEDS) && !(model & NEEDS)) {
				model |= NEEDS;
				broken++;
			}
			break;
		default:
			val = (uint8_t)test_rng_u64(&rng);
			if (test_rng_below(&rng, 2))
				val = (uint8_t)(model | 1u << test_rng_below(&rng, 8));
			if (!val)
				break;
			iom_virtio_dev_set_status(&e->d, val);
			model |= val & (ACK | DRV | FAILED);
			if ((val & FEAT_OK) && good)
				model |= FEAT_OK;
			oks += (val & DRV_OK) && (model & FEAT_OK) && !(model & DRV_OK);
			if ((val & DRV_OK) && (model & FEAT_OK))
				model |= DRV_OK;
		}
		assert_int_equal(iom_virtio_dev_status(&e->d), model);
	}
	assert_int_equal(e->driver_oks, oks);
	assert_int_equal(atomic_load(&e->d.nr_broken), broken);
	assert_true(oks > 100 && broken > 100);
	echo_free(e);
}

/* --- queues ------------------------------------------------------------------------------ */

static void queue_enable_rules(void **state)
{
	struct echo *e = echo_new();
	struct iom_vq_cfg *c = &e->d.queue[0].cfg;

	(void)state;
	assert_int_equal(c->size, SIZE);
	assert_int_equal(e->d.queue[2].cfg.size, 64);
	c->desc = 0x100;
	c->driver = 0x200;
	c->device = 0x300;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	iom_virtio_dev_set_status(&e->d, ACK | DRV);
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	echo_features(e, V1);
	iom_virtio_dev_set_status(&e->d, ACK | DRV | FEAT_OK);
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 1), IOM_EINVAL);
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, NR_Q), IOM_EINVAL);
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, UINT32_MAX), IOM_EINVAL);
	c->size = 16;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	c->size = 0;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	c->size = 3;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	c->size = 4;
	c->desc = 0x108;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	assert_false(atomic_load(&e->d.queue[0].ready));
	c->desc = 0x100;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_OK);
	/* What is written while it is ready does not reach the ring. */
	c->size = 2;
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_OK);
	assert_int_equal(e->d.queue[0].vq.cfg.size, 4);
	/* 2.4.1: after reset, disabled, and the registers as at the start. */
	iom_virtio_dev_set_status(&e->d, 0);
	assert_false(atomic_load(&e->d.queue[0].ready));
	assert_int_equal(c->size, SIZE);
	assert_int_equal(c->desc, 0);
	echo_free(e);
}

static void nothing_is_consumed_before_driver_ok(void **state)
{
	struct echo *e = echo_new();

	(void)state;
	echo_bring_up(e, 0);
	echo_send(e, 0);
	echo_send(e, 2);
	iom_virtio_dev_kick(&e->d, 0);
	iom_virtio_dev_kick(&e->d, 77);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_int_equal(e->served, 0);
	assert_int_equal(e->fake.accesses, 0);
	e->wakes = 0;
	echo_go(e);
	assert_int_equal(e->wakes, 1);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_int_equal(e->served, 1);
	assert_true(echo_got(e, 0));
	assert_false(echo_got(e, 2));
	assert_int_equal(e->queue_irqs[0], 1);
	/* The type may look at a queue nobody kicked. */
	iom_virtio_dev_kick(&e->d, 2);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_true(echo_got(e, 2));
	assert_int_equal(e->queue_irqs[2], 1);
	/* Nothing pushed: no interrupt. */
	iom_virtio_dev_kick(&e->d, 2);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_int_equal(e->queue_irqs[2], 1);
	/* FAILED: the driver has given up. */
	echo_send(e, 0);
	iom_virtio_dev_set_status(&e->d, FAILED);
	iom_virtio_dev_kick(&e->d, 0);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_false(echo_got(e, 0));
	echo_free(e);
}

static void budget_is_shared(void **state)
{
	struct echo *e = echo_new();
	unsigned int i;

	(void)state;
	echo_bring_up(e, PACKED);
	echo_go(e);
	e->budget = 1;
	for (i = 0; i < 3; i++) {
		echo_send(e, 0);
		echo_send(e, 2);
	}
	iom_virtio_dev_kick(&e->d, 0);
	iom_virtio_dev_kick(&e->d, 2);
	for (i = 1; i <= 3; i++) {
		assert_int_equal(iom_virtio_dev_run(&e->d), IOM_EAGAIN);
		assert_int_equal(e->served, 2 * i);
		assert_true(echo_got(e, 0) && echo_got(e, 2));
	}
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	echo_free(e);
}

/* --- DMA and errors -------------------------------------------------------------------------- */

static void lose_bracket(struct echo *e, unsigned int q)
{
	(void)q;
	iom_virtio_dev_pause(&e->d);
	assert_false(e->fake.open);
	if (iom_virtio_dev_resume(&e->d))
		e->process_rc = IOM_ENODEV;
}

static void kicks_are_kept_without_dma(void **state)
{
	struct echo *e = echo_new();

	(void)state;
	echo_bring_up(e, 0);
	echo_go(e);
	echo_send(e, 0);
	iom_virtio_dev_kick(&e->d, 0);
	gmem_fake_fail_nth(&e->fake, 1, IOM_ENODEV);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_ENODEV);
	assert_int_equal(e->served, 0);
	/* The type waits, and there is no bracket any more when it has waited. */
	e->inside = lose_bracket;
	gmem_fake_fail_nth(&e->fake, 2, IOM_ENODEV);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_ENODEV);
	assert_int_equal(e->served, 0);
	assert_false(e->fake.open);
	/* Or pop meets it. */
	e->inside = NULL;
	gmem_fake_fail_nth(&e->fake, 3, IOM_ENODEV);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_ENODEV);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_int_equal(e->served, 1);
	assert_int_equal(iom_virtio_dev_status(&e->d) & NEEDS, 0);
	echo_free(e);
}

static void errors_need_a_reset(void **state)
{
	struct echo *e = echo_new();
	unsigned int way, served;

	(void)state;
	for (way = 0; way < 3; way++) {
		iom_virtio_dev_set_status(&e->d, 0);
		echo_bring_up(e, 0);
		echo_go(e);
		e->config_irqs = 0;
		served = e->served;
		echo_send(e, 0);
		iom_virtio_dev_kick(&e->d, 0);
		if (way == 0)
			e->mem[e->ref[0].cfg.driver + 3] = 0x80;	/* idx jumps */
		else if (way == 1)
			gmem_fake_fail_nth(&e->fake, 4, IOM_EFAULT);	/* ring fault */
		else
			e->process_rc = IOM_EIO;			/* the type */
		assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
		assert_int_equal(e->served, served);
		assert_int_equal(iom_virtio_dev_status(&e->d),
				 ACK | DRV | FEAT_OK | DRV_OK | NEEDS);
		assert_int_equal(e->config_irqs, 1);
		assert_int_equal(atomic_load(&e->d.nr_broken), way + 1);
		/* Nothing is served, nothing told twice, and no status write helps. */
		iom_virtio_dev_kick(&e->d, 2);
		iom_virtio_dev_needs_reset(&e->d);
		iom_virtio_dev_set_status(&e->d, ACK | DRV | FEAT_OK | DRV_OK);
		assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
		assert_true(iom_virtio_dev_status(&e->d) & NEEDS);
		assert_int_equal(e->config_irqs, 1);
	}
	/* Before DRIVER_OK there is nobody to tell. */
	iom_virtio_dev_set_status(&e->d, 0);
	iom_virtio_dev_set_status(&e->d, ACK);
	iom_virtio_dev_needs_reset(&e->d);
	assert_int_equal(iom_virtio_dev_status(&e->d), ACK | NEEDS);
	assert_int_equal(e->config_irqs, 1);
	echo_free(e);
}

/* --- while the worker is inside --- */

static void reset_now(struct echo *e, unsigned int q)
{
	unsigned int resets = e->resets;
	uint8_t b = 0xff;

	(void)q;
	iom_virtio_dev_set_status(&e->d, 0);
	assert_int_not_equal(iom_virtio_dev_status(&e->d), 0);
	/* Until it is done, nothing else is. */
	iom_virtio_dev_set_status(&e->d, 0);
	iom_virtio_dev_set_status(&e->d, ACK);
	echo_features(e, 0x5);
	assert_int_equal(e->d.driver_features, 0);
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	iom_virtio_dev_queue_disable(&e->d, 0);
	iom_virtio_dev_config_rw(&e->d, 0, &b, 1, true);
	assert_int_equal(e->config[0], 7);
	iom_virtio_dev_config_rw(&e->d, 0, &b, 1, false);
	assert_int_equal(b, 0);
	iom_virtio_dev_needs_reset(&e->d);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_EAGAIN);
	assert_true(atomic_load(&e->d.queue[0].ready));
	assert_int_equal(e->resets, resets);
	assert_int_equal(e->config_irqs, 0);
}

static void reset_while_inside(void **state)
{
	struct echo *e = echo_new();

	(void)state;
	e->config[0] = 7;
	echo_bring_up(e, 0);
	echo_go(e);
	iom_virtio_dev_kick(&e->d, 0);
	iom_virtio_dev_kick(&e->d, 2);
	e->inside = reset_now;
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_int_equal(iom_virtio_dev_status(&e->d), 0);
	assert_int_equal(e->resets, 1);
	assert_int_equal(e->tr_resets, 1);
	assert_int_equal(e->disabled, 0);
	assert_int_equal(atomic_load(&e->d.nr_resets), 1);
	assert_int_equal(iom_virtio_dev_negotiated(&e->d), 0);
	assert_int_equal(atomic_load(&e->d.kicked), 0);
	assert_false(atomic_load(&e->d.queue[0].ready));
	assert_false(atomic_load(&e->d.queue[2].ready));
	/* A new life begins at slot 0. */
	e->inside = NULL;
	echo_bring_up(e, PACKED);
	echo_go(e);
	echo_send(e, 0);
	iom_virtio_dev_kick(&e->d, 0);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_true(echo_got(e, 0));
	echo_free(e);
}

static void disable_now(struct echo *e, unsigned int q)
{
	assert_int_equal(q, 0);
	e->inside = NULL;
	iom_virtio_dev_queue_disable(&e->d, 0);
	assert_true(atomic_load(&e->d.queue[0].ready));
	assert_int_equal(iom_virtio_dev_queue_enable(&e->d, 0), IOM_EINVAL);
	assert_int_equal(e->disabled, 0);
}

static void queue_disabled_while_inside(void **state)
{
	struct echo *e = echo_new();

	(void)state;
	echo_bring_up(e, 0);
	echo_go(e);
	echo_send(e, 2);
	iom_virtio_dev_kick(&e->d, 0);
	iom_virtio_dev_kick(&e->d, 2);
	e->inside = disable_now;
	/* The wish stops the round; queue 2 is not forgotten. */
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_EAGAIN);
	assert_int_equal(e->disabled, 1);
	assert_false(atomic_load(&e->d.queue[0].ready));
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_true(echo_got(e, 2));
	/* Nobody inside: at once. A queue that is not ready is not served. */
	iom_virtio_dev_kick(&e->d, 0);
	iom_virtio_dev_queue_disable(&e->d, 2);
	iom_virtio_dev_queue_disable(&e->d, 2);
	iom_virtio_dev_queue_disable(&e->d, 99);
	assert_int_equal(e->disabled, 2);
	assert_false(atomic_load(&e->d.queue[2].ready));
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	/* Enabled anew, it starts at the beginning. */
	echo_enable(e, 0);
	echo_send(e, 0);
	iom_virtio_dev_kick(&e->d, 0);
	assert_int_equal(iom_virtio_dev_run(&e->d), IOM_OK);
	assert_true(echo_got(e, 0));
	echo_free(e);
}

/* --- configuration space --- */

static void config_space(void **state)
{
	struct echo *e = echo_new();
	uint8_t model[CFG_LEN], buf[40], want[40];
	struct test_rng rng;
	unsigned int i, k, len;
	uint64_t off;

	(void)state;
	test_rng_init(&rng);
	test_rng_fill(&rng, model, sizeof(model));
	memcpy(e->config, model, sizeof(model));
	for (i = 0; i < 5000; i++) {
		off = test_rng_below(&rng, 4) ? test_rng_below(&rng, CFG_LEN + 4) :
						test_rng_edgy(&rng);
		len = (unsigned int)test_rng_below(&rng, sizeof(buf) + 1);
		test_rng_fill(&rng, buf, sizeof(buf));
		memcpy(want, buf, sizeof(buf));
		if (test_rng_below(&rng, 2)) {
			for (k = 0; k < len; k++)
				if (off < CFG_LEN && off + k < CFG_LEN)
					model[off + k] = buf[k];
			iom_virtio_dev_config_rw(&e->d, off, buf, len, true);
		} else {
			for (k = 0; k < len; k++)
				want[k] = off < CFG_LEN && off + k < CFG_LEN ? model[off + k] : 0;
			iom_virtio_dev_config_rw(&e->d, off, buf, len, false);
		}
		assert_memory_equal(buf, want, sizeof(buf));
		assert_memory_equal(e->config, model, CFG_LEN);
	}
	/* 2.5, 4.1.4.3: the generation changes; an interrupt once a driver listens. */
	iom_virtio_dev_config_changed(&e->d);
	assert_int_equal(atomic_load(&e->d.generation), 1);
	assert_int_equal(e->config_irqs, 0);
	echo_bring_up(e, 0);
	iom_virtio_dev_config_changed(&e->d);
	assert_int_equal(atomic_load(&e->d.generation), 2);
	assert_int_equal(e->config_irqs, 1);
	echo_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_checks),
		cmocka_unit_test(offer_is_read_in_words),
		cmocka_unit_test(features_are_accepted_or_not),
		cmocka_unit_test(status_follows_the_rules),
		cmocka_unit_test(queue_enable_rules),
		cmocka_unit_test(nothing_is_consumed_before_driver_ok),
		cmocka_unit_test(budget_is_shared),
		cmocka_unit_test(kicks_are_kept_without_dma),
		cmocka_unit_test(errors_need_a_reset),
		cmocka_unit_test(reset_while_inside),
		cmocka_unit_test(queue_disabled_while_inside),
		cmocka_unit_test(config_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
