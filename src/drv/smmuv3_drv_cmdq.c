/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command queue, from the producers' side (IHI 0070: 3.5, 4, 7.1).
 *
 *	1. Under the queue's lock a producer waits for room, copies its commands
 *	   and perhaps a CMD_SYNC behind them, and moves PROD.
 *	2. Without the lock it waits until CONS has passed its CMD_SYNC, or until
 *	   the SMMU has written the CMD_SYNC's number to memory.
 *
 * Positions are counts that never wrap (64 bits); the low bits are what the
 * registers hold. Any number of threads; one that looks at CONS looks for all.
 *
 * Every wait is bounded. When one ends without an answer the SMMU is dead: each
 * later call fails at once with IOM_EIO, and whatever an invalidation was to
 * take back stays out of use.
 */
#include <iom/base/endian.h>

#include "smmuv3_drv_int.h"

#define ABORTS_MAX	8u	/* fetch aborts in a row before the SMMU is given up */

static uint32_t ring_mask(const struct smmu_cmdq *q)
{
	return IOM_BIT32(q->lg2) - 1;
}

/* 7.1: index and wrap bit. */
static uint32_t as_reg(const struct smmu_cmdq *q, uint64_t pos)
{
	return (uint32_t)pos & ((IOM_BIT32(q->lg2) << 1) - 1);
}

static void put(struct iom_smmuv3_drv *s, uint64_t pos, const uint64_t w[2])
{
	struct smmu_cmdq *q = &s->cmdq;
	struct smmu_cmd *c = &q->ring[(uint32_t)pos & ring_mask(q)];

	iomi_smmuv3_wire_store(c->w, w, 2);
	s->dmem->ops.clean(s->dmem, c, sizeof(*c));
}

/*
 * The slot says what the CMD_SYNC one ring before would have written, and may write
 * late: that one is over, since its place was free. So no older number can be taken
 * for this one's, however seldom the slot is used and wherever 32 bits wrap.
 */
static void forget_told(struct smmu_cmdq *q, uint64_t pos)
{
	uint32_t before = (uint32_t)pos - ring_mask(q);

	atomic_store_explicit(&q->done_slot[(uint32_t)pos & ring_mask(q)], before,
			      memory_order_release);
}

static void make_sync(const struct iom_smmuv3_drv *s, uint64_t pos, uint64_t w[2])
{
	struct smmuv3_wire_cmd c = { .opcode = SMMU_CMD_SYNC };

	if (s->cmdq.done_slot) {
		c.cs = SMMU_SYNC_CS_IRQ;
		c.msh = SMMU_SHCFG_ISH;
		c.msiattr = SMMU_MSIATTR_WB;
		c.msidata = (uint32_t)(pos + 1);
		c.msiaddr = s->cmdq.done_pa +
			    ((uint32_t)pos & ring_mask(&s->cmdq)) * sizeof(*s->cmdq.done_slot);
	}
	iomi_smmuv3_wire_pack_cmd(&c, w);
}

/* --- errors, under the queue's lock --- */

static void note_bad(struct smmu_cmdq *q, bool atc)
{
	uint64_t n = atomic_load(&q->nr_bad);

	q->bad[n % IOM_ARRAY_SIZE(q->bad)] = (struct smmu_bad){ q->done, atc };
	atomic_store(&q->nr_bad, n + 1);
}

/*
 * 7.1: the SMMU stands at a command. An illegal one is replaced by a CMD_SYNC
 * that does nothing; one that could not be fetched is fetched again; a CMD_SYNC
 * behind an ATC_INV that timed out goes on. Then the error is acknowledged.
 */
static void command_error(struct iom_smmuv3_drv *s, uint32_t cons)
{
	struct smmu_cmdq *q = &s->cmdq;
	static const struct smmuv3_wire_cmd nothing = { .opcode = SMMU_CMD_SYNC };
	uint64_t w[2];

	s->stats.command_errors++;
	switch (IOM_FIELD_GET(SMMU_CMDQ_CONS_ERR, cons)) {
	case SMMU_CERROR_NONE:
		break;
	case SMMU_CERROR_ABT:
		if (++q->aborts > ABORTS_MAX)
			atomic_store(&s->dead, true);
		break;
	case SMMU_CERROR_ATC_INV_SYNC:
		s->stats.atc_timeouts++;
		note_bad(q, true);
		break;
	default:
		note_bad(q, false);
		iomi_smmuv3_wire_pack_cmd(&nothing, w);
		put(s, q->done, w);
		break;
	}
	iom_mmio_wmb(s->mmio);
	iomi_smmuv3_drv_ack_gerror(s, SMMU_GERROR_CMDQ);
}

