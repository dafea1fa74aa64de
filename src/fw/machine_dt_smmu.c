/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMMUv3s put into a device tree: a node each, at the path that the machine has
 * for it, and `iommus` of the platform devices behind them. What the nodes refer to,
 * the interrupt controller and what takes MSIs, is in the base tree already.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/mem.h>

#include "fw/diag.h"
#include "fw/machine_dt.h"

/* Of a GIC: kind of interrupt, number of the first of it, and how it is triggered. */
#define GIC_SPI		0u
#define GIC_SPI_FIRST	32u
#define GIC_PPI		1u
#define GIC_PPI_FIRST	16u
#define GIC_LAST	1019u
#define GIC_EDGE	1u

#define fail(o, err, node, prop, ...) iomi_diag_fail((o)->diag, err, node, prop, __VA_ARGS__)

/* --- where it is --- */

/* The node above the one at path. */
static int find_parent(struct iomi_machine_out *o, const char *path, int *off)
{
	size_t last = strlen(path);

	while (last && path[last] != '/')
		last--;
	*off = last ? fdt_path_offset_namelen(o->fdt, path, (int)last) : 0;
	if (path[0] != '/' || !path[last + 1] || *off < 0)
		return fail(o, IOM_EINVAL, path, NULL,
			    "the base tree has no node that this could be below");
	if (fdt_path_offset(o->fdt, path) >= 0)
		return fail(o, IOM_EINVAL, path, NULL, "the base tree has this node already; "
			    "take it from a machine without IOMMU");
	return IOM_OK;
}

/* Is an address below this node that of a CPU? */
static bool has_cpu_addresses(const void *fdt, int off)
{
	int len;

	for (; off > 0; off = fdt_parent_offset(fdt, off))
		if (!fdt_getprop(fdt, off, "ranges", &len) || len)
			return false;
	return !off;
}

/* One cell or two; false if the value needs more. */
static bool put(fdt32_t *cell, int nr, uint64_t v)
{
	if (nr == 2)
		fdt32_st(cell++, (uint32_t)(v >> 32));
	fdt32_st(cell, (uint32_t)v);
	return nr == 2 || (nr == 1 && v <= UINT32_MAX);
}

static int write_reg(struct iomi_machine_out *o, const struct iom_machine_iommu *u, int parent,
		     int off)
{
	int na = fdt_address_cells(o->fdt, parent), ns = fdt_size_cells(o->fdt, parent), rc;
	fdt32_t reg[4];

	if (!has_cpu_addresses(o->fdt, parent))
		return fail(o, IOM_EOPNOTSUPP, u->path, "reg",
			    "on a bus whose addresses are not the CPU's");
	if (!put(reg, na, u->reg.start) ||
	    !put(reg + na, ns, u->reg.last - u->reg.start + 1))
		return fail(o, IOM_EINVAL, u->path, "reg", "does not fit in the #address-cells and "
			    "#size-cells of the node above");
	rc = fdt_setprop(o->fdt, off, "reg", reg, 4 * (na + ns));
	return rc ? iomi_machine_dt_fail(o, u->path, "reg", rc) : IOM_OK;
}

/* --- interrupts --- */

/* #interrupt-cells of the controller that interrupts of this node go to; 0: not known. */
static uint32_t interrupt_cells(const void *fdt, int off)
{
	const fdt32_t *p = NULL;
	int len = 0;

	for (; off >= 0 && !p; off = off ? fdt_parent_offset(fdt, off) : -1)
		p = fdt_getprop(fdt, off, "interrupt-parent", &len);
	if (!p || len != 4)
		return 0;
	off = fdt_node_offset_by_phandle(fdt, fdt32_ld(p));
	p = off < 0 ? NULL : fdt_getprop(fdt, off, "#interrupt-cells", &len);
	return p && len == 4 ? fdt32_ld(p) : 0;
}

static bool put_irq(fdt32_t *cell, uint32_t cells, uint32_t irq)
{
	bool spi = irq >= GIC_SPI_FIRST;

	if (irq < GIC_PPI_FIRST || irq > GIC_LAST)
		return false;
	fdt32_st(cell, spi ? GIC_SPI : GIC_PPI);
	fdt32_st(cell + 1, irq - (spi ? GIC_SPI_FIRST : GIC_PPI_FIRST));
	fdt32_st(cell + 2, GIC_EDGE);
	if (cells == 4)
		fdt32_st(cell + 3, 0);		/* of no PPI partition */
	return true;
}

