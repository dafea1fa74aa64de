/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where QEMU 11.1's SMMUv3 is known to differ from the architecture, each with
 * what the stream must have met and what both sides must have said. A name is
 * a heading in docs/differences.md, with the sentence of the specification.
 */
#include <stdio.h>

#include <iom/base/field.h>
#include <iom/spec/smmuv3.h>

#include "diff/diff_compare.h"

/* One side's answer to an access. */
struct answer {
	uint64_t reached;
	unsigned int events;
	unsigned int id;	/* of the only event; 0: not one event */
	uint64_t w[4];
};

static struct answer answer(const uint64_t *e)
{
	struct answer a = { .reached = e[1], .events = (DIFF_LOG_WORDS(*e) - 1) / 4 };
	unsigned int i;

	for (i = 0; a.events == 1 && i < 4; i++)
		a.w[i] = e[2 + i];
	a.id = a.w[0] & 0xff;
	return a;
}

static bool is_access(const struct diff_pair *p)
{
	return DIFF_OP(*p->step) == DIFF_WRITE || DIFF_OP(*p->step) == DIFF_READ;
}

/* Both refused, with one event of one kind, but for these bits of its words. */
static bool alike_but(const struct answer *o, const struct answer *t, uint64_t w1, uint64_t w2,
		      uint64_t w3)
{
	return !o->reached && !t->reached && o->id && o->w[0] == t->w[0] &&
	       !((o->w[1] ^ t->w[1]) & ~w1) && !((o->w[2] ^ t->w[2]) & ~w2) &&
	       !((o->w[3] ^ t->w[3]) & ~w3);
}

#define RULE(n) static bool n(const struct diff_pair *p, const struct answer *o, \
			      const struct answer *t)

RULE(ipa_low_bits)
{
	(void)p;
	return alike_but(o, t, 0, 0, 0xfff) && t->w[1] & SMMU_EVT1_S2;
}

RULE(cd_fetch_address)
{
	(void)p;
	return o->id == SMMU_EVT_F_CD_FETCH && t->id == SMMU_EVT_F_CD_FETCH &&
	       o->w[0] == t->w[0] && o->w[3] == t->w[2];
}

/* Of a write, in events of classes CD and TT. */
RULE(rnw_of_walk)
{
	(void)p;
	return DIFF_OP(*p->step) == DIFF_WRITE &&
	       alike_but(o, t, SMMU_EVT1_RNW, 0, 0xfff) &&
	       IOM_FIELD_GET(SMMU_EVT1_CLASS, o->w[1]) != SMMU_CLASS_IN;
}

RULE(bypass_out_of_range)
{
	(void)p;
	return o->id == SMMU_EVT_F_ADDR_SIZE && !t->reached && !t->events;
}

RULE(privilege)
{
	(void)t;
	/* No event where CD.R is 0. */
	return p->met & MET_AP1 && !o->reached && (o->id == SMMU_EVT_F_PERMISSION || !o->events);
}

RULE(span)
{
	(void)t;
	return p->met & MET_SPAN && o->id == SMMU_EVT_C_BAD_STREAMID;
}

RULE(recinvsid)
{
	return p->met & MET_NO_RECINV && !o->reached && !o->events &&
	       (t->id == SMMU_EVT_C_BAD_STREAMID || p->met & MET_SPAN);
}

RULE(s2ps)
{
	(void)o;
	return p->met & MET_S2PS && t->id == SMMU_EVT_C_BAD_STE;
}

RULE(strw)
{
	(void)t;
	return p->met & MET_STRW && o->id == SMMU_EVT_C_BAD_STE;
}

RULE(s2_httu)
{
	(void)t;
	return p->met & MET_S2HTTU && o->id == SMMU_EVT_C_BAD_STE;
}

RULE(s1contextptr)
{
	return p->met & MET_CTX && o->id == SMMU_EVT_C_BAD_STE && !t->reached &&
	       (t->id == SMMU_EVT_F_CD_FETCH || !t->events);
}

RULE(block_level)
{
	(void)t;
	return p->met & MET_BLOCK && o->id == SMMU_EVT_F_TRANSLATION;
}

RULE(table_address_size)
{
	return p->met & MET_NOWHERE && o->id == SMMU_EVT_F_ADDR_SIZE &&
	       t->id == SMMU_EVT_F_WALK_EABT;
}

