/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model with its caches against the reference translator, over random
 * identification registers, structures, tables and invalidations. A driver
 * changes one thing at a time and says so as section 11 of the rules asks;
 * between the change and the command an answer may be the old or the new one.
 */
#include <inttypes.h>

#include "lib/smmu.h"
#include "lib/smmu_ref.h"
#include "lib/test.h"

#define WORLDS	60u
#define STEPS	150u
#define NR_SID	8u
#define NR_S2	2u
#define NR_S1	5u		/* 2 and 3 are nested, over stage 2 0 and 1 */
#define NR_IA	10u
#define NR_CD	8u
#define NR_ASKED 12u

struct table {
	struct st_tables tb;
	bool high;
	uint64_t ia[NR_IA];
	uint64_t tmpl[8];	/* CD, or stage-2 part of an STE */
	uint16_t asid, vmid;
	bool globals;
};

struct stream {
	unsigned int config;
	int s1, s2;		/* tables, or -1 */
	uint64_t cdptr;		/* in memory; of its CDs */
	unsigned int cdmax;
	uint64_t ste[8];
};

struct world {
	struct st t;
	struct test_rng rng;
	struct iom_smmuv3_dev_cfg cfg;
	unsigned int oas, oas_code;
	uint64_t off;
	struct table s1[NR_S1], s2[NR_S2];
	struct stream sid[NR_SID];
	struct ask {
		uint32_t sid;
		uint64_t iova, len;
		unsigned int access;
	} asked[NR_ASKED];	/* of late; asked again, they should be in the TLB */
	unsigned long good, refused;
};

static uint64_t rnd(struct world *w, uint64_t n)
{
	return test_rng_below(&w->rng, n);
}

static bool one_in(struct world *w, uint64_t n)
{
	return !rnd(w, n);
}

/* --- a random SMMU --- */

static bool possible(const struct iom_smmuv3_dev_cfg *cfg)
{
	struct iom_smmuv3_dev_cfg c = *cfg;
	struct iom_smmuv3_dev *s;
	struct iom_gmem_flat g;
	struct plat_test pt;
	uint64_t mem;

	plat_test_init(&pt);
	ST_REQUIRE(!iom_gmem_flat_init(&g, 0, &mem, sizeof(mem)));
	c.plat = &pt.plat;
	c.gmem = &g.g;
	c.mode = IOM_SMMUV3_INLINE;
	if (iom_smmuv3_dev_create(&c, &s, NULL))
		return false;
	ST_REQUIRE(!iom_smmuv3_dev_destroy(s));
	return true;
}

static void random_cfg(struct world *w)
{
	static const uint8_t bits[] = { 40, 42, 44, 48, 52 };
	static const uint8_t drop0[] = { 9, 12, 18, 19, 26 };
	static const uint8_t drop3[] = { 2, 4, 8, 9, 10, 13, 17 };
	unsigned int i;

	do {
		w->cfg = st_cfg();
		w->cfg.mode = (enum iom_smmuv3_mode)rnd(w, 3);
		w->cfg.tlb_entries = 64u << rnd(w, 3);
		i = (unsigned int)rnd(w, sizeof(bits));
		w->oas = bits[i];
		w->oas_code = 2 + i;
		w->cfg.idr[5] = (w->cfg.idr[5] & ~7u) | w->oas_code;
		w->cfg.idr[0] ^= 1u << 26 & (uint32_t)test_rng_u64(&w->rng);
		for (i = 0; i < sizeof(drop0); i++)
			w->cfg.idr[0] &= ~((uint32_t)one_in(w, 4) << drop0[i]);
		for (i = 0; i < sizeof(drop3); i++)
			w->cfg.idr[3] &= ~((uint32_t)one_in(w, 4) << drop3[i]);
		for (i = 26; i <= 27; i++)
			w->cfg.idr[1] &= ~((uint32_t)one_in(w, 4) << i);
		for (i = 4; i <= 7; i++)
			w->cfg.idr[5] &= ~((uint32_t)one_in(w, 4) << i);
		w->cfg.idr[5] &= ~((uint32_t)one_in(w, 4) << 10);
	} while (!possible(&w->cfg));
}

