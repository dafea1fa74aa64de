/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the adversary share: everything that a strict SMMUv3 holds
 * beside the model's registers. Nothing in here is hit by a transaction of a
 * model that is not strict. All of it is under smmu_strict.lock.
 *
 * The three kinds of things held, and what each is found by:
 *	strict_held	an L1STD, STE, L1CD or CD: by StreamID and SubstreamID
 *	strict_entry	a translation, whole: by VMID, ASID and input address
 *	strict_step	one descriptor: by VMID, ASID, table root, level and address
 * Each keeps the words it was read from, so that memory can be compared with it.
 * An invalidation takes away what it names and nothing more.
 */
#ifndef IOMI_DEV_SMMUV3_STRICT_ENGINE_H
#define IOMI_DEV_SMMUV3_STRICT_ENGINE_H

#include "smmuv3_strict_int.h"

#include "wire/smmuv3_used.h"
#include "wire/smmuv3_wire.h"

#define STRICT_HELD	256u
#define STRICT_ENTRIES	256u
#define STRICT_STEPS	256u
#define STRICT_PAST	128u	/* structures whose past is remembered */
#define STRICT_STATES	8u	/* of each */
#define STRICT_PENDING	256u	/* commands consumed, whose effect may be out */
#define STRICT_USED_IAS	16u
#define STRICT_EVENTS	64u	/* held back at most */
#define STRICT_STREAMS	64u
#define STRICT_PATH	40u	/* descriptors of a nested walk, at most 5 * 6 + 5 */

/* --- configuration --- */

struct strict_held {
	struct strict_line l;
	bool there;
	bool checked;		/* the checker has seen it since it was read */
	uint32_t sid, ssid;
	bool ssv;
	uint8_t split;		/* L1STD, L1CD: log2 of the IDs behind it */
	uint64_t enables;	/* smmu_strict engine's count when it was read */
};

/*
 * What memory said at a structure that a stream uses, the newest last: since the
 * last CMD_SYNC; of an STE or CD, since the last that had a CFGI of it before it.
 */
struct strict_past {
	uint64_t pa;		/* 0 with n = 0: free */
	uint32_t sid, ssid;
	uint64_t cfgi;		/* number of the last CFGI of it since then; 0: none */
	uint8_t kind;
	uint8_t n;		/* words */
	uint8_t nr;		/* states */
	uint64_t w[STRICT_STATES][8];
	uint64_t step[STRICT_STATES];	/* seen at; */
	uint64_t mark[STRICT_STATES];	/* commands submitted by then */
};

/* --- translations --- */

struct strict_tag {
	uint8_t kind;		/* enum smmu_space_kind */
	bool global, aset;
	bool combined;		/* stage 1 under stage 2 */
	uint16_t vmid, asid;
	uint16_t in;		/* stage 2 alone: incoming attributes */
};

/* A descriptor as it was read. */
struct strict_desc {
	uint8_t kind;		/* IOM_SMMUV3_FETCH_S1, S2 */
	int8_t level;
	bool leaf;
	bool reported;
	bool kept;		/* of an entry: was held, and not read */
	uint64_t pa, ia, w;
	uint64_t changed, mark, syncs;	/* as of strict_line */
};

struct strict_entry {
	bool there;
	uint8_t s1_lg2;		/* size of stage 1's leaf; of stage 2 alone, of its own */
	uint8_t tg_lg2;
	struct strict_tag tag;
	struct smmu_leaf leaf;
	uint32_t sid, ssid;	/* who filled it */
	bool ssv;
	struct strict_line ste, cd;	/* that it was made by; n = 0: none */
	uint64_t enables, born;	/* born: effects of commands before */
	unsigned int nr;
	struct strict_desc d[STRICT_PATH];
};

struct strict_step {
	bool there;
	struct strict_tag tag;
	uint8_t lg2;		/* bytes of input address that it spans */
	uint8_t tg_lg2;
	uint64_t root;		/* of its tables */
	uint32_t sid, ssid;
	bool ssv;
	struct strict_desc d;
};

/* --- a transaction, or a prefetch, on its way --- */

struct strict_way {
	struct smmu_fetcher base;
	struct iom_smmuv3_dev *s;
	struct iom_gmem *gmem;
	bool prefetch;			/* nobody goes by it */
	const struct smmu_ctx *ctx;
	/* what its configuration was read from; NULL: not reached */
	struct strict_held *l1std, *ste, *l1cd, *cd;
	unsigned int nr;
	struct strict_desc d[STRICT_PATH];
	struct strict_step *from[STRICT_PATH];	/* where it was held; NULL: read now */
};

/* --- all --- */

/* A command that was consumed, until a CMD_SYNC behind it is carried out. */
struct strict_pending {
	uint64_t w[2];
	uint64_t nr;		/* in the command log */
	uint64_t done;		/* when it had its effect last, by effects; 0: not yet */
	bool behind;		/* another kind of command was before it */
};

struct strict_event {
	struct smmu_fault f;
	unsigned int late;	/* steps */
};

struct strict_used_ia {
	uint32_t sid, ssid;
	bool ssv;
	uint64_t iova;
};

/* An acknowledgement that software is not shown yet. */
struct strict_ack {
	uint32_t shown;
	unsigned int late;	/* steps */
};

