/* SPDX-License-Identifier: BSD-2-Clause */
/* What `iom walk` found, for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <iom/spec/smmuv3.h>
#include <wire/smmuv3_wire.h>

#include "smmu_text.h"
#include "walk.h"

#define GET(mask, w)	((unsigned int)IOM_FIELD_GET(mask, w))

const char *iom_tool_walk_perms(unsigned int perms, char buf[IOM_TOOL_PERMS])
{
	bool user = perms & (IOMI_LPAE_UR | IOMI_LPAE_UW | IOMI_LPAE_UX);
	bool priv = perms & (IOMI_LPAE_PR | IOMI_LPAE_PW | IOMI_LPAE_PX);
	unsigned int u = perms & 7, p = perms >> 3 & 7;
	char a[4], b[4];

	snprintf(a, sizeof(a), "%c%c%c", u & 1 ? 'r' : '-', u & 2 ? 'w' : '-', u & 4 ? 'x' : '-');
	snprintf(b, sizeof(b), "%c%c%c", p & 1 ? 'r' : '-', p & 2 ? 'w' : '-', p & 4 ? 'x' : '-');
	if (!priv || !strcmp(a, b) || (!(p & ~u) && (u ^ p) == 4))
		snprintf(buf, IOM_TOOL_PERMS, "%s", a);	/* EL0's: EL1 just does not execute */
	else if (!user || u == 4)
		snprintf(buf, IOM_TOOL_PERMS, "%sp", b);
	else
		snprintf(buf, IOM_TOOL_PERMS, "%s/%sp", a, b);
	return buf;
}

const char *iom_tool_walk_mem(struct iomi_lpae_mem mem, char buf[IOM_TOOL_PERMS])
{
	static const char *const device[] = { "Dev-nGnRnE", "Dev-nGnRE", "Dev-nGRE", "Dev-GRE" };

	if (!(mem.mair & 0xf3))
		return device[mem.mair >> 2];
	if (mem.mair == LPAE_MAIR_NORMAL_NC)
		return "NC";
	if (mem.mair == LPAE_MAIR_NORMAL_WB)
		return "WB";
	if (mem.mair == LPAE_MAIR_NORMAL_WT)
		return "WT";
	snprintf(buf, IOM_TOOL_PERMS, "attr 0x%02x", mem.mair);
	return buf;
}

const char *iom_tool_walk_config(const uint64_t ste[8])
{
	static const char *const name[] = { "abort", "abort", "abort", "abort", "bypass", "stage 1",
		"stage 2", "stage 1 over stage 2" };

	return name[GET(SMMU_STE0_CONFIG, ste[0])];
}

/* --- list ------------------------------------------------------------------ */

static const char *granule(unsigned int lg2)
{
	return lg2 == 12 ? "4K" : lg2 == 14 ? "16K" : lg2 == 16 ? "64K" : "?";
}

static void print_cd(const struct iom_tool_walk *w, const struct iom_tool_ctx *c)
{
	unsigned int half;

	fputs("  CD", stdout);
	if (c->ssid >= 0)
		printf(" of SubstreamID 0x%" PRIx64, (uint64_t)c->ssid);
	printf(" at 0x%" PRIx64 ": ", c->cd_pa);
	if (c->broken) {
		printf("illegal: %s (%s)\n", c->broken->text, c->broken->section);
		return;
	}
	printf("ASID %u", GET(SMMU_CD0_ASID, c->cd[0]));
	for (half = 0; half < 2; half++) {
		struct iom_tool_root r;

		if (!iom_tool_walk_s1_root(w, c->cd, half, &r))
			printf(", TTB%u AArch32 or big-endian: not followed", half);
		else if (r.disabled)
			printf(", TTB%u off", half);
		else
			printf(", TTB%u 0x%" PRIx64 " %s %u bits from level %d", half, r.table,
			       granule(r.geom.fmt->granule_lg2), r.geom.ia_bits, r.geom.start);
	}
	printf(", output %u bits\n", iomi_smmuv3_rules_ps_bits(GET(SMMU_CD0_IPS, c->cd[0])));
}

static void print_s2(const struct iom_tool_walk *w, const uint64_t ste[8])
{
	struct iom_tool_root r;

	if (!iom_tool_walk_s2_root(w, ste, &r)) {
		puts("  stage 2: AArch32 or big-endian: not followed");
		return;
	}
	printf("  stage 2: VMID %u, S2TTB 0x%" PRIx64 " %s %u bits from level %d, output %u bits\n",
	       GET(SMMU_STE2_S2VMID, ste[2]), r.table, granule(r.geom.fmt->granule_lg2),
	       r.geom.ia_bits, r.geom.start, r.oa_bits);
}

