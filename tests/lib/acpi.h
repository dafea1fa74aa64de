/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI tables in tests: the compiler that checks them, and their checksum. */
#ifndef TESTS_LIB_ACPI_H
#define TESTS_LIB_ACPI_H

#include <stddef.h>
#include <stdint.h>

/*
 * An iasl that knows VIOT (20210604 and later): $IASL, this machine's, or what
 * scripts/setup unpacked; NULL if there is none.
 */
const char *test_iasl(void);

/* Makes all bytes sum to 0. */
void test_acpi_checksum(uint8_t *table, size_t len);

/*
 * iasl takes the table apart and makes the same one of the parts, but for the
 * names of the compiler, and so the checksum; else the test fails. dir is a
 * directory for its files.
 */
void test_iasl_agrees(const char *iasl, const char *dir, const uint8_t *table, size_t len);
/* It takes the table apart to the end, knows all of it, and finds this text in it. */
void test_iasl_reads(const char *iasl, const char *dir, const uint8_t *table, size_t len,
		     const char *text);

#endif
