/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * STEs and CDs changed while hardware may be reading them, in any order and
 * each word at another time (IHI 0070, 3.21.3). The law: whatever it reads
 * between two CMD_SYNCs, the bits that it goes by are those of the old entry,
 * of the new one, or V = 0.
 *
 * If the words that differ in bits that are used are one, the change is one
 * store: first the bits that the old entry does not use take their new values,
 * then that word is stored, then what the new entry does not use. Else the
 * entry goes through V = 0.
 */
#include <iom/base/mem.h>

#include "smmuv3_drv_int.h"

#define WORDS	8u

/* --- what is used (5.2, 5.4) --- */

/* Fields that hardware reads whatever the stages are, once V and Config say that it translates. */
#define STE1_ANY	(SMMU_STE1_DRE | SMMU_STE1_CONT | SMMU_STE1_DCP | SMMU_STE1_PPAR | \
			 SMMU_STE1_MEV | SMMU_STE1_EATS | SMMU_STE1_MEMATTR | SMMU_STE1_MTCFG | \
			 SMMU_STE1_ALLOCCFG | SMMU_STE1_SHCFG | SMMU_STE1_NSCFG | \
			 SMMU_STE1_PRIVCFG | SMMU_STE1_INSTCFG)

static void ste_used(const uint64_t w[8], uint64_t used[8])
{
	unsigned int config = (unsigned int)IOM_FIELD_GET(SMMU_STE0_CONFIG, w[0]);

	memset(used, 0, WORDS * sizeof(*used));
	used[0] = SMMU_STE0_V;
	if (!(w[0] & SMMU_STE0_V))
		return;
	used[0] |= SMMU_STE0_CONFIG;
	if (!(config & SMMU_STE_CONFIG_BYPASS))
		return;
	used[1] = STE1_ANY;
	if (config & (SMMU_STE_CONFIG_S1 ^ SMMU_STE_CONFIG_BYPASS)) {
		used[0] = UINT64_MAX;
		used[1] |= SMMU_STE1_S1DSS | SMMU_STE1_S1CIR | SMMU_STE1_S1COR | SMMU_STE1_S1CSH |
			   SMMU_STE1_S1STALLD | SMMU_STE1_STRW | SMMU_STE1_S1PIE | SMMU_STE1_S1MPAM;
		used[2] |= SMMU_STE2_S2VMID;
	}
	if (config & (SMMU_STE_CONFIG_S2 ^ SMMU_STE_CONFIG_BYPASS)) {
		used[1] |= SMMU_STE1_S2HWU59 | SMMU_STE1_S2HWU60 | SMMU_STE1_S2HWU61 |
			   SMMU_STE1_S2HWU62 | SMMU_STE1_S2FWB;
		used[2] = UINT64_MAX;
		used[3] = UINT64_MAX;
		used[7] = UINT64_MAX;
	}
	used[4] = SMMU_STE4_PARTID;
	used[5] = SMMU_STE5_PMG | SMMU_STE5_VMSPTR_ADDR;
}

/* V stands in word 0 with what else it has; all of a valid CD is used. */
static void cd_used(const uint64_t w[8], uint64_t used[8])
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		used[i] = w[0] & SMMU_CD0_V ? UINT64_MAX : 0;
	used[0] |= SMMU_CD0_V;
}

const struct smmu_entry_kind iomi_smmuv3_drv_ste_kind = { ste_used, SMMU_STE0_V };
const struct smmu_entry_kind iomi_smmuv3_drv_cd_kind = { cd_used, SMMU_CD0_V };

/* --- the plan --- */

static void add(struct smmu_entry_plan *plan, const uint64_t w[WORDS])
{
	if (!plan->nr || memcmp(plan->w[plan->nr - 1], w, sizeof(plan->w[0])))
		memcpy(plan->w[plan->nr++], w, sizeof(plan->w[0]));
}

void iomi_smmuv3_drv_plan_entry(const struct smmu_entry_kind *kind, const uint64_t now[8],
				const uint64_t target[8], struct smmu_entry_plan *plan)
{
	uint64_t used_now[WORDS], used_then[WORDS], mid[WORDS];
	unsigned int i, differ = 0, which = 0;

	plan->nr = 0;
	kind->used(now, used_now);
	kind->used(target, used_then);
	/* What the old entry does not use may have its new value at once. */
	for (i = 0; i < WORDS; i++) {
		mid[i] = (now[i] & used_now[i]) | (target[i] & ~used_now[i]);
		if ((mid[i] ^ target[i]) & used_then[i]) {
			differ++;
			which = i;
		}
	}
	if (differ > 1) {
		/* 3.21.3: through V = 0, each step confirmed. */
		memcpy(mid, now, sizeof(mid));
		mid[0] = now[0] & ~kind->valid;
		add(plan, mid);
		memcpy(mid, target, sizeof(mid));
		mid[0] = target[0] & ~kind->valid;
		if (target[0] & kind->valid)
			add(plan, mid);
	} else if (differ) {
		if (memcmp(mid, now, sizeof(mid)))
			add(plan, mid);
		mid[which] = target[which];
		add(plan, mid);
	}
	add(plan, target);
}

/* --- the stores --- */

static int confirm(const struct smmu_entry_sync *sync)
{
	struct smmu_batch b = { 0 };

	iomi_smmuv3_drv_batch_add(sync->s, &b, &sync->cmd);
	return iomi_smmuv3_drv_batch_end(sync->s, &b);
}

static void store(const struct smmu_entry_sync *sync, struct iom_le64 *entry, uint64_t w)
{
	/* One aligned store of 64 bits: hardware sees all of it or nothing. */
	__atomic_store_n(&entry->raw, iom_le64_make(w).raw, __ATOMIC_RELAXED);
	sync->s->dmem->ops.clean(sync->s->dmem, entry, sizeof(*entry));
}

int iomi_smmuv3_drv_write_entry(const struct smmu_entry_sync *sync,
				const struct smmu_entry_kind *kind, struct iom_le64 *entry,
				const uint64_t target[8])
{
	struct smmu_entry_plan plan;
	uint64_t now[WORDS];
	unsigned int step, i;
	int rc = IOM_OK;

	/* What the entry will point to is in memory before the entry is. */
	iom_mmio_wmb(sync->s->mmio);
	iomi_smmuv3_wire_load(now, entry, WORDS);
	iomi_smmuv3_drv_plan_entry(kind, now, target, &plan);
	for (step = 0; step < plan.nr && !rc; step++) {
		/* Word 0 last: in the steps where V or Config changes, nothing else does. */
		for (i = WORDS; i--;) {
			if (now[i] != plan.w[step][i])
				store(sync, &entry[i], plan.w[step][i]);
			now[i] = plan.w[step][i];
		}
		rc = confirm(sync);
	}
	if (!rc)
		return IOM_OK;
	/* Nobody answers. Should the SMMU still read: it finds an entry that permits nothing. */
	store(sync, &entry[0], now[0] & ~kind->valid);
	return rc;
}
