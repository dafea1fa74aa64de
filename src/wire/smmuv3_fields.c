/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of the structures in memory (IHI 0070, 5 and 8.1). Owns nothing. */
#include "smmuv3_fields_rows.h"

static const char *const config[] = { "abort", "abort", "abort", "abort", "bypass", "stage 1",
	"stage 2", "stage 1 and 2" };
static const char *const s1fmt[] = { "linear", "two levels, 64 CDs a leaf",
	"two levels, 1024 CDs a leaf" };
static const char *const s1dss[] = { "terminate", "bypass stage 1", "use CD 0" };
static const char *const ste_cache[] = { "NC", "WB read-allocate", "WT read-allocate",
	"WB no read-allocate" };
static const char *const walk_cache[] = { "NC", "WB read-write-allocate", "WT read-allocate",
	"WB read-allocate" };
static const char *const sh[] = { "non-shareable", NULL, "outer shareable", "inner shareable" };
static const char *const eats[] = { "off", "full ATS", "split-stage ATS", "full ATS with DPT" };
static const char *const strw[] = { "NS-EL1", NULL, "EL2", NULL };
static const char *const shcfg[] = { "non-shareable", "incoming", "outer shareable",
	"inner shareable" };
static const char *const privcfg[] = { "incoming", NULL, "unprivileged", "privileged" };
static const char *const instcfg[] = { "incoming", NULL, "data", "instruction" };
static const char *const tg0[] = { "4K", "64K", "16K" };
static const char *const tg1[] = { NULL, "16K", "4K", "64K" };
static const char *const ps[] = { "32 bits", "36 bits", "40 bits", "42 bits", "44 bits", "48 bits",
	"52 bits", "56 bits" };
static const char *const endi[] = { "little-endian", "big-endian" };
static const char *const span[] = { "invalid", "1 STE", "2 STEs", "4 STEs", "8 STEs", "16 STEs",
	"32 STEs", "64 STEs", "128 STEs", "256 STEs", "512 STEs", "1024 STEs" };

