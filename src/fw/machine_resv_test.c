/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of iommu-addresses and msi-parent:
 * 1. Random regions: a device has exactly the IOVAs that a list has which was kept
 *    while the tree was made, mapped where the region has a reg; its streams have
 *    them, too. A tree is refused exactly if two overlap that may not.
 * 2. The binding's own example is read.
 * 3. MSIs go where msi-map says, and else where msi-parent does.
 * 4. What is damaged, circular or contradicts itself is refused with node and
 *    property; a flipped bit does no harm.
 */
#include <iom/base/err.h>
#include <iom/base/field.h>

#include "lib/tree.h"

#define RESV	"/reserved-memory"
#define BUS	"/bus@0"
#define FN	HOST "/eth@2,0"

/* Who can have IOVAs reserved; the phandle is 10 and the number here. */
enum { WIDE, NARROW, BRIDGE, FUNCTION, NOBODY, DEVS };
static const struct {
	const char *path;
	unsigned int addr_cells;	/* of its bus; sizes have one or two */
	unsigned int size_cells;
	unsigned int nr_streams;
	struct {
		uint32_t smmu, first, last;
	} stream[2];
} devs[DEVS] = {
	[WIDE] = { "/usb", 2, 2, 2, { { 0, 0x77, 0x77 }, { 1, 0x78, 0x78 } } },
	[NARROW] = { BUS "/dma", 1, 1, 1, { { 1, 0x99, 0x99 } } },
	[BRIDGE] = { HOST, 2, 2, 2, { { 0, 0x1000, 0x10ff }, { 1, 0x5000, 0x50ff } } },
	[FUNCTION] = { FN, 3, 2, 1, { { 0, 0x1010, 0x1010 } } },
	[NOBODY] = { "/uart", 2, 2, 0, { { 0, 0, 0 } } },
};

static void add(const char *path)
{
	const char *name = strrchr(path, '/');
	char parent[64];

	snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path);
	test_tree_ok(fdt_add_subnode(test_tree, *parent ? test_tree_at(parent) : 0, name + 1));
}

static void make_smmu(uint32_t i)
{
	char path[32];

	snprintf(path, sizeof(path), "/iommu@%x", (i + 1) << 20);
	add(path);
	STR(path, "compatible", "arm,smmu-v3");
	CELLS(path, "reg", 0, (i + 1) << 20, 0, 0x20000);
	CELLS(path, "#iommu-cells", 1);
	CELLS(path, "phandle", i + 1);
}

/* Two SMMUs, two MSI controllers, and the devices. */
static void make_board(void)
{
	unsigned int i;

	test_tree_root();
	add("/its");
	FLAG("/its", "msi-controller");
	CELLS("/its", "#msi-cells", 1);
	CELLS("/its", "phandle", 50);
	add("/v2m");
	FLAG("/v2m", "msi-controller");
	CELLS("/v2m", "phandle", 51);
	make_smmu(0);
	make_smmu(1);
	add(BUS);
	CELLS(BUS, "#address-cells", 1);
	CELLS(BUS, "#size-cells", 1);
	test_tree_bridge(HOST, 0);
	test_tree_function(HOST, "eth@2,0", "pci8086,1533", 0x10);
	add("/usb");
	add(BUS "/dma");
	add("/uart");
	CELLS("/usb", "iommus", 1, 0x77, 2, 0x78);
	CELLS(BUS "/dma", "iommus", 2, 0x99);
	CELLS(HOST, "iommu-map", 0, 1, 0x1000, 0x100, 0x100, 2, 0x5000, 0x100);
	for (i = 0; i < DEVS; i++)
		CELLS(devs[i].path, "phandle", 10 + i);
	add(RESV);
	CELLS(RESV, "#address-cells", 2);
	CELLS(RESV, "#size-cells", 2);
	FLAG(RESV, "ranges");
}

static int read_board(struct iom_machine *m, struct iom_diag *d)
{
	return test_tree_read(0, test_tree, fdt_totalsize(test_tree), 0, m, d);
}

