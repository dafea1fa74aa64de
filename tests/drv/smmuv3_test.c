/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SMMUv3 driver where things are not as usual: PASIDs, an SMMU that refuses
 * commands, that stops answering, that it cannot drive, no memory; D2, and style
 * rule 3: what hardware has not confirmed is never handed back.
 */
#include "lib/drv_box.h"
#include "lib/test.h"

#include <iom/spec/smmuv3.h>

static const uint32_t sids[] = { 0x8, 0x10 };
#define SID_COUNT	2u

static const struct drv_box_cfg stage1 = { .s1 = &iom_smmuv3_drv_s1 };

static struct iom_domain *make_domain(struct drv_box *b, const struct iom_pt_format *format)
{
	const struct iom_domain_cfg cfg = {
		.plat = &b->pt.plat, .dmem = &b->dmem,
		.pt = { .format = format, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	struct iom_domain *d;

	assert_int_equal(iom_domain_create(&cfg, &d), IOM_OK);
	return d;
}

static struct iom_range page(uint64_t iova)
{
	return (struct iom_range){ iova, iova + 0xfff };
}

static void map(struct iom_domain *d, uint64_t iova, uint64_t pa)
{
	assert_int_equal(iom_domain_map(d, page(iova), pa, IOM_PT_READ | IOM_PT_WRITE), IOM_OK);
}

/* The address that stream i reaches, or 0. */
static uint64_t reach(struct drv_box *b, unsigned int i, uint64_t iova, unsigned int more)
{
	uint64_t pa = 0;

	return drv_box_dma(b, i, iova, IOM_ACCESS_READ | more, &pa) ? 0 : pa;
}

/* --- PASIDs --- */

static void pasids_of(unsigned int bits)
{
	const struct iom_smmuv3_stream_cfg sc = { .pasid_bits = (uint8_t)bits };
	const uint32_t top = (1u << bits) - 1;
	struct iom_smmuv3_stream st;
	struct iom_domain *d[3];
	static struct drv_box b;
	unsigned int i;

	drv_box_init(&b, &stage1, sids, SID_COUNT);
	for (i = 0; i < 3; i++) {
		d[i] = make_domain(&b, &iom_pt_arm_s1);
		map(d[i], 0x10000, 0x80100000 + i * 0x1000);
	}
	assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], &sc), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&st, 1, d[1]), IOM_EBUSY);
	assert_int_equal(iom_smmuv3_drv_attach(&st, d[0]), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&st, 0, d[1]), IOM_ERANGE);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&st, top + 1, d[1]), IOM_ERANGE);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&st, 1, d[1]), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&st, 1, d[2]), IOM_EEXIST);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&st, top, d[2]), IOM_OK);
	assert_int_equal(reach(&b, 0, 0x10010, 0), 0x80100010);
	assert_int_equal(reach(&b, 0, 0x10010, IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(1)), 0x80101010);
	assert_int_equal(reach(&b, 0, 0x10010, IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(top)), 0x80102010);
	assert_int_equal(reach(&b, 0, 0x10010, IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(2)), 0);
	assert_int_equal(iom_smmuv3_drv_block(&st), IOM_EBUSY);
	/* An unmap reaches what is attached by PASID. */
	assert_int_equal(iom_domain_unmap(d[2], page(0x10000)), IOM_OK);
	assert_int_equal(reach(&b, 0, 0x10010, IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(top)), 0);
	assert_int_equal(iom_domain_destroy(d[2]), IOM_EBUSY);
	assert_int_equal(iom_smmuv3_drv_detach_pasid(&st, 1), IOM_OK);
	assert_int_equal(reach(&b, 0, 0x10010, IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(1)), 0);
	assert_int_equal(iom_smmuv3_drv_detach_pasid(&st, 1), IOM_ENOENT);
	assert_int_equal(iom_smmuv3_drv_detach_pasid(&st, top), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
	for (i = 0; i < 3; i++)
		assert_int_equal(iom_domain_destroy(d[i]), IOM_OK);
	drv_box_fini(&b, SID_COUNT);
}

