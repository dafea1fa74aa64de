/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adversary (F1): a driver that does everything right is never told
 * otherwise and its translations are right, whatever the seed (F3); one that
 * forgets one thing is told so within few seeds (F2), and nothing else is.
 */
#include <string.h>

#include <dev/smmuv3_strict_rules.h>
#include <iom/dev/smmuv3_strict.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define SEEDS	64u
#define PAGES	16u
#define PAGE	UINT64_C(4096)
#define VA	UINT64_C(0x200000)
#define PA	UINT64_C(0x1234000000)

static uint64_t base_seed;

struct run {
	struct st t;
	struct iom_smmuv3_strict_cfg strict;
	unsigned int reports;
	char first[2048];
	const char *rule;
	uint64_t hash;
	unsigned int lines;
	struct test_rng rng;
};

static void on_report(void *arg, const struct iom_smmuv3_report *r)
{
	struct run *u = arg;

	unsigned int i;

	if (u->reports++)
		return;
	(void)iom_smmuv3_strict_text(r, u->first, sizeof(u->first));
	for (i = 0; strcmp(iom_smmuv3_strict_rule(i)->id, r->id); i++)
		;
	u->rule = iomi_smmuv3_strict_rules_name((enum smmu_rule)i);
}

static void run_open_recorded(struct run *u, uint64_t seed, enum iom_smmuv3_mode mode,
			      void (*record)(void *arg, const char *line))
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	cfg.mode = mode;
	memset(u, 0, sizeof(*u));
	test_rng_seed(&u->rng, seed);
	u->strict = (struct iom_smmuv3_strict_cfg){ .seed = seed, .report = on_report,
						  .record = record, .arg = u };
	cfg.strict = &u->strict;
	st_open(&u->t, &cfg, BASE);
}

static void run_open(struct run *u, uint64_t seed)
{
	run_open_recorded(u, seed, IOM_SMMUV3_INLINE, NULL);
}

static void run_close(struct run *u)
{
	iom_smmuv3_strict_finish(u->t.s);
	st_close(&u->t);
}

static uint32_t pick(struct run *u, uint32_t n)
{
	return (uint32_t)test_rng_below(&u->rng, n);
}

static uint64_t iova(unsigned int page)
{
	return VA + page * PAGE;
}

/* What a correct driver's device sees: where it is mapped, or a fault. */
static void expect(struct run *u, unsigned int page, uint64_t pa)
{
	struct st_out o = st_xlate(&u->t, iova(page), ST_R);

	if (pa && (o.rc || o.res.pa != pa))
		fail_msg("seed %llu page %u: rc %d", (unsigned long long)u->strict.seed, page,
			 o.rc);
	if (!pa && !o.rc)
		fail_msg("seed %llu page %u reaches %llx", (unsigned long long)u->strict.seed,
			 page, (unsigned long long)o.res.pa);
}

static void invalidate(struct run *u, unsigned int config, uint64_t ia)
{
	if (config == 6)
		st_tlbi(&u->t, ST_S2_IPA, ST_VMID, 0, ia);
	else
		st_tlbi(&u->t, ST_NH_VA, ST_VMID, ST_ASID, ia);
}

/* The table of all pages goes; or the CD is written again; or the STE is. */
static void rebuild(struct run *u, struct st_stream *x, unsigned int config, uint64_t *at)
{
	struct st *t = &u->t;
	struct st_tables *tb = config == 6 ? &x->s2 : &x->s1;

	switch (pick(u, 3)) {
	case 0:
		st_poke(t, st_slot(t, tb, iova(0), 2), 0);
		if (config == 6)
			st_tlbi(t, ST_S12_VMALL, ST_VMID, 0, 0);
		else
			st_tlbi(t, ST_NH_ASID, ST_VMID, ST_ASID, 0);
		st_sync(t);
		memset(at, 0, PAGES * sizeof(*at));
		break;
	case 1:
		if (config == 6)
			break;
		/* Other tables, all empty. */
		st_poke(t, x->cdptr, 0);
		st_cfgi_cd(t, 0, 0);
		st_sync(t);
		st_tables_init(t, tb, 1, 12, 48, 0, false, 5);
		tb->off = config == 7 ? BASE - ST_IPA : 0;
		x->cd[1] = tb->root - tb->off;
		st_tlbi(t, ST_NH_ASID, ST_VMID, ST_ASID, 0);
		st_cd_put(t, x->cdptr, 0, 0, x->cd);
		memset(at, 0, PAGES * sizeof(*at));
		break;
	default:
		st_ste_put(t, 0, x->ste);
		break;
	}
}

