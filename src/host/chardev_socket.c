/* chardev_socket.c - TCP and Unix sockets, as client or as server of one client at a time. */
#include "base/base.h"
#include "host/chardev.h"
#include "host/chardev_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct socket_state {
	bool server, wait, nodelay;
	int listener;
	struct io_watch *watch;
	char *path; /* of a Unix socket that we made */
};

/* "on", "off", or nothing at all, which means on. */
static bool parse_switch(const char *value, bool *on)
{
	*on = !*value || !strcmp(value, "=on") || !strcmp(value, "=yes");
	return *on || !strcmp(value, "=off") || !strcmp(value, "=no");
}

static int parse_option(struct socket_state *state, const char *option, struct error *err)
{
	bool on = false, known = true;

	if (!strncmp(option, "server", 6) && parse_switch(option + 6, &on))
		state->server = on;
	else if (!strcmp(option, "nowait"))
		state->wait = false;
	else if (!strncmp(option, "wait", 4) && parse_switch(option + 4, &on))
		state->wait = on;
	else if (!strcmp(option, "delay"))
		state->nodelay = false;
	else if (!strncmp(option, "nodelay", 7) && parse_switch(option + 7, &on))
		state->nodelay = on;
	else
		known = false;
	return known ? 0 : error_set(err, EINVAL, "a socket has no option '%s': use server[=on|off], wait=on|off, nowait or nodelay", option);
}

/* Splits @arg at commas (",," is one in a path) into the address and options. */
static int parse(const char *arg, char **addr, struct socket_state *state, struct error *err)
{
	char *text = malloc(strlen(arg) + 1), *to = text;

	if (!text)
		return error_set(err, ENOMEM, "out of memory");
	for (; *arg && (*arg != ',' || arg[1] == ','); arg++) {
		if (*arg == ',')
			arg++;
		*to++ = *arg;
	}
	*to = '\0';
	*addr = text;
	while (*arg == ',') {
		char option[64];
		size_t len = strcspn(++arg, ",");

		snprintf(option, sizeof(option), "%.*s", (int)MIN(len, sizeof(option) - 1), arg);
		int ret = parse_option(state, option, err);

		if (ret)
			return ret;
		arg += len;
	}
	return 0;
}

static void connected(struct chardev *chr, int fd)
{
	struct socket_state *state = chr->state;
	int on = 1, out = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (out < 0) {
		close(fd);
		return;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (state->nodelay)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	chardev_attach(chr, fd, out);
}

static void on_client(void *opaque)
{
	struct chardev *chr = opaque;
	struct socket_state *state = chr->state;
	int fd = accept4(state->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	/* Others wait in the listener's queue until this one has gone. */
	io_watch_want(state->watch, false, false);
	connected(chr, fd);
}

static void on_gone(struct chardev *chr)
{
	struct socket_state *state = chr->state;

	if (state->watch)
		io_watch_want(state->watch, true, false);
}

/* At start, before there is a guest. The signals that the loop blocks must be able to end this. */
static int wait_for_client(struct chardev *chr, const char *name, struct error *err)
{
	struct socket_state *state = chr->state;
	struct pollfd fd = { .fd = state->listener, .events = POLLIN };

	fprintf(stderr, "dbtvm: waiting for a connection to %s\n", name);
	while (ppoll(&fd, 1, NULL, &chr->loop->old_mask) < 0) {
		if (errno != EINTR)
			return error_set(err, errno, "cannot wait for a connection to %s: %s", name, strerror(errno));
	}
	on_client(chr);
	return 0;
}

static int serve(struct chardev *chr, int fd, const char *name, struct error *err)
{
	struct socket_state *state = chr->state;

	state->listener = fd;
	if (listen(fd, 1))
		return error_set(err, errno, "cannot listen at %s: %s", name, strerror(errno));
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	state->watch = io_watch_fd(chr->loop, fd, on_client, chr);
	if (!state->watch)
		return error_set(err, ENOMEM, "out of memory");
	if (state->wait)
		return wait_for_client(chr, name, err);
	io_watch_want(state->watch, true, false);
	return 0;
}

/* One address that the name stands for. 0: done; else -errno with nothing kept. */
static int try_address(struct chardev *chr, const struct addrinfo *info, const char *name, struct error *err)
{
	struct socket_state *state = chr->state;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol), on = 1;

	if (fd < 0)
		return error_set(err, errno, "cannot make a socket for %s: %s", name, strerror(errno));
	if (state->server)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (state->server ? bind(fd, info->ai_addr, info->ai_addrlen) : connect(fd, info->ai_addr, info->ai_addrlen)) {
		int code = errno;

		close(fd);
		return error_set(err, code, "cannot %s %s: %s", state->server ? "listen at" : "connect to", name, strerror(code));
	}
	if (state->server)
		return serve(chr, fd, name, err);
	connected(chr, fd);
	return 0;
}

/* "host:port" or "[v6]:port"; an empty host is every own address, or this machine. */
static int split_host(char *addr, char **host, char **port)
{
	char *colon = strrchr(addr, ':');

	if (!colon || !colon[1])
		return -EINVAL;
	*colon = '\0';
	*port = colon + 1;
	*host = addr;
	if (addr[0] == '[') {
		size_t len = strlen(addr);

		if (addr[len - 1] != ']')
			return -EINVAL;
		addr[len - 1] = '\0';
		*host = addr + 1;
	}
	return 0;
}

static int open_host(struct chardev *chr, char *addr, struct error *err)
{
	struct socket_state *state = chr->state;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = state->server ? AI_PASSIVE : 0 }, *list;
	char *host, *port, name[300];

	snprintf(name, sizeof(name), "tcp:%s", addr);
	if (split_host(addr, &host, &port))
		return error_set(err, EINVAL, "'%s' is not of the form tcp:HOST:PORT", name);
	int ret = getaddrinfo(*host ? host : NULL, port, &hints, &list);

	if (ret)
		return error_set(err, EINVAL, "cannot find '%s': %s", name, gai_strerror(ret));
	ret = -ENOENT;
	for (const struct addrinfo *info = list; info && ret; info = info->ai_next)
		ret = state->listener < 0 ? try_address(chr, info, name, err) : ret;
	freeaddrinfo(list);
	return ret;
}

