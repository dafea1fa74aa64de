/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases: the SMMU set up, accesses, commands and changes in random order. Also
 * what to invalidate after a change, and what not.
 */
#include <string.h>

#include <iom/base/field.h>
#include <iom/spec/lpae.h>
#include <iom/spec/smmuv3.h>

#include "diff/diff_gen.h"

#define PREP(m, v) IOM_FIELD_PREP(m, (uint64_t)(v))

void gen_wipe(struct gen *g);
bool gen_room(const struct gen *g);

static const uint8_t slots[DIFF_DEVS] = DIFF_SLOTS;

static uint64_t mask(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* --- where an address would arrive --------------------------------------------- */

static const struct target *leaf_of(const struct stream *s, unsigned int stage, uint64_t ia)
{
	unsigned int i, shift;
	uint64_t at;

	for (i = 0; i < s->nr_t; i++) {
		const struct target *t = &s->t[i];
		const struct tt *tt = stage ? &s->s2 : &s->s1[t->iova >> 63];

		if (!t->slot[stage])
			continue;
		/* A contiguous group at most. */
		shift = tt_shift(tt, t->level[stage]) + (t->level[stage] == 3 ? 7 : 0);
		at = stage ? t->ipa : t->iova;
		if (at >> shift == ia >> shift)
			return t;
	}
	return NULL;
}

/*
 * May an access go to iova? Not if it could end in memory of the machine that
 * is not the arena: in the same leaf as a target, but elsewhere in it.
 */
static bool harmless(const struct stream *s, uint64_t iova)
{
	const struct target *t;
	uint64_t ipa = iova, pa;
	unsigned int shift;

	if (s->config == SMMU_STE_CONFIG_BYPASS ||
	    IOM_FIELD_GET(SMMU_STE0_CONFIG, s->ste[0]) == SMMU_STE_CONFIG_BYPASS)
		return iova >= DIFF_ARENA && iova < DIFF_ARENA + DIFF_ARENA_SIZE;
	if (s->config & 1) {
		t = leaf_of(s, 0, iova);
		if (!t)
			return true;
		shift = tt_shift(&s->s1[t->iova >> 63], t->level[0]);
		ipa = (t->ipa & ~mask(shift)) | (iova & mask(shift));
	}
	pa = ipa;
	if (s->config & 2) {
		if (ipa - s->s1[0].ipa_off - DIFF_POOL < DIFF_POOL_SIZE)
			return false;
		t = leaf_of(s, 1, ipa);
		if (!t)
			return true;
		shift = tt_shift(&s->s2, t->level[1]);
		pa = (t->pa & ~mask(shift)) | (ipa & mask(shift));
	}
	return pa >= DIFF_ARENA && pa < DIFF_ARENA + DIFF_ARENA_SIZE;
}

/* Near a target, or far from all. */
static uint64_t stray(struct gen *g, const struct stream *s)
{
	uint64_t iova = s->nr_t ? s->t[gen_below(g, s->nr_t)].iova : DIFF_ARENA;

	switch (gen_below(g, 4)) {
	case 0:
		return iova ^ IOM_BIT64(12 + gen_below(g, 52));
	case 1:
		return iova ^ (gen_below(g, 256) << 56);
	case 2:
		return gen_rand(g) & ~UINT64_C(3) & mask(25 + (unsigned int)gen_below(g, 40));
	default:
		return iova ^ (gen_below(g, 16) << 12);
	}
}

static void access_some(struct gen *g, const struct stream *s)
{
	unsigned int i, n = 1 + (unsigned int)gen_below(g, 4);
	uint64_t iova;

	for (i = 0; i < n; i++) {
		if (s->nr_t && gen_chance(g, 85))
			iova = s->t[gen_below(g, s->nr_t)].iova;
		else
			iova = stray(g, s);
		if (harmless(s, iova))
			gen_access(g, s->dev, iova);
	}
}

/* --- commands ------------------------------------------------------------------- */

static uint64_t tlbi_hint(struct gen *g, const struct tt *t, int level, bool leaf)
{
	uint64_t w1 = leaf ? SMMU_CMD_TLBI1_LEAF : 0;

	if (gen_chance(g, 50))
		return w1;
	w1 |= PREP(SMMU_CMD_TLBI1_TG, t->g == 12 ? 1 : t->g == 14 ? 2 : 3);
	return w1 | PREP(SMMU_CMD_TLBI1_TTL, level);
}

/*
 * By address: right, or wrong in one of its tags. Does it suffice after a
 * change of this stage's leaf of t? Of stage 2 only if there is no stage 1,
 * since entries of both stages stay.
 */
static bool tlbi_va(struct gen *g, const struct stream *s, const struct target *t,
		    unsigned int stage)
{
	bool all_asids = gen_chance(g, 40), s2 = s->config & 2 && gen_chance(g, 40);
	const struct tt *tt = s2 ? &s->s2 : &s->s1[t->iova >> 63];
	uint64_t addr = s2 ? t->ipa : t->iova, w0, w1;
	uint16_t asid = s->asid, vmid = s->vmid;
	bool right = s2 ? stage && !(s->config & 1) : !stage;
	int level = t->level[s2];

	switch (gen_below(g, 6)) {
	case 0:
		asid++;
		right &= s2 || all_asids;
		break;
	case 1:
		vmid++;
		right = false;
		break;
	case 2:
		/* A stage that is not in use has no granule. */
		addr ^= IOM_BIT64((tt->g ? tt_shift(tt, level) : 12) + gen_below(g, 4));
		right = false;
		break;
	}
	w0 = PREP(SMMU_CMD_TLBI0_VMID, vmid);
	w1 = tlbi_hint(g, tt, level, gen_chance(g, 50));
	if (s2)
		w0 |= SMMU_CMD_TLBI_S2_IPA;
	else if (all_asids)
		w0 |= SMMU_CMD_TLBI_NH_VAA;
	else
		w0 |= SMMU_CMD_TLBI_NH_VA | PREP(SMMU_CMD_TLBI0_ASID, asid);
	if (IOM_FIELD_GET(SMMU_CMD_TLBI1_TG, w1)) {
		w0 |= PREP(SMMU_CMD_TLBI0_NUM, gen_below(g, 4)) |
		      PREP(SMMU_CMD_TLBI0_SCALE, gen_below(g, 3));
		addr &= ~mask(tt->g);
	}
	gen_cmd(g, w0, w1 | (addr & SMMU_CMD_TLBI1_VA_ADDR));
	return right;
}

/* Does what it does suffice after a change of this stage's leaf of t? */
static bool invalidate_tlb(struct gen *g, const struct stream *s, const struct target *t,
			   unsigned int stage)
{
	bool same_vm = gen_chance(g, 70), same_asid = gen_chance(g, 70);
	uint64_t vmid = PREP(SMMU_CMD_TLBI0_VMID, s->vmid + !same_vm);

	switch (gen_below(g, 10)) {
	case 0:
		return false;
	case 1:
		gen_cmd(g, SMMU_CMD_TLBI_NSNH_ALL, 0);
		return true;
	case 2:
		gen_cmd(g, SMMU_CMD_TLBI_NH_ALL | vmid, 0);
		return same_vm && !stage;
	case 3:
		gen_cmd(g, SMMU_CMD_TLBI_S12_VMALL | vmid, 0);
		return same_vm && g->s2p;
	case 4:
		gen_cmd(g, SMMU_CMD_TLBI_NH_ASID | vmid |
			PREP(SMMU_CMD_TLBI0_ASID, s->asid + !same_asid), 0);
		/* Global entries stay. */
		return same_vm && same_asid && !stage &&
		       gen_get(g, t->slot[0]) & IOM_BIT64(11);
	default:
		return tlbi_va(g, s, t, stage);
	}
}

/*
 * After a change of a CD or an STE: all that it can need, or one command that
 * may be the right one.
 */
static void invalidate_config(struct gen *g, const struct stream *s, bool cd)
{
	uint64_t sid = PREP(SMMU_CMD0_SID, gen_chance(g, 85) ? s->sid : s->sid ^ 8);

	/* A CD that streams share has to be invalidated for each of them. */
	if (!g->twins && gen_chance(g, 50)) {
		gen_cmd(g, cd ? SMMU_CMD_CFGI_CD | PREP(SMMU_CMD0_SID, s->sid) :
			SMMU_CMD_CFGI_STE | PREP(SMMU_CMD0_SID, s->sid), gen_below(g, 2));
		gen_cmd(g, SMMU_CMD_TLBI_NSNH_ALL, 0);
		return;
	}
	gen_met(g, MET_WEAK);
	switch (gen_below(g, 6)) {
	case 0:
		break;
	case 1:
		gen_cmd(g, SMMU_CMD_CFGI_STE_RANGE, SMMU_CFGI_RANGE_ALL);
		break;
	case 2:
		/* An aligned group of 2^(range + 1) that may hold the stream. */
		gen_cmd(g, SMMU_CMD_CFGI_STE_RANGE |
			PREP(SMMU_CMD0_SID, s->sid & ~mask(4)), gen_below(g, 4));
		break;
	case 3:
		gen_cmd(g, (cd ? SMMU_CMD_CFGI_CD : SMMU_CMD_CFGI_STE) | sid, gen_below(g, 2));
		break;
	case 4:
		gen_cmd(g, SMMU_CMD_CFGI_CD_ALL | sid, 0);
		break;
	default:
		gen_cmd(g, SMMU_CMD_CFGI_STE | sid, gen_below(g, 2));
		break;
	}
}

void odd_command(struct gen *g, const struct stream *s)
{
	static const uint8_t ops[] = { 0x00, 0x01, 0x02, 0x08, 0x14, 0x18, 0x1a, 0x20, 0x21, 0x22,
				       0x23, 0x29, 0x2b, 0x31, 0x40, 0x41, 0x44, 0x45, 0x46, 0x50,
				       0x60, 0x80, 0xff };
	uint64_t op = ops[gen_below(g, sizeof(ops))];

	if (op == SMMU_CMD_SYNC)
		op |= PREP(SMMU_CMD_SYNC0_CS, gen_chance(g, 30) ? 3 : 0);
	else
		op |= PREP(SMMU_CMD0_SID, s->sid);
	if (gen_chance(g, 5))
		op |= SMMU_CMD0_SSEC;
	gen_cmd(g, op, 0);
}

/* --- changes --------------------------------------------------------------------- */

static void edit_leaf(struct gen *g, struct stream *s)
{
	struct target *t = &s->t[gen_below(g, s->nr_t)];
	unsigned int stage = !t->slot[0] || (t->slot[1] && gen_chance(g, 40));
	const struct tt *tt = stage ? &s->s2 : &s->s1[t->iova >> 63];
	uint64_t old = gen_get(g, t->slot[stage]), oa = stage ? t->pa : t->ipa;
	uint64_t desc = tt_leaf(tt, t->level[stage], oa);

	if (old & IOM_BIT64(52))
		return;
	if (gen_chance(g, 70))
		desc = spoil_leaf(g, tt, desc);
	gen_put(g, t->slot[stage], desc);
	/* The old leaf may have been global. */
	if (!invalidate_tlb(g, s, t, stage) || !(old & IOM_BIT64(11)))
		gen_met(g, MET_WEAK);
	if (harmless(s, t->iova))
		gen_access(g, s->dev, t->iova);
}

void stream_edit(struct gen *g, struct stream *s)
{
	uint64_t kept[8];

	g->dev = s->dev;
	if (s->nr_t && (s->config & 3) && gen_chance(g, 70)) {
		edit_leaf(g, s);
	} else if (s->config & 1 && gen_chance(g, 60)) {
		memcpy(kept, s->cd, sizeof(kept));
		spoil_cd(g, s);
		stream_put_cd(g, s);
		invalidate_config(g, s, true);
		access_some(g, s);
		memcpy(s->cd, kept, sizeof(kept));
		stream_put_cd(g, s);
		invalidate_config(g, s, true);
	} else {
		memcpy(kept, s->ste, sizeof(kept));
		spoil_ste(g, s);
		stream_put_ste(g, s);
		invalidate_config(g, s, false);
		access_some(g, s);
		memcpy(s->ste, kept, sizeof(kept));
		stream_put_ste(g, s);
		invalidate_config(g, s, false);
	}
}

/* --- a case ------------------------------------------------------------------------ */

static uint32_t put_stream_table(struct gen *g, struct stream *s, unsigned int n, bool linear)
{
	unsigned int log2size = 8, split, i, span;
	uint64_t l1, l2, base;

	if (linear) {
		if (gen_chance(g, 5))
			log2size = 4 + (unsigned int)gen_below(g, 4);
		base = gen_alloc(g, 64u << 8, 64u << 8);
		gen_reg64(g, SMMU_STRTAB_BASE, base);
		for (i = 0; i < n; i++)
			s[i].ste_pa = base + 64 * (uint64_t)s[i].sid;
		return log2size;
	}
	split = 6 + 2 * (unsigned int)gen_below(g, 3);
	log2size = split + (unsigned int)gen_below(g, 4);
	if (log2size < 8)
		log2size = 8;
	l1 = gen_alloc(g, 8u << 8, 8u << 8);
	gen_reg64(g, SMMU_STRTAB_BASE, l1);
	for (i = 0; i < n; i++) {
		uint64_t slot = l1 + 8 * (uint64_t)(s[i].sid >> split);

		l2 = gen_get(g, slot) & SMMU_L1STD_L2PTR_ADDR;
		if (!l2) {
			l2 = gen_alloc(g, 64u << split, 64u << split);
			span = split + 1;
			if (gen_chance(g, 4))
				span = (unsigned int)gen_below(g, 14);
			gen_put(g, slot, l2 | span);
		}
		if (IOM_FIELD_GET(SMMU_L1STD_SPAN, gen_get(g, slot)) != split + 1)
			g->c->met[s[i].dev] |= MET_SPAN;
		s[i].ste_pa = l2 + 64 * (uint64_t)(s[i].sid & mask(split));
	}
	return log2size | (uint32_t)PREP(SMMU_STRTAB_BASE_CFG_SPLIT, split) |
	       (uint32_t)PREP(SMMU_STRTAB_BASE_CFG_FMT, SMMU_STRTAB_FMT_2LVL);
}

static void choose_devices(struct gen *g, struct stream *s, unsigned int n)
{
	unsigned int used = 0, i, d;

	for (i = 0; i < n; i++) {
		do
			d = (unsigned int)gen_below(g, DIFF_DEVS);
		while (used & 1u << d);
		used |= 1u << d;
		s[i].dev = d;
		s[i].sid = (uint32_t)slots[d] << 3;
	}
}

void gen_start(struct gen *g)
{
	uint32_t off;

	gen_reg32(g, SMMU_CR0, 0);
	gen_reg64(g, SMMU_CMDQ_BASE, DIFF_CMDQ | DIFF_CMDQ_LG2);
	gen_reg32(g, SMMU_CMDQ_PROD, 0);
	gen_reg32(g, SMMU_CMDQ_CONS, 0);
	gen_reg64(g, SMMU_EVENTQ_BASE, DIFF_EVTQ | DIFF_EVTQ_LG2);
	gen_reg32(g, SMMU_EVENTQ_PROD, 0);
	gen_reg32(g, SMMU_EVENTQ_CONS, 0);
	gen_load32(g, SMMU_IDR0, ~(SMMU_IDR0_ASID16 | SMMU_IDR0_VMID16));
	for (off = SMMU_IDR1; off <= SMMU_AIDR; off += 4)
		gen_load32(g, off, UINT32_MAX);
}

static void start(struct gen *g, uint32_t strtab_cfg)
{
	uint32_t cr2 = SMMU_CR2_RECINVSID, i;

	if (gen_chance(g, 3)) {
		cr2 = 0;
		for (i = 0; i < DIFF_DEVS; i++)
			g->c->met[i] |= MET_NO_RECINV;
	}
	gen_reg32(g, SMMU_STRTAB_BASE_CFG, strtab_cfg);
	gen_reg32(g, SMMU_CR2, cr2);
	gen_cmd(g, SMMU_CMD_CFGI_STE_RANGE, SMMU_CFGI_RANGE_ALL);
	gen_cmd(g, SMMU_CMD_TLBI_NSNH_ALL, 0);
	gen_reg32(g, SMMU_CR0, SMMU_CR0_SMMUEN | SMMU_CR0_CMDQEN | SMMU_CR0_EVENTQEN);
	gen_load32(g, SMMU_CR0ACK, UINT32_MAX);
	gen_load32(g, SMMU_STRTAB_BASE_CFG, UINT32_MAX);
	gen_load32(g, SMMU_STRTAB_BASE, UINT32_MAX);
}

/*
 * SMMUEN = 0: GBPA decides. The queues go on, and nothing cached is lost. The
 * RES0 bits of GBPA are left out of what is compared.
 */
static void disabled(struct gen *g, const struct stream *s)
{
	uint32_t gbpa = 0x1000u | (gen_chance(g, 50) ? SMMU_GBPA_ABORT : 0);

	gen_reg32(g, SMMU_CR0, SMMU_CR0_CMDQEN | SMMU_CR0_EVENTQEN);
	gen_reg32(g, SMMU_GBPA, gbpa | (gen_chance(g, 80) ? SMMU_GBPA_UPDATE : 0));
	gen_load32(g, SMMU_GBPA, SMMU_GBPA_UPDATE | SMMU_GBPA_ABORT);
	gen_access(g, s->dev, DIFF_ARENA + gen_below(g, DIFF_ARENA_SIZE / 4) * 4);
	gen_reg32(g, SMMU_GBPA, 0x1000u | SMMU_GBPA_UPDATE);
	gen_reg32(g, SMMU_CR0, SMMU_CR0_SMMUEN | SMMU_CR0_CMDQEN | SMMU_CR0_EVENTQEN);
	gen_load32(g, SMMU_CR0ACK, UINT32_MAX);
}

/* More faults than the event queue takes, then all that is in it. */
static void overflow(struct gen *g, const struct stream *s)
{
	unsigned int i;

	gen_word(g, DIFF_HEAD(DIFF_KEEP, 1));
	for (i = 0; i < (1u << DIFF_EVTQ_LG2) + 8; i++)
		gen_access(g, s->dev, UINT64_C(0x00ff000000000000) + 4096 * i);
	gen_word(g, DIFF_HEAD(DIFF_KEEP, 0));
}

static void body(struct gen *g, struct stream *s, unsigned int n)
{
	unsigned int i, turns = 2 + (unsigned int)gen_below(g, 5);

	for (i = 0; i < turns; i++) {
		struct stream *one = &s[gen_below(g, n)];

		access_some(g, one);
		if (gen_chance(g, 40))
			stream_edit(g, one);
		if (gen_chance(g, 5))
			odd_command(g, one);
		if (gen_chance(g, 4))
			disabled(g, one);
		if (one->dev != DIFF_READER && one->ste[0] & PREP(SMMU_STE0_CONFIG, 1) &&
		    !g->c->met[one->dev] && gen_chance(g, 2))
			overflow(g, one);
	}
}

/* A stream with another's STE: it shares CD, tables, ASID and VMID, hence TLB entries. */
static void twin(struct stream *s, const struct stream *of)
{
	struct stream own = *s;

	*s = *of;
	s->dev = own.dev;
	s->sid = own.sid;
	s->ste_pa = own.ste_pa;
}

bool gen_case(struct gen *g, uint64_t seed, uint32_t nr, struct diff_case *out)
{
	struct stream s[3];
	unsigned int n, i;
	uint32_t cfg;

	if (!gen_room(g))
		return false;
	memset(s, 0, sizeof(s));
	g->rng = seed ^ (uint64_t)nr * 0xd1342543de82ef95u;
	g->next = DIFF_POOL;
	memset(out, 0, sizeof(*out));
	g->c = out;
	gen_word(g, DIFF_HEAD(DIFF_CASE, nr));
	gen_reg32(g, SMMU_CR0, SMMU_CR0_CMDQEN | SMMU_CR0_EVENTQEN);
	n = 1 + (unsigned int)gen_below(g, 3);
	choose_devices(g, s, n);
	cfg = put_stream_table(g, s, n, !(nr & 1));
	g->twins = n > 1 && gen_chance(g, 15);
	if (g->twins)
		gen_met(g, MET_TWINS);
	for (i = 0; i < n; i++) {
		if (i && g->twins)
			twin(&s[i], &s[0]);
		else
			stream_build(g, &s[i]);
		stream_put_ste(g, &s[i]);
	}
	start(g, cfg);
	body(g, s, n);
	/* Nothing translates while the memory goes. */
	gen_reg32(g, SMMU_CR0, SMMU_CR0_CMDQEN | SMMU_CR0_EVENTQEN);
	gen_wipe(g);
	return true;
}