/* Maps and unmaps at random, invalidating as it must; the translations are what it says. */
static void correct(struct run *u, unsigned int config)
{
	struct st *t = &u->t;
	struct st_stream x;
	uint64_t at[PAGES] = { 0 }, ev[4];
	struct st_tables *tb;
	unsigned int n, page;

	if (config == 5)
		st_stream_s1(t, &x, 0);
	else if (config == 6)
		st_stream_s2(t, &x, 0);
	else
		st_stream_nested(t, &x, 0);
	tb = config == 6 ? &x.s2 : &x.s1;
	if (config == 7)
		st_map(t, &x.s2, UINT64_C(0x5000000000), UINT64_C(0x5000000000), 1, ST_S2_RW);
	for (n = 0; n < 300; n++) {
		page = pick(u, PAGES);
		if (pick(u, 2)) {
			expect(u, page, at[page]);
			continue;
		}
		while (st_event(t, ev))
			;
		if (!pick(u, 16)) {
			rebuild(u, &x, config, at);
		} else if (at[page]) {
			st_poke(t, st_slot(t, tb, iova(page), 3), 0);
			invalidate(u, config, iova(page));
			st_sync(t);
			iom_smmuv3_strict_release(t->s, at[page], PAGE);
			at[page] = 0;
		} else {
			at[page] = (config == 7 ? UINT64_C(0x5000000000) : PA) + n * PAGE;
			st_map(t, tb, iova(page), at[page], 3, config == 6 ? ST_S2_RW : ST_S1_RW);
		}
	}
}

static void correct_is_clean(void **state)
{
	struct run u;
	uint64_t seed;
	unsigned int i;

	(void)state;
	for (i = 0; i < SEEDS; i++) {
		for (seed = 5; seed <= 7; seed++) {
			run_open_recorded(&u, base_seed + i * 16 + seed,
					  (enum iom_smmuv3_mode)(i % 3), NULL);
			correct(&u, (unsigned int)seed);
			run_close(&u);
			if (u.reports)
				fail_msg("%s", u.first);
		}
	}
}

/* --- the same again --- */

static void on_line(void *arg, const char *line)
{
	struct run *u = arg;

	for (; *line; line++)
		u->hash = (u->hash ^ (uint8_t)*line) * UINT64_C(0x100000001b3);
	u->lines++;
}

/* The same seed and the same inputs: the same record, to the letter. */
static void same_seed_same_run(void **state)
{
	uint64_t hash[3];
	unsigned int i, lines = 0;
	struct run u;

	(void)state;
	for (i = 0; i < 3; i++) {
		run_open_recorded(&u, base_seed + i / 2, IOM_SMMUV3_STEP, on_line);
		correct(&u, 7);
		run_close(&u);
		assert_int_equal(u.reports, 0);
		hash[i] = u.hash;
		lines = u.lines;
	}
	assert_true(lines > 1000);
	assert_true(hash[0] == hash[1]);
	assert_true(hash[0] != hash[2]);
}

/* --- broken drivers --- */

struct broken {
	const char *name, *rule;
	void (*drive)(struct run *u);
};

static void uses(struct run *u)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		(void)st_xlate(&u->t, iova(pick(u, 2)), ST_R);
}

/* Unmaps without a TLBI, but with CMD_SYNC. */
static void no_tlbi(struct run *u)
{
	struct st_stream x;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	uses(u);
	st_poke(&u->t, st_slot(&u->t, &x.s1, iova(0), 3), 0);
	st_sync(&u->t);
	uses(u);
}

/* The wrong ASID. */
static void wrong_asid(struct run *u)
{
	struct st_stream x;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	uses(u);
	st_poke(&u->t, st_slot(&u->t, &x.s1, iova(0), 3), 0);
	st_tlbi(&u->t, ST_NH_VA, ST_VMID, ST_ASID + 1, iova(0));
	st_sync(&u->t);
	uses(u);
}

/* The STE changes, and no CFGI_STE. */
static void no_cfgi(struct run *u)
{
	struct st_stream x;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	uses(u);
	st_poke(&u->t, u->t.strtab, 1);
	st_sync(&u->t);
	uses(u);
}

/* Another page in its place at once. */
static void no_break(struct run *u)
{
	struct st_stream x;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	uses(u);
	st_map(&u->t, &x.s1, iova(0), PA + PAGE, 3, ST_S1_RW);
	st_tlbi(&u->t, ST_NH_VA, ST_VMID, ST_ASID, iova(0));
	st_sync(&u->t);
	uses(u);
}

/* A page is given away before the CMD_SYNC. */
static void no_sync(struct run *u)
{
	struct st_stream x;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), BASE + 0x700000, 3, ST_S1_RW);
	uses(u);
	st_poke(&u->t, st_slot(&u->t, &x.s1, iova(0), 3), 0);
	st_tlbi(&u->t, ST_NH_VA, ST_VMID, ST_ASID, iova(0));
	iom_smmuv3_strict_release(u->t.s, BASE + 0x700000, PAGE);
	st_sync(&u->t);
}

