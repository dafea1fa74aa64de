/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The citable rules of the SMMUv3 (S1 to S20), one test each. Those of ATS, PRI
 * and stalls are tested as what an SMMU without these features does.
 */
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x7f0000123000)
#define PA	UINT64_C(0xabcde000)
#define CERROR_ILL 1u

static void open_s1(struct st *t, struct st_stream *x)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	st_open(t, &cfg, BASE);
	st_stream_s1(t, x, 0);
	st_map(t, &x->s1, VA, PA, 3, ST_S1_RW);
}

static void open_nested(struct st *t, struct st_stream *x)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();

	st_open(t, &cfg, BASE);
	st_stream_nested(t, x, 0);
	st_map(t, &x->s1, VA, 0x5000, 3, ST_S1_RW);
	st_map(t, &x->s2, 0x5000, PA, 3, ST_S2_RW);
}

static unsigned int error(struct st *t)
{
	return (unsigned int)(st_r(t, ST_CMDQ_CONS) >> 24 & 0x7f);
}

/* S1: CR0ACK follows CR0 only after the change took effect. */
static void s1_cr0ack(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_stream x;
	struct st t;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	st_open(&t, &cfg, BASE);
	st_stream_s1(&t, &x, 0);
	assert_int_equal(st_r(&t, ST_CR0ACK), 13);
	iom_access_begin(&t.access);
	st_w(&t, ST_CR0, 12);
	assert_int_equal(st_r(&t, ST_CR0), 12);
	assert_int_equal(st_r(&t, ST_CR0ACK), 13);	/* an access under the tables is open */
	/* Not to be written while the acknowledgement is out: nothing changes. */
	st_w(&t, ST_CR0, 13);
	assert_int_equal(st_r(&t, ST_CR0), 12);
	iom_access_end(&t.access);
	assert_int_equal(st_r(&t, ST_CR0ACK), 12);
	st_w(&t, ST_CR0, 13);
	assert_int_equal(st_r(&t, ST_CR0ACK), 13);
	/* While tables are in use, where they are cannot be written. */
	st_w(&t, ST_STRTAB_BASE, 0x1000);
	st_w(&t, ST_STRTAB_BASE_CFG, 0);
	st_w(&t, ST_CR2, 3);
	st_w(&t, ST_CR1, 0);
	assert_int_equal(st_r(&t, ST_STRTAB_BASE), t.strtab);
	assert_int_equal(st_r(&t, ST_STRTAB_BASE_CFG), ST_SIDS_LG2);
	assert_int_equal(st_r(&t, ST_CR2), 0);
	assert_int_equal(st_r(&t, ST_CR1), 0xd75);
	st_close(&t);
}

/* S2: GBPA needs UPDATE, which reads 0 when done. */
static void s2_gbpa(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st_out o;
	struct st t;

	(void)state;
	st_open_off(&t, &cfg, BASE);
	assert_true(st_goes(&t, 0x1234, ST_R, 0x1234));
	st_w(&t, ST_GBPA, 1u << 20);
	assert_int_equal(st_r(&t, ST_GBPA) & 1u << 20, 0);
	assert_true(st_goes(&t, 0x1234, ST_R, 0x1234));
	st_w(&t, ST_GBPA, 1u << 31 | 1u << 20);
	assert_int_equal(st_r(&t, ST_GBPA), 1u << 20);
	assert_true(st_refused(&t, 0x1234, ST_R, 0, NULL));
	/* Device nGnRE, whatever comes in; beyond OAS an abort without an event. */
	st_w(&t, ST_GBPA, 1u << 31 | 1u << 4 | 1);
	o = st_xlate(&t, 0x1234, ST_R);
	assert_int_equal(o.rc, 0);
	assert_int_equal(o.res.memattr, 4);
	assert_true(o.res.bypass);
	assert_true(st_refused(&t, UINT64_C(1) << 52, ST_R, 0, NULL));
	st_close(&t);
}

