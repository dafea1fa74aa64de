/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access flag and dirty state (3.13; 5.2 S2HA, S2HD, S2AFFD; 5.4 HA, HD, AFFD;
 * chapter D8): what becomes of a descriptor, by hand, then by a model at random.
 * No foreign model does this.
 */
#include "fakes/gmem_fake.h"
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000200000)
#define PA	UINT64_C(0xabc00000)
#define AF	(UINT64_C(1) << 10)
#define DBM	(UINT64_C(1) << 51)
#define RO	ST_S1_RO			/* stage 1: AP[2] */
#define S2W	ST_S2_W				/* stage 2: S2AP[1] */
#define SW	(UINT64_C(1) << 55)
#define PAGES	8u

static struct iom_smmuv3_dev_cfg httu_cfg(unsigned int httu)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	cfg.idr[0] |= httu << 6;
	return cfg;
}

/* CD: HD 42, HA 43, AFFD 35. */
static void set_s1(struct st *t, struct st_stream *x, bool ha, bool hd, bool affd)
{
	st_set(x->cd, 43, 43, ha);
	st_set(x->cd, 42, 42, hd);
	st_set(x->cd, 35, 35, affd);
	st_stream_put(t, x);
}

/* STE: S2HD 183, S2HA 184, S2AFFD 181. */
static void set_s2(struct st *t, struct st_stream *x, bool ha, bool hd, bool affd)
{
	st_set(x->ste, 184, 184, ha);
	st_set(x->ste, 183, 183, hd);
	st_set(x->ste, 181, 181, affd);
	st_stream_put(t, x);
}

static uint64_t page_at(struct st *t, const struct st_tables *tb, uint64_t ia)
{
	return st_peek(t, st_slot(t, tb, ia, 3));
}

/* --- one descriptor --- */

struct vector {
	bool ha, hd, affd;
	uint64_t desc;			/* of AF, DBM, and AP[2] or S2AP[1] */
	unsigned int access;
	unsigned int id;		/* of the fault; 0: none */
	uint64_t then;			/* the same bits afterwards */
};

/* Chapter D8: AP[2] = 0 is writable, or with DBM and HD dirty. */
static const struct vector s1_vectors[] = {
	/* HA = 0: AF is software's, by AFFD. HD alone means nothing (5.4 HD). */
	{ 0, 0, 0, 0, ST_R, ST_ACCESS, 0 },
	{ 0, 1, 0, DBM, ST_R, ST_ACCESS, DBM },
	{ 0, 0, 1, 0, ST_R, 0, 0 },
	{ 0, 0, 1, 0, ST_W, 0, 0 },
	{ 0, 1, 0, AF | DBM | RO, ST_W, ST_PERMISSION, AF | DBM | RO },
	/* HA: AF is set, AFFD does not matter. */
	{ 1, 0, 0, 0, ST_R, 0, AF },
	{ 1, 0, 1, 0, ST_R, 0, AF },
	{ 1, 0, 0, 0, ST_W, 0, AF },
	{ 1, 0, 0, AF, ST_R, 0, AF },
	/* Not for what is refused. */
	{ 1, 0, 0, RO, ST_W, ST_PERMISSION, RO },
	{ 1, 0, 0, RO | DBM, ST_W, ST_PERMISSION, RO | DBM },
	{ 1, 1, 0, RO, ST_W, ST_PERMISSION, RO },
	{ 1, 1, 0, AF | RO, ST_W, ST_PERMISSION, AF | RO },
	/* HD: DBM makes it writable-clean; a write, and nothing else, makes it dirty. */
	{ 1, 1, 0, AF | DBM | RO, ST_R, 0, AF | DBM | RO },
	{ 1, 1, 0, DBM | RO, ST_R, 0, AF | DBM | RO },
	{ 1, 1, 0, AF | DBM | RO, ST_W, 0, AF | DBM },
	{ 1, 1, 0, DBM | RO, ST_W, 0, AF | DBM },
	{ 1, 1, 0, DBM | RO, ST_R | ST_W, 0, AF | DBM },
	{ 1, 1, 0, AF | DBM, ST_W, 0, AF | DBM },
	{ 1, 1, 0, DBM, ST_R, 0, AF | DBM },
	{ 1, 1, 0, 0, ST_W, 0, AF },
	{ 1, 1, 1, DBM | RO, ST_W, 0, AF | DBM },
};