static bool has(const struct world *w, unsigned int n, unsigned int bit)
{
	return w->cfg.idr[n] >> bit & 1;
}

/* --- random tables --- */

static unsigned int random_granule(struct world *w)
{
	unsigned int g;

	do
		g = 12 + 2 * (unsigned int)rnd(w, 3);
	while (!has(w, 5, 4 + (g - 12) / 2));
	return g;
}

/* Input addresses close to one another, and at the ends. */
static void random_ias(struct world *w, struct table *k)
{
	uint64_t last = (UINT64_C(1) << k->tb.bits) - 1, near = test_rng_u64(&w->rng) & last;
	unsigned int i;

	for (i = 0; i < NR_IA; i++) {
		switch (rnd(w, 6)) {
		case 0:
			k->ia[i] = test_rng_u64(&w->rng) & last;
			break;
		case 1:
			k->ia[i] = last;
			break;
		case 2:
			k->ia[i] = near ^ UINT64_C(1) << rnd(w, k->tb.bits);
			break;
		default:
			k->ia[i] = near ^ rnd(w, 4) << k->tb.granule;
			break;
		}
		if (k->high)
			k->ia[i] |= ~last;
	}
}

static void random_s1(struct world *w, unsigned int n)
{
	struct table *k = &w->s1[n];
	unsigned int g = random_granule(w), min, max;
	bool ds = has(w, 5, 7) && g != 16 && rnd(w, 2);

	min = has(w, 3, 9) ? (g == 16 ? 17 : 16) : 25;
	max = has(w, 5, 10) && (ds || g == 16) ? 52 : 48;
	memset(k, 0, sizeof(*k));
	st_tables_init(&w->t, &k->tb, 1, g, min + (unsigned int)rnd(w, max - min + 1), 9, ds,
		       w->oas_code);
	k->tb.wide = g == 16 && w->oas == 52;
	if (n == 2 || n == 3)
		k->tb.off = w->off;
	k->high = rnd(w, 2) && n;
	k->asid = (uint16_t)(has(w, 0, 12) ? 0x100 + n : n + 1);
	k->globals = n != 4;
	st_cd_init(k->tmpl, &k->tb, k->asid, k->high);
	st_set(k->tmpl, 35, 35, one_in(w, 4));
	st_set(k->tmpl, 36, 36, one_in(w, 4));
	st_set(k->tmpl, 39, 38, rnd(w, 4));
	st_set(k->tmpl, 40, 40, one_in(w, 3));
	st_set(k->tmpl, 47, 47, n & 1 || n == 4);
	st_set(k->tmpl, 65, 65, one_in(w, 4));
	st_set(k->tmpl, 66, 66, one_in(w, 10));
	st_set(k->tmpl, 123, 123, rnd(w, 2));
	st_set(k->tmpl, 129, 129, one_in(w, 4));
	st_set(k->tmpl, 130, 130, one_in(w, 6));
	k->tmpl[3] = UINT64_C(0xbbf400ff440cff04);
	random_ias(w, k);
}

static void random_s2(struct world *w, unsigned int n)
{
	struct table *k = &w->s2[n];
	unsigned int g = random_granule(w), start, bits, max, at;
	bool ds = has(w, 5, 7) && g != 16 && rnd(w, 2);

	memset(k, 0, sizeof(*k));
	k->vmid = (uint16_t)(has(w, 0, 18) ? 0x200 + n : n + 1);
	/* At least 40 bits, so that all memory of the tables has an IPA. */
	max = ds || g == 16 ? 52 : 48;
	if (max > w->oas)
		max = w->oas;
	for (;;) {
		bits = 40 + (unsigned int)rnd(w, max - 39);
		start = (unsigned int)rnd(w, ds && g == 12 ? 5 : 4);
		at = g + start * (g - 3);	/* shift of level 3 - start */
		if (bits <= at || bits > at + g - 3 + 4 || at + g - 3 > 60)
			continue;
		if (start == 3 && g != 12 && !ds)
			continue;
		if ((g == 12 && start == 3 && w->oas < 44) ||
		    (g == 12 && start == 4 && w->oas < 52) ||
		    (g == 14 && start == 2 && w->oas < 42) ||
		    (g == 16 && start == 2 && w->oas < 44) ||
		    (g == 16 && start == 3))
			continue;
		break;
	}
	st_tables_init(&w->t, &k->tb, 2, g, bits, 3 - (int)start, ds, w->oas_code);
	k->tb.wide = g == 16 && w->oas == 52;
	st_ste_s2(k->tmpl, &k->tb, k->vmid);
	st_set(k->tmpl, 89, 89, rnd(w, 2));
	st_set(k->tmpl, 181, 181, one_in(w, 4));
	st_set(k->tmpl, 182, 182, one_in(w, 3));
	random_ias(w, k);
}

