/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an SMMUv3 in an unknown state to one that aborts everything but what is
 * attached: identification, start, stop (IHI 0070: 3.11, 6.3, the order of
 * chapter 6.3.9).
 */
#include <iom/base/mem.h>

#include "smmuv3_drv_int.h"

#define TIMEOUT_NS	UINT64_C(1000000000)
#define TIMEOUT_TURNS	10000000u

bool iomi_smmuv3_drv_coherent(const struct iom_smmuv3_drv *s)
{
	return s->idr[0] & SMMU_IDR0_COHACC;
}

/* 3.13: hardware updates descriptors only where its walks are write-back cacheable. */
bool iomi_smmuv3_drv_dirty(const struct iom_smmuv3_drv *s)
{
	return s->caps.httu >= SMMU_HTTU_AF_DIRTY && iomi_smmuv3_drv_coherent(s);
}

/* --- identification --- */

static int unusable(struct iom_smmuv3_drv_diag *diag, const char *field, const char *why)
{
	if (diag)
		*diag = (struct iom_smmuv3_drv_diag){ field, why };
	return IOM_EOPNOTSUPP;
}

static int check_idr(const struct iom_smmuv3_drv *s, struct iom_smmuv3_drv_diag *diag)
{
	const struct iomi_smmuv3_caps *c = &s->caps;

	if (s->idr[0] == UINT32_MAX)
		return unusable(diag, "IDR0", "reads as ones: no device is there");
	if (IOM_FIELD_GET(SMMU_AIDR_MAJOR, iom_mmio_read32(s->mmio, SMMU_AIDR)))
		return unusable(diag, "AIDR.ArchMajorRev", "not SMMUv3");
	if (!c->aarch64)
		return unusable(diag, "IDR0.TTF", "no AArch64 tables");
	if (!(c->s1p && s->cfg.s1) && !c->s2p)
		return unusable(diag, "IDR0", "no stage that this driver was built for");
	if (c->ttendian == SMMU_TTENDIAN_BE)
		return unusable(diag, "IDR0.TTENDIAN", "big-endian tables only");
	if (s->idr[1] & SMMU_IDR1_QUEUES_PRESET)
		return unusable(diag, "IDR1.QUEUES_PRESET", "queues in a place of its own");
	if (s->idr[1] & SMMU_IDR1_TABLES_PRESET)
		return unusable(diag, "IDR1.TABLES_PRESET", "tables in a place of its own");
	if (!c->gran4k && !c->gran16k && !c->gran64k)
		return unusable(diag, "IDR5", "no granule");
	if (IOM_FIELD_GET(SMMU_IDR1_CMDQS, s->idr[1]) < 2)
		return unusable(diag, "IDR1.CMDQS", "fewer than four commands");
	return IOM_OK;
}

/*
 * Errata of Arm's. MMU-700, 2268618 and 2812531: every run of invalidations is to be ended by
 * a CMD_SYNC, and stages are not to be nested; MMU-600 before r2, 1209401: the
 * latter. What else is known of them is in broadcast TLBI and SEV, which this driver does
 * not use.
 */
static void errata(struct iom_smmuv3_drv *s, uint32_t iidr)
{
	if (IOM_FIELD_GET(SMMU_IIDR_IMPLEMENTER, iidr) != SMMU_IIDR_ARM)
		return;
	switch (IOM_FIELD_GET(SMMU_IIDR_PRODUCTID, iidr)) {
	case SMMU_IIDR_MMU_600:
		s->no_nesting = IOM_FIELD_GET(SMMU_IIDR_VARIANT, iidr) < 2;
		break;
	case SMMU_IIDR_MMU_700:
		s->sync_each = s->no_nesting = true;
		break;
	default:
		break;
	}
}

static void identify(struct iom_smmuv3_drv *s)
{
	static const uint16_t reg[6] = {
		SMMU_IDR0, SMMU_IDR1, SMMU_IDR2, SMMU_IDR3, SMMU_IDR4, SMMU_IDR5,
	};
	unsigned int i;

	for (i = 0; i < 6; i++)
		s->idr[i] = iom_mmio_read32(s->mmio, reg[i]);
	iomi_smmuv3_rules_caps(s->idr, &s->caps);
	errata(s, iom_mmio_read32(s->mmio, SMMU_IIDR));
}

