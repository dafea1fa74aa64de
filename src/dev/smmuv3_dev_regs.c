/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Register accesses, chapter 6. Under lock, those of the event queue, GERROR
 * and interrupts under evt_lock as well. Writes that the architecture forbids
 * in a state are ignored; registers and bits of absent features are RES0.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_int.h"

#define STEP_BUDGET	4u	/* commands a register access in STEP mode */
#define GBPA_RESET	IOM_FIELD_PREP(SMMU_GBPA_SHCFG, SMMU_SHCFG_INCOMING)

void iomi_smmuv3_dev_regs_reset(struct iom_smmuv3_dev *s)
{
	static const struct smmu_queue no_queue;
	static const struct smmu_irq_cfg no_irq;

	s->msi = s->cfg.idr[0] & SMMU_IDR0_MSI;
	s->cmdqs_lg2 = IOM_FIELD_GET(SMMU_IDR1_CMDQS, s->cfg.idr[1]);
	s->eventqs_lg2 = IOM_FIELD_GET(SMMU_IDR1_EVENTQS, s->cfg.idr[1]);
	s->priqs_lg2 = IOM_FIELD_GET(SMMU_IDR1_PRIQS, s->cfg.idr[1]);
	atomic_store(&s->cr0, 0);
	atomic_store(&s->cr2, 0);
	atomic_store(&s->gbpa, GBPA_RESET);
	atomic_store(&s->strtab_base, 0);
	atomic_store(&s->strtab_cfg, 0);
	atomic_store(&s->cr1, 0);
	s->cr0_written = s->cr0ack = s->irq_ctrl = 0;
	s->ack_pending = s->sync_pending = false;
	s->cmdq = s->evtq = s->priq = no_queue;
	s->gerror = s->gerrorn = 0;
	s->gerror_irq = s->evtq_irq = s->priq_irq = no_irq;
	memset(s->last_event, 0, sizeof(s->last_event));
	iomi_smmuv3_dev_stall_end(s, IOM_SMMUV3_ABORT);
	iomi_smmuv3_dev_recheck(s);
}

/* --- writes with conditions --- */

/*
 * 6.3.9: each field goes its own way, at once but for SMMUEN = 0, which is
 * acknowledged when no access under the tables is open. Until then it stays so.
 */
static void write_cr0(struct iom_smmuv3_dev *s, uint32_t val)
{
	uint32_t old = s->cr0_written;

	val &= iomi_smmuv3_dev_cr0_fields(s);
	if (s->ack_pending)
		val &= ~SMMU_CR0_SMMUEN;
	s->cr0_written = val;
	atomic_store(&s->cr0, val);
	if ((old ^ val) & (SMMU_CR0_SMMUEN | SMMU_CR0_ATSCHK))
		iomi_smmuv3_dev_recheck(s);
	if (old & ~val & SMMU_CR0_SMMUEN) {
		/* 3.12: nothing stays stalled; what is under way finds SMMUEN at 0. */
		iomi_smmuv3_dev_stall_end(s, IOM_SMMUV3_ABORT);
		s->ack_ticket = iom_access_ticket(&s->gate);
		s->ack_pending = true;
	}
	s->cr0ack = val | (s->ack_pending ? SMMU_CR0_SMMUEN : 0);
	/* A CMD_SYNC that waited when CMDQEN fell is taken again later. */
	if (!(val & SMMU_CR0_CMDQEN))
		s->sync_pending = false;
}

static bool enabled(const struct iom_smmuv3_dev *s, uint32_t bit)
{
	return (s->cr0_written | s->cr0ack) & bit;
}

/* --- which bits there are --- */

uint32_t iomi_smmuv3_dev_cr0_fields(const struct iom_smmuv3_dev *s)
{
	return SMMU_CR0_SMMUEN | SMMU_CR0_EVENTQEN | SMMU_CR0_CMDQEN |
	       (s->caps.ats ? SMMU_CR0_ATSCHK : 0) | (s->caps.pri ? SMMU_CR0_PRIQEN : 0);
}

