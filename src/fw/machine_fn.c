/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A libiom machine file (docs/machine-file.md): a device tree whose host
 * bridges have the functions that libiom provides as children. Here a typing
 * error is an error, so each kind of node has a list of what it may have.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/base/mem.h>

#include "fw/diag.h"
#include "fw/machine.h"

#define COMMON	"compatible", "phandle", "linux,phandle"

/* Kinds of node; the first of `compatible` is the one to recommend. */
struct node_kind {
	const char *compatible[2];
	const char *props[24];
};

static const struct node_kind root_kind = {
	{ NULL },
	{ COMMON, "#address-cells", "#size-cells", "model" },
};

static const struct node_kind host_kind = {
	{ "pci-host-ecam-generic" },
	{ COMMON, "#address-cells", "#size-cells", "device_type", "linux,pci-domain",
	  "bus-range", "iommu-map", "iommu-map-mask", "reg", "ranges", "dma-coherent" },
};

/* A virtio-mmio device beside the PCI buses: an IOMMU or an endpoint. */
static const struct node_kind mmio_kind = {
	{ "virtio,mmio" },
	{ COMMON, "reg", "interrupts", "interrupt-parent", "dma-coherent",
	  "#iommu-cells", "iommus" },
};

static const struct node_kind fn_kinds[] = {
	[IOM_MACHINE_FN_VIOMMU] = {
		{ "pci1af4,1057", "virtio,pci-iommu" },
		{ COMMON, "reg", "#iommu-cells", "iom,no-msix", "iom,msi-only",
		  "iom,packed", "iom,boot-bypass", "iom,no-bypass-config",
		  "iom,no-probe", "iom,no-mmio", "iom,page-size-mask",
		  "iom,input-range", "iom,domain-range", "iom,msi-region",
		  "iom,resv-region", "iom,max-domains", "iom,max-endpoints",
		  "iom,max-requests", "iom,max-bytes" },
	},
	[IOM_MACHINE_FN_BLK] = {
		{ "virtio,blk" },
		{ COMMON, "reg", "iom,no-msix", "iom,msi-only", "iom,packed",
		  "iom,file", "iom,serial", "read-only" },
	},
	[IOM_MACHINE_FN_RNG] = {
		{ "virtio,rng" },
		{ COMMON, "reg", "iom,no-msix", "iom,msi-only", "iom,packed" },
	},
	[IOM_MACHINE_FN_DMA_TEST] = {
		{ "iom,dma-test" },
		{ COMMON, "reg", "iom,no-msix", "iom,msi-only" },
	},
};

/* --- what a node may be and have ------------------------------------------- */

static bool is_kind(const struct iomi_machine_ctx *c, const struct node_kind *k)
{
	unsigned int i;

	for (i = 0; i < IOM_ARRAY_SIZE(k->compatible) && k->compatible[i]; i++) {
		if (iomi_machine_compat(c, k->compatible[i]))
			return true;
	}
	return false;
}

static int fn_kind(const struct iomi_machine_ctx *c)
{
	unsigned int i;

	for (i = 0; i < IOM_ARRAY_SIZE(fn_kinds); i++) {
		if (is_kind(c, &fn_kinds[i]))
			return (int)i;
	}
	return -1;
}

/* A child of a host bridge. */
bool iomi_machine_is_fn(const struct iomi_machine_ctx *c)
{
	return c->depth == 2 && iomi_machine_parent(c)->host;
}

static int check_props(struct iomi_machine_ctx *c, const struct node_kind *k)
{
	const char *name;
	unsigned int i;
	int prop, len;

	fdt_for_each_property_offset(prop, c->fdt, iomi_machine_cur(c)->off) {
		if (!fdt_getprop_by_offset(c->fdt, prop, &name, &len))
			return iomi_machine_fail(c, NULL, "damaged: %s", fdt_strerror(len));
		for (i = 0; i < IOM_ARRAY_SIZE(k->props) && k->props[i]; i++) {
			if (!strcmp(name, k->props[i]))
				break;
		}
		if (i == IOM_ARRAY_SIZE(k->props) || !k->props[i])
			return iomi_machine_fail(c, name,
				"unknown property here; docs/machine-file.md lists the "
				"known ones");
	}
	return IOM_OK;
}

