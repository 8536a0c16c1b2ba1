/* io_watch.c - libuv handles with the life that back ends need: closed now, freed whenever. */
#include "base/base.h"
#include "host/io_loop_internal.h"

#include <stdlib.h>

enum watch_kind { WATCH_POLL, WATCH_ALWAYS, WATCH_TIMER };

struct io_watch {
	union {
		uv_handle_t handle;
		uv_poll_t poll;
		uv_idle_t idle;
		uv_timer_t timer;
	} uv;
	enum watch_kind kind;
	io_watch_fn *fn;
	void *opaque;
};

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct io_watch *watch = poll->data;

	/* An error shows itself at the read or write that follows. */
	watch->fn(watch->opaque);
}

static void on_idle(uv_idle_t *idle)
{
	struct io_watch *watch = idle->data;

	watch->fn(watch->opaque);
}

static void on_timer(uv_timer_t *timer)
{
	struct io_watch *watch = timer->data;

	watch->fn(watch->opaque);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct io_watch *io_watch_fd(struct io_loop *loop, int fd, io_watch_fn *fn, void *opaque)
{
	struct io_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->fn = fn;
	watch->opaque = opaque;
	int ret = uv_poll_init(&loop->uv, &watch->uv.poll, fd);

	if (ret == UV_EPERM) {
		watch->kind = WATCH_ALWAYS;
		ret = uv_idle_init(&loop->uv, &watch->uv.idle);
	}
	if (ret) {
		free(watch);
		return NULL;
	}
	watch->uv.handle.data = watch;
	return watch;
}

void io_watch_want(struct io_watch *watch, bool readable, bool writable)
{
	int events = (readable ? UV_READABLE | UV_DISCONNECT : 0) | (writable ? UV_WRITABLE : 0);

	if (watch->kind == WATCH_POLL && events)
		uv_poll_start(&watch->uv.poll, events, on_poll);
	else if (watch->kind == WATCH_POLL)
		uv_poll_stop(&watch->uv.poll);
	else if (events)
		uv_idle_start(&watch->uv.idle, on_idle);
	else
		uv_idle_stop(&watch->uv.idle);
}

struct io_watch *io_watch_timer(struct io_loop *loop, unsigned ms, io_watch_fn *fn, void *opaque)
{
	struct io_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->kind = WATCH_TIMER;
	watch->fn = fn;
	watch->opaque = opaque;
	uv_timer_init(&loop->uv, &watch->uv.timer);
	watch->uv.handle.data = watch;
	uv_timer_start(&watch->uv.timer, on_timer, ms, ms);
	return watch;
}

void io_watch_close(struct io_watch *watch)
{
	if (watch)
		uv_close(&watch->uv.handle, on_closed);
}
