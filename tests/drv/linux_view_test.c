/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * D2: what Linux's SMMUv3 driver wrote for its devices, and what this driver
 * writes for the same devices and mappings on an SMMU with the same IDRs. Both
 * are read back by `iom walk`: the recorded cores, and this driver's memory.
 * Each translation must be the same; each field of register, STE, CD and
 * descriptor must be too, or have a row in `differences`, which says why not.
 *
 * Devices, domains and mappings are the kernel's own account of them (the truth
 * files), so nothing that is fed to this driver came out of a table walk.
 */
#include "iom.h"
#include "lib/drv_box.h"
#include "lib/test.h"
#include "walk.h"

#include <wire/smmuv3_fields.h>

#define DATA		"tests/data/smmuv3/"
#define TEXT_MAX	(1u << 18)
#define DEVICES		16u
#define LIVE_MAX	1024u
#define PAGE		UINT64_C(4096)

struct set {
	const char *name, *truth;
	unsigned int streams, bypass;
	uint64_t pages;
};

/* Counted by the recorder; those of two-smmu were 4490 together. */
static const struct set sets[] = {
	{ "s1-multi", "s1-multi", 9, 0, 3008 },
	{ "s2-multi", "s2-multi", 9, 0, 3008 },
	{ "s1-many", "s1-many", 7, 0, 5086 },
	{ "s1-passthrough", "s1-passthrough", 7, 5, 2674 },
	{ "two-smmu-a", "two-smmu", 6, 0, 2373 },
	{ "two-smmu-b", "two-smmu", 4, 0, 2117 },
};

/* --- what may differ, and why ------------------------------------------------ */

static bool any(uint64_t theirs, uint64_t ours)
{
	(void)theirs;
	(void)ours;
	return true;
}

static bool bytes_0_to_2_equal(uint64_t theirs, uint64_t ours)
{
	return !((theirs ^ ours) & 0xffffff);
}

/* XN of stage 2: 2 is nobody; 3, with IDR3.XNX, is not unprivileged. */
static bool three_and_two(uint64_t theirs, uint64_t ours)
{
	return theirs == 3 && ours == 2;
}

static bool theirs_alone(uint64_t theirs, uint64_t ours)
{
	return theirs && !ours;
}

static bool ours_alone(uint64_t theirs, uint64_t ours)
{
	return !theirs && ours;
}

static const struct difference {
	const char *in, *field;
	bool (*allowed)(uint64_t theirs, uint64_t ours);
	const char *why;
} differences[] = {
	{ "IDR0", "ASID16", theirs_alone, "without stage 1; see start()" },
	{ "IDR0", "VMID16", theirs_alone, "without stage 2; likewise" },
	{ "CR2", "PTM", theirs_alone, "written only where IDR0.BTM gives it a meaning" },
	{ "STE", "S1ContextPtr", any, "where the CD is" },
	{ "STE", "S2TTB", any, "where the tables are" },
	{ "STE", "S2PTW", theirs_alone, "of walks of stage 1, and there is none" },
	{ "STE", "S2VMID", any, "a number; equal where the domain is, see ids_tell_domains()" },
	{ "CD", "TTB0", any, "where the tables are" },
	{ "CD", "ASID", any, "a number, as S2VMID" },
	{ "CD", "MAIR", bytes_0_to_2_equal, "the other bytes, which no AttrIndx of either names" },
	{ "leaf", "contig", ours_alone, "a hint, which Linux does not give" },
	{ "leaf", "xn", three_and_two, "stage 2, pages that cannot be read: nobody executes them" },
	{ "leaf", "sw", ours_alone, "where a mapping begins and ends; hardware ignores it" },
};

static unsigned int seen[IOM_ARRAY_SIZE(differences)];

static void differ(const struct set *set, uint32_t sid, const char *in, const char *field,
		   uint64_t theirs, uint64_t ours)
{
	size_t i;

	if (theirs == ours)
		return;
	for (i = 0; i < IOM_ARRAY_SIZE(differences); i++) {
		const struct difference *d = &differences[i];

		if (!strcmp(d->in, in) && !strcmp(d->field, field) && d->allowed(theirs, ours)) {
			seen[i]++;
			return;
		}
	}
	fail_msg("%s: stream 0x%x: %s.%s: Linux 0x%llx, here 0x%llx", set->name, sid, in, field,
		 (unsigned long long)theirs, (unsigned long long)ours);
}

