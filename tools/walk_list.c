/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything that the registers lead to: streams, CDs, tables, mappings. The
 * only recursion goes down the levels of one translation table, five at most;
 * a table that points at itself ends at WALK_MAX_ENTRIES.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <iom/spec/smmuv3.h>

#include "iom.h"
#include "walk.h"

#define GET(mask, w)	((unsigned int)IOM_FIELD_GET(mask, w))
#define CHUNK		512u			/* words read at once: 4 KiB */

struct build {
	struct iom_tool_walk *w;
	struct iom_tool_list *l;
	bool no_memory;
	bool full;			/* a bound of the list was reached, and told */
	/* the context being built */
	const uint64_t *ste;
	const struct iom_tool_root *root;
	struct iomi_lpae_s1_ctl ctl;
	bool nested;
	unsigned int sh_reg;
	bool had;
};

/* Room for one more; false if there is none. */
static bool grow(struct build *b, void *array, unsigned int n, unsigned int *cap, size_t size,
		 unsigned int max)
{
	void *p, **slot = array;

	if (n < *cap)
		return true;
	if (n == max) {
		if (!b->full)
			iom_tool_walk_problem(b->w, 0, "more than %u of a kind: the rest is not "
					      "listed", max);
		b->full = true;
		return false;
	}
	*cap = *cap ? *cap * 2 : 64;
	if (*cap > max)
		*cap = max;
	p = realloc(*slot, *cap * size);
	if (!p) {
		b->no_memory = true;
		return false;
	}
	*slot = p;
	return true;
}

static bool done(const struct build *b)
{
	return b->no_memory || !b->w->entries_left;
}

/* --- mappings -------------------------------------------------------------- */

static bool extends(const struct iom_tool_run *a, const struct iom_tool_run *b)
{
	uint64_t len = a->last - a->start + 1;

	return a->last + 1 == b->start && a->table == b->table && a->perms == b->perms &&
	       a->af == b->af && a->s2_fault == b->s2_fault && a->leaf_lg2 == b->leaf_lg2 &&
	       a->mem.mair == b->mem.mair && a->mem.sh == b->mem.sh &&
	       a->ipa + len == b->ipa && (a->s2_fault || a->pa + len == b->pa);
}

static void add_run(struct build *b, const struct iom_tool_run *run)
{
	struct iom_tool_list *l = b->l;
	struct iom_tool_ctx *ctx = &l->ctxs[l->n_ctxs - 1];

	if (ctx->n_runs && extends(&l->runs[l->n_runs - 1], run)) {
		l->runs[l->n_runs - 1].last = run->last;
		l->runs[l->n_runs - 1].n_leaves++;
		return;
	}
	if (!grow(b, &l->runs, l->n_runs, &l->cap_runs, sizeof(*l->runs), WALK_MAX_RUNS))
		return;
	l->runs[l->n_runs++] = *run;
	ctx->n_runs++;
}

/* A leaf of stage 1 over stage 2, in pieces of stage 2's leaves. */
static void add_nested(struct build *b, const struct iom_tool_run *leaf)
{
	struct iom_tool_run run = *leaf;
	uint64_t left = leaf->last - leaf->start, piece;

	for (;;) {
		struct iom_tool_result r;

		/* an IPA out of stage 2's range costs no other entry */
		b->w->entries_left -= b->w->entries_left > 0;
		iom_tool_walk_begin(&r);
		r.perms = leaf->perms;
		r.mem = leaf->mem;
		r.has_mem = true;
		iom_tool_walk_s2(b->w, b->ste, run.ipa, NULL, &r);
		/* leaves of both stages are aligned, so one begins in the middle of none */
		piece = r.ok ? (UINT64_C(1) << r.size_lg2) - 1 : 0xfff;
		if (piece > left)
			piece = left;
		run.last = run.start + piece;
		run.s2_fault = !r.ok;
		run.pa = r.ok ? r.pa : 0;
		run.perms = r.ok ? (uint8_t)r.perms : 0;
		run.mem = r.ok ? r.mem : leaf->mem;
		if (r.ok && r.size_lg2 < leaf->leaf_lg2)
			run.leaf_lg2 = (uint8_t)r.size_lg2;
		add_run(b, &run);
		if (piece == left || done(b))
			return;
		left -= piece + 1;
		run.start += piece + 1;
		run.ipa += piece + 1;
	}
}

