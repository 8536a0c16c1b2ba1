/*
 * loop_homes.c - homes of a loop's own.
 *
 * The second body of a block that goes back to its own start (emit.c) is entered from its ends only. There guest registers that the loop leaves
 * alone lend their host registers to those of r8-r12 and lr that it uses. They change places in front of the body (loop_homes_enter) and again
 * on every way out of it (loop_homes_leave): the lender waits in cpu->r, where the borrower's home is otherwise, and which is stale meanwhile.
 * An access that is completed out of line knows its registers by their host numbers and comes back; where it becomes an abort, C changes the
 * places (loop_homes_undo). So nothing outside of the body sees any but the fixed homes.
 *
 * Other C code that a loop calls must not look at cpu->r. Stubs for code that does not (HELPER_PURE, SIMD operations) save what C functions may
 * overwrite in cpu->r all the same, where a lender is waiting: there only host registers are lent that C keeps.
 */
#include "base/base.h"
#include "translator/x64/emit.h"

#include <string.h>

/* A swap says for each of r8-r14 who lends it a host register: four bits, the lender + 1, or 0. */
#define FIRST_BORROWER 8
#define LAST_BORROWER 14

static unsigned lender_of(uint32_t swaps, unsigned reg)
{
	return (swaps >> 4 * (reg - FIRST_BORROWER) & 15) - 1;
}

#define FOR_EACH_SWAP(swaps, reg, lender) \
	for (unsigned reg = FIRST_BORROWER, lender; (swaps) >> 4 * (reg - FIRST_BORROWER); reg++) \
		if ((lender = lender_of(swaps, reg)) < 15)

/* To pay for changing places, the borrower is mentioned so many times more than the lender. */
#define WORTH 2

/* Counts are of the loop; all else is of the whole block, since what is behind the loop may be in the second body too. */
struct mentions {
	unsigned count[15];
	bool in_loop;
	uint16_t written;
	bool stays;   /* something wants the fixed homes */
	bool calls;   /* stubs use cpu->r of what C may overwrite */
};

static void mention(struct mentions *m, ir_ref ref)
{
	if (IR_IS_REG(ref))
		m->count[ref] += m->in_loop;
}

static void define(struct mentions *m, ir_ref ref)
{
	mention(m, ref);
	if (IR_IS_REG(ref))
		m->written |= (uint16_t)(1u << ref);
}

static void mention_all(struct mentions *m, const struct ir_insn *op)
{
	switch (op->op) {
	case IR_INSN: case IR_LABEL:
		return;
	case IR_CALL:
		m->stays |= !(helper_info[op->imm].attr & HELPER_PURE);
		m->calls = true;
		break;
	case IR_SIMD:
		m->calls = true;
		return;
	case IR_POLL:
		m->stays = true;
		break;
	}
	if (op->op != IR_LDF)
		define(m, op->dst);
	define(m, op->dst2);
	mention(m, op->a);
	if (op->op != IR_STF)
		mention(m, op->b);
	mention(m, op->c);
}

/* The register with a home that is mentioned least, not yet in @lent; 15: none. */
static unsigned best_lender(const struct mentions *m, uint16_t lent)
{
	unsigned best = 15;

	for (unsigned reg = 0; reg < 15; reg++)
		if (home_regs[reg] != HOST_REG_NONE && !(lent >> reg & 1) && (!m->calls || callee_saved(home_regs[reg])) &&
		    (best == 15 || m->count[reg] < m->count[best]))
			best = reg;
	return best;
}

/* The one without that is mentioned most, not yet in @served; 15: none. */
static unsigned best_borrower(const struct mentions *m, uint16_t served)
{
	unsigned best = 15;

	for (unsigned reg = FIRST_BORROWER; reg <= LAST_BORROWER; reg++)
		if (home_regs[reg] == HOST_REG_NONE && !(served >> reg & 1) && (best == 15 || m->count[reg] > m->count[best]))
			best = reg;
	return best;
}

void loop_homes_plan(struct emit *e, unsigned end)
{
	struct mentions m = { .written = 0 };
	uint16_t done = 0;

	e->loop_swaps = 0;
	if (!x64_opt(e->x64, OPT_LOOP_HOMES))
		return;
	for (unsigned i = 0; i < e->ir->count && !m.stays; i++) {
		m.in_loop = i < end;
		mention_all(&m, &e->ir->ops[i]);
	}
	e->loop_written = m.written;
	while (!m.stays) {
		unsigned lender = best_lender(&m, done), borrower = best_borrower(&m, done);

		if (lender == 15 || borrower == 15 || m.count[borrower] < m.count[lender] + WORTH)
			break;
		done |= (uint16_t)(1u << lender | 1u << borrower);
		e->loop_swaps |= (lender + 1) << 4 * (borrower - FIRST_BORROWER);
	}
}

void loop_homes_set(struct emit *e, uint32_t swaps)
{
	memcpy(e->homes, guest_opnds, sizeof(e->homes));
	memcpy(e->home_regs, home_regs, sizeof(e->home_regs));
	e->in_memory = (uint16_t)memory_regs;
	e->swaps = swaps;
	FOR_EACH_SWAP(swaps, reg, lender) {
		e->homes[reg] = guest_opnds[lender];
		e->homes[lender] = cpu_reg(lender);
		e->home_regs[reg] = home_regs[lender];
		e->home_regs[lender] = HOST_REG_NONE;
		e->in_memory ^= (uint16_t)(1u << reg | 1u << lender);
	}
	e->copied = x64_opt(e->x64, OPT_HOME_COPIES) ? e->in_memory : 0;
	e->noted = e->noted_complete = NOTED_NOT; /* sites */
}

void loop_homes_enter(struct emit *e)
{
	FOR_EACH_SWAP(e->loop_swaps, reg, lender) {
		enc_mov(&e->enc, W32, cpu_reg(lender), opnd_reg(home_regs[lender]));
		enc_mov(&e->enc, W32, opnd_reg(home_regs[lender]), cpu_reg(reg));
	}
	loop_homes_set(e, e->loop_swaps);
}

void loop_homes_restore(struct emit *e)
{
	FOR_EACH_SWAP(e->swaps, reg, lender) {
		if (e->loop_written >> reg & 1)
			enc_mov(&e->enc, W32, cpu_reg(reg), opnd_reg(home_regs[lender]));
		enc_mov(&e->enc, W32, opnd_reg(home_regs[lender]), cpu_reg(lender));
	}
	loop_homes_set(e, 0);
}

void loop_homes_undo(uint32_t swaps, uint64_t *host, struct cpu *cpu)
{
	FOR_EACH_SWAP(swaps, reg, lender) {
		cpu->r[reg] = (uint32_t)host[home_regs[lender]];
		host[home_regs[lender]] = cpu->r[lender];
	}
}
