/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core. A fake IOMMU says where each of its streams is; an SMMUv3 of libiom's
 * own shows one group from description to DMA. Requirements: A5, B1. What fails
 * half-way is in core_fail_test.c.
 */
#include <iom/drv/smmuv3_drv_core.h>

#include "lib/core_box.h"
#include "lib/drv_box.h"
#include "lib/test.h"

/* --- tests --- */

/* A5: a device waits without limit, and is blocked, not bypassed, until it is bound. */
static void waiting(void **state)
{
	struct iom_device *dev;
	struct core_box x;

	(void)state;
	core_box_init(&x);
	dev = core_box_add(&x, 0xa, 3, IOM_DEFAULT_IDENTITY);
	assert_false(iom_core_device_ready(x.core, dev));
	assert_false(iom_core_device_coherent(x.core, dev));
	assert_int_equal(iom_core_group_attach(x.core, iom_core_device_group(x.core, dev), NULL),
			 IOM_EAGAIN);
	assert_int_equal(iom_core_iommu_add(x.core, &x.b.i), IOM_OK);
	assert_false(iom_core_device_ready(x.core, dev));
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_EEXIST);
	assert_true(iom_core_device_ready(x.core, dev));
	assert_int_equal(x.a.id[3].where, IDENTITY);
	/* The IOMMU leaves after its endpoints, or unbinds them first. */
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, false), IOM_EBUSY);
	assert_int_equal(x.a.id[3].where, IDENTITY);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, true), IOM_OK);
	assert_int_equal(x.a.id[3].where, GONE);
	assert_false(iom_core_device_ready(x.core, dev));
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	assert_int_equal(x.a.id[3].where, IDENTITY);
	assert_int_equal(iom_core_destroy(x.core), IOM_EBUSY);
	assert_int_equal(iom_core_device_remove(x.core, dev), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, false), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.b.i, false), IOM_OK);
	core_box_fini(&x);
}

/* A device that could not be bound waits, and is tried again. */
static void bound_later(void **state)
{
	struct iom_device *dev;
	struct core_box x;

	(void)state;
	core_box_init(&x);
	x.a.fail_in = 1;
	dev = core_box_add(&x, 0xa, 3, IOM_DEFAULT_BLOCKED);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	assert_false(iom_core_device_ready(x.core, dev));
	assert_int_equal(iom_core_retry(x.core), IOM_OK);
	assert_true(iom_core_device_ready(x.core, dev));
	assert_int_equal(x.a.id[3].where, BLOCKED);
	assert_int_equal(iom_core_device_remove(x.core, dev), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, false), IOM_OK);
	core_box_fini(&x);
}

/*
 * A5: an IOMMU leaves and comes back, and its devices are in their domain again, which
 * cannot be destroyed meanwhile; not while a PASID would be forgotten.
 */
static void domain_outlasts_iommu(void **state)
{
	struct iom_device *dev;
	struct dmem_fake mem;
	struct iom_domain *d;
	struct iom_group *g;
	struct core_box x;

	(void)state;
	dmem_fake_init(&mem, 0);
	core_box_init(&x);
	d = core_box_domain(&x, &mem);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	dev = core_box_add(&x, 0xa, 3, IOM_DEFAULT_IDENTITY);
	g = iom_core_device_group(x.core, dev);
	assert_int_equal(iom_core_group_attach(x.core, g, d), IOM_OK);
	assert_int_equal(iom_core_device_attach_pasid(x.core, dev, 1, d), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, true), IOM_EBUSY);
	assert_true(iom_core_device_ready(x.core, dev));
	assert_int_equal(x.a.id[3].where, DOMAIN);
	assert_int_equal(iom_core_device_detach_pasid(x.core, dev, 1), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, true), IOM_OK);
	assert_int_equal(x.a.id[3].where, GONE);
	assert_int_equal(iom_domain_destroy(d), IOM_EBUSY);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	assert_int_equal(x.a.id[3].where, DOMAIN);
	assert_ptr_equal(x.a.id[3].d, d);
	assert_int_equal(iom_core_group_detach(x.core, g), IOM_OK);
	assert_int_equal(x.a.id[3].where, IDENTITY);
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	assert_int_equal(iom_core_device_remove(x.core, dev), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, false), IOM_OK);
	core_box_fini(&x);
	dmem_fake_fini(&mem);
}

