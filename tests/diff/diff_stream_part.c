/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streams with their STE, CD and tables, and ways to spoil them. What is
 * spoiled stays harmless: an address that is made wrong leads to where the
 * machine has nothing, or beyond the sizes configured.
 */
#include <string.h>

#include <iom/base/field.h>
#include <iom/spec/lpae.h>
#include <iom/spec/smmuv3.h>

#include "diff/diff_gen.h"

#define PREP(m, v) IOM_FIELD_PREP(m, (uint64_t)(v))

static uint64_t mask(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static unsigned int granule(struct gen *g)
{
	static const unsigned int lg2[] = { 12, 14, 16 };

	return lg2[gen_below(g, 3)];
}

static unsigned int tg0(unsigned int lg2)
{
	return lg2 == 12 ? SMMU_TG0_4K : lg2 == 14 ? SMMU_TG0_16K : SMMU_TG0_64K;
}

static unsigned int tg1(unsigned int lg2)
{
	return lg2 == 12 ? SMMU_TG1_4K : lg2 == 14 ? SMMU_TG1_16K : SMMU_TG1_64K;
}

/* --- spoiling ---------------------------------------------------------------- */

/* Where there is neither memory nor a device, with the low bits kept. */
static uint64_t nowhere(struct gen *g, uint64_t desc)
{
	static const unsigned int bit[] = { 32, 33, 35, 36, 37, 40, 41, 43, 44, 45, 47 };

	gen_met(g, MET_NOWHERE);
	return desc | IOM_BIT64(bit[gen_below(g, IOM_ARRAY_SIZE(bit))]);
}

uint64_t spoil_leaf(struct gen *g, const struct tt *t, uint64_t desc)
{
	switch (gen_below(g, 12)) {
	case 0:
		return desc & ~UINT64_C(1);
	case 1:
		return desc & ~UINT64_C(2);	/* of a page: reserved. A block is one already */
	case 2:
	case 3:
		return desc & ~IOM_BIT64(10);	/* AF */
	case 4:
	case 5:
	case 6:
		/* Read only; stage 2 has no access and write only as well. */
		if (t->stage == 1)
			return desc | IOM_BIT64(7);
		return (desc & ~UINT64_C(0xc0)) | gen_below(g, 3) << 6;
	case 7:
		if (t->stage == 1) {
			gen_met(g, MET_AP1);
			return (desc & ~IOM_BIT64(6)) | gen_below(g, 2) << 7;
		}
		return (desc & ~UINT64_C(0x3c)) | gen_below(g, 16) << 2;	/* MemAttr */
	case 8:
	case 9:
		return nowhere(g, desc);
	case 10:
		/* Bits that translation does not depend on: XN, PXN, software's, SH, nG. */
		return desc ^ (gen_rand(g) & (IOM_BITS64(58, 53) | (t->stage == 1 ? 0x800 : 0)));
	default:
		return 0;
	}
}

static uint64_t spoil_table(struct gen *g, const struct tt *t, uint64_t desc)
{
	switch (gen_below(g, t->stage == 1 ? 6 : 3)) {
	case 0:
		return 0;
	case 1:
		return nowhere(g, desc);
	case 2:
		gen_met(g, MET_BLOCK | MET_AP1);
		return desc & ~UINT64_C(2);	/* of a table's memory */
	case 3:
		gen_met(g, MET_APTABLE);
		return desc | IOM_BIT64(62);	/* APTable: no write below */
	case 4:
		gen_met(g, MET_AP1);
		return desc | IOM_BIT64(61);	/* no EL0 below */
	default:
		return desc | IOM_BITS64(60, 59);
	}
}

/* A bad value for a field, beside good ones. */
static void set(uint64_t *word, uint64_t m, uint64_t val)
{
	*word = (*word & ~m) | IOM_FIELD_PREP(m, val);
}

/* Too many bits, or too few. */
static uint64_t bad_txsz(struct gen *g)
{
	return gen_chance(g, 50) ? gen_below(g, 16) : 40 + gen_below(g, 24);
}

void spoil_cd(struct gen *g, struct stream *s)
{
	uint64_t *cd = s->cd;

	switch (gen_below(g, 16)) {
	case 0:
		cd[0] &= ~SMMU_CD0_V;
		break;
	case 1:
		cd[0] &= ~SMMU_CD0_AA64;
		break;
	case 2:
		cd[0] &= ~SMMU_CD0_A;
		break;
	case 3:
		cd[0] |= SMMU_CD0_S;
		break;
	case 4:
		cd[0] |= gen_chance(g, 50) ? SMMU_CD0_HA : SMMU_CD0_HA | SMMU_CD0_HD;
		break;
	case 5:
		cd[0] |= SMMU_CD0_ENDI;
		break;
	case 6:
		set(&cd[0], SMMU_CD0_T0SZ, bad_txsz(g));
		break;
	case 7:
		set(&cd[0], SMMU_CD0_T1SZ, bad_txsz(g));
		break;
	case 8:
		set(&cd[0], SMMU_CD0_TG0, 3);
		break;
	case 9:
		set(&cd[0], SMMU_CD0_TG1, 0);
		break;
	case 10:
		gen_met(g, MET_TTB);
		cd[1] = nowhere(g, cd[1]);
		break;
	case 11:
		gen_met(g, MET_TTB);
		cd[2] = nowhere(g, cd[2]);
		break;
	case 12:
		/* QEMU aborts at more than 48 bits. */
		set(&cd[0], SMMU_CD0_IPS, gen_below(g, 6));
		break;
	case 13:
		cd[0] ^= SMMU_CD0_EPD0;
		break;
	case 14:
		cd[0] ^= SMMU_CD0_R;
		break;
	default:
		cd[0] ^= gen_rand(g) & (SMMU_CD0_AFFD | SMMU_CD0_TBI0 | SMMU_CD0_TBI1 |
					SMMU_CD0_WXN | SMMU_CD0_UWXN);
		if (!(cd[0] & SMMU_CD0_TBI0) != !(cd[0] & SMMU_CD0_TBI1))
			gen_met(g, MET_TBI);
		cd[1] ^= gen_rand(g) & SMMU_CD1_HAD0;
		cd[2] ^= gen_rand(g) & SMMU_CD2_HAD1;
		break;
	}
}

static void spoil_ste_s2(struct gen *g, struct stream *s)
{
	uint64_t *w = s->ste;

	switch (gen_below(g, 10)) {
	case 0:
		gen_met(g, MET_S2GEOM);
		set(&w[2], SMMU_STE2_S2TG, 3);
		break;
	case 1:
		gen_met(g, MET_S2GEOM);
		set(&w[2], SMMU_STE2_S2SL0, gen_below(g, 4));
		break;
	case 2:
		gen_met(g, MET_S2GEOM);
		set(&w[2], SMMU_STE2_S2T0SZ, gen_below(g, 64));
		break;
	case 3:
		w[2] |= SMMU_STE2_S2ENDI;
		break;
	case 4:
		gen_met(g, MET_S2HTTU);
		w[2] |= gen_chance(g, 50) ? SMMU_STE2_S2HA : SMMU_STE2_S2HA | SMMU_STE2_S2HD;
		break;
	case 5:
		w[2] |= SMMU_STE2_S2S;
		break;
	case 6:
		w[2] &= ~SMMU_STE2_S2R;
		break;
	case 7:
		w[2] ^= SMMU_STE2_S2AFFD;
		break;
	case 8:
		gen_met(g, MET_S2PS);
		set(&w[2], SMMU_STE2_S2PS, gen_below(g, 7));
		break;
	default:
		w[3] = nowhere(g, w[3]);
		break;
	}
}

void spoil_ste(struct gen *g, struct stream *s)
{
	uint64_t *w = s->ste;

	if (s->config >= SMMU_STE_CONFIG_S2 && gen_chance(g, 60)) {
		spoil_ste_s2(g, s);
		return;
	}
	switch (gen_below(g, 7)) {
	case 0:
		w[0] &= ~SMMU_STE0_V;
		break;
	case 1:
		/* Stages that were not built may be added, but none taken away. */
		set(&w[0], SMMU_STE0_CONFIG,
		    gen_below(g, s->config == SMMU_STE_CONFIG_BYPASS ? 8 : 5));
		break;
	case 2:
		gen_met(g, MET_S1FIELDS);
		set(&w[0], SMMU_STE0_S1CDMAX, 1 + gen_below(g, 31));
		break;
	case 3:
		gen_met(g, MET_S1FIELDS);
		w[1] |= SMMU_STE1_S1STALLD;
		break;
	case 4:
		gen_met(g, MET_CTX);
		w[0] = nowhere(g, w[0]);
		break;
	case 5:
		set(&w[1], SMMU_STE1_S1DSS, gen_below(g, 4));
		break;
	default:
		gen_met(g, MET_STRW);
		set(&w[1], SMMU_STE1_STRW, gen_below(g, 4));
		break;
	}
}

/* --- words in memory ---------------------------------------------------------- */

void stream_put_ste(struct gen *g, const struct stream *s)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (gen_get(g, s->ste_pa + 8 * i) != s->ste[i])
			gen_put(g, s->ste_pa + 8 * i, s->ste[i]);
	}
}

