/* error.c - filling struct error. */
#include "base/base.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *fmt, ...)
{
	BUG_ON(code <= 0);
	if (!err)
		return -code;
	va_list args;

	va_start(args, fmt);
	err->code = code;
	vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	return -code;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	/* Without a struct nobody can know the code; any failure value is as good. */
	if (!err)
		return -1;
	char old[ERROR_MAX];
	va_list args;

	memcpy(old, err->msg, sizeof(old));
	va_start(args, fmt);
	int n = vsnprintf(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof(err->msg)) {
		size_t left = sizeof(err->msg) - (size_t)n;
		/* A message that no longer fits is cut at its end: its start says what happened. */
		if (snprintf(err->msg + n, left, ": %s", old) < 0)
			err->msg[n] = '\0';
	}
	return -err->code;
}
