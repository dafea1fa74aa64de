/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plat for tests over malloc and pthreads. It counts what is alive, checks
 * that free gets the size that alloc got and that locks are used as they
 * should be (a wrong use ends the test program with a message), and can let
 * the nth allocation from now on fail. Any thread.
 *
 *	struct plat_test pt;
 *	plat_test_init(&pt);
 *	... &pt.plat ...
 *	assert_int_equal(plat_test_live(&pt), 0);
 *
 * nth-allocation sweep:
 *	for (n = 1; ; n++) {
 *		plat_test_fail_nth(&pt, n);
 *		rc = the_thing();
 *		if (!plat_test_failed(&pt))
 *			break;		... nothing is left to fail
 *		... rc must be IOM_ENOMEM, plat_test_live(&pt) as before
 *	}
 */
#ifndef TESTS_FAKES_PLAT_TEST_H
#define TESTS_FAKES_PLAT_TEST_H

#include <stdbool.h>
#include <stdatomic.h>

#include <iom/plat/plat.h>

struct plat_test {
	struct iom_plat plat;
	atomic_long live;		/* allocations and locks not given back */
	atomic_long live_bytes;		/* of the allocations */
	atomic_long nr_allocs;		/* asked for since init, locks included */
	atomic_long fail_in;		/* 1: the next one fails; 0: none will */
	atomic_bool failed;		/* since the last plat_test_fail_nth() */
};

void plat_test_init(struct plat_test *pt);

/* The nth allocation (or lock_init) from now fails, once; 0: none. */
void plat_test_fail_nth(struct plat_test *pt, long n);
bool plat_test_failed(const struct plat_test *pt);

long plat_test_live(const struct plat_test *pt);
long plat_test_live_bytes(const struct plat_test *pt);

#endif
