/*
 * Idioms of guest code and the host code that they become, with instruction counts, in golden/host.txt: a worse sequence shows in a diff.
 * X64_REBASE=FILE writes the file anew; look at the difference before taking it over.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disasm.h"
#include "base/log.h"
#include "tests/base/check_run.h"
#include "tests/translator/guest.h"
#include "translator/lift/lift.h"
#include "translator/passes/passes.h"
#include "translator/run/block.h"
#include "translator/x64/emit.h"

#define PAGE 0x8000u
#define MAX_WORDS 12
#define MAX_TEXT (256u << 10)

static const struct idiom {
	const char *name;
	bool thumb;
	uint32_t words[MAX_WORDS];
} idioms[] = {
	/* 1: subs r0,r0,#1; bne 1b */
	{ "count_down", false, { 0xe2500001, 0x1afffffd } },
	/* cmp r0,r1; bcc 1f; add r2,r2,#1; b .+400; 1: b .+200 */
	{ "compare_branch", false, { 0xe1500001, 0x3a000001, 0xe2822001, 0xea000062, 0xea000030 } },
	/* ldr r0,[r1,#4]; b .+400 */
	{ "load_offset", false, { 0xe5910004, 0xea000062 } },
	/* ldr lr,[r9,r10,lsl #2]; b .+400 */
	{ "load_to_memory_home", false, { 0xe799e10a, 0xea000062 } },
	/* strb r3,[r0],#1; b .+400 */
	{ "store_byte_post", false, { 0xe4c03001, 0xea000062 } },
	/* push {r4-r7,r11,lr}; b .+400 */
	{ "push", false, { 0xe92d48f0, 0xea000062 } },
	/* pop {r4-r7,r11,pc} */
	{ "pop_return", false, { 0xe8bd88f0 } },
	/* bl .+400 */
	{ "call", false, { 0xeb000062 } },
	/* bx lr */
	{ "return", false, { 0xe12fff1e } },
	/* 1: ldr r3,[r1],#4; str r3,[r0],#4; subs r2,r2,#4; bne 1b */
	{ "copy_words", false, { 0xe4913004, 0xe4803004, 0xe2522004, 0x1afffffb } },
	/* 1: ldmia r1!,{r3-r6}; subs r2,r2,#16; stmia r0!,{r3-r6}; bgt 1b */
	{ "copy_multiple", false, { 0xe8b10078, 0xe2522010, 0xe8a00078, 0xcafffffb } },
	/* cmp r0,#0; moveq r1,#1; addne r2,r2,#1; ldr r3,[r2]; b .+400 */
	{ "conditional_moves", false, { 0xe3500000, 0x03a01001, 0x12822001, 0xe5923000, 0xea000062 } },
	/* adds r0,r0,r2; adc r1,r1,r3; b .+400 */
	{ "add_64", false, { 0xe0900002, 0xe0a11003, 0xea000062 } },
	/* lsrs r0,r0,#1; eorcs r0,r0,r1; subs r2,r2,#1; bne .-12 */
	{ "crc_step", false, { 0xe1b000a0, 0x20200001, 0xe2522001, 0x1afffffb } },
	/* lsl r0,r1,r2; orr r0,r0,r3,lsr r4; b .+400 */
	{ "shift_by_register", false, { 0xe1a00211, 0xe1800433, 0xea000062 } },
	/* umull r0,r1,r2,r3; umlal r0,r1,r4,r5; b .+400 */
	{ "multiply_long", false, { 0xe0810392, 0xe0a10594, 0xea000062 } },
	/* ldr r3,[r4,#8]; tst r3,#16; beq .+200; b .+400 */
	{ "test_bit", false, { 0xe5943008, 0xe3130010, 0x0a000030, 0xea000062 } },
	/* 1: ldrex r2,[r0]; add r2,r2,r1; strex r3,r2,[r0]; teq r3,#0; bne 1b; b .+400 */
	{ "atomic_add", false, { 0xe1902f9f, 0xe0822001, 0xe1803f92, 0xe3330000, 0x1afffffa, 0xea000062 } },
	/* ubfx r0,r1,#5,#7; bfi r2,r0,#8,#4; b .+400 */
	{ "bit_fields", false, { 0xe7e602d1, 0xe7cb2410, 0xea000062 } },
	/* 1: add lr,lr,r0; eor r1,lr,r1,ror #3; cmp lr,r12; and r8,lr,r1; bne 1b; b .+400 */
	{ "memory_homes", false, { 0xe08ee000, 0xe02e11e1, 0xe15e000c, 0xe00e8001, 0x1afffffa, 0xea000062 } },
	/* add r0,r1,r2,lsl #2; and r3,r4,r3,lsr #5; ldr r5,[r6,r7,lsl #2]; b .+400 */
	{ "shifted_operands", false, { 0xe0810102, 0xe00432a3, 0xe7965107, 0xea000062 } },
	/* ldr r0,1f; ldr r1,[r0]; bx lr; 1: .word 0x12345678 */
	{ "load_literal", false, { 0xe59f0004, 0xe5901000, 0xe12fff1e, 0x12345678 } },
	/* adds r0,#1; ldrb r1,[r0]; movs r2,#0; strb r2,[r0,#1]; adds r3,r3,r2; lsls r1,r1,#2; str r1,[r4]; subs r5,#1; bx lr */
	{ "thumb_dead_flags", true, { 0x78013001, 0x70422200, 0x0089189b, 0x3d016021, 0x00004770 } },
	/* cmp r0,r1,lsr #1; subhs r0,r0,r1,lsr #1; orrhs r2,r2,r3,lsr #1; cmp r9,r10,lsl #3; adc r11,r11,r11; subhs r9,r9,r10,lsl #3; cmp r0,#0; b .+400 */
	{ "division_steps", false, { 0xe15000a1, 0x204000a1, 0x218220a3, 0xe159018a, 0xe0abb00b, 0x2049918a, 0xe3500000, 0xea000062 } },
	/* 1: ldrb r3,[r1]; adds r1,#1; strb r3,[r0]; adds r0,#1; cmp r3,#0; bne 1b; bx lr */
	{ "thumb_strcpy", true, { 0x3101780b, 0x30017003, 0xd1f92b00, 0x00004770 } },
	/* cmp r0,#3; it ls; addls r1,#4; ldr r2,[r1]; bx lr */
	{ "thumb_it", true, { 0xbf982803, 0x680a3104, 0x00004770 } },
	/* ldr r0,[r3,#12]; cbz r0,1f; adds r1,r1,r0; nop; 1: bx lr */
	{ "thumb_cbz", true, { 0xb10868d8, 0xbf001809, 0x00004770 } },
	/* push {r3-r7,lr}; mov r4,r0; pop {r3-r7,pc} */
	{ "thumb_push_pop", true, { 0x4604b5f8, 0x0000bdf8 } },
	/* mov r7,#20; svc 0; bx lr */
	{ "system_call", false, { 0xe3a07014, 0xef000000, 0xe12fff1e } },
	/* mrc p15,0,r0,c13,c0,3; ldr r0,[r0]; bx lr */
	{ "thread_id", false, { 0xee1d0f70, 0xe5900000, 0xe12fff1e } },
	/* mrs r3,cpsr; cpsid i; ldr r0,[r1]; msr cpsr_c,r3; bx lr */
	{ "interrupt_mask", false, { 0xe10f3000, 0xf10c0080, 0xe5910000, 0xe121f003, 0xe12fff1e } },
	/* vldr d0,[r0]; vldr d1,[r1]; vadd.f64 d2,d0,d1; vstr d2,[r0]; bx lr */
	{ "float_add", false, { 0xed900b00, 0xed911b00, 0xee302b01, 0xed802b00, 0xe12fff1e } },
	/* cmp r3,#16; lsl r3,r3,#1; lsr r6,r6,#3; bcs .+72; b .+400 */
	{ "shift_under_flags", false, { 0xe3530010, 0xe1a03083, 0xe1a061a6, 0x2a000010, 0xea000062 } },
};

