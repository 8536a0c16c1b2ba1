/* Every form that the encoder makes, disassembled by Capstone, is what was meant. */
#include "base/base.h"
#include "tests/base/check_run.h"
#include "translator/x64/enc.h"
#include "translator/x64/enc_fixed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disasm.h"

static uint8_t buffer[64];
static struct enc enc;
static struct enc *const e = &enc;

static const char *const names[4][16] = {
	[W8] = { "al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b" },
	[W16] = { "ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w" },
	[W32] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d" },
	[W64] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" },
};
static const char *const sizes[4] = { "byte ptr", "word ptr", "dword ptr", "qword ptr" };
static const char *const alu_names[8] = { "add", "or", "adc", "sbb", "and", "sub", "xor", "cmp" };
static const char *const cc_names[16] = { "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g" };

static void begin(void)
{
	enc_init(e, buffer, buffer + sizeof(buffer), 0);
}

/* What was emitted since begin() is one instruction that reads @text. */
static void expect(const char *text)
{
	size_t length = (size_t)(e->at - buffer);
	char got[128];

	ck_assert(!e->overflow);
	ck_assert_msg(disasm_one(DISASM_X64, buffer, length, 0x1000, got, sizeof(got)) == length && !strcmp(got, text),
	              "wanted \"%s\", got \"%s\" (%zu bytes)", text, got, length);
}

static const char *fmt(char *buf, const char *a, const char *b, const char *c)
{
	snprintf(buf, 128, "%s %s, %s", a, b, c);
	return buf;
}

#define ONE(call, text) \
	do {                    \
		begin();        \
		call;           \
		expect(text);   \
	} while (0)

START_TEST(registers)
{
	char text[128];

	for (unsigned w = W8; w <= W64; w++)
		for (unsigned d = 0; d < 16; d++)
			for (unsigned s = 0; s < 16; s++) {
				ONE(enc_mov(e, w, opnd_reg(d), opnd_reg(s)), fmt(text, "mov", names[w][d], names[w][s]));
				ONE(enc_alu(e, ALU_SUB, w, opnd_reg(d), opnd_reg(s)), fmt(text, "sub", names[w][d], names[w][s]));
				ONE(enc_test(e, w, opnd_reg(d), opnd_reg(s)), fmt(text, "test", names[w][d], names[w][s]));
				if (w < W32)
					continue;
				ONE(enc_imul(e, w, d, opnd_reg(s)), fmt(text, "imul", names[w][d], names[w][s]));
				ONE(enc_lzcnt(e, w, d, opnd_reg(s)), fmt(text, "lzcnt", names[w][d], names[w][s]));
				ONE(enc_bsr(e, w, d, opnd_reg(s)), fmt(text, "bsr", names[w][d], names[w][s]));
				ONE(enc_cmov(e, CC_LE, d, opnd_reg(s)), fmt(text, "cmovle", names[W32][d], names[W32][s]));
				ONE(enc_movzx(e, W8, d, opnd_reg(s)), fmt(text, "movzx", names[W32][d], names[W8][s]));
				ONE(enc_movzx(e, W16, d, opnd_reg(s)), fmt(text, "movzx", names[W32][d], names[W16][s]));
				ONE(enc_movsx(e, w, W8, d, opnd_reg(s)), fmt(text, "movsx", names[w][d], names[W8][s]));
				ONE(enc_movsx(e, w, W16, d, opnd_reg(s)), fmt(text, "movsx", names[w][d], names[W16][s]));
				ONE(enc_movsx(e, W64, W32, d, opnd_reg(s)), fmt(text, "movsxd", names[W64][d], names[W32][s]));
			}
}
END_TEST

