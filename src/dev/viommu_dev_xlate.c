/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation: what an endpoint may reach, and the fault when it may not. Runs
 * on the accessing thread, inside its bracket, and takes no lock.
 */
#include <iom/spec/viommu.h>

#include "viommu_dev_int.h"

IOM_STATIC_ASSERT(IOM_ACCESS_READ << VIOMMU_LEAF_FLAGS_LG2 == VIOMMU_LEAF_R);
IOM_STATIC_ASSERT(IOM_ACCESS_WRITE << VIOMMU_LEAF_FLAGS_LG2 == VIOMMU_LEAF_W);
IOM_STATIC_ASSERT(VIRTIO_IOMMU_MAP_F_MMIO << VIOMMU_LEAF_FLAGS_LG2 == VIOMMU_LEAF_MMIO);

/* Kept out of line, so that a hit saves no registers for them. */
#define IOMI_COLD __attribute__((noinline))

extern const struct iom_xlate_ops iomi_viommu_dev_xlate_ops;

/* The bits that a leaf must have. */
static uint64_t leaf_need(unsigned int access)
{
	access &= IOM_ACCESS_READ | IOM_ACCESS_WRITE;
	return VIOMMU_LEAF_VALID | (uint64_t)access << VIOMMU_LEAF_FLAGS_LG2;
}

/* Address of iova in its leaf; *left is the number of bytes behind it there. */
static uint64_t leaf_gpa(uint64_t w, uint64_t iova, unsigned int shift, uint64_t *left)
{
	uint64_t mask = UINT64_MAX >> (64 - shift);

	*left = mask - (iova & mask);
	return (w & VIOMMU_LEAF_GPA) + (iova & mask);
}

/* 5.13.6.7.1: a doorbell write in an MSI region is the platform's, not the domain's. */
static bool msi_run(const struct iom_viommu_ep *ep, uint64_t iova, uint64_t len,
		    unsigned int access, struct iom_run *run)
{
	const struct iom_viommu_resv *r;
	unsigned int i;

	if (access & IOM_ACCESS_READ)
		return false;
	for (i = 0; i < ep->cfg.nr_resv; i++) {
		r = &ep->cfg.resv[i];
		if (!r->msi || !iom_range_has(r->iova, iova))
			continue;
		run->gpa = iova;
		run->len = r->iova.last - iova < len - 1 ? r->iova.last - iova + 1 : len;
		run->flags = IOM_RUN_MSI;
		return true;
	}
	return false;
}

static int translate(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
		     struct iom_run *run);

/* Nothing there, or not with this permission. */
static IOMI_COLD int miss(struct iom_viommu_ep *ep, uint64_t iova, uint64_t len,
			  unsigned int access, struct iom_run *run, uint64_t w)
{
	struct iom_viommu_dev *v = ep->v;
	bool attached = atomic_load(&ep->space) != &v->unattached;
	struct iom_viommu_fault f = {
		.reason = attached ? VIRTIO_IOMMU_FAULT_R_MAPPING : VIRTIO_IOMMU_FAULT_R_DOMAIN,
		.endpoint = ep->cfg.id,
		.address = iova,
	};

	if (!w && attached && msi_run(ep, iova, len, access, run))
		return IOM_OK;
	/*
	 * A reset that nobody asked about may be over by now, so `bypass` is in
	 * force. If not, this is no fault of the driver that comes after it, and
	 * not reported to it.
	 */
	if (!attached && (atomic_load(&v->draining) || atomic_load(&v->bypass)))
		return iom_viommu_dev_reset_done(v) ?
		       translate(&ep->x, iova, len, access, run) : IOM_EFAULT;
	if (!(access & IOM_ACCESS_QUIET)) {
		/* Of an access that does both, name the half that is refused. */
		f.write = (access & IOM_ACCESS_WRITE) && !(w & VIOMMU_LEAF_W);
		atomic_fetch_add_explicit(&v->faults, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&ep->faults, 1, memory_order_relaxed);
		if (v->cfg.fault)
			v->cfg.fault(v->cfg.arg, &f);
	}
	return w ? IOM_EACCES : IOM_EFAULT;
}

/* Leaves behind the first one, as long as they continue it. */
static IOMI_COLD void extend(struct viommu_map *m, uint64_t iova, uint64_t len,
			     uint64_t first, struct iom_run *run)
{
	uint64_t same = VIOMMU_LEAF_PROT, w, left;
	unsigned int shift;

	while (run->len < len) {
		w = viommu_map_walk(m, iova + run->len, &shift);
		/* A run does not go on from the top of memory at its start. */
		if (!w || !(run->gpa + run->len) || ((w ^ first) & same) ||
		    leaf_gpa(w, iova + run->len, shift, &left) != run->gpa + run->len)
			return;
		if (len - run->len - 1 <= left)
			run->len = len;
		else
			run->len += left + 1;
	}
}

static int translate(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
		     struct iom_run *run)
{
	struct iom_viommu_ep *ep = IOM_CONTAINER_OF(x, struct iom_viommu_ep, x);
	struct viommu_map *m = atomic_load(&ep->space);
	uint64_t need = leaf_need(access), left;
	unsigned int shift = 0;
	uint64_t w = viommu_map_walk(m, iova, &shift);

	if (__builtin_expect((w & need) != need, 0))
		return miss(ep, iova, len, access, run, w);
	run->gpa = leaf_gpa(w, iova, shift, &left);
	run->flags = m->run_flags | (w & VIOMMU_LEAF_MMIO ? IOM_RUN_MMIO : 0);
	if (len - 1 <= left) {
		run->len = len;
		return IOM_OK;
	}
	run->len = left + 1;
	extend(m, iova, len, w, run);
	return IOM_OK;
}

const struct iom_xlate_ops iomi_viommu_dev_xlate_ops = {
	.translate = translate,
};
