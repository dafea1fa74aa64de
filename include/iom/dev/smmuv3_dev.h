/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An Arm SMMUv3, device side: IHI 0070, Non-secure programming interface, stage
 * 1, stage 2 and nested. The embedder routes register accesses here, gives it
 * memory and takes its interrupts; devices behind it translate through ports.
 * Instances share nothing.
 *
 * Threads: register accesses come from any thread and exclude each other by a
 * lock. Translations come from any number of threads, each through a port of
 * its own, inside the port's access bracket, and take no lock where the TLB
 * has the translation. Commands run where iom_smmuv3_dev_cfg.mode says.
 */
#ifndef IOM_DEV_SMMUV3_DEV_H
#define IOM_DEV_SMMUV3_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/atomic.h>
#include <iom/base/err.h>
#include <iom/dev/xlate.h>
#include <iom/plat/gmem.h>
#include <iom/plat/plat.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * With the IOM_ACCESS_* of <iom/plat/gmem.h> in the access word of a
 * translation: what an SMMU sees of a transaction beside its address.
 */
#define IOM_SMMUV3_PRIV		0x00000004u	/* privileged, else unprivileged */
#define IOM_SMMUV3_INST		0x00000008u	/* instruction fetch, else data; reads only */
#define IOM_SMMUV3_SSV		0x00000010u	/* a SubstreamID is there: */
/*
 * The address is a translated one, from an ATS completion (<iom/dev/smmuv3_ats.h>).
 * PRIV, INST and SubstreamID do not count then (IDR3.PASIDTT = 0).
 */
#define IOM_SMMUV3_TRANSLATED	0x00000020u
#define IOM_SMMUV3_SSID(n)	((uint32_t)((n) & 0xfffffu) << 8)

enum iom_smmuv3_irq {
	IOM_SMMUV3_IRQ_EVENTQ,
	IOM_SMMUV3_IRQ_PRIQ,
	IOM_SMMUV3_IRQ_CMD_SYNC,
	IOM_SMMUV3_IRQ_GERROR,
};

/* Where commands run. */
enum iom_smmuv3_mode {
	/*
	 * On the thread that writes CMDQ_PROD, before the write returns.
	 * So never from inside an access of this SMMU: a CMD_SYNC would wait for it.
	 */
	IOM_SMMUV3_INLINE,
	/* On a worker: wake is called, the worker calls iom_smmuv3_dev_run(). */
	IOM_SMMUV3_WORKER,
	/*
	 * One thread in all: each register access first lets the model do a
	 * few commands. Never waits: a CMD_SYNC that must wait for an open
	 * access completes at a later register access.
	 */
	IOM_SMMUV3_STEP,
};

struct iom_smmuv3_dev;
struct iom_smmuv3_strict_cfg;
struct smmu_ctx;

struct iom_smmuv3_dev_cfg {
	struct iom_plat *plat;
	/*
	 * Queues and MSIs of the SMMU itself. Used under the register lock, or
	 * by run(); must not be a gmem that another thread uses.
	 */
	struct iom_gmem *gmem;
	enum iom_smmuv3_mode mode;
	/*
	 * The identification registers wanted, IDR0-5; all 0: the default set
	 * (iom_smmuv3_dev_default_idr()). Impossible or unsupported sets are
	 * refused; each advertised bit can be left out.
	 */
	uint32_t idr[6];
	uint32_t iidr;
	uint32_t aidr;
	/*
	 * Translations that the TLB is to hold with few conflicts: it has a set of
	 * three for each. 0: 8192; a power of two, 64 to 2^20.
	 */
	unsigned int tlb_entries;
	unsigned int config_entries;	/* contexts cached; 0: 256; a power of two, 16 to 65536 */
	/*
	 * ATC_INV: how long an endpoint may owe answers without giving one before
	 * it fails a CMD_SYNC; 0: 1,000. By plat's clock: where that stands
	 * still, for ever.
	 */
	unsigned int atc_timeout_ms;
	/*
	 * Wired interrupts, edges: of each source that is enabled, also where a
	 * message is sent (3.18.2). Any thread, must not block or call back. May be
	 * NULL: there are no wires.
	 */
	void (*irq)(void *arg, enum iom_smmuv3_irq which);
	/* SEV of a CMD_SYNC with CS = SEV. As irq. May be NULL. */
	void (*sev)(void *arg);
	/* WORKER mode: commands wait. As irq. */
	void (*wake)(void *arg);
	void *arg;
	/*
	 * The strict mode, <iom/dev/smmuv3_strict.h>; copied. NULL: off. In INLINE
	 * mode a CMD_SYNC without a signal may then complete at a later read of a
	 * register. IOM_EOPNOTSUPP if it was left out of the build.
	 */
	const struct iom_smmuv3_strict_cfg *strict;
};

