/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capabilities, and what fields mean where several rules and their users must
 * agree. The rules are in smmuv3_rules_ste.c, smmuv3_rules_cd.c and
 * smmuv3_rules_cmd.c. Owns nothing.
 */
#include <iom/base/mem.h>

#include "smmuv3_rules.h"

unsigned int iomi_smmuv3_rules_ps_bits(unsigned int ps)
{
	static const uint8_t bits[8] = { 32, 36, 40, 42, 44, 48, 52, 56 };

	return bits[ps & 7];
}

/* TTF: bit 0 AArch32, bit 1 AArch64 */
void iomi_smmuv3_rules_caps(const uint32_t idr[6], struct iomi_smmuv3_caps *out)
{
	uint32_t idr0 = idr[0], idr3 = idr[3], idr5 = idr[5];
	uint32_t ttf = IOM_FIELD_GET(SMMU_IDR0_TTF, idr0);
	unsigned int oas = iomi_smmuv3_rules_ps_bits(IOM_FIELD_GET(SMMU_IDR5_OAS, idr5));

	memset(out, 0, sizeof(*out));
	out->s1p = idr0 & SMMU_IDR0_S1P;
	out->s2p = idr0 & SMMU_IDR0_S2P;
	out->aarch32 = ttf & SMMU_TTF_AARCH32;
	out->aarch64 = ttf & SMMU_TTF_AARCH64;
	out->hyp = idr0 & SMMU_IDR0_HYP;
	out->ats = idr0 & SMMU_IDR0_ATS;
	out->ns1ats = idr0 & SMMU_IDR0_NS1ATS;
	out->pri = idr0 & SMMU_IDR0_PRI;
	out->cd2l = idr0 & SMMU_IDR0_CD2L;
	out->asid16 = idr0 & SMMU_IDR0_ASID16;
	out->vmid16 = idr0 & SMMU_IDR0_VMID16;
	out->term_model = idr0 & SMMU_IDR0_TERM_MODEL;
	out->httu = (uint8_t)IOM_FIELD_GET(SMMU_IDR0_HTTU, idr0);
	out->ttendian = (uint8_t)IOM_FIELD_GET(SMMU_IDR0_TTENDIAN, idr0);
	out->stall_model = (uint8_t)IOM_FIELD_GET(SMMU_IDR0_STALL_MODEL, idr0);
	out->sidsize = (uint8_t)IOM_FIELD_GET(SMMU_IDR1_SIDSIZE, idr[1]);
	out->ssidsize = (uint8_t)IOM_FIELD_GET(SMMU_IDR1_SSIDSIZE, idr[1]);
	out->xnx = idr3 & SMMU_IDR3_XNX;
	out->mpam = idr3 & SMMU_IDR3_MPAM;
	out->fwb = idr3 & SMMU_IDR3_FWB;
	out->stt = idr3 & SMMU_IDR3_STT;
	out->ril = idr3 & SMMU_IDR3_RIL;
	out->dpt = idr3 & SMMU_IDR3_DPT;
	out->gran4k = idr5 & SMMU_IDR5_GRAN4K;
	out->gran16k = idr5 & SMMU_IDR5_GRAN16K;
	out->gran64k = idr5 & SMMU_IDR5_GRAN64K;
	out->ds = idr5 & SMMU_IDR5_DS;
	out->vax52 = IOM_FIELD_GET(SMMU_IDR5_VAX, idr5) >= SMMU_VAX_52;
	out->oas_bits = (uint8_t)(oas > 52 && !(idr5 & SMMU_IDR5_D128) ? 52 : oas);
	out->ias_bits = out->aarch32 && out->oas_bits < 40 ? 40 : out->oas_bits;
}

bool iomi_smmuv3_rules_has_granule(const struct iomi_smmuv3_caps *caps, unsigned int lg2)
{
	switch (lg2) {
	case 12:
		return caps->gran4k;
	case 14:
		return caps->gran16k;
	case 16:
		return caps->gran64k;
	default:
		return false;
	}
}

/* 5.2 STE.STRW: it is looked at only if stage 1 translates */
bool iomi_smmuv3_rules_two_priv(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps)
{
	return IOM_FIELD_GET(SMMU_STE1_STRW, ste[1]) != SMMU_STRW_EL2 || caps->e2h;
}

bool iomi_smmuv3_rules_half_off(const uint64_t cd[8], unsigned int half, bool two_priv)
{
	return two_priv ? cd[0] & (half ? SMMU_CD0_EPD1 : SMMU_CD0_EPD0) : half;
}

