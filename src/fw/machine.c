/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device tree reader: checks the blob as a whole, walks it, and keeps what
 * it finds in the caller's memory. libfdt bounds every access to the blob;
 * every count here is bounded by a constant of fw/machine.h.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/base/mem.h>

#include "fw/diag.h"
#include "fw/machine.h"

/* --- memory ---------------------------------------------------------------- */

/* n zeroed objects, aligned for any type; *(void **)out only on success. */
int iomi_machine_alloc(struct iomi_machine_ctx *c, size_t n, size_t size, void *out)
{
	size_t pad = (size_t)-(uintptr_t)c->mem & 15;
	void *p;

	/* n and size are bounded by the limits above, so this cannot wrap. */
	if (pad > c->mem_left || n * size > c->mem_left - pad)
		return iomi_diag_fail(c->diag, IOM_ENOMEM, NULL, NULL,
				      "not enough memory given to the reader");
	p = c->mem + pad;
	c->mem += pad + n * size;
	c->mem_left -= pad + n * size;
	if (n)
		memset(p, 0, n * size);
	memcpy(out, &p, sizeof(p));
	return IOM_OK;
}

int iomi_machine_strdup(struct iomi_machine_ctx *c, const char *s, const char **out)
{
	size_t n = strlen(s) + 1;
	char *p;
	int rc;

	rc = iomi_machine_alloc(c, n, 1, &p);
	if (rc)
		return rc;
	memcpy(p, s, n);
	*out = p;
	return IOM_OK;
}

void iomi_machine_sort(void *base, size_t n, size_t size,
		       int (*cmp)(const void *a, const void *b))
{
	unsigned char *v = base, *a, *b, t;
	size_t gap, i, j, k;

	/* Shell sort with Knuth's gaps, n^1.5. */
	for (gap = 1; gap < n / 3; gap = 3 * gap + 1)
		;
	for (; gap; gap /= 3) {
		for (i = gap; i < n; i++) {
			for (j = i; j >= gap; j -= gap) {
				a = v + (j - gap) * size;
				b = v + j * size;
				if (cmp(a, b) <= 0)
					break;
				for (k = 0; k < size; k++) {
					t = a[k];
					a[k] = b[k];
					b[k] = t;
				}
			}
		}
	}
}

/* --- the walk -------------------------------------------------------------- */

const struct iomi_machine_node *iomi_machine_cur(const struct iomi_machine_ctx *c)
{
	return &c->frame[c->depth];
}

/* Of a node that is not the root. */
const struct iomi_machine_node *iomi_machine_parent(const struct iomi_machine_ctx *c)
{
	return &c->frame[c->depth - 1];
}

bool iomi_machine_compat(const struct iomi_machine_ctx *c, const char *compatible)
{
	return !fdt_node_check_compatible(c->fdt, iomi_machine_cur(c)->off, compatible);
}

static bool str_is(const struct iomi_machine_ctx *c, const char *name, const char *s)
{
	int len;
	const char *v = fdt_getprop(c->fdt, iomi_machine_cur(c)->off, name, &len);

	return v && (size_t)len == strlen(s) + 1 && !memcmp(v, s, (size_t)len);
}

static int push_path(struct iomi_machine_ctx *c, struct iomi_machine_node *n)
{
	unsigned int at = c->depth ? c->frame[c->depth - 1].path_len : 0;
	const char *name;
	int len;

	name = fdt_get_name(c->fdt, n->off, &len);
	if (!name || (c->depth && !len))
		return iomi_machine_fail(c, NULL, "a node without a name");
	if (at == 1)
		at = 0;			/* the root's own "/" */
	if (len < 0 || (unsigned int)len + at + 2 > sizeof(c->path))
		return iomi_machine_fail(c, NULL, "a path of more than %u bytes below it",
					 (unsigned int)sizeof(c->path) - 1);
	c->path[at] = '/';
	memcpy(c->path + at + 1, name, c->depth ? (size_t)len : 0);
	n->path_len = at + 1 + (c->depth ? (unsigned int)len : 0);
	c->path[n->path_len] = '\0';
	return IOM_OK;
}