static struct socket_state *new_state(struct chardev *chr, bool nodelay)
{
	struct socket_state *state = calloc(1, sizeof(*state));

	if (state) {
		state->wait = true;
		state->nodelay = nodelay;
		state->listener = -1;
	}
	chr->state = state;
	return state;
}

static int open_tcp(struct chardev *chr, const char *arg, struct error *err)
{
	char *addr = NULL;

	if (!new_state(chr, false))
		return error_set(err, ENOMEM, "out of memory");
	int ret = parse(arg, &addr, chr->state, err);

	if (!ret)
		ret = open_host(chr, addr, err);
	free(addr);
	return ret;
}

static int open_path(struct chardev *chr, char *path, struct error *err)
{
	struct socket_state *state = chr->state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct addrinfo info = { .ai_family = AF_UNIX, .ai_socktype = SOCK_STREAM, .ai_addr = (struct sockaddr *)&sun,
		                 .ai_addrlen = sizeof(sun) };
	char name[sizeof(sun.sun_path) + 8];

	if (!*path || strlen(path) >= sizeof(sun.sun_path))
		return error_set(err, EINVAL, "a Unix socket's path has 1 to %zu characters", sizeof(sun.sun_path) - 1);
	strcpy(sun.sun_path, path);
	snprintf(name, sizeof(name), "unix:%s", path);
	/* What a run before us left behind. */
	if (state->server)
		unlink(path);
	int ret = try_address(chr, &info, name, err);

	if (!ret && state->server)
		state->path = strdup(path);
	return ret;
}

static int open_unix(struct chardev *chr, const char *arg, struct error *err)
{
	char *path = NULL;

	if (!new_state(chr, false))
		return error_set(err, ENOMEM, "out of memory");
	int ret = parse(arg, &path, chr->state, err);

	if (!ret)
		ret = open_path(chr, path, err);
	free(path);
	return ret;
}

static void close_socket(struct chardev *chr)
{
	struct socket_state *state = chr->state;

	if (!state)
		return;
	io_watch_close(state->watch);
	if (state->listener >= 0)
		close(state->listener);
	if (state->path)
		unlink(state->path);
	free(state->path);
	free(state);
}

const struct chardev_kind chardev_tcp = { .prefix = "tcp:", .open = open_tcp, .disconnected = on_gone, .close = close_socket };
const struct chardev_kind chardev_unix = { .prefix = "unix:", .open = open_unix, .disconnected = on_gone, .close = close_socket };