/* --- descriptors --- */

/* Nested: an IPA that stage 2 may know. */
static uint64_t random_oa(struct world *w, const struct table *k)
{
	if (one_in(w, 16))
		return test_rng_u64(&w->rng) >> 12;
	if (k->tb.off)
		return w->s2[k == &w->s1[3]].ia[rnd(w, NR_IA)];
	return test_rng_u64(&w->rng) >> (64 - w->oas);
}

static uint64_t random_leaf(struct world *w, const struct table *k, int level)
{
	unsigned int shift = st_shift(&k->tb, level);
	uint64_t oa = random_oa(w, k) >> shift << shift, bits;

	/* Mostly such as a driver makes. */
	if (rnd(w, 3))
		return (st_oa(&k->tb, oa) | (k->tb.stage == 1 ? ST_S1_RW : ST_S2_RW) |
			(level == 3 ? 3 : 1)) & ~(k->tb.ds ? UINT64_C(3) << 8 : 0);
	bits = test_rng_u64(&w->rng) & (UINT64_C(7) << 52 | 0xff << 2 | UINT64_C(1) << 51);
	bits |= (uint64_t)!one_in(w, 8) << 10;
	bits |= k->tb.ds ? 0 : rnd(w, 4) << 8;
	if (k->tb.stage == 1)
		bits |= (uint64_t)!(k->globals && one_in(w, 4)) << 11;
	if (k->tb.stage == 2 && rnd(w, 2))
		bits |= 3 << 6;
	if (one_in(w, 12))
		return bits;			/* invalid */
	if (one_in(w, 12))
		return st_oa(&k->tb, oa) | bits | 1;	/* at some levels reserved */
	return st_oa(&k->tb, oa) | bits | (level == 3 ? 3 : 1);
}

/* Is it a table that stands here? */
static bool is_table(struct world *w, uint64_t slot, int level)
{
	return level < 3 && (st_peek(&w->t, slot) & 3) == 3;
}

static void fill(struct world *w, struct table *k)
{
	unsigned int i;
	uint64_t slot;
	int level;

	for (i = 0; i < NR_IA; i++) {
		level = st_end(&w->t, &k->tb, k->ia[i]);
		if (level < 3 && rnd(w, 4))
			level = 3;
		slot = st_slot(&w->t, &k->tb, k->ia[i], level);
		if (!st_peek(&w->t, slot))
			st_poke(&w->t, slot, random_leaf(w, k, level));
	}
}

/* Stage 2: memory of the tables stands at IPA address - off. */
static void map_own_memory(struct world *w, struct table *k)
{
	uint64_t lg2 = k->tb.granule == 12 ? 21 : k->tb.granule == 14 ? 25 : 29, i;

	for (i = 0; i < ST_SIZE; i += UINT64_C(1) << lg2)
		st_map(&w->t, &k->tb, (w->t.base - w->off + i) >> lg2 << lg2,
		       (w->t.base + i) >> lg2 << lg2, 2, ST_S2_RW);
}

/* --- streams --- */

