/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stalls, by the document's words (3.12.2, 4.6, 5.2 S2S, 5.4 S, 7.3): what a
 * record says, what each answer does, and that nothing is lost. No foreign
 * model stalls, so every expectation here is written by hand.
 */
#include <iom/dev/xgmem.h>

#include "fakes/gmem_fake.h"
#include "lib/smmu_stall.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000123000)
#define PA	UINT64_C(0xabcde000)

static bool no_event(struct st *t)
{
	uint64_t ev[4];

	return !st_event(t, ev);
}

/* --- the record, 7.3 --- */

/* 5.4 S: always recorded, whatever R says; A plays no part. Section 7.3.12: each field. */
static void record(void **state)
{
	struct st_world w;
	struct st_out o;
	uint64_t ev[4];
	unsigned int ar;

	(void)state;
	st_world_s1(&w, 4);
	for (ar = 0; ar < 4; ar++) {
		st_set(w.x.cd, 46, 45, ar);
		st_stream_put(&w.t, &w.x);
		o = st_dev_go(&w.d, VA + 0x123, ST_R);
		assert_int_equal(o.rc, IOM_EAGAIN);
		st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
		assert_memory_equal(ev, o.ev, sizeof(ev));
		assert_int_equal(ev[0], 0x10);
		/* RnW 99, CLASS 105:104 = IN, Stall 95, STAG 79:64. */
		assert_int_equal(ev[1], UINT64_C(1) << 35 | UINT64_C(2) << 40 |
					UINT64_C(1) << 31 | w.d.port.stag);
		assert_int_equal(ev[2], VA + 0x123);
		assert_int_equal(ev[3], 0);
		assert_int_equal(w.d.told, ar + 1);
		assert_int_equal(w.d.how, IOM_SMMUV3_RETRY);
	}
	/* A write, privileged. */
	assert_int_equal(st_dev_go(&w.d, VA, ST_W | ST_PRIV).rc, IOM_EAGAIN);
	st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
	assert_int_equal(st_get(ev, 97, 97), 1);
	assert_int_equal(st_get(ev, 99, 99), 0);
	st_world_close(&w);
}

/* Fact sheet 9: these four stall, the others are terminated though S = 1. */
static void which_faults(void **state)
{
	struct st_world w;
	uint64_t ev[4];

	(void)state;
	st_world_s1(&w, 4);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
	assert_int_equal(ev[0] & 0xff, ST_TRANSLATION);
	/* The output is beyond IPS: 32 bits here. */
	st_set(w.x.cd, 34, 32, 0);
	st_stream_put(&w.t, &w.x);
	st_map(&w.t, &w.x.s1, VA, UINT64_C(1) << 36, 3, ST_S1_RW);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
	assert_int_equal(ev[0] & 0xff, ST_ADDR_SIZE);
	/* AF = 0, then read-only. */
	st_map(&w.t, &w.x.s1, VA, PA, 3, ST_S1_RW & ~(UINT64_C(1) << 10));
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
	assert_int_equal(ev[0] & 0xff, ST_ACCESS);
	st_map(&w.t, &w.x.s1, VA, PA, 3, ST_S1_RW | ST_S1_RO);
	assert_int_equal(st_dev_go(&w.d, VA, ST_W).rc, IOM_EAGAIN);
	st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
	assert_int_equal(ev[0] & 0xff, ST_PERMISSION);
	/* F_WALK_EABT: a table where there is no memory. C_BAD_CD: V = 0. */
	st_poke(&w.t, st_slot(&w.t, &w.x.s1, VA, 2), 0x10000003);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EFAULT);
	assert_true(st_event(&w.t, ev));
	assert_int_equal(ev[0] & 0xff, ST_WALK_EABT);
	assert_int_equal(st_get(ev, 95, 95), 0);
	st_poke(&w.t, w.x.cdptr, 0);
	st_flush(&w.t);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_event_id(&w.t), ST_BAD_CD);
	st_world_close(&w);
}

