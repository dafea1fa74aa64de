/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory as workers see it, with a worker thread in a bracket and this
 * thread as client and socket thread in turn:
 * - U7, U12: memory without descriptor goes by messages of the right layout;
 * - region accesses are answered while such a message is out;
 * - DMA_UNMAP, DEVICE_RESET and the end of bus mastering are answered after the
 *   brackets begun before, and these end in bounded time whatever the client does.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iom/host/host.h>

#include "lib/test.h"
#include "lib/vfu_client.h"

#define RAM		(1u << 20)
#define SHARED		UINT64_C(0x100000)
#define PLAIN		UINT64_C(0x40000000)	/* 4 MiB by message */
#define TIMEOUT_MS	300u

static struct vfu_dev dev;
static struct iom_vfu *v;
static struct vfu_client c;
static struct iom_host_memfd ram;

static int setup(void **state)
{
	struct iom_vfu_cfg cfg;

	(void)state;
	vfu_dev_init(&dev, &cfg);
	cfg.dma_timeout_ms = TIMEOUT_MS;
	assert_int_equal(iom_vfu_create(&cfg, &v), IOM_OK);
	assert_int_equal(iom_host_memfd_init(&ram, "ram", RAM), IOM_OK);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
	vfu_client_map(&c, v, SHARED, RAM, 0, 3, ram.fd, 0);
	vfu_client_map(&c, v, PLAIN, 4u << 20, 0, 3, -1, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	iom_vfu_destroy(v);
	if (c.fd >= 0)
		vfu_client_close(&c);
	iom_host_memfd_fini(&ram);
	return 0;
}

static uint64_t now_ms(void)
{
	struct iom_plat *p = iom_host_plat();

	return p->ops.now_ns(p) / 1000000;
}

/* --- a worker that does one thing in a bracket ---------------------------- */

enum what { READ, WRITE, LOAD, STORE, NOTHING, PIN_THEN_READ, READ_THEN_READ };

struct worker {
	pthread_t t;
	struct iom_gmem *g;
	enum what what;
	uint64_t addr;
	uint8_t *buf;
	size_t len;
	uint64_t val;
	int rc, rc2;
	atomic_bool begun, may_end, done;
};

static int access_memory(struct worker *w)
{
	void *ptr;
	size_t got;

	switch (w->what) {
	case READ:
	case READ_THEN_READ:
		return iom_gmem_read(w->g, w->addr, w->buf, w->len);
	case WRITE:
		return iom_gmem_write(w->g, w->addr, w->buf, w->len);
	case LOAD:
		return iom_gmem_load(w->g, w->addr, (unsigned int)w->len, &w->val);
	case STORE:
		return iom_gmem_store(w->g, w->addr, (unsigned int)w->len, w->val);
	case PIN_THEN_READ:
		w->rc2 = iom_gmem_map(w->g, SHARED, 16, IOM_ACCESS_WRITE, &ptr, &got);
		return iom_gmem_read(w->g, w->addr, w->buf, w->len);
	case NOTHING:
		break;
	}
	return IOM_OK;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint8_t byte;

	w->rc = iom_gmem_begin(w->g);
	atomic_store(&w->begun, true);
	if (!w->rc) {
		w->rc = access_memory(w);
		while (!atomic_load(&w->may_end))
			sched_yield();
		if (w->what == READ_THEN_READ)
			w->rc2 = iom_gmem_read(w->g, SHARED, &byte, 1);
		iom_gmem_end(w->g);
	}
	atomic_store(&w->done, true);
	return NULL;
}

static void start(struct worker *w, enum what what, uint64_t addr, void *buf, size_t len)
{
	w->g = iom_vfu_gmem(v, 0);
	w->what = what;
	w->addr = addr;
	w->buf = buf;
	w->len = len;
	w->rc2 = 1;
	atomic_store(&w->begun, false);
	atomic_store(&w->done, false);
	assert_int_equal(pthread_create(&w->t, NULL, work, w), 0);
	while (!atomic_load(&w->begun))
		sched_yield();
}

static int finish(struct worker *w)
{
	atomic_store(&w->may_end, true);
	while (!atomic_load(&w->done))
		iom_vfu_step(v, 1);
	pthread_join(w->t, NULL);
	iom_vfu_step(v, 0);
	return w->rc;
}

/* The next message, with the server stepping meanwhile. */
static bool receive(struct vfu_client_msg *m, int ms)
{
	struct pollfd p = { .fd = c.fd, .events = POLLIN };
	uint64_t end = now_ms() + (uint64_t)ms;

	while (!poll(&p, 1, 0)) {
		if (now_ms() >= end)
			return false;
		iom_vfu_step(v, 1);
	}
	return vfu_client_recv(&c, m, 1000);
}

static void expect_dma(struct vfu_client_msg *m, unsigned int cmd, uint64_t addr, uint64_t count)
{
	struct vfio_user_dma_access a;

	assert_true(receive(m, 2000));
	assert_int_equal(m->hdr.cmd, cmd);
	assert_int_equal(m->hdr.flags, 0);
	assert_int_equal(m->hdr.error, 0);
	assert_int_equal(m->len, 16 + (cmd == VFIO_USER_DMA_WRITE ? count : 0));
	memcpy(&a, m->data, sizeof(a));
	assert_true(a.addr == addr && a.count == count);
}

static void answer(const struct vfu_client_msg *cmd, uint64_t count, const void *data, size_t len,
		   uint32_t error)
{
	static uint8_t buf[VFU_CLIENT_MAX];
	struct vfio_user_hdr hdr = cmd->hdr;
	struct vfio_user_dma_access a = { 0, count };

	hdr.flags = VFIO_USER_TYPE_REPLY | (error ? VFIO_USER_F_ERROR : 0);
	hdr.error = error;
	hdr.size = (uint32_t)(sizeof(hdr) + (error ? 0 : sizeof(a) + len));
	memcpy(buf, &hdr, sizeof(hdr));
	memcpy(buf + sizeof(hdr), &a, sizeof(a));
	if (len)
		memcpy(buf + sizeof(hdr) + sizeof(a), data, len);
	/* A large reply may fill the socket: let the server read in between. */
	for (size_t at = 0, n; at < hdr.size; at += n) {
		n = hdr.size - at < 65536 ? hdr.size - at : 65536;
		assert_true(vfu_client_raw(&c, buf + at, n, NULL, 0));
		iom_vfu_step(v, 0);
	}
}

static void region_read_is_answered(void)
{
	struct vfio_user_region_access a = { 0, IOM_VFU_REGION_CONFIG, 4 };

	vfu_client_expect(&c, v, VFIO_USER_REGION_READ, &a, sizeof(a), NULL, 0, 0);
}

/* --- messages ------------------------------------------------------------- */

/* U7, U12: 2.5 MiB in pieces of max_data_xfer_size; region accesses in between. */
static void u7_u12_reads_by_message_in_pieces(void **state)
{
	static uint8_t want[5u << 19], got[5u << 19];
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	struct test_rng rng;
	size_t at, n;

	(void)state;
	test_rng_init(&rng);
	test_rng_fill(&rng, want, sizeof(want));
	start(&w, READ, PLAIN + 0x123, got, sizeof(want));
	for (at = 0; at < sizeof(want); at += n) {
		n = sizeof(want) - at < 1u << 20 ? sizeof(want) - at : 1u << 20;
		expect_dma(&m, VFIO_USER_DMA_READ, PLAIN + 0x123 + at, n);
		region_read_is_answered();
		answer(&m, n, want + at, n, 0);
	}
	assert_int_equal(finish(&w), IOM_OK);
	assert_memory_equal(got, want, sizeof(want));
}

static void u7_u12_writes_by_message(void **state)
{
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	uint8_t buf[100];

	(void)state;
	memset(buf, 0x3c, sizeof(buf));
	start(&w, WRITE, PLAIN + 5, buf, sizeof(buf));
	expect_dma(&m, VFIO_USER_DMA_WRITE, PLAIN + 5, 100);
	assert_memory_equal(m.data + 16, buf, 100);
	region_read_is_answered();
	answer(&m, 100, NULL, 0, 0);
	assert_int_equal(finish(&w), IOM_OK);
}

/* One read over shared memory and memory by message, side by side. */
static void access_crosses_kinds_of_memory(void **state)
{
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	uint8_t buf[32], tail[16];

	(void)state;
	vfu_client_map(&c, v, SHARED + RAM, 0x1000, 0, 3, -1, 0);
	memset((uint8_t *)ram.mem + RAM - 16, 0x11, 16);
	memset(tail, 0x22, 16);
	start(&w, READ, SHARED + RAM - 16, buf, 32);
	expect_dma(&m, VFIO_USER_DMA_READ, SHARED + RAM, 16);
	answer(&m, 16, tail, 16, 0);
	assert_int_equal(finish(&w), IOM_OK);
	assert_int_equal(buf[15], 0x11);
	assert_int_equal(buf[16], 0x22);
}

static void loads_and_stores_by_message(void **state)
{
	static const unsigned int sizes[] = { 2, 4, 8 };
	struct worker w = { .may_end = true };
	struct iom_gmem *g = iom_vfu_gmem(v, 1);
	struct vfu_client_msg m;
	uint64_t old = 0;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		start(&w, LOAD, PLAIN + 8, NULL, sizes[i]);
		expect_dma(&m, VFIO_USER_DMA_READ, PLAIN + 8, sizes[i]);
		answer(&m, sizes[i], "\x01\x02\x03\x04\x05\x06\x07\x08", sizes[i], 0);
		assert_int_equal(finish(&w), IOM_OK);
		assert_true(w.val == (0x0807060504030201 & (UINT64_MAX >> (64 - 8 * sizes[i]))));
		start(&w, STORE, PLAIN + 16, NULL, sizes[i]);
		expect_dma(&m, VFIO_USER_DMA_WRITE, PLAIN + 16, sizes[i]);
		assert_memory_equal(m.data + 16, "\x01\x02\x03\x04\x05\x06\x07\x08", sizes[i]);
		answer(&m, sizes[i], NULL, 0, 0);
		assert_int_equal(finish(&w), IOM_OK);
	}
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	assert_int_equal(g->ops.cas64(g, PLAIN, &old, 1), IOM_EOPNOTSUPP);
	iom_gmem_end(g);
}

