/* main.c - the built-in guest of dbtvm: shows the tree it was given, probes and tests the machine, then gives a prompt. */
#include "guest.h"

int main(const void *tree);

static const void *the_tree;

static bool show_visit(const struct node *node, void *arg)
{
	if (!node->compatible)
		return true;
	for (unsigned i = 1; i < node->depth; i++)
		put("  ");
	put(node->name[0] ? node->name : "/");
	print(" (%s)", node->compatible);
	if (node->on_bus && node->size)
		print(" at 0x%08x", node->addr);
	put(node->enabled ? "\n" : " disabled\n");
	return true;
}

static void show_tree(void)
{
	uint32_t base, size;

	tree_walk(the_tree, show_visit, NULL);
	if (tree_memory(the_tree, &base, &size))
		print("memory 0x%08x, %d MiB\n", base, size >> 20);
}

/* System configuration: function 8 shuts the motherboard down, 9 reboots it. */
static void board_control(uint32_t function)
{
	struct node sysreg;

	if (!tree_find(the_tree, "arm,vexpress-sysreg", 0, &sysreg)) {
		put("no system registers listed: cannot\n");
		return;
	}
	REG(sysreg.addr + 0xa8) = 0;
	REG(sysreg.addr + 0xa4) = 0xc0000000 | function << 20;
	for (volatile uint32_t i = 0; i < 1000000; i++)
		;
	put("still here\n");
}

static bool parse_number(const char **text, uint32_t *value)
{
	const char *at = *text;
	bool any = false;

	while (*at == ' ')
		at++;
	if (at[0] == '0' && at[1] == 'x')
		at += 2;
	for (*value = 0;; at++) {
		unsigned digit;

		if (*at >= '0' && *at <= '9')
			digit = (unsigned)(*at - '0');
		else if (*at >= 'a' && *at <= 'f')
			digit = (unsigned)(*at - 'a' + 10);
		else
			break;
		*value = *value << 4 | digit;
		any = true;
	}
	*text = at;
	return any && (*at == 0 || *at == ' ');
}

static void dump(uint32_t addr, uint32_t len)
{
	addr &= ~3u;
	for (uint32_t at = 0; at < len; at += 16) {
		print("%08x:", addr + at);
		for (uint32_t i = at; i < at + 16 && i < len; i += 4) {
			uint32_t value;

			if (!read_word(addr + i, &value)) {
				put(" (abort)\n");
				return;
			}
			print(" %08x", value);
		}
		put_char('\n');
	}
}

static void load_byte(uint32_t addr)
{
	(void)*(volatile uint32_t *)addr;
}

static void fault(uint32_t addr)
{
	if (!guarded(load_byte, addr))
		put("no fault\n");
	else
		print("data abort: status 0x%03x, address 0x%08x, instruction at 0x%08x\n", exceptions[EXC_DABT].fsr, exceptions[EXC_DABT].far,
		      exceptions[EXC_DABT].pc);
}

static const char help[] =
	"help            this\n"
	"tree            the device tree this guest was given\n"
	"probe           read every listed device\n"
	"test            run the tests again\n"
	"dump ADDR [LEN] words of memory (numbers are hexadecimal)\n"
	"poke ADDR WORD  store a word\n"
	"timer           the timers' values\n"
	"fault ADDR      load from ADDR and report the abort\n"
	"off             power off\n"
	"reboot          reboot\n";

static bool starts(const char *line, const char *word, const char **rest)
{
	while (*word && *line == *word) {
		line++;
		word++;
	}
	*rest = line;
	return !*word && (*line == 0 || *line == ' ');
}

static void run_command(const char *line)
{
	uint32_t addr, value = 0;
	const char *rest;

	if (starts(line, "help", &rest)) {
		put(help);
	} else if (starts(line, "tree", &rest)) {
		show_tree();
	} else if (starts(line, "probe", &rest)) {
		probe_devices(the_tree);
	} else if (starts(line, "test", &rest)) {
		run_tests(the_tree);
	} else if (starts(line, "timer", &rest)) {
		show_timer(the_tree);
	} else if (starts(line, "off", &rest)) {
		put("power off\n");
		board_control(8);
	} else if (starts(line, "reboot", &rest)) {
		put("reboot\n");
		board_control(9);
	} else if (starts(line, "dump", &rest) && parse_number(&rest, &addr)) {
		dump(addr, parse_number(&rest, &value) ? value : 64);
	} else if (starts(line, "poke", &rest) && parse_number(&rest, &addr) && parse_number(&rest, &value)) {
		if (!write_word(addr & ~3u, value))
			put("data abort\n");
	} else if (starts(line, "fault", &rest) && parse_number(&rest, &addr)) {
		fault(addr);
	} else {
		put("what? (help lists the commands)\n");
	}
}

int main(const void *tree)
{
	struct node uart;
	char line[80];

	if (!tree_valid(tree) || !tree_find(tree, "arm,pl011", 0, &uart))
		return 1; /* nowhere to say so */
	the_tree = tree;
	console_init(uart.addr);
	put("\ndbtvm built-in guest\n");
	show_tree();
	probe_devices(tree);
	run_tests(tree);
	put("Type help for the commands.\n");
	for (;;) {
		put("guest> ");
		if (read_line(line, sizeof(line)))
			run_command(line);
	}
}

/* The compiler may call these for structures; there is no C library. */
void *memcpy(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);

void *memcpy(void *to, const void *from, size_t len)
{
	char *t = to;
	const char *f = from;

	while (len--) {
		*t++ = *f++;
		__asm__ volatile("" ::: "memory"); /* stays a loop, not a call of itself */
	}
	return to;
}

void *memset(void *to, int value, size_t len)
{
	char *t = to;

	while (len--) {
		*t++ = (char)value;
		__asm__ volatile("" ::: "memory");
	}
	return to;
}
