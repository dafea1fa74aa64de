/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware's device tree says of the machine, and PCI: the functions
 * that are there, their BARs, and behind which SMMU each stands.
 */
#ifndef BAREMETAL_MACHINE_H
#define BAREMETAL_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <iom/base/range.h>

#define MACHINE_SMMUS	4u
#define MACHINE_MAPS	8u
#define MACHINE_FNS	16u

/* Requester IDs and the StreamIDs that one SMMU knows them by. */
struct machine_map {
	struct iom_range rid;
	uint32_t mask;			/* of requester IDs, before they are looked up */
	unsigned int smmu;
	uint32_t sid;			/* of rid.start */
};

struct machine {
	uint64_t gicd;			/* 0: no GICv2 */
	uint64_t ecam;
	uint8_t bus_first, bus_last;
	struct iom_range window;	/* of 32-bit BARs */
	uint64_t smmu[MACHINE_SMMUS];	/* registers */
	uint32_t irq[MACHINE_SMMUS];	/* of events, the GIC's number; 0: not known */
	unsigned int nr_smmus;
	struct machine_map map[MACHINE_MAPS];
	unsigned int nr_maps;
	const char *bootargs;		/* "" if there are none */
};

/* All of RAM. False: this is no device tree, or it does not say. */
bool machine_memory(const void *fdt, struct iom_range *ram);
/* The rest, by memory of the port. NULL, or what is the matter with it. */
const char *machine_read(struct machine *m, const void *fdt);
/* The value of name= in the boot arguments, or NULL. */
const char *machine_arg(const struct machine *m, const char *name);
uint64_t machine_arg_number(const struct machine *m, const char *name, uint64_t dflt);

struct pci_fn {
	uint16_t rid;
	uint32_t id;			/* device and vendor, as the register has them */
	uint32_t class;			/* base class, subclass, interface */
	uint64_t bar;			/* BAR 0 */
	unsigned int smmu;
	uint32_t sid;
};

/* Functions that have memory BARs and stand behind an SMMU, enabled. Returns how many. */
unsigned int pci_scan(const struct machine *m, struct pci_fn fn[MACHINE_FNS]);

#endif
