/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages that QEMU 11.1.3's client was seen to send, byte for byte and
 * in the order of a connection, and what a server must answer.
 */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <iom/host/host.h>

#include "lib/test.h"
#include "lib/vfu_client.h"

static struct vfu_dev dev;
static struct iom_vfu *v;
static struct vfu_client c;

static int setup(void **state)
{
	struct iom_vfu_cfg cfg;

	(void)state;
	vfu_dev_init(&dev, &cfg);
	assert_int_equal(iom_vfu_create(&cfg, &v), IOM_OK);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	iom_vfu_destroy(v);
	vfu_client_close(&c);
	return 0;
}

static void steps(unsigned int n)
{
	while (n--)
		iom_vfu_step(v, 0);
}

static bool silent(void)
{
	struct pollfd p = { .fd = c.fd, .events = POLLIN };

	steps(3);
	return !poll(&p, 1, 0);
}

struct captured {
	const char *what;
	uint16_t cmd;
	uint32_t size, flags;
	const char *payload;		/* hex */
	int nr_fds;			/* 1: an eventfd or memory */
	uint32_t reply_size;		/* 0: none; all of them without error */
	const char *reply;		/* hex of the payload's start */
};

/* In the order of a connection; sizes and payloads as they were on the wire. */
static const struct captured captured[] = {
	{ "DMA_MAP low RAM", 2, 48, 0,
	  "2000000003000000" "0000000000000000" "0000000000000000" "00000a0000000000", 1, 16, "" },
	{ "DMA_MAP ROM, no fd", 2, 48, 0,
	  "2000000001000000" "0000000000000000" "0000fcff00000000" "0000040000000000", 0, 16, "" },
	{ "DMA_MAP of what is unmapped below", 2, 48, 0,
	  "2000000003000000" "0000000000000000" "00000c0000000000" "0000f40f00000000", 1, 16, "" },
	{ "GET_INFO", 4, 32, 0, "10000000000000000000000000000000", 0, 32,
	  "10000000" "03000000" "09000000" "05000000" },
	{ "GET_REGION_INFO index 7", 5, 48, 0,
	  "2000000000000000070000000000000000000000000000000000000000000000", 0, 48,
	  "20000000" "03000000" "07000000" "00000000" "0001000000000000" },
	{ "GET_IRQ_INFO index 3", 7, 32, 0, "10000000000000000300000000000000", 0, 32,
	  "10000000" "09000000" "03000000" "01000000" },
	{ "REGION_READ config 0, 256", 9, 32, 0, "00000000000000000700000000010000", 0, 288,
	  "00000000000000000700000000010000" "f41a5710" },
	{ "REGION_WRITE config 0x30", 10, 36, 0,
	  "3000000000000000070000000400000000f8ffff", 0, 32,
	  "30000000000000000700000004000000" },
	{ "SET_IRQS INTx, 1 fd", 8, 36, 0,
	  "1400000024000000000000000000000001000000", 1, 16, "" },
	{ "SET_IRQS disable INTx", 8, 36, 0,
	  "1400000021000000000000000000000000000000", 0, 16, "" },
	{ "DEVICE_RESET", 13, 16, 0, "", 0, 16, "" },
	{ "BAR1 write 4 bytes at 0x104", 10, 36, 0x10,
	  "0401000000000000010000000400000041000000", 0, 0, "" },
	{ "BAR1 read 8 bytes at 0x208", 9, 32, 0, "08020000000000000100000008000000", 0, 40,
	  "08020000000000000100000008000000" "efbeaddeefbeadde" },
	{ "SET_IRQS MSI-X vector 0, no fd", 8, 36, 0,
	  "1400000024000000020000000000000001000000", 0, 16, "" },
	{ "DMA_UNMAP", 3, 40, 0, "180000000000000000000c00000000000000f40f00000000", 0, 40,
	  "180000000000000000000c00000000000000f40f00000000" },
};

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;
	unsigned int byte;

	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[n++] = (uint8_t)byte;
	}
	return n;
}

static void replay_one(const struct captured *p, uint16_t id, struct iom_host_memfd *mem)
{
	uint8_t bytes[128], want[128];
	struct vfio_user_hdr hdr = { id, p->cmd, p->size, p->flags, 0 };
	struct vfu_client_msg m;
	int fd = p->cmd == 8 ? eventfd(0, EFD_NONBLOCK) : mem->fd;
	size_t n;

	memcpy(bytes, &hdr, 16);
	n = 16 + from_hex(p->payload, bytes + 16);
	if (n != p->size)
		fail_msg("%s: vector has %zu bytes", p->what, n);
	assert_true(vfu_client_raw(&c, bytes, n, &fd, (unsigned int)p->nr_fds));
	if (p->cmd == 8)
		close(fd);
	steps(2);
	if (!p->reply_size) {
		assert_true(silent());
		return;
	}
	if (!vfu_client_recv(&c, &m, 100))
		fail_msg("%s: no reply", p->what);
	hdr.flags = 1;
	hdr.size = p->reply_size;
	if (memcmp(&hdr, &m.hdr, 16))
		fail_msg("%s: reply has flags 0x%x, size %u, error %u", p->what, m.hdr.flags,
			 m.hdr.size, m.hdr.error);
	n = from_hex(p->reply, want);
	assert_true(n <= m.len);
	if (memcmp(want, m.data, n))
		fail_msg("%s: other payload", p->what);
}

static void captured_messages_byte_for_byte(void **state)
{
	struct iom_host_memfd mem;
	unsigned int i;

	(void)state;
	assert_int_equal(iom_host_memfd_init(&mem, "mem", 512u << 20), IOM_OK);
	memcpy(dev.config, "\xf4\x1a\x57\x10", 4);
	memcpy(dev.bar + 0x208, "\xef\xbe\xad\xde\xef\xbe\xad\xde", 8);
	for (i = 0; i < IOM_ARRAY_SIZE(captured); i++)
		replay_one(&captured[i], (uint16_t)i, &mem);
	assert_int_equal(dev.resets, 1);
	assert_memory_equal(dev.bar + 0x104, "\x41\0\0\0", 4);
	assert_memory_equal(dev.config + 0x30, "\0\xf8\xff\xff", 4);
	iom_host_memfd_fini(&mem);
}

/* The same, cut into single bytes: the stream has no boundaries of its own. */
static void messages_in_single_bytes(void **state)
{
	struct { struct vfio_user_hdr h; struct vfio_user_dma_map m; } msg = {
		{ 9, VFIO_USER_DMA_MAP, 48, 0, 0 }, { 32, 3, 0, 0x4000, 0x1000 } };
	const uint8_t *p = (const uint8_t *)&msg;
	struct iom_gmem *g = iom_vfu_gmem(v, 0);
	struct vfu_client_msg m;
	struct iom_host_memfd ram;
	uint64_t val;
	size_t i;

	(void)state;
	assert_int_equal(iom_host_memfd_init(&ram, "ram", 8192), IOM_OK);
	*(uint8_t *)ram.mem = 0x5a;
	for (i = 0; i < 48; i++) {
		assert_true(vfu_client_raw(&c, p + i, 1, &ram.fd, i == 0));
		steps(1);
	}
	assert_true(vfu_client_recv(&c, &m, 100));
	assert_int_equal(m.hdr.error, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	assert_int_equal(iom_gmem_load(g, 0x4000, 8, &val), IOM_OK);
	assert_int_equal(val, 0x5a);
	iom_gmem_end(g);
	iom_host_memfd_fini(&ram);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(captured_messages_byte_for_byte),
		T(messages_in_single_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
