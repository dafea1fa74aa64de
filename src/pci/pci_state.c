/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of a function. The stream holds the whole of the first 256 bytes,
 * so that IDs, capabilities and sizes that differ are seen; from it only the
 * bits that a driver can write are taken.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>
#include <iom/spec/pci.h>

#include "pci/pci_priv.h"

#define MAGIC	0x69637069u	/* "ipci" */
#define VERSION	1u

int iom_pci_save(struct iom_pci_fn *f, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, MAGIC, VERSION);
	unsigned int i, j;

	iomi_pci_lock(f);
	for (i = 0; i < IOM_PCI_BARS; i++)
		iom_state_w_u32(&w, f->cfg.bar_size[i]);
	iom_state_w_u8(&w, f->cfg.msix_table_extern);
	iom_state_w_bytes(&w, f->space, sizeof(f->space));
	for (i = 0; i < f->cfg.msix_vectors; i++)
		for (j = 0; j < 4; j++)
			iom_state_w_u32(&w, f->msix_table[i][j]);
	iom_state_w_u64(&w, f->msix_pending);
	iom_state_w_u32(&w, f->msi_pending);
	iom_state_w_u8(&w, f->intx_level);
	iomi_pci_unlock(f);
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

static bool space_ok(const struct iom_pci_fn *f, const uint8_t *space)
{
	unsigned int i, state;

	for (i = 0; i < sizeof(f->space); i++)
		if ((space[i] ^ f->initial[i]) & ~f->wmask[i])
			return false;
	state = f->cap_pm ? space[f->cap_pm + PCI_PM_PMCSR] & PCI_PM_PMCSR_STATE : PCI_PM_D0;
	return state == PCI_PM_D0 || state == PCI_PM_D3HOT;
}

static bool table_ok(const struct iom_pci_fn *f, const struct iomi_pci_image *img)
{
	unsigned int i;

	for (i = 0; i < f->cfg.msix_vectors; i++)
		if (img->msix_table[i][PCI_MSIX_ENTRY_ADDR] & ~PCI_MSI_ADDR_MASK ||
		    img->msix_table[i][PCI_MSIX_ENTRY_CONTROL] & ~PCI_MSIX_ENTRY_CONTROL_MASK)
			return false;
	return true;
}

static bool pending_ok(const struct iom_pci_fn *f, const struct iomi_pci_image *img)
{
	unsigned int n = f->cfg.msix_vectors;

	if (n < 64 && img->msix_pending >> n)
		return false;
	if (f->cfg.msix_table_extern && img->msix_pending)
		return false;
	return !((uint64_t)img->msi_pending >> f->cfg.msi_vectors);
}

int iomi_pci_image_read(const struct iom_pci_fn *f, const void *buf, size_t size, size_t *len,
			struct iomi_pci_image *img)
{
	struct iom_state_r r;
	bool same = true;
	unsigned int i, j;
	uint8_t level;
	int rc;

	rc = iom_state_r_open(&r, buf, size, MAGIC, VERSION, len);
	if (rc)
		return rc;
	memset(img, 0, sizeof(*img));
	for (i = 0; i < IOM_PCI_BARS; i++)
		same &= iom_state_r_u32(&r) == f->cfg.bar_size[i];
	same &= iom_state_r_u8(&r) == f->cfg.msix_table_extern;
	iom_state_r_bytes(&r, img->space, sizeof(img->space));
	for (i = 0; i < f->cfg.msix_vectors; i++)
		for (j = 0; j < 4; j++)
			img->msix_table[i][j] = iom_state_r_u32(&r);
	img->msix_pending = iom_state_r_u64(&r);
	img->msi_pending = iom_state_r_u32(&r);
	level = iom_state_r_u8(&r);
	img->intx_level = level;
	if (iom_state_r_end(&r) || !same || level > 1 || (level && !f->cfg.intx_pin) ||
	    !space_ok(f, img->space) || !table_ok(f, img) || !pending_ok(f, img))
		return IOM_EINVAL;
	return IOM_OK;
}

void iomi_pci_image_apply(struct iom_pci_fn *f, const struct iomi_pci_image *img)
{
	bool was, master;

	iomi_pci_lock(f);
	was = atomic_load(&f->bus_master_on);
	memcpy(f->space, img->space, sizeof(f->space));
	memcpy(f->msix_table, img->msix_table, sizeof(f->msix_table));
	f->msix_pending = img->msix_pending;
	f->msi_pending = img->msi_pending;
	f->intx_level = img->intx_level;
	master = iomi_pci_may_master(f);
	atomic_store(&f->bus_master_on, master);
	/* The embedder's line is not part of the state: tell it even what it may know. */
	f->intx_line = false;
	f->cfg.irq->ops->intx(f->cfg.irq, false);
	iomi_pci_irq_update(f);
	iomi_pci_unlock(f);
	if (master != was)
		f->ops.bus_master(f, master);
}

int iom_pci_restore(struct iom_pci_fn *f, const void *buf, size_t size, size_t *len)
{
	struct iomi_pci_image img;
	size_t used;
	int rc;

	rc = iomi_pci_image_read(f, buf, size, &used, &img);
	if (rc)
		return rc;
	iomi_pci_image_apply(f, &img);
	*len = used;
	return IOM_OK;
}
