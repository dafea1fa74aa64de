/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A driver that does anything: random registers, commands, structures and
 * tables on a strict SMMUv3. Whatever comes, each report can be said as text,
 * and the same seed gives the same reports (F1, F2).
 */
#include <string.h>

#include <iom/dev/smmuv3_ats.h>
#include <iom/dev/smmuv3_strict.h>

#include "lib/smmu.h"
#include "lib/test.h"

struct told {
	uint64_t n, hash;
};

static void on_report(void *arg, const struct iom_smmuv3_report *r)
{
	static char buf[8192];
	struct told *t = arg;
	size_t i, len = iom_smmuv3_strict_text(r, buf, sizeof(buf));

	assert_true(len < sizeof(buf) && len == strlen(buf));
	for (i = 0; i < len; i++)
		t->hash = (t->hash ^ (uint8_t)buf[i]) * UINT64_C(0x100000001b3);
	t->n++;
}

static uint64_t reg(struct test_rng *rng)
{
	static const uint64_t often[] = { ST_CR0, ST_CR0, ST_CMDQ_PROD, ST_CMDQ_PROD, ST_CMDQ_PROD,
		ST_EVENTQ_CONS, ST_GERRORN, ST_CMDQ_BASE, ST_STRTAB_BASE, ST_STRTAB_BASE_CFG,
		ST_IRQ_CTRL, ST_GBPA, ST_PRIQ_CONS, ST_PRIQ_BASE };

	if (test_rng_below(rng, 4))
		return often[test_rng_below(rng, IOM_ARRAY_SIZE(often))];
	return test_rng_below(rng, 8) ? test_rng_below(rng, 0x40) * 4 :
					test_rng_below(rng, 0x20000);
}

/* Mostly an entry of a table, as likely to be legal as chance has it. */
static void poke(struct st *t, struct test_rng *rng)
{
	uint64_t at = t->base + 8 * test_rng_below(rng, 0x2000), w = test_rng_edgy(rng);

	switch (test_rng_below(rng, 5)) {
	case 0:			/* a command */
		at = t->cmdq + 16 * test_rng_below(rng, 1 << ST_CMDQ_LG2);
		w = test_rng_below(rng, 0x48) | test_rng_below(rng, 4) << 32;
		break;
	case 1:			/* an STE */
		at = t->strtab + 64 * test_rng_below(rng, 4);
		w = 1 | test_rng_below(rng, 8) << 1 | (t->base + 64 * test_rng_below(rng, 0x400)) |
		    test_rng_below(rng, 2) << 59;
		break;
	case 2:			/* a CD's first word */
		at = t->base + 64 * test_rng_below(rng, 0x400);
		w = UINT64_C(0x0000620580003510) | test_rng_below(rng, 3) << 48;
		break;
	case 3:			/* a descriptor */
		w = (t->base + 4096 * test_rng_below(rng, 16)) | 0x743;
		break;
	default:
		break;
	}
	st_poke(t, at, w);
}

static void act(struct st *t, struct test_rng *rng)
{
	uint64_t val, v;
	unsigned int len;

	switch (test_rng_below(rng, 8)) {
	case 0:
		len = 1u << test_rng_below(rng, 4);
		val = test_rng_below(rng, 2) ? test_rng_below(rng, 64) : test_rng_edgy(rng);
		(void)iom_smmuv3_dev_write(t->s, reg(rng), len > 2 ? len : 4, val);
		break;
	case 1:
		(void)iom_smmuv3_dev_read(t->s, reg(rng), 4, &v);
		break;
	case 2:
		st_xlate_sid(t, (uint32_t)test_rng_below(rng, 5), test_rng_below(rng, 64) << 12, 1,
			     test_rng_below(rng, 2) ? ST_R : ST_R | ST_SS(test_rng_below(rng, 3)));
		break;
	case 3:
		(void)iom_smmuv3_strict_wmb(t->s);
		break;
	case 4:
		(void)iom_smmuv3_strict_release(t->s, t->base + (test_rng_below(rng, 64) << 12),
						4096);
		break;
	case 5:
		(void)iom_smmuv3_strict_idle(t->s, (unsigned int)test_rng_below(rng, 8));
		break;
	default:
		poke(t, rng);
		break;
	}
}

static struct told run(uint64_t seed)
{
	struct iom_smmuv3_strict_cfg strict = { .seed = seed, .wmb = seed & 1,
						.report = on_report };
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct told told = { 0, 0 };
	struct test_rng rng;
	struct st t;
	unsigned int n;

	strict.arg = &told;
	strict.sync_slack = seed & 2 ? 3 : 0;
	cfg.strict = &strict;
	cfg.mode = seed & 4 ? IOM_SMMUV3_INLINE : IOM_SMMUV3_STEP;
	if (seed & 8)
		iom_smmuv3_dev_ats_idr(cfg.idr);
	test_rng_seed(&rng, seed);
	if (seed & 16)
		st_open(&t, &cfg, UINT64_C(0x40000000));
	else
		st_open_off(&t, &cfg, UINT64_C(0x40000000));
	for (n = 0; n < 1500; n++)
		act(&t, &rng);
	(void)iom_smmuv3_strict_finish(t.s);
	assert_int_equal(iom_smmuv3_strict_count(t.s), told.n);
	st_close(&t);
	return told;
}

static void anything(void **state)
{
	struct test_rng rng;
	unsigned int n;
	uint64_t all = 0;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 24; n++) {
		uint64_t seed = (test_rng_u64(&rng) & ~UINT64_C(31)) | n;
		struct told a = run(seed), b = run(seed);

		if (a.n != b.n || a.hash != b.hash)
			print_error("seed %llx: %llu reports, then %llu\n",
				    (unsigned long long)seed, (unsigned long long)a.n,
				    (unsigned long long)b.n);
		assert_true(a.n == b.n && a.hash == b.hash);
		all += a.n;
	}
	assert_true(all > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
