/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables without anything else of libiom: a kernel supplies pages, maps a
 * buffer and a doorbell for a device, and takes them away again. It needs src/pt
 * and src/plat; make builds it from just these.
 *
 *	cc pt_alone.c $(pkg-config --cflags --libs libiom)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iom/pt/pt.h>

/* --- what the kernel supplies; its pointers are its physical addresses ---- */

static int k_alloc(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa)
{
	/* a table may be as small as 64 bytes, and is as large as its alignment */
	void *mem = aligned_alloc(align, size);

	(void)m;
	if (!mem)
		return IOM_ENOMEM;
	*virt = memset(mem, 0, size);
	*pa = (uintptr_t)mem;
	return IOM_OK;
}

static void k_free(struct iom_dmem *m, void *virt, uint64_t pa, size_t size)
{
	(void)m;
	(void)pa;
	(void)size;
	free(virt);
}

static void k_line(struct iom_pt_text *t, const char *line)
{
	(void)t;
	puts(line);
}

/* Here commands would go to the IOMMU: one a step, or one a range if it can. */
static void k_invalidate(const struct iom_pt_gather *g)
{
	unsigned int i;

	for (i = 0; i < g->nr; i++)
		printf("invalidate %#" PRIx64 " to %#" PRIx64 " by %#" PRIx64 "%s\n",
		       g->inval[i].range.start, g->inval[i].range.last,
		       iom_pt_inval_step(&g->inval[i]),
		       g->inval[i].tables ? ", and walk caches" : ", leaves only");
}

int main(void)
{
	const struct iom_dmem_ops ops = { .alloc = k_alloc, .free = k_free };
	const struct iom_pt_cfg cfg = {
		.format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 48, .oa_bits = 48,
	};
	/* 4 MiB and 64 KiB in one call: two blocks, and a set with the contiguous hint */
	const struct iom_range buffer = { 0x40000000, 0x4040ffff };
	const struct iom_range half = { 0x40000000, 0x401fffff };
	const struct iom_range doorbell = { 0xfffff000, 0xffffffff };
	struct iom_pt_text text = { k_line };
	struct iom_pt_gather gather;
	struct iom_dmem mem;
	struct iom_pt pt;
	uint64_t pa = 0;

	if (iom_dmem_init(&mem, &ops) || iom_pt_init(&pt, &mem, &cfg))
		return 1;
	printf("for the CD: T0SZ %d, MAIR %#" PRIx64 "\n", 64 - iom_pt_info(&pt)->ia_bits,
	       iom_pt_info(&pt)->mair);
	if (iom_pt_map(&pt, buffer, 0x880000000, IOM_PT_READ | IOM_PT_WRITE | IOM_PT_CACHE) ||
	    iom_pt_map(&pt, doorbell, 0x8090000, IOM_PT_WRITE | IOM_PT_NOEXEC | IOM_PT_MMIO))
		return 1;
	if (iom_pt_lookup(&pt, 0x40212345, &pa) || pa != 0x880212345)
		return 1;
	if (iom_pt_dump(&pt, iom_pt_info(&pt)->aperture, &text))
		return 1;

	iom_pt_gather_init(&gather);
	if (iom_pt_unmap(&pt, half, &gather) != IOM_EINVAL)	/* a mapping goes whole */
		return 1;
	if (iom_pt_unmap(&pt, buffer, &gather) || iom_pt_unmap(&pt, doorbell, &gather))
		return 1;
	k_invalidate(&gather);
	iom_pt_gather_free(&pt, &gather);
	iom_pt_fini(&pt);
	return 0;
}
