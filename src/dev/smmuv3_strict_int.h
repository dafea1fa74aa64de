/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the strict SMMUv3 share.
 *
 *	smmuv3_strict.c		create, destroy, steps, the public calls
 *	smmuv3_strict_view.c	STE and CD as held; what memory said lately
 *	smmuv3_strict_tlb.c	translations and descriptors as held, with what they were read from
 *	smmuv3_strict_tlbi.c	what a TLBI takes from that
 *	smmuv3_strict_cmd.c	the command queue: late, and between two CMD_SYNCs in any order
 *	smmuv3_strict_xlate.c	a transaction
 *	smmuv3_strict_event.c	events: late, all at once, merged
 *	smmuv3_strict_gmem.c	memory, noted for the record
 *	smmuv3_strict_record.c	the record of a run
 *	smmuv3_strict_rules.c	the catalogue
 *	smmuv3_strict_diag.c	which rule a stale entry breaks (pure)
 *	smmuv3_strict_check.c	structures as software wrote them
 *	smmuv3_strict_answer.c	commands as software wrote them, and answers
 *	smmuv3_strict_left.c	structures left with V = 0
 *	smmuv3_strict_reg.c	accesses to registers, queues
 *	smmuv3_strict_order.c	barriers
 *	smmuv3_strict_grant.c	translations that endpoints have been given
 *	smmuv3_strict_text.c	reports, made and as text
 *
 * Lock: smmu_strict.lock, after the model's lock and before cache_lock; held
 * over a whole transaction and a whole step, let go while a CMD_SYNC waits for
 * open accesses. All of struct smmu_strict is under it.
 */
#ifndef IOMI_DEV_SMMUV3_STRICT_INT_H
#define IOMI_DEV_SMMUV3_STRICT_INT_H

#include <iom/dev/smmuv3_strict.h>

#include "smmuv3_dev_int.h"
#include "smmuv3_strict_record.h"
#include "smmuv3_strict_rules.h"

/* --- what the SMMU holds, word by word --- */

/* A structure or descriptor as it was read, perhaps word by word at different times. */
struct strict_line {
	uint8_t kind;		/* enum iom_smmuv3_fetch_kind */
	int8_t level;
	uint8_t n;		/* words: 8, or 1 */
	bool reported;
	uint64_t pa;
	uint64_t w[8];
	/* When memory was first seen to differ in a bit that counts; 0: it has not. */
	uint64_t changed;
	uint64_t mark;		/* commands that software had submitted by then */
	uint64_t syncs;		/* CMD_SYNCs submitted after that, and completed since */
};

/* A command as software submitted it. Number: 1, 2, ... since creation. */
#define STRICT_LOG	256u
struct strict_log {
	uint64_t nr;		/* submitted so far; the last STRICT_LOG are in w: */
	uint64_t w[STRICT_LOG][2];
};

/* Command number n, if log has it: 0 < n <= nr, n + STRICT_LOG > nr. */
static inline const uint64_t *strict_log_at(const struct strict_log *log, uint64_t n)
{
	return log->w[n % STRICT_LOG];
}

static inline uint64_t strict_log_first(const struct strict_log *log)
{
	return log->nr < STRICT_LOG ? 1 : log->nr - STRICT_LOG + 1;
}

static inline void strict_log_add(struct strict_log *log, const uint64_t w[2])
{
	log->nr++;
	log->w[log->nr % STRICT_LOG][0] = w[0];
	log->w[log->nr % STRICT_LOG][1] = w[1];
}

/* --- what a stale entry is judged by (pure) --- */

enum strict_how {
	STRICT_USED,		/* a transaction went by it */
	STRICT_RELEASED,	/* memory that it reaches, or was read from, was let go */
	STRICT_BBM,		/* memory holds another valid descriptor, without a break */
	STRICT_ENABLED,		/* SMMUEN was set over it */
};

struct strict_stale {
	enum strict_how how;
	const struct strict_line *line;
	uint64_t now[8];	/* memory */
	uint32_t sid, ssid;
	bool ssv;
	/*
	 * A translation, or a descriptor: a TLBI drops it. line is the descriptor
	 * that has changed; or the STE or CD it was made by, if that has.
	 */
	bool tlb;
	uint16_t vmid, asid;
	bool s2;		/* stage 2's: ia is an IPA, unless */
	bool combined;		/* a stage-1 entry under stage 2 */
	bool global, el2;
	bool atc;		/* held by the endpoint's ATC */
	bool leaf;		/* what is held ends in a block or page; else in a table */
	bool read_from;		/* RELEASED: line stands there; else it only leads there */
	uint64_t ia;
	uint8_t size_lg2;	/* of the translation that was used */
	uint8_t tg_lg2;		/* granule of its tables */
	const struct strict_log *log;
	const struct iomi_smmuv3_caps *caps;
};

