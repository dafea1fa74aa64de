/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers, command queue, event queue, GERROR, interrupts: what software
 * writes and reads, and what happens when memory fails under the SMMU.
 */
#include "fakes/gmem_fake.h"
#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define NOWHERE	UINT64_C(0x10000000)

static unsigned int error(struct st *t)
{
	return (unsigned int)(st_r(t, ST_CMDQ_CONS) >> 24 & 0x7f);
}

/* Puts a SYNC in the place of the bad command and goes on. */
static void recover(struct st *t)
{
	st_poke(t, t->cmdq + 16 * (st_r(t, ST_CMDQ_CONS) & 63), ST_SYNC);
	st_w(t, ST_GERRORN, st_r(t, ST_GERROR));
	ST_REQUIRE(!error(t) && st_r(t, ST_CMDQ_CONS) == st_r(t, ST_CMDQ_PROD));
}

/* --- registers --- */

static void access_widths(void **state)
{
	static const uint16_t reg64[] = { ST_STRTAB_BASE, ST_CMDQ_BASE, ST_EVENTQ_BASE,
					  ST_GERROR_IRQ_CFG0, ST_EVENTQ_IRQ_CFG0 };
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t val, want;
	unsigned int i;
	struct st t;

	(void)state;
	st_open_off(&t, &cfg, BASE);
	for (i = 0; i < 5; i++) {
		want = i > 2 ? 0x000ffffffffffffc : i ? 0x400fffffffffffff :
						       0x400fffffffffffc0;
		assert_int_equal(iom_smmuv3_dev_write(t.s, reg64[i], 8, UINT64_MAX), 0);
		assert_int_equal(iom_smmuv3_dev_read(t.s, reg64[i], 8, &val), 0);
		assert_int_equal(val, want);
		/* In halves. */
		assert_int_equal(iom_smmuv3_dev_write(t.s, reg64[i], 4, 0x12345640), 0);
		assert_int_equal(iom_smmuv3_dev_read(t.s, reg64[i], 8, &val), 0);
		assert_int_equal(val, (want & ~UINT64_C(0xffffffff)) | (0x12345640 & want));
		assert_int_equal(iom_smmuv3_dev_write(t.s, reg64[i] + 4u, 4, 0xa), 0);
		assert_int_equal(iom_smmuv3_dev_read(t.s, reg64[i] + 4u, 4, &val), 0);
		assert_int_equal(val, 0xa);
		assert_int_equal(iom_smmuv3_dev_read(t.s, reg64[i], 4, &val), 0);
		assert_int_equal(val, 0x12345640 & want);
	}
	/* Not 64 bits, not aligned, not there: RAZ/WI, and the embedder is told. */
	assert_int_equal(iom_smmuv3_dev_read(t.s, ST_CR0, 8, &val), IOM_EINVAL);
	assert_int_equal(iom_smmuv3_dev_read(t.s, ST_STRTAB_BASE + 4, 8, &val), IOM_EINVAL);
	assert_int_equal(iom_smmuv3_dev_write(t.s, ST_CR0, 2, 1), IOM_EINVAL);
	assert_int_equal(iom_smmuv3_dev_write(t.s, ST_CR0 + 1, 4, 1), IOM_EINVAL);
	assert_int_equal(iom_smmuv3_dev_read(t.s, 0x20000, 4, &val), IOM_EINVAL);
	assert_int_equal(iom_smmuv3_dev_read(t.s, UINT64_MAX - 3, 4, &val), IOM_EINVAL);
	assert_int_equal(val, 0);
	st_close(&t);
}

