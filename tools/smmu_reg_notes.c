/* SPDX-License-Identifier: BSD-2-Clause */
/* What one register says together with the others: errors, queues, impossible IDRs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <iom/spec/smmuv3.h>

#include "smmu_regs.h"
#include "smmu_text.h"

#define ILLEGAL(rule, section, ...) \
	iom_tool_smmu_note(d, "illegal", rule, section, __VA_ARGS__)
#define NOTE(rule, section, ...) iom_tool_smmu_note(d, "note", rule, section, __VA_ARGS__)

static uint64_t get(const struct iom_tool_regs *r, uint32_t offset)
{
	uint64_t v;

	iom_tool_regs_get(r, offset, &v);
	return v;
}

static bool has(const struct iom_tool_regs *r, uint32_t offset)
{
	uint64_t v;

	return iom_tool_regs_get(r, offset, &v);
}

/* --- IDRs ------------------------------------------------------------------ */

static void idr0(const struct iom_tool_regs *r, uint64_t v, struct iom_tool_decoded *d)
{
	bool v32 = get(r, SMMU_AIDR) >= 2;

	if (!(v & (SMMU_IDR0_S1P | SMMU_IDR0_S2P)))
		ILLEGAL("stages", "6.3.1", "neither stage is implemented");
	if ((v & SMMU_IDR0_PRI) && !(v & SMMU_IDR0_ATS))
		ILLEGAL("pri", "6.3.1", "PRI needs ATS");
	if (v32 && (v & SMMU_IDR0_S1P) && (v & SMMU_IDR0_S2P) && !(v & SMMU_IDR0_HYP))
		ILLEGAL("hyp", "6.3.1", "v3.2 with both stages has HYP = 1");
	if ((v & SMMU_IDR0_VMID16) && !(v & SMMU_IDR0_S2P))
		NOTE("vmid16", "6.3.1", "VMID16 means nothing without stage 2");
}

static void idr1(uint64_t v, struct iom_tool_decoded *d)
{
	if (IOM_FIELD_GET(SMMU_IDR1_SIDSIZE, v) > 32)
		ILLEGAL("sidsize", "6.3.2", "SIDSIZE is at most 32");
	if (IOM_FIELD_GET(SMMU_IDR1_SSIDSIZE, v) > 20)
		ILLEGAL("ssidsize", "6.3.2", "SSIDSIZE is at most 20");
	if (IOM_FIELD_GET(SMMU_IDR1_CMDQS, v) > SMMU_QUEUE_LOG2_MAX ||
	    IOM_FIELD_GET(SMMU_IDR1_EVENTQS, v) > SMMU_QUEUE_LOG2_MAX ||
	    IOM_FIELD_GET(SMMU_IDR1_PRIQS, v) > SMMU_QUEUE_LOG2_MAX)
		ILLEGAL("queues", "6.3.2", "a queue has at most 2^19 entries");
}

static void idr3(const struct iom_tool_regs *r, uint64_t v, struct iom_tool_decoded *d)
{
	if (get(r, SMMU_AIDR) < 2)
		return;
	if (!(v & SMMU_IDR3_RIL))
		ILLEGAL("ril", "6.3.4", "v3.2 has RIL = 1");
	if (!(v & SMMU_IDR3_BBML))
		ILLEGAL("bbml", "6.3.4", "v3.2 has BBML of at least 1");
	if ((get(r, SMMU_IDR0) & SMMU_IDR0_S2P) && !(v & SMMU_IDR3_FWB))
		ILLEGAL("fwb", "6.3.4", "v3.2 with stage 2 has FWB = 1");
}

static void idr5(uint64_t v, struct iom_tool_decoded *d)
{
	uint64_t grans = SMMU_IDR5_GRAN4K | SMMU_IDR5_GRAN16K | SMMU_IDR5_GRAN64K;

	if (!(v & grans))
		ILLEGAL("granule", "6.3.6", "no granule is implemented");
	if (IOM_FIELD_GET(SMMU_IDR5_OAS, v) == SMMU_OAS_56 && !(v & SMMU_IDR5_D128))
		ILLEGAL("oas", "6.3.6", "56 bits need D128");
}

/* --- control --------------------------------------------------------------- */

static void ack(const struct iom_tool_regs *r, uint32_t other, uint64_t v,
		struct iom_tool_decoded *d)
{
	if (has(r, other) && get(r, other) != v)
		NOTE("ack", "6.3", "differs from the ACK register in 0x%" PRIx64
		     ": not in force yet", get(r, other) ^ v);
}

static void gerror(const struct iom_tool_regs *r, uint64_t v, struct iom_tool_decoded *d)
{
	uint64_t active = v ^ get(r, SMMU_GERRORN);
	unsigned int i;

	if (!has(r, SMMU_GERRORN))
		return;
	for (i = 0; i < d->layout->n_fields; i++) {
		if (active & d->layout->fields[i].mask)
			NOTE("active", "6.3.18", "%s is active: not acknowledged",
			     d->layout->fields[i].name);
	}
}

