/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an IORT may mean, and what follows from it. Reader and writer share the
 * checks, so that whatever we write we also accept. Targets are in range here, or
 * NONE.
 *
 * A mapping leads one step down the order device, SMMU, ITS group. So no way
 * through a table is longer than two steps, and none is a circle.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/mem.h>
#include <iom/fw/iort.h>
#include <iom/spec/iort.h>

#include "fw/diag.h"
#include "fw/iort.h"

int iomi_iort_fail(struct iom_diag *d, int err, uint32_t offset, const char *field,
		   const char *what)
{
	char node[] = "node at 0x00000000";
	unsigned int i;

	for (i = 0; i < 8; i++)
		node[10 + i] = "0123456789abcdef"[offset >> (28 - 4 * i) & 15];
	return iomi_diag_fail(d, err, node, field, "%s", what);
}

static bool is_smmu(const struct iom_iort_node *n)
{
	return n->type == IOM_IORT_SMMU || n->type == IOM_IORT_SMMUV3;
}

/* Is mapping k one that an input ID is looked up in? */
static bool has_input(const struct iom_iort_node *n, uint32_t k)
{
	return !n->maps[k].single && !(n->type == IOM_IORT_SMMUV3 && n->u.smmuv3.msi_map == k);
}

static bool inputs_overlap(const struct iom_iort_map *a, const struct iom_iort_map *b)
{
	return a->input <= b->input + b->count_m1 && b->input <= a->input + a->count_m1;
}

static const char *target_error(const struct iom_iort_node *nodes, const struct iom_iort_node *n,
				const struct iom_iort_map *m)
{
	const struct iom_iort_node *to;

	if (m->target == IOM_IORT_NONE)
		return NULL;
	to = &nodes[m->target];
	switch (n->type) {
	case IOM_IORT_ITS:
		return "an ITS group has no mappings";
	case IOM_IORT_NAMED:
	case IOM_IORT_RC:
	case IOM_IORT_PMCG:
		return is_smmu(to) || to->type == IOM_IORT_ITS ? NULL :
		       "a device's IDs go to an SMMU or an ITS group";
	case IOM_IORT_SMMU:
	case IOM_IORT_SMMUV3:
		return to->type == IOM_IORT_ITS ? NULL : "an SMMU's IDs go to an ITS group";
	case IOM_IORT_RMR:
		return is_smmu(to) ? NULL : "reserved memory is of streams of an SMMU";
	}
	return "unknown node type";
}

static const char *map_error(const struct iom_iort_node *nodes, const struct iom_iort_node *n,
			     uint32_t k, const char **field)
{
	const struct iom_iort_map *m = &n->maps[k];
	uint32_t j;

	*field = "output reference";
	if (target_error(nodes, n, m))
		return target_error(nodes, n, m);
	*field = "ID count";
	if (m->output + m->count_m1 < m->output)
		return "the last output ID does not fit in 32 bits";
	if (m->single)
		return m->count_m1 ? "a single mapping is of one ID" : NULL;
	if (m->input + m->count_m1 < m->input)
		return "the last input ID does not fit in 32 bits";
	*field = "input base";
	if (n->type == IOM_IORT_RC && m->input > UINT16_MAX)
		return "no PCI requester ID is that large";
	for (j = 0; has_input(n, k) && j < k; j++) {
		if (has_input(n, j) && inputs_overlap(m, &n->maps[j]))
			return "an earlier mapping of this node has (some of) these IDs";
	}
	return NULL;
}

