/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom replay`: a recorded run of the strict SMMUv3 once more. The model gets the
 * recorded inputs and, for memory, what it read then. It keeps a record of its
 * own, which is compared with the file line by line: the first line that differs
 * ends the replay.
 *
 * The file may be anything. A line is bounded, every number is checked, and the
 * model is as safe from what it reads here as from a guest.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <iom/base/endian.h>
#include <iom/base/err.h>
#include <iom/dev/smmuv3_ats.h>
#include <iom/dev/smmuv3_strict.h>
#include <iom/host/host.h>

#include "dev/smmuv3_strict_record.h"
#include "iom.h"
#include "smmu_regs.h"

#define MAX_PORTS	1024u
#define MAX_IDLE	1000000u
#define MAX_TLB		65536u		/* entries: what a record may make us allocate */

static const char help[] =
	"usage: iom replay FILE [--step N] [--json]\n"
	"\n"
	"Runs a strict SMMUv3 again from a record that iom_smmuv3_strict_cfg.record made:\n"
	"the same seed, inputs and memory. Prints the reports, and says at which line the\n"
	"run differs from the record, if it does.\n"
	"\n"
	"  --step N   stop after step N, and print its lines: the input, the memory\n"
	"             that was read and written, what it gave\n"
	"  --json     tell it in JSON\n"
	"\n"
	"Example:\n"
	"  driver-under-test --bug no-tlbi --record run.txt; iom replay run.txt\n"
	"\n"
	"Exit status: 0 the run was as recorded; 2 it differs, or FILE is no such record;\n"
	"1 the system failed.\n";

struct port {
	uint32_t sid;
	struct iom_smmuv3_port p;
	struct iom_access access;
};

struct replay {
	const char *file;
	FILE *f;
	char line[STRICT_RECORD_LINE];	/* the one that comes next, if has_line */
	bool has_line;
	uint64_t nr;			/* its number */
	bool over;			/* nothing more counts: the end, or: */
	char why[2 * STRICT_RECORD_LINE + 100];	/* what is wrong; "" if nothing is */
	int64_t until;			/* --step, or -1 */
	bool print;			/* lines, of that step */

	struct iom_smmuv3_dev_cfg cfg;
	struct iom_smmuv3_strict_cfg strict;
	struct iom_smmuv3_dev *s;
	struct iom_gmem mem;		/* all of the model's memory: the record */
	struct strict_seen seen;
	uint64_t skipped;
	struct port *port[MAX_PORTS];
	unsigned int nr_ports;

	uint64_t inputs, reports;
	struct json_object *json;	/* reports, or NULL */
};

/* --- lines ------------------------------------------------------------------- */

static void stop(struct replay *r, const char *fmt, const char *a, const char *b)
{
	if (r->over)
		return;
	r->over = true;
	snprintf(r->why, sizeof(r->why), fmt, a, b);
}

/* Is there a line? Then it is in r->line until it is taken. */
static bool peek(struct replay *r)
{
	size_t len;

	if (r->over || r->has_line)
		return !r->over;
	if (!fgets(r->line, sizeof(r->line), r->f)) {
		r->over = true;
		return false;
	}
	r->nr++;
	len = strlen(r->line);
	if (!len || r->line[len - 1] != '\n') {
		/* Without its end a line may be cut: the program was stopped while it wrote. */
		stop(r, feof(r->f) ? "" : "the line is too long%s%s", "", "");
		return false;
	}
	r->line[len - 1] = 0;
	r->has_line = true;
	return true;
}

static void take(struct replay *r)
{
	if (r->print && !r->json)
		printf("  %s\n", r->line);
	r->has_line = false;
}

/* The numbers of text, up to max; -1: it is not numbers, or they are more. */
static int numbers(const char *s, uint64_t *v, int max)
{
	int n = 0;

	while (*s) {
		size_t len = strcspn(s, " ");

		if (n == max || !iom_tool_parse_hex(s, len, &v[n]))
			return -1;
		n++;
		s += len + (s[len] == ' ');
	}
	return n;
}

/* The model says a line: it is the next one of the record, or the replay is over. */
static void compare(void *arg, const char *line)
{
	struct replay *r = arg;
	uint64_t v[3];

	if (!peek(r))
		return;
	if (strcmp(line, r->line)) {
		stop(r, "recorded \"%s\", now \"%s\"", r->line, line);
		return;
	}
	r->skipped = 0;
	if (!strncmp(line, "< ", 2) && numbers(line + 2, v, 3) == 3)
		strict_seen_put(&r->seen, v[1], v[2]);
	take(r);
}

static void report(void *arg, const struct iom_smmuv3_report *rep)
{
	struct replay *r = arg;
	size_t size = iom_smmuv3_strict_text(rep, NULL, 0) + 1;
	char *text;

	/* Once it differs, what follows says nothing of the driver. */
	if (r->over)
		return;
	r->reports++;
	text = malloc(size);
	if (!text)
		return;
	iom_smmuv3_strict_text(rep, text, size);
	if (r->json) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "id", json_object_new_string(rep->id));
		json_object_object_add(o, "title", json_object_new_string(rep->title));
		json_object_object_add(o, "section", json_object_new_string(rep->section));
		json_object_object_add(o, "step", json_object_new_int64((int64_t)rep->step));
		json_object_object_add(o, "text", json_object_new_string(text));
		json_object_array_add(r->json, o);
	} else {
		puts(text);
	}
	free(text);
}

/* --- memory ------------------------------------------------------------------ */

static struct replay *replay_of(struct iom_gmem *g)
{
	return IOM_CONTAINER_OF(g, struct replay, mem);
}

/* "- 14" of a failure as it is written; any other is no error that memory gives. */
static int code(const char *s)
{
	uint64_t v;

	if (*s != '-' || !iom_tool_parse_hex(s + 1, strlen(s + 1), &v) || !v || v > 4095)
		return IOM_EFAULT;
	return -(int)v;
}

/* The next line, if it is a failure of this access: its code. */
static bool recorded_failure(struct replay *r, const char *what, int *rc)
{
	const char *last;

	if (!peek(r) || strncmp(r->line, what, strlen(what)))
		return false;
	last = strrchr(r->line, ' ');
	*rc = code(last + 1);
	return true;
}

static bool hex_byte(const char *s, uint8_t *b)
{
	uint64_t v;

	if (!s[0] || !s[1] || !iom_tool_parse_hex(s, 2, &v))
		return false;
	*b = (uint8_t)v;
	return true;
}

static int mem_read(struct iom_gmem *g, uint64_t addr, void *buf, size_t len)
{
	struct replay *r = replay_of(g);
	uint8_t *p = buf;
	const char *s;
	size_t i;
	int rc;

	(void)addr;
	if (recorded_failure(r, "<! ", &rc))
		return rc;
	/* One line only can be looked at; the recorder gets no larger read than that. */
	if (!peek(r) || strncmp(r->line, "<< ", 3) || len > STRICT_RECORD_BYTES ||
	    !(s = strchr(r->line + 3, ' '))) {
		stop(r, "memory was not read here: \"%s\"%s", r->has_line ? r->line : "", "");
		return IOM_EFAULT;
	}
	for (i = 0, s++; i < len; i++, s += 2) {
		if (!hex_byte(s, &p[i])) {
			stop(r, "fewer bytes than are read now: \"%s\"%s", r->line, "");
			return IOM_EFAULT;
		}
	}
	return IOM_OK;
}

static int mem_load(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t *val)
{
	struct replay *r = replay_of(g);
	uint8_t b[8] = { 0 };
	uint64_t v[3];
	int rc;

	if (size != 8) {
		rc = mem_read(g, addr, b, size);
		*val = iom_get_le64(b);
		return rc;
	}
	if (recorded_failure(r, "<! ", &rc))
		return rc;
	if (peek(r) && !strncmp(r->line, "< ", 2) && numbers(r->line + 2, v, 3) == 3 &&
	    v[0] == r->skipped) {
		*val = v[2];
		return IOM_OK;
	}
	if (!strict_seen_find(&r->seen, addr, val)) {
		stop(r, "memory was not read here: \"%s\"%s", r->has_line ? r->line : "", "");
		return IOM_EFAULT;
	}
	r->skipped++;
	return IOM_OK;
}

static int mem_write(struct iom_gmem *g, uint64_t addr, const void *buf, size_t len)
{
	int rc = IOM_OK;

	(void)addr;
	(void)buf;
	(void)len;
	recorded_failure(replay_of(g), ">! ", &rc);
	return rc;
}

static int mem_store(struct iom_gmem *g, uint64_t addr, unsigned int size, uint64_t val)
{
	return mem_write(g, addr, &val, size);
}

static int mem_cas64(struct iom_gmem *g, uint64_t addr, uint64_t *old, uint64_t val)
{
	struct replay *r = replay_of(g);
	uint64_t v[5];
	char *last;

	(void)addr;
	(void)val;
	if (!peek(r) || strncmp(r->line, "~ ", 2))
		return IOM_EFAULT;
	last = strrchr(r->line, ' ');
	if (last[1] == '-')
		return code(last + 1);
	if (numbers(r->line + 2, v, 5) != 5)
		return IOM_EFAULT;
	*old = v[3];
	return IOM_OK;
}

static const struct iom_gmem_ops mem_ops = {
	.read = mem_read,
	.write = mem_write,
	.load = mem_load,
	.store = mem_store,
	.cas64 = mem_cas64,
};

/* --- inputs ------------------------------------------------------------------ */

static struct port **find_port(struct replay *r, uint64_t sid)
{
	unsigned int i = r->nr_ports;

	while (i-- > 0) {
		if (r->port[i]->sid == sid)
			return &r->port[i];
	}
	stop(r, "no port has this StreamID: \"%s\"%s", r->line, "");
	return NULL;
}

static void add_port(struct replay *r, uint64_t sid)
{
	struct port *p;

	if (r->nr_ports == MAX_PORTS || sid > UINT32_MAX) {
		stop(r, "too many ports, or too large a StreamID: \"%s\"%s", r->line, "");
		return;
	}
	p = calloc(1, sizeof(*p));
	if (!p || iom_smmuv3_dev_port_init(&p->p, r->s, (uint32_t)sid, &r->mem)) {
		free(p);
		stop(r, "no memory for a port%s%s", "", "");
		return;
	}
	p->sid = (uint32_t)sid;
	iom_access_join(&p->access, iom_smmuv3_dev_gate(r->s));
	r->port[r->nr_ports++] = p;
}

static void drop_port(struct replay *r, struct port **at)
{
	struct port *p = *at;

	iom_access_leave(&p->access);
	iom_smmuv3_dev_port_fini(&p->p);
	free(p);
	r->nr_ports--;
	memmove(at, at + 1, (size_t)(&r->port[r->nr_ports] - at) * sizeof(struct port *));
}

/* What a device does at its port. */
static void transact(struct replay *r, enum strict_input in, const uint64_t v[4])
{
	const struct iom_smmuv3_page_request req = {
		.iova = v[1], .prgindex = (uint16_t)v[3], .ssid = (uint32_t)(v[2] >> 8),
		.ssv = v[2] & STRICT_PRI_SSV, .read = v[2] & STRICT_PRI_READ,
		.write = v[2] & STRICT_PRI_WRITE, .exec = v[2] & STRICT_PRI_EXEC,
		.priv = v[2] & STRICT_PRI_PRIV, .last = v[2] & STRICT_PRI_LAST,
	};
	struct port **at = find_port(r, v[0]);
	struct iom_smmuv3_prg_resp answer;
	struct iom_smmuv3_ats_resp resp;
	struct iom_smmuv3_result res;
	struct iom_smmuv3_port *p;
	uint64_t ev[4];

	if (!at)
		return;
	p = &(*at)->p;
	iom_access_begin(&(*at)->access);
	iom_gmem_begin(&r->mem);
	if (in == STRICT_IN_ATS)
		iom_smmuv3_dev_ats_request(p, v[1], (unsigned int)v[2], &resp, ev);
	else if (in == STRICT_IN_PRI)
		iom_smmuv3_dev_page_request(p, &req, &answer);
	else if (!v[2] || v[1] + (v[2] - 1) < v[1] || !(v[3] & 3) || v[3] > UINT32_MAX)
		stop(r, "no such access: \"%s\"%s", r->line, "");
	else
		iom_smmuv3_dev_translate(p, v[1], v[2], (unsigned int)v[3], &res, ev);
	iom_gmem_end(&r->mem);
	iom_access_end(&(*at)->access);
}

/* There are no endpoints here; what this one was given is forgotten with it. */
static void unep(struct replay *r, uint64_t sid)
{
	static const struct iom_smmuv3_ep_ops none;
	struct iom_smmuv3_ep ep;

	iom_smmuv3_dev_ep_attach(&ep, r->s, (uint32_t)sid, &none);
	iom_smmuv3_dev_ep_detach(&ep);
}

static void unport(struct replay *r, uint64_t sid)
{
	struct port **at = find_port(r, sid);

	if (at)
		drop_port(r, at);
}

static void perform(struct replay *r, enum strict_input in, const uint64_t v[4])
{
	uint64_t val;

	switch (in) {
	case STRICT_IN_READ:
		iom_smmuv3_dev_read(r->s, v[0], (unsigned int)v[1], &val);
		break;
	case STRICT_IN_WRITE:
		iom_smmuv3_dev_write(r->s, v[0], (unsigned int)v[1], v[2]);
		break;
	case STRICT_IN_RUN:
		iom_smmuv3_dev_run(r->s);
		break;
	case STRICT_IN_RESET:
		iom_smmuv3_dev_reset(r->s);
		break;
	case STRICT_IN_PORT:
		add_port(r, v[0]);
		break;
	case STRICT_IN_UNPORT:
		unport(r, v[0]);
		break;
	case STRICT_IN_DMA:
	case STRICT_IN_ATS:
	case STRICT_IN_PRI:
		transact(r, in, v);
		break;
	case STRICT_IN_UNEP:
		unep(r, v[0]);
		break;
	case STRICT_IN_WMB:
		iom_smmuv3_strict_wmb(r->s);
		break;
	case STRICT_IN_RELEASE:
		iom_smmuv3_strict_release(r->s, v[0], v[1]);
		break;
	case STRICT_IN_ACQUIRE:
		iom_smmuv3_strict_acquire(r->s, v[0], v[1]);
		break;
	case STRICT_IN_IDLE:
		if (v[0] > MAX_IDLE)
			stop(r, "too many steps at once: \"%s\"%s", r->line, "");
		else
			iom_smmuv3_strict_idle(r->s, (unsigned int)v[0]);
		break;
	case STRICT_IN_SETTLED:
		iom_smmuv3_strict_settled(r->s);
		break;
	case STRICT_IN_FINISH:
		iom_smmuv3_strict_finish(r->s);
		break;
	case STRICT_IN_RESEED:
		iom_smmuv3_strict_reseed(r->s, v[0]);
		break;
	case STRICT_NR_INPUTS:
		break;
	}
}

static const struct {
	const char *name;
	int n;
} inputs[STRICT_NR_INPUTS] = {
#define INPUT_ROW(name, text, n) { text, n },
	STRICT_INPUTS(INPUT_ROW)
#undef INPUT_ROW
};

/* "@step name numbers" */
static bool parse_input(const char *line, uint64_t *step, enum strict_input *in, uint64_t v[4])
{
	size_t len = strcspn(line, " "), name;
	unsigned int i;

	memset(v, 0, 4 * sizeof(*v));
	if (line[0] != '@' || !line[len] || !iom_tool_parse_hex(line + 1, len - 1, step))
		return false;
	line += len + 1;
	name = strcspn(line, " ");
	for (i = 0; i < STRICT_NR_INPUTS; i++) {
		if (strlen(inputs[i].name) == name && !strncmp(line, inputs[i].name, name))
			break;
	}
	*in = (enum strict_input)i;
	line += name + (line[name] == ' ');
	return i < STRICT_NR_INPUTS && numbers(line, v, 4) == inputs[i].n;
}

static void run(struct replay *r)
{
	enum strict_input in = STRICT_NR_INPUTS;
	uint64_t step = 0, v[4], nr;

	while (peek(r)) {
		if (!parse_input(r->line, &step, &in, v)) {
			stop(r, r->line[0] == '@' ? "no such input: \"%s\"%s" :
			     "recorded \"%s\", and now nothing%s", r->line, "");
			return;
		}
		if (r->until >= 0 && step > (uint64_t)r->until)
			return;
		r->print = step == (uint64_t)r->until;
		nr = r->nr;
		perform(r, in, v);
		if (!r->over && r->has_line && r->nr == nr)
			stop(r, "recorded \"%s\", and now nothing%s", r->line, "");
		r->inputs++;
	}
}

static void wake(void *arg)
{
	(void)arg;		/* the record says when run() was called */
}

/* --- header, and the model it asks for ---------------------------------------- */

static bool header(struct replay *r)
{
	uint64_t m[11], s[5];
	unsigned int i;

	if (!peek(r) || strcmp(r->line, "smmuv3-record 1"))
		return false;
	r->has_line = false;
	if (!peek(r) || strncmp(r->line, "model ", 6) || numbers(r->line + 6, m, 11) != 11)
		return false;
	r->has_line = false;
	if (!peek(r) || strncmp(r->line, "strict ", 7) || numbers(r->line + 7, s, 5) != 5)
		return false;
	r->has_line = false;
	for (i = 1; i < 9; i++) {
		if (m[i] > UINT32_MAX)
			return false;
	}
	if (m[0] > IOM_SMMUV3_STEP || m[9] > MAX_TLB || m[10] > MAX_TLB || s[1] > UINT32_MAX ||
	    s[2] > UINT32_MAX || s[3] > 1 || s[4] > 1)
		return false;
	r->cfg = (struct iom_smmuv3_dev_cfg){
		.plat = iom_host_plat(), .gmem = &r->mem, .mode = (enum iom_smmuv3_mode)m[0],
		.iidr = (uint32_t)m[7], .aidr = (uint32_t)m[8], .strict = &r->strict,
		.tlb_entries = (unsigned int)m[9], .config_entries = (unsigned int)m[10],
		.wake = wake,
	};
	for (i = 0; i < 6; i++)
		r->cfg.idr[i] = (uint32_t)m[1 + i];
	r->strict = (struct iom_smmuv3_strict_cfg){
		.seed = s[0], .sync_slack = (unsigned int)s[1], .max_delay = (unsigned int)s[2],
		.wmb = s[3], .spare_l1std = s[4],
		.report = report, .record = compare, .arg = r,
	};
	/* The model says the header too. */
	rewind(r->f);
	r->nr = 0;
	return true;
}

static int replay(struct replay *r)
{
	struct iom_smmuv3_diag diag = { "", "" };
	int rc;

	if (!header(r)) {
		r->over = false;
		stop(r, "not the header of a record%s%s", "", "");
		return IOM_TOOL_USAGE;
	}
	rc = iom_gmem_init(&r->mem, &mem_ops);
	if (!rc)
		rc = iom_smmuv3_dev_create(&r->cfg, &r->s, &diag);
	if (rc) {
		r->nr = 2;
		stop(r, "no such SMMU: %s %s", diag.field,
		     rc == IOM_ENOMEM ? "no memory" : diag.why);
		return rc == IOM_ENOMEM ? IOM_TOOL_FAIL : IOM_TOOL_USAGE;
	}
	run(r);
	r->over = true;
	while (r->nr_ports)
		drop_port(r, &r->port[r->nr_ports - 1]);
	iom_smmuv3_dev_destroy(r->s);
	return *r->why ? IOM_TOOL_USAGE : IOM_TOOL_OK;
}

static void print_json(struct replay *r)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "inputs", json_object_new_int64((int64_t)r->inputs));
	json_object_object_add(o, "seed", json_object_new_uint64(r->strict.seed));
	json_object_object_add(o, "reports", r->json);
	if (*r->why) {
		json_object_object_add(o, "line", json_object_new_int64((int64_t)r->nr));
		json_object_object_add(o, "differs", json_object_new_string(r->why));
	}
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

static int open_and_run(struct replay *r)
{
	int rc;

	r->f = fopen(r->file, "r");
	if (!r->f) {
		fprintf(stderr, "iom: %s: cannot be opened\n", r->file);
		return IOM_TOOL_USAGE;
	}
	rc = replay(r);
	fclose(r->f);
	if (*r->why)
		fprintf(stderr, "iom: %s: line %" PRIu64 ": %s\n", r->file, r->nr, r->why);
	if (r->json)
		print_json(r);
	else if (!rc)
		printf("%" PRIu64 " inputs, %" PRIu64 " reports, as recorded "
		       "(seed 0x%" PRIx64 ")\n", r->inputs, r->reports, r->strict.seed);
	return rc;
}

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "iom replay: %s%s; \"iom replay --help\" says how\n", why, what);
	return IOM_TOOL_USAGE;
}

int iom_tool_replay(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "step", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct replay *r;
	char *end;
	int c, rc;

	optind = 1;
	opterr = 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return IOM_TOOL_FAIL;
	r->until = -1;
	rc = -1;
	while (rc < 0 && (c = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			rc = IOM_TOOL_OK;
		} else if (c == 'j') {
			r->json = r->json ? r->json : json_object_new_array();
		} else if (c == 's') {
			r->until = strtoll(optarg, &end, 0);
			if (*end || end == optarg || r->until < 0)
				rc = usage("not a step: ", optarg);
		} else {
			rc = usage(c == ':' ? "missing argument of " : "unknown option ",
				   argv[optind - 1]);
		}
	}
	if (rc < 0 && argc - optind != 1)
		rc = usage("one FILE, please", "");
	if (rc < 0) {
		r->file = argv[optind];
		rc = open_and_run(r);
	} else if (r->json) {
		json_object_put(r->json);
	}
	free(r);
	return rc;
}
