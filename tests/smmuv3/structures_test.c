/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stream tables, STEs, CD tables and CDs: each way to be right, each cause of
 * an event, and the words of the event.
 */
#include "fakes/gmem_fake.h"
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000123000)
#define PA	UINT64_C(0xabcde000)
#define NOWHERE	UINT64_C(0x10000000)	/* no memory */

static void restart(struct st *t, uint64_t base, uint32_t cfg, uint32_t cr2)
{
	st_w(t, ST_CR0, 12);
	st_w(t, ST_STRTAB_BASE, base);
	st_w(t, ST_STRTAB_BASE_CFG, cfg);
	st_w(t, ST_CR2, cr2);
	st_flush(t);
	st_w(t, ST_CR0, 13);
}

static void bypass_ste(struct st *t, uint64_t at)
{
	uint64_t ste[8];

	st_ste_init(ste, 4);
	st_poke_n(t, at, ste, 8);
}

static bool passes(struct st *t, uint32_t sid)
{
	struct st_out o = st_xlate_sid(t, sid, 0x1000, 1, ST_R);
	uint64_t ev[4];

	return !o.rc && o.res.bypass && !st_event(t, ev);
}

/* The event of this StreamID, with only the stream and perhaps an address. */
static bool stream_event(struct st *t, uint32_t sid, unsigned int id, uint64_t fetch)
{
	uint64_t ev[4];

	return st_xlate_sid(t, sid, 0x1000, 1, ST_R).rc == IOM_EFAULT && st_event(t, ev) &&
	       ev[0] == ((uint64_t)sid << 32 | id) && !ev[1] && !ev[2] && ev[3] == fetch;
}

/* --- 3.3.1 --- */

static void linear_table(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t tab;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	tab = st_alloc(&t, 64 << 8);
	bypass_ste(&t, tab + 64 * 200);
	/* Low bits of the base are ignored; FMT 2 and 3 mean linear. */
	restart(&t, tab | 0x40, 8 | 2 << 16, 2);
	assert_true(passes(&t, 200));
	assert_true(stream_event(&t, 201, ST_BAD_STE, 0));
	assert_true(stream_event(&t, 256, ST_BAD_STREAMID, 0));
	/* More than SIDSIZE counts as SIDSIZE: 16 bits here. */
	restart(&t, tab, 63, 2);
	assert_true(stream_event(&t, 0x10000, ST_BAD_STREAMID, 0));
	/* And the base is aligned to 4 MiB: other entries. */
	assert_true(stream_event(&t, 200, ST_BAD_STE, 0));
	restart(&t, NOWHERE, 8, 2);
	assert_true(stream_event(&t, 3, ST_STE_FETCH, NOWHERE + 192));
	st_close(&t);
}

static void two_level_table(void **state)
{
	static const unsigned int splits[] = { 6, 8, 10, 7 };	/* 7 is reserved: 6 */
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	unsigned int i, split, span;
	uint64_t l1, l2 = 0;
	uint32_t sid;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	for (i = 0; i < 4; i++) {
		split = splits[i] == 7 ? 6 : splits[i];
		l1 = st_alloc(&t, UINT64_C(8) << (16 - split));
		restart(&t, l1, 16 | splits[i] << 6 | 1 << 16, 2);
		for (span = 1; span <= split + 1; span++) {
			l2 = st_alloc(&t, UINT64_C(64) << (span - 1));
			st_poke(&t, l1 + 8 * 5, l2 | span);
			sid = 5u << split | ((1u << (span - 1)) - 1);
			bypass_ste(&t, l2 + 64 * (uint64_t)((1u << (span - 1)) - 1));
			st_cfgi_all(&t);
			st_sync(&t);
			assert_true(passes(&t, sid));
			if (span <= split)
				assert_true(stream_event(&t, sid + 1, ST_BAD_STREAMID, 0));
			/* Low bits of L2Ptr are ignored. */
			if (span > 1) {
				st_poke(&t, l1 + 8 * 5, l2 | 64 | span);
				st_cfgi_all(&t);
				st_sync(&t);
				assert_true(passes(&t, sid));
			}
		}
		for (span = split + 2; span < 32; span++) {
			st_poke(&t, l1 + 8 * 5, l2 | span);
			assert_true(stream_event(&t, 5u << split | 1, ST_BAD_STREAMID, 0));
		}
		st_poke(&t, l1 + 8 * 5, l2);
		assert_true(stream_event(&t, 5u << split | 1, ST_BAD_STREAMID, 0));
		st_poke(&t, l1 + 8 * 5, NOWHERE | 2);
		assert_true(stream_event(&t, 5u << split | 1, ST_STE_FETCH, NOWHERE + 64));
		/* Fewer StreamIDs than a leaf has: one descriptor. */
		st_poke(&t, l1, l2 | (split + 1));
		bypass_ste(&t, l2 + 64);
		restart(&t, l1, 4 | splits[i] << 6 | 1 << 16, 0);
		assert_true(passes(&t, 1));
	}
	restart(&t, NOWHERE, 16 | 8 << 6 | 1 << 16, 2);
	assert_true(stream_event(&t, 0x305, ST_STE_FETCH, NOWHERE + 24));
	st_close(&t);
}