/* A table goes, and the TLBI says Leaf = 1. */
static void leaf_only(struct run *u)
{
	struct st_stream x;
	uint64_t w0 = ST_NH_VA | (uint64_t)ST_VMID << 32 | (uint64_t)ST_ASID << 48;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	uses(u);
	st_poke(&u->t, st_slot(&u->t, &x.s1, iova(0), 2), 0);
	st_cmd(&u->t, w0, iova(0) | 1);
	st_sync(&u->t);
	uses(u);
}

/* Stage 2 changes, and stage 1 under it is not invalidated. */
static void s2_ipa_alone(struct run *u)
{
	struct st_stream x;

	st_stream_nested(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), 0x5000, 3, ST_S1_RW);
	st_map(&u->t, &x.s2, 0x5000, PA, 3, ST_S2_RW);
	uses(u);
	st_poke(&u->t, st_slot(&u->t, &x.s2, 0x5000, 3), 0);
	st_tlbi(&u->t, ST_S2_IPA, ST_VMID, 0, 0x5000);
	st_sync(&u->t);
	uses(u);
}

/* A live STE changes in two words at once. */
static void torn_ste(struct run *u)
{
	struct st_stream x, y;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	uses(u);
	st_stream_s2(&u->t, &y, 1);
	st_poke_n(&u->t, u->t.strtab, y.ste, 8);
	st_cfgi_ste(&u->t, 0);
	uses(u);
	st_sync(&u->t);
}

/* Valid again without CFGI_STE: the invalid one may be cached. */
static void invalid_is_cached(struct run *u)
{
	struct st_stream x;
	unsigned int i;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	st_poke(&u->t, u->t.strtab, 0);
	st_cfgi_ste(&u->t, 0);
	st_sync(&u->t);
	for (i = 0; i < 40; i++)
		(void)st_r(&u->t, ST_IDR0);	/* time passes; nobody uses the stream */
	st_poke(&u->t, u->t.strtab, x.ste[0]);
	st_sync(&u->t);
	uses(u);
}

/* Two CDs share an ASID, but not tables. */
static void shared_asid(struct run *u)
{
	struct st_stream x, y;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	st_stream_s1(&u->t, &y, 1);
	st_map(&u->t, &y.s1, iova(0), PA + PAGE, 3, ST_S1_RW);
	uses(u);
	(void)st_xlate_sid(&u->t, 1, iova(0), 1, ST_R);
}

/* TTB0 changes with CFGI_CD, but no TLBI. */
static void new_tables(struct run *u)
{
	struct st_stream x, y;

	st_stream_s1(&u->t, &x, 0);
	st_map(&u->t, &x.s1, iova(0), PA, 3, ST_S1_RW);
	st_map(&u->t, &x.s1, iova(1), PA, 3, ST_S1_RW);
	uses(u);
	y = x;
	st_tables_init(&u->t, &y.s1, 1, 12, 48, 0, false, 5);
	y.cd[1] = y.s1.root;
	st_cd_put(&u->t, x.cdptr, 0, 0, y.cd);
	uses(u);
}

static void broken_is_told(void **state)
{
	/* "": any rule */
	static const struct broken row[] = {
		{ "no TLBI", "", no_tlbi }, { "wrong ASID", "TLBI_ASID", wrong_asid },
		{ "no CFGI_STE", "", no_cfgi }, { "no break before make", "BBM", no_break },
		{ "no CMD_SYNC", "TLBI_SYNC", no_sync }, { "Leaf = 1", "TLBI_LEAF", leaf_only },
		{ "S2_IPA alone", "TLBI_COMBINED", s2_ipa_alone },
		{ "torn STE", "STE_TORN", torn_ste }, { "V = 0 cached", "", invalid_is_cached },
		{ "shared ASID", "ASID_SHARED", shared_asid },
		{ "TTB0 without TLBI", "", new_tables },
	};
	struct run u;
	unsigned int i, k, told;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (k = told = 0; k < SEEDS; k++) {
			run_open(&u, base_seed + k);
			row[i].drive(&u);
			run_close(&u);
			if (u.reports && *row[i].rule && strcmp(u.rule, row[i].rule))
				fail_msg("%s: %s\n%s", row[i].name, u.rule, u.first);
			told += !!u.reports;
		}
		print_message("%s: %u of %u seeds, the last %s\n", row[i].name, told, SEEDS,
			      u.rule);
		if (!told)
			fail_msg("%s: never told", row[i].name);
	}
}

int main(void)
{
	struct test_rng rng;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(correct_is_clean),
		cmocka_unit_test(same_seed_same_run),
		cmocka_unit_test(broken_is_told),
	};

	test_rng_init(&rng);
	base_seed = test_rng_u64(&rng);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
