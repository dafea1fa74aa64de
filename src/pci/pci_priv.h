/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the files of pci, and for a transport in virtio/ that has to change
 * its own interrupt state and the function's in one step.
 */
#ifndef IOMI_PCI_PCI_PRIV_H
#define IOMI_PCI_PCI_PRIV_H

#include <iom/pci/pci.h>

enum iomi_pci_mode {
	IOMI_PCI_INTX,
	IOMI_PCI_MSI,
	IOMI_PCI_MSIX,
};

static inline void iomi_pci_lock(struct iom_pci_fn *f)
{
	iom_plat_lock(f->cfg.plat, &f->lock);
}

static inline void iomi_pci_unlock(struct iom_pci_fn *f)
{
	iom_plat_unlock(f->cfg.plat, &f->lock);
}

/* --- under the function's lock: --- */

/* What an interrupt would use now. */
enum iomi_pci_mode iomi_pci_mode(const struct iom_pci_fn *f);
/* As iom_pci_irq() and iom_pci_intx(). */
bool iomi_pci_send(struct iom_pci_fn *f, unsigned int vector);
void iomi_pci_set_intx(struct iom_pci_fn *f, bool level);
/* What was pending shall not be sent any more. */
void iomi_pci_forget_pending(struct iom_pci_fn *f);
/* A control bit, a mask or bus mastering changed: send, forget or assert what follows. */
void iomi_pci_irq_update(struct iom_pci_fn *f);
void iomi_pci_irq_reset(struct iom_pci_fn *f);
/* Does space, as it is, allow to master the bus? */
bool iomi_pci_may_master(const struct iom_pci_fn *f);

/* --- MSI-X table and PBA; take the lock themselves --- */

/* Does an access touch them? */
bool iomi_pci_msix_touched(const struct iom_pci_fn *f, unsigned int bar, uint64_t off,
			   unsigned int len);
void iomi_pci_msix_read(struct iom_pci_fn *f, uint64_t off, uint8_t *buf, unsigned int len);
void iomi_pci_msix_write(struct iom_pci_fn *f, uint64_t off, const uint8_t *buf,
			 unsigned int len);

/* --- restore in two steps, for streams that hold more than the function --- */

struct iomi_pci_image {
	uint8_t space[256];
	uint32_t msix_table[IOM_PCI_VECTORS_MAX][4];
	uint64_t msix_pending;
	uint32_t msi_pending;
	bool intx_level;
};

/* As iom_pci_restore(), but only looks. */
int iomi_pci_image_read(const struct iom_pci_fn *f, const void *buf, size_t size, size_t *len,
			struct iomi_pci_image *img);
/* Cannot fail: img comes from iomi_pci_image_read() of this function. */
void iomi_pci_image_apply(struct iom_pci_fn *f, const struct iomi_pci_image *img);

#endif
