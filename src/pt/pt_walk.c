/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What looks at leaves: the walk, the text of a dump, dirty bits. One iterator
 * for all three; it takes a contiguous set as one leaf, since hardware may set
 * the dirty bit of any member for the set. Owns nothing.
 */
#include "pt_int.h"

static bool in_aperture(const struct iom_pt *pt, struct iom_range r)
{
	return iom_range_valid(r) && iom_range_contains(pt->aperture, r);
}

/* --- iterator --------------------------------------------------------------- */

/* The leaf or set that entry i of t is of. */
struct found {
	struct iomi_pt_slot *s;	/* its first entry */
	size_t n;
	unsigned int h;
	struct iom_range ia;
	uint64_t entry;		/* all of them ORed */
};

static void found_at(const struct iom_pt *pt, struct iomi_pt_at at, uint64_t ia, uint64_t e,
		     struct found *f)
{
	uint64_t low = (UINT64_C(1) << iomi_pt_leaf_lg2(pt, at.h, e)) - 1;
	size_t i;

	f->h = at.h;
	f->n = (size_t)(low >> iomi_pt_shift(pt, at.h)) + 1;
	f->s = &at.t[at.i & ~(f->n - 1)];
	f->ia.start = ia & ~low;
	f->ia.last = ia | low;
	for (i = 0, f->entry = 0; i < f->n; i++)
		f->entry |= iomi_pt_load(&f->s[i]);
}

/*
 * The first leaf that reaches into [*ia, last]; *ia becomes what comes behind it, or
 * 0 if that is behind last. False: there is none.
 */
static bool next_leaf(const struct iom_pt *pt, uint64_t *ia, uint64_t last, struct found *f)
{
	struct iomi_pt_at at = iomi_pt_seek(pt, *ia);
	uint64_t a = *ia, low, e;

	for (;;) {
		low = iomi_pt_span_m1(pt, at.h);
		e = iomi_pt_load(&at.t[at.i]);
		if (iomi_pt_is_table(pt, e)) {
			at = iomi_pt_seek(pt, a);
			continue;
		}
		if (e) {
			found_at(pt, at, a, e, f);
			*ia = f->ia.last >= last ? 0 : f->ia.last + 1;
			return true;
		}
		if ((a | low) >= last)
			return false;
		a = (a | low) + 1;
		if (++at.i > iomi_pt_mask(pt, at.h))
			at = iomi_pt_seek(pt, a);
	}
}

static bool is_dirty(const struct iom_pt *pt, const struct found *f)
{
	size_t i;

	for (i = 0; pt->dirty_mask && i < f->n; i++)
		if ((iomi_pt_load(&f->s[i]) & pt->dirty_mask) == pt->dirty_bits)
			return true;
	return false;
}

/* --- walk ------------------------------------------------------------------- */

static void describe(const struct iom_pt *pt, const struct found *f, struct iom_pt_leaf *l)
{
	uint64_t low = iomi_pt_span_m1(pt, f->h), e = iomi_pt_load(f->s);

	l->ia = f->ia;
	l->oa = iomi_pt_oa(pt, e) & ~low;
	l->entry = f->entry;
	l->prot = pt->fmt->prot(pt, e);
	l->size_lg2 = (uint8_t)iomi_pt_shift(pt, f->h);
	l->contig = f->n > 1;
	l->dirty = is_dirty(pt, f);
	l->first = e & pt->first;
	l->last = e & pt->last;
}

int iom_pt_walk(struct iom_pt *pt, struct iom_range range, struct iom_pt_visitor *v)
{
	uint64_t ia = range.start;
	struct iom_pt_leaf l;
	struct found f;
	int rc;

	if (!in_aperture(pt, range))
		return IOM_EINVAL;
	while (next_leaf(pt, &ia, range.last, &f)) {
		describe(pt, &f, &l);
		rc = v->leaf(v, &l);
		if (rc || !ia)
			return rc;
	}
	return IOM_OK;
}

/* --- dump ------------------------------------------------------------------- */

struct dump {
	struct iom_pt_visitor v;
	struct iom_pt_text *out;
	struct iom_pt_leaf run;		/* like leaves, one behind the other */
	uint64_t n;			/* how many */
};

static char *put_str(char *p, const char *s)
{
	while (*s)
		*p++ = *s++;
	return p;
}

static char *put_hex(char *p, uint64_t v)
{
	int i;

	p = put_str(p, "0x");
	for (i = 60; i >= 0; i -= 4)
		*p++ = "0123456789abcdef"[v >> i & 15];
	return p;
}

static char *put_dec(char *p, uint64_t v)
{
	char digits[20];
	unsigned int n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*p++ = digits[--n];
	return p;
}

