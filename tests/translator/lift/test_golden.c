/*
 * test_golden.c - instructions and the IR that they are lifted to, side by side in golden.ir.
 *
 * A case is a line "= SET FLAGS: WORDS ; TEXT" and the dump that follows it. SET is A32 or T32 (halfwords); FLAGS of "priv", "be",
 * "flat" (no superblock), "it=XX", or "-". LIFT_REBASE=FILE writes the file anew; look at the difference before taking it over.
 */
#include "base/base.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/cp15.h"
#include "cpu/cpu.h"
#include "tests/base/check_run.h"
#include "translator/lift/lift.h"
#include "translator/run/helpers.h"

#define PAGE 0x10000u
#define MAX_WORDS 16
#define MAX_LINE 512

struct golden {
	char title[MAX_LINE];
	uint32_t key;
	uint32_t words[MAX_WORDS];
	unsigned count;
	bool thumb, superblocks;
};

/* Reads the title line into @g. */
static void parse_title(struct golden *g, const char *line)
{
	char text[MAX_LINE], *save = NULL;
	char *token;

	memset(g, 0, sizeof(*g));
	snprintf(g->title, sizeof(g->title), "%s", line);
	snprintf(text, sizeof(text), "%s", line + 1);
	if (strchr(text, ';'))
		*strchr(text, ';') = '\0';
	g->superblocks = true;
	for (token = strtok_r(text, " :\n", &save); token; token = strtok_r(NULL, " :\n", &save)) {
		if (!strcmp(token, "T32")) {
			g->thumb = true;
			g->key |= KEY_T;
		} else if (!strcmp(token, "priv")) {
			g->key |= KEY_PRIV;
		} else if (!strcmp(token, "be")) {
			g->key |= KEY_E;
		} else if (!strcmp(token, "flat")) {
			g->superblocks = false;
		} else if (!strncmp(token, "it=", 3)) {
			g->key |= (uint32_t)strtoul(token + 3, NULL, 16) << KEY_IT_SHIFT;
		} else if (strcmp(token, "A32") && strcmp(token, "-")) {
			ck_assert_uint_lt(g->count, MAX_WORDS);
			g->words[g->count++] = (uint32_t)strtoul(token, NULL, 16);
		}
	}
}

static int no_next_page(void *opaque, const uint8_t **bytes)
{
	return -1;
}

/* What a field of struct cpu is called in golden.ir, so that the file does not depend on its layout. */
static const char *field_name(uint32_t offset, char *buf, size_t size)
{
	static const struct {
		size_t offset;
		const char *name;
	} fields[] = {
		{ offsetof(struct cpu, cpsr), "cpsr" }, { offsetof(struct cpu, it), "it" }, { offsetof(struct cpu, q), "q" },
		{ offsetof(struct cpu, ge), "ge" }, { offsetof(struct cpu, cp15.tpidrprw), "tpidrprw" }, { offsetof(struct cpu, current_spsr), "current_spsr" },
		{ offsetof(struct cpu, cp15.tpidruro), "tpidruro" }, { offsetof(struct cpu, bank_sp[BANK_USR]), "sp_usr" },
		{ offsetof(struct cpu, bank_lr[BANK_USR]), "lr_usr" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].offset == offset)
			return fields[i].name;
	snprintf(buf, size, "cpu+0x%x", offset);
	return buf;
}

/* Writes @line with numbers of helpers, CP15 rows and offsets as names. @next: the line after, NULL at the end. */
static void write_named(FILE *to, char *line, const char *next)
{
	char *last = strrchr(line, ' '), name[32];
	uint32_t value = last ? (uint32_t)strtoul(last + 1 + (last[1] == '#'), NULL, 0) : 0;

	if (last && !strncmp(line, "  call ", 7)) {
		fprintf(to, "%.*s %s\n", (int)(last - line), line, helper_info[value].name);
	} else if (last && (!strncmp(line, "  ldcpu ", 8) || !strncmp(line, "  stcpu ", 8))) {
		fprintf(to, "%.*s %s\n", (int)(last - line), line, field_name(value, name, sizeof(name)));
	} else if (last && !strncmp(line, "  mov t", 7) && next && strstr(next, "  call ") == next && strrchr(next, ' ')) {
		uint32_t helper = (uint32_t)strtoul(strrchr(next, ' ') + 1, NULL, 0);

		if (!strncmp(helper_info[helper].name, "CP15_", 5))
			fprintf(to, "%.*s %s\n", (int)(last - line), line, cp15_row((int)value)->name);
		else
			fprintf(to, "%s\n", line);
	} else {
		fprintf(to, "%s\n", line);
	}
}

