/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver for the Arm SMMUv3 (IHI 0070), Non-secure. An operating system gives
 * it registers, memory and interrupts, adds the StreamIDs of its devices, and
 * attaches them to domains (<iom/drv/domain.h>), to identity, or to nothing.
 *
 * Instances share nothing. Calls from any thread; those on one stream exclude
 * each other by the instance's lock. Every wait is bounded: an SMMU that does
 * not answer in time is dead, which each call tells by IOM_EIO from then on.
 *
 * Stage 1 is code of its own that is linked only if iom_smmuv3_drv_cfg.s1 names
 * it. Numbers in brackets are sections of IHI 0070.
 */
#ifndef IOM_DRV_SMMUV3_DRV_H
#define IOM_DRV_SMMUV3_DRV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/list.h>
#include <iom/drv/domain.h>
#include <iom/drv/fault.h>
#include <iom/drv/iommu.h>
#include <iom/plat/dmem.h>
#include <iom/plat/mmio.h>
#include <iom/plat/plat.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_smmuv3_drv;
struct iom_smmuv3_drv_s1;

/* Stage 1: context descriptors and ASIDs. */
extern const struct iom_smmuv3_drv_s1 iom_smmuv3_drv_s1;

/* A message that the SMMU writes instead of raising a wire; addr 0: the wire. */
struct iom_smmuv3_drv_msi {
	uint64_t addr;		/* as the SMMU puts it out: not translated */
	uint32_t data;
};

struct iom_smmuv3_drv_cfg {
	struct iom_plat *plat;
	struct iom_mmio *mmio;
	struct iom_dmem *dmem;
	const struct iom_smmuv3_drv_s1 *s1;	/* &iom_smmuv3_drv_s1, or NULL: stage 2 only */
	/* log2 of entries, at most what IDR1 has; 0: 8, 7 and 7. */
	uint8_t cmdq_lg2, evtq_lg2, priq_lg2;
	uint8_t sid_lg2;	/* StreamIDs used, in bits; 0: all of IDR1.SIDSIZE */
	bool no_sync_msi;	/* CMD_SYNC by polling CONS, even if the SMMU can write to memory */
	struct iom_smmuv3_drv_msi gerror_msi, evtq_msi, priq_msi;
	/* Longest wait for the SMMU, in time and in turns of plat's relax; 0: 1 s, 10 million. */
	uint64_t timeout_ns;
	uint32_t timeout_turns;
	/*
	 * A transaction was refused, is held, or asks for a page. Called by
	 * iom_smmuv3_drv_irq()'s thread, no lock held; may map, and may attach
	 * and detach. NULL: all that waits is aborted.
	 */
	enum iom_fault_answer (*fault)(void *arg, const struct iom_fault *f);
	void *arg;
};

/* Why an SMMU cannot be driven: the register field, and what is the matter with it. */
struct iom_smmuv3_drv_diag {
	const char *field, *why;
};

/*
 * Reads the identification (6.3), brings the SMMU into a known state and enables it
 * (6.3.9, 3.11) with every stream aborted. Transactions of devices that something else left
 * running are aborted from the first step on.
 * IOM_EOPNOTSUPP: an SMMU that this driver cannot use, *diag (may be NULL) says
 * why; IOM_EINVAL: cfg. Either leaves it as it was. IOM_ENOMEM: it is off, with
 * GBPA.ABORT; IOM_EIO: it did not answer, and should be so. *out only on success.
 */
int iom_smmuv3_drv_create(const struct iom_smmuv3_drv_cfg *cfg, struct iom_smmuv3_drv **out,
			  struct iom_smmuv3_drv_diag *diag);
/* Off, with GBPA.ABORT. IOM_EBUSY, nothing changed, while there are streams. */
int iom_smmuv3_drv_destroy(struct iom_smmuv3_drv *s);

/* What the SMMU can do, for who makes domains for it. */
struct iom_smmuv3_drv_caps {
	bool stage1, stage2;
	uint8_t ias_bits, oas_bits, va_bits;
	uint64_t page_sizes;		/* bits 12, 14, 16 */
	uint8_t pasid_bits;
	bool coherent, ats, pri, stall, stall_forced, dirty, msi, range_inv, ds, fwb;
	uint8_t sid_bits;
};
/* Any thread: they do not change. */
void iom_smmuv3_drv_caps(const struct iom_smmuv3_drv *s, struct iom_smmuv3_drv_caps *caps);

/* One StreamID. The caller's memory, from add to remove, and the driver's to change. */
struct iom_smmuv3_stream {
	struct iom_list link;
	struct iom_smmuv3_drv *s;
	uint32_t sid;
	uint8_t pasid_bits;
	bool ats;			/* the endpoint's ATC is on, see stream_ats */
	bool stall;
	bool torn;			/* a change was not confirmed: who knows what it says */
	unsigned int nr_pasids;		/* attached, or that may be */
	struct iom_domain *domain;	/* attached without PASID, */
	uint32_t id;			/* and its ASID or VMID */
	struct smmu_cdtab *cdtab;	/* stage 1 */
};

