/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One endpoint's view of the IOMMU in front of it, whichever IOMMU that is:
 * iova in, runs of guest-physical addresses or a fault out.
 */
#ifndef IOM_DEV_XLATE_H
#define IOM_DEV_XLATE_H

#include <stddef.h>
#include <stdint.h>

#include <iom/base/err.h>
#include <iom/dev/access.h>
#include <iom/plat/gmem.h>

#ifdef __cplusplus
extern "C" {
#endif

/* With IOM_ACCESS_READ, WRITE: a fault is not reported to the driver, nor counted. */
#define IOM_ACCESS_QUIET	0x80000000u

#define IOM_RUN_MMIO		1u	/* mapped with a device memory type */
#define IOM_RUN_MSI		2u	/* a message for the platform's MSI controller */
#define IOM_RUN_BYPASS		4u	/* not translated */
#define IOM_RUN_RAZ_WI		8u	/* no memory: reads give zeros, writes are ignored */

struct iom_run {
	uint64_t gpa;		/* of the first byte */
	uint64_t len;		/* bytes from there, at least 1 */
	uint32_t flags;		/* IOM_RUN_* */
};

struct iom_xlate;

struct iom_xlate_ops {
	/*
	 * The first run of [iova, iova + len - 1]; len is not 0 and does not
	 * wrap. access: IOM_ACCESS_*, at least READ or WRITE. Inside a bracket
	 * of gate, until whose end *run is valid. Any number of threads; takes
	 * no lock where the translation exists.
	 * IOM_EFAULT: the first byte is not mapped (or the endpoint blocked);
	 * IOM_EACCES: mapped without the permission. Then *run is untouched and
	 * the fault was reported to the driver, if a reset is not what caused it.
	 * IOM_EAGAIN: the IOMMU holds the access back, which only one does that
	 * was told who waits: end the bracket, and ask again when it says so.
	 */
	int (*translate)(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
			 struct iom_run *run);
};

struct iom_xlate {
	const struct iom_xlate_ops *ops;
	struct iom_access_gate *gate;
};

static inline int iom_xlate_translate(struct iom_xlate *x, uint64_t iova, uint64_t len,
				      unsigned int access, struct iom_run *run)
{
	return x->ops->translate(x, iova, len, access, run);
}

/*
 * All runs of the range, adjacent ones merged where their addresses and flags
 * continue. At most max runs are written, *n is their number and *done the
 * bytes they cover: less than len with IOM_OK means max was reached. On a
 * fault the runs before it are there, and *done tells where it is.
 */
int iom_xlate_runs(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
		   struct iom_run *run, size_t max, size_t *n, uint64_t *done);

#ifdef __cplusplus
}
#endif
#endif
