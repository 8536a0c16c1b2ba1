/* simd.c - the table of simd_ops.def. */
#include "base/base.h"

#include "cpu/simd.h"

const struct simd_info simd_info[SIMD_OP_COUNT] = {
#define SIMD(id, fn, attr) [SIMD_##id] = {#id, fn, attr},
#include "cpu/simd_ops.def"
#undef SIMD
};

/* What lift computes with. */
static_assert(SIMD_VADD_I64 == SIMD_VADD_I8 + 3, "order of types");
static_assert(SIMD_VHADD_U8 == SIMD_VHADD_S8 + 3, "order of types");
static_assert(SIMD_VQADD_U8 == SIMD_VQADD_S8 + 4, "order of types");
static_assert(SIMD_F64_ADD == SIMD_F32_ADD + 1, "single before double");
