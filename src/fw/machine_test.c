/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of fw/machine (A4):
 * 1. Trees of other people's machines are read, and agree with what their guest
 *    saw; a tree without devices is nothing, not a failure.
 * 2. A machine file means what docs/machine-file.md says; anything else in it is
 *    refused by node and property, with the result untouched.
 * Damaged trees are in machine_damage_test.c, random ones in machine_random_test.c.
 */
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/fw/machine.h>

#include "lib/tree.h"

#define READ(flags) \
	test_tree_read(0, test_tree, TEST_TREE_SIZE, flags, &m, &d)

#define DATA "tests/data/fw/"

static void read_recorded(const char *name, struct iom_machine *m)
{
	struct iom_diag d;
	size_t len;
	void *blob = test_tree_recorded(name, &len);
	int rc = test_tree_read(0, blob, len, 0, m, &d);

	if (rc)
		print_error("%s: %s: %s: %s\n", name, d.node, d.prop, d.what);
	assert_int_equal(rc, IOM_OK);
	free(blob);
}

/* --- 1: other people's trees ----------------------------------------------- */

/* Each rid of a bridge has id == rid, but for the one left out. */
static void assert_identity(const struct iom_machine *m, uint32_t bridge, uint32_t iommu,
			    uint32_t left_out)
{
	uint32_t bdf, got, id;

	for (bdf = 0; bdf <= 0xffff; bdf++) {
		if (bdf == left_out) {
			assert_int_equal(iom_machine_find_pci(m, bridge, (uint16_t)bdf, &got, &id),
					 IOM_ENOENT);
			continue;
		}
		assert_int_equal(iom_machine_find_pci(m, bridge, (uint16_t)bdf, &got, &id), IOM_OK);
		assert_int_equal(got, iommu);
		assert_int_equal(id, bdf);
	}
}

static void qemu_virtio_iommu(void **state)
{
	struct iom_machine m;

	(void)state;
	read_recorded("virt-virtio-iommu", &m);
	assert_int_equal(m.nr_bridges, 1);
	assert_int_equal(m.nr_iommus, 1);
	assert_int_equal(m.nr_endpoints, 0);
	assert_int_equal(m.iommus[0].kind, IOM_MACHINE_VIOMMU_PCI);
	assert_int_equal(m.iommus[0].bdf, 0x18);
	assert_int_equal(m.iommus[0].bridge, 0);
	assert_true(m.iommus[0].coherent && m.bridges[0].coherent);
	assert_string_equal(m.bridges[0].path, "/pcie@10000000");
	assert_true(m.bridges[0].segment_given && m.bridges[0].segment == 0);
	assert_int_equal(m.bridges[0].bus_last, 255);
	assert_identity(&m, 0, 0, 0x18);
}

static void qemu_smmuv3(void **state)
{
	static const struct {
		const char *name;
		uint64_t base;
	} trees[] = {
		{ "virt-smmuv3-its", 0x09050000 },
		{ "virt-smmuv3-running", 0x09050000 },
		{ "virt-smmuv3-device", 0x0c000000 },
		{ "virt-secure-smmuv3", 0x09050000 },
	};
	struct iom_machine m;
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(trees); i++) {
		read_recorded(trees[i].name, &m);
		assert_int_equal(m.nr_iommus, 1);
		assert_int_equal(m.iommus[0].kind, IOM_MACHINE_SMMUV3);
		assert_true(m.iommus[0].has_reg && m.iommus[0].enabled);
		assert_true(m.iommus[0].reg.start == trees[i].base);
		assert_true(m.iommus[0].reg.last == trees[i].base + 0x1ffff);
		assert_identity(&m, 0, 0, UINT32_MAX);
	}
}

/* The functions that the guest of virt-smmuv3-running saw, and their IOMMU. */
static void guest_agrees(void **state)
{
	unsigned int seg, bus, dev, fn, n = 0;
	unsigned long long base;
	struct iom_machine m;
	uint32_t iommu, id;
	char line[256];
	FILE *f;

	(void)state;
	read_recorded("virt-smmuv3-running", &m);
	f = fopen(DATA "virt-smmuv3-running.pci.txt", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(sscanf(line, "%x:%x:%x.%u %*s %*s %*s iommu=smmu3.%llx",
					&seg, &bus, &dev, &fn, &base), 5);
		assert_int_equal(seg, m.bridges[0].segment);
		assert_int_equal(iom_machine_find_pci(&m, 0,
			(uint16_t)(bus << 8 | dev << 3 | fn), &iommu, &id), IOM_OK);
		assert_true(m.iommus[iommu].reg.start == base);
		n++;
	}
	fclose(f);
	assert_int_equal(n, 9);
}