/* Every field that the layout has. */
static void compare_layout(const struct set *set, uint32_t sid,
			   const struct iomi_smmuv3_layout *l, const uint64_t *theirs,
			   const uint64_t *ours)
{
	unsigned int i;

	for (i = 0; i < l->n_fields; i++)
		differ(set, sid, l->name, l->fields[i].name,
		       iomi_smmuv3_fields_get(&l->fields[i], theirs),
		       iomi_smmuv3_fields_get(&l->fields[i], ours));
	/* and what no field has */
	for (i = 0; i < l->words; i++)
		differ(set, sid, l->name, "RES0",
		       theirs[i] & ~iomi_smmuv3_fields_mask(l, i),
		       ours[i] & ~iomi_smmuv3_fields_mask(l, i));
}

/* --- the kernel's account ----------------------------------------------------- */

struct device {
	uint32_t sid;
	char domain[16];
	bool identity;
};

struct live {
	char domain[16];
	uint64_t iova, size, pa;
	unsigned int prot;
};

struct truth {
	struct device dev[DEVICES];
	struct live live[LIVE_MAX];
	unsigned int n_devs, n_lives;
};

static char *slurp(const char *name, const char *suffix)
{
	char file[128], *text = calloc(1, TEXT_MAX);
	FILE *f;

	snprintf(file, sizeof(file), DATA "%s%s", name, suffix);
	f = fopen(file, "r");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, TEXT_MAX - 1, f) > 0);
	fclose(f);
	return text;
}

/* The line after *at that begins so; NULL at the end. *at moves behind that beginning. */
static const char *find_line(const char **at, const char *begin)
{
	const char *p = *at;
	size_t n = strlen(begin);

	while (p && *p) {
		const char *end = strchr(p, '\n');

		if (!strncmp(p, begin, n)) {
			*at = end ? end + 1 : p + strlen(p);
			return p + n;
		}
		p = end ? end + 1 : NULL;
	}
	return NULL;
}

/* Does a device's line of this kind have the word? */
static bool device_has(const char *text, const char *kind, const char *bdf, const char *word)
{
	char begin[32], line[400];
	const char *at = text, *p;

	snprintf(begin, sizeof(begin), "%s %s ", kind, bdf);
	p = find_line(&at, begin);
	assert_non_null(p);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
	return strstr(line, word);
}

/* Is the device's group, which is the line that ends in its name, of type identity? */
static bool group_is_identity(const char *text, const char *bdf)
{
	const char *at = text, *p;

	while ((p = find_line(&at, "groups group "))) {
		char line[200];

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		if (strstr(line, bdf))
			return strstr(line, "type=identity");
	}
	fail_msg("%s is in no group", bdf);
	return false;
}

/* Devices behind the SMMU whose registers are at base. */
static void read_devices(const char *text, uint64_t base, struct truth *t)
{
	const char *at = text, *p;
	char iommu[40];

	snprintf(iommu, sizeof(iommu), "iommu=smmu3.0x%016llx ", (unsigned long long)base);
	while ((p = find_line(&at, "attach "))) {
		struct device *d = &t->dev[t->n_devs];
		unsigned int seg, bus, dev, fn;
		char bdf[16];

		assert_true(t->n_devs < DEVICES);
		assert_int_equal(sscanf(p, "%12s %15s", bdf, d->domain), 2);
		assert_int_equal(sscanf(bdf, "%x:%x:%x.%x", &seg, &bus, &dev, &fn), 4);
		if (!device_has(text, "pci", bdf, iommu))
			continue;
		d->sid = bus << 8 | dev << 3 | fn;
		/* What user space drives has left the group's own domain. */
		d->identity = group_is_identity(text, bdf) &&
			      !device_has(text, "pci", bdf, "driver=vfio-pci");
		t->n_devs++;
	}
}

static unsigned int prot_of(const char *flags)
{
	static const struct {
		char letter;
		unsigned int prot;
	} letters[] = {
		{ 'r', IOM_PT_READ }, { 'w', IOM_PT_WRITE }, { 'c', IOM_PT_CACHE },
		{ 'n', IOM_PT_NOEXEC }, { 'm', IOM_PT_MMIO }, { 'p', IOM_PT_PRIV },
	};
	unsigned int prot = 0, found = 0;
	size_t i;

	for (i = 0; i < IOM_ARRAY_SIZE(letters); i++) {
		if (strchr(flags, letters[i].letter)) {
			prot |= letters[i].prot;
			found++;
		}
	}
	assert_int_equal(found, strlen(flags));
	return prot;
}

