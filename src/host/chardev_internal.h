/*
 * chardev_internal.h - one structure for all back ends, and what differs as a table.
 *
 * Every back end is a pair of non-blocking descriptors (either may be missing). The
 * kinds differ in how they get them and in what the end of them means.
 */
#ifndef DBTVM_HOST_CHARDEV_INTERNAL_H
#define DBTVM_HOST_CHARDEV_INTERNAL_H

#include "base/base.h"
#include "host/chardev.h"
#include "host/io_loop_internal.h"

#include <pthread.h>
#include <stdatomic.h>

#define CHARDEV_INPUT_MAX 16384u
#define CHARDEV_OUTPUT_MAX (4u * 1024 * 1024)

struct chardev_mux;

struct chardev_kind {
	const char *prefix; /* "tcp:", or the whole name when it takes no argument */
	/* Fills descriptors (or waits for them to come). @arg: what follows the prefix, ",option" included. */
	int (*open)(struct chardev *chr, const char *arg, struct error *err);
	void (*started)(struct chardev *chr);      /* the loop is about to run; may be NULL */
	void (*disconnected)(struct chardev *chr); /* the descriptors were closed by their other end; may be NULL */
	void (*close)(struct chardev *chr);        /* frees what open() made beside the descriptors; may be NULL */
};

struct chardev {
	struct io_loop *loop;
	struct chardev *next;
	const struct chardev_kind *kind;
	void *state; /* of the kind */

	/* The VM lock guards it. */
	struct chardev_front front;

	/* I/O thread only. */
	int in_fd;
	struct io_watch *in_watch, *out_watch;
	uint8_t in[CHARDEV_INPUT_MAX];
	size_t in_len;
	unsigned breaks; /* to be delivered when the queue is empty */
	struct chardev_mux *mux; /* NULL without "mon:" */
	/* Input is waiting for the device. */
	atomic_bool in_waiting;

	/* out_lock guards the rest. */
	pthread_mutex_t out_lock;
	pthread_cond_t out_space;
	int out_fd; /* -1: output is thrown away */
	bool out_socket;  /* send(), for the sake of MSG_DONTWAIT */
	bool out_careful; /* the descriptor may block: ask before each small write */
	uint8_t *out;
	size_t out_start, out_len, out_capacity; /* a ring */
	int out_error; /* errno that ended the output; 0: none, or the other side left */
	uint64_t lost;
};

/* Takes over both descriptors (-1: none) and starts watching. I/O thread. */
void chardev_attach(struct chardev *chr, int in_fd, int out_fd);
/* Closes both and forgets output. */
void chardev_detach(struct chardev *chr);
/* Gives the device what is queued, as far as it takes it. */
void chardev_deliver(struct chardev *chr);
/* Delivers input and writes output as far as they go. */
void chardev_service(struct chardev *chr);
void chardev_started(struct chardev *chr);
/* Bytes for the guest, as they come from the host or from the mux; at most the room there is. */
void chardev_queue_input(struct chardev *chr, uint8_t byte);

/* chardev_output.c */
int chardev_output_init(struct chardev *chr);
void chardev_output_fini(struct chardev *chr);
/* Writes what goes without waiting. Returns false when the other end is gone. */
bool chardev_output_pump(struct chardev *chr);

/* chardev_mux.c */
struct chardev_mux *chardev_mux_create(struct chardev *chr);
void chardev_mux_destroy(struct chardev_mux *mux);
/* One byte from the host: a command, a monitor's, or the guest's. */
void chardev_mux_input(struct chardev_mux *mux, uint8_t byte);

/* Opens @fd's file again, non-blocking, so that flags shared with other processes stay as they are; else duplicates it. -1. */
int chardev_open_again(int fd, int flags, bool *careful);

extern const struct chardev_kind chardev_stdio, chardev_null, chardev_none, chardev_file, chardev_pty, chardev_tcp, chardev_unix;

#endif
