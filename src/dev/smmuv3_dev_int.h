/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the SMMUv3 model share.
 *
 *	smmuv3_dev.c		create, destroy, ports, reset, counters
 *	smmuv3_dev_idr.c	identification registers: which sets can be
 *	smmuv3_dev_regs.c	register accesses
 *	smmuv3_dev_cmdq.c	the command queue and what each command does
 *	smmuv3_dev_evtq.c	event queue, GERROR, interrupts
 *	smmuv3_dev_ctx.c	STE and CD: fetch, check
 *	smmuv3_dev_decode.c	their fields, into a context
 *	smmuv3_dev_fault.c	event records of transactions
 *	smmuv3_dev_cache.c	contexts and spaces cached
 *	smmuv3_dev_tlb.c	the TLB
 *	smmuv3_dev_quick.[ch]	the most frequent of these walks
 *	smmuv3_dev_walk.c	table walks: stage 1, stage 2, nested
 *	smmuv3_dev_xlate.c	a translation from port to result
 *	smmuv3_dev_ats.c	ATS: translation requests, endpoints, ATC_INV
 *	smmuv3_dev_priq.c	page requests and their queue
 *	smmuv3_dev_stall.c	transactions that wait for software
 *	smmuv3_dev_httu.c	access flag and dirty state
 *	smmuv3_dev_state.c	saved state
 *
 * Locks, in order: lock (registers, commands; held while a CMD_SYNC waits for
 * open accesses, so nothing inside an access may take it), cache_lock (contexts
 * and spaces), evt_lock (event and PRI queue, GERROR, interrupts). ep_lock (the
 * endpoints that do ATS) is taken under lock or alone, and nothing under it.
 * The TLB has a word per set. See docs/locking.md for brackets.
 *
 * How a hit works: a port keeps a pointer to its context with the generation
 * it was looked up in. While s->gen is the same, the pointer is good; the
 * context names a space (VMID, ASID, regime), whose tag and the page are the
 * key of the TLB. Whatever takes contexts away increments gen; a space that is
 * invalidated whole gets a new tag, which leaves its entries unreachable.
 *
 * Nothing that a guest causes allocates: contexts and spaces come from pools
 * made at creation. What is taken away returns to its pool once the accesses
 * open at that time have ended; while none is free, a transaction uses a
 * context of its port's own and nothing is cached.
 */
#ifndef IOMI_DEV_SMMUV3_DEV_INT_H
#define IOMI_DEV_SMMUV3_DEV_INT_H

#include <iom/base/atomic.h>
#include <iom/base/range.h>
#include <iom/base/list.h>
#include <iom/dev/smmuv3_ats.h>
#include <iom/dev/smmuv3_dev.h>
#include <iom/spec/smmuv3.h>

#include "pt/lpae.h"
#include "wire/smmuv3_rules.h"

/* --- what a stream's configuration says, decoded --- */

enum smmu_kind {
	SMMU_KIND_ABORT,	/* no event */
	SMMU_KIND_BYPASS,	/* address as it is, up to OAS */
	SMMU_KIND_TRANSLATE,	/* one stage or two */
};

/* One stage-1 region (TTB0 or TTB1), or stage 2. */
struct smmu_tt {
	struct iomi_lpae_geom geom;	/* not set if disabled */
	uint64_t ttb;			/* aligned */
	uint8_t oa_lg2;			/* effective output size */
	struct iomi_lpae_mem walk;	/* attributes of the walk itself */
	uint8_t sh;			/* with DS: shareability of its leaves */
	bool disabled;			/* EPD, or there is no such half */
	bool tbi, had, e0pd;
	/* smmuv3_dev_quick.c, of cached contexts: input bits to be all alike, those that index */
	bool quick;
	uint64_t q_top, q_ia;
	uint64_t q_bad, q_bad_table;	/* bits of a page, a table that ask for the general walk */
};

/*
 * Immutable once published, and freed only after open accesses have ended.
 * Which streams share it is not visible: it is per {SID, SSV, SSID}.
 */
struct smmu_ctx {
	/* key: */
	uint32_t sid;
	uint32_t ssid;			/* or SMMU_SSID_STE */
	bool ssv;
	struct smmu_ctx *next;		/* bucket, free or retired list; under cache_lock */

	uint8_t kind;			/* enum smmu_kind */
	bool disabled;			/* SMMUEN = 0: GBPA, and nothing is recorded */
	bool s1, s2;			/* TRANSLATE: stages in use */
	/* Bits 63:56 that must equal bit 55, by bit 55: 0 with TBI, else 0xff. */
	uint8_t top_mask[2];
	/* access word of a translation: (access & acc_and) | acc_or. PRIVCFG, INSTCFG */
	uint32_t acc_and, acc_or;
	struct iomi_lpae_mem in;	/* attributes without stage 1: incoming, or as overridden */
	bool mev;
	uint8_t eats;			/* in force: SMMU_EATS_* */
	bool ppar;