/* The same host features everywhere. */
static const struct host_features features = { .bmi1 = true, .bmi2 = true, .lzcnt = true };

static unsigned word_count(const struct idiom *idiom)
{
	unsigned n = MAX_WORDS;

	while (n && !idiom->words[n - 1])
		n--;
	return n;
}

static int no_next_page(void *opaque, const uint8_t **bytes)
{
	return -1;
}

static void lift_idiom(struct guest *guest, const struct idiom *idiom, struct ir_block *ir)
{
	static uint8_t page[GUEST_PAGE_SIZE];
	const struct lift_source source = { .page = PAGE, .bytes = page, .next_page = no_next_page };
	const struct lift_options options = { .max_insns = (uint16_t)(word_count(idiom) * (idiom->thumb ? 2 : 1)), .superblocks = true };
	struct lift_result result;

	memset(page, 0, sizeof(page));
	memcpy(page + 0x100, idiom->words, sizeof(idiom->words));
	ir_block_init(ir, PAGE + 0x100, KEY_PRIV | (idiom->thumb ? KEY_T : 0));
	ck_assert_int_eq(lift_block(&guest->cpu, &source, &options, ir, &result), 0);
	passes_run(ir, PASSES_ALL, true);
}

static void print_guest(FILE *to, const struct idiom *idiom)
{
	const uint8_t *code = (const uint8_t *)idiom->words;
	size_t size = word_count(idiom) * 4, at = 0;

	while (at < size) {
		char text[128];
		size_t length = disasm_one(idiom->thumb ? DISASM_T32 : DISASM_A32, code + at, size - at, PAGE + 0x100 + at, text, sizeof(text));

		if (!length || (idiom->thumb && !memcmp(code + at, "\0", 2)))
			break;
		fprintf(to, "# %s\n", text);
		at += length;
	}
}

