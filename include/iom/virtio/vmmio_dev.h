/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-mmio version 2, device side: a 4 KiB register window over a struct
 * iom_virtio_dev. VIRTIO 1.3 section 4.2. One register thread at a time.
 * Drivers here do not poll for a reset or for a queue to stop, so a write of 0
 * to Status or QueueReady waits (plat's relax) until the worker has let go: the
 * worker must not need the register thread to go on.
 */
#ifndef IOM_VIRTIO_VMMIO_DEV_H
#define IOM_VIRTIO_VMMIO_DEV_H

#include <iom/virtio/virtio_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_VMMIO_DEV_SIZE 0x1000u

struct iom_vmmio_dev {
	struct iom_virtio_dev *d;
	uint32_t vendor;
	/* The interrupt line's level; any thread, must not block or call back. */
	void (*irq)(void *arg, bool level);
	void *irq_arg;
	struct iom_lock lock;		/* isr, and the order of irq calls */
	uint32_t isr;			/* InterruptStatus; the line is isr != 0 */
};

/* Binds itself to d. IOM_EINVAL: no irq; IOM_ENOMEM: no lock. */
int iom_vmmio_dev_init(struct iom_vmmio_dev *m, struct iom_virtio_dev *d, uint32_t vendor,
		       void (*irq)(void *arg, bool level), void *irq_arg);
void iom_vmmio_dev_fini(struct iom_vmmio_dev *m);

/*
 * Register access. Registers below 0x100 take aligned 4-byte accesses;
 * configuration space aligned ones of 1, 2, 4 or 8. IOM_EINVAL otherwise: a
 * read's buf is 0, a write does nothing. A register that is not there, or not
 * to be read, reads 0; one not to be written ignores it.
 */
int iom_vmmio_dev_read(struct iom_vmmio_dev *m, uint64_t off, void *buf, unsigned int len);
int iom_vmmio_dev_write(struct iom_vmmio_dev *m, uint64_t off, const void *buf, unsigned int len);

/* As iom_vpci_dev_save/restore. */
int iom_vmmio_dev_save(struct iom_vmmio_dev *m, void *buf, size_t cap, size_t *len);
int iom_vmmio_dev_restore(struct iom_vmmio_dev *m, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
