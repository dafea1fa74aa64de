/* SPDX-License-Identifier: BSD-2-Clause */
/* Scenarios of commands, registers, queues, errors, enabling and barriers. */
#include <string.h>

#include <iom/base/field.h>

#include "rules.h"

#define RUN(f) static void f(struct sd *d, bool bad, const void *arg)
#define UNUSED ((void)arg)

static void up(struct sd *d, unsigned int config)
{
	sd_open(d);
	sd_stream(d, config);
	sd_start(d);
}

/* --- commands -------------------------------------------------------------- */

struct command {
	uint32_t idr0_clear, idr0_set, idr1_clear, idr3_clear;
	uint64_t bad[2], good[2];
};

/* An error of the command queue is handled: a CMD_SYNC takes the place of what was wrong. */
static void resume(struct sd *d)
{
	uint64_t at;

	(void)iom_smmuv3_strict_idle(d->t.s, 64);
	at = d->t.cmdq + 16 * (sd_r(d, ST_CMDQ_CONS) & ((1u << d->cmdq_lg2) - 1));
	st_poke(&d->t, at, ST_SYNC);
	st_poke(&d->t, at + 8, 0);
	sd_wmb(d);
	sd_w(d, ST_GERRORN, sd_r(d, ST_GERROR));
}

RUN(command)
{
	const struct command *c = arg;

	d->cfg.idr[0] = (d->cfg.idr[0] & ~c->idr0_clear) | c->idr0_set;
	d->cfg.idr[1] &= ~c->idr1_clear;
	d->cfg.idr[3] &= ~c->idr3_clear;
	up(d, c->idr0_clear & 2 ? 6 : 5);
	sd_cmd(d, bad ? c->bad[0] : c->good[0], bad ? c->bad[1] : c->good[1]);
	if (sd_sync(d))
		return;
	resume(d);
	sd_sync(d);
}

#define S1_BITS	(2 | 1 << 9 | 1 << 12 | 1 << 19)	/* S1P, HYP, ASID16, CD2L */
#define S2_BITS	(1 | 1 << 18)				/* S2P, VMID16 */

static const struct command
	ssec = { .bad = { ST_CFGI_STE | 1 << 10 }, .good = { ST_CFGI_STE } },
	s1p = { .idr0_clear = S1_BITS, .idr1_clear = 0x7c0, .bad = { ST_CFGI_CD },
		.good = { ST_S12_VMALL } },
	range = { .bad = { ST_NH_VA, 1 << 10 }, .good = { ST_NH_VA, 1 << 10 | 3 << 8 } },
	cs = { .bad = { ST_SYNC | 3 << 12 }, .good = { ST_SYNC | 2 << 12 } },
	s2p = { .idr0_clear = S2_BITS, .idr3_clear = 1 << 4 | 1 << 8, .bad = { ST_S12_VMALL },
		.good = { ST_NH_ALL } },
	hyp = { .idr0_clear = 1 << 9, .bad = { ST_EL2_ALL }, .good = { ST_NH_ALL } },
	ats = { .bad = { ST_ATC_INV, 52 }, .good = { ST_NSNH_ALL } },
	pri = { .bad = { ST_PRI_RESP }, .good = { ST_NSNH_ALL } },
	stall = { .bad = { ST_STALL_TERM }, .good = { ST_NSNH_ALL } },
	mpam = { .bad = { ST_CFGI_VMS_PIDM }, .good = { ST_NSNH_ALL } },
	opcode = { .bad = { 0x7f }, .good = { ST_PREFETCH_CONFIG } },
	res0 = { .bad = { ST_NSNH_ALL, IOM_BIT64(63) }, .good = { ST_NSNH_ALL } },
	no_ril = { .idr3_clear = 1 << 10, .bad = { ST_NH_VA | 1 << 12, 1 << 10 },
		   .good = { ST_NH_VA, 1 } },
	reserved = { .bad = { ST_SYNC | 1 << 12 | 1 << 22, 0 },
		     .good = { ST_SYNC | 1 << 12 | 3 << 22, 0 } };

/* --- accesses -------------------------------------------------------------- */

