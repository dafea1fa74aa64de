/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identification registers: a table of what each field may be, for the
 * constructor. A set is refused if the architecture has no such SMMU, or if
 * this model does not do what a field says.
 */
#include "smmuv3_dev_int.h"

struct field {
	const char *name;
	uint8_t reg;		/* IDRn */
	uint32_t mask;
	uint32_t min, max;	/* of the field's value, for this model */
	const char *why;	/* above max or below min */
	bool impossible;	/* IOM_EINVAL, else IOM_EOPNOTSUPP */
};

#define ABSENT(n, f) { "IDR" #n "." #f, n, SMMU_IDR##n##_##f, 0, 0, \
		       "this model does not implement it: leave it 0", false }
#define FREE(n, f) { "IDR" #n "." #f, n, SMMU_IDR##n##_##f, 0, UINT32_MAX, "", false }

static const struct field fields[] = {
	FREE(0, S2P), FREE(0, S1P),
	{ "IDR0.TTF", 0, SMMU_IDR0_TTF, SMMU_TTF_AARCH64, SMMU_TTF_AARCH64,
	  "this model has AArch64 tables only: 2", false },
	FREE(0, COHACC), ABSENT(0, BTM), ABSENT(0, DORMHINT), FREE(0, HYP),
	FREE(0, ATS), FREE(0, NS1ATS), FREE(0, ASID16), FREE(0, MSI), FREE(0, SEV),
	ABSENT(0, ATOS), FREE(0, PRI), ABSENT(0, VMW), FREE(0, VMID16), FREE(0, CD2L),
	ABSENT(0, VATOS),
	{ "IDR0.HTTU", 0, SMMU_IDR0_HTTU, 0, SMMU_HTTU_AF_DIRTY,
	  "this model does not set AF in table descriptors: 2 at most", false },
	{ "IDR0.TTENDIAN", 0, SMMU_IDR0_TTENDIAN, SMMU_TTENDIAN_LE, SMMU_TTENDIAN_LE,
	  "this model reads little-endian tables only: 2", false },
	FREE(0, ATSRECERR),
	{ "IDR0.STALL_MODEL", 0, SMMU_IDR0_STALL_MODEL, 0, SMMU_STALL_MODEL_FORCE,
	  "reserved: 0 stall or terminate, 1 terminate, 2 stall", true },
	FREE(0, TERM_MODEL),
	{ "IDR0.ST_LEVEL", 0, SMMU_IDR0_ST_LEVEL, 0, SMMU_ST_LEVEL_2LVL,
	  "reserved: 0 linear, 1 two levels as well", true },
	ABSENT(0, RME_IMPL),
	{ "IDR1.SIDSIZE", 1, SMMU_IDR1_SIDSIZE, 0, 32, "a StreamID has 32 bits at most", true },
	{ "IDR1.SSIDSIZE", 1, SMMU_IDR1_SSIDSIZE, 0, 20, "a SubstreamID has 20 bits at most",
	  true },
	{ "IDR1.PRIQS", 1, SMMU_IDR1_PRIQS, 0, SMMU_QUEUE_LOG2_MAX, "2^19 entries at most", true },
	{ "IDR1.EVENTQS", 1, SMMU_IDR1_EVENTQS, 0, SMMU_QUEUE_LOG2_MAX, "2^19 entries at most",
	  true },
	{ "IDR1.CMDQS", 1, SMMU_IDR1_CMDQS, 0, SMMU_QUEUE_LOG2_MAX, "2^19 entries at most",
	  true },
	FREE(1, ATTR_PERMS_OVR), FREE(1, ATTR_TYPES_OVR),
	ABSENT(1, REL), ABSENT(1, QUEUES_PRESET), ABSENT(1, TABLES_PRESET), ABSENT(1, ECMDQ),
	FREE(3, HAD), ABSENT(3, PBHA), FREE(3, XNX), FREE(3, PPS), ABSENT(3, MPAM),
	FREE(3, FWB), FREE(3, STT), FREE(3, RIL),
	{ "IDR3.BBML", 3, SMMU_IDR3_BBML, 0, 2, "reserved", true },
	FREE(3, E0PD), ABSENT(3, PTWNNC), ABSENT(3, DPT), ABSENT(3, PASIDTT), FREE(3, EPAN),
	ABSENT(3, S1PI), ABSENT(3, S2PI), ABSENT(3, S2PO), ABSENT(3, THE), ABSENT(3, MTEPERM),
	ABSENT(3, AIE),
	{ "IDR5.OAS", 5, SMMU_IDR5_OAS, 0, SMMU_OAS_52, "56 bits need D128", false },
	FREE(5, GRAN4K), FREE(5, GRAN16K), FREE(5, GRAN64K), FREE(5, DS), ABSENT(5, D128),
	{ "IDR5.VAX", 5, SMMU_IDR5_VAX, 0, SMMU_VAX_52, "56 bits need D128", false },
	FREE(5, STALL_MAX),
};