static void pasids(void **state)
{
	(void)state;
	pasids_of(3);		/* a linear table */
	pasids_of(12);		/* two levels */
}

/* --- an SMMU that cannot be used --- */

struct unfit {
	const char *field;
	uint64_t reg;
	uint32_t clear, set;
};

static const struct unfit *unfit;

static uint64_t unfit_read(struct drv_box *b, uint64_t off, uint64_t val)
{
	(void)b;
	return off == unfit->reg ? (val & ~(uint64_t)unfit->clear) | unfit->set : val;
}

static void cannot_drive(void **state)
{
	static const struct unfit rows[] = {
		{ "IDR0", SMMU_IDR0, 0, UINT32_MAX },
		{ "AIDR.ArchMajorRev", SMMU_AIDR, 0, 0x10 },
		{ "IDR0.TTF", SMMU_IDR0, SMMU_IDR0_TTF, SMMU_TTF_AARCH32 << 2 },
		{ "IDR0", SMMU_IDR0, SMMU_IDR0_S1P | SMMU_IDR0_S2P, 0 },
		{ "IDR0.TTENDIAN", SMMU_IDR0, 0, SMMU_IDR0_TTENDIAN },
		{ "IDR1.QUEUES_PRESET", SMMU_IDR1, 0, SMMU_IDR1_QUEUES_PRESET },
		{ "IDR1.TABLES_PRESET", SMMU_IDR1, 0, SMMU_IDR1_TABLES_PRESET },
		{ "IDR1.CMDQS", SMMU_IDR1, SMMU_IDR1_CMDQS, 0 },
		{ "IDR5", SMMU_IDR5, SMMU_IDR5_GRAN4K | SMMU_IDR5_GRAN16K | SMMU_IDR5_GRAN64K, 0 },
	};
	struct iom_smmuv3_drv_diag why;
	static struct drv_box b;
	unsigned int i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(rows); i++) {
		drv_box_init_model(&b, &stage1, sids, SID_COUNT);
		unfit = &rows[i];
		b.on_read = unfit_read;
		assert_int_equal(drv_box_create_driver(&b, &stage1, &why), IOM_EOPNOTSUPP);
		assert_string_equal(why.field, rows[i].field);
		assert_null(b.drv);
		drv_box_fini(&b, SID_COUNT);
	}
}

/* --- an SMMU that refuses a command --- */

static unsigned int spoil;		/* TLBIs to come that are made illegal */

/* The command in front of PROD's CMD_SYNC gets an opcode that does not exist. */
static bool spoil_write(struct drv_box *b, uint64_t off, uint64_t *val)
{
	uint64_t base = 0, *cmd;

	if (off != SMMU_CMDQ_PROD || !spoil)
		return true;
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_BASE, 8, &base), IOM_OK);
	cmd = (uint64_t *)(b->mem + ((base & SMMU_Q_BASE_ADDR) - DRV_BOX_BASE)) +
	      2 * ((*val - 2) & 0xff);
	*cmd = (*cmd & ~UINT64_C(0xff)) | 0xfe;
	spoil--;
	return true;
}

