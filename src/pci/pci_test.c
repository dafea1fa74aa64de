/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of a PCI function's registers: the initial space is the bytes that the
 * specification gives, written here by hand; a driver changes no other bits than
 * it may; BARs size; reset from anywhere gives the initial state; a saved state
 * comes back, or is refused. Interrupts: pci_irq_test.c.
 */
#include <iom/base/endian.h>
#include <iom/pci/pci.h>
#include <iom/spec/pci.h>

#include "fakes/pci_owner.h"
#include "lib/test.h"

#define rd		pci_owner_rd
#define wr		pci_owner_wr
#define find_cap	pci_owner_find_cap
#define start		pci_owner_start
#define stop		pci_owner_stop
#define blank		pci_owner_blank

/* Each byte by hand from PCI 3.0, PCI-PM 1.2 and PCIe 5.0, for pci_owner_cfg(). */
static const uint8_t initial_bytes[] = {
	0x34, 0x12, 0x78, 0x56, 0x00, 0x00, 0x10, 0x00,	/* IDs; capabilities list */
	0x07, 0x02, 0x08, 0x01, 0x00, 0x00, 0x80, 0x00,	/* class; multifunction */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* BARs: 32-bit memory at 0 */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0xbc, 0x9a, 0xf0, 0xde,	/* subsystem */
	0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00,	/* no ROM; first capability */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,	/* INTB */
	0x01, 0x48, 0x03, 0x00, 0x08, 0x00, 0x00, 0x00,	/* 40 PM 1.2, No_Soft_Reset */
	0x05, 0x58, 0x86, 0x00, 0x00, 0x00, 0x00, 0x00,	/* 48 MSI, 64-bit, 8 vectors */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x11, 0x64, 0x04, 0x00, 0x01, 0x00, 0x00, 0x00,	/* 58 MSI-X, 5 vectors, BAR 1 at 0 */
	0x01, 0x08, 0x00, 0x00,				/*    PBA: BAR 1 at 0x800 */
	0x10, 0x00, 0x02, 0x00, 0xc0, 0x8f, 0x00, 0x10,	/* 64 PCIe 2; FLR, no limits */
	0x00, 0x20, 0x00, 0x00, 0x11, 0x00, 0x40, 0x00,	/* read 512; x1 2.5 GT/s */
	0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x00, 0x00,	/*    link x1 2.5 GT/s */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00,	/*    completion timeout can be off */
	0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,	/*    link speeds: 2.5 GT/s */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00,
};

/* What a driver may write, by hand from the same. */
static const uint8_t writable_bytes[] = {
	0x00, 0x00, 0x00, 0x00, 0x46, 0x05, 0x00, 0x00,	/* memory, master, parity; SERR, INTx */
	0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00,	/* cache line; latency not on PCIe */
	0xc0, 0xff, 0xff, 0xff, 0x00, 0xf0, 0xff, 0xff,	/* 64 bytes; 4 KiB */
	0x00, 0x00, 0x00, 0x00, 0xf0, 0xff, 0xff, 0xff,	/* none; 16 bytes */
	0x00, 0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00,	/* 2 GiB; none */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* ROM: none */
	0x00, 0x00, 0x00, 0x00, 0xff, 0x00, 0x00, 0x00,	/* interrupt line */
	0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,	/* power state */
	0x00, 0x00, 0x71, 0x00, 0xfc, 0xff, 0xff, 0xff,	/* MSI enable, MME; address */
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00,	/* data is 16 bits */
	0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00,	/* MSI-X enable, mask */
	0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x0f, 0x70, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* error enables, read size */
	0xcb, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* ASPM, RCB, clock, synch */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* completion timeout off */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00,
};

/* U4: QEMU takes the first 256 bytes with one read. */
static void initial_space_is_that_of_the_specification_U4(void **state)
{
	struct pci_owner t;
	uint8_t space[4096], want[4096] = { 0 };

	(void)state;
	start(&t);
	memcpy(want, initial_bytes, sizeof(initial_bytes));
	memset(space, 0xaa, sizeof(space));
	iom_pci_config_read(&t.fn, 0, space, 256);
	assert_memory_equal(space, want, 256);
	iom_pci_config_read(&t.fn, 0, space, 4096);
	assert_memory_equal(space, want, 4096);
	stop(&t);
}

