/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ATC of an endpoint, and what ATC_INV and CMD_SYNC do with it (4.5.1,
 * 3.9.1.4). Laws, over random changes and a model of one word a page:
 *
 * 1. Without an ATC_INV a page that is cached goes on going where it went.
 * 2. After TLBI, SYNC, ATC_INV, SYNC it goes where the table says, or nowhere.
 * 3. What an ATC_INV does not name stays cached: no request is made for it.
 */
#include <string.h>

#include <iom/dev/smmuv3_atc.h>
#include <iom/dev/xgmem.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000200000)
#define OUT	UINT64_C(0xabc00000)
#define PAGES	64u
#define PAGE	UINT64_C(4096)
#define ENTRIES	4096u		/* no entry is replaced */

struct w {
	struct st t;
	struct st_stream x;
	struct iom_smmuv3_atc atc;
};

static struct iom_smmuv3_dev_cfg atc_cfg(void)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	iom_smmuv3_dev_ats_idr(cfg.idr);
	return cfg;
}

/* Stage 1, EATS = 1, CDs for SubstreamIDs 0 to 3, all the same tables; S1DSS = 2. */
static void open_w(struct w *w, const struct iom_smmuv3_dev_cfg *cfg, unsigned int entries)
{
	uint64_t cds;
	uint32_t i;

	st_open(&w->t, cfg, BASE);
	st_w(&w->t, ST_CR0, 0x1d);
	st_stream_s1(&w->t, &w->x, 0);
	cds = st_alloc(&w->t, 256);
	w->x.ste[0] = (w->x.ste[0] & ~UINT64_C(0xfffffffffffc0)) | cds;
	w->x.cdptr = cds;
	st_set(w->x.ste, 63, 59, 2);
	st_set(w->x.ste, 65, 64, 2);
	st_set(w->x.ste, 93, 92, 1);
	st_stream_put(&w->t, &w->x);
	for (i = 1; i < 4; i++)
		st_cd_put(&w->t, cds + 64 * i, 0, i, w->x.cd);
	assert_int_equal(iom_smmuv3_atc_init(&w->atc, &w->t.port, entries), 0);
}

static void close_w(struct w *w)
{
	iom_smmuv3_atc_fini(&w->atc);
	st_close(&w->t);
}

static struct st_out use(struct w *w, uint64_t iova, unsigned int access)
{
	struct st_out o;

	memset(&o, 0, sizeof(o));
	ST_REQUIRE(!iom_gmem_begin(&w->t.dma.g));
	iom_access_begin(&w->t.access);
	o.rc = iom_smmuv3_atc_translate(&w->atc, iova, 64, access, &o.res, NULL, o.ev);
	iom_access_end(&w->t.access);
	iom_gmem_end(&w->t.dma.g);
	return o;
}

static void map(struct w *w, unsigned int page, uint64_t pa, uint64_t bits)
{
	st_map(&w->t, &w->x.s1, VA + page * PAGE, pa, 3, bits);
}

/* size: log2 of pages; 52 is all. */
static void atc_inv(struct w *w, bool ssv, uint32_t ssid, bool global, uint64_t addr,
		    unsigned int size)
{
	st_cmd(&w->t, ST_ATC_INV | (uint64_t)global << 9 | (uint64_t)ssv << 11 |
	       (uint64_t)ssid << 12, addr | size);
}

static void flush_tlb(struct w *w)
{
	st_cmd(&w->t, ST_NSNH_ALL, 0);
	st_sync(&w->t);
}

static void moved(struct w *w)
{
	flush_tlb(w);
	atc_inv(w, false, 0, false, 0, 52);
	st_sync(&w->t);
}

/* --- what is cached --- */

