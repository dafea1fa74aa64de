/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The owner of a PCI function for tests, with every capability libiom has: it
 * remembers each call of its ops and each interrupt.
 */
#ifndef TESTS_FAKES_PCI_OWNER_H
#define TESTS_FAKES_PCI_OWNER_H

#include <iom/pci/pci.h>

#include "fakes/irq_record.h"
#include "fakes/plat_test.h"

struct pci_owner {
	struct plat_test pt;
	struct iom_pci_fn fn;
	struct irq_record irq;
	unsigned int nr_resets, nr_bm;
	bool bm;
	uint8_t bar[64];			/* the first bytes of any BAR; 0x3c follows */
	/* The hook reads 0xc5 from the 4th byte on. */
	unsigned int hook_off, hook_len, nr_hook_reads, nr_hook_writes;
};

void pci_owner_blank(struct pci_owner *t);
/* For a blank one: MSI with 8 vectors, MSI-X with 5 in BAR 1, INTB, PCIe. */
struct iom_pci_cfg pci_owner_cfg(struct pci_owner *t);
int pci_owner_init_fn(struct pci_owner *t, const struct iom_pci_cfg *cfg);
/* Blank, then the function of that cfg. Any failure ends the test. */
void pci_owner_start(struct pci_owner *t);
/* Nothing must be left. */
void pci_owner_stop(struct pci_owner *t);

/* Configuration space of len 1, 2 or 4 bytes. */
uint32_t pci_owner_rd(struct pci_owner *t, unsigned int off, unsigned int len);
void pci_owner_wr(struct pci_owner *t, unsigned int off, uint32_t val, unsigned int len);
/* As a driver finds it; 0: not there. */
unsigned int pci_owner_find_cap(struct pci_owner *t, uint8_t id);

#endif
