/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reserved memory, and the IOVAs that devices have for it or must leave alone
 * (iommu-addresses). The entries name devices by phandle and are as wide as the
 * addresses of the device's bus, so nodes with phandles are kept until then;
 * in a tree without iommu-addresses none are.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>

#include "fw/diag.h"
#include "fw/machine.h"

#define PROP	"iommu-addresses"

/* --- regions --- */

static bool is_region(const struct iomi_machine_ctx *c)
{
	return c->depth && iomi_machine_parent(c)->resv_parent;
}

int iomi_machine_count_resv(struct iomi_machine_ctx *c)
{
	uint32_t cells;

	if (fdt_get_phandle(c->fdt, iomi_machine_cur(c)->off))
		c->cap_devs++;
	if (!is_region(c))
		return IOM_OK;
	c->cap_resvs++;
	if (!iomi_machine_cells(c, PROP, &cells))
		return IOM_OK;
	if (cells == UINT32_MAX || !cells)
		return iomi_machine_fail(c, PROP,
			"must be entries of a device's phandle, an address and a size");
	c->cap_iovas += cells / 3;
	return IOM_OK;
}

/* Firmware fills such a reg in when it has something for iommu-addresses. */
static bool is_placeholder(const struct iomi_machine_ctx *c)
{
	const fdt32_t *p;
	uint32_t nr, i;

	p = iomi_machine_cells(c, "reg", &nr);
	for (i = 0; i < nr && nr != UINT32_MAX; i++)
		if (iomi_machine_cell(p, i))
			return false;
	return nr != UINT32_MAX && iomi_machine_has(c, PROP);
}

int iomi_machine_read_resv(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	struct iom_machine_resv *r = &c->resvs[c->nr_resvs];
	int rc;

	rc = iomi_machine_strdup(c, c->path, &r->path);
	if (!rc)
		rc = iomi_machine_compat1(c, &r->compatible);
	if (rc)
		return rc;
	r->has_range = iomi_machine_reg(c, &r->range);
	if (!r->has_range && iomi_machine_has(c, "reg") && !is_placeholder(c))
		return iomi_machine_fail(c, "reg",
			"must be an address and a size that is not 0, in its parent's "
			"#address-cells and #size-cells");
	r->no_map = iomi_machine_has(c, "no-map");
	r->reusable = iomi_machine_has(c, "reusable");
	r->restricted_pool = iomi_machine_compat(c, "restricted-dma-pool");
	r->dma_default = iomi_machine_has(c, "linux,dma-default");
	c->resv_off[c->nr_resvs++] = n->enabled ? n->off : -1;
	return IOM_OK;
}

/* --- devices --- */

void iomi_machine_note_dev(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	uint32_t phandle = fdt_get_phandle(c->fdt, n->off);
	struct iomi_machine_dev *d;

	if (!phandle || !c->depth || c->nr_devs == c->cap_devs)
		return;
	d = &c->devs[c->nr_devs++];
	d->phandle = phandle;
	d->off = n->off;
	d->addr_cells = (int8_t)(n - 1)->addr_cells;
	d->size_cells = (int8_t)(n - 1)->size_cells;
	d->resv = n->resv_parent || is_region(c);
	d->is_iommu = n->iommu != IOM_MACHINE_NONE &&
		      (iomi_machine_is_viommu_pci(c) || iomi_machine_compat(c, "virtio,mmio") ||
		       iomi_machine_compat(c, "arm,smmu-v3"));
	d->who.bridge = IOM_MACHINE_NONE;
}

