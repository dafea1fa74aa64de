/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IORT from structs to bytes. All offsets are known before a byte is written. A
 * node is its fixed part, its own array, and its mappings, each on 4 bytes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/mem.h>
#include <iom/fw/iort.h>
#include <iom/spec/iort.h>
#include <iom/spec/viot.h>

#include "fw/diag.h"
#include "fw/iort.h"

const struct iom_viot_ids iom_iort_ids_default = {
	.revision = IORT_REVISION,
	.oem_id = "LIBIOM",
	.oem_table_id = "IOMIORT ",
	.oem_revision = 1,
	.creator_id = "IOM ",
	.creator_revision = 1,
};

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* What revision 4 added is written where it says something; iasl does not know all of it. */
static bool rc_is_short(const struct iom_iort_node *n)
{
	return !n->u.rc.pasid && !n->u.rc.flags;
}

/* Bytes before the mappings; 0 if we cannot write the type. */
static uint64_t body_size(const struct iom_iort_node *n)
{
	switch (n->type) {
	case IOM_IORT_ITS:
		return IORT_ITS_SIZE + UINT64_C(4) * n->u.its.nr;
	case IOM_IORT_NAMED:
		/* With one byte of padding at least, or iasl finds the node invalid. */
		return (IORT_NAMED_NAME + (uint64_t)length(n->u.named.name) + 2 + 3) & ~UINT64_C(3);
	case IOM_IORT_RC:
		return rc_is_short(n) ? IORT_RC_SIZE_3 : IORT_RC_SIZE;
	case IOM_IORT_SMMUV3:
		return IORT_SMMUV3_SIZE;
	case IOM_IORT_RMR:
		return IORT_RMR_SIZE + (uint64_t)IORT_RMR_DESC_SIZE * n->u.rmr.nr;
	case IOM_IORT_SMMU:
	case IOM_IORT_PMCG:
		break;
	}
	return 0;
}

static uint64_t node_size(const struct iom_iort_node *n)
{
	return body_size(n) + (uint64_t)IORT_MAP_SIZE * n->nr_maps;
}

/* Where node i begins. */
static uint32_t offset_of(const struct iom_iort_node *nodes, uint32_t i)
{
	uint64_t off = IORT_HDR_SIZE;

	while (i)
		off += node_size(&nodes[--i]);
	return (uint32_t)off;
}

static void put_mem(uint8_t *p, const struct iom_iort_mem *m)
{
	iom_put_le32(p + IORT_MEM_CCA, m->coherent);
	p[IORT_MEM_HINTS] = m->hints;
	p[IORT_MEM_FLAGS] = m->flags;
}

static uint8_t revision_of(const struct iom_iort_node *n)
{
	switch (n->type) {
	case IOM_IORT_NAMED:
		return IORT_NAMED_REVISION;
	case IOM_IORT_RC:
		return rc_is_short(n) ? IORT_RC_REVISION - 1 : IORT_RC_REVISION;
	case IOM_IORT_SMMUV3:
		return IORT_SMMUV3_REVISION;
	case IOM_IORT_RMR:
		return IORT_RMR_REVISION;
	default:
		return 1;
	}
}

static void put_smmuv3(uint8_t *p, const struct iom_iort_node *n)
{
	uint32_t flags = n->u.smmuv3.flags & ~IORT_SMMUV3_ID_VALID;

	if (n->u.smmuv3.msi_map != IOM_IORT_NONE) {
		flags |= IORT_SMMUV3_ID_VALID;
		iom_put_le32(p + IORT_SMMUV3_ID_INDEX, n->u.smmuv3.msi_map);
	}
	iom_put_le64(p + IORT_SMMUV3_BASE, n->u.smmuv3.base);
	iom_put_le32(p + IORT_SMMUV3_FLAGS, flags);
	iom_put_le64(p + IORT_SMMUV3_VATOS, n->u.smmuv3.vatos);
	iom_put_le32(p + IORT_SMMUV3_MODEL, n->u.smmuv3.model);
	iom_put_le32(p + IORT_SMMUV3_EVENT, n->u.smmuv3.event);
	iom_put_le32(p + IORT_SMMUV3_PRI, n->u.smmuv3.pri);
	iom_put_le32(p + IORT_SMMUV3_GERR, n->u.smmuv3.gerr);
	iom_put_le32(p + IORT_SMMUV3_SYNC, n->u.smmuv3.sync);
	iom_put_le32(p + IORT_SMMUV3_PXM, n->u.smmuv3.pxm);
}

