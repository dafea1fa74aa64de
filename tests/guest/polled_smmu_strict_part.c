/* SPDX-License-Identifier: BSD-2-Clause */
/* Seeds, reports, spoilt commands. See smmu_strict.h. */
#include <stdlib.h>
#include <string.h>

#include <iom/spec/smmuv3.h>

#include "guest/smmu_strict.h"

#define SPARED	4u	/* commands of an opcode that stay: to probe is not spoilt */

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

static void report(void *arg, const struct iom_smmuv3_report *rep)
{
	struct smmu_strict_run *r = arg;
	char text[8192];

	iom_smmuv3_strict_text(rep, text, sizeof(text));
	fprintf(r->log, "%s\n", text);
	fflush(r->log);
}

bool smmu_strict_init(struct smmu_strict_run *r, uint8_t *ram, uint64_t base, uint64_t size)
{
	const char *path = getenv("POLLED_LOG"), *syncs = getenv("POLLED_SYNCS");
	char *end;

	memset(r, 0, sizeof(*r));
	if (!getenv("POLLED_STRICT"))
		return true;
	r->log = path ? fopen(path, "w") : NULL;
	if (!r->log)
		return false;
	r->cfg.seed = number("POLLED_STRICT", 0);
	r->cfg.sync_slack = (unsigned int)number("POLLED_SLACK", 64);
	r->cfg.spare_l1std = getenv("POLLED_SPARE");
	r->cfg.report = report;
	r->cfg.arg = r;
	r->seeds = number("POLLED_SEEDS", 1);
	r->boot = strtoull(syncs ? syncs : "1000", &end, 0);
	r->syncs = *end ? strtoull(end + 1, NULL, 0) : r->boot;
	r->spoil = number("POLLED_SPOIL", 0);
	r->served = 1;
	r->ram = ram;
	r->base = base;
	r->size = size;
	return true;
}

const struct iom_smmuv3_strict_cfg *smmu_strict_cfg(const struct smmu_strict_run *r)
{
	return r->served ? &r->cfg : NULL;
}

/* What the guest has put between CONS and prod; it does not look at it again. */
static void spoil(struct smmu_strict_run *r, uint32_t prod)
{
	uint64_t base = 0, cons = 0, at, lg2, i, n;

	(void)iom_smmuv3_dev_read(r->s, SMMU_CMDQ_BASE, 8, &base);
	(void)iom_smmuv3_dev_read(r->s, SMMU_CMDQ_CONS, 4, &cons);
	lg2 = IOM_FIELD_GET(SMMU_Q_BASE_LOG2SIZE, base);
	n = (prod - cons) & ((UINT64_C(2) << lg2) - 1);
	for (i = 0; i < n && lg2 < 20; i++) {
		at = (base & SMMU_Q_BASE_ADDR) - r->base +
		     ((cons + i) & ((UINT64_C(1) << lg2) - 1)) * sizeof(struct smmu_cmd);
		if (at >= r->size || r->ram[at] != r->spoil || r->seen++ < SPARED)
			continue;
		memset(r->ram + at, 0, sizeof(struct smmu_cmd));
		r->ram[at] = SMMU_CMD_PREFETCH_CONFIG;
		r->spoilt++;
	}
}

void smmu_strict_before(struct smmu_strict_run *r, uint64_t off, uint64_t val)
{
	struct iom_smmuv3_stats st;

	if (!r->served || off != SMMU_CMDQ_PROD)
		return;
	if (r->spoil)
		spoil(r, (uint32_t)val);
	iom_smmuv3_dev_stats(r->s, &st);
	if (r->served == r->seeds || st.syncs < r->boot + (r->served - 1) * r->syncs)
		return;
	(void)iom_smmuv3_strict_reseed(r->s, r->cfg.seed + r->served);
	r->served++;
}

void smmu_strict_fini(struct smmu_strict_run *r, struct iom_smmuv3_strict_stats *st)
{
	(void)iom_smmuv3_strict_finish(r->s);
	(void)iom_smmuv3_strict_stats(r->s, st);
	fflush(r->log);
}