static void random_stream(struct world *w, unsigned int n)
{
	static const uint8_t configs[] = { 0, 4, 5, 5, 5, 5, 6, 6, 6, 7, 7, 7, 7, 7 };
	struct stream *s = &w->sid[n];
	uint64_t *ste = s->ste, cd[8];
	const struct table *k;
	unsigned int i, fmt;

	s->config = configs[rnd(w, sizeof(configs))];
	s->s1 = s->s2 = -1;
	s->cdmax = 0;
	st_ste_init(ste, s->config);
	if (s->config & 2 && s->config & 4) {
		s->s2 = (int)rnd(w, NR_S2);
		for (i = 0; i < 8; i++)
			ste[i] |= w->s2[s->s2].tmpl[i];
	}
	if ((s->config & 5) == 5) {
		s->s1 = s->s2 >= 0 ? 2 + s->s2 : (int)(rnd(w, 3) * 4 % 5 % NR_S1);
		if (s->s2 < 0)
			s->s1 = (int)((const uint8_t[]){ 0, 1, 4 })[rnd(w, 3)];
		k = &w->s1[s->s1];
		s->cdmax = (unsigned int)rnd(w, 3);
		fmt = has(w, 0, 19) ? (unsigned int)rnd(w, 2) : 0;
		for (i = 0; i < 1u << s->cdmax; i++) {
			memcpy(cd, k->tmpl, sizeof(cd));
			st_set(cd, 45, 45, !one_in(w, 4));
			st_set(cd, 46, 46, has(w, 0, 26) || !one_in(w, 4));
			st_poke_n(&w->t, s->cdptr + 64 * i, cd, 8);
		}
		if (s->cdmax && fmt) {
			st_poke(&w->t, s->cdptr + 4096, (s->cdptr - k->tb.off) | !one_in(w, 8));
			st_ste_s1(ste, s->cdptr + 4096 - k->tb.off, s->cdmax, fmt,
				  (unsigned int)rnd(w, 4));
		} else {
			st_ste_s1(ste, s->cdptr - k->tb.off, s->cdmax, 0,
				  (unsigned int)rnd(w, 4));
		}
		if (s->s2 < 0 && s->s1 == 0 && has(w, 0, 9) && rnd(w, 2))
			st_set(ste, 95, 94, 2);
		/* 0 and 4 share a VMID; each of the others has its own. */
		if (s->s2 < 0)
			st_set(ste, 143, 128, s->s1 == 1 ? 5 : 6);
	}
	st_set(ste, 83, 83, one_in(w, 4));
	st_set(ste, 100, 96, rnd(w, 32));
	st_set(ste, 109, 108, rnd(w, 4));
	st_set(ste, 115, 112, rnd(w, 16));
	st_set(ste, 186, 186, !one_in(w, 4));
	if (one_in(w, 32))
		st_set(ste, 0, 0, 0);
	st_ste_put(&w->t, n, ste);
	st_cmd(&w->t, ST_NSNH_ALL, 0);
	if (has(w, 0, 9))
		st_cmd(&w->t, ST_EL2_ALL, 0);
	st_sync(&w->t);
}

static void random_world(struct world *w)
{
	unsigned int i;

	random_cfg(w);
	/* Memory at the top of what OAS and every format reach, for stage 2 at IPA 1 GiB. */
	st_open(&w->t, &w->cfg, (UINT64_C(1) << (w->oas < 48 ? w->oas : 48)) -
				(UINT64_C(1) << 30));
	w->off = w->t.base - (UINT64_C(1) << 30);
	for (i = 0; i < NR_S2; i++) {
		random_s2(w, i);
		map_own_memory(w, &w->s2[i]);
		fill(w, &w->s2[i]);
	}
	for (i = 0; i < NR_S1; i++) {
		random_s1(w, i);
		fill(w, &w->s1[i]);
	}
	for (i = 0; i < NR_SID; i++) {
		w->sid[i].cdptr = st_alloc(&w->t, 8192);
		random_stream(w, i);
	}
}

/* --- questions --- */

static struct ask new_ask(struct world *w)
{
	static const unsigned int how[] = { ST_R, ST_R, ST_W, ST_R | ST_W, ST_X };
	struct ask q = { .sid = (uint32_t)rnd(w, one_in(w, 20) ? 80 : NR_SID) };
	const struct stream *s = &w->sid[q.sid % NR_SID];
	const struct table *k = s->s1 >= 0 ? &w->s1[s->s1] : &w->s2[s->s2 >= 0 ? s->s2 : 0];

