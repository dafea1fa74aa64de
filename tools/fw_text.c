/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `iom fw read` prints for people.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fw.h"

const char *iom_tool_fw_iommu_kind(enum iom_machine_iommu_kind kind)
{
	switch (kind) {
	case IOM_MACHINE_VIOMMU_PCI:
		return "virtio-iommu-pci";
	case IOM_MACHINE_VIOMMU_MMIO:
		return "virtio-iommu-mmio";
	case IOM_MACHINE_SMMUV3:
		return "smmuv3";
	default:
		return "other";
	}
}

const char *iom_tool_fw_fn_kind(enum iom_machine_fn_kind kind)
{
	switch (kind) {
	case IOM_MACHINE_FN_VIOMMU:
		return "virtio-iommu";
	case IOM_MACHINE_FN_BLK:
		return "virtio-blk";
	case IOM_MACHINE_FN_RNG:
		return "virtio-rng";
	default:
		return "dma-test";
	}
}

const char *iom_tool_fw_viot_type(enum iom_viot_type type)
{
	switch (type) {
	case IOM_VIOT_PCI_RANGE:
		return "pci-range";
	case IOM_VIOT_MMIO_ENDPOINT:
		return "mmio-endpoint";
	case IOM_VIOT_VIRTIO_PCI:
		return "virtio-iommu-pci";
	default:
		return "virtio-iommu-mmio";
	}
}

const char *iom_tool_fw_bdf(unsigned int segment, unsigned int bdf, char s[IOM_TOOL_FW_BDF_LEN])
{
	snprintf(s, IOM_TOOL_FW_BDF_LEN, "%04x:%02x:%02x.%u", segment & 0xffff,
		 bdf >> 8 & 0xff, bdf >> 3 & 31, bdf & 7);
	return s;
}

/* --- VIOT ------------------------------------------------------------------ */

/* "behind node 0x30", and whether that node is in its own range. */
static void print_output(const struct iom_viot *v, const struct iom_viot_node *n)
{
	uint32_t i = n->type == IOM_VIOT_PCI_RANGE ? n->u.range.iommu : n->u.mmio.iommu;
	const struct iom_viot_node *iommu = &v->nodes[i];

	printf("  behind node 0x%" PRIx32, iommu->offset);
	if (n->type == IOM_VIOT_PCI_RANGE && iommu->type == IOM_VIOT_VIRTIO_PCI &&
	    n->u.range.segment_first <= iommu->u.virtio_pci.segment &&
	    iommu->u.virtio_pci.segment <= n->u.range.segment_last &&
	    n->u.range.bdf_first <= iommu->u.virtio_pci.bdf &&
	    iommu->u.virtio_pci.bdf <= n->u.range.bdf_last)
		fputs(", which is in the range but no endpoint", stdout);
	putchar('\n');
}

static void print_viot_node(const struct iom_viot *v, const struct iom_viot_node *n)
{
	char a[IOM_TOOL_FW_BDF_LEN], b[IOM_TOOL_FW_BDF_LEN];

	printf("  0x%-4" PRIx32 " %-17s  ", n->offset, iom_tool_fw_viot_type(n->type));
	switch (n->type) {
	case IOM_VIOT_PCI_RANGE:
		printf("%s - %s  endpoints 0x%" PRIx32 "-0x%" PRIx32,
		       iom_tool_fw_bdf(n->u.range.segment_first, n->u.range.bdf_first, a),
		       iom_tool_fw_bdf(n->u.range.segment_last, n->u.range.bdf_last, b),
		       n->u.range.endpoint, n->u.range.endpoint +
		       (uint32_t)(n->u.range.segment_last - n->u.range.segment_first) * 0x10000 +
		       (uint32_t)(n->u.range.bdf_last - n->u.range.bdf_first));
		print_output(v, n);
		break;
	case IOM_VIOT_MMIO_ENDPOINT:
		printf("0x%" PRIx64 "  endpoint 0x%" PRIx32, n->u.mmio.base, n->u.mmio.endpoint);
		print_output(v, n);
		break;
	case IOM_VIOT_VIRTIO_PCI:
		puts(iom_tool_fw_bdf(n->u.virtio_pci.segment, n->u.virtio_pci.bdf, a));
		break;
	case IOM_VIOT_VIRTIO_MMIO:
		printf("0x%" PRIx64 "\n", n->u.virtio_mmio.base);
		break;
	}
}

/* OEM ids are any bytes. */
static void print_quoted(const char *s)
{
	putchar('"');
	for (; *s; s++)
		putchar(*s >= ' ' && *s <= '~' ? *s : '?');
	putchar('"');
}

void iom_tool_fw_print_viot(const char *file, const struct iom_viot *v)
{
	uint32_t i;

	printf("%s: VIOT revision %u, OEM ", file, v->ids.revision);
	print_quoted(v->ids.oem_id);
	putchar(' ');
	print_quoted(v->ids.oem_table_id);
	printf(", %" PRIu32 " nodes", v->nr_nodes);
	if (v->nr_unknown)
		printf(" and %" PRIu32 " of unknown types", v->nr_unknown);
	putchar('\n');
	for (i = 0; i < v->nr_nodes; i++)
		print_viot_node(v, &v->nodes[i]);
}

