/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output. Messages go to the socket from the thread that has them, whole and
 * one after another under the lock; what the socket does not take waits in a
 * buffer, in order, for the socket thread. Nobody blocks.
 *
 * The buffer is bounded: at most VFU_TX_HIGH when a message is begun, plus one
 * message of each worker and of the socket thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "vfu/vfu_int.h"

#define TX_PARTS_MAX 4u

int iomi_vfu_tx_init(struct iomi_vfu_tx *tx)
{
	tx->fd = -1;
	return pthread_mutex_init(&tx->lock, NULL) ? IOM_ENOMEM : IOM_OK;
}

void iomi_vfu_tx_fini(struct iomi_vfu_tx *tx)
{
	pthread_mutex_destroy(&tx->lock);
	free(tx->buf);
}

void iomi_vfu_tx_open(struct iomi_vfu_tx *tx, int fd, uint64_t conn)
{
	pthread_mutex_lock(&tx->lock);
	tx->fd = fd;
	tx->conn = conn;
	tx->broken = false;
	pthread_mutex_unlock(&tx->lock);
}

void iomi_vfu_tx_close(struct iomi_vfu_tx *tx)
{
	pthread_mutex_lock(&tx->lock);
	tx->fd = -1;
	free(tx->buf);
	tx->buf = NULL;
	tx->cap = tx->start = tx->end = 0;
	atomic_store(&tx->waiting, 0);
	pthread_mutex_unlock(&tx->lock);
}

/* The socket thread will see the end of the connection and close it. */
static void tx_break(struct iomi_vfu_tx *tx)
{
	tx->broken = true;
	shutdown(tx->fd, SHUT_RDWR);
}

/* Copies what is left of iov behind the waiting bytes. */
static int tx_append(struct iomi_vfu_tx *tx, const struct iovec *iov, unsigned int n, size_t skip)
{
	size_t need = 0, cap;
	uint8_t *buf;
	unsigned int i;

	for (i = 0; i < n; i++)
		need += iov[i].iov_len;
	need -= skip;
	if (tx->start) {
		memmove(tx->buf, tx->buf + tx->start, tx->end - tx->start);
		tx->end -= tx->start;
		tx->start = 0;
	}
	if (tx->cap - tx->end < need) {
		cap = tx->end + need + VFU_PAGE;
		buf = realloc(tx->buf, cap);
		if (!buf)
			return IOM_ENOMEM;
		tx->buf = buf;
		tx->cap = cap;
	}
	for (i = 0; i < n; i++) {
		if (skip >= iov[i].iov_len) {
			skip -= iov[i].iov_len;
			continue;
		}
		memcpy(tx->buf + tx->end, (const uint8_t *)iov[i].iov_base + skip,
		       iov[i].iov_len - skip);
		tx->end += iov[i].iov_len - skip;
		skip = 0;
	}
	atomic_store(&tx->waiting, tx->end - tx->start);
	return IOM_OK;
}

/* Bytes the socket took now; a broken one takes all. */
static size_t tx_now(struct iomi_vfu_tx *tx, const struct iovec *iov, unsigned int n)
{
	struct iovec parts[TX_PARTS_MAX];
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = n };
	ssize_t done;

	memcpy(parts, iov, n * sizeof(*iov));
	do {
		done = sendmsg(tx->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (done < 0 && errno == EINTR);
	if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
		tx_break(tx);
	return done < 0 ? 0 : (size_t)done;
}

int iomi_vfu_tx_send(struct iom_vfu *v, uint64_t conn, const struct iovec *iov, unsigned int n,
		     bool droppable)
{
	struct iomi_vfu_tx *tx = &v->tx;
	size_t done = 0, all = 0;
	bool wake = false;
	unsigned int i;
	int rc = IOM_OK;

	for (i = 0; i < n; i++)
		all += iov[i].iov_len;
	pthread_mutex_lock(&tx->lock);
	if (tx->fd < 0 || tx->broken || (conn && conn != tx->conn)) {
		rc = IOM_ENODEV;
	} else if (droppable && tx->end - tx->start > VFU_TX_HIGH) {
		rc = IOM_EAGAIN;
	} else {
		if (tx->start == tx->end)
			done = tx_now(tx, iov, n);
		if (tx->broken) {
			rc = IOM_ENODEV;
		} else if (done < all) {
			wake = tx->start == tx->end;
			rc = tx_append(tx, iov, n, done);
			/* A message in pieces cannot be continued by another. */
			if (rc)
				tx_break(tx);
		}
	}
	pthread_mutex_unlock(&tx->lock);
	if (wake)
		iomi_vfu_wake(v);
	return rc;
}

void iomi_vfu_tx_flush(struct iomi_vfu_tx *tx)
{
	struct iovec iov;

	pthread_mutex_lock(&tx->lock);
	if (tx->fd >= 0 && !tx->broken && tx->start < tx->end) {
		iov.iov_base = tx->buf + tx->start;
		iov.iov_len = tx->end - tx->start;
		tx->start += tx_now(tx, &iov, 1);
		if (tx->start == tx->end)
			tx->start = tx->end = 0;
		atomic_store(&tx->waiting, tx->end - tx->start);
	}
	pthread_mutex_unlock(&tx->lock);
}

bool iomi_vfu_tx_broken(struct iomi_vfu_tx *tx)
{
	bool broken;

	pthread_mutex_lock(&tx->lock);
	broken = tx->broken;
	pthread_mutex_unlock(&tx->lock);
	return broken;
}
