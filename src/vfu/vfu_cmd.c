/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's commands: a row of a table and a function each. A function sees
 * a payload of at least the length in its row, and checks every field of it
 * before it changes anything.
 */
#include <string.h>

#include "vfu/vfu_int.h"

IOM_STATIC_ASSERT(IOM_VFU_REGIONS == VFIO_USER_PCI_NUM_REGIONS);
IOM_STATIC_ASSERT(IOM_VFU_IRQS == VFIO_USER_PCI_NUM_IRQS);
IOM_STATIC_ASSERT(IOM_VFU_REGION_CONFIG == VFIO_USER_PCI_CONFIG_REGION);

static void reply_head(struct iomi_vfu_reply *r, const void *head, size_t len)
{
	memcpy(r->head, head, len);
	r->head_len = len;
}

static int cmd_dma_map(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_dma_map req;
	int fd = -1, rc;

	(void)r;
	memcpy(&req, m->data, sizeof(req));
	if (req.argsz < sizeof(req) || m->nr_fds > 1)
		return IOM_EINVAL;
	if (m->nr_fds)
		fd = m->fds[0];
	/* The mapping holds the file, so its descriptor is not kept (U11). */
	rc = iomi_vfu_map_add(v, &req, fd);
	if (!rc)
		v->ops.memory_changed(v->cfg.dev);
	return rc;
}

static int cmd_dma_unmap(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_dma_unmap req;
	int rc;

	memcpy(&req, m->data, sizeof(req));
	if (req.argsz < sizeof(req))
		return IOM_EINVAL;
	/* Neither dirty bitmaps nor "all" are of the protocol. */
	if (req.flags)
		return IOM_EOPNOTSUPP;
	reply_head(r, &req, sizeof(req));
	rc = iomi_vfu_map_del(v, &req, &m->hdr, r);
	if (rc >= 0)
		v->ops.memory_changed(v->cfg.dev);
	return rc;
}

static int cmd_device_info(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_device_info info;

	(void)v;
	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info))
		return IOM_EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_USER_DEVICE_F_RESET | VFIO_USER_DEVICE_F_PCI;
	info.num_regions = IOM_VFU_REGIONS;
	info.num_irqs = IOM_VFU_IRQS;
	reply_head(r, &info, sizeof(info));
	return IOM_OK;
}

static int cmd_region_info(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_region_info info;

	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= IOM_VFU_REGIONS)
		return IOM_EINVAL;
	info.argsz = sizeof(info);
	info.size = v->cfg.region_size[info.index];
	info.flags = info.size ? VFIO_USER_REGION_F_READ | VFIO_USER_REGION_F_WRITE : 0;
	info.cap_offset = 0;
	info.offset = 0;
	reply_head(r, &info, sizeof(info));
	return IOM_OK;
}

/* No region has an ioeventfd: an empty list. */
static int cmd_region_io_fds(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_region_io_fds info;

	(void)v;
	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info) || info.flags || info.index >= IOM_VFU_REGIONS)
		return IOM_EINVAL;
	info.argsz = sizeof(info);
	info.count = 0;
	reply_head(r, &info, sizeof(info));
	return IOM_OK;
}

static int cmd_irq_info(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_irq_info info;

	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= IOM_VFU_IRQS)
		return IOM_EINVAL;
	info.argsz = sizeof(info);
	info.count = v->cfg.irq_count[info.index];
	info.flags = !info.count ? 0 : VFIO_USER_IRQ_F_EVENTFD |
		(info.index == IOM_VFU_IRQ_INTX ?
		 VFIO_USER_IRQ_F_MASKABLE | VFIO_USER_IRQ_F_AUTOMASKED :
		 VFIO_USER_IRQ_F_NORESIZE);
	reply_head(r, &info, sizeof(info));
	return IOM_OK;
}

