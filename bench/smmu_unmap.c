/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cost of unmapping in a domain behind an SMMUv3, from iom_domain_unmap() to the
 * command queue and back: tables, the list of invalidations, commands, CMD_SYNC.
 * The SMMU is registers that answer at once, so what is counted is the driver.
 *
 *	smmu_unmap count N	N pages an unmap, under callgrind: prints how many
 *	smmu_unmap		rows: commands and CMD_SYNCs of one unmap
 */
#include <string.h>

#include <iom/drv/smmuv3_drv.h>
#include <iom/host/host.h>
#include <iom/spec/smmuv3.h>

#include "../bench/bench.h"

#define LAPS	1000u
#define PAGE	UINT64_C(4096)
#define BASE	UINT64_C(0x40000000)

#define MUST(call) \
	do { \
		if (call) { \
			fprintf(stderr, "smmu_unmap: %s\n", #call); \
			exit(1); \
		} \
	} while (0)

/* --- registers of an SMMU that has done everything already --- */

static uint32_t reg[SMMU_REGS_SIZE / 4];

static uint32_t read32(struct iom_mmio *m, uint64_t off)
{
	(void)m;
	switch (off) {
	case SMMU_CMDQ_CONS:
		return reg[SMMU_CMDQ_PROD / 4];
	case SMMU_CR0ACK:
		return reg[SMMU_CR0 / 4];
	case SMMU_IRQ_CTRLACK:
		return reg[SMMU_IRQ_CTRL / 4];
	default:
		return reg[off / 4];
	}
}

static void write32(struct iom_mmio *m, uint64_t off, uint32_t val)
{
	(void)m;
	reg[off / 4] = off == SMMU_GBPA ? val & ~SMMU_GBPA_UPDATE : val;
}

static uint64_t read64(struct iom_mmio *m, uint64_t off)
{
	return read32(m, off) | (uint64_t)read32(m, off + 4) << 32;
}

static void write64(struct iom_mmio *m, uint64_t off, uint64_t val)
{
	write32(m, off, (uint32_t)val);
	write32(m, off + 4, (uint32_t)(val >> 32));
}

static void barrier(struct iom_mmio *m)
{
	(void)m;
	atomic_thread_fence(memory_order_release);
}

static const struct iom_mmio_ops mmio_ops = {
	.read32 = read32, .write32 = write32, .read64 = read64, .write64 = write64,
	.wmb = barrier, .rmb = barrier,
};

static int mem_alloc(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa)
{
	(void)m;
	*virt = aligned_alloc(align, (size + align - 1) & ~(align - 1));
	if (!*virt)
		return IOM_ENOMEM;
	memset(*virt, 0, size);
	*pa = (uintptr_t)*virt;
	return IOM_OK;
}

static void mem_free(struct iom_dmem *m, void *virt, uint64_t pa, size_t size)
{
	(void)m;
	(void)pa;
	(void)size;
	free(virt);
}

/* --- what is measured --- */

static struct iom_smmuv3_drv *drv;
static struct iom_domain *dom;

static void open_all(void)
{
	static const struct iom_dmem_ops ops = { .alloc = mem_alloc, .free = mem_free };
	static struct iom_smmuv3_stream st;
	static struct iom_mmio mmio = { &mmio_ops };
	static struct iom_dmem mem;
	struct iom_domain_cfg d = { .plat = iom_host_plat(), .dmem = &mem };
	struct iom_smmuv3_drv_cfg cfg = {
		.plat = iom_host_plat(), .mmio = &mmio, .dmem = &mem, .s1 = &iom_smmuv3_drv_s1,
		.sid_lg2 = 8,
	};

	reg[SMMU_IDR0 / 4] = SMMU_IDR0_S1P | SMMU_TTF_AARCH64 << 2 | SMMU_IDR0_COHACC;
	reg[SMMU_IDR1 / 4] = 8 | 8 << 16 | 8 << 21;
	reg[SMMU_IDR3 / 4] = SMMU_IDR3_RIL;
	reg[SMMU_IDR5 / 4] = SMMU_IDR5_GRAN4K | SMMU_OAS_48;
	MUST(iom_dmem_init(&mem, &ops));
	MUST(iom_smmuv3_drv_create(&cfg, &drv, NULL));
	d.pt = (struct iom_pt_cfg){
		.format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 48, .oa_bits = 48,
	};
	MUST(iom_domain_create(&d, &dom));
	MUST(iom_smmuv3_drv_stream_add(drv, &st, 8, NULL));
	MUST(iom_smmuv3_drv_attach(&st, dom));
	/* A neighbour keeps the tables there. */
	MUST(iom_domain_map(dom, (struct iom_range){ BASE - PAGE, BASE - 1 }, PAGE, IOM_PT_READ));
	MUST(iom_domain_map(dom, (struct iom_range){ BASE + 100 * PAGE, BASE + 101 * PAGE - 1 },
			    PAGE, IOM_PT_READ));
}

__attribute__((noinline)) void region_unmap(struct iom_range r);
__attribute__((noinline)) void region_unmap(struct iom_range r)
{
	MUST(iom_domain_unmap(dom, r));
}

static void laps(unsigned int pages, unsigned int n)
{
	const struct iom_range r = { BASE, BASE + pages * PAGE - 1 };

	while (n--) {
		/* Not aligned to what it maps: pages, no contiguous set. */
		MUST(iom_domain_map(dom, r, 0x12345000, IOM_PT_READ | IOM_PT_WRITE));
		region_unmap(r);
	}
}

static void commands(unsigned int pages)
{
	struct iom_smmuv3_drv_stats a, b;
	char name[48];

	iom_smmuv3_drv_stats(drv, &a);
	laps(pages, LAPS);
	iom_smmuv3_drv_stats(drv, &b);
	snprintf(name, sizeof(name), "smmu_unmap_%u_commands", pages);
	bench_row(name, (double)(b.commands - a.commands) / LAPS, "commands",
		  "TLBIs of one unmap, with range invalidation");
	snprintf(name, sizeof(name), "smmu_unmap_%u_syncs", pages);
	bench_row(name, (double)(b.syncs - a.syncs) / LAPS, "CMD_SYNCs", "of one unmap");
}

int main(int argc, char **argv)
{
	open_all();
	if (argc == 3 && !strcmp(argv[1], "count")) {
		laps((unsigned int)atoi(argv[2]), LAPS);
		printf("%u\n", LAPS);
		return 0;
	}
	commands(1);
	commands(16);
	commands(64);
	return 0;
}
