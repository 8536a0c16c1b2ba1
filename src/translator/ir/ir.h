/*
 * ir.h - the intermediate representation of one translation block: a flat array of three-address operations.
 *
 * Values are guest registers r0-r14 (in their homes throughout), block-local 32-bit temporaries, and immediates. r15 never occurs as a
 * value: lift folds it.  NZCV are explicit: an op defines the flags in `fdef` and uses those in `fuse`; ops keep the flags that
 * they do not define.  Control inside a block goes forward only (brc ... label); a temporary defined before a
 * brc may be used after its label, one defined between them may not be used after the label.
 *
 * Every guest instruction starts with an `insn` op. Between two of them the state is exactly the architecture's at any op
 * that can leave the block or fault; lift orders its ops so (loads before base write-back, and so on).
 */
#ifndef DBTVM_TRANSLATOR_IR_IR_H
#define DBTVM_TRANSLATOR_IR_IR_H

#include "base/base.h"

#include <stddef.h>
#include <stdio.h>

typedef uint16_t ir_ref;
#define IR_TMP0 16            /* temporaries: IR_TMP0 .. IR_TMP0 + IR_MAX_TMPS - 1 */
#define IR_MAX_TMPS 1024
#define IR_IMM 0xfffe         /* the operand is ir_insn.imm */
#define IR_NONE 0xffff
#define IR_IS_REG(ref) ((ref) < 15)
#define IR_IS_TMP(ref) ((int16_t)(ref) >= IR_TMP0) /* IR_IMM and IR_NONE are negative */

/* Flag masks of fdef and fuse. */
#define IR_N (1u << 3)
#define IR_Z (1u << 2)
#define IR_C (1u << 1)
#define IR_V (1u << 0)
#define IR_NZ (IR_N | IR_Z)
#define IR_NZC (IR_N | IR_Z | IR_C)
#define IR_NZCV 15u

enum ir_op {
#define IR(id, text, operands, fdef, fuse, attr) IR_##id,
#include "translator/ir/ir_ops.def"
#undef IR
	IR_OP_COUNT
};

/* Attributes of an opcode. */
#define IRA_END (1u << 0)    /* ends the block on this path: nothing after it is reached but through a label */
#define IRA_FAULT (1u << 1)  /* may leave the block with an exception: all registers and all flags are used here */
#define IRA_EFFECT (1u << 2) /* must not be removed though its result is unused */
#define IRA_MEM (1u << 3)    /* guest memory access: `mem` holds ACCESS_* flags (mmu/mmu.h) */
#define IRA_EVAL (1u << 4)   /* its result is what ir_eval() says */
#define IRA_CONTROL (1u << 5) /* a label or a branch to one: number imm */
#define IRA_WIDE (1u << 7)   /* may have a second result or a third source: in all others dst2 and c are IR_NONE */
#define IRA_ODD (1u << 6)    /* reads or writes something that its operands and the attributes above do not tell */

struct ir_insn {
	uint8_t op;       /* enum ir_op */
	uint8_t cond;     /* brc, select, setcond: Arm condition 0-13 */
	uint8_t fdef;     /* flags defined (IR_N...), after liveness only those needed */
	uint8_t fuse;     /* flags used */
	ir_ref dst, dst2; /* results; IR_NONE */
	ir_ref a, b, c;   /* sources; at most one is IR_IMM */
	uint16_t mem;     /* ACCESS_* */
	uint8_t group;    /* merged page check: on the first access of a group its length; on the others IR_GROUP_MEMBER; 0: alone. Consecutive ops */
	uint8_t unused[3];
	uint32_t imm;     /* immediate operand, or the op's parameter */
	uint32_t imm2;    /* address offset of accesses; second parameter */
	uint32_t facts;   /* IR_LIVE(), IR_BEHIND(): see struct ir_facts */
};
static_assert(sizeof(struct ir_insn) == 32, "ops are found by a shift and copied by two moves");
#define IR_GROUP_MEMBER 0xff
#define IR_GROUP_MAX 32 /* members; all load or all store, from the same base that only the last may overwrite, with the same ACCESS_USER */
#define IR_GROUP_SPAN 256 /* bytes from the lowest to past the highest */

#define IR_LIVE(insn) ((uint8_t)(insn)->facts)          /* flags that may be read after it */
#define IR_BEHIND(insn) ((uint16_t)((insn)->facts >> 16)) /* `insn` ops after it; see ir_count_insns() */

/* imm2 of exit. */
#define EXIT_THUMB 1u
#define EXIT_CHECKED 2u /* the target's page may be mapped anew, even when it is this one */

#define IR_MAX_OPS 2048

/*
 * What the walk of passes/liveness.c finds on its way, for those that look at the ops in order later. Places are counted from the end of the
 * block: 1 is its last op, 0 none.
 */
struct ir_facts {
	bool known;            /* what follows, and `facts` of each op, is true of the block's ops as they are */
	bool calls;            /* there are `call` ops */
	bool neighbours;       /* two plain accesses may stand side by side */
	uint8_t live_in;       /* flags that may be read before they are defined */
	uint16_t insns;        /* `insn` ops */
	uint16_t exits;        /* `exit` ops */
	uint16_t own_exit;     /* the last exit to the block's own start */
	uint16_t tmp_last[IR_MAX_TMPS]; /* by temporary: its last use or definition */
	struct {
		uint16_t at;   /* place */
		uint16_t uses; /* branches to it */
	} labels[IR_MAX_OPS];  /* by label */
};

