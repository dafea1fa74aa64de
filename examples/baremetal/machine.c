/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the device tree. QEMU has no node for a second SMMU, so the boot
 * arguments may add one: smmu=REGISTERS,FIRST,LAST with the requester IDs that it
 * translates, which are its StreamIDs.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"

/* One number of n cells. */
static uint64_t cells(const fdt32_t *p, int n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 32 | fdt32_ld(p++);
	return v;
}

/* The first pair of reg. */
static bool read_reg(const void *fdt, int off, struct iom_range *r)
{
	int parent = fdt_parent_offset(fdt, off), len, na, ns;
	const fdt32_t *p = fdt_getprop(fdt, off, "reg", &len);

	if (!p || parent < 0)
		return false;
	na = fdt_address_cells(fdt, parent);
	ns = fdt_size_cells(fdt, parent);
	if (na < 1 || na > 2 || ns < 1 || ns > 2 || len < (na + ns) * 4)
		return false;
	return iom_range_make(cells(p, na), cells(p + na, ns), r);
}

static const char *read_memory(struct machine *m, const void *fdt)
{
	int off = fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", 7);

	return off >= 0 && read_reg(fdt, off, &m->ram) ? NULL : "no /memory with reg";
}

static const char *read_smmus(struct machine *m, const void *fdt)
{
	struct iom_range r;
	int off = -1;

	while ((off = fdt_node_offset_by_compatible(fdt, off, "arm,smmu-v3")) >= 0) {
		if (m->nr_smmus == MACHINE_SMMUS || !read_reg(fdt, off, &r))
			return "arm,smmu-v3: no reg, or too many";
		m->phandle[m->nr_smmus] = fdt_get_phandle(fdt, off);
		m->smmu[m->nr_smmus++] = r.start;
	}
	return NULL;
}

/* iommu-map: requester ID, phandle, StreamID, how many. */
static const char *read_maps(struct machine *m, const void *fdt, int off)
{
	struct machine_map *map;
	unsigned int s;
	int len, i;
	const fdt32_t *p = fdt_getprop(fdt, off, "iommu-map", &len);

	if (!p || len % 16)
		return "iommu-map is missing, or not of four cells";
	for (i = 0; i < len / 16; i++, p += 4) {
		for (s = 0; s < m->nr_smmus && m->phandle[s] != fdt32_ld(p + 1); s++)
			;
		if (s == m->nr_smmus || m->nr_maps == MACHINE_MAPS)
			return "iommu-map names what is no SMMU, or has too many rows";
		map = &m->map[m->nr_maps++];
		map->smmu = s;
		map->sid = fdt32_ld(p + 2);
		if (!iom_range_make(fdt32_ld(p), fdt32_ld(p + 3), &map->rid))
			return "iommu-map has an empty row";
	}
	return NULL;
}

/* The 32-bit memory window of ranges: three cells there, two here, two of size. */
static bool read_window(struct machine *m, const void *fdt, int off)
{
	int len;
	const fdt32_t *p = fdt_getprop(fdt, off, "ranges", &len);

	for (; p && len >= 28; len -= 28, p += 7) {
		if ((fdt32_ld(p) >> 24 & 3) == 2)
			return iom_range_make(cells(p + 3, 2), cells(p + 5, 2), &m->window) &&
			       cells(p + 1, 2) == m->window.start;
	}
	return false;
}

static const char *read_pci(struct machine *m, const void *fdt)
{
	int off = fdt_node_offset_by_compatible(fdt, -1, "pci-host-ecam-generic"), len;
	const fdt32_t *bus;
	struct iom_range ecam;

	if (off < 0 || !read_reg(fdt, off, &ecam))
		return "no pci-host-ecam-generic with reg";
	m->ecam = ecam.start;
	bus = fdt_getprop(fdt, off, "bus-range", &len);
	m->bus_first = bus && len == 8 ? (uint8_t)fdt32_ld(bus) : 0;
	m->bus_last = bus && len == 8 ? (uint8_t)fdt32_ld(bus + 1) : 255;
	if (!read_window(m, fdt, off))
		return "the PCI bridge has no window of 32-bit memory, one to one";
	return read_maps(m, fdt, off);
}

/* More exact maps stand in front: an added SMMU takes its IDs from the tree's. */
static const char *read_added(struct machine *m)
{
	const char *arg = machine_arg(m, "smmu");
	struct machine_map map = { .smmu = m->nr_smmus };
	char *end;

	if (!arg)
		return NULL;
	if (m->nr_smmus == MACHINE_SMMUS || m->nr_maps == MACHINE_MAPS)
		return "smmu=: too many";
	m->smmu[m->nr_smmus++] = strtoul(arg, &end, 0);
	if (*end == ',')
		map.rid.start = strtoul(end + 1, &end, 0);
	if (*end == ',')
		map.rid.last = strtoul(end + 1, &end, 0);
	if ((*end && *end != ' ') || map.rid.start > map.rid.last)
		return "smmu= is not REGISTERS,FIRST,LAST";
	map.sid = (uint32_t)map.rid.start;
	memmove(&m->map[1], &m->map[0], m->nr_maps++ * sizeof(map));
	m->map[0] = map;
	return NULL;
}

const char *machine_read(struct machine *m, const void *fdt)
{
	const char *why;
	int off;

	memset(m, 0, sizeof(*m));
	if (fdt_check_header(fdt))
		return "no device tree";
	off = fdt_path_offset(fdt, "/chosen");
	m->bootargs = off >= 0 ? fdt_getprop(fdt, off, "bootargs", NULL) : NULL;
	if (!m->bootargs)
		m->bootargs = "";
	why = read_memory(m, fdt);
	if (!why)
		why = read_smmus(m, fdt);
	if (!why)
		why = read_pci(m, fdt);
	return why ? why : read_added(m);
}

const char *machine_arg(const struct machine *m, const char *name)
{
	const char *p = m->bootargs;
	size_t n = strlen(name);

	while (p) {
		p += *p == ' ';
		if (!strncmp(p, name, n) && p[n] == '=')
			return p + n + 1;
		p = strchr(p, ' ');
	}
	return NULL;
}

uint64_t machine_arg_number(const struct machine *m, const char *name, uint64_t dflt)
{
	const char *p = machine_arg(m, name);

	return p ? strtoul(p, NULL, 0) : dflt;
}
