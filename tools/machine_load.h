/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine from a file: the blob itself, or device tree source, which dtc
 * compiles (a run-time dependency of source only).
 */
#ifndef TOOLS_MACHINE_LOAD_H
#define TOOLS_MACHINE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/fw/machine.h>

#include "file.h"

struct iom_tool_machine {
	struct iom_machine m;
	void *mem;			/* what m points into */
};

/* Is this a flattened device tree, by its first bytes? */
bool iom_tool_is_fdt(const void *data, size_t len);

/* The blob of file, compiled if it is source. */
int iom_tool_fdt_load(const char *file, struct iom_tool_buf *out);

/*
 * Load file with flags for iom_machine_read(). Returns IOM_TOOL_OK, or the exit
 * status (2 for bad input) after one line on stderr that names file, node,
 * property and what would be right; *out is untouched then.
 */
int iom_tool_machine_load(const char *file, uint32_t flags, struct iom_tool_machine *out);

/* The same from memory; file is for messages only. */
int iom_tool_machine_parse(const char *file, const void *data, size_t len,
			   uint32_t flags, struct iom_tool_machine *out);

void iom_tool_machine_free(struct iom_tool_machine *t);

/*
 * The path of a file that the machine file `machine` names: relative to the
 * folder of `machine`, unless absolute. malloc; NULL without memory.
 */
char *iom_tool_machine_path(const char *machine, const char *file);

#endif
