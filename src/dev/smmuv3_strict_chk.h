/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the checker keep between two events. All of it bounded and
 * under smmu_strict.lock; what does not fit is forgotten, which can only lose a
 * report.
 */
#ifndef IOMI_DEV_SMMUV3_STRICT_CHK_H
#define IOMI_DEV_SMMUV3_STRICT_CHK_H

#include "smmuv3_strict_int.h"

#define CHK_KNOWN	64u
#define CHK_SEEN	256u
#define CHK_LEFT	16u
#define CHK_PLACES	64u
#define CHK_WINDOW	64u	/* commands behind PROD that a barrier is asked about */
#define CHK_VALID	256u
#define CHK_PRGS	64u
#define CHK_GRANTS	64u

/* A configuration in use: as memory had it when a transaction went by it. */
struct chk_known {
	bool there, ssv;
	uint32_t sid, ssid;
	bool has_cd;
	uint64_t ste[8], cd[8];
};

/* An STE or CD with contents and V = 0 that a transaction met. */
struct chk_left {
	bool there;
	bool cd;
	bool again;			/* it was valid before, with other contents */
	uint32_t sid, ssid;
	unsigned int cfgis;		/* of it alone, while it was so */
	uint64_t pa, w[8];
};

/* A structure that was valid once: what it was then. */
struct chk_valid {
	bool there;
	uint64_t pa, w[8];
};

/* An STE or CD, and what it was when the driver's last barrier came. */
struct chk_place {
	bool there, cd, snapped, reported;
	uint32_t sid, ssid;
	uint64_t pa, snap[8];
};

/* A page request group that software has taken from the queue and not answered. */
struct chk_prg {
	bool there;
	uint16_t prgindex;
	uint32_t sid;
};

/* A translation that an ATS request was given, until an ATC_INV of it is complete. */
struct chk_grant {
	bool there, ssv;
	uint32_t sid, ssid;
	uint8_t size_lg2;
	uint64_t iova, pa;
	uint64_t gone;			/* with this CMD_SYNC; 0: no ATC_INV came */
	uint64_t ttb[2];		/* it was found by these tables */
	bool reported;
	uint64_t changed, mark, syncs;	/* as of strict_line: the tables say something else */
};

struct strict_checker {
	struct chk_known known[CHK_KNOWN];
	unsigned int next_known;
	struct chk_left left[CHK_LEFT];
	unsigned int next_left;
	struct chk_place place[CHK_PLACES];
	unsigned int next_place;
	uint64_t seen[CHK_SEEN];	/* what was reported already, as hashes; a ring */
	unsigned int next_seen;
	struct chk_valid valid[CHK_VALID];	/* a ring */
	unsigned int next_valid;

	/* registers: bits written whose acknowledgement software has not read, and when */
	uint32_t cr0_unseen, irq_unseen;
	bool gbpa_unseen;
	uint64_t cr0_step, irq_step, gbpa_step;
	uint32_t gerror_age;		/* accesses since an error is active */
	bool gerror_told;
	bool evtq_overflow_seen, priq_overflow_seen;	/* software read PROD, and left it */

	/* CMD_SYNCs that must be complete before SMMUEN; 0: no such command yet */
	uint64_t cfgi_all, tlbi_all, tlbi_el2;

	struct chk_prg prg[CHK_PRGS];
	struct chk_grant grant[CHK_GRANTS];
	unsigned int next_grant;
	uint64_t next_prg;

	/* barriers */
	bool barrier;			/* there was one */
	uint32_t window_prod;		/* the commands from here on, as they were then */
	unsigned int window;
	uint64_t cmd[CHK_WINDOW][2];
};

/* Was this told already? Else remembers it. */
bool iomi_smmuv3_strict_chk_seen(struct strict_checker *c, enum smmu_rule rule, uint64_t a,
				 const uint64_t *w, unsigned int n);
/* smmuv3_strict_order.c: barriers are asked about this STE or CD from now on. */
void iomi_smmuv3_strict_chk_place(struct strict_checker *c, const struct strict_config *cfg,
				  const struct strict_line *line);
/* smmuv3_strict_grant.c: a command that may take translations from endpoints. */
struct smmuv3_wire_cmd;
void iomi_smmuv3_strict_chk_grants(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c);
/* A CFGI of these StreamIDs: what is known of them may be another from now on. */
void iomi_smmuv3_strict_chk_forget(struct strict_checker *k, uint32_t first, uint32_t last);
/*
 * smmuv3_strict_answer.c: software takes n entries of the PRI queue, from position
 * first on; and what was not answered, at the end.
 */
void iomi_smmuv3_strict_chk_taken(struct iom_smmuv3_dev *s, uint32_t first, uint32_t n,
				  uint64_t base, unsigned int lg2);
void iomi_smmuv3_strict_chk_unanswered(struct iom_smmuv3_dev *s);
/* smmuv3_strict_left.c: a transaction met this, with V = 1 or V = 0. */
void iomi_smmuv3_strict_chk_is_valid(struct strict_checker *c, const struct strict_line *line);
void iomi_smmuv3_strict_chk_not_valid(struct iom_smmuv3_dev *s, const struct strict_config *c,
				      const struct strict_line *line, bool cd);
/* A CFGI is consumed; memory is let go. */
void iomi_smmuv3_strict_chk_named(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c);
void iomi_smmuv3_strict_chk_left_release(struct strict_checker *c, struct iom_range r);
/* Structures that were left with V = 0. again: also those that had been valid. */
void iomi_smmuv3_strict_chk_left(struct iom_smmuv3_dev *s, bool again);

#endif
