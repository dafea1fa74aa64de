/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * D2: the SMMUv3 driver on libiom's model. Random maps, unmaps, attachments and
 * DMA; the oracle is an array a domain of what may be reached, and which domain
 * each stream is in. Never a byte outside; what was unmapped is unreachable
 * once unmap returned; everything that is mapped is reached, with its permission.
 */
#include "lib/drv_box.h"
#include "lib/test.h"

#include <iom/spec/smmuv3.h>

#define STREAMS	4u
#define DOMAINS	4u
#define PAGES	64u
#define PAGE	UINT64_C(4096)
#define WINDOW	UINT64_C(0x7fffe000)	/* across a 2 MiB line */

/* The last is a neighbour that nobody adds. */
static const uint32_t sids[STREAMS + 1] = { 0x8, 0x10, 0x1ff, 0xfff0, 0x9 };

/* Three times 2 MiB in each domain: a block, or pages in a table that goes with them. */
#define LARGE		3u
#define LARGE_SIZE	UINT64_C(0x200000)
#define LARGE_AT(i)	(UINT64_C(0x100000000) + (i) * LARGE_SIZE)

enum { NOWHERE = -1, IDENTITY = -2 };

struct domain {
	struct iom_domain *d;
	uint64_t pa[PAGES];		/* 0: not mapped */
	uint32_t prot[PAGES];
	bool first[PAGES];		/* of a run that was mapped at once */
	uint64_t large[LARGE];
};

#define PASIDS	3u
static const uint32_t pasids[PASIDS] = { 1, 2, 0xfff };

struct loop {
	struct drv_box b;
	int pasid[PASIDS];		/* of stream 0: a domain, or NOWHERE */
	bool stage1[DOMAINS];
	struct iom_smmuv3_stream stream[STREAMS];
	int where[STREAMS];		/* a domain, or NOWHERE, IDENTITY */
	struct domain dom[DOMAINS];
	struct test_rng rng;
	unsigned int hot;		/* page mapped or unmapped last */
	uint64_t reached, refused, stalled;
};

static uint64_t below(struct loop *l, uint64_t n)
{
	return test_rng_below(&l->rng, n);
}

/* Mostly the one that has most to lose. */
static unsigned int any_stream(struct loop *l)
{
	return l->b.atc_on && below(l, 2) ? 1 : (unsigned int)below(l, STREAMS);
}

static struct domain *any_domain(struct loop *l)
{
	return &l->dom[l->b.atc_on && below(l, 2) ? (unsigned int)l->where[1] :
						    (unsigned int)below(l, DOMAINS)];
}

/* --- the oracle --- */

/*
 * One transaction. What stalls waits for the driver's answer, which is abort: the
 * handler below has nothing to map.
 */
static int dma(struct loop *l, unsigned int s, uint64_t iova, unsigned int access, uint64_t *pa)
{
	unsigned int turn;
	int rc;

	for (turn = 0; turn < 1000; turn++) {
		rc = drv_box_dma(&l->b, s, iova, access, pa);
		if (rc != IOM_EAGAIN)
			return rc;
		l->stalled++;
		iom_smmuv3_drv_irq(l->b.drv);
	}
	fail_msg("a stall was never answered");
	return rc;
}

