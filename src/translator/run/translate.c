/*
 * translate.c - guest code at one PC to a block: lift, passes, emit.
 *
 * What does not fit is translated again, shorter; what cannot be emitted keeps its IR for the interpreter. A full cache or
 * arena is flushed, which is safe here: this runs from the dispatcher only.
 */
#include "base/base.h"
#include "translator/run/run.h"

#include <errno.h>
#include <string.h>

#include "base/host_clock.h"
#include "base/log.h"
#include "memory/phys.h"
#include "mmu/mmu.h"
#include "translator/passes/passes.h"
#include "translator/run/jitdump.h"
#include "translator/run/perfmap.h"

/* One translation. */
struct job {
	struct translator *t;
	gva_t pc;
	uint32_t key;
	gpa_t pa;
	struct frame *frame;
	const uint8_t *host; /* of the page */
	struct lift_result lifted;
	gpa_t pa2;           /* of the next page, once lift asked for it */
	struct frame *frame2;
	unsigned max_insns;
};

static int next_page(void *opaque, const uint8_t **bytes)
{
	struct job *job = opaque;
	gva_t next = (job->pc | GUEST_PAGE_MASK) + 1;

	if (mmu_fetch_page(job->t->cpu, next, bytes, &job->pa2, &job->frame2))
		return -1;
	if (!*bytes) {
		job->t->cpu->fault.va = next;
		job->t->cpu->fault.fsr = 0x8; /* synchronous external abort (B3.13.3) */
		job->t->cpu->fault.write = false;
		return -1;
	}
	return 0;
}

static bool shown(const struct job *job, enum log_category cat)
{
	struct cpu *cpu = job->t->cpu;

	return unlikely(log_has(cpu->log_mask, cat)) && log_addr_enabled(cpu->log, job->pc);
}

static void check(const struct ir_block *ir)
{
	unsigned at;
	const char *wrong = ir_verify(ir, &at);

	if (!wrong)
		return;
	fprintf(stderr, "IR op %u: %s\n", at, wrong);
	ir_dump(ir, stderr);
	BUG("lift made wrong IR");
}

/* Lifts and optimizes at most job->max_insns instructions. 0, or -1: cannot be fetched. */
static int lift(struct job *job)
{
	struct translator *t = job->t;
	const struct lift_source source = { .page = job->pc & ~(gva_t)GUEST_PAGE_MASK, .bytes = job->host, .next_page = next_page, .opaque = job };
	const struct lift_options options = {
		.max_insns = (uint16_t)job->max_insns,
		.superblocks = t->options.optimizations >> OPT_SUPERBLOCK & 1,
		.count_sensitive = t->options.count_sensitive,
		.no_runs = !(t->options.optimizations >> OPT_LIFT_RUNS & 1),
		.plain_system = !(t->options.optimizations >> OPT_INLINE_SYSTEM & 1),
	};
	struct log *log = t->cpu->log;
	const bool logs = unlikely(t->cpu->log_mask);

	ir_block_init(&t->ir, job->pc, job->key);
	if (lift_block(t->cpu, &source, &options, &t->ir, &job->lifted) < 0)
		return -1;
	if (t->ir.overflow)
		return 0;
	if (logs && shown(job, LOG_IN_ASM))
		show_guest_code(t, log_stream(log), t->ir.ops, t->ir.count);
	if (logs && shown(job, LOG_OP))
		ir_dump(&t->ir, log_stream(log));
	if (t->options.check_ir)
		check(&t->ir);
	passes_run(&t->ir, t->options.passes, t->options.check_ir);
	if (logs && shown(job, LOG_OP_OPT))
		ir_dump(&t->ir, log_stream(log));
	return 0;
}

/* Keeps the IR with the block. */
static bool keep_ops(struct translator *t, struct block *block)
{
	size_t size = t->ir.count * sizeof(struct ir_insn);
	struct block_rare *rare = table_rare(t, block);

	if (rare)
		rare->ops = table_alloc(t, size);
	if (!rare || !rare->ops)
		return false;
	memcpy(rare->ops, t->ir.ops, size);
	interp_prepare(rare->ops, t->ir.count);
	rare->op_count = t->ir.count;
	rare->tmp_count = t->ir.tmps;
	rare->label_count = t->ir.labels;
	return true;
}

