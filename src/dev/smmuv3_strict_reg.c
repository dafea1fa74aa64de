/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a driver does to registers, chapter 6 of the document: accesses that are
 * no accesses, writes in a state that forbids them, values that cannot be,
 * indexes of queues, errors acknowledged. Asked before the write has an effect.
 *
 * A write that changes nothing breaks no rule of state. An acknowledgement that
 * software did not read may still have come: after twice the longest delay it
 * has, and nothing is said.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_chk.h"
#include "wire/smmuv3_fields.h"
#include "wire/smmuv3_text.h"

#define GERROR_LONG	1048576u	/* accesses: an error active for so long was forgotten */

struct access {
	struct iom_smmuv3_dev *s;
	struct strict_checker *c;
	uint64_t off, val;
	unsigned int len;
};

static void tell(const struct access *a, enum smmu_rule rule, const char *fmt, uint64_t x,
		 uint64_t y)
{
	struct iom_smmuv3_report r;
	struct iomi_smmuv3_text t;

	memset(&r, 0, sizeof(r));
	r.about = IOM_SMMUV3_ABOUT_REG;
	r.reg = a->off;
	r.reg_len = a->len;
	r.reg_val = a->val;
	iomi_smmuv3_text_init(&t, r.missing, sizeof(r.missing));
	if (fmt)
		iomi_smmuv3_text_fmt(&t, fmt, x, y);
	iomi_smmuv3_strict_report(a->s, rule, 0, &r);
}

/* --- which register -------------------------------------------------------- */

static const struct iomi_smmuv3_layout *find(uint64_t off)
{
	const struct iomi_smmuv3_layout *l;
	size_t n, i;

	l = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < n; i++) {
		if (l[i].offset == off || (l[i].bits == 64 && l[i].offset + 4 == off))
			return &l[i];
	}
	return NULL;
}

/* Of the kind that a driver may try and find absent: not told. */
static bool elsewhere(uint64_t off)
{
	return (off >= 0xe00 && off < 0xf00) || off == SMMU_AGBPA;	/* implementation defined */
}

static bool size_ok(const struct access *a, const struct iomi_smmuv3_layout *l)
{
	if ((a->len != 4 && a->len != 8) || (a->off & (a->len - 1)) || a->off >= SMMU_REGS_SIZE)
		return false;
	return a->len == 4 || (l && l->bits == 64 && l->offset == a->off);
}

static bool read_only(uint64_t off)
{
	switch (off) {
	case SMMU_IDR0: case SMMU_IDR1: case SMMU_IDR2:
	case SMMU_IDR3: case SMMU_IDR4: case SMMU_IDR5:
	case SMMU_IIDR: case SMMU_AIDR: case SMMU_CR0ACK: case SMMU_STATUSR:
	case SMMU_IRQ_CTRLACK: case SMMU_GERROR:
		return true;
	default:
		return off >= SMMU_ID_REGS && off < SMMU_ID_REGS + 0x30;
	}
}

/* Not with these IDRs. */
static bool absent(const struct access *a)
{
	const struct iomi_smmuv3_caps *caps = &a->s->caps;

	switch (a->off & ~UINT64_C(4)) {
	case SMMU_PRIQ_BASE:
	case SMMU_PRIQ_PROD & ~4u:
		return !caps->pri;
	case SMMU_GERROR_IRQ_CFG0:
	case SMMU_GERROR_IRQ_CFG1:
	case SMMU_EVENTQ_IRQ_CFG0:
	case SMMU_EVENTQ_IRQ_CFG1:
		return !(a->s->cfg.idr[0] & SMMU_IDR0_MSI);
	case SMMU_PRIQ_IRQ_CFG0:
	case SMMU_PRIQ_IRQ_CFG1:
		return !caps->pri || !(a->s->cfg.idr[0] & SMMU_IDR0_MSI);
	default:
		return false;
	}
}

/* What a 32- or 64-bit write makes of a 64-bit register. */
static uint64_t merged(const struct access *a, uint64_t old)
{
	if (a->len == 8)
		return a->val;
	if (a->off & 4)
		return (old & UINT32_MAX) | a->val << 32;
	return (old & ~(uint64_t)UINT32_MAX) | (a->val & UINT32_MAX);
}