/* S3, S4: CONS stops at the faulty command until GERRORN; then it is fetched again. */
static void s3_s4_command_error(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint32_t at;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	at = (uint32_t)st_r(&t, ST_CMDQ_CONS);
	st_cmd(&t, ST_NSNH_ALL, 0);
	st_cmd(&t, 0xff, 0);
	st_cmd(&t, ST_SYNC, 0);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), (at + 1) | CERROR_ILL << 24);
	assert_int_equal(st_r(&t, ST_GERROR), 1);
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_GERROR], 1);
	/* Another doorbell changes nothing. */
	st_w(&t, ST_CMDQ_PROD, st_r(&t, ST_CMDQ_PROD));
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), (at + 1) | CERROR_ILL << 24);
	/* The entry as it is now is what counts. */
	st_poke(&t, t.cmdq + 16 * ((at + 1) & 63), ST_SYNC);
	assert_int_equal(error(&t), CERROR_ILL);
	st_w(&t, ST_GERRORN, 1);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 3);
	assert_int_equal(error(&t), 0);
	st_close(&t);
}

/* S5: an unknown opcode, or one of another queue or an absent feature, is CERROR_ILL. */
static void s5_unknown_opcode(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	unsigned int op, good = 0;
	uint32_t ack = 0;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	for (op = 0; op < 256; op++) {
		st_cmd(&t, op, 0);
		if (!error(&t)) {
			good++;
			continue;
		}
		assert_int_equal(error(&t), CERROR_ILL);
		st_poke(&t, t.cmdq + 16 * (st_r(&t, ST_CMDQ_CONS) & 63), ST_SYNC);
		ack ^= 1;
		st_w(&t, ST_GERRORN, ack);
		assert_int_equal(error(&t), 0);
	}
	/* 2 PREFETCH, 4 CFGI, 4 NH, 4 EL2, S12, S2_IPA, NSNH_ALL, SYNC */
	assert_int_equal(good, 18);
	st_close(&t);
}

/* S6: OVFLG toggles once per overflow acknowledged; PROD never passes CONS. */
static void s6_overflow(void **state)
{
	struct st_stream x;
	unsigned int i;
	uint64_t ev[4];
	struct st t;

	(void)state;
	open_s1(&t, &x);
	for (i = 0; i < 16; i++) {
		assert_int_equal(st_xlate(&t, i << 12, ST_R).rc, IOM_EFAULT);
		assert_int_equal(st_r(&t, ST_EVENTQ_PROD), i + 1);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
		assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0x80000010);
	}
	/* Room, but not acknowledged: recorded, and no second toggle. */
	st_w(&t, ST_EVENTQ_CONS, 1);
	assert_int_equal(st_xlate(&t, 0x99000, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0x80000011);
	assert_int_equal(st_xlate(&t, 0x9a000, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0x80000011);
	/* Acknowledged: the next overflow toggles back. */
	st_w(&t, ST_EVENTQ_CONS, 0x80000001);
	assert_int_equal(st_xlate(&t, 0x9b000, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0x11);
	for (i = 1; i < 17; i++) {
		assert_true(st_event(&t, ev));
		assert_int_equal(ev[2], i < 16 ? i << 12 : 0x99000);
	}
	assert_false(st_event(&t, ev));
	/* Interrupts when it stopped being empty: once. */
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_EVENTQ], 1);
	st_close(&t);
}

/* S7, S19: nothing stalls: S = 1 is C_BAD_CD, RESUME and STALL_TERM are CERROR_ILL. */
static void s7_s19_no_stall(void **state)
{
	struct st_stream x;
	struct st t;

	(void)state;
	open_s1(&t, &x);
	st_set(x.cd, 44, 44, 1);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, VA, ST_R, ST_BAD_CD, NULL));
	st_set(x.cd, 44, 44, 0);
	st_set(x.ste, 91, 91, 1);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, VA, ST_R, ST_BAD_STE, NULL));
	st_cmd(&t, ST_RESUME | 1 << 12, 5);
	assert_int_equal(error(&t), CERROR_ILL);
	st_poke(&t, t.cmdq + 16 * (st_r(&t, ST_CMDQ_CONS) & 63), ST_STALL_TERM);
	st_w(&t, ST_GERRORN, 1);
	assert_int_equal(error(&t), CERROR_ILL);
	assert_int_equal(st_r(&t, ST_GERROR), 0);	/* active again: it differs from GERRORN */
	st_close(&t);
}

