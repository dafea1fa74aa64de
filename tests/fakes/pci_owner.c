/* SPDX-License-Identifier: BSD-2-Clause */
/* The owner of pci_owner.h. */
#include <iom/base/endian.h>
#include <iom/base/field.h>

#include "fakes/pci_owner.h"
#include "lib/test.h"

static struct pci_owner *of(struct iom_pci_fn *f)
{
	return IOM_CONTAINER_OF(f, struct pci_owner, fn);
}

static void bar_read(struct iom_pci_fn *f, unsigned int bar, uint64_t off, void *buf,
		     unsigned int len)
{
	(void)bar;
	memset(buf, 0x3c, len);
	if (off + len <= sizeof(of(f)->bar))
		memcpy(buf, of(f)->bar + off, len);
}

static void bar_write(struct iom_pci_fn *f, unsigned int bar, uint64_t off, const void *buf,
		      unsigned int len)
{
	(void)bar;
	if (off + len <= sizeof(of(f)->bar))
		memcpy(of(f)->bar + off, buf, len);
}

static void cap_read(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off, void *buf,
		     unsigned int len)
{
	(void)cap_off;
	of(f)->hook_off = off;
	of(f)->hook_len = len;
	of(f)->nr_hook_reads++;
	if (off >= 4)
		memset(buf, 0xc5, len);
}

static void cap_write(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off, unsigned int len)
{
	(void)cap_off;
	of(f)->hook_off = off;
	of(f)->hook_len = len;
	of(f)->nr_hook_writes++;
}

static void bus_master(struct iom_pci_fn *f, bool on)
{
	assert_int_equal(on, iom_pci_bus_master(f));
	of(f)->bm = on;
	of(f)->nr_bm++;
}

static void reset(struct iom_pci_fn *f)
{
	of(f)->nr_resets++;
}

static const struct iom_pci_fn_ops fn_ops = {
	bar_read, bar_write, cap_read, cap_write, bus_master, reset,
};

struct iom_pci_cfg pci_owner_cfg(struct pci_owner *t)
{
	struct iom_pci_cfg cfg = {
		.plat = &t->pt.plat,
		.vendor = 0x1234, .device = 0x5678, .subsys_vendor = 0x9abc, .subsys_id = 0xdef0,
		.revision = 7, .class_code = 0x010802, .multifunction = true, .pcie = true,
		.intx_pin = 2, .msi_vectors = 8, .msix_vectors = 5, .msix_bar = 1,
		.bar_size = { 64, 4096, 0, 16, 0x80000000, 0 }, .irq = &t->irq.irq,
	};

	return cfg;
}

int pci_owner_init_fn(struct pci_owner *t, const struct iom_pci_cfg *cfg)
{
	return iom_pci_init(&t->fn, &fn_ops, cfg);
}

void pci_owner_blank(struct pci_owner *t)
{
	memset(t, 0, sizeof(*t));
	plat_test_init(&t->pt);
	irq_record_init(&t->irq);
}

void pci_owner_start(struct pci_owner *t)
{
	struct iom_pci_cfg cfg;

	pci_owner_blank(t);
	cfg = pci_owner_cfg(t);
	assert_int_equal(pci_owner_init_fn(t, &cfg), IOM_OK);
}

void pci_owner_stop(struct pci_owner *t)
{
	iom_pci_fini(&t->fn);
	assert_int_equal(plat_test_live(&t->pt), 0);
}

uint32_t pci_owner_rd(struct pci_owner *t, unsigned int off, unsigned int len)
{
	uint8_t b[4] = { 0 };

	iom_pci_config_read(&t->fn, off, b, len);
	return iom_get_le32(b);
}

void pci_owner_wr(struct pci_owner *t, unsigned int off, uint32_t val, unsigned int len)
{
	uint8_t b[4];

	iom_put_le32(b, val);
	iom_pci_config_write(&t->fn, off, b, len);
}

unsigned int pci_owner_find_cap(struct pci_owner *t, uint8_t id)
{
	unsigned int at = pci_owner_rd(t, 0x34, 1), n;

	for (n = 0; at && n < 48; n++, at = pci_owner_rd(t, at + 1, 1)) {
		assert_int_equal(at & 3, 0);
		assert_true(at >= 0x40);
		if (pci_owner_rd(t, at, 1) == id)
			return at;
	}
	return 0;
}
