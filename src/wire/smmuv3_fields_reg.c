/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields of the registers (IHI 0070, 6.3). Owns nothing. */
#include "smmuv3_fields_rows.h"

static const char *const ttf[] = { NULL, "AArch32", "AArch64", "both" };
static const char *const httu[] = { "none", "access flag", "access flag and dirty state",
	"also access flag of tables" };
static const char *const ttendian[] = { "mixed", NULL, "little", "big" };
static const char *const stall_model[] = { "stall and terminate", "terminate only", "stall only" };
static const char *const st_level[] = { "linear", "linear and two-level" };
static const char *const oas[] = { "32 bits", "36 bits", "40 bits", "42 bits", "44 bits",
	"48 bits", "52 bits", "56 bits" };
static const char *const vax[] = { "48 bits", "52 bits", "56 bits" };
static const char *const bbml[] = { "level 0", "level 1", "level 2" };
static const char *const cache[] = { "non-cacheable", "write-back", "write-through" };
static const char *const sh[] = { "non-shareable", NULL, "outer shareable", "inner shareable" };
static const char *const shcfg[] = { "non-shareable", "incoming", "outer shareable",
	"inner shareable" };
static const char *const privcfg[] = { "incoming", NULL, "unprivileged", "privileged" };
static const char *const instcfg[] = { "incoming", NULL, "data", "instruction" };
static const char *const fmt[] = { "linear", "two levels" };
static const char *const cerror[] = { "none", "CERROR_ILL", "CERROR_ABT", "CERROR_ATC_INV_SYNC" };

static const struct iomi_smmuv3_field idr0[] = {
	NUM("S2P", 0, SMMU_IDR0_S2P),
	NUM("S1P", 0, SMMU_IDR0_S1P),
	NAMED("TTF", 0, SMMU_IDR0_TTF, ttf),
	NUM("COHACC", 0, SMMU_IDR0_COHACC),
	NUM("BTM", 0, SMMU_IDR0_BTM),
	NAMED("HTTU", 0, SMMU_IDR0_HTTU, httu),
	NUM("DORMHINT", 0, SMMU_IDR0_DORMHINT),
	NUM("HYP", 0, SMMU_IDR0_HYP),
	NUM("ATS", 0, SMMU_IDR0_ATS),
	NUM("NS1ATS", 0, SMMU_IDR0_NS1ATS),
	NUM("ASID16", 0, SMMU_IDR0_ASID16),
	NUM("MSI", 0, SMMU_IDR0_MSI),
	NUM("SEV", 0, SMMU_IDR0_SEV),
	NUM("ATOS", 0, SMMU_IDR0_ATOS),
	NUM("PRI", 0, SMMU_IDR0_PRI),
	NUM("VMW", 0, SMMU_IDR0_VMW),
	NUM("VMID16", 0, SMMU_IDR0_VMID16),
	NUM("CD2L", 0, SMMU_IDR0_CD2L),
	NUM("VATOS", 0, SMMU_IDR0_VATOS),
	NAMED("TTENDIAN", 0, SMMU_IDR0_TTENDIAN, ttendian),
	NUM("ATSRECERR", 0, SMMU_IDR0_ATSRECERR),
	NAMED("STALL_MODEL", 0, SMMU_IDR0_STALL_MODEL, stall_model),
	NUM("TERM_MODEL", 0, SMMU_IDR0_TERM_MODEL),
	NAMED("ST_LEVEL", 0, SMMU_IDR0_ST_LEVEL, st_level),
	NUM("RME_IMPL", 0, SMMU_IDR0_RME_IMPL),
};

static const struct iomi_smmuv3_field idr1[] = {
	NUM("SIDSIZE", 0, SMMU_IDR1_SIDSIZE),
	NUM("SSIDSIZE", 0, SMMU_IDR1_SSIDSIZE),
	NUM("PRIQS", 0, SMMU_IDR1_PRIQS),
	NUM("EVENTQS", 0, SMMU_IDR1_EVENTQS),
	NUM("CMDQS", 0, SMMU_IDR1_CMDQS),
	NUM("ATTR_PERMS_OVR", 0, SMMU_IDR1_ATTR_PERMS_OVR),
	NUM("ATTR_TYPES_OVR", 0, SMMU_IDR1_ATTR_TYPES_OVR),
	NUM("REL", 0, SMMU_IDR1_REL),
	NUM("QUEUES_PRESET", 0, SMMU_IDR1_QUEUES_PRESET),
	NUM("TABLES_PRESET", 0, SMMU_IDR1_TABLES_PRESET),
	NUM("ECMDQ", 0, SMMU_IDR1_ECMDQ),
};

