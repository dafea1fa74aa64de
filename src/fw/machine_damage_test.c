/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of fw/machine: a tree that is cut, has bits flipped, is deeper or longer
 * than we care for, or comes with too little memory, never does harm: it is
 * refused with the result untouched, or is a tree like any other.
 */
#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/fw/machine.h>

#include "lib/tree.h"

#define READ(flags) \
	test_tree_read(0, test_tree, TEST_TREE_SIZE, flags, &m, &d)

/* Read what may be anything: fine, or refused with the result untouched. */
static bool survives(const void *bytes, size_t len, uint32_t flags)
{
	struct iom_machine m, was;
	struct iom_diag d;
	uint32_t iommu, id, i;
	int rc;

	memset(&m, 0xa5, sizeof(m));
	was = m;
	rc = test_tree_read(0, bytes, len, flags, &m, &d);
	if (rc) {
		assert_memory_equal(&m, &was, sizeof(m));
		assert_non_null(memchr(d.node, 0, sizeof(d.node)));
		assert_non_null(memchr(d.what, 0, sizeof(d.what)));
		return false;
	}
	for (i = 0; i < m.nr_fns; i++) {
		if (m.fns[i].iommu != IOM_MACHINE_NONE)
			assert_in_range(m.fns[i].iommu, 0, m.nr_iommus - 1);
		iom_machine_find_pci(&m, m.fns[i].bridge, m.fns[i].bdf, &iommu, &id);
	}
	return true;
}

static void cut_trees_are_refused(void **state)
{
	size_t len, full;

	(void)state;
	test_tree_machine();
	test_tree_ok(fdt_pack(test_tree));
	full = fdt_totalsize(test_tree);
	assert_true(survives(test_tree, full, IOM_MACHINE_STRICT));
	for (len = 0; len < full; len++) {
		assert_false(survives(test_tree, len, IOM_MACHINE_STRICT));
		/* Also if the header admits to it. */
		fdt_set_totalsize(test_tree, (uint32_t)len);
		assert_false(survives(test_tree, len, 0));
		fdt_set_totalsize(test_tree, (uint32_t)full);
	}
}

static void flipped_bits(void **state)
{
	unsigned int strict = 0, any = 0;
	uint8_t *b;
	size_t bit, len;

	(void)state;
	test_tree_machine();
	test_tree_ok(fdt_pack(test_tree));
	len = fdt_totalsize(test_tree);
	b = test_tree;
	for (bit = 0; bit < 8 * len; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		strict += survives(b, len, IOM_MACHINE_STRICT);
		any += survives(b, len, 0);
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	printf("# of %zu flips %u make another machine file, %u another tree\n", 8 * len,
	       strict, any);
	assert_true(strict < any && any < 8 * len);
}

static void flipped_recorded(void **state)
{
	static const char *const names[] = { "imx95-19x19-evk", "rk3588-evb1-v10" };
	unsigned int round, k, flips;
	struct test_rng r;
	uint8_t *blob, *copy;
	size_t i, len;

	(void)state;
	test_rng_init(&r);
	for (i = 0; i < IOM_ARRAY_SIZE(names); i++) {
		blob = test_tree_recorded(names[i], &len);
		copy = malloc(len);
		for (round = 0; round < 60; round++) {
			memcpy(copy, blob, len);
			flips = 1 + (unsigned int)test_rng_below(&r, 20);
			for (k = 0; k < flips; k++)
				copy[test_rng_below(&r, len)] ^=
					(uint8_t)(1u << test_rng_below(&r, 8));
			survives(copy, len, 0);
		}
		free(copy);
		free(blob);
	}
}

static void deep_and_long_trees(void **state)
{
	char path[600] = "", name[200];
	struct iom_machine m;
	struct iom_diag d;
	int depth;

	(void)state;
	test_tree_machine();
	for (depth = 1; depth < 32; depth++) {
		test_tree_ok(fdt_add_subnode(test_tree, depth > 1 ? test_tree_at(path) : 0, "n"));
		strcat(path, "/n");
		assert_int_equal(READ(0), IOM_OK);
	}
	test_tree_ok(fdt_add_subnode(test_tree, test_tree_at(path), "n"));
	assert_int_equal(READ(0), IOM_EINVAL);
	test_tree_machine();
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	test_tree_ok(fdt_add_subnode(test_tree, test_tree_at(HOST), name));
	assert_int_equal(READ(0), IOM_OK);
	snprintf(path, sizeof(path), HOST "/%s", name);
	test_tree_ok(fdt_add_subnode(test_tree, test_tree_at(path), name));
	assert_int_equal(READ(0), IOM_EINVAL);
	assert_string_equal(d.node, path);
}

/* Too little memory is ENOMEM, whatever it is too little for. */
static void little_memory(void **state)
{
	struct iom_machine m, was;
	struct iom_diag d;
	size_t size;
	uint8_t *p;
	int rc = IOM_ENOMEM;

	(void)state;
	test_tree_machine();
	test_tree_ok(fdt_pack(test_tree));
	memset(&m, 0xa5, sizeof(m));
	was = m;
	for (size = 0; rc; size++) {
		assert_memory_equal(&m, &was, sizeof(m));
		p = malloc(size + 1);
		rc = iom_machine_read(test_tree, fdt_totalsize(test_tree), IOM_MACHINE_STRICT,
				      p + 1, size, &m, &d);
		assert_true(rc == IOM_OK || rc == IOM_ENOMEM);
		free(p);
	}
	printf("# %zu bytes are enough for a tree of %u\n", size - 1, fdt_totalsize(test_tree));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_trees_are_refused),
		cmocka_unit_test(flipped_bits),
		cmocka_unit_test(flipped_recorded),
		cmocka_unit_test(deep_and_long_trees),
		cmocka_unit_test(little_memory),
	};
	int rc = cmocka_run_group_tests_name("machine_damage", tests, NULL, NULL);

	test_tree_free();
	return rc;
}
