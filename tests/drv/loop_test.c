/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * D2: the SMMUv3 driver on libiom's model. Random maps, unmaps, attachments and
 * DMA; the oracle is an array a domain of what may be reached, and which domain
 * each stream is in. Never a byte outside; what was unmapped is unreachable
 * once unmap returned; everything that is mapped is reached, with its permission.
 */
#include "lib/drv_box.h"
#include "lib/test.h"

#define STREAMS	4u
#define DOMAINS	4u
#define PAGES	64u
#define PAGE	UINT64_C(4096)
#define WINDOW	UINT64_C(0x7fffe000)	/* across a 2 MiB line */

static const uint32_t sids[STREAMS] = { 0x8, 0x10, 0x1ff, 0xfff0 };

enum { NOWHERE = -1, IDENTITY = -2 };

struct domain {
	struct iom_domain *d;
	uint64_t pa[PAGES];		/* 0: not mapped */
	uint32_t prot[PAGES];
	bool first[PAGES];		/* of a run that was mapped at once */
};

struct loop {
	struct drv_box b;
	struct iom_smmuv3_stream stream[STREAMS];
	int where[STREAMS];		/* a domain, or NOWHERE, IDENTITY */
	struct domain dom[DOMAINS];
	struct test_rng rng;
	uint64_t reached, refused;
};

static uint64_t below(struct loop *l, uint64_t n)
{
	return test_rng_below(&l->rng, n);
}

/* --- the oracle --- */

static void check_one(struct loop *l, unsigned int s, unsigned int page)
{
	unsigned int access = below(l, 2) ? IOM_ACCESS_READ : IOM_ACCESS_WRITE;
	uint64_t iova = WINDOW + page * PAGE + below(l, PAGE), pa = 0, want = 0;
	const struct domain *d;
	int rc = drv_box_dma(&l->b, s, iova, access, &pa);

	if (l->where[s] == IDENTITY) {
		want = iova;
	} else if (l->where[s] != NOWHERE) {
		d = &l->dom[l->where[s]];
		if (d->pa[page] &&
		    (access == IOM_ACCESS_READ || (d->prot[page] & IOM_PT_WRITE)))
			want = d->pa[page] + iova % PAGE;
	}
	if (!want) {
		assert_int_not_equal(rc, IOM_OK);
		l->refused++;
		return;
	}
	assert_int_equal(rc, IOM_OK);
	assert_int_equal(pa, want);
	l->reached++;
}

static void check(struct loop *l)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		check_one(l, (unsigned int)below(l, STREAMS), (unsigned int)below(l, PAGES));
}

/* --- what happens --- */

static struct iom_range pages(unsigned int at, unsigned int n)
{
	return (struct iom_range){ WINDOW + at * PAGE, WINDOW + (at + n) * PAGE - 1 };
}

static void map(struct loop *l)
{
	struct domain *d = &l->dom[below(l, DOMAINS)];
	unsigned int at = (unsigned int)below(l, PAGES), i;
	unsigned int n = 1 + (unsigned int)below(l, PAGES - at > 20 ? 20 : PAGES - at);
	uint64_t pa = (UINT64_C(0x100000) + below(l, 0x10000)) * PAGE;
	uint32_t prot = IOM_PT_READ | (below(l, 2) ? IOM_PT_WRITE : 0);
	bool there = false;
	int rc;

	for (i = at; i < at + n; i++)
		there |= d->pa[i] != 0;
	rc = iom_domain_map(d->d, pages(at, n), pa, prot);
	assert_int_equal(rc, there ? IOM_EEXIST : IOM_OK);
	for (i = at; !rc && i < at + n; i++) {
		d->pa[i] = pa + (i - at) * PAGE;
		d->prot[i] = prot;
		d->first[i] = i == at;
	}
}

/* From a mapped page on, some mapped pages: mappings whole, or nothing changes. */
static void unmap(struct loop *l)
{
	struct domain *d = &l->dom[below(l, DOMAINS)];
	unsigned int at = (unsigned int)below(l, PAGES), n = 1, i;
	bool whole;
	int rc;

	if (!d->pa[at])
		return;
	while (at && !d->first[at] && below(l, 8))
		at--;
	while (at + n < PAGES && d->pa[at + n] && (!d->first[at + n] || !below(l, 3)))
		n++;
	whole = d->first[at] && (at + n == PAGES || !d->pa[at + n] || d->first[at + n]);
	rc = iom_domain_unmap(d->d, pages(at, n));
	assert_int_equal(rc, whole ? IOM_OK : IOM_EINVAL);
	for (i = at; !rc && i < at + n; i++)
		d->pa[i] = 0;
}