/* CONS as it is, and `done` with it. False: it is not that of a working SMMU. */
static bool read_cons(struct iom_smmuv3_drv *s, uint32_t *cons)
{
	struct smmu_cmdq *q = &s->cmdq;
	uint32_t left;

	*cons = iom_mmio_read32(s->mmio, SMMU_CMDQ_CONS);
	left = as_reg(q, q->prod - *cons);
	/* More than there is? */
	if (left > q->prod - q->done) {
		atomic_store(&s->dead, true);
		return false;
	}
	if (q->prod - left != q->done)
		q->aborts = 0;
	q->done = q->prod - left;
	return true;
}

/* Looks at CONS, and at errors if it stands still. */
static void look(struct iom_smmuv3_drv *s)
{
	struct smmu_cmdq *q = &s->cmdq;
	uint32_t cons, active;

	iom_plat_assert_held(s->plat, &q->lock);
	if (!read_cons(s, &cons) || q->done == q->prod)
		return;
	active = iom_mmio_read32(s->mmio, SMMU_GERROR) ^ s->gerrorn;
	if (active & SMMU_GERROR_SFM)
		atomic_store(&s->dead, true);
	/* 7.1: only now does CONS stand still, at the command that the error is of. */
	if ((active & SMMU_GERROR_CMDQ) && read_cons(s, &cons))
		command_error(s, cons);
}

void iomi_smmuv3_drv_cmdq_look(struct iom_smmuv3_drv *s)
{
	iom_plat_lock(s->plat, &s->cmdq.lock);
	look(s);
	iom_plat_unlock(s->plat, &s->cmdq.lock);
}

/* --- waits --- */

void iomi_smmuv3_drv_wait_begin(const struct iom_smmuv3_drv *s, struct smmu_wait *w)
{
	w->turn = 0;
	w->last = false;
	w->deadline = s->plat->ops.now_ns(s->plat) + s->cfg.timeout_ns;
}

bool iomi_smmuv3_drv_wait_more(struct iom_smmuv3_drv *s, struct smmu_wait *w)
{
	if (w->last) {
		atomic_store(&s->dead, true);
		return false;
	}
	w->last = w->turn >= s->cfg.timeout_turns ||
		  s->plat->ops.now_ns(s->plat) > w->deadline;
	s->plat->ops.relax(s->plat, w->turn++);
	return true;
}

/* Lock held, let go while it waits. True: n commands fit. */
static bool room(struct iom_smmuv3_drv *s, unsigned int n)
{
	struct smmu_cmdq *q = &s->cmdq;
	struct smmu_wait w;

	if (ring_mask(q) + 1 - (q->prod - q->done) >= n)
		return true;
	iomi_smmuv3_drv_wait_begin(s, &w);
	for (;;) {
		look(s);
		if (atomic_load(&s->dead))
			return false;
		if (ring_mask(q) + 1 - (q->prod - q->done) >= n)
			return true;
		iom_plat_unlock(s->plat, &q->lock);
		if (!iomi_smmuv3_drv_wait_more(s, &w)) {
			iom_plat_lock(s->plat, &q->lock);
			return false;
		}
		iom_plat_lock(s->plat, &q->lock);
	}
}

/* Memory says so: the SMMU wrote this CMD_SYNC's number, or that of one a whole ring later. */
static bool told(const struct smmu_cmdq *q, uint64_t pos)
{
	uint32_t val = atomic_load_explicit(&q->done_slot[(uint32_t)pos & ring_mask(q)],
					    memory_order_acquire);

	return (int32_t)(val - (uint32_t)(pos + 1)) >= 0;
}

/*
 * Was one of them refused? If more were than are kept: perhaps, so yes. Another's CMD_SYNC
 * may be the one that tells of an ATC that did not answer to ours (4.7.3: it tells of
 * all ATC_INVs before it); who has sent none is not concerned, since once the
 * error is acknowledged the CMD_SYNC completes for all else.
 */
static bool is_bad(struct iom_smmuv3_drv *s, const struct smmu_ticket *t)
{
	struct smmu_cmdq *q = &s->cmdq;
	bool bad;
	const struct smmu_bad *b;
	uint64_t n, i;

	if (atomic_load(&q->nr_bad) == t->bad_before)
		return false;
	/* None is overwritten while they are looked at. */
	iom_plat_lock(s->plat, &q->lock);
	n = atomic_load(&q->nr_bad);
	bad = n - t->bad_before > IOM_ARRAY_SIZE(q->bad);
	for (i = t->bad_before; i < n && !bad; i++) {
		b = &q->bad[i % IOM_ARRAY_SIZE(q->bad)];
		bad = b->pos >= t->first && b->pos <= t->sync && (t->atc || !b->atc);
	}
	iom_plat_unlock(s->plat, &q->lock);
	return bad;
}

