/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three ways a function interrupts, one at a time: MSI-X if it is enabled,
 * else MSI if it is, else the INTx line (a driver must not enable both message
 * modes, PCI 6.8.2.3; what follows is defined here). Everything under the
 * function's lock, the embedder's ops included: after a write that masks has
 * returned, no message of before can still leave.
 *
 * Invariants: a pending bit is set only for a vector that exists and cannot be
 * sent now, and only while its mode is enabled; with an external table nothing
 * is ever pending.
 */
#include <iom/base/endian.h>
#include <iom/base/mem.h>
#include <iom/spec/pci.h>

#include "pci/pci_priv.h"

static uint16_t msi_control(const struct iom_pci_fn *f)
{
	return f->cap_msi ? iom_get_le16(f->space + f->cap_msi + PCI_MSI_CONTROL) : 0;
}

static uint16_t msix_control(const struct iom_pci_fn *f)
{
	return f->cap_msix ? iom_get_le16(f->space + f->cap_msix + PCI_MSIX_CONTROL) : 0;
}

enum iomi_pci_mode iomi_pci_mode(const struct iom_pci_fn *f)
{
	if (msix_control(f) & PCI_MSIX_CONTROL_ENABLE)
		return IOMI_PCI_MSIX;
	if (msi_control(f) & PCI_MSI_CONTROL_ENABLE)
		return IOMI_PCI_MSI;
	return IOMI_PCI_INTX;
}

static bool msix_may_send(const struct iom_pci_fn *f, unsigned int vector)
{
	if (f->cfg.msix_table_extern)
		return true;
	return iomi_pci_may_master(f) && !(msix_control(f) & PCI_MSIX_CONTROL_MASK) &&
	       !(f->msix_table[vector][PCI_MSIX_ENTRY_CONTROL] & PCI_MSIX_ENTRY_CONTROL_MASK);
}

static void msix_send(struct iom_pci_fn *f, unsigned int vector)
{
	const uint32_t *e = f->msix_table[vector];
	uint64_t addr = e[PCI_MSIX_ENTRY_ADDR] | (uint64_t)e[PCI_MSIX_ENTRY_ADDR_UPPER] << 32;
	uint32_t data = e[PCI_MSIX_ENTRY_DATA];

	if (f->cfg.msix_table_extern)
		addr = data = 0;
	f->cfg.irq->ops->msi(f->cfg.irq, true, vector, addr, data);
}

/* 6.8.1.3: the values of MME above what the function has are reserved. */
static unsigned int msi_enabled_vectors(const struct iom_pci_fn *f)
{
	unsigned int n = 1u << IOM_FIELD_GET(PCI_MSI_CONTROL_MME, msi_control(f));

	return n < f->cfg.msi_vectors ? n : f->cfg.msi_vectors;
}

/* 6.8.1.6: the low bits of the data are the function's to change. */
static void msi_send(struct iom_pci_fn *f, unsigned int vector)
{
	const uint8_t *cap = f->space + f->cap_msi;
	uint32_t low = msi_enabled_vectors(f) - 1;
	uint64_t addr = iom_get_le64(cap + PCI_MSI_ADDR);
	uint32_t data = iom_get_le16(cap + PCI_MSI_DATA64);

	f->cfg.irq->ops->msi(f->cfg.irq, false, vector, addr, (data & ~low) | vector);
}

bool iomi_pci_send(struct iom_pci_fn *f, unsigned int vector)
{
	iom_plat_assert_held(f->cfg.plat, &f->lock);
	switch (iomi_pci_mode(f)) {
	case IOMI_PCI_MSIX:
		if (vector >= f->cfg.msix_vectors)
			return true;
		if (msix_may_send(f, vector))
			msix_send(f, vector);
		else
			f->msix_pending |= IOM_BIT64(vector);
		return true;
	case IOMI_PCI_MSI:
		if (vector >= msi_enabled_vectors(f))
			vector = 0;
		if (iomi_pci_may_master(f))
			msi_send(f, vector);
		else
			f->msi_pending |= IOM_BIT32(vector);
		return true;
	default:
		return false;
	}
}

