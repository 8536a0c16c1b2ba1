/*
 * log.c - categories, address filter, and the set of places already complained about.
 *
 * Each line is formatted by one stdio call on a line-buffered stream: lines of
 * several threads do not mix, and a crash loses none.
 */
#include "base/base.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 4096u
#define KEY_SLOTS 8192u /* half empty: probes stay short */

struct range {
	uint64_t first, last;
};

struct log {
	atomic_uint mask;
	FILE *file; /* NULL: stderr */
	log_tell_fn *tell;
	void *tell_opaque;
	struct range *ranges;
	unsigned range_count;
	log_symbolize_fn *symbolize;
	void *symbolize_opaque;
	pthread_mutex_t key_lock;
	unsigned key_count;
	bool key_used[KEY_SLOTS];
	uint64_t keys[KEY_SLOTS];
};

static const struct {
	const char *name;
} categories[] = {
#define LOG(id, text, help) [LOG_##id] = { text },
#include "base/log_categories.def"
#undef LOG
};
static_assert(LOG_CATEGORY_COUNT <= 32, "the mask has 32 bits");

struct log *log_create(void)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	pthread_mutex_init(&log->key_lock, NULL);
	return log;
}

void log_destroy(struct log *log)
{
	if (!log)
		return;
	if (log->file)
		fclose(log->file);
	free(log->ranges);
	pthread_mutex_destroy(&log->key_lock);
	free(log);
}

static int unknown_category(struct error *err, const char *name, size_t len)
{
	char names[ERROR_MAX] = "";

	for (unsigned i = 0; i < LOG_CATEGORY_COUNT; i++) {
		size_t at = strlen(names);
		snprintf(names + at, sizeof(names) - at, "%s%s", i ? ", " : "", categories[i].name);
	}
	return error_set(err, EINVAL, "-d knows no '%.*s'; it takes a comma-separated list of %.300s", (int)MIN(len, (size_t)40),
	                 name, names);
}

int log_enable(struct log *log, const char *list, struct error *err)
{
	uint32_t mask = 0;

	for (const char *at = list;;) {
		size_t len = strcspn(at, ",");
		unsigned cat = 0;

		while (cat < LOG_CATEGORY_COUNT && (strlen(categories[cat].name) != len || memcmp(categories[cat].name, at, len)))
			cat++;
		if (cat == LOG_CATEGORY_COUNT)
			return unknown_category(err, at, len);
		mask |= 1u << cat;
		if (!at[len])
			break;
		at += len + 1;
	}
	atomic_fetch_or(&log->mask, mask);
	return 0;
}

int log_open(struct log *log, const char *path, struct error *err)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return error_set(err, errno, "cannot write the log file '%s' (-D): %s", path, strerror(errno));
	setvbuf(file, NULL, _IOLBF, 65536);
	if (log->file)
		fclose(log->file);
	log->file = file;
	return 0;
}

bool log_incomplete(struct log *log)
{
	return log->file && (fflush(log->file) || ferror(log->file));
}

/* A number in C's notation; false when there is none. */
static bool parse_number(const char **at, uint64_t *value)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*value = strtoull(*at, &end, 0);
	if (errno || end == *at)
		return false;
	*at = end;
	return true;
}

/* One range at *at, which moves behind it. */
static bool parse_range(const char **at, struct range *range)
{
	uint64_t a, b;

	if (!parse_number(at, &a))
		return false;
	char op = *(*at)++;

	if (op == '.' && *(*at)++ != '.')
		return false;
	if ((op != '.' && op != '+' && op != '-') || !parse_number(at, &b))
		return false;
	if (op == '.') {
		*range = (struct range){ a, b };
		return a <= b;
	}
	if (!b)
		return false;
	if (op == '+') {
		*range = (struct range){ a, a + (b - 1) };
		return b - 1 <= UINT64_MAX - a;
	}
	*range = (struct range){ a - (b - 1), a };
	return b - 1 <= a;
}

