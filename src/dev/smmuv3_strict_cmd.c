/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command queue of a strict SMMUv3 (chapter 4). Commands are consumed in
 * order, one at a time, CONS standing still now and then; what CFGIs and TLBIs do
 * to what is held comes when the seed says, in any order, some of it more than
 * once, and all of it before the CMD_SYNC behind them. That one may be late.
 *
 * CMD_SYNC, in this order: what memory said before now is forgotten; all that
 * was named goes; a ticket is taken; accesses open at that time end; held back
 * events are written; CONS moves. So a transaction that begins after the ticket
 * meets nothing that is older.
 */
#include <iom/base/endian.h>

#include "smmuv3_strict_engine.h"

static unsigned int queue_lg2(const struct iom_smmuv3_dev *s)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, s->cmdq.base);

	return lg2 < s->cmdqs_lg2 ? lg2 : s->cmdqs_lg2;
}

/* The command at a position of the ring. */
static int read_cmd(struct iom_smmuv3_dev *s, uint32_t pos, uint64_t w[2])
{
	struct iom_gmem *gmem = s->cfg.gmem;
	unsigned int lg2 = queue_lg2(s);
	uint64_t base = s->cmdq.base & SMMU_Q_BASE_ADDR &
			~(((uint64_t)sizeof(struct smmu_cmd) << lg2) - 1);
	uint64_t at = base + (pos & (IOM_BIT32(lg2) - 1)) * sizeof(struct smmu_cmd);
	int rc = iom_gmem_begin(gmem);

	if (rc)
		return rc;
	rc = iomi_smmuv3_strict_load(s, gmem, at, w, 2);
	iom_gmem_end(gmem);
	return rc;
}

/* --- what software has submitted --- */

void iomi_smmuv3_strict_cmd_log(struct iom_smmuv3_dev *s, uint32_t prod)
{
	struct smmu_strict *x = s->strict;
	struct strict_engine *e = x->engine;
	uint32_t mask = (IOM_BIT32(queue_lg2(s)) << 1) - 1, n, i;
	uint64_t first = x->log.nr + 1, w[2];

	if (!e->queue_known) {
		e->logged = s->cmdq.cons & mask;
		x->consumed = x->log.nr;
		e->queue_known = true;
	}
	n = (prod - e->logged) & mask;
	/* More than it holds: what the indexes say is not what software meant. */
	for (i = 0; i < n && n <= IOM_BIT32(queue_lg2(s)); i++) {
		w[0] = w[1] = 0;
		(void)read_cmd(s, e->logged + i, w);
		strict_log_add(&x->log, w);
	}
	e->logged = prod & mask;
	iomi_smmuv3_strict_submitted(s, s->cfg.gmem, first, prod);
}

/* --- effects --- */

static void effect(struct iom_smmuv3_dev *s, struct strict_pending *p)
{
	struct smmuv3_wire_cmd c;

	if (iomi_smmuv3_wire_unpack_cmd(p->w, &c) && !iomi_smmuv3_strict_view_cfgi(s, &c, p))
		(void)iomi_smmuv3_strict_tlbi(s, &c, p);
	p->done = ++s->strict->engine->effects;
}

void iomi_smmuv3_strict_cmd_some(struct iom_smmuv3_dev *s)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_pending *p;

	if (!e->nr_pending)
		return;
	p = &e->pending[iomi_smmuv3_strict_rand(s->strict, e->nr_pending)];
	if (!p->done || !iomi_smmuv3_strict_rand(s->strict, 8))
		effect(s, p);
}

/* All of them again, in order: what came back in between goes, too. */
static void effect_all(struct iom_smmuv3_dev *s)
{
	struct strict_engine *e = s->strict->engine;
	unsigned int i;

	for (i = 0; i < e->nr_pending; i++)
		effect(s, &e->pending[i]);
	if (e->overflow)
		iomi_smmuv3_strict_forget(s);
	e->nr_pending = 0;
	e->overflow = false;
}

static void put_off(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	struct strict_pending p = { .w = { w[0], w[1] }, .nr = s->strict->consumed };
	struct strict_engine *e = s->strict->engine;
	unsigned int i;

	iomi_smmuv3_strict_view_named(s, &p);
	if (e->nr_pending == STRICT_PENDING) {
		e->overflow = true;
		effect(s, &p);
		return;
	}
	for (i = 0; i < e->nr_pending; i++)
		p.behind |= IOM_FIELD_GET(SMMU_CMD0_OPCODE, e->pending[i].w[0] ^ w[0]) != 0;
	e->pending[e->nr_pending++] = p;
	s->strict->stats.late_cmds++;
	while (!iomi_smmuv3_strict_rand(s->strict, 3))
		iomi_smmuv3_strict_cmd_some(s);
}

/* --- CMD_SYNC --- */

/*
 * May it complete at a later step? Whoever waits for an interrupt, a message or an
 * event need not touch a register meanwhile: then only a worker takes steps.
 */
static bool may_be_late(const struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	return s->cfg.mode == IOM_SMMUV3_WORKER ||
	       IOM_FIELD_GET(SMMU_CMD_SYNC0_CS, w[0]) == SMMU_SYNC_CS_NONE;
}

