/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of iom_virtio_dev_poll(), over both rings, with and without EVENT_IDX:
 * while polling, run() finds what nobody kicked and the driver is not asked to
 * kick; after it is switched off, the next run() misses nothing that came
 * before, and the driver is asked again for what comes after.
 */
#include <iom/virtio/virtio_dev.h>

#include "lib/virtio_echo.h"

#define EVENT_IDX	(UINT64_C(1) << 29)

static void run(struct echo *e)
{
	while (iom_virtio_dev_run(&e->d) == IOM_EAGAIN)
		;
}

/* The driver adds one and says whether it would kick. */
static bool add(struct echo *e)
{
	echo_send(e, 0);
	return vq_ref_kick(&e->ref[0]);
}

static void polls(uint64_t features)
{
	struct echo *e = echo_new();
	uint64_t found;
	int i;

	echo_bring_up(e, features);
	echo_go(e);
	assert_true(add(e));
	iom_virtio_dev_kick(&e->d, 0);
	run(e);
	assert_true(echo_got(e, 0));
	/* Not polling: without a kick nothing is found, and one is asked for. */
	found = e->d.nr_found;
	assert_true(add(e));
	run(e);
	assert_false(echo_got(e, 0));
	assert_int_equal(e->d.nr_found, found);

	iom_virtio_dev_poll(&e->d, true);
	run(e);
	assert_true(echo_got(e, 0));
	assert_int_equal(e->d.nr_found, found + 1);
	for (i = 0; i < 100; i++) {
		if (add(e))
			fail_msg("features 0x%llx: turn %d asks for a kick",
				 (unsigned long long)features, i);
		run(e);
		assert_true(echo_got(e, 0));
		run(e);			/* nothing there */
	}
	assert_int_equal(e->d.nr_found, found + 101);

	/* One comes between the last look and the end of polling. */
	assert_false(add(e));
	iom_virtio_dev_poll(&e->d, false);
	run(e);
	assert_true(echo_got(e, 0));
	assert_true(add(e));
	run(e);
	assert_false(echo_got(e, 0));
	iom_virtio_dev_kick(&e->d, 0);
	run(e);
	assert_true(echo_got(e, 0));
	echo_free(e);
}

static void split_ring(void **state)
{
	(void)state;
	polls(0);
}

static void split_ring_event_idx(void **state)
{
	(void)state;
	polls(EVENT_IDX);
}

static void packed_ring(void **state)
{
	(void)state;
	polls(PACKED);
}

static void packed_ring_event_idx(void **state)
{
	(void)state;
	polls(PACKED | EVENT_IDX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_ring),
		cmocka_unit_test(split_ring_event_idx),
		cmocka_unit_test(packed_ring),
		cmocka_unit_test(packed_ring_event_idx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
