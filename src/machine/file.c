#include "base/base.h"
#include "machine/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

int file_read(struct file *file, const char *path, const char *what, size_t limit, struct error *err)
{
	struct stat st;
	int fd, code;

	file->data = NULL;
	file->size = 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "cannot open %s '%s': %s", what, path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, EINVAL, "%s '%s' is not a regular file", what, path);
	}
	if ((uint64_t)st.st_size > limit) {
		close(fd);
		return error_set(err, EFBIG, "%s '%s' has %lld bytes; at most %zu fit", what, path,
		                 (long long)st.st_size, limit);
	}
	if (st.st_size == 0) {
		close(fd);
		return error_set(err, EINVAL, "%s '%s' is empty", what, path);
	}
	file->data = malloc((size_t)st.st_size);
	while (file->data && file->size < (size_t)st.st_size) {
		ssize_t n = read(fd, file->data + file->size, (size_t)st.st_size - file->size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		file->size += (size_t)n;
	}
	code = errno;
	close(fd);
	if (!file->data)
		return error_set(err, ENOMEM, "out of memory reading %s '%s'", what, path);
	if (file->size != (size_t)st.st_size) {
		file_free(file);
		return error_set(err, EIO, "cannot read %s '%s': %s", what, path, strerror(code));
	}
	return 0;
}

void file_free(struct file *file)
{
	free(file->data);
	file->data = NULL;
	file->size = 0;
}

bool gzip_is(const uint8_t *data, size_t size)
{
	return size >= 18 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8;
}

/* Doubles @out's room up to @limit. */
static int grow(struct file *out, size_t *room, size_t limit, struct error *err)
{
	size_t want = *room ? *room * 2 : 1 << 20;
	uint8_t *data;

	if (want > limit)
		want = limit;
	if (want <= *room)
		return error_set(err, EFBIG, "unpacks to more than %zu bytes", limit);
	data = realloc(out->data, want);
	if (!data)
		return error_set(err, ENOMEM, "out of memory unpacking");
	out->data = data;
	*room = want;
	return 0;
}

int gzip_unpack(const uint8_t *data, size_t len, size_t limit, struct file *out, uint64_t *size, struct error *err)
{
	uint8_t scratch[64 * 1024];
	size_t room = 0;
	uint64_t total = 0;
	z_stream z;
	int ret, result = 0;

	memset(&z, 0, sizeof(z));
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return error_set(err, ENOMEM, "out of memory unpacking");
	if (out)
		*out = (struct file){0};
	z.next_in = (Bytef *)data;
	z.avail_in = (uInt)MIN(len, (size_t)UINT32_MAX);
	do {
		if (!out) {
			z.next_out = scratch;
			z.avail_out = sizeof(scratch);
		} else {
			if (total == room) {
				result = grow(out, &room, limit, err);
				if (result)
					break;
			}
			z.next_out = out->data + total;
			z.avail_out = (uInt)MIN(room - total, (size_t)UINT32_MAX);
		}
		uInt before = z.avail_out;
		ret = inflate(&z, Z_NO_FLUSH);
		total += before - z.avail_out;
		if (total > limit)
			result = error_set(err, EFBIG, "unpacks to more than %zu bytes", limit);
		else if (ret == Z_BUF_ERROR || (ret == Z_OK && z.avail_in == 0 && z.avail_out != 0))
			result = error_set(err, EINVAL, "gzip data is truncated");
		else if (ret != Z_OK && ret != Z_STREAM_END)
			result = error_set(err, EINVAL, "gzip data is corrupt (%s)", z.msg ? z.msg : "bad stream");
	} while (!result && ret != Z_STREAM_END);
	inflateEnd(&z);
	if (result && out)
		file_free(out);
	if (!result) {
		if (out)
			out->size = (size_t)total;
		*size = total;
	}
	return result;
}
