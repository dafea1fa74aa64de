/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain's tables in the words of a CD or STE (IHI 0070: 5.2, 5.4). Pure. */
#include <iom/base/mem.h>

#include "smmuv3_drv_int.h"

unsigned int iomi_smmuv3_drv_stage(const struct iom_domain *d)
{
	return iom_domain_tables(d)->stage;
}

/* TG0 and S2TG; false: the SMMU has no such granule. */
static bool granule(const struct iomi_smmuv3_caps *c, uint8_t lg2, uint8_t *tg)
{
	*tg = lg2 == 12 ? SMMU_TG0_4K : lg2 == 14 ? SMMU_TG0_16K : SMMU_TG0_64K;
	return lg2 == 12 ? c->gran4k : lg2 == 14 ? c->gran16k : lg2 == 16 && c->gran64k;
}

/* IPS and S2PS, which are OAS's encoding. */
static bool output_size(const struct iomi_smmuv3_caps *c, uint8_t bits, uint8_t *ps)
{
	for (*ps = 0; *ps <= SMMU_OAS_52; ++*ps) {
		if (iomi_smmuv3_rules_ps_bits(*ps) == bits)
			return bits <= c->oas_bits;
	}
	return false;
}

/* 6: the start level by granule; level -1 of 4K has a bit of its own. */
static bool start_level(const struct iom_pt_info *info, struct smmu_fmt *f)
{
	int start = 4 - (int)info->levels;

	if (info->granule_lg2 == 12) {
		f->sl0 = start == 3 ? 3 : start < 0 ? 0 : (uint8_t)(2 - start);
		f->sl0_2 = start < 0;
		return start >= -1;
	}
	f->sl0 = (uint8_t)(3 - start);
	return start >= 0 && f->sl0 <= (info->granule_lg2 == 16 ? 2 : 3);
}

bool iomi_smmuv3_drv_fmt(const struct iom_smmuv3_drv *s, const struct iom_domain *d,
			 struct smmu_fmt *f)
{
	const struct iom_pt_cfg *cfg = iom_domain_format(d);
	const struct iom_pt_info *info = iom_domain_tables(d);
	const struct iomi_smmuv3_caps *c = &s->caps;
	bool s1 = info->stage == 1;
	unsigned int most = s1 ? (c->vax52 ? 52 : 48) : c->ias_bits;

	memset(f, 0, sizeof(*f));
	f->t0sz = (uint8_t)(64 - info->ia_bits);
	f->ttb = info->root;
	f->mair = info->mair;
	f->ds = info->ds;
	f->fwb = cfg->fwb;
	f->dirty = cfg->dirty;
	if (!granule(c, info->granule_lg2, &f->tg) || !output_size(c, info->oa_bits, &f->ps))
		return false;
	if (iom_domain_nest_parent(d) && (s->no_nesting || !c->s1p))
		return false;
	if (info->ia_bits > most || (f->t0sz > 39 && !c->stt))
		return false;
	if ((f->ds && !c->ds) || (f->fwb && !c->fwb) ||
	    (f->dirty && !iomi_smmuv3_drv_dirty(s)) || cfg->high)
		return false;
	return s1 ? c->s1p && s->cfg.s1 : c->s2p && start_level(info, f);
}