/* Every 32-bit register but those that have bits keeps 0, whatever is written. */
static void res0_registers(void **state)
{
	static const uint32_t live[] = {
		0x20, 0x28, 0x2c, 0x44, 0x50, 0x64, 0x68, 0x6c, 0x70, 0x74, 0x80, 0x84, 0x88,
		0x90, 0x94, 0x98, 0x9c, 0xa0, 0xa4, 0xb0, 0xb4, 0xb8, 0xbc, 0x100a8, 0x100ac,
	};
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t off, before, after;
	unsigned int i;
	struct st t;

	(void)state;
	st_open_off(&t, &cfg, BASE);
	st_w(&t, ST_IRQ_CTRL, 0);
	for (off = 0; off < 0x20000; off += 4) {
		for (i = 0; i < sizeof(live) / sizeof(live[0]) && live[i] != off; i++)
			;
		if (i < sizeof(live) / sizeof(live[0]))
			continue;
		assert_int_equal(iom_smmuv3_dev_read(t.s, off, 4, &before), 0);
		assert_int_equal(iom_smmuv3_dev_write(t.s, off, 4, ~before), 0);
		assert_int_equal(iom_smmuv3_dev_read(t.s, off, 4, &after), 0);
		assert_int_equal(before, after);
		if (off > 0x1c)
			assert_int_equal(after, 0);
	}
	/* And none of them wrote another. */
	for (i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
		assert_int_equal(iom_smmuv3_dev_read(t.s, live[i], 4, &after), 0);
		assert_int_equal(after, live[i] == ST_GBPA ? 0x1000 : 0);
	}
	st_close(&t);
}

static void locked_registers(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_w(&t, ST_CMDQ_BASE, 0);
	st_w(&t, ST_EVENTQ_BASE, 0);
	st_w(&t, ST_EVENTQ_PROD, 5);
	st_w(&t, ST_CMDQ_CONS, 5);
	assert_int_equal(st_r(&t, ST_CMDQ_BASE), t.cmdq | ST_CMDQ_LG2);
	assert_int_equal(st_r(&t, ST_EVENTQ_BASE), t.evtq | ST_EVTQ_LG2);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), st_r(&t, ST_CMDQ_PROD));
	/* An MSI's address while its interrupt is on. */
	st_w(&t, ST_EVENTQ_IRQ_CFG0, 0x1000);
	assert_int_equal(st_r(&t, ST_EVENTQ_IRQ_CFG0), 0);
	st_w(&t, ST_IRQ_CTRL, 1);
	assert_int_equal(st_r(&t, ST_IRQ_CTRLACK), 1);
	st_w(&t, ST_EVENTQ_IRQ_CFG0, 0x1000);
	st_w(&t, ST_GERROR_IRQ_CFG0, 0x1000);
	assert_int_equal(st_r(&t, ST_EVENTQ_IRQ_CFG0), 0x1000);
	assert_int_equal(st_r(&t, ST_GERROR_IRQ_CFG0), 0);
	st_close(&t);
}

/* --- command queue --- */

/* 4.1: each cause of CERROR_ILL, in a queue that goes on afterwards. */
static void illegal_commands(void **state)
{
	static const struct {
		uint64_t w0, w1;
		uint32_t clear0;	/* IDR0 bits that the SMMU lacks */
		uint32_t clear3;
	} row[] = {
		{ ST_CFGI_STE | 1 << 10, 1, 0, 0 },		/* SSec */
		{ ST_SYNC | 3 << 12, 0, 0, 0 },			/* CS */
		{ ST_NH_VA, 1 << 10, 0, 0 },			/* TG without NUM, SCALE, TTL */
		{ ST_S2_IPA, 3 << 10, 0, 0 },
		{ ST_EL2_VAA, 2 << 10, 0, 0 },
		{ ST_EL2_ALL, 0, 1u << 9, 0 },
		{ ST_EL2_VA, 0, 1u << 9, 0 },
		{ ST_S12_VMALL, 0, 1u | 1u << 18, 1u << 4 | 1u << 8 },
		{ ST_S2_IPA, 0, 1u | 1u << 18, 1u << 4 | 1u << 8 },
		{ ST_CFGI_VMS_PIDM, 0, 0, 0 },
		{ ST_EL3_ALL, 0, 0, 0 }, { ST_EL3_VA, 0, 0, 0 },
		{ ST_ATC_INV, 0, 0, 0 }, { ST_PRI_RESP, 0, 0, 0 },
		{ ST_RESUME, 0, 0, 0 }, { ST_STALL_TERM, 0, 0, 0 },
	};
	struct iom_smmuv3_stats stats;
	struct iom_smmuv3_dev_cfg cfg;
	unsigned int i;
	struct st t;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		cfg = st_cfg();
		cfg.idr[0] &= ~row[i].clear0;
		cfg.idr[3] &= ~row[i].clear3;
		st_open(&t, &cfg, BASE);
		st_cmd(&t, row[i].w0, row[i].w1);
		assert_int_equal(error(&t), 1);
		recover(&t);
		iom_smmuv3_dev_stats(t.s, &stats);
		assert_int_equal(stats.command_errors, 1);
		st_close(&t);
	}
	/* Without RIL these bits are RES0. */
	cfg = st_cfg();
	cfg.idr[3] &= ~(1u << 10);
	st_open(&t, &cfg, BASE);
	st_cmd(&t, ST_NH_VA, 1 << 10);
	assert_int_equal(error(&t), 0);
	st_close(&t);
}