	q.iova = k->ia[rnd(w, NR_IA)];
	if (one_in(w, 3))
		q.iova ^= test_rng_u64(&w->rng) & 0xfff;
	if (one_in(w, 16))
		q.iova ^= UINT64_C(1) << rnd(w, 64);
	q.len = 1 + rnd(w, 1 << rnd(w, 20));
	if (q.iova + q.len < q.iova)
		q.len = 1;
	q.access = how[rnd(w, 5)] | (rnd(w, 3) ? 0 : ST_PRIV);
	if (s->cdmax && rnd(w, 8))
		q.access |= ST_SS(rnd(w, 1u << s->cdmax));
	else if (one_in(w, 20))
		q.access |= ST_SS(rnd(w, NR_CD));
	return q;
}

static struct ask random_ask(struct world *w)
{
	unsigned int n = (unsigned int)rnd(w, NR_ASKED);

	if (one_in(w, 3) || !w->asked[n].access)
		w->asked[n] = new_ask(w);
	return w->asked[n];
}

static bool same(const struct st_out *a, const struct st_out *b)
{
	if (a->rc != b->rc || memcmp(a->ev, b->ev, sizeof(a->ev)))
		return false;
	if (a->rc)
		return true;
	if (a->res.raz_wi || b->res.raz_wi)
		return a->res.raz_wi && b->res.raz_wi;
	return a->res.pa == b->res.pa && a->res.len == b->res.len &&
	       a->res.memattr == b->res.memattr && a->res.sh == b->res.sh &&
	       a->res.bypass == b->res.bypass;
}

static void show(const char *name, const struct st_out *o)
{
	printf("%s: rc %d pa %#" PRIx64 " len %#" PRIx64 " mem %02x sh %u%s%s\n"
	       "  ev %016" PRIx64 " %016" PRIx64 " %016" PRIx64 " %016" PRIx64 "\n", name, o->rc,
	       o->res.pa, o->res.len, o->res.memattr, o->res.sh, o->res.bypass ? " bypass" : "",
	       o->res.raz_wi ? " raz/wi" : "", o->ev[0], o->ev[1], o->ev[2], o->ev[3]);
}

static void show_table(const char *name, const struct table *k)
{
	printf("  %s: granule %u bits %u start %d%s%s\n", name, k->tb.granule, k->tb.bits,
	       k->tb.start, k->tb.ds ? " ds" : "", k->high ? " high" : "");
}

static void show_ask(const struct world *w, const struct ask *q)
{
	const struct stream *s = &w->sid[q->sid % NR_SID];

	printf("sid %u iova %#" PRIx64 " len %#" PRIx64 " access %#x config %u mode %d oas %u\n",
	       q->sid, q->iova, q->len, q->access, s->config, (int)w->cfg.mode, w->oas);
	if (s->s1 >= 0)
		show_table("stage 1", &w->s1[s->s1]);
	if (s->s2 >= 0)
		show_table("stage 2", &w->s2[s->s2]);
}

static struct st_out want(struct world *w, const struct ask *q)
{
	return ref_xlate(&w->t, q->sid, q->iova, q->len, q->access);
}

/* The model's answer is the new one, or (if it may be cached) *old; and so is the record. */
static void check(struct world *w, const struct ask *q, const struct st_out *old)
{
	struct st_out now = want(w, q), got, walk;
	uint64_t ev[4] = { 0 };

	/* First what writes nothing: a damaged table may lie where events go. */
	walk = st_walk(&w->t, q->sid, q->iova, q->len, q->access);
	got = st_xlate_sid(&w->t, q->sid, q->iova, q->len, q->access);
	if (!same(&got, &now) && !(old && same(&got, old))) {
		show_ask(w, q);
		show("want", &now);
		if (old)
			show("or", old);
		show("got", &got);
	}
	assert_true(same(&got, &now) || (old && same(&got, old)));
	if (!same(&walk, &now)) {
		show_ask(w, q);
		show("want", &now);
		show("walk", &walk);
	}
	assert_true(same(&walk, &now));
	if (st_event(&w->t, ev))
		assert_memory_equal(ev, got.ev, sizeof(ev));
	else
		assert_false(got.ev[0]);
	if (!got.rc)
		w->good++;
	else
		w->refused++;
}