/* --- acknowledgements ------------------------------------------------------ */

/* Can the SMMU still be at what was written at step then? */
static bool recent(const struct access *a, uint64_t then)
{
	return a->s->strict->step - then <= 2 * (uint64_t)a->s->strict->cfg.max_delay;
}

static bool enabled(const struct iom_smmuv3_dev *s, uint32_t bits)
{
	return (s->cr0_written | s->cr0ack) & bits;
}

static bool irq_enabled(const struct access *a, uint32_t bit)
{
	return (a->s->irq_ctrl & bit) || ((a->c->irq_unseen & bit) && recent(a, a->c->irq_step));
}

/* --- bases ----------------------------------------------------------------- */

static void strtab_base(const struct access *a)
{
	struct iom_smmuv3_dev *s = a->s;
	uint32_t cfg = atomic_load(&s->strtab_cfg);
	uint64_t base = atomic_load(&s->strtab_base) & SMMU_STRTAB_BASE_ADDR;
	unsigned int fmt = IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_FMT, cfg), lg2, table;
	unsigned int split = IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_SPLIT, cfg);
	bool two = IOM_FIELD_GET(SMMU_IDR0_ST_LEVEL, s->cfg.idr[0]) == SMMU_ST_LEVEL_2LVL;

	lg2 = IOM_FIELD_GET(SMMU_STRTAB_BASE_CFG_LOG2SIZE, cfg);
	if (lg2 > s->caps.sidsize)
		tell(a, SMMU_RULE_STRTAB_SIZE, "LOG2SIZE is %u, IDR1.SIDSIZE %u", lg2,
		     s->caps.sidsize);
	if (fmt > SMMU_STRTAB_FMT_2LVL || (fmt && !two)) {
		tell(a, SMMU_RULE_STRTAB_FMT, "FMT is %u", fmt, 0);
		return;
	}
	if (fmt && split != 6 && split != 8 && split != 10) {
		tell(a, SMMU_RULE_STRTAB_SPLIT, "SPLIT is %u", split, 0);
		return;
	}
	if (lg2 > s->caps.sidsize)
		lg2 = s->caps.sidsize;
	table = !fmt ? lg2 + 6 : lg2 > split + 3 ? lg2 - split + 3 : 6;
	if (base & ((UINT64_C(1) << table) - 1))
		tell(a, SMMU_RULE_STRTAB_ALIGN, "the table has %x bytes, its base is %x",
		     UINT64_C(1) << table, base);
}

/* entry: log2 of an entry's bytes. The log2 of entries that the SMMU goes by. */
static unsigned int queue_base(const struct access *a, uint64_t base, unsigned int max,
			       unsigned int entry, bool say)
{
	unsigned int lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, base), table;

	if (lg2 > max && say)
		tell(a, SMMU_RULE_QUEUE_SIZE, "LOG2SIZE is %u, IDR1 says %u at most", lg2, max);
	lg2 = lg2 > max ? max : lg2;
	table = lg2 + entry < 5 ? 5 : lg2 + entry;
	if (say && base & SMMU_Q_BASE_ADDR & ((UINT64_C(1) << table) - 1))
		tell(a, SMMU_RULE_QUEUE_ALIGN, "the queue has %x bytes, its base is %x",
		     UINT64_C(1) << table, base & SMMU_Q_BASE_ADDR);
	return lg2;
}

/* --- indexes --------------------------------------------------------------- */

static void cmdq_prod(const struct access *a, uint32_t old, uint32_t prod)
{
	struct iom_smmuv3_dev *s = a->s;
	unsigned int lg2 = queue_base(a, s->cmdq.base, s->cmdqs_lg2, 4, false);
	uint32_t size = IOM_BIT32(lg2), mask = 2 * size - 1;
	uint32_t ahead = (prod - s->cmdq.cons) & mask, was = (old - s->cmdq.cons) & mask;

	/* what was wrong before is no measure */
	if (was > size)
		was = 0;
	if (ahead > size) {
		/* nobody puts in more than the queue holds at once */
		tell(a, ((prod - old) & mask) > size ? SMMU_RULE_PROD_WRAP : SMMU_RULE_PROD_FULL,
		     "CONS is %x, the queue has %u entries", s->cmdq.cons & mask, size);
	} else if (ahead < was) {
		tell(a, SMMU_RULE_PROD_BACK, "PROD was %x, CONS is %x", old & mask,
		     s->cmdq.cons & mask);
	}
}

