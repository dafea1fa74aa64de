/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands, event records and PRI queue entries of SMMUv3 (IHI 0070: 4, 7.3,
 * 8.1) between their words and native structs. Pure; packing and unpacking
 * stand side by side for the two halves. Words are native uint64_t: load() and
 * store() swap them where that is needed. Unpacking fills the fields that the
 * opcode or event has, and leaves the others 0; packing looks at those only.
 */
#ifndef IOMI_WIRE_SMMUV3_WIRE_H
#define IOMI_WIRE_SMMUV3_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/base/range.h>
#include <iom/spec/smmuv3.h>

static inline void iomi_smmuv3_wire_load(uint64_t *w, const struct iom_le64 *le, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		w[i] = iom_le64_get(le[i]);
}

static inline void iomi_smmuv3_wire_store(struct iom_le64 *le, const uint64_t *w, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		le[i] = iom_le64_make(w[i]);
}

/* --- commands -------------------------------------------------------------- */

struct smmuv3_wire_cmd {
	uint8_t opcode;		/* SMMU_CMD_*; also one that does not exist */
	bool ssec;
	/* PREFETCH, CFGI_CD, ATC_INV, PRI_RESP: */
	bool ssv;
	uint32_t ssid;
	/* all but TLBI and SYNC: */
	uint32_t sid;
	/* CFGI_STE, CFGI_CD, TLBI by address: */
	bool leaf;
	uint8_t range;		/* CFGI_STE_RANGE: 2^(range + 1) entries, 31 all */
	/* TLBI: */
	uint16_t vmid;		/* also CFGI_VMS_PIDM */
	uint16_t asid;
	uint64_t addr;		/* TLBI, PREFETCH_ADDR and ATC_INV: in place, 4 KiB aligned */
	uint8_t num, scale;	/* scale: bit 5 counts with IDR5.DS only */
	uint8_t ttl, tg;
	/* ATC_INV: */
	bool global;
	uint8_t size;		/* also PREFETCH_ADDR: log2 of 4 KiB units */
	/* PRI_RESP: */
	uint16_t prgindex;
	uint8_t resp;
	/* RESUME: */
	bool ac, ab;		/* ab counts with ac only */
	uint16_t stag;
	/* SYNC: */
	uint8_t cs, msh, msiattr;
	uint32_t msidata;
	uint64_t msiaddr;	/* in place, 4-byte aligned */
};

void iomi_smmuv3_wire_pack_cmd(const struct smmuv3_wire_cmd *c, uint64_t w[2]);
/* False: no such opcode on the Non-secure queue; opcode and ssec are filled in. */
bool iomi_smmuv3_wire_unpack_cmd(const uint64_t w[2], struct smmuv3_wire_cmd *c);

/* Is it a TLBI with an address, and so perhaps with a range? */
bool iomi_smmuv3_wire_is_tlbi_addr(uint8_t opcode);

/*
 * 4.4.1: what a TLBI by address covers, given IDR3.RIL and IDR5.DS. With a
 * granule in TG, all of *out; without, the one entry that holds out->start,
 * whatever its size, and out->last == out->start. The range ends at the top at
 * the latest. *granule_lg2 is 0 then, else 12, 14, 16.
 */
void iomi_smmuv3_wire_tlbi_range(const struct smmuv3_wire_cmd *c, bool ril, bool ds,
				 struct iom_range *out, unsigned int *granule_lg2);

/* 4.5.1: what an ATC_INV covers: naturally aligned; size 52 is everything. */
struct iom_range iomi_smmuv3_wire_atc_range(const struct smmuv3_wire_cmd *c);

/* --- events ---------------------------------------------------------------- */

/* Which fields an event has besides ID, SSV, SSID, SID. */
#define SMMUV3_WIRE_EVT_REASON	0x001u
#define SMMUV3_WIRE_EVT_STALL	0x002u	/* STAG, Stall */
#define SMMUV3_WIRE_EVT_RNW	0x004u
#define SMMUV3_WIRE_EVT_ACCESS	0x008u	/* PnU, InD */
#define SMMUV3_WIRE_EVT_S2	0x010u	/* S2, NSIPA */
#define SMMUV3_WIRE_EVT_TTRNW	0x020u
#define SMMUV3_WIRE_EVT_INPUT	0x040u
#define SMMUV3_WIRE_EVT_IPA	0x080u
#define SMMUV3_WIRE_EVT_FETCH	0x100u
#define SMMUV3_WIRE_EVT_GPCF	0x200u
#define SMMUV3_WIRE_EVT_PAGE	0x400u	/* the input address without its low bits */
#define SMMUV3_WIRE_EVT_ATS	0x800u	/* R, W, X, Priv, Span */
#define SMMUV3_WIRE_EVT_CONFLICT 0x1000u /* a Reason of 32 bits */
#define SMMUV3_WIRE_EVT_CLASS	0x8000u
#define SMMUV3_WIRE_EVT_HINT	0x10000u /* what is anticipated, Span */
/* What it has not, or not as the others. */
#define SMMUV3_WIRE_EVT_NO_SSID	0x2000u	/* neither SubstreamID nor SSV */
#define SMMUV3_WIRE_EVT_NO_SSV	0x4000u	/* a SubstreamID that is always valid */

/* 0 also for an event that does not exist. */
unsigned int iomi_smmuv3_wire_event_has(uint8_t id);
/* "F_TRANSLATION"; NULL if there is no such event. */
const char *iomi_smmuv3_wire_event_name(uint8_t id);

struct smmuv3_wire_event {
	uint8_t id;		/* SMMU_EVT_* */
	bool ssv;
	uint32_t ssid;
	uint32_t sid;
	uint32_t reason;	/* where STAG stands otherwise */
	uint16_t stag;
	bool stall;
	bool gpcf;
	bool pnu, ind, rnw;
	bool ats_r, ats_w, ats_x, ats_priv;
	uint8_t hint_unpriv, hint_priv;	/* X, W, R from bit 0 on */
	uint8_t span;		/* in STUs; of a hint in 4K pages */
	bool nsipa, s2, ttrnw;
	uint8_t class;		/* SMMU_CLASS_* */
	uint64_t input_addr;
	uint64_t ipa;		/* in place, 4 KiB aligned */
	uint64_t fetch_addr;	/* in place, 8-byte aligned */
};

void iomi_smmuv3_wire_pack_event(const struct smmuv3_wire_event *e, uint64_t w[4]);
void iomi_smmuv3_wire_unpack_event(const uint64_t w[4], struct smmuv3_wire_event *e);

/* --- PRI queue ------------------------------------------------------------- */

struct smmuv3_wire_pri {
	uint32_t sid;
	bool ssv;
	uint32_t ssid;
	bool priv, exec, read, write, last;
	uint16_t prgindex;
	uint64_t addr;		/* in place, 4 KiB aligned */
};

void iomi_smmuv3_wire_pack_pri(const struct smmuv3_wire_pri *p, uint64_t w[2]);
void iomi_smmuv3_wire_unpack_pri(const uint64_t w[2], struct smmuv3_wire_pri *p);

#endif
