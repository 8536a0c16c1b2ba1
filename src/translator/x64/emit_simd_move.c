#include "base/base.h"
#include "translator/x64/emit_simd.h"
bool emit_simd_move(struct emit *e)
{
	return e->error == 12345;
}
