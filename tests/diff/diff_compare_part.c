/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The comparison. Both logs answer the same script, so entry n of one belongs
 * to entry n of the other, and to the nth step that logs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/diff_compare.h"

#define SHOWN_MAX 40u
#define WORDS_MAX 10u	/* of an entry that is printed */

static bool logs(unsigned int op)
{
	return op == DIFF_CASE || op == DIFF_LOAD32 || op == DIFF_CMD || op == DIFF_WRITE ||
	       op == DIFF_READ;
}

static const uint64_t *next_step(const uint64_t *w)
{
	switch (DIFF_OP(*w)) {
	case DIFF_MEM:
	case DIFF_CMD:
		return w + 1 + 2 * (uint64_t)DIFF_N(*w);
	case DIFF_REG32:
	case DIFF_REG64:
	case DIFF_LOAD32:
	case DIFF_WRITE:
	case DIFF_READ:
		return w + 2;
	default:
		return w + 1;
	}
}

static bool leaves_entry(const uint64_t *w)
{
	return logs(DIFF_OP(*w)) || (DIFF_OP(*w) == DIFF_KEEP && !DIFF_N(*w));
}

static void print_step(const uint64_t *w)
{
	static const char *const name[] = { "end", "case", "mem", "reg32", "reg64", "load32",
					    "cmd", "write", "read", "keep" };
	uint32_t i, n = DIFF_N(*w);

	printf("  %-6s", name[DIFF_OP(*w)]);
	switch (DIFF_OP(*w)) {
	case DIFF_MEM:
	case DIFF_CMD:
		for (i = 0; i < n; i++)
			printf("%s %#" PRIx64 " %#" PRIx64, i ? "\n        " : "", w[1 + 2 * i],
			       w[2 + 2 * i]);
		break;
	case DIFF_CASE:
	case DIFF_KEEP:
		printf(" %u", n);
		break;
	default:
		printf(" %#x %#" PRIx64, n, w[1]);
		break;
	}
	putchar('\n');
}

static void print_entry(const char *who, const uint64_t *e)
{
	uint32_t i, n = DIFF_LOG_WORDS(*e);

	printf("    %-6s", who);
	for (i = 0; i < n && i < WORDS_MAX; i++)
		printf(" %#" PRIx64, e[1 + i]);
	puts(n > WORDS_MAX ? " ..." : "");
}

static bool same(const uint64_t *a, const uint64_t *b)
{
	return *a == *b && !memcmp(a, b, (1 + (size_t)DIFF_LOG_WORDS(*a)) * 8);
}

int diff_check_fresh(const bool *fresh, const uint64_t *script, const struct diff_case *cases)
{
	const struct diff_case *c = NULL;
	unsigned long bad = 0;
	uint32_t nr = 0;
	const uint64_t *w;

	for (w = script; DIFF_OP(*w) != DIFF_END; w = next_step(w)) {
		if (DIFF_OP(*w) == DIFF_CASE) {
			nr = DIFF_N(*w);
			c = c ? c + 1 : cases;
		} else if (DIFF_OP(*w) == DIFF_WRITE || DIFF_OP(*w) == DIFF_READ) {
			if (!*fresh++ && !(c->met[DIFF_N(*w)] & MET_WEAK) && bad++ < SHOWN_MAX) {
				printf("UNLIKE A FRESH WALK in case %u\n", nr);
				print_step(w);
			}
		}
	}
	return bad ? -1 : 0;
}

int diff_compare(const uint64_t *ours, const uint64_t *theirs, const uint64_t *script,
		 const struct diff_case *cases, uint32_t n, bool verbose)
{
	struct diff_pair p = { .o = ours + 1, .t = theirs + 1 };
	unsigned long accesses = 0, events = 0, commands = 0, known = 0, unknown = 0, hits = 0;
	const struct diff_case *c = NULL;
	uint32_t nr = 0;
	struct diff_rule *rule;
	const uint64_t *w;

	if (*ours != DIFF_DONE || *theirs != DIFF_DONE) {
		printf("a log is not whole\n");
		return -1;
	}
	for (w = script; DIFF_OP(*w) != DIFF_END; w = next_step(w)) {
		/* Tables only where one case is looked at. */
		if (verbose && (n == 1 || DIFF_OP(*w) != DIFF_MEM))
			print_step(w);
		if (!leaves_entry(w))
			continue;
		if (DIFF_OP(*w) == DIFF_CASE) {
			nr = DIFF_N(*w);
			c = c ? c + 1 : cases;
		} else if (DIFF_OP(*w) == DIFF_CMD) {
			commands++;
		} else if (DIFF_OP(*w) == DIFF_WRITE || DIFF_OP(*w) == DIFF_READ) {
			accesses++;
			p.met = c->met[DIFF_N(*w)];
			hits += p.o[1] != 0;
			events += DIFF_LOG_WORDS(*p.o) / 4;
		}
		p.step = w;
		if (verbose && DIFF_LOG_WORDS(*p.o)) {
			print_entry("libiom", p.o);
			print_entry("qemu", p.t);
		}
		if (!same(p.o, p.t)) {
			rule = diff_rules_find(&p);
			if (rule) {
				rule->used++;
				known++;
				if (verbose)
					printf("    known: %s\n", rule->name);
			} else if (unknown++ < SHOWN_MAX || verbose) {
				printf("DIFFERENT in case %u, met %#x\n", nr, p.met);
				print_step(w);
				print_entry("libiom", p.o);
				print_entry("qemu", p.t);
			}
		}
		p.o += 1 + DIFF_LOG_WORDS(*p.o);
		p.t += 1 + DIFF_LOG_WORDS(*p.t);
	}
	diff_rules_print();
	printf("%u cases: %lu accesses (%lu allowed), %lu events, %lu batches of commands; "
	       "%lu known differences, %lu others\n", n, accesses, hits, events, commands, known,
	       unknown);
	return unknown || !accesses || !hits || !events ? -1 : 0;
}
