/* signals.h - see signals.c. */
#ifndef DBTVM_TRANSLATOR_X64_SIGNALS_H
#define DBTVM_TRANSLATOR_X64_SIGNALS_H

#include <signal.h>

struct x64;

/* This thread runs translated code of @x64 from now on; NULL: none. */
void signals_running(struct x64 *x64);
/* What signals_running() was last told on this thread. Also from a signal handler. */
struct x64 *signals_x64(void);
/* Makes @handler the process's for @signum; @old: who had it before. */
void signals_handle(int signum, void (*handler)(int signum, siginfo_t *info, void *context), struct sigaction *old);
/* A signal that is not ours, to @old, who had it before. From a handler with SA_SIGINFO, with its arguments. */
void signals_pass_on(int signum, siginfo_t *info, void *context, const struct sigaction *old);

#endif
