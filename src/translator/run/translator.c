#include "base/base.h"
#include "translator/translator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cpu/cpu.h"
#include "mmu/mmu.h"
#include "translator/passes/passes.h"
#include "translator/run/jitdump.h"
#include "translator/run/perfmap.h"
#include "translator/run/run.h"

struct optimization_info {
	const char *name, *help;
};
static const struct optimization_info optimizations[OPT_COUNT] = {
#define OPTIMIZATION(id, name, help) [OPT_##id] = { name, help },
#include "translator/run/optimizations.def"
#undef OPTIMIZATION
};

void translator_default_options(struct translator_options *options)
{
	*options = (struct translator_options){
		.accel = ACCEL_DBT,
		.passes = PASSES_ALL,
		.optimizations = (1u << OPT_COUNT) - 1,
#ifdef DBTVM_DEVELOPER
		.check_ir = true,
#endif
		.cache_bytes = DEFAULT_CACHE_BYTES,
		.quantum = DEFAULT_QUANTUM,
	};
}

static enum window_mode window_mode(const struct translator_options *options)
{
	const uint32_t needed = 1u << OPT_WINDOWS | 1u << OPT_FAST_MEMORY;

	if (options->accel != ACCEL_DBT || (options->optimizations & needed) != needed)
		return WINDOWS_OFF;
	if (options->always_windows)
		return WINDOWS_ALWAYS;
	return options->verify ? WINDOWS_OFF : WINDOWS_AUTO;
}

static bool is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && !memcmp(text, word, len);
}

/* "no-NAME" of @len characters. */
static bool switch_off(struct translator_options *options, const char *text, size_t len)
{
	if (len < 4 || memcmp(text, "no-", 3))
		return false;
	text += 3;
	len -= 3;
	for (unsigned i = 0; i < OPT_COUNT; i++) {
		if (is_word(text, len, optimizations[i].name)) {
			options->optimizations &= ~(1u << i);
			return true;
		}
	}
	for (unsigned i = 0; i < PASS_COUNT; i++) {
		if (is_word(text, len, pass_name(i))) {
			options->passes &= ~(1u << i);
			return true;
		}
	}
	return false;
}

/* "tb-size=N": as QEMU's, in MiB. False: not that. */
static bool is_cache_size(const char *text, size_t len)
{
	return len >= 8 && !memcmp(text, "tb-size=", 8);
}

static int set_cache_size(struct translator_options *options, const char *text, size_t len, struct error *err)
{
	char *end;
	unsigned long size = strtoul(text + 8, &end, 10);

	if (text[8] < '0' || text[8] > '9' || end != text + len || size < 1 || size > 1024)
		return error_set(err, EINVAL, "-accel: \"%.*s\": the code cache can have 1 to 1024 MiB", (int)MIN(len, 64u), text);
	options->cache_bytes = (uint32_t)size << 20;
	return 0;
}

