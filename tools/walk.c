/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom walk`: an SMMUv3's structures in a core, from its registers to the pages.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "file.h"
#include "iom.h"
#include "walk.h"

static const char help[] =
	"usage: iom walk CORE --regs FILE [OPTION...]\n"
	"\n"
	"Follows an SMMUv3 from its registers through stream table, CDs and translation\n"
	"tables in an ELF64 core (QEMU's dump-guest-memory, kdump; also .gz), and lists every\n"
	"mapping of every stream, or each step of one access.\n"
	"\n"
	"  --regs FILE   the registers: lines \"NAME OFFSET VALUE\", as iom decode regs\n"
	"  --sid N       this stream only\n"
	"  --iova A      with --sid: the steps of one access, and what becomes of it\n"
	"  --ssid N      with --iova: the SubstreamID\n"
	"  --queues      the command and event queue instead, all that is left in them\n"
	"  --events      the event records that wait, instead\n"
	"  --svg FILE    draw the tree from the STEs to the pages; \"-\" is standard output\n"
	"  --json        tell it in JSON\n"
	"\n"
	"Numbers may begin with 0x.\n"
	"\n"
	"Example:\n"
	"  iom walk guest.core --regs smmu.txt --sid 0x10 --iova 0xffefd000\n"
	"\n"
	"Exit status: 0 done; 2 bad input, or structures that the core does not have or that\n"
	"lead nowhere (each is named); 1 the system failed.\n";

struct options {
	const char *core, *regs, *svg;
	bool json, queues, events, has_iova;
	int64_t sid, ssid;
	uint64_t iova;
};

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "iom walk: %s%s; \"iom walk --help\" says how\n", why, what);
	return IOM_TOOL_USAGE;
}

/* --- services of the walk --------------------------------------------------- */

void iom_tool_walk_problem(struct iom_tool_walk *w, uint64_t pa, const char *fmt, ...)
{
	char text[200], where[80] = "";
	va_list ap;

	if (w->n_problems++ >= WALK_MAX_PROBLEMS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (pa && iom_tool_core_offset(&w->core, pa))
		snprintf(where, sizeof(where), "offset 0x%" PRIx64 " (address 0x%" PRIx64 "): ",
			 iom_tool_core_offset(&w->core, pa), pa);
	else if (pa)
		snprintf(where, sizeof(where), "address 0x%" PRIx64 ": ", pa);
	fprintf(stderr, "iom: %s: %s%s\n", w->core.file, where, text);
	if (asprintf(&w->problems[w->n_problems - 1], "%s%s", where, text) < 0)
		w->problems[w->n_problems - 1] = NULL;
}

bool iom_tool_walk_words(struct iom_tool_walk *w, uint64_t pa, uint64_t *words, unsigned int n,
			 const char *what)
{
	unsigned int i;

	if (w->entries_left < n) {
		w->entries_left = 0;
		return false;
	}
	w->entries_left -= n;
	if (!iom_tool_core_read(&w->core, pa, words, n * sizeof(*words))) {
		iom_tool_walk_problem(w, pa, "the core does not have this %s", what);
		return false;
	}
	for (i = 0; i < n; i++) {
		struct iom_le64 le = { words[i] };

		words[i] = iom_le64_get(le);
	}
	return true;
}

/* --- what to do ------------------------------------------------------------ */

static void add_problems(struct iom_tool_walk *w, struct json_object *o)
{
	struct json_object *a = json_object_new_array();
	unsigned int i;

	for (i = 0; i < w->n_problems && i < WALK_MAX_PROBLEMS; i++) {
		if (w->problems[i])
			json_object_array_add(a, json_object_new_string(w->problems[i]));
	}
	json_object_object_add(o, "problems", a);
}

static int finish(struct iom_tool_walk *w, struct json_object *o)
{
	if (o) {
		add_problems(w, o);
		puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(o);
	}
	if (w->n_problems > WALK_MAX_PROBLEMS)
		fprintf(stderr, "iom: %s: %u more problems\n", w->core.file,
			w->n_problems - WALK_MAX_PROBLEMS);
	return w->n_problems ? IOM_TOOL_USAGE : IOM_TOOL_OK;
}

static int one_access(struct iom_tool_walk *w, const struct options *o)
{
	static struct iom_tool_trace t;
	struct iom_tool_result r;

	t.n = 0;
	iom_tool_walk_iova(w, (uint32_t)o->sid, o->ssid, o->iova, &t, &r);
	if (o->json)
		return finish(w, iom_tool_walk_json_trace(w, &t, &r));
	iom_tool_walk_print_trace(w, &t, &r);
	return finish(w, NULL);
}

static int everything(struct iom_tool_walk *w, const struct options *o)
{
	struct iom_tool_list l;
	int rc, svg = IOM_TOOL_OK;

	rc = iom_tool_walk_list(w, o->sid, &l);
	if (rc)
		return rc;
	if (o->svg)
		svg = iom_tool_walk_svg(w, &l, o->svg);
	if (o->json) {
		rc = finish(w, iom_tool_walk_json_list(w, &l));
	} else {
		if (!o->svg || strcmp(o->svg, "-"))
			iom_tool_walk_print_list(w, &l);
		rc = finish(w, NULL);
	}
	iom_tool_walk_list_free(&l);
	return svg ? svg : rc;
}

static int run(struct iom_tool_walk *w, const struct options *o)
{
	if (o->queues || o->events) {
		if (o->json)
			return finish(w, iom_tool_walk_json_queues(w, o->queues));
		iom_tool_walk_print_queues(w, o->queues);
		return finish(w, NULL);
	}
	return o->has_iova ? one_access(w, o) : everything(w, o);
}

int iom_tool_walk_open(const char *core, const char *regs, struct iom_tool_walk *w)
{
	int rc;

	memset(w, 0, sizeof(*w));
	w->regs_file = regs;
	w->entries_left = WALK_MAX_ENTRIES;
	rc = iom_tool_regs_read(regs, &w->regs);
	if (rc)
		return rc;
	if (!iom_tool_regs_caps(&w->regs, &w->caps)) {
		fprintf(stderr, "iom: %s: not all of IDR0 to IDR5 are there\n", regs);
		return IOM_TOOL_USAGE;
	}
	return iom_tool_core_open(core, &w->core);
}

void iom_tool_walk_close(struct iom_tool_walk *w)
{
	unsigned int i;

	iom_tool_core_close(&w->core);
	for (i = 0; i < WALK_MAX_PROBLEMS; i++)
		free(w->problems[i]);
}

static int open_and_run(const struct options *o)
{
	static struct iom_tool_walk w;
	int rc;

	rc = iom_tool_walk_open(o->core, o->regs, &w);
	if (rc)
		return rc;
	rc = run(&w, o);
	iom_tool_walk_close(&w);
	return rc;
}

/* --- options --------------------------------------------------------------- */

static int number(const char *s, uint64_t max, uint64_t *out)
{
	char *end;

	if (*s == '-' || !*s)
		return usage("not a number: ", s);
	*out = strtoull(s, &end, 0);
	if (*end || *out > max)
		return usage("not a number, or too large: ", s);
	return IOM_TOOL_OK;
}

static int parse_option(int c, const char *arg, struct options *o)
{
	uint64_t v = 0;
	int rc = IOM_TOOL_OK;

	switch (c) {
	case 'r':
		o->regs = arg;
		break;
	case 's':
		rc = number(arg, UINT32_MAX, &v);
		o->sid = (int64_t)v;
		break;
	case 'S':
		rc = number(arg, 0xfffff, &v);
		o->ssid = (int64_t)v;
		break;
	case 'a':
		rc = number(arg, UINT64_MAX, &o->iova);
		o->has_iova = true;
		break;
	case 'v':
		o->svg = arg;
		break;
	case 'q':
		o->queues = true;
		break;
	case 'e':
		o->events = true;
		break;
	default:
		o->json = true;
		break;
	}
	return rc;
}

static int check(struct options *o, int argc, char **argv)
{
	if (argc != 1)
		return usage(argc ? "one CORE only, not also " : "no CORE", argc ? argv[1] : "");
	o->core = argv[0];
	if (!o->regs)
		return usage("no --regs FILE", "");
	if (o->has_iova && o->sid < 0)
		return usage("--iova needs --sid", "");
	if (o->ssid >= 0 && !o->has_iova)
		return usage("--ssid needs --iova", "");
	if (o->svg && (o->has_iova || o->queues || o->events))
		return usage("--svg draws the list only", "");
	if (o->svg && o->json && !strcmp(o->svg, "-"))
		return usage("--json and --svg - both want standard output", "");
	return IOM_TOOL_OK;
}

int iom_tool_walk(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "regs", required_argument, NULL, 'r' },
		{ "sid", required_argument, NULL, 's' },
		{ "ssid", required_argument, NULL, 'S' },
		{ "iova", required_argument, NULL, 'a' },
		{ "svg", required_argument, NULL, 'v' },
		{ "queues", no_argument, NULL, 'q' },
		{ "events", no_argument, NULL, 'e' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .sid = -1, .ssid = -1 };
	int c, rc;

	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return IOM_TOOL_OK;
		}
		if (c == ':' || c == '?')
			return usage(c == ':' ? "missing argument of " : "unknown option ",
				     argv[optind - 1]);
		rc = parse_option(c, optarg, &o);
		if (rc)
			return rc;
	}
	rc = check(&o, argc - optind, argv + optind);
	return rc ? rc : open_and_run(&o);
}