static void no_two_level_table(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st t;

	(void)state;
	cfg.idr[0] &= ~(3u << 27);
	st_open(&t, &cfg, BASE);
	bypass_ste(&t, t.strtab + 64 * 9);
	restart(&t, t.strtab, 6 | 8 << 6 | 1 << 16, 0);
	assert_true(passes(&t, 9));
	st_close(&t);
}

/* --- 5.2: every cause of C_BAD_STE --- */

struct cause {
	const char *name;
	unsigned int config;
	unsigned int hi, lo;
	uint64_t val;
	uint32_t clear[6];	/* IDR bits that the SMMU lacks */
};

#define NO0(b)	{ 1u << (b) }
#define NO3(b)	{ 0, 0, 0, 1u << (b) }
#define NO5(b)	{ 0, 0, 0, 0, 0, (b) }

static const struct cause ste_causes[] = {
	{ "V", 5, 0, 0, 0, { 0 } },
	{ "STRW 1", 5, 95, 94, 1, { 0 } },
	{ "STRW 3", 5, 95, 94, 3, { 0 } },
	{ "STRW EL2 without HYP", 5, 95, 94, 2, NO0(9) },
	{ "STRW EL2 nested", 7, 95, 94, 2, { 0 } },
	{ "S1STALLD", 5, 91, 91, 1, { 0 } },
	{ "S1STALLD nested", 7, 91, 91, 1, { 0 } },
	{ "S1CDMax", 5, 63, 59, 21, { 0 } },
	{ "S1CDMax", 5, 63, 59, 31, { 0 } },
	{ "S1ContextPtr", 5, 55, 52, 1, { 0 } },
	{ "S2S", 6, 185, 185, 1, { 0 } },
	{ "S2AA64", 6, 179, 179, 0, { 0 } },
	{ "S2ENDI", 6, 180, 180, 1, { 0 } },
	{ "S2HA", 6, 184, 184, 1, { 0 } },
	{ "S2HD", 6, 183, 183, 1, { 0 } },
	{ "S2TG reserved", 6, 175, 174, 3, { 0 } },
	{ "S2TG 4K", 6, 175, 174, 0, NO5(1u << 4) },
	{ "S2T0SZ 49", 6, 165, 160, 49, { 0 } },
	{ "S2T0SZ 40 without STT", 6, 165, 160, 40, NO3(9) },
	{ "S2T0SZ 15", 6, 165, 160, 15, { 0 } },
	{ "S2T0SZ 0", 6, 165, 160, 0, { 0 } },
	{ "S2T0SZ: too many tables", 6, 165, 160, 20, { 0 } },
	{ "S2T0SZ: nothing to resolve", 6, 165, 160, 34, { 0 } },
	{ "S2SL0 3 without STT", 6, 167, 166, 3, NO3(9) },
	{ "S2SL0 0 for 40 bits", 6, 167, 166, 0, { 0 } },
	{ "S2TTB", 6, 243, 240, 8, { 0 } },
	{ "S2PS smaller than S2TTB", 6, 243, 228, 0x10, { 0 } },
	{ "S2VMID", 6, 143, 136, 1, NO0(18) },
	{ "S2VMID of stage 1", 5, 143, 136, 1, NO0(18) },
};