RUN(reg_size)
{
	uint64_t v;

	UNUSED;
	up(d, 5);
	iom_smmuv3_dev_read(d->t.s, ST_CMDQ_PROD, bad ? 8 : 4, &v);
	iom_smmuv3_dev_read(d->t.s, ST_CMDQ_BASE, 8, &v);
	iom_smmuv3_dev_read(d->t.s, ST_CMDQ_BASE + 4, 4, &v);
}

RUN(reg_ro)
{
	UNUSED;
	up(d, 5);
	sd_w(d, bad ? ST_GERROR : ST_GERRORN, 0);
}

RUN(reg_res0)
{
	UNUSED;
	sd_open(d);
	sd_w(d, ST_CR1, bad ? 0xd75 | 1u << 31 : 0xd75);
}

RUN(reg_absent)
{
	UNUSED;
	sd_open(d);
	sd_w(d, 0x1f0, bad);		/* 0 is what it has anyway */
}

/* --- written in a state that forbids it ------------------------------------ */

RUN(strtab_enabled)
{
	UNUSED;
	up(d, 5);
	sd_w(d, ST_STRTAB_BASE, d->t.strtab + (bad ? 1 << 20 : 0));
}

RUN(strtab_cfg_enabled)
{
	UNUSED;
	up(d, 5);
	if (!bad) {
		sd_w(d, ST_CR0, 8 | 4);
		sd_ack(d, ST_CR0ACK, 8 | 4);
	}
	sd_w(d, ST_STRTAB_BASE_CFG, 5);
}

RUN(cr1_enabled)
{
	UNUSED;
	up(d, 5);
	sd_w(d, ST_CR1, bad ? 0xd35 : 0xd75);
}

RUN(cr1_queue)
{
	UNUSED;
	sd_open(d);
	sd_w(d, ST_CMDQ_BASE, d->t.cmdq | d->cmdq_lg2);
	sd_w(d, ST_CR1, 0xd75);
	if (bad)
		sd_w(d, ST_CR0, 8);
	sd_w(d, ST_CR1, 0xd70);
}

RUN(cr2_enabled)
{
	UNUSED;
	up(d, 5);
	sd_w(d, ST_CR2, bad ? 0 : 2);
}

RUN(cmdq_enabled)
{
	UNUSED;
	up(d, 5);
	if (!bad) {
		sd_w(d, ST_CR0, 4 | 1);
		sd_ack(d, ST_CR0ACK, 4 | 1);
	}
	sd_w(d, ST_CMDQ_BASE, d->t.cmdq | 5);
}

RUN(eventq_enabled)
{
	UNUSED;
	up(d, 5);
	sd_w(d, bad ? ST_EVENTQ_PROD : ST_EVENTQ_CONS, 0);
}

RUN(cr0_ack)
{
	UNUSED;
	up(d, 5);
	sd_w(d, ST_CR0, 8 | 4);
	if (!bad)
		sd_ack(d, ST_CR0ACK, 8 | 4);
	sd_w(d, ST_CR0, 8 | 4 | 1);
	sd_ack(d, ST_CR0ACK, 8 | 4 | 1);
}

RUN(irq_ack)
{
	UNUSED;
	up(d, 5);
	sd_w(d, ST_IRQ_CTRL, 0);
	if (!bad)
		sd_ack(d, ST_IRQ_CTRLACK, 0);
	sd_w(d, ST_IRQ_CTRL, 5);
	sd_ack(d, ST_IRQ_CTRLACK, 5);
}

RUN(gbpa_ack)
{
	unsigned int n;

	UNUSED;
	sd_open(d);
	sd_w(d, ST_GBPA, 1u << 31 | 1 << 20);
	for (n = 0; !bad && n < 1000 && sd_r(d, ST_GBPA) >> 31; n++)
		;
	sd_w(d, ST_GBPA, 1u << 31);
}

RUN(gbpa_update)
{
	UNUSED;
	sd_open(d);
	sd_w(d, ST_GBPA, bad ? 1 << 20 : 1u << 31 | 1 << 20);
}

RUN(msi_enabled)
{
	UNUSED;
	sd_open(d);
	if (bad)
		sd_w(d, ST_IRQ_CTRL, 4);
	sd_w(d, ST_EVENTQ_IRQ_CFG0, d->page[3]);
	if (!bad)
		sd_w(d, ST_IRQ_CTRL, 4);
}

/* --- bases ----------------------------------------------------------------- */

