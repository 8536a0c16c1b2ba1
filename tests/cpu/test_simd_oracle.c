/* test_simd_oracle.c - see test_simd_oracle.h. */
#include "base/base.h"

#include "tests/cpu/test_simd_oracle.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool load(struct oracle *oracle)
{
	oracle->library = dlopen("libunicorn.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!oracle->library) {
		printf("%s\n", dlerror());
		return false;
	}
#define X(name) *(void **)&oracle->name = dlsym(oracle->library, #name);
	ORACLE_FUNCTIONS(X)
#undef X
#define X(name) && oracle->name
	return true ORACLE_FUNCTIONS(X);
#undef X
}

bool oracle_init(struct oracle *oracle, uint32_t base, uint32_t size, void *memory, uint32_t scratch)
{
	static const uint32_t enable[] = {
		0xee110f50, /* mrc p15, 0, r0, c1, c0, 2 */
		0xe380060f, /* orr r0, r0, #0xf00000 */
		0xee010f50, /* mcr p15, 0, r0, c1, c0, 2 */
		0xf57ff06f, /* isb */
		0xe3a00101, /* mov r0, #0x40000000 */
		0xeee80a10, /* vmsr fpexc, r0 */
	};
	uc_err err;

	memset(oracle, 0, sizeof(*oracle));
	if (!load(oracle))
		return false;
	memcpy((uint8_t *)memory + (scratch - base), enable, sizeof(enable));
	err = oracle->uc_open(UC_ARCH_ARM, UC_MODE_ARM, &oracle->uc);
	if (!err)
		err = oracle->uc_ctl(oracle->uc, UC_CTL_WRITE(UC_CTL_CPU_MODEL, 1), (int)UC_CPU_ARM_CORTEX_A9);
	if (!err)
		err = oracle->uc_mem_map_ptr(oracle->uc, base, size, UC_PROT_ALL, memory);
	if (!err)
		err = oracle->uc_emu_start(oracle->uc, scratch, scratch + sizeof(enable), 0, 0);
	if (err)
		printf("unicorn: %s\n", oracle->uc_strerror(err));
	return !err;
}

void oracle_fini(struct oracle *oracle)
{
	if (oracle->uc)
		oracle->uc_close(oracle->uc);
	if (oracle->library)
		dlclose(oracle->library);
}

uint64_t simd_test_env(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}
