/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMSAv8-64 as a format of pt: what struct iomi_lpae_fmt describes becomes masks
 * and geometry of a struct iom_pt. Owns nothing. Bits 58:55 of a leaf and 58:51 of
 * a table are software's (D8.3); they are used here.
 */
#include "lpae.h"
#include "pt_int.h"

#define SW_SYNCED	IOM_BIT64(55)	/* of a table: memory has this entry */
#define SW_TABLE	IOM_BIT64(58)	/* of a table, never of a leaf */
#define SW_FIRST	IOM_BIT64(56)	/* of a leaf: a mapping begins, */
#define SW_LAST		IOM_BIT64(57)	/* or ends here */

enum { ATTR_NC, ATTR_WB, ATTR_DEVICE };

static bool oa_bits_exist(unsigned int bits)
{
	switch (bits) {
	case 32: case 36: case 40: case 42: case 44: case 48: case 52:
		return true;
	default:
		return false;
	}
}

/* DS, or with 64K the place of OA[51:48], follows from the sizes that are asked for. */
static int find_fmt(const struct iom_pt_cfg *cfg, unsigned int stage,
		    const struct iomi_lpae_fmt **fmt)
{
	bool wide = cfg->oa_bits > 48 || (cfg->granule_lg2 != 16 && cfg->ia_bits > 48);

	*fmt = iomi_lpae_fmt(stage, cfg->granule_lg2, wide);
	if (!*fmt || !oa_bits_exist(cfg->oa_bits))
		return IOM_EINVAL;
	/* TxSZ: 39 is the most without small tables */
	if (cfg->ia_bits < 64u - LPAE_TXSZ_MAX || cfg->ia_bits > (*fmt)->ia_bits_max)
		return IOM_EINVAL;
	return IOM_OK;
}

static int geom_s1(const struct iom_pt_cfg *cfg, struct iomi_lpae_geom *g)
{
	const struct iomi_lpae_fmt *fmt;

	if (find_fmt(cfg, 1, &fmt) || iomi_lpae_geom_s1(fmt, 64u - cfg->ia_bits, g))
		return IOM_EINVAL;
	return IOM_OK;
}

/*
 * As few levels as there can be, unless told: D8.2.4 permits up to 16 tables at the
 * start. With 4K no walk starts at level 3 but with small tables (SL0 = 3), which
 * hardware need not have.
 */
static int geom_s2(const struct iom_pt_cfg *cfg, struct iomi_lpae_geom *g)
{
	int start = cfg->granule_lg2 == 12 ? 2 : LPAE_LEVEL_LAST, least = LPAE_LEVEL_FIRST;
	const struct iomi_lpae_fmt *fmt;

	if (find_fmt(cfg, 2, &fmt))
		return IOM_EINVAL;
	if (cfg->levels) {
		if (4 - cfg->levels > start || 4 - cfg->levels < least)
			return IOM_EINVAL;
		start = least = 4 - cfg->levels;
	}
	for (; start >= least; start--) {
		if (!iomi_lpae_geom_s2(fmt, 64u - cfg->ia_bits, start, g))
			return IOM_OK;
	}
	return IOM_EINVAL;
}

static void fill_geometry(struct iom_pt *pt, const struct iom_pt_cfg *cfg,
			  const struct iomi_lpae_geom *g)
{
	const struct iomi_lpae_fmt *fmt = g->fmt;
	unsigned int h;

	pt->aperture.last = (UINT64_C(1) << g->ia_bits) - 1;
	if (cfg->high) {
		pt->aperture.start = ~pt->aperture.last;
		pt->aperture.last = UINT64_MAX;
	}
	pt->oa_last = (UINT64_C(1) << cfg->oa_bits) - 1;
	pt->page_lg2 = fmt->granule_lg2;
	pt->stride = (uint8_t)(fmt->granule_lg2 - 3u);
	pt->index_mask = (UINT64_C(1) << pt->stride) - 1;
	pt->root_mask = (UINT64_C(1) << g->start_bits) - 1;
	pt->top = (uint8_t)(LPAE_LEVEL_LAST - g->start);
	for (h = 0; h <= pt->top; h++) {
		int level = LPAE_LEVEL_LAST - (int)h;

		if (h && iomi_lpae_kind(fmt, level, LPAE_TYPE_BLOCK) != IOMI_LPAE_BLOCK)
			break;
		pt->leaf_top = (uint8_t)h;
		if (!cfg->no_contig)
			pt->contig_lg2[h] = (uint8_t)iomi_lpae_contig_lg2(fmt, level);
	}
	pt->info.ia_bits = g->ia_bits;
	pt->info.oa_bits = cfg->oa_bits;
	pt->info.ds = fmt->ds;
	pt->info.stage = fmt->stage;
}

static void fill_entries(struct iom_pt *pt, const struct iomi_lpae_fmt *fmt, bool dirty)
{
	/* a page has the type of a table, so the mark is software's */
	pt->table_mark = SW_TABLE;
	pt->table_bits = LPAE_TYPE_TABLE | SW_TABLE;
	pt->leaf_bits[0] = LPAE_TYPE_TABLE;
	pt->leaf_bits[1] = LPAE_TYPE_BLOCK;
	pt->oa_addr = fmt->oa_addr;
	pt->oa_high = fmt->oa_high;
	pt->oa_high_shl = fmt->oa_high_shl;
	pt->contig = LPAE_CONTIG;
	pt->first = SW_FIRST;
	pt->last = SW_LAST;
	pt->synced = SW_SYNCED;
	if (!dirty)
		return;
	pt->dirty_mask = LPAE_DBM | iomi_lpae_dirty_flip(fmt->stage);
	pt->dirty_flip = iomi_lpae_dirty_flip(fmt->stage);
	pt->dirty_bits = iomi_lpae_make_dirty(fmt->stage, LPAE_DBM) & pt->dirty_mask;
}

