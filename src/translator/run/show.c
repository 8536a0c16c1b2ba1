/* show.c - what -d shows of blocks. */
#include "base/base.h"
#include "translator/run/run.h"

#include <string.h>

#include "base/disasm.h"
#include "base/log.h"
#include "mmu/mmu.h"

void show_guest_code(struct translator *t, FILE *to, const struct ir_insn *ops, unsigned count)
{
	char where[128], text[128];
	bool thumb = t->ir.key & KEY_T;

	for (unsigned i = 0; i < count; i++) {
		uint8_t bytes[4] = { 0 };
		unsigned size = ops[i].imm2 & 0xff;

		if (ops[i].op != IR_INSN || size > sizeof(bytes))
			continue;
		if (mmu_debug_read(t->cpu, ops[i].imm, bytes, size) != size)
			continue;
		disasm_one(thumb ? DISASM_T32 : DISASM_A32, bytes, size, ops[i].imm, text, sizeof(text));
		log_address(t->cpu->log, ops[i].imm, where, sizeof(where));
		fprintf(to, "%s:  ", where);
		if (thumb)
			fprintf(to, size == 2 ? "%02x%02x     " : "%02x%02x %02x%02x", bytes[1], bytes[0], bytes[3], bytes[2]);
		else
			fprintf(to, "%02x%02x%02x%02x", bytes[3], bytes[2], bytes[1], bytes[0]);
		fprintf(to, "  %s\n", text);
	}
	fputc('\n', to);
}

void show_ir(struct translator *t, FILE *to, const struct block *block)
{
	struct ir_block *ir = &t->ir; /* free between translations */

	ir_block_init(ir, block->pc, block->key);
	ir->guest_insns = block->insns;
	ir->count = block->rare->op_count;
	ir->tmps = block->rare->tmp_count;
	ir->labels = block->rare->label_count;
	memcpy(ir->ops, block->rare->ops, ir->count * sizeof(struct ir_insn));
	ir_dump(ir, to);
}

void show_exec(struct translator *t, const struct block *block, gva_t pc)
{
	char where[128];

	if (!log_addr_enabled(t->cpu->log, pc))
		return;
	log_printf(t->cpu->log, LOG_EXEC, "cpu%u: %s key 0x%x, %u instructions%s\n", t->cpu->index,
	           log_address(t->cpu->log, pc, where, sizeof(where)), block->key, block->insns,
	           block->code.checked ? "" : ", interpreted");
}
