/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PRI: entries bit by bit, every response that the SMMU gives by itself (8.1,
 * 8.2), interrupts (6.3.36), PRI_RESP (4.5.2). Nothing foreign checks these.
 */
#include <string.h>

#include <iom/dev/smmuv3_ats.h>

#include "fakes/gmem_fake.h"
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define NOWHERE	UINT64_C(0x10000000)
#define VA	UINT64_C(0x7f0000200000)
#define LG2	2u			/* entries of the queue */
#define NONE	99			/* no response */
#define SUCCESS	0
#define FAILURE	15
#define OVFLG	UINT64_C(0x80000000)

struct w {
	struct st t;
	struct st_stream x;
	uint64_t q;
};

struct got {
	bool answered;
	struct iom_smmuv3_prg_resp r;
};

static struct iom_smmuv3_dev_cfg pri_cfg(void)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	iom_smmuv3_dev_ats_idr(cfg.idr);
	return cfg;
}

static void open_cfg(struct w *w, const struct iom_smmuv3_dev_cfg *cfg)
{
	st_open(&w->t, cfg, BASE);
	w->q = st_alloc(&w->t, 16u << LG2);
	st_w(&w->t, ST_PRIQ_BASE, w->q | LG2);
	st_w(&w->t, ST_IRQ_CTRL, 7);
	st_stream_s1(&w->t, &w->x, 0);
	st_w(&w->t, ST_CR0, 0x1f);
	assert_int_equal(st_r(&w->t, ST_CR0ACK), 0x1f);
}

static void open_w(struct w *w)
{
	struct iom_smmuv3_dev_cfg cfg = pri_cfg();

	open_cfg(w, &cfg);
}

static struct got send(struct w *w, const struct iom_smmuv3_page_request *req)
{
	struct got g;

	memset(&g, 0xff, sizeof(g));
	ST_REQUIRE(!iom_gmem_begin(&w->t.dma.g));
	iom_access_begin(&w->t.access);
	g.answered = iom_smmuv3_dev_page_request(&w->t.port, req, &g.r);
	iom_access_end(&w->t.access);
	iom_gmem_end(&w->t.dma.g);
	return g;
}

static struct iom_smmuv3_page_request page(unsigned int index, bool last)
{
	return (struct iom_smmuv3_page_request){
		.iova = VA + 0x123, .read = true, .last = last, .prgindex = (uint16_t)index,
	};
}

static void fill(struct w *w)
{
	struct iom_smmuv3_page_request req = page(1, false);
	unsigned int i;

	for (i = 0; i < 1u << LG2; i++)
		assert_false(send(w, &req).answered);
	assert_int_equal(st_r(&w->t, ST_PRIQ_PROD), 1u << LG2);
}

/* --- the entry --- */

static void entries(void **state)
{
	static const struct {
		struct iom_smmuv3_page_request req;
		uint64_t w0, w1;
	} row[] = {
		{ { .iova = VA, .read = true }, UINT64_C(1) << 60, VA },
		{ { .iova = VA + 0xfff, .write = true, .last = true, .prgindex = 511 },
		  UINT64_C(3) << 61, VA | 511 },
		/* without a PASID: no Exe, no Priv, no SubstreamID */
		{ { .iova = VA, .read = true, .exec = true, .priv = true, .ssid = 5 },
		  UINT64_C(1) << 60, VA },
		{ { .iova = ~UINT64_C(0), .ssv = true, .ssid = 0xabcde, .read = true,
		    .write = true, .exec = true, .priv = true, .last = true, .prgindex = 7 },
		  UINT64_C(0xfc0abcde) << 32, ~UINT64_C(0xfff) | 7 },
		/* 8: a Stop Marker; without a PASID it is a request */
		{ { .ssv = true, .ssid = 3, .last = true }, UINT64_C(0xc0000003) << 32, 0 },
		{ { .last = true, .prgindex = 1 }, UINT64_C(1) << 62, 1 },
	};
	static struct w w;
	unsigned int i;

	(void)state;
	open_w(&w);
	w.t.port.sid = 0x12345;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_false(send(&w, &row[i].req).answered);
		assert_int_equal(st_peek(&w.t, w.q + 16 * (i & 3)), row[i].w0 | 0x12345);
		assert_int_equal(st_peek(&w.t, w.q + 16 * (i & 3) + 8), row[i].w1);
		assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), (i + 1) & 7);
		st_w(&w.t, ST_PRIQ_CONS, (i + 1) & 7);
	}
	st_close(&w.t);
}

