#include "base/base.h"
#include "base/log.h"

#include "tests/base/check_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/dbtvm-test-log-XXXXXX";

/* A log that writes to a file, and what the file holds. */
static struct log *open_log(void)
{
	struct log *log = log_create();
	struct error err;
	int fd = mkstemp(strcpy(path, "/tmp/dbtvm-test-log-XXXXXX"));

	ck_assert_ptr_nonnull(log);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(log_open(log, path, &err), 0);
	return log;
}

static void close_log(struct log *log, char *text, size_t size)
{
	log_destroy(log);
	FILE *file = fopen(path, "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
	unlink(path);
}

START_TEST(categories)
{
	struct log *log = open_log();
	struct error err;
	char text[1000];

	log_printf(log, LOG_INT, "nothing is enabled\n");
	ck_assert_int_eq(log_enable(log, "in_asm,int", &err), 0);
	ck_assert_uint_eq(log_mask(log), 1u << LOG_IN_ASM | 1u << LOG_INT);
	ck_assert_int_eq(log_enable(log, "shadow-check", &err), 0);
	ck_assert(log_enabled(log, LOG_SHADOW_CHECK));
	ck_assert(!log_enabled(log, LOG_SHADOW));
	log_printf(log, LOG_INT, "irq %d\n", 5);
	log_printf(log, LOG_MMU, "not this\n");
	close_log(log, text, sizeof(text));
	ck_assert_str_eq(text, "irq 5\n");
}
END_TEST

START_TEST(unknown_categories_change_nothing)
{
	static const char *const lists[] = { "", "int,", ",int", "int,in_as", "in_asmm", "INT", "int,,mmu" };
	struct log *log = log_create();
	struct error err;

	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		ck_assert_int_eq(log_enable(log, lists[i], &err), -EINVAL);
		ck_assert_uint_eq(log_mask(log), 0);
		ck_assert_ptr_nonnull(strstr(err.msg, "guest_errors"));
	}
	log_destroy(log);
}
END_TEST

START_TEST(address_filter)
{
	static const struct {
		const char *ranges;
		gva_t in[3], out[3];
	} cases[] = {
		{ "0x8000..0x8fff", { 0x8000, 0x8abc, 0x8fff }, { 0x7fff, 0x9000, 0 } },
		{ "0x8000+0x10", { 0x8000, 0x8008, 0x800f }, { 0x8010, 0x7fff, 0 } },
		{ "0x8000-0x10", { 0x8000, 0x7ff8, 0x7ff1 }, { 0x7ff0, 0x8001, 0 } },
		{ "4096..4096", { 4096, 4096, 4096 }, { 4095, 4097, 0 } },
		{ "0x10+1,0xc0000000..0xffffffff", { 0x10, 0xc0000000, 0xffffffff }, { 0x11, 0xbfffffff, 0 } },
	};
	struct log *log = log_create();
	struct error err;

	ck_assert(log_addr_enabled(log, 0));
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(log_filter(log, cases[i].ranges, &err), 0);
		for (unsigned k = 0; k < 3; k++) {
			ck_assert_msg(log_addr_enabled(log, cases[i].in[k]), "%s holds 0x%x", cases[i].ranges, cases[i].in[k]);
			ck_assert_msg(!log_addr_enabled(log, cases[i].out[k]), "%s: 0x%x", cases[i].ranges, cases[i].out[k]);
		}
	}
	log_destroy(log);
}
END_TEST

START_TEST(bad_filters_keep_the_old_one)
{
	static const char *const bad[] = { "", "0x8000", "0x8000.", "0x8000..", "..5", "5..4", "5+0", "5-0", "5-7", "1..2,", "1..2 3..4",
		                           "-1..2", "0xffffffffffffffff+2", "99999999999999999999+1", "x..y", "5*3" };
	struct log *log = log_create();
	struct error err;

	ck_assert_int_eq(log_filter(log, "0x40..0x4f", &err), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(log_filter(log, bad[i], &err) == -EINVAL, "'%s' was accepted", bad[i]);
		ck_assert(log_addr_enabled(log, 0x44));
		ck_assert(!log_addr_enabled(log, 0x50));
	}
	log_destroy(log);
}
END_TEST

START_TEST(guest_errors_once_a_place)
{
	struct log *log = open_log();
	struct error err;
	char text[1000];

	ck_assert(!log_guest(log, 1, "not enabled\n"));
	log_enable(log, "guest_errors", &err);
	ck_assert(log_guest(log, 1, "one\n"));
	ck_assert(!log_guest(log, 1, "one again\n"));
	ck_assert(log_guest(log, 0, "zero\n"));
	ck_assert(!log_guest(log, 0, "zero again\n"));
	close_log(log, text, sizeof(text));
	ck_assert_str_eq(text, "one\nzero\n");
}
END_TEST

START_TEST(places_are_bounded)
{
	struct log *log = open_log();
	struct error err;
	unsigned written = 0;
	static char text[200000];

	log_enable(log, "guest_errors", &err);
	for (uint64_t key = 0; key < 10000; key++)
		written += log_guest(log, key << 32 | key, "%u\n", (unsigned)key);
	ck_assert_uint_eq(written, 4096);
	close_log(log, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "\n4095\n"));
	ck_assert_ptr_null(strstr(text, "\n4096\n"));
}
END_TEST

static int64_t find(void *opaque, gva_t addr, char *name, size_t size)
{
	if (addr < 0x1000)
		return -1;
	snprintf(name, size, "%s", (const char *)opaque);
	return addr - 0x1000;
}

START_TEST(addresses_with_symbols)
{
	struct log *log = log_create();
	char text[64], name[] = "start";

	ck_assert_str_eq(log_address(log, 0x1010, text, sizeof(text)), "0x00001010");
	log_set_symbolizer(log, find, name);
	ck_assert_str_eq(log_address(log, 0x1010, text, sizeof(text)), "0x00001010 <start+0x10>");
	ck_assert_str_eq(log_address(log, 0x1000, text, sizeof(text)), "0x00001000 <start>");
	ck_assert_str_eq(log_address(log, 0xff0, text, sizeof(text)), "0x00000ff0");
	ck_assert_str_eq(log_address(log, 0x1010, text, 5), "0x00");
	log_destroy(log);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened)
{
	struct log *log = log_create();
	struct error err;

	ck_assert_int_eq(log_open(log, "/nonexistent/log", &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "/nonexistent/log"));
	ck_assert_ptr_eq(log_stream(log), stderr);
	log_destroy(log);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { categories, unknown_categories_change_nothing, address_filter, bad_filters_keep_the_old_one,
		                       guest_errors_once_a_place, places_are_bounded, addresses_with_symbols,
		                       a_file_that_cannot_be_opened };

	return check_run("log", tests, ARRAY_SIZE(tests));
}