/* One block under translation. */
struct ir_block {
	gva_t pc;             /* first instruction */
	uint32_t key;         /* KEY_* (cpu/cpu.h) */
	uint32_t guest_insns; /* instructions on the longest path */
	uint32_t guest_bytes; /* from pc, contiguous */
	uint16_t count;       /* ops */
	uint16_t tmps;        /* temporaries used */
	uint16_t labels;      /* labels used */
	bool overflow;        /* sticky: an append did not fit; the block must be translated again, shorter */
	bool exits_leave;     /* no exit goes to an instruction of this block further down; false: not known */
	struct ir_facts facts;
	struct ir_insn ops[IR_MAX_OPS];
};

struct ir_op_info {
	char operands[8];     /* see ir_ops.def */
	uint8_t fdef_may;     /* flags it can define */
	uint8_t fuse_always;  /* flags it uses whatever `fuse` says; IR_NZCV for cond ops is narrowed by the condition */
	uint8_t attr;         /* IRA_* */
	uint8_t unused[5];    /* fills 16 bytes */
};
extern const struct ir_op_info ir_op_info[IR_OP_COUNT];
extern const uint8_t ir_op_attr[IR_OP_COUNT];     /* the attributes once more, close together, for walks over ops */
extern const char *const ir_op_text[IR_OP_COUNT]; /* mnemonics in dumps */

void ir_block_init(struct ir_block *block, gva_t pc, uint32_t key);
/* What ir_append() presets: each opcode with all fields none, but for the flags that it always uses. */
extern const struct ir_insn ir_template[IR_OP_COUNT];
/* Appends where the caller knows that there is room; returns the op. All fields but op are preset to none. */
static inline struct ir_insn *ir_append_in_room(struct ir_block *block, enum ir_op op)
{
	struct ir_insn *insn = &block->ops[block->count++];

	/* To the compiler a new pointer, which it keeps in one register, not as a sum that it forms for each field. */
	__asm__("" : "+r"(insn));
	*insn = ir_template[op];
	return insn;
}
/* Appends; returns the op, or a dummy when the block has overflowed (sticky, checked once). */
static inline struct ir_insn *ir_append(struct ir_block *block, enum ir_op op)
{
	if (unlikely(block->count >= IR_MAX_OPS)) {
		/* The caller may go on writing to the last one: it is thrown away with the block. */
		block->overflow = true;
		block->count = IR_MAX_OPS - 1;
	}
	return ir_append_in_room(block, op);
}

/*
 * An op in words of 8 bytes, for what writes many ops of few kinds (lift_run.c): four stores. The rest of the struct is zero but imm and imm2.
 */
#define IR_HEAD(op, fdef, fuse, dst, dst2) \
	((uint64_t)(op) | (uint64_t)(fdef) << 16 | (uint64_t)(fuse) << 24 | (uint64_t)(dst) << 32 | (uint64_t)(dst2) << 48)
#define IR_SOURCES(a, b, c, mem) ((uint64_t)(a) | (uint64_t)(b) << 16 | (uint64_t)(c) << 32 | (uint64_t)(mem) << 48)
static inline void ir_write(struct ir_insn *to, uint64_t head, uint64_t sources, uint32_t imm, uint32_t imm2)
{
	typedef uint64_t __attribute__((may_alias, aligned(4))) word_t;
	word_t *words = (word_t *)to;

	static_assert(offsetof(struct ir_insn, fdef) == 2 && offsetof(struct ir_insn, dst) == 4 && offsetof(struct ir_insn, a) == 8 &&
	              offsetof(struct ir_insn, mem) == 14 && offsetof(struct ir_insn, imm) == 20 && offsetof(struct ir_insn, imm2) == 24, "the words of an op");
	words[0] = head;
	words[1] = sources;
	words[2] = (uint64_t)imm << 32;
	words[3] = imm2;
}

/* A new temporary, a new label number. */
static inline ir_ref ir_tmp(struct ir_block *block)
{
	if (unlikely(block->tmps >= IR_MAX_TMPS)) {
		block->overflow = true;
		return IR_TMP0;
	}
	return (ir_ref)(IR_TMP0 + block->tmps++);
}
static inline uint16_t ir_label(struct ir_block *block)
{
	if (unlikely(block->labels >= IR_MAX_OPS)) {
		block->overflow = true;
		return 0;
	}
	return block->labels++;
}
/* True for the ops that end a path (IRA_END). */
static inline bool ir_ends(unsigned op)
{
	return op - IR_EXIT <= IR_WFI - IR_EXIT;
}
/* The flags that condition @cond reads. */
static inline uint8_t ir_cond_flags(unsigned cond)
{
	/* Four bits for each pair: EQ NE, CS CC, MI PL, VS VC, HI LS, GE LT, GT LE, AL. */
	return 0x0d961824 >> (cond >> 1 & 7) * 4 & 15;
}
static_assert(IR_Z == 4 && IR_C == 2 && IR_N == 8 && IR_V == 1, "as in ir_cond_flags()");

/* Checks every rule of this file. Returns NULL, or what is wrong (static text); *at is the op's index. */
const char *ir_verify(const struct ir_block *block, unsigned *at);
/* The largest number of `insn` ops on any path to op @i, itself included; @counts has block->count entries. See "Counting". */
void ir_count_insns(const struct ir_insn *ops, unsigned count, uint16_t *counts);
/* Readable text, one op a line, that ir_parse() reads back. */
void ir_dump(const struct ir_block *block, FILE *to);
/* Returns 0, or the number of the line that cannot be read. */
int ir_parse(struct ir_block *block, const char *text);

#endif
