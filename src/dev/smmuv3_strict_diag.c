/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which rule a stale entry breaks: each command since the change is asked what
 * it lacks to cover the entry. One that lacks nothing leaves only its CMD_SYNC
 * (or its order) to blame; one that lacks one thing is what the driver meant,
 * and the thing is the rule; else the invalidation is missing. Pure, bounded by
 * STRICT_LOG; owns nothing.
 */
#include "smmuv3_strict_int.h"
#include "wire/smmuv3_text.h"
#include "wire/smmuv3_wire.h"

/* What a command lacks. */
#define SID		0x001u
#define SSID		0x002u
#define LEAF		0x004u
#define STAGE		0x008u
#define VMID		0x010u
#define ASID		0x020u
#define GLOBAL		0x040u
#define ADDR		0x080u
#define TTL		0x100u
#define COMBINED	0x200u
#define ALL		0xfc00u		/* everything: it is another kind of command */

static bool is_config(const struct strict_stale *st)
{
	return st->line->kind <= IOM_SMMUV3_FETCH_CD;
}

/* --- CFGI ------------------------------------------------------------------ */

static unsigned int cfgi_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	unsigned int kind = st->line->kind;
	bool cd = kind == IOM_SMMUV3_FETCH_CD || kind == IOM_SMMUV3_FETCH_L1CD;
	uint32_t low;

	switch (c->opcode) {
	case SMMU_CMD_CFGI_STE:
		/* the CDs reached by it go with the STE (4.3.1) */
		return (c->sid != st->sid ? SID : 0) |
		       (kind == IOM_SMMUV3_FETCH_L1STD && c->leaf ? LEAF : 0);
	case SMMU_CMD_CFGI_STE_RANGE:
		low = c->range == SMMU_CFGI_RANGE_ALL ? UINT32_MAX : (IOM_BIT32(c->range) << 1) - 1;
		return (c->sid ^ st->sid) & ~low ? SID : 0;
	case SMMU_CMD_CFGI_CD:
		if (!cd)
			return ALL;
		return (c->sid != st->sid ? SID : 0) |
		       (c->ssid != (st->ssv ? st->ssid : 0) ? SSID : 0) |
		       (kind == IOM_SMMUV3_FETCH_L1CD && c->leaf ? LEAF : 0);
	case SMMU_CMD_CFGI_CD_ALL:
		if (!cd)
			return ALL;
		return c->sid != st->sid ? SID : 0;
	default:
		return ALL;
	}
}

/* --- TLBI ------------------------------------------------------------------ */

/* Input addresses have 56 bits at most that count, and so have ranges. */
#define ADDR_BITS	IOM_BITS64(55, 0)

static unsigned int addr_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	uint64_t first = st->ia & ADDR_BITS & UINT64_MAX << st->size_lg2, last, start, end;
	unsigned int lacks = 0, granule;
	struct iom_range r;

	iomi_smmuv3_wire_tlbi_range(c, st->caps->ril, st->caps->ds, &r, &granule);
	last = first | (IOM_BIT64(st->size_lg2) - 1);
	start = r.start & ADDR_BITS;
	end = r.last - r.start > ADDR_BITS - start ? ADDR_BITS : start + (r.last - r.start);
	if (end < first || start > last)
		lacks |= ADDR;
	if (c->leaf && !st->leaf)
		lacks |= LEAF;
	if (!granule)
		return lacks;
	/* 4.4.1: TTL 1 with 16K is no hint without DS */
	if (c->ttl && !(granule == 14 && c->ttl == 1 && !st->caps->ds) && st->leaf &&
	    !is_config(st) && st->line->level != c->ttl)
		lacks |= TTL;
	if (st->tg_lg2 && st->tg_lg2 != granule)
		lacks |= TTL;
	return lacks;
}

static unsigned int vmid_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	uint16_t mask = st->caps->vmid16 ? UINT16_MAX : UINT8_MAX;

	/* 4.4: ignored without stage 2 */
	return st->caps->s2p && (c->vmid ^ st->vmid) & mask ? VMID : 0;
}

static unsigned int asid_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	uint16_t mask = st->caps->asid16 ? UINT16_MAX : UINT8_MAX;

	return (c->asid ^ st->asid) & mask ? ASID : 0;
}