/* CERROR_ABT: the fetch failed. It is tried again when acknowledged. */
static void fetch_aborts(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t base;
	uint32_t at;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	at = (uint32_t)st_r(&t, ST_CMDQ_CONS);
	base = t.own.base;
	t.own.base = NOWHERE << 8;		/* memory is away for a while */
	st_w(&t, ST_CMDQ_PROD, at + 1);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at | 2 << 24);
	assert_int_equal(st_r(&t, ST_GERROR), 1);
	t.own.base = base;
	st_poke(&t, t.cmdq + 16 * at, ST_SYNC);
	st_w(&t, ST_GERRORN, 1);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 1);
	/* A second error is a second interrupt, and toggles back. */
	st_cmd(&t, 0, 0);
	assert_int_equal(st_r(&t, ST_GERROR), 0);
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_GERROR], 2);
	recover(&t);
	st_close(&t);
}

/* Around the ring more than once, with the wrap bit; and a queue of one entry. */
static void queue_wraps(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_stats a, b;
	unsigned int i;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	iom_smmuv3_dev_stats(t.s, &a);
	for (i = 0; i < 200; i++)
		st_cmd(&t, i & 1 ? ST_SYNC : ST_NSNH_ALL, 0);
	iom_smmuv3_dev_stats(t.s, &b);
	assert_int_equal(b.commands - a.commands, 200);
	assert_int_equal(b.syncs - a.syncs, 100);
	/* One entry: index has no bits, the wrap bit is bit 0. */
	st_w(&t, ST_CR0, 4);
	st_w(&t, ST_CMDQ_BASE, t.cmdq);
	st_w(&t, ST_CMDQ_CONS, 0);
	st_w(&t, ST_CMDQ_PROD, 0);
	st_w(&t, ST_CR0, 12);
	st_poke(&t, t.cmdq, ST_SYNC);
	for (i = 1; i <= 5; i++) {
		st_w(&t, ST_CMDQ_PROD, i & 1);
		assert_int_equal(st_r(&t, ST_CMDQ_CONS), i & 1);
	}
	iom_smmuv3_dev_stats(t.s, &a);
	assert_int_equal(a.syncs - b.syncs, 5);
	/* A PROD that says more than the ring holds ends too. */
	st_w(&t, ST_CMDQ_PROD, 0xfffff);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), 1);
	st_w(&t, ST_CMDQ_PROD, 0xffffe);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), 0);
	st_close(&t);
}

/* LOG2SIZE above IDR1 counts as IDR1's. */
static void queue_size_limit(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	unsigned int i;
	struct st t;

	(void)state;
	cfg.idr[1] = (cfg.idr[1] & ~(31u << 21 | 31u << 16)) | 2u << 21 | 1u << 16;
	st_open_off(&t, &cfg, BASE);
	st_w(&t, ST_CMDQ_BASE, t.cmdq | 31);
	st_w(&t, ST_EVENTQ_BASE, t.evtq | 31);
	for (i = 0; i < 4; i++)
		st_poke(&t, t.cmdq + 16 * i, ST_SYNC);
	st_poke(&t, t.cmdq + 64, 0xff);
	st_w(&t, ST_CR0, 8);
	st_w(&t, ST_CMDQ_PROD, 4);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), 4);
	st_w(&t, ST_CMDQ_PROD, 0);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), 0);
	st_w(&t, ST_CR0, 13);
	st_w(&t, ST_STRTAB_BASE_CFG, 1);
	for (i = 0; i < 3; i++)
		assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0x80000002);
	st_close(&t);
}

