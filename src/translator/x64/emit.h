/*
 * emit.h - between the files of this room: the state of one block's emission and of the back end.
 *
 * emit.c drives; each emit_*.c translates one theme of ops; flags.c knows where NZCV are; regs.c where temporaries are; slow.c is
 * what the out-of-line paths call; stubs.c makes the code that all blocks share.
 */
#ifndef DBTVM_TRANSLATOR_X64_EMIT_H
#define DBTVM_TRANSLATOR_X64_EMIT_H

#include "base/base.h"
#include "cpu/cpu.h"
#include "mmu/mmu.h"
#include "translator/ir/ir.h"
#include "translator/run/helpers.h"
#include "translator/translator.h"
#include "translator/x64/cache.h"
#include "translator/x64/enc.h"
#include "translator/x64/enc_fixed.h"
#include "translator/x64/enc_sse.h"
#include "translator/x64/jump_cache.h"
#include "translator/x64/x64.h"

/* Host features that are used when present. */
struct host_features {
	bool bmi1, bmi2, lzcnt, movbe, avx;
};

struct x64_stubs {
	uint8_t *enter;                 /* int enter(struct cpu *, const uint8_t *entry) */
	uint8_t *leave[X64_EXIT_RESUME + 1]; /* jump here with everything but homes and countdown stored */
	uint8_t *link;                  /* rax = struct block_exit: stores its pc and leaves with X64_EXIT_LINK */
	uint8_t *link_back;             /* the same, with X64_EXIT_CHECK when the countdown is negative */
	uint8_t *slow;                  /* pushed: number of a struct x64_site */
	uint8_t *miss, *miss_check;     /* eax = target of an indirect jump, cpsr.T right: leave with LOOKUP, with CHECK */
	uint8_t *miss_check_t;          /* the same with T as bit 0 of eax says */
	uint8_t *helper[HELPER_COUNT];  /* eax, edx, ecx: arguments; eax: result; scratch is lost */
	uint8_t *simd;                  /* rax: function, edx: descriptor */
	uint8_t *slow_xmm;              /* slow, with xmm registers kept */
	uint8_t *fault;                 /* slow for an access that faulted in a window: EFLAGS and all xmm registers are kept */
	uint8_t *simd_cold;             /* pushed: descriptor, operation: calls the C function, all registers are kept */
	uint8_t *pool;                  /* constants of the SIMD code */
};

#define DEMOTED_BITS 65536u
static inline uint32_t demoted_hash(gva_t pc)
{
	return (pc >> 1 ^ pc >> 17) % DEMOTED_BITS;
}
/* Offsets in the cache of an operation's code, and of where it goes on when one of its instructions raised an exception. */
struct x64_trap {
	uint32_t from, to, cold;
};

struct x64 {
	struct code_cache cache;
	uint32_t optimizations;
	struct host_features host;
	struct x64_stubs stubs;
	const uint8_t *(*resume)(struct cpu *cpu, enum x64_exit why); /* x64_options */
	bool smp; /* other cores run: read-modify-write must be locked */
	struct emit *emit; /* work space, one block at a time */

	/* Side tables of all blocks (struct x64_site). The capacities leave room for one block more. */
	struct x64_site *sites;
	uint64_t *words;
	uint32_t site_count, site_capacity, word_count, word_capacity;
	bool windows;
	uint64_t demoted[DEMOTED_BITS / 64]; /* guest instructions, hashed, that are to use the tables all the same */
	uint64_t demoted_pages[DEMOTED_BITS / 64]; /* the pages that they are in */
	void (*forget)(struct cpu *cpu, struct block *block); /* x64_options */
	bool faults_handled; /* fault_install() was called */
	/* fp_trap.c. Floating-point code that traps when it is not the architecture's: in order of its place. */
	bool fp_traps;
	volatile int too_many_traps; /* set by the signal handler */
	struct x64_trap *traps;
	uint32_t trap_count, trap_capacity;
	uint32_t recent_traps;
	uint64_t recent_since; /* ns */
};
static inline bool x64_demoted(const struct x64 *x64, gva_t pc)
{
	uint32_t bit = demoted_hash(pc);

	return x64->demoted[bit / 64] >> bit % 64 & 1;
}
static inline bool x64_demoted_page(const struct x64 *x64, gva_t pc)
{
	uint32_t bit = (pc >> GUEST_PAGE_BITS) % DEMOTED_BITS;

	return x64->demoted_pages[bit / 64] >> bit % 64 & 1;
}
static inline bool x64_opt(const struct x64 *x64, enum optimization opt)
{
	return x64->optimizations >> opt & 1;
}

