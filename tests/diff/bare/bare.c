/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plays a script on QEMU's `virt` machine: its SMMUv3, four iommu-testdev that
 * write and an edu that reads. The MMU is off, so memory is as the SMMU sees
 * it. Returns QEMU's exit status: 0, or what was missing.
 *
 * edu moves data between memory and a buffer of its own, 100 ms after it was
 * told (QEMU runs with -icount, so that is a number of instructions). Words
 * read are left in the buffer, and fetched when it is full, with the SMMU
 * disabled, which invalidates nothing.
 */
#include "../diff_script.h"

#define ECAM		0x4010000000ull
#define BAR_BASE	0x10000000u
#define BAR_STEP	0x00100000u
#define CR0		0x20u
#define CR0ACK		0x24u

#define TESTDEV_ID	0x00051b36u
#define EDU_ID		0x11e81234u
#define EDU_BUFFER	0x40000u
#define EDU_WORDS	1024u

static uint64_t smmu;	/* address of its registers */
static const uint8_t slots[DIFF_DEVS] = DIFF_SLOTS;
static volatile uint64_t *pending[EDU_WORDS];
static unsigned int nr_pending;

static volatile uint32_t *reg32(uint64_t addr)
{
	return (volatile uint32_t *)addr;
}

static volatile uint64_t *reg64(uint64_t addr)
{
	return (volatile uint64_t *)addr;
}

static uint64_t bar(unsigned int dev)
{
	return BAR_BASE + dev * BAR_STEP;
}

static uint32_t smmu_rd32(void *arg, uint32_t off)
{
	(void)arg;
	return *reg32(smmu + off);
}

static void smmu_wr32(void *arg, uint32_t off, uint32_t val)
{
	(void)arg;
	*reg32(smmu + off) = val;
}

static void smmu_wr64(void *arg, uint32_t off, uint64_t val)
{
	(void)arg;
	*reg64(smmu + off) = val;
}

static bool dma_write(void *arg, unsigned int dev, uint64_t iova)
{
	uint64_t b = bar(dev);

	(void)arg;
	*reg32(b + 0x04) = (uint32_t)iova;
	*reg32(b + 0x08) = (uint32_t)(iova >> 32);
	*reg32(b + 0x14) = 1;
	(void)*reg32(b + 0x00);
	return *reg32(b + 0x10) != 0xdead0002;
}

/* --- edu ------------------------------------------------------------------- */

static void edu_dma(uint64_t src, uint64_t dst, uint64_t len, uint64_t cmd)
{
	uint64_t b = bar(DIFF_READER);
	unsigned int i, n;

	*reg64(b + 0x80) = src;
	*reg64(b + 0x88) = dst;
	*reg64(b + 0x90) = len;
	*reg64(b + 0x98) = cmd | 1;
	for (n = 0; n < 1000 && *reg64(b + 0x98) & 1; n++)
		for (i = 0; i < 20000; i++)
			__asm__ volatile("" ::: "memory");
}

/* Both directions without translation: the buffer and DIFF_SCRATCH. */
static void edu_scratch(bool to_memory)
{
	uint32_t cr0 = *reg32(smmu + CR0);

	*reg32(smmu + CR0) = cr0 & ~1u;
	if (to_memory)
		edu_dma(EDU_BUFFER, DIFF_SCRATCH, EDU_WORDS * 4, 2);
	else
		edu_dma(DIFF_SCRATCH, EDU_BUFFER, EDU_WORDS * 4, 0);
	*reg32(smmu + CR0) = cr0;
}

static void fetch_reads(void *arg)
{
	unsigned int i;

	(void)arg;
	if (!nr_pending)
		return;
	edu_scratch(true);
	for (i = 0; i < nr_pending; i++)
		*pending[i] = *reg32(DIFF_SCRATCH + i * 4ull);
	for (i = 0; i < EDU_WORDS; i++)
		*reg32(DIFF_SCRATCH + i * 4ull) = 0;
	edu_scratch(false);
	nr_pending = 0;
}

static void dma_read(void *arg, unsigned int dev, uint64_t iova, volatile uint64_t *out)
{
	(void)dev;
	if (nr_pending == EDU_WORDS)
		fetch_reads(arg);
	edu_dma(iova, EDU_BUFFER + nr_pending * 4, 4, 0);
	pending[nr_pending++] = out;
}

/* --- start ----------------------------------------------------------------- */

static bool find_device(unsigned int dev)
{
	uint64_t cfg = ECAM + ((uint64_t)slots[dev] << 15);

	if (*reg32(cfg) != (dev == DIFF_READER ? EDU_ID : TESTDEV_ID))
		return false;
	*reg32(cfg + 0x10) = (uint32_t)bar(dev);
	*reg32(cfg + 0x04) = 6;
	if (dev == DIFF_READER)
		return true;
	*reg32(bar(dev) + 0x0c) = 4;
	*reg32(bar(dev) + 0x18) = 0xa;
	*reg32(bar(dev) + 0x1c) = (uint32_t)DIFF_SCRATCH;
	*reg32(bar(dev) + 0x20) = (uint32_t)(DIFF_SCRATCH >> 32);
	return true;
}

int bare_main(void);
int bare_main(void)
{
	const struct diff_target t = {
		.ram = (volatile uint8_t *)DIFF_RAM,
		.rd32 = smmu_rd32, .wr32 = smmu_wr32, .wr64 = smmu_wr64,
		.dma_write = dma_write, .dma_read = dma_read, .finish = fetch_reads,
	};
	unsigned int i;
	uint64_t a;

	smmu = *reg64(DIFF_SMMU_BASE);
	for (i = 0; i < DIFF_DEVS; i++) {
		if (!find_device(i))
			return 10 + (int)i;
	}
	for (a = DIFF_ARENA; a < DIFF_ARENA + DIFF_ARENA_SIZE; a += 4)
		*reg32(a) = (uint32_t)a;
	return diff_run(&t) ? 3 : 0;
}
