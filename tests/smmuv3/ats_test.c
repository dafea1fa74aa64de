/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATS: each answer to a translation request and each outcome of a Translated
 * transaction, by tables with the section of IHI 0070 that says so. Nothing
 * foreign checks these; addresses and permissions are worked out by hand here.
 */
#include <string.h>

#include <iom/dev/smmuv3_ats.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000200000)
#define OUT	UINT64_C(0xabc00000)
#define IPA	UINT64_C(0x50000000)	/* nested: where stage 1 goes */
#define NOWHERE	UINT64_C(0x10000000)
#define REC	8u			/* CR2.REC_CFG_ATS */
#define INVSID	2u			/* CR2.RECINVSID */
#define OK	IOM_SMMUV3_ATS_SUCCESS
#define UR	IOM_SMMUV3_ATS_UR
#define CA	IOM_SMMUV3_ATS_CA

struct w {
	struct st t;
	struct st_stream x;
};

struct answer {
	struct iom_smmuv3_ats_resp r;
	uint64_t ev[4];
};

static struct iom_smmuv3_dev_cfg ats_cfg(void)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	iom_smmuv3_dev_ats_idr(cfg.idr);
	return cfg;
}

static struct answer ask(struct st *t, uint64_t iova, unsigned int access)
{
	struct answer a;

	memset(&a, 0xff, sizeof(a));
	ST_REQUIRE(!iom_gmem_begin(&t->dma.g));
	iom_access_begin(&t->access);
	iom_smmuv3_dev_ats_request(&t->port, iova, access, &a.r, a.ev);
	iom_access_end(&t->access);
	iom_gmem_end(&t->dma.g);
	return a;
}

/* CR2 may be written while SMMUEN = 0 only. CR0 comes back as it was, with ATSCHK. */
static void set_cr2(struct st *t, uint32_t val)
{
	uint64_t cr0 = st_r(t, ST_CR0);

	st_w(t, ST_CR0, cr0 & ~UINT64_C(1));
	st_w(t, ST_CR2, val);
	assert_int_equal(st_r(t, ST_CR2), val);
	st_w(t, ST_CR0, cr0);
}

static void set_eats(struct w *w, unsigned int eats)
{
	st_set(w->x.ste, 93, 92, eats);
	st_stream_put(&w->t, &w->x);
}

/* --- the streams of the tables; all have VA --- */

static void s1(struct w *w)
{
	st_stream_s1(&w->t, &w->x, 0);
	st_map(&w->t, &w->x.s1, VA, OUT, 3, ST_S1_RW);
	set_eats(w, 1);
}

static void s1_perm(struct w *w, uint64_t bits)
{
	s1(w);
	st_map(&w->t, &w->x.s1, VA, OUT, 3, bits);
}

static void s1_block(struct w *w)
{
	s1(w);
	st_poke(&w->t, st_slot(&w->t, &w->x.s1, VA, 2), 0);
	st_map(&w->t, &w->x.s1, VA, OUT, 2, ST_S1_RW);
}

static void s2(struct w *w)
{
	st_stream_s2(&w->t, &w->x, 0);
	st_map(&w->t, &w->x.s2, VA & 0xffffffffff, OUT, 3, ST_S2_RW);
	set_eats(w, 1);
}

/* VA to IPA by a block of 2 MiB, there a page of stage 2. */
static void nested_with(struct w *w, uint64_t s1_bits, uint64_t s2_bits)
{
	st_stream_nested(&w->t, &w->x, 0);
	st_map(&w->t, &w->x.s1, VA, IPA, 2, s1_bits);
	if (s2_bits)
		st_map(&w->t, &w->x.s2, IPA, OUT, 3, s2_bits);
	set_eats(w, 1);
}

static void nested(struct w *w)
{
	nested_with(w, ST_S1_RW, ST_S2_RW);
}

/* SubstreamIDs: CDs 0 to 3, of which 2 is like CD 0. */
static void with_cds(struct w *w, unsigned int dss)
{
	uint64_t at = st_alloc(&w->t, 256);

	w->x.cdptr = at;
	w->x.ste[0] &= ~UINT64_C(0xfffffffffffc0);
	st_ste_s1(w->x.ste, at - w->x.s1.off, 2, 0, dss);
	st_stream_put(&w->t, &w->x);
	st_cd_put(&w->t, at + 128, 0, 2, w->x.cd);
}

static void split(struct w *w)
{
	nested(w);
	set_eats(w, 2);
}

/* --- what each row changes --- */

