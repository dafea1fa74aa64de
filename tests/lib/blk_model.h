/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What VIRTIO 1.3 section 5.2.6 and <iom/ep/blk.h> say a virtio-blk request
 * does, a byte at a time: an array for the disk, one for what is durable, one
 * for the driver's memory, and a gmem only asked for permissions.
 */
#ifndef TESTS_LIB_BLK_MODEL_H
#define TESTS_LIB_BLK_MODEL_H

#include <iom/virtio/vq_dev.h>

#include "fakes/gmem_pages.h"

#define BLK_MODEL_SEGS 64u

struct blk_model {
	const struct gmem_pages *m;
	uint8_t *mem;			/* of m->base; as it should be */
	uint8_t *disk, *durable;
	uint64_t sectors;
	bool read_only;
	bool dwz;			/* discard and write zeroes negotiated */
	bool write_through;
	char id[20];
};

struct blk_model_req {
	struct iom_vq_seg seg[BLK_MODEL_SEGS];
	unsigned int nr_out, nr_in;
	/* results: */
	bool dead;			/* not answered: the device needs a reset */
	uint32_t used;
	int status;			/* -1: no status byte */
};

void blk_model_request(struct blk_model *b, struct blk_model_req *r);

#endif
