/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory that the client does not share: DMA_READ and DMA_WRITE
 * messages. A worker sends one itself and waits; the reply comes in through
 * the socket thread. A gmem has at most one message under way; its id is the
 * gmem's number and a sequence, so a reply that comes too late fits nothing.
 *
 * Deadlock, and why there is none: the client may answer DMA messages and wait
 * for our reply to an UNMAP under one lock of its own. So a bracket that holds
 * no pointer into shared memory is left while its worker waits here, and the
 * UNMAP is answered. One that holds a pointer cannot be left; the wait is
 * bounded by cfg.dma_timeout_ms, below the client's limit. Resets cancel the
 * wait.
 */
#include <string.h>
#include <time.h>

#include "vfu/vfu_int.h"

#define SEQ_BITS	12
#define SEQ_MASK	((1u << SEQ_BITS) - 1)
#define POST_ID		(IOM_VFU_GMEMS_MAX << SEQ_BITS)	/* nobody waits for the reply */

static const uint16_t dma_cmd[] = { VFIO_USER_DMA_READ, VFIO_USER_DMA_WRITE };

static int send_message(struct iom_vfu *v, uint16_t id, bool write, uint64_t addr,
			const void *data, size_t len)
{
	struct vfio_user_dma_access a = { addr, len };
	struct vfio_user_hdr hdr = {
		.id = id,
		.cmd = dma_cmd[write],
		.size = (uint32_t)(sizeof(hdr) + sizeof(a) + (write ? len : 0)),
		.flags = VFIO_USER_TYPE_COMMAND,
	};
	struct iovec iov[3] = {
		{ &hdr, sizeof(hdr) },
		{ &a, sizeof(a) },
		{ (void *)(uintptr_t)data, len },
	};

	iomi_vfu_count(&v->nr.dma);
	return iomi_vfu_tx_send(v, 0, iov, write ? 3 : 2, true);
}

/* dma_lock held. */
static void wait_done(struct iomi_vfu_gmem *g, int rc)
{
	g->wait = VFU_WAIT_DONE;
	g->wait_rc = rc;
	pthread_cond_signal(&g->wait_cond);
}

static void deadline_in(struct timespec *ts, unsigned int ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += (long)(ms % 1000) * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000;
	}
}

/* From here on a reply with our id is for us, and a cancellation ends the wait. */
static int wait_begin(struct iomi_vfu_gmem *g, void *buf, size_t len, bool write)
{
	struct iom_vfu *v = g->v;
	int rc = IOM_OK;

	pthread_mutex_lock(&v->dma_lock);
	if (g->begun < atomic_load(&v->cancelled)) {
		rc = IOM_ENODEV;
	} else {
		g->wait = VFU_WAIT_SENT;
		g->wait_id = (uint16_t)(g->index << SEQ_BITS | (g->seq++ & SEQ_MASK));
		g->wait_cmd = dma_cmd[write];
		g->wait_begun = g->begun;
		g->wait_buf = buf;
		g->wait_len = len;
	}
	pthread_mutex_unlock(&v->dma_lock);
	return rc;
}

/* dma_lock held, and held again on return. */
static void wait_asleep(struct iomi_vfu_gmem *g)
{
	struct timespec end;
	int err = 0;

	deadline_in(&end, g->v->cfg.dma_timeout_ms);
	while (g->wait == VFU_WAIT_SENT && !err)
		err = pthread_cond_timedwait(&g->wait_cond, &g->v->dma_lock, &end);
}

/* The same on the socket thread, which is the one that takes the reply. */
static void wait_pumping(struct iomi_vfu_gmem *g)
{
	struct iom_vfu *v = g->v;
	uint64_t now = iomi_vfu_now_ns(), end = now + v->cfg.dma_timeout_ms * UINT64_C(1000000);
	int rc = IOM_OK;

	while (g->wait == VFU_WAIT_SENT && now < end && !rc) {
		pthread_mutex_unlock(&v->dma_lock);
		rc = iom_vfu_step(v, (int)((end - now) / 1000000) + 1);
		now = iomi_vfu_now_ns();
		pthread_mutex_lock(&v->dma_lock);
	}
}

static int wait_end(struct iomi_vfu_gmem *g)
{
	struct iom_vfu *v = g->v;
	int rc;

	pthread_mutex_lock(&v->dma_lock);
	if (iomi_vfu_working_here(v))
		wait_pumping(g);
	else
		wait_asleep(g);
	if (g->wait == VFU_WAIT_DONE) {
		rc = g->wait_rc;
	} else {
		iomi_vfu_count(&v->nr.dma_timeouts);
		rc = IOM_EIO;
	}
	g->wait = VFU_WAIT_IDLE;
	pthread_mutex_unlock(&v->dma_lock);
	return rc;
}

