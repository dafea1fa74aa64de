/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vfio-user stream under a client that is the fuzzer's. Whatever it sends:
 * the server answers in whole messages, an error is a header, an access to a
 * region stays inside it, a pointer to shared memory can be used, and at the
 * end no descriptor is left.
 *
 * Input: byte 0 bit 0: a version is agreed on first. Then commands of a byte:
 * bits 1:0 say what, bits 4:2 how many descriptors come with it, bit 5 which.
 *   0, 1  message: command, flags, length in 4 bytes (63 at most), payload
 *   2     raw bytes: length, bytes
 *   3     a worker's turn: accesses through two brackets, interrupts
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iom/base/field.h>

#include "vfu/vfu_int.h"

#define RAM	(64u * 1024u)
#define BAR	512u
#define STEPS	400u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct in {
	const uint8_t *p;
	size_t left;
};

struct fix {
	struct iom_vfu_dev dev;
	struct iom_vfu *v;
	int peer;		/* our end of the socket */
	bool bracket;		/* gmem 0 is in one */
	bool bus_master;
};

static int ram_fd = -1, event_fd;

static void require(bool good)
{
	if (!good)
		abort();
}

static uint8_t take(struct in *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static size_t take_bytes(struct in *in, uint8_t *buf, size_t len)
{
	if (len > in->left)
		len = in->left;
	memcpy(buf, in->p, len);
	in->p += len;
	in->left -= len;
	return len;
}

/* --- the device ----------------------------------------------------------- */

static size_t region_size(unsigned int region)
{
	return region == IOM_VFU_REGION_CONFIG ? 256 : region == 1 ? BAR : 0;
}

static int dev_read(struct iom_vfu_dev *d, unsigned int region, uint64_t off, void *buf, size_t len)
{
	(void)d;
	require(len && len <= region_size(region) && off <= region_size(region) - len);
	memset(buf, 0x5a, len);
	return off & 64 ? IOM_EINVAL : IOM_OK;
}

static int dev_write(struct iom_vfu_dev *d, unsigned int region, uint64_t off, const void *buf,
		     size_t len)
{
	struct fix *f = IOM_CONTAINER_OF(d, struct fix, dev);

	require(len && len <= region_size(region) && off <= region_size(region) - len);
	f->bus_master = ((const uint8_t *)buf)[len - 1] & 1;
	return off & 64 ? IOM_EINVAL : IOM_OK;
}

static bool dev_dma_allowed(struct iom_vfu_dev *d)
{
	return IOM_CONTAINER_OF(d, struct fix, dev)->bus_master;
}

static const struct iom_vfu_dev_ops dev_ops = {
	.region_read = dev_read,
	.region_write = dev_write,
	.dma_allowed = dev_dma_allowed,
};

/* --- the client ----------------------------------------------------------- */

/* What the server sent: whole messages, errors bare, nothing we did not ask for. */
static void check_output(struct fix *f)
{
	static uint8_t buf[VFU_MAX_MSG];
	struct vfio_user_hdr hdr;
	size_t at = 0;
	ssize_t n;

	n = recv(f->peer, buf, sizeof(buf), MSG_DONTWAIT);
	while (n > 0 && at < (size_t)n) {
		require((size_t)n - at >= sizeof(hdr));
		memcpy(&hdr, buf + at, sizeof(hdr));
		require(hdr.size >= sizeof(hdr) && hdr.size <= (size_t)n - at);
		require((hdr.flags & ~VFIO_USER_F_ERROR) == VFIO_USER_TYPE_REPLY);
		if (hdr.flags & VFIO_USER_F_ERROR)
			require(hdr.size == sizeof(hdr) && hdr.error);
		at += hdr.size;
	}
}

static void feed(struct fix *f, const void *bytes, size_t len, uint8_t op)
{
	int fds[8];
	unsigned int i, n = op >> 2 & 7;

	for (i = 0; i < n; i++)
		fds[i] = fcntl((op & 32) != (i & 32) ? ram_fd : event_fd, F_DUPFD_CLOEXEC, 0);
	if (f->v->conn_fd < 0 || !len) {
		iomi_vfu_close_fds(fds, n);
		return;
	}
	iomi_vfu_rx_feed(f->v, bytes, len, fds, n);
	if (f->v->dead)
		iomi_vfu_conn_close(f->v);
	iomi_vfu_map_retire(f->v);
	check_output(f);
}

static void message(struct fix *f, struct in *in, uint8_t op)
{
	uint8_t buf[sizeof(struct vfio_user_hdr) + 63 * 4];
	struct vfio_user_hdr hdr = { .id = op, .cmd = take(in) % 20 };
	size_t len;

	hdr.flags = take(in);
	len = take_bytes(in, buf + sizeof(hdr), take(in) % 64 * 4u);
	hdr.size = (uint32_t)(sizeof(hdr) + len);
	memcpy(buf, &hdr, sizeof(hdr));
	feed(f, buf, hdr.size, op);
}

static void raw(struct fix *f, struct in *in, uint8_t op)
{
	uint8_t buf[255];

	feed(f, buf, take_bytes(in, buf, take(in)), op);
}

static void end_bracket(struct fix *f)
{
	if (f->bracket)
		iom_gmem_end(iom_vfu_gmem(f->v, 0));
	f->bracket = false;
	iomi_vfu_map_retire(f->v);
	check_output(f);
}

/* A bracket of gmem 0 stays open over messages; one of gmem 1 does not. */
static void worker(struct fix *f, struct in *in)
{
	struct iom_gmem *g = iom_vfu_gmem(f->v, 0);
	struct iom_irq *irq = iom_vfu_irq(f->v);
	uint8_t what = take(in);
	uint64_t addr = (uint64_t)take(in) << 12;
	void *ptr;
	size_t got;

	irq->ops->msi(irq, what & 1, what >> 4, 0, 0);
	irq->ops->intx(irq, what & 2);
	if (what & 4)
		end_bracket(f);
	if (!f->bracket)
		f->bracket = !iom_gmem_begin(g);
	if (f->bracket && !iom_gmem_map(g, addr, 8192, IOM_ACCESS_WRITE, &ptr, &got)) {
		require(got && got <= 8192);
		((volatile uint8_t *)ptr)[0]++;
		((volatile uint8_t *)ptr)[got - 1]++;
	}
	g = iom_vfu_gmem(f->v, 1);
	if (iom_gmem_begin(g))
		return;
	if (!iom_gmem_map(g, addr, 8, IOM_ACCESS_READ, &ptr, &got))
		(void)((volatile uint8_t *)ptr)[0];
	iom_gmem_end(g);
}

static int next_fd(void)
{
	int fd = fcntl(ram_fd, F_DUPFD_CLOEXEC, 0);

	close(fd);
	return fd;
}

static void run(struct fix *f, struct in *in)
{
	unsigned int step;
	uint8_t op;

	for (step = 0; step < STEPS && in->left; step++) {
		op = take(in);
		if ((op & 3) == 3)
			worker(f, in);
		else if ((op & 3) == 2)
			raw(f, in, op);
		else
			message(f, in, op);
	}
	end_bracket(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Header of 40 bytes, 0.0, text with its NUL */
	static const char version[] = "\1\0\1\0\50\0\0\0\0\0\0\0\0\0\0\0"
		"\0\0\0\0{\"capabilities\":{}}";
	struct fix f = { .dev = { .ops = &dev_ops }, .bus_master = true };
	struct iom_vfu_cfg cfg = {
		.dev = &f.dev, .nr_gmems = 2,
		.irq_count = { 1, 4, 8, 1, 0 },
		.region_size = { [1] = BAR, [IOM_VFU_REGION_CONFIG] = 256 },
	};
	struct in in = { data, size };
	int fd[2], first;

	if (ram_fd < 0) {
		ram_fd = memfd_create("ram", MFD_CLOEXEC);
		event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		require(ram_fd >= 0 && event_fd >= 0 && !ftruncate(ram_fd, RAM));
	}
	first = next_fd();
	require(!iom_vfu_create(&cfg, &f.v));
	require(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
	f.peer = fd[0];
	require(!iom_vfu_adopt(f.v, fd[1]));
	if (take(&in) & 1)
		feed(&f, version, sizeof(version), 0);
	require(!(size && *data & 1) || f.v->agreed);
	run(&f, &in);
	iom_vfu_destroy(f.v);
	close(f.peer);
	require(next_fd() == first);
	return 0;
}