/* Two devices behind one alias: the one that cannot be bound takes nothing from the other. */
static void alias_stays(void **state)
{
	const struct iom_device_id two[] = { { 0xa, 3 }, { 0xb, 5 } };
	const struct iom_device_desc desc = { .name = "two", .ids = two, .nr_ids = 2 };
	struct iom_device *one, *both;
	struct dmem_fake mem;
	struct iom_domain *d;
	struct iom_group *g;
	struct core_box x;

	(void)state;
	dmem_fake_init(&mem, 0);
	core_box_init(&x);
	d = core_box_domain(&x, &mem);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	assert_int_equal(iom_core_iommu_add(x.core, &x.b.i), IOM_OK);
	one = core_box_add(&x, 0xa, 3, IOM_DEFAULT_BLOCKED);
	assert_int_equal(iom_core_device_add(x.core, &desc, &both), IOM_OK);
	g = iom_core_device_group(x.core, one);
	assert_int_equal(iom_core_group_attach(x.core, g, d), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.b.i, true), IOM_OK);
	assert_int_equal(x.a.id[3].where, DOMAIN);
	x.b.fail_in = 2;		/* its attach, behind the one of the alias */
	assert_int_equal(iom_core_iommu_add(x.core, &x.b.i), IOM_OK);
	assert_false(iom_core_device_ready(x.core, both));
	assert_int_equal(x.b.id[5].where, GONE);
	assert_int_equal(x.a.id[3].where, DOMAIN);
	assert_int_equal(iom_core_retry(x.core), IOM_OK);
	assert_int_equal(x.b.id[5].where, DOMAIN);
	assert_int_equal(iom_core_group_detach(x.core, g), IOM_OK);
	assert_int_equal(iom_core_device_remove(x.core, both), IOM_OK);
	assert_int_equal(iom_core_device_remove(x.core, one), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, false), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.b.i, false), IOM_OK);
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	core_box_fini(&x);
	dmem_fake_fini(&mem);
}

struct nobody {
	struct iom_iommu i;
	unsigned int calls;
};

static int nobody_invalidate(struct iom_iommu *i, const struct iom_inv *inv, unsigned int nr,
			     const struct iom_inv_range *r, unsigned int nr_ranges)
{
	(void)inv;
	(void)nr;
	(void)r;
	(void)nr_ranges;
	IOM_CONTAINER_OF(i, struct nobody, i)->calls++;
	return IOM_OK;
}

/* Detaching needs no memory, and an IOMMU that is left is not asked any more. */
static void left_is_left(void **state)
{
	static const struct iom_iommu_ops ops = { .invalidate = nobody_invalidate };
	const struct iom_range page = { 0x1000, 0x1fff };
	struct nobody n[3] = { 0 };
	struct iom_inv inv[3];
	struct dmem_fake mem;
	struct iom_domain *d;
	struct test_rng rng;
	unsigned int step, k;
	unsigned int users[3] = { 0 }, before;
	struct core_box x;

	(void)state;
	test_rng_init(&rng);
	dmem_fake_init(&mem, 0);
	core_box_init(&x);
	d = core_box_domain(&x, &mem);
	for (k = 0; k < 3; k++) {
		n[k].i.ops = &ops;
		inv[k] = (struct iom_inv){ .iommu = &n[k].i, .kind = IOM_INV_STAGE1, .id = k };
	}
	for (step = 0; step < 500; step++) {
		k = (unsigned int)test_rng_below(&rng, 3);
		if (users[k] && test_rng_below(&rng, 2)) {
			plat_test_fail_nth(&x.pt, 1);
			assert_int_equal(iom_domain_inv_del(d, &inv[k]), --users[k] != 0);
			assert_false(plat_test_failed(&x.pt));
			plat_test_fail_nth(&x.pt, 0);
		} else {
			assert_int_equal(iom_domain_inv_add(d, &inv[k]), IOM_OK);
			users[k]++;
		}
		k = (unsigned int)test_rng_below(&rng, 3);
		before = n[k].calls;
		assert_int_equal(iom_domain_map(d, page, 0x5000, IOM_PT_READ), IOM_OK);
		assert_int_equal(iom_domain_unmap(d, page), IOM_OK);
		assert_int_equal(n[k].calls - before, users[k] != 0);
	}
	for (k = 0; k < 3; k++) {
		while (users[k])
			assert_int_equal(iom_domain_inv_del(d, &inv[k]), --users[k] != 0);
	}
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	core_box_fini(&x);
	dmem_fake_fini(&mem);
}

