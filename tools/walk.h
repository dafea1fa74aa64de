/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside `iom walk`: an SMMUv3's structures in a core, followed from its
 * registers. This walk is a second one, apart from the device model's: they
 * share decoders of single entries and nothing else. Nothing the core says is
 * believed without a bound: descriptors looked at, runs kept and problems told
 * are limited by the numbers here.
 */
#ifndef TOOLS_WALK_H
#define TOOLS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <pt/lpae.h>
#include <wire/smmuv3_rules.h>

#include "core.h"
#include "smmu_regs.h"

#define WALK_MAX_ENTRIES	(UINT64_C(1) << 25)	/* STEs, CDs, descriptors in all */
#define WALK_MAX_RUNS		(1u << 20)
#define WALK_MAX_TABLES		(1u << 18)
#define WALK_MAX_STREAMS	(1u << 16)
#define WALK_MAX_PROBLEMS	50u

struct iom_tool_walk {
	const char *regs_file;
	struct iom_tool_core core;
	struct iom_tool_regs regs;
	struct iomi_smmuv3_caps caps;
	uint64_t entries_left;
	unsigned int n_problems;	/* all, also those not told */
	char *problems[WALK_MAX_PROBLEMS];
};

/* --- walk.c ---------------------------------------------------------------- */

/* Both files; IOM_TOOL_OK, or the exit status after saying what is wrong. */
int iom_tool_walk_open(const char *core, const char *regs, struct iom_tool_walk *w);
void iom_tool_walk_close(struct iom_tool_walk *w);

