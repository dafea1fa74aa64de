/* SPDX-License-Identifier: BSD-2-Clause */
/* Each thread has its own cache, it is the same at each call, and it goes with the thread. */
#include <pthread.h>

#include <iom/host/host_iova.h>

#include "fakes/plat_test.h"
#include "lib/test.h"

static struct iom_iova *space;
static struct iom_host_iova *host;

static void *work(void *arg)
{
	struct iom_iova_cache *c = iom_host_iova_cache(host);
	struct iom_range r[100];
	unsigned int i;

	for (i = 0; i < 100; i++)
		if (iom_iova_alloc(space, c, 4095, 0, &r[i]) || iom_host_iova_cache(host) != c)
			return NULL;
	for (i = 0; i < 100; i++)
		iom_iova_free(space, c, r[i]);
	*(struct iom_iova_cache **)arg = c;
	return c;
}

static void a_cache_a_thread(void **state)
{
	struct iom_iova_cfg cfg = { { 0, (UINT64_C(1) << 40) - 1 }, 12, IOM_IOVA_CACHED_LG2 };
	struct iom_iova_cache *seen[4] = { NULL }, *mine;
	struct iom_iova_stats st;
	struct plat_test pt;
	pthread_t id[4];
	unsigned int i;
	void *got;

	(void)state;
	plat_test_init(&pt);
	assert_int_equal(iom_iova_create(&pt.plat, &cfg, &space), IOM_OK);
	assert_int_equal(iom_host_iova_create(space, &host), IOM_OK);
	assert_non_null(work(&mine));
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&id[i], NULL, work, &seen[i]), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(id[i], &got);
		assert_non_null(got);
		assert_ptr_not_equal(seen[i], mine);
	}
	iom_host_iova_destroy(host);
	iom_iova_cache_flush(space, NULL);
	iom_iova_stats(space, &st);
	assert_int_equal(st.free, UINT64_C(1) << 28);
	iom_iova_destroy(space);
	assert_int_equal(plat_test_live(&pt), 0);
}

/* No memory for a cache: the allocator works without. */
static void no_memory_for_a_cache(void **state)
{
	struct iom_iova_cfg cfg = { { 0, (UINT64_C(1) << 40) - 1 }, 12, IOM_IOVA_CACHED_LG2 };
	struct iom_range r;
	struct plat_test pt;

	(void)state;
	plat_test_init(&pt);
	assert_int_equal(iom_iova_create(&pt.plat, &cfg, &space), IOM_OK);
	assert_int_equal(iom_host_iova_create(space, &host), IOM_OK);
	plat_test_fail_nth(&pt, 1);
	assert_int_equal(iom_iova_alloc(space, iom_host_iova_cache(host), 4095, 0, &r), IOM_OK);
	assert_true(plat_test_failed(&pt));
	iom_iova_free(space, NULL, r);
	assert_non_null(iom_host_iova_cache(host));
	iom_host_iova_destroy(host);
	iom_iova_destroy(space);
	assert_int_equal(plat_test_live(&pt), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cache_a_thread),
		cmocka_unit_test(no_memory_for_a_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
