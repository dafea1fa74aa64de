/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store over a raw file or block device: byte n of the disk is byte n of the
 * file. flush returns after fdatasync(), so a write acknowledged after it
 * survives a loss of power as far as the medium below keeps its promise.
 */
#ifndef IOM_HOST_HOST_STORE_H
#define IOM_HOST_HOST_STORE_H

#include <stdbool.h>

#include <iom/plat/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_host_store_file {
	struct iom_store s;
	int fd;
	bool block;		/* a block device */
	bool no_punch;		/* the file system cannot; found out at the first try */
	bool no_zero;
};

/* Room for what iom_host_store_open() says; a longer text is cut. */
#define IOM_HOST_STORE_WHY 512

/*
 * Opens path, for reading only if read_only. The size is the file's, or if
 * min_size is not 0 it must be at least that. IOM_ENOENT: no such file;
 * IOM_EACCES: not permitted; IOM_EBUSY: another process has it open for a
 * store (a lock on the file, released when it is closed); IOM_EINVAL: not a
 * regular file or block device, empty, shorter than min_size, or not a
 * multiple of 512 bytes; IOM_EIO. On failure *f is untouched and why (of
 * IOM_HOST_STORE_WHY bytes) holds one line with the path and what would be
 * right.
 */
int iom_host_store_open(struct iom_host_store_file *f, const char *path, bool read_only,
			uint64_t min_size, char *why);
/* Closes the file; what was not flushed is left to the kernel. */
void iom_host_store_close(struct iom_host_store_file *f);

#ifdef __cplusplus
}
#endif
#endif