/* The same with S2AP[1]: 1 is writable, or dirty. */
static const struct vector s2_vectors[] = {
	{ 0, 0, 0, S2W, ST_R, ST_ACCESS, S2W },
	{ 0, 0, 1, S2W, ST_W, 0, S2W },
	{ 0, 1, 0, AF | DBM, ST_W, ST_PERMISSION, AF | DBM },
	{ 1, 0, 0, S2W, ST_R, 0, AF | S2W },
	{ 1, 0, 1, S2W, ST_W, 0, AF | S2W },
	{ 1, 0, 0, 0, ST_W, ST_PERMISSION, 0 },
	{ 1, 0, 0, DBM, ST_W, ST_PERMISSION, DBM },
	{ 1, 1, 0, DBM, ST_R, 0, AF | DBM },
	{ 1, 1, 0, AF | DBM, ST_R, 0, AF | DBM },
	{ 1, 1, 0, AF | DBM, ST_W, 0, AF | DBM | S2W },
	{ 1, 1, 0, DBM, ST_W, 0, AF | DBM | S2W },
	{ 1, 1, 0, DBM | S2W, ST_R, 0, AF | DBM | S2W },
	{ 1, 1, 0, 0, ST_W, ST_PERMISSION, 0 },
};

/* config 5, 6: the descriptor is the only stage's; 7: of the stage given, the other is plain. */
static void vectors(unsigned int config, unsigned int stage, const struct vector *v, size_t n)
{
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	uint64_t base, bits = AF | DBM | (stage == 1 ? RO : S2W), ipa = config == 7 ? 0x5000 : VA;
	const struct st_tables *tb;
	struct st_stream x;
	struct st_out o;
	uint64_t ev[4];
	struct st t;
	size_t i;

	st_open(&t, &cfg, BASE);
	if (config == 5)
		st_stream_s1(&t, &x, 0);
	else if (config == 6)
		st_stream_s2(&t, &x, 0);
	else
		st_stream_nested(&t, &x, 0);
	ipa = config == 6 ? 0x6000 : ipa;
	tb = stage == 1 ? &x.s1 : &x.s2;
	base = stage == 1 ? ST_S1_RW & ~bits : ST_S2_RW & ~bits;
	for (i = 0; i < n; i++, v++) {
		uint64_t in = config == 6 ? ipa : VA, at;

		if (config == 7) {
			st_map(&t, &x.s1, VA, ipa, 3, ST_S1_RW);
			st_map(&t, &x.s2, ipa, PA, 3, ST_S2_RW);
		}
		at = stage == 1 ? VA : ipa;
		st_map(&t, tb, at, config == 7 && stage == 1 ? ipa : PA, 3, base | v->desc);
		if (stage == 1)
			set_s1(&t, &x, v->ha, v->hd, v->affd);
		else
			set_s2(&t, &x, v->ha, v->hd, v->affd);
		/* A look from outside gives the answer, and writes nothing. */
		o = st_walk(&t, 0, in, 1, v->access);
		assert_int_equal(!!o.rc, !!v->id);
		assert_int_equal(page_at(&t, tb, at) & bits, v->desc);
		o = st_xlate(&t, in, v->access);
		if (v->id ? !o.rc || !st_event(&t, ev) || (ev[0] & 0xff) != v->id :
			    o.rc || o.res.pa != PA)
			fail_msg("config %u stage %u row %zu: rc %d", config, stage, i, o.rc);
		if ((page_at(&t, tb, at) & bits) != v->then)
			fail_msg("config %u stage %u row %zu: %llx", config, stage, i,
				 (unsigned long long)page_at(&t, tb, at));
		assert_int_equal(page_at(&t, tb, at) & base, base);
		/* And once more, from the TLB if it may. */
		o = st_xlate(&t, in, v->access);
		assert_int_equal(!!o.rc, !!v->id);
		while (st_event(&t, ev))
			;
	}
	st_close(&t);
}

static void stage_1(void **state)
{
	(void)state;
	vectors(5, 1, s1_vectors, sizeof(s1_vectors) / sizeof(s1_vectors[0]));
	vectors(7, 1, s1_vectors, sizeof(s1_vectors) / sizeof(s1_vectors[0]));
}

