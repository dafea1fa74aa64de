/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of fw/iort:
 * 1. Bytes written by hand from the specification, one node of each type we
 *    write, are read as what they say, and written back to the same bytes.
 * 2. Tables of other people's firmware agree with what Linux made of them.
 * 3. Random tables of 4 SMMUs and 3 segments map each function as a model does
 *    that has one entry a function, and read back what was written.
 * 4. A table that is cut, or has any bit flipped, is refused; with the checksum made
 *    right again it is refused, or is a table like any other. A refusal leaves the
 *    result alone and names the place.
 */
#include <inttypes.h>
#include <unistd.h>

#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/fw/iort.h>

#include "lib/acpi.h"
#include "lib/test.h"

#define DATA "tests/data/fw/"

/* ITS group, SMMUv3, root complex, named component, reserved memory. */
static const uint8_t golden[] = {
	/* 0x00 */
	'I', 'O', 'R', 'T', 0x88, 1, 0, 0, 6, 0,
	'A', 'B', 'C', 'D', 'E', 'F', 'T', 'A', 'B', 'L', 'E', ' ', '0', '1',
	4, 3, 2, 1, 'H', 'A', 'N', 'D', 8, 7, 6, 5,
	/* 0x24 5 nodes at 0x30 */
	5, 0, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0,
	/* 0x30 ITS group, two of them: 3 and 0x01020304 */
	0, 28, 0, 1, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 0, 0, 3, 0, 0, 0, 4, 3, 2, 1,
	/* 0x4c SMMUv3 at 0x1122334455660000, two mappings at 0x44 */
	4, 108, 0, 5, 0x12, 0, 0, 0, 2, 0, 0, 0, 0x44, 0, 0, 0,
	0x00, 0x00, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x11, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0x77, 0, 0, 0, 0, 0, 2, 0, 0, 0,
	0x6a, 0, 0, 0, 0x6b, 0, 0, 0, 0x6c, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0,
	/* streams 0-0xffff are devices 0x100000 and on; its own is 0xbeef */
	0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0x10, 0, 0x30, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0xef, 0xbe, 0, 0, 0x30, 0, 0, 0, 1, 0, 0, 0,
	/* 0xb8 root complex of segment 7, CCA, CPM and CANWBS, ATS, 48 bits */
	2, 80, 0, 4, 0x13, 0, 0, 0, 2, 0, 0, 0, 0x28, 0, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0, 7, 0, 0, 0, 48, 0x14, 0, 0, 1, 0, 0, 0,
	/* 0x100-0x1ff to streams from 0x4100, 0x200-0x2ff to devices from 0x200 */
	0, 1, 0, 0, 0xff, 0, 0, 0, 0, 0x41, 0, 0, 0x4c, 0, 0, 0, 0, 0, 0, 0,
	0, 2, 0, 0, 0xff, 0, 0, 0, 0, 2, 0, 0, 0x30, 0, 0, 0, 0, 0, 0, 0,
	/* 0x108 named component \_SB.D0, not coherent, can stall, 36 bits */
	1, 60, 0, 4, 0x14, 0, 0, 0, 1, 0, 0, 0, 0x28, 0, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 36, '\\', '_', 'S', 'B', '.', 'D', '0', 0, 0, 0, 0,
	/* stream 0x8001 */
	0, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 0, 0, 0x4c, 0, 0, 0, 1, 0, 0, 0,
	/* 0x144 reserved memory, remap permitted, privileged: 0x80000000, 128 KiB */
	6, 68, 0, 3, 0x15, 0, 0, 0, 1, 0, 0, 0, 0x30, 0, 0, 0,
	3, 0, 0, 0, 1, 0, 0, 0, 0x1c, 0, 0, 0,
	0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	/* of streams 0x4108 and 0x4109: the input says nothing more */
	0, 0, 0, 0, 1, 0, 0, 0, 8, 0x41, 0, 0, 0x4c, 0, 0, 0, 0, 0, 0, 0,
};