static uint8_t smaller(uint8_t want, uint8_t usual, uint32_t most)
{
	uint8_t n = want ? want : usual;

	return n < most ? n : (uint8_t)most;
}

/* Sizes asked for, no larger than the SMMU has them. */
static void fill_cfg(struct iom_smmuv3_drv *s)
{
	struct iom_smmuv3_drv_cfg *c = &s->cfg;

	c->cmdq_lg2 = smaller(c->cmdq_lg2, 8, IOM_FIELD_GET(SMMU_IDR1_CMDQS, s->idr[1]));
	c->evtq_lg2 = smaller(c->evtq_lg2, 7, IOM_FIELD_GET(SMMU_IDR1_EVENTQS, s->idr[1]));
	c->priq_lg2 = smaller(c->priq_lg2, 7, IOM_FIELD_GET(SMMU_IDR1_PRIQS, s->idr[1]));
	s->sid_lg2 = smaller(c->sid_lg2, s->caps.sidsize, s->caps.sidsize);
	if (!c->timeout_ns)
		c->timeout_ns = TIMEOUT_NS;
	if (!c->timeout_turns)
		c->timeout_turns = TIMEOUT_TURNS;
}

/* 4K always fits a leaf of 48 bits; 52 need DS, or 64K. */
static uint8_t va_bits(const struct iomi_smmuv3_caps *c)
{
	return c->vax52 && (c->ds || c->gran64k) ? 52 : 48;
}

void iom_smmuv3_drv_caps(const struct iom_smmuv3_drv *s, struct iom_smmuv3_drv_caps *caps)
{
	const struct iomi_smmuv3_caps *c = &s->caps;

	memset(caps, 0, sizeof(*caps));
	caps->stage1 = c->s1p && s->cfg.s1;
	caps->stage2 = c->s2p;
	caps->ias_bits = c->ias_bits;
	caps->oas_bits = c->oas_bits;
	caps->va_bits = va_bits(c);
	caps->page_sizes = (c->gran4k ? IOM_BIT64(12) : 0) | (c->gran16k ? IOM_BIT64(14) : 0) |
			   (c->gran64k ? IOM_BIT64(16) : 0);
	caps->pasid_bits = caps->stage1 ? c->ssidsize : 0;
	caps->coherent = iomi_smmuv3_drv_coherent(s);
	caps->ats = c->ats;
	caps->pri = c->pri;
	caps->stall = c->stall_model != SMMU_STALL_MODEL_NONE;
	caps->stall_forced = c->stall_model == SMMU_STALL_MODEL_FORCE;
	caps->dirty = iomi_smmuv3_drv_dirty(s);
	caps->msi = s->idr[0] & SMMU_IDR0_MSI;
	caps->range_inv = c->ril;
	caps->ds = c->ds;
	caps->fwb = c->fwb;
	caps->sid_bits = s->sid_lg2;
}

/* --- registers that are acknowledged --- */

static int wait_reg(struct iom_smmuv3_drv *s, uint64_t off, uint32_t mask, uint32_t want)
{
	struct smmu_wait w;

	iomi_smmuv3_drv_wait_begin(s, &w);
	while ((iom_mmio_read32(s->mmio, off) & mask) != want) {
		if (!iomi_smmuv3_drv_wait_more(s, &w))
			return IOM_EIO;
	}
	return IOM_OK;
}

/* 6.3.9: a field is not written again until CR0ACK shows it. */
static int write_cr0(struct iom_smmuv3_drv *s, uint32_t val)
{
	s->cr0 = val;
	iom_mmio_write32(s->mmio, SMMU_CR0, val);
	return wait_reg(s, SMMU_CR0ACK, UINT32_MAX, val);
}

