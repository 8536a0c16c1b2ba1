/* On a real pseudo terminal: raw while the VM runs, as it was after every kind of end. */
#include "base/base.h"
#include "host/io_loop.h"

#include "tests/host/bench.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <utmp.h>

/* What the child does when it reads the letter; it ends otherwise when the loop asks it to quit. */
static void act(struct bench *bench)
{
	volatile uintptr_t nowhere = 16;

	switch (bench->in[0]) {
	case 'a':
		abort();
	case 's':
		*(volatile int *)nowhere = 0;
		break;
	case 'e':
		exit(3);
	case 'b':
		BUG("on purpose");
	case 'f':
		kill(getpid(), SIGFPE);
		sleep(5);
		break;
	default:
		_exit(99);
	}
}

NORETURN static void child(const char *spec)
{
	static const int defaults[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGABRT, SIGSEGV, SIGFPE };
	struct bench bench;
	const struct rlimit none = { 0, 0 };

	/* Check and sanitizers leave handlers behind. */
	for (unsigned i = 0; i < ARRAY_SIZE(defaults); i++)
		signal(defaults[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	bench_init(&bench, 100);
	bench_open(&bench, spec);
	bench_run(&bench);
	chardev_write(bench.chr, (const uint8_t *)"READY", 5);
	for (;;) {
		pthread_mutex_lock(&bench.lock);
		size_t len = bench.in_len;
		pthread_mutex_unlock(&bench.lock);
		if (len && bench.in[0] == 3)
			exit(33);
		if (len)
			act(&bench);
		if (atomic_load(&bench.quit) >= 0)
			break;
		nap();
	}
	bench_fini(&bench);
	exit(40 + atomic_load(&bench.quit));
}

/* Reads what the child writes until @text; false at the end. */
static bool wait_text(int fd, const char *text)
{
	char have[4096];
	size_t len = 0;

	for (;;) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		ssize_t n = poll(&pfd, 1, 10000) > 0 ? read(fd, have + len, sizeof(have) - 1 - len) : -1;

		if (n <= 0)
			return false;
		len += (size_t)n;
		have[len] = '\0';
		if (strstr(have, text))
			return true;
	}
}

static pid_t start(const char *spec, int *master, int *slave, struct termios *before)
{
	ck_assert_int_eq(openpty(master, slave, NULL, NULL, NULL), 0);
	tcgetattr(*slave, before);
	pid_t pid = fork();

	if (!pid) {
		close(*master);
		login_tty(dup(*slave));
		child(spec);
	}
	ck_assert(wait_text(*master, "READY"));
	return pid;
}

static void is_raw(int slave, bool raw)
{
	struct termios now;

	for (unsigned i = 0; i < 3000; i++) {
		tcgetattr(slave, &now);
		if (!(now.c_lflag & ICANON) == raw)
			return;
		nap();
	}
	ck_abort_msg("the terminal is %sraw", raw ? "not " : "");
}

static void is_as_before(int slave, const struct termios *before)
{
	struct termios now;

	tcgetattr(slave, &now);
	ck_assert_uint_eq(now.c_lflag, before->c_lflag);
	ck_assert_uint_eq(now.c_iflag, before->c_iflag);
	ck_assert_uint_eq(now.c_oflag, before->c_oflag);
	ck_assert_uint_eq(now.c_cflag, before->c_cflag);
}

START_TEST(given_back_at_every_end)
{
	static const struct {
		const char *spec, *typed;
		int send;   /* a signal; 0: none */
		int status; /* exit code, or -signal */
	} cases[] = {
		{ "mon:stdio", "\001x", 0, 40 },        { "mon:stdio", "", SIGTERM, 40 + SIGTERM }, { "mon:stdio", "", SIGHUP, 40 + SIGHUP },
		{ "mon:stdio", "", SIGINT, 40 + SIGINT }, { "mon:stdio", "", SIGQUIT, 40 + SIGQUIT }, { "mon:stdio", "a", 0, -SIGABRT },
		{ "mon:stdio", "s", 0, -SIGSEGV },      { "mon:stdio", "f", 0, -SIGFPE },           { "mon:stdio", "b", 0, -SIGABRT },
		{ "mon:stdio", "e", 0, 3 },
		/* Ctrl-C is the guest's with the monitor, and ours without. */
		{ "mon:stdio", "\003", 0, 33 },         { "stdio", "\003", 0, 40 + SIGINT },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		int master, slave, status;
		struct termios before;
		pid_t pid = start(cases[i].spec, &master, &slave, &before);

		is_raw(slave, true);
		put_text(master, cases[i].typed);
		if (cases[i].send)
			kill(pid, cases[i].send);
		while (waitpid(pid, &status, 0) < 0)
			ck_assert_int_eq(errno, EINTR);
		int end = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);

		ck_assert_msg(end == cases[i].status, "case %u: %d", i, end);
		is_as_before(slave, &before);
		close(master);
		close(slave);
	}
}
END_TEST

START_TEST(given_back_while_stopped)
{
	int master, slave, status;
	struct termios before;
	pid_t pid = start("stdio", &master, &slave, &before);

	is_raw(slave, true);
	/* Ctrl-Z, as typed. */
	put_text(master, "\032");
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	is_as_before(slave, &before);
	kill(pid, SIGCONT);
	is_raw(slave, true);
	kill(pid, SIGTERM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 40 + SIGTERM);
	is_as_before(slave, &before);
	close(master);
	close(slave);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { given_back_at_every_end, given_back_while_stopped };

	return check_run("terminal", tests, ARRAY_SIZE(tests));
}