/* 5.2 S2S: faults of stage 2, for the output, a table of stage 1, a CD. Not CD.S's. */
static void stage_2(void **state)
{
	static const struct {
		unsigned int cls;
		uint64_t at;		/* IPA that stage 2 loses; 0: the output's */
	} row[] = { { 2, 0 }, { 1, 1 }, { 0, 2 } };
	struct st_world w;
	uint64_t ev[4], ipa, slot, was;
	unsigned int i, stag;

	(void)state;
	st_world_nested(&w);
	/* CD.S = 0: a fault of stage 1 is terminated. */
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_event_id(&w.t), ST_TRANSLATION);
	st_map(&w.t, &w.x.s1, VA, 0x5000, 3, ST_S1_RW);
	st_map(&w.t, &w.x.s2, 0x5000, PA, 3, ST_S2_RW);
	for (i = 0; i < 3; i++) {
		ipa = !row[i].at ? 0x5000 : row[i].at == 1 ? w.x.s1.root - w.x.s1.off :
							     w.x.cdptr - w.x.s1.off;
		slot = st_slot(&w.t, &w.x.s2, ipa, row[i].at ? 2 : 3);
		was = st_peek(&w.t, slot);
		st_poke(&w.t, slot, 0);
		st_flush(&w.t);
		assert_int_equal(st_dev_go(&w.d, VA | 8, ST_W).rc, IOM_EAGAIN);
		stag = st_stalled(&w.t, ev);
		assert_int_equal(ev[0], ST_TRANSLATION);
		assert_int_equal(st_get(ev, 103, 103), 1);
		assert_int_equal(st_get(ev, 105, 104), row[i].cls);
		assert_int_equal(st_get(ev, 99, 99), 0);
		assert_int_equal(ev[2], VA | 8);
		if (row[i].at == 1)
			ipa += 8 * (VA >> 39 & 511);
		assert_int_equal(ev[3], ipa & ~UINT64_C(0xfff));
		st_poke(&w.t, slot, was);
		st_resume(&w.t, 0, stag, ST_RETRY);
		assert_int_equal(st_dev_go(&w.d, VA | 8, ST_W).res.pa, PA | 8);
	}
	/* 3.4: beyond IAS with stage 2 alone it is stage 1 that reports, and S2S is not asked. */
	st_set(w.x.ste, 3, 1, 6);
	st_stream_put(&w.t, &w.x);
	assert_int_equal(st_dev_go(&w.d, UINT64_C(1) << 53, ST_R).rc, IOM_EFAULT);
	assert_true(st_event(&w.t, ev));
	assert_int_equal(ev[0] & 0xff, ST_ADDR_SIZE);
	assert_int_equal(st_get(ev, 95, 95), 0);
	st_world_close(&w);
}

/* 3.12: who cannot wait is aborted and recorded, Stall = 0, whatever A and R say. */
static void who_cannot_wait(void **state)
{
	struct st_world w;
	struct st_out o;
	uint64_t ev[4];
	unsigned int ar;

	(void)state;
	st_world_s1(&w, 4);
	for (ar = 0; ar < 4; ar++) {
		st_set(w.x.cd, 46, 45, ar);
		st_stream_put(&w.t, &w.x);
		o = st_xlate(&w.t, VA, ST_R);
		assert_int_equal(o.rc, IOM_EFAULT);
		assert_true(st_event(&w.t, ev));
		assert_memory_equal(ev, o.ev, sizeof(ev));
		assert_int_equal(ev[1], UINT64_C(1) << 35 | UINT64_C(2) << 40);
	}
	assert_int_equal(st_dev_go(&w.d, VA, ST_R | IOM_ACCESS_QUIET).rc, IOM_EFAULT);
	assert_true(no_event(&w.t));
	/* A look from outside holds nothing. */
	assert_int_equal(st_walk(&w.t, 0, VA, 8, ST_R).rc, IOM_EFAULT);
	assert_true(no_event(&w.t));
	st_world_close(&w);
}

