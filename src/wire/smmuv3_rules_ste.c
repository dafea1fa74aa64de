/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IHI 0070, 5.2: what makes an STE illegal (C_BAD_STE). Fields of a capability
 * that is absent are RES0 and ignored, so they break no rule here: S2FWB
 * without FWB, S2DS and S2SL0[2] without DS, EATS without ATS, S2HAFT unless
 * HTTU is 3.
 */
#include <iom/spec/lpae.h>

#include "smmuv3_rules.h"

/* When a rule is asked. */
#define ALWAYS	0x01u
#define TRANSL	0x02u		/* some stage translates */
#define S1	0x04u
#define S2	0x08u
#define S2_64	0x10u		/* stage 2 in AArch64 format */

#define RULE(f) static bool f(const uint64_t *w, const uint64_t *ste, \
			      const struct iomi_smmuv3_caps *c)
#define UNUSED	((void)w, (void)ste, (void)c)

static unsigned int config(const uint64_t *w)
{
	return (unsigned int)IOM_FIELD_GET(SMMU_STE0_CONFIG, w[0]);
}

RULE(v)
{
	UNUSED;
	return !(w[0] & SMMU_STE0_V);
}

RULE(config_s1)
{
	UNUSED;
	return !c->s1p;
}

RULE(config_s2)
{
	UNUSED;
	return !c->s2p;
}

RULE(strw_reserved)
{
	UNUSED;
	return IOM_FIELD_GET(SMMU_STE1_STRW, w[1]) & 1;
}

RULE(strw_hyp)
{
	UNUSED;
	return IOM_FIELD_GET(SMMU_STE1_STRW, w[1]) == SMMU_STRW_EL2 && !c->hyp;
}

/* 3.3.4: stage 2 belongs to the StreamWorld NS-EL1 */
RULE(strw_nested)
{
	UNUSED;
	return IOM_FIELD_GET(SMMU_STE1_STRW, w[1]) == SMMU_STRW_EL2 &&
	       config(w) == SMMU_STE_CONFIG_S1S2;
}

RULE(s1stalld)
{
	UNUSED;
	return (w[1] & SMMU_STE1_S1STALLD) && c->stall_model != SMMU_STALL_MODEL_BOTH;
}

RULE(s1cdmax)
{
	UNUSED;
	return iomi_smmuv3_rules_cd_max(w, c) > c->ssidsize;
}

RULE(s1fmt)
{
	unsigned int fmt = (unsigned int)IOM_FIELD_GET(SMMU_STE0_S1FMT, w[0]);

	UNUSED;
	return iomi_smmuv3_rules_cd_max(w, c) && !c->cd2l &&
	       (fmt == SMMU_S1FMT_4K || fmt == SMMU_S1FMT_64K);
}

/* A PA, or with stage 2 an IPA. */
RULE(s1contextptr)
{
	unsigned int bits = config(w) == SMMU_STE_CONFIG_S1S2 ? c->ias_bits : c->oas_bits;

	UNUSED;
	return (w[0] & SMMU_STE0_S1CONTEXTPTR_ADDR) >> bits;
}

/* Whatever ATSCHK says: that one only turns a legal 2 into 0. */
RULE(eats_split)
{
	UNUSED;
	return c->ats && IOM_FIELD_GET(SMMU_STE1_EATS, w[1]) == SMMU_EATS_SPLIT &&
	       (config(w) != SMMU_STE_CONFIG_S1S2 || (w[2] & SMMU_STE2_S2S) || c->ns1ats);
}

/* ATS requests never stall, so stage 2 must not either */
RULE(eats_s2s)
{
	unsigned int eats = iomi_smmuv3_rules_eats(w, c);

	UNUSED;
	return (eats == SMMU_EATS_FULL || eats == SMMU_EATS_DPT) && (w[2] & SMMU_STE2_S2S);
}

/* The VMID tags stage-1 entries too, but not those of EL2. */
RULE(s2vmid)
{
	UNUSED;
	if (!c->s2p || c->vmid16 || IOM_FIELD_GET(SMMU_STE2_S2VMID, w[2]) <= 0xff)
		return false;
	return config(w) != SMMU_STE_CONFIG_S1 ||
	       IOM_FIELD_GET(SMMU_STE1_STRW, w[1]) == SMMU_STRW_EL1;
}

RULE(s2s)
{
	UNUSED;
	if (w[2] & SMMU_STE2_S2S)
		return c->stall_model == SMMU_STALL_MODEL_NONE;
	return c->stall_model == SMMU_STALL_MODEL_FORCE;
}

