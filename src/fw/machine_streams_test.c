/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of what a device tree tells a driver of SMMUv3s:
 * 1. Recorded trees give the SMMUs, interrupts, streams and MSI device IDs that the
 *    boards and guests have.
 * 2. A random machine of 4 SMMUs and 3 segments maps each function as a model does
 *    that has one entry a function; also through a mask.
 * 3. What contradicts itself is refused with node and property.
 */
#include <iom/base/err.h>
#include <iom/base/field.h>

#include "lib/tree.h"

#define DATA	"tests/data/fw/"
#define SMMUS	4u
#define BUSES	3u
#define RUNS	10u

static struct iom_streams *streams_of(const struct iom_machine *m)
{
	static struct iom_streams_smmu smmus[8];
	static struct iom_streams_range ranges[256];
	static struct iom_streams s;
	struct iom_diag d;

	s = (struct iom_streams){ smmus, 0, 8, ranges, 0, 256, NULL, 0, 0 };
	assert_int_equal(iom_machine_streams(m, &s, &d), IOM_OK);
	return &s;
}

static struct iom_machine recorded(const char *name)
{
	struct iom_machine m;
	struct iom_diag d;
	size_t len;
	void *blob = test_tree_recorded(name, &len);

	assert_int_equal(test_tree_read(0, blob, len, 0, &m, &d), IOM_OK);
	free(blob);
	return m;
}

/* --- 1 --- */

static void guest_agrees(void **state)
{
	struct iom_machine m = recorded("virt-smmuv3-running");
	struct iom_streams *s = streams_of(&m);
	unsigned int seg, bus, dev, fn, n = 0;
	uint32_t smmu, id, msi, device;
	unsigned long long base;
	char line[256];
	uint16_t bdf;
	FILE *f;

	(void)state;
	assert_int_equal(s->nr_smmus, 1);
	assert_true(s->smmus[0].coherent);
	/* SPIs 0x4a to 0x4d, named in another order than they are used. */
	assert_int_equal(s->smmus[0].irq_event, 32 + 0x4a);
	assert_int_equal(s->smmus[0].irq_pri, 32 + 0x4b);
	assert_int_equal(s->smmus[0].irq_sync, 32 + 0x4c);
	assert_int_equal(s->smmus[0].irq_gerror, 32 + 0x4d);
	f = fopen(DATA "virt-smmuv3-running.pci.txt", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(sscanf(line, "%x:%x:%x.%u %*s %*s %*s iommu=smmu3.%llx",
					&seg, &bus, &dev, &fn, &base), 5);
		bdf = (uint16_t)(bus << 8 | dev << 3 | fn);
		assert_int_equal(iom_streams_find_pci(s, (uint16_t)seg, bdf, &smmu, &id), IOM_OK);
		assert_true(s->smmus[smmu].base == base);
		assert_int_equal(id, bdf);
		assert_true(iom_streams_coherent(s, &s->ranges[0]));
		assert_int_equal(iom_machine_find_msi(&m, 0, bdf, &msi, &device), IOM_OK);
		assert_string_equal(m.msis[msi].compatible, "arm,gic-v3-its");
		assert_int_equal(device, bdf);
		n++;
	}
	fclose(f);
	assert_int_equal(n, 9);
}