static void nothing_here(void **state)
{
	struct iom_machine m;

	(void)state;
	read_recorded("efi-stub-acpi", &m);
	assert_int_equal(m.nr_bridges + m.nr_iommus + m.nr_endpoints + m.nr_resvs + m.nr_fns, 0);
	read_recorded("virt-none", &m);
	assert_int_equal(m.nr_bridges, 1);
	assert_int_equal(m.nr_iommus + m.nr_endpoints, 0);
	assert_false(m.bridges[0].has_map);
}

/* Masks, several entries, iommus with one cell. */
static void imx95(void **state)
{
	struct iom_machine m;
	uint32_t iommu, id;

	(void)state;
	read_recorded("imx95-19x19-evk", &m);
	assert_int_equal(m.nr_bridges, 4);
	assert_int_equal(m.nr_iommus, 1);
	assert_int_equal(m.nr_endpoints, 2);
	assert_int_equal(m.iommus[0].kind, IOM_MACHINE_SMMUV3);
	assert_true(m.iommus[0].reg.start == 0x490d0000 && m.iommus[0].reg.last == 0x4910ffff);
	assert_false(m.iommus[0].enabled);
	assert_false(m.iommus[0].coherent);
	assert_int_equal(m.endpoints[0].id, 0x0e);
	assert_int_equal(m.endpoints[1].id, 0x0f);
	assert_string_equal(m.endpoints[0].path, "/soc/usb@4c010010/usb@4c100000");
	assert_int_equal(m.bridges[0].map_mask, 0x1ff);
	assert_int_equal(m.bridges[1].segment, 1);
	/* 00:00.0, 01:00.3, and bus 2, which the mask makes bus 0 */
	assert_int_equal(iom_machine_find_pci(&m, 0, 0, &iommu, &id), IOM_OK);
	assert_int_equal(id, 0x10);
	assert_int_equal(iom_machine_find_pci(&m, 0, 0x103, &iommu, &id), IOM_OK);
	assert_int_equal(id, 0x14);
	assert_int_equal(iom_machine_find_pci(&m, 0, 0x200, &iommu, &id), IOM_OK);
	assert_int_equal(id, 0x10);
	assert_int_equal(iom_machine_find_pci(&m, 0, 0x107, &iommu, &id), IOM_ENOENT);
	assert_int_equal(m.bridges[2].nr_maps, 8);
	assert_false(m.bridges[2].segment_given);
	assert_int_equal(iom_machine_find_pci(&m, 2, 0xc0, &iommu, &id), IOM_OK);
	assert_int_equal(id, 0x27);
	assert_int_equal(m.nr_resvs, 1);
	assert_true(m.resvs[0].reusable && !m.resvs[0].has_range);
}

/* Ids that do not begin at 0; IOMMUs of another kind without cells. */
static void rk3588(void **state)
{
	static const uint16_t first[] = { 0x3000, 0x4000, 0, 0x1000, 0x2000 };
	uint32_t i, iommu, id, smmus = 0;
	struct iom_machine m;

	(void)state;
	read_recorded("rk3588-evb1-v10", &m);
	assert_int_equal(m.nr_bridges, 5);
	assert_int_equal(m.nr_endpoints, 15);
	for (i = 0; i < m.nr_iommus; i++)
		smmus += m.iommus[i].kind == IOM_MACHINE_SMMUV3;
	assert_int_equal(smmus, 2);
	for (i = 0; i < 5; i++) {
		assert_int_equal(m.bridges[i].bus_first, first[i] >> 8);
		assert_int_equal(m.bridges[i].segment, first[i] >> 12);
		assert_int_equal(iom_machine_find_pci(&m, i, (uint16_t)(first[i] + 0xfff), &iommu,
						      &id), IOM_OK);
		assert_int_equal(id, first[i] + 0xfff);
		assert_int_equal(iom_machine_find_pci(&m, i, (uint16_t)(first[i] + 0x1000),
						      &iommu, &id), IOM_ENOENT);
	}
	for (i = 0; i < m.nr_endpoints; i++) {
		assert_int_equal(m.endpoints[i].nr_args, 0);
		assert_int_equal(m.iommus[m.endpoints[i].iommu].kind, IOM_MACHINE_IOMMU_OTHER);
	}
	assert_int_equal(m.nr_resvs, 2);
	assert_true(m.resvs[0].has_range && m.resvs[0].no_map);
	assert_true(m.resvs[0].range.start == 0x10f000 && m.resvs[0].range.last == 0x10f0ff);
}

