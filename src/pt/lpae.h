/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What AArch64 translation tables mean: geometry of a walk and decoding of one
 * descriptor. A format is a const struct; every function is pure and bounded,
 * whatever the descriptor, so both a walk of hostile memory and a dump tool may
 * use it. Nothing here reads memory.
 *
 * Words: IA input address, OA output address; shift(level) is the lowest IA bit
 * that indexes a table of that level, hence also log2 of what an entry spans.
 */
#ifndef IOMI_PT_LPAE_H
#define IOMI_PT_LPAE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/spec/lpae.h>

struct iomi_lpae_fmt {
	uint64_t oa_addr;	/* OA bits that stand in place in a table or page */
	uint64_t oa_high;	/* OA bits that stand elsewhere, */
	uint8_t oa_high_shl;	/* and how far to shift them to the left */
	uint8_t granule_lg2;	/* 12, 14, 16 */
	uint8_t stage;		/* 1, 2 */
	uint8_t ia_bits_max;	/* 48, 52 */
	uint8_t oa_bits;	/* 48, 52: what a descriptor can name */
	int8_t first_level;	/* -1, 0, 1 */
	uint8_t block_levels;	/* bit (level + 1): blocks exist there */
	bool ds;		/* 4K and 16K: LPA2, SH is not in the descriptor */
};

/*
 * NULL if there is no such stage or granule. wide: with 4K and 16K the DS bit;
 * with 64K that physical addresses have 52 bits (of the implementation: OAS,
 * not the smaller size that a CD or STE asks for).
 */
const struct iomi_lpae_fmt *iomi_lpae_fmt(unsigned int stage, unsigned int granule_lg2, bool wide);

/* --- geometry -------------------------------------------------------------- */

struct iomi_lpae_geom {
	const struct iomi_lpae_fmt *fmt;
	uint8_t ia_bits;
	int8_t start;		/* level of the start table */
	uint8_t start_bits;	/* index bits there, concatenation included */
};

/*
 * Geometry of stage 1 for TxSZ, or of stage 2 for T0SZ and a start level.
 * IOM_OK, or IOM_ERANGE: the format has no such walk, *out is untouched. What
 * an implementation permits beyond that (STT, 52 bits, size of PA) is not asked.
 */
int iomi_lpae_geom_s1(const struct iomi_lpae_fmt *fmt, unsigned int txsz,
		      struct iomi_lpae_geom *out);
int iomi_lpae_geom_s2(const struct iomi_lpae_fmt *fmt, unsigned int t0sz, int start,
		      struct iomi_lpae_geom *out);

static inline unsigned int iomi_lpae_shift(const struct iomi_lpae_fmt *fmt, int level)
{
	return fmt->granule_lg2 + (unsigned int)(3 - level) * (fmt->granule_lg2 - 3u);
}

/* Entry of ia in a table of this level; ia must be in range (below). */
static inline uint64_t iomi_lpae_index(const struct iomi_lpae_geom *g, int level, uint64_t ia)
{
	unsigned int bits = level == g->start ? g->start_bits : g->fmt->granule_lg2 - 3u;

	return ia >> iomi_lpae_shift(g->fmt, level) & ((UINT64_C(1) << bits) - 1);
}

/* Address of the entry of ia in the table at `table`. */
static inline uint64_t iomi_lpae_entry_addr(const struct iomi_lpae_geom *g, int level,
					    uint64_t table, uint64_t ia)
{
	return table + iomi_lpae_index(g, level, ia) * 8;
}

/* log2 of the alignment of the start table: its size, at least 64 bytes. */
static inline unsigned int iomi_lpae_root_lg2(const struct iomi_lpae_geom *g)
{
	unsigned int lg2 = g->start_bits + 3u;

	return lg2 < LPAE_ROOT_ALIGN_LG2 ? LPAE_ROOT_ALIGN_LG2 : lg2;
}

/* Which half of stage 1 an address belongs to, if to any. */
static inline unsigned int iomi_lpae_half(uint64_t va)
{
	return va >> 55 & 1;
}

