/* SPDX-License-Identifier: BSD-2-Clause */
/* AArch64 translation tables: the formats, and what is not on a hot path. Owns nothing. */
#include <iom/base/err.h>
#include <iom/base/mem.h>

#include "lpae.h"

#define BLOCK_AT(level)	(1u << ((level) + 1))

/* D8.2, D8.3: the rows differ in address bits, first level, and levels with blocks. */
#define FMT_4K(s)	{ .stage = (s), .granule_lg2 = 12, .first_level = 0, \
	.ia_bits_max = 48, .oa_bits = 48, .oa_addr = IOM_BITS64(47, 12), \
	.block_levels = BLOCK_AT(1) | BLOCK_AT(2) }
#define FMT_4K_DS(s)	{ .stage = (s), .granule_lg2 = 12, .first_level = -1, \
	.ia_bits_max = 52, .oa_bits = 52, .oa_addr = IOM_BITS64(49, 12), \
	.oa_high = LPAE_OA_DS_51_50, .oa_high_shl = 42, .ds = true, \
	.block_levels = BLOCK_AT(0) | BLOCK_AT(1) | BLOCK_AT(2) }
#define FMT_16K(s)	{ .stage = (s), .granule_lg2 = 14, .first_level = 0, \
	.ia_bits_max = 48, .oa_bits = 48, .oa_addr = IOM_BITS64(47, 14), \
	.block_levels = BLOCK_AT(2) }
#define FMT_16K_DS(s)	{ .stage = (s), .granule_lg2 = 14, .first_level = 0, \
	.ia_bits_max = 52, .oa_bits = 52, .oa_addr = IOM_BITS64(49, 14), \
	.oa_high = LPAE_OA_DS_51_50, .oa_high_shl = 42, .ds = true, \
	.block_levels = BLOCK_AT(1) | BLOCK_AT(2) }
/* 52-bit input is a matter of its own with 64K: it needs no other descriptor. */
#define FMT_64K(s)	{ .stage = (s), .granule_lg2 = 16, .first_level = 1, \
	.ia_bits_max = 52, .oa_bits = 48, .oa_addr = IOM_BITS64(47, 16), \
	.block_levels = BLOCK_AT(2) }
#define FMT_64K_52(s)	{ .stage = (s), .granule_lg2 = 16, .first_level = 1, \
	.ia_bits_max = 52, .oa_bits = 52, .oa_addr = IOM_BITS64(47, 16), \
	.oa_high = LPAE_OA_64K_51_48, .oa_high_shl = 36, \
	.block_levels = BLOCK_AT(1) | BLOCK_AT(2) }

static const struct iomi_lpae_fmt fmts[2][3][2] = {
	{
		{ FMT_4K(1), FMT_4K_DS(1) },
		{ FMT_16K(1), FMT_16K_DS(1) },
		{ FMT_64K(1), FMT_64K_52(1) },
	}, {
		{ FMT_4K(2), FMT_4K_DS(2) },
		{ FMT_16K(2), FMT_16K_DS(2) },
		{ FMT_64K(2), FMT_64K_52(2) },
	},
};

const struct iomi_lpae_fmt *iomi_lpae_fmt(unsigned int stage, unsigned int granule_lg2, bool wide)
{
	if (stage - 1 > 1 || granule_lg2 < 12 || granule_lg2 > 16 || granule_lg2 & 1)
		return NULL;
	return &fmts[stage - 1][(granule_lg2 - 12) / 2][wide];
}

/* --- geometry -------------------------------------------------------------- */

/* D8.2.3: as few levels as resolve all bits. */
int iomi_lpae_geom_s1(const struct iomi_lpae_fmt *fmt, unsigned int txsz,
		      struct iomi_lpae_geom *out)
{
	unsigned int stride = fmt->granule_lg2 - 3u, bits, levels;