static int write_irq_ctrl(struct iom_smmuv3_drv *s, uint32_t val)
{
	iom_mmio_write32(s->mmio, SMMU_IRQ_CTRL, val);
	return wait_reg(s, SMMU_IRQ_CTRLACK, UINT32_MAX, val);
}

/* 6.3.14: what comes in while SMMUEN is 0 is aborted. */
static int abort_all(struct iom_smmuv3_drv *s)
{
	uint32_t val;
	int rc = wait_reg(s, SMMU_GBPA, SMMU_GBPA_UPDATE, 0);

	if (rc)
		return rc;
	val = iom_mmio_read32(s->mmio, SMMU_GBPA);
	iom_mmio_write32(s->mmio, SMMU_GBPA, val | SMMU_GBPA_ABORT | SMMU_GBPA_UPDATE);
	return wait_reg(s, SMMU_GBPA, SMMU_GBPA_UPDATE, 0);
}

void iomi_smmuv3_drv_ack_gerror(struct iom_smmuv3_drv *s, uint32_t bits)
{
	iom_plat_assert_held(s->plat, &s->cmdq.lock);
	s->gerrorn ^= bits;
	iom_mmio_write32(s->mmio, SMMU_GERRORN, s->gerrorn);
}

/* --- start and stop --- */

static int stop(struct iom_smmuv3_drv *s)
{
	int rc = abort_all(s), rc2;

	rc2 = write_irq_ctrl(s, 0);
	rc = rc ? rc : rc2;
	rc2 = write_cr0(s, 0);
	return rc ? rc : rc2;
}

static void set_queue(struct iom_smmuv3_drv *s, uint64_t base, uint64_t prod, uint64_t pa,
		      unsigned int lg2)
{
	iom_mmio_write64(s->mmio, base, pa | lg2 | SMMU_Q_BASE_RWA);
	iom_mmio_write32(s->mmio, prod, 0);
	iom_mmio_write32(s->mmio, prod + 4, 0);
}

static void set_tables(struct iom_smmuv3_drv *s)
{
	uint32_t cr1 = 0, cfg;

	if (iomi_smmuv3_drv_coherent(s))
		cr1 = IOM_FIELD_PREP(SMMU_CR1_TABLE_SH, SMMU_SH_ISH) |
		      IOM_FIELD_PREP(SMMU_CR1_TABLE_OC, SMMU_CACHE_WB) |
		      IOM_FIELD_PREP(SMMU_CR1_TABLE_IC, SMMU_CACHE_WB) |
		      IOM_FIELD_PREP(SMMU_CR1_QUEUE_SH, SMMU_SH_ISH) |
		      IOM_FIELD_PREP(SMMU_CR1_QUEUE_OC, SMMU_CACHE_WB) |
		      IOM_FIELD_PREP(SMMU_CR1_QUEUE_IC, SMMU_CACHE_WB);
	iom_mmio_write32(s->mmio, SMMU_CR1, cr1);
	/* No E2H: stage 1 is EL1's. Unknown StreamIDs are recorded; broadcasts are not for us. */
	iom_mmio_write32(s->mmio, SMMU_CR2, SMMU_CR2_RECINVSID |
			 (s->idr[0] & SMMU_IDR0_BTM ? SMMU_CR2_PTM : 0));
	iom_mmio_write64(s->mmio, SMMU_STRTAB_BASE, s->strtab_pa | SMMU_STRTAB_BASE_RA);
	cfg = IOM_FIELD_PREP(SMMU_STRTAB_BASE_CFG_LOG2SIZE, (uint32_t)s->sid_lg2);
	if (s->split)
		cfg |= IOM_FIELD_PREP(SMMU_STRTAB_BASE_CFG_FMT, SMMU_STRTAB_FMT_2LVL) |
		       IOM_FIELD_PREP(SMMU_STRTAB_BASE_CFG_SPLIT, (uint32_t)s->split);
	iom_mmio_write32(s->mmio, SMMU_STRTAB_BASE_CFG, cfg);
}

