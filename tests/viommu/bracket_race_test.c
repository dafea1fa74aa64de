/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Unmapped means unreachable": a reader is parked inside an open access, and
 * what takes its mapping away (UNMAP, DETACH, ATTACH elsewhere, reset, removal
 * of the endpoint; by request() and through both rings) is not answered until
 * the access ends. Meanwhile the mapping is already unfindable for others.
 *
 * docs/locking.md shows a run with the wait taken out.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/test.h"
#include "lib/viommu_ring.h"

#define IOVA 0x5000u
#define GPA 0x9000u

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Waits for a word; false after ten seconds. */
static bool wait_for(atomic_bool *word)
{
	int i;

	for (i = 0; i < 10000 && !atomic_load(word); i++)
		sleep_ms(1);
	return atomic_load(word);
}

/* A device in use: its access goes on until it is told to end. */
struct reader {
	struct iom_access_gate *gate;
	struct iom_xlate *x;
	atomic_bool inside, end;
	bool reached;
};

static void *reader_main(void *arg)
{
	struct reader *r = arg;
	struct iom_access access;
	struct iom_run run;

	iom_access_join(&access, r->gate);
	iom_access_begin(&access);
	r->reached = !iom_xlate_translate(r->x, IOVA, 64, IOM_ACCESS_WRITE, &run) &&
		     run.gpa == GPA;
	atomic_store(&r->inside, true);
	wait_for(&r->end);
	iom_access_end(&access);
	iom_access_leave(&access);
	return NULL;
}

/* Whoever takes the mapping away. */
struct taker {
	void (*take)(void *arg);
	void *arg;
	atomic_bool answered;
};

static void *taker_main(void *arg)
{
	struct taker *t = arg;

	t->take(t->arg);
	atomic_store(&t->answered, true);
	return NULL;
}

/*
 * probe says whether the mapping can still be found, in a bracket of its own.
 * It is asked first, so that without the wait the answer is certainly there.
 */
static void park(struct iom_access_gate *gate, struct iom_xlate *x, void (*take)(void *),
		 void *arg, bool (*found)(void *))
{
	struct reader r = { .gate = gate, .x = x };
	struct taker t = { .take = take, .arg = arg };
	pthread_t reader, taker;
	bool early, gone;
	int i;

	assert_int_equal(pthread_create(&reader, NULL, reader_main, &r), 0);
	assert_true(wait_for(&r.inside));
	assert_true(r.reached);
	assert_int_equal(pthread_create(&taker, NULL, taker_main, &t), 0);
	for (i = 0; i < 10000 && found && found(arg); i++)
		sleep_ms(1);
	gone = !found || !found(arg);
	sleep_ms(50);
	early = atomic_load(&t.answered);
	atomic_store(&r.end, true);
	assert_true(wait_for(&t.answered));
	pthread_join(reader, NULL);
	pthread_join(taker, NULL);
	assert_true(gone);
	if (early)
		print_error("answered while an access that reaches the page was open\n");
	assert_false(early);
}

static void open_mapped(struct vt *t)
{
	struct iom_viommu_dev_cfg cfg = vt_cfg();

	vt_open(t, &cfg);
	vt_add_plain(t, 1);
	vt_add_plain(t, 2);
	assert_int_equal(vt_attach(t->v, 1, 1, 0), S_OK);
	assert_int_equal(vt_attach(t->v, 2, 2, 0), S_OK);
	assert_int_equal(vt_map(t->v, 1, IOVA, IOVA + 0xfff, GPA, VT_RW), S_OK);
}

static bool found_direct(void *arg)
{
	return vt_reaches(arg, 0, IOVA, IOM_ACCESS_WRITE, GPA);
}

static void unmap(void *arg)
{
	VT_REQUIRE(vt_unmap(((struct vt *)arg)->v, 1, IOVA, IOVA + 0xfff) == S_OK);
}

static void unmap_all(void *arg)
{
	VT_REQUIRE(vt_unmap(((struct vt *)arg)->v, 1, 0, UINT64_MAX) == S_OK);
}