uint32_t iomi_smmuv3_dev_cr2_fields(const struct iom_smmuv3_dev *s)
{
	return SMMU_CR2_RECINVSID | (s->caps.hyp ? SMMU_CR2_E2H : 0) |
	       (s->cfg.idr[0] & SMMU_IDR0_ATSRECERR ? SMMU_CR2_REC_CFG_ATS : 0);
}

uint32_t iomi_smmuv3_dev_irq_ctrl_fields(const struct iom_smmuv3_dev *s)
{
	return SMMU_IRQ_CTRL_GERROR | SMMU_IRQ_CTRL_EVENTQ |
	       (s->caps.pri ? SMMU_IRQ_CTRL_PRIQ : 0);
}

uint32_t iomi_smmuv3_dev_gerror_fields(const struct iom_smmuv3_dev *s)
{
	return SMMU_GERROR_CMDQ | SMMU_GERROR_EVENTQ_ABT |
	       (s->msi ? SMMU_GERROR_MSI_CMDQ_ABT | SMMU_GERROR_MSI_EVENTQ_ABT |
			 SMMU_GERROR_MSI_GERROR_ABT : 0) |
	       (s->caps.pri ? SMMU_GERROR_PRIQ_ABT : 0) |
	       (s->caps.pri && s->msi ? SMMU_GERROR_MSI_PRIQ_ABT : 0);
}

static void write_cr2(struct iom_smmuv3_dev *s, uint32_t val)
{
	if (!enabled(s, SMMU_CR0_SMMUEN))
		atomic_store(&s->cr2, val & iomi_smmuv3_dev_cr2_fields(s));
}

/* 6.3.14: only with UPDATE, which reads 0 when it is done: at once. */
static void write_gbpa(struct iom_smmuv3_dev *s, uint32_t val)
{
	if (!(val & SMMU_GBPA_UPDATE))
		return;
	atomic_store(&s->gbpa, val & SMMU_GBPA_FIELDS);
	iomi_smmuv3_dev_recheck(s);
}

static void write_strtab_cfg(struct iom_smmuv3_dev *s, uint32_t val)
{
	if (!enabled(s, SMMU_CR0_SMMUEN))
		atomic_store(&s->strtab_cfg, val & SMMU_STRTAB_CFG_FIELDS);
}

/* 7.5: acknowledging CMDQ_ERR lets the command queue go on. */
static void write_gerrorn(struct iom_smmuv3_dev *s, uint32_t val)
{
	uint32_t active = s->gerror ^ s->gerrorn;

	s->gerrorn = val & iomi_smmuv3_dev_gerror_fields(s);
	if (active & ~(s->gerror ^ s->gerrorn) & SMMU_GERROR_CMDQ)
		s->cmdq.cons &= ~SMMU_CMDQ_CONS_ERR;
}

/* An interrupt's MSI may be set while the interrupt is disabled (6.3.20). */
static struct smmu_irq_cfg *irq_cfg(struct iom_smmuv3_dev *s, uint64_t off, uint32_t *enable)
{
	switch (off) {
	case SMMU_GERROR_IRQ_CFG0:
	case SMMU_GERROR_IRQ_CFG1:
	case SMMU_GERROR_IRQ_CFG2:
		*enable = SMMU_IRQ_CTRL_GERROR;
		return &s->gerror_irq;
	case SMMU_EVENTQ_IRQ_CFG0:
	case SMMU_EVENTQ_IRQ_CFG1:
	case SMMU_EVENTQ_IRQ_CFG2:
		*enable = SMMU_IRQ_CTRL_EVENTQ;
		return &s->evtq_irq;
	case SMMU_PRIQ_IRQ_CFG0:
	case SMMU_PRIQ_IRQ_CFG1:
	case SMMU_PRIQ_IRQ_CFG2:
		*enable = SMMU_IRQ_CTRL_PRIQ;
		return s->caps.pri ? &s->priq_irq : NULL;
	default:
		return NULL;
	}
}