void iom_smmuv3_dev_default_idr(uint32_t idr[6])
{
	idr[0] = SMMU_IDR0_S2P | SMMU_IDR0_S1P |
		 IOM_FIELD_PREP(SMMU_IDR0_TTF, SMMU_TTF_AARCH64) | SMMU_IDR0_COHACC |
		 SMMU_IDR0_HYP | SMMU_IDR0_ASID16 | SMMU_IDR0_MSI | SMMU_IDR0_SEV |
		 SMMU_IDR0_VMID16 | SMMU_IDR0_CD2L |
		 IOM_FIELD_PREP(SMMU_IDR0_TTENDIAN, SMMU_TTENDIAN_LE) |
		 IOM_FIELD_PREP(SMMU_IDR0_STALL_MODEL, SMMU_STALL_MODEL_NONE) |
		 IOM_FIELD_PREP(SMMU_IDR0_ST_LEVEL, SMMU_ST_LEVEL_2LVL);
	idr[1] = IOM_FIELD_PREP(SMMU_IDR1_SIDSIZE, 16u) | IOM_FIELD_PREP(SMMU_IDR1_SSIDSIZE, 20u) |
		 IOM_FIELD_PREP(SMMU_IDR1_EVENTQS, SMMU_QUEUE_LOG2_MAX) |
		 IOM_FIELD_PREP(SMMU_IDR1_CMDQS, SMMU_QUEUE_LOG2_MAX) |
		 SMMU_IDR1_ATTR_PERMS_OVR | SMMU_IDR1_ATTR_TYPES_OVR;
	idr[2] = 0;
	idr[3] = SMMU_IDR3_HAD | SMMU_IDR3_XNX | SMMU_IDR3_FWB | SMMU_IDR3_STT | SMMU_IDR3_RIL |
		 IOM_FIELD_PREP(SMMU_IDR3_BBML, 2u) | SMMU_IDR3_E0PD | SMMU_IDR3_EPAN;
	idr[4] = 0;
	idr[5] = IOM_FIELD_PREP(SMMU_IDR5_OAS, SMMU_OAS_52) | SMMU_IDR5_GRAN4K |
		 SMMU_IDR5_GRAN16K | SMMU_IDR5_GRAN64K | SMMU_IDR5_DS |
		 IOM_FIELD_PREP(SMMU_IDR5_VAX, SMMU_VAX_52);
}

void iom_smmuv3_dev_ats_idr(uint32_t idr[6])
{
	idr[0] |= SMMU_IDR0_ATS | SMMU_IDR0_ATSRECERR | SMMU_IDR0_PRI;
	idr[1] |= IOM_FIELD_PREP(SMMU_IDR1_PRIQS, SMMU_QUEUE_LOG2_MAX);
}

static int refuse(struct iom_smmuv3_diag *diag, int rc, const char *field, const char *why)
{
	if (diag) {
		diag->field = field;
		diag->why = why;
	}
	return rc;
}

