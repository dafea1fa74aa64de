/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom decode` and `iom walk` as commands: what they print, what they refuse,
 * and with which exit status.
 */
#include <fcntl.h>
#include <unistd.h>

#include <json-c/json.h>

#include <iom/base/field.h>

#include "iom.h"
#include "lib/test.h"

#define DATA "tests/data/smmuv3/"

static char out[1 << 20], err[1 << 14];		/* of the last command */

static void slurp(int fd, char *buf, size_t cap)
{
	ssize_t n = pread(fd, buf, cap - 1, 0);

	assert_true(n >= 0);
	buf[n] = '\0';
	close(fd);
}

static int temp(void)
{
	char name[] = "/tmp/iom-decode-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	return fd;
}

/* One command line, split at spaces; in is its standard input. */
static int run_in(const char *line, const char *in)
{
	char text[1024], *argv[40], *save;
	int argc = 0, rc, i, was[3], to[3];

	strcpy(text, line);
	for (argv[0] = strtok_r(text, " ", &save); argv[argc];)
		argv[++argc] = strtok_r(NULL, " ", &save);
	fflush(stdout);
	fflush(stderr);
	for (i = 0; i < 3; i++) {
		was[i] = dup(i);
		to[i] = temp();
	}
	assert_int_equal(write(to[0], in, strlen(in)), strlen(in));
	lseek(to[0], 0, SEEK_SET);
	for (i = 0; i < 3; i++)
		dup2(to[i], i);
	rc = !strcmp(argv[0], "walk") ? iom_tool_walk(argc, argv) : iom_tool_decode(argc, argv);
	fflush(stdout);
	fflush(stderr);
	for (i = 0; i < 3; i++) {
		dup2(was[i], i);
		close(was[i]);
	}
	close(to[0]);
	slurp(to[1], out, sizeof(out));
	slurp(to[2], err, sizeof(err));
	return rc;
}

static int run(const char *line)
{
	return run_in(line, "");
}

#define QEMU	"--idr 0x0d44101b,0x02730010,0,0x1414,0,0x74 "
#define SUBSTREAMS	"--idr 0x0d44101b,0x02730050,0,0x1414,0,0x74 "
#define SAYS(s)	assert_non_null(strstr(out, s))
#define NOT(s)	assert_null(strstr(out, s))

static void structures_are_spelled_out(void **state)
{
	(void)state;
	assert_int_equal(run("decode ste 4000000b d6 0 0 0 0 0 0"), IOM_TOOL_OK);
	SAYS("Config         5  stage 1\n");
	SAYS("S1ContextPtr   0x40000000\n");
	SAYS("S1DSS          2  use CD 0\n");
	NOT("illegal");
	assert_int_equal(run("decode cd 3e204c0003510 4537c000 0 fffffffff404ff44 0 0 0 0"),
			 IOM_TOOL_OK);
	SAYS("T0SZ           0x10  48 address bits\n");
	SAYS("MAIR           0xfffffffff404ff44  0 NC, 1 WB, 2 Device-nGnRE, 3 inner NC outer WB");
	NOT("illegal");
	assert_int_equal(run("decode l1std 7bc20009"), IOM_TOOL_OK);
	SAYS("Span           9  256 STEs\n");
	assert_int_equal(run("decode l1cd 0x40001001"), IOM_TOOL_OK);
	SAYS("L2Ptr          0x40001000\n");
	assert_int_equal(run("decode cmd 1234000300201012 fffff701"), IOM_TOOL_OK);
	SAYS("CMD_TLBI_NH_VA 0x1234000300201012 0x00000000fffff701\n");
	SAYS("to 0x100006fff, 32K");
	assert_int_equal(run("decode event 800000010 20800000000 9000000 0"), IOM_TOOL_OK);
	SAYS("F_TRANSLATION");
	SAYS("CLASS          2  IN\n");
	assert_int_equal(run("decode pri 5000000000000008 12345003"), IOM_TOOL_OK);
	SAYS("StreamID       8\n");
	SAYS("PRGIndex       3\n");
	assert_int_equal(run("decode pte 40000F47"), IOM_TOOL_OK);
	SAYS("stage-1 page");
	SAYS("AP             1  all read/write\n");
	assert_int_equal(run("decode pte --stage 2 --level 2 400007fd"), IOM_TOOL_OK);
	SAYS("stage-2 block");
	SAYS("MemAttr        0xf  WB\n");
	assert_int_equal(run("decode pte --granule 64k --wide 12345678F707"), IOM_TOOL_OK);
	SAYS("OA             0xf123456780000\n");
	assert_int_equal(run("decode idr 0d44101b 02730010 0 1414 0 74"), IOM_TOOL_OK);
	SAYS("STALL_MODEL    1  terminate only\n");
	SAYS("OAS            4  44 bits\n");
	assert_int_equal(run("decode regs CMDQ_BASE=0x400000007bd00010 CMDQ_PROD=0x305 "
			     "CMDQ_CONS=0x01000300"), IOM_TOOL_OK);
	SAYS("ERR            1  CERROR_ILL\n");
	SAYS("5 of 65536 entries wait");
}

static void reasons_are_given(void **state)
{
	(void)state;
	assert_int_equal(run("decode ste 0 0 0 0 0 0 0 0"), IOM_TOOL_OK);
	SAYS("illegal: v: the STE is not valid (5.2 V)\n");
	assert_int_equal(run("decode ste " QEMU "800000004000000b d6 0 0 0 0 0 0"), IOM_TOOL_OK);
	NOT("s1cdmax");		/* it is ignored */
	assert_int_equal(run("decode ste " SUBSTREAMS "100000004000000b d6 0 0 0 0 0 0"),
			 IOM_TOOL_OK);
	SAYS("illegal: s1cdmax: S1CDMax exceeds IDR1.SSIDSIZE (5.2 S1CDMax)\n");
	assert_int_equal(run("decode ste 4000000b d6 0 0 0 0 0 8000000000000000"), IOM_TOOL_OK);
	NOT("res0");	/* S2POI has all of word 7 */
	assert_int_equal(run("decode ste 4000000b d6 0 0 1 0 0 0"), IOM_TOOL_OK);
	SAYS("res0: res0: word 4 has RES0 bits set: 0x1\n");
	assert_int_equal(run("decode ste 4000000b 56 0 0 0 0 0 0"), IOM_TOOL_OK);
	SAYS("reserved: S1CSH: S1CSH = 1 is reserved\n");
	assert_int_equal(run("decode cd 3c204c0003510 4537c000 0 0 0 0 0 0 " QEMU), IOM_TOOL_OK);
	NOT("illegal");
	assert_int_equal(run("decode cd 38204c0003510 4537c000 0 0 0 0 0 0 " QEMU), IOM_TOOL_OK);
	SAYS("illegal: a_model");
	assert_int_equal(run("decode cd 3f204c0003510 0 0 0 0 0 0 0 --ste "
			     "4000000b,80000d6,0,0,0,0,0,0"), IOM_TOOL_OK);
	SAYS("illegal: s_s1stalld");
	assert_int_equal(run("decode cmd " QEMU "40 0"), IOM_TOOL_OK);
	SAYS("illegal: ats: ATC_INV needs ATS, but IDR0.ATS = 0 (4.5.1)\n");
	assert_int_equal(run("decode cmd 99 0"), IOM_TOOL_OK);
	SAYS("illegal: opcode");
	assert_int_equal(run("decode event e5 0 0 0"), IOM_TOOL_OK);
	SAYS("implementation defined");
	assert_int_equal(run("decode event 30 0 0 0"), IOM_TOOL_OK);
	SAYS("there is no such event");
	assert_int_equal(run("decode l1std --split 6 40009"), IOM_TOOL_OK);
	SAYS("illegal: span");
	assert_int_equal(run("decode l1std 40049"), IOM_TOOL_OK);
	SAYS("illegal: l2ptr");
	assert_int_equal(run("decode pte 1"), IOM_TOOL_OK);
	SAYS("illegal: type: 01 is no block at level 3");
	assert_int_equal(run("decode pte --level 0 40000001"), IOM_TOOL_OK);
	SAYS("illegal: type: 01 is no block at level 0");
	assert_int_equal(run("decode pte --level 1 --wide 40000401"), IOM_TOOL_OK);
	NOT("illegal");
	assert_int_equal(run("decode pte 0003000040000d47"), IOM_TOOL_OK);
	SAYS("bits 49:48 are set without DS");
	SAYS("SH = 1 is reserved");
	assert_int_equal(run("decode regs GERROR=1 GERRORN=0"), IOM_TOOL_OK);
	SAYS("CMDQ_ERR is active");
	assert_int_equal(run("decode regs CR0=1 CR0ACK=0"), IOM_TOOL_OK);
	SAYS("not in force yet");
	assert_int_equal(run("decode regs STRTAB_BASE_CFG=0x101d0"), IOM_TOOL_OK);
	SAYS("illegal: split");
	assert_int_equal(run("decode regs EVENTQ_BASE=4 EVENTQ_PROD=0x80000011 EVENTQ_CONS=0"),
			 IOM_TOOL_OK);
	SAYS("illegal: index");
	SAYS("OVFLG differs from OVACKFLG");
	assert_int_equal(run("decode idr AIDR=2 IDR0=0xb IDR3=0"), IOM_TOOL_OK);
	SAYS("v3.2 has RIL = 1");
	SAYS("v3.2 with both stages has HYP = 1");
	SAYS("v3.2 with stage 2 has FWB = 1");
}

static void input_comes_from_anywhere(void **state)
{
	(void)state;
	assert_int_equal(run_in("decode event -",
				"# two\n0x800000010 0x20800000000 0x9000000 0 # one\n"
				"800000013,20000000000,2000000,0\n"), IOM_TOOL_OK);
	SAYS("F_TRANSLATION");
	SAYS("F_PERMISSION");
	assert_int_equal(run("decode regs " DATA "s1-multi.regs.txt"), IOM_TOOL_OK);
	SAYS("STRTAB_BASE_CFG 0x00010210");
	assert_int_equal(run("decode idr " DATA "s1-multi.regs.txt"), IOM_TOOL_OK);
	SAYS("IDR5");
	NOT("CR0");
	assert_int_equal(run("decode cmd --idr " DATA "s1-multi.regs.txt 41 0"), IOM_TOOL_OK);
	SAYS("illegal: pri");
}

static void json_says_the_same(void **state)
{
	struct json_object *o, *e, *v;

	(void)state;
	assert_int_equal(run("decode ste --json " SUBSTREAMS "100000004000000b d6 0 0 0 0 0 0"),
			 IOM_TOOL_OK);
	o = json_tokener_parse(out);
	assert_non_null(o);
	e = json_object_array_get_idx(o, 0);
	assert_true(json_object_object_get_ex(e, "fields", &v));
	assert_int_equal(json_object_array_length(v), 62);
	assert_true(json_object_object_get_ex(e, "notes", &v));
	assert_int_equal(json_object_array_length(v), 1);
	assert_true(json_object_object_get_ex(json_object_array_get_idx(v, 0), "rule", &v));
	assert_string_equal(json_object_get_string(v), "s1cdmax");
	json_object_put(o);
	assert_int_equal(run("walk --json --sid 0x10 --iova 0xffefd123 --regs " DATA
			     "s1-events.regs.txt " DATA "s1-events.core.gz"), IOM_TOOL_OK);
	o = json_tokener_parse(out);
	assert_non_null(o);
	assert_true(json_object_object_get_ex(o, "pa", &v));
	assert_string_equal(json_object_get_string(v), "0x000000004580e123");
	assert_true(json_object_object_get_ex(o, "steps", &v));
	assert_int_equal(json_object_array_length(v), 7);
	json_object_put(o);
}

static void walk_prints_steps_lists_and_queues(void **state)
{
	(void)state;
	assert_int_equal(run("walk " DATA "s1-events.core.gz --regs " DATA "s1-events.regs.txt "
			     "--sid 0x10 --iova 0xffefd123"), IOM_TOOL_OK);
	SAYS("stage 1 level 3 [0x0fd] of 0xffefd123\n   at 0x44f5e7e8: 0x000000004580ef47\n");
	SAYS("-> 0x4580e123  rwx  WB  4K\n");
	assert_int_equal(run("walk " DATA "s2-events.core.gz --regs " DATA "s2-events.regs.txt "
			     "--sid 8 --iova 0x5000000"), IOM_TOOL_OK);
	SAYS("-> F_TRANSLATION (S2 = 1, CLASS = IN): stage-2 descriptor of level 3 is invalid\n");
	assert_int_equal(run("walk " DATA "s1-passthrough.core.gz --regs " DATA
			     "s1-passthrough.regs.txt"), IOM_TOOL_OK);
	SAYS("stream 0x10 (00:02.0): STE at 0x7bc20400: bypass\n");
	assert_int_equal(run("walk " DATA "s1-events.core.gz --events --regs " DATA
			     "s1-events.regs.txt"), IOM_TOOL_OK);
	SAYS("events: 9 of 32768 wait\n");
	SAYS("F_PERMISSION StreamID=8 CLASS=2 (IN) InputAddr=0x2000000\n");
	assert_int_equal(run("walk " DATA "s1-many.core.gz --sid 8 --svg - --regs " DATA
			     "s1-many.regs.txt"), IOM_TOOL_OK);
	assert_memory_equal(out, "<svg ", 5);
	SAYS("381 more tables");
	assert_string_equal(out + strlen(out) - 7, "</svg>\n");
}

/* Each refusal is one line that says what and where. */
static void bad_use_is_refused(void **state)
{
	static const char *const lines[] = {
		"decode", "decode ste", "decode nothing 0", "decode ste 1 2 3", "decode ste xyz",
		"decode ste 0x1ffffffffffffffff 0 0 0 0 0 0 0", "decode ste --idr 1,2 0",
		"decode ste --bogus", "decode pte --level 4 0", "decode pte --stage 3 0",
		"decode pte --granule 8k 0", "decode cd --ste 1,2 0", "decode idr 1ffffffff",
		"decode idr 1 2 3 4 5 6 7 8 9", "decode regs IDR0", "decode regs X=1",
		"decode pte --level", "walk", "walk x", "walk x --regs",
		"walk " DATA "s1-events.core.gz --regs /dev/null",
		"walk " DATA "s1-events.core.gz --regs " DATA "README.md",
		"walk " DATA "README.md --regs " DATA "s1-events.regs.txt",
		"walk " DATA "absent --regs " DATA "s1-events.regs.txt",
		"walk " DATA "s1-events.core.gz --regs " DATA "s1-events.regs.txt --iova 0",
		"walk " DATA "s1-events.core.gz --regs " DATA "s1-events.regs.txt --ssid 0",
		"walk " DATA "s1-events.core.gz --regs " DATA "s1-events.regs.txt --sid -1",
		"walk " DATA "s1-events.core.gz --regs " DATA "s1-events.regs.txt --sid 4294967296",
		"walk a b --regs c", "walk a --regs b --svg c --events",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(lines); i++) {
		int rc = run(lines[i]);

		if (rc != IOM_TOOL_USAGE || strncmp(err, "iom", 3) || *out)
			fail_msg("\"%s\": status %d, \"%s\"", lines[i], rc, err);
		assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
	}
}

static void help_has_an_example(void **state)
{
	(void)state;
	assert_int_equal(run("decode --help"), IOM_TOOL_OK);
	SAYS("Example:\n");
	assert_int_equal(run("walk --help"), IOM_TOOL_OK);
	SAYS("Example:\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(structures_are_spelled_out),
		cmocka_unit_test(reasons_are_given),
		cmocka_unit_test(input_comes_from_anywhere),
		cmocka_unit_test(json_says_the_same),
		cmocka_unit_test(walk_prints_steps_lists_and_queues),
		cmocka_unit_test(bad_use_is_refused),
		cmocka_unit_test(help_has_an_example),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
