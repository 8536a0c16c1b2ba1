/* Kernel images and initial RAM disks: formats, placement, hostile files. */
#include "base/base.h"

#include "machine/image.h"
#include "machine/initrd.h"
#include "tests/base/check_run.h"

#include <check.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define RAM 0x60000000u
#define RAM_SIZE (256 * MiB)

static int load(struct image *image, const void *data, size_t size, struct error *err)
{
	return image_from_memory(image, data, size, "test", RAM, RAM_SIZE, err);
}

static void put32(uint8_t *at, uint32_t value)
{
	value = htole32(value);
	memcpy(at, &value, 4);
}

static void make_zimage(uint8_t *data, size_t size)
{
	memset(data, 0, size);
	put32(data + 0x24, 0x016f2818);
	put32(data + 0x2c, (uint32_t)size);
}

START_TEST(zimage_goes_to_64k)
{
	uint8_t data[4096];
	struct image image;
	struct error err;

	make_zimage(data, sizeof(data));
	ck_assert_int_eq(load(&image, data, sizeof(data), &err), 0);
	ck_assert_int_eq(image.kind, IMAGE_ZIMAGE);
	ck_assert_uint_eq(image.segments[0].addr, RAM + 0x10000);
	ck_assert_uint_eq(image.entry, RAM + 0x10000);
	ck_assert_uint_eq(image.run_size, 0);
	image_free(&image);
}
END_TEST

START_TEST(zimage_size_table)
{
	uint8_t data[4096];
	struct image image;
	struct error err;

	make_zimage(data, sizeof(data));
	put32(data + 0x34, 0x45454545);
	put32(data + 0x38, 0x100);
	put32(data + 0x100, 6);
	put32(data + 0x104, 0x5a534c4b);
	put32(data + 0x108, 0x201); /* not aligned, as in real kernels */
	put32(data + 0x10c, 0x1000);
	put32(data + 0x110, 0x208000);
	put32(data + 0x201, 0x300000);
	ck_assert_int_eq(load(&image, data, sizeof(data), &err), 0);
	ck_assert_uint_eq(image.run_base, RAM);
	ck_assert_uint_eq(image.run_size, 0x208000 + 0x300000 + 0x1000);
	image_free(&image);
	/* Tables that lead nowhere, or in circles, are ignored. */
	for (uint32_t table = 0; table < 0x1100; table += 0x7f) {
		put32(data + 0x38, table == 0x7f ? 0xfffffff0 : table);
		ck_assert_int_eq(load(&image, data, sizeof(data), &err), 0);
		image_free(&image);
	}
}
END_TEST

static const struct {
	uint32_t words[4];
	enum image_kind kind;
	gpa_t addr;
} raw_rows[] = {
	/* bl __hyp_stub_install; mrs r9, cpsr; eor r9, r9, #0x1a; tst r9, #0x1f */
	{{0xeb000000, 0xe10f9000, 0xe229901a, 0xe319001f}, IMAGE_IMAGE, RAM + 0x8000},
	/* with "sub r8, r8, #0x208000", as Debian's kernel has it */
	{{0xe10f9000, 0xe229901a, 0xe088800f, 0xe2488982}, IMAGE_IMAGE, RAM + 0x208000},
	/* the same in T32 */
	{{0xf8dff000, 0x8900f3ef, 0x091af089, 0}, IMAGE_IMAGE, RAM + 0x8000},
	{{0xea00000e, 0, 0, 0}, IMAGE_RAW, RAM + 0x10000},
};

START_TEST(raw_images)
{
	uint8_t data[256] = {0};
	struct image image;
	struct error err;

	for (unsigned i = 0; i < 4; i++)
		put32(data + 16 + i * 4, raw_rows[_i].words[i]);
	ck_assert_int_eq(load(&image, data, sizeof(data), &err), 0);
	ck_assert_int_eq(image.kind, raw_rows[_i].kind);
	ck_assert_uint_eq(image.segments[0].addr, raw_rows[_i].addr);
	ck_assert_uint_eq(image.entry, raw_rows[_i].addr);
	image_free(&image);
}
END_TEST

static size_t make_elf(uint8_t *data, uint32_t paddr, uint32_t entry)
{
	Elf32_Ehdr *eh = (Elf32_Ehdr *)data;
	Elf32_Phdr *ph = (Elf32_Phdr *)(data + sizeof(*eh));

	memset(data, 0, 256);
	memcpy(eh->e_ident, ELFMAG, SELFMAG);
	eh->e_ident[EI_CLASS] = ELFCLASS32;
	eh->e_ident[EI_DATA] = ELFDATA2LSB;
	eh->e_machine = EM_ARM;
	eh->e_entry = entry;
	eh->e_phoff = sizeof(*eh);
	eh->e_phentsize = sizeof(*ph);
	eh->e_phnum = 1;
	*ph = (Elf32_Phdr){.p_type = PT_LOAD, .p_offset = 128, .p_vaddr = paddr, .p_paddr = paddr, .p_filesz = 64, .p_memsz = 4096};
	return 192;
}

