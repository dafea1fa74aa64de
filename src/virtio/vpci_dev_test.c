/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of virtio-pci, device side: the capabilities are the bytes that VIRTIO 1.3
 * section 4.1.4 gives, written here by hand; a driver brings the device up by the
 * steps of 3.1.1 through what it finds there, over both rings, by the BAR or only
 * by configuration space; vectors and the ISR do what 4.1.5 says; a reset in any
 * state ends in the first one. Interrupt laws of the function: pci_irq_test.c.
 */
#include <iom/base/endian.h>
#include <iom/base/field.h>

#include "fakes/vpci_driver.h"

/* Shorter, for the many. */
#define NONE		VPCI_DRIVER_NONE
#define cfg_rd		vpci_driver_cfg_rd
#define cfg_wr		vpci_driver_cfg_wr
#define rd		vpci_driver_rd
#define wr		vpci_driver_wr
#define crd		vpci_driver_crd
#define cwr		vpci_driver_cwr
#define bring_up	vpci_driver_bring_up

/* A reset device, by hand: the whole common structure with queue 0 selected. */
static const uint8_t common_after_reset[64] = {
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x30,	/* select 0; INDIRECT, EVENT_IDX */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0xff, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,	/* no vector; 2 queues */
	0x10, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,	/* size 16; no vector; off; doorbell 0 */
};

static void assert_reset(struct vpci_driver *t)
{
	uint8_t b[64];
	unsigned int i;

	for (i = 0; i < 64; i += 4)
		iom_put_le32(b + i, crd(t, i, 4));
	b[21] = 0;				/* the generation goes on */
	assert_memory_equal(b, common_after_reset, 64);
	cwr(t, 22, 1, 2);
	assert_int_equal(crd(t, 28, 4), 1 << 16);
	assert_int_equal(crd(t, 24, 4), 0xffff0010);
	cwr(t, 22, 0, 2);
	assert_false(t->irq.line);
	assert_int_equal(rd(t, t->isr, 1), 0);
}

/* VIRTIO 1.3 4.1.2 and 4.1.4, byte by byte. */
static void capabilities_are_those_of_the_specification(void **state)
{
	static const uint8_t header[] = {
		0xf4, 0x1a, 0x57, 0x10, 0x00, 0x00, 0x10, 0x00,	/* 1af4:1057 */
		0x01, 0x00, 0x06, 0x08, 0x00, 0x00, 0x00, 0x00,	/* revision 1, IOMMU */
		[0x2c] = 0xf4, 0x1a, 0x57, 0x10,
		[0x34] = 0x40,
		[0x3d] = 0x01,
		/* 40 MSI, 4 vectors; 50 MSI-X, 3 vectors in BAR 1, PBA at 0x800 */
		[0x40] = 0x05, 0x50, 0x84, 0x00,
		[0x50] = 0x11, 0x5c, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00,
		/* common: BAR 0, offset 0, 64 bytes */
		[0x5c] = 0x09, 0x6c, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00,
		/* ISR: offset 0x1000, 1 byte */
		[0x6c] = 0x09, 0x7c, 0x10, 0x03, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x10, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
		/* device: offset 0x2000, 20 bytes */
		[0x7c] = 0x09, 0x8c, 0x10, 0x04, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x20, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00,
		/* notify: offset 0x3000, a doorbell of 4 bytes for each of 2 queues */
		[0x8c] = 0x09, 0xa0, 0x14, 0x02, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x30, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
		/* configuration access */
		[0xa0] = 0x09, 0x00, 0x14, 0x05,
	};
	const struct iom_vpci_dev_cfg cfg = { .msix = true, .msi = true, .intx_pin = 1 };
	const struct iom_vpci_dev_cfg full = { .msix = true, .msi = true, .pcie = true };
	struct vpci_driver t;
	uint8_t want[256] = { 0 }, space[256];
	unsigned int at, n = 0;

	(void)state;
	memcpy(want, header, sizeof(header));
	vpci_driver_start_with(&t, &cfg);
	iom_pci_config_read(&t.v.fn, 0, space, 256);
	assert_memory_equal(space, want, 256);
	cfg_wr(&t, 0x10, 0xffffffff, 4);
	cfg_wr(&t, 0x14, 0xffffffff, 4);
	assert_int_equal(cfg_rd(&t, 0x10, 4), 0xffffc000);
	assert_int_equal(cfg_rd(&t, 0x14, 4), 0xfffff000);
	vpci_driver_stop(&t);

	/* All there is still fits: PM, MSI, MSI-X, PCIe and five of VIRTIO. */
	vpci_driver_start_with(&t, &full);
	for (at = cfg_rd(&t, 0x34, 1); at; at = cfg_rd(&t, at + 1, 1))
		n++;
	assert_int_equal(n, 9);
	vpci_driver_stop(&t);
}

