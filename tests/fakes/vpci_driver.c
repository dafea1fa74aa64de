/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver of vpci_driver.h. */
#include <iom/base/endian.h>

#include "fakes/vpci_driver.h"

void vpci_driver_start_with(struct vpci_driver *t, const struct iom_vpci_dev_cfg *cfg)
{
	struct iom_vpci_dev_cfg c = *cfg;

	memset(t, 0, sizeof(*t));
	virtio_echo_init(&t->e, 23);
	irq_record_init(&t->irq);
	c.plat = &t->e.pt.plat;
	c.irq = &t->irq.irq;
	assert_int_equal(iom_vpci_dev_init(&t->v, &t->e.d, &c), IOM_OK);
}

void vpci_driver_stop(struct vpci_driver *t)
{
	iom_vpci_dev_fini(&t->v);
	assert_int_equal(plat_test_live(&t->e.pt), 0);
}

uint32_t vpci_driver_cfg_rd(struct vpci_driver *t, unsigned int off, unsigned int len)
{
	uint8_t b[4] = { 0 };

	iom_pci_config_read(&t->v.fn, off, b, len);
	return iom_get_le32(b);
}

void vpci_driver_cfg_wr(struct vpci_driver *t, unsigned int off, uint32_t val, unsigned int len)
{
	uint8_t b[4];

	iom_put_le32(b, val);
	iom_pci_config_write(&t->v.fn, off, b, len);
}

/* Finds the capabilities as a driver does. */
static void discover(struct vpci_driver *t)
{
	unsigned int at, type, off, n = 0;

	assert_int_equal(vpci_driver_cfg_rd(t, 0, 4), 0x10571af4);
	for (at = vpci_driver_cfg_rd(t, 0x34, 1); at; at = vpci_driver_cfg_rd(t, at + 1, 1)) {
		assert_true(n++ < 48);
		if (vpci_driver_cfg_rd(t, at, 1) != 9)
			continue;
		type = vpci_driver_cfg_rd(t, at + 3, 1);
		assert_int_equal(vpci_driver_cfg_rd(t, at + 4, 1), 0);
		off = vpci_driver_cfg_rd(t, at + 8, 4);
		assert_int_equal(off % 4, 0);
		if (type == 1)
			t->common = off;
		else if (type == 2)
			t->notify = off, t->mult = vpci_driver_cfg_rd(t, at + 16, 4);
		else if (type == 3)
			t->isr = off;
		else if (type == 4)
			t->device = off;
		else
			t->window = at;
	}
	/* Memory and bus mastering on. */
	vpci_driver_cfg_wr(t, 4, 6, 2);
}

void vpci_driver_start(struct vpci_driver *t, bool pcie)
{
	const struct iom_vpci_dev_cfg cfg = {
		.msix = true, .msi = true, .pcie = pcie, .intx_pin = 1,
	};

	vpci_driver_start_with(t, &cfg);
	discover(t);
}

uint32_t vpci_driver_rd(struct vpci_driver *t, unsigned int off, unsigned int len)
{
	uint8_t b[8] = { 0 };

	if (t->by_window) {
		vpci_driver_cfg_wr(t, t->window + 4, 0, 1);
		vpci_driver_cfg_wr(t, t->window + 8, off, 4);
		vpci_driver_cfg_wr(t, t->window + 12, len, 4);
		return vpci_driver_cfg_rd(t, t->window + 16, len);
	}
	assert_int_equal(iom_pci_bar_read(&t->v.fn, 0, off, b, len), IOM_OK);
	return iom_get_le32(b);
}

void vpci_driver_wr(struct vpci_driver *t, unsigned int off, uint32_t val, unsigned int len)
{
	uint8_t b[4];

	if (t->by_window) {
		vpci_driver_cfg_wr(t, t->window + 4, 0, 1);
		vpci_driver_cfg_wr(t, t->window + 8, off, 4);
		vpci_driver_cfg_wr(t, t->window + 12, len, 4);
		vpci_driver_cfg_wr(t, t->window + 16, val, len);
		return;
	}
	iom_put_le32(b, val);
	assert_int_equal(iom_pci_bar_write(&t->v.fn, 0, off, b, len), IOM_OK);
}

uint32_t vpci_driver_crd(struct vpci_driver *t, unsigned int off, unsigned int len)
{
	return vpci_driver_rd(t, t->common + off, len);
}

void vpci_driver_cwr(struct vpci_driver *t, unsigned int off, uint32_t val, unsigned int len)
{
	vpci_driver_wr(t, t->common + off, val, len);
}