	/*
	 * Where the TLB keeps its translations; NULL: nowhere. space: stage 1
	 * (combined with stage 2 if that is in use), or stage 2 alone. global:
	 * those of stage 1 with nG = 0. s2: stage-2 steps of a nested walk.
	 */
	struct smmu_space *space, *space_global, *space_s2;

	/*
	 * What a leaf denies, by SMMU_PERM_INDEX, if no table says otherwise:
	 * of stage 1, or in a cached context of stage 2 alone. Attributes, of
	 * cached contexts with one stage.
	 */
	uint8_t deny[16];
	uint16_t q_attrs[64];

	/* stage 1, from the CD */
	struct smmu_tt tt[2];
	struct iomi_lpae_s1_ctl ctl;
	uint64_t mair;
	uint16_t asid;			/* 0 where the regime has none */
	bool el2, aset, affd;
	bool abort, record, stall;	/* A, R, S */
	bool ha;			/* with HD: ctl.hd */
	uint64_t s1_ask;		/* iomi_smmuv3_dev_httu_ask() */

	/* stage 2, from the STE */
	struct smmu_tt s2tt;
	uint16_t vmid;			/* also of stage 1 alone; 0 without stage 2 */
	bool s2affd, s2ptw, s2fwb, s2r, s2xnx, s2s, s2ha, s2hd;
	uint64_t s2_ask;
};

/* --- a transaction and its outcome --- */

struct smmu_txn;

/*
 * Who stands between a transaction and what it reads: every structure and
 * descriptor that ctx.c and walk.c want comes from here. fetch fills all n words
 * of *what (its val is 0), from t->gmem or from what it holds itself; not 0: the
 * read failed. Asked without the caches only (use_tlb of a walk is false).
 */
struct smmu_fetcher {
	int (*fetch)(struct smmu_fetcher *f, const struct smmu_txn *t,
		     const struct iom_smmuv3_fetch *what, uint64_t *w, unsigned int n);
};

struct smmu_txn {
	struct smmu_fetcher *fetch;	/* mostly NULL: memory as it is */
	uint32_t sid;
	uint32_t ssid;
	bool ssv;
	uint32_t access;	/* after the context's overrides: IOM_ACCESS_*, IOM_SMMUV3_* */
	uint64_t iova;
	uint64_t len;
	struct iom_gmem *gmem;	/* the port's, bracket open */
};

/*
 * In the access of a transaction: it is about the STE alone, without a CD, which
 * is what ATS asks first and all that a Translated transaction needs. Cached as
 * a SubstreamID that cannot be.
 */
#define SMMU_ACCESS_STE	0x10000000u
#define SMMU_SSID_STE	UINT32_MAX

/* In the access word of a transaction: nothing is written for it. See iom_smmuv3_dev_walk(). */
#define SMMU_ACCESS_LOOK	0x40000000u
/* Nothing is written yet; but W, where both stages permit it, is to mean dirty (ATS). */
#define SMMU_ACCESS_WANT_W	0x20000000u

/* A fault before it is an event. ev.w of an ID of 0: terminated without a record. */
struct smmu_fault {
	uint64_t ev[4];
	bool mergeable;		/* STE.MEV */
	bool raz_wi;		/* CD.A = 0: reads as zero, writes are ignored, no abort */
	uint8_t id;		/* SMMU_EVT_*, recorded or not; 0: none */
	bool stall;		/* CD.S, STE.S2S: it is to be held */
	int rc;			/* IOM_EFAULT or IOM_EACCES, for the caller */
};

/* One page or block found by a walk; also what the TLB keeps. */
struct smmu_leaf {
	uint64_t ia;		/* its first input address, size-aligned */
	uint64_t pa;		/* of that */
	uint8_t size_lg2;	/* 12 to 55 */
	/*
	 * Stage 1 has a larger leaf here, which stage 2 has cut into pieces: its
	 * size. 0: it has not. Who invalidates any of its addresses means all.
	 */
	uint8_t cut_lg2;
	uint8_t perm;		/* SMMU_PERM_* */
	/* MAIR encoding, both stages combined; a stage-2 step: S2 MemAttr as it stands */
	uint8_t memattr;
	uint8_t sh;
	bool global;
};

/* As pt/lpae.h has them: unprivileged, and privileged three bits up. */
#define SMMU_PERM_UR	IOMI_LPAE_UR
#define SMMU_PERM_UW	IOMI_LPAE_UW
#define SMMU_PERM_UX	IOMI_LPAE_UX
#define SMMU_PERM_UNPRIV (IOMI_LPAE_UR | IOMI_LPAE_UW | IOMI_LPAE_UX)