static void strtab(const struct iom_tool_regs *r, uint64_t v, struct iom_tool_decoded *d)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE, v);
	unsigned int split = (unsigned int)IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_SPLIT, v);

	if (has(r, SMMU_IDR1) && lg2 > IOM_FIELD_GET(SMMU_IDR1_SIDSIZE, get(r, SMMU_IDR1)))
		ILLEGAL("log2size", "6.3.24", "more STEs than IDR1.SIDSIZE has StreamIDs");
	if (IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_FMT, v) != SMMU_STRTAB_FMT_2LVL)
		return;
	if (split != 6 && split != 8 && split != 10)
		ILLEGAL("split", "6.3.24", "SPLIT is 6, 8 or 10");
	if (has(r, SMMU_IDR0) &&
	    IOM_FIELD_GET(SMMU_IDR0_ST_LEVEL, get(r, SMMU_IDR0)) != SMMU_ST_LEVEL_2LVL)
		ILLEGAL("st_level", "6.3.24", "two levels, but IDR0.ST_LEVEL = 0");
}

/* --- queues ---------------------------------------------------------------- */

static void queue_base(const struct iom_tool_regs *r, uint64_t v, uint64_t max_mask,
		       unsigned int entry_lg2, struct iom_tool_decoded *d)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, v);
	uint64_t size = UINT64_C(1) << (lg2 + entry_lg2);

	if (has(r, SMMU_IDR1) && lg2 > IOM_FIELD_GET(max_mask, get(r, SMMU_IDR1)))
		ILLEGAL("log2size", "6.3.25", "more entries than IDR1 allows");
	if ((v & SMMU_Q_BASE_ADDR) & (size - 1))
		NOTE("addr", "6.3.25", "ADDR is not aligned to the queue's size: bits are ignored");
}

static void queue(const struct iom_tool_regs *r, uint32_t base, uint64_t prod, uint64_t cons,
		  struct iom_tool_decoded *d)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, get(r, base));
	uint64_t mask, waiting;

	if (!has(r, base) || lg2 > SMMU_QUEUE_LOG2_MAX)
		return;
	mask = (UINT64_C(2) << lg2) - 1;
	waiting = (prod - cons) & mask;
	if (waiting > UINT64_C(1) << lg2)
		ILLEGAL("index", "3.5.1", "PROD is more than a ring ahead of CONS");
	else
		NOTE("waiting", "3.5.1", "%" PRIu64 " of %" PRIu64 " entries wait", waiting,
		     UINT64_C(1) << lg2);
	if ((prod ^ cons) & SMMU_Q_OVFLG && base != SMMU_CMDQ_BASE)
		NOTE("overflow", "3.5.4", "OVFLG differs from OVACKFLG: entries were lost");
}

void iom_tool_smmu_reg_notes(const struct iom_tool_regs *r, uint32_t offset,
			     struct iom_tool_decoded *d)
{
	uint64_t v = d->w[0];

	switch (offset) {
	case SMMU_IDR0:
		idr0(r, v, d);
		break;
	case SMMU_IDR1:
		idr1(v, d);
		break;
	case SMMU_IDR3:
		idr3(r, v, d);
		break;
	case SMMU_IDR5:
		idr5(v, d);
		break;
	case SMMU_CR0:
		ack(r, SMMU_CR0ACK, v, d);
		break;
	case SMMU_IRQ_CTRL:
		ack(r, SMMU_IRQ_CTRLACK, v, d);
		break;
	case SMMU_GBPA:
		if (v & SMMU_GBPA_UPDATE)
			NOTE("update", "6.3.14", "the update is not done yet");
		break;
	case SMMU_GERROR:
		gerror(r, v, d);
		break;
	case SMMU_STRTAB_BASE_CFG:
		strtab(r, v, d);
		break;
	case SMMU_CMDQ_BASE:
		queue_base(r, v, SMMU_IDR1_CMDQS, 4, d);
		break;
	case SMMU_EVENTQ_BASE:
		queue_base(r, v, SMMU_IDR1_EVENTQS, 5, d);
		break;
	case SMMU_PRIQ_BASE:
		queue_base(r, v, SMMU_IDR1_PRIQS, 4, d);
		break;
	case SMMU_CMDQ_CONS:
		queue(r, SMMU_CMDQ_BASE, get(r, SMMU_CMDQ_PROD), v, d);
		break;
	case SMMU_EVENTQ_CONS:
		queue(r, SMMU_EVENTQ_BASE, get(r, SMMU_EVENTQ_PROD), v, d);
		break;
	case SMMU_PRIQ_CONS:
		queue(r, SMMU_PRIQ_BASE, get(r, SMMU_PRIQ_PROD), v, d);
		break;
	default:
		break;
	}
}