/* --- machines -------------------------------------------------------------- */

static const char *flags(bool enabled, bool coherent)
{
	if (enabled)
		return coherent ? "  coherent" : "";
	return coherent ? "  coherent  disabled" : "  disabled";
}

static void print_bridge(const struct iom_machine *m, const struct iom_machine_bridge *b)
{
	const struct iom_machine_map *map;
	char s[IOM_TOOL_FW_BDF_LEN], t[IOM_TOOL_FW_BDF_LEN];
	uint32_t i;

	printf("  bridge    %s  ", b->path);
	if (b->segment_given)
		printf("segment %u", b->segment);
	else
		fputs("segment not given", stdout);
	printf("  buses %u-%u%s\n", b->bus_first, b->bus_last, flags(b->enabled, b->coherent));
	if (b->has_map && (b->map_mask & 0xffff) != 0xffff)
		printf("      mask 0x%" PRIx32 "\n", b->map_mask);
	for (i = 0; i < b->nr_maps; i++) {
		map = &b->maps[i];
		printf("      %s - %s  ids 0x%" PRIx32 "-0x%" PRIx32 "  behind %s\n",
		       iom_tool_fw_bdf(b->segment, map->rid, s),
		       iom_tool_fw_bdf(b->segment, map->rid + map->count - 1, t),
		       map->id, map->id + (map->count - 1), m->iommus[map->iommu].path);
	}
}

static void print_iommu(const struct iom_machine *m, const struct iom_machine_iommu *iommu)
{
	char s[IOM_TOOL_FW_BDF_LEN];

	printf("  iommu     %s  %s", iommu->path, iom_tool_fw_iommu_kind(iommu->kind));
	if (iommu->kind == IOM_MACHINE_IOMMU_OTHER)
		printf(" (%s, %" PRIu32 " cells)", iommu->compatible, iommu->cells);
	if (iommu->kind == IOM_MACHINE_VIOMMU_PCI)
		printf("  %s", iom_tool_fw_bdf(m->bridges[iommu->bridge].segment,
					       iommu->bdf, s));
	if (iommu->has_reg)
		printf("  0x%" PRIx64 "-0x%" PRIx64, iommu->reg.start, iommu->reg.last);
	puts(flags(iommu->enabled, iommu->coherent));
}

static void print_fn(const struct iom_machine *m, const struct iom_machine_fn *fn)
{
	char s[IOM_TOOL_FW_BDF_LEN];

	printf("  function  %s  %s", iom_tool_fw_bdf(fn->segment, fn->bdf, s),
	       iom_tool_fw_fn_kind(fn->kind));
	if (fn->kind == IOM_MACHINE_FN_BLK)
		printf("  file %s%s", fn->file, fn->read_only ? "  read-only" : "");
	if (fn->iommu != IOM_MACHINE_NONE)
		printf("  endpoint 0x%" PRIx32 "  behind %s", fn->endpoint,
		       m->iommus[fn->iommu].path);
	else if (fn->kind != IOM_MACHINE_FN_VIOMMU)
		fputs("  not translated", stdout);
	putchar('\n');
}

static void print_endpoint(const struct iom_machine *m, const struct iom_machine_endpoint *e)
{
	printf("  endpoint  %s", e->path);
	if (e->nr_args)
		printf("  id 0x%" PRIx32, e->id);
	printf("  behind %s%s\n", m->iommus[e->iommu].path, flags(e->enabled, e->coherent));
}

static void print_resv(const struct iom_machine_resv *r)
{
	printf("  reserved  %s", r->path);
	if (r->has_range)
		printf("  0x%" PRIx64 "-0x%" PRIx64, r->range.start, r->range.last);
	if (*r->compatible)
		printf("  %s", r->compatible);
	printf("%s%s%s\n", r->no_map ? "  no-map" : "", r->reusable ? "  reusable" : "",
	       r->dma_default ? "  default" : "");
}

void iom_tool_fw_print_machine(const char *file, const struct iom_machine *m)
{
	uint32_t i;

	printf("%s: device tree: ", file);
	if (!m->nr_bridges && !m->nr_iommus && !m->nr_endpoints && !m->nr_resvs)
		puts("nothing here: no PCI host bridge, no IOMMU, no endpoint, no reserved memory");
	else
		printf("%" PRIu32 " bridges, %" PRIu32 " IOMMUs, %" PRIu32
		       " platform endpoints, %" PRIu32 " reserved regions\n",
		       m->nr_bridges, m->nr_iommus, m->nr_endpoints, m->nr_resvs);
	for (i = 0; i < m->nr_iommus; i++)
		print_iommu(m, &m->iommus[i]);
	for (i = 0; i < m->nr_bridges; i++)
		print_bridge(m, &m->bridges[i]);
	for (i = 0; i < m->nr_fns; i++)
		print_fn(m, &m->fns[i]);
	for (i = 0; i < m->nr_endpoints; i++)
		print_endpoint(m, &m->endpoints[i]);
	for (i = 0; i < m->nr_resvs; i++)
		print_resv(&m->resvs[i]);
}