static void add_leaf(struct build *b, unsigned int table, int level, uint64_t first,
		     uint64_t desc, uint64_t tables)
{
	const struct iomi_lpae_fmt *fmt = b->root->geom.fmt;
	unsigned int lg2 = iomi_lpae_shift(fmt, level);
	unsigned int sh = iom_tool_walk_sh(fmt, desc, b->sh_reg);
	struct iom_tool_run run = { .table = table, .start = first, .n_leaves = 1 };

	run.last = first + ((UINT64_C(1) << lg2) - 1);
	run.ipa = run.pa = iomi_lpae_leaf_oa(fmt, level, desc);
	run.leaf_lg2 = (uint8_t)lg2;
	run.af = desc & LPAE_AF;
	if (fmt->stage == 1) {
		const struct iom_tool_ctx *ctx = &b->l->ctxs[b->l->n_ctxs - 1];

		run.perms = (uint8_t)iomi_lpae_s1_perms(&b->ctl, desc, b->had ? 0 : tables);
		run.mem = iomi_lpae_s1_mem(ctx->cd[3], desc, sh);
	} else {
		struct iomi_lpae_mem wb = { LPAE_MAIR_NORMAL_WB, LPAE_SH_NSH };

		run.perms = (uint8_t)iomi_lpae_s2_perms(b->w->caps.xnx,
							iom_tool_walk_s2_hd(b->ste), desc);
		run.mem = iomi_lpae_s2_mem(wb, desc, sh,
					   b->w->caps.fwb && (b->ste[1] & SMMU_STE1_S2FWB));
	}
	if (b->nested)
		add_nested(b, &run);
	else
		add_run(b, &run);
}

/* --- tables ---------------------------------------------------------------- */

static void walk_table(struct build *b, int parent, uint64_t addr, int level, uint64_t first,
		       uint64_t tables);

/* An address of stage 1's tables as the core knows it; false after a problem. */
static bool to_pa(struct build *b, uint64_t addr, const char *what, uint64_t *pa)
{
	struct iom_tool_result r;

	*pa = addr;
	if (!b->nested)
		return true;
	iom_tool_walk_begin(&r);
	iom_tool_walk_s2(b->w, b->ste, addr, NULL, &r);
	if (!r.ok)
		iom_tool_walk_problem(b->w, addr, "IPA of a %s: %s", what, r.why);
	*pa = r.pa;
	return r.ok;
}

static void walk_entry(struct build *b, unsigned int table, int level, uint64_t at,
		       uint64_t first, uint64_t desc, uint64_t tables)
{
	const struct iomi_lpae_fmt *fmt = b->root->geom.fmt;
	enum iomi_lpae_kind kind = iomi_lpae_kind(fmt, level, desc);
	uint64_t oa;

	if (kind == IOMI_LPAE_INVALID)
		return;
	if (kind == IOMI_LPAE_RESERVED) {
		iom_tool_walk_problem(b->w, at, "stage-%u descriptor 0x%" PRIx64 " is reserved at "
				      "level %d", fmt->stage, desc, level);
		return;
	}
	oa = kind == IOMI_LPAE_TABLE ? iomi_lpae_table_oa(fmt, desc) :
				       iomi_lpae_leaf_oa(fmt, level, desc);
	if (oa >> b->root->oa_bits) {
		iom_tool_walk_problem(b->w, at, "stage-%u descriptor 0x%" PRIx64 " of level %d: "
				      "output above %u bits", fmt->stage, desc, level,
				      b->root->oa_bits);
		return;
	}
	if (kind == IOMI_LPAE_TABLE) {
		b->l->tables[table].n_tables++;
		walk_table(b, (int)table, oa, level + 1, first, tables | desc);
	} else {
		b->l->tables[table].n_leaves++;
		add_leaf(b, table, level, first, desc, tables);
	}
}

