#include "base/base.h"
#include "translator/passes/pass.h"

void pass_flags(struct ir_block *block)
{
	(void)block;
}
