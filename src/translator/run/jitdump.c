/*
 * jitdump.c - translated code for perf(1), bytes and all: jit-PID.dump in the current directory, as QEMU's -jitdump.
 *
 *     perf record -k mono -g dbtvm -jitdump ... && perf inject -j -i perf.data -o jit.data && perf report -i jit.data
 *
 * Format: jitdump version 1 (linux: tools/perf/Documentation/jitdump-specification.txt). perf finds the file because a page of it is mapped
 * executable while we record. Records carry the time, so code memory that is used again after a flush is told apart. A block is named by its guest
 * function alone, so that a flame graph has one frame a function; the address is its name when no symbols are known.
 */
#include "base/base.h"
#include "translator/run/jitdump.h"

#include "base/host_clock.h"
#include "base/log.h"
#include "cpu/cpu.h"
#include "translator/run/block.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define JITDUMP_MAGIC 0x4a695444u /* "JiTD" */
#define JITDUMP_VERSION 1

enum { JIT_CODE_LOAD = 0, JIT_CODE_CLOSE = 3 };

struct file_header {
	uint32_t magic, version, total_size, elf_machine, pad, pid;
	uint64_t timestamp, flags;
};

struct record_header {
	uint32_t id, total_size;
	uint64_t timestamp;
};

/* Then the name with its NUL and the code. */
struct code_load {
	struct record_header header;
	uint32_t pid, tid;
	uint64_t vma, address, size, index;
};

static_assert(sizeof(struct file_header) == 40, "jitdump file header");
static_assert(sizeof(struct record_header) == 16, "jitdump record header");
static_assert(sizeof(struct code_load) == 56, "jitdump code load record");

struct jitdump {
	FILE *file;
	void *marker;
	size_t marker_size;
	uint64_t count;
};

/* perf's clock with "record -k mono" */
static uint64_t timestamp(void)
{
	return (uint64_t)host_clock_real_ns();
}

struct jitdump *jitdump_open(struct error *err)
{
	struct file_header header = {
		.magic = JITDUMP_MAGIC, .version = JITDUMP_VERSION, .total_size = sizeof(header), .elf_machine = EM_X86_64, .pid = (uint32_t)getpid(),
		.timestamp = timestamp(),
	};
	struct jitdump *dump = calloc(1, sizeof(*dump));
	char path[64];

	if (!dump) {
		error_set(err, ENOMEM, "-jitdump: not enough memory");
		return NULL;
	}
	snprintf(path, sizeof(path), "jit-%d.dump", (int)getpid());
	dump->file = fopen(path, "w+e");
	if (!dump->file) {
		error_set(err, errno, "-jitdump: cannot write %s in the current directory: %s", path, strerror(errno));
		goto fail;
	}
	if (fwrite(&header, sizeof(header), 1, dump->file) != 1 || fflush(dump->file)) {
		error_set(err, errno, "-jitdump: cannot write %s: %s", path, strerror(errno));
		goto fail;
	}
	dump->marker_size = (size_t)sysconf(_SC_PAGESIZE);
	dump->marker = mmap(NULL, dump->marker_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump->file), 0);
	if (dump->marker == MAP_FAILED) {
		error_set(err, errno, "-jitdump: %s cannot be mapped executable, perf would not find it (a noexec mount?): %s", path, strerror(errno));
		goto fail;
	}
	return dump;
fail:
	if (dump->file)
		fclose(dump->file);
	free(dump);
	return NULL;
}

/* "0xc0123456 <memcpy+0x10>" -> "memcpy" */
static void function_name(const struct log *log, const struct block *block, char *name, size_t size)
{
	char *open, *end;

	log_address(log, block->pc, name, size);
	open = strchr(name, '<');
	if (!open)
		return;
	end = strpbrk(open, "+>");
	if (end)
		*end = '\0';
	memmove(name, open + 1, strlen(open + 1) + 1);
}

void jitdump_add(struct jitdump *dump, const struct log *log, const struct block *block)
{
	uint64_t address = (uint64_t)(uintptr_t)block->code.checked;
	struct code_load load = {
		.header = { .id = JIT_CODE_LOAD, .timestamp = timestamp() },
		.pid = (uint32_t)getpid(), .tid = (uint32_t)gettid(), .vma = address, .address = address, .size = block->code.size,
	};
	char name[160];

	if (!block->code.checked)
		return;
	function_name(log, block, name, sizeof(name));
	load.index = dump->count++;
	load.header.total_size = (uint32_t)(sizeof(load) + strlen(name) + 1 + block->code.size);
	fwrite(&load, sizeof(load), 1, dump->file);
	fwrite(name, strlen(name) + 1, 1, dump->file);
	fwrite(block->code.checked, block->code.size, 1, dump->file);
}

bool jitdump_close(struct jitdump *dump)
{
	const struct record_header close = { .id = JIT_CODE_CLOSE, .total_size = sizeof(close), .timestamp = timestamp() };
	bool good;

	fwrite(&close, sizeof(close), 1, dump->file);
	munmap(dump->marker, dump->marker_size);
	good = !ferror(dump->file);
	good = fclose(dump->file) == 0 && good;
	free(dump);
	return good;
}