static void stage_2(void **state)
{
	(void)state;
	vectors(6, 2, s2_vectors, sizeof(s2_vectors) / sizeof(s2_vectors[0]));
	vectors(7, 2, s2_vectors, sizeof(s2_vectors) / sizeof(s2_vectors[0]));
}

/* D8: writable-clean is writable where that takes a right away: WXN, and APTable gives none. */
static void clean_is_writable(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	struct st_stream x;
	uint64_t slot;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_set(x.cd, 36, 36, 1);	/* WXN */
	set_s1(&t, &x, true, true, false);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW | DBM | RO);
	assert_true(st_goes(&t, VA, ST_R, PA));
	assert_true(st_refused(&t, VA, ST_X, ST_PERMISSION, NULL));
	st_map(&t, &x.s1, VA + 0x1000, PA, 3, ST_S1_RW | RO);
	assert_true(st_goes(&t, VA + 0x1000, ST_X, PA));
	/* APTable[1]: no writes below. */
	slot = st_slot(&t, &x.s1, VA, 2);
	st_poke(&t, slot, st_peek(&t, slot) | UINT64_C(1) << 62);
	st_flush(&t);
	assert_true(st_goes(&t, VA, ST_R, PA));
	assert_true(st_refused(&t, VA, ST_W, ST_PERMISSION, NULL));
	assert_int_equal(page_at(&t, &x.s1, VA) & RO, RO);
	st_close(&t);
}

/* Blocks, and the other granules. */
static void sizes(void **state)
{
	static const struct {
		unsigned int granule, bits;
		int level;
	} row[] = { { 12, 48, 2 }, { 12, 48, 1 }, { 14, 47, 3 }, { 14, 47, 2 }, { 16, 48, 3 },
		    { 16, 48, 2 } };
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	uint64_t slot, oa = UINT64_C(0x40000000000);
	struct st_stream x;
	unsigned int i;
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		st_open(&t, &cfg, BASE);
		st_stream_s1(&t, &x, 0);
		st_tables_init(&t, &x.s1, 1, row[i].granule, row[i].bits, 9, false, 5);
		st_cd_init(x.cd, &x.s1, ST_ASID, false);
		set_s1(&t, &x, true, true, false);
		st_map(&t, &x.s1, 0, oa, row[i].level, (ST_S1_RW | DBM | RO) & ~AF);
		slot = st_slot(&t, &x.s1, 0, row[i].level);
		assert_true(st_goes(&t, 0x123, ST_R, oa + 0x123));
		assert_int_equal(st_peek(&t, slot) & (AF | DBM | RO), AF | DBM | RO);
		assert_true(st_goes(&t, 0x123, ST_W, oa + 0x123));
		assert_int_equal(st_peek(&t, slot) & (AF | DBM | RO), AF | DBM);
		st_close(&t);
	}
}

/* --- nested: the SMMU's own accesses --- */

/* Stage 2 by pages of its own for the CD (at 6 MiB) and the last table of stage 1. */
struct nested {
	struct st t;
	struct st_stream x;
	uint64_t cd_ipa, table_ipa;
};

static void open_nested(struct nested *n)
{
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	uint64_t i, slot;

	st_open(&n->t, &cfg, BASE);
	st_stream_nested(&n->t, &n->x, 0);
	n->x.cdptr = BASE + 0x600000;
	n->cd_ipa = n->x.cdptr - n->x.s1.off;
	st_set(n->x.ste, 55, 6, n->cd_ipa >> 6);
	st_stream_put(&n->t, &n->x);
	st_map(&n->t, &n->x.s1, VA, 0x5000, 3, ST_S1_RW);
	st_map(&n->t, &n->x.s2, 0x5000, PA, 3, ST_S2_RW);
	n->table_ipa = st_slot(&n->t, &n->x.s1, VA, 3) - n->x.s1.off;
	/* Blocks become pages. */
	for (i = 0; i < ST_SIZE; i += 1 << 12) {
		slot = st_slot(&n->t, &n->x.s2, ST_IPA + i, 2);
		if ((st_peek(&n->t, slot) & 3) == 1)
			st_poke(&n->t, slot, 0);
		st_map(&n->t, &n->x.s2, ST_IPA + i, BASE + i, 3, ST_S2_RW);
	}
	st_flush(&n->t);
}