static void only_writable_bits_change(void **state)
{
	struct pci_owner t;
	struct test_rng rng;
	uint8_t model[256] = { 0 }, space[256], b[8];
	unsigned int off, len, i, step;

	(void)state;
	test_rng_init(&rng);
	start(&t);
	memcpy(model, initial_bytes, sizeof(initial_bytes));
	for (step = 0; step < 50000; step++) {
		off = (unsigned int)test_rng_below(&rng, 300);
		len = 1 + (unsigned int)test_rng_below(&rng, 8);
		test_rng_fill(&rng, b, sizeof(b));
		/* Not D3hot, FLR nor messages: they have tests of their own. */
		for (i = 0; i < len; i++)
			if (off + i == 0x44 || off + i == 0x6d || off + i == 0x5b ||
			    off + i == 0x4a)
				b[i] = 0;
		iom_pci_config_write(&t.fn, off, b, len);
		for (i = 0; i < len && off + i < sizeof(writable_bytes); i++)
			model[off + i] = (uint8_t)((model[off + i] & ~writable_bytes[off + i]) |
						   (b[i] & writable_bytes[off + i]));
		iom_pci_config_read(&t.fn, 0, space, 256);
		assert_memory_equal(space, model, 256);
		/* Any part of it reads as that part of the whole. */
		off = (unsigned int)test_rng_below(&rng, 249);
		iom_pci_config_read(&t.fn, off, b, len);
		assert_memory_equal(b, model + off, len);
	}
	iom_pci_reset(&t.fn);
	memset(model, 0, sizeof(model));
	memcpy(model, initial_bytes, sizeof(initial_bytes));
	iom_pci_config_read(&t.fn, 0, space, 256);
	assert_memory_equal(space, model, 256);
	assert_int_equal(t.nr_resets, 1);
	stop(&t);
}

static void outside_the_space_reads_ones_and_writes_nothing(void **state)
{
	struct pci_owner t;
	struct iom_pci_cfg cfg;
	uint8_t b[16], space[256];

	(void)state;
	start(&t);
	memset(b, 0, sizeof(b));
	iom_pci_config_read(&t.fn, 4090, b, 8);
	assert_int_equal(iom_get_le64(b), UINT64_MAX);
	iom_pci_config_read(&t.fn, UINT32_MAX - 3, b, 8);
	assert_int_equal(iom_get_le64(b), UINT64_MAX);
	iom_pci_config_read(&t.fn, 4088, b, 8);
	assert_int_equal(iom_get_le64(b), 0);
	iom_pci_config_write(&t.fn, UINT32_MAX, b, 8);
	iom_pci_config_write(&t.fn, 0, b, UINT32_MAX);
	iom_pci_config_read(&t.fn, 0, space, 256);
	assert_memory_equal(space, initial_bytes, sizeof(initial_bytes));
	stop(&t);

	/* Without PCI Express: no extended space; latency timer is there; no capability. */
	blank(&t);
	memset(&cfg, 0, sizeof(cfg));
	cfg.plat = &t.pt.plat;
	cfg.irq = &t.irq.irq;
	assert_int_equal(pci_owner_init_fn(&t, &cfg), IOM_OK);
	assert_int_equal(rd(&t, 0x100, 4), 0xffffffff);
	assert_int_equal(rd(&t, 0xfe, 4), 0xffff0000);
	assert_int_equal(rd(&t, 0x34, 4) | rd(&t, 0x04, 4), 0);
	wr(&t, 0x0c, 0xffffffff, 4);
	assert_int_equal(rd(&t, 0x0c, 4), 0xffff);
	/* No pin: INTx Disable and Interrupt Status are hardwired, the line never moves. */
	wr(&t, 4, 0xffff, 2);
	assert_int_equal(rd(&t, 4, 2), 0x0146);
	iom_pci_intx(&t.fn, true);
	assert_int_equal(rd(&t, 6, 2) | t.irq.nr_intx, 0);
	stop(&t);
}

static void bars_size_as_software_expects(void **state)
{
	static const uint32_t want[6] = { 64, 4096, 0, 16, 0x80000000, 0 };
	struct pci_owner t;
	unsigned int i;
	uint32_t mask;

	(void)state;
	start(&t);
	for (i = 0; i < 6; i++) {
		wr(&t, PCI_BAR(i), 0xfebf1230, 4);
		wr(&t, PCI_BAR(i), 0xffffffff, 4);
		mask = rd(&t, PCI_BAR(i), 4);
		assert_int_equal(mask ? ~mask + 1 : 0, want[i]);
		wr(&t, PCI_BAR(i), 0xfebf5670, 4);
		assert_int_equal(rd(&t, PCI_BAR(i), 4), want[i] ? 0xfebf5670 & mask : 0);
	}
	wr(&t, 0x30, 0xfffff800, 4);
	assert_int_equal(rd(&t, 0x30, 4), 0);
	stop(&t);
}

