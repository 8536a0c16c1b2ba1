#include "base/base.h"
#include "tests/translator/random_code.h"

#include <string.h>

#include "tests/translator/guest.h"
#include "tests/translator/random_ir.h"

#define CODE 0x8000u
#define CODE_SIZE 0x1000u
#define INSNS 400

struct guest *random_code_guest(const char *accel)
{
	struct translator_options options;

	translator_default_options(&options);
	options.cache_bytes = 4u << 20;
	BUG_ON(translator_parse_accel(&options, accel, NULL));
	options.verify = true;
	options.check_ir = true;
	return guest_create(&options);
}

/* Registers that mostly point into RAM, so that accesses do something. */
static void set_registers(struct cpu *cpu, uint8_t seed)
{
	uint64_t random = 0x9e3779b97f4a7c15ull * (seed + 1u);

	for (unsigned i = 0; i < 15; i++) {
		uint32_t value = (uint32_t)random_next(&random);

		cpu->r[i] = i & 1 ? value : 0x20000 + (value & 0x1fffc);
	}
	cpu->nzcv = nzcv_from_cpsr((uint32_t)random_next(&random));
	for (unsigned i = 0; i < 32; i++)
		cpu->vfp.d[i] = random_next(&random);
}

bool random_code_run(struct guest *guest, const uint8_t *data, size_t size)
{
	static const uint32_t modes[4] = { MODE_SVC, MODE_USR, MODE_SYS, MODE_SVC };
	/* Undefined instructions, supervisor calls and data aborts go on behind; all else ends the run. */
	static const uint32_t vectors[] = {
		0xe320f003, 0xe1b0f00e /* movs pc, lr */, 0xe1b0f00e, 0xe320f003, 0xe25ef004 /* subs pc, lr, #4 */,
	};
	static const uint32_t wfi_a32 = 0xe320f003, wfi_t32 = 0xbf30bf30;
	struct cpu *cpu = &guest->cpu;
	uint8_t state = data[0];

	/* Whatever is run besides the code is WFI, which ends the run: A32, or T16 twice. */
	for (unsigned at = 0; at < GUEST_RAM_SIZE; at += 4)
		memcpy(guest->ram + at, state & 4 && at >= CODE ? &wfi_t32 : &wfi_a32, 4); /* vectors are A32 */
	translator_reset(cpu->translator);
	mmu_reset(cpu->mmu);
	cpu_reset(cpu);
	memcpy(guest->ram, vectors, sizeof(vectors));
	data++;
	size = MIN(size - 1, (size_t)CODE_SIZE);
	memcpy(guest->ram + CODE, data, size);
	cpu_set_cpsr(cpu, modes[state & 3] | (state & 4 ? CPSR_T : 0) | (state & 0x80 ? CPSR_E : 0), CPSR_M | CPSR_T | CPSR_E);
	if (state & 8) {
		cpu->fpexc = FPEXC_EN;
		cpu->cp15.cpacr = 0xf << 20;
	}
	set_registers(cpu, state);
	cpu->r[15] = CODE;
	for (unsigned i = 0; i < 8; i++) {
		enum run_exit why = translator_run(cpu, INSNS / 8);

		if (why == RUN_VERIFY_FAILED)
			return false;
		if (why == RUN_WFI)
			break;
	}
	return true;
}
