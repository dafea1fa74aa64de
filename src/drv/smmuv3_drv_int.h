/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the SMMUv3 driver share.
 *
 *	smmuv3_drv.c		probe, start, stop; identification
 *	smmuv3_drv_cmdq.c	the command queue
 *	smmuv3_drv_entry.c	STE and CD changed while hardware reads them
 *	smmuv3_drv_strtab.c	stream table, streams, STEs
 *	smmuv3_drv_s1.c		stage 1: CD tables, ASIDs; left out if nobody asks for it
 *	smmuv3_drv_inv.c	invalidations as commands
 *	smmuv3_drv_evtq.c	event and PRI queues, global errors, faults
 *
 * Locks, in order: lock (streams, tables, IDs), a domain's lock, evt_lock, the
 * command queue's. No lock is held while a fault handler runs or a CMD_SYNC is
 * waited for, but for lock and a domain's: attachments change one at a time.
 */
#ifndef IOMI_DRV_SMMUV3_DRV_INT_H
#define IOMI_DRV_SMMUV3_DRV_INT_H

#include <iom/base/atomic.h>
#include <iom/drv/smmuv3_drv.h>
#include <iom/spec/smmuv3.h>

#include "wire/smmuv3_rules.h"
#include "wire/smmuv3_wire.h"

#define SMMU_MSIATTR_WB		0xfu	/* MemAttr: normal, write-back both ways */
#define SMMU_CACHE_WB		1u	/* IC, OC, IR, OR: write-back, allocate */
#define SMMU_SH_ISH		3u

struct smmu_wait {
	unsigned int turn;
	uint64_t deadline;
	bool last;	/* the time is over: one look more */
};

struct smmu_bad {
	uint64_t pos;
	bool atc;		/* a CMD_SYNC that some ATC_INV before it kept from completing */
};

struct smmu_cmdq {
	uint8_t lg2;				/* fixed */
	struct smmu_cmd *ring;
	uint64_t pa;
	/* One for each entry, where a CMD_SYNC's message goes; NULL: CONS is looked at. Fixed. */
	IOM_ATOMIC(uint32_t) *done_slot;
	uint64_t done_pa;

	struct iom_lock lock;
	/* under lock: */
	uint64_t prod, done;			/* positions: written up to, consumed up to */
	unsigned int aborts;
	struct smmu_bad bad[16];		/* commands that were refused, */
	IOM_ATOMIC(uint64_t) nr_bad;		/* written under lock: the last of so many */
};

struct smmu_outq {
	uint8_t lg2;
	void *ring;
	uint64_t pa;
	uint32_t cons;				/* under evt_lock, as the register holds it */
};

/* IDs 1 to nr - 1; 0 is never given out. Under lock. */
struct smmu_ids {
	uint64_t *used;
	uint32_t nr;
};

struct iom_smmuv3_drv {
	struct iom_iommu iommu;
	struct iom_smmuv3_drv_cfg cfg;		/* fixed, defaults filled in */
	struct iom_plat *plat;
	struct iom_mmio *mmio;
	struct iom_dmem *dmem;
	uint32_t idr[6];
	struct iomi_smmuv3_caps caps;		/* fixed */
	bool sync_each;				/* fixed: no TLBI without a CMD_SYNC behind it */
	bool no_nesting;			/* fixed: no nesting parents */
	IOM_ATOMIC(bool) dead;

	struct smmu_cmdq cmdq;
	uint32_t gerrorn;			/* as written; under cmdq.lock */

	struct iom_lock lock;
	/* under lock: */
	struct smmu_ids asids, vmids;
	uint8_t sid_lg2, split;			/* split 0: linear */
	void *strtab;
	uint64_t strtab_pa;
	struct smmu_l2 *l2;			/* of each first-level descriptor */
	struct iom_list streams;
	uint32_t cr0;

