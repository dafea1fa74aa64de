/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts of SMMUv3's queue entries. Owns nothing. */
#include <iom/base/mem.h>

#include "smmuv3_wire.h"

#define GET(mask, w)	IOM_FIELD_GET(mask, w)
#define PREP(mask, v)	IOM_FIELD_PREP(mask, (uint64_t)(v))

/* --- commands -------------------------------------------------------------- */

/* What an opcode has. */
#define HAS_SID		0x0001u
#define HAS_SSID	0x0002u
#define HAS_LEAF	0x0004u
#define HAS_RANGE	0x0008u
#define HAS_VMID	0x0010u
#define HAS_ASID	0x0020u
#define HAS_VA		0x0040u
#define HAS_IPA		0x0080u
#define HAS_PREFETCH	0x0100u
#define HAS_NUM		0x0200u
#define HAS_ATC		0x0400u
#define HAS_PRI		0x0800u
#define HAS_RESUME	0x1000u
#define HAS_SYNC	0x2000u
#define HAS_TTL		0x4000u
#define EXISTS		0x8000u

#define TLBI_ADDR	(HAS_NUM | HAS_TTL | HAS_LEAF)

static unsigned int has(uint8_t opcode)
{
	switch (opcode) {
	case SMMU_CMD_PREFETCH_CONFIG:
		return EXISTS | HAS_SID | HAS_SSID;
	case SMMU_CMD_PREFETCH_ADDR:
		return EXISTS | HAS_SID | HAS_SSID | HAS_VA | HAS_PREFETCH;
	case SMMU_CMD_CFGI_STE:
		return EXISTS | HAS_SID | HAS_LEAF;
	case SMMU_CMD_CFGI_STE_RANGE:
		return EXISTS | HAS_SID | HAS_RANGE;
	case SMMU_CMD_CFGI_CD:
		return EXISTS | HAS_SID | HAS_SSID | HAS_LEAF;
	case SMMU_CMD_CFGI_CD_ALL:
		return EXISTS | HAS_SID;
	case SMMU_CMD_CFGI_VMS_PIDM:
	case SMMU_CMD_TLBI_NH_ALL:
	case SMMU_CMD_TLBI_S12_VMALL:
		return EXISTS | HAS_VMID;
	case SMMU_CMD_TLBI_NH_ASID:
		return EXISTS | HAS_VMID | HAS_ASID;
	case SMMU_CMD_TLBI_NH_VA:
		return EXISTS | HAS_VMID | HAS_ASID | HAS_VA | TLBI_ADDR;
	case SMMU_CMD_TLBI_NH_VAA:
		return EXISTS | HAS_VMID | HAS_VA | TLBI_ADDR;
	case SMMU_CMD_TLBI_EL2_ASID:
		return EXISTS | HAS_ASID;
	case SMMU_CMD_TLBI_EL2_VA:
		return EXISTS | HAS_ASID | HAS_VA | TLBI_ADDR;
	case SMMU_CMD_TLBI_EL2_VAA:
		return EXISTS | HAS_VA | TLBI_ADDR;
	case SMMU_CMD_TLBI_S2_IPA:
		return EXISTS | HAS_VMID | HAS_IPA | TLBI_ADDR;
	case SMMU_CMD_TLBI_EL2_ALL:
	case SMMU_CMD_TLBI_NSNH_ALL:
		return EXISTS;
	case SMMU_CMD_ATC_INV:
		return EXISTS | HAS_SID | HAS_SSID | HAS_VA | HAS_ATC;
	case SMMU_CMD_PRI_RESP:
		return EXISTS | HAS_SID | HAS_SSID | HAS_PRI;
	case SMMU_CMD_RESUME:
		return EXISTS | HAS_SID | HAS_RESUME;
	case SMMU_CMD_STALL_TERM:
		return EXISTS | HAS_SID;
	case SMMU_CMD_SYNC:
		return EXISTS | HAS_SYNC;
	default:
		return 0;
	}
}

bool iomi_smmuv3_wire_is_tlbi_addr(uint8_t opcode)
{
	return has(opcode) & HAS_TTL;
}

static void pack_sync(const struct smmuv3_wire_cmd *c, uint64_t w[2])
{
	w[0] |= PREP(SMMU_CMD_SYNC0_CS, c->cs) | PREP(SMMU_CMD_SYNC0_MSH, c->msh) |
		PREP(SMMU_CMD_SYNC0_MSIATTR, c->msiattr) |
		PREP(SMMU_CMD_SYNC0_MSIDATA, c->msidata);
	w[1] |= c->msiaddr & SMMU_CMD_SYNC1_MSIADDR_ADDR;
}

