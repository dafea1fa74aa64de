/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The catalogue: one row a rule. did: what the driver did; may: what the
 * architecture lets an SMMU do then; instead: what to do. Owns nothing.
 */
#include <iom/base/field.h>
#include <iom/dev/smmuv3_strict.h>

#include "smmuv3_strict_rules.h"

#define KEEPS	"An SMMU may hold what it has read, valid or not, until a CFGI that names " \
		"it is complete: it goes on by either entry, for any time."
#define KEEPS_T	"An SMMU may hold a translation, and each descriptor on the way to it, " \
		"until a TLBI that names it is complete: the old one stays in use, for any time."
#define OPEN	"The command may take effect late; only a CMD_SYNC that is complete says that " \
		"it has, and that transactions under the old entry are over."

#define BAD_STE	"Transactions of the stream are terminated with C_BAD_STE."
#define BAD_CD	"Transactions of the stream and substream are terminated with C_BAD_CD."
#define BAD_CMD	"CERROR_ILL: the command queue stops at this command until GERROR is acknowledged."
#define IGNORED	"The write may be ignored, or half taken."
#define RES0	"A later SMMU may give the bit a meaning, and this one may do anything with it."

#define ROW(r, id, title, section, did, may, instead) \
	[SMMU_RULE_##r] = { id, title, section, did, may, instead }
#define STE(r, id, field, did, instead) \
	ROW(r, id, "illegal STE: " field, "5.2", did, BAD_STE, instead)
#define CD(r, id, field, did, instead) \
	ROW(r, id, "illegal CD: " field, "5.4", did, BAD_CD, instead)
#define CMD(r, id, title, section, did, instead) \
	ROW(r, id, title, section, did, BAD_CMD, instead)

static const struct iom_smmuv3_rule_info rules[SMMU_RULES_NR] = {
	/* --- stale: configuration --- */
	ROW(STALE_L1STD, "R001", "stale L1STD used", "3.21.3",
	    "An L1STD was changed, and no CFGI followed that names it.", KEEPS,
	    "Issue CFGI_STE with Leaf=0, CFGI_STE_RANGE or CFGI_ALL, then CMD_SYNC."),
	ROW(STALE_STE, "R002", "stale STE used", "3.21.3",
	    "An STE was changed, and no CFGI followed that names its StreamID.", KEEPS,
	    "Issue CFGI_STE for the StreamID (or a range, or all), then CMD_SYNC."),
	ROW(STALE_L1CD, "R003", "stale L1CD used", "3.21.3",
	    "An L1CD was changed, and no CFGI followed that names it.", KEEPS,
	    "Issue CFGI_CD with Leaf=0, CFGI_CD_ALL or CFGI_STE, then CMD_SYNC."),
	ROW(STALE_CD, "R004", "stale CD used", "3.21.3",
	    "A CD was changed, and no CFGI followed that names it for this stream.", KEEPS,
	    "Issue CFGI_CD for the StreamID and SubstreamID, then CMD_SYNC."),
	ROW(CFGI_STE_LEAF, "R005", "L1STD invalidated with CFGI_STE Leaf=1", "4.3.1",
	    "An L1STD was changed; the CFGI_STE behind it says Leaf=1, which is the STE alone.",
	    KEEPS, "Issue CFGI_STE with Leaf=0, CFGI_STE_RANGE or CFGI_ALL."),
	ROW(CFGI_CD_LEAF, "R006", "L1CD invalidated with CFGI_CD Leaf=1", "4.3.4",
	    "An L1CD was changed; the CFGI_CD behind it says Leaf=1, which is the CD alone.",
	    KEEPS, "Issue CFGI_CD with Leaf=0, or CFGI_CD_ALL."),
	ROW(CFGI_SID, "R007", "CFGI of another stream", "4.3",
	    "A structure was changed; the CFGI behind it names another StreamID. CDs are cached "
	    "by StreamID, also if streams share their table.", KEEPS,
	    "Issue the CFGI for each StreamID that uses the structure."),
	ROW(CFGI_SSID, "R008", "CFGI_CD of another substream", "4.3.4",
	    "A CD was changed; the CFGI_CD behind it names another SubstreamID.", KEEPS,
	    "Issue CFGI_CD for the SubstreamID (0 for the CD of traffic without one)."),
	ROW(CFGI_ORDER, "R009", "CFGI before the store", "3.21.3",
	    "The CFGI that names the structure was submitted before the structure was changed, "
	    "and none after.",
	    "The SMMU may read the structure again right after the CFGI, and hold the old one.",
	    "Store the structure, order the store, then submit the CFGI."),
	ROW(CFGI_SYNC, "R010", "CFGI without CMD_SYNC", "4.7.3",
	    "The right CFGI was submitted after the change, but no CMD_SYNC behind it was waited "
	    "for.", OPEN,
	    "Submit CMD_SYNC behind the CFGI, and wait for it, before the old state is relied on."),

	/* --- stale: translations --- */
	ROW(STALE_S1, "R011", "stale stage-1 translation used", "3.21.1",
	    "A stage-1 descriptor was changed, and no TLBI followed that names the translation.",
	    KEEPS_T, "Issue a TLBI by address, ASID or VMID that covers it, then CMD_SYNC."),
	ROW(STALE_S2, "R012", "stale stage-2 translation used", "3.21.1",
	    "A stage-2 descriptor was changed, and no TLBI followed that names the translation.",
	    KEEPS_T, "Issue TLBI_S2_IPA, with stage 1 in use also TLBI_NH_ALL, or "
	    "TLBI_S12_VMALL; then CMD_SYNC."),
	ROW(STALE_REGIME, "R013", "translation of a former CD or STE used", "3.21.3",
	    "TTB, TxSZ, granule, MAIR, or a stage-2 field of an STE was changed, and no TLBI of "
	    "its ASID or VMID followed.",
	    "Translations are held by VMID and ASID, not by the tables they came from; a CFGI "
	    "does not drop them.",
	    "Issue the CFGI, then a TLBI of the ASID or VMID, then CMD_SYNC; or use a new ASID "
	    "or VMID."),
	ROW(TLBI_VMID, "R014", "TLBI of the wrong VMID", "4.4",
	    "A descriptor was changed; the TLBI that would cover it names another VMID.", KEEPS_T,
	    "Use STE.S2VMID of the stream. It is a tag of stage 1 too."),
	ROW(TLBI_ASID, "R015", "TLBI of the wrong ASID", "4.4",
	    "A descriptor was changed; the TLBI that would cover it names another ASID.", KEEPS_T,
	    "Use CD.ASID, or a TLBI of all ASIDs (NH_VAA, NH_ALL)."),
	ROW(TLBI_STAGE, "R016", "TLBI of the wrong stage or regime", "4.4",
	    "A descriptor was changed; the TLBI behind it is of another stage, or of another "
	    "exception level.", KEEPS_T,
	    "NH commands are of stage 1 under STRW EL1, EL2 commands of STRW EL2, S2_IPA of "
	    "stage 2."),
	ROW(TLBI_RANGE, "R017", "TLBI does not cover the address", "4.4.1",
	    "A descriptor was changed; TLBIs of its address space followed, but none with its "
	    "address.", KEEPS_T,
	    "Cover each address: without a range (TG=0) one command drops one entry; a range has "
	    "(NUM + 1) << SCALE granules."),
	ROW(TLBI_LEAF, "R018", "table descriptor changed, TLBI with Leaf=1", "4.4.1",
	    "A table descriptor was changed or its table freed; the TLBI behind it says Leaf=1.",
	    "Leaf=1 asks for the last level alone; descriptors of tables may stay.",
	    "Say Leaf=0 when a table is changed, unlinked or freed."),
	ROW(TLBI_TTL, "R019", "TLBI with the wrong TTL or TG", "4.4.1",
	    "The TLBI that would cover the entry says a level (TTL) or granule (TG) at which "
	    "it is not.",
	    "TTL lets an SMMU look at entries of that level only; others may stay.",
	    "Say the level of the leaf that was there and the granule of its tables, or TTL=0."),
	ROW(TLBI_GLOBAL, "R020", "global translation left by TLBI by ASID", "4.4.2",
	    "A global leaf (nG=0) was changed; the TLBI behind it is by ASID, which leaves global "
	    "entries alone.", KEEPS_T, "Use TLBI by address or of all ASIDs, or map with nG=1."),
	ROW(TLBI_COMBINED, "R021", "stage 2 changed, TLBI_S2_IPA alone", "4.4.2",
	    "A stage-2 descriptor was changed under a stage 1; TLBI_S2_IPA followed, and nothing "
	    "of stage 1.",
	    "An entry may be both stages in one, held by its VA; TLBI_S2_IPA does not find it.",
	    "Add TLBI_NH_ALL (or NH_VAA) of the VMID behind TLBI_S2_IPA; or TLBI_S12_VMALL."),
	ROW(TLBI_ORDER, "R022", "TLBI before the store", "3.21.1",
	    "The TLBI that covers the translation was submitted before the descriptor was changed, "
	    "and none after.",
	    "The SMMU may walk again right after the TLBI, and hold the old translation.",
	    "Store the descriptor, order the store, then submit the TLBI."),
	ROW(TLBI_SYNC, "R023", "TLBI without CMD_SYNC", "4.7.3",
	    "The right TLBI was submitted after the change, but no CMD_SYNC behind it was waited "
	    "for.", OPEN,
	    "Submit CMD_SYNC behind the TLBI, and wait for it, before memory is used again."),
	ROW(TLBI_BEFORE_CFGI, "R024", "TLBI before CFGI", "3.21.3",
	    "A CD or STE was changed in what translations depend on; the TLBI was submitted "
	    "before the CFGI.",
	    "Between the two the SMMU may walk by the old CD or STE, and hold what it finds.",
	    "Submit the CFGI first, then the TLBI, then CMD_SYNC."),
	ROW(RELEASED_PAGE, "R025", "memory released that a translation reaches", "3.21.1",
	    "Memory was let go while an entry that may be held, valid to use, leads to it.",
	    "A device may go on reading and writing memory that belongs to somebody else now.",
	    "Clear the descriptor, TLBI (and ATC_INV), CMD_SYNC and wait; then let go."),
	ROW(RELEASED_TABLE, "R026", "page table released that may be walked", "3.21.1",
	    "A page table was let go while a descriptor that may be held leads to it, or was read "
	    "from it.",
	    "The SMMU may walk through it, and takes what lies there for descriptors.",
	    "Unlink the table, TLBI with Leaf=0, CMD_SYNC and wait; then free it."),
	ROW(RELEASED_CONFIG, "R027", "stream table or CD table released in use", "3.21.3",
	    "Memory was let go from which an STE, CD or L1 descriptor is held as valid.",
	    "The SMMU may read it again at any time, and takes what lies there for a structure.",
	    "Make what leads to it invalid, CFGI, CMD_SYNC and wait; then free it."),
	ROW(BBM, "R028", "valid descriptor replaced by another", "3.21.1",
	    "A valid descriptor was replaced by a valid one with another output address or memory "
	    "type, without one that is invalid, and a TLBI, in between.",
	    "Both may be held at once: F_TLB_CONFLICT, or either of them, or a mixture.",
	    "Break before make: store an invalid descriptor, TLBI, CMD_SYNC, store the new one."),
	ROW(BBM_SIZE, "R029", "block split or joined without break-before-make", "3.21.1",
	    "A block was replaced by a table, or a table by a block, in place, beyond what "
	    "IDR3.BBML permits.",
	    "Entries of both sizes may be held for one address: F_TLB_CONFLICT, or either.",
	    "Break before make; with BBML 1 set nT first, with BBML 2 replace it at once."),
	ROW(ENABLE_STALE, "R030", "enabled over old caches", "3.11",
	    "SMMUEN was set, and a structure that had been held from before is used, though memory "
	    "says otherwise.",
	    "Neither SMMUEN nor reset empties a cache: what was held before counts.",
	    "Issue CFGI_ALL, TLBI_NSNH_ALL (and TLBI_EL2_ALL) and CMD_SYNC before SMMUEN=1."),
	ROW(STE_TORN, "R031", "live STE passes through a mixture", "3.21.3.1",
	    "More than one word of a valid STE was changed with no CMD_SYNC in between, in fields "
	    "that count: old and new words together are a third configuration.",
	    "An SMMU reads the words one by one, in any order, at any time until the next "
	    "CMD_SYNC is complete.",
	    "Change one 64-bit word at a time, CFGI and CMD_SYNC after each; or go through V=0."),
	ROW(CD_TORN, "R032", "live CD passes through a mixture", "3.21.3.1",
	    "More than one word of a valid CD was changed with no CMD_SYNC in between, in fields "
	    "that count: old and new words together are a third configuration.",
	    "An SMMU reads the words one by one, in any order, at any time until the next "
	    "CMD_SYNC is complete.",
	    "Change one 64-bit word at a time, CFGI and CMD_SYNC after each; or go through V=0."),
	ROW(VMID_SHARED, "R033", "STEs share a VMID but not stage 2", "3.17",
	    "Two streams are in use with one S2VMID, and their stage-2 fields differ.",
	    "Translations are held by VMID: each stream may get those of the other's tables.",
	    "Give each stage 2 a VMID of its own; the same VMID means the same fields."),
	ROW(ASID_SHARED, "R034", "CDs share an ASID but not tables", "3.17",
	    "Two CDs are in use with one ASID under one VMID, and TTB, TxSZ, granule or MAIR "
	    "differ.",
	    "Translations are held by VMID and ASID: each may get those of the other's tables.",
	    "Give each set of tables an ASID of its own; invalidate an ASID before it is used "
	    "again."),

	/* --- C_BAD_STE: one row a cause --- */
	ROW(STE_V, "R101", "STE written but not valid", "5.2",
	    "A stream is in use whose STE has contents and V=0, and was left so.",
	    BAD_STE, "Set V=1, CFGI_STE, CMD_SYNC. A stream to be blocked has Config=0 and V=1, or "
	    "an STE of zeros."),
	STE(STE_CONFIG_S1, "R102", "Config", "Config asks for stage 1, but IDR0.S1P is 0.",
	    "Look at IDR0 before stage 1 is chosen."),
	STE(STE_CONFIG_S2, "R103", "Config", "Config asks for stage 2, but IDR0.S2P is 0.",
	    "Look at IDR0 before stage 2 is chosen."),
	STE(STE_STRW_RESERVED, "R104", "STRW", "STRW is 01 or 11, no Non-secure StreamWorld.",
	    "Use 00 (EL1) or 10 (EL2)."),
	STE(STE_STRW_HYP, "R105", "STRW", "STRW is EL2, but IDR0.HYP is 0.",
	    "Use EL1 where IDR0.HYP is 0."),
	STE(STE_STRW_NESTED, "R106", "STRW", "STRW is EL2 with stage 2 in use.",
	    "Stage 2 goes with STRW EL1 only."),
	STE(STE_S1STALLD, "R107", "S1STALLD", "S1STALLD=1, but IDR0.STALL_MODEL is not 0.",
	    "Set S1STALLD only where the stall model gives a choice."),
	STE(STE_S1CDMAX, "R108", "S1CDMax", "S1CDMax exceeds IDR1.SSIDSIZE.",
	    "Use at most IDR1.SSIDSIZE bits of SubstreamID."),
	STE(STE_S1FMT, "R109", "S1Fmt", "S1Fmt is two-level, but IDR0.CD2L is 0.",
	    "Use a linear CD table."),
	STE(STE_S1CONTEXTPTR, "R110", "S1ContextPtr",
	    "S1ContextPtr is beyond the output size (with stage 2, the IPA size).",
	    "Take CD tables from memory that IDR5.OAS reaches."),
	STE(STE_EATS_SPLIT, "R111", "EATS",
	    "EATS is split-stage without both stages, or with S2S=1, or with IDR0.NS1ATS=1.",
	    "Use split-stage ATS with Config 111 and S2S=0, where NS1ATS is 0."),
	STE(STE_EATS_S2S, "R112", "EATS", "EATS is on and S2S=1: ATS requests cannot stall.",
	    "Clear S2S, or leave ATS off."),
	STE(STE_S2VMID, "R113", "S2VMID", "S2VMID has more than 8 bits, but IDR0.VMID16 is 0.",
	    "Give out VMIDs of 8 bits."),
	STE(STE_S2S, "R114", "S2S", "S2S disagrees with IDR0.STALL_MODEL.",
	    "S2S is 0 with model 1 and 1 with model 2."),
	STE(STE_S2ENDI, "R115", "S2ENDI", "S2ENDI is an endianness that IDR0.TTENDIAN lacks.",
	    "Use the endianness of TTENDIAN."),
	STE(STE_S2AA64, "R116", "S2AA64", "S2AA64 is a table format that IDR0.TTF lacks.",
	    "Use a format of TTF: S2AA64=1 for AArch64."),
	STE(STE_S2FWB, "R117", "S2FWB", "S2FWB=1 with AArch32 tables.", "Use S2FWB with S2AA64=1."),
	STE(STE_S2HA, "R118", "S2HA", "S2HA=1, but IDR0.HTTU is 0.",
	    "Set S2HA only with HTTU of 1 or more."),
	STE(STE_S2HD, "R119", "S2HD", "S2HD=1, but IDR0.HTTU is less than 2.",
	    "Set S2HD only with HTTU of 2 or more."),
	STE(STE_S2HAFT, "R120", "S2HAFT", "S2HAFT=1 without S2HA.", "Set S2HA with S2HAFT."),
	STE(STE_S2TG, "R121", "S2TG", "S2TG is reserved, or a granule that IDR5 lacks.",
	    "Use a granule of IDR5.GRAN*: 0 is 4K, 1 is 64K, 2 is 16K."),
	STE(STE_S2T0SZ_LARGE, "R122", "S2T0SZ", "S2T0SZ is above 39 (with IDR3.STT 48, or 47).",
	    "Use an IPA size of at least 25 bits."),
	STE(STE_S2T0SZ_SMALL, "R123", "S2T0SZ",
	    "S2T0SZ asks for more IPA bits than the SMMU has, or is below 16 (12 with 52 bits).",
	    "Use 64 - S2T0SZ up to the IPA size that IDR5.OAS gives."),
	STE(STE_S2SL0_RESERVED, "R124", "S2SL0", "S2SL0 is reserved with this S2TG.",
	    "4K: 2, 1, 0 start at levels 0, 1, 2; others: 3 minus the level."),
	STE(STE_S2SL0_PA, "R125", "S2SL0", "S2SL0 starts at a level that needs a larger OAS.",
	    "Start one level lower, with tables concatenated."),
	STE(STE_S2SL0_T0SZ, "R126", "S2SL0", "S2SL0 does not fit S2T0SZ.",
	    "The start level must resolve at least one bit, in at most 16 tables."),
	STE(STE_S2TTB, "R127", "S2TTB", "S2TTB exceeds the effective S2PS.",
	    "Take tables from memory that S2PS reaches, S2PS up to OAS."),

	/* --- C_BAD_CD --- */
	ROW(CD_V, "R131", "CD written but not valid", "5.4",
	    "A substream is in use whose CD has contents and V=0, and was left so.",
	    BAD_CD, "Set V=1, CFGI_CD, CMD_SYNC. A substream to be blocked has a CD of zeros, or "
	    "EPD0 and EPD1."),
	CD(CD_S_S1STALLD, "R132", "S", "S=1, but STE.S1STALLD=1 forbids it.",
	   "Clear one of them."),
	CD(CD_S_MODEL, "R133", "S", "S disagrees with IDR0.STALL_MODEL.",
	   "S is 0 with model 1 and 1 with model 2."),
	CD(CD_A_MODEL, "R134", "A", "A=0, but IDR0.TERM_MODEL=1 knows abort only.", "Set A=1."),
	CD(CD_ENDI, "R135", "ENDI", "ENDI is an endianness that IDR0.TTENDIAN lacks.",
	   "Use the endianness of TTENDIAN."),
	CD(CD_AA64, "R136", "AA64", "AA64 is a table format that IDR0.TTF lacks.",
	   "Use a format of TTF: AA64=1 for AArch64."),
	CD(CD_ASID, "R137", "ASID", "ASID has more than 8 bits, but IDR0.ASID16 is 0.",
	   "Give out ASIDs of 8 bits."),
	CD(CD_HA, "R138", "HA", "HA=1, but IDR0.HTTU is 0.", "Set HA only with HTTU of 1 or more."),
	CD(CD_HD, "R139", "HD", "HD=1, but IDR0.HTTU is less than 2.",
	   "Set HD only with HTTU of 2 or more."),
	CD(CD_HAFT, "R140", "HAFT", "HAFT=1 without HA.", "Set HA with HAFT."),
	CD(CD_TG0, "R141", "TG0", "TG0 is reserved, or a granule that IDR5 lacks.",
	   "Use a granule of IDR5.GRAN*: 0 is 4K, 1 is 64K, 2 is 16K; or EPD0=1."),
	CD(CD_T0SZ, "R142", "T0SZ", "T0SZ is out of 16 to 39 (12 and 48 with VAX and STT).",
	   "Use an input size that the SMMU has; or EPD0=1."),
	CD(CD_TTB0, "R143", "TTB0", "TTB0 exceeds the effective IPS.",
	   "Take tables from memory that IPS reaches, IPS up to OAS; or EPD0=1."),
	CD(CD_TG1, "R144", "TG1", "TG1 is reserved, or a granule that IDR5 lacks.",
	   "TG1 is not encoded as TG0: 1 is 16K, 2 is 4K, 3 is 64K; or EPD1=1."),
	CD(CD_T1SZ, "R145", "T1SZ", "T1SZ is out of 16 to 39 (12 and 48 with VAX and STT).",
	   "Use an input size that the SMMU has; or EPD1=1."),
	CD(CD_TTB1, "R146", "TTB1", "TTB1 exceeds the effective IPS.",
	   "Take tables from memory that IPS reaches, IPS up to OAS; or EPD1=1."),

	/* --- other structures, reserved bits and values --- */
	ROW(L1STD_SPAN, "R151", "L1STD with a reserved Span", "5.1",
	    "Span is above SPLIT + 1, or above 11.",
	    "The streams under it do not exist: C_BAD_STREAMID.",
	    "Span n is a table of 2^(n - 1) STEs, at most 2^SPLIT."),
	ROW(L1STD_ALIGN, "R152", "L2Ptr of an L1STD not aligned to its table", "5.1",
	    "L2Ptr has bits below the size of the table that Span says.",
	    "The bits are taken as 0: other memory is read for STEs.",
	    "Align each second-level table to its size."),
	ROW(L1STD_RES0, "R153", "reserved bits in an L1STD", "5.1",
	    "An L1STD has bits that are RES0.", RES0, "Write 0 to what is reserved."),
	ROW(L1CD_RES0, "R154", "reserved bits in an L1CD", "5.3",
	    "An L1CD has bits that are RES0.", RES0, "Write 0 to what is reserved."),
	ROW(L1CD_ALIGN, "R155", "L2Ptr of an L1CD not aligned to its table", "5.3",
	    "S1Fmt says leaves of 64 KiB, and L2Ptr has bits below.",
	    "The bits are taken as 0: other memory is read for CDs.",
	    "Align each leaf of CDs to its size."),
	ROW(STE_ALIGN, "R156", "table of an STE not aligned to its size", "5.2",
	    "S1ContextPtr or S2TTB has bits below the size of the table it leads to.",
	    "The bits are taken as 0: other memory is read for CDs or descriptors.",
	    "Align a CD table and a start table to their size, at least 64 bytes."),
	ROW(CD_ALIGN, "R157", "table of a CD not aligned to its size", "5.4",
	    "TTB0 or TTB1 has bits below the size of the start table.",
	    "The bits are taken as 0: other memory is read for descriptors.",
	    "Align a start table to its size, at least 64 bytes."),
	ROW(STE_RES0, "R161", "reserved bits in an STE", "5.2",
	    "A valid STE has bits that are RES0.", RES0, "Write 0 to what is reserved."),
	ROW(STE_RESERVED, "R162", "reserved value in an STE", "5.2",
	    "A field of a valid STE, in use with its Config, has a value that is reserved.",
	    "It behaves as some other value, or makes the STE illegal.",
	    "Use a value that has a meaning."),
	ROW(STE_ABSENT, "R163", "STE asks for a feature that is absent", "5.2",
	    "A field of a valid STE is not 0, but the IDRs do not have the feature: it is RES0.",
	    "The field is ignored: what the driver counts on does not happen.",
	    "Look at the IDRs before the field is set."),
	ROW(CD_RES0, "R164", "reserved bits in a CD", "5.4",
	    "A valid CD has bits that are RES0.", RES0, "Write 0 to what is reserved."),
	ROW(CD_RESERVED, "R165", "reserved value in a CD", "5.4",
	    "A field of a valid CD, in use, has a value that is reserved.",
	    "It behaves as some other value, or makes the CD illegal.",
	    "Use a value that has a meaning."),
	ROW(CD_ABSENT, "R166", "CD asks for a feature that is absent", "5.4",
	    "A field of a valid CD is not 0, but the IDRs do not have the feature: it is RES0.",
	    "The field is ignored: what the driver counts on does not happen.",
	    "Look at the IDRs before the field is set."),

	/* --- commands: CERROR_ILL, one row a cause --- */
	CMD(CMD_SSEC, "R201", "command with SSec=1", "4.1.6",
	    "A command on the Non-secure queue says SSec=1.", "Clear SSec."),
	CMD(CMD_S1P, "R202", "command of stage 1, which is absent", "4",
	    "CFGI_CD or TLBI_NH was used, but IDR0.S1P is 0.", "Look at IDR0 first."),
	CMD(CMD_RANGE, "R203", "TLBI range of nothing", "4.4.1",
	    "TG is not 0, while NUM, SCALE and TTL are.",
	    "One page: TG=0, or say its level in TTL."),
	CMD(CMD_CS, "R204", "CMD_SYNC with CS=3", "4.7.3", "CS=3 is reserved.",
	    "CS is 0 (none), 1 (interrupt) or 2 (SEV)."),
	CMD(CMD_S2P, "R205", "command of stage 2, which is absent", "4.4",
	    "TLBI_S12_VMALL or TLBI_S2_IPA was used, but IDR0.S2P is 0.", "Look at IDR0 first."),
	CMD(CMD_HYP, "R206", "command of EL2, which is absent", "4.4",
	    "A TLBI_EL2 command was used, but IDR0.HYP is 0.", "Look at IDR0 first."),
	CMD(CMD_ATS, "R207", "ATC_INV without ATS", "4.5.1", "IDR0.ATS is 0.",
	    "Look at IDR0 first."),
	CMD(CMD_PRI, "R208", "PRI_RESP without PRI", "4.5.2", "IDR0.PRI is 0.",
	    "Look at IDR0 first."),
	CMD(CMD_RESP, "R209", "PRI_RESP with a reserved Resp", "4.5.2", "Resp=3 is reserved.",
	    "Resp is 0 (failure), 1 (invalid) or 2 (success)."),
	CMD(CMD_STALL, "R210", "RESUME or STALL_TERM where nothing stalls", "4.6",
	    "IDR0.STALL_MODEL is 1.", "Look at IDR0 first."),
	CMD(CMD_MPAM, "R211", "CFGI_VMS_PIDM without MPAM", "4.3.7", "IDR3.MPAM is 0.",
	    "Look at IDR3 first."),
	CMD(CMD_OPCODE, "R212", "unknown command", "4.1.3",
	    "The opcode does not exist, or is not for this queue.",
	    "An entry that was never written, or a wrong PROD, looks like this too."),
	ROW(CMD_RES0, "R221", "reserved bits in a command", "4.1.2",
	    "A command has bits that are RES0: no field of it, or of a feature that is absent "
	    "(ranges without IDR3.RIL).", RES0, "Write 0 to what is reserved."),
	ROW(CMD_RESERVED, "R222", "reserved value in a command", "4",
	    "A field of a command has a value that is reserved.",
	    "The command may do nothing, or be CERROR_ILL.", "Use a value that has a meaning."),

	/* --- registers --- */
	ROW(REG_SIZE, "R301", "register access of a wrong size", "6.2",
	    "An access was neither of 4 bytes, nor of 8 bytes to a 64-bit register, or was not "
	    "aligned.", "It may be ignored, read as 0, abort, or reach other registers.",
	    "Access 32-bit registers by 4 bytes, 64-bit registers by 8 or twice 4, aligned."),
	ROW(REG_RO, "R302", "read-only register written", "6.3",
	    "A register that software cannot change was written.", IGNORED,
	    "Do not write it."),
	ROW(REG_RES0, "R303", "reserved bits of a register written", "6.3",
	    "Bits that are RES0 were written with 1.", RES0, "Write 0 to what is reserved."),
	ROW(REG_ABSENT, "R304", "reserved register written", "6.2",
	    "There is no register at this offset, or not with these IDRs, and the value is not 0.",
	    RES0, "Look at the IDRs first."),
	ROW(STRTAB_ENABLED, "R305", "stream table base written while enabled", "6.3.23",
	    "STRTAB_BASE or STRTAB_BASE_CFG was changed while SMMUEN, or its acknowledgement, "
	    "is 1.",
	    IGNORED, "Clear SMMUEN, wait for CR0ACK, then change it."),
	ROW(CR1_ENABLED, "R306", "attributes of tables or queues written while in use", "6.3.11",
	    "CR1.TABLE_* was changed with SMMUEN=1, or CR1.QUEUE_* with a queue enabled.",
	    IGNORED, "Set CR1 while SMMUEN and the queues are 0 in CR0ACK."),
	ROW(CR2_ENABLED, "R307", "CR2 written while enabled", "6.3.12",
	    "CR2 was changed while SMMUEN, or its acknowledgement, is 1.",
	    IGNORED, "Set CR2 while SMMUEN is 0 in CR0ACK."),
	ROW(CMDQ_ENABLED, "R308", "command queue moved while enabled", "6.3.25",
	    "CMDQ_BASE or CMDQ_CONS was written while CMDQEN, or its acknowledgement, is 1.",
	    IGNORED, "Clear CMDQEN, wait for CR0ACK, then write it."),
	ROW(EVENTQ_ENABLED, "R309", "event or PRI queue moved while enabled", "6.3.28",
	    "BASE or PROD of an output queue was written while it, or its acknowledgement, is "
	    "enabled.",
	    IGNORED, "Clear EVENTQEN or PRIQEN, wait for CR0ACK, then write it."),
	ROW(CR0_ACK, "R310", "CR0 written before its acknowledgement", "6.3.9",
	    "A field of CR0 was changed again before CR0ACK was seen to agree.", IGNORED,
	    "Read CR0ACK until the field is what was written; then change it again."),
	ROW(IRQ_ACK, "R311", "IRQ_CTRL written before its acknowledgement", "6.3.16",
	    "A field of IRQ_CTRL was changed again before IRQ_CTRLACK was seen to agree.", IGNORED,
	    "Read IRQ_CTRLACK until the field is what was written; then change it again."),
	ROW(GBPA_ACK, "R312", "GBPA written before UPDATE is 0", "6.3.14",
	    "GBPA was written with UPDATE=1 again before UPDATE was seen to be 0.", IGNORED,
	    "Read GBPA until UPDATE is 0; then write it again."),
	ROW(GBPA_UPDATE, "R313", "GBPA written without UPDATE", "6.3.14",
	    "GBPA was changed with UPDATE=0.", "The write is ignored.", "Write with UPDATE=1."),
	ROW(MSI_ENABLED, "R314", "MSI changed while its interrupt is enabled", "6.3.20",
	    "An IRQ_CFG register was written while IRQ_CTRL, or its acknowledgement, enables the "
	    "interrupt.", IGNORED,
	    "Disable the interrupt, wait for IRQ_CTRLACK, then change its MSI."),
	ROW(STRTAB_ALIGN, "R315", "stream table not aligned to its size", "6.3.23",
	    "SMMUEN was set with STRTAB_BASE not aligned to the table (of level 1, if two).",
	    "Low bits are taken as 0: other memory is read for STEs.",
	    "Align a stream table to its size, at least 64 bytes."),
	ROW(STRTAB_SIZE, "R316", "stream table larger than StreamIDs", "6.3.24",
	    "SMMUEN was set with LOG2SIZE above IDR1.SIDSIZE.",
	    "The size is taken as SIDSIZE; the alignment that is asked is unclear.",
	    "Use LOG2SIZE up to IDR1.SIDSIZE."),
	ROW(STRTAB_SPLIT, "R317", "reserved SPLIT", "6.3.24",
	    "SMMUEN was set with two levels and SPLIT other than 6, 8, 10.",
	    "SPLIT is taken as 6.", "Use 6, 8 or 10."),
	ROW(STRTAB_FMT, "R318", "stream table format that is absent or reserved", "6.3.24",
	    "SMMUEN was set with FMT 2 or 3, or two levels with IDR0.ST_LEVEL=0.",
	    "The table is taken as linear.", "Use FMT 0, or 1 where ST_LEVEL is 1."),
	ROW(QUEUE_ALIGN, "R319", "queue not aligned to its size", "6.3.25",
	    "A queue was enabled whose base is not aligned to its size.",
	    "Low bits are taken as 0: entries are read from, or written to, other memory.",
	    "Align a queue to its size, at least 32 bytes."),
	ROW(QUEUE_SIZE, "R320", "queue larger than the SMMU has", "6.3.25",
	    "A queue was enabled with LOG2SIZE above IDR1.CMDQS or EVENTQS.",
	    "The size is taken as the largest: indexes wrap earlier than the driver's.",
	    "Use LOG2SIZE up to what IDR1 says."),

	/* --- queues, errors, enabling --- */
	ROW(PROD_WRAP, "R401", "wrong wrap bit in CMDQ_PROD", "3.5.1",
	    "PROD is ahead of CONS by more than the queue holds, and was moved by more than that: "
	    "index and wrap bit do not belong together.",
	    "Indexes and wraps decide what is full and empty: old entries run again, or new ones "
	    "do not.",
	    "Count index and wrap as one number of LOG2SIZE + 1 bits."),
	ROW(PROD_FULL, "R402", "command queue overfull", "3.5.1",
	    "PROD is ahead of CONS by more than the queue holds.",
	    "Entries that were not consumed are overwritten; any entry may run.",
	    "Read CONS, and wait until there is room."),
	ROW(PROD_BACK, "R403", "CMDQ_PROD moved backwards", "3.5.1",
	    "PROD is behind its former value.",
	    "Commands that were given may run, or not, or twice.",
	    "Once PROD covers a command, it is the SMMU's."),
	ROW(EVENTQ_CONS, "R404", "CONS of an output queue beyond PROD", "3.5.1",
	    "EVENTQ_CONS or PRIQ_CONS was moved beyond PROD, or backwards.",
	    "Events are written over others that were not read, or the queue looks full.",
	    "Move CONS over entries that PROD covers, index and wrap as one number."),
	ROW(GERRORN, "R405", "GERRORN acknowledges what is not active", "6.3.19",
	    "Bits of GERRORN were toggled whose error is not active.",
	    "GERROR and GERRORN differ then: an error looks active, and the next one is lost.",
	    "Write to GERRORN what was read from GERROR."),
	ROW(ENABLE_CFGI, "R411", "enabled without CFGI_ALL", "3.11",
	    "SMMUEN was set, and since reset no CFGI_ALL was done.",
	    "Caches hold anything after reset: old structures may be used.",
	    "CFGI_ALL, TLBI_NSNH_ALL, CMD_SYNC, then SMMUEN=1."),
	ROW(ENABLE_TLBI, "R412", "enabled without TLBI_NSNH_ALL", "3.11",
	    "SMMUEN was set, and since reset no TLBI_NSNH_ALL was done.",
	    "TLBs hold anything after reset: old translations may be used.",
	    "CFGI_ALL, TLBI_NSNH_ALL, CMD_SYNC, then SMMUEN=1."),
	ROW(ENABLE_EL2, "R413", "EL2 in use without TLBI_EL2_ALL", "3.11",
	    "A stream translates with STRW EL2, and since reset no TLBI_EL2_ALL was done.",
	    "TLBs hold anything after reset: old translations may be used.",
	    "TLBI_EL2_ALL and CMD_SYNC before SMMUEN=1, where IDR0.HYP is 1."),
	ROW(ENABLE_SYNC, "R414", "enabled before the invalidations were complete", "3.11",
	    "SMMUEN was set while no CMD_SYNC behind CFGI_ALL and TLBI_NSNH_ALL is complete.",
	    OPEN, "Wait for the CMD_SYNC, then SMMUEN=1."),
	ROW(GERROR_LEFT, "R421", "error not acknowledged", "7.5",
	    "An error in GERROR was left active.",
	    "A second error of the kind is not told; with CMDQ_ERR no command runs.",
	    "Handle it, then write GERROR to GERRORN."),
	ROW(OVERFLOW_LEFT, "R422", "overflow not acknowledged", "7.4",
	    "The event or PRI queue overflowed, and OVACKFLG was not made equal to OVFLG.",
	    "Events were lost, and the next overflow will not be told; page requests are not "
	    "taken.",
	    "Write CONS with OVACKFLG as OVFLG is."),

	/* --- barriers, with iom_smmuv3_strict_wmb() --- */
	ROW(BARRIER_CMD, "R431", "command not ordered before PROD", "3.5.1",
	    "A command was stored and PROD written, with no barrier in between.",
	    "The SMMU may read what was in the entry before.",
	    "A barrier for stores between the entry and the write of PROD."),
	ROW(BARRIER_STRUCT, "R432", "structure not ordered before its invalidation", "3.21.3",
	    "An STE or CD was stored and PROD written over its CFGI, with no barrier in between.",
	    "The SMMU may do the CFGI, read the old structure, and hold it.",
	    "A barrier for stores between the structure and the write of PROD."),
	ROW(BARRIER_V, "R433", "V=1 not ordered behind the other words", "3.21.3.1",
	    "An STE or CD became valid, and other words that count changed with it, with no "
	    "barrier in between.",
	    "The SMMU may see V=1 with words as they were before.",
	    "Store the other words, a barrier (and CFGI, CMD_SYNC), then V=1."),

	/* --- ATS, PRI, stall, HTTU --- */
	ROW(ATC_ORDER, "R501", "ATC_INV before the TLBI is complete", "3.9.1",
	    "ATC_INV was submitted behind a TLBI of the same addresses with no CMD_SYNC between.",
	    "The endpoint may ask again and get the old translation from a TLB that still has it.",
	    "TLBI, CMD_SYNC, ATC_INV, CMD_SYNC."),
	ROW(STALE_ATC, "R502", "memory released that an ATC reaches", "3.9.1",
	    "Memory was let go while an endpoint has a translation to it by ATS, and no ATC_INV "
	    "of it is complete.",
	    "The endpoint goes on with Translated transactions to memory that is somebody else's.",
	    "TLBI, CMD_SYNC, ATC_INV of the addresses for each StreamID, CMD_SYNC; then let go."),
	ROW(ATC_USED, "R503", "stale ATC entry used", "3.9.1",
	    "A translation that an endpoint has by ATS was changed in the tables, and no ATC_INV "
	    "of it followed the TLBI and its CMD_SYNC.",
	    "The endpoint may keep the translation for any time, or have asked again before the "
	    "TLBI, and been given the old one.",
	    "TLBI, CMD_SYNC, ATC_INV of the addresses for each StreamID, CMD_SYNC."),
	ROW(PRG_LEFT, "R511", "page request group not answered", "8.1",
	    "A request marked Last was taken from the PRI queue, and no PRI_RESP followed.",
	    "The device waits for ever, and runs out of requests that it may have outstanding.",
	    "Answer each group with one PRI_RESP, failed ones too."),
	ROW(PRG_UNKNOWN, "R512", "PRI_RESP to a group that is not there", "4.5.2",
	    "PRI_RESP names a StreamID and PRGIndex of which no group marked Last was taken, or "
	    "that was answered already.",
	    "The device gets an Unexpected Completion, or takes it for a later group's answer.",
	    "Answer the request marked Last, once, with its StreamID and PRGIndex."),
	ROW(STALL_LEFT, "R521", "stalled transaction not answered", "3.12.2",
	    "An event with Stall=1 was recorded, and neither RESUME nor STALL_TERM followed.",
	    "The transaction, and what waits behind it in the device, waits for ever.",
	    "Answer each STAG with RESUME, or end the stream and its stalls with STALL_TERM."),
	ROW(HTTU_ATTR, "R531", "HTTU with walks that are not write-back", "3.13",
	    "HA (or S2HA) is set, and the inner or outer attribute of the walk is not write-back.",
	    "Updates need not be atomic, or not happen: access flags and dirty states are lost.",
	    "Set IR and OR to write-back with HA."),
};

const struct iom_smmuv3_rule_info *iom_smmuv3_strict_rule(unsigned int i)
{
	return i < SMMU_RULES_NR ? &rules[i] : NULL;
}

#define NAME(name) #name,
static const char *const names[SMMU_RULES_NR] = { SMMU_RULES(NAME) };

const char *iomi_smmuv3_strict_rules_name(enum smmu_rule rule)
{
	return rule < SMMU_RULES_NR ? names[rule] : "";
}
