#include "base/base.h"
#include "translator/run/helpers.h"

#define HELPER(id, fn, attr) helper_fn fn;
#include "translator/run/helpers.def"
#undef HELPER

const struct helper_info helper_info[HELPER_COUNT] = {
#define HELPER(id, fn, attr) [HELPER_ID_##id] = { #id, fn, attr },
#include "translator/run/helpers.def"
#undef HELPER
};
