/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of SMMUs written into a device tree:
 * 1. A random machine, put into a tree of the same one without IOMMUs, is read back
 *    as it was; dtc has nothing to say about the tree.
 * 2. QEMU's SMMU, taken out of its own tree and put in again, has the properties that
 *    QEMU wrote, but for the clock.
 * 3. What the base tree cannot hold is refused, with node and property.
 */
#include <unistd.h>

#include <iom/base/err.h>
#include <iom/base/field.h>

#include "lib/tree.h"

#define SMMUS		4u
#define BRIDGES		3u
#define MAPS		4u
#define ENDPOINTS	6u
#define NONE		IOM_MACHINE_NONE
#define ITS		"/intc/its@8080000"
#define V2M		"/intc/v2m@8020000"

static struct {
	struct iom_machine m;
	struct iom_machine_iommu iommus[SMMUS];
	struct iom_machine_bridge bridges[BRIDGES];
	struct iom_machine_map maps[BRIDGES][MAPS];
	struct iom_machine_endpoint endpoints[ENDPOINTS];
	struct iom_machine_msi msis[2];
	char paths[SMMUS][32];
} w;

static const char *const bridges[BRIDGES] = {
	"/pcie@10000000", "/pcie@20000000", "/pcie@30000000",
};
static const char *const devs[] = { "/usb", "/bus/dma", "/bus/gpu" };
static uint8_t out[1 << 16] __attribute__((aligned(8)));
static size_t len;
static struct iom_diag d;

static void add(const char *path)
{
	const char *name = strrchr(path, '/');
	char parent[64];

	snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path);
	test_tree_ok(fdt_add_subnode(test_tree, *parent ? test_tree_at(parent) : 0, name + 1));
}

/* --- 1 --- */

static void random_smmu(struct test_rng *rng, uint32_t i)
{
	bool below = test_rng_below(rng, 3) == 0;
	struct iom_machine_iommu *u = &w.iommus[i];
	uint64_t base = (i + 1) * UINT64_C(0x1000000) +
			(test_rng_below(rng, 2) && !below ? UINT64_C(1) << 36 : 0);
	uint32_t spi = 32 + 8 * i + (uint32_t)test_rng_below(rng, 900);

	snprintf(w.paths[i], sizeof(w.paths[i]), "%s/iommu@%llx", below ? "/bus" : "",
		 (unsigned long long)base);
	*u = (struct iom_machine_iommu){
		.kind = IOM_MACHINE_SMMUV3, .path = w.paths[i], .compatible = "arm,smmu-v3",
		.cells = 1, .enabled = test_rng_below(rng, 6), .coherent = test_rng_below(rng, 2),
		.bridge = NONE, .fn = NONE, .has_reg = true, .reg = { base, base + 0x1ffff },
		.msi = NONE,
	};
	u->irq_event = u->irq_pri = u->irq_gerror = u->irq_sync = spi;
	if (test_rng_below(rng, 3)) {
		u->irq_pri = test_rng_below(rng, 2) ? spi + 1 : 0;
		u->irq_gerror = test_rng_below(rng, 4) ? spi + 2 : 16 + i;
		u->irq_sync = test_rng_below(rng, 2) ? spi + 3 : 0;
	}
	if (test_rng_below(rng, 3))
		return;
	u->irq_event = u->irq_pri = u->irq_gerror = u->irq_sync = 0;
	u->msi = (uint32_t)test_rng_below(rng, 2);
	u->msi_id = u->msi ? 0 : (uint32_t)test_rng_u64(rng);
}

static void random_bridge(struct test_rng *rng, uint32_t i)
{
	static const uint32_t masks[] = { 0xffff, 0xffff, 0x1ff, 0xff };
	uint32_t mask = masks[test_rng_below(rng, 4)], at = 0, n = 0;
	struct iom_machine_bridge *b = &w.bridges[i];
	struct iom_machine_map *map;

	for (; n < MAPS; n++) {
		map = &w.maps[i][n];
		at += (uint32_t)test_rng_below(rng, mask / 4);
		*map = (struct iom_machine_map){
			.iommu = (uint32_t)test_rng_below(rng, w.m.nr_iommus), .rid = at,
			.id = (uint32_t)test_rng_below(rng, 1u << 31),
			.count = 1 + (uint32_t)test_rng_below(rng, mask / 4),
		};
		at += map->count;
		if (at > mask + 1)
			break;
	}
	*b = (struct iom_machine_bridge){
		.path = bridges[i], .segment = (uint16_t)(7 * i), .segment_given = true,
		.bus_last = 255, .enabled = true, .map_mask = mask, .has_map = n,
		.nr_maps = n, .maps = w.maps[i], .msi_mask = 0xffff, .msi = NONE,
	};
	if (!n)
		b->map_mask = 0xffff;
}