static void own_accesses(void **state)
{
	uint64_t cd, table, root, ev[4];
	struct nested n;
	struct st *t = &n.t;
	unsigned int i;

	(void)state;
	open_nested(&n);
	cd = st_slot(t, &n.x.s2, n.cd_ipa, 3);
	table = st_slot(t, &n.x.s2, n.table_ipa, 3);
	root = st_slot(t, &n.x.s2, n.x.s1.root - n.x.s1.off, 3);
	/* Reads of CD and tables set AF, and never make dirty (3.13). */
	set_s2(t, &n.x, true, true, false);
	for (i = 0; i < 3; i++) {
		uint64_t slot = i ? i == 1 ? table : root : cd;

		st_poke(t, slot, (st_peek(t, slot) | DBM) & ~(AF | S2W));
	}
	st_flush(t);
	assert_true(st_goes(t, VA, ST_W, PA));
	assert_int_equal(st_peek(t, cd) & (AF | S2W), AF);
	assert_int_equal(st_peek(t, table) & (AF | S2W), AF);
	assert_int_equal(st_peek(t, root) & (AF | S2W), AF);
	/* Stage 1 writes its descriptor: then its page is dirty, and no other. */
	set_s1(t, &n.x, true, true, false);
	st_map(t, &n.x.s1, VA, 0x5000, 3, (ST_S1_RW | DBM | RO) & ~AF);
	st_flush(t);
	assert_true(st_goes(t, VA, ST_R, PA));
	assert_int_equal(page_at(t, &n.x.s1, VA) & (AF | RO), AF | RO);
	assert_int_equal(st_peek(t, table) & (AF | S2W), AF | S2W);
	assert_int_equal(st_peek(t, root) & (AF | S2W), AF);
	assert_int_equal(st_peek(t, cd) & (AF | S2W), AF);
	/* Stage 2 does not permit the write: F_PERMISSION, S2, CLASS TT, TTRnW 0 (108). */
	st_poke(t, table, st_peek(t, table) & ~(DBM | S2W));
	st_flush(t);
	assert_true(st_refused(t, VA + 8, ST_W, ST_PERMISSION, ev));
	assert_int_equal(st_get(ev, 103, 103), 1);
	assert_int_equal(st_get(ev, 105, 104), 1);
	assert_int_equal(st_get(ev, 108, 108), 0);
	assert_int_equal(st_get(ev, 99, 99), 0);
	assert_int_equal(ev[2], VA + 8);
	assert_int_equal(ev[3], n.table_ipa & ~UINT64_C(0xfff));
	assert_int_equal(page_at(t, &n.x.s1, VA) & RO, RO);
	/* The transaction is a read, the write is the SMMU's. */
	st_poke(t, st_slot(t, &n.x.s1, VA, 3), page_at(t, &n.x.s1, VA) & ~AF);
	st_flush(t);
	assert_true(st_refused(t, VA + 8, ST_R, ST_PERMISSION, ev));
	assert_int_equal(st_get(ev, 108, 108), 0);
	assert_int_equal(st_get(ev, 99, 99), 1);
	/* Reading what stage 2 does not let be read has TTRnW = 1. */
	st_poke(t, table, st_peek(t, table) & ~ST_S2_R);
	st_flush(t);
	assert_true(st_refused(t, VA + 8, ST_R, ST_PERMISSION, ev));
	assert_int_equal(st_get(ev, 108, 108), 1);
	st_close(t);
}

/* 5: a fault of stage 2 comes after stage 1 has noted the access (fact sheet 10, 12). */
static void stage_2_refuses(void **state)
{
	struct nested n;
	uint64_t ev[4];

	(void)state;
	open_nested(&n);
	set_s1(&n.t, &n.x, true, true, false);
	st_map(&n.t, &n.x.s1, VA, 0x5000, 3, (ST_S1_RW | DBM | RO) & ~AF);
	st_map(&n.t, &n.x.s2, 0x5000, PA, 3, ST_S2_RW & ~S2W);
	st_flush(&n.t);
	assert_true(st_refused(&n.t, VA, ST_W, ST_PERMISSION, ev));
	assert_int_equal(st_get(ev, 105, 104), 2);
	assert_int_equal(page_at(&n.t, &n.x.s1, VA) & (AF | RO), AF);
	st_close(&n.t);
}

/* --- who may have it --- */

