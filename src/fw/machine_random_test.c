/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of fw/machine over random machines (A4). The model is an array: for each
 * bridge and requester id, the IOMMU and the endpoint id.
 * 1. A machine is accepted exactly if the model finds no id or requester id
 *    used twice and no IOMMU in front of itself.
 * 2. Its VIOT says of every requester id what the model says of libiom's
 *    functions, and has no other endpoint.
 * 3. So does a tree that the machine was put into, and one that its overlay was
 *    applied to, whatever the bridges are called there.
 */
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/fw/machine.h>
#include <iom/fw/viot.h>

#include "lib/tree.h"

#define BRIDGES	2
#define IOMMUS	2
#define RIDS	0x300			/* buses 0 to 2 */
#define ENTRIES	5

struct entry {
	uint32_t rid, iommu, id, count;
};

static struct {
	unsigned int nr_bridges;
	unsigned int nr_iommus;
	uint32_t segment[BRIDGES];
	unsigned int nr_entries[BRIDGES];
	struct entry entry[BRIDGES][ENTRIES];
	/* Which function each IOMMU is. */
	uint32_t iommu_bridge[IOMMUS];
	uint32_t iommu_bdf[IOMMUS];
	/* The model: 0 is no IOMMU, otherwise its number + 1. */
	uint8_t map[BRIDGES][RIDS];
	uint32_t id[BRIDGES][RIDS];
	bool fn[BRIDGES][RIDS];
	unsigned int behind;		/* functions with an IOMMU */
} w;

static const char *const paths[BRIDGES] = { "/pcie@10000000", "/soc-pcie@20000000" };
static uint8_t out[1 << 16] __attribute__((aligned(8)));
static uint8_t base[1 << 16] __attribute__((aligned(8)));

/* --- making one ------------------------------------------------------------ */

static void random_functions(struct test_rng *r, unsigned int b)
{
	uint32_t dev, fn, slots = 1 + (uint32_t)test_rng_below(r, 6);

	while (slots--) {
		dev = (uint32_t)test_rng_below(r, 12);
		for (fn = 0; fn < 8 && (!fn || test_rng_below(r, 3)); fn++)
			w.fn[b][dev << 3 | fn] = true;
	}
	if (test_rng_below(r, 2))
		w.fn[b][0x100] = true;
	if (test_rng_below(r, 2))
		w.fn[b][0x200] = true;
}

static void random_machine(struct test_rng *r)
{
	struct entry *e;
	unsigned int b, i;

	memset(&w, 0, sizeof(w));
	w.nr_bridges = 1 + (unsigned int)test_rng_below(r, BRIDGES);
	w.nr_iommus = 1 + (unsigned int)test_rng_below(r, IOMMUS);
	w.segment[0] = (uint32_t)test_rng_below(r, 3);
	w.segment[1] = w.segment[0] + 1 + (uint32_t)test_rng_below(r, 9);
	for (b = 0; b < w.nr_bridges; b++) {
		random_functions(r, b);
		w.nr_entries[b] = (unsigned int)test_rng_below(r, ENTRIES);
		for (i = 0; i < w.nr_entries[b]; i++) {
			e = &w.entry[b][i];
			e->rid = (uint32_t)(test_rng_below(r, 6) ? test_rng_below(r, 0x80) :
					    test_rng_below(r, RIDS - 0x40));
			e->count = 1 + (uint32_t)test_rng_below(r, 0x20);
			e->iommu = (uint32_t)test_rng_below(r, w.nr_iommus);
			e->id = test_rng_below(r, 4) ? e->rid + b * 0x10000 :
				(uint32_t)test_rng_below(r, 0x200);
		}
	}
	for (i = 0; i < w.nr_iommus; i++) {
		w.iommu_bridge[i] = (uint32_t)test_rng_below(r, w.nr_bridges);
		w.iommu_bdf[i] = 0x78 + 8 * i;
		if (!test_rng_below(r, 12))
			w.iommu_bdf[i] = 0x10 + 8 * i;
		w.fn[w.iommu_bridge[i]][w.iommu_bdf[i]] = true;
	}
}

static bool is_iommu(unsigned int b, uint32_t bdf)
{
	unsigned int i;

	for (i = 0; i < w.nr_iommus; i++) {
		if (w.iommu_bridge[i] == b && w.iommu_bdf[i] == bdf)
			return true;
	}
	return false;
}

