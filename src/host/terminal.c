/*
 * terminal.c - raw mode that is given back whatever happens.
 *
 * The terminal belongs to the process, and signal handlers and atexit() take no
 * argument, so this is the one place with state of the process.  What handlers
 * read is written before they are installed and does not change afterwards,
 * except for two flags.
 */
#include "base/base.h"
#include "host/io_loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const int fatal_signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE };

static struct {
	struct termios saved, raw;
	struct sigaction old[ARRAY_SIZE(fatal_signals)];
	atomic_bool wanted; /* raw mode is what the VM wants */
	atomic_bool raw_now;
	pthread_once_t once;
} terminal = { .once = PTHREAD_ONCE_INIT };

void terminal_restore(void)
{
	int code = errno;

	if (atomic_exchange(&terminal.raw_now, false))
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.saved);
	errno = code;
}

static void at_exit(void)
{
	atomic_store(&terminal.wanted, false);
	terminal_restore();
}

/* Gives the terminal back, and the signal to whoever had it before: a debugger's or sanitizer's handler, or the default. */
static void on_fatal(int signum, siginfo_t *info, void *context)
{
	terminal_restore();
	for (unsigned i = 0; i < ARRAY_SIZE(fatal_signals); i++) {
		if (fatal_signals[i] == signum)
			sigaction(signum, &terminal.old[i], NULL);
	}
	/* A fault comes again by itself, with its details intact, when we return. */
	if (info->si_code <= 0)
		raise(signum);
}

static void install(void)
{
	struct sigaction action = { .sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigemptyset(&action.sa_mask);
	for (unsigned i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, &terminal.old[i]);
	atexit(at_exit);
}

/* Changing the terminal of another job would stop us (SIGTTOU). */
static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static int apply(void)
{
	if (!in_foreground())
		return 0;
	atomic_store(&terminal.raw_now, true);
	if (tcsetattr(STDIN_FILENO, TCSANOW, &terminal.raw)) {
		atomic_store(&terminal.raw_now, false);
		return -errno;
	}
	return 0;
}

int terminal_raw(bool signals, struct error *err)
{
	if (!isatty(STDIN_FILENO))
		return 0;
	if (!atomic_load(&terminal.raw_now) && tcgetattr(STDIN_FILENO, &terminal.saved))
		return error_set(err, errno, "cannot read the terminal's settings: %s", strerror(errno));
	struct termios raw = terminal.saved;

	/* Every byte arrives as typed and at once; output processing stays, so that "\n" still starts a line. */
	raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_oflag |= OPOST;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
	if (!signals)
		raw.c_lflag &= ~(tcflag_t)ISIG;
	raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	terminal.raw = raw;
	pthread_once(&terminal.once, install);
	atomic_store(&terminal.wanted, true);
	int ret = apply();

	return ret ? error_set(err, -ret, "cannot set the terminal to raw mode: %s", strerror(-ret)) : 0;
}

void terminal_resume(void)
{
	if (atomic_load(&terminal.wanted))
		apply();
}
