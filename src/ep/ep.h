/* SPDX-License-Identifier: BSD-2-Clause */
/* What the endpoint devices share. */
#ifndef EP_EP_H
#define EP_EP_H

#include <iom/base/atomic.h>
#include <iom/virtio/virtio_dev.h>

/* A counter that one thread writes and any thread reads. */
static inline void iomi_ep_count(IOM_ATOMIC(uint64_t) *c, uint64_t n)
{
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);

	atomic_store_explicit(c, v + n, memory_order_relaxed);
}

/*
 * Features that every virtio endpoint offers, and the refusal of a driver that
 * would hand guest-physical addresses to a device behind an IOMMU.
 */
uint64_t iomi_ep_virtio_features(bool access_platform, bool packed);
int iomi_ep_features_ok(bool access_platform, uint64_t accepted);

/* 0 is the default; IOM_EINVAL unless a power of two from min to 1024. */
int iomi_ep_queue_size(uint16_t *size, uint16_t min, uint16_t dflt);

#endif