/* --- fields of struct cpu as operands --- */
#define CPU_BIAS 128
#define CPU_OPND(field) opnd_mem(RBP, (int32_t)offsetof(struct cpu, field) - CPU_BIAS)
/* Guest register @reg in struct cpu, which is its home or not. */
static inline struct opnd cpu_reg(unsigned reg)
{
	return opnd_mem(RBP, (int32_t)(offsetof(struct cpu, r) + 4 * reg) - CPU_BIAS);
}
/* rbx, rbp and r12-r15 survive a C call. */
static inline bool callee_saved(unsigned reg)
{
	return reg == RBX || reg == RBP || (reg >= R12 && reg <= R15);
}
extern const uint8_t home_regs[16]; /* enum host_reg or HOST_REG_NONE; during emission ask struct emit */

/*
 * How flags can be computed again from guest registers that are still what they were: so that flags which only a fault or a
 * later branch would read need not be stored before EFLAGS are lost.
 */
enum recipe_kind {
	RECIPE_NONE,
	RECIPE_CMP,     /* a - b */
	RECIPE_ADD,     /* a + b */
	RECIPE_SUBBED,  /* a is the result of something - b */
	RECIPE_ADDED,   /* a is the result of something + b */
	RECIPE_TST,     /* a & b */
	RECIPE_TEQ,     /* a ^ b */
	RECIPE_RESULT,  /* N and Z of a */
	RECIPE_BIT,     /* C is bit imm of a */
};
#define RECIPE_IMM 0xff /* b is imm */
struct recipe {
	uint8_t kind, a, b, flags; /* guest registers; the flags it gives */
	uint32_t imm;
};

/* Where each of NZCV is, at one place in the block. A flag may be in several places; one that is in none is dead. */
struct flag_state {
	uint8_t host;     /* in EFLAGS */
	bool host_borrow; /* CF is the inverse of C */
	uint8_t mem;      /* in cpu->nzcv */
	uint8_t known, value; /* known at translation */
	struct recipe nz, c, v;
};

/* --- side tables, read by C only --- */
/* Bytes of the VFP file that are in an xmm register (6-15) only. */
struct vfp_dirty {
	uint16_t offset;
	uint8_t xmm, bytes;
};
#define MAX_DIRTY 10
enum site_kind { SITE_LD, SITE_ST, SITE_LDF, SITE_STF, SITE_LDREX, SITE_STREX };
enum place_kind { PLACE_NONE, PLACE_HOST, PLACE_GUEST, PLACE_TMP, PLACE_IMM, PLACE_XMM };
#define PLACE_XMM_HIGH 16
struct site_place {
	uint8_t kind;
	uint8_t n;      /* host register, guest register, slot in cpu->tmp; xmm register, + PLACE_XMM_HIGH: of its upper half */
};
/*
 * The tables lie in two arrays of struct x64, in the order in which blocks were emitted: x64->sites, 16 bytes an access, and x64->words, what
 * is longer or the same for many: a block's struct x64_site_head, struct x64_site_state, struct x64_access. Each is written once, where it stays; a
 * block that fails leaves the arrays' counts as they were.
 */
struct x64_site_head {
	struct block *block;
	gva_t pc;                /* its first instruction */
	uint32_t swaps;          /* of loop_homes.c, for states that are `swapped` */
};
/* What neighbouring sites have in common, as short as it gets. */
struct x64_site_state {
	uint8_t host, host_borrow, mem, known, value; /* as in struct flag_state, which begins with them */
	uint8_t more;            /* STATE_*: what follows, in this order */
	uint16_t head;           /* its struct x64_site_head is so many words before */
};
#define STATE_DIRTY 15u    /* so many struct vfp_dirty, stored first; at the end */
#define STATE_RECIPES 16u  /* three struct recipe: nz, c, v */
#define STATE_IT 32u       /* a word: IT state; 0 without */
#define STATE_SWAPPED 64u  /* homes are as the head says */
/*
 * One guest access that can leave the in-line path, or a group of them. In order of `code`, so that a fault in a window finds its own.
 *
 * What most are, a word or less between a window and a host register, says all itself (SITE_PLAIN); others have a struct x64_access.
 */