static void r_smmuen(struct w *w) { s1(w); st_w(&w->t, ST_CR0, 0x1c); }
static void r_abort(struct w *w) { s1(w); st_set(w->x.ste, 3, 1, 0); set_eats(w, 1); }
static void r_bypass(struct w *w) { s1(w); st_set(w->x.ste, 3, 1, 4); set_eats(w, 1); }
static void r_off(struct w *w) { s1(w); set_eats(w, 0); }
static void r_dpt(struct w *w) { s1(w); set_eats(w, 3); }
static void r_split_nochk(struct w *w) { st_w(&w->t, ST_CR0, 0xd); split(w); }
static void r_split_s1(struct w *w) { s1(w); set_eats(w, 2); }
static void r_s1_nochk(struct w *w) { st_w(&w->t, ST_CR0, 0xd); r_split_s1(w); }
static void r_v(struct w *w) { s1(w); st_set(w->x.ste, 0, 0, 0); set_eats(w, 1); }
static void r_sid(struct w *w) { s1(w); w->t.port.sid = 1u << ST_SIDS_LG2; }
static void r_cd_v(struct w *w) { s1(w); st_set(w->x.cd, 31, 31, 0); set_eats(w, 1); }
static void r_cds(struct w *w) { s1(w); with_cds(w, 0); }
static void r_cds_bypass(struct w *w) { s1(w); with_cds(w, 1); }
static void r_cds_0(struct w *w) { s1(w); with_cds(w, 2); }

static void r_ste_fetch(struct w *w)
{
	s1(w);
	st_w(&w->t, ST_CR0, 0x1c);
	st_w(&w->t, ST_STRTAB_BASE, NOWHERE);
	st_w(&w->t, ST_CR0, 0x1d);
	st_flush(&w->t);
}

static void r_cd_fetch(struct w *w)
{
	s1(w);
	w->x.cdptr = 0;
	w->x.ste[0] &= ~UINT64_C(0xfffffffffffc0);
	w->x.ste[0] |= NOWHERE;
	set_eats(w, 1);
}

static void r_walk(struct w *w)
{
	s1(w);
	st_poke(&w->t, st_slot(&w->t, &w->x.s1, VA, 2), NOWHERE | 3);
}

static void r_invalid(struct w *w)
{
	s1(w);
	st_poke(&w->t, st_slot(&w->t, &w->x.s1, VA, 3), 0);
}


/* CD.IPS: 40 bits. */
static void r_size(struct w *w)
{
	s1(w);
	st_set(w->x.cd, 34, 32, 2);
	set_eats(w, 1);
	st_map(&w->t, &w->x.s1, VA, UINT64_C(1) << 41, 3, ST_S1_RW);
}

static void r_af(struct w *w) { s1_perm(w, ST_S1_RW & ~UINT64_C(0x400)); }
static void r_ro(struct w *w) { s1_perm(w, ST_S1_RW | ST_S1_RO); }
static void r_priv(struct w *w) { s1_perm(w, ST_S1_BASE); }
static void r_uxn(struct w *w) { s1_perm(w, ST_S1_RW | UINT64_C(1) << 54); }
/* AP = 10b (privileged read only), UXN = 0: unprivileged may execute only. */
static void r_xo(struct w *w) { s1_perm(w, ST_S1_BASE | ST_S1_RO); }

/* A, R and S of the CD do not matter: R = A = 0 here. */
static void r_noar(struct w *w)
{
	r_invalid(w);
	st_set(w->x.cd, 46, 45, 0);
	set_eats(w, 1);
}

static void r_privcfg(struct w *w)
{
	r_priv(w);
	st_set(w->x.ste, 113, 112, 3);
	set_eats(w, 1);
}

static void r_unpriv(struct w *w)
{
	s1_perm(w, ST_S1_RW | ST_S1_RO);
	st_map(&w->t, &w->x.s1, VA, OUT, 3, ST_S1_BASE);
	st_set(w->x.ste, 113, 112, 2);
	with_cds(w, 0);
}

static void r_inst(struct w *w)
{
	r_xo(w);
	st_set(w->x.ste, 115, 114, 3);
	set_eats(w, 1);
}

static void r_data(struct w *w)
{
	r_uxn(w);
	st_set(w->x.ste, 115, 114, 2);
	with_cds(w, 0);
}

