/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver costs that knows stage 2 and nothing else: every call it takes to
 * protect memory from a device, and no port. Linked, not run; scripts/check-bare
 * looks at its size. No stage 1, because cfg->s1 is NULL and nothing else names it.
 */
#include <iom/base/mem.h>
#include <iom/drv/smmuv3_drv.h>

#define PROT	(IOM_PT_READ | IOM_PT_WRITE | IOM_PT_CACHE)

static struct iom_smmuv3_drv *smmu;
static struct iom_smmuv3_stream stream;
static struct iom_domain *domain;

int size_start(struct iom_plat *plat, struct iom_dmem *dmem, struct iom_mmio *mmio, uint32_t sid);
int size_start(struct iom_plat *plat, struct iom_dmem *dmem, struct iom_mmio *mmio, uint32_t sid)
{
	const struct iom_smmuv3_drv_cfg cfg = { .plat = plat, .dmem = dmem, .mmio = mmio };
	struct iom_domain_cfg d = { .plat = plat, .dmem = dmem };
	struct iom_smmuv3_drv_caps caps;
	int rc = iom_smmuv3_drv_create(&cfg, &smmu, NULL);

	if (rc)
		return rc;
	iom_smmuv3_drv_caps(smmu, &caps);
	d.pt = (struct iom_pt_cfg){ IOM_PT_ARM_S2, 12, 39, caps.oas_bits, .fwb = caps.fwb };
	rc = iom_domain_create(&d, &domain);
	if (!rc)
		rc = iom_smmuv3_drv_stream_add(smmu, &stream, sid, NULL);
	return rc ? rc : iom_smmuv3_drv_attach(&stream, domain);
}

int size_map(struct iom_range iova, uint64_t pa);
int size_map(struct iom_range iova, uint64_t pa)
{
	return iom_domain_map(domain, iova, pa, PROT);
}

int size_unmap(struct iom_range iova);
int size_unmap(struct iom_range iova)
{
	return iom_domain_unmap(domain, iova);
}

int size_stop(void);
int size_stop(void)
{
	int rc = iom_smmuv3_drv_stream_remove(&stream);

	if (!rc)
		rc = iom_domain_destroy(domain);
	return rc ? rc : iom_smmuv3_drv_destroy(smmu);
}

/* Named here so that nothing of it is left out. */
const void *const size_keep[] = {
	(const void *)size_start, (const void *)size_map, (const void *)size_unmap,
	(const void *)size_stop, (const void *)iom_smmuv3_drv_irq,
};