static const struct iomi_smmuv3_field idr3[] = {
	NUM("HAD", 0, SMMU_IDR3_HAD),
	NUM("PBHA", 0, SMMU_IDR3_PBHA),
	NUM("XNX", 0, SMMU_IDR3_XNX),
	NUM("PPS", 0, SMMU_IDR3_PPS),
	NUM("MPAM", 0, SMMU_IDR3_MPAM),
	NUM("FWB", 0, SMMU_IDR3_FWB),
	NUM("STT", 0, SMMU_IDR3_STT),
	NUM("RIL", 0, SMMU_IDR3_RIL),
	NAMED("BBML", 0, SMMU_IDR3_BBML, bbml),
	NUM("E0PD", 0, SMMU_IDR3_E0PD),
	NUM("PTWNNC", 0, SMMU_IDR3_PTWNNC),
	NUM("DPT", 0, SMMU_IDR3_DPT),
	NUM("PASIDTT", 0, SMMU_IDR3_PASIDTT),
	NUM("EPAN", 0, SMMU_IDR3_EPAN),
	NUM("S1PI", 0, SMMU_IDR3_S1PI),
	NUM("S2PI", 0, SMMU_IDR3_S2PI),
	NUM("S2PO", 0, SMMU_IDR3_S2PO),
	NUM("THE", 0, SMMU_IDR3_THE),
	NUM("MTEPERM", 0, SMMU_IDR3_MTEPERM),
	NUM("AIE", 0, SMMU_IDR3_AIE),
};

static const struct iomi_smmuv3_field idr5[] = {
	NAMED("OAS", 0, SMMU_IDR5_OAS, oas),
	NUM("GRAN4K", 0, SMMU_IDR5_GRAN4K),
	NUM("GRAN16K", 0, SMMU_IDR5_GRAN16K),
	NUM("GRAN64K", 0, SMMU_IDR5_GRAN64K),
	NUM("DS", 0, SMMU_IDR5_DS),
	NUM("D128", 0, SMMU_IDR5_D128),
	NAMED("VAX", 0, SMMU_IDR5_VAX, vax),
	NUM("STALL_MAX", 0, SMMU_IDR5_STALL_MAX),
};

static const struct iomi_smmuv3_field iidr[] = {
	NUM("Implementer", 0, SMMU_IIDR_IMPLEMENTER),
	NUM("Revision", 0, SMMU_IIDR_REVISION),
	NUM("Variant", 0, SMMU_IIDR_VARIANT),
	NUM("ProductID", 0, SMMU_IIDR_PRODUCTID),
};

static const struct iomi_smmuv3_field aidr[] = {
	NUM("ArchMinorRev", 0, SMMU_AIDR_MINOR),
	NUM("ArchMajorRev", 0, SMMU_AIDR_MAJOR),
};

static const struct iomi_smmuv3_field cr0[] = {
	NUM("SMMUEN", 0, SMMU_CR0_SMMUEN),
	NUM("PRIQEN", 0, SMMU_CR0_PRIQEN),
	NUM("EVENTQEN", 0, SMMU_CR0_EVENTQEN),
	NUM("CMDQEN", 0, SMMU_CR0_CMDQEN),
	NUM("ATSCHK", 0, SMMU_CR0_ATSCHK),
	NUM("VMW", 0, SMMU_CR0_VMW),
	NUM("DPT_WALK_EN", 0, SMMU_CR0_DPT_WALK_EN),
};

static const struct iomi_smmuv3_field cr1[] = {
	NAMED("QUEUE_IC", 0, SMMU_CR1_QUEUE_IC, cache),
	NAMED("QUEUE_OC", 0, SMMU_CR1_QUEUE_OC, cache),
	NAMED("QUEUE_SH", 0, SMMU_CR1_QUEUE_SH, sh),
	NAMED("TABLE_IC", 0, SMMU_CR1_TABLE_IC, cache),
	NAMED("TABLE_OC", 0, SMMU_CR1_TABLE_OC, cache),
	NAMED("TABLE_SH", 0, SMMU_CR1_TABLE_SH, sh),
};

static const struct iomi_smmuv3_field cr2[] = {
	NUM("E2H", 0, SMMU_CR2_E2H),
	NUM("RECINVSID", 0, SMMU_CR2_RECINVSID),
	NUM("PTM", 0, SMMU_CR2_PTM),
	NUM("REC_CFG_ATS", 0, SMMU_CR2_REC_CFG_ATS),
};