static void unpack_sync(const uint64_t w[2], struct smmuv3_wire_cmd *c)
{
	c->cs = (uint8_t)GET(SMMU_CMD_SYNC0_CS, w[0]);
	c->msh = (uint8_t)GET(SMMU_CMD_SYNC0_MSH, w[0]);
	c->msiattr = (uint8_t)GET(SMMU_CMD_SYNC0_MSIATTR, w[0]);
	c->msidata = (uint32_t)GET(SMMU_CMD_SYNC0_MSIDATA, w[0]);
	c->msiaddr = w[1] & SMMU_CMD_SYNC1_MSIADDR_ADDR;
}

static void pack_tlbi(const struct smmuv3_wire_cmd *c, unsigned int f, uint64_t w[2])
{
	if (f & HAS_VMID)
		w[0] |= PREP(SMMU_CMD_TLBI0_VMID, c->vmid);
	if (f & HAS_ASID)
		w[0] |= PREP(SMMU_CMD_TLBI0_ASID, c->asid);
	if (f & HAS_NUM)
		w[0] |= PREP(SMMU_CMD_TLBI0_NUM, c->num) |
			PREP(SMMU_CMD_TLBI0_SCALE_DS, c->scale);
	if (f & HAS_VA)
		w[1] |= c->addr & SMMU_CMD_TLBI1_VA_ADDR;
	if (f & HAS_IPA)
		w[1] |= c->addr & SMMU_CMD_TLBI1_IPA_ADDR;
	if (f & HAS_TTL)
		w[1] |= PREP(SMMU_CMD_TLBI1_TTL, c->ttl) | PREP(SMMU_CMD_TLBI1_TG, c->tg);
}

static void unpack_tlbi(const uint64_t w[2], unsigned int f, struct smmuv3_wire_cmd *c)
{
	if (f & HAS_VMID)
		c->vmid = (uint16_t)GET(SMMU_CMD_TLBI0_VMID, w[0]);
	if (f & HAS_ASID)
		c->asid = (uint16_t)GET(SMMU_CMD_TLBI0_ASID, w[0]);
	if (f & HAS_NUM) {
		c->num = (uint8_t)GET(SMMU_CMD_TLBI0_NUM, w[0]);
		c->scale = (uint8_t)GET(SMMU_CMD_TLBI0_SCALE_DS, w[0]);
	}
	if (f & HAS_VA)
		c->addr = w[1] & SMMU_CMD_TLBI1_VA_ADDR;
	if (f & HAS_IPA)
		c->addr = w[1] & SMMU_CMD_TLBI1_IPA_ADDR;
	if (f & HAS_TTL) {
		c->ttl = (uint8_t)GET(SMMU_CMD_TLBI1_TTL, w[1]);
		c->tg = (uint8_t)GET(SMMU_CMD_TLBI1_TG, w[1]);
	}
}

void iomi_smmuv3_wire_pack_cmd(const struct smmuv3_wire_cmd *c, uint64_t w[2])
{
	unsigned int f = has(c->opcode);

	w[0] = PREP(SMMU_CMD0_OPCODE, c->opcode) | PREP(SMMU_CMD0_SSEC, c->ssec);
	w[1] = 0;
	if (f & HAS_SID)
		w[0] |= PREP(SMMU_CMD0_SID, c->sid);
	if (f & HAS_SSID)
		w[0] |= PREP(SMMU_CMD0_SSV, c->ssv) | PREP(SMMU_CMD0_SSID, c->ssid);
	if (f & HAS_LEAF)
		w[1] |= PREP(SMMU_CMD_CFGI1_LEAF, c->leaf);
	if (f & HAS_RANGE)
		w[1] |= PREP(SMMU_CMD_CFGI1_RANGE, c->range);
	if (f & HAS_PREFETCH)
		w[1] |= PREP(SMMU_CMD_PREFETCH1_SIZE, c->size);
	if (f & HAS_ATC) {
		w[0] |= PREP(SMMU_CMD_ATC0_GLOBAL, c->global);
		w[1] |= PREP(SMMU_CMD_ATC1_SIZE, c->size);
	}
	if (f & HAS_PRI)
		w[1] |= PREP(SMMU_CMD_PRI1_PRGINDEX, c->prgindex) |
			PREP(SMMU_CMD_PRI1_RESP, c->resp);
	if (f & HAS_RESUME) {
		w[0] |= PREP(SMMU_CMD_RESUME0_AC, c->ac) | PREP(SMMU_CMD_RESUME0_AB, c->ab);
		w[1] |= PREP(SMMU_CMD_RESUME1_STAG, c->stag);
	}
	pack_tlbi(c, f, w);
	if (f & HAS_SYNC)
		pack_sync(c, w);
}

