/* SPDX-License-Identifier: BSD-2-Clause */
#include <iom/base/err.h>
#include <iom/base/field.h>

#include "lib/tree.h"

void *test_tree;
static uint8_t *mem[4];

void test_tree_ok(int rc)
{
	if (rc < 0)
		print_error("libfdt: %s\n", fdt_strerror(rc));
	assert_true(rc >= 0);
}

int test_tree_at(const char *path)
{
	int off = fdt_path_offset(test_tree, path);

	test_tree_ok(off);
	return off;
}

void test_tree_cells(const char *path, const char *name, unsigned int n, const uint32_t *v)
{
	fdt32_t *raw = malloc(4 * n + 1);
	unsigned int i;

	for (i = 0; i < n; i++)
		raw[i] = cpu_to_fdt32(v[i]);
	test_tree_ok(fdt_setprop(test_tree, test_tree_at(path), name, raw, (int)(4 * n)));
	free(raw);
}

void test_tree_root(void)
{
	if (!test_tree)
		test_tree = malloc(TEST_TREE_SIZE);
	test_tree_ok(fdt_create_empty_tree(test_tree, TEST_TREE_SIZE));
	CELLS("/", "#address-cells", 2);
	CELLS("/", "#size-cells", 2);
}

void test_tree_bridge(const char *path, uint32_t segment)
{
	test_tree_ok(fdt_add_subnode(test_tree, 0, path + 1));
	STR(path, "device_type", "pci");
	STR(path, "compatible", "pci-host-ecam-generic");
	CELLS(path, "#address-cells", 3);
	CELLS(path, "#size-cells", 2);
	CELLS(path, "linux,pci-domain", segment);
}

void test_tree_function(const char *bridge, const char *name, const char *compatible,
			uint32_t bdf)
{
	char path[256];

	test_tree_ok(fdt_add_subnode(test_tree, test_tree_at(bridge), name));
	snprintf(path, sizeof(path), "%s/%s", bridge, name);
	test_tree_ok(fdt_setprop(test_tree, test_tree_at(path), "compatible", compatible,
				 (int)strlen(compatible) + 1));
	CELLS(path, "reg", bdf << 8, 0, 0, 0, 0);
}

/* As in docs/machine-file.md, and a virtio-mmio endpoint. */
void test_tree_machine(void)
{
	test_tree_root();
	test_tree_bridge(HOST, 0);
	CELLS(HOST, "bus-range", 0, 15);
	CELLS(HOST, "iommu-map", 0x18, 7, 0x118, 0x10);
	test_tree_function(HOST, "dma@4,0", "iom,dma-test", 0x20);
	FLAG(DMA, "iom,no-msix");
	test_tree_function(HOST, "rng@3,1", "virtio,rng", 0x19);
	FLAG(RNG, "iom,packed");
	FLAG(RNG, "iom,msi-only");
	test_tree_function(HOST, "disk@3,0", "virtio,blk", 0x18);
	STR(DISK, "iom,file", "disk.img");
	FLAG(DISK, "read-only");
	test_tree_function(HOST, "iommu@2,0", "pci1af4,1057", 0x10);
	CELLS(VIOMMU, "#iommu-cells", 1);
	CELLS(VIOMMU, "phandle", 7);
	CELLS(VIOMMU, "iom,boot-bypass", 0);
	CELLS(VIOMMU, "iom,msi-region", 0, 0xfee00000, 0, 0xfeefffff);
	test_tree_ok(fdt_add_subnode(test_tree, 0, &MMIO[1]));
	STR(MMIO, "compatible", "virtio,mmio");
	CELLS(MMIO, "reg", 0, 0xa000000, 0, 0x200);
	CELLS(MMIO, "iommus", 7, 0x4000);
}

void *test_tree_recorded(const char *name, size_t *len)
{
	uint8_t *p = malloc(1 << 21);
	char cmd[256];
	FILE *f;

	snprintf(cmd, sizeof(cmd), "gzip -dc tests/data/fw/%s.dtb.gz", name);
	f = popen(cmd, "r");
	assert_non_null(f);
	*len = fread(p, 1, 1 << 21, f);
	assert_int_equal(pclose(f), 0);
	return p;
}

int test_tree_read(unsigned int slot, const void *blob, size_t len, uint32_t flags,
		   struct iom_machine *m, struct iom_diag *d)
{
	size_t mem_size = 32 * len + 4096;
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	if (len)
		memcpy(copy, blob, len);
	free(mem[slot]);
	mem[slot] = malloc(mem_size);
	memset(d, 0x5a, sizeof(*d));
	rc = iom_machine_read(copy, len, flags, mem[slot], mem_size, m, d);
	free(copy);
	assert_int_not_equal(rc, IOM_ENOMEM);
	return rc;
}

void test_tree_free(void)
{
	unsigned int i;

	for (i = 0; i < IOM_ARRAY_SIZE(mem); i++) {
		free(mem[i]);
		mem[i] = NULL;
	}
	free(test_tree);
	test_tree = NULL;
}