/* All bases, indexes, scales and displacement sizes, once as destination and once as source. */
START_TEST(memory)
{
	static const int32_t disps[] = { 0, 1, -1, 127, -128, 128, -129, 0x800000, -0x7fffffff };
	char text[128], mem[80], at[64];

	for (unsigned base = 0; base < 16; base++)
		for (unsigned index = 0; index <= 16; index++)
			for (unsigned scale = 0; scale < 4; scale++)
				for (unsigned i = 0; i < ARRAY_SIZE(disps); i++) {
					int32_t disp = disps[i];
					struct opnd o = opnd_mem(base, disp);
					int n = snprintf(at, sizeof(at), "[%s", names[W64][base]);

					if (index == RSP || (index == 16 && scale))
						continue;
					if (index < 16) {
						o = opnd_sib(base, index, scale, disp);
						n += snprintf(at + n, sizeof(at) - (size_t)n, " + %s", names[W64][index]);
						if (scale)
							n += snprintf(at + n, sizeof(at) - (size_t)n, "*%u", 1u << scale);
					}
					if (disp > 0)
						n += snprintf(at + n, sizeof(at) - (size_t)n, disp < 10 ? " + %d" : " + 0x%x", (unsigned)disp);
					else if (disp < 0)
						n += snprintf(at + n, sizeof(at) - (size_t)n, disp > -10 ? " - %d" : " - 0x%x", 0u - (unsigned)disp);
					snprintf(at + n, sizeof(at) - (size_t)n, "]");
					snprintf(mem, sizeof(mem), "%s %s", sizes[W32], at);
					ONE(enc_mov(e, W32, o, opnd_reg(R9)), fmt(text, "mov", mem, "r9d"));
					snprintf(mem, sizeof(mem), "%s %s", sizes[W64], at);
					ONE(enc_alu(e, ALU_ADD, W64, opnd_reg(RSI), o), fmt(text, "add", "rsi", mem));
					ONE(enc_lea(e, W32, R13, o), fmt(text, "lea", "r13d", at));
				}
}
END_TEST