/* True: later. */
static bool sync_is_late(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	struct smmu_strict *x = s->strict;
	struct strict_engine *e = x->engine;

	if (!e->sync_seen) {
		e->sync_seen = true;
		e->sync_late = 0;
		if (may_be_late(s, w) && !iomi_smmuv3_strict_rand(x, 4))
			e->sync_late = iomi_smmuv3_strict_rand(x, x->cfg.max_delay + 1);
		x->stats.late_syncs += e->sync_late != 0;
	}
	return e->sync_late;
}

static void sync_start(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	struct iom_gmem *gmem = s->cfg.gmem;

	if (!iom_gmem_begin(gmem)) {
		iomi_smmuv3_strict_view_past(s, gmem);
		iomi_smmuv3_strict_view_poll(s, gmem);
		iomi_smmuv3_strict_tlb_poll(s, gmem);
		iomi_smmuv3_strict_grant_poll(s, gmem);
		iom_gmem_end(gmem);
	}
	iomi_smmuv3_strict_view_forget_past(s);
	effect_all(s);
	iomi_smmuv3_dev_cmdq_sync(s, w);
}

/* False: accesses that began before are open. */
static bool sync_end(struct iom_smmuv3_dev *s)
{
	struct smmu_strict *x = s->strict;
	uint64_t done = s->nr_syncs;

	iomi_smmuv3_strict_events_out(s);
	if (!iomi_smmuv3_dev_cmdq_synced(s))
		return false;
	x->engine->sync_seen = false;
	if (s->nr_syncs == done)
		return true;	/* an ATC_INV before it has failed */
	x->consumed++;
	x->completed_syncs++;
	iomi_smmuv3_strict_view_synced(s, x->consumed);
	iomi_smmuv3_strict_tlbi_synced(s, x->consumed);
	iomi_smmuv3_strict_grant_synced(s, x->consumed);
	return true;
}

/* --- processing --- */

static void consume(struct iom_smmuv3_dev *s, const uint64_t w[2])
{
	struct smmu_strict *x = s->strict;

	x->consumed++;
	if (x->consumed > x->log.nr)
		strict_log_add(&x->log, w);
	put_off(s, w);
	iomi_smmuv3_dev_cmdq_carry_out(s, w);
}

/* The command at CONS. IOM_OK: on to the next. */
static int one(struct iom_smmuv3_dev *s)
{
	uint64_t w[2];

	if (read_cmd(s, s->cmdq.cons, w)) {
		iomi_smmuv3_dev_cmdq_error(s, SMMU_CERROR_ABT);
		return IOM_OK;
	}
	if (!s->strict->engine->sync_seen)
		iomi_smmuv3_strict_command(s, w);
	if (iomi_smmuv3_rules_cmd(w, &s->caps, NULL)) {
		iomi_smmuv3_dev_cmdq_error(s, SMMU_CERROR_ILL);
		return IOM_OK;
	}
	if (IOM_FIELD_GET(SMMU_CMD0_OPCODE, w[0]) != SMMU_CMD_SYNC) {
		consume(s, w);
		return IOM_OK;
	}
	if (sync_is_late(s, w))
		return s->cfg.mode == IOM_SMMUV3_INLINE ? IOM_ENOENT : IOM_EAGAIN;
	sync_start(s, w);
	return IOM_OK;
}

/*
 * CONS may stand still for some steps, as long as somebody takes them: a worker,
 * or software that is to poll for its last CMD_SYNC.
 */
static bool stands(struct iom_smmuv3_dev *s)
{
	struct smmu_strict *x = s->strict;
	const uint64_t *last = strict_log_at(&x->log, x->log.nr);

	if (s->cfg.mode == IOM_SMMUV3_INLINE || !x->log.nr || !may_be_late(s, last))
		return false;
	if (!x->engine->stand && !iomi_smmuv3_strict_rand(x, 32))
		x->engine->stand = iomi_smmuv3_strict_rand(x, x->cfg.max_delay + 1);
	return x->engine->stand;
}

static int run(struct iom_smmuv3_dev *s, unsigned int budget)
{
	int rc;

	for (;;) {
		if (s->sync_pending && !sync_end(s))
			return IOM_EBUSY;
		if (!iomi_smmuv3_dev_cmdq_ready(s))
			return IOM_OK;
		if (stands(s))
			return IOM_EAGAIN;
		if (!budget--)
			return IOM_EAGAIN;
		rc = one(s);
		if (rc)
			return rc == IOM_ENOENT ? IOM_OK : rc;
	}
}

int iomi_smmuv3_strict_cmd_run(struct iom_smmuv3_dev *s, unsigned int budget)
{
	int rc;

	iom_plat_lock(s->plat, &s->strict->lock);
	rc = run(s, budget);
	/* A worker comes again for what is late; nobody else would. */
	if (!rc && s->cfg.mode == IOM_SMMUV3_WORKER && s->strict->engine->nr_events)
		rc = IOM_EAGAIN;
	iom_plat_unlock(s->plat, &s->strict->lock);
	return rc;
}
