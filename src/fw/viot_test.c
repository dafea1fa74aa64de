/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of fw/viot (A4):
 * 1. Bytes written by hand from the specification, one node of each type, are
 *    read as what they say, and written back to the same bytes.
 * 2. Tables of other people's firmware agree with what Linux made of them.
 * 3. A table is accepted exactly if a model that lists every endpoint finds no
 *    fault; what was written reads as the same nodes.
 * 4. A table that is cut, or has any bit flipped, is refused; with the checksum
 *    made right again it is refused, or is a table like any other. A refusal
 *    leaves the result alone and names the place.
 */
#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/fw/viot.h>

#include "lib/test.h"

#define DATA "tests/data/fw/"

/* Header, PCI range, MMIO endpoint, virtio-iommu PCI, virtio-iommu MMIO. */
static const uint8_t golden[] = {
	/* 0x00 signature, length 0x80, revision 0, checksum */
	'V', 'I', 'O', 'T', 0x80, 0, 0, 0, 0, 0x90,
	/* 0x0a OEM, OEM table, OEM revision */
	'A', 'B', 'C', 'D', 'E', 'F', 'T', 'A', 'B', 'L', 'E', ' ', '0', '1',
	0x04, 0x03, 0x02, 0x01,
	/* 0x1c creator, its revision */
	'H', 'A', 'N', 'D', 0x08, 0x07, 0x06, 0x05,
	/* 0x24 4 nodes at 0x30, reserved */
	4, 0, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 0x30 PCI range: endpoint 0x12340000, segments 1-2, 01:00.0-02:1f.7 to 0x60 */
	1, 0, 24, 0, 0x00, 0x00, 0x34, 0x12, 1, 0, 2, 0, 0x00, 0x01, 0xff, 0x02,
	0x60, 0, 0, 0, 0, 0, 0, 0,
	/* 0x48 MMIO endpoint 0x55667788 at 0x1122334455667788 to 0x70 */
	2, 0, 24, 0, 0x88, 0x77, 0x66, 0x55,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x70, 0, 0, 0, 0, 0, 0, 0,
	/* 0x60 virtio-iommu PCI: segment 1, 00:02.1 */
	3, 0, 16, 0, 1, 0, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* 0x70 virtio-iommu MMIO at 0x0a000e00 */
	4, 0, 16, 0, 0, 0, 0, 0, 0x00, 0x0e, 0x00, 0x0a, 0, 0, 0, 0,
};

struct table {
	uint8_t bytes[65536];
	size_t len;
};

static void fix_checksum(struct table *t)
{
	uint8_t s = 0;
	size_t i;

	t->bytes[9] = 0;
	for (i = 0; i < t->len; i++)
		s = (uint8_t)(s + t->bytes[i]);
	t->bytes[9] = (uint8_t)-s;
}

static struct table *load_golden(void)
{
	static struct table t;

	memcpy(t.bytes, golden, sizeof(golden));
	t.len = sizeof(golden);
	fix_checksum(&t);
	return &t;
}

/* Read from a buffer of exactly that size, so that a sanitizer sees more. */
static int read_exact(const void *bytes, size_t len, struct iom_viot_node *nodes,
		      uint32_t cap, struct iom_viot *v, struct iom_diag *d)
{
	void *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	memset(d, 0x5a, sizeof(*d));
	rc = iom_viot_read(copy, len, nodes, cap, v, d);
	free(copy);
	return rc;
}

/* Refused, *v untouched, and the diagnosis names what it should. */
static void assert_refused(const struct table *t, const char *node, const char *prop)
{
	struct iom_viot_node nodes[64];
	struct iom_viot v, was;
	struct iom_diag d;

	memset(&v, 0xa5, sizeof(v));
	was = v;
	assert_int_equal(read_exact(t->bytes, t->len, nodes, 64, &v, &d), IOM_EINVAL);
	assert_memory_equal(&v, &was, sizeof(v));
	if (node)
		assert_string_equal(d.node, node);
	if (prop)
		assert_string_equal(d.prop, prop);
	assert_true(strlen(d.what) > 0 && strlen(d.what) < sizeof(d.what));
}

/* --- 1: by hand ------------------------------------------------------------ */

