/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fields of a legal STE and CD mean (5.2, 5.4). Fields of features
 * that the IDRs do not advertise are RES0: they are not looked at.
 */
#include "smmuv3_dev_int.h"

const struct iomi_lpae_mem iomi_smmuv3_dev_incoming = { LPAE_MAIR_NORMAL_WB, LPAE_SH_ISH };

/* --- attributes --- */

struct iomi_lpae_mem iomi_smmuv3_dev_walk_mem(uint64_t inner, uint64_t outer, uint64_t sh)
{
	/* NC; WB, read and write allocate; WT; WB, read allocate */
	static const uint8_t nibble[4] = { 0x4, 0xf, 0xa, 0xe };
	struct iomi_lpae_mem m = {
		(uint8_t)(nibble[outer & 3] << 4 | nibble[inner & 3]), (uint8_t)(sh & 3),
	};

	if (m.mair == LPAE_MAIR_NORMAL_NC)
		m.sh = LPAE_SH_OSH;
	return m;
}

/* 5.2 MemAttr, 6.3.14: outer 3:2, inner 1:0 as in stage 2; outer 0: a Device type */
static uint8_t memattr_mair(unsigned int attr)
{
	static const uint8_t nibble[4] = { 0x4, 0x4, 0xb, 0xf };

	if (!(attr >> 2))
		return (uint8_t)(attr << 2);
	return (uint8_t)(nibble[attr >> 2] << 4 | nibble[attr & 3]);
}

static void override_mem(const struct iom_smmuv3_dev *s, bool mtcfg, unsigned int attr,
			 unsigned int shcfg, struct smmu_ctx *ctx)
{
	ctx->in = iomi_smmuv3_dev_incoming;
	if (!(s->cfg.idr[1] & SMMU_IDR1_ATTR_TYPES_OVR))
		return;
	if (mtcfg)
		ctx->in.mair = memattr_mair(attr);
	if (shcfg != SMMU_SHCFG_INCOMING)
		ctx->in.sh = (uint8_t)shcfg;
	if (!(ctx->in.mair >> 4) || ctx->in.mair == LPAE_MAIR_NORMAL_NC)
		ctx->in.sh = LPAE_SH_OSH;
}

static void override_perms(const struct iom_smmuv3_dev *s, unsigned int priv, unsigned int inst,
			   struct smmu_ctx *ctx)
{
	ctx->acc_and = UINT32_MAX;
	if (!(s->cfg.idr[1] & SMMU_IDR1_ATTR_PERMS_OVR))
		return;
	if (priv == SMMU_PRIVCFG_UNPRIV)
		ctx->acc_and &= ~IOM_SMMUV3_PRIV;
	else if (priv == SMMU_PRIVCFG_PRIV)
		ctx->acc_or |= IOM_SMMUV3_PRIV;
	if (inst == SMMU_INSTCFG_DATA)
		ctx->acc_and &= ~IOM_SMMUV3_INST;
	else if (inst == SMMU_INSTCFG_INST)
		ctx->acc_or |= IOM_SMMUV3_INST;
}

void iomi_smmuv3_dev_decode_in(const struct iom_smmuv3_dev *s, const uint64_t ste[8],
			       struct smmu_ctx *ctx)
{
	override_perms(s, (unsigned int)IOM_FIELD_GET(SMMU_STE1_PRIVCFG, ste[1]),
		       (unsigned int)IOM_FIELD_GET(SMMU_STE1_INSTCFG, ste[1]), ctx);
	override_mem(s, ste[1] & SMMU_STE1_MTCFG,
		     (unsigned int)IOM_FIELD_GET(SMMU_STE1_MEMATTR, ste[1]),
		     (unsigned int)IOM_FIELD_GET(SMMU_STE1_SHCFG, ste[1]), ctx);
}

