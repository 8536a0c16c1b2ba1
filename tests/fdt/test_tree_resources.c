/* reg through ranges, interrupts through maps, clocks. */
#include "base/base.h"
#include "fdt/tree.h"

#include "tests/fdt/sources.h"

#include <errno.h>

static int reg(const struct tree *tree, const char *path, unsigned index, gpa_t *base, uint64_t *size)
{
	int node = tree_node(tree, path);

	ck_assert_msg(node >= 0, "%s", path);
	return tree_reg(tree, node, index, base, size);
}

/* A motherboard of our own, with chip selects as the first address cell and a nexus for interrupts. */
static const char board[] =
	"/ {\n"
	"	#address-cells = <1>; #size-cells = <1>; interrupt-parent = <&gic>;\n"
	"	gic: interrupt-controller@1e001000 {\n"
	"		#interrupt-cells = <3>; #address-cells = <0>; interrupt-controller;\n"
	"		reg = <0x1e001000 0x1000>, <0x1e000100 0x100>;\n"
	"	};\n"
	"	second: interrupt-controller@1e002000 {\n"
	"		#interrupt-cells = <2>; interrupt-controller; reg = <0x1e002000 0x1000>;\n"
	"		interrupts = <0 40 4>;\n"
	"	};\n"
	"	direct@20000 { reg = <0x20000 0x1000>; interrupts = <0 44 4>, <1 13 0xf08>; };\n"
	"	mixed@21000 { reg = <0x21000 0x10>; interrupts = <0 1 4>; interrupts-extended = <&second 3 1>, <&gic 0 9 4>, <&nexus 2>; };\n"
	"	other@22000 { reg = <0x22000 0>; interrupt-parent = <&second>; interrupts = <5 8 6 8>; };\n"
	"	nexus: smb@40000000 {\n"
	"		#address-cells = <2>; #size-cells = <1>; #interrupt-cells = <1>;\n"
	"		ranges = <0 0 0x40000000 0x4000000>, <1 0 0x44000000 0x4000000>, <7 0 0x10000000 0x20000>;\n"
	"		interrupt-map-mask = <0 0 63>;\n"
	"		interrupt-map = <0 0 2 &gic 0 2 4>, <0 0 3 &second 6 1>, <0 0 5 &gic 0 5 4>;\n"
	"		flash@0,0 { reg = <0 0 0x4000000>, <1 0 0x4000000>; };\n"
	"		across@0,3ffffff { reg = <0 0x3ffffff 2>; };\n"
	"		unmapped@2,0 { reg = <2 0 4>; };\n"
	"		io@7,0 {\n"
	"			#address-cells = <1>; #size-cells = <1>; ranges = <0 7 0 0x20000>;\n"
	"			uart@9000 { reg = <0x9000 0x1000>; interrupts = <5>; };\n"
	"			timer@11000 { reg = <0x11000 0x1000>; interrupts = <2>, <3>; };\n"
	"			bad@12000 { reg = <0x12000 0x1000>; interrupts = <4>; };\n"
	"			inner@1000 {\n"
	"				#address-cells = <1>; #size-cells = <1>; ranges;\n"
	"				led@8 { reg = <0x1008 4>; };\n"
	"			};\n"
	"			i2c@2000 {\n"
	"				reg = <0x2000 0x1000>; #address-cells = <1>; #size-cells = <0>;\n"
	"				chip@60 { reg = <0x60>; };\n"
	"			};\n"
	"		};\n"
	"	};\n"
	"	wide {\n"
	"		#address-cells = <2>; #size-cells = <2>; ranges;\n"
	"		memory@880000000 { reg = <8 0x80000000 0 0x40000000>; };\n"
	"		end@f { reg = <0xffffffff 0xfffff000 0 0x1000>; };\n"
	"		over@f { reg = <0xffffffff 0xfffff000 0 0x1001>; };\n"
	"		short@0 { reg = <1 2 3>; };\n"
	"	};\n"
	"};\n";