void stream_put_cd(struct gen *g, const struct stream *s)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (gen_get(g, s->cd_pa + 8 * i) != s->cd[i])
			gen_put(g, s->cd_pa + 8 * i, s->cd[i]);
	}
}

/* --- stage 2 ------------------------------------------------------------------- */

static unsigned int sl0(const struct tt *t)
{
	return t->g == 12 ? 2u - (unsigned int)t->start : 3u - (unsigned int)t->start;
}

static void build_s2(struct gen *g, struct stream *s)
{
	bool nested = s->config == SMMU_STE_CONFIG_S1S2;
	unsigned int lg2, bits;
	int start;

	bool concat = gen_chance(g, 4);

	/* 44 bits is what QEMU has; the pool must be in range of a nested walk. */
	do {
		lg2 = granule(g);
		bits = (unsigned int)(nested ? 32 + gen_below(g, 13) : 25 + gen_below(g, 20));
		start = (int)gen_below(g, 4);
	} while ((lg2 == 12 && start == 3) || !tt_init_s2(&s->s2, lg2, bits, start) ||
		 (s->s2.start_bits > lg2 - 3) != concat);
	if (concat)
		gen_met(g, MET_CONCAT);
	tt_new_root(g, &s->s2);
	s->ste[2] |= PREP(SMMU_STE2_S2T0SZ, 64 - bits) | PREP(SMMU_STE2_S2SL0, sl0(&s->s2)) |
		     PREP(SMMU_STE2_S2IR0, 1) | PREP(SMMU_STE2_S2OR0, 1) |
		     PREP(SMMU_STE2_S2SH0, 3) | PREP(SMMU_STE2_S2TG, tg0(lg2)) |
		     PREP(SMMU_STE2_S2PS, SMMU_OAS_44) | SMMU_STE2_S2AA64 | SMMU_STE2_S2R;
	s->ste[3] = s->s2.root;
}

