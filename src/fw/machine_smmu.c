/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver of SMMUs asks of a device tree beside the id maps: where MSIs go
 * (msi-controller, msi-map), which addresses DMA can have (dma-ranges), and the
 * SMMU's own interrupts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/mem.h>

#include "fw/diag.h"
#include "fw/machine.h"

#define WINDOWS		64u	/* of one dma-ranges */
/* GIC: first cell of an interrupt, and the number of the first of its kind. */
#define GIC_SPI		0u
#define GIC_SPI_FIRST	32u
#define GIC_PPI		1u
#define GIC_PPI_FIRST	16u

/* --- MSI --- */

int iomi_machine_read_msi(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	struct iom_machine_msi *m = &c->msis[n->msi];
	int rc;

	m->phandle = fdt_get_phandle(c->fdt, n->off);
	m->enabled = n->enabled;
	m->has_reg = iomi_machine_reg(c, &m->reg);
	rc = iomi_machine_strdup(c, c->path, &m->path);
	return rc ? rc : iomi_machine_compat1(c, &m->compatible);
}

static int find_msi(struct iomi_machine_ctx *c, uint32_t phandle, uint32_t *msi)
{
	uint32_t i;

	for (i = 0; i < c->cap_msis; i++) {
		if (phandle && c->msis[i].phandle == phandle) {
			*msi = i;
			return IOM_OK;
		}
	}
	return iomi_machine_fail(c, "msi-map",
		"<0x%x> is the phandle of no node that has msi-controller", phandle);
}

static int read_msi_entry(struct iomi_machine_ctx *c, const struct iom_machine_bridge *b,
			  const fdt32_t *p, struct iom_machine_msi_map *m)
{
	m->rid = iomi_machine_cell(p, 0);
	m->id = iomi_machine_cell(p, 2);
	m->count = iomi_machine_cell(p, 3);
	if (!m->count || m->rid > 0xffff || m->count > 0x10000 - m->rid)
		return iomi_machine_fail(c, "msi-map",
			"requester IDs from 0x%x, 0x%x of them; they end at 0xffff, and "
			"there is at least one", m->rid, m->count);
	if (m->count - 1 > UINT32_MAX - m->id)
		return iomi_machine_fail(c, "msi-map",
			"device IDs from 0x%x, 0x%x of them, do not fit in 32 bits",
			m->id, m->count);
	if (m->rid & ~b->msi_mask)
		return iomi_machine_fail(c, "msi-map",
			"requester ID 0x%x has bits that msi-map-mask, <0x%x>, takes away",
			m->rid, b->msi_mask);
	return find_msi(c, iomi_machine_cell(p, 1), &m->msi);
}

static int cmp_msi_map(const void *a, const void *b)
{
	const struct iom_machine_msi_map *x = a, *y = b;

	return x->rid < y->rid ? -1 : x->rid > y->rid;
}

int iomi_machine_read_msi_map(struct iomi_machine_ctx *c)
{
	struct iom_machine_bridge *b = &c->bridges[iomi_machine_cur(c)->bridge];
	struct iom_machine_msi_map *maps;
	uint32_t nr, i;
	const fdt32_t *p;
	bool has;
	int rc;

	b->msi_mask = 0xffff;
	rc = iomi_machine_u32(c, "msi-map-mask", &has, &b->msi_mask);
	p = iomi_machine_cells(c, "msi-map", &nr);
	if (rc || !p)
		return rc;
	if (nr == UINT32_MAX || !nr || nr % 4)
		return iomi_machine_fail(c, "msi-map",
			"must be entries of four cells: <first-rid &msi first-id length>");
	nr /= 4;
	if (nr > IOMI_MACHINE_MAPS)
		return iomi_diag_fail(c->diag, IOM_E2BIG, c->path, "msi-map",
				      "%u entries; %u is the most we read", nr,
				      IOMI_MACHINE_MAPS);
	rc = iomi_machine_alloc(c, nr, sizeof(*maps), &maps);
	for (i = 0; i < nr && !rc; i++)
		rc = read_msi_entry(c, b, p + 4 * i, &maps[i]);
	if (rc)
		return rc;
	/* Which entry is meant must not depend on their order, so that may change. */
	iomi_machine_sort(maps, nr, sizeof(*maps), cmp_msi_map);
	for (i = 1; i < nr; i++)
		if (maps[i].rid - maps[i - 1].rid < maps[i - 1].count)
			return iomi_machine_fail(c, "msi-map",
				"requester ID 0x%x is mapped twice", maps[i].rid);
	b->nr_msi_maps = nr;
	b->msi_maps = maps;
	return IOM_OK;
}