/* Fill the frame at c->depth for the node at off. */
static int enter(struct iomi_machine_ctx *c, int off)
{
	struct iomi_machine_node *n = &c->frame[c->depth];
	const struct iomi_machine_node *up = c->depth ? n - 1 : NULL;
	int rc;

	*n = (struct iomi_machine_node){
		.off = off,
		.bridge = up ? up->bridge : IOM_MACHINE_NONE,
		.iommu = IOM_MACHINE_NONE,
		.msi = IOM_MACHINE_NONE,
		.enabled = !up || up->enabled,
	};
	rc = push_path(c, n);
	if (rc)
		return rc;
	n->addr_cells = fdt_address_cells(c->fdt, off);
	n->size_cells = fdt_size_cells(c->fdt, off);
	if (iomi_machine_has(c, "status") && !str_is(c, "status", "okay") &&
	    !str_is(c, "status", "ok"))
		n->enabled = false;
	n->coherent = iomi_machine_has(c, "dma-coherent");
	if (iomi_machine_has(c, "dma-noncoherent")) {
		if (n->coherent)
			return iomi_machine_fail(c, "dma-noncoherent",
				"beside dma-coherent; a node has one of them, or what the one "
				"above has");
	} else if (up && up->coherent) {
		n->coherent = true;
	}
	n->resv_parent = c->depth == 1 && !memcmp(c->path, "/reserved-memory", 17);
	n->pci_bus = str_is(c, "device_type", "pci");
	n->host = n->pci_bus && n->bridge == IOM_MACHINE_NONE;
	if (n->host)
		n->bridge = c->nr_bridges++;
	if (iomi_machine_has(c, "#iommu-cells"))
		n->iommu = c->nr_iommus++;
	if (iomi_machine_has(c, "msi-controller"))
		n->msi = c->nr_msis++;
	return IOM_OK;
}

int iomi_machine_walk(struct iomi_machine_ctx *c,
		      int (*visit)(struct iomi_machine_ctx *c))
{
	int off = 0, depth = 0, rc;

	c->nr_bridges = 0;
	c->nr_iommus = 0;
	c->nr_msis = 0;
	c->depth = 0;
	c->path[0] = '\0';
	while (off >= 0 && depth >= 0) {
		if (depth >= IOMI_MACHINE_DEPTH)
			return iomi_machine_fail(c, NULL, "nodes nest deeper than %u below it",
						 IOMI_MACHINE_DEPTH - 1u);
		c->depth = depth;
		rc = enter(c, off);
		if (!rc)
			rc = visit(c);
		if (rc)
			return rc;
		off = fdt_next_node(c->fdt, off, &depth);
	}
	if (off < 0 && off != -FDT_ERR_NOTFOUND)
		return iomi_machine_fail(c, NULL, "damaged after this node: %s",
					 fdt_strerror(off));
	return IOM_OK;
}

/* --- properties ------------------------------------------------------------ */

bool iomi_machine_has(const struct iomi_machine_ctx *c, const char *name)
{
	return fdt_getprop(c->fdt, iomi_machine_cur(c)->off, name, NULL) != NULL;
}

/* NULL if absent; *nr cells, UINT32_MAX if the length is not whole cells. */
const fdt32_t *iomi_machine_cells(const struct iomi_machine_ctx *c, const char *name,
				  uint32_t *nr)
{
	int len;
	const void *p = fdt_getprop(c->fdt, iomi_machine_cur(c)->off, name, &len);

	if (p)
		*nr = len % 4 ? UINT32_MAX : (uint32_t)len / 4;
	return p;
}

/* The blob's cells need not be aligned. */
uint32_t iomi_machine_cell(const fdt32_t *p, uint32_t i)
{
	return fdt32_ld(p + i);
}

uint64_t iomi_machine_cell64(const fdt32_t *p, uint32_t i)
{
	return (uint64_t)fdt32_ld(p + i) << 32 | fdt32_ld(p + i + 1);
}

int iomi_machine_u32(struct iomi_machine_ctx *c, const char *name, bool *has, uint32_t *v)
{
	uint32_t nr;
	const fdt32_t *p = iomi_machine_cells(c, name, &nr);

	*has = p != NULL;
	if (!p)
		return IOM_OK;
	if (nr != 1)
		return iomi_machine_fail(c, name, "must be one cell, such as <1>");
	*v = iomi_machine_cell(p, 0);
	return IOM_OK;
}