/* 5.2, 5.4: the models, and S1STALLD. */
static void models(void **state)
{
	static const struct {
		unsigned int model, s, s1stalld, s2s;
		unsigned int s1, nested;	/* event: 0 is a stall of a fault */
	} row[] = {
		{ 0, 0, 0, 0, ST_TRANSLATION, ST_TRANSLATION },
		{ 0, 1, 0, 0, 0, 0 },
		{ 0, 1, 1, 0, ST_BAD_CD, ST_BAD_CD },
		{ 0, 0, 1, 0, ST_TRANSLATION, ST_TRANSLATION },
		{ 2, 1, 0, 0, 0, ST_BAD_STE },
		{ 2, 0, 0, 0, ST_BAD_CD, ST_BAD_STE },
		{ 2, 0, 0, 1, ST_BAD_CD, ST_BAD_CD },
		{ 2, 1, 0, 1, 0, 0 },
		{ 2, 1, 1, 1, ST_BAD_STE, ST_BAD_STE },
	};
	struct iom_smmuv3_dev_cfg cfg;
	struct st_stream x[2];
	unsigned int i, n, want, got;
	struct st_out o;
	struct st_dev d[2];
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		cfg = st_stall_cfg(row[i].model, 4);
		st_open(&t, &cfg, BASE);
		st_stream_s1(&t, &x[0], 0);
		st_stream_nested(&t, &x[1], 1);
		for (n = 0; n < 2; n++) {
			st_set(x[n].cd, 44, 44, row[i].s);
			st_set(x[n].ste, 91, 91, row[i].s1stalld);
			st_set(x[n].ste, 185, 185, n && row[i].s2s);
			st_stream_put(&t, &x[n]);
			st_dev_init(&t, &d[n], n);
			o = st_dev_go(&d[n], VA, ST_R);
			got = st_event_id(&t);
			want = n ? row[i].nested : row[i].s1;
			assert_int_equal(o.rc, want ? IOM_EFAULT : IOM_EAGAIN);
			assert_int_equal(got, want ? want : ST_TRANSLATION);
			st_dev_fini(&d[n]);
		}
		st_close(&t);
	}
}

/* --- answers, 4.6 --- */

static void retry(void **state)
{
	struct st_world w;
	unsigned int stag;

	(void)state;
	st_world_s1(&w, 4);
	assert_false(iom_smmuv3_dev_port_waits(&w.d.port));
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	stag = st_stag_of(&w.t);
	assert_true(iom_smmuv3_dev_port_waits(&w.d.port));
	/* Asked again too soon: it waits, without another record. */
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	assert_true(no_event(&w.t));
	/* Still nothing there: another record, another STAG. */
	st_resume(&w.t, 0, stag, ST_RETRY | ST_ABORT);
	assert_false(iom_smmuv3_dev_port_waits(&w.d.port));
	assert_int_equal(w.d.told, 1);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	assert_true(st_stag_of(&w.t) != stag);
	st_map(&w.t, &w.x.s1, VA, PA, 3, ST_S1_RW);
	st_resume(&w.t, 0, w.d.port.stag, ST_RETRY);
	assert_int_equal(st_dev_go(&w.d, VA | 8, ST_R).res.pa, PA | 8);
	assert_int_equal(st_dev_go(&w.d, VA | 8, ST_R).res.pa, PA | 8);
	assert_true(no_event(&w.t));
	st_world_close(&w);
}

/* The answer is for the transaction, once; even if the page is there by now. */
static void abort_and_terminate(void **state)
{
	static const uint64_t how[2] = { ST_ABORT, ST_TERMINATE };
	struct st_world w;
	struct st_out o;
	unsigned int i;

	(void)state;
	st_world_s1(&w, 4);
	st_map(&w.t, &w.x.s1, VA + 0x1000, PA + 0x1000, 3, ST_S1_RW);
	for (i = 0; i < 2; i++) {
		assert_int_equal(st_dev_go(&w.d, VA, ST_W).rc, IOM_EAGAIN);
		st_resume(&w.t, 0, st_stag_of(&w.t), how[i]);
		assert_int_equal(w.d.how, i ? IOM_SMMUV3_TERMINATE : IOM_SMMUV3_ABORT);
		st_map(&w.t, &w.x.s1, VA, PA, 3, ST_S1_RW);
		/* Another transaction first, twice: the second could be a hit. */
		assert_int_equal(st_dev_go(&w.d, VA + 0x1000, ST_W).res.pa, PA + 0x1000);
		assert_int_equal(st_dev_go(&w.d, VA + 0x1000, ST_W).res.pa, PA + 0x1000);
		assert_int_equal(st_dev_go(&w.d, VA, ST_R).res.pa, PA);
		o = st_dev_go(&w.d, VA, ST_W);
		assert_int_equal(o.rc, i ? IOM_OK : IOM_EFAULT);
		assert_int_equal(o.res.raz_wi, i);
		o = st_dev_go(&w.d, VA, ST_W);
		assert_int_equal(o.rc, IOM_OK);
		assert_false(o.res.raz_wi);
		st_poke(&w.t, st_slot(&w.t, &w.x.s1, VA, 3), 0);
		st_flush(&w.t);
	}
	st_world_close(&w);
}

