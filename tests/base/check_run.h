/* check_run.h - the main() of a Check program, in one call. */
#ifndef DBTVM_TESTS_BASE_CHECK_RUN_H
#define DBTVM_TESTS_BASE_CHECK_RUN_H

#include "base/base.h"

#include <check.h>

/* Runs @suite and frees it. Returns the exit status. */
static inline int check_run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed != 0;
}

/* Runs @count tests as one case. Returns the exit status. */
static inline int check_run(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}

#endif