/* Of an output queue; how many entries software has taken, 0 if it cannot be. */
static uint32_t out_cons(const struct access *a, const struct smmu_queue *q, unsigned int lg2,
			 bool *overflow_seen)
{
	uint32_t mask = (IOM_BIT32(lg2) << 1) - 1, there = (q->prod - q->cons) & mask;
	uint32_t taken = (uint32_t)(a->val - q->cons) & mask;

	*overflow_seen = *overflow_seen && ((q->prod ^ a->val) & SMMU_Q_OVFLG);
	if (taken <= there)
		return taken;
	tell(a, SMMU_RULE_EVENTQ_CONS, "PROD is %x, CONS was %x", q->prod & mask, q->cons & mask);
	return 0;
}

static void eventq_cons(const struct access *a)
{
	const struct smmu_queue *q = &a->s->evtq;

	(void)out_cons(a, q, queue_base(a, q->base, a->s->eventqs_lg2, 5, false),
		       &a->c->evtq_overflow_seen);
}

static void priq_cons(const struct access *a)
{
	const struct smmu_queue *q = &a->s->priq;
	unsigned int lg2 = queue_base(a, q->base, a->s->priqs_lg2, 4, false);
	uint64_t base = q->base & SMMU_Q_BASE_ADDR & ~((UINT64_C(16) << lg2) - 1);

	iomi_smmuv3_strict_chk_taken(a->s, q->cons,
				     out_cons(a, q, lg2, &a->c->priq_overflow_seen), base, lg2);
}

static void priq(const struct access *a)
{
	struct iom_smmuv3_dev *s = a->s;

	if (!enabled(s, SMMU_CR0_PRIQEN))
		return;
	switch (a->off) {
	case SMMU_PRIQ_CONS:
		priq_cons(a);
		break;
	case SMMU_PRIQ_PROD:
		tell(a, SMMU_RULE_EVENTQ_ENABLED, "PRIQ_PROD is the SMMU's", 0, 0);
		break;
	default:
		if (merged(a, s->priq.base) != s->priq.base)
			tell(a, SMMU_RULE_EVENTQ_ENABLED, "PRIQ_BASE was %x", s->priq.base, 0);
		break;
	}
}

/* --- CR0 ------------------------------------------------------------------- */

static void smmuen(const struct access *a)
{
	const struct strict_checker *c = a->c;
	uint64_t done = a->s->strict->completed_syncs;

	strtab_base(a);
	if (!c->cfgi_all)
		tell(a, SMMU_RULE_ENABLE_CFGI, "CFGI_ALL, then CMD_SYNC", 0, 0);
	if (!c->tlbi_all)
		tell(a, SMMU_RULE_ENABLE_TLBI, "TLBI_NSNH_ALL, then CMD_SYNC", 0, 0);
	if (c->cfgi_all > done || c->tlbi_all > done)
		tell(a, SMMU_RULE_ENABLE_SYNC, "to wait for the CMD_SYNC behind them", 0, 0);
}

static void cr0(const struct access *a)
{
	struct iom_smmuv3_dev *s = a->s;
	struct strict_checker *c = a->c;
	uint32_t old = s->cr0_written, val = (uint32_t)a->val, changed = old ^ val, up = val & ~old;
	uint32_t out = old ^ s->cr0ack;

	if (recent(a, c->cr0_step))
		out |= c->cr0_unseen;
	if (changed & out)
		tell(a, SMMU_RULE_CR0_ACK, "fields %x were not seen in CR0ACK", changed & out, 0);
	if (up & SMMU_CR0_CMDQEN) {
		queue_base(a, s->cmdq.base, s->cmdqs_lg2, 4, true);
		cmdq_prod(a, s->cmdq.prod, s->cmdq.prod);
	}
	if (up & SMMU_CR0_EVENTQEN)
		queue_base(a, s->evtq.base, s->eventqs_lg2, 5, true);
	if (up & SMMU_CR0_PRIQEN)
		queue_base(a, s->priq.base, s->priqs_lg2, 4, true);
	if (up & SMMU_CR0_SMMUEN)
		smmuen(a);
	c->cr0_unseen = (recent(a, c->cr0_step) ? c->cr0_unseen : 0) | changed;
	c->cr0_step = s->strict->step;
}

