/* SPDX-License-Identifier: BSD-2-Clause */
/* What the registers of both transports do alike. Register thread. */
#ifndef IOMI_VIRTIO_TRANSPORT_REGS_H
#define IOMI_VIRTIO_TRANSPORT_REGS_H

#include <iom/virtio/virtio_dev.h>

/* The queue that the driver selected; NULL: there is none. */
static inline struct iom_virtio_queue *transport_queue(struct iom_virtio_dev *d)
{
	struct iom_virtio_queue *queue;

	if (d->queue_sel >= d->cfg.nr_queues)
		return NULL;
	queue = &d->queue[d->queue_sel];
	return queue->size_max ? queue : NULL;
}

/* A size out of range becomes 0, which no enable accepts. */
static inline void transport_set_size(struct iom_virtio_queue *queue, uint32_t size)
{
	queue->cfg.size = size <= queue->size_max ? (uint16_t)size : 0;
}

static inline void transport_set_low(uint64_t *addr, uint32_t low)
{
	*addr = (*addr & ~(uint64_t)UINT32_MAX) | low;
}

static inline void transport_set_high(uint64_t *addr, uint32_t high)
{
	*addr = (*addr & UINT32_MAX) | (uint64_t)high << 32;
}

#endif
