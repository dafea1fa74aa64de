/* SPDX-License-Identifier: BSD-2-Clause */
/* A device tree's machine as a driver of SMMUv3s sees it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/fw/machine.h>

#include "fw/diag.h"

struct fill {
	const struct iom_machine *m;
	struct iom_streams *out;
	struct iom_diag *diag;
};

static int full(struct fill *f, const char *array)
{
	return iomi_diag_fail(f->diag, IOM_E2BIG, NULL, array,
			      "there are more than the caller has room for");
}

static bool is_ours(const struct iom_machine_iommu *i)
{
	return i->kind == IOM_MACHINE_SMMUV3 && i->enabled && i->has_reg;
}

static int add_smmus(struct fill *f)
{
	const struct iom_machine_iommu *n;
	uint32_t i;

	for (i = 0; i < f->m->nr_iommus; i++) {
		n = &f->m->iommus[i];
		if (!is_ours(n))
			continue;
		if (f->out->nr_smmus == f->out->cap_smmus)
			return full(f, "smmus");
		f->out->smmus[f->out->nr_smmus++] = (struct iom_streams_smmu){
			.base = n->reg.start,
			.coherent = n->coherent,
			.irq_event = n->irq_event,
			.irq_pri = n->irq_pri,
			.irq_gerror = n->irq_gerror,
			.irq_sync = n->irq_sync,
			.has_msi = n->msi != IOM_MACHINE_NONE && f->m->msis[n->msi].enabled,
			.msi_id = n->msi_id,
			.source = i,
		};
	}
	return IOM_OK;
}

static uint32_t smmu_index(const struct fill *f, uint32_t iommu)
{
	uint32_t i;

	for (i = 0; i < f->out->nr_smmus; i++)
		if (f->out->smmus[i].source == iommu)
			return i;
	return IOM_STREAMS_NONE;
}

/* Bits of the highest address that DMA may have; 0: not limited. */
static uint8_t addr_bits(const struct iom_machine_window *w, uint32_t nr)
{
	uint64_t last = 0;
	uint8_t bits = 0;

	for (; nr; nr--, w++)
		last = w->bus.last > last ? w->bus.last : last;
	for (; last; last >>= 1)
		bits++;
	return bits;
}

static int add_range(struct fill *f, const struct iom_streams_range *r)
{
	if (f->out->nr_ranges == f->out->cap_ranges)
		return full(f, "ranges");
	f->out->ranges[f->out->nr_ranges++] = *r;
	return IOM_OK;
}

static int add_bridge(struct fill *f, const struct iom_machine_bridge *b)
{
	const struct iom_machine_map *map;
	uint32_t i;
	int rc = IOM_OK;

	for (i = 0; b->enabled && i < b->nr_maps && !rc; i++) {
		map = &b->maps[i];
		rc = add_range(f, &(struct iom_streams_range){
			.segment = b->segment,
			.rid_mask = (uint16_t)b->map_mask,
			.rid_first = (uint16_t)map->rid,
			.rid_last = (uint16_t)(map->rid + (map->count - 1)),
			.smmu = smmu_index(f, map->iommu),
			.id = map->id,
			.addr_bits = addr_bits(b->windows, b->nr_windows),
			.coherent = b->coherent,
		});
	}
	return rc;
}

static int add_endpoint(struct fill *f, const struct iom_machine_endpoint *e)
{
	if (!e->enabled)
		return IOM_OK;
	return add_range(f, &(struct iom_streams_range){
		.path = e->path,
		.smmu = smmu_index(f, e->iommu),
		.id = e->id,
		.addr_bits = addr_bits(e->windows, e->nr_windows),
		.coherent = e->coherent,
	});
}

static int add_resv(struct fill *f, const struct iom_machine_resv_iova *v, uint32_t iommu,
		    uint32_t id_first, uint32_t id_last)
{
	uint32_t smmu = smmu_index(f, iommu);

	if (smmu == IOM_STREAMS_NONE)
		return IOM_OK;
	if (f->out->nr_resvs == f->out->cap_resvs)
		return full(f, "resvs");
	f->out->resvs[f->out->nr_resvs++] = (struct iom_streams_resv){
		.range = v->iova,
		.mapped = v->mapped,
		.pa = v->pa,
		.smmu = smmu,
		.id_first = id_first,
		.id_last = id_last,
	};
	return IOM_OK;
}

/* One function, or all of a bridge: what each entry of its map has of them. */
static int add_functions(struct fill *f, const struct iom_machine_resv_iova *v)
{
	const struct iom_machine_bridge *b = &f->m->bridges[v->bridge];
	uint32_t rid_first = v->bdf_first & b->map_mask, rid_last = v->bdf_last & b->map_mask;
	const struct iom_machine_map *map;
	uint32_t i, first, last;
	int rc = IOM_OK;

	for (i = 0; b->enabled && i < b->nr_maps && !rc; i++) {
		map = &b->maps[i];
		first = rid_first > map->rid ? rid_first : map->rid;
		last = map->rid + (map->count - 1);
		last = rid_last < last ? rid_last : last;
		if (first <= last)
			rc = add_resv(f, v, map->iommu, map->id + (first - map->rid),
				      map->id + (last - map->rid));
	}
	return rc;
}

static int add_region(struct fill *f, const struct iom_machine_resv *r)
{
	const struct iom_machine_endpoint *e;
	const struct iom_machine_resv_iova *v;
	uint32_t i, k;
	int rc = IOM_OK;

	for (i = 0; i < r->nr_iovas && !rc; i++) {
		v = &r->iovas[i];
		if (v->bridge != IOM_MACHINE_NONE)
			rc = add_functions(f, v);
		for (k = 0; k < v->nr_endpoints && !rc; k++) {
			e = &f->m->endpoints[v->endpoint + k];
			if (e->enabled)
				rc = add_resv(f, v, e->iommu, e->id, e->id);
		}
	}
	return rc;
}

int iom_machine_streams(const struct iom_machine *m, struct iom_streams *out,
			struct iom_diag *diag)
{
	struct fill f = { m, out, diag };
	uint32_t i;
	int rc;

	out->nr_smmus = out->nr_ranges = out->nr_resvs = 0;
	rc = add_smmus(&f);
	for (i = 0; i < m->nr_bridges && !rc; i++)
		rc = add_bridge(&f, &m->bridges[i]);
	for (i = 0; i < m->nr_endpoints && !rc; i++)
		rc = add_endpoint(&f, &m->endpoints[i]);
	for (i = 0; i < m->nr_resvs && !rc; i++)
		rc = add_region(&f, &m->resvs[i]);
	return rc;
}