static uint8_t mem[1 << 20], mem2[1 << 20];

static uint8_t *load_golden(void)
{
	static uint8_t t[sizeof(golden)];

	memcpy(t, golden, sizeof(t));
	test_acpi_checksum(t, sizeof(t));
	return t;
}

/* Read from a buffer of exactly that size, with just the memory that suffices. */
static int read_exact(const void *bytes, size_t len, uint8_t *m, struct iom_iort *v,
		      struct iom_diag *d)
{
	void *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	memset(d, 0x5a, sizeof(*d));
	rc = iom_iort_read(copy, len, m, 16 * len, v, d);
	free(copy);
	assert_int_not_equal(rc, IOM_ENOMEM);
	return rc;
}

static void assert_refused(const uint8_t *t, size_t len, const char *node, const char *prop)
{
	struct iom_iort v, was;
	struct iom_diag d;

	memset(&v, 0xa5, sizeof(v));
	was = v;
	assert_int_equal(read_exact(t, len, mem, &v, &d), IOM_EINVAL);
	assert_memory_equal(&v, &was, sizeof(v));
	if (node)
		assert_string_equal(d.node, node);
	if (prop)
		assert_string_equal(d.prop, prop);
	assert_true(strlen(d.what) > 0 && strlen(d.what) < sizeof(d.what));
}

static struct iom_streams *streams_of(const struct iom_iort *t)
{
	static struct iom_streams_smmu smmus[8];
	static struct iom_streams_range ranges[1024];
	static struct iom_streams_resv resvs[64];
	static struct iom_streams s;
	struct iom_diag d;

	s = (struct iom_streams){ smmus, 0, 8, ranges, 0, 1024, resvs, 0, 64 };
	assert_int_equal(iom_iort_streams(t, &s, &d), IOM_OK);
	return &s;
}

/* --- 1: by hand --- */

