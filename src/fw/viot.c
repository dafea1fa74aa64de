/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VIOT between bytes and structs. The reader takes each byte from a table of
 * known size, after checking that it is inside; the writer's layout has all
 * offsets computed before a byte is written.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/mem.h>
#include <iom/fw/viot.h>
#include <iom/spec/viot.h>

#include "fw/diag.h"
#include "fw/viot.h"

const struct iom_viot_ids iom_viot_ids_default = {
	.oem_id = "LIBIOM",
	.oem_table_id = "IOMVIOT ",
	.oem_revision = 1,
	.creator_id = "IOM ",
	.creator_revision = 1,
};

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s = (uint8_t)(s + *p++);
	return s;
}

/* Length of a node of a known type, 0 for the others. */
static uint16_t node_size(uint32_t type)
{
	switch (type) {
	case VIOT_NODE_PCI_RANGE:
		return VIOT_PCI_SIZE;
	case VIOT_NODE_MMIO_ENDPOINT:
		return VIOT_MMIO_SIZE;
	case VIOT_NODE_VIRTIO_PCI:
		return VIOT_VIRTIO_PCI_SIZE;
	case VIOT_NODE_VIRTIO_MMIO:
		return VIOT_VIRTIO_MMIO_SIZE;
	default:
		return 0;
	}
}

/* --- reading --------------------------------------------------------------- */

static int check_header(const uint8_t *t, size_t size, struct iom_diag *d)
{
	uint32_t len;

	if (size < VIOT_HDR_SIZE)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "length",
				      "%llu bytes are too few for a VIOT, which has at least %u",
				      (unsigned long long)size, VIOT_HDR_SIZE);
	if (memcmp(t + ACPI_HDR_SIGNATURE, VIOT_SIGNATURE, 4))
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "signature",
				      "\"%c%c%c%c\" is not \"VIOT\"",
				      t[0], t[1], t[2], t[3]);
	len = iom_get_le32(t + ACPI_HDR_LENGTH);
	if (len != size)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "length",
				      "the header says %u bytes, there are %llu",
				      len, (unsigned long long)size);
	if (sum(t, size))
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "checksum",
				"all bytes sum to 0x%x, must be 0; a checksum of 0x%x "
				"would be right",
				      sum(t, size),
				      (t[ACPI_HDR_CHECKSUM] - sum(t, size)) & 0xff);
	if (iom_get_le16(t + VIOT_NODE_OFFSET) < VIOT_HDR_SIZE ||
	    iom_get_le16(t + VIOT_NODE_OFFSET) > size)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "node offset",
				      "0x%x is not between 0x%x and the end of the table",
				      iom_get_le16(t + VIOT_NODE_OFFSET), VIOT_HDR_SIZE);
	return IOM_OK;
}

/* The output node stays an offset until all nodes are known. */
static void get_node(const uint8_t *p, uint32_t offset, struct iom_viot_node *n)
{
	*n = (struct iom_viot_node){
		.type = (enum iom_viot_type)p[VIOT_NODE_TYPE],
		.offset = offset,
	};
	switch (n->type) {
	case IOM_VIOT_PCI_RANGE:
		n->u.range.endpoint = iom_get_le32(p + VIOT_PCI_ENDPOINT_START);
		n->u.range.segment_first = iom_get_le16(p + VIOT_PCI_SEGMENT_START);
		n->u.range.segment_last = iom_get_le16(p + VIOT_PCI_SEGMENT_END);
		n->u.range.bdf_first = iom_get_le16(p + VIOT_PCI_BDF_START);
		n->u.range.bdf_last = iom_get_le16(p + VIOT_PCI_BDF_END);
		n->u.range.iommu = iom_get_le16(p + VIOT_PCI_OUTPUT_NODE);
		break;
	case IOM_VIOT_MMIO_ENDPOINT:
		n->u.mmio.endpoint = iom_get_le32(p + VIOT_MMIO_ENDPOINT);
		n->u.mmio.base = iom_get_le64(p + VIOT_MMIO_BASE);
		n->u.mmio.iommu = iom_get_le16(p + VIOT_MMIO_OUTPUT_NODE);
		break;
	case IOM_VIOT_VIRTIO_PCI:
		n->u.virtio_pci.segment = iom_get_le16(p + VIOT_VIRTIO_PCI_SEGMENT);
		n->u.virtio_pci.bdf = iom_get_le16(p + VIOT_VIRTIO_PCI_BDF);
		break;
	case IOM_VIOT_VIRTIO_MMIO:
		n->u.virtio_mmio.base = iom_get_le64(p + VIOT_VIRTIO_MMIO_BASE);
		break;
	}
}

