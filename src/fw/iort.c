/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IORT from bytes to structs. Each byte is taken from a table of known size,
 * after checking that it is inside its node; what the structs point to is
 * carved out of the caller's memory. References stay offsets until all nodes are
 * known.
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

struct in {
	const uint8_t *t;
	uint32_t size;
	unsigned char *mem;		/* what is left of the caller's memory */
	size_t mem_left;
	struct iom_diag *diag;
	struct iom_iort_node *nodes;
	uint32_t nr;
};

/* The node that is being read: its bytes, and where it is. */
struct node {
	const uint8_t *p;
	uint32_t len;
	uint32_t offset;
};

static int carve(struct in *in, size_t n, size_t size, void *out)
{
	size_t pad = (size_t)-(uintptr_t)in->mem & 7;
	void **p = out;

	if (pad > in->mem_left || n > (in->mem_left - pad) / size)
		return iomi_diag_fail(in->diag, IOM_ENOMEM, NULL, NULL,
				      "not enough memory was given to the reader");
	*p = in->mem + pad;
	in->mem += pad + n * size;
	in->mem_left -= pad + n * size;
	memset(*p, 0, n * size);
	return IOM_OK;
}

static int fail(struct in *in, const struct node *n, const char *field, const char *what)
{
	return iomi_iort_fail(in->diag, IOM_EINVAL, n->offset, field, what);
}

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s = (uint8_t)(s + *p++);
	return s;
}

/* --- header --- */

static int check_header(const uint8_t *t, size_t size, struct iom_diag *d)
{
	uint32_t at;

	if (size < IORT_HDR_SIZE)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "length",
				      "%llu bytes are too few for an IORT, which has at least %u",
				      (unsigned long long)size, IORT_HDR_SIZE);
	if (memcmp(t + ACPI_HDR_SIGNATURE, IORT_SIGNATURE, 4))
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "signature",
				      "\"%c%c%c%c\" is not \"IORT\"", t[0], t[1], t[2], t[3]);
	if (size > IOM_IORT_MAX_SIZE)
		return iomi_diag_fail(d, IOM_E2BIG, NULL, "length",
				      "%llu bytes, at most %u are read",
				      (unsigned long long)size, IOM_IORT_MAX_SIZE);
	if (iom_get_le32(t + ACPI_HDR_LENGTH) != size)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "length",
				      "the header says %u bytes, there are %llu",
				      iom_get_le32(t + ACPI_HDR_LENGTH), (unsigned long long)size);
	if (sum(t, size))
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "checksum",
				      "all bytes sum to 0x%x, must be 0; a checksum of 0x%x "
				      "would be right", sum(t, size),
				      (t[ACPI_HDR_CHECKSUM] - sum(t, size)) & 0xff);
	at = iom_get_le32(t + IORT_NODE_OFFSET);
	if (at < IORT_HDR_SIZE || at > size)
		return iomi_diag_fail(d, IOM_EINVAL, NULL, "node offset",
				      "0x%x is not between 0x%x and the end of the table", at,
				      IORT_HDR_SIZE);
	return IOM_OK;
}

static void get_ids(const uint8_t *t, struct iom_viot_ids *ids)
{
	memset(ids, 0, sizeof(*ids));
	ids->revision = t[ACPI_HDR_REVISION];
	memcpy(ids->oem_id, t + ACPI_HDR_OEM_ID, 6);
	memcpy(ids->oem_table_id, t + ACPI_HDR_OEM_TABLE_ID, 8);
	ids->oem_revision = iom_get_le32(t + ACPI_HDR_OEM_REVISION);
	memcpy(ids->creator_id, t + ACPI_HDR_CREATOR_ID, 4);
	ids->creator_revision = iom_get_le32(t + ACPI_HDR_CREATOR_REVISION);
}

/* --- one node --- */

/* Bytes that a node of this type and revision has before its arrays; 0: unknown type. */
static uint32_t least_size(uint8_t type, uint8_t revision)
{
	switch (type) {
	case IORT_NODE_ITS:
		return IORT_ITS_SIZE;
	case IORT_NODE_NAMED:
		return IORT_NAMED_NAME + 1;
	case IORT_NODE_RC:
		return revision < 4 ? IORT_RC_SIZE_0 : IORT_RC_PASID;
	case IORT_NODE_SMMU:
	case IORT_NODE_PMCG:
		return IORT_NODE_HDR_SIZE;
	case IORT_NODE_SMMUV3:
		return revision < 1 ? IORT_SMMUV3_SIZE_0 : IORT_SMMUV3_SIZE;
	case IORT_NODE_RMR:
		return IORT_RMR_SIZE;
	default:
		return 0;
	}
}