static void golden_is_read(void **state)
{
	const struct iom_iort_node *n;
	struct iom_streams *s;
	struct iom_diag d;
	struct iom_iort v;
	uint32_t node, id;

	(void)state;
	assert_int_equal(read_exact(load_golden(), sizeof(golden), mem, &v, &d), IOM_OK);
	assert_int_equal(v.nr_nodes, 5);
	assert_string_equal(v.ids.oem_table_id, "TABLE 01");
	n = v.nodes;
	assert_int_equal(n[0].u.its.nr, 2);
	assert_int_equal(n[0].u.its.ids[1], 0x01020304);
	assert_true(n[1].u.smmuv3.base == UINT64_C(0x1122334455660000));
	assert_true(n[1].u.smmuv3.vatos == 0x770000);
	assert_int_equal(n[1].u.smmuv3.model, 2);
	assert_int_equal(n[1].u.smmuv3.gerr, 0x6c);
	assert_int_equal(n[1].u.smmuv3.msi_map, 1);
	assert_int_equal(n[2].u.rc.segment, 7);
	assert_int_equal(n[2].u.rc.pasid, 0x14);
	assert_int_equal(n[2].offset, 0xb8);
	assert_string_equal(n[3].u.named.name, "\\_SB.D0");
	assert_int_equal(n[4].u.rmr.nr, 1);
	assert_int_equal(iom_iort_find_pci(&v, 7, 0x1ff, &node, &id), IOM_OK);
	assert_true(node == 1 && id == 0x41ff);
	assert_int_equal(iom_iort_find_pci(&v, 7, 0x200, &node, &id), IOM_OK);
	assert_true(node == 0 && id == 0x200);
	assert_int_equal(iom_iort_find_pci(&v, 7, 0x300, &node, &id), IOM_ENOENT);
	assert_int_equal(iom_iort_find_pci(&v, 0, 0x100, &node, &id), IOM_ENOENT);
	assert_int_equal(iom_iort_find_named(&v, "\\_SB.D0", 0, &node, &id), IOM_OK);
	assert_true(node == 1 && id == 0x8001);
	assert_int_equal(iom_iort_find_named(&v, "\\_SB.D0", 1, &node, &id), IOM_ENOENT);
	assert_int_equal(iom_iort_find_msi(&v, 1, 0x41ff, &node, &id), IOM_OK);
	assert_true(node == 0 && id == 0x1041ff);
	assert_int_equal(iom_iort_find_msi(&v, 1, 0x10000, &node, &id), IOM_ENOENT);

	s = streams_of(&v);
	assert_int_equal(s->nr_smmus, 1);
	assert_true(s->smmus[0].coherent && s->smmus[0].has_msi && s->smmus[0].msi_id == 0xbeef);
	assert_true(s->smmus[0].irq_event == 0x6a && !s->smmus[0].irq_sync);
	assert_int_equal(s->nr_ranges, 3);
	assert_true(s->ranges[0].coherent && s->ranges[0].can_wbs && s->ranges[0].ats);
	assert_int_equal(s->ranges[0].addr_bits, 48);
	assert_int_equal(s->ranges[1].smmu, IOM_STREAMS_NONE);
	assert_true(s->ranges[2].stall && !iom_streams_coherent(s, &s->ranges[2]));
	assert_int_equal(iom_streams_find_pci(s, 7, 0x180, &node, &id), IOM_OK);
	assert_true(node == 0 && id == 0x4180);
	assert_int_equal(iom_streams_find_pci(s, 7, 0x280, &node, &id), IOM_ENOENT);
	assert_int_equal(iom_streams_find_path(s, "\\_SB.D0", 0, &node, &id), IOM_OK);
	assert_int_equal(id, 0x8001);
	assert_int_equal(s->nr_resvs, 1);
	assert_true(s->resvs[0].range.start == 0x80000000 && s->resvs[0].range.last == 0x8001ffff);
	assert_true(s->resvs[0].id_first == 0x4108 && s->resvs[0].id_last == 0x4109);
	assert_true(s->resvs[0].remap && s->resvs[0].privileged);
	/* B1: no part of the way may be non-coherent. */
	assert_true(iom_streams_coherent(s, &s->ranges[0]));
	s->smmus[0].coherent = false;
	assert_false(iom_streams_coherent(s, &s->ranges[0]));
}

static void golden_is_written(void **state)
{
	uint8_t out[sizeof(golden)];
	struct iom_diag d;
	struct iom_iort v;
	size_t len = 99;

	(void)state;
	assert_int_equal(read_exact(load_golden(), sizeof(golden), mem, &v, &d), IOM_OK);
	assert_int_equal(iom_iort_write(&v.ids, v.nodes, 5, out, sizeof(out) - 1, &len, &d),
			 IOM_ENOSPC);
	assert_int_equal(len, 99);
	assert_int_equal(iom_iort_write(&v.ids, v.nodes, 5, out, sizeof(out), &len, &d), IOM_OK);
	assert_int_equal(len, sizeof(golden));
	assert_memory_equal(out, load_golden(), len);
	/* Arrays that are too small are refused, by name. */
	struct iom_streams none = { 0 };

	assert_int_equal(iom_iort_streams(&v, &none, &d), IOM_E2BIG);
	assert_string_equal(d.prop, "smmus");
}

