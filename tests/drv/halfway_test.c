/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver where something fails half-way: each allocation of a life once, on the strict
 * model; each command of a life refused once, or its fetch aborted. What failed has
 * changed nothing, or is known not to be known, and is asked for again (D2, F3, style
 * rule 3).
 */
#include <iom/spec/smmuv3.h>

#include "drv/smmuv3_drv_int.h"
#include "lib/drv_box.h"
#include "lib/test.h"

static const uint32_t sids[] = { 0x8, 0x310 };
#define SID_COUNT	2u
#define DOMAINS		3u
#define RING		256u
#define PAGE		UINT64_C(0x1000)
#define BIG_IOVA	UINT64_C(0x7ffe000)	/* up to the middle of a block, and over */
#define BIG_PAGES	520u
#define PA(n)		(UINT64_C(0x81000000) + (n) * UINT64_C(0x100000))

/* --- a life: steps, each of which can be asked for again --- */

struct life {
	struct drv_box b;
	const struct iom_pt_format *format;
	struct iom_domain *d[DOMAINS];
	struct iom_smmuv3_stream st[SID_COUNT];
	bool there[SID_COUNT];
};

static bool is_s1(const struct life *l)
{
	return l->format == &iom_pt_arm_s1;
}

static struct iom_range pages(uint64_t iova, unsigned int n)
{
	return (struct iom_range){ iova, iova + n * PAGE - 1 };
}

static int make(struct life *l, unsigned int i)
{
	const struct iom_domain_cfg cfg = {
		.plat = &l->b.pt.plat, .dmem = &l->b.dmem,
		.pt = { .format = l->format, .granule_lg2 = 12, .ia_bits = 40, .oa_bits = 44 },
	};
	int rc = iom_domain_create(&cfg, &l->d[i]);

	return rc ? rc : iom_domain_map(l->d[i], pages(0x10000, 4), PA(i), IOM_PT_READ);
}

static int make_domain(struct life *l, unsigned int i)
{
	/* Made, and not mapped: only the latter is left to do. */
	if (l->d[i])
		return iom_domain_map(l->d[i], pages(0x10000, 4), PA(i), IOM_PT_READ);
	return make(l, i);
}

static int add_stream(struct life *l, unsigned int i)
{
	const struct iom_smmuv3_stream_cfg sc = { .pasid_bits = is_s1(l) ? 12 : 0 };
	int rc = iom_smmuv3_drv_stream_add(l->b.drv, &l->st[i], sids[i], &sc);

	l->there[i] |= !rc;
	return rc;
}

static int step_big(struct life *l, unsigned int i)
{
	return iom_domain_map(l->d[i], pages(BIG_IOVA, BIG_PAGES), PA(4), IOM_PT_READ);
}

static int step_attach(struct life *l, unsigned int i)
{
	return iom_smmuv3_drv_attach(&l->st[i], l->d[0]);
}

static int step_switch(struct life *l, unsigned int i)
{
	return iom_smmuv3_drv_attach(&l->st[i], l->d[2]);
}

static int step_ats(struct life *l, unsigned int i)
{
	int rc = iom_smmuv3_drv_stream_ats(&l->st[i], true);

	l->b.atc_on |= !rc;
	return rc;
}

static int step_pasid(struct life *l, unsigned int i)
{
	return is_s1(l) ? iom_smmuv3_drv_attach_pasid(&l->st[0], i, l->d[1]) : IOM_OK;
}

static int step_unmap(struct life *l, unsigned int i)
{
	return iom_domain_unmap(l->d[i], pages(BIG_IOVA, BIG_PAGES));
}

static int step_no_pasid(struct life *l, unsigned int i)
{
	return is_s1(l) ? iom_smmuv3_drv_detach_pasid(&l->st[0], i) : IOM_OK;
}

static int step_no_ats(struct life *l, unsigned int i)
{
	l->b.atc_on = false;		/* the endpoint's own bit */
	return iom_smmuv3_drv_stream_ats(&l->st[i], false);
}

static int step_block(struct life *l, unsigned int i)
{
	return iom_smmuv3_drv_block(&l->st[i]);
}

