/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What smmuv3_dev_quick.h asks of a context, worked out when it is cached; and
 * the way down the tables, which keeps its registers to itself.
 */
#include "smmuv3_dev_quick.h"

IOM_STATIC_ASSERT(LPAE_S1_AP == LPAE_S2_AP && (LPAE_S1_PXN | LPAE_S1_UXN) == LPAE_S2_XN);

#define TABLE_ATTRS	(LPAE_TABLE_AP | LPAE_TABLE_XN | LPAE_TABLE_PXN)

/* A leaf's attributes, where a value of the TLB has them. Bit 5 is NS in stage 1. */
static uint64_t attrs(const struct smmu_ctx *c, uint64_t desc)
{
	unsigned int sh = (unsigned int)IOM_FIELD_GET(LPAE_SH, desc);
	struct iomi_lpae_mem mem = c->s1 ? iomi_lpae_s1_mem(c->mair, desc, sh) :
					   iomi_lpae_s2_mem(c->in, desc, sh, c->s2fwb);

	return IOM_FIELD_PREP(SMMU_VAL_MEMATTR, (uint64_t)mem.mair) |
	       IOM_FIELD_PREP(SMMU_VAL_SH, (uint64_t)mem.sh);
}

static bool suits(const struct smmu_tt *tt)
{
	const struct iomi_lpae_fmt *fmt = tt->geom.fmt;

	return !tt->disabled && !tt->e0pd && fmt && fmt->oa_addr == SMMU_QUICK_OA && !fmt->oa_high;
}

static void init_tt(struct smmu_tt *tt, uint64_t bad_top, uint64_t attrs)
{
	tt->quick = suits(tt);
	tt->q_top = bad_top | UINT64_MAX << tt->geom.ia_bits;
	if (tt->tbi)
		tt->q_top &= IOM_BITS64(55, 0);
	tt->q_ia = ~(UINT64_MAX << tt->geom.ia_bits);
	tt->q_bad = UINT64_MAX << tt->oa_lg2 & SMMU_QUICK_OA;
	tt->q_bad_table = tt->q_bad | (tt->had ? 0 : attrs);
}

void iomi_smmuv3_dev_quick_init(const struct iom_smmuv3_dev *s, struct smmu_ctx *c)
{
	unsigned int i;

	if (c->kind != SMMU_KIND_TRANSLATE)
		return;
	/* Stage 2 under stage 1 goes down its tables in this way, stage 1 does not. */
	if (c->s1 && c->s2) {
		init_tt(&c->s2tt, UINT64_MAX << c->s2tt.geom.ia_bits, 0);
		return;
	}
	if (c->ctl.hd)
		return;
	if (c->s1) {
		init_tt(&c->tt[0], 0, TABLE_ATTRS);
		init_tt(&c->tt[1], 0, TABLE_ATTRS);
	} else {
		/* Beyond IAS it is another fault. */
		init_tt(&c->s2tt, UINT64_MAX << s->caps.ias_bits, 0);
	}
	for (i = 0; !c->s1 && i < IOM_ARRAY_SIZE(c->deny); i++)
		c->deny[i] = (uint8_t)(IOMI_LPAE_ALL &
				       ~iomi_lpae_s2_perms(c->s2xnx, false, SMMU_PERM_DESC(i)));
	for (i = 0; i < IOM_ARRAY_SIZE(c->q_attrs); i++)
		c->q_attrs[i] = (uint16_t)(attrs(c, SMMU_ATTR_DESC(i)) >> SMMU_VAL_ATTRS_SHIFT);
}

/* --- the walk --- */

struct descent {
	struct iom_gmem *gmem;
	const struct smmu_tt *tt;
	struct smmu_seen *seen;
	uint64_t ia, table;
};

/* Bits of an offset in a table, and of the first one, where ia ends by itself. */
#define INDEX		UINT64_C(0xff8)
#define INDEX_FIRST	(~UINT64_C(7))

#define STRAIGHT inline __attribute__((always_inline))

/* Out of the way, so that going on costs nothing for it. */
static __attribute__((noinline, cold)) bool stop(struct smmu_seen *seen, int n, bool failed)
{
	seen->n = n;
	seen->failed = failed;
	return false;
}

/* False: not a table (at level 3: page), or not a plain one, or not to be read. */
static STRAIGHT bool down(struct descent *d, int level, unsigned int shift, uint64_t index)
{
	uint64_t at = d->table + (d->ia >> (shift - 3) & index), desc;

	if (d->gmem->ops.load(d->gmem, at, 8, &d->seen->desc[level]))
		return stop(d->seen, level, true);
	desc = d->seen->desc[level];
	d->table = desc & SMMU_QUICK_OA;
	return ((desc & LPAE_TYPE) == LPAE_TYPE_TABLE &&
		!(desc & (level == 3 ? d->tt->q_bad : d->tt->q_bad_table))) ||
	       stop(d->seen, level + 1, false);
}

/* One line a start level, so that all numbers are constant. */
uint64_t iomi_smmuv3_dev_quick_descend(struct iom_gmem *gmem, const struct smmu_tt *tt,
				       uint64_t ia, struct smmu_seen *seen)
{
	struct descent d = { gmem, tt, seen, ia, tt->ttb };
	bool there;

	switch (tt->geom.start) {
	case 0:
		there = down(&d, 0, 39, INDEX_FIRST) && down(&d, 1, 30, INDEX) &&
			down(&d, 2, 21, INDEX) && down(&d, 3, 12, INDEX);
		break;
	case 1:
		there = down(&d, 1, 30, INDEX_FIRST) && down(&d, 2, 21, INDEX) &&
			down(&d, 3, 12, INDEX);
		break;
	case 2:
		there = down(&d, 2, 21, INDEX_FIRST) && down(&d, 3, 12, INDEX);
		break;
	default:
		there = down(&d, 3, 12, INDEX_FIRST);
		break;
	}
	return there ? seen->desc[3] : 0;
}