/* CMDQEN = 0 stops the queue where it is; nothing is lost. */
static void disabled_queue(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint32_t at;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	at = (uint32_t)st_r(&t, ST_CMDQ_CONS);
	st_w(&t, ST_CR0, 5);
	assert_int_equal(st_r(&t, ST_CR0ACK), 5);
	st_cmd(&t, ST_SYNC, 0);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at);
	st_w(&t, ST_CR0, 13);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 1);
	st_close(&t);
}

/* --- CMD_SYNC --- */

static void sync_signals(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t msi;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	msi = st_alloc(&t, 64);
	st_cmd(&t, ST_SYNC | 1 << 12, 0);		/* no address: the wire */
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_CMD_SYNC], 1);
	st_cmd(&t, ST_SYNC | 2 << 12, 0);
	assert_int_equal(t.sevs, 1);
	st_cmd(&t, ST_SYNC | UINT64_C(0x12345678) << 32, msi + 4);	/* CS = 0: nothing */
	assert_int_equal(st_peek(&t, msi), 0);
	st_poke(&t, msi, UINT64_MAX);
	st_cmd(&t, ST_SYNC | 1 << 12 | UINT64_C(0x12345678) << 32, msi + 4);
	assert_int_equal(st_peek(&t, msi), UINT64_C(0x12345678ffffffff));	/* 32 bits */
	/* 4.7.3: the wire, if there is one, whatever the address */
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_CMD_SYNC], 2);
	/* A message that cannot be written: the SYNC is complete all the same. */
	st_cmd(&t, ST_SYNC | 1 << 12, NOWHERE);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), st_r(&t, ST_CMDQ_PROD));
	assert_int_equal(st_r(&t, ST_GERROR), 1 << 4);
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_GERROR], 1);
	st_close(&t);
	/* IDR0.MSI = 0: the wire, whatever the address; IDR0.SEV = 0: no SEV. */
	cfg.idr[0] &= ~(1u << 13 | 1u << 14);
	st_open(&t, &cfg, BASE);
	msi = st_alloc(&t, 64);
	st_cmd(&t, ST_SYNC | 1 << 12 | UINT64_C(0x12345678) << 32, msi);
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_CMD_SYNC], 1);
	assert_int_equal(st_peek(&t, msi), 0);
	st_cmd(&t, ST_SYNC | 2 << 12, 0);
	assert_int_equal(t.sevs, 0);
	/* 6.3.19: nor are there errors of messages. */
	st_w(&t, ST_GERRORN, 0xf0);
	assert_int_equal(st_r(&t, ST_GERRORN), 0);
	st_close(&t);
}

/* 6.3.9: a field goes its way whatever becomes of the others; one under way is not changed. */
static void cr0_fields(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint32_t at;
	struct st t;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	st_open(&t, &cfg, BASE);
	iom_access_begin(&t.access);
	st_w(&t, ST_CR0, 8 | 4);
	assert_int_equal(st_r(&t, ST_CR0), 8 | 4);
	assert_int_equal(st_r(&t, ST_CR0ACK), 8 | 4 | 1);
	st_w(&t, ST_CR0, 4);
	assert_int_equal(st_r(&t, ST_CR0), 4);
	assert_int_equal(st_r(&t, ST_CR0ACK), 4 | 1);
	at = (uint32_t)st_r(&t, ST_CMDQ_CONS);
	st_cmd(&t, ST_NSNH_ALL, 0);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at);
	st_w(&t, ST_CR0, 8 | 1);
	assert_int_equal(st_r(&t, ST_CR0), 8);
	assert_int_equal(st_r(&t, ST_CR0ACK), 8 | 1);
	iom_access_end(&t.access);
	st_r(&t, ST_CR0ACK);
	assert_int_equal(st_r(&t, ST_CR0ACK), 8);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 1);
	st_w(&t, ST_CR0, 8 | 4 | 1);
	assert_int_equal(st_r(&t, ST_CR0ACK), 8 | 4 | 1);
	st_close(&t);
}

