/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands and fields of structures as short text, into a buffer of the
 * caller's; needs no library. Everything here is pure; any thread.
 */
#ifndef IOMI_WIRE_SMMUV3_TEXT_H
#define IOMI_WIRE_SMMUV3_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "smmuv3_fields.h"

/* buf ends in 0 after each call, if size is not 0; what does not fit is only counted. */
struct iomi_smmuv3_text {
	char *buf;
	size_t size;
	size_t len;	/* bytes that the whole text needs, less the 0 */
};

void iomi_smmuv3_text_init(struct iomi_smmuv3_text *t, char *buf, size_t size);
void iomi_smmuv3_text_str(struct iomi_smmuv3_text *t, const char *s);
void iomi_smmuv3_text_hex(struct iomi_smmuv3_text *t, uint64_t v);	/* 0x1f */
void iomi_smmuv3_text_dec(struct iomi_smmuv3_text *t, uint64_t v);
/* Strings, and for %x and %u a uint64_t each, for %s a string, %% not known. */
void iomi_smmuv3_text_fmt(struct iomi_smmuv3_text *t, const char *fmt, ...);

/* "CFGI_STE sid=0x8 leaf=1", "CMD_SYNC"; an unknown opcode by its words. */
void iomi_smmuv3_text_cmd(struct iomi_smmuv3_text *t, const uint64_t w[2]);
/* "Config=5 (stage 1)" */
void iomi_smmuv3_text_field(struct iomi_smmuv3_text *t, const struct iomi_smmuv3_field *f,
			    const uint64_t *w);

#endif