/* S8: V = 0 gives C_BAD_STE, Config 0xx no event, whatever else stands there. */
static void s8_invalid_and_abort(void **state)
{
	struct st_stream x;
	struct st t;
	unsigned int i;

	(void)state;
	open_s1(&t, &x);
	assert_true(st_refused(&t, VA, ST_R | ST_SS(3), ST_BAD_SUBSTREAMID, NULL));
	for (i = 0; i < 4; i++) {
		memset(x.ste, 0xff, sizeof(x.ste));
		st_set(x.ste, 3, 1, i);
		st_ste_put(&t, 0, x.ste);
		assert_true(st_refused(&t, VA, ST_R, 0, NULL));
		assert_true(st_refused(&t, VA, ST_R | ST_SS(3), 0, NULL));
		st_set(x.ste, 0, 0, 0);
		st_ste_put(&t, 0, x.ste);
		assert_true(st_refused(&t, VA, ST_R, ST_BAD_STE, NULL));
	}
	st_close(&t);
}

/* S9: a StreamID beyond the table is told of with RECINVSID only. */
static void s9_bad_streamid(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	assert_int_equal(st_xlate_sid(&t, 64, VA, 1, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_xlate_sid(&t, UINT32_MAX, VA, 1, ST_R).rc, IOM_EFAULT);
	assert_false(st_event(&t, ev));
	st_w(&t, ST_CR0, 12);
	st_w(&t, ST_CR2, 2);
	st_w(&t, ST_CR0, 13);
	assert_int_equal(st_xlate_sid(&t, 64, VA, 1, ST_R | ST_SS(5)).rc, IOM_EFAULT);
	assert_true(st_event(&t, ev));
	assert_int_equal(ev[0], UINT64_C(0x40) << 32 | 5 << 12 | 1 << 11 | ST_BAD_STREAMID);
	assert_true(!ev[1] && !ev[2] && !ev[3]);
	st_close(&t);
}

/* S10: SSID with S1CDMax = 0; S1DSS = 2 with SSID 0. */
static void s10_substreams(void **state)
{
	struct st_stream x;
	struct st t;
	uint64_t ev[4];

	(void)state;
	open_s1(&t, &x);
	assert_true(st_goes(&t, VA, ST_R, PA));
	assert_true(st_refused(&t, VA, ST_R | ST_SS(0), ST_BAD_SUBSTREAMID, NULL));
	x.cdptr = st_alloc(&t, 256);
	st_ste_init(x.ste, 5);
	st_ste_s1(x.ste, x.cdptr, 2, 0, 2);
	st_stream_put(&t, &x);
	st_cd_put(&t, x.cdptr + 64, 0, 1, x.cd);
	assert_true(st_goes(&t, VA, ST_R, PA));
	assert_true(st_goes(&t, VA, ST_R | ST_SS(1), PA));
	assert_true(st_refused(&t, VA, ST_R | ST_SS(0), ST_STREAM_DISABLED, ev));
	/* 7.3.7: the stream alone */
	assert_true(ev[0] == ((uint64_t)t.port.sid << 32 | ST_STREAM_DISABLED));
	assert_true(st_refused(&t, VA, ST_R | ST_SS(2), ST_BAD_CD, NULL));
	assert_true(st_refused(&t, VA, ST_R | ST_SS(4), ST_BAD_SUBSTREAMID, NULL));
	/* 0 and 3: traffic without a SubstreamID is refused; 1: it is not translated. */
	st_set(x.ste, 65, 64, 3);
	st_stream_put(&t, &x);
	assert_true(st_refused(&t, VA, ST_R, ST_STREAM_DISABLED, NULL));
	assert_true(st_goes(&t, VA, ST_R | ST_SS(0), PA));
	st_set(x.ste, 65, 64, 1);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, VA, ST_R, VA));
	assert_true(st_xlate(&t, VA, ST_R).res.bypass);
	assert_true(st_goes(&t, VA, ST_R | ST_SS(1), PA));
	st_close(&t);
}

