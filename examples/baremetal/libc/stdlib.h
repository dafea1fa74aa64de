/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BAREMETAL_STDLIB_H
#define BAREMETAL_STDLIB_H

/* base 0 or 16 or 10; no sign, no overflow. */
unsigned long strtoul(const char *s, char **end, int base);

#endif