static void golden_is_read(void **state)
{
	struct iom_viot_node nodes[4];
	struct iom_diag d;
	struct iom_viot v;
	uint32_t iommu, id;

	(void)state;
	assert_int_equal(read_exact(golden, sizeof(golden), nodes, 4, &v, &d), IOM_OK);
	assert_int_equal(v.nr_nodes, 4);
	assert_int_equal(v.nr_unknown, 0);
	assert_int_equal(v.ids.revision, 0);
	assert_string_equal(v.ids.oem_id, "ABCDEF");
	assert_string_equal(v.ids.oem_table_id, "TABLE 01");
	assert_int_equal(v.ids.oem_revision, 0x01020304);
	assert_string_equal(v.ids.creator_id, "HAND");
	assert_int_equal(v.ids.creator_revision, 0x05060708);

	assert_int_equal(nodes[0].type, IOM_VIOT_PCI_RANGE);
	assert_int_equal(nodes[0].offset, 0x30);
	assert_int_equal(nodes[0].u.range.endpoint, 0x12340000);
	assert_int_equal(nodes[0].u.range.segment_first, 1);
	assert_int_equal(nodes[0].u.range.segment_last, 2);
	assert_int_equal(nodes[0].u.range.bdf_first, 0x100);
	assert_int_equal(nodes[0].u.range.bdf_last, 0x2ff);
	assert_int_equal(nodes[0].u.range.iommu, 2);
	assert_int_equal(nodes[1].type, IOM_VIOT_MMIO_ENDPOINT);
	assert_int_equal(nodes[1].u.mmio.endpoint, 0x55667788);
	assert_true(nodes[1].u.mmio.base == UINT64_C(0x1122334455667788));
	assert_int_equal(nodes[1].u.mmio.iommu, 3);
	assert_int_equal(nodes[2].type, IOM_VIOT_VIRTIO_PCI);
	assert_int_equal(nodes[2].u.virtio_pci.segment, 1);
	assert_int_equal(nodes[2].u.virtio_pci.bdf, 0x11);
	assert_int_equal(nodes[3].type, IOM_VIOT_VIRTIO_MMIO);
	assert_true(nodes[3].u.virtio_mmio.base == 0x0a000e00);

	/* ((segment - first) << 16) + (bdf - first) + endpoint */
	assert_int_equal(iom_viot_find_pci(&v, 2, 0x201, &iommu, &id), IOM_OK);
	assert_int_equal(iommu, 2);
	assert_int_equal(id, 0x12340000 + 0x10000 + 0x101);
	assert_int_equal(iom_viot_find_pci(&v, 2, 0xff, &iommu, &id), IOM_ENOENT);
	assert_int_equal(iom_viot_find_pci(&v, 3, 0x201, &iommu, &id), IOM_ENOENT);
	assert_int_equal(iom_viot_find_mmio(&v, UINT64_C(0x1122334455667788), &iommu, &id),
			 IOM_OK);
	assert_int_equal(id, 0x55667788);
	assert_int_equal(iom_viot_find_mmio(&v, 0x1122, &iommu, &id), IOM_ENOENT);
}

static void golden_is_written(void **state)
{
	struct iom_viot_node nodes[4];
	uint8_t out[sizeof(golden)];
	struct iom_diag d;
	struct iom_viot v;
	size_t len = 99;

	(void)state;
	assert_int_equal(read_exact(golden, sizeof(golden), nodes, 4, &v, &d), IOM_OK);
	assert_int_equal(iom_viot_write(&v.ids, nodes, 4, out, sizeof(out) - 1, &len, &d),
			 IOM_ENOSPC);
	assert_int_equal(len, 99);
	assert_int_equal(iom_viot_write(&v.ids, nodes, 4, out, sizeof(out), &len, &d), IOM_OK);
	assert_int_equal(len, sizeof(golden));
	assert_memory_equal(out, golden, sizeof(golden));
	assert_int_equal(read_exact(golden, sizeof(golden), nodes, 3, &v, &d), IOM_E2BIG);
	assert_string_equal(d.node, "node at 0x00000070");
}

