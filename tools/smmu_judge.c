/* SPDX-License-Identifier: BSD-2-Clause */
/* What is illegal, reserved or odd in a structure of an SMMUv3. */
#include <inttypes.h>
#include <string.h>

#include <iom/spec/lpae.h>
#include <iom/spec/smmuv3.h>
#include <wire/smmuv3_wire.h>

#include "smmu_text.h"

void iom_tool_smmu_all_caps(struct iomi_smmuv3_caps *caps)
{
	static const uint32_t idr[6] = {
		UINT32_MAX & ~(SMMU_IDR0_TTENDIAN | SMMU_IDR0_STALL_MODEL | SMMU_IDR0_TERM_MODEL |
			       SMMU_IDR0_NS1ATS),
		32 | 20 << 6, 0, UINT32_MAX, 0, UINT32_MAX & ~SMMU_IDR5_D128,
	};

	iomi_smmuv3_rules_caps(idr, caps);
	caps->atschk = true;
}

static void begin(struct iom_tool_decoded *d, const struct iomi_smmuv3_layout *l,
		  const char *kind, const uint64_t *w)
{
	memset(d, 0, sizeof(*d));
	d->layout = l;
	d->kind = kind ? kind : l->name;
	memcpy(d->w, w, l->words * sizeof(*w));
}

/* Values without a name, and bits without a field. */
static void reserved(struct iom_tool_decoded *d, const char *const *except)
{
	const struct iomi_smmuv3_layout *l = d->layout;
	unsigned int i;

	for (i = 0; i < l->n_fields; i++) {
		const struct iomi_smmuv3_field *f = &l->fields[i];
		uint64_t v = iomi_smmuv3_fields_get(f, d->w);
		const char *const *e;

		if (!f->values || (v < f->n_values && f->values[v]))
			continue;
		for (e = except; *e && strcmp(*e, f->name); e++)
			;
		if (!*e)
			iom_tool_smmu_note(d, "reserved", f->name, "", "%s = %" PRIu64
					   " is reserved", f->name, v);
	}
	for (i = 0; i < l->words; i++) {
		uint64_t extra = d->w[i] & ~iomi_smmuv3_fields_mask(l, i);

		if (extra)
			iom_tool_smmu_note(d, "res0", "res0", "", "word %u has RES0 bits set: 0x%"
					   PRIx64, i, extra);
	}
}

static const char *const nothing[] = { NULL };

/* --- STE, CD --------------------------------------------------------------- */

static void illegal(struct iom_tool_decoded *d, const struct iomi_smmuv3_rule *r)
{
	iom_tool_smmu_note(d, "illegal", r->name, r->section, "%s", r->text);
}

void iom_tool_smmu_ste(const uint64_t w[8], const struct iomi_smmuv3_caps *caps,
		       struct iom_tool_decoded *d)
{
	/* the rules say when these matter */
	static const char *const ruled[] = { "S2TG", "STRW", NULL };
	const struct iomi_smmuv3_rule *r = NULL;

	begin(d, &iomi_smmuv3_fields_ste, NULL, w);
	while ((r = iomi_smmuv3_rules_ste(w, caps, r)))
		illegal(d, r);
	if (!(w[0] & SMMU_STE0_V))
		return;
	reserved(d, ruled);
	if (!caps->fwb && (w[1] & SMMU_STE1_S2FWB))
		iom_tool_smmu_note(d, "note", "S2FWB", "5.2 S2FWB", "ignored: IDR3.FWB = 0");
	if (!caps->ds && (w[3] & SMMU_STE3_S2DS))
		iom_tool_smmu_note(d, "note", "S2DS", "5.2 S2DS", "ignored: IDR5.DS = 0");
	if (IOM_FIELD_GET(SMMU_STE1_EATS, w[1]) && !iomi_smmuv3_rules_eats(w, caps))
		iom_tool_smmu_note(d, "note", "EATS", "5.2 EATS",
				   "counts as 0: no ATS, Config 100, or split without ATSCHK");
}

