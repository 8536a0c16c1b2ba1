#include "base/base.h"
#include "machine/boot.h"

#include "cpu/cpu.h"
#include "fdt/tree.h"
#include "machine/image.h"
#include "machine/initrd.h"
#include "memory/phys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MAX_EXTENTS 64
#define FAR_OFFSET (128 * MiB) /* tree and initrd go past what a kernel unpacks itself to */
#define BOOTARGS_MAX 4096

/* A piece of RAM that something needs. */
struct extent {
	char name[64];
	gpa_t base;
	uint64_t size;
	bool fixed; /* reserved by the tree: may overlap other reservations */
};

struct boot {
	struct boot_options options;
	struct tree *tree;
	struct image image;
	struct initrd initrd;
	bool has_initrd;
	gpa_t initrd_addr, tree_addr;
	struct extent extents[MAX_EXTENTS];
	unsigned extent_count;
	char summary[512];
};

static int add_extent(struct boot *boot, const char *name, gpa_t base, uint64_t size, bool fixed, struct error *err)
{
	struct extent *e;

	if (size == 0)
		return 0;
	if (boot->extent_count == MAX_EXTENTS)
		return error_set(err, E2BIG, "more than %d pieces of reserved memory in the tree", MAX_EXTENTS);
	e = &boot->extents[boot->extent_count++];
	snprintf(e->name, sizeof(e->name), "%s", name);
	e->base = base;
	e->size = size;
	e->fixed = fixed;
	return 0;
}

static uint64_t extent_end(const struct extent *e)
{
	return e->base + e->size;
}

static bool overlap(const struct extent *a, const struct extent *b)
{
	return a->base < extent_end(b) && b->base < extent_end(a);
}

/* The tree's own reservations: the memreserve block is Linux's business with the tree's place, /reserved-memory is ours. */
static int add_reserved(struct boot *boot, struct error *err)
{
	int parent = tree_node(boot->tree, "/reserved-memory");
	int depth = 0;

	for (int node = tree_next(boot->tree, -1, &depth); node >= 0 && parent >= 0; node = tree_next(boot->tree, node, &depth)) {
		char path[128];
		gpa_t base;
		uint64_t size;

		if (tree_parent(boot->tree, node) != parent || !tree_enabled(boot->tree, node))
			continue;
		for (unsigned i = 0; tree_reg(boot->tree, node, i, &base, &size) == 0; i++) {
			int ret = add_extent(boot, tree_path(boot->tree, node, path, sizeof(path)), base, size, true, err);

			if (ret)
				return ret;
		}
	}
	return 0;
}

static int check_extents(const struct boot *boot, struct error *err)
{
	gpa_t ram = boot->options.ram_base;
	uint64_t ram_size = boot->options.ram_size;

	for (unsigned i = 0; i < boot->extent_count; i++) {
		const struct extent *a = &boot->extents[i];

		if (a->fixed)
			continue;
		if (a->base < ram || a->base - ram >= ram_size)
			return error_set(err, EINVAL, "%s at 0x%llx is not in RAM (0x%llx, %llu MiB)", a->name, (unsigned long long)a->base,
			                 (unsigned long long)ram, (unsigned long long)(ram_size / MiB));
		if (a->size > ram_size - (a->base - ram)) {
			uint64_t missing = extent_end(a) - (ram + ram_size);

			return error_set(err, ENOMEM, "%s (0x%llx-0x%llx) does not fit into RAM: %llu KiB are missing; use -m %llu or more",
			                 a->name, (unsigned long long)a->base, (unsigned long long)extent_end(a) - 1,
			                 (unsigned long long)((missing + KiB - 1) / KiB),
			                 (unsigned long long)((ram_size + missing + MiB - 1) / MiB));
		}
		for (unsigned j = 0; j < boot->extent_count; j++) {
			const struct extent *b = &boot->extents[j];

			if (i != j && overlap(a, b) && (b->fixed || j > i))
				return error_set(err, EINVAL, "%s (0x%llx-0x%llx) and %s (0x%llx-0x%llx) overlap", a->name,
				                 (unsigned long long)a->base, (unsigned long long)extent_end(a) - 1, b->name,
				                 (unsigned long long)b->base, (unsigned long long)extent_end(b) - 1);
		}
	}
	return 0;
}

