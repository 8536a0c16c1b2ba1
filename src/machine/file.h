/* file.h - whole files in memory, and gzip. */
#ifndef DBTVM_MACHINE_FILE_H
#define DBTVM_MACHINE_FILE_H

#include "base/base.h"
#include "base/error.h"

struct file {
	uint8_t *data; /* malloc'ed; freed by file_free() */
	size_t size;
};

/* Reads @path; at most @limit bytes (-EFBIG). @what names it in messages ("kernel"). -errno and a filled error. */
int file_read(struct file *file, const char *path, const char *what, size_t limit, struct error *err);
void file_free(struct file *file);

bool gzip_is(const uint8_t *data, size_t size);
/*
 * Unpacks a gzip stream, checksum included; at most @limit bytes. @out NULL: only checks and counts.
 * -EINVAL with "truncated" or "corrupt" in the message; *size is the unpacked size.
 */
int gzip_unpack(const uint8_t *data, size_t len, size_t limit, struct file *out, uint64_t *size, struct error *err);

#endif