START_TEST(registers)
{
	static const struct {
		const char *path;
		unsigned index;
		int result;
		gpa_t base;
		uint64_t size;
	} cases[] = {
		{ "/interrupt-controller@1e001000", 0, 0, 0x1e001000, 0x1000 },
		{ "/interrupt-controller@1e001000", 1, 0, 0x1e000100, 0x100 },
		{ "/interrupt-controller@1e001000", 2, -ENOENT, 0, 0 },
		{ "/other@22000", 0, 0, 0x22000, 0 },
		{ "/", 0, -ENOENT, 0, 0 },
		{ "/wide", 0, -ENOENT, 0, 0 },
		{ "/smb@40000000/flash@0,0", 0, 0, 0x40000000, 0x4000000 },
		{ "/smb@40000000/flash@0,0", 1, 0, 0x44000000, 0x4000000 },
		{ "/smb@40000000/across@0,3ffffff", 0, -ERANGE, 0, 0 },
		{ "/smb@40000000/unmapped@2,0", 0, -ERANGE, 0, 0 },
		{ "/smb@40000000/io@7,0/uart@9000", 0, 0, 0x10009000, 0x1000 },
		{ "/smb@40000000/io@7,0/inner@1000/led@8", 0, 0, 0x10001008, 4 },
		{ "/smb@40000000/io@7,0/i2c@2000/chip@60", 0, -ERANGE, 0, 0 },
		{ "/wide/memory@880000000", 0, 0, 0x880000000, 0x40000000 },
		{ "/wide/end@f", 0, 0, 0xfffffffffffff000, 0x1000 },
		{ "/wide/over@f", 0, -ERANGE, 0, 0 },
		{ "/wide/short@0", 0, -EINVAL, 0, 0 },
	};
	struct tree *tree = tree_of(board);

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		gpa_t base = 0;
		uint64_t size = 0;

		ck_assert_msg(reg(tree, cases[i].path, cases[i].index, &base, &size) == cases[i].result, "%s", cases[i].path);
		ck_assert_msg(base == cases[i].base && size == cases[i].size, "%s", cases[i].path);
	}
	tree_destroy(tree);
}
END_TEST

struct interrupt_case {
	const char *path;
	unsigned index;
	int result;
	const char *controller;
	uint32_t spec[3];
};

static void check_interrupts(const struct tree *tree, const struct interrupt_case *cases, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int controller = -1;
		uint32_t spec[8] = { 0 };
		int ret = tree_interrupt(tree, tree_node(tree, cases[i].path), cases[i].index, &controller, spec);
		ck_assert_msg(ret == cases[i].result, "%s %u: %d", cases[i].path, cases[i].index, ret);
		if (ret > 0) {
			ck_assert_int_eq(controller, tree_node(tree, cases[i].controller));
			ck_assert_mem_eq(spec, cases[i].spec, (size_t)ret * 4);
		}
	}
}

START_TEST(interrupts)
{
#define GIC "/interrupt-controller@1e001000"
#define SECOND "/interrupt-controller@1e002000"
	static const struct interrupt_case cases[] = {
		{ "/direct@20000", 0, 3, GIC, { 0, 44, 4 } },
		{ "/direct@20000", 1, 3, GIC, { 1, 13, 0xf08 } },
		{ "/direct@20000", 2, -ENOENT, NULL, { 0 } },
		{ "/mixed@21000", 0, 2, SECOND, { 3, 1 } },
		{ "/mixed@21000", 1, 3, GIC, { 0, 9, 4 } },
		{ "/mixed@21000", 2, 3, GIC, { 0, 2, 4 } },
		{ "/mixed@21000", 3, -ENOENT, NULL, { 0 } },
		{ "/other@22000", 1, 2, SECOND, { 6, 8 } },
		{ SECOND, 0, 3, GIC, { 0, 40, 4 } },
		{ GIC, 0, -ENOENT, NULL, { 0 } },
		{ "/smb@40000000/io@7,0/uart@9000", 0, 3, GIC, { 0, 5, 4 } },
		{ "/smb@40000000/io@7,0/timer@11000", 0, 3, GIC, { 0, 2, 4 } },
		{ "/smb@40000000/io@7,0/timer@11000", 1, 2, SECOND, { 6, 1 } },
		{ "/smb@40000000/io@7,0/timer@11000", 2, -ENOENT, NULL, { 0 } },
		{ "/smb@40000000/io@7,0/bad@12000", 0, -EINVAL, NULL, { 0 } },
	};
	struct tree *tree = tree_of(board);

	check_interrupts(tree, cases, ARRAY_SIZE(cases));
	tree_destroy(tree);
}
END_TEST