static const struct cause ste_fine[] = {	/* nothing of this is looked at, or it is legal */
	{ "S1 fields, stage 2", 6, 91, 91, 1, { 0 } },
	{ "S1CDMax, stage 2", 6, 63, 59, 31, { 0 } },
	{ "STRW, stage 2", 6, 95, 94, 3, { 0 } },
	{ "S2 fields, stage 1", 5, 185, 185, 1, { 0 } },
	{ "S2TG, stage 1", 5, 175, 174, 3, { 0 } },
	{ "EATS", 7, 93, 92, 3, { 0 } },
	{ "software", 7, 87, 84, 15, { 0 } },
	{ "S1MPAM", 5, 90, 90, 1, { 0 } },
	{ "S2FWB", 6, 89, 89, 1, { 0 } },
	{ "S2FWB without FWB", 6, 89, 89, 1, NO3(8) },
	{ "S2VMID", 6, 143, 136, 1, { 0 } },
	{ "S2SL0[2] without S2DS", 6, 194, 194, 1, { 0 } },
	{ "S2HAFT without HTTU", 6, 187, 187, 1, { 0 } },
	{ "STRW EL2", 5, 95, 94, 2, { 0 } },
	{ "S1CDMax without substreams", 5, 63, 59, 31, { 1u << 19, 31u << 6 } },
};

static void apply(struct iom_smmuv3_dev_cfg *cfg, const struct cause *c)
{
	unsigned int i;

	*cfg = st_cfg();
	for (i = 0; i < 6; i++)
		cfg->idr[i] &= ~c->clear[i];
}

static void make(struct st *t, struct st_stream *x, unsigned int config)
{
	if (config == 5)
		st_stream_s1(t, x, 0);
	else if (config == 6)
		st_stream_s2(t, x, 0);
	else
		st_stream_nested(t, x, 0);
}

static void bad_ste(void **state)
{
	struct iom_smmuv3_dev_cfg cfg;
	const struct cause *c;
	struct st_stream x;
	unsigned int i;
	bool fine;
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(ste_causes) / sizeof(*c) + sizeof(ste_fine) / sizeof(*c); i++) {
		fine = i >= sizeof(ste_causes) / sizeof(*c);
		c = fine ? &ste_fine[i - sizeof(ste_causes) / sizeof(*c)] : &ste_causes[i];
		apply(&cfg, c);
		st_open(&t, &cfg, BASE);
		make(&t, &x, c->config);
		if (!strcmp(c->name, "S2PS smaller than S2TTB"))
			st_set(x.ste, 178, 176, 1);
		st_set(x.ste, c->hi, c->lo, c->val);
		st_ste_put(&t, 0, x.ste);
		if (fine ? st_refused(&t, VA & 0xffffffffff, ST_R, ST_TRANSLATION, NULL) :
			   stream_event(&t, 0, ST_BAD_STE, 0)) {
			st_close(&t);
			continue;
		}
		fail_msg("%s, Config %u", c->name, c->config);
	}
}