/* The same nodes the other way round: every reference is to a later one. */
static void order_does_not_matter(void **state)
{
	struct iom_iort_map maps[5][2];
	struct iom_iort_node n[5];
	uint8_t out[sizeof(golden)];
	uint32_t i, k, node, id;
	struct iom_iort v, w;
	struct iom_diag d;
	size_t len;

	(void)state;
	assert_int_equal(read_exact(load_golden(), sizeof(golden), mem, &v, &d), IOM_OK);
	for (i = 0; i < 5; i++) {
		n[4 - i] = v.nodes[i];
		n[4 - i].maps = maps[i];
		for (k = 0; k < v.nodes[i].nr_maps; k++) {
			maps[i][k] = v.nodes[i].maps[k];
			maps[i][k].target = 4 - maps[i][k].target;
		}
	}
	assert_int_equal(iom_iort_write(&v.ids, n, 5, out, sizeof(out), &len, &d), IOM_OK);
	assert_int_equal(read_exact(out, len, mem2, &w, &d), IOM_OK);
	assert_int_equal(iom_iort_find_pci(&w, 7, 0x1ff, &node, &id), IOM_OK);
	assert_true(node == 3 && id == 0x41ff);
	assert_int_equal(iom_iort_find_msi(&w, 3, 0x41ff, &node, &id), IOM_OK);
	assert_true(node == 4 && id == 0x1041ff);
	assert_int_equal(streams_of(&w)->nr_resvs, 1);
	/* A node of a revision to come is read as far as it is known; a root complex, here. */
	load_golden();
	memcpy(out, golden, sizeof(golden));
	out[0xbb] = 99;
	test_acpi_checksum(out, sizeof(golden));
	assert_int_equal(read_exact(out, sizeof(golden), mem2, &w, &d), IOM_OK);
	assert_true(w.nodes[2].revision == 99 && w.nodes[2].u.rc.pasid == 0x14);
}

/* What is wrong, where the byte is, and what the diagnosis names. */
static const struct {
	const char *name;
	uint16_t at;
	uint8_t len;
	const char *bytes;
	const char *node;
	const char *prop;
} bad[] = {
	{ "signature", 0, 1, "X", "", "signature" },
	{ "node offset", 0x28, 1, "\x2f", "", "node offset" },
	{ "node count", 0x24, 1, "\x06", "node at 0x00000188", "length" },
	{ "node too long", 0x145, 1, "\x45", "node at 0x00000144", "length" },
	{ "node of no bytes", 0x4d, 1, "\0", "node at 0x0000004c", "length" },
	{ "node shorter than its header", 0x31, 1, "\x0f", "node at 0x00000030", "length" },
	{ "node too short", 0x4d, 1, "\x43", "node at 0x0000004c", "length" },
	{ "ITS count", 0x40, 1, "\x03", "node at 0x00000030", "ITS count" },
	{ "ITS count wraps", 0x40, 4, "\1\0\0\x40", "node at 0x00000030", "ITS count" },
	{ "mappings outside", 0xc4, 1, "\x29", "node at 0x000000b8", "mapping offset" },
	{ "mappings in the header", 0xc4, 1, "\x0f", "node at 0x000000b8", "mapping offset" },
	{ "mapping count wraps", 0xc0, 4, "\2\0\0\x80", "node at 0x000000b8", "mapping offset" },
	{ "into a node", 0xec, 1, "\x4d", "node at 0x000000b8", "output reference" },
	{ "behind the table", 0xec, 2, "\0\2", "node at 0x000000b8", "output reference" },
	{ "a root complex to itself", 0xec, 1, "\xb8", "node at 0x000000b8", "output reference" },
	{ "an SMMU to itself", 0x9c, 1, "\x4c", "node at 0x0000004c", "output reference" },
	{ "an SMMU to a device", 0x9c, 1, "\xb8", "node at 0x0000004c", "output reference" },
	{ "reserved memory of an ITS", 0x180, 1, "\x30", "node at 0x00000144",
	  "output reference" },
	{ "IDs twice", 0xf4, 2, "\x80\1", "node at 0x000000b8", "input base" },
	{ "input wraps", 0xf4, 4, "\xff\xff\xff\xff", "node at 0x000000b8", "ID count" },
	{ "output wraps", 0xfc, 4, "\xff\xff\xff\xff", "node at 0x000000b8", "ID count" },
	{ "a single one of two", 0x134, 1, "\1", "node at 0x00000108", "ID count" },
	{ "requester ID of 17 bits", 0xf6, 1, "\1", "node at 0x000000b8", "input base" },
	{ "segment of 17 bits", 0xd6, 1, "\1", "node at 0x000000b8", "PCI segment number" },
	{ "name without end", 0x12c, 4, "AAAA", "node at 0x00000108", "device name" },
	{ "no name", 0x125, 1, "\0", "node at 0x00000108", "device name" },
	{ "range wraps", 0x168, 4, "\xff\xff\xff\xff", "node at 0x00000144", "RMR descriptors" },
	{ "ranges outside", 0x15c, 1, "\x31", "node at 0x00000144", "RMR descriptors" },
	{ "ranges in the header", 0x15c, 1, "\x18", "node at 0x00000144", "RMR descriptors" },
};

