/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IOM_SRC_FW_IORT_H
#define IOM_SRC_FW_IORT_H

#include <iom/fw/iort.h>

/* Name the node at an offset of the table in *d; returns err. */
int iomi_iort_fail(struct iom_diag *d, int err, uint32_t offset, const char *field,
		   const char *what);

/* IOM_EINVAL if the nodes contradict themselves or each other; *bad is the (later) node. */
int iomi_iort_check(const struct iom_iort_node *nodes, uint32_t nr, uint32_t *bad,
		    const char **field, const char **what);

#endif
