/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For programs that do not want to carry caches of an IOVA space around: one for
 * each thread, made at its first call and given back when it ends.
 *
 *	iom_iova_alloc(s, iom_host_iova_cache(h), len - 1, 0, &r);
 */
#ifndef IOM_HOST_HOST_IOVA_H
#define IOM_HOST_HOST_IOVA_H

#include <iom/dma/iova.h>

#ifdef __cplusplus
extern "C" {
#endif

struct iom_host_iova;

/* IOM_ENOMEM; also if the process has no thread-specific key left. */
int iom_host_iova_create(struct iom_iova *s, struct iom_host_iova **out);
/* Before the space's destroy, once all other threads that used it have ended. */
void iom_host_iova_destroy(struct iom_host_iova *h);

/* The calling thread's cache; NULL if there is no memory for one, which is a cache too. */
struct iom_iova_cache *iom_host_iova_cache(struct iom_host_iova *h);

#ifdef __cplusplus
}
#endif
#endif