static void r_cds_uxn(struct w *w) { r_uxn(w); with_cds(w, 0); }
static void r_cds_xo(struct w *w) { r_xo(w); with_cds(w, 0); }
static void r_cds_priv(struct w *w) { r_priv(w); with_cds(w, 0); }
static void r_nested_s2(struct w *w) { nested_with(w, ST_S1_RW, 0); }
static void r_nested_ro(struct w *w) { nested_with(w, ST_S1_RW, ST_S2_BASE | ST_S2_R); }
static void r_nested_wo(struct w *w) { nested_with(w, ST_S1_RW, ST_S2_BASE | ST_S2_W); }
static void r_nested_wo_cds(struct w *w) { r_nested_wo(w); with_cds(w, 0); }
static void r_nested_cds_bypass(struct w *w) { nested(w); with_cds(w, 1); }
static void r_split_s2(struct w *w) { nested_with(w, ST_S1_RW, 0); set_eats(w, 2); }
static void r_split_ro(struct w *w) { r_nested_ro(w); set_eats(w, 2); }
static void r_split_bypass(struct w *w) { split(w); with_cds(w, 1); }

/* Stage 1 grants nothing, so a table of stage 2 that is no memory is not looked at. */
static void r_nested_stop(struct w *w)
{
	nested_with(w, ST_S1_BASE, 0);
	st_poke(&w->t, st_slot(&w->t, &w->x.s2, IPA, 2), NOWHERE | 3);
}

static void r_nested_eabt(struct w *w)
{
	nested_with(w, ST_S1_RW, 0);
	st_poke(&w->t, st_slot(&w->t, &w->x.s2, IPA, 2), NOWHERE | 3);
}

/* Stage 2 has nothing where the CD is, then where the tables are. */
static void r_nested_cd(struct w *w)
{
	nested(w);
	w->x.ste[0] = (w->x.ste[0] & ~UINT64_C(0xfffffffffffc0)) | 0x7f0000000;
	set_eats(w, 1);
}

static void r_nested_tt(struct w *w)
{
	nested(w);
	st_poke(&w->t, st_slot(&w->t, &w->x.s1, VA, 1), UINT64_C(0x7f0000000) | 3);
}

struct row {
	const char *what;
	void (*setup)(struct w *w);
	uint64_t iova;
	unsigned int access;
	enum iom_smmuv3_ats_status status;
	bool r, w, exec;
	unsigned int size_lg2;
	uint64_t pa;			/* of the range */
	unsigned int id;		/* recorded always, or */
	unsigned int rec;		/* with REC_CFG_ATS */
};