struct x64_site {
	uint32_t code;           /* raw: offset in the cache of the instruction, a group's first; others: where their code begins */
	/*
	 * Bits 23:0: its struct x64_site_state is x64->words[that]. 31:24: instructions of the block finished before: not yet subtracted from the
	 * countdown.
	 */
	uint32_t state_count;
	int16_t pc;              /* so far from the block's */
	uint8_t misses;          /* raw: faults that no mapping helped against */
	uint8_t aborts;          /* raw: faults that were the guest's */
	/*
	 * SITE_PLAIN set: 15:0: offset, signed; 19:16 and 23:20: host registers of base and value; 27:24: form, as enc_window() has it. Else:
	 * x64->words[access] is its struct x64_access.
	 */
	uint32_t access;
};
#define SITE_PLAIN (1u << 31)
#define SITE_INDEX_MAX (1u << 24)
/* How one accesses; after it its members. */
struct x64_access {
	uint32_t resume;         /* offset in the cache of where to go on */
	uint32_t delta;          /* what is added to the base for all members */
	uint16_t cold;           /* not raw: so many bytes behind resume is the out-of-line code, a push and a jump; 0: none */
	uint8_t address;         /* host register of the base; HOST_REG_NONE: delta is the address */
	uint8_t count;           /* members */
	uint8_t links;           /* device_site_link() */
	bool raw;                /* in a window: flags may be in EFLAGS. (So they are at a site that is SITE_PLAIN.) */
	uint8_t unused[2];
};
struct x64_member {
	int16_t delta;
	uint8_t mem;             /* ACCESS_* */
	uint8_t kind : 7;        /* enum site_kind */
	uint8_t wide : 1;        /* a struct x64_wide follows */
	struct site_place value; /* LD, LDREX: result; ST, STREX: value */
	uint8_t vfp;             /* SITE_LDF, SITE_STF: register */
	uint8_t unused;
};
struct x64_wide {
	uint32_t imm;             /* PLACE_IMM's value */
	struct site_place second; /* LDREXD: result; STREXD: value */
	struct site_place status; /* STREX */
};
static_assert(sizeof(struct x64_site) == 16 && sizeof(struct x64_site_head) == 16 && sizeof(struct x64_site_state) == 8 && sizeof(struct x64_access) == 16 &&
              sizeof(struct x64_member) == 8 && sizeof(struct x64_wide) == 8, "words, and tables as small as they get");
static inline struct x64_member *members_of(const struct x64_access *access)
{
	return (struct x64_member *)(uintptr_t)(access + 1);
}
static inline struct x64_member *member_next(const struct x64_member *member)
{
	return (struct x64_member *)(uintptr_t)(member + 1 + member->wide);
}
static inline struct x64_wide *wide_of(const struct x64_member *member)
{
	return (struct x64_wide *)(uintptr_t)(member + 1);
}
/* Host offset (from the block's start) -> guest PC, for dumps. */
struct x64_mark {
	uint32_t offset;
	gva_t pc;
};
/* The last bytes of a block's area when somebody looks at host code. */
struct x64_trailer {
	uint32_t code_bytes, cold, marks, mark_count; /* cold: where the out-of-line code starts */
};

/* --- emission --- */
#define NO_SLOT 0xff
#define NO_OP 0xffff
struct tmp_state {
	uint8_t reg;     /* scratch register, HOST_REG_NONE */
	uint8_t slot;    /* in cpu->tmp, NO_SLOT */
	bool saved;      /* the slot holds the value */
	uint16_t last;   /* op of the last use or definition */
};
#define SCRATCH_COUNT 3
struct fixup {
	uint8_t *where;  /* displacement */
	uint16_t next;   /* index + 1 */
	bool short_form;
};
struct label_state {
	uint16_t at;      /* op */
	uint16_t fixups;  /* index + 1 of the first */
	uint16_t uses;    /* branches to it */
	bool seen;        /* a branch to it was emitted: the rest is valid */
	struct flag_state flags;
};
#define MAX_FIXUPS 1024
#define MAX_SITES 1024
/* Of x64->words: the head; for each site a state and an access; members, of which each body has no more than ops. */
#define MAX_SITE_WORDS (2 + MAX_SITES * (5 + MAX_DIRTY / 2 + 2) + 2 * 2 * IR_MAX_OPS)
#define NOTED_NOT UINT64_MAX
#define MAX_MARKS 1024
/* Code that is emitted behind the block. */
enum cold_kind { COLD_SLOW, COLD_UNALIGNED, COLD_LEAVE, COLD_LINK, COLD_EXIT, COLD_RAISE, COLD_UNDEF, COLD_TOGGLE, COLD_MONITOR, COLD_SIMD };
/*
 * Arithmetic whose quick check failed. NEON: which values (xmm registers) may be zero, and whose product is in xmm0. Scalar: values[0] is a
 * product or quotient, which may be zero when one of the factors is.
 */
