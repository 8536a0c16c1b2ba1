/* io_loop.c - the I/O thread, calls into it, and signals. */
#include "base/base.h"
#include "host/io_loop.h"
#include "host/io_loop_internal.h"

#include "host/chardev.h"
#include "host/chardev_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct io_call {
	struct io_call *next;
	void (*fn)(void *opaque);
	void *opaque;
};

static const int handled_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP, SIGCONT };
static_assert(ARRAY_SIZE(handled_signals) <= IO_SIGNALS_MAX, "room for every handle");

static void signal_set(sigset_t *set)
{
	sigemptyset(set);
	for (unsigned i = 0; i < ARRAY_SIZE(handled_signals); i++)
		sigaddset(set, handled_signals[i]);
}

static struct io_call *take_calls(struct io_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	struct io_call *calls = loop->calls;

	loop->calls = NULL;
	loop->calls_end = &loop->calls;
	pthread_mutex_unlock(&loop->lock);
	return calls;
}

static void run_calls(struct io_loop *loop)
{
	struct io_call *call = take_calls(loop);

	while (call) {
		struct io_call *next = call->next;

		call->fn(call->opaque);
		free(call);
		call = next;
	}
}

static void on_wake(uv_async_t *async)
{
	struct io_loop *loop = async->data;

	run_calls(loop);
	/* Only this thread changes the list while it runs. */
	for (struct chardev *chr = loop->chardevs, *next; chr; chr = next) {
		next = chr->next;
		chardev_service(chr);
	}
}

void io_loop_quit(struct io_loop *loop, int signal)
{
	if (loop->hooks.quit)
		loop->hooks.quit(loop->hooks.opaque, signal);
}

/* The first one asks the VM to end; should that hang, the second one ends us. */
static void on_end_signal(struct io_loop *loop, uv_signal_t *handle, int signum)
{
	if (loop->signals_seen >> signum & 1) {
		terminal_restore();
		uv_signal_stop(handle);
		signal(signum, SIG_DFL);
		raise(signum);
		return;
	}
	loop->signals_seen |= 1u << signum;
	io_loop_quit(loop, signum);
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct io_loop *loop = handle->data;

	switch (signum) {
	case SIGUSR1:
		if (loop->hooks.stats)
			loop->hooks.stats(loop->hooks.opaque);
		break;
	case SIGTSTP:
		terminal_restore();
		kill(getpid(), SIGSTOP);
		break;
	case SIGCONT:
		terminal_resume();
		break;
	default:
		on_end_signal(loop, handle, signum);
		break;
	}
}

/* A signal that our parent had us ignore (nohup, a script's background job) stays ignored. */
static bool is_ignored(int signum)
{
	struct sigaction action;

	return !sigaction(signum, NULL, &action) && action.sa_handler == SIG_IGN;
}

static void start_signals(struct io_loop *loop)
{
	for (unsigned i = 0; i < ARRAY_SIZE(handled_signals); i++) {
		uv_signal_t *handle = &loop->signals[loop->signal_count];

		if (is_ignored(handled_signals[i]) || uv_signal_init(&loop->uv, handle))
			continue;
		handle->data = loop;
		loop->signal_count++;
		uv_signal_start(handle, on_signal, handled_signals[i]);
	}
}

struct io_loop *io_loop_create(const struct io_loop_hooks *hooks, struct error *err)
{
	struct io_loop *loop = calloc(1, sizeof(*loop));
	int ret = loop ? uv_loop_init(&loop->uv) : UV_ENOMEM;

	if (ret) {
		free(loop);
		error_set(err, -ret, "cannot start the I/O loop: %s", uv_strerror(ret));
		return NULL;
	}
	loop->hooks = *hooks;
	loop->calls_end = &loop->calls;
	pthread_mutex_init(&loop->lock, NULL);
	ret = uv_async_init(&loop->uv, &loop->wake, on_wake);
	BUG_ON(ret);
	loop->wake.data = loop;
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_BLOCK, &set, &loop->old_mask);
	signal(SIGPIPE, SIG_IGN);
	return loop;
}

