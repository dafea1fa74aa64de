/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `iom fw read` prints for people.
 */
#include <inttypes.h>
#include <stdio.h>

#include <iom/base/err.h>
#include <iom/spec/iort.h>

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

const char *iom_tool_fw_iort_type(enum iom_iort_type type)
{
	switch (type) {
	case IOM_IORT_ITS:
		return "its-group";
	case IOM_IORT_NAMED:
		return "named-component";
	case IOM_IORT_RC:
		return "root-complex";
	case IOM_IORT_SMMU:
		return "smmu";
	case IOM_IORT_SMMUV3:
		return "smmuv3";
	case IOM_IORT_PMCG:
		return "pmcg";
	default:
		return "reserved-memory";
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

/* --- IORT ------------------------------------------------------------------ */

bool iom_tool_fw_next_piece(const struct iom_iort *t, uint32_t smmu, uint64_t *first,
			    uint32_t last, struct iom_tool_fw_piece *p)
{
	const struct iom_iort_node *n = &t->nodes[smmu];
	const struct iom_iort_map *m;
	uint32_t k, end;

	if (*first > last)
		return false;
	p->first = (uint32_t)*first;
	p->last = last;
	for (k = 0; k < n->nr_maps; k++) {
		m = &n->maps[k];
		if (m->single || (n->type == IOM_IORT_SMMUV3 && n->u.smmuv3.msi_map == k) ||
		    m->input + m->count_m1 < p->first)
			continue;
		end = m->input > p->first ? m->input - 1 : m->input + m->count_m1;
		p->last = end < p->last ? end : p->last;
	}
	p->has_device = !iom_iort_find_msi(t, smmu, p->first, &p->its, &p->device);
	*first = (uint64_t)p->last + 1;
	return true;
}

static void print_ids(const char *what, uint32_t first, uint32_t count_m1)
{
	printf("  %s 0x%" PRIx32, what, first);
	if (count_m1)
		printf("-0x%" PRIx32, first + count_m1);
}

static void print_irqs(uint32_t event, uint32_t pri, uint32_t gerror, uint32_t sync)
{
	const struct {
		const char *name;
		uint32_t irq;
	} all[] = { { "event", event }, { "pri", pri }, { "gerror", gerror }, { "sync", sync } };
	const char *lead = "  interrupts";
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!all[i].irq)
			continue;
		printf("%s %s %" PRIu32, lead, all[i].name, all[i].irq);
		lead = "";
	}
}

static void print_mem(const struct iom_iort_mem *mem, uint8_t addr_bits)
{
	printf("%s%s  %u bits", mem->coherent ? "  coherent" : "",
	       mem->flags & IORT_MEM_CANWBS ? "  canwbs" : "", addr_bits);
}

static void print_iort_node(const struct iom_iort_node *n)
{
	bool bare = n->type == IOM_IORT_SMMU || n->type == IOM_IORT_PMCG;
	uint32_t i;

	printf("  0x%-4" PRIx32 " %-*s", n->offset, bare ? 0 : 15, iom_tool_fw_iort_type(n->type));
	switch (n->type) {
	case IOM_IORT_ITS:
		for (i = 0; i < n->u.its.nr; i++)
			printf("  its %" PRIu32, n->u.its.ids[i]);
		break;
	case IOM_IORT_NAMED:
		fputs("  ", stdout);
		print_quoted(n->u.named.name);
		print_mem(&n->u.named.mem, n->u.named.addr_bits);
		fputs(n->u.named.flags & IORT_NAMED_STALL ? "  stall" : "", stdout);
		break;
	case IOM_IORT_RC:
		printf("  segment %u", n->u.rc.segment);
		print_mem(&n->u.rc.mem, n->u.rc.addr_bits);
		fputs(n->u.rc.ats & IORT_RC_ATS_SUPPORTED ? "  ats" : "", stdout);
		break;
	case IOM_IORT_SMMUV3:
		printf("  0x%" PRIx64 "%s", n->u.smmuv3.base,
		       n->u.smmuv3.flags & IORT_SMMUV3_COHACC ? "  coherent" : "");
		print_irqs(n->u.smmuv3.event, n->u.smmuv3.pri, n->u.smmuv3.gerr, n->u.smmuv3.sync);
		break;
	case IOM_IORT_RMR:
		for (i = 0; i < n->u.rmr.nr; i++)
			printf("  0x%" PRIx64 "-0x%" PRIx64, n->u.rmr.ranges[i].start,
			       n->u.rmr.ranges[i].last);
		printf("%s%s", n->u.rmr.flags & IORT_RMR_REMAP ? "  remap" : "",
		       n->u.rmr.flags & IORT_RMR_PRIVILEGED ? "  privileged" : "");
		break;
	default:
		break;
	}
	putchar('\n');
}