/* Config that needs an absent stage; two-level CDs without CD2L. */
static void absent_stages(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	struct st t;

	(void)state;
	cfg.idr[0] &= ~(1u | 1u << 18);
	cfg.idr[3] &= ~(1u << 4 | 1u << 8);
	st_open(&t, &cfg, BASE);
	st_stream_s2(&t, &x, 0);
	assert_true(stream_event(&t, 0, ST_BAD_STE, 0));
	st_set(x.ste, 3, 1, 7);
	st_ste_put(&t, 0, x.ste);
	assert_true(stream_event(&t, 0, ST_BAD_STE, 0));
	st_close(&t);

	cfg = st_cfg();
	cfg.idr[0] &= ~(1u << 1 | 1u << 9 | 1u << 12 | 1u << 19);
	cfg.idr[1] &= ~(31u << 6);
	st_open(&t, &cfg, BASE);
	st_ste_init(x.ste, 5);
	st_ste_put(&t, 0, x.ste);
	assert_true(stream_event(&t, 0, ST_BAD_STE, 0));
	st_close(&t);

	cfg = st_cfg();
	cfg.idr[0] &= ~(1u << 19);
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_set(x.ste, 5, 4, 2);		/* S1CDMax is 0: ignored */
	st_ste_put(&t, 0, x.ste);
	assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
	st_set(x.ste, 63, 59, 1);
	st_ste_put(&t, 0, x.ste);
	assert_true(stream_event(&t, 0, ST_BAD_STE, 0));
	st_set(x.ste, 5, 4, 3);		/* reserved: linear */
	st_ste_put(&t, 0, x.ste);
	assert_int_equal(st_xlate(&t, VA, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_event_id(&t), ST_STREAM_DISABLED);
	st_close(&t);
}

/* --- 5.4: every cause of C_BAD_CD --- */

static const struct cause cd_causes[] = {
	{ "V", 5, 31, 31, 0, { 0 } },
	{ "S", 5, 44, 44, 1, { 0 } },
	{ "ENDI", 5, 15, 15, 1, { 0 } },
	{ "AA64", 5, 41, 41, 0, { 0 } },
	{ "HA", 5, 43, 43, 1, { 0 } },
	{ "HD", 5, 42, 42, 1, { 0 } },
	{ "ASID", 5, 63, 56, 1, NO0(12) },
	{ "TG0 reserved", 5, 7, 6, 3, { 0 } },
	{ "TG0 4K", 5, 7, 6, 0, NO5(1u << 4) },
	{ "T0SZ 49", 5, 5, 0, 49, { 0 } },
	{ "T0SZ 40 without STT", 5, 5, 0, 40, NO3(9) },
	{ "T0SZ 15", 5, 5, 0, 15, { 0 } },
	{ "TTB0", 5, 115, 112, 8, { 0 } },
	{ "EPD1 = 0: TG1", 5, 30, 30, 0, { 0 } },
	{ "nested V", 7, 31, 31, 0, { 0 } },
};

static const struct cause cd_fine[] = {
	{ "HAFT without HTTU", 5, 67, 67, 1, { 0 } },
	{ "ENDI, EPD0, EPD1", 5, 15, 14, 3, { 0 } },
	{ "TG1, EPD1", 5, 23, 22, 3, { 0 } },
	{ "T1SZ, EPD1", 5, 21, 16, 63, { 0 } },
	{ "TTB1, EPD1", 5, 179, 176, 15, { 0 } },
	{ "A", 5, 46, 46, 1, { 0 } },
	{ "ASID", 5, 63, 56, 1, { 0 } },
	{ "PIE", 5, 187, 187, 1, { 0 } },
};

static void bad_cd(void **state)
{
	struct iom_smmuv3_dev_cfg cfg;
	const struct cause *c;
	struct st_stream x;
	unsigned int i;
	bool fine;
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(cd_causes) / sizeof(*c) + sizeof(cd_fine) / sizeof(*c); i++) {
		fine = i >= sizeof(cd_causes) / sizeof(*c);
		c = fine ? &cd_fine[i - sizeof(cd_causes) / sizeof(*c)] : &cd_causes[i];
		apply(&cfg, c);
		st_open(&t, &cfg, BASE);
		make(&t, &x, c->config);
		st_set(x.cd, c->hi, c->lo, c->val);
		st_stream_put(&t, &x);
		if (fine ? st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL) :
			   stream_event(&t, 0, ST_BAD_CD, 0)) {
			st_close(&t);
			continue;
		}
		fail_msg("%s, Config %u", c->name, c->config);
	}
	/* TERM_MODEL = 1 knows abort only. */
	cfg = st_cfg();
	cfg.idr[0] |= 1u << 26;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
	st_set(x.cd, 46, 46, 0);
	st_stream_put(&t, &x);
	assert_true(stream_event(&t, 0, ST_BAD_CD, 0));
	st_close(&t);
}

/* --- 3.3.2 --- */