START_TEST(immediates)
{
	static const struct {
		uint32_t value;
		const char *text;
	} values[] = { { 1, "1" }, { 0x7f, "0x7f" }, { 0x80, "0x80" }, { 0x12345678, "0x12345678" }, { 0xffffffff, "-1" }, { 0xffffff7f, "0xffffff7f" } };
	static const struct {
		int32_t disp;
		const char *text;
	} places[] = { { 16, "+ 0x10" }, { -68, "- 0x44" }, { 0x12345, "+ 0x12345" }, { -0x12345, "- 0x12345" } };
	char text[128], mem[64];

	for (unsigned op = 0; op < 8; op++)
		for (unsigned r = 0; r < 16; r++)
			for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
				const char *imm = values[i].text;
				size_t length;

				/* Capstone prints the logical ones without sign */
				if (values[i].value == ~0u && (op == ALU_AND || op == ALU_OR || op == ALU_XOR))
					imm = "0xffffffff";
				ONE(enc_alu(e, (enum alu_op)op, W32, opnd_reg(r), opnd_imm(values[i].value)), fmt(text, alu_names[op], names[W32][r], imm));
				length = (size_t)(e->at - buffer);
				ck_assert_uint_le(length, values[i].value + 128 < 256 ? 4 : 7);
				for (unsigned k = 0; k < ARRAY_SIZE(places); k++) {
					snprintf(mem, sizeof(mem), "dword ptr [%s %s]", names[W64][r], places[k].text);
					ONE(enc_alu(e, (enum alu_op)op, W32, opnd_mem(r, places[k].disp), opnd_imm(values[i].value)), fmt(text, alu_names[op], mem, imm));
				}
			}
	ONE(enc_alu(e, ALU_ADD, W8, opnd_reg(RAX), opnd_imm(0x7f)), "add al, 0x7f");
	ONE(enc_alu(e, ALU_AND, W8, opnd_reg(RSI), opnd_imm(0x7f)), "and sil, 0x7f");
	ONE(enc_mov(e, W32, opnd_reg(R9), opnd_imm(0x80000000)), "mov r9d, 0x80000000");
	ONE(enc_mov(e, W8, opnd_mem(RBX, 0), opnd_imm(0x12)), "mov byte ptr [rbx], 0x12");
	ONE(enc_mov(e, W16, opnd_mem(RBX, 0), opnd_imm(0x1234)), "mov word ptr [rbx], 0x1234");
	ONE(enc_mov(e, W32, opnd_mem(RBP, -68), opnd_imm(0x8000)), "mov dword ptr [rbp - 0x44], 0x8000");
	/* fields of struct cpu, which fold where they stand */
	ONE(enc_mov(e, W32, opnd_mem(RBP, 0x200), opnd_imm(0x8000)), "mov dword ptr [rbp + 0x200], 0x8000");
	ONE(enc_mov(e, W64, opnd_mem(RBP, -68), opnd_imm(0x80000000)), "mov qword ptr [rbp - 0x44], -0x80000000");
	for (unsigned r = 0; r < 16; r++) {
		snprintf(mem, sizeof(mem), "mov %s, dword ptr [rbp - 0x44]", names[W32][r]);
		ONE(enc_mov(e, W32, opnd_reg(r), opnd_mem(RBP, -68)), mem);
		snprintf(mem, sizeof(mem), "mov qword ptr [rbp - 0x244], %s", names[W64][r]);
		ONE(enc_mov(e, W64, opnd_mem(RBP, -0x244), opnd_reg(r)), mem);
		snprintf(mem, sizeof(mem), "cmp qword ptr [rbp + 0x44], %s", names[W64][r]);
		ONE(enc_alu(e, ALU_CMP, W64, opnd_mem(RBP, 0x44), opnd_reg(r)), mem);
	}
	ONE(enc_mov_imm64(e, RAX, 0x123456789abc), "movabs rax, 0x123456789abc");
	ONE(enc_mov_imm64(e, R10, 0xffffffff), "mov r10d, 0xffffffff");
	ONE(enc_test(e, W8, opnd_reg(RAX), opnd_imm(3)), "test al, 3");
	ONE(enc_test(e, W8, opnd_reg(RDI), opnd_imm(3)), "test dil, 3");
	ONE(enc_test(e, W8, opnd_mem(RBP, -63), opnd_imm(0x40)), "test byte ptr [rbp - 0x3f], 0x40");
	ONE(enc_test(e, W32, opnd_reg(RAX), opnd_imm(0x1234)), "test eax, 0x1234");
	ONE(enc_test(e, W32, opnd_reg(R12), opnd_imm(0xfffff000)), "test r12d, 0xfffff000");
	ONE(enc_test(e, W32, opnd_reg(RSI), opnd_imm(0x1234)), "test esi, 0x1234");
	ONE(enc_test(e, W64, opnd_reg(R12), opnd_imm(0x1234)), "test r12, 0x1234");
	ONE(enc_test(e, W32, opnd_mem(RBP, -68), opnd_imm(0xc000)), "test dword ptr [rbp - 0x44], 0xc000");
	ONE(enc_test(e, W32, opnd_mem(RBP, 0x244), opnd_imm(0xc000)), "test dword ptr [rbp + 0x244], 0xc000");
	ONE(enc_test(e, W32, opnd_mem(RSP, -68), opnd_imm(0xc000)), "test dword ptr [rsp - 0x44], 0xc000");
	/* What a call comes to when the kinds of its operands are not known where it stands. */
	ONE(enc_mov_any(e, W32, opnd_mem(RBP, -68), opnd_imm(0x8000)), "mov dword ptr [rbp - 0x44], 0x8000");
	ONE(enc_mov_any(e, W32, opnd_mem(RBP, 127), opnd_imm(0x80000000)), "mov dword ptr [rbp + 0x7f], 0x80000000");
	ONE(enc_mov_any(e, W32, opnd_mem(RBP, 128), opnd_imm(1)), "mov dword ptr [rbp + 0x80], 1");
	ONE(enc_mov_any(e, W64, opnd_mem(RBP, -68), opnd_imm(1)), "mov qword ptr [rbp - 0x44], 1");
	ONE(enc_mov_any(e, W32, opnd_sib(RBP, RCX, 0, -68), opnd_imm(1)), "mov dword ptr [rbp + rcx - 0x44], 1");
	ONE(enc_alu(e, ALU_SUB, W64, opnd_reg(R9), opnd_imm(0x12345)), "sub r9, 0x12345");
	ONE(enc_alu(e, ALU_ADD, W64, opnd_reg(RBX), opnd_imm(0xfffedcbb)), "add rbx, -0x12345");
	ONE(enc_alu(e, ALU_OR, W32, opnd_mem(RBP, -128), opnd_imm(0x12345)), "or dword ptr [rbp - 0x80], 0x12345");
	ONE(enc_alu(e, ALU_OR, W64, opnd_mem(RBP, -128), opnd_imm(0x12345)), "or qword ptr [rbp - 0x80], 0x12345");
	ONE(enc_test(e, W32, opnd_reg(RBX), opnd_mem(RBP, 0)), "test dword ptr [rbp], ebx");
	ONE(enc_imul_imm(e, W32, RCX, opnd_reg(RBX), 10), "imul ecx, ebx, 0xa");
	ONE(enc_imul_imm(e, W32, RCX, opnd_reg(RBX), 1000), "imul ecx, ebx, 0x3e8");
	ONE(enc_push_imm(e, 0x1234), "push 0x1234");
}
END_TEST

