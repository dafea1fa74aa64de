/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a machine from an ELF64 core, as QEMU's dump-guest-memory and kdump
 * write it (also packed by gzip): PT_LOAD segments by physical address. What
 * the file says is checked once, at opening.
 */
#ifndef TOOLS_CORE_H
#define TOOLS_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iom_tool_segment {
	uint64_t pa;
	uint64_t last;		/* inclusive */
	uint64_t offset;	/* in the file, unpacked */
};

struct iom_tool_core {
	const char *file;
	const uint8_t *data;
	size_t len;
	bool mapped;		/* else from malloc */
	struct iom_tool_segment *segs;	/* by address, apart */
	size_t n_segs;
};

/* IOM_TOOL_OK, or the exit status after one line that names file and offset. */
int iom_tool_core_open(const char *file, struct iom_tool_core *out);
void iom_tool_core_close(struct iom_tool_core *c);

/* Copy len bytes at a physical address; false if the core does not have them all. */
bool iom_tool_core_read(const struct iom_tool_core *c, uint64_t pa, void *buf, size_t len);
/* The place of an address in the file; 0 if it is not there. */
uint64_t iom_tool_core_offset(const struct iom_tool_core *c, uint64_t pa);

#endif