/* A node of a type not yet known is passed over, also between the others. */
static void unknown_nodes_are_skipped(void **state)
{
	struct table *t = load_golden();
	struct iom_viot_node nodes[4];
	struct iom_diag d;
	struct iom_viot v;

	(void)state;
	/* Turn the MMIO endpoint into something else, and add 5 bytes of another. */
	t->bytes[0x48] = 9;
	memcpy(t->bytes + t->len, "\xff\0\5\0\x77", 5);
	t->len += 5;
	t->bytes[4] = (uint8_t)t->len;
	t->bytes[36] = 5;
	fix_checksum(t);
	assert_int_equal(read_exact(t->bytes, t->len, nodes, 4, &v, &d), IOM_OK);
	assert_int_equal(v.nr_nodes, 3);
	assert_int_equal(v.nr_unknown, 2);
	assert_int_equal(nodes[0].u.range.iommu, 1);
}

static const struct {
	const char *name;
	uint16_t at;
	uint8_t len;
	const char *bytes;
	const char *node;
	const char *prop;
} breaks[] = {
	{ "signature", 0, 1, "X", "", "signature" },
	{ "length beyond the bytes", 4, 1, "\x81", "", "length" },
	{ "length short of the bytes", 4, 1, "\x7f", "", "length" },
	{ "node offset in the header", 38, 1, "\x2f", "", "node offset" },
	{ "node offset beyond the end", 38, 2, "\x81", "", "node offset" },
	{ "one node too many", 36, 1, "\5", "node at 0x00000080", "length" },
	{ "one node too few", 36, 1, "\3", "node at 0x00000070", "node count" },
	{ "no node", 36, 1, "", "node at 0x00000030", "node count" },
	{ "node length 0", 0x32, 2, "\0", "node at 0x00000030", "length" },
	{ "node length 3", 0x32, 1, "\3", "node at 0x00000030", "length" },
	{ "PCI range short", 0x32, 1, "\x17", "node at 0x00000030", "length" },
	{ "MMIO endpoint short", 0x4a, 1, "\x17", "node at 0x00000048", "length" },
	{ "IOMMU node short", 0x62, 1, "\xf", "node at 0x00000060", "length" },
	{ "last node long", 0x72, 1, "\x11", "node at 0x00000070", "length" },
	{ "last node very long", 0x72, 2, "\xff\xff", "node at 0x00000070", "length" },
	{ "output beyond", 0x40, 2, "\xf0\xff", "node at 0x00000030", "output node" },
	{ "output between nodes", 0x40, 1, "\x61", "node at 0x00000030", "output node" },
	{ "output 0", 0x40, 1, "", "node at 0x00000030", "output node" },
	{ "output itself", 0x40, 1, "\x30", "node at 0x00000030", "output node" },
	{ "output an endpoint", 0x40, 1, "\x48", "node at 0x00000030", "output node" },
	{ "MMIO output itself", 0x58, 1, "\x48", "node at 0x00000048", "output node" },
	{ "segments backwards", 0x3a, 1, "", "node at 0x00000030", "segment" },
	{ "BDFs backwards", 0x3f, 1, "", "node at 0x00000030", "BDF" },
	{ "endpoint IDs wrap", 0x34, 4, "\0\xff\xfe\xff", "node at 0x00000030",
	  "endpoint start" },
	{ "an MMIO IOMMU behind itself", 0x50, 8, "\x00\x0e\x00\x0a\0\0\0\0",
	  "node at 0x00000070", "output node" },
	{ "a PCI IOMMU, alone in its range", 0x3a, 6, "\1\0\x11\0\x11\0",
	  "node at 0x00000030", "output node" },
};

static void breaks_are_refused(void **state)
{
	struct table *t;
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(breaks); i++) {
		t = load_golden();
		memcpy(t->bytes + breaks[i].at, breaks[i].bytes, breaks[i].len);
		fix_checksum(t);
		printf("# %s\n", breaks[i].name);
		assert_refused(t, breaks[i].node, breaks[i].prop);
	}
}

/* --- 2: other people's tables ---------------------------------------------- */

static size_t slurp(const char *name, void *buf, size_t cap)
{
	char path[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), DATA "%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(buf, 1, cap, f);
	fclose(f);
	assert_in_range(n, 1, cap - 1);
	return n;
}