static struct iom_streams *streams_of(const struct iom_machine *m)
{
	static struct iom_streams_smmu smmus[4];
	static struct iom_streams_range ranges[32];
	static struct iom_streams_resv resvs[256];
	static struct iom_streams s;
	struct iom_diag d;

	s = (struct iom_streams){ smmus, 0, 4, ranges, 0, 32, resvs, 0, 256 };
	assert_int_equal(iom_machine_streams(m, &s, &d), IOM_OK);
	return &s;
}

/* --- 1 --- */

#define REGIONS	5u
#define ENTRIES	4u

static struct {
	uint32_t dev, region;
	struct iom_range iova;
	bool mapped;
	uint64_t pa;
} list[REGIONS * ENTRIES];
static uint32_t nr_list;

static uint32_t put_entry(uint32_t *cells, uint32_t dev, uint64_t start, uint64_t size)
{
	uint32_t n = 0;

	cells[n++] = 10 + dev;
	if (devs[dev].addr_cells == 3)
		cells[n++] = 0x02000000;
	if (devs[dev].addr_cells > 1)
		cells[n++] = (uint32_t)(start >> 32);
	cells[n++] = (uint32_t)start;
	if (devs[dev].size_cells > 1)
		cells[n++] = (uint32_t)(size >> 32);
	cells[n++] = (uint32_t)size;
	return n;
}

static void random_region(struct test_rng *rng, uint32_t region)
{
	bool has_reg = test_rng_below(rng, 2);
	uint64_t size = 0x1000 * (1 + test_rng_below(rng, 8));
	uint64_t pa = 0x1000 * test_rng_below(rng, 1u << 18);
	uint32_t cells[6 * ENTRIES], n = 0, i, dev, nr = 1 + (uint32_t)test_rng_below(rng, ENTRIES);
	uint64_t start;
	char path[64];

	snprintf(path, sizeof(path), RESV "/r%u", region);
	add(path);
	if (has_reg)
		CELLS(path, "reg", (uint32_t)(pa >> 32), (uint32_t)pa, 0, (uint32_t)size);
	for (i = 0; i < nr; i++) {
		dev = (uint32_t)test_rng_below(rng, DEVS);
		if (!has_reg)
			size = test_rng_below(rng, 6) ? 0x1000 * (1 + test_rng_below(rng, 8)) : 0;
		start = test_rng_below(rng, 3) ? 0x1000 * test_rng_below(rng, 48) : pa;
		if (devs[dev].addr_cells > 1 && test_rng_below(rng, 2))
			start |= UINT64_C(1) << 40;
		n += put_entry(&cells[n], dev, start, size);
		if (!size)
			continue;
		list[nr_list].dev = dev;
		list[nr_list].region = region;
		list[nr_list].iova = (struct iom_range){ start, start + size - 1 };
		list[nr_list].mapped = has_reg;
		list[nr_list++].pa = has_reg ? pa : 0;
	}
	test_tree_cells(path, "iommu-addresses", n, cells);
}

static bool contradicts(void)
{
	uint32_t i, k;

	for (i = 0; i < nr_list; i++)
		for (k = 0; k < i; k++)
			if (list[i].dev == list[k].dev && (list[i].mapped || list[k].mapped) &&
			    list[i].iova.start <= list[k].iova.last &&
			    list[k].iova.start <= list[i].iova.last)
				return true;
	return false;
}

