/*
 * image.c - which kind of kernel a file is and where its parts go.
 *
 * Order of the tests: gzip (unpack, then again), ELF, uImage, zImage, Linux Image, anything else. Placement follows
 * Documentation/arch/arm/booting.rst; QEMU's where that is silent (raw binaries at RAM + 0x10000).
 */
#include "base/base.h"
#include "machine/image.h"

#include "base/bits.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE_LIMIT ((size_t)1 << 30)
#define TEXT_OFFSET 0x8000u
#define RAW_OFFSET 0x10000u
#define NOLOAD_OFFSET 0x02000000u

#define ZIMAGE_MAGIC_OFFSET 0x24
#define ZIMAGE_MAGIC 0x016f2818u
#define ZIMAGE_MAGIC2_OFFSET 0x34
#define ZIMAGE_MAGIC2 0x45454545u
#define ZIMAGE_TAG_KRNL_SIZE 0x5a534c4bu

#define UIMAGE_MAGIC 0x27051956u
#define UIMAGE_HEADER 64
enum { UIMAGE_ARCH_ARM = 2, UIMAGE_KERNEL = 2, UIMAGE_KERNEL_NOLOAD = 14, UIMAGE_COMP_NONE = 0, UIMAGE_COMP_GZIP = 1 };

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

const char *image_kind_name(enum image_kind kind)
{
	static const char *const names[] = {"zImage", "Image", "uImage", "ELF", "raw binary"};

	return names[kind];
}

static void one_segment(struct image *image, gpa_t addr, const uint8_t *data, uint64_t size)
{
	image->segments[0] = (struct image_segment){addr, data, size, size};
	image->segment_count = 1;
}

/* --- ELF --- */

static int elf_segment(struct image *image, const Elf32_Phdr *ph, gpa_t addr, const char *name, struct error *err)
{
	uint32_t offset = le32toh(ph->p_offset), filesz = le32toh(ph->p_filesz), memsz = le32toh(ph->p_memsz);

	if (offset > image->file.size || filesz > image->file.size - offset)
		return error_set(err, EINVAL, "kernel '%s' is truncated: a segment of its ELF file ends at byte %llu, the file at %zu",
		                 name, (unsigned long long)offset + filesz, image->file.size);
	if (memsz < filesz)
		return error_set(err, EINVAL, "kernel '%s': ELF segment with more bytes in the file than in memory", name);
	if (image->segment_count == IMAGE_MAX_SEGMENTS)
		return error_set(err, EINVAL, "kernel '%s': more than %d ELF segments to load", name, IMAGE_MAX_SEGMENTS);
	image->segments[image->segment_count++] =
		(struct image_segment){addr, image->file.data + offset, filesz, memsz};
	return 0;
}

/*
 * A vmlinux is linked at virtual addresses (PAGE_OFFSET = the top bits of its entry) and its p_paddr say the same:
 * move it to RAM. Anything whose physical addresses can be RAM is loaded as it says.
 */
static gpa_t elf_delta(uint32_t lowest, uint32_t entry, gpa_t ram_base, uint64_t ram_size)
{
	if (lowest >= ram_base && lowest - ram_base < ram_size)
		return 0;
	if (entry >= 0x40000000u && (lowest & 0xf0000000u) == (entry & 0xf0000000u) && lowest >= 0x80000000u)
		return ram_base - (lowest & 0xf0000000u);
	return 0;
}

static int load_elf(struct image *image, const char *name, gpa_t ram_base, uint64_t ram_size, struct error *err)
{
	const Elf32_Ehdr *eh = (const Elf32_Ehdr *)image->file.data;
	uint32_t phoff, phnum, lowest = UINT32_MAX;
	uint32_t entry = image->file.size >= sizeof(*eh) ? le32toh(eh->e_entry) : 0;

	if (image->file.size < sizeof(*eh))
		return error_set(err, EINVAL, "kernel '%s' is truncated: no whole ELF header", name);
	if (eh->e_ident[EI_CLASS] != ELFCLASS32 || eh->e_ident[EI_DATA] != ELFDATA2LSB || le16toh(eh->e_machine) != EM_ARM)
		return error_set(err, EINVAL, "kernel '%s' is an ELF file, but not for 32-bit little-endian Arm", name);
	phoff = le32toh(eh->e_phoff);
	phnum = le16toh(eh->e_phnum);
	if (le16toh(eh->e_phentsize) != sizeof(Elf32_Phdr) || phoff % 4 || phoff > image->file.size ||
	    phnum > (image->file.size - phoff) / sizeof(Elf32_Phdr))
		return error_set(err, EINVAL, "kernel '%s' is truncated: its ELF program headers end past the file", name);

	const Elf32_Phdr *ph = (const Elf32_Phdr *)(image->file.data + phoff);
	for (uint32_t i = 0; i < phnum; i++)
		if (le32toh(ph[i].p_type) == PT_LOAD && ph[i].p_memsz)
			lowest = MIN(lowest, le32toh(ph[i].p_paddr));
	if (lowest == UINT32_MAX)
		return error_set(err, EINVAL, "kernel '%s': ELF file with nothing to load", name);

	gpa_t delta = elf_delta(lowest, entry, ram_base, ram_size);
	for (uint32_t i = 0; i < phnum; i++) {
		int ret;

		if (le32toh(ph[i].p_type) != PT_LOAD || !ph[i].p_memsz)
			continue;
		ret = elf_segment(image, &ph[i], (uint32_t)(le32toh(ph[i].p_paddr) + delta), name, err);
		if (ret)
			return ret;
	}
	/* An entry among the virtual addresses of a segment that lives elsewhere physically. */
	image->entry = entry + (uint32_t)delta;
	image->kind = IMAGE_ELF;
	return 0;
}

