/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the command queue confirms, and what it does not (IHI 0070: 4.7.3, 7.1; style
 * rule 3): commands refused far in front of their CMD_SYNC, while CONS moves, with nobody
 * waiting; messages that never come, and numbers that wrap; attachments after it.
 */
#include "lib/drv_box.h"
#include "lib/test.h"

#include "drv/smmuv3_drv_int.h"

static const uint32_t sids[] = { 0x8, 0x10 };
#define SID_COUNT	2u
#define IOVA		UINT64_C(0x10000)
#define RING		256u

struct rig {
	struct drv_box b;
	struct iom_smmuv3_stream st;
	struct iom_domain *d, *other;
};

static struct drv_box_cfg plain(void)
{
	struct drv_box_cfg cfg = { .s1 = &iom_smmuv3_drv_s1, .timeout_turns = 400 };

	iom_smmuv3_dev_default_idr(cfg.idr);
	cfg.idr[3] &= ~SMMU_IDR3_RIL;
	return cfg;
}

static struct iom_domain *make_domain(struct drv_box *b)
{
	const struct iom_domain_cfg cfg = {
		.plat = &b->pt.plat, .dmem = &b->dmem,
		.pt = { .format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	struct iom_domain *d;

	assert_int_equal(iom_domain_create(&cfg, &d), IOM_OK);
	return d;
}

static struct iom_range pages(unsigned int n)
{
	return (struct iom_range){ IOVA, IOVA + n * UINT64_C(0x1000) - 1 };
}

static void rig_init(struct rig *r, const struct drv_box_cfg *cfg, unsigned int n)
{
	drv_box_init(&r->b, cfg, sids, SID_COUNT);
	r->d = make_domain(&r->b);
	r->other = make_domain(&r->b);
	assert_int_equal(iom_domain_map(r->d, pages(n), 0x80100000, IOM_PT_READ), IOM_OK);
	assert_int_equal(iom_domain_map(r->other, pages(1), 0x80200000, IOM_PT_READ), IOM_OK);
	/* Of the ports, the second may have an ATC. */
	assert_int_equal(iom_smmuv3_drv_stream_add(r->b.drv, &r->st, sids[1], NULL), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach(&r->st, r->d), IOM_OK);
}

/* dead: r->d's tables stay for ever. */
static void rig_fini(struct rig *r, bool dead)
{
	r->b.on_write = NULL;
	r->b.on_read = NULL;
	assert_int_equal(iom_smmuv3_drv_stream_remove(&r->st), IOM_OK);
	assert_int_equal(iom_domain_destroy(r->other), IOM_OK);
	assert_int_equal(iom_domain_destroy(r->d), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_destroy(r->b.drv), IOM_OK);
	r->b.drv = NULL;
	if (dead)
		r->b.live_pages = 0;
	drv_box_fini(&r->b, SID_COUNT);
}

static uint64_t errors(struct rig *r)
{
	struct iom_smmuv3_drv_stats st;

	iom_smmuv3_drv_stats(r->b.drv, &st);
	return st.command_errors;
}

/* --- between driver and model: commands on their way --- */

static unsigned int spoil;	/* the next command of this opcode, the last of its run, is none */
static bool no_messages, silent, late;
static uint64_t cons_then;	/* when that happened; told once more, if late */

static uint64_t *command(struct drv_box *b, uint64_t pos)
{
	uint64_t base = 0;

	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_BASE, 8, &base), IOM_OK);
	return (uint64_t *)(b->mem + ((base & SMMU_Q_BASE_ADDR) - DRV_BOX_BASE)) +
	       2 * (pos % RING);
}

static bool on_write(struct drv_box *b, uint64_t off, uint64_t *val)
{
	uint64_t pos, cons = 0, *w, *last = NULL;

	if (off != SMMU_CMDQ_PROD)
		return true;
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_CONS, 4, &cons), IOM_OK);
	for (pos = cons; (pos ^ *val) % (2 * RING); pos++) {
		w = command(b, pos);
		if (spoil && (*w & 0xff) == spoil)
			last = w;
		if (no_messages && (*w & 0xff) == SMMU_CMD_SYNC)
			*w &= ~SMMU_CMD_SYNC0_CS;
	}
	if (last) {
		*last |= 0xfe;
		spoil = 0;
		cons_then = cons;
		late = true;
	}
	return !silent;
}

static bool tell_late;

static uint64_t on_read(struct drv_box *b, uint64_t off, uint64_t val)
{
	(void)b;
	if (off != SMMU_CMDQ_CONS || !late || !tell_late)
		return val;
	late = false;
	return cons_then;
}

