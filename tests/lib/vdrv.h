/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio driver without a transport, for tests of device types: it brings a
 * struct iom_virtio_dev up by the transport's calls and keeps one split or
 * packed ring in a paged gmem, direct or indirect, written from VIRTIO 1.3
 * sections 2.7 and 2.8. Chains are added in batches: all of a batch must be
 * taken back before the next, so descriptors are simply handed out from 0.
 */
#ifndef TESTS_LIB_VDRV_H
#define TESTS_LIB_VDRV_H

#include <iom/virtio/virtio_dev.h>

#include "fakes/gmem_pages.h"

#define VDRV_SIZE_MAX 1024u

struct vdrv {
	struct iom_virtio_dev *d;
	struct gmem_pages *m;
	uint64_t features;		/* accepted */
	bool packed;
	uint16_t size;
	uint64_t at;			/* the ring's first byte */
	uint64_t desc, driver, device, tables, end;
	uint16_t free;			/* split: first descriptor not handed out */
	uint16_t nr_ids;		/* of the batch */
	unsigned int table_used;	/* descriptors in indirect tables of the batch */
	uint16_t avail, used;
	bool avail_wrap, used_wrap;
	uint16_t slots[VDRV_SIZE_MAX];	/* packed: taken by the chain of this id */
	uint16_t head[VDRV_SIZE_MAX];	/* split: id in the batch of the chain at this head */
	unsigned int irqs, config_irqs;
	int run_rc;			/* of the last iom_virtio_dev_run() */
};

/*
 * Resets the device, accepts want as far as it is offered, lays the ring out
 * from at on (page-aligned, 160 bytes a descriptor). False: FEATURES_OK refused.
 */
bool vdrv_start(struct vdrv *v, struct iom_virtio_dev *d, struct gmem_pages *m, uint64_t at,
		uint16_t size, uint64_t want);
/* After a restore into d: the same ring, the same positions. */
void vdrv_moved(struct vdrv *v, struct iom_virtio_dev *d);

/* Room for a chain of n segments? One that is not indirect takes n descriptors. */
bool vdrv_room(const struct vdrv *v, unsigned int n, bool indirect);
/* The number of the chain in its batch, from 0. */
unsigned int vdrv_add(struct vdrv *v, const struct iom_vq_seg *seg, unsigned int nr_out,
		      unsigned int nr_in, bool indirect);
/* Kicks, and runs the worker until it is idle. */
void vdrv_run(struct vdrv *v);
/* Takes back one chain, in the order of the device. */
bool vdrv_get(struct vdrv *v, unsigned int *n, uint32_t *len);
/* All were taken back. */
void vdrv_batch_done(struct vdrv *v);

bool vdrv_needs_reset(const struct vdrv *v);

#endif