static void read_lives(const char *text, struct truth *t)
{
	const char *at = text, *p;

	while ((p = find_line(&at, "live "))) {
		struct live *l = &t->live[t->n_lives];
		unsigned long long iova, size, pa;
		char flags[16];

		assert_true(t->n_lives++ < LIVE_MAX);
		assert_int_equal(sscanf(p, "%15s %llx %llx %llx %15s", l->domain, &iova, &size,
					&pa, flags), 5);
		l->iova = iova;
		l->size = size;
		l->pa = pa;
		l->prot = prot_of(flags);
	}
}

static void read_truth(const struct set *set, struct truth *t)
{
	char *text = slurp(set->truth, ".truth.txt"), *regs = slurp(set->name, ".regs.txt");
	const char *at = regs, *where = find_line(&at, "# name offset value; SMMUv3 at "
						  "guest-physical ");

	assert_non_null(where);
	memset(t, 0, sizeof(*t));
	read_devices(text, strtoull(where, NULL, 16), t);
	read_lives(text, t);
	assert_int_equal(t->n_devs, set->streams);
	free(text);
	free(regs);
}

/* --- this driver, given the same ---------------------------------------------- */

struct here {
	struct drv_box b;
	struct iom_smmuv3_stream stream[DEVICES];
	struct iom_domain *domain[DEVICES];	/* by the first device that is in it */
};

/* The first device of the same domain. */
static unsigned int first_of(const struct truth *t, const char *domain)
{
	unsigned int i;

	for (i = 0; i < t->n_devs && strcmp(t->dev[i].domain, domain); i++)
		;
	return i;
}

/* All that the SMMU can address, as Linux does; stage 1 if it has it. */
static struct iom_domain *make_domain(struct drv_box *b)
{
	struct iom_smmuv3_drv_caps caps;
	struct iom_domain_cfg cfg = { .plat = &b->pt.plat, .dmem = &b->dmem };
	struct iom_domain *d;

	iom_smmuv3_drv_caps(b->drv, &caps);
	cfg.pt.format = caps.stage1 ? &iom_pt_arm_s1 : &iom_pt_arm_s2;
	cfg.pt.granule_lg2 = 12;
	cfg.pt.ia_bits = caps.stage1 ? caps.va_bits : caps.ias_bits;
	cfg.pt.oa_bits = caps.oas_bits;
	assert_int_equal(iom_domain_create(&cfg, &d), IOM_OK);
	return d;
}

static void attach_devices(struct here *h, const struct truth *t)
{
	unsigned int i;

	for (i = 0; i < t->n_devs; i++) {
		unsigned int first = first_of(t, t->dev[i].domain);

		assert_int_equal(iom_smmuv3_drv_stream_add(h->b.drv, &h->stream[i],
							   t->dev[i].sid, NULL), IOM_OK);
		if (t->dev[i].identity) {
			assert_int_equal(iom_smmuv3_drv_identity(&h->stream[i]), IOM_OK);
			continue;
		}
		if (first == i)
			h->domain[i] = make_domain(&h->b);
		assert_int_equal(iom_smmuv3_drv_attach(&h->stream[i], h->domain[first]), IOM_OK);
	}
}

static void map_all(struct here *h, const struct truth *t)
{
	unsigned int i;

	for (i = 0; i < t->n_lives; i++) {
		const struct live *l = &t->live[i];
		unsigned int first = first_of(t, l->domain);
		struct iom_range r = { l->iova, l->iova + (l->size - 1) };

		if (first == t->n_devs)		/* of devices behind the other SMMU */
			continue;
		assert_non_null(h->domain[first]);
		assert_int_equal(iom_domain_map(h->domain[first], r, l->pa, l->prot), IOM_OK);
	}
}