static void random_machine(struct test_rng *rng)
{
	uint32_t i, dev = 0;

	memset(&w, 0, sizeof(w));
	w.m.nr_iommus = 1 + (uint32_t)test_rng_below(rng, SMMUS);
	w.m.nr_bridges = (uint32_t)test_rng_below(rng, BRIDGES + 1);
	for (i = 0; i < w.m.nr_iommus; i++)
		random_smmu(rng, i);
	for (i = 0; i < w.m.nr_bridges; i++)
		random_bridge(rng, i);
	for (i = 0; i < ENDPOINTS && dev < IOM_ARRAY_SIZE(devs); i++) {
		w.endpoints[i] = (struct iom_machine_endpoint){
			.path = devs[dev], .nr_args = 1, .enabled = true, .msi = NONE,
			.iommu = (uint32_t)test_rng_below(rng, w.m.nr_iommus),
			.id = (uint32_t)test_rng_u64(rng),
		};
		dev += test_rng_below(rng, 2) != 0;
	}
	w.m.nr_endpoints = i;
	w.msis[0].path = ITS;
	w.msis[1].path = V2M;
	w.m.nr_msis = 2;
	w.m.iommus = w.iommus;
	w.m.bridges = w.bridges;
	w.m.endpoints = w.endpoints;
	w.m.msis = w.msis;
}

/* The tree of such a machine without IOMMUs. */
static void make_base(bool narrow, bool phandles)
{
	uint32_t i;

	test_tree_root();
	CELLS("/", "interrupt-parent", 7);
	add("/intc");
	CELLS("/intc", "phandle", 7);
	CELLS("/intc", "#interrupt-cells", 3);
	CELLS("/intc", "#address-cells", 2);
	CELLS("/intc", "#size-cells", 2);
	FLAG("/intc", "ranges");
	FLAG("/intc", "interrupt-controller");
	add(ITS);
	CELLS(ITS, "reg", 0, 0x8080000, 0, 0x20000);
	FLAG(ITS, "msi-controller");
	CELLS(ITS, "#msi-cells", 1);
	add(V2M);
	CELLS(V2M, "reg", 0, 0x8020000, 0, 0x1000);
	FLAG(V2M, "msi-controller");
	if (phandles)
		CELLS(ITS, "phandle", 9);
	add("/bus");
	CELLS("/bus", "#address-cells", narrow ? 1 : 2);
	CELLS("/bus", "#size-cells", narrow ? 1 : 2);
	FLAG("/bus", "ranges");
	FLAG("/bus", "dma-coherent");
	for (i = 0; i < IOM_ARRAY_SIZE(devs); i++)
		add(devs[i]);
	for (i = 0; i < BRIDGES; i++) {
		test_tree_bridge(bridges[i], 7 * i);
		CELLS(bridges[i], "reg", 0, (i + 1) << 28, 0, 0x10000000);
		CELLS(bridges[i], "ranges", 0x02000000, 0, 0, 0x10, i << 28, 0, 0x10000000);
		CELLS(bridges[i], "bus-range", 0, 255);
	}
	test_tree_ok(fdt_pack(test_tree));
}

static const struct iom_machine_iommu *find(const struct iom_machine *m, const char *path)
{
	uint32_t i;

	for (i = 0; i < m->nr_iommus; i++)
		if (!strcmp(m->iommus[i].path, path))
			return &m->iommus[i];
	fail_msg("no %s", path);
	return NULL;
}

