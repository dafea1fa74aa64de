/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-mmio version 2, device side: a 4 KiB register window over a struct
 * iom_virtio_dev. VIRTIO 1.3 section 4.2. One register thread at a time.
 * Drivers here may not wait for a reset to finish, so writing 0 to Status waits
 * (plat's relax) until the worker has left.
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
	IOM_ATOMIC(uint32_t) isr;
	/* The interrupt line's level; any thread, must not block or call back. */
	void (*irq)(void *arg, bool level);
	void *irq_arg;
};

int iom_vmmio_dev_init(struct iom_vmmio_dev *m, struct iom_virtio_dev *d, uint32_t vendor,
		       void (*irq)(void *arg, bool level), void *irq_arg);

/*
 * Register access; len 1, 2, 4 or 8. Registers below 0x100 take aligned 4-byte
 * accesses, configuration space its field's width. IOM_EINVAL otherwise: a
 * read's buf is 0, a write does nothing.
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
