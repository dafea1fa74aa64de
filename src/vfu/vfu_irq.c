/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: the client's eventfds, one for each number of an index.
 *
 * Message interrupts without an eventfd are kept pending. INTx is a level: the
 * eventfd is written when the line is high and not masked, which masks it
 * (AUTOMASKED); the client unmasks it after the guest's handler, and it is
 * written again if the line is still high.
 *
 * An eventfd is made non-blocking, so that a full counter cannot stop us. What
 * is no eventfd is refused: writing to a pipe or socket may raise SIGPIPE.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vfu/vfu_int.h"

static struct iom_vfu *to_vfu(struct iom_irq *irq)
{
	return IOM_CONTAINER_OF(irq, struct iom_vfu, irq.irq);
}

static void signal_fd(int fd)
{
	static const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n;	/* full: the client has not even looked yet; gone: nobody cares */
}

/* lock held, as for all below. */
static void fire_intx(struct iomi_vfu_irq *q)
{
	if (!q->intx_level || q->intx_masked || q->fd[IOM_VFU_IRQ_INTX][0] < 0)
		return;
	q->intx_masked = true;
	signal_fd(q->fd[IOM_VFU_IRQ_INTX][0]);
}

static void fire(struct iomi_vfu_irq *q, unsigned int index, unsigned int n)
{
	if (q->fd[index][n] >= 0) {
		q->pending[index] &= ~IOM_BIT64(n);
		signal_fd(q->fd[index][n]);
	} else {
		q->pending[index] |= IOM_BIT64(n);
	}
}

/* Takes fd, or with -1 leaves the interrupt without one. */
static void assign(struct iomi_vfu_irq *q, unsigned int index, unsigned int n, int fd)
{
	if (q->fd[index][n] >= 0)
		close(q->fd[index][n]);
	q->fd[index][n] = fd;
	if (fd < 0)
		return;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (index == IOM_VFU_IRQ_INTX) {
		q->intx_masked = false;
		fire_intx(q);
	} else if (q->pending[index] & IOM_BIT64(n)) {
		fire(q, index, n);
	}
}

/* The client asks for an interrupt as if the device had raised it. */
static void trigger(struct iomi_vfu_irq *q, unsigned int index, unsigned int n)
{
	if (q->fd[index][n] >= 0)
		signal_fd(q->fd[index][n]);
}

static void set_mask(struct iomi_vfu_irq *q, bool masked)
{
	q->intx_masked = masked;
	if (!masked)
		fire_intx(q);
}

static bool is_one_of(uint32_t val, uint32_t a, uint32_t b, uint32_t c)
{
	return val == a || val == b || val == c;
}

/* Exactly one kind of data and one action, and a pair that exists. */
static int check_flags(const struct vfio_user_set_irqs *req, uint32_t *data, uint32_t *action)
{
	*data = IOM_FIELD_GET(VFIO_USER_SET_IRQS_DATA, req->flags);
	*action = IOM_FIELD_GET(VFIO_USER_SET_IRQS_ACTION, req->flags);
	if ((req->flags & ~(VFIO_USER_SET_IRQS_DATA | VFIO_USER_SET_IRQS_ACTION)) ||
	    !is_one_of(*data, VFIO_USER_SET_IRQS_DATA_NONE, VFIO_USER_SET_IRQS_DATA_BOOL,
		       VFIO_USER_SET_IRQS_DATA_EVENTFD) ||
	    !is_one_of(*action, VFIO_USER_SET_IRQS_ACTION_MASK, VFIO_USER_SET_IRQS_ACTION_UNMASK,
		       VFIO_USER_SET_IRQS_ACTION_TRIGGER))
		return IOM_EINVAL;
	if (*action == VFIO_USER_SET_IRQS_ACTION_TRIGGER)
		return IOM_OK;
	/* Messages are masked in their capability or table, and never by eventfd. */
	if (req->index != IOM_VFU_IRQ_INTX || *data == VFIO_USER_SET_IRQS_DATA_EVENTFD)
		return IOM_EOPNOTSUPP;
	return IOM_OK;
}

/* Of all files only those without an inode of their own, as eventfds, have no type. */
static int check_fds(const int *fds, unsigned int nr_fds)
{
	struct stat st;

	for (; nr_fds; nr_fds--, fds++) {
		if (fstat(*fds, &st) || (st.st_mode & S_IFMT))
			return IOM_EINVAL;
	}
	return IOM_OK;
}

