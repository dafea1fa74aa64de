/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom replay`: from the record alone come the same reports, byte for byte; and
 * whatever is done to a record, it ends with an answer.
 */
#include <fcntl.h>
#include <unistd.h>

#include <iom/dev/smmuv3_ats.h>
#include <iom/dev/smmuv3_strict.h>

#include "iom.h"
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define MAX	(8u << 20)

struct text {
	char *s;
	size_t len;
};

static struct text record, reports;	/* of the run */
static char out[MAX], err[1 << 14];	/* of the command */

static void add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	assert_true(t->len + n + 2 < MAX);
	memcpy(t->s + t->len, s, n);
	t->s[t->len + n] = '\n';
	t->s[t->len += n + 1] = 0;
}

static void on_line(void *arg, const char *line)
{
	(void)arg;
	add(&record, line);
}

static void on_report(void *arg, const struct iom_smmuv3_report *r)
{
	char buf[8192];

	(void)arg;
	assert_true(iom_smmuv3_strict_text(r, buf, sizeof(buf)) < sizeof(buf));
	add(&reports, buf);
}

/* --- a run with every kind of input, and mistakes ---------------------------- */

static void dma(struct st *t, struct iom_smmuv3_port *p, uint64_t iova, unsigned int access)
{
	struct iom_smmuv3_result res;
	uint64_t ev[4];

	iom_access_begin(&t->access);
	(void)iom_smmuv3_dev_translate(p, iova, 8, access, &res, ev);
	iom_access_end(&t->access);
}

/* What only an endpoint with ATS does. */
static void ats(struct st *t, struct iom_smmuv3_port *p, uint64_t iova, struct test_rng *rng)
{
	const struct iom_smmuv3_page_request req = {
		.iova = iova, .ssv = test_rng_below(rng, 2), .ssid = 5, .read = true,
		.last = test_rng_below(rng, 2), .prgindex = 3,
	};
	struct iom_smmuv3_prg_resp answer;
	struct iom_smmuv3_ats_resp resp;
	uint64_t ev[4];

	iom_access_begin(&t->access);
	if (test_rng_below(rng, 3))
		iom_smmuv3_dev_ats_request(p, iova, ST_W, &resp, ev);
	else
		iom_smmuv3_dev_page_request(p, &req, &answer);
	iom_access_end(&t->access);
}

static void one(struct st *t, struct st_stream x[3], struct iom_smmuv3_port port[3],
		struct test_rng *rng)
{
	unsigned int k = (unsigned int)test_rng_below(rng, 3);
	struct st_stream *y = &x[k];
	struct st_tables *tb = y->s1.root ? &y->s1 : &y->s2;
	uint64_t ia = 0x40000000 + test_rng_below(rng, 6) * 0x1000;
	uint64_t oa = (y->s1.off ? ST_IPA : BASE) + 0x100000 + test_rng_below(rng, 8) * 0x1000;

	switch (test_rng_below(rng, 10)) {
	case 0:
		st_map(t, tb, ia, oa, 3, tb->stage == 1 ? ST_S1_RW : ST_S2_RW);
		break;
	case 1:
		st_poke(t, st_slot(t, tb, ia, 3), 0);
		if (test_rng_below(rng, 2)) {
			st_flush(t);
			iom_smmuv3_strict_settled(t->s);
		}
		break;
	case 2:
		st_sync(t);
		break;
	case 3:
		iom_smmuv3_strict_wmb(t->s);
		iom_smmuv3_strict_idle(t->s, 3);
		if (!test_rng_below(rng, 4))
			iom_smmuv3_strict_reseed(t->s, test_rng_below(rng, 1000));
		break;
	case 4:
		iom_smmuv3_strict_release(t->s, BASE + 0x101000, 0x1000);
		iom_smmuv3_strict_acquire(t->s, BASE + 0x101000, 0x1000);
		break;
	case 5:
		ats(t, &port[k], ia, rng);
		break;
	case 6:
		dma(t, &port[k], BASE + 0x100000, ST_R | IOM_SMMUV3_TRANSLATED);
		break;
	default:
		dma(t, &port[k], ia, test_rng_below(rng, 2) ? ST_R : ST_W);
		break;
	}
}

static void make_run(uint64_t seed, unsigned int steps, enum iom_smmuv3_mode mode)
{
	const struct iom_smmuv3_strict_cfg strict = {
		.seed = seed, .wmb = true, .report = on_report, .record = on_line,
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_port port[3];
	struct st_stream x[3];
	struct test_rng rng;
	uint64_t ev[4];
	unsigned int i;
	struct st t;

	if (!record.s) {
		record.s = malloc(MAX);
		reports.s = malloc(MAX);
	}
	assert_non_null(record.s);
	assert_non_null(reports.s);
	record.len = reports.len = 0;
	record.s[0] = reports.s[0] = 0;
	test_rng_seed(&rng, seed);
	cfg.mode = mode;
	iom_smmuv3_dev_default_idr(cfg.idr);
	iom_smmuv3_dev_ats_idr(cfg.idr);
	cfg.strict = &strict;
	st_open(&t, &cfg, BASE);
	memset(x, 0, sizeof(x));
	st_stream_s1(&t, &x[0], 1);
	st_stream_s2(&t, &x[1], 2);
	st_stream_nested(&t, &x[2], 3);
	for (i = 0; i < 2; i++) {
		x[i].ste[1] |= UINT64_C(1) << 28;	/* EATS */
		st_ste_put(&t, x[i].sid, x[i].ste);
	}
	for (i = 0; i < 3; i++)
		ST_REQUIRE(!iom_smmuv3_dev_port_init(&port[i], t.s, x[i].sid, &t.dma.g));
	while (steps--)
		one(&t, x, port, &rng);
	for (i = 0; i < 3; i++)
		iom_smmuv3_dev_port_fini(&port[i]);
	while (st_event(&t, ev))
		;
	iom_smmuv3_strict_finish(t.s);
	iom_smmuv3_dev_reset(t.s);
	st_close(&t);
}

/* --- the command -------------------------------------------------------------- */

static void slurp(int fd, char *buf, size_t cap)
{
	ssize_t n = pread(fd, buf, cap - 1, 0);

	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
}

static int replay(const char *text, size_t len, const char *option, const char *value)
{
	char file[] = "/tmp/iom-replay-XXXXXX", name[] = "replay", opt[16], val[24];
	char *argv[] = { name, file, opt, val, NULL };
	int fd = mkstemp(file), was[2], to[2], i, rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	snprintf(opt, sizeof(opt), "%s", option ? option : "");
	snprintf(val, sizeof(val), "%s", value ? value : "");
	fflush(stdout);
	fflush(stderr);
	for (i = 0; i < 2; i++) {
		char temp[] = "/tmp/iom-replay-XXXXXX";

		was[i] = dup(i + 1);
		to[i] = mkstemp(temp);
		assert_true(to[i] >= 0);
		unlink(temp);
		dup2(to[i], i + 1);
	}
	rc = iom_tool_replay(2 + !!option + !!value, argv);
	fflush(stdout);
	fflush(stderr);
	for (i = 0; i < 2; i++) {
		dup2(was[i], i + 1);
		close(was[i]);
	}
	unlink(file);
	slurp(to[0], out, sizeof(out));
	slurp(to[1], err, sizeof(err));
	return rc;
}

static void same_reports(void **state)
{
	static const enum iom_smmuv3_mode modes[] = { IOM_SMMUV3_INLINE, IOM_SMMUV3_STEP };
	struct test_rng rng;
	unsigned int i, with = 0;
	size_t n;

	(void)state;
	test_rng_init(&rng);
	for (i = 0; i < 8; i++) {
		make_run(test_rng_u64(&rng), 150, modes[i & 1]);
		with += reports.len > 0;
		if (replay(record.s, record.len, NULL, NULL))
			fail_msg("%s", err);
		n = strlen(out);
		assert_true(n > reports.len);
		assert_memory_equal(out, reports.s, reports.len);
		assert_non_null(strstr(out + reports.len, ", as recorded (seed "));
	}
	assert_true(with > 0);
	assert_int_equal(replay(record.s, record.len, "--step", "20"), IOM_TOOL_OK);
	assert_non_null(strstr(out, "@14 "));
	assert_int_equal(replay(record.s, record.len, "--json", NULL), IOM_TOOL_OK);
	assert_non_null(strstr(out, "\"inputs\""));
}

/* A record that was made otherwise is found out, with the line. */
static void differs(void **state)
{
	char *at;

	(void)state;
	make_run(7, 40, IOM_SMMUV3_STEP);
	at = strstr(record.s, "\n= 0 ");
	assert_non_null(at);
	at[5] = at[5] == '1' ? '2' : '1';
	assert_int_equal(replay(record.s, record.len, NULL, NULL), IOM_TOOL_USAGE);
	assert_non_null(strstr(err, ": line "));
	assert_non_null(strstr(err, "recorded \"= 0 "));
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"", "\n", "smmuv3-record 2\n", "smmuv3-record 1\n",
		"smmuv3-record 1\nmodel 2 1 2 3\n",
		"smmuv3-record 1\nmodel 9 0 0 0 0 0 0 0 0 40 10\nstrict 1 0 10 1\n",
		"smmuv3-record 1\nmodel 2 ffffffff 0 0 0 0 0 0 0 40 10\nstrict 1 0 10 1\n",
		"smmuv3-record 1\nmodel 2 0 0 0 0 0 0 0 0 ffffffffff 10\nstrict 1 0 10 1\n",
		"smmuv3-record 1\nmodel 2 0 0 0 0 0 0 0 0 40 10\nstrict 1 0 10 2\n",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(replay(bad[i], strlen(bad[i]), NULL, NULL), IOM_TOOL_USAGE);
		assert_non_null(strstr(err, ": line "));
	}
}

/* Lines and bytes changed, gone, twice, elsewhere. */
static void hostile(void **state)
{
	struct test_rng rng;
	char *copy = malloc(MAX), *line;
	unsigned int i, k, good = 0;
	size_t len, at, n;
	int rc;

	(void)state;
	test_rng_init(&rng);
	make_run(test_rng_u64(&rng), 60, IOM_SMMUV3_STEP);
	assert_non_null(copy);
	for (i = 0; i < 300; i++) {
		memcpy(copy, record.s, record.len + 1);
		len = record.len;
		for (k = 0; k <= test_rng_below(&rng, 3); k++) {
			at = test_rng_below(&rng, len);
			line = memchr(copy + at, '\n', len - at);
			n = line ? (size_t)(line - copy) - at + 1 : len - at;
			switch (test_rng_below(&rng, 4)) {
			case 0:
				copy[at] = (char)test_rng_u64(&rng);
				break;
			case 1:
				copy[at] = "0123456789abcdef -@<=!\n"[test_rng_below(&rng, 23)];
				break;
			case 2:
				memmove(copy + at, copy + at + n, len - at - n);
				len -= n;
				break;
			default:
				memmove(copy + at + n, copy + at, len - at);
				len += n;
				break;
			}
		}
		rc = replay(copy, len, NULL, NULL);
		assert_true(rc == IOM_TOOL_OK || rc == IOM_TOOL_USAGE);
		assert_true(rc == IOM_TOOL_OK || strstr(err, ": line "));
		good += rc == IOM_TOOL_OK;
	}
	assert_true(good < 150);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_reports),
		cmocka_unit_test(differs),
		cmocka_unit_test(refused),
		cmocka_unit_test(hostile),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	free(record.s);
	free(reports.s);
	return rc;
}
