/* SPDX-License-Identifier: BSD-2-Clause */
/* How the files of smmuv3_fields write their rows. */
#ifndef IOMI_WIRE_SMMUV3_FIELDS_ROWS_H
#define IOMI_WIRE_SMMUV3_FIELDS_ROWS_H

#include <iom/spec/smmuv3.h>

#include "smmuv3_fields.h"

/* A number; an address in place; a field whose values have names. */
#define NUM(n, w, m)	{ .name = (n), .word = (w), .mask = (m) }
#define ADDR(n, w, m)	{ .name = (n), .word = (w), .mask = (m), .addr = true }
#define NAMED(n, w, m, v) { .name = (n), .word = (w), .mask = (m), .values = (v), \
			    .n_values = IOM_ARRAY_SIZE(v) }

#define LAYOUT(n, rows, nwords) \
	{ .name = (n), .fields = (rows), .n_fields = IOM_ARRAY_SIZE(rows), \
	  .words = (nwords), .bits = 64 }

#endif
