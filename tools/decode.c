/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom decode`: words of an SMMUv3's structures to fields, values and reasons.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <json-c/json.h>

#include <iom/spec/smmuv3.h>

#include "file.h"
#include "iom.h"
#include "smmu_regs.h"
#include "smmu_text.h"

static const char help[] =
	"usage: iom decode KIND [OPTION...] WORD...|FILE|-\n"
	"\n"
	"Says what the words of an SMMUv3's structure mean: every field, every value, and\n"
	"why a combination is illegal or reserved. Words are hexadecimal, 64 bits, word 0\n"
	"first; a file or standard input (-) may hold several structures, and comments (#).\n"
	"\n"
	"  ste      stream table entry, 8 words\n"
	"  cd       context descriptor, 8 words\n"
	"  l1std    level 1 stream table descriptor\n"
	"  l1cd     level 1 context descriptor\n"
	"  cmd      command, 2 words\n"
	"  event    event record, 4 words\n"
	"  pri      PRI queue entry, 2 words\n"
	"  pte      translation table descriptor\n"
	"  idr      IDR0 to IDR5, IIDR, AIDR, in this order, 32 bits each\n"
	"  regs     registers: NAME=VALUE, or a file of lines \"NAME OFFSET VALUE\"\n"
	"\n"
	"  --idr IDR0,...,IDR5|FILE  what the SMMU can do (FILE as for regs); otherwise\n"
	"                            nothing is illegal for lack of a feature\n"
	"  --ste W0,...,W7           cd: the STE that leads to it\n"
	"  --split N                 l1std: of STRTAB_BASE_CFG\n"
	"  --stage 1|2 --level -1..3 --granule 4k|16k|64k   pte: where it stands\n"
	"                            (1, 3 and 4k if not told)\n"
	"  --wide                    pte: DS with 4k and 16k, 52-bit addresses with 64k\n"
	"  --json                    the same in JSON\n"
	"\n"
	"Example:\n"
	"  iom decode event 0x0000000800000010 0x0000020800000000 0x9000000 0\n"
	"  iom decode ste --idr 0x0d44101b,0x02730010,0,0x1414,0,0x74 0x4000000d 0xd6 0 0 0 0 0 0\n"
	"\n"
	"Exit status: 0 decoded, whatever it is; 2 bad input; 1 the system failed.\n";

struct options {
	bool json;
	struct iomi_smmuv3_caps caps;
	uint64_t ste[8];
	unsigned int split;
	unsigned int stage, granule_lg2;
	int level;
	bool wide;
};

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "iom decode: %s%s; \"iom decode --help\" says how\n", why, what);
	return IOM_TOOL_USAGE;
}

/* --- words ----------------------------------------------------------------- */

#define MAX_WORDS	(1u << 20)

struct words {
	const char *file;	/* for messages */
	uint64_t *w;
	size_t n;
};

static int add_word(struct words *ws, const char *s, size_t len)
{
	if (ws->n == MAX_WORDS)
		return usage("too many words in ", ws->file);
	if (!iom_tool_parse_hex(s, len, &ws->w[ws->n])) {
		fprintf(stderr, "iom: %s: word %zu: not a hexadecimal number of 64 bits: "
			"\"%.*s\"\n", ws->file, ws->n, len > 40 ? 40 : (int)len, s);
		return IOM_TOOL_USAGE;
	}
	ws->n++;
	return IOM_TOOL_OK;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',';
}

static int words_of_text(struct words *ws, const char *s, size_t len)
{
	const char *end = s + len, *start;
	int rc = IOM_TOOL_OK;

	while (!rc && s < end) {
		if (*s == '#') {
			while (s < end && *s != '\n')
				s++;
		} else if (blank(*s)) {
			s++;
		} else {
			for (start = s; s < end && !blank(*s) && *s != '#'; s++)
				;
			rc = add_word(ws, start, (size_t)(s - start));
		}
	}
	return rc;
}

static bool is_file(const char *s)
{
	struct stat st;
	uint64_t v;

	return !strcmp(s, "-") || (!iom_tool_parse_hex(s, strlen(s), &v) && !stat(s, &st));
}

static int get_words(int argc, char **argv, struct words *ws)
{
	struct iom_tool_buf buf;
	int i, rc = IOM_TOOL_OK;

	ws->file = "argument";
	ws->n = 0;
	ws->w = malloc(MAX_WORDS * sizeof(*ws->w));
	if (!ws->w) {
		fputs("iom decode: out of memory\n", stderr);
		return IOM_TOOL_FAIL;
	}
	if (argc == 1 && is_file(argv[0])) {
		ws->file = argv[0];
		rc = iom_tool_read(strcmp(argv[0], "-") ? argv[0] : "/dev/stdin", &buf);
		if (rc)
			return rc;
		rc = words_of_text(ws, buf.data, buf.len);
		free(buf.data);
		return rc;
	}
	for (i = 0; !rc && i < argc; i++)
		rc = words_of_text(ws, argv[i], strlen(argv[i]));
	return rc;
}

/* --- kinds ----------------------------------------------------------------- */

static void one_ste(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	iom_tool_smmu_ste(w, &o->caps, d);
}

static void one_cd(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	iom_tool_smmu_cd(w, o->ste, &o->caps, d);
}

static void one_l1std(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	iom_tool_smmu_l1std(w, o->split, d);
}

static void one_l1cd(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	(void)o;
	iom_tool_smmu_l1cd(w, d);
}

static void one_cmd(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	iom_tool_smmu_cmd(w, &o->caps, d);
}

static void one_event(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	(void)o;
	iom_tool_smmu_event(w, d);
}

static void one_pri(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	(void)o;
	iom_tool_smmu_pri(w, d);
}

static void one_pte(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d)
{
	iom_tool_smmu_pte(iomi_lpae_fmt(o->stage, o->granule_lg2, o->wide), o->level, w[0], d);
}

static const struct kind {
	const char *name;
	unsigned int words;
	void (*one)(const uint64_t *w, const struct options *o, struct iom_tool_decoded *d);
} kinds[] = {
	{ "ste", 8, one_ste },
	{ "cd", 8, one_cd },
	{ "l1std", 1, one_l1std },
	{ "l1cd", 1, one_l1cd },
	{ "cmd", 2, one_cmd },
	{ "event", 4, one_event },
	{ "pri", 2, one_pri },
	{ "pte", 1, one_pte },
};

static void emit(const struct iom_tool_decoded *d, struct json_object *all)
{
	if (all)
		json_object_array_add(all, iom_tool_smmu_json(d));
	else
		iom_tool_smmu_print(stdout, d);
}

static int finish(struct json_object *all)
{
	if (all) {
		puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
		json_object_put(all);
	}
	return IOM_TOOL_OK;
}

static int decode_words(const struct kind *k, int argc, char **argv, const struct options *o)
{
	struct json_object *all;
	struct iom_tool_decoded d;
	struct words ws;
	size_t i;
	int rc;

	rc = get_words(argc, argv, &ws);
	if (!rc && (!ws.n || ws.n % k->words)) {
		fprintf(stderr, "iom: %s: %zu words; a %s has %u\n", ws.file, ws.n, k->name,
			k->words);
		rc = IOM_TOOL_USAGE;
	}
	if (!rc) {
		all = o->json ? json_object_new_array() : NULL;
		for (i = 0; i < ws.n; i += k->words) {
			k->one(ws.w + i, o, &d);
			emit(&d, all);
		}
		rc = finish(all);
	}
	free(ws.w);
	return rc;
}

/* --- registers ------------------------------------------------------------- */

static int emit_regs(const struct iom_tool_regs *r, uint32_t last, const struct options *o)
{
	struct json_object *all = o->json ? json_object_new_array() : NULL;
	const struct iomi_smmuv3_layout *regs;
	struct iom_tool_decoded d;
	size_t n, i;

	regs = iomi_smmuv3_fields_regs(&n);
	for (i = 0; i < n && regs[i].offset <= last; i++) {
		if (!r->has[i])
			continue;
		iom_tool_smmu_reg(&regs[i], r->value[i], &d);
		iom_tool_smmu_reg_notes(r, regs[i].offset, &d);
		emit(&d, all);
	}
	return finish(all);
}

/* "A=B" of all arguments as the lines of a file. */
static int regs_of_args(int argc, char **argv, struct iom_tool_regs *r)
{
	size_t len = 0, n = 0;
	char *text;
	int i, rc;

	for (i = 0; i < argc; i++)
		len += strlen(argv[i]) + 1;
	text = malloc(len + 1);
	if (!text)
		return IOM_TOOL_FAIL;
	for (i = 0; i < argc; i++)
		n += (size_t)snprintf(text + n, len + 1 - n, "%s\n", argv[i]);
	rc = iom_tool_regs_parse("argument", text, n, r);
	free(text);
	return rc;
}

static int decode_regs(int argc, char **argv, const struct options *o)
{
	struct iom_tool_regs r;
	int rc;

	rc = argc == 1 && is_file(argv[0]) ? iom_tool_regs_read(argv[0], &r) :
					     regs_of_args(argc, argv, &r);
	return rc ? rc : emit_regs(&r, UINT32_MAX, o);
}

static int idr_of_words(const struct words *ws, struct iom_tool_regs *r)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	if (!ws->n || ws->n > 8)
		return usage("idr: one to eight words, IDR0 first", "");
	for (i = 0; i < ws->n; i++) {
		if (ws->w[i] > UINT32_MAX)
			return usage("idr: a register has 32 bits", "");
		/* the eight come first in the list of registers, in this order */
		r->has[i] = true;
		r->value[i] = ws->w[i];
	}
	return IOM_TOOL_OK;
}

static int decode_idr(int argc, char **argv, const struct options *o)
{
	struct iom_tool_regs r;
	struct words ws = { 0 };
	int rc;

	if ((argc == 1 && is_file(argv[0])) || strchr(argv[0], '=')) {
		rc = argc == 1 && is_file(argv[0]) ? iom_tool_regs_read(argv[0], &r) :
						     regs_of_args(argc, argv, &r);
	} else {
		rc = get_words(argc, argv, &ws);
		if (!rc)
			rc = idr_of_words(&ws, &r);
		free(ws.w);
	}
	return rc ? rc : emit_regs(&r, SMMU_AIDR, o);
}

/* --- options --------------------------------------------------------------- */

static int parse_idr(const char *arg, struct options *o)
{
	char *argv[] = { (char *)(uintptr_t)arg };
	struct iom_tool_regs r;
	struct words ws = { 0 };
	int rc;

	if (is_file(arg)) {
		rc = iom_tool_regs_read(arg, &r);
	} else {
		rc = get_words(1, argv, &ws);
		if (!rc)
			rc = idr_of_words(&ws, &r);
		free(ws.w);
	}
	if (!rc && !iom_tool_regs_caps(&r, &o->caps))
		return usage("--idr wants all of IDR0 to IDR5: ", arg);
	return rc;
}

static int parse_ste(const char *arg, struct options *o)
{
	char *argv[] = { (char *)(uintptr_t)arg };
	struct words ws = { 0 };
	int rc;

	rc = get_words(1, argv, &ws);
	if (!rc && ws.n != 8)
		rc = usage("--ste wants eight words, not ", arg);
	if (!rc)
		memcpy(o->ste, ws.w, sizeof(o->ste));
	free(ws.w);
	return rc;
}

static int parse_number(const char *arg, long min, long max, const char *what, int *out)
{
	char *end;
	long v = strtol(arg, &end, 10);

	if (!*arg || *end || v < min || v > max)
		return usage(what, arg);
	*out = (int)v;
	return IOM_TOOL_OK;
}

static int parse_granule(const char *arg, struct options *o)
{
	static const char *const name[] = { "4k", "16k", "64k" };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		if (!strcmp(arg, name[i])) {
			o->granule_lg2 = 12 + 2 * i;
			return IOM_TOOL_OK;
		}
	}
	return usage("--granule is 4k, 16k or 64k, not ", arg);
}

static int parse_option(int c, const char *arg, struct options *o)
{
	int v = 0, rc;

	switch (c) {
	case 'j':
		o->json = true;
		return IOM_TOOL_OK;
	case 'i':
		return parse_idr(arg, o);
	case 'e':
		return parse_ste(arg, o);
	case 'p':
		rc = parse_number(arg, 0, 31, "--split is 0 to 31, not ", &v);
		o->split = (unsigned int)v;
		return rc;
	case 's':
		rc = parse_number(arg, 1, 2, "--stage is 1 or 2, not ", &v);
		o->stage = (unsigned int)v;
		return rc;
	case 'l':
		return parse_number(arg, -1, 3, "--level is -1 to 3, not ", &o->level);
	case 'g':
		return parse_granule(arg, o);
	default:
		o->wide = true;
		return IOM_TOOL_OK;
	}
}

static int run(const char *kind, int argc, char **argv, const struct options *o)
{
	unsigned int i;

	if (!argc)
		return usage("no WORD and no FILE", "");
	for (i = 0; i < IOM_ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kind, kinds[i].name))
			return decode_words(&kinds[i], argc, argv, o);
	}
	if (!strcmp(kind, "idr"))
		return decode_idr(argc, argv, o);
	if (!strcmp(kind, "regs"))
		return decode_regs(argc, argv, o);
	return usage("no such KIND: ", kind);
}

int iom_tool_decode(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "idr", required_argument, NULL, 'i' },
		{ "ste", required_argument, NULL, 'e' },
		{ "split", required_argument, NULL, 'p' },
		{ "stage", required_argument, NULL, 's' },
		{ "level", required_argument, NULL, 'l' },
		{ "granule", required_argument, NULL, 'g' },
		{ "wide", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { .stage = 1, .granule_lg2 = 12, .level = 3 };
	int c, rc;

	iom_tool_smmu_all_caps(&o.caps);
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
	if (optind == argc)
		return usage("no KIND", "");
	return run(argv[optind], argc - optind - 1, argv + optind + 1, &o);
}
