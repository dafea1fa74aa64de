/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk of section 1 and 2 of the fact sheet, one descriptor at a time. */
#include "lib/pt_hw.h"
#include "lib/test.h"

const struct iom_pt_format *const pt_formats[PT_FORMATS] = { &iom_pt_arm_s1, &iom_pt_arm_s2 };

struct pt_hw pt_hw_of(struct dmem_fake *mem, const struct iom_pt *pt,
		      const struct iom_pt_cfg *cfg)
{
	const struct iom_pt_info *info = iom_pt_info(pt);
	unsigned int stage = cfg->format == &iom_pt_arm_s1 ? 1 : 2;
	bool wide = cfg->granule_lg2 == 16 ? cfg->oa_bits == 52 : info->ds;
	struct pt_hw hw = { .mem = mem, .root = info->root, .mair = info->mair,
			    .fwb = cfg->fwb, .hd = cfg->dirty, .contig_ok = !cfg->no_contig };
	const struct iomi_lpae_fmt *fmt = iomi_lpae_fmt(stage, cfg->granule_lg2, wide);
	int rc;

	assert_non_null(fmt);
	if (stage == 1)
		rc = iomi_lpae_geom_s1(fmt, 64u - cfg->ia_bits, &hw.geom);
	else
		rc = iomi_lpae_geom_s2(fmt, 64u - cfg->ia_bits, 4 - info->levels, &hw.geom);
	assert_int_equal(rc, IOM_OK);
	assert_int_equal(hw.geom.start, 4 - info->levels);
	assert_int_equal(info->root & ((UINT64_C(1) << iomi_lpae_root_lg2(&hw.geom)) - 1), 0);
	if (cfg->high)
		hw.high = UINT64_MAX << cfg->ia_bits;
	return hw;
}

static unsigned int s1_prot(const struct pt_hw *hw, uint64_t desc)
{
	const struct iomi_lpae_s1_ctl ctl = { .hd = hw->hd };
	unsigned int p = iomi_lpae_s1_perms(&ctl, desc, 0), prot = 0;
	struct iomi_lpae_mem mem = iomi_lpae_s1_mem(hw->mair, desc, LPAE_SH_ISH);

	assert_true(p & IOMI_LPAE_PR);
	prot |= IOM_PT_READ;
	prot |= p & IOMI_LPAE_PW ? IOM_PT_WRITE : 0;
	prot |= p & IOMI_LPAE_UR ? 0 : IOM_PT_PRIV;
	prot |= p & IOMI_LPAE_UX ? 0 : IOM_PT_NOEXEC;
	if (mem.mair == LPAE_MAIR_NORMAL_WB) {
		prot |= IOM_PT_CACHE;
		if (!hw->geom.fmt->ds)
			assert_int_equal(IOM_FIELD_GET(LPAE_SH, desc), LPAE_SH_ISH);
	} else if (mem.mair == LPAE_MAIR_DEVICE_nGnRE) {
		prot |= IOM_PT_MMIO;
	} else {
		assert_int_equal(mem.mair, LPAE_MAIR_NORMAL_NC);
	}
	return prot;
}

static unsigned int s2_prot(const struct pt_hw *hw, uint64_t desc)
{
	static const struct iomi_lpae_mem wb = { LPAE_MAIR_NORMAL_WB, LPAE_SH_ISH };
	unsigned int p = iomi_lpae_s2_perms(true, hw->hd, desc), prot = 0;
	struct iomi_lpae_mem mem = iomi_lpae_s2_mem(wb, desc, LPAE_SH_ISH, hw->fwb);

	assert_int_equal(p, iomi_lpae_s2_perms(false, hw->hd, desc));
	prot |= p & IOMI_LPAE_UR ? IOM_PT_READ : 0;
	prot |= p & IOMI_LPAE_UW ? IOM_PT_WRITE : 0;
	prot |= desc & LPAE_S2_XN_ANY ? IOM_PT_NOEXEC : 0;
	if (mem.mair == LPAE_MAIR_NORMAL_WB)
		prot |= IOM_PT_CACHE;
	else if (mem.mair == LPAE_MAIR_DEVICE_nGnRE)
		prot |= IOM_PT_MMIO;
	else
		assert_int_equal(mem.mair, LPAE_MAIR_NORMAL_NC);
	return prot;
}

struct pt_hw_leaf pt_hw_walk(const struct pt_hw *hw, uint64_t ia)
{
	const struct iomi_lpae_geom *g = &hw->geom;
	uint64_t table = hw->root, desc;
	struct pt_hw_leaf l = { .mapped = false };
	enum iomi_lpae_kind kind;
	int level;

	assert_true((ia & UINT64_MAX << g->ia_bits) == hw->high);
	for (level = g->start;; level++) {
		desc = dmem_fake_hw(hw->mem, iomi_lpae_entry_addr(g, level, table, ia));
		kind = iomi_lpae_kind(g->fmt, level, desc);
		if (kind == IOMI_LPAE_INVALID)
			return l;
		assert_int_not_equal(kind, IOMI_LPAE_RESERVED);
		if (kind != IOMI_LPAE_TABLE)
			break;
		table = iomi_lpae_table_oa(g->fmt, desc);
	}
	l.mapped = true;
	l.desc = desc;
	l.size_lg2 = iomi_lpae_shift(g->fmt, level);
	l.set_lg2 = l.size_lg2 + (desc & LPAE_CONTIG ? iomi_lpae_contig_lg2(g->fmt, level) : 0);
	l.oa = iomi_lpae_leaf_oa(g->fmt, level, desc) |
	       (ia & ((UINT64_C(1) << l.size_lg2) - 1));
	assert_true(desc & LPAE_AF);
	l.prot = g->fmt->stage == 1 ? s1_prot(hw, desc) : s2_prot(hw, desc);
	return l;
}

static unsigned long tables(const struct pt_hw *hw, uint64_t table, int level)
{
	const struct iomi_lpae_geom *g = &hw->geom;
	unsigned int bits = level == g->start ? g->start_bits : g->fmt->granule_lg2 - 3u;
	unsigned long n = 1;
	uint64_t i, desc;

	if (level == LPAE_LEVEL_LAST)
		return 1;
	for (i = 0; i < UINT64_C(1) << bits; i++) {
		desc = dmem_fake_hw(hw->mem, table + i * 8);
		if (iomi_lpae_kind(g->fmt, level, desc) == IOMI_LPAE_TABLE)
			n += tables(hw, iomi_lpae_table_oa(g->fmt, desc), level + 1);
	}
	return n;
}

unsigned long pt_hw_tables(const struct pt_hw *hw)
{
	return tables(hw, hw->root, hw->geom.start);
}