bool iomi_smmuv3_wire_unpack_cmd(const uint64_t w[2], struct smmuv3_wire_cmd *c)
{
	unsigned int f;

	memset(c, 0, sizeof(*c));
	c->opcode = (uint8_t)GET(SMMU_CMD0_OPCODE, w[0]);
	c->ssec = w[0] & SMMU_CMD0_SSEC;
	f = has(c->opcode);
	if (f & HAS_SID)
		c->sid = (uint32_t)GET(SMMU_CMD0_SID, w[0]);
	if (f & HAS_SSID) {
		c->ssv = w[0] & SMMU_CMD0_SSV;
		c->ssid = (uint32_t)GET(SMMU_CMD0_SSID, w[0]);
	}
	if (f & HAS_LEAF)
		c->leaf = w[1] & SMMU_CMD_CFGI1_LEAF;
	if (f & HAS_RANGE)
		c->range = (uint8_t)GET(SMMU_CMD_CFGI1_RANGE, w[1]);
	if (f & HAS_PREFETCH)
		c->size = (uint8_t)GET(SMMU_CMD_PREFETCH1_SIZE, w[1]);
	if (f & HAS_ATC) {
		c->global = w[0] & SMMU_CMD_ATC0_GLOBAL;
		c->size = (uint8_t)GET(SMMU_CMD_ATC1_SIZE, w[1]);
	}
	if (f & HAS_PRI) {
		c->prgindex = (uint16_t)GET(SMMU_CMD_PRI1_PRGINDEX, w[1]);
		c->resp = (uint8_t)GET(SMMU_CMD_PRI1_RESP, w[1]);
	}
	if (f & HAS_RESUME) {
		c->ac = w[0] & SMMU_CMD_RESUME0_AC;
		c->ab = w[0] & SMMU_CMD_RESUME0_AB;
		c->stag = (uint16_t)GET(SMMU_CMD_RESUME1_STAG, w[1]);
	}
	unpack_tlbi(w, f, c);
	if (f & HAS_SYNC)
		unpack_sync(w, c);
	return f & EXISTS;
}

void iomi_smmuv3_wire_tlbi_range(const struct smmuv3_wire_cmd *c, bool ril, bool ds,
				 struct iom_range *out, unsigned int *granule_lg2)
{
	static const uint8_t lg2[4] = {
		[SMMU_TLBI_TG_4K] = 12, [SMMU_TLBI_TG_16K] = 14, [SMMU_TLBI_TG_64K] = 16,
	};
	unsigned int g = ril ? lg2[c->tg & 3] : 0;
	unsigned int shift = g + (c->scale & (ds ? 0x3fu : 0x1fu));
	uint64_t units = (uint64_t)(c->num & 0x1f) + 1, len_m1;

	*granule_lg2 = g;
	out->start = c->addr;
	out->last = c->addr;
	if (!g)
		return;
	out->start &= UINT64_MAX << g;
	/* 32 << 58 is the largest that fits */
	if (shift > 63 || (units << shift) >> shift != units)
		len_m1 = UINT64_MAX;
	else
		len_m1 = (units << shift) - 1;
	out->last = len_m1 > UINT64_MAX - out->start ? UINT64_MAX : out->start + len_m1;
}

struct iom_range iomi_smmuv3_wire_atc_range(const struct smmuv3_wire_cmd *c)
{
	struct iom_range r = { 0, UINT64_MAX };

	if (c->size < SMMU_ATC_SIZE_ALL) {
		uint64_t mask = (UINT64_C(4096) << c->size) - 1;

		r.start = c->addr & ~mask;
		r.last = c->addr | mask;
	}
	return r;
}

/* --- events ---------------------------------------------------------------- */