static const struct iomi_smmuv3_field ste[] = {
	NUM("V", 0, SMMU_STE0_V),
	NAMED("Config", 0, SMMU_STE0_CONFIG, config),
	NAMED("S1Fmt", 0, SMMU_STE0_S1FMT, s1fmt),
	ADDR("S1ContextPtr", 0, SMMU_STE0_S1CONTEXTPTR_ADDR),
	NUM("S1CDMax", 0, SMMU_STE0_S1CDMAX),
	NAMED("S1DSS", 1, SMMU_STE1_S1DSS, s1dss),
	NAMED("S1CIR", 1, SMMU_STE1_S1CIR, ste_cache),
	NAMED("S1COR", 1, SMMU_STE1_S1COR, ste_cache),
	NAMED("S1CSH", 1, SMMU_STE1_S1CSH, sh),
	NUM("S2HWU59", 1, SMMU_STE1_S2HWU59),
	NUM("S2HWU60", 1, SMMU_STE1_S2HWU60),
	NUM("S2HWU61", 1, SMMU_STE1_S2HWU61),
	NUM("S2HWU62", 1, SMMU_STE1_S2HWU62),
	NUM("DRE", 1, SMMU_STE1_DRE),
	NUM("CONT", 1, SMMU_STE1_CONT),
	NUM("DCP", 1, SMMU_STE1_DCP),
	NUM("PPAR", 1, SMMU_STE1_PPAR),
	NUM("MEV", 1, SMMU_STE1_MEV),
	NUM("SW", 1, SMMU_STE1_SW),
	NUM("S1PIE", 1, SMMU_STE1_S1PIE),
	NUM("S2FWB", 1, SMMU_STE1_S2FWB),
	NUM("S1MPAM", 1, SMMU_STE1_S1MPAM),
	NUM("S1STALLD", 1, SMMU_STE1_S1STALLD),
	NAMED("EATS", 1, SMMU_STE1_EATS, eats),
	NAMED("STRW", 1, SMMU_STE1_STRW, strw),
	NUM("MemAttr", 1, SMMU_STE1_MEMATTR),
	NUM("MTCFG", 1, SMMU_STE1_MTCFG),
	NUM("ALLOCCFG", 1, SMMU_STE1_ALLOCCFG),
	NAMED("SHCFG", 1, SMMU_STE1_SHCFG, shcfg),
	NUM("NSCFG", 1, SMMU_STE1_NSCFG),
	NAMED("PRIVCFG", 1, SMMU_STE1_PRIVCFG, privcfg),
	NAMED("INSTCFG", 1, SMMU_STE1_INSTCFG, instcfg),
	NUM("S2VMID", 2, SMMU_STE2_S2VMID),
	NUM("S2T0SZ", 2, SMMU_STE2_S2T0SZ),
	NUM("S2SL0", 2, SMMU_STE2_S2SL0),
	NAMED("S2IR0", 2, SMMU_STE2_S2IR0, walk_cache),
	NAMED("S2OR0", 2, SMMU_STE2_S2OR0, walk_cache),
	NAMED("S2SH0", 2, SMMU_STE2_S2SH0, sh),
	NAMED("S2TG", 2, SMMU_STE2_S2TG, tg0),
	NAMED("S2PS", 2, SMMU_STE2_S2PS, ps),
	NUM("S2AA64", 2, SMMU_STE2_S2AA64),
	NAMED("S2ENDI", 2, SMMU_STE2_S2ENDI, endi),
	NUM("S2AFFD", 2, SMMU_STE2_S2AFFD),
	NUM("S2PTW", 2, SMMU_STE2_S2PTW),
	NUM("S2HD", 2, SMMU_STE2_S2HD),
	NUM("S2HA", 2, SMMU_STE2_S2HA),
	NUM("S2S", 2, SMMU_STE2_S2S),
	NUM("S2R", 2, SMMU_STE2_S2R),
	NUM("S2HAFT", 2, SMMU_STE2_S2HAFT),
	NUM("S2PIE", 2, SMMU_STE2_S2PIE),
	NUM("S2POE", 2, SMMU_STE2_S2POE),
	NUM("DPT_VMATCH", 2, SMMU_STE2_DPT_VMATCH),
	NUM("S2NSW", 3, SMMU_STE3_S2NSW),
	NUM("S2NSA", 3, SMMU_STE3_S2NSA),
	NUM("S2SL0[2]", 3, SMMU_STE3_S2SL0_2),
	NUM("S2DS", 3, SMMU_STE3_S2DS),
	ADDR("S2TTB", 3, SMMU_STE3_S2TTB_ADDR),
	NUM("S2SKL", 3, SMMU_STE3_S2SKL),
	NUM("PARTID", 4, SMMU_STE4_PARTID),
	NUM("PMG", 5, SMMU_STE5_PMG),
	ADDR("VMSPtr", 5, SMMU_STE5_VMSPTR_ADDR),
	NUM("S2POI", 7, SMMU_STE7_S2POI),
};
const struct iomi_smmuv3_layout iomi_smmuv3_fields_ste = LAYOUT("STE", ste, 8);