static void bad_configurations_are_refused(void **state)
{
	struct pci_owner t;
	struct iom_pci_cfg good, cfg;
	struct iom_pci_fn_ops no_bar_ops = { 0 };

	(void)state;
	blank(&t);
	good = pci_owner_cfg(&t);
#define REFUSED(change) do { \
		cfg = good; \
		change; \
		assert_int_equal(pci_owner_init_fn(&t, &cfg), IOM_EINVAL); \
	} while (0)
	REFUSED(cfg.plat = NULL);
	REFUSED(cfg.irq = NULL);
	REFUSED(cfg.class_code = 0x1000000);
	REFUSED(cfg.intx_pin = 5);
	REFUSED(cfg.msi_vectors = 3);
	REFUSED(cfg.msi_vectors = 64);
	REFUSED(cfg.msix_vectors = 65);
	REFUSED(cfg.msix_bar = 6);
	REFUSED(cfg.msix_bar = 2);
	REFUSED(cfg.bar_size[1] = 128);
	REFUSED(cfg.bar_size[0] = 8);
	REFUSED(cfg.bar_size[0] = 48);
#undef REFUSED
	assert_int_equal(iom_pci_init(&t.fn, &no_bar_ops, &good), IOM_EINVAL);
	plat_test_fail_nth(&t.pt, 1);
	assert_int_equal(pci_owner_init_fn(&t, &good), IOM_ENOMEM);
	assert_int_equal(plat_test_live(&t.pt), 0);
}

static void added_capabilities_join_the_list_and_are_hooked(void **state)
{
	static const uint8_t bytes[8] = { 9, 0xee, 8, 1, 2, 3, 4, 5 };
	static const uint8_t wmask[8] = { 0xff, 0xff, 0, 0, 0, 0, 0xf0, 0xff };
	struct pci_owner t;
	uint8_t at, b[16], space[256];
	unsigned int n;

	(void)state;
	start(&t);
	assert_int_equal(iom_pci_add_cap(&t.fn, bytes, NULL, 1, false, &at), IOM_EINVAL);
	assert_int_equal(iom_pci_add_cap(&t.fn, bytes, wmask, 8, true, &at), IOM_OK);
	assert_int_equal(at, 0xa0);
	assert_int_equal(find_cap(&t, 9), 0xa0);
	assert_int_equal(rd(&t, 0xa0, 4), 0x01080009);
	wr(&t, 0xa0, 0, 4);
	assert_int_equal(t.hook_off, 0);
	assert_int_equal(t.hook_len, 4);
	wr(&t, 0xa6, 0xffff, 2);
	assert_int_equal(t.hook_off, 6);
	assert_int_equal(t.fn.space[0xa6], 0xf4);
	iom_pci_config_read(&t.fn, 0xa4, b, 16);
	assert_int_equal(t.hook_off, 4);
	assert_int_equal(t.hook_len, 4);
	assert_int_equal(iom_get_le64(b), 0xc5c5c5c5);
	n = t.nr_hook_reads;
	assert_int_equal(rd(&t, 0xa8, 4), 0);
	assert_int_equal(rd(&t, 0x9c, 4), 0);
	assert_int_equal(t.nr_hook_reads, n);
	/* Until the space is full, to the last byte, and the list still ends. */
	for (n = 0; iom_pci_add_cap(&t.fn, bytes, NULL, 8, false, &at) == IOM_OK; n++)
		;
	assert_int_equal(n, 11);
	assert_int_equal(at, 0xf8);
	iom_pci_config_read(&t.fn, 0, space, 256);
	for (at = space[0x34], n = 0; at; at = space[at + 1])
		n++;
	assert_int_equal(n, 4 + 1 + 11);
	stop(&t);
	start(&t);
	for (n = 0; n < 4; n++)
		assert_int_equal(iom_pci_add_cap(&t.fn, bytes, NULL, 8, true, &at), IOM_OK);
	assert_int_equal(iom_pci_add_cap(&t.fn, bytes, NULL, 8, true, &at), IOM_ENOSPC);
	stop(&t);
}

