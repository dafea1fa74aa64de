/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver's side of a virtqueue, split (VIRTIO 1.3 section 2.7) or packed
 * (2.8), in plain memory, written from the document for tests: no code of the
 * library is used. One thread; the device may run on another. Up to 256
 * descriptors; no interrupts asked for, no events, used entries are polled.
 */
#ifndef TESTS_LIB_VRING_H
#define TESTS_LIB_VRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VRING_SIZE_MAX 256u

struct vring_buf {
	uint64_t addr;
	uint32_t len;
};

struct vring {
	uint8_t *mem;		/* of guest address 0 */
	bool packed;
	uint16_t size;
	uint64_t desc, driver, device;
	uint16_t avail;		/* split: index; packed: slot */
	uint16_t used;
	bool avail_wrap, used_wrap;
	uint16_t nr_free;	/* descriptors */
	uint16_t free_head;	/* split: list through next[]; packed: list of ids */
	uint16_t next[VRING_SIZE_MAX];
	uint16_t count[VRING_SIZE_MAX];	/* of the chain that has this id */
};

/* Lays the three parts out from at (a multiple of 4096); *end is behind them. */
void vring_init(struct vring *r, uint8_t *mem, uint64_t at, uint16_t size, bool packed,
		uint64_t *end);
/* Makes a chain available: nr_out readable buffers, then nr_in writable. False: no room. */
bool vring_add(struct vring *r, const struct vring_buf *buf, unsigned int nr_out,
	       unsigned int nr_in, uint16_t *id);
/* Takes back the next used chain. */
bool vring_get(struct vring *r, uint16_t *id, uint32_t *len);

#endif