static void cr1(const struct access *a)
{
	uint32_t changed = a->s->cr1 ^ (uint32_t)a->val;
	const uint32_t table = IOM_BITS32(11, 6), queue = IOM_BITS32(5, 0);
	const uint32_t queues = SMMU_CR0_CMDQEN | SMMU_CR0_EVENTQEN | SMMU_CR0_PRIQEN;

	if (((changed & table) && enabled(a->s, SMMU_CR0_SMMUEN)) ||
	    ((changed & queue) && enabled(a->s, queues)))
		tell(a, SMMU_RULE_CR1_ENABLED, "CR1 was %x", a->s->cr1, 0);
}

/* --- the others ------------------------------------------------------------ */

static void gbpa(const struct access *a)
{
	struct strict_checker *c = a->c;
	uint32_t now = atomic_load(&a->s->gbpa);

	if (!(a->val & SMMU_GBPA_UPDATE)) {
		if ((a->val ^ now) & SMMU_GBPA_FIELDS)
			tell(a, SMMU_RULE_GBPA_UPDATE, "UPDATE=1 with the value", 0, 0);
		return;
	}
	if (c->gbpa_unseen && recent(a, c->gbpa_step))
		tell(a, SMMU_RULE_GBPA_ACK, "to read UPDATE=0 after the write at step %u",
		     c->gbpa_step, 0);
	c->gbpa_unseen = true;
	c->gbpa_step = a->s->strict->step;
}

static void irq_ctrl(const struct access *a)
{
	struct strict_checker *c = a->c;
	uint32_t changed = a->s->irq_ctrl ^ (uint32_t)a->val;

	if (recent(a, c->irq_step) && (changed & c->irq_unseen))
		tell(a, SMMU_RULE_IRQ_ACK, "fields %x were not seen in IRQ_CTRLACK",
		     changed & c->irq_unseen, 0);
	c->irq_unseen = (recent(a, c->irq_step) ? c->irq_unseen : 0) | changed;
	c->irq_step = a->s->strict->step;
}

static void irq_cfg(const struct access *a, const struct smmu_irq_cfg *cfg, uint64_t cfg0,
		    uint32_t bit)
{
	uint64_t now = a->off < cfg0 + 8 ? cfg->cfg0 : a->off == cfg0 + 8 ? cfg->cfg1 : cfg->cfg2;
	uint64_t val = a->off < cfg0 + 8 ? merged(a, now) : a->val;

	if (val != now && irq_enabled(a, bit))
		tell(a, SMMU_RULE_MSI_ENABLED, NULL, 0, 0);
}

static void gerrorn(const struct access *a)
{
	uint32_t active = a->s->gerror ^ a->s->gerrorn;
	uint32_t toggled = (uint32_t)a->val ^ a->s->gerrorn;

	if (toggled & ~active)
		tell(a, SMMU_RULE_GERRORN, "GERROR is %x, GERRORN was %x", a->s->gerror,
		     a->s->gerrorn);
}

