/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the start table and the lists of tables that went; and looks up. */
#include "pt_int.h"

int iomi_pt_alloc(struct iom_pt *pt, size_t size, void **virt, uint64_t *pa)
{
	int rc = pt->mem->ops.alloc(pt->mem, size, size, virt, pa);

	if (rc)
		return rc;
	/* aligned to its size, it ends below what its beginning is below: a power of two */
	if (*pa & (size - 1) || *pa > pt->oa_last) {
		pt->mem->ops.free(pt->mem, *virt, *pa, size);
		return IOM_EIO;
	}
	return IOM_OK;
}

/* A table is at least 64 bytes for its alignment (Arm D8.2: TTBR bits 5:0). */
static size_t root_size(const struct iom_pt *pt)
{
	size_t size = (size_t)(pt->root_mask + 1) * sizeof(struct iomi_pt_slot);

	return size < 64 ? 64 : size;
}

int iom_pt_init(struct iom_pt *pt, struct iom_dmem *mem, const struct iom_pt_cfg *cfg)
{
	struct iom_pt n = { .mem = mem, .fmt = cfg->format };
	unsigned int h;
	size_t size;
	int rc;

	if (!n.fmt || (cfg->dirty && !mem->coherent))
		return IOM_EINVAL;
	rc = n.fmt->setup(&n, cfg);
	if (rc)
		return rc;
	n.top_shift = (uint8_t)iomi_pt_shift(&n, n.top);
	n.top_low = iomi_pt_span_m1(&n, n.top);
	n.page_mask = iomi_pt_span_m1(&n, 0);
	n.block_mask = n.leaf_top ? iomi_pt_span_m1(&n, 1) : 0;
	if (mem->coherent)
		n.synced = 0;		/* an entry is in memory as soon as it is written */
	n.both = n.first | n.last;
	n.alone_mask = n.both | n.contig;
	n.alone_bits[0] = n.leaf_bits[0] | n.both;
	n.alone_bits[1] = n.leaf_bits[1] | n.both;
	n.plain = mem->identity && mem->coherent && !n.oa_high;
	n.plain_block = n.leaf_top ? n.block_mask : n.page_mask;
	n.plain_ia = n.plain ? n.aperture : (struct iom_range){ 1, 0 };
	size = root_size(&n);
	rc = iomi_pt_alloc(&n, size, &n.root, &n.root_pa);
	if (rc)
		return rc;
	iomi_pt_clean(&n, n.root, (size_t)n.root_mask + 1);
	n.info.root = n.root_pa;
	n.info.aperture = n.aperture;
	n.info.granule_lg2 = n.page_lg2;
	n.info.levels = (uint8_t)(n.top + 1);
	for (h = 0; h <= n.leaf_top; h++)
		n.info.leaf_sizes |= UINT64_C(1) << iomi_pt_shift(&n, h);
	*pt = n;
	return IOM_OK;
}

void iomi_pt_free_list(struct iom_pt *pt, void **list)
{
	size_t size = (size_t)pt->page_mask + 1;
	struct iomi_pt_slot *t;
	uint64_t pa;

	while (*list) {
		t = iomi_pt_pop(list, &pa);
		pt->mem->ops.free(pt->mem, t, pa, size);
	}
}

void iom_pt_fini(struct iom_pt *pt)
{
	struct iomi_pt_slot *root = pt->root;
	void *list = NULL;
	uint64_t e;
	size_t i;

	for (i = 0; i <= pt->root_mask; i++) {
		e = iomi_pt_load(&root[i]);
		if (iomi_pt_is_table(pt, e))
			iomi_pt_drop(pt, &list, iomi_pt_table(pt, e), pt->top - 1u,
				     iomi_pt_oa(pt, e));
	}
	iomi_pt_free_list(pt, &list);
	pt->mem->ops.free(pt->mem, root, pt->root_pa, root_size(pt));
	pt->root = NULL;
}

/* --- look-up ---------------------------------------------------------------- */

PT_INLINE int lookup(const struct iom_pt *pt, uint64_t ia, uint64_t *oa, bool plain)
{
	struct iomi_pt_end w = iomi_pt_walk_down(pt, ia, plain);

	if (pt_unlikely(w.p == w.none))
		return IOM_EFAULT;
	*oa = ((plain ? w.p & pt->oa_addr : iomi_pt_oa(pt, w.p)) & ~w.low) | (ia & w.low);
	return IOM_OK;
}

static PT_COLD int lookup_any(const struct iom_pt *pt, uint64_t ia, uint64_t *oa)
{
	return iom_range_has(pt->aperture, ia) ? lookup(pt, ia, oa, false) : IOM_EFAULT;
}

int iom_pt_lookup(const struct iom_pt *pt, uint64_t ia, uint64_t *oa)
{
	if (pt_unlikely(ia < pt->plain_ia.start || ia > pt->plain_ia.last))
		return lookup_any(pt, ia, oa);
	return lookup(pt, ia, oa, true);
}