/* AP[2:1], UXN and PXN of a stage-1 leaf; S2AP and XN stand at the same place. */
#define SMMU_PERM_INDEX(desc)	((unsigned int)IOM_FIELD_GET(LPAE_S1_AP, desc) | \
				 (unsigned int)IOM_FIELD_GET(LPAE_S1_PXN | LPAE_S1_UXN, desc) << 2)
#define SMMU_PERM_DESC(index)	(IOM_FIELD_PREP(LPAE_S1_AP, (uint64_t)(index) & 3) | \
				 IOM_FIELD_PREP(LPAE_S1_PXN | LPAE_S1_UXN, (uint64_t)(index) >> 2))

/* AttrIndx (with NS) or MemAttr, and SH. */
#define SMMU_ATTR_INDEX(desc)	((unsigned int)IOM_FIELD_GET(LPAE_S2_MEMATTR, desc) | \
				 (unsigned int)IOM_FIELD_GET(LPAE_SH, desc) << 4)
#define SMMU_ATTR_DESC(index)	(IOM_FIELD_PREP(LPAE_S2_MEMATTR, (uint64_t)(index) & 15) | \
				 IOM_FIELD_PREP(LPAE_SH, (uint64_t)(index) >> 4))

/* What a leaf must permit for this access word, by READ, WRITE, PRIV and INST. */
static inline uint8_t smmu_perm_need(uint32_t access)
{
#define NEED(r)		0, (r), SMMU_PERM_UW, (r) | SMMU_PERM_UW, \
			0, (r) << 3, SMMU_PERM_UW << 3, ((r) | SMMU_PERM_UW) << 3
	static const uint8_t need[16] = { NEED(SMMU_PERM_UR), NEED(SMMU_PERM_UX) };
#undef NEED

	IOM_STATIC_ASSERT(IOM_ACCESS_READ == 1 && IOM_ACCESS_WRITE == 2 &&
			  IOM_SMMUV3_PRIV == 4 && IOM_SMMUV3_INST == 8);
	return need[access & 15];
}

/* --- TLB --- */

#define SMMU_TLB_WAYS	3u

/*
 * One cache line. seq is odd while a writer is in the set (it is also the
 * writers' lock), and a reader who finds it changed has read nothing.
 */
struct smmu_tlb_set {
	IOM_ATOMIC(uint64_t) seq;
	IOM_ATOMIC(uint64_t) tag[SMMU_TLB_WAYS];
	IOM_ATOMIC(uint64_t) val[SMMU_TLB_WAYS];
	IOM_ATOMIC(uint64_t) victim;	/* way that goes next; under seq */
};
IOM_STATIC_ASSERT(sizeof(struct smmu_tlb_set) == 64);

/*
 * An address space as TLB invalidation knows it, under cache_lock but for the
 * two atomics. sizes: bit n set if a leaf of 2^(12+n) bytes was cached under
 * the tag.
 */
struct smmu_space {
	struct smmu_space *next;	/* bucket by VMID and ASID, or free list */
	struct smmu_space *next_vmid;	/* bucket by VMID alone */
	unsigned int refs;		/* contexts, cached or retired */
	uint16_t vmid, asid;
	uint8_t kind;			/* enum smmu_space_kind */
	bool global;			/* stage 1, any ASID */
	bool aset;
	/*
	 * Stage 2: 0, steps of nested walks; else it is stage 2 alone, over
	 * these incoming attributes (leaves have them combined).
	 */
	uint16_t in;
	IOM_ATOMIC(uint64_t) tag;	/* 0: nothing is cached for now */
	IOM_ATOMIC(uint64_t) sizes;
	IOM_ATOMIC(uint64_t) cut;
};

enum smmu_space_kind {
	SMMU_SPACE_EL1,			/* NS-EL1 stage 1, with or without stage 2 */
	SMMU_SPACE_S2,			/* stage 2 alone */
	SMMU_SPACE_EL2,			/* EL2, EL2-E2H */
};

struct smmu_tlb {
	struct smmu_tlb_set *set;
	uint64_t set_mask;		/* their number, a power of two, less 1; fixed */
	/* under cache_lock: */
	uint64_t next_tag;
	bool renewing;			/* all tags are used up; until the ticket has passed */
	uint64_t renew_ticket;
};

/* --- stalls --- */

enum smmu_stall_state {
	SMMU_STALL_FREE,
	SMMU_STALL_HELD,	/* its record waits for room in the event queue */
	SMMU_STALL_OUT,		/* software knows the STAG */
};

