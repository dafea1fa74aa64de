/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The strict SMMUv3: the model of <iom/dev/smmuv3_dev.h> as a sanitizer for its
 * driver. By a seed it is as weak as the architecture lets hardware be (it keeps
 * entries, prefetches, reads words at different times, answers late, carries out
 * commands between two CMD_SYNCs in any order, merges events and writes many at
 * once), and it names the rule that a driver breaks. The catalogue of rules is
 * docs/smmuv3-rules.md; how to put a driver on it, docs/test-your-smmuv3-driver.md.
 *
 * Chosen at creation: iom_smmuv3_dev_cfg.strict. What a transaction is given is
 * what hardware might give it; a report changes nothing.
 *
 * Threads: as the model's, but everything is serialized by one lock, and a run
 * with the same seed and the same inputs gives the same reports.
 */
#ifndef IOM_DEV_SMMUV3_STRICT_H
#define IOM_DEV_SMMUV3_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/dev/smmuv3_dev.h>
#include <iom/dev/xgmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a report is about: which of its fields say something. */
#define IOM_SMMUV3_ABOUT_SID		0x01u
#define IOM_SMMUV3_ABOUT_SSID		0x02u
#define IOM_SMMUV3_ABOUT_VMID		0x04u
#define IOM_SMMUV3_ABOUT_ASID		0x08u
#define IOM_SMMUV3_ABOUT_IOVA		0x10u	/* an IPA where the structure is stage 2's */
#define IOM_SMMUV3_ABOUT_STRUCT		0x20u	/* what, level, pa, held, memory */
#define IOM_SMMUV3_ABOUT_REG		0x40u	/* reg, reg_len, reg_val */
#define IOM_SMMUV3_ABOUT_CMD		0x80u	/* the command at cmd[0] of the list itself */

#define IOM_SMMUV3_REPORT_CMDS		16u

struct iom_smmuv3_report {
	const char *id;			/* "R017": stable, docs/smmuv3-rules.md */
	const char *title;		/* "stale STE used" */
	const char *section;		/* of IHI 0070 */
	const char *may;		/* what hardware may do now */
	const char *instead;		/* what to do */
	char missing[120];		/* what would have been needed, with numbers; may be "" */
	uint64_t seed, step;
	unsigned int about;		/* IOM_SMMUV3_ABOUT_* */
	uint32_t sid, ssid;
	uint16_t vmid, asid;
	uint64_t iova;

	enum iom_smmuv3_fetch_kind what;
	int level;			/* of a descriptor */
	uint64_t pa;
	unsigned int nr_words, word;	/* the first that differs */
	uint64_t held[8], memory[8];	/* what the SMMU goes by, and what is there now */
	uint64_t stored_step;		/* when memory was first seen to differ; 0: it does not */

	uint64_t reg, reg_val;
	unsigned int reg_len;

	/* Commands since the change (or the last), oldest first; more: left out before them. */
	unsigned int nr_cmds;
	uint64_t more_cmds;
	uint64_t cmd[IOM_SMMUV3_REPORT_CMDS][2];
};

struct iom_smmuv3_strict_cfg {
	uint64_t seed;
	/*
	 * Other CPUs may complete this many CMD_SYNCs between a store to a
	 * structure and the invalidation that belongs to it, and no report is
	 * made. 0: one thread drives the SMMU. An operating system: 64 or more.
	 */
	unsigned int sync_slack;
	/* Longest delay of anything, in steps (an access to a register, a transaction). 0: 16. */
	unsigned int max_delay;
	/* The driver's barriers are told by iom_smmuv3_strict_wmb(). Else no rule asks for them. */
	bool wmb;
	/*
	 * An L1STD with Span = 0 is read again each time, though it may be kept
	 * (3.21.3): for drivers that make one valid and name it by no CFGI, which
	 * would get no further. Linux is one (docs/guests.md).
	 */
	bool spare_l1std;
	/*
	 * Each broken rule, once for each object and change. Called with locks of
	 * the model held: must not call back into it. May abort the program. NULL: counted only.
	 */
	void (*report)(void *arg, const struct iom_smmuv3_report *r);
	/* A line of the record of this run, for a replay. As report. May be NULL. */
	void (*record)(void *arg, const char *line);
	void *arg;
};

/*
 * The report as text, lines of at most 100 characters; cut at size, with a 0 (buf may be NULL
 * with size 0). Bytes it needs, less the 0. Any thread, also from inside the callback.
 */
size_t iom_smmuv3_strict_text(const struct iom_smmuv3_report *r, char *buf, size_t size);

/*
 * All below: any thread, not from inside an access or a callback. IOM_EINVAL if s is not
 * strict, and nothing is changed; count is then 0.
 */

/*
 * The driver's barrier: what was stored before is visible before what is stored after.
 * Looks at the command queue behind PROD too: with several threads in one process, only
 * from the one that may write there.
 */
int iom_smmuv3_strict_wmb(struct iom_smmuv3_dev *s);
/*
 * The driver has let go of this memory (addresses as the SMMU puts them out) and
 * may use it for something else: a report if a cached entry, valid to use, still
 * reaches it or was read from it. acquire: it is given to the SMMU again. len in
 * bytes; IOM_EINVAL also: 0, or it goes round the top.
 */
int iom_smmuv3_strict_release(struct iom_smmuv3_dev *s, uint64_t pa, uint64_t len);
int iom_smmuv3_strict_acquire(struct iom_smmuv3_dev *s, uint64_t pa, uint64_t len);
/*
 * The driver says that all it changed is in force: to go by an older entry from
 * here on is its fault, however few CMD_SYNCs have completed. For a harness, when
 * an entry point of the driver has returned and no other thread is inside it.
 */
int iom_smmuv3_strict_settled(struct iom_smmuv3_dev *s);
/* Lets n steps pass: what is late comes. */
int iom_smmuv3_strict_idle(struct iom_smmuv3_dev *s, unsigned int n);
/* The run is over: reports what was left undone (errors not acknowledged, stalls not answered). */
int iom_smmuv3_strict_finish(struct iom_smmuv3_dev *s);
/* From here on another seed's choices; all that is held stays. Reports name the new seed. */
int iom_smmuv3_strict_reseed(struct iom_smmuv3_dev *s, uint64_t seed);
/* Reports made so far, all rules. */
uint64_t iom_smmuv3_strict_count(struct iom_smmuv3_dev *s);

/* What the adversary did so far: a run in which it did nothing proves nothing. */
struct iom_smmuv3_strict_stats {
	uint64_t steps, reports;
	uint64_t held_uses;	/* transactions given a translation that was held */
	uint64_t stale_uses;	/* and that memory had no more */
	uint64_t prefetches;	/* translations held that nobody had asked for */
	uint64_t late_syncs;	/* CMD_SYNCs that completed at a later step */
	uint64_t late_cmds;	/* CFGIs and TLBIs put off, to be carried out in any order */
	uint64_t late_events;
	uint64_t merged_events;	/* into one of the same page that was late, by STE.MEV */
};
int iom_smmuv3_strict_stats(struct iom_smmuv3_dev *s, struct iom_smmuv3_strict_stats *st);

/* The catalogue: rule i, or NULL behind the last. */
struct iom_smmuv3_rule_info {
	const char *id, *title, *section;
	const char *did, *may, *instead;
};
const struct iom_smmuv3_rule_info *iom_smmuv3_strict_rule(unsigned int i);

#ifdef __cplusplus
}
#endif
#endif