/* --- responses of the SMMU --- */

/* What the SMMU is like when the request comes. */
enum when { DISABLED, NO_SMMU, ABORTED, FULL };

struct row {
	const char *what;
	enum when when;
	bool pasid, last, stop;
	bool pps, ppar;
	enum { GOOD, BAD, GONE, FAR } ste;	/* V = 0; no memory; SID out of range */
	int code;
	bool with;		/* the response has the PASID */
	unsigned int rec;	/* event with REC_CFG_ATS; of FAR with RECINVSID as well */
};

static const struct row rows[] = {
	/* 8.2: each request, Last or not, without a PASID */
	{ "PRIQEN = 0", DISABLED, 0, 1, 0, 0, 0, GOOD, FAILURE, 0, 0 },
	{ "PRIQEN = 0, PASID", DISABLED, 1, 1, 0, 1, 1, GOOD, FAILURE, 0, 0 },
	{ "PRIQEN = 0, not Last", DISABLED, 0, 0, 0, 0, 0, GOOD, FAILURE, 0, 0 },
	{ "PRIQEN = 0, Stop", DISABLED, 1, 1, 1, 0, 0, GOOD, NONE, 0, 0 },
	{ "SMMUEN = 0", NO_SMMU, 1, 1, 0, 1, 1, GOOD, FAILURE, 0, 0 },
	{ "SMMUEN = 0, not Last", NO_SMMU, 0, 0, 0, 0, 0, GOOD, FAILURE, 0, 0 },
	{ "SMMUEN = 0, Stop", NO_SMMU, 1, 1, 1, 0, 0, GOOD, NONE, 0, 0 },
	{ "aborted", ABORTED, 1, 1, 0, 1, 1, GOOD, FAILURE, 0, 0 },
	{ "aborted, not Last", ABORTED, 0, 0, 0, 0, 0, GOOD, FAILURE, 0, 0 },
	{ "aborted, Stop", ABORTED, 1, 1, 1, 0, 0, GOOD, NONE, 0, 0 },
	/* 8.1 */
	{ "full", FULL, 0, 1, 0, 0, 0, GOOD, SUCCESS, 0, 0 },
	{ "full, the STE does not matter", FULL, 0, 1, 0, 1, 1, BAD, SUCCESS, 0, 0 },
	{ "full, not Last", FULL, 0, 0, 0, 0, 0, GOOD, NONE, 0, 0 },
	{ "full, Stop", FULL, 1, 1, 1, 1, 1, GOOD, NONE, 0, 0 },
	{ "full, PASID, PPAR = 0", FULL, 1, 1, 0, 0, 0, GOOD, SUCCESS, 0, 0 },
	{ "full, PASID, PPAR = 1", FULL, 1, 1, 0, 0, 1, GOOD, SUCCESS, 1, 0 },
	{ "full, PASID, PPS = 1", FULL, 1, 1, 0, 1, 0, GOOD, SUCCESS, 1, 0 },
	{ "full, PASID, PPS = 1, bad STE", FULL, 1, 1, 0, 1, 0, BAD, SUCCESS, 1, 0 },
	{ "full, PASID, bad STE", FULL, 1, 1, 0, 0, 1, BAD, FAILURE, 0, ST_BAD_STE },
	{ "full, PASID, no STE", FULL, 1, 1, 0, 0, 1, GONE, FAILURE, 0, ST_STE_FETCH },
	{ "full, PASID, SID", FULL, 1, 1, 0, 0, 1, FAR, FAILURE, 0, ST_BAD_STREAMID },
};

