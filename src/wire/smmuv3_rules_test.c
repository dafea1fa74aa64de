/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Legality of STEs, CDs and commands. Each vector changes a legal structure or
 * the capabilities and names the one rule that then is broken, or none; each
 * rule of the tables must have been named. The start of stage 2 is compared
 * with the published table for every S2T0SZ, S2SL0 and granule. S8, S5, P12,
 * P13: numbers of the fact sheets.
 */
#include <pt/lpae.h>
#include <wire/smmuv3_rules.h>

#include "lib/test.h"

#define PREP(m, v)	IOM_FIELD_PREP(m, (uint64_t)(v))
#define PREP32(m, v)	(uint32_t)IOM_FIELD_PREP(m, (uint32_t)(v))

/* A change: which word or IDR (IDR0 is 100), bits to clear, bits to set. */
struct edit {
	unsigned int where;
	uint64_t clear, set;
};
#define IDR(n)	(100 + (n))
#define ATSCHK	200
#define E2H	201

struct vector {
	const char *want;	/* NULL: legal */
	struct edit e[4];
};

#define FIELD(w, m, v)	{ (w), (m), PREP(m, v) }
#define SET(w, m)	{ (w), 0, (m) }
#define CLEAR(w, m)	{ (w), (m), 0 }

static const uint32_t base_idr[6] = {
	SMMU_IDR0_S1P | SMMU_IDR0_S2P | PREP32(SMMU_IDR0_TTF, 2) | SMMU_IDR0_HYP | SMMU_IDR0_ATS |
	SMMU_IDR0_PRI | SMMU_IDR0_ASID16 | SMMU_IDR0_VMID16 | SMMU_IDR0_CD2L |
	PREP32(SMMU_IDR0_TTENDIAN, 2) | PREP32(SMMU_IDR0_HTTU, 2),
	PREP32(SMMU_IDR1_SIDSIZE, 16) | PREP32(SMMU_IDR1_SSIDSIZE, 8),
	0,
	SMMU_IDR3_FWB | SMMU_IDR3_XNX | SMMU_IDR3_RIL,
	0,
	PREP32(SMMU_IDR5_OAS, 5) | SMMU_IDR5_GRAN4K | SMMU_IDR5_GRAN16K | SMMU_IDR5_GRAN64K,
};

static const uint64_t base_ste[8] = {
	SMMU_STE0_V | PREP(SMMU_STE0_CONFIG, 7) | PREP(SMMU_STE0_S1CDMAX, 4) | 0x40000000,
	PREP(SMMU_STE1_S1DSS, 2) | PREP(SMMU_STE1_SHCFG, 1),
	PREP(SMMU_STE2_S2VMID, 1) | PREP(SMMU_STE2_S2T0SZ, 16) | PREP(SMMU_STE2_S2SL0, 2) |
	PREP(SMMU_STE2_S2PS, 5) | SMMU_STE2_S2AA64 | SMMU_STE2_S2R,
	0x50000000,
};

static const uint64_t base_cd[8] = {
	SMMU_CD0_V | SMMU_CD0_AA64 | SMMU_CD0_A | SMMU_CD0_R | PREP(SMMU_CD0_T0SZ, 16) |
	PREP(SMMU_CD0_T1SZ, 16) | PREP(SMMU_CD0_TG1, SMMU_TG1_4K) | PREP(SMMU_CD0_IPS, 5) |
	PREP(SMMU_CD0_ASID, 1),
	0x60000000, 0x70000000, 0xff,
};