/* "0000:00:1e.0" at s, or false. */
static bool parse_bdf(const char *s, uint16_t *segment, uint16_t *bdf)
{
	unsigned int seg, bus, dev, fn;

	if (sscanf(s, "%x:%x:%x.%u", &seg, &bus, &dev, &fn) != 4)
		return false;
	*segment = (uint16_t)seg;
	*bdf = (uint16_t)(bus << 8 | dev << 3 | fn);
	return true;
}

/* Each function that Linux saw has the IOMMU that Linux gave it. */
static void agrees_with_linux(const char *set)
{
	char name[128], text[8192], *line, *save, *at;
	struct iom_viot_node nodes[8];
	uint16_t segment = 0, bdf = 0, iommu_segment = 0, iommu_bdf = 0;
	uint32_t iommu, id, behind = 0, in_groups = 0;
	uint8_t bytes[512];
	struct iom_diag d;
	struct iom_viot v;
	int rc;

	snprintf(name, sizeof(name), "%s.VIOT.aml", set);
	assert_int_equal(read_exact(bytes, slurp(name, bytes, sizeof(bytes)), nodes, 8, &v, &d),
			 IOM_OK);
	snprintf(name, sizeof(name), "%s.pci.txt", set);
	text[slurp(name, text, sizeof(text) - 1)] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		assert_true(parse_bdf(line, &segment, &bdf));
		at = strstr(line, "iommu=");
		assert_non_null(at);
		rc = iom_viot_find_pci(&v, segment, bdf, &iommu, &id);
		if (!parse_bdf(at + 6, &iommu_segment, &iommu_bdf)) {
			assert_int_equal(rc, IOM_ENOENT);
			continue;
		}
		assert_int_equal(rc, IOM_OK);
		assert_int_equal(nodes[iommu].u.virtio_pci.segment, iommu_segment);
		assert_int_equal(nodes[iommu].u.virtio_pci.bdf, iommu_bdf);
		assert_int_equal(id, bdf);
		behind++;
	}
	assert_true(behind > 0);
	/* Every member of a group is an endpoint, and there are no others. */
	snprintf(name, sizeof(name), "%s.groups.txt", set);
	text[slurp(name, text, sizeof(text) - 1)] = '\0';
	for (line = strtok_r(text, " \n", &save); line; line = strtok_r(NULL, " \n", &save)) {
		if (!strncmp(line, "devices=", 8))
			line += 8;
		if (strlen(line) != 12 || !parse_bdf(line, &segment, &bdf))
			continue;
		assert_int_equal(iom_viot_find_pci(&v, segment, bdf, &iommu, &id), IOM_OK);
		in_groups++;
	}
	assert_int_equal(in_groups, behind);
}

static void recorded_tables(void **state)
{
	struct iom_viot_node nodes[8];
	uint8_t bytes[512];
	struct iom_diag d;
	struct iom_viot v;

	(void)state;
	agrees_with_linux("viot-virt");
	agrees_with_linux("viot-q35");
	agrees_with_linux("viot-q35-pxb");
	assert_int_equal(read_exact(bytes, slurp("acpica-template.VIOT.aml", bytes, sizeof(bytes)),
				    nodes, 8, &v, &d), IOM_OK);
	assert_int_equal(v.nr_nodes, 4);
}

/* QEMU's tables come back byte for byte, so we write what they write. */
static void recorded_tables_come_back(void **state)
{
	static const char *const names[] = {
		"viot-virt.VIOT.aml", "viot-q35.VIOT.aml", "viot-q35-pxb.VIOT.aml",
		"acpica-template.VIOT.aml",
	};
	struct iom_viot_node nodes[8];
	uint8_t bytes[512], out[512];
	struct iom_diag d;
	struct iom_viot v;
	size_t i, len, n;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(names); i++) {
		n = slurp(names[i], bytes, sizeof(bytes));
		assert_int_equal(read_exact(bytes, n, nodes, 8, &v, &d), IOM_OK);
		assert_int_equal(iom_viot_write(&v.ids, nodes, v.nr_nodes, out, sizeof(out),
						&len, &d), IOM_OK);
		assert_int_equal(len, n);
		assert_memory_equal(out, bytes, n);
	}
}

/* --- 3: against a model ---------------------------------------------------- */

#define MAX_RANDOM	7
#define MAX_ENDPOINTS	(MAX_RANDOM * 4 * 20)

