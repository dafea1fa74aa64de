/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When an STE, a CD or a command is illegal: one const row a cause, for the
 * device (what to refuse), for decoders (why) and for whoever checks a driver.
 * Which rule of several broken ones is found first means nothing (IHI 0070
 * leaves the order open).
 *
 * Words are native uint64_t, as loaded from little-endian memory. Everything
 * here is pure; any thread.
 */
#ifndef IOMI_WIRE_SMMUV3_RULES_H
#define IOMI_WIRE_SMMUV3_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/spec/smmuv3.h>

/* --- capabilities ---------------------------------------------------------- */

/* What an SMMU can do, as far as legality depends on it. */
struct iomi_smmuv3_caps {
	/* IDR0 */
	bool s1p, s2p;
	bool aarch32, aarch64;		/* TTF */
	bool hyp, ats, ns1ats, pri, cd2l, asid16, vmid16, term_model;
	uint8_t httu;			/* SMMU_HTTU_*; 3: also AF in tables */
	uint8_t ttendian;		/* SMMU_TTENDIAN_* */
	uint8_t stall_model;		/* SMMU_STALL_MODEL_* */
	/* IDR1 */
	uint8_t sidsize, ssidsize;
	/* IDR3 */
	bool xnx, mpam, fwb, stt, ril, dpt;
	/* IDR5 */
	bool gran4k, gran16k, gran64k, ds, vax52;
	uint8_t oas_bits;		/* 32..52; 56 needs D128 and counts as 52 without it */
	uint8_t ias_bits;		/* 3.4: OAS, at least 40 with AArch32 */
	/* registers that legality depends on; not part of the IDRs */
	bool atschk;			/* CR0.ATSCHK */
	bool e2h;			/* CR2.E2H */
};

/* idr: IDR0 to IDR5. Never fails; reserved values read as the smallest capability. */
void iomi_smmuv3_rules_caps(const uint32_t idr[6], struct iomi_smmuv3_caps *out);

/* --- rules ----------------------------------------------------------------- */

struct iomi_smmuv3_rule {
	const char *name;		/* short, lower case, unique in its table */
	const char *section;		/* of IHI 0070 */
	const char *text;		/* one line, says what is wrong */
	uint8_t when;			/* internal: which configurations ask it */
	/* ste: that led to a CD; NULL for the others */
	bool (*broken)(const uint64_t *w, const uint64_t *ste,
		       const struct iomi_smmuv3_caps *caps);
};

/*
 * First rule after `after` (NULL: of all) that the structure breaks, or NULL if
 * there is none. With V = 0 only the rule of V is reported; an STE whose Config
 * is 0xx breaks nothing. A CD needs its STE.
 */
const struct iomi_smmuv3_rule *iomi_smmuv3_rules_ste(const uint64_t ste[8],
						     const struct iomi_smmuv3_caps *caps,
						     const struct iomi_smmuv3_rule *after);
const struct iomi_smmuv3_rule *iomi_smmuv3_rules_cd(const uint64_t cd[8], const uint64_t ste[8],
						    const struct iomi_smmuv3_caps *caps,
						    const struct iomi_smmuv3_rule *after);
/* What makes a command CERROR_ILL. */
const struct iomi_smmuv3_rule *iomi_smmuv3_rules_cmd(const uint64_t cmd[2],
						     const struct iomi_smmuv3_caps *caps,
						     const struct iomi_smmuv3_rule *after);

/* The tables themselves, for tests and documentation; *n rows. */
const struct iomi_smmuv3_rule *iomi_smmuv3_rules_of_ste(size_t *n);
const struct iomi_smmuv3_rule *iomi_smmuv3_rules_of_cd(size_t *n);
const struct iomi_smmuv3_rule *iomi_smmuv3_rules_of_cmd(size_t *n);

/* --- what fields mean, where a rule and its user must agree ---------------- */

/* Bits of an address size (OAS, IPS, S2PS): 32, 36, ... 56. */
unsigned int iomi_smmuv3_rules_ps_bits(unsigned int ps);
/* log2 of the granule of TG0 (also S2TG) and of TG1; 0 if reserved. P13. */
static inline unsigned int iomi_smmuv3_rules_tg0_lg2(unsigned int tg)
{
	static const uint8_t lg2[4] = {
		[SMMU_TG0_4K] = 12, [SMMU_TG0_16K] = 14, [SMMU_TG0_64K] = 16,
	};

	return lg2[tg & 3];
}

static inline unsigned int iomi_smmuv3_rules_tg1_lg2(unsigned int tg)
{
	static const uint8_t lg2[4] = {
		[SMMU_TG1_4K] = 12, [SMMU_TG1_16K] = 14, [SMMU_TG1_64K] = 16,
	};

	return lg2[tg & 3];
}

bool iomi_smmuv3_rules_has_granule(const struct iomi_smmuv3_caps *caps, unsigned int lg2);

/* Does the STE say two privileges of EL1 or EL2-E2H (true), or EL2 alone? */
bool iomi_smmuv3_rules_two_priv(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps);
/* Is nothing walked from TTB0 (half 0) or TTB1? EL2 alone knows no EPD, and no TTB1. */
bool iomi_smmuv3_rules_half_off(const uint64_t cd[8], unsigned int half, bool two_priv);
/* log2 of the CDs an STE has. */
unsigned int iomi_smmuv3_rules_cd_max(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps);
/* DS in force: the capability, the bit, and not 64K. */
bool iomi_smmuv3_rules_s2_ds(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps);
bool iomi_smmuv3_rules_s1_ds(const uint64_t cd[8], unsigned int half,
			     const struct iomi_smmuv3_caps *caps);
/* Effective size of what a stage puts out, in bits: clamped to OAS, and to 48 where only 48 fit. */
unsigned int iomi_smmuv3_rules_s2_oa_bits(const uint64_t ste[8],
					  const struct iomi_smmuv3_caps *caps);
unsigned int iomi_smmuv3_rules_s1_oa_bits(const uint64_t cd[8], unsigned int half,
					  const struct iomi_smmuv3_caps *caps);
/* Start level of stage 2, -1 to 3, or NO_LEVEL if S2SL0 is reserved with S2TG. P12. */
#define IOMI_SMMUV3_RULES_NO_LEVEL	4
int iomi_smmuv3_rules_s2_start(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps);
/* EATS in force: SMMU_EATS_OFF without ATS, with Config 100, and split-stage without ATSCHK. */
unsigned int iomi_smmuv3_rules_eats(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps);

#endif
