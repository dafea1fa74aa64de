/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What IIDR changes: the commands that an MMU-700 gets, and who may be a nesting parent on
 * which of Arm's. Seen by what is in the queue when PROD moves.
 */
#include <iom/spec/smmuv3.h>

#include "lib/drv_box.h"
#include "lib/test.h"

static const uint32_t sids[] = { 0x8, 0x10 };
#define SID_COUNT	2u
#define RING		256u

static const struct {
	uint32_t iidr;
	bool sync_each, nests;
} parts[] = {
	{ 0, false, true },
	{ 0x4870043b, true, false },	/* MMU-700 r0p0, */
	{ 0x4871043b, true, false },	/* r1p0, */
	{ 0x4871143b, true, false },	/* r1p1 */
	{ 0x4870043a, false, true },	/* that number of somebody else's */
	{ 0x4830043b, false, false },	/* MMU-600 r0p0, */
	{ 0x4831043b, false, false },	/* r1p0, */
	{ 0x4832043b, false, true },	/* r2p0 */
};

static unsigned int runs, unended, tlbis;

static bool on_write(struct drv_box *b, uint64_t off, uint64_t *val)
{
	uint64_t base = 0, cons = 0, pos, last = 0;
	const uint64_t *ring;

	if (off != SMMU_CMDQ_PROD)
		return true;
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_BASE, 8, &base), IOM_OK);
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_CONS, 4, &cons), IOM_OK);
	ring = (const uint64_t *)(b->mem + ((base & SMMU_Q_BASE_ADDR) - DRV_BOX_BASE));
	for (pos = cons; (pos ^ *val) % (2 * RING); pos++) {
		last = IOM_FIELD_GET(SMMU_CMD0_OPCODE, ring[2 * (pos % RING)]);
		tlbis += last == SMMU_CMD_TLBI_NH_VA;
	}
	runs += last != 0;
	unended += last && last != SMMU_CMD_SYNC;
	return true;
}

static struct iom_domain *make_domain(struct drv_box *b, const struct iom_pt_format *format,
				      bool parent)
{
	const struct iom_domain_cfg cfg = {
		.plat = &b->pt.plat, .dmem = &b->dmem, .nest_parent = parent,
		.pt = { .format = format, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	struct iom_domain *d;

	assert_int_equal(iom_domain_create(&cfg, &d), IOM_OK);
	return d;
}

/* More commands than go out at a time: an unmap of 60 pages, by address. */
static void each_run_is_ended(void **state)
{
	const struct iom_range pages = { 0x10000, 0x10000 + 60 * 0x1000 - 1 };
	struct drv_box_cfg cfg = { .s1 = &iom_smmuv3_drv_s1 };
	struct iom_smmuv3_stream st;
	static struct drv_box b;
	struct iom_domain *d;
	unsigned int i;

	(void)state;
	iom_smmuv3_dev_default_idr(cfg.idr);
	cfg.idr[3] &= ~SMMU_IDR3_RIL;
	for (i = 0; i < IOM_ARRAY_SIZE(parts); i++) {
		cfg.iidr = parts[i].iidr;
		drv_box_init_model(&b, &cfg, sids, SID_COUNT);
		runs = unended = tlbis = 0;
		b.on_write = on_write;
		assert_int_equal(drv_box_create_driver(&b, &cfg, NULL), IOM_OK);
		d = make_domain(&b, &iom_pt_arm_s1, false);
		assert_int_equal(iom_domain_map(d, pages, 0x80100000, IOM_PT_READ), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], NULL), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_attach(&st, d), IOM_OK);
		assert_int_equal(iom_domain_unmap(d, pages), IOM_OK);
		assert_int_equal(tlbis, 60);
		assert_int_equal(unended != 0, !parts[i].sync_each);
		assert_true(runs > 4);
		assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
		assert_int_equal(iom_domain_destroy(d), IOM_OK);
		drv_box_fini(&b, SID_COUNT);
	}
}

static void who_nests(void **state)
{
	struct drv_box_cfg cfg = { .s1 = &iom_smmuv3_drv_s1 };
	struct iom_smmuv3_stream st;
	struct iom_domain *d, *parent;
	static struct drv_box b;
	unsigned int i;

	(void)state;
	for (i = 0; i <= IOM_ARRAY_SIZE(parts); i++) {
		bool nests = i < IOM_ARRAY_SIZE(parts) && parts[i].nests;

		iom_smmuv3_dev_default_idr(cfg.idr);
		cfg.iidr = i < IOM_ARRAY_SIZE(parts) ? parts[i].iidr : 0;
		/* The last has no stage 1 that could stand on it. */
		if (i == IOM_ARRAY_SIZE(parts)) {
			cfg.idr[0] &= ~(uint32_t)(SMMU_IDR0_S1P | SMMU_IDR0_CD2L |
						  SMMU_IDR0_ASID16 | SMMU_IDR0_HYP);
			cfg.idr[1] &= ~(uint32_t)SMMU_IDR1_SSIDSIZE;
		}
		drv_box_init(&b, &cfg, sids, SID_COUNT);
		d = make_domain(&b, &iom_pt_arm_s2, false);
		parent = make_domain(&b, &iom_pt_arm_s2, true);
		assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], NULL), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_attach(&st, d), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_attach(&st, parent),
				 nests ? IOM_OK : IOM_EOPNOTSUPP);
		assert_ptr_equal(st.domain, nests ? parent : d);
		assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
		assert_int_equal(iom_domain_destroy(parent), IOM_OK);
		assert_int_equal(iom_domain_destroy(d), IOM_OK);
		drv_box_fini(&b, SID_COUNT);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_run_is_ended),
		cmocka_unit_test(who_nests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
