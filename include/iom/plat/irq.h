/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a modelled PCI function's interrupts leave libiom. The embedder supplies
 * the ops; they are called on whatever thread raises the interrupt (a worker,
 * or the thread of a register access), must not block and must not call back
 * into the function.
 */
#ifndef IOM_PLAT_IRQ_H
#define IOM_PLAT_IRQ_H

#include <stdbool.h>
#include <stdint.h>

struct iom_irq;

struct iom_irq_ops {
	/*
	 * Send message number vector. addr and data are the message as the
	 * driver wrote it; where the embedder owns the MSI-X table (vfio-user:
	 * iom_pci_cfg.msix_table_extern) they are 0 and only vector counts.
	 */
	void (*msi)(struct iom_irq *irq, bool msix, unsigned int vector,
		    uint64_t addr, uint32_t data);
	/* The level of the INTx line changed, or is asserted again. */
	void (*intx)(struct iom_irq *irq, bool level);
};

struct iom_irq {
	const struct iom_irq_ops *ops;
};

#endif