static unsigned int nh_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	unsigned int lacks = vmid_lacks(st, c);

	if (st->el2 || (st->s2 && !st->combined))
		return lacks | STAGE;
	switch (c->opcode) {
	case SMMU_CMD_TLBI_NH_ASID:
		return lacks | asid_lacks(st, c) | (st->global ? GLOBAL : 0);
	case SMMU_CMD_TLBI_NH_VA:
		return lacks | (st->global ? 0 : asid_lacks(st, c)) | addr_lacks(st, c);
	case SMMU_CMD_TLBI_NH_VAA:
		return lacks | addr_lacks(st, c);
	default:
		return lacks;
	}
}

static unsigned int el2_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	if (!st->el2)
		return STAGE;
	switch (c->opcode) {
	case SMMU_CMD_TLBI_EL2_ASID:
		return asid_lacks(st, c) | (st->global ? GLOBAL : 0);
	case SMMU_CMD_TLBI_EL2_VA:
		/* without E2H there are no ASIDs */
		return (st->global || !st->caps->e2h ? 0 : asid_lacks(st, c)) | addr_lacks(st, c);
	case SMMU_CMD_TLBI_EL2_VAA:
		return addr_lacks(st, c);
	default:
		return 0;
	}
}

static unsigned int s2_ipa_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	if (st->el2)
		return STAGE;
	if (st->s2 && !st->combined)
		return vmid_lacks(st, c) | addr_lacks(st, c);
	/* the entry is held by its VA: the IPA in the command says nothing about it */
	return vmid_lacks(st, c) | (st->combined ? COMBINED : STAGE);
}

static unsigned int tlbi_lacks(const struct strict_stale *st, const struct smmuv3_wire_cmd *c)
{
	switch (c->opcode) {
	case SMMU_CMD_TLBI_NH_ALL:
	case SMMU_CMD_TLBI_NH_ASID:
	case SMMU_CMD_TLBI_NH_VA:
	case SMMU_CMD_TLBI_NH_VAA:
		return nh_lacks(st, c);
	case SMMU_CMD_TLBI_EL2_ALL:
	case SMMU_CMD_TLBI_EL2_ASID:
	case SMMU_CMD_TLBI_EL2_VA:
	case SMMU_CMD_TLBI_EL2_VAA:
		return el2_lacks(st, c);
	case SMMU_CMD_TLBI_S12_VMALL:
		return st->el2 ? STAGE : vmid_lacks(st, c);
	case SMMU_CMD_TLBI_S2_IPA:
		return s2_ipa_lacks(st, c);
	case SMMU_CMD_TLBI_NSNH_ALL:
		return st->el2 ? STAGE : 0;
	default:
		return ALL;
	}
}

/* --- all commands ---------------------------------------------------------- */

struct verdict {
	uint64_t covers, cfgi;		/* numbers: last that covers; last right CFGI; 0 none */
	uint64_t sync;			/* last CMD_SYNC */
	unsigned int lacks;		/* of the one that lacks least */
};

static unsigned int how_many(unsigned int m)
{
	unsigned int n = 0;

	for (; m; m &= m - 1)
		n++;
	return n;
}

static void look(const struct strict_stale *st, uint64_t from, uint64_t to, struct verdict *v)
{
	struct smmuv3_wire_cmd c;
	unsigned int lacks;
	uint64_t n;

	*v = (struct verdict){ .lacks = ALL };
	for (n = from; n <= to; n++) {
		if (!iomi_smmuv3_wire_unpack_cmd(strict_log_at(st->log, n), &c))
			continue;
		if (c.opcode == SMMU_CMD_SYNC)
			v->sync = n;
		if (is_config(st) && !cfgi_lacks(st, &c))
			v->cfgi = n;
		lacks = st->tlb ? tlbi_lacks(st, &c) : cfgi_lacks(st, &c);
		if (!lacks)
			v->covers = n;
		else if (how_many(lacks) < how_many(v->lacks))
			v->lacks = lacks;
	}
}

