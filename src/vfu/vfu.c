/* SPDX-License-Identifier: BSD-2-Clause */
/* Making and ending a server, and its place in the file system. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vfu/vfu_int.h"

#define DMA_TIMEOUT_MS 2000u

static void reset_nothing(struct iom_vfu_dev *d)
{
	(void)d;
}

static bool dma_always(struct iom_vfu_dev *d)
{
	(void)d;
	return true;
}

static void connection_nothing(struct iom_vfu_dev *d, bool open)
{
	(void)d;
	(void)open;
}

static void irqs_nothing(struct iom_vfu_dev *d, unsigned int index)
{
	(void)d;
	(void)index;
}

static int work_nothing(struct iom_vfu_dev *d)
{
	(void)d;
	return IOM_OK;
}

static void note_nothing(struct iom_vfu_dev *d, const char *line)
{
	(void)d;
	(void)line;
}

static void set_ops(struct iom_vfu *v, const struct iom_vfu_dev_ops *ops)
{
	v->ops = *ops;
	if (!v->ops.reset)
		v->ops.reset = reset_nothing;
	if (!v->ops.dma_allowed)
		v->ops.dma_allowed = dma_always;
	if (!v->ops.connection)
		v->ops.connection = connection_nothing;
	if (!v->ops.memory_changed)
		v->ops.memory_changed = reset_nothing;
	if (!v->ops.irqs_changed)
		v->ops.irqs_changed = irqs_nothing;
	if (!v->ops.work)
		v->ops.work = work_nothing;
	if (!v->ops.note)
		v->ops.note = note_nothing;
}

static int check_irqs(const unsigned int irq_count[IOM_VFU_IRQS])
{
	unsigned int i;

	for (i = 0; i < IOM_VFU_IRQS; i++) {
		if (irq_count[i] > (i == IOM_VFU_IRQ_INTX ? 1 : IOM_VFU_VECTORS_MAX))
			return IOM_EINVAL;
	}
	return IOM_OK;
}

static int check_cfg(const struct iom_vfu_cfg *cfg)
{
	if (!cfg->dev || !cfg->dev->ops->region_read || !cfg->dev->ops->region_write ||
	    !cfg->nr_gmems || cfg->nr_gmems > IOM_VFU_GMEMS_MAX)
		return IOM_EINVAL;
	return check_irqs(cfg->irq_count);
}

int iom_vfu_describe(struct iom_vfu *v, const uint64_t region_size[IOM_VFU_REGIONS],
		     const unsigned int irq_count[IOM_VFU_IRQS])
{
	int rc = check_irqs(irq_count);

	if (rc)
		return rc;
	memcpy(v->cfg.region_size, region_size, sizeof(v->cfg.region_size));
	memcpy(v->cfg.irq_count, irq_count, sizeof(v->cfg.irq_count));
	return IOM_OK;
}

static int alloc_buffers(struct iom_vfu *v)
{
	v->rx = malloc(VFU_RX_CAP);
	v->scratch = malloc(VFU_MAX_XFER);
	v->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (v->rx && v->scratch && v->wake_fd >= 0)
		return IOM_OK;
	if (v->wake_fd >= 0)
		close(v->wake_fd);
	free(v->rx);
	free(v->scratch);
	return IOM_ENOMEM;
}

int iom_vfu_create(const struct iom_vfu_cfg *cfg, struct iom_vfu **out)
{
	struct iom_vfu *v;
	int rc = check_cfg(cfg);

	if (rc)
		return rc;
	v = calloc(1, sizeof(*v));
	if (!v)
		return IOM_ENOMEM;
	v->cfg = *cfg;
	if (!v->cfg.dma_timeout_ms)
		v->cfg.dma_timeout_ms = DMA_TIMEOUT_MS;
	set_ops(v, cfg->dev->ops);
	v->listen_fd = v->conn_fd = -1;
	atomic_init(&v->table, &iomi_vfu_map_none);
	atomic_init(&v->epoch, 1);
	atomic_init(&v->peer_xfer, VFU_MAX_XFER);
	rc = alloc_buffers(v);
	if (rc)
		goto err_free;
	rc = iomi_vfu_irq_init(v);
	if (rc)
		goto err_buffers;
	rc = iomi_vfu_tx_init(&v->tx);
	if (rc)
		goto err_irq;
	rc = pthread_mutex_init(&v->dma_lock, NULL) ? IOM_ENOMEM : IOM_OK;
	if (rc)
		goto err_tx;
	rc = iomi_vfu_gmem_init(v);
	if (rc)
		goto err_dma;
	*out = v;
	return IOM_OK;

err_dma:
	pthread_mutex_destroy(&v->dma_lock);
err_tx:
	iomi_vfu_tx_fini(&v->tx);
err_irq:
	iomi_vfu_irq_fini(v);
err_buffers:
	close(v->wake_fd);
	free(v->rx);
	free(v->scratch);
err_free:
	free(v);
	return rc;
}

/* Only the socket that we made: another server may have taken the name since. */
static void remove_path(struct iom_vfu *v)
{
	struct stat st;

	if (v->path && !stat(v->path, &st) && st.st_dev == v->path_dev && st.st_ino == v->path_ino)
		unlink(v->path);
	free(v->path);
}