int iomi_machine_u64(struct iomi_machine_ctx *c, const char *name, bool *has, uint64_t *v)
{
	uint32_t nr;
	const fdt32_t *p = iomi_machine_cells(c, name, &nr);

	*has = p != NULL;
	if (!p)
		return IOM_OK;
	if (nr != 2)
		return iomi_machine_fail(c, name,
			"must be two cells, high and low, such as <0 0x1000>");
	*v = iomi_machine_cell64(p, 0);
	return IOM_OK;
}

int iomi_machine_flag(struct iomi_machine_ctx *c, const char *name, bool *v)
{
	int len;

	*v = fdt_getprop(c->fdt, iomi_machine_cur(c)->off, name, &len) != NULL;
	if (*v && len)
		return iomi_machine_fail(c, name,
			"has a value; it is set by being there, without one");
	return IOM_OK;
}

/* *s is NULL if absent; otherwise it points into the blob. */
int iomi_machine_str(struct iomi_machine_ctx *c, const char *name, const char **s)
{
	int off = iomi_machine_cur(c)->off;

	*s = NULL;
	if (!iomi_machine_has(c, name))
		return IOM_OK;
	if (fdt_stringlist_count(c->fdt, off, name) != 1)
		return iomi_machine_fail(c, name, "must be one string");
	*s = fdt_stringlist_get(c->fdt, off, name, 0, NULL);
	if (!*s || !**s)
		return iomi_machine_fail(c, name, "must not be empty");
	return IOM_OK;
}

/* A copy of the first string of compatible; "" if there is none. */
int iomi_machine_compat1(struct iomi_machine_ctx *c, const char **s)
{
	const char *p = fdt_stringlist_get(c->fdt, iomi_machine_cur(c)->off,
					   "compatible", 0, NULL);

	return iomi_machine_strdup(c, p ? p : "", s);
}

/* Address or size in n cells; a PCI address has a first cell that is no part of it. */
bool iomi_machine_address(const fdt32_t *p, int n, uint64_t *v)
{
	if (n < 1 || n > 3)
		return false;
	*v = n == 1 ? iomi_machine_cell(p, 0) :
	     iomi_machine_cell64(p, n == 3 ? 1 : 0);
	return true;
}

static bool cells_value(const fdt32_t *p, int n, uint64_t *v)
{
	if (n < 1 || n > 2)
		return false;
	*v = n == 2 ? iomi_machine_cell64(p, 0) : iomi_machine_cell(p, 0);
	return true;
}

/*
 * Carry r, in the address space of the children of the node at `depth`, one
 * level up, by that node's `ranges`.
 */
static bool translate(const struct iomi_machine_ctx *c, int depth, struct iom_range *r)
{
	const struct iomi_machine_node *n = &c->frame[depth], *up = n - 1;
	int len, row, i;
	const fdt32_t *p = fdt_getprop(c->fdt, n->off, "ranges", &len);
	struct iom_range child;
	uint64_t base, size, to;

	if (!p)
		return false;
	if (!len)
		return true;
	if (n->addr_cells < 1 || up->addr_cells < 1 || n->size_cells < 1)
		return false;
	row = n->addr_cells + up->addr_cells + n->size_cells;
	for (i = 0; i < len / 4 / row && i < 256; i++, p += row) {
		if (!cells_value(p, n->addr_cells, &base) ||
		    !cells_value(p + n->addr_cells, up->addr_cells, &to) ||
		    !cells_value(p + row - n->size_cells, n->size_cells, &size) ||
		    !iom_range_make(base, size, &child) ||
		    !iom_range_contains(child, *r))
			continue;
		r->start = to + (r->start - base);
		r->last = to + (r->last - base);
		return iom_range_valid(*r);
	}
	return false;
}

/* The first entry of reg in CPU addresses; false if there is none. */
bool iomi_machine_reg(const struct iomi_machine_ctx *c, struct iom_range *r)
{
	const struct iomi_machine_node *up;
	uint64_t start, size;
	const fdt32_t *p;
	uint32_t nr;
	int depth;

	p = iomi_machine_cells(c, "reg", &nr);
	if (!c->depth || !p || nr == UINT32_MAX)
		return false;
	up = iomi_machine_parent(c);
	if (up->addr_cells < 1 || up->size_cells < 1 ||
	    nr < (uint32_t)(up->addr_cells + up->size_cells) ||
	    !cells_value(p, up->addr_cells, &start) ||
	    !cells_value(p + up->addr_cells, up->size_cells, &size) ||
	    !iom_range_make(start, size, r))
		return false;
	for (depth = c->depth - 1; depth > 0; depth--) {
		if (!translate(c, depth, r))
			return false;
	}
	return true;
}

