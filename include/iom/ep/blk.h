/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio block device over a store (<iom/plat/store.h>). VIRTIO 1.3 section
 * 5.2. It is a struct iom_virtio_dev: bind a transport to &b->vd, call
 * iom_virtio_dev_run(&b->vd) on the worker.
 *
 * What a request gets (5.2.6):
 * - Its bytes may be framed in any way: the header is the first 16 readable
 *   bytes, the status the last writable byte, wherever descriptors are cut.
 * - IOERR: no whole header, data not of whole sectors, beyond the capacity, a
 *   write to a read-only disk, an ID buffer that is not 20 bytes, a discard or
 *   write zeroes with a bad range or count, the store failed, or the IOMMU
 *   refused a part of the data (a data fault). UNSUPP: unknown or not
 *   negotiated type, unknown flags, unmap in a discard.
 * - The used length is the number of bytes written without a gap from the
 *   start of the writable part (2.7.8.2). The status byte counts if all
 *   before it was written: 1 for a write with nothing but a status byte
 *   there, 0 for a refused read.
 * - Data moves in batches of at most 256 pieces and
 *   1 MiB. A batch is mapped whole before any of it moves, so a data fault
 *   leaves the disk and the memory of its batch and of all later ones alone.
 *   Where memory has no pointers, a batch goes through a bounce buffer of
 *   64 KiB; a read that faults there has written what came before.
 * - If the status byte cannot be delivered (the IOMMU refuses it, or the chain
 *   has more segments than a queue can hold), the driver would take a stale
 *   byte for the answer: DEVICE_NEEDS_RESET. It is looked at before anything
 *   is done. A chain with no writable byte is returned with length 0.
 * - A flush, and a write while the cache is write-through, is answered once
 *   the data is durable.
 *
 * Store operations that need no guest memory (flush, discard, write zeroes)
 * run with the bracket closed, so that they never delay an UNMAP. Reads and
 * writes stand inside it: while the disk moves the data, the guest's UNMAP
 * waits, for a batch at most.
 */
#ifndef IOM_EP_BLK_H
#define IOM_EP_BLK_H

#include <iom/plat/store.h>
#include <iom/virtio/virtio_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_BLK_ID_LEN		20u
#define IOM_BLK_QUEUE_SIZE	256u	/* default */
#define IOM_BLK_DWZ_SEGS_MAX	32u	/* ranges in one discard or write zeroes */

struct iom_blk_cfg {
	struct iom_plat *plat;
	struct iom_gmem *gmem;		/* the worker's own */
	struct iom_store *store;	/* outlives the device; the worker's */
	char id[IOM_BLK_ID_LEN];	/* NUL-padded */
	bool access_platform;		/* behind an IOMMU: offer ACCESS_PLATFORM */
	bool packed;			/* offer RING_PACKED */
	uint16_t queue_size;		/* power of two, 4 to 1024; 0: the default */
	uint32_t block_size;		/* power of two, 512 to 65536; 0: 512 */
	uint32_t physical_block_size;	/* power of two, block_size or more; 0: no TOPOLOGY */
	void (*wake)(void *arg);	/* required; as in struct iom_virtio_dev_cfg */
	void *wake_arg;
};

/* Written by the worker, read by anyone, relaxed. */
struct iom_blk_stats {
	IOM_ATOMIC(uint64_t) requests;
	IOM_ATOMIC(uint64_t) bytes_read;	/* from the store to guest memory */
	IOM_ATOMIC(uint64_t) bytes_written;
	IOM_ATOMIC(uint64_t) flushes;
	IOM_ATOMIC(uint64_t) ioerr;		/* answered IOERR */
	IOM_ATOMIC(uint64_t) unsupp;		/* answered UNSUPP */
	IOM_ATOMIC(uint64_t) faults;		/* data or status refused by gmem */
	IOM_ATOMIC(uint64_t) no_status;		/* no writable byte, or too long a chain */
};

struct iom_blk {
	struct iom_virtio_dev vd;
	struct iom_blk_cfg cfg;		/* fixed, defaults filled in */
	struct iom_blk_stats stats;
	/* The driver's choice of cache mode: register thread writes, worker reads. */
	IOM_ATOMIC(uint8_t) writeback;
	/* worker: */
	struct iom_vq_seg *segs;	/* of the chain in work, cfg.queue_size of them */
	struct iom_store_iov *iov;	/* one batch */
	uint8_t *bounce;
};

/*
 * IOM_EINVAL: cfg out of the ranges above, or a store that is empty or no
 * multiple of block_size. IOM_ENOMEM. *b is not usable then.
 */
int iom_blk_init(struct iom_blk *b, const struct iom_blk_cfg *cfg);
/* The worker no longer runs and no register is accessed. */
void iom_blk_fini(struct iom_blk *b);

/*
 * What the disk itself keeps (the cache mode), beside the saved state of its
 * transport; counters and the store's content are not part of it. For a stopped device,
 * as iom_virtio_dev_save(): restore returns IOM_EINVAL and changes nothing for
 * a damaged stream or one of a disk of another size, ID or configuration.
 */
int iom_blk_save(struct iom_blk *b, void *buf, size_t cap, size_t *len);
int iom_blk_restore(struct iom_blk *b, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