static void state(const struct access *a)
{
	struct iom_smmuv3_dev *s = a->s;

	switch (a->off) {
	case SMMU_CR0:
		cr0(a);
		break;
	case SMMU_CR1:
		cr1(a);
		break;
	case SMMU_CR2:
		if (enabled(s, SMMU_CR0_SMMUEN) &&
		    (atomic_load(&s->cr2) ^ a->val) & iomi_smmuv3_dev_cr2_fields(s))
			tell(a, SMMU_RULE_CR2_ENABLED, "CR2 was %x", atomic_load(&s->cr2), 0);
		break;
	case SMMU_GBPA:
		gbpa(a);
		break;
	case SMMU_IRQ_CTRL:
		irq_ctrl(a);
		break;
	case SMMU_GERRORN:
		gerrorn(a);
		break;
	case SMMU_STRTAB_BASE:
	case SMMU_STRTAB_BASE + 4:
		if (enabled(s, SMMU_CR0_SMMUEN) &&
		    merged(a, atomic_load(&s->strtab_base)) != atomic_load(&s->strtab_base))
			tell(a, SMMU_RULE_STRTAB_ENABLED, "STRTAB_BASE was %x",
			     atomic_load(&s->strtab_base), 0);
		break;
	case SMMU_STRTAB_BASE_CFG:
		if (enabled(s, SMMU_CR0_SMMUEN) && a->val != atomic_load(&s->strtab_cfg))
			tell(a, SMMU_RULE_STRTAB_ENABLED, "STRTAB_BASE_CFG was %x",
			     atomic_load(&s->strtab_cfg), 0);
		break;
	case SMMU_CMDQ_BASE:
	case SMMU_CMDQ_BASE + 4:
		if (enabled(s, SMMU_CR0_CMDQEN) && merged(a, s->cmdq.base) != s->cmdq.base)
			tell(a, SMMU_RULE_CMDQ_ENABLED, "CMDQ_BASE was %x", s->cmdq.base, 0);
		break;
	case SMMU_CMDQ_CONS:
		if (enabled(s, SMMU_CR0_CMDQEN))
			tell(a, SMMU_RULE_CMDQ_ENABLED, "CMDQ_CONS is the SMMU's", 0, 0);
		break;
	case SMMU_CMDQ_PROD:
		if (enabled(s, SMMU_CR0_CMDQEN))
			cmdq_prod(a, s->cmdq.prod, (uint32_t)a->val);
		break;
	case SMMU_EVENTQ_BASE:
	case SMMU_EVENTQ_BASE + 4:
		if (enabled(s, SMMU_CR0_EVENTQEN) && merged(a, s->evtq.base) != s->evtq.base)
			tell(a, SMMU_RULE_EVENTQ_ENABLED, "EVENTQ_BASE was %x", s->evtq.base, 0);
		break;
	case SMMU_EVENTQ_PROD:
		if (enabled(s, SMMU_CR0_EVENTQEN))
			tell(a, SMMU_RULE_EVENTQ_ENABLED, "EVENTQ_PROD is the SMMU's", 0, 0);
		break;
	case SMMU_EVENTQ_CONS:
		if (enabled(s, SMMU_CR0_EVENTQEN))
			eventq_cons(a);
		break;
	case SMMU_PRIQ_BASE:
	case SMMU_PRIQ_BASE + 4:
	case SMMU_PRIQ_PROD:
	case SMMU_PRIQ_CONS:
		priq(a);
		break;
	default:
		if (a->off >= SMMU_PRIQ_IRQ_CFG0 && a->off <= SMMU_PRIQ_IRQ_CFG2)
			irq_cfg(a, &s->priq_irq, SMMU_PRIQ_IRQ_CFG0, SMMU_IRQ_CTRL_PRIQ);
		else if (a->off >= SMMU_GERROR_IRQ_CFG0 && a->off <= SMMU_GERROR_IRQ_CFG2)
			irq_cfg(a, &s->gerror_irq, SMMU_GERROR_IRQ_CFG0, SMMU_IRQ_CTRL_GERROR);
		else if (a->off >= SMMU_EVENTQ_IRQ_CFG0 && a->off <= SMMU_EVENTQ_IRQ_CFG2)
			irq_cfg(a, &s->evtq_irq, SMMU_EVENTQ_IRQ_CFG0, SMMU_IRQ_CTRL_EVENTQ);
		break;
	}
}

/* --- accesses -------------------------------------------------------------- */

/* The driver's own accesses count: what devices do meanwhile is no time of its. */
static void gerror_age(const struct access *a)
{
	struct strict_checker *c = a->c;

	if (a->s->gerror == a->s->gerrorn) {
		c->gerror_age = 0;
		c->gerror_told = false;
		return;
	}
	if (c->gerror_told || ++c->gerror_age < GERROR_LONG)
		return;
	c->gerror_told = true;
	tell(a, SMMU_RULE_GERROR_LEFT, "GERROR is %x, GERRORN %x", a->s->gerror, a->s->gerrorn);
}