int iom_machine_find_msi(const struct iom_machine *m, uint32_t bridge, uint16_t bdf,
			 uint32_t *msi, uint32_t *device)
{
	const struct iom_machine_msi_map *map;
	const struct iom_machine_bridge *b;
	uint32_t i, rid;

	if (bridge >= m->nr_bridges)
		return IOM_ENOENT;
	b = &m->bridges[bridge];
	rid = bdf & b->msi_mask;
	for (i = 0; i < b->nr_msi_maps; i++) {
		map = &b->msi_maps[i];
		if (rid < map->rid || rid - map->rid >= map->count)
			continue;
		*msi = map->msi;
		*device = map->id + (rid - map->rid);
		return IOM_OK;
	}
	return IOM_ENOENT;
}

/* --- dma-ranges --- */

/* Address in n cells; a PCI address has a first cell that is no part of it. */
static bool address(const fdt32_t *p, int n, uint64_t *v)
{
	if (n < 1 || n > 3)
		return false;
	*v = n == 1 ? iomi_machine_cell(p, 0) :
	     iomi_machine_cell64(p, n == 3 ? 1 : 0);
	return true;
}

static int read_window(struct iomi_machine_ctx *c, const fdt32_t *p, int child, int up,
		       int size_cells, struct iom_machine_window *w)
{
	uint64_t bus, size;

	if (!address(p, child, &bus) || !address(p + child, up, &w->to) ||
	    !address(p + child + up, size_cells, &size))
		return iomi_machine_fail(c, "dma-ranges",
			"needs #address-cells and #size-cells of 1 or 2, of 3 on a PCI bus");
	if (!iom_range_make(bus, size, &w->bus) || w->to + (size - 1) < w->to)
		return iomi_machine_fail(c, "dma-ranges",
			"0x%llx bytes from 0x%llx to 0x%llx: a range is not empty and does "
			"not wrap",
			(unsigned long long)size, (unsigned long long)bus,
			(unsigned long long)w->to);
	return IOM_OK;
}

/* Those of a node with an empty dma-ranges, or none, are its parent's. */
int iomi_machine_read_windows(struct iomi_machine_ctx *c)
{
	struct iomi_machine_node *n = &c->frame[c->depth];
	const struct iomi_machine_node *up = c->depth ? n - 1 : NULL;
	struct iom_machine_window *w;
	uint32_t nr, row, i;
	const fdt32_t *p;
	int rc;

	n->nr_windows = up ? up->nr_windows : 0;
	n->windows = up ? up->windows : NULL;
	p = iomi_machine_cells(c, "dma-ranges", &nr);
	if (p && nr && up) {
		row = (uint32_t)(n->addr_cells + up->addr_cells + n->size_cells);
		if (nr == UINT32_MAX || n->addr_cells < 1 || up->addr_cells < 1 ||
		    n->size_cells < 1 || nr % row)
			return iomi_machine_fail(c, "dma-ranges",
				"must be entries of its child address, parent address and size");
		nr /= row;
		if (nr > WINDOWS)
			return iomi_diag_fail(c->diag, IOM_E2BIG, c->path, "dma-ranges",
					      "%u entries; %u is the most we read", nr, WINDOWS);
		rc = iomi_machine_alloc(c, nr, sizeof(*w), &w);
		for (i = 0; i < nr && !rc; i++)
			rc = read_window(c, p + i * row, n->addr_cells, up->addr_cells,
					 n->size_cells, &w[i]);
		if (rc)
			return rc;
		n->nr_windows = nr;
		n->windows = w;
	}
	if (n->host) {
		c->bridges[n->bridge].nr_windows = n->nr_windows;
		c->bridges[n->bridge].windows = n->windows;
	}
	return IOM_OK;
}