/* One of STALL_MAX; the STAG is its index, plus their number times something. */
struct smmu_stall {
	uint64_t ev[4];			/* the record */
	/* Whose transaction waits; NULL: it was given up, or not asked again since a restore. */
	struct iom_smmuv3_port *port;
	struct smmu_stall *next;	/* free, or held: first in, first out */
	uint64_t syncs;			/* when it became held */
	uint16_t stag;
	uint8_t state;			/* enum smmu_stall_state */
	bool mark;			/* while saved state is read */
};

struct smmu_stall_list {
	struct smmu_stall *first, **last;
};

struct smmu_stalls {
	struct smmu_stall *pool;
	unsigned int nr;		/* IDR5.STALL_MAX; 0: nothing stalls */
	unsigned int nr_lost;		/* in use, without a port */
	struct smmu_stall_list free, held;
	struct iom_smmuv3_port *waiting;	/* without a STAG, as all are in use */
	uint64_t syncs;			/* CMD_SYNCs completed */
	uint64_t count;
};

/* --- the model --- */

struct smmu_queue {
	uint64_t base;
	uint32_t prod, cons;		/* as the registers read */
};

struct smmu_irq_cfg {
	uint64_t cfg0;
	uint32_t cfg1, cfg2;
};

/* NULL: not strict. A build without the strict mode has nothing to ask. */
#ifdef IOM_NO_STRICT
#define SMMU_STRICT(s)	((void)(s), (struct smmu_strict *)NULL)
#else
#define SMMU_STRICT(s)	((s)->strict)
#endif

struct iom_smmuv3_dev {
	struct iom_smmuv3_dev_cfg cfg;	/* fixed, defaults filled in */
	struct iom_plat *plat;
	struct iomi_smmuv3_caps caps;	/* of cfg.idr; fixed */
	struct iom_access_gate gate;
	bool msi;			/* IDR0.MSI, IDR1.CMDQS, EVENTQS; fixed */
	uint32_t cmdqs_lg2, eventqs_lg2, priqs_lg2;

	/* Read by translations; written under lock, only where the architecture allows. */
	IOM_ATOMIC(uint64_t) gen;
	IOM_ATOMIC(uint64_t) tlb_gen;	/* a walk begun before an invalidation caches nothing */
	IOM_ATOMIC(uint32_t) cr0;	/* as written: in force for accesses begun from now on */
	IOM_ATOMIC(uint32_t) cr1, cr2;
	IOM_ATOMIC(uint32_t) gbpa;
	IOM_ATOMIC(uint64_t) strtab_base;
	IOM_ATOMIC(uint32_t) strtab_cfg;

	struct iom_lock lock;
	/* under lock: registers as written */
	uint32_t cr0_written, cr0ack;
	uint32_t irq_ctrl;		/* written with evt_lock too */
	struct smmu_queue cmdq;
	bool ack_pending;		/* CR0ACK waits for open accesses: */
	uint64_t ack_ticket;
	bool sync_pending;		/* the CMD_SYNC at CONS waits for open accesses: */
	uint64_t sync_ticket, sync_cmd[2];
	bool sync_inv;			/* and for endpoints, which come first */
	uint64_t nr_commands, nr_syncs, nr_command_errors;

	struct iom_lock cache_lock;
	/* under cache_lock */
	struct smmu_ctx **ctx_bucket;	/* cfg.config_entries of them */
	unsigned int nr_ctx;		/* in buckets */
	struct smmu_ctx *ctx_pool, *ctx_free, *ctx_retired;
	uint64_t ctx_ticket;		/* of what is retired */
	unsigned int evict_at;		/* bucket that gives the next victim */
	struct smmu_space **space_bucket, **vmid_bucket;
	struct smmu_space *space_pool, *space_free;
	struct smmu_tlb tlb;

	struct iom_lock evt_lock;
	/* under evt_lock */
	struct smmu_queue evtq, priq;
	uint32_t gerror, gerrorn;
	struct smmu_irq_cfg gerror_irq, evtq_irq, priq_irq;
	uint64_t last_event[4];		/* for merging */
	uint64_t nr_events, nr_events_lost;
	uint64_t nr_page_requests, nr_page_requests_lost;
	struct smmu_stalls stalls;

	struct iom_lock ep_lock;
	/* under ep_lock */
	struct iom_list eps;
	uint64_t inv_round;		/* the last that an endpoint was given */
	uint64_t inv_pending;		/* ATC_INVs that endpoints have not answered */
	bool inv_failed;		/* for the next CMD_SYNC to tell */

	IOM_ATOMIC(uint64_t) nr_misses;
	IOM_ATOMIC(uint64_t) nr_config_misses;
	IOM_ATOMIC(uint64_t) nr_refused;
	unsigned int nr_ports;		/* under lock */
	struct smmu_strict *strict;	/* NULL: it is not; fixed */
};