static void detach(void *arg)
{
	VT_REQUIRE(vt_detach(((struct vt *)arg)->v, 1, 1) == S_OK);
}

static void attach_elsewhere(void *arg)
{
	VT_REQUIRE(vt_attach(((struct vt *)arg)->v, 2, 1, 0) == S_OK);
}

static void reset(void *arg)
{
	iom_viommu_dev_reset(((struct vt *)arg)->v, false);
}

static void take_and_give_back(void (*take)(void *))
{
	struct vt t;

	open_mapped(&t);
	park(iom_viommu_dev_gate(t.v), iom_viommu_dev_xlate(t.ep[0]), take, &t, found_direct);
	vt_close(&t);
}

static void unmap_waits(void **state)
{
	(void)state;
	take_and_give_back(unmap);
}

static void unmap_of_everything_waits(void **state)
{
	(void)state;
	take_and_give_back(unmap_all);
}

static void detach_waits(void **state)
{
	(void)state;
	take_and_give_back(detach);
}

static void attach_elsewhere_waits(void **state)
{
	(void)state;
	take_and_give_back(attach_elsewhere);
}

static void reset_waits(void **state)
{
	(void)state;
	take_and_give_back(reset);
}

/* Nobody may ask for a translation of an endpoint that is being removed. */
static void remove_ep(void *arg)
{
	struct vt *t = arg;

	iom_viommu_dev_remove_ep(t->v, t->ep[0]);
}

static void removal_of_an_endpoint_waits(void **state)
{
	struct vt t;

	(void)state;
	open_mapped(&t);
	park(iom_viommu_dev_gate(t.v), iom_viommu_dev_xlate(t.ep[0]), remove_ep, &t, NULL);
	t.ep[0] = t.ep[--t.nr_eps];
	vt_close(&t);
}

/* An UNMAP of a page that another UNMAP, not yet answered, has taken is no way around. */
static void second_unmap_waits_too(void **state)
{
	struct taker second = { .take = unmap };
	struct reader r;
	struct taker first = { .take = unmap };
	pthread_t reader, t1, t2;
	struct vt t;
	bool early;

	(void)state;
	open_mapped(&t);
	r = (struct reader){ .gate = iom_viommu_dev_gate(t.v),
			     .x = iom_viommu_dev_xlate(t.ep[0]) };
	first.arg = second.arg = &t;
	assert_int_equal(pthread_create(&reader, NULL, reader_main, &r), 0);
	assert_true(wait_for(&r.inside));
	assert_int_equal(pthread_create(&t1, NULL, taker_main, &first), 0);
	while (found_direct(&t))
		sleep_ms(1);
	assert_int_equal(pthread_create(&t2, NULL, taker_main, &second), 0);
	sleep_ms(50);
	early = atomic_load(&first.answered) || atomic_load(&second.answered);
	atomic_store(&r.end, true);
	assert_true(wait_for(&first.answered) && wait_for(&second.answered));
	pthread_join(reader, NULL);
	pthread_join(t1, NULL);
	pthread_join(t2, NULL);
	vt_close(&t);
	assert_false(early);
}

/* Accesses begun after the change are not waited for. */
static void later_accesses_do_not_delay(void **state)
{
	struct iom_access access;
	struct vt t;
	int i;

	(void)state;
	open_mapped(&t);
	iom_access_join(&access, iom_viommu_dev_gate(t.v));
	for (i = 0; i < 1000; i++) {
		uint64_t ticket = iom_access_ticket(iom_viommu_dev_gate(t.v));

		iom_access_begin(&access);
		assert_true(iom_access_passed(iom_viommu_dev_gate(t.v), ticket));
		ticket = iom_access_ticket(iom_viommu_dev_gate(t.v));
		assert_false(iom_access_passed(iom_viommu_dev_gate(t.v), ticket));
		iom_access_end(&access);
		assert_true(iom_access_passed(iom_viommu_dev_gate(t.v), ticket));
	}
	iom_access_leave(&access);
	vt_close(&t);
}

/* --- through the rings --- */

static struct vt_req ring_req;

