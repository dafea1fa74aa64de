/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IOM_SRC_FW_DIAG_H
#define IOM_SRC_FW_DIAG_H

#include <iom/fw/diag.h>

/*
 * Fill *d and return err. node and prop may be NULL. fmt knows %s, %c, %u, %x
 * (unsigned int) and %llx, %llu; bytes that do not print become '?', since
 * they may come from a damaged file and end on a terminal.
 */
__attribute__((format(printf, 5, 6)))
int iomi_diag_fail(struct iom_diag *d, int err, const char *node,
		   const char *prop, const char *fmt, ...);

#endif