	struct iom_lock evt_lock;
	struct smmu_outq evtq, priq;		/* priq.ring NULL: none */
	struct iom_smmuv3_drv_stats stats;	/* each under the lock of what it counts */
};

/* smmuv3_drv.c */
void iomi_smmuv3_drv_ack_gerror(struct iom_smmuv3_drv *s, uint32_t bits);	/* cmdq.lock */

/* What a producer remembers of the commands that one CMD_SYNC is to confirm; begins as zeros. */
struct smmu_ticket {
	bool open;
	bool atc;			/* ATC_INVs are among them: the producer says so */
	uint64_t first, sync;		/* positions */
	uint64_t bad_before;
};

/*
 * smmuv3_drv_cmdq.c. issue: n commands, then with sync a CMD_SYNC that is waited
 * for. It confirms all that was issued with this ticket. IOM_EIO: not confirmed: the
 * SMMU is dead, refused one of them, or an ATC did not answer. n + 1 is at most the
 * queue's size.
 */
int iomi_smmuv3_drv_issue(struct iom_smmuv3_drv *s, const uint64_t cmd[][2], unsigned int n,
			  struct smmu_ticket *t, bool sync);
/* An interrupt told of an error: the queue goes on even if nobody waits. */
void iomi_smmuv3_drv_cmdq_look(struct iom_smmuv3_drv *s);
int iomi_smmuv3_drv_cmdq_init(struct iom_smmuv3_drv *s, unsigned int lg2, bool messages);
void iomi_smmuv3_drv_cmdq_fini(struct iom_smmuv3_drv *s);
/*
 * A bounded wait: begin, look, more, look, ...; false: it is over, and the SMMU dead. The
 * last look is behind the deadline: a thread that was kept off its CPU accuses nobody.
 */
void iomi_smmuv3_drv_wait_begin(const struct iom_smmuv3_drv *s, struct smmu_wait *w);
bool iomi_smmuv3_drv_wait_more(struct iom_smmuv3_drv *s, struct smmu_wait *w);

/* Commands collected; goes out when full or at the end. */
struct smmu_batch {
	unsigned int n;
	uint64_t cmd[32][2];
	struct smmu_ticket ticket;
	int rc;
};

void iomi_smmuv3_drv_batch_add(struct iom_smmuv3_drv *s, struct smmu_batch *b,
			       const struct smmuv3_wire_cmd *c);
int iomi_smmuv3_drv_batch_end(struct iom_smmuv3_drv *s, struct smmu_batch *b);

/*
 * smmuv3_drv_entry.c: makes *entry, which hardware may be reading, what target
 * says. sync: drops what hardware holds of it, and waits. IOM_EIO if that was not
 * confirmed; the entry is then V = 0 or abort.
 */
struct smmu_entry_kind {
	/* The bits that hardware goes by, of an entry with these words. */
	void (*used)(const uint64_t w[8], uint64_t used[8]);
	uint64_t valid;			/* V, in word 0 */
};
extern const struct smmu_entry_kind iomi_smmuv3_drv_ste_kind, iomi_smmuv3_drv_cd_kind;
struct smmu_entry_sync {
	struct iom_smmuv3_drv *s;
	struct smmuv3_wire_cmd cmd;	/* CFGI_STE or CFGI_CD */
};
int iomi_smmuv3_drv_write_entry(const struct smmu_entry_sync *sync,
				const struct smmu_entry_kind *kind, struct iom_le64 *entry,
				const uint64_t target[8]);

/* The steps of that, decided before the first store; pure. */
struct smmu_entry_plan {
	unsigned int nr;		/* stages, each followed by a sync; at most 3 */
	uint64_t w[3][8];		/* the entry after it */
};
void iomi_smmuv3_drv_plan_entry(const struct smmu_entry_kind *kind, const uint64_t now[8],
				const uint64_t target[8], struct smmu_entry_plan *plan);

