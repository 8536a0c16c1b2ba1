#include "base/base.h"
#include "translator/passes/passes.h"

#include "translator/ir/ir.h"
#include "translator/passes/pass.h"

static const char *const names[PASS_COUNT] = {
#define PASS(id, name, fn, help) [PASS_##id] = name,
#include "translator/passes/passes.def"
#undef PASS
};

const char *pass_name(enum pass pass)
{
	return names[pass];
}

static void verify(const struct ir_block *block, enum pass pass)
{
	unsigned at;
	const char *wrong = ir_verify(block, &at);

	if (!wrong)
		return;
	fprintf(stderr, "after pass %s: IR op %u: %s\n", names[pass], at, wrong);
	ir_dump(block, stderr);
	BUG("a pass broke the IR");
}

static inline void run(struct ir_block *block, uint32_t enabled, bool check, enum pass pass, pass_fn *fn)
{
	if (!(enabled >> pass & 1))
		return;
	fn(block);
	if (unlikely(check))
		verify(block, pass);
}

void passes_run(struct ir_block *block, uint32_t enabled, bool check)
{
	const uint32_t both = 1u << PASS_FLAGS | 1u << PASS_DEAD;
	bool at_once = (enabled & both) == both;

	static_assert(PASS_DEAD == PASS_FLAGS + 1, "one pass may do both");
	if (at_once)
		enabled &= ~(1u << PASS_DEAD);
	block->facts.known = false;
/* Called by name, not through a table: which comes next would have to be foretold for each block. */
#define PASS(id, name, fn, help) run(block, enabled, check, PASS_##id, PASS_##id == PASS_FLAGS && at_once ? pass_flags_and_dead : (fn));
#include "translator/passes/passes.def"
#undef PASS
}