/* 5.2, 5.4: by IDR0.HTTU. */
static void advertised(void **state)
{
	struct iom_smmuv3_dev_cfg cfg;
	struct st_stream x, y;
	unsigned int httu, bits;
	struct st t;

	(void)state;
	for (httu = 0; httu < 3; httu++) {
		cfg = httu_cfg(httu);
		st_open(&t, &cfg, BASE);
		st_stream_s1(&t, &x, 0);
		st_stream_s2(&t, &y, 1);
		for (bits = 0; bits < 4; bits++) {
			bool bad = (bits && !httu) || ((bits & 2) && httu < 2);

			set_s1(&t, &x, bits & 1, bits & 2, false);
			set_s2(&t, &y, bits & 1, bits & 2, false);
			st_xlate_sid(&t, 0, VA, 1, ST_R);
			assert_int_equal(st_event_id(&t), bad ? ST_BAD_CD : ST_TRANSLATION);
			st_xlate_sid(&t, 1, 0x5000, 1, ST_R);
			assert_int_equal(st_event_id(&t), bad ? ST_BAD_STE : ST_TRANSLATION);
		}
		st_close(&t);
	}
}

/* Memory without compare and swap: not advertised; of a port, F_WALK_EABT where it is needed. */
static void no_cas(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	struct iom_smmuv3_diag diag = { 0 };
	struct iom_smmuv3_dev *s;
	struct iom_gmem_flat none;
	struct iom_gmem_ops ops;
	struct st_stream x;
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	none = t.own;
	ops = none.g.ops;
	ops.cas64 = NULL;
	assert_int_equal(iom_gmem_init(&none.g, &ops), 0);
	cfg.plat = &t.pt.plat;
	cfg.gmem = &none.g;
	assert_int_equal(iom_smmuv3_dev_create(&cfg, &s, &diag), IOM_EINVAL);
	assert_string_equal(diag.field, "IDR0.HTTU");
	cfg.idr[0] &= ~(3u << 6);
	assert_int_equal(iom_smmuv3_dev_create(&cfg, &s, &diag), 0);
	assert_int_equal(iom_smmuv3_dev_destroy(s), 0);
	/* The port's. */
	assert_int_equal(iom_gmem_init(&t.dma.g, &ops), 0);
	st_stream_s1(&t, &x, 0);
	set_s1(&t, &x, true, true, false);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW);
	assert_true(st_goes(&t, VA, ST_W, PA));
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW & ~AF);
	st_flush(&t);
	assert_true(st_xlate(&t, VA, ST_R).rc);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], ST_WALK_EABT);
	assert_int_equal(st_get(ev, 105, 104), 1);
	assert_int_equal(ev[3], st_slot(&t, &x.s1, VA, 3));
	st_close(&t);
}

/* --- races, one at a time --- */

struct thief {
	struct st *t;
	uint64_t slot, val;		/* what the driver stores before the swap */
	bool flip;			/* each time something else */
	unsigned int left, swaps;
};

static void before(void *arg, enum gmem_fake_kind kind, uint64_t addr, size_t len)
{
	struct thief *th = arg;

	(void)len;
	if (kind != GMEM_FAKE_CAS64 || addr != th->slot)
		return;
	th->swaps++;
	if (!th->left)
		return;
	th->left--;
	if (th->flip)
		th->val ^= SW;
	st_poke(th->t, th->slot, th->val);
}

