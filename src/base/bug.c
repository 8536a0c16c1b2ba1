/* bug.c - the end of dbtvm when dbtvm itself is wrong. SIGABRT's handler (host/terminal.c) gives the terminal back. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

NORETURN void bug_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "dbtvm: BUG at %s:%d: %s\n"
	                "dbtvm: this is a fault of dbtvm, not of the guest; please report it with this line\n",
	        file, line, what);
	fflush(stderr);
	abort();
}