static void contradictions_are_refused(void **state)
{
	uint8_t *t;
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(bad); i++) {
		t = load_golden();
		memcpy(t + bad[i].at, bad[i].bytes, bad[i].len);
		if (!strcmp(bad[i].name, "name without end"))
			memset(t + 0x125, 'A', 11);
		if (!strcmp(bad[i].name, "range wraps"))
			memset(t + 0x160, 0xff, 8);
		test_acpi_checksum(t, sizeof(golden));
		print_message("# %s\n", bad[i].name);
		assert_refused(t, sizeof(golden), bad[i].node, bad[i].prop);
	}
}

/* --- 2: other people's tables --- */

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

static bool parse_bdf(const char *s, uint16_t *segment, uint16_t *bdf)
{
	unsigned int g, b, d, f;

	if (sscanf(s, "%4x:%2x:%2x.%1x", &g, &b, &d, &f) != 4)
		return false;
	*segment = (uint16_t)g;
	*bdf = (uint16_t)(b << 8 | d << 3 | f);
	return true;
}

/* "smmu3.0x...": the SMMU at this address, with the function's own number as stream. */
static void agrees_with_linux(const char *set)
{
	char name[64], text[8192], *line, *at, *save = NULL;
	uint32_t smmu, id, behind = 0, in_groups = 0;
	uint16_t segment = 0, bdf = 0;
	struct iom_streams *s;
	uint8_t bytes[1024];
	struct iom_iort v;
	struct iom_diag d;
	int rc;

	snprintf(name, sizeof(name), "%s.IORT.aml", set);
	assert_int_equal(read_exact(bytes, slurp(name, bytes, sizeof(bytes)), mem, &v, &d), IOM_OK);
	s = streams_of(&v);
	snprintf(name, sizeof(name), "%s.pci.txt", set);
	text[slurp(name, text, sizeof(text) - 1)] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		assert_true(parse_bdf(line, &segment, &bdf));
		at = strstr(line, "iommu=");
		assert_non_null(at);
		rc = iom_streams_find_pci(s, segment, bdf, &smmu, &id);
		if (strncmp(at, "iommu=smmu3.", 12)) {
			assert_int_equal(rc, IOM_ENOENT);
			continue;
		}
		assert_int_equal(rc, IOM_OK);
		assert_true(s->smmus[smmu].base == strtoull(at + 12, NULL, 16));
		assert_true(s->smmus[smmu].coherent && s->smmus[smmu].irq_event);
		assert_int_equal(id, bdf);
		behind++;
	}
	/* Every member of a group has a stream, and nobody else has. */
	snprintf(name, sizeof(name), "%s.groups.txt", set);
	text[slurp(name, text, sizeof(text) - 1)] = '\0';
	for (line = strtok_r(text, " \n", &save); line; line = strtok_r(NULL, " \n", &save)) {
		if (!strncmp(line, "devices=", 8))
			line += 8;
		if (strlen(line) != 12 || !parse_bdf(line, &segment, &bdf))
			continue;
		assert_int_equal(iom_streams_find_pci(s, segment, bdf, &smmu, &id), IOM_OK);
		in_groups++;
	}
	assert_int_equal(in_groups, behind);
	print_message("# %s: %" PRIu32 " SMMUs, %" PRIu32 " functions behind them\n", set,
		      s->nr_smmus, behind);
}