static int check_host(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);

	if (!is_kind(c, &host_kind))
		return iomi_machine_fail(c, "compatible",
			"a host bridge is \"%s\"", host_kind.compatible[0]);
	if (n->addr_cells != 3)
		return iomi_machine_fail(c, "#address-cells", "must be <3> on a PCI bus");
	if (n->size_cells != 2)
		return iomi_machine_fail(c, "#size-cells", "must be <2> on a PCI bus");
	if (!iomi_machine_has(c, "linux,pci-domain"))
		return iomi_machine_fail(c, "linux,pci-domain",
			"missing; <0> makes this PCI segment 0");
	return check_props(c, &host_kind);
}

static int check_mmio(struct iomi_machine_ctx *c)
{
	struct iom_range reg;

	if (!iomi_machine_reg(c, &reg))
		return iomi_machine_fail(c, "reg",
			"missing or not an address and a size, in the root's "
			"#address-cells and #size-cells");
	if (!iomi_machine_has(c, "#iommu-cells") && !iomi_machine_has(c, "iommus"))
		return iomi_machine_fail(c, "#iommu-cells",
			"missing; an IOMMU has #iommu-cells = <1>, an endpoint iommus = "
			"<&iommu id>");
	return check_props(c, &mmio_kind);
}

static int check_fn(struct iomi_machine_ctx *c)
{
	int kind = fn_kind(c);

	if (!iomi_machine_has(c, "compatible"))
		return iomi_machine_fail(c, "compatible",
			"missing; \"virtio,blk\", \"virtio,rng\", \"iom,dma-test\" or "
			"\"pci1af4,1057\" says what libiom provides");
	if (kind < 0)
		return iomi_machine_fail(c, "compatible",
			"unknown; \"virtio,blk\", \"virtio,rng\", \"iom,dma-test\" and "
			"\"pci1af4,1057\" (virtio-iommu) are known");
	if (kind == IOM_MACHINE_FN_VIOMMU && !iomi_machine_has(c, "#iommu-cells"))
		return iomi_machine_fail(c, "#iommu-cells", "missing; a virtio-iommu has <1>");
	return check_props(c, &fn_kinds[kind]);
}

/* First walk: refuse what is not on the lists above. */
int iomi_machine_strict(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);

	if (!c->depth)
		return check_props(c, &root_kind);
	/* dtc -@ adds it: labels and paths, which only an overlay needs. */
	if (!strcmp(c->path, "/__symbols__"))
		return IOM_OK;
	if (n->host && c->depth == 1)
		return check_host(c);
	if (c->depth == 1 && is_kind(c, &mmio_kind))
		return check_mmio(c);
	if (iomi_machine_is_fn(c))
		return check_fn(c);
	if (c->depth == 1)
		return iomi_machine_fail(c, NULL,
			"unknown node; a host bridge (device_type = \"pci\") or a "
			"virtio,mmio device can stand here");
	return iomi_machine_fail(c, NULL,
		"unknown node; a PCI function is a direct child of its host bridge, with "
		"its bus in reg");
}

/* --- a virtio-iommu -------------------------------------------------------- */

/* Up to max inclusive ranges of <hi lo hi lo>. */
static int read_ranges(struct iomi_machine_ctx *c, const char *name, uint32_t max,
		       struct iom_range *v, uint32_t *nr)
{
	uint32_t cells, i;
	const fdt32_t *p = iomi_machine_cells(c, name, &cells);

	*nr = 0;
	if (!p)
		return IOM_OK;
	if (cells == UINT32_MAX || !cells || cells % 4 || cells / 4 > max)
		return iomi_machine_fail(c, name,
			"must be %s<start-hi start-lo last-hi last-lo>",
			max > 1 ? "1 to 15 ranges, each " : "");
	for (i = 0; i < cells / 4; i++) {
		v[i].start = iomi_machine_cell64(p, 4 * i);
		v[i].last = iomi_machine_cell64(p, 4 * i + 2);
		if (!iom_range_valid(v[i]))
			return iomi_machine_fail(c, name,
				"0x%llx-0x%llx ends before it starts; the last address "
				"belongs to the range",
				(unsigned long long)v[i].start, (unsigned long long)v[i].last);
	}
	*nr = cells / 4;
	return IOM_OK;
}