/* A SYNC waits for the accesses begun before it, and for no later one. */
static void sync_waits(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint32_t at;
	struct st t;

	(void)state;
	cfg.mode = IOM_SMMUV3_STEP;
	st_open(&t, &cfg, BASE);
	at = (uint32_t)st_r(&t, ST_CMDQ_CONS);
	iom_access_begin(&t.access);
	st_cmd(&t, ST_NSNH_ALL, 0);
	st_cmd(&t, ST_SYNC, 0);
	st_cmd(&t, ST_NSNH_ALL, 0);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 1);
	assert_int_equal(iom_smmuv3_dev_run(t.s), IOM_EAGAIN);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 1);
	iom_access_end(&t.access);
	iom_access_begin(&t.access);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 3);
	/* Disabled while it waits: it is still there afterwards. */
	st_cmd(&t, ST_SYNC, 0);
	st_w(&t, ST_CR0, 5);
	iom_access_end(&t.access);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 3);
	st_w(&t, ST_CR0, 13);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 4);
	st_close(&t);
}

/* WORKER: a doorbell wakes, and nothing runs before run(). */
static void worker_mode(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_dev *none;
	struct iom_smmuv3_diag diag;
	unsigned int wakes, i;
	uint32_t at;
	struct st t;

	(void)state;
	cfg.mode = IOM_SMMUV3_WORKER;
	st_open(&t, &cfg, BASE);
	at = (uint32_t)st_r(&t, ST_CMDQ_CONS);
	wakes = t.wakes;
	for (i = 0; i < 8; i++)
		st_cmd(&t, ST_NSNH_ALL, 0);
	assert_int_equal(t.wakes, wakes + 8);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at);
	assert_int_equal(iom_smmuv3_dev_run(t.s), IOM_OK);
	assert_int_equal(st_r(&t, ST_CMDQ_CONS), at + 8);
	cfg.plat = &t.pt.plat;
	cfg.gmem = &t.own.g;
	assert_int_equal(iom_smmuv3_dev_create(&cfg, &none, &diag), IOM_EINVAL);
	assert_string_equal(diag.field, "wake");
	st_close(&t);
}

/* --- event queue --- */

static void event_queue_off(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	st_w(&t, ST_CR0, 9);
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0);
	st_w(&t, ST_CR0, 13);
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_true(st_event(&t, ev));
	st_close(&t);
}

/* A record that cannot be written: EVENTQ_ABT_ERR, and nothing more until it is acknowledged. */
static void event_queue_abort(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct iom_smmuv3_stats stats;
	struct gmem_fake f;
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	gmem_fake_init(&f, &t.dma.g);
	f.open = true;
	t.port.gmem = &f.g;
	gmem_fake_fail_nth(&f, 9, IOM_EIO);	/* after the 8 words of the STE */
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0);
	assert_int_equal(st_r(&t, ST_GERROR), 1 << 2);
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 0);
	st_w(&t, ST_GERRORN, 1 << 2);
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), 1);
	iom_smmuv3_dev_stats(t.s, &stats);
	assert_int_equal(stats.events, 1);
	assert_int_equal(stats.events_lost, 1);
	assert_int_equal(stats.translations_refused, 3);
	t.port.gmem = &t.dma.g;
	st_close(&t);
}

static void event_msis(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	uint64_t msi, ev[4];
	struct st t;

	(void)state;
	st_open(&t, &cfg, BASE);
	msi = st_alloc(&t, 64);
	st_w(&t, ST_IRQ_CTRL, 0);
	st_w(&t, ST_EVENTQ_IRQ_CFG0, msi);
	st_w(&t, ST_EVENTQ_IRQ_CFG0 + 8, 0x1111);
	st_w(&t, ST_GERROR_IRQ_CFG0, msi + 8);
	st_w(&t, ST_GERROR_IRQ_CFG0 + 8, 0x2222);
	/* Disabled: nothing, and it is not made up for later. */
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	st_w(&t, ST_IRQ_CTRL, 5);
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_peek(&t, msi), 0);
	while (st_event(&t, ev))
		;
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_peek(&t, msi), 0x1111);
	st_cmd(&t, 0, 0);
	assert_int_equal(st_peek(&t, msi + 8), 0x2222);
	/* 3.18.2: wires as well */
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_EVENTQ], 1);
	assert_int_equal(t.irqs[IOM_SMMUV3_IRQ_GERROR], 1);
	recover(&t);
	/* Both where no memory is. */
	while (st_event(&t, ev))
		;
	st_w(&t, ST_IRQ_CTRL, 0);
	st_w(&t, ST_EVENTQ_IRQ_CFG0, NOWHERE);
	st_w(&t, ST_GERROR_IRQ_CFG0, NOWHERE);
	st_w(&t, ST_IRQ_CTRL, 5);
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_int_equal(st_r(&t, ST_EVENTQ_PROD), st_r(&t, ST_EVENTQ_CONS) + 1);
	assert_int_equal(st_r(&t, ST_GERROR) ^ st_r(&t, ST_GERRORN), 1 << 5 | 1 << 7);
	st_close(&t);
}