#define REASON	SMMUV3_WIRE_EVT_REASON
#define STALL	SMMUV3_WIRE_EVT_STALL
#define RNW	SMMUV3_WIRE_EVT_RNW
#define ACCESS	(SMMUV3_WIRE_EVT_ACCESS | SMMUV3_WIRE_EVT_RNW)
#define S2	SMMUV3_WIRE_EVT_S2
#define S2_CLASS (S2 | SMMUV3_WIRE_EVT_CLASS)
#define TTRNW	SMMUV3_WIRE_EVT_TTRNW
#define INPUT	SMMUV3_WIRE_EVT_INPUT
#define IPA	SMMUV3_WIRE_EVT_IPA
#define FETCH	SMMUV3_WIRE_EVT_FETCH
#define GPCF	SMMUV3_WIRE_EVT_GPCF
#define PAGE	SMMUV3_WIRE_EVT_PAGE
#define ATS	SMMUV3_WIRE_EVT_ATS
#define CONFLICT SMMUV3_WIRE_EVT_CONFLICT
#define HINT	SMMUV3_WIRE_EVT_HINT
#define NO_SSID	SMMUV3_WIRE_EVT_NO_SSID
#define NO_SSV	SMMUV3_WIRE_EVT_NO_SSV

/* 7.3. Names stand apart: a driver links none. */
static const uint32_t events[] = {
	[SMMU_EVT_F_UUT] = REASON | ACCESS | INPUT,
	[SMMU_EVT_C_BAD_STREAMID] = 0,
	[SMMU_EVT_F_STE_FETCH] = REASON | GPCF | FETCH,
	[SMMU_EVT_C_BAD_STE] = 0,
	[SMMU_EVT_F_BAD_ATS_TREQ] = ATS | PAGE,
	[SMMU_EVT_F_STREAM_DISABLED] = NO_SSID,
	[SMMU_EVT_F_TRANSL_FORBIDDEN] = NO_SSID | RNW | INPUT,
	[SMMU_EVT_C_BAD_SUBSTREAMID] = NO_SSV,
	[SMMU_EVT_F_CD_FETCH] = REASON | GPCF | FETCH,
	[SMMU_EVT_C_BAD_CD] = 0,
	[SMMU_EVT_F_WALK_EABT] = REASON | GPCF | ACCESS | S2_CLASS | INPUT | FETCH,
	[SMMU_EVT_F_TRANSLATION] = STALL | ACCESS | S2_CLASS | INPUT | IPA,
	[SMMU_EVT_F_ADDR_SIZE] = STALL | ACCESS | S2_CLASS | INPUT | IPA,
	[SMMU_EVT_F_ACCESS] = STALL | ACCESS | S2_CLASS | INPUT | IPA,
	[SMMU_EVT_F_PERMISSION] = STALL | ACCESS | S2_CLASS | TTRNW | INPUT | IPA,
	[SMMU_EVT_F_TLB_CONFLICT] = CONFLICT | ACCESS | S2 | INPUT | IPA,
	[SMMU_EVT_F_CFG_CONFLICT] = CONFLICT,
	[SMMU_EVT_E_PAGE_REQUEST] = HINT | PAGE,
	[SMMU_EVT_F_VMS_FETCH] = REASON | GPCF | FETCH,
};

static const char *const event_names[] = {
	[SMMU_EVT_F_UUT] = "F_UUT",
	[SMMU_EVT_C_BAD_STREAMID] = "C_BAD_STREAMID",
	[SMMU_EVT_F_STE_FETCH] = "F_STE_FETCH",
	[SMMU_EVT_C_BAD_STE] = "C_BAD_STE",
	[SMMU_EVT_F_BAD_ATS_TREQ] = "F_BAD_ATS_TREQ",
	[SMMU_EVT_F_STREAM_DISABLED] = "F_STREAM_DISABLED",
	[SMMU_EVT_F_TRANSL_FORBIDDEN] = "F_TRANSL_FORBIDDEN",
	[SMMU_EVT_C_BAD_SUBSTREAMID] = "C_BAD_SUBSTREAMID",
	[SMMU_EVT_F_CD_FETCH] = "F_CD_FETCH",
	[SMMU_EVT_C_BAD_CD] = "C_BAD_CD",
	[SMMU_EVT_F_WALK_EABT] = "F_WALK_EABT",
	[SMMU_EVT_F_TRANSLATION] = "F_TRANSLATION",
	[SMMU_EVT_F_ADDR_SIZE] = "F_ADDR_SIZE",
	[SMMU_EVT_F_ACCESS] = "F_ACCESS",
	[SMMU_EVT_F_PERMISSION] = "F_PERMISSION",
	[SMMU_EVT_F_TLB_CONFLICT] = "F_TLB_CONFLICT",
	[SMMU_EVT_F_CFG_CONFLICT] = "F_CFG_CONFLICT",
	[SMMU_EVT_E_PAGE_REQUEST] = "E_PAGE_REQUEST",
	[SMMU_EVT_F_VMS_FETCH] = "F_VMS_FETCH",
};