/* S11: stage-2 faults of CD fetches and stage-1 walks: S2 = 1, CLASS, the structure's IPA. */
static void s11_class(void **state)
{
	uint64_t ev[4], slot, desc;
	struct st_stream x;
	struct st t;

	(void)state;
	open_nested(&t, &x);
	assert_true(st_goes(&t, VA + 0x123, ST_W, PA + 0x123));
	/* The leaf table of stage 1. */
	slot = st_slot(&t, &x.s2, ST_IPA, 2);
	desc = st_peek(&t, slot);
	st_poke(&t, slot, 0);
	st_flush(&t);
	assert_true(st_refused(&t, VA, ST_W, ST_TRANSLATION, ev));
	assert_int_equal(ev[1], UINT64_C(1) << 39);	/* CD, before any table */
	assert_int_equal(ev[3], (x.cdptr - BASE + ST_IPA) & ~UINT64_C(0xfff));
	/* Now the CD is where stage 2 reaches it, and the tables are not. */
	st_map(&t, &x.s2, UINT64_C(0x7000000000), x.cdptr & ~UINT64_C(0xfff), 3, ST_S2_RW);
	x.ste[0] = (x.ste[0] & ~UINT64_C(0xfffffffffffc0)) | UINT64_C(0x7000000000) |
		   (x.cdptr & 0xfff);
	st_ste_put(&t, 0, x.ste);
	assert_true(st_refused(&t, VA, ST_W, ST_TRANSLATION, ev));
	assert_int_equal(ev[1], UINT64_C(1) << 39 | UINT64_C(1) << 40);
	assert_int_equal(ev[3], ((x.s1.root - BASE + ST_IPA) & ~UINT64_C(0xfff)));
	assert_int_equal(ev[2], VA);
	/* Without read permission: F_PERMISSION, and the walk only reads (TTRnW). */
	st_poke(&t, slot, desc & ~ST_S2_R);
	st_flush(&t);
	assert_true(st_refused(&t, VA, ST_W | ST_PRIV, ST_PERMISSION, ev));
	assert_int_equal(ev[1], UINT64_C(1) << 44 | UINT64_C(1) << 40 | UINT64_C(1) << 39 |
				UINT64_C(1) << 33);
	/* And the output. */
	st_poke(&t, slot, desc);
	st_map(&t, &x.s2, 0x5000, PA, 3, ST_S2_BASE | ST_S2_R);
	st_flush(&t);
	assert_true(st_goes(&t, VA, ST_R, PA));
	assert_true(st_refused(&t, VA + 8, ST_W, ST_PERMISSION, ev));
	assert_int_equal(ev[1], UINT64_C(1) << 39 | UINT64_C(2) << 40);
	assert_int_equal(ev[3], 0x5000);
	st_close(&t);
}

/* S12: F_ACCESS before F_PERMISSION; translation before address size, level by level. */
static void s12_order(void **state)
{
	struct st_stream x;
	uint64_t slot;
	struct st t;

	(void)state;
	open_s1(&t, &x);
	st_set(x.cd, 34, 32, 2);	/* IPS 40 bits */
	st_stream_put(&t, &x);
	slot = st_slot(&t, &x.s1, VA, 3);
	/* Address beyond IPS, AF = 0, read only: one after the other. */
	st_poke(&t, slot, UINT64_C(1) << 40 | ((ST_S1_RW | ST_S1_RO) & ~UINT64_C(0x400)) | 3);
	assert_true(st_refused(&t, VA, ST_W, ST_ADDR_SIZE, NULL));
	st_poke(&t, slot, PA | ((ST_S1_RW | ST_S1_RO) & ~UINT64_C(0x400)) | 3);
	assert_true(st_refused(&t, VA, ST_W, ST_ACCESS, NULL));
	st_poke(&t, slot, PA | ST_S1_RW | ST_S1_RO | 3);
	assert_true(st_refused(&t, VA, ST_W, ST_PERMISSION, NULL));
	assert_true(st_goes(&t, VA, ST_R, PA));
	/* An invalid descriptor's address does not count; a table's does, before what it holds. */
	st_poke(&t, slot, UINT64_C(1) << 40 | 2);
	st_flush(&t);
	assert_true(st_refused(&t, VA, ST_W, ST_TRANSLATION, NULL));
	st_poke(&t, st_slot(&t, &x.s1, VA, 2), UINT64_C(1) << 40 | 3);
	assert_true(st_refused(&t, VA, ST_W, ST_ADDR_SIZE, NULL));
	st_close(&t);
}

