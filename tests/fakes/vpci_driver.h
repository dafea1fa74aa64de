/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small virtio-pci driver for tests, and the echo device under it: it finds the
 * capabilities, reads and writes by BAR 0 or by the configuration access window,
 * and takes the steps of VIRTIO 1.3 section 3.1.1. Numbers from the document, not
 * those of spec/virtio.h.
 */
#ifndef TESTS_FAKES_VPCI_DRIVER_H
#define TESTS_FAKES_VPCI_DRIVER_H

#include <iom/virtio/vpci_dev.h>

#include "fakes/irq_record.h"
#include "fakes/virtio_echo.h"

#define VPCI_DRIVER_NONE 0xffffu	/* no vector */

struct vpci_driver {
	struct virtio_echo e;
	struct irq_record irq;
	struct iom_vpci_dev v;
	/* Where the driver found the structures in BAR 0. */
	unsigned int common, isr, device, notify, mult;
	unsigned int window;		/* configuration access capability */
	bool by_window;			/* rd and wr go through it */
};

/* A device with this cfg (plat and irq are filled in), not looked at yet. */
void vpci_driver_start_with(struct vpci_driver *t, const struct iom_vpci_dev_cfg *cfg);
/* MSI-X, MSI and INTA; discovered; memory and bus mastering on. */
void vpci_driver_start(struct vpci_driver *t, bool pcie);
void vpci_driver_stop(struct vpci_driver *t);

/* Configuration space, BAR 0, and common structure; len 1, 2 or 4. */
uint32_t vpci_driver_cfg_rd(struct vpci_driver *t, unsigned int off, unsigned int len);
void vpci_driver_cfg_wr(struct vpci_driver *t, unsigned int off, uint32_t val, unsigned int len);
uint32_t vpci_driver_rd(struct vpci_driver *t, unsigned int off, unsigned int len);
void vpci_driver_wr(struct vpci_driver *t, unsigned int off, uint32_t val, unsigned int len);
uint32_t vpci_driver_crd(struct vpci_driver *t, unsigned int off, unsigned int len);
void vpci_driver_cwr(struct vpci_driver *t, unsigned int off, uint32_t val, unsigned int len);

/* Three vectors, unmasked: address 0xfee00000 + 16 v, data 0x40 + v. */
void vpci_driver_enable_msix(struct vpci_driver *t);
/* From reset to FEATURES_OK. */
void vpci_driver_negotiate(struct vpci_driver *t, uint64_t features);
void vpci_driver_set_queue(struct vpci_driver *t, unsigned int q, bool packed, unsigned int size,
			   uint32_t vector);
/* From reset to DRIVER_OK, with both queues. */
void vpci_driver_bring_up(struct vpci_driver *t, bool packed, uint32_t v_cfg, uint32_t v0,
			  uint32_t v1);
/* For virtio_echo_exchange(); arg is the driver. */
void vpci_driver_kick(void *arg, unsigned int q);

#endif
