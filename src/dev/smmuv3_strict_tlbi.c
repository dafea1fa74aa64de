/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a TLBI takes from a strict SMMUv3 (4.4): what it names, and nothing more. A
 * command with Leaf = 1 leaves tables, one with a TTL leaves other sizes.
 */
#include "smmuv3_strict_engine.h"

#define ADDR_BITS	IOM_BITS64(55, 0)

/* --- TLBI --- */

struct tlbi {
	const struct smmuv3_wire_cmd *c;
	bool by_addr;
	uint64_t start, last;
	uint8_t size_lg2;	/* of leaves, by TTL; 0: any */
};

static void take_apart(const struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
		       struct tlbi *i)
{
	unsigned int granule;
	struct iom_range r;

	*i = (struct tlbi){ .c = c, .by_addr = iomi_smmuv3_wire_is_tlbi_addr(c->opcode) };
	if (!i->by_addr)
		return;
	iomi_smmuv3_wire_tlbi_range(c, s->caps.ril, s->caps.ds, &r, &granule);
	i->start = r.start & ADDR_BITS;
	i->last = r.last - r.start > ADDR_BITS - i->start ? ADDR_BITS :
							    i->start + (r.last - r.start);
	/* 4.4.1: TTL 1 with 16K is reserved without DS, no hint. */
	if (granule && c->ttl && !(granule == 14 && c->ttl == 1 && !s->caps.ds))
		i->size_lg2 = (uint8_t)(granule + (3u - c->ttl) * (granule - 3));
}

/* By tags alone. */
static bool names(const struct iom_smmuv3_dev *s, const struct tlbi *i,
		  const struct strict_tag *tag)
{
	uint16_t vmask = s->caps.vmid16 ? UINT16_MAX : UINT8_MAX;
	uint16_t amask = s->caps.asid16 ? UINT16_MAX : UINT8_MAX;
	bool vmid = !s->caps.s2p || !((i->c->vmid ^ tag->vmid) & vmask);
	bool asid = !((i->c->asid ^ tag->asid) & amask);
	bool el1 = tag->kind == SMMU_SPACE_EL1, el2 = tag->kind == SMMU_SPACE_EL2;

	switch (i->c->opcode) {
	case SMMU_CMD_TLBI_NSNH_ALL:
		return !el2;
	case SMMU_CMD_TLBI_S12_VMALL:
		return !el2 && vmid;
	case SMMU_CMD_TLBI_S2_IPA:
		return tag->kind == SMMU_SPACE_S2 && vmid;
	case SMMU_CMD_TLBI_NH_ALL:
	case SMMU_CMD_TLBI_NH_VAA:
		return el1 && vmid;
	case SMMU_CMD_TLBI_NH_ASID:
		return el1 && vmid && asid && !tag->global;
	case SMMU_CMD_TLBI_NH_VA:
		return el1 && vmid && (asid || tag->global);
	case SMMU_CMD_TLBI_EL2_ALL:
	case SMMU_CMD_TLBI_EL2_VAA:
		return el2;
	case SMMU_CMD_TLBI_EL2_ASID:
		return el2 && asid && !tag->global;
	case SMMU_CMD_TLBI_EL2_VA:
		return el2 && (asid || tag->global || !(atomic_load(&s->cr2) & SMMU_CR2_E2H));
	default:
		return false;
	}
}

static bool reaches(const struct tlbi *i, uint64_t ia, unsigned int lg2, bool leaf)
{
	uint64_t first = ia & ADDR_BITS & ~((UINT64_C(1) << lg2) - 1);

	if (!i->by_addr)
		return true;
	if (i->c->leaf && !leaf)
		return false;
	if (leaf && i->size_lg2 && i->size_lg2 != lg2)
		return false;
	return first <= i->last && (first | ((UINT64_C(1) << lg2) - 1)) >= i->start;
}

/* What software changed after it had submitted the command, once that has been done. */
static bool later(const struct strict_pending *p, const struct strict_desc *d)
{
	return p->done && d->changed && d->mark >= p->nr;
}

/*
 * The command has been done, and the translation was made since. By what it may
 * have been made from is the matter of commands before this one, if there are any.
 */
static bool stays(const struct strict_pending *p, const struct strict_entry *en)
{
	unsigned int k;

	for (k = 0; k < en->nr; k++) {
		if (later(p, &en->d[k]))
			return true;
	}
	return p->done && !p->behind && en->born >= p->done;
}

bool iomi_smmuv3_strict_tlbi(struct iom_smmuv3_dev *s, const struct smmuv3_wire_cmd *c,
			     const struct strict_pending *p)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_step *st;
	struct tlbi i;
	unsigned int k;

	if (c->opcode < SMMU_CMD_TLBI_NH_ALL || c->opcode > SMMU_CMD_TLBI_NSNH_ALL)
		return false;
	take_apart(s, c, &i);
	for (k = 0; k < STRICT_ENTRIES; k++) {
		if (e->entry[k].there && names(s, &i, &e->entry[k].tag) &&
		    reaches(&i, e->entry[k].leaf.ia, e->entry[k].s1_lg2, true) &&
		    !stays(p, &e->entry[k]))
			e->entry[k].there = false;
	}
	for (k = 0; k < STRICT_STEPS; k++) {
		st = &e->step[k];
		if (st->there && names(s, &i, &st->tag) &&
		    reaches(&i, st->d.ia, st->lg2, st->d.leaf) && !later(p, &st->d))
			st->there = false;
	}
	return true;
}

/* --- CMD_SYNC --- */

static void synced(struct strict_desc *d, uint64_t nr)
{
	if (d->changed && nr > d->mark)
		d->syncs++;
}

void iomi_smmuv3_strict_tlbi_synced(struct iom_smmuv3_dev *s, uint64_t nr)
{
	struct strict_engine *e = s->strict->engine;
	struct strict_entry *en;
	unsigned int i, k;

	for (i = 0; i < STRICT_ENTRIES; i++) {
		en = &e->entry[i];
		if (!en->there)
			continue;
		for (k = 0; k < en->nr; k++)
			synced(&en->d[k], nr);
		if (en->ste.changed && nr > en->ste.mark)
			en->ste.syncs++;
		if (en->cd.changed && nr > en->cd.mark)
			en->cd.syncs++;
	}
	for (i = 0; i < STRICT_STEPS; i++) {
		if (e->step[i].there)
			synced(&e->step[i].d, nr);
	}
}