/* Are the bits above ia_bits all copies of the half's? With TBI 63:56 are not looked at. */
static inline bool iomi_lpae_s1_in_range(const struct iomi_lpae_geom *g, uint64_t va, bool tbi)
{
	uint64_t ones = iomi_lpae_half(va) ? UINT64_MAX : 0;
	uint64_t seen = (tbi ? IOM_BITS64(55, 0) : UINT64_MAX) & UINT64_MAX << g->ia_bits;

	return !((va ^ ones) & seen);
}

static inline bool iomi_lpae_s2_in_range(const struct iomi_lpae_geom *g, uint64_t ipa)
{
	return !(ipa >> g->ia_bits);
}

/* --- one descriptor -------------------------------------------------------- */

enum iomi_lpae_kind {
	IOMI_LPAE_INVALID,	/* bit 0 clear: everything else is software's */
	IOMI_LPAE_RESERVED,	/* bit 0 set, but no such thing at this level: invalid too */
	IOMI_LPAE_TABLE,
	IOMI_LPAE_BLOCK,
	IOMI_LPAE_PAGE,
};

static inline enum iomi_lpae_kind iomi_lpae_kind(const struct iomi_lpae_fmt *fmt, int level,
						 uint64_t desc)
{
	if (!(desc & LPAE_VALID))
		return IOMI_LPAE_INVALID;
	if ((desc & LPAE_TYPE) == LPAE_TYPE_TABLE)
		return level == LPAE_LEVEL_LAST ? IOMI_LPAE_PAGE : IOMI_LPAE_TABLE;
	return fmt->block_levels >> (level + 1) & 1 ? IOMI_LPAE_BLOCK : IOMI_LPAE_RESERVED;
}

/* Address of the next table. */
static inline uint64_t iomi_lpae_table_oa(const struct iomi_lpae_fmt *fmt, uint64_t desc)
{
	return (desc & fmt->oa_addr) | (desc & fmt->oa_high) << fmt->oa_high_shl;
}

/* First byte that a block or page of this level maps to; bits below it are RES0. */
static inline uint64_t iomi_lpae_leaf_oa(const struct iomi_lpae_fmt *fmt, int level, uint64_t desc)
{
	return iomi_lpae_table_oa(fmt, desc) & UINT64_MAX << iomi_lpae_shift(fmt, level);
}

/* log2 of the entries of a contiguous set at this level; 0: the bit means nothing there. */
unsigned int iomi_lpae_contig_lg2(const struct iomi_lpae_fmt *fmt, int level);

/* --- permissions ----------------------------------------------------------- */

#define IOMI_LPAE_UR	0x01u	/* unprivileged read, write, execute */
#define IOMI_LPAE_UW	0x02u
#define IOMI_LPAE_UX	0x04u
#define IOMI_LPAE_PR	0x08u	/* privileged */
#define IOMI_LPAE_PW	0x10u
#define IOMI_LPAE_PX	0x20u
#define IOMI_LPAE_ALL	0x3fu

/* What of a CD counts for permissions. */
struct iomi_lpae_s1_ctl {
	bool one_priv;		/* EL2 without E2H: only AP[2] and XN; all accesses are alike */
	bool hd;		/* HA and HD: DBM = 1 means writable */
	bool wxn;
	bool pan;
	bool epan;		/* PAN counts execute-only pages of EL0 too */
};

/*
 * Permissions of a stage-1 block or page. tables: all table descriptors on the
 * way, ORed (0 if hierarchical attributes are disabled, or there was none).
 */
unsigned int iomi_lpae_s1_perms(const struct iomi_lpae_s1_ctl *ctl, uint64_t desc,
				uint64_t tables);
/* The same of stage 2. */
unsigned int iomi_lpae_s2_perms(bool xnx, bool hd, uint64_t desc);

/* Writable-clean: a permitted write must first make it dirty, if HD is in force. */
static inline bool iomi_lpae_clean(unsigned int stage, uint64_t desc)
{
	if (!(desc & LPAE_DBM))
		return false;
	return stage == 1 ? !!(desc & LPAE_S1_AP2_RO) : !(desc & LPAE_S2_AP_WRITE);
}

static inline uint64_t iomi_lpae_make_dirty(unsigned int stage, uint64_t desc)
{
	return stage == 1 ? desc & ~LPAE_S1_AP2_RO : desc | LPAE_S2_AP_WRITE;
}

