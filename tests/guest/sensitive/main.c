/* Sensitive instructions in every form: docs/cpatch.md has a row for each case here. */
#include "common.h"

void group_main(void)
{
	run_cases();
}
