/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The script's words, and translation tables in the pool. The generator keeps
 * an image of the pool, so that it can change what it made and zero it again.
 */
#include <stdlib.h>
#include <string.h>

#include <iom/base/field.h>
#include <iom/spec/lpae.h>
#include <iom/spec/smmuv3.h>

#include "diff/diff_gen.h"

#define TOUCHED_MAX	(1u << 17)
/* What one step, with the memory before it, may need at most. */
#define SLACK		(4u * TOUCHED_MAX)

int gen_init(struct gen *g, uint64_t *script, bool s2p)
{
	memset(g, 0, sizeof(*g));
	g->script = script;
	g->s2p = s2p;
	g->img = calloc(DIFF_POOL_SIZE / 8, 8);
	g->touched = malloc(TOUCHED_MAX * sizeof(*g->touched));
	g->pend = malloc(2 * TOUCHED_MAX * sizeof(*g->pend));
	return g->img && g->touched && g->pend ? 0 : -1;
}

void gen_fini(struct gen *g)
{
	free(g->img);
	free(g->touched);
	free(g->pend);
}

uint64_t gen_rand(struct gen *g)
{
	uint64_t z = (g->rng += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* --- steps ------------------------------------------------------------------ */

static void flush_mem(struct gen *g)
{
	size_t i;

	if (!g->nr_pend)
		return;
	g->script[g->n++] = DIFF_HEAD(DIFF_MEM, g->nr_pend);
	for (i = 0; i < 2 * g->nr_pend; i++)
		g->script[g->n++] = g->pend[i];
	g->nr_pend = 0;
}

void gen_word(struct gen *g, uint64_t w)
{
	flush_mem(g);
	g->script[g->n++] = w;
}

void gen_reg32(struct gen *g, uint32_t off, uint32_t val)
{
	gen_word(g, DIFF_HEAD(DIFF_REG32, off));
	gen_word(g, val);
}

void gen_reg64(struct gen *g, uint32_t off, uint64_t val)
{
	gen_word(g, DIFF_HEAD(DIFF_REG64, off));
	gen_word(g, val);
}

void gen_load32(struct gen *g, uint32_t off, uint32_t bits)
{
	gen_word(g, DIFF_HEAD(DIFF_LOAD32, off));
	gen_word(g, bits);
}

void gen_cmd(struct gen *g, uint64_t w0, uint64_t w1)
{
	gen_word(g, DIFF_HEAD(DIFF_CMD, 2));
	gen_word(g, w0);
	gen_word(g, w1);
	gen_word(g, SMMU_CMD_SYNC);
	gen_word(g, 0);
}

void gen_access(struct gen *g, unsigned int dev, uint64_t iova)
{
	gen_word(g, DIFF_HEAD(dev == DIFF_READER ? DIFF_READ : DIFF_WRITE, dev));
	gen_word(g, iova);
}

void gen_end(struct gen *g)
{
	gen_word(g, DIFF_END);
}

/* --- memory ----------------------------------------------------------------- */

void gen_put(struct gen *g, uint64_t addr, uint64_t val)
{
	if (g->nr_touched == TOUCHED_MAX || g->nr_pend == TOUCHED_MAX)
		abort();
	g->img[(addr - DIFF_POOL) / 8] = val;
	g->touched[g->nr_touched++] = addr;
	g->pend[2 * g->nr_pend] = addr;
	g->pend[2 * g->nr_pend + 1] = val;
	g->nr_pend++;
}

uint64_t gen_get(const struct gen *g, uint64_t addr)
{
	return g->img[(addr - DIFF_POOL) / 8];
}

uint64_t gen_alloc(struct gen *g, uint64_t size, uint64_t align)
{
	uint64_t addr = (g->next + align - 1) & ~(align - 1);

	if (addr + size > DIFF_POOL + DIFF_POOL_SIZE)
		abort();
	g->next = addr + size;
	return addr;
}

/* Zeroes what the case wrote. Words written twice are zeroed twice. */
void gen_wipe(struct gen *g);
void gen_wipe(struct gen *g)
{
	size_t i, n = g->nr_touched;

	flush_mem(g);
	for (i = 0; i < n; i++) {
		g->img[(g->touched[i] - DIFF_POOL) / 8] = 0;
		g->pend[2 * i] = g->touched[i];
		g->pend[2 * i + 1] = 0;
	}
	g->nr_pend = n;
	flush_mem(g);
	g->nr_touched = 0;
	g->next = DIFF_POOL;
}

bool gen_room(const struct gen *g);
bool gen_room(const struct gen *g)
{
	return g->n + SLACK < DIFF_SCRIPT_SIZE / 8;
}

/* --- tables ----------------------------------------------------------------- */

static uint64_t mask(unsigned int bits)
{
	return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

/* Bits of an index into a table of this level. */
static unsigned int index_bits(const struct tt *t, int level)
{
	return level == t->start ? t->start_bits : t->g - 3;
}

void tt_new_root(struct gen *g, struct tt *t)
{
	uint64_t size = UINT64_C(8) << t->start_bits;
	uint64_t pa = gen_alloc(g, size, size < 64 ? 64 : size);

	t->root = tt_visible(g, t, pa, size);
}

void tt_init_s1(struct gen *g, struct tt *t, unsigned int lg2, unsigned int ia_bits)
{
	unsigned int step = lg2 - 3, levels = (ia_bits - lg2 + step - 1) / step;

	t->stage = 1;
	t->g = lg2;
	t->ia_bits = ia_bits;
	t->start = 4 - (int)levels;
	t->start_bits = ia_bits - tt_shift(t, t->start);
	tt_new_root(g, t);
}

bool tt_init_s2(struct tt *t, unsigned int lg2, unsigned int ia_bits, int start)
{
	t->stage = 2;
	t->g = lg2;
	t->ia_bits = ia_bits;
	t->start = start;
	/* At least one entry, at most 16 tables. */
	if (ia_bits <= tt_shift(t, start) || ia_bits > tt_shift(t, start) + lg2 - 3 + 4)
		return false;
	t->start_bits = ia_bits - tt_shift(t, start);
	return true;
}

/* A page of stage 2 for memory that a walk of stage 1 reads. */
static void map_for_walk(struct gen *g, struct tt *s2, uint64_t ipa, uint64_t pa)
{
	uint64_t page = mask(s2->g), slot = tt_slot(g, s2, ipa & ~page, 3);

	if (slot && !gen_get(g, slot))
		gen_put(g, slot, tt_leaf(s2, 3, pa & ~page));
}

uint64_t tt_visible(struct gen *g, struct tt *t, uint64_t pa, uint64_t size)
{
	uint64_t a, step;

	if (!t->s2)
		return pa;
	step = UINT64_C(1) << t->s2->g;
	for (a = pa & ~(step - 1); a < pa + size; a += step)
		map_for_walk(g, t->s2, a + t->ipa_off, a);
	return pa + t->ipa_off;
}

static uint64_t table_pa(const struct tt *t, uint64_t visible)
{
	return t->s2 ? visible - t->ipa_off : visible;
}

uint64_t tt_slot(struct gen *g, struct tt *t, uint64_t ia, int level)
{
	uint64_t table = table_pa(t, t->root), size = UINT64_C(1) << t->g, slot, desc, pa;
	int l;

	for (l = t->start; ; l++) {
		slot = table + (ia >> tt_shift(t, l) & mask(index_bits(t, l))) * 8;
		if (l == level)
			return slot;
		desc = gen_get(g, slot);
		if (!desc) {
			pa = gen_alloc(g, size, size);
			desc = tt_visible(g, t, pa, size) | 3;
			gen_put(g, slot, desc);
		} else if ((desc & 3) != 3) {
			return 0;
		}
		table = table_pa(t, desc & mask(48) & ~mask(t->g));
		if (table - DIFF_POOL >= DIFF_POOL_SIZE)
			return 0;
	}
}

int tt_leaf_level(struct gen *g, const struct tt *t)
{
	/* Without DS blocks are at levels 1 and 2 with 4K, else at level 2. */
	int lowest = t->g == 12 ? 1 : 2;
	int level = gen_chance(g, 60) ? 3 : gen_chance(g, 70) ? 2 : lowest;

	return level < t->start ? t->start : level;
}

uint64_t tt_leaf(const struct tt *t, int level, uint64_t oa)
{
	uint64_t desc = (oa & mask(48) & ~mask(tt_shift(t, level))) | (level == 3 ? 3 : 1);

	/* AF, inner shareable, read and write; nG, AP[1], AttrIndx 1; or MemAttr write-back. */
	desc |= IOM_BIT64(10) | 3u << 8;
	return desc | (t->stage == 1 ? IOM_BIT64(11) | 1u << 6 | 1u << 2 : 3u << 6 | 0xfu << 2);
}
