/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One row a group of fields of one word: the fields, and all that must be so
 * for an SMMU to look at them. Owns nothing.
 */
#include <iom/base/mem.h>
#include <iom/spec/lpae.h>

#include "smmuv3_used.h"

/* What an STE or CD says, or the SMMU can do. A row asks for all of its bits. */
#define VALID		0x00001u
#define LIVE		0x00002u	/* STE: Config is 1xx */
#define S1		0x00004u
#define S2		0x00008u
#define NO_S1		0x00010u	/* some transactions go by the incoming attributes */
#define TRANSL		0x00020u
#define EL1		0x00040u
#define SUBSTREAMS	0x00080u	/* S1CDMax is not 0 */
#define HALF0		0x00100u
#define HALF1		0x00200u
#define ASIDS		0x00400u
#define HAS_S2P		0x01000u
#define HAS_ATS		0x02000u
#define HAS_PRI		0x04000u
#define HAS_FWB		0x08000u
#define HAS_DS		0x10000u
#define HAS_HAFT	0x20000u
#define HAS_MPAM	0x40000u
#define HAS_DPT		0x80000u

struct row {
	uint8_t word;
	uint64_t bits;
	uint32_t when;
	bool tlb;	/* translations depend on it */
};

/* 5.2 */
static const struct row ste_rows[] = {
	{ 0, SMMU_STE0_V, 0, false },
	{ 0, SMMU_STE0_CONFIG, VALID, false },
	{ 1, SMMU_STE1_CONT | SMMU_STE1_DRE | SMMU_STE1_DCP | SMMU_STE1_MEV, LIVE, false },
	{ 1, SMMU_STE1_PRIVCFG | SMMU_STE1_INSTCFG, LIVE, false },
	{ 1, SMMU_STE1_MEMATTR | SMMU_STE1_MTCFG | SMMU_STE1_ALLOCCFG | SMMU_STE1_SHCFG,
	  NO_S1, false },

	{ 0, SMMU_STE0_S1CONTEXTPTR_ADDR | SMMU_STE0_S1CDMAX, S1, false },
	{ 0, SMMU_STE0_S1FMT, S1 | SUBSTREAMS, false },
	{ 1, SMMU_STE1_S1DSS, S1 | SUBSTREAMS, false },
	{ 1, SMMU_STE1_S1CIR | SMMU_STE1_S1COR | SMMU_STE1_S1CSH | SMMU_STE1_S1STALLD |
	     SMMU_STE1_STRW, S1, false },
	{ 1, SMMU_STE1_PPAR, S1 | SUBSTREAMS | HAS_PRI, false },
	{ 1, SMMU_STE1_EATS, TRANSL | HAS_ATS, false },
	{ 1, SMMU_STE1_S1MPAM, S1 | HAS_MPAM, false },
	{ 4, SMMU_STE4_PARTID, LIVE | HAS_MPAM, false },
	{ 5, SMMU_STE5_PMG, LIVE | HAS_MPAM, false },
	{ 5, SMMU_STE5_VMSPTR_ADDR, TRANSL | HAS_MPAM, false },

	/* 3.17: the VMID is a tag of stage 1 too, if the SMMU has a stage 2 */
	{ 2, SMMU_STE2_S2VMID, S1 | EL1 | HAS_S2P, true },
	{ 2, SMMU_STE2_S2VMID | SMMU_STE2_S2T0SZ | SMMU_STE2_S2SL0 | SMMU_STE2_S2IR0 |
	     SMMU_STE2_S2OR0 | SMMU_STE2_S2SH0 | SMMU_STE2_S2TG | SMMU_STE2_S2PS |
	     SMMU_STE2_S2AA64 | SMMU_STE2_S2ENDI | SMMU_STE2_S2AFFD | SMMU_STE2_S2PTW, S2, true },
	{ 2, SMMU_STE2_S2S | SMMU_STE2_S2R, S2, false },
	{ 2, SMMU_STE2_S2HA | SMMU_STE2_S2HD, S2, true },	/* illegal without HTTU */
	{ 2, SMMU_STE2_S2HAFT, S2 | HAS_HAFT, true },
	{ 1, SMMU_STE1_S2FWB, S2 | HAS_FWB, true },
	{ 3, SMMU_STE3_S2TTB_ADDR, S2, true },
	{ 3, SMMU_STE3_S2SL0_2 | SMMU_STE3_S2DS, S2 | HAS_DS, true },
	{ 2, SMMU_STE2_DPT_VMATCH, LIVE | HAS_DPT, false },
};

