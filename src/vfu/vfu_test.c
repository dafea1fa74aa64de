/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocol rules U1 to U15 of a vfio-user server, one test each (U12 is in
 * vfu_dma_test.c). Server and client take turns on one thread, so an absent
 * reply is really absent.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <iom/host/host.h>

#include "lib/test.h"
#include "lib/vfu_client.h"

#define RAM (1u << 20)

static struct vfu_dev dev;
static struct iom_vfu *v;
static struct vfu_client c;
static struct iom_host_memfd ram;

static int setup(void **state)
{
	struct iom_vfu_cfg cfg;

	(void)state;
	vfu_dev_init(&dev, &cfg);
	assert_int_equal(iom_vfu_create(&cfg, &v), IOM_OK);
	assert_int_equal(iom_host_memfd_init(&ram, "ram", RAM), IOM_OK);
	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
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

static bool fired(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n);
}

static int new_eventfd(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void set_irqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
		     const int *fds, unsigned int nr_fds, uint32_t error)
{
	struct vfio_user_set_irqs req = { sizeof(req), flags, index, start, count };

	vfu_client_expect(&c, v, VFIO_USER_DEVICE_SET_IRQS, &req, sizeof(req), fds, nr_fds, error);
}

#define TRIGGER_FD	0x24u
#define TRIGGER_NONE	0x21u
#define UNMASK		0x11u

/* U1: commands sent in one go are all answered, in their order. */
static void u1_replies_to_every_command_in_order(void **state)
{
	struct vfio_user_device_info info = { sizeof(info), 0, 0, 0 };
	struct vfio_user_region_access a = { 0, IOM_VFU_REGION_CONFIG, 4 };
	struct vfu_client_msg m;
	uint16_t id[3];
	int i;

	(void)state;
	id[0] = vfu_client_send(&c, VFIO_USER_DEVICE_GET_INFO, 0, &info, sizeof(info), NULL, 0);
	id[1] = vfu_client_send(&c, 999, 0, NULL, 0, NULL, 0);
	id[2] = vfu_client_send(&c, VFIO_USER_REGION_READ, 0, &a, sizeof(a), NULL, 0);
	steps(3);
	for (i = 0; i < 3; i++) {
		assert_true(vfu_client_recv(&c, &m, 100));
		assert_int_equal(m.hdr.id, id[i]);
		assert_int_equal(m.hdr.flags, i == 1 ? 0x21 : 0x1);
	}
	assert_true(silent());
}

/* U2: never longer than the request, however short that is; text NUL-terminated. */
static void u2_version_reply_fits(void **state)
{
	static const char full[] = "\0\0\0\0{\"capabilities\":{\"pgsizes\":4096,\"max_msg_fds\":16,"
		"\"max_dma_maps\":65535,\"max_data_xfer_size\":1048576,\"x\":\"padding padding\"}}";
	static const char *const texts[] = { "{}", "{\"capabilities\":{} }",
		"{\"capabilities\":{\"max_msg_fds\":1}}" };
	uint8_t req[4 + 64] = { 0 };
	struct vfu_client_msg m;
	size_t i, len;

	(void)state;
	for (i = 0; i < 5; i++) {
		vfu_client_close(&c);
		steps(2);
		vfu_client_open(&c, v);
		len = 4;
		if (i < 3) {
			strcpy((char *)req + 4, texts[i]);
			len += strlen(texts[i]) + 1;
		}
		vfu_client_call(&c, v, VFIO_USER_VERSION, i == 4 ? (void *)full : req,
				i == 4 ? sizeof(full) : len, NULL, 0, &m);
		assert_int_equal(m.hdr.error, 0);
		assert_true(m.len <= (i == 4 ? sizeof(full) : len));
		assert_memory_equal(m.data, "\0\0\0\0", 4);
		if (m.len > 4) {
			assert_int_equal(m.data[m.len - 1], 0);
			assert_int_equal(strlen((char *)m.data + 4), m.len - 5);
			assert_int_equal(m.data[4], '{');
		}
		assert_int_equal(m.len > 4 + 60, i == 4);
	}
}