static char *put_size(char *p, unsigned int lg2)
{
	p = put_dec(p, UINT64_C(1) << lg2 % 10);
	*p++ = "BKMGTPE"[lg2 / 10];
	return p;
}

static char *put_prot(char *p, const struct iom_pt_leaf *l)
{
	*p++ = l->prot & IOM_PT_READ ? 'r' : '-';
	*p++ = l->prot & IOM_PT_WRITE ? 'w' : '-';
	*p++ = l->prot & IOM_PT_NOEXEC ? '-' : 'x';
	if (l->prot & IOM_PT_PRIV)
		p = put_str(p, " priv");
	if (l->prot & IOM_PT_MMIO)
		p = put_str(p, " mmio");
	if (l->prot & IOM_PT_CACHE)
		p = put_str(p, " cache");
	if (l->dirty)
		p = put_str(p, " dirty");
	return p;
}

/* start-last -> oa  n x size  rwx ...; at most 120 characters */
static void dump_line(struct dump *d)
{
	char line[128], *p = line;

	if (!d->n)
		return;
	p = put_hex(p, d->run.ia.start);
	*p++ = '-';
	p = put_hex(p, d->run.ia.last);
	p = put_str(p, " -> ");
	p = put_hex(p, d->run.oa);
	*p++ = ' ';
	p = put_dec(p, d->n);
	p = put_str(p, " x ");
	p = put_size(p, d->run.size_lg2);
	p = put_str(p, d->run.contig ? " contig " : " ");
	p = put_prot(p, &d->run);
	*p = '\0';
	d->out->line(d->out, line);
}

static int dump_leaf(struct iom_pt_visitor *v, const struct iom_pt_leaf *l)
{
	struct dump *d = IOM_CONTAINER_OF(v, struct dump, v);
	uint64_t n = ((l->ia.last - l->ia.start) >> l->size_lg2) + 1;

	if (d->n && d->run.ia.last + 1 == l->ia.start && !l->first &&
	    d->run.oa + (l->ia.start - d->run.ia.start) == l->oa &&
	    d->run.size_lg2 == l->size_lg2 && d->run.contig == l->contig &&
	    d->run.prot == l->prot && d->run.dirty == l->dirty) {
		d->run.ia.last = l->ia.last;
		d->n += n;
		return 0;
	}
	dump_line(d);
	d->run = *l;
	d->n = n;
	return 0;
}

int iom_pt_dump(struct iom_pt *pt, struct iom_range range, struct iom_pt_text *t)
{
	struct dump d = { .v = { dump_leaf }, .out = t };
	int rc = iom_pt_walk(pt, range, &d.v);

	if (!rc)
		dump_line(&d);
	return rc;
}

/* --- dirty ------------------------------------------------------------------ */

/*
 * Only hardware makes a leaf dirty and only we make it clean, so of an entry seen
 * dirty the bit stays until we flip it; other bits may change meanwhile (AF).
 */
static void make_clean(const struct iom_pt *pt, const struct found *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if ((iomi_pt_load(&f->s[i]) & pt->dirty_mask) == pt->dirty_bits)
			atomic_fetch_xor_explicit(&f->s[i].raw, IOMI_LE64(pt->dirty_flip),
						  memory_order_acq_rel);
	iomi_pt_clean(pt, f->s, f->n);
}

int iom_pt_dirty(struct iom_pt *pt, struct iom_range iova, struct iom_pt_dirty *d,
		 struct iom_pt_gather *g)
{
	uint64_t ia = iova.start, sizes = 0;
	struct iom_range run = { 1, 0 }, all = run;
	struct found f;

	if (!in_aperture(pt, iova))
		return IOM_EINVAL;
	if (!pt->dirty_mask)
		return IOM_EOPNOTSUPP;
	while (next_leaf(pt, &ia, iova.last, &f)) {
		if (is_dirty(pt, &f)) {
			if (g)
				make_clean(pt, &f);
			sizes |= UINT64_C(1) << iomi_pt_shift(pt, f.h);
			if (iom_range_valid(run) && run.last + 1 != f.ia.start) {
				d->range(d, run);
				run = f.ia;
			} else if (!iom_range_valid(run)) {
				run = f.ia;
			}
			run.last = f.ia.last;
			if (!iom_range_valid(all))
				all = f.ia;
			all.last = f.ia.last;
		}
		if (!ia)
			break;
	}
	if (!iom_range_valid(run))
		return IOM_OK;
	d->range(d, run);
	if (g)
		iomi_pt_gather_add(g, all.start, all.last, sizes, false);
	return IOM_OK;
}