/* IDR0.TERM_MODEL = 1 knows no RAZ/WI. */
static void term_model(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_stall_cfg(0, 1);
	struct st_stream x;
	struct st_dev d;
	struct st t;

	(void)state;
	cfg.idr[0] |= 1u << 26;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_set(x.cd, 44, 44, 1);
	st_stream_put(&t, &x);
	st_dev_init(&t, &d, 0);
	assert_int_equal(st_dev_go(&d, VA, ST_R).rc, IOM_EAGAIN);
	st_resume(&t, 0, st_stag_of(&t), ST_TERMINATE);
	assert_int_equal(d.how, IOM_SMMUV3_ABORT);
	assert_int_equal(st_dev_go(&d, VA, ST_R).rc, IOM_EFAULT);
	st_dev_fini(&d);
	st_close(&t);
}

/* S19: unknown STAGs, those of another stream, those answered before: no effect, no error. */
static void s19_stale_stag(void **state)
{
	struct st_world w;
	unsigned int stag, i;

	(void)state;
	st_world_s1(&w, 3);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	stag = st_stag_of(&w.t);
	st_resume(&w.t, 1, stag, ST_RETRY);
	for (i = 0; i < 0x10000; i += 0x1d) {
		if (i != stag)
			st_resume(&w.t, 0, i, ST_RETRY);
	}
	assert_int_equal(w.d.told, 0);
	st_resume(&w.t, 0, stag, ST_ABORT);
	st_resume(&w.t, 0, stag, ST_RETRY);
	assert_int_equal(w.d.told, 1);
	assert_int_equal(w.d.how, IOM_SMMUV3_ABORT);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EFAULT);
	/* The next one has another STAG, so the old one means nothing to it. */
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	st_resume(&w.t, 0, stag, ST_RETRY);
	assert_true(iom_smmuv3_dev_port_waits(&w.d.port));
	assert_int_equal(st_r(&w.t, ST_GERROR), 0);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), st_r(&w.t, ST_CMDQ_PROD));
	st_world_close(&w);
}

/* 4.6 STALL_TERM: all of the stream, nobody else. Then SMMUEN = 0, and a reset: all. */
static void ended_together(void **state)
{
	struct st_dev d[4];
	struct st_world w;
	struct st_stream x;
	unsigned int i, n;

	(void)state;
	st_world_s1(&w, 8);
	st_stream_s1(&w.t, &x, 1);
	st_set(x.cd, 44, 44, 1);
	st_stream_put(&w.t, &x);
	for (i = 0; i < 4; i++)
		st_dev_init(&w.t, &d[i], i & 1);
	for (i = 0; i < 4; i++)
		assert_int_equal(st_dev_go(&d[i], VA, ST_R).rc, IOM_EAGAIN);
	st_cmd(&w.t, ST_STALL_TERM | UINT64_C(1) << 32, 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(d[i].told, i & 1);
		assert_int_equal(st_dev_go(&d[i], VA, ST_R).rc, i & 1 ? IOM_EFAULT : IOM_EAGAIN);
	}
	for (n = 0; n < 2; n++) {
		for (i = 0; i < 4; i++)
			assert_int_equal(st_dev_go(&d[i], VA, ST_R).rc, IOM_EAGAIN);
		if (n)
			iom_smmuv3_dev_reset(w.t.s);
		else
			st_w(&w.t, ST_CR0, 12);
		for (i = 0; i < 4; i++) {
			assert_false(iom_smmuv3_dev_port_waits(&d[i].port));
			assert_int_equal(d[i].how, IOM_SMMUV3_ABORT);
			assert_int_equal(st_dev_go(&d[i], VA, ST_R).rc, IOM_EFAULT);
			/* Without translation it goes through. */
			assert_int_equal(st_dev_go(&d[i], VA, ST_R).res.pa, VA);
		}
		st_w(&w.t, ST_CR0, 13);
	}
	for (i = 0; i < 4; i++)
		st_dev_fini(&d[i]);
	st_world_close(&w);
}

