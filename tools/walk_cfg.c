/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access, followed step by step: stream table, CD table, both stages. Every
 * loop goes down the levels of one walk; nothing recurses by what memory says.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <iom/spec/smmuv3.h>

#include "walk.h"

#define GET(mask, w)	((unsigned int)IOM_FIELD_GET(mask, w))

static bool fault(struct iom_tool_result *r, uint8_t event, bool s2, uint8_t class,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static bool fault(struct iom_tool_result *r, uint8_t event, bool s2, uint8_t class,
		  const char *fmt, ...)
{
	va_list ap;

	r->ok = false;
	r->event = event;
	r->s2 = s2;
	r->class = class;
	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
	return false;
}

static struct iom_tool_step *step(struct iom_tool_trace *t, enum iom_tool_step_kind kind,
				  uint64_t pa, const uint64_t *words, unsigned int n)
{
	static struct iom_tool_step nowhere;
	struct iom_tool_step *s = t && t->n < WALK_MAX_STEPS ? &t->step[t->n++] : &nowhere;

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	s->pa = pa;
	memcpy(s->w, words, n * sizeof(*words));
	return s;
}

/* --- roots ----------------------------------------------------------------- */

bool iom_tool_walk_s2_root(const struct iom_tool_walk *w, const uint64_t ste[8],
			   struct iom_tool_root *out)
{
	unsigned int lg2 = iomi_smmuv3_rules_tg0_lg2(GET(SMMU_STE2_S2TG, ste[2]));
	bool wide = lg2 == 16 ? w->caps.oas_bits >= 52 : iomi_smmuv3_rules_s2_ds(ste, &w->caps);
	const struct iomi_lpae_fmt *fmt = iomi_lpae_fmt(2, lg2, wide);

	memset(out, 0, sizeof(*out));
	if (!(ste[2] & SMMU_STE2_S2AA64) || (ste[2] & SMMU_STE2_S2ENDI) || !fmt)
		return false;
	if (iomi_lpae_geom_s2(fmt, GET(SMMU_STE2_S2T0SZ, ste[2]),
			      iomi_smmuv3_rules_s2_start(ste, &w->caps), &out->geom))
		return false;
	out->table = (ste[3] & SMMU_STE3_S2TTB_ADDR) &
		     UINT64_MAX << iomi_lpae_root_lg2(&out->geom);
	out->oa_bits = iomi_smmuv3_rules_s2_oa_bits(ste, &w->caps);
	return true;
}

bool iom_tool_walk_s1_root(const struct iom_tool_walk *w, const uint64_t cd[8],
			   unsigned int half, struct iom_tool_root *out)
{
	unsigned int lg2 = half ? iomi_smmuv3_rules_tg1_lg2(GET(SMMU_CD0_TG1, cd[0])) :
				  iomi_smmuv3_rules_tg0_lg2(GET(SMMU_CD0_TG0, cd[0]));
	unsigned int txsz = half ? GET(SMMU_CD0_T1SZ, cd[0]) : GET(SMMU_CD0_T0SZ, cd[0]);
	bool wide = lg2 == 16 ? w->caps.oas_bits >= 52 :
				iomi_smmuv3_rules_s1_ds(cd, half, &w->caps);
	const struct iomi_lpae_fmt *fmt = iomi_lpae_fmt(1, lg2, wide);

	memset(out, 0, sizeof(*out));
	out->disabled = cd[0] & (half ? SMMU_CD0_EPD1 : SMMU_CD0_EPD0);
	out->tbi = cd[0] & (half ? SMMU_CD0_TBI1 : SMMU_CD0_TBI0);
	if (out->disabled)
		return true;
	if (!(cd[0] & SMMU_CD0_AA64) || (cd[0] & SMMU_CD0_ENDI) || !fmt ||
	    iomi_lpae_geom_s1(fmt, txsz, &out->geom))
		return false;
	out->table = (half ? cd[2] & SMMU_CD2_TTB1_ADDR : cd[1] & SMMU_CD1_TTB0_ADDR) &
		     UINT64_MAX << iomi_lpae_root_lg2(&out->geom);
	out->oa_bits = iomi_smmuv3_rules_s1_oa_bits(cd, half, &w->caps);
	return true;
}

void iom_tool_walk_s1_ctl(const struct iom_tool_walk *w, const uint64_t ste[8],
			  const uint64_t cd[8], struct iomi_lpae_s1_ctl *out)
{
	out->one_priv = !iomi_smmuv3_rules_two_priv(ste, &w->caps);
	out->hd = (cd[0] & SMMU_CD0_HA) && (cd[0] & SMMU_CD0_HD);
	out->wxn = cd[0] & SMMU_CD0_WXN;
	out->pan = cd[0] & SMMU_CD0_PAN;
	out->epan = cd[1] & SMMU_CD1_EPAN;
}

bool iom_tool_walk_s2_hd(const uint64_t ste[8])
{
	return (ste[2] & SMMU_STE2_S2HA) && (ste[2] & SMMU_STE2_S2HD);
}

unsigned int iom_tool_walk_sh(const struct iomi_lpae_fmt *fmt, uint64_t desc, unsigned int reg)
{
	return fmt->ds ? reg : GET(LPAE_SH, desc);
}

/* --- levels ---------------------------------------------------------------- */

static void take_leaf(struct iom_tool_result *r, const struct iomi_lpae_fmt *fmt, int level)
{
	unsigned int lg2 = iomi_lpae_shift(fmt, level);

	if (lg2 < r->size_lg2)
		r->size_lg2 = lg2;
}

/* What a descriptor of one walk leads to: a next table (true), a leaf (*leaf), or a fault. */
static bool descend(const struct iom_tool_root *root, int level, uint64_t desc, bool s2,
		    uint8_t class, uint64_t *oa, bool *leaf, struct iom_tool_result *r)
{
	const struct iomi_lpae_fmt *fmt = root->geom.fmt;
	const char *stage = s2 ? "stage-2" : "stage-1";

	*leaf = false;
	switch (iomi_lpae_kind(fmt, level, desc)) {
	case IOMI_LPAE_TABLE:
		*oa = iomi_lpae_table_oa(fmt, desc);
		break;
	case IOMI_LPAE_BLOCK:
	case IOMI_LPAE_PAGE:
		*oa = iomi_lpae_leaf_oa(fmt, level, desc);
		*leaf = true;
		break;
	case IOMI_LPAE_RESERVED:
		return fault(r, SMMU_EVT_F_TRANSLATION, s2, class,
			     "%s descriptor of level %d is reserved there", stage, level);
	default:
		return fault(r, SMMU_EVT_F_TRANSLATION, s2, class,
			     "%s descriptor of level %d is invalid", stage, level);
	}
	if (*oa >> root->oa_bits)
		return fault(r, SMMU_EVT_F_ADDR_SIZE, s2, class,
			     "%s descriptor of level %d: output above %u bits", stage, level,
			     root->oa_bits);
	return true;
}

/* class: what the IPA is for. On success pa, and perms and mem of stage 2 over *out's. */
static bool s2_translate(struct iom_tool_walk *w, const uint64_t ste[8], uint64_t ipa,
			 uint8_t class, struct iom_tool_trace *trace,
			 struct iom_tool_result *out)
{
	struct iom_tool_root root;
	uint64_t table, desc, oa;
	struct iom_tool_step *s;
	bool leaf;
	int level;

	if (!iom_tool_walk_s2_root(w, ste, &root))
		return fault(out, 0, true, class, "stage 2 is AArch32 or big-endian: not followed");
	if (!iomi_lpae_s2_in_range(&root.geom, ipa))
		return fault(out, SMMU_EVT_F_TRANSLATION, true, class,
			     "IPA 0x%" PRIx64 " has more than %u bits", ipa, root.geom.ia_bits);
	table = root.table;
	for (level = root.geom.start; level <= LPAE_LEVEL_LAST; level++) {
		uint64_t at = iomi_lpae_entry_addr(&root.geom, level, table, ipa);

		if (!iom_tool_walk_words(w, at, &desc, 1, "stage-2 descriptor"))
			return fault(out, 0, true, class, "the core has no memory at 0x%" PRIx64,
				     at);
		s = step(trace, STEP_S2, at, &desc, 1);
		s->fmt = root.geom.fmt;
		s->level = level;
		s->index = iomi_lpae_index(&root.geom, level, ipa);
		s->input = ipa;
		if (!descend(&root, level, desc, true, class, &oa, &leaf, out))
			return false;
		if (leaf)
			break;
		table = oa;
	}
	if (!(desc & LPAE_AF) && !(ste[2] & (SMMU_STE2_S2AFFD | SMMU_STE2_S2HA)))
		return fault(out, SMMU_EVT_F_ACCESS, true, class, "stage 2: AF = 0");
	out->pa = oa | (ipa & ((UINT64_C(1) << iomi_lpae_shift(root.geom.fmt, level)) - 1));
	out->perms &= iomi_lpae_s2_perms(w->caps.xnx, iom_tool_walk_s2_hd(ste), desc);
	if (!out->has_mem) {	/* nothing but stage 2 is known: as over write-back memory */
		out->mem.mair = LPAE_MAIR_NORMAL_WB;
		out->mem.sh = LPAE_SH_NSH;
		out->has_mem = true;
	}
	out->mem = iomi_lpae_s2_mem(out->mem, desc,
				    iom_tool_walk_sh(root.geom.fmt, desc,
						     GET(SMMU_STE2_S2SH0, ste[2])),
				    w->caps.fwb && (ste[1] & SMMU_STE1_S2FWB));
	take_leaf(out, root.geom.fmt, level);
	return out->ok = true;
}

void iom_tool_walk_begin(struct iom_tool_result *r)
{
	memset(r, 0, sizeof(*r));
	r->perms = IOMI_LPAE_ALL;
	r->size_lg2 = 64;
	r->af = true;
}

void iom_tool_walk_s2(struct iom_tool_walk *w, const uint64_t ste[8], uint64_t ipa,
		      struct iom_tool_trace *trace, struct iom_tool_result *out)
{
	s2_translate(w, ste, ipa, SMMU_CLASS_IN, trace, out);
}

static bool has_s2(const uint64_t ste[8])
{
	return GET(SMMU_STE0_CONFIG, ste[0]) & 2;
}

/* Words at an address that is an IPA if stage 2 is on. */
static bool fetch(struct iom_tool_walk *w, const uint64_t ste[8], uint64_t addr, uint8_t class,
		  uint64_t *words, unsigned int n, const char *what,
		  struct iom_tool_trace *trace, uint64_t *pa, struct iom_tool_result *out)
{
	struct iom_tool_result r;

	*pa = addr;
	if (has_s2(ste)) {
		iom_tool_walk_begin(&r);
		if (!s2_translate(w, ste, addr, class, trace, &r)) {
			*out = r;
			return false;
		}
		if (!(r.perms & IOMI_LPAE_PR))
			return fault(out, SMMU_EVT_F_PERMISSION, true, class,
				     "stage 2 lets nobody read the %s", what);
		*pa = r.pa;
	}
	if (iom_tool_walk_words(w, *pa, words, n, what))
		return true;
	return fault(out, 0, false, class, "the core has no memory at 0x%" PRIx64, *pa);
}

static bool s1_translate(struct iom_tool_walk *w, const uint64_t ste[8], const uint64_t cd[8],
			 uint64_t va, struct iom_tool_trace *trace, struct iom_tool_result *out)
{
	unsigned int half = iomi_lpae_half(va);
	uint64_t table, desc, oa, pa, tables = 0;
	struct iomi_lpae_s1_ctl ctl;
	struct iom_tool_root root;
	struct iom_tool_step *s;
	bool leaf;
	int level;

	if (half && !iomi_smmuv3_rules_two_priv(ste, &w->caps))
		return fault(out, SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN,
			     "EL2 has no upper half");
	if (!iom_tool_walk_s1_root(w, cd, half, &root))
		return fault(out, 0, false, 0, "stage 1 is AArch32 or big-endian: not followed");
	if (root.disabled)
		return fault(out, SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN,
			     "EPD%u = 1: this half is off", half);
	if (!iomi_lpae_s1_in_range(&root.geom, va, root.tbi))
		return fault(out, SMMU_EVT_F_TRANSLATION, false, SMMU_CLASS_IN,
			     "address is out of the %u bits of either half", root.geom.ia_bits);
	table = root.table;
	for (level = root.geom.start; level <= LPAE_LEVEL_LAST; level++) {
		uint64_t at = iomi_lpae_entry_addr(&root.geom, level, table, va);

		if (!fetch(w, ste, at, SMMU_CLASS_TT, &desc, 1, "stage-1 descriptor", trace, &pa,
			   out))
			return false;
		s = step(trace, STEP_S1, pa, &desc, 1);
		s->fmt = root.geom.fmt;
		s->level = level;
		s->index = iomi_lpae_index(&root.geom, level, va);
		s->input = va;
		if (!descend(&root, level, desc, false, SMMU_CLASS_IN, &oa, &leaf, out))
			return false;
		if (leaf)
			break;
		if (!(half ? cd[2] & SMMU_CD2_HAD1 : cd[1] & SMMU_CD1_HAD0))
			tables |= desc;
		table = oa;
	}
	out->af = desc & LPAE_AF;
	if (!out->af && !(cd[0] & (SMMU_CD0_AFFD | SMMU_CD0_HA)))
		return fault(out, SMMU_EVT_F_ACCESS, false, SMMU_CLASS_IN, "stage 1: AF = 0");
	iom_tool_walk_s1_ctl(w, ste, cd, &ctl);
	out->perms = iomi_lpae_s1_perms(&ctl, desc, tables);
	out->mem = iomi_lpae_s1_mem(cd[3], desc, iom_tool_walk_sh(root.geom.fmt, desc, half ?
		GET(SMMU_CD0_SH1, cd[0]) : GET(SMMU_CD0_SH0, cd[0])));
	out->has_mem = true;
	out->pa = oa | (va & ((UINT64_C(1) << iomi_lpae_shift(root.geom.fmt, level)) - 1));
	take_leaf(out, root.geom.fmt, level);
	return out->ok = true;
}

/* --- stream table ---------------------------------------------------------- */

bool iom_tool_walk_strtab(const struct iom_tool_walk *w, uint64_t *n)
{
	uint64_t cfg, base;

	if (!iom_tool_regs_get(&w->regs, SMMU_STRTAB_BASE_CFG, &cfg) ||
	    !iom_tool_regs_get(&w->regs, SMMU_STRTAB_BASE, &base))
		return false;
	/* a StreamID has 32 bits, whatever the register says */
	*n = UINT64_C(1) << (GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE, cfg) > 32 ? 32 :
			     GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE, cfg));
	return true;
}