static void boards(void **state)
{
	struct iom_machine m = recorded("imx95-19x19-evk");
	struct iom_streams *s = streams_of(&m);
	uint32_t smmu, id, msi;

	(void)state;
	/* Its SMMU is disabled: nothing is translated, but all is known of it. */
	assert_int_equal(s->nr_smmus, 0);
	assert_true(s->nr_ranges > 0 && s->ranges[0].smmu == IOM_STREAMS_NONE);
	assert_int_equal(iom_streams_find_pci(s, 0, 0, &smmu, &id), IOM_ENOENT);
	assert_int_equal(m.iommus[0].irq_event, 32 + 0x145);
	assert_int_equal(m.iommus[0].irq_gerror, 32 + 0x148);
	assert_int_equal(m.iommus[0].irq_pri, 32 + 0x14e);
	assert_int_equal(m.iommus[0].irq_sync, 32 + 0x146);
	assert_int_equal(iom_machine_find_msi(&m, 1, 0x302, &msi, &id), IOM_OK);
	assert_int_equal(id, 0x9b);
	assert_int_equal(iom_machine_find_msi(&m, 0, 0x302, &msi, &id), IOM_ENOENT);
	/* Two bridges have a segment, 0 and 1, and two not: those are no part of these. */
	assert_true(m.bridges[2].segment == 2 && m.bridges[3].segment == 3);
	/* dma-ranges of the bus around usb@4c100000: 64 GiB from 0. */
	assert_int_equal(m.endpoints[0].nr_windows, 1);
	assert_true(m.endpoints[0].windows[0].bus.last == UINT64_C(0xfffffffff) &&
		    !m.endpoints[0].windows[0].to);
	assert_int_equal(m.endpoints[1].nr_windows, 0);

	m = recorded("rk3588-evb1-v10");
	s = streams_of(&m);
	assert_int_equal(s->nr_smmus, 1);
	assert_true(s->smmus[0].base == 0xfc900000 && !s->smmus[0].coherent);
	assert_int_equal(s->smmus[0].irq_event, 32 + 0x171);
	assert_int_equal(s->smmus[0].irq_sync, 32 + 0x16f);
	assert_int_equal(iom_machine_find_msi(&m, 0, 0x3fff, &msi, &id), IOM_OK);
	assert_int_equal(id, 0x3fff);
	assert_int_equal(iom_machine_find_msi(&m, 0, 0x4000, &msi, &id), IOM_ENOENT);
}

/* --- 2 --- */

static struct {
	uint8_t smmu;
	uint32_t id;
} model[BUSES][1 << 16];

static void make_smmu(uint32_t i)
{
	char path[32];

	snprintf(path, sizeof(path), "/smmu@%x", (i + 1) << 20);
	test_tree_ok(fdt_add_subnode(test_tree, 0, path + 1));
	STR(path, "compatible", "arm,smmu-v3");
	CELLS(path, "#iommu-cells", 1);
	CELLS(path, "phandle", i + 1);
	CELLS(path, "reg", i, (i + 1) << 20, 0, 0x20000);
	if (i & 1)
		FLAG(path, "dma-coherent");
	CELLS(path, "interrupts", 0, 10 + i, 1);
	STR(path, "interrupt-names", "combined");
}

static void make_bus(struct test_rng *rng, uint32_t bus, uint32_t mask)
{
	uint32_t cells[4 * RUNS], n = 0, at = 0, count, i, smmu, id;
	char path[32];

	snprintf(path, sizeof(path), "/pcie@%x", bus + 1);
	test_tree_bridge(path, 0x1000 * bus);
	for (i = 0; i <= 0xffff; i++)
		model[bus][i].smmu = SMMUS;
	while (n < RUNS) {
		at += (uint32_t)test_rng_below(rng, mask / 8);
		count = 1 + (uint32_t)test_rng_below(rng, mask / 8);
		if (at + count > mask + 1)
			break;
		smmu = (uint32_t)test_rng_below(rng, SMMUS);
		id = (uint32_t)test_rng_below(rng, 1u << 30);
		for (i = 0; i <= 0xffff; i++) {
			if ((i & mask) < at || (i & mask) >= at + count)
				continue;
			model[bus][i].smmu = (uint8_t)smmu;
			model[bus][i].id = id + (i & mask) - at;
		}
		cells[4 * n] = at;
		cells[4 * n + 1] = smmu + 1;
		cells[4 * n + 2] = id;
		cells[4 * n++ + 3] = count;
		at += count;
	}
	if (n)
		test_tree_cells(path, "iommu-map", 4 * n, cells);
	CELLS(path, "iommu-map-mask", mask);
	CELLS(path, "dma-ranges", 0x02000000, 0, 0, 0, 0x80000000, 0, 0x40000000);
	if (bus)
		FLAG(path, "dma-coherent");
}

static void gic(void)
{
	test_tree_ok(fdt_add_subnode(test_tree, 0, "intc"));
	CELLS("/intc", "phandle", 99);
	CELLS("/intc", "#interrupt-cells", 3);
	FLAG("/intc", "interrupt-controller");
	CELLS("/", "interrupt-parent", 99);
}

