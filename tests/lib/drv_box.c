/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/drv_box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE	UINT64_C(4096)

#define REQUIRE(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

/* --- memory: first fit, whole pages, the driver's side --- */

static size_t pages(size_t size)
{
	return (size + PAGE - 1) / PAGE;
}

static int take(struct drv_box *b, size_t n, size_t step, size_t *at)
{
	size_t i, k;

	if (b->alloc_left && !--b->alloc_left)
		return IOM_ENOMEM;
	for (i = 0; i + n <= DRV_BOX_PAGES; i += step) {
		for (k = 0; k < n && !b->used[i + k]; k++)
			;
		if (k < n)
			continue;
		memset(&b->used[i], 1, n);
		b->live_pages += n;
		*at = i;
		return IOM_OK;
	}
	return IOM_ENOMEM;
}

static int mem_alloc(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, dmem);
	size_t i;
	int rc;

	pthread_mutex_lock(&b->mem_lock);
	rc = take(b, pages(size), align > PAGE ? align / PAGE : 1, &i);
	pthread_mutex_unlock(&b->mem_lock);
	if (rc)
		return rc;
	memset(b->mem + i * PAGE, 0, pages(size) * PAGE);
	memset(b->hw + i * PAGE, 0, pages(size) * PAGE);
	if (b->strict)
		REQUIRE(!iom_smmuv3_strict_acquire(b->dev, DRV_BOX_BASE + i * PAGE,
						   pages(size) * PAGE));
	*virt = b->mem + i * PAGE;
	*pa = DRV_BOX_BASE + i * PAGE;
	return IOM_OK;
}

static void mem_free(struct iom_dmem *m, void *virt, uint64_t pa, size_t size)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, dmem);
	size_t i = (pa - DRV_BOX_BASE) / PAGE, n = pages(size), k;

	REQUIRE((uint8_t *)virt == b->mem + i * PAGE);
	/* Whoever still reads it finds nonsense; the strict model is asked who may. */
	if (b->strict)
		REQUIRE(!iom_smmuv3_strict_release(b->dev, pa, n * PAGE));
	memset(virt, 0xa5, n * PAGE);
	memset(b->hw + i * PAGE, 0xa5, n * PAGE);
	pthread_mutex_lock(&b->mem_lock);
	for (k = 0; k < n; k++) {
		REQUIRE(b->used[i + k]);
		b->used[i + k] = 0;
	}
	b->live_pages -= n;
	pthread_mutex_unlock(&b->mem_lock);
}

/* Whole words, as a cache moves them while hardware reads. */
static void move(uint8_t *to, const uint8_t *from, size_t size)
{
	size_t i;

	REQUIRE(!(((uintptr_t)to | size) & 7));
	for (i = 0; i < size; i += 8)
		__atomic_store_n((uint64_t *)(void *)(to + i),
				 __atomic_load_n((const uint64_t *)(const void *)(from + i),
						 __ATOMIC_RELAXED), __ATOMIC_RELEASE);
}

static void mem_clean(struct iom_dmem *m, const void *virt, size_t size)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, dmem);
	size_t off = (size_t)((const uint8_t *)virt - b->mem);

	move(b->hw + off, b->mem + off, size);
}

static void mem_inval(struct iom_dmem *m, const void *virt, size_t size)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, dmem);
	size_t off = (size_t)((const uint8_t *)virt - b->mem);

	move(b->mem + off, b->hw + off, size);
}

static void *mem_virt(struct iom_dmem *m, uint64_t pa)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, dmem);

	REQUIRE(pa - DRV_BOX_BASE < DRV_BOX_PAGES * PAGE);
	return b->mem + (pa - DRV_BOX_BASE);
}

/* --- registers --- */

static uint64_t reg_read(struct iom_mmio *m, uint64_t off, unsigned int len)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, mmio);
	uint64_t val = 0;

	REQUIRE(!iom_smmuv3_dev_read(b->dev, off, len, &val));
	return b->on_read ? b->on_read(b, off, val) : val;
}

static void reg_write(struct iom_mmio *m, uint64_t off, unsigned int len, uint64_t val)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, mmio);

	if (!b->on_write || b->on_write(b, off, &val))
		REQUIRE(!iom_smmuv3_dev_write(b->dev, off, len, val));
}

static uint32_t read32(struct iom_mmio *m, uint64_t off)
{
	return (uint32_t)reg_read(m, off, 4);
}

static void write32(struct iom_mmio *m, uint64_t off, uint32_t val)
{
	reg_write(m, off, 4, val);
}

static uint64_t read64(struct iom_mmio *m, uint64_t off)
{
	return reg_read(m, off, 8);
}

static void write64(struct iom_mmio *m, uint64_t off, uint64_t val)
{
	reg_write(m, off, 8, val);
}

static void rmb(struct iom_mmio *m)
{
	(void)m;
	atomic_thread_fence(memory_order_seq_cst);
}

static void wmb(struct iom_mmio *m)
{
	struct drv_box *b = IOM_CONTAINER_OF(m, struct drv_box, mmio);

	rmb(m);
	if (b->told_wmb)
		REQUIRE(!iom_smmuv3_strict_wmb(b->dev));
}

static const struct iom_mmio_ops mmio_ops = {
	.read32 = read32, .write32 = write32, .read64 = read64, .write64 = write64,
	.wmb = wmb, .rmb = rmb,
};

/* --- both halves --- */

