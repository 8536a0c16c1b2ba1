/*
 * test_capstone.c - the decoder against Capstone: validity, mnemonic, operands and length.
 *
 * Every row with random fields (VFP and Advanced SIMD rows in both sets), all 65,536 halfwords of T16, random words of A32 and T32.
 * Where the two differ an exception below says who is right. What is UNPREDICTABLE may be invalid for Capstone; if it is not, the
 * mnemonics must agree.
 */
#include "base/base.h"
#include "tests/translator/decode/format.h"

#include <capstone.h>
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/base/check_run.h"
#include "tests/translator/decode/rows.h"
#include "translator/decode/insn.h"

enum {
	ADDRESS = 0x1000,
	PER_ROW = 400,
	RANDOM_WORDS = 600000,
	SHOWN = 20,
};

/* --- exceptions -------------------------------------------------------------------------------------------------- */

enum difference {
	CAPSTONE_REJECTS, /* ours is an instruction, Capstone's not */
	CAPSTONE_ACCEPTS, /* ours is UNDEFINED */
	TEXT_DIFFERS,
};

struct exception {
	const char *row; /* a trailing * matches the rest */
	enum difference difference;
	const char *reason; /* sections of ARM DDI 0406C.d */
};

static const struct exception exceptions[] = {
	{"HINT_mem_*", CAPSTONE_REJECTS, "A5.7.1, A6.3.8, A6.3.9: unallocated memory hints are NOPs"},
	{"ENTERX_T1", CAPSTONE_REJECTS, "A9.3: Capstone does not know ThumbEE"},
	{"LEAVEX_T1", CAPSTONE_REJECTS, "A9.3: Capstone does not know ThumbEE"},
	{"VMRS_A1", CAPSTONE_REJECTS, "A7.8: one encoding for all registers; which exist is not the decoder's business"},
	{"VMSR_A1", CAPSTONE_REJECTS, "A7.8: one encoding for all registers; which exist is not the decoder's business"},
	{"UNDEF_vfp_data_A1", CAPSTONE_ACCEPTS, "A7.5: VRINT is ARMv8"},
	{"UNDEF_vfp_data_A2", CAPSTONE_ACCEPTS, "A7.5: condition 1111 is UNDEFINED; VSEL, VMAXNM are ARMv8"},
	{"UNDEF_vfp_mem_A2", CAPSTONE_ACCEPTS, "A7.6: condition 1111 is UNDEFINED for coprocessors 10 and 11"},
	{"MRS_banked_*", TEXT_DIFFERS, "B9.2.3: imm is SYSm, Capstone has names for some"},
	{"MSR_banked_*", TEXT_DIFFERS, "B9.2.3: imm is SYSm, Capstone has names for some"},
	{"MRS_banked_*", CAPSTONE_REJECTS, "B9.2.3: imm is SYSm, Capstone has names for some"},
	{"MSR_banked_*", CAPSTONE_REJECTS, "B9.2.3: imm is SYSm, Capstone has names for some"},
};

/* A list beyond D31 (A8.8.320 and others: UNPREDICTABLE): we say UNDEFINED, Capstone wraps or cuts it. */
static bool beyond_registers(const struct insn *insn)
{
	const char *name = insn_op_name(insn->op);

	if (insn->op == INSN_VLDM || insn->op == INSN_VSTM)
		return insn->vd + insn->imm / (insn->vsize == 3 ? 8 : 4) > 32;
	if (insn->op == INSN_VTBL || insn->op == INSN_VTBX)
		return insn->vn + insn->vregs > 32;
	if (strlen(name) == 4 && (!strncmp(name, "vld", 3) || !strncmp(name, "vst", 3)) && name[3] >= '1' && name[3] <= '4')
		return insn->vd + (name[3] - '1') * insn->vstep + insn->vregs > 32;
	return false;
}