static int read_regions(struct iomi_machine_ctx *c, struct iom_machine_viommu *v)
{
	struct iom_range tmp[IOMI_MACHINE_RESV_REGIONS], *resv;
	uint32_t nr, i, j;
	int rc;

	rc = read_ranges(c, "iom,msi-region", 1, &v->msi, &nr);
	v->has_msi = nr;
	if (rc)
		return rc;
	rc = read_ranges(c, "iom,resv-region", IOMI_MACHINE_RESV_REGIONS, tmp, &nr);
	if (rc)
		return rc;
	for (i = 0; i < nr; i++) {
		for (j = 0; j < i; j++) {
			if (iom_range_overlaps(tmp[i], tmp[j]))
				return iomi_machine_fail(c, "iom,resv-region",
					"two regions overlap; keep them apart");
		}
		if (v->has_msi && iom_range_overlaps(tmp[i], v->msi))
			return iomi_machine_fail(c, "iom,resv-region",
				"a region overlaps iom,msi-region; keep them apart");
	}
	if (!v->probe && (nr || v->has_msi))
		return iomi_machine_fail(c, "iom,no-probe",
			"without PROBE a driver cannot learn of %s; leave one of them out",
			v->has_msi ? "iom,msi-region" : "iom,resv-region");
	rc = iomi_machine_alloc(c, nr, sizeof(*resv), &resv);
	if (rc)
		return rc;
	for (i = 0; i < nr; i++)
		resv[i] = tmp[i];
	v->nr_resv = nr;
	v->resv = resv;
	return IOM_OK;
}

/*
 * Firmware of the guest may use a disk before an IOMMU driver is there, so
 * endpoints get through until a driver says otherwise.
 */
static int read_bypass(struct iomi_machine_ctx *c, struct iom_machine_viommu *v)
{
	uint32_t boot = 1;
	bool off, has;
	int rc;

	rc = iomi_machine_flag(c, "iom,no-bypass-config", &off);
	if (!rc)
		rc = iomi_machine_u32(c, "iom,boot-bypass", &has, &boot);
	if (rc)
		return rc;
	if (off && has)
		return iomi_machine_fail(c, "iom,boot-bypass",
			"has no effect with iom,no-bypass-config; leave one of them out");
	if (boot > 1)
		return iomi_machine_fail(c, "iom,boot-bypass",
			"is <%u>; <0> and <1> are possible", boot);
	v->bypass_config = !off;
	v->boot_bypass = !off && boot;
	return IOM_OK;
}

/* A limit: absent is 0, and 0 itself makes no sense. */
static int read_limit(struct iomi_machine_ctx *c, const char *name, uint32_t *v)
{
	bool has;
	int rc = iomi_machine_u32(c, name, &has, v);

	if (!rc && has && !*v)
		return iomi_machine_fail(c, name,
			"must be at least <1>; leave it out for libiom's default");
	return rc;
}

static int read_limits(struct iomi_machine_ctx *c, struct iom_machine_viommu *v)
{
	bool has;
	int rc;

	rc = read_limit(c, "iom,max-domains", &v->max_domains);
	if (!rc)
		rc = read_limit(c, "iom,max-endpoints", &v->max_endpoints);
	if (!rc)
		rc = read_limit(c, "iom,max-requests", &v->max_requests);
	if (!rc)
		rc = iomi_machine_u64(c, "iom,max-bytes", &has, &v->max_bytes);
	if (!rc && has && !v->max_bytes)
		return iomi_machine_fail(c, "iom,max-bytes",
			"must be at least <0 1>; leave it out for libiom's default");
	return rc;
}

static int read_domain_range(struct iomi_machine_ctx *c, struct iom_machine_viommu *v)
{
	uint32_t nr;
	const fdt32_t *p = iomi_machine_cells(c, "iom,domain-range", &nr);

	if (!p)
		return IOM_OK;
	if (nr != 2 || iomi_machine_cell(p, 0) > iomi_machine_cell(p, 1))
		return iomi_machine_fail(c, "iom,domain-range",
			"must be <first last> with first <= last");
	v->has_domain_range = true;
	v->domain_first = iomi_machine_cell(p, 0);
	v->domain_last = iomi_machine_cell(p, 1);
	return IOM_OK;
}

