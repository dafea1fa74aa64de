/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every device tree says in one way: host bridges, IOMMUs, and then, once
 * all phandles are known, who is behind which IOMMU.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/mem.h>

#include "fw/diag.h"
#include "fw/machine.h"

bool iomi_machine_is_viommu_pci(const struct iomi_machine_ctx *c)
{
	return iomi_machine_compat(c, "pci1af4,1057") ||
	       iomi_machine_compat(c, "virtio,pci-iommu");
}

/* --- second walk: the nodes themselves ------------------------------------- */

static int read_bus_range(struct iomi_machine_ctx *c, struct iom_machine_bridge *b)
{
	uint32_t nr, first, last;
	const fdt32_t *p = iomi_machine_cells(c, "bus-range", &nr);

	/* The binding's default is all buses. */
	b->bus_last = 0xff;
	if (!p)
		return IOM_OK;
	if (nr != 2)
		return iomi_machine_fail(c, "bus-range",
			"must be two cells, the first and the last bus, such as <0 255>");
	first = iomi_machine_cell(p, 0);
	last = iomi_machine_cell(p, 1);
	if (first > last || last > 0xff)
		return iomi_machine_fail(c, "bus-range",
			"<%u %u> is no range; <first last> with first <= last <= 255 is one",
			first, last);
	b->bus_first = (uint8_t)first;
	b->bus_last = (uint8_t)last;
	return IOM_OK;
}

static int read_bridge(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	struct iom_machine_bridge *b = &c->bridges[n->bridge];
	uint32_t domain = 0;
	int rc;

	b->enabled = n->enabled;
	b->coherent = n->coherent;
	rc = iomi_machine_strdup(c, c->path, &b->path);
	if (!rc)
		rc = iomi_machine_u32(c, "linux,pci-domain", &b->segment_given, &domain);
	if (rc)
		return rc;
	if (domain > 0xffff)
		return iomi_machine_fail(c, "linux,pci-domain",
			"%u does not fit in 16 bits; a PCI segment is at most 65535", domain);
	b->segment = (uint16_t)domain;
	return read_bus_range(c, b);
}

static enum iom_machine_iommu_kind iommu_kind(const struct iomi_machine_ctx *c)
{
	if (iomi_machine_is_viommu_pci(c))
		return IOM_MACHINE_VIOMMU_PCI;
	if (iomi_machine_compat(c, "virtio,mmio"))
		return IOM_MACHINE_VIOMMU_MMIO;
	if (iomi_machine_compat(c, "arm,smmu-v3"))
		return IOM_MACHINE_SMMUV3;
	return IOM_MACHINE_IOMMU_OTHER;
}

static int read_viommu_pci(struct iomi_machine_ctx *c, struct iom_machine_iommu *iommu)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);

	if (n->bridge == IOM_MACHINE_NONE || n->host)
		return iomi_machine_fail(c, "compatible",
			"a PCI function, but not below a PCI host bridge (device_type = "
			"\"pci\")");
	iommu->bridge = n->bridge;
	return iomi_machine_pci_reg(c, &iommu->bdf);
}

static int read_iommu(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	struct iom_machine_iommu *iommu = &c->iommus[n->iommu];
	bool has;
	int rc;

	iommu->kind = iommu_kind(c);
	iommu->enabled = n->enabled;
	iommu->coherent = n->coherent;
	iommu->bridge = IOM_MACHINE_NONE;
	iommu->fn = IOM_MACHINE_NONE;
	iommu->phandle = fdt_get_phandle(c->fdt, n->off);
	rc = iomi_machine_strdup(c, c->path, &iommu->path);
	if (!rc)
		rc = iomi_machine_compat1(c, &iommu->compatible);
	if (!rc)
		rc = iomi_machine_u32(c, "#iommu-cells", &has, &iommu->cells);
	if (rc)
		return rc;
	if (iommu->kind != IOM_MACHINE_IOMMU_OTHER && iommu->cells != 1)
		return iomi_machine_fail(c, "#iommu-cells",
			"is <%u>; an IOMMU of this kind has <1>, the endpoint ID", iommu->cells);
	if (iommu->phandle) {
		c->refs[c->nr_refs].phandle = iommu->phandle;
		c->refs[c->nr_refs++].iommu = n->iommu;
	}
	if (iommu->kind == IOM_MACHINE_VIOMMU_PCI)
		return read_viommu_pci(c, iommu);
	iommu->has_reg = iomi_machine_reg(c, &iommu->reg);
	return iommu->kind == IOM_MACHINE_SMMUV3 ? iomi_machine_read_irqs(c, iommu) : IOM_OK;
}