static void *io_thread(void *opaque)
{
	struct io_loop *loop = opaque;
	sigset_t set;

	signal_set(&set);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	return NULL;
}

int io_loop_start(struct io_loop *loop, struct error *err)
{
	BUG_ON(loop->started);
	start_signals(loop);
	for (struct chardev *chr = loop->chardevs; chr; chr = chr->next)
		chardev_started(chr);
	loop->started = true;
	int ret = pthread_create(&loop->thread, NULL, io_thread, loop);

	if (ret) {
		loop->started = false;
		return error_set(err, ret, "cannot start the I/O thread: %s", strerror(ret));
	}
	pthread_setname_np(loop->thread, "dbtvm-io");
	io_loop_kick(loop);
	return 0;
}

static void stop_uv(void *opaque)
{
	uv_stop(opaque);
}

static void close_handle(uv_handle_t *handle, void *opaque)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void io_loop_stop(struct io_loop *loop)
{
	if (!loop->started)
		return;
	io_loop_call(loop, stop_uv, &loop->uv);
	pthread_join(loop->thread, NULL);
	loop->started = false;
}

void io_loop_destroy(struct io_loop *loop)
{
	if (!loop)
		return;
	io_loop_stop(loop);
	while (loop->chardevs)
		chardev_close(loop->chardevs);
	uv_walk(&loop->uv, close_handle, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	BUG_ON(uv_loop_close(&loop->uv));
	for (struct io_call *call = take_calls(loop), *next; call; call = next) {
		next = call->next;
		free(call);
	}
	terminal_restore();
	pthread_sigmask(SIG_SETMASK, &loop->old_mask, NULL);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

struct uv_loop_s *io_loop_uv(struct io_loop *loop)
{
	return &loop->uv;
}

void io_loop_kick(struct io_loop *loop)
{
	uv_async_send(&loop->wake);
}

void io_loop_call(struct io_loop *loop, void (*fn)(void *opaque), void *opaque)
{
	struct io_call *call = malloc(sizeof(*call));

	/* Nobody could go on from here without the call. */
	BUG_ON(!call);
	*call = (struct io_call){ .fn = fn, .opaque = opaque };
	pthread_mutex_lock(&loop->lock);
	*loop->calls_end = call;
	loop->calls_end = &call->next;
	pthread_mutex_unlock(&loop->lock);
	io_loop_kick(loop);
}

struct sync_call {
	void (*fn)(void *opaque);
	void *opaque;
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	bool done;
};

static void run_sync(void *opaque)
{
	struct sync_call *call = opaque;

	call->fn(call->opaque);
	pthread_mutex_lock(&call->lock);
	call->done = true;
	pthread_cond_signal(&call->done_cond);
	pthread_mutex_unlock(&call->lock);
}

void io_loop_sync(struct io_loop *loop, void (*fn)(void *opaque), void *opaque)
{
	if (!loop->started || pthread_equal(pthread_self(), loop->thread)) {
		fn(opaque);
		return;
	}
	struct sync_call call = { .fn = fn, .opaque = opaque };

	pthread_mutex_init(&call.lock, NULL);
	pthread_cond_init(&call.done_cond, NULL);
	io_loop_call(loop, run_sync, &call);
	pthread_mutex_lock(&call.lock);
	while (!call.done)
		pthread_cond_wait(&call.done_cond, &call.lock);
	pthread_mutex_unlock(&call.lock);
	pthread_cond_destroy(&call.done_cond);
	pthread_mutex_destroy(&call.lock);
}

void io_loop_print(struct io_loop *loop, const char *text)
{
	pthread_mutex_lock(&loop->lock);
	/* Held through the write, so that the chardev cannot be closed under it. */
	if (loop->monitor)
		chardev_write(loop->monitor, (const uint8_t *)text, strlen(text));
	else
		fputs(text, stderr);
	pthread_mutex_unlock(&loop->lock);
}