/* A driver changes the descriptor between look and swap: what it is then decides. */
static void lost_races(void **state)
{
	static const struct {
		uint64_t then;
		unsigned int id;
		uint64_t at_last;
	} row[] = {
		{ 0, ST_TRANSLATION, 0 },
		{ ST_S1_RW | DBM | 3, 0, ST_S1_RW | DBM | 3 },
		{ ST_S1_RW | DBM | RO | 3, 0, ST_S1_RW | DBM | 3 },
		{ ST_S1_RW | RO | 3, ST_PERMISSION, ST_S1_RW | RO | 3 },
		{ ((ST_S1_RW | SW) & ~AF) | 3, 0, ST_S1_RW | SW | 3 },
	};
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	struct gmem_fake fake;
	struct iom_gmem *was;
	struct st_stream x;
	struct thief th;
	uint64_t ev[4];
	struct st_out o;
	unsigned int i;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	set_s1(&t, &x, true, true, false);
	gmem_fake_init(&fake, &t.dma.g);
	fake.before = before;
	fake.before_arg = &th;
	was = t.port.gmem;
	for (i = 0; i < 6; i++) {
		bool always = i == 5;

		/* The last but one: HA alone, where the quick walk has read everything before. */
		set_s1(&t, &x, true, i != 4, false);
		st_map(&t, &x.s1, VA, PA, 3, i == 4 ? ST_S1_RW & ~AF : ST_S1_RW | DBM | RO);
		st_map(&t, &x.s1, VA + 0x1000, PA, 3, ST_S1_RW);
		st_flush(&t);
		assert_int_equal(st_xlate(&t, VA + 0x1000, ST_R).rc, 0);
		th = (struct thief){ &t, st_slot(&t, &x.s1, VA, 3),
				     PA | (always ? ST_S1_RW | DBM | RO | 3 : row[i].then), always,
				     always ? 100000 : 1, 0 };
		memset(&o, 0, sizeof(o));
		t.port.gmem = &fake.g;
		assert_int_equal(iom_gmem_begin(&fake.g), 0);
		iom_access_begin(&t.access);
		o.rc = iom_smmuv3_dev_translate(&t.port, VA, 8, ST_W, &o.res, o.ev);
		iom_access_end(&t.access);
		iom_gmem_end(&fake.g);
		t.port.gmem = was;
		if (always) {
			/* It does not go on for ever. */
			assert_int_equal(o.ev[0], ST_WALK_EABT);
			assert_true(th.swaps > 1 && th.swaps < 100);
			assert_int_equal(o.ev[3], th.slot);
		} else {
			assert_int_equal(o.ev[0], row[i].id);
			assert_int_equal(page_at(&t, &x.s1, VA),
					 row[i].at_last ? PA | row[i].at_last : PA);
		}
		while (st_event(&t, ev))
			;
	}
	st_close(&t);
}

/* --- the TLB --- */

/* A page read while clean must not be written without becoming dirty. */
static void clean_in_the_tlb(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	struct iom_smmuv3_stats a, b;
	struct st_stream x;
	uint64_t slot;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	set_s1(&t, &x, true, true, false);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW | DBM | RO);
	slot = st_slot(&t, &x.s1, VA, 3);
	assert_int_equal(st_xlate(&t, VA, ST_R).rc, 0);
	iom_smmuv3_dev_stats(t.s, &a);
	assert_int_equal(st_xlate(&t, VA, ST_R).rc, 0);
	iom_smmuv3_dev_stats(t.s, &b);
	assert_int_equal(a.tlb_misses, b.tlb_misses);
	assert_int_equal(st_xlate(&t, VA, ST_W).rc, 0);
	assert_int_equal(st_peek(&t, slot) & RO, 0);
	iom_smmuv3_dev_stats(t.s, &a);
	assert_int_equal(st_xlate(&t, VA, ST_W).rc, 0);
	iom_smmuv3_dev_stats(t.s, &b);
	assert_int_equal(a.tlb_misses, b.tlb_misses);
	/* Clean again: with TLBI the next write shows. */
	st_poke(&t, slot, st_peek(&t, slot) | RO);
	st_tlbi(&t, ST_NH_VA, ST_VMID, ST_ASID, VA);
	st_sync(&t);
	assert_int_equal(st_xlate(&t, VA, ST_W).rc, 0);
	assert_int_equal(st_peek(&t, slot) & RO, 0);
	st_close(&t);
}

/* --- laws --- */

/* What is known of a page, or of a table's page under stage 2. */
struct page {
	bool accessed, written;		/* since software cleared it */
};

struct law {
	struct st t;
	struct st_stream x;
	unsigned int config;
	struct page s1[PAGES], s2[PAGES];
	bool writable[PAGES];		/* DBM; else read-only, in the stage that decides */
};

#define OUT_IPA(i)	(UINT64_C(0x100000) + (i) * 0x1000u)

static uint64_t law_ia(const struct law *l, unsigned int i)
{
	return l->config == 6 ? OUT_IPA(i) : VA + i * 0x1000u;
}

