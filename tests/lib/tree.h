/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device trees for tests: one under construction, built by libfdt, recorded
 * ones, and a way to read them with just the memory that suffices.
 */
#ifndef TESTS_LIB_TREE_H
#define TESTS_LIB_TREE_H

#include <libfdt.h>

#include <iom/fw/machine.h>

#include "lib/test.h"

#define TEST_TREE_SIZE	(1 << 16)

/* Nodes of test_tree_machine(). */
#define HOST	"/pcie@10000000"
#define VIOMMU	HOST "/iommu@2,0"
#define DISK	HOST "/disk@3,0"
#define RNG	HOST "/rng@3,1"
#define DMA	HOST "/dma@4,0"
#define MMIO	"/virtio_mmio@a000000"

/* The tree under construction, TEST_TREE_SIZE bytes. */
extern void *test_tree;

/* Make it a machine file with all of the nodes above. */
void test_tree_machine(void);
/* Make it a machine file with nothing but a root. */
void test_tree_root(void);
/* Add an empty host bridge for a segment, or a function to one. */
void test_tree_bridge(const char *path, uint32_t segment);
void test_tree_function(const char *bridge, const char *name, const char *compatible,
			uint32_t bdf);

/* Fails the test if libfdt did. */
void test_tree_ok(int rc);
int test_tree_at(const char *path);
void test_tree_cells(const char *path, const char *name, unsigned int n, const uint32_t *v);

#define CELLS(path, name, ...) \
	test_tree_cells(path, name, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, \
			(uint32_t[]){ __VA_ARGS__ })
#define FLAG(path, name) \
	test_tree_ok(fdt_setprop(test_tree, test_tree_at(path), name, NULL, 0))
#define STR(path, name, s) \
	test_tree_ok(fdt_setprop(test_tree, test_tree_at(path), name, s, sizeof(s)))

/* A blob from tests/data/fw, unpacked; malloc. */
void *test_tree_recorded(const char *name, size_t *len);

/*
 * iom_machine_read() of a copy of exactly len bytes, with the memory that its
 * header promises to suffice, in turn valid until a call with the same slot.
 */
int test_tree_read(unsigned int slot, const void *blob, size_t len, uint32_t flags,
		   struct iom_machine *m, struct iom_diag *d);

void test_tree_free(void);

#endif
