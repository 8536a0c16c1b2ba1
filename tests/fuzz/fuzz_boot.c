/* fuzz_boot.c - any bytes as a kernel image and as an initial RAM disk. The first byte chooses. */
#include "base/base.h"
#include "machine/image.h"
#include "machine/initrd.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was accepted lies inside the file, and its kernel can be described. */
static void check_image(const struct image *image)
{
	const uint8_t *file = image->file.data, *end = file + image->file.size;

	BUG_ON(image->segment_count == 0 || image->segment_count > IMAGE_MAX_SEGMENTS);
	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];
		volatile uint8_t sum = 0;

		BUG_ON(s->data < file || s->data > end || s->size > (uint64_t)(end - s->data) || s->size > s->mem_size);
		for (uint64_t at = 0; at < s->size; at += 64)
			sum = (uint8_t)(sum + s->data[at]);
		BUG_ON(s->size == 0 && sum);
	}
	BUG_ON(!image_kind_name(image->kind)[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	struct image image;

	if (size < 1)
		return 0;
	if (data[0] & 1) {
		if (cpio_check(data + 1, size - 1, &err))
			BUG_ON(!err.msg[0]);
		return 0;
	}
	if (image_from_memory(&image, data + 1, size - 1, "fuzz", 0x60000000, 256 * MiB, &err)) {
		BUG_ON(!err.code || !err.msg[0]);
		return 0;
	}
	check_image(&image);
	image_free(&image);
	return 0;
}