static unsigned int add_table(struct build *b, int parent, uint64_t pa, int level,
			      uint64_t first, unsigned int bits)
{
	struct iom_tool_list *l = b->l;
	struct iom_tool_table *t;

	if (!grow(b, &l->tables, l->n_tables, &l->cap_tables, sizeof(*t), WALK_MAX_TABLES))
		return UINT32_MAX;
	t = &l->tables[l->n_tables];
	memset(t, 0, sizeof(*t));
	t->parent = parent;
	t->ctx = l->n_ctxs - 1;
	t->pa = pa;
	t->first = first;
	t->level = (int8_t)level;
	t->span_lg2 = (uint8_t)iomi_lpae_shift(b->root->geom.fmt, level);
	t->entries = 1u << bits;
	l->ctxs[l->n_ctxs - 1].n_tables++;
	return l->n_tables++;
}

static void walk_table(struct build *b, int parent, uint64_t addr, int level, uint64_t first,
		       uint64_t tables)
{
	const struct iomi_lpae_geom *g = &b->root->geom;
	unsigned int bits = level == g->start ? g->start_bits : g->fmt->granule_lg2 - 3u;
	unsigned int n = 1u << bits, i, k, table;
	uint64_t words[CHUNK], pa, span = iomi_lpae_shift(g->fmt, level);

	table = add_table(b, parent, addr, level, first, bits);
	for (i = 0; i < n && table != UINT32_MAX && !done(b); i += CHUNK) {
		unsigned int len = n - i < CHUNK ? n - i : CHUNK;

		if (!to_pa(b, addr + i * 8ull, "table", &pa))
			continue;
		if (!i)
			b->l->tables[table].pa = pa;
		if (!iom_tool_walk_words(b->w, pa, words, len, "translation table"))
			continue;
		for (k = 0; k < len && !done(b); k++)
			walk_entry(b, table, level, pa + k * 8ull,
				   first + ((uint64_t)(i + k) << span), words[k], tables);
	}
}

/* --- contexts -------------------------------------------------------------- */

static struct iom_tool_ctx *add_ctx(struct build *b, int64_t ssid)
{
	struct iom_tool_list *l = b->l;
	struct iom_tool_ctx *c;

	if (!grow(b, &l->ctxs, l->n_ctxs, &l->cap_ctxs, sizeof(*c), WALK_MAX_STREAMS))
		return NULL;
	c = &l->ctxs[l->n_ctxs++];
	memset(c, 0, sizeof(*c));
	c->stream = l->n_streams - 1;
	c->ssid = ssid;
	c->first_table = l->n_tables;
	c->first_run = l->n_runs;
	l->streams[l->n_streams - 1].n_ctxs++;
	return c;
}

static void walk_root(struct build *b, const struct iom_tool_root *root, uint64_t first)
{
	b->root = root;
	walk_table(b, -1, root->table, root->geom.start, first, 0);
}

static void list_s2(struct build *b)
{
	struct iom_tool_root root;

	if (!add_ctx(b, -1) || !iom_tool_walk_s2_root(b->w, b->ste, &root))
		return;
	b->nested = false;
	b->sh_reg = GET(SMMU_STE2_S2SH0, b->ste[2]);
	walk_root(b, &root, 0);
}

