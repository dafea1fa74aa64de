/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invalidations as commands (IHI 0070: 4.4, 4.5). By address while that is not
 * more work than dropping all of an ASID or VMID; with ranges where the SMMU
 * has them. Order: the TLBs, CMD_SYNC, then the endpoints' ATCs, CMD_SYNC, or
 * an ATC could be filled from what the TLBs still hold.
 */
#include "smmuv3_drv_int.h"

#define ONE_BY_ONE_MAX	64u	/* commands by address, before all is cheaper */
#define NUM_MAX		32u	/* of a range command: NUM has 5 bits */
#define SCALE_MAX	31u

void iomi_smmuv3_drv_batch_add(struct iom_smmuv3_drv *s, struct smmu_batch *b,
			       const struct smmuv3_wire_cmd *c)
{
	unsigned int most = (1u << s->cmdq.lg2) - 1;	/* and a CMD_SYNC */

	if (b->n == IOM_ARRAY_SIZE(b->cmd) || b->n == most) {
		if (!b->rc)
			b->rc = iomi_smmuv3_drv_issue(s, (const uint64_t (*)[2])b->cmd, b->n,
						      &b->ticket, s->sync_each);
		b->n = 0;
	}
	iomi_smmuv3_wire_pack_cmd(c, b->cmd[b->n++]);
}

int iomi_smmuv3_drv_batch_end(struct iom_smmuv3_drv *s, struct smmu_batch *b)
{
	int rc = iomi_smmuv3_drv_issue(s, (const uint64_t (*)[2])b->cmd, b->n, &b->ticket,
				       true);

	b->n = 0;
	b->ticket.open = false;
	return b->rc ? b->rc : rc;
}

/* 4.4.1: TG 1, 2, 3 are 4, 16, 64 KiB; TTL 3 is a page, each level less a table more. */
static uint8_t tg_of(unsigned int granule_lg2)
{
	return (uint8_t)((granule_lg2 - 10) / 2);
}

static uint8_t ttl_of(const struct iom_inv_range *r)
{
	unsigned int stride = r->granule_lg2 - 3u, up;

	/* A hint only where every leaf that went is of one level. */
	if (r->tables || !r->leaf_sizes || (r->leaf_sizes & (r->leaf_sizes - 1)))
		return 0;
	up = ((unsigned int)__builtin_ctzll(r->leaf_sizes) - r->granule_lg2) / stride;
	if (up > 2)
		return 0;
	/* 4.4.1: with 16K and without DS, 1 is reserved. */
	return r->granule_lg2 == 14 && up == 2 ? 0 : (uint8_t)(3 - up);
}

/*
 * Ranges of (NUM + 1) << SCALE pages, from the smallest SCALE up: first what is
 * over a multiple of 32 of it, and so on.
 */
static void add_ranges(struct iom_smmuv3_drv *s, struct smmu_batch *b, struct smmuv3_wire_cmd *c,
		       const struct iom_inv_range *r)
{
	uint64_t at = r->iova.start & ~((UINT64_C(1) << r->granule_lg2) - 1);
	uint64_t left = ((r->iova.last - at) >> r->granule_lg2) + 1, num;
	unsigned int scale;

	c->tg = tg_of(r->granule_lg2);
	c->ttl = ttl_of(r);
	for (scale = 0; left && scale <= SCALE_MAX; scale += 5) {
		num = scale + 5 > SCALE_MAX ? left >> scale : left >> scale & (NUM_MAX - 1);
		if (!num)
			continue;
		c->scale = (uint8_t)scale;
		c->num = (uint8_t)(num - 1);
		c->addr = at;
		/* 4.4.1: a single page at any level is not to be said by a range. */
		if (!c->num && !c->scale && !c->ttl)
			c->tg = 0;
		iomi_smmuv3_drv_batch_add(s, b, c);
		c->tg = tg_of(r->granule_lg2);
		at += num << scale << r->granule_lg2;
		left -= num << scale;
	}
	c->tg = c->ttl = c->num = c->scale = 0;
}

/* One for each leaf of the smallest size that has gone; larger ones are named more often. */
static void add_each(struct iom_smmuv3_drv *s, struct smmu_batch *b, struct smmuv3_wire_cmd *c,
		     const struct iom_inv_range *r, unsigned int step_lg2)
{
	uint64_t at = r->iova.start & ~((UINT64_C(1) << step_lg2) - 1);

	for (;;) {
		c->addr = at;
		iomi_smmuv3_drv_batch_add(s, b, c);
		if (r->iova.last - at < UINT64_C(1) << step_lg2)
			return;
		at += UINT64_C(1) << step_lg2;
	}
}

