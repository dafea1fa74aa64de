/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state of the SMMUv3: one record; the body is the identification
 * registers, which must be the same where it is restored, and the registers.
 * The queues' contents are in memory. A CMD_SYNC that waited is still at CONS
 * and is taken again; caches come back empty, as the architecture allows. Then
 * the records of stalls that software has not answered.
 *
 * Restoring reads everything, checks it against what registers can hold, and
 * then changes them in one step that cannot fail.
 */
#include <iom/base/mem.h>
#include <iom/base/state.h>

#include "smmuv3_dev_int.h"

#define STATE_MAGIC	0x554d4d53u	/* "SMMU" */
#define STATE_VERSION	2u

/* The registers that can be written, in the order of the stream. */
struct regs {
	uint32_t cr0, cr0ack, cr1, cr2, gbpa, irq_ctrl, gerror, gerrorn, strtab_cfg;
	uint64_t strtab_base;
	struct smmu_queue cmdq, evtq, priq;
	struct smmu_irq_cfg gerror_irq, evtq_irq, priq_irq;
};

static void take(struct iom_smmuv3_dev *s, struct regs *r)
{
	memset(r, 0, sizeof(*r));
	r->cr0 = s->cr0_written;
	r->cr0ack = s->cr0ack;
	r->cr1 = atomic_load(&s->cr1);
	r->cr2 = atomic_load(&s->cr2);
	r->gbpa = atomic_load(&s->gbpa);
	r->irq_ctrl = s->irq_ctrl;
	r->gerror = s->gerror;
	r->gerrorn = s->gerrorn;
	r->strtab_cfg = atomic_load(&s->strtab_cfg);
	r->strtab_base = atomic_load(&s->strtab_base);
	r->cmdq = s->cmdq;
	r->evtq = s->evtq;
	r->gerror_irq = s->gerror_irq;
	r->evtq_irq = s->evtq_irq;
	r->priq = s->priq;
	r->priq_irq = s->priq_irq;
}

static void write_queue(struct iom_state_w *w, const struct smmu_queue *q)
{
	iom_state_w_u64(w, q->base);
	iom_state_w_u32(w, q->prod);
	iom_state_w_u32(w, q->cons);
}

static void write_irq(struct iom_state_w *w, const struct smmu_irq_cfg *c)
{
	iom_state_w_u64(w, c->cfg0);
	iom_state_w_u32(w, c->cfg1);
	iom_state_w_u32(w, c->cfg2);
}

static void write_regs(struct iom_state_w *w, const struct regs *r)
{
	iom_state_w_u32(w, r->cr0);
	iom_state_w_u32(w, r->cr0ack);
	iom_state_w_u32(w, r->cr1);
	iom_state_w_u32(w, r->cr2);
	iom_state_w_u32(w, r->gbpa);
	iom_state_w_u32(w, r->irq_ctrl);
	iom_state_w_u32(w, r->gerror);
	iom_state_w_u32(w, r->gerrorn);
	iom_state_w_u32(w, r->strtab_cfg);
	iom_state_w_u64(w, r->strtab_base);
	write_queue(w, &r->cmdq);
	write_queue(w, &r->evtq);
	write_irq(w, &r->gerror_irq);
	write_irq(w, &r->evtq_irq);
	write_queue(w, &r->priq);
	write_irq(w, &r->priq_irq);
}

int iom_smmuv3_dev_save(struct iom_smmuv3_dev *s, void *buf, size_t cap, size_t *len)
{
	struct iom_state_w w = { buf, cap, 0 };
	size_t at = iom_state_w_begin(&w, STATE_MAGIC, STATE_VERSION);
	struct regs r;
	unsigned int i;

	for (i = 0; i < IOM_ARRAY_SIZE(s->cfg.idr); i++)
		iom_state_w_u32(&w, s->cfg.idr[i]);
	iom_state_w_u32(&w, s->cfg.iidr);
	iom_state_w_u32(&w, s->cfg.aidr);
	iom_plat_lock(s->plat, &s->lock);
	iom_plat_lock(s->plat, &s->evt_lock);
	take(s, &r);
	write_regs(&w, &r);
	iomi_smmuv3_dev_stall_save(s, &w);
	iom_plat_unlock(s->plat, &s->evt_lock);
	iom_plat_unlock(s->plat, &s->lock);
	iom_state_w_end(&w, at);
	return iom_state_w_done(&w, len);
}