/* Fills nodes[] and v's counts from a table whose header is good. */
static int get_nodes(const uint8_t *t, uint32_t size, struct iom_viot_node *nodes,
		     uint32_t cap, struct iom_viot *v, struct iom_diag *d)
{
	uint32_t off = iom_get_le16(t + VIOT_NODE_OFFSET);
	uint32_t left = iom_get_le16(t + VIOT_NODE_COUNT);
	uint32_t len, least;

	for (; left; left--, off += len) {
		if (size - off < VIOT_NODE_HDR_SIZE)
			return iomi_viot_fail(d, IOM_EINVAL, off, "length",
				"the node count asks for a node here, the table ends");
		len = iom_get_le16(t + off + VIOT_NODE_LENGTH);
		least = node_size(t[off + VIOT_NODE_TYPE]);
		if (len < VIOT_NODE_HDR_SIZE || len < least)
			return iomi_viot_fail(d, IOM_EINVAL, off, "length",
				"shorter than a node of its type");
		if (len > size - off)
			return iomi_viot_fail(d, IOM_EINVAL, off, "length",
				"reaches beyond the end of the table");
		if (!least) {
			v->nr_unknown++;
			continue;
		}
		if (v->nr_nodes == cap)
			return iomi_viot_fail(d, IOM_E2BIG, off, "node count",
				"more nodes than this reader has room for");
		get_node(t + off, off, &nodes[v->nr_nodes++]);
	}
	if (off != size)
		return iomi_viot_fail(d, IOM_EINVAL, off, "node count",
			"bytes are left after the last node that it counts");
	return IOM_OK;
}

/* nodes[] ascends by offset, so a binary search finds the output node. */
static int resolve(const struct iom_viot_node *nodes, uint32_t nr, uint32_t self,
		   uint32_t *iommu, struct iom_diag *d)
{
	uint32_t lo = 0, hi = nr, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (nodes[mid].offset < *iommu)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == nr || nodes[lo].offset != *iommu)
		return iomi_viot_fail(d, IOM_EINVAL, nodes[self].offset, "output node",
			"no node begins at this offset; the offset of a virtio-iommu "
			"node is wanted");
	if (lo == self)
		return iomi_viot_fail(d, IOM_EINVAL, nodes[self].offset, "output node",
			"the node points to itself; the offset of a virtio-iommu node is wanted");
	if (!iomi_viot_is_iommu(&nodes[lo]))
		return iomi_viot_fail(d, IOM_EINVAL, nodes[self].offset, "output node",
			"points to an endpoint; the offset of a virtio-iommu node is wanted");
	*iommu = lo;
	return IOM_OK;
}

static int resolve_all(struct iom_viot_node *nodes, uint32_t nr, struct iom_diag *d)
{
	uint32_t i;
	int rc = IOM_OK;

	for (i = 0; i < nr && !rc; i++) {
		if (nodes[i].type == IOM_VIOT_PCI_RANGE)
			rc = resolve(nodes, nr, i, &nodes[i].u.range.iommu, d);
		else if (nodes[i].type == IOM_VIOT_MMIO_ENDPOINT)
			rc = resolve(nodes, nr, i, &nodes[i].u.mmio.iommu, d);
	}
	return rc;
}

