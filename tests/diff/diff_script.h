/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script that a foreign SMMUv3 and libiom's run alike, and the log that
 * both leave. A script is 64-bit words in memory: it fills memory, writes
 * registers, gives commands and lets devices access addresses. diff_run()
 * plays it; it is the same source in the bare-metal program for QEMU and in
 * the host's test, over two sets of hooks.
 */
#ifndef TESTS_DIFF_DIFF_SCRIPT_H
#define TESTS_DIFF_DIFF_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

/* Memory of the machine; the program, its stack and QEMU's own data are below the queues. */
#define DIFF_RAM		0x40000000ull
#define DIFF_RAM_SIZE		0x10000000ull
#define DIFF_CMDQ		0x40400000ull
#define DIFF_CMDQ_LG2		8u
#define DIFF_EVTQ		0x40410000ull
#define DIFF_EVTQ_LG2		6u
/* Stream tables, CDs and translation tables. */
#define DIFF_POOL		0x41000000ull
#define DIFF_POOL_SIZE		0x02000000ull
/*
 * Where accesses arrive. Each 32-bit word holds its own address, so that a
 * read tells where it has been, and what a write hit can be found.
 */
#define DIFF_ARENA		0x44000000ull
#define DIFF_ARENA_SIZE		0x00400000ull
#define DIFF_SCRATCH		0x44800000ull
#define DIFF_SMMU_BASE		0x44900000ull	/* word: where the machine's SMMU is */
#define DIFF_SCRIPT		0x45000000ull
#define DIFF_SCRIPT_SIZE	0x07000000ull
#define DIFF_LOG		0x4c000000ull
#define DIFF_LOG_SIZE		0x04000000ull

#define DIFF_PATTERN		0x12345678u	/* what writes write */

/* Devices, by index: their StreamIDs are slot << 3. The last one reads. */
#define DIFF_SLOTS		{ 0x01, 0x02, 0x0b, 0x1e, 0x06 }
#define DIFF_DEVS		5u
#define DIFF_READER		4u

/* A step is a head, DIFF_HEAD(op, n), and what the op wants. */
enum diff_op {
	DIFF_END,
	DIFF_CASE,	/* n: number; starts a case */
	DIFF_MEM,	/* n pairs of address and 64-bit value */
	DIFF_REG32,	/* n: offset; value */
	DIFF_REG64,
	DIFF_LOAD32,	/* n: offset; mask. Logs */
	DIFF_CMD,	/* n commands of two words. Logs */
	DIFF_WRITE,	/* n: device; address. Logs */
	DIFF_READ,
	DIFF_KEEP,	/* n: 1: events stay in the queue until DIFF_KEEP 0, which logs */
};

#define DIFF_HEAD(op, n)	((uint64_t)(op) | (uint64_t)(n) << 8)
#define DIFF_OP(head)		((unsigned int)((head) & 0xff))
#define DIFF_N(head)		((uint32_t)((head) >> 8))

/*
 * The log: entries of DIFF_LOG_HEAD(op, words that follow, n of the step),
 *   DIFF_CASE	nothing
 *   DIFF_LOAD32 value
 *   DIFF_CMD	GERROR that is active, number of errors, then for each its
 *		CONS.ERR and the index of the command
 *   DIFF_WRITE, DIFF_READ: address in memory that was reached; 0: refused;
 *		DIFF_ELSEWHERE: not in the arena. Then events of four words
 *   DIFF_KEEP	whether OVFLG differs from OVACKFLG, GERROR that is active, events
 * and a word 0 behind the last.
 */
#define DIFF_LOG_HEAD(op, words, n) \
	((uint64_t)(op) | (uint64_t)(words) << 8 | (uint64_t)(n) << 32)
#define DIFF_LOG_WORDS(head)	((uint32_t)((head) >> 8 & 0xffffff))
#define DIFF_LOG_N(head)	((uint32_t)((head) >> 32))
#define DIFF_ELSEWHERE		UINT64_MAX
#define DIFF_DONE		0x656e6f64u	/* in front of the log, once it is whole */
#define DIFF_ERRORS_MAX		16u		/* of one DIFF_CMD */

struct diff_target {
	volatile uint8_t *ram;	/* of DIFF_RAM */
	void *arg;
	uint32_t (*rd32)(void *arg, uint32_t off);
	void (*wr32)(void *arg, uint32_t off, uint32_t val);
	void (*wr64)(void *arg, uint32_t off, uint64_t val);
	/* Writes DIFF_PATTERN. Was it taken? */
	bool (*dma_write)(void *arg, unsigned int dev, uint64_t iova);
	/* Puts the 32-bit word read, or 0, in *out, at the latest in finish. */
	void (*dma_read)(void *arg, unsigned int dev, uint64_t iova, volatile uint64_t *out);
	void (*finish)(void *arg);
};

/* Plays the script in memory. 0, or the offset of a step that makes no sense. */
uint64_t diff_run(const struct diff_target *t);

#endif
