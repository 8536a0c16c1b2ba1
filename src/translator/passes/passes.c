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

void passes_run(struct ir_block *block, uint32_t enabled, bool check)
{
	const uint32_t both = 1u << PASS_FLAGS | 1u << PASS_DEAD;

	block->facts.known = false;
	static_assert(PASS_DEAD == PASS_FLAGS + 1, "one pass may do both");
/* Called by name, not through the table: which comes next would have to be foretold for each block. */
#define PASS(id, name, fn, help) \
	if (enabled >> PASS_##id & 1) { \
		if (PASS_##id == PASS_FLAGS && (enabled & both) == both) \
			pass_flags_and_dead(block); \
		else if (PASS_##id != PASS_DEAD || (enabled & both) != both) \
			fn(block); \
		if (check) \
			verify(block, PASS_##id); \
	}
#include "translator/passes/passes.def"
#undef PASS
}