static const struct iomi_smmuv3_field gbpa[] = {
	NUM("MemAttr", 0, SMMU_GBPA_MEMATTR),
	NUM("MTCFG", 0, SMMU_GBPA_MTCFG),
	NUM("ALLOCCFG", 0, SMMU_GBPA_ALLOCCFG),
	NAMED("SHCFG", 0, SMMU_GBPA_SHCFG, shcfg),
	NAMED("PRIVCFG", 0, SMMU_GBPA_PRIVCFG, privcfg),
	NAMED("INSTCFG", 0, SMMU_GBPA_INSTCFG, instcfg),
	NUM("ABORT", 0, SMMU_GBPA_ABORT),
	NUM("UPDATE", 0, SMMU_GBPA_UPDATE),
};

static const struct iomi_smmuv3_field irq_ctrl[] = {
	NUM("GERROR_IRQEN", 0, SMMU_IRQ_CTRL_GERROR),
	NUM("PRIQ_IRQEN", 0, SMMU_IRQ_CTRL_PRIQ),
	NUM("EVENTQ_IRQEN", 0, SMMU_IRQ_CTRL_EVENTQ),
};

static const struct iomi_smmuv3_field gerror[] = {
	NUM("CMDQ_ERR", 0, SMMU_GERROR_CMDQ),
	NUM("EVENTQ_ABT_ERR", 0, SMMU_GERROR_EVENTQ_ABT),
	NUM("PRIQ_ABT_ERR", 0, SMMU_GERROR_PRIQ_ABT),
	NUM("MSI_CMDQ_ABT_ERR", 0, SMMU_GERROR_MSI_CMDQ_ABT),
	NUM("MSI_EVENTQ_ABT_ERR", 0, SMMU_GERROR_MSI_EVENTQ_ABT),
	NUM("MSI_PRIQ_ABT_ERR", 0, SMMU_GERROR_MSI_PRIQ_ABT),
	NUM("MSI_GERROR_ABT_ERR", 0, SMMU_GERROR_MSI_GERROR_ABT),
	NUM("SFM_ERR", 0, SMMU_GERROR_SFM),
	NUM("CMDQP_ERR", 0, SMMU_GERROR_CMDQP),
	NUM("DPT_ERR", 0, SMMU_GERROR_DPT),
};

static const struct iomi_smmuv3_field irq_cfg0[] = {
	ADDR("ADDR", 0, SMMU_IRQ_CFG0_ADDR),
};

static const struct iomi_smmuv3_field irq_cfg1[] = {
	NUM("DATA", 0, IOM_BITS32(31, 0)),
};

static const struct iomi_smmuv3_field irq_cfg2[] = {
	NUM("MEMATTR", 0, SMMU_IRQ_CFG2_MEMATTR),
	NAMED("SH", 0, SMMU_IRQ_CFG2_SH, sh),
};

static const struct iomi_smmuv3_field priq_irq_cfg2[] = {
	NUM("MEMATTR", 0, SMMU_IRQ_CFG2_MEMATTR),
	NAMED("SH", 0, SMMU_IRQ_CFG2_SH, sh),
	NUM("LO", 0, SMMU_PRIQ_IRQ_CFG2_LO),
};

static const struct iomi_smmuv3_field strtab_base[] = {
	ADDR("ADDR", 0, SMMU_STRTAB_BASE_ADDR),
	NUM("RA", 0, SMMU_STRTAB_BASE_RA),
};

static const struct iomi_smmuv3_field strtab_base_cfg[] = {
	NUM("LOG2SIZE", 0, SMMU_STRTAB_BASE_CFG_LOG2SIZE),
	NUM("SPLIT", 0, SMMU_STRTAB_BASE_CFG_SPLIT),
	NAMED("FMT", 0, SMMU_STRTAB_BASE_CFG_FMT, fmt),
};

static const struct iomi_smmuv3_field in_base[] = {
	NUM("LOG2SIZE", 0, SMMU_Q_BASE_LOG2SIZE),
	ADDR("ADDR", 0, SMMU_Q_BASE_ADDR),
	NUM("RA", 0, SMMU_Q_BASE_RWA),
};

static const struct iomi_smmuv3_field out_base[] = {
	NUM("LOG2SIZE", 0, SMMU_Q_BASE_LOG2SIZE),
	ADDR("ADDR", 0, SMMU_Q_BASE_ADDR),
	NUM("WA", 0, SMMU_Q_BASE_RWA),
};

