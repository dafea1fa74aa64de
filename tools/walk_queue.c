/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command and event queues in a core. A ring has at most 2^19 entries,
 * whatever its register says.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include <iom/spec/smmuv3.h>

#include "smmu_text.h"
#include "walk.h"

struct queue {
	const char *name;
	uint32_t base_reg, prod_reg, cons_reg;
	unsigned int words;		/* of an entry */
	bool commands;
};

static const struct queue queues[] = {
	{ "commands", SMMU_CMDQ_BASE, SMMU_CMDQ_PROD, SMMU_CMDQ_CONS, 2, true },
	{ "events", SMMU_EVENTQ_BASE, SMMU_EVENTQ_PROD, SMMU_EVENTQ_CONS, 4, false },
};

struct ring {
	uint64_t base;
	uint64_t size;			/* entries */
	uint64_t prod, cons;		/* indexes with the wrap bit */
	uint64_t waiting;
};

/* False, after a problem, if there is no such queue or its indexes are impossible. */
static bool open_ring(struct iom_tool_walk *w, const struct queue *q, struct ring *r)
{
	uint64_t base, prod, cons;
	unsigned int lg2;

	if (!iom_tool_regs_get(&w->regs, q->base_reg, &base) ||
	    !iom_tool_regs_get(&w->regs, q->prod_reg, &prod) ||
	    !iom_tool_regs_get(&w->regs, q->cons_reg, &cons)) {
		iom_tool_walk_problem(w, 0, "%s has no base, PROD and CONS of the queue of %s",
				      w->regs_file, q->name);
		return false;
	}
	lg2 = (unsigned int)IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, base);
	if (lg2 > SMMU_QUEUE_LOG2_MAX) {
		iom_tool_walk_problem(w, 0, "%s: LOG2SIZE %u of the queue of %s is above 19",
				      w->regs_file, lg2, q->name);
		return false;
	}
	r->size = UINT64_C(1) << lg2;
	r->base = base & SMMU_Q_BASE_ADDR & ~(r->size * q->words * 8 - 1);
	r->prod = prod & (2 * r->size - 1);
	r->cons = cons & (2 * r->size - 1);
	r->waiting = (r->prod - r->cons) & (2 * r->size - 1);
	if (r->waiting <= r->size)
		return true;
	iom_tool_walk_problem(w, 0, "%s: PROD of the queue of %s is more than a ring ahead of CONS",
			      w->regs_file, q->name);
	return false;
}

static void decode(struct iom_tool_walk *w, const struct queue *q, const uint64_t *words,
		   struct iom_tool_decoded *d)
{
	if (q->commands)
		iom_tool_smmu_cmd(words, &w->caps, d);
	else
		iom_tool_smmu_event(words, d);
}

/*
 * The next entry from the oldest on: waiting ones last; of those done, which
 * are older than CONS, all that are not just zeros. False at the end.
 */
static bool next(struct iom_tool_walk *w, const struct queue *q, const struct ring *r, bool all,
		 uint64_t *i, uint64_t *index, bool *waits, uint64_t words[4])
{
	uint64_t n = all ? r->size : r->waiting;
	unsigned int k;

	for (; *i < n; ++*i) {
		uint64_t back = n - *i;		/* entries to PROD */

		*index = (r->prod - back) & (r->size - 1);
		*waits = back <= r->waiting;
		if (!iom_tool_walk_words(w, r->base + *index * q->words * 8, words, q->words,
					 q->commands ? "command" : "event record"))
			return false;
		for (k = 0; k < q->words && !words[k]; k++)
			;
		if (k == q->words && !*waits)
			continue;
		++*i;
		return true;
	}
	return false;
}

void iom_tool_walk_print_queues(struct iom_tool_walk *w, bool all)
{
	struct iom_tool_decoded d;
	uint64_t i, index, words[4];
	unsigned int k, j;
	struct ring r;
	bool waits;

	for (k = all ? 0 : 1; k < 2; k++) {
		const struct queue *q = &queues[k];

		if (!open_ring(w, q, &r))
			continue;
		printf("%s: %" PRIu64 " of %" PRIu64 " wait\n", q->name, r.waiting, r.size);
		for (i = 0; next(w, q, &r, all, &i, &index, &waits, words);) {
			decode(w, q, words, &d);
			printf("  [0x%05" PRIx64 "]%s ", index,
			       !all ? "" : waits ? " wait" : " done");
			for (j = 0; j < q->words; j++)
				printf(" 0x%016" PRIx64, words[j]);
			fputs("  ", stdout);
			iom_tool_smmu_print_line(stdout, &d);
			putchar('\n');
		}
	}
}

struct json_object *iom_tool_walk_json_queues(struct iom_tool_walk *w, bool all)
{
	struct json_object *o = json_object_new_object();
	struct iom_tool_decoded d;
	uint64_t i, index, words[4];
	unsigned int k;
	struct ring r;
	bool waits;

	for (k = all ? 0 : 1; k < 2; k++) {
		const struct queue *q = &queues[k];
		struct json_object *a, *e;

		if (!open_ring(w, q, &r))
			continue;
		a = json_object_new_array();
		for (i = 0; next(w, q, &r, all, &i, &index, &waits, words);) {
			decode(w, q, words, &d);
			e = iom_tool_smmu_json(&d);
			json_object_object_add(e, "index", json_object_new_int64((int64_t)index));
			json_object_object_add(e, "waits", json_object_new_boolean(waits));
			json_object_array_add(a, e);
		}
		json_object_object_add(o, q->name, a);
	}
	return o;
}
