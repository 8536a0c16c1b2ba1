/* initrd.h - initial RAM disks: passed through as they are, checked as far as their format allows. */
#ifndef DBTVM_MACHINE_INITRD_H
#define DBTVM_MACHINE_INITRD_H

#include "base/base.h"
#include "base/error.h"
#include "machine/file.h"

struct initrd {
	struct file file;
	uint64_t unpacked; /* bytes the guest will unpack it to; 0: unknown (xz, zstd, ...) */
};

/* Reads @path; walks a cpio archive, also inside gzip. -EINVAL when it is truncated or corrupt. */
int initrd_load(struct initrd *initrd, const char *path, struct error *err);
void initrd_free(struct initrd *initrd);
/* Walks the newc archives in @data. Returns 0, or -EINVAL with the reason; 0 as well for what is no cpio at all. */
int cpio_check(const uint8_t *data, size_t size, struct error *err);

#endif
