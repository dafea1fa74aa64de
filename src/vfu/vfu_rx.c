/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stream: bytes and descriptors come in any pieces, messages go out whole.
 *
 * Descriptors belong to the message they were sent with. The kernel ends a
 * read after the bytes that carried descriptors, so they belong to the message
 * that holds the last byte of that read.
 */
#include <string.h>
#include <unistd.h>

#include "vfu/vfu_int.h"

void iomi_vfu_rx_space(struct iom_vfu *v, uint8_t **buf, size_t *len)
{
	*buf = v->rx + v->rx_end;
	*len = VFU_RX_CAP - v->rx_end;
}

bool iomi_vfu_rx_stalled(const struct iom_vfu *v)
{
	/* One message retires at most one thing, and the end of a connection one more. */
	return v->nr_retired > VFU_RETIRED - 2 || atomic_load(&v->tx.waiting) > VFU_TX_HIGH;
}

void iomi_vfu_rx_reset(struct iom_vfu *v)
{
	iomi_vfu_close_fds(v->fds, v->nr_fds);
	v->nr_fds = 0;
	v->rx_start = v->rx_end = 0;
	v->drain = 0;
}

/* Takes those descriptors that came with a byte of the first n unhandled ones. */
static unsigned int take_fds(struct iom_vfu *v, size_t n, int *fds)
{
	unsigned int nr = v->nr_fds;

	if (!nr || v->fd_end > v->rx_start + n)
		return 0;
	memcpy(fds, v->fds, nr * sizeof(*fds));
	v->nr_fds = 0;
	return nr;
}

static void consume(struct iom_vfu *v, size_t n)
{
	int fds[VFU_MAX_FDS];

	iomi_vfu_close_fds(fds, take_fds(v, n, fds));	/* those nobody took */
	v->rx_start += n;
}

/* Larger than anything allowed: drop it to its end, so that the next one is found. */
static void refuse_large(struct iom_vfu *v, const struct vfio_user_hdr *hdr)
{
	v->drain = hdr->size;
	iomi_vfu_count(&v->nr.errors);
	if (IOM_FIELD_GET(VFIO_USER_F_TYPE, hdr->flags) == VFIO_USER_TYPE_COMMAND)
		iomi_vfu_cmd_reply(v, hdr, IOM_E2BIG, NULL);
}

static void handle(struct iom_vfu *v, const struct vfio_user_hdr *hdr)
{
	struct iomi_vfu_msg m = {
		.hdr = *hdr,
		.data = v->rx + v->rx_start + sizeof(*hdr),
		.len = hdr->size - sizeof(*hdr),
	};
	struct iomi_vfu_reply r = { .head_len = 0 };
	int fds[VFU_MAX_FDS], rc;

	m.fds = fds;
	m.nr_fds = take_fds(v, hdr->size, fds);
	iomi_vfu_count(&v->nr.messages);
	switch (IOM_FIELD_GET(VFIO_USER_F_TYPE, hdr->flags)) {
	case VFIO_USER_TYPE_COMMAND:
		rc = iomi_vfu_cmd_run(v, &m, &r);
		if (rc < 0)
			iomi_vfu_count(&v->nr.errors);
		if (rc != VFU_LATER)
			iomi_vfu_cmd_reply(v, hdr, rc, &r);
		break;
	case VFIO_USER_TYPE_REPLY:
		iomi_vfu_dma_reply(v, &m);
		break;
	default:
		iomi_vfu_count(&v->nr.errors);
		iomi_vfu_cmd_reply(v, hdr, IOM_EINVAL, NULL);
	}
	iomi_vfu_close_fds(fds, m.nr_fds);
}

/* Handles the next message if it is complete. */
static bool step(struct iom_vfu *v)
{
	size_t have = v->rx_end - v->rx_start, n;
	struct vfio_user_hdr hdr;

	if (v->drain) {
		n = have < v->drain ? have : (size_t)v->drain;
		consume(v, n);
		v->drain -= n;
		return n > 0;
	}
	if (have < sizeof(hdr))
		return false;
	memcpy(&hdr, v->rx + v->rx_start, sizeof(hdr));
	if (hdr.size < sizeof(hdr)) {
		iomi_vfu_note(v, "message of %u bytes: the stream is lost", hdr.size);
		v->dead = true;
		return false;
	}
	if (hdr.size > VFU_MAX_MSG) {
		refuse_large(v, &hdr);
		return true;
	}
	if (have < hdr.size)
		return false;
	handle(v, &hdr);
	v->rx_start += hdr.size;
	return true;
}

void iomi_vfu_rx_handle(struct iom_vfu *v)
{
	while (!v->dead && !iomi_vfu_rx_stalled(v) && step(v))
		iomi_vfu_map_retire(v);
	if (!v->rx_start)
		return;
	memmove(v->rx, v->rx + v->rx_start, v->rx_end - v->rx_start);
	v->rx_end -= v->rx_start;
	v->fd_end -= v->nr_fds ? v->rx_start : 0;
	v->rx_start = 0;
}

void iomi_vfu_rx_commit(struct iom_vfu *v, size_t n, const int *fds, unsigned int nr_fds)
{
	unsigned int i;

	v->rx_end += n;
	for (i = 0; i < nr_fds; i++) {
		/* Several pieces of one message may bring some each. */
		if (v->nr_fds < VFU_MAX_FDS) {
			v->fds[v->nr_fds++] = fds[i];
			continue;
		}
		close(fds[i]);
		if (!v->dead)
			iomi_vfu_note(v, "more than %u descriptors in a message", VFU_MAX_FDS);
		v->dead = true;
	}
	if (nr_fds)
		v->fd_end = v->rx_end;
	iomi_vfu_rx_handle(v);
}

void iomi_vfu_rx_feed(struct iom_vfu *v, const void *bytes, size_t n, const int *fds,
		      unsigned int nr_fds)
{
	const uint8_t *p = bytes;
	size_t len, room;
	uint8_t *buf;
	bool last;

	for (last = false; !last && !v->dead; p += len, n -= len) {
		iomi_vfu_rx_space(v, &buf, &room);
		if (!room)
			break;
		len = n < room ? n : room;
		last = len == n;
		memcpy(buf, p, len);
		iomi_vfu_rx_commit(v, len, fds, last ? nr_fds : 0);
	}
	if (!last)
		iomi_vfu_close_fds(fds, nr_fds);
}