struct iom_smmuv3_stream_cfg {
	bool stall;		/* a platform device that can wait for an answer; never PCIe */
	uint8_t pasid_bits;	/* PASIDs that will be used, in bits; 0: none */
};

/*
 * cfg may be NULL. IOM_ERANGE: no such StreamID; IOM_EEXIST; IOM_EOPNOTSUPP:
 * more PASIDs than the SMMU has; IOM_ENOMEM; IOM_EIO. The stream is aborted until
 * it is attached.
 */
int iom_smmuv3_drv_stream_add(struct iom_smmuv3_drv *s, struct iom_smmuv3_stream *st,
			      uint32_t sid, const struct iom_smmuv3_stream_cfg *cfg);
/*
 * Blocks it first. IOM_EBUSY: PASIDs are attached, or ATS is on. IOM_EIO: not
 * confirmed, it is still there.
 */
int iom_smmuv3_drv_stream_remove(struct iom_smmuv3_stream *st);

/*
 * Moves the stream to domain d (3.21.3): what it reaches is at each moment what it
 * reached before, what d maps, or nothing. IOM_EOPNOTSUPP: d's format is not one
 * of this SMMU; IOM_ENOSPC: no ASID or VMID is left; IOM_ENOMEM; IOM_EIO: not
 * confirmed, the stream may be in both domains, or aborted, and neither may be
 * destroyed; IOM_EBUSY: PASIDs are attached, and d is not of stage 1. On failure but
 * IOM_EIO nothing has changed.
 */
int iom_smmuv3_drv_attach(struct iom_smmuv3_stream *st, struct iom_domain *d);
/*
 * The same to nothing (every transaction is aborted, without an event), and to
 * addresses as they are. IOM_EBUSY: ATS is on, or PASIDs are attached; IOM_EIO.
 */
int iom_smmuv3_drv_block(struct iom_smmuv3_stream *st);
int iom_smmuv3_drv_identity(struct iom_smmuv3_stream *st);

/*
 * A PASID of a stream whose domain is of stage 1. IOM_ERANGE: not 1 to
 * 2^pasid_bits - 1; IOM_EBUSY: the stream has no stage-1 domain; IOM_EEXIST: attached
 * already; IOM_EOPNOTSUPP, IOM_ENOSPC, IOM_ENOMEM as above. IOM_EIO: not confirmed, or
 * where the stream itself is was not: if nr_pasids has grown, it is to be detached.
 * Detach: IOM_ENOENT: it is not attached; IOM_EIO: not confirmed, the domain may not be
 * destroyed; to be asked again if nr_pasids has not shrunk.
 */
int iom_smmuv3_drv_attach_pasid(struct iom_smmuv3_stream *st, uint32_t pasid,
				struct iom_domain *d);
int iom_smmuv3_drv_detach_pasid(struct iom_smmuv3_stream *st, uint32_t pasid);
/* The domain of an attached one, held for the caller (iom_domain_drop()). IOM_ENOENT. */
int iom_smmuv3_drv_pasid_domain(struct iom_smmuv3_stream *st, uint32_t pasid,
				struct iom_domain **out);

/*
 * PCIe ATS. on: after the stream is attached to a domain and before PASIDs are,
 * before the endpoint's own enable bit; off: after that bit is cleared.
 * IOM_EOPNOTSUPP: the SMMU has none, or the stream's stage 2 stalls; IOM_EBUSY: not
 * so attached; IOM_ENOMEM. IOM_EIO: not confirmed, or where the stream is was not (attach
 * it again first); it may be called again. Until off has succeeded the stream cannot be
 * blocked.
 */
int iom_smmuv3_drv_stream_ats(struct iom_smmuv3_stream *st, bool on);

/*
 * An interrupt of the SMMU came, whichever (3.18); without any: now and then. Takes what is
 * in the event and PRI queues (7.2, 8) and acknowledges errors (7.5). One thread at a time,
 * no lock of the caller's that a fault handler takes.
 */
void iom_smmuv3_drv_irq(struct iom_smmuv3_drv *s);
/*
 * The answer to a fault that was answered IOM_FAULT_LATER (4.6, 4.5.2), once. Any thread.
 * IOM_EINVAL: nobody waits for this fault, or the answer is LATER again; IOM_EIO: dead.
 */
int iom_smmuv3_drv_resume(struct iom_smmuv3_drv *s, const struct iom_fault *f,
			  enum iom_fault_answer answer);

/* Since it was created; any thread, each number by itself. */
struct iom_smmuv3_drv_stats {
	uint64_t commands, syncs, command_errors, atc_timeouts;
	uint64_t events, events_lost, page_requests, page_requests_lost;
	uint64_t gerrors;
};
void iom_smmuv3_drv_stats(struct iom_smmuv3_drv *s, struct iom_smmuv3_drv_stats *st);
/* It has not answered in time once: each call that needs it is IOM_EIO. Any thread. */
bool iom_smmuv3_drv_dead(const struct iom_smmuv3_drv *s);

#ifdef __cplusplus
}
#endif
#endif