/* B1: the device is coherent and the IOMMU in front of it is. */
static void coherent(void **state)
{
	struct iom_device *a, *b;
	struct core_box x;

	(void)state;
	core_box_init(&x);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	assert_int_equal(iom_core_iommu_add(x.core, &x.b.i), IOM_OK);
	a = core_box_add(&x, 0xa, 1, IOM_DEFAULT_BLOCKED);
	b = core_box_add(&x, 0xb, 1, IOM_DEFAULT_BLOCKED);
	assert_true(iom_core_device_coherent(x.core, a));
	assert_false(iom_core_device_coherent(x.core, b));
	iom_core_device_remove(x.core, a);
	iom_core_device_remove(x.core, b);
	iom_core_iommu_remove(x.core, &x.a.i, false);
	iom_core_iommu_remove(x.core, &x.b.i, false);
	core_box_fini(&x);
}

static struct iom_device_id any_id(struct test_rng *rng)
{
	return (struct iom_device_id){ 0xa, (uint32_t)test_rng_below(rng, IOMMU_FAKE_IDS) };
}

/*
 * Groups against a model that is obviously right: a matrix of who cannot be told
 * apart, closed. Random IDs, aliases and shared bridges.
 */
static void groups(void **state)
{
	enum { N = 8 };
	struct iom_device_id ids[N][1], aliases[N][1];
	uint64_t shared[N][1];
	bool same[N][N];
	struct iom_device *dev[N];
	struct test_rng rng;
	unsigned int i, j, k, run;
	struct core_box x;

	(void)state;
	test_rng_init(&rng);
	for (run = 0; run < 300; run++) {
		core_box_init(&x);
		assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
		for (i = 0; i < N; i++) {
			struct iom_device_desc d = { .name = "d", .nr_ids = 1 };

			ids[i][0] = any_id(&rng);
			aliases[i][0] = any_id(&rng);
			shared[i][0] = test_rng_below(&rng, 20);
			d.ids = ids[i];
			d.aliases = aliases[i];
			d.nr_aliases = !test_rng_below(&rng, 4);
			if (!d.nr_aliases)
				aliases[i][0] = ids[i][0];
			d.shared = shared[i];
			d.nr_shared = !test_rng_below(&rng, 3);
			if (!d.nr_shared)
				shared[i][0] = 100 + i;
			assert_int_equal(iom_core_device_add(x.core, &d, &dev[i]), IOM_OK);
			assert_true(iom_core_device_ready(x.core, dev[i]));
		}
		for (i = 0; i < N; i++) {
			for (j = 0; j < N; j++)
				same[i][j] = ids[i][0].id == ids[j][0].id ||
					     ids[i][0].id == aliases[j][0].id ||
					     aliases[i][0].id == ids[j][0].id ||
					     aliases[i][0].id == aliases[j][0].id ||
					     shared[i][0] == shared[j][0];
		}
		for (k = 0; k < N; k++) {
			for (i = 0; i < N; i++) {
				for (j = 0; j < N; j++)
					same[i][j] |= same[i][k] && same[k][j];
			}
		}
		for (i = 0; i < N; i++) {
			for (j = 0; j < N; j++)
				assert_int_equal(iom_core_device_group(x.core, dev[i]) ==
						 iom_core_device_group(x.core, dev[j]), same[i][j]);
		}
		for (i = 0; i < N; i++)
			assert_int_equal(iom_core_device_remove(x.core, dev[i]), IOM_OK);
		for (i = 0; i < IOMMU_FAKE_IDS; i++)
			assert_int_equal(x.a.id[i].where, GONE);
		assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, false), IOM_OK);
		core_box_fini(&x);
	}
}

/* --- over an SMMUv3 --- */

static const uint32_t sids[] = { 0x8, 0x9, 0x10 };
#define KEY	UINT64_C(0x9050000)
#define RMR	UINT64_C(0x80700000)

struct seen {
	unsigned int faults;
	uint64_t iova;
};

static enum iom_fault_answer on_fault(void *arg, struct iom_device *dev, const struct iom_fault *f)
{
	struct seen *s = arg;

	assert_string_equal(iom_core_device_name(dev), "nic");
	s->faults++;
	s->iova = f->iova;
	return IOM_FAULT_ABORT;
}

struct routed {
	struct iom_core *core;
	struct iom_core_iommu *iommu;
};

static enum iom_fault_answer route(void *arg, const struct iom_fault *f)
{
	struct routed *r = arg;

