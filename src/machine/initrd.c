#include "base/base.h"
#include "machine/initrd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INITRD_LIMIT ((size_t)1 << 30)
#define NEWC_HEADER 110

static bool is_newc(const uint8_t *data, size_t size)
{
	return size >= 6 && (!memcmp(data, "070701", 6) || !memcmp(data, "070702", 6));
}

/* An 8-digit hexadecimal field; false when it is not one. */
static bool hex8(const uint8_t *p, uint32_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < 8; i++) {
		unsigned c = p[i], digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static uint64_t align4(uint64_t n)
{
	return (n + 3) & ~3ull;
}

/* One archive at @*at; leaves @*at behind its trailer. */
static int cpio_archive(const uint8_t *data, size_t size, size_t *at, struct error *err)
{
	for (;;) {
		uint32_t file_size, name_size;
		uint64_t next;

		if (size - *at < NEWC_HEADER)
			return error_set(err, EINVAL, "cpio archive is truncated after %zu bytes: no TRAILER!!! entry", *at);
		if (!is_newc(data + *at, size - *at) || !hex8(data + *at + 54, &file_size) || !hex8(data + *at + 94, &name_size))
			return error_set(err, EINVAL, "cpio archive is corrupt: no entry header at byte %zu", *at);
		next = align4(*at + NEWC_HEADER + (uint64_t)name_size);
		if (name_size == 0 || next > size)
			return error_set(err, EINVAL, "cpio archive is truncated: the name of the entry at byte %zu ends past the file", *at);
		bool trailer = name_size == 11 && !memcmp(data + *at + NEWC_HEADER, "TRAILER!!!", 11);
		next += file_size;
		if (next > size)
			return error_set(err, EINVAL, "cpio archive is truncated: the entry at byte %zu ends past the file", *at);
		*at = (size_t)MIN(align4(next), (uint64_t)size);
		if (trailer)
			return 0;
	}
}

int cpio_check(const uint8_t *data, size_t size, struct error *err)
{
	size_t at = 0;

	/* The kernel takes several archives in a row, with zeros between them; whatever else follows is another format's business. */
	while (at < size) {
		if (data[at] == 0) {
			at++;
			continue;
		}
		if (!is_newc(data + at, size - at))
			return 0;
		int ret = cpio_archive(data, size, &at, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int check(struct initrd *initrd, struct error *err)
{
	const struct file *file = &initrd->file;
	struct file unpacked;
	int ret;

	if (is_newc(file->data, file->size)) {
		initrd->unpacked = file->size;
		return cpio_check(file->data, file->size, err);
	}
	if (!gzip_is(file->data, file->size))
		return 0;
	ret = gzip_unpack(file->data, file->size, INITRD_LIMIT, &unpacked, &initrd->unpacked, err);
	if (ret)
		return ret;
	ret = cpio_check(unpacked.data, unpacked.size, err);
	file_free(&unpacked);
	return ret;
}

int initrd_load(struct initrd *initrd, const char *path, struct error *err)
{
	int ret;

	memset(initrd, 0, sizeof(*initrd));
	ret = file_read(&initrd->file, path, "initrd", INITRD_LIMIT, err);
	if (ret)
		return ret;
	ret = check(initrd, err);
	if (ret) {
		error_prefix(err, "initrd '%s'", path);
		initrd_free(initrd);
	}
	return ret;
}

void initrd_free(struct initrd *initrd)
{
	file_free(&initrd->file);
	initrd->unpacked = 0;
}