static const struct vector ste_vectors[] = {
	{ NULL, { { 0 } } },
	{ "v", { CLEAR(0, SMMU_STE0_V) } },
	/* S8: Config 0xx and bypass look at nothing else */
	{ "v", { { 0, SMMU_STE0_V | SMMU_STE0_CONFIG, 0 } } },
	{ NULL, { FIELD(0, SMMU_STE0_CONFIG, 0), SET(1, UINT64_MAX), SET(2, UINT64_MAX) } },
	{ NULL, { FIELD(0, SMMU_STE0_CONFIG, 3), SET(1, UINT64_MAX), SET(2, UINT64_MAX) } },
	{ NULL, { FIELD(0, SMMU_STE0_CONFIG, 4), SET(1, UINT64_MAX), SET(2, UINT64_MAX),
		  SET(ATSCHK, 1) } },
	{ "config_s1", { CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ NULL, { CLEAR(IDR(0), SMMU_IDR0_S1P), FIELD(0, SMMU_STE0_CONFIG, 6) } },
	{ "config_s2", { CLEAR(IDR(0), SMMU_IDR0_S2P) } },
	{ NULL, { CLEAR(IDR(0), SMMU_IDR0_S2P), FIELD(0, SMMU_STE0_CONFIG, 5) } },
	{ "strw_reserved", { FIELD(1, SMMU_STE1_STRW, 1) } },
	{ "strw_reserved", { FIELD(1, SMMU_STE1_STRW, 3) } },
	{ NULL, { FIELD(1, SMMU_STE1_STRW, 3), FIELD(0, SMMU_STE0_CONFIG, 6) } },
	{ "strw_nested", { FIELD(1, SMMU_STE1_STRW, 2) } },
	{ NULL, { FIELD(1, SMMU_STE1_STRW, 2), FIELD(0, SMMU_STE0_CONFIG, 5) } },
	{ "strw_hyp", { FIELD(1, SMMU_STE1_STRW, 2), FIELD(0, SMMU_STE0_CONFIG, 5),
			CLEAR(IDR(0), SMMU_IDR0_HYP) } },
	{ NULL, { SET(1, SMMU_STE1_S1STALLD) } },
	{ "s1stalld", { SET(1, SMMU_STE1_S1STALLD), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 1) } },
	{ "s1stalld", { SET(1, SMMU_STE1_S1STALLD), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 2),
			SET(2, SMMU_STE2_S2S) } },
	{ NULL, { FIELD(0, SMMU_STE0_S1CDMAX, 8) } },
	{ "s1cdmax", { FIELD(0, SMMU_STE0_S1CDMAX, 9) } },
	/* without substreams it is ignored */
	{ NULL, { FIELD(0, SMMU_STE0_S1CDMAX, 1), CLEAR(IDR(1), SMMU_IDR1_SSIDSIZE) } },
	{ NULL, { FIELD(0, SMMU_STE0_S1FMT, 1), CLEAR(IDR(1), SMMU_IDR1_SSIDSIZE),
		  CLEAR(IDR(0), SMMU_IDR0_CD2L) } },
	{ NULL, { FIELD(0, SMMU_STE0_S1FMT, 1) } },
	{ "s1fmt", { FIELD(0, SMMU_STE0_S1FMT, 1), CLEAR(IDR(0), SMMU_IDR0_CD2L) } },
	{ "s1fmt", { FIELD(0, SMMU_STE0_S1FMT, 2), CLEAR(IDR(0), SMMU_IDR0_CD2L) } },
	{ NULL, { FIELD(0, SMMU_STE0_S1FMT, 2), CLEAR(IDR(0), SMMU_IDR0_CD2L),
		  FIELD(0, SMMU_STE0_S1CDMAX, 0) } },
	{ NULL, { SET(0, IOM_BIT64(47)) } },
	{ "s1contextptr", { SET(0, IOM_BIT64(48)) } },
	{ "s1contextptr", { SET(0, IOM_BIT64(55)), FIELD(IDR(5), SMMU_IDR5_OAS, 7) } },
	/* ATS: EATS counts with ATS only; illegal split-stage is so without ATSCHK, too */
	{ NULL, { FIELD(1, SMMU_STE1_EATS, 1) } },
	{ NULL, { FIELD(1, SMMU_STE1_EATS, 2), SET(ATSCHK, 1) } },
	{ NULL, { FIELD(1, SMMU_STE1_EATS, 2) } },
	{ NULL, { FIELD(1, SMMU_STE1_EATS, 2), FIELD(0, SMMU_STE0_CONFIG, 5),
		  CLEAR(IDR(0), SMMU_IDR0_ATS) } },
	{ "eats_split", { FIELD(1, SMMU_STE1_EATS, 2), FIELD(0, SMMU_STE0_CONFIG, 5) } },
	{ "eats_split", { FIELD(1, SMMU_STE1_EATS, 2), SET(2, SMMU_STE2_S2S) } },
	{ "eats_split", { FIELD(1, SMMU_STE1_EATS, 2), SET(ATSCHK, 1),
			  FIELD(0, SMMU_STE0_CONFIG, 5) } },
	{ "eats_split", { FIELD(1, SMMU_STE1_EATS, 2), SET(ATSCHK, 1),
			  FIELD(0, SMMU_STE0_CONFIG, 6) } },
	{ "eats_split", { FIELD(1, SMMU_STE1_EATS, 2), SET(ATSCHK, 1), SET(2, SMMU_STE2_S2S) } },
	{ "eats_split", { FIELD(1, SMMU_STE1_EATS, 2), SET(ATSCHK, 1),
			  SET(IDR(0), SMMU_IDR0_NS1ATS) } },
	{ NULL, { FIELD(1, SMMU_STE1_EATS, 2), SET(ATSCHK, 1), CLEAR(IDR(0), SMMU_IDR0_ATS),
		  SET(2, SMMU_STE2_S2S) } },
	{ "eats_s2s", { FIELD(1, SMMU_STE1_EATS, 1), SET(2, SMMU_STE2_S2S) } },
	{ "eats_s2s", { FIELD(1, SMMU_STE1_EATS, 3), SET(2, SMMU_STE2_S2S),
			SET(IDR(3), SMMU_IDR3_DPT) } },
	{ NULL, { FIELD(1, SMMU_STE1_EATS, 1), SET(2, SMMU_STE2_S2S),
		  FIELD(0, SMMU_STE0_CONFIG, 5) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2VMID, 0xffff) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2VMID, 0xff), CLEAR(IDR(0), SMMU_IDR0_VMID16) } },
	{ "s2vmid", { FIELD(2, SMMU_STE2_S2VMID, 0x100), CLEAR(IDR(0), SMMU_IDR0_VMID16) } },
	{ "s2vmid", { FIELD(2, SMMU_STE2_S2VMID, 0x100), CLEAR(IDR(0), SMMU_IDR0_VMID16),
		      FIELD(0, SMMU_STE0_CONFIG, 5) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2VMID, 0x100), CLEAR(IDR(0), SMMU_IDR0_VMID16),
		  FIELD(0, SMMU_STE0_CONFIG, 5), FIELD(1, SMMU_STE1_STRW, 2) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2VMID, 0x100), FIELD(0, SMMU_STE0_CONFIG, 5),
		  { IDR(0), SMMU_IDR0_VMID16 | SMMU_IDR0_S2P, 0 } } },
	{ NULL, { SET(2, SMMU_STE2_S2S) } },
	{ "s2s", { SET(2, SMMU_STE2_S2S), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 1) } },
	{ "s2s", { FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 2) } },
	{ NULL, { FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 2), FIELD(0, SMMU_STE0_CONFIG, 5) } },
	{ "s2endi", { SET(2, SMMU_STE2_S2ENDI) } },
	{ NULL, { SET(2, SMMU_STE2_S2ENDI), FIELD(IDR(0), SMMU_IDR0_TTENDIAN, 0) } },
	{ "s2endi", { FIELD(IDR(0), SMMU_IDR0_TTENDIAN, 3) } },
	{ "s2aa64", { CLEAR(2, SMMU_STE2_S2AA64) } },
	{ NULL, { CLEAR(2, SMMU_STE2_S2AA64), FIELD(IDR(0), SMMU_IDR0_TTF, 3) } },
	{ "s2aa64", { FIELD(IDR(0), SMMU_IDR0_TTF, 1) } },
	{ NULL, { SET(1, SMMU_STE1_S2FWB) } },
	{ "s2fwb", { SET(1, SMMU_STE1_S2FWB), CLEAR(2, SMMU_STE2_S2AA64),
		     FIELD(IDR(0), SMMU_IDR0_TTF, 3) } },
	{ NULL, { SET(1, SMMU_STE1_S2FWB), CLEAR(2, SMMU_STE2_S2AA64),
		  FIELD(IDR(0), SMMU_IDR0_TTF, 3), CLEAR(IDR(3), SMMU_IDR3_FWB) } },
	{ NULL, { SET(2, SMMU_STE2_S2HA | SMMU_STE2_S2HD) } },
	{ "s2ha", { SET(2, SMMU_STE2_S2HA), FIELD(IDR(0), SMMU_IDR0_HTTU, 0) } },
	{ NULL, { SET(2, SMMU_STE2_S2HA), FIELD(IDR(0), SMMU_IDR0_HTTU, 1) } },
	{ "s2hd", { SET(2, SMMU_STE2_S2HA | SMMU_STE2_S2HD), FIELD(IDR(0), SMMU_IDR0_HTTU, 1) } },
	{ "s2haft", { SET(2, SMMU_STE2_S2HAFT), FIELD(IDR(0), SMMU_IDR0_HTTU, 3) } },
	{ NULL, { SET(2, SMMU_STE2_S2HAFT) } },
	{ "s2tg", { FIELD(2, SMMU_STE2_S2TG, 3) } },
	{ "s2tg", { CLEAR(IDR(5), SMMU_IDR5_GRAN4K) } },
	{ "s2t0sz_large", { FIELD(2, SMMU_STE2_S2T0SZ, 40), FIELD(2, SMMU_STE2_S2SL0, 0),
			    FIELD(IDR(5), SMMU_IDR5_OAS, 6) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2T0SZ, 42), FIELD(2, SMMU_STE2_S2SL0, 0),
		  SET(IDR(3), SMMU_IDR3_STT) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2T0SZ, 48), FIELD(2, SMMU_STE2_S2SL0, 3),
		  SET(IDR(3), SMMU_IDR3_STT) } },
	{ "s2t0sz_large", { FIELD(2, SMMU_STE2_S2T0SZ, 49), FIELD(2, SMMU_STE2_S2SL0, 3),
			    SET(IDR(3), SMMU_IDR3_STT) } },
	{ NULL, { { 2, SMMU_STE2_S2T0SZ | SMMU_STE2_S2SL0 | SMMU_STE2_S2TG,
		    PREP(SMMU_STE2_S2T0SZ, 47) | PREP(SMMU_STE2_S2TG, SMMU_TG0_64K) },
		  SET(IDR(3), SMMU_IDR3_STT) } },
	/* 16 bits of IPA are a 64K page without an index: both rules */
	{ "s2t0sz_large", { { 2, SMMU_STE2_S2T0SZ | SMMU_STE2_S2SL0 | SMMU_STE2_S2TG,
			      PREP(SMMU_STE2_S2T0SZ, 48) | PREP(SMMU_STE2_S2TG, SMMU_TG0_64K) },
			    SET(IDR(3), SMMU_IDR3_STT) } },
	{ "s2t0sz_small", { FIELD(2, SMMU_STE2_S2T0SZ, 15), FIELD(IDR(5), SMMU_IDR5_OAS, 6) } },
	{ "s2t0sz_small", { FIELD(IDR(5), SMMU_IDR5_OAS, 4) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2T0SZ, 20), FIELD(IDR(5), SMMU_IDR5_OAS, 4) } },
	{ NULL, { { 2, SMMU_STE2_S2T0SZ | SMMU_STE2_S2SL0, PREP(SMMU_STE2_S2T0SZ, 12) },
		  SET(3, SMMU_STE3_S2DS | SMMU_STE3_S2SL0_2),
		  { IDR(5), SMMU_IDR5_OAS, PREP(SMMU_IDR5_OAS, 6) | SMMU_IDR5_DS } } },
	{ "s2t0sz_small", { FIELD(2, SMMU_STE2_S2T0SZ, 12), SET(3, SMMU_STE3_S2DS),
			    FIELD(IDR(5), SMMU_IDR5_OAS, 6) } },
	{ "s2sl0_reserved", { FIELD(2, SMMU_STE2_S2SL0, 3) } },
	{ "s2sl0_reserved", { FIELD(2, SMMU_STE2_S2SL0, 3), FIELD(2, SMMU_STE2_S2TG, 2) } },
	{ "s2sl0_reserved", { FIELD(2, SMMU_STE2_S2SL0, 3), FIELD(2, SMMU_STE2_S2TG, 1) } },
	{ "s2sl0_reserved", { SET(3, SMMU_STE3_S2DS | SMMU_STE3_S2SL0_2),
			      SET(IDR(5), SMMU_IDR5_DS) } },
	/* without DS bit 2 of S2SL0 is RES0 */
	{ NULL, { SET(3, SMMU_STE3_S2DS | SMMU_STE3_S2SL0_2) } },
	{ "s2sl0_pa", { FIELD(2, SMMU_STE2_S2T0SZ, 24), FIELD(IDR(5), SMMU_IDR5_OAS, 3) } },
	{ NULL, { FIELD(2, SMMU_STE2_S2T0SZ, 24), FIELD(2, SMMU_STE2_S2SL0, 1),
		  FIELD(IDR(5), SMMU_IDR5_OAS, 2) } },
	{ "s2sl0_pa", { FIELD(2, SMMU_STE2_S2T0SZ, 24), FIELD(2, SMMU_STE2_S2TG, 2),
			FIELD(IDR(5), SMMU_IDR5_OAS, 2) } },
	{ "s2sl0_pa", { FIELD(2, SMMU_STE2_S2T0SZ, 22), FIELD(2, SMMU_STE2_S2TG, 1),
			FIELD(IDR(5), SMMU_IDR5_OAS, 3) } },
	{ "s2sl0_t0sz", { FIELD(2, SMMU_STE2_S2SL0, 1) } },
	{ "s2sl0_t0sz", { FIELD(2, SMMU_STE2_S2T0SZ, 30) } },
	{ "s2ttb", { SET(3, IOM_BIT64(48)) } },
	{ "s2ttb", { FIELD(2, SMMU_STE2_S2PS, 4), SET(3, IOM_BIT64(44)) } },
	/* S2PS above OAS counts as OAS; 4K without DS has 48 bits at most */
	{ "s2ttb", { FIELD(2, SMMU_STE2_S2PS, 7), SET(3, IOM_BIT64(48)) } },
	{ "s2ttb", { FIELD(2, SMMU_STE2_S2PS, 6), SET(3, IOM_BIT64(48)),
		     FIELD(IDR(5), SMMU_IDR5_OAS, 6) } },
	{ NULL, { { 2, SMMU_STE2_S2PS | SMMU_STE2_S2TG,
		    PREP(SMMU_STE2_S2PS, 6) | PREP(SMMU_STE2_S2TG, SMMU_TG0_64K) },
		  SET(3, IOM_BIT64(48)), FIELD(IDR(5), SMMU_IDR5_OAS, 6) } },
	/* AArch32 tables are not measured with the rules of AArch64 */
	{ NULL, { { 2, SMMU_STE2_S2AA64 | SMMU_STE2_S2T0SZ, 0 },
		  FIELD(IDR(0), SMMU_IDR0_TTF, 3) } },
};