static void disable(void *arg, enum gmem_fake_kind kind, uint64_t addr, size_t len)
{
	(void)addr;
	(void)len;
	if (kind == GMEM_FAKE_LOAD)
		st_w(arg, ST_CR0, 12);
}

/* SMMUEN falls while the access is on its way: it is not held for ever. */
static void disabled_under_way(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_stall_cfg(0, 1);
	struct gmem_fake fake;
	struct st_stream x;
	struct st_dev d;
	struct st_out o;
	struct st t;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	st_set(x.cd, 44, 44, 1);
	st_stream_put(&t, &x);
	st_dev_init(&t, &d, 0);
	gmem_fake_init(&fake, &d.gmem.g);
	fake.before = disable;
	fake.before_arg = &t;
	d.port.gmem = &fake.g;
	ST_REQUIRE(!iom_gmem_begin(&fake.g));
	iom_access_begin(&d.access);
	o.rc = iom_smmuv3_dev_translate(&d.port, VA, 8, ST_R, &o.res, o.ev);
	iom_access_end(&d.access);
	iom_gmem_end(&fake.g);
	assert_int_equal(o.rc, IOM_EFAULT);
	assert_true(no_event(&t));
	st_dev_fini(&d);
	st_close(&t);
}

/* --- room --- */

/* S7: six stalls, two places: all records come, in their order, and that is no overflow. */
static void s7_full_queue(void **state)
{
	struct st_dev d[6];
	struct st_world w;
	uint64_t ev[4];
	unsigned int i;

	(void)state;
	st_world_s1(&w, 8);
	st_small_queue(&w.t, 1);
	for (i = 0; i < 6; i++) {
		st_dev_init(&w.t, &d[i], 0);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EAGAIN);
	}
	/* Software cannot answer what it has not seen. */
	st_resume(&w.t, 0, d[5].port.stag, ST_RETRY);
	assert_int_equal(d[5].told, 0);
	/* An event that does not stall is lost, as ever. */
	assert_int_equal(st_r(&w.t, ST_EVENTQ_PROD) >> 31, 0);
	assert_int_equal(st_xlate(&w.t, VA, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&w.t, ST_EVENTQ_PROD) >> 31, 1);
	for (i = 0; i < 6; i++) {
		assert_true(st_take(&w.t, 1, ev));
		assert_int_equal(ev[2], VA + i * 0x1000);
		assert_int_equal(st_get(ev, 79, 64), d[i].port.stag);
		st_resume(&w.t, 0, d[i].port.stag, ST_ABORT);
		assert_int_equal(d[i].told, 1);
	}
	assert_false(st_take(&w.t, 1, ev));
	for (i = 0; i < 6; i++)
		st_dev_fini(&d[i]);
	st_world_close(&w);
}

/* 7.2.1: with the queue disabled, or its write aborted, the record waits as well. */
static void no_queue(void **state)
{
	struct st_world w;
	uint64_t ev[4];

	(void)state;
	st_world_s1(&w, 2);
	st_w(&w.t, ST_CR0, 9);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	assert_true(no_event(&w.t));
	st_w(&w.t, ST_CR0, 13);
	st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
	assert_int_equal(ev[2], VA);
	/* A queue where there is no memory: GERROR.EVENTQ_ABT_ERR. */
	st_w(&w.t, ST_CR0, 9);
	st_w(&w.t, ST_EVENTQ_BASE, UINT64_C(0x10000000) | 4);
	st_w(&w.t, ST_CR0, 13);
	assert_int_equal(st_dev_go(&w.d, VA, ST_R).rc, IOM_EAGAIN);
	assert_int_equal(st_r(&w.t, ST_GERROR) ^ st_r(&w.t, ST_GERRORN), 4);
	st_w(&w.t, ST_CR0, 9);
	st_w(&w.t, ST_EVENTQ_BASE, w.t.evtq | ST_EVTQ_LG2);
	st_w(&w.t, ST_CR0, 13);
	assert_true(no_event(&w.t));
	st_w(&w.t, ST_GERRORN, st_r(&w.t, ST_GERROR));
	st_resume(&w.t, 0, st_stalled(&w.t, ev), ST_RETRY);
	assert_int_equal(w.d.told, 2);
	st_world_close(&w);
}

