/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One PCI function, device side: configuration space with capabilities, BARs,
 * MSI, MSI-X and INTx state. PCI Local Bus 3.0 chapter 6, PCI Express Base.
 * The embedder routes configuration and BAR accesses here, by whatever bus it
 * has; all calls but iom_pci_irq() come from one register thread at a time.
 */
#ifndef IOM_PCI_PCI_H
#define IOM_PCI_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/atomic.h>
#include <iom/base/err.h>
#include <iom/plat/irq.h>
#include <iom/plat/plat.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOM_PCI_CFG_SIZE	4096u
#define IOM_PCI_BARS		6u
#define IOM_PCI_VECTORS_MAX	64u

struct iom_pci_fn;

struct iom_pci_fn_ops {
	/*
	 * Access of len (1, 2, 4 or 8) bytes at off inside BAR bar, not the
	 * MSI-X table or PBA, which the function handles itself. Any alignment:
	 * the op decides; what it does not know reads 0 and ignores writes.
	 */
	void (*bar_read)(struct iom_pci_fn *f, unsigned int bar, uint64_t off, void *buf,
			 unsigned int len);
	void (*bar_write)(struct iom_pci_fn *f, unsigned int bar, uint64_t off, const void *buf,
			  unsigned int len);
	/*
	 * Access to the bytes of a capability that asked for it
	 * (iom_pci_add_cap with hook): after the plain bytes were read, or
	 * written with the write mask. off from the capability's start.
	 * Default: nothing.
	 */
	void (*cap_read)(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off, void *buf,
			 unsigned int len);
	void (*cap_write)(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off,
			  unsigned int len);
	/* Bus master enable changed. Default: nothing. */
	void (*bus_master)(struct iom_pci_fn *f, bool on);
	/* Function reset (conventional, FLR): the owner's own state. Default: nothing. */
	void (*reset)(struct iom_pci_fn *f);
};

struct iom_pci_cfg {
	struct iom_plat *plat;
	uint16_t vendor, device, subsys_vendor, subsys_id;
	uint8_t revision;
	uint32_t class_code;		/* 24 bits */
	bool multifunction;
	bool pcie;			/* PCI Express endpoint capability */
	uint8_t intx_pin;		/* 1 (INTA) to 4; 0 none */
	unsigned int msi_vectors;	/* 0 none, else 2^n up to 32; 64-bit, no masking */
	unsigned int msix_vectors;	/* 0 none, up to IOM_PCI_VECTORS_MAX */
	uint8_t msix_bar;		/* table at offset 0, PBA at half of the BAR */
	/* The embedder owns the MSI-X table (vfio-user): every vector is sent, no address. */
	bool msix_table_extern;
	/* Size 0: absent; else a power of two from 16 up to 2 GiB; memory, 32-bit. */
	uint32_t bar_size[IOM_PCI_BARS];
	struct iom_irq *irq;
};

struct iom_pci_fn {
	const struct iom_pci_fn_ops *ops;
	struct iom_pci_cfg cfg;
	uint8_t space[IOM_PCI_CFG_SIZE];	/* register thread */
	uint8_t wmask[IOM_PCI_CFG_SIZE];	/* 1: the driver may write the bit */
	uint8_t cap_msi, cap_msix, cap_pcie;	/* offsets, 0 absent */
	uint8_t cap_last, cap_end;	/* while building: last capability, first free byte */
	uint64_t cap_hooked[4];	/* bit off/1: capability at off has a hook (256 bits) */
	/* MSI-X table and pending bits, MSI pending, INTx level: under lock */
	struct iom_lock lock;
	uint32_t msix_table[IOM_PCI_VECTORS_MAX][4];
	uint64_t msix_pending;
	uint32_t msi_pending;
	bool intx_level;
	/* shared: */
	IOM_ATOMIC(bool) bus_master_on;
};

/* IOM_EINVAL: cfg out of range, naming nothing changed. IOM_ENOMEM: no lock. */
int iom_pci_init(struct iom_pci_fn *f, const struct iom_pci_fn_ops *ops,
		 const struct iom_pci_cfg *cfg);
void iom_pci_fini(struct iom_pci_fn *f);

/*
 * Append a capability of len bytes (at least 2): bytes[0] is its ID, bytes[1]
 * is ignored; wmask (or NULL: read-only) says which bits the driver may write.
 * Before the first access only. *off gets its place. IOM_ENOSPC.
 */
int iom_pci_add_cap(struct iom_pci_fn *f, const uint8_t *bytes, const uint8_t *wmask,
		    unsigned int len, bool hook, uint8_t *off);

/*
 * Configuration access of any off and len within 4096; others read all ones,
 * write nothing. May be longer than a register (a whole-space read).
 */
void iom_pci_config_read(struct iom_pci_fn *f, unsigned int off, void *buf, unsigned int len);
void iom_pci_config_write(struct iom_pci_fn *f, unsigned int off, const void *buf,
			  unsigned int len);

/*
 * BAR access by index and offset, whatever address the driver gave the BAR.
 * IOM_EINVAL: no such BAR, off + len outside, or len not 1, 2, 4, 8; a read's
 * buf is then all ones.
 */
int iom_pci_bar_read(struct iom_pci_fn *f, unsigned int bar, uint64_t off, void *buf,
		     unsigned int len);
int iom_pci_bar_write(struct iom_pci_fn *f, unsigned int bar, uint64_t off, const void *buf,
		      unsigned int len);

/* Bus mastering: DMA is not allowed without it. Any thread. */
bool iom_pci_bus_master(const struct iom_pci_fn *f);

/*
 * Raise interrupt vector: by MSI-X if enabled (kept pending while masked), else
 * MSI (vectors above the enabled number use 0), else nothing: the caller sets
 * the INTx level. Returns true if a message mode is enabled. Any thread.
 */
bool iom_pci_irq(struct iom_pci_fn *f, unsigned int vector);
void iom_pci_intx(struct iom_pci_fn *f, bool level);	/* any thread */
/* Is MSI or MSI-X enabled? Any thread. */
bool iom_pci_msi_enabled(struct iom_pci_fn *f);

/* Conventional reset or FLR: space back to its initial values, then ops->reset. */
void iom_pci_reset(struct iom_pci_fn *f);

/* As iom_virtio_dev_save/restore: versioned, checked whole before anything changes. */
int iom_pci_save(struct iom_pci_fn *f, void *buf, size_t cap, size_t *len);
int iom_pci_restore(struct iom_pci_fn *f, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