/* Fill the model; false if the machine is impossible. */
static bool model(void)
{
	static uint8_t used[IOMMUS][0x10000 * BRIDGES + RIDS];
	unsigned int b, i, k;
	struct entry *e;
	uint32_t n;

	memset(used, 0, sizeof(used));
	for (b = 0; b < w.nr_bridges; b++) {
		for (i = 0; i < w.nr_entries[b]; i++) {
			e = &w.entry[b][i];
			for (n = 0; n < e->count; n++) {
				if (w.map[b][e->rid + n] || used[e->iommu][e->id + n])
					return false;
				used[e->iommu][e->id + n] = 1;
				w.map[b][e->rid + n] = (uint8_t)(e->iommu + 1);
				w.id[b][e->rid + n] = e->id + n;
			}
		}
	}
	for (i = 0; i < w.nr_iommus; i++) {
		n = i + 1;
		for (k = 0; k < IOMMUS && n; k++) {
			n = w.map[w.iommu_bridge[n - 1]][w.iommu_bdf[n - 1]];
			if (n == i + 1)
				return false;
		}
	}
	for (b = 0; b < w.nr_bridges; b++)
		for (n = 0; n < RIDS; n++)
			w.behind += w.fn[b][n] && w.map[b][n];
	return true;
}

static void build_function(unsigned int b, uint32_t bdf)
{
	char name[40], path[80];
	unsigned int i;

	snprintf(name, sizeof(name), "f%x@%x,%x", bdf >> 8, bdf >> 3 & 31, bdf & 7);
	snprintf(path, sizeof(path), "%s/%s", paths[b], name);
	if (!is_iommu(b, bdf)) {
		test_tree_function(paths[b], name, "iom,dma-test", bdf);
		return;
	}
	test_tree_function(paths[b], name, "pci1af4,1057", bdf);
	CELLS(path, "#iommu-cells", 1);
	for (i = 0; i < w.nr_iommus; i++) {
		if (w.iommu_bridge[i] == b && w.iommu_bdf[i] == bdf)
			CELLS(path, "phandle", 100 + i);
	}
}

static void build(void)
{
	uint32_t cells[4 * ENTRIES], bdf;
	unsigned int b, i;

	test_tree_root();
	for (b = 0; b < w.nr_bridges; b++) {
		test_tree_bridge(paths[b], w.segment[b]);
		for (i = 0; i < w.nr_entries[b]; i++) {
			cells[4 * i] = w.entry[b][i].rid;
			cells[4 * i + 1] = 100 + w.entry[b][i].iommu;
			cells[4 * i + 2] = w.entry[b][i].id;
			cells[4 * i + 3] = w.entry[b][i].count;
		}
		if (w.nr_entries[b])
			test_tree_cells(paths[b], "iommu-map", 4 * w.nr_entries[b], cells);
		for (bdf = 0; bdf < RIDS; bdf++) {
			if (w.fn[b][bdf])
				build_function(b, bdf);
		}
	}
}

/* --- comparing ------------------------------------------------------------- */

static uint32_t bridge_of_segment(const struct iom_machine *m, uint32_t segment)
{
	uint32_t i;

	for (i = 0; i < m->nr_bridges; i++) {
		if (m->bridges[i].segment == segment)
			return i;
	}
	fail_msg("no bridge with segment %u", segment);
	return 0;
}

/* IOMMU and id of a requester id in m are as the model has them. */
static void same_endpoint(const struct iom_machine *m, unsigned int b, uint32_t bdf,
			  bool functions_only)
{
	uint32_t iommu, id, want = w.map[b][bdf];
	int rc = iom_machine_find_pci(m, bridge_of_segment(m, w.segment[b]), (uint16_t)bdf,
				      &iommu, &id);

	if (!want || (functions_only && !w.fn[b][bdf])) {
		assert_int_equal(rc, IOM_ENOENT);
		return;
	}
	assert_int_equal(rc, IOM_OK);
	assert_int_equal(id, w.id[b][bdf]);
	assert_int_equal(m->iommus[iommu].bdf, w.iommu_bdf[want - 1]);
	assert_int_equal(m->bridges[m->iommus[iommu].bridge].segment,
			 w.segment[w.iommu_bridge[want - 1]]);
}

static void same_machine(const struct iom_machine *m, bool functions_only)
{
	unsigned int b;
	uint32_t bdf;

	assert_int_equal(m->nr_bridges, w.nr_bridges);
	assert_int_equal(m->nr_iommus, w.nr_iommus);
	for (b = 0; b < w.nr_bridges; b++)
		for (bdf = 0; bdf < RIDS; bdf++)
			same_endpoint(m, b, bdf, functions_only);
}

