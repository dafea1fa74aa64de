/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `iom fw read --json` prints. Addresses and ids are numbers; an address
 * that JSON readers would round (2^53 and above) is still written in full.
 */
#include <json-c/json.h>

#include <iom/base/err.h>
#include <iom/spec/iort.h>

#include "fw.h"

static void add_str(struct json_object *o, const char *key, const char *s)
{
	json_object_object_add(o, key, json_object_new_string(s));
}

static void add_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

static void add_bool(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

static void add_bdf(struct json_object *o, const char *key, unsigned int segment,
		    unsigned int bdf)
{
	char s[IOM_TOOL_FW_BDF_LEN];

	add_str(o, key, iom_tool_fw_bdf(segment, bdf, s));
}

static struct json_object *add_array(struct json_object *o, const char *key)
{
	struct json_object *a = json_object_new_array();

	json_object_object_add(o, key, a);
	return a;
}

/* --- VIOT ------------------------------------------------------------------ */

static struct json_object *viot_node(const struct iom_viot *v, const struct iom_viot_node *n)
{
	struct json_object *o = json_object_new_object();

	add_str(o, "type", iom_tool_fw_viot_type(n->type));
	add_u64(o, "offset", n->offset);
	switch (n->type) {
	case IOM_VIOT_PCI_RANGE:
		add_bdf(o, "first", n->u.range.segment_first, n->u.range.bdf_first);
		add_bdf(o, "last", n->u.range.segment_last, n->u.range.bdf_last);
		add_u64(o, "endpoint", n->u.range.endpoint);
		add_u64(o, "output", v->nodes[n->u.range.iommu].offset);
		break;
	case IOM_VIOT_MMIO_ENDPOINT:
		add_u64(o, "base", n->u.mmio.base);
		add_u64(o, "endpoint", n->u.mmio.endpoint);
		add_u64(o, "output", v->nodes[n->u.mmio.iommu].offset);
		break;
	case IOM_VIOT_VIRTIO_PCI:
		add_bdf(o, "function", n->u.virtio_pci.segment, n->u.virtio_pci.bdf);
		break;
	case IOM_VIOT_VIRTIO_MMIO:
		add_u64(o, "base", n->u.virtio_mmio.base);
		break;
	}
	return o;
}

/* JSON is UTF-8, these fields are any bytes. */
static void add_any(struct json_object *o, const char *key, const char *s)
{
	char t[256];
	unsigned int i;

	for (i = 0; i < sizeof(t) - 1 && s[i]; i++)
		t[i] = s[i] >= ' ' && s[i] <= '~' ? s[i] : '?';
	t[i] = '\0';
	add_str(o, key, t);
}

struct json_object *iom_tool_fw_json_viot(const char *file, const struct iom_viot *v)
{
	struct json_object *o = json_object_new_object(), *nodes;
	uint32_t i;

	add_str(o, "file", file);
	add_str(o, "kind", "viot");
	add_u64(o, "revision", v->ids.revision);
	add_any(o, "oem_id", v->ids.oem_id);
	add_any(o, "oem_table_id", v->ids.oem_table_id);
	add_u64(o, "unknown_nodes", v->nr_unknown);
	nodes = add_array(o, "nodes");
	for (i = 0; i < v->nr_nodes; i++)
		json_object_array_add(nodes, viot_node(v, &v->nodes[i]));
	return o;
}

/* --- IORT ------------------------------------------------------------------ */

static void add_irqs(struct json_object *o, uint32_t event, uint32_t pri, uint32_t gerror,
		     uint32_t sync)
{
	add_u64(o, "irq_event", event);
	add_u64(o, "irq_pri", pri);
	add_u64(o, "irq_gerror", gerror);
	add_u64(o, "irq_sync", sync);
}

static void add_mem(struct json_object *o, const struct iom_iort_mem *mem, uint8_t addr_bits)
{
	add_bool(o, "coherent", mem->coherent);
	add_bool(o, "canwbs", mem->flags & IORT_MEM_CANWBS);
	add_u64(o, "addr_bits", addr_bits);
}

static void add_rmr(struct json_object *o, const struct iom_iort_node *n)
{
	struct json_object *a = add_array(o, "ranges"), *e;
	uint32_t i;

	add_bool(o, "remap", n->u.rmr.flags & IORT_RMR_REMAP);
	add_bool(o, "privileged", n->u.rmr.flags & IORT_RMR_PRIVILEGED);
	for (i = 0; i < n->u.rmr.nr; i++) {
		e = json_object_new_object();
		add_u64(e, "start", n->u.rmr.ranges[i].start);
		add_u64(e, "last", n->u.rmr.ranges[i].last);
		json_object_array_add(a, e);
	}
}

/* Runs of streams and their device IDs; MSIs of streams that are in none go nowhere. */
static void add_devices(struct json_object *o, const struct iom_iort *t,
			const struct iom_iort_map *m)
{
	struct json_object *a = add_array(o, "devices"), *e;
	uint64_t at = m->output;
	struct iom_tool_fw_piece p;

	while (iom_tool_fw_next_piece(t, m->target, &at, m->output + m->count_m1, &p)) {
		if (!p.has_device)
			continue;
		e = json_object_new_object();
		add_u64(e, "stream", p.first);
		add_u64(e, "device", p.device);
		add_u64(e, "count", (uint64_t)(p.last - p.first) + 1);
		add_u64(e, "its", t->nodes[p.its].offset);
		json_object_array_add(a, e);
	}
}

static struct json_object *iort_map(const struct iom_iort *t, const struct iom_iort_node *n,
				    uint32_t k)
{
	struct json_object *o = json_object_new_object();
	const struct iom_iort_map *m = &n->maps[k];
	bool own = n->type == IOM_IORT_SMMUV3 && n->u.smmuv3.msi_map == k;

	if (own)
		add_bool(o, "own_msis", true);
	else if (!m->single && n->type != IOM_IORT_NAMED && n->type != IOM_IORT_RMR)
		add_u64(o, "input", m->input);
	add_u64(o, "output", m->output);
	add_u64(o, "count", (uint64_t)m->count_m1 + 1);
	if (m->target == IOM_IORT_NONE)
		return o;
	add_u64(o, "to", t->nodes[m->target].offset);
	if (t->nodes[m->target].type != IOM_IORT_ITS && n->type != IOM_IORT_RMR)
		add_devices(o, t, m);
	return o;
}

static struct json_object *iort_node(const struct iom_iort *t, const struct iom_iort_node *n)
{
	struct json_object *o = json_object_new_object(), *a;
	uint32_t i;

	add_str(o, "type", iom_tool_fw_iort_type(n->type));
	add_u64(o, "offset", n->offset);
	add_u64(o, "revision", n->revision);
	switch (n->type) {
	case IOM_IORT_ITS:
		a = add_array(o, "its");
		for (i = 0; i < n->u.its.nr; i++)
			json_object_array_add(a, json_object_new_uint64(n->u.its.ids[i]));
		break;
	case IOM_IORT_NAMED:
		add_any(o, "name", n->u.named.name);
		add_mem(o, &n->u.named.mem, n->u.named.addr_bits);
		add_bool(o, "stall", n->u.named.flags & IORT_NAMED_STALL);
		break;
	case IOM_IORT_RC:
		add_u64(o, "segment", n->u.rc.segment);
		add_mem(o, &n->u.rc.mem, n->u.rc.addr_bits);
		add_bool(o, "ats", n->u.rc.ats & IORT_RC_ATS_SUPPORTED);
		break;
	case IOM_IORT_SMMUV3:
		add_u64(o, "base", n->u.smmuv3.base);
		add_bool(o, "coherent", n->u.smmuv3.flags & IORT_SMMUV3_COHACC);
		add_irqs(o, n->u.smmuv3.event, n->u.smmuv3.pri, n->u.smmuv3.gerr,
			 n->u.smmuv3.sync);
		break;
	case IOM_IORT_RMR:
		add_rmr(o, n);
		break;
	default:
		break;
	}
	a = add_array(o, "maps");
	for (i = 0; i < n->nr_maps; i++)
		json_object_array_add(a, iort_map(t, n, i));
	return o;
}

struct json_object *iom_tool_fw_json_iort(const char *file, const struct iom_iort *t)
{
	struct json_object *o = json_object_new_object(), *nodes;
	uint32_t i;

	add_str(o, "file", file);
	add_str(o, "kind", "iort");
	add_u64(o, "revision", t->ids.revision);
	add_any(o, "oem_id", t->ids.oem_id);
	add_any(o, "oem_table_id", t->ids.oem_table_id);
	add_u64(o, "unknown_nodes", t->nr_unknown);
	nodes = add_array(o, "nodes");
	for (i = 0; i < t->nr_nodes; i++)
		json_object_array_add(nodes, iort_node(t, &t->nodes[i]));
	return o;
}

/* --- machines -------------------------------------------------------------- */

static void add_msi(struct json_object *o, const struct iom_machine *m, uint32_t msi, uint32_t id)
{
	if (msi == IOM_MACHINE_NONE)
		return;
	add_str(o, "msi", m->msis[msi].path);
	if (m->msis[msi].cells)
		add_u64(o, "msi_id", id);
}

static void add_msi_maps(struct json_object *o, const struct iom_machine *m,
			 const struct iom_machine_bridge *b)
{
	struct json_object *maps, *e;
	uint32_t i;

	if (!b->nr_msi_maps)
		return;
	add_u64(o, "msi_mask", b->msi_mask);
	maps = add_array(o, "msi_maps");
	for (i = 0; i < b->nr_msi_maps; i++) {
		e = json_object_new_object();
		add_u64(e, "rid", b->msi_maps[i].rid);
		add_u64(e, "id", b->msi_maps[i].id);
		add_u64(e, "count", b->msi_maps[i].count);
		add_str(e, "msi", m->msis[b->msi_maps[i].msi].path);
		json_object_array_add(maps, e);
	}
}

static struct json_object *bridge(const struct iom_machine *m, const struct iom_machine_bridge *b)
{
	struct json_object *o = json_object_new_object(), *maps, *e;
	uint32_t i;

	add_str(o, "path", b->path);
	if (b->segment_given)
		add_u64(o, "segment", b->segment);
	add_u64(o, "bus_first", b->bus_first);
	add_u64(o, "bus_last", b->bus_last);
	add_bool(o, "enabled", b->enabled);
	add_bool(o, "coherent", b->coherent);
	add_msi(o, m, b->msi, b->msi_id);
	add_msi_maps(o, m, b);
	if (!b->has_map)
		return o;
	add_u64(o, "mask", b->map_mask);
	maps = add_array(o, "maps");
	for (i = 0; i < b->nr_maps; i++) {
		e = json_object_new_object();
		add_u64(e, "rid", b->maps[i].rid);
		add_u64(e, "id", b->maps[i].id);
		add_u64(e, "count", b->maps[i].count);
		add_str(e, "iommu", m->iommus[b->maps[i].iommu].path);
		json_object_array_add(maps, e);
	}
	return o;
}

static struct json_object *iommu(const struct iom_machine *m, const struct iom_machine_iommu *u)
{
	struct json_object *o = json_object_new_object();

	add_str(o, "path", u->path);
	add_str(o, "kind", iom_tool_fw_iommu_kind(u->kind));
	add_str(o, "compatible", u->compatible);
	add_u64(o, "cells", u->cells);
	add_bool(o, "enabled", u->enabled);
	add_bool(o, "coherent", u->coherent);
	if (u->kind == IOM_MACHINE_VIOMMU_PCI)
		add_bdf(o, "function", m->bridges[u->bridge].segment, u->bdf);
	if (u->has_reg) {
		add_u64(o, "start", u->reg.start);
		add_u64(o, "last", u->reg.last);
	}
	if (u->kind == IOM_MACHINE_SMMUV3)
		add_irqs(o, u->irq_event, u->irq_pri, u->irq_gerror, u->irq_sync);
	add_msi(o, m, u->msi, u->msi_id);
	return o;
}

static struct json_object *msi(const struct iom_machine *m, const struct iom_machine_msi *c)
{
	struct json_object *o = json_object_new_object();

	add_str(o, "path", c->path);
	add_str(o, "compatible", c->compatible);
	add_u64(o, "cells", c->cells);
	add_bool(o, "enabled", c->enabled);
	if (c->has_reg) {
		add_u64(o, "start", c->reg.start);
		add_u64(o, "last", c->reg.last);
	}
	if (c->parent != IOM_MACHINE_NONE)
		add_str(o, "parent", m->msis[c->parent].path);
	return o;
}

static struct json_object *function(const struct iom_machine *m, const struct iom_machine_fn *fn)
{
	struct json_object *o = json_object_new_object();

	add_str(o, "path", fn->path);
	add_str(o, "kind", iom_tool_fw_fn_kind(fn->kind));
	add_bdf(o, "function", fn->segment, fn->bdf);
	if (fn->kind == IOM_MACHINE_FN_BLK) {
		add_str(o, "file", fn->file);
		add_bool(o, "read_only", fn->read_only);
	}
	if (fn->iommu != IOM_MACHINE_NONE) {
		add_str(o, "iommu", m->iommus[fn->iommu].path);
		add_u64(o, "endpoint", fn->endpoint);
	}
	return o;
}

static struct json_object *endpoint(const struct iom_machine *m,
				    const struct iom_machine_endpoint *e)
{
	struct json_object *o = json_object_new_object();

	add_str(o, "path", e->path);
	add_str(o, "iommu", m->iommus[e->iommu].path);
	if (e->nr_args)
		add_u64(o, "id", e->id);
	add_bool(o, "enabled", e->enabled);
	add_bool(o, "coherent", e->coherent);
	add_msi(o, m, e->msi, e->msi_id);
	return o;
}

static struct json_object *resv(const struct iom_machine_resv *r)
{
	struct json_object *o = json_object_new_object(), *a, *e;
	uint32_t i;

	add_str(o, "path", r->path);
	add_str(o, "compatible", r->compatible);
	if (r->has_range) {
		add_u64(o, "start", r->range.start);
		add_u64(o, "last", r->range.last);
	}
	add_bool(o, "no_map", r->no_map);
	add_bool(o, "reusable", r->reusable);
	add_bool(o, "restricted_pool", r->restricted_pool);
	add_bool(o, "dma_default", r->dma_default);
	if (!r->nr_iovas)
		return o;
	a = add_array(o, "iovas");
	for (i = 0; i < r->nr_iovas; i++) {
		e = json_object_new_object();
		add_str(e, "device", r->iovas[i].path);
		add_u64(e, "start", r->iovas[i].iova.start);
		add_u64(e, "last", r->iovas[i].iova.last);
		if (r->iovas[i].mapped)
			add_u64(e, "pa", r->iovas[i].pa);
		json_object_array_add(a, e);
	}
	return o;
}

struct json_object *iom_tool_fw_json_machine(const char *file, const struct iom_machine *m)
{
	struct json_object *o = json_object_new_object(), *a;
	uint32_t i;

	add_str(o, "file", file);
	add_str(o, "kind", "fdt");
	a = add_array(o, "msis");
	for (i = 0; i < m->nr_msis; i++)
		json_object_array_add(a, msi(m, &m->msis[i]));
	a = add_array(o, "iommus");
	for (i = 0; i < m->nr_iommus; i++)
		json_object_array_add(a, iommu(m, &m->iommus[i]));
	a = add_array(o, "bridges");
	for (i = 0; i < m->nr_bridges; i++)
		json_object_array_add(a, bridge(m, &m->bridges[i]));
	a = add_array(o, "functions");
	for (i = 0; i < m->nr_fns; i++)
		json_object_array_add(a, function(m, &m->fns[i]));
	a = add_array(o, "endpoints");
	for (i = 0; i < m->nr_endpoints; i++)
		json_object_array_add(a, endpoint(m, &m->endpoints[i]));
	a = add_array(o, "reserved");
	for (i = 0; i < m->nr_resvs; i++)
		json_object_array_add(a, resv(&m->resvs[i]));
	return o;
}
