/* SPDX-License-Identifier: BSD-2-Clause */
/* Ranges over the one-run translation of any IOMMU. */
#include <iom/dev/xlate.h>

int iom_xlate_runs(struct iom_xlate *x, uint64_t iova, uint64_t len, unsigned int access,
		   struct iom_run *run, size_t max, size_t *n, uint64_t *done)
{
	struct iom_run r;
	int rc;

	*n = 0;
	*done = 0;
	while (*done < len) {
		rc = x->ops->translate(x, iova + *done, len - *done, access, &r);
		if (rc)
			return rc;
		/* A run does not go on from the top of memory at its start. */
		if (*n && run[*n - 1].flags == r.flags && r.gpa &&
		    run[*n - 1].gpa + run[*n - 1].len == r.gpa) {
			run[*n - 1].len += r.len;
		} else {
			if (*n == max)
				return IOM_OK;
			run[(*n)++] = r;
		}
		*done += r.len;
	}
	return IOM_OK;
}
