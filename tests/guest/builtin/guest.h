/* guest.h - the built-in guest: what its files share. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* console.c */
void console_init(uint32_t uart);
void put_char(char c);
void put(const char *text);
/* %s %c %d %x, with a width and 0: "%08x"; numbers are 32 bits wide, whether int or long (so no format attribute). */
void print(const char *fmt, ...);
/* A line typed at the prompt, echoed; returns its length. */
unsigned read_line(char *buf, unsigned size);
bool equal(const char *a, const char *b);

/* tree.c: the flattened device tree (Devicetree Specification, chapter 5) */
struct node {
	const char *path;       /* full, valid during the visit */
	const char *name;
	unsigned depth;
	const char *compatible; /* first string, or NULL */
	const char *compatible_end;
	bool enabled;           /* with all its parents */
	bool on_bus;            /* reg is a CPU address */
	uint32_t addr, size;    /* first reg entry */
	uint32_t addr2;         /* second one's address, 0: none */
	const uint32_t *interrupts;
	unsigned interrupt_words;
};
bool tree_valid(const void *tree);
/* Calls @visit for each node until it returns false. */
void tree_walk(const void *tree, bool (*visit)(const struct node *node, void *arg), void *arg);
bool node_compatible(const struct node *node, const char *compatible);
/* The enabled node that is compatible; number @index of them. False: none. */
bool tree_find(const void *tree, const char *compatible, unsigned index, struct node *found);
/* The first memory node's extent. */
bool tree_memory(const void *tree, uint32_t *base, uint32_t *size);

/* exceptions.c */
enum { EXC_UNDEF = 1, EXC_SVC = 2, EXC_PABT = 3, EXC_DABT = 4, EXC_IRQ = 6, EXC_COUNT = 8 };
struct exception_record {
	uint32_t count, pc, spsr, fsr, far;
};
extern volatile struct exception_record exceptions[EXC_COUNT];
/* The interrupt handler: called with the GIC acknowledged number. */
extern void (*volatile irq_handler)(uint32_t number);
extern volatile uint32_t gic_cpu, gic_dist;
/* Runs fn(arg); an abort or undefined instruction in it ends it. Returns the exception, or 0. */
unsigned guarded(void (*fn)(uint32_t), uint32_t arg);
bool read_word(uint32_t addr, uint32_t *value);
bool write_word(uint32_t addr, uint32_t value);

/* tests.c */
unsigned run_tests(const void *tree); /* returns failures */
void probe_devices(const void *tree);
void show_timer(const void *tree);

/* start.S */
extern volatile uint32_t guard_sp;
void guarded_call(void (*fn)(uint32_t), uint32_t arg);
void guard_return(void);
void do_svc(void), do_undef(void), do_bkpt(void), do_svc_thumb(void), do_undef_thumb(void), do_svc_skipped(void);
uint32_t exclusive_add(uint32_t *p, uint32_t n);
uint32_t flags_of(uint32_t a, uint32_t b);
void vfp_enable(void);
uint32_t vfp_compute(uint32_t a, uint32_t b);
uint32_t user_mode_cpsr(void);

#define REG(addr) (*(volatile uint32_t *)(addr))

#endif