/*
 * smmuv3_dev_idr.c: can this set of IDRs be, and does the model implement it?
 * IOM_EINVAL, IOM_EOPNOTSUPP with *diag (may be NULL).
 */
int iomi_smmuv3_dev_check_idr(const struct iom_smmuv3_dev_cfg *c, struct iom_smmuv3_diag *diag);
/* What of each register this model implements; the rest is RES0. */
#define SMMU_CR1_FIELDS		IOM_BITS32(11, 0)
#define SMMU_GBPA_FIELDS	(SMMU_GBPA_MEMATTR | SMMU_GBPA_MTCFG | SMMU_GBPA_ALLOCCFG | \
				 SMMU_GBPA_SHCFG | SMMU_GBPA_PRIVCFG | SMMU_GBPA_INSTCFG | \
				 SMMU_GBPA_ABORT)
#define SMMU_STRTAB_BASE_FIELDS	(SMMU_STRTAB_BASE_ADDR | SMMU_STRTAB_BASE_RA)
#define SMMU_STRTAB_CFG_FIELDS	(SMMU_STRTAB_BASE_CFG_LOG2SIZE | SMMU_STRTAB_BASE_CFG_SPLIT | \
				 SMMU_STRTAB_BASE_CFG_FMT)
static inline uint64_t iomi_smmuv3_dev_pa_bits(const struct iom_smmuv3_dev *s)
{
	return (UINT64_C(1) << s->caps.oas_bits) - 1;
}
/* 6.3: address bits above the OAS are RES0. */
static inline uint64_t iomi_smmuv3_dev_q_base_fields(const struct iom_smmuv3_dev *s)
{
	return SMMU_Q_BASE_LOG2SIZE | SMMU_Q_BASE_RWA |
	       (SMMU_Q_BASE_ADDR & iomi_smmuv3_dev_pa_bits(s));
}
uint32_t iomi_smmuv3_dev_cr0_fields(const struct iom_smmuv3_dev *s);
uint32_t iomi_smmuv3_dev_cr2_fields(const struct iom_smmuv3_dev *s);
uint32_t iomi_smmuv3_dev_irq_ctrl_fields(const struct iom_smmuv3_dev *s);
uint32_t iomi_smmuv3_dev_gerror_fields(const struct iom_smmuv3_dev *s);
uint32_t iomi_smmuv3_dev_irq_cfg2_fields(const struct iom_smmuv3_dev *s, bool priq);

/* smmuv3_dev_regs.c: every register as after power-on; lock and evt_lock held, or at creation. */
void iomi_smmuv3_dev_regs_reset(struct iom_smmuv3_dev *s);
/* As iom_smmuv3_dev_read() and write(), behind what the strict mode does first. */
int iomi_smmuv3_dev_reg_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
			     uint64_t *val);
int iomi_smmuv3_dev_reg_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
			      uint64_t val);
/* No lock held: registers were written after which commands may run; see the mode. */
void iomi_smmuv3_dev_go_on(struct iom_smmuv3_dev *s);

/*
 * smmuv3_dev_ctx.c: fetches STE and CD for the transaction and decodes them;
 * the order of checks is section 3.4 of the document (fact sheet 10). Memory by
 * t->gmem. On success *ctx is whole but for key, next and spaces. A refusal
 * fills *f and returns IOM_EFAULT. Takes no lock. Also for SMMUEN = 0 (GBPA).
 */
int iomi_smmuv3_dev_ctx_build(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
			      struct smmu_ctx *ctx, struct smmu_fault *f);

/*
 * smmuv3_dev_decode.c: an STE's or a CD's fields into the context. False: a
 * combination without meaning, which the rules should have refused.
 */
bool iomi_smmuv3_dev_decode_s2(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			       struct smmu_ctx *ctx);
bool iomi_smmuv3_dev_decode_s1(const struct iom_smmuv3_dev *s, const uint64_t cd[8],
			       const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			       struct smmu_ctx *ctx);
/* What a transaction brings along: nobody tells us, so it is ordinary memory. */
extern const struct iomi_lpae_mem iomi_smmuv3_dev_incoming;
/* PRIVCFG, INSTCFG, MTCFG, MemAttr, SHCFG: of an STE, or of GBPA. */
void iomi_smmuv3_dev_decode_in(const struct iom_smmuv3_dev *s, const uint64_t ste[8],
			       struct smmu_ctx *ctx);
void iomi_smmuv3_dev_decode_gbpa(const struct iom_smmuv3_dev *s, uint32_t gbpa,
				 struct smmu_ctx *ctx);
/* Attributes of fetches and walks: inner, outer and shareability fields of CD, STE and CR1. */
struct iomi_lpae_mem iomi_smmuv3_dev_walk_mem(uint64_t inner, uint64_t outer, uint64_t sh);