/* One transaction of stream s, which is to be in domain `where`; more: with a PASID. */
static void check_one(struct loop *l, unsigned int s, int where, unsigned int more)
{
	unsigned int access = below(l, 2) ? IOM_ACCESS_READ : IOM_ACCESS_WRITE;
	/* Most often where something has just changed. */
	unsigned int page = below(l, 2) ? l->hot : (unsigned int)below(l, PAGES);
	uint64_t iova = WINDOW + page * PAGE + below(l, PAGE), pa = 0, want = 0;
	const struct domain *d;
	int rc = dma(l, s, iova, access | more, &pa);

	if (where == IDENTITY) {
		want = iova;
	} else if (where != NOWHERE) {
		d = &l->dom[where];
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

static void check_large(struct loop *l, unsigned int s)
{
	unsigned int i = (unsigned int)below(l, LARGE);
	uint64_t off = below(l, LARGE_SIZE), pa = 0, want = 0;
	int rc = dma(l, s, LARGE_AT(i) + off, IOM_ACCESS_READ, &pa);

	if (l->where[s] == IDENTITY)
		want = LARGE_AT(i) + off;
	else if (l->where[s] != NOWHERE && l->dom[l->where[s]].large[i])
		want = l->dom[l->where[s]].large[i] + off;
	assert_int_equal(!rc, want != 0);
	assert_true(rc || pa == want);
}

static void check(struct loop *l)
{
	unsigned int i, s, p;
	uint64_t pa;

	for (i = 0; i < 8; i++) {
		s = any_stream(l);
		check_one(l, s, l->where[s], 0);
	}
	check_large(l, s);
	if (!below(l, 16))
		assert_int_not_equal(drv_box_dma(&l->b, STREAMS, WINDOW, IOM_ACCESS_READ, &pa), 0);
	p = (unsigned int)below(l, PASIDS);
	if (l->where[0] >= 0 && l->stage1[l->where[0]])
		check_one(l, 0, l->pasid[p], IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(pasids[p]));
}

/* --- what happens --- */

static struct iom_range pages(unsigned int at, unsigned int n)
{
	return (struct iom_range){ WINDOW + at * PAGE, WINDOW + (at + n) * PAGE - 1 };
}

static void map(struct loop *l)
{
	struct domain *d = any_domain(l);
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
	l->hot = at;
	for (i = at; !rc && i < at + n; i++) {
		d->pa[i] = pa + (i - at) * PAGE;
		d->prot[i] = prot;
		d->first[i] = i == at;
	}
}

/* Stream 1 has an ATC, if the SMMU has ATS; not while it is in no domain. */
static void switch_ats(struct loop *l)
{
	bool on = !l->b.atc_on;

	if (!l->b.atc_there || l->where[1] < 0)
		return;
	/* The endpoint's own bit: cleared before, set after. */
	if (!on)
		l->b.atc_on = false;
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l->stream[1], on), IOM_OK);
	l->b.atc_on = on;
}

/* 2 MiB come or go, as a block, or where the address forbids that, as pages. */
static void large(struct loop *l)
{
	unsigned int i = (unsigned int)below(l, LARGE);
	struct domain *d = any_domain(l);
	struct iom_range r = { LARGE_AT(i), LARGE_AT(i) + LARGE_SIZE - 1 };
	uint64_t pa = (8 + below(l, 100)) * UINT64_C(0x40000000) + (below(l, 2) ? 0 : 0x7000);

	if (d->large[i]) {
		assert_int_equal(iom_domain_unmap(d->d, r), IOM_OK);
		d->large[i] = 0;
		return;
	}
	assert_int_equal(iom_domain_map(d->d, r, pa, IOM_PT_READ), IOM_OK);
	d->large[i] = pa;
}

/* From a mapped page on, some mapped pages: mappings whole, or nothing changes. */
static void unmap(struct loop *l)
{
	struct domain *d = any_domain(l);
	unsigned int at = below(l, 3) ? l->hot : (unsigned int)below(l, PAGES), n = 1, i;
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
	l->hot = at;
	for (i = at; !rc && i < at + n; i++)
		d->pa[i] = 0;
}

/* Stream 0 has PASIDs; with one attached it cannot leave stage 1. */
static bool held(const struct loop *l)
{
	return l->pasid[0] >= 0 || l->pasid[1] >= 0 || l->pasid[2] >= 0;
}

static void move_pasid(struct loop *l)
{
	unsigned int p = (unsigned int)below(l, PASIDS), to = (unsigned int)below(l, DOMAINS);

	if (l->where[0] < 0 || !l->stage1[l->where[0]] || !l->stage1[to])
		return;
	if (l->pasid[p] >= 0) {
		assert_int_equal(iom_smmuv3_drv_detach_pasid(&l->stream[0], pasids[p]), IOM_OK);
		l->pasid[p] = NOWHERE;
		return;
	}
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&l->stream[0], pasids[p], l->dom[to].d),
			 IOM_OK);
	l->pasid[p] = (int)to;
}

