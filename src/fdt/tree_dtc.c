/* tree_dtc.c - device tree source goes through dtc, as a child process with pipes. */
#include "base/base.h"
#include "fdt/tree_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX 300u

extern char **environ;

/* What arrives through one of the child's streams. */
struct stream {
	int fd;
	uint8_t *data;
	size_t used, capacity, max;
	bool truncated;
};

/* Reads once. False at the end. */
static bool stream_read(struct stream *stream)
{
	uint8_t waste[4096];
	ssize_t n;

	if (stream->used == stream->capacity && stream->capacity < stream->max) {
		size_t capacity = MIN(stream->max, stream->capacity ? stream->capacity * 2 : 64 * KiB);
		void *larger = realloc(stream->data, capacity);

		if (larger) {
			stream->data = larger;
			stream->capacity = capacity;
		}
	}
	if (stream->used < stream->capacity) {
		n = read(stream->fd, stream->data + stream->used, stream->capacity - stream->used);
		if (n > 0)
			stream->used += (size_t)n;
	} else {
		n = read(stream->fd, waste, sizeof(waste));
		stream->truncated |= n > 0;
	}
	return n > 0 || (n < 0 && errno == EINTR);
}

/* Both at once: a child that fills one pipe while we wait at the other would never end. */
static void read_both(struct stream *a, struct stream *b)
{
	struct pollfd fds[2] = { { .fd = a->fd, .events = POLLIN }, { .fd = b->fd, .events = POLLIN } };
	struct stream *streams[2] = { a, b };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		for (unsigned i = 0; i < 2; i++) {
			if (fds[i].fd >= 0 && fds[i].revents && !stream_read(streams[i]))
				fds[i].fd = -1;
		}
	}
}

static int spawn_dtc(const char *path, int out, int err_fd, pid_t *pid)
{
	/* A name like "-x.dts" must not become an option. */
	const char *prefix = path[0] == '-' ? "./" : "";
	size_t size = strlen(prefix) + strlen(path) + 1;
	char *file = malloc(size);
	char dtc[] = "dtc", in[] = "-I", dts[] = "dts", to[] = "-O", dtb[] = "dtb", quiet[] = "-q";
	char *argv[] = { dtc, in, dts, to, dtb, quiet, file, NULL };
	posix_spawn_file_actions_t actions;

	if (!file)
		return ENOMEM;
	snprintf(file, size, "%s%s", prefix, path);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
	int ret = posix_spawnp(pid, dtc, &actions, NULL, argv, environ);

	posix_spawn_file_actions_destroy(&actions);
	free(file);
	return ret;
}

static int start_failed(const char *path, int code, struct error *err)
{
	if (code == ENOENT)
		return error_set(err, ENOENT, "'%s' is source and needs dtc, which is not installed: install device-tree-compiler, or "
		                              "give a compiled .dtb", path);
	return error_set(err, code, "cannot run dtc for '%s': %s", path, strerror(code));
}

/* dtc's first line says what is wrong and where. */
static int compile_failed(const char *path, const struct stream *said, struct error *err)
{
	char text[MESSAGE_MAX];
	size_t len = MIN(said->used, sizeof(text) - 1);

	memcpy(text, said->data ? (const char *)said->data : "", len);
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return error_set(err, EINVAL, "dtc does not accept '%s' (a source with #include must go through cpp first): %s", path, text);
}

int tree_run_dtc(const char *path, void **blob, size_t *size, struct error *err)
{
	int out[2], diag[2], status = 0;
	pid_t pid;

	if (access(path, R_OK))
		return error_set(err, errno, "cannot open the device tree '%s': %s", path, strerror(errno));
	if (pipe2(out, O_CLOEXEC))
		return start_failed(path, errno, err);
	if (pipe2(diag, O_CLOEXEC)) {
		int code = errno;
		close(out[0]);
		close(out[1]);
		return start_failed(path, code, err);
	}
	int code = spawn_dtc(path, out[1], diag[1], &pid);
	struct stream result = { .fd = out[0], .max = TREE_SIZE_MAX }, said = { .fd = diag[0], .max = 4096 };

	close(out[1]);
	close(diag[1]);
	if (!code) {
		read_both(&result, &said);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(out[0]);
	close(diag[0]);
	if (code)
		code = start_failed(path, code, err);
	else if (!WIFEXITED(status) || WEXITSTATUS(status) || !result.used)
		code = compile_failed(path, &said, err);
	else if (result.truncated)
		code = error_set(err, EFBIG, "'%s' compiles to more than %u MiB", path, TREE_SIZE_MAX >> 20);
	free(said.data);
	if (code) {
		free(result.data);
		return code;
	}
	*blob = result.data;
	*size = result.used;
	return 0;
}