RULE(s2_flag_out_of_range)
{
	/* None of ours where STE.S2R is 0. */
	if (p->met & MET_NOWHERE && !o->reached && !o->events &&
	    t->id == SMMU_EVT_F_TRANSLATION && !(t->w[1] & SMMU_EVT1_S2))
		return true;
	return p->met & MET_NOWHERE && o->id == SMMU_EVT_F_TRANSLATION &&
	       alike_but(o, t, SMMU_EVT1_S2 | SMMU_EVT1_RNW, 0, 0xffff) &&
	       !(t->w[1] & SMMU_EVT1_S2);
}

RULE(concatenation)
{
	(void)o;
	(void)t;
	return p->met & (MET_CONCAT | MET_S2GEOM);
}

RULE(start_level)
{
	(void)t;
	return p->met & MET_S2GEOM && o->id == SMMU_EVT_C_BAD_STE;
}

RULE(s1_fields_of_s2)
{
	return p->met & MET_S1FIELDS && t->id == SMMU_EVT_C_BAD_STE &&
	       o->id != SMMU_EVT_C_BAD_STE;
}

RULE(class_of_address_size)
{
	return p->met & MET_NOWHERE && o->id == SMMU_EVT_F_ADDR_SIZE &&
	       IOM_FIELD_GET(SMMU_EVT1_CLASS, o->w[1]) == SMMU_CLASS_IN &&
	       alike_but(o, t, SMMU_EVT1_CLASS | SMMU_EVT1_RNW, 0, UINT64_MAX);
}

/* The table's address, not the descriptor's. */
RULE(ipa_of_walk)
{
	(void)p;
	return IOM_FIELD_GET(SMMU_EVT1_CLASS, o->w[1]) == SMMU_CLASS_TT &&
	       alike_but(o, t, SMMU_EVT1_RNW, 0, 0xffff);
}

RULE(ap_table)
{
	return p->met & MET_APTABLE && o->id >= SMMU_EVT_F_TRANSLATION &&
	       o->id < SMMU_EVT_F_PERMISSION && t->id == SMMU_EVT_F_PERMISSION;
}

/* One stream's read filled the entry that another's write hits. */
RULE(ap_table_hit)
{
	return p->met & MET_APTABLE && p->met & MET_TWINS && t->reached &&
	       DIFF_OP(*p->step) == DIFF_WRITE && o->id == SMMU_EVT_F_PERMISSION &&
	       !(o->w[1] & SMMU_EVT1_S2);
}

/* Of a stage 2 that translates the other half's TTB. */
RULE(ttb_with_cd)
{
	(void)o;
	return p->met & MET_TTB && !t->reached && t->w[1] & SMMU_EVT1_S2 &&
	       IOM_FIELD_GET(SMMU_EVT1_CLASS, t->w[1]) == SMMU_CLASS_TT;
}

RULE(tbi1)
{
	return p->met & MET_TBI &&
	       (o->id == SMMU_EVT_F_TRANSLATION || t->id == SMMU_EVT_F_TRANSLATION);
}

RULE(stale)
{
	(void)o;
	(void)t;
	return p->met & MET_WEAK;
}

/* Commands of what the SMMU does not have, and reserved values. */
static bool illegal_commands(const struct diff_pair *p)
{
	unsigned int op = (unsigned int)IOM_FIELD_GET(SMMU_CMD0_OPCODE, p->step[1]);

	/* We stop at the first; QEMU goes on. */
	if (DIFF_OP(*p->step) != DIFF_CMD || p->o[2] != 1 || p->o[3] != SMMU_CERROR_ILL ||
	    p->o[4] || p->t[2])
		return false;
	if (p->step[1] & SMMU_CMD0_SSEC)
		return true;
	switch (op) {
	case SMMU_CMD_CFGI_CD:
	case SMMU_CMD_CFGI_CD_ALL:	/* without stage 1 */
	case SMMU_CMD_TLBI_EL3_ALL:
	case SMMU_CMD_TLBI_EL3_VA:
	case SMMU_CMD_TLBI_EL2_ALL:
	case SMMU_CMD_TLBI_EL2_ASID:
	case SMMU_CMD_TLBI_EL2_VA:
	case SMMU_CMD_TLBI_EL2_VAA:
	case SMMU_CMD_ATC_INV:
	case SMMU_CMD_PRI_RESP:
	case SMMU_CMD_RESUME:
	case SMMU_CMD_STALL_TERM:
		return true;
	case SMMU_CMD_TLBI_NH_VA:
	case SMMU_CMD_TLBI_NH_VAA:
	case SMMU_CMD_TLBI_S2_IPA:
		/* TG with NUM, SCALE and TTL of 0. */
		return p->step[2] & SMMU_CMD_TLBI1_TG && !(p->step[2] & SMMU_CMD_TLBI1_TTL) &&
		       !(p->step[1] & (SMMU_CMD_TLBI0_NUM | SMMU_CMD_TLBI0_SCALE));
	case SMMU_CMD_SYNC:
		return IOM_FIELD_GET(SMMU_CMD_SYNC0_CS, p->step[1]) == 3;
	default:
		return false;
	}
}

