/* io_loop_internal.h - what the back ends need of the loop. All on the I/O thread, or before it starts, if not said otherwise. */
#ifndef DBTVM_HOST_IO_LOOP_INTERNAL_H
#define DBTVM_HOST_IO_LOOP_INTERNAL_H

#include "base/base.h"
#include "host/io_loop.h"

#include <pthread.h>
#include <signal.h>

#include <uv.h>

struct chardev;
struct io_call;

#define IO_SIGNALS_MAX 8u

struct io_loop {
	uv_loop_t uv;
	struct io_loop_hooks hooks;
	uv_async_t wake;
	uv_signal_t signals[IO_SIGNALS_MAX];
	unsigned signal_count;
	uint32_t signals_seen; /* bit n: signal n asked us to end before */
	pthread_t thread;
	bool started;
	sigset_t old_mask; /* of the thread that created the loop */

	pthread_mutex_t lock; /* the two lists and monitor */
	struct io_call *calls, **calls_end;
	struct chardev *chardevs;
	struct chardev *monitor; /* the first "mon:" one */
	bool stdio_taken;
};

/* Runs @fn on the I/O thread and waits for it; directly when that is this thread or does not run. Not with the VM lock held. */
void io_loop_sync(struct io_loop *loop, void (*fn)(void *opaque), void *opaque);
/* Has the I/O thread look after all chardevs soon. Any thread. */
void io_loop_kick(struct io_loop *loop);
void io_loop_quit(struct io_loop *loop, int signal);

/* A file descriptor or a timer being watched. Closing takes effect at once; the memory goes when libuv lets go of it. */
struct io_watch;
typedef void io_watch_fn(void *opaque);

/* Descriptors that cannot be polled (files, /dev/null) count as always ready. NULL: out of memory or no descriptor. */
struct io_watch *io_watch_fd(struct io_loop *loop, int fd, io_watch_fn *fn, void *opaque);
/* Calls @fn when readable or writable; neither: sleeps. */
void io_watch_want(struct io_watch *watch, bool readable, bool writable);
/* Calls @fn every @ms milliseconds from now. */
struct io_watch *io_watch_timer(struct io_loop *loop, unsigned ms, io_watch_fn *fn, void *opaque);
void io_watch_close(struct io_watch *watch); /* NULL is fine */

#endif
