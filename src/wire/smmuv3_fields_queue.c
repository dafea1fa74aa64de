/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of commands and event records (IHI 0070, 4 and 7.3). Owns nothing. */
#include "smmuv3_fields_rows.h"

static const char *const cs[] = { "none", "interrupt", "SEV" };
static const char *const sh[] = { "non-shareable", NULL, "outer shareable", "inner shareable" };
static const char *const tg[] = { "no range", "4K", "16K", "64K" };
static const char *const ttl[] = { "any level", "level 1", "level 2", "level 3" };
static const char *const resp[] = { "ResponseFailure", "InvalidRequest", "Success" };
static const char *const class[] = { "CD", "TT", "IN" };

/* --- commands -------------------------------------------------------------- */

#define OPCODE	NUM("Opcode", 0, SMMU_CMD0_OPCODE), NUM("SSec", 0, SMMU_CMD0_SSEC)
#define SSID	NUM("SSV", 0, SMMU_CMD0_SSV), NUM("SubstreamID", 0, SMMU_CMD0_SSID)
#define SID	NUM("StreamID", 0, SMMU_CMD0_SID)
#define LEAF	NUM("Leaf", 1, SMMU_CMD_CFGI1_LEAF)
#define VMID	NUM("VMID", 0, SMMU_CMD_TLBI0_VMID)
#define ASID	NUM("ASID", 0, SMMU_CMD_TLBI0_ASID)
#define NUM_SCALE NUM("NUM", 0, SMMU_CMD_TLBI0_NUM), NUM("SCALE", 0, SMMU_CMD_TLBI0_SCALE_DS)
#define TTL_TG	NAMED("TTL", 1, SMMU_CMD_TLBI1_TTL, ttl), NAMED("TG", 1, SMMU_CMD_TLBI1_TG, tg)
#define VA	ADDR("Address", 1, SMMU_CMD_TLBI1_VA_ADDR)
#define IPA	ADDR("Address", 1, SMMU_CMD_TLBI1_IPA_ADDR)

static const struct iomi_smmuv3_field opcode[] = { OPCODE };
static const struct iomi_smmuv3_field sid[] = { OPCODE, SID };
static const struct iomi_smmuv3_field sid_ssid[] = { OPCODE, SSID, SID };
static const struct iomi_smmuv3_field sid_leaf[] = { OPCODE, SID, LEAF };
static const struct iomi_smmuv3_field sid_ssid_leaf[] = { OPCODE, SSID, SID, LEAF };
static const struct iomi_smmuv3_field prefetch_addr[] = { OPCODE, SSID, SID,
	NUM("Size", 1, SMMU_CMD_PREFETCH1_SIZE), VA };
static const struct iomi_smmuv3_field sid_range[] = { OPCODE, SID,
	NUM("Range", 1, SMMU_CMD_CFGI1_RANGE) };
static const struct iomi_smmuv3_field vmid[] = { OPCODE, VMID };
static const struct iomi_smmuv3_field vmid_asid[] = { OPCODE, VMID, ASID };
static const struct iomi_smmuv3_field asid[] = { OPCODE, ASID };
static const struct iomi_smmuv3_field nh_va[] = { OPCODE, NUM_SCALE, VMID, ASID, LEAF, TTL_TG, VA };
static const struct iomi_smmuv3_field nh_vaa[] = { OPCODE, NUM_SCALE, VMID, LEAF, TTL_TG, VA };
static const struct iomi_smmuv3_field el2_va[] = { OPCODE, NUM_SCALE, ASID, LEAF, TTL_TG, VA };
static const struct iomi_smmuv3_field el2_vaa[] = { OPCODE, NUM_SCALE, LEAF, TTL_TG, VA };
static const struct iomi_smmuv3_field s2_ipa[] = { OPCODE, NUM_SCALE, VMID, LEAF, TTL_TG, IPA };
static const struct iomi_smmuv3_field atc_inv[] = { OPCODE, SSID, SID,
	NUM("Global", 0, SMMU_CMD_ATC0_GLOBAL), NUM("Size", 1, SMMU_CMD_ATC1_SIZE),
	ADDR("Address", 1, SMMU_CMD_ATC1_ADDR) };
