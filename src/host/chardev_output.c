/*
 * chardev_output.c - the way out.
 *
 * A guest writes byte by byte.  Bytes go into a ring and the I/O thread writes
 * what has gathered there by the time it wakes up: a few system calls a line
 * instead of one a byte, none of them on the guest's thread.
 */
#include "base/base.h"
#include "host/chardev.h"
#include "host/chardev_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FULL_WAIT_MS 50
#define FLUSH_PATIENCE_MS 10000
#define FLUSH_STEP_MS 100
/* What a descriptor that may block is trusted to take when poll() says it is ready. */
#define CAREFUL_MAX 128u

int chardev_output_init(struct chardev *chr)
{
	chr->out_capacity = 4096;
	chr->out = malloc(chr->out_capacity);
	chr->out_fd = -1;
	pthread_mutex_init(&chr->out_lock, NULL);
	pthread_cond_init(&chr->out_space, NULL);
	return chr->out ? 0 : -ENOMEM;
}

void chardev_output_fini(struct chardev *chr)
{
	if (chr->lost)
		fprintf(stderr, "dbtvm: %llu bytes of a serial line's output were lost: %s\n", (unsigned long long)chr->lost,
		        chr->out_error ? strerror(chr->out_error) : "nobody took them");
	free(chr->out);
	pthread_cond_destroy(&chr->out_space);
	pthread_mutex_destroy(&chr->out_lock);
}

/* Room for @len bytes, if the limit allows. */
static bool grow(struct chardev *chr, size_t len)
{
	size_t capacity = chr->out_capacity;

	if (len > CHARDEV_OUTPUT_MAX - chr->out_len)
		return false;
	while (capacity - chr->out_len < len)
		capacity *= 2;
	if (capacity == chr->out_capacity)
		return true;
	uint8_t *larger = malloc(capacity);

	if (!larger)
		return false;
	size_t first = MIN(chr->out_len, chr->out_capacity - chr->out_start);

	memcpy(larger, chr->out + chr->out_start, first);
	memcpy(larger + first, chr->out, chr->out_len - first);
	free(chr->out);
	chr->out = larger;
	chr->out_capacity = capacity;
	chr->out_start = 0;
	return true;
}

/* The limit is reached: the host has taken nothing for megabytes. Waits a moment, as a slow wire would. */
static bool wait_for_room(struct chardev *chr, size_t len)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += FULL_WAIT_MS * 1000000l;
	if (until.tv_nsec >= 1000000000l) {
		until.tv_nsec -= 1000000000l;
		until.tv_sec++;
	}
	io_loop_kick(chr->loop);
	while (!grow(chr, len)) {
		if (pthread_cond_timedwait(&chr->out_space, &chr->out_lock, &until))
			return grow(chr, len);
	}
	return true;
}

static void append(struct chardev *chr, const uint8_t *bytes, size_t len)
{
	size_t end = (chr->out_start + chr->out_len) % chr->out_capacity;
	size_t first = MIN(len, chr->out_capacity - end);

	memcpy(chr->out + end, bytes, first);
	memcpy(chr->out, bytes + first, len - first);
	chr->out_len += len;
}

void chardev_write(struct chardev *chr, const uint8_t *bytes, size_t len)
{
	bool kick = false;

	pthread_mutex_lock(&chr->out_lock);
	if (chr->out_error)
		chr->lost += len;
	while (len && chr->out_fd >= 0 && !chr->out_error) {
		size_t part = MIN(len, (size_t)64 * 1024);

		if (!grow(chr, part) && !wait_for_room(chr, part)) {
			chr->lost += len;
			break;
		}
		/* Whoever finds bytes there knows that the thread has been told. */
		kick |= chr->out_len == 0;
		append(chr, bytes, part);
		bytes += part;
		len -= part;
	}
	pthread_mutex_unlock(&chr->out_lock);
	if (kick)
		io_loop_kick(chr->loop);
}

static ssize_t write_some(struct chardev *chr, const uint8_t *bytes, size_t len)
{
	if (chr->out_socket)
		return send(chr->out_fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (chr->out_careful) {
		struct pollfd fd = { .fd = chr->out_fd, .events = POLLOUT };

		if (poll(&fd, 1, 0) == 0) {
			errno = EAGAIN;
			return -1;
		}
		len = MIN(len, CAREFUL_MAX);
	}
	return write(chr->out_fd, bytes, len);
}

/* The descriptor takes nothing more. A full disk is worth a line at once: the run may go on for hours. */
static void note_error(struct chardev *chr, int error)
{
	if (error == EPIPE || error == ECONNRESET || chr->out_error)
		return;
	chr->out_error = error;
	chr->lost += chr->out_len;
	fprintf(stderr, "dbtvm: a serial line's output ends here: %s; what the guest sends from now on is lost\n", strerror(error));
}

/* With out_lock. 1: all written; 0: the other side takes no more now; -1: it is gone. */
static int write_all(struct chardev *chr)
{
	while (chr->out_len && chr->out_fd >= 0) {
		size_t run = MIN(chr->out_len, chr->out_capacity - chr->out_start);
		ssize_t n = write_some(chr, chr->out + chr->out_start, run);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0) {
			note_error(chr, errno);
			return -1;
		}
		chr->out_start = (chr->out_start + (size_t)n) % chr->out_capacity;
		chr->out_len -= (size_t)n;
		pthread_cond_broadcast(&chr->out_space);
	}
	return 1;
}

bool chardev_output_pump(struct chardev *chr)
{
	pthread_mutex_lock(&chr->out_lock);
	int ret = write_all(chr);

	pthread_mutex_unlock(&chr->out_lock);
	if (ret >= 0 && chr->out_watch)
		io_watch_want(chr->out_watch, false, ret == 0);
	return ret >= 0;
}

void chardev_flush(struct chardev *chr)
{
	int patience = FLUSH_PATIENCE_MS;

	while (patience > 0) {
		pthread_mutex_lock(&chr->out_lock);
		size_t before = chr->out_len;
		int ret = write_all(chr);

		if (chr->out_len < before)
			patience = FLUSH_PATIENCE_MS;
		struct pollfd fd = { .fd = chr->out_fd, .events = POLLOUT };

		/* Nothing left, nobody there any more, or nobody there yet. */
		if (ret || chr->out_fd < 0) {
			pthread_mutex_unlock(&chr->out_lock);
			return;
		}
		/* With the lock, so that the descriptor stays ours. */
		if (poll(&fd, 1, FLUSH_STEP_MS) == 0)
			patience -= FLUSH_STEP_MS;
		pthread_mutex_unlock(&chr->out_lock);
	}
}