static int unknown_switch(struct error *err, const char *text, size_t len)
{
	char names[64 * (OPT_COUNT + PASS_COUNT)];
	size_t used = 0;

	for (unsigned i = 0; i < OPT_COUNT + PASS_COUNT; i++) {
		const char *name = i < OPT_COUNT ? optimizations[i].name : pass_name(i - OPT_COUNT);

		if (used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%sno-%s", i ? ", " : "", name);
	}
	return error_set(err, EINVAL, "-accel: \"%.*s\" is unknown; there are %s", (int)MIN(len, 64u), text, names);
}

int translator_parse_accel(struct translator_options *options, const char *text, struct error *err)
{
	size_t len = strcspn(text, ",");

	if (is_word(text, len, "dbt"))
		options->accel = ACCEL_DBT;
	else if (is_word(text, len, "interp"))
		options->accel = ACCEL_INTERP;
	else if (is_word(text, len, "tcg") || is_word(text, len, "kvm"))
		return error_set(err, EINVAL, "-accel %.*s is QEMU's: use -accel dbt (the default) or -accel interp", (int)len, text);
	else
		return error_set(err, EINVAL, "-accel: \"%.*s\" is unknown; use dbt or interp, then no-NAME to switch optimizations off",
		                 (int)MIN(len, 64u), text);
	while (text[len]) {
		text += len + 1;
		len = strcspn(text, ",");
		if (is_word(text, len, "windows=always")) {
			options->always_windows = true;
		} else if (is_cache_size(text, len)) {
			int ret = set_cache_size(options, text, len, err);

			if (ret)
				return ret;
		} else if (!switch_off(options, text, len)) {
			return unknown_switch(err, text, len);
		}
	}
	return 0;
}

struct translator *translator_create(struct cpu *cpu, const struct translator_options *options, struct error *err)
{
	struct translator *t = calloc(1, sizeof(*t));
	struct jump_cache *jump_cache = jump_cache_create();
	enum window_mode windows = WINDOWS_OFF;

	if (!t || !jump_cache) {
		error_set(err, ENOMEM, "not enough memory for the translator");
		goto fail;
	}
	t->cpu = cpu;
	t->options = *options;
	t->jump_cache = jump_cache;
	host_clock_init(&t->clock);
	if (t->options.quantum <= 0)
		t->options.quantum = DEFAULT_QUANTUM;
	if (t->options.cache_bytes == 0)
		t->options.cache_bytes = DEFAULT_CACHE_BYTES;
	if (t->options.verify) {
		/* One block at a time, so that each can be compared. */
		t->options.accel = ACCEL_DBT;
		t->options.optimizations &= ~(1u << OPT_CHAIN | 1u << OPT_JUMP_CACHE);
	}
	if (cpu->mmu)
		windows = window_mode(&t->options);
	if (t->options.accel == ACCEL_DBT) {
		const uint32_t resuming = 1u << OPT_JUMP_CACHE | 1u << OPT_INLINE_SYSTEM;
		const struct x64_options x64_options = {
			.optimizations = t->options.optimizations, .cache_bytes = t->options.cache_bytes,
			.forget = windows != WINDOWS_OFF ? table_forget : NULL,
			.resume = (t->options.optimizations & resuming) == resuming ? dispatch_resume : NULL,
		};

		t->x64 = x64_create(&x64_options, err);
		if (!t->x64)
			goto fail;
	}
	if (t->options.perfmap) {
		t->perfmap = perfmap_open(err);
		if (!t->perfmap)
			goto fail;
	}
	if (t->options.jitdump) {
		t->jitdump = jitdump_open(err);
		if (!t->jitdump)
			goto fail;
	}
	arena_init(&t->arena, 2 * MiB - ARENA_CHUNK_HEAD);
	cpu->jump_cache = jump_cache;
	cpu->translator = t;
	if (cpu->mmu)
		mmu_set_windows(cpu->mmu, windows);
	return t;
fail:
	if (t && t->x64)
		x64_destroy(t->x64);
	if (t && t->perfmap)
		fclose(t->perfmap);
	free(jump_cache);
	free(t);
	return NULL;
}

void translator_destroy(struct translator *t)
{
	if (!t)
		return;
	/* Frames keep no pointers into what is freed. */
	table_flush(t);
	t->cpu->translator = NULL;
	t->cpu->jump_cache = NULL;
	if (t->x64)
		x64_destroy(t->x64);
	if (t->perfmap)
		fclose(t->perfmap);
	if (t->jitdump && !jitdump_close(t->jitdump))
		log_always(t->cpu->log, "-jitdump: the file is not complete (is the disk full?)");
	arena_fini(&t->arena);
	free(t->jump_cache);
	free(t);
}

void translator_reset(struct translator *t)
{
	table_flush(t);
}

bool translator_is_code(const struct translator *t, const void *host)
{
	return t->x64 && x64_is_code(t->x64, host);
}

size_t translator_code_used(const struct translator *t)
{
	return t->x64 ? x64_used(t->x64) : t->arena.used;
}