static void u3_info_has_9_regions_5_irqs_pci(void **state)
{
	struct vfio_user_device_info info = { sizeof(info), 0, 0, 0 };
	struct vfu_client_msg m;

	(void)state;
	vfu_client_call(&c, v, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0, &m);
	assert_int_equal(m.len, sizeof(info));
	memcpy(&info, m.data, sizeof(info));
	assert_int_equal(info.argsz, 16);
	assert_int_equal(info.flags, VFIO_USER_DEVICE_F_RESET | VFIO_USER_DEVICE_F_PCI);
	assert_int_equal(info.num_regions, 9);
	assert_int_equal(info.num_irqs, 5);
}

static void u4_config_reads_256_bytes_at_once(void **state)
{
	struct vfio_user_region_access a = { 0, IOM_VFU_REGION_CONFIG, 256 };
	struct vfu_client_msg m;
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++)
		dev.config[i] = (uint8_t)(i * 7);
	vfu_client_call(&c, v, VFIO_USER_REGION_READ, &a, sizeof(a), NULL, 0, &m);
	assert_int_equal(m.len, 16 + 256);
	assert_memory_equal(m.data, &a, 16);
	assert_memory_equal(m.data + 16, dev.config, 256);
	assert_int_equal(dev.reads, 1);
}

/* U5: entries without descriptor are no error, and mean "none". */
static void u5_set_irqs_without_fds(void **state)
{
	struct iom_irq *irq = iom_vfu_irq(v);
	int fd = new_eventfd();

	(void)state;
	set_irqs(TRIGGER_FD, 2, 0, 1, NULL, 0, 0);
	set_irqs(TRIGGER_FD, 2, 0, 1, &fd, 1, 0);
	irq->ops->msi(irq, true, 0, 0, 0);
	assert_true(fired(fd));
	set_irqs(TRIGGER_FD, 2, 0, 1, NULL, 0, 0);
	irq->ops->msi(irq, true, 0, 0, 0);
	assert_false(fired(fd));
	/* Fewer than counted: the first ones have them. */
	set_irqs(TRIGGER_FD, 2, 3, 4, &fd, 1, 0);
	irq->ops->msi(irq, true, 3, 0, 0);
	assert_true(fired(fd));
	irq->ops->msi(irq, true, 4, 0, 0);
	assert_false(fired(fd));
	close(fd);
}

/* U6: neither a result nor an error is sent, and the next reply is the next one's. */
static void u6_no_reply_means_none(void **state)
{
	struct { struct vfio_user_region_access a; uint32_t val; } w = { { 8, 1, 4 }, 0x11223344 };
	struct vfio_user_device_info info = { sizeof(info), 0, 0, 0 };

	(void)state;
	vfu_client_send(&c, VFIO_USER_REGION_WRITE, VFIO_USER_F_NO_REPLY, &w, 20, NULL, 0);
	assert_true(silent());
	assert_memory_equal(dev.bar + 8, &w.val, 4);
	w.a.offset = 1u << 30;
	vfu_client_send(&c, VFIO_USER_REGION_WRITE, VFIO_USER_F_NO_REPLY, &w, 20, NULL, 0);
	vfu_client_send(&c, 77, VFIO_USER_F_NO_REPLY, NULL, 0, NULL, 0);
	assert_true(silent());
	vfu_client_expect(&c, v, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL, 0, 0);
}