void iom_tool_smmu_cd(const uint64_t w[8], const uint64_t ste[8],
		      const struct iomi_smmuv3_caps *caps, struct iom_tool_decoded *d)
{
	static const char *const ruled[] = { "TG0", "TG1", NULL };
	const struct iomi_smmuv3_rule *r = NULL;

	begin(d, &iomi_smmuv3_fields_cd, NULL, w);
	while ((r = iomi_smmuv3_rules_cd(w, ste, caps, r)))
		illegal(d, r);
	if (!(w[0] & SMMU_CD0_V))
		return;
	reserved(d, ruled);
	if ((w[0] & SMMU_CD0_HD) && !(w[0] & SMMU_CD0_HA))
		iom_tool_smmu_note(d, "note", "HD", "5.4 HD", "without HA it has no effect");
	if (!caps->ds && (w[2] & SMMU_CD2_DS))
		iom_tool_smmu_note(d, "note", "DS", "5.4 DS", "ignored: IDR5.DS = 0");
}

/* --- level 1 descriptors --------------------------------------------------- */

void iom_tool_smmu_l1std(const uint64_t w[1], unsigned int split, struct iom_tool_decoded *d)
{
	unsigned int span = (unsigned int)IOM_FIELD_GET(SMMU_L1STD_SPAN, w[0]);
	uint64_t ptr = w[0] & SMMU_L1STD_L2PTR_ADDR;

	begin(d, &iomi_smmuv3_fields_l1std, NULL, w);
	if (!span) {
		iom_tool_smmu_note(d, "note", "Span", "5.1", "no STEs: C_BAD_STREAMID");
		return;
	}
	reserved(d, nothing);
	if (span > 11)
		return;
	if (split && span > split + 1)
		iom_tool_smmu_note(d, "illegal", "span", "5.1",
				   "Span %u is more than the %u STEs that SPLIT leaves", span,
				   1u << split);
	if (span > 1 && ptr & ((UINT64_C(64) << (span - 1)) - 1))
		iom_tool_smmu_note(d, "illegal", "l2ptr", "5.1",
				   "L2Ptr is not aligned to the size of its table");
}

void iom_tool_smmu_l1cd(const uint64_t w[1], struct iom_tool_decoded *d)
{
	begin(d, &iomi_smmuv3_fields_l1cd, NULL, w);
	if (!(w[0] & SMMU_L1CD_V))
		iom_tool_smmu_note(d, "note", "V", "5.3", "no CDs: C_BAD_SUBSTREAMID");
	else
		reserved(d, nothing);
}

/* --- queue entries --------------------------------------------------------- */

void iom_tool_smmu_cmd(const uint64_t w[2], const struct iomi_smmuv3_caps *caps,
		       struct iom_tool_decoded *d)
{
	const struct iomi_smmuv3_layout *l = iomi_smmuv3_fields_cmd((uint8_t)w[0]);
	const struct iomi_smmuv3_rule *r = NULL;

	begin(d, l, l->name ? l->name : "command", w);
	while ((r = iomi_smmuv3_rules_cmd(w, caps, r)))
		illegal(d, r);
	if (l->name) {
		static const char *const ruled[] = { "CS", "Resp", NULL };

		reserved(d, ruled);
	}
}

void iom_tool_smmu_event(const uint64_t w[4], struct iom_tool_decoded *d)
{
	const struct iomi_smmuv3_layout *l = iomi_smmuv3_fields_event((uint8_t)w[0]);

	begin(d, l, l->name ? l->name : "event", w);
	if (l->name)
		reserved(d, nothing);
	else if ((w[0] & 0xf0) == 0xe0)
		iom_tool_smmu_note(d, "note", "EventID", "7.3", "implementation defined");
	else
		iom_tool_smmu_note(d, "reserved", "EventID", "7.3", "there is no such event");
}

