/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine may not be, however it is written down: two endpoints with
 * one id, a requester id mapped twice, two bridges of one bus, two SMMUs with the
 * same registers or one without, an IOMMU that manages itself.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>

#include "fw/diag.h"
#include "fw/machine.h"

/* As in VIOT: an IOMMU behind an IOMMU, and so on, no further than this. */
#define MAX_CHAIN	8

/* Ids [first, last] of an IOMMU, and the node that claims them. */
struct claim {
	uint32_t iommu;
	uint32_t first;
	uint32_t last;
	const char *path;
	const char *prop;
};

static int cmp_claim(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->iommu != y->iommu)
		return x->iommu < y->iommu ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last < y->last ? -1 : x->last > y->last;
}

/* Sorted: if any two overlap, so do two neighbours. */
static int check_claims(struct iomi_machine_ctx *c, struct claim *v, uint32_t nr)
{
	uint32_t i;

	iomi_machine_sort(v, nr, sizeof(*v), cmp_claim);
	for (i = 1; i < nr; i++) {
		if (v[i].iommu != v[i - 1].iommu || v[i].first > v[i - 1].last)
			continue;
		return iomi_diag_fail(c->diag, IOM_EINVAL, v[i].path, v[i].prop,
			"endpoint IDs from 0x%x overlap 0x%x-0x%x of %s; each endpoint "
			"needs its own",
			v[i].first, v[i - 1].first, v[i - 1].last, v[i - 1].path);
	}
	return IOM_OK;
}

/*
 * Endpoint ids of a virtio-iommu must differ. Stream ids of an SMMU may be
 * shared: such devices are one group, and boards have them.
 */
static bool ids_differ(const struct iom_machine *m, uint32_t iommu)
{
	return m->iommus[iommu].kind == IOM_MACHINE_VIOMMU_PCI ||
	       m->iommus[iommu].kind == IOM_MACHINE_VIOMMU_MMIO;
}

static int check_ids(struct iomi_machine_ctx *c, const struct iom_machine *m)
{
	uint32_t i, j, nr = m->nr_endpoints;
	const struct iom_machine_map *map;
	struct claim *v;
	int rc;

	for (i = 0; i < m->nr_bridges; i++)
		nr += m->bridges[i].nr_maps;
	rc = iomi_machine_alloc(c, nr, sizeof(*v), &v);
	if (rc)
		return rc;
	nr = 0;
	for (i = 0; i < m->nr_bridges; i++) {
		for (j = 0; j < m->bridges[i].nr_maps; j++) {
			map = &m->bridges[i].maps[j];
			if (!m->bridges[i].enabled || !ids_differ(m, map->iommu))
				continue;
			v[nr++] = (struct claim){
				map->iommu, map->id, map->id + (map->count - 1),
				m->bridges[i].path, "iommu-map",
			};
		}
	}
	for (i = 0; i < m->nr_endpoints; i++) {
		if (!m->endpoints[i].enabled || !ids_differ(m, m->endpoints[i].iommu))
			continue;
		v[nr++] = (struct claim){
			m->endpoints[i].iommu, m->endpoints[i].id, m->endpoints[i].id,
			m->endpoints[i].path, "iommus",
		};
	}
	return check_claims(c, v, nr);
}

/* One bridge: no requester id may have two entries. */
static int check_rids(struct iomi_machine_ctx *c, const struct iom_machine_bridge *b)
{
	struct claim *v;
	uint32_t i;
	int rc;

	rc = iomi_machine_alloc(c, b->nr_maps, sizeof(*v), &v);
	if (rc)
		return rc;
	for (i = 0; i < b->nr_maps; i++)
		v[i] = (struct claim){ 0, b->maps[i].rid,
				       b->maps[i].rid + (b->maps[i].count - 1), NULL, NULL };
	iomi_machine_sort(v, b->nr_maps, sizeof(*v), cmp_claim);
	for (i = 1; i < b->nr_maps; i++) {
		if (v[i].first <= v[i - 1].last)
			return iomi_diag_fail(c->diag, IOM_EINVAL, b->path, "iommu-map",
				"requester ID 0x%x has two entries; it may have one", v[i].first);
	}
	return IOM_OK;
}