/* The rule, and in missing what would have been needed; see strict_diag.c. */
enum smmu_rule iomi_smmuv3_strict_diag(const struct strict_stale *st, char *missing, size_t size);

/* --- reports --- */

/* Fills id, texts, seed, step, commands since mark (0: the last ones); counts; calls back. */
void iomi_smmuv3_strict_report(struct iom_smmuv3_dev *s, enum smmu_rule rule, uint64_t mark,
			       struct iom_smmuv3_report *r);
/* r with all of st in it: what, held, memory, tags. */
void iomi_smmuv3_strict_report_stale(struct iom_smmuv3_dev *s, struct strict_stale *st);

/* n words of memory at pa: all that is read but queues; gmem's bracket is open. */
int iomi_smmuv3_strict_load(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint64_t pa,
			    uint64_t *w, unsigned int n);

/* --- the checker's hooks, called by the engine, strict lock held --- */

/* smmuv3_strict_reg.c. before: s is as it was. Also for accesses that are RAZ/WI. */
void iomi_smmuv3_strict_before_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
				     uint64_t val);
/* val: what software gets, late acknowledgements and all. */
void iomi_smmuv3_strict_after_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
				   uint64_t val);
/* smmuv3_strict_order.c. gmem: the SMMU's, bracket open. Only with cfg.wmb. */
/* No STE or CD is in this memory any more: what stands there now is nobody's business. */
void iomi_smmuv3_strict_chk_release(struct iom_smmuv3_dev *s, struct iom_range r);
void iomi_smmuv3_strict_barrier(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
/* CMDQ_PROD is about to be prod; the log has the new commands, from number first on. */
void iomi_smmuv3_strict_submitted(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint64_t first,
				  uint32_t prod);
void iomi_smmuv3_strict_at_finish(struct iom_smmuv3_dev *s);
/* smmuv3_strict_left.c. iom_smmuv3_strict_settled(). */
void iomi_smmuv3_strict_at_settled(struct iom_smmuv3_dev *s);

/*
 * smmuv3_strict_grant.c. Takes the strict lock: an endpoint is detached. Strict
 * lock held: an ATS request of t was answered; memory is let go.
 */
struct iom_smmuv3_ats_resp;
void iomi_smmuv3_strict_granted(struct iom_smmuv3_dev *s, const struct smmu_ctx *c,
				const struct smmu_txn *t, const struct iom_smmuv3_ats_resp *resp);
void iomi_smmuv3_strict_ungranted(struct iom_smmuv3_dev *s, uint32_t sid);
/* Strict lock and gmem's bracket: a Translated transaction goes by pa; memory is looked at. */
void iomi_smmuv3_strict_grant_used(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t sid,
				   uint64_t pa);
void iomi_smmuv3_strict_grant_poll(struct iom_smmuv3_dev *s, struct iom_gmem *gmem);
/* CMD_SYNC number nr has completed. */
void iomi_smmuv3_strict_grant_synced(struct iom_smmuv3_dev *s, uint64_t nr);
void iomi_smmuv3_strict_grant_release(struct iom_smmuv3_dev *s, struct iom_range pa);

/* smmuv3_strict_answer.c. A command as it is consumed, before it has an effect. */
void iomi_smmuv3_strict_command(struct iom_smmuv3_dev *s, const uint64_t w[2]);
/*
 * A configuration as a transaction is about to go by it. ste, cd: as held; NULL
 * what was not reached. fresh: all of its words equal memory now. err: the
 * event ID it ends in, 0 for none (C_BAD_STE, C_BAD_CD, C_BAD_STREAMID, ...).
 */
struct strict_config {
	uint32_t sid, ssid;
	bool ssv, fresh;
	const struct strict_line *l1std, *ste, *l1cd, *cd;
	uint32_t err;
};
void iomi_smmuv3_strict_config(struct iom_smmuv3_dev *s, const struct strict_config *c);
/*
 * Words of an STE or CD were taken from different times: is what came out one of
 * the states that memory had (in the bits that count), or V = 0? Else a report.
 * state[i]: the states memory had, oldest first.
 */
void iomi_smmuv3_strict_torn(struct iom_smmuv3_dev *s, const struct strict_config *c,
			     const struct strict_line *line, const uint64_t state[][8],
			     unsigned int nr_states);

/* --- the record --- */

/* smmuv3_strict_gmem.c: memory, each access to which is noted. */
struct strict_gmem {
	struct iom_gmem g;
	struct iom_gmem *real;
	struct strict_record *record;
};
struct iom_gmem *iomi_smmuv3_strict_gmem_init(struct strict_gmem *m, struct iom_gmem *real,
					      struct strict_record *record);

/* --- the engine's state --- */

struct smmu_strict {
	struct iom_smmuv3_strict_cfg cfg;	/* fixed; defaults filled in */
	struct iom_lock lock;
	uint64_t rng;
	uint64_t step;
	uint64_t nr_reports;
	struct iom_smmuv3_strict_stats stats;	/* but steps and reports */
	struct strict_log log;
	uint64_t consumed;		/* commands consumed: numbers of the log */
	uint64_t completed_syncs;
	uint64_t settled;		/* step of the last iom_smmuv3_strict_settled() */
	struct strict_record *record;	/* NULL: nobody wants it; then gmem is not used */
	struct strict_gmem gmem;	/* around cfg.gmem */
	struct strict_engine *engine;	/* smmuv3_strict*.c of the engine alone */
	struct strict_checker *checker;	/* smmuv3_strict_{check,reg}.c alone */
};

/* --- the model's hooks: called by smmuv3_dev*.c where s->strict is not NULL --- */

int iomi_smmuv3_strict_create(struct iom_smmuv3_dev *s, const struct iom_smmuv3_strict_cfg *cfg);
void iomi_smmuv3_strict_destroy(struct iom_smmuv3_dev *s);
/* Under lock: registers are as after power-on, or restored. */
void iomi_smmuv3_strict_reset(struct iom_smmuv3_dev *s);
/* Under lock, p is whole. IOM_ENOMEM. */
int iomi_smmuv3_strict_port(struct iom_smmuv3_port *p);
void iomi_smmuv3_strict_unport(struct iom_smmuv3_port *p);
/* The front door; what is behind it is iomi_smmuv3_dev_reg_read() and write(). */
int iomi_smmuv3_strict_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
			    uint64_t *val);
