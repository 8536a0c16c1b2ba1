/* sensitive.h - the classes of sensitive instructions; see sensitive.def. Lift translates by it, struct cpu counts by it. */
#ifndef DBTVM_CPU_SENSITIVE_H
#define DBTVM_CPU_SENSITIVE_H

#include "base/base.h"

enum sensitive_class {
#define SENSITIVE(id, name, kind, user, how, what) SENSITIVE_##id,
#include "cpu/sensitive.def"
#undef SENSITIVE
	SENSITIVE_COUNT
};

#endif
