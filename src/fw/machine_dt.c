/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine's IOMMUs put into a device tree: iommu-map for the functions that
 * libiom provides and for those behind an SMMU, and a node for each IOMMU. Those of
 * virtio-iommus are children of the PCI host bridges of another tree, or of an
 * overlay to such a tree.
 *
 * libfdt moves nodes when it adds to a blob, so offsets are looked up again
 * after each change. The blob under construction is ours; base is foreign.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/mem.h>

#include "fw/diag.h"
#include "fw/machine_dt.h"

int iomi_machine_dt_fail(struct iomi_machine_out *o, const char *node, const char *prop, int err)
{
	return iomi_diag_fail(o->diag, err == -FDT_ERR_NOSPACE ? IOM_ENOSPC : IOM_EINVAL,
			      node, prop, "cannot write: %s", fdt_strerror(err));
}

/* --- where to write -------------------------------------------------------- */

/* The PCI segment of a host bridge of the base tree. */
static uint32_t segment_of(const void *fdt, int off)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, off, "linux,pci-domain", &len);

	return p && len == 4 ? fdt32_ld(p) : 0;
}

static bool is_pci(const void *fdt, int off)
{
	int len;
	const char *p = fdt_getprop(fdt, off, "device_type", &len);

	return p && len == 4 && !memcmp(p, "pci", 4);
}

/* A PCI bus that is not below another one, with this segment; by its path if there is one. */
static int find_host(struct iomi_machine_out *o, const struct iom_machine_bridge *b, int *found)
{
	int off = fdt_path_offset(o->fdt, b->path), depth = 0, pci_depth = -1;

	if (off >= 0 && is_pci(o->fdt, off) && segment_of(o->fdt, off) == b->segment) {
		*found = off;
		return IOM_OK;
	}
	off = 0;
	for (; off >= 0 && depth >= 0; off = fdt_next_node(o->fdt, off, &depth)) {
		if (pci_depth >= 0 && depth > pci_depth)
			continue;
		pci_depth = is_pci(o->fdt, off) ? depth : -1;
		if (pci_depth < 0 || segment_of(o->fdt, off) != b->segment)
			continue;
		*found = off;
		return IOM_OK;
	}
	return iomi_diag_fail(o->diag, IOM_EINVAL, NULL, "linux,pci-domain",
			      "the base tree has no PCI host bridge with <%u>, which %s has",
			      b->segment, b->path);
}