int iomi_smmuv3_strict_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
			     uint64_t val);
/* A worker, or who drives the model, has come: a step. No lock held. */
void iomi_smmuv3_strict_run(struct iom_smmuv3_dev *s);
/* In place of the loop of iomi_smmuv3_dev_cmdq_run(); under lock. */
int iomi_smmuv3_strict_cmd_run(struct iom_smmuv3_dev *s, unsigned int budget);
/*
 * A transaction, smmuv3_strict_xlate.c: begin takes the strict lock and sets
 * t->fetch, p->own is empty; configured, after ctx_build into p->own said rc;
 * walk, if that is kind TRANSLATE; event, if there is one; end.
 */
void iomi_smmuv3_strict_xlate_begin(struct iom_smmuv3_port *p, struct smmu_txn *t);
void iomi_smmuv3_strict_xlate_configured(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
					 int rc, const struct smmu_fault *f);
int iomi_smmuv3_strict_xlate_walk(struct iom_smmuv3_dev *s, const struct smmu_txn *t,
				  struct smmu_leaf *leaf, struct smmu_fault *f);
void iomi_smmuv3_strict_event(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			      const struct smmu_fault *f);
void iomi_smmuv3_strict_xlate_end(struct iom_smmuv3_port *p, int rc,
				  const struct iom_smmuv3_result *res);
/*
 * Around what a port asks for and the model answers by its ordinary caches: it is
 * recorded, and the strict lock held. a, b, c: numbers of the input behind the
 * StreamID, then of what it gave.
 */
void iomi_smmuv3_strict_plain_begin(struct iom_smmuv3_port *p, enum strict_input in, uint64_t a,
				    uint64_t b, uint64_t c);
void iomi_smmuv3_strict_plain_end(struct iom_smmuv3_port *p, int rc, uint64_t a, uint64_t b);
/*
 * An ATS request: begin as above, configure for the STE alone and then for both;
 * a walk as iomi_smmuv3_dev_walk_ats() of what is held; plain_end.
 */
void iomi_smmuv3_strict_ats_begin(struct iom_smmuv3_port *p, struct smmu_txn *t,
				  unsigned int access);
int iomi_smmuv3_strict_ats_configure(struct iom_smmuv3_port *p, struct smmu_txn *t,
				     struct smmu_fault *f);
int iomi_smmuv3_strict_ats_walk(struct iom_smmuv3_dev *s, const struct smmu_txn *t, uint8_t any,
				bool split, struct smmu_leaf *leaf, struct smmu_fault *f);

/* checker's own memory; IOM_ENOMEM. */
int iomi_smmuv3_strict_checker_init(struct iom_smmuv3_dev *s);
void iomi_smmuv3_strict_checker_fini(struct iom_smmuv3_dev *s);

#endif
