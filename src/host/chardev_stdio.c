/* chardev_stdio.c - the descriptors we were started with, files, and nothing at all. */
#include "base/base.h"
#include "host/chardev.h"
#include "host/chardev_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct stdio_state {
	int in_flags, out_flags; /* of descriptors 0 and 1 as we found them; -1: closed */
};

int chardev_open_again(int fd, int flags, bool *careful)
{
	struct stat st;
	char path[64];

	*careful = false;
	if (fstat(fd, &st))
		return -1;
	if (S_ISFIFO(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd))) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		int again = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		if (again >= 0)
			return again;
		*careful = true;
	}
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int open_stdio(struct chardev *chr, const char *arg, struct error *err)
{
	bool in_shared, out_careful;

	if (chr->loop->stdio_taken)
		return error_set(err, EBUSY, "stdio is already in use by another serial line: give that one 'null' or 'pty'");
	struct stdio_state *state = malloc(sizeof(*state));

	if (!state)
		return error_set(err, ENOMEM, "out of memory");
	chr->loop->stdio_taken = true;
	chr->state = state;
	/* Watching makes a descriptor non-blocking, and that is seen by all who share it: to be undone. */
	state->in_flags = fcntl(STDIN_FILENO, F_GETFL);
	state->out_flags = fcntl(STDOUT_FILENO, F_GETFL);
	int in = chardev_open_again(STDIN_FILENO, O_RDONLY, &in_shared);
	int out = chardev_open_again(STDOUT_FILENO, O_WRONLY, &out_careful);

	chr->out_careful = out_careful;
	chardev_attach(chr, in, out);
	return 0;
}

static void started_stdio(struct chardev *chr)
{
	struct error err;

	/* With the monitor, Ctrl-C is the guest's, as in QEMU. */
	if (terminal_raw(!chr->mux, &err))
		fprintf(stderr, "dbtvm: %s\n", err.msg);
}

static void close_stdio(struct chardev *chr)
{
	struct stdio_state *state = chr->state;

	if (!state)
		return;
	terminal_restore();
	if (state->in_flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, state->in_flags);
	if (state->out_flags >= 0)
		fcntl(STDOUT_FILENO, F_SETFL, state->out_flags);
	chr->loop->stdio_taken = false;
	free(state);
}

const struct chardev_kind chardev_stdio = {
	.prefix = "stdio", .open = open_stdio, .started = started_stdio, .close = close_stdio,
};

static int open_null(struct chardev *chr, const char *arg, struct error *err)
{
	return 0;
}

const struct chardev_kind chardev_null = { .prefix = "null", .open = open_null };
const struct chardev_kind chardev_none = { .prefix = "none", .open = open_null };

static int open_file(struct chardev *chr, const char *path, struct error *err)
{
	/* A FIFO's open waits for its reader, as cat's would. */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);

	if (fd < 0)
		return error_set(err, errno, "cannot write the serial line's file '%s': %s", path, strerror(errno));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	chardev_attach(chr, -1, fd);
	return 0;
}

const struct chardev_kind chardev_file = { .prefix = "file:", .open = open_file };
