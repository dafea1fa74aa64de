/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports as text: by bytes, cut at every size, never wider than 100 columns (F2). */
#include <dev/smmuv3_strict_int.h>

#include "lib/test.h"

static const char want[] =
	"smmuv3 R002  stale STE used                                               "
	"IHI 0070, 3.21.3\n"
	"  stream 0x8   STE at 0x40001200, word 0 stored at step 1042, used at step 1077\n"
	"  held         V=1 Config=5 (stage 1) S1ContextPtr=0x40010000\n"
	"  in memory    V=1 Config=5 (stage 1) S1ContextPtr=0x40020000\n"
	"  since then   TLBI_NH_ASID vmid=0 asid=3, CMD_SYNC\n"
	"  missing      CFGI_STE sid=0x8 (or a range, or all), then CMD_SYNC\n"
	"  hardware     An SMMU may hold what it has read, valid or not, until a CFGI that "
	"names it is\n"
	"               complete: it goes on by either entry, for any time.\n"
	"  instead      Issue CFGI_STE for the StreamID (or a range, or all), then CMD_SYNC.\n"
	"  replay       seed 0x5eed0007, step 1077\n";

struct taken {
	unsigned int n;
	struct iom_smmuv3_report r;
};

static void take(void *arg, const struct iom_smmuv3_report *r)
{
	struct taken *t = arg;

	t->n++;
	t->r = *r;
}

static void cmd(struct strict_log *log, uint64_t w0, uint64_t w1)
{
	const uint64_t w[2] = { w0, w1 };

	strict_log_add(log, w);
}

static void widths(const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		n = *text == '\n' ? 0 : n + 1;
		if (n > 100)
			print_error("%.120s\n", text - n + 1);
		assert_true(n <= 100);
	}
}

static void stale_ste(void **state)
{
	static struct smmu_strict strict;
	static struct iom_smmuv3_dev s;
	struct strict_line line = { .kind = IOM_SMMUV3_FETCH_STE, .n = 8, .pa = 0x40001200,
				    .changed = 1042, .w = { 0x4001000b } };
	struct iomi_smmuv3_caps caps = { .s2p = true };
	struct strict_stale st = { .how = STRICT_USED, .line = &line, .sid = 8, .caps = &caps,
				   .now = { 0x4002000b }, .log = &strict.log };
	struct taken got = { 0 };
	char buf[2000], cut[2000];
	size_t n, len;

	(void)state;
	s.strict = &strict;
	strict.cfg.seed = 0x5eed0007;
	strict.cfg.report = take;
	strict.cfg.arg = &got;
	strict.step = 1077;
	cmd(&strict.log, SMMU_CMD_CFGI_STE, 0);
	line.mark = strict.log.nr;
	cmd(&strict.log, SMMU_CMD_TLBI_NH_ASID | UINT64_C(3) << 48, 0);
	cmd(&strict.log, SMMU_CMD_SYNC, 0);
	iomi_smmuv3_strict_report_stale(&s, &st);
	assert_int_equal(got.n, 1);
	assert_int_equal(strict.nr_reports, 1);
	len = iom_smmuv3_strict_text(&got.r, buf, sizeof(buf));
	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf, want);
	widths(buf);
	for (n = 0; n < len + 2; n++) {
		memset(cut, 'x', sizeof(cut));
		assert_int_equal(iom_smmuv3_strict_text(&got.r, cut, n), len);
		assert_int_equal(cut[n], 'x');
		if (n)
			assert_int_equal(strlen(cut), n - 1 < len ? n - 1 : len);
		assert_int_equal(strncmp(cut, buf, n ? n - 1 : 0), 0);
	}
}

/* Anything that a report may say, every rule: bounded and not too wide. */
static void anything(void **state)
{
	struct iom_smmuv3_report r;
	static char buf[1 << 15];
	struct test_rng rng;
	unsigned int i, n;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 4000; n++) {
		const struct iom_smmuv3_rule_info *info = iom_smmuv3_strict_rule(n % SMMU_RULES_NR);

		test_rng_fill(&rng, &r, sizeof(r));
		r.id = info->id;
		r.title = info->title;
		r.section = info->section;
		r.may = info->may;
		r.instead = info->instead;
		for (i = 0; i < sizeof(r.missing) - 1; i++)
			r.missing[i] = test_rng_below(&rng, 20) ? 'm' : ' ';
		r.missing[test_rng_below(&rng, sizeof(r.missing))] = '\0';
		r.missing[sizeof(r.missing) - 1] = '\0';
		r.what = (enum iom_smmuv3_fetch_kind)test_rng_below(&rng, 6);
		r.level = (int)test_rng_below(&rng, 5) - 1;
		r.nr_words = r.what == IOM_SMMUV3_FETCH_STE ||
			     r.what == IOM_SMMUV3_FETCH_CD ? 8 : 1;
		r.nr_cmds = (unsigned int)test_rng_below(&rng, IOM_SMMUV3_REPORT_CMDS + 1);
		for (i = 0; i < r.nr_cmds; i++)
			r.cmd[i][0] = (r.cmd[i][0] & ~UINT64_C(0xff)) | test_rng_below(&rng, 0x48);
		assert_true(iom_smmuv3_strict_text(&r, buf, sizeof(buf)) < sizeof(buf) / 2);
		if (!strchr(r.missing, 'm') || strlen(r.missing) < 60)
			widths(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale_ste),
		cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