/*
 * smmuv3_dev_walk.c: walks the tables of ctx (kind TRANSLATE) for t->iova; with
 * use_tlb, stage-2 translations inside a nested walk may come from the TLB and go into it.
 * IOM_OK and *leaf: the translation exists and permits t->access. Else *f, and
 * IOM_EFAULT or IOM_EACCES; whether an event is recorded (R, S2R) is decided
 * there. Takes no lock, but for the TLB's sets. seen, if not NULL: what the
 * quick walk has read, which is not read again.
 */
struct smmu_seen;
int iomi_smmuv3_dev_walk(struct iom_smmuv3_dev *s, const struct smmu_ctx *ctx,
			 const struct smmu_txn *t, bool use_tlb, const struct smmu_seen *seen,
			 struct smmu_leaf *leaf, struct smmu_fault *f);
/* n words of memory at pa, 64 bits at a time; not 0: one could not be read. */
int iomi_smmuv3_dev_load(struct iom_gmem *gmem, uint64_t pa, uint64_t *w, unsigned int n);
/*
 * For an ATS translation request: permissions are not checked but left in
 * leaf->perm. If stage 1 grants nothing of any (SMMU_PERM_*) the walk ends
 * there, with none (3.9.1.2). split: leaf->pa is the IPA, all else is as without
 * (13.6.3).
 */
int iomi_smmuv3_dev_walk_ats(struct iom_smmuv3_dev *s, const struct smmu_ctx *ctx,
			     const struct smmu_txn *t, uint8_t any, bool split,
			     struct smmu_leaf *leaf, struct smmu_fault *f);
/*
 * The same for a fetch of the SMMU itself under stage 2 of ctx: ipa of a CD or
 * L1CD (CLASS CD) to *pa. *mem is the attributes of the fetch, then those that
 * stage 2 makes of them.
 */
int iomi_smmuv3_dev_walk_fetch(struct iom_smmuv3_dev *s, const struct smmu_ctx *ctx,
			       const struct smmu_txn *t, struct iomi_lpae_mem *mem, uint64_t ipa,
			       uint64_t *pa, struct smmu_fault *f);

/*
 * smmuv3_dev_httu.c. ask: bits of a leaf XOR LPAE_AF; if one is set, the walk
 * must look whether the leaf is accessed or dirty. want: what it is to be, once
 * accessed; written: and dirty, if a write makes it so. swap: IOM_EAGAIN, it is
 * not `was` any more; another error: it cannot be written.
 */
uint64_t iomi_smmuv3_dev_httu_ask(bool ha, bool hd, bool affd);
uint64_t iomi_smmuv3_dev_httu_want(unsigned int stage, bool ha, bool hd, bool written,
				   uint64_t desc);
int iomi_smmuv3_dev_httu_swap(struct iom_gmem *gmem, uint64_t at, uint64_t was, uint64_t want);

/*
 * What a quick walk (smmuv3_dev_quick.h) has read before it gave up; quick_init
 * is for a context that is about to be cached.
 */
struct smmu_seen {
	uint64_t desc[4];	/* by level, */
	int n;			/* of the levels before this one; */
	bool failed;		/* whose descriptor could not be read */
};
void iomi_smmuv3_dev_quick_init(const struct iom_smmuv3_dev *s, struct smmu_ctx *c);

/*
 * smmuv3_dev_fault.c: the event of t in f (7.3), and rc. cfg: with nothing but
 * the stream, and for F_*_FETCH the address of the fetch. tt: a fault of
 * translation; word1 is S2, CLASS and TTRnW, word3 the IPA or the address of
 * the fetch.
 */
int iomi_smmuv3_dev_fault_cfg(const struct smmu_txn *t, uint32_t id, uint64_t fetch,
			      struct smmu_fault *f);
int iomi_smmuv3_dev_fault_tt(const struct smmu_txn *t, uint32_t id, uint64_t word1,
			     uint64_t word3, struct smmu_fault *f);
/* What a fault is that cannot be held, whatever S says. */
void iomi_smmuv3_dev_fault_no_stall(struct smmu_fault *f);
/* A fault of stage 1 by the input address alone. */
int iomi_smmuv3_dev_fault_in(const struct smmu_txn *t, uint32_t id, struct smmu_fault *f);

/*
 * smmuv3_dev_cache.c. lookup: the context of a transaction, from the cache or
 * built; own is the port's, used if nothing can be cached. *gen is the
 * generation in which *ctx is good, 0 for own. Inside a bracket; takes
 * cache_lock. IOM_EFAULT and *f as ctx_build.
 */
int iomi_smmuv3_dev_lookup(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
			   struct smmu_ctx *own, struct smmu_ctx **ctx, uint64_t *gen,
			   struct smmu_fault *f);
