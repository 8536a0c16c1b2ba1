#include "base/base.h"
#include "base/error.h"

#include "tests/base/check_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(set_fills_and_returns_negative)
{
	struct error err;

	ck_assert_int_eq(error_set(&err, ENOENT, "no file '%s'", "x"), -ENOENT);
	ck_assert_int_eq(err.code, ENOENT);
	ck_assert_str_eq(err.msg, "no file 'x'");
	ck_assert_int_eq(error_set(NULL, EINVAL, "nobody asks"), -EINVAL);
}
END_TEST

START_TEST(prefixes_pile_up)
{
	struct error err;

	error_set(&err, EIO, "read failed");
	ck_assert_int_eq(error_prefix(&err, "'%s'", "guest.dtb"), -EIO);
	ck_assert_int_eq(error_prefix(&err, "-dtb"), -EIO);
	ck_assert_str_eq(err.msg, "-dtb: 'guest.dtb': read failed");
	ck_assert_int_lt(error_prefix(NULL, "x"), 0);
}
END_TEST

START_TEST(long_messages_are_cut)
{
	struct error err;
	char text[2 * ERROR_MAX];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	error_set(&err, EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), ERROR_MAX - 1);
	error_prefix(&err, "start");
	ck_assert_uint_eq(strlen(err.msg), ERROR_MAX - 1);
	ck_assert_int_eq(strncmp(err.msg, "start: aaa", 10), 0);
	error_prefix(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), ERROR_MAX - 1);
}
END_TEST

START_TEST(a_bug_aborts_and_says_where)
{
	int fds[2], status;
	char text[512] = "";

	ck_assert_int_eq(pipe(fds), 0);
	pid_t pid = fork();

	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		BUG_ON(1 + 1 == 2);
		_exit(0);
	}
	close(fds[1]);
	ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ck_assert_ptr_nonnull(strstr(text, "test_error.c:"));
	ck_assert_ptr_nonnull(strstr(text, "1 + 1 == 2"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { set_fills_and_returns_negative, prefixes_pile_up, long_messages_are_cut,
		                       a_bug_aborts_and_says_where };

	return check_run("error", tests, ARRAY_SIZE(tests));
}