static void put_body(uint8_t *p, const struct iom_iort_node *n)
{
	uint8_t *d = p + IORT_RMR_SIZE;
	uint32_t i;

	switch (n->type) {
	case IOM_IORT_ITS:
		iom_put_le32(p + IORT_ITS_COUNT, n->u.its.nr);
		for (i = 0; i < n->u.its.nr; i++)
			iom_put_le32(p + IORT_ITS_IDS + 4 * i, n->u.its.ids[i]);
		break;
	case IOM_IORT_NAMED:
		iom_put_le32(p + IORT_NAMED_FLAGS, n->u.named.flags);
		put_mem(p + IORT_NAMED_MEM, &n->u.named.mem);
		p[IORT_NAMED_ADDR_BITS] = n->u.named.addr_bits;
		memcpy(p + IORT_NAMED_NAME, n->u.named.name, length(n->u.named.name));
		break;
	case IOM_IORT_RC:
		put_mem(p + IORT_RC_MEM, &n->u.rc.mem);
		iom_put_le32(p + IORT_RC_ATS, n->u.rc.ats);
		iom_put_le32(p + IORT_RC_SEGMENT, n->u.rc.segment);
		p[IORT_RC_ADDR_BITS] = n->u.rc.addr_bits;
		if (rc_is_short(n))
			break;
		iom_put_le16(p + IORT_RC_PASID, n->u.rc.pasid);
		iom_put_le32(p + IORT_RC_FLAGS, n->u.rc.flags);
		break;
	case IOM_IORT_SMMUV3:
		put_smmuv3(p, n);
		break;
	case IOM_IORT_RMR:
		iom_put_le32(p + IORT_RMR_FLAGS, n->u.rmr.flags);
		iom_put_le32(p + IORT_RMR_COUNT, n->u.rmr.nr);
		iom_put_le32(p + IORT_RMR_OFFSET, IORT_RMR_SIZE);
		for (i = 0; i < n->u.rmr.nr; i++, d += IORT_RMR_DESC_SIZE) {
			iom_put_le64(d + IORT_RMR_BASE, n->u.rmr.ranges[i].start);
			iom_put_le64(d + IORT_RMR_LENGTH,
				     iom_range_len_m1(n->u.rmr.ranges[i]) + 1);
		}
		break;
	case IOM_IORT_SMMU:
	case IOM_IORT_PMCG:
		break;
	}
}

static void put_node(uint8_t *p, const struct iom_iort_node *nodes, const struct iom_iort_node *n)
{
	uint32_t maps = (uint32_t)body_size(n), k;
	uint8_t *m = p + maps;

	p[IORT_NODE_TYPE] = (uint8_t)n->type;
	iom_put_le16(p + IORT_NODE_LENGTH, (uint16_t)node_size(n));
	p[IORT_NODE_REVISION] = revision_of(n);
	iom_put_le32(p + IORT_NODE_ID, n->id);
	iom_put_le32(p + IORT_NODE_NR_MAPS, n->nr_maps);
	iom_put_le32(p + IORT_NODE_MAPS, n->nr_maps ? maps : 0);
	put_body(p, n);
	for (k = 0; k < n->nr_maps; k++, m += IORT_MAP_SIZE) {
		iom_put_le32(m + IORT_MAP_INPUT, n->maps[k].input);
		iom_put_le32(m + IORT_MAP_COUNT, n->maps[k].count_m1);
		iom_put_le32(m + IORT_MAP_OUTPUT, n->maps[k].output);
		iom_put_le32(m + IORT_MAP_REF, n->maps[k].target == IOM_IORT_NONE ? 0 :
			     offset_of(nodes, n->maps[k].target));
		iom_put_le32(m + IORT_MAP_FLAGS, n->maps[k].single ? IORT_MAP_SINGLE : 0);
	}
}

/* What the structs can say and bytes cannot, or not by us. */
static int check_node(const struct iom_iort_node *nodes, uint32_t nr, uint32_t i,
		      struct iom_diag *d)
{
	const struct iom_iort_node *n = &nodes[i];
	uint32_t k;