int iomi_smmuv3_dev_cache_init(struct iom_smmuv3_dev *s);	/* with the TLB; IOM_ENOMEM */
void iomi_smmuv3_dev_forget(struct iom_smmuv3_dev *s);		/* empties all caches */
void iomi_smmuv3_dev_cache_fini(struct iom_smmuv3_dev *s);
/* CFGI commands. Inclusive StreamIDs; all of them: 0, UINT32_MAX. */
void iomi_smmuv3_dev_cfgi_ste(struct iom_smmuv3_dev *s, uint32_t first, uint32_t last);
void iomi_smmuv3_dev_cfgi_cd(struct iom_smmuv3_dev *s, uint32_t sid, uint32_t ssid, bool all);
/* A register that contexts depend on has changed (CR0, GBPA): ports look again. */
void iomi_smmuv3_dev_recheck(struct iom_smmuv3_dev *s);

/* What a TLBI names; what is not named is any. */
struct smmu_tlbi {
	uint8_t kind;		/* enum smmu_space_kind */
	bool every;		/* of every VMID, and stage 2 too: NSNH_ALL */
	bool with_s2;		/* the VMID's stage 2 too: S12_VMALL */
	bool by_asid;		/* else every ASID */
	bool keep_global;	/* NH_ASID */
	bool by_addr;
	uint8_t size_lg2;	/* leaf size, where TTL and TG tell; 0: any */
	uint16_t vmid, asid;
	struct iom_range addr;	/* inclusive */
};
/* The spaces that are named, found once for a run of commands that differ by address. */
#define SMMU_TLBI_SPACES	4u
struct smmu_tlbi_spaces {
	struct smmu_space *space[SMMU_TLBI_SPACES];
	unsigned int nr;	/* more than there is room for: look again each time */
};
/* Takes cache_lock. */
void iomi_smmuv3_dev_tlbi(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i);
/*
 * The same by parts: begin takes cache_lock, end gives it back; in between
 * *found stays good for commands that name the same and were in the queue
 * before first().
 */
void iomi_smmuv3_dev_tlbi_begin(struct iom_smmuv3_dev *s);
void iomi_smmuv3_dev_tlbi_first(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
				struct smmu_tlbi_spaces *found);
void iomi_smmuv3_dev_tlbi_again(struct iom_smmuv3_dev *s, const struct smmu_tlbi *i,
				struct smmu_tlbi_spaces *found);
void iomi_smmuv3_dev_tlbi_end(struct iom_smmuv3_dev *s);

/*
 * smmuv3_dev_tlb.c: the sets. fill does nothing if tlb_gen moved on since the
 * walk began. drop: the leaves in addr under the tag, of the sizes given.
 */
int iomi_smmuv3_dev_tlb_init(struct iom_smmuv3_dev *s);
void iomi_smmuv3_dev_tlb_fini(struct iom_smmuv3_dev *s);
bool iomi_smmuv3_dev_tlb_find(struct iom_smmuv3_dev *s, const struct smmu_space *space,
			      uint64_t ia, struct smmu_leaf *leaf);
void iomi_smmuv3_dev_tlb_fill(struct iom_smmuv3_dev *s, struct smmu_space *space, uint64_t tag,
			      const struct smmu_leaf *leaf, uint64_t tlb_gen);
/* False: too many sets to visit; the caller gives the space a new tag. */
bool iomi_smmuv3_dev_tlb_drop(struct iom_smmuv3_dev *s, uint64_t tag, uint64_t sizes,
			      struct iom_range addr);
void iomi_smmuv3_dev_tlb_clear(struct iom_smmuv3_dev *s);

/*
 * smmuv3_dev_evtq.c. event: records it, by the memory of the thread that calls
 * (bracket open), under evt_lock, with MSI or wired interrupt. gerror: error
 * bits become active. msi_or_irq: an interrupt whose MSI is cfg, or the wired one.
 */
void iomi_smmuv3_dev_event(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			   const struct smmu_fault *f);
void iomi_smmuv3_dev_gerror(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t bits);

/* The same, and the interrupt of a queue (its MSI by c), evt_lock held. */
void iomi_smmuv3_dev_gerror_locked(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t bits);
void iomi_smmuv3_dev_irq_locked(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				enum iom_smmuv3_irq which, const struct smmu_irq_cfg *c);

void iomi_smmuv3_dev_sync_irq(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint64_t addr,
			      uint32_t data);

/* Under evt_lock: may a record be written (7.2.1)? */
bool iomi_smmuv3_dev_evtq_room(const struct iom_smmuv3_dev *s);
/* Under evt_lock: a record that may not be lost. False: no room, or no queue, for now. */
bool iomi_smmuv3_dev_evtq_put(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			      const uint64_t ev[4]);

