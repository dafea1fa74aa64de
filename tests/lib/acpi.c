/* SPDX-License-Identifier: BSD-2-Clause */
/* See acpi.h. */
#include <stdlib.h>

#include "lib/acpi.h"
#include "lib/test.h"

static bool knows_viot(const char *name)
{
	char cmd[1024];

	snprintf(cmd, sizeof(cmd), "d=$(mktemp -d) && cd $d && %s -T VIOT >/dev/null 2>&1 && "
		 "test -s viot.asl; r=$?; rm -rf $d; exit $r", name);
	return !system(cmd);
}

const char *test_iasl(void)
{
	static char cached[512];
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CACHE_HOME");
	const char *cache = getenv("LIBIOM_CACHE");

	if (cache)
		snprintf(cached, sizeof(cached), "%s/iasl/bin/iasl", cache);
	else
		snprintf(cached, sizeof(cached), "%s%s/libiom/iasl/bin/iasl",
			 xdg ? xdg : home ? home : "", xdg ? "" : "/.cache");
	if (getenv("IASL"))
		return getenv("IASL");
	if (knows_viot("iasl"))
		return "iasl";
	return knows_viot(cached) ? cached : NULL;
}

void test_acpi_checksum(uint8_t *table, size_t len)
{
	uint8_t s = 0;
	size_t i;

	table[9] = 0;
	for (i = 0; i < len; i++)
		s = (uint8_t)(s + table[i]);
	table[9] = (uint8_t)-s;
}

static size_t file(const char *dir, const char *name, const char *mode, void *buf, size_t n)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, mode);
	assert_non_null(f);
	n = *mode == 'r' ? fread(buf, 1, n, f) : fwrite(buf, 1, n, f);
	fclose(f);
	return n;
}

void test_iasl_agrees(const char *iasl, const char *dir, const uint8_t *table, size_t len)
{
	uint8_t *b = malloc(2 * len + 1);
	char *said = calloc(1, 1 << 16), cmd[2048];

	assert_non_null(b);
	assert_non_null(said);
	assert_int_equal(file(dir, "a.aml", "w", (void *)table, len), len);
	snprintf(cmd, sizeof(cmd), "cd %s && rm -f a.dsl b.aml && "
		 "{ %s -d a.aml && %s -p b a.dsl; } >said 2>&1", dir, iasl, iasl);
	assert_int_equal(system(cmd), 0);
	file(dir, "said", "r", said, (1 << 16) - 1);
	if (!strstr(said, "0 Errors, 0 Warnings, 0 Remarks") || strstr(said, "Invalid"))
		printf("%s\n", said);
	assert_non_null(strstr(said, "0 Errors, 0 Warnings, 0 Remarks"));
	assert_null(strstr(said, "Invalid"));
	assert_int_equal(file(dir, "b.aml", "r", b, 2 * len), len);
	b[9] = table[9];
	memcpy(b + 28, table + 28, 8);
	assert_memory_equal(b, table, len);
	free(said);
	free(b);
}

void test_iasl_reads(const char *iasl, const char *dir, const uint8_t *table, size_t len,
		     const char *text)
{
	char *dsl = calloc(1, 1 << 18), cmd[2048];

	assert_non_null(dsl);
	assert_int_equal(file(dir, "a.aml", "w", (void *)table, len), len);
	snprintf(cmd, sizeof(cmd), "cd %s && rm -f a.dsl && %s -d a.aml >said 2>&1", dir, iasl);
	assert_int_equal(system(cmd), 0);
	file(dir, "a.dsl", "r", dsl, (1 << 18) - 1);
	if (!strstr(dsl, text) || strstr(dsl, "Invalid") || strstr(dsl, "Unknown"))
		printf("%s\n", dsl);
	assert_non_null(strstr(dsl, text));
	assert_null(strstr(dsl, "Invalid"));
	assert_null(strstr(dsl, "Unknown"));
	free(dsl);
}