static int read_viommu(struct iomi_machine_ctx *c, struct iom_machine_viommu *v)
{
	bool no_probe, no_mmio, has;
	uint32_t nr;
	int rc;

	v->page_size_mask = ~UINT64_C(0xfff);
	rc = read_bypass(c, v);
	if (!rc)
		rc = iomi_machine_flag(c, "iom,no-probe", &no_probe);
	if (!rc)
		rc = iomi_machine_flag(c, "iom,no-mmio", &no_mmio);
	if (rc)
		return rc;
	v->probe = !no_probe;
	v->mmio = !no_mmio;
	rc = iomi_machine_u64(c, "iom,page-size-mask", &has, &v->page_size_mask);
	if (rc)
		return rc;
	if (!v->page_size_mask)
		return iomi_machine_fail(c, "iom,page-size-mask",
			"must have a bit set; the lowest is the mapping granule, such as "
			"<0xffffffff 0xfffff000>");
	/* The device's own limit: an entry of its tables describes no less. */
	if (v->page_size_mask & 0x7f)
		return iomi_machine_fail(c, "iom,page-size-mask",
			"0x%llx has a granule below 128 bytes, which libiom does not offer",
			(unsigned long long)v->page_size_mask);
	rc = read_ranges(c, "iom,input-range", 1, &v->input_range, &nr);
	v->has_input_range = nr;
	if (!rc)
		rc = read_domain_range(c, v);
	if (!rc)
		rc = read_regions(c, v);
	return rc ? rc : read_limits(c, v);
}

/* --- a function ------------------------------------------------------------ */

static int read_blk(struct iomi_machine_ctx *c, struct iom_machine_fn *fn)
{
	const char *file, *serial;
	int rc;

	rc = iomi_machine_str(c, "iom,file", &file);
	if (!rc)
		rc = iomi_machine_str(c, "iom,serial", &serial);
	if (!rc)
		rc = iomi_machine_flag(c, "read-only", &fn->read_only);
	if (rc)
		return rc;
	if (!file)
		return iomi_machine_fail(c, "iom,file",
			"missing; \"disk.img\" is the file beside this machine file");
	/* VIRTIO_BLK_T_GET_ID answers 20 bytes, NUL-padded. */
	if (serial && strlen(serial) > 20)
		return iomi_machine_fail(c, "iom,serial",
			"longer than the 20 bytes of a virtio-blk ID");
	rc = iomi_machine_strdup(c, file, &fn->file);
	return rc ? rc : iomi_machine_strdup(c, serial ? serial : "", &fn->serial);
}

static int check_bus(struct iomi_machine_ctx *c, const struct iom_machine_bridge *b,
		     uint16_t bdf)
{
	uint8_t bus = iom_machine_bdf_bus(bdf);

	if (bus < b->bus_first || bus > b->bus_last)
		return iomi_machine_fail(c, "reg", "bus %u is outside bus-range <%u %u> of %s",
					 bus, b->bus_first, b->bus_last, b->path);
	/* PCIe: below a root port there is one link, which has device 0 only. */
	if (bus != b->bus_first && iom_machine_bdf_dev(bdf))
		return iomi_machine_fail(c, "reg",
			"device %u on bus %u: behind a root port there is only device 0",
			iom_machine_bdf_dev(bdf), bus);
	return IOM_OK;
}

/* Second walk. Who is behind which IOMMU comes later, in finish. */
int iomi_machine_read_fn(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	const struct iom_machine_bridge *b = &c->bridges[n->bridge];
	struct iom_machine_fn *fn = &c->fns[c->nr_fns++];
	int rc;

	fn->kind = (enum iom_machine_fn_kind)fn_kind(c);
	fn->bridge = n->bridge;
	fn->segment = b->segment;
	fn->iommu = n->iommu;		/* until finish: what it is, not is behind */
	rc = iomi_machine_strdup(c, c->path, &fn->path);
	if (!rc)
		rc = iomi_machine_pci_reg(c, &fn->bdf);
	if (!rc)
		rc = check_bus(c, b, fn->bdf);
	if (!rc)
		rc = iomi_machine_flag(c, "iom,no-msix", &fn->no_msix);
	if (!rc)
		rc = iomi_machine_flag(c, "iom,msi-only", &fn->msi_only);
	if (!rc)
		rc = iomi_machine_flag(c, "iom,packed", &fn->packed);
	if (rc)
		return rc;
	fn->name = fn->path + iomi_machine_parent(c)->path_len + 1;
	fn->no_msix = fn->no_msix || fn->msi_only;
	if (fn->kind == IOM_MACHINE_FN_VIOMMU)
		return read_viommu(c, &fn->viommu);
	if (fn->kind == IOM_MACHINE_FN_BLK)
		return read_blk(c, fn);
	return IOM_OK;
}