/* Each of the list is there, and as many as the list has are. */
static void same_machine(const struct iom_machine *m)
{
	const struct iom_machine_resv_iova *v;
	uint32_t i, k, n, at, found, nr = 0;
	char path[64];

	for (i = 0; i < m->nr_resvs; i++)
		nr += m->resvs[i].nr_iovas;
	assert_int_equal(nr, nr_list);
	for (i = 0; i < nr_list; i++) {
		snprintf(path, sizeof(path), RESV "/r%u", list[i].region);
		for (at = 0; strcmp(m->resvs[at].path, path); at++)
			assert_true(at + 1 < m->nr_resvs);
		for (found = k = 0; k < m->resvs[at].nr_iovas; k++) {
			v = &m->resvs[at].iovas[k];
			if (strcmp(v->path, devs[list[i].dev].path) ||
			    v->iova.start != list[i].iova.start ||
			    v->iova.last != list[i].iova.last)
				continue;
			found++;
			assert_true(v->mapped == list[i].mapped && v->pa == list[i].pa);
			for (n = 0; n < v->nr_endpoints; n++)
				assert_string_equal(m->endpoints[v->endpoint + n].path, v->path);
			assert_int_equal(v->bridge == 0, list[i].dev == BRIDGE ||
					 list[i].dev == FUNCTION);
		}
		assert_true(found > 0);
	}
}

static void same_streams(const struct iom_streams *s)
{
	const struct iom_streams_resv *r;
	uint32_t i, k, n, found, nr = 0;

	for (i = 0; i < nr_list; i++) {
		nr += devs[list[i].dev].nr_streams;
		for (k = 0; k < devs[list[i].dev].nr_streams; k++) {
			for (found = n = 0; n < s->nr_resvs; n++) {
				r = &s->resvs[n];
				found += r->range.start == list[i].iova.start &&
					 r->range.last == list[i].iova.last &&
					 r->mapped == list[i].mapped && r->pa == list[i].pa &&
					 s->smmus[r->smmu].base >> 20 ==
					 1 + devs[list[i].dev].stream[k].smmu &&
					 r->id_first == devs[list[i].dev].stream[k].first &&
					 r->id_last == devs[list[i].dev].stream[k].last;
			}
			assert_true(found > 0);
		}
	}
	assert_int_equal(s->nr_resvs, nr);
}

static void random_regions(void **state)
{
	unsigned int round, good = 0, bad = 0;
	struct test_rng rng;
	struct iom_machine m;
	struct iom_diag d;
	uint32_t i, nr;
	int rc;

	(void)state;
	test_rng_init(&rng);
	for (round = 0; round < 250; round++) {
		make_board();
		nr_list = 0;
		nr = (uint32_t)test_rng_below(&rng, REGIONS + 1);
		for (i = 0; i < nr; i++)
			random_region(&rng, i);
		rc = read_board(&m, &d);
		if (rc && !contradicts())
			print_error("%s %s: %s\n", d.node, d.prop, d.what);
		assert_int_equal(rc, contradicts() ? IOM_EINVAL : IOM_OK);
		if (rc) {
			assert_memory_equal(d.node, RESV "/r", sizeof(RESV "/r") - 1);
			assert_string_equal(d.prop, "iommu-addresses");
			bad++;
			continue;
		}
		same_machine(&m);
		same_streams(streams_of(&m));
		good++;
	}
	printf("# %u trees accepted, %u refused\n", good, bad);
	assert_true(good > 50 && bad > 5);
}

/* --- 2 --- */