/* 4.1.4: no device structure without configuration space; classes by type. */
static void device_type_decides_class_and_structures(void **state)
{
	static const struct {
		uint16_t id;
		uint32_t class_code;
	} types[] = { { 2, 0x010000 }, { 4, 0x00ff00 }, { 23, 0x080600 }, { 63, 0x00ff00 } };
	struct iom_virtio_dev_cfg dcfg;
	struct iom_virtio_dev_ops ops;
	struct iom_vpci_dev_cfg cfg = { 0 };
	struct vpci_driver t;
	unsigned int i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(types); i++) {
		memset(&t, 0, sizeof(t));
		virtio_echo_init(&t.e, types[i].id);
		irq_record_init(&t.irq);
		ops = t.e.d.ops;
		dcfg = t.e.d.cfg;
		dcfg.cfg_len = 0;
		assert_int_equal(iom_virtio_dev_init(&t.e.d, &ops, &dcfg), IOM_OK);
		cfg.plat = &t.e.pt.plat;
		cfg.irq = &t.irq.irq;
		assert_int_equal(iom_vpci_dev_init(&t.v, &t.e.d, &cfg), IOM_OK);
		assert_int_equal(cfg_rd(&t, 0, 4), 0x10401af4 + ((uint32_t)types[i].id << 16));
		assert_int_equal(cfg_rd(&t, 8, 4), 1 | types[i].class_code << 8);
		assert_int_equal(cfg_rd(&t, 0x14, 4), 0);
		/* common, ISR, notify, window */
		assert_int_equal(cfg_rd(&t, 0x63, 1), 2);
		assert_int_equal(cfg_rd(&t, 0x77, 1), 5);
		vpci_driver_stop(&t);
	}
	cfg.plat = NULL;
	assert_int_equal(iom_vpci_dev_init(&t.v, &t.e.d, &cfg), IOM_EINVAL);
	cfg.plat = &t.e.pt.plat;
	plat_test_fail_nth(&t.e.pt, 1);
	assert_int_equal(iom_vpci_dev_init(&t.v, &t.e.d, &cfg), IOM_ENOMEM);
}

static void a_driver_brings_it_up(void **state)
{
	struct vpci_driver t;
	struct test_rng rng;
	unsigned int i, n, mode;

	(void)state;
	test_rng_init(&rng);
	for (mode = 0; mode < 8; mode++) {
		bool packed = mode & 1, msix = mode & 4;

		vpci_driver_start(&t, false);
		t.by_window = mode & 2;
		if (msix)
			vpci_driver_enable_msix(&t);
		bring_up(&t, packed, msix ? 0 : NONE, msix ? 1 : NONE, msix ? 2 : NONE);
		for (i = 0; i < 100; i++) {
			t.irq.nr_msgs = 0;
			virtio_echo_exchange(&t.e, i & 1, &rng, 1 + i % 64, vpci_driver_kick, &t);
			n = t.irq.nr_msgs;
			if (msix) {
				assert_int_equal(n, 1);
				assert_int_equal(t.irq.msg[0].vector, 1 + (i & 1));
				assert_int_equal(t.irq.msg[0].data, 0x41 + (i & 1));
				assert_false(t.irq.line);
			} else {
				assert_true(n == 0 && t.irq.line);
				assert_int_equal(rd(&t, t.isr, 1), 1);
				assert_false(t.irq.line);
				assert_int_equal(rd(&t, t.isr, 1), 0);
			}
		}
		cwr(&t, 20, 0, 1);
		assert_reset(&t);
		vpci_driver_stop(&t);
	}
}