/* --- restoring --- */

static bool same_idr(const struct iom_smmuv3_dev *s, struct iom_state_r *r)
{
	bool same = true;
	unsigned int i;

	for (i = 0; i < IOM_ARRAY_SIZE(s->cfg.idr); i++)
		same &= iom_state_r_u32(r) == s->cfg.idr[i];
	same &= iom_state_r_u32(r) == s->cfg.iidr;
	same &= iom_state_r_u32(r) == s->cfg.aidr;
	return same;
}

static void read_queue(struct iom_state_r *r, struct smmu_queue *q)
{
	q->base = iom_state_r_u64(r);
	q->prod = iom_state_r_u32(r);
	q->cons = iom_state_r_u32(r);
}

static void read_irq(struct iom_state_r *r, struct smmu_irq_cfg *c)
{
	c->cfg0 = iom_state_r_u64(r);
	c->cfg1 = iom_state_r_u32(r);
	c->cfg2 = iom_state_r_u32(r);
}

static void read_regs(struct iom_state_r *in, struct regs *r)
{
	r->cr0 = iom_state_r_u32(in);
	r->cr0ack = iom_state_r_u32(in);
	r->cr1 = iom_state_r_u32(in);
	r->cr2 = iom_state_r_u32(in);
	r->gbpa = iom_state_r_u32(in);
	r->irq_ctrl = iom_state_r_u32(in);
	r->gerror = iom_state_r_u32(in);
	r->gerrorn = iom_state_r_u32(in);
	r->strtab_cfg = iom_state_r_u32(in);
	r->strtab_base = iom_state_r_u64(in);
	read_queue(in, &r->cmdq);
	read_queue(in, &r->evtq);
	read_irq(in, &r->gerror_irq);
	read_irq(in, &r->evtq_irq);
	read_queue(in, &r->priq);
	read_irq(in, &r->priq_irq);
}

static bool irq_ok(const struct smmu_irq_cfg *c, bool msi, uint32_t cfg2)
{
	if (!msi && (c->cfg0 || c->cfg1))
		return false;
	return !(c->cfg0 & ~SMMU_IRQ_CFG0_ADDR) && !(c->cfg2 & ~cfg2);
}

static bool priq_ok(const struct iom_smmuv3_dev *s, const struct regs *r)
{
	if (!s->caps.pri)
		return !r->priq.base && !r->priq.prod && !r->priq.cons &&
		       irq_ok(&r->priq_irq, false, 0);
	if (!irq_ok(&r->priq_irq, s->msi, iomi_smmuv3_dev_irq_cfg2_fields(s, true)))
		return false;
	return !(r->priq.base & ~iomi_smmuv3_dev_q_base_fields(s)) &&
	       !((r->priq.prod | r->priq.cons) & ~(SMMU_Q_INDEX | SMMU_Q_OVFLG));
}