static void hits(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	static struct w w;
	struct st_out o;

	(void)state;
	open_w(&w, &cfg, 64);
	map(&w, 0, OUT, ST_S1_RW);
	map(&w, 1, OUT + PAGE, ST_S1_RW | ST_S1_RO);
	o = use(&w, VA + 8, ST_R);
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.res.pa, OUT + 8);
	assert_int_equal(o.res.len, 64);
	assert_int_equal(use(&w, VA + 4095, ST_R).res.len, 1);
	assert_int_equal(w.atc.requests, 1);
	assert_int_equal(w.atc.hits, 1);
	/* 13.7: what was asked for reading only is asked again for writing, then not again. */
	assert_int_equal(use(&w, VA, ST_W).res.pa, OUT);
	assert_int_equal(w.atc.requests, 2);
	assert_int_equal(use(&w, VA, ST_R | ST_W).res.pa, OUT);
	assert_int_equal(w.atc.requests, 2);
	assert_int_equal(use(&w, VA + PAGE, ST_W).rc, IOM_EACCES);
	assert_int_equal(use(&w, VA + PAGE, ST_R).res.pa, OUT + PAGE);
	assert_int_equal(w.atc.requests, 3);
	/* Nothing there: asked each time, no event. */
	assert_int_equal(use(&w, VA + 2 * PAGE, ST_R).rc, IOM_EFAULT);
	assert_int_equal(use(&w, VA + 2 * PAGE, ST_R).rc, IOM_EFAULT);
	assert_int_equal(w.atc.requests, 5);
	assert_int_equal(st_event_id(&w.t), 0);
	/* Gone from the tables, and the TLB: the ATC does not know. */
	map(&w, 0, OUT + 7 * PAGE, ST_S1_RW);
	flush_tlb(&w);
	assert_int_equal(use(&w, VA, ST_R).res.pa, OUT);
	moved(&w);
	assert_int_equal(use(&w, VA, ST_R).res.pa, OUT + 7 * PAGE);
	/* The Translated transaction is the SMMU's to refuse. */
	st_set(w.x.ste, 93, 92, 0);
	st_ste_put(&w.t, 0, w.x.ste);
	assert_int_equal(use(&w, VA, ST_R).ev[0], ST_TRANSL_FORBIDDEN);
	close_w(&w);
}

/* The same through an xlate: an endpoint with an xgmem need not know. */
static void as_xlate(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	struct iom_run run = { 0, 0, 0 };
	static struct w w;

	(void)state;
	open_w(&w, &cfg, 64);
	map(&w, 0, OUT, ST_S1_RW);
	ST_REQUIRE(!iom_gmem_begin(&w.t.dma.g));
	iom_access_begin(&w.t.access);
	assert_int_equal(iom_xlate_translate(&w.atc.x, VA + 4, 8, ST_R, &run), 0);
	assert_int_equal(iom_xlate_translate(&w.atc.x, VA + 4, 8192, ST_R, &run), 0);
	assert_int_equal(run.gpa, OUT + 4);
	assert_int_equal(run.len, 4092);
	assert_int_equal(run.flags, 0);
	assert_int_equal(iom_xlate_translate(&w.atc.x, VA + PAGE, 8, ST_R, &run), IOM_EFAULT);
	iom_access_end(&w.t.access);
	iom_gmem_end(&w.t.dma.g);
	assert_int_equal(w.atc.hits, 1);
	close_w(&w);
}

/* Small and full: it forgets in a fixed order, and never too little or too much. */
static void bounded(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	uint64_t requests[2];
	static struct w w;
	unsigned int k, i;

	(void)state;
	for (k = 0; k < 2; k++) {
		open_w(&w, &cfg, 4);
		for (i = 0; i < PAGES; i++)
			map(&w, i, OUT + i * PAGE, ST_S1_RW);
		for (i = 0; i < 10 * PAGES; i++)
			assert_int_equal(use(&w, VA + i * i % 11 * PAGE, ST_R).res.pa,
					 OUT + i * i % 11 * PAGE);
		requests[k] = w.atc.requests;
		assert_true(requests[k] > 100 && w.atc.hits > 100);
		assert_int_equal(iom_smmuv3_atc_init(&w.atc, &w.t.port, 3), IOM_EINVAL);
		close_w(&w);
	}
	assert_int_equal(requests[0], requests[1]);
}

/* --- which entries an ATC_INV names --- */

