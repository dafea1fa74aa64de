/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of the DMA test function, against a model that moves one byte at a
 * time through memory whose pages may be refused:
 * - a command moves exactly the bytes before the first refused one, STATUS,
 *   DONE and FAULT say so, and nothing else in memory or buffer changes (A8);
 * - every CMD but the specified ones is a bad command and moves nothing;
 * - one interrupt a command that asks for one, by the mode the driver chose;
 * - parameters are latched, a command while busy is ignored, a reset while
 *   busy ends all DMA before STATUS reads idle;
 * - no bus mastering, no access; a saved function goes on as if nothing was,
 *   a damaged stream changes nothing.
 */
#include <iom/base/endian.h>
#include <iom/ep/dmatest.h>

#include "fakes/gmem_pages.h"
#include "fakes/irq_record.h"
#include "fakes/plat_test.h"
#include "lib/test.h"

#define PAGES	48u
#define BASE	UINT64_C(0xfffffffffffd0000)	/* the last page is the last of all */
#define CMD_IRQ	IOM_DMATEST_CMD_IRQ

struct fix {
	struct test_rng rng;
	struct plat_test pt;
	struct irq_record irq;
	struct gmem_pages m;
	struct iom_dmatest f;
	unsigned int wakes;
	/* the model */
	uint8_t mem[PAGES * GMEM_PAGES_SIZE];
	uint8_t buf[IOM_DMATEST_BUFFER_SIZE];
	uint32_t count;
};

static void wake(void *arg)
{
	((struct fix *)arg)->wakes++;
}

static struct iom_dmatest_cfg cfg_of(struct fix *t)
{
	struct iom_dmatest_cfg cfg = {
		.plat = &t->pt.plat, .gmem = &t->m.g, .irq = &t->irq.irq,
		.intx_pin = 1, .wake = wake, .wake_arg = t,
	};

	return cfg;
}

static void cfg_wr(struct fix *t, unsigned int off, uint32_t v, unsigned int len)
{
	uint8_t b[4];

	iom_put_le32(b, v);
	iom_pci_config_write(&t->f.fn, off, b, len);
}

static uint32_t cfg_rd(struct fix *t, unsigned int off, unsigned int len)
{
	uint8_t b[4] = { 0 };

	iom_pci_config_read(&t->f.fn, off, b, len);
	return iom_get_le32(b);
}

static void bus_master(struct fix *t, bool on)
{
	cfg_wr(t, 4, on ? 6 : 2, 2);
}

static void start(struct fix *t)
{
	struct iom_dmatest_cfg cfg;

	memset(t, 0, sizeof(*t));
	test_rng_init(&t->rng);
	plat_test_init(&t->pt);
	irq_record_init(&t->irq);
	gmem_pages_init(&t->m, BASE, PAGES, &t->rng);
	cfg = cfg_of(t);
	assert_int_equal(iom_dmatest_init(&t->f, &cfg), IOM_OK);
	gmem_pages_peek(&t->m, BASE, t->mem, sizeof(t->mem));
	bus_master(t, true);
}

static void stop(struct fix *t)
{
	iom_dmatest_fini(&t->f);
	assert_int_equal(plat_test_live(&t->pt), 0);
	gmem_pages_fini(&t->m);
}

static uint32_t rd(struct fix *t, unsigned int off)
{
	uint8_t b[4];

	assert_int_equal(iom_pci_bar_read(&t->f.fn, 0, off, b, 4), IOM_OK);
	return iom_get_le32(b);
}

static void wr(struct fix *t, unsigned int off, uint32_t v)
{
	uint8_t b[4];

	iom_put_le32(b, v);
	assert_int_equal(iom_pci_bar_write(&t->f.fn, 0, off, b, 4), IOM_OK);
}