/* The first address from @from at which @size bytes overlap nothing, aligned to @align. */
static gpa_t find_room(const struct boot *boot, gpa_t from, uint64_t size, uint64_t align)
{
	struct extent want = {.size = size};
	bool moved;

	want.base = (from + align - 1) & ~(align - 1);
	do {
		moved = false;
		for (unsigned i = 0; i < boot->extent_count; i++) {
			if (!overlap(&want, &boot->extents[i]))
				continue;
			want.base = (extent_end(&boot->extents[i]) + align - 1) & ~(align - 1);
			moved = true;
		}
	} while (moved);
	return want.base;
}

static int add_image(struct boot *boot, struct error *err)
{
	const struct image *image = &boot->image;
	char name[64];
	int ret = 0;

	for (unsigned i = 0; i < image->segment_count && !ret; i++) {
		snprintf(name, sizeof(name), image->segment_count > 1 ? "kernel (%s, segment %u)" : "kernel (%s)",
		         image_kind_name(image->kind), i);
		ret = add_extent(boot, name, image->segments[i].addr, image->segments[i].mem_size, false, err);
	}
	return ret;
}

/*
 * A zImage that lies inside its own destination moves itself out of the way to behind that, so file and unpacked kernel do not conflict, but
 * nothing else may lie there: one extent from the start of RAM to the end of both.
 */
static void widen_for_unpacking(struct boot *boot)
{
	struct extent *e = &boot->extents[boot->extent_count - 1];
	const struct image *image = &boot->image;
	uint64_t end;

	if (!image->run_size)
		return;
	end = MAX(extent_end(e), image->run_base + image->run_size + image->segments[0].size + MiB);
	e->base = MIN(e->base, image->run_base);
	e->size = end - e->base;
	snprintf(e->name, sizeof(e->name), "kernel (%s, unpacked)", image_kind_name(image->kind));
}

static int plan(struct boot *boot, struct error *err)
{
	gpa_t ram = boot->options.ram_base;
	uint64_t ram_size = boot->options.ram_size;
	gpa_t far = ram + MIN(ram_size / 2, (uint64_t)FAR_OFFSET);
	size_t tree_size;
	int ret;

	ret = add_reserved(boot, err);
	if (!ret)
		ret = add_image(boot, err);
	if (ret)
		return ret;
	widen_for_unpacking(boot);
	if (boot->has_initrd) {
		boot->initrd_addr = find_room(boot, far, boot->initrd.file.size, GUEST_PAGE_SIZE);
		ret = add_extent(boot, "initrd", boot->initrd_addr, boot->initrd.file.size, false, err);
		if (ret)
			return ret;
		far = boot->initrd_addr + boot->initrd.file.size;
	}
	/* Room for the properties of /chosen that are written once the addresses are known. */
	tree_blob(boot->tree, &tree_size);
	tree_size += BOOTARGS_MAX;
	boot->tree_addr = find_room(boot, far, tree_size, GUEST_PAGE_SIZE);
	return add_extent(boot, "device tree", boot->tree_addr, tree_size, false, err);
}

/* The initrd's contents end up in RAM too, beside everything else. */
static int check_total(const struct boot *boot, struct error *err)
{
	uint64_t need = boot->initrd.unpacked;

	for (unsigned i = 0; i < boot->extent_count; i++)
		if (!boot->extents[i].fixed)
			need += boot->extents[i].size;
	if (need <= boot->options.ram_size)
		return 0;
	return error_set(err, ENOMEM,
	                 "kernel, initrd, tree and the initrd's %llu KiB of unpacked files need %llu KiB more than the RAM has; use -m %llu or more",
	                 (unsigned long long)(boot->initrd.unpacked / KiB),
	                 (unsigned long long)((need - boot->options.ram_size + KiB - 1) / KiB),
	                 (unsigned long long)((need + MiB - 1) / MiB));
}

/* Takes a property of ours out of /chosen if it is there. */
static int hide_property(struct tree *tree, const char *name)
{
	int ret = tree_delete_prop(tree, "/chosen", name);

	return ret == -ENOENT ? 0 : ret;
}

/*
 * Randomness for the guest's generator (dtschema, chosen.yaml), as boot loaders give it: the board has no source of its own, and Linux
 * gathers some ten seconds until getrandom() returns. Only in the guest's copy, so that no dump of the tree seeds another guest.
 */
static void set_seed(struct tree *tree)
{
	uint8_t seed[32];

	if (getrandom(seed, sizeof(seed), 0) == sizeof(seed))
		tree_set_prop(tree, "/chosen", "rng-seed", seed, sizeof(seed));
}

