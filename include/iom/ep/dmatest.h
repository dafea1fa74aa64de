/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function that does DMA on demand, for tests of drivers and guests. Its
 * registers, for whoever writes a driver, are in docs/dma-test-function.md.
 *
 * The register thread writes parameters and latches them with a command; the
 * worker carries it out in iom_dmatest_run(), inside short brackets of the
 * gmem. A function reset during a command abandons it: registers clear at
 * once, STATUS stays busy until the worker has left, so the function does no
 * DMA any more once STATUS reads idle.
 */
#ifndef IOM_EP_DMATEST_H
#define IOM_EP_DMATEST_H

#include <iom/pci/pci.h>
#include <iom/plat/gmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Defaults of the IDs */
#define IOM_DMATEST_VENDOR		0xfffeu
#define IOM_DMATEST_DEVICE		0xd1a0u
#define IOM_DMATEST_CLASS		0xff0000u
#define IOM_DMATEST_VECTORS		4u

/* BAR 0, little-endian, 32-bit registers */
#define IOM_DMATEST_REGS_SIZE		4096u
#define IOM_DMATEST_ID			0x00u	/* R */
#define   IOM_DMATEST_ID_VALUE		0x54414d44u	/* "DMAT" */
#define IOM_DMATEST_VERSION		0x04u	/* R */
#define IOM_DMATEST_SRC_LO		0x08u
#define IOM_DMATEST_SRC_HI		0x0cu
#define IOM_DMATEST_DST_LO		0x10u
#define IOM_DMATEST_DST_HI		0x14u
#define IOM_DMATEST_LEN			0x18u
#define IOM_DMATEST_PATTERN		0x1cu
#define IOM_DMATEST_CMD			0x20u	/* W; reads 0 */
#define   IOM_DMATEST_CMD_OP		0x000000ffu
#define     IOM_DMATEST_OP_READ		1u	/* memory at SRC -> buffer */
#define     IOM_DMATEST_OP_WRITE	2u	/* buffer -> memory at DST */
#define     IOM_DMATEST_OP_COPY		3u	/* memory at SRC -> memory at DST */
#define     IOM_DMATEST_OP_FILL		4u	/* PATTERN repeated -> memory at DST */
#define     IOM_DMATEST_OP_IRQ		5u	/* interrupt only */
#define   IOM_DMATEST_CMD_VECTOR	0x0000ff00u
#define   IOM_DMATEST_CMD_IRQ		0x80000000u	/* raise VECTOR at completion */
#define IOM_DMATEST_STATUS		0x24u	/* R */
#define   IOM_DMATEST_IDLE		0u
#define   IOM_DMATEST_BUSY		1u
#define   IOM_DMATEST_DONE_OK		2u
#define   IOM_DMATEST_FAULT		3u
#define   IOM_DMATEST_BAD_COMMAND	4u
#define   IOM_DMATEST_NO_BUS_MASTER	5u
#define IOM_DMATEST_DONE		0x28u	/* R */
#define IOM_DMATEST_FAULT_LO		0x2cu	/* R */
#define IOM_DMATEST_FAULT_HI		0x30u	/* R */
#define IOM_DMATEST_INTX		0x34u	/* bit 0; write 1 clears */
#define IOM_DMATEST_COUNT		0x38u	/* R */

#define IOM_DMATEST_LEN_MAX		0x1000000u
#define IOM_DMATEST_BUFFER_SIZE		0x10000u	/* BAR 2 */

struct iom_dmatest_cfg {
	struct iom_plat *plat;
	struct iom_gmem *gmem;		/* the worker's own */
	struct iom_irq *irq;
	uint16_t vendor, device;	/* 0: the defaults */
	bool multifunction;
	bool no_pcie;			/* a conventional function, without the capability */
	bool no_msi;
	bool no_msix;			/* BAR 1 is absent then */
	bool msix_table_extern;		/* as in struct iom_pci_cfg */
	uint8_t intx_pin;		/* 0: no INTx */
	/* A command waits: make the worker call iom_dmatest_run(). Register thread. */
	void (*wake)(void *arg);
	void *wake_arg;
};

/* A command as it was latched. */
struct iom_dmatest_job {
	uint64_t src, dst;
	uint32_t len, pattern, cmd;
};

/* Written by the worker (ignored: register thread), read by anyone, relaxed. */
struct iom_dmatest_stats {
	IOM_ATOMIC(uint64_t) bytes_read;	/* from memory */
	IOM_ATOMIC(uint64_t) bytes_written;	/* to memory */
	IOM_ATOMIC(uint64_t) faults;
	IOM_ATOMIC(uint64_t) commands;
	IOM_ATOMIC(uint64_t) ignored;		/* CMD written while busy */
};

struct iom_dmatest {
	struct iom_pci_fn fn;
	struct iom_dmatest_cfg cfg;	/* fixed, defaults filled in */
	struct iom_dmatest_stats stats;
	/* under lock, taken before fn.lock; never held across a gmem op: */
	struct iom_lock lock;
	struct iom_dmatest_job regs;	/* parameters as written */
	struct iom_dmatest_job job;	/* latched, while status is BUSY */
	uint32_t status, done, count, intx;
	uint64_t fault;
	bool running;			/* the worker has taken the job */
	bool abandoned;			/* a reset came while BUSY */
	uint8_t *buffer;		/* BAR 2 */
	/* worker: */
	uint8_t *bounce;
};

/* IOM_EINVAL, IOM_ENOMEM as iom_pci_init(). The embedder routes accesses to &f->fn. */
int iom_dmatest_init(struct iom_dmatest *f, const struct iom_dmatest_cfg *cfg);
/* The worker no longer runs and no register is accessed. */
void iom_dmatest_fini(struct iom_dmatest *f);

/* Worker: carries out the command that waits, if one does, and completes it. */
void iom_dmatest_run(struct iom_dmatest *f);

/*
 * The whole function: configuration space, registers, buffer, a command that
 * waits (restore wakes the worker for it). For a stopped function; as
 * iom_pci_save(): IOM_ENOSPC if cap is too small, *len is what it needs;
 * restore checks everything first and changes nothing on IOM_EINVAL.
 */
int iom_dmatest_save(struct iom_dmatest *f, void *buf, size_t cap, size_t *len);
int iom_dmatest_restore(struct iom_dmatest *f, const void *buf, size_t size, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