/* A broken condition of a cfg, for people: which register and field, and why. */
struct iom_smmuv3_diag {
	const char *field;	/* such as "IDR0.S1P" */
	const char *why;
};

/*
 * The largest set that asks nothing of devices, memory and Root Complex: without
 * ATS and PRI (ats_idr adds them), stalls, and HTTU (which needs cas64).
 */
void iom_smmuv3_dev_default_idr(uint32_t idr[6]);
void iom_smmuv3_dev_ats_idr(uint32_t idr[6]);

/*
 * IOM_EINVAL: a cfg that cannot be; *diag (may be NULL) says which field and
 * why. IOM_EOPNOTSUPP: an IDR bit that this model does not implement, likewise.
 * IOM_ENOMEM. *out only on success.
 */
int iom_smmuv3_dev_create(const struct iom_smmuv3_dev_cfg *cfg, struct iom_smmuv3_dev **out,
			  struct iom_smmuv3_diag *diag);
/* IOM_EBUSY, nothing changed, while ports exist. */
int iom_smmuv3_dev_destroy(struct iom_smmuv3_dev *s);

/*
 * Register access at off within 2 x 64 KiB, len 4 or 8 bytes, aligned. Other
 * offsets, lengths and alignments are RAZ/WI: a read gives 0, IOM_EINVAL tells
 * the embedder. 64-bit registers take two 32-bit accesses as well.
 */
int iom_smmuv3_dev_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len, uint64_t *val);
int iom_smmuv3_dev_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len, uint64_t val);

/*
 * Runs what waits in the command queue, up to a budget. IOM_OK: nothing left;
 * IOM_EAGAIN: call again. WORKER: the worker's call. STEP: may be called
 * beside register accesses. Waits for open accesses at a CMD_SYNC, but not in
 * STEP mode.
 */
int iom_smmuv3_dev_run(struct iom_smmuv3_dev *s);

/* Power-on reset: registers, caches; waits for open accesses. */
void iom_smmuv3_dev_reset(struct iom_smmuv3_dev *s);

/* What software answers to a stall (CMD_RESUME); or what ended it. */
enum iom_smmuv3_resume {
	IOM_SMMUV3_RETRY,
	IOM_SMMUV3_ABORT,
	IOM_SMMUV3_TERMINATE,	/* reads give zeros, writes are ignored */
};

/*
 * One stream seen by one thread: translation, and the memory that walks use.
 * gmem's bracket is open while the port's is (iom_xgmem does both).
 */
struct iom_smmuv3_port {
	struct iom_xlate x;
	struct iom_smmuv3_dev *s;
	struct iom_gmem *gmem;
	uint32_t sid;
	/* The port's thread; the context it used last, see smmuv3_dev_int.h: */
	struct smmu_ctx *ctx;
	uint64_t gen;
	uint32_t substream;	/* SSV and SSID bits of the access word it belongs to */
	struct smmu_ctx *own;
	/* see iom_smmuv3_dev_port_stalls(); NULL: what would stall is terminated */
	void (*resumed)(struct iom_smmuv3_port *p, enum iom_smmuv3_resume how);
	IOM_ATOMIC(uint32_t) held;	/* the transaction that waits, see smmuv3_dev_stall.c: */
	uint64_t held_page;
	uint32_t held_access;
	uint16_t stag;			/* of the record it has, once there was one */
	struct iom_smmuv3_port *next_held;
};

/*
 * Any StreamID: what does not exist faults as the architecture says. gmem is
 * used by the port's thread only: for walks, and for the event of a fault with
 * its MSI, so its stores reach the doorbell as well. IOM_ENOMEM.
 */
int iom_smmuv3_dev_port_init(struct iom_smmuv3_port *p, struct iom_smmuv3_dev *s, uint32_t sid,
			     struct iom_gmem *gmem);
void iom_smmuv3_dev_port_fini(struct iom_smmuv3_port *p);
struct iom_access_gate *iom_smmuv3_dev_gate(struct iom_smmuv3_dev *s);

/*
 * The port's device can wait: a fault for which CD.S or STE.S2S asks to stall is
 * held, and translations answer IOM_EAGAIN: nothing was done, the thread ends
 * its bracket and waits. When software answers (RESUME, STALL_TERM), when the
 * SMMU is disabled, when there is a STAG for a transaction that had none, or room
 * for a record that a CMD_SYNC has overtaken, resumed is called; then the thread
 * does the same again: with RETRY it is translated anew, and may stall again; else
 * the transaction, a translation of the same page with the same access word, gets
 * IOM_EFAULT or raz_wi, once. Until then IOM_EAGAIN again. Other translations of
 * the port go on meanwhile, but of those that fault none has a record: they wait
 * for the first.
 *
 * Not for PCIe devices, which may not stall (3.12.2): what is not told of here
 * is aborted, with a record whose Stall is 0.
 *
 * resumed is called on a thread that runs commands, writes registers or has an
 * event to record, under the model's locks: it must not block or call back, and
 * wakes the port's thread; it may come before the translation's IOM_EAGAIN has
 * been looked at.
 * Call this after port_init, before the first translation.
 */
