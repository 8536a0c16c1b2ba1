/*
 * main.c - the command line and the exit codes. The only file that exits.
 */
#include "base/base.h"

#include "base/error.h"
#include "base/log.h"
#include "debug/monitor.h"
#include "debug/profile.h"
#include "fdt/tree.h"
#include "machine/board.h"
#include "machine/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Exit codes; the man page documents them. */
enum { EXIT_OFF = 0, EXIT_USAGE = 1, EXIT_VERIFY = 3 };

enum option {
#define OPTION(id, name, arg, help) OPTION_##id,
#include "options.def"
#undef OPTION
	OPTION_COUNT
};

static const struct option_row {
	const char *name, *arg, *help;
} option_rows[] = {
#define OPTION(id, name, arg, help) {name, arg, help},
#include "options.def"
#undef OPTION
};

struct command_line {
	struct vm_options vm;
	char machine[64];
	const char *dumpdtb;
	const char *log_file;
	bool stats, profile;
	bool done; /* help was printed */
};

static void print_help(void)
{
	printf("usage: dbtvm -M vexpress-a9 [-dtb TREE] [-kernel FILE] [options]\n"
	       "Runs an ARMv7-A guest, by dynamic binary translation, on the devices its device tree lists.\n\n");
	for (unsigned i = 0; i < OPTION_COUNT; i++) {
		char head[64];

		snprintf(head, sizeof(head), "-%s%s%s", option_rows[i].name, option_rows[i].arg ? " " : "",
		         option_rows[i].arg ? option_rows[i].arg : "");
		printf("  %-34s %s\n", head, option_rows[i].help);
	}
	printf("\nOn the terminal: Ctrl-A h help, Ctrl-A x quit, Ctrl-A c monitor.\n"
	       "Example: dbtvm -M vexpress-a9 -kernel vmlinuz -dtb vexpress-v2p-ca9.dtb -initrd initrd.gz -append console=ttyAMA0\n");
}

static void print_machines(void)
{
	printf("Supported machines are:\n");
	for (const struct board *board = boards; board->name; board++)
		printf("%-20s %s\n", board->name, board->title);
}

static void print_log_items(void)
{
	printf("Log items (comma separated):\n");
#define LOG(id, name, help) printf("%-15s %s\n", name, help);
#include "base/log_categories.def"
#undef LOG
}

static void print_accels(void)
{
	printf("Accelerators: dbt (translate to host code), interp (interpret the IR)\n"
	       "Optimizations, on unless switched off with no-NAME:\n");
#define OPTIMIZATION(id, name, help) printf("%-15s %s\n", name, help);
#include "translator/run/optimizations.def"
#undef OPTIMIZATION
#define PASS(id, name, fn, help) printf("%-15s %s\n", name, help);
#include "translator/passes/passes.def"
#undef PASS
}

/* A size with QEMU's suffixes; MiB without one. */
static int parse_memory(const char *text, uint64_t *size, struct error *err)
{
	char *end;
	unsigned long long n;
	unsigned shift = 20;

	if (!strncmp(text, "size=", 5))
		text += 5;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (end == text || text[0] == '-' || errno)
		return error_set(err, EINVAL, "-m %s: not a size; write for example -m 512 or -m 1G", text);
	switch (*end) {
	case 'b': case 'B': shift = 0; end++; break;
	case 'k': case 'K': shift = 10; end++; break;
	case 'm': case 'M': shift = 20; end++; break;
	case 'g': case 'G': shift = 30; end++; break;
	default: break;
	}
	if (*end)
		return error_set(err, EINVAL, "-m %s: not a size; write for example -m 512 or -m 1G", text);
	if (n == 0 || n > UINT64_MAX >> shift || n << shift > 64 * GiB)
		return error_set(err, EINVAL, "-m %s: no guest can have that much RAM", text);
	*size = n << shift;
	return 0;
}

static int parse_machine(struct command_line *cl, const char *text, struct error *err)
{
	size_t len = strcspn(text, ",");

	if (!strcmp(text, "help")) {
		print_machines();
		cl->done = true;
		return 0;
	}
	if (len >= sizeof(cl->machine))
		return error_set(err, EINVAL, "unknown machine '%s'; -M help lists what there is", text);
	memcpy(cl->machine, text, len);
	cl->machine[len] = 0;
	cl->vm.machine = cl->machine;
	text += len;
	if (*text == 0)
		return 0;
	text++;
	if (strncmp(text, "dumpdtb=", 8) || !text[8])
		return error_set(err, EINVAL, "-M %s,%s: the only property is dumpdtb=FILE", cl->machine, text);
	cl->dumpdtb = text + 8;
	return 0;
}