RUN(strtab_align)
{
	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	/* half of its size; the near one has half the entries as well */
	d->t.strtab += UINT64_C(32) << ST_SIDS_LG2;
	d->sids_lg2 = bad ? ST_SIDS_LG2 : ST_SIDS_LG2 - 1;
	sd_start(d);
}

RUN(strtab_size)
{
	UNUSED;
	d->cfg.idr[1] = (d->cfg.idr[1] & ~0x3fu) | ST_SIDS_LG2;
	d->sids_lg2 = ST_SIDS_LG2 + bad;
	sd_open(d);
	sd_stream(d, 5);
	sd_start(d);
}

struct strtab_cfg {
	uint32_t bad, good, st_level;
};

RUN(strtab_cfg)
{
	const struct strtab_cfg *c = arg;

	d->cfg.idr[0] &= ~c->st_level;
	sd_open(d);
	sd_stream(d, 5);
	sd_write_stream(d);
	sd_wmb(d);
	sd_regs(d);
	sd_w(d, ST_STRTAB_BASE_CFG, bad ? c->bad : c->good);
	sd_invalidate_all(d);
	sd_enable(d);
}

static const struct strtab_cfg
	split = { .bad = 1 << 16 | 7 << 6 | 6, .good = 1 << 16 | 6 << 6 | 6 },
	fmt = { .bad = 1 << 16 | 6 << 6 | 6, .good = 6, .st_level = 3u << 27 };

RUN(queue_align)
{
	UNUSED;
	sd_open(d);
	d->cmdq_lg2 = bad ? ST_CMDQ_LG2 : ST_CMDQ_LG2 - 1;
	d->t.cmdq += UINT64_C(8) << ST_CMDQ_LG2;
	sd_stream(d, 5);
	sd_regs(d);
}

RUN(queue_size)
{
	UNUSED;
	d->cfg.idr[1] = (d->cfg.idr[1] & ~(0x1fu << 21)) | (ST_CMDQ_LG2 - bad) << 21;
	sd_open(d);
	sd_w(d, ST_CMDQ_BASE, d->t.cmdq | d->cmdq_lg2);
	sd_w(d, ST_CR0, 8);
	sd_ack(d, ST_CR0ACK, 8);
}

/* --- indexes --------------------------------------------------------------- */

RUN(prod_wrap)
{
	unsigned int i;

	UNUSED;
	up(d, 5);
	/* to the end of the ring, and once more around */
	for (i = 0; i < 130; i++) {
		sd_put(d, ST_CFGI_STE, 1);
		sd_wmb(d);
		sd_w(d, ST_CMDQ_PROD, bad ? d->prod & 63 : d->prod);
		if (bad && !(d->prod & 63))
			return;
		sd_sync(d);
	}
}

RUN(prod_full)
{
	unsigned int i;

	UNUSED;
	up(d, 5);
	/* while it is disabled, CONS stays */
	sd_w(d, ST_CR0, 4 | 1);
	sd_ack(d, ST_CR0ACK, 4 | 1);
	for (i = 0; i < 64; i++)
		sd_put(d, ST_NSNH_ALL, 0);
	sd_wmb(d);
	sd_w(d, ST_CMDQ_PROD, (d->prod + bad) & 127);
	sd_w(d, ST_CR0, 8 | 4 | 1);
	sd_ack(d, ST_CR0ACK, 8 | 4 | 1);
}

/* Split-stage ATS is for both stages. */
RUN(eats_split)
{
	UNUSED;
	iom_smmuv3_dev_ats_idr(d->cfg.idr);
	sd_open(d);
	sd_stream(d, bad ? 5 : 7);
	st_set(d->ste, 93, 92, 2);
	sd_write_stream(d);
	sd_wmb(d);
	sd_regs(d);
	sd_invalidate_all(d);
	sd_w(d, ST_CR0, 16 | 8 | 4);
	sd_ack(d, ST_CR0ACK, 16 | 8 | 4);
	sd_w(d, ST_CR0, 16 | 8 | 4 | 1);
	sd_ack(d, ST_CR0ACK, 16 | 8 | 4 | 1);
	sd_use(d, 0, SD_IOVA);
}