/* --- 2: a machine file ----------------------------------------------------- */

static void machine_file(void **state)
{
	const struct iom_machine_viommu *v;
	struct iom_machine m;
	struct iom_diag d;

	(void)state;
	test_tree_machine();
	CELLS(VIOMMU, "iom,resv-region", 0, 0, 0, 0xfff, 1, 0, 1, 0xffff);
	CELLS(VIOMMU, "iom,input-range", 0, 0x1000, 0xff, 0xffffffff);
	CELLS(VIOMMU, "iom,domain-range", 5, 0xffffffff);
	CELLS(VIOMMU, "iom,page-size-mask", 0xffffffff, 0xffff0000);
	CELLS(VIOMMU, "iom,max-domains", 9);
	CELLS(VIOMMU, "iom,max-bytes", 1, 2);
	assert_int_equal(READ(IOM_MACHINE_STRICT), IOM_OK);
	assert_int_equal(m.nr_fns, 4);
	assert_int_equal(m.nr_iommus, 1);
	assert_int_equal(m.fns[0].kind, IOM_MACHINE_FN_VIOMMU);
	assert_int_equal(m.fns[0].bdf, 0x10);
	assert_int_equal(m.fns[0].iommu, IOM_MACHINE_NONE);
	assert_int_equal(m.iommus[0].fn, 0);
	v = &m.fns[0].viommu;
	assert_true(v->bypass_config && !v->boot_bypass && v->probe && v->mmio);
	assert_true(v->has_msi && v->msi.start == 0xfee00000 && v->msi.last == 0xfeefffff);
	assert_int_equal(v->nr_resv, 2);
	assert_true(v->resv[1].start == UINT64_C(0x100000000) &&
		    v->resv[1].last == UINT64_C(0x10000ffff));
	assert_true(v->has_input_range && v->input_range.last == UINT64_C(0xffffffffff));
	assert_true(v->has_domain_range && v->domain_first == 5 && v->domain_last == UINT32_MAX);
	assert_true(v->page_size_mask == UINT64_C(0xffffffffffff0000));
	assert_int_equal(v->max_domains, 9);
	assert_int_equal(v->max_endpoints, 0);
	assert_true(v->max_bytes == UINT64_C(0x100000002));
	assert_int_equal(m.fns[1].kind, IOM_MACHINE_FN_BLK);
	assert_string_equal(m.fns[1].path, DISK);
	assert_string_equal(m.fns[1].name, "disk@3,0");
	assert_string_equal(m.fns[1].file, "disk.img");
	assert_string_equal(m.fns[1].serial, "");
	assert_true(m.fns[1].read_only && !m.fns[1].no_msix);
	assert_int_equal(m.fns[1].endpoint, 0x118);
	assert_int_equal(m.fns[2].kind, IOM_MACHINE_FN_RNG);
	assert_true(m.fns[2].packed && m.fns[2].no_msix && m.fns[2].msi_only);
	assert_int_equal(m.fns[3].kind, IOM_MACHINE_FN_DMA_TEST);
	assert_true(m.fns[3].no_msix && !m.fns[3].msi_only);
	assert_int_equal(m.fns[3].endpoint, 0x120);
	assert_int_equal(m.nr_endpoints, 1);
	assert_int_equal(m.endpoints[0].id, 0x4000);
	assert_true(m.endpoints[0].reg.start == 0xa000000);
}