static void print_run(const struct iom_tool_run *r, bool nested)
{
	char size[IOM_TOOL_SIZE], leaf[IOM_TOOL_SIZE], perms[IOM_TOOL_PERMS], mem[IOM_TOOL_PERMS];

	printf("    0x%012" PRIx64 "-0x%012" PRIx64, r->start, r->last);
	if (nested)
		printf("  0x%012" PRIx64, r->ipa);
	if (r->s2_fault)
		printf("  %-14s", "no stage 2");
	else
		printf("  0x%012" PRIx64, r->pa);
	printf("  %6s  %s  %s", iom_tool_size(r->last - r->start, size),
	       iom_tool_walk_perms(r->perms, perms), iom_tool_walk_mem(r->mem, mem));
	if (r->leaf_lg2 > 16 || r->leaf_lg2 == 14)
		printf("  in %s blocks",
		       iom_tool_size((UINT64_C(1) << r->leaf_lg2) - 1, leaf));
	puts(r->af ? "" : "  AF=0");
}

static void print_ctx(struct iom_tool_walk *w, const struct iom_tool_list *l,
		      const struct iom_tool_stream *s, const struct iom_tool_ctx *c)
{
	bool nested = c->has_cd && (GET(SMMU_STE0_CONFIG, s->ste[0]) & 2);
	struct iom_tool_run run;
	unsigned int i = 0;
	uint64_t total = 0;
	char size[IOM_TOOL_SIZE];

	if (c->has_cd)
		print_cd(w, c);
	while (iom_tool_walk_join(l, c, &i, &run)) {
		print_run(&run, nested);
		total += run.last - run.start + 1;
	}
	if (!c->broken)
		printf("    %s mapped, %u tables\n",
		       total ? iom_tool_size(total - 1, size) : "nothing", c->n_tables);
}

void iom_tool_walk_print_list(struct iom_tool_walk *w, const struct iom_tool_list *l)
{
	unsigned int i, k;

	for (i = 0; i < l->n_streams; i++) {
		const struct iom_tool_stream *s = &l->streams[i];

		printf("stream 0x%x (%02x:%02x.%x): STE at 0x%" PRIx64 ": %s\n", s->sid,
		       s->sid >> 8, s->sid >> 3 & 0x1f, s->sid & 7, s->ste_pa,
		       iom_tool_walk_config(s->ste));
		if (s->broken) {
			printf("  illegal: %s (%s)\n", s->broken->text, s->broken->section);
			continue;
		}
		if (GET(SMMU_STE0_CONFIG, s->ste[0]) & 2)
			print_s2(w, s->ste);
		for (k = 0; k < s->n_ctxs; k++)
			print_ctx(w, l, s, &l->ctxs[s->first_ctx + k]);
	}
	printf("%u streams; %" PRIu64 " other STEs abort, %" PRIu64 " are not valid\n",
	       l->n_streams, l->n_abort, l->n_invalid);
}

/* --- one access ------------------------------------------------------------ */

static void print_step(struct iom_tool_walk *w, const struct iom_tool_step *s)
{
	static const char *const name[] = { "L1STD", "STE", "L1CD", "CD", "stage 1", "stage 2" };
	static const uint64_t no_ste[8];
	struct iom_tool_decoded d;

	switch (s->kind) {
	case STEP_L1STD:
		iom_tool_smmu_l1std(s->w, 0, &d);
		break;
	case STEP_STE:
		iom_tool_smmu_ste(s->w, &w->caps, &d);
		break;
	case STEP_L1CD:
		iom_tool_smmu_l1cd(s->w, &d);
		break;
	case STEP_CD:
		iom_tool_smmu_cd(s->w, no_ste, &w->caps, &d);
		break;
	default:
		iom_tool_smmu_pte(s->fmt, s->level, s->w[0], &d);
		printf("%s level %d [0x%03" PRIx64 "] of 0x%" PRIx64 "\n", name[s->kind], s->level,
		       s->index, s->input);
		break;
	}
	printf("%s  at 0x%" PRIx64 ": 0x%016" PRIx64 "\n    ",
	       s->kind < STEP_S1 ? name[s->kind] : " ", s->pa, s->w[0]);
	iom_tool_smmu_print_line(stdout, &d);
	putchar('\n');
}

void iom_tool_walk_print_trace(struct iom_tool_walk *w, const struct iom_tool_trace *t,
			       const struct iom_tool_result *r)
{
	static const char *const class[] = { "CD", "TT", "IN", "?" };
	char perms[IOM_TOOL_PERMS], mem[IOM_TOOL_PERMS], size[IOM_TOOL_SIZE];
	unsigned int i;

	for (i = 0; i < t->n; i++)
		print_step(w, &t->step[i]);
	if (r->ok) {
		printf("-> 0x%" PRIx64 "  %s", r->pa, iom_tool_walk_perms(r->perms, perms));
		if (r->has_mem)
			printf("  %s", iom_tool_walk_mem(r->mem, mem));
		if (r->size_lg2 < 64)
			printf("  %s", iom_tool_size((UINT64_C(1) << r->size_lg2) - 1, size));
		puts(r->has_mem ? "" : "  (no translation: incoming attributes)");
	} else if (r->event >= SMMU_EVT_F_TRANSLATION) {
		printf("-> %s (S2 = %d, CLASS = %s): %s\n", iomi_smmuv3_wire_event_name(r->event),
		       r->s2, class[r->class & 3], r->why);
	} else {
		printf("-> %s: %s\n", r->event ? iomi_smmuv3_wire_event_name(r->event) : "no event",
		       r->why);
	}
}