static void recorded_tables(void **state)
{
	uint8_t bytes[1024], out[1024];
	struct iom_iort v;
	struct iom_diag d;
	size_t len;

	(void)state;
	agrees_with_linux("iort-its");
	agrees_with_linux("iort-two-smmu");
	agrees_with_linux("iort-gicv2");
	agrees_with_linux("iort-no-smmu");
	/* All node types, placeholders; the two that are only read are not written. */
	len = slurp("acpica-template.IORT.aml", bytes, sizeof(bytes));
	assert_int_equal(read_exact(bytes, len, mem, &v, &d), IOM_OK);
	assert_int_equal(v.nr_nodes, 7);
	assert_int_equal(v.nodes[3].type, IOM_IORT_SMMU);
	assert_int_equal(v.nodes[5].type, IOM_IORT_PMCG);
	assert_int_equal(iom_iort_write(&v.ids, v.nodes, 7, out, sizeof(out), &len, &d),
			 IOM_EOPNOTSUPP);
}

/* --- 3: random tables --- */

static void same_nodes(const struct iom_iort *a, const struct iom_iort *b)
{
	uint32_t i;

	assert_int_equal(a->nr_nodes, b->nr_nodes);
	for (i = 0; i < a->nr_nodes; i++) {
		const struct iom_iort_node *x = &a->nodes[i], *y = &b->nodes[i];

		assert_true(x->type == y->type && x->id == y->id && x->nr_maps == y->nr_maps);
		/* Not compared as memory where there is padding. */
		for (uint32_t k = 0; k < x->nr_maps; k++) {
			const struct iom_iort_map *p = &x->maps[k], *q = &y->maps[k];

			assert_true(p->input == q->input && p->count_m1 == q->count_m1 &&
				    p->output == q->output && p->target == q->target &&
				    p->single == q->single);
		}
		if (x->type == IOM_IORT_NAMED)
			assert_string_equal(x->u.named.name, y->u.named.name);
		if (x->type == IOM_IORT_SMMUV3)
			assert_true(x->u.smmuv3.base == y->u.smmuv3.base &&
				    x->u.smmuv3.sync == y->u.smmuv3.sync);
		if (x->type == IOM_IORT_RMR) {
			assert_int_equal(x->u.rmr.nr, y->u.rmr.nr);
			assert_memory_equal(x->u.rmr.ranges, y->u.rmr.ranges,
					    x->u.rmr.nr * sizeof(struct iom_range));
		}
	}
}

#define SMMUS		4u
#define SEGMENTS	3u
#define RUNS		12u

/* The model: what each function of each segment has; smmu SMMUS: none. */
static struct {
	uint8_t smmu;
	uint32_t id;
} model[SEGMENTS][1 << 16];

static struct iom_iort_map maps[SEGMENTS][RUNS];

/* Runs of requester IDs, in ascending order, shuffled afterwards. */
static uint32_t random_maps(struct test_rng *rng, uint32_t seg)
{
	uint32_t at = 0, n = 0, i, to;
	struct iom_iort_map m;

	for (i = 0; i < 1 << 16; i++)
		model[seg][i].smmu = SMMUS;
	while (n < RUNS) {
		at += (uint32_t)test_rng_below(rng, 5000);
		m = (struct iom_iort_map){ .input = at };
		m.count_m1 = (uint32_t)test_rng_below(rng, test_rng_below(rng, 2) ? 9000 : 8);
		if (at + m.count_m1 > 0xffff)
			break;
		m.target = 1 + (uint32_t)test_rng_below(rng, SMMUS + 1);
		if (m.target == 1 + SMMUS)
			m.target = 0;
		m.output = (uint32_t)test_rng_below(rng, 1u << 30);
		for (i = 0; i <= m.count_m1; i++) {
			model[seg][at + i].smmu = (uint8_t)(m.target ? m.target - 1 : SMMUS);
			model[seg][at + i].id = m.output + i;
		}
		maps[seg][n++] = m;
		at += m.count_m1 + 1;
	}
	for (i = 0; i + 1 < n; i++) {
		to = i + (uint32_t)test_rng_below(rng, n - i);
		m = maps[seg][i];
		maps[seg][i] = maps[seg][to];
		maps[seg][to] = m;
	}
	return n;
}