/* CR2 and the tables are changed while SMMUEN = 0. */
static void prepare(struct w *w, const struct row *r, uint32_t cr2)
{
	st_w(&w->t, ST_CR0, 0x1e);
	st_w(&w->t, ST_CR2, cr2);
	if (r->ste == GONE)
		st_w(&w->t, ST_STRTAB_BASE, NOWHERE);
	st_w(&w->t, ST_CR0, 0x1f);
	st_set(w->x.ste, 82, 82, r->ppar);
	st_set(w->x.ste, 0, 0, r->ste != BAD);
	st_stream_put(&w->t, &w->x);
	if (r->ste == FAR)
		w->t.port.sid = 0x100;
	if (r->when == FULL)
		fill(w);
}

static void check_row(const struct row *r, uint32_t cr2)
{
	struct iom_smmuv3_dev_cfg cfg = pri_cfg();
	struct iom_smmuv3_page_request req = page(300, r->last);
	unsigned int id = cr2 & 8 && (r->ste != FAR || cr2 & 2) ? r->rec : 0;
	struct iom_smmuv3_stats st;
	struct gmem_fake f;
	static struct w w;
	uint64_t ev[4];
	struct got g;

	cfg.idr[3] |= (uint32_t)r->pps << 5;
	open_cfg(&w, &cfg);
	prepare(&w, r, cr2);
	req.ssv = r->pasid;
	req.ssid = 0x54321;
	req.read = !r->stop;
	if (r->when == DISABLED)
		st_w(&w.t, ST_CR0, 0x1d);
	if (r->when == NO_SMMU)
		st_w(&w.t, ST_CR0, 0x1e);
	gmem_fake_init(&f, &w.t.dma.g);
	f.open = true;
	w.t.port.gmem = &f.g;
	if (r->when == ABORTED)
		gmem_fake_fail_nth(&f, 1, IOM_EIO);
	g = send(&w, &req);
	if (g.answered != (r->code != NONE) || (g.answered && (int)g.r.code != r->code))
		fail_msg("%s: answered %d, code %d", r->what, g.answered, g.r.code);
	if (g.answered) {
		assert_int_equal(g.r.prgindex, 300);
		assert_int_equal(g.r.ssv, r->with);
		assert_int_equal(g.r.ssid, r->with ? 0x54321 : 0);
	}
	assert_int_equal(st_event(&w.t, ev), !!id);
	if (id)
		assert_int_equal(ev[0] & 0xff, id);
	assert_int_equal(st_r(&w.t, ST_GERROR), r->when == ABORTED ? 8 : 0);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), r->when == FULL ? 4 | OVFLG : 0);
	iom_smmuv3_dev_stats(w.t.s, &st);
	assert_int_equal(st.page_requests_lost, 1);
	w.t.port.gmem = &w.t.dma.g;
	st_close(&w.t);
}

static void responses(void **state)
{
	static const uint32_t cr2[] = { 0, 8, 8 | 2, 2 };
	unsigned int i, k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (k = 0; k < 4; k++)
			check_row(&rows[i], cr2[k]);
	}
}

/* 8.1: nothing is written until software acknowledges, though there is room; toggles once. */
static void overflow(void **state)
{
	struct iom_smmuv3_page_request req = page(2, true);
	static struct w w;

	(void)state;
	open_w(&w);
	fill(&w);
	assert_true(send(&w, &req).answered);
	assert_true(send(&w, &req).answered);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 4 | OVFLG);
	st_w(&w.t, ST_PRIQ_CONS, 2);
	assert_true(send(&w, &req).answered);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 4 | OVFLG);
	st_w(&w.t, ST_PRIQ_CONS, 4 | OVFLG);
	assert_false(send(&w, &req).answered);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 5 | OVFLG);
	/* The second overflow toggles back. */
	st_w(&w.t, ST_PRIQ_CONS, 1 | OVFLG);
	assert_true(send(&w, &req).answered);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 5);
	st_close(&w.t);
}

