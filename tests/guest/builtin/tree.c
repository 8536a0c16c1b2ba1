/* tree.c - a small reader of flattened device trees, enough for the simple buses of a board. */
#include "guest.h"

enum { FDT_MAGIC = 0xd00dfeedu, FDT_BEGIN = 1, FDT_END = 2, FDT_PROP = 3, FDT_NOP = 4 };
enum { MAX_DEPTH = 12, PATH_MAX = 200 };

static uint32_t be(const void *p)
{
	return __builtin_bswap32(*(const uint32_t *)p);
}

bool tree_valid(const void *tree)
{
	return tree && ((uintptr_t)tree & 3) == 0 && be(tree) == FDT_MAGIC;
}

/* What children need of a node. */
struct level {
	uint32_t acells, scells;
	const uint32_t *ranges;
	uint32_t range_words;
	bool has_ranges; /* absent: children are not on the CPU's bus */
	bool enabled;
	unsigned path_len;
};

/* A bus address of @cells cells at level @depth as a CPU address. */
static bool translate(const struct level *levels, unsigned depth, uint32_t high, uint32_t low, uint32_t *cpu)
{
	for (; depth > 0; depth--) {
		const struct level *bus = &levels[depth];
		const struct level *parent = &levels[depth - 1];
		uint32_t step = bus->acells + parent->acells + bus->scells, at;

		if (!bus->has_ranges)
			return false;
		if (bus->range_words == 0)
			continue;
		for (at = 0; at + step <= bus->range_words; at += step) {
			const uint32_t *r = bus->ranges + at;
			uint32_t child_high = bus->acells == 2 ? be(r) : 0;
			uint32_t child = be(r + bus->acells - 1);
			uint32_t size = be(r + step - 1);

			if (child_high != high || low < child || low - child >= size)
				continue;
			high = parent->acells == 2 ? be(r + bus->acells) : 0;
			low = low - child + be(r + bus->acells + parent->acells - 1);
			break;
		}
		if (at + step > bus->range_words)
			return false;
	}
	*cpu = low;
	return high == 0;
}

static void read_reg(struct node *node, const struct level *levels, unsigned depth, const uint32_t *reg, uint32_t words)
{
	const struct level *parent = &levels[depth - 1];
	uint32_t step = parent->acells + parent->scells;

	if (parent->scells == 0 || words < step)
		return;
	node->on_bus = translate(levels, depth - 1, parent->acells == 2 ? be(reg) : 0, be(reg + parent->acells - 1), &node->addr);
	node->size = be(reg + step - 1);
	node->addr2 = 0;
	if (words >= 2 * step)
		translate(levels, depth - 1, parent->acells == 2 ? be(reg + step) : 0, be(reg + step + parent->acells - 1), &node->addr2);
}

/* Reads the properties at *at of the node at @depth. */
static const uint32_t *read_props(const uint32_t *at, const char *strings, struct node *node, struct level *levels, unsigned depth)
{
	struct level *level = &levels[depth];
	const uint32_t *reg = NULL;
	uint32_t reg_words = 0;

	for (;; ) {
		uint32_t len;
		const char *name, *text;

		while (be(at) == FDT_NOP)
			at++;
		if (be(at) != FDT_PROP)
			break;
		len = be(at + 1);
		name = strings + be(at + 2);
		text = (const char *)(at + 3);
		if (equal(name, "#address-cells"))
			level->acells = be(at + 3);
		else if (equal(name, "#size-cells"))
			level->scells = be(at + 3);
		else if (equal(name, "compatible"))
			node->compatible = text, node->compatible_end = text + len;
		else if (equal(name, "status"))
			node->enabled = node->enabled && (equal(text, "okay") || equal(text, "ok"));
		else if (equal(name, "ranges"))
			level->has_ranges = true, level->ranges = at + 3, level->range_words = len / 4;
		else if (equal(name, "reg"))
			reg = at + 3, reg_words = len / 4;
		else if (equal(name, "interrupts"))
			node->interrupts = at + 3, node->interrupt_words = len / 4;
		at += 3 + (len + 3) / 4;
	}
	level->enabled = node->enabled;
	if (reg && depth > 0)
		read_reg(node, levels, depth, reg, reg_words);
	return at;
}

void tree_walk(const void *tree, bool (*visit)(const struct node *node, void *arg), void *arg)
{
	const uint32_t *header = tree;
	const uint32_t *at = (const uint32_t *)((const char *)tree + be(header + 2));
	const char *strings = (const char *)tree + be(header + 3);
	struct level levels[MAX_DEPTH];
	char path[PATH_MAX];
	unsigned depth = 0;

	for (;;) {
		uint32_t token = be(at++);

		if (token == FDT_END) {
			if (depth-- == 1)
				return;
		} else if (token == FDT_BEGIN) {
			struct node node = {0};
			const char *name = (const char *)at;
			unsigned len = 0, base = depth ? levels[depth - 1].path_len : 0;

			if (depth == MAX_DEPTH)
				return;
			while (name[len])
				len++;
			at += len / 4 + 1;
			if (base + len + 2 > PATH_MAX)
				return;
			if (depth)
				path[base++] = '/';
			for (unsigned i = 0; i <= len; i++)
				path[base + i] = name[i];
			levels[depth] = (struct level){.acells = 2, .scells = 1, .path_len = base + len};
			levels[depth].has_ranges = depth == 0;
			node.path = depth ? path : "/";
			node.name = name;
			node.depth = depth;
			node.enabled = depth == 0 || levels[depth - 1].enabled;
			at = read_props(at, strings, &node, levels, depth);
			depth++;
			if (!visit(&node, arg))
				return;
		} else if (token != FDT_NOP) {
			return;
		}
	}
}

bool node_compatible(const struct node *node, const char *compatible)
{
	for (const char *s = node->compatible; s && s < node->compatible_end; s++) {
		if (equal(s, compatible))
			return true;
		while (*s)
			s++;
	}
	return false;
}

struct search {
	const char *compatible;
	unsigned index;
	struct node *found;
	bool ok;
};

static bool search_visit(const struct node *node, void *arg)
{
	struct search *search = arg;

	if (!node->enabled || !node->on_bus || !node_compatible(node, search->compatible) || search->index--)
		return true;
	*search->found = *node;
	search->ok = true;
	return false;
}

bool tree_find(const void *tree, const char *compatible, unsigned index, struct node *found)
{
	struct search search = {compatible, index, found, false};

	tree_walk(tree, search_visit, &search);
	return search.ok;
}

static bool memory_visit(const struct node *node, void *arg)
{
	struct node *found = arg;

	if (node->depth != 1 || !node->on_bus)
		return true;
	for (unsigned i = 0; i < 6; i++)
		if (node->name[i] != "memory"[i])
			return true;
	*found = *node;
	return false;
}

bool tree_memory(const void *tree, uint32_t *base, uint32_t *size)
{
	struct node node = {0};

	tree_walk(tree, memory_visit, &node);
	*base = node.addr;
	*size = node.size;
	return node.size != 0;
}