static const struct row requests[] = {
	/* 3.9.1.2, first table */
	{ "SMMUEN = 0", r_smmuen, VA, ST_R, UR, 0, 0, 0, 12, 0, ST_BAD_ATS_TREQ, 0 },
	{ "Config 000", r_abort, VA, ST_R, UR, 0, 0, 0, 12, 0, 0, 0 },
	{ "Config 100", r_bypass, VA, ST_R, UR, 0, 0, 0, 12, 0, ST_BAD_ATS_TREQ, 0 },
	{ "EATS 0", r_off, VA, ST_R, UR, 0, 0, 0, 12, 0, ST_BAD_ATS_TREQ, 0 },
	{ "EATS 0 comes before the SubstreamID", r_off, VA, ST_R | ST_SS(9), UR, 0, 0, 0, 12, 0,
	  ST_BAD_ATS_TREQ, 0 },
	{ "EATS 0, all that can be asked for", r_off, VA + 0x234,
	  ST_X | ST_W | ST_PRIV | ST_SS(9), UR, 0, 0, 0, 12, 0, ST_BAD_ATS_TREQ, 0 },
	{ "EATS 3 without DPT", r_dpt, VA, ST_R, UR, 0, 0, 0, 12, 0, ST_BAD_ATS_TREQ, 0 },
	{ "EATS 2, ATSCHK = 0", r_split_nochk, VA, ST_R, UR, 0, 0, 0, 12, 0, ST_BAD_ATS_TREQ, 0 },
	/* second table */
	{ "EATS 2 not nested", r_split_s1, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_BAD_STE },
	{ "the same, ATSCHK = 0", r_s1_nochk, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_BAD_STE },
	{ "V = 0", r_v, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_BAD_STE },
	{ "STE is no memory", r_ste_fetch, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_STE_FETCH },
	{ "SID", r_sid, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_BAD_STREAMID },
	{ "no substreams", s1, VA, ST_R | ST_SS(1), CA, 0, 0, 0, 12, 0, 0, ST_BAD_SUBSTREAMID },
	{ "SSID", r_cds, VA, ST_R | ST_SS(4), CA, 0, 0, 0, 12, 0, 0, ST_BAD_SUBSTREAMID },
	{ "S1DSS 0", r_cds, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_STREAM_DISABLED },
	{ "S1DSS 2", r_cds_0, VA, ST_R | ST_SS(0), CA, 0, 0, 0, 12, 0, 0, ST_STREAM_DISABLED },
	{ "CD is no memory", r_cd_fetch, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_CD_FETCH },
	{ "CD.V = 0", r_cd_v, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_BAD_CD },
	{ "table is no memory", r_walk, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_WALK_EABT },
	{ "the same of stage 2", r_nested_eabt, VA, ST_R, CA, 0, 0, 0, 12, 0, 0, ST_WALK_EABT },
	{ "invalid", r_invalid, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "invalid, A = R = 0", r_noar, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "out of range", s1, UINT64_C(1) << 50, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "output too large", r_size, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "AF = 0", r_af, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "stage 2 invalid", r_nested_s2, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "stage 2 of the CD", r_nested_cd, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "stage 2 of a table", r_nested_tt, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "stage 1 grants nothing", r_nested_stop, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	/* 13.7: permissions */
	{ "read", s1, VA + 8, ST_R, OK, 1, 0, 0, 12, OUT, 0, 0 },
	{ "write", s1, VA, ST_R | ST_W, OK, 1, 1, 0, 12, OUT, 0, 0 },
	{ "Exe without a PASID", s1, VA, ST_X, OK, 1, 0, 0, 12, OUT, 0, 0 },
	{ "read only", r_ro, VA, ST_R | ST_W, OK, 1, 0, 0, 12, OUT, 0, 0 },
	{ "privileged only", r_priv, VA, ST_R | ST_W, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "PRIV without a PASID", r_priv, VA, ST_R | ST_PRIV, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "PRIV", r_cds_priv, VA, ST_R | ST_W | ST_PRIV | ST_SS(2), OK, 1, 1, 0, 12, OUT, 0, 0 },
	{ "Exe", r_cds, VA, ST_X | ST_SS(2), OK, 1, 0, 1, 12, OUT, 0, 0 },
	{ "Exe and write", r_cds, VA, ST_X | ST_W | ST_SS(2), OK, 1, 1, 1, 12, OUT, 0, 0 },
	{ "Exe, UXN", r_cds_uxn, VA, ST_X | ST_W | ST_SS(2), OK, 1, 1, 0, 12, OUT, 0, 0 },
	{ "Exe, execute only", r_cds_xo, VA, ST_X | ST_W | ST_SS(2), OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "PRIVCFG 3", r_privcfg, VA, ST_R | ST_W, OK, 1, 1, 0, 12, OUT, 0, 0 },
	{ "PRIVCFG 2", r_unpriv, VA, ST_R | ST_PRIV | ST_SS(2), OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "INSTCFG 3, execute only", r_inst, VA, ST_R, OK, 1, 0, 0, 12, OUT, 0, 0 },
	{ "INSTCFG 2, UXN", r_data, VA, ST_X | ST_SS(2), OK, 1, 0, 1, 12, OUT, 0, 0 },
	/* ranges; 13.6.3 */
	{ "block", s1_block, VA + 0x12345, ST_R, OK, 1, 0, 0, 21, OUT, 0, 0 },
	{ "stage 2 alone", s2, VA & 0xffffffffff, ST_R | ST_W, OK, 1, 1, 0, 12, OUT, 0, 0 },
	{ "nested", nested, VA, ST_R | ST_W, OK, 1, 1, 0, 12, OUT, 0, 0 },
	{ "stage 2 read only", r_nested_ro, VA, ST_R | ST_W, OK, 1, 0, 0, 12, OUT, 0, 0 },
	{ "stage 2 write only", r_nested_wo, VA, ST_R | ST_W, OK, 0, 1, 0, 12, OUT, 0, 0 },
	{ "stage 2 write and execute only", r_nested_wo_cds, VA, ST_X | ST_W | ST_SS(2), OK,
	  0, 1, 0, 12, OUT, 0, 0 },
	{ "split", split, VA, ST_R | ST_W, OK, 1, 1, 0, 12, IPA, 0, 0 },
	{ "split, stage 2 invalid", r_split_s2, VA, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "split, stage 2 read only", r_split_ro, VA, ST_R | ST_W, OK, 1, 0, 0, 12, IPA, 0, 0 },
	/* 13.6.4, 13.6.5 */
	{ "S1DSS 1", r_cds_bypass, OUT + 8, ST_R, OK, 1, 1, 0, 12, OUT, 0, 0 },
	{ "S1DSS 1 beyond OAS", r_cds_bypass, UINT64_C(1) << 53, ST_R, OK, 0, 0, 0, 12, 0, 0, 0 },
	{ "S1DSS 1 with a PASID", r_cds_bypass, VA, ST_R | ST_SS(2), OK, 1, 0, 0, 12, OUT, 0, 0 },
	{ "S1DSS 1, stage 2", r_nested_cds_bypass, IPA, ST_R, OK, 1, 0, 0, 12, OUT, 0, 0 },
	{ "S1DSS 1, split", r_split_bypass, IPA, ST_R | ST_W, OK, 1, 1, 0, 12, IPA, 0, 0 },
};

static void check_request(const struct row *q, uint32_t cr2)
{
	struct iom_smmuv3_dev_cfg cfg = ats_cfg();
	unsigned int id = q->id;
	static struct w w;
	struct answer a;
	uint64_t ev[4];

	st_open(&w.t, &cfg, BASE);
	st_w(&w.t, ST_CR0, 0x1d);
	set_cr2(&w.t, cr2);
	q->setup(&w);
	a = ask(&w.t, q->iova, q->access);
	if ((cr2 & REC) && q->rec && (q->rec != ST_BAD_STREAMID || (cr2 & INVSID)))
		id = q->rec;
	if (a.r.status != q->status || a.r.r != q->r || a.r.w != q->w || a.r.exec != q->exec ||
	    a.r.size_lg2 != q->size_lg2 || a.r.pa != q->pa || (a.ev[0] & 0xff) != id)
		fail_msg("%s: status %d, r %d w %d exec %d, 2^%d at %#llx, event %#llx", q->what,
			 a.r.status, a.r.r, a.r.w, a.r.exec, a.r.size_lg2,
			 (unsigned long long)a.r.pa, (unsigned long long)a.ev[0]);
	assert_int_equal(a.r.priv, (q->access & ST_PRIV) && (q->access & IOM_SMMUV3_SSV));
	assert_int_equal(a.r.iova, q->iova & ~((UINT64_C(1) << q->size_lg2) - 1));
	assert_int_equal(st_event(&w.t, ev), !!id);
	if (id) {
		assert_memory_equal(ev, a.ev, sizeof(ev));
		assert_int_equal(st_get(ev, 63, 32), w.t.port.sid);
		assert_false(st_event(&w.t, ev));
	}
	if (id == ST_BAD_ATS_TREQ) {
		/* 7.3.6: R always, W for NW = 0, X, Priv and one STU; nothing else. */
		assert_true(ev[1] == (UINT64_C(1) << 31 | 1 |
				      (uint64_t)!!(q->access & ST_W) << 30 |
				      (uint64_t)!!(q->access & IOM_SMMUV3_INST) << 29 |
				      (uint64_t)!!(q->access & ST_PRIV) << 28));
		assert_true(ev[2] == (q->iova & ~UINT64_C(0xfff)) && !ev[3]);
		assert_int_equal(st_get(ev, 11, 11), !!(q->access & IOM_SMMUV3_SSV));
	}
	st_close(&w.t);
}

static void request_table(void **state)
{
	static const uint32_t cr2[] = { 0, REC, REC | INVSID, INVSID };
	unsigned int i, k;

	(void)state;
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		for (k = 0; k < 4; k++)
			check_request(&requests[i], cr2[k]);
	}
}

