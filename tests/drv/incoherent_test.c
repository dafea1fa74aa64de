/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver before an SMMU that does not snoop (IDR0.COHACC = 0), and B1: the model sees
 * only what was cleaned, the driver's CPU what it had unless it was made invalid. All
 * that is shared is used: stream tables of two levels, CD tables of both kinds, tables of
 * both stages, commands, events.
 */
#include "lib/drv_box.h"
#include "lib/test.h"

#include <iom/spec/smmuv3.h>

static const uint32_t sids[] = { 0x8, 0x1010 };
#define SID_COUNT	2u
#define PAGES		64u

struct told {
	unsigned int n;
	struct iom_fault f;
};

static enum iom_fault_answer on_fault(void *arg, const struct iom_fault *f)
{
	struct told *t = arg;

	t->n++;
	t->f = *f;
	return IOM_FAULT_ABORT;
}

static struct iom_domain *make_domain(struct drv_box *b, const struct iom_pt_format *format)
{
	const struct iom_domain_cfg cfg = {
		.plat = &b->pt.plat, .dmem = &b->dmem,
		.pt = { .format = format, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	struct iom_domain *d;

	assert_int_equal(iom_domain_create(&cfg, &d), IOM_OK);
	return d;
}

static uint64_t iova_of(unsigned int i)
{
	return UINT64_C(0x200000) * i + 0x3000;
}

static struct iom_range page(unsigned int i)
{
	return (struct iom_range){ iova_of(i), iova_of(i) + 0xfff };
}

static uint64_t reach(struct drv_box *b, unsigned int port, unsigned int i, unsigned int more)
{
	uint64_t pa = 0;

	return drv_box_dma(b, port, iova_of(i), IOM_ACCESS_READ | more, &pa) ? 0 : pa;
}

/* Each page of d is reached by the port if the model, an array, has it. */
static void maps(struct drv_box *b, struct iom_domain *d, unsigned int port, unsigned int more,
		 struct told *t, struct test_rng *rng)
{
	uint64_t has[PAGES] = { 0 };
	unsigned int step, i, n;

	for (step = 0; step < 400; step++) {
		i = (unsigned int)test_rng_below(rng, PAGES);
		if (has[i]) {
			assert_int_equal(iom_domain_unmap(d, page(i)), IOM_OK);
			has[i] = 0;
		} else {
			has[i] = 0x80100000 + test_rng_below(rng, 256) * 4096;
			assert_int_equal(iom_domain_map(d, page(i), has[i], IOM_PT_READ), IOM_OK);
		}
		i = test_rng_below(rng, 2) ? i : (unsigned int)test_rng_below(rng, PAGES);
		n = t->n;
		assert_int_equal(reach(b, port, i, more), has[i]);
		iom_smmuv3_drv_irq(b->drv);
		assert_int_equal(t->n - n, !has[i]);
		if (!has[i])
			assert_int_equal(t->f.iova, iova_of(i));
	}
	for (i = 0; i < PAGES; i++)
		assert_int_equal(has[i] ? iom_domain_unmap(d, page(i)) : IOM_OK, IOM_OK);
}

static void life(unsigned int pasid_bits, struct test_rng *rng)
{
	const struct iom_smmuv3_stream_cfg sc = { .pasid_bits = (uint8_t)pasid_bits };
	const uint32_t pasid = (1u << pasid_bits) - 1;
	struct told t = { 0 };
	struct drv_box_cfg cfg = {
		.s1 = &iom_smmuv3_drv_s1, .incoherent = true, .fault = on_fault, .arg = &t,
		.cmdq_lg2 = 4, .evtq_lg2 = 3, .timeout_turns = 1000,
	};
	struct iom_smmuv3_stream st[2];
	struct iom_domain *s1, *s2, *sub;
	static struct drv_box b;

	iom_smmuv3_dev_default_idr(cfg.idr);
	cfg.idr[0] &= ~SMMU_IDR0_COHACC;
	drv_box_init(&b, &cfg, sids, SID_COUNT);
	s1 = make_domain(&b, &iom_pt_arm_s1);
	sub = make_domain(&b, &iom_pt_arm_s1);
	s2 = make_domain(&b, &iom_pt_arm_s2);
	assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st[0], sids[0], &sc), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st[1], sids[1], NULL), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_identity(&st[1]), IOM_OK);
	assert_int_equal(reach(&b, 1, 1, 0), iova_of(1));
	assert_int_equal(iom_smmuv3_drv_attach(&st[0], s1), IOM_OK);
	maps(&b, s1, 0, 0, &t, rng);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&st[0], pasid, sub), IOM_OK);
	maps(&b, sub, 0, IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(pasid), &t, rng);
	assert_int_equal(iom_smmuv3_drv_detach_pasid(&st[0], pasid), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach(&st[0], s2), IOM_OK);
	maps(&b, s2, 0, 0, &t, rng);
	assert_int_equal(iom_smmuv3_drv_attach(&st[1], sub), IOM_OK);
	maps(&b, sub, 1, 0, &t, rng);
	assert_int_equal(iom_smmuv3_drv_block(&st[1]), IOM_OK);
	assert_int_equal(reach(&b, 1, 1, 0), 0);
	assert_int_equal(iom_smmuv3_drv_stream_remove(&st[0]), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_remove(&st[1]), IOM_OK);
	assert_int_equal(iom_domain_destroy(s1), IOM_OK);
	assert_int_equal(iom_domain_destroy(s2), IOM_OK);
	assert_int_equal(iom_domain_destroy(sub), IOM_OK);
	drv_box_fini(&b, SID_COUNT);
}

static void not_coherent(void **state)
{
	struct test_rng rng;

	(void)state;
	test_rng_init(&rng);
	life(3, &rng);
	life(12, &rng);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_coherent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