/*
 * 4.7.3, 7.2.1: a CMD_SYNC while a record waits. What is recorded afterwards is of
 * what the tables say then: the transaction comes anew, and meets a page now, or
 * another fault; what was in the queue by then stays.
 */
static void overtaken(void **state)
{
	struct st_dev d[4];
	struct st_world w;
	struct st_out o;
	uint64_t ev[4];
	unsigned int i;

	(void)state;
	st_world_s1(&w, 3);
	st_small_queue(&w.t, 0);
	/* One recorded, two held, one without a STAG. */
	for (i = 0; i < 4; i++) {
		st_dev_init(&w.t, &d[i], 0);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_W).rc, IOM_EAGAIN);
	}
	st_map(&w.t, &w.x.s1, VA + 0x1000, PA, 3, ST_S1_RW);
	st_map(&w.t, &w.x.s1, VA + 0x2000, PA, 3, ST_S1_RW | ST_S1_RO);
	st_tlbi(&w.t, ST_NH_VA, ST_VMID, ST_ASID, VA + 0x1000);
	st_sync(&w.t);
	for (i = 0; i < 4; i++)
		assert_int_equal(d[i].told, 0);
	/* Room for one: nobody's yet. */
	assert_true(st_take(&w.t, 0, ev));
	assert_int_equal(ev[2], VA);
	assert_int_equal(d[0].told, 0);
	for (i = 1; i < 4; i++) {
		assert_int_equal(d[i].told, 1);
		assert_int_equal(d[i].how, IOM_SMMUV3_RETRY);
	}
	assert_false(st_take(&w.t, 0, ev));
	assert_int_equal(st_dev_go(&d[1], VA + 0x1000, ST_W).res.pa, PA);
	o = st_dev_go(&d[2], VA + 0x2000, ST_W);
	assert_int_equal(o.rc, IOM_EAGAIN);
	assert_true(st_take(&w.t, 0, ev));
	assert_memory_equal(ev, o.ev, sizeof(ev));
	assert_int_equal(ev[0] & 0xff, ST_PERMISSION);
	/* A CMD_SYNC takes nothing away from who was recorded. */
	st_sync(&w.t);
	st_resume(&w.t, 0, d[0].port.stag, ST_ABORT);
	assert_int_equal(d[0].how, IOM_SMMUV3_ABORT);
	st_resume(&w.t, 0, d[2].port.stag, ST_ABORT);
	assert_int_equal(d[2].how, IOM_SMMUV3_ABORT);
	/* Given up meanwhile: nobody comes, and the STAG is free. */
	assert_int_equal(st_dev_go(&d[3], VA, ST_W).rc, IOM_EAGAIN);
	assert_int_equal(st_dev_go(&w.d, VA + 0x4000, ST_W).rc, IOM_EAGAIN);
	iom_smmuv3_dev_port_forget(&w.d.port);
	st_sync(&w.t);
	assert_true(st_take(&w.t, 0, ev));
	assert_int_equal(ev[2], VA);
	assert_false(st_take(&w.t, 0, ev));
	assert_int_equal(w.d.told, 0);
	for (i = 0; i < 4; i++)
		st_dev_fini(&d[i]);
	st_world_close(&w);
}