START_TEST(elf_bare_metal_and_vmlinux)
{
	uint8_t data[256] __attribute__((aligned(8)));
	struct image image;
	struct error err;
	size_t size = make_elf(data, RAM + 0x100000, RAM + 0x100004);

	ck_assert_int_eq(load(&image, data, size, &err), 0);
	ck_assert_uint_eq(image.segments[0].addr, RAM + 0x100000);
	ck_assert_uint_eq(image.segments[0].size, 64);
	ck_assert_uint_eq(image.segments[0].mem_size, 4096);
	ck_assert_uint_eq(image.entry, RAM + 0x100004);
	image_free(&image);

	/* A vmlinux says virtual addresses: PAGE_OFFSET becomes the start of RAM. */
	size = make_elf(data, 0xc0208000, 0xc0208000);
	ck_assert_int_eq(load(&image, data, size, &err), 0);
	ck_assert_uint_eq(image.segments[0].addr, RAM + 0x208000);
	ck_assert_uint_eq(image.entry, RAM + 0x208000);
	image_free(&image);
}
END_TEST

START_TEST(gzip_of_a_zimage)
{
	uint8_t data[4096], packed[8192];
	struct image image;
	struct error err;
	z_stream z = {0};

	make_zimage(data, sizeof(data));
	ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = data;
	z.avail_in = sizeof(data);
	z.next_out = packed;
	z.avail_out = sizeof(packed);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t size = z.total_out;
	deflateEnd(&z);
	ck_assert_int_eq(load(&image, packed, size, &err), 0);
	ck_assert_int_eq(image.kind, IMAGE_ZIMAGE);
	ck_assert_mem_eq(image.segments[0].data, data, sizeof(data));
	image_free(&image);
	/* Every truncation is noticed. */
	for (size_t cut = 18; cut < size; cut++) {
		ck_assert_int_eq(load(&image, packed, cut, &err), -EINVAL);
		ck_assert_ptr_nonnull(strstr(err.msg, "truncated"));
	}
}
END_TEST

/* Every single-byte change of every format's head: an answer, never a crash (the sanitizers watch). */
START_TEST(hostile_heads)
{
	uint8_t data[256] __attribute__((aligned(8)));
	size_t size = make_elf(data, RAM, RAM);
	struct image image;
	struct error err;

	for (size_t at = 4; at < 84; at++) {
		for (unsigned value = 0; value < 256; value += 17) {
			uint8_t old = data[at];

			data[at] = (uint8_t)value;
			if (load(&image, data, size, &err) == 0) {
				for (unsigned i = 0; i < image.segment_count; i++)
					ck_assert_uint_le(image.segments[i].size, image.segments[i].mem_size);
				image_free(&image);
			} else {
				ck_assert_int_gt(strlen(err.msg), 10);
			}
			data[at] = old;
		}
	}
}
END_TEST

static size_t newc_entry(char *at, const char *name, const char *contents)
{
	size_t n = (size_t)sprintf(at, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1, 0x81a4, 0, 0, 1, 0, strlen(contents), 0, 0, 0, 0,
	                           strlen(name) + 1, 0);

	n += (size_t)sprintf(at + n, "%s", name) + 1;
	while (n % 4)
		at[n++] = 0;
	memcpy(at + n, contents, strlen(contents));
	n += strlen(contents);
	while (n % 4)
		at[n++] = 0;
	return n;
}

START_TEST(cpio_walk)
{
	char data[2048];
	struct error err;
	size_t first = newc_entry(data, "init", "#!/bin/sh\n");
	size_t size = first + newc_entry(data + first, "TRAILER!!!", "");

	ck_assert_int_eq(cpio_check((uint8_t *)data, size, &err), 0);
	for (size_t cut = 7; cut + 4 < size; cut++)
		ck_assert_msg(cpio_check((uint8_t *)data, cut, &err) == -EINVAL, "cut at %zu", cut);
	/* Zeros, then a second archive; then something else entirely. */
	memset(data + size, 0, 512);
	size_t second = newc_entry(data + size + 512, "TRAILER!!!", "");
	ck_assert_int_eq(cpio_check((uint8_t *)data, size + 512 + second, &err), 0);
	ck_assert_int_eq(cpio_check((uint8_t *)data, size + 512 + second - 20, &err), -EINVAL);
	memcpy(data + size, "\x28\xb5\x2f\xfd", 4);
	ck_assert_int_eq(cpio_check((uint8_t *)data, size + 100, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("images");
	TCase *tc = tcase_create("images");

	tcase_add_test(tc, zimage_goes_to_64k);
	tcase_add_test(tc, zimage_size_table);
	tcase_add_loop_test(tc, raw_images, 0, ARRAY_SIZE(raw_rows));
	tcase_add_test(tc, elf_bare_metal_and_vmlinux);
	tcase_add_test(tc, gzip_of_a_zimage);
	tcase_add_test(tc, hostile_heads);
	tcase_add_test(tc, cpio_walk);
	suite_add_tcase(suite, tc);
	return check_run_suite(suite);
}
