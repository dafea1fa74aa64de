/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VIOT may mean. Reader and writer share these checks, so that whatever
 * we write we also accept. The nodes' iommu indexes are in range here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/fw/viot.h>
#include <iom/spec/viot.h>

#include "fw/diag.h"
#include "fw/viot.h"

/*
 * An IOMMU may be an endpoint of another one. Real machines have no more than
 * two in a row; a longer chain, which includes every circle, is refused.
 */
#define MAX_CHAIN	8

int iomi_viot_fail(struct iom_diag *d, int err, uint32_t offset, const char *field,
		   const char *what)
{
	char node[] = "node at 0x00000000";
	unsigned int i;

	for (i = 0; i < 8; i++)
		node[10 + i] = "0123456789abcdef"[offset >> (28 - 4 * i) & 15];
	return iomi_diag_fail(d, err, node, field, "%s", what);
}

bool iomi_viot_is_iommu(const struct iom_viot_node *n)
{
	return n->type == IOM_VIOT_VIRTIO_PCI || n->type == IOM_VIOT_VIRTIO_MMIO;
}

static bool range_has(const struct iom_viot_node *n, uint16_t segment, uint16_t bdf)
{
	return n->u.range.segment_first <= segment &&
	       segment <= n->u.range.segment_last &&
	       n->u.range.bdf_first <= bdf && bdf <= n->u.range.bdf_last;
}

/* Endpoint ids of one segment, less one; and segments, less one. */
static uint32_t nr_bdfs_m1(const struct iom_viot_node *n)
{
	return n->type == IOM_VIOT_PCI_RANGE ?
	       (uint32_t)(n->u.range.bdf_last - n->u.range.bdf_first) : 0;
}

static uint32_t nr_segments_m1(const struct iom_viot_node *n)
{
	return n->type == IOM_VIOT_PCI_RANGE ?
	       (uint32_t)(n->u.range.segment_last - n->u.range.segment_first) : 0;
}

static uint32_t first_id(const struct iom_viot_node *n)
{
	return n->type == IOM_VIOT_PCI_RANGE ? n->u.range.endpoint : n->u.mmio.endpoint;
}

static uint32_t output(const struct iom_viot_node *n)
{
	return n->type == IOM_VIOT_PCI_RANGE ? n->u.range.iommu : n->u.mmio.iommu;
}

/*
 * A node's ids are first + 0x10000 * s + b with s and b counting from 0. Two
 * nodes share an id if their firsts differ by 0x10000 * k + m, where k and m
 * are differences that their s and their b can have. |m| < 0x10000 leaves two
 * candidates for k: the distance divided by the stride, rounded down and up.
 */
static bool ids_overlap(const struct iom_viot_node *a, const struct iom_viot_node *b)
{
	const struct iom_viot_node *t;
	uint32_t dist, k, m;

	if (first_id(a) > first_id(b)) {
		t = a;
		a = b;
		b = t;
	}
	dist = first_id(b) - first_id(a);
	k = dist / VIOT_PCI_SEGMENT_STRIDE;
	m = dist % VIOT_PCI_SEGMENT_STRIDE;
	if (k <= nr_segments_m1(a) && m <= nr_bdfs_m1(a))
		return true;
	/* One segment further, and b's function comes before a's. */
	return k + 1 <= nr_segments_m1(a) &&
	       VIOT_PCI_SEGMENT_STRIDE - m <= nr_bdfs_m1(b);
}

static bool functions_overlap(const struct iom_viot_node *a,
			      const struct iom_viot_node *b)
{
	return a->u.range.segment_first <= b->u.range.segment_last &&
	       b->u.range.segment_first <= a->u.range.segment_last &&
	       a->u.range.bdf_first <= b->u.range.bdf_last &&
	       b->u.range.bdf_first <= a->u.range.bdf_last;
}

static const char *range_error(const struct iom_viot_node *nodes,
			       const struct iom_viot_node *n, const char **field)
{
	const struct iom_viot_node *iommu = &nodes[n->u.range.iommu];
	uint64_t last;

	*field = "segment";
	if (n->u.range.segment_first > n->u.range.segment_last)
		return "PCI segment end is below its start";
	*field = "BDF";
	if (n->u.range.bdf_first > n->u.range.bdf_last)
		return "BDF end is below its start";
	*field = "endpoint start";
	last = (uint64_t)n->u.range.endpoint +
	       (uint64_t)nr_segments_m1(n) * VIOT_PCI_SEGMENT_STRIDE + nr_bdfs_m1(n);
	if (last > UINT32_MAX)
		return "the last endpoint ID does not fit in 32 bits";
	*field = "output node";
	if (iommu->type == IOM_VIOT_VIRTIO_PCI && !nr_bdfs_m1(n) && !nr_segments_m1(n) &&
	    range_has(n, iommu->u.virtio_pci.segment, iommu->u.virtio_pci.bdf))
		return "the IOMMU would manage itself: leave its function out";
	return NULL;
}

