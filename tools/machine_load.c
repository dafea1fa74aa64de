/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files to struct iom_machine, for every subcommand that takes MACHINE.dts.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iom/base/err.h>

#include "file.h"
#include "iom.h"
#include "machine_load.h"

bool iom_tool_is_fdt(const void *data, size_t len)
{
	return len >= 4 && !memcmp(data, "\xd0\x0d\xfe\xed", 4);
}

int iom_tool_machine_parse(const char *file, const void *data, size_t len,
			   uint32_t flags, struct iom_tool_machine *out)
{
	/* See iom_machine_read(): this is always enough. */
	size_t mem_size = 32 * len + 65536;
	struct iom_tool_machine t;
	struct iom_diag d;
	int rc;

	t.mem = malloc(mem_size);
	if (!t.mem) {
		fprintf(stderr, "iom: %s: out of memory\n", file);
		return IOM_TOOL_FAIL;
	}
	rc = iom_machine_read(data, len, flags, t.mem, mem_size, &t.m, &d);
	if (rc) {
		iom_tool_complain(file, &d);
		free(t.mem);
		return IOM_TOOL_USAGE;
	}
	*out = t;
	return IOM_TOOL_OK;
}

/*
 * -q drops dtc's warnings: they are about trees that describe a whole machine.
 * dtc knows no "--", so a name that begins with "-" becomes a path.
 */
static int compile(const char *file, struct iom_tool_buf *out)
{
	char name[4096];
	char *argv[] = { "dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "-", name, NULL };
	int n = snprintf(name, sizeof(name), "%s%s", *file == '-' ? "./" : "", file);

	if (n < 0 || (size_t)n >= sizeof(name)) {
		fprintf(stderr, "iom: %s: the name is too long\n", file);
		return IOM_TOOL_USAGE;
	}
	return iom_tool_filter(file, argv, NULL, out);
}

int iom_tool_fdt_load(const char *file, struct iom_tool_buf *out)
{
	struct iom_tool_buf raw;
	int rc;

	rc = iom_tool_read(file, &raw);
	if (rc)
		return rc;
	if (iom_tool_is_fdt(raw.data, raw.len)) {
		*out = raw;
		return IOM_TOOL_OK;
	}
	free(raw.data);
	return compile(file, out);
}

int iom_tool_machine_load(const char *file, uint32_t flags, struct iom_tool_machine *out)
{
	struct iom_tool_buf blob;
	int rc;

	rc = iom_tool_fdt_load(file, &blob);
	if (rc)
		return rc;
	rc = iom_tool_machine_parse(file, blob.data, blob.len, flags, out);
	free(blob.data);
	return rc;
}

void iom_tool_machine_free(struct iom_tool_machine *t)
{
	free(t->mem);
}

char *iom_tool_machine_path(const char *machine, const char *file)
{
	const char *slash = strrchr(machine, '/');
	int dir = slash && *file != '/' ? (int)(slash - machine) + 1 : 0;
	char *path = NULL;

	if (asprintf(&path, "%.*s%s", dir, machine, file) < 0)
		return NULL;
	return path;
}