static void get_ids(const uint8_t *t, struct iom_viot_ids *ids)
{
	ids->revision = t[ACPI_HDR_REVISION];
	memcpy(ids->oem_id, t + ACPI_HDR_OEM_ID, 6);
	memcpy(ids->oem_table_id, t + ACPI_HDR_OEM_TABLE_ID, 8);
	ids->oem_revision = iom_get_le32(t + ACPI_HDR_OEM_REVISION);
	memcpy(ids->creator_id, t + ACPI_HDR_CREATOR_ID, 4);
	ids->creator_revision = iom_get_le32(t + ACPI_HDR_CREATOR_REVISION);
}

int iom_viot_read(const void *table, size_t size, struct iom_viot_node *nodes,
		  uint32_t cap, struct iom_viot *out, struct iom_diag *diag)
{
	const uint8_t *t = table;
	struct iom_viot v = { .nodes = nodes };
	const char *field, *what;
	uint32_t bad;
	int rc;

	rc = check_header(t, size, diag);
	if (rc)
		return rc;
	rc = get_nodes(t, (uint32_t)size, nodes, cap, &v, diag);
	if (rc)
		return rc;
	rc = resolve_all(nodes, v.nr_nodes, diag);
	if (rc)
		return rc;
	rc = iomi_viot_check(nodes, v.nr_nodes, &bad, &field, &what);
	if (rc)
		return iomi_viot_fail(diag, rc, nodes[bad].offset, field, what);
	get_ids(t, &v.ids);
	*out = v;
	return IOM_OK;
}

/* --- writing --------------------------------------------------------------- */

/* Where node i begins; where the table ends, if i is the number of nodes. */
static uint32_t offset_of(const struct iom_viot_node *nodes, uint32_t i)
{
	uint32_t off = VIOT_HDR_SIZE;

	while (i)
		off += node_size((uint32_t)nodes[--i].type);
	return off;
}

/* Everything that can be wrong with one node's own fields. */
static const char *node_error(const struct iom_viot_node *nodes, uint32_t nr,
			      uint32_t i)
{
	const struct iom_viot_node *n = &nodes[i];
	uint32_t iommu;

	if (!node_size((uint32_t)n->type))
		return "unknown node type";
	if (iomi_viot_is_iommu(n))
		return NULL;
	iommu = n->type == IOM_VIOT_PCI_RANGE ? n->u.range.iommu : n->u.mmio.iommu;
	if (iommu >= nr || !iomi_viot_is_iommu(&nodes[iommu]))
		return "the output node is not a virtio-iommu node of this table";
	return NULL;
}

static void put_node(uint8_t *p, const struct iom_viot_node *nodes,
		     const struct iom_viot_node *n)
{
	p[VIOT_NODE_TYPE] = (uint8_t)n->type;
	iom_put_le16(p + VIOT_NODE_LENGTH, node_size((uint32_t)n->type));
	switch (n->type) {
	case IOM_VIOT_PCI_RANGE:
		iom_put_le32(p + VIOT_PCI_ENDPOINT_START, n->u.range.endpoint);
		iom_put_le16(p + VIOT_PCI_SEGMENT_START, n->u.range.segment_first);
		iom_put_le16(p + VIOT_PCI_SEGMENT_END, n->u.range.segment_last);
		iom_put_le16(p + VIOT_PCI_BDF_START, n->u.range.bdf_first);
		iom_put_le16(p + VIOT_PCI_BDF_END, n->u.range.bdf_last);
		iom_put_le16(p + VIOT_PCI_OUTPUT_NODE,
			     (uint16_t)offset_of(nodes, n->u.range.iommu));
		break;
	case IOM_VIOT_MMIO_ENDPOINT:
		iom_put_le32(p + VIOT_MMIO_ENDPOINT, n->u.mmio.endpoint);
		iom_put_le64(p + VIOT_MMIO_BASE, n->u.mmio.base);
		iom_put_le16(p + VIOT_MMIO_OUTPUT_NODE,
			     (uint16_t)offset_of(nodes, n->u.mmio.iommu));
		break;
	case IOM_VIOT_VIRTIO_PCI:
		iom_put_le16(p + VIOT_VIRTIO_PCI_SEGMENT, n->u.virtio_pci.segment);
		iom_put_le16(p + VIOT_VIRTIO_PCI_BDF, n->u.virtio_pci.bdf);
		break;
	case IOM_VIOT_VIRTIO_MMIO:
		iom_put_le64(p + VIOT_VIRTIO_MMIO_BASE, n->u.virtio_mmio.base);
		break;
	}
}