static void fields_take_their_own_width_only(void **state)
{
	static const struct {
		unsigned int off, len;
		uint32_t val;
	} field[] = {
		{ 0, 4, 0x1234567 }, { 8, 4, 0x7654321 }, { 16, 2, 1 }, { 22, 2, 1 },
		{ 24, 2, 8 }, { 26, 2, 2 }, { 32, 4, 0x40001230 }, { 36, 4, 0x11 },
		{ 40, 4, 0x40002230 }, { 44, 4, 0x12 }, { 48, 4, 0x40003230 }, { 52, 4, 0x13 },
	};
	struct vpci_driver t;
	uint8_t b[8];
	unsigned int i, len, j;

	(void)state;
	vpci_driver_start(&t, false);
	for (i = 0; i < IOM_ARRAY_SIZE(field); i++) {
		for (len = 1; len <= 4; len *= 2) {
			uint32_t old = crd(&t, field[i].off, field[i].len);

			if (len == field[i].len)
				continue;
			cwr(&t, field[i].off, field[i].val, len);
			assert_int_equal(crd(&t, field[i].off, field[i].len), old);
		}
		cwr(&t, field[i].off, field[i].val, field[i].len);
		assert_int_equal(crd(&t, field[i].off, field[i].len), field[i].val);
		/* Any width reads it. */
		for (j = 0; j < field[i].len; j++)
			assert_int_equal(crd(&t, field[i].off + j, 1),
					 field[i].val >> 8 * j & 0xff);
	}
	/* A 64-bit field at once, and as what it was. */
	iom_put_le64(b, 0x1122334455667788);
	iom_pci_bar_write(&t.v.fn, 0, 32, b, 8);
	assert_int_equal(crd(&t, 32, 4), 0x55667788);
	assert_int_equal(crd(&t, 36, 4), 0x11223344);
	iom_pci_bar_write(&t.v.fn, 0, 36, b, 8);
	iom_pci_bar_write(&t.v.fn, 0, 8, b, 8);
	assert_int_equal(crd(&t, 36, 4), 0x11223344);
	assert_int_equal(crd(&t, 8, 4), 0x7654321);
	/* Read-only fields, and what is behind the structure. */
	for (i = 0; i < 0x1000; i += 2)
		if ((i >= 4 && i < 8) || i == 18 || i == 30 || i >= 56)
			cwr(&t, i, 0xffff, 2);
	cwr(&t, 21, 0xff, 1);
	assert_int_equal(crd(&t, 18, 2), 2);
	assert_int_equal(crd(&t, 30, 2), 1);
	assert_int_equal(crd(&t, 56, 4) | crd(&t, 60, 4) | crd(&t, 64, 4) | crd(&t, 21, 1), 0);
	iom_pci_bar_read(&t.v.fn, 0, 60, b, 8);
	assert_true(iom_get_le64(b) == 0);
	vpci_driver_stop(&t);
}

static void features_beyond_64_bits_read_0(void **state)
{
	static const uint32_t sel[] = { 2, 3, 4, 31, 0x80000000, 0xffffffff };
	struct vpci_driver t;
	unsigned int i;

	(void)state;
	vpci_driver_start(&t, false);
	for (i = 0; i < IOM_ARRAY_SIZE(sel); i++) {
		cwr(&t, 0, sel[i], 4);
		cwr(&t, 8, sel[i], 4);
		assert_int_equal(crd(&t, 0, 4), sel[i]);
		assert_int_equal(crd(&t, 4, 4) | crd(&t, 12, 4), 0);
	}
	vpci_driver_stop(&t);
}