struct zero_check {
	uint8_t *jump, *back;
	uint8_t values[4], count, factors[2], scratch, mask;
	bool product, scalar, dbl;
};
struct cold {
	uint8_t kind;
	uint8_t jump_count;
	uint8_t size;          /* COLD_UNALIGNED: log2 */
	uint8_t reg, spare;    /* COLD_UNALIGNED: the address's host register, one that is free there */
	uint16_t slow;         /* COLD_UNALIGNED: index of the COLD_SLOW */
	uint8_t exit;          /* COLD_LEAVE: enum x64_exit, with r[15] = pc */
	uint8_t it;            /* COLD_RAISE, COLD_UNDEF */
	bool swapped;          /* comes from code with homes of its own (loop_homes.c) */
	bool word_aligned;
	uint16_t count;
	uint16_t site;
	bool dirty_known;      /* COLD_EXIT, COLD_SIMD: `dirty` is set */
	uint32_t pc;
	uint8_t *back;         /* executable address to go back to */
	struct block_exit *link; /* COLD_LINK */
	const struct ir_insn *op; /* COLD_LEAVE, COLD_LINK: not NULL: flags are to be stored from `flags` first. COLD_EXIT: the exit */

	/* What follows is not cleared by cold_add(). */
	uint8_t *jumps[4];     /* rel32 displacements that come here */
	struct flag_state flags;
	struct vfp_dirty dirty[MAX_DIRTY]; /* COLD_EXIT, COLD_SIMD: stored first; the rest: bytes 0 */
	uint32_t from, to, entry; /* COLD_SIMD: offsets in the cache of the op's code and of this */
	struct zero_check zeros; /* COLD_SIMD: pc is the descriptor, site the operation; size, count, reg: see simd_cold_back() */
};
#define MAX_COLD 2048
#define COLD_CLEARED offsetof(struct cold, jumps)

/* A copy of bytes of the VFP file in an xmm register. */
struct vfp_copy {
	uint16_t offset;
	uint8_t bytes;  /* 0: none */
	uint32_t used;  /* larger: later */
};
struct xmm_state {
	struct vfp_copy copies[16];
	uint16_t dirty;    /* bit n: cpu->vfp does not have it yet */
	uint16_t pinned;   /* bit n: in use by the current op */
	uint8_t temps;     /* given to the current op */
	bool used;         /* the block has had copies */
	uint32_t clock;
	uint32_t narrow;   /* bit n: D register n was written in less than a Q */
	uint32_t flushed;  /* bit n: D register n holds no subnormal single */
	uint16_t fused_load, fused_flags; /* ops that a comparison before them has done */
};

struct emit {
	struct enc enc; /* first: EMIT(e) */
	struct x64 *x64;
	struct cpu *cpu;
	struct ir_block *ir;   /* its facts may be looked for, all else stays as it is */
	struct x64_code *code;
	struct block *block;
	gpa_t frame_pa;
	int error;             /* 0, -ENOTSUP, -E2BIG: sticky */
	bool long_jumps;       /* a short jump did not reach: second try */

	/* the current op */
	unsigned i;
	const struct ir_insn *op;
	bool op_done;          /* its flags are in flags */
	gva_t pc;              /* of the current guest instruction */
	uint8_t it;
	uint16_t insns;        /* `insn` ops */
	bool reachable;

	struct flag_state flags;
	uint8_t recipes;           /* IR_NZCV: recipes are made; 0: they are not */
	uint16_t recipe_regs;      /* bit n: a recipe may be of guest register n; see flags_written() */
	uint8_t lasting;           /* flags whose recipes are known to hold as long as they are live */
	uint8_t live_in;
	unsigned exit_ops;         /* `exit` ops */
	unsigned own_exit;         /* the last one to the block's own start, + 1; 0: none */

	/*
	 * A block that goes back to its own start is emitted twice: the first body is entered from outside with all flags in memory, the
	 * second from the end of either with flags where the loop leaves them.
	 */
	bool may_loop, in_loop;        /* there is an exit to it, and exits suffice; the second body is being emitted */
	bool loops;                    /* loop_flags is set: an exit goes to the second body */
	struct flag_state loop_flags;
	/* Behind the last such exit both bodies are alike: there the second goes on in the first. */
	unsigned tail;                 /* op, a label; 0: none */
	uint8_t *tail_at;              /* in the first body; NULL: not possible */
	struct flag_state tail_flags;
	/* loop_homes.c */
	struct opnd homes[15];         /* guest_opnds, changed as swaps say */
	uint8_t home_regs[16];         /* the same as ::home_regs */
	uint16_t in_memory;            /* and as memory_regs */
	uint32_t swaps, loop_swaps;    /* in force; of the second body */
	uint16_t loop_written;         /* bit n: the loop writes guest register n */

