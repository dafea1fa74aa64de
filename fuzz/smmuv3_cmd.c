/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any commands, against a device that keeps translating. CONS follows PROD and
 * never passes it, an error is shown only while GERROR is active, every
 * CMD_SYNC completes, and after CFGI and TLBI of everything the answers are
 * the reference translator's; so are at any time those of an ATC.
 *
 * Input: byte 0 chooses the mode, then per command a byte of what to do before
 * it, and its 16 bytes.
 */
#include <iom/dev/smmuv3_atc.h>

#include "lib/smmu.h"
#include "lib/smmu_ref.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000200000)
#define COMMANDS 400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fix {
	struct st t;
	struct st_stream x[3];
	struct iom_smmuv3_port port;	/* of the ATC */
	struct iom_smmuv3_atc atc;
};

static struct fix *fixture(unsigned int mode)
{
	static struct fix f[3];
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct fix *x = &f[mode];
	unsigned int i;

	if (x->t.s)
		return x;
	cfg.mode = (enum iom_smmuv3_mode)mode;
	iom_smmuv3_dev_ats_idr(cfg.idr);
	st_open(&x->t, &cfg, BASE);
	st_w(&x->t, ST_CR0, 0x1d);
	st_stream_s1(&x->t, &x->x[0], 0);
	st_set(x->x[0].ste, 93, 92, 1);
	st_stream_put(&x->t, &x->x[0]);
	ST_REQUIRE(!iom_smmuv3_dev_port_init(&x->port, x->t.s, 0, &x->t.dma.g));
	ST_REQUIRE(!iom_smmuv3_atc_init(&x->atc, &x->port, 16));
	st_stream_s2(&x->t, &x->x[1], 1);
	st_stream_nested(&x->t, &x->x[2], 2);
	for (i = 0; i < 16; i++) {
		st_map(&x->t, &x->x[0].s1, VA + i * 0x1000, i << 20, 3, ST_S1_RW);
		st_map(&x->t, &x->x[1].s2, 0x200000 + i * 0x1000, i << 20, 3, ST_S2_RW);
		st_map(&x->t, &x->x[2].s2, 0x200000 + i * 0x1000, i << 20, 3, ST_S2_RW);
	}
	st_map(&x->t, &x->x[2].s1, VA, 0x200000, 2, ST_S1_RW);
	return x;
}

static void check_queue(struct st *t)
{
	uint32_t cons = (uint32_t)st_r(t, ST_CMDQ_CONS), prod = (uint32_t)st_r(t, ST_CMDQ_PROD);

	ST_REQUIRE(!(cons & 0x80ffff80u));
	ST_REQUIRE(((prod - cons) & 127) <= 64);
	/* Software may make an error active that is none, but not the other way. */
	ST_REQUIRE(!(cons >> 24) || ((st_r(t, ST_GERROR) ^ st_r(t, ST_GERRORN)) & 1));
}

static void settle(struct st *t)
{
	unsigned int n;

	for (n = 0; n < 200; n++) {
		iom_smmuv3_dev_run(t->s);
		check_queue(t);
		if (st_r(t, ST_CMDQ_CONS) == st_r(t, ST_CMDQ_PROD))
			return;
		if (st_r(t, ST_CMDQ_CONS) >> 24)
			st_poke(t, t->cmdq + 16 * (st_r(t, ST_CMDQ_CONS) & 63), ST_SYNC);
		st_w(t, ST_GERRORN, st_r(t, ST_GERROR));
	}
	ST_REQUIRE(n < 200);	/* the queue empties */
}

static uint64_t word(const uint8_t *p)
{
	uint64_t v = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

/* By the ATC, for what the stream with ATS has. */
static void ask_atc(struct fix *f, uint64_t iova, const struct st_out *want)
{
	struct iom_smmuv3_result res;
	uint64_t ev[4];
	int rc;

	ST_REQUIRE(!iom_gmem_begin(&f->t.dma.g));
	iom_access_begin(&f->t.access);
	rc = iom_smmuv3_atc_translate(&f->atc, iova, 1, ST_R, &res, NULL, ev);
	iom_access_end(&f->t.access);
	iom_gmem_end(&f->t.dma.g);
	ST_REQUIRE(rc == want->rc && (rc || res.pa == want->res.pa));
}

static void ask(struct fix *f, unsigned int what, bool fresh)
{
	struct st *t = &f->t;
	uint32_t sid = what % 3;
	uint64_t iova = (sid == 1 ? 0x200000 : VA) + (what / 3 % 16) * 0x1000;
	struct st_out got = st_xlate_sid(t, sid, iova, 1, ST_R), want;

	st_event_id(t);
	/* Nothing changes in memory but by MSIs, so the caches may only be right. */
	want = ref_xlate(t, sid, iova, 1, ST_R);
	ST_REQUIRE(!fresh || (got.rc == want.rc && got.res.pa == want.res.pa));
	if (!sid)
		ask_atc(f, iova, &want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fix *f = fixture(size ? data[0] % 3 : 0);
	struct st *t = &f->t;
	unsigned int i, n;
	uint32_t prod;
	uint64_t w0, w1;
	size_t at = 1;

	for (n = 0; n < COMMANDS && at + 17 <= size; n++, at += 17) {
		ask(f, data[at], true);
		if (((st_r(t, ST_CMDQ_PROD) - st_r(t, ST_CMDQ_CONS)) & 127) >= 60)
			settle(t);
		w0 = word(data + at + 1);
		w1 = word(data + at + 9);
		/* MSIs would change structures: keep them out of memory. */
		if ((w0 & 0xff) == ST_SYNC && (w1 & ~UINT64_C(3)) - BASE < ST_SIZE)
			w1 = 0;
		st_cmd_put(t, w0, w1);
		prod = (uint32_t)st_r(t, ST_CMDQ_PROD);
		st_w(t, ST_CMDQ_PROD, (prod + 1) & 127);
		check_queue(t);
		if (data[at] & 0x80)
			st_w(t, ST_GERRORN, st_r(t, ST_GERROR) ^ (data[at] & 0x40 ? 1 : 0));
		if (data[at] & 0x40 && (st_r(t, ST_CMDQ_CONS) >> 24))
			settle(t);
	}
	settle(t);
	st_w(t, ST_GERRORN, st_r(t, ST_GERROR));
	st_flush(t);
	for (i = 0; i < 48; i++)
		ask(f, i, true);
	return 0;
}
