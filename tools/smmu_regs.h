/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of an SMMUv3 as text: "NAME OFFSET VALUE" a line, of which NAME
 * or OFFSET may be left out; "#" begins a comment. Numbers are hexadecimal.
 */
#ifndef TOOLS_SMMU_REGS_H
#define TOOLS_SMMU_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wire/smmuv3_fields.h>
#include <wire/smmuv3_rules.h>

#define IOM_TOOL_REGS_MAX	64

struct iom_tool_regs {
	/* in the order of iomi_smmuv3_fields_regs() */
	uint64_t value[IOM_TOOL_REGS_MAX];
	bool has[IOM_TOOL_REGS_MAX];
};

/* Both return IOM_TOOL_OK, or the exit status after saying what is wrong where. */
int iom_tool_regs_read(const char *file, struct iom_tool_regs *out);
/* text is not ended by NUL */
int iom_tool_regs_parse(const char *file, const char *text, size_t len,
			struct iom_tool_regs *out);

/* Value of a register by offset; false, and 0, if the file did not have it. */
bool iom_tool_regs_get(const struct iom_tool_regs *r, uint32_t offset, uint64_t *value);
/* IDR0 to IDR5 are there: the capabilities, with those of CR0 and CR2. */
bool iom_tool_regs_caps(const struct iom_tool_regs *r, struct iomi_smmuv3_caps *caps);

/* A hexadecimal number, with or without 0x, and nothing else. */
bool iom_tool_parse_hex(const char *s, size_t len, uint64_t *out);

#endif
