/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Laws of base/err: each code has its own words, any other int has the default,
 * and each constant is the negated errno of the system below us.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <iom/base/err.h>
#include <iom/base/field.h>

static const struct {
	int iom;
	int sys;
} codes[] = {
	{ IOM_OK, 0 },
	{ IOM_EPERM, EPERM },
	{ IOM_ENOENT, ENOENT },
	{ IOM_EIO, EIO },
	{ IOM_E2BIG, E2BIG },
	{ IOM_EAGAIN, EAGAIN },
	{ IOM_ENOMEM, ENOMEM },
	{ IOM_EACCES, EACCES },
	{ IOM_EFAULT, EFAULT },
	{ IOM_EBUSY, EBUSY },
	{ IOM_EEXIST, EEXIST },
	{ IOM_ENODEV, ENODEV },
	{ IOM_EINVAL, EINVAL },
	{ IOM_ENOSPC, ENOSPC },
	{ IOM_ERANGE, ERANGE },
	{ IOM_ENOSYS, ENOSYS },
	{ IOM_EPROTO, EPROTO },
	{ IOM_EOPNOTSUPP, EOPNOTSUPP },
	{ IOM_ETIMEDOUT, ETIMEDOUT },
};

static void values_are_negated_errno(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(codes); i++)
		assert_int_equal(codes[i].iom, -codes[i].sys);
}

static void each_code_has_its_own_words(void **state)
{
	const char *unknown = iom_err_str(INT_MIN);
	size_t i, j;

	(void)state;
	for (i = 0; i < IOM_ARRAY_SIZE(codes); i++) {
		assert_string_not_equal(iom_err_str(codes[i].iom), unknown);
		for (j = 0; j < i; j++)
			assert_string_not_equal(iom_err_str(codes[i].iom),
						iom_err_str(codes[j].iom));
	}
}

static void any_int_has_words(void **state)
{
	int err;

	(void)state;
	for (err = -5000; err < 5000; err++)
		assert_true(iom_err_str(err) && iom_err_str(err)[0]);
	assert_string_equal(iom_err_str(INT_MAX), iom_err_str(INT_MIN));
	assert_string_equal(iom_err_str(1), iom_err_str(INT_MIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_negated_errno),
		cmocka_unit_test(each_code_has_its_own_words),
		cmocka_unit_test(any_int_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