static const struct iomi_smmuv3_field cd[] = {
	NUM("T0SZ", 0, SMMU_CD0_T0SZ),
	NAMED("TG0", 0, SMMU_CD0_TG0, tg0),
	NAMED("IR0", 0, SMMU_CD0_IR0, walk_cache),
	NAMED("OR0", 0, SMMU_CD0_OR0, walk_cache),
	NAMED("SH0", 0, SMMU_CD0_SH0, sh),
	NUM("EPD0", 0, SMMU_CD0_EPD0),
	NAMED("ENDI", 0, SMMU_CD0_ENDI, endi),
	NUM("T1SZ", 0, SMMU_CD0_T1SZ),
	NAMED("TG1", 0, SMMU_CD0_TG1, tg1),
	NAMED("IR1", 0, SMMU_CD0_IR1, walk_cache),
	NAMED("OR1", 0, SMMU_CD0_OR1, walk_cache),
	NAMED("SH1", 0, SMMU_CD0_SH1, sh),
	NUM("EPD1", 0, SMMU_CD0_EPD1),
	NUM("V", 0, SMMU_CD0_V),
	NAMED("IPS", 0, SMMU_CD0_IPS, ps),
	NUM("AFFD", 0, SMMU_CD0_AFFD),
	NUM("WXN", 0, SMMU_CD0_WXN),
	NUM("UWXN", 0, SMMU_CD0_UWXN),
	NUM("TBI0", 0, SMMU_CD0_TBI0),
	NUM("TBI1", 0, SMMU_CD0_TBI1),
	NUM("PAN", 0, SMMU_CD0_PAN),
	NUM("AA64", 0, SMMU_CD0_AA64),
	NUM("HD", 0, SMMU_CD0_HD),
	NUM("HA", 0, SMMU_CD0_HA),
	NUM("S", 0, SMMU_CD0_S),
	NUM("R", 0, SMMU_CD0_R),
	NUM("A", 0, SMMU_CD0_A),
	NUM("ASET", 0, SMMU_CD0_ASET),
	NUM("ASID", 0, SMMU_CD0_ASID),
	NUM("NSCFG0", 1, SMMU_CD1_NSCFG0),
	NUM("HAD0", 1, SMMU_CD1_HAD0),
	NUM("E0PD0", 1, SMMU_CD1_E0PD0),
	NUM("HAFT", 1, SMMU_CD1_HAFT),
	ADDR("TTB0", 1, SMMU_CD1_TTB0_ADDR),
	NUM("PnCH", 1, SMMU_CD1_PNCH),
	NUM("EPAN", 1, SMMU_CD1_EPAN),
	NUM("NSCFG1", 2, SMMU_CD2_NSCFG1),
	NUM("HAD1", 2, SMMU_CD2_HAD1),
	NUM("E0PD1", 2, SMMU_CD2_E0PD1),
	NUM("AIE", 2, SMMU_CD2_AIE),
	ADDR("TTB1", 2, SMMU_CD2_TTB1_ADDR),
	NUM("DS", 2, SMMU_CD2_DS),
	NUM("PIE", 2, SMMU_CD2_PIE),
	NUM("MAIR", 3, SMMU_CD3_MAIR),
	NUM("AMAIR", 4, SMMU_CD4_AMAIR),
	NUM("PARTID", 5, SMMU_CD5_PARTID),
	NUM("PMG", 5, SMMU_CD5_PMG),
	NUM("PIIU", 6, SMMU_CD6_PIIU),
	NUM("PIIP", 7, SMMU_CD7_PIIP),
};
const struct iomi_smmuv3_layout iomi_smmuv3_fields_cd = LAYOUT("CD", cd, 8);

static const struct iomi_smmuv3_field l1std[] = {
	NAMED("Span", 0, SMMU_L1STD_SPAN, span),
	ADDR("L2Ptr", 0, SMMU_L1STD_L2PTR_ADDR),
};
const struct iomi_smmuv3_layout iomi_smmuv3_fields_l1std = LAYOUT("L1STD", l1std, 1);

static const struct iomi_smmuv3_field l1cd[] = {
	NUM("V", 0, SMMU_L1CD_V),
	ADDR("L2Ptr", 0, SMMU_L1CD_L2PTR_ADDR),
};
const struct iomi_smmuv3_layout iomi_smmuv3_fields_l1cd = LAYOUT("L1CD", l1cd, 1);

static const struct iomi_smmuv3_field pri[] = {
	NUM("StreamID", 0, SMMU_PRI0_SID),
	NUM("SubstreamID", 0, SMMU_PRI0_SSID),
	NUM("Priv", 0, SMMU_PRI0_PRIV),
	NUM("Exec", 0, SMMU_PRI0_EXEC),
	NUM("R", 0, SMMU_PRI0_READ),
	NUM("W", 0, SMMU_PRI0_WRITE),
	NUM("Last", 0, SMMU_PRI0_LAST),
	NUM("SSV", 0, SMMU_PRI0_SSV),
	NUM("PRGIndex", 1, SMMU_PRI1_PRGINDEX),
	ADDR("Addr", 1, SMMU_PRI1_ADDR),
};
const struct iomi_smmuv3_layout iomi_smmuv3_fields_pri = LAYOUT("PRI entry", pri, 2);

/* --- access ---------------------------------------------------------------- */

uint64_t iomi_smmuv3_fields_mask(const struct iomi_smmuv3_layout *l, unsigned int word)
{
	uint64_t mask = 0;
	unsigned int i;

	for (i = 0; i < l->n_fields; i++) {
		if (l->fields[i].word == word)
			mask |= l->fields[i].mask;
	}
	return mask;
}

uint64_t iomi_smmuv3_fields_get(const struct iomi_smmuv3_field *f, const uint64_t *w)
{
	return f->addr ? w[f->word] & f->mask : IOM_FIELD_GET(f->mask, w[f->word]);
}

const char *iomi_smmuv3_fields_value(const struct iomi_smmuv3_field *f, uint64_t v)
{
	if (!f->values)
		return NULL;
	return v < f->n_values && f->values[v] ? f->values[v] : "reserved";
}
