/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree from the STEs to the pages as an SVG picture, for a bug report: one
 * column a level, one line a mapping. What is many is told by its number and
 * size, so that a picture stays one that can be looked at.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iom/spec/smmuv3.h>

#include "file.h"
#include "iom.h"
#include "smmu_text.h"
#include "walk.h"

#define GET(mask, w)	((unsigned int)IOM_FIELD_GET(mask, w))

/* Where things stand, in pixels. */
#define ROW		18
#define BOX		40
#define GAP		10
#define X_STE		16
#define W_STE		178
#define X_CTX		220
#define W_CTX		190
#define X_TABLE		436
#define W_TABLE		150
#define STEP_TABLE	174
#define W_RUN		520
#define TOP		64

/* Of many alike under one parent, the first and the last are shown. */
#define SHOW_FIRST	6
#define SHOW_LAST	2
#define SHOW_STREAMS	48
#define SHOW_CTXS	8

struct draw {
	FILE *f;
	const struct iom_tool_list *l;
	/* of a table: lists by index, -1 at the end */
	int *child, *sibling, *run, *next_run;
	uint64_t *mapped;		/* bytes under it */
	unsigned int levels;		/* most columns of tables */
	int y;
};

/* What hangs on a table, in the order of addresses. */
struct item {
	int table, run;			/* the other is -1 */
};

/* --- pieces ---------------------------------------------------------------- */