static void wr64(struct fix *t, unsigned int off, uint64_t v)
{
	uint8_t b[8];

	iom_put_le64(b, v);
	assert_int_equal(iom_pci_bar_write(&t->f.fn, 0, off, b, 8), IOM_OK);
}

static void params(struct fix *t, uint64_t src, uint64_t dst, uint32_t len, uint32_t pattern)
{
	wr64(t, IOM_DMATEST_SRC_LO, src);
	wr(t, IOM_DMATEST_DST_LO, (uint32_t)dst);
	wr(t, IOM_DMATEST_DST_HI, (uint32_t)(dst >> 32));
	wr(t, IOM_DMATEST_LEN, len);
	wr(t, IOM_DMATEST_PATTERN, pattern);
}

/* --- the model: bytes ------------------------------------------------------ */

struct expect {
	uint32_t status, done;
	uint64_t fault;
};

static bool valid(uint64_t src, uint64_t dst, uint32_t len, uint32_t cmd)
{
	uint32_t op = cmd & 0xff;
	bool reads = op == 1 || op == 3, writes = op == 2 || op == 3 || op == 4;
	uint64_t i;

	if ((cmd & 0x7fff0000) || !op || op > 5 || (cmd >> 8 & 0xff) > 3)
		return false;
	if (op == 5)
		return true;
	if (!len || len > (op <= 2 ? 0x10000u : 0x1000000u))
		return false;
	if ((reads && src + len - 1 < src) || (writes && dst + len - 1 < dst))
		return false;
	for (i = 0; op == 3 && i < len; i++)
		if (src == dst + i || dst == src + i)
			return false;
	return true;
}

static struct expect model(struct fix *t, uint64_t src, uint64_t dst, uint32_t len,
			    uint32_t pattern, uint32_t cmd)
{
	struct expect e = { .status = IOM_DMATEST_BAD_COMMAND };
	uint32_t op = cmd & 0xff;
	uint8_t v = 0;

	if (!valid(src, dst, len, cmd))
		return e;
	e.status = IOM_DMATEST_DONE_OK;
	if (op == 5)
		return e;
	for (; e.done < len; e.done++) {
		if (op == 1 || op == 3) {
			e.fault = src + e.done;
			if (!gmem_pages_allowed(&t->m, e.fault, IOM_ACCESS_READ))
				break;
			v = t->mem[e.fault - BASE];
		}
		if (op == 2)
			v = t->buf[e.done];
		if (op == 4)
			v = (uint8_t)(pattern >> 8 * (e.done & 3));
		if (op == 1)
			t->buf[e.done] = v;
		if (op != 1) {
			e.fault = dst + e.done;
			if (!gmem_pages_allowed(&t->m, e.fault, IOM_ACCESS_WRITE))
				break;
			t->mem[e.fault - BASE] = v;
		}
	}
	if (e.done < len)
		e.status = IOM_DMATEST_FAULT;
	else
		e.fault = 0;
	return e;
}

static void same(struct fix *t, const struct expect *e)
{
	static uint8_t now[sizeof(t->mem)];

	assert_int_equal(rd(t, IOM_DMATEST_STATUS), e->status);
	assert_int_equal(rd(t, IOM_DMATEST_DONE), e->done);
	assert_true((rd(t, IOM_DMATEST_FAULT_LO) |
		     (uint64_t)rd(t, IOM_DMATEST_FAULT_HI) << 32) == e->fault);
	assert_int_equal(rd(t, IOM_DMATEST_COUNT), t->count);
	gmem_pages_peek(&t->m, BASE, now, sizeof(now));
	assert_memory_equal(now, t->mem, sizeof(now));
	assert_memory_equal(t->f.buffer, t->buf, sizeof(t->buf));
}

static uint64_t random_addr(struct fix *t)
{
	if (!test_rng_below(&t->rng, 20))
		return test_rng_edgy(&t->rng);
	return BASE + test_rng_below(&t->rng, sizeof(t->mem));
}