static void named(void **state)
{
	/* Cached before each: page 0 without a PASID, with 1, with 2; page 8 with 1. */
	static const struct {
		const char *what;
		bool ssv, global;
		uint32_t ssid;
		uint64_t addr;
		unsigned int size;
		bool gone[4];
	} row[] = {
		{ "page, PASID 1", 1, 0, 1, VA, 0, { 0, 1, 0, 0 } },
		{ "page, PASID 3", 1, 0, 3, VA, 0, { 0, 0, 0, 0 } },
		{ "Global", 1, 1, 3, VA, 0, { 0, 1, 1, 0 } },
		{ "no PASID", 0, 0, 1, VA, 0, { 1, 1, 1, 0 } },
		{ "no PASID, Global ignored", 0, 1, 1, VA, 0, { 1, 1, 1, 0 } },
		{ "8 pages", 1, 0, 1, VA, 3, { 0, 1, 0, 0 } },
		{ "16 pages", 1, 0, 1, VA, 4, { 0, 1, 0, 1 } },
		/* the address is aligned to the size */
		{ "16 pages, from within", 1, 0, 1, VA + 15 * PAGE, 4, { 0, 1, 0, 1 } },
		{ "8 pages, the second", 1, 0, 1, VA + 9 * PAGE, 3, { 0, 0, 0, 1 } },
		{ "all of PASID 1", 1, 0, 1, 0, 52, { 0, 1, 0, 1 } },
		{ "all", 0, 0, 0, 0, 52, { 1, 1, 1, 1 } },
		{ "half of all", 0, 0, 0, UINT64_C(1) << 63, 51, { 0, 0, 0, 0 } },
		{ "the other half", 0, 0, 0, 0, 51, { 1, 1, 1, 1 } },
	};
	static const struct { unsigned int page, access; } cached[4] = {
		{ 0, ST_R }, { 0, ST_R | ST_SS(1) }, { 0, ST_R | ST_SS(2) }, { 8, ST_R | ST_SS(1) },
	};
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	static struct w w;
	unsigned int i, k;
	uint64_t before;

	(void)state;
	open_w(&w, &cfg, 64);
	map(&w, 0, OUT, ST_S1_RW);
	map(&w, 8, OUT + PAGE, ST_S1_RW);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (k = 0; k < 4; k++)
			assert_int_equal(use(&w, VA + cached[k].page * PAGE,
					     cached[k].access).rc, 0);
		atc_inv(&w, row[i].ssv, row[i].ssid, row[i].global, row[i].addr, row[i].size);
		st_sync(&w.t);
		for (k = 0; k < 4; k++) {
			before = w.atc.requests;
			use(&w, VA + cached[k].page * PAGE, cached[k].access);
			if ((w.atc.requests != before) != row[i].gone[k])
				fail_msg("%s: entry %u", row[i].what, k);
		}
	}
	/* Another StreamID, and SMMUEN = 0: nothing. */
	before = w.atc.requests;
	st_cmd(&w.t, ST_ATC_INV | UINT64_C(1) << 32, 52);
	st_w(&w.t, ST_CR0, 0x1c);
	atc_inv(&w, false, 0, false, 0, 52);
	st_w(&w.t, ST_CR0, 0x1d);
	for (k = 0; k < 4; k++)
		use(&w, VA + cached[k].page * PAGE, cached[k].access);
	assert_int_equal(w.atc.requests, before);
	close_w(&w);
}

/* --- answers that come late, or never --- */

struct lazy {
	struct iom_smmuv3_ep ep;
	int rc;
	unsigned int n;
	struct iom_smmuv3_inv last;
};

static int lazy_invalidate(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_inv *inv)
{
	struct lazy *l = IOM_CONTAINER_OF(ep, struct lazy, ep);

	l->n++;
	l->last = *inv;
	return l->rc;
}

static void lazy_respond(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_prg_resp *resp)
{
	(void)ep;
	(void)resp;
}

static const struct iom_smmuv3_ep_ops lazy_ops = { lazy_invalidate, lazy_respond };

/* A plat whose clock the test turns. */
static uint64_t clock_ns;

static uint64_t turned(struct iom_plat *p)
{
	(void)p;
	return clock_ns;
}

