/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers in a BAR instead: each access is a message. See smmu_bar.h. */
#include <string.h>

#include <iom/spec/smmuv3.h>

#include "guest/smmu_bar.h"

static struct smmu_bar *of_fn(struct iom_pci_fn *f)
{
	return IOM_CONTAINER_OF(f, struct smmu_bar, fn);
}

static struct smmu_bar *of_dev(struct iom_vfu_dev *d)
{
	return IOM_CONTAINER_OF(d, struct smmu_bar, dev);
}

static void count(struct smmu_bar *b, unsigned int len, int rc)
{
	atomic_fetch_add(len == 8 ? &b->accesses_64 : &b->accesses_32, 1);
	if (rc)
		atomic_fetch_add(&b->refused, 1);
}

static void bar_read(struct iom_pci_fn *f, unsigned int n, uint64_t off, void *buf,
		     unsigned int len)
{
	struct smmu_bar *b = of_fn(f);
	uint64_t val = 0;

	(void)n;
	count(b, len, iom_smmuv3_dev_read(b->s, off, len, &val));
	memcpy(buf, &val, len);
}

static void bar_write(struct iom_pci_fn *f, unsigned int n, uint64_t off, const void *buf,
		      unsigned int len)
{
	struct smmu_bar *b = of_fn(f);
	uint64_t val = 0;

	(void)n;
	memcpy(&val, buf, len);
	smmu_strict_before(b->strict, off, val);
	count(b, len, iom_smmuv3_dev_write(b->s, off, len, val));
}

static const struct iom_pci_fn_ops fn_ops = { .bar_read = bar_read, .bar_write = bar_write };

static int region_read(struct iom_vfu_dev *d, unsigned int region, uint64_t off, void *buf,
		       size_t len)
{
	struct smmu_bar *b = of_dev(d);

	if (region != IOM_VFU_REGION_CONFIG)
		return iom_pci_bar_read(&b->fn, region, off, buf, (unsigned int)len);
	iom_pci_config_read(&b->fn, (unsigned int)off, buf, (unsigned int)len);
	return IOM_OK;
}

static int region_write(struct iom_vfu_dev *d, unsigned int region, uint64_t off, const void *buf,
			size_t len)
{
	struct smmu_bar *b = of_dev(d);

	if (region != IOM_VFU_REGION_CONFIG)
		return iom_pci_bar_write(&b->fn, region, off, buf, (unsigned int)len);
	iom_pci_config_write(&b->fn, (unsigned int)off, buf, (unsigned int)len);
	return IOM_OK;
}

static void reset(struct iom_vfu_dev *d)
{
	struct smmu_bar *b = of_dev(d);

	iom_smmuv3_dev_reset(b->s);
	iom_pci_reset(&b->fn);
}

static const struct iom_vfu_dev_ops dev_ops = {
	.region_read = region_read, .region_write = region_write, .reset = reset,
};

static void *serve_main(void *arg)
{
	struct smmu_bar *b = arg;

	iom_vfu_serve(b->v);
	return NULL;
}

int smmu_bar_start(struct smmu_bar *b, struct iom_smmuv3_dev *s, const char *socket, char *why)
{
	const struct iom_vfu_cfg vfu = {
		.dev = &b->dev,
		.region_size = { [0] = SMMU_REGS_SIZE, [IOM_VFU_REGION_CONFIG] = 256 },
		.nr_gmems = 1,
	};
	struct iom_pci_cfg pci = {
		.plat = iom_host_plat(),
		.vendor = IOM_DMATEST_VENDOR,
		.device = 0xd1a2,
		.class_code = 0x080600,		/* an IOMMU */
		.bar_size = { SMMU_REGS_SIZE },
	};
	int rc;

	strcpy(why, "cannot be built");
	b->s = s;
	b->dev.ops = &dev_ops;
	rc = iom_vfu_create(&vfu, &b->v);
	if (rc)
		return rc;
	pci.irq = iom_vfu_irq(b->v);
	rc = iom_pci_init(&b->fn, &fn_ops, &pci);
	if (!rc)
		rc = iom_vfu_listen(b->v, socket, why);
	if (!rc && pthread_create(&b->thread, NULL, serve_main, b))
		rc = IOM_ENOMEM;
	b->runs = !rc;
	return rc;
}

void smmu_bar_stop(struct smmu_bar *b)
{
	if (b->runs) {
		iom_vfu_stop(b->v);
		pthread_join(b->thread, NULL);
	}
	if (b->v) {
		iom_pci_fini(&b->fn);
		iom_vfu_destroy(b->v);
	}
}
