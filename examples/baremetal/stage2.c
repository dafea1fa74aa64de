/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver that knows stage 2 and nothing else, in front of one device: every call
 * it takes to protect memory. No stage 1, because cfg.s1 is NULL and nothing else names it.
 * stage2_main.c runs it; linked alone, it is what scripts/check-bare weighs.
 */
#include <iom/drv/smmuv3_drv.h>

#include "stage2.h"

#define PROT	(IOM_PT_READ | IOM_PT_WRITE | IOM_PT_CACHE)

static struct iom_smmuv3_drv *smmu;
static struct iom_smmuv3_stream stream;
static struct iom_domain *domain;

int stage2_start(struct iom_plat *plat, struct iom_dmem *dmem, struct iom_mmio *mmio, uint32_t sid,
		 enum iom_fault_answer (*fault)(void *arg, const struct iom_fault *f))
{
	const struct iom_smmuv3_drv_cfg cfg = {
		.plat = plat, .dmem = dmem, .mmio = mmio, .fault = fault,
	};
	struct iom_domain_cfg d = { .plat = plat, .dmem = dmem };
	struct iom_smmuv3_drv_caps caps;
	int rc = iom_smmuv3_drv_create(&cfg, &smmu, NULL);

	if (rc)
		return rc;
	iom_smmuv3_drv_caps(smmu, &caps);
	d.pt = (struct iom_pt_cfg){ &iom_pt_arm_s2, 12, 39, caps.oas_bits, .fwb = caps.fwb };
	rc = iom_domain_create(&d, &domain);
	if (!rc)
		rc = iom_smmuv3_drv_stream_add(smmu, &stream, sid, NULL);
	return rc ? rc : iom_smmuv3_drv_attach(&stream, domain);
}

int stage2_map(struct iom_range iova, uint64_t pa)
{
	return iom_domain_map(domain, iova, pa, PROT);
}

int stage2_unmap(struct iom_range iova)
{
	return iom_domain_unmap(domain, iova);
}

int stage2_stop(void)
{
	int rc = iom_smmuv3_drv_stream_remove(&stream);

	if (!rc)
		rc = iom_domain_destroy(domain);
	return rc ? rc : iom_smmuv3_drv_destroy(smmu);
}

void stage2_poll(void)
{
	iom_smmuv3_drv_irq(smmu);
}

/* Named here so that a linker that drops what nobody calls keeps all of it. */
const void *const stage2_keep[] = {
	(const void *)stage2_start, (const void *)stage2_map, (const void *)stage2_unmap,
	(const void *)stage2_poll, (const void *)stage2_stop,
};