/* An unmap whose TLBI was refused is not confirmed; the queue goes on. */
static void refused_command(void **state)
{
	struct iom_smmuv3_drv_stats stats;
	struct iom_smmuv3_stream st;
	struct iom_domain *d, *other;
	static struct drv_box b;

	(void)state;
	drv_box_init(&b, &stage1, sids, SID_COUNT);
	d = make_domain(&b, &iom_pt_arm_s1);
	other = make_domain(&b, &iom_pt_arm_s1);
	map(d, 0x10000, 0x80100000);
	map(other, 0x10000, 0x80200000);
	assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], NULL), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach(&st, d), IOM_OK);
	assert_int_equal(reach(&b, 0, 0x10000, 0), 0x80100000);
	b.on_write = spoil_write;
	spoil = 1;
	assert_int_equal(iom_domain_unmap(d, page(0x10000)), IOM_EIO);
	assert_true(iom_domain_dead(d));
	assert_int_equal(iom_domain_map(d, page(0x20000), 0x80300000, IOM_PT_READ), IOM_EIO);
	assert_int_equal(iom_domain_unmap(d, page(0x10000)), IOM_EIO);
	iom_smmuv3_drv_stats(b.drv, &stats);
	assert_int_equal(stats.command_errors, 1);
	/* The SMMU itself is alive. */
	assert_false(iom_smmuv3_drv_dead(b.drv));
	assert_int_equal(iom_smmuv3_drv_attach(&st, other), IOM_OK);
	assert_int_equal(reach(&b, 0, 0x10000, 0), 0x80200000);
	assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
	assert_int_equal(iom_domain_destroy(other), IOM_OK);
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	/* The dead one's tables are not free: hardware may be walking them. */
	assert_true(b.live_pages > 0);
	iom_smmuv3_drv_destroy(b.drv);
	b.drv = NULL;
	assert_true(b.live_pages > 0);
	b.live_pages = 0;
	drv_box_fini(&b, SID_COUNT);
}

/* --- an SMMU that stops answering --- */

static bool silent;

static bool drop_prod(struct drv_box *b, uint64_t off, uint64_t *val)
{
	(void)b;
	(void)val;
	return !(silent && off == SMMU_CMDQ_PROD);
}

static void no_answer(void **state)
{
	struct drv_box_cfg cfg = stage1;
	/* Kept, with all they point to: hardware may be at them for ever. */
	static struct drv_box both[2];
	static struct iom_smmuv3_stream streams[2];
	static struct iom_domain *domains[2];
	struct iom_smmuv3_stream *st;
	struct iom_domain *d;
	struct drv_box *b = both;
	uint64_t pages;

	(void)state;
	cfg.timeout_turns = 50;
	for (; b < both + 2; b++) {
		cfg.no_sync_msi = b != both;
		st = &streams[b != both];
		drv_box_init(b, &cfg, sids, SID_COUNT);
		d = domains[b != both] = make_domain(b, &iom_pt_arm_s1);
		map(d, 0x10000, 0x80100000);
		assert_int_equal(iom_smmuv3_drv_stream_add(b->drv, st, sids[0], NULL), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_attach(st, d), IOM_OK);
		assert_int_equal(reach(b, 0, 0x10000, 0), 0x80100000);
		b->on_write = drop_prod;
		silent = true;
		pages = b->live_pages;
		assert_int_equal(iom_domain_unmap(d, page(0x10000)), IOM_EIO);
		assert_true(iom_smmuv3_drv_dead(b->drv) && iom_domain_dead(d));
		/* It reaches it still: that is why it may not be used again. */
		assert_int_equal(reach(b, 0, 0x10000, 0), 0x80100000);
		assert_int_equal(b->live_pages, pages);
		assert_int_equal(iom_smmuv3_drv_block(st), IOM_EIO);
		assert_int_equal(iom_smmuv3_drv_stream_remove(st), IOM_EIO);
		assert_int_equal(iom_smmuv3_drv_destroy(b->drv), IOM_EBUSY);
		assert_int_equal(iom_domain_destroy(d), IOM_EBUSY);
		silent = false;
	}
}

/* --- the answer came in time, and the thread looked too late --- */

static struct drv_box *away;	/* its PROD is held back until the next look at the clock */
static uint64_t held_prod, clock_ns;

static bool hold_prod(struct drv_box *b, uint64_t off, uint64_t *val)
{
	if (off != SMMU_CMDQ_PROD)
		return true;
	away = b;
	held_prod = *val;
	return false;
}

/* The wait's first look sets the deadline; at the next all is done, and it is long over. */
static uint64_t clock_of_one_away(struct iom_plat *p)
{
	static bool begun;

	(void)p;
	if (away && begun) {
		clock_ns += UINT64_C(3600000000000);
		assert_int_equal(iom_smmuv3_dev_write(away->dev, SMMU_CMDQ_PROD, 4, held_prod),
				 IOM_OK);
		away = NULL;
	}
	begun = away;
	return clock_ns;
}

