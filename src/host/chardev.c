/* chardev.c - opening, closing, and the way in: descriptor, mux, queue, device. */
#include "base/base.h"
#include "host/chardev.h"
#include "host/chardev_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct chardev_kind *const kinds[] = {
	&chardev_stdio, &chardev_null, &chardev_none, &chardev_file, &chardev_pty, &chardev_tcp, &chardev_unix,
};

static bool has_room(const struct chardev *chr)
{
	return chr->in_len < CHARDEV_INPUT_MAX;
}

/* Watches input while there is room for it. What comes meanwhile stays with the host. */
static void watch_input(struct chardev *chr)
{
	if (chr->in_watch)
		io_watch_want(chr->in_watch, has_room(chr), false);
}

void chardev_deliver(struct chardev *chr)
{
	const struct io_loop_hooks *hooks = &chr->loop->hooks;

	if (!chr->in_len && !chr->breaks)
		return;
	if (hooks->lock)
		hooks->lock(hooks->opaque);
	/* Before the device is asked: if it makes room after that, it must find that somebody waits. */
	atomic_store(&chr->in_waiting, true);
	size_t done = 0;

	while (done < chr->in_len && chr->front.receive) {
		size_t room = chr->front.can_receive(chr->front.opaque), n = MIN(room, chr->in_len - done);

		if (!n)
			break;
		chr->front.receive(chr->front.opaque, chr->in + done, n);
		done += n;
	}
	chr->in_len -= done;
	memmove(chr->in, chr->in + done, chr->in_len);
	for (; chr->breaks && !chr->in_len && chr->front.receive; chr->breaks--) {
		if (chr->front.receive_break)
			chr->front.receive_break(chr->front.opaque);
	}
	if (!chr->in_len && !chr->breaks)
		atomic_store(&chr->in_waiting, false);
	if (hooks->unlock)
		hooks->unlock(hooks->opaque);
	watch_input(chr);
}

void chardev_queue_input(struct chardev *chr, uint8_t byte)
{
	if (has_room(chr))
		chr->in[chr->in_len++] = byte;
}

static void end_input(struct chardev *chr)
{
	io_watch_close(chr->in_watch);
	chr->in_watch = NULL;
	if (chr->in_fd >= 0)
		close(chr->in_fd);
	chr->in_fd = -1;
}

static void end_output(struct chardev *chr)
{
	io_watch_close(chr->out_watch);
	chr->out_watch = NULL;
	pthread_mutex_lock(&chr->out_lock);
	if (chr->out_fd >= 0)
		close(chr->out_fd);
	chr->out_fd = -1;
	chr->out_len = 0;
	pthread_cond_broadcast(&chr->out_space);
	pthread_mutex_unlock(&chr->out_lock);
}

void chardev_detach(struct chardev *chr)
{
	end_input(chr);
	end_output(chr);
}

/*
 * A read found the end, or a write found nobody. A connection is gone as a whole then; of standard input and output only
 * the one is ("dbtvm | head" can still be told to end), and the guest goes on in any case.
 */
static void gone(struct chardev *chr, void (*end_half)(struct chardev *chr))
{
	if (!chr->kind->disconnected) {
		end_half(chr);
		return;
	}
	chardev_detach(chr);
	chr->kind->disconnected(chr);
}

static void on_readable(void *opaque)
{
	struct chardev *chr = opaque;
	uint8_t bytes[1024];
	size_t room = MIN(CHARDEV_INPUT_MAX - chr->in_len, sizeof(bytes));
	ssize_t n = room ? read(chr->in_fd, bytes, room) : -1;

	if (!room) {
		watch_input(chr);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		gone(chr, end_input);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (chr->mux)
			chardev_mux_input(chr->mux, bytes[i]);
		else
			chardev_queue_input(chr, bytes[i]);
	}
	chardev_deliver(chr);
	watch_input(chr);
}

static void on_writable(void *opaque)
{
	struct chardev *chr = opaque;

	if (!chardev_output_pump(chr))
		gone(chr, end_output);
}

void chardev_service(struct chardev *chr)
{
	if (!chardev_output_pump(chr))
		gone(chr, end_output);
	chardev_deliver(chr);
}

