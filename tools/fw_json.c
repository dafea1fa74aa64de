/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `iom fw read --json` prints. Addresses and ids are numbers; an address
 * that JSON readers would round (2^53 and above) is still written in full.
 */
#include <json-c/json.h>

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
static void add_oem(struct json_object *o, const char *key, const char *s)
{
	char t[9];
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
	add_oem(o, "oem_id", v->ids.oem_id);
	add_oem(o, "oem_table_id", v->ids.oem_table_id);
	add_u64(o, "unknown_nodes", v->nr_unknown);
	nodes = add_array(o, "nodes");
	for (i = 0; i < v->nr_nodes; i++)
		json_object_array_add(nodes, viot_node(v, &v->nodes[i]));
	return o;
}

/* --- machines -------------------------------------------------------------- */

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
	return o;
}

static struct json_object *resv(const struct iom_machine_resv *r)
{
	struct json_object *o = json_object_new_object();

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
	return o;
}

struct json_object *iom_tool_fw_json_machine(const char *file, const struct iom_machine *m)
{
	struct json_object *o = json_object_new_object(), *a;
	uint32_t i;

	add_str(o, "file", file);
	add_str(o, "kind", "fdt");
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