static void same_iommu(const struct iom_machine *m, const struct iom_machine_iommu *x)
{
	const struct iom_machine_iommu *y = find(m, x->path);

	assert_true(y->kind == x->kind && y->enabled == x->enabled && y->coherent == x->coherent);
	assert_string_equal(y->compatible, x->compatible);
	assert_true(y->has_reg && y->reg.start == x->reg.start && y->reg.last == x->reg.last);
	assert_true(y->irq_event == x->irq_event && y->irq_pri == x->irq_pri &&
		    y->irq_gerror == x->irq_gerror && y->irq_sync == x->irq_sync);
	assert_int_equal(y->msi == NONE, x->msi == NONE);
	if (y->msi == NONE)
		return;
	assert_string_equal(m->msis[y->msi].path, w.msis[x->msi].path);
	assert_int_equal(y->msi_id, x->msi_id);
}

static void same_machine(const struct iom_machine *m)
{
	const struct iom_machine_bridge *x, *y;
	uint32_t i, k, at;

	assert_int_equal(m->nr_iommus, w.m.nr_iommus);
	for (i = 0; i < w.m.nr_iommus; i++)
		same_iommu(m, &w.iommus[i]);
	for (i = 0; i < w.m.nr_bridges; i++) {
		x = &w.bridges[i];
		for (at = 0; strcmp(m->bridges[at].path, x->path); at++)
			assert_true(at + 1 < m->nr_bridges);
		y = &m->bridges[at];
		assert_true(y->has_map == x->has_map && y->map_mask == x->map_mask);
		assert_int_equal(y->nr_maps, x->nr_maps);
		for (k = 0; k < x->nr_maps; k++) {
			assert_true(y->maps[k].rid == x->maps[k].rid &&
				    y->maps[k].id == x->maps[k].id &&
				    y->maps[k].count == x->maps[k].count);
			assert_string_equal(m->iommus[y->maps[k].iommu].path,
					    w.paths[x->maps[k].iommu]);
		}
	}
	assert_int_equal(m->nr_endpoints, w.m.nr_endpoints);
	for (i = 0; i < w.m.nr_endpoints; i = k) {
		for (at = 0; strcmp(m->endpoints[at].path, w.endpoints[i].path); at++)
			assert_true(at + 1 < m->nr_endpoints);
		/* Those of a device stay in order. */
		for (k = i; k < w.m.nr_endpoints &&
		     !strcmp(w.endpoints[k].path, w.endpoints[i].path); k++, at++) {
			assert_string_equal(m->endpoints[at].path, w.endpoints[k].path);
			assert_int_equal(m->endpoints[at].id, w.endpoints[k].id);
			assert_string_equal(m->iommus[m->endpoints[at].iommu].path,
					    w.paths[w.endpoints[k].iommu]);
		}
	}
}

static void passes_dtc(void)
{
	char name[32] = "/tmp/iom-dt-test.", cmd[128], text[256];
	size_t n;
	FILE *f;
	int fd;

	memset(name + strlen(name), 'X', 6);
	fd = mkstemp(name);
	assert_true(fd >= 0 && write(fd, out, len) == (ssize_t)len);
	close(fd);
	snprintf(cmd, sizeof(cmd), "dtc -I dtb -O dts -o /dev/null %s 2>&1", name);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_string_equal(text, "");
	unlink(name);
}

static int write_it(void)
{
	len = 7;
	memset(&d, 0, sizeof(d));
	return iom_machine_dt(&w.m, test_tree, fdt_totalsize(test_tree), out, sizeof(out), &len,
			      &d);
}

static void round_trip(void **state)
{
	bool dtc = !system("command -v dtc >/dev/null");
	struct iom_machine m;
	struct test_rng rng;
	unsigned int round;
	int rc;

	(void)state;
	test_rng_init(&rng);
	for (round = 0; round < 200; round++) {
		random_machine(&rng);
		make_base(round & 1, round & 2);
		rc = write_it();
		if (rc)
			print_error("%s %s: %s\n", d.node, d.prop, d.what);
		assert_int_equal(rc, IOM_OK);
		rc = test_tree_read(0, out, len, 0, &m, &d);
		if (rc)
			print_error("%s %s: %s\n", d.node, d.prop, d.what);
		assert_int_equal(rc, IOM_OK);
		same_machine(&m);
		/* It minds a narrower bus with empty ranges. */
		if (dtc && round < 24 && !(round & 1))
			passes_dtc();
	}
	if (!dtc)
		TEST_SKIP("no dtc: install the Debian package device-tree-compiler");
}