static uint32_t random_len(struct fix *t, uint32_t op)
{
	switch (test_rng_below(&t->rng, 12)) {
	case 0:
		return (uint32_t)test_rng_edgy(&t->rng);
	case 1:
		return op <= 2 ? 0x10000 : 0x20000;
	default:
		return 1 + (uint32_t)test_rng_below(&t->rng, 20000);
	}
}

static void commands_agree_with_bytes(void **state)
{
	static struct fix t;
	unsigned int step, i;

	(void)state;
	start(&t);
	for (step = 0; step < 2000; step++) {
		uint32_t op = (uint32_t)test_rng_below(&t.rng, 7);
		uint32_t cmd = op | (uint32_t)test_rng_below(&t.rng, 5) << 8;
		uint64_t src = random_addr(&t), dst = random_addr(&t);
		uint32_t len = random_len(&t, op), pattern = (uint32_t)test_rng_u64(&t.rng);
		struct expect e;

		if (!test_rng_below(&t.rng, 50))
			cmd = (uint32_t)test_rng_u64(&t.rng);
		if (!test_rng_below(&t.rng, 3))
			for (i = 0; i < 6; i++)
				gmem_pages_allow(&t.m, BASE + test_rng_below(&t.rng, sizeof(t.mem)),
						 (unsigned int)test_rng_below(&t.rng, 4));
		if (!test_rng_below(&t.rng, 10))
			gmem_pages_allow_all(&t.m);
		params(&t, src, dst, len, pattern);
		if (!test_rng_below(&t.rng, 8)) {	/* BAR 2 is the buffer */
			i = (unsigned int)test_rng_below(&t.rng, sizeof(t.buf) - 8);
			test_rng_fill(&t.rng, t.buf + i, 8);
			assert_int_equal(iom_pci_bar_write(&t.f.fn, 2, i, t.buf + i, 8), IOM_OK);
		}
		e = model(&t, src, dst, len, pattern, cmd);
		wr(&t, IOM_DMATEST_CMD, cmd);
		assert_int_equal(rd(&t, IOM_DMATEST_STATUS), IOM_DMATEST_BUSY);
		t.count++;
		iom_dmatest_run(&t.f);
		same(&t, &e);
	}
	assert_true(atomic_load(&t.f.stats.faults) > 20);
	stop(&t);
}

static void registers_have_their_places(void **state)
{
	static struct fix t;
	uint8_t b[8];

	(void)state;
	start(&t);
	assert_int_equal(cfg_rd(&t, 0, 4), 0xd1a0fffe);
	assert_int_equal(cfg_rd(&t, 8, 4), 0xff000001);
	assert_int_equal(rd(&t, 0x00), 0x54414d44);
	assert_int_equal(rd(&t, 0x04), 1);
	params(&t, UINT64_C(0x1122334455667788), UINT64_C(0x99aabbccddeeff00), 0x12345, 0xcafef00d);
	assert_int_equal(rd(&t, 0x08), 0x55667788);
	assert_int_equal(rd(&t, 0x0c), 0x11223344);
	assert_int_equal(rd(&t, 0x10), 0xddeeff00);
	assert_int_equal(rd(&t, 0x14), 0x99aabbcc);
	assert_int_equal(rd(&t, 0x18), 0x12345);
	assert_int_equal(rd(&t, 0x1c), 0xcafef00d);
	assert_int_equal(rd(&t, 0x20), 0);
	assert_int_equal(iom_pci_bar_read(&t.f.fn, 0, 0x10, b, 8), IOM_OK);
	assert_true(iom_get_le64(b) == UINT64_C(0x99aabbccddeeff00));
	/* other widths and alignments read 0 and write nothing */
	assert_int_equal(iom_pci_bar_read(&t.f.fn, 0, 0x08, b, 2), IOM_OK);
	assert_int_equal(iom_get_le16(b), 0);
	assert_int_equal(iom_pci_bar_read(&t.f.fn, 0, 0x0c, b, 8), IOM_OK);
	assert_true(iom_get_le64(b) == 0);
	memset(b, 0xff, sizeof(b));
	assert_int_equal(iom_pci_bar_write(&t.f.fn, 0, 0x08, b, 2), IOM_OK);
	assert_int_equal(iom_pci_bar_write(&t.f.fn, 0, 0x0a, b, 4), IOM_OK);
	assert_int_equal(iom_pci_bar_write(&t.f.fn, 0, 0x0c, b, 8), IOM_OK);
	assert_int_equal(rd(&t, 0x08), 0x55667788);
	assert_int_equal(rd(&t, 0x0c), 0x11223344);
	assert_int_equal(iom_pci_bar_read(&t.f.fn, 0, 0xffc, b, 4), IOM_OK);
	assert_int_equal(iom_get_le32(b), 0);
	stop(&t);
}