/* One message of at most the client's max_data_xfer_size. */
static int dma_one(struct iomi_vfu_gmem *g, uint64_t addr, void *buf, size_t len, bool write)
{
	struct iom_vfu *v = g->v;
	int rc;

	rc = wait_begin(g, buf, len, write);
	if (rc)
		return rc;
	rc = send_message(v, g->wait_id, write, addr, buf, len);
	if (rc) {
		pthread_mutex_lock(&v->dma_lock);
		g->wait = VFU_WAIT_IDLE;
		pthread_mutex_unlock(&v->dma_lock);
		return rc == IOM_EAGAIN ? IOM_EIO : rc;
	}
	if (g->pinned)
		return wait_end(g);
	iomi_vfu_gmem_leave(g);
	rc = wait_end(g);
	iomi_vfu_gmem_enter(g);
	return rc;
}

int iomi_vfu_dma_rw(struct iomi_vfu_gmem *g, uint64_t addr, void *buf, size_t len, bool write)
{
	size_t max = atomic_load_explicit(&g->v->peer_xfer, memory_order_relaxed), n;
	uint8_t *p = buf;
	int rc;

	for (; len; addr += n, p += n, len -= n) {
		n = len < max ? len : max;
		rc = dma_one(g, addr, p, n, write);
		if (rc)
			return rc;
	}
	return IOM_OK;
}

int iom_vfu_post(struct iom_vfu *v, uint64_t addr, const void *buf, size_t len)
{
	return send_message(v, POST_ID, true, addr, buf, len);
}

/* What the client's errno means for an access. */
static int error_of(const struct iomi_vfu_msg *m)
{
	switch (m->hdr.error) {
	case -IOM_ENODEV:
		return IOM_ENODEV;	/* bus mastering is off */
	case -IOM_EFAULT:
	case -IOM_ENOENT:
		return IOM_EFAULT;
	case -IOM_EACCES:
	case -IOM_EPERM:
		return IOM_EACCES;
	default:
		return IOM_EIO;
	}
}

/* U12: the count is 8 bytes wide, and is what was asked for. */
static int check_reply(const struct iomi_vfu_gmem *g, const struct iomi_vfu_msg *m)
{
	struct vfio_user_dma_access a;
	size_t data = g->wait_cmd == VFIO_USER_DMA_READ ? g->wait_len : 0;

	if (m->hdr.cmd != g->wait_cmd)
		return IOM_EIO;
	if (m->hdr.flags & VFIO_USER_F_ERROR)
		return error_of(m);
	if (m->len != sizeof(a) + data)
		return IOM_EIO;
	memcpy(&a, m->data, sizeof(a));
	return a.count == g->wait_len ? IOM_OK : IOM_EIO;
}

void iomi_vfu_dma_reply(struct iom_vfu *v, const struct iomi_vfu_msg *m)
{
	unsigned int i = m->hdr.id >> SEQ_BITS;
	struct iomi_vfu_gmem *g;
	int rc;

	if (m->hdr.id == POST_ID)
		return;
	if (i >= v->cfg.nr_gmems) {
		iomi_vfu_count(&v->nr.errors);
		return;
	}
	g = &v->gmem[i];
	pthread_mutex_lock(&v->dma_lock);
	if (g->wait == VFU_WAIT_SENT && g->wait_id == m->hdr.id) {
		rc = check_reply(g, m);
		if (!rc && g->wait_cmd == VFIO_USER_DMA_READ)
			memcpy(g->wait_buf, m->data + sizeof(struct vfio_user_dma_access),
			       g->wait_len);
		wait_done(g, rc);
	} else {
		iomi_vfu_count(&v->nr.errors);	/* too late, or made up */
	}
	pthread_mutex_unlock(&v->dma_lock);
}

void iomi_vfu_dma_cancel(struct iom_vfu *v)
{
	uint64_t before = atomic_load(&v->cancelled);
	unsigned int i;

	pthread_mutex_lock(&v->dma_lock);
	for (i = 0; i < v->cfg.nr_gmems; i++) {
		if (v->gmem[i].wait == VFU_WAIT_SENT && v->gmem[i].wait_begun < before)
			wait_done(&v->gmem[i], IOM_ENODEV);
	}
	pthread_mutex_unlock(&v->dma_lock);
}