static int cmd_set_irqs(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_set_irqs req;
	int rc;

	(void)r;
	memcpy(&req, m->data, sizeof(req));
	if (req.argsz < sizeof(req) || req.index >= IOM_VFU_IRQS ||
	    req.start > v->cfg.irq_count[req.index] ||
	    req.count > v->cfg.irq_count[req.index] - req.start || m->nr_fds > req.count)
		return IOM_EINVAL;
	if (IOM_FIELD_GET(VFIO_USER_SET_IRQS_DATA, req.flags) == VFIO_USER_SET_IRQS_DATA_BOOL &&
	    m->len - sizeof(req) < req.count)
		return IOM_EINVAL;
	rc = iomi_vfu_irq_set(v, &req, m->data + sizeof(req), m->fds, m->nr_fds);
	if (!rc)
		v->ops.irqs_changed(v->cfg.dev, req.index);
	return rc;
}

/* U14: the access lies inside a region that exists, and is not too long. */
static int check_access(const struct iom_vfu *v, const struct vfio_user_region_access *a)
{
	uint64_t size;

	if (a->region >= IOM_VFU_REGIONS || !a->count)
		return IOM_EINVAL;
	if (a->count > VFU_MAX_XFER)
		return IOM_E2BIG;
	size = v->cfg.region_size[a->region];
	return a->offset < size && a->count <= size - a->offset ? IOM_OK : IOM_EINVAL;
}

static int cmd_region_read(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_region_access a;
	int rc;

	memcpy(&a, m->data, sizeof(a));
	rc = check_access(v, &a);
	if (!rc)
		rc = v->ops.region_read(v->cfg.dev, a.region, a.offset, v->scratch, a.count);
	if (rc)
		return rc;
	reply_head(r, &a, sizeof(a));
	r->data = v->scratch;
	r->data_len = a.count;
	return IOM_OK;
}

/*
 * A write that turns bus mastering off is answered when no DMA is under way
 * any more, as a function finishes its requests before the register reads 0.
 */
static int write_region(struct iom_vfu *v, const struct vfio_user_region_access *a,
			const void *data, bool *stopped)
{
	bool config = a->region == IOM_VFU_REGION_CONFIG;
	bool before = config && v->ops.dma_allowed(v->cfg.dev);
	int rc = v->ops.region_write(v->cfg.dev, a->region, a->offset, data, a->count);

	*stopped = before && !v->ops.dma_allowed(v->cfg.dev);
	return rc;
}

static int cmd_region_write(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_region_access a;
	bool stopped;
	int rc;

	memcpy(&a, m->data, sizeof(a));
	rc = check_access(v, &a);
	if (!rc && m->len - sizeof(a) < a.count)
		rc = IOM_EINVAL;
	if (rc)
		return rc;
	rc = write_region(v, &a, m->data + sizeof(a), &stopped);
	reply_head(r, &a, sizeof(a));
	/* An error leaves bus mastering as it was, or there is nothing to wait for. */
	return stopped && !rc ? iomi_vfu_map_barrier(v, &m->hdr, r) : rc;
}

/* All entries are checked before the first is written. */
static int cmd_write_multi(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	struct vfio_user_write_multi_entry e;
	struct vfio_user_region_access a;
	const uint8_t *p = m->data + sizeof(uint64_t);
	bool stopped, any_stopped = false;
	uint64_t n, i;
	int rc;

	memcpy(&n, m->data, sizeof(n));
	if (!n || n > (m->len - sizeof(n)) / sizeof(e))
		return IOM_EINVAL;
	for (i = 0; i < n; i++) {
		memcpy(&e, p + i * sizeof(e), sizeof(e));
		a = (struct vfio_user_region_access){ e.offset, e.region, e.count };
		rc = e.count > sizeof(e.data) ? IOM_EINVAL : check_access(v, &a);
		if (rc)
			return rc;
	}
	for (i = 0; i < n; i++) {
		memcpy(&e, p + i * sizeof(e), sizeof(e));
		a = (struct vfio_user_region_access){ e.offset, e.region, e.count };
		rc = write_region(v, &a, e.data, &stopped);
		any_stopped |= stopped;
		if (rc)
			break;
	}
	/* The count of those done; the client sees from it which one failed. */
	reply_head(r, &i, sizeof(i));
	return any_stopped ? iomi_vfu_map_barrier(v, &m->hdr, r) : IOM_OK;
}

