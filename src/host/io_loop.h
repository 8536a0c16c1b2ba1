/*
 * io_loop.h - the I/O thread: a libuv loop that feeds input to devices under the VM lock.
 */
#ifndef DBTVM_HOST_IO_LOOP_H
#define DBTVM_HOST_IO_LOOP_H

#include "base/base.h"
#include "base/error.h"

struct io_loop;
struct uv_loop_s;

struct io_loop_hooks {
	void (*lock)(void *opaque);   /* the VM lock */
	void (*unlock)(void *opaque);
	/* The user asked on the terminal (Ctrl-A x) or by a signal (SIGINT, SIGTERM, SIGHUP) to end the VM; any thread. */
	void (*quit)(void *opaque, int signal); /* 0: Ctrl-A x */
	void (*monitor)(void *opaque, const char *line); /* a line typed at the monitor (Ctrl-A c) */
	void (*stats)(void *opaque); /* SIGUSR1 */
	void *opaque;
};

/* Creates the loop; the thread starts with io_loop_start(). */
struct io_loop *io_loop_create(const struct io_loop_hooks *hooks, struct error *err);
int io_loop_start(struct io_loop *loop, struct error *err);
/* Stops the thread (if it runs): no hook or front end is called afterwards. chardev_close() may follow before io_loop_destroy(). */
void io_loop_stop(struct io_loop *loop);
/* Stops the thread, closes everything, restores the terminal. */
void io_loop_destroy(struct io_loop *loop);
struct uv_loop_s *io_loop_uv(struct io_loop *loop);
/* Runs @fn on the I/O thread soon. Any thread. */
void io_loop_call(struct io_loop *loop, void (*fn)(void *opaque), void *opaque);

/* Puts the terminal on stdin into raw mode; restored by io_loop_destroy(), at exit and on fatal signals. */
int terminal_raw(struct error *err);
void terminal_restore(void);

#endif
