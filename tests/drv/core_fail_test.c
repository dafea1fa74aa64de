/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core where a call fails half-way: all or nothing, and what nobody knows the
 * state of is blocked (style rule 3).
 */
#include "lib/core_box.h"
#include "lib/test.h"

#define RW	(IOM_PT_READ | IOM_PT_WRITE)
#define REGIONS	3u

static const struct iom_reserved regions[REGIONS] = {
	{ { 0x40000000, 0x4000ffff }, IOM_RESERVED_DIRECT, RW },
	{ { 0x7fe00000, 0x801fffff }, IOM_RESERVED_DIRECT, RW },
	{ { 0x4000000000, 0x400000ffff }, IOM_RESERVED_DIRECT, IOM_PT_READ },
};

/* Two devices of one group: two IDs with two regions, one of which both have; and one with two. */
static struct iom_group *add_pair(struct core_box *x, struct iom_device *dev[2])
{
	static const struct iom_device_id ids[] = { { 0xa, 1 }, { 0xa, 2 }, { 0xa, 3 } };
	static const uint64_t slot = 7;
	struct iom_device_desc d = {
		.name = "d", .ids = ids, .nr_ids = 2, .shared = &slot, .nr_shared = 1,
		.reserved = regions, .nr_reserved = 2, .dflt = IOM_DEFAULT_IDENTITY,
	};

	assert_int_equal(iom_core_device_add(x->core, &d, &dev[0]), IOM_OK);
	d.ids = &ids[2];
	d.nr_ids = 1;
	d.reserved = &regions[1];
	assert_int_equal(iom_core_device_add(x->core, &d, &dev[1]), IOM_OK);
	return iom_core_device_group(x->core, dev[0]);
}

static void remove_pair(struct core_box *x, struct iom_device *dev[2])
{
	assert_int_equal(iom_core_device_remove(x->core, dev[0]), IOM_OK);
	assert_int_equal(iom_core_device_remove(x->core, dev[1]), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x->core, &x->a.i, false), IOM_OK);
}

static unsigned int mapped(struct iom_domain *d)
{
	unsigned int i, n = 0;
	uint64_t pa;

	for (i = 0; i < REGIONS; i++) {
		if (iom_domain_lookup(d, regions[i].range.start, &pa))
			continue;
		assert_int_equal(pa, regions[i].range.start);
		assert_int_equal(iom_domain_lookup(d, regions[i].range.last, &pa), IOM_OK);
		n++;
	}
	return n;
}

static void are_all(const struct core_box *x, enum where where)
{
	unsigned int i;

	for (i = 1; i <= 3; i++)
		assert_int_equal(x->a.id[i].where, where);
}

/* Every way in which attaching a group can fail, one after the other, leaves nothing behind. */
static void attach_all_or_nothing(void **state)
{
	struct iom_device *dev[2];
	struct dmem_fake mem;
	struct iom_domain *d;
	struct iom_group *g;
	struct core_box x;
	unsigned int n, kind, failures = 0;
	bool failed = true;
	int rc;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		for (n = 1, failed = true; failed; n++) {
			dmem_fake_init(&mem, 0);
			core_box_init(&x);
			assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
			g = add_pair(&x, dev);
			d = core_box_domain(&x, &mem);
			if (kind)
				x.a.fail_in = n;
			else
				dmem_fake_fail_nth(&mem, n);
			rc = iom_core_group_attach(x.core, g, d);
			failed = kind ? x.a.failed : rc;
			if (failed) {
				failures++;
				assert_int_equal(rc, IOM_ENOMEM);
				assert_int_equal(mapped(d), 0);
				are_all(&x, IDENTITY);
				assert_null(iom_core_group_domain(x.core, g));
				x.a.fail_in = 0;
				dmem_fake_fail_nth(&mem, 0);
				rc = iom_core_group_attach(x.core, g, d);
			}
			x.a.fail_in = 0;
			assert_int_equal(rc, IOM_OK);
			assert_int_equal(mapped(d), REGIONS);
			are_all(&x, DOMAIN);
			assert_int_equal(iom_core_group_detach(x.core, g), IOM_OK);
			are_all(&x, IDENTITY);
			assert_int_equal(iom_domain_destroy(d), IOM_OK);
			remove_pair(&x, dev);
			core_box_fini(&x);
			dmem_fake_fini(&mem);
		}
	}
	assert_true(failures >= 6);
}

