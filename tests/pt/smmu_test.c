/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iom_pt under the SMMUv3 model, which caches what it may: after any maps and unmaps,
 * with exactly those invalidations that the gather asks for, a device reaches what
 * an array says and nothing else. Every granule, both stages; tables stand in the
 * SMMU's memory and are used again as soon as the gather is freed.
 */
#include <iom/pt/pt.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define PAGES	5000u

struct own {
	struct iom_dmem dmem;
	struct st *t;
	void *free[21];		/* by log2 of the size */
};

static struct test_rng rng;
static struct st t;
static struct own own;
static struct iom_pt pt;
static struct iom_pt_cfg cfg;
static uint64_t base;
static struct { uint64_t pa; unsigned int id; uint8_t prot; } page[PAGES];

/* --- tables in the SMMU's memory ---------------------------------------------- */

static unsigned int lg2(size_t size)
{
	unsigned int n = 0;

	while ((size_t)1 << n < size)
		n++;
	return n;
}

static void *own_virt(struct iom_dmem *m, uint64_t pa)
{
	return IOM_CONTAINER_OF(m, struct own, dmem)->t->ram + (pa - t.base);
}

static int own_alloc(struct iom_dmem *m, size_t size, size_t align, void **virt, uint64_t *pa)
{
	struct own *o = IOM_CONTAINER_OF(m, struct own, dmem);
	void *p = o->free[lg2(size)];

	assert_true(align <= size);
	if (p) {
		memcpy(&o->free[lg2(size)], p, sizeof(p));
		memset(p, 0, size);
		*pa = (uint64_t)((uint8_t *)p - t.ram) + t.base;
	} else {
		*pa = st_alloc(&t, size);
		p = own_virt(m, *pa);
	}
	*virt = p;
	return IOM_OK;
}

static void own_free(struct iom_dmem *m, void *virt, uint64_t pa, size_t size)
{
	struct own *o = IOM_CONTAINER_OF(m, struct own, dmem);

	/* what is walked now would lead somewhere: descriptors that look valid */
	memset(virt, 0x43, size);
	memcpy(virt, &o->free[lg2(size)], sizeof(void *));
	o->free[lg2(size)] = virt;
	(void)pa;
}

/* --- a stream ----------------------------------------------------------------- */

static unsigned int ps_of(unsigned int bits)
{
	static const uint8_t ps[] = { 32, 36, 40, 42, 44, 48, 52 };
	unsigned int i;

	for (i = 0; ps[i] != bits; i++)
		;
	return i;
}

static void open_world(void)
{
	static const struct iom_dmem_ops ops = { .alloc = own_alloc, .free = own_free,
						 .virt = own_virt };
	const struct iom_pt_info *info;
	struct st_tables tb = { 0 };
	struct iom_smmuv3_dev_cfg dev = st_cfg();
	struct st_stream x;

	st_open(&t, &dev, UINT64_C(0x80000000));
	memset(&own, 0, sizeof(own));
	memset(page, 0, sizeof(page));
	own.t = &t;
	assert_int_equal(iom_dmem_init(&own.dmem, &ops), IOM_OK);
	assert_int_equal(iom_pt_init(&pt, &own.dmem, &cfg), IOM_OK);
	info = iom_pt_info(&pt);
	tb.stage = cfg.format == &iom_pt_arm_s1 ? 1 : 2;
	tb.granule = info->granule_lg2;
	tb.bits = info->ia_bits;
	tb.start = 4 - info->levels;
	tb.ds = info->ds;
	tb.wide = cfg.granule_lg2 == 16 && cfg.oa_bits == 52;
	tb.ps = ps_of(cfg.oa_bits);
	tb.root = info->root;
	if (tb.stage == 1) {
		st_stream_s1(&t, &x, 0);
		x.s1 = tb;
		st_cd_init(x.cd, &tb, ST_ASID, cfg.high);
	} else {
		st_stream_s2(&t, &x, 0);
		x.s2 = tb;
		st_ste_init(x.ste, 6);
		st_ste_s2(x.ste, &tb, ST_VMID);
	}
	st_stream_put(&t, &x);
	base = info->aperture.start + (test_rng_below(&rng, 2) ? 0 :
	       (info->aperture.last - info->aperture.start + 1) / 2 -
	       ((uint64_t)PAGES / 2 << cfg.granule_lg2));
}

/* What the gather asks for, and no more. */
static void invalidate(struct iom_pt_gather *g)
{
	bool s1 = cfg.format == &iom_pt_arm_s1;
	unsigned int i;
	uint64_t ia, step;

	for (i = 0; i < g->nr; i++) {
		const struct iom_pt_inval *v = &g->inval[i];

		step = iom_pt_inval_step(v);
		for (ia = v->range.start; ia <= v->range.last && ia >= v->range.start; ia += step)
			st_cmd(&t, (s1 ? ST_NH_VA : ST_S2_IPA) | (uint64_t)ST_VMID << 32 |
				   (s1 ? (uint64_t)ST_ASID << 48 : 0),
			       (ia & ~UINT64_C(0xfff)) | !v->tables);
	}
	st_sync(&t);
}