static const char *own_error(const struct iom_iort_node *n, const char **field)
{
	uint32_t i, j;

	if (n->type == IOM_IORT_NAMED) {
		*field = "device name";
		return n->u.named.name && n->u.named.name[0] ? NULL : "is empty";
	}
	if (n->type != IOM_IORT_RMR)
		return NULL;
	*field = "RMR descriptors";
	for (i = 0; i < n->u.rmr.nr; i++) {
		if (!iom_range_valid(n->u.rmr.ranges[i]))
			return "a range ends before it begins";
		for (j = 0; j < i; j++)
			if (iom_range_overlaps(n->u.rmr.ranges[i], n->u.rmr.ranges[j]))
				return "two ranges of this node overlap";
	}
	return NULL;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool rcs_overlap(const struct iom_iort_node *a, const struct iom_iort_node *b)
{
	uint32_t i, j;

	for (i = 0; i < a->nr_maps; i++)
		for (j = 0; j < b->nr_maps; j++)
			if (has_input(a, i) && has_input(b, j) &&
			    inputs_overlap(&a->maps[i], &b->maps[j]))
				return true;
	return false;
}

static bool rmrs_overlap(const struct iom_iort_node *a, const struct iom_iort_node *b)
{
	uint32_t i, j;

	for (i = 0; i < a->u.rmr.nr; i++)
		for (j = 0; j < b->u.rmr.nr; j++)
			if (iom_range_overlaps(a->u.rmr.ranges[i], b->u.rmr.ranges[j]))
				return true;
	return false;
}

/* What is wrong with two nodes that are each good alone. */
static const char *pair_error(const struct iom_iort_node *a, const struct iom_iort_node *b,
			      const char **field)
{
	if (a->type != b->type)
		return NULL;
	switch (a->type) {
	case IOM_IORT_SMMUV3:
		*field = "base address";
		return a->u.smmuv3.base == b->u.smmuv3.base ?
		       "an earlier node already describes this SMMU" : NULL;
	case IOM_IORT_NAMED:
		*field = "device name";
		return same_name(a->u.named.name, b->u.named.name) ?
		       "an earlier node already describes this device" : NULL;
	case IOM_IORT_RC:
		*field = "input base";
		return a->u.rc.segment == b->u.rc.segment && rcs_overlap(a, b) ?
		       "an earlier root complex of this segment has (some of) these IDs" : NULL;
	case IOM_IORT_RMR:
		*field = "RMR descriptors";
		return rmrs_overlap(a, b) ? "a range overlaps one of an earlier node" : NULL;
	default:
		return NULL;
	}
}

int iomi_iort_check(const struct iom_iort_node *nodes, uint32_t nr, uint32_t *bad,
		    const char **field, const char **what)
{
	uint32_t i, k;

	for (i = 0; i < nr; i++) {
		*bad = i;
		*field = NULL;
		*what = own_error(&nodes[i], field);
		for (k = 0; k < nodes[i].nr_maps && !*what; k++)
			*what = map_error(nodes, &nodes[i], k, field);
		for (k = 0; k < i && !*what; k++)
			*what = pair_error(&nodes[k], &nodes[i], field);
		if (*what)
			return IOM_EINVAL;
	}
	return IOM_OK;
}

/* --- look-ups --- */

/* Where an input ID goes from a node. */
static int map_id(const struct iom_iort_node *n, uint32_t input, uint32_t *node, uint32_t *id)
{
	const struct iom_iort_map *m;
	uint32_t k;

	for (k = 0; k < n->nr_maps; k++) {
		m = &n->maps[k];
		if (!has_input(n, k) || input < m->input || input - m->input > m->count_m1)
			continue;
		if (m->target == IOM_IORT_NONE)
			return IOM_ENOENT;
		*node = m->target;
		*id = m->output + (input - m->input);
		return IOM_OK;
	}
	return IOM_ENOENT;
}

int iom_iort_find_pci(const struct iom_iort *t, uint16_t segment, uint16_t bdf,
		      uint32_t *node, uint32_t *id)
{
	uint32_t i;

	for (i = 0; i < t->nr_nodes; i++) {
		if (t->nodes[i].type == IOM_IORT_RC && t->nodes[i].u.rc.segment == segment &&
		    !map_id(&t->nodes[i], bdf, node, id))
			return IOM_OK;
	}
	return IOM_ENOENT;
}

int iom_iort_find_named(const struct iom_iort *t, const char *name, uint32_t nth,
			uint32_t *node, uint32_t *id)
{
	const struct iom_iort_node *n;
	uint32_t i;

	for (i = 0; i < t->nr_nodes; i++) {
		n = &t->nodes[i];
		if (n->type != IOM_IORT_NAMED || !same_name(n->u.named.name, name))
			continue;
		if (nth >= n->nr_maps || n->maps[nth].target == IOM_IORT_NONE)
			return IOM_ENOENT;
		*node = n->maps[nth].target;
		*id = n->maps[nth].output;
		return IOM_OK;
	}
	return IOM_ENOENT;
}

int iom_iort_find_msi(const struct iom_iort *t, uint32_t smmu, uint32_t id,
		      uint32_t *its, uint32_t *device)
{
	if (smmu >= t->nr_nodes || !is_smmu(&t->nodes[smmu]))
		return IOM_ENOENT;
	return map_id(&t->nodes[smmu], id, its, device);
}