void iomi_smmuv3_dev_decode_gbpa(const struct iom_smmuv3_dev *s, uint32_t gbpa,
				 struct smmu_ctx *ctx)
{
	override_perms(s, IOM_FIELD_GET(SMMU_GBPA_PRIVCFG, gbpa),
		       IOM_FIELD_GET(SMMU_GBPA_INSTCFG, gbpa), ctx);
	override_mem(s, gbpa & SMMU_GBPA_MTCFG, IOM_FIELD_GET(SMMU_GBPA_MEMATTR, gbpa),
		     IOM_FIELD_GET(SMMU_GBPA_SHCFG, gbpa), ctx);
}

/* --- tables --- */

static uint64_t align_down(uint64_t addr, unsigned int lg2)
{
	return addr & UINT64_MAX << lg2;
}

/* D8.3: with 64K, descriptors name 52 bits if the SMMU has them. */
static const struct iomi_lpae_fmt *format(const struct iomi_smmuv3_caps *caps, unsigned int stage,
					  unsigned int granule_lg2, bool ds)
{
	return iomi_lpae_fmt(stage, granule_lg2, granule_lg2 == 16 ? caps->oas_bits == 52 : ds);
}

bool iomi_smmuv3_dev_decode_s2(const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			       struct smmu_ctx *ctx)
{
	unsigned int g = iomi_smmuv3_rules_tg0_lg2(
				(unsigned int)IOM_FIELD_GET(SMMU_STE2_S2TG, ste[2]));
	const struct iomi_lpae_fmt *fmt = format(caps, 2, g, iomi_smmuv3_rules_s2_ds(ste, caps));
	struct smmu_tt *tt = &ctx->s2tt;

	if (!fmt || iomi_lpae_geom_s2(fmt, (unsigned int)IOM_FIELD_GET(SMMU_STE2_S2T0SZ, ste[2]),
				      iomi_smmuv3_rules_s2_start(ste, caps), &tt->geom))
		return false;
	tt->ttb = align_down(ste[3] & SMMU_STE3_S2TTB_ADDR, iomi_lpae_root_lg2(&tt->geom));
	tt->oa_lg2 = (uint8_t)iomi_smmuv3_rules_s2_oa_bits(ste, caps);
	tt->sh = (uint8_t)IOM_FIELD_GET(SMMU_STE2_S2SH0, ste[2]);
	tt->walk = iomi_smmuv3_dev_walk_mem(IOM_FIELD_GET(SMMU_STE2_S2IR0, ste[2]),
					    IOM_FIELD_GET(SMMU_STE2_S2OR0, ste[2]), tt->sh);
	ctx->s2 = true;
	ctx->s2affd = ste[2] & SMMU_STE2_S2AFFD;
	ctx->s2ptw = ste[2] & SMMU_STE2_S2PTW;
	ctx->s2r = ste[2] & SMMU_STE2_S2R;
	ctx->s2s = ste[2] & SMMU_STE2_S2S;
	/* 5.2 S2HD: with S2HA only */
	ctx->s2ha = ste[2] & SMMU_STE2_S2HA;
	ctx->s2hd = ctx->s2ha && (ste[2] & SMMU_STE2_S2HD);
	ctx->s2_ask = iomi_smmuv3_dev_httu_ask(ctx->s2ha, ctx->s2hd, ctx->s2affd);
	ctx->s2fwb = caps->fwb && (ste[1] & SMMU_STE1_S2FWB);
	ctx->s2xnx = caps->xnx;
	return true;
}