/* --- interrupts of an SMMU --- */

/* #interrupt-cells of the controller that the node's interrupts go to; 0: not known. */
static uint32_t interrupt_cells(struct iomi_machine_ctx *c)
{
	const fdt32_t *p = NULL;
	int depth, len, off;

	for (depth = c->depth; depth >= 0 && !p; depth--) {
		p = fdt_getprop(c->fdt, c->frame[depth].off, "interrupt-parent", &len);
		if (p && len != 4)
			return 0;
	}
	if (!p)
		return 0;
	/* Finding a phandle costs a walk over the tree; SMMUs mostly have one parent. */
	if (c->irq_cells && fdt32_ld(p) == c->irq_parent)
		return c->irq_cells;
	off = fdt_node_offset_by_phandle(c->fdt, fdt32_ld(p));
	p = off < 0 ? NULL : fdt_getprop(c->fdt, off, "#interrupt-cells", &len);
	if (!p || len != 4)
		return 0;
	c->irq_parent = fdt_get_phandle(c->fdt, off);
	c->irq_cells = fdt32_ld(p);
	return c->irq_cells;
}

/* The number of an interrupt of a GIC; 0 if it is of no kind that we know. */
static uint32_t gic_number(const fdt32_t *p)
{
	uint32_t kind = iomi_machine_cell(p, 0), n = iomi_machine_cell(p, 1);

	if (kind == GIC_SPI && n < 1024)
		return GIC_SPI_FIRST + n;
	return kind == GIC_PPI && n < 16 ? GIC_PPI_FIRST + n : 0;
}

static void set_irq(struct iom_machine_iommu *iommu, const char *name, uint32_t irq)
{
	if (!strcmp(name, "combined"))
		iommu->irq_event = iommu->irq_pri = iommu->irq_gerror = iommu->irq_sync = irq;
	else if (!strcmp(name, "eventq"))
		iommu->irq_event = irq;
	else if (!strcmp(name, "priq"))
		iommu->irq_pri = irq;
	else if (!strcmp(name, "gerror"))
		iommu->irq_gerror = irq;
	else if (!strcmp(name, "cmdq-sync"))
		iommu->irq_sync = irq;
}

int iomi_machine_read_irqs(struct iomi_machine_ctx *c, struct iom_machine_iommu *iommu)
{
	uint32_t cells = interrupt_cells(c), nr, i;
	const fdt32_t *p = iomi_machine_cells(c, "interrupts", &nr);
	const char *name;
	int len;

	/* Of another controller than a GIC we do not know the numbers. */
	if (!p || cells < 3 || cells > 4)
		return IOM_OK;
	if (nr == UINT32_MAX || nr % cells)
		return iomi_machine_fail(c, "interrupts",
			"must be entries of %u cells, the #interrupt-cells of its parent", cells);
	nr /= cells;
	if ((uint32_t)fdt_stringlist_count(c->fdt, iomi_machine_cur(c)->off,
					   "interrupt-names") != nr)
		return iomi_machine_fail(c, "interrupt-names",
			"must have a name for each of the %u interrupts", nr);
	for (i = 0; i < nr; i++) {
		name = fdt_stringlist_get(c->fdt, iomi_machine_cur(c)->off, "interrupt-names",
					  (int)i, &len);
		if (name)
			set_irq(iommu, name, gic_number(p + i * cells));
	}
	return IOM_OK;
}