/* Do n things of this size lie in the node from offset at, behind its fixed part? */
static bool inside(const struct node *n, uint32_t at, uint32_t count, uint32_t size)
{
	return at >= IORT_NODE_HDR_SIZE && at <= n->len && count <= (n->len - at) / size;
}

/* Where what is not an array of mappings ends. */
static uint32_t body_end(const struct node *n)
{
	uint32_t maps = iom_get_le32(n->p + IORT_NODE_MAPS);

	return iom_get_le32(n->p + IORT_NODE_NR_MAPS) && maps < n->len ? maps : n->len;
}

static int get_maps(struct in *in, const struct node *n, struct iom_iort_node *out)
{
	uint32_t nr = iom_get_le32(n->p + IORT_NODE_NR_MAPS), i;
	uint32_t at = iom_get_le32(n->p + IORT_NODE_MAPS);
	struct iom_iort_map *maps;
	const uint8_t *p;
	int rc;

	if (!nr)
		return IOM_OK;
	if (!inside(n, at, nr, IORT_MAP_SIZE) || at < least_size(n->p[0], out->revision))
		return fail(in, n, "mapping offset", "the mappings do not lie inside the node");
	rc = carve(in, nr, sizeof(*maps), &maps);
	if (rc)
		return rc;
	for (i = 0, p = n->p + at; i < nr; i++, p += IORT_MAP_SIZE) {
		maps[i].input = iom_get_le32(p + IORT_MAP_INPUT);
		maps[i].count_m1 = iom_get_le32(p + IORT_MAP_COUNT);
		maps[i].output = iom_get_le32(p + IORT_MAP_OUTPUT);
		maps[i].target = iom_get_le32(p + IORT_MAP_REF);
		maps[i].single = iom_get_le32(p + IORT_MAP_FLAGS) & IORT_MAP_SINGLE;
	}
	out->maps = maps;
	out->nr_maps = nr;
	return IOM_OK;
}

static struct iom_iort_mem get_mem(const uint8_t *p)
{
	struct iom_iort_mem m = {
		.coherent = iom_get_le32(p + IORT_MEM_CCA) == 1,
		.hints = p[IORT_MEM_HINTS],
		.flags = p[IORT_MEM_FLAGS],
	};

	return m;
}

static int get_its(struct in *in, const struct node *n, struct iom_iort_node *out)
{
	uint32_t nr = iom_get_le32(n->p + IORT_ITS_COUNT), i;
	uint32_t *ids;
	int rc;

	if (!inside(n, IORT_ITS_IDS, nr, 4))
		return fail(in, n, "ITS count", "the identifiers do not lie inside the node");
	rc = carve(in, nr, sizeof(*ids), &ids);
	if (rc)
		return rc;
	for (i = 0; i < nr; i++)
		ids[i] = iom_get_le32(n->p + IORT_ITS_IDS + 4 * i);
	out->u.its.ids = ids;
	out->u.its.nr = nr;
	return IOM_OK;
}

static int get_named(struct in *in, const struct node *n, struct iom_iort_node *out)
{
	uint32_t end = body_end(n), len = 0;
	char *name;
	int rc;

	while (IORT_NAMED_NAME + len < end && n->p[IORT_NAMED_NAME + len])
		len++;
	if (IORT_NAMED_NAME + len >= end)
		return fail(in, n, "device name", "does not end inside the node");
	rc = carve(in, len + 1, 1, &name);
	if (rc)
		return rc;
	memcpy(name, n->p + IORT_NAMED_NAME, len);
	out->u.named.name = name;
	out->u.named.flags = iom_get_le32(n->p + IORT_NAMED_FLAGS);
	out->u.named.mem = get_mem(n->p + IORT_NAMED_MEM);
	out->u.named.addr_bits = n->p[IORT_NAMED_ADDR_BITS];
	return IOM_OK;
}

