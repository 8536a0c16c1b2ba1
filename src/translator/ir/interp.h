/*
 * interp.h - runs IR as it stands, on struct cpu: -accel interp, the fallback for what is not emitted, one side of -verify.
 *
 * Exits, counting and precise faults are those of translated code (exit.h, ir.h), but that a direct exit is X64_EXIT_LOOKUP.
 */
#ifndef DBTVM_TRANSLATOR_IR_INTERP_H
#define DBTVM_TRANSLATOR_IR_INTERP_H

#include "base/base.h"
#include "translator/ir/exit.h"
#include "translator/ir/ir.h"

struct cpu;

/*
 * A dry run: stores are written down so that they can be undone, and nothing is done that cannot be. When an op would (MMIO, a store to a
 * traced page, a helper beyond registers), the run stops and `failed` is set.
 */
#define INTERP_JOURNAL_STORES 512
struct interp_journal {
	bool failed;
	unsigned count;
	struct interp_store {
		uint8_t *host;
		gva_t va;
		unsigned size;
		uint64_t before, after;
	} stores[INTERP_JOURNAL_STORES];
};
/* Puts memory back as it was before the run. */
void interp_journal_undo(const struct interp_journal *journal);

/* Makes @ops, verified and final, ready to run: branches get the index of their target in imm2, labels their instruction count. */
void interp_prepare(struct ir_insn *ops, unsigned count);
/* Runs prepared ops from the first. @journal NULL: for real. Returns why the block was left. */
enum x64_exit interp_run(struct cpu *cpu, const struct ir_insn *ops, struct interp_journal *journal);

#endif
