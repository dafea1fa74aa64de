/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom serve`: the PCI functions of a machine file as vfio-user servers.
 * Everything is checked before anything is created, and a signal ends it in
 * order: work is finished, disks are flushed, sockets removed, status 0.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#include "iom.h"
#include "serve.h"

#define LOG_BUFFER	(1u << 20)
#define POLL_US_MAX	1000000u

static const char help[] =
	"usage: iom serve MACHINE --dir DIR [OPTION...]\n"
	"\n"
	"Offers each PCI function of a machine file (docs/machine-file.md) on a Unix socket\n"
	"DIR/NAME.sock, by the vfio-user protocol, for QEMU 10.1 or newer. Prints the\n"
	"arguments that QEMU needs, then \"iom: ready\". SIGTERM and SIGINT end it.\n"
	"\n"
	"  --dir DIR            where the sockets go; it must exist\n"
	"  --print-args         print only QEMU's arguments, one a line, and do nothing else\n"
	"  --log-requests FILE  what the IOMMUs executed and refused, a line each\n"
	"  --report FILE        at the end, counters in JSON\n"
	"  --poll-us N          look this long for more work before sleeping; by default only\n"
	"                       IOMMUs do so, for 50\n"
	"  --json               one JSON object at the start and one at the end on standard\n"
	"                       output, instead of text\n"
	"\n"
	"Example:\n"
	"  mkdir sock && iom serve machine.dts --dir sock\n"
	"\n"
	"Exit status: 0 ended by a signal, 2 bad input (and nothing was created), 1 the\n"
	"system failed.\n";

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "iom serve: %s%s; \"iom serve --help\" says how\n", why, what);
	return IOM_TOOL_USAGE;
}

/* --- output --------------------------------------------------------------- */

static const char *kind_name(enum iom_machine_fn_kind kind)
{
	switch (kind) {
	case IOM_MACHINE_FN_VIOMMU:
		return "virtio-iommu";
	case IOM_MACHINE_FN_BLK:
		return "virtio-blk";
	case IOM_MACHINE_FN_RNG:
		return "virtio-rng";
	case IOM_MACHINE_FN_DMA_TEST:
		return "dma-test";
	}
	return "?";
}

static void print_args(char *const *args)
{
	for (; *args; args++)
		puts(*args);
}

static void print_start(const struct serve *s, char *const *args)
{
	unsigned int i;

	for (i = 0; i < s->nr_fns; i++) {
		const struct serve_fn *f = &s->fn[i];

		printf("%-24s %-8s %-13s %s", f->name, f->bdf, kind_name(f->m->kind), f->socket);
		if (f->iommu)
			printf("  behind %s as 0x%x", f->iommu->name, f->m->endpoint);
		putchar('\n');
	}
	puts("\nArguments for QEMU, besides those of your machine. Guest memory is to be shared:\n"
	     "  -machine ...,memory-backend=mem"
	     " -object memory-backend-memfd,id=mem,size=...,share=on");
	for (; *args; args += 2)
		printf("  %s '%s'\n", args[0], args[1]);
	puts("iom: ready");
	fflush(stdout);
}

static void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(o);
}

static void print_start_json(const struct serve *s, char *const *args)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array(), *fn;
	unsigned int i;

	json_object_object_add(o, "event", json_object_new_string("ready"));
	for (i = 0; i < s->nr_fns; i++) {
		const struct serve_fn *f = &s->fn[i];

		fn = json_object_new_object();
		json_object_object_add(fn, "name", json_object_new_string(f->name));
		json_object_object_add(fn, "kind", json_object_new_string(kind_name(f->m->kind)));
		json_object_object_add(fn, "bdf", json_object_new_string(f->bdf));
		json_object_object_add(fn, "socket", json_object_new_string(f->socket));
		json_object_object_add(fn, "iommu", f->iommu ?
				       json_object_new_string(f->iommu->name) : NULL);
		json_object_object_add(fn, "id", f->iommu ?
				       json_object_new_int64(f->m->endpoint) : NULL);
		json_object_array_add(list, fn);
	}
	json_object_object_add(o, "functions", list);
	list = json_object_new_array();
	for (; *args; args++)
		json_object_array_add(list, json_object_new_string(*args));
	json_object_object_add(o, "qemu_args", list);
	print_json(o);
}

static int write_report(struct serve *s)
{
	struct json_object *o = iom_tool_serve_report(s);
	const char *text;
	int rc = IOM_TOOL_OK;

	if (s->o.report) {
		text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
						      JSON_C_TO_STRING_NOSLASHESCAPE);
		rc = iom_tool_write(s->o.report, text, strlen(text));
	}
	if (s->o.json) {
		json_object_object_add(o, "event", json_object_new_string("end"));
		print_json(o);
		return rc;
	}
	json_object_put(o);
	iom_tool_serve_print_report(s);
	return rc;
}

/* --- options -------------------------------------------------------------- */

/* 0: go on; -1: help was given; else the exit status. */
static int parse(int argc, char **argv, struct serve_options *o)
{
	static const struct option longs[] = {
		{ "dir", required_argument, NULL, 'd' },
		{ "json", no_argument, NULL, 'j' },
		{ "log-requests", required_argument, NULL, 'l' },
		{ "report", required_argument, NULL, 'r' },
		{ "print-args", no_argument, NULL, 'p' },
		{ "poll-us", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long n;
	char *end;
	int c;

	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->dir = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'l':
			o->log = optarg;
			break;
		case 'r':
			o->report = optarg;
			break;
		case 'p':
			o->print_args = true;
			break;
		case 'u':
			n = strtoul(optarg, &end, 10);
			if (*optarg < '0' || *optarg > '9' || *end || n > POLL_US_MAX)
				return usage("--poll-us takes 0 to 1000000, not ", optarg);
			o->poll_us = (uint32_t)n;
			o->poll_given = true;
			break;
		case 'h':
			fputs(help, stdout);
			return -1;
		case ':':
			return usage("missing argument of ", argv[optind - 1]);
		default:
			return usage("unknown option ", argv[optind - 1]);
		}
	}
	if (optind + 1 != argc)
		return usage("one machine file is wanted", "");
	if (!o->dir)
		return usage("--dir is missing", "");
	o->machine = argv[optind];
	return 0;
}

/* --- life ----------------------------------------------------------------- */

static int refuse_file(const char *file)
{
	fprintf(stderr, "iom: %s: %s\n", file, strerror(errno));
	return errno == ENOMEM ? IOM_TOOL_FAIL : IOM_TOOL_USAGE;
}

/* Could file be written? Asked before anything is created. */
static int check_writable(const char *file)
{
	char dir[4096];
	char *slash;

	if (!file || !strcmp(file, "-") || !access(file, W_OK))
		return IOM_TOOL_OK;
	if (errno != ENOENT)
		return refuse_file(file);
	snprintf(dir, sizeof(dir), "%s", file);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	return access(slash ? dir : ".", W_OK | X_OK) ? refuse_file(file) : IOM_TOOL_OK;
}

static int open_log(struct serve *s)
{
	if (!s->o.log)
		return IOM_TOOL_OK;
	s->log = fopen(s->o.log, "we");
	if (!s->log)
		return refuse_file(s->o.log);
	setvbuf(s->log, NULL, _IOFBF, LOG_BUFFER);
	return IOM_TOOL_OK;
}

/* Until a signal says so; the log is never more than a second behind. */
static void wait_for_end(struct serve *s, const sigset_t *signals)
{
	const struct timespec second = { 1, 0 };

	while (sigtimedwait(signals, NULL, &second) < 0)
		iom_tool_serve_flush_log(s);
}

static int run(struct serve *s, char *const *args)
{
	sigset_t signals;
	int rc;

	/* Blocked here, so in every thread: only wait_for_end() takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (iom_vfu_sigbus_guard()) {
		fprintf(stderr, "iom: signal handler: %s\n", strerror(errno));
		return IOM_TOOL_FAIL;
	}
	rc = open_log(s);
	if (!rc)
		rc = iom_tool_serve_build(s);
	if (!rc)
		rc = iom_tool_serve_start(s);
	if (!rc) {
		if (s->o.json)
			print_start_json(s, args);
		else
			print_start(s, args);
		wait_for_end(s, &signals);
	}
	iom_tool_serve_stop(s);
	if (!rc)
		rc = write_report(s);
	if (s->log && fclose(s->log) && !rc)
		rc = refuse_file(s->o.log);
	return rc;
}

static int serve(struct serve *s)
{
	char **args;
	int rc = iom_tool_serve_check(s);

	if (rc)
		return rc;
	rc = iom_tool_serve_qemu_args(s, &args);
	if (rc)
		return rc;
	if (s->o.print_args) {
		print_args(args);
	} else {
		rc = check_writable(s->o.log);
		if (!rc)
			rc = check_writable(s->o.report);
		if (!rc)
			rc = iom_tool_serve_open(s);
		if (!rc)
			rc = run(s, args);
	}
	iom_tool_serve_free_args(args);
	return rc;
}

int iom_tool_serve_behind(int argc, char **argv, struct serve_front *front)
{
	struct serve s = { .log_lock = PTHREAD_MUTEX_INITIALIZER, .front = front };
	int rc = parse(argc, argv, &s.o);

	if (rc)
		return rc < 0 ? IOM_TOOL_OK : rc;
	rc = iom_tool_machine_load(s.o.machine, IOM_MACHINE_STRICT, &s.t);
	if (rc)
		return rc;
	/* QEMU may run in another directory. */
	s.dir = realpath(s.o.dir, NULL);
	rc = s.dir ? serve(&s) : refuse_file(s.o.dir);
	iom_tool_serve_fini(&s);
	iom_tool_machine_free(&s.t);
	free(s.dir);
	return rc;
}

int iom_tool_serve(int argc, char **argv)
{
	return iom_tool_serve_behind(argc, argv, NULL);
}