	struct tmp_state tmps[IR_MAX_TMPS];
	/*
	 * What each scratch register holds: a temporary, or the copy of a guest register whose home is in memory, or IR_NONE. Memory is always as
	 * new as the copy.
	 */
	ir_ref owner[SCRATCH_COUNT];
	const struct ir_insn *copier; /* the op by which copies_here() decides */
	uint16_t copied;              /* bit n: there may be such copies */
	uint8_t owned;                /* bit n: scratch n has an owner */
	uint8_t tmp_regs;             /* bit n: it is a temporary */
	uint16_t loop_aligned;        /* the same where the second body begins: what all ways to it agree about */
	uint16_t aligned;             /* bit n: guest register n is a multiple of 4 here: an access has tested it */
	bool fp_checked, loop_fp_checked; /* on all ways to here, or to the second body, an `fpcheck` for this privilege has passed */
	uint16_t copy_defs;           /* bit n: the current op makes guest register n in its copy */
	uint8_t pinned;               /* bit n: scratch n is in use by the current op */
	uint64_t slots;               /* bit n: cpu->tmp[n] is taken */
	uint32_t random;
	struct enc_sse sse;
	struct xmm_state xmm;
	struct cold *op_cold;         /* the current SIMD op's */

	struct label_state labels[IR_MAX_OPS];
	struct fixup fixups[MAX_FIXUPS];
	unsigned fixup_count;
	/* Side tables: the block's first in x64->sites, the next, and where there are too many; in x64->words. */
	struct x64_site *sites, *site, *site_end;
	uint64_t *words, *word;
	uint32_t state;                /* the last struct x64_site_state */
	uint64_t noted;                /* it is that of these flags, with no more than STATE_RECIPES: state_word(); NOTED_NOT: it is another */
	uint64_t noted_complete;       /* the same when no recipe is needed; else NOTED_NOT */
	uint32_t plain_mems;           /* bit n: emit_window.c does accesses whose `mem` is n; 0: it does none */
	bool maybe_demoted;            /* some instruction in this page */
	struct x64_mark marks[MAX_MARKS];
	unsigned mark_count;
	bool marks_wanted;             /* somebody looks at host code */
	bool has_simd_cold;            /* there is a COLD_SIMD */
	struct cold cold[MAX_COLD];
	unsigned cold_count;
	uint8_t *entry_jumps[2];       /* of the checked entry, when it is not for the frame that is there; NULL: none */
	uint32_t cold_start;
};

/* Gives up the block. What was to come is not reached. */
static inline void emit_fail(struct emit *e, int error)
{
	if (!e->error)
		e->error = error;
	e->reachable = false;
}

/* regs.c: values. Operands stay valid until the op ends. */
static inline struct opnd use_ref(struct emit *e, ir_ref ref); /* register, memory or immediate, whichever it is */
static inline unsigned use_reg(struct emit *e, struct opnd o); /* the same in a register: scratch if it must be moved */
static inline struct opnd use_not_mem(struct emit *e, struct opnd o); /* register or immediate */
static inline struct opnd use_not_imm(struct emit *e, struct opnd o); /* register or memory */
unsigned scratch_alloc(struct emit *e);                       /* free for the current op */
unsigned scratch_take(struct emit *e, unsigned reg);          /* this one */
void scratch_free(struct emit *e, unsigned reg);
void release(struct emit *e, struct opnd o);                  /* the current op is through with this source */
void def_in(struct emit *e, ir_ref ref, unsigned reg);        /* temporary, or guest register with its home in memory: is now what pinned scratch @reg holds */
bool tmp_ends(const struct emit *e, ir_ref ref);              /* a temporary that nothing after this op uses */
static inline bool is_scratch(unsigned reg)
{
	return reg < SCRATCH_COUNT;
}
unsigned copy_of(const struct emit *e, ir_ref ref);           /* the scratch register with a copy of guest register @ref, or none: is_scratch() */
/* The place of result @ref; may be the register of a source that ends here. */
static inline struct opnd def_ref(struct emit *e, ir_ref ref);
/* The result is in place: memory copies of a temporary are stale, recipes with a guest register end. */
static inline void def_done(struct emit *e, ir_ref ref);
struct site_place place_of(struct emit *e, struct opnd o, ir_ref ref);
void scratch_forget_all(struct emit *e);         /* nothing is in any */
void tmps_begin(struct emit *e);                 /* of a body: they are nowhere */
static inline void tmps_end_op(struct emit *e);
void tmps_end_of(struct emit *e, const struct ir_insn *op); /* the same for temporaries of @op, emitted together with the current one */
void tmps_save(struct emit *e, unsigned after);  /* stores those used after op @after that have no memory copy */
void tmps_drop_regs(struct emit *e);             /* forgets the scratch copies */
void tmps_flush(struct emit *e);                 /* all to memory: every scratch register is free */
void move(struct emit *e, struct opnd dst, struct opnd src); /* 32 bits, any to any, EFLAGS kept */

