/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `iom fw`: firmware descriptions read to text, and written for a machine.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <iom/fw/iort.h>
#include <iom/fw/machine.h>
#include <iom/fw/viot.h>

#include "file.h"
#include "fw.h"
#include "iom.h"
#include "machine_load.h"

static const char help[] =
	"usage: iom fw read [--json] [--machine] FILE...\n"
	"       iom fw viot [--json] MACHINE -o FILE\n"
	"       iom fw dt [--json] [--base BASE] MACHINE -o FILE\n"
	"\n"
	"read   says what VIOT and IORT tables and device trees (blob or source, also .gz)\n"
	"       mean: IOMMUs, who is behind them with which IDs, where MSIs go, what memory\n"
	"       is reserved.\n"
	"       With --machine a device tree is held to docs/machine-file.md.\n"
	"viot   writes the VIOT of a machine file: for QEMU's -acpitable file=FILE.\n"
	"dt     writes a device tree: BASE with the machine's IOMMUs put in, for QEMU's\n"
	"       -dtb FILE; without --base an overlay. Source if FILE ends in .dts.\n"
	"\n"
	"  --base BASE  tree of the machine without IOMMU, such as QEMU's dumpdtb\n"
	"  --json       tell about it in JSON, on standard output\n"
	"  --machine    see read\n"
	"  -o FILE      where to write; \"-\" is standard output\n"
	"\n"
	"Example:\n"
	"  qemu-system-aarch64 -machine virt,dumpdtb=base.dtb\n"
	"  iom fw dt machine.dts --base base.dtb -o guest.dtb && iom fw read guest.dtb\n"
	"\n"
	"Source is compiled by dtc. Exit status: 0 done, 2 bad input, 1 anything else.\n";

struct options {
	bool json;
	bool machine;
	const char *base;
	const char *out;
};

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "iom fw: %s%s; \"iom fw --help\" says how\n", why, what);
	return IOM_TOOL_USAGE;
}

static void print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* --- read ------------------------------------------------------------------ */

static bool starts(const struct iom_tool_buf *b, const char *s, size_t n)
{
	return b->len >= n && !memcmp(b->data, s, n);
}

/* The file's bytes, unpacked if gzip packed them. */
static int load(const char *file, struct iom_tool_buf *out)
{
	char *gzip[] = { "gzip", "-dc", NULL };
	struct iom_tool_buf raw;
	int rc;

	rc = iom_tool_read(file, &raw);
	if (rc || !starts(&raw, "\x1f\x8b", 2)) {
		*out = raw;
		return rc;
	}
	rc = iom_tool_filter(file, gzip, &raw, out);
	free(raw.data);
	return rc;
}

static int read_viot(const char *file, const struct iom_tool_buf *raw,
		     struct json_object *all)
{
	static struct iom_viot_node nodes[IOM_VIOT_MAX_NODES];
	struct iom_viot v;
	struct iom_diag d;

	if (iom_viot_read(raw->data, raw->len, nodes, IOM_VIOT_MAX_NODES, &v, &d)) {
		iom_tool_complain(file, &d);
		return IOM_TOOL_USAGE;
	}
	if (all)
		json_object_array_add(all, iom_tool_fw_json_viot(file, &v));
	else
		iom_tool_fw_print_viot(file, &v);
	return IOM_TOOL_OK;
}

static int read_iort(const char *file, const struct iom_tool_buf *raw,
		     struct json_object *all)
{
	size_t size = 16 * raw->len;
	struct iom_diag d;
	struct iom_iort t;
	void *mem;
	int rc;

	mem = malloc(size);
	if (!mem) {
		fprintf(stderr, "iom: %s: out of memory\n", file);
		return IOM_TOOL_FAIL;
	}
	rc = iom_iort_read(raw->data, raw->len, mem, size, &t, &d);
	if (rc)
		iom_tool_complain(file, &d);
	else if (all)
		json_object_array_add(all, iom_tool_fw_json_iort(file, &t));
	else
		iom_tool_fw_print_iort(file, &t);
	free(mem);
	return rc ? IOM_TOOL_USAGE : IOM_TOOL_OK;
}