static const struct {
	int (*do_it)(struct life *l, unsigned int i);
	unsigned int i;
} steps[] = {
	{ make_domain, 0 }, { make_domain, 1 }, { make_domain, 2 },
	{ add_stream, 0 }, { add_stream, 1 },
	{ step_attach, 0 }, { step_attach, 1 }, { step_ats, 1 },
	{ step_big, 0 }, { step_pasid, 5 }, { step_pasid, 0xabc }, { step_switch, 1 },
	/* from here on nothing is needed */
	{ step_unmap, 0 }, { step_no_pasid, 0xabc }, { step_no_pasid, 5 }, { step_no_ats, 1 },
	{ step_block, 0 }, { step_block, 1 },
};
#define NEEDS	12u

/* Which of some places each stream reaches. */
struct seen {
	uint64_t pa[SID_COUNT][3][2];
};

static struct seen look(struct life *l)
{
	static const uint32_t pasid[3] = { 0, 5, 0xabc };
	static const uint64_t iova[2] = { 0x12000, BIG_IOVA + 300 * PAGE };
	struct seen s = { 0 };
	unsigned int i, p, k, more;

	for (i = 0; i < SID_COUNT; i++) {
		for (p = 0; p < 3; p++) {
			more = pasid[p] ? IOM_SMMUV3_SSV | IOM_SMMUV3_SSID(pasid[p]) : 0;
			for (k = 0; k < 2 && !(i && p); k++)
				drv_box_dma(&l->b, i, iova[k], IOM_ACCESS_READ | more,
					    &s.pa[i][p][k]);
		}
	}
	iom_smmuv3_drv_irq(l->b.drv);
	return s;
}

static struct drv_box_cfg cfg_of(bool strict)
{
	struct drv_box_cfg cfg = {
		.s1 = &iom_smmuv3_drv_s1, .strict = strict, .atc = true, .timeout_turns = 20000,
	};

	iom_smmuv3_dev_default_idr(cfg.idr);
	iom_smmuv3_dev_ats_idr(cfg.idr);
	return cfg;
}

static void begin(struct life *l, const struct drv_box_cfg *cfg, bool s1)
{
	memset(l, 0, sizeof(*l));
	l->format = s1 ? &iom_pt_arm_s1 : &iom_pt_arm_s2;
	drv_box_init_model(&l->b, cfg, sids, SID_COUNT);
}

static void end(struct life *l)
{
	unsigned int i;

	for (i = 0; i < SID_COUNT; i++)
		assert_int_equal(iom_smmuv3_drv_stream_remove(&l->st[i]), IOM_OK);
	for (i = 0; i < DOMAINS; i++)
		assert_int_equal(iom_domain_destroy(l->d[i]), IOM_OK);
	drv_box_fini(&l->b, SID_COUNT);
}

/* --- no memory --- */

static void fail_nth(struct life *l, bool dmem, unsigned int n)
{
	if (dmem)
		l->b.alloc_left = n;
	else
		plat_test_fail_nth(&l->b.pt, (long)n);
}

static bool has_failed(const struct life *l, bool dmem, unsigned int n)
{
	return dmem ? n && !l->b.alloc_left : plat_test_failed(&l->b.pt);
}

/* A life in which the nth allocation fails. False: there are fewer. */
static bool short_life(const struct drv_box_cfg *cfg, bool s1, bool dmem, unsigned int n)
{
	static struct life l;
	struct seen before, after;
	bool failed;
	unsigned int i;
	int rc;

	begin(&l, cfg, s1);
	fail_nth(&l, dmem, n);
	rc = drv_box_create_driver(&l.b, cfg, NULL);
	failed = has_failed(&l, dmem, n);
	if (rc) {
		assert_true(failed && rc == IOM_ENOMEM);
		assert_int_equal(l.b.live_pages, 0);
		assert_int_equal(drv_box_create_driver(&l.b, cfg, NULL), IOM_OK);
	}
	for (i = 0; i < NEEDS; i++) {
		before = look(&l);
		rc = steps[i].do_it(&l, steps[i].i);
		if (rc) {
			assert_int_equal(rc, IOM_ENOMEM);
			assert_false(failed);
			failed = true;
			/* Nobody notices. */
			after = look(&l);
			assert_memory_equal(&after, &before, sizeof(before));
			rc = steps[i].do_it(&l, steps[i].i);
		}
		assert_int_equal(rc, IOM_OK);
	}
	failed |= has_failed(&l, dmem, n);
	before = look(&l);
	assert_int_equal(before.pa[0][0][0], PA(0) + 2 * PAGE);
	assert_int_equal(before.pa[0][0][1], PA(4) + 300 * PAGE);
	assert_int_equal(before.pa[0][1][0], s1 ? PA(1) + 2 * PAGE : 0);
	assert_int_equal(before.pa[0][2][0], s1 ? PA(1) + 2 * PAGE : 0);
	assert_int_equal(before.pa[1][0][0], PA(2) + 2 * PAGE);
	/* Neither taking back nor ending asks for any (style rule 3). */
	fail_nth(&l, false, 1);
	fail_nth(&l, true, 1);
	for (; i < IOM_ARRAY_SIZE(steps); i++)
		assert_int_equal(steps[i].do_it(&l, steps[i].i), IOM_OK);
	before = look(&l);
	for (i = 0; i < SID_COUNT; i++)
		assert_int_equal(before.pa[i][0][0], 0);
	end(&l);
	assert_false(plat_test_failed(&l.b.pt));
	assert_int_equal(l.b.alloc_left, 1);
	return failed;
}