/* 4.1.5.1.2.1 and 4.1.5.1.3.1 */
static void queues_that_cannot_be_enabled_stay_off(void **state)
{
	struct vpci_driver t;

	(void)state;
	vpci_driver_start(&t, false);
	vpci_driver_negotiate(&t, UINT64_C(0x100000000));
	cwr(&t, 22, 2, 2);			/* no such queue */
	assert_int_equal(crd(&t, 24, 2), 0);
	assert_int_equal(crd(&t, 26, 2), NONE);
	cwr(&t, 26, 1, 2);
	cwr(&t, 28, 1, 2);
	assert_int_equal(crd(&t, 28, 2), 0);
	assert_int_equal(crd(&t, 26, 2), NONE);
	cwr(&t, 22, 0xffff, 2);
	cwr(&t, 28, 1, 2);
	assert_int_equal(crd(&t, 28, 4), 0);
	cwr(&t, 22, 0, 2);
	cwr(&t, 24, 32, 2);			/* larger than offered */
	assert_int_equal(crd(&t, 24, 2), 0);
	cwr(&t, 28, 1, 2);
	assert_int_equal(crd(&t, 28, 2), 0);
	cwr(&t, 24, 16, 2);
	cwr(&t, 32, 8, 4);			/* misaligned */
	cwr(&t, 28, 1, 2);
	assert_int_equal(crd(&t, 28, 2), 0);
	vpci_driver_set_queue(&t, 0, false, 16, NONE);
	cwr(&t, 32, 0x1000, 4);			/* in use now: nothing of it moves */
	cwr(&t, 24, 8, 2);
	cwr(&t, 28, 0, 2);
	assert_int_equal(crd(&t, 32, 4), (uint32_t)t.e.ring[0].cfg.desc);
	assert_int_equal(crd(&t, 24, 2), 16);
	assert_int_equal(crd(&t, 28, 2), 1);
	vpci_driver_stop(&t);
}

static void vectors_out_of_range_read_back_as_none(void **state)
{
	const struct iom_vpci_dev_cfg none = { .intx_pin = 1 };
	const struct iom_vpci_dev_cfg outside = { .msix = true, .msix_table_extern = true };
	struct vpci_driver t;
	uint32_t v;
	unsigned int n, cfgs;

	(void)state;
	for (cfgs = 0; cfgs < 3; cfgs++) {
		if (cfgs == 0)
			vpci_driver_start(&t, false);
		else
			vpci_driver_start_with(&t, cfgs == 1 ? &none : &outside);
		n = cfgs == 1 ? 0 : 3;
		for (v = 0; v < 0x10000; v += v < 8 ? 1 : 251) {
			cwr(&t, 16, v, 2);
			cwr(&t, 26, v, 2);
			assert_int_equal(crd(&t, 16, 2), v < n ? v : NONE);
			assert_int_equal(crd(&t, 26, 2), v < n ? v : NONE);
		}
		vpci_driver_stop(&t);
	}
}

