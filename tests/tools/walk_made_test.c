/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom walk` on structures that no recorded set has: linear stream tables,
 * two-level CD tables, nested translation, 64K granules, concatenated roots,
 * the upper half, every way an access ends. And on what nobody should believe:
 * damaged cores and registers end in a defined way, soon.
 */
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <json-c/json.h>

#include <iom/spec/lpae.h>
#include <iom/spec/smmuv3.h>

#include "iom.h"
#include "lib/test.h"
#include "smmu_text.h"
#include "walk.h"

#define DATA	"tests/data/smmuv3/"
#define BASE	UINT64_C(0x80000000)	/* where the made memory begins */
#define SIZE	(1u << 20)
#define PREP(m, v)	IOM_FIELD_PREP(m, (uint64_t)(v))
#define PREP32(m, v)	(uint32_t)IOM_FIELD_PREP(m, (uint32_t)(v))

static struct iom_tool_walk w;
static struct iom_tool_list l;
static uint64_t mem[SIZE / 8];
static struct iom_tool_segment seg;

/* --- made memory ------------------------------------------------------------ */

static void put(uint64_t pa, uint64_t value)
{
	assert_true(pa >= BASE && pa - BASE < SIZE && !(pa & 7));
	mem[(pa - BASE) / 8] = iom_le64_make(value).raw;
}

static void reg(uint32_t offset, uint64_t value)
{
	const struct iomi_smmuv3_layout *regs;
	size_t n, i;

	regs = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < n; i++) {
		if (regs[i].offset == offset) {
			w.regs.value[i] = value;
			w.regs.has[i] = true;
		}
	}
}

/* An SMMU with both stages, all granules, 48 bits; a linear table of 4 STEs at BASE. */
static void make(void)
{
	memset(mem, 0, sizeof(mem));
	memset(&w, 0, sizeof(w));
	w.regs_file = "made";
	w.entries_left = WALK_MAX_ENTRIES;
	reg(SMMU_IDR0, SMMU_IDR0_S1P | SMMU_IDR0_S2P | PREP32(SMMU_IDR0_TTF, 2) | SMMU_IDR0_ASID16 |
	    SMMU_IDR0_VMID16 | SMMU_IDR0_CD2L | SMMU_IDR0_HYP | PREP32(SMMU_IDR0_TTENDIAN, 2));
	reg(SMMU_IDR1, PREP32(SMMU_IDR1_SIDSIZE, 16) | PREP32(SMMU_IDR1_SSIDSIZE, 8));
	reg(SMMU_IDR2, 0);
	reg(SMMU_IDR3, SMMU_IDR3_FWB | SMMU_IDR3_XNX);
	reg(SMMU_IDR4, 0);
	reg(SMMU_IDR5, PREP32(SMMU_IDR5_OAS, 5) | SMMU_IDR5_GRAN4K | SMMU_IDR5_GRAN16K |
	    SMMU_IDR5_GRAN64K);
	reg(SMMU_STRTAB_BASE, BASE);
	reg(SMMU_STRTAB_BASE_CFG, PREP32(SMMU_STRTAB_BASE_CFG_LOG2SIZE, 2));
	assert_true(iom_tool_regs_caps(&w.regs, &w.caps));
	seg.pa = BASE;
	seg.last = BASE + SIZE - 1;
	w.core.file = "made";
	w.core.data = (const uint8_t *)mem;
	w.core.len = sizeof(mem);
	w.core.segs = &seg;
	w.core.n_segs = 1;
}

static void ste(unsigned int sid, uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
	uint64_t at = BASE + sid * 64;

	put(at, w0 | SMMU_STE0_V);
	put(at + 8, w1);
	put(at + 16, w2);
	put(at + 24, w3);
}

static void cd(uint64_t at, uint64_t w0, uint64_t ttb0, uint64_t ttb1)
{
	put(at, w0 | SMMU_CD0_V | SMMU_CD0_AA64 | SMMU_CD0_A | PREP(SMMU_CD0_IPS, 5));
	put(at + 8, ttb0);
	put(at + 16, ttb1);
	put(at + 24, 0xf404ff44);
}

#define LEAF	(LPAE_VALID | LPAE_AF | LPAE_S1_AP1_EL0 | PREP(LPAE_S1_ATTRINDX, 1))
#define PAGE	(LEAF | 3)
#define S2_LEAF	(LPAE_VALID | LPAE_AF | LPAE_S2_AP | PREP(LPAE_S2_MEMATTR, 0xf))
#define S2_PAGE	(S2_LEAF | 3)

static void quiet(bool on)
{
	static int was = -1;

	fflush(stderr);
	if (on) {
		int null = open("/dev/null", O_WRONLY);

		was = dup(2);
		dup2(null, 2);
		close(null);
	} else {
		dup2(was, 2);
		close(was);
	}
}

static int list(void)
{
	int rc;

	quiet(true);
	rc = iom_tool_walk_list(&w, -1, &l);
	quiet(false);
	return rc;
}

static void drop(void)
{
	unsigned int i;

	iom_tool_walk_list_free(&l);
	for (i = 0; i < WALK_MAX_PROBLEMS; i++) {
		free(w.problems[i]);
		w.problems[i] = NULL;
	}
}

static struct iom_tool_result at(uint32_t sid, int64_t ssid, uint64_t iova)
{
	struct iom_tool_result r;

	quiet(true);
	iom_tool_walk_iova(&w, sid, ssid, iova, NULL, &r);
	quiet(false);
	return r;
}

/* --- legal structures ------------------------------------------------------- */

#define C1	PREP(SMMU_STE0_CONFIG, 5)
#define C2	PREP(SMMU_STE0_CONFIG, 6)
#define C12	PREP(SMMU_STE0_CONFIG, 7)

/* StreamID 1: 2^7 CDs in two levels, of which 3 and 70 exist, 64K pages in both halves. */
static void make_ssids(void)
{
	uint64_t half = PREP(SMMU_CD0_T0SZ, 32) | PREP(SMMU_CD0_TG0, SMMU_TG0_64K) |
			PREP(SMMU_CD0_T1SZ, 32) | PREP(SMMU_CD0_TG1, SMMU_TG1_64K);

	make();
	ste(1, C1 | PREP(SMMU_STE0_S1FMT, SMMU_S1FMT_4K) | PREP(SMMU_STE0_S1CDMAX, 7) |
	    (BASE + 0x1000), PREP(SMMU_STE1_S1DSS, SMMU_S1DSS_BYPASS), 0, 0);
	put(BASE + 0x1000, (BASE + 0x2000) | SMMU_L1CD_V);
	put(BASE + 0x1008, (BASE + 0x3000) | SMMU_L1CD_V);
	cd(BASE + 0x2000 + 3 * 64, half | SMMU_CD0_EPD1, BASE + 0x10000, 0);
	cd(BASE + 0x3000 + 6 * 64, half, BASE + 0x10000, BASE + 0x10040);
	/* 32 bits of 64K: level 2 has 3 index bits, level 3 has 13 */
	put(BASE + 0x10000, (BASE + 0x20000) | 3);
	put(BASE + 0x20000 + 5 * 8, UINT64_C(0x90000000) | PAGE);
	put(BASE + 0x20000 + 6 * 8, UINT64_C(0x90010000) | PAGE);
	put(BASE + 0x10040 + 7 * 8, UINT64_C(0xa0000000) | LEAF | LPAE_S1_AP2_RO);
}

static void two_level_cds_and_both_halves(void **state)
{
	struct iom_tool_result r;

	(void)state;
	make_ssids();
	assert_int_equal(list(), IOM_TOOL_OK);
	assert_int_equal(w.n_problems, 0);
	assert_int_equal(l.n_streams, 1);
	assert_int_equal(l.n_invalid, 3);
	assert_int_equal(l.n_ctxs, 2);
	assert_int_equal(l.ctxs[0].ssid, 3);
	assert_int_equal(l.ctxs[1].ssid, 70);
	assert_int_equal(l.ctxs[0].n_runs, 1);
	assert_int_equal(l.runs[0].start, 0x50000);
	assert_int_equal(l.runs[0].last, 0x6ffff);
	assert_int_equal(l.runs[0].pa, 0x90000000);
	assert_int_equal(l.ctxs[1].n_runs, 2);
	assert_true(l.runs[2].start == 0xffffffffe0000000 && l.runs[2].last == UINT64_MAX);
	assert_int_equal(l.runs[2].pa, 0xa0000000);
	assert_int_equal(l.runs[2].leaf_lg2, 29);
	assert_false(l.runs[2].perms & (IOMI_LPAE_UW | IOMI_LPAE_PW));
	drop();

	r = at(1, 70, 0x61234);
	assert_true(r.ok && r.pa == 0x90011234 && r.size_lg2 == 16);
	r = at(1, 70, 0xfffffffff0000000);
	assert_true(r.ok && r.pa == 0xb0000000 && r.mem.mair == 0xff);
	r = at(1, -1, 0x1234567);
	assert_true(r.ok && r.pa == 0x1234567 && !r.has_mem);
	r = at(1, 128, 0);
	assert_int_equal(r.event, SMMU_EVT_C_BAD_SUBSTREAMID);
	r = at(1, 4, 0);
	assert_int_equal(r.event, SMMU_EVT_C_BAD_CD);
	r = at(1, 3, 0xffffffffe0000000);
	assert_int_equal(r.event, SMMU_EVT_F_TRANSLATION);
	r = at(1, 3, 0x100000000);
	assert_int_equal(r.event, SMMU_EVT_F_TRANSLATION);
	r = at(2, -1, 0);
	assert_int_equal(r.event, SMMU_EVT_C_BAD_STE);
	r = at(4, -1, 0);
	assert_int_equal(r.event, SMMU_EVT_C_BAD_STREAMID);
}

/*
 * StreamID 2, nested: 40 bits of IPA, 4K, from level 1 in two tables. Stage 2
 * moves IPA 0x8000000000 + n to BASE + n for the first megabyte.
 */
#define IPA(n)	(UINT64_C(0x8000000000) + (n))

static void make_nested(void)
{
	unsigned int i;

	make();
	ste(2, C12 | IPA(0x30000), 0,
	    PREP(SMMU_STE2_S2VMID, 7) | PREP(SMMU_STE2_S2T0SZ, 24) | PREP(SMMU_STE2_S2SL0, 1) |
	    PREP(SMMU_STE2_S2PS, 5) | SMMU_STE2_S2AA64, BASE + 0x4000);
	put(BASE + 0x4000 + 512 * 8, (BASE + 0x6000) | 3);	/* first of the second table */
	put(BASE + 0x6000, (BASE + 0x7000) | 3);
	for (i = 0; i < 256; i++)
		put(BASE + 0x7000 + i * 8, (BASE + i * 0x1000) | S2_PAGE);
	/* a 2 MiB block elsewhere, read-only, never executed */
	put(BASE + 0x6008, UINT64_C(0xc0000000) | (S2_LEAF & ~LPAE_S2_AP_WRITE) |
	    PREP(LPAE_S2_XN, LPAE_S2_XN_ALL));
	cd(BASE + 0x30000, PREP(SMMU_CD0_T0SZ, 25) | SMMU_CD0_EPD1, IPA(0x31000), 0);
	put(BASE + 0x31000, IPA(0x32000) | 3);			/* level 1 */
	put(BASE + 0x32000, IPA(0x33000) | 3);			/* level 2 */
	put(BASE + 0x32008, IPA(0x200000) | LEAF);		/* 2 MiB: the block of stage 2 */
	put(BASE + 0x33000, IPA(0x50000) | PAGE);
	put(BASE + 0x33008, UINT64_C(0x1000) | PAGE);		/* stage 2 maps none of it */
	put(BASE + 0x32010, IPA(0x600000) | 3);			/* a table that stage 2 lacks */
	put(BASE + 0x32018, IPA(0) | LEAF);			/* half of it in stage 2 */
}

static void nested_translation(void **state)
{
	static struct iom_tool_trace t;
	struct iom_tool_result r;

	(void)state;
	make_nested();
	assert_int_equal(list(), IOM_TOOL_OK);
	assert_int_equal(w.n_problems, 1);
	assert_int_equal(l.n_runs, 5);
	assert_true(l.runs[0].start == 0 && l.runs[0].ipa == IPA(0x50000) &&
		    l.runs[0].pa == BASE + 0x50000);
	assert_true(l.runs[1].s2_fault && l.runs[1].start == 0x1000 && !l.runs[1].perms);
	assert_true(l.runs[2].pa == 0xc0000000 && l.runs[2].last == 0x3fffff);
	assert_int_equal(l.runs[2].perms, IOMI_LPAE_UR | IOMI_LPAE_PR);
	assert_true(l.runs[3].start == 0x600000 && l.runs[3].last == 0x6fffff &&
		    l.runs[3].ipa == IPA(0) && l.runs[3].pa == BASE && l.runs[3].leaf_lg2 == 12);
	assert_true(l.runs[4].s2_fault && l.runs[4].start == 0x700000 &&
		    l.runs[4].last == 0x7fffff);
	drop();

	t.n = 0;
	iom_tool_walk_iova(&w, 2, -1, 0x123, &t, &r);
	assert_true(r.ok && r.pa == BASE + 0x50123);
	/* STE, 3 for the CD and itself, for each of 3 levels 3 and itself, 3 for the page */
	assert_int_equal(t.n, 1 + 3 + 1 + 3 * (3 + 1) + 3);
	r = at(2, -1, 0x1000);
	assert_true(r.event == SMMU_EVT_F_TRANSLATION && r.s2 && r.class == SMMU_CLASS_IN);
	r = at(2, -1, 0x400000);
	assert_true(r.event == SMMU_EVT_F_TRANSLATION && r.s2 && r.class == SMMU_CLASS_TT);
	r = at(2, -1, 0x800000);
	assert_true(r.event == SMMU_EVT_F_TRANSLATION && !r.s2 && r.class == SMMU_CLASS_IN);
	ste(2, C12 | IPA(0x700000), 0, mem[128 / 8 + 2], BASE + 0x4000);
	r = at(2, -1, 0);
	assert_true(r.event == SMMU_EVT_F_TRANSLATION && r.s2 && r.class == SMMU_CLASS_CD);
}

/* Pages that are neighbours in memory only, or as IPA only, are two mappings. */
static void only_neighbours_are_joined(void **state)
{
	(void)state;
	make_nested();
	put(BASE + 0x33008, IPA(0x52000) | PAGE);
	put(BASE + 0x7000 + 0x52 * 8, (BASE + 0x51000) | S2_PAGE);
	put(BASE + 0x33010, IPA(0x53000) | PAGE);
	assert_int_equal(list(), IOM_TOOL_OK);
	assert_true(l.runs[0].last == 0xfff && l.runs[1].last == 0x1fff &&
		    l.runs[2].last == 0x2fff);
	drop();
}

static void el2_has_one_half(void **state)
{
	struct iom_tool_result r;

	(void)state;
	make_ssids();
	ste(1, C1 | PREP(SMMU_STE0_S1FMT, SMMU_S1FMT_4K) | PREP(SMMU_STE0_S1CDMAX, 7) |
	    (BASE + 0x1000), PREP(SMMU_STE1_STRW, SMMU_STRW_EL2), 0, 0);
	assert_int_equal(list(), IOM_TOOL_OK);
	assert_int_equal(l.ctxs[1].n_runs, 1);
	assert_int_equal(l.runs[0].perms & IOMI_LPAE_UW, IOMI_LPAE_UW);
	drop();
	r = at(1, 70, 0xfffffffff0000000);
	assert_int_equal(r.event, SMMU_EVT_F_TRANSLATION);
	r = at(1, 70, 0x61234);
	assert_true(r.ok);
}

/* Four commands in the ring: index 3 and 0 wait, 1 and 2 are older. */
static void a_wrapped_ring_is_told_from_the_oldest(void **state)
{
	static const int order[] = { 1, 2, 3, 0 };
	struct json_object *o, *a, *e, *v;
	size_t i;

	(void)state;
	make();
	reg(SMMU_CMDQ_BASE, (BASE + 0x1000) | 2);
	reg(SMMU_CMDQ_PROD, 5);
	reg(SMMU_CMDQ_CONS, 3);
	reg(SMMU_EVENTQ_BASE, (BASE + 0x2000) | 19);
	reg(SMMU_EVENTQ_PROD, 0);
	reg(SMMU_EVENTQ_CONS, 0);
	for (i = 0; i < 4; i++)
		put(BASE + 0x1000 + i * 16, SMMU_CMD_CFGI_STE | (uint64_t)i << 32);
	quiet(true);
	o = iom_tool_walk_json_queues(&w, true);
	quiet(false);
	assert_true(json_object_object_get_ex(o, "commands", &a));
	assert_int_equal(json_object_array_length(a), 4);
	for (i = 0; i < 4; i++) {
		e = json_object_array_get_idx(a, i);
		assert_true(json_object_object_get_ex(e, "index", &v));
		assert_int_equal(json_object_get_int(v), order[i]);
		assert_true(json_object_object_get_ex(e, "waits", &v));
		assert_int_equal(json_object_get_boolean(v), i >= 2);
	}
	json_object_put(o);
	/* an impossible PROD, and a ring of 2^20 */
	reg(SMMU_CMDQ_PROD, 0);
	reg(SMMU_EVENTQ_BASE, (BASE + 0x2000) | 20);
	drop();
	w.n_problems = 0;
	quiet(true);
	o = iom_tool_walk_json_queues(&w, true);
	quiet(false);
	assert_false(json_object_object_get_ex(o, "commands", &a));
	assert_false(json_object_object_get_ex(o, "events", &a));
	assert_int_equal(w.n_problems, 2);
	json_object_put(o);
	drop();
}

static void stage_2_alone_and_its_ends(void **state)
{
	struct iom_tool_result r;

	(void)state;
	make_nested();
	ste(3, C2, 0, mem[128 / 8 + 2], BASE + 0x4000);
	r = at(3, -1, IPA(0x12345));
	assert_true(r.ok && r.pa == BASE + 0x12345);
	r = at(3, -1, UINT64_C(1) << 40);
	assert_true(r.event == SMMU_EVT_F_TRANSLATION && r.s2);
	r = at(3, -1, UINT64_C(1) << 48);
	assert_true(r.event == SMMU_EVT_F_ADDR_SIZE && !r.s2);
	r = at(3, 0, 0);
	assert_int_equal(r.event, SMMU_EVT_C_BAD_SUBSTREAMID);
	put(BASE + 0x7000, (BASE & ~LPAE_AF) | (S2_PAGE & ~LPAE_AF));
	r = at(3, -1, IPA(0));
	assert_int_equal(r.event, SMMU_EVT_F_ACCESS);
	put(BASE + 0x7000, UINT64_C(1) << 47 | S2_PAGE);
	r = at(3, -1, IPA(0));
	assert_true(r.ok);
	ste(3, C2, 0, (mem[128 / 8 + 2] & ~SMMU_STE2_S2PS) | PREP(SMMU_STE2_S2PS, 4),
	    BASE + 0x4000);
	r = at(3, -1, IPA(0));
	assert_true(r.event == SMMU_EVT_F_ADDR_SIZE && r.s2);
}

/* --- what nobody should believe --------------------------------------------- */

/* Every entry of a level-0 table leads back to it: 512^4 pages, if one believed it. */
static void a_table_that_points_at_itself_ends(void **state)
{
	unsigned int i;

	(void)state;
	make();
	ste(0, C1 | (BASE + 0x1000), 0, 0, 0);
	cd(BASE + 0x1000, PREP(SMMU_CD0_T0SZ, 16) | SMMU_CD0_EPD1, BASE + 0x2000, 0);
	for (i = 0; i < 512; i++)
		put(BASE + 0x2000 + i * 8, (BASE + 0x2000) | PAGE);
	w.entries_left = 1u << 22;
	assert_int_equal(list(), IOM_TOOL_OK);
	assert_true(w.n_problems > 0);
	assert_true(l.n_runs <= WALK_MAX_RUNS && l.n_tables <= WALK_MAX_TABLES);
	drop();
}

static void absent_memory_is_named(void **state)
{
	struct iom_tool_result r;

	(void)state;
	make();
	ste(0, C1 | (BASE + SIZE), 0, 0, 0);
	assert_int_equal(list(), IOM_TOOL_OK);
	assert_int_equal(w.n_problems, 1);
	assert_non_null(strstr(w.problems[0],
			       "address 0x80100000: the core does not have this CD"));
	drop();
	make();
	reg(SMMU_STRTAB_BASE, 0x1000);
	r = at(0, -1, 0);
	assert_true(!r.ok && !r.event && strstr(r.why, "0x1000"));
	drop();
	make();
	reg(SMMU_STRTAB_BASE_CFG, 0xffffffff);
	assert_int_equal(list(), IOM_TOOL_OK);
	drop();
}

/* Everything that the tool can do, of a walk that is open. */
static void all_of_it(struct test_rng *rng)
{
	static struct iom_tool_trace t;
	struct iom_tool_result r;
	struct json_object *o;
	unsigned int i;

	/* a bound that lets many damaged cores be tried */
	w.entries_left = 1u << 17;
	if (!iom_tool_walk_list(&w, -1, &l)) {
		json_object_put(iom_tool_walk_json_list(&w, &l));
		iom_tool_walk_svg(&w, &l, "/dev/null");
		drop();
	}
	w.entries_left = 1u << 17;
	o = iom_tool_walk_json_queues(&w, true);
	json_object_put(o);
	for (i = 0; i < 20; i++) {
		t.n = 0;
		iom_tool_walk_iova(&w, (uint32_t)test_rng_below(rng, 0x110),
				   (int64_t)test_rng_below(rng, 4) - 1, test_rng_edgy(rng), &t, &r);
		json_object_put(iom_tool_walk_json_trace(&w, &t, &r));
		drop();
	}
}

static void damaged_memory_and_registers(void **state)
{
	static const char *const sets[] = { "s1-events", "s2-events", "s1-passthrough" };
	struct test_rng rng;
	unsigned int n, i;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 90; n++) {
		char core[128], regs[128];
		uint8_t *copy;
		const uint8_t *was;

		snprintf(core, sizeof(core), DATA "%s.core.gz", sets[n % 3]);
		snprintf(regs, sizeof(regs), DATA "%s.regs.txt", sets[n % 3]);
		assert_int_equal(iom_tool_walk_open(core, regs, &w), IOM_TOOL_OK);
		copy = malloc(w.core.len);
		assert_non_null(copy);
		memcpy(copy, w.core.data, w.core.len);
		/* the interesting pages come first; bits of addresses and types most of all */
		for (i = 0; i < 200; i++) {
			uint64_t at = test_rng_below(&rng, w.core.len / (1 + n % 8) - 0x1000);

			copy[0x1000 + at] ^= (uint8_t)(1u << test_rng_below(&rng, 8));
		}
		for (i = 0; i < IOM_TOOL_REGS_MAX; i++) {
			if (w.regs.has[i] && !test_rng_below(&rng, 8))
				w.regs.value[i] ^= UINT64_C(1) << test_rng_below(&rng, 32);
		}
		iom_tool_regs_caps(&w.regs, &w.caps);
		was = w.core.data;
		w.core.data = copy;
		quiet(true);
		all_of_it(&rng);
		quiet(false);
		w.core.data = was;
		free(copy);
		iom_tool_walk_close(&w);
	}
}

static int open_bytes(const void *data, size_t len)
{
	static char file[] = "/tmp/iom-walk-XXXXXX";
	struct iom_tool_core c;
	int fd, rc;

	strcpy(file + sizeof(file) - 7, "XXXXXX");
	fd = mkstemp(file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
	rc = iom_tool_core_open(file, &c);
	if (!rc)
		iom_tool_core_close(&c);
	unlink(file);
	return rc;
}

struct tiny {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	uint8_t data[64];
};

static void make_tiny(struct tiny *t)
{
	unsigned int i;

	memset(t, 0, sizeof(*t));
	memcpy(t->eh.e_ident, ELFMAG, SELFMAG);
	t->eh.e_ident[EI_CLASS] = ELFCLASS64;
	t->eh.e_ident[EI_DATA] = ELFDATA2LSB;
	t->eh.e_type = ET_CORE;
	t->eh.e_phoff = offsetof(struct tiny, ph);
	t->eh.e_phentsize = sizeof(Elf64_Phdr);
	t->eh.e_phnum = 2;
	for (i = 0; i < 2; i++) {
		t->ph[i].p_type = PT_LOAD;
		t->ph[i].p_offset = offsetof(struct tiny, data) + i * 32;
		t->ph[i].p_filesz = t->ph[i].p_memsz = 32;
		t->ph[i].p_paddr = 0x1000 - i * 32;
	}
}

static void elf_files_are_checked(void **state)
{
	static const char garbage[80] = "\x1f\x8b not what gzip makes";
	struct test_rng rng;
	struct tiny t;
	unsigned int n;

	(void)state;
	make_tiny(&t);
	quiet(true);
	assert_int_equal(open_bytes(&t, sizeof(t)), IOM_TOOL_OK);
	assert_int_equal(open_bytes(&t, sizeof(t) - 1), IOM_TOOL_USAGE);
	assert_int_equal(open_bytes(&t, 10), IOM_TOOL_USAGE);
	assert_int_equal(open_bytes(garbage, sizeof(garbage)), IOM_TOOL_USAGE);
	t.ph[1].p_paddr = 0xfff;		/* overlap */
	assert_int_equal(open_bytes(&t, sizeof(t)), IOM_TOOL_USAGE);
	make_tiny(&t);
	t.ph[0].p_paddr = UINT64_MAX - 30;	/* wraps */
	assert_int_equal(open_bytes(&t, sizeof(t)), IOM_TOOL_USAGE);
	make_tiny(&t);
	t.ph[0].p_offset = UINT64_MAX;
	assert_int_equal(open_bytes(&t, sizeof(t)), IOM_TOOL_USAGE);
	make_tiny(&t);
	t.eh.e_phoff = UINT64_MAX - 8;
	assert_int_equal(open_bytes(&t, sizeof(t)), IOM_TOOL_USAGE);
	make_tiny(&t);
	t.eh.e_phnum = PN_XNUM;
	t.eh.e_shoff = sizeof(t);
	assert_int_equal(open_bytes(&t, sizeof(t)), IOM_TOOL_USAGE);
	test_rng_init(&rng);
	for (n = 0; n < 2000; n++) {
		uint8_t *b = (uint8_t *)&t;

		make_tiny(&t);
		b[test_rng_below(&rng, offsetof(struct tiny, data))] =
			(uint8_t)test_rng_u64(&rng);
		b[test_rng_below(&rng, offsetof(struct tiny, data))] ^=
			(uint8_t)(1u << test_rng_below(&rng, 8));
		open_bytes(&t, sizeof(t));
	}
	quiet(false);
}

static int parse(const char *text)
{
	struct iom_tool_regs r;
	int rc;

	quiet(true);
	rc = iom_tool_regs_parse("made", text, strlen(text), &r);
	quiet(false);
	return rc;
}

static void register_files_are_checked(void **state)
{
	struct iom_tool_regs r;
	struct test_rng rng;
	uint64_t v;
	unsigned int n;

	(void)state;
	assert_int_equal(iom_tool_regs_parse("made", "# x\n IDR0 0x0 0x12 # y\n\n0x4 34\nCR0=5", 36,
					     &r), IOM_TOOL_OK);
	assert_true(iom_tool_regs_get(&r, SMMU_IDR0, &v) && v == 0x12);
	assert_true(iom_tool_regs_get(&r, SMMU_IDR1, &v) && v == 0x34);
	assert_true(iom_tool_regs_get(&r, SMMU_CR0, &v) && v == 5);
	assert_false(iom_tool_regs_get(&r, SMMU_CR1, &v));
	assert_int_equal(parse(""), IOM_TOOL_USAGE);
	assert_int_equal(parse("IDR0 0x4 0x12"), IOM_TOOL_USAGE);	/* not its offset */
	assert_int_equal(parse("IDR0 0x0 0x112345678"), IOM_TOOL_USAGE);
	assert_int_equal(parse("IDR0 1\nIDR0 1"), IOM_TOOL_USAGE);
	assert_int_equal(parse("IDR0"), IOM_TOOL_USAGE);
	assert_int_equal(parse("IDR0 1 2 3"), IOM_TOOL_USAGE);
	assert_int_equal(parse("IDR0 zz"), IOM_TOOL_USAGE);
	assert_int_equal(parse("IDR0 0x12345678123456781"), IOM_TOOL_USAGE);
	assert_int_equal(parse("NEW 0xf00 1\nIDR0 1"), IOM_TOOL_OK);
	test_rng_init(&rng);
	quiet(true);
	for (n = 0; n < 20000; n++) {
		static const char chars[] = "IDRCQ0123 xf=#\n\t\0-";
		char text[64];
		size_t i, len = test_rng_below(&rng, sizeof(text));

		for (i = 0; i < len; i++)
			text[i] = chars[test_rng_below(&rng, sizeof(chars))];
		iom_tool_regs_parse("made", text, len, &r);
	}
	quiet(false);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_level_cds_and_both_halves),
		cmocka_unit_test(nested_translation),
		cmocka_unit_test(only_neighbours_are_joined),
		cmocka_unit_test(el2_has_one_half),
		cmocka_unit_test(a_wrapped_ring_is_told_from_the_oldest),
		cmocka_unit_test(stage_2_alone_and_its_ends),
		cmocka_unit_test(a_table_that_points_at_itself_ends),
		cmocka_unit_test(absent_memory_is_named),
		cmocka_unit_test(damaged_memory_and_registers),
		cmocka_unit_test(elf_files_are_checked),
		cmocka_unit_test(register_files_are_checked),
	};

	return cmocka_run_group_tests_name("walk_made", tests, NULL, NULL);
}
