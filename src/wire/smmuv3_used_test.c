/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Used bits against rows typed by hand from the figures of IHI 0070 (absolute
 * bit numbers) and the sentences that say when a field is ignored; and a law:
 * what is not used is not what makes a structure legal or not (F2).
 */
#include <wire/smmuv3_fields.h>
#include <wire/smmuv3_used.h>

#include "lib/test.h"

#define NONE	{ 999, 999 }

struct span {
	unsigned int hi, lo;
};

static void caps_all(struct iomi_smmuv3_caps *c)
{
	memset(c, 0, sizeof(*c));
	c->s1p = c->s2p = c->aarch64 = c->hyp = c->ats = c->pri = c->cd2l = true;
	c->asid16 = c->vmid16 = c->xnx = c->fwb = c->ril = c->stt = true;
	c->gran4k = c->gran16k = c->gran64k = c->ds = c->vax52 = true;
	c->httu = 3;
	c->sidsize = 32;
	c->ssidsize = 20;
	c->oas_bits = c->ias_bits = 52;
}

static void put(uint64_t *w, unsigned int hi, unsigned int lo, uint64_t v)
{
	w[lo / 64] |= v << (lo % 64);
	assert_true(hi >= lo);
}

static void expect(const uint64_t mask[8], const struct span *s)
{
	uint64_t want[8] = { 0 };
	unsigned int i;

	for (; s->hi != 999; s++) {
		for (i = s->lo; i <= s->hi; i++)
			want[i / 64] |= UINT64_C(1) << (i % 64);
	}
	for (i = 0; i < 8; i++) {
		if (mask[i] != want[i])
			print_error("word %u: %016llx, not %016llx\n", i,
				    (unsigned long long)mask[i], (unsigned long long)want[i]);
		assert_true(mask[i] == want[i]);
	}
}

#define IN_ANY	{ 83, 83 }, { 76, 76 }, { 80, 77 }, { 81, 81 }, { 115, 112 }
#define IN_ATTR	{ 104, 96 }, { 109, 108 }
#define S2_ALL	{ 143, 128 }, { 165, 160 }, { 187, 166 }, { 89, 89 }, { 195, 194 }, { 243, 196 }

static void ste_by_hand(void **state)
{
	static const struct {
		unsigned int config, cdmax, dss, strw;
		struct span used[20];
	} t[] = {
		{ 0, 0, 0, 0, { { 0, 0 }, { 3, 1 }, NONE } },
		{ 4, 9, 1, 2, { { 3, 0 }, IN_ANY, IN_ATTR, NONE } },
		{ 5, 0, 1, 0, { { 3, 0 }, { 55, 6 }, { 63, 59 }, IN_ANY, { 71, 66 }, { 91, 91 },
				{ 95, 92 }, { 143, 128 }, NONE } },
		{ 5, 0, 1, 2, { { 3, 0 }, { 55, 6 }, { 63, 59 }, IN_ANY, { 71, 66 }, { 91, 91 },
				{ 95, 92 }, NONE } },
		{ 5, 1, 0, 2, { { 3, 0 }, { 55, 4 }, { 63, 59 }, IN_ANY, { 71, 64 }, { 82, 82 },
				{ 91, 91 }, { 95, 92 }, NONE } },
		{ 5, 1, 1, 2, { { 3, 0 }, { 55, 4 }, { 63, 59 }, IN_ANY, { 71, 64 }, { 82, 82 },
				{ 91, 91 }, { 95, 92 }, IN_ATTR, NONE } },
		{ 6, 9, 1, 2, { { 3, 0 }, IN_ANY, IN_ATTR, { 93, 92 }, S2_ALL, NONE } },
		{ 7, 0, 0, 0, { { 3, 0 }, { 55, 6 }, { 63, 59 }, IN_ANY, { 71, 66 }, { 91, 91 },
				{ 95, 92 }, S2_ALL, NONE } },
	};
	struct iomi_smmuv3_caps c;
	uint64_t mask[8];
	size_t i;

	(void)state;
	caps_all(&c);
	for (i = 0; i < IOM_ARRAY_SIZE(t); i++) {
		uint64_t ste[8] = { 1 };

		put(ste, 3, 1, t[i].config);
		put(ste, 63, 59, t[i].cdmax);
		put(ste, 65, 64, t[i].dss);
		put(ste, 95, 94, t[i].strw);
		iomi_smmuv3_used_ste(ste, &c, mask);
		expect(mask, t[i].used);
		ste[0] &= ~UINT64_C(1);
		iomi_smmuv3_used_ste(ste, &c, mask);
		expect(mask, (const struct span[]){ { 0, 0 }, NONE });
	}
}