START_TEST(shifts)
{
	static const char *const shift_names[] = { "rol", "ror", "rcl", "rcr", "shl", "shr", NULL, "sar" };
	static const char *const bmi_names[] = { "shlx", "shrx", "sarx" };
	char text[128];

	for (unsigned op = 0; op < 8; op++)
		for (unsigned r = 0; r < 16; r++) {
			if (!shift_names[op])
				continue;
			ONE(enc_shift(e, (enum host_shift_op)op, W32, opnd_reg(r), 1), fmt(text, shift_names[op], names[W32][r], "1"));
			ONE(enc_shift(e, (enum host_shift_op)op, W64, opnd_reg(r), 33), fmt(text, shift_names[op], names[W64][r], "0x21"));
			ONE(enc_shift_cl(e, (enum host_shift_op)op, W64, opnd_reg(r)), fmt(text, shift_names[op], names[W64][r], "cl"));
		}
	ONE(enc_shift(e, HOST_SHR, W32, opnd_mem(RBP, -80), 4), "shr dword ptr [rbp - 0x50], 4");
	for (unsigned op = 0; op < 3; op++)
		for (unsigned r = 0; r < 16; r++) {
			snprintf(text, sizeof(text), "%s %s, ecx, %s", bmi_names[op], names[W32][r], names[W32][15 - r]);
			ONE(enc_shiftx(e, (enum bmi_shift)op, W32, r, opnd_reg(RCX), 15 - r), text);
		}
	ONE(enc_shiftx(e, BMI_SHLX, W64, RAX, opnd_mem(R8, 8), R9), "shlx rax, qword ptr [r8 + 8], r9");
	ONE(enc_rorx(e, W32, RDI, opnd_reg(R8), 9), "rorx edi, r8d, 9");
	ONE(enc_rorx(e, W32, R9, opnd_mem(RBP, -4), 31), "rorx r9d, dword ptr [rbp - 4], 0x1f");
	ONE(enc_andn(e, W32, R8, RSI, opnd_mem(RBP, -96)), "andn r8d, esi, dword ptr [rbp - 0x60]");
	ONE(enc_andn(e, W32, RAX, R13, opnd_reg(RCX)), "andn eax, r13d, ecx");
	ONE(enc_pext(e, RAX, R9, opnd_reg(RCX)), "pext eax, r9d, ecx");
	ONE(enc_pdep(e, R10, RAX, opnd_reg(RCX)), "pdep r10d, eax, ecx");
}
END_TEST

START_TEST(others)
{
	char text[128];

	ONE(enc_not(e, W32, opnd_reg(R9)), "not r9d");
	ONE(enc_not(e, W32, opnd_mem(RBP, -72)), "not dword ptr [rbp - 0x48]");
	ONE(enc_neg(e, W32, opnd_reg(RBX)), "neg ebx");
	ONE(enc_bt(e, W32, opnd_mem(RBP, -64), 8), "bt dword ptr [rbp - 0x40], 8");
	ONE(enc_bt(e, W64, opnd_reg(R8), 32), "bt r8, 0x20");
	ONE(enc_bswap(e, W32, R9), "bswap r9d");
	ONE(enc_bswap(e, W32, RBX), "bswap ebx");
	ONE(enc_bswap(e, W64, RCX), "bswap rcx");
	ONE(enc_movbe_load(e, W32, RBX, opnd_sib(RAX, RCX, 0, 0)), "movbe ebx, dword ptr [rax + rcx]");
	ONE(enc_movbe_store(e, W32, opnd_sib(RAX, RCX, 0, 0), R9), "movbe dword ptr [rax + rcx], r9d");
	ONE(enc_cmpxchg(e, W32, opnd_mem(RCX, 0), R9, false), "cmpxchg dword ptr [rcx], r9d");
	ONE(enc_cmpxchg(e, W64, opnd_mem(RCX, 0), RBX, true), "lock cmpxchg qword ptr [rcx], rbx");
	ONE(enc_xchg(e, W32, RCX, RDX), "xchg edx, ecx");
	ONE(enc_lahf(e), "lahf");
	ONE(enc_sahf(e), "sahf");
	ONE(enc_cmc(e), "cmc");
	ONE(enc_clc(e), "clc");
	ONE(enc_stc(e), "stc");
	ONE(enc_ret(e), "ret");
	ONE(enc_pushfq(e), "pushfq");
	ONE(enc_popfq(e), "popfq");
	ONE(enc_int3(e), "int3");
	ONE(enc_jmp_opnd(e, opnd_reg(RAX)), "jmp rax");
	ONE(enc_jmp_opnd(e, opnd_mem(RCX, 8)), "jmp qword ptr [rcx + 8]");
	ONE(enc_call_opnd(e, opnd_reg(R10)), "call r10");
	for (unsigned r = 0; r < 16; r++) {
		snprintf(text, sizeof(text), "push %s", names[W64][r]);
		ONE(enc_push(e, r), text);
		snprintf(text, sizeof(text), "pop %s", names[W64][r]);
		ONE(enc_pop(e, r), text);
	}
	for (unsigned cc = 0; cc < 16; cc++)
		for (unsigned r = 0; r < 16; r++) {
			snprintf(text, sizeof(text), "set%s %s", cc_names[cc], names[W8][r]);
			ONE(enc_setcc(e, (enum host_cc)cc, opnd_reg(r)), text);
		}
	ONE(enc_setcc(e, CC_B, opnd_mem(RBP, -63)), "setb byte ptr [rbp - 0x3f]");
	for (unsigned n = 1; n <= 4; n++) {
		ONE(enc_nop(e, n), n == 1 ? "nop" : n == 2 ? "nop" : n == 3 ? "nop dword ptr [rax]" : "nop dword ptr [rax]");
		ck_assert_uint_eq((size_t)(e->at - buffer), n);
	}
}
END_TEST