void iom_vfu_destroy(struct iom_vfu *v)
{
	if (v->conn_fd >= 0)
		iomi_vfu_conn_close(v);
	iomi_vfu_map_retire(v);
	if (v->listen_fd >= 0)
		close(v->listen_fd);
	remove_path(v);
	iomi_vfu_gmem_fini(v);
	pthread_mutex_destroy(&v->dma_lock);
	iomi_vfu_tx_fini(&v->tx);
	iomi_vfu_irq_fini(v);
	close(v->wake_fd);
	free(v->rx);
	free(v->scratch);
	free(v);
}

/* --- the path ------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static void say(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, IOM_VFU_WHY, fmt, ap);
	va_end(ap);
}

static int path_addr(const char *path, struct sockaddr_un *addr, char *why)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (!path[0] || strlen(path) >= sizeof(addr->sun_path)) {
		say(why, "%s: a socket's path has 1 to %zu characters", path,
		    sizeof(addr->sun_path) - 1);
		return IOM_EINVAL;
	}
	memcpy(addr->sun_path, path, strlen(path));
	return IOM_OK;
}

/* Does somebody listen at the socket addr? */
static bool is_served(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused;

	if (fd < 0)
		return true;
	refused = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) &&
		  errno == ECONNREFUSED;
	close(fd);
	return !refused;
}

static int check_directory(const char *path, char *why)
{
	char dir[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	char *slash;

	memcpy(dir, path, strlen(path) + 1);
	slash = strrchr(dir, '/');
	if (!slash)
		memcpy(dir, ".", 2);
	else
		slash[slash == dir] = '\0';
	if (!access(dir, W_OK | X_OK))
		return IOM_OK;
	say(why, "%s: %s: %s", path, dir, strerror(errno));
	return errno == EACCES || errno == EROFS ? IOM_EACCES : IOM_ENOENT;
}

int iom_vfu_check_path(const char *path, char *why)
{
	struct sockaddr_un addr;
	struct stat st;
	int rc = path_addr(path, &addr, why);

	if (rc)
		return rc;
	if (lstat(path, &st))
		return check_directory(path, why);
	if (!S_ISSOCK(st.st_mode)) {
		say(why, "%s: exists and is not a socket", path);
		return IOM_EEXIST;
	}
	if (is_served(&addr)) {
		say(why, "%s: in use by another server", path);
		return IOM_EBUSY;
	}
	return check_directory(path, why);
}

int iom_vfu_listen(struct iom_vfu *v, const char *path, char *why)
{
	struct sockaddr_un addr;
	struct stat st;
	int fd, rc = iom_vfu_check_path(path, why);

	if (rc)
		return rc;
	(void)path_addr(path, &addr, why);
	v->path = strdup(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!v->path || fd < 0)
		goto err;
	unlink(path);			/* a socket that nobody listens on */
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		goto err;
	if (stat(path, &st) || listen(fd, 4)) {
		unlink(path);
		goto err;
	}
	v->path_dev = st.st_dev;
	v->path_ino = st.st_ino;
	v->listen_fd = fd;
	return IOM_OK;

err:
	say(why, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(v->path);
	v->path = NULL;
	return IOM_EIO;
}

void iom_vfu_stats(struct iom_vfu *v, struct iom_vfu_stats *out)
{
	out->connections = atomic_load(&v->nr.connections);
	out->refused_connections = atomic_load(&v->nr.refused);
	out->messages = atomic_load(&v->nr.messages);
	out->errors = atomic_load(&v->nr.errors);
	out->dma_messages = atomic_load(&v->nr.dma);
	out->dma_timeouts = atomic_load(&v->nr.dma_timeouts);
	out->deferred = atomic_load(&v->nr.deferred);
	out->truncated = atomic_load(&v->nr.truncated);
}
