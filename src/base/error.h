/* error.h - one error travelling from where it happened to main(), which prints it. */
#ifndef DBTVM_BASE_ERROR_H
#define DBTVM_BASE_ERROR_H

#include "base/base.h"

#define ERROR_MAX 512

/* One line for the user, without newline or program name, that says what to do. */
struct error {
	int code; /* errno value, positive; 0: no error */
	char msg[ERROR_MAX];
};

/* Fills @err (which may be NULL) and returns -code. @code: a positive errno value. */
int error_set(struct error *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "prefix: " before the message that is there; returns -err->code. */
int error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
