/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves the data of a read or write between a chain's bytes and the store.
 * blk.c decides what a request is; here it is only a run of bytes, whole
 * sectors in all, cut into segments in any way.
 */
#ifndef EP_BLK_DATA_H
#define EP_BLK_DATA_H

#include <iom/ep/blk.h>

#define IOMI_BLK_DATA_PIECES	256u		/* iov entries of a batch */
#define IOMI_BLK_DATA_BATCH	0x100000u	/* bytes of a batch */
#define IOMI_BLK_DATA_BOUNCE	0x10000u

/* A place in a row of segments. */
struct iomi_blk_data_pos {
	const struct iom_vq_seg *seg;
	unsigned int nr;		/* segments from seg on */
	uint32_t off;			/* into *seg */
};

struct iomi_blk_data {
	struct iomi_blk_data_pos pos;	/* of the next byte to move */
	uint64_t store_off;
	uint64_t left;			/* bytes, a multiple of a sector; the segments hold them */
	bool write;			/* memory to store */
	/* results: */
	uint64_t moved;			/* bytes known to have arrived, from the first on */
	bool fault;			/* the failure was gmem's, not the store's */
};

/*
 * Places *pos off bytes into nr segments. The caller knows that they are longer.
 */
void iomi_blk_data_seek(struct iomi_blk_data_pos *pos, const struct iom_vq_seg *seg,
			unsigned int nr, uint64_t off);

/*
 * Moves one batch: all of it, or at least a sector. Inside a bracket. Errors
 * are those of gmem (fault set) or of the store.
 */
int iomi_blk_data_batch(struct iom_blk *b, struct iomi_blk_data *x);

#endif