/* smmuv3_drv_strtab.c: under lock. */
int iomi_smmuv3_drv_strtab_init(struct iom_smmuv3_drv *s);
void iomi_smmuv3_drv_strtab_fini(struct iom_smmuv3_drv *s);
int iomi_smmuv3_drv_write_ste(struct iom_smmuv3_stream *st, const uint64_t w[8]);
uint64_t iomi_smmuv3_drv_incoming(const struct iom_smmuv3_drv *s);
uint64_t iomi_smmuv3_drv_eats(const struct iom_smmuv3_stream *st);
bool iomi_smmuv3_drv_coherent(const struct iom_smmuv3_drv *s);
bool iomi_smmuv3_drv_dirty(const struct iom_smmuv3_drv *s);
/* Is a fault of this stream to be held? */
bool iomi_smmuv3_drv_stalls(const struct iom_smmuv3_stream *st);
int iomi_smmuv3_drv_join(struct iom_smmuv3_stream *st, struct iom_domain *d, bool has_pasid,
			 uint32_t pasid, uint32_t *id);
int iomi_smmuv3_drv_leave(struct iom_smmuv3_stream *st, struct iom_domain *d, bool has_pasid,
			  uint32_t pasid, uint32_t id);
int iomi_smmuv3_drv_ids_init(struct iom_smmuv3_drv *s, struct smmu_ids *ids, uint32_t nr);
void iomi_smmuv3_drv_ids_fini(struct iom_smmuv3_drv *s, struct smmu_ids *ids);
int iomi_smmuv3_drv_id_get(struct smmu_ids *ids, uint32_t *id);	/* IOM_ENOSPC */
void iomi_smmuv3_drv_id_put(struct smmu_ids *ids, uint32_t id);

/* smmuv3_drv_inv.c: the op of struct iom_iommu_ops. */
int iomi_smmuv3_drv_invalidate(struct iom_iommu *i, const struct iom_inv *inv, unsigned int nr,
			       const struct iom_inv_range *r, unsigned int nr_ranges);

/* smmuv3_drv_evtq.c */
int iomi_smmuv3_drv_evtq_init(struct iom_smmuv3_drv *s);
void iomi_smmuv3_drv_evtq_fini(struct iom_smmuv3_drv *s);

/* smmuv3_drv_fmt.c: a domain's tables as the fields of a CD or STE have them. */
struct smmu_fmt {
	uint8_t t0sz, tg, ps;
	uint8_t sl0;			/* stage 2 */
	bool sl0_2, ds, fwb, dirty;
	uint64_t ttb, mair;
};
unsigned int iomi_smmuv3_drv_stage(const struct iom_domain *d);
/* False: not a format of this SMMU. */
bool iomi_smmuv3_drv_fmt(const struct iom_smmuv3_drv *s, const struct iom_domain *d,
			 struct smmu_fmt *f);

/* smmuv3_drv_s1.c, all under lock. */
struct iom_smmuv3_drv_s1 {
	int (*init)(struct iom_smmuv3_drv *s);
	void (*fini)(struct iom_smmuv3_drv *s);
	/* CD 0 for d, and the STE that leads to it. IOM_ENOMEM: nothing written; IOM_EIO. */
	int (*attach)(struct iom_smmuv3_stream *st, const struct smmu_fmt *f, uint32_t asid,
		      uint64_t ste[8]);
	/* No STE leads to the CDs any more: none is valid. */
	int (*detach)(struct iom_smmuv3_stream *st);
	int (*attach_pasid)(struct iom_smmuv3_stream *st, uint32_t pasid, struct iom_domain *d,
			    const struct smmu_fmt *f);
	int (*detach_pasid)(struct iom_smmuv3_stream *st, uint32_t pasid);
	int (*pasid_domain)(struct iom_smmuv3_stream *st, uint32_t pasid, struct iom_domain **out);
	void (*gone)(struct iom_smmuv3_stream *st);	/* frees the table */
};

#endif