RUN(prod_back)
{
	UNUSED;
	up(d, 5);
	/* while an error keeps CONS where it is */
	sd_put(d, 0xff, 0);
	sd_put(d, ST_SYNC, 0);
	sd_put(d, ST_SYNC, 0);
	if (!bad)
		st_poke(&d->t, d->t.cmdq + 16 * ((d->prod - 3) & 63), ST_SYNC);
	sd_doorbell(d);
	(void)iom_smmuv3_strict_idle(d->t.s, 64);
	if (bad)
		sd_w(d, ST_CMDQ_PROD, (d->prod - 1) & 127);
}

RUN(eventq_cons)
{
	UNUSED;
	up(d, 5);
	st_xlate_sid(&d->t, 1, SD_IOVA, 1, ST_R);
	(void)iom_smmuv3_strict_idle(d->t.s, 64);
	sd_w(d, ST_EVENTQ_CONS, sd_r(d, ST_EVENTQ_PROD) + bad);
}

RUN(gerrorn)
{
	UNUSED;
	up(d, 5);
	sd_w(d, ST_GERRORN, bad ? 1 : sd_r(d, ST_GERROR));
}

/* --- enabling -------------------------------------------------------------- */

static void enable(struct sd *d, unsigned int without)
{
	sd_open(d);
	sd_stream(d, 5);
	sd_write_stream(d);
	sd_wmb(d);
	sd_regs(d);
	if (without != 1)
		sd_cmd(d, ST_CFGI_STE_RANGE, 31);
	if (without != 2)
		sd_cmd(d, ST_NSNH_ALL, 0);
	if (without != 3)
		sd_cmd(d, ST_EL2_ALL, 0);
	if (without != 4)
		sd_sync(d);
	sd_enable(d);
}

RUN(enable_without)
{
	/* EL2_ALL: nobody asks who has no EL2 stream */
	enable(d, bad ? *(const unsigned int *)arg : 3);
}

RUN(enable_el2)
{
	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	st_set(d->ste, 95, 94, 2);
	st_set(d->ste, 143, 128, 0);
	st_set(d->cd, 63, 48, 0);
	sd_write_stream(d);
	sd_wmb(d);
	sd_regs(d);
	sd_cmd(d, ST_CFGI_STE_RANGE, 31);
	sd_cmd(d, ST_NSNH_ALL, 0);
	if (!bad)
		sd_cmd(d, ST_EL2_ALL, 0);
	sd_sync(d);
	sd_enable(d);
	sd_use(d, 0, SD_IOVA);
}

static const unsigned int without[] = { 0, 1, 2, 3, 4 };

/* --- errors ---------------------------------------------------------------- */

RUN(gerror_left)
{
	UNUSED;
	up(d, 5);
	/* MSIs that go nowhere */
	sd_w(d, ST_IRQ_CTRL, 0);
	sd_ack(d, ST_IRQ_CTRLACK, 0);
	sd_w(d, ST_EVENTQ_IRQ_CFG0, UINT64_C(0x7000000));
	sd_w(d, ST_IRQ_CTRL, 5);
	sd_ack(d, ST_IRQ_CTRLACK, 5);
	sd_dma(d, 1, SD_IOVA);
	sd_dma(d, 1, SD_IOVA);
	(void)iom_smmuv3_strict_idle(d->t.s, 64);
	sd_events(d);
	(void)iom_smmuv3_strict_idle(d->t.s, 64);
	if (!bad)
		sd_w(d, ST_GERRORN, sd_r(d, ST_GERROR));
}

RUN(overflow_left)
{
	unsigned int i;

	UNUSED;
	up(d, 5);
	for (i = 0; i < 40; i++) {
		st_xlate_sid(&d->t, 1, SD_IOVA + 4096 * i, 1, ST_R);
		(void)iom_smmuv3_strict_idle(d->t.s, 8);
	}
	(void)iom_smmuv3_strict_idle(d->t.s, 64);
	if (bad) {
		d->started = false;	/* sd_finish() would acknowledge it */
		sd_w(d, ST_EVENTQ_CONS, sd_r(d, ST_EVENTQ_PROD) & 0x7fffffff);
	}
}

/* --- barriers -------------------------------------------------------------- */

RUN(barrier_cmd)
{
	unsigned int i;

	UNUSED;
	up(d, 5);
	for (i = 0; i < 4; i++) {
		sd_put(d, ST_CFGI_STE, 1);
		if (!bad)
			sd_wmb(d);
		sd_w(d, ST_CMDQ_PROD, d->prod);
	}
	sd_sync(d);
}