/* The bit that tells dirty from clean. */
static inline uint64_t iomi_lpae_dirty_flip(unsigned int stage)
{
	return stage == 1 ? LPAE_S1_AP2_RO : LPAE_S2_AP_WRITE;
}

/* --- memory attributes ----------------------------------------------------- */

/*
 * Memory type as a byte of MAIR, and shareability as SH encodes it. Device and
 * non-cacheable memory is outer shareable, whatever SH says.
 */
struct iomi_lpae_mem {
	uint8_t mair;
	uint8_t sh;
};

/* Stage 1: MAIR (eight bytes), the leaf's index, and SH (of the leaf, or the CD with DS). */
struct iomi_lpae_mem iomi_lpae_s1_mem(uint64_t mair, uint64_t desc, unsigned int sh);
/* Result of stage 2 over what stage 1 (or the incoming transaction) says. */
struct iomi_lpae_mem iomi_lpae_s2_mem(struct iomi_lpae_mem s1, uint64_t desc, unsigned int sh,
				      bool fwb);

/* --- descriptors to write ---------------------------------------------------- */

/*
 * Address and type are for the writer to add (oa_addr, oa_high, oa_high_shl). dbm:
 * what is writable begins dirty, and hardware keeps it (HD).
 */
static inline uint64_t iomi_lpae_s1_perm_bits(bool write, bool user, bool exec, bool dbm)
{
	return (write ? (dbm ? LPAE_DBM : 0) : LPAE_S1_AP2_RO) | (user ? LPAE_S1_AP1_EL0 : 0) |
	       (exec ? 0 : LPAE_S1_UXN | LPAE_S1_PXN);
}

/* XN = 2: nobody executes, with XNX and without */
static inline uint64_t iomi_lpae_s2_perm_bits(bool read, bool write, bool exec, bool dbm)
{
	return (read ? LPAE_S2_AP_READ : 0) |
	       (write ? LPAE_S2_AP_WRITE | (dbm ? LPAE_DBM : 0) : 0) |
	       (exec ? 0 : IOM_FIELD_PREP(LPAE_S2_XN, (uint64_t)LPAE_S2_XN_ALL));
}

/* With DS shareability is the control register's, and its field has address bits. */
static inline uint64_t iomi_lpae_sh_bits(const struct iomi_lpae_fmt *fmt, unsigned int sh)
{
	return fmt->ds ? 0 : IOM_FIELD_PREP(LPAE_SH, (uint64_t)sh);
}

static inline uint64_t iomi_lpae_s1_mem_bits(const struct iomi_lpae_fmt *fmt,
					     unsigned int attrindx, unsigned int sh)
{
	return IOM_FIELD_PREP(LPAE_S1_ATTRINDX, (uint64_t)attrindx) | iomi_lpae_sh_bits(fmt, sh);
}

static inline uint64_t iomi_lpae_s2_mem_bits(const struct iomi_lpae_fmt *fmt,
					     unsigned int memattr, unsigned int sh)
{
	return IOM_FIELD_PREP(LPAE_S2_MEMATTR, (uint64_t)memattr) | iomi_lpae_sh_bits(fmt, sh);
}

/* --- everything, for those who print --------------------------------------- */

struct iomi_lpae_desc {
	enum iomi_lpae_kind kind;
	int level;
	uint64_t oa;		/* next table, or first byte mapped; 0 if invalid */
	unsigned int size_lg2;	/* block, page: bytes mapped */
	/* stage-1 table */
	uint8_t ap_table;
	bool ns_table, xn_table, pxn_table;
	/* block, page */
	uint8_t sh;		/* without DS */
	uint8_t sw, pbha;
	bool af, dbm, contig, nt;
	/* stage 1 */
	uint8_t attrindx, ap;
	bool ns, ng, pxn, uxn, gp;
	/* stage 2 */
	uint8_t memattr, s2ap, xn;
};

void iomi_lpae_decode(const struct iomi_lpae_fmt *fmt, int level, uint64_t desc,
		      struct iomi_lpae_desc *out);

#endif
