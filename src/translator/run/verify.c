/*
 * verify.c - -verify: each block first in the interpreter, undone, then natively; the results must be the same.
 *
 * The dry run works on struct cpu itself, since the MMU and the hooks know only that; what other threads may write in it is left
 * alone when it is put back. Blocks that touch devices, traced pages, exclusives or system state are run but not compared.
 */
#include "base/base.h"
#include "translator/run/run.h"

#include <string.h>

#include "base/log.h"
#include "translator/run/helpers.h"

/* Copies @from to @to but for the fields that belong to other threads. */
static void copy_state(struct cpu *to, const struct cpu *from)
{
	const size_t parts[][2] = {
		{ 0, offsetof(struct cpu, attention) },
		{ offsetof(struct cpu, cpsr), offsetof(struct cpu, halted) },
		{ offsetof(struct cpu, countdown_start), sizeof(struct cpu) },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		memcpy((char *)to + parts[i][0], (const char *)from + parts[i][0], parts[i][1] - parts[i][0]);
}

/* One side's result. */
struct side {
	const struct cpu *cpu;
	enum x64_exit exit;
};

static enum x64_exit plain(enum x64_exit exit)
{
	return exit == X64_EXIT_LINK ? X64_EXIT_LOOKUP : exit;
}

/* Prints a row when @to is given. Returns whether the values differ. */
static bool row(FILE *to, const char *name, uint64_t interp, uint64_t native)
{
	if (to && (interp != native || name[0] == 'r'))
		fprintf(to, "%c %-10s interpreter 0x%08" PRIx64 "  native 0x%08" PRIx64 "\n", interp == native ? ' ' : '*', name, interp, native);
	return interp != native;
}

static bool rows_of_registers(FILE *to, const struct side *a, const struct side *b)
{
	bool differ = false;
	char name[16];

	for (unsigned i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		differ |= row(to, name, a->cpu->r[i], b->cpu->r[i]);
	}
	differ |= row(to, "nzcv", nzcv_to_cpsr(a->cpu->nzcv), nzcv_to_cpsr(b->cpu->nzcv));
	differ |= row(to, "cpsr", a->cpu->cpsr, b->cpu->cpsr);
	differ |= row(to, "it", a->cpu->it, b->cpu->it);
	differ |= row(to, "q", a->cpu->q, b->cpu->q);
	differ |= row(to, "ge", a->cpu->ge, b->cpu->ge);
	differ |= row(to, "fpscr", a->cpu->fpscr, b->cpu->fpscr);
	for (unsigned i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		differ |= row(to, name, a->cpu->vfp.d[i], b->cpu->vfp.d[i]);
	}
	return differ;
}

/* Compares and with @to prints all that must be the same. */
static bool rows(FILE *to, const struct side *a, const struct side *b)
{
	bool differ = rows_of_registers(to, a, b);

	differ |= row(to, "exit", plain(a->exit), plain(b->exit));
	differ |= row(to, "countdown", (uint32_t)a->cpu->countdown, (uint32_t)b->cpu->countdown);
	if (a->exit == X64_EXIT_EXCEPTION || a->exit == X64_EXIT_RAISE)
		differ |= row(to, "exit_arg0", a->cpu->exit_arg[0], b->cpu->exit_arg[0]);
	if (a->exit == X64_EXIT_EXCEPTION)
		differ |= row(to, "exit_arg1", a->cpu->exit_arg[1], b->cpu->exit_arg[1]);
	if (a->exit == X64_EXIT_RAISE && a->cpu->exit_arg[0] == RAISE_DATA_ABORT) {
		differ |= row(to, "fault.va", a->cpu->fault.va, b->cpu->fault.va);
		differ |= row(to, "fault.fsr", a->cpu->fault.fsr, b->cpu->fault.fsr);
		differ |= row(to, "write", a->cpu->fault.write, b->cpu->fault.write);
	}
	return differ;
}

static bool memory_rows(FILE *to, const struct interp_journal *journal)
{
	bool differ = false;
	char name[24];

	for (unsigned i = 0; i < journal->count; i++) {
		const struct interp_store *store = &journal->stores[i];
		uint64_t native = 0;

		memcpy(&native, store->host, store->size);
		snprintf(name, sizeof(name), "[0x%08" PRIx32 "]", store->va);
		differ |= row(to, name, store->after, native);
	}
	return differ;
}

/* True when nothing differs that rows() and memory_rows() would show: the usual case, which must be fast. */
static bool same(const struct side *a, const struct side *b, const struct interp_journal *journal)
{
	const struct cpu *x = a->cpu, *y = b->cpu;

	if (memcmp(x->r, y->r, sizeof(x->r)) || (x->nzcv ^ y->nzcv) & NZCV_ALL || x->countdown != y->countdown || x->cpsr != y->cpsr ||
	    x->it != y->it || x->q != y->q || x->ge != y->ge || x->fpscr != y->fpscr || memcmp(&x->vfp, &y->vfp, sizeof(x->vfp)) ||
	    plain(a->exit) != plain(b->exit))
		return false;
	if ((a->exit == X64_EXIT_EXCEPTION || a->exit == X64_EXIT_RAISE) && rows(NULL, a, b))
		return false;
	for (unsigned i = 0; i < journal->count; i++)
		if (memcmp(&journal->stores[i].after, journal->stores[i].host, journal->stores[i].size))
			return false;
	return true;
}

static void report(struct translator *t, const struct block *block, const struct side *a, const struct side *b, const struct cpu *before)
{
	FILE *to = log_stream(t->cpu->log);
	char where[128];

	flockfile(to);
	fprintf(to, "-verify: the block at %s (key 0x%x) differs:\n", log_address(t->cpu->log, block->pc, where, sizeof(where)), block->key);
	rows(to, a, b);
	memory_rows(to, &t->journal);
	fputs("before:\n", to);
	for (unsigned i = 0; i < 15; i++)
		fprintf(to, "r%u=0x%08x%c", i, before->r[i], i % 5 == 4 ? '\n' : ' ');
	fprintf(to, "nzcv=0x%08x countdown=%d\n", nzcv_to_cpsr(before->nzcv), before->countdown);
	t->ir.key = block->key;
	show_guest_code(t, to, block->rare->ops, block->rare->op_count);
	show_ir(t, to, block);
	funlockfile(to);
	x64_dump(t->x64, &block->code, t->cpu->log);
	fflush(to);
}

static void note_after(struct interp_journal *journal)
{
	for (unsigned i = 0; i < journal->count; i++) {
		struct interp_store *store = &journal->stores[i];

		store->after = 0;
		memcpy(&store->after, store->host, store->size);
	}
}

enum x64_exit verify_run(struct translator *t, struct block *block)
{
	struct cpu *cpu = t->cpu;
	struct cpu before, after;
	struct side interp = { .cpu = &after }, native = { .cpu = cpu };

	if (!block->code.checked)
		return interp_run(cpu, block->rare->ops, NULL);
	copy_state(&before, cpu);
	t->journal.failed = false;
	t->journal.count = 0;
	interp.exit = interp_run(cpu, block->rare->ops, &t->journal);
	note_after(&t->journal);
	interp_journal_undo(&t->journal);
	copy_state(&after, cpu);
	copy_state(cpu, &before);
	native.exit = x64_run(t->x64, cpu, block->code.fast);
	if (t->journal.failed)
		return native.exit;
	if (same(&interp, &native, &t->journal))
		return native.exit;
	report(t, block, &interp, &native, &before);
	t->verify_failed = true;
	return X64_EXIT_CHECK;
}