/* 5.4 */
static const struct row cd_rows[] = {
	{ 0, SMMU_CD0_V, 0, false },
	{ 0, SMMU_CD0_TBI0 | SMMU_CD0_S | SMMU_CD0_R | SMMU_CD0_A, VALID, false },
	{ 0, SMMU_CD0_EPD0 | SMMU_CD0_EPD1 | SMMU_CD0_TBI1, VALID | ASIDS, false },
	{ 0, SMMU_CD0_WXN | SMMU_CD0_UWXN | SMMU_CD0_PAN, VALID, false },
	{ 0, SMMU_CD0_ENDI | SMMU_CD0_IPS | SMMU_CD0_AA64 | SMMU_CD0_AFFD, VALID, true },
	{ 0, SMMU_CD0_HA | SMMU_CD0_HD, VALID, true },		/* illegal without HTTU */
	{ 1, SMMU_CD1_HAFT, VALID | HAS_HAFT, true },
	{ 0, SMMU_CD0_ASID | SMMU_CD0_ASET, VALID | ASIDS, true },
	{ 1, SMMU_CD1_EPAN | SMMU_CD1_PNCH, VALID, false },
	{ 2, SMMU_CD2_DS, VALID | HAS_DS, true },
	{ 3, SMMU_CD3_MAIR, VALID, true },
	{ 4, SMMU_CD4_AMAIR, VALID, false },
	{ 5, SMMU_CD5_PARTID | SMMU_CD5_PMG, VALID | HAS_MPAM, false },

	{ 0, SMMU_CD0_T0SZ | SMMU_CD0_TG0 | SMMU_CD0_IR0 | SMMU_CD0_OR0 | SMMU_CD0_SH0,
	  HALF0, true },
	{ 1, SMMU_CD1_TTB0_ADDR | SMMU_CD1_HAD0, HALF0, true },
	{ 1, SMMU_CD1_E0PD0, HALF0, false },
	{ 0, SMMU_CD0_T1SZ | SMMU_CD0_TG1 | SMMU_CD0_IR1 | SMMU_CD0_OR1 | SMMU_CD0_SH1,
	  HALF1, true },
	{ 2, SMMU_CD2_TTB1_ADDR | SMMU_CD2_HAD1, HALF1, true },
	{ 2, SMMU_CD2_E0PD1, HALF1, false },
};

static void collect(const struct row *rows, size_t n, uint32_t is, bool tlb, uint64_t mask[8])
{
	const struct row *r;

	memset(mask, 0, 8 * sizeof(*mask));
	for (r = rows; r < rows + n; r++) {
		if ((r->when & ~is) == 0 && (r->tlb || !tlb))
			mask[r->word] |= r->bits;
	}
}

static uint32_t has(const struct iomi_smmuv3_caps *c)
{
	return (c->s2p ? HAS_S2P : 0) | (c->ats ? HAS_ATS : 0) | (c->pri ? HAS_PRI : 0) |
	       (c->fwb ? HAS_FWB : 0) | (c->ds ? HAS_DS : 0) | (c->mpam ? HAS_MPAM : 0) |
	       (c->dpt ? HAS_DPT : 0) |
	       (c->httu > SMMU_HTTU_AF_DIRTY ? HAS_HAFT : 0);
}

/* --- STE ------------------------------------------------------------------- */

static uint32_t ste_is(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps)
{
	unsigned int config = (unsigned int)IOM_FIELD_GET(SMMU_STE0_CONFIG, ste[0]);
	uint32_t is = has(caps);

	if (!(ste[0] & SMMU_STE0_V))
		return is;
	is |= VALID;
	if (config < SMMU_STE_CONFIG_BYPASS)
		return is;
	is |= LIVE;
	if (config != SMMU_STE_CONFIG_BYPASS)
		is |= TRANSL;
	if (config & 2)
		is |= S2;
	if (!(config & 1))
		return is | NO_S1;
	is |= S1;
	if (IOM_FIELD_GET(SMMU_STE1_STRW, ste[1]) == SMMU_STRW_EL1)
		is |= EL1;
	if (iomi_smmuv3_rules_cd_max(ste, caps)) {
		is |= SUBSTREAMS;
		if (IOM_FIELD_GET(SMMU_STE1_S1DSS, ste[1]) == SMMU_S1DSS_BYPASS)
			is |= NO_S1;
	}
	return is;
}