static struct block *new_block(struct job *job)
{
	struct block_rare *rare = job->lifted.straddles ? table_alloc(job->t, sizeof(*rare)) : NULL;
	struct block *block = table_alloc(job->t, sizeof(*block)); /* last, as it will be trimmed */

	if (!block || (job->lifted.straddles && !rare))
		return NULL;
	/* In two: what is larger would be `rep stos`, which takes long to begin. */
	static_assert(offsetof(struct block, code.exits) > 64 && offsetof(struct block, code.exits) <= 128, "in two");
	memset(block, 0, 64);
	memset((uint8_t *)block + 64, 0, offsetof(struct block, code.exits) - 64);
	block->pc = job->pc;
	block->key = job->key;
	block->pa = job->pa;
	block->frame = job->frame;
	block->first = job->lifted.first;
	block->last = job->lifted.last;
	block->insns = job->lifted.insns;
	if (unlikely(rare)) {
		block->straddles = true;
		block->rare = rare;
		*rare = (struct block_rare){ .frame2 = job->frame2, .pa2 = job->pa2 };
	}
	return block;
}

/* Emits the IR for @block. 0: done, or to be interpreted; else as x64_emit(): -ENOSPC, -E2BIG. */
static int emit(struct job *job, struct block *block)
{
	struct translator *t = job->t;
	int status = -ENOTSUP;

	if (t->x64)
		status = x64_emit(t->x64, t->cpu, &t->ir, job->pa & ~(gpa_t)GUEST_PAGE_MASK, block, &block->code);
	if (status == -E2BIG && job->lifted.insns == 1)
		status = -ENOTSUP;
	if (status == -ENOSPC || status == -E2BIG)
		return status;
	if (status) {
		block->code.checked = block->code.fast = NULL;
		block->code.exit_count = 0;
	}
	table_trim(t, block, offsetof(struct block, code.exits) + block->code.exit_count * sizeof(block->code.exits[0]));
	if (((status || t->options.verify) && !keep_ops(t, block)) || !revive_keep(t, block, job->host))
		return -ENOSPC;
	if (!status && t->perfmap)
		perfmap_add(t->perfmap, t->cpu->log, block);
	if (!status && t->jitdump)
		jitdump_add(t->jitdump, t->cpu->log, block);
	if (!status && shown(job, LOG_OUT_ASM))
		x64_dump(t->x64, &block->code, t->cpu->log);
	return 0;
}

/* One attempt. 0 and *block; -1: cannot be fetched; -ENOSPC; -E2BIG. */
static int attempt(struct job *job, struct block **block)
{
	struct translator *t = job->t;

	/* Nobody has read the code before. */
	__builtin_prefetch(job->host + (job->pc & GUEST_PAGE_MASK));
	if (!table_trace_frame(t, job->frame, job->pa))
		return -ENOSPC;
	if (lift(job) < 0)
		return -1;
	if (t->ir.overflow)
		return -E2BIG;
	if (job->lifted.straddles && !table_trace_frame(t, job->frame2, job->pa2))
		return -ENOSPC;
	*block = new_block(job);
	if (!*block)
		return -ENOSPC;
	return emit(job, *block);
}

struct block *translate(struct translator *t, gva_t pc, uint32_t key, const uint8_t *host, gpa_t pa, struct frame *frame)
{
	struct job job = { .t = t, .pc = pc, .key = key, .pa = pa, .frame = frame, .host = host, .max_insns = BLOCK_MAX_INSNS };
	int64_t start = host_clock_ns(&t->clock);
	struct block *block = NULL;
	unsigned flushes = 0;

	for (;;) {
		int status = attempt(&job, &block);

		if (status == 0)
			break;
		if (status == -1)
			return NULL;
		if (status == -E2BIG) {
			BUG_ON(job.max_insns == 1);
			job.max_insns = MAX(MIN(job.max_insns, job.lifted.insns) / 2, 1u);
		} else {
			/* Twice: not even one block fits into an empty cache or the host has no memory. */
			BUG_ON(++flushes > 2);
			table_flush(t);
		}
	}
	table_insert(t, block);
	t->cpu->stats[CPU_STAT_BLOCKS]++;
	t->cpu->stats[CPU_STAT_BLOCK_INSNS] += block->insns;
	t->cpu->stats[CPU_STAT_CODE_BYTES] += block->code.checked ? block->code.size : 0;
	t->cpu->stats[CPU_STAT_TRANSLATE_NS] += (uint64_t)(host_clock_ns(&t->clock) - start);
	return block;
}
