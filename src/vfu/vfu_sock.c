/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket thread: one loop that waits for a wake, a client to accept, bytes
 * in, or room for bytes out. Every descriptor here is non-blocking.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vfu/vfu_int.h"

/* No descriptor left to accept with: leave the listener alone for so long. */
#define ACCEPT_PAUSE_NS 100000000u

enum { POLL_WAKE, POLL_CONN, POLL_LISTEN, POLL_NR };

uint64_t iomi_vfu_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

void iomi_vfu_wake(struct iom_vfu *v)
{
	static const uint64_t one = 1;
	ssize_t n = write(v->wake_fd, &one, sizeof(one));

	(void)n;	/* full means that it is awake */
}

void iomi_vfu_note(struct iom_vfu *v, const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	v->ops.note(v->cfg.dev, line);
}

void iomi_vfu_close_fds(const int *fds, unsigned int n)
{
	while (n--) {
		if (fds[n] >= 0)
			close(fds[n]);
	}
}

/* --- one connection ------------------------------------------------------- */

void iomi_vfu_conn_open(struct iom_vfu *v, int fd)
{
	v->conn_fd = fd;
	v->conn++;
	v->agreed = v->dead = false;
	iomi_vfu_rx_reset(v);
	atomic_store(&v->truncated, false);
	iomi_vfu_tx_open(&v->tx, fd, v->conn);
}

/* U13: memory and eventfds go, the device stays as it is. */
void iomi_vfu_conn_close(struct iom_vfu *v)
{
	bool agreed = v->agreed;

	atomic_store(&v->connected, false);
	v->agreed = false;
	iomi_vfu_tx_flush(&v->tx);	/* an error reply, perhaps */
	iomi_vfu_tx_close(&v->tx);
	close(v->conn_fd);
	v->conn_fd = -1;
	v->conn++;			/* nothing that is retired is answered any more */
	iomi_vfu_rx_reset(v);
	iomi_vfu_irq_drop(v);
	iomi_vfu_map_drop(v);
	if (agreed)
		v->ops.connection(v->cfg.dev, false);
}

/*
 * Reads what is there, once. False: nothing was. The ancillary data holds at
 * most as many descriptors as we agreed to; the kernel closes any others and
 * says so.
 */