/* 8.2: an abort counts until it is acknowledged. */
static void aborted(void **state)
{
	struct iom_smmuv3_page_request req = page(2, true);
	static struct w w;

	(void)state;
	open_w(&w);
	st_w(&w.t, ST_CR0, 0x1d);
	st_w(&w.t, ST_PRIQ_BASE, NOWHERE | LG2);
	st_w(&w.t, ST_CR0, 0x1f);
	assert_int_equal(send(&w, &req).r.code, FAILURE);
	assert_int_equal(st_r(&w.t, ST_GERROR), 8);
	assert_int_equal(w.t.irqs[IOM_SMMUV3_IRQ_GERROR], 1);
	st_w(&w.t, ST_CR0, 0x1d);
	st_w(&w.t, ST_PRIQ_BASE, w.q | LG2);
	st_w(&w.t, ST_CR0, 0x1f);
	assert_int_equal(send(&w, &req).r.code, FAILURE);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 0);
	st_w(&w.t, ST_GERRORN, 8);
	assert_false(send(&w, &req).answered);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 1);
	st_close(&w.t);
}

/* --- interrupts --- */

/* 6.3.1 MSI: LO is of wires, too; the rest of the register is of messages. */
static void wires_only(void **state)
{
	struct iom_smmuv3_page_request more = page(1, false), last = page(1, true);
	struct iom_smmuv3_dev_cfg cfg = pri_cfg();
	static struct w w;
	uint8_t buf[1024];
	size_t len, used;

	(void)state;
	cfg.idr[0] &= ~(1u << 13);
	open_cfg(&w, &cfg);
	st_w(&w.t, ST_IRQ_CTRL, 5);
	st_w(&w.t, ST_PRIQ_IRQ_CFG1, 1);
	st_w(&w.t, ST_PRIQ_IRQ_CFG2, OVFLG | 0x3f);
	assert_int_equal(st_r(&w.t, ST_PRIQ_IRQ_CFG1), 0);
	assert_int_equal(st_r(&w.t, ST_PRIQ_IRQ_CFG2), OVFLG);
	st_w(&w.t, ST_IRQ_CTRL, 7);
	send(&w, &more);
	assert_int_equal(w.t.irqs[IOM_SMMUV3_IRQ_PRIQ], 0);
	send(&w, &last);
	assert_int_equal(w.t.irqs[IOM_SMMUV3_IRQ_PRIQ], 1);
	assert_int_equal(iom_smmuv3_dev_save(w.t.s, buf, sizeof(buf), &len), 0);
	assert_int_equal(iom_smmuv3_dev_restore(w.t.s, buf, len, &used), 0);
	assert_int_equal(st_r(&w.t, ST_PRIQ_IRQ_CFG2), OVFLG);
	st_close(&w.t);
}

static void interrupts(void **state)
{
	struct iom_smmuv3_page_request more = page(1, false), last = page(1, true);
	static struct w w;
	unsigned int *n = &w.t.irqs[IOM_SMMUV3_IRQ_PRIQ];
	uint64_t msi;

	(void)state;
	open_w(&w);
	/* LO = 0: empty to non-empty. */
	send(&w, &more);
	assert_int_equal(*n, 1);
	send(&w, &last);
	assert_int_equal(*n, 1);
	st_w(&w.t, ST_PRIQ_CONS, 2);
	send(&w, &last);
	assert_int_equal(*n, 2);
	st_w(&w.t, ST_PRIQ_CONS, 3);
	/* LO = 1: each Last, also one that an overflow discards, but no other. */
	st_w(&w.t, ST_IRQ_CTRL, 5);
	send(&w, &more);
	assert_int_equal(*n, 2);
	st_w(&w.t, ST_PRIQ_IRQ_CFG2, OVFLG | 0x3f);
	assert_int_equal(st_r(&w.t, ST_PRIQ_IRQ_CFG2), OVFLG | 0x3f);
	st_w(&w.t, ST_IRQ_CTRL, 7);
	st_w(&w.t, ST_PRIQ_IRQ_CFG2, 0);
	assert_int_equal(st_r(&w.t, ST_PRIQ_IRQ_CFG2), OVFLG | 0x3f);
	send(&w, &more);
	assert_int_equal(*n, 2);
	send(&w, &last);
	send(&w, &last);
	assert_int_equal(*n, 4);
	send(&w, &last);
	send(&w, &more);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD) & OVFLG, OVFLG);
	assert_int_equal(*n, 5);
	st_w(&w.t, ST_CR0, 0x1d);
	send(&w, &last);
	assert_int_equal(*n, 5);
	/* An MSI; and one that cannot be written. */
	msi = st_alloc(&w.t, 64);
	st_w(&w.t, ST_IRQ_CTRL, 5);
	st_w(&w.t, ST_PRIQ_IRQ_CFG0, msi);
	st_w(&w.t, ST_PRIQ_IRQ_CFG1, 0x77);
	st_w(&w.t, ST_PRIQ_PROD, 0);
	st_w(&w.t, ST_PRIQ_CONS, 0);
	st_w(&w.t, ST_IRQ_CTRL, 7);
	st_w(&w.t, ST_CR0, 0x1f);
	send(&w, &last);
	assert_int_equal(st_peek(&w.t, msi), 0x77);
	assert_int_equal(*n, 6);
	st_w(&w.t, ST_IRQ_CTRL, 5);
	st_w(&w.t, ST_PRIQ_IRQ_CFG0, NOWHERE);
	st_w(&w.t, ST_IRQ_CTRL, 7);
	assert_false(send(&w, &last).answered);
	assert_int_equal(st_r(&w.t, ST_GERROR), 1 << 6);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 2);
	st_close(&w.t);
}

