#include "base/base.h"
#include "translator/passes/passes.h"

#include "translator/ir/ir.h"
#include "translator/passes/pass.h"

struct pass_row {
	const char *name;
	pass_fn *run;
};
static const struct pass_row passes[PASS_COUNT] = {
#define PASS(id, name, fn, help) [PASS_##id] = { name, fn },
#include "translator/passes/passes.def"
#undef PASS
};

const char *pass_name(enum pass pass)
{
	return passes[pass].name;
}

static void verify(const struct ir_block *block, enum pass pass)
{
	unsigned at;
	const char *wrong = ir_verify(block, &at);

	if (!wrong)
		return;
	fprintf(stderr, "after pass %s: IR op %u: %s\n", passes[pass].name, at, wrong);
	ir_dump(block, stderr);
	BUG("a pass broke the IR");
}

void passes_run(struct ir_block *block, uint32_t enabled, bool check)
{
	const uint32_t both = 1u << PASS_FLAGS | 1u << PASS_DEAD;

	block->facts.known = false;
	for (enum pass pass = 0; pass < PASS_COUNT; pass++) {
		if (!(enabled >> pass & 1))
			continue;
		static_assert(PASS_DEAD == PASS_FLAGS + 1, "one pass may do both");
		if (pass == PASS_FLAGS && (enabled & both) == both) {
			pass = PASS_DEAD;
			pass_flags_and_dead(block);
		} else {
			passes[pass].run(block);
		}
		if (check)
			verify(block, pass);
	}
}
