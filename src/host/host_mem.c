/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory behind a file descriptor, and random bytes: both the kernel's. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <iom/host/host.h>

int iom_host_memfd_init(struct iom_host_memfd *m, const char *name, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mem;
	int fd;

	if (!size || size % page)
		return IOM_EINVAL;
	fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return IOM_ENOMEM;
	if (ftruncate(fd, (off_t)size) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL))
		goto err_fd;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		goto err_fd;
	m->fd = fd;
	m->mem = mem;
	m->size = size;
	return IOM_OK;

err_fd:
	close(fd);
	return IOM_ENOMEM;
}

void iom_host_memfd_fini(struct iom_host_memfd *m)
{
	munmap(m->mem, m->size);
	close(m->fd);
}

/* getrandom() gives at most 32 MiB - 1 a call, and 256 at a time uninterrupted. */
static int kernel_fill(struct iom_entropy *e, void *buf, size_t len)
{
	uint8_t *p = buf;
	ssize_t n;

	(void)e;
	while (len) {
		n = getrandom(p, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return IOM_EIO;
		p += n;
		len -= (size_t)n;
	}
	return IOM_OK;
}

struct iom_entropy *iom_host_entropy(void)
{
	static const struct iom_entropy_ops ops = { .fill = kernel_fill };
	static struct iom_entropy entropy = { .ops = &ops };

	return &entropy;
}
