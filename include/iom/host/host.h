/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libiom on a hosted system: the ready-made plat, random bytes, and memory that
 * can be shared with another process.
 */
#ifndef IOM_HOST_HOST_H
#define IOM_HOST_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/plat/plat.h>
#include <iom/plat/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The plat of a hosted program: the C library's allocator, mutexes that know
 * their holder, the monotonic clock. One for the whole process, any thread,
 * never freed.
 *
 * A call that a mutex's contract forbids (a second lock by the holder, an
 * unlock by another thread) is a fault of libiom, not of foreign data; it ends
 * the program with a message.
 */
struct iom_plat *iom_host_plat(void);

/* The kernel's random bytes (getrandom). Any thread; fill is IOM_OK or IOM_EIO. */
struct iom_entropy *iom_host_entropy(void);

/*
 * Memory behind a file descriptor: what a VMM shares with a device process.
 * Zeroed, sealed against shrinking, closed and unmapped by fini.
 */
struct iom_host_memfd {
	int fd;
	void *mem;
	size_t size;	/* a multiple of the page size */
};

/* name is for /proc only. IOM_EINVAL: size 0 or not a multiple of a page; IOM_ENOMEM. */
int iom_host_memfd_init(struct iom_host_memfd *m, const char *name, size_t size);
void iom_host_memfd_fini(struct iom_host_memfd *m);

#ifdef __cplusplus
}
#endif
#endif