void chardev_attach(struct chardev *chr, int in_fd, int out_fd)
{
	struct stat st;

	chr->in_fd = in_fd;
	chr->in_watch = in_fd >= 0 ? io_watch_fd(chr->loop, in_fd, on_readable, chr) : NULL;
	chr->out_watch = out_fd >= 0 ? io_watch_fd(chr->loop, out_fd, on_writable, chr) : NULL;
	pthread_mutex_lock(&chr->out_lock);
	chr->out_fd = out_fd;
	chr->out_error = 0;
	chr->out_socket = out_fd >= 0 && !fstat(out_fd, &st) && S_ISSOCK(st.st_mode);
	pthread_mutex_unlock(&chr->out_lock);
	watch_input(chr);
	io_loop_kick(chr->loop);
}

void chardev_started(struct chardev *chr)
{
	if (chr->kind->started)
		chr->kind->started(chr);
}

static const struct chardev_kind *find_kind(const char *spec, const char **arg)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		size_t len = strlen(kinds[i]->prefix);

		if (strncmp(spec, kinds[i]->prefix, len))
			continue;
		*arg = spec + len;
		if (kinds[i]->prefix[len - 1] == ':' || !**arg)
			return kinds[i];
	}
	return NULL;
}

struct open_call {
	struct io_loop *loop;
	const char *arg;
	const struct chardev_kind *kind;
	bool mux;
	struct error *err;
	struct chardev *chr;
};

static void destroy(struct chardev *chr)
{
	chardev_detach(chr);
	if (chr->kind->close)
		chr->kind->close(chr);
	chardev_mux_destroy(chr->mux);
	chardev_output_fini(chr);
	free(chr);
}

static void do_open(void *opaque)
{
	struct open_call *call = opaque;
	struct chardev *chr = calloc(1, sizeof(*chr));

	if (!chr || chardev_output_init(chr)) {
		free(chr);
		error_set(call->err, ENOMEM, "out of memory");
		return;
	}
	chr->loop = call->loop;
	chr->kind = call->kind;
	chr->in_fd = -1;
	chr->mux = call->mux ? chardev_mux_create(chr) : NULL;
	if ((call->mux && !chr->mux) || chr->kind->open(chr, call->arg, call->err)) {
		destroy(chr);
		return;
	}
	pthread_mutex_lock(&call->loop->lock);
	chr->next = call->loop->chardevs;
	call->loop->chardevs = chr;
	if (chr->mux && !call->loop->monitor)
		call->loop->monitor = chr;
	pthread_mutex_unlock(&call->loop->lock);
	if (call->loop->started)
		chardev_started(chr);
	call->chr = chr;
}

struct chardev *chardev_open(struct io_loop *loop, const char *spec, struct error *err)
{
	struct open_call call = { .loop = loop, .err = err };
	const char *rest = spec;

	if (!strncmp(spec, "mon:", 4)) {
		call.mux = true;
		rest += 4;
	}
	call.kind = find_kind(rest, &call.arg);
	if (!call.kind) {
		error_set(err, EINVAL, "'%s' is no serial back end: use stdio, mon:stdio, null, file:PATH, pty, tcp:HOST:PORT or unix:PATH",
		          spec);
		return NULL;
	}
	io_loop_sync(loop, do_open, &call);
	return call.chr;
}

static void do_close(void *opaque)
{
	struct chardev *chr = opaque;
	struct io_loop *loop = chr->loop;

	pthread_mutex_lock(&loop->lock);
	for (struct chardev **link = &loop->chardevs; *link; link = &(*link)->next) {
		if (*link == chr) {
			*link = chr->next;
			break;
		}
	}
	if (loop->monitor == chr)
		loop->monitor = NULL;
	pthread_mutex_unlock(&loop->lock);
	destroy(chr);
}

void chardev_close(struct chardev *chr)
{
	if (!chr)
		return;
	chardev_flush(chr);
	io_loop_sync(chr->loop, do_close, chr);
}

void chardev_connect(struct chardev *chr, const struct chardev_front *front)
{
	chr->front = front ? *front : (struct chardev_front){ 0 };
	io_loop_kick(chr->loop);
}

void chardev_accept_input(struct chardev *chr)
{
	if (atomic_load(&chr->in_waiting))
		io_loop_kick(chr->loop);
}