static const char *stub_name(const struct x64 *x64, const uint8_t *target)
{
	static const char *const leaves[] = { "lookup", "link", "state", "check", "exception", "raise", "wfi" };
	const struct x64_stubs *stubs = &x64->stubs;

	for (unsigned i = 0; i < ARRAY_SIZE(leaves); i++)
		if (target == stubs->leave[i])
			return leaves[i];
	for (unsigned i = 0; i < HELPER_COUNT; i++)
		if (target == stubs->helper[i])
			return helper_info[i].name;
	return target == stubs->slow ? "slow" : target == stubs->link ? "link" : target == stubs->miss ? "miss" :
	       target == stubs->miss_check || target == stubs->miss_check_t ? "miss-check" : target == stubs->simd ? "simd" : "stub";
}

/* One host instruction without addresses that change from run to run. */
static void print_host(FILE *to, const struct x64 *x64, const uint8_t *code, size_t at, size_t length, size_t total, const char *text)
{
	const uint8_t *p = code + at;
	bool two = p[0] == 0x0f && (p[1] & 0xf0) == 0x80;
	char mnemonic[128];

	if (p[0] == 0xe8 || p[0] == 0xe9 || two) {
		int32_t rel;
		size_t to_offset;

		memcpy(&rel, p + (two ? 2 : 1), 4);
		to_offset = at + length + (size_t)(intptr_t)rel;
		snprintf(mnemonic, sizeof(mnemonic), "%s", text);
		*strchr(mnemonic, ' ') = '\0';
		if (to_offset < total)
			fprintf(to, "  %s +%zu\n", mnemonic, to_offset);
		else
			fprintf(to, "  %s %s\n", mnemonic, stub_name(x64, p + length + rel + cache_exec_delta(&x64->cache)));
	} else if (p[0] == 0x68) {
		fprintf(to, "  push site\n");
	} else if (p[0] == 0x48 && p[1] == 0xb8) {
		fprintf(to, "  movabs rax, pointer\n");
	} else if (p[0] == 0xeb || (p[0] & 0xf0) == 0x70) {
		snprintf(mnemonic, sizeof(mnemonic), "%s", text);
		*strchr(mnemonic, ' ') = '\0';
		fprintf(to, "  %s +%zu\n", mnemonic, at + 2 + (size_t)(intptr_t)(int8_t)p[1]);
	} else if (strstr(text, "[rip")) {
		fprintf(to, "  %.*s[pool]\n", (int)(strstr(text, "[rip") - text), text);
	} else {
		fprintf(to, "  %s\n", text);
	}
}