/* --- HTTU, 3.13.7 --- */

#define AF	(UINT64_C(1) << 10)
#define DBM	(UINT64_C(1) << 51)
#define RO	ST_S1_RO
#define MINE	(AF | DBM | RO)

/* The page is made dirty when W is granted, and only if it was asked for. */
static void dirty(void **state)
{
	static const struct {
		uint64_t bits;			/* of AF, DBM, AP[2] */
		unsigned int access;
		bool w;
		uint64_t then;
		bool af_only;			/* HD = 0 */
	} row[] = {
		{ DBM | RO, ST_R | ST_W, 0, AF | DBM | RO, true },
		{ DBM, ST_R | ST_W, 1, AF | DBM, true },
		{ DBM | RO, ST_R, 0, AF | DBM | RO, false },
		{ AF | DBM | RO, ST_R, 0, AF | DBM | RO, false },
		{ AF | DBM | RO, ST_R | ST_W, 1, AF | DBM, false },
		{ DBM | RO, ST_R | ST_W, 1, AF | DBM, false },
		{ AF | RO, ST_R | ST_W, 0, AF | RO, false },
		{ AF | DBM, ST_R, 0, AF | DBM, false },
		{ 0, ST_R | ST_W, 1, AF, false },
	};
	struct iom_smmuv3_dev_cfg cfg = ats_cfg();
	uint64_t s2 = ST_S2_BASE | ST_S2_R | DBM;
	static struct w w;
	struct answer a;
	unsigned int i;

	(void)state;
	cfg.idr[0] |= 2u << 6;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		st_open(&w.t, &cfg, BASE);
		st_w(&w.t, ST_CR0, 0x1d);
		s1(&w);
		st_set(w.x.cd, 43, 42, row[i].af_only ? 2 : 3);
		set_eats(&w, 1);
		st_map(&w.t, &w.x.s1, VA, OUT, 3, (ST_S1_RW & ~MINE) | row[i].bits);
		a = ask(&w.t, VA, row[i].access);
		assert_true(a.r.status == OK && a.r.r && a.r.pa == OUT);
		assert_int_equal(a.r.w, row[i].w);
		assert_int_equal(st_peek(&w.t, st_slot(&w.t, &w.x.s1, VA, 3)) & MINE, row[i].then);
		st_close(&w.t);
	}
	/* Stage 2, if stage 1 permits to write; then if it does not. */
	for (i = 0; i < 2; i++) {
		st_open(&w.t, &cfg, BASE);
		st_w(&w.t, ST_CR0, 0x1d);
		nested_with(&w, i ? ST_S1_RW | RO : ST_S1_RW, s2);
		st_set(w.x.ste, 184, 183, 3);
		set_eats(&w, 1);
		a = ask(&w.t, VA, ST_R);
		assert_true(a.r.r && !a.r.w);
		assert_int_equal(st_peek(&w.t, st_slot(&w.t, &w.x.s2, IPA, 3)) & ST_S2_W, 0);
		a = ask(&w.t, VA, ST_R | ST_W);
		assert_true(a.r.r && a.r.w == !i);
		assert_int_equal(st_peek(&w.t, st_slot(&w.t, &w.x.s2, IPA, 3)) & ST_S2_W,
				 i ? 0 : ST_S2_W);
		st_close(&w.t);
	}
}