static void bar_accesses_are_checked(void **state)
{
	struct pci_owner t;
	uint8_t b[16];

	(void)state;
	start(&t);
	iom_put_le32(b, 0x11223344);
	assert_int_equal(iom_pci_bar_write(&t.fn, 0, 60, b, 4), IOM_OK);
	assert_int_equal(iom_pci_bar_read(&t.fn, 0, 62, b, 2), IOM_OK);
	assert_int_equal(iom_get_le16(b), 0x1122);
#define REFUSED(bar, off, len) do { \
		memset(b, 0, sizeof(b)); \
		assert_int_equal(iom_pci_bar_read(&t.fn, bar, off, b, len), IOM_EINVAL); \
		assert_int_equal(b[0], 0xff); \
		assert_int_equal(iom_pci_bar_write(&t.fn, bar, off, b, len), IOM_EINVAL); \
	} while (0)
	REFUSED(0, 61, 4);
	REFUSED(0, 64, 1);
	REFUSED(0, 0, 3);
	REFUSED(0, 0, 16);
	REFUSED(0, UINT64_MAX, 1);
	REFUSED(0, UINT64_MAX - 3, 8);
	REFUSED(2, 0, 4);
	REFUSED(6, 0, 4);
	REFUSED(UINT32_MAX, 0, 4);
#undef REFUSED
	stop(&t);
}

static void bus_master_needs_the_bit_and_D0(void **state)
{
	struct pci_owner t;
	unsigned int pm;
	uint8_t b[4];

	(void)state;
	start(&t);
	pm = find_cap(&t, 1);
	assert_false(iom_pci_bus_master(&t.fn));
	wr(&t, 4, 6, 2);
	assert_true(t.bm && iom_pci_bus_master(&t.fn));
	wr(&t, pm + 4, 1, 2);			/* D1 is not there: no change */
	wr(&t, pm + 4, 2, 2);
	assert_int_equal(rd(&t, pm + 4, 2), 8);
	assert_int_equal(t.nr_bm, 1);
	wr(&t, pm + 4, 3, 2);
	assert_int_equal(rd(&t, pm + 4, 2), 8 | 3);
	assert_false(t.bm || iom_pci_bus_master(&t.fn));
	t.bar[0] = 0x5a;
	assert_int_equal(iom_pci_bar_read(&t.fn, 0, 0, b, 1), IOM_OK);
	assert_int_equal(b[0], 0xff);
	assert_int_equal(iom_pci_bar_write(&t.fn, 0, 0, b, 1), IOM_OK);
	assert_int_equal(t.bar[0], 0x5a);
	wr(&t, pm + 4, 2, 1);
	assert_int_equal(rd(&t, pm + 4, 2), 8 | 3);
	wr(&t, pm + 4, 0, 2);
	assert_true(t.bm);
	assert_int_equal(rd(&t, 4, 2), 6);	/* No_Soft_Reset */
	iom_pci_reset(&t.fn);
	assert_false(t.bm || iom_pci_bus_master(&t.fn));
	assert_int_equal(t.nr_bm, 4);
	stop(&t);
}

static void flr_resets_from_any_width(void **state)
{
	struct pci_owner t;
	unsigned int exp, i;

	(void)state;
	start(&t);
	exp = find_cap(&t, 0x10);
	for (i = 0; i < 3; i++) {
		wr(&t, 4, 0x0406, 2);
		wr(&t, PCI_BAR(0), 0xfe000000, 4);
		iom_pci_intx(&t.fn, true);
		wr(&t, exp + 9, 0x00, 1);	/* the bit is not set */
		assert_int_equal(t.nr_resets, i);
		if (i == 0)
			wr(&t, exp + 8, 0xa000, 2);
		else if (i == 1)
			wr(&t, exp + 9, 0x80, 1);
		else
			wr(&t, exp + 8, 0xffff8000, 4);
		assert_int_equal(t.nr_resets, i + 1);
		assert_int_equal(rd(&t, 4, 4), 0x00100000);
		assert_int_equal(rd(&t, PCI_BAR(0), 4), 0);
		assert_int_equal(rd(&t, exp + 8, 2), 0x2000);
		assert_false(t.irq.line || t.bm);
	}
	stop(&t);
}