static bool found_ring(void *arg)
{
	struct iom_run run;

	return !vtq_translate(arg, 0, IOVA, 1, IOM_ACCESS_WRITE | IOM_ACCESS_QUIET, &run);
}

/* The worker alone: register accesses are the test's thread's. */
static void run_ring(void *arg)
{
	uint32_t len;
	uint16_t id;
	struct vtq *t = arg;

	while (!vring_get(&t->req, &id, &len))
		VT_REQUIRE(vtq_run(t) == IOM_OK);
	VT_REQUIRE(len == 4 && t->mem[VTQ_BUFS + 1024] == S_OK);
}

static void ring_waits(bool packed, const struct vt_req *r)
{
	const struct vtq_cfg cfg = { .packed = packed, .dev = vt_cfg() };
	const struct iom_viommu_ep_cfg a = { .id = 1 }, b = { .id = 2 };
	struct vt_req s;
	struct vtq t;

	vtq_open(&t, &cfg);
	vtq_add(&t, &a);
	vtq_add(&t, &b);
	s = vt_attach_req(1, 1, 0);
	assert_int_equal(vtq_send(&t, &s), S_OK);
	s = vt_attach_req(2, 2, 0);
	assert_int_equal(vtq_send(&t, &s), S_OK);
	s = vt_map_req(1, IOVA, IOVA + 0xfff, GPA, VT_RW);
	assert_int_equal(vtq_send(&t, &s), S_OK);
	ring_req = *r;
	vtq_post(&t, 0, &ring_req);
	vtq_kick(&t, 0);
	park(iom_viommu_dev_gate(t.v), iom_viommu_dev_xlate(t.ep[0]), run_ring, &t, found_ring);
	vtq_close(&t);
}

static void each_request_waits_in_both_rings(void **state)
{
	const struct vt_req r[3] = {
		vt_unmap_req(1, IOVA, IOVA + 0xfff), vt_detach_req(1, 1), vt_attach_req(2, 1, 0),
	};
	int i;

	(void)state;
	for (i = 0; i < 6; i++)
		ring_waits(i & 1, &r[i / 2]);
}

/* 2.4: until the reset is over, device_status does not read 0. */
static void device_reset_waits(void **state)
{
	const struct vtq_cfg cfg = { .dev = vt_cfg() };
	const struct iom_viommu_ep_cfg a = { .id = 1 };
	struct reader r;
	struct vt_req s;
	pthread_t reader;
	struct vtq t;
	int i;

	(void)state;
	vtq_open(&t, &cfg);
	vtq_add(&t, &a);
	s = vt_attach_req(1, 1, 0);
	assert_int_equal(vtq_send(&t, &s), S_OK);
	s = vt_map_req(1, IOVA, IOVA + 0xfff, GPA, VT_RW);
	assert_int_equal(vtq_send(&t, &s), S_OK);
	r = (struct reader){ .gate = iom_viommu_dev_gate(t.v),
			     .x = iom_viommu_dev_xlate(t.ep[0]) };
	assert_int_equal(pthread_create(&reader, NULL, reader_main, &r), 0);
	assert_true(wait_for(&r.inside) && r.reached);
	vtq_common_write(&t, 20, 1, 0);
	for (i = 0; i < 50; i++) {
		vtq_run(&t);
		assert_int_not_equal(vtq_status(&t), 0);
		sleep_ms(1);
	}
	assert_false(found_ring(&t));
	atomic_store(&r.end, true);
	pthread_join(reader, NULL);
	vtq_run(&t);
	assert_int_equal(vtq_status(&t), 0);
	vtq_start(&t, &cfg);
	vtq_close(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unmap_waits),
		cmocka_unit_test(unmap_of_everything_waits),
		cmocka_unit_test(detach_waits),
		cmocka_unit_test(attach_elsewhere_waits),
		cmocka_unit_test(reset_waits),
		cmocka_unit_test(removal_of_an_endpoint_waits),
		cmocka_unit_test(second_unmap_waits_too),
		cmocka_unit_test(later_accesses_do_not_delay),
		cmocka_unit_test(each_request_waits_in_both_rings),
		cmocka_unit_test(device_reset_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
