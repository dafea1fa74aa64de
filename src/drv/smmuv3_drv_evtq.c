/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the SMMU tells: the event queue (IHI 0070: 7.2, 7.3), the PRI queue (8),
 * global errors (7.5), and the answers to what waits. One thread at a time runs
 * iom_smmuv3_drv_irq(); the fault handler is called without a lock.
 */
#include <iom/base/endian.h>
#include <iom/base/mem.h>

#include "smmuv3_drv_int.h"

/* --- the rings --- */

static int outq_init(struct iom_smmuv3_drv *s, struct smmu_outq *q, unsigned int lg2,
		     size_t entry)
{
	size_t size = entry << lg2;

	q->lg2 = (uint8_t)lg2;
	return s->dmem->ops.alloc(s->dmem, size, size > 32 ? size : 32, &q->ring, &q->pa);
}

static void outq_fini(struct iom_smmuv3_drv *s, struct smmu_outq *q, size_t entry)
{
	if (q->ring)
		s->dmem->ops.free(s->dmem, q->ring, q->pa, entry << q->lg2);
}

int iomi_smmuv3_drv_evtq_init(struct iom_smmuv3_drv *s)
{
	int rc = s->plat->ops.lock_init(s->plat, &s->evt_lock);

	if (rc)
		return rc;
	rc = outq_init(s, &s->evtq, s->cfg.evtq_lg2, sizeof(struct smmu_event));
	if (rc)
		goto err_lock;
	if (s->caps.pri)
		rc = outq_init(s, &s->priq, s->cfg.priq_lg2, sizeof(struct smmu_pri));
	if (rc)
		goto err_evtq;
	return IOM_OK;
err_evtq:
	outq_fini(s, &s->evtq, sizeof(struct smmu_event));
err_lock:
	s->plat->ops.lock_fini(s->plat, &s->evt_lock);
	return rc;
}

void iomi_smmuv3_drv_evtq_fini(struct iom_smmuv3_drv *s)
{
	outq_fini(s, &s->priq, sizeof(struct smmu_pri));
	outq_fini(s, &s->evtq, sizeof(struct smmu_event));
	s->plat->ops.lock_fini(s->plat, &s->evt_lock);
}

/*
 * One record of n words, counted, as PROD says: the register, of which the index bits are
 * trusted no further than the ring goes. CONS moves on, and acknowledges an
 * overflow (7.4). False: nothing is there.
 */
static bool pop(struct iom_smmuv3_drv *s, struct smmu_outq *q, uint64_t regs, unsigned int n,
		uint64_t *w, uint64_t *count, uint64_t *lost)
{
	uint32_t mask = IOM_BIT32(q->lg2) - 1, pos = (mask << 1) + 1, prod;
	struct iom_le64 *rec;
	bool there;

	iom_plat_lock(s->plat, &s->evt_lock);
	prod = iom_mmio_read32(s->mmio, regs);
	there = (prod ^ q->cons) & pos;
	if (there) {
		++*count;
		/* The record is not read before PROD that says it is there. */
		iom_mmio_rmb(s->mmio);
		rec = (struct iom_le64 *)q->ring + (size_t)(q->cons & mask) * n;
		s->dmem->ops.inval(s->dmem, rec, n * sizeof(*rec));
		iomi_smmuv3_wire_load(w, rec, n);
		q->cons = (q->cons & ~pos) | ((q->cons + 1) & pos);
	}
	if ((prod ^ q->cons) & SMMU_Q_OVFLG) {
		++*lost;
		q->cons ^= SMMU_Q_OVACKFLG;
		iom_mmio_write32(s->mmio, regs + 4, q->cons);
	} else if (there) {
		iom_mmio_write32(s->mmio, regs + 4, q->cons);
	}
	iom_plat_unlock(s->plat, &s->evt_lock);
	return there;
}

/* --- records as faults --- */