static uint64_t align(uint64_t addr, unsigned int lg2, unsigned int min_lg2)
{
	return addr & UINT64_MAX << (lg2 < min_lg2 ? min_lg2 : lg2);
}

bool iom_tool_walk_ste_addr(struct iom_tool_walk *w, uint64_t sid, struct iom_tool_trace *trace,
			    uint64_t *pa, uint64_t *more, struct iom_tool_result *out)
{
	uint64_t cfg, base, n, at, l1std;
	unsigned int split, span, lg2;

	if (!iom_tool_walk_strtab(w, &n))
		return fault(out, 0, false, 0, "STRTAB_BASE or STRTAB_BASE_CFG is not known");
	if (sid >= n)
		return fault(out, SMMU_EVT_C_BAD_STREAMID, false, 0,
			     "StreamID is not below %" PRIu64, n);
	iom_tool_regs_get(&w->regs, SMMU_STRTAB_BASE_CFG, &cfg);
	iom_tool_regs_get(&w->regs, SMMU_STRTAB_BASE, &base);
	base &= SMMU_STRTAB_BASE_ADDR;
	for (lg2 = 0; n >> lg2 > 1; lg2++)
		;
	split = GET(SMMU_STRTAB_BASE_CFG_SPLIT, cfg);
	if (GET(SMMU_STRTAB_BASE_CFG_FMT, cfg) != SMMU_STRTAB_FMT_2LVL) {
		*pa = align(base, lg2 + 6, 6) + sid * 64;
		*more = n - sid;
		return true;
	}
	at = align(base, lg2 > split ? lg2 - split + 3 : 3, 6) + (sid >> split) * 8;
	if (!iom_tool_walk_words(w, at, &l1std, 1, "level 1 stream table descriptor"))
		return fault(out, 0, false, 0, "the core has no memory at 0x%" PRIx64, at);
	step(trace, STEP_L1STD, at, &l1std, 1);
	span = GET(SMMU_L1STD_SPAN, l1std);
	sid &= (UINT64_C(1) << split) - 1;
	if (!span || span > 11 || span > split + 1 || sid >> (span - 1))
		return fault(out, SMMU_EVT_C_BAD_STREAMID, false, 0,
			     "the level 1 descriptor has no STE for it (Span %u)", span);
	*pa = align(l1std & SMMU_L1STD_L2PTR_ADDR, span - 1 + 6, 6) + sid * 64;
	*more = (UINT64_C(1) << (span - 1)) - sid;
	return true;
}