/* IOVAs of 64 bits, though the devices are on a bus of 32. */
static void the_bindings_example(void **state)
{
	struct iom_machine m;
	struct iom_diag d;
	struct iom_streams *s;

	(void)state;
	make_board();
	add(RESV "/reservation");
	CELLS(RESV "/reservation", "iommu-addresses", 10 + NARROW, 0, 0, 0, 0x40000000,
	      10 + NARROW, 0, 0x60000000, 0xff, 0xa0000000);
	assert_int_equal(read_board(&m, &d), IOM_OK);
	assert_int_equal(m.resvs[0].nr_iovas, 2);
	assert_true(!m.resvs[0].has_range && !m.resvs[0].iovas[1].mapped);
	assert_true(m.resvs[0].iovas[0].iova.last == 0x3fffffff);
	assert_true(m.resvs[0].iovas[1].iova.start == 0x60000000);
	assert_true(m.resvs[0].iovas[1].iova.last == UINT64_C(0xffffffffff));
	make_board();
	add(RESV "/framebuffer@90000000");
	CELLS(RESV "/framebuffer@90000000", "reg", 0, 0x90000000, 0, 0x800000);
	CELLS(RESV "/framebuffer@90000000", "iommu-addresses", 10 + NARROW, 0, 0x90000000, 0,
	      0x800000);
	assert_int_equal(read_board(&m, &d), IOM_OK);
	s = streams_of(&m);
	assert_int_equal(s->nr_resvs, 1);
	assert_true(s->resvs[0].mapped && s->resvs[0].pa == 0x90000000);
	assert_true(s->resvs[0].range.start == 0x90000000 &&
		    s->resvs[0].range.last == 0x907fffff);
	/* What the firmware had nothing to fill in for, and what is disabled. */
	CELLS(RESV "/framebuffer@90000000", "reg", 0, 0, 0, 0);
	CELLS(RESV "/framebuffer@90000000", "iommu-addresses", 10 + WIDE, 0, 0, 0, 0);
	assert_int_equal(read_board(&m, &d), IOM_OK);
	assert_true(m.nr_resvs == 1 && !m.resvs[0].nr_iovas && !m.resvs[0].has_range);
	CELLS(RESV "/framebuffer@90000000", "iommu-addresses", 10 + WIDE, 0, 0, 0, 1);
	STR(RESV "/framebuffer@90000000", "status", "disabled");
	assert_int_equal(read_board(&m, &d), IOM_OK);
	assert_int_equal(m.resvs[0].nr_iovas, 0);
}

/* --- 3 --- */

static void msi_parents(void **state)
{
	struct iom_machine m;
	struct iom_streams *s;
	struct iom_diag d;
	uint32_t msi, id, i;

	(void)state;
	make_board();
	CELLS("/iommu@100000", "msi-parent", 50, 0xff0000);
	CELLS("/iommu@200000", "msi-parent", 51);
	CELLS("/usb", "msi-parent", 51, 50, 7);
	CELLS(HOST, "msi-parent", 50, 3);
	STR("/v2m", "status", "disabled");
	CELLS("/v2m", "msi-parent", 50, 9);
	assert_int_equal(read_board(&m, &d), IOM_OK);
	for (i = 0; i < m.nr_iommus; i++) {
		if (m.iommus[i].reg.start >> 20 == 1) {
			assert_string_equal(m.msis[m.iommus[i].msi].path, "/its");
			assert_int_equal(m.iommus[i].msi_id, 0xff0000);
		} else {
			assert_string_equal(m.msis[m.iommus[i].msi].path, "/v2m");
			assert_int_equal(m.msis[m.iommus[i].msi].cells, 0);
		}
	}
	/* The first that is enabled. */
	for (i = 0; i < m.nr_endpoints; i++) {
		if (strcmp(m.endpoints[i].path, "/usb")) {
			assert_int_equal(m.endpoints[i].msi, IOM_MACHINE_NONE);
			continue;
		}
		assert_string_equal(m.msis[m.endpoints[i].msi].path, "/its");
		assert_int_equal(m.endpoints[i].msi_id, 7);
	}
	/* A controller that is disabled takes no MSIs. */
	s = streams_of(&m);
	for (i = 0; i < s->nr_smmus; i++) {
		assert_int_equal(s->smmus[i].has_msi, s->smmus[i].base >> 20 == 1);
		if (s->smmus[i].has_msi)
			assert_int_equal(s->smmus[i].msi_id, 0xff0000);
	}
	/* Functions of a bridge without msi-map have their own numbers; msi-map overrides. */
	assert_int_equal(m.bridges[0].msi_id, 3);
	assert_int_equal(iom_machine_find_msi(&m, 0, 0x123, &msi, &id), IOM_OK);
	assert_string_equal(m.msis[msi].path, "/its");
	assert_int_equal(id, 0x123);
	CELLS(HOST, "msi-map", 0, 50, 0x800, 0x100);
	assert_int_equal(read_board(&m, &d), IOM_OK);
	assert_int_equal(iom_machine_find_msi(&m, 0, 0x12, &msi, &id), IOM_OK);
	assert_int_equal(id, 0x812);
	assert_int_equal(iom_machine_find_msi(&m, 0, 0x123, &msi, &id), IOM_ENOENT);
}

