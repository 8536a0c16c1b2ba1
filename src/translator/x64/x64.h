/*
 * x64.h - the x86-64 back end: IR of one block to host code, the code cache, entry and exit of translated code.
 *
 * Knows IR, struct cpu, shadow space layout (offsets only) and helpers' table. Which block is looked up, linked or dropped is run/'s business.
 *
 * Code memory is mapped twice: written through one mapping, executed through the other (W^X). Code of a dropped block is not reused
 * before x64_flush(), so a block may be dropped while it is running.
 */
#ifndef DBTVM_TRANSLATOR_X64_X64_H
#define DBTVM_TRANSLATOR_X64_X64_H

#include "base/base.h"
#include "base/error.h"
#include "translator/ir/exit.h"

struct cpu;
struct block;
struct ir_block;
struct log;
struct x64;

enum link_kind {
	LINK_PLAIN, /* there is but one jump */
	/*
	 * Flags that are not in cpu->nzcv yet are stored where the jump goes first (stub), and there is another jump behind that. A target that
	 * reads no flags is linked past that.
	 */
	LINK_FLAGS,
	LINK_LOOP,  /* back to the block's own start, flags left as they are */
};

/*
 * A direct exit of a block: jumps to its stub (which leaves with X64_EXIT_LINK and cpu->exit_link = this) until it is linked.
 * Owned by the block; the address must not change while the code lives.
 */
struct block_exit {
	struct block_exit *next_in; /* list of exits linked to the same block (run/) */
	gva_t pc;                /* guest target */
	/* Offsets in the code cache. */
	uint32_t jump;           /* the displacement of its jump */
	uint32_t stub;           /* where it goes while unlinked */
	uint32_t behind;         /* FLAGS: the other jump, which goes behind itself while unlinked; LOOP: where it goes when linked to its own block */
	uint8_t kind;            /* enum link_kind */
	uint8_t index;           /* in its block's exits: see exit_block() */
	bool thumb;              /* state of the target */
	bool same_page;          /* target in the same page: links use the fast entry */
	bool linked;
};
static_assert(sizeof(struct block_exit) == 32, "a block has two");
#define X64_MAX_EXITS 32

/* What the emitter makes of a block. Addresses are executable ones. */
struct x64_code {
	uint8_t *checked;        /* entry that compares exec[] with the block's frame first */
	uint8_t *fast;           /* entry behind the check */
	uint32_t size;           /* bytes of code and stubs; when it is `marked`, of what x64_dump() wants to know besides, too */
	bool marked;
	bool flags_dead;         /* what is entered at `fast` reads none of the flags that it finds, whatever happens */
	uint16_t exit_count;
	struct block_exit exits[X64_MAX_EXITS]; /* lift makes no more; the emitter returns -E2BIG otherwise */
};

struct x64_options {
	uint32_t optimizations; /* bit n: enum optimization n (translator.h) */
	uint32_t cache_bytes;
	bool sse_only;          /* as on a host without AVX and AVX2 */
	/*
	 * Called by code that leaves with STATE, EXCEPTION, RAISE or RETURN: does what that asks for and returns the checked entry to go on at, or NULL:
	 * leave with X64_EXIT_RESUME. NULL: such exits leave at once.
	 */
	const uint8_t *(*resume)(struct cpu *cpu, enum x64_exit why);
	/*
	 * Blocks with KEY_WINDOW are emitted for windows: not NULL. Called for one, which may be running, that is to be translated again, as it uses
	 * the window in a place where that does not help.
	 */
	void (*forget)(struct cpu *cpu, struct block *block);
};

/* Maps the cache and emits the common stubs. NULL and a filled error. */
struct x64 *x64_create(const struct x64_options *options, struct error *err);
void x64_destroy(struct x64 *x64);
/* Forgets all blocks. */
void x64_flush(struct x64 *x64);
/* Floating-point code traps so often that it should be emitted to do without: flush soon. */
bool x64_flush_wanted(const struct x64 *x64);
size_t x64_used(const struct x64 *x64);
/* Whether code can run at @host: stubs and blocks. */
bool x64_is_code(const struct x64 *x64, const void *host);

/*
 * Emits @ir for code at physical page @frame_pa. Fills @code. Returns 0; -ENOSPC: the cache is full, flush and retry; -ENOTSUP: an op that is
 * not emitted (run the block in the interpreter); -E2BIG: does not fit (translate a shorter block).
 */
int x64_emit(struct x64 *x64, struct cpu *cpu, struct ir_block *ir, gpa_t frame_pa, struct block *block, struct x64_code *code);
/* Enters translated code at @entry (checked or fast) with cpu's state; returns when it leaves. */
enum x64_exit x64_run(struct x64 *x64, struct cpu *cpu, const uint8_t *entry);
/* Points the exit's jump at @entry of @to, or back at its stub. Safe while any core runs translated code. */
void x64_link(struct x64 *x64, struct block_exit *exit, const struct x64_code *to, const uint8_t *entry);
void x64_unlink(struct x64 *x64, struct block_exit *exit);
/* -d out_asm: with guest PCs when the code is `marked`. */
void x64_dump(struct x64 *x64, const struct x64_code *code, struct log *log);

#endif