static void agrees_with_model(void **state)
{
	static const uint32_t its_ids[] = { 0 };
	struct iom_iort_node n[1 + SMMUS + SEGMENTS + 2];
	struct iom_iort_map to_its = { 0, 0xffffff, 0, 0, false };
	struct iom_iort_map named[2], rmr = { 0, 0, 0, 1, true };
	struct iom_range range = { 0x80000000, 0x800fffff };
	uint32_t i, seg, bdf, smmu, id, round;
	const char *iasl = test_iasl();
	char dir[64] = "", cmd[128];
	static uint8_t out[8192];
	struct iom_streams *s;
	struct test_rng rng;
	struct iom_iort a, b;
	struct iom_diag d;
	size_t len;

	(void)state;
	test_rng_init(&rng);
	strcpy(dir, "/tmp/iom-iort-test.");
	memset(dir + strlen(dir), 'X', 6);
	assert_non_null(mkdtemp(dir));
	for (round = 0; round < 40; round++) {
		memset(n, 0, sizeof(n));
		n[0] = (struct iom_iort_node){ .type = IOM_IORT_ITS, .u.its = { 1, its_ids } };
		for (i = 1; i <= SMMUS; i++) {
			n[i] = (struct iom_iort_node){ .type = IOM_IORT_SMMUV3, .id = i,
						       .nr_maps = 1, .maps = &to_its };
			n[i].u.smmuv3.base = (uint64_t)i << 40;
			n[i].u.smmuv3.sync = 64 + i;
			n[i].u.smmuv3.msi_map = IOM_IORT_NONE;
		}
		for (seg = 0; seg < SEGMENTS; seg++, i++) {
			n[i] = (struct iom_iort_node){ .type = IOM_IORT_RC, .id = i,
						       .maps = maps[seg] };
			n[i].nr_maps = random_maps(&rng, seg);
			n[i].u.rc.segment = (uint16_t)(seg * 0x1111);
			n[i].u.rc.addr_bits = 48;
		}
		named[0] = (struct iom_iort_map){ 0, 0, (uint32_t)test_rng_u64(&rng), 2, true };
		named[1] = (struct iom_iort_map){ 0, 2, 77, 1 + round % SMMUS, false };
		rmr.output = (uint32_t)test_rng_u64(&rng);
		n[i] = (struct iom_iort_node){ .type = IOM_IORT_RMR, .nr_maps = 1,
					       .maps = &rmr, .u.rmr = { 1, 1, &range } };
		n[i + 1] = (struct iom_iort_node){ .type = IOM_IORT_NAMED, .nr_maps = 2,
						   .maps = named };
		n[i + 1].u.named.name = "\\_SB.NET0";
		a = (struct iom_iort){ .nodes = n, .nr_nodes = i + 2 };
		assert_int_equal(iom_iort_write(&iom_iort_ids_default, n, i + 2, out, sizeof(out),
						&len, &d), IOM_OK);
		assert_int_equal(read_exact(out, len, mem, &b, &d), IOM_OK);
		same_nodes(&a, &b);
		s = streams_of(&b);
		assert_int_equal(s->nr_smmus, SMMUS);
		for (seg = 0; seg < SEGMENTS; seg++)
			for (bdf = 0; bdf <= 0xffff; bdf++) {
				int rc = iom_streams_find_pci(s, (uint16_t)(seg * 0x1111),
							      (uint16_t)bdf, &smmu, &id);

				if (model[seg][bdf].smmu == SMMUS) {
					assert_int_equal(rc, IOM_ENOENT);
					continue;
				}
				assert_int_equal(rc, IOM_OK);
				assert_int_equal(smmu, model[seg][bdf].smmu);
				assert_int_equal(id, model[seg][bdf].id);
			}
		assert_int_equal(iom_streams_find_path(s, "\\_SB.NET0", 3, &smmu, &id), IOM_OK);
		assert_true(smmu == round % SMMUS && id == 79);
		assert_int_equal(iom_streams_find_path(s, "\\_SB.NET0", 4, &smmu, &id), IOM_ENOENT);
		assert_true(s->nr_resvs == 1 && s->resvs[0].id_first == rmr.output);
		if (!iasl || round > 2)
			continue;
		/* It reads a name's padding from somewhere else, so makes not the same again. */
		test_iasl_reads(iasl, dir, out, len, "\"\\_SB.NET0\"");
		assert_int_equal(iom_iort_write(&iom_iort_ids_default, n, i + 1, out, sizeof(out),
						&len, &d), IOM_OK);
		test_iasl_agrees(iasl, dir, out, len);
	}
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
	if (!iasl)
		TEST_SKIP("no iasl that knows all nodes: scripts/setup check, or IASL=");
}