/* What is there already counts if it is the same and gives enough; and it is not taken away. */
static void reserved_is_there(void **state)
{
	static const struct {
		unsigned int region, prot;
		uint64_t off;
		int rc;
	} rows[] = {
		{ 0, RW, 0, IOM_OK },
		{ 2, RW, 0, IOM_OK },
		{ 1, RW | IOM_PT_NOEXEC, 0, IOM_EEXIST },
		{ 1, IOM_PT_READ, 0, IOM_EEXIST },
		{ 2, RW, 0x1000, IOM_EEXIST },
	};
	struct iom_device *dev[2];
	struct iom_range half;
	struct dmem_fake mem;
	struct iom_domain *d;
	struct iom_group *g;
	struct core_box x;
	unsigned int i;
	uint64_t pa;

	(void)state;
	dmem_fake_init(&mem, 0);
	core_box_init(&x);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	g = add_pair(&x, dev);
	for (i = 0; i < 2 * IOM_ARRAY_SIZE(rows); i++) {
		const struct iom_reserved *r = &regions[rows[i / 2].region];
		bool cut = i & 1;		/* not all of it is mapped */
		int rc = cut ? IOM_EEXIST : rows[i / 2].rc;

		d = core_box_domain(&x, &mem);
		half = r->range;
		half.last -= cut ? 0x1000 : 0;
		assert_int_equal(iom_domain_map(d, half, half.start + rows[i / 2].off,
						rows[i / 2].prot), IOM_OK);
		assert_int_equal(iom_core_group_attach(x.core, g, d), rc);
		are_all(&x, rc ? IDENTITY : DOMAIN);
		if (!rc)
			assert_int_equal(mapped(d), REGIONS);
		assert_int_equal(iom_domain_lookup(d, half.start, &pa), IOM_OK);
		assert_int_equal(pa, half.start + rows[i / 2].off);
		/* It alone is in the way of a map of all. */
		assert_int_equal(iom_domain_unmap(d, half), IOM_OK);
		if (rc)
			assert_int_equal(mapped(d), 0);
		assert_int_equal(iom_core_group_detach(x.core, g), IOM_OK);
		assert_int_equal(iom_domain_destroy(d), IOM_OK);
	}
	remove_pair(&x, dev);
	core_box_fini(&x);
	dmem_fake_fini(&mem);
}

/*
 * IOM_EIO: the stream it is of goes back, too; what does not go back either is blocked,
 * never left in the domain and never in identity.
 */
static void unknown_goes_back(void **state)
{
	struct iom_device *dev[2];
	struct dmem_fake mem;
	struct iom_domain *d;
	struct iom_group *g;
	unsigned int n, more, i;
	struct core_box x;

	(void)state;
	dmem_fake_init(&mem, 0);
	for (n = 1; n <= 3; n++) {
		for (more = 0; more < 2; more++) {
			core_box_init(&x);
			assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
			g = add_pair(&x, dev);
			d = core_box_domain(&x, &mem);
			x.a.fail_in = n;
			x.a.more = more;
			x.a.rc = IOM_EIO;
			assert_int_equal(iom_core_group_attach(x.core, g, d), IOM_EIO);
			assert_int_equal(mapped(d), 0);
			for (i = 1; i <= 3; i++)
				assert_true(x.a.id[i].where == IDENTITY ||
					    (more && x.a.id[i].where == BLOCKED));
			assert_int_equal(iom_core_group_attach(x.core, g, d), IOM_OK);
			are_all(&x, DOMAIN);
			assert_int_equal(iom_core_group_detach(x.core, g), IOM_OK);
			are_all(&x, IDENTITY);
			assert_int_equal(iom_domain_destroy(d), IOM_OK);
			remove_pair(&x, dev);
			core_box_fini(&x);
		}
	}
	dmem_fake_fini(&mem);
}