static void watch(struct rig *r, unsigned int opcode)
{
	spoil = opcode;
	late = false;
	tell_late = no_messages = silent = false;
	r->b.on_write = on_write;
	r->b.on_read = on_read;
}

/* --- refused --- */

/* More commands than go out at a time; the refused one has no CMD_SYNC in its run. */
static void refused_far_ahead(void **state)
{
	struct drv_box_cfg cfg = plain();
	static struct rig r;

	(void)state;
	rig_init(&r, &cfg, 40);
	watch(&r, SMMU_CMD_TLBI_NH_VA);
	assert_int_equal(iom_domain_unmap(r.d, pages(40)), IOM_EIO);
	assert_int_equal(errors(&r), 1);
	assert_true(iom_domain_dead(r.d));
	rig_fini(&r, true);
}

/* CONS is read, then the SMMU comes to the bad command: that one is mended, once. */
static void refused_meanwhile(void **state)
{
	struct drv_box_cfg cfg = plain();
	static struct rig r;

	(void)state;
	rig_init(&r, &cfg, 3);
	watch(&r, SMMU_CMD_TLBI_NH_VA);
	tell_late = true;
	assert_int_equal(iom_domain_unmap(r.d, pages(3)), IOM_EIO);
	assert_false(late);
	assert_int_equal(errors(&r), 1);
	rig_fini(&r, true);
}

/* An answer that is refused: nobody waits for it, and the queue goes on. */
static void refused_answer(void **state)
{
	const struct iom_fault f = { .flags = IOM_FAULT_STALLED, .sid = 0x10, .tag = 3 };
	struct drv_box_cfg cfg = plain();
	uint64_t prod = 0, cons = 1;
	static struct rig r;

	(void)state;
	rig_init(&r, &cfg, 1);
	watch(&r, SMMU_CMD_RESUME);
	assert_int_equal(iom_smmuv3_drv_resume(r.b.drv, &f, IOM_FAULT_RETRY), IOM_OK);
	iom_smmuv3_drv_irq(r.b.drv);
	assert_int_equal(errors(&r), 1);
	assert_int_equal(iom_smmuv3_dev_read(r.b.dev, SMMU_CMDQ_PROD, 4, &prod), IOM_OK);
	assert_int_equal(iom_smmuv3_dev_read(r.b.dev, SMMU_CMDQ_CONS, 4, &cons), IOM_OK);
	assert_int_equal((prod ^ cons) % (2 * RING), 0);
	assert_int_equal(iom_domain_unmap(r.d, pages(1)), IOM_OK);
	rig_fini(&r, false);
}

/* --- messages --- */

static void no_message(void **state)
{
	struct drv_box_cfg cfg = plain();
	static struct rig r;

	(void)state;
	rig_init(&r, &cfg, 1);
	assert_non_null(r.b.drv->cmdq.done_slot);
	watch(&r, 0);
	no_messages = true;
	assert_int_equal(iom_domain_unmap(r.d, pages(1)), IOM_OK);
	assert_false(iom_smmuv3_drv_dead(r.b.drv));
	rig_fini(&r, false);
}

/* 2^32 commands: the number in a message wraps, and the one that is 0 is one as well. */
static void numbers_wrap(void **state)
{
	struct drv_box_cfg cfg = plain();
	struct smmu_cmdq *q;
	static struct rig r;
	uint64_t at;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		rig_init(&r, &cfg, 1);
		watch(&r, 0);
		q = &r.b.drv->cmdq;
		at = q->prod % (2 * RING);
		q->prod = q->done = (UINT64_C(1) << 32) - 2 * RING + at;
		if ((q->prod ^ i) & 1)
			assert_int_equal(iomi_smmuv3_drv_issue(r.b.drv, NULL, 0,
							       &(struct smmu_ticket){ 0 }, true),
					 IOM_OK);
		while (q->prod < (UINT64_C(1) << 32) + RING) {
			assert_int_equal(iom_domain_unmap(r.d, pages(1)), IOM_OK);
			assert_int_equal(iom_domain_map(r.d, pages(1), 0x80100000, IOM_PT_READ),
					 IOM_OK);
		}
		rig_fini(&r, false);
	}
}

/* A slot that was not used for more than 2^31 commands says nothing. */
static void old_message(void **state)
{
	struct drv_box_cfg cfg = plain();
	static struct rig r;		/* kept: the SMMU never answers */
	struct smmu_cmdq *q;
	unsigned int i;

	(void)state;
	rig_init(&r, &cfg, 1);
	watch(&r, 0);
	q = &r.b.drv->cmdq;
	for (i = 0; i < RING; i++)
		atomic_store(&q->done_slot[i], (uint32_t)(q->prod + (UINT64_C(3) << 29)));
	silent = true;
	assert_int_equal(iom_domain_unmap(r.d, pages(1)), IOM_EIO);
	assert_true(iom_smmuv3_drv_dead(r.b.drv));
}

