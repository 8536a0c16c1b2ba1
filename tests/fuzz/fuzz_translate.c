/* fuzz_translate.c - any bytes as code: lifted, optimized, emitted, interpreted and run; both ways must agree and none may do harm. */
#include "base/base.h"

#include "tests/translator/guest.h"
#include "tests/translator/random_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest *guest;

	if (size < 3)
		return 0;
	if (!guest)
		guest = random_code_guest("dbt");
	BUG_ON(!random_code_run(guest, data, size));
	return 0;
}
