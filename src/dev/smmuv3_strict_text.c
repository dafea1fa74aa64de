/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports: filled in, counted, told; and as text, each line a label and what
 * belongs to it, broken at 100 columns. Owns nothing.
 */
#include <iom/base/mem.h>

#include "smmuv3_strict_int.h"
#include "wire/smmuv3_fields.h"
#include "wire/smmuv3_text.h"

/* --- making them ----------------------------------------------------------- */

static void take_commands(const struct strict_log *log, uint64_t mark,
			  struct iom_smmuv3_report *r)
{
	uint64_t first = strict_log_first(log), from, n;

	from = mark + 1 > first && mark < log->nr ? mark + 1 : first;
	if (mark >= log->nr)
		from = log->nr + 1;
	if (log->nr + 1 - from > IOM_SMMUV3_REPORT_CMDS)
		from = log->nr + 1 - IOM_SMMUV3_REPORT_CMDS;
	r->more_cmds = mark && from > mark + 1 ? from - mark - 1 : 0;
	for (n = from, r->nr_cmds = 0; n <= log->nr; n++, r->nr_cmds++) {
		r->cmd[r->nr_cmds][0] = strict_log_at(log, n)[0];
		r->cmd[r->nr_cmds][1] = strict_log_at(log, n)[1];
	}
}

void iomi_smmuv3_strict_report(struct iom_smmuv3_dev *s, enum smmu_rule rule, uint64_t mark,
			       struct iom_smmuv3_report *r)
{
	const struct iom_smmuv3_rule_info *info = iom_smmuv3_strict_rule(rule);
	struct smmu_strict *st = s->strict;

	r->id = info->id;
	r->title = info->title;
	r->section = info->section;
	r->may = info->may;
	r->instead = info->instead;
	r->seed = st->cfg.seed;
	r->step = st->step;
	if (!(r->about & IOM_SMMUV3_ABOUT_CMD))
		take_commands(&st->log, mark, r);
	st->nr_reports++;
	iomi_smmuv3_strict_record_report(st->record, r->id, r->step);
	if (st->cfg.report)
		st->cfg.report(st->cfg.arg, r);
}

static void tags(const struct strict_stale *st, struct iom_smmuv3_report *r)
{
	r->sid = st->sid;
	r->ssid = st->ssid;
	r->about |= IOM_SMMUV3_ABOUT_SID | (st->ssv ? IOM_SMMUV3_ABOUT_SSID : 0);
	if (!st->tlb)
		return;
	r->vmid = st->vmid;
	r->asid = st->asid;
	r->iova = st->ia;
	r->about |= IOM_SMMUV3_ABOUT_IOVA | (st->el2 ? 0 : IOM_SMMUV3_ABOUT_VMID);
	if (!st->s2 || st->combined)
		r->about |= IOM_SMMUV3_ABOUT_ASID;
}

void iomi_smmuv3_strict_report_stale(struct iom_smmuv3_dev *s, struct strict_stale *st)
{
	const struct strict_line *line = st->line;
	struct iom_smmuv3_report r;
	enum smmu_rule rule;
	unsigned int i;

	memset(&r, 0, sizeof(r));
	tags(st, &r);
	r.about |= IOM_SMMUV3_ABOUT_STRUCT;
	r.what = (enum iom_smmuv3_fetch_kind)line->kind;
	r.level = line->level;
	r.pa = line->pa;
	r.nr_words = line->n < 8 ? line->n : 8;
	r.word = r.nr_words;
	for (i = r.nr_words; i--;) {
		r.held[i] = line->w[i];
		r.memory[i] = st->now[i];
		if (line->w[i] != st->now[i])
			r.word = i;
	}
	if (r.word == r.nr_words)
		r.word = 0;
	r.stored_step = line->changed;
	rule = iomi_smmuv3_strict_diag(st, r.missing, sizeof(r.missing));
	iomi_smmuv3_strict_report(s, rule, line->changed ? line->mark : s->strict->log.nr, &r);
}

/* --- lines ----------------------------------------------------------------- */

#define WIDTH	100u
#define INDENT	15u

struct page {
	struct iomi_smmuv3_text t;
	size_t line;		/* where the line began */
	bool fresh;		/* nothing stands behind the label yet */
};

static void spaces(struct page *p, size_t n)
{
	while (n--)
		iomi_smmuv3_text_str(&p->t, " ");
}

static void label(struct page *p, const char *text)
{
	p->line = p->t.len;
	spaces(p, 2);
	iomi_smmuv3_text_str(&p->t, text);
	if (p->t.len - p->line < INDENT)
		spaces(p, INDENT - (p->t.len - p->line));
	else
		spaces(p, 1);
	p->fresh = true;
}