static void machine_file_defaults(void **state)
{
	const struct iom_machine_viommu *v;
	struct iom_machine m;
	struct iom_diag d;

	(void)state;
	test_tree_machine();
	test_tree_ok(fdt_delprop(test_tree, test_tree_at(VIOMMU), "iom,boot-bypass"));
	test_tree_ok(fdt_delprop(test_tree, test_tree_at(VIOMMU), "iom,msi-region"));
	FLAG(VIOMMU, "iom,no-probe");
	FLAG(VIOMMU, "iom,no-mmio");
	assert_int_equal(READ(IOM_MACHINE_STRICT), IOM_OK);
	v = &m.fns[0].viommu;
	assert_true(v->bypass_config && v->boot_bypass && !v->probe && !v->mmio);
	assert_true(!v->has_msi && !v->has_input_range && !v->has_domain_range && !v->nr_resv);
	assert_true(v->page_size_mask == ~UINT64_C(0xfff));
	FLAG(VIOMMU, "iom,no-bypass-config");
	assert_int_equal(READ(IOM_MACHINE_STRICT), IOM_OK);
	assert_true(!m.fns[0].viommu.bypass_config && !m.fns[0].viommu.boot_bypass);
}

/* fdt is refused, *m untouched, with this node and property named. */
static void assert_refused(uint32_t flags, const char *node, const char *prop)
{
	struct iom_machine m, was;
	struct iom_diag d;
	int rc;

	memset(&m, 0xa5, sizeof(m));
	was = m;
	rc = READ(flags);
	if (rc != IOM_EINVAL || strcmp(d.node, node) || strcmp(d.prop, prop))
		print_error("wanted %s: %s, got %d %s: %s: %s\n", node, prop, rc,
			    rc ? d.node : "", rc ? d.prop : "", rc ? d.what : "");
	assert_int_equal(rc, IOM_EINVAL);
	assert_memory_equal(&m, &was, sizeof(m));
	assert_string_equal(d.node, node);
	assert_string_equal(d.prop, prop);
	assert_true(*d.what && strlen(d.what) < sizeof(d.what) - 1);
}

