/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the device tree: SMMUs and streams by libiom, memory and PCI by libfdt
 * alone. QEMU has no node for a second SMMU, so the boot arguments may add one:
 * smmu=REGISTERS,FIRST,LAST with the requester IDs that it translates, which are
 * its StreamIDs.
 */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include <iom/base/err.h>
#include <iom/fw/machine.h>

#include "machine.h"
#include "port.h"

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

bool machine_memory(const void *fdt, struct iom_range *ram)
{
	int off = fdt_check_header(fdt) ? -1 :
		  fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", 7);

	return off >= 0 && read_reg(fdt, off, ram);
}

/* --- SMMUs and streams: libiom's reader --- */

/* The whole tree, read into memory that is grown until it does. */
static int read_tree(const void *fdt, struct iom_machine *m, void **mem, size_t *size,
		     struct iom_diag *diag)
{
	int rc = IOM_ENOMEM;

	for (*size = 1u << 18; rc == IOM_ENOMEM && *size <= 1u << 26; *size *= 2) {
		rc = iom_plat_alloc(&port.plat, *size, 8, mem);
		if (rc)
			return rc;
		rc = iom_machine_read(fdt, fdt_totalsize(fdt), 0, *mem, *size, m, diag);
		if (!rc)
			return IOM_OK;
		iom_plat_free(&port.plat, *mem, *size);
	}
	return rc;
}

/* What is left of it: registers, and who is behind which SMMU on PCI segment 0. */
static void keep(struct machine *m, const struct iom_streams *s)
{
	const struct iom_streams_range *r = s->ranges;
	uint32_t i;

	for (i = 0; i < s->nr_smmus; i++) {
		m->irq[m->nr_smmus] = s->smmus[i].irq_event;
		m->smmu[m->nr_smmus++] = s->smmus[i].base;
	}
	for (i = 0; i < s->nr_ranges; i++, r++) {
		if (!r->path && !r->segment && r->smmu != IOM_STREAMS_NONE)
			m->map[m->nr_maps++] = (struct machine_map){
				{ r->rid_first, r->rid_last }, r->rid_mask, r->smmu, r->id,
			};
	}
}

static const char *read_streams(struct machine *m, const void *fdt)
{
	static struct iom_diag diag;
	struct iom_streams_smmu smmus[MACHINE_SMMUS];
	struct iom_streams_range ranges[MACHINE_MAPS];
	struct iom_streams s = {
		.smmus = smmus, .cap_smmus = MACHINE_SMMUS,
		.ranges = ranges, .cap_ranges = MACHINE_MAPS,
	};
	struct iom_machine tree;
	size_t size;
	void *mem;
	int rc = read_tree(fdt, &tree, &mem, &size, &diag);

	if (rc)
		return *diag.what ? diag.what : iom_err_str(rc);
	rc = iom_machine_streams(&tree, &s, &diag);
	if (!rc)
		keep(m, &s);
	iom_plat_free(&port.plat, mem, size);
	return rc ? diag.what : NULL;
}

/* The distributor of a GICv2: its first registers. Without one nobody looks at interrupts. */
static void read_gic(struct machine *m, const void *fdt)
{
	int off = fdt_node_offset_by_compatible(fdt, -1, "arm,cortex-a15-gic");
	struct iom_range r;

	if (off >= 0 && read_reg(fdt, off, &r))
		m->gicd = r.start;
}

/* --- PCI: what a reader of IOMMUs leaves out --- */

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
	return read_window(m, fdt, off) ? NULL :
	       "the PCI bridge has no window of 32-bit memory, one to one";
}

/* More exact maps stand in front: an added SMMU takes its IDs from the tree's. */
static const char *read_added(struct machine *m)
{
	const char *arg = machine_arg(m, "smmu");
	struct machine_map map = { .mask = 0xffff, .smmu = m->nr_smmus };
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
	off = fdt_path_offset(fdt, "/chosen");
	m->bootargs = off >= 0 ? fdt_getprop(fdt, off, "bootargs", NULL) : NULL;
	if (!m->bootargs)
		m->bootargs = "";
	read_gic(m, fdt);
	why = read_streams(m, fdt);
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