RULE(s2endi)
{
	UNUSED;
	return w[2] & SMMU_STE2_S2ENDI ? c->ttendian == SMMU_TTENDIAN_LE :
					 c->ttendian == SMMU_TTENDIAN_BE;
}

RULE(s2aa64)
{
	UNUSED;
	return w[2] & SMMU_STE2_S2AA64 ? !c->aarch64 : !c->aarch32;
}

RULE(s2fwb)
{
	UNUSED;
	return c->fwb && (w[1] & SMMU_STE1_S2FWB) && !(w[2] & SMMU_STE2_S2AA64);
}

RULE(s2ha)
{
	UNUSED;
	return (w[2] & SMMU_STE2_S2HA) && c->httu == SMMU_HTTU_NONE;
}

RULE(s2hd)
{
	UNUSED;
	return (w[2] & SMMU_STE2_S2HD) && c->httu < SMMU_HTTU_AF_DIRTY;
}

RULE(s2haft)
{
	UNUSED;
	return c->httu > SMMU_HTTU_AF_DIRTY && (w[2] & SMMU_STE2_S2HAFT) &&
	       !(w[2] & SMMU_STE2_S2HA);
}

static unsigned int granule(const uint64_t *w)
{
	return iomi_smmuv3_rules_tg0_lg2((unsigned int)IOM_FIELD_GET(SMMU_STE2_S2TG, w[2]));
}

static unsigned int t0sz(const uint64_t *w)
{
	return (unsigned int)IOM_FIELD_GET(SMMU_STE2_S2T0SZ, w[2]);
}

RULE(s2tg)
{
	UNUSED;
	return !iomi_smmuv3_rules_has_granule(c, granule(w));
}

RULE(s2t0sz_large)
{
	unsigned int max = LPAE_TXSZ_MAX;

	UNUSED;
	if (c->stt)
		max = granule(w) == 16 ? LPAE_TXSZ_MAX_STT_64K : LPAE_TXSZ_MAX_STT;
	return t0sz(w) > max;
}

RULE(s2t0sz_small)
{
	bool wide = granule(w) == 16 || iomi_smmuv3_rules_s2_ds(w, c);

	UNUSED;
	return t0sz(w) < (wide ? LPAE_TXSZ_MIN_52 : LPAE_TXSZ_MIN) ||
	       64 - t0sz(w) > c->ias_bits;
}

RULE(s2sl0_reserved)
{
	UNUSED;
	return granule(w) && iomi_smmuv3_rules_s2_start(w, c) == IOMI_SMMUV3_RULES_NO_LEVEL;
}

/* Where a longer walk is not permitted, concatenation is the only way. */
RULE(s2sl0_pa)
{
	int start = iomi_smmuv3_rules_s2_start(w, c);

	UNUSED;
	switch (granule(w)) {
	case 12:
		return start == -1 ? c->oas_bits < 52 : start == 0 && c->oas_bits < 44;
	case 14:
		return start == 1 && c->oas_bits < 42;
	default:
		return start == 1 && c->oas_bits < 44;
	}
}

/* At least one index bit at the start level, at most a full one and 16 tables. */
RULE(s2sl0_t0sz)
{
	int start = iomi_smmuv3_rules_s2_start(w, c);
	unsigned int g = granule(w), bits = 64 - t0sz(w), shift;

	UNUSED;
	if (!g || start == IOMI_SMMUV3_RULES_NO_LEVEL)
		return false;
	shift = g + (unsigned int)(3 - start) * (g - 3);
	return bits <= shift || bits > shift + g - 3 + LPAE_CONCAT_LG2_MAX;
}

RULE(s2ttb)
{
	UNUSED;
	return (w[3] & SMMU_STE3_S2TTB_ADDR) >> iomi_smmuv3_rules_s2_oa_bits(w, c);
}

/*
 * The rules: predicate (its name is the rule's), section, text, when. One list
 * makes the table and, inlined, the question whether any of them is broken:
 * legal structures are what a device sees, and must cost little.
 */
