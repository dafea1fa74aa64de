/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IHI 0070, 5.4: what makes a CD illegal (C_BAD_CD), given the STE that led to
 * it. A half with EPD = 1 is not looked at. A StreamWorld with one privilege
 * (EL2 without E2H) has the lower half only, whatever EPD0 and EPD1 say.
 */
#include <iom/spec/lpae.h>

#include "smmuv3_rules.h"

/* When a rule is asked. */
#define ALWAYS	0x01u
#define VALID	0x02u
#define AA64	0x04u
#define HALF0	0x08u		/* AArch64, and the half is in use */
#define HALF1	0x10u
#define HALVES	0x20u		/* valid, and some half is in use */

#define RULE(f) static bool f(const uint64_t *w, const uint64_t *ste, \
			      const struct iomi_smmuv3_caps *c)
#define UNUSED	((void)w, (void)ste, (void)c)

RULE(v)
{
	UNUSED;
	return !(w[0] & SMMU_CD0_V);
}

RULE(s_s1stalld)
{
	UNUSED;
	return (w[0] & SMMU_CD0_S) && (ste[1] & SMMU_STE1_S1STALLD);
}

RULE(s_model)
{
	UNUSED;
	if (w[0] & SMMU_CD0_S)
		return c->stall_model == SMMU_STALL_MODEL_NONE;
	return c->stall_model == SMMU_STALL_MODEL_FORCE;
}

RULE(a_model)
{
	UNUSED;
	return c->term_model && !(w[0] & SMMU_CD0_A);
}

RULE(endi)
{
	UNUSED;
	return w[0] & SMMU_CD0_ENDI ? c->ttendian == SMMU_TTENDIAN_LE :
				      c->ttendian == SMMU_TTENDIAN_BE;
}

RULE(aa64)
{
	UNUSED;
	return w[0] & SMMU_CD0_AA64 ? !c->aarch64 : !c->aarch32;
}

RULE(ha)
{
	UNUSED;
	return (w[0] & SMMU_CD0_HA) && c->httu == SMMU_HTTU_NONE;
}

RULE(hd)
{
	UNUSED;
	return (w[0] & SMMU_CD0_HD) && c->httu < SMMU_HTTU_AF_DIRTY;
}

/* Below HTTU 3 HAFT is RES0. */
RULE(haft)
{
	UNUSED;
	return c->httu > SMMU_HTTU_AF_DIRTY && (w[1] & SMMU_CD1_HAFT) && !(w[0] & SMMU_CD0_HA);
}

/* EL2 without E2H has no ASID. */
RULE(asid)
{
	UNUSED;
	return !c->asid16 && IOM_FIELD_GET(SMMU_CD0_ASID, w[0]) > 0xff &&
	       iomi_smmuv3_rules_two_priv(ste, c);
}

static unsigned int granule(const uint64_t *w, unsigned int half)
{
	return half ? iomi_smmuv3_rules_tg1_lg2((unsigned int)IOM_FIELD_GET(SMMU_CD0_TG1, w[0])) :
		      iomi_smmuv3_rules_tg0_lg2((unsigned int)IOM_FIELD_GET(SMMU_CD0_TG0, w[0]));
}

static bool bad_txsz(const uint64_t *w, unsigned int half, const struct iomi_smmuv3_caps *c)
{
	unsigned int g = granule(w, half), min = LPAE_TXSZ_MIN, max = LPAE_TXSZ_MAX;
	unsigned int txsz = (unsigned int)(half ? IOM_FIELD_GET(SMMU_CD0_T1SZ, w[0]) :
						  IOM_FIELD_GET(SMMU_CD0_T0SZ, w[0]));

	if (c->vax52 && (g == 16 || iomi_smmuv3_rules_s1_ds(w, half, c)))
		min = LPAE_TXSZ_MIN_52;
	if (c->stt)
		max = g == 16 ? LPAE_TXSZ_MAX_STT_64K : LPAE_TXSZ_MAX_STT;
	return txsz < min || txsz > max;
}

RULE(tg0)
{
	UNUSED;
	return !iomi_smmuv3_rules_has_granule(c, granule(w, 0));
}

RULE(tg1)
{
	UNUSED;
	return !iomi_smmuv3_rules_has_granule(c, granule(w, 1));
}

RULE(t0sz)
{
	UNUSED;
	return bad_txsz(w, 0, c);
}

RULE(t1sz)
{
	UNUSED;
	return bad_txsz(w, 1, c);
}