static void no_memory(void **state)
{
	struct drv_box_cfg cfg = cfg_of(true);
	unsigned int n, kind, failures = 0;
	struct test_rng rng;

	(void)state;
	test_rng_init(&rng);
	for (kind = 0; kind < 4; kind++) {
		cfg.seed = test_rng_u64(&rng);
		for (n = 1; short_life(&cfg, kind & 1, kind & 2, n); n++)
			failures++;
	}
	assert_true(failures > 60);
}

/* --- commands that are refused, and fetches that abort --- */

static unsigned int spoil_in;		/* this command from now on is none; 0: none is */
static bool spoiled;

static bool on_write(struct drv_box *b, uint64_t off, uint64_t *val)
{
	uint64_t base = 0, cons = 0, pos, *ring;

	if (off != SMMU_CMDQ_PROD || !spoil_in)
		return true;
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_BASE, 8, &base), IOM_OK);
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_CONS, 4, &cons), IOM_OK);
	ring = (uint64_t *)(b->mem + ((base & SMMU_Q_BASE_ADDR) - DRV_BOX_BASE));
	for (pos = cons; (pos ^ *val) % (2 * RING) && spoil_in; pos++) {
		if (--spoil_in)
			continue;
		ring[2 * (pos % RING)] |= 0xff;
		spoiled = true;
	}
	return true;
}

/* What is not confirmed may stay for ever: kept, for who looks for leaks. */
static struct iom_domain *kept[1024];
static unsigned int nr_kept;

static void end_with_quarantine(struct life *l)
{
	unsigned int i, k;
	uint64_t pa;

	l->b.atc_on = false;
	for (i = 0; i < SID_COUNT; i++) {
		if (l->st[i].ats)
			assert_int_equal(iom_smmuv3_drv_stream_ats(&l->st[i], false), IOM_OK);
		assert_int_equal(iom_smmuv3_drv_stream_remove(&l->st[i]), IOM_OK);
		for (k = 0; k < DOMAINS; k++)
			assert_int_not_equal(drv_box_dma(&l->b, i, 0x10000, IOM_ACCESS_READ, &pa),
					     IOM_OK);
	}
	for (i = 0; i < DOMAINS; i++) {
		if (iom_domain_destroy(l->d[i]))
			kept[nr_kept++] = l->d[i];
	}
	assert_int_equal(iom_smmuv3_drv_destroy(l->b.drv), IOM_OK);
	l->b.drv = NULL;
	l->b.live_pages = 0;
}

/* Where a stream is that may be anywhere: told again, it is there. */
static void mend(struct life *l)
{
	unsigned int i;

	for (i = 0; i < SID_COUNT; i++) {
		if (l->st[i].torn && l->st[i].domain)
			assert_int_equal(iom_smmuv3_drv_attach(&l->st[i], l->st[i].domain), IOM_OK);
		assert_false(l->st[i].torn && l->st[i].domain);
	}
}

