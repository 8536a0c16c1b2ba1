/* fuzz_decode.c - any word or pair of halfwords decodes, in both sets, to fields that nobody has to check again. */
#include "base/base.h"
#include "translator/decode/insn.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t at = 0; size - at >= 4; at += 4) {
		uint32_t bits;

		memcpy(&bits, data + at, 4);
		for (enum insn_set set = SET_A32; set <= SET_T32; set++) {
			struct insn a;

			BUG_ON(decode(set, bits, &a) != a.status);
			BUG_ON(a.op >= INSN_OP_COUNT || a.cond > INSN_COND_AL || (a.row != DECODE_NO_ROW && a.row >= decode_row_count()));
			BUG_ON((a.rd | a.rn | a.rm | a.rs | a.rt | a.rt2) > 15);
			BUG_ON((a.vd | a.vn | a.vm) > 31 || a.vsize > 3 || a.shift_n > 32);
			BUG_ON(a.status != INSN_UNDEFINED && a.vstep && a.vd + (unsigned)a.vregs > 32);
		}
	}
	return 0;
}