RULE(ttb0)
{
	UNUSED;
	return (w[1] & SMMU_CD1_TTB0_ADDR) >> iomi_smmuv3_rules_s1_oa_bits(w, 0, c);
}

RULE(ttb1)
{
	UNUSED;
	return (w[2] & SMMU_CD2_TTB1_ADDR) >> iomi_smmuv3_rules_s1_oa_bits(w, 1, c);
}

/*
 * The rules: predicate (its name is the rule's), section, text, when. One list
 * makes the table and, inlined, the question whether any of them is broken:
 * legal structures are what a device sees, and must cost little.
 */
#define RULES(X) \
	X(v, "5.4 V", "the CD is not valid", ALWAYS) \
	X(s_s1stalld, "5.4 S", "S = 1 while STE.S1STALLD = 1", VALID) \
	X(s_model, "5.4 S", "S disagrees with IDR0.STALL_MODEL (1 wants 0, 2 wants 1)", VALID) \
	X(a_model, "5.4 A", "A = 0 but IDR0.TERM_MODEL = 1 knows abort only", VALID) \
	X(endi, "5.4 ENDI", "ENDI is an endianness that IDR0.TTENDIAN lacks", HALVES) \
	X(aa64, "5.4 AA64", "AA64 is a table format that IDR0.TTF lacks", VALID) \
	X(asid, "5.4 ASID", "ASID has more than 8 bits but IDR0.ASID16 = 0", VALID) \
	X(ha, "5.4 HA", "HA = 1 but IDR0.HTTU = 0", AA64) \
	X(hd, "5.4 HD", "HD = 1 but IDR0.HTTU is less than 2", AA64) \
	X(haft, "5.4 HAFT", "HAFT = 1 without HA", AA64) \
	X(tg0, "5.4 TG0", "TG0 is reserved, or a granule that IDR5 lacks", HALF0) \
	X(t0sz, "5.4 T0SZ", \
	  "T0SZ is out of 16..39 (12 with VAX and 64K or DS; 48, or 47 with 64K, with STT)", \
	  HALF0) \
	X(ttb0, "5.4 TTB0", "TTB0 exceeds the effective IPS", HALF0) \
	X(tg1, "5.4 TG1", "TG1 is reserved, or a granule that IDR5 lacks", HALF1) \
	X(t1sz, "5.4 T1SZ", \
	  "T1SZ is out of 16..39 (12 with VAX and 64K or DS; 48, or 47 with 64K, with STT)", \
	  HALF1) \
	X(ttb1, "5.4 TTB1", "TTB1 exceeds the effective IPS", HALF1)

#define ROW(f, section, text, when)	{ #f, section, text, when, f },
static const struct iomi_smmuv3_rule rules[] = { RULES(ROW) };

const struct iomi_smmuv3_rule *iomi_smmuv3_rules_of_cd(size_t *n)
{
	*n = IOM_ARRAY_SIZE(rules);
	return rules;
}

static unsigned int active(const uint64_t *cd, const uint64_t *ste,
			   const struct iomi_smmuv3_caps *caps)
{
	bool two_priv = iomi_smmuv3_rules_two_priv(ste, caps);
	unsigned int mask = ALWAYS, halves;

	if (!(cd[0] & SMMU_CD0_V))
		return mask;
	mask |= VALID;
	halves = (iomi_smmuv3_rules_half_off(cd, 0, two_priv) ? 0 : HALF0) |
		 (iomi_smmuv3_rules_half_off(cd, 1, two_priv) ? 0 : HALF1);
	if (halves)
		mask |= HALVES;
	if (cd[0] & SMMU_CD0_AA64)
		mask |= AA64 | halves;
	return mask;
}

#define ASK(f, section, text, when) | ((mask & (when)) && f(w, ste, c))
static bool any(const uint64_t *w, const uint64_t *ste, const struct iomi_smmuv3_caps *c,
		unsigned int mask)
{
	return false RULES(ASK);
}

const struct iomi_smmuv3_rule *iomi_smmuv3_rules_cd(const uint64_t cd[8], const uint64_t ste[8],
						    const struct iomi_smmuv3_caps *caps,
						    const struct iomi_smmuv3_rule *after)
{
	const struct iomi_smmuv3_rule *r = after ? after + 1 : rules;
	unsigned int mask = active(cd, ste, caps);

	if (!any(cd, ste, caps, mask))
		return NULL;
	for (; r < rules + IOM_ARRAY_SIZE(rules); r++) {
		if ((r->when & mask) && r->broken(cd, ste, caps))
			return r;
	}
	return NULL;
}