/*
 * smmuv3_dev_stall.c. stall: a fault with f->stall of a transaction as it came
 * to the port; IOM_EAGAIN: it waits, f->ev is its record if there is a new one.
 * IOM_OK: it cannot wait, and f is what it is with S = 0. again: the port has
 * something that waits or was answered; IOM_OK: translate; IOM_EAGAIN: wait;
 * IOM_EFAULT and *f: that was the answer. Both on the port's thread.
 */
int iomi_smmuv3_dev_stall(struct iom_smmuv3_port *p, uint64_t iova, uint32_t access,
			  struct smmu_fault *f);
int iomi_smmuv3_dev_stall_again(struct iom_smmuv3_port *p, uint64_t iova, uint32_t access,
				struct smmu_fault *f);
int iomi_smmuv3_dev_stall_init(struct iom_smmuv3_dev *s);	/* IOM_ENOMEM */
void iomi_smmuv3_dev_stall_fini(struct iom_smmuv3_dev *s);
/* Commands. */
void iomi_smmuv3_dev_resume(struct iom_smmuv3_dev *s, uint32_t sid, uint16_t stag,
			    enum iom_smmuv3_resume how);
void iomi_smmuv3_dev_stall_term(struct iom_smmuv3_dev *s, uint32_t sid);
/* Under evt_lock. end: all of them, whatever state. records: those that wait for room. */
void iomi_smmuv3_dev_stall_end(struct iom_smmuv3_dev *s, enum iom_smmuv3_resume how);
void iomi_smmuv3_dev_stall_records(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
/* A CMD_SYNC is complete: what is held now is not written any more, but comes anew. */
void iomi_smmuv3_dev_stall_synced(struct iom_smmuv3_dev *s);
/* No lock held: there may be room now. */
void iomi_smmuv3_dev_stall_room(struct iom_smmuv3_dev *s);
/* Saved state, under evt_lock: records that software has not answered. */
struct iom_state_w;
struct iom_state_r;
void iomi_smmuv3_dev_stall_save(struct iom_smmuv3_dev *s, struct iom_state_w *w);
/* What restore takes; no lock held. */
bool iomi_smmuv3_dev_stall_check(struct iom_smmuv3_dev *s, struct iom_state_r *r);
/* What was checked. Ports that wait ask again. */
void iomi_smmuv3_dev_stall_restore(struct iom_smmuv3_dev *s, struct iom_state_r *r);

/*
 * smmuv3_dev_ats.c. The two commands, under lock. inv_poll: IOM_OK, all
 * endpoints have answered; IOM_EBUSY; IOM_ETIMEDOUT, one has not in time, which is
 * said once. inv_any: is there anything to poll for? inv_forget: nothing is out.
 * eps_forget: the same, and their ATCs are emptied, whatever the state.
 */
void iomi_smmuv3_dev_atc_inv(struct iom_smmuv3_dev *s, const uint64_t w[2]);
void iomi_smmuv3_dev_pri_resp(struct iom_smmuv3_dev *s, const uint64_t w[2]);
bool iomi_smmuv3_dev_inv_any(struct iom_smmuv3_dev *s);
int iomi_smmuv3_dev_inv_poll(struct iom_smmuv3_dev *s);
void iomi_smmuv3_dev_inv_forget(struct iom_smmuv3_dev *s);
void iomi_smmuv3_dev_eps_forget(struct iom_smmuv3_dev *s);

/*
 * smmuv3_dev_cmdq.c. run: under lock; IOM_OK nothing to do, IOM_EAGAIN the
 * budget ended, IOM_EBUSY open accesses must end first. wait: takes the lock,
 * and lets it go to wait instead of answering IOM_EBUSY.
 */
int iomi_smmuv3_dev_cmdq_run(struct iom_smmuv3_dev *s, unsigned int budget);
int iomi_smmuv3_dev_cmdq_wait(struct iom_smmuv3_dev *s, unsigned int budget);

/*
 * Parts of it, for who takes commands one by one. ready: one may be taken.
 * carry_out: one that is legal and no CMD_SYNC, and CONS moves. error: CONS stays.
 * sync: it begins to wait; synced: false, while it does.
 */
bool iomi_smmuv3_dev_cmdq_ready(const struct iom_smmuv3_dev *s);
void iomi_smmuv3_dev_cmdq_carry_out(struct iom_smmuv3_dev *s, const uint64_t w[2]);
void iomi_smmuv3_dev_cmdq_error(struct iom_smmuv3_dev *s, uint32_t err);
void iomi_smmuv3_dev_cmdq_sync(struct iom_smmuv3_dev *s, const uint64_t w[2]);
bool iomi_smmuv3_dev_cmdq_synced(struct iom_smmuv3_dev *s);

#endif