unsigned int iomi_smmuv3_wire_event_has(uint8_t id)
{
	return id < IOM_ARRAY_SIZE(events) ? events[id] : 0;
}

const char *iomi_smmuv3_wire_event_name(uint8_t id)
{
	return id < IOM_ARRAY_SIZE(event_names) ? event_names[id] : NULL;
}

void iomi_smmuv3_wire_pack_event(const struct smmuv3_wire_event *e, uint64_t w[4])
{
	unsigned int f = iomi_smmuv3_wire_event_has(e->id);

	w[0] = PREP(SMMU_EVT0_ID, e->id) | PREP(SMMU_EVT0_SID, e->sid);
	if (!(f & NO_SSID))
		w[0] |= PREP(SMMU_EVT0_SSID, e->ssid);
	if (!(f & (NO_SSID | NO_SSV)))
		w[0] |= PREP(SMMU_EVT0_SSV, e->ssv);
	w[1] = w[2] = w[3] = 0;
	if (f & REASON)
		w[1] |= PREP(SMMU_EVT1_STAG, e->reason);
	if (f & CONFLICT)
		w[1] |= PREP(SMMU_EVT1_CONFLICT, e->reason);
	if (f & ATS)
		w[1] |= PREP(SMMU_EVT1_ATS_R, e->ats_r) | PREP(SMMU_EVT1_ATS_W, e->ats_w) |
			PREP(SMMU_EVT1_ATS_X, e->ats_x) |
			PREP(SMMU_EVT1_ATS_PRIV, e->ats_priv) |
			PREP(SMMU_EVT1_ATS_SPAN, e->span);
	if (f & STALL)
		w[1] |= PREP(SMMU_EVT1_STAG, e->stag) | PREP(SMMU_EVT1_STALL, e->stall);
	if (f & GPCF)
		w[1] |= PREP(SMMU_EVT1_GPCF, e->gpcf);
	if (f & HINT)
		w[1] |= PREP(SMMU_EVT1_PAGE_UNPRIV, e->hint_unpriv) |
			PREP(SMMU_EVT1_PAGE_PRIV, e->hint_priv) |
			PREP(SMMU_EVT1_PAGE_SPAN, e->span);
	if (f & SMMUV3_WIRE_EVT_ACCESS)
		w[1] |= PREP(SMMU_EVT1_PNU, e->pnu) | PREP(SMMU_EVT1_IND, e->ind);
	if (f & RNW)
		w[1] |= PREP(SMMU_EVT1_RNW, e->rnw);
	if (f & S2)
		w[1] |= PREP(SMMU_EVT1_NSIPA, e->nsipa) | PREP(SMMU_EVT1_S2, e->s2);
	if (f & SMMUV3_WIRE_EVT_CLASS)
		w[1] |= PREP(SMMU_EVT1_CLASS, e->class);
	if (f & TTRNW)
		w[1] |= PREP(SMMU_EVT1_TTRNW, e->ttrnw);
	if (f & INPUT)
		w[2] = e->input_addr;
	if (f & PAGE)
		w[2] = e->input_addr & SMMU_EVT2_PAGEADDR;
	if (f & IPA)
		w[3] = e->ipa & SMMU_EVT3_IPA_ADDR;
	if (f & FETCH)
		w[3] = e->fetch_addr & SMMU_EVT3_FETCH_ADDR;
}