	return iom_core_fault(r->core, r->iommu, f);
}

/* Two functions without ACS and one alone: attach, a reserved region, DMA, a fault, detach. */
static void from_description_to_dma(void **state)
{
	static struct drv_box b;
	struct routed r = { 0 };
	const struct drv_box_cfg cfg = { .s1 = &iom_smmuv3_drv_s1, .fault = route, .arg = &r };
	const struct iom_device_id nic[] = { { KEY, 0x8 }, { KEY, 0x9 } };
	const struct iom_device_id gpu[] = { { KEY, 0x10 } };
	const struct iom_reserved rmr[] = {
		{ { RMR, RMR + 0xffff }, IOM_RESERVED_DIRECT, IOM_PT_READ | IOM_PT_WRITE },
	};
	struct seen seen = { 0 };
	const struct iom_device_desc descs[] = {
		{ .name = "nic", .ids = nic, .nr_ids = 2, .fault = on_fault, .arg = &seen,
		  .reserved = rmr, .nr_reserved = 1 },
		{ .name = "gpu", .ids = gpu, .nr_ids = 1, .dflt = IOM_DEFAULT_IDENTITY },
	};
	struct iom_device *dev[2];
	struct iom_domain_cfg dc = { 0 };
	struct iom_domain *d;
	struct iom_group *g;
	uint64_t pa = 0;

	(void)state;
	drv_box_init(&b, &cfg, sids, 3);
	assert_int_equal(iom_core_create(&b.pt.plat, &r.core), IOM_OK);
	assert_int_equal(iom_core_device_add(r.core, &descs[0], &dev[0]), IOM_OK);
	assert_int_equal(iom_core_device_add(r.core, &descs[1], &dev[1]), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_core_create(&b.pt.plat, b.drv, KEY, &r.iommu), IOM_OK);
	assert_int_equal(iom_core_iommu_add(r.core, r.iommu), IOM_OK);
	dc = (struct iom_domain_cfg){
		.plat = &b.pt.plat, .dmem = &b.dmem,
		.pt = { .format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 48, .oa_bits = 44 },
	};
	assert_int_equal(iom_domain_create(&dc, &d), IOM_OK);
	assert_int_not_equal(drv_box_dma(&b, 0, RMR, IOM_ACCESS_READ, &pa), IOM_OK);
	assert_int_equal(drv_box_dma(&b, 2, RMR, IOM_ACCESS_READ, &pa), IOM_OK);
	g = iom_core_device_group(r.core, dev[0]);
	assert_int_equal(iom_core_group_attach(r.core, g, d), IOM_OK);
	assert_int_equal(iom_core_group_attach(r.core, g, d), IOM_EBUSY);
	assert_int_equal(iom_domain_map(d, (struct iom_range){ 0x1000, 0x1fff }, 0x80001000,
					IOM_PT_READ), IOM_OK);
	assert_int_equal(drv_box_dma(&b, 1, 0x1234, IOM_ACCESS_READ, &pa), IOM_OK);
	assert_int_equal(pa, 0x80001234);
	assert_int_equal(drv_box_dma(&b, 0, RMR + 0x42, IOM_ACCESS_WRITE, &pa), IOM_OK);
	assert_int_equal(pa, RMR + 0x42);
	assert_int_equal(iom_core_device_remove(r.core, dev[0]), IOM_EBUSY);
	assert_int_equal(iom_domain_destroy(d), IOM_EBUSY);
	/* The fault finds the device. */
	assert_int_equal(iom_domain_unmap(d, (struct iom_range){ 0x1000, 0x1fff }), IOM_OK);
	assert_int_not_equal(drv_box_dma(&b, 1, 0x1234, IOM_ACCESS_READ, &pa), IOM_OK);
	iom_smmuv3_drv_irq(b.drv);
	assert_int_equal(seen.faults, 1);
	assert_int_equal(seen.iova, 0x1234);
	assert_int_equal(iom_core_group_detach(r.core, g), IOM_OK);
	assert_int_not_equal(drv_box_dma(&b, 0, RMR, IOM_ACCESS_READ, &pa), IOM_OK);
	assert_int_equal(iom_core_device_remove(r.core, dev[0]), IOM_OK);
	assert_int_equal(iom_core_device_remove(r.core, dev[1]), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(r.core, r.iommu, false), IOM_OK);
	iom_smmuv3_drv_core_destroy(r.iommu);
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	assert_int_equal(iom_core_destroy(r.core), IOM_OK);
	drv_box_fini(&b, 3);
}

