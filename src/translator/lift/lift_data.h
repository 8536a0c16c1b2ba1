/* lift_data.h - how the data-processing meanings are computed: between lift_data.c and lift_run.c. */
#ifndef DBTVM_TRANSLATOR_LIFT_LIFT_DATA_H
#define DBTVM_TRANSLATOR_LIFT_LIFT_DATA_H

#include "translator/lift/lift.h"

struct data_op {
	uint64_t head;    /* IR_HEAD() of it, without flags and with r0 as result, if it has one */
	uint8_t ir;
	uint8_t flags;    /* that it can define; NZ: C is the shifter's carry */
	uint8_t uses;     /* flags */
	bool reversed;    /* operand2 - Rn */
	ir_ref no_result; /* IR_NONE: a comparison; decode() has set setflags */
	ir_ref no_rn;     /* IR_NONE: operand 2 only */
	uint8_t turn;     /* 16: operand 2 is the first of the IR op; reversed, or without Rn */
};

/* By enum insn_op: its first ones, INSN_AND to INSN_ORN, of which A32 has all but the last, by their numbers in bits 24:21. */
extern const struct data_op lift_data_ops[INSN_ORN + 1];

#endif