/* 6.3.20: while the interrupt is disabled. */
static void set_msi(struct iom_smmuv3_drv *s, uint64_t cfg0, const struct iom_smmuv3_drv_msi *m)
{
	if (!(s->idr[0] & SMMU_IDR0_MSI))
		return;
	iom_mmio_write64(s->mmio, cfg0, m->addr & SMMU_IRQ_CFG0_ADDR);
	iom_mmio_write32(s->mmio, cfg0 + 8, m->data);
	/* Device-nGnRE: a doorbell. */
	iom_mmio_write32(s->mmio, cfg0 + 12, m->addr ? 1 : 0);
}

/* Nothing of an earlier life is cached: 3.11, before SMMUEN. */
static int forget(struct iom_smmuv3_drv *s)
{
	const struct smmuv3_wire_cmd cfgi = {
		.opcode = SMMU_CMD_CFGI_STE_RANGE, .range = SMMU_CFGI_RANGE_ALL,
	};
	const struct smmuv3_wire_cmd el1 = { .opcode = SMMU_CMD_TLBI_NSNH_ALL };
	const struct smmuv3_wire_cmd el2 = { .opcode = SMMU_CMD_TLBI_EL2_ALL };
	struct smmu_batch b = { 0 };

	iomi_smmuv3_drv_batch_add(s, &b, &cfgi);
	if (s->caps.hyp)
		iomi_smmuv3_drv_batch_add(s, &b, &el2);
	iomi_smmuv3_drv_batch_add(s, &b, &el1);
	return iomi_smmuv3_drv_batch_end(s, &b);
}

static int start(struct iom_smmuv3_drv *s)
{
	uint32_t irqs = SMMU_IRQ_CTRL_GERROR | SMMU_IRQ_CTRL_EVENTQ;
	int rc;

	set_tables(s);
	set_queue(s, SMMU_CMDQ_BASE, SMMU_CMDQ_PROD, s->cmdq.pa, s->cmdq.lg2);
	s->gerrorn = iom_mmio_read32(s->mmio, SMMU_GERROR);
	iom_mmio_write32(s->mmio, SMMU_GERRORN, s->gerrorn);
	rc = write_cr0(s, SMMU_CR0_CMDQEN);
	if (!rc)
		rc = forget(s);
	if (rc)
		return rc;
	set_queue(s, SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, s->evtq.pa, s->evtq.lg2);
	set_msi(s, SMMU_GERROR_IRQ_CFG0, &s->cfg.gerror_msi);
	set_msi(s, SMMU_EVENTQ_IRQ_CFG0, &s->cfg.evtq_msi);
	if (s->priq.ring) {
		set_queue(s, SMMU_PRIQ_BASE, SMMU_PRIQ_PROD, s->priq.pa, s->priq.lg2);
		set_msi(s, SMMU_PRIQ_IRQ_CFG0, &s->cfg.priq_msi);
		irqs |= SMMU_IRQ_CTRL_PRIQ;
	}
	rc = write_cr0(s, s->cr0 | SMMU_CR0_EVENTQEN);
	if (!rc && s->priq.ring)
		rc = write_cr0(s, s->cr0 | SMMU_CR0_PRIQEN);
	/* Before any endpoint has ATS: translated transactions are looked at. */
	if (!rc && s->caps.ats)
		rc = write_cr0(s, s->cr0 | SMMU_CR0_ATSCHK);
	if (!rc)
		rc = write_irq_ctrl(s, irqs);
	if (!rc)
		rc = write_cr0(s, s->cr0 | SMMU_CR0_SMMUEN);
	return rc;
}

/* --- create, destroy --- */

static const struct iom_iommu_ops iommu_ops = { .invalidate = iomi_smmuv3_drv_invalidate };