/* @text with names. Frees @text. */
static char *named(char *text)
{
	char *result = NULL, *line = text, *next;
	size_t size;
	FILE *to = open_memstream(&result, &size);

	for (; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (next && !*next)
			next = NULL;
		write_named(to, line, next);
	}
	fclose(to);
	free(text);
	return result;
}

/* The dump of the case's block, without its head line. Caller frees. */
static char *lift_text(struct cpu *cpu, const struct golden *g)
{
	uint8_t page[GUEST_PAGE_SIZE] = { 0 };
	const struct lift_source source = { .page = PAGE, .bytes = page, .next_page = no_next_page };
	struct lift_options options = { .superblocks = g->superblocks };
	struct ir_block *block = malloc(sizeof(*block));
	struct lift_result result;
	const char *wrong;
	char *text = NULL;
	unsigned at, bytes = 0;
	size_t size;
	FILE *stream;

	for (unsigned i = 0; i < g->count; i++) {
		for (unsigned b = 0; b < (g->thumb ? 2u : 4u); b++)
			page[bytes++] = (uint8_t)(g->words[i] >> 8 * b);
		/* The second halves of wide T32 instructions are no instructions. */
		if (!g->thumb || (!(i && t32_is_wide((uint16_t)g->words[i - 1]) && options.max_insns)))
			options.max_insns++;
	}
	ck_assert_ptr_nonnull(block);
	ir_block_init(block, PAGE, g->key);
	ck_assert_int_eq(lift_block(cpu, &source, &options, block, &result), 0);
	wrong = ir_verify(block, &at);
	ck_assert_msg(!wrong, "%s op %u: %s", g->title, at, wrong);
	stream = open_memstream(&text, &size);
	ir_dump(block, stream);
	fclose(stream);
	free(block);
	memmove(text, strchr(text, '\n') + 1, strlen(strchr(text, '\n')));
	return named(text);
}

static FILE *open_golden(void)
{
	const char *folder = getenv("srcdir");
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/translator/lift/golden.ir", folder ? folder : ".");
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	return file;
}

/* Compares (or writes to @rebase) one case whose expected text is @expected. */
static unsigned check_case(struct cpu *cpu, const struct golden *g, const char *expected, FILE *rebase)
{
	char *text = lift_text(cpu, g);
	unsigned wrong = strcmp(text, expected) != 0;

	if (rebase)
		fprintf(rebase, "%s%s\n", g->title, text);
	else if (wrong)
		printf("%sexpected:\n%sgot:\n%s\n", g->title, expected, text);
	free(text);
	return wrong;
}

static unsigned run_file(struct cpu *cpu, FILE *file, FILE *rebase, unsigned *cases)
{
	static char expected[16384];
	char line[MAX_LINE];
	struct golden g = { .count = 0 };
	unsigned wrong = 0;

	expected[0] = '\0';
	for (;;) {
		bool more = fgets(line, sizeof(line), file) != NULL;

		if (g.count && (!more || line[0] == '=' || line[0] == '#')) {
			wrong += check_case(cpu, &g, expected, rebase);
			++*cases;
			g.count = 0;
			expected[0] = '\0';
		}
		if (!more)
			return wrong;
		if (line[0] == '=')
			parse_title(&g, line);
		else if (line[0] == ' ')
			strncat(expected, line, sizeof(expected) - strlen(expected) - 1);
		else if (line[0] == '#' && rebase)
			fprintf(rebase, "%s", line);
	}
}

START_TEST(test_golden)
{
	static struct cpu cpu;
	const char *path = getenv("LIFT_REBASE");
	FILE *file = open_golden(), *rebase = path ? fopen(path, "w") : NULL;
	struct log *log = log_create();
	unsigned cases = 0, wrong;

	cpu_init(&cpu, cpu_model_find("cortex-a9"), 0, log);
	wrong = run_file(&cpu, file, rebase, &cases);
	fclose(file);
	log_destroy(log);
	if (rebase)
		fclose(rebase);
	else
		ck_assert_msg(wrong == 0, "%u of %u cases differ", wrong, cases);
	ck_assert_uint_ge(cases, 80);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lift: golden IR");
	TCase *tcase = tcase_create("golden");

	tcase_add_test(tcase, test_golden);
	suite_add_tcase(suite, tcase);
	return check_run_suite(suite);
}