int iomi_vfu_irq_set(struct iom_vfu *v, const struct vfio_user_set_irqs *req, const uint8_t *bools,
		     int *fds, unsigned int nr_fds)
{
	struct iomi_vfu_irq *q = &v->irq;
	uint32_t data, action, i, n;
	int rc = check_flags(req, &data, &action);

	if (rc)
		return rc;
	if ((data != VFIO_USER_SET_IRQS_DATA_EVENTFD && nr_fds) || check_fds(fds, nr_fds))
		return IOM_EINVAL;
	pthread_mutex_lock(&q->lock);
	/* Nothing to set, of nothing: the whole index is switched off. */
	if (action == VFIO_USER_SET_IRQS_ACTION_TRIGGER && !req->count &&
	    data == VFIO_USER_SET_IRQS_DATA_NONE) {
		for (i = 0; i < v->cfg.irq_count[req->index]; i++)
			assign(q, req->index, i, -1);
	}
	for (i = 0; i < req->count; i++) {
		n = req->start + i;
		if (data == VFIO_USER_SET_IRQS_DATA_BOOL && !bools[i])
			continue;
		if (action == VFIO_USER_SET_IRQS_ACTION_MASK) {
			set_mask(q, true);
		} else if (action == VFIO_USER_SET_IRQS_ACTION_UNMASK) {
			set_mask(q, false);
		} else if (data != VFIO_USER_SET_IRQS_DATA_EVENTFD) {
			trigger(q, req->index, n);
		} else {		/* U5: there may be fewer, or none */
			assign(q, req->index, n, i < nr_fds ? fds[i] : -1);
			if (i < nr_fds)
				fds[i] = -1;
		}
	}
	pthread_mutex_unlock(&q->lock);
	return IOM_OK;
}

static void irq_msi(struct iom_irq *irq, bool msix, unsigned int vector, uint64_t addr,
		    uint32_t data)
{
	struct iom_vfu *v = to_vfu(irq);
	unsigned int index = msix ? IOM_VFU_IRQ_MSIX : IOM_VFU_IRQ_MSI;

	(void)addr;
	(void)data;
	if (vector >= v->cfg.irq_count[index])
		return;
	pthread_mutex_lock(&v->irq.lock);
	fire(&v->irq, index, vector);
	pthread_mutex_unlock(&v->irq.lock);
}

static void irq_intx(struct iom_irq *irq, bool level)
{
	struct iom_vfu *v = to_vfu(irq);

	pthread_mutex_lock(&v->irq.lock);
	v->irq.intx_level = level;
	fire_intx(&v->irq);
	pthread_mutex_unlock(&v->irq.lock);
}

static const struct iom_irq_ops irq_ops = { .msi = irq_msi, .intx = irq_intx };

int iomi_vfu_irq_init(struct iom_vfu *v)
{
	memset(v->irq.fd, 0xff, sizeof(v->irq.fd));	/* all -1 */
	v->irq.irq.ops = &irq_ops;
	return pthread_mutex_init(&v->irq.lock, NULL) ? IOM_ENOMEM : IOM_OK;
}

void iomi_vfu_irq_drop(struct iom_vfu *v)
{
	unsigned int index, i;

	pthread_mutex_lock(&v->irq.lock);
	for (index = 0; index < IOM_VFU_IRQS; index++) {
		for (i = 0; i < v->cfg.irq_count[index]; i++)
			assign(&v->irq, index, i, -1);
	}
	v->irq.intx_masked = false;
	pthread_mutex_unlock(&v->irq.lock);
}

void iomi_vfu_irq_reset(struct iom_vfu *v)
{
	pthread_mutex_lock(&v->irq.lock);
	memset(v->irq.pending, 0, sizeof(v->irq.pending));
	pthread_mutex_unlock(&v->irq.lock);
}

void iomi_vfu_irq_fini(struct iom_vfu *v)
{
	iomi_vfu_irq_drop(v);
	pthread_mutex_destroy(&v->irq.lock);
}

struct iom_irq *iom_vfu_irq(struct iom_vfu *v)
{
	return &v->irq.irq;
}