/* IDR5.STALL_MAX: the others wait without a record, and none is forgotten. */
static void stall_max(void **state)
{
	struct st_dev d[6];
	struct st_world w;
	uint64_t ev[4];
	unsigned int i, n, seen[6] = { 0 };

	(void)state;
	st_world_s1(&w, 2);
	for (i = 0; i < 6; i++) {
		st_dev_init(&w.t, &d[i], 0);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EAGAIN);
		assert_true(iom_smmuv3_dev_port_waits(&d[i].port));
	}
	for (n = 0; n < 6; n++) {
		assert_true(st_event(&w.t, ev));
		i = (unsigned int)(ev[2] - VA) / 0x1000;
		seen[i]++;
		st_resume(&w.t, 0, d[i].port.stag, ST_ABORT);
		assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc, IOM_EFAULT);
		for (i = 0; i < 6; i++) {
			if (!iom_smmuv3_dev_port_waits(&d[i].port) && !seen[i])
				assert_int_equal(st_dev_go(&d[i], VA + i * 0x1000, ST_R).rc,
							 IOM_EAGAIN);
		}
	}
	assert_true(no_event(&w.t));
	for (i = 0; i < 6; i++)
		assert_int_equal(seen[i], 1);
	/* Those without a record end with SMMUEN, too. */
	for (i = 0; i < 6; i++)
		assert_int_equal(st_dev_go(&d[i], VA, ST_R).rc, IOM_EAGAIN);
	st_w(&w.t, ST_CR0, 12);
	for (i = 0; i < 6; i++) {
		assert_int_equal(d[i].how, IOM_SMMUV3_ABORT);
		st_dev_fini(&d[i]);
	}
	st_world_close(&w);
}

/* --- through an xgmem --- */

static void xgmem(void **state)
{
	struct iom_xgmem xg;
	struct st_world w;
	uint64_t val;
	uint8_t buf[0x2000];

	(void)state;
	st_world_s1(&w, 2);
	assert_int_equal(iom_xgmem_init(&xg, &w.d.port.x, &w.d.gmem.g), 0);
	st_map(&w.t, &w.x.s1, VA, BASE + 0x700000, 3, ST_S1_RW);
	st_poke(&w.t, BASE + 0x701000, 0x1122334455667788);
	assert_int_equal(iom_gmem_begin(&xg.g), 0);
	assert_int_equal(iom_gmem_read(&xg.g, VA, buf, sizeof(buf)), IOM_EAGAIN);
	iom_gmem_end(&xg.g);
	assert_int_equal(xg.faults, 0);
	st_map(&w.t, &w.x.s1, VA + 0x1000, BASE + 0x701000, 3, ST_S1_RW);
	st_resume(&w.t, 0, st_stag_of(&w.t), ST_RETRY);
	assert_int_equal(iom_gmem_begin(&xg.g), 0);
	assert_int_equal(iom_gmem_read(&xg.g, VA, buf, sizeof(buf)), 0);
	memcpy(&val, buf + 0x1000, 8);
	assert_int_equal(val, 0x1122334455667788);
	/* Terminated: zeros for that page, the page before is what it is. */
	st_poke(&w.t, st_slot(&w.t, &w.x.s1, VA + 0x1000, 3), 0);
	iom_gmem_end(&xg.g);
	st_flush(&w.t);
	st_poke(&w.t, BASE + 0x700ff8, 0x55);
	assert_int_equal(iom_gmem_begin(&xg.g), 0);
	assert_int_equal(iom_gmem_read(&xg.g, VA + 0xff8, buf, 16), IOM_EAGAIN);
	iom_gmem_end(&xg.g);
	st_resume(&w.t, 0, st_stag_of(&w.t), ST_TERMINATE);
	assert_int_equal(iom_gmem_begin(&xg.g), 0);
	assert_int_equal(iom_gmem_read(&xg.g, VA + 0xff8, buf, 16), 0);
	iom_gmem_end(&xg.g);
	assert_int_equal(buf[0], 0x55);
	memcpy(&val, buf + 8, 8);
	assert_int_equal(val, 0);
	iom_xgmem_fini(&xg);
	st_world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record),
		cmocka_unit_test(which_faults),
		cmocka_unit_test(stage_2),
		cmocka_unit_test(who_cannot_wait),
		cmocka_unit_test(models),
		cmocka_unit_test(retry),
		cmocka_unit_test(abort_and_terminate),
		cmocka_unit_test(term_model),
		cmocka_unit_test(s19_stale_stag),
		cmocka_unit_test(ended_together),
		cmocka_unit_test(disabled_under_way),
		cmocka_unit_test(s7_full_queue),
		cmocka_unit_test(no_queue),
		cmocka_unit_test(overtaken),
		cmocka_unit_test(stall_max),
		cmocka_unit_test(xgmem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