/* The fields of one half, which stand at other places for TTB1. */
static bool half(const struct iom_smmuv3_dev *s, const uint64_t cd[8], unsigned int n,
		 const struct iomi_smmuv3_caps *caps, struct smmu_tt *tt)
{
	uint64_t w0 = n ? cd[0] >> 16 : cd[0], w = cd[n + 1];
	unsigned int tg = (unsigned int)IOM_FIELD_GET(SMMU_CD0_TG0, w0);
	unsigned int g = n ? iomi_smmuv3_rules_tg1_lg2(tg) : iomi_smmuv3_rules_tg0_lg2(tg);
	const struct iomi_lpae_fmt *fmt = format(caps, 1, g, iomi_smmuv3_rules_s1_ds(cd, n, caps));

	if (!fmt || iomi_lpae_geom_s1(fmt, (unsigned int)IOM_FIELD_GET(SMMU_CD0_T0SZ, w0),
				      &tt->geom))
		return false;
	tt->ttb = align_down(w & SMMU_CD1_TTB0_ADDR, iomi_lpae_root_lg2(&tt->geom));
	tt->oa_lg2 = (uint8_t)iomi_smmuv3_rules_s1_oa_bits(cd, n, caps);
	tt->sh = (uint8_t)IOM_FIELD_GET(SMMU_CD0_SH0, w0);
	tt->walk = iomi_smmuv3_dev_walk_mem(IOM_FIELD_GET(SMMU_CD0_IR0, w0),
					    IOM_FIELD_GET(SMMU_CD0_OR0, w0), tt->sh);
	tt->tbi = cd[0] & (n ? SMMU_CD0_TBI1 : SMMU_CD0_TBI0);
	tt->had = (s->cfg.idr[3] & SMMU_IDR3_HAD) && (w & SMMU_CD1_HAD0);
	tt->e0pd = (s->cfg.idr[3] & SMMU_IDR3_E0PD) && (w & SMMU_CD1_E0PD0);
	return true;
}

bool iomi_smmuv3_dev_decode_s1(const struct iom_smmuv3_dev *s, const uint64_t cd[8],
			       const uint64_t ste[8], const struct iomi_smmuv3_caps *caps,
			       struct smmu_ctx *ctx)
{
	bool two_priv = iomi_smmuv3_rules_two_priv(ste, caps);
	unsigned int n;

	for (n = 0; n < 2; n++) {
		ctx->tt[n].disabled = iomi_smmuv3_rules_half_off(cd, n, two_priv);
		if (!ctx->tt[n].disabled && !half(s, cd, n, caps, &ctx->tt[n]))
			return false;
		ctx->top_mask[n] = ctx->tt[n].tbi ? 0 : 0xff;
		/* 5.4 E0PD: of regimes with two privileges */
		ctx->tt[n].e0pd &= two_priv;
	}
	ctx->s1 = true;
	ctx->el2 = IOM_FIELD_GET(SMMU_STE1_STRW, ste[1]) == SMMU_STRW_EL2;
	ctx->ctl.one_priv = !two_priv;
	/* 5.4 HD: with HA only */
	ctx->ha = cd[0] & SMMU_CD0_HA;
	ctx->ctl.hd = ctx->ha && (cd[0] & SMMU_CD0_HD);
	ctx->ctl.wxn = cd[0] & SMMU_CD0_WXN;
	ctx->ctl.pan = cd[0] & SMMU_CD0_PAN;
	ctx->ctl.epan = (s->cfg.idr[3] & SMMU_IDR3_EPAN) && (cd[1] & SMMU_CD1_EPAN);
	for (n = 0; n < IOM_ARRAY_SIZE(ctx->deny); n++)
		ctx->deny[n] = (uint8_t)(IOMI_LPAE_ALL &
					 ~iomi_lpae_s1_perms(&ctx->ctl, SMMU_PERM_DESC(n), 0));
	ctx->mair = cd[3];
	ctx->asid = two_priv ? (uint16_t)IOM_FIELD_GET(SMMU_CD0_ASID, cd[0]) : 0;
	ctx->aset = cd[0] & SMMU_CD0_ASET;
	ctx->affd = cd[0] & SMMU_CD0_AFFD;
	ctx->abort = cd[0] & SMMU_CD0_A;
	ctx->record = cd[0] & SMMU_CD0_R;
	ctx->stall = cd[0] & SMMU_CD0_S;
	ctx->s1_ask = iomi_smmuv3_dev_httu_ask(ctx->ha, ctx->ctl.hd, ctx->affd);
	return true;
}