static void start(struct here *h, const struct iom_tool_walk *theirs, const struct truth *t)
{
	struct drv_box_cfg cfg = { .s1 = &iom_smmuv3_drv_s1 };
	unsigned int i;
	uint64_t v;

	memset(h, 0, sizeof(*h));
	for (i = 0; i < 6; i++) {
		assert_true(iom_tool_regs_get(&theirs->regs, SMMU_IDR0 + 4 * i, &v));
		cfg.idr[i] = (uint32_t)v;
	}
	/* QEMU's SMMUs of one stage have both all the same; the model wants the stage for it. */
	if (!(cfg.idr[0] & SMMU_IDR0_S1P))
		cfg.idr[0] &= ~SMMU_IDR0_ASID16;
	if (!(cfg.idr[0] & SMMU_IDR0_S2P))
		cfg.idr[0] &= ~SMMU_IDR0_VMID16;
	drv_box_init(&h->b, &cfg, NULL, 0);
	attach_devices(h, t);
	map_all(h, t);
}

static void stop(struct here *h, const struct truth *t)
{
	unsigned int i;

	for (i = 0; i < t->n_devs; i++)
		assert_int_equal(iom_smmuv3_drv_stream_remove(&h->stream[i]), IOM_OK);
	for (i = 0; i < t->n_devs; i++) {
		if (h->domain[i])
			assert_int_equal(iom_domain_destroy(h->domain[i]), IOM_OK);
	}
	drv_box_fini(&h->b, 0);
}

/* Its memory as a core, and its registers by their names, as from a file. */
static void open_here(struct here *h, struct iom_tool_walk *w)
{
	const struct iomi_smmuv3_layout *regs;
	size_t n, i, len = 0, size = DRV_BOX_PAGES * PAGE;
	uint8_t *data = malloc(size);
	char text[8192];

	memset(w, 0, sizeof(*w));
	w->regs_file = "registers";
	w->entries_left = WALK_MAX_ENTRIES;
	regs = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < n; i++) {
		uint64_t v;

		if (!iom_smmuv3_dev_read(h->b.dev, regs[i].offset, regs[i].bits / 8u, &v))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %x %llx\n",
						regs[i].name, regs[i].offset,
						(unsigned long long)v);
		assert_true(len < sizeof(text));
	}
	assert_int_equal(iom_tool_regs_parse(w->regs_file, text, len, &w->regs), IOM_TOOL_OK);
	assert_true(iom_tool_regs_caps(&w->regs, &w->caps));
	assert_non_null(data);
	memcpy(data, h->b.mem, size);
	w->core.file = "memory";
	w->core.data = data;
	w->core.len = size;
	w->core.segs = calloc(1, sizeof(*w->core.segs));
	assert_non_null(w->core.segs);
	w->core.segs[0] = (struct iom_tool_segment){ DRV_BOX_BASE, DRV_BOX_BASE + (size - 1), 0 };
	w->core.n_segs = 1;
}

static void open_theirs(const struct set *set, struct iom_tool_walk *w)
{
	static char core[128], regs[128];

	snprintf(core, sizeof(core), DATA "%s.core.gz", set->name);
	snprintf(regs, sizeof(regs), DATA "%s.regs.txt", set->name);
	assert_int_equal(iom_tool_walk_open(core, regs, w), IOM_TOOL_OK);
}

/* --- both compared -------------------------------------------------------------- */

struct view {
	struct iom_tool_walk w;
	struct iom_tool_list l;
};

/* The next run, joined over tables and sizes of leaves; false at the end. */
static bool next_run(const struct view *v, const struct iom_tool_ctx *c, unsigned int *i,
		     struct iom_tool_run *out)
{
	const struct iom_tool_run *r = &v->l.runs[c->first_run];

	if (*i == c->n_runs)
		return false;
	*out = r[(*i)++];
	while (*i < c->n_runs && r[*i].start == out->last + 1 && r[*i].perms == out->perms &&
	       r[*i].af == out->af && r[*i].mem.mair == out->mem.mair &&
	       r[*i].mem.sh == out->mem.sh &&
	       r[*i].pa == out->pa + (r[*i].start - out->start))
		out->last = r[(*i)++].last;
	return true;
}

static const struct {
	const char *name;
	size_t at;
} desc_fields[] = {
#define FIELD(f)	{ #f, offsetof(struct iomi_lpae_desc, f) }
	FIELD(ap_table), FIELD(ns_table), FIELD(xn_table), FIELD(pxn_table), FIELD(sh), FIELD(sw),
	FIELD(pbha), FIELD(af), FIELD(dbm), FIELD(contig), FIELD(nt), FIELD(attrindx), FIELD(ap),
	FIELD(ns), FIELD(ng), FIELD(pxn), FIELD(uxn), FIELD(gp), FIELD(memattr), FIELD(s2ap),
	FIELD(xn),
#undef FIELD
};

