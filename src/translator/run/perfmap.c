/*
 * perfmap.c - the names of translated code for perf: /tmp/perf-PID.map, a line "start size name" for each block, in hexadecimal.
 *
 * perf reads it for memory without a file, as that of the code cache is (x64/cache.c).
 */
#include "base/base.h"
#include "translator/run/perfmap.h"

#include "base/log.h"
#include "cpu/cpu.h"
#include "translator/run/block.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

FILE *perfmap_open(struct error *err)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	file = fopen(path, "we");
	if (!file)
		error_set(err, errno, "-perfmap: cannot write %s: %s", path, strerror(errno));
	return file;
}

void perfmap_add(FILE *file, struct log *log, const struct block *block)
{
	char name[160];

	if (!block->code.checked)
		return;
	log_address(log, block->pc, name, sizeof(name));
	/* perf takes the rest of the line as the name. */
	fprintf(file, "%llx %x guest %s%s\n", (unsigned long long)(uintptr_t)block->code.checked, block->code.size, name,
	        block->key & KEY_T ? " (Thumb)" : "");
}
