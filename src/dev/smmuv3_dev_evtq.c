/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the SMMU says to software: event records (7.2, 7.3), GERROR (7.5), MSIs
 * and wired interrupts (3.18); smmuv3_dev_priq.c has page requests. All under
 * evt_lock; memory is written by the gmem of the calling thread, whose bracket
 * is open.
 */
#include <iom/base/endian.h>
#include <iom/base/mem.h>

#include "smmuv3_dev_int.h"

/* --- interrupts --- */

struct source {
	enum iom_smmuv3_irq irq;
	uint32_t enable;	/* IRQ_CTRL; 0: always */
	uint32_t abort;		/* GERROR bit if its MSI is aborted */
};

static const struct source sources[] = {
	[IOM_SMMUV3_IRQ_EVENTQ] = { IOM_SMMUV3_IRQ_EVENTQ, SMMU_IRQ_CTRL_EVENTQ,
				    SMMU_GERROR_MSI_EVENTQ_ABT },
	[IOM_SMMUV3_IRQ_PRIQ] = { IOM_SMMUV3_IRQ_PRIQ, SMMU_IRQ_CTRL_PRIQ,
				  SMMU_GERROR_MSI_PRIQ_ABT },
	[IOM_SMMUV3_IRQ_CMD_SYNC] = { IOM_SMMUV3_IRQ_CMD_SYNC, 0, SMMU_GERROR_MSI_CMDQ_ABT },
	[IOM_SMMUV3_IRQ_GERROR] = { IOM_SMMUV3_IRQ_GERROR, SMMU_IRQ_CTRL_GERROR,
				    SMMU_GERROR_MSI_GERROR_ABT },
};

/*
 * 3.18.2, 4.7.3: the wire, if somebody listens there, and an MSI, if the SMMU has
 * them and an address is set. CMD_SYNC has no enable of its own. Addresses are cut
 * to the OAS (3.4.3). False: the MSI's write was aborted.
 */
static bool send(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, enum iom_smmuv3_irq which,
		 uint64_t addr, uint32_t data)
{
	const struct source *src = &sources[which];

	if (src->enable && !(s->irq_ctrl & src->enable))
		return true;
	if (s->cfg.irq)
		s->cfg.irq(s->cfg.arg, which);
	if (!s->msi || !addr)
		return true;
	addr &= iomi_smmuv3_dev_pa_bits(s);
	return gmem && !iom_gmem_store(gmem, addr, 4, data);
}

/* 7.5: an error that is active already is not activated again. */
static void gerror(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t bits)
{
	bits &= ~(s->gerror ^ s->gerrorn);
	if (!bits)
		return;
	s->gerror ^= bits;
	if (!send(s, gmem, IOM_SMMUV3_IRQ_GERROR, s->gerror_irq.cfg0 & SMMU_IRQ_CFG0_ADDR,
		  s->gerror_irq.cfg1))
		/* Nobody is told of this one: telling is what failed. */
		s->gerror ^= SMMU_GERROR_MSI_GERROR_ABT & ~(s->gerror ^ s->gerrorn);
}

void iomi_smmuv3_dev_gerror_locked(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t bits)
{
	iom_plat_assert_held(s->plat, &s->evt_lock);
	gerror(s, gmem, bits);
}

void iomi_smmuv3_dev_irq_locked(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
				enum iom_smmuv3_irq which, const struct smmu_irq_cfg *c)
{
	iom_plat_assert_held(s->plat, &s->evt_lock);
	if (!send(s, gmem, which, c->cfg0 & SMMU_IRQ_CFG0_ADDR, c->cfg1))
		gerror(s, gmem, sources[which].abort);
}

void iomi_smmuv3_dev_gerror(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint32_t bits)
{
	iom_plat_lock(s->plat, &s->evt_lock);
	gerror(s, gmem, bits);
	iom_plat_unlock(s->plat, &s->evt_lock);
}

void iomi_smmuv3_dev_sync_irq(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, uint64_t addr,
			      uint32_t data)
{
	iom_plat_lock(s->plat, &s->evt_lock);
	if (!send(s, gmem, IOM_SMMUV3_IRQ_CMD_SYNC, addr, data))
		gerror(s, gmem, SMMU_GERROR_MSI_CMDQ_ABT);
	iom_plat_unlock(s->plat, &s->evt_lock);
}