static void text(struct draw *d, int x, int y, const char *class, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void text(struct draw *d, int x, int y, const char *class, const char *fmt, ...)
{
	char s[256];
	const char *p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s, sizeof(s), fmt, ap);
	va_end(ap);
	fprintf(d->f, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	for (p = s; *p; p++) {
		if (*p == '<' || *p == '>' || *p == '&')
			fprintf(d->f, "&#%d;", *p);
		else if ((unsigned char)*p >= ' ')
			putc(*p, d->f);
	}
	fputs("</text>\n", d->f);
}

static void box(struct draw *d, int x, int y, int w, int h, const char *class)
{
	fprintf(d->f, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" "
		"class=\"%s\"/>\n", x, y, w, h, class);
}

/* From the right edge of a parent, down a lane, to the left edge of a child. */
static void wire(struct draw *d, int x0, int y0, int x1, int y1)
{
	int lane = x0 + 12;

	if (x1 - x0 < 16)
		lane = x0 + (x1 - x0) / 2;
	fprintf(d->f, "<path class=\"w\" d=\"M%d %dH%dV%dH%d\"/>\n", x0, y0, lane, y1, x1);
}

/* A size in at most six characters: "10.6M". */
static const char *about(uint64_t bytes, char buf[IOM_TOOL_SIZE])
{
	static const char unit[] = "BKMGTPE";
	unsigned int i = 0;

	iom_tool_size(bytes - 1, buf);
	if (strlen(buf) <= 5)
		return buf;
	for (; bytes >> 20 && unit[i + 1]; i++)
		bytes >>= 10;
	snprintf(buf, IOM_TOOL_SIZE, "%" PRIu64 ".%" PRIu64 "%c", bytes >> 10,
		 (bytes & 1023) * 10 >> 10, unit[i + 1]);
	return buf;
}

/* --- mappings -------------------------------------------------------------- */

static int x_run(const struct draw *d)
{
	return X_TABLE + (int)d->levels * STEP_TABLE;
}

static const char *perms_class(const struct iom_tool_run *r)
{
	unsigned int p = r->perms | r->perms >> 3;

	if (r->s2_fault || !(p & 7))
		return "none";
	if (r->mem.mair < 0x10)
		return "dev";
	return p & 2 ? "rw" : "ro";
}

static void draw_run(struct draw *d, int x0, int y0, const struct iom_tool_run *r)
{
	char size[IOM_TOOL_SIZE], perms[IOM_TOOL_PERMS], mem[IOM_TOOL_PERMS];
	uint64_t len_m1 = r->last - r->start;
	unsigned int lg2 = 0;
	int x = x_run(d), y = d->y + ROW / 2;

	while (len_m1 >> lg2)
		lg2++;
	wire(d, x0, y0, x, y);
	/* the bar grows with the logarithm of the size */
	fprintf(d->f, "<rect x=\"%d\" y=\"%d\" width=\"%u\" height=\"10\" class=\"%s\"/>\n", x,
		y - 5, 4 + (lg2 > 12 ? lg2 - 12 : 0) * 2, perms_class(r));
	text(d, x + 64, y + 4, "m", "0x%" PRIx64, r->start);
	text(d, x + 192, y + 4, "m", "%s", iom_tool_size(len_m1, size));
	text(d, x + 240, y + 4, "m", "%s", iom_tool_walk_perms(r->perms, perms));
	if (r->s2_fault)
		text(d, x + 304, y + 4, "bad", "IPA 0x%" PRIx64 ": no stage 2", r->ipa);
	else
		text(d, x + 304, y + 4, "m", "0x%" PRIx64, r->pa);
	text(d, x + 432, y + 4, "m", "%s%s", iom_tool_walk_mem(r->mem, mem), r->af ? "" : " AF=0");
	d->y += ROW;
}

/* --- tables ---------------------------------------------------------------- */

/* The next item of a table; advances one of the two lists. */
static bool next_item(const struct draw *d, int *child, int *run, struct item *it)
{
	it->table = it->run = -1;
	if (*child < 0 && *run < 0)
		return false;
	if (*run < 0 || (*child >= 0 && d->l->tables[*child].first < d->l->runs[*run].start)) {
		it->table = *child;
		*child = d->sibling[*child];
	} else {
		it->run = *run;
		*run = d->next_run[*run];
	}
	return true;
}

static void draw_more(struct draw *d, int x0, int y0, unsigned int tables, unsigned int runs,
		      uint64_t bytes)
{
	char size[IOM_TOOL_SIZE], what[64] = "";

	if (tables)
		snprintf(what, sizeof(what), "%u more tables", tables);
	if (runs)
		snprintf(what + strlen(what), sizeof(what) - strlen(what), "%s%u more mappings",
			 tables ? ", " : "", runs);
	wire(d, x0, y0, x0 + 24, d->y + ROW / 2);
	text(d, x0 + 28, d->y + ROW / 2 + 4, "more", "%s: %s", what,
	     bytes ? about(bytes, size) : "nothing");
	d->y += ROW;
}

static void draw_table(struct draw *d, int index, int depth, int x0, int y0);

/* All items, or the first and last of many. */
static void draw_items(struct draw *d, int index, int depth, int x0, int y0)
{
	unsigned int n = 0, i = 0, tables = 0, runs = 0;
	int child = d->child[index], run = d->run[index];
	uint64_t bytes = 0;
	struct item it;

	while (next_item(d, &child, &run, &it))
		n++;
	child = d->child[index];
	run = d->run[index];
	for (; next_item(d, &child, &run, &it); i++) {
		if (n <= SHOW_FIRST + SHOW_LAST + 1 || i < SHOW_FIRST || i >= n - SHOW_LAST) {
			if (tables + runs)
				draw_more(d, x0, y0, tables, runs, bytes);
			tables = runs = 0;
			if (it.table >= 0)
				draw_table(d, it.table, depth + 1, x0, y0);
			else
				draw_run(d, x0, y0, &d->l->runs[it.run]);
		} else if (it.table >= 0) {
			tables++;
			bytes += d->mapped[it.table];
		} else {
			runs++;
			bytes += d->l->runs[it.run].last - d->l->runs[it.run].start + 1;
		}
	}
}

/* Depth is a level's, so at most five. */
static void draw_table(struct draw *d, int index, int depth, int x0, int y0)
{
	const struct iom_tool_table *t = &d->l->tables[index];
	int x = X_TABLE + depth * STEP_TABLE, y = d->y;
	char size[IOM_TOOL_SIZE];

	wire(d, x0, y0, x, y + BOX / 2);
	box(d, x, y, W_TABLE, BOX, "table");
	text(d, x + 8, y + 16, "b", "level %d", t->level);
	text(d, x + 64, y + 16, "s", "%u of %u", t->n_tables + t->n_leaves, t->entries);
	text(d, x + 8, y + 32, "m", "0x%" PRIx64, t->pa);
	if (d->mapped[index])
		text(d, x + W_TABLE - 8, y + 32, "s e", "%s", about(d->mapped[index], size));
	draw_items(d, index, depth, x + W_TABLE, y + BOX / 2);
	if (d->y < y + BOX + GAP)
		d->y = y + BOX + GAP;
}

/* --- streams --------------------------------------------------------------- */

static void draw_ctx(struct draw *d, const struct iom_tool_stream *s, const struct iom_tool_ctx *c,
		     int x0, int y0)
{
	int y = d->y;
	unsigned int i;

	wire(d, x0, y0, X_CTX, y + BOX / 2);
	box(d, X_CTX, y, W_CTX, BOX, c->broken ? "bad" : "ctx");
	if (c->has_cd) {
		text(d, X_CTX + 8, y + 16, "b", c->ssid < 0 ? "CD" : "CD %" PRId64, c->ssid);
		text(d, X_CTX + 70, y + 16, "s", "ASID %u%s", GET(SMMU_CD0_ASID, c->cd[0]),
		     GET(SMMU_STE0_CONFIG, s->ste[0]) & 2 ? ", nested" : "");
		text(d, X_CTX + 8, y + 32, "m", "0x%" PRIx64, c->cd_pa);
	} else {
		text(d, X_CTX + 8, y + 16, "b", "stage 2");
		text(d, X_CTX + 70, y + 16, "s", "VMID %u", GET(SMMU_STE2_S2VMID, s->ste[2]));
		text(d, X_CTX + 8, y + 32, "m", "S2TTB 0x%" PRIx64,
		     s->ste[3] & SMMU_STE3_S2TTB_ADDR);
	}
	if (c->broken)
		text(d, X_CTX + W_CTX + 10, y + 24, "bad", "illegal: %s", c->broken->text);
	for (i = c->first_table; i < c->first_table + c->n_tables; i++) {
		if (d->l->tables[i].parent < 0)
			draw_table(d, (int)i, 0, X_CTX + W_CTX, y + BOX / 2);
	}
	if (d->y < y + BOX + GAP)
		d->y = y + BOX + GAP;
}

/* An earlier stream with the same first root; streams share domains. */
static const struct iom_tool_stream *same_tables(const struct iom_tool_list *l, unsigned int n)
{
	const struct iom_tool_stream *s = &l->streams[n];
	const struct iom_tool_ctx *c, *k;
	unsigned int i;

	if (s->n_ctxs != 1)
		return NULL;
	c = &l->ctxs[s->first_ctx];
	for (i = 0; i < n && c->n_tables; i++) {
		if (l->streams[i].n_ctxs != 1)
			continue;
		k = &l->ctxs[l->streams[i].first_ctx];
		if (k->n_tables == c->n_tables &&
		    l->tables[k->first_table].pa == l->tables[c->first_table].pa)
			return &l->streams[i];
	}
	return NULL;
}

static void draw_stream(struct draw *d, unsigned int n)
{
	const struct iom_tool_stream *s = &d->l->streams[n], *same = same_tables(d->l, n);
	int y = d->y, right = X_STE + W_STE;
	unsigned int i;

	box(d, X_STE, y, W_STE, BOX, s->broken ? "bad" : "ste");
	text(d, X_STE + 8, y + 16, "b", "stream 0x%x", s->sid);
	text(d, right - 8, y + 16, "s e", "%02x:%02x.%x", s->sid >> 8, s->sid >> 3 & 0x1f,
	     s->sid & 7);
	text(d, X_STE + 8, y + 32, "s", "%s", iom_tool_walk_config(s->ste));
	text(d, X_STE + 84, y + 32, "m", "0x%" PRIx64, s->ste_pa);
	if (s->broken)
		text(d, right + 10, y + 24, "bad", "illegal: %s (%s)", s->broken->text,
		     s->broken->section);
	else if (same)
		text(d, right + 10, y + 24, "more", "the tables of stream 0x%x", same->sid);
	else
		for (i = 0; i < s->n_ctxs && i < SHOW_CTXS; i++)
			draw_ctx(d, s, &d->l->ctxs[s->first_ctx + i], right, y + BOX / 2);
	if (!same && s->n_ctxs > SHOW_CTXS)
		draw_more(d, right, y + BOX / 2, 0, s->n_ctxs - SHOW_CTXS, 0);
	if (d->y < y + BOX)
		d->y = y + BOX;
	d->y += GAP;
}

/* --- the whole ------------------------------------------------------------- */

static const char style[] =
	"<style>\n"
	"text{font:12px sans-serif;fill:#1c2733}\n"
	".b{font-weight:bold}.s{font-size:11px;fill:#445566}\n"
	".m{font:11px monospace}.t{font:bold 15px sans-serif}\n"
	".e{text-anchor:end}\n"
	".more{font-size:11px;font-style:italic;fill:#556677}\n"
	"text.bad{fill:#b00020;font-weight:bold}\n"
	"rect{stroke:#7a8a99;stroke-width:1}\n"
	".ste{fill:#d7e6fa}.ctx{fill:#e6dcf5}.table{fill:#eef1f4}rect.bad{fill:#fbd5d5}\n"
	".rw{fill:#69b36b}.ro{fill:#e3c14b}.dev{fill:#e08a3c}.none{fill:#d9534f}\n"
	".w{fill:none;stroke:#9fb0bf;stroke-width:1}\n"
	"</style>\n";

static void legend(struct draw *d)
{
	static const struct { const char *class, *text; } item[] = {
		{ "rw", "writable" }, { "ro", "read-only" }, { "dev", "device memory" },
		{ "none", "no access" },
	};
	unsigned int i;

	d->y += GAP;
	for (i = 0; i < IOM_ARRAY_SIZE(item); i++) {
		int x = X_STE + (int)i * 130;

		fprintf(d->f, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"10\" "
			"class=\"%s\"/>\n",
			x, d->y, item[i].class);
		text(d, x + 18, d->y + 9, "s", "%s", item[i].text);
	}
	d->y += ROW;
	text(d, X_STE, d->y + 9, "s", "A table: entries in use, address, bytes mapped below it. A "
	     "mapping: IOVA, size, permissions, physical address, memory type.");
	d->y += 24;
}

static void title(struct draw *d, const struct iom_tool_walk *w)
{
	const struct iomi_smmuv3_caps *c = &w->caps;

	text(d, X_STE, 26, "t", "%s", w->core.file);
	text(d, X_STE, 46, "s", "SMMUv3: stage 1 %s, stage 2 %s, output %u bits; %u streams "
	     "translate or bypass, %" PRIu64 " abort; %u problems", c->s1p ? "yes" : "no",
	     c->s2p ? "yes" : "no", c->oas_bits, d->l->n_streams, d->l->n_abort, w->n_problems);
}

static bool build_tree(struct draw *d)
{
	const struct iom_tool_list *l = d->l;
	unsigned int i, depth;
	int t;

	d->child = malloc((l->n_tables + 1) * sizeof(int));
	d->sibling = malloc((l->n_tables + 1) * sizeof(int));
	d->run = malloc((l->n_tables + 1) * sizeof(int));
	d->next_run = malloc((l->n_runs + 1) * sizeof(int));
	d->mapped = calloc(l->n_tables + 1, sizeof(*d->mapped));
	if (!d->child || !d->sibling || !d->run || !d->next_run || !d->mapped)
		return false;
	d->levels = 1;
	for (i = 0; i < l->n_tables; i++) {
		d->child[i] = d->run[i] = -1;
		for (depth = 1, t = l->tables[i].parent; t >= 0; t = l->tables[t].parent)
			depth++;
		if (depth > d->levels)
			d->levels = depth;
	}
	/* from the last, so that the lists are in order */
	for (i = l->n_tables; i-- > 0;) {
		t = l->tables[i].parent;
		d->sibling[i] = t < 0 ? -1 : d->child[t];
		if (t >= 0)
			d->child[t] = (int)i;
	}
	for (i = l->n_runs; i-- > 0;) {
		const struct iom_tool_run *r = &l->runs[i];

		d->next_run[i] = d->run[r->table];
		d->run[r->table] = (int)i;
		for (t = (int)r->table; t >= 0; t = l->tables[t].parent)
			d->mapped[t] += r->last - r->start + 1;
	}
	return true;
}

static int write_svg(struct draw *d, const char *file, const char *body, size_t len)
{
	int width = x_run(d) + W_RUN, rc;
	char *out = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	if (!f)
		return IOM_TOOL_FAIL;
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n%s<rect width=\"%d\" height=\"%d\" style=\"fill:#fff;"
		"stroke:none\"/>\n", width, d->y, width, d->y, style, width, d->y);
	fwrite(body, 1, len, f);
	fputs("</svg>\n", f);
	rc = fclose(f) ? IOM_TOOL_FAIL : iom_tool_write(file, out, n);
	free(out);
	return rc;
}

int iom_tool_walk_svg(struct iom_tool_walk *w, const struct iom_tool_list *l, const char *file)
{
	struct draw d = { .l = l, .y = TOP };
	int rc = IOM_TOOL_FAIL;
	char *body = NULL;
	size_t len = 0;
	unsigned int i;

	d.f = open_memstream(&body, &len);
	if (d.f && build_tree(&d)) {
		title(&d, w);
		for (i = 0; i < l->n_streams && i < SHOW_STREAMS; i++)
			draw_stream(&d, i);
		if (l->n_streams > SHOW_STREAMS)
			text(&d, X_STE, d.y + 14, "more", "%u more streams",
			     l->n_streams - SHOW_STREAMS);
		legend(&d);
		if (!fflush(d.f))
			rc = write_svg(&d, file, body, len);
	}
	if (rc == IOM_TOOL_FAIL)
		fprintf(stderr, "iom walk: %s: not drawn\n", file);
	if (d.f)
		fclose(d.f);
	free(body);
	free(d.child);
	free(d.sibling);
	free(d.run);
	free(d.next_run);
	free(d.mapped);
	return rc;
}