bool iom_tool_walk_ste(struct iom_tool_walk *w, uint64_t sid, struct iom_tool_trace *trace,
		       uint64_t *pa, uint64_t ste[8], struct iom_tool_result *out)
{
	uint64_t more;

	if (!iom_tool_walk_ste_addr(w, sid, trace, pa, &more, out))
		return false;
	if (!iom_tool_walk_words(w, *pa, ste, 8, "STE"))
		return fault(out, 0, false, 0, "the core has no memory at 0x%" PRIx64, *pa);
	step(trace, STEP_STE, *pa, ste, 8);
	return true;
}

/* --- CDs ------------------------------------------------------------------- */

bool iom_tool_walk_cd(struct iom_tool_walk *w, const uint64_t ste[8], uint32_t ssid,
		      struct iom_tool_trace *trace, uint64_t *pa, uint64_t cd[8],
		      struct iom_tool_result *out)
{
	uint64_t addr = ste[0] & SMMU_STE0_S1CONTEXTPTR_ADDR, l1cd;
	unsigned int max = iomi_smmuv3_rules_cd_max(ste, &w->caps), split;
	unsigned int fmt = GET(SMMU_STE0_S1FMT, ste[0]);

	if (max && (fmt == SMMU_S1FMT_4K || fmt == SMMU_S1FMT_64K)) {
		split = fmt == SMMU_S1FMT_4K ? SMMU_S1FMT_4K_SPLIT : SMMU_S1FMT_64K_SPLIT;
		addr = align(addr, max > split ? max - split + 3 : 3, 6) +
		       (uint64_t)(ssid >> split) * 8;
		if (!fetch(w, ste, addr, SMMU_CLASS_CD, &l1cd, 1, "level 1 CD descriptor", trace,
			   pa, out))
			return false;
		step(trace, STEP_L1CD, *pa, &l1cd, 1);
		if (!(l1cd & SMMU_L1CD_V))
			return fault(out, SMMU_EVT_C_BAD_SUBSTREAMID, false, 0,
				     "the level 1 CD descriptor is not valid");
		addr = align(l1cd & SMMU_L1CD_L2PTR_ADDR, split + 6, 6);
		ssid &= (1u << split) - 1;
	} else {
		addr = align(addr, max + 6, 6);
	}
	if (!fetch(w, ste, addr + (uint64_t)ssid * 64, SMMU_CLASS_CD, cd, 8, "CD", trace, pa, out))
		return false;
	step(trace, STEP_CD, *pa, cd, 8);
	return true;
}

