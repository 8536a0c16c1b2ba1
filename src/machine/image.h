/*
 * image.h - guest kernels: zImage, raw Image, uImage, ELF, gzip of any of them, plain binaries.
 */
#ifndef DBTVM_MACHINE_IMAGE_H
#define DBTVM_MACHINE_IMAGE_H

#include "base/base.h"
#include "base/error.h"
#include "machine/file.h"

#define IMAGE_MAX_SEGMENTS 16

enum image_kind { IMAGE_ZIMAGE, IMAGE_IMAGE, IMAGE_UIMAGE, IMAGE_ELF, IMAGE_RAW };

struct image_segment {
	gpa_t addr;
	const uint8_t *data; /* into image.file */
	uint64_t size;       /* bytes loaded */
	uint64_t mem_size;   /* bytes occupied; the rest is zero */
};

struct image {
	enum image_kind kind;
	struct file file;
	struct image_segment segments[IMAGE_MAX_SEGMENTS];
	unsigned segment_count;
	gva_t entry;         /* bit 0: Thumb */
	/* What a compressed Linux kernel needs once it has unpacked itself: [run_base, run_base + run_size); size 0: unknown. */
	gpa_t run_base;
	uint64_t run_size;
};

/*
 * Loads @path for a board with RAM at [ram_base, ram_base + ram_size). Everything is validated: on success all segments lie where the file
 * says, but not yet checked against RAM. -errno and a filled error.
 */
int image_load(struct image *image, const char *path, gpa_t ram_base, uint64_t ram_size, struct error *err);
/* As image_load() from memory that stays the caller's; copies. @name is for messages. */
int image_from_memory(struct image *image, const void *data, size_t size, const char *name, gpa_t ram_base, uint64_t ram_size,
                      struct error *err);
void image_free(struct image *image);
const char *image_kind_name(enum image_kind kind);

#endif