static int read_fdt(const char *file, const struct iom_tool_buf *raw,
		    const struct options *o, struct json_object *all)
{
	uint32_t flags = o->machine ? IOM_MACHINE_STRICT : 0;
	struct iom_tool_machine t;
	int rc;

	if (iom_tool_is_fdt(raw->data, raw->len))
		rc = iom_tool_machine_parse(file, raw->data, raw->len, flags, &t);
	else
		rc = iom_tool_machine_load(file, flags, &t);
	if (rc)
		return rc;
	if (all)
		json_object_array_add(all, iom_tool_fw_json_machine(file, &t.m));
	else
		iom_tool_fw_print_machine(file, &t.m);
	iom_tool_machine_free(&t);
	return IOM_TOOL_OK;
}

/* Source has neither signature; dtc says so if it is none either. */
static bool is_source(const char *file, const struct iom_tool_buf *raw)
{
	size_t n = strlen(file);

	return (n > 4 && !strcmp(file + n - 4, ".dts")) || starts(raw, "/dts-v1/", 8);
}

static int read_one(const char *file, const struct options *o, struct json_object *all)
{
	struct iom_tool_buf raw;
	int rc;

	rc = load(file, &raw);
	if (rc)
		return rc;
	if (iom_tool_is_fdt(raw.data, raw.len) || is_source(file, &raw)) {
		rc = read_fdt(file, &raw, o, all);
	} else if (starts(&raw, "VIOT", 4)) {
		rc = read_viot(file, &raw, all);
	} else if (starts(&raw, "IORT", 4)) {
		rc = read_iort(file, &raw, all);
	} else {
		fprintf(stderr, "iom: %s: neither a VIOT, an IORT nor a device tree\n", file);
		rc = IOM_TOOL_USAGE;
	}
	free(raw.data);
	return rc;
}

/* Every file is tried; the worst result counts. */
static int cmd_read(int argc, char **argv, const struct options *o)
{
	struct json_object *all = o->json ? json_object_new_array() : NULL;
	int worst = IOM_TOOL_OK, rc, i;

	if (!argc)
		return usage("read: no FILE", "");
	for (i = 0; i < argc; i++) {
		rc = read_one(argv[i], o, all);
		worst = rc > worst ? rc : worst;
	}
	if (all)
		print_json(all);
	return worst;
}

/* --- write ----------------------------------------------------------------- */

static int check_write(int argc, char **argv, const struct options *o)
{
	if (argc != 1)
		return usage(argc ? "one MACHINE only, not also " : "no MACHINE",
			     argc ? argv[1] : "");
	if (!o->out)
		return usage("no -o FILE", "");
	if (o->json && !strcmp(o->out, "-"))
		return usage("--json and -o - both want standard output", "");
	return IOM_TOOL_OK;
}

static int put(const char *machine, const char *what, const void *data, size_t len,
	       const struct options *o)
{
	struct json_object *j;
	int rc;

	rc = iom_tool_write(o->out, data, len);
	if (rc || !strcmp(o->out, "-"))
		return rc;
	if (!o->json) {
		printf("%s: %s of %s, %zu bytes\n", o->out, what, machine, len);
		return IOM_TOOL_OK;
	}
	j = json_object_new_object();
	json_object_object_add(j, "file", json_object_new_string(o->out));
	json_object_object_add(j, "kind", json_object_new_string(what));
	json_object_object_add(j, "machine", json_object_new_string(machine));
	json_object_object_add(j, "bytes", json_object_new_uint64(len));
	print_json(j);
	return IOM_TOOL_OK;
}

