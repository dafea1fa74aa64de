/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BARs of a virtio function, at any offset and width, by a driver that also
 * writes its rings and lets the device work on them: registers, doorbells, ISR,
 * device configuration, MSI-X table and PBA, and the vectors that follow. What
 * must hold: status, sizes and vectors stay in their ranges, and after a reset
 * the common structure reads as it did first.
 *
 * Input: operations of one byte each with what they need behind it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <iom/base/endian.h>
#include <iom/base/err.h>

#include "fakes/vpci_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vpci_driver t;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check(void)
{
	unsigned int status = vpci_driver_crd(&t, 20, 1), q;
	const struct iom_virtio_queue *queue;

	require(!(status & 0x30) && (!(status & 4) || status & 8));
	require(t.v.config_vector < 3 || t.v.config_vector == VPCI_DRIVER_NONE);
	for (q = 0; q < VIRTIO_ECHO_QUEUES; q++) {
		queue = &t.e.d.queue[q];
		require(queue->cfg.size <= VIRTIO_ECHO_SIZE);
		require(!queue->ready || (status & 8 && queue->cfg.size));
		require(t.v.queue_vector[q] < 3 || t.v.queue_vector[q] == VPCI_DRIVER_NONE);
	}
	require(t.v.isr < 4 && !(t.v.fn.msix_pending >> 3));
	t.irq.nr_msgs = 0;
}

/* Takes up to n bytes of the input, zeroes behind its end. */
static void take(const uint8_t **p, size_t *left, void *buf, size_t n)
{
	size_t have = n < *left ? n : *left;

	memset(buf, 0, n);
	memcpy(buf, *p, have);
	*p += have;
	*left -= have;
}

static void step(const uint8_t **p, size_t *left)
{
	uint8_t op, b[16];
	unsigned int off, len;

	take(p, left, &op, 1);
	take(p, left, b, 2);
	off = iom_get_le16(b);
	len = 1u << op / 8 % 4;
	switch (op % 8) {
	case 0:
		iom_pci_bar_read(&t.v.fn, op / 32, off, b, len);
		break;
	case 1:
	case 2:		/* the structures are at the multiples of 0x1000 */
		off = (off & 0x3000) | (off & 0x7f);
		take(p, left, b, len);
		iom_pci_bar_write(&t.v.fn, 0, off, b, len);
		break;
	case 3:
		take(p, left, b, len);
		iom_pci_bar_write(&t.v.fn, 1, off & 0xfff, b, len);
		break;
	case 4:
		take(p, left, b, 16);
		memcpy(t.e.mem + (off & 0x7ff0), b, 16);
		break;
	case 5:
		iom_virtio_dev_run(&t.e.d);
		break;
	case 6:
		vpci_driver_bring_up(&t, op & 8, 0, 1, 2);
		break;
	default:
		take(p, left, b, 2);
		vpci_driver_cfg_wr(&t, t.v.fn.cap_msix + 2u, iom_get_le16(b), 2);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t before[64], after[64];

	vpci_driver_start(&t, false);
	iom_pci_bar_read(&t.v.fn, 0, 0, before, 8);
	iom_pci_bar_read(&t.v.fn, 0, 16, before + 8, 8);
	iom_pci_bar_read(&t.v.fn, 0, 24, before + 16, 8);
	while (size) {
		step(&data, &size);
		check();
	}
	vpci_driver_cwr(&t, 20, 0, 1);
	iom_pci_bar_read(&t.v.fn, 0, 0, after, 8);
	iom_pci_bar_read(&t.v.fn, 0, 16, after + 8, 8);
	iom_pci_bar_read(&t.v.fn, 0, 24, after + 16, 8);
	after[8 + 5] = before[8 + 5];		/* the generation goes on */
	require(!memcmp(before, after, 24) && !t.irq.line && !t.v.isr);
	vpci_driver_stop(&t);
	return 0;
}