/* --- stage 1 ------------------------------------------------------------------- */

static void build_cd(struct gen *g, struct stream *s)
{
	unsigned int half = (unsigned int)gen_below(g, 4), i, lg2;
	uint64_t *cd = s->cd;
	bool epd[2];

	for (i = 0; i < 2; i++) {
		/* Mostly TTB0 alone; then both, then TTB1 alone. */
		epd[i] = i ? half < 2 : half == 3;
		if (s->config == SMMU_STE_CONFIG_S1S2)
			s->s1[i].s2 = &s->s2;
		s->s1[i].high = i;
		if (epd[i])
			continue;
		lg2 = granule(g);
		tt_init_s1(g, &s->s1[i], lg2, 25 + (unsigned int)gen_below(g, 24));
	}
	cd[0] = SMMU_CD0_V | SMMU_CD0_AA64 | SMMU_CD0_A | SMMU_CD0_R | SMMU_CD0_ASET |
		PREP(SMMU_CD0_IPS, SMMU_OAS_44) | PREP(SMMU_CD0_ASID, s->asid);
	cd[0] |= PREP(SMMU_CD0_IR0, 1) | PREP(SMMU_CD0_OR0, 1) | PREP(SMMU_CD0_SH0, 3) |
		 PREP(SMMU_CD0_IR1, 1) | PREP(SMMU_CD0_OR1, 1) | PREP(SMMU_CD0_SH1, 3);
	if (epd[0])
		cd[0] |= SMMU_CD0_EPD0;
	else
		cd[0] |= PREP(SMMU_CD0_T0SZ, 64 - s->s1[0].ia_bits) |
			 PREP(SMMU_CD0_TG0, tg0(s->s1[0].g));
	if (epd[1])
		cd[0] |= SMMU_CD0_EPD1;
	else
		cd[0] |= PREP(SMMU_CD0_T1SZ, 64 - s->s1[1].ia_bits) |
			 PREP(SMMU_CD0_TG1, tg1(s->s1[1].g));
	cd[1] = epd[0] ? s->zeroes : s->s1[0].root;
	cd[2] = epd[1] ? s->zeroes : s->s1[1].root;
	cd[3] = 0xf404ff44;
}

static void build_s1(struct gen *g, struct stream *s)
{
	struct tt *t = &s->s1[0];

	if (s->config == SMMU_STE_CONFIG_S1S2) {
		t->s2 = &s->s2;
		/* Within the IPA space, and often not where the memory is. */
		t->ipa_off = gen_rand(g) & mask(s->s2.ia_bits) & ~mask(31);
		s->s1[1].ipa_off = t->ipa_off;
	}
	s->cd_pa = gen_alloc(g, 64, 64);
	s->ste[0] |= tt_visible(g, t, s->cd_pa, 64);
	build_cd(g, s);
	stream_put_cd(g, s);
}

/* --- targets ------------------------------------------------------------------- */

/* log2 of the entries that the contiguous bit joins at level 3. */
static unsigned int contiguous_lg2(const struct tt *t)
{
	return t->g == 12 ? 4 : t->g == 14 ? 7 : 5;
}