static void list_cd(struct build *b, int64_t ssid, uint64_t pa, const uint64_t cd[8])
{
	struct iom_tool_ctx *c = add_ctx(b, ssid);
	struct iom_tool_root root;
	unsigned int half;

	if (!c)
		return;
	c->has_cd = true;
	c->cd_pa = pa;
	memcpy(c->cd, cd, sizeof(c->cd));
	c->broken = iomi_smmuv3_rules_cd(cd, b->ste, &b->w->caps, NULL);
	if (c->broken)
		return;
	iom_tool_walk_s1_ctl(b->w, b->ste, cd, &b->ctl);
	for (half = 0; half < 2; half++) {
		if (half && !iomi_smmuv3_rules_two_priv(b->ste, &b->w->caps))
			continue;
		if (!iom_tool_walk_s1_root(b->w, cd, half, &root) || root.disabled)
			continue;
		b->sh_reg = half ? GET(SMMU_CD0_SH1, cd[0]) : GET(SMMU_CD0_SH0, cd[0]);
		b->had = half ? cd[2] & SMMU_CD2_HAD1 : cd[1] & SMMU_CD1_HAD0;
		walk_root(b, &root, half ? UINT64_MAX << root.geom.ia_bits : 0);
	}
}

/* Every CD that a level 1 descriptor, or the table, holds; those with V = 0 are nothing. */
static void list_cds(struct build *b)
{
	unsigned int max = iomi_smmuv3_rules_cd_max(b->ste, &b->w->caps);
	unsigned int fmt = GET(SMMU_STE0_S1FMT, b->ste[0]);
	uint32_t n = UINT32_C(1) << (max > 20 ? 20 : max), i, leaf = 0;

	if (fmt == SMMU_S1FMT_4K)
		leaf = 1u << SMMU_S1FMT_4K_SPLIT;
	else if (fmt == SMMU_S1FMT_64K)
		leaf = 1u << SMMU_S1FMT_64K_SPLIT;
	b->nested = GET(SMMU_STE0_CONFIG, b->ste[0]) & 2;
	for (i = 0; i < n && !done(b); i++) {
		struct iom_tool_result r;
		uint64_t pa, cd[8];

		iom_tool_walk_begin(&r);
		if (iom_tool_walk_cd(b->w, b->ste, i, NULL, &pa, cd, &r)) {
			if (!max || (cd[0] & SMMU_CD0_V))
				list_cd(b, max ? (int64_t)i : -1, pa, cd);
		} else if (r.event == SMMU_EVT_C_BAD_SUBSTREAMID && leaf) {
			i |= leaf - 1;		/* none of this leaf's */
		} else {
			if (r.event)
				iom_tool_walk_problem(b->w, 0, "StreamID 0x%x, CD %u: %s",
						      b->l->streams[b->l->n_streams - 1].sid, i,
						      r.why);
			return;
		}
	}
}

/* --- streams --------------------------------------------------------------- */

static void list_stream(struct build *b, uint64_t sid, uint64_t pa, const uint64_t ste[8])
{
	struct iom_tool_list *l = b->l;
	unsigned int config = GET(SMMU_STE0_CONFIG, ste[0]);
	struct iom_tool_stream *s;

	if (!(ste[0] & SMMU_STE0_V)) {
		l->n_invalid++;
		return;
	}
	if (config < SMMU_STE_CONFIG_BYPASS) {
		l->n_abort++;
		return;
	}
	if (!grow(b, &l->streams, l->n_streams, &l->cap_streams, sizeof(*s), WALK_MAX_STREAMS))
		return;
	s = &l->streams[l->n_streams++];
	memset(s, 0, sizeof(*s));
	s->sid = (uint32_t)sid;
	s->ste_pa = pa;
	s->first_ctx = l->n_ctxs;
	memcpy(s->ste, ste, sizeof(s->ste));
	s->broken = iomi_smmuv3_rules_ste(ste, &b->w->caps, NULL);
	if (s->broken || config == SMMU_STE_CONFIG_BYPASS)
		return;
	b->ste = ste;
	if (config & 1)
		list_cds(b);
	else
		list_s2(b);
}