static int visit_node(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	int rc = IOM_OK;

	iomi_machine_note_dev(c);
	if (n->host)
		rc = read_bridge(c);
	if (!rc && n->iommu != IOM_MACHINE_NONE)
		rc = read_iommu(c);
	if (!rc && n->msi != IOM_MACHINE_NONE)
		rc = iomi_machine_read_msi(c);
	if (!rc && c->depth && iomi_machine_parent(c)->resv_parent)
		rc = iomi_machine_read_resv(c);
	if (!rc && c->strict && iomi_machine_is_fn(c))
		rc = iomi_machine_read_fn(c);
	return rc;
}

static int cmp_ref(const void *a, const void *b)
{
	const struct iomi_machine_ref *x = a, *y = b;

	if (x->phandle != y->phandle)
		return x->phandle < y->phandle ? -1 : 1;
	return x->iommu < y->iommu ? -1 : x->iommu > y->iommu;
}

static bool segment_is_given(const struct iomi_machine_ctx *c, uint32_t segment)
{
	uint32_t i;

	for (i = 0; i < c->nr_bridges; i++)
		if (c->bridges[i].segment_given && c->bridges[i].segment == segment)
			return true;
	return false;
}

/* As Linux numbers them: two bridges without a segment have not one for both. */
static void guess_segments(struct iomi_machine_ctx *c)
{
	uint16_t segment = 0;
	uint32_t i;

	for (i = 0; i < c->nr_bridges; i++) {
		if (c->bridges[i].segment_given)
			continue;
		while (segment_is_given(c, segment))
			segment++;
		c->bridges[i].segment = segment++;
	}
}

int iomi_machine_read_nodes(struct iomi_machine_ctx *c)
{
	uint32_t i;
	int rc;

	rc = iomi_machine_walk(c, visit_node);
	if (rc)
		return rc;
	guess_segments(c);
	iomi_machine_sort(c->refs, c->nr_refs, sizeof(*c->refs), cmp_ref);
	for (i = 1; i < c->nr_refs; i++) {
		if (c->refs[i].phandle != c->refs[i - 1].phandle)
			continue;
		return iomi_diag_fail(c->diag, IOM_EINVAL,
				      c->iommus[c->refs[i].iommu].path, "phandle",
				      "<0x%x> is also the phandle of %s; each node needs its own",
				      c->refs[i].phandle,
				      c->iommus[c->refs[i - 1].iommu].path);
	}
	return IOM_OK;
}

/* --- third walk: who is behind whom ---------------------------------------- */

/* The IOMMU with this phandle, or a message that names prop. */
static int find_iommu(struct iomi_machine_ctx *c, const char *prop, uint32_t phandle,
		      uint32_t *iommu)
{
	uint32_t lo = 0, hi = c->nr_refs, mid;
	char other[IOMI_MACHINE_PATH];
	int off;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (c->refs[mid].phandle < phandle)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < c->nr_refs && c->refs[lo].phandle == phandle) {
		*iommu = c->refs[lo].iommu;
		return IOM_OK;
	}
	off = fdt_node_offset_by_phandle(c->fdt, phandle);
	if (off < 0 || fdt_get_path(c->fdt, off, other, sizeof(other)))
		return iomi_machine_fail(c, prop, "unknown phandle <0x%x>; no node has it",
					 phandle);
	return iomi_machine_fail(c, prop,
		"<0x%x> is %s, which is no IOMMU: it has no #iommu-cells", phandle, other);
}

static int read_map_entry(struct iomi_machine_ctx *c, const struct iom_machine_bridge *b,
			  const fdt32_t *p, struct iom_machine_map *map)
{
	int rc;

	rc = find_iommu(c, "iommu-map", iomi_machine_cell(p, 1), &map->iommu);
	if (rc)
		return rc;
	map->rid = iomi_machine_cell(p, 0);
	map->id = iomi_machine_cell(p, 2);
	map->count = iomi_machine_cell(p, 3);
	if (c->iommus[map->iommu].cells != 1)
		return iomi_machine_fail(c, "iommu-map",
			"%s has #iommu-cells = <%u>; a map needs an IOMMU with <1>",
			c->iommus[map->iommu].path, c->iommus[map->iommu].cells);
	if (!map->count || map->rid > 0xffff || map->count > 0x10000 - map->rid)
		return iomi_machine_fail(c, "iommu-map",
			"requester IDs from 0x%x, 0x%x of them; they end at 0xffff, and "
			"there is at least one",
			map->rid, map->count);
	if (map->count - 1 > UINT32_MAX - map->id)
		return iomi_machine_fail(c, "iommu-map",
			"endpoint IDs from 0x%x, 0x%x of them, do not fit in 32 bits",
			map->id, map->count);
	if (map->rid & ~b->map_mask)
		return iomi_machine_fail(c, "iommu-map",
			"requester ID 0x%x has bits that iommu-map-mask, <0x%x>, takes away",
			map->rid, b->map_mask);
	return IOM_OK;
}