void iomi_smmuv3_strict_before_write(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
				     uint64_t val)
{
	const struct iomi_smmuv3_layout *l = find(off);
	struct access a = { .s = s, .c = s->strict->checker, .off = off, .len = len, .val = val };
	uint64_t fields;

	gerror_age(&a);
	if (!size_ok(&a, l)) {
		tell(&a, SMMU_RULE_REG_SIZE, NULL, 0, 0);
		return;
	}
	if (len == 4)
		a.val &= UINT32_MAX;
	if (elsewhere(off))
		return;
	if (read_only(off)) {
		tell(&a, SMMU_RULE_REG_RO, NULL, 0, 0);
		return;
	}
	if (!l || absent(&a)) {
		if (a.val)
			tell(&a, SMMU_RULE_REG_ABSENT, NULL, 0, 0);
		return;
	}
	fields = iomi_smmuv3_fields_mask(l, 0);
	if (l->offset != off)
		fields >>= 32;
	if (a.val & ~fields)
		tell(&a, SMMU_RULE_REG_RES0, "0 in the bits %x", a.val & ~fields, 0);
	state(&a);
}

void iomi_smmuv3_strict_after_read(struct iom_smmuv3_dev *s, uint64_t off, unsigned int len,
				   uint64_t val)
{
	const struct iomi_smmuv3_layout *l = find(off);
	struct strict_checker *c = s->strict->checker;
	struct access a = { .s = s, .c = c, .off = off, .len = len, .val = val };

	gerror_age(&a);
	if (!size_ok(&a, l)) {
		tell(&a, SMMU_RULE_REG_SIZE, NULL, 0, 0);
		return;
	}
	switch (off) {
	case SMMU_CR0ACK:
		c->cr0_unseen &= (uint32_t)val ^ s->cr0_written;
		break;
	case SMMU_IRQ_CTRLACK:
		c->irq_unseen &= (uint32_t)val ^ s->irq_ctrl;
		break;
	case SMMU_GBPA:
		if (!(val & SMMU_GBPA_UPDATE))
			c->gbpa_unseen = false;
		break;
	case SMMU_EVENTQ_PROD:
		c->evtq_overflow_seen |= (val ^ s->evtq.cons) >> 31 & 1;
		break;
	case SMMU_PRIQ_PROD:
		c->priq_overflow_seen |= (val ^ s->priq.cons) >> 31 & 1;
		break;
	default:
		break;
	}
}

void iomi_smmuv3_strict_at_finish(struct iom_smmuv3_dev *s)
{
	struct access a = { .s = s, .c = s->strict->checker, .off = SMMU_GERROR, .len = 4,
			    .val = s->gerror };

	if (s->gerror != s->gerrorn && !a.c->gerror_told)
		tell(&a, SMMU_RULE_GERROR_LEFT, "GERROR is %x, GERRORN %x", s->gerror, s->gerrorn);
	a.off = SMMU_EVENTQ_PROD;
	a.val = s->evtq.prod;
	/* One that the driver has not been shown is no mistake of its. */
	if (a.c->evtq_overflow_seen && ((s->evtq.prod ^ s->evtq.cons) & SMMU_Q_OVFLG))
		tell(&a, SMMU_RULE_OVERFLOW_LEFT, "EVENTQ_PROD is %x, EVENTQ_CONS %x", s->evtq.prod,
		     s->evtq.cons);
	a.off = SMMU_PRIQ_PROD;
	a.val = s->priq.prod;
	if (a.c->priq_overflow_seen && ((s->priq.prod ^ s->priq.cons) & SMMU_Q_OVFLG))
		tell(&a, SMMU_RULE_OVERFLOW_LEFT, "PRIQ_PROD is %x, PRIQ_CONS %x", s->priq.prod,
		     s->priq.cons);
	iomi_smmuv3_strict_chk_left(s, false);
	iomi_smmuv3_strict_chk_unanswered(s);
}
