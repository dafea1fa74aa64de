/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an access that is under way finds when its endpoint changes hands. Laws:
 *  1. between two domains an endpoint reaches the one or the other and never,
 *     with `bypass` on, everything; by ATTACH and by restoring;
 *  2. a reset refuses what an open access has left to do, whatever `bypass`
 *     says, tells nobody, and lets nobody bypass before that access has ended;
 *  3. the end of the reset needs no one to ask for it.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "lib/test.h"
#include "lib/viommu.h"

#define ROUNDS 20000

struct reader {
	struct vt *t;
	struct iom_access access;
	atomic_bool stop;
	atomic_uint looked, wrong;
};

static void bypass_on(struct vt *t)
{
	uint8_t on = 1;

	iom_viommu_dev_config_write(t->v, 36, &on, 1);
}

/* Endpoint 8 always finds 0x1000 at 0x10000 or 0x20000. */
static void *reader_main(void *arg)
{
	struct reader *r = arg;
	struct iom_run run;

	while (!atomic_load(&r->stop)) {
		iom_access_begin(&r->access);
		if (iom_xlate_translate(iom_viommu_dev_xlate(r->t->ep[0]), 0x1000, 4,
					IOM_ACCESS_READ, &run) ||
		    (run.gpa != 0x10000 && run.gpa != 0x20000))
			atomic_fetch_add(&r->wrong, 1);
		iom_access_end(&r->access);
		atomic_fetch_add(&r->looked, 1);
	}
	return NULL;
}

/* Domains 1 and 2, each kept by an endpoint of its own. */
static void two_domains(struct vt *t)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	uint32_t i;

	vt_open(t, &cfg);
	for (i = 8; i < 11; i++)
		vt_add_plain(t, i);
	bypass_on(t);
	for (i = 1; i < 3; i++) {
		assert_int_equal(vt_attach(t->v, i, 8 + i, 0), S_OK);
		assert_int_equal(vt_map(t->v, i, 0x1000, 0x1fff, i * 0x10000, VT_R), S_OK);
	}
	assert_int_equal(vt_attach(t->v, 1, 8, 0), S_OK);
}

static void with_reader(struct vt *t, void (*change)(struct vt *t, unsigned int round))
{
	struct reader r = { .t = t };
	unsigned int i;
	pthread_t thread;

	iom_access_join(&r.access, iom_viommu_dev_gate(t->v));
	assert_int_equal(pthread_create(&thread, NULL, reader_main, &r), 0);
	while (!atomic_load(&r.looked))
		;
	for (i = 0; i < ROUNDS; i++)
		change(t, i);
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	iom_access_leave(&r.access);
	assert_int_equal(atomic_load(&r.wrong), 0);
}

static void attach_other(struct vt *t, unsigned int round)
{
	assert_int_equal(vt_attach(t->v, 2 - round % 2, 8, 0), S_OK);
}

static void attach_is_one_step(void **state)
{
	struct vt t;

	(void)state;
	two_domains(&t);
	with_reader(&t, attach_other);
	vt_close(&t);
}

static uint8_t saved[2][4096];
static size_t saved_len[2];

static void restore_other(struct vt *t, unsigned int round)
{
	size_t used;

	assert_int_equal(iom_viommu_dev_restore(t->v, saved[round % 2], saved_len[round % 2],
						&used), IOM_OK);
}

static void restore_is_one_step(void **state)
{
	struct vt t;
	unsigned int i;

	(void)state;
	two_domains(&t);
	for (i = 0; i < 2; i++) {
		attach_other(&t, i);
		assert_int_equal(iom_viommu_dev_save(t.v, saved[i], sizeof(saved[i]),
						     &saved_len[i]), IOM_OK);
	}
	with_reader(&t, restore_other);
	vt_close(&t);
}

static int look(struct vt *t, struct iom_run *run)
{
	return iom_xlate_translate(iom_viommu_dev_xlate(t->ep[0]), 0x1000, 4, IOM_ACCESS_READ,
				   run);
}

static void reset_cuts_off(void **state)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();
	struct iom_run run;
	unsigned int how, faults;
	struct vt t;

	(void)state;
	cfg.boot_bypass = true;
	/* System or device reset; done is asked, or not. */
	for (how = 0; how < 4; how++) {
		vt_open(&t, &cfg);
		vt_add_plain(&t, 8);
		assert_int_equal(vt_attach(t.v, 1, 8, 0), S_OK);
		assert_int_equal(vt_map(t.v, 1, 0x1000, 0x1fff, 0x10000, VT_R), S_OK);
		faults = t.nr_faults;

		iom_access_begin(&t.access);
		assert_int_equal(look(&t, &run), IOM_OK);
		assert_int_equal(run.gpa, 0x10000);
		iom_viommu_dev_reset_start(t.v, how & 1);
		assert_int_equal(look(&t, &run), IOM_EFAULT);
		assert_false(iom_viommu_dev_reset_done(t.v));
		assert_int_equal(look(&t, &run), IOM_EFAULT);
		iom_access_end(&t.access);
		assert_int_equal(t.nr_faults, faults);

		if (how & 2)
			assert_true(iom_viommu_dev_reset_done(t.v));
		assert_true(vt_reaches(&t, 0, 0x1000, IOM_ACCESS_READ, 0x1000));
		assert_int_equal(t.nr_faults, faults);
		vt_close(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attach_is_one_step),
		cmocka_unit_test(restore_is_one_step),
		cmocka_unit_test(reset_cuts_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