/* No access at all is no leaf. */
static bool prot_exists(unsigned int prot)
{
	return prot & (IOM_PT_READ | IOM_PT_WRITE);
}

static void attr_indices(const struct iom_pt_cfg *cfg, uint8_t idx[3])
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		idx[i] = cfg->attr_idx[0] | cfg->attr_idx[1] | cfg->attr_idx[2] ?
			 cfg->attr_idx[i] : (uint8_t)i;
}

static int setup_s1(struct iom_pt *pt, const struct iom_pt_cfg *cfg)
{
	static const uint8_t mair[3] = {
		LPAE_MAIR_NORMAL_NC, LPAE_MAIR_NORMAL_WB, LPAE_MAIR_DEVICE_nGnRE
	};
	struct iomi_lpae_geom g;
	unsigned int i, prot;
	uint8_t idx[3];

	if (cfg->levels || cfg->fwb || geom_s1(cfg, &g))
		return IOM_EINVAL;
	attr_indices(cfg, idx);
	for (i = 0; i < 3; i++) {
		if (idx[i] > 7 || idx[i] == idx[(i + 1) % 3])
			return IOM_EINVAL;
		pt->info.mair |= (uint64_t)mair[i] << idx[i] * 8;
	}
	fill_geometry(pt, cfg, &g);
	fill_entries(pt, g.fmt, cfg->dirty);
	for (prot = 0; prot <= IOM_PT_PROT_ALL; prot++) {
		if (!prot_exists(prot))
			continue;
		pt->attrs[prot] = LPAE_AF | (cfg->global ? 0 : LPAE_S1_NG) |
			iomi_lpae_s1_perm_bits(prot & IOM_PT_WRITE, !(prot & IOM_PT_PRIV),
				!(prot & IOM_PT_NOEXEC), cfg->dirty) |
			iomi_lpae_s1_mem_bits(g.fmt,
				idx[prot & IOM_PT_MMIO ? ATTR_DEVICE :
				    prot & IOM_PT_CACHE ? ATTR_WB : ATTR_NC],
				prot & IOM_PT_CACHE ? LPAE_SH_ISH : LPAE_SH_OSH);
	}
	return IOM_OK;
}

static int setup_s2(struct iom_pt *pt, const struct iom_pt_cfg *cfg)
{
	unsigned int prot, attr;
	struct iomi_lpae_geom g;

	if (cfg->high || cfg->global || geom_s2(cfg, &g))
		return IOM_EINVAL;
	fill_geometry(pt, cfg, &g);
	fill_entries(pt, g.fmt, cfg->dirty);
	for (prot = 0; prot <= IOM_PT_PROT_ALL; prot++) {
		if (!prot_exists(prot))
			continue;
		attr = prot & IOM_PT_MMIO ? LPAE_S2_DEVICE_nGnRE :
		       prot & IOM_PT_CACHE ? (cfg->fwb ? LPAE_S2_FWB_WB : LPAE_S2_WB) :
		       LPAE_S2_FWB_NC;	/* 5 is non-cacheable with and without FWB */
		pt->attrs[prot] = LPAE_AF |
			iomi_lpae_s2_perm_bits(prot & IOM_PT_READ, prot & IOM_PT_WRITE,
				!(prot & IOM_PT_NOEXEC), cfg->dirty) |
			iomi_lpae_s2_mem_bits(g.fmt, attr,
				prot & IOM_PT_CACHE ? LPAE_SH_ISH : LPAE_SH_OSH);
	}
	return IOM_OK;
}

/* Back from what the tables say: memory attributes as setup wrote them. */
static unsigned int mem_prot(const struct iom_pt *pt, uint64_t field, uint64_t e)
{
	if ((e & field) == (pt->attrs[IOM_PT_READ | IOM_PT_MMIO] & field))
		return IOM_PT_MMIO;
	return (e & field) == (pt->attrs[IOM_PT_READ | IOM_PT_CACHE] & field) ? IOM_PT_CACHE : 0;
}

static unsigned int prot_s1(const struct iom_pt *pt, uint64_t e)
{
	const struct iomi_lpae_s1_ctl ctl = { .hd = pt->dirty_mask != 0 };
	unsigned int p = iomi_lpae_s1_perms(&ctl, e, 0);

	return IOM_PT_READ | (p & IOMI_LPAE_PW ? IOM_PT_WRITE : 0) |
	       (p & IOMI_LPAE_UR ? 0 : IOM_PT_PRIV) | (e & LPAE_S1_UXN ? IOM_PT_NOEXEC : 0) |
	       mem_prot(pt, LPAE_S1_ATTRINDX, e);
}

static unsigned int prot_s2(const struct iom_pt *pt, uint64_t e)
{
	unsigned int p = iomi_lpae_s2_perms(false, pt->dirty_mask != 0, e);

	return (p & IOMI_LPAE_UR ? IOM_PT_READ : 0) | (p & IOMI_LPAE_UW ? IOM_PT_WRITE : 0) |
	       (e & LPAE_S2_XN_ANY ? IOM_PT_NOEXEC : 0) | mem_prot(pt, LPAE_S2_MEMATTR, e);
}

const struct iom_pt_format iom_pt_arm_s1 = {
	.name = "arm-s1", .setup = setup_s1, .prot = prot_s1,
};

const struct iom_pt_format iom_pt_arm_s2 = {
	.name = "arm-s2", .setup = setup_s2, .prot = prot_s2,
};