static const struct vector cd_vectors[] = {
	{ NULL, { { 0 } } },
	{ "v", { CLEAR(0, SMMU_CD0_V) } },
	{ NULL, { SET(0, SMMU_CD0_S) } },
	{ "s_s1stalld", { SET(0, SMMU_CD0_S), SET(11, SMMU_STE1_S1STALLD) } },
	{ NULL, { SET(11, SMMU_STE1_S1STALLD) } },
	{ "s_model", { SET(0, SMMU_CD0_S), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 1) } },
	{ "s_model", { FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 2) } },
	{ NULL, { SET(0, SMMU_CD0_S), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 2) } },
	{ NULL, { CLEAR(0, SMMU_CD0_A) } },
	{ "a_model", { CLEAR(0, SMMU_CD0_A), SET(IDR(0), SMMU_IDR0_TERM_MODEL) } },
	{ "endi", { SET(0, SMMU_CD0_ENDI) } },
	{ "endi", { FIELD(IDR(0), SMMU_IDR0_TTENDIAN, 3) } },
	{ "endi", { SET(0, SMMU_CD0_ENDI | SMMU_CD0_EPD0) } },
	{ "endi", { SET(0, SMMU_CD0_ENDI | SMMU_CD0_EPD1) } },
	{ NULL, { SET(0, SMMU_CD0_ENDI | SMMU_CD0_EPD0 | SMMU_CD0_EPD1) } },
	/* EL2 has no EPD, so that a half is always in use */
	{ "endi", { SET(0, SMMU_CD0_ENDI | SMMU_CD0_EPD0 | SMMU_CD0_EPD1),
		    FIELD(11, SMMU_STE1_STRW, 2) } },
	{ "aa64", { CLEAR(0, SMMU_CD0_AA64) } },
	{ NULL, { CLEAR(0, SMMU_CD0_AA64), FIELD(IDR(0), SMMU_IDR0_TTF, 3),
		  CLEAR(0, SMMU_CD0_T0SZ) } },
	{ "aa64", { FIELD(IDR(0), SMMU_IDR0_TTF, 1) } },
	{ "asid", { FIELD(0, SMMU_CD0_ASID, 0x100), CLEAR(IDR(0), SMMU_IDR0_ASID16) } },
	{ NULL, { FIELD(0, SMMU_CD0_ASID, 0xff), CLEAR(IDR(0), SMMU_IDR0_ASID16) } },
	{ NULL, { FIELD(0, SMMU_CD0_ASID, 0x100), CLEAR(IDR(0), SMMU_IDR0_ASID16),
		  FIELD(11, SMMU_STE1_STRW, 2) } },
	{ "asid", { FIELD(0, SMMU_CD0_ASID, 0x100), CLEAR(IDR(0), SMMU_IDR0_ASID16),
		    FIELD(11, SMMU_STE1_STRW, 2), SET(E2H, 1) } },
	{ NULL, { SET(0, SMMU_CD0_HA | SMMU_CD0_HD) } },
	{ "ha", { SET(0, SMMU_CD0_HA), FIELD(IDR(0), SMMU_IDR0_HTTU, 0) } },
	{ "hd", { SET(0, SMMU_CD0_HA | SMMU_CD0_HD), FIELD(IDR(0), SMMU_IDR0_HTTU, 1) } },
	{ "haft", { SET(1, SMMU_CD1_HAFT), FIELD(IDR(0), SMMU_IDR0_HTTU, 3) } },
	{ NULL, { SET(1, SMMU_CD1_HAFT), FIELD(IDR(0), SMMU_IDR0_HTTU, 3), SET(0, SMMU_CD0_HA) } },
	/* P13: TG0 and TG1 do not count alike; a half with EPD is not looked at */
	{ "tg0", { FIELD(0, SMMU_CD0_TG0, 3) } },
	{ NULL, { FIELD(0, SMMU_CD0_TG0, 3), SET(0, SMMU_CD0_EPD0) } },
	{ "tg0", { FIELD(0, SMMU_CD0_TG0, 3), SET(0, SMMU_CD0_EPD0),
		   FIELD(11, SMMU_STE1_STRW, 2) } },
	{ NULL, { FIELD(0, SMMU_CD0_TG0, 3), SET(0, SMMU_CD0_EPD0),
		  FIELD(11, SMMU_STE1_STRW, 2), SET(E2H, 1) } },
	{ "tg0", { FIELD(0, SMMU_CD0_TG0, 2), CLEAR(IDR(5), SMMU_IDR5_GRAN16K) } },
	{ "tg1", { FIELD(0, SMMU_CD0_TG1, 0) } },
	{ "tg1", { FIELD(0, SMMU_CD0_TG1, 1), CLEAR(IDR(5), SMMU_IDR5_GRAN16K) } },
	{ NULL, { FIELD(0, SMMU_CD0_TG1, 2), CLEAR(IDR(5), SMMU_IDR5_GRAN16K) } },
	{ NULL, { FIELD(0, SMMU_CD0_TG1, 0), SET(0, SMMU_CD0_EPD1) } },
	{ NULL, { FIELD(0, SMMU_CD0_TG1, 0), FIELD(11, SMMU_STE1_STRW, 2) } },
	{ "tg1", { FIELD(0, SMMU_CD0_TG1, 0), FIELD(11, SMMU_STE1_STRW, 2), SET(E2H, 1) } },
	{ "t0sz", { FIELD(0, SMMU_CD0_T0SZ, 15) } },
	{ "t0sz", { FIELD(0, SMMU_CD0_T0SZ, 40) } },
	{ NULL, { FIELD(0, SMMU_CD0_T0SZ, 39) } },
	{ NULL, { FIELD(0, SMMU_CD0_T0SZ, 48), SET(IDR(3), SMMU_IDR3_STT) } },
	{ "t0sz", { FIELD(0, SMMU_CD0_T0SZ, 48), SET(IDR(3), SMMU_IDR3_STT),
		    FIELD(0, SMMU_CD0_TG0, 1) } },
	{ "t0sz", { FIELD(0, SMMU_CD0_T0SZ, 12), FIELD(IDR(5), SMMU_IDR5_VAX, 1) } },
	{ NULL, { FIELD(0, SMMU_CD0_T0SZ, 12), FIELD(IDR(5), SMMU_IDR5_VAX, 1),
		  FIELD(0, SMMU_CD0_TG0, 1) } },
	{ "t0sz", { FIELD(0, SMMU_CD0_T0SZ, 12), FIELD(0, SMMU_CD0_TG0, 1) } },
	{ NULL, { FIELD(0, SMMU_CD0_T0SZ, 12), SET(2, SMMU_CD2_DS),
		  { IDR(5), 0, PREP(SMMU_IDR5_VAX, 1) | SMMU_IDR5_DS } } },
	{ "t0sz", { FIELD(0, SMMU_CD0_T0SZ, 12), SET(2, SMMU_CD2_DS),
		    FIELD(IDR(5), SMMU_IDR5_VAX, 1) } },
	{ NULL, { FIELD(0, SMMU_CD0_T0SZ, 11), SET(0, SMMU_CD0_EPD0) } },
	{ "t1sz", { FIELD(0, SMMU_CD0_T1SZ, 15) } },
	{ "t1sz", { FIELD(0, SMMU_CD0_T1SZ, 40) } },
	{ "ttb0", { SET(1, IOM_BIT64(48)) } },
	{ NULL, { SET(1, IOM_BIT64(48)), SET(0, SMMU_CD0_EPD0) } },
	{ "ttb0", { SET(1, IOM_BIT64(44)), FIELD(0, SMMU_CD0_IPS, 4) } },
	{ "ttb0", { SET(1, IOM_BIT64(44)), FIELD(IDR(5), SMMU_IDR5_OAS, 4) } },
	{ "ttb0", { SET(1, IOM_BIT64(48)), FIELD(0, SMMU_CD0_IPS, 6),
		    FIELD(IDR(5), SMMU_IDR5_OAS, 6) } },
	{ NULL, { SET(1, IOM_BIT64(51)), FIELD(0, SMMU_CD0_IPS, 6),
		  FIELD(IDR(5), SMMU_IDR5_OAS, 6), FIELD(0, SMMU_CD0_TG0, 1) } },
	{ NULL, { SET(1, IOM_BIT64(51)), SET(2, SMMU_CD2_DS), FIELD(0, SMMU_CD0_IPS, 6),
		  { IDR(5), SMMU_IDR5_OAS, PREP(SMMU_IDR5_OAS, 6) | SMMU_IDR5_DS } } },
	{ "ttb1", { SET(2, IOM_BIT64(48)) } },
	{ NULL, { SET(2, IOM_BIT64(48)), SET(0, SMMU_CD0_EPD1) } },
};

