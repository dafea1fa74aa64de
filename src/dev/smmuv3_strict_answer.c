/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands as they are consumed: illegal, reserved, out of order, or answers to
 * nobody; and what was asked of the driver and never answered.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_chk.h"
#include "wire/smmuv3_fields.h"
#include "wire/smmuv3_text.h"
#include "wire/smmuv3_wire.h"

/* --- one command ----------------------------------------------------------- */

static void tell_cmd(struct iom_smmuv3_dev *s, const uint64_t w[2], enum smmu_rule rule,
		     const char *fmt, uint64_t v)
{
	struct iom_smmuv3_report r;
	struct iomi_smmuv3_text t;

	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_CMD;
	r.nr_cmds = 1;
	r.cmd[0][0] = w[0];
	r.cmd[0][1] = w[1];
	iomi_smmuv3_text_init(&t, r.missing, sizeof(r.missing));
	if (fmt)
		iomi_smmuv3_text_fmt(&t, fmt, v);
	iomi_smmuv3_strict_report(s, rule, 0, &r);
}

static void cmd_bits(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
		     const uint64_t w[2])
{
	const struct iomi_smmuv3_layout *l = iomi_smmuv3_fields_cmd(c->opcode);
	uint64_t res0[2] = { ~iomi_smmuv3_fields_mask(l, 0), ~iomi_smmuv3_fields_mask(l, 1) };

	if (iomi_smmuv3_wire_is_tlbi_addr(c->opcode)) {
		if (!s->caps.ril) {
			res0[0] |= SMMU_CMD_TLBI0_NUM | SMMU_CMD_TLBI0_SCALE_DS;
			res0[1] |= SMMU_CMD_TLBI1_TTL | SMMU_CMD_TLBI1_TG;
		} else if (!s->caps.ds) {
			res0[0] |= SMMU_CMD_TLBI0_SCALE_DS & ~SMMU_CMD_TLBI0_SCALE;
		}
	}
	if ((w[0] & res0[0]) || (w[1] & res0[1]))
		tell_cmd(s, w, SMMU_RULE_CMD_RES0, w[0] & res0[0] ? "0 in the bits %x of word 0" :
			 "0 in the bits %x of word 1", w[0] & res0[0] ? w[0] & res0[0] :
			 w[1] & res0[1]);
	if (c->opcode == SMMU_CMD_ATC_INV && c->size > SMMU_ATC_SIZE_ALL)
		tell_cmd(s, w, SMMU_RULE_CMD_RESERVED, "Size up to 52, not %u", c->size);
	if (c->opcode == SMMU_CMD_SYNC && c->cs == SMMU_SYNC_CS_IRQ && c->msh == 1)
		tell_cmd(s, w, SMMU_RULE_CMD_RESERVED, "another value of MSH than %u", c->msh);
}

/* --- ATS: TLBI, CMD_SYNC, ATC_INV, CMD_SYNC -------------------------------- */

static bool is_tlbi(unsigned int opcode)
{
	return opcode >= SMMU_CMD_TLBI_NH_ALL && opcode <= SMMU_CMD_TLBI_NSNH_ALL;
}

/*
 * Is a TLBI of these addresses still out? Asked only where one thread drives the
 * SMMU: others may have theirs in between.
 */
static void atc_order(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
		      const uint64_t w[2])
{
	struct iom_range atc = iomi_smmuv3_wire_atc_range(c), r;
	const struct smmu_strict *x = s->strict;
	struct smmuv3_wire_cmd tlbi;
	unsigned int granule;
	uint64_t n;

	if (x->cfg.sync_slack)
		return;
	for (n = x->consumed; n >= strict_log_first(&x->log) && n; n--) {
		if (!iomi_smmuv3_wire_unpack_cmd(strict_log_at(&x->log, n), &tlbi))
			continue;
		if (tlbi.opcode == SMMU_CMD_SYNC)
			return;
		if (!is_tlbi(tlbi.opcode) || tlbi.opcode == SMMU_CMD_TLBI_S2_IPA)
			continue;
		r = (struct iom_range){ 0, UINT64_MAX };
		if (iomi_smmuv3_wire_is_tlbi_addr(tlbi.opcode))
			iomi_smmuv3_wire_tlbi_range(&tlbi, s->caps.ril, s->caps.ds, &r, &granule);
		if (!iom_range_overlaps(r, atc))
			continue;
		tell_cmd(s, w, SMMU_RULE_ATC_ORDER, "CMD_SYNC in front of it", 0);
		return;
	}
}

/* --- PRI: each group is answered, once ------------------------------------- */