struct strict_engine {
	struct strict_held held[STRICT_HELD];
	struct strict_entry entry[STRICT_ENTRIES];
	struct strict_step step[STRICT_STEPS];
	struct strict_past past[STRICT_PAST];
	struct strict_pending pending[STRICT_PENDING];
	unsigned int nr_pending;
	bool overflow;			/* there were more */
	uint64_t effects;		/* of commands so far */
	unsigned int stand;		/* steps for which CONS stands still */
	unsigned int sync_late;		/* steps that the CMD_SYNC at CONS takes at least */
	bool sync_seen;			/* sync_late has been chosen */
	uint64_t enables;		/* times that SMMUEN was set */
	uint32_t logged;		/* PROD as far as the command log has it */
	bool queue_known;		/* logged is valid */
	struct strict_ack cr0, irq, gbpa;
	struct strict_event event[STRICT_EVENTS];
	unsigned int nr_events;
	unsigned int hoard;		/* steps for which all that come are held back */
	struct strict_used_ia used[STRICT_USED_IAS];
	unsigned int nr_used, next_used;
	uint32_t sid[STRICT_STREAMS];	/* of ports */
	unsigned int nr_sids;
	struct strict_way way;		/* of the transaction or prefetch that is going on */
	struct smmu_ctx ctx;		/* of a prefetch */
};

/* --- smmuv3_strict.c --- */

/* Below n, by the seed; n is not 0. */
uint32_t iomi_smmuv3_strict_rand(struct smmu_strict *x, uint32_t n);
/*
 * One step: time goes on, and what may happen by itself does. gmem's bracket is
 * open; lock held for what is pending in the command queue is not needed.
 */
void iomi_smmuv3_strict_step(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
/* Everything held goes: reset, restore, and where it cannot be told what should. */
void iomi_smmuv3_strict_forget(struct iom_smmuv3_dev *s);
/* Is what has changed at that time the driver's fault by now? */
bool iomi_smmuv3_strict_too_old(const struct smmu_strict *x, uint64_t changed, uint64_t syncs);

/* --- smmuv3_strict_event.c --- */

/* Those whose time has come; gmem's bracket is open. */
void iomi_smmuv3_strict_events_step(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
/* All that are held back, by cfg.gmem. */
void iomi_smmuv3_strict_events_out(struct iom_smmuv3_dev *s);

/* --- smmuv3_strict_view.c --- */

/* The fetcher of configuration structures. */
int iomi_smmuv3_strict_view_fetch(struct strict_way *y, const struct smmu_txn *t,
				  const struct iom_smmuv3_fetch *what, uint64_t *w, unsigned int n);
/* Memory is looked at: what is held, and what is remembered. gmem's bracket is open. */
void iomi_smmuv3_strict_view_poll(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
void iomi_smmuv3_strict_view_past(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
/* The same of one; what memory says goes to now[8]. */
void iomi_smmuv3_strict_view_look(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				  struct strict_line *l, uint64_t now[8]);
/* A transaction goes by these: is one too old? */
void iomi_smmuv3_strict_view_judge(struct strict_way *y);
/* CFGI commands. False: it is another one. */
bool iomi_smmuv3_strict_view_cfgi(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
				  const struct strict_pending *p);
/* A command is consumed: is it a CFGI of structures whose past is known? */
void iomi_smmuv3_strict_view_named(struct iom_smmuv3_dev *s, const struct strict_pending *p);
/* CMD_SYNC number nr has completed. */
void iomi_smmuv3_strict_view_synced(struct iom_smmuv3_dev *s, uint64_t nr);
/* What memory said before now can no longer be fetched. */
void iomi_smmuv3_strict_view_forget_past(struct iom_smmuv3_dev *s);
void iomi_smmuv3_strict_view_release(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				     struct iom_range pa);
void iomi_smmuv3_strict_view_drop_one(struct iom_smmuv3_dev *s);

/* --- smmuv3_strict_tlb.c --- */

int iomi_smmuv3_strict_tlb_fetch(struct strict_way *y, const struct smmu_txn *t,
				 const struct iom_smmuv3_fetch *what, uint64_t *w);
/* Is there one for the address? */
bool iomi_smmuv3_strict_tlb_has(struct strict_way *y, const struct smmu_txn *t);
/* A translation that is held and permits t->access; judged. */
bool iomi_smmuv3_strict_tlb_find(struct strict_way *y, const struct smmu_txn *t,
				 struct smmu_leaf *leaf);
/* A walk has ended in leaf. */
void iomi_smmuv3_strict_tlb_fill(struct strict_way *y, const struct smmu_txn *t,
				 const struct smmu_leaf *leaf);
/* Have all leaves on the way their access flag? Else nothing may be kept unless it is set. */
bool iomi_smmuv3_strict_tlb_accessed(const struct strict_way *y);
/* The steps that a walk went by. */
void iomi_smmuv3_strict_tlb_judge(struct strict_way *y);
void iomi_smmuv3_strict_tlb_poll(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
bool iomi_smmuv3_strict_tlbi(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
			     const struct strict_pending *p);
void iomi_smmuv3_strict_tlbi_synced(struct iom_smmuv3_dev *s, uint64_t nr);
void iomi_smmuv3_strict_tlb_release(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				    struct iom_range pa);
void iomi_smmuv3_strict_tlb_drop_one(struct iom_smmuv3_dev *s);

/* --- smmuv3_strict_cmd.c --- */

/* PROD is about to be prod, or the queue to be enabled: what is submitted by that is noted. */
void iomi_smmuv3_strict_cmd_log(struct iom_smmuv3_dev *s, uint32_t prod);
/*
 * Carries out some of what is pending. Each has its effect once at least before
 * the CMD_SYNC behind it; what software changed after the command was submitted,
 * and was read anew since, may stay.
 */
void iomi_smmuv3_strict_cmd_some(struct iom_smmuv3_dev *s);

/* --- smmuv3_strict_xlate.c; what transactions call is in smmuv3_strict_int.h --- */

/* A prefetch by gmem, whose bracket is open. */
void iomi_smmuv3_strict_xlate_prefetch(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);

#endif
