/*
 * chardev.h - character back ends: where a UART's bytes go to and come from.
 *
 * The short forms of -serial, as QEMU spells them: stdio, null (or none), file:PATH, pty,
 * tcp:HOST:PORT[,server[=on|off]][,nowait | ,wait=on|off][,nodelay[=on|off]], unix:PATH[,...]. With "mon:" before any of
 * them, Ctrl-A commands are understood in its input and the monitor shares it; stdio then passes Ctrl-C to the guest.
 * Front ends are called on the I/O thread with the VM lock held (the back end takes it through the io_loop).
 */
#ifndef DBTVM_HOST_CHARDEV_H
#define DBTVM_HOST_CHARDEV_H

#include "base/base.h"
#include "base/error.h"

struct chardev;
struct io_loop;

/* A device's side. */
struct chardev_front {
	/* How many bytes the device can take now. */
	size_t (*can_receive)(void *opaque);
	/* Input; never more than can_receive() said. */
	void (*receive)(void *opaque, const uint8_t *bytes, size_t len);
	void (*receive_break)(void *opaque); /* may be NULL */
	void *opaque;
};

/*
 * @spec as above. NULL and a filled error. A server that is to wait for its client (the default) does so here.
 * Opening and closing: never with the VM lock held while the I/O thread runs.
 */
struct chardev *chardev_open(struct io_loop *loop, const char *spec, struct error *err);
/* Flushes, then closes. NULL is fine. */
void chardev_close(struct chardev *chr);
/* From now on input goes to @front (copied); NULL: it is kept for the next one. With the VM lock held, or before the loop starts. */
void chardev_connect(struct chardev *chr, const struct chardev_front *front);
/* Output; any thread. Buffers what the host does not take at once, never blocks the guest for long. */
void chardev_write(struct chardev *chr, const uint8_t *bytes, size_t len);
/* The device can take input again after can_receive() was 0. Cheap when nothing is waiting. */
void chardev_accept_input(struct chardev *chr);
/* Gives all output to the host (before exit); gives up when the other side takes nothing for 10 s. */
void chardev_flush(struct chardev *chr);

#endif
