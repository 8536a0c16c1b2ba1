/* x64.c - the back end as others see it: life, running, linking, dumping. */
#include "base/base.h"
#include "translator/x64/x64.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/disasm.h"
#include "base/log.h"
#include "translator/run/block.h"
#include "translator/x64/emit.h"
#include "translator/x64/signals.h"

static void detect_host(struct host_features *host)
{
	__builtin_cpu_init();
	host->bmi1 = __builtin_cpu_supports("bmi");
	host->bmi2 = __builtin_cpu_supports("bmi2");
	host->lzcnt = host->bmi1; /* every host with BMI1 has LZCNT */
	host->movbe = false;
	host->avx = __builtin_cpu_supports("avx2");
}

struct x64 *x64_create(const struct x64_options *options, struct error *err)
{
	struct x64 *x64 = calloc(1, sizeof(*x64));

	if (x64)
		x64->emit = calloc(1, sizeof(*x64->emit));
	if (!x64 || !x64->emit) {
		error_set(err, ENOMEM, "not enough memory for the translator");
		x64_destroy(x64);
		return NULL;
	}
	x64->optimizations = options->optimizations;
	x64->emit->x64 = x64;
	loop_homes_set(x64->emit, 0);
	x64->resume = options->resume;
	x64->forget = options->forget;
	detect_host(&x64->host);
	if (options->sse_only)
		x64->host.avx = false;
	if (cache_init(&x64->cache, options->cache_bytes, err) < 0) {
		x64_destroy(x64);
		return NULL;
	}
	/* As much as code comes to. Memory that is not touched costs nothing. */
	x64->windows = options->forget != NULL;
	x64->site_capacity = (uint32_t)MIN(x64->cache.size / 32 + MAX_SITES, SITE_INDEX_MAX);
	x64->word_capacity = (uint32_t)MIN(x64->cache.size / 16 + MAX_SITE_WORDS, SITE_INDEX_MAX);
	x64->sites = malloc(x64->site_capacity * sizeof(*x64->sites));
	x64->words = malloc(x64->word_capacity * sizeof(*x64->words));
	if (!x64->sites || !x64->words) {
		error_set(err, ENOMEM, "not enough memory for the translator");
		x64_destroy(x64);
		return NULL;
	}
	x64->fp_traps = x64_opt(x64, OPT_FP_TRAPS) && x64_opt(x64, OPT_INLINE_FP);
	if (x64->fp_traps) {
		/* An operation and its cold code take more than this. Memory that is not touched costs nothing. */
		x64->trap_capacity = (uint32_t)(x64->cache.size / 24);
		x64->traps = malloc(x64->trap_capacity * sizeof(*x64->traps));
		if (!x64->traps) {
			error_set(err, ENOMEM, "not enough memory for the translator");
			x64_destroy(x64);
			return NULL;
		}
	}
	if (stubs_emit(x64) < 0) {
		error_set(err, EINVAL, "a code cache of %zu bytes is too small: choose at least 1 MiB", x64->cache.size);
		x64_destroy(x64);
		return NULL;
	}
	return x64;
}

void x64_destroy(struct x64 *x64)
{
	if (!x64)
		return;
	cache_fini(&x64->cache);
	free(x64->sites);
	free(x64->words);
	free(x64->traps);
	free(x64->emit);
	free(x64);
}

void x64_flush(struct x64 *x64)
{
	cache_flush(&x64->cache);
	x64->site_count = x64->word_count = 0;
	memset(x64->demoted, 0, sizeof(x64->demoted));
	memset(x64->demoted_pages, 0, sizeof(x64->demoted_pages));
	x64->trap_count = 0;
	/* The next time round it is tried again. */
	x64->fp_traps = x64->traps && !x64->too_many_traps;
	x64->too_many_traps = 0;
	x64->recent_traps = 0;
}

bool x64_flush_wanted(const struct x64 *x64)
{
	return x64->too_many_traps;
}

size_t x64_used(const struct x64 *x64)
{
	return x64->cache.used - x64->cache.fixed;
}

bool x64_is_code(const struct x64 *x64, const void *host)
{
	return (uintptr_t)host - (uintptr_t)x64->cache.exec < x64->cache.used;
}

enum x64_exit x64_run(struct x64 *x64, struct cpu *cpu, const uint8_t *entry)
{
	int (*enter)(struct cpu *, const uint8_t *) = (int (*)(struct cpu *, const uint8_t *))(uintptr_t)x64->stubs.enter;
	enum x64_exit why;

	cpu->mxcsr_masks = x64->fp_traps ? 0 : MXCSR_MASKS;
	signals_running(x64);
	why = (enum x64_exit)enter(cpu, entry);
	signals_running(NULL);
	return why;
}

/* The displacement lies within one cache line (emit_exit.c), so other cores see the old or the new one. */
static void patch_jump(struct x64 *x64, uint32_t jump, uint32_t target)
{
	__atomic_store_n((uint32_t *)(void *)(x64->cache.write + jump), target - (jump + 4), __ATOMIC_RELEASE);
}

void x64_link(struct x64 *x64, struct block_exit *exit, const struct x64_code *to, const uint8_t *entry)
{
	uint32_t target = (uint32_t)(entry - x64->cache.exec);

	/* A loop's way back leaves flags in registers as only its own block's second body expects them; the stub stores them. */
	if (exit->kind == LINK_LOOP)
		patch_jump(x64, exit->jump, entry == exit_block(exit)->code.fast ? exit->behind : exit->stub);
	else if (exit->kind == LINK_FLAGS && !(to->flags_dead && entry == to->fast))
		patch_jump(x64, exit->behind, target);
	else
		patch_jump(x64, exit->jump, target);
}

void x64_unlink(struct x64 *x64, struct block_exit *exit)
{
	patch_jump(x64, exit->jump, exit->stub);
	if (exit->kind == LINK_FLAGS)
		patch_jump(x64, exit->behind, exit->behind + 4);
}

void x64_dump(struct x64 *x64, const struct x64_code *code, struct log *log)
{
	const uint8_t *start = code->checked - cache_exec_delta(&x64->cache);
	const struct x64_mark *marks;
	struct x64_trailer trailer = { .code_bytes = code->size };
	uint32_t offset = 0, mark = 0;

	if (code->marked)
		memcpy(&trailer, start + code->size - sizeof(trailer), sizeof(trailer));
	marks = (const struct x64_mark *)(const void *)(start + trailer.marks);
	log_printf(log, LOG_OUT_ASM, "OUT: [size=%u]\n", trailer.code_bytes);
	while (offset < trailer.code_bytes) {
		char text[128];
		size_t length;

		if (offset && offset == trailer.cold)
			log_printf(log, LOG_OUT_ASM, "  -- out of line\n");
		for (; mark < trailer.mark_count && marks[mark].offset <= offset; mark++)
			log_printf(log, LOG_OUT_ASM, "  -- guest 0x%08x\n", marks[mark].pc);
		length = disasm_one(DISASM_X64, start + offset, trailer.code_bytes - offset, (uintptr_t)code->checked + offset, text, sizeof(text));
		log_printf(log, LOG_OUT_ASM, "0x%" PRIxPTR ":  %s\n", (uintptr_t)code->checked + offset, text);
		offset += length ? (uint32_t)length : 1;
	}
	log_printf(log, LOG_OUT_ASM, "\n");
}
