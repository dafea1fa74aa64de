/* SPDX-License-Identifier: BSD-2-Clause */
/* Two logs side by side, and the differences that are known. */
#ifndef TESTS_DIFF_DIFF_COMPARE_H
#define TESTS_DIFF_DIFF_COMPARE_H

#include "diff/diff_gen.h"

/*
 * Where every change was followed by the commands it needs, each answer of ours
 * must be that of a fresh walk. Prints those that are not; 0 if there is none.
 */
int diff_check_fresh(const bool *fresh, const uint64_t *script, const struct diff_case *cases);

/*
 * ours and theirs: logs of one script. Prints what differs, ends with a line of
 * counts. 0 if each difference is a known one (diff_rules_part.c).
 */
int diff_compare(const uint64_t *ours, const uint64_t *theirs, const uint64_t *script,
		 const struct diff_case *cases, uint32_t n, bool verbose);

/* One step in both logs. */
struct diff_pair {
	uint32_t met;		/* by the stream of an access */
	const uint64_t *step;	/* of the script */
	const uint64_t *o, *t;	/* heads in the logs: ours, theirs */
};

struct diff_rule {
	const char *name;	/* a heading of docs/differences.md */
	unsigned long used;
};

/* The rule that explains a difference, or NULL. */
struct diff_rule *diff_rules_find(const struct diff_pair *p);
void diff_rules_print(void);

#endif