static int get_rc(struct in *in, const struct node *n, struct iom_iort_node *out)
{
	uint32_t segment = iom_get_le32(n->p + IORT_RC_SEGMENT);

	if (segment > UINT16_MAX)
		return fail(in, n, "PCI segment number", "does not fit in 16 bits");
	out->u.rc.mem = get_mem(n->p + IORT_RC_MEM);
	out->u.rc.ats = iom_get_le32(n->p + IORT_RC_ATS);
	out->u.rc.segment = (uint16_t)segment;
	out->u.rc.addr_bits = n->p[IORT_RC_ADDR_BITS];
	/* There are tables of revision 4 whose mappings begin where these should be. */
	if (out->revision >= 4 && body_end(n) >= IORT_RC_SIZE) {
		out->u.rc.pasid = iom_get_le16(n->p + IORT_RC_PASID);
		out->u.rc.flags = iom_get_le32(n->p + IORT_RC_FLAGS);
	}
	return IOM_OK;
}

/*
 * Which mapping is that of the SMMU's own MSIs? Since revision 5 a flag says whether
 * the index means anything; before, it does where an interrupt is not wired.
 */
static uint32_t msi_map(const struct node *n, const struct iom_iort_node *out)
{
	bool wired = out->u.smmuv3.event && out->u.smmuv3.pri && out->u.smmuv3.gerr &&
		     out->u.smmuv3.sync;
	uint32_t index;

	if (out->revision < 1)
		return IOM_IORT_NONE;
	if (out->revision >= 5 ? !(out->u.smmuv3.flags & IORT_SMMUV3_ID_VALID) : wired)
		return IOM_IORT_NONE;
	index = iom_get_le32(n->p + IORT_SMMUV3_ID_INDEX);
	return index < out->nr_maps ? index : IOM_IORT_NONE;
}

static void get_smmuv3(const struct node *n, struct iom_iort_node *out)
{
	out->u.smmuv3.base = iom_get_le64(n->p + IORT_SMMUV3_BASE);
	out->u.smmuv3.vatos = iom_get_le64(n->p + IORT_SMMUV3_VATOS);
	out->u.smmuv3.flags = iom_get_le32(n->p + IORT_SMMUV3_FLAGS);
	out->u.smmuv3.model = iom_get_le32(n->p + IORT_SMMUV3_MODEL);
	out->u.smmuv3.event = iom_get_le32(n->p + IORT_SMMUV3_EVENT);
	out->u.smmuv3.pri = iom_get_le32(n->p + IORT_SMMUV3_PRI);
	out->u.smmuv3.gerr = iom_get_le32(n->p + IORT_SMMUV3_GERR);
	out->u.smmuv3.sync = iom_get_le32(n->p + IORT_SMMUV3_SYNC);
	if (out->revision >= 1)
		out->u.smmuv3.pxm = iom_get_le32(n->p + IORT_SMMUV3_PXM);
	out->u.smmuv3.msi_map = msi_map(n, out);
}

static int get_rmr(struct in *in, const struct node *n, struct iom_iort_node *out)
{
	uint32_t nr = iom_get_le32(n->p + IORT_RMR_COUNT), i, used = 0;
	uint32_t at = iom_get_le32(n->p + IORT_RMR_OFFSET);
	struct iom_range *ranges;
	const uint8_t *p;
	uint64_t len;
	int rc;

	if (at < IORT_RMR_SIZE || !inside(n, at, nr, IORT_RMR_DESC_SIZE))
		return fail(in, n, "RMR descriptors", "do not lie inside the node");
	rc = carve(in, nr, sizeof(*ranges), &ranges);
	if (rc)
		return rc;
	for (i = 0, p = n->p + at; i < nr; i++, p += IORT_RMR_DESC_SIZE) {
		len = iom_get_le64(p + IORT_RMR_LENGTH);
		if (!len)
			continue;
		if (!iom_range_make(iom_get_le64(p + IORT_RMR_BASE), len, &ranges[used]))
			return fail(in, n, "RMR descriptors", "a range wraps");
		used++;
	}
	out->u.rmr.flags = iom_get_le32(n->p + IORT_RMR_FLAGS);
	out->u.rmr.nr = used;
	out->u.rmr.ranges = ranges;
	return IOM_OK;
}

static int get_node(struct in *in, const struct node *n, struct iom_iort_node *out)
{
	int rc;

	*out = (struct iom_iort_node){
		.type = (enum iom_iort_type)n->p[IORT_NODE_TYPE],
		.revision = n->p[IORT_NODE_REVISION],
		.offset = n->offset,
		.id = iom_get_le32(n->p + IORT_NODE_ID),
	};
	rc = get_maps(in, n, out);
	if (rc)
		return rc;
	switch (out->type) {
	case IOM_IORT_ITS:
		return get_its(in, n, out);
	case IOM_IORT_NAMED:
		return get_named(in, n, out);
	case IOM_IORT_RC:
		return get_rc(in, n, out);
	case IOM_IORT_SMMUV3:
		get_smmuv3(n, out);
		return IOM_OK;
	case IOM_IORT_RMR:
		return get_rmr(in, n, out);
	case IOM_IORT_SMMU:
	case IOM_IORT_PMCG:
		break;
	}
	return IOM_OK;
}

