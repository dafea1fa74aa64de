/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IHI 0070, 4 and 7.1: what makes a command of the Non-secure command queue
 * CERROR_ILL. Each opcode names the rows that concern it, the frequent ones
 * first, so that a TLBI asks three questions only.
 */
#include "smmuv3_rules.h"

#define RULE(f) static bool f(const uint64_t *w, const uint64_t *ste, \
			      const struct iomi_smmuv3_caps *c)
#define UNUSED	((void)w, (void)ste, (void)c)

RULE(always)
{
	UNUSED;
	return true;
}

RULE(ssec)
{
	UNUSED;
	return w[0] & SMMU_CMD0_SSEC;
}

RULE(s1p)
{
	UNUSED;
	return !c->s1p;
}

RULE(s2p)
{
	UNUSED;
	return !c->s2p;
}

RULE(hyp)
{
	UNUSED;
	return !c->hyp;
}

/* 4.4.1: a range of no size is said with TG = 0 */
RULE(range)
{
	uint64_t scale = c->ds ? SMMU_CMD_TLBI0_SCALE_DS : SMMU_CMD_TLBI0_SCALE;

	UNUSED;
	return c->ril && (w[1] & SMMU_CMD_TLBI1_TG) && !(w[1] & SMMU_CMD_TLBI1_TTL) &&
	       !(w[0] & (SMMU_CMD_TLBI0_NUM | scale));
}

RULE(cs)
{
	UNUSED;
	return IOM_FIELD_GET(SMMU_CMD_SYNC0_CS, w[0]) > SMMU_SYNC_CS_SEV;
}

RULE(ats)
{
	UNUSED;
	return !c->ats;
}

RULE(pri)
{
	UNUSED;
	return !c->pri;
}

RULE(resp)
{
	UNUSED;
	return IOM_FIELD_GET(SMMU_CMD_PRI1_RESP, w[1]) > SMMU_PRI_RESP_SUCCESS;
}

RULE(stall)
{
	UNUSED;
	return c->stall_model == SMMU_STALL_MODEL_NONE;
}

RULE(mpam)
{
	UNUSED;
	return !c->mpam;
}

/* Rows, and their bits in what an opcode asks. */
enum {
	R_SSEC, R_S1P, R_RANGE, R_CS, R_S2P, R_HYP,
	R_ATS, R_PRI, R_RESP, R_STALL, R_MPAM, R_OPCODE,
};

static const struct iomi_smmuv3_rule rules[] = {
	[R_SSEC] = { "ssec", "4.1.6", "SSec = 1 on the Non-secure command queue", 0, ssec },
	[R_S1P] = { "s1p", "4", "the command is about stage 1, which IDR0.S1P says is absent",
		    0, s1p },
	[R_RANGE] = { "range", "4.4.1", "TG is not 0 while NUM, SCALE and TTL all are", 0, range },
	[R_CS] = { "cs", "4.7.3", "CS = 3 is reserved", 0, cs },
	[R_S2P] = { "s2p", "4.4", "the command is about stage 2, which IDR0.S2P says is absent",
		    0, s2p },
	[R_HYP] = { "hyp", "4.4", "the command is about EL2, but IDR0.HYP = 0", 0, hyp },
	[R_ATS] = { "ats", "4.5.1", "ATC_INV needs ATS, but IDR0.ATS = 0", 0, ats },
	[R_PRI] = { "pri", "4.5.2", "PRI_RESP needs PRI, but IDR0.PRI = 0", 0, pri },
	[R_RESP] = { "resp", "4.5.2", "Resp = 3 is reserved", 0, resp },
	[R_STALL] = { "stall", "4.6", "nothing stalls: IDR0.STALL_MODEL = 1", 0, stall },
	[R_MPAM] = { "mpam", "4.3.7", "CFGI_VMS_PIDM needs MPAM, but IDR3.MPAM = 0", 0, mpam },
	[R_OPCODE] = { "opcode", "4.1.3", "the opcode is unknown, or not for this queue",
		       0, always },
};

#define ASK(row)	(1u << (row))

static unsigned int asks(unsigned int opcode)
{
	unsigned int m = ASK(R_SSEC);

	switch (opcode) {
	case SMMU_CMD_PREFETCH_CONFIG:
	case SMMU_CMD_PREFETCH_ADDR:
	case SMMU_CMD_CFGI_STE:
	case SMMU_CMD_CFGI_STE_RANGE:
	case SMMU_CMD_TLBI_NSNH_ALL:
		return m;
	case SMMU_CMD_SYNC:
		return m | ASK(R_CS);
	case SMMU_CMD_CFGI_CD:
	case SMMU_CMD_CFGI_CD_ALL:
	case SMMU_CMD_TLBI_NH_ALL:
	case SMMU_CMD_TLBI_NH_ASID:
		return m | ASK(R_S1P);
	case SMMU_CMD_TLBI_NH_VA:
	case SMMU_CMD_TLBI_NH_VAA:
		return m | ASK(R_S1P) | ASK(R_RANGE);
	case SMMU_CMD_TLBI_S12_VMALL:
		return m | ASK(R_S2P);
	case SMMU_CMD_TLBI_S2_IPA:
		return m | ASK(R_S2P) | ASK(R_RANGE);
	case SMMU_CMD_TLBI_EL2_ALL:
	case SMMU_CMD_TLBI_EL2_ASID:
		return m | ASK(R_HYP);
	case SMMU_CMD_TLBI_EL2_VA:
	case SMMU_CMD_TLBI_EL2_VAA:
		return m | ASK(R_HYP) | ASK(R_RANGE);
	case SMMU_CMD_ATC_INV:
		return m | ASK(R_ATS);
	case SMMU_CMD_PRI_RESP:
		return m | ASK(R_PRI) | ASK(R_RESP);
	case SMMU_CMD_RESUME:
	case SMMU_CMD_STALL_TERM:
		return m | ASK(R_STALL);
	case SMMU_CMD_CFGI_VMS_PIDM:
		return m | ASK(R_MPAM);
	default:		/* EL3, Secure and DPT commands too */
		return ASK(R_OPCODE);
	}
}

const struct iomi_smmuv3_rule *iomi_smmuv3_rules_of_cmd(size_t *n)
{
	*n = IOM_ARRAY_SIZE(rules);
	return rules;
}

/* What a driver sends most, without going through the rows one by one. */
static bool plain_va(const uint64_t *w, const struct iomi_smmuv3_caps *c)
{
	return !ssec(w, NULL, c) && !s1p(w, NULL, c) && !range(w, NULL, c);
}

const struct iomi_smmuv3_rule *iomi_smmuv3_rules_cmd(const uint64_t cmd[2],
						     const struct iomi_smmuv3_caps *caps,
						     const struct iomi_smmuv3_rule *after)
{
	unsigned int op = (unsigned int)IOM_FIELD_GET(SMMU_CMD0_OPCODE, cmd[0]), m;
	size_t i = after ? (size_t)(after - rules) + 1 : 0;

	if ((op == SMMU_CMD_TLBI_NH_VA || op == SMMU_CMD_TLBI_NH_VAA) && plain_va(cmd, caps))
		return NULL;
	m = asks(op) >> i;
	for (; m; m >>= 1, i++) {
		if ((m & 1) && rules[i].broken(cmd, NULL, caps))
			return &rules[i];
	}
	return NULL;
}
