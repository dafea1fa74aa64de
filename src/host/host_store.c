/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file store. Offsets and lengths were checked against size by the caller
 * (plat/store.h), the file may still shrink under us: a short read is then
 * IOM_EIO, never a made-up zero.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <iom/base/err.h>
#include <iom/base/field.h>
#include <iom/host/host_store.h>

#define SECTOR		512u
#define IOV_CHUNK	64u		/* entries for one system call, on the stack */
#define ZERO_CHUNK	65536u

static struct iom_host_store_file *to_file(struct iom_store *s)
{
	return IOM_CONTAINER_OF(s, struct iom_host_store_file, s);
}

static int err_of(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return IOM_ENOSPC;
	case EROFS:
	case EPERM:
	case EBADF:
		return IOM_EPERM;
	case EOPNOTSUPP:
	case ENOSYS:
	case ENODEV:
		return IOM_EOPNOTSUPP;
	default:
		return IOM_EIO;
	}
}

/* Moves bytes done out of the vector; returns the number of entries finished. */
static unsigned int advance(struct iovec *v, unsigned int n, size_t done)
{
	unsigned int i;

	for (i = 0; i < n && done >= v[i].iov_len; i++)
		done -= v[i].iov_len;
	if (i < n) {
		v[i].iov_base = (uint8_t *)v[i].iov_base + done;
		v[i].iov_len -= done;
	}
	return i;
}

/* One system call moves at most IOV_CHUNK entries, and may move less than asked. */
static int move(struct iom_host_store_file *f, uint64_t off, const struct iom_store_iov *iov,
		size_t n, bool write)
{
	struct iovec v[IOV_CHUNK];
	unsigned int i, nr;
	ssize_t done;

	while (n) {
		nr = n < IOV_CHUNK ? (unsigned int)n : IOV_CHUNK;
		for (i = 0; i < nr; i++) {
			v[i].iov_base = iov[i].ptr;
			v[i].iov_len = iov[i].len;
		}
		iov += nr;
		n -= nr;
		for (i = advance(v, nr, 0); i < nr; i += advance(v + i, nr - i, (size_t)done)) {
			done = write ? pwritev(f->fd, v + i, (int)(nr - i), (off_t)off)
				     : preadv(f->fd, v + i, (int)(nr - i), (off_t)off);
			if (done < 0 && errno == EINTR) {
				done = 0;
				continue;
			}
			if (done <= 0)
				return done ? err_of(errno) : IOM_EIO;
			off += (uint64_t)done;
		}
	}
	return IOM_OK;
}

static int file_readv(struct iom_store *s, uint64_t off, const struct iom_store_iov *iov, size_t n)
{
	return move(to_file(s), off, iov, n, false);
}

static int file_writev(struct iom_store *s, uint64_t off, const struct iom_store_iov *iov,
		       size_t n)
{
	return s->read_only ? IOM_EPERM : move(to_file(s), off, iov, n, true);
}

static int file_flush(struct iom_store *s)
{
	struct iom_host_store_file *f = to_file(s);

	if (s->read_only)
		return IOM_OK;
	while (fdatasync(f->fd)) {
		if (errno != EINTR)
			return err_of(errno);
	}
	return IOM_OK;
}

/* fallocate() or the block device's ioctl; IOM_EOPNOTSUPP where neither can. */
static int file_punch(struct iom_host_store_file *f, uint64_t off, uint64_t len)
{
	uint64_t range[2] = { off, len };
	int rc;

	if (f->no_punch)
		return IOM_EOPNOTSUPP;
	if (f->block)
		rc = ioctl(f->fd, BLKDISCARD, range);
	else
		rc = fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)off,
			       (off_t)len);
	if (!rc)
		return IOM_OK;
	rc = err_of(errno);
	f->no_punch = rc == IOM_EOPNOTSUPP;
	return rc;
}

static int file_zero(struct iom_host_store_file *f, uint64_t off, uint64_t len)
{
	uint64_t range[2] = { off, len };
	int rc;

	if (f->no_zero)
		return IOM_EOPNOTSUPP;
	if (f->block)
		rc = ioctl(f->fd, BLKZEROOUT, range);
	else
		rc = fallocate(f->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, (off_t)off,
			       (off_t)len);
	if (!rc)
		return IOM_OK;
	rc = err_of(errno);
	f->no_zero = rc == IOM_EOPNOTSUPP;
	return rc;
}