	if (txsz >= 64u - fmt->granule_lg2 || txsz < 64u - fmt->ia_bits_max)
		return IOM_ERANGE;
	bits = 64 - txsz;
	levels = (bits - fmt->granule_lg2 + stride - 1) / stride;
	if (4 - (int)levels < fmt->first_level)
		return IOM_ERANGE;
	out->fmt = fmt;
	out->ia_bits = (uint8_t)bits;
	out->start = (int8_t)(4 - (int)levels);
	out->start_bits = (uint8_t)(bits - iomi_lpae_shift(fmt, out->start));
	return IOM_OK;
}

/* D8.2.4: the start level is told; up to 16 tables stand there one after another. */
int iomi_lpae_geom_s2(const struct iomi_lpae_fmt *fmt, unsigned int t0sz, int start,
		      struct iomi_lpae_geom *out)
{
	unsigned int bits = 64 - t0sz, shift;

	if (t0sz > 63 || bits > fmt->ia_bits_max)
		return IOM_ERANGE;
	if (start < fmt->first_level || start > LPAE_LEVEL_LAST)
		return IOM_ERANGE;
	shift = iomi_lpae_shift(fmt, start);
	if (bits <= shift || bits > shift + fmt->granule_lg2 - 3u + LPAE_CONCAT_LG2_MAX)
		return IOM_ERANGE;
	out->fmt = fmt;
	out->ia_bits = (uint8_t)bits;
	out->start = (int8_t)start;
	out->start_bits = (uint8_t)(bits - shift);
	return IOM_OK;
}

/* D8.6.1: contiguous entries; levels above 2 are not confirmed but for 4K. */
unsigned int iomi_lpae_contig_lg2(const struct iomi_lpae_fmt *fmt, int level)
{
	switch (fmt->granule_lg2) {
	case 12:
		return level >= 1 ? 4 : 0;
	case 14:
		return level == 3 ? 7 : level == 2 ? 5 : 0;
	default:
		return level >= 2 ? 5 : 0;
	}
}

/* --- permissions ----------------------------------------------------------- */

/* D8.4.1; order: direct, hierarchical, execute by write, PAN */
unsigned int iomi_lpae_s1_perms(const struct iomi_lpae_s1_ctl *ctl, uint64_t desc,
				uint64_t tables)
{
	/* DBM with HD: writable, even if still clean (P7) */
	bool write = !(desc & LPAE_S1_AP2_RO) || (ctl->hd && (desc & LPAE_DBM));
	bool user = ctl->one_priv || (desc & LPAE_S1_AP1_EL0);
	unsigned int p = IOMI_LPAE_PR;

	if (tables & LPAE_TABLE_AP_NO_WRITE)
		write = false;
	if (!ctl->one_priv && (tables & LPAE_TABLE_AP_NO_EL0))
		user = false;
	if (write)
		p |= IOMI_LPAE_PW;
	if (user)
		p |= write ? IOMI_LPAE_UR | IOMI_LPAE_UW : IOMI_LPAE_UR;
	if (ctl->one_priv) {
		if (!(desc & LPAE_S1_UXN) && !(tables & LPAE_TABLE_XN))
			p |= IOMI_LPAE_UX | IOMI_LPAE_PX;
	} else {
		if (!(desc & LPAE_S1_UXN) && !(tables & LPAE_TABLE_XN))
			p |= IOMI_LPAE_UX;
		/* what EL0 can write, EL1 never executes */
		if (!(desc & LPAE_S1_PXN) && !(tables & LPAE_TABLE_PXN) && !(p & IOMI_LPAE_UW))
			p |= IOMI_LPAE_PX;
	}
	if (ctl->wxn && (p & IOMI_LPAE_PW))
		p &= ~IOMI_LPAE_PX;
	if (ctl->wxn && (p & IOMI_LPAE_UW))
		p &= ~IOMI_LPAE_UX;
	if (ctl->pan && !ctl->one_priv &&
	    (p & (IOMI_LPAE_UR | IOMI_LPAE_UW) || (ctl->epan && (p & IOMI_LPAE_UX))))
		p &= ~(IOMI_LPAE_PR | IOMI_LPAE_PW);
	return p;
}

