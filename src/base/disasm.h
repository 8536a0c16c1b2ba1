/* disasm.h - guest and host code as text, by Capstone. For people only: nothing depends on what it says. */
#ifndef DBTVM_BASE_DISASM_H
#define DBTVM_BASE_DISASM_H

#include "base/base.h"

enum disasm_arch { DISASM_A32, DISASM_T32, DISASM_X64 };

/*
 * One instruction at @code (at most @size bytes) as "mnemonic operands" in @buf.
 * Returns its length in bytes, 0 when it is no instruction (then @buf holds "<unknown>").
 */
size_t disasm_one(enum disasm_arch arch, const void *code, size_t size, uint64_t addr, char *buf, size_t buf_size);

#endif