void iom_tool_smmu_pri(const uint64_t w[2], struct iom_tool_decoded *d)
{
	begin(d, &iomi_smmuv3_fields_pri, NULL, w);
	reserved(d, nothing);
	if (!(w[0] & SMMU_PRI0_SSV) && (w[0] & SMMU_PRI0_SSID))
		iom_tool_smmu_note(d, "note", "SubstreamID", "8.1", "means nothing: SSV = 0");
	if ((w[0] & SMMU_PRI0_LAST) && !(w[0] & (SMMU_PRI0_READ | SMMU_PRI0_WRITE)))
		iom_tool_smmu_note(d, "note", "stop", "8.1",
				   "Last without R and W is a stop marker: no answer is due");
}

/* --- descriptors ----------------------------------------------------------- */

#define F(n, m)		{ .name = (n), .mask = (m) }
#define V(n, m, v)	{ .name = (n), .mask = (m), .values = (v), \
			  .n_values = IOM_ARRAY_SIZE(v) }
#define L(rows)		{ .fields = (rows), .n_fields = IOM_ARRAY_SIZE(rows), .words = 1, \
			  .bits = 64 }

static const char *const type[] = { "invalid", "block", "invalid", "table or page" };
static const char *const shn[] = { "non-shareable", NULL, "outer shareable", "inner shareable" };
static const char *const ap[] = { "privileged read/write", "all read/write",
	"privileged read-only", "all read-only" };
static const char *const ap_table[] = { "no effect", "no EL0 access", "no write",
	"no EL0 access, no write" };
static const char *const s2ap[] = { "none", "read", "write", "read/write" };
static const char *const xnx[] = { "may execute", "EL0 only may execute", "never executes",
	"EL1 only may execute" };
static const char *const memattr[] = { "Device-nGnRnE", "Device-nGnRE", "Device-nGRE",
	"Device-GRE", NULL, "NC (FWB: force NC)", "outer NC inner WT (FWB: force WB)",
	"outer NC inner WB (FWB: of stage 1)", NULL, "outer WT inner NC", "WT",
	"outer WT inner WB", NULL, "outer WB inner NC", "outer WB inner WT", "WB" };

#define LEAF_TOP F("AF", LPAE_AF), F("DBM", LPAE_DBM), F("Contiguous", LPAE_CONTIG), \
	F("SW", LPAE_SW), F("PBHA", LPAE_PBHA)
#define S1_LEAF V("Type", LPAE_TYPE, type), F("AttrIndx", LPAE_S1_ATTRINDX), F("NS", LPAE_S1_NS), \
	V("AP", LPAE_S1_AP, ap), F("nG", LPAE_S1_NG), F("GP", LPAE_S1_GP), F("PXN", LPAE_S1_PXN), \
	F("UXN", LPAE_S1_UXN), LEAF_TOP
#define S2_LEAF V("Type", LPAE_TYPE, type), V("MemAttr", LPAE_S2_MEMATTR, memattr), \
	V("S2AP", LPAE_S2_AP, s2ap), V("XN", LPAE_S2_XN, xnx), LEAF_TOP

/* rows: [stage - 1]; SH is not in a descriptor with DS */
static const struct iomi_smmuv3_field s1_leaf[] = { S1_LEAF, V("SH", LPAE_SH, shn) };
static const struct iomi_smmuv3_field s1_leaf_ds[] = { S1_LEAF };
static const struct iomi_smmuv3_field s2_leaf[] = { S2_LEAF, V("SH", LPAE_SH, shn) };
static const struct iomi_smmuv3_field s2_leaf_ds[] = { S2_LEAF };
static const struct iomi_smmuv3_field s1_table[] = { V("Type", LPAE_TYPE, type),
	F("AF", LPAE_AF), F("PXNTable", LPAE_TABLE_PXN), F("XNTable", LPAE_TABLE_XN),
	V("APTable", LPAE_TABLE_AP, ap_table), F("NSTable", LPAE_TABLE_NS) };
