/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration space of a virtio function with everything that a function can
 * have: reads and writes of any place and length, interrupts raised in between,
 * the window into the BARs included. What must hold after each: read-only bits
 * stand, no message leaves without bus mastering, no line is up in a message
 * mode; at the end the state can be saved, restored, and reset to the first one.
 *
 * Input: operations of one byte each with what they need behind it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <iom/base/err.h>

#include "fakes/vpci_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vpci_driver t, u;
static uint8_t first[256], wmask[256];

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check(void)
{
	const struct iom_pci_fn *f = &t.v.fn;
	unsigned int i;

	for (i = 0; i < 256; i++)
		require(!((f->space[i] ^ first[i]) & ~wmask[i]));
	require(!t.irq.nr_msgs || iom_pci_bus_master(f));
	require(!t.irq.line || !iom_pci_msi_enabled(&t.v.fn));
	require(!(f->msix_pending >> 3) && !(f->msi_pending >> 4) && t.v.isr < 4);
	t.irq.nr_msgs = 0;
}

static void step(const uint8_t **p, size_t *left)
{
	uint8_t op = (*p)[0], off = (*p)[1], buf[256];
	unsigned int len = 1 + op / 8;

	*p += 2;
	*left -= 2;
	switch (op % 8) {
	case 0:
		vpci_driver_cfg_wr(&t, 4, 6, 2);
		break;
	case 1:
	case 2:
	case 3:
		if (len > *left)
			len = (unsigned int)*left;
		iom_pci_config_write(&t.v.fn, off, *p, len);
		*p += len;
		*left -= len;
		break;
	case 4:
		iom_pci_config_read(&t.v.fn, off * 16u, buf, op);
		break;
	case 5:
		t.v.d->tr->queue_irq(t.v.d->tr_arg, off & 1);
		break;
	case 6:
		iom_virtio_dev_config_changed(&t.e.d);
		break;
	default:
		iom_pci_config_read(&t.v.fn, off, buf, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t stream[2048];
	uint8_t space[256];
	size_t len, used;

	vpci_driver_start(&t, true);
	memcpy(first, t.v.fn.initial, sizeof(first));
	memcpy(wmask, t.v.fn.wmask, sizeof(wmask));
	while (size >= 2) {
		step(&data, &size);
		check();
	}
	require(!iom_vpci_dev_save(&t.v, stream, sizeof(stream), &len));
	vpci_driver_start(&u, true);
	require(!iom_vpci_dev_restore(&u.v, stream, len, &used) && used == len);
	require(!memcmp(u.v.fn.space, t.v.fn.space, sizeof(u.v.fn.space)));
	require(u.irq.line == t.irq.line);
	vpci_driver_stop(&u);
	iom_pci_reset(&t.v.fn);
	iom_pci_config_read(&t.v.fn, 0, space, sizeof(space));
	require(!memcmp(space, first, sizeof(space)) && !t.irq.line);
	vpci_driver_stop(&t);
	return 0;
}