/* What is made of a good machine, and where it is refused. */
static const struct {
	const char *node;
	const char *prop;
	int len;			/* -1: delete it */
	uint32_t v[8];
	const char *at_node;
	const char *at_prop;
	bool any;			/* refused without STRICT, too */
} breaks[] = {
#define GONE		-1, { 0 }
#define STRICT		false
#define ALWAYS		true
#define IS(...)		(int)sizeof((uint32_t[]){ __VA_ARGS__ }), { __VA_ARGS__ }
	{ "/", "nonsense", IS(1), "/", "nonsense", STRICT },
	{ HOST, "nonsense", IS(1), HOST, "nonsense", STRICT },
	{ HOST, "compatible", GONE, HOST, "compatible", STRICT },
	{ HOST, "#address-cells", IS(2), HOST, "#address-cells", STRICT },
	{ HOST, "#size-cells", IS(1), HOST, "#size-cells", STRICT },
	{ HOST, "linux,pci-domain", GONE, HOST, "linux,pci-domain", STRICT },
	{ HOST, "linux,pci-domain", IS(0, 0), HOST, "linux,pci-domain", ALWAYS },
	{ HOST, "linux,pci-domain", IS(0x10000), HOST, "linux,pci-domain", ALWAYS },
	{ HOST, "bus-range", IS(1), HOST, "bus-range", ALWAYS },
	{ HOST, "bus-range", IS(2, 1), HOST, "bus-range", ALWAYS },
	{ HOST, "bus-range", IS(0, 256), HOST, "bus-range", ALWAYS },
	{ HOST, "bus-range", IS(1, 2), VIOMMU, "reg", STRICT },
	{ HOST, "iommu-map", IS(0x18, 7, 0x118), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", 0, { 0 }, HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", 3, { 0 }, HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 8, 0x118, 1), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 0, 0x118, 1), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 0xffffffff, 0x118, 1), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 7, 0x118, 0), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 7, 0x118, 0xffe9), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x10000, 7, 0x118, 1), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 7, 0xffffffff, 2), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 7, 0x18, 4, 0x1b, 7, 0x80, 4), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 7, 0x18, 4, 0x20, 7, 0x1b, 4), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0x18, 7, 0x3ff8, 9), MMIO, "iommus", ALWAYS },
	/* The IOMMU manages itself. */
	{ HOST, "iommu-map", IS(0x10, 7, 0x10, 1), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map", IS(0, 7, 0, 0x10000), MMIO, "iommus", ALWAYS },
	{ HOST, "iommu-map", IS(0, 7, 0x10000, 0x10000), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map-mask", IS(0xf), HOST, "iommu-map", ALWAYS },
	{ HOST, "iommu-map-mask", IS(0xffff, 0), HOST, "iommu-map-mask", ALWAYS },
	/* Two functions, one id: 3.0 and 3.1, and the map alone cannot tell. */
	{ HOST, "iommu-map-mask", IS(0xfffe), HOST, "iommu-map", STRICT },
	{ VIOMMU, "#iommu-cells", IS(0), VIOMMU, "#iommu-cells", ALWAYS },
	{ VIOMMU, "#iommu-cells", IS(1, 1), VIOMMU, "#iommu-cells", ALWAYS },
	{ VIOMMU, "#iommu-cells", GONE, VIOMMU, "#iommu-cells", STRICT },
	{ VIOMMU, "phandle", IS(8), MMIO, "iommus", ALWAYS },
	{ VIOMMU, "phandle", GONE, MMIO, "iommus", ALWAYS },
	{ VIOMMU, "iommus", IS(7, 1), VIOMMU, "iommus", ALWAYS },
	{ VIOMMU, "reg", GONE, VIOMMU, "reg", ALWAYS },
	{ VIOMMU, "reg", IS(0x1000, 0, 0, 0), VIOMMU, "reg", ALWAYS },
	{ VIOMMU, "reg", IS(0x1001, 0, 0, 0, 0), VIOMMU, "reg", ALWAYS },
	{ VIOMMU, "reg", IS(0x2001000, 0, 0, 0, 0), VIOMMU, "reg", ALWAYS },
	{ VIOMMU, "reg", IS(0x1000, 0, 1, 0, 0), VIOMMU, "reg", ALWAYS },
	{ VIOMMU, "reg", IS(0x2100, 0, 0, 0, 0), HOST, "iommu-map", ALWAYS },
	{ VIOMMU, "iom,boot-bypas", IS(1), VIOMMU, "iom,boot-bypas", STRICT },
	{ VIOMMU, "iom,boot-bypass", IS(2), VIOMMU, "iom,boot-bypass", STRICT },
	{ VIOMMU, "iom,boot-bypass", 0, { 0 }, VIOMMU, "iom,boot-bypass", STRICT },
	{ VIOMMU, "iom,no-bypass-config", 0, { 0 }, VIOMMU, "iom,boot-bypass", STRICT },
	{ VIOMMU, "iom,no-bypass-config", IS(1), VIOMMU, "iom,no-bypass-config", STRICT },
	{ VIOMMU, "iom,no-probe", 0, { 0 }, VIOMMU, "iom,no-probe", STRICT },
	{ VIOMMU, "iom,page-size-mask", IS(0, 0), VIOMMU, "iom,page-size-mask", STRICT },
	{ VIOMMU, "iom,page-size-mask", IS(0, 0x1040), VIOMMU, "iom,page-size-mask", STRICT },
	{ VIOMMU, "iom,page-size-mask", IS(0x1000), VIOMMU, "iom,page-size-mask", STRICT },
	{ VIOMMU, "iom,input-range", IS(0, 1, 0, 0), VIOMMU, "iom,input-range", STRICT },
	{ VIOMMU, "iom,input-range", IS(0, 0, 0, 1, 0, 2, 0, 3), VIOMMU, "iom,input-range",
	  STRICT },
	{ VIOMMU, "iom,domain-range", IS(2, 1), VIOMMU, "iom,domain-range", STRICT },
	{ VIOMMU, "iom,domain-range", IS(2), VIOMMU, "iom,domain-range", STRICT },
	{ VIOMMU, "iom,msi-region", IS(0, 0xfee00000, 0), VIOMMU, "iom,msi-region", STRICT },
	{ VIOMMU, "iom,resv-region", IS(0, 0, 0, 0xfee00000), VIOMMU, "iom,resv-region", STRICT },
	{ VIOMMU, "iom,resv-region", IS(0, 0, 0, 9, 0, 9, 0, 10), VIOMMU, "iom,resv-region",
	  STRICT },
	{ VIOMMU, "iom,max-domains", IS(0), VIOMMU, "iom,max-domains", STRICT },
	{ VIOMMU, "iom,max-requests", IS(1, 1), VIOMMU, "iom,max-requests", STRICT },
	{ VIOMMU, "iom,max-bytes", IS(0, 0), VIOMMU, "iom,max-bytes", STRICT },
	{ DISK, "compatible", GONE, DISK, "compatible", STRICT },
	{ DISK, "compatible", IS(0x61626300), DISK, "compatible", STRICT },
	{ DISK, "iom,file", GONE, DISK, "iom,file", STRICT },
	{ DISK, "iom,file", IS(0x61626364), DISK, "iom,file", STRICT },
	{ DISK, "iom,file", IS(0x61006300), DISK, "iom,file", STRICT },
	{ DISK, "iom,file", 1, { 0 }, DISK, "iom,file", STRICT },
	{ DISK, "read-only", IS(1), DISK, "read-only", STRICT },
	{ DISK, "reg", GONE, DISK, "reg", STRICT },
	{ DISK, "reg", IS(0x1900, 0, 0, 0, 0), RNG, "reg", STRICT },
	{ DISK, "reg", IS(0x10800, 0, 0, 0, 0), DISK, "reg", STRICT },
	{ DISK, "reg", IS(0x100000, 0, 0, 0, 0), DISK, "reg", STRICT },
	{ RNG, "iom,file", IS(0x61000000), RNG, "iom,file", STRICT },
	{ RNG, "reg", IS(0x2900, 0, 0, 0, 0), RNG, "reg", STRICT },
	{ DMA, "iom,packed", 0, { 0 }, DMA, "iom,packed", STRICT },
	{ DMA, "#iommu-cells", IS(1), DMA, "#iommu-cells", STRICT },
	{ MMIO, "reg", GONE, MMIO, "reg", STRICT },
	{ MMIO, "iommus", GONE, MMIO, "#iommu-cells", STRICT },
	{ MMIO, "iommus", IS(7), MMIO, "iommus", ALWAYS },
	{ MMIO, "iommus", IS(9, 1), MMIO, "iommus", ALWAYS },
	{ MMIO, "iommus", 0, { 0 }, MMIO, "iommus", ALWAYS },
	{ MMIO, "iommus", 6, { 0 }, MMIO, "iommus", ALWAYS },
	{ MMIO, "iommus", IS(7, 0x127), MMIO, "iommus", ALWAYS },
	{ MMIO, "compatible", GONE, MMIO, "", STRICT },
};

static void breaks_are_refused(void **state)
{
	fdt32_t raw[8];
	size_t i, k;
	int off;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(breaks); i++) {
		test_tree_machine();
		for (k = 0; k < 8; k++)
			raw[k] = cpu_to_fdt32(breaks[i].v[k]);
		off = test_tree_at(breaks[i].node);
		if (breaks[i].len < 0)
			test_tree_ok(fdt_delprop(test_tree, off, breaks[i].prop));
		else
			test_tree_ok(fdt_setprop(test_tree, off, breaks[i].prop, raw,
						 breaks[i].len));
		printf("# %zu: %s of %s\n", i, breaks[i].prop, breaks[i].node);
		assert_refused(IOM_MACHINE_STRICT, breaks[i].at_node, breaks[i].at_prop);
		if (breaks[i].any)
			assert_refused(0, breaks[i].at_node, breaks[i].at_prop);
	}
}