static enum smmu_rule rule_of(const struct strict_stale *st, unsigned int lacks)
{
	switch (lacks) {
	case SID:
		return SMMU_RULE_CFGI_SID;
	case SSID:
		return SMMU_RULE_CFGI_SSID;
	case LEAF:
		if (st->tlb)
			return SMMU_RULE_TLBI_LEAF;
		return st->line->kind == IOM_SMMUV3_FETCH_L1STD ? SMMU_RULE_CFGI_STE_LEAF :
								 SMMU_RULE_CFGI_CD_LEAF;
	case STAGE:
		return SMMU_RULE_TLBI_STAGE;
	case VMID:
		return SMMU_RULE_TLBI_VMID;
	case ASID:
		return SMMU_RULE_TLBI_ASID;
	case GLOBAL:
		return SMMU_RULE_TLBI_GLOBAL;
	case ADDR:
		return SMMU_RULE_TLBI_RANGE;
	case TTL:
		return SMMU_RULE_TLBI_TTL;
	case COMBINED:
		return SMMU_RULE_TLBI_COMBINED;
	default:
		return SMMU_RULES_NR;
	}
}

static enum smmu_rule nothing(const struct strict_stale *st)
{
	static const enum smmu_rule stale[] = {
		[IOM_SMMUV3_FETCH_L1STD] = SMMU_RULE_STALE_L1STD,
		[IOM_SMMUV3_FETCH_STE] = SMMU_RULE_STALE_STE,
		[IOM_SMMUV3_FETCH_L1CD] = SMMU_RULE_STALE_L1CD,
		[IOM_SMMUV3_FETCH_CD] = SMMU_RULE_STALE_CD,
		[IOM_SMMUV3_FETCH_S1] = SMMU_RULE_STALE_S1,
		[IOM_SMMUV3_FETCH_S2] = SMMU_RULE_STALE_S2,
	};

	if (st->how == STRICT_ENABLED)
		return SMMU_RULE_ENABLE_STALE;
	if (st->how == STRICT_RELEASED && !st->tlb)
		return SMMU_RULE_RELEASED_CONFIG;
	if (st->how == STRICT_RELEASED)
		return st->leaf && !st->read_from ? SMMU_RULE_RELEASED_PAGE :
						    SMMU_RULE_RELEASED_TABLE;
	if (st->tlb && is_config(st))
		return SMMU_RULE_STALE_REGIME;
	return stale[st->line->kind];
}

/* --- what would have been needed ------------------------------------------- */

static void say_cfgi(struct iomi_smmuv3_text *t, const struct strict_stale *st)
{
	uint64_t sid = st->sid, ssid = st->ssv ? st->ssid : 0;

	switch (st->line->kind) {
	case IOM_SMMUV3_FETCH_L1STD:
		iomi_smmuv3_text_fmt(t, "CFGI_STE sid=%x leaf=0 (or a range, or all)", sid);
		break;
	case IOM_SMMUV3_FETCH_STE:
		iomi_smmuv3_text_fmt(t, "CFGI_STE sid=%x (or a range, or all)", sid);
		break;
	case IOM_SMMUV3_FETCH_L1CD:
		iomi_smmuv3_text_fmt(t, "CFGI_CD sid=%x ssid=%x leaf=0 (or CFGI_CD_ALL)", sid,
				     ssid);
		break;
	default:
		iomi_smmuv3_text_fmt(t, "CFGI_CD sid=%x ssid=%x (or CFGI_CD_ALL)", sid, ssid);
		break;
	}
}

static void say_tlbi(struct iomi_smmuv3_text *t, const struct strict_stale *st)
{
	uint64_t vmid = st->vmid, asid = st->asid, ia = st->ia & UINT64_MAX << st->size_lg2;
	bool regime = is_config(st);

	if (st->el2 && regime)
		iomi_smmuv3_text_str(t, "TLBI_EL2_ALL");
	else if (st->el2)
		iomi_smmuv3_text_fmt(t, "TLBI_EL2_VA asid=%u addr=%x", asid, ia);
	else if (st->s2 && !st->combined && regime)
		iomi_smmuv3_text_fmt(t, "TLBI_S12_VMALL vmid=%u", vmid);
	else if (st->s2 && !st->combined)
		iomi_smmuv3_text_fmt(t, "TLBI_S2_IPA vmid=%u addr=%x", vmid, ia);
	else if (st->combined && st->line->kind == IOM_SMMUV3_FETCH_S2)
		iomi_smmuv3_text_fmt(t, "TLBI_NH_ALL vmid=%u behind TLBI_S2_IPA", vmid);
	else if (regime && st->line->kind == IOM_SMMUV3_FETCH_STE)
		iomi_smmuv3_text_fmt(t, "TLBI_S12_VMALL vmid=%u", vmid);
	else if (regime || st->global)
		iomi_smmuv3_text_fmt(t, regime ? "TLBI_NH_ASID vmid=%u asid=%u" :
						 "TLBI_NH_VA vmid=%u asid=%u (any)", vmid, asid);
	else
		iomi_smmuv3_text_fmt(t, "TLBI_NH_VA vmid=%u asid=%u addr=%x", vmid, asid, ia);
	if (!st->leaf && !regime)
		iomi_smmuv3_text_str(t, " leaf=0");
}

