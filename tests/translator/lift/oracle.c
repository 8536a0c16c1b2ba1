/*
 * oracle.c - sequences on Unicorn, as a Cortex-A9. Used by tests only.
 *
 * Unicorn is loaded, not linked: it exports functions like cpu_reset(), and a program linked with it would give it ours.
 */
#include "base/base.h"
#include "tests/translator/lift/engines.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unicorn/unicorn.h>

/* What is used of it. */
#define UNICORN_FUNCTIONS(X) X(uc_open) X(uc_close) X(uc_ctl) X(uc_mem_map_ptr) X(uc_strerror) X(uc_reg_read) X(uc_reg_write) X(uc_emu_start)

struct unicorn {
#define X(name) __typeof__(name) *name;
	UNICORN_FUNCTIONS(X)
#undef X
};

struct oracle {
	void *library;
	struct unicorn api;
	uc_engine *uc;
	uint8_t *data, *code;
};

static const int reg_ids[16] = {
	UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4, UC_ARM_REG_R5, UC_ARM_REG_R6, UC_ARM_REG_R7,
	UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11, UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC,
};

static bool load(struct oracle *oracle)
{
	oracle->library = dlopen("libunicorn.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!oracle->library) {
		printf("%s\n", dlerror());
		return false;
	}
#define X(name) *(void **)&oracle->api.name = dlsym(oracle->library, #name);
	UNICORN_FUNCTIONS(X)
#undef X
#define X(name) && oracle->api.name
	return true UNICORN_FUNCTIONS(X);
#undef X
}

struct oracle *oracle_create(void)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));
	const struct unicorn *api = &oracle->api;
	uc_err err;

	if (!oracle)
		return NULL;
	if (!load(oracle)) {
		free(oracle);
		return NULL;
	}
	oracle->data = aligned_alloc(4096, DATA_SIZE);
	oracle->code = aligned_alloc(4096, CODE_SIZE);
	err = api->uc_open(UC_ARCH_ARM, UC_MODE_ARM, &oracle->uc);
	if (err == UC_ERR_OK)
		err = api->uc_ctl(oracle->uc, UC_CTL_WRITE(UC_CTL_CPU_MODEL, 1), (int)UC_CPU_ARM_CORTEX_A9);
	if (err == UC_ERR_OK)
		err = api->uc_mem_map_ptr(oracle->uc, DATA_AREA, DATA_SIZE, UC_PROT_READ | UC_PROT_WRITE, oracle->data);
	if (err == UC_ERR_OK)
		err = api->uc_mem_map_ptr(oracle->uc, CODE_AREA, CODE_SIZE, UC_PROT_ALL, oracle->code);
	if (err != UC_ERR_OK) {
		printf("unicorn: %s\n", api->uc_strerror(err));
		oracle_destroy(oracle);
		return NULL;
	}
	return oracle;
}

void oracle_destroy(struct oracle *oracle)
{
	if (!oracle)
		return;
	if (oracle->uc)
		oracle->api.uc_close(oracle->uc);
	free(oracle->data);
	free(oracle->code);
	dlclose(oracle->library);
	free(oracle);
}

const uint8_t *oracle_data(struct oracle *oracle)
{
	return oracle->data;
}

void oracle_run(struct oracle *oracle, const struct sequence *s, struct outcome *out)
{
	unsigned size = sequence_code(s, oracle->code);
	uint32_t thumb = s->set == SET_T32, cpsr = s->cpsr;
	const struct unicorn *api = &oracle->api;
	uc_err err;

	data_fill(oracle->data, s->data_seed);
	api->uc_ctl(oracle->uc, UC_CTL_WRITE(UC_CTL_TB_REMOVE_CACHE, 2), (uint64_t)CODE_AREA, (uint64_t)CODE_AREA + CODE_SIZE);
	api->uc_reg_write(oracle->uc, UC_ARM_REG_CPSR, &cpsr);
	api->uc_reg_write(oracle->uc, UC_ARM_REG_SPSR, &s->spsr);
	for (unsigned i = 0; i < 15; i++)
		api->uc_reg_write(oracle->uc, reg_ids[i], &s->r[i]);
	err = api->uc_emu_start(oracle->uc, s->pc | thumb, s->pc + size, 0, 0);
	for (unsigned i = 0; i < 15; i++)
		api->uc_reg_read(oracle->uc, reg_ids[i], &out->r[i]);
	api->uc_reg_read(oracle->uc, UC_ARM_REG_PC, &out->pc);
	api->uc_reg_read(oracle->uc, UC_ARM_REG_CPSR, &cpsr);
	out->cpsr = cpsr & CPSR_COMPARED;
	api->uc_reg_read(oracle->uc, UC_ARM_REG_SPSR, &out->spsr);
	out->spsr &= s->privileged ? ~0x00f00000u : 0; /* bits 23:20 are reserved, Unicorn keeps them */
	out->failed = err != UC_ERR_OK;
	out->why = api->uc_strerror(err);
}