static int write_zero_bytes(struct iom_host_store_file *f, uint64_t off, uint64_t len)
{
	static const uint8_t zeroes[ZERO_CHUNK];
	struct iom_store_iov iov = { .ptr = (void *)(uintptr_t)zeroes };
	int rc;

	for (; len; off += iov.len, len -= iov.len) {
		iov.len = len < ZERO_CHUNK ? (size_t)len : ZERO_CHUNK;
		rc = move(f, off, &iov, 1, true);
		if (rc)
			return rc;
	}
	return IOM_OK;
}

/* A hint: where the medium cannot, the data simply stay. */
static int file_discard(struct iom_store *s, uint64_t off, uint64_t len)
{
	int rc;

	if (s->read_only)
		return IOM_EPERM;
	rc = file_punch(to_file(s), off, len);
	return rc == IOM_EOPNOTSUPP ? IOM_OK : rc;
}

static int file_write_zeroes(struct iom_store *s, uint64_t off, uint64_t len, bool unmap)
{
	struct iom_host_store_file *f = to_file(s);
	int rc = IOM_EOPNOTSUPP;

	if (s->read_only)
		return IOM_EPERM;
	/* A hole of a file reads as zeroes; a discarded block may read as anything. */
	if (unmap && !f->block)
		rc = file_punch(f, off, len);
	if (rc == IOM_EOPNOTSUPP)
		rc = file_zero(f, off, len);
	if (rc == IOM_EOPNOTSUPP)
		rc = write_zero_bytes(f, off, len);
	return rc;
}

static const struct iom_store_ops file_ops = {
	.readv = file_readv,
	.writev = file_writev,
	.flush = file_flush,
	.discard = file_discard,
	.write_zeroes = file_write_zeroes,
};

__attribute__((format(printf, 2, 3)))
static void say(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, IOM_HOST_STORE_WHY, fmt, ap);
	va_end(ap);
}

/* Kind and size of an open file; IOM_EINVAL with *why set if it is no disk. */
static int file_size(int fd, const char *path, bool *block, uint64_t *size, char *why)
{
	struct stat st;

	if (fstat(fd, &st)) {
		say(why, "%s: %s", path, strerror(errno));
		return IOM_EIO;
	}
	*block = S_ISBLK(st.st_mode);
	if (*block) {
		if (!ioctl(fd, BLKGETSIZE64, size))
			return IOM_OK;
		say(why, "%s: size of the block device: %s", path, strerror(errno));
		return IOM_EIO;
	}
	if (!S_ISREG(st.st_mode)) {
		say(why, "%s: must be a regular file or a block device", path);
		return IOM_EINVAL;
	}
	*size = (uint64_t)st.st_size;
	return IOM_OK;
}

static int check_size(const char *path, uint64_t size, uint64_t min_size, char *why)
{
	if (size < min_size || !size) {
		say(why, "%s: has %llu bytes, at least %llu are needed", path,
		    (unsigned long long)size,
		    (unsigned long long)(min_size ? min_size : SECTOR));
		return IOM_EINVAL;
	}
	if (size % SECTOR) {
		say(why, "%s: has %llu bytes, must be a multiple of %u", path,
		    (unsigned long long)size, SECTOR);
		return IOM_EINVAL;
	}
	return IOM_OK;
}

int iom_host_store_open(struct iom_host_store_file *f, const char *path, bool read_only,
			uint64_t min_size, char *why)
{
	uint64_t size = 0;
	bool block = false;
	int fd, rc;

	/* O_NONBLOCK: opening a FIFO must not wait for its other end. */
	fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		rc = errno;
		say(why, "%s: %s", path, strerror(rc));
		return rc == ENOENT || rc == ENOTDIR ? IOM_ENOENT :
		       rc == EACCES || rc == EPERM || rc == EROFS ? IOM_EACCES : IOM_EIO;
	}
	rc = file_size(fd, path, &block, &size, why);
	if (!rc)
		rc = check_size(path, size, min_size, why);
	/* Two writers of one disk destroy it; readers may share. */
	if (!rc && flock(fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) && errno == EWOULDBLOCK) {
		say(why, "%s: in use by another process", path);
		rc = IOM_EBUSY;
	}
	if (rc) {
		close(fd);
		return rc;
	}
	memset(f, 0, sizeof(*f));
	f->s.ops = &file_ops;
	f->s.size = size;
	f->s.read_only = read_only;
	f->fd = fd;
	f->block = block;
	return IOM_OK;
}

void iom_host_store_close(struct iom_host_store_file *f)
{
	close(f->fd);
	f->fd = -1;
}