static void same_functions(const struct iom_machine *m)
{
	const struct iom_machine_fn *fn;
	unsigned int b, nr = 0;
	uint32_t i, bdf;

	for (b = 0; b < w.nr_bridges; b++)
		for (bdf = 0; bdf < RIDS; bdf++)
			nr += w.fn[b][bdf];
	assert_int_equal(m->nr_fns, nr);
	for (i = 0; i < m->nr_fns; i++) {
		fn = &m->fns[i];
		b = fn->segment == w.segment[0] ? 0 : 1;
		assert_true(w.fn[b][fn->bdf]);
		assert_int_equal(fn->kind == IOM_MACHINE_FN_VIOMMU, is_iommu(b, fn->bdf));
		assert_int_equal(fn->iommu != IOM_MACHINE_NONE, w.map[b][fn->bdf] != 0);
		if (fn->iommu == IOM_MACHINE_NONE)
			continue;
		assert_int_equal(fn->endpoint, w.id[b][fn->bdf]);
		assert_int_equal(m->iommus[fn->iommu].bdf, w.iommu_bdf[w.map[b][fn->bdf] - 1]);
	}
}

static void same_viot(const struct iom_machine *m)
{
	struct iom_viot_node nodes[128];
	uint32_t bdf, iommu, id, want;
	struct iom_diag d;
	struct iom_viot v;
	unsigned int b;
	size_t len;
	int rc;

	rc = iom_machine_viot(m, out, sizeof(out), &len, &d);
	assert_int_equal(rc, w.behind ? IOM_OK : IOM_EINVAL);
	if (rc)
		return;
	assert_int_equal(iom_viot_read(out, len, nodes, 128, &v, &d), IOM_OK);
	for (b = 0; b < w.nr_bridges; b++) {
		for (bdf = 0; bdf < RIDS; bdf++) {
			rc = iom_viot_find_pci(&v, (uint16_t)w.segment[b], (uint16_t)bdf,
					       &iommu, &id);
			want = w.map[b][bdf];
			if (!want || !w.fn[b][bdf]) {
				assert_int_equal(rc, IOM_ENOENT);
				continue;
			}
			assert_int_equal(rc, IOM_OK);
			assert_int_equal(id, w.id[b][bdf]);
			assert_int_equal(nodes[iommu].u.virtio_pci.bdf, w.iommu_bdf[want - 1]);
			assert_int_equal(nodes[iommu].u.virtio_pci.segment,
					 w.segment[w.iommu_bridge[want - 1]]);
		}
	}
}

/* A tree of the same machine without IOMMU, as QEMU would dump it, in base[]. */
static void build_base(const char *const names[BRIDGES])
{
	unsigned int b;

	test_tree_root();
	for (b = 0; b < w.nr_bridges; b++)
		test_tree_bridge(names[b], w.segment[b]);
	CELLS("/", "phandle", 7);
	test_tree_ok(fdt_open_into(test_tree, base, sizeof(base)));
}

static void same_tree(const struct iom_machine *m)
{
	static const char *const others[BRIDGES] = { "/z", "/a" };
	struct iom_machine back;
	struct iom_diag d;
	size_t len;
	int rc;

	build_base(others);
	rc = iom_machine_dt(m, base, sizeof(base), out, sizeof(out), &len, &d);
	assert_int_equal(rc, w.behind ? IOM_OK : IOM_EINVAL);
	if (rc)
		return;
	assert_int_equal(test_tree_read(1, out, len, 0, &back, &d), IOM_OK);
	same_machine(&back, true);
	/* Once more is refused: there is an IOMMU already. */
	memcpy(base, out, len);
	assert_int_equal(iom_machine_dt(m, base, len, out, sizeof(out), &len, &d), IOM_EINVAL);

	build_base(paths);
	assert_int_equal(iom_machine_dt(m, NULL, 0, out, sizeof(out), &len, &d), IOM_OK);
	test_tree_ok(fdt_overlay_apply(base, out));
	assert_int_equal(test_tree_read(1, base, sizeof(base), 0, &back, &d), IOM_OK);
	same_machine(&back, true);
}

static void random_machines(void **state)
{
	unsigned int round, good = 0, bad = 0;
	struct iom_machine m;
	struct test_rng r;
	struct iom_diag d;
	int rc, want;

	(void)state;
	test_rng_init(&r);
	for (round = 0; round < 1500; round++) {
		random_machine(&r);
		build();
		rc = test_tree_read(0, test_tree, TEST_TREE_SIZE, IOM_MACHINE_STRICT, &m, &d);
		want = model() ? IOM_OK : IOM_EINVAL;
		if (rc && !want)
			print_error("%s: %s: %s\n", d.node, d.prop, d.what);
		assert_int_equal(rc, want);
		if (rc) {
			bad++;
			continue;
		}
		good++;
		same_machine(&m, false);
		same_functions(&m);
		same_viot(&m);
		same_tree(&m);
	}
	printf("# %u machines accepted, %u refused\n", good, bad);
	assert_true(good > 200 && bad > 200);
}