static const struct iomi_smmuv3_field in_prod[] = {
	NUM("WR", 0, SMMU_Q_INDEX),
};

static const struct iomi_smmuv3_field in_cons[] = {
	NUM("RD", 0, SMMU_Q_INDEX),
	NAMED("ERR", 0, SMMU_CMDQ_CONS_ERR, cerror),
};

static const struct iomi_smmuv3_field out_prod[] = {
	NUM("WR", 0, SMMU_Q_INDEX),
	NUM("OVFLG", 0, SMMU_Q_OVFLG),
};

static const struct iomi_smmuv3_field out_cons[] = {
	NUM("RD", 0, SMMU_Q_INDEX),
	NUM("OVACKFLG", 0, SMMU_Q_OVACKFLG),
};

static const struct iomi_smmuv3_field opaque[] = {
	NUM("VALUE", 0, IOM_BITS32(31, 0)),
};

static const struct iomi_smmuv3_field statusr[] = {
	NUM("DORMANT", 0, IOM_BIT32(0)),
};

#define REG(n, rows, w, t) { .name = #n, .fields = (rows), \
	.n_fields = IOM_ARRAY_SIZE(rows), .words = 1, .bits = (w), .offset = SMMU_##n, .text = (t) }

static const struct iomi_smmuv3_layout regs[] = {
	REG(IDR0, idr0, 32, "features"),
	REG(IDR1, idr1, 32, "sizes"),
	REG(IDR2, opaque, 32, NULL),
	REG(IDR3, idr3, 32, "features"),
	REG(IDR4, opaque, 32, NULL),
	REG(IDR5, idr5, 32, "address sizes, granules"),
	REG(IIDR, iidr, 32, "implementation"),
	REG(AIDR, aidr, 32, "architecture version"),
	REG(CR0, cr0, 32, "control"),
	REG(CR0ACK, cr0, 32, "control, in force"),
	REG(CR1, cr1, 32, "attributes of table and queue accesses"),
	REG(CR2, cr2, 32, "control"),
	REG(STATUSR, statusr, 32, NULL),
	REG(GBPA, gbpa, 32, "bypass attributes while SMMUEN = 0"),
	REG(AGBPA, opaque, 32, NULL),
	REG(IRQ_CTRL, irq_ctrl, 32, "interrupt enables"),
	REG(IRQ_CTRLACK, irq_ctrl, 32, "interrupt enables, in force"),
	REG(GERROR, gerror, 32, "errors; active where unlike GERRORN"),
	REG(GERRORN, gerror, 32, "errors acknowledged"),
	REG(GERROR_IRQ_CFG0, irq_cfg0, 64, "MSI address"),
	REG(GERROR_IRQ_CFG1, irq_cfg1, 32, "MSI data"),
	REG(GERROR_IRQ_CFG2, irq_cfg2, 32, "MSI attributes"),
	REG(STRTAB_BASE, strtab_base, 64, "stream table"),
	REG(STRTAB_BASE_CFG, strtab_base_cfg, 32, "stream table"),
	REG(CMDQ_BASE, in_base, 64, "command queue"),
	REG(CMDQ_PROD, in_prod, 32, "command queue"),
	REG(CMDQ_CONS, in_cons, 32, "command queue"),
	REG(EVENTQ_BASE, out_base, 64, "event queue"),
	REG(EVENTQ_IRQ_CFG0, irq_cfg0, 64, "MSI address"),
	REG(EVENTQ_IRQ_CFG1, irq_cfg1, 32, "MSI data"),
	REG(EVENTQ_IRQ_CFG2, irq_cfg2, 32, "MSI attributes"),
	REG(PRIQ_BASE, out_base, 64, "PRI queue"),
	REG(PRIQ_IRQ_CFG0, irq_cfg0, 64, "MSI address"),
	REG(PRIQ_IRQ_CFG1, irq_cfg1, 32, "MSI data"),
	REG(PRIQ_IRQ_CFG2, priq_irq_cfg2, 32, "MSI attributes"),
	REG(EVENTQ_PROD, out_prod, 32, "event queue"),
	REG(EVENTQ_CONS, out_cons, 32, "event queue"),
	REG(PRIQ_PROD, out_prod, 32, "PRI queue"),
	REG(PRIQ_CONS, out_cons, 32, "PRI queue"),
};

const struct iomi_smmuv3_layout *iomi_smmuv3_fields_regs(size_t *n)
{
	*n = IOM_ARRAY_SIZE(regs);
	return regs;
}