START_TEST(maps_compare_unit_addresses)
{
	static const struct interrupt_case cases[] = {
		{ "/pci/a@1000", 0, 1, "/pic", { 11 } },
		{ "/pci/b@2000", 0, 1, "/pic", { 12 } },
		{ "/pci/c@3000", 0, -EINVAL, NULL, { 0 } },
	};
	struct tree *tree = tree_of("/ { #address-cells = <1>; #size-cells = <1>;\n"
	                            "pic: pic { interrupt-controller; #interrupt-cells = <1>; };\n"
	                            "pci { #address-cells = <1>; #size-cells = <1>; #interrupt-cells = <1>; ranges;\n"
	                            "interrupt-map-mask = <0xf000 7>;\n"
	                            "interrupt-map = <0x1000 1 &pic 11>, <0x2000 1 &pic 12>;\n"
	                            "a@1000 { reg = <0x1004 4>; interrupts = <1>; };\n"
	                            "b@2000 { reg = <0x2008 4>; interrupts = <9>; };\n"
	                            "c@3000 { reg = <0x3000 4>; interrupts = <1>; };\n"
	                            "}; };");

	check_interrupts(tree, cases, ARRAY_SIZE(cases));
	tree_destroy(tree);
}
END_TEST

START_TEST(bad_interrupts_end)
{
	static const struct interrupt_case cases[] = {
		{ "/circle", 0, -EINVAL, NULL, { 0 } },  { "/nobody", 0, -EINVAL, NULL, { 0 } }, { "/ragged", 0, -EINVAL, NULL, { 0 } },
		{ "/wide", 0, -EINVAL, NULL, { 0 } },    { "/zero", 0, -EINVAL, NULL, { 0 } },   { "/cut", 0, -EINVAL, NULL, { 0 } },
		{ "/cutmap", 0, -EINVAL, NULL, { 0 } },  { "/selfmap", 0, -EINVAL, NULL, { 0 } },
	};
	struct tree *tree = tree_of("/ {\n"
	                            "a: a { #interrupt-cells = <1>; interrupt-parent = <&b>; };\n"
	                            "b: b { #interrupt-cells = <1>; interrupt-parent = <&a>; };\n"
	                            "circle { interrupt-parent = <&a>; interrupts = <1>; };\n"
	                            "nobody { interrupt-parent = <999>; interrupts = <1>; };\n"
	                            "pic: pic { interrupt-controller; #interrupt-cells = <2>; };\n"
	                            "ragged { interrupt-parent = <&pic>; interrupts = <1 2 3>; };\n"
	                            "huge: huge { interrupt-controller; #interrupt-cells = <9>; };\n"
	                            "wide { interrupt-parent = <&huge>; interrupts = <1 2 3 4 5 6 7 8 9>; };\n"
	                            "none: none { interrupt-controller; #interrupt-cells = <0>; };\n"
	                            "zero { interrupt-parent = <&none>; interrupts = <1>; };\n"
	                            "cut { interrupts-extended = <&pic 1>; };\n"
	                            "m: m { #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <1 &pic 1>; };\n"
	                            "cutmap { interrupt-parent = <&m>; interrupts = <1>; };\n"
	                            "s: s { #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <1 &s 1>; };\n"
	                            "selfmap { interrupt-parent = <&s>; interrupts = <1>; };\n"
	                            "};");

	check_interrupts(tree, cases, ARRAY_SIZE(cases));
	tree_destroy(tree);
}
END_TEST