static bool receive(struct iom_vfu *v)
{
	union {
		char buf[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	int fds[VFU_MAX_FDS];
	unsigned int nr_fds = 0;
	struct cmsghdr *c;
	uint8_t *buf;
	ssize_t n;

	iomi_vfu_rx_space(v, &buf, &iov.iov_len);
	iov.iov_base = buf;
	do {
		n = recvmsg(v->conn_fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	for (c = n >= 0 ? CMSG_FIRSTHDR(&msg) : NULL; c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		nr_fds = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), nr_fds * sizeof(int));
	}
	if (n <= 0) {
		iomi_vfu_close_fds(fds, nr_fds);
		v->dead = true;
		return true;
	}
	if (msg.msg_flags & MSG_CTRUNC) {
		iomi_vfu_note(v, "more than %u descriptors in a message", VFU_MAX_FDS);
		iomi_vfu_close_fds(fds, nr_fds);
		v->dead = true;
		return true;
	}
	iomi_vfu_rx_commit(v, (size_t)n, fds, nr_fds);
	return true;
}

static void check_dead(struct iom_vfu *v)
{
	if (v->conn_fd < 0)
		return;
	if (atomic_load(&v->truncated) && !v->dead) {
		iomi_vfu_note(v, "the client truncated memory that it shares");
		v->dead = true;
	}
	if (v->dead || iomi_vfu_tx_broken(&v->tx))
		iomi_vfu_conn_close(v);
}

/* --- accepting ------------------------------------------------------------ */

static void accept_one(struct iom_vfu *v)
{
	int fd = accept4(v->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			v->accept_again_ns = iomi_vfu_now_ns() + ACCEPT_PAUSE_NS;
		return;
	}
	if (v->conn_fd >= 0) {
		iomi_vfu_count(&v->nr.refused);
		iomi_vfu_note(v, "a second client was refused");
		close(fd);
		return;
	}
	iomi_vfu_conn_open(v, fd);
}

int iom_vfu_adopt(struct iom_vfu *v, int fd)
{
	if (v->conn_fd >= 0 || iomi_vfu_rx_stalled(v))
		return IOM_EBUSY;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	iomi_vfu_conn_open(v, fd);
	return IOM_OK;
}

/*
 * A new client is not taken before the brackets that the last one left open
 * have ended: each end of a connection needs a place in the ring.
 */
static bool may_accept(struct iom_vfu *v)
{
	if (v->listen_fd < 0 || (v->conn_fd < 0 && iomi_vfu_rx_stalled(v)))
		return false;
	if (v->accept_again_ns && iomi_vfu_now_ns() < v->accept_again_ns)
		return false;
	v->accept_again_ns = 0;
	return true;
}

/* --- work on this thread -------------------------------------------------- */

/* The server that this thread is inside a step of. */
static _Thread_local struct iom_vfu *stepping;

void iom_vfu_kick(struct iom_vfu *v)
{
	if (!atomic_exchange(&v->kicked, true) && stepping != v)
		iomi_vfu_wake(v);
}

static bool work_waits(struct iom_vfu *v)
{
	return !v->working && atomic_load(&v->kicked);
}

static void do_work(struct iom_vfu *v)
{
	if (v->working || !atomic_exchange(&v->kicked, false))
		return;
	v->working = true;
	if (v->ops.work(v->cfg.dev) == IOM_EAGAIN)
		atomic_store(&v->kicked, true);
	v->working = false;
}

bool iomi_vfu_working_here(const struct iom_vfu *v)
{
	return stepping == v && v->working;
}

void iom_vfu_pump(struct iom_vfu *v)
{
	if (iomi_vfu_working_here(v))
		(void)iom_vfu_step(v, 0);
}

/* --- the loop ------------------------------------------------------------- */

/*
 * Adaptive polling: true if bytes or work came in time. Only if they did the
 * last time, asleep or not: the pauses of a busy client are alike. Others who
 * want this processor get it.
 */
static bool poll_receive(struct iom_vfu *v)
{
	uint64_t now, end;

	if (!v->cfg.poll_ns || v->working || v->conn_fd < 0 || iomi_vfu_rx_stalled(v) ||
	    atomic_load(&v->tx.waiting) || work_waits(v))
		return false;
	v->idle_since_ns = iomi_vfu_now_ns();
	if (!v->poll_worth)
		return false;
	end = v->idle_since_ns + v->cfg.poll_ns;
	do {
		if (receive(v) || work_waits(v))
			return true;
		if (atomic_load(&v->stop))
			return false;
		sched_yield();
		now = iomi_vfu_now_ns();
	} while (now < end);
	v->poll_worth = false;
	return false;
}

/* Would polling have been in time? */
static void judge_sleep(struct iom_vfu *v)
{
	if (v->cfg.poll_ns && !v->working)
		v->poll_worth = iomi_vfu_now_ns() - v->idle_since_ns < v->cfg.poll_ns;
}

static int wait_ms(const struct iom_vfu *v, int timeout_ms)
{
	const int pause_ms = ACCEPT_PAUSE_NS / 1000000;

	if (v->accept_again_ns && (timeout_ms < 0 || timeout_ms > pause_ms))
		return pause_ms;
	return timeout_ms;
}

static void serve_events(struct iom_vfu *v, const struct pollfd *p)
{
	uint64_t count;

	if (p[POLL_WAKE].revents) {
		ssize_t n = read(v->wake_fd, &count, sizeof(count));

		(void)n;
	}
	iomi_vfu_map_retire(v);
	if (p[POLL_CONN].revents & POLLOUT)
		iomi_vfu_tx_flush(&v->tx);
	if (v->conn_fd >= 0) {
		/* What a stall left behind comes before anything new. */
		iomi_vfu_rx_handle(v);
		if ((p[POLL_CONN].revents & (POLLIN | POLLHUP | POLLERR)) &&
		    !iomi_vfu_rx_stalled(v) && !v->dead)
			receive(v);
	}
	check_dead(v);
	/* Asked again: what was just served may have filled the ring. */
	if (p[POLL_LISTEN].revents && may_accept(v))
		accept_one(v);
	do_work(v);
}

static int step(struct iom_vfu *v, int timeout_ms)
{
	struct pollfd p[POLL_NR] = {
		[POLL_WAKE] = { .fd = v->wake_fd, .events = POLLIN },
		[POLL_CONN] = { .fd = v->conn_fd },
		[POLL_LISTEN] = { .fd = may_accept(v) ? v->listen_fd : -1, .events = POLLIN },
	};
	bool stalled = iomi_vfu_rx_stalled(v);

	if (atomic_load(&v->stop))
		return IOM_ENODEV;
	if (poll_receive(v)) {
		check_dead(v);
		timeout_ms = 0;
		p[POLL_CONN].fd = v->conn_fd;
		stalled = iomi_vfu_rx_stalled(v);
	}
	if (!stalled)
		p[POLL_CONN].events |= POLLIN;
	if (atomic_load(&v->tx.waiting))
		p[POLL_CONN].events |= POLLOUT;
	/* While stalled an end of the connection would be reported over and over. */
	if (!p[POLL_CONN].events)
		p[POLL_CONN].fd = -1;
	if (work_waits(v))
		timeout_ms = 0;
	if (poll(p, POLL_NR, wait_ms(v, timeout_ms)) < 0)
		memset(p, 0, sizeof(p));
	if (timeout_ms)
		judge_sleep(v);
	serve_events(v, p);
	return atomic_load(&v->stop) ? IOM_ENODEV : IOM_OK;
}

int iom_vfu_step(struct iom_vfu *v, int timeout_ms)
{
	struct iom_vfu *outer = stepping;
	int rc;

	stepping = v;
	rc = step(v, timeout_ms);
	stepping = outer;
	return rc;
}

void iom_vfu_serve(struct iom_vfu *v)
{
	while (!iom_vfu_step(v, -1))
		;
}

void iom_vfu_stop(struct iom_vfu *v)
{
	atomic_store(&v->stop, true);
	iomi_vfu_wake(v);
}
