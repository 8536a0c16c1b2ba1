/* bench.h - a VM's side of the I/O loop for tests: a lock, a front end that remembers, hooks that count. */
#ifndef DBTVM_TESTS_HOST_BENCH_H
#define DBTVM_TESTS_HOST_BENCH_H

#include "base/base.h"
#include "host/chardev.h"
#include "host/io_loop.h"

#include "tests/base/check_run.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct bench {
	struct io_loop *loop;
	struct chardev *chr;
	pthread_mutex_t lock;
	/* Guarded by lock. */
	bool locked;
	size_t room; /* what can_receive() answers; used up by receive() */
	uint8_t *in;
	size_t in_len, in_max;
	char line[100]; /* the last one typed at the monitor */
	/* Written by hooks. */
	atomic_int quit, stats, breaks;
};

static inline void bench_lock(void *opaque)
{
	struct bench *bench = opaque;

	pthread_mutex_lock(&bench->lock);
	bench->locked = true;
}

static inline void bench_unlock(void *opaque)
{
	struct bench *bench = opaque;

	bench->locked = false;
	pthread_mutex_unlock(&bench->lock);
}

static inline void bench_quit(void *opaque, int signal)
{
	atomic_store(&((struct bench *)opaque)->quit, signal);
}

static inline void bench_stats(void *opaque)
{
	atomic_fetch_add(&((struct bench *)opaque)->stats, 1);
}

static inline void bench_monitor(void *opaque, const char *line)
{
	struct bench *bench = opaque;
	char text[200];

	pthread_mutex_lock(&bench->lock);
	snprintf(bench->line, sizeof(bench->line), "%s", line);
	pthread_mutex_unlock(&bench->lock);
	snprintf(text, sizeof(text), "[%s]\n", line);
	io_loop_print(bench->loop, text);
}

static inline size_t bench_can_receive(void *opaque)
{
	struct bench *bench = opaque;

	ck_assert(bench->locked);
	return bench->room;
}

static inline void bench_receive(void *opaque, const uint8_t *bytes, size_t len)
{
	struct bench *bench = opaque;

	ck_assert(bench->locked);
	ck_assert_uint_le(len, bench->room);
	ck_assert_uint_le(len, bench->in_max - bench->in_len);
	memcpy(bench->in + bench->in_len, bytes, len);
	bench->in_len += len;
	bench->room -= len;
}

static inline void bench_break(void *opaque)
{
	struct bench *bench = opaque;

	ck_assert(bench->locked);
	/* Where in the input it came. */
	atomic_store(&bench->breaks, (int)bench->in_len + 1);
}

/* A loop that does not run yet. @in_max: how much input may come. */
static inline void bench_init(struct bench *bench, size_t in_max)
{
	const struct io_loop_hooks hooks = { bench_lock, bench_unlock, bench_quit, bench_monitor, bench_stats, bench };
	struct error err;

	memset(bench, 0, sizeof(*bench));
	pthread_mutex_init(&bench->lock, NULL);
	atomic_store(&bench->quit, -1);
	bench->in_max = in_max;
	bench->room = in_max;
	bench->in = malloc(in_max + 1);
	bench->loop = io_loop_create(&hooks, &err);
	ck_assert_ptr_nonnull(bench->loop);
}

static inline void bench_open(struct bench *bench, const char *spec)
{
	const struct chardev_front front = { bench_can_receive, bench_receive, bench_break, bench };
	struct error err = { 0 };

	bench->chr = chardev_open(bench->loop, spec, &err);
	ck_assert_msg(bench->chr != NULL, "%s", err.msg);
	chardev_connect(bench->chr, &front);
}

static inline void bench_run(struct bench *bench)
{
	struct error err;

	ck_assert_int_eq(io_loop_start(bench->loop, &err), 0);
}

static inline void bench_fini(struct bench *bench)
{
	chardev_close(bench->chr);
	io_loop_destroy(bench->loop);
	pthread_mutex_destroy(&bench->lock);
	free(bench->in);
}

static inline void nap(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/* Waits at most 10 s for @count bytes of input to have come in all. */
static inline void bench_expect(struct bench *bench, const void *bytes, size_t count)
{
	size_t have = 0;

	for (unsigned i = 0; i < 10000 && have < count; i++) {
		pthread_mutex_lock(&bench->lock);
		have = bench->in_len;
		pthread_mutex_unlock(&bench->lock);
		if (have < count)
			nap();
	}
	ck_assert_uint_eq(have, count);
	ck_assert_mem_eq(bench->in, bytes, count);
}

static inline void bench_expect_int(atomic_int *value, int expected)
{
	for (unsigned i = 0; i < 10000 && atomic_load(value) != expected; i++)
		nap();
	ck_assert_int_eq(atomic_load(value), expected);
}

/* Reads from @fd until @text has come; anything else fails. */
static inline void expect_text(int fd, const char *text)
{
	char have[4096] = "";
	size_t want = strlen(text), len = 0;

	while (len < want) {
		ssize_t n = read(fd, have + len, want - len);

		if (n <= 0)
			break;
		len += (size_t)n;
		have[len] = '\0';
	}
	ck_assert_str_eq(have, text);
}

static inline void put_text(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

#endif
