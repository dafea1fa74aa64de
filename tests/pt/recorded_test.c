/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux's tables, once more: given the mappings that the kernel's trace says are
 * live, iom_pt writes the leaves that stand in the recorded memory, bit by bit but for
 * those that are software's; and nothing where Linux has nothing.
 */
#include <iom/pt/pt.h>

#include "iom.h"
#include "lib/pt_hw.h"
#include "lib/test.h"
#include "walk.h"

#define DATA "tests/data/smmuv3/"

/* Linux sets both XN bits at stage 2, of which 53 is RES0 or means something else (XNX). */
#define NOT_COMPARED	(LPAE_SW | IOM_BIT64(53))

struct set {
	const char *name, *truth;
	unsigned int pages;	/* compared; other tests count the same */
};

static const struct set sets[] = {
	{ "s1-multi", "s1-multi", 3008 },
	{ "s2-multi", "s2-multi", 3008 },
	{ "s1-events", "s1-events", 2398 },
	{ "s2-events", "s2-events", 2398 },
	{ "s1-passthrough", "s1-passthrough", 2674 },
	{ "s1-many", "s1-many", 5086 },
	{ "two-smmu-a", "two-smmu", 0 },
	{ "two-smmu-b", "two-smmu", 0 },
};

static struct iom_tool_walk walk;
static struct dmem_fake mem;
static struct iom_pt pt;
static struct pt_hw hw;

static char **lines_of(const char *name)
{
	char file[128], buf[512], **lines = calloc(8192, sizeof(*lines));
	size_t n = 0;
	FILE *f;

	snprintf(file, sizeof(file), DATA "%s.truth.txt", name);
	f = fopen(file, "r");
	assert_non_null(f);
	assert_non_null(lines);
	while (fgets(buf, sizeof(buf), f))
		if (!strncmp(buf, "attach", 6) || !strncmp(buf, "live", 4)) {
			assert_true(n < 8191);
			lines[n++] = strdup(buf);
		}
	fclose(f);
	return lines;
}

static void free_lines(char **lines)
{
	char **l;

	for (l = lines; *l; l++)
		free(*l);
	free(lines);
}

/* The last domain of a stream's device. */
static bool domain_of(char **lines, uint32_t sid, char dom[16])
{
	unsigned int seg, bus, dev, fn;
	bool found = false;
	char d[16];

	for (; *lines; lines++)
		if (sscanf(*lines, "attach %x:%x:%x.%x %15s", &seg, &bus, &dev, &fn, d) == 5 &&
		    (bus << 8 | dev << 3 | fn) == sid) {
			strcpy(dom, d);
			found = true;
		}
	return found;
}

static unsigned int prot_of(const char *flags)
{
	return (strchr(flags, 'r') ? IOM_PT_READ : 0) | (strchr(flags, 'w') ? IOM_PT_WRITE : 0) |
	       (strchr(flags, 'c') ? IOM_PT_CACHE : 0) |
	       (strchr(flags, 'n') ? IOM_PT_NOEXEC : 0) |
	       (strchr(flags, 'm') ? IOM_PT_MMIO : 0) | (strchr(flags, 'p') ? IOM_PT_PRIV : 0);
}

/* A pt with the geometry that the STE or CD says. */
static void open_like(const struct iom_tool_stream *s, const struct iom_tool_ctx *c)
{
	struct iom_pt_cfg cfg = { .no_contig = true };
	struct iom_tool_root root;

	if (c->has_cd) {
		assert_true(iom_tool_walk_s1_root(&walk, c->cd, 0, &root));
	} else {
		assert_true(iom_tool_walk_s2_root(&walk, s->ste, &root));
		cfg.levels = (uint8_t)(4 - root.geom.start);
	}
	cfg.format = c->has_cd ? &iom_pt_arm_s1 : &iom_pt_arm_s2;
	cfg.granule_lg2 = root.geom.fmt->granule_lg2;
	cfg.ia_bits = root.geom.ia_bits;
	cfg.oa_bits = (uint8_t)root.oa_bits;
	dmem_fake_init(&mem, 0);
	assert_int_equal(iom_pt_init(&pt, &mem.dmem, &cfg), IOM_OK);
	hw = pt_hw_of(&mem, &pt, &cfg);
	assert_int_equal(iom_pt_info(&pt)->levels, 4 - root.geom.start);
	if (c->has_cd)
		assert_true((c->cd[3] & UINT64_C(0xffffff)) == (IOM_PT_ARM_MAIR & 0xffffff));
}