#define RULES(X) \
	X(v, "5.2 V", "the STE is not valid", ALWAYS) \
	X(config_s1, "5.2 Config", \
	  "Config selects stage 1, which IDR0.S1P says is absent", S1) \
	X(config_s2, "5.2 Config", \
	  "Config selects stage 2, which IDR0.S2P says is absent", S2) \
	X(strw_reserved, "5.2 STRW", \
	  "STRW is 01 or 11, which is no Non-secure StreamWorld", S1) \
	X(strw_hyp, "5.2 STRW", "STRW is EL2 but IDR0.HYP = 0", S1) \
	X(strw_nested, "5.2 STRW", "STRW is EL2 while stage 2 translates", S1) \
	X(s1stalld, "5.2 S1STALLD", "S1STALLD = 1 but IDR0.STALL_MODEL is not 0", S1) \
	X(s1cdmax, "5.2 S1CDMax", "S1CDMax exceeds IDR1.SSIDSIZE", S1) \
	X(s1fmt, "5.2 S1Fmt", "S1Fmt is two-level but IDR0.CD2L = 0", S1) \
	X(s1contextptr, "5.2 S1ContextPtr", "S1ContextPtr exceeds OAS (IAS with stage 2)", S1) \
	X(eats_split, "5.2 EATS", \
	  "EATS is split-stage without Config 111, S2S = 0 and IDR0.NS1ATS = 0", TRANSL) \
	X(eats_s2s, "5.2 EATS", "EATS is on while S2S = 1: ATS requests cannot stall", S2) \
	X(s2vmid, "5.2 S2VMID", "S2VMID has more than 8 bits but IDR0.VMID16 = 0", TRANSL) \
	X(s2s, "5.2 S2S", "S2S disagrees with IDR0.STALL_MODEL (1 wants 0, 2 wants 1)", S2) \
	X(s2endi, "5.2 S2ENDI", "S2ENDI is an endianness that IDR0.TTENDIAN lacks", S2) \
	X(s2aa64, "5.2 S2AA64", "S2AA64 is a table format that IDR0.TTF lacks", S2) \
	X(s2fwb, "5.2 S2FWB", "S2FWB = 1 with AArch32 tables", S2) \
	X(s2ha, "5.2 S2HA", "S2HA = 1 but IDR0.HTTU = 0", S2_64) \
	X(s2hd, "5.2 S2HD", "S2HD = 1 but IDR0.HTTU is less than 2", S2_64) \
	X(s2haft, "5.2 S2HAFT", "S2HAFT = 1 without S2HA", S2_64) \
	X(s2tg, "5.2 S2TG", "S2TG is reserved, or a granule that IDR5 lacks", S2_64) \
	X(s2t0sz_large, "5.2 S2T0SZ", \
	  "S2T0SZ is above 39 (with STT: 48, or 47 with 64K)", S2_64) \
	X(s2t0sz_small, "5.2 S2T0SZ", \
	  "S2T0SZ is below 16 (12 with 64K or S2DS), or more IPA bits than IAS", S2_64) \
	X(s2sl0_reserved, "5.2 S2SL0", "S2SL0 is reserved with this S2TG", S2_64) \
	X(s2sl0_pa, "5.2 S2SL0", "S2SL0 starts at a level that needs a larger OAS", S2_64) \
	X(s2sl0_t0sz, "5.2 S2SL0", \
	  "S2SL0 does not fit S2T0SZ: no bit to resolve there, or more than 16 tables", S2_64) \
	X(s2ttb, "5.2 S2TTB", "S2TTB exceeds the effective S2PS", S2_64)

#define ROW(f, section, text, when)	{ #f, section, text, when, f },
static const struct iomi_smmuv3_rule rules[] = { RULES(ROW) };

const struct iomi_smmuv3_rule *iomi_smmuv3_rules_of_ste(size_t *n)
{
	*n = IOM_ARRAY_SIZE(rules);
	return rules;
}

/* Config 0xx ignores everything but V; 100 translates nowhere, so ignores it too. */
static unsigned int active(const uint64_t *ste)
{
	unsigned int cfg = config(ste), mask = ALWAYS;

	if (!(ste[0] & SMMU_STE0_V) || cfg <= SMMU_STE_CONFIG_BYPASS)
		return mask;
	mask |= TRANSL;
	if (cfg & 1)
		mask |= S1;
	if (cfg & 2)
		mask |= ste[2] & SMMU_STE2_S2AA64 ? S2 | S2_64 : S2;
	return mask;
}

#define ASK(f, section, text, when) | ((mask & (when)) && f(w, ste, c))
static bool any(const uint64_t *w, const uint64_t *ste, const struct iomi_smmuv3_caps *c,
		unsigned int mask)
{
	return false RULES(ASK);
}

const struct iomi_smmuv3_rule *iomi_smmuv3_rules_ste(const uint64_t ste[8],
						     const struct iomi_smmuv3_caps *caps,
						     const struct iomi_smmuv3_rule *after)
{
	const struct iomi_smmuv3_rule *r = after ? after + 1 : rules;
	unsigned int mask = active(ste);

	if (!any(ste, NULL, caps, mask))
		return NULL;
	for (; r < rules + IOM_ARRAY_SIZE(rules); r++) {
		if ((r->when & mask) && r->broken(ste, NULL, caps))
			return r;
	}
	return NULL;
}