unsigned int iomi_lpae_s2_perms(bool xnx, bool hd, uint64_t desc)
{
	unsigned int p = 0;

	if (desc & LPAE_S2_AP_READ) {
		p |= IOMI_LPAE_UR | IOMI_LPAE_PR;
		/* without XNX bit 53 is RES0 */
		switch (xnx ? IOM_FIELD_GET(LPAE_S2_XN, desc) :
			desc & LPAE_S2_XN_ANY ? LPAE_S2_XN_ALL : LPAE_S2_XN_NONE) {
		case LPAE_S2_XN_NONE:
			p |= IOMI_LPAE_UX | IOMI_LPAE_PX;
			break;
		case LPAE_S2_XN_EL0_ONLY:
			p |= IOMI_LPAE_UX;
			break;
		case LPAE_S2_XN_EL1_ONLY:
			p |= IOMI_LPAE_PX;
			break;
		default:
			break;
		}
	}
	if ((desc & LPAE_S2_AP_WRITE) || (hd && (desc & LPAE_DBM)))
		p |= IOMI_LPAE_UW | IOMI_LPAE_PW;
	return p;
}

/* --- memory attributes ----------------------------------------------------- */

static bool is_device(uint8_t mair)
{
	return !(mair & 0xf0);
}

/* Device, and Normal non-cacheable at both levels, are outer shareable. */
static struct iomi_lpae_mem settle(uint8_t mair, unsigned int sh)
{
	struct iomi_lpae_mem m = { mair, (uint8_t)(sh & 3) };

	if (is_device(mair) || mair == LPAE_MAIR_NORMAL_NC)
		m.sh = LPAE_SH_OSH;
	return m;
}

struct iomi_lpae_mem iomi_lpae_s1_mem(uint64_t mair, uint64_t desc, unsigned int sh)
{
	unsigned int i = (unsigned int)IOM_FIELD_GET(LPAE_S1_ATTRINDX, desc);

	return settle((uint8_t)(mair >> (i * 8)), sh);
}

/* 0 NC, 1 WT, 2 WB: a nibble of MAIR that is not Device; transient counts like the other */
static unsigned int cacheability(unsigned int nibble)
{
	if (!(nibble & 0xb))
		return 0;
	return nibble & 4 ? 2 : 1;
}

/* S2 MemAttr of one level (1 NC, 2 WT, 3 WB; inner 0 is reserved: NC) over stage 1's nibble */
static unsigned int weaker(unsigned int s1, unsigned int s2)
{
	unsigned int c1 = cacheability(s1), c2 = s2 ? s2 - 1 : 0, c = c1 < c2 ? c1 : c2;

	if (c == 0)
		return 0x4;
	if (c == 2)
		return s1;		/* both write-back: stage 1's hints stay */
	return c1 == 1 ? s1 : (s1 & 3) | 8;
}

/* OSH over ISH over NSH */
static unsigned int wider(unsigned int a, unsigned int b)
{
	if (a == LPAE_SH_OSH || b == LPAE_SH_OSH)
		return LPAE_SH_OSH;
	return a == LPAE_SH_ISH || b == LPAE_SH_ISH ? LPAE_SH_ISH : LPAE_SH_NSH;
}

static uint8_t combine_fwb(uint8_t s1, unsigned int attr)
{
	if (!(attr & 4))
		return (uint8_t)((attr & 3) << 2);
	switch (attr & 7) {
	case LPAE_S2_FWB_WB:
		/* what stage 1 caches anyway keeps its hints */
		return !is_device(s1) && cacheability(s1 >> 4) == 2 &&
		       cacheability(s1 & 0xf) == 2 ? s1 : LPAE_MAIR_NORMAL_WB;
	case LPAE_S2_FWB_S1:
		return s1;
	default:
		return is_device(s1) ? s1 : LPAE_MAIR_NORMAL_NC;
	}
}

