/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of the two transports with a worker on a thread of its own (run it under
 * ThreadSanitizer): no interrupt is lost between a driver's acknowledgement, or
 * its masking, and a new event; once a driver has seen a reset or a stopped
 * queue through, the device touches the rings no more.
 */
#include <pthread.h>
#include <sched.h>

#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/virtio/vmmio_dev.h>

#include "fakes/vpci_driver.h"

#define EVENTS 20000u

struct events {
	struct vpci_driver t;
	_Atomic unsigned int begun, done;
	_Atomic unsigned int told;	/* what had begun when a message left */
	_Atomic bool line;
};

static void got_msi(struct iom_irq *irq, bool msix, unsigned int vector, uint64_t addr,
		    uint32_t data)
{
	struct events *ev = IOM_CONTAINER_OF(irq, struct events, t.irq.irq);

	(void)msix, (void)vector, (void)addr, (void)data;
	ev->told = ev->begun;
}

static void got_intx(struct iom_irq *irq, bool level)
{
	struct events *ev = IOM_CONTAINER_OF(irq, struct events, t.irq.irq);

	ev->line = level;
}

static void *raise_events(void *arg)
{
	struct events *ev = arg;
	unsigned int i;

	for (i = 0; i < EVENTS; i++) {
		ev->begun++;
		ev->t.v.d->tr->queue_irq(ev->t.v.d->tr_arg, i & 1);
		ev->done++;
	}
	return NULL;
}

static struct events *events_start(void)
{
	static const struct iom_irq_ops ops = { got_msi, got_intx };
	static struct events ev;

	memset(&ev, 0, sizeof(ev));
	vpci_driver_start(&ev.t, false);
	ev.t.irq.irq.ops = &ops;
	vpci_driver_bring_up(&ev.t, false, VPCI_DRIVER_NONE, VPCI_DRIVER_NONE, VPCI_DRIVER_NONE);
	return &ev;
}

static void no_level_interrupt_is_lost(void **state)
{
	struct events *ev = events_start();
	unsigned int before, covered = 0, isr, seen = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, raise_events, ev), 0);
	do {
		before = ev->done;
		isr = vpci_driver_rd(&ev->t, ev->t.isr, 1);
		/* What had happened before this read was told by it or by an earlier one. */
		if (isr) {
			seen++;
			covered = ev->begun;
		} else {
			assert_true(before <= covered);
		}
	} while (before < EVENTS);
	pthread_join(thread, NULL);
	assert_true(seen > 0);
	vpci_driver_rd(&ev->t, ev->t.isr, 1);
	assert_false(ev->line);
	vpci_driver_stop(&ev->t);
}

static void no_message_is_lost_by_masking(void **state)
{
	struct events *ev = events_start();
	unsigned int q;
	pthread_t thread;
	uint8_t b[4];

	(void)state;
	vpci_driver_enable_msix(&ev->t);
	for (q = 0; q < 2; q++) {
		vpci_driver_cwr(&ev->t, 22, q, 2);
		vpci_driver_cwr(&ev->t, 26, 1, 2);
	}
	assert_int_equal(pthread_create(&thread, NULL, raise_events, ev), 0);
	do {
		iom_put_le32(b, 1);
		iom_pci_bar_write(&ev->t.v.fn, 1, 16 + 12, b, 4);
		/* Masked: what is told now was told. */
		q = ev->told;
		sched_yield();
		assert_int_equal(ev->told, q);
		iom_put_le32(b, 0);
		iom_pci_bar_write(&ev->t.v.fn, 1, 16 + 12, b, 4);
	} while (ev->done < EVENTS);
	pthread_join(thread, NULL);
	assert_int_equal(ev->told, EVENTS);
	vpci_driver_stop(&ev->t);
}

struct mmio {
	struct virtio_echo e;
	struct iom_vmmio_dev m;
	_Atomic bool inside, stop;
	_Atomic unsigned int runs;
};

static void no_irq(void *arg, bool level)
{
	(void)arg, (void)level;
}

static int process_slowly(struct iom_virtio_dev *d, unsigned int q)
{
	struct mmio *t = IOM_CONTAINER_OF(d, struct mmio, e.d);

	(void)q;
	t->inside = true;
	sched_yield();
	t->runs++;
	t->inside = false;
	return IOM_EAGAIN;
}

static void *work(void *arg)
{
	struct mmio *t = arg;

	while (!t->stop)
		iom_virtio_dev_run(&t->e.d);
	return NULL;
}

static void wr(struct mmio *t, unsigned int off, uint32_t val)
{
	uint8_t b[4];

	iom_put_le32(b, val);
	assert_int_equal(iom_vmmio_dev_write(&t->m, off, b, 4), IOM_OK);
}

static uint32_t rd(struct mmio *t, unsigned int off)
{
	uint8_t b[4];

	assert_int_equal(iom_vmmio_dev_read(&t->m, off, b, 4), IOM_OK);
	return iom_get_le32(b);
}

static void mmio_up(struct mmio *t)
{
	const struct iom_vq_cfg *c;

	wr(t, 0x70, 3);
	wr(t, 0x24, 1);
	wr(t, 0x20, 1);
	wr(t, 0x70, 11);
	virtio_echo_ring(&t->e, 0, false, 8);
	c = &t->e.ring[0].cfg;
	wr(t, 0x30, 0);
	wr(t, 0x38, 8);
	wr(t, 0x80, (uint32_t)c->desc);
	wr(t, 0x90, (uint32_t)c->driver);
	wr(t, 0xa0, (uint32_t)c->device);
	wr(t, 0x44, 1);
	assert_int_equal(rd(t, 0x44), 1);
	wr(t, 0x70, 15);
	wr(t, 0x50, 0);
}

/* 4.2.2.2, 4.2.3.2: writing 0 to Status or QueueReady, seen through at once. */
static void nothing_runs_after_stop_and_reset(void **state)
{
	static struct mmio t;
	struct iom_virtio_dev_cfg cfg;
	struct iom_virtio_dev_ops ops = { .process = process_slowly };
	pthread_t thread;
	unsigned int i, runs, spin;

	(void)state;
	memset(&t, 0, sizeof(t));
	virtio_echo_init(&t.e, 23);
	cfg = t.e.d.cfg;
	assert_int_equal(iom_virtio_dev_init(&t.e.d, &ops, &cfg), IOM_OK);
	assert_int_equal(iom_vmmio_dev_init(&t.m, &t.e.d, 0, no_irq, NULL), IOM_OK);
	assert_int_equal(pthread_create(&thread, NULL, work, &t), 0);
	for (i = 0; i < 1000; i++) {
		mmio_up(&t);
		runs = t.runs;
		for (spin = 0; t.runs == runs && spin < 1000000; spin++)
			sched_yield();
		assert_true(t.runs > runs);
		wr(&t, i & 1 ? 0x70 : 0x44, 0);
		assert_int_equal(rd(&t, 0x44), 0);
		assert_false(t.inside);
		runs = t.runs;
		sched_yield();
		assert_int_equal(t.runs, runs);
		memset(t.e.mem, 0xa5, sizeof(t.e.mem));
		wr(&t, 0x70, 0);
		assert_int_equal(rd(&t, 0x70), 0);
	}
	t.stop = true;
	pthread_join(thread, NULL);
	iom_vmmio_dev_fini(&t.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_level_interrupt_is_lost),
		cmocka_unit_test(no_message_is_lost_by_masking),
		cmocka_unit_test(nothing_runs_after_stop_and_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