/* flags.c */
static inline bool flags_free(struct emit *e); /* EFLAGS can be overwritten by the current op at no cost */
static inline void flags_clobber(struct emit *e); /* about to overwrite EFLAGS: saves what must be */
static inline void flags_host(struct emit *e, uint8_t mask, bool borrow); /* the current op's fdef & mask are in EFLAGS, all others are gone from there */
static inline void flags_lost(struct emit *e);  /* EFLAGS hold nothing */
void flags_known(struct emit *e, uint8_t mask, uint8_t value);
void flags_in_mem(struct emit *e, uint8_t mask); /* the op stored them itself */
static inline void flags_recipe(struct emit *e, uint8_t mask, uint8_t kind, ir_ref a, ir_ref b, uint32_t imm);
void flags_set(struct emit *e, const struct flag_state *flags); /* what was the state elsewhere is now the state here */
void flags_missing_to_mem(struct emit *e, uint8_t mask);
/* In cold code, where scratch registers are free: stores all of @f, without a look at struct emit's state. False: it is not of the commonest. */
bool flags_store_shortly(struct emit *e, const struct flag_state *f);
static inline void flags_to_mem(struct emit *e, uint8_t mask)
{
	if (mask & (uint8_t)~e->flags.mem)
		flags_missing_to_mem(e, mask);
}
/* Stores @mask which is in EFLAGS or known; EFLAGS may be lost unless it returns true. */
bool flags_save(struct emit *e, uint8_t mask);
enum host_cc flags_cond(struct emit *e, unsigned cond); /* the x86 condition to test at once */
void flags_carry(struct emit *e, bool borrow);   /* CF = C, or its inverse */
void flags_carry_to_mem(struct emit *e);         /* the op's C is in CF: to cpu->nzcv, no register needed, EFLAGS kept */
void flags_written(struct emit *e, ir_ref ref);  /* a guest register was overwritten */
void flags_branch(struct emit *e, unsigned target); /* before the condition of a branch to op @target is evaluated */
void flags_merge(struct emit *e, struct label_state *label, bool first); /* records the state at a branch */
void flags_label(struct emit *e, struct label_state *label);
/*
 * At an exit to the block's own start: makes the flags such that the second body can begin with them. False: they have to go to memory
 * for the first one.
 */
bool flags_loop(struct emit *e);
/* Flags that are in EFLAGS only: not in memory, not known, without recipe. */
uint8_t flags_only_host(const struct emit *e);
/* Code that was emitted with the live flags where @there has them can go on from the current state. */
bool flags_suffice(const struct emit *e, const struct flag_state *there);
/* Puts the flags of @cond into EFLAGS by one recipe, if there is one; then *cc tests it. Called when EFLAGS may be overwritten. */
bool flags_cond_again(struct emit *e, unsigned cond, enum host_cc *cc);
bool flags_cond_repeats(const struct emit *e, unsigned cond); /* whether that will do */
uint32_t flags_recompute(const struct flag_state *flags, const struct cpu *cpu, uint32_t eflags); /* C: cpu->nzcv at a fault */
#define FLAG_MASK_NZCV(f) (((f) & IR_N ? NZCV_N : 0) | ((f) & IR_Z ? NZCV_Z : 0) | ((f) & IR_C ? NZCV_C : 0) | ((f) & IR_V ? NZCV_V : 0))

/* emit_mem.c: what emit_access() does when the current op is not an access of its kind. */
void emit_any_access(struct emit *e);
/* push the number of the block's site @site; jmp to the slow stub */
void emit_slow_jump(struct emit *e, unsigned site);

/* survey.c: before the first op is emitted: labels, live_in, last uses in tmps, insns, exit_ops, own_exit, tail; facts of each op. */
void survey(struct emit *e);