/* Input IDs of a mapping, as the node's kind has them. */
static void print_input(const struct iom_iort_node *n, uint32_t k)
{
	const struct iom_iort_map *m = &n->maps[k];
	char a[IOM_TOOL_FW_BDF_LEN], b[IOM_TOOL_FW_BDF_LEN];
	uint32_t last = m->input + m->count_m1;

	fputs("      ", stdout);
	if (n->type == IOM_IORT_SMMUV3 && n->u.smmuv3.msi_map == k)
		fputs("its own MSIs", stdout);
	else if (n->type == IOM_IORT_RMR || n->type == IOM_IORT_NAMED || m->single)
		fputs("all", stdout);
	else if (n->type == IOM_IORT_RC)
		printf("%s - %s", iom_tool_fw_bdf(n->u.rc.segment, m->input, a),
		       iom_tool_fw_bdf(n->u.rc.segment, last > UINT16_MAX ? UINT16_MAX : last, b));
	else
		printf("0x%" PRIx32 "-0x%" PRIx32, m->input, last);
}

/* One line a mapping; through an SMMU, one for each run of device IDs. */
static void print_iort_map(const struct iom_iort *t, const struct iom_iort_node *n, uint32_t k)
{
	const struct iom_iort_map *m = &n->maps[k];
	uint64_t at = m->output;
	struct iom_tool_fw_piece p;

	print_input(n, k);
	if (m->target == IOM_IORT_NONE) {
		puts("  to nowhere");
		return;
	}
	if (t->nodes[m->target].type == IOM_IORT_ITS) {
		print_ids("devices", m->output, m->count_m1);
		printf("  to node 0x%" PRIx32 "\n", t->nodes[m->target].offset);
		return;
	}
	print_ids("streams", m->output, m->count_m1);
	printf("  behind node 0x%" PRIx32 "\n", t->nodes[m->target].offset);
	while (n->type != IOM_IORT_RMR &&
	       iom_tool_fw_next_piece(t, m->target, &at, m->output + m->count_m1, &p)) {
		if (!p.has_device)
			continue;
		fputs("        ", stdout);
		print_ids("streams", p.first, p.last - p.first);
		print_ids("are devices", p.device, p.last - p.first);
		printf("  to node 0x%" PRIx32 "\n", t->nodes[p.its].offset);
	}
}

void iom_tool_fw_print_iort(const char *file, const struct iom_iort *t)
{
	uint32_t i, k;

	printf("%s: IORT revision %u, OEM ", file, t->ids.revision);
	print_quoted(t->ids.oem_id);
	putchar(' ');
	print_quoted(t->ids.oem_table_id);
	printf(", %" PRIu32 " nodes", t->nr_nodes);
	if (t->nr_unknown)
		printf(" and %" PRIu32 " of unknown types", t->nr_unknown);
	putchar('\n');
	for (i = 0; i < t->nr_nodes; i++) {
		print_iort_node(&t->nodes[i]);
		for (k = 0; k < t->nodes[i].nr_maps; k++)
			print_iort_map(t, &t->nodes[i], k);
	}
}

/* --- machines -------------------------------------------------------------- */

static const char *flags(bool enabled, bool coherent)
{
	if (enabled)
		return coherent ? "  coherent" : "";
	return coherent ? "  coherent  disabled" : "  disabled";
}

