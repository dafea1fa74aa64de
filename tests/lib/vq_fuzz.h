/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One input for the device side of a virtqueue: how the queue is set up, what
 * stands in guest memory, and a script of calls between which, and in the
 * middle of which, memory changes. Aborts if a law of vq_dev is broken.
 *
 *	byte 0		bit 0 event_idx, 1 indirect, 2 memory has pointers
 *	byte 1		size: split 1 << (n & 3); packed 1 + n % 8
 *	byte 2		start: split index 0xffff - n; packed slot n % size, wrap bit 7
 *	byte 3		pages of 64 bytes of memory that follow (at most 16)
 *	...		memory from address 0
 *	then pairs	op and argument; op & 7:
 *		0, 1	pop with at most argument % 20 segments
 *		2	push the chain that was popped argument-th, modulo their number
 *		3	want_irq and pending
 *		4	the argument goes to memory at window + (op >> 3)
 *		5	the same, just before the next access
 *		6	window = 32 x argument, modulo the memory
 *		7	disable, and enable at the same positions
 *
 * The ring: descriptors at 0, driver's area at 128, device's area at 160, and
 * whatever the input says at other places.
 */
#ifndef TESTS_LIB_VQ_FUZZ_H
#define TESTS_LIB_VQ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void vq_fuzz(bool packed, const uint8_t *data, size_t size);

#endif