struct endpoint {
	bool mmio;
	uint64_t where;			/* segment << 16 | bdf, or base */
	uint64_t id;
	uint32_t iommu;
};

/* Every endpoint of a table, one by one; their number. */
static unsigned int list(const struct iom_viot_node *n, uint32_t nr, struct endpoint *e)
{
	unsigned int k = 0;
	uint32_t i, s, b;

	for (i = 0; i < nr; i++) {
		if (n[i].type == IOM_VIOT_MMIO_ENDPOINT)
			e[k++] = (struct endpoint){ true, n[i].u.mmio.base,
				n[i].u.mmio.endpoint, n[i].u.mmio.iommu };
		if (n[i].type != IOM_VIOT_PCI_RANGE)
			continue;
		for (s = n[i].u.range.segment_first; s <= n[i].u.range.segment_last; s++)
			for (b = n[i].u.range.bdf_first; b <= n[i].u.range.bdf_last; b++)
				e[k++] = (struct endpoint){ false, (uint64_t)s << 16 | b,
					(uint64_t)n[i].u.range.endpoint +
					((uint64_t)(s - n[i].u.range.segment_first) << 16) +
					(b - n[i].u.range.bdf_first),
					n[i].u.range.iommu };
	}
	return k;
}

static bool is_iommu(const struct iom_viot_node *n)
{
	return n->type == IOM_VIOT_VIRTIO_PCI || n->type == IOM_VIOT_VIRTIO_MMIO;
}

static uint64_t where(const struct iom_viot_node *n)
{
	return n->type == IOM_VIOT_VIRTIO_MMIO ? n->u.virtio_mmio.base :
	       (uint64_t)n->u.virtio_pci.segment << 16 | n->u.virtio_pci.bdf;
}

/* The IOMMU node above IOMMU node i, or nr. */
static uint32_t above(const struct iom_viot_node *n, uint32_t nr, uint32_t i,
		      const struct endpoint *e, unsigned int k)
{
	while (k--) {
		if (e[k].mmio == (n[i].type == IOM_VIOT_VIRTIO_MMIO) &&
		    e[k].where == where(&n[i]))
			return e[k].iommu == i && !e[k].mmio ? nr : e[k].iommu;
	}
	return nr;
}

static bool model_accepts(const struct iom_viot_node *n, uint32_t nr)
{
	static struct endpoint e[MAX_ENDPOINTS];
	unsigned int k, a, b;
	uint32_t i, j, at;

	for (i = 0; i < nr; i++) {
		if (is_iommu(&n[i])) {
			for (j = 0; j < i; j++)
				if (n[j].type == n[i].type && where(&n[j]) == where(&n[i]))
					return false;
			continue;
		}
		j = n[i].type == IOM_VIOT_PCI_RANGE ? n[i].u.range.iommu : n[i].u.mmio.iommu;
		if (j >= nr || !is_iommu(&n[j]))
			return false;
		if (n[i].type != IOM_VIOT_PCI_RANGE)
			continue;
		if (n[i].u.range.segment_first > n[i].u.range.segment_last ||
		    n[i].u.range.bdf_first > n[i].u.range.bdf_last)
			return false;
	}
	k = list(n, nr, e);
	for (a = 0; a < k; a++) {
		if (e[a].id > UINT32_MAX)
			return false;
		for (b = 0; b < a; b++)
			if ((e[a].mmio == e[b].mmio && e[a].where == e[b].where) ||
			    (e[a].iommu == e[b].iommu && e[a].id == e[b].id))
				return false;
	}
	for (i = 0; i < nr; i++) {
		if (n[i].type == IOM_VIOT_PCI_RANGE && list(&n[i], 1, e) == 1 &&
		    n[n[i].u.range.iommu].type == IOM_VIOT_VIRTIO_PCI &&
		    e[0].where == where(&n[n[i].u.range.iommu]))
			return false;
	}
	k = list(n, nr, e);
	for (i = 0; i < nr; i++) {
		at = i;
		for (j = 0; j < 8 && at < nr && is_iommu(&n[at]); j++)
			at = above(n, nr, at, e, k);
		if (is_iommu(&n[i]) && at < nr)
			return false;
	}
	return true;
}