#define CD_ANY	{ 15, 14 }, { 31, 30 }, { 63, 32 }, { 67, 67 }, { 123, 122 }, { 186, 186 }, \
		{ 319, 192 }
#define CD_LOW	{ 13, 0 }, { 66, 65 }, { 115, 68 }
#define CD_HIGH	{ 29, 16 }, { 130, 129 }, { 179, 132 }

static void cd_by_hand(void **state)
{
	static const struct {
		bool epd0, epd1;
		struct span used[20];
	} t[] = {
		{ false, false, { CD_ANY, CD_LOW, CD_HIGH, NONE } },
		{ true, false, { CD_ANY, CD_HIGH, NONE } },
		{ false, true, { CD_ANY, CD_LOW, NONE } },
		{ true, true, { CD_ANY, NONE } },
	};
	static const struct span el2[] = { { 15, 15 }, { 31, 31 }, { 38, 32 }, { 46, 40 },
		{ 67, 67 }, { 123, 122 }, { 186, 186 }, { 319, 192 }, CD_LOW, NONE };
	uint64_t mask[8], ste[8] = { 0 };
	struct iomi_smmuv3_caps c;
	size_t i;

	(void)state;
	caps_all(&c);
	for (i = 0; i < IOM_ARRAY_SIZE(t); i++) {
		uint64_t cd[8] = { 0 };

		put(cd, 14, 14, t[i].epd0);
		put(cd, 30, 30, t[i].epd1);
		iomi_smmuv3_used_cd(cd, NULL, &c, mask);
		expect(mask, (const struct span[]){ { 31, 31 }, NONE });
		put(cd, 31, 31, 1);
		iomi_smmuv3_used_cd(cd, NULL, &c, mask);
		expect(mask, t[i].used);
	}
	/* EL2 without E2H: one half, no ASID */
	put(ste, 95, 94, 2);
	iomi_smmuv3_used_cd((const uint64_t[8]){ IOM_BIT64(31) }, ste, &c, mask);
	expect(mask, el2);
	/* and no EPD0 */
	iomi_smmuv3_used_cd((const uint64_t[8]){ IOM_BIT64(31) | IOM_BIT64(14) }, ste, &c, mask);
	expect(mask, el2);
	c.e2h = true;
	iomi_smmuv3_used_cd((const uint64_t[8]){ IOM_BIT64(31) }, ste, &c, mask);
	expect(mask, t[0].used);
}

/* Random structures: bits that are not used may be anything, and no rule notices. */
static void unused_is_not_judged(void **state)
{
	struct test_rng rng;
	struct iomi_smmuv3_caps c;
	unsigned int n, i, legal = 0;

	(void)state;
	test_rng_init(&rng);
	for (n = 0; n < 60000; n++) {
		uint64_t a[8], b[8], mask[8], again[8], cd[8], cd2[8];

		caps_all(&c);
		if (test_rng_below(&rng, 2)) {
			c.ats = test_rng_below(&rng, 2);
			c.cd2l = test_rng_below(&rng, 2);
			c.ds = test_rng_below(&rng, 2);
			c.httu = (uint8_t)test_rng_below(&rng, 4);
			c.vmid16 = test_rng_below(&rng, 2);
			c.s2p = test_rng_below(&rng, 2);
		}
		for (i = 0; i < 8; i++)
			a[i] = test_rng_u64(&rng) & test_rng_u64(&rng);
		a[0] |= test_rng_below(&rng, 8) ? 1 : 0;
		iomi_smmuv3_used_ste(a, &c, mask);
		for (i = 0; i < 8; i++)
			b[i] = a[i] ^ (test_rng_u64(&rng) & ~mask[i]);
		assert_ptr_equal(iomi_smmuv3_rules_ste(a, &c, NULL),
				 iomi_smmuv3_rules_ste(b, &c, NULL));
		iomi_smmuv3_used_ste(b, &c, again);
		assert_memory_equal(mask, again, sizeof(mask));
		assert_true(iomi_smmuv3_used_same(a, b, mask));
		iomi_smmuv3_used_tlb_ste(a, &c, again);
		for (i = 0; i < 8; i++)
			assert_true(!(again[i] & ~mask[i]));

		for (i = 0; i < 8; i++)
			cd[i] = test_rng_u64(&rng) & test_rng_u64(&rng);
		iomi_smmuv3_used_cd(cd, a, &c, mask);
		for (i = 0; i < 8; i++)
			cd2[i] = cd[i] ^ (test_rng_u64(&rng) & ~mask[i]);
		assert_ptr_equal(iomi_smmuv3_rules_cd(cd, a, &c, NULL),
				 iomi_smmuv3_rules_cd(cd2, a, &c, NULL));
		iomi_smmuv3_used_cd(cd2, a, &c, again);
		assert_memory_equal(mask, again, sizeof(mask));
		legal += !iomi_smmuv3_rules_ste(a, &c, NULL);
	}
	assert_true(legal > 1000);
}