void iomi_smmuv3_wire_unpack_event(const uint64_t w[4], struct smmuv3_wire_event *e)
{
	unsigned int f;

	memset(e, 0, sizeof(*e));
	e->id = (uint8_t)GET(SMMU_EVT0_ID, w[0]);
	e->sid = (uint32_t)GET(SMMU_EVT0_SID, w[0]);
	f = iomi_smmuv3_wire_event_has(e->id);
	if (!(f & NO_SSID)) {
		e->ssv = (f & NO_SSV) || (w[0] & SMMU_EVT0_SSV);
		e->ssid = (uint32_t)GET(SMMU_EVT0_SSID, w[0]);
	}
	if (f & REASON)
		e->reason = (uint32_t)GET(SMMU_EVT1_STAG, w[1]);
	if (f & CONFLICT)
		e->reason = (uint32_t)GET(SMMU_EVT1_CONFLICT, w[1]);
	if (f & ATS) {
		e->ats_r = w[1] & SMMU_EVT1_ATS_R;
		e->ats_w = w[1] & SMMU_EVT1_ATS_W;
		e->ats_x = w[1] & SMMU_EVT1_ATS_X;
		e->ats_priv = w[1] & SMMU_EVT1_ATS_PRIV;
		e->span = (uint8_t)GET(SMMU_EVT1_ATS_SPAN, w[1]);
	}
	if (f & STALL) {
		e->stag = (uint16_t)GET(SMMU_EVT1_STAG, w[1]);
		e->stall = w[1] & SMMU_EVT1_STALL;
	}
	if (f & GPCF)
		e->gpcf = w[1] & SMMU_EVT1_GPCF;
	if (f & HINT) {
		e->hint_unpriv = (uint8_t)GET(SMMU_EVT1_PAGE_UNPRIV, w[1]);
		e->hint_priv = (uint8_t)GET(SMMU_EVT1_PAGE_PRIV, w[1]);
		e->span = (uint8_t)GET(SMMU_EVT1_PAGE_SPAN, w[1]);
	}
	if (f & SMMUV3_WIRE_EVT_ACCESS) {
		e->pnu = w[1] & SMMU_EVT1_PNU;
		e->ind = w[1] & SMMU_EVT1_IND;
	}
	if (f & RNW)
		e->rnw = w[1] & SMMU_EVT1_RNW;
	if (f & S2) {
		e->nsipa = w[1] & SMMU_EVT1_NSIPA;
		e->s2 = w[1] & SMMU_EVT1_S2;
	}
	if (f & SMMUV3_WIRE_EVT_CLASS)
		e->class = (uint8_t)GET(SMMU_EVT1_CLASS, w[1]);
	if (f & TTRNW)
		e->ttrnw = w[1] & SMMU_EVT1_TTRNW;
	if (f & INPUT)
		e->input_addr = w[2];
	if (f & PAGE)
		e->input_addr = w[2] & SMMU_EVT2_PAGEADDR;
	if (f & IPA)
		e->ipa = w[3] & SMMU_EVT3_IPA_ADDR;
	if (f & FETCH)
		e->fetch_addr = w[3] & SMMU_EVT3_FETCH_ADDR;
}

/* --- PRI queue ------------------------------------------------------------- */

void iomi_smmuv3_wire_pack_pri(const struct smmuv3_wire_pri *p, uint64_t w[2])
{
	w[0] = PREP(SMMU_PRI0_SID, p->sid) | PREP(SMMU_PRI0_SSID, p->ssid) |
	       PREP(SMMU_PRI0_PRIV, p->priv) | PREP(SMMU_PRI0_EXEC, p->exec) |
	       PREP(SMMU_PRI0_READ, p->read) | PREP(SMMU_PRI0_WRITE, p->write) |
	       PREP(SMMU_PRI0_LAST, p->last) | PREP(SMMU_PRI0_SSV, p->ssv);
	w[1] = PREP(SMMU_PRI1_PRGINDEX, p->prgindex) | (p->addr & SMMU_PRI1_ADDR);
}

void iomi_smmuv3_wire_unpack_pri(const uint64_t w[2], struct smmuv3_wire_pri *p)
{
	p->sid = (uint32_t)GET(SMMU_PRI0_SID, w[0]);
	p->ssid = (uint32_t)GET(SMMU_PRI0_SSID, w[0]);
	p->priv = w[0] & SMMU_PRI0_PRIV;
	p->exec = w[0] & SMMU_PRI0_EXEC;
	p->read = w[0] & SMMU_PRI0_READ;
	p->write = w[0] & SMMU_PRI0_WRITE;
	p->last = w[0] & SMMU_PRI0_LAST;
	p->ssv = w[0] & SMMU_PRI0_SSV;
	p->prgindex = (uint16_t)GET(SMMU_PRI1_PRGINDEX, w[1]);
	p->addr = w[1] & SMMU_PRI1_ADDR;
}