/* S13, S17: there is no ATS and no PRI: EATS is ignored, their commands are CERROR_ILL. */
static void s13_s17_no_ats(void **state)
{
	struct st_stream x;
	uint32_t ack = 0, n;
	struct st t;
	static const uint8_t ops[] = { ST_ATC_INV, ST_PRI_RESP };

	(void)state;
	open_s1(&t, &x);
	st_set(x.ste, 93, 92, 2);
	st_stream_put(&t, &x);
	assert_true(st_goes(&t, VA, ST_R, PA));
	st_w(&t, ST_CR0, 13 | 2 | 0x10);	/* PRIQEN, ATSCHK: RES0 */
	assert_int_equal(st_r(&t, ST_CR0), 13);
	st_w(&t, ST_IRQ_CTRL, 7);
	assert_int_equal(st_r(&t, ST_IRQ_CTRLACK), 5);
	for (n = 0; n < 2; n++) {
		st_cmd(&t, ops[n], 0);
		assert_int_equal(error(&t), CERROR_ILL);
		st_poke(&t, t.cmdq + 16 * (st_r(&t, ST_CMDQ_CONS) & 63), ST_SYNC);
		st_w(&t, ST_GERRORN, ack ^= 1);
	}
	st_close(&t);
}

/* S14: TLBI_S2_IPA leaves combined entries, TLBI_NH_* with the VMID removes them. */
static void s14_combined(void **state)
{
	static const uint8_t ops[] = { ST_NH_ALL, ST_NH_ASID, ST_NH_VA, ST_NH_VAA, ST_S12_VMALL,
				       ST_NSNH_ALL };
	struct st_stream x;
	unsigned int i;
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(ops); i++) {
		open_nested(&t, &x);
		assert_true(st_goes(&t, VA, ST_R, PA));
		st_map(&t, &x.s2, 0x5000, PA + 0x1000, 3, ST_S2_RW);
		st_tlbi(&t, ST_S2_IPA, ST_VMID, 0, 0x5000);
		st_sync(&t);
		/* The combined entry stays: software may not rely on it, the model shows it. */
		assert_int_equal(st_xlate(&t, VA, ST_R).res.pa, PA);
		/* Of another VMID or ASID: none of this one's business. */
		st_tlbi(&t, ST_NH_ALL, ST_VMID + 1, 0, 0);
		st_tlbi(&t, ST_NH_ASID, ST_VMID, ST_ASID + 1, 0);
		st_tlbi(&t, ST_NH_VA, ST_VMID, ST_ASID + 1, VA);
		st_sync(&t);
		assert_int_equal(st_xlate(&t, VA, ST_R).res.pa, PA);
		st_tlbi(&t, ops[i], ops[i] == ST_NSNH_ALL ? 0 : ST_VMID, ST_ASID, VA);
		st_sync(&t);
		assert_true(st_goes(&t, VA, ST_R, PA + 0x1000));
		st_close(&t);
	}
}

/* S15: NH_ASID keeps global entries; NH_VA and NH_ALL drop them. */
static void s15_global(void **state)
{
	struct st_stream x;
	struct st t;

	(void)state;
	open_s1(&t, &x);
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW & ~UINT64_C(0x800));
	assert_true(st_goes(&t, VA, ST_R, PA));
	st_poke(&t, st_slot(&t, &x.s1, VA, 3), 0);
	st_tlbi(&t, ST_NH_ASID, ST_VMID, ST_ASID, 0);
	st_sync(&t);
	assert_int_equal(st_xlate(&t, VA, ST_R).res.pa, PA);
	/* By address, with whatever ASID. */
	st_tlbi(&t, ST_NH_VA, ST_VMID, ST_ASID + 5, VA);
	st_sync(&t);
	assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
	st_map(&t, &x.s1, VA, PA, 3, ST_S1_RW & ~UINT64_C(0x800));
	assert_true(st_goes(&t, VA, ST_R, PA));
	st_poke(&t, st_slot(&t, &x.s1, VA, 3), 0);
	st_tlbi(&t, ST_NH_ALL, ST_VMID, 0, 0);
	st_sync(&t);
	assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
	st_close(&t);
}