/* The same events, but no OVFLG that waits for its OVACKFLG: EVENTQ_ABT_ERR instead. */
static bool queue_overflow(const struct diff_pair *p)
{
	uint32_t n = DIFF_LOG_WORDS(*p->o), i;

	if (DIFF_OP(*p->step) != DIFF_KEEP || *p->o != *p->t)
		return false;
	for (i = 2; i < n; i++) {
		if (p->o[1 + i] != p->t[1 + i])
			return false;
	}
	return p->o[1] == 1 && !p->o[2] && !p->t[1] &&
	       p->t[2] == SMMU_GERROR_EVENTQ_ABT;
}

static struct diff_rule overflow = { "Overflow of the event queue", 0 };
static struct diff_rule commands = { "Illegal commands", 0 };

static struct {
	struct diff_rule r;
	bool (*is)(const struct diff_pair *p, const struct answer *o, const struct answer *t);
} rules[] = {
	{ { "IPA low bits", 0 }, ipa_low_bits },
	{ { "F_CD_FETCH address", 0 }, cd_fetch_address },
	{ { "RnW of a walk", 0 }, rnw_of_walk },
	{ { "Bypass out of range", 0 }, bypass_out_of_range },
	{ { "Privilege", 0 }, privilege },
	{ { "L1STD.Span", 0 }, span },
	{ { "RECINVSID", 0 }, recinvsid },
	{ { "S2PS and S2T0SZ", 0 }, s2ps },
	{ { "STRW", 0 }, strw },
	{ { "S2HA and S2HD", 0 }, s2_httu },
	{ { "S1ContextPtr out of range", 0 }, s1contextptr },
	{ { "Levels of blocks", 0 }, block_level },
	{ { "Size of a table's address", 0 }, table_address_size },
	{ { "S2 of an IPA out of range", 0 }, s2_flag_out_of_range },
	{ { "Start level and size", 0 }, start_level },
	{ { "Stage-1 fields of a stage-2 STE", 0 }, s1_fields_of_s2 },
	{ { "CLASS of F_ADDR_SIZE", 0 }, class_of_address_size },
	{ { "IPA of a walk", 0 }, ipa_of_walk },
	{ { "Order of APTable", 0 }, ap_table },
	{ { "APTable of a hit", 0 }, ap_table_hit },
	{ { "TTBx with the CD", 0 }, ttb_with_cd },
	{ { "TBI1", 0 }, tbi1 },
	{ { "Too few commands", 0 }, stale },
	{ { "Concatenated tables", 0 }, concatenation },
};

struct diff_rule *diff_rules_find(const struct diff_pair *p)
{
	struct answer o, t;
	size_t i;

	if (queue_overflow(p))
		return &overflow;
	if (!is_access(p))
		return illegal_commands(p) ? &commands : NULL;
	o = answer(p->o);
	t = answer(p->t);
	for (i = 0; i < IOM_ARRAY_SIZE(rules); i++) {
		if (rules[i].is(p, &o, &t))
			return &rules[i].r;
	}
	return NULL;
}

void diff_rules_print(void)
{
	size_t i;

	printf("%6lu  %s\n", commands.used, commands.name);
	printf("%6lu  %s\n", overflow.used, overflow.name);
	for (i = 0; i < IOM_ARRAY_SIZE(rules); i++)
		printf("%6lu  %s\n", rules[i].r.used, rules[i].r.name);
}
