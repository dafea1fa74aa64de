/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mapping tree against an array with one entry a page, through random adds
 * and removes of every shape, at both ends of the address space.
 */
#include <iom/base/err.h>

#include "fakes/plat_test.h"
#include "lib/test.h"

#include "viommu_map.h"

#define PAGES	4096u
#define STEPS	4000u

/* One page of the model: the mapping that covers it, 0 for none. */
struct model {
	uint32_t mapping[PAGES];
	uint64_t gpa[PAGES];
	uint32_t next;
};

static uint64_t window;		/* address of page 0 */
static unsigned int lg2;

static struct iom_range pages(unsigned int first, unsigned int n)
{
	struct iom_range r = { window + ((uint64_t)first << lg2), 0 };

	r.last = r.start + (((uint64_t)n << lg2) - 1);
	return r;
}

static int model_add(struct model *m, unsigned int first, unsigned int n, uint64_t gpa)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		if (m->mapping[i])
			return IOM_EEXIST;
	m->next++;
	for (i = first; i < first + n; i++) {
		m->mapping[i] = m->next;
		m->gpa[i] = gpa + ((uint64_t)(i - first) << lg2);
	}
	return IOM_OK;
}

static int model_remove(struct model *m, unsigned int first, unsigned int n, uint64_t *removed)
{
	unsigned int last = first + n - 1, i;

	*removed = 0;
	if (m->mapping[first] && first && m->mapping[first - 1] == m->mapping[first])
		return IOM_ERANGE;
	if (m->mapping[last] && last + 1 < PAGES && m->mapping[last + 1] == m->mapping[last])
		return IOM_ERANGE;
	for (i = first; i <= last; i++) {
		if (m->mapping[i] && (i == first || m->mapping[i - 1] != m->mapping[i]))
			++*removed;
	}
	memset(&m->mapping[first], 0, n * sizeof(m->mapping[0]));
	return IOM_OK;
}

static void agrees(struct viommu_map *t, const struct model *m)
{
	unsigned int i, shift;
	uint64_t w, at, mask;

	for (i = 0; i < PAGES; i++) {
		at = window + ((uint64_t)i << lg2);
		w = viommu_map_walk(t, at, &shift);
		assert_int_equal(!w, !m->mapping[i]);
		mask = w ? UINT64_MAX >> (64 - shift) : 0;
		if (w)
			assert_int_equal((w & VIOMMU_LEAF_GPA) + (at & mask), m->gpa[i]);
	}
}

static void settle(struct viommu_pool *pool)
{
	iomi_viommu_map_pool_release(pool, iomi_viommu_map_pool_take(pool));
}

static unsigned int some_length(struct test_rng *rng)
{
	uint64_t kind = test_rng_below(rng, 4);

	return 1 + (unsigned int)test_rng_below(rng, kind == 0 ? 1 : kind == 1 ? 8 :
						kind == 2 ? 200 : PAGES / 2);
}

static void run(uint64_t at, unsigned int granule_lg2)
{
	struct plat_test pt;
	struct viommu_pool pool = { .nr_max = UINT64_MAX };
	struct viommu_map t;
	static struct model m;
	struct test_rng rng;
	unsigned int step, first, n;
	uint64_t gpa, got, want;
	struct viommu_mapping mapping;

	window = at;
	lg2 = granule_lg2;
	memset(&m, 0, sizeof(m));
	plat_test_init(&pt);
	pool.plat = &pt.plat;
	test_rng_init(&rng);
	iomi_viommu_map_init(&t, lg2, false);
	for (step = 0; step < STEPS; step++) {
		n = some_length(&rng);
		first = (unsigned int)test_rng_below(&rng, PAGES - n + 1);
		gpa = test_rng_below(&rng, 1u << 20) << lg2;
		if (test_rng_below(&rng, 5) < 3) {
			assert_int_equal(iomi_viommu_map_add(&t, &pool, pages(first, n), gpa,
							     VIOMMU_LEAF_R),
					 model_add(&m, first, n, gpa));
		} else {
			assert_int_equal(iomi_viommu_map_remove(&t, &pool, pages(first, n), &got),
					 model_remove(&m, first, n, &want));
			assert_int_equal(got, want);
			settle(&pool);
		}
		if (step % 16 == 0)
			agrees(&t, &m);
	}
	agrees(&t, &m);
	for (got = 0, gpa = 0; iomi_viommu_map_mapping(&t, gpa, &mapping); got++) {
		gpa = mapping.iova.last + 1;
		if (!gpa) {
			got++;
			break;
		}
	}
	assert_int_equal(got, t.nr_mappings);
	iomi_viommu_map_drop(&t, &pool);
	settle(&pool);
	assert_int_equal(pool.nr_used, 0);
	iomi_viommu_map_pool_fini(&pool);
	assert_int_equal(plat_test_live(&pt), 0);
}

static void at_zero(void **state)
{
	(void)state;
	run(0, 12);
}

static void at_the_top(void **state)
{
	(void)state;
	run(UINT64_MAX - ((uint64_t)PAGES << 12) + 1, 12);
	run(UINT64_MAX - ((uint64_t)PAGES << 16) + 1, 16);
}

static void across_levels(void **state)
{
	(void)state;
	run((UINT64_C(1) << 48) - ((uint64_t)PAGES << 11), 12);
	run(UINT64_C(1) << 30, 7);
	run(0, 52);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_zero),
		cmocka_unit_test(at_the_top),
		cmocka_unit_test(across_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