static int parse_number(const char *option, const char *text, unsigned min, unsigned max, unsigned *value, struct error *err)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text || *end || text[0] == '-' || n < min || n > max)
		return error_set(err, EINVAL, "-%s %s: a number from %u to %u is needed", option, text, min, max);
	*value = (unsigned)n;
	return 0;
}

static int parse_choice(const char *option, const char *text, const char *const *names, unsigned count, struct error *err)
{
	char list[256] = "";

	for (unsigned i = 0; i < count; i++) {
		if (!strcmp(text, names[i]))
			return (int)i;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", names[i]);
	}
	return error_set(err, EINVAL, "-%s %s: must be %s", option, text, list);
}

static int parse_debug(struct command_line *cl, const char *arg, struct error *err)
{
	if (strcmp(arg, "help") && strcmp(arg, "?"))
		return log_enable(cl->vm.log, arg, err);
	print_log_items();
	cl->done = true;
	return 0;
}

static int parse_accel(struct command_line *cl, const char *arg, struct error *err)
{
	if (strcmp(arg, "help"))
		return translator_parse_accel(&cl->vm.translator, arg, err);
	print_accels();
	cl->done = true;
	return 0;
}

static int apply_option(struct command_line *cl, enum option option, const char *arg, struct error *err)
{
	static const char *const only_none[] = {"none"};
	static const char *const unmodelled[] = {"abort", "log", "ram"};
	struct vm_options *vm = &cl->vm;
	int n;

	switch (option) {
	case OPTION_HELP:
		print_help();
		cl->done = true;
		return 0;
	case OPTION_VERSION:
		printf("dbtvm %s\n", PACKAGE_VERSION);
		cl->done = true;
		return 0;
	case OPTION_MACHINE:
		return parse_machine(cl, arg, err);
	case OPTION_CPU:
		vm->cpu = arg;
		return 0;
	case OPTION_SMP:
		return parse_number("smp", strncmp(arg, "cpus=", 5) ? arg : arg + 5, 1, 255, &vm->smp, err);
	case OPTION_MEMORY:
		return parse_memory(arg, &vm->ram_size, err);
	case OPTION_KERNEL:
		vm->kernel = arg;
		return 0;
	case OPTION_DTB:
		vm->dtb = arg;
		return 0;
	case OPTION_INITRD:
		vm->initrd = arg;
		return 0;
	case OPTION_APPEND:
		vm->append = arg;
		return 0;
	case OPTION_SERIAL:
		if (vm->serial_count == ARRAY_SIZE(vm->serial))
			return error_set(err, EINVAL, "-serial: at most %zu of them", ARRAY_SIZE(vm->serial));
		vm->serial[vm->serial_count++] = arg;
		return 0;
	case OPTION_NOGRAPHIC:
		vm->nographic = true;
		return 0;
	case OPTION_DISPLAY:
	case OPTION_MONITOR:
		n = parse_choice(option_rows[option].name, arg, only_none, 1, err);
		return MIN(n, 0);
	case OPTION_NO_REBOOT:
		vm->no_reboot = true;
		return 0;
	case OPTION_UNMODELLED:
		n = parse_choice("unmodelled", arg, unmodelled, ARRAY_SIZE(unmodelled), err);
		if (n >= 0)
			vm->unmodelled = (enum unmodelled)n;
		return MIN(n, 0);
	case OPTION_RTC:
		if (strncmp(arg, "base=", 5))
			return error_set(err, EINVAL, "-rtc %s: must be base=utc, base=localtime or base=YYYY-MM-DD[THH:MM:SS]", arg);
		vm->rtc_base = arg + 5;
		return 0;
	case OPTION_ACCEL:
		return parse_accel(cl, arg, err);
	case OPTION_ICOUNT:
		vm->icount = true;
		return parse_number("icount", strncmp(arg, "shift=", 6) ? arg : arg + 6, 0, 10, &vm->icount_shift, err);
	case OPTION_VERIFY:
		vm->translator.verify = true;
		return 0;
	case OPTION_PERFMAP:
		vm->translator.perfmap = true;
		return 0;
	case OPTION_JITDUMP:
		vm->translator.jitdump = true;
		return 0;
	case OPTION_PROFILE:
		cl->profile = true;
		return 0;
	case OPTION_STATS:
		cl->stats = true;
		vm->translator.count_sensitive = true;
		return 0;
	case OPTION_DEBUG:
		return parse_debug(cl, arg, err);
	case OPTION_LOG_FILE:
		return log_open(vm->log, arg, err);
	case OPTION_DFILTER:
		return log_filter(vm->log, arg, err);
	case OPTION_SYMBOLS:
		vm->symbols = arg;
		return 0;
	case OPTION_COUNT:
		break;
	}
	BUG("option without a case");
}