/* --- registers --- */

static void registers(void **state)
{
	static const uint32_t reg[] = { 0xc0, 0xc4, 0xd0, 0xd4, 0xd8, 0xdc, 0x100c8, 0x100cc };
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	static struct w w;
	uint64_t val;
	unsigned int i;

	(void)state;
	open_w(&w);
	/* 6.3.9.5: guarded by PRIQEN itself, SMMUEN = 0 or not. */
	st_w(&w.t, ST_CR0, 0x1e);
	st_w(&w.t, ST_PRIQ_BASE, 0);
	st_w(&w.t, ST_PRIQ_PROD, 3);
	assert_int_equal(st_r(&w.t, ST_PRIQ_BASE), w.q | LG2);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 0);
	st_w(&w.t, ST_CR0, 0x1d);
	st_w(&w.t, ST_PRIQ_BASE, ~UINT64_C(0));
	assert_int_equal(st_r(&w.t, ST_PRIQ_BASE), UINT64_C(0x400fffffffffffff));
	st_w(&w.t, ST_PRIQ_PROD, 0xffffffff);
	st_w(&w.t, ST_PRIQ_CONS, 0xffffffff);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 0x800fffff);
	assert_int_equal(st_r(&w.t, ST_PRIQ_CONS), 0x800fffff);
	iom_smmuv3_dev_reset(w.t.s);
	for (i = 0; i < sizeof(reg) / sizeof(reg[0]); i++) {
		assert_int_equal(iom_smmuv3_dev_read(w.t.s, reg[i], 4, &val), 0);
		assert_int_equal(val, 0);
	}
	st_close(&w.t);
	/* ATS without PRI: RES0, and whoever asks gets a failure. */
	cfg.idr[0] |= 1u << 10;
	st_open(&w.t, &cfg, BASE);
	st_w(&w.t, ST_IRQ_CTRL, 7);
	assert_int_equal(st_r(&w.t, ST_IRQ_CTRL), 5);
	st_w(&w.t, ST_IRQ_CTRL, 0);
	for (i = 0; i < sizeof(reg) / sizeof(reg[0]); i++) {
		assert_int_equal(iom_smmuv3_dev_write(w.t.s, reg[i], 4, ~UINT64_C(0)), 0);
		assert_int_equal(iom_smmuv3_dev_read(w.t.s, reg[i], 4, &val), 0);
		assert_int_equal(val, 0);
	}
	st_w(&w.t, ST_CR0, 0x1f);
	assert_int_equal(st_r(&w.t, ST_CR0), 0x1d);
	st_w(&w.t, ST_GERRORN, ~UINT64_C(0));
	assert_int_equal(st_r(&w.t, ST_GERRORN), 0xb5);
	st_close(&w.t);
}