static void cd_tables(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t l1, l2, ev[4];
	struct st_stream x;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	/* Linear, 128 CDs; low bits of the pointer are ignored. */
	x.cdptr = st_alloc(&t, 64 * 128);
	x.ste[0] = (x.ste[0] & 15) | x.cdptr | 0x40;
	st_set(x.ste, 63, 59, 7);
	st_ste_put(&t, 0, x.ste);
	st_cd_put(&t, x.cdptr + 64 * 127, 0, 127, x.cd);
	assert_true(st_goes(&t, VA, ST_R | ST_SS(127), PA));
	assert_true(st_refused(&t, VA, ST_R | ST_SS(126), ST_BAD_CD, NULL));
	assert_true(st_refused(&t, VA, ST_R | ST_SS(128), ST_BAD_SUBSTREAMID, ev));
	/* 7.3.9: the SubstreamID is always valid, and there is no SSV. */
	assert_int_equal(ev[0], 128 << 12 | ST_BAD_SUBSTREAMID);
	/* Two levels, leaves of 4K; then of 64K. */
	l1 = st_alloc(&t, 8 << 14);
	l2 = st_alloc(&t, 4096);
	x.ste[0] = (x.ste[0] & 15) | l1;
	st_set(x.ste, 5, 4, 1);
	st_set(x.ste, 63, 59, 20);
	st_ste_put(&t, 0, x.ste);
	st_poke(&t, l1 + 8 * 0x3fff, l2 | 1);
	st_cd_put(&t, l2 + 64 * 63, 0, 0xfffff, x.cd);
	assert_true(st_goes(&t, VA, ST_R | ST_SS(0xfffff), PA));
	assert_true(st_refused(&t, VA, ST_R | ST_SS(0xfffbf), ST_BAD_SUBSTREAMID, NULL));
	st_poke(&t, l1 + 8 * 0x3ffe, NOWHERE | 1);
	assert_true(st_refused(&t, VA, ST_R | ST_SS(0xfffbf), ST_CD_FETCH, ev));
	assert_int_equal(ev[3], NOWHERE + 64 * 63);
	/* 3.4.3: not fetched beyond the OAS; the SubstreamID is the index that was meant. */
	st_poke(&t, l1 + 8 * 0x3ffe, UINT64_C(1) << 52 | 1);
	st_ste_put(&t, 0, x.ste);
	assert_true(st_refused(&t, VA, ST_R | ST_SS(0xfffbf), ST_BAD_SUBSTREAMID, ev));
	assert_int_equal(ev[0], UINT64_C(0xfffbf) << 12 | ST_BAD_SUBSTREAMID);
	st_set(x.ste, 65, 64, 2);
	st_poke(&t, l1, UINT64_C(1) << 55 | 1);
	st_ste_put(&t, 0, x.ste);
	assert_true(st_refused(&t, VA, ST_R, ST_BAD_SUBSTREAMID, ev));
	assert_int_equal(ev[0], ST_BAD_SUBSTREAMID);
	st_set(x.ste, 65, 64, 0);
	st_set(x.ste, 5, 4, 2);
	st_ste_put(&t, 0, x.ste);
	l2 = st_alloc(&t, 65536);
	/* Bits below 64K are ignored. */
	st_poke(&t, l1 + 8 * 0x3ff, l2 | 0x5001);
	st_cd_put(&t, l2 + 64 * 1023, 0, 0xfffff, x.cd);
	assert_true(st_goes(&t, VA, ST_R | ST_SS(0xfffff), PA));
	x.ste[0] = (x.ste[0] & ~UINT64_C(0x00ffffffffffffc0)) | NOWHERE;
	st_ste_put(&t, 0, x.ste);
	assert_true(st_refused(&t, VA, ST_R | ST_SS(1024), ST_CD_FETCH, ev));
	assert_int_equal(ev[0], UINT64_C(1024) << 12 | 1 << 11 | ST_CD_FETCH);
	assert_true(!ev[1] && !ev[2] && ev[3] == NOWHERE + 8);
	st_close(&t);
}

/* Each load of a build may fail; then it is a fetch fault with the right address. */
static void failing_loads(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	unsigned int n, id;
	struct gmem_fake f;
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	gmem_fake_init(&f, &t.dma.g);
	t.port.gmem = &f.g;
	for (n = 1; n <= 20; n++) {
		st_flush(&t);
		f.open = true;		/* the fixture opens the one below */
		gmem_fake_fail_nth(&f, n, IOM_EIO);
		assert_int_equal(st_xlate(&t, VA, ST_R).rc, IOM_EFAULT);
		assert_true(st_event(&t, ev));
		id = ev[0] & 0xff;
		assert_int_equal(id, n <= 8 ? ST_STE_FETCH : n <= 16 ? ST_CD_FETCH : ST_WALK_EABT);
		if (n <= 16)
			assert_int_equal(ev[3], n <= 8 ? t.strtab : x.cdptr);
		else
			assert_int_equal(ev[1], UINT64_C(1) << 40 | UINT64_C(1) << 35);
		if (n == 17)
			assert_int_equal(ev[3], x.s1.root + 8 * (VA >> 39));
	}
	st_flush(&t);
	gmem_fake_fail_nth(&f, 21, IOM_EIO);
	assert_int_equal(st_xlate(&t, VA, ST_R).rc, IOM_OK);
	t.port.gmem = &t.dma.g;
	st_close(&t);
}