/* n STEs at pa; a page that the core lacks is told once, and left out. */
static void scan(struct build *b, uint64_t pa, uint64_t n, uint64_t sid)
{
	uint64_t words[CHUNK], i, k;
	bool told = false;

	for (i = 0; i < n && !done(b); i += CHUNK / 8) {
		uint64_t len = n - i < CHUNK / 8 ? n - i : CHUNK / 8;

		if (!iom_tool_core_read(&b->w->core, pa + i * 64, words, len * 64)) {
			if (!told)
				iom_tool_walk_problem(b->w, pa + i * 64,
						      "the core lacks STEs from StreamID 0x%"
						      PRIx64 " on", sid + i);
			told = true;
			b->w->entries_left--;
			continue;
		}
		for (k = 0; k < len && !done(b); k++) {
			b->w->entries_left--;
			list_stream(b, sid + i + k, pa + (i + k) * 64, words + k * 8);
		}
	}
}

/* One table, or one leaf table after another. */
static void scan_all(struct build *b, uint64_t n)
{
	uint64_t cfg, sid, pa, more, step = n;
	struct iom_tool_result r;

	iom_tool_regs_get(&b->w->regs, SMMU_STRTAB_BASE_CFG, &cfg);
	if (GET(SMMU_STRTAB_BASE_CFG_FMT, cfg) == SMMU_STRTAB_FMT_2LVL)
		step = UINT64_C(1) << GET(SMMU_STRTAB_BASE_CFG_SPLIT, cfg);
	for (sid = 0; sid < n && !done(b); sid += step) {
		if (!iom_tool_walk_ste_addr(b->w, sid, NULL, &pa, &more, &r))
			continue;
		scan(b, pa, more < n - sid ? more : n - sid, sid);
	}
}

static int by_stream(struct build *b, int64_t only)
{
	struct iom_tool_result r;
	uint64_t n, pa, ste[8];

	if (!iom_tool_walk_strtab(b->w, &n)) {
		iom_tool_walk_problem(b->w, 0, "%s has no STRTAB_BASE and STRTAB_BASE_CFG",
				      b->w->regs_file);
		return IOM_TOOL_OK;
	}
	if (only < 0)
		scan_all(b, n);
	else if (iom_tool_walk_ste(b->w, (uint64_t)only, NULL, &pa, ste, &r))
		list_stream(b, (uint64_t)only, pa, ste);
	else if (r.event)
		iom_tool_walk_problem(b->w, 0, "StreamID 0x%" PRIx64 ": %s", (uint64_t)only, r.why);
	return b->no_memory ? IOM_TOOL_FAIL : IOM_TOOL_OK;
}

int iom_tool_walk_list(struct iom_tool_walk *w, int64_t only, struct iom_tool_list *out)
{
	struct build b = { .w = w, .l = out };
	int rc;

	memset(out, 0, sizeof(*out));
	rc = by_stream(&b, only);
	if (rc) {
		fputs("iom walk: out of memory\n", stderr);
		iom_tool_walk_list_free(out);
	} else if (!w->entries_left) {
		iom_tool_walk_problem(w, 0, "gave up after %" PRIu64 " entries: do tables point "
				      "at themselves?", WALK_MAX_ENTRIES);
	}
	return rc;
}

void iom_tool_walk_list_free(struct iom_tool_list *l)
{
	free(l->streams);
	free(l->ctxs);
	free(l->tables);
	free(l->runs);
	memset(l, 0, sizeof(*l));
}

/* A run of the list goes on where a table ends. */
bool iom_tool_walk_join(const struct iom_tool_list *l, const struct iom_tool_ctx *ctx,
			unsigned int *i, struct iom_tool_run *out)
{
	struct iom_tool_run next;

	if (*i >= ctx->n_runs)
		return false;
	*out = l->runs[ctx->first_run + *i];
	while (++*i < ctx->n_runs) {
		next = l->runs[ctx->first_run + *i];
		next.table = out->table;
		if (!extends(out, &next))
			break;
		out->last = next.last;
		out->n_leaves += next.n_leaves;
	}
	return true;
}
