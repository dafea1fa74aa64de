/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where MSIs go: the controllers (msi-controller), by requester ID (msi-map), or
 * of a node as a whole (msi-parent).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>

#include "fw/diag.h"
#include "fw/machine.h"

/* --- controllers --- */

int iomi_machine_read_msi(struct iomi_machine_ctx *c)
{
	const struct iomi_machine_node *n = iomi_machine_cur(c);
	struct iom_machine_msi *m = &c->msis[n->msi];
	bool has;
	int rc;

	m->phandle = fdt_get_phandle(c->fdt, n->off);
	m->enabled = n->enabled;
	m->has_reg = iomi_machine_reg(c, &m->reg);
	m->parent = IOM_MACHINE_NONE;
	rc = iomi_machine_u32(c, "#msi-cells", &has, &m->cells);
	if (!rc)
		rc = iomi_machine_strdup(c, c->path, &m->path);
	return rc ? rc : iomi_machine_compat1(c, &m->compatible);
}

static int find_msi(struct iomi_machine_ctx *c, const char *prop, uint32_t phandle,
		    uint32_t *msi)
{
	uint32_t i;

	for (i = 0; i < c->cap_msis; i++) {
		if (phandle && c->msis[i].phandle == phandle) {
			*msi = i;
			return IOM_OK;
		}
	}
	return iomi_machine_fail(c, prop,
		"<0x%x> is the phandle of no node that has msi-controller", phandle);
}

/*
 * A list of controllers, each with #msi-cells arguments, of which the first is
 * the device ID. Any of them may be used: ours is the first that is enabled, or
 * the first.
 */
int iomi_machine_read_msi_parent(struct iomi_machine_ctx *c, uint32_t *msi, uint32_t *id)
{
	uint32_t nr, i, m = 0, cells;
	const fdt32_t *p = iomi_machine_cells(c, "msi-parent", &nr);
	int rc;

	*msi = IOM_MACHINE_NONE;
	*id = 0;
	if (p && (nr == UINT32_MAX || !nr))
		return iomi_machine_fail(c, "msi-parent",
			"must be pairs of an MSI controller's phandle and its #msi-cells "
			"arguments");
	for (i = 0; p && i < nr; i += 1 + cells) {
		rc = find_msi(c, "msi-parent", iomi_machine_cell(p, i), &m);
		if (rc)
			return rc;
		cells = c->msis[m].cells;
		if (cells > nr - i - 1)
			return iomi_machine_fail(c, "msi-parent",
				"ends too early: %s wants %u arguments after its phandle",
				c->msis[m].path, cells);
		if (*msi != IOM_MACHINE_NONE && (c->msis[*msi].enabled || !c->msis[m].enabled))
			continue;
		*msi = m;
		*id = cells ? iomi_machine_cell(p, i + 1) : 0;
	}
	return IOM_OK;
}

/* No controller's MSIs may come back to it. */
int iomi_machine_check_msis(struct iomi_machine_ctx *c)
{
	uint32_t i, at, steps;

	for (i = 0; i < c->nr_msis; i++) {
		at = c->msis[i].parent;
		for (steps = 0; at != IOM_MACHINE_NONE && steps < c->nr_msis; steps++) {
			if (at == i)
				return iomi_diag_fail(c->diag, IOM_EINVAL, c->msis[i].path,
					"msi-parent", "its MSIs go in a circle, back to it");
			at = c->msis[at].parent;
		}
	}
	return IOM_OK;
}

/* --- bridges --- */

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
	return find_msi(c, "msi-map", iomi_machine_cell(p, 1), &m->msi);
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
	if (!rc)
		rc = iomi_machine_read_msi_parent(c, &b->msi, &b->msi_id);
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
	if (!b->nr_msi_maps && b->msi != IOM_MACHINE_NONE) {
		*msi = b->msi;
		*device = rid;
		return IOM_OK;
	}
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
