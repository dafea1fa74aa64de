/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Barriers: what was stored before the driver's last one is ordered, the rest
 * is not. At each barrier the commands behind PROD and the STEs and CDs that
 * transactions have met are copied; what is another when PROD is written came
 * after it. Without iom_smmuv3_strict_wmb() nobody is asked.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_chk.h"
#include "wire/smmuv3_text.h"
#include "wire/smmuv3_used.h"
#include "wire/smmuv3_wire.h"

/* --- memory ---------------------------------------------------------------- */

static bool read_words(struct iom_gmem *gmem, uint64_t pa, uint64_t *w, unsigned int n)
{
	struct iom_le64 le[8];

	if (iom_gmem_read(gmem, pa, le, n * sizeof(le[0])))
		return false;
	iomi_smmuv3_wire_load(w, le, n);
	return true;
}

static unsigned int queue_lg2(const struct iom_smmuv3_dev *s)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, s->cmdq.base);

	return lg2 < s->cmdqs_lg2 ? lg2 : s->cmdqs_lg2;
}

static bool read_cmd(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t pos, uint64_t w[2])
{
	unsigned int lg2 = queue_lg2(s);
	uint64_t base = s->cmdq.base & SMMU_Q_BASE_ADDR & ~((UINT64_C(16) << lg2) - 1);

	return read_words(gmem, base + (uint64_t)(pos & (IOM_BIT32(lg2) - 1)) * 16, w, 2);
}

/* --- places ---------------------------------------------------------------- */

void iomi_smmuv3_strict_chk_place(struct strict_checker *c, const struct strict_config *cfg,
				  const struct strict_line *line)
{
	struct chk_place *p;

	for (p = c->place; p < c->place + CHK_PLACES; p++) {
		if (p->there && p->pa == line->pa && p->sid == cfg->sid)
			return;
	}
	p = &c->place[c->next_place++ % CHK_PLACES];
	*p = (struct chk_place){ .there = true, .cd = line->kind == IOM_SMMUV3_FETCH_CD,
				 .sid = cfg->sid, .ssid = cfg->ssv ? cfg->ssid : 0,
				 .pa = line->pa };
}

void iomi_smmuv3_strict_chk_release(struct iom_smmuv3_dev *s, struct iom_range r)
{
	struct strict_checker *c = s->strict->checker;
	struct chk_place *p;

	for (p = c->place; p < c->place + CHK_PLACES; p++) {
		if (iom_range_overlaps(r, (struct iom_range){ p->pa, p->pa + 63 }))
			p->there = false;
	}
	iomi_smmuv3_strict_chk_left_release(c, r);
}

static void tell(struct iom_smmuv3_dev *s, const struct chk_place *p, enum smmu_rule rule,
		 const uint64_t now[8])
{
	struct iom_smmuv3_report r;
	unsigned int i;

	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_STRUCT;
	r.sid = p->sid;
	r.ssid = p->ssid;
	r.what = p->cd ? IOM_SMMUV3_FETCH_CD : IOM_SMMUV3_FETCH_STE;
	r.pa = p->pa;
	r.nr_words = r.word = 8;
	r.stored_step = s->strict->step;
	for (i = 8; i--;) {
		r.held[i] = p->snap[i];
		r.memory[i] = now[i];
		if (p->snap[i] != now[i])
			r.word = i;
	}
	iomi_smmuv3_strict_report(s, rule, s->strict->log.nr, &r);
}

static void used(struct iom_smmuv3_dev *s, const struct chk_place *p, const uint64_t w[8],
		 uint64_t mask[8])
{
	if (p->cd)
		iomi_smmuv3_used_cd(w, NULL, &s->caps, mask);
	else
		iomi_smmuv3_used_ste(w, &s->caps, mask);
}

/* It became valid since the last barrier, and not by V alone. */
static void valid_too_early(struct iom_smmuv3_dev *s, struct chk_place *p, const uint64_t now[8])
{
	uint64_t v = p->cd ? SMMU_CD0_V : SMMU_STE0_V, mask[8];

	if (!p->snapped || (p->snap[0] & v) || !(now[0] & v) ||
	    !(atomic_load(&s->cr0) & SMMU_CR0_SMMUEN))
		return;
	used(s, p, now, mask);
	mask[0] = 0;		/* comes with V in one store */
	if (!iomi_smmuv3_used_same(p->snap, now, mask) && !p->reported) {
		p->reported = true;
		tell(s, p, SMMU_RULE_BARRIER_V, now);
	}
}