/* --- what cannot be written ------------------------------------------------ */

static void dt_refusals(void **state)
{
	struct iom_machine m;
	struct iom_diag d;
	size_t len = 7;

	(void)state;
	memset(&w, 0, sizeof(w));
	w.nr_bridges = 1;
	/* A platform endpoint. */
	test_tree_machine();
	assert_int_equal(test_tree_read(0, test_tree, TEST_TREE_SIZE, IOM_MACHINE_STRICT, &m, &d),
			 IOM_OK);
	assert_int_equal(iom_machine_dt(&m, NULL, 0, out, sizeof(out), &len, &d), IOM_EOPNOTSUPP);
	assert_string_equal(d.node, MMIO);
	/* ... which VIOT can say. */
	assert_int_equal(iom_machine_viot(&m, out, sizeof(out), &len, &d), IOM_OK);
	assert_int_equal(len, 48 + 16 + 24 + 24 + 24);

	test_tree_machine();
	test_tree_ok(fdt_del_node(test_tree, test_tree_at(MMIO)));
	CELLS(VIOMMU, "reg", 0x10000, 0, 0, 0, 0);
	assert_int_equal(test_tree_read(0, test_tree, TEST_TREE_SIZE, IOM_MACHINE_STRICT, &m, &d),
			 IOM_OK);
	assert_int_equal(iom_machine_dt(&m, NULL, 0, out, sizeof(out), &len, &d), IOM_EOPNOTSUPP);
	assert_string_equal(d.node, VIOMMU);

	CELLS(VIOMMU, "reg", 0x1000, 0, 0, 0, 0);
	assert_int_equal(test_tree_read(0, test_tree, TEST_TREE_SIZE, IOM_MACHINE_STRICT, &m, &d),
			 IOM_OK);
	len = 7;
	/* Another segment; a function in the way; every buffer that is too small. */
	w.segment[0] = 1;
	build_base(paths);
	assert_int_equal(iom_machine_dt(&m, base, sizeof(base), out, sizeof(out), &len, &d),
			 IOM_EINVAL);
	assert_string_equal(d.prop, "linux,pci-domain");
	w.segment[0] = 0;
	build_base(paths);
	assert_int_equal(iom_machine_dt(&m, base, 39, out, sizeof(out), &len, &d), IOM_EINVAL);
	test_tree_function(HOST, "in-the-way@2,0", "x", 0x10);
	test_tree_ok(fdt_open_into(test_tree, base, sizeof(base)));
	assert_int_equal(iom_machine_dt(&m, base, sizeof(base), out, sizeof(out), &len, &d),
			 IOM_EINVAL);
	assert_string_equal(d.node, VIOMMU);
	assert_int_equal(len, 7);
}

static void small_buffers(void **state)
{
	struct iom_machine m;
	struct iom_diag d;
	size_t cap, len = 7;
	uint8_t *buf;
	int rc;

	(void)state;
	test_tree_machine();
	test_tree_ok(fdt_del_node(test_tree, test_tree_at(MMIO)));
	assert_int_equal(test_tree_read(0, test_tree, TEST_TREE_SIZE, IOM_MACHINE_STRICT, &m, &d),
			 IOM_OK);
	for (cap = 0, rc = IOM_ENOSPC; rc; cap++) {
		buf = malloc(cap + 1);
		rc = iom_machine_viot(&m, buf, cap, &len, &d);
		assert_true(rc == IOM_OK || rc == IOM_ENOSPC);
		assert_int_equal(len, rc ? 7 : cap);
		free(buf);
	}
	len = 7;
	for (cap = 0, rc = IOM_ENOSPC; rc; cap++) {
		buf = aligned_alloc(8, (cap + 8) & ~(size_t)7);
		rc = iom_machine_dt(&m, NULL, 0, buf, cap, &len, &d);
		assert_true(rc == IOM_OK || rc == IOM_ENOSPC);
		assert_true(rc ? len == 7 : len <= cap);
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_machines),
		cmocka_unit_test(dt_refusals),
		cmocka_unit_test(small_buffers),
	};
	int rc = cmocka_run_group_tests_name("machine_random", tests, NULL, NULL);

	test_tree_free();
	return rc;
}