/* --- 4 --- */

static void refused(const char *node, const char *prop)
{
	struct iom_machine m, was;
	struct iom_diag d;
	int rc;

	memset(&m, 0xa5, sizeof(m));
	was = m;
	rc = read_board(&m, &d);
	if (rc != IOM_EINVAL || strcmp(d.node, node) || strcmp(d.prop, prop))
		print_error("wanted %s: %s, got %d %s: %s: %s\n", node, prop, rc,
			    rc ? d.node : "", rc ? d.prop : "", rc ? d.what : "");
	assert_int_equal(rc, IOM_EINVAL);
	assert_memory_equal(&m, &was, sizeof(m));
	assert_string_equal(d.node, node);
	assert_string_equal(d.prop, prop);
	assert_true(*d.what && strlen(d.what) < sizeof(d.what) - 1);
}

static const struct {
	const char *node;
	const char *prop;
	unsigned int nr;
	uint32_t v[8];
	const char *at_node;		/* NULL: this node */
} breaks[] = {
#define IS(...)	sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, { __VA_ARGS__ }
#define R	RESV "/r", "iommu-addresses"
#define M	"msi-parent"
	{ R, 0, { 0 }, NULL },
	{ R, IS(10), NULL },						/* no address */
	{ R, IS(10, 0, 0x1000, 0), NULL },				/* half a size */
	{ R, IS(10, 0, 0x1000, 0, 0x1000, 10), NULL },			/* and half an entry */
	{ R, IS(0, 0, 0x1000, 0, 0x1000), NULL },			/* no phandle */
	{ R, IS(99, 0, 0x1000, 0, 0x1000), NULL },			/* nobody's */
	{ R, IS(1, 0, 0x1000, 0, 0x1000), NULL },			/* an SMMU */
	{ R, IS(60, 0, 0x1000, 0, 0x1000), NULL },			/* the region itself */
	{ R, IS(61, 0, 0x1000, 0, 0x1000), NULL },			/* all regions */
	{ R, IS(70, 0, 0x1000, 0x1000), NULL },				/* on a bus without sizes */
	{ R, IS(10, 0xffffffff, 0xfffff000, 0, 0x1001), NULL },		/* wraps */
	{ R, IS(11, 0x1000, 0x1000, 11), NULL },
	{ "/usb", "phandle", IS(50), RESV "/r" },			/* two have it */
	{ "/usb", M, 0, { 0 }, NULL },
	{ "/usb", M, IS(0), NULL },
	{ "/usb", M, IS(99, 0), NULL },
	{ "/usb", M, IS(1, 0), NULL },					/* an SMMU */
	{ "/usb", M, IS(50), NULL },					/* no device ID */
	{ "/usb", M, IS(51, 50), NULL },
	{ "/usb", M, IS(51, 0), NULL },					/* it wants no ID */
	{ HOST, M, IS(50), NULL },
	{ "/iommu@100000", M, IS(50), NULL },
	{ "/its", M, IS(50, 1), NULL },					/* its own parent */
	{ "/its", M, IS(51), "/v2m" },					/* by way of another */
	{ "/its", "#msi-cells", IS(1, 1), NULL },
	{ "/its", "#msi-cells", IS(0xffffffff), "/v2m" },
};