/* The leaf, or its whole group with the contiguous bit. False if there is one already. */
static bool put_leaf(struct gen *g, struct tt *t, uint64_t ia, uint64_t oa, int level,
		     unsigned int group, uint64_t *slot)
{
	uint64_t n = UINT64_C(1) << group, i, first, desc;

	*slot = tt_slot(g, t, ia, level);
	if (!*slot)
		return false;
	first = *slot & ~(8 * n - 1);
	for (i = 0; i < n; i++) {
		if (gen_get(g, first + 8 * i))
			return false;
	}
	desc = tt_leaf(t, level, oa & ~mask(tt_shift(t, level) + group));
	if (group)
		desc |= IOM_BIT64(52);
	for (i = 0; i < n; i++)
		gen_put(g, first + 8 * i, desc + (i << tt_shift(t, level)));
	return true;
}

/* One stage of a target: *ia is chosen so that it leads to oa. */
static bool add_stage(struct gen *g, struct tt *t, uint64_t oa, uint64_t *ia, int *level,
		      uint64_t *slot)
{
	unsigned int group = 0, keep;
	uint64_t desc;

	*level = tt_leaf_level(g, t);
	if (*level == 3 && t->ia_bits > t->g + 8u && gen_chance(g, 8))
		group = contiguous_lg2(t);
	keep = tt_shift(t, *level) + group;
	if (keep >= t->ia_bits)
		return false;
	*ia = (gen_rand(g) & mask(t->ia_bits) & ~mask(keep)) | (oa & mask(keep));
	if (!put_leaf(g, t, *ia, oa, *level, group, slot))
		return false;
	if (!group && gen_chance(g, 20)) {
		desc = spoil_leaf(g, t, gen_get(g, *slot));
		gen_put(g, *slot, desc);
	} else if (*level > t->start && gen_chance(g, 4)) {
		desc = tt_slot(g, t, *ia, *level - 1);
		gen_put(g, desc, spoil_table(g, t, gen_get(g, desc)));
	}
	if (t->high)
		*ia |= ~mask(t->ia_bits);
	return true;
}

static bool add_target(struct gen *g, struct stream *s, struct target *t)
{
	unsigned int half = s->cd[0] & SMMU_CD0_EPD0 ||
			    (!(s->cd[0] & SMMU_CD0_EPD1) && gen_chance(g, 50));

	memset(t, 0, sizeof(*t));
	t->pa = DIFF_ARENA + gen_below(g, DIFF_ARENA_SIZE / 4) * 4;
	t->ipa = t->pa;
	if (s->config & 2 && !add_stage(g, &s->s2, t->pa, &t->ipa, &t->level[1], &t->slot[1]))
		return false;
	t->iova = t->ipa;
	return !(s->config & 1) ||
	       add_stage(g, &s->s1[half], t->ipa, &t->iova, &t->level[0], &t->slot[0]);
}

void stream_build(struct gen *g, struct stream *s)
{
	static const uint8_t configs[] = { 4, 5, 5, 5, 5, 5, 6, 6, 6, 7, 7, 7, 7 };
	unsigned int i, n;

	g->dev = s->dev;
	s->config = configs[gen_below(g, sizeof(configs))];
	s->asid = (uint16_t)gen_rand(g);
	s->vmid = (uint16_t)gen_rand(g);
	s->ste[0] = SMMU_STE0_V | PREP(SMMU_STE0_CONFIG, s->config);
	/* Pointers that are not used lead to zeroes: not every machine has memory at 0. */
	s->zeroes = gen_alloc(g, 0x1000, 0x1000);
	s->ste[1] = PREP(SMMU_STE1_S1DSS, SMMU_S1DSS_SSID0) | PREP(SMMU_STE1_S1CIR, 1) |
		    PREP(SMMU_STE1_S1COR, 1) | PREP(SMMU_STE1_S1CSH, 3) |
		    PREP(SMMU_STE1_SHCFG, SMMU_SHCFG_INCOMING);
	/* QEMU aborts at S2AA64 = 0, so it is set where it does not matter, too. */
	s->ste[2] = SMMU_STE2_S2AA64 | (s->config >= 5 ? s->vmid : 0);
	if (s->config & 2 && s->config != 4)
		build_s2(g, s);
	else
		s->ste[3] = s->zeroes;
	if (s->config & 1)
		build_s1(g, s);
	else
		s->ste[0] |= s->zeroes;
	n = 2 + (unsigned int)gen_below(g, TARGETS_MAX - 1);
	for (i = 0; i < n; i++)
		s->nr_t += add_target(g, s, &s->t[s->nr_t]);
	if (s->config & 1 && gen_chance(g, 12)) {
		spoil_cd(g, s);
		stream_put_cd(g, s);
	}
	if (gen_chance(g, 10))
		spoil_ste(g, s);
}