void iom_smmuv3_dev_port_stalls(struct iom_smmuv3_port *p,
				void (*resumed)(struct iom_smmuv3_port *p,
						enum iom_smmuv3_resume how));
/* Does the transaction still wait for an answer? Any thread. */
bool iom_smmuv3_dev_port_waits(const struct iom_smmuv3_port *p);
/*
 * The device was reset and will not ask again. Software may still answer its
 * record, if it had one. The port's thread, outside a bracket.
 */
void iom_smmuv3_dev_port_forget(struct iom_smmuv3_port *p);

/* What one translation gave, in full; iom_xlate's run has the first two. */
struct iom_smmuv3_result {
	uint64_t pa;
	uint64_t len;		/* bytes from pa that this is good for, at most what was asked */
	uint8_t memattr;	/* MAIR encoding of the output attributes; device: high nibble 0 */
	uint8_t sh;		/* 0 NSH, 2 OSH, 3 ISH */
	bool bypass;
	/*
	 * Terminated by CD.A = 0 without an abort: pa is 0, reads give zeros,
	 * writes are ignored. There may be an event.
	 */
	bool raz_wi;
};

/*
 * As iom_xlate_translate() of the port, with the output attributes, and the
 * event that a fault recorded: ev[0..3], all 0 if none was. Transactions come
 * in as Normal write-back inner-shareable memory, data, in the access word's
 * privilege. IOM_EFAULT, IOM_EACCES: terminated with abort. IOM_EAGAIN: stalled,
 * ev is the record if it is a new one. IOM_OK otherwise.
 */
int iom_smmuv3_dev_translate(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			     unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4]);

/*
 * The same by a fresh walk that neither looks at the caches nor fills them, nor
 * reports, stalls or writes descriptors (it answers as if it had written). For
 * tests and for checking a hit against memory.
 */
int iom_smmuv3_dev_walk(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4]);

/* One read of memory that a translation makes. */
enum iom_smmuv3_fetch_kind {
	IOM_SMMUV3_FETCH_L1STD,
	IOM_SMMUV3_FETCH_STE,
	IOM_SMMUV3_FETCH_L1CD,
	IOM_SMMUV3_FETCH_CD,
	IOM_SMMUV3_FETCH_S1,	/* a descriptor of stage 1 */
	IOM_SMMUV3_FETCH_S2,
};

struct iom_smmuv3_fetch {
	enum iom_smmuv3_fetch_kind kind;
	int8_t level;		/* of a descriptor of a stage */
	uint8_t memattr, sh;	/* attributes of the read, as in the result; both stages combined */
	uint64_t ia;		/* of S1, S2: the input address of that stage; else 0 */
	uint64_t ipa;		/* its address before stage 2, if that is in use for it; else pa */
	uint64_t pa;
	uint64_t val;		/* what was read; the first word of an STE or CD */
};

/*
 * As iom_smmuv3_dev_walk(), and tells what it read, in order: the first max
 * reads in fetch[], *n is how many there were. A read that failed is the last (its
 * val is 0); what is beyond OAS is not read.
 */
int iom_smmuv3_dev_explain(struct iom_smmuv3_port *p, uint64_t iova, uint64_t len,
			   unsigned int access, struct iom_smmuv3_result *res, uint64_t ev[4],
			   struct iom_smmuv3_fetch *fetch, size_t max, size_t *n);

struct iom_smmuv3_stats {
	uint64_t commands, syncs, command_errors;
	uint64_t tlb_misses, config_misses;	/* hits are not counted: that would cost them */
	uint64_t events, events_lost;
	uint64_t page_requests, page_requests_lost;	/* in the PRI queue; answered or dropped */
	uint64_t translations_refused;
	uint64_t stalls;		/* records of stalls, also those that wait for room */
};
void iom_smmuv3_dev_stats(struct iom_smmuv3_dev *s, struct iom_smmuv3_stats *st);

/*
 * As iom_viommu_dev_save/restore: registers, queues, and stalls that software has
 * not answered; the caches come back empty. A transaction that waited asks
 * again where it is restored, and gets the STAG that it had.
 */
int iom_smmuv3_dev_save(struct iom_smmuv3_dev *s, void *buf, size_t cap, size_t *len);
int iom_smmuv3_dev_restore(struct iom_smmuv3_dev *s, const void *buf, size_t size, size_t *used);

#ifdef __cplusplus
}
#endif
#endif