/* --- 2 --- */

static void same_property(const void *a, const void *b, const char *path, const char *name)
{
	int la, lb;
	const void *x = fdt_getprop(a, fdt_path_offset(a, path), name, &la);
	const void *y = fdt_getprop(b, fdt_path_offset(b, path), name, &lb);

	assert_true(x && y && la == lb);
	assert_memory_equal(x, y, (size_t)la);
}

static void as_qemu_has_it(void **state)
{
	static const char *const props[] = { "compatible", "reg", "interrupts", "interrupt-names",
					     "dma-coherent", "#iommu-cells" };
	struct iom_machine m, back;
	uint32_t phandle, i;
	const fdt32_t *map;
	const char *path;
	void *blob, *base;
	size_t size;

	(void)state;
	blob = test_tree_recorded("virt-smmuv3-its", &size);
	assert_int_equal(test_tree_read(0, blob, size, 0, &m, &d), IOM_OK);
	assert_int_equal(m.nr_iommus, 1);
	path = m.iommus[0].path;
	base = malloc(size);
	memcpy(base, blob, size);
	test_tree_ok(fdt_del_node(base, fdt_path_offset(base, path)));
	test_tree_ok(fdt_delprop(base, fdt_path_offset(base, m.bridges[0].path), "iommu-map"));
	test_tree_ok(fdt_pack(base));
	assert_int_equal(iom_machine_dt(&m, base, size, out, sizeof(out), &len, &d), IOM_OK);
	for (i = 0; i < IOM_ARRAY_SIZE(props); i++)
		same_property(blob, out, path, props[i]);
	map = fdt_getprop(out, fdt_path_offset(out, m.bridges[0].path), "iommu-map", NULL);
	assert_non_null(map);
	phandle = fdt_get_phandle(out, fdt_path_offset(out, path));
	assert_true(!fdt32_ld(map) && fdt32_ld(map + 1) == phandle && !fdt32_ld(map + 2) &&
		    fdt32_ld(map + 3) == 0x10000);
	assert_int_equal(test_tree_read(1, out, len, 0, &back, &d), IOM_OK);
	assert_int_equal(back.iommus[0].irq_gerror, m.iommus[0].irq_gerror);
	/* It is there already. */
	len = 7;
	test_tree_ok(fdt_pack(blob));
	assert_int_equal(iom_machine_dt(&m, blob, size, out, sizeof(out), &len, &d), IOM_EINVAL);
	assert_int_equal(len, 7);
	free(base);
	free(blob);
}

/* --- 3 --- */

static void refused(int want, const char *node, const char *prop)
{
	int rc = write_it();

	if (rc != want || strcmp(d.node, node) || strcmp(d.prop, prop))
		print_error("wanted %d %s: %s, got %d %s: %s: %s\n", want, node, prop, rc, d.node,
			    d.prop, d.what);
	assert_int_equal(rc, want);
	assert_string_equal(d.node, node);
	assert_string_equal(d.prop, prop);
	assert_int_equal(len, 7);
}

/* One SMMU, a bridge and a device behind it. */
static void make_small(void)
{
	memset(&w, 0, sizeof(w));
	w.iommus[0] = (struct iom_machine_iommu){
		.kind = IOM_MACHINE_SMMUV3, .path = "/iommu@9050000", .cells = 1, .enabled = true,
		.bridge = NONE, .fn = NONE, .has_reg = true, .reg = { 0x9050000, 0x906ffff },
		.irq_event = 32, .irq_gerror = 33, .msi = 0, .msi_id = 5,
	};
	w.maps[0][0] = (struct iom_machine_map){ 0, 0, 0, 0x10000 };
	w.bridges[0] = (struct iom_machine_bridge){
		.path = bridges[0], .enabled = true, .has_map = true, .map_mask = 0xffff,
		.nr_maps = 1, .maps = w.maps[0], .msi = NONE,
	};
	w.endpoints[0] = (struct iom_machine_endpoint){
		.path = "/usb", .nr_args = 1, .id = 3, .enabled = true, .msi = NONE,
	};
	w.msis[0].path = ITS;
	w.m = (struct iom_machine){
		.nr_iommus = 1, .iommus = w.iommus, .nr_bridges = 1, .bridges = w.bridges,
		.nr_endpoints = 1, .endpoints = w.endpoints, .nr_msis = 1, .msis = w.msis,
	};
	make_base(true, true);
	test_tree_ok(fdt_open_into(test_tree, test_tree, TEST_TREE_SIZE));
	assert_int_equal(write_it(), IOM_OK);
}