static int init_parts(struct iom_smmuv3_drv *s)
{
	bool messages = (s->idr[0] & SMMU_IDR0_MSI) && iomi_smmuv3_drv_coherent(s) &&
			!s->cfg.no_sync_msi;
	int rc = s->plat->ops.lock_init(s->plat, &s->lock);

	if (rc)
		return rc;
	rc = iomi_smmuv3_drv_cmdq_init(s, s->cfg.cmdq_lg2, messages);
	if (rc)
		goto err_lock;
	rc = iomi_smmuv3_drv_evtq_init(s);
	if (rc)
		goto err_cmdq;
	rc = iomi_smmuv3_drv_strtab_init(s);
	if (rc)
		goto err_evtq;
	rc = s->caps.s2p ? iomi_smmuv3_drv_ids_init(s, &s->vmids,
						    s->caps.vmid16 ? 1u << 16 : 1u << 8) : IOM_OK;
	if (rc)
		goto err_strtab;
	rc = s->cfg.s1 ? s->cfg.s1->init(s) : IOM_OK;
	if (rc)
		goto err_vmids;
	return IOM_OK;
err_vmids:
	iomi_smmuv3_drv_ids_fini(s, &s->vmids);
err_strtab:
	iomi_smmuv3_drv_strtab_fini(s);
err_evtq:
	iomi_smmuv3_drv_evtq_fini(s);
err_cmdq:
	iomi_smmuv3_drv_cmdq_fini(s);
err_lock:
	s->plat->ops.lock_fini(s->plat, &s->lock);
	return rc;
}

static void fini_parts(struct iom_smmuv3_drv *s)
{
	if (s->cfg.s1)
		s->cfg.s1->fini(s);
	iomi_smmuv3_drv_ids_fini(s, &s->vmids);
	iomi_smmuv3_drv_strtab_fini(s);
	iomi_smmuv3_drv_evtq_fini(s);
	iomi_smmuv3_drv_cmdq_fini(s);
	s->plat->ops.lock_fini(s->plat, &s->lock);
}

int iom_smmuv3_drv_create(const struct iom_smmuv3_drv_cfg *cfg, struct iom_smmuv3_drv **out,
			  struct iom_smmuv3_drv_diag *diag)
{
	struct iom_smmuv3_drv *s;
	void *mem;
	int rc;

	if (!cfg->plat || !cfg->mmio || !cfg->dmem)
		return IOM_EINVAL;
	rc = iom_plat_alloc(cfg->plat, sizeof(*s), 64, &mem);
	if (rc)
		return rc;
	s = mem;
	s->cfg = *cfg;
	s->plat = cfg->plat;
	s->mmio = cfg->mmio;
	s->dmem = cfg->dmem;
	s->iommu.ops = &iommu_ops;
	iom_list_init(&s->streams);
	identify(s);
	rc = check_idr(s, diag);
	if (rc)
		goto err_free;
	fill_cfg(s);
	/* What ran before must not reach anything, whether we succeed or not. */
	rc = stop(s);
	if (!rc)
		rc = init_parts(s);
	if (rc)
		goto err_free;
	rc = start(s);
	if (rc)
		goto err_parts;
	*out = s;
	return IOM_OK;
err_parts:
	/* What it may still be reading stays allocated if it cannot be stopped. */
	if (stop(s))
		return rc;
	fini_parts(s);
err_free:
	iom_plat_free(cfg->plat, s, sizeof(*s));
	return rc;
}

int iom_smmuv3_drv_destroy(struct iom_smmuv3_drv *s)
{
	struct iom_plat *plat = s->plat;
	bool busy;
	int rc;

	iom_plat_lock(plat, &s->lock);
	busy = !iom_list_empty(&s->streams);
	iom_plat_unlock(plat, &s->lock);
	if (busy)
		return IOM_EBUSY;
	rc = stop(s);
	if (rc)
		return rc;
	fini_parts(s);
	iom_plat_free(plat, s, sizeof(*s));
	return IOM_OK;
}

void iom_smmuv3_drv_stats(struct iom_smmuv3_drv *s, struct iom_smmuv3_drv_stats *st)
{
	iom_plat_lock(s->plat, &s->evt_lock);
	iom_plat_lock(s->plat, &s->cmdq.lock);
	*st = s->stats;
	iom_plat_unlock(s->plat, &s->cmdq.lock);
	iom_plat_unlock(s->plat, &s->evt_lock);
}

bool iom_smmuv3_drv_dead(const struct iom_smmuv3_drv *s)
{
	return atomic_load(&s->dead);
}