int log_filter(struct log *log, const char *ranges, struct error *err)
{
	unsigned max = 1, count = 0;

	for (const char *at = ranges; *at; at++)
		max += *at == ',';
	struct range *list = calloc(max, sizeof(*list));

	if (!list)
		return error_set(err, ENOMEM, "out of memory");
	for (const char *at = ranges;;) {
		const char *start = at;

		if (!parse_range(&at, &list[count++]) || (*at && *at != ',')) {
			free(list);
			return error_set(err, EINVAL,
			                 "-dfilter does not understand '%.60s'; write START..END, START+LENGTH or END-LENGTH", start);
		}
		if (!*at)
			break;
		at++;
	}
	free(log->ranges);
	log->ranges = list;
	log->range_count = count;
	return 0;
}

uint32_t log_mask(const struct log *log)
{
	return atomic_load_explicit(&log->mask, memory_order_relaxed);
}

bool log_enabled(const struct log *log, enum log_category cat)
{
	return log_has(log_mask(log), cat);
}

bool log_addr_enabled(const struct log *log, gva_t addr)
{
	if (!log->range_count)
		return true;
	for (unsigned i = 0; i < log->range_count; i++) {
		if (addr >= log->ranges[i].first && addr <= log->ranges[i].last)
			return true;
	}
	return false;
}

FILE *log_stream(struct log *log)
{
	return log->file ? log->file : stderr;
}

void log_printf(struct log *log, enum log_category cat, const char *fmt, ...)
{
	if (!log_enabled(log, cat))
		return;
	va_list args;

	va_start(args, fmt);
	vfprintf(log_stream(log), fmt, args);
	va_end(args);
}

/* With -D the user would not see a line that only the file has. */
static void write_both(struct log *log, const char *fmt, va_list args)
{
	if (log->file) {
		va_list again;

		va_copy(again, args);
		vfprintf(log->file, fmt, again);
		va_end(again);
	}
	if (log->tell) {
		char text[1024];

		vsnprintf(text, sizeof(text), fmt, args);
		log->tell(log->tell_opaque, text);
	} else {
		vfprintf(stderr, fmt, args);
	}
}

void log_set_teller(struct log *log, log_tell_fn *fn, void *opaque)
{
	log->tell = fn;
	log->tell_opaque = opaque;
}

void log_always(struct log *log, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_both(log, fmt, args);
	va_end(args);
}

/* True when @key is new and there is room for it. */
static bool remember(struct log *log, uint64_t key)
{
	uint64_t hash = key * 0x9e3779b97f4a7c15ull >> 40;
	bool added = false;

	pthread_mutex_lock(&log->key_lock);
	unsigned slot = hash % KEY_SLOTS;

	while (log->key_used[slot] && log->keys[slot] != key)
		slot = (slot + 1) % KEY_SLOTS;
	if (!log->key_used[slot] && log->key_count < KEYS_MAX) {
		log->key_used[slot] = true;
		log->keys[slot] = key;
		log->key_count++;
		added = true;
	}
	pthread_mutex_unlock(&log->key_lock);
	return added;
}

bool log_guest(struct log *log, uint64_t key, const char *fmt, ...)
{
	if (!log_enabled(log, LOG_GUEST_ERRORS) || !remember(log, key))
		return false;
	va_list args;

	va_start(args, fmt);
	vfprintf(log_stream(log), fmt, args);
	va_end(args);
	return true;
}

bool log_once(struct log *log, uint64_t key, const char *fmt, ...)
{
	if (!remember(log, key))
		return false;
	va_list args;

	va_start(args, fmt);
	write_both(log, fmt, args);
	va_end(args);
	return true;
}

void log_set_symbolizer(struct log *log, log_symbolize_fn *fn, void *opaque)
{
	log->symbolize = fn;
	log->symbolize_opaque = opaque;
}

const char *log_address(const struct log *log, gva_t addr, char *buf, size_t size)
{
	char name[128];
	int64_t offset = log->symbolize ? log->symbolize(log->symbolize_opaque, addr, name, sizeof(name)) : -1;

	if (offset < 0)
		snprintf(buf, size, "0x%08" PRIx32, addr);
	else if (offset == 0)
		snprintf(buf, size, "0x%08" PRIx32 " <%s>", addr, name);
	else
		snprintf(buf, size, "0x%08" PRIx32 " <%s+0x%" PRIx64 ">", addr, name, (uint64_t)offset);
	return buf;
}