/* One access: each descriptor on its way, which must be as many and of the same levels. */
static void compare_access(const struct set *set, uint32_t sid, uint64_t iova, struct view *a,
			   struct view *b)
{
	static struct iom_tool_trace ta, tb;
	struct iom_tool_result ra, rb;
	struct iomi_lpae_desc da, db;
	unsigned int i;
	size_t k;

	ta.n = 0;
	tb.n = 0;
	iom_tool_walk_iova(&a->w, sid, -1, iova, &ta, &ra);
	iom_tool_walk_iova(&b->w, sid, -1, iova, &tb, &rb);
	assert_true(ra.ok && rb.ok);
	assert_true(ra.pa == rb.pa);
	if (ta.n != tb.n)
		fail_msg("%s: stream 0x%x: 0x%llx: leaves of 2^%u and 2^%u bytes", set->name, sid,
			 (unsigned long long)iova, ra.size_lg2, rb.size_lg2);
	for (i = 0; i < ta.n; i++) {
		const struct iom_tool_step *x = &ta.step[i], *y = &tb.step[i];

		assert_int_equal(x->kind, y->kind);
		if (x->kind != STEP_S1 && x->kind != STEP_S2)
			continue;
		assert_int_equal(x->level, y->level);
		iomi_lpae_decode(x->fmt, x->level, x->w[0], &da);
		iomi_lpae_decode(y->fmt, y->level, y->w[0], &db);
		assert_int_equal(da.kind, db.kind);
		for (k = 0; k < IOM_ARRAY_SIZE(desc_fields); k++)
			differ(set, sid, da.kind == IOMI_LPAE_TABLE ? "table" : "leaf",
			       desc_fields[k].name,
			       *((const uint8_t *)&da + desc_fields[k].at),
			       *((const uint8_t *)&db + desc_fields[k].at));
	}
}

/* Every translation of a stream; pages compared. */
static uint64_t compare_runs(const struct set *set, uint32_t sid, struct view *a,
			     const struct iom_tool_ctx *ca, struct view *b,
			     const struct iom_tool_ctx *cb)
{
	struct iom_tool_run x, y;
	unsigned int i = 0, k = 0;
	uint64_t pages = 0, iova;

	while (next_run(a, ca, &i, &x)) {
		if (!next_run(b, cb, &k, &y))
			fail_msg("%s: stream 0x%x: nothing at 0x%llx", set->name, sid,
				 (unsigned long long)x.start);
		if (x.start != y.start || x.last != y.last || x.pa != y.pa ||
		    x.perms != y.perms || x.af != y.af || x.mem.mair != y.mem.mair ||
		    x.mem.sh != y.mem.sh)
			fail_msg("%s: stream 0x%x: Linux 0x%llx-0x%llx -> 0x%llx perms 0x%x mem "
				 "0x%02x sh %u, here 0x%llx-0x%llx -> 0x%llx perms 0x%x mem 0x%02x "
				 "sh %u", set->name, sid, (unsigned long long)x.start,
				 (unsigned long long)x.last, (unsigned long long)x.pa, x.perms,
				 x.mem.mair, x.mem.sh, (unsigned long long)y.start,
				 (unsigned long long)y.last, (unsigned long long)y.pa, y.perms,
				 y.mem.mair, y.mem.sh);
		for (iova = x.start; iova < x.last; iova += PAGE, pages++)
			compare_access(set, sid, iova, a, b);
	}
	if (next_run(b, cb, &k, &y))
		fail_msg("%s: stream 0x%x: too much, at 0x%llx", set->name, sid,
			 (unsigned long long)y.start);
	return pages;
}

static uint64_t compare_stream(const struct set *set, struct view *a, struct view *b,
			       unsigned int i)
{
	const struct iom_tool_stream *x = &a->l.streams[i], *y = &b->l.streams[i];
	const struct iom_tool_ctx *cx = &a->l.ctxs[x->first_ctx], *cy = &b->l.ctxs[y->first_ctx];

	assert_int_equal(x->sid, y->sid);
	assert_null(y->broken);
	compare_layout(set, x->sid, &iomi_smmuv3_fields_ste, x->ste, y->ste);
	assert_int_equal(x->n_ctxs, y->n_ctxs);
	if (!x->n_ctxs)
		return 0;
	assert_int_equal(x->n_ctxs, 1);
	assert_null(cy->broken);
	assert_int_equal(cx->has_cd, cy->has_cd);
	if (cx->has_cd)
		compare_layout(set, x->sid, &iomi_smmuv3_fields_cd, cx->cd, cy->cd);
	return compare_runs(set, x->sid, a, cx, b, cy);
}