/* Any bytes at any place: nothing is hit but what the laws above say, reset always works. */
static void random_accesses_then_reset(void **state)
{
	struct pci_owner t;
	struct test_rng rng;
	uint8_t b[64], space[256], stream[1024], again[1024];
	size_t len, len2;
	unsigned int step, off, n;

	(void)state;
	test_rng_init(&rng);
	start(&t);
	for (step = 0; step < 60000; step++) {
		t.irq.nr_msgs = 0;
		off = (unsigned int)(test_rng_below(&rng, 8) ? test_rng_below(&rng, 260) :
				     test_rng_edgy(&rng));
		n = (unsigned int)test_rng_below(&rng, 65);
		test_rng_fill(&rng, b, sizeof(b));
		switch (test_rng_below(&rng, 6)) {
		case 0:
			iom_pci_config_read(&t.fn, off, b, n);
			break;
		case 1:
			iom_pci_config_write(&t.fn, off, b, n);
			break;
		case 2:
			iom_pci_bar_read(&t.fn, n % 7, test_rng_edgy(&rng), b, 1u << n % 4);
			break;
		case 3:
			iom_pci_bar_write(&t.fn, 1, off & 0xff, b, 1u << n % 4);
			break;
		case 4:
			iom_pci_irq(&t.fn, n);
			break;
		default:
			iom_pci_intx(&t.fn, n & 1);
		}
		assert_int_equal(t.bm, iom_pci_bus_master(&t.fn));
		if (step % 97)
			continue;
		assert_int_equal(iom_pci_save(&t.fn, stream, sizeof(stream), &len), IOM_OK);
		assert_int_equal(iom_pci_restore(&t.fn, stream, len, &len2), IOM_OK);
		assert_int_equal(iom_pci_save(&t.fn, again, sizeof(again), &len2), IOM_OK);
		assert_int_equal(len, len2);
		assert_memory_equal(stream, again, len);
		iom_pci_reset(&t.fn);
		iom_pci_config_read(&t.fn, 0, space, 256);
		assert_memory_equal(space, initial_bytes, sizeof(initial_bytes));
		assert_false(t.irq.line || t.bm);
	}
	stop(&t);
}

static void restore_refuses_damage_and_other_functions(void **state)
{
	struct pci_owner t, u;
	struct iom_pci_cfg cfg;
	uint8_t stream[1024], before[1024], after[1024];
	size_t len, n, i;

	(void)state;
	start(&t);
	wr(&t, 4, 4, 2);
	iom_pci_intx(&t.fn, true);
	assert_int_equal(iom_pci_save(&t.fn, NULL, 0, &len), IOM_ENOSPC);
	assert_int_equal(iom_pci_save(&t.fn, stream, len - 1, &n), IOM_ENOSPC);
	assert_int_equal(iom_pci_save(&t.fn, stream, len, &n), IOM_OK);
	wr(&t, 4, 0x400, 2);
	assert_int_equal(iom_pci_save(&t.fn, before, sizeof(before), &n), IOM_OK);
	t.irq.nr_intx = 0;
	for (i = 0; i < len * 8; i++) {
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(iom_pci_restore(&t.fn, stream, len, &n), IOM_EINVAL);
		stream[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(iom_pci_restore(&t.fn, stream, len - 1, &n), IOM_EINVAL);
	assert_int_equal(iom_pci_save(&t.fn, after, sizeof(after), &n), IOM_OK);
	assert_memory_equal(before, after, n);
	assert_int_equal(t.irq.nr_intx, 0);

	/* A function that differs in anything a driver can see, or in a size. */
	for (i = 0; i < 5; i++) {
		blank(&u);
		cfg = pci_owner_cfg(&u);
		if (i == 0)
			cfg.device++;
		else if (i == 1)
			cfg.bar_size[0] *= 2;
		else if (i == 2)
			cfg.msix_vectors++;
		else if (i == 3)
			cfg.intx_pin = 0;
		else
			cfg.msix_table_extern = true;
		assert_int_equal(pci_owner_init_fn(&u, &cfg), IOM_OK);
		assert_int_equal(iom_pci_restore(&u.fn, stream, len, &n), IOM_EINVAL);
		stop(&u);
	}
	assert_int_equal(iom_pci_restore(&t.fn, stream, len, &n), IOM_OK);
	assert_true(t.irq.line && t.bm);
	/* The embedder is told the level even where it does not change here. */
	iom_pci_reset(&t.fn);
	assert_int_equal(iom_pci_save(&t.fn, stream, sizeof(stream), &len), IOM_OK);
	t.irq.line = true;
	assert_int_equal(iom_pci_restore(&t.fn, stream, len, &n), IOM_OK);
	assert_false(t.irq.line);
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_space_is_that_of_the_specification_U4),
		cmocka_unit_test(only_writable_bits_change),
		cmocka_unit_test(outside_the_space_reads_ones_and_writes_nothing),
		cmocka_unit_test(bars_size_as_software_expects),
		cmocka_unit_test(bad_configurations_are_refused),
		cmocka_unit_test(added_capabilities_join_the_list_and_are_hooked),
		cmocka_unit_test(bar_accesses_are_checked),
		cmocka_unit_test(bus_master_needs_the_bit_and_D0),
		cmocka_unit_test(flr_resets_from_any_width),
		cmocka_unit_test(random_accesses_then_reset),
		cmocka_unit_test(restore_refuses_damage_and_other_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
