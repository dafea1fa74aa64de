/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device side of a virtqueue, split or packed: consumes what the driver makes
 * available, returns it used. VIRTIO 1.3 sections 2.7 and 2.8.
 *
 * Everything in the ring belongs to a hostile driver. Each word is read once
 * and checked; the number of descriptors read for one chain is bounded by the
 * queue size. A broken ring makes the queue *broken*: pop returns IOM_EPROTO
 * from then on, the ring is not touched again, and the owner raises
 * DEVICE_NEEDS_RESET. A ring is broken by
 * - more available than the queue has room for, what is in flight counted
 *   (split: idx jumps or goes back; packed: a chain runs into itself);
 * - split: a head, next or table index out of range; a chain that is longer
 *   than the queue size or loops; packed: a later descriptor of a chain that is
 *   not marked available;
 * - INDIRECT that was not negotiated, together with NEXT, inside a table
 *   (split; packed ignores all flags but WRITE there), or behind NEXT (packed);
 * - a table whose length is 0, no multiple of 16, or more than 16 x queue size;
 * - a readable descriptor after a writable one;
 * - a buffer that wraps at 2^64, or a chain of 2^32 bytes or more.
 * Not broken: buffers of length 0; ordinary descriptors followed by one
 * INDIRECT (split); WRITE beside INDIRECT, ignored; other flag bits, ignored;
 * one head or buffer ID in flight twice (it is returned twice, nothing here
 * is indexed by it).
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

/* A part of the ring; map is NULL where it has no pointer, or not all of it. */
struct iom_vq_area {
	uint64_t addr;
	uint32_t len;
	unsigned int access;	/* IOM_ACCESS_* */
	uint8_t *map;
	uint64_t bracket;	/* of the gmem, in which map is right */
};

struct iom_vq_dev {
	struct iom_gmem *gmem;
	struct iom_vq_cfg cfg;
	struct iom_vq_state st;
	struct iom_vq_area desc;
	struct iom_vq_area driver;
	struct iom_vq_area device;
	bool enabled;
	bool broken;
	bool quiet;		/* the driver was asked not to notify */
	/* Set by the owner after enable: it looks by itself, pop does not ask to be told. */
	bool polling;
	uint16_t avail_seen;	/* split: the available index when last read */
	/*
	 * Popped and not pushed, at most cfg.size. Split: chains; packed: slots.
	 * Always the distance from st.used to st.avail.
	 */
	uint16_t inflight;
	uint32_t unsignalled;	/* chains or slots used since the last interrupt decision */
};

/* One piece of a chain, in the order of the descriptors. */
struct iom_vq_seg {
	uint64_t addr;
	uint32_t len;		/* may be 0 */
};

/*
 * A popped chain. seg[0..nr_out) is device-readable, seg[nr_out..nr_out+nr_in)
 * device-writable. out_len and in_len are their sums, together below 2^32.
 */
struct iom_vq_chain {
	uint16_t id;		/* of the ring's own; give it back to push */
	uint16_t ndesc;		/* split: 1; packed: ring slots taken */
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
 * specification forbids, or positions that no queue of this size can have;
 * *vq is then as before. Touches no guest memory. With st, chains between
 * st->used and st->avail are in flight: the caller has saved them and pushes
 * them; the first iom_vq_dev_want_irq() says yes unless the driver disabled
 * interrupts, since nobody knows any more what was signalled.
 */
int iom_vq_dev_enable(struct iom_vq_dev *vq, struct iom_gmem *gmem, const struct iom_vq_cfg *cfg,
		      const struct iom_vq_state *st);
/* Chains in flight are forgotten; what works on the ring returns IOM_EINVAL from now on. */
void iom_vq_dev_disable(struct iom_vq_dev *vq);

/*
 * Takes the next available chain. Returns IOM_OK; IOM_EAGAIN if there is none
 * (the queue has then asked for a notification, and looked once more after
 * that, so no kick is lost); IOM_EPROTO if the ring is broken, now or earlier;
 * IOM_E2BIG if the chain has more segments than seg_max: it is taken, ch->id
 * and ch->ndesc are valid, the caller pushes it with length 0; IOM_ENODEV if
 * the gmem can do no DMA now: nothing has happened; other IOM_E* of gmem for
 * the ring's own memory: the queue is broken (ring fault, A8).
 */
int iom_vq_dev_pop(struct iom_vq_dev *vq, struct iom_vq_chain *ch);
/*
 * As pop, for up to n chains at once: *got of them, each one's segments behind
 * those of the one before; the caller sets seg and seg_max of ch[0] only. Stops
 * where fewer places are left than the queue has entries, since no chain has
 * more. IOM_OK: there may be more chains; IOM_EAGAIN: there are none after
 * these; IOM_E2BIG: as pop, the first one. With an error, too, *got chains were
 * taken before.
 */
int iom_vq_dev_pop_batch(struct iom_vq_dev *vq, struct iom_vq_chain *ch, unsigned int n,
			 unsigned int *got);

/*
 * Returns a chain used; written is the number of bytes written from the start
 * of the device-writable part. Any order. Made visible to the driver at once
 * (release). IOM_EINVAL, nothing done: written is more than in_len, or nothing
 * is in flight. IOM_EPROTO: the ring is broken. IOM_E* of gmem: it is now. That
 * goes for IOM_ENODEV as well, unlike at pop: the chain was taken, and a part of
 * its return may be visible; without a reset the driver would wait for ever.
 */
int iom_vq_dev_push(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint32_t written);
/* n chains at once, in their order; IOM_EINVAL for one of them: none was returned. */
int iom_vq_dev_push_batch(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
			  const uint32_t *written, unsigned int n);

/*
 * After a batch of pushes: does the driver want an interrupt for them? Asks
 * the ring (flags, or EVENT_IDX) once per call, and not at all if nothing was
 * pushed since the last call. On error *want is true.
 */
int iom_vq_dev_want_irq(struct iom_vq_dev *vq, bool *want);

/* Is something available that was not popped? False on error. */
int iom_vq_dev_pending(struct iom_vq_dev *vq, bool *pending);

/* Not for callers: the copies below where they are not in the first piece. */
int iomi_vq_dev_read_pieces(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint64_t off,
			    void *buf, size_t len);
int iomi_vq_dev_write_pieces(struct iom_vq_dev *vq, const struct iom_vq_chain *ch, uint64_t off,
			     const void *buf, size_t len);

/*
 * Copy between a chain's readable (or writable) byte stream and buf, however
 * it is framed. off + len must be within out_len (in_len), else IOM_E2BIG and
 * nothing is done. Errors of gmem otherwise; a part may have been copied.
 */
static inline int iom_vq_dev_read(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
				  uint64_t off, void *buf, size_t len)
{
	const struct iom_vq_seg *seg = ch->seg;

	if (ch->nr_out && off <= seg->len && len <= seg->len - off)
		return iom_gmem_read(vq->gmem, seg->addr + off, buf, len);
	return iomi_vq_dev_read_pieces(vq, ch, off, buf, len);
}

static inline int iom_vq_dev_write(struct iom_vq_dev *vq, const struct iom_vq_chain *ch,
				   uint64_t off, const void *buf, size_t len)
{
	const struct iom_vq_seg *seg = ch->seg + ch->nr_out;

	if (ch->nr_in && off <= seg->len && len <= seg->len - off)
		return iom_gmem_write(vq->gmem, seg->addr + off, buf, len);
	return iomi_vq_dev_write_pieces(vq, ch, off, buf, len);
}

#ifdef __cplusplus
}
#endif
#endif
