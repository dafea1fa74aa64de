/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom walk` on what a real Linux driver left in memory: the mappings of every
 * stream equal, page by page, what the kernel's own trace says is mapped; the
 * events that wait equal what the kernel printed later; the commands are those
 * that were counted when the sets were recorded.
 */
#include <json-c/json.h>

#include "iom.h"
#include "lib/test.h"
#include "walk.h"

#define DATA "tests/data/smmuv3/"

struct set {
	const char *name, *truth;
	unsigned int pages, leaves, blocks, commands, events;
	bool stage1;
};

/* Counted by the recorder; leaves and blocks over all streams of one SMMU. */
static const struct set sets[] = {
	{ "s1-multi", "s1-multi", 3008, 964, 4, 865, 0, true },
	{ "s2-multi", "s2-multi", 3008, 964, 4, 847, 0, false },
	{ "s1-events", "s1-events", 2398, 865, 3, 773, 9, true },
	{ "s2-events", "s2-events", 2398, 865, 3, 713, 8, false },
	{ "s1-passthrough", "s1-passthrough", 2674, 119, 5, 93, 0, true },
	{ "s1-many", "s1-many", 5086, 1509, 7, 183, 0, true },
	{ "two-smmu-a", "two-smmu", 0, 840, 3, 652, 0, true },
	{ "two-smmu-b", "two-smmu", 0, 73, 4, 162, 0, false },
};

static struct iom_tool_walk walk;

static void open_set(const char *name)
{
	static char core[128], regs[128];

	snprintf(core, sizeof(core), DATA "%s.core.gz", name);
	snprintf(regs, sizeof(regs), DATA "%s.regs.txt", name);
	assert_int_equal(iom_tool_walk_open(core, regs, &walk), IOM_TOOL_OK);
}

static char *slurp(const char *name)
{
	char file[128];
	FILE *f;
	char *text = calloc(1, 1 << 18);

	snprintf(file, sizeof(file), DATA "%s.truth.txt", name);
	f = fopen(file, "r");
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 18) - 1, f) > 0);
	fclose(f);
	return text;
}

static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!*line)
		return NULL;
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

/* --- the kernel's side ------------------------------------------------------ */

struct page {
	uint64_t iova, pa;
	char prot[8];		/* r, w, c, n, m of it, in this order */
};

struct pages {
	struct page *p;
	size_t n;
};

static void add_page(struct pages *ps, uint64_t iova, uint64_t pa, const char *prot)
{
	ps->p = realloc(ps->p, (ps->n + 1) * sizeof(*ps->p));
	assert_non_null(ps->p);
	memset(&ps->p[ps->n], 0, sizeof(*ps->p));
	ps->p[ps->n].iova = iova;
	ps->p[ps->n].pa = pa;
	strcpy(ps->p[ps->n].prot, prot);
	ps->n++;
}

/* At stage 1 there is no write-only page: it is read-write. */
static void prot_of(const char *flags, bool stage1, char out[8])
{
	unsigned int n = 0;

	if (strchr(flags, 'r') || (stage1 && strchr(flags, 'w')))
		out[n++] = 'r';
	if (strchr(flags, 'w'))
		out[n++] = 'w';
	if (strchr(flags, 'c'))
		out[n++] = 'c';
	if (strchr(flags, 'n'))
		out[n++] = 'n';
	if (strchr(flags, 'm'))
		out[n++] = 'm';
	out[n] = '\0';
}

/* The domain that the device of a StreamID was attached to last; empty: none. */
static void domain_of(const char *truth, uint32_t sid, char dom[16])
{
	char *text = strdup(truth), *at = text, *line;
	unsigned int seg, bus, dev, fn;

	dom[0] = '\0';
	while ((line = next_line(&at))) {
		char d[16];

		if (sscanf(line, "attach %x:%x:%x.%x %15s", &seg, &bus, &dev, &fn, d) == 5 &&
		    (bus << 8 | dev << 3 | fn) == sid)
			strcpy(dom, d);
	}
	free(text);
}

static void live_of(const char *truth, const char *dom, bool stage1, struct pages *out)
{
	char *text = strdup(truth), *at = text, *line, d[16], flags[16], prot[8];
	unsigned long long iova, size, pa, off;

	memset(out, 0, sizeof(*out));
	while ((line = next_line(&at))) {
		if (sscanf(line, "live %15s %llx %llx %llx %15s", d, &iova, &size, &pa,
			   flags) != 5 || strcmp(d, dom))
			continue;
		prot_of(flags, stage1, prot);
		for (off = 0; off < size; off += 4096)
			add_page(out, iova + off, pa + off, prot);
	}
	free(text);
}

/* --- our side --------------------------------------------------------------- */

static void mapped_of(const struct iom_tool_list *l, const struct iom_tool_stream *s,
		      struct pages *out)
{
	unsigned int i, c;

	memset(out, 0, sizeof(*out));
	for (c = 0; c < s->n_ctxs; c++) for (i = 0; i < l->ctxs[s->first_ctx + c].n_runs; i++) {
		const struct iom_tool_run *r = &l->runs[l->ctxs[s->first_ctx + c].first_run + i];
		uint64_t off;
		char prot[8];
		unsigned int n = 0;

		if (r->perms & IOMI_LPAE_UR)
			prot[n++] = 'r';
		if (r->perms & IOMI_LPAE_UW)
			prot[n++] = 'w';
		if (r->mem.mair == LPAE_MAIR_NORMAL_WB)
			prot[n++] = 'c';
		/* what cannot be read cannot be executed either */
		if (!(r->perms & IOMI_LPAE_UX) && (r->perms & IOMI_LPAE_UR))
			prot[n++] = 'n';
		if (r->mem.mair < 0x10)
			prot[n++] = 'm';
		prot[n] = '\0';
		assert_true(r->af && !r->s2_fault);
		for (off = 0; off <= r->last - r->start; off += 4096)
			add_page(out, r->start + off, r->pa + off, prot);
	}
}

static int by_iova(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

static size_t compare(const struct set *set, uint32_t sid, struct pages *is, struct pages *want)
{
	size_t i;

	if (is->n != want->n)
		fail_msg("%s: stream 0x%x: %zu pages, not %zu", set->name, sid, is->n, want->n);
	if (!is->n)
		return 0;
	qsort(is->p, is->n, sizeof(*is->p), by_iova);
	qsort(want->p, want->n, sizeof(*want->p), by_iova);
	for (i = 0; i < is->n; i++) {
		const struct page *a = &is->p[i], *b = &want->p[i];
		char x[8];

		/* no-execute of a write-only stage-2 page is not visible */
		strcpy(x, b->prot);
		if (!strchr(x, 'r') && strchr(x, 'n'))
			memmove(strchr(x, 'n'), strchr(x, 'n') + 1, strlen(strchr(x, 'n')));
		if (a->iova != b->iova || a->pa != b->pa || strcmp(a->prot, x))
			fail_msg("%s: stream 0x%x: 0x%llx -> 0x%llx %s, not 0x%llx -> 0x%llx %s",
				 set->name, sid, (unsigned long long)a->iova,
				 (unsigned long long)a->pa, a->prot, (unsigned long long)b->iova,
				 (unsigned long long)b->pa, x);
	}
	free(is->p);
	free(want->p);
	return i;
}

/* --- laws ------------------------------------------------------------------- */

static size_t check_set(const struct set *set)
{
	unsigned int i, leaves = 0, blocks = 0, translating = 0;
	struct iom_tool_list l;
	char *truth = slurp(set->truth), dom[16];
	size_t pages = 0;

	open_set(set->name);
	assert_int_equal(iom_tool_walk_list(&walk, -1, &l), IOM_TOOL_OK);
	assert_int_equal(walk.n_problems, 0);
	for (i = 0; i < l.n_streams; i++) {
		struct iom_tool_stream *s = &l.streams[i];
		struct pages is, want;

		assert_null(s->broken);
		domain_of(truth, s->sid, dom);
		assert_true(*dom);
		if (!s->n_ctxs)		/* bypass */
			continue;
		translating++;
		mapped_of(&l, s, &is);
		live_of(truth, dom, set->stage1, &want);
		pages += compare(set, s->sid, &is, &want);
	}
	assert_true(translating > 0);
	for (i = 0; i < l.n_runs; i++) {
		leaves += l.runs[i].n_leaves;
		blocks += l.runs[i].leaf_lg2 == 21 ? l.runs[i].n_leaves : 0;
	}
	if (leaves != set->leaves || blocks != set->blocks)
		fail_msg("%s: %u leaves, %u blocks", set->name, leaves, blocks);
	iom_tool_walk_list_free(&l);
	iom_tool_walk_close(&walk);
	free(truth);
	return pages;
}

static void mappings_are_the_kernels(void **state)
{
	size_t i, two = 0;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sets); i++) {
		size_t n = check_set(&sets[i]);

		if (sets[i].pages)
			assert_int_equal(n, sets[i].pages);
		else
			two += n;
	}
	assert_int_equal(two, 4490);
}

/* A translation of its own, word by word, finds what the list says. */
static void steps_agree_with_the_list(void **state)
{
	static struct iom_tool_trace t;
	size_t i;
	unsigned int k, c;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sets); i++) {
		struct iom_tool_list l;

		open_set(sets[i].name);
		assert_int_equal(iom_tool_walk_list(&walk, -1, &l), IOM_TOOL_OK);
		for (c = 0; c < l.n_ctxs; c++) for (k = 0; k < l.ctxs[c].n_runs; k++) {
			const struct iom_tool_run *r = &l.runs[l.ctxs[c].first_run + k];
			uint32_t sid = l.streams[l.ctxs[c].stream].sid;
			struct iom_tool_result x;

			t.n = 0;
			iom_tool_walk_iova(&walk, sid, -1, r->last, &t, &x);
			assert_true(x.ok && x.perms == r->perms);
			assert_true(x.pa == r->pa + (r->last - r->start));
			assert_true(t.n >= 5);
		}
		iom_tool_walk_list_free(&l);
		iom_tool_walk_close(&walk);
	}
}

/* Words of the records that the kernel printed: four lines after "event 0x.. received". */
static unsigned int printed(const char *name, uint64_t words[][4], unsigned int max)
{
	char *text = slurp(name), *at = text, *line;
	unsigned int n = 0, left = 0;

	while ((line = next_line(&at))) {
		char *hex;

		if (strncmp(line, "dmesg ", 6))
			continue;
		if (strstr(line, "event 0x") && strstr(line, " received:")) {
			assert_true(n < max);
			left = 4;
			n++;
		} else if (left && (hex = strstr(line, "\t0x"))) {
			words[n - 1][4 - left] = strtoull(hex + 1, NULL, 16);
			left--;
		}
	}
	free(text);
	return n;
}

static void waiting_events_are_what_linux_printed(void **state)
{
	size_t i, k, j;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sets); i++) {
		uint64_t words[16][4] = { { 0 } };
		struct json_object *o, *a;

		open_set(sets[i].name);
		o = iom_tool_walk_json_queues(&walk, false);
		assert_true(json_object_object_get_ex(o, "events", &a));
		assert_int_equal(json_object_array_length(a), sets[i].events);
		if (sets[i].events)
			assert_int_equal(printed(sets[i].truth, words, 16), sets[i].events);
		for (k = 0; k < sets[i].events; k++) {
			struct json_object *e = json_object_array_get_idx(a, k), *w;

			assert_true(json_object_object_get_ex(e, "words", &w));
			for (j = 0; j < 4; j++)
				assert_true(strtoull(json_object_get_string(
					json_object_array_get_idx(w, j)), NULL, 16) == words[k][j]);
		}
		json_object_put(o);
		iom_tool_walk_close(&walk);
	}
}

static unsigned int count(struct json_object *a, const char *kind)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < json_object_array_length(a); i++) {
		struct json_object *k, *e = json_object_array_get_idx(a, i);

		assert_true(json_object_object_get_ex(e, "kind", &k));
		n += !strcmp(json_object_get_string(k), kind);
	}
	return n;
}

/* The ring never filled, so it holds all commands since boot; Linux makes none that is illegal. */
static void commands_are_all_there_and_legal(void **state)
{
	size_t i, k;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sets); i++) {
		struct json_object *o, *a, *notes;

		open_set(sets[i].name);
		o = iom_tool_walk_json_queues(&walk, true);
		assert_true(json_object_object_get_ex(o, "commands", &a));
		assert_int_equal(json_object_array_length(a), sets[i].commands);
		for (k = 0; k < sets[i].commands; k++) {
			assert_true(json_object_object_get_ex(json_object_array_get_idx(a, k),
							      "notes", &notes));
			assert_int_equal(json_object_array_length(notes), 0);
		}
		if (!strcmp(sets[i].name, "s1-multi")) {
			assert_int_equal(count(a, "CMD_CFGI_STE_RANGE"), 1);
			assert_int_equal(count(a, "CMD_TLBI_NSNH_ALL"), 1);
			assert_int_equal(count(a, "CMD_PREFETCH_CONFIG"), 13);
			assert_int_equal(count(a, "CMD_CFGI_STE"), 26);
			assert_int_equal(count(a, "CMD_CFGI_CD"), 26);
			assert_int_equal(count(a, "CMD_TLBI_NH_VA"), 370);
			assert_int_equal(count(a, "CMD_TLBI_NH_ASID"), 2);
			assert_int_equal(count(a, "CMD_SYNC"), 426);
		}
		if (!strcmp(sets[i].name, "s2-multi")) {
			assert_int_equal(count(a, "CMD_TLBI_S2_IPA"), 387);
			assert_int_equal(count(a, "CMD_TLBI_S12_VMALL"), 2);
			assert_int_equal(count(a, "CMD_CFGI_CD"), 0);
		}
		json_object_put(o);
		iom_tool_walk_close(&walk);
	}
}

/* Why those events came: the same accesses fault in the walk. */
static void faults_of_the_walk_are_the_events(void **state)
{
	static const char *const names[] = { "s1-events", "s2-events" };
	unsigned int s, k, n;

	(void)state;
	for (s = 0; s < 2; s++) {
		uint64_t words[16][4];

		open_set(names[s]);
		n = printed(names[s], words, 16);
		for (k = 0; k < n; k++) {
			struct iom_tool_result r;

			if ((uint8_t)words[k][0] != 0x10)
				continue;	/* a permission depends on the access */
			iom_tool_walk_iova(&walk, (uint32_t)(words[k][0] >> 32), -1, words[k][2],
					   NULL, &r);
			assert_false(r.ok);
			assert_int_equal(r.event, 0x10);
			assert_int_equal(r.s2, words[k][1] >> 39 & 1);
			assert_int_equal(r.class, words[k][1] >> 40 & 3);
		}
		iom_tool_walk_close(&walk);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(mappings_are_the_kernels),
		cmocka_unit_test(steps_agree_with_the_list),
		cmocka_unit_test(waiting_events_are_what_linux_printed),
		cmocka_unit_test(commands_are_all_there_and_legal),
		cmocka_unit_test(faults_of_the_walk_are_the_events),
	};

	return cmocka_run_group_tests_name("walk_recorded", tests, NULL, NULL);
}