/* --- law ---------------------------------------------------------------------- */

static struct iom_range range_of(unsigned int a, unsigned int b)
{
	return (struct iom_range){ base + ((uint64_t)a << cfg.granule_lg2),
				   base + ((uint64_t)(b + 1) << cfg.granule_lg2) - 1 };
}

static void check_at(unsigned int i)
{
	uint64_t off = test_rng_below(&rng, UINT64_C(1) << cfg.granule_lg2) & ~UINT64_C(63), ev[4];
	uint64_t ia = range_of(i, i).start + off;

	if (!page[i].id) {
		assert_true(st_refused(&t, ia, ST_R, ST_TRANSLATION, ev));
		return;
	}
	if (page[i].prot & IOM_PT_READ)
		assert_true(st_goes(&t, ia, ST_R, page[i].pa + off));
	if (page[i].prot & IOM_PT_WRITE)
		assert_true(st_goes(&t, ia, ST_W, page[i].pa + off));
	else
		assert_true(st_refused(&t, ia, ST_W, ST_PERMISSION, ev));
}

static void step(unsigned int id)
{
	unsigned int a = (unsigned int)test_rng_below(&rng, PAGES), b, i;
	uint64_t g = UINT64_C(1) << cfg.granule_lg2, pa;
	struct iom_pt_gather gather;
	uint8_t prot;

	if (page[a].id) {
		for (; a && page[a - 1].id == page[a].id; a--)
			;
		for (b = a; b + 1 < PAGES && page[b + 1].id == page[a].id; b++)
			;
		for (i = a; i <= b; i += 1 + (b - a) / 8)	/* into the TLB */
			check_at(i);
		iom_pt_gather_init(&gather);
		assert_int_equal(iom_pt_unmap(&pt, range_of(a, b), &gather), IOM_OK);
		invalidate(&gather);
		iom_pt_gather_free(&pt, &gather);
		for (i = a; i <= b; i++)
			page[i].id = 0;
	} else {
		if (test_rng_below(&rng, 2))
			a &= ~63u;
		if (page[a].id)
			return;
		b = a + (unsigned int)test_rng_below(&rng, test_rng_below(&rng, 4) ? 70 : 2500);
		for (i = a; i <= b && i < PAGES && !page[i].id; i++)
			;
		b = i - 1;
		pa = test_rng_below(&rng, UINT64_C(1) << 30) & ~(g - 1);
		if (test_rng_below(&rng, 2))
			pa = range_of(a, a).start & ((UINT64_C(1) << 30) - 1);
		prot = (uint8_t)(test_rng_below(&rng, 3) ? IOM_PT_READ | IOM_PT_WRITE :
				 IOM_PT_READ);
		assert_int_equal(iom_pt_map(&pt, range_of(a, b), pa, prot | IOM_PT_CACHE), IOM_OK);
		for (i = a; i <= b; i++) {
			page[i].id = id;
			page[i].pa = pa + (i - a) * g;
			page[i].prot = prot;
		}
	}
	for (i = a; i <= b; i += 1 + (b - a) / 8)
		check_at(i);
	check_at(a);
	check_at(b);
	for (i = 0; i < 4; i++)
		check_at((unsigned int)test_rng_below(&rng, PAGES));
}

static void reached_is_what_is_mapped(void **state)
{
	static const uint8_t sizes[][3] = {
		{ 12, 39, 40 }, { 12, 40, 40 }, { 12, 48, 48 }, { 12, 52, 52 },
		{ 14, 36, 40 }, { 14, 48, 48 }, { 14, 52, 52 },
		{ 16, 42, 42 }, { 16, 48, 48 }, { 16, 52, 52 },
	};
	unsigned int s1, i, k;

	(void)state;
	for (s1 = 0; s1 < 2; s1++)
		for (i = 0; i < IOM_ARRAY_SIZE(sizes); i++) {
			cfg = (struct iom_pt_cfg){ .format = s1 ? &iom_pt_arm_s1 : &iom_pt_arm_s2,
						   .granule_lg2 = sizes[i][0],
						   .ia_bits = sizes[i][1],
						   .oa_bits = sizes[i][2] };
			cfg.high = s1 && i & 1;
			open_world();
			for (k = 1; k <= 150; k++)
				step(k);
			iom_pt_fini(&pt);
			st_close(&t);
		}
}

static int group_setup(void **state)
{
	(void)state;
	test_rng_init(&rng);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reached_is_what_is_mapped),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
