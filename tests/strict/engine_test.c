/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adversary (F1): a driver that does everything right is never told
 * otherwise and its translations are right, whatever the seed (F3); one that
 * forgets one thing is told so within few seeds (F2), and nothing else is.
 */
#include <string.h>

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
	uint64_t hash;
	unsigned int lines;
	struct test_rng rng;
};

static void on_report(void *arg, const struct iom_smmuv3_report *r)
{
	struct run *u = arg;

	if (!u->reports++)
		(void)iom_smmuv3_strict_text(r, u->first, sizeof(u->first));
}

static void run_open_recorded(struct run *u, uint64_t seed,
			      void (*record)(void *arg, const char *line))
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	memset(u, 0, sizeof(*u));
	test_rng_seed(&u->rng, seed);
	u->strict = (struct iom_smmuv3_strict_cfg){ .seed = seed, .report = on_report,
						  .record = record, .arg = u };
	cfg.strict = &u->strict;
	st_open(&u->t, &cfg, BASE);
}

static void run_open(struct run *u, uint64_t seed)
{
	run_open_recorded(u, seed, NULL);
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
		if (at[page]) {
			st_poke(t, st_slot(t, tb, iova(page), 3), 0);
			if (config == 6)
				st_tlbi(t, ST_S2_IPA, ST_VMID, 0, iova(page));
			else
				st_tlbi(t, ST_NH_VA, ST_VMID, ST_ASID, iova(page));
			st_sync(t);
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
			run_open(&u, base_seed + i * 16 + seed);
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
		run_open_recorded(&u, base_seed + i / 2, on_line);
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
	const char *name, *title;
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

static void broken_is_told(void **state)
{
	static const struct broken row[] = {
		{ "no TLBI", "", no_tlbi }, { "wrong ASID", "", wrong_asid },
		{ "no CFGI_STE", "", no_cfgi }, { "no break before make", "", no_break },
		{ "no CMD_SYNC", "", no_sync },
	};
	struct run u;
	unsigned int i, k, told;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (k = told = 0; k < SEEDS; k++) {
			run_open(&u, base_seed + k);
			row[i].drive(&u);
			run_close(&u);
			told += !!u.reports;
			if (u.reports && getenv("SHOW"))
				print_message("%s\n%s", row[i].name, u.first);
		}
		print_message("%s: %u of %u seeds\n", row[i].name, told, SEEDS);
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
