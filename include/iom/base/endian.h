/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Little-endian values as they stand in shared memory, registers and tables.
 * They are structs, so that a forgotten swap does not compile.
 */
#ifndef IOM_BASE_ENDIAN_H
#define IOM_BASE_ENDIAN_H

#include <stdint.h>

struct iom_le16 { uint16_t raw; };
struct iom_le32 { uint32_t raw; };
struct iom_le64 { uint64_t raw; };

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define IOMI_LE16(v)	__builtin_bswap16(v)
#define IOMI_LE32(v)	__builtin_bswap32(v)
#define IOMI_LE64(v)	__builtin_bswap64(v)
#else
#define IOMI_LE16(v)	(v)
#define IOMI_LE32(v)	(v)
#define IOMI_LE64(v)	(v)
#endif

static inline uint16_t iom_le16_get(struct iom_le16 v) { return IOMI_LE16(v.raw); }
static inline uint32_t iom_le32_get(struct iom_le32 v) { return IOMI_LE32(v.raw); }
static inline uint64_t iom_le64_get(struct iom_le64 v) { return IOMI_LE64(v.raw); }

static inline struct iom_le16 iom_le16_make(uint16_t v)
{
	struct iom_le16 r = { IOMI_LE16(v) };
	return r;
}

static inline struct iom_le32 iom_le32_make(uint32_t v)
{
	struct iom_le32 r = { IOMI_LE32(v) };
	return r;
}

static inline struct iom_le64 iom_le64_make(uint64_t v)
{
	struct iom_le64 r = { IOMI_LE64(v) };
	return r;
}

/* Unaligned little-endian access to a byte buffer. */
static inline uint16_t iom_get_le16(const void *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t iom_get_le32(const void *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

static inline uint64_t iom_get_le64(const void *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint64_t)iom_get_le32(b) | (uint64_t)iom_get_le32(b + 4) << 32;
}

static inline void iom_put_le16(void *p, uint16_t v)
{
	uint8_t *b = (uint8_t *)p;

	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
}

static inline void iom_put_le32(void *p, uint32_t v)
{
	uint8_t *b = (uint8_t *)p;

	iom_put_le16(b, (uint16_t)v);
	iom_put_le16(b + 2, (uint16_t)(v >> 16));
}

static inline void iom_put_le64(void *p, uint64_t v)
{
	uint8_t *b = (uint8_t *)p;

	iom_put_le32(b, (uint32_t)v);
	iom_put_le32(b + 4, (uint32_t)(v >> 32));
}

#endif