/* 6.3.1 MSI: LO is there with wires only, too. */
uint32_t iomi_smmuv3_dev_irq_cfg2_fields(const struct iom_smmuv3_dev *s, bool priq)
{
	return (s->msi ? SMMU_IRQ_CFG2_MEMATTR | SMMU_IRQ_CFG2_SH : 0) |
	       (priq ? SMMU_PRIQ_IRQ_CFG2_LO : 0);
}

static void write_irq32(struct iom_smmuv3_dev *s, uint64_t off, uint32_t val)
{
	uint32_t enable = 0;
	struct smmu_irq_cfg *c = irq_cfg(s, off, &enable);

	if (!c || (s->irq_ctrl & enable))
		return;
	if (off == SMMU_GERROR_IRQ_CFG1 || off == SMMU_EVENTQ_IRQ_CFG1 ||
	    off == SMMU_PRIQ_IRQ_CFG1)
		c->cfg1 = s->msi ? val : 0;
	else
		c->cfg2 = val & iomi_smmuv3_dev_irq_cfg2_fields(s, off == SMMU_PRIQ_IRQ_CFG2);
}

/* False: not a register of the PRI queue, or there is none. */
static bool write_priq32(struct iom_smmuv3_dev *s, uint64_t off, uint32_t val)
{
	if (!s->caps.pri || (off != SMMU_PRIQ_PROD && off != SMMU_PRIQ_CONS))
		return false;
	if (off == SMMU_PRIQ_CONS)
		s->priq.cons = val & (SMMU_Q_INDEX | SMMU_Q_OVACKFLG);
	else if (!enabled(s, SMMU_CR0_PRIQEN))
		s->priq.prod = val & (SMMU_Q_INDEX | SMMU_Q_OVFLG);
	return true;
}

static void write32(struct iom_smmuv3_dev *s, uint64_t off, uint32_t val)
{
	switch (off) {
	case SMMU_CR0:
		write_cr0(s, val);
		break;
	case SMMU_CR1:
		if (!enabled(s, SMMU_CR0_SMMUEN))
			atomic_store(&s->cr1, val & SMMU_CR1_FIELDS);
		break;
	case SMMU_CR2:
		write_cr2(s, val);
		break;
	case SMMU_GBPA:
		write_gbpa(s, val);
		break;
	case SMMU_IRQ_CTRL:
		s->irq_ctrl = val & iomi_smmuv3_dev_irq_ctrl_fields(s);
		break;
	case SMMU_GERRORN:
		write_gerrorn(s, val);
		break;
	case SMMU_STRTAB_BASE_CFG:
		write_strtab_cfg(s, val);
		break;
	case SMMU_CMDQ_PROD:
		s->cmdq.prod = val & SMMU_Q_INDEX;
		break;
	case SMMU_CMDQ_CONS:
		if (!enabled(s, SMMU_CR0_CMDQEN))
			s->cmdq.cons = val & SMMU_Q_INDEX;
		break;
	case SMMU_EVENTQ_PROD:
		if (!enabled(s, SMMU_CR0_EVENTQEN))
			s->evtq.prod = val & (SMMU_Q_INDEX | SMMU_Q_OVFLG);
		break;
	case SMMU_EVENTQ_CONS:
		s->evtq.cons = val & (SMMU_Q_INDEX | SMMU_Q_OVACKFLG);
		break;
	default:
		if (!write_priq32(s, off, val))
			write_irq32(s, off, val);
		break;
	}
}

/* --- 64-bit registers --- */

static uint64_t read64(struct iom_smmuv3_dev *s, uint64_t off)
{
	const struct smmu_irq_cfg *c;
	uint32_t enable;

	switch (off) {
	case SMMU_STRTAB_BASE:
		return atomic_load(&s->strtab_base);
	case SMMU_CMDQ_BASE:
		return s->cmdq.base;
	case SMMU_EVENTQ_BASE:
		return s->evtq.base;
	case SMMU_PRIQ_BASE:
		return s->priq.base;
	case SMMU_GERROR_IRQ_CFG0:
	case SMMU_EVENTQ_IRQ_CFG0:
	case SMMU_PRIQ_IRQ_CFG0:
		c = irq_cfg(s, off, &enable);
		return c ? c->cfg0 : 0;
	default:
		return 0;
	}
}

static void write64(struct iom_smmuv3_dev *s, uint64_t off, uint64_t val)
{
	uint64_t q = val & iomi_smmuv3_dev_q_base_fields(s);
	struct smmu_irq_cfg *c;
	uint32_t enable = 0;

	switch (off) {
	case SMMU_STRTAB_BASE:
		if (!enabled(s, SMMU_CR0_SMMUEN))
			atomic_store(&s->strtab_base,
				     val & SMMU_STRTAB_BASE_FIELDS);
		break;
	case SMMU_CMDQ_BASE:
		if (!enabled(s, SMMU_CR0_CMDQEN))
			s->cmdq.base = q;
		break;
	case SMMU_EVENTQ_BASE:
		if (!enabled(s, SMMU_CR0_EVENTQEN))
			s->evtq.base = q;
		break;
	case SMMU_PRIQ_BASE:
		if (s->caps.pri && !enabled(s, SMMU_CR0_PRIQEN))
			s->priq.base = q;
		break;
	default:
		c = irq_cfg(s, off, &enable);
		if (c && s->msi && !(s->irq_ctrl & enable))
			c->cfg0 = val & SMMU_IRQ_CFG0_ADDR;
		break;
	}
}

static bool is_64(uint64_t off)
{
	switch (off & ~UINT64_C(4)) {
	case SMMU_STRTAB_BASE:
	case SMMU_CMDQ_BASE:
	case SMMU_EVENTQ_BASE:
	case SMMU_PRIQ_BASE:
	case SMMU_GERROR_IRQ_CFG0:
	case SMMU_EVENTQ_IRQ_CFG0:
	case SMMU_PRIQ_IRQ_CFG0:
		return true;
	default:
		return false;
	}
}

/* --- reads --- */

static uint32_t read32(struct iom_smmuv3_dev *s, uint64_t off)
{
	const struct smmu_irq_cfg *c;
	uint32_t enable;

	switch (off) {
	case SMMU_IDR0: case SMMU_IDR1: case SMMU_IDR2:
	case SMMU_IDR3: case SMMU_IDR4: case SMMU_IDR5:
		return s->cfg.idr[off / 4];
	case SMMU_IIDR:
		return s->cfg.iidr;
	case SMMU_AIDR:
		return s->cfg.aidr;
	case SMMU_CR0:
		return s->cr0_written;
	case SMMU_CR0ACK:
		return s->cr0ack;
	case SMMU_CR1:
		return atomic_load(&s->cr1);
	case SMMU_CR2:
		return atomic_load(&s->cr2);
	case SMMU_GBPA:
		return atomic_load(&s->gbpa);
	case SMMU_IRQ_CTRL:
	case SMMU_IRQ_CTRLACK:
		return s->irq_ctrl;
	case SMMU_GERROR:
		return s->gerror;
	case SMMU_GERRORN:
		return s->gerrorn;
	case SMMU_STRTAB_BASE_CFG:
		return atomic_load(&s->strtab_cfg);
	case SMMU_CMDQ_PROD:
		return s->cmdq.prod;
	case SMMU_CMDQ_CONS:
		return s->cmdq.cons;
	case SMMU_EVENTQ_PROD:
		return s->evtq.prod;
	case SMMU_EVENTQ_CONS:
		return s->evtq.cons;
	case SMMU_PRIQ_PROD:
		return s->priq.prod;
	case SMMU_PRIQ_CONS:
		return s->priq.cons;
	case SMMU_GERROR_IRQ_CFG1:
	case SMMU_EVENTQ_IRQ_CFG1:
	case SMMU_PRIQ_IRQ_CFG1:
		c = irq_cfg(s, off, &enable);
		return c ? c->cfg1 : 0;
	case SMMU_GERROR_IRQ_CFG2:
	case SMMU_EVENTQ_IRQ_CFG2:
	case SMMU_PRIQ_IRQ_CFG2:
		c = irq_cfg(s, off, &enable);
		return c ? c->cfg2 : 0;
	default:
		return 0;
	}
}

