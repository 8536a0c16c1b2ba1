/*
 * signals.c - what the handlers of fault.c and fp_trap.c share.
 *
 * Signals belong to the process and handlers get no argument: whose code a thread runs is state of that thread.
 */
#include "base/base.h"
#include "translator/x64/signals.h"

#include <stddef.h>

static _Thread_local struct x64 *running;

void signals_running(struct x64 *x64)
{
	running = x64;
}

struct x64 *signals_x64(void)
{
	return running;
}

void signals_handle(int signum, void (*handler)(int signum, siginfo_t *info, void *context), struct sigaction *old)
{
	/* On the thread's own stack if it has no other: translated code keeps rsp as the C compiler would. */
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigemptyset(&action.sa_mask);
	sigaction(signum, &action, old);
}

void signals_pass_on(int signum, siginfo_t *info, void *context, const struct sigaction *old)
{
	if (old->sa_flags & SA_SIGINFO) {
		old->sa_sigaction(signum, info, context);
		return;
	}
	if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
		old->sa_handler(signum);
		return;
	}
	/* A fault comes again by itself, with its details intact, when we return; a breakpoint's trap is behind it and does not. */
	signal(signum, SIG_DFL);
	if (info->si_code <= 0 || signum == SIGTRAP)
		raise(signum);
}
