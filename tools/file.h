/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole files in memory, and foreign programs as filters. A refusal is printed
 * to stderr as one line that begins "iom: " and names the file.
 */
#ifndef TOOLS_FILE_H
#define TOOLS_FILE_H

#include <stddef.h>

#include <iom/fw/diag.h>

struct iom_tool_buf {
	void *data;		/* malloc; 8-byte aligned */
	size_t len;
};

/* The most that any file we read may have. */
#define IOM_TOOL_MAX_FILE	(16u << 20)

/* All return IOM_TOOL_OK, or the exit status after printing why. */
int iom_tool_read(const char *file, struct iom_tool_buf *out);

/*
 * Put buf into file: a new one beside it takes its place, so that a failure
 * leaves what was there. "-" is standard output.
 */
int iom_tool_write(const char *file, const void *data, size_t len);

/*
 * Run argv[0], found by PATH, with in as its standard input and its output in
 * *out; `file` is what it works on, for messages. If it fails, the first line
 * that it wrote to stderr is part of ours.
 */
int iom_tool_filter(const char *file, char *const argv[],
		    const struct iom_tool_buf *in, struct iom_tool_buf *out);

/* "iom: FILE: NODE: PROPERTY: what", leaving out what is empty. */
void iom_tool_complain(const char *file, const struct iom_diag *d);

#endif