/* PCI bus binding: reg of a function begins with its config-space address. */
int iomi_machine_pci_reg(struct iomi_machine_ctx *c, uint16_t *bdf)
{
	uint32_t nr, hi;
	const fdt32_t *p = iomi_machine_cells(c, "reg", &nr);

	if (!p)
		return iomi_machine_fail(c, "reg",
			"missing; <(bus << 16 | device << 11 | function << 8) 0 0 0 0> "
			"says which function it is");
	if (nr == UINT32_MAX || nr < 5)
		return iomi_machine_fail(c, "reg",
			"must have five cells, such as <0x1800 0 0 0 0>");
	hi = iomi_machine_cell(p, 0);
	if (hi & 0xff0000ff || iomi_machine_cell(p, 1) || iomi_machine_cell(p, 2))
		return iomi_machine_fail(c, "reg",
			"0x%x is no config-space address; bus << 16 | device << 11 | "
			"function << 8, then zeroes, is one",
			hi);
	*bdf = (uint16_t)(hi >> 8);
	return IOM_OK;
}

/* --- reading --------------------------------------------------------------- */

/* First walk: how many of everything there can be. */
static int count(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	uint32_t cells;
	int rc;

	if (c->strict) {
		rc = iomi_machine_strict(c);
		if (rc)
			return rc;
		if (iomi_machine_is_fn(c))
			c->cap_fns++;
	}
	if (iomi_machine_cells(c, "iommus", &cells)) {
		if (cells == UINT32_MAX || !cells)
			return iomi_machine_fail(c, "iommus",
				"must be pairs of an IOMMU's phandle and its "
				"#iommu-cells arguments");
		c->cap_endpoints += cells;
	}
	rc = iomi_machine_count_resv(c);
	if (rc)
		return rc;
	if (c->nr_bridges > IOMI_MACHINE_BRIDGES || c->nr_iommus > IOMI_MACHINE_IOMMUS ||
	    c->nr_msis > IOMI_MACHINE_MSIS ||
	    c->cap_endpoints > IOMI_MACHINE_ENDPOINTS ||
	    c->cap_resvs > IOMI_MACHINE_RESVS || c->cap_fns > IOMI_MACHINE_FNS ||
	    c->cap_iovas > IOMI_MACHINE_IOVAS)
		return iomi_diag_fail(c->diag, IOM_E2BIG, c->path, n->iommu != IOM_MACHINE_NONE ?
				      "#iommu-cells" : NULL,
				      "too many bridges, IOMMUs, endpoints or functions");
	return IOM_OK;
}

static int allocate(struct iomi_machine_ctx *c)
{
	int rc;

	rc = iomi_machine_alloc(c, c->nr_bridges, sizeof(*c->bridges), &c->bridges);
	if (!rc)
		rc = iomi_machine_alloc(c, c->nr_iommus, sizeof(*c->iommus), &c->iommus);
	c->cap_msis = c->nr_msis;
	if (!rc)
		rc = iomi_machine_alloc(c, c->cap_msis, sizeof(*c->msis), &c->msis);
	if (!rc)
		rc = iomi_machine_alloc(c, c->nr_iommus, sizeof(*c->refs), &c->refs);
	if (!rc)
		rc = iomi_machine_alloc(c, c->cap_endpoints, sizeof(*c->endpoints),
					&c->endpoints);
	if (!rc)
		rc = iomi_machine_alloc(c, c->cap_resvs, sizeof(*c->resvs), &c->resvs);
	if (!rc)
		rc = iomi_machine_alloc(c, c->cap_resvs, sizeof(*c->resv_off), &c->resv_off);
	if (!c->cap_iovas)
		c->cap_devs = 0;
	if (!rc)
		rc = iomi_machine_alloc(c, c->cap_devs, sizeof(*c->devs), &c->devs);
	if (!rc)
		rc = iomi_machine_alloc(c, c->cap_iovas, sizeof(*c->iovas), &c->iovas);
	if (!rc)
		rc = iomi_machine_alloc(c, c->cap_fns, sizeof(*c->fns), &c->fns);
	return rc;
}