static int cmp_dev(const void *a, const void *b)
{
	const struct iomi_machine_dev *x = a, *y = b;

	if (x->phandle != y->phandle)
		return x->phandle < y->phandle ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

static struct iomi_machine_dev *find_dev(struct iomi_machine_ctx *c, uint32_t phandle)
{
	uint32_t lo = 0, hi = c->nr_devs, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (c->devs[mid].phandle < phandle)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->nr_devs && c->devs[lo].phandle == phandle ? &c->devs[lo] : NULL;
}

/* Third walk: who a device is that iommu-addresses named. */
int iomi_machine_read_dev(struct iomi_machine_ctx *c, uint32_t first_endpoint)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	struct iomi_machine_dev *d;
	uint16_t bdf;
	int rc;

	if (!c->nr_iovas)
		return IOM_OK;
	d = find_dev(c, fdt_get_phandle(c->fdt, n->off));
	if (!d || d->off != n->off || !d->wanted)
		return IOM_OK;
	d->who.endpoint = first_endpoint;
	d->who.nr_endpoints = c->nr_endpoints - first_endpoint;
	if (n->host) {
		d->who.bridge = n->bridge;
		d->who.bdf_last = UINT16_MAX;
	} else if (n->bridge != IOM_MACHINE_NONE && iomi_machine_parent(c)->pci_bus) {
		rc = iomi_machine_pci_reg(c, &bdf);
		if (rc)
			return rc;
		d->who.bridge = n->bridge;
		d->who.bdf_first = d->who.bdf_last = bdf;
	}
	return iomi_machine_strdup(c, c->path, &d->who.path);
}

/* --- what they have reserved --- */

/* A region whose iommu-addresses is being read. */
struct entries {
	struct iomi_machine_ctx *c;
	struct iom_diag *diag;
	uint32_t resv;
	const fdt32_t *p;
	uint32_t nr;			/* cells */
	struct iom_machine_resv_iova *out;
	uint32_t nr_out;
};

#define entries_fail(e, ...) \
	iomi_diag_fail((e)->diag, IOM_EINVAL, (e)->c->resvs[(e)->resv].path, PROP, __VA_ARGS__)

static int take_dev(struct entries *e, uint32_t phandle, struct iomi_machine_dev **dev)
{
	struct iomi_machine_dev *d = find_dev(e->c, phandle);

	if (!d)
		return entries_fail(e, "unknown phandle <0x%x>; no node has it", phandle);
	if (d->twice)
		return entries_fail(e, "<0x%x> is the phandle of two nodes", phandle);
	if (d->resv)
		return entries_fail(e, "<0x%x> is reserved memory itself, and no device", phandle);
	if (d->is_iommu)
		return entries_fail(e, "<0x%x> is an IOMMU, which no IOMMU is in front of",
				    phandle);
	*dev = d;
	return IOM_OK;
}

static int add_iova(struct entries *e, struct iomi_machine_dev *d, uint64_t start, uint64_t size)
{
	const struct iom_machine_resv *r = &e->c->resvs[e->resv];
	struct iom_machine_resv_iova *v = &e->out[e->nr_out];

	/* What firmware had nothing to fill in for. */
	if (!size)
		return IOM_OK;
	*v = (struct iom_machine_resv_iova){ .bridge = IOM_MACHINE_NONE };
	if (!iom_range_make(start, size, &v->iova))
		return entries_fail(e, "0x%llx bytes from 0x%llx wrap", (unsigned long long)size,
				    (unsigned long long)start);
	if (r->has_range && r->range.last - r->range.start != size - 1)
		return entries_fail(e, "0x%llx bytes of IOVAs for a region of 0x%llx, by its reg",
				    (unsigned long long)size,
				    (unsigned long long)(r->range.last - r->range.start + 1));
	v->mapped = r->has_range;
	v->pa = r->has_range ? r->range.start : 0;
	e->c->iovas[e->c->nr_iovas + e->nr_out++] = (struct iomi_machine_iova){
		(uint32_t)(d - e->c->devs), e->resv, v,
	};
	return IOM_OK;
}

/* With addresses and sizes of so many cells or, if 0, as the device's bus has them. */
static int read_entries(struct entries *e, int addr_cells, int size_cells)
{
	struct iomi_machine_dev *d = NULL;
	uint64_t start, size;
	uint32_t i, width;
	int rc, na, ns;

	e->nr_out = 0;
	for (i = 0; i < e->nr; i += width) {
		rc = take_dev(e, iomi_machine_cell(e->p, i), &d);
		if (rc)
			return rc;
		na = addr_cells ? addr_cells : d->addr_cells;
		ns = size_cells ? size_cells : d->size_cells;
		if (na < 1 || na > 3 || ns < 1 || ns > 2)
			return entries_fail(e, "the bus of <0x%x> has no addresses and sizes of 1 "
					    "or 2 cells", d->phandle);
		width = 1 + (uint32_t)(na + ns);
		if (width > e->nr - i)
			return entries_fail(e, "ends too early: after <0x%x> come %u cells of "
					    "address and %u of size", d->phandle,
					    (unsigned int)na, (unsigned int)ns);
		iomi_machine_address(e->p + i + 1, na, &start);
		iomi_machine_address(e->p + i + 1 + na, ns, &size);
		rc = add_iova(e, d, start, size);
		if (rc)
			return rc;
	}
	return IOM_OK;
}