static int read_map(struct iomi_machine_ctx *c)
{
	struct iom_machine_bridge *b = &c->bridges[iomi_machine_cur(c)->bridge];
	struct iom_machine_map *maps;
	uint32_t nr, i;
	const fdt32_t *p;
	bool has;
	int rc;

	b->map_mask = 0xffff;
	rc = iomi_machine_u32(c, "iommu-map-mask", &has, &b->map_mask);
	p = iomi_machine_cells(c, "iommu-map", &nr);
	if (rc || !p)
		return rc;
	if (nr == UINT32_MAX || !nr || nr % 4)
		return iomi_machine_fail(c, "iommu-map",
			"must be entries of four cells: <first-rid &iommu first-id length>");
	nr /= 4;
	if (nr > IOMI_MACHINE_MAPS)
		return iomi_diag_fail(c->diag, IOM_E2BIG, c->path, "iommu-map",
				      "%u entries; %u is the most we read", nr,
				      IOMI_MACHINE_MAPS);
	rc = iomi_machine_alloc(c, nr, sizeof(*maps), &maps);
	for (i = 0; i < nr && !rc; i++)
		rc = read_map_entry(c, b, p + 4 * i, &maps[i]);
	b->has_map = true;
	b->nr_maps = nr;
	b->maps = maps;
	return rc;
}

static int read_iommus(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	uint32_t nr, i, cells, iommu;
	struct iom_machine_endpoint *e;
	uint32_t msi, msi_id;
	const char *path;
	const fdt32_t *p;
	int rc;

	p = iomi_machine_cells(c, "iommus", &nr);
	if (!p)
		return IOM_OK;
	if (n->iommu != IOM_MACHINE_NONE &&
	    c->iommus[n->iommu].kind != IOM_MACHINE_IOMMU_OTHER)
		return iomi_machine_fail(c, "iommus",
			"on an IOMMU of a kind that is never behind another; leave it out");
	rc = iomi_machine_strdup(c, c->path, &path);
	if (!rc)
		rc = iomi_machine_read_msi_parent(c, &msi, &msi_id);
	for (i = 0; i < nr && !rc; i += 1 + cells) {
		rc = find_iommu(c, "iommus", iomi_machine_cell(p, i), &iommu);
		if (rc)
			return rc;
		cells = c->iommus[iommu].cells;
		if (cells > nr - i - 1)
			return iomi_machine_fail(c, "iommus",
				"ends too early: %s wants %u arguments after its phandle",
				c->iommus[iommu].path, cells);
		if (iommu == n->iommu)
			return iomi_machine_fail(c, "iommus",
				"an IOMMU that manages itself; leave iommus out of its own node");
		e = &c->endpoints[c->nr_endpoints++];
		e->path = path;
		e->iommu = iommu;
		e->nr_args = cells;
		e->id = cells ? iomi_machine_cell(p, i + 1) : 0;
		e->enabled = n->enabled;
		e->coherent = n->coherent;
		e->has_reg = iomi_machine_reg(c, &e->reg);
		e->msi = msi;
		e->msi_id = msi_id;
		e->nr_windows = c->depth ? iomi_machine_parent(c)->nr_windows : 0;
		e->windows = c->depth ? iomi_machine_parent(c)->windows : NULL;
	}
	return rc;
}

static int visit_map(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	uint32_t first = c->nr_endpoints;
	struct iom_machine_iommu *iommu;
	struct iom_machine_msi *msi;
	uint32_t id;
	int rc;

	rc = iomi_machine_read_windows(c);
	if (!rc && n->host)
		rc = read_map(c);
	if (!rc && n->host)
		rc = iomi_machine_read_msi_map(c);
	if (!rc && n->iommu != IOM_MACHINE_NONE) {
		iommu = &c->iommus[n->iommu];
		rc = iomi_machine_read_msi_parent(c, &iommu->msi, &iommu->msi_id);
	}
	if (!rc && n->msi != IOM_MACHINE_NONE) {
		msi = &c->msis[n->msi];
		rc = iomi_machine_read_msi_parent(c, &msi->parent, &id);
	}
	if (!rc)
		rc = read_iommus(c);
	return rc ? rc : iomi_machine_read_dev(c, first);
}

int iomi_machine_read_maps(struct iomi_machine_ctx *c)
{
	return iomi_machine_walk(c, visit_map);
}