static bool row_matches(const char *pattern, const char *name)
{
	size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return !strncmp(pattern, name, len - 1);
	return !strcmp(pattern, name);
}

static bool excepted(const struct insn *insn, enum difference difference)
{
	const char *name = insn->row == DECODE_NO_ROW ? "none" : decode_row(insn->row)->name;

	if (difference == CAPSTONE_ACCEPTS && beyond_registers(insn))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
		if (exceptions[i].difference == difference && row_matches(exceptions[i].row, name))
			return true;
	return false;
}

/* --- comparison -------------------------------------------------------------------------------------------------- */

struct oracle {
	csh handle[2];
	cs_insn *insn[2];
	uint64_t compared, unpredictable, undefined, exceptions, failures;
};

static struct oracle open_oracle(void)
{
	struct oracle oracle = {0};

	for (int set = 0; set < 2; set++) {
		ck_assert_int_eq(cs_open(CS_ARCH_ARM, set == SET_A32 ? CS_MODE_ARM : CS_MODE_THUMB, &oracle.handle[set]), CS_ERR_OK);
		oracle.insn[set] = cs_malloc(oracle.handle[set]);
		ck_assert_ptr_nonnull(oracle.insn[set]);
	}
	return oracle;
}

/* Closes it, says what was done, and fails the test when something differed. */
static void close_oracle(struct oracle *oracle, const char *what)
{
	for (int set = 0; set < 2; set++) {
		cs_free(oracle->insn[set], 1);
		cs_close(&oracle->handle[set]);
	}
	printf("%s: %" PRIu64 " compared (%" PRIu64 " UNDEFINED, %" PRIu64 " UNPREDICTABLE), %" PRIu64 " excepted, %" PRIu64 " differ\n", what,
	       oracle->compared, oracle->undefined, oracle->unpredictable, oracle->exceptions, oracle->failures);
	fflush(stdout);
	ck_assert_uint_eq(oracle->failures, 0);
}

static void to_bytes(enum insn_set set, uint32_t bits, uint8_t *bytes)
{
	if (set == SET_T32)
		bits = bits >> 16 | bits << 16;
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(bits >> 8 * i);
}

/* Capstone remembers an IT block: four NOPs end it. */
static void leave_it_block(struct oracle *oracle)
{
	static const uint8_t nops[] = {0x00, 0xbf, 0x00, 0xbf, 0x00, 0xbf, 0x00, 0xbf};
	const uint8_t *code = nops;
	size_t left = sizeof nops;
	uint64_t address = ADDRESS;

	while (left && cs_disasm_iter(oracle->handle[SET_T32], &code, &left, &address, oracle->insn[SET_T32]))
		;
}

/* Capstone's text in the form of format_insn(); false: no instruction. */
static bool capstone_text(struct oracle *oracle, const struct insn *insn, uint32_t bits, char *text, size_t size, unsigned *length)
{
	enum insn_set set = insn->set;
	cs_insn *out = oracle->insn[set];
	uint8_t bytes[4];
	const uint8_t *code = bytes;
	size_t left = insn->size;
	uint64_t address = ADDRESS;

	to_bytes(set, bits, bytes);
	if (!cs_disasm_iter(oracle->handle[set], &code, &left, &address, out))
		return false;
	format_normalize(out->mnemonic, out->op_str, text, size);
	if (set == SET_A32 && (insn->op <= INSN_MVN || insn->op == INSN_ADR || insn->op == INSN_MSR))
		format_fold_rotation(text);
	*length = out->size;
	if (insn->op == INSN_IT)
		leave_it_block(oracle);
	return true;
}

static void differ(struct oracle *oracle, const struct insn *insn, enum difference difference, const char *ours, const char *theirs)
{
	const char *name = insn->row == DECODE_NO_ROW ? "no row" : decode_row(insn->row)->name;

	if (excepted(insn, difference)) {
		oracle->exceptions++;
		return;
	}
	if (oracle->failures++ < SHOWN)
		printf("%s %08x (%s, status %u): \"%s\", Capstone \"%s\"\n", insn->set == SET_A32 ? "A32" : "Thumb", insn->raw, name, insn->status,
		       ours, theirs);
}

static bool is_udf(const char *text)
{
	return !strncmp(text, "udf", 3) || !strcmp(text, "trap");
}

static void compare(struct oracle *oracle, enum insn_set set, uint32_t bits)
{
	struct insn insn;
	char ours[256] = "invalid", theirs[256] = "invalid";
	unsigned length = 0;
	bool valid;

	decode(set, bits, &insn);
	oracle->compared++;
	valid = capstone_text(oracle, &insn, bits, theirs, sizeof theirs, &length);
	if (insn.status == INSN_UNDEFINED) {
		oracle->undefined++;
		if (valid && !(insn.op == INSN_UDF && is_udf(theirs)))
			differ(oracle, &insn, CAPSTONE_ACCEPTS, "undefined", theirs);
		return;
	}
	format_insn(&insn, ADDRESS, ours, sizeof ours);
	if (insn.status == INSN_UNPREDICTABLE) {
		oracle->unpredictable++;
		if (valid && insn.op != INSN_UDF && strncmp(ours, theirs, 2))
			differ(oracle, &insn, TEXT_DIFFERS, ours, theirs);
		return;
	}
	if (!valid)
		differ(oracle, &insn, CAPSTONE_REJECTS, ours, theirs);
	else if (strcmp(ours, theirs) || length != insn.size)
		differ(oracle, &insn, TEXT_DIFFERS, ours, theirs);
}

/* --- tests ------------------------------------------------------------------------------------------------------- */

START_TEST(every_row)
{
	struct oracle oracle = open_oracle();
	uint64_t state = 20260725;

	for (unsigned n = 0; n < decode_row_count(); n++)
		for (enum insn_set set = SET_A32; set <= SET_T32; set++)
			for (unsigned i = 0; i < PER_ROW && rows_serve(decode_row(n), set); i++)
				compare(&oracle, set, rows_fill(decode_row(n), set, &state));
	close_oracle(&oracle, "every row");
}
END_TEST

START_TEST(every_t16_halfword)
{
	struct oracle oracle = open_oracle();

	for (uint32_t half = 0; half < 0x10000; half++)
		if (!t32_is_wide((uint16_t)half))
			compare(&oracle, SET_T32, half << 16);
	close_oracle(&oracle, "T16");
}
END_TEST

START_TEST(random_a32)
{
	struct oracle oracle = open_oracle();
	uint64_t state = 3;

	for (unsigned i = 0; i < RANDOM_WORDS; i++) {
		uint32_t bits = rows_random(&state);
		/* A third of the words in the unconditional space. */
		compare(&oracle, SET_A32, i % 3 ? bits : bits | 0xf0000000);
	}
	close_oracle(&oracle, "random A32");
}
END_TEST

START_TEST(random_t32)
{
	struct oracle oracle = open_oracle();
	uint64_t state = 4;

	for (unsigned i = 0; i < RANDOM_WORDS; i++) {
		uint32_t bits = rows_random(&state) | 0xe0000000;
		compare(&oracle, SET_T32, t32_is_wide(bits >> 16) ? bits : bits | 0xf0000000);
	}
	close_oracle(&oracle, "random T32");
}
END_TEST

/* An exception that no longer excepts anything should go. */
START_TEST(exceptions_name_rows)
{
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++) {
		bool found = false;

		for (unsigned n = 0; n < decode_row_count(); n++)
			found |= row_matches(exceptions[i].row, decode_row(n)->name);
		ck_assert_msg(found, "%s: no such row (%s)", exceptions[i].row, exceptions[i].reason);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {every_row, every_t16_halfword, random_a32, random_t32, exceptions_name_rows};

	return check_run("decode against Capstone", tests, ARRAY_SIZE(tests));
}