/* --- Translated transactions --- */

struct use {
	const char *what;
	void (*setup)(struct w *w);
	unsigned int chk;	/* ATSCHK: 0, 1, or 2 for both */
	uint64_t addr;
	int rc;
	uint64_t pa;
	unsigned int id, rec;
};

static void u_s2s(struct w *w) { split(w); st_poke(&w->t, st_slot(&w->t, &w->x.s2, IPA, 3), 0); }
static void u_ro(struct w *w) { split(w); st_map(&w->t, &w->x.s2, IPA, OUT, 3,
						 ST_S2_BASE | ST_S2_R); }
static void u_cd(struct w *w) { r_cd_v(w); }

static const struct use uses[] = {
	/* 3.9.1.3 */
	{ "SMMUEN = 0", r_smmuen, 2, OUT, IOM_EFAULT, 0, ST_TRANSL_FORBIDDEN, 0 },
	{ "Config 000", r_abort, 1, OUT, IOM_EFAULT, 0, 0, 0 },
	{ "Config 100", r_bypass, 1, OUT, IOM_EFAULT, 0, ST_TRANSL_FORBIDDEN, 0 },
	{ "EATS 0", r_off, 1, OUT, IOM_EFAULT, 0, ST_TRANSL_FORBIDDEN, 0 },
	{ "V = 0", r_v, 1, OUT, IOM_EFAULT, 0, 0, ST_BAD_STE },
	{ "STE is no memory", r_ste_fetch, 1, OUT, IOM_EFAULT, 0, 0, ST_STE_FETCH },
	{ "SID, whatever RECINVSID", r_sid, 1, OUT, IOM_EFAULT, 0, 0, ST_BAD_STREAMID },
	{ "full", s1, 1, OUT, IOM_OK, OUT, 0, 0 },
	{ "a CD is not looked at", u_cd, 1, OUT, IOM_OK, OUT, 0, 0 },
	{ "full, nested", nested, 1, OUT, IOM_OK, OUT, 0, 0 },
	{ "split", split, 1, IPA + 8, IOM_OK, OUT + 8, 0, 0 },
	{ "split, invalid", u_s2s, 1, IPA, IOM_EFAULT, 0, ST_TRANSLATION, ST_TRANSLATION },
	{ "split, read only", u_ro, 1, IPA, IOM_EACCES, 0, ST_PERMISSION, ST_PERMISSION },
	{ "split, beyond IAS", split, 1, UINT64_C(1) << 53, IOM_EFAULT, 0, ST_ADDR_SIZE,
	  ST_ADDR_SIZE },
	/* ATSCHK = 0: no STE is looked at */
	{ "Config 000", r_abort, 0, OUT, IOM_OK, OUT, 0, 0 },
	{ "Config 100", r_bypass, 0, OUT, IOM_OK, OUT, 0, 0 },
	{ "EATS 0", r_off, 0, OUT, IOM_OK, OUT, 0, 0 },
	{ "V = 0", r_v, 0, OUT, IOM_OK, OUT, 0, 0 },
	{ "SID", r_sid, 0, OUT, IOM_OK, OUT, 0, 0 },
	/* 3.9.1.1: silently */
	{ "beyond OAS", s1, 2, UINT64_C(1) << 53, IOM_EFAULT, 0, 0, 0 },
};

