/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bit fields: one mask a field, no separate shift or width. All helpers stay
 * constant expressions. PREP truncates: check a value from outside with FITS.
 */
#ifndef IOM_BASE_FIELD_H
#define IOM_BASE_FIELD_H

#include <stddef.h>
#include <stdint.h>

#define IOM_BIT32(n)		(UINT32_C(1) << (n))
#define IOM_BIT64(n)		(UINT64_C(1) << (n))
#define IOM_BITS32(hi, lo)	((UINT32_MAX >> (31 - (hi))) & (UINT32_MAX << (lo)))
#define IOM_BITS64(hi, lo)	((UINT64_MAX >> (63 - (hi))) & (UINT64_MAX << (lo)))
#define IOM_FIELD_LSB(m)	((m) & (~(m) + 1))
#define IOM_FIELD_GET(m, w)	(((w) & (m)) / IOM_FIELD_LSB(m))
#define IOM_FIELD_PREP(m, v)	(((v) * IOM_FIELD_LSB(m)) & (m))
#define IOM_FIELD_FITS(m, v)	((v) <= (m) / IOM_FIELD_LSB(m))

#ifdef __cplusplus
#define IOM_STATIC_ASSERT(c)	static_assert(c, #c)
#else
#define IOM_STATIC_ASSERT(c)	_Static_assert(c, #c)
#endif

#define IOM_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define IOM_CONTAINER_OF(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif
