/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IOVA allocator without anything else of libiom: what a small kernel
 * supplies, and a day in the life of an address space. It needs src/dma/iova*.c
 * and src/plat/plat.c; make builds it from just these.
 *
 *	cc iova_alone.c $(pkg-config --cflags --libs libiom)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iom/dma/iova.h>

/* --- what the kernel supplies; one thread here, so its locks do nothing --- */

static int k_alloc(struct iom_plat *p, size_t size, size_t align, void **out)
{
	void *mem = aligned_alloc(align, (size + align - 1) / align * align);

	(void)p;
	if (!mem)
		return IOM_ENOMEM;
	*out = memset(mem, 0, size);
	return IOM_OK;
}

static void k_free(struct iom_plat *p, void *mem, size_t size)
{
	(void)p;
	(void)size;
	free(mem);
}

static int k_lock_init(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	(void)l;
	return IOM_OK;
}

static void k_lock(struct iom_plat *p, struct iom_lock *l)
{
	(void)p;
	(void)l;
}

static int check(int rc, const char *what, struct iom_range r)
{
	if (rc)
		printf("%-24s error %d\n", what, rc);
	else
		printf("%-24s %#" PRIx64 " to %#" PRIx64 "\n", what, r.start, r.last);
	return rc;
}

int main(void)
{
	const struct iom_plat_ops ops = {
		.alloc = k_alloc, .free = k_free, .lock_init = k_lock_init,
		.lock_fini = k_lock, .lock = k_lock, .unlock = k_lock,
	};
	/* What the IOMMU translates: 48 bits in pages of 4 KiB. */
	const struct iom_iova_cfg cfg = { { 0, (UINT64_C(1) << 48) - 1 }, 12, IOM_IOVA_CACHED_LG2 };
	const struct iom_range msi = { 0x08000000, 0x080fffff };
	struct iom_range packet = { 0, 0 }, ring = { 0, 0 }, window = { 0, 0 };
	const struct iom_iova_req req = {
		/* 8 MiB for a device that counts 30 address bits and loses carries at 16 MiB. */
		.len_m1 = (8u << 20) - 1, .limits = { 0, (1u << 30) - 1 }, .boundary_lg2 = 24,
	};
	struct iom_iova_cache *cache;
	struct iom_iova_stats st;
	struct iom_iova *s;
	struct iom_plat plat;

	if (iom_plat_init(&plat, &ops) || iom_iova_create(&plat, &cfg, &s))
		return 1;
	if (iom_iova_cache_create(s, &cache) || iom_iova_exclude(s, msi))
		return 1;
	if (check(iom_iova_alloc(s, cache, 1499, 0, &packet), "a packet", packet) ||
	    check(iom_iova_alloc(s, cache, 0xffff, IOM_IOVA_LOW_FIRST, &ring), "a ring", ring) ||
	    check(iom_iova_alloc_in(s, cache, &req, &window), "with wishes", window))
		return 1;
	if (check(iom_iova_reserve(s, cache, msi), "the MSI window, again", msi) != IOM_EEXIST)
		return 1;
	iom_iova_free(s, cache, packet);
	iom_iova_free(s, cache, ring);
	iom_iova_free(s, cache, window);
	iom_iova_cache_flush(s, cache);
	iom_iova_stats(s, &st);
	check(IOM_OK, "largest free range", st.largest);
	iom_iova_destroy(s);
	return st.nr_bad_frees != 0;
}
