/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of virtio_dev, and for transports that save it with their own state. */
#ifndef IOMI_VIRTIO_VIRTIO_DEV_PRIV_H
#define IOMI_VIRTIO_VIRTIO_DEV_PRIV_H

#include <iom/virtio/virtio_dev.h>

/*
 * The status of a stopped device, for its stream. A reset that still drains is
 * over there: everything was reset, and the accesses it waits for do not move.
 */
uint8_t iomi_virtio_dev_final_status(const struct iom_virtio_dev *d);

/*
 * iom_virtio_dev_restore() in two steps, for what must be in place before the
 * worker begins: all but the wake, and the wake.
 */
int iomi_virtio_dev_restore_asleep(struct iom_virtio_dev *d, const void *buf, size_t size,
				   size_t *len);
void iomi_virtio_dev_restore_wake(struct iom_virtio_dev *d);

#endif