static void kept_off_the_cpu(void **state)
{
	struct drv_box_cfg cfg = stage1;
	struct iom_smmuv3_stream st;
	struct iom_domain *d;
	struct drv_box b;
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		cfg.no_sync_msi = i;
		drv_box_init(&b, &cfg, sids, SID_COUNT);
		d = make_domain(&b, &iom_pt_arm_s1);
		map(d, 0x10000, 0x80100000);
		assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], NULL), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_attach(&st, d), IOM_OK);
		b.pt.plat.ops.now_ns = clock_of_one_away;
		b.on_write = hold_prod;
		assert_int_equal(iom_domain_unmap(d, page(0x10000)), IOM_OK);
		assert_int_equal(reach(&b, 0, 0x10000, 0), 0);
		b.on_write = NULL;
		assert_false(iom_smmuv3_drv_dead(b.drv));
		assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
		assert_int_equal(iom_domain_destroy(d), IOM_OK);
		drv_box_fini(&b, SID_COUNT);
	}
}

static bool drop_cr0(struct drv_box *b, uint64_t off, uint64_t *val)
{
	(void)b;
	return off != SMMU_CR0 || !(*val & SMMU_CR0_CMDQEN);
}

static void never_starts(void **state)
{
	struct drv_box_cfg cfg = stage1;
	struct iom_smmuv3_drv_diag why;
	static struct drv_box b;

	(void)state;
	cfg.timeout_turns = 50;
	drv_box_init_model(&b, &cfg, sids, SID_COUNT);
	b.on_write = drop_cr0;
	assert_int_equal(drv_box_create_driver(&b, &cfg, &why), IOM_EIO);
	assert_null(b.drv);
	drv_box_fini(&b, SID_COUNT);
}

static unsigned int drop_in;		/* this write that is acknowledged is lost; 0: none is */
static bool dropped;

static bool drop_nth(struct drv_box *b, uint64_t off, uint64_t *val)
{
	(void)b;
	(void)val;
	if ((off != SMMU_CR0 && off != SMMU_IRQ_CTRL) || !drop_in || --drop_in)
		return true;
	dropped = true;
	return false;
}

/* 6.3.9: each of them, once: told by IOM_EIO, in a state from which the same call succeeds. */
static void each_acknowledge(void **state)
{
	struct drv_box_cfg cfg = stage1;
	static struct drv_box b;
	unsigned int n;
	int rc;

	(void)state;
	cfg.timeout_turns = 50;
	for (n = 1, dropped = true; dropped; n++) {
		drv_box_init_model(&b, &cfg, sids, SID_COUNT);
		b.on_write = drop_nth;
		drop_in = n;
		dropped = false;
		rc = drv_box_create_driver(&b, &cfg, NULL);
		if (rc) {
			assert_true(rc == IOM_EIO && dropped);
			assert_int_equal(b.live_pages, 0);
			assert_int_equal(drv_box_create_driver(&b, &cfg, NULL), IOM_OK);
		}
		rc = iom_smmuv3_drv_destroy(b.drv);
		if (rc) {
			assert_true(rc == IOM_EIO && dropped && b.live_pages);
			assert_int_equal(iom_smmuv3_drv_destroy(b.drv), IOM_OK);
		}
		b.drv = NULL;
		drv_box_fini(&b, SID_COUNT);
	}
	assert_true(n > 7);
}

/* --- no memory: the nth allocation of either kind fails --- */

