/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The medium behind a block device. Called by one worker thread at a time; may
 * block. Offsets and lengths in bytes, inside [0, size), multiples of 512.
 * Errors: IOM_EIO, IOM_ENOSPC, IOM_EOPNOTSUPP (discard, write_zeroes; a default
 * answers so), IOM_EPERM (read-only medium).
 */
#ifndef IOM_PLAT_STORE_H
#define IOM_PLAT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iom_store;

struct iom_store_iov {
	void *ptr;
	size_t len;
};

struct iom_store_ops {
	/* All of the vector or an error; a failed write leaves the range undefined. */
	int (*readv)(struct iom_store *s, uint64_t off, const struct iom_store_iov *iov, size_t n);
	int (*writev)(struct iom_store *s, uint64_t off, const struct iom_store_iov *iov, size_t n);
	/* Returns once every write that had returned before is durable. */
	int (*flush)(struct iom_store *s);
	int (*discard)(struct iom_store *s, uint64_t off, uint64_t len);
	/* unmap: the range may be deallocated, as long as it reads as zeroes. */
	int (*write_zeroes)(struct iom_store *s, uint64_t off, uint64_t len, bool unmap);
};

struct iom_store {
	const struct iom_store_ops *ops;
	uint64_t size;		/* bytes, a multiple of 512, fixed */
	bool read_only;
};

/* Source of random bytes for virtio-rng. May block. Returns IOM_OK or IOM_EIO. */
struct iom_entropy;
struct iom_entropy_ops {
	int (*fill)(struct iom_entropy *e, void *buf, size_t len);
};
struct iom_entropy {
	const struct iom_entropy_ops *ops;
};

#endif