/* Small numbers, so that nodes meet; sometimes at the edges of what fits. */
static struct iom_viot_node random_node(struct test_rng *r, uint32_t nr)
{
	struct iom_viot_node n;
	uint32_t top = test_rng_below(r, 8) ? 0x100 : 0xffffff00;

	memset(&n, 0, sizeof(n));
	n.type = (enum iom_viot_type)(1 + test_rng_below(r, 4));
	switch (n.type) {
	case IOM_VIOT_PCI_RANGE:
		n.u.range.segment_first = (uint16_t)test_rng_below(r, 3);
		n.u.range.segment_last = (uint16_t)(n.u.range.segment_first +
						    test_rng_below(r, 3) * test_rng_below(r, 2));
		n.u.range.bdf_first = (uint16_t)test_rng_below(r, 60);
		n.u.range.bdf_last = (uint16_t)(n.u.range.bdf_first + test_rng_below(r, 20));
		n.u.range.endpoint = top + (uint32_t)(test_rng_below(r, 250) +
						      (test_rng_below(r, 3) << 16) - 8);
		n.u.range.iommu = (uint32_t)test_rng_below(r, nr);
		if (n.u.range.bdf_first && !test_rng_below(r, 30))
			n.u.range.bdf_last = (uint16_t)(n.u.range.bdf_first - 1);
		break;
	case IOM_VIOT_MMIO_ENDPOINT:
		n.u.mmio.base = test_rng_below(r, 12) << 12;
		n.u.mmio.endpoint = top + (uint32_t)test_rng_below(r, 250);
		n.u.mmio.iommu = (uint32_t)test_rng_below(r, nr + 1);
		break;
	case IOM_VIOT_VIRTIO_PCI:
		n.u.virtio_pci.segment = (uint16_t)test_rng_below(r, 3);
		n.u.virtio_pci.bdf = (uint16_t)test_rng_below(r, 90);
		break;
	default:
		n.u.virtio_mmio.base = test_rng_below(r, 24) << 12;
	}
	return n;
}

static void same_nodes(const struct iom_viot_node *a, const struct iom_viot_node *b,
		       uint32_t nr)
{
	struct iom_viot_node x;
	uint32_t i;

	for (i = 0; i < nr; i++) {
		x = a[i];
		x.offset = b[i].offset;
		assert_int_equal(x.type, b[i].type);
		assert_memory_equal(&x.u, &b[i].u, sizeof(x.u));
	}
}

static void agrees_with_model(void **state)
{
	struct iom_viot_node n[MAX_RANDOM], back[MAX_RANDOM];
	unsigned int round, good = 0, bad = 0;
	struct test_rng r;
	struct iom_viot v;
	struct iom_diag d;
	uint8_t buf[512];
	uint32_t nr, i;
	size_t len;
	int rc;

	(void)state;
	test_rng_init(&r);
	for (round = 0; round < 60000; round++) {
		nr = 1 + (uint32_t)test_rng_below(&r, MAX_RANDOM);
		memset(n, 0, sizeof(n));
		for (i = 0; i < nr; i++)
			n[i] = random_node(&r, nr);
		rc = iom_viot_write(&iom_viot_ids_default, n, nr, buf, sizeof(buf), &len, &d);
		assert_int_equal(rc, model_accepts(n, nr) ? IOM_OK : IOM_EINVAL);
		if (rc) {
			bad++;
			continue;
		}
		good++;
		memset(back, 0, sizeof(back));
		assert_int_equal(read_exact(buf, len, back, MAX_RANDOM, &v, &d), IOM_OK);
		assert_int_equal(v.nr_nodes, nr);
		same_nodes(n, back, nr);
	}
	printf("# %u tables accepted, %u refused\n", good, bad);
	assert_true(good > 1000 && bad > 1000);
}

/* --- 4: damage ------------------------------------------------------------- */

static void cut_tables_are_refused(void **state)
{
	struct table *t = load_golden();
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(golden); len++) {
		t->len = len;
		assert_refused(t, NULL, NULL);
		/* Also if the header admits to it. */
		if (len < 36)
			continue;
		t->bytes[4] = (uint8_t)len;
		fix_checksum(t);
		assert_refused(t, NULL, NULL);
		t = load_golden();
	}
}