void iomi_smmuv3_strict_chk_taken(struct iom_smmuv3_dev *s, uint32_t first, uint32_t n,
				  uint64_t base, unsigned int lg2)
{
	struct strict_checker *k = s->strict->checker;
	struct iom_gmem *gmem = s->cfg.gmem;
	struct smmuv3_wire_pri pri;
	struct smmu_pri rec;
	uint64_t w[2], at;

	if (iom_gmem_begin(gmem))
		return;
	for (; n--; first++) {
		at = base + (uint64_t)(first & (IOM_BIT32(lg2) - 1)) * sizeof(rec);
		if (iom_gmem_read(gmem, at, &rec, sizeof(rec)))
			continue;
		iomi_smmuv3_wire_load(w, rec.w, 2);
		iomi_smmuv3_wire_unpack_pri(w, &pri);
		/* a Stop Marker wants no answer */
		if (!pri.last || (pri.ssv && !pri.read && !pri.write))
			continue;
		k->prg[k->next_prg++ % CHK_PRGS] = (struct chk_prg){
			.there = true, .sid = pri.sid, .prgindex = pri.prgindex };
	}
	iom_gmem_end(gmem);
}

static void pri_resp(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
		     const uint64_t w[2])
{
	struct strict_checker *k = s->strict->checker;
	unsigned int i;

	for (i = 0; i < CHK_PRGS; i++) {
		if (k->prg[i].there && k->prg[i].sid == c->sid &&
		    k->prg[i].prgindex == c->prgindex) {
			k->prg[i].there = false;
			return;
		}
	}
	/* more were taken than there is room to remember */
	if (k->next_prg > CHK_PRGS)
		return;
	tell_cmd(s, w, SMMU_RULE_PRG_UNKNOWN, "a request of group %u, marked Last, that was taken",
		 c->prgindex);
}

void iomi_smmuv3_strict_chk_unanswered(struct iom_smmuv3_dev *s)
{
	struct strict_checker *k = s->strict->checker;
	struct iom_smmuv3_report r;
	struct iomi_smmuv3_text t;
	unsigned int i;

	for (i = 0; i < CHK_PRGS + s->stalls.nr; i++) {
		const struct smmu_stall *e = i < CHK_PRGS ? NULL : &s->stalls.pool[i - CHK_PRGS];

		if (e ? e->state != SMMU_STALL_OUT : !k->prg[i].there)
			continue;
		memset(&r, 0, sizeof(r));
		r.about = IOM_SMMUV3_ABOUT_SID;
		r.sid = e ? (uint32_t)IOM_FIELD_GET(SMMU_EVT0_SID, e->ev[0]) : k->prg[i].sid;
		iomi_smmuv3_text_init(&t, r.missing, sizeof(r.missing));
		if (e)
			iomi_smmuv3_text_fmt(&t, "RESUME sid=%x stag=%x", (uint64_t)r.sid,
					     IOM_FIELD_GET(SMMU_EVT1_STAG, e->ev[1]));
		else
			iomi_smmuv3_text_fmt(&t, "PRI_RESP sid=%x prgindex=%u", (uint64_t)r.sid,
					     (uint64_t)k->prg[i].prgindex);
		iomi_smmuv3_strict_report(s, e ? SMMU_RULE_STALL_LEFT : SMMU_RULE_PRG_LEFT, 0, &r);
	}
}

/* --- all of them ----------------------------------------------------------- */

/* Whatever was submitted before is complete: the next CMD_SYNC is the one that counts. */
static void track(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c)
{
	struct strict_checker *k = s->strict->checker;
	uint64_t next = s->strict->completed_syncs + 1;
	uint32_t mask;

	switch (c->opcode) {
	case SMMU_CMD_CFGI_STE_RANGE:
		mask = c->range == SMMU_CFGI_RANGE_ALL ? UINT32_MAX :
							 (IOM_BIT32(c->range) << 1) - 1;
		iomi_smmuv3_strict_chk_forget(k, c->sid & ~mask, c->sid | mask);
		if (mask == UINT32_MAX)
			k->cfgi_all = next;
		break;
	case SMMU_CMD_CFGI_STE:
	case SMMU_CMD_CFGI_CD:
	case SMMU_CMD_CFGI_CD_ALL:
		iomi_smmuv3_strict_chk_forget(k, c->sid, c->sid);
		break;
	case SMMU_CMD_TLBI_NSNH_ALL:
		k->tlbi_all = next;
		break;
	case SMMU_CMD_TLBI_EL2_ALL:
		k->tlbi_el2 = next;
		break;
	default:
		break;
	}
}

void iomi_smmuv3_strict_command(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	const struct iomi_smmuv3_rule *rows, *r = NULL;
	struct smmuv3_wire_cmd c;
	bool legal = true;
	size_t n;

	rows = iomi_smmuv3_rules_of_cmd(&n);
	while ((r = iomi_smmuv3_rules_cmd(w, &s->caps, r))) {
		legal = false;
		tell_cmd(s, w, SMMU_RULE_CMD_SSEC + (unsigned int)(r - rows), NULL, 0);
	}
	if (!legal || !iomi_smmuv3_wire_unpack_cmd(w, &c))
		return;
	cmd_bits(s, &c, w);
	track(s, &c);
	iomi_smmuv3_strict_chk_named(s, &c);
	iomi_smmuv3_strict_chk_grants(s, &c);
	if (c.opcode == SMMU_CMD_ATC_INV)
		atc_order(s, &c, w);
	else if (c.opcode == SMMU_CMD_PRI_RESP)
		pri_resp(s, &c, w);
}