/* Jumps land where they were bound, in code that executes elsewhere. */
START_TEST(jumps)
{
	uint8_t code[256];
	char text[64];

	for (unsigned cc = 0; cc < 16; cc++) {
		uint8_t *where;

		enc_init(e, code, code + sizeof(code), 0x10000);
		where = enc_jcc32(e, (enum host_cc)cc);
		enc_nop(e, 7);
		enc_bind32(e, where);
		disasm_one(DISASM_X64, code, 6, 0x1000, text, sizeof(text));
		ck_assert_int_eq(text[0], 'j');
		ck_assert_int_eq(strncmp(text + 1, cc_names[cc], strlen(cc_names[cc])), 0);
		ck_assert_ptr_nonnull(strstr(text, "0x100d"));
		where = enc_jcc8(e, (enum host_cc)cc);
		ck_assert(enc_bind8(e, where));
		ck_assert_uint_eq(*where, 0);
	}
	enc_init(e, code, code + sizeof(code), 0x10000);
	enc_jmp_to(e, (const uint8_t *)((uintptr_t)code + 0x10000 + 100));
	ck_assert_uint_eq(disasm_one(DISASM_X64, code, 5, 0x1000, text, sizeof(text)), 5);
	ck_assert_str_eq(text, "jmp 0x1064");
	enc_init(e, code, code + sizeof(code), 0x10000);
	enc_call_to(e, (const uint8_t *)((uintptr_t)code + 0x10000));
	disasm_one(DISASM_X64, code, 5, 0x1000, text, sizeof(text));
	ck_assert_str_eq(text, "call 0x1000");
	/* too far for a short one */
	enc_init(e, code, code + sizeof(code), 0);
	uint8_t *near = enc_jmp8(e);

	enc_nop(e, 128);
	ck_assert(!enc_bind8(e, near));
}
END_TEST

START_TEST(windows)
{
	static const char *const loads[8] = { "movzx", "movzx", "mov", NULL, "movsx", "movsx", "mov" };
	char text[128];

	for (unsigned form = 0; form <= (ENC_WINDOW_STORE | 2); form++)
		for (unsigned reg = 0; reg < 16; reg++)
			for (unsigned index = 0; index < 16; index++) {
				bool load = form < ENC_WINDOW_STORE;

				if (index == RSP || (form & 3) == 3)
					continue;
				if (load)
					snprintf(text, sizeof(text), "%s %s, %s [r15 + %s + 0x12345678]", loads[form], names[W32][reg], sizes[form & 3], names[W64][index]);
				else
					snprintf(text, sizeof(text), "mov %s [r15 + %s + 0x12345678], %s", sizes[form & 3], names[W64][index], names[form & 3][reg]);
				ONE(enc_window(e, form, reg, index, 0x12345678), text);
				ck_assert_int_eq(e->at - buffer, enc_window_length(form));
			}
}
END_TEST

START_TEST(overflow_is_sticky)
{
	uint8_t code[8];

	for (unsigned room = 0; room < 7; room++) {
		uint8_t *where;

		memset(code, 0xee, sizeof(code));
		enc_init(e, code, code + room, 0);
		enc_mov(e, W32, opnd_mem(RBP, -68), opnd_imm(0x12345678));
		ck_assert(e->overflow);
		where = enc_jmp32(e);
		enc_bind32(e, where);
		ck_assert(e->overflow);
		for (unsigned i = room; i < sizeof(code); i++)
			ck_assert_uint_eq(code[i], 0xee);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("x64 encoder");
	TCase *tc = tcase_create("forms");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, registers);
	tcase_add_test(tc, memory);
	tcase_add_test(tc, immediates);
	tcase_add_test(tc, shifts);
	tcase_add_test(tc, others);
	tcase_add_test(tc, jumps);
	tcase_add_test(tc, windows);
	tcase_add_test(tc, overflow_is_sticky);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