int drv_box_create_driver(struct drv_box *b, const struct drv_box_cfg *cfg,
			  struct iom_smmuv3_drv_diag *why)
{
	const struct iom_smmuv3_drv_cfg drv = {
		.plat = &b->pt.plat, .mmio = &b->mmio, .dmem = &b->dmem, .s1 = cfg->s1,
		.no_sync_msi = cfg->no_sync_msi, .fault = cfg->fault, .arg = cfg->arg,
		.sid_lg2 = 16, .timeout_turns = cfg->timeout_turns,
		.cmdq_lg2 = cfg->cmdq_lg2, .evtq_lg2 = cfg->evtq_lg2,
		.evtq_msi = cfg->evtq_msi,
	};

	return iom_smmuv3_drv_create(&drv, &b->drv, why);
}

static void on_report(void *arg, const struct iom_smmuv3_report *r)
{
	struct drv_box *b = arg;
	char text[4096];

	if (!b->reports++) {
		iom_smmuv3_strict_text(r, text, sizeof(text));
		fputs(text, stderr);
	}
}

void drv_box_init_model(struct drv_box *b, const struct drv_box_cfg *cfg, const uint32_t *sids,
			unsigned int nr)
{
	struct iom_dmem_ops dmem_ops = {
		.alloc = mem_alloc, .free = mem_free, .virt = mem_virt,
	};
	const struct iom_smmuv3_strict_cfg strict = {
		.seed = cfg->seed, .sync_slack = cfg->sync_slack, .wmb = !cfg->sync_slack,
		.report = on_report, .arg = b,
	};
	struct iom_smmuv3_dev_cfg dev = {
		.mode = IOM_SMMUV3_INLINE, .strict = cfg->strict ? &strict : NULL,
	};
	struct iom_smmuv3_diag diag = { 0 };
	unsigned int i;

	memset(b, 0, sizeof(*b));
	plat_test_init(&b->pt);
	REQUIRE(!pthread_mutex_init(&b->mem_lock, NULL));
	b->mem = aligned_alloc(1 << 20, DRV_BOX_PAGES * PAGE);
	REQUIRE(b->mem);
	b->hw = b->mem;
	if (cfg->incoherent) {
		b->hw = aligned_alloc(1 << 20, DRV_BOX_PAGES * PAGE);
		REQUIRE(b->hw);
		dmem_ops.clean = mem_clean;
		dmem_ops.inval = mem_inval;
	}
	REQUIRE(!iom_gmem_flat_init(&b->gmem, DRV_BOX_BASE, b->hw, DRV_BOX_PAGES * PAGE));
	REQUIRE(!iom_dmem_init(&b->dmem, &dmem_ops));
	b->mmio.ops = &mmio_ops;
	b->strict = cfg->strict;
	b->told_wmb = cfg->strict && !cfg->sync_slack;
	dev.plat = &b->pt.plat;
	dev.gmem = &b->gmem.g;
	dev.iidr = cfg->iidr;
	dev.atc_timeout_ms = cfg->atc_timeout_ms;
	memcpy(dev.idr, cfg->idr, sizeof(dev.idr));
	if (iom_smmuv3_dev_create(&dev, &b->dev, &diag)) {
		fprintf(stderr, "model: %s: %s\n", diag.field, diag.why);
		abort();
	}
	for (i = 0; i < nr; i++) {
		REQUIRE(!iom_gmem_flat_init(&b->port_gmem[i], DRV_BOX_BASE, b->hw,
					    DRV_BOX_PAGES * PAGE));
		REQUIRE(!iom_smmuv3_dev_port_init(&b->port[i], b->dev, sids[i],
						  &b->port_gmem[i].g));
		iom_access_join(&b->access[i], iom_smmuv3_dev_gate(b->dev));
	}
	b->atc_there = cfg->atc;
	if (b->atc_there)
		REQUIRE(!iom_smmuv3_atc_init(&b->atc, &b->port[1], 64));
}

void drv_box_init(struct drv_box *b, const struct drv_box_cfg *cfg, const uint32_t *sids,
		  unsigned int nr)
{
	struct iom_smmuv3_drv_diag why = { 0 };

	drv_box_init_model(b, cfg, sids, nr);
	if (drv_box_create_driver(b, cfg, &why)) {
		fprintf(stderr, "driver: %s: %s\n", why.field ? why.field : "?",
			why.why ? why.why : "?");
		abort();
	}
}

void drv_box_fini(struct drv_box *b, unsigned int nr)
{
	unsigned int i;

	/* What it left undone, before and after the driver lets go. */
	if (b->strict)
		REQUIRE(!iom_smmuv3_strict_finish(b->dev));
	if (b->drv)
		REQUIRE(!iom_smmuv3_drv_destroy(b->drv));
	REQUIRE(!b->reports);
	if (b->atc_there)
		iom_smmuv3_atc_fini(&b->atc);
	for (i = 0; i < nr; i++) {
		iom_access_leave(&b->access[i]);
		iom_smmuv3_dev_port_fini(&b->port[i]);
	}
	REQUIRE(!iom_smmuv3_dev_destroy(b->dev));
	REQUIRE(!b->live_pages);
	REQUIRE(!plat_test_live(&b->pt));
	pthread_mutex_destroy(&b->mem_lock);
	if (b->hw != b->mem)
		free(b->hw);
	free(b->mem);
}

int drv_box_dma(struct drv_box *b, unsigned int i, uint64_t iova, unsigned int access,
		uint64_t *pa)
{
	struct iom_smmuv3_port *p = &b->port[i];
	struct iom_smmuv3_result res;
	uint64_t ev[4];
	int rc;

	iom_access_begin(&b->access[i]);
	if (i == 1 && b->atc_on)
		rc = iom_smmuv3_atc_translate(&b->atc, iova, 1, access, &res, NULL, ev);
	else
		rc = iom_smmuv3_dev_translate(p, iova, 1, access, &res, ev);
	iom_access_end(&b->access[i]);
	if (!rc)
		*pa = res.pa;
	return rc;
}