/* emit.c */
void cold_full(struct emit *e);
static inline struct cold *cold_add(struct emit *e, enum cold_kind kind)
{
	struct cold *cold;

	if (unlikely(e->cold_count == MAX_COLD))
		cold_full(e);
	cold = &e->cold[e->cold_count++];
	memset(cold, 0, COLD_CLEARED);
	cold->kind = (uint8_t)kind;
	cold->swapped = e->swaps != 0;
	return cold;
}
static inline void cold_jcc(struct emit *e, struct cold *cold, enum host_cc cc)
{
	uint8_t *where = enc_jcc32(&e->enc, cc);

	BUG_ON(cold->jump_count == ARRAY_SIZE(cold->jumps));
	cold->jumps[cold->jump_count++] = where;
}
/* When all operands of an op can be in scratch registers at once, whatever it needs besides: it may work on copies of guest registers there. */
enum copies_rule { COPIES_NEVER, COPIES_ALWAYS, COPIES_IF_IMM, COPIES_IF_ALONE };
extern const uint8_t copies_rules[IR_OP_COUNT];
/* Bit n: the current op may work on a copy of guest register n in a scratch register. */
static inline uint16_t copies_here(const struct emit *e)
{
	const struct ir_insn *op = e->copier;
	unsigned rule = copies_rules[op->op];

	return rule == COPIES_ALWAYS || (rule == COPIES_IF_ALONE && !op->group) || (rule == COPIES_IF_IMM && op->b == IR_IMM) ? e->copied : 0;
}
/* Where the next instruction comes to stand in the code cache. */
static inline uint32_t offset_here(const struct emit *e)
{
	return (uint32_t)(e->enc.at - e->x64->cache.write);
}
/* insn ops passed on the longest way here, the current one included: what to subtract from r14d (ir_count_insns()). */
static inline unsigned count_here(const struct emit *e)
{
	return e->insns - IR_BEHIND(e->op);
}
/* Flags that may be read after the current op. */
static inline uint8_t live_here(const struct emit *e)
{
	return IR_LIVE(e->op);
}
/* All flags to memory, from where they were when the line was left. Nothing is in scratch registers. */
void emit_cold_flags(struct emit *e, const struct cold *cold);
/* r14d -= n, EFLAGS kept. */
void emit_count(struct emit *e, int n);

/* loop_homes.c */
void loop_homes_plan(struct emit *e, unsigned end);  /* homes for the loop that is the ops before @end: e->loop_swaps */
void loop_homes_enter(struct emit *e);               /* code that changes to them; EFLAGS kept */
void loop_homes_restore(struct emit *e);             /* from those in force back to the fixed ones, the same */
void loop_homes_set(struct emit *e, uint32_t swaps); /* no code: what comes is entered with these in force */
static inline void loop_homes_leave(struct emit *e)
{
	if (unlikely(e->swaps))
		loop_homes_restore(e);
}
static inline void loop_homes_select(struct emit *e, uint32_t swaps)
{
	if (unlikely(e->swaps != swaps))
		loop_homes_set(e, swaps);
}
void loop_homes_undo(uint32_t swaps, uint64_t *host, struct cpu *cpu); /* C: loop_homes_leave() in a struct slow_frame's regs */