/* --- an access ------------------------------------------------------------- */

/* Which CD, by SSID and S1DSS: true with *index, or *bypass, or a fault. */
static bool which_cd(const struct iom_tool_walk *w, const uint64_t ste[8], int64_t ssid,
		     uint32_t *index, bool *bypass, struct iom_tool_result *out)
{
	unsigned int max = iomi_smmuv3_rules_cd_max(ste, &w->caps);
	unsigned int dss = GET(SMMU_STE1_S1DSS, ste[1]);

	*index = 0;
	*bypass = false;
	if (ssid >= 0 && (!max || (uint64_t)ssid >> max))
		return fault(out, SMMU_EVT_C_BAD_SUBSTREAMID, false, 0,
			     "SubstreamID is not below 2^S1CDMax, or S1CDMax = 0");
	if (ssid == 0 && dss == SMMU_S1DSS_SSID0)
		return fault(out, SMMU_EVT_F_STREAM_DISABLED, false, 0,
			     "S1DSS = 2 keeps CD 0 for traffic without SubstreamID");
	if (ssid >= 0) {
		*index = (uint32_t)ssid;
		return true;
	}
	if (!max || dss == SMMU_S1DSS_SSID0)
		return true;
	*bypass = dss == SMMU_S1DSS_BYPASS;
	return *bypass || fault(out, SMMU_EVT_F_STREAM_DISABLED, false, 0,
				"S1DSS = %u: traffic without SubstreamID ends", dss);
}