static void interrupts_follow_the_mode(void **state)
{
	struct vpci_driver t;
	unsigned int msi, at;

	(void)state;
	vpci_driver_start(&t, false);
	bring_up(&t, false, NONE, NONE, NONE);
	/* INTx: the ISR says why, and reading it is the acknowledgement. */
	iom_virtio_dev_config_changed(&t.e.d);
	assert_true(t.irq.line);
	assert_int_equal(crd(&t, 21, 1), 1);
	t.v.d->tr->queue_irq(t.v.d->tr_arg, 1);
	assert_int_equal(t.irq.nr_intx, 1);
	assert_int_equal(cfg_rd(&t, 6, 2), 0x18);
	assert_int_equal(rd(&t, t.isr, 1), 3);
	assert_false(t.irq.line);
	assert_int_equal(rd(&t, t.isr, 1), 0);
	assert_int_equal(cfg_rd(&t, 6, 2), 0x10);
	/* Neighbours of the ISR neither read nor clear it. */
	iom_virtio_dev_config_changed(&t.e.d);
	assert_int_equal(rd(&t, t.isr + 1, 1) | rd(&t, t.isr + 4, 4), 0);
	assert_int_equal(rd(&t, t.isr, 4), 2);
	/* MSI: vector by queue, the ISR too. */
	msi = 0x40;
	cfg_wr(&t, msi + 4, 0xfee00000, 4);
	cfg_wr(&t, msi + 12, 0x30, 2);
	cfg_wr(&t, msi + 2, 0x21, 2);
	t.v.d->tr->queue_irq(t.v.d->tr_arg, 1);
	iom_virtio_dev_config_changed(&t.e.d);
	assert_int_equal(t.irq.nr_msgs, 2);
	assert_int_equal(t.irq.msg[0].data, 0x32);
	assert_int_equal(t.irq.msg[1].data, 0x30);
	assert_false(t.irq.line);
	assert_int_equal(rd(&t, t.isr, 1), 3);
	cfg_wr(&t, msi + 2, 0, 2);
	/* MSI-X: only what has a vector, and no ISR. */
	vpci_driver_enable_msix(&t);
	t.v.d->tr->queue_irq(t.v.d->tr_arg, 0);
	iom_virtio_dev_config_changed(&t.e.d);
	assert_int_equal(t.irq.nr_msgs, 2);
	cwr(&t, 16, 2, 2);
	cwr(&t, 22, 0, 2);
	cwr(&t, 26, 0, 2);
	t.v.d->tr->queue_irq(t.v.d->tr_arg, 0);
	iom_virtio_dev_config_changed(&t.e.d);
	assert_int_equal(t.irq.nr_msgs, 4);
	assert_true(t.irq.msg[2].vector == 0 && t.irq.msg[3].vector == 2);
	assert_int_equal(rd(&t, t.isr, 1), 0);
	assert_false(t.irq.line);
	/* 2.4.1: after a reset nothing is sent, not even what was masked before. */
	at = t.v.fn.cap_msix;
	cfg_wr(&t, at + 2, 0xc000, 2);
	t.v.d->tr->queue_irq(t.v.d->tr_arg, 0);
	assert_int_equal(t.v.fn.msix_pending, 1);
	cwr(&t, 20, 0, 1);
	cfg_wr(&t, at + 2, 0x8000, 2);
	assert_int_equal(t.irq.nr_msgs, 4);
	vpci_driver_stop(&t);
}

static void doorbells_take_16_or_32_bits_at_their_place(void **state)
{
	struct vpci_driver t;
	uint8_t b[8] = { 0 };
	unsigned int off, len;
	bool rings;

	(void)state;
	vpci_driver_start(&t, false);
	bring_up(&t, false, NONE, NONE, NONE);
	for (off = 0; off < 0xff8; off++)
		for (len = 1; len <= 8; len *= 2) {
			t.e.nr_wakes = 0;
			iom_pci_bar_write(&t.v.fn, 0, t.notify + off, b, len);
			rings = (off == 0 || off == 4) && (len == 2 || len == 4);
			assert_int_equal(t.e.nr_wakes, rings);
			assert_int_equal(t.e.d.kicked, rings ? 1 << off / 4 : 0);
			iom_virtio_dev_run(&t.e.d);
		}
	vpci_driver_stop(&t);
}

static void window_is_checked(void **state)
{
	struct vpci_driver t;
	unsigned int w, len;

	(void)state;
	vpci_driver_start(&t, false);
	w = t.window;
	for (len = 0; len < 10; len++) {
		cfg_wr(&t, w + 4, 0, 1);
		cfg_wr(&t, w + 8, 0x2000, 4);
		cfg_wr(&t, w + 12, len, 4);
		cfg_wr(&t, w + 16, 0, 4);
		if (len == 1 || len == 2 || len == 4)
			assert_int_equal(cfg_rd(&t, w + 16, 4),
					 0xe3e2e1e0 & (UINT32_MAX >> (32 - 8 * len)));
		else
			assert_int_equal(cfg_rd(&t, w + 16, 4), 0);
	}
	cfg_wr(&t, w + 12, 4, 4);
	cfg_wr(&t, w + 8, 0x2002, 4);		/* not a multiple of the length */
	cfg_wr(&t, w + 16, 0x77, 4);
	assert_int_equal(cfg_rd(&t, w + 16, 4), 0x77);
	cfg_wr(&t, w + 8, 0x4000, 4);		/* behind the BAR */
	assert_int_equal(cfg_rd(&t, w + 16, 4), 0xffffffff);
	cfg_wr(&t, w + 8, 0xfffffffc, 4);
	cfg_wr(&t, w + 4, 0xff, 1);		/* no such BAR */
	assert_int_equal(cfg_rd(&t, w + 16, 4), 0xffffffff);
	assert_int_equal(cfg_rd(&t, w + 4, 4), 0xff);
	/* The MSI-X table is behind BAR 1 of the window too. */
	cfg_wr(&t, w + 4, 1, 1);
	cfg_wr(&t, w + 8, 12, 4);
	assert_int_equal(cfg_rd(&t, w + 16, 4), 1);
	/* The data is not touched by an access elsewhere in the capability. */
	cfg_wr(&t, w + 4, 0, 1);
	cfg_wr(&t, w + 8, t.isr, 4);
	cfg_wr(&t, w + 12, 1, 4);
	bring_up(&t, false, NONE, NONE, NONE);
	iom_virtio_dev_config_changed(&t.e.d);
	assert_int_equal(cfg_rd(&t, w + 17, 1), 0xff & 0);
	assert_true(t.irq.line);
	assert_int_equal(cfg_rd(&t, w + 16, 1), 2);
	assert_false(t.irq.line);
	vpci_driver_stop(&t);
}