static const struct iomi_smmuv3_field pri_resp[] = { OPCODE, SSID, SID,
	NUM("PRGIndex", 1, SMMU_CMD_PRI1_PRGINDEX), NAMED("Resp", 1, SMMU_CMD_PRI1_RESP, resp) };
static const struct iomi_smmuv3_field resume[] = { OPCODE, SID,
	NUM("Ac", 0, SMMU_CMD_RESUME0_AC), NUM("Ab", 0, SMMU_CMD_RESUME0_AB),
	NUM("STAG", 1, SMMU_CMD_RESUME1_STAG) };
static const struct iomi_smmuv3_field sync[] = { OPCODE,
	NAMED("CS", 0, SMMU_CMD_SYNC0_CS, cs), NAMED("MSH", 0, SMMU_CMD_SYNC0_MSH, sh),
	NUM("MSIAttr", 0, SMMU_CMD_SYNC0_MSIATTR), NUM("MSIData", 0, SMMU_CMD_SYNC0_MSIDATA),
	ADDR("MSIAddress", 1, SMMU_CMD_SYNC1_MSIADDR_ADDR) };

#define CMD(n, rows) [SMMU_CMD_##n] = LAYOUT("CMD_" #n, rows, 2)

static const struct iomi_smmuv3_layout cmds[] = {
	CMD(PREFETCH_CONFIG, sid_ssid),
	CMD(PREFETCH_ADDR, prefetch_addr),
	CMD(CFGI_STE, sid_leaf),
	CMD(CFGI_STE_RANGE, sid_range),
	CMD(CFGI_CD, sid_ssid_leaf),
	CMD(CFGI_CD_ALL, sid),
	CMD(CFGI_VMS_PIDM, vmid),
	CMD(TLBI_NH_ALL, vmid),
	CMD(TLBI_NH_ASID, vmid_asid),
	CMD(TLBI_NH_VA, nh_va),
	CMD(TLBI_NH_VAA, nh_vaa),
	CMD(TLBI_EL2_ALL, opcode),
	CMD(TLBI_EL2_ASID, asid),
	CMD(TLBI_EL2_VA, el2_va),
	CMD(TLBI_EL2_VAA, el2_vaa),
	CMD(TLBI_S12_VMALL, vmid),
	CMD(TLBI_S2_IPA, s2_ipa),
	CMD(TLBI_NSNH_ALL, opcode),
	CMD(ATC_INV, atc_inv),
	CMD(PRI_RESP, pri_resp),
	CMD(RESUME, resume),
	CMD(STALL_TERM, sid),
	CMD(SYNC, sync),
};
static const struct iomi_smmuv3_layout unknown_cmd = LAYOUT(NULL, opcode, 2);

const struct iomi_smmuv3_layout *iomi_smmuv3_fields_cmd(uint8_t code)
{
	return code < IOM_ARRAY_SIZE(cmds) && cmds[code].name ? &cmds[code] : &unknown_cmd;
}

/* --- events ---------------------------------------------------------------- */

#define STREAM	NUM("EventID", 0, SMMU_EVT0_ID), NUM("StreamID", 0, SMMU_EVT0_SID)
#define SUBSTREAM STREAM, NUM("SubstreamID", 0, SMMU_EVT0_SSID)
#define COMMON	NUM("EventID", 0, SMMU_EVT0_ID), NUM("SSV", 0, SMMU_EVT0_SSV), \
		NUM("SubstreamID", 0, SMMU_EVT0_SSID), NUM("StreamID", 0, SMMU_EVT0_SID)
#define REASON	NUM("Reason", 1, SMMU_EVT1_STAG)
#define GPCF	NUM("GPCF", 1, SMMU_EVT1_GPCF)
#define STALL	NUM("STAG", 1, SMMU_EVT1_STAG), NUM("Stall", 1, SMMU_EVT1_STALL)
#define RNW	NUM("RnW", 1, SMMU_EVT1_RNW)
#define ACCESS	NUM("PnU", 1, SMMU_EVT1_PNU), NUM("InD", 1, SMMU_EVT1_IND), RNW
#define S2	NUM("NSIPA", 1, SMMU_EVT1_NSIPA), NUM("S2", 1, SMMU_EVT1_S2), \
		NAMED("CLASS", 1, SMMU_EVT1_CLASS, class)