#define CMD(op)	{ 0, UINT64_MAX, SMMU_CMD_##op }

static const struct vector cmd_vectors[] = {
	{ "opcode", { { 0, UINT64_MAX, 0 } } },
	{ "opcode", { { 0, UINT64_MAX, 0x99 } } },
	{ "opcode", { CMD(TLBI_EL3_ALL) } },
	{ "opcode", { CMD(TLBI_EL3_VA) } },
	{ "opcode", { { 0, UINT64_MAX, 0x60 } } },
	{ NULL, { CMD(PREFETCH_CONFIG) } },
	{ NULL, { CMD(PREFETCH_ADDR) } },
	{ NULL, { CMD(CFGI_STE) } },
	{ NULL, { CMD(CFGI_STE_RANGE) } },
	{ "ssec", { CMD(CFGI_STE), SET(0, SMMU_CMD0_SSEC) } },
	{ "ssec", { CMD(SYNC), SET(0, SMMU_CMD0_SSEC) } },
	{ NULL, { CMD(CFGI_CD) } },
	{ "s1p", { CMD(CFGI_CD), CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ "s1p", { CMD(CFGI_CD_ALL), CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ "s1p", { CMD(TLBI_NH_ALL), CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ "s1p", { CMD(TLBI_NH_ASID), CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ "s1p", { CMD(TLBI_NH_VA), CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ "s1p", { CMD(TLBI_NH_VAA), CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ NULL, { CMD(TLBI_NSNH_ALL), CLEAR(IDR(0), SMMU_IDR0_S1P) } },
	{ NULL, { CMD(TLBI_S12_VMALL) } },
	{ "s2p", { CMD(TLBI_S12_VMALL), CLEAR(IDR(0), SMMU_IDR0_S2P) } },
	{ "s2p", { CMD(TLBI_S2_IPA), CLEAR(IDR(0), SMMU_IDR0_S2P) } },
	{ NULL, { CMD(TLBI_EL2_VA) } },
	{ "hyp", { CMD(TLBI_EL2_ALL), CLEAR(IDR(0), SMMU_IDR0_HYP) } },
	{ "hyp", { CMD(TLBI_EL2_ASID), CLEAR(IDR(0), SMMU_IDR0_HYP) } },
	{ "hyp", { CMD(TLBI_EL2_VA), CLEAR(IDR(0), SMMU_IDR0_HYP) } },
	{ "hyp", { CMD(TLBI_EL2_VAA), CLEAR(IDR(0), SMMU_IDR0_HYP) } },
	{ NULL, { CMD(TLBI_NH_VA), FIELD(1, SMMU_CMD_TLBI1_TTL, 1) } },
	{ "range", { CMD(TLBI_NH_VA), FIELD(1, SMMU_CMD_TLBI1_TG, 1) } },
	{ "range", { CMD(TLBI_S2_IPA), FIELD(1, SMMU_CMD_TLBI1_TG, 3) } },
	{ "range", { CMD(TLBI_EL2_VAA), FIELD(1, SMMU_CMD_TLBI1_TG, 2) } },
	{ NULL, { CMD(TLBI_NH_VA), FIELD(1, SMMU_CMD_TLBI1_TG, 1),
		  CLEAR(IDR(3), SMMU_IDR3_RIL) } },
	{ NULL, { CMD(TLBI_NH_VA), FIELD(1, SMMU_CMD_TLBI1_TG, 1),
		  FIELD(1, SMMU_CMD_TLBI1_TTL, 3) } },
	{ NULL, { CMD(TLBI_NH_VAA), FIELD(1, SMMU_CMD_TLBI1_TG, 1), SET(0, IOM_BIT64(12)) } },
	{ NULL, { CMD(TLBI_NH_VAA), FIELD(1, SMMU_CMD_TLBI1_TG, 1), SET(0, IOM_BIT64(24)) } },
	{ "range", { CMD(TLBI_NH_VAA), FIELD(1, SMMU_CMD_TLBI1_TG, 1), SET(0, IOM_BIT64(25)) } },
	{ NULL, { CMD(TLBI_NH_VAA), FIELD(1, SMMU_CMD_TLBI1_TG, 1), SET(0, IOM_BIT64(25)),
		  SET(IDR(5), SMMU_IDR5_DS) } },
	{ NULL, { CMD(ATC_INV) } },
	{ "ats", { CMD(ATC_INV), CLEAR(IDR(0), SMMU_IDR0_ATS) } },
	{ NULL, { CMD(PRI_RESP), FIELD(1, SMMU_CMD_PRI1_RESP, 2) } },
	{ "pri", { CMD(PRI_RESP), CLEAR(IDR(0), SMMU_IDR0_PRI) } },
	{ "resp", { CMD(PRI_RESP), FIELD(1, SMMU_CMD_PRI1_RESP, 3) } },
	{ NULL, { CMD(RESUME) } },
	{ "stall", { CMD(RESUME), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 1) } },
	{ "stall", { CMD(STALL_TERM), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 1) } },
	{ NULL, { CMD(STALL_TERM), FIELD(IDR(0), SMMU_IDR0_STALL_MODEL, 2) } },
	{ "mpam", { CMD(CFGI_VMS_PIDM) } },
	{ NULL, { CMD(CFGI_VMS_PIDM), SET(IDR(3), SMMU_IDR3_MPAM) } },
	{ NULL, { CMD(SYNC), FIELD(0, SMMU_CMD_SYNC0_CS, 2) } },
	{ "cs", { CMD(SYNC), FIELD(0, SMMU_CMD_SYNC0_CS, 3) } },
};

/* Words 0-7 are the structure's, 10-17 those of a CD's STE. */
static void apply(const struct vector *v, uint64_t *w, uint64_t *ste,
		  struct iomi_smmuv3_caps *caps)
{
	uint32_t idr[6];
	bool atschk = false, e2h = false;
	unsigned int i;

	memcpy(idr, base_idr, sizeof(idr));
	for (i = 0; i < 4; i++) {
		const struct edit *e = &v->e[i];

		if (e->where == ATSCHK)
			atschk = true;
		else if (e->where == E2H)
			e2h = true;
		else if (e->where >= IDR(0))
			idr[e->where - IDR(0)] = (idr[e->where - IDR(0)] & ~(uint32_t)e->clear) |
						 (uint32_t)e->set;
		else if (e->where >= 10)
			ste[e->where - 10] = (ste[e->where - 10] & ~e->clear) | e->set;
		else
			w[e->where] = (w[e->where] & ~e->clear) | e->set;
	}
	iomi_smmuv3_rules_caps(idr, caps);
	caps->atschk = atschk;
	caps->e2h = e2h;
}

typedef const struct iomi_smmuv3_rule *(*next_fn)(const uint64_t *w, const uint64_t *ste,
						  const struct iomi_smmuv3_caps *caps,
						  const struct iomi_smmuv3_rule *after);

static const struct iomi_smmuv3_rule *next_ste(const uint64_t *w, const uint64_t *ste,
					       const struct iomi_smmuv3_caps *caps,
					       const struct iomi_smmuv3_rule *after)
{
	(void)ste;
	return iomi_smmuv3_rules_ste(w, caps, after);
}

static const struct iomi_smmuv3_rule *next_cmd(const uint64_t *w, const uint64_t *ste,
					       const struct iomi_smmuv3_caps *caps,
					       const struct iomi_smmuv3_rule *after)
{
	(void)ste;
	return iomi_smmuv3_rules_cmd(w, caps, after);
}

/* Each vector breaks its rule and, but for those that say so, no other. */
static void run(const struct vector *v, size_t n, const uint64_t *base, next_fn next,
		const struct iomi_smmuv3_rule *table, size_t rows)
{
	bool hit[64] = { false };
	size_t i;

	assert_true(rows <= 64);
	for (i = 0; i < n; i++) {
		const struct iomi_smmuv3_rule *r;
		struct iomi_smmuv3_caps caps;
		uint64_t w[8] = { 0 }, ste[8];
		const char *got;

		if (base)
			memcpy(w, base, sizeof(w));
		memcpy(ste, base_ste, sizeof(ste));
		apply(&v[i], w, ste, &caps);
		r = next(w, ste, &caps, NULL);
		got = r ? r->name : NULL;
		if (!got != !v[i].want || (got && strcmp(got, v[i].want)))
			fail_msg("vector %zu: %s, not %s", i, got ? got : "legal",
				 v[i].want ? v[i].want : "legal");
		if (!r)
			continue;
		hit[r - table] = true;
		assert_true(*r->section && strlen(r->text) < 100);
	}
	for (i = 0; i < rows; i++) {
		if (!hit[i])
			fail_msg("no vector breaks %s", table[i].name);
	}
}

static void every_cause_of_c_bad_ste(void **state)
{
	const struct iomi_smmuv3_rule *t;
	size_t n;

	(void)state;
	t = iomi_smmuv3_rules_of_ste(&n);
	run(ste_vectors, IOM_ARRAY_SIZE(ste_vectors), base_ste, next_ste, t, n);
}

static void every_cause_of_c_bad_cd(void **state)
{
	const struct iomi_smmuv3_rule *t;
	size_t n;

	(void)state;
	t = iomi_smmuv3_rules_of_cd(&n);
	run(cd_vectors, IOM_ARRAY_SIZE(cd_vectors), base_cd, iomi_smmuv3_rules_cd, t, n);
}

/* S5 */
static void every_cause_of_cerror_ill(void **state)
{
	const struct iomi_smmuv3_rule *t;
	size_t n;

	(void)state;
	t = iomi_smmuv3_rules_of_cmd(&n);
	run(cmd_vectors, IOM_ARRAY_SIZE(cmd_vectors), NULL, next_cmd, t, n);
}

/* IPA bits allowed for each start, from the published table (without STT and DS). */
static void stage_2_start_is_the_published_table(void **state)
{
	static const struct {
		unsigned int tg, sl0, start, min, max;
	} rows[] = {
		{ 0, 0, 2, 25, 34 }, { 0, 1, 1, 31, 43 }, { 0, 2, 0, 40, 48 },
		{ 2, 0, 3, 25, 29 }, { 2, 1, 2, 26, 40 }, { 2, 2, 1, 37, 48 },
		{ 1, 0, 3, 25, 33 }, { 1, 1, 2, 30, 46 }, { 1, 2, 1, 43, 52 },
	};
	struct iomi_smmuv3_caps caps;
	uint32_t idr[6];
	unsigned int tg, sl0, t0sz, i;

	(void)state;
	memcpy(idr, base_idr, sizeof(idr));
	idr[5] = (idr[5] & ~SMMU_IDR5_OAS) | SMMU_OAS_52;
	iomi_smmuv3_rules_caps(idr, &caps);
	for (tg = 0; tg < 3; tg++) for (sl0 = 0; sl0 < 4; sl0++) for (t0sz = 0; t0sz < 64; t0sz++) {
		static const unsigned int lg2[] = { 12, 16, 14 };
		struct iomi_lpae_geom g;
		uint64_t ste[8];
		bool legal = false;
		int start;

		memcpy(ste, base_ste, sizeof(ste));
		ste[2] &= ~(SMMU_STE2_S2TG | SMMU_STE2_S2SL0 | SMMU_STE2_S2T0SZ);
		ste[2] |= PREP(SMMU_STE2_S2TG, tg) | PREP(SMMU_STE2_S2SL0, sl0) |
			  PREP(SMMU_STE2_S2T0SZ, t0sz);
		for (i = 0; i < IOM_ARRAY_SIZE(rows); i++)
			legal |= rows[i].tg == tg && rows[i].sl0 == sl0 &&
				 64 - t0sz >= rows[i].min && 64 - t0sz <= rows[i].max;
		if (legal != !iomi_smmuv3_rules_ste(ste, &caps, NULL))
			fail_msg("TG %u SL0 %u T0SZ %u: %s", tg, sl0, t0sz,
				 legal ? "legal" : "not");
		if (!legal)
			continue;
		/* what is legal has a geometry */
		start = iomi_smmuv3_rules_s2_start(ste, &caps);
		assert_false(iomi_lpae_geom_s2(iomi_lpae_fmt(2, lg2[tg], true), t0sz, start, &g));
	}
}

/* Whatever the words are: no crash, legal ones have a geometry, and a walk ends. */
static void random_words_are_judged(void **state)
{
	struct test_rng rng;
	unsigned int n, i;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 200000; n++) {
		const struct iomi_smmuv3_rule *r = NULL;
		struct iomi_smmuv3_caps caps;
		uint64_t w[8], ste[8];
		uint32_t idr[6];
		unsigned int rules = 0;

		for (i = 0; i < 6; i++)
			idr[i] = (uint32_t)test_rng_edgy(&rng);
		for (i = 0; i < 8; i++) {
			w[i] = test_rng_edgy(&rng);
			ste[i] = test_rng_edgy(&rng);
		}
		iomi_smmuv3_rules_caps(idr, &caps);
		assert_true(caps.oas_bits >= 32 && caps.oas_bits <= 56);
		while ((r = iomi_smmuv3_rules_ste(w, &caps, r)))
			assert_true(++rules < 64);
		while ((r = iomi_smmuv3_rules_cd(w, ste, &caps, r)))
			assert_true(++rules < 128);
		while ((r = iomi_smmuv3_rules_cmd(w, &caps, r)))
			assert_true(++rules < 192);
	}
}

static void capabilities_come_from_the_idrs(void **state)
{
	/* QEMU 11.1's SMMUv3 */
	static const uint32_t idr[6] = { 0x0d44101b, 0x02730010, 0, 0x00001414, 0, 0x00000074 };
	struct iomi_smmuv3_caps c;

	(void)state;
	iomi_smmuv3_rules_caps(idr, &c);
	assert_true(c.s1p && c.s2p && c.aarch64 && !c.aarch32 && c.asid16 && c.vmid16);
	assert_true(!c.hyp && !c.ats && !c.pri && !c.cd2l && c.term_model && c.xnx && c.ril);
	assert_true(!c.fwb && !c.stt && c.gran4k && c.gran16k && c.gran64k && !c.ds && !c.vax52);
	assert_int_equal(c.stall_model, SMMU_STALL_MODEL_NONE);
	assert_int_equal(c.ttendian, SMMU_TTENDIAN_LE);
	assert_int_equal(c.sidsize, 16);
	assert_int_equal(c.ssidsize, 0);
	assert_int_equal(c.oas_bits, 44);
	assert_int_equal(c.ias_bits, 44);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cause_of_c_bad_ste),
		cmocka_unit_test(every_cause_of_c_bad_cd),
		cmocka_unit_test(every_cause_of_cerror_ill),
		cmocka_unit_test(stage_2_start_is_the_published_table),
		cmocka_unit_test(random_words_are_judged),
		cmocka_unit_test(capabilities_come_from_the_idrs),
	};

	return cmocka_run_group_tests_name("smmuv3_rules", tests, NULL, NULL);
}