static void busy_latches_and_ignores(void **state)
{
	static struct fix t;
	struct expect e;

	(void)state;
	start(&t);
	params(&t, 0, BASE + 100, 5000, 0x01020304);
	e = model(&t, 0, BASE + 100, 5000, 0x01020304, 4);
	wr(&t, IOM_DMATEST_CMD, 4);
	assert_int_equal(t.wakes, 1);
	params(&t, 0, BASE + 40000, 4, 0xffffffff);
	wr(&t, IOM_DMATEST_CMD, 4);
	assert_int_equal(t.wakes, 1);
	assert_int_equal(atomic_load(&t.f.stats.ignored), 1);
	t.count = 1;
	iom_dmatest_run(&t.f);
	same(&t, &e);
	iom_dmatest_run(&t.f);		/* nothing waits */
	same(&t, &e);
	stop(&t);
}

static void no_dma_without_bus_mastering(void **state)
{
	static struct fix t;
	struct expect e = { .status = IOM_DMATEST_NO_BUS_MASTER };

	(void)state;
	start(&t);
	params(&t, BASE, BASE + 0x8000, 64, 1);
	bus_master(&t, false);
	wr(&t, IOM_DMATEST_CMD, 3);
	t.count++;
	iom_dmatest_run(&t.f);
	same(&t, &e);
	assert_int_equal(t.m.nr_begins, 0);
	bus_master(&t, true);
	t.m.off = true;			/* the bus says so, and only now */
	wr(&t, IOM_DMATEST_CMD, 3);
	t.count++;
	iom_dmatest_run(&t.f);
	same(&t, &e);
	stop(&t);
}