/* Stage 1 of the access, if there is one. pa is then what goes into stage 2. */
static bool stage_1(struct iom_tool_walk *w, const uint64_t ste[8], int64_t ssid, uint64_t iova,
		    struct iom_tool_trace *trace, struct iom_tool_result *out)
{
	const struct iomi_smmuv3_rule *broken;
	uint64_t cd[8], pa;
	uint32_t index;
	bool bypass;

	if (!which_cd(w, ste, ssid, &index, &bypass, out))
		return false;
	if (bypass) {
		out->pa = iova;
		return out->ok = true;
	}
	if (!iom_tool_walk_cd(w, ste, index, trace, &pa, cd, out))
		return false;
	broken = iomi_smmuv3_rules_cd(cd, ste, &w->caps, NULL);
	if (broken)
		return fault(out, SMMU_EVT_C_BAD_CD, false, 0, "%s", broken->text);
	return s1_translate(w, ste, cd, iova, trace, out);
}

void iom_tool_walk_iova(struct iom_tool_walk *w, uint32_t sid, int64_t ssid, uint64_t iova,
			struct iom_tool_trace *trace, struct iom_tool_result *out)
{
	const struct iomi_smmuv3_rule *broken;
	uint64_t ste[8], pa;
	unsigned int config;

	iom_tool_walk_begin(out);
	if (!iom_tool_walk_ste(w, sid, trace, &pa, ste, out))
		return;
	broken = iomi_smmuv3_rules_ste(ste, &w->caps, NULL);
	config = GET(SMMU_STE0_CONFIG, ste[0]);
	if (broken) {
		fault(out, SMMU_EVT_C_BAD_STE, false, 0, "%s", broken->text);
		return;
	}
	if (config < SMMU_STE_CONFIG_BYPASS) {
		fault(out, 0, false, 0, "Config 0xx: aborted, no event");
		return;
	}
	if (!(config & 1) && ssid >= 0) {
		fault(out, SMMU_EVT_C_BAD_SUBSTREAMID, false, 0, "a SubstreamID without stage 1");
		return;
	}
	out->pa = iova;
	out->ok = true;
	if ((config & 1) && !stage_1(w, ste, ssid, iova, trace, out))
		return;
	if (config == SMMU_STE_CONFIG_BYPASS && iova >> w->caps.oas_bits)
		fault(out, SMMU_EVT_F_ADDR_SIZE, false, SMMU_CLASS_IN, "address above OAS");
	else if ((config & 2) && !out->has_mem && out->pa >> w->caps.ias_bits)
		fault(out, SMMU_EVT_F_ADDR_SIZE, false, SMMU_CLASS_IN, "address above IAS");
	else if (config & 2)
		s2_translate(w, ste, out->pa, SMMU_CLASS_IN, trace, out);
	if (out->ok && !out->perms)
		fault(out, SMMU_EVT_F_PERMISSION, config & 2, SMMU_CLASS_IN,
		      "nobody may access it");
}
