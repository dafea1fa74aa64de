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
#define IOM_PCI_HOOKS_MAX	4u

struct iom_pci_fn;

struct iom_pci_fn_ops {
	/*
	 * Access of len (1, 2, 4 or 8) bytes at off inside BAR bar, not the
	 * MSI-X table or PBA, which the function handles itself. Any alignment:
	 * the op decides; what it does not know reads 0 and ignores writes.
	 * Register thread, no lock held. Needed if there is a BAR.
	 */
	void (*bar_read)(struct iom_pci_fn *f, unsigned int bar, uint64_t off, void *buf,
			 unsigned int len);
	void (*bar_write)(struct iom_pci_fn *f, unsigned int bar, uint64_t off, const void *buf,
			  unsigned int len);
	/*
	 * Access to the bytes of a capability that asked for it
	 * (iom_pci_add_cap with hook): after the plain bytes were read, or
	 * written with the write mask. off from the capability's start, len
	 * what the access has of it; the bytes stand in f->space. Register
	 * thread, no lock held. Default: nothing.
	 */
	void (*cap_read)(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off, void *buf,
			 unsigned int len);
	void (*cap_write)(struct iom_pci_fn *f, uint8_t cap_off, unsigned int off,
			  unsigned int len);
	/*
	 * What iom_pci_bus_master() says changed. Register thread, no lock
	 * held. Default: nothing.
	 */
	void (*bus_master)(struct iom_pci_fn *f, bool on);
	/*
	 * Function reset (conventional, FLR): the owner's own state. Register
	 * thread, no lock held. Default: nothing.
	 */
	void (*reset)(struct iom_pci_fn *f);
};

struct iom_pci_cfg {
	struct iom_plat *plat;
	uint16_t vendor, device, subsys_vendor, subsys_id;
	uint8_t revision;
	uint32_t class_code;		/* 24 bits */
	bool multifunction;
	bool pcie;			/* PCI Express endpoint: its capability, FLR, and D3hot */
	uint8_t intx_pin;		/* 1 (INTA) to 4; 0 none */
	unsigned int msi_vectors;	/* 0 none, else 2^n up to 32; 64-bit, no masking */
	unsigned int msix_vectors;	/* 0 none, up to IOM_PCI_VECTORS_MAX */
	uint8_t msix_bar;		/* table at offset 0, PBA at half of the BAR */
	/*
	 * The embedder owns the MSI-X table (vfio-user): while MSI-X is enabled
	 * every vector is sent at once, without address, whatever is masked.
	 */
	bool msix_table_extern;
	/* Size 0: absent; else a power of two from 16 up to 2 GiB; memory, 32-bit. */
	uint32_t bar_size[IOM_PCI_BARS];
	struct iom_irq *irq;
};

struct iom_pci_fn {
	struct iom_pci_fn_ops ops;		/* fixed, defaults filled in */
	struct iom_pci_cfg cfg;			/* fixed */
	/* fixed once the capabilities are added; offsets 0: absent */
	uint8_t cap_msi, cap_msix, cap_exp, cap_pm;
	uint8_t cap_last;			/* the list's end */
	uint16_t cap_end;			/* first free byte, 256 at most */
	struct {
		uint8_t off, len;
	} hook[IOM_PCI_HOOKS_MAX];
	unsigned int nr_hooks;
	uint8_t initial[256];			/* after reset */
	uint8_t wmask[256];			/* 1: the driver may write the bit */
	/*
	 * The first 256 bytes of the space, the rest has no state. Interrupt
	 * Status is in intx_level, not here. Written by the register thread
	 * under lock, so it may read without.
	 */
	uint8_t space[256];
	/* under lock: */
	struct iom_lock lock;
	uint32_t msix_table[IOM_PCI_VECTORS_MAX][4];
	uint64_t msix_pending;			/* bit: vector waits to be sent */
	uint32_t msi_pending;
	bool intx_level;			/* what the owner asserts */
	bool intx_line;				/* what the embedder was told */
	/* shared: */
	IOM_ATOMIC(bool) bus_master_on;
};