/* IDR1.PRIQS counts if LOG2SIZE is larger. */
static void queue_size_limit(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = pri_cfg();
	struct iom_smmuv3_page_request req = page(1, true);
	static struct w w;

	(void)state;
	cfg.idr[1] = (cfg.idr[1] & ~(31u << 11)) | 1u << 11;
	open_cfg(&w, &cfg);
	assert_false(send(&w, &req).answered);
	assert_false(send(&w, &req).answered);
	assert_true(send(&w, &req).answered);
	assert_int_equal(st_r(&w.t, ST_PRIQ_PROD), 2 | OVFLG);
	st_close(&w.t);
}

/* --- PRI_RESP --- */

struct ep {
	struct iom_smmuv3_ep ep;
	unsigned int n;
	struct iom_smmuv3_prg_resp last;
};

static int no_invalidate(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_inv *inv)
{
	(void)ep;
	(void)inv;
	return IOM_OK;
}

static void respond(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_prg_resp *resp)
{
	struct ep *e = IOM_CONTAINER_OF(ep, struct ep, ep);

	e->n++;
	e->last = *resp;
}

static void pri_resp(void **state)
{
	static const struct iom_smmuv3_ep_ops ops = { no_invalidate, respond };
	static const int code[] = { 15, 1, 0 };
	struct iom_smmuv3_dev_cfg cfg = pri_cfg();
	struct ep mine = { .n = 0 }, other = { .n = 0 };
	static struct w w;
	unsigned int i;

	(void)state;
	open_w(&w);
	iom_smmuv3_dev_ep_attach(&mine.ep, w.t.s, 5, &ops);
	iom_smmuv3_dev_ep_attach(&other.ep, w.t.s, 6, &ops);
	for (i = 0; i < 3; i++) {
		st_cmd(&w.t, ST_PRI_RESP | UINT64_C(5) << 32, (uint64_t)i << 12 | 0x155);
		assert_int_equal(mine.last.code, code[i]);
		assert_int_equal(mine.last.prgindex, 0x155);
		assert_false(mine.last.ssv);
	}
	st_cmd(&w.t, ST_PRI_RESP | 1 << 11 | 0xabcdeu << 12 | UINT64_C(5) << 32, 2 << 12);
	assert_true(mine.last.ssv);
	assert_int_equal(mine.last.ssid, 0xabcde);
	assert_int_equal(mine.n, 4);
	assert_int_equal(other.n, 0);
	/* 4.5.2: ignored while SMMUEN = 0; Resp = 3 is illegal. */
	st_w(&w.t, ST_CR0, 0x1e);
	st_cmd(&w.t, ST_PRI_RESP | UINT64_C(5) << 32, 2 << 12);
	assert_int_equal(mine.n, 4);
	st_w(&w.t, ST_CR0, 0x1f);
	st_cmd(&w.t, ST_PRI_RESP | UINT64_C(5) << 32, 3 << 12);
	assert_int_equal(st_r(&w.t, ST_CMDQ_CONS) >> 24, 1);
	assert_int_equal(mine.n, 4);
	iom_smmuv3_dev_ep_detach(&mine.ep);
	iom_smmuv3_dev_ep_detach(&other.ep);
	st_close(&w.t);
	/* Without substreams there is no PASID, neither here nor in requests. */
	cfg.idr[0] &= ~(1u << 19);
	cfg.idr[1] &= ~(31u << 6);
	open_cfg(&w, &cfg);
	iom_smmuv3_dev_ep_attach(&mine.ep, w.t.s, 5, &ops);
	st_cmd(&w.t, ST_PRI_RESP | 1 << 11 | 0xabcdeu << 12 | UINT64_C(5) << 32, 2 << 12);
	assert_int_equal(mine.n, 5);
	assert_false(mine.last.ssv);
	iom_smmuv3_dev_ep_detach(&mine.ep);
	st_close(&w.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries),
		cmocka_unit_test(responses),
		cmocka_unit_test(overflow),
		cmocka_unit_test(aborted),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(wires_only),
		cmocka_unit_test(registers),
		cmocka_unit_test(queue_size_limit),
		cmocka_unit_test(pri_resp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
