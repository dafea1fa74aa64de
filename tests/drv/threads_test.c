/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * D2: two threads map and unmap their own ranges of one domain, tables that come and go
 * among them; a third does DMA through it, with and without a PASID, a fourth moves another
 * stream in and out of it, a fifth attaches and detaches a PASID. What a thread has
 * unmapped nobody reaches once unmap has returned: a DMA that gets there is a failure.
 */
#include <pthread.h>
#include <sched.h>

#include "lib/drv_box.h"
#include "lib/test.h"

#define MAPPERS	2u
#define PAGES	32u
#define ALL	(PAGES + 1)		/* and one run of pages that is a table of its own */
#define TABLE	(512 * PAGE)
#define PASID	3u
#define BY_PASID	(IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(PASID))
#define ROUNDS	1500u
#define ROUNDS_STRICT	150u		/* a thousand times as slow, a transaction */
#define PAGE	UINT64_C(4096)

static const uint32_t sids[] = { 0x8, 0x10 };

struct shared {
	struct drv_box b;
	struct iom_domain *d;
	struct iom_smmuv3_stream st[2];
	atomic_bool stop;
	/* 1 while the page may be reached: set before map, cleared after unmap has returned. */
	atomic_uint open[MAPPERS][ALL];
	atomic_ullong reached, reached_by_pasid;
	uint64_t seed;
	unsigned int rounds;
};

struct mapper {
	struct shared *s;
	unsigned int which;
	pthread_t thread;
};

static struct iom_range range_of(unsigned int which, unsigned int page)
{
	/* Neighbours: they share tables. */
	uint64_t iova = UINT64_C(0x40000000) + (page * MAPPERS + which) * PAGE;

	if (page == PAGES) {
		iova = UINT64_C(0x80000000) + which * TABLE;
		return (struct iom_range){ iova, iova + TABLE - 1 };
	}
	return (struct iom_range){ iova, iova + PAGE - 1 };
}

/* Never a block. */
static uint64_t pa_of(struct iom_range r)
{
	return r.start + PAGE;
}

static void *map_and_unmap(void *arg)
{
	struct mapper *m = arg;
	struct shared *s = m->s;
	struct test_rng rng;
	unsigned int i, p;

	test_rng_seed(&rng, s->seed + m->which);
	/* On a busy machine the DMA's thread may not have run by then. */
	for (i = 0; i < s->rounds || !atomic_load(&s->reached); i++) {
		struct iom_range r;

		p = (unsigned int)test_rng_below(&rng, ALL);
		r = range_of(m->which, p);
		if (!atomic_load(&s->open[m->which][p])) {
			atomic_store(&s->open[m->which][p], 1);
			assert_int_equal(iom_domain_map(s->d, r, pa_of(r), IOM_PT_READ), IOM_OK);
		} else {
			assert_int_equal(iom_domain_unmap(s->d, r), IOM_OK);
			atomic_store(&s->open[m->which][p], 0);
		}
	}
	return NULL;
}

static void *dma(void *arg)
{
	struct shared *s = arg;
	struct test_rng rng;

	test_rng_seed(&rng, s->seed + 77);
	while (!atomic_load(&s->stop)) {
		unsigned int w = (unsigned int)test_rng_below(&rng, MAPPERS);
		unsigned int p = (unsigned int)test_rng_below(&rng, ALL);
		bool pasid = test_rng_below(&rng, 2);
		uint64_t iova = range_of(w, p).start;
		struct iom_smmuv3_result res;
		uint64_t ev[4];
		int rc;

		/* While the bracket is open nothing that it reached is handed back. */
		iom_access_begin(&s->b.access[0]);
		rc = iom_smmuv3_dev_translate(&s->b.port[0], iova, 8,
					      IOM_ACCESS_READ | (pasid ? BY_PASID : 0), &res, ev);
		if (!rc) {
			assert_int_equal(res.pa, pa_of(range_of(w, p)));
			assert_int_equal(atomic_load(&s->open[w][p]), 1);
			atomic_fetch_add(pasid ? &s->reached_by_pasid : &s->reached, 1);
		}
		iom_access_end(&s->b.access[0]);
	}
	return NULL;
}

