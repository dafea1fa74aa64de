/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The catalogue and docs/smmuv3-rules.md are the same, rule for rule and word
 * for word; and the catalogue has one row for each cause of C_BAD_STE, C_BAD_CD
 * and CERROR_ILL. IOM_PRINT_RULES=1 prints what the document has to say.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <dev/smmuv3_strict_rules.h>
#include <iom/dev/smmuv3_strict.h>
#include <wire/smmuv3_rules.h>

#include "lib/test.h"

static char *document(void)
{
	FILE *f = fopen("docs/smmuv3-rules.md", "r");
	char *text;

	if (!f)
		TEST_SKIP("docs/ is not here: run it from the top of the tree");
	text = calloc(1, 1 << 18);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 18) - 1, f) > 0);
	fclose(f);
	return text;
}

static void block(const struct iom_smmuv3_rule_info *r, char *buf, size_t size)
{
	snprintf(buf, size, "### %s %s\n\nIHI 0070, %s\n\n- Driver: %s\n- Hardware: %s\n"
		 "- Instead: %s\n", r->id, r->title, r->section, r->did, r->may, r->instead);
}

static void same_as_document(void **state)
{
	const struct iom_smmuv3_rule_info *r;
	char *text = document(), *at = text;
	char want[2000];
	unsigned int i, n = 0;

	(void)state;
	for (i = 0; (r = iom_smmuv3_strict_rule(i)); i++) {
		block(r, want, sizeof(want));
		if (getenv("IOM_PRINT_RULES")) {
			printf("%s\n", want);
			continue;
		}
		at = strstr(at, want);
		if (!at)
			print_error("the document lacks, or has out of order:\n%s", want);
		assert_non_null(at);
	}
	for (at = text; (at = strstr(at, "\n### R")); at++)
		n++;
	free(text);
	if (!getenv("IOM_PRINT_RULES"))
		assert_int_equal(n, i);
}

static void whole_and_in_order(void **state)
{
	const struct iom_smmuv3_rule_info *r;
	const char *last = "";
	unsigned int i;

	(void)state;
	for (i = 0; (r = iom_smmuv3_strict_rule(i)); i++) {
		if (strcmp(last, r->id) >= 0 || strlen(r->id) != 4)
			print_error("%s behind %s\n", r->id, last);
		assert_true(strcmp(last, r->id) < 0 && strlen(r->id) == 4);
		last = r->id;
		assert_true(r->title[0] && r->section[0] && r->did[0] && r->may[0] &&
			    r->instead[0]);
		assert_true(strlen(r->title) < 72);
	}
	assert_int_equal(i, SMMU_RULES_NR);
}

/* The rules of one table stand in its order, by its names. */
static void table(const struct iomi_smmuv3_rule *rows, size_t n, unsigned int first,
		  const char *prefix)
{
	char want[64];
	size_t i, k;

	for (i = 0; i < n; i++) {
		snprintf(want, sizeof(want), "%s_%s", prefix, rows[i].name);
		for (k = 0; want[k]; k++)
			want[k] = (char)toupper(want[k]);
		assert_string_equal(want, iomi_smmuv3_strict_rules_name(first + (unsigned int)i));
	}
}

static void one_row_a_cause(void **state)
{
	const struct iomi_smmuv3_rule *rows;
	size_t n;

	(void)state;
	rows = iomi_smmuv3_rules_of_ste(&n);
	table(rows, n, SMMU_RULE_STE_V, "STE");
	rows = iomi_smmuv3_rules_of_cd(&n);
	table(rows, n, SMMU_RULE_CD_V, "CD");
	rows = iomi_smmuv3_rules_of_cmd(&n);
	table(rows, n, SMMU_RULE_CMD_SSEC, "CMD");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_in_order),
		cmocka_unit_test(one_row_a_cause),
		cmocka_unit_test(same_as_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