/* --- events, word by word --- */

static void event_words(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0x2a);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_BASE);
	/* Stage 1, an unprivileged write; a privileged fetch of an instruction. */
	assert_int_equal(st_xlate_sid(&t, 0x2a, VA + 0x10, 4, ST_W).rc, IOM_EACCES);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], UINT64_C(0x2a) << 32 | 0x13);
	assert_int_equal(ev[1], UINT64_C(0x20000000000));
	assert_int_equal(ev[2], VA + 0x10);
	assert_int_equal(ev[3], 0);
	assert_int_equal(st_xlate_sid(&t, 0x2a, UINT64_C(1) << 47, 4, ST_X | ST_PRIV).rc,
			 IOM_EFAULT);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], UINT64_C(0x2a) << 32 | 0x10);
	assert_int_equal(ev[1], UINT64_C(0x20e00000000));
	/* Stage 2. */
	st_stream_s2(&t, &x, 0x2b);
	assert_int_equal(st_xlate_sid(&t, 0x2b, 0x123456789f, 4, ST_R).rc, IOM_EFAULT);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], UINT64_C(0x2b) << 32 | 0x10);
	assert_int_equal(ev[1], UINT64_C(0x28800000000));
	assert_int_equal(ev[2], 0x123456789f);
	assert_int_equal(ev[3], 0x1234567000);
	/* Beyond IAS it is stage 1 that says so. */
	assert_int_equal(st_xlate_sid(&t, 0x2b, UINT64_C(1) << 52, 4, ST_R).rc, IOM_EFAULT);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], UINT64_C(0x2b) << 32 | 0x11);
	assert_int_equal(ev[1], UINT64_C(0x20800000000));
	/* Bypass beyond OAS. */
	st_ste_init(x.ste, 4);
	st_ste_put(&t, 0x2b, x.ste);
	assert_int_equal(st_xlate_sid(&t, 0x2b, UINT64_C(1) << 52, 4, ST_W).rc, IOM_EFAULT);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], UINT64_C(0x2b) << 32 | 0x11);
	assert_int_equal(ev[1], UINT64_C(0x20000000000));
	assert_int_equal(ev[2], UINT64_C(1) << 52);
	st_close(&t);
}

/* R and S2R: whether faults are recorded; A = 0: no abort, zeros. MEV: merged with the last. */
static void recording(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	struct st_out o;
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_nested(&t, &x, 0);
	st_map(&t, &x.s1, VA, 0x5000, 3, ST_S1_RW);
	st_set(x.cd, 45, 45, 0);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, 0x1000, ST_R, 0, NULL));
	assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
	st_set(x.ste, 186, 186, 0);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, VA, ST_R, 0, NULL));
	/* Configuration faults do not ask. */
	st_set(x.cd, 31, 31, 0);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, VA, ST_R, ST_BAD_CD, NULL));
	st_set(x.cd, 46, 31, 0x4401);
	st_set(x.cd, 41, 41, 1);
	st_set(x.cd, 34, 32, 5);
	st_set(x.cd, 46, 45, 1);
	st_set(x.ste, 83, 83, 1);
	st_stream_put(&t, &x);
	o = st_xlate(&t, 0x1ff8, ST_R);
	assert_int_equal(o.rc, IOM_OK);
	assert_true(o.res.raz_wi);
	assert_int_equal(o.res.pa, 0);
	o = st_xlate_sid(&t, 0, 0x1ff8, 64, ST_R);	/* the same record: merged */
	assert_int_equal(o.res.len, 8);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], ST_TRANSLATION);
	assert_false(st_event(&t, ev));
	/* Stage 2 always aborts. */
	assert_true(st_refused(&t, VA, ST_R, 0, NULL));
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linear_table),
		cmocka_unit_test(two_level_table),
		cmocka_unit_test(no_two_level_table),
		cmocka_unit_test(bad_ste),
		cmocka_unit_test(absent_stages),
		cmocka_unit_test(bad_cd),
		cmocka_unit_test(cd_tables),
		cmocka_unit_test(failing_loads),
		cmocka_unit_test(event_words),
		cmocka_unit_test(recording),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