static void errors_of_the_client_are_told_apart(void **state)
{
	static const struct { uint32_t error; int rc; } table[] = {
		{ ENODEV, IOM_ENODEV }, { EFAULT, IOM_EFAULT }, { EACCES, IOM_EACCES },
		{ EPERM, IOM_EACCES }, { EINVAL, IOM_EIO }, { 0xffffffff, IOM_EIO },
	};
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	uint8_t buf[16];
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(table); i++) {
		start(&w, READ, PLAIN, buf, 16);
		expect_dma(&m, VFIO_USER_DMA_READ, PLAIN, 16);
		answer(&m, 0, NULL, 0, table[i].error);
		assert_int_equal(finish(&w), table[i].rc);
	}
}

/* Replies that do not fit their command: refused, nothing is written to the buffer. */
static void replies_are_checked(void **state)
{
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	uint8_t buf[16], data[64];
	int i;

	(void)state;
	memset(data, 0xff, sizeof(data));
	for (i = 0; i < 5; i++) {
		memset(buf, 0, sizeof(buf));
		start(&w, READ, PLAIN, buf, 16);
		expect_dma(&m, VFIO_USER_DMA_READ, PLAIN, 16);
		if (i == 0) {
			answer(&m, 16, data, 8, 0);		/* too short */
		} else if (i == 1) {
			answer(&m, 17, data, 17, 0);		/* too long */
		} else if (i == 2) {
			answer(&m, 8, data, 16, 0);		/* another count */
		} else if (i == 3) {
			answer(&m, UINT64_C(1) << 32 | 16, data, 16, 0);	/* U12: 64 bits */
		} else {
			m.hdr.cmd = VFIO_USER_DMA_WRITE;
			answer(&m, 16, NULL, 0, 0);
		}
		assert_int_equal(finish(&w), IOM_EIO);
		assert_int_equal(buf[0], 0);
	}
}