/* --- Linux --- */

static bool is_zimage(const uint8_t *data, size_t size)
{
	return size >= 0x40 && le32(data + ZIMAGE_MAGIC_OFFSET) == ZIMAGE_MAGIC;
}

/* What the kernel takes after unpacking: the size table that zImages carry since Linux 4.15. */
static void zimage_run_size(struct image *image, const uint8_t *data, size_t size, gpa_t ram_base)
{
	uint32_t table, pointer, bss;

	image->run_base = ram_base;
	image->run_size = 0;
	if (le32(data + ZIMAGE_MAGIC2_OFFSET) != ZIMAGE_MAGIC2)
		return;
	for (table = le32(data + 0x38); table <= size - 16; table += le32(data + table) * 4) {
		if (le32(data + table) < 2 || le32(data + table) > 64)
			return;
		if (le32(data + table + 4) != ZIMAGE_TAG_KRNL_SIZE)
			continue;
		pointer = le32(data + table + 8);
		bss = le32(data + table + 12);
		if (pointer <= size - 4)
			image->run_size = (le32(data + table) >= 6 && table <= size - 24 ? le32(data + table + 16) : TEXT_OFFSET) +
			                  (uint64_t)le32(data + pointer) + bss;
		return;
	}
}

static int load_zimage(struct image *image, const uint8_t *data, size_t size, gpa_t addr, gpa_t ram_base, const char *name,
                       struct error *err)
{
	uint32_t start = le32(data + 0x28), end = le32(data + 0x2c);

	if (end < start || (uint64_t)end - start > size)
		return error_set(err, EINVAL, "kernel '%s' is truncated: its zImage header says %u bytes, there are %zu", name,
		                 end - start, size);
	image->kind = IMAGE_ZIMAGE;
	one_segment(image, addr, data, size);
	image->entry = (gva_t)addr;
	zimage_run_size(image, data, size, ram_base);
	return 0;
}

/*
 * An Image has no magic number. Its head makes sure that the core is in SVC mode by "mrs r9, cpsr; eor r9, r9, #0x1a (HYP)",
 * A32 or T32, within the first instructions.
 */
static bool is_linux_image(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 8 <= MIN(size, 128); i += 2) {
		uint32_t first = le32(data + i), second = le32(data + i + 4);

		if (i % 4 == 0 && first == 0xe10f9000 && second == 0xe229901a)
			return true;
		if (first == 0x8900f3ef && second == 0x091af089)
			return true;
	}
	return false;
}

/*
 * Where an Image wants to lie above the start of RAM: its head takes TEXT_OFFSET from the address it finds itself at ("sub r8, r8,
 * #TEXT_OFFSET"). 0x8000, but 0x208000 for multi-platform kernels with some Qualcomm boards (Debian's), which QEMU never gets right.
 */
static uint32_t image_text_offset(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 4 <= MIN(size, 256); i += 4) {
		uint32_t word = le32(data + i);

		if ((word & 0xfffff000) == 0xe2488000) {
			uint32_t offset = ror32(word & 0xff, (word >> 8 & 15) * 2);

			if (offset && offset % 0x4000 == 0 && offset <= 16 * MiB)
				return offset;
		}
	}
	return TEXT_OFFSET;
}

/* --- uImage --- */

static int load_uimage(struct image *image, const char *name, gpa_t ram_base, struct error *err);

