/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work on the socket thread: each kick is followed by work, also from another
 * thread and from inside; while work waits for a DMA message or pumps, the
 * client's region accesses are answered; a reset or the end of the connection
 * ends its wait. The client is a thread of its own.
 */
#include <pthread.h>
#include <sched.h>

#include "lib/test.h"
#include "lib/vfu_client.h"

#define PLAIN UINT64_C(0x40000000)

enum what { COUNT, AGAIN_TWICE, READ_MESSAGE, PUMP };

static struct vfu_dev dev;
static struct iom_vfu_dev_ops ops;
static struct iom_vfu *v;
static struct vfu_client c;
static enum what what;
static unsigned int works;
static int rc_read;
static uint8_t got[8];
static atomic_bool pumped_enough;

static int work(struct iom_vfu_dev *d)
{
	struct iom_gmem *g = iom_vfu_gmem(v, 0);

	(void)d;
	works++;
	switch (what) {
	case COUNT:
		break;
	case AGAIN_TWICE:
		return works < 3 ? IOM_EAGAIN : IOM_OK;
	case READ_MESSAGE:
		assert_int_equal(iom_gmem_begin(g), IOM_OK);
		rc_read = iom_gmem_read(g, PLAIN, got, sizeof(got));
		iom_gmem_end(g);
		break;
	case PUMP:
		while (!atomic_load(&pumped_enough))
			iom_vfu_pump(v);
		break;
	}
	return IOM_OK;
}

static int setup(void **state)
{
	struct iom_vfu_cfg cfg;

	(void)state;
	vfu_dev_init(&dev, &cfg);
	ops = *dev.dev.ops;
	ops.work = work;
	dev.dev.ops = &ops;
	works = 0;
	atomic_store(&pumped_enough, false);
	assert_int_equal(iom_vfu_create(&cfg, &v), IOM_OK);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
	vfu_client_map(&c, v, PLAIN, 0x10000, 0, 3, -1, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	iom_vfu_destroy(v);
	if (c.fd >= 0)
		vfu_client_close(&c);
	return 0;
}

static void each_kick_is_followed_by_work(void **state)
{
	(void)state;
	what = COUNT;
	iom_vfu_step(v, 0);
	assert_int_equal(works, 0);
	iom_vfu_kick(v);
	iom_vfu_kick(v);
	iom_vfu_step(v, -1);
	assert_int_equal(works, 1);
	iom_vfu_step(v, 0);
	assert_int_equal(works, 1);
	iom_vfu_pump(v);		/* not inside work: nothing */
	works = 0;
	what = AGAIN_TWICE;
	iom_vfu_kick(v);
	iom_vfu_step(v, -1);
	iom_vfu_step(v, -1);
	iom_vfu_step(v, -1);
	iom_vfu_step(v, 0);
	assert_int_equal(works, 3);
}

static void *kick_late(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < 200; i++)
		sched_yield();
	iom_vfu_kick(v);
	return NULL;
}

static void a_kick_wakes_the_socket_thread(void **state)
{
	pthread_t t;
	int i;

	(void)state;
	what = COUNT;
	for (i = 1; i <= 20; i++) {
		assert_int_equal(pthread_create(&t, NULL, kick_late, NULL), 0);
		while (works < (unsigned int)i)
			iom_vfu_step(v, -1);
		pthread_join(t, NULL);
	}
}

static bool region_read(void)
{
	struct vfio_user_region_access a = { 0, IOM_VFU_REGION_CONFIG, 4 };
	uint16_t id = vfu_client_send(&c, VFIO_USER_REGION_READ, 0, &a, sizeof(a), NULL, 0);
	struct vfu_client_msg m;

	return vfu_client_recv(&c, &m, 5000) && m.hdr.id == id &&
	       m.hdr.cmd == VFIO_USER_REGION_READ && !m.hdr.error;
}

/* The deadlock of linux guests, on one thread: registers first, then the DMA reply. */
static void *answer_late(void *arg)
{
	struct { struct vfio_user_hdr h; struct vfio_user_dma_access a; uint8_t data[8]; } r;
	bool *good = arg;
	struct vfu_client_msg m;

	if (!vfu_client_recv(&c, &m, 5000) || m.hdr.cmd != VFIO_USER_DMA_READ)
		return NULL;
	r.h = m.hdr;
	if (!region_read() || !region_read())
		return NULL;
	r.h.flags = VFIO_USER_TYPE_REPLY;
	r.h.size = sizeof(r);
	r.a = (struct vfio_user_dma_access){ PLAIN, 8 };
	memcpy(r.data, "whatisit", 8);
	*good = vfu_client_raw(&c, &r, sizeof(r), NULL, 0);
	return NULL;
}

static void registers_are_served_while_work_waits_for_a_message(void **state)
{
	bool good = false;
	pthread_t t;

	(void)state;
	what = READ_MESSAGE;
	iom_vfu_kick(v);
	assert_int_equal(pthread_create(&t, NULL, answer_late, &good), 0);
	while (!works)
		iom_vfu_step(v, -1);
	pthread_join(t, NULL);
	assert_true(good);
	assert_int_equal(rc_read, IOM_OK);
	assert_memory_equal(got, "whatisit", 8);
	assert_int_equal(dev.reads, 2);
}

static void *reset_instead(void *arg)
{
	bool *good = arg;
	struct vfu_client_msg m;
	uint16_t id;

	if (!vfu_client_recv(&c, &m, 5000))
		return NULL;
	id = vfu_client_send(&c, VFIO_USER_DEVICE_RESET, 0, NULL, 0, NULL, 0);
	*good = vfu_client_recv(&c, &m, 5000) && m.hdr.id == id && !m.hdr.error;
	return NULL;
}

static void *close_instead(void *arg)
{
	bool *good = arg;
	struct vfu_client_msg m;

	*good = vfu_client_recv(&c, &m, 5000);
	vfu_client_close(&c);
	return NULL;
}

static void a_reset_or_the_end_ends_the_wait(void **state)
{
	void *(*const client[])(void *) = { reset_instead, close_instead };
	bool good;
	pthread_t t;
	unsigned int i;

	(void)state;
	what = READ_MESSAGE;
	for (i = 0; i < 2; i++) {
		good = false;
		iom_vfu_kick(v);
		assert_int_equal(pthread_create(&t, NULL, client[i], &good), 0);
		while (works <= i)
			iom_vfu_step(v, -1);
		iom_vfu_step(v, 100);
		pthread_join(t, NULL);
		assert_true(good);
		assert_int_equal(rc_read, IOM_ENODEV);
	}
	assert_int_equal(dev.resets, 1);
	assert_int_equal(dev.closed, 1);
}

static void *read_then_release(void *arg)
{
	bool *good = arg;

	*good = region_read() && region_read();
	atomic_store(&pumped_enough, true);
	return NULL;
}

static void registers_are_served_while_work_pumps(void **state)
{
	bool good = false;
	pthread_t t;

	(void)state;
	what = PUMP;
	iom_vfu_kick(v);
	assert_int_equal(pthread_create(&t, NULL, read_then_release, &good), 0);
	while (!works)
		iom_vfu_step(v, -1);
	pthread_join(t, NULL);
	assert_true(good);
	assert_int_equal(works, 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_kick_is_followed_by_work),
		T(a_kick_wakes_the_socket_thread),
		T(registers_are_served_while_work_waits_for_a_message),
		T(a_reset_or_the_end_ends_the_wait),
		T(registers_are_served_while_work_pumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