	if (n->type > IOM_IORT_RMR)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "type", "node number %u: unknown", i);
	if (n->type == IOM_IORT_SMMU || n->type == IOM_IORT_PMCG)
		return iomi_diag_fail(d, IOM_EOPNOTSUPP, NULL, "type",
				      "node number %u: of type %u, which is only read", i, n->type);
	if (n->type == IOM_IORT_NAMED && !n->u.named.name)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "device name",
				      "node number %u: is missing", i);
	if (node_size(n) > UINT16_MAX)
		return iomi_diag_fail(d, IOM_E2BIG, NULL, "length",
				      "node number %u: more than 65535 bytes", i);
	if (n->type == IOM_IORT_SMMUV3 && n->u.smmuv3.msi_map != IOM_IORT_NONE &&
	    n->u.smmuv3.msi_map >= n->nr_maps)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "device ID mapping index",
				      "node number %u: there is no such mapping", i);
	for (k = 0; n->type == IOM_IORT_RMR && k < n->u.rmr.nr; k++)
		if (iom_range_len_m1(n->u.rmr.ranges[k]) == UINT64_MAX)
			return iomi_diag_fail(d, IOM_EINVAL, NULL, "RMR descriptors",
					      "node number %u: 2^64 is no length", i);
	for (k = 0; k < n->nr_maps; k++)
		if (n->maps[k].target >= nr && n->maps[k].target != IOM_IORT_NONE)
			return iomi_diag_fail(d, IOM_EINVAL, NULL, "output reference",
					      "node number %u: there is no node %u", i,
					      n->maps[k].target);
	return IOM_OK;
}

static int check_write(const struct iom_iort_node *nodes, uint32_t nr, size_t cap,
		       struct iom_diag *d)
{
	uint64_t size = IORT_HDR_SIZE;
	const char *field, *what;
	uint32_t i, bad;
	int rc;

	if (nr > IOM_IORT_MAX_NODES)
		return iomi_diag_fail(d, IOM_E2BIG, NULL, "node count",
				      "%u nodes, at most %u are written", nr, IOM_IORT_MAX_NODES);
	for (i = 0; i < nr; i++) {
		rc = check_node(nodes, nr, i, d);
		if (rc)
			return rc;
		size += node_size(&nodes[i]);
	}
	if (size > IOM_IORT_MAX_SIZE)
		return iomi_diag_fail(d, IOM_E2BIG, NULL, "length", "more than %u bytes",
				      IOM_IORT_MAX_SIZE);
	rc = iomi_iort_check(nodes, nr, &bad, &field, &what);
	if (rc)
		return iomi_iort_fail(d, rc, offset_of(nodes, bad), field, what);
	if (size > cap)
		return iomi_diag_fail(d, IOM_ENOSPC, NULL, "length",
				      "the table has %u bytes, the buffer %llu", (uint32_t)size,
				      (unsigned long long)cap);
	return IOM_OK;
}

int iom_iort_write(const struct iom_viot_ids *ids, const struct iom_iort_node *nodes,
		   uint32_t nr_nodes, void *buf, size_t cap, size_t *len, struct iom_diag *diag)
{
	uint8_t *t = buf, s = 0;
	uint32_t i, size;
	int rc;

	rc = check_write(nodes, nr_nodes, cap, diag);
	if (rc)
		return rc;
	size = offset_of(nodes, nr_nodes);
	memset(t, 0, size);
	memcpy(t + ACPI_HDR_SIGNATURE, IORT_SIGNATURE, 4);
	iom_put_le32(t + ACPI_HDR_LENGTH, size);
	t[ACPI_HDR_REVISION] = ids->revision;
	memcpy(t + ACPI_HDR_OEM_ID, ids->oem_id, 6);
	memcpy(t + ACPI_HDR_OEM_TABLE_ID, ids->oem_table_id, 8);
	iom_put_le32(t + ACPI_HDR_OEM_REVISION, ids->oem_revision);
	memcpy(t + ACPI_HDR_CREATOR_ID, ids->creator_id, 4);
	iom_put_le32(t + ACPI_HDR_CREATOR_REVISION, ids->creator_revision);
	iom_put_le32(t + IORT_NODE_COUNT, nr_nodes);
	iom_put_le32(t + IORT_NODE_OFFSET, IORT_HDR_SIZE);
	for (i = 0; i < nr_nodes; i++)
		put_node(t + offset_of(nodes, i), nodes, &nodes[i]);
	for (i = 0; i < size; i++)
		s = (uint8_t)(s + t[i]);
	t[ACPI_HDR_CHECKSUM] = (uint8_t)-s;
	*len = size;
	return IOM_OK;
}