static int find_option(const char *name)
{
	static const struct {
		const char *name;
		enum option option;
	} aliases[] = {{"h", OPTION_HELP}, {"machine", OPTION_MACHINE}};

	for (unsigned i = 0; i < OPTION_COUNT; i++)
		if (!strcmp(name, option_rows[i].name))
			return (int)i;
	for (unsigned i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(name, aliases[i].name))
			return (int)aliases[i].option;
	return -1;
}

static int parse_command_line(struct command_line *cl, int argc, char **argv, struct error *err)
{
	for (int i = 1; i < argc && !cl->done; i++) {
		const char *name = argv[i], *arg = NULL;
		int option, ret;

		if (name[0] != '-' || !name[1])
			return error_set(err, EINVAL, "'%s' is no option; a kernel is given with -kernel FILE (-help lists all)", name);
		name += name[1] == '-' ? 2 : 1;
		option = find_option(name);
		if (option < 0)
			return error_set(err, EINVAL, "unknown option '%s' (-help lists all)", argv[i]);
		if (option_rows[option].arg) {
			if (++i == argc)
				return error_set(err, EINVAL, "-%s needs an argument: -%s %s", name, name, option_rows[option].arg);
			arg = argv[i];
		}
		ret = apply_option(cl, (enum option)option, arg, err);
		if (ret)
			return ret;
	}
	if (!cl->done && !cl->vm.machine)
		return error_set(err, EINVAL, "no machine: use -M vexpress-a9 (-M help lists what there is)");
	return 0;
}

static void print_line(void *opaque, const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static int run(struct command_line *cl, struct error *err)
{
	struct vm *vm = vm_create(&cl->vm, err);
	struct profile *profile = NULL;
	enum vm_end end;

	if (!vm)
		return EXIT_USAGE;
	if (cl->dumpdtb) {
		int ret = tree_save(vm_tree(vm), cl->dumpdtb, err);

		vm_destroy(vm);
		return ret ? EXIT_USAGE : EXIT_OFF;
	}
	if (cl->profile) {
		profile = profile_start(vm, err);
		if (!profile) {
			vm_destroy(vm);
			return EXIT_USAGE;
		}
	}
	end = vm_run(vm);
	if (profile)
		profile_stop(profile);
	if (cl->stats)
		vm_print_stats(vm, print_line, NULL);
	if (profile)
		profile_print(profile, print_line, NULL);
	profile_destroy(profile);
	vm_destroy(vm);
	return end == VM_VERIFY_FAILED ? EXIT_VERIFY : EXIT_OFF;
}

/* Started with 0, 1 or 2 closed ("<&-"), the first files opened would get these numbers, and the guest's output would go to them. */
static bool have_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	struct command_line cl = {0};
	struct error err = {0};
	int code = EXIT_USAGE;

	if (!have_standard_descriptors())
		return EXIT_USAGE;
	cl.vm.log = log_create();
	if (!cl.vm.log) {
		fprintf(stderr, "dbtvm: out of memory\n");
		return EXIT_USAGE;
	}
	cl.vm.monitor = monitor_line;
	translator_default_options(&cl.vm.translator);
	if (!parse_command_line(&cl, argc, argv, &err))
		code = cl.done ? EXIT_OFF : run(&cl, &err);
	if (cl.done && fflush(stdout)) {
		error_set(&err, errno, "cannot write to the standard output: %s", strerror(errno));
		code = EXIT_USAGE;
	}
	if (err.code)
		fprintf(stderr, "dbtvm: %s\n", err.msg);
	if (log_incomplete(cl.vm.log))
		fprintf(stderr, "dbtvm: the log file (-D) is incomplete: it could not all be written; is the disk full?\n");
	log_destroy(cl.vm.log);
	return code;
}
