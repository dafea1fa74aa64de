/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * D2, live updates as a law: for any two states of an STE or CD, and any reads of
 * its words that lie between two CMD_SYNCs, the bits that the architecture uses
 * are the old entry's, the new one's, or V = 0. What is used is told by
 * wire/smmuv3_used.h, a table of its own: not the writer's.
 *
 * After a sync nothing older is read; so what can be mixed are two entries that
 * follow each other in the plan, each word from either. All 256 mixes are looked at.
 */
#include "drv/smmuv3_drv_int.h"
#include "lib/test.h"
#include "wire/smmuv3_used.h"

struct law {
	const struct smmu_entry_kind *kind;
	const struct iomi_smmuv3_caps *caps;
	const uint64_t *ste;		/* of CDs */
};

static void used(const struct law *l, const uint64_t w[8], uint64_t mask[8])
{
	if (l->ste)
		iomi_smmuv3_used_cd(w, l->ste, l->caps, mask);
	else
		iomi_smmuv3_used_ste(w, l->caps, mask);
}

/* Does hardware that read a do what it does with b? */
static bool same(const struct law *l, const uint64_t a[8], const uint64_t b[8])
{
	uint64_t of_a[8], of_b[8];

	used(l, a, of_a);
	used(l, b, of_b);
	return iomi_smmuv3_used_same(a, b, of_a) && iomi_smmuv3_used_same(a, b, of_b);
}

static void check_mixes(const struct law *l, const uint64_t from[8], const uint64_t to[8],
			const uint64_t old[8], const uint64_t new[8])
{
	uint64_t mix[8];
	unsigned int m, i;

	for (m = 0; m < 256; m++) {
		for (i = 0; i < 8; i++)
			mix[i] = m >> i & 1 ? to[i] : from[i];
		if (!(mix[0] & l->kind->valid) || same(l, mix, old) || same(l, mix, new))
			continue;
		fail_msg("words %02x of the later: neither old nor new nor V = 0", m);
	}
}

/* Returns how many syncs it took. */
static unsigned int check_law(const struct law *l, const uint64_t old[8], const uint64_t new[8])
{
	struct smmu_entry_plan plan;
	const uint64_t *from = old;
	unsigned int i;

	iomi_smmuv3_drv_plan_entry(l->kind, old, new, &plan);
	assert_in_range(plan.nr, 1, 3);
	for (i = 0; i < plan.nr; i++) {
		check_mixes(l, from, plan.w[i], old, new);
		from = plan.w[i];
	}
	assert_memory_equal(from, new, 64);
	return plan.nr;
}

static void everything(struct iomi_smmuv3_caps *caps)
{
	memset(caps, 0, sizeof(*caps));
	caps->s1p = caps->s2p = caps->aarch64 = caps->hyp = caps->ats = caps->pri = true;
	caps->cd2l = caps->asid16 = caps->vmid16 = caps->xnx = caps->fwb = caps->stt = true;
	caps->ril = caps->gran4k = caps->gran16k = caps->gran64k = caps->ds = true;
	caps->httu = 2;
	caps->sidsize = 16;
	caps->ssidsize = 20;
	caps->oas_bits = caps->ias_bits = 52;
	caps->atschk = true;
}

/* Near the old one or far from it: words kept, single bits, or all anew. */
static void next_state(struct test_rng *rng, const uint64_t old[8], uint64_t valid, bool ste,
		       uint64_t w[8])
{
	static const uint64_t config[] = { 0, 0, 4, 5, 5, 6, 7 };
	unsigned int i;

	for (i = 0; i < 8; i++) {
		switch (test_rng_below(rng, 4)) {
		case 0:
			w[i] = test_rng_u64(rng);
			break;
		case 1:
			w[i] = old[i] ^ UINT64_C(1) << test_rng_below(rng, 64);
			break;
		default:
			w[i] = old[i];
			break;
		}
	}
	if (test_rng_below(rng, 4))
		w[0] |= valid;
	if (ste)
		w[0] = (w[0] & ~SMMU_STE0_CONFIG) |
		       IOM_FIELD_PREP(SMMU_STE0_CONFIG,
				      config[test_rng_below(rng, IOM_ARRAY_SIZE(config))]);
}

static void any_two_states(struct law *l)
{
	uint64_t old[8] = { 0 }, new[8], count[4] = { 0 };
	struct test_rng rng;
	unsigned int i;

	test_rng_init(&rng);
	for (i = 0; i < 20000; i++) {
		next_state(&rng, old, l->kind->valid, !l->ste, new);
		count[check_law(l, old, new)]++;
		memcpy(old, new, sizeof(old));
	}
	/* Each way was taken: one store, around it, through V = 0. */
	assert_true(count[1] && count[2] && count[3]);
}

static void stes(void **state)
{
	struct iomi_smmuv3_caps caps;
	struct law l = { .kind = &iomi_smmuv3_drv_ste_kind, .caps = &caps };

	(void)state;
	everything(&caps);
	any_two_states(&l);
}

static void cds(void **state)
{
	static const uint64_t ste[8] = { 1 | 5 << 1 };
	struct iomi_smmuv3_caps caps;
	struct law l = { .kind = &iomi_smmuv3_drv_cd_kind, .caps = &caps, .ste = ste };

	(void)state;
	everything(&caps);
	any_two_states(&l);
}

/* What a driver does all day must not pass through V = 0: no transaction is refused meanwhile. */
static void hitless(void **state)
{
	static const uint64_t abort[8] = { 1 }, bypass[8] = { 1 | 4 << 1, UINT64_C(1) << 44 };
	static const uint64_t s1[8] = { 1 | 5 << 1 | 0x12345000, 0xd6 };
	static const uint64_t s2[8] = { 1 | 6 << 1, 0, 0x40d3d4b00000001, 0x54321000 };
	static const uint64_t *const from_to[][2] = {
		{ abort, bypass }, { abort, s1 }, { abort, s2 }, { bypass, abort }, { s1, abort },
		{ s2, abort },
	};
	struct smmu_entry_plan plan;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(from_to); i++) {
		iomi_smmuv3_drv_plan_entry(&iomi_smmuv3_drv_ste_kind, from_to[i][0], from_to[i][1],
					   &plan);
		for (k = 0; k < plan.nr; k++)
			assert_true(plan.w[k][0] & SMMU_STE0_V);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(stes),
		cmocka_unit_test(cds),
		cmocka_unit_test(hitless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
