/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device side of a virtqueue, split or packed: consumes what the driver makes
 * available, returns it used. VIRTIO 1.3 sections 2.7 and 2.8.
 *
 * Everything in the ring belongs to a hostile driver. Each word is read once
 * and checked; the number of descriptors read for one chain is bounded by the
 * queue size and the caller's segment array. A broken ring makes the queue
 * *broken*: pop returns IOM_EPROTO from then on, nothing else is touched, and
 * the owner raises DEVICE_NEEDS_RESET.
 *
 * One thread at a time works on a queue. Functions that touch the ring are
 * called inside a bracket of its gmem (<iom/plat/gmem.h>).
 */
#ifndef IOM_VIRTIO_VQ_DEV_H
#define IOM_VIRTIO_VQ_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/plat/gmem.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_VQ_SIZE_MAX 32768u

/* Set by the transport before enabling; addresses in the gmem's space. */
struct iom_vq_cfg {
	uint16_t size;		/* split: power of two; packed: any; 1 to IOM_VQ_SIZE_MAX */
	bool packed;		/* RING_PACKED negotiated */
	bool event_idx;		/* EVENT_IDX negotiated */
	bool indirect;		/* INDIRECT_DESC negotiated */
	uint64_t desc;		/* descriptor table or ring, 16-byte aligned */
	uint64_t driver;	/* available ring (2) or driver event suppression (4) */
	uint64_t device;	/* used ring (4) or device event suppression (4) */
};

/* Saved state: positions only. The ring itself is in guest memory. */
struct iom_vq_state {
	uint16_t avail;		/* split: next available index; packed: slot */
	uint16_t used;		/* split: next used index; packed: slot */
	bool avail_wrap;	/* packed wrap counters, both 1 at start */
	bool used_wrap;
};

struct iom_vq_dev {
	struct iom_gmem *gmem;
	struct iom_vq_cfg cfg;
	struct iom_vq_state st;
	bool enabled;
	bool broken;
	uint16_t signalled;	/* EVENT_IDX: used position at the last interrupt decision */
	bool signalled_valid;
	uint16_t inflight;	/* chains popped and not pushed: at most cfg.size */
};

/* One piece of a chain, in the order of the descriptors. */
struct iom_vq_seg {
	uint64_t addr;
	uint32_t len;		/* may be 0 */
};

/*
 * A popped chain. seg[0..nr_out) is device-readable, seg[nr_out..nr_out+nr_in)
 * device-writable. out_len and in_len are their sums, each below 2^32.
 */
struct iom_vq_chain {
	uint16_t id;		/* of the ring's own; give it back to push */
	uint16_t ndesc;		/* packed: ring slots taken */
	unsigned int nr_out;
	unsigned int nr_in;
	uint64_t out_len;
	uint64_t in_len;
	struct iom_vq_seg *seg;	/* caller's array */
	unsigned int seg_max;	/* its size; set by the caller before pop */
};

/*
 * Checks cfg and enables the queue at state st (NULL: the start). Returns
 * IOM_OK; IOM_EINVAL for a size, alignment or address wrap that the
 * specification forbids (the queue stays disabled).
 */
int iom_vq_dev_enable(struct iom_vq_dev *vq, struct iom_gmem *gmem, const struct iom_vq_cfg *cfg,
		      const struct iom_vq_state *st);
void iom_vq_dev_disable(struct iom_vq_dev *vq);

/*
 * Takes the next available chain. Returns IOM_OK; IOM_EAGAIN if there is none
 * (the queue has then asked for a notification, and looked once more after
 * that, so no kick is lost); IOM_EPROTO if the ring is broken, now or earlier;
 * IOM_E2BIG if the chain has more segments than seg_max: it is taken, ch->id
 * and ch->ndesc are valid, the caller pushes it with length 0; other IOM_E* of
 * gmem for the ring's own memory: the queue is broken (ring fault, A8).
 */
int iom_vq_dev_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch);

/*
 * Returns a chain used; written is the number of bytes written from the start
 * of the device-writable part, at most in_len. Any order. Made visible to the
 * driver at once (release). IOM_E* of gmem: the queue is broken.
 */
int iom_vq_dev_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint32_t written);

/*
 * After a batch of pushes: does the driver want an interrupt for them? Asks
 * the ring (flags, or EVENT_IDX) once per call. On error *want is true.
 */
int iom_vq_dev_want_irq(struct iom_vq_dev *vq, bool *want);

/* Is something available that was not popped? False on a broken queue. */
int iom_vq_dev_pending(struct iom_vq_dev *vq, bool *pending);

/*
 * Copy between a chain's readable (or writable) byte stream and buf, however
 * it is framed. off + len must be within out_len (in_len), else IOM_E2BIG and
 * nothing is done. Errors of gmem otherwise; a part may have been copied.
 */
int iom_vq_dev_read(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint64_t off,
		    void *buf, size_t len);
int iom_vq_dev_write(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint64_t off,
		     const void *buf, size_t len);

#ifdef __cplusplus
}
#endif
#endif