static void late(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	struct lazy l = { .rc = IOM_EBUSY };
	struct iom_smmuv3_stats st;
	static struct w w;
	uint64_t tag;
	uint32_t at;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	cfg.atc_timeout_ms = 20;
	open_w(&w, &cfg, 64);
	w.t.pt.plat.ops.now_ns = turned;
	iom_smmuv3_dev_ep_attach(&l.ep, w.t.s, 0, &lazy_ops);
	at = (uint32_t)st_r(&w.t, ST_CMDQ_CONS);
	atc_inv(&w, true, 2, false, VA, 1);
	atc_inv(&w, true, 3, true, VA, 0);
	st_cmd(&w.t, ST_SYNC, 0);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 2) & 127);
	assert_int_equal(l.n, 2);
	assert_true(l.last.ssv && l.last.global && l.last.iova.start == VA &&
		    l.last.iova.last == VA + 4095);
	tag = l.last.tag;
	iom_smmuv3_dev_inv_done(&l.ep, tag);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 2) & 127);
	/* An access that began before the last answer may use what was there. */
	iom_access_begin(&w.t.access);
	iom_smmuv3_dev_inv_done(&l.ep, tag);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 2) & 127);
	iom_access_end(&w.t.access);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 3) & 127);
	/* More answers than questions do no harm. */
	iom_smmuv3_dev_inv_done(&l.ep, tag);
	/* Never: 20 ms after the first that is out, at the SYNC and not before. */
	clock_ns = 0;
	atc_inv(&w, false, 0, false, VA, 0);
	st_r(&w.t, ST_CMDQ_CONS);
	clock_ns = 15000000;
	atc_inv(&w, false, 0, false, VA, 0);
	st_cmd(&w.t, ST_SYNC, 0);
	clock_ns = 20000000;
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 5) & 127);
	assert_int_equal(st_r(&w.t, ST_GERROR), 0);
	clock_ns++;
	st_r(&w.t, ST_CMDQ_CONS);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), ((at + 5) & 127) | 3 << 24);
	assert_int_equal(st_r(&w.t, ST_GERROR), 1);
	/* Too late; and the SYNC is taken again, with nothing out. */
	iom_smmuv3_dev_inv_done(&l.ep, l.last.tag);
	st_w(&w.t, ST_GERRORN, 1);
	st_r(&w.t, ST_CMDQ_CONS);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 6) & 127);
	/* A new one is not answered by the old tag. */
	tag = l.last.tag;
	atc_inv(&w, false, 0, false, VA, 0);
	st_cmd(&w.t, ST_SYNC, 0);
	iom_smmuv3_dev_inv_done(&l.ep, tag);
	st_r(&w.t, ST_CMDQ_CONS);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 7) & 127);
	/* Who is detached has answered. */
	iom_smmuv3_dev_ep_detach(&l.ep);
	st_r(&w.t, ST_CMDQ_CONS);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 8) & 127);
	iom_smmuv3_dev_stats(w.t.s, &st);
	assert_int_equal(st.command_errors, 1);
	close_w(&w);
}

/* An endpoint that says it will never answer; in INLINE mode. CMDQEN = 0 in between. */
static void never(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	struct lazy l = { .rc = IOM_EIO };
	static struct w w;
	uint32_t at;

	(void)state;
	open_w(&w, &cfg, 64);
	iom_smmuv3_dev_ep_attach(&l.ep, w.t.s, 0, &lazy_ops);
	at = (uint32_t)st_r(&w.t, ST_CMDQ_CONS);
	atc_inv(&w, false, 0, false, VA, 0);
	assert_int_equal(st_r(&w.t, ST_GERROR), 0);
	st_cmd(&w.t, ST_SYNC, 0);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), ((at + 1) & 127) | 3 << 24);
	assert_int_equal(st_r(&w.t, ST_GERROR), 1);
	st_w(&w.t, ST_GERRORN, 1);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS), (at + 2) & 127);
	iom_smmuv3_dev_ep_detach(&l.ep);
	close_w(&w);
}

static void see(struct st *t, uint32_t cons)
{
	st_r(t, ST_CMDQ_CONS);		/* STEP: a look is a step */
	assert_int_equal(st_r(t, ST_CMDQ_CONS), cons);
}