/* --- attachments after it --- */

/* A change that was not confirmed leaves the stream aborted; going back is a change too. */
static void back_again(void **state)
{
	struct drv_box_cfg cfg = plain();
	static struct rig r;
	uint64_t pa = 0;

	(void)state;
	rig_init(&r, &cfg, 1);
	watch(&r, SMMU_CMD_CFGI_CD);
	assert_int_equal(iom_smmuv3_drv_attach(&r.st, r.other), IOM_EIO);
	assert_int_not_equal(drv_box_dma(&r.b, 1, IOVA, IOM_ACCESS_READ, &pa), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach(&r.st, r.d), IOM_OK);
	assert_int_equal(drv_box_dma(&r.b, 1, IOVA, IOM_ACCESS_READ, &pa), IOM_OK);
	assert_int_equal(pa, 0x80100000);
	/* What was not confirmed keeps the other for ever. */
	assert_int_equal(iom_smmuv3_drv_block(&r.st), IOM_OK);
	assert_int_equal(iom_domain_destroy(r.d), IOM_OK);
	assert_int_equal(iom_domain_destroy(r.other), IOM_EBUSY);
}

/* The endpoint did not confirm that it forgot a domain: the domain does not forget it. */
static void atc_keeps_domain(void **state)
{
	struct drv_box_cfg cfg = plain();
	static struct rig r;

	(void)state;
	iom_smmuv3_dev_ats_idr(cfg.idr);
	cfg.atc = true;
	rig_init(&r, &cfg, 1);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&r.st, true), IOM_OK);
	watch(&r, SMMU_CMD_ATC_INV);
	assert_int_equal(iom_smmuv3_drv_attach(&r.st, r.other), IOM_EIO);
	assert_int_equal(spoil, 0);
	assert_int_equal(iom_domain_destroy(r.d), IOM_EBUSY);
}

/* 3.13: no hardware update of descriptors past the caches. */
static uint64_t not_coherent(struct drv_box *b, uint64_t off, uint64_t val)
{
	(void)b;
	return off == SMMU_IDR0 ? val & ~(uint64_t)SMMU_IDR0_COHACC : val;
}

static void dirty_needs_coherence(void **state)
{
	struct drv_box_cfg cfg = plain();
	struct iom_smmuv3_drv_caps caps;
	static struct drv_box b;

	(void)state;
	cfg.idr[0] |= IOM_FIELD_PREP(SMMU_IDR0_HTTU, SMMU_HTTU_AF_DIRTY);
	drv_box_init_model(&b, &cfg, sids, SID_COUNT);
	b.on_read = not_coherent;
	assert_int_equal(drv_box_create_driver(&b, &cfg, NULL), IOM_OK);
	iom_smmuv3_drv_caps(b.drv, &caps);
	assert_false(caps.coherent || caps.dirty);
	drv_box_fini(&b, SID_COUNT);
}

/* No memory: what firmware left running is stopped all the same. */
static void stopped_without_memory(void **state)
{
	struct drv_box_cfg cfg = plain();
	uint64_t val = 0;
	static struct drv_box b;

	(void)state;
	drv_box_init_model(&b, &cfg, sids, SID_COUNT);
	assert_int_equal(iom_smmuv3_dev_write(b.dev, SMMU_CR0, 4, SMMU_CR0_CMDQEN), IOM_OK);
	b.alloc_left = 1;
	assert_int_equal(drv_box_create_driver(&b, &cfg, NULL), IOM_ENOMEM);
	assert_int_equal(iom_smmuv3_dev_read(b.dev, SMMU_CR0ACK, 4, &val), IOM_OK);
	assert_int_equal(val, 0);
	assert_int_equal(iom_smmuv3_dev_read(b.dev, SMMU_GBPA, 4, &val), IOM_OK);
	assert_true(val & SMMU_GBPA_ABORT);
	drv_box_fini(&b, SID_COUNT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_far_ahead),
		cmocka_unit_test(refused_meanwhile),
		cmocka_unit_test(refused_answer),
		cmocka_unit_test(no_message),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(old_message),
		cmocka_unit_test(back_again),
		cmocka_unit_test(atc_keeps_domain),
		cmocka_unit_test(dirty_needs_coherence),
		cmocka_unit_test(stopped_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