/* Every field that a row has is one of the layout's: no bit between the fields. */
static void only_fields(void **state)
{
	uint64_t ste[8] = { 0 }, cd[8] = { IOM_BIT64(31) }, mask[8];
	struct iomi_smmuv3_caps c;
	unsigned int i;

	(void)state;
	caps_all(&c);
	c.mpam = c.dpt = true;
	ste[0] = 0xf | IOM_BIT64(59);
	iomi_smmuv3_used_ste(ste, &c, mask);
	for (i = 0; i < 8; i++)
		assert_true(!(mask[i] & ~iomi_smmuv3_fields_mask(&iomi_smmuv3_fields_ste, i)));
	iomi_smmuv3_used_cd(cd, ste, &c, mask);
	for (i = 0; i < 8; i++)
		assert_true(!(mask[i] & ~iomi_smmuv3_fields_mask(&iomi_smmuv3_fields_cd, i)));
}

static void descriptors(void **state)
{
	const uint64_t page = 0x40000703, block = 0x40000701, clean = IOM_BIT64(51) | IOM_BIT64(7);

	(void)state;
	assert_true(iomi_smmuv3_used_l1std(0) == 0x1f);
	assert_true(iomi_smmuv3_used_l1std(9) == (0x1f | IOM_BITS64(55, 14)));
	assert_true(iomi_smmuv3_used_l1cd(0) == 1);
	assert_true(iomi_smmuv3_used_l1cd(1) == (1 | IOM_BITS64(55, 12)));

	/* D8.3: software's bits, and an invalid one's, are nothing */
	assert_true(!iomi_smmuv3_used_desc(1, false, page, page | IOM_BITS64(58, 55), false,
					   false));
	assert_true(!iomi_smmuv3_used_desc(1, false, 0, 0x123456780, false, false));
	assert_true(iomi_smmuv3_used_desc(1, false, page, page & ~UINT64_C(1), false, false));
	assert_true(iomi_smmuv3_used_desc(1, false, page, page + 0x1000, false, false));
	assert_true(iomi_smmuv3_used_desc(1, false, page, page ^ IOM_BIT64(16), false, false));
	assert_true(!iomi_smmuv3_used_desc(1, false, block, block ^ IOM_BIT64(16), false, false));
	assert_true(iomi_smmuv3_used_desc(2, false, page, page ^ 0x80, false, false));
	assert_true(iomi_smmuv3_used_desc(1, true, page, page ^ IOM_BIT64(61), false, false));
	assert_true(!iomi_smmuv3_used_desc(2, true, page, page ^ IOM_BIT64(61), false, false));
	assert_true(!iomi_smmuv3_used_desc(1, true, page, page ^ 0xffc, false, false));

	/* HTTU: AF and dirty come by themselves, but do not go */
	assert_true(!iomi_smmuv3_used_desc(1, false, page & ~UINT64_C(0x400), page, true, false));
	assert_true(iomi_smmuv3_used_desc(1, false, page & ~UINT64_C(0x400), page, false, false));
	assert_true(iomi_smmuv3_used_desc(1, false, page, page & ~UINT64_C(0x400), true, true));
	assert_true(!iomi_smmuv3_used_desc(1, false, page | clean, page | IOM_BIT64(51), true,
					   true));
	assert_true(iomi_smmuv3_used_desc(1, false, page | IOM_BIT64(51), page | clean, true,
					  true));
	assert_true(!iomi_smmuv3_used_desc(2, false, page | IOM_BIT64(51), page | clean, true,
					   true));
	assert_true(iomi_smmuv3_used_desc(2, false, page | clean, page | IOM_BIT64(51), true,
					  true));
	assert_true(iomi_smmuv3_used_desc(1, false, page | clean, page | IOM_BIT64(51), true,
					  false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ste_by_hand),
		cmocka_unit_test(cd_by_hand),
		cmocka_unit_test(unused_is_not_judged),
		cmocka_unit_test(only_fields),
		cmocka_unit_test(descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