/* --- event queue --- */

static unsigned int queue_lg2(const struct iom_smmuv3_dev *s)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, s->evtq.base);

	return lg2 < s->eventqs_lg2 ? lg2 : s->eventqs_lg2;
}

/* 7.4: the flag toggles once for each overflow that software has acknowledged. */
static void overflow(struct iom_smmuv3_dev *s)
{
	s->nr_events_lost++;
	if (!((s->evtq.prod ^ s->evtq.cons) & SMMU_Q_OVFLG))
		s->evtq.prod ^= SMMU_Q_OVFLG;
}

/* MEV asks for merging with the record before, while that one still waits (7.3.1). */
static bool merges(const struct iom_smmuv3_dev *s, const struct smmu_fault *f, bool empty)
{
	return f->mergeable && !empty && !(f->ev[1] & SMMU_EVT1_STALL) &&
	       !memcmp(f->ev, s->last_event, sizeof(f->ev));
}

/* 7.2.1: disabled, or an abort is not acknowledged: nothing is written. */
static bool writable(const struct iom_smmuv3_dev *s)
{
	return (atomic_load(&s->cr0) & SMMU_CR0_EVENTQEN) &&
	       !((s->gerror ^ s->gerrorn) & SMMU_GERROR_EVENTQ_ABT);
}

/* PROD and CONS differ in these bits of the indexes: none, or the wrap bit alone. */
static uint32_t distance(const struct iom_smmuv3_dev *s)
{
	return (s->evtq.prod ^ s->evtq.cons) & ((IOM_BIT32(queue_lg2(s)) << 1) - 1);
}

static bool full(const struct iom_smmuv3_dev *s)
{
	return distance(s) == IOM_BIT32(queue_lg2(s));
}

/* There is room. False: the write was aborted. */
static bool append(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, const uint64_t ev[4])
{
	unsigned int lg2 = queue_lg2(s), i;
	uint32_t wrap = IOM_BIT32(lg2), mask = wrap - 1, pos = (wrap << 1) - 1;
	uint32_t prod = s->evtq.prod & pos;
	bool empty = !distance(s);
	struct smmu_event rec;
	uint64_t at;

	for (i = 0; i < 4; i++)
		rec.w[i] = iom_le64_make(ev[i]);
	at = (s->evtq.base & SMMU_Q_BASE_ADDR & ~(((uint64_t)sizeof(rec) << lg2) - 1)) +
	     (uint64_t)(prod & mask) * sizeof(rec);
	if (iom_gmem_write(gmem, at, &rec, sizeof(rec))) {
		gerror(s, gmem, SMMU_GERROR_EVENTQ_ABT);
		return false;
	}
	memcpy(s->last_event, ev, sizeof(s->last_event));
	s->evtq.prod = (s->evtq.prod & SMMU_Q_OVFLG) | ((prod + 1) & pos);
	s->nr_events++;
	/* 3.18: when the queue becomes non-empty. */
	if (empty && !send(s, gmem, IOM_SMMUV3_IRQ_EVENTQ, s->evtq_irq.cfg0 & SMMU_IRQ_CFG0_ADDR,
			   s->evtq_irq.cfg1))
		gerror(s, gmem, SMMU_GERROR_MSI_EVENTQ_ABT);
	return true;
}

static void record(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, const struct smmu_fault *f)
{
	if (full(s))
		overflow(s);
	else if (!merges(s, f, !distance(s)) && !append(s, gmem, f->ev))
		s->nr_events_lost++;
}

bool iomi_smmuv3_dev_evtq_room(const struct iom_smmuv3_dev *s)
{
	return writable(s) && !full(s);
}

bool iomi_smmuv3_dev_evtq_put(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			      const uint64_t ev[4])
{
	return iomi_smmuv3_dev_evtq_room(s) && append(s, gmem, ev);
}

void iomi_smmuv3_dev_event(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			   const struct smmu_fault *f)
{
	iom_plat_lock(s->plat, &s->evt_lock);
	/* Those that came before it, and may not be lost. */
	iomi_smmuv3_dev_stall_records(s, gmem);
	/* Else it is silently discarded. */
	if (writable(s))
		record(s, gmem, f);
	iom_plat_unlock(s->plat, &s->evt_lock);
}
