/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The DMA test function's two threads at once: registers, buffer and function
 * resets on one side, the worker on the other. Run under ThreadSanitizer it
 * finds what is not locked; anywhere it shows that once STATUS reads idle
 * after a reset, memory does not change any more.
 */
#include <pthread.h>
#include <stdatomic.h>

#include <iom/base/endian.h>
#include <iom/ep/dmatest.h>

#include "fakes/irq_record.h"
#include "fakes/plat_test.h"
#include "lib/test.h"

#define MEM_SIZE 0x40000u
#define ROUNDS 1500u

static struct {
	struct plat_test pt;
	struct irq_record irq;
	struct iom_gmem_flat m;
	struct iom_dmatest f;
	atomic_bool stop;
} t;
static _Alignas(8) uint8_t mem[MEM_SIZE];

static void *worker(void *arg)
{
	while (!atomic_load(&t.stop))
		iom_dmatest_run(&t.f);
	return arg;
}

static uint32_t rd(unsigned int off)
{
	uint8_t b[4];

	iom_pci_bar_read(&t.f.fn, 0, off, b, 4);
	return iom_get_le32(b);
}

static void wr(unsigned int off, uint32_t v)
{
	uint8_t b[4];

	iom_put_le32(b, v);
	iom_pci_bar_write(&t.f.fn, 0, off, b, 4);
}

static void until_not_busy(void)
{
	while (rd(IOM_DMATEST_STATUS) == IOM_DMATEST_BUSY)
		;
}

static void one_round(struct test_rng *rng, uint32_t pattern)
{
	uint8_t b[8] = { 6 };
	uint32_t i;

	iom_pci_config_write(&t.f.fn, 4, b, 2);
	wr(IOM_DMATEST_LEN, MEM_SIZE);
	wr(IOM_DMATEST_PATTERN, pattern);
	wr(IOM_DMATEST_CMD, IOM_DMATEST_OP_FILL | IOM_DMATEST_CMD_IRQ);
	for (i = (uint32_t)test_rng_below(rng, 20); i; i--) {
		iom_pci_bar_read(&t.f.fn, 2, 8 * i, b, 8);
		wr(IOM_DMATEST_INTX, 1);
	}
	if (test_rng_below(rng, 2)) {
		iom_pci_reset(&t.f.fn);
		until_not_busy();
		assert_int_equal(rd(IOM_DMATEST_STATUS), IOM_DMATEST_IDLE);
		assert_int_equal(rd(IOM_DMATEST_INTX), 0);
	} else {
		until_not_busy();
		assert_int_equal(rd(IOM_DMATEST_STATUS), IOM_DMATEST_DONE_OK);
		assert_int_equal(iom_get_le32(mem + MEM_SIZE - 4), pattern);
	}
	/* the function is idle: this is nobody else's memory now */
	memset(mem, 0, 4096);
	memset(mem + MEM_SIZE - 4096, 0, 4096);
	for (i = 0; i < 4096; i++)
		assert_int_equal(mem[i] | mem[MEM_SIZE - 4096 + i], 0);
}

static void registers_and_worker(void **state)
{
	struct iom_dmatest_cfg cfg = {
		.plat = &t.pt.plat, .gmem = &t.m.g, .irq = &t.irq.irq, .intx_pin = 1,
	};
	struct test_rng rng;
	pthread_t thread;
	uint32_t i;

	(void)state;
	test_rng_init(&rng);
	plat_test_init(&t.pt);
	irq_record_init(&t.irq);
	assert_int_equal(iom_gmem_flat_init(&t.m, 0, mem, MEM_SIZE), IOM_OK);
	assert_int_equal(iom_dmatest_init(&t.f, &cfg), IOM_OK);
	assert_int_equal(pthread_create(&thread, NULL, worker, NULL), 0);
	for (i = 0; i < ROUNDS; i++)
		one_round(&rng, i * 0x01010101u + 1);
	atomic_store(&t.stop, true);
	pthread_join(thread, NULL);
	iom_dmatest_fini(&t.f);
	assert_int_equal(plat_test_live(&t.pt), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_and_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
