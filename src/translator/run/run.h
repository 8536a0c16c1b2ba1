/* run.h - struct translator and what the files of this room share. Nobody else includes it. */
#ifndef DBTVM_TRANSLATOR_RUN_RUN_H
#define DBTVM_TRANSLATOR_RUN_RUN_H

#include "base/base.h"
#include "base/arena.h"
#include "base/host_clock.h"
#include "cpu/cpu.h"
#include "translator/ir/interp.h"
#include "translator/ir/ir.h"
#include "translator/lift/lift.h"
#include "translator/run/block.h"
#include "translator/translator.h"
#include "translator/x64/jump_cache.h"

#define BLOCK_MAX_INSNS 64
#define DEFAULT_QUANTUM 32768
#define DEFAULT_CACHE_BYTES (256u << 20)
#define HASH_BITS 18
#define RECENT_BITS 14

/* The blocks in one frame; struct frame.blocks points here. */
struct frame_blocks {
	struct frame *frame;
	gpa_t pa;
	struct block *first;       /* by frame_next: that start here */
	struct block *straddlers;  /* by frame2_next: whose end is here */
	struct block *dead;        /* by frame_next: dropped because their code was written, newest first (revive.c) */
	bool modified;             /* code was written here */
	struct frame_blocks *next; /* all of the translator */
};

struct jitdump;

struct translator {
	struct cpu *cpu;
	struct translator_options options;
	struct x64 *x64;           /* NULL: -accel interp */
	struct host_clock clock;   /* how long translations take */
	struct jump_cache *jump_cache;

	/* Blocks and what belongs to them live in the arena until the next flush. */
	struct arena arena;
	uint8_t *slab;             /* being handed out */
	size_t slab_used;
	struct frame_blocks *frames;
	struct block *hash[1u << HASH_BITS];
	struct block *recent[1u << RECENT_BITS]; /* found last, by virtual PC */

	int64_t budget;            /* instructions this translator_run() may still execute beyond the countdown that is running */
	struct ir_block ir;        /* under translation */
	struct interp_journal journal;
	bool verify_failed;
	FILE *perfmap;             /* NULL: none */
	struct jitdump *jitdump;   /* NULL: none */
};

/* --- table.c: which blocks there are --- */

/* The block for r[15] and the current state if it was translated and its mapping holds; NULL: see table_find(). */
struct block *table_recent(struct translator *t, gva_t pc, uint32_t key);
void table_remember(struct translator *t, struct block *block);
/* By physical address. @pa2: of the page after, only asked for straddling blocks through @next. */
struct block *table_find(struct translator *t, gva_t pc, uint32_t key, gpa_t pa);
/* Puts the frame's writes under trace. False: out of memory. */
bool table_trace_frame(struct translator *t, struct frame *frame, gpa_t pa);
/* Makes a translated block findable. Its frames are traced. */
void table_insert(struct translator *t, struct block *block);
/* Drops one block, which may be running. */
void table_forget(struct cpu *cpu, struct block *block);
/* Drops all blocks, their code and memory. Not while translated code runs. */
void table_flush(struct translator *t);
/* Arena memory that may be cut back by table_trim() until the next call. NULL: out of memory. */
void *table_alloc(struct translator *t, size_t size);
void table_trim(struct translator *t, void *from, size_t size);
/* @block's, made when there is none. NULL: out of memory. */
struct block_rare *table_rare(struct translator *t, struct block *block);

/* --- translate.c --- */

/* The block for @pc, translated; NULL: cpu->fault says why it cannot be fetched. */
struct block *translate(struct translator *t, gva_t pc, uint32_t key, const uint8_t *host, gpa_t pa, struct frame *frame);

/* --- revive.c: code that comes back --- */

/* Keeps what it takes to revive a new translation from @page, if that pays. False: out of memory. */
bool revive_keep(struct translator *t, struct block *block, const uint8_t *page);
/* @block was just dropped because its code was written. */
void revive_bury(struct block *block);
/* A dropped block that is what stands at @pa in @page now, findable again; NULL: none. */
struct block *revive(struct translator *t, gva_t pc, uint32_t key, gpa_t pa, const uint8_t *page, struct frame *frame);

/* --- dispatch.c --- */

/* x64_options.resume. */
const uint8_t *dispatch_resume(struct cpu *cpu, enum x64_exit why);

/* --- show.c: -d --- */

void show_guest_code(struct translator *t, FILE *to, const struct ir_insn *ops, unsigned count);
/* IR of @block from its kept ops. */
void show_ir(struct translator *t, FILE *to, const struct block *block);
void show_exec(struct translator *t, const struct block *block, gva_t pc);

/* --- verify.c --- */

/* Runs @block both ways. */
enum x64_exit verify_run(struct translator *t, struct block *block);

#endif