static int load_plain(struct image *image, const char *name, gpa_t ram_base, uint64_t ram_size, unsigned depth, struct error *err)
{
	uint8_t *data = image->file.data;
	size_t size = image->file.size;

	if (gzip_is(data, size)) {
		struct file unpacked;
		uint64_t unpacked_size;
		int ret;

		if (depth == 3)
			return error_set(err, EINVAL, "kernel '%s': gzip inside gzip inside gzip", name);
		ret = gzip_unpack(data, size, IMAGE_LIMIT, &unpacked, &unpacked_size, err);
		if (ret) {
			error_prefix(err, "kernel '%s'", name);
			return ret;
		}
		file_free(&image->file);
		image->file = unpacked;
		return load_plain(image, name, ram_base, ram_size, depth + 1, err);
	}
	if (size >= 4 && !memcmp(data, ELFMAG, SELFMAG))
		return load_elf(image, name, ram_base, ram_size, err);
	if (size >= 4 && be32(data) == UIMAGE_MAGIC)
		return load_uimage(image, name, ram_base, err);
	if (is_zimage(data, size))
		return load_zimage(image, data, size, ram_base + RAW_OFFSET, ram_base, name, err);
	if (size < 4)
		return error_set(err, EINVAL, "kernel '%s' has %zu bytes: not a kernel", name, size);
	image->kind = is_linux_image(data, size) ? IMAGE_IMAGE : IMAGE_RAW;
	one_segment(image, ram_base + (image->kind == IMAGE_IMAGE ? image_text_offset(data, size) : RAW_OFFSET), data, size);
	image->entry = (gva_t)image->segments[0].addr;
	return 0;
}

static int load_uimage(struct image *image, const char *name, gpa_t ram_base, struct error *err)
{
	const uint8_t *header = image->file.data;
	const uint8_t *data = header + UIMAGE_HEADER;
	uint32_t size, load, entry;

	if (image->file.size < UIMAGE_HEADER + 4)
		return error_set(err, EINVAL, "kernel '%s' is truncated: no whole uImage header", name);
	size = be32(header + 12);
	load = be32(header + 16);
	entry = be32(header + 20);
	if (size > image->file.size - UIMAGE_HEADER)
		return error_set(err, EINVAL, "kernel '%s' is truncated: its uImage header says %u bytes, there are %zu", name, size,
		                 image->file.size - UIMAGE_HEADER);
	if (header[29] != UIMAGE_ARCH_ARM || (header[30] != UIMAGE_KERNEL && header[30] != UIMAGE_KERNEL_NOLOAD))
		return error_set(err, EINVAL, "kernel '%s' is a uImage, but not of an Arm kernel", name);
	if (header[31] != UIMAGE_COMP_NONE && header[31] != UIMAGE_COMP_GZIP)
		return error_set(err, EINVAL, "kernel '%s': uImage compression %u is not supported; use none or gzip", name, header[31]);
	if (header[31] == UIMAGE_COMP_GZIP) {
		struct file unpacked;
		uint64_t unpacked_size;
		int ret = gzip_unpack(data, size, IMAGE_LIMIT, &unpacked, &unpacked_size, err);

		if (ret) {
			error_prefix(err, "kernel '%s'", name);
			return ret;
		}
		bool noload = header[30] == UIMAGE_KERNEL_NOLOAD;
		file_free(&image->file);
		image->file = unpacked;
		data = unpacked.data;
		size = (uint32_t)unpacked.size;
		if (noload)
			load = (uint32_t)ram_base + NOLOAD_OFFSET, entry += load;
	} else if (header[30] == UIMAGE_KERNEL_NOLOAD) {
		load = (uint32_t)ram_base + NOLOAD_OFFSET;
		entry += load;
	}
	one_segment(image, load, data, size);
	if (is_zimage(data, size))
		zimage_run_size(image, data, size, ram_base);
	image->entry = entry;
	image->kind = IMAGE_UIMAGE;
	return 0;
}

static int finish(struct image *image, int ret)
{
	if (ret)
		image_free(image);
	return ret;
}

int image_load(struct image *image, const char *path, gpa_t ram_base, uint64_t ram_size, struct error *err)
{
	int ret;

	memset(image, 0, sizeof(*image));
	ret = file_read(&image->file, path, "kernel", IMAGE_LIMIT, err);
	return finish(image, ret ? ret : load_plain(image, path, ram_base, ram_size, 0, err));
}

int image_from_memory(struct image *image, const void *data, size_t size, const char *name, gpa_t ram_base, uint64_t ram_size,
                      struct error *err)
{
	memset(image, 0, sizeof(*image));
	image->file.data = malloc(size ? size : 1);
	if (!image->file.data)
		return error_set(err, ENOMEM, "out of memory loading '%s'", name);
	memcpy(image->file.data, data, size);
	image->file.size = size;
	return finish(image, load_plain(image, name, ram_base, ram_size, 0, err));
}

void image_free(struct image *image)
{
	file_free(&image->file);
	image->segment_count = 0;
}