static int write_irqs(struct iomi_machine_out *o, const struct iom_machine_iommu *u, int parent,
		      int off)
{
	const struct {
		const char *name;
		uint32_t irq;
	} all[] = {
		{ "eventq", u->irq_event }, { "priq", u->irq_pri },
		{ "cmdq-sync", u->irq_sync }, { "gerror", u->irq_gerror },
	};
	bool one = u->irq_event && u->irq_pri == u->irq_event && u->irq_sync == u->irq_event &&
		   u->irq_gerror == u->irq_event;
	uint32_t cells = interrupt_cells(o->fdt, parent), nr = 0, len = 0, i;
	fdt32_t irqs[4 * IOM_ARRAY_SIZE(all)];
	const char *name;
	char names[40];
	int rc;

	for (i = 0; i < (one ? 1 : IOM_ARRAY_SIZE(all)); i++) {
		if (!all[i].irq)
			continue;
		if (cells < 3 || cells > 4)
			return fail(o, IOM_EOPNOTSUPP, u->path, "interrupts",
				    "the base tree has no interrupt-parent here with "
				    "#interrupt-cells of a GIC, 3 or 4");
		if (!put_irq(irqs + nr++ * cells, cells, all[i].irq))
			return fail(o, IOM_EINVAL, u->path, "interrupts", "%u is no number of a "
				    "GIC's SPI, from 32, or PPI, from 16", all[i].irq);
		name = one ? "combined" : all[i].name;
		memcpy(names + len, name, strlen(name) + 1);
		len += (uint32_t)strlen(name) + 1;
	}
	if (!nr)
		return IOM_OK;
	rc = fdt_setprop(o->fdt, off, "interrupt-names", names, (int)len);
	if (!rc)
		rc = fdt_setprop(o->fdt, off, "interrupts", irqs, (int)(4 * cells * nr));
	return rc ? iomi_machine_dt_fail(o, u->path, "interrupts", rc) : IOM_OK;
}

/* The cells of msi-parent; a controller that has no phandle gets one. */
static int find_msi(struct iomi_machine_out *o, const struct iom_machine_iommu *u,
		    fdt32_t parent[2], int *nr)
{
	const char *path;
	const fdt32_t *p;
	uint32_t phandle;
	int off, len, rc;

	*nr = 0;
	if (u->msi == IOM_MACHINE_NONE)
		return IOM_OK;
	path = o->m->msis[u->msi].path;
	off = fdt_path_offset(o->fdt, path);
	if (off < 0 || !fdt_getprop(o->fdt, off, "msi-controller", NULL))
		return fail(o, IOM_EINVAL, u->path, "msi-parent",
			    "the base tree has no MSI controller %s", path);
	p = fdt_getprop(o->fdt, off, "#msi-cells", &len);
	if (p && (len != 4 || fdt32_ld(p) > 1))
		return fail(o, IOM_EOPNOTSUPP, u->path, "msi-parent",
			    "#msi-cells of %s is not <0> or <1>, the device ID", path);
	*nr = p && fdt32_ld(p) ? 2 : 1;
	phandle = fdt_get_phandle(o->fdt, off);
	if (!phandle) {
		phandle = o->phandle0 + o->m->nr_iommus + u->msi;
		rc = fdt_setprop_u32(o->fdt, off, "phandle", phandle);
		if (rc)
			return iomi_machine_dt_fail(o, path, "phandle", rc);
	}
	fdt32_st(&parent[0], phandle);
	fdt32_st(&parent[1], u->msi_id);
	return IOM_OK;
}

/* --- the node --- */

static bool above_is_coherent(const void *fdt, int off)
{
	for (; off >= 0; off = off ? fdt_parent_offset(fdt, off) : -1) {
		if (fdt_getprop(fdt, off, "dma-coherent", NULL))
			return true;
		if (fdt_getprop(fdt, off, "dma-noncoherent", NULL))
			return false;
	}
	return false;
}