/* --- changes, and what a driver does after them --- */

/* A random leaf somewhere on the way to a random address of the table. */
static bool change_entry(struct world *w, struct table *k, uint64_t *ia, bool *whole, int *level)
{
	uint64_t slot, own = k->tb.stage == 2 ? w->t.base - w->off : 0;
	int end;

	*ia = k->ia[rnd(w, NR_IA)] & ((UINT64_C(1) << k->tb.bits) - 1);
	do
		*level = k->tb.start + (int)rnd(w, 4);
	while (*level > 3);
	if (rnd(w, 2))
		*level = 3;
	/* The tables' own memory stays reachable. */
	if (own && own >> 30 == *ia >> 30)
		return false;
	if (own && st_shift(&k->tb, *level) > 30 &&
	    own >> st_shift(&k->tb, *level) == *ia >> st_shift(&k->tb, *level))
		return false;
	end = st_end(&w->t, &k->tb, *ia);
	slot = st_slot(&w->t, &k->tb, *ia, *level);
	*whole = is_table(w, slot, *level);
	if (*whole && k->tb.stage == 1 && rnd(w, 2))
		st_poke(&w->t, slot, st_peek(&w->t, slot) ^ (rnd(w, 16) << 59));
	else
		st_poke(&w->t, slot, random_leaf(w, k, *level));
	/* What may be cached was a leaf of the level where a walk ended before. */
	*level = end;
	return true;
}

static uint64_t range_cmd(struct world *w, const struct table *k, int level, uint64_t *w1)
{
	uint64_t tg = (k->tb.granule - 10) / 2, num = rnd(w, 3);
	uint64_t ttl = rnd(w, 2) ? (uint64_t)level : 0;

	if (!has(w, 3, 10) || rnd(w, 2) || level <= 0)
		return 0;
	/* As an SMMU reads it: without DS, 16K knows no hint of level 1. */
	*w1 |= tg << 10 | ttl << 8;
	if (!ttl && !num)
		num = 1;
	return num << 12;
}

static void invalidate_s1(struct world *w, unsigned int n, uint64_t ia, bool whole, int level,
			  uint16_t vmid)
{
	struct table *k = &w->s1[n];
	uint64_t w0 = (uint64_t)vmid << 32 | (uint64_t)k->asid << 48, w1;

	if (k->high)
		ia |= ~((UINT64_C(1) << k->tb.bits) - 1);
	w1 = ia & ~UINT64_C(0xfff);
	if (whole || one_in(w, 4)) {
		if (!k->globals && rnd(w, 2))
			st_cmd(&w->t, ST_NH_ASID | w0, 0);
		else
			st_cmd(&w->t, (rnd(w, 4) ? ST_NH_ALL : ST_NSNH_ALL) | w0, 0);
	} else {
		w0 |= range_cmd(w, k, level, &w1);
		st_cmd(&w->t, (rnd(w, 2) ? ST_NH_VA : ST_NH_VAA) | w0, w1);
	}
	/* The EL2 regime may use the same table. */
	if (n == 0 && has(w, 0, 9))
		st_cmd(&w->t, whole ? ST_EL2_ALL : ST_EL2_VA | w0, w1);
	st_sync(&w->t);
}

static void invalidate_s2(struct world *w, unsigned int n, uint64_t ipa, bool whole, int level)
{
	struct table *k = &w->s2[n];
	uint64_t w0 = (uint64_t)k->vmid << 32, w1 = ipa & UINT64_C(0x00fffffffffff000);

	if (whole || one_in(w, 3)) {
		st_cmd(&w->t, ST_S12_VMALL | w0, 0);
	} else {
		st_cmd(&w->t, ST_S2_IPA | w0 | range_cmd(w, k, level, &w1), w1);
		st_cmd(&w->t, ST_NH_ALL | w0, 0);
	}
	st_sync(&w->t);
}