/* Ops by theme. */
void emit_mov(struct emit *e);
void emit_not(struct emit *e);
void emit_add(struct emit *e);
void emit_sub(struct emit *e);
void emit_adc(struct emit *e);
void emit_sbc(struct emit *e);
void emit_and(struct emit *e);
void emit_or(struct emit *e);
void emit_xor(struct emit *e);
void emit_bic(struct emit *e);
void emit_orn(struct emit *e);
void emit_cmp(struct emit *e);
void emit_cmn(struct emit *e);
void emit_tst(struct emit *e);
void emit_teq(struct emit *e);
void emit_shift(struct emit *e);
bool emit_shifted(struct emit *e); /* at a shift: that and the op that uses it, e->i being that then; false: not possible */
void emit_bits(struct emit *e);
void emit_mul(struct emit *e);
void emit_select(struct emit *e);
#define PREDICATED_OPS 8
bool emit_predicated_near(struct emit *e);
static inline bool emit_predicated(struct emit *e) /* at a brc over one op: that op with a conditional move; false: branch */
{
	const struct label_state *label = &e->labels[e->op->imm];

	return label->uses == 1 && label->at <= e->i + PREDICATED_OPS && emit_predicated_near(e);
}
void emit_nzcv(struct emit *e);
void emit_access(struct emit *e);
void emit_exclusive(struct emit *e);
void emit_cpu_field(struct emit *e);
void emit_call(struct emit *e);
void emit_simd(struct emit *e);
void emit_fpcheck(struct emit *e);
bool emit_simd_inline(struct emit *e); /* true: done */
void xmm_begin(struct emit *e);        /* block */
bool xmm_lazy(const struct emit *e);   /* VFP registers may stay in xmm registers */
void xmm_flush_dirty(struct emit *e);
static inline void xmm_flush(struct emit *e) /* to cpu->vfp what is in xmm registers only; EFLAGS kept */
{
	if (unlikely(e->xmm.dirty))
		xmm_flush_dirty(e);
}
void xmm_flush_part(struct emit *e, unsigned offset, unsigned bytes); /* what overlaps these */
void xmm_list_dirty(const struct emit *e, struct vfp_dirty *dirty);
static inline void xmm_dirty(const struct emit *e, struct vfp_dirty *dirty) /* what is, for a path out of line */
{
	memset(dirty, 0, MAX_DIRTY * sizeof(*dirty));
	if (unlikely(e->xmm.dirty))
		xmm_list_dirty(e, dirty);
}
void emit_dirty(struct emit *e, const struct vfp_dirty *dirty); /* stores them */
unsigned xmm_find(struct emit *e, unsigned offset, unsigned bytes); /* a register that holds exactly these, or HOST_REG_NONE */
unsigned xmm_take(struct emit *e);     /* one to load into */
void xmm_took(struct emit *e, unsigned xmm, unsigned offset, unsigned bytes); /* it holds these now, cpu->vfp does not */
void xmm_move(struct emit *e, bool store, unsigned bytes, unsigned xmm, struct opnd mem);
void xmm_loaded(struct emit *e, unsigned offset, unsigned bytes, unsigned reg); /* the same, and @reg holds it: kept if it is used soon */
void xmm_drop_all(struct emit *e);     /* C code may have been called, or several ways meet here */
void xmm_vfp_written(struct emit *e, unsigned offset, unsigned bytes); /* in cpu->vfp, not by an op of emit_simd*.c */
/* MXCSR's mask bits: all exceptions masked. */
#define MXCSR_MASKS 0x1f80u
void emit_mxcsr(struct enc *enc, unsigned scratch); /* modes of translated code by cpu->fpscr; EFLAGS are lost */
void emit_mxcsr_c(struct enc *enc);                /* modes of C code */
void emit_branch(struct emit *e);
void emit_label(struct emit *e);
void emit_exit(struct emit *e);
void emit_exit_direct(struct emit *e);
void emit_cold_exit(struct emit *e, struct cold *cold);       /* COLD_EXIT */
void emit_cold_toggle(struct emit *e);                        /* COLD_TOGGLE */
void emit_cold_link(struct emit *e, struct cold *cold);       /* COLD_LINK */
void emit_entry(struct emit *e);
void emit_cold_entry(struct emit *e);                         /* of the entry's jumps */
void emit_cold(struct emit *e);
/* 0, or -ENOSPC */
int stubs_emit(struct x64 *x64);

/* fp_trap.c: exceptions of floating-point code go to its cold code. Once for the process; any thread. */
void fp_trap_install(void);
/* The block's operations trap from now on; false: there is no room. */
bool fp_trap_add(struct emit *e);

/* slow.c: called by the slow stub. Returns where to go on. */
struct slow_frame {
	uint64_t regs[16]; /* by host register number; rbp is not used, rsp is EFLAGS if the stub was x64_stubs.fault */
	uint64_t site;     /* index of the struct x64_site */
};
#define FRAME_EFLAGS RSP
const uint8_t *slow_access(struct slow_frame *frame, struct cpu *cpu, struct x64 *x64);
/* After an access to a device: an interrupt that it raised is taken soon. */
void slow_end_slice(struct cpu *cpu);
/* The head of the block that @state is of. */
static inline const struct x64_site_head *site_head(const struct x64_site_state *state)
{
	return (const struct x64_site_head *)(const void *)((const uint64_t *)(const void *)state - state->head);
}
static inline const struct x64_site_state *site_state(const struct x64 *x64, const struct x64_site *site)
{
	return (const struct x64_site_state *)(const void *)(x64->words + site->state_count % SITE_INDEX_MAX);
}
static inline uint8_t state_it(const struct x64_site_state *state)
{
	const uint64_t *after = (const uint64_t *)(const void *)(state + 1);

	return state->more & STATE_IT ? (uint8_t)after[state->more & STATE_RECIPES ? 3 : 0] : 0;
}
/* Of a site that is not SITE_PLAIN. */
static inline struct x64_access *site_access(const struct x64 *x64, const struct x64_site *site)
{
	return (struct x64_access *)(void *)(x64->words + site->access);
}
/* device_site.c: @site has just accessed the device register at @va: from now on it does so by code of its own, if it can. */
void device_site_link(struct x64 *x64, struct cpu *cpu, struct x64_site *site, gva_t va);

/* fault.c: faults in windows go to the stub of that name. Once for the process; any thread. */
void fault_install(void);

#include "translator/x64/emit_inline.h"

#endif