static void agrees_with_model(void **state)
{
	static const uint32_t masks[] = { 0xffff, 0x1ff, 0xff };
	uint32_t i, bus, rid, smmu, id, round;
	struct iom_streams *s;
	struct test_rng rng;
	struct iom_machine m;
	struct iom_diag d;
	int rc;

	(void)state;
	test_rng_init(&rng);
	for (round = 0; round < 30; round++) {
		test_tree_root();
		gic();
		/* libfdt puts new nodes first: the buses refer to nodes that come later, too. */
		for (i = 0; i < SMMUS / 2; i++)
			make_smmu(i);
		for (bus = 0; bus < BUSES; bus++)
			make_bus(&rng, bus, masks[test_rng_below(&rng, 3)]);
		for (; i < SMMUS; i++)
			make_smmu(i);
		test_tree_ok(fdt_add_subnode(test_tree, 0, "dev"));
		CELLS("/dev", "iommus", 3, 0x77, 1, 0x78);
		rc = test_tree_read(0, test_tree, fdt_totalsize(test_tree), 0, &m, &d);
		if (rc)
			printf("%s %s: %s\n", d.node, d.prop, d.what);
		assert_int_equal(rc, IOM_OK);
		s = streams_of(&m);
		assert_int_equal(s->nr_smmus, SMMUS);
		for (i = 0; i < SMMUS; i++) {
			/* By its base: the order of nodes is libfdt's. */
			uint32_t k = (uint32_t)(s->smmus[i].base >> 32);

			assert_true(s->smmus[i].coherent == (k & 1));
			assert_int_equal(s->smmus[i].irq_event, 42 + k);
			assert_int_equal(s->smmus[i].irq_sync, 42 + k);
		}
		for (bus = 0; bus < BUSES; bus++)
			for (rid = 0; rid <= 0xffff; rid++) {
				rc = iom_streams_find_pci(s, (uint16_t)(0x1000 * bus),
							  (uint16_t)rid, &smmu, &id);
				if (model[bus][rid].smmu == SMMUS) {
					assert_int_equal(rc, IOM_ENOENT);
					continue;
				}
				assert_int_equal(rc, IOM_OK);
				assert_int_equal(s->smmus[smmu].base >> 32, model[bus][rid].smmu);
				assert_int_equal(id, model[bus][rid].id);
			}
		assert_int_equal(iom_streams_find_path(s, "/dev", 0, &smmu, &id), IOM_OK);
		assert_true(s->smmus[smmu].base >> 32 == 2 && id == 0x77);
		assert_int_equal(iom_streams_find_path(s, "/dev", 1, &smmu, &id), IOM_OK);
		assert_true(s->smmus[smmu].base >> 32 == 0 && id == 0x78);
		assert_int_equal(iom_streams_find_path(s, "/dev", 2, &smmu, &id), IOM_ENOENT);
		for (i = 0; i < s->nr_ranges; i++) {
			const struct iom_streams_range *r = &s->ranges[i];

			/* B1: the device and the SMMU; the windows say 30 bits. */
			assert_int_equal(r->coherent, !r->path && r->segment);
			assert_int_equal(iom_streams_coherent(s, r),
					 r->coherent && s->smmus[r->smmu].coherent);
			assert_int_equal(r->addr_bits, r->path ? 0 : 30);
		}
	}
}

/* --- 3 --- */

static void refused(const char *node, const char *prop)
{
	struct iom_machine m;
	struct iom_diag d;

	assert_int_equal(test_tree_read(0, test_tree, fdt_totalsize(test_tree), 0, &m, &d),
			 IOM_EINVAL);
	assert_string_equal(d.node, node);
	assert_string_equal(d.prop, prop);
}

static void make_good(void)
{
	struct iom_machine m;
	struct iom_diag d;

	test_tree_root();
	gic();
	make_smmu(0);
	test_tree_bridge(HOST, 0);
	CELLS(HOST, "iommu-map", 0, 1, 0, 0x100);
	test_tree_ok(fdt_add_subnode(test_tree, 0, "its"));
	FLAG("/its", "msi-controller");
	CELLS("/its", "phandle", 50);
	CELLS(HOST, "msi-map", 0, 50, 0, 0x100, 0x100, 50, 0x100, 0x100);
	assert_int_equal(test_tree_read(0, test_tree, fdt_totalsize(test_tree), 0, &m, &d), IOM_OK);
}