/* libfdt's own has a size_t where an int belongs. */
static int put_string(void *fdt, int off, const char *name, const char *val)
{
	return fdt_setprop(fdt, off, name, val, (int)strlen(val) + 1);
}

static int write_rest(struct iomi_machine_out *o, uint32_t iommu, int parent, int off)
{
	const struct iom_machine_iommu *u = &o->m->iommus[iommu];
	int rc = 0;

	if (u->coherent)
		rc = fdt_setprop(o->fdt, off, "dma-coherent", NULL, 0);
	else if (above_is_coherent(o->fdt, parent))
		rc = fdt_setprop(o->fdt, off, "dma-noncoherent", NULL, 0);
	if (!rc && !u->enabled)
		rc = put_string(o->fdt, off, "status", "disabled");
	if (!rc)
		rc = fdt_setprop_u32(o->fdt, off, "#iommu-cells", 1);
	if (!rc)
		rc = fdt_setprop_u32(o->fdt, off, "phandle", o->phandle0 + iommu);
	if (!rc)
		rc = put_string(o->fdt, off, "compatible", "arm,smmu-v3");
	return rc ? iomi_machine_dt_fail(o, u->path, NULL, rc) : IOM_OK;
}

int iomi_machine_dt_smmu(struct iomi_machine_out *o, uint32_t iommu)
{
	const struct iom_machine_iommu *u = &o->m->iommus[iommu];
	int parent, off, rc, nr = 0;
	fdt32_t msi[2];
	size_t at;

	if (o->overlay)
		return fail(o, IOM_EOPNOTSUPP, u->path, NULL, "an SMMU refers to interrupt and MSI "
			    "controllers of the base tree, so it cannot be an overlay");
	if (!u->has_reg || u->cells != 1)
		return fail(o, IOM_EINVAL, u->path, u->has_reg ? "#iommu-cells" : "reg",
			    "an SMMUv3 has registers, and endpoint IDs of one cell");
	/* A phandle that the controller gets moves what comes after it, so this is first. */
	rc = find_msi(o, u, msi, &nr);
	if (!rc)
		rc = find_parent(o, u->path, &parent);
	if (rc)
		return rc;
	for (at = strlen(u->path); u->path[at - 1] != '/'; at--)
		;
	off = fdt_add_subnode(o->fdt, parent, u->path + at);
	if (off < 0)
		return iomi_machine_dt_fail(o, u->path, NULL, off);
	/* Each property goes in front of those that are there. */
	if (nr)
		rc = fdt_setprop(o->fdt, off, "msi-parent", msi, 4 * nr);
	if (rc)
		return iomi_machine_dt_fail(o, u->path, "msi-parent", rc);
	rc = write_irqs(o, u, parent, off);
	if (!rc)
		rc = write_reg(o, u, parent, off);
	return rc ? rc : write_rest(o, iommu, parent, off);
}

/* --- platform devices behind it --- */

int iomi_machine_dt_endpoint(struct iomi_machine_out *o, uint32_t *i)
{
	const struct iom_machine_endpoint *e = &o->m->endpoints[*i];
	uint32_t nr = 0, k;
	fdt32_t *cell;
	int off, rc;
	void *p;

	while (*i + nr < o->m->nr_endpoints && !strcmp(e[nr].path, e->path))
		nr++;
	*i += nr;
	off = fdt_path_offset(o->fdt, e->path);
	if (off < 0)
		return fail(o, IOM_EINVAL, e->path, NULL, "the base tree has no such node");
	if (fdt_getprop(o->fdt, off, "iommus", NULL))
		return fail(o, IOM_EINVAL, e->path, "iommus",
			    "the base tree has it already; take it from a machine without IOMMU");
	rc = fdt_setprop_placeholder(o->fdt, off, "iommus", (int)(8 * nr), &p);
	if (rc)
		return iomi_machine_dt_fail(o, e->path, "iommus", rc);
	cell = p;
	for (k = 0; k < nr; k++) {
		fdt32_st(cell++, o->phandle0 + e[k].iommu);
		fdt32_st(cell++, e[k].id);
	}
	return IOM_OK;
}