/* 5.2 S1CDMax: ignored if SSIDSIZE = 0 */
unsigned int iomi_smmuv3_rules_cd_max(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps)
{
	return caps->ssidsize ? (unsigned int)IOM_FIELD_GET(SMMU_STE0_S1CDMAX, ste[0]) : 0;
}

/* --- sizes ----------------------------------------------------------------- */

static unsigned int s2_granule(const uint64_t ste[8])
{
	return iomi_smmuv3_rules_tg0_lg2((unsigned int)IOM_FIELD_GET(SMMU_STE2_S2TG, ste[2]));
}

static unsigned int s1_granule(const uint64_t cd[8], unsigned int half)
{
	return half ? iomi_smmuv3_rules_tg1_lg2((unsigned int)IOM_FIELD_GET(SMMU_CD0_TG1, cd[0])) :
		      iomi_smmuv3_rules_tg0_lg2((unsigned int)IOM_FIELD_GET(SMMU_CD0_TG0, cd[0]));
}

bool iomi_smmuv3_rules_s2_ds(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps)
{
	return caps->ds && (ste[3] & SMMU_STE3_S2DS) && s2_granule(ste) != 16;
}

bool iomi_smmuv3_rules_s1_ds(const uint64_t cd[8], unsigned int half,
			     const struct iomi_smmuv3_caps *caps)
{
	return caps->ds && (cd[2] & SMMU_CD2_DS) && s1_granule(cd, half) != 16;
}

/* 5.2 S2PS, 5.4 IPS: more than OAS counts as OAS; 52 bits fit with 64K or DS only */
static unsigned int oa_bits(unsigned int ps, bool wide, const struct iomi_smmuv3_caps *caps)
{
	unsigned int bits = iomi_smmuv3_rules_ps_bits(ps);

	if (bits > caps->oas_bits)
		bits = caps->oas_bits;
	return bits > 48 && !wide ? 48 : bits;
}

unsigned int iomi_smmuv3_rules_s2_oa_bits(const uint64_t ste[8],
					  const struct iomi_smmuv3_caps *caps)
{
	return oa_bits((unsigned int)IOM_FIELD_GET(SMMU_STE2_S2PS, ste[2]),
		       s2_granule(ste) == 16 || iomi_smmuv3_rules_s2_ds(ste, caps), caps);
}

unsigned int iomi_smmuv3_rules_s1_oa_bits(const uint64_t cd[8], unsigned int half,
					  const struct iomi_smmuv3_caps *caps)
{
	return oa_bits((unsigned int)IOM_FIELD_GET(SMMU_CD0_IPS, cd[0]),
		       s1_granule(cd, half) == 16 || iomi_smmuv3_rules_s1_ds(cd, half, caps), caps);
}

/* --- stage-2 start, ATS ---------------------------------------------------- */

/* 5.2 S2SL0: 4K counts 2, 1, 0, 3, the others 3, 2, 1, 0 (P12) */
int iomi_smmuv3_rules_s2_start(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps)
{
	unsigned int sl0 = (unsigned int)IOM_FIELD_GET(SMMU_STE2_S2SL0, ste[2]);
	bool ds = iomi_smmuv3_rules_s2_ds(ste, caps);

	switch (s2_granule(ste)) {
	case 12:
		if (ds && (ste[3] & SMMU_STE3_S2SL0_2))
			return sl0 ? IOMI_SMMUV3_RULES_NO_LEVEL : -1;
		if (sl0 == 3)
			return caps->stt ? 3 : IOMI_SMMUV3_RULES_NO_LEVEL;
		return 2 - (int)sl0;
	case 14:
		return sl0 == 3 && !ds ? IOMI_SMMUV3_RULES_NO_LEVEL : 3 - (int)sl0;
	case 16:
		return sl0 == 3 ? IOMI_SMMUV3_RULES_NO_LEVEL : 3 - (int)sl0;
	default:
		return IOMI_SMMUV3_RULES_NO_LEVEL;
	}
}

unsigned int iomi_smmuv3_rules_eats(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps)
{
	unsigned int eats = (unsigned int)IOM_FIELD_GET(SMMU_STE1_EATS, ste[1]);

	if (!caps->ats || IOM_FIELD_GET(SMMU_STE0_CONFIG, ste[0]) == SMMU_STE_CONFIG_BYPASS)
		return SMMU_EATS_OFF;
	if (eats == SMMU_EATS_SPLIT && !caps->atschk)
		return SMMU_EATS_OFF;
	if (eats == SMMU_EATS_DPT && !caps->dpt)
		return SMMU_EATS_OFF;
	return eats;
}