static int check_write(const struct iom_viot_node *nodes, uint32_t nr,
		       struct iom_diag *d)
{
	const char *field = "output node", *what;
	uint32_t i, bad;
	int rc;

	if (nr > IOM_VIOT_MAX_NODES)
		return iomi_diag_fail(d, IOM_E2BIG, NULL, "node count",
				      "%u nodes, at most %u fit", nr, IOM_VIOT_MAX_NODES);
	for (i = 0; i < nr; i++) {
		what = node_error(nodes, nr, i);
		if (what)
			return iomi_diag_fail(d, IOM_EINVAL, NULL, field,
					      "node number %u: %s", i, what);
		if (iomi_viot_is_iommu(&nodes[i]) && offset_of(nodes, i) > UINT16_MAX)
			return iomi_viot_fail(d, IOM_E2BIG, offset_of(nodes, i), NULL,
				"an IOMMU node must begin below 0x10000: put IOMMUs first");
	}
	rc = iomi_viot_check(nodes, nr, &bad, &field, &what);
	if (rc)
		return iomi_viot_fail(d, rc, offset_of(nodes, bad), field, what);
	return IOM_OK;
}

int iom_viot_write(const struct iom_viot_ids *ids, const struct iom_viot_node *nodes,
		   uint32_t nr_nodes, void *buf, size_t cap, size_t *len,
		   struct iom_diag *diag)
{
	uint8_t *t = buf;
	uint32_t i, off, size;
	int rc;

	rc = check_write(nodes, nr_nodes, diag);
	if (rc)
		return rc;
	size = offset_of(nodes, nr_nodes);
	if (size > cap)
		return iomi_diag_fail(diag, IOM_ENOSPC, NULL, "length",
				      "the table has %u bytes, the buffer %llu", size,
				      (unsigned long long)cap);
	memset(t, 0, size);
	memcpy(t + ACPI_HDR_SIGNATURE, VIOT_SIGNATURE, 4);
	iom_put_le32(t + ACPI_HDR_LENGTH, size);
	t[ACPI_HDR_REVISION] = ids->revision;
	memcpy(t + ACPI_HDR_OEM_ID, ids->oem_id, 6);
	memcpy(t + ACPI_HDR_OEM_TABLE_ID, ids->oem_table_id, 8);
	iom_put_le32(t + ACPI_HDR_OEM_REVISION, ids->oem_revision);
	memcpy(t + ACPI_HDR_CREATOR_ID, ids->creator_id, 4);
	iom_put_le32(t + ACPI_HDR_CREATOR_REVISION, ids->creator_revision);
	iom_put_le16(t + VIOT_NODE_COUNT, (uint16_t)nr_nodes);
	iom_put_le16(t + VIOT_NODE_OFFSET, VIOT_HDR_SIZE);
	off = VIOT_HDR_SIZE;
	for (i = 0; i < nr_nodes; i++) {
		put_node(t + off, nodes, &nodes[i]);
		off += node_size((uint32_t)nodes[i].type);
	}
	t[ACPI_HDR_CHECKSUM] = (uint8_t)-sum(t, size);
	*len = size;
	return IOM_OK;
}