static void interrupts(void **state)
{
	static struct fix t;
	unsigned int msi, msix, v;

	(void)state;
	start(&t);
	/* INTx: level until written 1; nothing without the bit */
	params(&t, 0, BASE, 4, 0);
	wr(&t, IOM_DMATEST_CMD, 4);
	iom_dmatest_run(&t.f);
	assert_int_equal(rd(&t, IOM_DMATEST_INTX), 0);
	wr(&t, IOM_DMATEST_CMD, 4 | CMD_IRQ);
	iom_dmatest_run(&t.f);
	assert_int_equal(rd(&t, IOM_DMATEST_INTX), 1);
	assert_true(t.irq.line);
	wr(&t, IOM_DMATEST_INTX, 2);
	assert_true(t.irq.line);
	wr(&t, IOM_DMATEST_INTX, 1);
	assert_false(t.irq.line);
	assert_int_equal(rd(&t, IOM_DMATEST_INTX), 0);
	/* a bad command is silent, a fault is not */
	wr(&t, IOM_DMATEST_CMD, 9 | CMD_IRQ);
	iom_dmatest_run(&t.f);
	assert_false(t.irq.line);
	gmem_pages_allow(&t.m, BASE, 0);
	wr(&t, IOM_DMATEST_CMD, 4 | CMD_IRQ);
	iom_dmatest_run(&t.f);
	assert_int_equal(rd(&t, IOM_DMATEST_STATUS), IOM_DMATEST_FAULT);
	assert_true(t.irq.line);
	wr(&t, IOM_DMATEST_INTX, 1);

	msi = t.f.fn.cap_msi;
	cfg_wr(&t, msi + 4, 0xfee00000, 4);
	cfg_wr(&t, msi + 12, 0x40, 2);
	cfg_wr(&t, msi + 2, 1 | 2 << 4, 2);
	for (v = 0; v < 4; v++) {
		t.irq.nr_msgs = 0;
		wr(&t, IOM_DMATEST_CMD, 5 | v << 8);
		iom_dmatest_run(&t.f);
		assert_int_equal(t.irq.nr_msgs, 1);
		assert_false(t.irq.msg[0].msix);
		assert_int_equal(t.irq.msg[0].vector, v);
		assert_int_equal(t.irq.msg[0].data, 0x40 + v);
	}
	cfg_wr(&t, msi + 2, 0, 2);
	msix = t.f.fn.cap_msix;
	cfg_wr(&t, msix + 2, 0x8000, 2);
	for (v = 0; v < 4; v++) {
		uint8_t entry[16] = { 0 };

		iom_put_le32(entry, 0xfee00000);
		iom_put_le32(entry + 8, 0x100 + v);
		assert_int_equal(iom_pci_bar_write(&t.f.fn, 1, 16 * v, entry, 8), IOM_OK);
		assert_int_equal(iom_pci_bar_write(&t.f.fn, 1, 16 * v + 8, entry + 8, 8), IOM_OK);
		t.irq.nr_msgs = 0;
		wr(&t, IOM_DMATEST_CMD, 5 | v << 8);
		iom_dmatest_run(&t.f);
		assert_int_equal(t.irq.nr_msgs, 1);
		assert_true(t.irq.msg[0].msix);
		assert_int_equal(t.irq.msg[0].data, 0x100 + v);
	}
	assert_int_equal(rd(&t, IOM_DMATEST_INTX), 0);
	stop(&t);
}

/* A gmem whose first read resets the function, as another thread may. */
static int (*real_read)(struct iom_gmem *g, uint64_t addr, void *buf, size_t len);
static struct fix *reset_in;

static int read_and_reset(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	iom_pci_reset(&reset_in->f.fn);
	assert_int_equal(rd(reset_in, IOM_DMATEST_STATUS), IOM_DMATEST_BUSY);
	bus_master(reset_in, true);
	wr(reset_in, IOM_DMATEST_CMD, 5);	/* still busy: ignored */
	g->ops.read = real_read;
	return real_read(g, addr, buf, len);
}

static void reset_abandons(void **state)
{
	static struct fix t;
	struct expect e = { .status = IOM_DMATEST_IDLE };

	(void)state;
	start(&t);
	params(&t, BASE, 0, 0x10000, 0);
	real_read = t.m.g.ops.read;
	t.m.g.ops.read = read_and_reset;
	reset_in = &t;
	wr(&t, IOM_DMATEST_CMD, 1 | CMD_IRQ);
	iom_dmatest_run(&t.f);
	same(&t, &e);			/* all clear, the buffer too */
	assert_int_equal(rd(&t, IOM_DMATEST_SRC_LO), 0);
	assert_true(atomic_load(&t.f.stats.bytes_read) <= 16 * 4096);
	assert_int_equal(t.irq.nr_msgs, 0);
	assert_false(t.irq.line);

	/* one that the worker has not seen yet is forgotten */
	wr(&t, IOM_DMATEST_CMD, 5);
	iom_pci_reset(&t.f.fn);
	iom_dmatest_run(&t.f);
	same(&t, &e);
	stop(&t);
}