/* Where MSIs of a node go; the device ID means something where the controller has cells. */
static void print_msi(const struct iom_machine *m, uint32_t msi, uint32_t id)
{
	if (msi == IOM_MACHINE_NONE)
		return;
	printf("  MSIs to %s", m->msis[msi].path);
	if (m->msis[msi].cells)
		printf(" as 0x%" PRIx32, id);
}

static void print_msi_maps(const struct iom_machine *m, const struct iom_machine_bridge *b)
{
	const struct iom_machine_msi_map *map;
	char s[IOM_TOOL_FW_BDF_LEN], t[IOM_TOOL_FW_BDF_LEN];
	uint32_t i;

	if (b->nr_msi_maps && (b->msi_mask & 0xffff) != 0xffff)
		printf("      MSI mask 0x%" PRIx32 "\n", b->msi_mask);
	for (i = 0; i < b->nr_msi_maps; i++) {
		map = &b->msi_maps[i];
		printf("      %s - %s", iom_tool_fw_bdf(b->segment, map->rid, s),
		       iom_tool_fw_bdf(b->segment, map->rid + map->count - 1, t));
		print_ids("devices", map->id, map->count - 1);
		printf("  to %s\n", m->msis[map->msi].path);
	}
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
	printf("  buses %u-%u%s", b->bus_first, b->bus_last, flags(b->enabled, b->coherent));
	print_msi(m, b->msi, b->msi_id);
	putchar('\n');
	if (b->has_map && (b->map_mask & 0xffff) != 0xffff)
		printf("      mask 0x%" PRIx32 "\n", b->map_mask);
	for (i = 0; i < b->nr_maps; i++) {
		map = &b->maps[i];
		printf("      %s - %s  ids 0x%" PRIx32 "-0x%" PRIx32 "  behind %s\n",
		       iom_tool_fw_bdf(b->segment, map->rid, s),
		       iom_tool_fw_bdf(b->segment, map->rid + map->count - 1, t),
		       map->id, map->id + (map->count - 1), m->iommus[map->iommu].path);
	}
	print_msi_maps(m, b);
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
	fputs(flags(iommu->enabled, iommu->coherent), stdout);
	print_irqs(iommu->irq_event, iommu->irq_pri, iommu->irq_gerror, iommu->irq_sync);
	print_msi(m, iommu->msi, iommu->msi_id);
	putchar('\n');
}

static void print_msi_controller(const struct iom_machine *m, const struct iom_machine_msi *c)
{
	printf("  msi       %s  %s", c->path, c->compatible);
	if (c->has_reg)
		printf("  0x%" PRIx64 "-0x%" PRIx64, c->reg.start, c->reg.last);
	fputs(flags(c->enabled, false), stdout);
	print_msi(m, c->parent, 0);
	putchar('\n');
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
	printf("  behind %s%s", m->iommus[e->iommu].path, flags(e->enabled, e->coherent));
	print_msi(m, e->msi, e->msi_id);
	putchar('\n');
}

static void print_resv(const struct iom_machine_resv *r)
{
	const struct iom_machine_resv_iova *v;
	uint32_t i;

	printf("  reserved  %s", r->path);
	if (r->has_range)
		printf("  0x%" PRIx64 "-0x%" PRIx64, r->range.start, r->range.last);
	if (*r->compatible)
		printf("  %s", r->compatible);
	printf("%s%s%s\n", r->no_map ? "  no-map" : "", r->reusable ? "  reusable" : "",
	       r->dma_default ? "  default" : "");
	for (i = 0; i < r->nr_iovas; i++) {
		v = &r->iovas[i];
		printf("      IOVAs 0x%" PRIx64 "-0x%" PRIx64 " of %s", v->iova.start,
		       v->iova.last, v->path);
		if (v->mapped)
			printf("  mapped to 0x%" PRIx64, v->pa);
		puts(v->nr_endpoints || v->bridge != IOM_MACHINE_NONE ? "" :
		     "  not behind an IOMMU");
	}
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
	for (i = 0; i < m->nr_msis; i++)
		print_msi_controller(m, &m->msis[i]);
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