static enum iom_fault_kind kind_of(uint8_t id)
{
	switch (id) {
	case SMMU_EVT_F_TRANSLATION:
		return IOM_FAULT_TRANSLATION;
	case SMMU_EVT_F_PERMISSION:
		return IOM_FAULT_PERMISSION;
	case SMMU_EVT_F_ADDR_SIZE:
		return IOM_FAULT_ADDR_SIZE;
	case SMMU_EVT_F_ACCESS:
		return IOM_FAULT_ACCESS;
	case SMMU_EVT_C_BAD_STREAMID:
	case SMMU_EVT_F_STE_FETCH:
	case SMMU_EVT_C_BAD_STE:
	case SMMU_EVT_F_STREAM_DISABLED:
	case SMMU_EVT_C_BAD_SUBSTREAMID:
	case SMMU_EVT_F_CD_FETCH:
	case SMMU_EVT_C_BAD_CD:
		return IOM_FAULT_CONFIG;
	default:
		return IOM_FAULT_OTHER;
	}
}

static void event_fault(const uint64_t w[4], struct iom_fault *f)
{
	struct smmuv3_wire_event e;
	unsigned int has;

	iomi_smmuv3_wire_unpack_event(w, &e);
	has = iomi_smmuv3_wire_event_has(e.id);
	memset(f, 0, sizeof(*f));
	memcpy(f->raw, w, sizeof(f->raw));
	f->kind = kind_of(e.id);
	f->sid = e.sid;
	f->iova = e.input_addr;
	f->addr = has & SMMUV3_WIRE_EVT_FETCH ? e.fetch_addr : e.ipa;
	f->tag = e.stag;
	if (has & SMMUV3_WIRE_EVT_RNW)
		f->flags |= e.rnw ? IOM_FAULT_READ : IOM_FAULT_WRITE;
	if (has & SMMUV3_WIRE_EVT_ATS)
		f->flags |= (e.ats_r ? IOM_FAULT_READ : 0) | (e.ats_w ? IOM_FAULT_WRITE : 0) |
			    (e.ats_x ? IOM_FAULT_EXEC : 0) | (e.ats_priv ? IOM_FAULT_PRIV : 0);
	f->flags |= (e.ind ? IOM_FAULT_EXEC : 0) | (e.pnu ? IOM_FAULT_PRIV : 0) |
		    (e.s2 ? IOM_FAULT_STAGE2 : 0) | (e.stall ? IOM_FAULT_STALLED : 0);
	if (e.ssv) {
		f->flags |= IOM_FAULT_PASID;
		f->pasid = e.ssid;
	}
}

static void pri_fault(const uint64_t w[2], struct iom_fault *f)
{
	struct smmuv3_wire_pri p;

	iomi_smmuv3_wire_unpack_pri(w, &p);
	memset(f, 0, sizeof(*f));
	f->raw[0] = w[0];
	f->raw[1] = w[1];
	f->kind = IOM_FAULT_TRANSLATION;
	f->sid = p.sid;
	f->iova = f->addr = p.addr;
	f->tag = p.prgindex;
	f->flags = IOM_FAULT_PAGE_REQUEST | (p.read ? IOM_FAULT_READ : 0) |
		   (p.write ? IOM_FAULT_WRITE : 0) | (p.exec ? IOM_FAULT_EXEC : 0) |
		   (p.priv ? IOM_FAULT_PRIV : 0) | (p.last ? IOM_FAULT_LAST : 0);
	if (p.ssv) {
		f->flags |= IOM_FAULT_PASID;
		f->pasid = p.ssid;
	}
}

/* --- answers --- */

int iom_smmuv3_drv_resume(struct iom_smmuv3_drv *s, const struct iom_fault *f,
			  enum iom_fault_answer answer)
{
	struct smmuv3_wire_cmd c = { .sid = f->sid };
	struct smmu_ticket t = { 0 };
	uint64_t w[1][2];