/* 3.4.3, 6.3: addresses of queues and messages are cut to the OAS. */
static void beyond_oas(void **state)
{
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	const uint64_t high = UINT64_C(1) << 45;
	uint64_t msi, val, ev[4];
	struct st t;

	(void)state;
	cfg.idr[5] = 2 | 1 << 4;	/* 40 bits, 4K */
	st_open(&t, &cfg, BASE);
	msi = st_alloc(&t, 64);
	st_w(&t, ST_CR0, 0);
	st_w(&t, ST_CMDQ_BASE, st_r(&t, ST_CMDQ_BASE) | high);
	st_w(&t, ST_EVENTQ_BASE, st_r(&t, ST_EVENTQ_BASE) | high);
	st_w(&t, ST_CR0, 8 | 4 | 1);
	assert_int_equal(iom_smmuv3_dev_read(t.s, ST_CMDQ_BASE, 8, &val), 0);
	assert_true(val >> 40 == 0);
	st_w(&t, ST_IRQ_CTRL, 0);
	st_w(&t, ST_EVENTQ_IRQ_CFG0, msi | high);
	st_w(&t, ST_EVENTQ_IRQ_CFG0 + 8, 0x1111);
	st_w(&t, ST_IRQ_CTRL, 5);
	assert_int_equal(st_xlate(&t, 0, ST_R).rc, IOM_EFAULT);
	assert_true(st_event(&t, ev));
	assert_int_equal(st_peek(&t, msi), 0x1111);
	st_cmd(&t, ST_SYNC | 1 << 12 | UINT64_C(0x2222) << 32, high | (msi + 8));
	assert_int_equal(st_peek(&t, msi + 8), 0x2222);
	/* Not 0, so there is a message; cut, it is one to 0. */
	st_cmd(&t, ST_SYNC | 1 << 12, high);
	assert_int_equal(st_r(&t, ST_GERROR), 1 << 4);
	st_close(&t);
}

/* --- the constructor --- */

