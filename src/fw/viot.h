/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IOM_SRC_FW_VIOT_H
#define IOM_SRC_FW_VIOT_H

#include <stdbool.h>

#include <iom/fw/viot.h>

bool iomi_viot_is_iommu(const struct iom_viot_node *n);

/* Name the node at an offset of the table in *d; returns err. */
int iomi_viot_fail(struct iom_diag *d, int err, uint32_t offset, const char *field,
		   const char *what);

/* IOM_EINVAL if the nodes contradict each other; *bad is the (later) node. */
int iomi_viot_check(const struct iom_viot_node *nodes, uint32_t nr, uint32_t *bad,
		    const char **field, const char **what);

#endif