/* --- the whole --- */

/* The bytes of the node at off; fails if they are not there. */
static int find_node(struct in *in, uint32_t off, struct node *n)
{
	uint32_t least;

	*n = (struct node){ in->t + off, 0, off };
	if (in->size - off < IORT_NODE_HDR_SIZE)
		return fail(in, n, "length", "the node count asks for a node here, the table ends");
	n->len = iom_get_le16(n->p + IORT_NODE_LENGTH);
	if (n->len > in->size - off)
		return fail(in, n, "length", "reaches beyond the end of the table");
	least = least_size(n->p[IORT_NODE_TYPE], n->p[IORT_NODE_REVISION]);
	if (n->len < IORT_NODE_HDR_SIZE || n->len < least)
		return fail(in, n, "length", "shorter than a node of its type");
	return IOM_OK;
}

static int get_nodes(struct in *in, struct iom_iort *out)
{
	uint32_t first = iom_get_le32(in->t + IORT_NODE_OFFSET), off = first, i, known = 0;
	uint32_t count = iom_get_le32(in->t + IORT_NODE_COUNT);
	struct node n;
	int rc;

	/* Each takes a header at least, so the table's size bounds both loops. */
	for (i = 0; i < count; i++, off += n.len) {
		rc = find_node(in, off, &n);
		if (rc)
			return rc;
		known += least_size(n.p[IORT_NODE_TYPE], n.p[IORT_NODE_REVISION]) != 0;
	}
	if (known > IOM_IORT_MAX_NODES)
		return iomi_diag_fail(in->diag, IOM_E2BIG, NULL, "node count",
				      "%u nodes, at most %u are read", known, IOM_IORT_MAX_NODES);
	rc = carve(in, known, sizeof(*in->nodes), &in->nodes);
	for (i = 0, off = first; !rc && i < count; i++, off += n.len) {
		rc = find_node(in, off, &n);
		if (rc || !least_size(n.p[IORT_NODE_TYPE], n.p[IORT_NODE_REVISION]))
			continue;
		rc = get_node(in, &n, &in->nodes[in->nr++]);
	}
	out->nr_unknown = count - known;
	return rc;
}

/* Nodes stand in ascending order of offsets. */
static uint32_t index_of(const struct in *in, uint32_t offset)
{
	uint32_t lo = 0, hi = in->nr, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (in->nodes[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < in->nr && in->nodes[lo].offset == offset ? lo : IOM_IORT_NONE;
}

/* Offset 0 cannot be a node: templates have it, and it leads nowhere. */
static int resolve(struct in *in)
{
	struct iom_iort_map *m;
	uint32_t i, k;

	for (i = 0; i < in->nr; i++) {
		for (k = 0; k < in->nodes[i].nr_maps; k++) {
			m = (struct iom_iort_map *)&in->nodes[i].maps[k];
			if (!m->target) {
				m->target = IOM_IORT_NONE;
				continue;
			}
			m->target = index_of(in, m->target);
			if (m->target == IOM_IORT_NONE)
				return iomi_iort_fail(in->diag, IOM_EINVAL, in->nodes[i].offset,
						      "output reference",
						      "no node that is known begins there");
		}
	}
	return IOM_OK;
}

int iom_iort_read(const void *table, size_t size, void *mem, size_t mem_size,
		  struct iom_iort *out, struct iom_diag *diag)
{
	struct in in = { .t = table, .mem = mem, .mem_left = mem_size, .diag = diag };
	struct iom_iort v = { .nr_nodes = 0 };
	const char *field, *what;
	uint32_t bad;
	int rc;

	rc = check_header(table, size, diag);
	if (rc)
		return rc;
	in.size = (uint32_t)size;
	rc = get_nodes(&in, &v);
	if (rc)
		return rc;
	rc = resolve(&in);
	if (rc)
		return rc;
	rc = iomi_iort_check(in.nodes, in.nr, &bad, &field, &what);
	if (rc)
		return iomi_iort_fail(diag, rc, in.nodes[bad].offset, field, what);
	v.nodes = in.nodes;
	v.nr_nodes = in.nr;
	get_ids(table, &v.ids);
	*out = v;
	return IOM_OK;
}
