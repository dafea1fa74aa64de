/* SPDX-License-Identifier: BSD-2-Clause */
#include "lib/core_box.h"

#include "lib/test.h"

static int may(struct iommu_fake *f)
{
	if (!f->fail_in || --f->fail_in)
		return IOM_OK;
	if (f->more) {
		f->more--;
		f->fail_in = 1;
	}
	f->failed = true;
	return f->rc ? f->rc : IOM_ENOMEM;
}

static int fake_add(struct iom_core_iommu *i, uint32_t id, const struct iom_core_stream_cfg *cfg,
		    struct iom_core_stream **out)
{
	struct iommu_fake *f = IOM_CONTAINER_OF(i, struct iommu_fake, i);
	int rc = may(f);

	(void)cfg;
	assert_true(id < IOMMU_FAKE_IDS && f->id[id].where == GONE);
	if (rc)
		return rc;
	f->id[id].st = (struct iom_core_stream){ i, id };
	f->id[id].where = BLOCKED;
	*out = &f->id[id].st;
	return IOM_OK;
}

static struct iommu_fake *fake_of(struct iom_core_stream *st)
{
	return IOM_CONTAINER_OF(st->iommu, struct iommu_fake, i);
}

static int fake_remove(struct iom_core_stream *st)
{
	assert_int_not_equal(fake_of(st)->id[st->id].where, GONE);
	if (fake_of(st)->id[st->id].pasids)
		return IOM_EBUSY;
	fake_of(st)->id[st->id].where = GONE;
	return IOM_OK;
}

/* Nobody knows where a stream is that moved with IOM_EIO. */
static int go(struct iom_core_stream *st, enum where where, struct iom_domain *d)
{
	struct iommu_fake *f = fake_of(st);
	int rc = may(f);

	if (rc && rc != IOM_EIO)
		return rc;
	f->id[st->id].where = rc ? NOBODY_KNOWS : where;
	f->id[st->id].d = d;
	return rc;
}

static int fake_attach(struct iom_core_stream *st, struct iom_domain *d)
{
	return go(st, d ? DOMAIN : BLOCKED, d);
}

static int fake_identity(struct iom_core_stream *st)
{
	return go(st, IDENTITY, NULL);
}

/* With IOM_EIO it may be attached, and counts. */
static int fake_pasid(struct iom_core_stream *st, uint32_t pasid, struct iom_domain *d)
{
	int rc = may(fake_of(st));

	(void)pasid;
	fake_of(st)->id[st->id].pasid_domain = d;
	if (!rc || rc == IOM_EIO)
		fake_of(st)->id[st->id].pasids++;
	return rc;
}

static int fake_no_pasid(struct iom_core_stream *st, uint32_t pasid)
{
	int rc = may(fake_of(st));

	(void)pasid;
	if (!rc)
		fake_of(st)->id[st->id].pasids--;
	return rc;
}

static int fake_pasid_domain(struct iom_core_stream *st, uint32_t pasid, struct iom_domain **d)
{
	(void)pasid;
	if (!fake_of(st)->id[st->id].pasids)
		return IOM_ENOENT;
	*d = fake_of(st)->id[st->id].pasid_domain;
	iom_domain_hold(*d);
	return IOM_OK;
}

static unsigned int fake_pasids(const struct iom_core_stream *st)
{
	return IOM_CONTAINER_OF(st->iommu, struct iommu_fake, i)->id[st->id].pasids;
}

static const struct iom_core_iommu_ops fake_ops = {
	.add = fake_add, .remove = fake_remove, .attach = fake_attach,
	.identity = fake_identity, .attach_pasid = fake_pasid, .detach_pasid = fake_no_pasid,
	.pasids = fake_pasids,
	.pasid_domain = fake_pasid_domain,
};

void core_box_init(struct core_box *x)
{
	memset(x, 0, sizeof(*x));
	plat_test_init(&x->pt);
	assert_int_equal(iom_core_create(&x->pt.plat, &x->core), IOM_OK);
	x->a.i = (struct iom_core_iommu){ .ops = &fake_ops, .key = 0xa, .coherent = true };
	x->b.i = (struct iom_core_iommu){ .ops = &fake_ops, .key = 0xb };
}

void core_box_fini(struct core_box *x)
{
	assert_int_equal(iom_core_destroy(x->core), IOM_OK);
	assert_int_equal(plat_test_live(&x->pt), 0);
}

struct iom_device *core_box_add(struct core_box *x, uint64_t iommu, uint32_t id,
				enum iom_default dflt)
{
	const struct iom_device_id ids[] = { { iommu, id } };
	const struct iom_device_desc d = {
		.name = "d", .ids = ids, .nr_ids = 1, .dflt = dflt, .coherent = true,
	};
	struct iom_device *dev;

	assert_int_equal(iom_core_device_add(x->core, &d, &dev), IOM_OK);
	return dev;
}

struct iom_domain *core_box_domain(struct core_box *x, struct dmem_fake *mem)
{
	const struct iom_domain_cfg cfg = {
		.plat = &x->pt.plat, .dmem = &mem->dmem,
		.pt = { .format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	struct iom_domain *d;

	assert_int_equal(iom_domain_create(&cfg, &d), IOM_OK);
	return d;
}
