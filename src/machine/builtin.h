/* builtin.h - the guest that starts when no kernel is named; made from tests/guest/ (see there). */
#ifndef DBTVM_MACHINE_BUILTIN_H
#define DBTVM_MACHINE_BUILTIN_H

#include "base/base.h"

extern const uint8_t builtin_guest[];
extern const size_t builtin_guest_size;

#endif