/* 4.7.3: what has not timed out may still complete: a CMD_SYNC taken again waits for it. */
static void two_endpoints(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	struct lazy a = { .rc = IOM_EBUSY }, b = { .rc = IOM_EBUSY };
	static struct w w;
	uint32_t at;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	cfg.atc_timeout_ms = 20;
	open_w(&w, &cfg, 64);
	w.t.pt.plat.ops.now_ns = turned;
	at = (uint32_t)st_r(&w.t, ST_CMDQ_CONS);
	clock_ns = 0;
	iom_smmuv3_dev_ep_attach(&a.ep, w.t.s, 0, &lazy_ops);
	atc_inv(&w, false, 0, false, VA, 0);
	see(&w.t, (at + 1) & 127);
	clock_ns = 15000000;
	iom_smmuv3_dev_ep_attach(&b.ep, w.t.s, 0, &lazy_ops);
	atc_inv(&w, false, 0, false, VA, 0);
	st_cmd(&w.t, ST_SYNC, 0);
	see(&w.t, (at + 2) & 127);
	/* The time of an endpoint begins anew with its answer: b is late, a is not. */
	clock_ns = 19000000;
	iom_smmuv3_dev_inv_done(&a.ep, a.last.tag);
	clock_ns = 35000000;
	see(&w.t, (at + 2) & 127);
	clock_ns++;
	see(&w.t, ((at + 2) & 127) | 3 << 24);
	assert_int_equal(st_r(&w.t, ST_GERROR), 1);
	st_w(&w.t, ST_GERRORN, 1);
	see(&w.t, (at + 2) & 127);
	iom_smmuv3_dev_inv_done(&b.ep, b.last.tag);	/* too late */
	see(&w.t, (at + 2) & 127);
	iom_smmuv3_dev_inv_done(&a.ep, a.last.tag);
	see(&w.t, (at + 3) & 127);
	/* The one never answers, the other will: once an error, once none. */
	a.rc = IOM_EIO;
	atc_inv(&w, false, 0, false, VA, 0);
	st_cmd(&w.t, ST_SYNC, 0);
	see(&w.t, ((at + 4) & 127) | 3 << 24);
	st_w(&w.t, ST_GERRORN, 0);
	see(&w.t, (at + 4) & 127);
	iom_smmuv3_dev_inv_done(&b.ep, b.last.tag);
	see(&w.t, (at + 5) & 127);
	iom_smmuv3_dev_ep_detach(&a.ep);
	iom_smmuv3_dev_ep_detach(&b.ep);
	close_w(&w);
}

/* A reset leaves nothing for the first CMD_SYNC to wait for, or to fail for. */
static void reset(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	struct lazy l = { .rc = IOM_EBUSY };
	static struct w w;
	unsigned int i;
	uint64_t tag;
	uint32_t at;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	for (i = 0; i < 2; i++) {
		open_w(&w, &cfg, 64);
		l.rc = i ? IOM_EIO : IOM_EBUSY;
		iom_smmuv3_dev_ep_attach(&l.ep, w.t.s, 0, &lazy_ops);
		atc_inv(&w, false, 0, false, VA, 0);
		st_r(&w.t, ST_CMDQ_CONS);
		tag = l.last.tag;
		iom_smmuv3_dev_reset(w.t.s);
		st_enable(&w.t);	/* with a CMD_SYNC */
		assert_int_equal(st_r(&w.t, ST_GERROR), 0);
		at = (uint32_t)st_r(&w.t, ST_CMDQ_CONS);
		/* An answer of before is for nothing that is out now. */
		l.rc = IOM_EBUSY;
		atc_inv(&w, false, 0, false, VA, 0);
		st_cmd(&w.t, ST_SYNC, 0);
		see(&w.t, at + 1);
		iom_smmuv3_dev_inv_done(&l.ep, tag);
		see(&w.t, at + 1);
		iom_smmuv3_dev_inv_done(&l.ep, l.last.tag);
		see(&w.t, at + 2);
		iom_smmuv3_dev_ep_detach(&l.ep);
		close_w(&w);
	}
}

/* --- the laws --- */