/* A life in which the nth command is refused. False: there are fewer. */
static bool refused_life(const struct drv_box_cfg *cfg, bool s1, unsigned int n)
{
	static struct life l;
	unsigned int i, eio = 0;
	struct seen now;
	long idle;
	int rc;

	begin(&l, cfg, s1);
	idle = plat_test_live(&l.b.pt);
	l.b.on_write = on_write;
	spoil_in = n;
	spoiled = false;
	rc = drv_box_create_driver(&l.b, cfg, NULL);
	if (rc) {
		assert_true(spoiled && rc == IOM_EIO);
		assert_int_equal(l.b.live_pages, 0);
		assert_int_equal(drv_box_create_driver(&l.b, cfg, NULL), IOM_OK);
		eio++;
	}
	for (i = 0; i < IOM_ARRAY_SIZE(steps); i++) {
		rc = steps[i].do_it(&l, steps[i].i);
		if (rc) {
			/* Once, and only to who was refused; never twice. */
			assert_int_equal(rc, IOM_EIO);
			assert_true(spoiled && !eio++);
			if (iom_domain_dead(l.d[0]))
				continue;
			mend(&l);
			rc = steps[i].do_it(&l, steps[i].i);
			/* It took place, or may have, and counts so. */
			if (rc == IOM_EEXIST)
				rc = steps[i].do_it == step_pasid ? IOM_OK : rc;
			if (rc == IOM_ENOENT)
				rc = steps[i].do_it == step_no_pasid ? IOM_OK : rc;
		}
		assert_int_equal(rc, IOM_OK);
		if (i + 1 == NEEDS && eio) {
			now = look(&l);
			assert_int_equal(now.pa[0][0][0], PA(0) + 2 * PAGE);
			assert_int_equal(now.pa[1][0][0], PA(2) + 2 * PAGE);
			assert_int_equal(now.pa[0][0][1], PA(4) + 300 * PAGE);
		}
	}
	assert_int_equal(spoiled, eio);
	if (!eio) {
		spoil_in = 0;
		end(&l);
		return false;
	}
	end_with_quarantine(&l);
	atomic_store(&l.b.pt.live, idle);
	drv_box_fini(&l.b, SID_COUNT);
	return true;
}

static void refused(void **state)
{
	const struct drv_box_cfg cfg = cfg_of(false);
	unsigned int n, kind, failures = 0;

	(void)state;
	for (kind = 0; kind < 2; kind++) {
		for (n = 1; refused_life(&cfg, kind, n); n++)
			failures++;
	}
	assert_true(failures > 60);
	spoil_in = 0;
}

/* --- fetches of commands that abort --- */

static struct iom_gmem_ops memory;	/* the model's, as it was */
static uint64_t ring_pa;
static unsigned int abort_in, aborts;	/* this fetch from now on, and so many after each other */

static bool on_base(struct drv_box *b, uint64_t off, uint64_t *val)
{
	(void)b;
	if (off == SMMU_CMDQ_BASE)
		ring_pa = *val & SMMU_Q_BASE_ADDR;
	return true;
}

static int abort_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	if (addr - ring_pa >= RING * 16 || !abort_in || --abort_in)
		return memory.read(g, addr, buf, len);
	/* Of several together the first may still be good: the model looks at it alone. */
	aborts -= len == 16;
	abort_in = aborts != 0;
	return IOM_EFAULT;
}

static int no_map(struct iom_gmem *g, uint64_t addr, size_t len, unsigned int access, void **ptr,
		  size_t *got)
{
	(void)g;
	(void)addr;
	(void)len;
	(void)access;
	(void)ptr;
	(void)got;
	return IOM_EOPNOTSUPP;
}

/* 7.1: fetched again, and nobody notices; an SMMU that never gets its commands is dead. */
static bool aborted_life(const struct drv_box_cfg *cfg, unsigned int n)
{
	struct iom_smmuv3_drv_stats stats;
	static struct life l;
	unsigned int i;
	bool all;

	begin(&l, cfg, true);
	memory = l.b.gmem.g.ops;
	l.b.gmem.g.ops.read = abort_read;
	l.b.gmem.g.ops.map = no_map;
	l.b.on_write = on_base;
	abort_in = n;
	aborts = 1 + n % 8;
	assert_int_equal(drv_box_create_driver(&l.b, cfg, NULL), IOM_OK);
	for (i = 0; i < IOM_ARRAY_SIZE(steps); i++)
		assert_int_equal(steps[i].do_it(&l, steps[i].i), IOM_OK);
	all = abort_in;
	abort_in = 0;
	iom_smmuv3_drv_stats(l.b.drv, &stats);
	assert_int_equal(stats.command_errors, all ? 0 : 1 + n % 8);
	end(&l);
	return !all;
}