static int cmd_reset(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	v->ops.reset(v->cfg.dev);
	iomi_vfu_irq_reset(v);
	return iomi_vfu_map_barrier(v, &m->hdr, r);
}

static int cmd_unsupported(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	(void)v;
	(void)m;
	(void)r;
	return IOM_EOPNOTSUPP;
}

static const struct command {
	size_t len;		/* least length of the payload */
	int (*run)(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r);
} commands[] = {
	[VFIO_USER_VERSION] = { sizeof(struct vfio_user_version), iomi_vfu_version },
	[VFIO_USER_DMA_MAP] = { sizeof(struct vfio_user_dma_map), cmd_dma_map },
	[VFIO_USER_DMA_UNMAP] = { sizeof(struct vfio_user_dma_unmap), cmd_dma_unmap },
	[VFIO_USER_DEVICE_GET_INFO] = { sizeof(struct vfio_user_device_info), cmd_device_info },
	[VFIO_USER_DEVICE_GET_REGION_INFO] = {
		sizeof(struct vfio_user_region_info), cmd_region_info },
	[VFIO_USER_DEVICE_GET_REGION_IO_FDS] = {
		sizeof(struct vfio_user_region_io_fds), cmd_region_io_fds },
	[VFIO_USER_DEVICE_GET_IRQ_INFO] = { sizeof(struct vfio_user_irq_info), cmd_irq_info },
	[VFIO_USER_DEVICE_SET_IRQS] = { sizeof(struct vfio_user_set_irqs), cmd_set_irqs },
	[VFIO_USER_REGION_READ] = { sizeof(struct vfio_user_region_access), cmd_region_read },
	[VFIO_USER_REGION_WRITE] = { sizeof(struct vfio_user_region_access), cmd_region_write },
	[VFIO_USER_DEVICE_RESET] = { 0, cmd_reset },
	[VFIO_USER_REGION_WRITE_MULTI] = { sizeof(uint64_t), cmd_write_multi },
	[VFIO_USER_DEVICE_FEATURE] = { 0, cmd_unsupported },
	[VFIO_USER_MIG_DATA_READ] = { 0, cmd_unsupported },
	[VFIO_USER_MIG_DATA_WRITE] = { 0, cmd_unsupported },
};

int iomi_vfu_cmd_run(struct iom_vfu *v, struct iomi_vfu_msg *m, struct iomi_vfu_reply *r)
{
	const struct command *c = m->hdr.cmd < IOM_ARRAY_SIZE(commands) ?
				  &commands[m->hdr.cmd] : NULL;

	if (!c || !c->run)
		return IOM_ENOSYS;
	/* The version comes first, and once. */
	if (v->agreed == (m->hdr.cmd == VFIO_USER_VERSION))
		return IOM_EINVAL;
	if (m->len < c->len)
		return IOM_EINVAL;
	return c->run(v, m, r);
}

void iomi_vfu_cmd_reply(struct iom_vfu *v, const struct vfio_user_hdr *cmd, int rc,
			const struct iomi_vfu_reply *r)
{
	struct vfio_user_hdr hdr = {
		.id = cmd->id,
		.cmd = cmd->cmd,
		.size = sizeof(hdr),
		.flags = VFIO_USER_TYPE_REPLY,
	};
	struct iovec iov[3] = { { &hdr, sizeof(hdr) } };
	unsigned int n = 1;

	/* U6: not even an error. */
	if (cmd->flags & VFIO_USER_F_NO_REPLY)
		return;
	if (rc) {			/* U10: the header only */
		hdr.flags |= VFIO_USER_F_ERROR;
		hdr.error = (uint32_t)-rc;
	} else {
		hdr.size += (uint32_t)(r->head_len + r->data_len);
		if (r->head_len)
			iov[n++] = (struct iovec){ (void *)(uintptr_t)r->head, r->head_len };
		if (r->data_len)
			iov[n++] = (struct iovec){ (void *)(uintptr_t)r->data, r->data_len };
	}
	/* A connection that is gone needs no reply. */
	(void)iomi_vfu_tx_send(v, v->conn, iov, n, false);
}
