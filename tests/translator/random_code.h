/* random_code.h - any bytes as guest code, run under -verify: lift, passes, emitter and interpreter against each other. */
#ifndef DBTVM_TESTS_TRANSLATOR_RANDOM_CODE_H
#define DBTVM_TESTS_TRANSLATOR_RANDOM_CODE_H

#include "base/base.h"

struct guest;

/* A guest for it; @accel as for translator_parse_accel(). */
struct guest *random_code_guest(const char *accel);
/*
 * Runs @data, at least 2 bytes: the first says in what state, the rest is code. Returns false when the two ways differ (reported on stderr).
 */
bool random_code_run(struct guest *guest, const uint8_t *data, size_t size);

#endif