static void saved_and_restored(void **state)
{
	static uint8_t a[0x20000], b[0x20000];
	static struct fix t, u;
	struct expect e;
	size_t need, len, i;

	(void)state;
	start(&t);
	start(&u);
	test_rng_fill(&t.rng, t.f.buffer, IOM_DMATEST_BUFFER_SIZE);
	memcpy(t.buf, t.f.buffer, sizeof(t.buf));
	params(&t, 0, BASE + 77, 9999, 0);
	wr(&t, IOM_DMATEST_CMD, 2 | CMD_IRQ);		/* waits */
	params(&t, 1, 2, 3, 4);
	assert_int_equal(iom_dmatest_save(&t.f, NULL, 0, &need), IOM_ENOSPC);
	assert_true(need <= sizeof(a));
	assert_int_equal(iom_dmatest_save(&t.f, a, need - 1, &len), IOM_ENOSPC);
	assert_int_equal(iom_dmatest_save(&t.f, a, sizeof(a), &len), IOM_OK);
	assert_int_equal(len, need);

	/* damaged, anywhere: nothing changes */
	assert_int_equal(iom_dmatest_save(&u.f, b, sizeof(b), &len), IOM_OK);
	for (i = 0; i < need; i += i < 128 ? 1 : 61) {
		static uint8_t now[sizeof(b)];
		size_t n;

		a[i] ^= 0x10;
		assert_int_equal(iom_dmatest_restore(&u.f, a, need, &n), IOM_EINVAL);
		a[i] ^= 0x10;
		if (i % 32)
			continue;
		assert_int_equal(iom_dmatest_restore(&u.f, a, i, &n), IOM_EINVAL);
		assert_int_equal(iom_dmatest_save(&u.f, now, sizeof(now), &n), IOM_OK);
		assert_memory_equal(now, b, len);
	}

	u.wakes = 0;
	assert_int_equal(iom_dmatest_restore(&u.f, a, sizeof(a), &len), IOM_OK);
	assert_int_equal(len, need);
	assert_int_equal(u.wakes, 1);
	memcpy(u.buf, t.buf, sizeof(u.buf));
	e = model(&u, 0, BASE + 77, 9999, 0, 2);
	u.count = 1;
	iom_dmatest_run(&u.f);
	same(&u, &e);
	assert_int_equal(rd(&u, IOM_DMATEST_LEN), 3);
	assert_true(u.irq.line);
	stop(&u);
	stop(&t);
}

static void allocations_may_fail(void **state)
{
	static struct fix t;
	struct iom_dmatest_cfg cfg;
	struct iom_dmatest f;
	long live;
	int rc, n;

	(void)state;
	start(&t);
	cfg = cfg_of(&t);
	live = plat_test_live(&t.pt);
	for (n = 1; ; n++) {
		plat_test_fail_nth(&t.pt, n);
		rc = iom_dmatest_init(&f, &cfg);
		if (!plat_test_failed(&t.pt))
			break;
		assert_int_equal(rc, IOM_ENOMEM);
		assert_int_equal(plat_test_live(&t.pt), live);
	}
	assert_int_equal(rc, IOM_OK);
	assert_true(n > 3);
	plat_test_fail_nth(&t.pt, 0);
	iom_dmatest_fini(&f);
	cfg.no_msix = cfg.no_msi = cfg.no_pcie = true;
	assert_int_equal(iom_dmatest_init(&f, &cfg), IOM_OK);
	assert_int_equal(f.fn.cap_msi + f.fn.cap_msix, 0);
	assert_int_equal(iom_pci_bar_read(&f.fn, 1, 0, &n, 4), IOM_EINVAL);
	iom_dmatest_fini(&f);
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_have_their_places),
		cmocka_unit_test(commands_agree_with_bytes),
		cmocka_unit_test(busy_latches_and_ignores),
		cmocka_unit_test(no_dma_without_bus_mastering),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(reset_abandons),
		cmocka_unit_test(saved_and_restored),
		cmocka_unit_test(allocations_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