#define CONFLICT NUM("Reason", 1, SMMU_EVT1_CONFLICT)
#define PAGE	ADDR("InputAddr", 2, SMMU_EVT2_PAGEADDR)
#define INPUT	ADDR("InputAddr", 2, SMMU_EVT2_INPUTADDR)
#define EVT_IPA	ADDR("IPA", 3, SMMU_EVT3_IPA_ADDR)
#define FETCH	ADDR("FetchAddr", 3, SMMU_EVT3_FETCH_ADDR)

static const struct iomi_smmuv3_field common[] = { COMMON };
static const struct iomi_smmuv3_field stream[] = { STREAM };
static const struct iomi_smmuv3_field substream[] = { SUBSTREAM };
static const struct iomi_smmuv3_field uut[] = { COMMON, REASON, ACCESS, INPUT };
static const struct iomi_smmuv3_field fetch[] = { COMMON, REASON, GPCF, FETCH };
static const struct iomi_smmuv3_field ats[] = { COMMON,
	NUM("Span", 1, SMMU_EVT1_ATS_SPAN), NUM("Priv", 1, SMMU_EVT1_ATS_PRIV),
	NUM("X", 1, SMMU_EVT1_ATS_X), NUM("W", 1, SMMU_EVT1_ATS_W), NUM("R", 1, SMMU_EVT1_ATS_R),
	PAGE };
static const struct iomi_smmuv3_field forbidden[] = { STREAM, RNW, INPUT };
static const struct iomi_smmuv3_field tlb_conflict[] = { COMMON, CONFLICT, ACCESS,
	NUM("NSIPA", 1, SMMU_EVT1_NSIPA), NUM("S2", 1, SMMU_EVT1_S2), INPUT, EVT_IPA };
static const struct iomi_smmuv3_field cfg_conflict[] = { COMMON, CONFLICT };
static const struct iomi_smmuv3_field page[] = { COMMON,
	NUM("uX", 1, SMMU_EVT1_PAGE_UX), NUM("uW", 1, SMMU_EVT1_PAGE_UW),
	NUM("uR", 1, SMMU_EVT1_PAGE_UR), NUM("pX", 1, SMMU_EVT1_PAGE_PX),
	NUM("pW", 1, SMMU_EVT1_PAGE_PW), NUM("pR", 1, SMMU_EVT1_PAGE_PR),
	NUM("Span", 1, SMMU_EVT1_PAGE_SPAN), PAGE };
static const struct iomi_smmuv3_field walk[] = { COMMON, REASON, GPCF, ACCESS, S2, INPUT, FETCH };
static const struct iomi_smmuv3_field fault[] = { COMMON, STALL, ACCESS, S2, INPUT, EVT_IPA };
static const struct iomi_smmuv3_field permission[] = { COMMON, STALL, ACCESS, S2,
	NUM("TTRnW", 1, SMMU_EVT1_TTRNW), INPUT, EVT_IPA };

#define EVT(n, rows) [SMMU_EVT_##n] = LAYOUT(#n, rows, 4)

static const struct iomi_smmuv3_layout events[] = {
	EVT(F_UUT, uut),
	EVT(C_BAD_STREAMID, common),
	EVT(F_STE_FETCH, fetch),
	EVT(C_BAD_STE, common),
	EVT(F_BAD_ATS_TREQ, ats),
	EVT(F_STREAM_DISABLED, stream),
	EVT(F_TRANSL_FORBIDDEN, forbidden),
	EVT(C_BAD_SUBSTREAMID, substream),
	EVT(F_CD_FETCH, fetch),
	EVT(C_BAD_CD, common),
	EVT(F_WALK_EABT, walk),
	EVT(F_TRANSLATION, fault),
	EVT(F_ADDR_SIZE, fault),
	EVT(F_ACCESS, fault),
	EVT(F_PERMISSION, permission),
	EVT(F_TLB_CONFLICT, tlb_conflict),
	EVT(F_CFG_CONFLICT, cfg_conflict),
	EVT(E_PAGE_REQUEST, page),
	EVT(F_VMS_FETCH, fetch),
};
static const struct iomi_smmuv3_layout unknown_event = LAYOUT(NULL, common, 4);

const struct iomi_smmuv3_layout *iomi_smmuv3_fields_event(uint8_t id)
{
	return id < IOM_ARRAY_SIZE(events) && events[id].name ? &events[id] : &unknown_event;
}