/* U7: with a descriptor in place, without by message: the latter is in vfu_dma_test.c. */
static void u7_map_with_and_without_fd(void **state)
{
	struct iom_gmem *g = iom_vfu_gmem(v, 0);
	uint8_t *mem = ram.mem;
	uint64_t val;
	void *ptr;
	size_t got;

	(void)state;
	vfu_client_map(&c, v, 0x100000, 0x4000, 0x2000, 3, ram.fd, 0);
	vfu_client_map(&c, v, 0x200000, 0x1000, 0, 3, -1, 0);
	memcpy(mem + 0x2000 + 0x10, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	assert_int_equal(iom_gmem_load(g, 0x100010, 8, &val), IOM_OK);
	assert_true(val == 0x0807060504030201);
	assert_int_equal(iom_gmem_map(g, 0x103ff0, 0x100, IOM_ACCESS_WRITE, &ptr, &got), IOM_OK);
	assert_int_equal(got, 0x10);
	memset(ptr, 0x77, got);
	assert_int_equal(mem[0x2000 + 0x3fff], 0x77);
	assert_int_equal(mem[0x2000 + 0x4000], 0);
	assert_int_equal(iom_gmem_map(g, 0x200000, 4, 1, &ptr, &got), IOM_EOPNOTSUPP);
	assert_int_equal(iom_gmem_read(g, 0x104000, &val, 1), IOM_EFAULT);
	assert_int_equal(iom_gmem_read(g, 0xfffff, &val, 1), IOM_EFAULT);
	iom_gmem_end(g);
}

static void u8_unmap_echoes_24_bytes(void **state)
{
	struct vfio_user_dma_unmap req = { sizeof(req), 0, 0x100000, 0x4000 };
	struct vfu_client_msg m;

	(void)state;
	vfu_client_map(&c, v, 0x100000, 0x4000, 0, 3, ram.fd, 0);
	vfu_client_call(&c, v, VFIO_USER_DMA_UNMAP, &req, sizeof(req), NULL, 0, &m);
	assert_int_equal(m.hdr.error, 0);
	assert_int_equal(m.len, 24);
	assert_memory_equal(m.data, &req, 24);
	assert_int_equal(dev.memory_changes, 2);
}

static void u9_no_dma_before_bus_mastering(void **state)
{
	struct { struct vfio_user_region_access a; uint8_t val; } w = { { 4, 7, 1 }, 0 };
	struct iom_gmem *g = iom_vfu_gmem(v, 1);

	(void)state;
	vfu_client_map(&c, v, 0, RAM, 0, 3, ram.fd, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	iom_gmem_end(g);
	vfu_client_expect(&c, v, VFIO_USER_REGION_WRITE, &w, 17, NULL, 0, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_ENODEV);
	w.val = 4;
	vfu_client_expect(&c, v, VFIO_USER_REGION_WRITE, &w, 17, NULL, 0, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	iom_gmem_end(g);
}

/* U10: for every command, an error is the 16 bytes of the header. */
static void u10_error_is_a_header(void **state)
{
	unsigned int cmd;

	(void)state;
	for (cmd = 0; cmd < 40; cmd++) {
		if (cmd == VFIO_USER_DEVICE_RESET)
			continue;
		vfu_client_expect(&c, v, cmd, NULL, 0, NULL, 0,
				  cmd == 0 || cmd == 14 || cmd == 11 || cmd == 12 || cmd > 18 ? 38 :
				  cmd >= 16 ? 95 : 22);
	}
}

/* U11: whatever a command is, descriptors that came with it are not left open. */
static void u11_no_descriptor_is_leaked(void **state)
{
	int fds[5] = { ram.fd, ram.fd, ram.fd, ram.fd, ram.fd }, efd[3], i;
	struct vfio_user_dma_map map = { sizeof(map), 3, 0, 0, 0x1000 };
	unsigned int before, cmd;
	struct vfu_client_msg m;
	uint8_t zero[64] = { 0 };

	(void)state;
	before = vfu_client_count_fds();
	vfu_client_expect(&c, v, VFIO_USER_DMA_MAP, &map, sizeof(map), fds, 2, 22);
	vfu_client_expect(&c, v, VFIO_USER_DMA_MAP, &map, sizeof(map), fds, 1, 0);
	vfu_client_expect(&c, v, VFIO_USER_DMA_MAP, &map, sizeof(map), fds, 1, 17);
	for (cmd = 0; cmd < 20; cmd++)
		vfu_client_call(&c, v, cmd, zero, sizeof(zero), fds, 5, &m);
	vfu_client_send(&c, VFIO_USER_DMA_READ, VFIO_USER_TYPE_REPLY, zero, 16, fds, 3);
	vfu_client_send(&c, 5, 7, zero, 16, fds, 3);		/* neither command nor reply */
	steps(3);
	assert_true(vfu_client_recv(&c, &m, 100));
	assert_int_equal(m.hdr.error, 22);
	assert_int_equal(vfu_client_count_fds(), before);
	set_irqs(TRIGGER_FD, 2, 0, 3, fds, 3, 22);		/* no eventfds */
	assert_int_equal(vfu_client_count_fds(), before);
	for (i = 0; i < 3; i++)
		efd[i] = new_eventfd();
	set_irqs(TRIGGER_FD, 2, 0, 2, efd, 3, 22);
	assert_int_equal(vfu_client_count_fds(), before + 3);
	set_irqs(TRIGGER_FD, 2, 0, 3, efd, 3, 0);
	assert_int_equal(vfu_client_count_fds(), before + 6);
	set_irqs(TRIGGER_FD, 2, 0, 3, efd, 3, 0);
	assert_int_equal(vfu_client_count_fds(), before + 6);
	set_irqs(TRIGGER_NONE, 2, 0, 0, NULL, 0, 0);
	for (i = 0; i < 3; i++)
		close(efd[i]);
	assert_int_equal(vfu_client_count_fds(), before);
	/* Half a message with descriptors, and then nothing more. */
	assert_true(vfu_client_raw(&c, zero, 7, fds, 4));
	steps(2);
	vfu_client_close(&c);
	steps(2);
	assert_int_equal(vfu_client_count_fds(), before - 2);	/* both ends of the socket */
}

/* U13: the device keeps its state; memory and eventfds are the connection's. */
static void u13_disconnect_keeps_state_drops_memory(void **state)
{
	struct iom_irq *irq = iom_vfu_irq(v);
	struct iom_gmem *g = iom_vfu_gmem(v, 0);
	int fd = new_eventfd(), fd2 = new_eventfd();
	unsigned int before = vfu_client_count_fds();

	(void)state;
	dev.bar[9] = 42;
	vfu_client_map(&c, v, 0, RAM, 0, 3, ram.fd, 0);
	set_irqs(TRIGGER_FD, 2, 0, 1, &fd, 1, 0);
	vfu_client_close(&c);
	steps(2);
	assert_int_equal(vfu_client_count_fds(), before - 2);
	assert_int_equal(dev.closed, 1);
	assert_int_equal(dev.resets, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_ENODEV);
	irq->ops->msi(irq, true, 0, 0, 0);
	assert_false(fired(fd));

	vfu_client_open(&c, v);
	vfu_client_version(&c, v);
	assert_int_equal(dev.opened, 2);
	assert_int_equal(dev.bar[9], 42);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	assert_int_equal(iom_gmem_read(g, 0, &before, 1), IOM_EFAULT);
	iom_gmem_end(g);
	vfu_client_map(&c, v, 0, RAM, 0, 3, ram.fd, 0);
	/* The interrupt raised meanwhile is not lost. */
	set_irqs(TRIGGER_FD, 2, 0, 1, &fd2, 1, 0);
	assert_true(fired(fd2));
	close(fd);
	close(fd2);
}

/* U14: every size and index at and beyond its limit. */
static void u14_fields_are_checked(void **state)
{
	static const struct { uint64_t off; uint32_t region, count, error; } reads[] = {
		{ 0, 1, 4096, 0 }, { 4095, 1, 1, 0 }, { 4095, 1, 2, 22 }, { 4096, 1, 1, 22 },
		{ UINT64_MAX, 1, 1, 22 }, { UINT64_MAX - 3, 1, 8, 22 }, { 0, 1, 0, 22 },
		{ 0, 1, UINT32_MAX, 7 }, { 0, 0, 1, 22 }, { 0, 9, 1, 22 },
		{ 0, UINT32_MAX, 1, 22 }, { 0, 1, 1048576, 22 }, { 0, 1, 1048577, 7 },
	};
	struct vfio_user_region_info ri = { .argsz = sizeof(ri), .index = 9 };
	struct vfio_user_irq_info ii = { .argsz = sizeof(ii), .index = 5 };
	struct { uint64_t n; struct vfio_user_write_multi_entry e[2]; } multi = {
		2, { { 0, 1, 4, "abcd" }, { 4095, 1, 2, "ef" } } };
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(reads); i++) {
		struct vfio_user_region_access a = {
			reads[i].off, reads[i].region, reads[i].count };

		vfu_client_expect(&c, v, VFIO_USER_REGION_READ, &a, sizeof(a), NULL, 0,
				  reads[i].error);
		/* A write with less data than it counts. */
		vfu_client_expect(&c, v, VFIO_USER_REGION_WRITE, &a, sizeof(a), NULL, 0,
				  reads[i].error ? reads[i].error : 22);
	}
	vfu_client_expect(&c, v, VFIO_USER_DEVICE_GET_REGION_INFO, &ri, sizeof(ri), NULL, 0, 22);
	vfu_client_expect(&c, v, VFIO_USER_DEVICE_GET_IRQ_INFO, &ii, sizeof(ii), NULL, 0, 22);
	ri.index = 0;
	ri.argsz = 31;
	vfu_client_expect(&c, v, VFIO_USER_DEVICE_GET_REGION_INFO, &ri, sizeof(ri), NULL, 0, 22);
	set_irqs(TRIGGER_NONE, 5, 0, 0, NULL, 0, 22);
	set_irqs(TRIGGER_NONE, 2, 0, 9, NULL, 0, 22);
	set_irqs(TRIGGER_NONE, 2, UINT32_MAX, 2, NULL, 0, 22);
	set_irqs(TRIGGER_NONE, 2, 8, UINT32_MAX, NULL, 0, 22);
	set_irqs(0x20, 2, 0, 1, NULL, 0, 22);
	set_irqs(0x23, 2, 0, 1, NULL, 0, 22);
	set_irqs(0x31, 0, 0, 1, NULL, 0, 22);
	set_irqs(0x22, 2, 0, 1, NULL, 0, 22);		/* a bool that is not there */
	set_irqs(0x09, 2, 0, 1, NULL, 0, 95);		/* mask of a message interrupt */
	set_irqs(0x61, 2, 0, 1, NULL, 0, 22);
	/* Nothing of a WRITE_MULTI with one bad entry is done. */
	vfu_client_expect(&c, v, VFIO_USER_REGION_WRITE_MULTI, &multi, sizeof(multi), NULL, 0, 22);
	assert_int_equal(dev.writes, 0);
	multi.n = 3;
	vfu_client_expect(&c, v, VFIO_USER_REGION_WRITE_MULTI, &multi, sizeof(multi), NULL, 0, 22);
	multi.n = UINT64_MAX / 24 + 2;
	vfu_client_expect(&c, v, VFIO_USER_REGION_WRITE_MULTI, &multi, sizeof(multi), NULL, 0, 22);
}

static void u14_maps_are_checked(void **state)
{
	int pipefd[2];

	(void)state;
	assert_int_equal(pipe(pipefd), 0);
	vfu_client_map(&c, v, 0, 0, 0, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0, 0x800, 0, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0x10, 0x1000, 0, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0, 0x1000, 0x10, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0, 0x1000, 0, 0, ram.fd, 22);
	vfu_client_map(&c, v, 0, 0x1000, 0, 0x103, ram.fd, 22);
	vfu_client_map(&c, v, UINT64_MAX - 0xfff, 0x2000, 0, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0, RAM + 0x1000, 0, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0, 0x1000, RAM, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0, 0x1000, UINT64_MAX - 0xfff, 3, ram.fd, 22);
	vfu_client_map(&c, v, 0, 0x1000, 0, 3, pipefd[0], 22);
	vfu_client_map(&c, v, UINT64_MAX - 0xfff, 0x1000, 0, 3, ram.fd, 0);	/* the top page */
	vfu_client_map(&c, v, 0x10000, 0x4000, 0, 3, ram.fd, 0);
	vfu_client_map(&c, v, 0x13000, 0x1000, 0, 3, ram.fd, 17);
	vfu_client_map(&c, v, 0xf000, 0x2000, 0, 3, ram.fd, 17);
	vfu_client_map(&c, v, 0x8000, 0x20000, 0, 3, ram.fd, 17);
	vfu_client_map(&c, v, 0xf000, 0x1000, 0, 3, ram.fd, 0);
	vfu_client_map(&c, v, 0x14000, 0x1000, 0, 3, ram.fd, 0);
	vfu_client_unmap(&c, v, 0x10000, 0x1000, 22);
	vfu_client_unmap(&c, v, 0x11000, 0x3000, 22);
	vfu_client_unmap(&c, v, 0xf000, 0x5000, 22);
	vfu_client_unmap(&c, v, 0x40000, 0x1000, 2);
	vfu_client_unmap(&c, v, 0, 0, 22);
	vfu_client_unmap(&c, v, 0x10000, 0x4000, 0);
	vfu_client_unmap(&c, v, 0x10000, 0x4000, 2);
	vfu_client_map(&c, v, 0x10000, 0x2000, 0, 3, ram.fd, 0);
	close(pipefd[0]);
	close(pipefd[1]);
}

static void read_only_and_write_only_memory(void **state)
{
	struct iom_gmem *g = iom_vfu_gmem(v, 0);
	uint64_t val = 1;
	char path[64];
	int ro;

	(void)state;
	vfu_client_map(&c, v, 0x1000, 0x1000, 0, 1, ram.fd, 0);
	vfu_client_map(&c, v, 0x2000, 0x1000, 0, 2, ram.fd, 0);
	assert_int_equal(iom_gmem_begin(g), IOM_OK);
	assert_int_equal(iom_gmem_store(g, 0x1000, 4, 1), IOM_EACCES);
	assert_int_equal(iom_gmem_load(g, 0x1000, 4, &val), IOM_OK);
	assert_int_equal(iom_gmem_load(g, 0x2000, 4, &val), IOM_EACCES);
	assert_int_equal(iom_gmem_store(g, 0x2000, 4, 1), IOM_OK);
	assert_int_equal(g->ops.cas64(g, 0x2000, &val, 2), IOM_EACCES);
	/* From one page into the next: the first is written, the second refused. */
	assert_int_equal(iom_gmem_write(g, 0x2ffc, &val, 8), IOM_EFAULT);
	iom_gmem_end(g);
	/* A descriptor that cannot be written to cannot be mapped for writing. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ram.fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(ro >= 0);
	vfu_client_map(&c, v, 0x8000, 0x1000, 0, 3, ro, 13);
	vfu_client_map(&c, v, 0x8000, 0x1000, 0, 1, ro, 0);
	close(ro);
}

static void u15_absent_regions_have_size_0_flags_0(void **state)
{
	struct vfio_user_region_info info;
	struct vfu_client_msg m;
	uint32_t i;

	(void)state;
	for (i = 0; i < 9; i++) {
		info = (struct vfio_user_region_info){ .argsz = sizeof(info), .index = i };
		vfu_client_call(&c, v, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info),
				NULL, 0, &m);
		assert_int_equal(m.len, sizeof(info));
		memcpy(&info, m.data, sizeof(info));
		assert_int_equal(info.index, i);
		assert_int_equal(info.argsz, 32);
		assert_int_equal(info.size, i == 1 ? 4096 : i == 7 ? 256 : 0);
		assert_int_equal(info.flags, i == 1 || i == 7 ? 3 : 0);
		assert_int_equal(info.cap_offset, 0);
	}
}

static void irq_info_tells_how_intx_is_masked(void **state)
{
	static const uint32_t counts[] = { 1, 4, 8, 1, 0 }, flags[] = { 7, 9, 9, 9, 0 };
	struct vfio_user_irq_info info;
	struct vfu_client_msg m;
	uint32_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		info = (struct vfio_user_irq_info){ .argsz = sizeof(info), .index = i };
		vfu_client_call(&c, v, VFIO_USER_DEVICE_GET_IRQ_INFO, &info, sizeof(info),
				NULL, 0, &m);
		memcpy(&info, m.data, sizeof(info));
		assert_int_equal(info.count, counts[i]);
		assert_int_equal(info.flags, flags[i]);
	}
}

/* INTx: once, then not before the unmask, then again while the line is high. */
static void intx_is_a_level(void **state)
{
	struct iom_irq *irq = iom_vfu_irq(v);
	int fd = new_eventfd();

	(void)state;
	irq->ops->intx(irq, true);		/* before there is an eventfd */
	set_irqs(TRIGGER_FD, 0, 0, 1, &fd, 1, 0);
	assert_true(fired(fd));
	irq->ops->intx(irq, true);
	assert_false(fired(fd));
	set_irqs(UNMASK, 0, 0, 1, NULL, 0, 0);
	assert_true(fired(fd));
	irq->ops->intx(irq, false);
	set_irqs(UNMASK, 0, 0, 1, NULL, 0, 0);
	assert_false(fired(fd));
	irq->ops->intx(irq, true);
	assert_true(fired(fd));
	irq->ops->intx(irq, false);
	irq->ops->intx(irq, true);		/* still masked */
	assert_false(fired(fd));
	set_irqs(TRIGGER_NONE, 0, 0, 0, NULL, 0, 0);
	set_irqs(TRIGGER_FD, 0, 0, 1, &fd, 1, 0);
	assert_true(fired(fd));			/* a new eventfd starts unmasked */
	irq->ops->intx(irq, false);
	set_irqs(UNMASK, 0, 0, 1, NULL, 0, 0);
	set_irqs(0x09, 0, 0, 1, NULL, 0, 0);	/* mask */
	irq->ops->intx(irq, true);
	assert_false(fired(fd));
	set_irqs(UNMASK, 0, 0, 1, NULL, 0, 0);
	assert_true(fired(fd));
	close(fd);
}

/* As QEMU does when the guest unmasks a second vector: all off, then both on. */
static void interim_disable_keeps_pending(void **state)
{
	struct iom_irq *irq = iom_vfu_irq(v);
	int fd[2] = { new_eventfd(), new_eventfd() };

	(void)state;
	set_irqs(TRIGGER_FD, 2, 0, 1, fd, 1, 0);
	set_irqs(TRIGGER_NONE, 2, 0, 0, NULL, 0, 0);
	irq->ops->msi(irq, true, 0, 0, 0);
	irq->ops->msi(irq, true, 1, 0, 0);
	irq->ops->msi(irq, true, 1, 0, 0);
	irq->ops->msi(irq, true, 63, 0, 0);	/* no such vector */
	assert_false(fired(fd[0]));
	set_irqs(TRIGGER_FD, 2, 0, 2, fd, 2, 0);
	assert_true(fired(fd[0]));
	assert_true(fired(fd[1]));
	set_irqs(TRIGGER_FD, 2, 0, 2, fd, 2, 0);
	assert_false(fired(fd[0]));
	/* MSI has its own numbers. */
	irq->ops->msi(irq, false, 1, 0, 0);
	assert_false(fired(fd[1]));
	set_irqs(TRIGGER_FD, 1, 0, 2, fd, 2, 0);
	assert_true(fired(fd[1]));
	/* A reset forgets. */
	set_irqs(TRIGGER_NONE, 1, 0, 0, NULL, 0, 0);
	irq->ops->msi(irq, false, 1, 0, 0);
	vfu_client_expect(&c, v, VFIO_USER_DEVICE_RESET, NULL, 0, NULL, 0, 0);
	assert_int_equal(dev.resets, 1);
	set_irqs(TRIGGER_FD, 1, 0, 2, fd, 2, 0);
	assert_false(fired(fd[1]));
	close(fd[0]);
	close(fd[1]);
}

static void client_can_trigger(void **state)
{
	struct { struct vfio_user_set_irqs s; uint8_t b[3]; } req = {
		{ 23, 0x22, 2, 0, 3 }, { 0, 1, 0 } };
	int fd[3] = { new_eventfd(), new_eventfd(), new_eventfd() };

	(void)state;
	set_irqs(TRIGGER_FD, 2, 0, 3, fd, 3, 0);
	set_irqs(TRIGGER_NONE, 2, 1, 2, NULL, 0, 0);
	assert_false(fired(fd[0]));
	assert_true(fired(fd[1]) && fired(fd[2]));
	vfu_client_expect(&c, v, VFIO_USER_DEVICE_SET_IRQS, &req, 23, NULL, 0, 0);
	assert_true(!fired(fd[0]) && fired(fd[1]) && !fired(fd[2]));
	close(fd[0]);
	close(fd[1]);
	close(fd[2]);
}

/* A full counter, in a descriptor that blocks: the write must not wait. */
static void full_eventfd_does_not_block(void **state)
{
	struct iom_irq *irq = iom_vfu_irq(v);
	int fd = eventfd(0, EFD_CLOEXEC);
	uint64_t full = UINT64_MAX - 1;

	(void)state;
	assert_int_equal(write(fd, &full, 8), 8);
	set_irqs(TRIGGER_FD, 2, 0, 1, &fd, 1, 0);
	irq->ops->msi(irq, true, 0, 0, 0);
	close(fd);
}

static void write_multi_writes_in_order(void **state)
{
	struct { uint64_t n; struct vfio_user_write_multi_entry e[3]; } req = {
		3, { { 0, 1, 4, "abcd" }, { 2, 1, 2, "ef" }, { 8, 1, 8, "12345678" } } };
	struct vfu_client_msg m;

	(void)state;
	vfu_client_call(&c, v, VFIO_USER_REGION_WRITE_MULTI, &req, sizeof(req), NULL, 0, &m);
	assert_int_equal(m.hdr.error, 0);
	assert_int_equal(m.len, 8);
	assert_memory_equal(m.data, &req.n, 8);
	assert_memory_equal(dev.bar, "abef\0\0\0\0" "12345678", 16);
	req.e[0].data[0] = 'X';
	vfu_client_send(&c, VFIO_USER_REGION_WRITE_MULTI, VFIO_USER_F_NO_REPLY, &req, sizeof(req),
			NULL, 0);
	assert_true(silent());
	assert_int_equal(dev.bar[0], 'X');
}

static void region_io_fds_are_none(void **state)
{
	struct vfio_user_region_io_fds req = { sizeof(req), 0, 1, 0 };
	struct vfu_client_msg m;

	(void)state;
	vfu_client_call(&c, v, VFIO_USER_DEVICE_GET_REGION_IO_FDS, &req, sizeof(req), NULL, 0, &m);
	assert_int_equal(m.hdr.error, 0);
	assert_memory_equal(m.data, &req, sizeof(req));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(u1_replies_to_every_command_in_order),
		T(u2_version_reply_fits),
		T(u3_info_has_9_regions_5_irqs_pci),
		T(u4_config_reads_256_bytes_at_once),
		T(u5_set_irqs_without_fds),
		T(u6_no_reply_means_none),
		T(u7_map_with_and_without_fd),
		T(u8_unmap_echoes_24_bytes),
		T(u9_no_dma_before_bus_mastering),
		T(u10_error_is_a_header),
		T(u11_no_descriptor_is_leaked),
		T(u13_disconnect_keeps_state_drops_memory),
		T(u14_fields_are_checked),
		T(u14_maps_are_checked),
		T(u15_absent_regions_have_size_0_flags_0),
		T(read_only_and_write_only_memory),
		T(irq_info_tells_how_intx_is_masked),
		T(intx_is_a_level),
		T(interim_disable_keeps_pending),
		T(client_can_trigger),
		T(full_eventfd_does_not_block),
		T(write_multi_writes_in_order),
		T(region_io_fds_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