/* What is wrong with two nodes that are each good alone. */
static const char *pair_error(const struct iom_viot_node *a,
			      const struct iom_viot_node *b, const char **field)
{
	if (iomi_viot_is_iommu(a) || iomi_viot_is_iommu(b)) {
		if (a->type != b->type)
			return NULL;
		*field = a->type == IOM_VIOT_VIRTIO_PCI ? "BDF" : "base address";
		if (a->type == IOM_VIOT_VIRTIO_PCI ?
		    a->u.virtio_pci.segment == b->u.virtio_pci.segment &&
		    a->u.virtio_pci.bdf == b->u.virtio_pci.bdf :
		    a->u.virtio_mmio.base == b->u.virtio_mmio.base)
			return "an earlier node already describes this IOMMU";
		return NULL;
	}
	*field = a->type == IOM_VIOT_PCI_RANGE ? "BDF" : "base address";
	if (a->type == b->type &&
	    (a->type == IOM_VIOT_PCI_RANGE ? functions_overlap(a, b) :
	     a->u.mmio.base == b->u.mmio.base))
		return "an earlier node already describes (some of) these endpoints";
	*field = "endpoint";
	if (output(a) == output(b) && ids_overlap(a, b))
		return "endpoint IDs overlap those of an earlier node with this IOMMU";
	return NULL;
}

/* The IOMMU that nodes[i], an IOMMU, is itself behind. */
static int iommu_above(const struct iom_viot *v, uint32_t i, uint32_t *above)
{
	const struct iom_viot_node *n = &v->nodes[i];
	uint32_t endpoint;

	if (n->type == IOM_VIOT_VIRTIO_PCI)
		return iom_viot_find_pci(v, n->u.virtio_pci.segment,
					 n->u.virtio_pci.bdf, above, &endpoint);
	return iom_viot_find_mmio(v, n->u.virtio_mmio.base, above, &endpoint);
}

static bool chain_too_long(const struct iom_viot *v, uint32_t i)
{
	unsigned int steps;

	for (steps = 0; steps < MAX_CHAIN; steps++) {
		if (iommu_above(v, i, &i))
			return false;
	}
	return true;
}

int iomi_viot_check(const struct iom_viot_node *nodes, uint32_t nr, uint32_t *bad,
		    const char **field, const char **what)
{
	const struct iom_viot v = { .nodes = nodes, .nr_nodes = nr };
	uint32_t i, j;

	*field = NULL;
	for (i = 0; i < nr; i++) {
		*bad = i;
		*what = nodes[i].type == IOM_VIOT_PCI_RANGE ?
			range_error(nodes, &nodes[i], field) : NULL;
		for (j = 0; j < i && !*what; j++)
			*what = pair_error(&nodes[j], &nodes[i], field);
		if (*what)
			return IOM_EINVAL;
	}
	for (i = 0; i < nr; i++) {
		*bad = i;
		if (!iomi_viot_is_iommu(&nodes[i]) || !chain_too_long(&v, i))
			continue;
		*field = "output node";
		*what = "this IOMMU is an endpoint of itself, directly or in a circle";
		return IOM_EINVAL;
	}
	return IOM_OK;
}

int iom_viot_find_pci(const struct iom_viot *v, uint16_t segment, uint16_t bdf,
		      uint32_t *iommu, uint32_t *endpoint)
{
	const struct iom_viot_node *n, *out;
	uint32_t i;

	for (i = 0; i < v->nr_nodes; i++) {
		n = &v->nodes[i];
		if (n->type != IOM_VIOT_PCI_RANGE || !range_has(n, segment, bdf))
			continue;
		out = &v->nodes[n->u.range.iommu];
		if (out->type == IOM_VIOT_VIRTIO_PCI &&
		    out->u.virtio_pci.segment == segment &&
		    out->u.virtio_pci.bdf == bdf)
			return IOM_ENOENT;
		*iommu = n->u.range.iommu;
		*endpoint = n->u.range.endpoint + (uint32_t)(bdf - n->u.range.bdf_first) +
			    (uint32_t)(segment - n->u.range.segment_first) *
			    VIOT_PCI_SEGMENT_STRIDE;
		return IOM_OK;
	}
	return IOM_ENOENT;
}

int iom_viot_find_mmio(const struct iom_viot *v, uint64_t base, uint32_t *iommu,
		       uint32_t *endpoint)
{
	const struct iom_viot_node *n;
	uint32_t i;

	for (i = 0; i < v->nr_nodes; i++) {
		n = &v->nodes[i];
		if (n->type != IOM_VIOT_MMIO_ENDPOINT || n->u.mmio.base != base)
			continue;
		*iommu = n->u.mmio.iommu;
		*endpoint = n->u.mmio.endpoint;
		return IOM_OK;
	}
	return IOM_ENOENT;
}