struct iomi_lpae_mem iomi_lpae_s2_mem(struct iomi_lpae_mem s1, uint64_t desc, unsigned int sh,
				      bool fwb)
{
	unsigned int attr = (unsigned int)IOM_FIELD_GET(LPAE_S2_MEMATTR, desc);
	uint8_t dev = (uint8_t)((attr & 3) << 2);

	sh = wider(s1.sh, sh & 3);
	if (fwb)
		return settle(combine_fwb(s1.mair, attr), sh);
	if (!(attr >> 2))		/* the stricter device type has the lower number */
		return settle(is_device(s1.mair) && s1.mair < dev ? s1.mair : dev, sh);
	if (is_device(s1.mair))
		return settle(s1.mair, sh);
	return settle((uint8_t)(weaker(s1.mair >> 4, attr >> 2) << 4 |
				weaker(s1.mair & 0xf, attr & 3)), sh);
}

/* --- everything ------------------------------------------------------------ */

static void decode_leaf(const struct iomi_lpae_fmt *fmt, uint64_t desc, struct iomi_lpae_desc *d)
{
	d->size_lg2 = iomi_lpae_shift(fmt, d->level);
	d->oa = iomi_lpae_leaf_oa(fmt, d->level, desc);
	d->sh = fmt->ds ? 0 : (uint8_t)IOM_FIELD_GET(LPAE_SH, desc);
	d->sw = (uint8_t)IOM_FIELD_GET(LPAE_SW, desc);
	d->pbha = (uint8_t)IOM_FIELD_GET(LPAE_PBHA, desc);
	d->af = desc & LPAE_AF;
	d->dbm = desc & LPAE_DBM;
	d->contig = desc & LPAE_CONTIG;
	d->nt = d->kind == IOMI_LPAE_BLOCK && (desc & LPAE_NT);
	if (fmt->stage == 1) {
		d->attrindx = (uint8_t)IOM_FIELD_GET(LPAE_S1_ATTRINDX, desc);
		d->ap = (uint8_t)IOM_FIELD_GET(LPAE_S1_AP, desc);
		d->ns = desc & LPAE_S1_NS;
		d->ng = desc & LPAE_S1_NG;
		d->pxn = desc & LPAE_S1_PXN;
		d->uxn = desc & LPAE_S1_UXN;
		d->gp = desc & LPAE_S1_GP;
	} else {
		d->memattr = (uint8_t)IOM_FIELD_GET(LPAE_S2_MEMATTR, desc);
		d->s2ap = (uint8_t)IOM_FIELD_GET(LPAE_S2_AP, desc);
		d->xn = (uint8_t)IOM_FIELD_GET(LPAE_S2_XN, desc);
	}
}

void iomi_lpae_decode(const struct iomi_lpae_fmt *fmt, int level, uint64_t desc,
		      struct iomi_lpae_desc *out)
{
	memset(out, 0, sizeof(*out));
	out->level = level;
	out->kind = iomi_lpae_kind(fmt, level, desc);
	switch (out->kind) {
	case IOMI_LPAE_TABLE:
		out->oa = iomi_lpae_table_oa(fmt, desc);
		out->af = desc & LPAE_AF;
		if (fmt->stage == 1) {
			out->ap_table = (uint8_t)IOM_FIELD_GET(LPAE_TABLE_AP, desc);
			out->ns_table = desc & LPAE_TABLE_NS;
			out->xn_table = desc & LPAE_TABLE_XN;
			out->pxn_table = desc & LPAE_TABLE_PXN;
		}
		break;
	case IOMI_LPAE_BLOCK:
	case IOMI_LPAE_PAGE:
		decode_leaf(fmt, desc, out);
		break;
	default:
		break;
	}
}
