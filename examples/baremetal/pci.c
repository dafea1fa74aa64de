/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI by ECAM: finds functions on root buses and one bridge below, gives each
 * memory BAR a place in the host's window.
 */
#include <iom/spec/pci.h>

#include "machine.h"
#include "port.h"

#define BAR_IO		0x1u
#define BAR_64		0x4u

/* PCI-to-PCI Bridge Architecture 1.2, 3.2.5 */
#define HEADER_BRIDGE	1u
#define BRIDGE_BUSES	0x18u		/* primary, secondary, subordinate */
#define BRIDGE_MEMORY	0x20u		/* base and limit, in MiB */
#define BRIDGE_MIB	UINT64_C(0x100000)

struct scan {
	const struct machine *m;
	uint64_t next;			/* the next free address of the window */
	uint32_t next_bus;		/* for what is below a bridge */
	struct pci_fn *fn;
	unsigned int nr;
};

static void scan_bus(struct scan *s, uint32_t bus, bool below);

static uint64_t cfg_at(const struct machine *m, uint32_t rid, uint32_t off)
{
	return m->ecam + ((uint64_t)(rid - ((uint32_t)m->bus_first << 8)) << 12) + off;
}

static bool stream_of(const struct machine *m, uint32_t rid, struct pci_fn *fn)
{
	unsigned int i;

	for (i = 0; i < m->nr_maps; i++) {
		if (!iom_range_has(m->map[i].rid, rid & m->map[i].mask))
			continue;
		fn->smmu = m->map[i].smmu;
		fn->sid = m->map[i].sid +
			  (uint32_t)((rid & m->map[i].mask) - m->map[i].rid.start);
		return true;
	}
	return false;
}

/* Sizes the BAR, and places it. False: it does not fit. */
static bool place_bar(struct scan *s, uint64_t reg, bool wide, uint64_t *addr)
{
	uint32_t size;

	port_write32(reg, UINT32_MAX);
	size = ~(port_read32(reg) & PCI_BAR_MEM_MASK) + 1;
	if (!size)
		return false;
	*addr = (s->next + size - 1) & ~((uint64_t)size - 1);
	if (*addr > s->m->window.last || s->m->window.last - *addr < size - 1)
		return false;
	s->next = *addr + size;
	port_write32(reg, (uint32_t)*addr);
	if (wide)
		port_write32(reg + 4, 0);
	return true;
}

static bool place_bars(struct scan *s, uint32_t rid, struct pci_fn *fn)
{
	unsigned int i;
	uint64_t reg, addr;
	uint32_t val;
	bool wide;

	fn->bar = 0;
	for (i = 0; i < 6; i++) {
		reg = cfg_at(s->m, rid, PCI_BAR(i));
		port_write32(reg, UINT32_MAX);
		val = port_read32(reg);
		wide = !(val & BAR_IO) && (val & BAR_64);
		if (val && !(val & BAR_IO)) {
			if (!place_bar(s, reg, wide, &addr))
				return false;
			fn->bar = i ? fn->bar : addr;
		}
		i += wide;
	}
	return fn->bar != 0;
}

/* The bus below takes the next number, and what its functions need of the window. */
static void scan_bridge(struct scan *s, uint32_t rid)
{
	uint32_t bus = rid >> 8, secondary = s->next_bus++;
	uint64_t first;

	if (secondary > s->m->bus_last)
		return;
	port_write32(cfg_at(s->m, rid, BRIDGE_BUSES), bus | secondary << 8 | secondary << 16);
	first = s->next = (s->next + BRIDGE_MIB - 1) & -BRIDGE_MIB;
	scan_bus(s, secondary, true);
	s->next = (s->next + BRIDGE_MIB - 1) & -BRIDGE_MIB;
	if (first < s->next)
		port_write32(cfg_at(s->m, rid, BRIDGE_MEMORY),
			     (uint32_t)(first >> 16 | (s->next - BRIDGE_MIB)));
	port_write32(cfg_at(s->m, rid, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void scan_fn(struct scan *s, uint32_t rid, bool below)
{
	uint32_t type = port_read32(cfg_at(s->m, rid, PCI_CACHE_LINE_SIZE)) >> 16 & 0x7f;
	struct pci_fn *f = &s->fn[s->nr];

	if (type == HEADER_BRIDGE && !below)
		scan_bridge(s, rid);
	if (type || s->nr == MACHINE_FNS - 1 || !stream_of(s->m, rid, f))
		return;
	f->rid = (uint16_t)rid;
	f->id = port_read32(cfg_at(s->m, rid, PCI_VENDOR_ID));
	f->class = port_read32(cfg_at(s->m, rid, PCI_REVISION_ID)) >> 8;
	if (!place_bars(s, rid, f))
		return;
	port_write32(cfg_at(s->m, rid, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	s->nr++;
}

static void scan_bus(struct scan *s, uint32_t bus, bool below)
{
	uint32_t rid, last = bus << 8 | 0xff;

	for (rid = bus << 8; rid <= last; rid++) {
		if (port_read32(cfg_at(s->m, rid, PCI_VENDOR_ID)) != UINT32_MAX)
			scan_fn(s, rid, below);
		else if (!(rid & 7))
			rid |= 7;		/* no function 0, no others */
	}
}

unsigned int pci_scan(const struct machine *m, struct pci_fn fn[MACHINE_FNS])
{
	struct scan s = { .m = m, .next = m->window.start, .fn = fn };
	uint32_t bus;

	/* From the last bus down: those below bridges are not numbered yet. */
	for (bus = m->bus_last + 1u; bus-- > m->bus_first;) {
		s.next_bus = bus + 1;
		scan_bus(&s, bus, false);
	}
	return s.nr;
}
