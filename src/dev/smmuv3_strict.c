/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The strict SMMUv3's life, its steps, its registers and its public calls. A step
 * is a register access, a transaction, a run() or a step of idle(); whatever
 * hardware does by itself, and whatever is late, comes in a step, by the seed
 * alone. So the same seed and the same inputs give the same run.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_engine.h"

#define MAX_DELAY	16u

/* splitmix64 */
uint32_t iomi_smmuv3_strict_rand(struct smmu_strict *x, uint32_t n)
{
	uint64_t z = x->rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) >> 32) % n;
}

int iomi_smmuv3_strict_load(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint64_t pa,
			    uint64_t *w, unsigned int n)
{
	(void)s;
	return iomi_smmuv3_dev_load(gmem, pa, w, n);
}

bool iomi_smmuv3_strict_too_old(const struct smmu_strict *x, uint64_t changed, uint64_t syncs)
{
	return changed && (syncs > x->cfg.sync_slack || changed <= x->settled);
}

/* --- life --- */

int iomi_smmuv3_strict_create(struct iom_smmuv3_dev *s, const struct iom_smmuv3_strict_cfg *cfg)
{
	struct iom_plat *plat = s->plat;
	struct smmu_strict *x;
	void *mem;
	int rc = iom_plat_alloc(plat, sizeof(*x), 16, &mem);

	if (rc)
		return rc;
	x = mem;
	x->cfg = *cfg;
	if (!x->cfg.max_delay)
		x->cfg.max_delay = MAX_DELAY;
	x->rng = cfg->seed;
	rc = iom_plat_alloc(plat, sizeof(*x->engine), 16, &mem);
	if (rc)
		goto err_strict;
	x->engine = mem;
	rc = plat->ops.lock_init(plat, &x->lock);
	if (rc)
		goto err_engine;
	s->strict = x;
	rc = iomi_smmuv3_strict_checker_init(s);
	if (rc)
		goto err_lock;
	rc = iomi_smmuv3_strict_record_init(&s->cfg, &x->cfg, &x->record);
	if (rc)
		goto err_checker;
	if (x->record)
		s->cfg.gmem = iomi_smmuv3_strict_gmem_init(&x->gmem, s->cfg.gmem, x->record);
	return IOM_OK;
err_checker:
	iomi_smmuv3_strict_checker_fini(s);
err_lock:
	s->strict = NULL;
	plat->ops.lock_fini(plat, &x->lock);
err_engine:
	iom_plat_free(plat, x->engine, sizeof(*x->engine));
err_strict:
	iom_plat_free(plat, x, sizeof(*x));
	return rc;
}

void iomi_smmuv3_strict_destroy(struct iom_smmuv3_dev *s)
{
	struct smmu_strict *x = s->strict;

	if (x->record)
		iomi_smmuv3_strict_record_fini(s->plat, x->record);
	iomi_smmuv3_strict_checker_fini(s);
	s->plat->ops.lock_fini(s->plat, &x->lock);
	iom_plat_free(s->plat, x->engine, sizeof(*x->engine));
	iom_plat_free(s->plat, x, sizeof(*x));
}

static void lock(struct iom_smmuv3_dev *s)
{
	iom_plat_lock(s->plat, &s->lock);
	iom_plat_lock(s->plat, &s->strict->lock);
}

static void unlock(struct iom_smmuv3_dev *s)
{
	iom_plat_unlock(s->plat, &s->strict->lock);
	iom_plat_unlock(s->plat, &s->lock);
}

/* Both locks held, or the strict one: what follows in the record came of this. */
static void input(struct iom_smmuv3_dev *s, enum strict_input in, uint64_t a, uint64_t b,
		  uint64_t c)
{
	iomi_smmuv3_strict_record_input(s->strict->record, s->strict->step, in, a, b, c, 0);
}

static void result(struct iom_smmuv3_dev *s, int rc, unsigned int n, uint64_t val)
{
	iomi_smmuv3_strict_record_result(s->strict->record, rc, n, &val);
}

void iomi_smmuv3_strict_forget(struct iom_smmuv3_dev *s)
{
	struct strict_engine *e = s->strict->engine;

	memset(e->held, 0, sizeof(e->held));
	memset(e->entry, 0, sizeof(e->entry));
	memset(e->step, 0, sizeof(e->step));
	memset(e->past, 0, sizeof(e->past));
}