static void silence_is_an_error_and_late_replies_are_dropped(void **state)
{
	struct worker w = { .may_end = true };
	struct vfu_client_msg m, late;
	uint64_t t0 = now_ms(), took;
	struct iom_vfu_stats st;
	uint8_t buf[16] = { 0 };

	(void)state;
	start(&w, READ, PLAIN, buf, 16);
	expect_dma(&late, VFIO_USER_DMA_READ, PLAIN, 16);
	assert_int_equal(finish(&w), IOM_EIO);
	took = now_ms() - t0;
	assert_in_range(took, TIMEOUT_MS - 1, TIMEOUT_MS + 2000);
	/* The late reply comes while the next read waits: it is not taken for its. */
	start(&w, READ, PLAIN + 64, buf, 16);
	expect_dma(&m, VFIO_USER_DMA_READ, PLAIN + 64, 16);
	assert_int_not_equal(m.hdr.id, late.hdr.id);
	answer(&late, 16, "LATELATELATELATE", 16, 0);
	answer(&m, 16, "goodgoodgoodgood", 16, 0);
	assert_int_equal(finish(&w), IOM_OK);
	assert_memory_equal(buf, "goodgood", 8);
	iom_vfu_stats(v, &st);
	assert_int_equal(st.dma_timeouts, 1);
}