static void check_use(const struct use *u, uint32_t cr2, unsigned int chk)
{
	struct iom_smmuv3_dev_cfg cfg = ats_cfg();
	unsigned int id = (cr2 & REC) && u->rec ? u->rec : u->id, n;
	struct st_out o, fresh;
	uint64_t ev[4], cr0;
	static struct w w;

	st_open(&w.t, &cfg, BASE);
	st_w(&w.t, ST_CR0, 0x1d);
	set_cr2(&w.t, cr2);
	u->setup(&w);
	cr0 = st_r(&w.t, ST_CR0) & ~UINT64_C(0x10);
	st_w(&w.t, ST_CR0, cr0 | chk << 4);
	assert_int_equal(st_r(&w.t, ST_CR0ACK), cr0 | chk << 4);
	/* The second finds the context, by the port alone. A PASID does not count. */
	for (n = 0; n < 3; n++) {
		o = st_xlate_sid(&w.t, w.t.port.sid, u->addr, 64, ST_R | ST_W |
				 IOM_SMMUV3_TRANSLATED | (n == 2 ? ST_PRIV | ST_SS(7) : 0));
		fresh = st_walk(&w.t, w.t.port.sid, u->addr, 64,
				ST_R | ST_W | IOM_SMMUV3_TRANSLATED);
		if (o.rc != u->rc || o.res.pa != u->pa || (o.ev[0] & 0xff) != id)
			fail_msg("%s (%u): rc %d, pa %#llx, event %#llx", u->what, n, o.rc,
				 (unsigned long long)o.res.pa, (unsigned long long)o.ev[0]);
		assert_int_equal(fresh.rc, o.rc);
		assert_memory_equal(fresh.ev, o.ev, sizeof(o.ev));
		assert_int_equal(st_event(&w.t, ev), !!id);
		if (!o.rc) {
			assert_int_equal(o.res.memattr, 0xff);
			assert_int_equal(fresh.res.pa, o.res.pa);
			assert_int_equal(o.res.len, 64);
		}
		if (!id)
			continue;
		assert_memory_equal(ev, o.ev, sizeof(ev));
		assert_int_equal(st_get(ev, 11, 11), 0);	/* SSV */
		if (id == ST_TRANSL_FORBIDDEN) {
			assert_int_equal(ev[2], u->addr);
			assert_int_equal(st_get(ev, 127, 64), 0);	/* a write; no PnU, InD */
		}
		if (id == ST_TRANSLATION || id == ST_PERMISSION) {
			assert_int_equal(st_get(ev, 103, 103), 1);	/* S2 */
			assert_int_equal(st_get(ev, 105, 104), 2);
			assert_int_equal(ev[3], u->addr);
		}
	}
	st_close(&w.t);
}

static void translated_table(void **state)
{
	unsigned int i, chk;

	(void)state;
	for (i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		for (chk = 0; chk < 2; chk++) {
			if (uses[i].chk != 2 && uses[i].chk != chk)
				continue;
			check_use(&uses[i], 0, chk);
			check_use(&uses[i], REC, chk);
			check_use(&uses[i], REC | INVSID, chk);
		}
	}
}

