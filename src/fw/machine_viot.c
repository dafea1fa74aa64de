/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine as VIOT. Ranges cover libiom's functions only; see iom_machine_viot.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/fw/viot.h>

#include "fw/diag.h"
#include "fw/machine.h"

/* Nodes of one table; they are on the stack while it is put together. */
#define MAX_NODES	512u

struct build {
	const struct iom_machine *m;
	struct iom_diag *diag;
	struct iom_viot_node nodes[MAX_NODES];
	uint32_t nr;
	uint32_t nr_iommus;
	uint32_t iommu[MAX_NODES];	/* nodes[i] describes this IOMMU, i < nr_iommus */
};

static bool is_virtio(const struct iom_machine *m, uint32_t iommu)
{
	return m->iommus[iommu].kind == IOM_MACHINE_VIOMMU_PCI ||
	       m->iommus[iommu].kind == IOM_MACHINE_VIOMMU_MMIO;
}

bool iomi_machine_next_run(const struct iom_machine *m, uint32_t *i,
			   struct iomi_machine_run *run)
{
	const struct iom_machine_fn *fn;

	run->count = 0;
	for (; *i < m->nr_fns; ++*i) {
		fn = &m->fns[*i];
		if (fn->iommu == IOM_MACHINE_NONE || !is_virtio(m, fn->iommu)) {
			if (run->count)
				break;
			continue;
		}
		if (!run->count)
			*run = (struct iomi_machine_run){
				fn->bridge, fn->iommu, fn->segment, fn->bdf, fn->endpoint, 0,
			};
		else if (fn->bridge != run->bridge || fn->iommu != run->iommu ||
			 fn->bdf != run->bdf + run->count ||
			 fn->endpoint != run->endpoint + run->count)
			break;
		run->count++;
	}
	return run->count;
}

static int add(struct build *b, const char *path, const struct iom_viot_node *n)
{
	if (b->nr == MAX_NODES)
		return iomi_diag_fail(b->diag, IOM_E2BIG, path, NULL,
				      "needs more than %u VIOT nodes", MAX_NODES);
	b->nodes[b->nr++] = *n;
	return IOM_OK;
}

/* IOMMUs come first, so that their offsets are small. */
static int add_iommus(struct build *b)
{
	const struct iom_machine_iommu *iommu;
	struct iom_viot_node n;
	uint32_t i;
	int rc = IOM_OK;

	for (i = 0; i < b->m->nr_iommus && !rc; i++) {
		iommu = &b->m->iommus[i];
		if (!is_virtio(b->m, i) || !iommu->enabled)
			continue;
		n = (struct iom_viot_node){ .type = IOM_VIOT_VIRTIO_MMIO };
		if (iommu->kind == IOM_MACHINE_VIOMMU_PCI) {
			n.type = IOM_VIOT_VIRTIO_PCI;
			n.u.virtio_pci.segment = b->m->bridges[iommu->bridge].segment;
			n.u.virtio_pci.bdf = iommu->bdf;
		} else if (iommu->has_reg) {
			n.u.virtio_mmio.base = iommu->reg.start;
		} else {
			return iomi_diag_fail(b->diag, IOM_EINVAL, iommu->path, "reg",
				"missing; VIOT needs the base address");
		}
		rc = add(b, iommu->path, &n);
		if (!rc)
			b->iommu[b->nr_iommus++] = i;
	}
	return rc;
}

/* The node of an IOMMU; false if it has none, as disabled ones have not. */
static bool node_of(const struct build *b, uint32_t iommu, uint32_t *node)
{
	for (*node = 0; *node < b->nr_iommus; ++*node) {
		if (b->iommu[*node] == iommu)
			return true;
	}
	return false;
}

static int add_range(struct build *b, const struct iomi_machine_run *run)
{
	struct iom_viot_node n = { .type = IOM_VIOT_PCI_RANGE };

	if (!node_of(b, run->iommu, &n.u.range.iommu))
		return IOM_OK;
	n.u.range.endpoint = run->endpoint;
	n.u.range.segment_first = run->segment;
	n.u.range.segment_last = run->segment;
	n.u.range.bdf_first = run->bdf;
	n.u.range.bdf_last = (uint16_t)(run->bdf + run->count - 1);
	return add(b, b->m->bridges[run->bridge].path, &n);
}

/* A machine that libiom provides nothing of: the maps as they are. */
static int add_maps(struct build *b, uint32_t bridge)
{
	const struct iom_machine_bridge *br = &b->m->bridges[bridge];
	const struct iom_machine_map *map;
	uint32_t i;
	int rc = IOM_OK;

	for (i = 0; i < br->nr_maps && br->enabled && !rc; i++) {
		map = &br->maps[i];
		if (!is_virtio(b->m, map->iommu))
			continue;
		if ((br->map_mask & 0xffff) != 0xffff)
			return iomi_diag_fail(b->diag, IOM_EINVAL, br->path, "iommu-map-mask",
				"VIOT cannot say that functions share an endpoint ID");
		rc = add_range(b, &(struct iomi_machine_run){
			bridge, map->iommu, br->segment, (uint16_t)map->rid, map->id,
			map->count });
	}
	return rc;
}

static int add_endpoints(struct build *b)
{
	const struct iom_machine_endpoint *e;
	struct iom_viot_node n;
	uint32_t i;
	int rc = IOM_OK;

	for (i = 0; i < b->m->nr_endpoints && !rc; i++) {
		e = &b->m->endpoints[i];
		n = (struct iom_viot_node){ .type = IOM_VIOT_MMIO_ENDPOINT };
		if (!e->enabled || !node_of(b, e->iommu, &n.u.mmio.iommu))
			continue;
		if (!e->has_reg)
			return iomi_diag_fail(b->diag, IOM_EINVAL, e->path, "reg",
				"missing; VIOT needs the base address");
		n.u.mmio.base = e->reg.start;
		n.u.mmio.endpoint = e->id;
		rc = add(b, e->path, &n);
	}
	return rc;
}

int iom_machine_viot(const struct iom_machine *m, void *buf, size_t cap,
		     size_t *len, struct iom_diag *diag)
{
	struct build b = { .m = m, .diag = diag };
	struct iomi_machine_run run;
	uint32_t i = 0;
	int rc;

	rc = add_iommus(&b);
	while (!rc && iomi_machine_next_run(m, &i, &run))
		rc = add_range(&b, &run);
	for (i = 0; !m->nr_fns && i < m->nr_bridges && !rc; i++)
		rc = add_maps(&b, i);
	if (!rc)
		rc = add_endpoints(&b);
	if (rc)
		return rc;
	if (b.nr == b.nr_iommus)
		return iomi_diag_fail(diag, IOM_EINVAL, NULL, NULL,
			"no endpoint is behind a virtio-iommu; an iommu-map that covers "
			"one is missing");
	return iom_viot_write(&iom_viot_ids_default, b.nodes, b.nr, buf, cap, len, diag);
}