static void refusals(void **state)
{
	const char *smmu = "/iommu@9050000";
	uint8_t *small;
	size_t cap;
	int rc;

	(void)state;
	make_small();
	len = 7;
	assert_int_equal(iom_machine_dt(&w.m, NULL, 0, out, sizeof(out), &len, &d), IOM_EOPNOTSUPP);
	assert_string_equal(d.node, smmu);
	w.iommus[0].has_reg = false;
	refused(IOM_EINVAL, smmu, "reg");
	make_small();
	w.iommus[0].path = "/soc/iommu";
	refused(IOM_EINVAL, "/soc/iommu", "");
	w.iommus[0].path = "iommu";
	refused(IOM_EINVAL, "iommu", "");
	w.iommus[0].path = "/";
	refused(IOM_EINVAL, "/", "");
	w.iommus[0].path = "/bus/iommu";
	w.iommus[0].reg = (struct iom_range){ UINT64_C(1) << 32, (UINT64_C(1) << 32) + 0x1ffff };
	refused(IOM_EINVAL, "/bus/iommu", "reg");
	CELLS("/bus", "ranges", 0, 0, 0x10, 0x10000000);
	refused(IOM_EOPNOTSUPP, "/bus/iommu", "reg");
	make_small();
	add(smmu);
	refused(IOM_EINVAL, smmu, "");
	make_small();
	w.iommus[0].irq_event = 5;
	refused(IOM_EINVAL, smmu, "interrupts");
	w.iommus[0].irq_event = 1020;
	refused(IOM_EINVAL, smmu, "interrupts");
	make_small();
	CELLS("/intc", "#interrupt-cells", 2);
	refused(IOM_EOPNOTSUPP, smmu, "interrupts");
	make_small();
	test_tree_ok(fdt_delprop(test_tree, 0, "interrupt-parent"));
	refused(IOM_EOPNOTSUPP, smmu, "interrupts");
	make_small();
	w.msis[0].path = "/usb";
	refused(IOM_EINVAL, smmu, "msi-parent");
	make_small();
	CELLS(ITS, "#msi-cells", 2);
	refused(IOM_EOPNOTSUPP, smmu, "msi-parent");
	make_small();
	w.endpoints[0].path = "/sub";
	refused(IOM_EINVAL, "/sub", "");
	make_small();
	CELLS("/usb", "iommus", 1, 2);
	refused(IOM_EINVAL, "/usb", "iommus");
	make_small();
	CELLS(bridges[0], "iommu-map", 0, 1, 0, 1);
	refused(IOM_EINVAL, bridges[0], "iommu-map");
	make_small();
	w.bridges[0].segment = 9;
	refused(IOM_EINVAL, "", "linux,pci-domain");
	make_small();
	w.iommus[0].kind = IOM_MACHINE_IOMMU_OTHER;
	w.iommus[0].path = "/iommu@1";
	refused(IOM_EOPNOTSUPP, "/usb", "");
	w.m.nr_endpoints = 0;
	refused(IOM_EOPNOTSUPP, "/iommu@1", "");
	/* Every buffer that is too small. */
	make_small();
	for (cap = 0, rc = IOM_ENOSPC, len = 7; rc; cap += 8) {
		small = aligned_alloc(8, cap ? cap : 8);
		rc = iom_machine_dt(&w.m, test_tree, TEST_TREE_SIZE, small, cap, &len, &d);
		assert_true(rc == IOM_OK || (rc == IOM_ENOSPC && len == 7));
		free(small);
	}
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
		cmocka_unit_test(round_trip),
		cmocka_unit_test(as_qemu_has_it),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests_name("machine_dt_smmu", tests, NULL, tear_down);
}