static void end(struct page *p)
{
	iomi_smmuv3_text_str(&p->t, "\n");
}

/* An item that is not broken unless it is too wide, behind sep if it is not the first. */
static void words(struct page *p, const char *text);
static void item(struct page *p, const char *sep, const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	if (len > WIDTH - INDENT - 1) {
		if (!p->fresh)
			iomi_smmuv3_text_str(&p->t, sep);
		words(p, text);
		return;
	}
	if (!p->fresh) {
		iomi_smmuv3_text_str(&p->t, sep);
		if (p->t.len - p->line + len > WIDTH - 2) {
			end(p);
			p->line = p->t.len;
			spaces(p, INDENT);
		} else {
			iomi_smmuv3_text_str(&p->t, " ");
		}
	}
	iomi_smmuv3_text_str(&p->t, text);
	p->fresh = false;
}

/* Text, broken between words. */
static void words(struct page *p, const char *text)
{
	char word[WIDTH - INDENT];
	size_t n;

	while (*text) {
		for (n = 0; *text && *text != ' ' && n < sizeof(word) - 1; n++)
			word[n] = *text++;
		word[n] = '\0';
		while (*text == ' ')
			text++;
		item(p, "", word);
	}
}

/* --- what they are about --------------------------------------------------- */

static const struct iomi_smmuv3_layout *layout_of(enum iom_smmuv3_fetch_kind kind)
{
	switch (kind) {
	case IOM_SMMUV3_FETCH_L1STD:
		return &iomi_smmuv3_fields_l1std;
	case IOM_SMMUV3_FETCH_STE:
		return &iomi_smmuv3_fields_ste;
	case IOM_SMMUV3_FETCH_L1CD:
		return &iomi_smmuv3_fields_l1cd;
	case IOM_SMMUV3_FETCH_CD:
		return &iomi_smmuv3_fields_cd;
	default:
		return NULL;
	}
}

static void object(struct page *p, const struct iom_smmuv3_report *r)
{
	struct iomi_smmuv3_text t;
	char buf[WIDTH];

	iomi_smmuv3_text_init(&t, buf, sizeof(buf));
	if (r->about & IOM_SMMUV3_ABOUT_SID)
		iomi_smmuv3_text_fmt(&t, "stream %x", (uint64_t)r->sid);
	label(p, t.len ? buf : "about");
	if (r->about & IOM_SMMUV3_ABOUT_STRUCT) {
		const struct iomi_smmuv3_layout *l = layout_of(r->what);

		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		if (l)
			iomi_smmuv3_text_fmt(&t, "%s at %x", l->name, r->pa);
		else
			iomi_smmuv3_text_fmt(&t, r->level < 0 ?
					     "stage-%u descriptor of level -1 at %x" :
					     "stage-%u descriptor of level %u at %x",
					     r->what == IOM_SMMUV3_FETCH_S1 ? UINT64_C(1) : 2,
					     r->level < 0 ? r->pa : (uint64_t)r->level, r->pa);
		item(p, ",", buf);
		if (r->stored_step) {
			iomi_smmuv3_text_init(&t, buf, sizeof(buf));
			if (r->nr_words > 1)
				iomi_smmuv3_text_fmt(&t, "word %u ", (uint64_t)r->word);
			iomi_smmuv3_text_fmt(&t, "stored at step %u, used at step %u",
					     r->stored_step, r->step);
			item(p, ",", buf);
		}
	}
	if (r->about & IOM_SMMUV3_ABOUT_SSID) {
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		iomi_smmuv3_text_fmt(&t, "substream %x", (uint64_t)r->ssid);
		item(p, ",", buf);
	}
	if (r->about & IOM_SMMUV3_ABOUT_IOVA) {
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		iomi_smmuv3_text_fmt(&t, "input address %x", r->iova);
		item(p, ",", buf);
	}
	if (r->about & IOM_SMMUV3_ABOUT_VMID) {
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		iomi_smmuv3_text_fmt(&t, "VMID %u", (uint64_t)r->vmid);
		item(p, ",", buf);
	}
	if (r->about & IOM_SMMUV3_ABOUT_ASID) {
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		iomi_smmuv3_text_fmt(&t, "ASID %u", (uint64_t)r->asid);
		item(p, ",", buf);
	}
	end(p);
}

static void reg(struct page *p, const struct iom_smmuv3_report *r)
{
	const struct iomi_smmuv3_layout *l;
	struct iomi_smmuv3_text t;
	const char *name = "reserved";
	char buf[WIDTH];
	size_t n, i;

	l = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < n; i++) {
		if (l[i].offset == r->reg)
			name = l[i].name;
	}
	label(p, "register");
	iomi_smmuv3_text_init(&t, buf, sizeof(buf));
	iomi_smmuv3_text_fmt(&t, "%s at %x, %u bytes, value %x", name, r->reg, (uint64_t)r->reg_len,
			     r->reg_val);
	item(p, ",", buf);
	end(p);
}