/* The stream table's shape, and how its SMMU reads it. */
static void compare_regs(const struct set *set, const struct view *a, const struct view *b)
{
	static const uint32_t offsets[] = {
		SMMU_IDR0, SMMU_IDR1, SMMU_IDR3, SMMU_IDR5, SMMU_CR1, SMMU_CR2,
		SMMU_STRTAB_BASE_CFG,
	};
	const struct iomi_smmuv3_layout *regs;
	size_t n, i, k;

	regs = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < n; i++) {
		uint64_t x, y;

		for (k = 0; k < IOM_ARRAY_SIZE(offsets) && offsets[k] != regs[i].offset; k++)
			;
		if (k == IOM_ARRAY_SIZE(offsets))
			continue;
		assert_true(iom_tool_regs_get(&a->w.regs, regs[i].offset, &x));
		assert_true(iom_tool_regs_get(&b->w.regs, regs[i].offset, &y));
		compare_layout(set, 0, &regs[i], &x, &y);
	}
}

/* ASID or VMID of a stream; 0: it bypasses. */
static unsigned int id_of(const struct view *v, unsigned int i)
{
	const struct iom_tool_stream *s = &v->l.streams[i];
	const struct iom_tool_ctx *c = &v->l.ctxs[s->first_ctx];

	if (!s->n_ctxs)
		return 0;
	return (unsigned int)(c->has_cd ? IOM_FIELD_GET(SMMU_CD0_ASID, c->cd[0]) :
					  IOM_FIELD_GET(SMMU_STE2_S2VMID, s->ste[2]));
}

/* Two streams have one ASID or VMID where Linux gave them one, and nowhere else. */
static void ids_tell_domains(const struct view *a, const struct view *b)
{
	unsigned int i, k;

	for (i = 0; i < a->l.n_streams; i++) {
		for (k = 0; k < i; k++)
			assert_int_equal(id_of(a, i) == id_of(a, k), id_of(b, i) == id_of(b, k));
	}
}

static void compare_views(const struct set *set, struct view *a, struct view *b)
{
	unsigned int i, bypass = 0;
	uint64_t pages = 0;

	compare_regs(set, a, b);
	assert_int_equal(a->l.n_streams, set->streams);
	assert_int_equal(b->l.n_streams, set->streams);
	/* Of all other streams: STEs that abort without an event. */
	assert_int_equal(a->l.n_abort, b->l.n_abort);
	assert_int_equal(a->l.n_invalid, b->l.n_invalid);
	for (i = 0; i < set->streams; i++) {
		pages += compare_stream(set, a, b, i);
		bypass += !b->l.streams[i].n_ctxs;
	}
	ids_tell_domains(a, b);
	assert_int_equal(pages, set->pages);
	assert_int_equal(bypass, set->bypass);
}

/* --- laws ----------------------------------------------------------------------- */

static void same_view_as_linux(void **state)
{
	static struct truth t;
	static struct here h;
	static struct view a, b;
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sets); i++) {
		read_truth(&sets[i], &t);
		open_theirs(&sets[i], &a.w);
		start(&h, &a.w, &t);
		open_here(&h, &b.w);
		assert_int_equal(iom_tool_walk_list(&a.w, -1, &a.l), IOM_TOOL_OK);
		assert_int_equal(iom_tool_walk_list(&b.w, -1, &b.l), IOM_TOOL_OK);
		assert_int_equal(a.w.n_problems + b.w.n_problems, 0);
		compare_views(&sets[i], &a, &b);
		iom_tool_walk_list_free(&a.l);
		iom_tool_walk_list_free(&b.l);
		iom_tool_walk_close(&a.w);
		iom_tool_walk_close(&b.w);
		stop(&h, &t);
	}
}

/* No row is there for nothing. */
static void every_difference_was_seen(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(differences); i++) {
		if (!seen[i])
			fail_msg("%s.%s never differs", differences[i].in, differences[i].field);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_view_as_linux),
		cmocka_unit_test(every_difference_was_seen),
	};

	return cmocka_run_group_tests_name("linux_view", tests, NULL, NULL);
}
