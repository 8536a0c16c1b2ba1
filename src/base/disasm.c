/*
 * disasm.c - text for people, by Capstone.
 *
 * A handle is opened for every instruction: it costs about a microsecond,
 * nothing next to printing the line, and keeps this file without state.
 */
#include "base/base.h"
#include "base/disasm.h"

#include <stdio.h>

#include <capstone.h>

static bool open_handle(enum disasm_arch arch, csh *handle)
{
	switch (arch) {
	case DISASM_A32:
		return cs_open(CS_ARCH_ARM, CS_MODE_ARM, handle) == CS_ERR_OK;
	case DISASM_T32:
		return cs_open(CS_ARCH_ARM, CS_MODE_THUMB, handle) == CS_ERR_OK;
	case DISASM_X64:
		return cs_open(CS_ARCH_X86, CS_MODE_64, handle) == CS_ERR_OK;
	}
	BUG("no such architecture");
}

size_t disasm_one(enum disasm_arch arch, const void *code, size_t size, uint64_t addr, char *buf, size_t buf_size)
{
	csh handle;
	cs_insn *insn = NULL;
	size_t length = 0;

	snprintf(buf, buf_size, "<unknown>");
	if (!open_handle(arch, &handle))
		return 0;
	if (cs_disasm(handle, code, size, addr, 1, &insn) == 1) {
		length = insn->size;
		snprintf(buf, buf_size, "%s%s%s", insn->mnemonic, insn->op_str[0] ? " " : "", insn->op_str);
		cs_free(insn, 1);
	}
	cs_close(&handle);
	return length;
}
