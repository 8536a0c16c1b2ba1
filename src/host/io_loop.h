/*
 * io_loop.h - the I/O thread: a libuv loop that feeds input to devices under the VM lock.
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGTSTP and SIGCONT are blocked in the thread that creates the loop (so in
 * the threads that it starts later too) and handled on the I/O thread: translated code is never interrupted by them.
 * SIGPIPE is ignored.
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
	/*
	 * A line typed at the monitor (Ctrl-A c), on the I/O thread, without the VM lock. It answers with
	 * io_loop_print(); the prompt follows when it returns. NULL: there is only "quit".
	 */
	void (*monitor)(void *opaque, const char *line);
	void (*stats)(void *opaque); /* SIGUSR1; on the I/O thread, without the VM lock */
	void *opaque;
};

/* Creates the loop; the thread starts with io_loop_start(). Every hook but monitor may be NULL too. */
struct io_loop *io_loop_create(const struct io_loop_hooks *hooks, struct error *err);
int io_loop_start(struct io_loop *loop, struct error *err);
/* Stops the thread (if it runs): no hook or front end is called afterwards. chardev_close() may follow before io_loop_destroy(). */
void io_loop_stop(struct io_loop *loop);
/*
 * Stops the thread, closes everything, restores the terminal. Chardevs that are still open are flushed and freed.
 * Never with the VM lock held: the thread may be waiting for it.
 */
void io_loop_destroy(struct io_loop *loop);
struct uv_loop_s *io_loop_uv(struct io_loop *loop);
/* Runs @fn on the I/O thread soon. Any thread. */
void io_loop_call(struct io_loop *loop, void (*fn)(void *opaque), void *opaque);
/* Text for the user: on the terminal that has the monitor ("mon:"), or on stderr when there is none. Any thread. */
void io_loop_print(struct io_loop *loop, const char *text);

/*
 * Puts the terminal on stdin into raw mode; restored by io_loop_destroy(), at exit and on fatal signals. With @signals
 * Ctrl-C and its like still raise them. 0 and no effect when stdin is no terminal, or is another job's at the moment
 * (terminal_resume() then does it).
 */
int terminal_raw(bool signals, struct error *err);
void terminal_restore(void);
/* After SIGCONT: raw mode again if that was the mode before. */
void terminal_resume(void);

#endif