	if (answer == IOM_FAULT_LATER)
		return IOM_EINVAL;
	if (f->flags & IOM_FAULT_STALLED) {
		c.opcode = SMMU_CMD_RESUME;
		c.stag = (uint16_t)f->tag;
		c.ac = answer == IOM_FAULT_RETRY;
		c.ab = !c.ac;
	} else if (f->flags & IOM_FAULT_PAGE_REQUEST) {
		/* 8: one answer a group, to its last request */
		if (!(f->flags & IOM_FAULT_LAST))
			return IOM_OK;
		c.opcode = SMMU_CMD_PRI_RESP;
		c.ssv = f->flags & IOM_FAULT_PASID;
		c.ssid = f->pasid;
		c.prgindex = (uint16_t)f->tag;
		c.resp = answer == IOM_FAULT_RETRY ? SMMU_PRI_RESP_SUCCESS : SMMU_PRI_RESP_INVALID;
	} else {
		return IOM_EINVAL;
	}
	iomi_smmuv3_wire_pack_cmd(&c, w[0]);
	return iomi_smmuv3_drv_issue(s, (const uint64_t (*)[2])w, 1, &t, false);
}

static void tell(struct iom_smmuv3_drv *s, const struct iom_fault *f)
{
	enum iom_fault_answer answer = IOM_FAULT_ABORT;

	if (s->cfg.fault)
		answer = s->cfg.fault(s->cfg.arg, f);
	if (answer != IOM_FAULT_LATER && (f->flags & (IOM_FAULT_STALLED | IOM_FAULT_PAGE_REQUEST)))
		iom_smmuv3_drv_resume(s, f, answer);
}

/* --- interrupts --- */

/* 7.5: what failed is counted and acknowledged; records may be lost with it. */
static void global_errors(struct iom_smmuv3_drv *s)
{
	const uint32_t lost_events = SMMU_GERROR_EVENTQ_ABT | SMMU_GERROR_MSI_EVENTQ_ABT;
	uint32_t active;

	iom_plat_lock(s->plat, &s->cmdq.lock);
	/* The command queue's own belong to who looks at its CONS. */
	active = (iom_mmio_read32(s->mmio, SMMU_GERROR) ^ s->gerrorn) & ~SMMU_GERROR_CMDQ;
	if (active & SMMU_GERROR_SFM)
		atomic_store(&s->dead, true);
	if (active) {
		s->stats.gerrors++;
		iomi_smmuv3_drv_ack_gerror(s, active);
	}
	iom_plat_unlock(s->plat, &s->cmdq.lock);
	iom_plat_lock(s->plat, &s->evt_lock);
	if (active & lost_events)
		s->stats.events_lost++;
	if (active & SMMU_GERROR_PRIQ_ABT)
		s->stats.page_requests_lost++;
	iom_plat_unlock(s->plat, &s->evt_lock);
}

void iom_smmuv3_drv_irq(struct iom_smmuv3_drv *s)
{
	unsigned int budget;
	struct iom_fault f;
	uint64_t w[4];

	/* A ring's worth, so that a device that never stops does not keep this thread. */
	for (budget = 1u << s->evtq.lg2; budget; budget--) {
		if (!pop(s, &s->evtq, SMMU_EVENTQ_PROD, 4, w, &s->stats.events,
			 &s->stats.events_lost))
			break;
		event_fault(w, &f);
		tell(s, &f);
	}
	for (budget = s->priq.ring ? 1u << s->priq.lg2 : 0; budget; budget--) {
		if (!pop(s, &s->priq, SMMU_PRIQ_PROD, 2, w, &s->stats.page_requests,
			 &s->stats.page_requests_lost))
			break;
		pri_fault(w, &f);
		tell(s, &f);
	}
	global_errors(s);
	/* What was refused may be an answer, for which nobody waits. */
	iomi_smmuv3_drv_cmdq_look(s);
}
