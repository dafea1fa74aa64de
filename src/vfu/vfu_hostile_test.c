/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * U14, a hostile client: whatever bytes and descriptors it sends, in whatever
 * pieces, the server answers with the protocol's error or closes, serves the
 * next client, and leaves no descriptor, no mapping and no access outside the
 * regions behind.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iom/host/host.h>

#include "lib/test.h"
#include "lib/vfu_client.h"

static struct vfu_dev dev;
static struct iom_vfu *v;
static struct vfu_client c;
static struct iom_host_memfd ram;
static struct test_rng rng;

static int setup(void **state)
{
	struct iom_vfu_cfg cfg;

	(void)state;
	vfu_dev_init(&dev, &cfg);
	assert_int_equal(iom_vfu_create(&cfg, &v), IOM_OK);
	assert_int_equal(iom_host_memfd_init(&ram, "ram", 1u << 20), IOM_OK);
	vfu_client_open(&c, v);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	iom_vfu_destroy(v);
	vfu_client_close(&c);
	iom_host_memfd_fini(&ram);
	return 0;
}

static void steps(unsigned int n)
{
	while (n--)
		iom_vfu_step(v, 0);
}

static void reconnect(void)
{
	vfu_client_close(&c);
	steps(3);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
}

static unsigned int count_maps(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned int n = 0;
	char line[512];

	while (fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:ram") != NULL;
	fclose(f);
	return n;
}

/* --- the version ---------------------------------------------------------- */

static void nothing_works_before_the_version(void **state)
{
	struct vfio_user_dma_map map = { sizeof(map), 3, 0, 0, 0x1000 };
	unsigned int cmd;

	(void)state;
	for (cmd = 2; cmd < 14; cmd++) {
		if (cmd == VFIO_USER_DMA_READ || cmd == VFIO_USER_DMA_WRITE)
			continue;
		vfu_client_expect(&c, v, cmd, &map, sizeof(map), NULL, 0, 22);
	}
	assert_int_equal(dev.reads + dev.writes + dev.resets + dev.memory_changes, 0);
	assert_int_equal(iom_gmem_begin(iom_vfu_gmem(v, 0)), IOM_ENODEV);
	vfu_client_version(&c, v);
	vfu_client_expect(&c, v, VFIO_USER_VERSION, "\0\0\0\0{}", 7, NULL, 0, 22);
}

/* A version that cannot be agreed on: an error reply, then the end. */
static void bad_versions_close(void **state)
{
	static const char *const texts[] = {
		"", "x", "[]", "{", "{}}", "3", "{\"capabilities\":3}", "{\"capabilities\":[]}",
		"{\"capabilities\":{\"max_data_xfer_size\":0}}",
		"{\"capabilities\":{\"max_data_xfer_size\":-1}}",
		"{\"capabilities\":{\"max_data_xfer_size\":\"big\"}}",
		"{\"capabilities\":{\"max_data_xfer_size\":1e9}}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	};
	uint8_t req[256] = { 0 };
	struct vfu_client_msg m;
	size_t i, len;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(texts) + 2; i++) {
		memset(req, 0, sizeof(req));
		len = i < IOM_ARRAY_SIZE(texts) ? strlen(texts[i]) + 1 : 3;
		memcpy(req + 4, i < IOM_ARRAY_SIZE(texts) ? texts[i] : "{}", len);
		if (i == IOM_ARRAY_SIZE(texts))
			req[0] = 1;			/* major 1 */
		if (i == IOM_ARRAY_SIZE(texts) + 1)
			len = 2;			/* no NUL */
		vfu_client_send(&c, VFIO_USER_VERSION, 0, req, 4 + len, NULL, 0);
		steps(3);
		assert_true(vfu_client_recv(&c, &m, 100));
		assert_int_equal(m.hdr.flags, 0x21);
		assert_int_equal(m.hdr.size, 16);
		if (!vfu_client_closed(&c, 100))
			fail_msg("version text %zu: not closed", i);
		vfu_client_close(&c);
		steps(2);
		vfu_client_open(&c, v);
	}
	vfu_client_version(&c, v);
}

/* --- framing -------------------------------------------------------------- */

static void a_size_below_the_header_closes(void **state)
{
	struct vfio_user_hdr hdr = { 1, 4, 15, 0, 0 };

	(void)state;
	vfu_client_version(&c, v);
	assert_true(vfu_client_raw(&c, &hdr, sizeof(hdr), NULL, 0));
	steps(2);
	assert_true(vfu_client_closed(&c, 100));
	assert_int_equal(dev.closed, 1);
	reconnect();
}

/* Larger than anything allowed: E2BIG, drained to its end, and the next one is found. */
static void an_oversize_message_is_drained(void **state)
{
	static uint8_t junk[65536];
	struct vfio_user_hdr hdr = { 77, VFIO_USER_REGION_WRITE, 0, 0, 0 };
	struct vfio_user_device_info info = { sizeof(info), 0, 0, 0 };
	size_t left = 3u << 20, n;
	struct vfu_client_msg m;

	(void)state;
	vfu_client_version(&c, v);
	memset(junk, 0xff, sizeof(junk));
	hdr.size = (uint32_t)(left + sizeof(hdr));
	assert_true(vfu_client_raw(&c, &hdr, sizeof(hdr), &ram.fd, 1));
	for (; left; left -= n) {
		n = left < sizeof(junk) ? left : sizeof(junk);
		assert_true(vfu_client_raw(&c, junk, n, NULL, 0));
		steps(2);
	}
	assert_true(vfu_client_recv(&c, &m, 100));
	assert_int_equal(m.hdr.id, 77);
	assert_int_equal(m.hdr.error, 7);
	assert_int_equal(m.hdr.size, 16);
	vfu_client_expect(&c, v, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0, 0);
	assert_int_equal(dev.writes, 0);
}

static void too_many_descriptors_close(void **state)
{
	int fds[20], i;
	unsigned int before;

	(void)state;
	vfu_client_version(&c, v);
	before = vfu_client_count_fds();
	for (i = 0; i < 20; i++)
		fds[i] = ram.fd;
	vfu_client_send(&c, VFIO_USER_DEVICE_SET_IRQS, 0, NULL, 0, fds, 20);
	steps(2);
	assert_true(vfu_client_closed(&c, 100));
	assert_int_equal(vfu_client_count_fds(), before - 1);
	reconnect();
	/* The same in pieces of one message. */
	assert_true(vfu_client_raw(&c, "\0\0\0\0\x30\0\0", 7, fds, 10));
	steps(1);
	assert_true(vfu_client_raw(&c, "\0", 1, fds, 10));
	steps(2);
	assert_true(vfu_client_closed(&c, 100));
	assert_int_equal(vfu_client_count_fds(), before - 1);
	reconnect();
}

/* A client that never reads: the server stops reading from it, and blocks nowhere. */
static void a_client_that_does_not_read(void **state)
{
	struct vfio_user_region_access a = { 0, 1, 4096 };
	struct { struct vfio_user_hdr h; struct vfio_user_region_access a; } msg = {
		{ 0, VFIO_USER_REGION_READ, 32, 0, 0 }, a };
	unsigned int i, last;

	(void)state;
	vfu_client_version(&c, v);
	for (i = 0, last = 1; last != dev.reads || i < 1000; i++) {
		last = dev.reads;
		if (send(c.fd, &msg, sizeof(msg), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && i > 1000)
			break;
		iom_vfu_step(v, 0);
		assert_true(i < 100000);
	}
	assert_in_range(dev.reads, 40, 2000);
	reconnect();
}

static void a_second_conversation_after_each_end(void **state)
{
	unsigned int before = 0, i;

	(void)state;
	vfu_client_version(&c, v);
	for (i = 0; i < 300; i++) {
		vfu_client_map(&c, v, 0, 1u << 20, 0, 3, ram.fd, 0);
		reconnect();
		if (!before)
			before = vfu_client_count_fds();
	}
	assert_int_equal(vfu_client_count_fds(), before);
	assert_int_equal(count_maps(), 1);
	assert_int_equal(dev.opened, 301);
	assert_int_equal(dev.closed, 300);
}

static void number_of_maps_is_bounded(void **state)
{
	unsigned int i;

	(void)state;
	vfu_client_version(&c, v);
	for (i = 0; i < 4096; i++)
		vfu_client_map(&c, v, (uint64_t)i * 0x2000, 0x1000, 0, 3, -1, 0);
	vfu_client_map(&c, v, (uint64_t)i * 0x2000, 0x1000, 0, 3, -1, 28);
	vfu_client_unmap(&c, v, 0x2000, 0x1000, 0);
	vfu_client_map(&c, v, 0x2000, 0x1000, 0, 3, -1, 0);
}

/* --- random --------------------------------------------------------------- */

static uint32_t any32(void)
{
	return test_rng_below(&rng, 3) ? (uint32_t)test_rng_below(&rng, 20) :
	       (uint32_t)test_rng_edgy(&rng);
}

/* A message that is nearly right: the more interesting half of all. */
static size_t make_message(uint8_t *buf)
{
	struct vfio_user_hdr hdr = {
		.id = (uint16_t)test_rng_u64(&rng),
		.cmd = (uint16_t)test_rng_below(&rng, 20),
		.flags = test_rng_below(&rng, 8) ? 0 : any32(),
	};
	size_t len = test_rng_below(&rng, 6) * 8 + test_rng_below(&rng, 4) * 4, i;
	uint32_t word;

	if (!test_rng_below(&rng, 4))
		hdr.cmd = VFIO_USER_DMA_MAP;
	if (hdr.cmd == VFIO_USER_VERSION && test_rng_below(&rng, 10))
		hdr.cmd = VFIO_USER_DMA_UNMAP;
	for (i = 0; i < len; i += 4) {
		word = any32();
		if (test_rng_below(&rng, 2))
			word <<= 12;
		memcpy(buf + sizeof(hdr) + i, &word, 4);
	}
	if (test_rng_below(&rng, 2) && len >= 4) {
		word = (uint32_t)len;			/* argsz */
		memcpy(buf + sizeof(hdr), &word, 4);
	}
	hdr.size = (uint32_t)(sizeof(hdr) + len);
	if (!test_rng_below(&rng, 300))
		hdr.size = any32();
	memcpy(buf, &hdr, sizeof(hdr));
	return sizeof(hdr) + len;
}

static void drop_input(void)
{
	char buf[65536];

	while (recv(c.fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

static void random_messages_change_nothing_outside(void **state)
{
	struct vfio_user_device_info info = { sizeof(info), 0, 0, 0 };
	unsigned int before = vfu_client_count_fds(), step, nr_fds, i;
	uint8_t buf[256];
	int fds[4];
	size_t len, cut;

	(void)state;
	vfu_client_version(&c, v);
	for (step = 0; step < 20000; step++) {
		len = make_message(buf);
		nr_fds = test_rng_below(&rng, 3) ? 0 : (unsigned int)test_rng_below(&rng, 4);
		for (i = 0; i < nr_fds; i++)
			fds[i] = test_rng_below(&rng, 2) ? ram.fd : eventfd(0, 0);
		cut = test_rng_below(&rng, 4) ? len : test_rng_below(&rng, len) + 1;
		(void)vfu_client_raw(&c, buf, cut, fds, nr_fds);
		for (i = 0; i < nr_fds; i++) {
			if (fds[i] != ram.fd)
				close(fds[i]);
		}
		iom_vfu_step(v, 0);
		if (cut < len)
			(void)vfu_client_raw(&c, buf + cut, len - cut, NULL, 0);
		iom_vfu_step(v, 0);
		drop_input();
		if (!(step % 100) || vfu_client_closed(&c, 0)) {
			reconnect();
			vfu_client_expect(&c, v, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info),
					  NULL, 0, 0);
		}
	}
	reconnect();
	assert_int_equal(vfu_client_count_fds(), before);
	assert_int_equal(count_maps(), 1);
}

/* Each end of a connection waits for the bracket, in a ring that has an end too. */
static void clients_that_come_and_go(void **state)
{
	struct iom_gmem *g = iom_vfu_gmem(v, 0);
	unsigned int ends;
	int fd[2];

	(void)state;
	vfu_client_version(&c, v);
	vfu_client_map(&c, v, 0, 1u << 20, 0, 3, ram.fd, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	for (ends = 0; ends < 200; ends++) {
		vfu_client_close(&c);
		steps(3);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
		c.fd = fd[0];
		if (iom_vfu_adopt(v, fd[1]))
			break;
	}
	assert_true(ends > 2 && ends < 64);
	vfu_client_close(&c);
	close(fd[1]);
	assert_int_equal(count_maps(), 2);
	iom_gmem_end(g);
	steps(3);
	assert_int_equal(count_maps(), 1);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
}

static int seed(void **state)
{
	(void)state;
	test_rng_init(&rng);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nothing_works_before_the_version),
		T(bad_versions_close),
		T(a_size_below_the_header_closes),
		T(an_oversize_message_is_drained),
		T(too_many_descriptors_close),
		T(a_client_that_does_not_read),
		T(a_second_conversation_after_each_end),
		T(number_of_maps_is_bounded),
		T(clients_that_come_and_go),
		T(random_messages_change_nothing_outside),
	};

	return cmocka_run_group_tests(tests, seed, NULL);
}
