/*
 * chardev.h - character back ends: where a UART's bytes go to and come from.
 *
 * -chardev ids and the short forms of -serial: stdio, mon:stdio, null, file:PATH, pty, tcp:..., unix:..., as QEMU spells them.
 * Front ends are called with the VM lock held (the back end takes it through the io_loop).
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

/* @spec as above. NULL and a filled error. */
struct chardev *chardev_open(struct io_loop *loop, const char *spec, struct error *err);
void chardev_close(struct chardev *chr);
void chardev_connect(struct chardev *chr, const struct chardev_front *front);
/* Output; buffers what the host does not take at once, never blocks the guest for long. */
void chardev_write(struct chardev *chr, const uint8_t *bytes, size_t len);
/* The device can take input again after can_receive() was 0. */
void chardev_accept_input(struct chardev *chr);
/* Gives all output to the host (before exit). */
void chardev_flush(struct chardev *chr);

#endif