struct model {
	uint64_t mem[PAGES];		/* where tables say; 0: nowhere */
	uint64_t cached[PAGES];		/* where the ATC says; 0: it has nothing */
};

static void check(struct w *w, struct model *m, unsigned int p)
{
	uint64_t before = w->atc.requests, want = m->cached[p] ? m->cached[p] : m->mem[p];
	struct st_out o = use(w, VA + p * PAGE + 8, ST_R | ST_W);

	assert_int_equal(o.rc, want ? 0 : IOM_EFAULT);
	if (want)
		assert_int_equal(o.res.pa, want + 8);
	assert_int_equal(w->atc.requests - before, !m->cached[p]);	/* law 3 */
	m->cached[p] = want;
}

/* The tables, the TLB, then the ATC over 2^size pages at p. */
static void change(struct w *w, struct model *m, struct test_rng *rng, bool told)
{
	unsigned int size = (unsigned int)test_rng_below(rng, 4), n = 1u << size, i;
	unsigned int p = (unsigned int)test_rng_below(rng, PAGES / n) * n;

	for (i = p; i < p + n; i++) {
		m->mem[i] = test_rng_below(rng, 4) ? OUT + (test_rng_u64(rng) & 0xffff000) : 0;
		st_poke(&w->t, st_slot(&w->t, &w->x.s1, VA + i * PAGE, 3),
			m->mem[i] ? m->mem[i] | ST_S1_RW | 3 : 0);
	}
	flush_tlb(w);
	if (!told)
		return;
	atc_inv(w, test_rng_below(rng, 2) ? false : true, 0, false,
		VA + (p + test_rng_below(rng, n)) * PAGE, size);
	if (!(st_peek(&w->t, w->t.cmdq + 16 * ((st_r(&w->t, ST_CMDQ_PROD) - 1) & 63)) >> 11 & 1))
		memset(&m->cached[p], 0, n * sizeof(m->cached[0]));
	st_sync(&w->t);
}

static void laws(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	unsigned int step, steps = 20000;
	struct test_rng rng;
	struct model m;
	static struct w w;

	(void)state;
	test_rng_init(&rng);
	memset(&m, 0, sizeof(m));
	open_w(&w, &cfg, ENTRIES);
	for (step = 0; step < PAGES; step++)
		map(&w, step, OUT, 0);
	for (step = 0; step < PAGES; step++)
		st_poke(&w.t, st_slot(&w.t, &w.x.s1, VA + step * PAGE, 3), 0);
	for (step = 0; step < steps; step++) {
		if (test_rng_below(&rng, 8))
			check(&w, &m, (unsigned int)test_rng_below(&rng, PAGES));
		else
			change(&w, &m, &rng, test_rng_below(&rng, 4));
	}
	assert_true(w.atc.hits > 1000 && w.atc.requests > 1000);
	close_w(&w);
}

/* --- saved state --- */

/* Restoring empties the ATCs of the endpoints: what they have is another machine's. */
static void saved(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = atc_cfg();
	uint8_t buf[512];
	static struct w w;
	size_t len, used;

	(void)state;
	open_w(&w, &cfg, 64);
	map(&w, 0, OUT, ST_S1_RW);
	assert_int_equal(use(&w, VA, ST_R).res.pa, OUT);
	assert_int_equal(iom_smmuv3_dev_save(w.t.s, buf, sizeof(buf), &len), 0);
	map(&w, 0, OUT + PAGE, ST_S1_RW);
	assert_int_equal(use(&w, VA, ST_R).res.pa, OUT);
	assert_int_equal(iom_smmuv3_dev_restore(w.t.s, buf, len, &used), 0);
	assert_int_equal(use(&w, VA, ST_R).res.pa, OUT + PAGE);
	assert_int_equal(w.atc.requests, 2);
	close_w(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hits),
		cmocka_unit_test(as_xlate),
		cmocka_unit_test(bounded),
		cmocka_unit_test(named),
		cmocka_unit_test(late),
		cmocka_unit_test(never),
		cmocka_unit_test(two_endpoints),
		cmocka_unit_test(reset),
		cmocka_unit_test(laws),
		cmocka_unit_test(saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