/*
 * Until the CMD_SYNC is complete. A message tells without the lock. CONS is looked at
 * too, for errors, and for a CMD_SYNC of which no message came (MSI_CMDQ_ABT, or it was
 * refused).
 */
static int wait_for(struct iom_smmuv3_drv *s, const struct smmu_ticket *t)
{
	struct smmu_cmdq *q = &s->cmdq;
	struct smmu_wait w;
	bool done;

	iomi_smmuv3_drv_wait_begin(s, &w);
	for (;;) {
		done = q->done_slot && told(q, t->sync);
		if (!done && (!q->done_slot || w.last || (w.turn & 15) == 15)) {
			iom_plat_lock(s->plat, &q->lock);
			look(s);
			done = q->done > t->sync;
			iom_plat_unlock(s->plat, &q->lock);
		}
		if (done)
			break;
		if (atomic_load(&s->dead) || !iomi_smmuv3_drv_wait_more(s, &w))
			return IOM_EIO;
	}
	/* Loads behind it see what the SMMU wrote before it completed. */
	iom_mmio_rmb(s->mmio);
	return is_bad(s, t) ? IOM_EIO : IOM_OK;
}

/* --- producers --- */

int iomi_smmuv3_drv_issue(struct iom_smmuv3_drv *s, const uint64_t cmd[][2], unsigned int n,
			  struct smmu_ticket *t, bool sync)
{
	struct smmu_cmdq *q = &s->cmdq;
	unsigned int i;
	uint64_t w[2];

	if (atomic_load(&s->dead))
		return IOM_EIO;
	iom_plat_lock(s->plat, &q->lock);
	if (!room(s, n + sync)) {
		iom_plat_unlock(s->plat, &q->lock);
		return IOM_EIO;
	}
	if (!t->open) {
		t->open = true;
		t->bad_before = atomic_load(&q->nr_bad);
		t->first = q->prod;
	}
	for (i = 0; i < n; i++)
		put(s, q->prod++, cmd[i]);
	t->sync = q->prod;
	if (sync) {
		if (q->done_slot)
			forget_told(q, q->prod);
		make_sync(s, q->prod, w);
		put(s, q->prod++, w);
		s->stats.syncs++;
	}
	s->stats.commands += n;
	/* The commands, and every structure they speak of, before PROD says that they are there. */
	iom_mmio_wmb(s->mmio);
	iom_mmio_write32(s->mmio, SMMU_CMDQ_PROD, as_reg(q, q->prod));
	iom_plat_unlock(s->plat, &q->lock);
	return sync ? wait_for(s, t) : IOM_OK;
}

int iomi_smmuv3_drv_cmdq_init(struct iom_smmuv3_drv *s, unsigned int lg2, bool messages)
{
	struct smmu_cmdq *q = &s->cmdq;
	size_t n = (size_t)1 << lg2;
	void *mem;
	int rc;

	q->lg2 = (uint8_t)lg2;
	rc = s->plat->ops.lock_init(s->plat, &q->lock);
	if (rc)
		return rc;
	rc = s->dmem->ops.alloc(s->dmem, n * sizeof(*q->ring), n * sizeof(*q->ring), &mem,
				&q->pa);
	if (rc)
		goto err_lock;
	q->ring = mem;
	if (!messages)
		return IOM_OK;
	rc = s->dmem->ops.alloc(s->dmem, n * sizeof(*q->done_slot), 64, &mem, &q->done_pa);
	if (rc)
		goto err_ring;
	q->done_slot = mem;
	return IOM_OK;
err_ring:
	s->dmem->ops.free(s->dmem, q->ring, q->pa, n * sizeof(*q->ring));
err_lock:
	s->plat->ops.lock_fini(s->plat, &q->lock);
	return rc;
}

void iomi_smmuv3_drv_cmdq_fini(struct iom_smmuv3_drv *s)
{
	struct smmu_cmdq *q = &s->cmdq;
	size_t n = (size_t)1 << q->lg2;

	if (q->done_slot)
		s->dmem->ops.free(s->dmem, q->done_slot, q->done_pa, n * sizeof(*q->done_slot));
	s->dmem->ops.free(s->dmem, q->ring, q->pa, n * sizeof(*q->ring));
	s->plat->ops.lock_fini(s->plat, &q->lock);
}