/* IOM_EINVAL: cfg out of range, naming nothing changed. IOM_ENOMEM: no lock. */
int iom_pci_init(struct iom_pci_fn *f, const struct iom_pci_fn_ops *ops,
		 const struct iom_pci_cfg *cfg);
void iom_pci_fini(struct iom_pci_fn *f);

/*
 * Append a capability of len bytes (at least 2): bytes[0] is its ID, bytes[1]
 * is ignored; wmask (or NULL: read-only) says which bits the driver may write,
 * never those of the first two bytes. bytes are also its values after reset.
 * Before the first access only. *off gets its place. IOM_ENOSPC: no room, or
 * no hook left.
 */
int iom_pci_add_cap(struct iom_pci_fn *f, const uint8_t *bytes, const uint8_t *wmask,
		    unsigned int len, bool hook, uint8_t *off);

/*
 * Configuration access of any off and len within 4096; others read all ones,
 * write nothing. May be longer than a register (a whole-space read). Without
 * the PCI Express capability there is nothing from 256 on: reads all ones.
 */
void iom_pci_config_read(struct iom_pci_fn *f, unsigned int off, void *buf, unsigned int len);
void iom_pci_config_write(struct iom_pci_fn *f, unsigned int off, const void *buf,
			  unsigned int len);

/*
 * BAR access by index and offset, whatever address the driver gave the BAR:
 * the embedder decodes, and knows Memory Space Enable. IOM_EINVAL: no such BAR,
 * off + len outside, or len not 1, 2, 4, 8; a read's buf is then all ones. In
 * D3hot a read gives all ones and a write is dropped, with IOM_OK.
 */
int iom_pci_bar_read(struct iom_pci_fn *f, unsigned int bar, uint64_t off, void *buf,
		     unsigned int len);
int iom_pci_bar_write(struct iom_pci_fn *f, unsigned int bar, uint64_t off, const void *buf,
		      unsigned int len);

/*
 * Bus mastering (Bus Master Enable, and in D0): neither DMA nor a message
 * interrupt is allowed without it. Any thread.
 */
bool iom_pci_bus_master(const struct iom_pci_fn *f);

/*
 * Raise interrupt vector: by MSI-X if enabled (pending while masked or without
 * bus mastering; a vector it does not have is dropped), else MSI (pending
 * without bus mastering; vectors above the enabled number use 0), else nothing:
 * the caller sets the INTx level. Returns true if a message mode is enabled.
 * Once a configuration or table write that masks or disables has returned, no
 * message leaves. Pending messages are forgotten when their mode is disabled.
 * Any thread.
 */
bool iom_pci_irq(struct iom_pci_fn *f, unsigned int vector);
/*
 * The level of the function's interrupt pin, if it has one. The embedder sees
 * it while no message mode is enabled and INTx Disable is clear. Any thread.
 */
void iom_pci_intx(struct iom_pci_fn *f, bool level);
/* Is MSI or MSI-X enabled? Any thread. */
bool iom_pci_msi_enabled(struct iom_pci_fn *f);

/*
 * Conventional reset or FLR: space back to its initial values, no interrupt
 * pending or asserted, then ops->reset. A driver's write of Initiate Function
 * Level Reset does the same.
 */
void iom_pci_reset(struct iom_pci_fn *f);

/*
 * Saved state (<iom/base/state.h>), while nothing else runs. save: IOM_ENOSPC
 * if cap is less than *len. restore: into a function of the same cfg and
 * capabilities; IOM_EINVAL for a damaged, foreign or mismatched stream, and
 * nothing has changed. It then calls ops->bus_master if that changed, and tells
 * the embedder the level of INTx.
 */
int iom_pci_save(struct iom_pci_fn *f, void *buf, size_t cap, size_t *len);
int iom_pci_restore(struct iom_pci_fn *f, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