void iomi_smmuv3_strict_reset(struct iom_smmuv3_dev *s)
{
	struct strict_engine *e = s->strict->engine;

	iom_plat_lock(s->plat, &s->strict->lock);
	input(s, STRICT_IN_RESET, 0, 0, 0);
	iomi_smmuv3_strict_forget(s);
	e->nr_pending = e->nr_events = e->nr_used = e->next_used = 0;
	e->stand = e->sync_late = e->hoard = 0;
	e->sync_seen = e->queue_known = e->overflow = false;
	e->cr0.late = e->irq.late = e->gbpa.late = 0;
	iom_plat_unlock(s->plat, &s->strict->lock);
}

/* Recorded: its memory is wrapped. */
int iomi_smmuv3_strict_port(struct iom_smmuv3_port *p)
{
	struct smmu_strict *x = p->s->strict;
	struct strict_engine *e = x->engine;
	void *mem;
	int rc;

	if (x->record) {
		rc = iom_plat_alloc(p->s->plat, sizeof(struct strict_gmem), 16, &mem);
		if (rc)
			return rc;
		p->gmem = iomi_smmuv3_strict_gmem_init(mem, p->gmem, x->record);
	}
	iom_plat_lock(p->s->plat, &x->lock);
	iomi_smmuv3_strict_record_input(x->record, x->step, STRICT_IN_PORT, p->sid, 0, 0, 0);
	if (e->nr_sids < STRICT_STREAMS)
		e->sid[e->nr_sids++] = p->sid;
	iom_plat_unlock(p->s->plat, &x->lock);
	return IOM_OK;
}

void iomi_smmuv3_strict_unport(struct iom_smmuv3_port *p)
{
	struct smmu_strict *x = p->s->strict;
	struct strict_engine *e = x->engine;
	struct strict_gmem *m;
	unsigned int i;

	iom_plat_lock(p->s->plat, &x->lock);
	iomi_smmuv3_strict_record_input(x->record, x->step, STRICT_IN_UNPORT, p->sid, 0, 0, 0);
	for (i = 0; i < e->nr_sids && e->sid[i] != p->sid; i++)
		;
	if (i < e->nr_sids)
		e->sid[i] = e->sid[--e->nr_sids];
	iom_plat_unlock(p->s->plat, &x->lock);
	if (x->record) {
		m = IOM_CONTAINER_OF(p->gmem, struct strict_gmem, g);
		p->gmem = m->real;
		iom_plat_free(p->s->plat, m, sizeof(*m));
	}
}

/* --- steps --- */

static void poll_all(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	iomi_smmuv3_strict_view_poll(s, gmem);
	iomi_smmuv3_strict_tlb_poll(s, gmem);
	iomi_smmuv3_strict_grant_poll(s, gmem);
}

static void one_less(unsigned int *late)
{
	if (*late)
		--*late;
}

void iomi_smmuv3_strict_step(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct smmu_strict *x = s->strict;
	struct strict_engine *e = x->engine;

	x->step++;
	one_less(&e->stand);
	one_less(&e->sync_late);
	one_less(&e->cr0.late);
	one_less(&e->irq.late);
	one_less(&e->gbpa.late);
	one_less(&e->hoard);
	iomi_smmuv3_strict_view_past(s, gmem);
	if (!iomi_smmuv3_strict_rand(x, 8))
		poll_all(s, gmem);
	iomi_smmuv3_strict_events_step(s, gmem);
	if (!iomi_smmuv3_strict_rand(x, 2))
		iomi_smmuv3_strict_cmd_some(s);
	if (!iomi_smmuv3_strict_rand(x, 4))
		iomi_smmuv3_strict_xlate_prefetch(s, gmem);
	if (!iomi_smmuv3_strict_rand(x, 128))
		iomi_smmuv3_strict_view_drop_one(s);
	if (!iomi_smmuv3_strict_rand(x, 128))
		iomi_smmuv3_strict_tlb_drop_one(s);
}

/* A step of who is not a device, both locks held. look: at all of memory. */
static void step(struct iom_smmuv3_dev *s, bool look)
{
	struct iom_gmem *gmem = s->cfg.gmem;

	if (iom_gmem_begin(gmem))
		return;
	iomi_smmuv3_strict_step(s, gmem);
	if (look)
		poll_all(s, gmem);
	iom_gmem_end(gmem);
}

void iomi_smmuv3_strict_run(struct iom_smmuv3_dev *s)
{
	lock(s);
	input(s, STRICT_IN_RUN, 0, 0, 0);
	step(s, false);
	unlock(s);
}

/* --- registers --- */