/* The block without its checked entry, up to the cold code, whose size alone is told. */
static void print_code(FILE *to, const struct x64 *x64, const struct x64_code *made)
{
	const uint8_t *code = made->fast - cache_exec_delta(&x64->cache), *start = made->checked - cache_exec_delta(&x64->cache);
	struct x64_trailer trailer;
	size_t total, hot, at;
	unsigned count = 0;

	memcpy(&trailer, start + made->size - sizeof(trailer), sizeof(trailer));
	total = trailer.code_bytes - (size_t)(code - start);
	hot = trailer.cold - (size_t)(code - start);
	for (at = 0; at < hot; count++) {
		char text[128];
		size_t length = disasm_one(DISASM_X64, code + at, total - at, (uintptr_t)code + at, text, sizeof(text));

		ck_assert_uint_gt(length, 0);
		print_host(to, x64, code, at, length, total, text);
		at += length;
	}
	fprintf(to, "= %u instructions, %zu bytes; cold %zu bytes\n\n", count, hot, total - hot);
}

static char *print_all(void)
{
	static struct ir_block ir;
	static struct block block;
	struct x64_options options = { .optimizations = ~0u, .cache_bytes = 4u << 20 };
	struct guest *guest = guest_create(NULL);
	struct error err = { 0 };
	struct x64 *x64 = x64_create(&options, &err);
	struct jump_cache *jump_cache;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	ck_assert_msg(x64 != NULL, "%s", err.msg);
	x64->host = features;
	guest->cpu.log_mask |= 1u << LOG_OUT_ASM; /* with a struct x64_trailer */
	guest->cpu.jump_cache = jump_cache = jump_cache_create();
	for (unsigned i = 0; i < ARRAY_SIZE(idioms); i++) {
		memset(&block, 0, sizeof(block));
		x64_flush(x64); /* padding depends on where a block stands */
		lift_idiom(guest, &idioms[i], &ir);
		fprintf(to, "%s\n", idioms[i].name);
		print_guest(to, &idioms[i]);
		ck_assert_int_eq(x64_emit(x64, &guest->cpu, &ir, PAGE, &block, &block.code), 0);
		print_code(to, x64, &block.code);
	}
	fclose(to);
	x64_destroy(x64);
	guest_destroy(guest);
	free(jump_cache);
	return text;
}

START_TEST(golden)
{
	const char *rebase = getenv("X64_REBASE"), *srcdir = getenv("srcdir");
	char path[512], *text = print_all(), *wanted;
	FILE *file;
	size_t size;

	if (rebase) {
		file = fopen(rebase, "w");
		ck_assert_ptr_nonnull(file);
		fputs(text, file);
		fclose(file);
		free(text);
		return;
	}
	snprintf(path, sizeof(path), "%s/tests/translator/x64/golden/host.txt", srcdir ? srcdir : ".");
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s cannot be read", path);
	wanted = calloc(1, MAX_TEXT);
	size = fread(wanted, 1, MAX_TEXT - 1, file);
	fclose(file);
	for (size_t at = 0, line = 1; at <= size; at++) {
		if (text[at] != wanted[at])
			ck_abort_msg("%s:%zu differs; X64_REBASE=FILE writes what is made now", path, line);
		line += wanted[at] == '\n';
	}
	free(wanted);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("x64 golden");
	TCase *tc = tcase_create("host code");

	tcase_add_test(tc, golden);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