static void contradictions_are_refused(void **state)
{
	static const uint32_t maps[][8] = {
		{ 0, 50, 0, 0x100, 0xff, 50, 0, 1 },		/* twice */
		{ 0, 50, 0, 0x10001, 0, 0, 0, 0 },		/* too many */
		{ 0, 50, 0, 0, 0, 0, 0, 0 },			/* none */
		{ 0, 50, 0xfffffff0, 0x100, 0, 0, 0, 0 },	/* IDs wrap */
		{ 0, 1, 0, 0x100, 0, 0, 0, 0 },			/* an SMMU takes no MSIs */
		{ 0, 0, 0, 0x100, 0, 0, 0, 0 },			/* no phandle */
	};
	struct iom_machine m;
	struct iom_diag d;
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(maps); i++) {
		make_good();
		test_tree_cells(HOST, "msi-map", maps[i][4] ? 8 : 4, maps[i]);
		refused(HOST, "msi-map");
	}
	make_good();
	CELLS(HOST, "msi-map", 0, 50, 0);
	refused(HOST, "msi-map");
	make_good();
	CELLS(HOST, "msi-map-mask", 0xff);
	refused(HOST, "msi-map");
	make_good();
	CELLS(HOST, "dma-ranges", 0, 0, 0, 0, 0, 0, 0);
	refused(HOST, "dma-ranges");
	make_good();
	CELLS(HOST, "dma-ranges", 0, 0xffffffff, 0, 0, 0, 2, 0);
	refused(HOST, "dma-ranges");
	make_good();
	CELLS(HOST, "dma-ranges", 0, 0, 0, 0, 0, 0);
	refused(HOST, "dma-ranges");
	make_good();
	CELLS("/smmu@100000", "interrupts", 0, 1);
	refused("/smmu@100000", "interrupts");
	make_good();
	CELLS("/smmu@100000", "interrupts", 0, 1, 1, 0, 2, 1);
	refused("/smmu@100000", "interrupt-names");
	STR("/smmu@100000", "interrupt-names", "eventq\0eventq");
	refused("/smmu@100000", "interrupt-names");
	/* An SMMU without registers, and two with the same. */
	make_good();
	test_tree_ok(fdt_delprop(test_tree, test_tree_at("/smmu@100000"), "reg"));
	refused("/smmu@100000", "reg");
	make_good();
	CELLS("/smmu@100000", "reg", 0, 0x100000, 0, 0);
	refused("/smmu@100000", "reg");
	make_good();
	make_smmu(1);
	CELLS("/smmu@200000", "reg", 0, 0x110000, 0, 0x20000);
	refused("/smmu@100000", "reg");
	STR("/smmu@200000", "status", "disabled");
	assert_int_equal(test_tree_read(0, test_tree, fdt_totalsize(test_tree), 0, &m, &d), IOM_OK);
	/* Both coherent and not. */
	make_good();
	FLAG(HOST, "dma-coherent");
	FLAG(HOST, "dma-noncoherent");
	refused(HOST, "dma-noncoherent");
	/* Two bridges of one segment: not with a bus in common. */
	make_good();
	test_tree_bridge("/pcie@2", 0);
	CELLS("/pcie@2", "bus-range", 16, 255);
	refused(HOST, "linux,pci-domain");
	CELLS(HOST, "bus-range", 0, 15);
	assert_int_equal(test_tree_read(0, test_tree, fdt_totalsize(test_tree), 0, &m, &d), IOM_OK);
	/* Without a segment each has its own, and none that another was given. */
	test_tree_bridge("/pcie@3", 1);
	CELLS(HOST, "bus-range", 0, 255);
	test_tree_ok(fdt_delprop(test_tree, test_tree_at("/pcie@2"), "linux,pci-domain"));
	test_tree_ok(fdt_delprop(test_tree, test_tree_at(HOST), "linux,pci-domain"));
	assert_int_equal(test_tree_read(0, test_tree, fdt_totalsize(test_tree), 0, &m, &d), IOM_OK);
	assert_true(!m.bridges[1].segment_given && !m.bridges[2].segment_given);
	assert_true(m.bridges[0].segment == 1 && m.bridges[1].segment == 0 &&
		    m.bridges[2].segment == 2);
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
		cmocka_unit_test(guest_agrees),
		cmocka_unit_test(boards),
		cmocka_unit_test(agrees_with_model),
		cmocka_unit_test(contradictions_are_refused),
	};

	return cmocka_run_group_tests_name("machine_streams", tests, NULL, tear_down);
}
