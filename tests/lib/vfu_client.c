/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/test.h"
#include "lib/vfu_client.h"

void vfu_client_open(struct vfu_client *c, struct iom_vfu *v)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	c->fd = fd[0];
	c->id = 0;
	assert_int_equal(iom_vfu_adopt(v, fd[1]), IOM_OK);
}

void vfu_client_connect(struct vfu_client *c, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	c->id = 0;
	assert_int_equal(connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
}

void vfu_client_close(struct vfu_client *c)
{
	close(c->fd);
	c->fd = -1;
}

bool vfu_client_raw(struct vfu_client *c, const void *bytes, size_t len, const int *fds,
		    unsigned int nr_fds)
{
	union {
		char buf[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { (void *)(uintptr_t)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;
	ssize_t n;

	assert_true(nr_fds <= 64);
	if (nr_fds) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, nr_fds * sizeof(int));
	}
	while (iov.iov_len) {
		n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
		if (n < 0)
			return false;
		iov.iov_base = (uint8_t *)iov.iov_base + n;
		iov.iov_len -= (size_t)n;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
	return true;
}

uint16_t vfu_client_send(struct vfu_client *c, unsigned int cmd, uint32_t flags,
			 const void *data, size_t len, const int *fds, unsigned int nr_fds)
{
	static uint8_t buf[VFU_CLIENT_MAX];
	struct vfio_user_hdr hdr = {
		.id = c->id++, .cmd = (uint16_t)cmd, .flags = flags,
		.size = (uint32_t)(sizeof(hdr) + len),
	};

	assert_true(sizeof(hdr) + len <= sizeof(buf));
	memcpy(buf, &hdr, sizeof(hdr));
	if (len)
		memcpy(buf + sizeof(hdr), data, len);
	assert_true(vfu_client_raw(c, buf, sizeof(hdr) + len, fds, nr_fds));
	return hdr.id;
}

static bool readable(struct vfu_client *c, int ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

static bool read_all(struct vfu_client *c, void *buf, size_t len, int ms)
{
	uint8_t *p = buf;
	ssize_t n;

	while (len) {
		if (!readable(c, ms))
			return false;
		n = recv(c->fd, p, len, 0);
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

bool vfu_client_recv(struct vfu_client *c, struct vfu_client_msg *m, int ms)
{
	static uint8_t buf[VFU_CLIENT_MAX];

	if (!read_all(c, &m->hdr, sizeof(m->hdr), ms))
		return false;
	assert_in_range(m->hdr.size, sizeof(m->hdr), sizeof(buf));
	m->data = buf;
	m->len = m->hdr.size - sizeof(m->hdr);
	return read_all(c, buf, m->len, 1000);
}

bool vfu_client_closed(struct vfu_client *c, int ms)
{
	char byte;

	return readable(c, ms) && recv(c->fd, &byte, 1, MSG_PEEK) <= 0;
}

void vfu_client_call(struct vfu_client *c, struct iom_vfu *v, unsigned int cmd,
		     const void *data, size_t len, const int *fds, unsigned int nr_fds,
		     struct vfu_client_msg *m)
{
	uint16_t id = vfu_client_send(c, cmd, 0, data, len, fds, nr_fds);
	int turns;

	for (turns = 0; turns < 100 && !readable(c, 0); turns++)
		assert_int_equal(iom_vfu_step(v, 0), IOM_OK);
	assert_true(vfu_client_recv(c, m, 1000));
	assert_int_equal(m->hdr.id, id);
	assert_int_equal(m->hdr.cmd, cmd);
	assert_int_equal(m->hdr.flags & VFIO_USER_F_TYPE, VFIO_USER_TYPE_REPLY);
}

void vfu_client_expect(struct vfu_client *c, struct iom_vfu *v, unsigned int cmd,
		       const void *data, size_t len, const int *fds, unsigned int nr_fds,
		       uint32_t error)
{
	struct vfu_client_msg m;

	vfu_client_call(c, v, cmd, data, len, fds, nr_fds, &m);
	assert_int_equal(m.hdr.error, error);
	assert_int_equal(!!(m.hdr.flags & VFIO_USER_F_ERROR), error != 0);
	if (error)
		assert_int_equal(m.hdr.size, sizeof(m.hdr));
}

void vfu_client_version(struct vfu_client *c, struct iom_vfu *v)
{
	static const char text[] = "\0\0\0\0{\"capabilities\":{\"pgsizes\":4096,\"max_msg_fds\":16,"
		"\"max_dma_maps\":65535,\"max_data_xfer_size\":1048576,"
		"\"migration\":{\"max_bitmap_size\":268435456,\"pgsize\":4096},"
		"\"write_multiple\":true}}";

	vfu_client_expect(c, v, VFIO_USER_VERSION, text, sizeof(text), NULL, 0, 0);
}

void vfu_client_map(struct vfu_client *c, struct iom_vfu *v, uint64_t addr, uint64_t size,
		    uint64_t offset, uint32_t flags, int fd, uint32_t error)
{
	struct vfio_user_dma_map req = { sizeof(req), flags, offset, addr, size };

	vfu_client_expect(c, v, VFIO_USER_DMA_MAP, &req, sizeof(req), &fd, fd >= 0, error);
}

void vfu_client_unmap(struct vfu_client *c, struct iom_vfu *v, uint64_t addr, uint64_t size,
		      uint32_t error)
{
	struct vfio_user_dma_unmap req = { sizeof(req), 0, addr, size };

	vfu_client_expect(c, v, VFIO_USER_DMA_UNMAP, &req, sizeof(req), NULL, 0, error);
}

unsigned int vfu_client_count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* --- the device ----------------------------------------------------------- */

static struct vfu_dev *to_dev(struct iom_vfu_dev *d)
{
	return IOM_CONTAINER_OF(d, struct vfu_dev, dev);
}

static uint8_t *region_of(struct vfu_dev *d, unsigned int region)
{
	return region == IOM_VFU_REGION_CONFIG ? d->config : d->bar;
}

static int dev_read(struct iom_vfu_dev *dev, unsigned int region, uint64_t off, void *buf,
		    size_t len)
{
	struct vfu_dev *d = to_dev(dev);

	d->reads++;
	memcpy(buf, region_of(d, region) + off, len);
	return IOM_OK;
}

static int dev_write(struct iom_vfu_dev *dev, unsigned int region, uint64_t off, const void *buf,
		     size_t len)
{
	struct vfu_dev *d = to_dev(dev);

	d->writes++;
	memcpy(region_of(d, region) + off, buf, len);
	atomic_store(&d->bus_master, d->config[4] & 4);
	return IOM_OK;
}

static void dev_reset(struct iom_vfu_dev *dev)
{
	to_dev(dev)->resets++;
}

static bool dev_dma_allowed(struct iom_vfu_dev *dev)
{
	return atomic_load(&to_dev(dev)->bus_master);
}

static void dev_connection(struct iom_vfu_dev *dev, bool open)
{
	struct vfu_dev *d = to_dev(dev);

	d->opened += open;
	d->closed += !open;
}

static void dev_memory_changed(struct iom_vfu_dev *dev)
{
	to_dev(dev)->memory_changes++;
}

static void dev_irqs_changed(struct iom_vfu_dev *dev, unsigned int index)
{
	(void)index;
	to_dev(dev)->irq_changes++;
}

static void dev_note(struct iom_vfu_dev *dev, const char *line)
{
	struct vfu_dev *d = to_dev(dev);

	d->notes++;
	strncpy(d->note, line, sizeof(d->note) - 1);
}

void vfu_dev_init(struct vfu_dev *d, struct iom_vfu_cfg *cfg)
{
	static const struct iom_vfu_dev_ops ops = {
		.region_read = dev_read,
		.region_write = dev_write,
		.reset = dev_reset,
		.dma_allowed = dev_dma_allowed,
		.connection = dev_connection,
		.memory_changed = dev_memory_changed,
		.irqs_changed = dev_irqs_changed,
		.note = dev_note,
	};

	memset(d, 0, sizeof(*d));
	d->dev.ops = &ops;
	d->config[4] = 4;
	atomic_store(&d->bus_master, true);
	memset(cfg, 0, sizeof(*cfg));
	cfg->dev = &d->dev;
	cfg->region_size[IOM_VFU_REGION_CONFIG] = sizeof(d->config);
	cfg->region_size[1] = sizeof(d->bar);
	cfg->irq_count[IOM_VFU_IRQ_INTX] = 1;
	cfg->irq_count[IOM_VFU_IRQ_MSI] = 4;
	cfg->irq_count[IOM_VFU_IRQ_MSIX] = 8;
	cfg->irq_count[IOM_VFU_IRQ_ERR] = 1;
	cfg->nr_gmems = 2;
}