static const struct iomi_smmuv3_field s2_table[] = { V("Type", LPAE_TYPE, type) };
static const struct iomi_smmuv3_field no_desc[] = { V("Type", LPAE_TYPE, type) };

static const struct iomi_smmuv3_layout leaves[2][2] = {
	{ L(s1_leaf), L(s1_leaf_ds) }, { L(s2_leaf), L(s2_leaf_ds) },
};
static const struct iomi_smmuv3_layout tables[2] = { L(s1_table), L(s2_table) };
static const struct iomi_smmuv3_layout invalid = L(no_desc);

static void pte_leaf(const struct iomi_lpae_fmt *fmt, int level, uint64_t desc,
		     struct iom_tool_decoded *d)
{
	uint64_t field = fmt->oa_addr & (UINT64_MAX << fmt->granule_lg2);
	uint64_t below = field & ~(UINT64_MAX << iomi_lpae_shift(fmt, level)) & ~LPAE_NT;

	if (!fmt->ds && IOM_FIELD_GET(LPAE_SH, desc) == 1)
		iom_tool_smmu_note(d, "reserved", "SH", "D8.3", "SH = 1 is reserved");
	if (desc & below)
		iom_tool_smmu_note(d, "res0", "OA", "D8.3",
				   "address bits below the block's size are set: 0x%" PRIx64,
				   desc & below);
	if ((desc & LPAE_CONTIG) && !iomi_lpae_contig_lg2(fmt, level))
		iom_tool_smmu_note(d, "note", "Contiguous", "D8.6.1", "no contiguous sets here");
	if (!(desc & LPAE_AF))
		iom_tool_smmu_note(d, "note", "AF", "D8.4",
				   "not accessed yet: F_ACCESS unless AFFD or HA");
	if (iomi_lpae_clean(fmt->stage, desc))
		iom_tool_smmu_note(d, "note", "DBM", "D8.4", "with HD: writable, and clean");
}

void iom_tool_smmu_pte(const struct iomi_lpae_fmt *fmt, int level, uint64_t desc,
		       struct iom_tool_decoded *d)
{
	static const char *const names[][5] = {
		{ "stage-1 invalid", "stage-1 reserved", "stage-1 table", "stage-1 block",
		  "stage-1 page" },
		{ "stage-2 invalid", "stage-2 reserved", "stage-2 table", "stage-2 block",
		  "stage-2 page" },
	};
	enum iomi_lpae_kind kind = iomi_lpae_kind(fmt, level, desc);
	const char *name = names[fmt->stage - 1][kind];
	uint64_t high = fmt->ds ? 0 : IOM_BITS64(49, 48);

	switch (kind) {
	case IOMI_LPAE_TABLE:
		begin(d, &tables[fmt->stage - 1], name, &desc);
		d->oa = iomi_lpae_table_oa(fmt, desc);
		break;
	case IOMI_LPAE_BLOCK:
	case IOMI_LPAE_PAGE:
		begin(d, &leaves[fmt->stage - 1][fmt->ds], name, &desc);
		d->oa = iomi_lpae_leaf_oa(fmt, level, desc);
		pte_leaf(fmt, level, desc, d);
		break;
	default:
		begin(d, &invalid, name, &desc);
		if (kind == IOMI_LPAE_RESERVED)
			iom_tool_smmu_note(d, "illegal", "type", "D8.3",
					   "01 is no block at level %d: it faults", level);
		return;
	}
	d->has_oa = true;
	if (desc & high)
		iom_tool_smmu_note(d, "res0", "OA", "D8.3", "bits 49:48 are set without DS");
}

/* --- registers ------------------------------------------------------------- */

void iom_tool_smmu_reg(const struct iomi_smmuv3_layout *reg, uint64_t value,
		       struct iom_tool_decoded *d)
{
	begin(d, reg, NULL, &value);
	reserved(d, nothing);
}
