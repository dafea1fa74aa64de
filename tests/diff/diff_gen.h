/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generator of cases: a case is a stream table, one to three streams with
 * CDs and tables, accesses, and between them commands and changes. It stands
 * alone: it begins by invalidating everything and ends with zeroed memory.
 */
#ifndef TESTS_DIFF_DIFF_GEN_H
#define TESTS_DIFF_DIFF_GEN_H

#include <stddef.h>

#include "diff/diff_script.h"

/*
 * What a stream met in its case, for the comparison: only where one of these
 * was there may a known difference be the reason of another result.
 */
#define MET_AP1		0x0001u	/* a descriptor without EL0 access */
#define MET_S2PS	0x0002u	/* an STE.S2PS smaller than the IPA size */
#define MET_STRW	0x0004u	/* an STE.STRW that is not 0 */
#define MET_S2HTTU	0x0008u	/* STE.S2HA or S2HD */
#define MET_CTX		0x0010u	/* an S1ContextPtr out of range */
#define MET_SPAN	0x0020u	/* an L1STD.Span other than all */
#define MET_BLOCK	0x0040u	/* a block where a table was */
#define MET_NOWHERE	0x0080u	/* a descriptor that leads out of range */
#define MET_CONCAT	0x0100u	/* concatenated tables */
#define MET_NO_RECINV	0x0200u	/* CR2.RECINVSID = 0 */
#define MET_WEAK	0x0400u	/* a change, without all the commands it needs */
#define MET_S1FIELDS	0x0800u	/* an STE.S1CDMax or S1STALLD that is not 0 */
#define MET_S2GEOM	0x1000u	/* another STE.S2TG, S2SL0, S2T0SZ */
#define MET_APTABLE	0x2000u	/* a table descriptor that takes write permission */
#define MET_TTB		0x4000u	/* a CD.TTBx out of range */
#define MET_TBI		0x10000u /* a CD.TBI0 unlike its TBI1 */
#define MET_TWINS	0x20000u /* streams that share TLB entries */

struct diff_case {
	uint32_t met[DIFF_DEVS];
};

/* --- words being made ------------------------------------------------------- */

struct gen {
	uint64_t *script;	/* of DIFF_SCRIPT_SIZE */
	size_t n;		/* words so far */
	uint64_t rng;
	uint64_t *img;		/* the pool as it is now */
	uint64_t *touched;	/* addresses written in this case */
	size_t nr_touched;
	uint64_t *pend;		/* pairs not yet in the script */
	size_t nr_pend;
	uint64_t next;		/* free pool */
	struct diff_case *c;	/* this one */
	unsigned int dev;	/* the stream being worked on */
	bool twins;		/* streams of this case share CD, tables and tags */
	bool s2p;		/* IDR0.S2P: commands of stage 2 are legal */
};

int gen_init(struct gen *g, uint64_t *script, bool s2p);
void gen_fini(struct gen *g);
/* What the machine needs once. */
void gen_start(struct gen *g);
/*
 * Appends case number n of a seed; false when the script is full. Even ones
 * have a linear stream table.
 */
bool gen_case(struct gen *g, uint64_t seed, uint32_t n, struct diff_case *out);
void gen_end(struct gen *g);

uint64_t gen_rand(struct gen *g);
/* 0 to n - 1 */
static inline uint64_t gen_below(struct gen *g, uint64_t n)
{
	return gen_rand(g) % n;
}
static inline bool gen_chance(struct gen *g, unsigned int percent)
{
	return gen_below(g, 100) < percent;
}

static inline void gen_met(struct gen *g, uint32_t what)
{
	unsigned int i;

	for (i = 0; i < DIFF_DEVS; i++) {
		if (g->twins || i == g->dev)
			g->c->met[i] |= what;
	}
}

void gen_word(struct gen *g, uint64_t w);
void gen_reg32(struct gen *g, uint32_t off, uint32_t val);
void gen_reg64(struct gen *g, uint32_t off, uint64_t val);
void gen_load32(struct gen *g, uint32_t off, uint32_t mask);
void gen_cmd(struct gen *g, uint64_t w0, uint64_t w1);	/* and a CMD_SYNC behind it */
void gen_access(struct gen *g, unsigned int dev, uint64_t iova);
/* Memory in the pool. Reaches the script at the latest before the next step. */
void gen_put(struct gen *g, uint64_t addr, uint64_t val);
uint64_t gen_get(const struct gen *g, uint64_t addr);
uint64_t gen_alloc(struct gen *g, uint64_t size, uint64_t align);

/* --- tables ----------------------------------------------------------------- */

struct tt {
	unsigned int stage;
	unsigned int g;			/* log2 of the granule */
	unsigned int ia_bits;
	int start;
	unsigned int start_bits;	/* index bits of the start table */
	bool high;			/* TTB1: addresses have ones on top */
	uint64_t root;			/* as a walk sees it */
	/* Stage 1 of a nested stream: its tables' IPAs are PA + ipa_off, by this stage 2. */
	struct tt *s2;
	uint64_t ipa_off;
};

static inline unsigned int tt_shift(const struct tt *t, int level)
{
	return t->g + (unsigned int)(3 - level) * (t->g - 3);
}

/*
 * Stage 1 from the size of the input. Stage 2 with a start level as well, which
 * may not fit; its start table is made by tt_new_root().
 */
void tt_init_s1(struct gen *g, struct tt *t, unsigned int lg2, unsigned int ia_bits);
bool tt_init_s2(struct tt *t, unsigned int lg2, unsigned int ia_bits, int start);
void tt_new_root(struct gen *g, struct tt *t);
/* Memory that a stage 1 uses: its address as the walk sees it; mapped in its stage 2. */
uint64_t tt_visible(struct gen *g, struct tt *t, uint64_t pa, uint64_t size);
/*
 * PA of the descriptor of ia at a level, tables made on the way; 0 if a block
 * or a spoiled table is in the way.
 */
uint64_t tt_slot(struct gen *g, struct tt *t, uint64_t ia, int level);
/* A level where this format may have leaves: 3, or sometimes a legal block. */
int tt_leaf_level(struct gen *g, const struct tt *t);
/* An ordinary leaf. */
uint64_t tt_leaf(const struct tt *t, int level, uint64_t oa);

/* --- streams ---------------------------------------------------------------- */

#define TARGETS_MAX 8u

/* An address that leads, undisturbed, to a word of the arena. */
struct target {
	uint64_t iova, ipa, pa;
	uint64_t slot[2];	/* PA of the leaves, 0 if there is no such stage */
	int level[2];
};

struct stream {
	unsigned int dev;
	uint32_t sid;
	unsigned int config;
	uint64_t ste[8], ste_pa;
	uint64_t cd[8], cd_pa;
	uint64_t zeroes;
	uint16_t asid, vmid;
	struct tt s1[2], s2;
	struct target t[TARGETS_MAX];
	unsigned int nr_t;
};

/* Everything a stream needs, but its STE is not written yet. */
void stream_build(struct gen *g, struct stream *s);
/* Changes a leaf, a CD or an STE and invalidates, rightly, wrongly or not at all. */
void stream_edit(struct gen *g, struct stream *s);
/* Any command. */
void odd_command(struct gen *g, const struct stream *s);
void stream_put_ste(struct gen *g, const struct stream *s);
void stream_put_cd(struct gen *g, const struct stream *s);
/* Breaks something in a descriptor, a CD or an STE. */
uint64_t spoil_leaf(struct gen *g, const struct tt *t, uint64_t desc);
void spoil_cd(struct gen *g, struct stream *s);
void spoil_ste(struct gen *g, struct stream *s);

#endif
