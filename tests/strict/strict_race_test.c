/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A strict SMMUv3 with threads: one drives it and does everything right, two are
 * devices. No report, and what CMD_SYNC has taken away is out of reach (F3).
 */
#include <pthread.h>
#include <stdatomic.h>

#include <iom/dev/smmuv3_strict.h>
#include <iom/host/host.h>

#include "lib/smmu.h"
#include "lib/test.h"

#define BASE	UINT64_C(0x80000000)
#define VA	UINT64_C(0x200000)
#define PA	UINT64_C(0x1000000000)
#define PAGE	UINT64_C(4096)
#define PAGES	8u
#define ROUNDS	400u

static struct st t;
static atomic_uint dead[PAGES];		/* rounds whose mapping is gone for good, by page */
static atomic_bool over;

static void on_report(void *arg, const struct iom_smmuv3_report *r)
{
	char text[2048];

	(void)arg;
	(void)iom_smmuv3_strict_text(r, text, sizeof(text));
	fputs(text, stderr);
	abort();
}

/*
 * A page of round n is mapped to PA + n pages. Faults are not reported: nobody
 * takes events away here.
 */
static void *device(void *arg)
{
	struct iom_smmuv3_port port;
	struct iom_smmuv3_result res;
	struct iom_gmem_flat gmem;
	struct iom_access access;
	struct test_rng rng;
	unsigned int page, gone;
	uint64_t ev[4];

	test_rng_seed(&rng, (uintptr_t)arg);
	ST_REQUIRE(!iom_gmem_flat_init(&gmem, BASE, t.ram, ST_SIZE));
	ST_REQUIRE(!iom_smmuv3_dev_port_init(&port, t.s, 0, &gmem.g));
	iom_access_join(&access, iom_smmuv3_dev_gate(t.s));
	while (!atomic_load(&over)) {
		page = (unsigned int)test_rng_below(&rng, PAGES);
		gone = atomic_load(&dead[page]);
		ST_REQUIRE(!iom_gmem_begin(&gmem.g));
		iom_access_begin(&access);
		if (!iom_smmuv3_dev_translate(&port, VA + page * PAGE, 1,
					      ST_R | IOM_ACCESS_QUIET, &res, ev))
			ST_REQUIRE((res.pa - PA) / PAGE > gone);
		iom_access_end(&access);
		iom_gmem_end(&gmem.g);
	}
	iom_access_leave(&access);
	iom_smmuv3_dev_port_fini(&port);
	return NULL;
}

static void drive(struct test_rng *rng)
{
	unsigned int at[PAGES] = { 0 }, n, page;
	struct st_stream x;

	st_stream_s1(&t, &x, 0);
	for (n = 1; n < ROUNDS; n++) {
		page = (unsigned int)test_rng_below(rng, PAGES);
		if (!at[page]) {
			at[page] = n;
			st_map(&t, &x.s1, VA + page * PAGE, PA + n * PAGE, 3, ST_S1_RW);
			continue;
		}
		st_poke(&t, st_slot(&t, &x.s1, VA + page * PAGE, 3), 0);
		st_tlbi(&t, ST_NH_VA, ST_VMID, ST_ASID, VA + page * PAGE);
		st_sync(&t);
		atomic_store(&dead[page], at[page]);
		at[page] = 0;
	}
}

static void threads(void **state)
{
	struct iom_smmuv3_strict_cfg strict = { .report = on_report };
	struct iom_smmuv3_dev_cfg cfg = st_cfg();
	struct test_rng rng;
	pthread_t dev[2];
	uintptr_t i;

	(void)state;
	test_rng_init(&rng);
	strict.seed = test_rng_u64(&rng);
	cfg.plat = iom_host_plat();
	cfg.strict = &strict;
	st_open(&t, &cfg, BASE);
	for (i = 0; i < 2; i++)
		ST_REQUIRE(!pthread_create(&dev[i], NULL, device, (void *)i));
	drive(&rng);
	atomic_store(&over, true);
	for (i = 0; i < 2; i++)
		pthread_join(dev[i], NULL);
	iom_smmuv3_strict_finish(t.s);
	assert_int_equal(iom_smmuv3_strict_count(t.s), 0);
	st_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