void vpci_driver_enable_msix(struct vpci_driver *t)
{
	unsigned int at, v;
	uint8_t b[8];

	at = vpci_driver_cfg_rd(t, 0x34, 1);
	while (vpci_driver_cfg_rd(t, at, 1) != 0x11)
		at = vpci_driver_cfg_rd(t, at + 1, 1);
	for (v = 0; v < 3; v++) {
		iom_put_le64(b, 0xfee00000 + v * 16);
		iom_pci_bar_write(&t->v.fn, 1, v * 16, b, 8);
		iom_put_le64(b, 0x40 + v);
		iom_pci_bar_write(&t->v.fn, 1, v * 16 + 8, b, 8);
	}
	vpci_driver_cfg_wr(t, at + 2, 0x8000, 2);
}

/* 3.1.1 steps 1 to 6 */
void vpci_driver_negotiate(struct vpci_driver *t, uint64_t features)
{
	vpci_driver_cwr(t, 20, 0, 1);
	assert_int_equal(vpci_driver_crd(t, 20, 1), 0);
	vpci_driver_cwr(t, 20, 1, 1);
	vpci_driver_cwr(t, 20, 3, 1);
	vpci_driver_cwr(t, 0, 0, 4);
	assert_int_equal(vpci_driver_crd(t, 4, 4), 0x30000000);
	vpci_driver_cwr(t, 0, 1, 4);
	assert_int_equal(vpci_driver_crd(t, 4, 4), 7);
	vpci_driver_cwr(t, 8, 0, 4);
	vpci_driver_cwr(t, 12, (uint32_t)features, 4);
	vpci_driver_cwr(t, 8, 1, 4);
	vpci_driver_cwr(t, 12, (uint32_t)(features >> 32), 4);
	vpci_driver_cwr(t, 20, 11, 1);
	assert_int_equal(vpci_driver_crd(t, 20, 1), 11);
}

/* 4.1.5.1.3: size, addresses, vector, enable. */
void vpci_driver_set_queue(struct vpci_driver *t, unsigned int q, bool packed, unsigned int size,
		      uint32_t vector)
{
	const struct iom_vq_cfg *c;

	virtio_echo_ring(&t->e, q, packed, size);
	c = &t->e.ring[q].cfg;
	vpci_driver_cwr(t, 22, q, 2);
	assert_int_equal(vpci_driver_crd(t, 24, 2), VIRTIO_ECHO_SIZE);
	assert_int_equal(vpci_driver_crd(t, 28, 2), 0);
	vpci_driver_cwr(t, 24, size, 2);
	vpci_driver_cwr(t, 32, (uint32_t)c->desc, 4);
	vpci_driver_cwr(t, 36, (uint32_t)(c->desc >> 32), 4);
	vpci_driver_cwr(t, 40, (uint32_t)c->driver, 4);
	vpci_driver_cwr(t, 44, (uint32_t)(c->driver >> 32), 4);
	vpci_driver_cwr(t, 48, (uint32_t)c->device, 4);
	vpci_driver_cwr(t, 52, (uint32_t)(c->device >> 32), 4);
	vpci_driver_cwr(t, 26, vector, 2);
	assert_int_equal(vpci_driver_crd(t, 26, 2), vector);
	vpci_driver_cwr(t, 28, 1, 2);
	assert_int_equal(vpci_driver_crd(t, 28, 2), 1);
}

void vpci_driver_bring_up(struct vpci_driver *t, bool packed, uint32_t v_cfg, uint32_t v0,
			  uint32_t v1)
{
	vpci_driver_negotiate(t, UINT64_C(0x300000000) | (packed ? UINT64_C(0x400000000) : 0));
	vpci_driver_cwr(t, 16, v_cfg, 2);
	assert_int_equal(vpci_driver_crd(t, 16, 2), v_cfg);
	vpci_driver_set_queue(t, 0, packed, 16, v0);
	vpci_driver_set_queue(t, 1, packed, packed ? 7 : 8, v1);
	vpci_driver_cwr(t, 20, 15, 1);
	assert_int_equal(vpci_driver_crd(t, 20, 1), 15);
}

void vpci_driver_kick(void *arg, unsigned int q)
{
	struct vpci_driver *t = arg;

	vpci_driver_cwr(t, 22, q, 2);
	vpci_driver_wr(t, t->notify + vpci_driver_crd(t, 30, 2) * t->mult, q, 2);
}