/* What is late at CONS may have come by this step. Never waits. */
static void go_on(struct iom_smmuv3_dev *s)
{
	if (s->cfg.mode == IOM_SMMUV3_WORKER)
		return;
	iom_plat_lock(s->plat, &s->lock);
	(void)iomi_smmuv3_dev_cmdq_run(s, UINT32_MAX);
	iom_plat_unlock(s->plat, &s->lock);
}

static uint64_t as_shown(struct iom_smmuv3_dev *s, uint64_t off, uint64_t val)
{
	struct strict_engine *e = s->strict->engine;

	switch (off) {
	case SMMU_CR0ACK:
		return e->cr0.late ? e->cr0.shown : val;
	case SMMU_IRQ_CTRLACK:
		return e->irq.late ? e->irq.shown : val;
	case SMMU_GBPA:
		return e->gbpa.late ? val | SMMU_GBPA_UPDATE : val;
	default:
		return val;
	}
}

int iomi_smmuv3_strict_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len, uint64_t *val)
{
	int rc;

	lock(s);
	input(s, STRICT_IN_READ, off, len, 0);
	step(s, false);
	unlock(s);
	go_on(s);
	rc = iomi_smmuv3_dev_reg_read(s, off, len, val);
	lock(s);
	if (!rc && len == 4)
		*val = as_shown(s, off, *val);
	iomi_smmuv3_strict_after_read(s, off, len, *val);
	result(s, rc, 1, *val);
	unlock(s);
	return rc;
}

static void delay_ack(struct smmu_strict *x, struct strict_ack *a, uint32_t now)
{
	if (!a->late)
		a->shown = now;
	a->late = iomi_smmuv3_strict_rand(x, x->cfg.max_delay + 1);
}

/* What a write of software means to the engine; the register is as it was. */
static void note_write(struct iom_smmuv3_dev *s, uint64_t off, uint32_t val)
{
	struct smmu_strict *x = s->strict;
	struct strict_engine *e = x->engine;

	switch (off) {
	case SMMU_CMDQ_PROD:
		if (s->cr0ack & SMMU_CR0_CMDQEN)
			iomi_smmuv3_strict_cmd_log(s, val);
		break;
	case SMMU_CR0:
		delay_ack(x, &e->cr0, s->cr0ack);
		if (val & ~s->cr0_written & SMMU_CR0_SMMUEN)
			e->enables++;
		if (!(val & SMMU_CR0_CMDQEN))
			e->queue_known = false;
		else if (!(s->cr0_written & SMMU_CR0_CMDQEN))
			iomi_smmuv3_strict_cmd_log(s, s->cmdq.prod);
		break;
	case SMMU_IRQ_CTRL:
		delay_ack(x, &e->irq, s->irq_ctrl);
		break;
	case SMMU_GBPA:
		if (val & SMMU_GBPA_UPDATE)
			delay_ack(x, &e->gbpa, 0);
		break;
	default:
		break;
	}
}

/* Hardware may be faster than the next store of software: what is new is done, and read again. */
static void at_once(struct iom_smmuv3_dev *s)
{
	struct iom_gmem *gmem = s->cfg.gmem;
	unsigned int n;

	lock(s);
	n = iomi_smmuv3_strict_rand(s->strict, 4) ? 0 : iomi_smmuv3_strict_rand(s->strict, 8);
	unlock(s);
	if (!n)
		return;
	go_on(s);
	lock(s);
	if (!iom_gmem_begin(gmem)) {
		while (n--) {
			iomi_smmuv3_strict_cmd_some(s);
			iomi_smmuv3_strict_xlate_prefetch(s, gmem);
		}
		iom_gmem_end(gmem);
	}
	unlock(s);
}

int iomi_smmuv3_strict_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len, uint64_t val)
{
	int rc;

	lock(s);
	input(s, STRICT_IN_WRITE, off, len, val);
	/* Before a command is known to be submitted: what changed, changed before it. */
	step(s, off == SMMU_CMDQ_PROD || off == SMMU_CR0);
	iomi_smmuv3_strict_before_write(s, off, len, val);
	if (len == 4)
		note_write(s, off, (uint32_t)val);
	unlock(s);
	rc = iomi_smmuv3_dev_reg_write(s, off, len, val);
	if (off == SMMU_CMDQ_PROD)
		at_once(s);
	lock(s);
	result(s, rc, 0, 0);
	unlock(s);
	return rc;
}

/* --- the embedder's calls --- */

