#include "base/base.h"
#include "translator/passes/pass.h"

void pass_fold(struct ir_block *block)
{
	(void)block;
}