/* Only what writes and the model itself can have put there. */
static bool regs_ok(const struct iom_smmuv3_dev *s, const struct regs *r)
{
	uint32_t err = IOM_FIELD_GET(SMMU_CMDQ_CONS_ERR, r->cmdq.cons);
	bool active = (r->gerror ^ r->gerrorn) & SMMU_GERROR_CMDQ;

	/* The one acknowledgement that can be late is that of SMMUEN = 0. */
	if (r->cr0ack != r->cr0 && r->cr0ack != (r->cr0 | SMMU_CR0_SMMUEN))
		return false;
	if (err > (s->caps.ats ? SMMU_CERROR_ATC_INV_SYNC : SMMU_CERROR_ABT) || (err && !active))
		return false;
	return !(r->cr0 & ~iomi_smmuv3_dev_cr0_fields(s)) && !(r->cr1 & ~SMMU_CR1_FIELDS) &&
	       !(r->cr2 & ~iomi_smmuv3_dev_cr2_fields(s)) && !(r->gbpa & ~SMMU_GBPA_FIELDS) &&
	       !(r->irq_ctrl & ~iomi_smmuv3_dev_irq_ctrl_fields(s)) &&
	       !((r->gerror | r->gerrorn) & ~iomi_smmuv3_dev_gerror_fields(s)) &&
	       !(r->strtab_cfg & ~SMMU_STRTAB_CFG_FIELDS) &&
	       !(r->strtab_base & ~SMMU_STRTAB_BASE_FIELDS) &&
	       !((r->cmdq.base | r->evtq.base) & ~iomi_smmuv3_dev_q_base_fields(s)) &&
	       !(r->cmdq.prod & ~SMMU_Q_INDEX) &&
	       !(r->cmdq.cons & ~(SMMU_Q_INDEX | SMMU_CMDQ_CONS_ERR)) &&
	       !(r->evtq.prod & ~(SMMU_Q_INDEX | SMMU_Q_OVFLG)) &&
	       !(r->evtq.cons & ~(SMMU_Q_INDEX | SMMU_Q_OVACKFLG)) &&
	       irq_ok(&r->gerror_irq, s->msi, iomi_smmuv3_dev_irq_cfg2_fields(s, false)) &&
	       irq_ok(&r->evtq_irq, s->msi, iomi_smmuv3_dev_irq_cfg2_fields(s, false)) &&
	       priq_ok(s, r);
}

static void put(struct iom_smmuv3_dev *s, const struct regs *r)
{
	s->sync_pending = s->ack_pending = false;
	memset(s->last_event, 0, sizeof(s->last_event));
	atomic_store(&s->cr2, r->cr2);
	atomic_store(&s->gbpa, r->gbpa);
	atomic_store(&s->strtab_base, r->strtab_base);
	atomic_store(&s->strtab_cfg, r->strtab_cfg);
	s->cr0_written = r->cr0;
	s->cr0ack = r->cr0ack;
	atomic_store(&s->cr1, r->cr1);
	s->irq_ctrl = r->irq_ctrl;
	s->cmdq = r->cmdq;
	s->evtq = r->evtq;
	s->gerror = r->gerror;
	s->gerrorn = r->gerrorn;
	s->gerror_irq = r->gerror_irq;
	s->evtq_irq = r->evtq_irq;
	s->priq = r->priq;
	s->priq_irq = r->priq_irq;
	atomic_store(&s->cr0, r->cr0);
	if (r->cr0ack != r->cr0) {
		s->ack_ticket = iom_access_ticket(&s->gate);
		s->ack_pending = true;
	}
}

int iom_smmuv3_dev_restore(struct iom_smmuv3_dev *s, const void *buf, size_t size, size_t *used)
{
	struct iom_state_r in, stalls;
	struct regs r;
	size_t len;
	int rc = iom_state_r_open(&in, buf, size, STATE_MAGIC, STATE_VERSION, &len);
	bool same, good;

	if (rc)
		return rc;
	same = same_idr(s, &in);
	read_regs(&in, &r);
	stalls = in;
	good = same && iomi_smmuv3_dev_stall_check(s, &in);
	rc = iom_state_r_end(&in);
	if (rc)
		return rc;
	if (!good || !regs_ok(s, &r))
		return IOM_EINVAL;
	iom_plat_lock(s->plat, &s->lock);
	iom_plat_lock(s->plat, &s->evt_lock);
	put(s, &r);
	iomi_smmuv3_dev_stall_restore(s, &stalls);
	iom_plat_unlock(s->plat, &s->evt_lock);
	iomi_smmuv3_dev_forget(s);
	iomi_smmuv3_dev_eps_forget(s);
	iom_plat_unlock(s->plat, &s->lock);
	iom_access_wait(&s->gate);
	iomi_smmuv3_dev_go_on(s);
	*used = len;
	return IOM_OK;
}