int iom_smmuv3_strict_wmb(struct iom_smmuv3_dev *s)
{
	struct iom_gmem *gmem;

	if (!s->strict)
		return IOM_EINVAL;
	lock(s);
	input(s, STRICT_IN_WMB, 0, 0, 0);
	gmem = s->cfg.gmem;
	if (!iom_gmem_begin(gmem)) {
		iomi_smmuv3_strict_view_past(s, gmem);
		iomi_smmuv3_strict_barrier(s, gmem);
		iom_gmem_end(gmem);
	}
	unlock(s);
	return IOM_OK;
}

int iom_smmuv3_strict_release(struct iom_smmuv3_dev *s, uint64_t pa, uint64_t len)
{
	struct iom_range r = { pa, pa + (len - 1) };
	struct iom_gmem *gmem;

	if (!s->strict || !len || r.last < pa)
		return IOM_EINVAL;
	lock(s);
	input(s, STRICT_IN_RELEASE, pa, len, 0);
	gmem = s->cfg.gmem;
	/* 6.3.9: with SMMUEN = 0, and that acknowledged, nothing is read or used any more. */
	if ((s->cr0ack & SMMU_CR0_SMMUEN) && !iom_gmem_begin(gmem)) {
		iomi_smmuv3_strict_view_release(s, gmem, r);
		iomi_smmuv3_strict_tlb_release(s, gmem, r);
		iomi_smmuv3_strict_grant_release(s, r);
		iom_gmem_end(gmem);
	}
	iomi_smmuv3_strict_chk_release(s, r);
	unlock(s);
	return IOM_OK;
}

/* What was released is reported then; nothing is kept that this would undo. */
int iom_smmuv3_strict_acquire(struct iom_smmuv3_dev *s, uint64_t pa, uint64_t len)
{
	if (!s->strict || !len || pa + (len - 1) < pa)
		return IOM_EINVAL;
	lock(s);
	input(s, STRICT_IN_ACQUIRE, pa, len, 0);
	unlock(s);
	return IOM_OK;
}

int iom_smmuv3_strict_settled(struct iom_smmuv3_dev *s)
{
	if (!s->strict)
		return IOM_EINVAL;
	lock(s);
	input(s, STRICT_IN_SETTLED, 0, 0, 0);
	step(s, true);
	iomi_smmuv3_strict_at_settled(s);
	/* What is seen to change from here on has a later number. */
	s->strict->settled = s->strict->step++;
	unlock(s);
	return IOM_OK;
}

int iom_smmuv3_strict_idle(struct iom_smmuv3_dev *s, unsigned int n)
{
	if (!s->strict)
		return IOM_EINVAL;
	lock(s);
	input(s, STRICT_IN_IDLE, n, 0, 0);
	unlock(s);
	for (; n; n--) {
		lock(s);
		step(s, false);
		unlock(s);
		go_on(s);
	}
	return IOM_OK;
}

int iom_smmuv3_strict_finish(struct iom_smmuv3_dev *s)
{
	if (!s->strict)
		return IOM_EINVAL;
	lock(s);
	input(s, STRICT_IN_FINISH, 0, 0, 0);
	/* Of what comes now the driver knows nothing. */
	iomi_smmuv3_strict_at_finish(s);
	step(s, true);
	iomi_smmuv3_strict_events_out(s);
	unlock(s);
	return IOM_OK;
}

int iom_smmuv3_strict_reseed(struct iom_smmuv3_dev *s, uint64_t seed)
{
	if (!s->strict)
		return IOM_EINVAL;
	iom_plat_lock(s->plat, &s->strict->lock);
	input(s, STRICT_IN_RESEED, seed, 0, 0);
	s->strict->cfg.seed = s->strict->rng = seed;
	iom_plat_unlock(s->plat, &s->strict->lock);
	return IOM_OK;
}

int iom_smmuv3_strict_stats(struct iom_smmuv3_dev *s, struct iom_smmuv3_strict_stats *st)
{
	if (!s->strict)
		return IOM_EINVAL;
	iom_plat_lock(s->plat, &s->strict->lock);
	*st = s->strict->stats;
	st->steps = s->strict->step;
	st->reports = s->strict->nr_reports;
	iom_plat_unlock(s->plat, &s->strict->lock);
	return IOM_OK;
}

uint64_t iom_smmuv3_strict_count(struct iom_smmuv3_dev *s)
{
	uint64_t n;

	if (!s->strict)
		return 0;
	iom_plat_lock(s->plat, &s->strict->lock);
	n = s->strict->nr_reports;
	iom_plat_unlock(s->plat, &s->strict->lock);
	return n;
}