START_TEST(clocks)
{
	static const struct {
		const char *path, *name;
		unsigned index;
		uint64_t hz;
	} cases[] = {
		{ "/user", NULL, 0, 24000000 }, { "/user", NULL, 1, 8000000 }, { "/user", "apb", 0, 8000000 }, { "/user", "uart", 9, 24000000 },
		{ "/user", "none", 0, 0 },      { "/user", NULL, 7, 0 },       { "/user", "sp", 0, 1000000 },  { "/user", "mb1", 0, 23750000 },
		{ "/user", "db2", 0, 66670000 }, { "/user", "low", 0, 5000 },  { "/user", NULL, 6, 0 },        { "/circle1", NULL, 0, 0 },
		{ "/pic", NULL, 0, 0 },
	};
	struct tree *tree = tree_of("/ { arm,vexpress,site = <15>;\n"
	                            "xtal: xtal { compatible = \"fixed-clock\"; #clock-cells = <0>; clock-frequency = <24000000>; };\n"
	                            "ref: ref { compatible = \"fixed-clock\"; #clock-cells = <0>; clock-frequency = <1000000>; };\n"
	                            "third: third { compatible = \"fixed-factor-clock\"; #clock-cells = <0>; clocks = <&xtal>;\n"
	                            "	clock-mult = <1>; clock-div = <3>; };\n"
	                            "sp: sp { compatible = \"arm,sp810\"; #clock-cells = <1>; clocks = <&third>, <&ref>;\n"
	                            "	clock-names = \"refclk\", \"timclk\"; };\n"
	                            "mb { arm,vexpress,site = <0>;\n"
	                            "	mb1: osc { compatible = \"arm,vexpress-osc\"; arm,vexpress-sysreg,func = <1 1>; #clock-cells = <0>; };\n"
	                            "};\n"
	                            "db2: osc2 { compatible = \"arm,vexpress-osc\"; arm,vexpress-sysreg,func = <1 2>; #clock-cells = <0>;\n"
	                            "	freq-range = <33000000 100000000>; };\n"
	                            "low: osc9 { compatible = \"arm,vexpress-osc\"; arm,vexpress-sysreg,func = <1 9>; #clock-cells = <0>;\n"
	                            "	freq-range = <5000 6000>; };\n"
	                            "user { clocks = <&xtal>, <&third>, <&sp 3>, <&mb1>, <&db2>, <&low>, <0>;\n"
	                            "	clock-names = \"uart\", \"apb\", \"sp\", \"mb1\", \"db2\", \"low\", \"nothing\"; };\n"
	                            "c1: circle1 { compatible = \"fixed-factor-clock\"; #clock-cells = <0>; clocks = <&c2>; clock-mult = <1>;\n"
	                            "	clock-div = <1>; };\n"
	                            "c2: circle2 { compatible = \"fixed-factor-clock\"; #clock-cells = <0>; clocks = <&c1>; clock-mult = <1>;\n"
	                            "	clock-div = <1>; };\n"
	                            "pic { }; };");

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t hz = tree_clock_hz(tree, tree_node(tree, cases[i].path), cases[i].name, cases[i].index);
		ck_assert_msg(hz == cases[i].hz, "%u: %llu", i, (unsigned long long)hz);
	}
	tree_destroy(tree);
}
END_TEST

/* Facts of the board, from /work/shared/vexpress-a9.md and QEMU. */
START_TEST(the_stock_tree)
{
	static const struct {
		const char *node;
		gpa_t base;
		uint64_t size;
		uint32_t spi; /* 0: do not ask */
		uint64_t hz;
	} cases[] = {
		{ "uart@9000", 0x10009000, 0x1000, 5, 24000000 }, { "uart@c000", 0x1000c000, 0x1000, 8, 24000000 },
		{ "timer@11000", 0x10011000, 0x1000, 2, 1000000 }, { "timer@12000", 0x10012000, 0x1000, 3, 1000000 },
		{ "sysctl@1000", 0x10001000, 0x1000, 0, 32768 },   { "rtc@17000", 0x10017000, 0x1000, 4, 66670000 },
		{ "sysreg@0/gpio@48", 0x10000048, 4, 0, 0 },       { "clcd@1f000", 0x1001f000, 0x1000, 14, 23750000 },
	};
	struct tree *tree = stock_tree();
	char path[200];

	if (!tree)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		gpa_t base;
		uint64_t size;
		int controller;
		uint32_t spec[8];

		snprintf(path, sizeof(path), "/bus@40000000/motherboard-bus@40000000/iofpga@7,00000000/%s", cases[i].node);
		int node = tree_node(tree, path);

		ck_assert_msg(tree_reg(tree, node, 0, &base, &size) == 0, "%s", path);
		ck_assert_uint_eq(base, cases[i].base);
		ck_assert_uint_eq(size, cases[i].size);
		ck_assert_uint_eq(tree_clock_hz(tree, node, NULL, 0), cases[i].hz);
		if (!cases[i].spi)
			continue;
		ck_assert_int_eq(tree_interrupt(tree, node, 0, &controller, spec), 3);
		ck_assert_int_eq(controller, tree_node(tree, GIC));
		ck_assert_uint_eq(spec[0], 0);
		ck_assert_uint_eq(spec[1], cases[i].spi);
	}
	ck_assert(!tree_enabled(tree, tree_node(tree, "/timer@100e4000")));
	ck_assert_int_eq(tree_alias(tree, tree_node(tree, "serial2"), "serial"), 2);
	tree_destroy(tree);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { registers, interrupts, maps_compare_unit_addresses, bad_interrupts_end, clocks, the_stock_tree };

	if (!have_dtc()) {
		puts("skipped: the trees are made by dtc, which is not installed");
		return TEST_SKIPPED;
	}
	return check_run("tree_resources", tests, ARRAY_SIZE(tests));
}