struct told {
	struct routed r;
	struct iom_domain *of[2];
	unsigned int by_domain[2], by_device;
};

static enum iom_fault_answer told_domain(void *arg, struct iom_domain *d,
					 const struct iom_fault *f)
{
	struct told *t = arg;

	/* It is held, so neither of them is gone while it is asked. */
	assert_int_equal(iom_domain_destroy(d), IOM_EBUSY);
	t->by_domain[!!(f->flags & IOM_FAULT_PASID)]++;
	assert_ptr_equal(d, t->of[!!(f->flags & IOM_FAULT_PASID)]);
	return IOM_FAULT_ABORT;
}

static enum iom_fault_answer told_device(void *arg, struct iom_device *dev,
					 const struct iom_fault *f)
{
	(void)dev;
	(void)f;
	((struct told *)arg)->by_device++;
	return IOM_FAULT_ABORT;
}

/* A fault goes to the domain of its PASID, and of a PASID that has none to the device alone. */
static void fault_of_pasid(void **state)
{
	static struct drv_box b;
	struct told t = { 0 };
	const struct drv_box_cfg cfg = { .s1 = &iom_smmuv3_drv_s1, .fault = route, .arg = &t.r };
	const struct iom_device_id id = { KEY, 0x8 };
	const struct iom_device_desc desc = {
		.name = "nic", .ids = &id, .nr_ids = 1, .fault = told_device, .arg = &t,
		.stream = { .pasid_bits = 4 },
	};
	struct iom_domain_cfg dc = { .fault = told_domain, .arg = &t };
	struct iom_device *dev;
	unsigned int i, pasid;
	uint64_t pa;

	(void)state;
	drv_box_init(&b, &cfg, sids, 3);
	assert_int_equal(iom_core_create(&b.pt.plat, &t.r.core), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_core_create(&b.pt.plat, b.drv, KEY, &t.r.iommu), IOM_OK);
	assert_int_equal(iom_core_iommu_add(t.r.core, t.r.iommu), IOM_OK);
	assert_int_equal(iom_core_device_add(t.r.core, &desc, &dev), IOM_OK);
	dc.plat = &b.pt.plat;
	dc.dmem = &b.dmem;
	dc.pt = (struct iom_pt_cfg){
		.format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44,
	};
	for (i = 0; i < 2; i++)
		assert_int_equal(iom_domain_create(&dc, &t.of[i]), IOM_OK);
	assert_int_equal(iom_core_group_attach(t.r.core, iom_core_device_group(t.r.core, dev),
					       t.of[0]), IOM_OK);
	assert_int_equal(iom_core_device_attach_pasid(t.r.core, dev, 5, t.of[1]), IOM_OK);
	for (pasid = 0; pasid < 15; pasid += 5) {
		assert_int_not_equal(drv_box_dma(&b, 0, 0x1000, IOM_ACCESS_READ |
						 (pasid ? IOM_SMMUV3_SSV : 0) |
						 IOM_SMMUV3_SSID(pasid), &pa), IOM_OK);
		iom_smmuv3_drv_irq(b.drv);
	}
	assert_int_equal(t.by_domain[0], 1);
	assert_int_equal(t.by_domain[1], 1);
	assert_int_equal(t.by_device, 3);
	assert_int_equal(iom_core_device_detach_pasid(t.r.core, dev, 5), IOM_OK);
	assert_int_equal(iom_core_group_detach(t.r.core, iom_core_device_group(t.r.core, dev)),
			 IOM_OK);
	for (i = 0; i < 2; i++)
		assert_int_equal(iom_domain_destroy(t.of[i]), IOM_OK);
	assert_int_equal(iom_core_device_remove(t.r.core, dev), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(t.r.core, t.r.iommu, false), IOM_OK);
	iom_smmuv3_drv_core_destroy(t.r.iommu);
	assert_int_equal(iom_core_destroy(t.r.core), IOM_OK);
	drv_box_fini(&b, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting),
		cmocka_unit_test(bound_later),
		cmocka_unit_test(domain_outlasts_iommu),
		cmocka_unit_test(alias_stays),
		cmocka_unit_test(left_is_left),
		cmocka_unit_test(coherent),
		cmocka_unit_test(groups),
		cmocka_unit_test(from_description_to_dma),
		cmocka_unit_test(fault_of_pasid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