static void aborted(void **state)
{
	const struct drv_box_cfg cfg = cfg_of(false);
	static struct life l;
	unsigned int n;

	(void)state;
	for (n = 1; aborted_life(&cfg, n); n++)
		;
	assert_true(n > 20);
	/* Never a command again. */
	begin(&l, &cfg, true);
	assert_int_equal(drv_box_create_driver(&l.b, &cfg, NULL), IOM_OK);
	abort_in = 1;
	aborts = 1000000;
	memory = l.b.gmem.g.ops;
	l.b.gmem.g.ops.read = abort_read;
	l.b.gmem.g.ops.map = no_map;
	ring_pa = l.b.drv->cmdq.pa;
	assert_int_equal(add_stream(&l, 0), IOM_EIO);
	assert_true(iom_smmuv3_drv_dead(l.b.drv));
	assert_int_equal(add_stream(&l, 0), IOM_EIO);
	abort_in = 0;
	drv_box_fini(&l.b, SID_COUNT);
}

/* --- what is asked for again --- */

static unsigned int spoil_opcode;	/* the next of this is none, */
static unsigned int whole;		/* and those of it with Leaf = 0 since */

static bool on_cfgi(struct drv_box *b, uint64_t off, uint64_t *val)
{
	uint64_t base = 0, cons = 0, pos, *w;

	if (off != SMMU_CMDQ_PROD)
		return true;
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_BASE, 8, &base), IOM_OK);
	assert_int_equal(iom_smmuv3_dev_read(b->dev, SMMU_CMDQ_CONS, 4, &cons), IOM_OK);
	for (pos = cons; (pos ^ *val) % (2 * RING); pos++) {
		w = (uint64_t *)(b->mem + ((base & SMMU_Q_BASE_ADDR) - DRV_BOX_BASE)) +
		    2 * (pos % RING);
		if (IOM_FIELD_GET(SMMU_CMD0_OPCODE, w[0]) == spoil_opcode) {
			w[0] |= 0xff;
			spoil_opcode = 0;
		} else if (IOM_FIELD_GET(SMMU_CMD0_OPCODE, w[0]) == SMMU_CMD_CFGI_STE ||
			   IOM_FIELD_GET(SMMU_CMD0_OPCODE, w[0]) == SMMU_CMD_CFGI_CD) {
			whole += !(w[1] & SMMU_CMD_CFGI1_LEAF);
		}
	}
	return true;
}

/* 5.1, 5.3: a first-level descriptor of which the SMMU has not confirmed the CFGI. */
static void told_again(void **state)
{
	const struct drv_box_cfg cfg = cfg_of(false);
	static struct life l;
	unsigned int i;

	(void)state;
	begin(&l, &cfg, true);
	assert_int_equal(drv_box_create_driver(&l.b, &cfg, NULL), IOM_OK);
	for (i = 0; i < DOMAINS; i++)
		assert_int_equal(make(&l, i), IOM_OK);
	l.b.on_write = on_cfgi;
	assert_int_equal(add_stream(&l, 1), IOM_OK);
	spoil_opcode = SMMU_CMD_CFGI_STE;
	assert_int_equal(add_stream(&l, 0), IOM_EIO);
	whole = 0;
	assert_int_equal(add_stream(&l, 0), IOM_OK);
	assert_int_equal(whole, 1);
	assert_int_equal(step_attach(&l, 0), IOM_OK);
	spoil_opcode = SMMU_CMD_CFGI_CD;
	assert_int_equal(step_pasid(&l, 0xabc), IOM_EIO);
	assert_int_equal(l.st[0].nr_pasids, 0);
	whole = 0;
	assert_int_equal(step_pasid(&l, 0xabc), IOM_OK);
	assert_int_equal(whole, 1);
	assert_int_equal(look(&l).pa[0][2][0], PA(1) + 2 * PAGE);
	/* Once confirmed it is not said again. */
	assert_int_equal(step_pasid(&l, 0xabd), IOM_OK);
	assert_int_equal(whole, 1);
	assert_int_equal(step_no_pasid(&l, 0xabd), IOM_OK);
	assert_int_equal(step_no_pasid(&l, 0xabc), IOM_OK);
	end(&l);
}

/* --- an endpoint that does not answer --- */

static bool deaf;

static int on_inv(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_inv *inv)
{
	(void)ep;
	(void)inv;
	return deaf ? IOM_EIO : IOM_OK;
}

static void on_respond(struct iom_smmuv3_ep *ep, const struct iom_smmuv3_prg_resp *resp)
{
	(void)ep;
	(void)resp;
}

static const struct iom_smmuv3_ep_ops ep_ops = { .invalidate = on_inv, .respond = on_respond };