static void flipped_bits_are_refused(void **state)
{
	struct iom_viot_node nodes[8], again[8];
	struct iom_viot v, w;
	struct iom_diag d;
	struct table *t;
	uint8_t out[512];
	unsigned int bit, accepted = 0;
	size_t len;

	(void)state;
	for (bit = 0; bit < 8 * sizeof(golden); bit++) {
		t = load_golden();
		t->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_refused(t, NULL, NULL);
		fix_checksum(t);
		memset(nodes, 0, sizeof(nodes));
		memset(again, 0, sizeof(again));
		if (read_exact(t->bytes, t->len, nodes, 8, &v, &d))
			continue;
		accepted++;
		assert_int_equal(iom_viot_write(&v.ids, nodes, v.nr_nodes, out, sizeof(out),
						&len, &d), IOM_OK);
		assert_int_equal(read_exact(out, len, again, 8, &w, &d), IOM_OK);
		assert_int_equal(w.nr_nodes, v.nr_nodes);
		same_nodes(nodes, again, v.nr_nodes);
	}
	printf("# %u of %zu flips make another good table\n", accepted, 8 * sizeof(golden));
	assert_true(accepted > 100);
}

/* A circle of two, and the longest chain that is not one. */
static void circles_are_refused(void **state)
{
	struct iom_viot_node n[20];
	struct iom_diag d;
	uint8_t buf[1024];
	uint32_t i, nr;
	size_t len;

	(void)state;
	for (nr = 2; nr <= 10; nr++) {
		memset(n, 0, sizeof(n));
		for (i = 0; i < nr; i++) {
			n[i].type = IOM_VIOT_VIRTIO_PCI;
			n[i].u.virtio_pci.bdf = (uint16_t)i;
			n[nr + i].type = IOM_VIOT_PCI_RANGE;
			n[nr + i].u.range.bdf_first = (uint16_t)i;
			n[nr + i].u.range.bdf_last = (uint16_t)i;
			n[nr + i].u.range.iommu = (i + 1) % nr;
		}
		assert_int_equal(iom_viot_write(&iom_viot_ids_default, n, 2 * nr, buf,
						sizeof(buf), &len, &d), IOM_EINVAL);
		assert_string_equal(d.prop, "output node");
		/* Without the last link it is a chain; up to 8 IOMMUs are one. */
		assert_int_equal(iom_viot_write(&iom_viot_ids_default, n, 2 * nr - 1, buf,
						sizeof(buf), &len, &d),
				 nr <= 8 ? IOM_OK : IOM_EINVAL);
	}
}

/* An output node is a 16-bit offset. */
static void far_iommus_are_refused(void **state)
{
	static struct iom_viot_node n[IOM_VIOT_MAX_NODES + 1];
	static uint8_t buf[1 << 17];
	struct iom_diag d;
	uint32_t i, nr = IOM_VIOT_MAX_NODES;
	size_t len;

	(void)state;
	for (i = 0; i < nr; i++) {
		n[i].type = IOM_VIOT_MMIO_ENDPOINT;
		n[i].u.mmio.base = i;
		n[i].u.mmio.endpoint = i;
		n[i].u.mmio.iommu = nr - 1;
	}
	n[nr - 1] = (struct iom_viot_node){ .type = IOM_VIOT_VIRTIO_PCI };
	assert_int_equal(iom_viot_write(&iom_viot_ids_default, n, nr, buf, sizeof(buf), &len, &d),
			 IOM_E2BIG);
	assert_int_equal(iom_viot_write(&iom_viot_ids_default, n, nr + 1, buf, sizeof(buf), &len,
					&d), IOM_E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_is_read),
		cmocka_unit_test(golden_is_written),
		cmocka_unit_test(unknown_nodes_are_skipped),
		cmocka_unit_test(breaks_are_refused),
		cmocka_unit_test(recorded_tables),
		cmocka_unit_test(recorded_tables_come_back),
		cmocka_unit_test(agrees_with_model),
		cmocka_unit_test(cut_tables_are_refused),
		cmocka_unit_test(flipped_bits_are_refused),
		cmocka_unit_test(circles_are_refused),
		cmocka_unit_test(far_iommus_are_refused),
	};

	return cmocka_run_group_tests_name("viot", tests, NULL, NULL);
}