static void *move(void *arg)
{
	struct shared *s = arg;

	while (!atomic_load(&s->stop)) {
		assert_int_equal(iom_smmuv3_drv_attach(&s->st[1], s->d), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_block(&s->st[1]), IOM_OK);
	}
	return NULL;
}

static void *move_pasid(void *arg)
{
	struct shared *s = arg;

	while (!atomic_load(&s->stop)) {
		assert_int_equal(iom_smmuv3_drv_attach_pasid(&s->st[0], PASID, s->d), IOM_OK);
		s->b.pt.plat.ops.relax(&s->b.pt.plat, 0);
		assert_int_equal(iom_smmuv3_drv_detach_pasid(&s->st[0], PASID), IOM_OK);
	}
	return NULL;
}

/* The device's thread may not have run yet, or never while a page was open. */
static void one_reached(struct shared *s)
{
	struct iom_range r = range_of(0, 0);

	if (!atomic_exchange(&s->open[0][0], 1))
		assert_int_equal(iom_domain_map(s->d, r, pa_of(r), IOM_PT_READ), IOM_OK);
	while (!atomic_load(&s->reached) || !atomic_load(&s->reached_by_pasid))
		sched_yield();
}

/*
 * strict: other threads' CMD_SYNCs come between a store and its own, any number of
 * them while a thread does not run.
 */
static void one_domain(bool strict)
{
	struct drv_box_cfg cfg = {
		.s1 = &iom_smmuv3_drv_s1, .strict = strict, .sync_slack = 1000000,
	};
	static struct shared s;
	struct iom_domain_cfg dc;
	struct mapper m[MAPPERS];
	const struct iom_smmuv3_stream_cfg sc = { .pasid_bits = 3 };
	pthread_t d, v, p;
	struct test_rng rng;
	unsigned int i;

	memset(&s, 0, sizeof(s));
	test_rng_init(&rng);
	s.seed = cfg.seed = test_rng_u64(&rng);
	s.rounds = strict ? ROUNDS_STRICT : ROUNDS;
	drv_box_init(&s.b, &cfg, sids, 2);
	dc = (struct iom_domain_cfg){
		.plat = &s.b.pt.plat, .dmem = &s.b.dmem,
		.pt = { .format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	assert_int_equal(iom_domain_create(&dc, &s.d), IOM_OK);
	for (i = 0; i < 2; i++)
		assert_int_equal(iom_smmuv3_drv_stream_add(s.b.drv, &s.st[i], sids[i], &sc),
				 IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach(&s.st[0], s.d), IOM_OK);
	pthread_create(&d, NULL, dma, &s);
	pthread_create(&v, NULL, move, &s);
	pthread_create(&p, NULL, move_pasid, &s);
	for (i = 0; i < MAPPERS; i++) {
		m[i].s = &s;
		m[i].which = i;
		pthread_create(&m[i].thread, NULL, map_and_unmap, &m[i]);
	}
	for (i = 0; i < MAPPERS; i++)
		pthread_join(m[i].thread, NULL);
	one_reached(&s);
	atomic_store(&s.stop, true);
	pthread_join(d, NULL);
	pthread_join(v, NULL);
	pthread_join(p, NULL);
	iom_smmuv3_drv_irq(s.b.drv);
	for (i = 0; i < 2; i++)
		assert_int_equal(iom_smmuv3_drv_stream_remove(&s.st[i]), IOM_OK);
	assert_int_equal(iom_domain_destroy(s.d), IOM_OK);
	drv_box_fini(&s.b, 2);
}

static void plain(void **state)
{
	(void)state;
	one_domain(false);
}

/* F3, with threads. */
static void strict(void **state)
{
	(void)state;
	one_domain(true);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