static void move(struct loop *l)
{
	unsigned int s = (unsigned int)below(l, STREAMS);
	int to = (int)below(l, DOMAINS + 2) - 2;

	if (to == NOWHERE)
		assert_int_equal(iom_smmuv3_drv_block(&l->stream[s]), IOM_OK);
	else if (to == IDENTITY)
		assert_int_equal(iom_smmuv3_drv_identity(&l->stream[s]), IOM_OK);
	else
		assert_int_equal(iom_smmuv3_drv_attach(&l->stream[s], l->dom[to].d), IOM_OK);
	l->where[s] = to;
}

static void run(struct loop *l, unsigned int steps)
{
	unsigned int i;

	for (i = 0; i < steps; i++) {
		switch (below(l, 8)) {
		case 0:
			move(l);
			break;
		case 1: case 2: case 3: case 4:
			map(l);
			break;
		default:
			unmap(l);
			break;
		}
		check(l);
		if (!below(l, 64))
			iom_smmuv3_drv_irq(l->b.drv);
	}
}

static void loop_init(struct loop *l, bool s1, bool s2, const uint64_t *seed)
{
	const struct drv_box_cfg cfg = {
		.s1 = s1 ? &iom_smmuv3_drv_s1 : NULL, .strict = seed, .seed = seed ? *seed : 0,
		.no_sync_msi = seed && *seed % 2,
	};
	unsigned int i;

	memset(l, 0, sizeof(*l));
	if (seed)
		test_rng_seed(&l->rng, *seed);
	else
		test_rng_init(&l->rng);
	drv_box_init(&l->b, &cfg, sids, STREAMS);
	for (i = 0; i < STREAMS; i++) {
		assert_int_equal(iom_smmuv3_drv_stream_add(l->b.drv, &l->stream[i], sids[i], NULL),
				 IOM_OK);
		l->where[i] = NOWHERE;
	}
	for (i = 0; i < DOMAINS; i++) {
		const struct iom_domain_cfg d = {
			.plat = &l->b.pt.plat, .dmem = &l->b.dmem,
			.pt = {
				.format = s1 && (!s2 || i % 2) ? IOM_PT_ARM_S1 : IOM_PT_ARM_S2,
				.granule_lg2 = 12, .ia_bits = i < 2 ? 39 : 44, .oa_bits = 44,
			},
		};

		assert_int_equal(iom_domain_create(&d, &l->dom[i].d), IOM_OK);
	}
}

static void loop_fini(struct loop *l)
{
	unsigned int i;

	for (i = 0; i < STREAMS; i++)
		assert_int_equal(iom_smmuv3_drv_stream_remove(&l->stream[i]), IOM_OK);
	for (i = 0; i < DOMAINS; i++)
		assert_int_equal(iom_domain_destroy(l->dom[i].d), IOM_OK);
	assert_int_equal(l->b.reports, 0);
	drv_box_fini(&l->b, STREAMS);
}

static void random_life(bool s1, bool s2)
{
	static struct loop l;

	loop_init(&l, s1, s2, NULL);
	run(&l, 3000);
	/* Both happened, or nothing was proved. */
	assert_true(l.reached > 1000 && l.refused > 1000);
	loop_fini(&l);
}

static void stage1(void **state)
{
	(void)state;
	random_life(true, false);
}

static void stage2(void **state)
{
	(void)state;
	random_life(false, true);
}

static void both(void **state)
{
	(void)state;
	random_life(true, true);
}

/* F3: on the strict model no rule is broken, whatever the seed. */
static void strict(void **state)
{
	unsigned int n = getenv("IOM_SEEDS") ? (unsigned int)atoi(getenv("IOM_SEEDS")) : 60, i;
	uint64_t seed, reached = 0, refused = 0;
	static struct loop l;
	struct test_rng rng;

	(void)state;
	test_rng_init(&rng);
	for (i = 0; i < n; i++) {
		seed = test_rng_u64(&rng);
		loop_init(&l, i % 3 != 1, i % 3 != 0, &seed);
		run(&l, 150);
		reached += l.reached;
		refused += l.refused;
		if (l.b.reports)
			fail_msg("seed 0x%llx: %llu reports", (unsigned long long)seed,
				 (unsigned long long)l.b.reports);
		loop_fini(&l);
	}
	assert_true(reached > n && refused > n);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage1),
		cmocka_unit_test(stage2),
		cmocka_unit_test(both),
		cmocka_unit_test(strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
