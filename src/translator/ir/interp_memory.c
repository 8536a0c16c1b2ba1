/* interp_memory.c - the interpreter's loads and stores: through the shadow tables where they allow, else by the MMU's slow path. */
#include "base/base.h"
#include "translator/ir/interp_private.h"

#include <string.h>

#include "base/bits.h"
#include "mmu/mmu.h"
#include "translator/run/helpers.h"

static inline unsigned access_size(const struct ir_insn *op)
{
	return 1u << (op->mem & ACCESS_SIZE_MASK);
}

/* Host address where the shadow table maps an aligned access of the current privilege, else NULL. */
static uint8_t *in_line(const struct ir_insn *op, const uint64_t *table, gva_t va)
{
	uint64_t addend = table[va >> GUEST_PAGE_BITS];

	if (addend == 0 || va & (access_size(op) - 1) || op->mem & (ACCESS_USER | ACCESS_BE))
		return NULL;
	return (uint8_t *)(uintptr_t)(addend + va);
}

static bool raise_abort(struct interp *in)
{
	in->cpu->exit_arg[0] = RAISE_DATA_ABORT;
	return false;
}

/*
 * A dry run may not use the slow path but where that faults for certain, which changes nothing. A mapping that is
 * missing only in the shadow is not looked for: the real run fills it, and the next one is checked.
 */
static bool dry_slow_path(struct interp *in, const struct ir_insn *op, gva_t va, bool write)
{
	struct cpu *cpu = in->cpu;
	bool privileged = cpu_privileged(cpu) && !(op->mem & ACCESS_USER);
	uint64_t value = 0;
	struct walk walk;

	if (va & (access_size(op) - 1) || !mmu_walk(cpu, va, write ? MMU_WRITE : MMU_READ, privileged, &walk)) {
		in->journal->failed = true;
		return false;
	}
	cpu->r[15] = in->pc;
	if (write ? mmu_store(cpu, va, op->mem, value) == 0 : mmu_load(cpu, va, op->mem, &value) == 0) {
		in->journal->failed = true;
		return false;
	}
	return raise_abort(in);
}

/* The slow path may reach devices: they see the PC, and time that includes the instructions before this one. */
static void enter_slow_path(struct interp *in)
{
	in->cpu->r[15] = in->pc;
	in->cpu->countdown -= (int32_t)in->insns - 1;
}

static void leave_slow_path(struct interp *in)
{
	in->cpu->countdown += (int32_t)in->insns - 1;
}

static uint64_t extend(const struct ir_insn *op, uint64_t value)
{
	if (op->mem & ACCESS_SIGNED)
		return (uint32_t)sign_extend32((uint32_t)value, 8 * access_size(op));
	return value;
}

static bool load(struct interp *in, const struct ir_insn *op, gva_t va, uint64_t *value)
{
	const uint8_t *host = in_line(op, in->cpu->space->read, va);
	int failed;

	if (likely(host)) {
		*value = 0;
		memcpy(value, host, access_size(op));
		*value = extend(op, *value);
		return true;
	}
	if (in->journal)
		return dry_slow_path(in, op, va, false);
	enter_slow_path(in);
	failed = mmu_load(in->cpu, va, op->mem, value);
	leave_slow_path(in);
	return failed ? raise_abort(in) : true;
}

/* The register pair of LDREXD: the word at the lower address first, whatever the order of bytes in it. */
static uint64_t swap_words(const struct ir_insn *op, uint64_t value)
{
	return access_size(op) == 8 && op->mem & ACCESS_BE ? value >> 32 | value << 32 : value;
}

bool interp_load(struct interp *in, const struct ir_insn *op)
{
	struct cpu *cpu = in->cpu;
	gva_t va = interp_get(in, op, op->a) + op->imm2;
	uint64_t value;

	if (op->op == IR_LDREX) {
		if (in->journal) {
			in->journal->failed = true;
			return false;
		}
		cpu->r[15] = in->pc;
		if (mmu_load_exclusive(cpu, va, op->mem, &value))
			return raise_abort(in);
		value = swap_words(op, value);
		interp_set(in, op->dst, (uint32_t)value);
		if (op->dst2 != IR_NONE)
			interp_set(in, op->dst2, (uint32_t)(value >> 32));
		return true;
	}
	if (!load(in, op, va, &value))
		return false;
	if (op->op == IR_LD)
		interp_set(in, op->dst, (uint32_t)value);
	else if (access_size(op) == 8)
		cpu->vfp.d[op->dst] = value;
	else
		cpu->vfp.s[op->dst] = (uint32_t)value;
	return true;
}

static bool store_in_journal(struct interp *in, const struct ir_insn *op, gva_t va, uint8_t *host, uint64_t value)
{
	struct interp_journal *journal = in->journal;
	struct interp_store *store = &journal->stores[journal->count];

	if (journal->count == INTERP_JOURNAL_STORES) {
		journal->failed = true;
		return false;
	}
	journal->count++;
	*store = (struct interp_store){ .host = host, .va = va, .size = access_size(op) };
	memcpy(&store->before, host, store->size);
	memcpy(host, &value, store->size);
	return true;
}

static bool store(struct interp *in, const struct ir_insn *op, gva_t va, uint64_t value)
{
	uint8_t *host = in_line(op, in->cpu->space->write, va);
	int failed;

	if (in->journal)
		return host ? store_in_journal(in, op, va, host, value) : dry_slow_path(in, op, va, true);
	if (likely(host)) {
		memcpy(host, &value, access_size(op));
		return true;
	}
	enter_slow_path(in);
	failed = mmu_store(in->cpu, va, op->mem, value);
	leave_slow_path(in);
	return failed ? raise_abort(in) : true;
}

static bool store_exclusive(struct interp *in, const struct ir_insn *op, gva_t va)
{
	uint64_t value = interp_get(in, op, op->b);
	uint32_t failed;

	if (in->journal) {
		in->journal->failed = true;
		return false;
	}
	if (op->c != IR_NONE)
		value |= (uint64_t)interp_get(in, op, op->c) << 32;
	in->cpu->r[15] = in->pc;
	if (mmu_store_exclusive(in->cpu, va, op->mem, swap_words(op, value), &failed))
		return raise_abort(in);
	interp_set(in, op->dst, failed);
	return true;
}

bool interp_store_op(struct interp *in, const struct ir_insn *op)
{
	gva_t va = interp_get(in, op, op->a) + op->imm2;

	if (op->op == IR_STREX)
		return store_exclusive(in, op, va);
	if (op->op == IR_ST)
		return store(in, op, va, interp_get(in, op, op->b));
	return store(in, op, va, access_size(op) == 8 ? in->cpu->vfp.d[op->b] : in->cpu->vfp.s[op->b]);
}

void interp_journal_undo(const struct interp_journal *journal)
{
	for (unsigned i = journal->count; i-- > 0;)
		memcpy(journal->stores[i].host, &journal->stores[i].before, journal->stores[i].size);
}
