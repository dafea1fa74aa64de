/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a firmware description was refused: the node, the property and what is
 * wrong with it. Whoever opened the file puts its name in front.
 */
#ifndef IOM_FW_DIAG_H
#define IOM_FW_DIAG_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Always NUL-terminated; a longer text is cut. node is a device tree path or,
 * in an ACPI table, "node at 0x40"; it is empty when the whole file is meant.
 * prop is a property or field, or empty. what also says what would be right.
 */
struct iom_diag {
	char node[256];
	char prop[48];
	char what[208];
};

#ifdef __cplusplus
}
#endif
#endif