/* --- 4: damage --- */

static void cut_tables_are_refused(void **state)
{
	uint8_t *t;
	size_t len;

	(void)state;
	for (len = 0; len < sizeof(golden); len++) {
		assert_refused(load_golden(), len, NULL, NULL);
		if (len < 48)
			continue;
		/* Also if the header admits to it. */
		t = load_golden();
		iom_put_le32(t + 4, (uint32_t)len);
		test_acpi_checksum(t, len);
		assert_refused(t, len, NULL, NULL);
	}
}

static void try_one(const uint8_t *t, size_t len, unsigned int *accepted)
{
	static uint8_t out[sizeof(golden) + 64];
	struct iom_iort v, w;
	struct iom_diag d;
	size_t n;
	int rc;

	if (read_exact(t, len, mem, &v, &d))
		return;
	++*accepted;
	rc = iom_iort_write(&v.ids, v.nodes, v.nr_nodes, out, sizeof(out), &n, &d);
	if (rc) {
		assert_int_equal(rc, IOM_EOPNOTSUPP);
		return;
	}
	assert_int_equal(read_exact(out, n, mem2, &w, &d), IOM_OK);
	same_nodes(&v, &w);
	streams_of(&w);
}

static void flipped_bits_are_refused(void **state)
{
	unsigned int bit, accepted = 0, i, k;
	struct test_rng rng;
	uint8_t *t;

	(void)state;
	for (bit = 0; bit < 8 * sizeof(golden); bit++) {
		t = load_golden();
		t[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_refused(t, sizeof(golden), NULL, NULL);
		/* A named component may have any number of streams, but here is no room for it. */
		if (bit / 8 >= 0x134 && bit / 8 < 0x138)
			continue;
		test_acpi_checksum(t, sizeof(golden));
		try_one(t, sizeof(golden), &accepted);
	}
	assert_true(accepted > 100);
	/* Several bytes at once. */
	test_rng_init(&rng);
	for (i = 0; i < 20000; i++) {
		t = load_golden();
		for (k = 0; k < 1 + i % 4; k++)
			t[48 + test_rng_below(&rng, sizeof(golden) - 48)] =
				(uint8_t)(test_rng_below(&rng, 2) ? test_rng_u64(&rng) :
					  4 * test_rng_below(&rng, 8));
		if (iom_get_le32(t + 0x134) > 100)
			continue;
		test_acpi_checksum(t, sizeof(golden));
		try_one(t, sizeof(golden), &accepted);
	}
	print_message("# %u damaged ones are good tables\n", accepted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_is_read),
		cmocka_unit_test(golden_is_written),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(recorded_tables),
		cmocka_unit_test(agrees_with_model),
		cmocka_unit_test(cut_tables_are_refused),
		cmocka_unit_test(flipped_bits_are_refused),
	};

	return cmocka_run_group_tests_name("iort", tests, NULL, NULL);
}