static void compare(uint32_t sid, uint64_t iova)
{
	struct pt_hw_leaf l = pt_hw_walk(&hw, iova);
	static struct iom_tool_trace t;
	struct iom_tool_result x;
	const struct iom_tool_step *s;

	t.n = 0;
	iom_tool_walk_iova(&walk, sid, -1, iova, &t, &x);
	assert_true(x.ok && t.n > 0 && l.mapped);
	s = &t.step[t.n - 1];
	if ((s->w[0] & ~NOT_COMPARED) != (l.desc & ~NOT_COMPARED) ||
	    iomi_lpae_shift(s->fmt, s->level) != l.size_lg2)
		fail_msg("stream 0x%x, 0x%llx: Linux 0x%llx, we 0x%llx", sid,
			 (unsigned long long)iova, (unsigned long long)s->w[0],
			 (unsigned long long)l.desc);
}

static unsigned int check_ctx(char **lines, const struct iom_tool_list *l,
			      const struct iom_tool_stream *s, const struct iom_tool_ctx *c)
{
	unsigned long long iova, size, pa, off;
	char dom[16], d[16], flags[16], **line;
	unsigned int pages = 0, i;

	assert_true(domain_of(lines, s->sid, dom));
	open_like(s, c);
	for (line = lines; *line; line++) {
		if (sscanf(*line, "live %15s %llx %llx %llx %15s", d, &iova, &size, &pa,
			   flags) != 5 || strcmp(d, dom))
			continue;
		assert_int_equal(iom_pt_map(&pt, (struct iom_range){ iova, iova + size - 1 }, pa,
					    prot_of(flags)), IOM_OK);
		for (off = 0; off < size; off += 4096, pages++)
			compare(s->sid, iova + off);
	}
	/* and Linux has no leaf that we have not */
	for (i = 0; i < c->n_runs; i++) {
		const struct iom_tool_run *r = &l->runs[c->first_run + i];

		assert_true(pt_hw_walk(&hw, r->start).mapped && pt_hw_walk(&hw, r->last).mapped);
	}
	iom_pt_fini(&pt);
	dmem_fake_fini(&mem);
	return pages;
}

static void leaves_are_linux_s(void **state)
{
	char core[128], regs[128], **lines;
	unsigned int i, k, c, pages;
	struct iom_tool_list l;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(sets); i++) {
		snprintf(core, sizeof(core), DATA "%s.core.gz", sets[i].name);
		snprintf(regs, sizeof(regs), DATA "%s.regs.txt", sets[i].name);
		assert_int_equal(iom_tool_walk_open(core, regs, &walk), IOM_TOOL_OK);
		assert_int_equal(iom_tool_walk_list(&walk, -1, &l), IOM_TOOL_OK);
		lines = lines_of(sets[i].truth);
		for (k = 0, pages = 0; k < l.n_streams; k++)
			for (c = 0; c < l.streams[k].n_ctxs; c++)
				pages += check_ctx(lines, &l, &l.streams[k],
						   &l.ctxs[l.streams[k].first_ctx + c]);
		if (sets[i].pages)
			assert_int_equal(pages, sets[i].pages);
		assert_true(pages > 0);
		free_lines(lines);
		iom_tool_walk_list_free(&l);
		iom_tool_walk_close(&walk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_are_linux_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