static void reset_status(void *arg)
{
	struct vpci_driver *t = arg;

	cwr(t, 20, 0, 1);
	assert_int_not_equal(crd(t, 20, 1), 0);
}

/* 2.4, 4.1.4.3.2: by status, FLR and the bus, from every step on. */
static void reset_works_in_every_state(void **state)
{
	struct vpci_driver t;
	struct test_rng rng;
	unsigned int step, how, exp;

	(void)state;
	test_rng_init(&rng);
	for (step = 0; step < 7; step++)
		for (how = 0; how < 4; how++) {
			vpci_driver_start(&t, true);
			vpci_driver_enable_msix(&t);
			if (step == 1)
				cwr(&t, 20, 3, 1);
			if (step >= 2)
				vpci_driver_negotiate(&t, UINT64_C(0x100000000));
			if (step == 3)
				vpci_driver_set_queue(&t, 0, false, 8, 1);
			if (step >= 4)
				bring_up(&t, step & 1, 0, 1, 2);
			if (step >= 5)
				iom_virtio_dev_kick(&t.e.d, 1);
			if (step >= 6)
				iom_virtio_dev_needs_reset(&t.e.d);
			cwr(&t, 0, 1, 4);
			if (how == 0) {
				cwr(&t, 20, 0, 1);
			} else if (how == 1) {
				for (exp = 0x40; cfg_rd(&t, exp, 1) != 0x10;)
					exp = cfg_rd(&t, exp + 1, 1);
				cfg_wr(&t, exp + 8, 0x8000, 2);
			} else if (how == 2) {
				iom_pci_reset(&t.v.fn);
			} else {
				/* While the worker is inside: it carries the reset out. */
				bring_up(&t, step & 1, 0, 1, 2);
				t.e.meanwhile = reset_status;
				t.e.meanwhile_arg = &t;
				vpci_driver_kick(&t, 0);
				iom_virtio_dev_run(&t.e.d);
				assert_null(t.e.meanwhile);
			}
			assert_reset(&t);
			cfg_wr(&t, 4, 6, 2);
			t.irq.nr_msgs = 0;
			bring_up(&t, !(step & 1), NONE, NONE, NONE);
			virtio_echo_exchange(&t.e, 1, &rng, 17, vpci_driver_kick, &t);
			vpci_driver_stop(&t);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_are_those_of_the_specification),
		cmocka_unit_test(device_type_decides_class_and_structures),
		cmocka_unit_test(a_driver_brings_it_up),
		cmocka_unit_test(fields_take_their_own_width_only),
		cmocka_unit_test(features_beyond_64_bits_read_0),
		cmocka_unit_test(queues_that_cannot_be_enabled_stay_off),
		cmocka_unit_test(vectors_out_of_range_read_back_as_none),
		cmocka_unit_test(interrupts_follow_the_mode),
		cmocka_unit_test(doorbells_take_16_or_32_bits_at_their_place),
		cmocka_unit_test(window_is_checked),
		cmocka_unit_test(reset_works_in_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
