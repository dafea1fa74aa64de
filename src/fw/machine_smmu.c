/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver of SMMUs asks of a device tree beside the id maps: which
 * addresses DMA can have (dma-ranges), and the SMMU's own interrupts.
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

/* --- dma-ranges --- */

static int read_window(struct iomi_machine_ctx *c, const fdt32_t *p, int child, int up,
		       int size_cells, struct iom_machine_window *w)
{
	uint64_t bus, size;

	if (!iomi_machine_address(p, child, &bus) ||
	    !iomi_machine_address(p + child, up, &w->to) ||
	    !iomi_machine_address(p + child + up, size_cells, &size))
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
		if (name && fdt_stringlist_search(c->fdt, iomi_machine_cur(c)->off,
						  "interrupt-names", name) != (int)i)
			return iomi_machine_fail(c, "interrupt-names", "has %s twice", name);
		if (name)
			set_irq(iommu, name, gic_number(p + i * cells));
	}
	return IOM_OK;
}