void iomi_smmuv3_used_ste(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			  uint64_t mask[8])
{
	collect(ste_rows, IOM_ARRAY_SIZE(ste_rows), ste_is(ste, caps), false, mask);
}

void iomi_smmuv3_used_tlb_ste(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			      uint64_t mask[8])
{
	collect(ste_rows, IOM_ARRAY_SIZE(ste_rows), ste_is(ste, caps), true, mask);
}

/* --- CD -------------------------------------------------------------------- */

static uint32_t cd_is(const uint64_t cd[8], const uint64_t *ste,
		      const struct iomi_smmuv3_caps *caps)
{
	uint32_t is = has(caps);
	bool two_priv;

	if (!(cd[0] & SMMU_CD0_V))
		return is;
	is |= VALID;
	two_priv = !ste || iomi_smmuv3_rules_two_priv(ste, caps);
	if (!iomi_smmuv3_rules_half_off(cd, 0, two_priv))
		is |= HALF0;
	if (!iomi_smmuv3_rules_half_off(cd, 1, two_priv))
		is |= HALF1;
	/* EL2 without E2H has one half and no ASID */
	return two_priv ? is | ASIDS : is;
}

void iomi_smmuv3_used_cd(const uint64_t cd[8], const uint64_t *ste,
			 const struct iomi_smmuv3_caps *caps, uint64_t mask[8])
{
	collect(cd_rows, IOM_ARRAY_SIZE(cd_rows), cd_is(cd, ste, caps), false, mask);
}

void iomi_smmuv3_used_tlb_cd(const uint64_t cd[8], const uint64_t *ste,
			     const struct iomi_smmuv3_caps *caps, uint64_t mask[8])
{
	collect(cd_rows, IOM_ARRAY_SIZE(cd_rows), cd_is(cd, ste, caps), true, mask);
}

/* --- descriptors ----------------------------------------------------------- */

uint64_t iomi_smmuv3_used_l1std(uint64_t desc)
{
	unsigned int span = (unsigned int)IOM_FIELD_GET(SMMU_L1STD_SPAN, desc);

	if (!span)
		return SMMU_L1STD_SPAN;
	/* bits below the size of the second level are taken as 0 */
	return SMMU_L1STD_SPAN | (SMMU_L1STD_L2PTR_ADDR & UINT64_MAX << (span + 5));
}

uint64_t iomi_smmuv3_used_l1cd(uint64_t desc)
{
	return desc & SMMU_L1CD_V ? SMMU_L1CD_V | SMMU_L1CD_L2PTR_ADDR : SMMU_L1CD_V;
}

/*
 * Of a leaf everything but what is left to software, PBHA (which this
 * interface ignores without IDR3.PBHA), nT (a hint for updates), and bits that
 * mean nothing to an SMMU. Addresses and their variants (DS, 64K) fill 49:8.
 */
#define ADDR_BITS	IOM_BITS64(49, 12)
#define LEAF_S1		(IOM_BITS64(11, 6) | LPAE_S1_ATTRINDX | LPAE_TYPE | LPAE_CONTIG | \
			 LPAE_S1_PXN | LPAE_S1_UXN)
#define LEAF_S2		(IOM_BITS64(10, 2) | LPAE_TYPE | LPAE_CONTIG | LPAE_S2_XN)
#define TABLE_S1	IOM_BITS64(63, 59)

uint64_t iomi_smmuv3_used_desc(unsigned int stage, bool table, uint64_t held, uint64_t now,
			       bool ha, bool hd)
{
	uint64_t diff = held ^ now, dirty = stage == 1 ? LPAE_S1_AP2_RO : LPAE_S2_AP_WRITE;
	bool clean;

	if (!(held & LPAE_VALID) || !(now & LPAE_VALID))
		return diff & LPAE_VALID;
	if (table)
		return diff & (LPAE_TYPE | ADDR_BITS | (stage == 1 ? TABLE_S1 : 0));
	diff &= (stage == 1 ? LEAF_S1 : LEAF_S2) | ADDR_BITS | (hd ? LPAE_DBM : 0);
	if ((held & LPAE_TYPE) == LPAE_TYPE_BLOCK)
		diff &= ~LPAE_NT;
	/* set by the SMMU, never cleared by it */
	if (ha && (now & LPAE_AF))
		diff &= ~LPAE_AF;
	clean = stage == 1 ? held & dirty : !(held & dirty);
	if (hd && (held & now & LPAE_DBM) && clean)
		diff &= ~dirty;
	return diff;
}
