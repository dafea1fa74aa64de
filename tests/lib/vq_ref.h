/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver's end of a virtqueue for tests, split or packed, written to be
 * looked at and not to be fast. It owns the layout of the ring in a block of
 * memory, knows what each chain in flight is, and decides about
 * notifications by asking, of every position between two decisions, whether it
 * is the one that was asked for (that is what the formulas of 2.7.7.2, 2.7.10
 * and 2.8.10 say). The words both sides touch are atomics, so it may run on a
 * thread of its own.
 */
#ifndef TESTS_LIB_VQ_REF_H
#define TESTS_LIB_VQ_REF_H

#include <iom/virtio/vq_dev.h>

#include "lib/test.h"

#define VQ_REF_SIZE_MAX	256u
#define VQ_REF_NONE	UINT16_MAX

/* A chain as the driver made it. */
struct vq_ref_chain {
	bool live;
	uint16_t ndesc;			/* ring descriptors or slots */
	uint16_t desc[VQ_REF_SIZE_MAX];	/* split: those it took */
	void *priv;			/* the test's */
};

struct vq_ref {
	uint8_t *mem;			/* address base is mem[0] */
	uint64_t base;
	struct iom_vq_cfg cfg;		/* the layout, made by init */
	uint64_t tables;		/* size tables of size descriptors */
	uint64_t bytes;			/* all of it, from base */
	uint16_t nr_free;		/* descriptors or slots */
	bool desc_used[VQ_REF_SIZE_MAX];
	struct vq_ref_chain chain[VQ_REF_SIZE_MAX];	/* by head or buffer ID */
	/* Split: free-running; packed: slot. */
	uint16_t avail;
	uint16_t used;
	bool avail_wrap;
	bool used_wrap;
	/* Positions since the last decision about notification: chains or slots. */
	uint32_t added;
};

enum vq_ref_frame {
	VQ_REF_DIRECT,
	VQ_REF_INDIRECT,
	VQ_REF_MIXED,		/* split: `lead` ordinary descriptors, then a table */
};

/*
 * Lays a ring of cfg->size at base, which is aligned to 16, and zeroes it. Only
 * size, packed, event_idx and indirect of cfg are looked at. Size is at most
 * VQ_REF_SIZE_MAX. start (may be NULL) puts all positions there, with nothing
 * available or in flight.
 */
void vq_ref_init(struct vq_ref *r, const struct iom_vq_cfg *cfg, void *mem, uint64_t base,
		 const struct iom_vq_state *start);
/* Bytes that a ring of this size takes at most. */
uint64_t vq_ref_bytes(unsigned int size);

/*
 * Makes the chain of nr_out readable and nr_in writable segments available;
 * rng (may be NULL) chooses descriptors and IDs. Returns its ID, or VQ_REF_NONE
 * if there is no room.
 */
uint16_t vq_ref_add(struct vq_ref *r, struct test_rng *rng, enum vq_ref_frame frame,
		    unsigned int lead, const struct iom_vq_seg *seg, unsigned int nr_out,
		    unsigned int nr_in);
/* After adds: does the device want a notification? */
bool vq_ref_kick(struct vq_ref *r);

/* The next used chain: false if there is none. Its descriptors are free again. */
bool vq_ref_used(struct vq_ref *r, uint16_t *id, uint32_t *len);

/* Interrupts: always, never, or (event_idx) once position slot/index is used. */
void vq_ref_irq_on(struct vq_ref *r);
void vq_ref_irq_off(struct vq_ref *r);
void vq_ref_irq_at(struct vq_ref *r, uint16_t pos, bool wrap);

#endif