static int a_life(struct drv_box *b)
{
	const struct iom_smmuv3_stream_cfg sc = { .pasid_bits = 12 };
	const struct iom_domain_cfg cfg = {
		.plat = &b->pt.plat, .dmem = &b->dmem,
		.pt = { .format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	struct iom_smmuv3_stream st;
	struct iom_domain *d;
	int rc = drv_box_create_driver(b, &stage1, NULL);

	if (rc)
		return rc;
	rc = iom_domain_create(&cfg, &d);
	if (rc)
		goto driver;
	rc = iom_domain_map(d, page(0x10000), 0x80100000, IOM_PT_READ);
	if (rc)
		goto domain;
	rc = iom_smmuv3_drv_stream_add(b->drv, &st, sids[0], &sc);
	if (rc)
		goto domain;
	rc = iom_smmuv3_drv_attach(&st, d);
	if (!rc)
		rc = iom_smmuv3_drv_attach_pasid(&st, 0xabc, d);
	if (!rc) {
		assert_int_equal(reach(b, 0, 0x10000, 0), 0x80100000);
		assert_int_equal(reach(b, 0, 0x10000, IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(0xabc)),
				 0x80100000);
		/* Neither taking back nor ending needs memory. */
		assert_int_equal(iom_smmuv3_drv_detach_pasid(&st, 0xabc), IOM_OK);
	}
	assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
domain:
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
driver:
	assert_int_equal(iom_smmuv3_drv_destroy(b->drv), IOM_OK);
	b->drv = NULL;
	return rc;
}

static void no_memory(void **state)
{
	static struct drv_box b;
	unsigned int n, kind, failures = 0;
	bool failed;
	int rc;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		for (n = 1, failed = true; failed; n++) {
			drv_box_init_model(&b, &stage1, sids, SID_COUNT);
			if (kind)
				b.alloc_left = n;
			else
				plat_test_fail_nth(&b.pt, (long)n);
			rc = a_life(&b);
			failed = kind ? !b.alloc_left : plat_test_failed(&b.pt);
			/* A shorter list of invalidations is the one thing done without. */
			if (!failed)
				assert_int_equal(rc, IOM_OK);
			else if (rc)
				assert_int_equal(rc, IOM_ENOMEM);
			failures += failed;
			drv_box_fini(&b, SID_COUNT);
		}
	}
	assert_true(failures > 15);
}

/* --- a nesting parent --- */

/* D4: what goes from stage 2 goes from what was combined with it, too. */
static void nest_parent(void **state)
{
	struct iom_smmuv3_drv_stats before, after;
	struct iom_smmuv3_stream st;
	struct iom_domain_cfg cfg;
	static struct drv_box b;
	struct iom_domain *d;
	unsigned int parent;

	(void)state;
	drv_box_init(&b, &stage1, sids, SID_COUNT);
	cfg = (struct iom_domain_cfg){
		.plat = &b.pt.plat, .dmem = &b.dmem, .nest_parent = true,
		.pt = { .format = &iom_pt_arm_s1, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	assert_int_equal(iom_domain_create(&cfg, &d), IOM_EINVAL);
	cfg.pt.format = &iom_pt_arm_s2;
	for (parent = 0; parent < 2; parent++) {
		cfg.nest_parent = parent;
		assert_int_equal(iom_domain_create(&cfg, &d), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], NULL), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_attach(&st, d), IOM_OK);
		map(d, 0x10000, 0x80100000);
		assert_int_equal(reach(&b, 0, 0x10000, 0), 0x80100000);
		iom_smmuv3_drv_stats(b.drv, &before);
		assert_int_equal(iom_domain_unmap(d, page(0x10000)), IOM_OK);
		iom_smmuv3_drv_stats(b.drv, &after);
		assert_int_equal(reach(&b, 0, 0x10000, 0), 0);
		assert_int_equal(after.commands - before.commands, 1 + parent);
		assert_int_equal(after.syncs - before.syncs, 1);
		assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
		assert_int_equal(iom_domain_destroy(d), IOM_OK);
	}
	drv_box_fini(&b, SID_COUNT);
}

/* --- faults --- */

struct told {
	unsigned int n;
	struct iom_fault f;
};

static enum iom_fault_answer on_fault(void *arg, const struct iom_fault *f)
{
	struct told *t = arg;

	t->n++;
	t->f = *f;
	return IOM_FAULT_ABORT;
}

/* 3.18: the interrupt of the event queue as a message. */
static void message(void **state)
{
	struct drv_box_cfg cfg = stage1;
	const uint64_t doorbell = DRV_BOX_BASE + (DRV_BOX_PAGES - 1) * UINT64_C(4096);
	struct iom_smmuv3_stream st;
	static struct drv_box b;
	struct iom_domain *d;
	uint32_t data;

	(void)state;
	cfg.evtq_msi = (struct iom_smmuv3_drv_msi){ .addr = doorbell, .data = 0x1234 };
	drv_box_init(&b, &cfg, sids, SID_COUNT);
	d = make_domain(&b, &iom_pt_arm_s1);
	assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], NULL), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_attach(&st, d), IOM_OK);
	memcpy(&data, b.mem + (doorbell - DRV_BOX_BASE), 4);
	assert_int_not_equal(data, 0x1234);
	assert_int_equal(reach(&b, 0, 0x10000, 0), 0);
	memcpy(&data, b.mem + (doorbell - DRV_BOX_BASE), 4);
	assert_int_equal(data, 0x1234);
	assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	drv_box_fini(&b, SID_COUNT);
}

