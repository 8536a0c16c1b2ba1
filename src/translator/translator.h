/*
 * translator.h - runs guest code on one core: the room's public face.
 *
 * guest PC -> block look-up -> (miss) fetch -> decode -> lift -> passes -> x64 -> code cache -> run (DESIGN.md §2).
 */
#ifndef DBTVM_TRANSLATOR_TRANSLATOR_H
#define DBTVM_TRANSLATOR_TRANSLATOR_H

#include "base/base.h"
#include "base/error.h"

struct cpu;
struct translator;
struct frame;

enum accel { ACCEL_DBT, ACCEL_INTERP };

/* What can be switched off; names of -accel dbt,no-NAME. The passes' names are accepted as well. */
enum optimization {
#define OPTIMIZATION(id, name, help) OPT_##id,
#include "translator/run/optimizations.def"
#undef OPTIMIZATION
	OPT_COUNT
};

struct translator_options {
	enum accel accel;
	uint32_t passes;        /* bit n: enum pass n */
	uint32_t optimizations; /* bit n: enum optimization n */
	bool verify;            /* run every block both ways, stop at the first difference */
	bool always_windows;    /* every space has its memory window from the start: for tests */
	bool perfmap;           /* name translated code for perf */
	bool jitdump;           /* keep it with its names for perf inject */
	bool check_ir;          /* IR verifier after every pass */
	bool count_sensitive;   /* count executions of sensitive instructions by class (-stats) */
	uint32_t cache_bytes;   /* code cache; 0: default 256 MiB. Used as code is made, all dropped when it is full */
	int32_t quantum;        /* instructions between two checks; 0: default */
};
/* Everything on, accel dbt. */
void translator_default_options(struct translator_options *options);
/* Applies "dbt,no-chain,tb-size=MIB,..." or "interp" (QEMU's -accel syntax; "tcg" is refused with a hint). */
int translator_parse_accel(struct translator_options *options, const char *text, struct error *err);

/* One per core. Sets cpu->translator. NULL and a filled error: out of memory or no executable memory. */
struct translator *translator_create(struct cpu *cpu, const struct translator_options *options, struct error *err);
void translator_destroy(struct translator *translator);
/* Drops all translated code (reset). Not from inside translator_run(). */
void translator_reset(struct translator *translator);

/* Why translator_run() returned. */
enum run_exit {
	RUN_CHECK,    /* the quantum is over or attention was asked for: run due events, then call again */
	RUN_WFI,      /* the core waits for an interrupt; cpu->halted is true */
	RUN_STOP,     /* ATTN_EXIT was set (and is cleared) */
	RUN_VERIFY_FAILED, /* -verify found a difference, reported on the log */
};
/*
 * Runs guest code from cpu->r[15]. Exceptions and interrupts are taken inside. Interrupt lines are looked at on entry and whenever the
 * countdown ends. The caller sets how long by @max_insns (1..INT32_MAX), the run may stop earlier; -icount uses it to stop at events.
 */
enum run_exit translator_run(struct cpu *cpu, int32_t max_insns);

/* phys_hooks.code_written: blocks that overlap the bytes are dropped. */
void translator_code_written(struct cpu *cpu, struct frame *frame, gpa_t addr, unsigned size);

/* Whether a host address is in the memory for translated code. Also from a signal handler on the core's thread. */
bool translator_is_code(const struct translator *translator, const void *host);
/* -d exec, in_asm...: host code disassembled etc. goes to cpu->log. Sizes for -stats. */
size_t translator_code_used(const struct translator *translator);

#endif