static void add_by_addr(struct iom_smmuv3_drv *s, struct smmu_batch *b, struct smmuv3_wire_cmd *c,
			uint8_t all_opcode, const struct iom_inv_range *r)
{
	uint64_t len = r->iova.last - r->iova.start;
	bool every = !r->granule_lg2 || len == UINT64_MAX;
	unsigned int step = r->leaf_sizes ? (unsigned int)__builtin_ctzll(r->leaf_sizes) :
					    r->granule_lg2;

	c->leaf = !r->tables;
	if (!every && len >> step < (s->caps.ril ? 1 : ONE_BY_ONE_MAX)) {
		add_each(s, b, c, r, step);
		return;
	}
	if (!every && s->caps.ril && !(len >> r->granule_lg2 >> (SCALE_MAX + 4))) {
		add_ranges(s, b, c, r);
		return;
	}
	c->opcode = all_opcode;
	c->leaf = false;
	iomi_smmuv3_drv_batch_add(s, b, c);
}

static void add_tlbi(struct iom_smmuv3_drv *s, struct smmu_batch *b, const struct iom_inv *inv,
		     const struct iom_inv_range *r)
{
	struct smmuv3_wire_cmd c = { 0 };

	if (inv->kind == IOM_INV_STAGE1) {
		c.opcode = SMMU_CMD_TLBI_NH_VA;
		c.asid = (uint16_t)inv->id;
		add_by_addr(s, b, &c, SMMU_CMD_TLBI_NH_ASID, r);
	} else {
		c.opcode = SMMU_CMD_TLBI_S2_IPA;
		c.vmid = (uint16_t)inv->id;
		add_by_addr(s, b, &c, SMMU_CMD_TLBI_S12_VMALL, r);
		/* 4.4.3: by IPA only stage 2 goes. No command names an IPA of combined ones. */
		if (inv->kind == IOM_INV_PARENT && c.opcode == SMMU_CMD_TLBI_S2_IPA) {
			c = (struct smmuv3_wire_cmd){ .opcode = SMMU_CMD_TLBI_NH_ALL };
			c.vmid = (uint16_t)inv->id;
			iomi_smmuv3_drv_batch_add(s, b, &c);
		}
	}
}

/* 4.5.1: one naturally aligned power of two that holds the range. */
static void add_atc(struct iom_smmuv3_drv *s, struct smmu_batch *b, const struct iom_inv *inv,
		    const struct iom_inv_range *r)
{
	struct smmuv3_wire_cmd c = {
		.opcode = SMMU_CMD_ATC_INV, .sid = inv->id, .ssv = inv->has_pasid,
		.ssid = inv->pasid, .size = SMMU_ATC_SIZE_ALL,
	};
	uint64_t differ = (r->iova.start ^ r->iova.last) >> 12;
	unsigned int lg2 = differ ? 64u - (unsigned int)__builtin_clzll(differ) : 0;

	if (r->granule_lg2 && lg2 < SMMU_ATC_SIZE_ALL) {
		c.size = (uint8_t)lg2;
		c.addr = r->iova.start >> 12 >> lg2 << lg2 << 12;
	}
	iomi_smmuv3_drv_batch_add(s, b, &c);
}

int iomi_smmuv3_drv_invalidate(struct iom_iommu *i, const struct iom_inv *inv, unsigned int nr,
			       const struct iom_inv_range *r, unsigned int nr_ranges)
{
	struct iom_smmuv3_drv *s = IOM_CONTAINER_OF(i, struct iom_smmuv3_drv, iommu);
	struct smmu_batch b = { 0 };
	unsigned int k = 0, n;
	int rc;

	for (; k < nr && inv[k].kind != IOM_INV_ATC; k++) {
		for (n = 0; n < nr_ranges; n++)
			add_tlbi(s, &b, &inv[k], &r[n]);
	}
	if (k) {
		rc = iomi_smmuv3_drv_batch_end(s, &b);
		if (rc || k == nr)
			return rc;
	}
	b.ticket.atc = true;
	for (; k < nr; k++) {
		for (n = 0; n < nr_ranges; n++)
			add_atc(s, &b, &inv[k], &r[n]);
	}
	return iomi_smmuv3_drv_batch_end(s, &b);
}