/* A device that forbids identity is not there while its sibling may still be in it. */
static void sibling_must_go(void **state)
{
	const struct iom_device_id ids[] = { { 0xa, 3 }, { 0xa, 4 } };
	const struct iom_device_desc desc = { .name = "strict", .ids = ids, .nr_ids = 2 };
	struct iom_device *one, *two = NULL;
	struct core_box x;

	(void)state;
	core_box_init(&x);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	one = core_box_add(&x, 0xa, 3, IOM_DEFAULT_IDENTITY);
	assert_int_equal(x.a.id[3].where, IDENTITY);
	x.a.fail_in = 1;
	x.a.more = 2;
	x.a.rc = IOM_EIO;
	assert_int_equal(iom_core_device_add(x.core, &desc, &two), IOM_EIO);
	assert_null(two);
	assert_int_equal(x.a.id[4].where, GONE);
	assert_int_equal(iom_core_group_size(x.core, iom_core_device_group(x.core, one)), 1);
	x.a.fail_in = 0;
	assert_int_equal(iom_core_device_add(x.core, &desc, &two), IOM_OK);
	assert_int_equal(x.a.id[3].where, BLOCKED);
	assert_int_equal(x.a.id[4].where, BLOCKED);
	assert_int_equal(iom_core_device_remove(x.core, two), IOM_OK);
	assert_int_equal(iom_core_device_remove(x.core, one), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, false), IOM_OK);
	core_box_fini(&x);
}

/* A PASID that may be attached keeps its device, and can be detached; others are bound again. */
static void unknown_pasid(void **state)
{
	struct iom_device *dev, *other;
	struct dmem_fake mem;
	struct iom_domain *d;
	struct core_box x;

	(void)state;
	dmem_fake_init(&mem, 0);
	core_box_init(&x);
	d = core_box_domain(&x, &mem);
	assert_int_equal(iom_core_iommu_add(x.core, &x.a.i), IOM_OK);
	other = core_box_add(&x, 0xa, 1, IOM_DEFAULT_IDENTITY);
	dev = core_box_add(&x, 0xa, 3, IOM_DEFAULT_BLOCKED);
	assert_int_equal(iom_core_device_detach_pasid(x.core, dev, 1), IOM_ENOENT);
	x.a.rc = IOM_EIO;
	x.a.fail_in = 1;
	assert_int_equal(iom_core_device_attach_pasid(x.core, dev, 1, d), IOM_EIO);
	assert_int_equal(iom_core_device_remove(x.core, dev), IOM_EBUSY);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, true), IOM_EBUSY);
	assert_true(iom_core_device_ready(x.core, other));
	assert_int_equal(x.a.id[1].where, IDENTITY);
	x.a.fail_in = 1;
	assert_int_equal(iom_core_device_detach_pasid(x.core, dev, 1), IOM_EIO);
	assert_int_equal(iom_core_device_remove(x.core, dev), IOM_EBUSY);
	assert_int_equal(iom_core_device_detach_pasid(x.core, dev, 1), IOM_OK);
	assert_int_equal(iom_core_device_remove(x.core, dev), IOM_OK);
	assert_int_equal(iom_core_iommu_remove(x.core, &x.a.i, true), IOM_OK);
	assert_int_equal(iom_core_device_remove(x.core, other), IOM_OK);
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	core_box_fini(&x);
	dmem_fake_fini(&mem);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_all_or_nothing),
		cmocka_unit_test(reserved_is_there),
		cmocka_unit_test(unknown_goes_back),
		cmocka_unit_test(sibling_must_go),
		cmocka_unit_test(unknown_pasid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