static int cmd_viot(int argc, char **argv, const struct options *o)
{
	static unsigned char buf[1 << 16];
	struct iom_tool_machine t;
	struct iom_diag d;
	size_t len;
	int rc;

	rc = check_write(argc, argv, o);
	if (!rc)
		rc = iom_tool_machine_load(argv[0], IOM_MACHINE_STRICT, &t);
	if (rc)
		return rc;
	if (iom_machine_viot(&t.m, buf, sizeof(buf), &len, &d)) {
		iom_tool_complain(argv[0], &d);
		rc = IOM_TOOL_USAGE;
	} else {
		rc = put(argv[0], "viot", buf, len, o);
	}
	iom_tool_machine_free(&t);
	return rc;
}

static int put_dt(const char *machine, const struct iom_tool_buf *blob,
		  const struct options *o)
{
	char *dtc[] = { "dtc", "-q", "-I", "dtb", "-O", "dts", "-o", "-", "-", NULL };
	const char *what = o->base ? "fdt" : "fdt-overlay";
	size_t n = strlen(o->out);
	struct iom_tool_buf text;
	int rc;

	if (n < 4 || strcmp(o->out + n - 4, ".dts"))
		return put(machine, what, blob->data, blob->len, o);
	rc = iom_tool_filter(o->out, dtc, blob, &text);
	if (rc)
		return rc;
	rc = put(machine, what, text.data, text.len, o);
	free(text.data);
	return rc;
}

static int write_dt(const char *machine, const struct iom_machine *m,
		    const struct iom_tool_buf *base, const struct options *o)
{
	/* What we add is far below the largest tree that we would read. */
	size_t cap = base->len + IOM_MACHINE_MAX_FDT;
	struct iom_tool_buf blob = { malloc(cap), 0 };
	struct iom_diag d;
	int rc;

	if (!blob.data) {
		fprintf(stderr, "iom: %s: out of memory\n", machine);
		return IOM_TOOL_FAIL;
	}
	if (iom_machine_dt(m, base->data, base->len, blob.data, cap, &blob.len, &d)) {
		iom_tool_complain(machine, &d);
		rc = IOM_TOOL_USAGE;
	} else {
		rc = put_dt(machine, &blob, o);
	}
	free(blob.data);
	return rc;
}

static int cmd_dt(int argc, char **argv, const struct options *o)
{
	struct iom_tool_buf base = { NULL, 0 };
	struct iom_tool_machine t;
	int rc;

	rc = check_write(argc, argv, o);
	if (!rc)
		rc = iom_tool_machine_load(argv[0], IOM_MACHINE_STRICT, &t);
	if (rc)
		return rc;
	if (o->base)
		rc = iom_tool_fdt_load(o->base, &base);
	if (!rc)
		rc = write_dt(argv[0], &t.m, &base, o);
	free(base.data);
	iom_tool_machine_free(&t);
	return rc;
}

/* --- options --------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(int argc, char **argv, const struct options *o);
} commands[] = {
	{ "read", cmd_read },
	{ "viot", cmd_viot },
	{ "dt", cmd_dt },
};

int iom_tool_fw(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "machine", no_argument, NULL, 'm' },
		{ "base", required_argument, NULL, 'b' },
		{ "output", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { 0 };
	unsigned int i;
	int c;

	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:h", longs, NULL)) != -1) {
		switch (c) {
		case 'j':
			o.json = true;
			break;
		case 'm':
			o.machine = true;
			break;
		case 'b':
			o.base = optarg;
			break;
		case 'o':
			o.out = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return IOM_TOOL_OK;
		case ':':
			return usage("missing argument of ", argv[optind - 1]);
		default:
			return usage("unknown option ", argv[optind - 1]);
		}
	}
	if (optind == argc)
		return usage("read, viot or dt?", "");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(argv[optind], commands[i].name))
			return commands[i].run(argc - optind - 1, argv + optind + 1, &o);
	}
	return usage("no such subcommand: ", argv[optind]);
}
