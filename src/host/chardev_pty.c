/*
 * chardev_pty.c - a pseudo terminal that the user connects a terminal program to.
 *
 * Nothing says when somebody opens the other side: while nobody has it open, poll() reports a hang-up without end.
 * So it is looked at a few times a second until that is over.
 */
#include "base/base.h"
#include "host/chardev.h"
#include "host/chardev_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LOOK_MS 200u

struct pty_state {
	int master;
	struct io_watch *timer;
};

static void look(void *opaque)
{
	struct chardev *chr = opaque;
	struct pty_state *state = chr->state;
	struct pollfd fd = { .fd = state->master, .events = POLLIN };

	if (poll(&fd, 1, 0) < 0 || fd.revents & POLLHUP)
		return;
	int in = fcntl(state->master, F_DUPFD_CLOEXEC, 3), out = fcntl(state->master, F_DUPFD_CLOEXEC, 3);

	if (in < 0 || out < 0) {
		close(in);
		close(out);
		return;
	}
	io_watch_close(state->timer);
	state->timer = NULL;
	chardev_attach(chr, in, out);
}

static void start_looking(struct chardev *chr)
{
	struct pty_state *state = chr->state;

	state->timer = io_watch_timer(chr->loop, LOOK_MS, look, chr);
}

/* Opened and closed once: only then does the master report the hang-up. Also takes echo off before anybody connects. */
static int prepare(int master, char *name, size_t size)
{
	struct termios raw;

	if (grantpt(master) || unlockpt(master) || ptsname_r(master, name, size))
		return -errno;
	int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0)
		return -errno;
	if (!tcgetattr(slave, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(slave, TCSANOW, &raw);
	}
	close(slave);
	return 0;
}

static int open_pty(struct chardev *chr, const char *arg, struct error *err)
{
	char name[128];
	struct pty_state *state = calloc(1, sizeof(*state));

	if (!state)
		return error_set(err, ENOMEM, "out of memory");
	state->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	chr->state = state;
	int ret = state->master < 0 ? -errno : prepare(state->master, name, sizeof(name));

	if (ret)
		return error_set(err, -ret, "cannot make a pseudo terminal: %s", strerror(-ret));
	fcntl(state->master, F_SETFL, fcntl(state->master, F_GETFL) | O_NONBLOCK);
	fprintf(stderr, "dbtvm: serial line redirected to %s\n", name);
	start_looking(chr);
	return 0;
}

static void close_pty(struct chardev *chr)
{
	struct pty_state *state = chr->state;

	if (!state)
		return;
	io_watch_close(state->timer);
	if (state->master >= 0)
		close(state->master);
	free(state);
}

const struct chardev_kind chardev_pty = {
	.prefix = "pty", .open = open_pty, .disconnected = start_looking, .close = close_pty,
};