/* Is a field one of those that tell which structure it is? */
static bool chief(const struct iomi_smmuv3_field *f)
{
	static const char *const names[] = { "V", "Config", "ASID", "Span" };
	const char *a, *b;
	size_t i;

	for (i = 0; i < IOM_ARRAY_SIZE(names); i++) {
		for (a = names[i], b = f->name; *a && *a == *b; a++, b++)
			;
		if (*a == *b)
			return true;
	}
	return false;
}

/* The chief fields, and those that differ; if nothing does, all that are not 0. */
static void contents(struct page *p, const struct iom_smmuv3_report *r, const char *name,
		     const uint64_t *w)
{
	bool same = !memcmp(r->held, r->memory, r->nr_words * sizeof(r->held[0]));
	const struct iomi_smmuv3_layout *l = layout_of(r->what);
	const struct iomi_smmuv3_field *f;
	struct iomi_smmuv3_text t;
	uint64_t rest;
	char buf[WIDTH];
	unsigned int i;

	label(p, name);
	for (i = 0; l && i < l->n_fields; i++) {
		f = &l->fields[i];
		if (!chief(f) && !((r->held[f->word] ^ r->memory[f->word]) & f->mask) &&
		    !(same && (w[f->word] & f->mask)))
			continue;
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		iomi_smmuv3_text_field(&t, f, w);
		item(p, "", buf);
	}
	for (i = 0; i < r->nr_words; i++) {
		rest = l ? ~iomi_smmuv3_fields_mask(l, i) : UINT64_MAX;
		if (l && !((r->held[i] ^ r->memory[i]) & rest) && !(same && (w[i] & rest)))
			continue;
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		if (l)
			iomi_smmuv3_text_fmt(&t, "word%u=%x", (uint64_t)i, w[i]);
		else
			iomi_smmuv3_text_fmt(&t, w[i] & 1 ? "%x (valid)" : "%x (invalid)", w[i]);
		item(p, "", buf);
	}
	end(p);
}

static void commands(struct page *p, const struct iom_smmuv3_report *r)
{
	struct iomi_smmuv3_text t;
	char buf[WIDTH];
	unsigned int i;

	if (r->about & IOM_SMMUV3_ABOUT_CMD)
		label(p, "command");
	else
		label(p, r->stored_step ? "since then" : "last commands");
	if (r->more_cmds) {
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		iomi_smmuv3_text_fmt(&t, "(%u more)", r->more_cmds);
		item(p, ",", buf);
	}
	for (i = 0; i < r->nr_cmds; i++) {
		iomi_smmuv3_text_init(&t, buf, sizeof(buf));
		iomi_smmuv3_text_cmd(&t, r->cmd[i]);
		item(p, ",", buf);
	}
	if (!r->nr_cmds)
		item(p, ",", "nothing");
	end(p);
}

size_t iom_smmuv3_strict_text(const struct iom_smmuv3_report *r, char *buf, size_t size)
{
	struct iomi_smmuv3_text t;
	char section[40];
	struct page p;

	memset(&p, 0, sizeof(p));
	iomi_smmuv3_text_init(&p.t, buf, size);
	iomi_smmuv3_text_init(&t, section, sizeof(section));
	iomi_smmuv3_text_fmt(&t, "IHI 0070, %s", r->section);
	iomi_smmuv3_text_fmt(&p.t, "smmuv3 %s  %s", r->id, r->title);
	spaces(&p, p.t.len + t.len + 2 < WIDTH - 10 ? WIDTH - 10 - p.t.len - t.len : 2);
	iomi_smmuv3_text_str(&p.t, section);
	end(&p);
	if (r->about & (IOM_SMMUV3_ABOUT_SID | IOM_SMMUV3_ABOUT_STRUCT))
		object(&p, r);
	if (r->about & IOM_SMMUV3_ABOUT_REG)
		reg(&p, r);
	if (r->about & IOM_SMMUV3_ABOUT_STRUCT) {
		contents(&p, r, "held", r->held);
		if (r->stored_step)
			contents(&p, r, "in memory", r->memory);
	}
	commands(&p, r);
	if (r->missing[0]) {
		label(&p, "missing");
		words(&p, r->missing);
		end(&p);
	}
	label(&p, "hardware");
	words(&p, r->may);
	end(&p);
	label(&p, "instead");
	words(&p, r->instead);
	end(&p);
	label(&p, "replay");
	iomi_smmuv3_text_fmt(&p.t, "seed %x, step %u", r->seed, r->step);
	end(&p);
	return p.t.len;
}