static void make_good(void)
{
	struct iom_machine m;
	struct iom_diag d;

	make_board();
	add(RESV "/r");
	CELLS(RESV "/r", "phandle", 60);
	CELLS(RESV, "phandle", 61);
	CELLS(RESV "/r", "iommu-addresses", 50, 0, 0x1000, 0, 0x1000);
	add("/i2c");
	CELLS("/i2c", "#address-cells", 1);
	CELLS("/i2c", "#size-cells", 0);
	add("/i2c/sensor");
	CELLS("/i2c/sensor", "phandle", 70);
	CELLS("/v2m", "msi-parent", 50, 5);
	assert_int_equal(read_board(&m, &d), IOM_OK);
}

static void contradictions_are_refused(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(breaks); i++) {
		make_good();
		printf("# %zu: %s of %s\n", i, breaks[i].prop, breaks[i].node);
		test_tree_cells(breaks[i].node, breaks[i].prop, breaks[i].nr, breaks[i].v);
		refused(breaks[i].at_node ? breaks[i].at_node : breaks[i].node,
			!strcmp(breaks[i].prop, "phandle") ? "iommu-addresses" :
			!strcmp(breaks[i].prop, "#msi-cells") && breaks[i].nr == 1 ? M :
			breaks[i].prop);
	}
	make_good();
	test_tree_ok(fdt_setprop(test_tree, test_tree_at(RESV "/r"), "iommu-addresses", "abc", 3));
	refused(RESV "/r", "iommu-addresses");
	/* Memory of one size at IOVAs of another. */
	make_good();
	CELLS(RESV "/r", "reg", 0, 0x1000, 0, 0x2000);
	refused(RESV "/r", "iommu-addresses");
	/* Mapped, and not to be mapped; by another region, and by this one. */
	make_good();
	CELLS(RESV "/r", "iommu-addresses", 10, 0, 0, 0, 0x10000, 10, 0, 0x20, 0, 0x10);
	add(RESV "/s");
	CELLS(RESV "/s", "reg", 0, 0xf000, 0, 0x1000);
	CELLS(RESV "/s", "iommu-addresses", 10, 0, 0xf000, 0, 0x1000);
	refused(RESV "/s", "iommu-addresses");
	CELLS(RESV "/s", "iommu-addresses", 10, 0, 0x10000, 0, 0x1000, 10, 0, 0x10fff, 0, 0x1000);
	refused(RESV "/s", "iommu-addresses");
	/* Half a region of zeroes is no placeholder. */
	make_good();
	CELLS(RESV "/r", "reg", 0, 0x1000, 0, 0);
	refused(RESV "/r", "reg");
	make_good();
	CELLS(FN, "reg", 0x1001, 0, 0, 0, 0);
	CELLS(RESV "/r", "iommu-addresses", 10 + FUNCTION, 0, 0, 0x1000, 0, 0x1000);
	refused(FN, "reg");
}

static void flipped_bits(void **state)
{
	unsigned int accepted = 0;
	struct iom_machine m;
	struct iom_diag d;
	size_t bit, len;
	uint8_t *b;

	(void)state;
	make_good();
	CELLS(HOST, "msi-parent", 50, 3);
	add(RESV "/s");
	CELLS(RESV "/s", "reg", 0, 0xf000, 0, 0x1000);
	CELLS(RESV "/s", "iommu-addresses", 10, 0, 0xf000, 0, 0x1000, 12, 0, 0xf000, 0, 0x1000,
	      13, 0, 0, 0xe000, 0, 0x1000);
	test_tree_ok(fdt_pack(test_tree));
	len = fdt_totalsize(test_tree);
	b = test_tree;
	for (bit = 0; bit < 8 * len; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!test_tree_read(0, b, len, 0, &m, &d)) {
			streams_of(&m);
			accepted++;
		}
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	printf("# of %zu flips %u make another tree\n", 8 * len, accepted);
	assert_true(accepted > 0 && accepted < 8 * len);
}

static int tear_down(void **state)
{
	(void)state;
	test_tree_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_regions),
		cmocka_unit_test(the_bindings_example),
		cmocka_unit_test(msi_parents),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(flipped_bits),
	};

	return cmocka_run_group_tests_name("machine_resv", tests, NULL, tear_down);
}