/* Table 13.5: MTCFG and SHCFG are for untranslated transactions. */
static void attributes(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = ats_cfg();
	static struct w w;
	struct st_out o;
	unsigned int i, n;

	(void)state;
	st_open(&w.t, &cfg, BASE);
	st_w(&w.t, ST_CR0, 0x1d);
	for (i = 0; i < 2; i++) {
		(i ? split : s1)(&w);
		/* Device memory. */
		st_set(w.x.ste, 100, 96, 0x11);
		st_set(w.x.ste, 109, 108, 2);
		set_eats(&w, i ? 2 : 1);
		for (n = 0; n < 2; n++) {
			o = st_xlate(&w.t, i ? IPA : OUT, ST_R | IOM_SMMUV3_TRANSLATED);
			assert_int_equal(o.res.pa, OUT);
			assert_int_equal(o.res.memattr, 0xff);
			assert_int_equal(o.res.sh, 3);
		}
	}
	st_close(&w.t);
}

/* A change counts for a port that has found its context: CFGI, ATSCHK, SMMUEN. */
static void port_sees_changes(void **state)
{
	const unsigned int tt = ST_R | IOM_SMMUV3_TRANSLATED;
	struct iom_smmuv3_dev_cfg cfg = ats_cfg();
	static struct w w;

	(void)state;
	st_open(&w.t, &cfg, BASE);
	st_w(&w.t, ST_CR0, 0x1d);
	split(&w);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, OUT);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, OUT);
	/* The same port, untranslated and translated by turns. */
	assert_int_equal(st_xlate(&w.t, VA, ST_R).res.pa, OUT);
	assert_int_equal(st_xlate(&w.t, IPA, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, OUT);
	st_w(&w.t, ST_CR0, 0xd);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, IPA);
	st_w(&w.t, ST_CR0, 0x1d);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, OUT);
	/* Stage 2 changes: in the TLB until TLBI, by S2_IPA. */
	st_map(&w.t, &w.x.s2, IPA, OUT + 0x1000, 3, ST_S2_RW);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, OUT);
	st_tlbi(&w.t, ST_S2_IPA, ST_VMID, 0, IPA);
	st_sync(&w.t);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, OUT + 0x1000);
	set_eats(&w, 0);
	assert_int_equal(st_xlate(&w.t, IPA, tt).ev[0], ST_TRANSL_FORBIDDEN);
	set_eats(&w, 1);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, IPA);
	assert_int_equal(st_xlate(&w.t, IPA, tt).res.pa, IPA);
	st_w(&w.t, ST_CR0, 0x1c);
	assert_int_equal(st_xlate(&w.t, IPA, tt).ev[0], ST_TRANSL_FORBIDDEN);
	st_close(&w.t);
}

/* --- without the features --- */

/* IDR0.ATS = 0: CR0.ATSCHK, CR2.REC_CFG_ATS are RES0, ATC_INV is illegal, nothing is granted. */
static void absent(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	static struct w w;
	struct answer a;

	(void)state;
	st_open(&w.t, &cfg, BASE);
	st_w(&w.t, ST_CR0, 0x1f);
	assert_int_equal(st_r(&w.t, ST_CR0), 0xd);
	s1(&w);
	a = ask(&w.t, VA, ST_R);
	assert_int_equal(a.r.status, UR);
	assert_int_equal(st_xlate(&w.t, VA, ST_R | IOM_SMMUV3_TRANSLATED).rc, IOM_EFAULT);
	assert_int_equal(st_r(&w.t, ST_EVENTQ_PROD), 0);
	assert_int_equal(st_xlate(&w.t, VA, ST_R).res.pa, OUT);
	st_close(&w.t);
	/* Each alone: ATS; ATS and NS1ATS; and what cannot be. */
	cfg.idr[0] |= 1u << 10 | 1u << 11;
	st_open(&w.t, &cfg, BASE);
	st_w(&w.t, ST_CR0, 0x1f);
	assert_int_equal(st_r(&w.t, ST_CR0), 0x1d);
	st_w(&w.t, ST_CR0, 0x1c);
	st_w(&w.t, ST_CR2, 8);
	assert_int_equal(st_r(&w.t, ST_CR2), 0);
	st_w(&w.t, ST_CR0, 0x1d);
	split(&w);
	assert_int_equal(ask(&w.t, VA, ST_R).r.status, CA);
	assert_int_equal(st_xlate(&w.t, VA, ST_R).ev[0], ST_BAD_STE);
	set_eats(&w, 1);
	assert_int_equal(ask(&w.t, VA, ST_R).r.pa, OUT);
	st_close(&w.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_table),
		cmocka_unit_test(dirty),
		cmocka_unit_test(translated_table),
		cmocka_unit_test(attributes),
		cmocka_unit_test(port_sees_changes),
		cmocka_unit_test(absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