/* A structure at pa is missing or bad: to stderr, and kept for JSON. */
void iom_tool_walk_problem(struct iom_tool_walk *w, uint64_t pa, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Words at pa; false after a problem if the core lacks them, or the bound is reached. */
bool iom_tool_walk_words(struct iom_tool_walk *w, uint64_t pa, uint64_t *words, unsigned int n,
			 const char *what);

/* --- walk_cfg.c: configuration and one translation -------------------------- */

enum iom_tool_step_kind {
	STEP_L1STD, STEP_STE, STEP_L1CD, STEP_CD, STEP_S1, STEP_S2,
};

/* One structure that a translation looked at. */
struct iom_tool_step {
	enum iom_tool_step_kind kind;
	uint64_t pa;
	uint64_t w[8];
	/* STEP_S1, STEP_S2: */
	const struct iomi_lpae_fmt *fmt;
	int level;
	uint64_t index;
	uint64_t input;		/* VA or IPA */
};

#define WALK_MAX_STEPS	64

struct iom_tool_trace {
	unsigned int n;
	struct iom_tool_step step[WALK_MAX_STEPS];
};

/* What became of an access. */
struct iom_tool_result {
	bool ok;
	uint64_t pa;
	unsigned int perms;		/* IOMI_LPAE_* */
	struct iomi_lpae_mem mem;
	bool has_mem;			/* false: stage 1 was bypassed, incoming attributes */
	unsigned int size_lg2;		/* of the smallest leaf on the way; 64 without one */
	bool af;
	/* if not ok: */
	uint8_t event;			/* SMMU_EVT_*; 0: aborted without event, or no data */
	bool s2;
	uint8_t class;			/* SMMU_CLASS_* */
	char why[120];
};

/* Where stage 2, or one half of stage 1, begins. */
struct iom_tool_root {
	struct iomi_lpae_geom geom;
	uint64_t table;			/* PA, or with two stages the IPA of stage 1's */
	unsigned int oa_bits;
	bool disabled;			/* EPD */
	bool tbi;
};

/* Both give false if it is a walk that we do not follow: AArch32, big-endian. */
bool iom_tool_walk_s2_root(const struct iom_tool_walk *w, const uint64_t ste[8],
			   struct iom_tool_root *out);
bool iom_tool_walk_s1_root(const struct iom_tool_walk *w, const uint64_t cd[8],
			   unsigned int half, struct iom_tool_root *out);

/* What a CD says about permissions. */
void iom_tool_walk_s1_ctl(const struct iom_tool_walk *w, const uint64_t ste[8],
			  const uint64_t cd[8], struct iomi_lpae_s1_ctl *out);
bool iom_tool_walk_s2_hd(const uint64_t ste[8]);
/* SH of a leaf: its own, or with DS the register field's. */
unsigned int iom_tool_walk_sh(const struct iomi_lpae_fmt *fmt, uint64_t desc, unsigned int reg);

/* Before the first stage of an access: everything allowed, nothing known. */
void iom_tool_walk_begin(struct iom_tool_result *out);
/* Stage 2, over what *out says of stage 1. trace may be NULL. */
void iom_tool_walk_s2(struct iom_tool_walk *w, const uint64_t ste[8], uint64_t ipa,
		      struct iom_tool_trace *trace, struct iom_tool_result *out);

/* Number of STEs that the registers describe; false if they describe none. */
bool iom_tool_walk_strtab(const struct iom_tool_walk *w, uint64_t *n);
/* Where the STE of sid is, and how many there are from it on; else *out says the event. */
bool iom_tool_walk_ste_addr(struct iom_tool_walk *w, uint64_t sid, struct iom_tool_trace *trace,
			    uint64_t *pa, uint64_t *more, struct iom_tool_result *out);
/* The STE of sid: true, with its address; else *out says the event. */
bool iom_tool_walk_ste(struct iom_tool_walk *w, uint64_t sid, struct iom_tool_trace *trace,
		       uint64_t *pa, uint64_t ste[8], struct iom_tool_result *out);
/* The same for the CD of a legal STE with stage 1. */
bool iom_tool_walk_cd(struct iom_tool_walk *w, const uint64_t ste[8], uint32_t ssid,
		      struct iom_tool_trace *trace, uint64_t *pa, uint64_t cd[8],
		      struct iom_tool_result *out);

/* A whole access; ssid < 0: without. */
void iom_tool_walk_iova(struct iom_tool_walk *w, uint32_t sid, int64_t ssid, uint64_t iova,
			struct iom_tool_trace *trace, struct iom_tool_result *out);

/* --- walk_list.c: everything ------------------------------------------------ */

/* A table of the tree; those of one context stand one after another, parents first. */
struct iom_tool_table {
	int parent;			/* in tables[], -1 at a root */
	unsigned int ctx;
	uint64_t pa;
	uint64_t first;			/* input address of its first entry */
	int8_t level;
	uint8_t span_lg2;		/* of one entry */
	uint32_t entries;
	uint32_t n_tables, n_leaves;
};

/* Adjacent leaves of one table, contiguous on both sides, alike. */
struct iom_tool_run {
	unsigned int table;
	uint64_t start, last;		/* IOVA */
	uint64_t ipa;			/* two stages: what stage 1 says; else == pa */
	uint64_t pa;
	uint8_t perms;
	bool af;
	bool s2_fault;			/* two stages: stage 2 maps none of it */
	struct iomi_lpae_mem mem;
	uint8_t leaf_lg2;
	uint32_t n_leaves;
};

struct iom_tool_ctx {
	unsigned int stream;
	int64_t ssid;			/* -1: without SubstreamID */
	bool has_cd;			/* not with stage 2 alone */
	uint64_t cd_pa;
	uint64_t cd[8];
	unsigned int first_table, n_tables;
	unsigned int first_run, n_runs;
	const struct iomi_smmuv3_rule *broken;
};

struct iom_tool_stream {
	uint32_t sid;
	uint64_t ste_pa;
	uint64_t ste[8];
	unsigned int first_ctx, n_ctxs;
	const struct iomi_smmuv3_rule *broken;
};

struct iom_tool_list {
	/* V = 1 and Config other than abort, or illegal; ascending */
	struct iom_tool_stream *streams;
	struct iom_tool_ctx *ctxs;
	struct iom_tool_table *tables;
	struct iom_tool_run *runs;
	unsigned int n_streams, n_ctxs, n_tables, n_runs;
	uint64_t n_abort, n_invalid;	/* other STEs that are there */
	unsigned int cap_streams, cap_ctxs, cap_tables, cap_runs;
};

/* only: one StreamID, or -1 for all. IOM_TOOL_OK, or IOM_TOOL_FAIL without memory. */
int iom_tool_walk_list(struct iom_tool_walk *w, int64_t only, struct iom_tool_list *out);
void iom_tool_walk_list_free(struct iom_tool_list *l);

/* --- output ---------------------------------------------------------------- */

struct json_object;

/* "stage 1, 4K, ..."; of a context. */
void iom_tool_walk_print_list(struct iom_tool_walk *w, const struct iom_tool_list *l);
struct json_object *iom_tool_walk_json_list(struct iom_tool_walk *w,
					    const struct iom_tool_list *l);
void iom_tool_walk_print_trace(struct iom_tool_walk *w, const struct iom_tool_trace *t,
			       const struct iom_tool_result *r);
struct json_object *iom_tool_walk_json_trace(struct iom_tool_walk *w,
					     const struct iom_tool_trace *t,
					     const struct iom_tool_result *r);

/* Queues: all entries, or those that wait. */
void iom_tool_walk_print_queues(struct iom_tool_walk *w, bool all);
struct json_object *iom_tool_walk_json_queues(struct iom_tool_walk *w, bool all);

int iom_tool_walk_svg(struct iom_tool_walk *w, const struct iom_tool_list *l, const char *file);

/* "rw-", with "p" if privileged only. */
#define IOM_TOOL_PERMS	16
const char *iom_tool_walk_perms(unsigned int perms, char buf[IOM_TOOL_PERMS]);
/* "WB", "Device-nGnRE", or the byte. */
const char *iom_tool_walk_mem(struct iomi_lpae_mem mem, char buf[IOM_TOOL_PERMS]);
const char *iom_tool_walk_config(const uint64_t ste[8]);

/* The next longest run from *i on, joined over tables; false at the end. */
bool iom_tool_walk_join(const struct iom_tool_list *l, const struct iom_tool_ctx *ctx,
			unsigned int *i, struct iom_tool_run *out);

#endif