static void foreign_nodes_are_refused(void **state)
{
	(void)state;
	test_tree_machine();
	test_tree_ok(fdt_add_subnode(test_tree, 0, "chosen"));
	assert_refused(IOM_MACHINE_STRICT, "/chosen", "");
	test_tree_machine();
	test_tree_ok(fdt_add_subnode(test_tree, test_tree_at(DISK), "more"));
	assert_refused(IOM_MACHINE_STRICT, DISK "/more", "");
	/* A second bridge of the same segment. */
	test_tree_machine();
	test_tree_ok(fdt_add_subnode(test_tree, 0, "pcie@2"));
	STR("/pcie@2", "device_type", "pci");
	STR("/pcie@2", "compatible", "pci-host-ecam-generic");
	CELLS("/pcie@2", "#address-cells", 3);
	CELLS("/pcie@2", "#size-cells", 2);
	CELLS("/pcie@2", "linux,pci-domain", 0);
	assert_refused(IOM_MACHINE_STRICT, HOST, "linux,pci-domain");
	CELLS("/pcie@2", "linux,pci-domain", 1);
	CELLS("/pcie@2", "iommu-map", 0, 7, 0x120, 1);
	assert_refused(0, "/pcie@2", "iommu-map");
	/* A phandle of a node that is no IOMMU, and one that two have. */
	test_tree_machine();
	CELLS(HOST, "phandle", 9);
	CELLS(MMIO, "iommus", 9, 1);
	assert_refused(0, MMIO, "iommus");
	test_tree_machine();
	test_tree_ok(fdt_delprop(test_tree, test_tree_at(MMIO), "iommus"));
	CELLS(MMIO, "#iommu-cells", 1);
	CELLS(MMIO, "phandle", 7);
	assert_refused(0, VIOMMU, "phandle");
	/* A PCI IOMMU that is on no PCI bus. */
	test_tree_machine();
	STR(MMIO, "compatible", "pci1af4,1057");
	CELLS(MMIO, "#iommu-cells", 1);
	assert_refused(0, MMIO, "compatible");
}