static void say(struct iomi_smmuv3_text *t, const struct strict_stale *st)
{
	if (st->tlb)
		say_tlbi(t, st);
	else
		say_cfgi(t, st);
}

/* BBM: of valid descriptors, one of which is a table, and the other not. */
static enum smmu_rule bbm(const struct strict_stale *st, struct iomi_smmuv3_text *t)
{
	iomi_smmuv3_text_str(t, "an invalid descriptor, ");
	say_tlbi(t, st);
	iomi_smmuv3_text_str(t, ", CMD_SYNC, before the new one");
	return (st->line->w[0] ^ st->now[0]) & LPAE_TYPE ? SMMU_RULE_BBM_SIZE : SMMU_RULE_BBM;
}

/*
 * The batch that the change came into: what is behind the last CMD_SYNC. An
 * older command was for an older change.
 */
static uint64_t batch_before(const struct strict_stale *st, uint64_t first, uint64_t mark)
{
	uint64_t n, op;

	for (n = mark; n >= first && n; n--) {
		op = IOM_FIELD_GET(SMMU_CMD0_OPCODE, strict_log_at(st->log, n)[0]);
		if (op == SMMU_CMD_SYNC)
			return n + 1;
	}
	return first;
}

enum smmu_rule iomi_smmuv3_strict_diag(const struct strict_stale *st, char *missing, size_t size)
{
	uint64_t first = strict_log_first(st->log), mark = st->line->mark;
	enum smmu_rule rule;
	struct iomi_smmuv3_text t;
	struct verdict v, before;

	iomi_smmuv3_text_init(&t, missing, size);
	if (st->how == STRICT_BBM)
		return bbm(st, &t);
	/* what leads there was changed, if anything was: by what is not complete yet */
	if (!st->line->changed)
		mark = batch_before(st, first, st->log->nr) - 1;
	look(st, mark + 1 > first ? mark + 1 : first, st->log->nr, &v);
	if (v.covers && st->how != STRICT_ENABLED) {
		if (st->tlb && is_config(st) && v.cfgi > v.covers) {
			say(&t, st);
			iomi_smmuv3_text_str(&t, " behind the CFGI, then CMD_SYNC");
			return SMMU_RULE_TLBI_BEFORE_CFGI;
		}
		iomi_smmuv3_text_str(&t, v.sync > v.covers ? "to wait for the CMD_SYNC behind " :
							     "CMD_SYNC behind ");
		iomi_smmuv3_text_cmd(&t, strict_log_at(st->log, v.covers));
		return st->tlb ? SMMU_RULE_TLBI_SYNC : SMMU_RULE_CFGI_SYNC;
	}
	if (!st->line->changed)
		iomi_smmuv3_text_str(&t, "to make it invalid; ");
	say(&t, st);
	iomi_smmuv3_text_str(&t, ", then CMD_SYNC");
	rule = st->how == STRICT_ENABLED || !st->line->changed ? SMMU_RULES_NR :
								   rule_of(st, v.lacks);
	if (rule != SMMU_RULES_NR)
		return rule;
	if (st->how != STRICT_USED || mark > st->log->nr || mark < first)
		return nothing(st);
	look(st, batch_before(st, first, mark), mark, &before);
	if (!before.covers)
		return nothing(st);
	iomi_smmuv3_text_str(&t, ", after the store");
	return st->tlb ? SMMU_RULE_TLBI_ORDER : SMMU_RULE_CFGI_ORDER;
}