/* Clean, not accessed. */
static void law_clear(struct law *l, unsigned int i, bool s1, bool s2, bool dirty_only)
{
	uint64_t af = dirty_only ? 0 : AF, slot;

	if (s1 && (l->config & 1)) {
		slot = st_slot(&l->t, &l->x.s1, VA + i * 0x1000, 3);
		st_poke(&l->t, slot, (st_peek(&l->t, slot) | RO) & ~af);
		l->s1[i].written = false;
		l->s1[i].accessed &= dirty_only;
	}
	if (s2 && (l->config & 2)) {
		slot = st_slot(&l->t, &l->x.s2, OUT_IPA(i), 3);
		st_poke(&l->t, slot, st_peek(&l->t, slot) & ~(S2W | af));
		l->s2[i].written = false;
		l->s2[i].accessed &= dirty_only;
	}
	st_cmd(&l->t, ST_S12_VMALL | (uint64_t)ST_VMID << 32, 0);
	st_sync(&l->t);
}

static void law_access(struct law *l, unsigned int i, bool write)
{
	struct st_out o = st_xlate(&l->t, law_ia(l, i) + 8, write ? ST_W : ST_R);
	bool ok = !write || l->writable[i];
	uint64_t ev[4];

	assert_int_equal(!o.rc, ok);
	while (st_event(&l->t, ev))
		;
	if (!ok)
		return;
	l->s1[i].accessed = l->s2[i].accessed = true;
	l->s1[i].written |= write;
	l->s2[i].written |= write;
}

static void law_check(struct law *l)
{
	unsigned int i;
	uint64_t d;

	for (i = 0; i < PAGES; i++) {
		if (l->config & 1) {
			d = page_at(&l->t, &l->x.s1, VA + i * 0x1000);
			assert_int_equal(!!(d & AF), l->s1[i].accessed);
			assert_int_equal(!(d & RO), l->s1[i].written);
		}
		if (l->config & 2) {
			d = page_at(&l->t, &l->x.s2, OUT_IPA(i));
			assert_int_equal(!!(d & AF), l->s2[i].accessed);
			assert_int_equal(!!(d & S2W), l->s2[i].written);
		}
	}
}

static void laws(void **state)
{
	static struct law l;
	struct iom_smmuv3_dev_cfg cfg = httu_cfg(2);
	unsigned int step, i, config;
	struct test_rng rng;
	uint64_t dbm;

	(void)state;
	test_rng_init(&rng);
	for (config = 5; config < 8; config++) {
		memset(&l, 0, sizeof(l));
		l.config = config;
		st_open(&l.t, &cfg, BASE);
		if (config == 5)
			st_stream_s1(&l.t, &l.x, 0);
		else if (config == 6)
			st_stream_s2(&l.t, &l.x, 0);
		else
			st_stream_nested(&l.t, &l.x, 0);
		for (i = 0; i < PAGES; i++) {
			l.writable[i] = i & 1;
			dbm = i & 1 ? DBM : 0;
			if (config & 1)
				st_map(&l.t, &l.x.s1, VA + i * 0x1000, OUT_IPA(i), 3,
				       (ST_S1_RW | RO | dbm) & ~AF);
			if (config & 2)
				st_map(&l.t, &l.x.s2, OUT_IPA(i), PA + i * 0x1000, 3,
				       (ST_S2_BASE | ST_S2_R | dbm) & ~AF);
		}
		if (config & 1)
			set_s1(&l.t, &l.x, true, true, false);
		if (config & 2)
			set_s2(&l.t, &l.x, true, true, false);
		for (step = 0; step < 3000; step++) {
			i = (unsigned int)test_rng_below(&rng, PAGES);
			switch (test_rng_below(&rng, 6)) {
			case 0:
				law_clear(&l, i, test_rng_below(&rng, 2),
					  test_rng_below(&rng, 2), test_rng_below(&rng, 2));
				break;
			case 1:
			case 2:
				law_access(&l, i, true);
				break;
			default:
				law_access(&l, i, false);
				break;
			}
			law_check(&l);
		}
		st_close(&l.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stage_1),
		cmocka_unit_test(stage_2),
		cmocka_unit_test(clean_is_writable),
		cmocka_unit_test(sizes),
		cmocka_unit_test(own_accesses),
		cmocka_unit_test(stage_2_refuses),
		cmocka_unit_test(advertised),
		cmocka_unit_test(no_cas),
		cmocka_unit_test(lost_races),
		cmocka_unit_test(clean_in_the_tlb),
		cmocka_unit_test(laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