static uint16_t vmid_of(struct world *w, unsigned int n)
{
	return n == 2 || n == 3 ? w->s2[n - 2].vmid : n == 1 ? 5 : 6;
}

static void change_tables(struct world *w)
{
	struct ask q = random_ask(w);
	struct st_out old;
	unsigned int n;
	uint64_t ia;
	bool whole;
	int level;

	check(w, &q, NULL);
	old = want(w, &q);
	if (rnd(w, 3)) {
		n = (unsigned int)rnd(w, NR_S1);
		if (!change_entry(w, &w->s1[n], &ia, &whole, &level))
			return;
		check(w, &q, &old);
		invalidate_s1(w, n, ia, whole, level, vmid_of(w, n));
	} else {
		n = (unsigned int)rnd(w, NR_S2);
		if (!change_entry(w, &w->s2[n], &ia, &whole, &level))
			return;
		check(w, &q, &old);
		invalidate_s2(w, n, ia, whole, level);
	}
	check(w, &q, NULL);
}

/* A few bits of a CD or STE: most such structures are illegal, some are not. */
static void change_bits(struct world *w)
{
	uint32_t sid = (uint32_t)rnd(w, NR_SID);
	struct stream *s = &w->sid[sid];
	uint64_t ste = w->t.strtab + 64 * (uint64_t)sid, keep[8];
	uint64_t at = s->s1 >= 0 && rnd(w, 2) ? s->cdptr : ste;
	struct ask q = random_ask(w);
	unsigned int i;

	q.sid = sid;
	for (i = 0; i < 8; i++)
		keep[i] = st_peek(&w->t, at + 8 * i);
	for (i = (unsigned int)rnd(w, 3); i < 3; i++) {
		uint64_t word = at + 8 * rnd(w, 4);

		st_poke(&w->t, word, st_peek(&w->t, word) ^ UINT64_C(1) << rnd(w, 64));
	}
	st_flush(&w->t);
	check(w, &q, NULL);
	st_poke_n(&w->t, at, keep, 8);
	st_flush(&w->t);
	check(w, &q, NULL);
}

static void change_registers(struct world *w)
{
	struct ask q = random_ask(w);
	uint32_t cr2 = (uint32_t)rnd(w, 4);

	st_w(&w->t, ST_CR0, 8 | 4);
	while (st_r(&w->t, ST_CR0ACK) != (8 | 4))
		iom_smmuv3_dev_run(w->t.s);
	st_w(&w->t, ST_GBPA, 1u << 31 | (uint32_t)test_rng_u64(&w->rng) >> 10 << 10 >> 11);
	check(w, &q, NULL);
	st_w(&w->t, ST_CR2, cr2);
	st_flush(&w->t);
	st_w(&w->t, ST_CR0, 8 | 4 | 1);
	check(w, &q, NULL);
}

static void random_worlds(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	unsigned long good = 0, refused = 0, misses = 0;
	struct iom_smmuv3_stats st;
	unsigned int i, step;
	struct ask q;

	(void)state;
	test_rng_init(&w->rng);
	for (i = 0; i < WORLDS; i++) {
		random_world(w);
		for (step = 0; step < STEPS; step++) {
			switch (rnd(w, 20)) {
			case 0:
				random_stream(w, (unsigned int)rnd(w, NR_SID));
				break;
			case 1:
				change_bits(w);
				break;
			case 2:
				change_registers(w);
				break;
			case 3: case 4: case 5: case 6: case 7: case 8:
				q = random_ask(w);
				check(w, &q, NULL);
				break;
			default:
				if (w->t.base + ST_SIZE - w->t.next > 1 << 20)
					change_tables(w);
				break;
			}
		}
		iom_smmuv3_dev_stats(w->t.s, &st);
		misses += st.tlb_misses;
		st_close(&w->t);
		good += w->good;
		refused += w->refused;
		w->good = w->refused = 0;
		memset(w->asked, 0, sizeof(w->asked));
	}
	/* Refusals are misses too. */
	printf("%lu translated, %lu refused, %lu misses\n", good, refused, misses);
	assert_true(good > refused / 4);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