static void impossible_sets(void **state)
{
	static const struct {
		unsigned int reg;
		uint32_t clear, set;
		int rc;
		const char *field;
	} row[] = {
		{ 0, 0, 1u << 5, IOM_EOPNOTSUPP, "IDR0.BTM" },
		{ 0, 0, 3u << 6, IOM_EOPNOTSUPP, "IDR0.HTTU" },
		{ 0, 0, 1u << 16, IOM_EINVAL, "IDR0.PRI" },	/* without ATS */
		/* 6.3.1, 6.3.4: RES0 without what they are of */
		{ 0, 0, 1u << 11, IOM_EINVAL, "IDR0.NS1ATS" },
		{ 0, 0, 1u << 23, IOM_EINVAL, "IDR0.ATSRECERR" },
		{ 3, 0, 1u << 5, IOM_EINVAL, "IDR3.PPS" },
		{ 0, 3u << 2, 0, IOM_EOPNOTSUPP, "IDR0.TTF" },
		{ 0, 0, 3u << 24, IOM_EINVAL, "IDR0.STALL_MODEL" },
		{ 0, 3u << 24, 0, IOM_EINVAL, "IDR5.STALL_MAX" },
		{ 0, 3u << 27, 2u << 27, IOM_EINVAL, "IDR0.ST_LEVEL" },
		{ 0, 0, 1u << 31, IOM_EINVAL, "IDR0-5" },
		{ 0, 3, 0, IOM_EINVAL, "IDR0.S1P" },
		{ 1, 63, 33, IOM_EINVAL, "IDR1.SIDSIZE" },
		{ 1, 31u << 6, 21u << 6, IOM_EINVAL, "IDR1.SSIDSIZE" },
		{ 1, 31u << 21, 20u << 21, IOM_EINVAL, "IDR1.CMDQS" },
		{ 1, 31u << 6, 0, IOM_EINVAL, "IDR0.CD2L" },
		{ 1, 0, 1u << 31, IOM_EOPNOTSUPP, "IDR1.ECMDQ" },
		{ 2, 0, 1, IOM_EINVAL, "IDR0-5" },
		{ 3, 0, 1u << 7, IOM_EOPNOTSUPP, "IDR3.MPAM" },
		{ 3, 0, 3u << 11, IOM_EINVAL, "IDR3.BBML" },
		{ 5, 7u << 4, 0, IOM_EINVAL, "IDR5.GRAN4K" },
		{ 5, 0, 7, IOM_EOPNOTSUPP, "IDR5.OAS" },
		{ 5, 3u << 6, 0, IOM_EINVAL, "IDR5.OAS" },
		{ 5, 0, 1u << 16, IOM_EINVAL, "IDR5.STALL_MAX" },
	};
	struct iom_smmuv3_dev_cfg cfg;
	struct iom_smmuv3_diag diag;
	struct iom_smmuv3_dev *s;
	unsigned int i;
	struct st t;

	(void)state;
	cfg = st_cfg();
	st_open_off(&t, &cfg, BASE);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		cfg = st_cfg();
		cfg.plat = &t.pt.plat;
		cfg.gmem = &t.own.g;
		cfg.idr[row[i].reg] = (cfg.idr[row[i].reg] & ~row[i].clear) | row[i].set;
		diag.why = NULL;
		assert_int_equal(iom_smmuv3_dev_create(&cfg, &s, &diag), row[i].rc);
		assert_string_equal(diag.field, row[i].field);
		assert_true(diag.why && *diag.why);
		assert_int_equal(iom_smmuv3_dev_create(&cfg, &s, NULL), row[i].rc);
	}
	st_close(&t);
}

/* Each single bit that is advertised can be left out, with what needs it. */
static void each_bit_off(void **state)
{
	struct iom_smmuv3_dev_cfg cfg;
	struct iom_smmuv3_dev *s;
	unsigned int reg, bit, made = 0;
	struct st t;

	(void)state;
	cfg = st_cfg();
	st_open_off(&t, &cfg, BASE);
	for (reg = 0; reg < 6; reg++) {
		for (bit = 0; bit < 32; bit++) {
			cfg = st_cfg();
			cfg.plat = &t.pt.plat;
			cfg.gmem = &t.own.g;
			if (!(cfg.idr[reg] >> bit & 1))
				continue;
			cfg.idr[reg] &= ~(1u << bit);
			if (reg == 0 && bit <= 1)	/* a stage with what belongs to it */
				cfg.idr[0] &= bit ? ~(1u << 9 | 1u << 12 | 1u << 19) : ~(1u << 18);
			if (reg == 0 && bit == 1)
				cfg.idr[1] &= ~(31u << 6);
			if (reg == 0 && bit == 0)
				cfg.idr[3] &= ~(1u << 4 | 1u << 8);
			if (iom_smmuv3_dev_create(&cfg, &s, NULL)) {
				/* TTF and TTENDIAN have one value; STALL_MAX goes with stalls. */
				assert_true(reg == 0 && (bit == 3 || bit == 22 || bit == 24));
				continue;
			}
			made++;
			iom_smmuv3_dev_destroy(s);
		}
	}
	assert_true(made > 30);
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(access_widths),
		cmocka_unit_test(res0_registers),
		cmocka_unit_test(locked_registers),
		cmocka_unit_test(illegal_commands),
		cmocka_unit_test(fetch_aborts),
		cmocka_unit_test(queue_wraps),
		cmocka_unit_test(queue_size_limit),
		cmocka_unit_test(disabled_queue),
		cmocka_unit_test(sync_signals),
		cmocka_unit_test(cr0_fields),
		cmocka_unit_test(sync_waits),
		cmocka_unit_test(worker_mode),
		cmocka_unit_test(event_queue_off),
		cmocka_unit_test(event_queue_abort),
		cmocka_unit_test(event_msis),
		cmocka_unit_test(beyond_oas),
		cmocka_unit_test(impossible_sets),
		cmocka_unit_test(each_bit_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