static int check_fields(const uint32_t idr[6], struct iom_smmuv3_diag *diag)
{
	uint32_t known[6] = { 0 };
	unsigned int i;

	for (i = 0; i < IOM_ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		uint32_t val = IOM_FIELD_GET(f->mask, idr[f->reg]);

		known[f->reg] |= f->mask;
		if (val < f->min || val > f->max)
			return refuse(diag, f->impossible ? IOM_EINVAL : IOM_EOPNOTSUPP, f->name,
				      f->why);
	}
	for (i = 0; i < 6; i++) {
		if (idr[i] & ~known[i])
			return refuse(diag, IOM_EINVAL, "IDR0-5", "a reserved bit is set");
	}
	return IOM_OK;
}

/* Fields that need one another. */
static int check_relations(const struct iomi_smmuv3_caps *c, const uint32_t idr[6],
			   struct iom_smmuv3_diag *diag)
{
	uint32_t stall_max = IOM_FIELD_GET(SMMU_IDR5_STALL_MAX, idr[5]);

	if (!c->s1p && !c->s2p)
		return refuse(diag, IOM_EINVAL, "IDR0.S1P", "one stage at least");
	if (!c->gran4k && !c->gran16k && !c->gran64k)
		return refuse(diag, IOM_EINVAL, "IDR5.GRAN4K", "one granule at least");
	if (c->cd2l && !c->ssidsize)
		return refuse(diag, IOM_EINVAL, "IDR0.CD2L", "needs substreams: IDR1.SSIDSIZE");
	if (!c->s1p && (c->ssidsize || c->asid16 || c->hyp))
		return refuse(diag, IOM_EINVAL, "IDR0.S1P",
			      "SSIDSIZE, ASID16 and HYP are of stage 1");
	if (!c->s2p && (c->vmid16 || c->fwb || c->xnx))
		return refuse(diag, IOM_EINVAL, "IDR0.S2P", "VMID16, FWB and XNX are of stage 2");
	if (c->ds && !c->gran4k && !c->gran16k)
		return refuse(diag, IOM_EINVAL, "IDR5.DS", "is of the 4K and 16K granules");
	if (c->oas_bits == 52 && !c->ds && !c->gran64k)
		return refuse(diag, IOM_EINVAL, "IDR5.OAS", "52 bits need 64K granules or DS");
	if (c->vax52 && !c->ds && !c->gran64k)
		return refuse(diag, IOM_EINVAL, "IDR5.VAX", "52 bits need 64K granules or DS");
	if (c->pri && !c->ats)
		return refuse(diag, IOM_EINVAL, "IDR0.PRI", "page requests need ATS (3.9.1)");
	if (!c->ats && (idr[0] & SMMU_IDR0_ATSRECERR))
		return refuse(diag, IOM_EINVAL, "IDR0.ATSRECERR", "is of ATS");
	if ((!c->ats || !c->s1p || !c->s2p) && c->ns1ats)
		return refuse(diag, IOM_EINVAL, "IDR0.NS1ATS", "is of ATS and both stages");
	if ((!c->pri || !c->ssidsize) && (idr[3] & SMMU_IDR3_PPS))
		return refuse(diag, IOM_EINVAL, "IDR3.PPS", "is of page requests with PASIDs");
	if (c->stall_model == SMMU_STALL_MODEL_NONE && stall_max)
		return refuse(diag, IOM_EINVAL, "IDR5.STALL_MAX", "is of stalls: IDR0.STALL_MODEL");
	if (c->stall_model != SMMU_STALL_MODEL_NONE && !stall_max)
		return refuse(diag, IOM_EINVAL, "IDR5.STALL_MAX", "one stall at least");
	return IOM_OK;
}

int iomi_smmuv3_dev_check_idr(const struct iom_smmuv3_dev_cfg *c, struct iom_smmuv3_diag *diag)
{
	struct iomi_smmuv3_caps caps;
	int rc = check_fields(c->idr, diag);

	if (rc)
		return rc;
	if (c->aidr > 4)
		return refuse(diag, IOM_EINVAL, "AIDR", "0 to 4: SMMUv3.0 to 3.4");
	iomi_smmuv3_rules_caps(c->idr, &caps);
	if (caps.httu && !iom_gmem_has_cas64(c->gmem))
		return refuse(diag, IOM_EINVAL, "IDR0.HTTU", "cfg.gmem has no cas64");
	return check_relations(&caps, c->idr, diag);
}