static void move(struct loop *l)
{
	unsigned int s = any_stream(l);
	int to = (int)below(l, DOMAINS + 2) - 2;

	if (s == 1 && l->b.atc_on && to < 0) {
		assert_int_equal(iom_smmuv3_drv_identity(&l->stream[1]), IOM_EBUSY);
		return;
	}
	if (!s && held(l) && (to < 0 || !l->stage1[to])) {
		assert_int_equal(iom_smmuv3_drv_block(&l->stream[0]), IOM_EBUSY);
		return;
	}
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
		switch (below(l, 11)) {
		case 10:
			switch_ats(l);
			break;
		case 9:
			large(l);
			break;
		case 0:
			move(l);
			break;
		case 8:
			move_pasid(l);
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

/* Nothing here is a mistake in a table: devices find translations, or none. */
static enum iom_fault_answer no_config(void *arg, const struct iom_fault *f)
{
	(void)arg;
	/* But for PASIDs that nobody attached, and streams before they are added. */
	assert_true(f->kind != IOM_FAULT_CONFIG || (f->flags & IOM_FAULT_PASID) ||
		    IOM_FIELD_GET(SMMU_EVT0_ID, f->raw[0]) == SMMU_EVT_C_BAD_STREAMID);
	return IOM_FAULT_ABORT;
}

static void resumed(struct iom_smmuv3_port *p, enum iom_smmuv3_resume how)
{
	(void)p;
	assert_int_equal(how, IOM_SMMUV3_ABORT);
}

/* While a driver begins or ends: whatever a device does is aborted. */
static uint64_t nothing_passes(struct drv_box *b, uint64_t off, uint64_t val)
{
	uint64_t pa;

	if (off == SMMU_CR0ACK || off == SMMU_CMDQ_CONS)
		assert_int_not_equal(drv_box_dma(b, 1, WINDOW, IOM_ACCESS_READ, &pa), IOM_OK);
	return val;
}

/* The SMMU is not as it was after power-on. */
static void restart(struct loop *l, const struct drv_box_cfg *cfg)
{
	struct iom_smmuv3_drv_diag why;

	l->b.on_read = nothing_passes;
	assert_int_equal(iom_smmuv3_drv_destroy(l->b.drv), IOM_OK);
	assert_int_equal(drv_box_create_driver(&l->b, cfg, &why), IOM_OK);
	l->b.on_read = NULL;
}

static void loop_init(struct loop *l, bool s1, bool s2, const uint64_t *seed)
{
	bool stalls = false;
	struct drv_box_cfg cfg = {
		.fault = no_config, .s1 = s1 ? &iom_smmuv3_drv_s1 : NULL,
		.strict = seed, .seed = seed ? *seed : 0,
		.no_sync_msi = seed && *seed % 2,
		/* Full rings are the rule. */
		.cmdq_lg2 = seed && *seed % 4 < 2 ? 2 : 0, .evtq_lg2 = seed ? 2 : 0,
	};
	unsigned int i;

	memset(l, 0, sizeof(*l));
	if (seed && *seed % 7 < 3) {
		iom_smmuv3_dev_default_idr(cfg.idr);
		iom_smmuv3_dev_ats_idr(cfg.idr);
		cfg.atc = true;
	}
	/* Stream 2 can wait for an answer, where the SMMU can. */
	if (seed && *seed % 7 >= 5) {
		iom_smmuv3_dev_default_idr(cfg.idr);
		cfg.idr[0] &= ~SMMU_IDR0_STALL_MODEL;
		cfg.idr[5] |= IOM_FIELD_PREP(SMMU_IDR5_STALL_MAX, 4u);
		stalls = true;
	}
	/* Without ranges an unmap is more commands than a small ring has. */
	if (seed && *seed % 5 == 0) {
		if (!cfg.atc && !stalls)
			iom_smmuv3_dev_default_idr(cfg.idr);
		cfg.idr[3] &= ~SMMU_IDR3_RIL;
	}
	if (seed)
		test_rng_seed(&l->rng, *seed);
	else
		test_rng_init(&l->rng);
	drv_box_init(&l->b, &cfg, sids, STREAMS + 1);
	if (stalls)
		iom_smmuv3_dev_port_stalls(&l->b.port[2], resumed);
	if (seed && *seed % 3 == 0)
		restart(l, &cfg);
	for (i = 0; i < STREAMS; i++) {
		const struct iom_smmuv3_stream_cfg sc = {
			.pasid_bits = s1 && !i ? 12 : 0, .stall = stalls && i == 2,
		};

		assert_int_equal(iom_smmuv3_drv_stream_add(l->b.drv, &l->stream[i], sids[i], &sc),
				 IOM_OK);
		l->where[i] = NOWHERE;
	}
	for (i = 0; i < PASIDS; i++)
		l->pasid[i] = NOWHERE;
	for (i = 0; i < DOMAINS; i++) {
		const struct iom_domain_cfg d = {
			.plat = &l->b.pt.plat, .dmem = &l->b.dmem,
			.pt = {
				.format = s1 && (!s2 || i % 2) ? &iom_pt_arm_s1 : &iom_pt_arm_s2,
				.granule_lg2 = 12, .ia_bits = i < 2 ? 39 : 44, .oa_bits = 44,
			},
		};

		l->stage1[i] = d.pt.format == &iom_pt_arm_s1;
		assert_int_equal(iom_domain_create(&d, &l->dom[i].d), IOM_OK);
	}
}

static void loop_fini(struct loop *l)
{
	unsigned int i;

	if (l->b.atc_on)
		switch_ats(l);
	for (i = 0; i < PASIDS; i++) {
		if (l->pasid[i] >= 0)
			assert_int_equal(iom_smmuv3_drv_detach_pasid(&l->stream[0], pasids[i]),
					 IOM_OK);
	}
	for (i = 0; i < STREAMS; i++)
		assert_int_equal(iom_smmuv3_drv_stream_remove(&l->stream[i]), IOM_OK);
	for (i = 0; i < DOMAINS; i++)
		assert_int_equal(iom_domain_destroy(l->dom[i].d), IOM_OK);
	iom_smmuv3_drv_irq(l->b.drv);
	assert_int_equal(l->b.reports, 0);
	drv_box_fini(&l->b, STREAMS + 1);
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

/* Another number of them by --seeds, and then from 1. */
#define SEEDS	61u
static unsigned int nr_seeds = SEEDS;

/* F3: on the strict model no rule is broken, whatever the seed. */
static void strict(void **state)
{
	uint64_t first, seed, reached = 0, refused = 0, stalled = 0;
	static struct loop l;
	struct test_rng rng;
	unsigned int i, n = nr_seeds;

	(void)state;
	test_rng_init(&rng);
	first = test_rng_u64(&rng);
	for (i = 0; i < n; i++) {
		seed = nr_seeds == SEEDS ? first + i : i + 1;
		loop_init(&l, i % 3 != 1, i % 3 != 0, &seed);
		run(&l, 150);
		reached += l.reached;
		refused += l.refused;
		stalled += l.stalled;
		if (l.b.reports)
			fail_msg("seed 0x%llx: %llu reports", (unsigned long long)seed,
				 (unsigned long long)l.b.reports);
		loop_fini(&l);
	}
	assert_true(reached > n && refused > n && stalled > n);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest seeds[] = { cmocka_unit_test(strict) };
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage1),
		cmocka_unit_test(stage2),
		cmocka_unit_test(both),
		cmocka_unit_test(strict),
	};

	if (argc == 3 && !strcmp(argv[1], "--seeds")) {
		nr_seeds = (unsigned int)atoi(argv[2]);
		return cmocka_run_group_tests(seeds, NULL, NULL);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
