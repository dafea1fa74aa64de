/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events of a strict SMMUv3 (7.2 to 7.4). Each may be late; now and then all that
 * come are kept for a while and written at once, so that the queue fills and
 * overflows as it does where software is slow. Where STE.MEV is set, faults that
 * are alike may become one (5.2). Records of stalled transactions do not come
 * here: they are never merged nor lost.
 */
#include "smmuv3_strict_engine.h"

#define PAGE_MASK	IOM_BITS64(63, 12)	/* the smallest granule */

/* Has word 2 the address of an access? Other events are alike if all is the same. */
static bool has_addr(const struct smmu_fault *f)
{
	return f->id >= SMMU_EVT_F_TRANSLATION && f->id <= SMMU_EVT_F_PERMISSION;
}

/* 5.2, MEV: the same stream, substream and kind of access, and the same page. */
static bool alike(const struct smmu_fault *a, const struct smmu_fault *b)
{
	uint64_t mask = has_addr(a) ? PAGE_MASK : UINT64_MAX;

	return a->mergeable && b->mergeable && a->ev[0] == b->ev[0] && a->ev[1] == b->ev[1] &&
	       !((a->ev[2] ^ b->ev[2]) & mask) && a->ev[3] == b->ev[3];
}

/* With one that is still held back. */
static bool merges(struct iom_smmuv3_dev *s, const struct smmu_fault *f)
{
	struct strict_engine *e = s->strict->engine;
	unsigned int i;

	for (i = 0; i < e->nr_events; i++) {
		if (alike(&e->event[i].f, f))
			return iomi_smmuv3_strict_rand(s->strict, 2);
	}
	return false;
}

void iomi_smmuv3_strict_event(struct iom_smmuv3_dev *s, struct iom_gmem *gmem,
			      const struct smmu_fault *f)
{
	struct smmu_strict *x = s->strict;
	struct strict_engine *e = x->engine;

	if (merges(s, f)) {
		x->stats.merged_events++;
		return;
	}
	if (!e->hoard && !iomi_smmuv3_strict_rand(x, 16))
		e->hoard = x->cfg.max_delay;
	if (e->nr_events == STRICT_EVENTS || (!e->hoard && !iomi_smmuv3_strict_rand(x, 2))) {
		iomi_smmuv3_dev_event(s, gmem, f);
		return;
	}
	x->stats.late_events++;
	e->event[e->nr_events].f = *f;
	e->event[e->nr_events++].late =
		e->hoard ? e->hoard : 1 + iomi_smmuv3_strict_rand(x, x->cfg.max_delay);
	if (s->cfg.mode == IOM_SMMUV3_WORKER)
		s->cfg.wake(s->cfg.arg);
}

static void event_out(struct iom_smmuv3_dev *s, struct iom_gmem *gmem, unsigned int i)
{
	struct strict_engine *e = s->strict->engine;
	struct smmu_fault f = e->event[i].f;

	e->nr_events--;
	for (; i < e->nr_events; i++)
		e->event[i] = e->event[i + 1];
	iomi_smmuv3_dev_event(s, gmem, &f);
}

void iomi_smmuv3_strict_events_step(struct iom_smmuv3_dev *s, struct iom_gmem *gmem)
{
	struct strict_engine *e = s->strict->engine;
	unsigned int i;

	for (i = 0; i < e->nr_events; ) {
		if (--e->event[i].late)
			i++;
		else
			event_out(s, gmem, i);
	}
}

void iomi_smmuv3_strict_events_out(struct iom_smmuv3_dev *s)
{
	struct strict_engine *e = s->strict->engine;

	if (!e->nr_events || iom_gmem_begin(s->cfg.gmem))
		return;
	while (e->nr_events)
		event_out(s, s->cfg.gmem, 0);
	iom_gmem_end(s->cfg.gmem);
}
