#include "base/base.h"
#include "machine/symbols.h"

#include "machine/file.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)2 << 30)
#define MAX_OFFSET (1u << 20)

struct symbol {
	gva_t addr;
	const char *name; /* into file, terminated within it */
};

struct symbols {
	struct file file;
	struct symbol *list; /* sorted by addr */
	size_t count, room;
};

static int add(struct symbols *s, gva_t addr, const char *name)
{
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 4096;
		struct symbol *list = realloc(s->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		s->list = list;
		s->room = room;
	}
	s->list[s->count++] = (struct symbol){addr, name};
	return 0;
}

/* A mapping symbol ($a, $t, $d) names a kind of contents, not a place. */
static bool wanted(const Elf32_Sym *sym, const char *name)
{
	unsigned type = ELF32_ST_TYPE(sym->st_info);

	return (type == STT_FUNC || type == STT_NOTYPE || type == STT_OBJECT) && le16toh(sym->st_shndx) != SHN_UNDEF && name[0] &&
	       name[0] != '$';
}

static bool inside(const struct symbols *s, uint64_t offset, uint64_t size)
{
	return offset <= s->file.size && size <= s->file.size - offset;
}

static int load_elf(struct symbols *s)
{
	const Elf32_Ehdr *eh = (const Elf32_Ehdr *)s->file.data;
	uint32_t shoff, shnum;

	if (s->file.size < sizeof(*eh) || eh->e_ident[EI_CLASS] != ELFCLASS32 || eh->e_ident[EI_DATA] != ELFDATA2LSB)
		return -EINVAL;
	shoff = le32toh(eh->e_shoff);
	shnum = le16toh(eh->e_shnum);
	if (shoff % 4 || le16toh(eh->e_shentsize) != sizeof(Elf32_Shdr) || !inside(s, shoff, (uint64_t)shnum * sizeof(Elf32_Shdr)))
		return -EINVAL;
	const Elf32_Shdr *sh = (const Elf32_Shdr *)(s->file.data + shoff);
	for (uint32_t i = 0; i < shnum; i++) {
		uint32_t link = le32toh(sh[i].sh_link), offset = le32toh(sh[i].sh_offset), size = le32toh(sh[i].sh_size);

		if (le32toh(sh[i].sh_type) != SHT_SYMTAB || link >= shnum || offset % 4 || !inside(s, offset, size))
			continue;
		uint32_t str = le32toh(sh[link].sh_offset), str_size = le32toh(sh[link].sh_size);
		if (!inside(s, str, str_size) || str_size == 0 || s->file.data[str + str_size - 1] != 0)
			continue;
		const Elf32_Sym *sym = (const Elf32_Sym *)(s->file.data + offset);
		for (uint32_t n = 0; n < size / sizeof(*sym); n++) {
			uint32_t at = le32toh(sym[n].st_name);

			if (at >= str_size)
				continue;
			const char *name = (const char *)s->file.data + str + at;
			if (wanted(&sym[n], name) && add(s, le32toh(sym[n].st_value) & ~1u, name))
				return -ENOMEM;
		}
	}
	return 0;
}

/* "c0008000 T _text" lines. */
static int load_map(struct symbols *s)
{
	char *at = (char *)s->file.data, *end = at + s->file.size;

	while (at < end) {
		char *line_end = memchr(at, '\n', (size_t)(end - at));
		char *rest;

		if (!line_end)
			break;
		*line_end = 0;
		unsigned long addr = strtoul(at, &rest, 16);
		if (rest == at + 8 && rest[0] == ' ' && rest[1] && rest[2] == ' ') {
			if (add(s, (gva_t)addr, rest + 3))
				return -ENOMEM;
		} else if (at != line_end) {
			return -EINVAL;
		}
		at = line_end + 1;
	}
	return 0;
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

struct symbols *symbols_load(const char *path, struct error *err)
{
	struct symbols *s = calloc(1, sizeof(*s));
	int ret;

	if (!s) {
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	if (file_read(&s->file, path, "symbol file", FILE_LIMIT, err)) {
		free(s);
		return NULL;
	}
	ret = s->file.size >= 4 && !memcmp(s->file.data, ELFMAG, SELFMAG) ? load_elf(s) : load_map(s);
	if (!ret && s->count == 0)
		ret = -EINVAL;
	if (ret) {
		error_set(err, -ret, "symbol file '%s' is neither a 32-bit Arm ELF file with symbols nor a System.map", path);
		symbols_destroy(s);
		return NULL;
	}
	qsort(s->list, s->count, sizeof(*s->list), by_addr);
	return s;
}

void symbols_destroy(struct symbols *s)
{
	if (!s)
		return;
	file_free(&s->file);
	free(s->list);
	free(s);
}

int64_t symbols_find(void *opaque, gva_t addr, char *name, size_t size)
{
	const struct symbols *s = opaque;
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (s->list[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 || addr - s->list[low - 1].addr >= MAX_OFFSET)
		return -1;
	snprintf(name, size, "%s", s->list[low - 1].name);
	return addr - s->list[low - 1].addr;
}