/* Properties of ours that the guest does not see, and those that booting.rst wants. */
static int edit_chosen(struct boot *boot, struct error *err)
{
	struct tree *tree = boot->tree;
	int ret = tree_add_node(tree, "/chosen");

	if (!ret)
		ret = hide_property(tree, "dbtvm,kernel");
	if (!ret)
		ret = hide_property(tree, "dbtvm,initrd");
	if (!ret && boot->options.append)
		ret = tree_set_string(tree, "/chosen", "bootargs", boot->options.append);
	if (!ret && boot->has_initrd) {
		ret = tree_set_u32(tree, "/chosen", "linux,initrd-start", (uint32_t)boot->initrd_addr);
		if (!ret)
			ret = tree_set_u32(tree, "/chosen", "linux,initrd-end",
			                   (uint32_t)(boot->initrd_addr + boot->initrd.file.size));
	}
	if (ret)
		return error_set(err, -ret, "cannot edit /chosen of the tree: %s", strerror(-ret));
	return 0;
}

static void summarize(struct boot *boot)
{
	size_t at = 0;

	for (unsigned i = 0; i < boot->extent_count && at < sizeof(boot->summary); i++) {
		const struct extent *e = &boot->extents[i];

		if (!e->fixed)
			at += (size_t)snprintf(boot->summary + at, sizeof(boot->summary) - at, "%s%s 0x%llx-0x%llx", at ? ", " : "", e->name,
			                       (unsigned long long)e->base, (unsigned long long)extent_end(e) - 1);
	}
}

static int load(struct boot *boot, struct error *err)
{
	const struct boot_options *o = &boot->options;
	int ret;

	if (o->kernel)
		ret = image_load(&boot->image, o->kernel, o->ram_base, o->ram_size, err);
	else
		ret = image_from_memory(&boot->image, o->builtin, o->builtin_size, "built-in guest", o->ram_base, o->ram_size, err);
	if (ret)
		return ret;
	if (o->initrd) {
		ret = initrd_load(&boot->initrd, o->initrd, err);
		if (ret)
			return ret;
		boot->has_initrd = true;
	}
	return 0;
}

struct boot *boot_create(const struct boot_options *options, struct tree *tree, struct error *err)
{
	struct boot *boot = calloc(1, sizeof(*boot));
	int ret;

	if (!boot) {
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	boot->options = *options;
	boot->tree = tree;
	if (tree_prop(tree, tree_node(tree, "/chosen"), "rng-seed", NULL))
		boot->options.seed = false;
	ret = options->append && strlen(options->append) >= BOOTARGS_MAX / 2
	              ? error_set(err, E2BIG, "-append has %zu characters; at most %d fit", strlen(options->append), BOOTARGS_MAX / 2 - 1)
	              : 0;
	if (!ret)
		ret = load(boot, err);
	if (!ret)
		ret = plan(boot, err);
	if (!ret)
		ret = check_extents(boot, err);
	if (!ret)
		ret = check_total(boot, err);
	if (!ret)
		ret = edit_chosen(boot, err);
	if (ret) {
		boot_destroy(boot);
		return NULL;
	}
	summarize(boot);
	return boot;
}

void boot_destroy(struct boot *boot)
{
	if (!boot)
		return;
	image_free(&boot->image);
	initrd_free(&boot->initrd);
	free(boot);
}

static void load_segment(struct phys *phys, const struct image_segment *s)
{
	static const uint8_t zeros[GUEST_PAGE_SIZE];

	BUG_ON(!phys_load(phys, s->addr, s->data, s->size));
	for (uint64_t at = s->size; at < s->mem_size;) {
		uint64_t n = MIN(s->mem_size - at, (uint64_t)sizeof(zeros));

		BUG_ON(!phys_load(phys, s->addr + at, zeros, n));
		at += n;
	}
}

void boot_install(struct boot *boot, struct phys *phys, struct cpu *cpu)
{
	const void *blob;
	size_t size;

	for (unsigned i = 0; i < boot->image.segment_count; i++)
		load_segment(phys, &boot->image.segments[i]);
	if (boot->has_initrd)
		BUG_ON(!phys_load(phys, boot->initrd_addr, boot->initrd.file.data, boot->initrd.file.size));
	if (boot->options.seed)
		set_seed(boot->tree);
	blob = tree_blob(boot->tree, &size);
	BUG_ON(!phys_load(phys, boot->tree_addr, blob, size));

	cpu->r[0] = 0;
	cpu->r[1] = boot->options.machine_type;
	cpu->r[2] = (uint32_t)boot->tree_addr;
	cpu->r[15] = boot->image.entry & ~1u;
	if (boot->image.entry & 1)
		cpu_set_cpsr(cpu, CPSR_T, CPSR_T);
}

const char *boot_summary(const struct boot *boot)
{
	return boot->summary;
}