static void faults(void **state)
{
	struct told t = { 0 };
	const struct drv_box_cfg cfg = {
		.s1 = &iom_smmuv3_drv_s1, .fault = on_fault, .arg = &t,
	};
	struct iom_smmuv3_stream st;
	static struct drv_box b;
	struct iom_domain *d;
	uint64_t pa;
	unsigned int i;

	(void)state;
	drv_box_init(&b, &cfg, sids, SID_COUNT);
	d = make_domain(&b, &iom_pt_arm_s1);
	assert_int_equal(iom_domain_map(d, page(0x10000), 0x80100000, IOM_PT_READ), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_add(b.drv, &st, sids[0], NULL), IOM_OK);
	/* Aborted streams are silent. */
	assert_int_equal(reach(&b, 0, 0x10000, 0), 0);
	iom_smmuv3_drv_irq(b.drv);
	assert_int_equal(t.n, 0);
	assert_int_equal(iom_smmuv3_drv_attach(&st, d), IOM_OK);
	assert_int_not_equal(drv_box_dma(&b, 0, 0x20008, IOM_ACCESS_WRITE, &pa), IOM_OK);
	iom_smmuv3_drv_irq(b.drv);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.f.kind, IOM_FAULT_TRANSLATION);
	assert_int_equal(t.f.flags, IOM_FAULT_WRITE);
	assert_int_equal(t.f.sid, sids[0]);
	assert_int_equal(t.f.iova, 0x20008);
	assert_int_not_equal(drv_box_dma(&b, 0, 0x10010, IOM_ACCESS_WRITE, &pa), IOM_OK);
	iom_smmuv3_drv_irq(b.drv);
	assert_int_equal(t.f.kind, IOM_FAULT_PERMISSION);
	/* A stream that nobody added: its STE aborts; beyond the table: recorded. */
	assert_int_not_equal(drv_box_dma(&b, 1, 0x10010, IOM_ACCESS_READ, &pa), IOM_OK);
	/* More than the queue holds: as many as fit, then the rest again. */
	for (i = 0; i < 300; i++)
		reach(&b, 0, 0x100000 + i * 0x1000, 0);
	t.n = 0;
	iom_smmuv3_drv_irq(b.drv);
	assert_in_range(t.n, 100, 300);
	reach(&b, 0, 0x777000, 0);
	iom_smmuv3_drv_irq(b.drv);
	assert_int_equal(t.f.iova, 0x777000);
	assert_int_equal(iom_smmuv3_drv_stream_remove(&st), IOM_OK);
	assert_int_equal(iom_domain_destroy(d), IOM_OK);
	drv_box_fini(&b, SID_COUNT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pasids),
		cmocka_unit_test(cannot_drive),
		cmocka_unit_test(refused_command),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(kept_off_the_cpu),
		cmocka_unit_test(never_starts),
		cmocka_unit_test(each_acknowledge),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(nest_parent),
		cmocka_unit_test(faults),
		cmocka_unit_test(message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
