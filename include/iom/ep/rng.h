/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio entropy device. VIRTIO 1.3 section 5.4. It is a struct
 * iom_virtio_dev: bind a transport to &r->vd, call iom_virtio_dev_run(&r->vd)
 * on the worker.
 *
 * A buffer gets at most IOM_RNG_BYTES_MAX bytes (5.4.6.2 allows less than its
 * length); the used length is what was written without a gap from its start. A
 * data fault or a source that fails ends the buffer early, perhaps at 0: this
 * device has no status to say why. Readable bytes are ignored.
 */
#ifndef IOM_EP_RNG_H
#define IOM_EP_RNG_H

#include <iom/plat/store.h>
#include <iom/virtio/virtio_dev.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_RNG_QUEUE_SIZE	64u	/* default */
#define IOM_RNG_BYTES_MAX	4096u	/* into one chain */

struct iom_rng_cfg {
	struct iom_plat *plat;
	struct iom_gmem *gmem;		/* the worker's own */
	struct iom_entropy *entropy;	/* outlives the device; the worker's */
	bool access_platform;		/* behind an IOMMU: offer ACCESS_PLATFORM */
	bool packed;			/* offer RING_PACKED */
	uint16_t queue_size;		/* power of two, up to 1024; 0: the default */
	void (*wake)(void *arg);	/* required; as in struct iom_virtio_dev_cfg */
	void *wake_arg;
};

/* Written by the worker, read by anyone, relaxed. */
struct iom_rng_stats {
	IOM_ATOMIC(uint64_t) requests;
	IOM_ATOMIC(uint64_t) bytes_written;
	IOM_ATOMIC(uint64_t) faults;		/* data refused by gmem */
	IOM_ATOMIC(uint64_t) source_errors;
};

struct iom_rng {
	struct iom_virtio_dev vd;
	struct iom_rng_cfg cfg;		/* fixed, defaults filled in */
	struct iom_rng_stats stats;
	/* worker: */
	struct iom_vq_seg *segs;	/* of the chain in work, cfg.queue_size of them */
	uint8_t bytes[IOM_RNG_BYTES_MAX];
};

/* IOM_EINVAL: cfg out of the ranges above. IOM_ENOMEM. *r is not usable then. */
int iom_rng_init(struct iom_rng *r, const struct iom_rng_cfg *cfg);
/* The worker no longer runs and no register is accessed. */
void iom_rng_fini(struct iom_rng *r);

/*
 * Everything that counts is in the transport's saved state; this is the mark
 * by which restore knows a stream of a device configured alike. As iom_blk_save().
 */
int iom_rng_save(struct iom_rng *r, void *buf, size_t cap, size_t *len);
int iom_rng_restore(struct iom_rng *r, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