/* 6.2.2, 6.8: a function with an enabled message mode does not use its pin. */
static void update_line(struct iom_pci_fn *f)
{
	bool line = f->intx_level && iomi_pci_mode(f) == IOMI_PCI_INTX &&
		    !(iom_get_le16(f->space + PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);

	if (line == f->intx_line)
		return;
	f->intx_line = line;
	f->cfg.irq->ops->intx(f->cfg.irq, line);
}

void iomi_pci_set_intx(struct iom_pci_fn *f, bool level)
{
	iom_plat_assert_held(f->cfg.plat, &f->lock);
	f->intx_level = level && f->cfg.intx_pin;
	update_line(f);
}

void iomi_pci_forget_pending(struct iom_pci_fn *f)
{
	iom_plat_assert_held(f->cfg.plat, &f->lock);
	f->msix_pending = 0;
	f->msi_pending = 0;
}

void iomi_pci_irq_update(struct iom_pci_fn *f)
{
	enum iomi_pci_mode mode = iomi_pci_mode(f);
	unsigned int v;
	uint32_t msi;

	iom_plat_assert_held(f->cfg.plat, &f->lock);
	if (mode != IOMI_PCI_MSIX)
		f->msix_pending = 0;
	if (mode != IOMI_PCI_MSI)
		f->msi_pending = 0;
	for (v = 0; f->msix_pending >> v && v < f->cfg.msix_vectors; v++)
		if (f->msix_pending & IOM_BIT64(v) && msix_may_send(f, v)) {
			f->msix_pending &= ~IOM_BIT64(v);
			msix_send(f, v);
		}
	if (f->msi_pending) {
		msi = f->msi_pending;
		f->msi_pending = 0;
		/* Fewer vectors may be enabled by now. */
		for (v = 0; v < f->cfg.msi_vectors; v++)
			if (msi & IOM_BIT32(v))
				iomi_pci_send(f, v);
	}
	update_line(f);
}

void iomi_pci_irq_reset(struct iom_pci_fn *f)
{
	unsigned int v;

	memset(f->msix_table, 0, sizeof(f->msix_table));
	for (v = 0; v < f->cfg.msix_vectors; v++)
		f->msix_table[v][PCI_MSIX_ENTRY_CONTROL] = PCI_MSIX_ENTRY_CONTROL_MASK;
	iomi_pci_forget_pending(f);
	iomi_pci_set_intx(f, false);
}

bool iom_pci_irq(struct iom_pci_fn *f, unsigned int vector)
{
	bool message;

	iomi_pci_lock(f);
	message = iomi_pci_send(f, vector);
	iomi_pci_unlock(f);
	return message;
}

void iom_pci_intx(struct iom_pci_fn *f, bool level)
{
	iomi_pci_lock(f);
	iomi_pci_set_intx(f, level);
	iomi_pci_unlock(f);
}

bool iom_pci_msi_enabled(struct iom_pci_fn *f)
{
	bool message;

	iomi_pci_lock(f);
	message = iomi_pci_mode(f) != IOMI_PCI_INTX;
	iomi_pci_unlock(f);
	return message;
}

static unsigned int table_size(const struct iom_pci_fn *f)
{
	return f->cfg.msix_vectors * PCI_MSIX_ENTRY_SIZE;
}

/* One quadword: IOM_PCI_VECTORS_MAX is 64. */
static uint64_t pba_start(const struct iom_pci_fn *f)
{
	return f->cfg.bar_size[f->cfg.msix_bar] / 2;
}

bool iomi_pci_msix_touched(const struct iom_pci_fn *f, unsigned int bar, uint64_t off,
			   unsigned int len)
{
	if (!f->cfg.msix_vectors || bar != f->cfg.msix_bar)
		return false;
	return off < table_size(f) || (off < pba_start(f) + 8 && off + len > pba_start(f));
}

void iomi_pci_msix_read(struct iom_pci_fn *f, uint64_t off, uint8_t *buf, unsigned int len)
{
	uint64_t at, pba = pba_start(f);
	unsigned int i;

	iomi_pci_lock(f);
	for (i = 0; i < len; i++) {
		at = off + i;
		if (at < table_size(f))
			buf[i] = (uint8_t)(f->msix_table[at / 16][at / 4 % 4] >> at % 4 * 8);
		else if (at >= pba && at < pba + 8)
			buf[i] = (uint8_t)(f->msix_pending >> (at - pba) * 8);
		else
			buf[i] = 0;
	}
	iomi_pci_unlock(f);
}

/*
 * 6.8.2: software writes whole, aligned double or quadwords of the table and
 * nothing of the PBA. Anything else has no defined result: nothing happens.
 */
void iomi_pci_msix_write(struct iom_pci_fn *f, uint64_t off, const uint8_t *buf,
			 unsigned int len)
{
	static const uint32_t wmask[4] = {
		[PCI_MSIX_ENTRY_ADDR] = PCI_MSI_ADDR_MASK,
		[PCI_MSIX_ENTRY_ADDR_UPPER] = UINT32_MAX,
		[PCI_MSIX_ENTRY_DATA] = UINT32_MAX,
		[PCI_MSIX_ENTRY_CONTROL] = PCI_MSIX_ENTRY_CONTROL_MASK,
	};
	unsigned int i, word;

	if (len < 4 || off % len || off >= table_size(f))
		return;
	iomi_pci_lock(f);
	for (i = 0; i < len; i += 4) {
		word = (unsigned int)(off + i) / 4;
		f->msix_table[word / 4][word % 4] = iom_get_le32(buf + i) & wmask[word % 4];
	}
	iomi_pci_irq_update(f);
	iomi_pci_unlock(f);
}