/* --- the front door --- */

static bool access_ok(uint64_t off, unsigned int len)
{
	if ((len != 4 && len != 8) || (off & (len - 1)) || off >= SMMU_REGS_SIZE)
		return false;
	/* A 64-bit access is of a 64-bit register, whole. */
	return len == 4 || (is_64(off) && !(off & 4));
}

void iomi_smmuv3_dev_go_on(struct iom_smmuv3_dev *s)
{
	switch (s->cfg.mode) {
	case IOM_SMMUV3_INLINE:
		while (iomi_smmuv3_dev_cmdq_wait(s, UINT32_MAX) == IOM_EAGAIN)
			;
		break;
	case IOM_SMMUV3_WORKER:
		s->cfg.wake(s->cfg.arg);
		break;
	default:
		break;
	}
}

static void step(struct iom_smmuv3_dev *s)
{
	if (s->cfg.mode == IOM_SMMUV3_STEP)
		(void)iomi_smmuv3_dev_cmdq_run(s, STEP_BUDGET);
}

int iomi_smmuv3_dev_reg_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
			     uint64_t *val)
{
	uint64_t v;

	*val = 0;
	if (!access_ok(off, len))
		return IOM_EINVAL;
	iom_plat_lock(s->plat, &s->lock);
	step(s);
	iom_plat_lock(s->plat, &s->evt_lock);
	if (len == 8) {
		v = read64(s, off);
	} else if (is_64(off)) {
		v = read64(s, off & ~UINT64_C(4));
		v = off & 4 ? v >> 32 : v & UINT32_MAX;
	} else {
		v = read32(s, off);
	}
	iom_plat_unlock(s->plat, &s->evt_lock);
	iom_plat_unlock(s->plat, &s->lock);
	*val = v;
	return IOM_OK;
}

int iomi_smmuv3_dev_reg_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
			      uint64_t val)
{
	uint64_t old;

	if (!access_ok(off, len))
		return IOM_EINVAL;
	iom_plat_lock(s->plat, &s->lock);
	step(s);
	iom_plat_lock(s->plat, &s->evt_lock);
	if (len == 8) {
		write64(s, off, val);
	} else if (is_64(off)) {
		old = read64(s, off & ~UINT64_C(4));
		val &= UINT32_MAX;
		write64(s, off & ~UINT64_C(4), off & 4 ? (old & UINT32_MAX) | val << 32 :
							 (old & ~(uint64_t)UINT32_MAX) | val);
	} else {
		write32(s, off, (uint32_t)val);
	}
	iom_plat_unlock(s->plat, &s->evt_lock);
	iom_plat_unlock(s->plat, &s->lock);
	switch (off) {
	case SMMU_CR0:
	case SMMU_GERRORN:
		iomi_smmuv3_dev_stall_room(s);
		iomi_smmuv3_dev_go_on(s);
		break;
	case SMMU_CMDQ_PROD:
		iomi_smmuv3_dev_go_on(s);
		break;
	case SMMU_EVENTQ_CONS:
		iomi_smmuv3_dev_stall_room(s);
		break;
	default:
		break;
	}
	return IOM_OK;
}

int iom_smmuv3_dev_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len, uint64_t *val)
{
	if (SMMU_STRICT(s))
		return iomi_smmuv3_strict_read(s, off, len, val);
	return iomi_smmuv3_dev_reg_read(s, off, len, val);
}

int iom_smmuv3_dev_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len, uint64_t val)
{
	if (SMMU_STRICT(s))
		return iomi_smmuv3_strict_write(s, off, len, val);
	return iomi_smmuv3_dev_reg_write(s, off, len, val);
}