static void read_only_memory_sends_no_message(void **state)
{
	struct iom_gmem *g = iom_vfu_gmem(v, 0);
	struct vfu_client_msg m;

	(void)state;
	vfu_client_map(&c, v, 0xfffc0000, 0x40000, 0, 1, -1, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	assert_int_equal(iom_gmem_write(g, 0xfffc0000, "x", 1), IOM_EACCES);
	assert_int_equal(iom_gmem_store(g, 0xfffc0000, 4, 1), IOM_EACCES);
	iom_gmem_end(g);
	assert_false(receive(&m, 10));
}

/* A doorbell: whatever is mapped there, and without waiting. */
static void post_does_not_wait(void **state)
{
	struct vfu_client_msg m;

	(void)state;
	assert_int_equal(iom_vfu_post(v, 0x8020040, "\x01\x02\x03\x04", 4), IOM_OK);
	expect_dma(&m, VFIO_USER_DMA_WRITE, 0x8020040, 4);
	assert_memory_equal(m.data + 16, "\x01\x02\x03\x04", 4);
	answer(&m, 4, NULL, 0, 0);
	answer(&m, 0, NULL, 0, ENODEV);
	region_read_is_answered();
	vfu_client_close(&c);
	iom_vfu_step(v, 100);
	assert_int_equal(iom_vfu_post(v, 0x8020040, "", 1), IOM_ENODEV);
}

/* --- what waits for brackets ---------------------------------------------- */

static uint16_t send_unmap(uint64_t addr, uint64_t size)
{
	struct vfio_user_dma_unmap req = { sizeof(req), 0, addr, size };

	return vfu_client_send(&c, VFIO_USER_DMA_UNMAP, 0, &req, sizeof(req), NULL, 0);
}

static void expect_reply(uint16_t id, unsigned int cmd)
{
	struct vfu_client_msg m;

	assert_true(receive(&m, 3000));
	assert_int_equal(m.hdr.id, id);
	assert_int_equal(m.hdr.cmd, cmd);
	assert_int_equal(m.hdr.error, 0);
}

/* The bracket is open: no reply. It ends: reply. Everything else goes on meanwhile. */
static void unmap_waits_for_the_open_bracket(void **state)
{
	struct iom_gmem *other = iom_vfu_gmem(v, 1);
	struct worker w = { .may_end = false };
	struct vfu_client_msg m;
	struct iom_vfu_stats st;
	uint16_t id;
	uint8_t byte;

	(void)state;
	start(&w, NOTHING, 0, NULL, 0);
	id = send_unmap(SHARED, RAM);
	assert_false(receive(&m, 50));
	region_read_is_answered();
	/* A bracket begun after the unmap does not see the memory, nor hold it up. */
	assert_int_equal(iom_gmem_begin(other), IOM_OK);
	assert_int_equal(iom_gmem_read(other, SHARED, &byte, 1), IOM_EFAULT);
	/* The same range can be mapped again at once. */
	vfu_client_map(&c, v, SHARED, RAM, 0, 3, ram.fd, 0);
	assert_false(receive(&m, 20));
	atomic_store(&w.may_end, true);
	expect_reply(id, VFIO_USER_DMA_UNMAP);
	iom_gmem_end(other);
	assert_int_equal(finish(&w), IOM_OK);
	iom_vfu_stats(v, &st);
	assert_true(st.deferred >= 1);
}

/*
 * The client answers DMA messages only after its unmap is answered (QEMU, under
 * its big lock): a bracket without pointers must not hold the unmap up.
 */
static void unmap_is_answered_while_a_message_is_out(void **state)
{
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	uint64_t t0 = now_ms();
	uint8_t buf[8];

	(void)state;
	start(&w, READ, PLAIN, buf, 8);
	expect_dma(&m, VFIO_USER_DMA_READ, PLAIN, 8);
	expect_reply(send_unmap(SHARED, RAM), VFIO_USER_DMA_UNMAP);
	assert_true(now_ms() - t0 < TIMEOUT_MS);
	answer(&m, 8, "12345678", 8, 0);
	assert_int_equal(finish(&w), IOM_OK);
}

/* With a pointer into shared memory it must, but not for ever. */
static void unmap_with_a_pointer_waits_a_bounded_time(void **state)
{
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	uint64_t t0 = now_ms(), took;
	uint8_t buf[8];
	uint16_t id;

	(void)state;
	start(&w, PIN_THEN_READ, PLAIN, buf, 8);
	expect_dma(&m, VFIO_USER_DMA_READ, PLAIN, 8);
	id = send_unmap(SHARED, RAM);
	assert_false(receive(&m, TIMEOUT_MS / 3));
	expect_reply(id, VFIO_USER_DMA_UNMAP);
	took = now_ms() - t0;
	assert_in_range(took, TIMEOUT_MS - 1, TIMEOUT_MS + 2000);
	assert_int_equal(finish(&w), IOM_EIO);
	assert_int_equal(w.rc2, IOM_OK);
}

/* A reset ends the wait, and the bracket can do nothing more; then it is answered. */
static void reset_cancels_brackets(void **state)
{
	struct worker w = { .may_end = false };
	struct vfu_client_msg m;
	uint8_t buf[8], byte;
	uint16_t id;

	(void)state;
	start(&w, READ_THEN_READ, PLAIN, buf, 8);
	expect_dma(&m, VFIO_USER_DMA_READ, PLAIN, 8);
	id = vfu_client_send(&c, VFIO_USER_DEVICE_RESET, 0, NULL, 0, NULL, 0);
	expect_reply(id, VFIO_USER_DEVICE_RESET);
	assert_int_equal(dev.resets, 1);
	answer(&m, 8, "12345678", 8, 0);
	assert_int_equal(finish(&w), IOM_ENODEV);
	assert_int_equal(w.rc2, IOM_ENODEV);	/* shared memory, too */
	/* The next bracket works. */
	assert_int_equal(iom_gmem_begin(w.g), IOM_OK);
	assert_int_equal(iom_gmem_read(w.g, SHARED, &byte, 1), IOM_OK);
	iom_gmem_end(w.g);
	/* Without a message: the reply waits for the end. */
	atomic_store(&w.may_end, false);
	start(&w, NOTHING, 0, NULL, 0);
	id = vfu_client_send(&c, VFIO_USER_DEVICE_RESET, 0, NULL, 0, NULL, 0);
	assert_false(receive(&m, 30));
	atomic_store(&w.may_end, true);
	expect_reply(id, VFIO_USER_DEVICE_RESET);
	finish(&w);
}

static void end_of_bus_mastering_waits_for_dma(void **state)
{
	struct { struct vfio_user_region_access a; uint8_t val; } off = { { 4, 7, 1 }, 0 };
	struct worker w = { .may_end = false };
	struct vfu_client_msg m;
	uint16_t id;

	(void)state;
	start(&w, NOTHING, 0, NULL, 0);
	id = vfu_client_send(&c, VFIO_USER_REGION_WRITE, 0, &off, 17, NULL, 0);
	assert_false(receive(&m, 30));
	region_read_is_answered();
	atomic_store(&w.may_end, true);
	expect_reply(id, VFIO_USER_REGION_WRITE);
	finish(&w);
	assert_int_equal(iom_gmem_begin(w.g), IOM_ENODEV);
}

static void disconnect_ends_the_wait(void **state)
{
	struct worker w = { .may_end = true };
	struct vfu_client_msg m;
	uint64_t t0 = now_ms();
	uint8_t buf[8];

	(void)state;
	start(&w, READ, PLAIN, buf, 8);
	expect_dma(&m, VFIO_USER_DMA_READ, PLAIN, 8);
	vfu_client_close(&c);
	assert_int_equal(finish(&w), IOM_ENODEV);
	assert_true(now_ms() - t0 < TIMEOUT_MS);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
}

/* A client that unmaps and maps without end while a bracket is open is slowed, not refused. */
static void a_full_ring_stops_the_stream(void **state)
{
	struct worker w = { .may_end = false };
	struct vfio_user_dma_map map = { sizeof(map), 3, 0, SHARED, RAM };
	struct vfu_client_msg m;
	uint16_t first, id = 0;
	unsigned int i, n = 0;

	(void)state;
	start(&w, NOTHING, 0, NULL, 0);
	first = send_unmap(SHARED, RAM);
	for (i = 0; i < 100; i++) {
		vfu_client_send(&c, VFIO_USER_DMA_MAP, 0, &map, sizeof(map), &ram.fd, 1);
		id = send_unmap(SHARED, RAM);
		iom_vfu_step(v, 0);
	}
	while (receive(&m, 30)) {
		assert_int_equal(m.hdr.cmd, VFIO_USER_DMA_MAP);
		n++;
	}
	assert_in_range(n, 20, 40);
	atomic_store(&w.may_end, true);
	for (; n < 201; n++) {
		assert_true(receive(&m, 2000));
		assert_int_equal(m.hdr.error, 0);
	}
	assert_int_equal(m.hdr.id, id);
	assert_int_not_equal(first, id);
	finish(&w);
}

/* --- memory that is taken away -------------------------------------------- */

static void truncated_memory_ends_the_connection_only(void **state)
{
	struct iom_gmem *g = iom_vfu_gmem(v, 0);
	struct iom_vfu_stats st;
	char path[] = "/tmp/iom-vfu-" "XX" "XX" "XX";
	uint8_t buf[0x3000];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	/* Here, since cmocka takes the signal before each test. */
	assert_int_equal(iom_vfu_sigbus_guard(), IOM_OK);
	assert_int_equal(ftruncate(fd, 0x8000), 0);
	vfu_client_map(&c, v, 0, 0x8000, 0, 3, fd, 0);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	memset(buf, 0xff, sizeof(buf));
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	assert_int_equal(iom_gmem_read(g, 0x800, buf, sizeof(buf)), IOM_OK);
	assert_int_equal(iom_gmem_store(g, 0x7ff8, 8, 5), IOM_OK);
	iom_gmem_end(g);
	assert_int_equal(buf[0x2fff], 0);
	iom_vfu_step(v, 0);
	assert_true(vfu_client_closed(&c, 100));
	assert_non_null(strstr(dev.note, "truncated"));
	iom_vfu_stats(v, &st);
	assert_int_equal(st.truncated, 4);	/* three read, one written */
	close(fd);
	vfu_client_close(&c);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
}

/* SIGBUS of anybody else's memory still ends the process. */
static void other_sigbus_is_not_swallowed(void **state)
{
	char path[] = "/tmp/iom-vfu-" "XX" "XX" "XX";
	int fd = mkstemp(path), status;
	volatile uint8_t *mem;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	mem = mmap(NULL, 0x1000, PROT_READ, MAP_SHARED, fd, 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	pid = fork();
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		alarm(5);
		_exit(iom_vfu_sigbus_guard() || iom_gmem_begin(iom_vfu_gmem(v, 0)) || mem[0]);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
	close(fd);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(u7_u12_reads_by_message_in_pieces),
		T(u7_u12_writes_by_message),
		T(access_crosses_kinds_of_memory),
		T(loads_and_stores_by_message),
		T(errors_of_the_client_are_told_apart),
		T(replies_are_checked),
		T(silence_is_an_error_and_late_replies_are_dropped),
		T(read_only_memory_sends_no_message),
		T(post_does_not_wait),
		T(unmap_waits_for_the_open_bracket),
		T(unmap_is_answered_while_a_message_is_out),
		T(unmap_with_a_pointer_waits_a_bounded_time),
		T(reset_cancels_brackets),
		T(end_of_bus_mastering_waits_for_dma),
		T(disconnect_ends_the_wait),
		T(a_full_ring_stops_the_stream),
		T(truncated_memory_ends_the_connection_only),
		T(other_sigbus_is_not_swallowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