/* --- events ---------------------------------------------------------------- */

void iomi_smmuv3_strict_barrier(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct strict_checker *c = s->strict->checker;
	uint32_t size = IOM_BIT32(queue_lg2(s));
	struct chk_place *p;
	uint64_t now[8];
	unsigned int i;

	c->barrier = true;
	c->window_prod = s->cmdq.prod;
	c->window = size < CHK_WINDOW ? size : CHK_WINDOW;
	for (i = 0; i < c->window; i++) {
		if (!read_cmd(s, gmem, s->cmdq.prod + i, c->cmd[i]))
			c->window = i;
	}
	for (p = c->place; p < c->place + CHK_PLACES; p++) {
		if (!p->there || !read_words(gmem, p->pa, now, 8))
			continue;
		valid_too_early(s, p, now);
		memcpy(p->snap, now, sizeof(now));
		p->snapped = true;
		p->reported = false;
	}
}

/* Is the command, at pos, as it was at the last barrier, as far as that is known? */
static bool ordered(struct iom_smmuv3_dev *s, const struct strict_checker *c, uint32_t pos,
		    const uint64_t w[2])
{
	uint32_t at = (pos - c->window_prod) & ((IOM_BIT32(queue_lg2(s)) << 1) - 1);

	if (!c->barrier)
		return false;
	return at >= c->window || (c->cmd[at][0] == w[0] && c->cmd[at][1] == w[1]);
}

/* A CFGI, or anything else: the structures that it names. */
static void structures(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
		       const struct smmuv3_wire_cmd *cmd)
{
	struct strict_checker *c = s->strict->checker;
	uint32_t low = 0;
	struct chk_place *p;
	uint64_t now[8], mask[8];

	if (cmd->opcode < SMMU_CMD_CFGI_STE || cmd->opcode > SMMU_CMD_CFGI_CD_ALL)
		return;
	if (cmd->opcode == SMMU_CMD_CFGI_STE_RANGE)
		low = cmd->range == SMMU_CFGI_RANGE_ALL ? UINT32_MAX :
							  (IOM_BIT32(cmd->range) << 1) - 1;
	for (p = c->place; p < c->place + CHK_PLACES; p++) {
		if (!p->there || !p->snapped || p->reported || ((p->sid ^ cmd->sid) & ~low) ||
		    (cmd->opcode == SMMU_CMD_CFGI_CD && (!p->cd || p->ssid != cmd->ssid)) ||
		    !read_words(gmem, p->pa, now, 8))
			continue;
		valid_too_early(s, p, now);
		used(s, p, now, mask);
		if (p->reported || iomi_smmuv3_used_same(p->snap, now, mask))
			continue;
		p->reported = true;
		tell(s, p, SMMU_RULE_BARRIER_STRUCT, now);
	}
}

void iomi_smmuv3_strict_submitted(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint64_t first,
				  uint32_t prod)
{
	const struct strict_log *log = &s->strict->log;
	struct strict_checker *c = s->strict->checker;
	struct iom_smmuv3_report r;
	struct smmuv3_wire_cmd cmd;
	const uint64_t *w;
	bool told = false;
	uint64_t n;

	if (!s->strict->cfg.wmb || iom_gmem_begin(gmem))
		return;
	if (first < strict_log_first(log))
		first = strict_log_first(log);
	for (n = first; n <= log->nr; n++) {
		w = strict_log_at(log, n);
		if (!told && !ordered(s, c, prod - (uint32_t)(log->nr - n) - 1, w)) {
			memset(&r, 0, sizeof(r));
			r.about = IOM_SMMUV3_ABOUT_CMD;
			r.nr_cmds = 1;
			r.cmd[0][0] = w[0];
			r.cmd[0][1] = w[1];
			iomi_smmuv3_strict_report(s, SMMU_RULE_BARRIER_CMD, 0, &r);
			told = true;
		}
		if (iomi_smmuv3_wire_unpack_cmd(w, &cmd))
			structures(s, gmem, &cmd);
	}
	iom_gmem_end(gmem);
}
