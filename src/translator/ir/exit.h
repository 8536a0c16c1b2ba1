/* exit.h - why a block, translated or interpreted, came back to the run loop. */
#ifndef DBTVM_TRANSLATOR_IR_EXIT_H
#define DBTVM_TRANSLATOR_IR_EXIT_H

/* cpu->r[15] is always the next instruction to run, all guest state is in struct cpu. Countdown and ITSTATE: see ir.h. */
enum x64_exit {
	X64_EXIT_LOOKUP,    /* find the block for cpu->r[15] (indirect jump missed, checked entry failed) */
	X64_EXIT_LINK,      /* same, and link cpu->exit_link to it if it can be */
	X64_EXIT_STATE,     /* same, after system state changed */
	X64_EXIT_CHECK,     /* countdown negative, or a poll saw attention */
	X64_EXIT_EXCEPTION, /* take enum exception cpu->exit_arg[0] with immediate cpu->exit_arg[1] at r[15] */
	X64_EXIT_RAISE,     /* a helper or access raised: enum helper_raise in cpu->exit_arg[0] */
	X64_EXIT_WFI,
	X64_EXIT_RETURN,    /* exception return to cpu->exit_arg[0] with CPSR cpu->exit_arg[1]; only with x64_options.resume */
	X64_EXIT_RESUME,    /* find the block for cpu->r[15]; what the state change or exception asked for was done (x64_options.resume) */
};

#endif
