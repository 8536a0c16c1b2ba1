/* engines.h - what sequences run on: Unicorn, and our translator in several ways. All have the same memory map (sequence.h). */
#ifndef TESTS_TRANSLATOR_LIFT_ENGINES_H
#define TESTS_TRANSLATOR_LIFT_ENGINES_H

#include "base/base.h"
#include "tests/translator/lift/sequence.h"

struct oracle;
/* NULL: cannot be made (message printed). */
struct oracle *oracle_create(void);
void oracle_destroy(struct oracle *oracle);
void oracle_run(struct oracle *oracle, const struct sequence *s, struct outcome *out);
const uint8_t *oracle_data(struct oracle *oracle);

enum way {
	WAY_LIFT,   /* IR as lifted, short blocks, on the interpreter */
	WAY_PASSES, /* superblocks and all passes, on the interpreter */
	WAY_DBT,    /* translator_run(): emitted code */
	WAY_PLAIN,  /* the same with every optimization off */
	WAY_WINDOW, /* emitted code that reaches memory through a window from the start */
	WAY_COUNT
};
struct cpu;
struct ours;
struct ours *ours_create(enum way way);
void ours_destroy(struct ours *ours);
void ours_run(struct ours *ours, const struct sequence *s, struct outcome *out);
const uint8_t *ours_data(struct ours *ours);
struct cpu *ours_cpu(struct ours *ours);
/* Memory, as a device would reach it. */
void ours_write(struct ours *ours, uint32_t addr, const void *from, size_t size);
void ours_read(struct ours *ours, uint32_t addr, void *to, size_t size);
/* Runs from the state that is in the core until an exception is taken. */
struct ours_end {
	unsigned exception; /* enum exception */
	uint32_t pc, cpsr;  /* where, and the state before it */
};
void ours_run_to_exception(struct ours *ours, struct ours_end *end);
/* Where RAM ends. */
#define OURS_RAM_END 0x02000000u

/* The data area's contents before a run. */
void data_fill(uint8_t *data, uint32_t seed);

#endif