/* "fragment@N" of a bridge; room for 32 bits. */
static void fragment_name(uint32_t n, char name[20])
{
	char digits[10];
	unsigned int nr = 0, at = 9;

	memcpy(name, "fragment@", 9);
	do {
		digits[nr++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (nr)
		name[at++] = digits[--nr];
	name[at] = '\0';
}

/* Find or make a child. */
static int child(struct iomi_machine_out *o, int parent, const char *name, int *off)
{
	*off = fdt_subnode_offset(o->fdt, parent, name);
	if (*off < 0)
		*off = fdt_add_subnode(o->fdt, parent, name);
	return *off < 0 ? iomi_machine_dt_fail(o, name, NULL, *off) : IOM_OK;
}

/* The node that stands for a bridge in the tree we write. */
static int host_off(struct iomi_machine_out *o, uint32_t bridge, int *off)
{
	char name[20];
	int rc;

	if (!o->overlay)
		return find_host(o, &o->m->bridges[bridge], off);
	fragment_name(bridge, name);
	rc = child(o, 0, name, off);
	return rc ? rc : child(o, *off, "__overlay__", off);
}

/* --- what to write --------------------------------------------------------- */

static uint32_t nr_smmu_maps(const struct iom_machine_bridge *b, const struct iom_machine *m)
{
	uint32_t i, n = 0;

	for (i = 0; i < b->nr_maps; i++)
		n += iomi_machine_dt_is_smmu(m, b->maps[i].iommu);
	return n;
}

static bool bridge_used(const struct iom_machine *m, uint32_t bridge)
{
	uint32_t i;

	if (nr_smmu_maps(&m->bridges[bridge], m))
		return true;
	for (i = 0; i < m->nr_fns; i++) {
		if (m->fns[i].bridge == bridge && (m->fns[i].iommu != IOM_MACHINE_NONE ||
		    m->fns[i].kind == IOM_MACHINE_FN_VIOMMU))
			return true;
	}
	return false;
}

static uint32_t nr_runs(const struct iom_machine *m, uint32_t bridge)
{
	struct iomi_machine_run run;
	uint32_t i = 0, n = 0;

	while (iomi_machine_next_run(m, &i, &run))
		n += run.bridge == bridge;
	return n;
}

/* An overlay's phandles are its own until it is applied: say where they are. */
static int write_fixups(struct iomi_machine_out *o, uint32_t bridge, uint32_t nr)
{
	char name[20];
	uint32_t i;
	int off, rc;
	void *p;

	fragment_name(bridge, name);
	rc = child(o, 0, "__local_fixups__", &off);
	if (!rc)
		rc = child(o, off, name, &off);
	if (!rc)
		rc = child(o, off, "__overlay__", &off);
	if (rc)
		return rc;
	rc = fdt_setprop_placeholder(o->fdt, off, "iommu-map", (int)(4 * nr), &p);
	if (rc)
		return iomi_machine_dt_fail(o, "__local_fixups__", "iommu-map", rc);
	for (i = 0; i < nr; i++)
		fdt32_st((fdt32_t *)p + i, 16 * i + 4);
	return IOM_OK;
}

static fdt32_t *put_entry(fdt32_t *cell, uint32_t rid, uint32_t phandle, uint32_t id,
			  uint32_t count)
{
	fdt32_st(cell++, rid);
	fdt32_st(cell++, phandle);
	fdt32_st(cell++, id);
	fdt32_st(cell++, count);
	return cell;
}

static void put_map(struct iomi_machine_out *o, uint32_t bridge, fdt32_t *cell)
{
	const struct iom_machine_bridge *b = &o->m->bridges[bridge];
	const struct iom_machine_map *map;
	struct iomi_machine_run run;
	uint32_t i = 0;

	while (iomi_machine_next_run(o->m, &i, &run)) {
		if (run.bridge == bridge)
			cell = put_entry(cell, run.bdf, o->phandle0 + run.iommu, run.endpoint,
					 run.count);
	}
	for (i = 0; i < b->nr_maps; i++) {
		map = &b->maps[i];
		if (iomi_machine_dt_is_smmu(o->m, map->iommu))
			cell = put_entry(cell, map->rid, o->phandle0 + map->iommu, map->id,
					 map->count);
	}
}

/* Entries of functions know no mask: each has its own. Those of SMMUs are under it. */
static int write_mask(struct iomi_machine_out *o, uint32_t bridge, int off)
{
	const struct iom_machine_bridge *b = &o->m->bridges[bridge];
	int rc;

	if ((b->map_mask & 0xffff) == 0xffff || !nr_smmu_maps(b, o->m))
		return IOM_OK;
	if (nr_runs(o->m, bridge))
		return iomi_diag_fail(o->diag, IOM_EOPNOTSUPP, b->path, "iommu-map-mask",
			"a mask, and functions behind a virtio-iommu; their IDs are not masked");
	rc = fdt_setprop_u32(o->fdt, off, "iommu-map-mask", b->map_mask);
	return rc ? iomi_machine_dt_fail(o, b->path, "iommu-map-mask", rc) : IOM_OK;
}

static int write_map(struct iomi_machine_out *o, uint32_t bridge)
{
	const struct iom_machine_bridge *b = &o->m->bridges[bridge];
	uint32_t nr = nr_runs(o->m, bridge) + nr_smmu_maps(b, o->m);
	int off, rc;
	void *p;

	rc = host_off(o, bridge, &off);
	if (rc || !nr)
		return rc;
	if (fdt_getprop(o->fdt, off, "iommu-map", NULL))
		return iomi_diag_fail(o->diag, IOM_EINVAL, b->path, "iommu-map",
			"the base tree has one already; take it from a machine without IOMMU");
	rc = write_mask(o, bridge, off);
	if (rc)
		return rc;
	rc = fdt_setprop_placeholder(o->fdt, off, "iommu-map", (int)(16 * nr), &p);
	if (rc)
		return iomi_machine_dt_fail(o, b->path, "iommu-map", rc);
	put_map(o, bridge, p);
	return o->overlay ? write_fixups(o, bridge, nr) : IOM_OK;
}

/* Is there a child for the same function? */
static bool slot_taken(const void *fdt, int host, uint16_t bdf)
{
	const fdt32_t *p;
	int off, len;

	fdt_for_each_subnode(off, fdt, host) {
		p = fdt_getprop(fdt, off, "reg", &len);
		if (p && len >= 4 && (fdt32_ld(p) >> 8 & 0xffff) == bdf)
			return true;
	}
	return false;
}

static int write_viommu_props(struct iomi_machine_out *o, int off, const struct iom_machine_fn *fn,
			      uint32_t phandle)
{
	static const char compatible[] = "virtio,pci-iommu\0pci1af4,1057";
	fdt32_t reg[5] = { 0 };
	int rc;

	fdt32_st(&reg[0], (uint32_t)fn->bdf << 8);
	rc = fdt_setprop(o->fdt, off, "compatible", compatible, sizeof(compatible));
	if (!rc)
		rc = fdt_setprop(o->fdt, off, "reg", reg, sizeof(reg));
	if (!rc)
		rc = fdt_setprop_u32(o->fdt, off, "#iommu-cells", 1);
	if (!rc)
		rc = fdt_setprop_u32(o->fdt, off, "phandle", phandle);
	return rc ? iomi_machine_dt_fail(o, fn->path, NULL, rc) : IOM_OK;
}

static int write_viommu(struct iomi_machine_out *o, uint32_t iommu)
{
	const struct iom_machine_fn *fn = &o->m->fns[o->m->iommus[iommu].fn];
	int off, rc;

	/* Linux finds the node of a function among the children of its own bus. */
	if (iom_machine_bdf_bus(fn->bdf) != o->m->bridges[fn->bridge].bus_first)
		return iomi_diag_fail(o->diag, IOM_EOPNOTSUPP, fn->path, "reg",
			"a virtio-iommu behind a root port; for a device tree it must be "
			"on the first bus");
	rc = host_off(o, fn->bridge, &off);
	if (rc)
		return rc;
	if (slot_taken(o->fdt, off, fn->bdf))
		return iomi_diag_fail(o->diag, IOM_EINVAL, fn->path, "reg",
			"the base tree has a node for this function already");
	off = fdt_add_subnode(o->fdt, off, fn->name);
	if (off < 0)
		return iomi_machine_dt_fail(o, fn->path, NULL, off);
	return write_viommu_props(o, off, fn, o->phandle0 + iommu);
}

/* The target of a bridge's fragment, and the cells its children's reg has. */
static int write_fragment(struct iomi_machine_out *o, uint32_t bridge)
{
	const char *path = o->m->bridges[bridge].path;
	char name[20];
	int off, rc;

	fragment_name(bridge, name);
	rc = child(o, 0, name, &off);
	if (rc)
		return rc;
	rc = fdt_setprop(o->fdt, off, "target-path", path, (int)strlen(path) + 1);
	if (rc)
		return iomi_machine_dt_fail(o, path, "target-path", rc);
	rc = host_off(o, bridge, &off);
	if (rc)
		return rc;
	rc = fdt_setprop_u32(o->fdt, off, "#address-cells", 3);
	if (!rc)
		rc = fdt_setprop_u32(o->fdt, off, "#size-cells", 2);
	return rc ? iomi_machine_dt_fail(o, path, NULL, rc) : IOM_OK;
}

/* --- the whole ------------------------------------------------------------- */

static int check_machine(struct iomi_machine_out *o)
{
	uint32_t i, smmus = 0;

	for (i = 0; i < o->m->nr_endpoints; i++) {
		if (!iomi_machine_dt_is_smmu(o->m, o->m->endpoints[i].iommu))
			return iomi_diag_fail(o->diag, IOM_EOPNOTSUPP, o->m->endpoints[i].path,
				NULL, "a platform endpoint; it can be put into a device tree "
				"behind an SMMUv3 only");
	}
	for (i = 0; i < o->m->nr_iommus; i++) {
		smmus += iomi_machine_dt_is_smmu(o->m, i);
		if (!iomi_machine_dt_is_smmu(o->m, i) && o->m->iommus[i].fn == IOM_MACHINE_NONE)
			return iomi_diag_fail(o->diag, IOM_EOPNOTSUPP, o->m->iommus[i].path, NULL,
				"neither an SMMUv3 nor a PCI function that libiom provides; "
				"only those can be put into a device tree");
	}
	if (smmus)
		return IOM_OK;
	for (i = 0; i < o->m->nr_fns; i++) {
		if (o->m->fns[i].iommu != IOM_MACHINE_NONE)
			return IOM_OK;
	}
	return iomi_diag_fail(o->diag, IOM_EINVAL, NULL, NULL,
		"no function is behind a virtio-iommu; an iommu-map that covers one is missing");
}

static int begin(struct iomi_machine_out *o, const void *base, size_t base_size, size_t cap)
{
	uint32_t max = 0;
	int rc;

	if (cap > INT_MAX)
		cap = INT_MAX;
	if (!base) {
		o->phandle0 = 1;
		rc = fdt_create_empty_tree(o->fdt, (int)cap);
		return rc ? iomi_machine_dt_fail(o, NULL, NULL, rc) : IOM_OK;
	}
	rc = iomi_machine_check_fdt(base, base_size);
	if (rc)
		return iomi_diag_fail(o->diag, IOM_EINVAL, NULL, NULL,
			"the base tree is damaged: %s", fdt_strerror(rc));
	rc = fdt_open_into(base, o->fdt, (int)cap);
	if (!rc)
		rc = fdt_find_max_phandle(o->fdt, &max);
	if (rc)
		return iomi_machine_dt_fail(o, NULL, NULL, rc);
	/* -1 and 0 are no phandles. */
	if (max >= UINT32_MAX - 1 - o->m->nr_iommus - o->m->nr_msis)
		return iomi_diag_fail(o->diag, IOM_EINVAL, NULL, "phandle",
			"the base tree uses 0x%x, no higher one is left", max);
	o->phandle0 = max + 1;
	return IOM_OK;
}

int iom_machine_dt(const struct iom_machine *m, const void *base, size_t base_size,
		   void *buf, size_t cap, size_t *len, struct iom_diag *diag)
{
	struct iomi_machine_out o = { .m = m, .diag = diag, .fdt = buf, .overlay = !base };
	uint32_t i;
	int rc;

	rc = check_machine(&o);
	if (!rc)
		rc = begin(&o, base, base_size, cap);
	for (i = 0; i < m->nr_bridges && !rc; i++) {
		if (!bridge_used(m, i))
			continue;
		if (o.overlay)
			rc = write_fragment(&o, i);
		if (!rc)
			rc = write_map(&o, i);
	}
	for (i = 0; i < m->nr_iommus && !rc; i++)
		rc = iomi_machine_dt_is_smmu(m, i) ? iomi_machine_dt_smmu(&o, i) :
		     write_viommu(&o, i);
	for (i = 0; i < m->nr_endpoints && !rc;)
		rc = iomi_machine_dt_endpoint(&o, &i);
	if (rc)
		return rc;
	rc = fdt_pack(buf);
	if (rc)
		return iomi_machine_dt_fail(&o, NULL, NULL, rc);
	*len = fdt_totalsize(buf);
	return IOM_OK;
}