/*
 * libfdt's full check follows a NULL pointer in trees of versions below 16, which
 * nobody has written since 2005.
 */
int iomi_machine_check_fdt(const void *fdt, size_t size)
{
	if (size < sizeof(struct fdt_header))
		return -FDT_ERR_TRUNCATED;
	if (fdt_magic(fdt) == FDT_MAGIC && fdt_version(fdt) < 16)
		return -FDT_ERR_BADVERSION;
	return fdt_check_full(fdt, size);
}

/*
 * libfdt wants 8-byte alignment and reads no further than totalsize, which its
 * full check compares with what we have.
 */
static int check_blob(struct iomi_machine_ctx *c, size_t size)
{
	void *copy;
	int rc;

	if (size > IOM_MACHINE_MAX_FDT)
		return iomi_diag_fail(c->diag, IOM_E2BIG, NULL, NULL,
				      "a device tree of %llu bytes; %u is the most we read",
				      (unsigned long long)size, IOM_MACHINE_MAX_FDT);
	if (size < sizeof(struct fdt_header))
		return iomi_diag_fail(c->diag, IOM_EINVAL, NULL, NULL,
				      "%llu bytes are too few for a device tree",
				      (unsigned long long)size);
	if ((uintptr_t)c->fdt & 7) {
		rc = iomi_machine_alloc(c, size, 1, &copy);
		if (rc)
			return rc;
		memcpy(copy, c->fdt, size);
		c->fdt = copy;
	}
	rc = iomi_machine_check_fdt(c->fdt, size);
	if (rc)
		return iomi_diag_fail(c->diag, IOM_EINVAL, NULL, NULL,
				      "not a device tree, or damaged: %s", fdt_strerror(rc));
	return IOM_OK;
}

static int read_tree(struct iomi_machine_ctx *c, struct iom_machine *m)
{
	int rc;

	rc = iomi_machine_walk(c, count);
	if (!rc)
		rc = allocate(c);
	if (!rc)
		rc = iomi_machine_read_nodes(c);
	if (!rc)
		rc = iomi_machine_read_iovas(c);
	if (!rc)
		rc = iomi_machine_read_maps(c);
	if (!rc)
		rc = iomi_machine_check_msis(c);
	if (rc)
		return rc;
	iomi_machine_finish_iovas(c);
	*m = (struct iom_machine){
		.nr_bridges = c->nr_bridges,
		.nr_iommus = c->nr_iommus,
		.nr_endpoints = c->nr_endpoints,
		.nr_resvs = c->nr_resvs,
		.nr_fns = c->nr_fns,
		.nr_msis = c->nr_msis,
		.msis = c->msis,
		.bridges = c->bridges,
		.iommus = c->iommus,
		.endpoints = c->endpoints,
		.resvs = c->resvs,
		.fns = c->fns,
	};
	if (c->strict)
		rc = iomi_machine_finish_fns(c, m);
	return rc ? rc : iomi_machine_check(c, m);
}

int iom_machine_read(const void *fdt, size_t size, uint32_t flags, void *mem,
		     size_t mem_size, struct iom_machine *out,
		     struct iom_diag *diag)
{
	struct iomi_machine_ctx c = {
		.fdt = fdt,
		.strict = flags & IOM_MACHINE_STRICT,
		.diag = diag,
		.mem = mem,
		.mem_left = mem_size,
	};
	struct iom_machine m;
	int rc;

	rc = check_blob(&c, size);
	if (!rc)
		rc = read_tree(&c, &m);
	if (rc)
		return rc;
	*out = m;
	return IOM_OK;
}

int iom_machine_find_pci(const struct iom_machine *m, uint32_t bridge,
			 uint16_t bdf, uint32_t *iommu, uint32_t *endpoint)
{
	const struct iom_machine_bridge *b;
	const struct iom_machine_map *map;
	uint32_t i, rid;

	if (bridge >= m->nr_bridges)
		return IOM_ENOENT;
	b = &m->bridges[bridge];
	rid = bdf & b->map_mask;
	for (i = 0; i < b->nr_maps; i++) {
		map = &b->maps[i];
		if (rid < map->rid || rid - map->rid >= map->count)
			continue;
		*iommu = map->iommu;
		*endpoint = map->id + (rid - map->rid);
		return IOM_OK;
	}
	return IOM_ENOENT;
}