RUN(barrier_struct)
{
	UNUSED;
	up(d, 5);
	sd_use(d, 0, SD_IOVA);
	sd_wmb(d);
	/* the command is ordered, the STE stands behind the barrier */
	sd_put(d, ST_CFGI_STE, 1);
	if (!bad)
		st_poke(&d->t, d->t.strtab + 8, d->ste[1] ^ IOM_BIT64(49));
	sd_wmb(d);
	if (bad)
		st_poke(&d->t, d->t.strtab + 8, d->ste[1] ^ IOM_BIT64(49));
	sd_w(d, ST_CMDQ_PROD, d->prod);
	sd_sync(d);
}

RUN(barrier_v)
{
	UNUSED;
	sd_open(d);
	sd_stream(d, 5);
	st_poke_n(&d->t, d->cdptr, d->cd, 8);
	sd_regs(d);
	sd_invalidate_all(d);
	sd_enable(d);
	sd_dma(d, 0, SD_IOVA);
	sd_wmb(d);
	st_poke_n(&d->t, d->t.strtab + 8, d->ste + 1, 7);
	if (!bad) {
		sd_wmb(d);
		sd_cfgi_ste(d, 0, true);
		sd_sync(d);
	}
	st_poke(&d->t, d->t.strtab, d->ste[0]);
	sd_wmb(d);
	sd_cfgi_ste(d, 0, true);
	sd_sync(d);
}

#define R(rule, f)		{ SMMU_RULE_##rule, f, NULL }
#define A(rule, f, arg)		{ SMMU_RULE_##rule, f, &(arg) }

const struct sd_scenario sd_regs_[] = {
	A(CMD_SSEC, command, ssec), A(CMD_S1P, command, s1p), A(CMD_RANGE, command, range),
	A(CMD_CS, command, cs), A(CMD_S2P, command, s2p), A(CMD_HYP, command, hyp),
	A(CMD_ATS, command, ats), A(CMD_PRI, command, pri),
	A(CMD_STALL, command, stall), A(CMD_MPAM, command, mpam),
	A(CMD_OPCODE, command, opcode), A(CMD_RES0, command, res0),
	A(CMD_RES0, command, no_ril), A(CMD_RESERVED, command, reserved),
	R(REG_SIZE, reg_size), R(REG_RO, reg_ro), R(REG_RES0, reg_res0),
	R(REG_ABSENT, reg_absent), R(STRTAB_ENABLED, strtab_enabled),
	R(STRTAB_ENABLED, strtab_cfg_enabled), R(CR1_ENABLED, cr1_enabled),
	R(CR1_ENABLED, cr1_queue), R(CR2_ENABLED, cr2_enabled), R(CMDQ_ENABLED, cmdq_enabled),
	R(EVENTQ_ENABLED, eventq_enabled), R(CR0_ACK, cr0_ack), R(IRQ_ACK, irq_ack),
	R(GBPA_ACK, gbpa_ack), R(GBPA_UPDATE, gbpa_update), R(MSI_ENABLED, msi_enabled),
	R(STRTAB_ALIGN, strtab_align), R(STRTAB_SIZE, strtab_size),
	A(STRTAB_SPLIT, strtab_cfg, split), A(STRTAB_FMT, strtab_cfg, fmt),
	R(QUEUE_ALIGN, queue_align), R(QUEUE_SIZE, queue_size), R(PROD_WRAP, prod_wrap),
	R(PROD_FULL, prod_full), R(PROD_BACK, prod_back), R(EVENTQ_CONS, eventq_cons),
	R(GERRORN, gerrorn), A(ENABLE_CFGI, enable_without, without[1]),
	A(ENABLE_TLBI, enable_without, without[2]), A(ENABLE_SYNC, enable_without, without[4]),
	R(ENABLE_EL2, enable_el2), R(GERROR_LEFT, gerror_left),
	R(OVERFLOW_LEFT, overflow_left), R(BARRIER_CMD, barrier_cmd),
	R(BARRIER_STRUCT, barrier_struct), R(BARRIER_V, barrier_v), R(STE_EATS_SPLIT, eats_split),
};
const size_t sd_nr_regs = IOM_ARRAY_SIZE(sd_regs_);