/* Two bridges of a segment may share it, but no bus. */
static int check_buses(struct iomi_machine_ctx *c, const struct iom_machine *m, uint32_t i)
{
	const struct iom_machine_bridge *a = &m->bridges[i], *b;
	uint32_t k;

	for (k = 0; k < i && a->enabled; k++) {
		b = &m->bridges[k];
		if (!b->enabled || a->segment != b->segment || a->bus_first > b->bus_last ||
		    b->bus_first > a->bus_last)
			continue;
		return iomi_diag_fail(c->diag, IOM_EINVAL, a->path, "linux,pci-domain",
			"buses %u-%u of segment %u are (in part) those of %s", a->bus_first,
			a->bus_last, a->segment, b->path);
	}
	return IOM_OK;
}

/* Nobody may take devices for untranslated because their SMMU cannot be reached. */
static int check_smmu(struct iomi_machine_ctx *c, const struct iom_machine *m, uint32_t i)
{
	const struct iom_machine_iommu *a = &m->iommus[i], *b;
	uint32_t k;

	if (a->kind != IOM_MACHINE_SMMUV3 || !a->enabled)
		return IOM_OK;
	if (!a->has_reg)
		return iomi_diag_fail(c->diag, IOM_EINVAL, a->path, "reg",
			"missing, or not an address and a size that a CPU can reach");
	for (k = 0; k < i; k++) {
		b = &m->iommus[k];
		if (b->kind == IOM_MACHINE_SMMUV3 && b->enabled &&
		    iom_range_overlaps(a->reg, b->reg))
			return iomi_diag_fail(c->diag, IOM_EINVAL, a->path, "reg",
				"0x%llx-0x%llx is (in part) that of %s",
				(unsigned long long)a->reg.start, (unsigned long long)a->reg.last,
				b->path);
	}
	return IOM_OK;
}

/* Follow "is behind" from IOMMU i; it must end. */
static int check_chain(struct iomi_machine_ctx *c, const struct iom_machine *m, uint32_t i)
{
	const struct iom_machine_iommu *iommu = &m->iommus[i];
	uint32_t at = i, id;
	unsigned int steps;

	for (steps = 0; steps < MAX_CHAIN; steps++) {
		if (m->iommus[at].kind != IOM_MACHINE_VIOMMU_PCI ||
		    iom_machine_find_pci(m, m->iommus[at].bridge, m->iommus[at].bdf,
					 &at, &id))
			return IOM_OK;
		if (at == i)
			return iomi_diag_fail(c->diag, IOM_EINVAL,
				m->bridges[iommu->bridge].path, "iommu-map",
				steps ?
					"%s manages itself in a circle; leave its "
					"requester ID, 0x%x, out" :
				"%s would manage itself; leave its own requester ID, 0x%x, out",
				iommu->path, iommu->bdf);
	}
	return iomi_diag_fail(c->diag, IOM_EINVAL, m->bridges[iommu->bridge].path,
			      "iommu-map", "%s is behind a chain of more than %u IOMMUs",
			      iommu->path, MAX_CHAIN);
}

int iomi_machine_check(struct iomi_machine_ctx *c, const struct iom_machine *m)
{
	uint32_t i;
	int rc;

	rc = check_ids(c, m);
	for (i = 0; i < m->nr_bridges && !rc; i++)
		rc = check_rids(c, &m->bridges[i]);
	for (i = 0; i < m->nr_bridges && !rc; i++)
		rc = check_buses(c, m, i);
	for (i = 0; i < m->nr_iommus && !rc; i++)
		rc = check_smmu(c, m, i);
	for (i = 0; i < m->nr_iommus && !rc; i++)
		rc = check_chain(c, m, i);
	return rc;
}