/* --- all functions --------------------------------------------------------- */

static int cmp_fn(const void *a, const void *b)
{
	const struct iom_machine_fn *x = a, *y = b;

	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return x->bdf < y->bdf ? -1 : x->bdf > y->bdf;
}

static int check_segments(struct iomi_machine_ctx *c)
{
	uint32_t i, j;

	for (i = 0; i < c->nr_bridges; i++) {
		for (j = 0; j < i; j++) {
			if (c->bridges[i].segment == c->bridges[j].segment)
				return iomi_diag_fail(c->diag, IOM_EINVAL, c->bridges[i].path,
					"linux,pci-domain",
						"<%u> is already %s; each bridge needs "
						"its own",
					c->bridges[i].segment, c->bridges[j].path);
		}
	}
	return IOM_OK;
}

/* The functions are sorted: equal ones are neighbours. */
static int check_unique(struct iomi_machine_ctx *c)
{
	const struct iom_machine_fn *fn;
	uint32_t i;

	for (i = 1; i < c->nr_fns; i++) {
		fn = &c->fns[i];
		if (!cmp_fn(fn - 1, fn))
			return iomi_diag_fail(c->diag, IOM_EINVAL, fn->path, "reg",
				"is the same function as %s; each needs its own", fn[-1].path);
	}
	return IOM_OK;
}

/* A slot's function 0 comes first. */
static int check_slots(struct iomi_machine_ctx *c)
{
	const struct iom_machine_fn *fn;
	uint32_t i;

	for (i = 0; i < c->nr_fns; i++) {
		fn = &c->fns[i];
		if (!iom_machine_bdf_fn(fn->bdf) ||
		    (i && fn[-1].segment == fn->segment && fn[-1].bdf >> 3 == fn->bdf >> 3))
			continue;
		return iomi_diag_fail(c->diag, IOM_EINVAL, fn->path, "reg",
			"function %u, but the slot has no function 0, so no guest would "
			"look for it", iom_machine_bdf_fn(fn->bdf));
	}
	return IOM_OK;
}

/*
 * A mask can give two functions one endpoint id, which the maps alone do not
 * show. Functions are few (IOMI_MACHINE_FNS), so compare each with each.
 */
static int check_endpoints(struct iomi_machine_ctx *c)
{
	uint32_t i, j;

	for (i = 0; i < c->nr_fns; i++) {
		for (j = 0; j < i; j++) {
			if (c->fns[i].iommu == IOM_MACHINE_NONE ||
			    c->fns[i].iommu != c->fns[j].iommu ||
			    c->fns[i].endpoint != c->fns[j].endpoint)
				continue;
			return iomi_diag_fail(c->diag, IOM_EINVAL,
				c->bridges[c->fns[i].bridge].path, "iommu-map",
				"%s and %s overlap: both have endpoint ID 0x%x",
				c->fns[j].name, c->fns[i].name, c->fns[i].endpoint);
		}
	}
	return IOM_OK;
}

/* After the maps are known: sort, and say who is behind which IOMMU. */
int iomi_machine_finish_fns(struct iomi_machine_ctx *c, const struct iom_machine *m)
{
	struct iom_machine_fn *fn;
	uint32_t i;
	int rc;

	rc = check_segments(c);
	if (rc)
		return rc;
	iomi_machine_sort(c->fns, c->nr_fns, sizeof(*c->fns), cmp_fn);
	rc = check_unique(c);
	if (!rc)
		rc = check_slots(c);
	if (rc)
		return rc;
	for (i = 0; i < c->nr_fns; i++) {
		fn = &c->fns[i];
		if (fn->iommu != IOM_MACHINE_NONE)
			c->iommus[fn->iommu].fn = i;
		fn->iommu = IOM_MACHINE_NONE;
		if (iom_machine_find_pci(m, fn->bridge, fn->bdf, &fn->iommu, &fn->endpoint))
			fn->iommu = IOM_MACHINE_NONE;
	}
	return check_endpoints(c);
}