/* Two IOMMUs that manage each other. */
static void circle_is_refused(void **state)
{
	struct iom_machine m;
	struct iom_diag d;

	(void)state;
	test_tree_machine();
	test_tree_function(HOST, "iommu@5,0", "pci1af4,1057", 0x28);
	CELLS(HOST "/iommu@5,0", "#iommu-cells", 1);
	CELLS(HOST "/iommu@5,0", "phandle", 8);
	CELLS(HOST, "iommu-map", 0x28, 7, 0x28, 1);
	assert_int_equal(READ(IOM_MACHINE_STRICT), IOM_OK);
	CELLS(HOST, "iommu-map", 0x28, 7, 0x28, 1, 0x10, 8, 0x10, 1);
	assert_refused(IOM_MACHINE_STRICT, HOST, "iommu-map");
}

/* `ranges` of a bus, and coherency that comes from above. */
static void platform_bus(void **state)
{
	struct iom_machine m;
	struct iom_diag d;

	(void)state;
	test_tree_machine();
	test_tree_ok(fdt_add_subnode(test_tree, 0, "soc"));
	FLAG("/soc", "dma-coherent");
	CELLS("/soc", "#address-cells", 1);
	CELLS("/soc", "#size-cells", 1);
	CELLS("/soc", "ranges", 0x1000, 1, 0x2000, 0x800);
	test_tree_ok(fdt_add_subnode(test_tree, test_tree_at("/soc"), "smmu@1100"));
	STR("/soc/smmu@1100", "compatible", "arm,smmu-v3");
	CELLS("/soc/smmu@1100", "#iommu-cells", 1);
	CELLS("/soc/smmu@1100", "reg", 0x1100, 0x100);
	assert_int_equal(READ(0), IOM_OK);
	assert_int_equal(m.nr_iommus, 2);
	assert_int_equal(m.iommus[0].kind, IOM_MACHINE_SMMUV3);
	assert_true(m.iommus[0].coherent && !m.iommus[1].coherent);
	assert_true(m.iommus[0].has_reg && m.iommus[0].reg.start == UINT64_C(0x100002100));
	assert_true(m.iommus[0].reg.last == UINT64_C(0x1000021ff));
	/* Outside of ranges: no CPU address, but still an IOMMU. */
	CELLS("/soc/smmu@1100", "reg", 0x1700, 0x200);
	FLAG("/soc/smmu@1100", "dma-noncoherent");
	STR("/soc", "status", "disabled");
	assert_int_equal(READ(0), IOM_OK);
	assert_true(!m.iommus[0].has_reg && !m.iommus[0].coherent && !m.iommus[0].enabled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_virtio_iommu),
		cmocka_unit_test(qemu_smmuv3),
		cmocka_unit_test(guest_agrees),
		cmocka_unit_test(nothing_here),
		cmocka_unit_test(imx95),
		cmocka_unit_test(rk3588),
		cmocka_unit_test(machine_file),
		cmocka_unit_test(machine_file_defaults),
		cmocka_unit_test(breaks_are_refused),
		cmocka_unit_test(foreign_nodes_are_refused),
		cmocka_unit_test(circle_is_refused),
		cmocka_unit_test(platform_bus),
	};
	int rc = cmocka_run_group_tests_name("machine", tests, NULL, NULL);

	test_tree_free();
	return rc;
}