/* S16: CFGI_STE drops CDs fetched through that STE; CFGI_CD touches only its SID. */
static void s16_cfgi(void **state)
{
	struct st_stream x;
	struct st t;

	(void)state;
	open_s1(&t, &x);
	st_ste_put(&t, 1, x.ste);	/* shares the CD */
	assert_false(st_xlate_sid(&t, 0, VA, 1, ST_R).rc);
	assert_false(st_xlate_sid(&t, 1, VA, 1, ST_R).rc);
	st_poke(&t, x.cdptr, 0);
	st_cfgi_cd(&t, 1, 0);
	st_sync(&t);
	assert_false(st_xlate_sid(&t, 0, VA, 1, ST_R).rc);
	assert_int_equal(st_xlate_sid(&t, 1, VA, 1, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_event_id(&t), ST_BAD_CD);
	st_cfgi_ste(&t, 0);
	st_sync(&t);
	assert_int_equal(st_xlate_sid(&t, 0, VA, 1, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_event_id(&t), ST_BAD_CD);
	st_close(&t);
}

/* S18: SMMUEN 0 to 1 without invalidation may hit stale entries; here it does. */
static void s18_smmuen_keeps_caches(void **state)
{
	struct st_stream x;
	struct st t;

	(void)state;
	open_s1(&t, &x);
	assert_true(st_goes(&t, VA, ST_R, PA));
	st_w(&t, ST_CR0, 12);
	assert_true(st_goes(&t, VA, ST_R, VA));		/* GBPA */
	st_poke(&t, st_slot(&t, &x.s1, VA, 3), 0);
	st_w(&t, ST_CR0, 13);
	assert_int_equal(st_xlate(&t, VA, ST_R).res.pa, PA);
	st_w(&t, ST_CR0, 12);
	st_flush(&t);
	st_w(&t, ST_CR0, 13);
	assert_true(st_refused(&t, VA, ST_R, ST_TRANSLATION, NULL));
	st_close(&t);
}

/* S20: a V = 0 structure may be cached until CFGI; here it is not, and valid ones are. */
static void s20_cached_structures(void **state)
{
	struct st_stream x;
	struct st t;

	(void)state;
	open_s1(&t, &x);
	st_poke(&t, t.strtab, 0);
	assert_true(!st_xlate(&t, VA, ST_R).rc || st_event_id(&t) == ST_BAD_STE);
	st_cfgi_ste(&t, 0);
	st_sync(&t);
	assert_true(st_refused(&t, VA, ST_R, ST_BAD_STE, NULL));
	st_poke(&t, t.strtab, x.ste[0]);
	st_cfgi_ste(&t, 0);
	st_sync(&t);
	assert_true(st_goes(&t, VA, ST_R, PA));
	st_poke(&t, t.strtab, 0);
	assert_int_equal(st_xlate(&t, VA, ST_R).res.pa, PA);
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s1_cr0ack),
		cmocka_unit_test(s2_gbpa),
		cmocka_unit_test(s3_s4_command_error),
		cmocka_unit_test(s5_unknown_opcode),
		cmocka_unit_test(s6_overflow),
		cmocka_unit_test(s7_s19_no_stall),
		cmocka_unit_test(s8_invalid_and_abort),
		cmocka_unit_test(s9_bad_streamid),
		cmocka_unit_test(s10_substreams),
		cmocka_unit_test(s11_class),
		cmocka_unit_test(s12_order),
		cmocka_unit_test(s13_s17_no_ats),
		cmocka_unit_test(s14_combined),
		cmocka_unit_test(s15_global),
		cmocka_unit_test(s16_cfgi),
		cmocka_unit_test(s18_smmuen_keeps_caches),
		cmocka_unit_test(s20_cached_structures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