static int read_region(struct iomi_machine_ctx *c, uint32_t resv)
{
	struct entries e = { .c = c, .diag = c->diag, .resv = resv };
	struct iom_diag second;
	uint32_t i;
	int len, rc;

	e.p = c->resv_off[resv] < 0 ? NULL : fdt_getprop(c->fdt, c->resv_off[resv], PROP, &len);
	if (!e.p)
		return IOM_OK;
	e.nr = (uint32_t)len / 4;
	rc = iomi_machine_alloc(c, e.nr / 3, sizeof(*e.out), &e.out);
	if (rc)
		return rc;
	/*
	 * The binding says "of the device", its example has IOVAs of 64 bits for devices on
	 * a bus of 32: what cannot be read by the device's bus may be by the root's cells.
	 */
	rc = read_entries(&e, 0, 0);
	if (rc) {
		e.diag = &second;
		if (read_entries(&e, fdt_address_cells(c->fdt, 0), fdt_size_cells(c->fdt, 0)))
			return rc;
	}
	for (i = 0; i < e.nr_out; i++)
		c->devs[c->iovas[c->nr_iovas + i].dev].wanted = true;
	c->nr_iovas += e.nr_out;
	c->resvs[resv].iovas = e.out;
	c->resvs[resv].nr_iovas = e.nr_out;
	return IOM_OK;
}

static int cmp_iova(const void *a, const void *b)
{
	const struct iomi_machine_iova *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->v->iova.start != y->v->iova.start)
		return x->v->iova.start < y->v->iova.start ? -1 : 1;
	return x->resv < y->resv ? -1 : x->resv > y->resv;
}

/* What is mapped for a device is neither mapped twice nor to be kept free. */
static int check_overlaps(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_iova *any = NULL, *mapped = NULL, *at, *other;
	uint32_t i;

	iomi_machine_sort(c->iovas, c->nr_iovas, sizeof(*c->iovas), cmp_iova);
	for (i = 0; i < c->nr_iovas; i++) {
		at = &c->iovas[i];
		if (i && at->dev != at[-1].dev)
			any = mapped = NULL;
		other = at->v->mapped ? any : mapped;
		if (other && at->v->iova.start <= other->v->iova.last)
			return iomi_diag_fail(c->diag, IOM_EINVAL, c->resvs[at->resv].path, PROP,
				"IOVAs from 0x%llx overlap 0x%llx-0x%llx, which %s has for the "
				"same device", (unsigned long long)at->v->iova.start,
				(unsigned long long)other->v->iova.start,
				(unsigned long long)other->v->iova.last,
				c->resvs[other->resv].path);
		if (!any || at->v->iova.last > any->v->iova.last)
			any = at;
		if (at->v->mapped && (!mapped || at->v->iova.last > mapped->v->iova.last))
			mapped = at;
	}
	return IOM_OK;
}

int iomi_machine_read_iovas(struct iomi_machine_ctx *c)
{
	uint32_t i;
	int rc = IOM_OK;

	iomi_machine_sort(c->devs, c->nr_devs, sizeof(*c->devs), cmp_dev);
	for (i = 1; i < c->nr_devs; i++)
		if (c->devs[i].phandle == c->devs[i - 1].phandle)
			c->devs[i].twice = c->devs[i - 1].twice = true;
	for (i = 0; i < c->nr_resvs && !rc; i++)
		rc = read_region(c, i);
	return rc ? rc : check_overlaps(c);
}

void iomi_machine_finish_iovas(struct iomi_machine_ctx *c)
{
	const struct iom_machine_resv_iova *who;
	struct iom_machine_resv_iova *v;
	uint32_t i;

	for (i = 0; i < c->nr_iovas; i++) {
		v = c->iovas[i].v;
		who = &c->devs[c->iovas[i].dev].who;
		v->path = who->path;
		v->endpoint = who->endpoint;
		v->nr_endpoints = who->nr_endpoints;
		v->bridge = who->bridge;
		v->bdf_first = who->bdf_first;
		v->bdf_last = who->bdf_last;
	}
}