static void begin_ats(struct life *l, struct iom_smmuv3_ep *ep)
{
	struct drv_box_cfg cfg = cfg_of(false);
	unsigned int i;

	cfg.atc = false;
	begin(l, &cfg, true);
	assert_int_equal(drv_box_create_driver(&l->b, &cfg, NULL), IOM_OK);
	for (i = 0; i < DOMAINS; i++)
		assert_int_equal(make(l, i), IOM_OK);
	iom_smmuv3_dev_ep_attach(ep, l->b.dev, sids[1], &ep_ops);
	for (i = 0; i < SID_COUNT; i++)
		assert_int_equal(add_stream(l, i), IOM_OK);
	assert_int_equal(step_attach(l, 1), IOM_OK);
}

/* On is on, off is off, and in between is neither. */
static void ats_by_halves(void **state)
{
	struct iom_smmuv3_ep ep;
	static struct life l;
	uint32_t id;

	(void)state;
	begin_ats(&l, &ep);
	deaf = true;
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], true), IOM_EIO);
	assert_false(iom_domain_inv_find(l.d[0], &l.b.drv->iommu, IOM_INV_ATC, &id));
	/* Nothing was switched on, so unmaps need nobody's answer. */
	assert_int_equal(iom_domain_unmap(l.d[0], pages(0x10000, 4)), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], true), IOM_EIO);
	deaf = false;
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], true), IOM_OK);
	assert_true(iom_domain_inv_find(l.d[0], &l.b.drv->iommu, IOM_INV_ATC, &id));
	/* Off, but nobody said that nothing is left: unmaps still ask. */
	deaf = true;
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], false), IOM_EIO);
	assert_true(iom_domain_inv_find(l.d[0], &l.b.drv->iommu, IOM_INV_ATC, &id));
	assert_int_equal(iom_smmuv3_drv_block(&l.st[1]), IOM_EBUSY);
	deaf = false;
	l.b.on_write = on_cfgi;
	/* On again is more than to remember it. */
	spoil_opcode = SMMU_CMD_CFGI_STE;
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], true), IOM_EIO);
	assert_int_equal(spoil_opcode, 0);
	/* The STE is not confirmed: nothing is answered OK before it is written anew. */
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], true), IOM_EIO);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], false), IOM_EIO);
	assert_int_equal(iom_smmuv3_drv_attach_pasid(&l.st[1], 5, l.d[1]), IOM_EIO);
	assert_int_equal(iom_smmuv3_drv_attach(&l.st[1], l.d[0]), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], true), IOM_OK);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], false), IOM_OK);
	assert_false(iom_domain_inv_find(l.d[0], &l.b.drv->iommu, IOM_INV_ATC, &id));
	iom_smmuv3_dev_ep_detach(&ep);
	end(&l);
}

/* 4.7.3: one's CMD_SYNC tells of another's ATC_INV, and only that one is not confirmed. */
static void bystander(void **state)
{
	const struct smmuv3_wire_cmd inv = {
		.opcode = SMMU_CMD_ATC_INV, .sid = sids[1], .size = SMMU_ATC_SIZE_ALL,
	};
	struct smmu_ticket ours = { .atc = true }, theirs = { 0 };
	struct iom_smmuv3_drv_stats stats;
	struct iom_smmuv3_ep ep;
	static struct life l;
	uint64_t w[1][2];

	(void)state;
	begin_ats(&l, &ep);
	assert_int_equal(iom_smmuv3_drv_stream_ats(&l.st[1], true), IOM_OK);
	iomi_smmuv3_wire_pack_cmd(&inv, w[0]);
	deaf = true;
	assert_int_equal(iomi_smmuv3_drv_issue(l.b.drv, (const uint64_t (*)[2])w, 1, &ours, false),
			 IOM_OK);
	assert_int_equal(iomi_smmuv3_drv_issue(l.b.drv, NULL, 0, &theirs, true), IOM_OK);
	deaf = false;
	assert_int_equal(iomi_smmuv3_drv_issue(l.b.drv, NULL, 0, &ours, true), IOM_EIO);
	iom_smmuv3_drv_stats(l.b.drv, &stats);
	assert_int_equal(stats.atc_timeouts, 1);
	assert_false(iom_smmuv3_drv_dead(l.b.drv));
	assert_int_equal(step_no_ats(&l, 1), IOM_OK);
	iom_smmuv3_dev_ep_detach(&ep);
	end(&l);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory),
		cmocka_unit_test(refused),
		cmocka_unit_test(aborted),
		cmocka_unit_test(told_again),
		cmocka_unit_test(ats_by_halves),
		cmocka_unit_test(bystander),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
