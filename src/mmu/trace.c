/*
 * trace.c - from frames to shadows: which MiBs of which spaces depend on descriptors in a frame, and which write[] entries map it.
 *
 * A traced frame has no write[] entry anywhere, so each store to it comes through the slow path and ends in mmu_table_written().
 * The trace ends when nothing depends on the frame any more, or when the guest writes it again and again without using it
 * (TABLE_WRITE_LIMIT: a table being built, or a frame that is no table any longer); what was derived from it goes then.
 */
#include "base/base.h"
#include "mmu/mmu.h"

#include <string.h>

#include "base/log.h"
#include "mmu/mmu_private.h"

struct table *trace_table(struct mmu *mmu, gpa_t pa)
{
	struct frame *frame;
	struct table *table;

	if (!phys_find_frame(mmu->phys, pa, &frame))
		return NULL;
	if (frame->table)
		return frame->table;
	if (mmu->free_tables) {
		table = mmu->free_tables;
		mmu->free_tables = table->next_free;
	} else if (mmu->tables_used < MMU_TABLES) {
		table = &mmu->tables[mmu->tables_used++];
	} else {
		return NULL;
	}
	memset(table, 0, sizeof(*table));
	table->frame = frame;
	table->pa = pa & ~(gpa_t)GUEST_PAGE_MASK;
	frame->table = table;
	frame->trace |= FRAME_TRACE_TABLE;
	frame->was_table = true;
	writers_remove(mmu, frame);
	mmu->traced++;
	mmu->cpu->stats[CPU_STAT_FRAMES_TRACED]++;
	if (unlikely(log_has(mmu->cpu->log_mask, LOG_SHADOW)))
		log_printf(mmu->cpu->log, LOG_SHADOW, "shadow: table trace on 0x%08" PRIx64 "\n", table->pa);
	return table;
}

static void untrace(struct mmu *mmu, struct table *table)
{
	struct frame *frame = table->frame;

	BUG_ON(table->deps != 0);
	frame->table = NULL;
	frame->trace &= (uint8_t)~FRAME_TRACE_TABLE;
	table->frame = NULL;
	table->next_free = mmu->free_tables;
	mmu->free_tables = table;
	mmu->traced--;
	mmu->cpu->stats[CPU_STAT_FRAMES_UNTRACED]++;
	if (unlikely(log_has(mmu->cpu->log_mask, LOG_SHADOW)))
		log_printf(mmu->cpu->log, LOG_SHADOW, "shadow: no table trace on 0x%08" PRIx64 "\n", table->pa);
}

static uint32_t *l1_head(struct table *table, uint32_t l1_pa)
{
	return &table->l1_head[(l1_pa & GUEST_PAGE_MASK) >> 8];
}

static uint32_t *l2_head(struct table *table, gpa_t l2_base)
{
	return &table->l2_head[(l2_base & GUEST_PAGE_MASK) >> 10];
}

void table_link(struct mmu *mmu, struct shadow *shadow, uint32_t mib, struct table *l1, struct table *l2, gpa_t l2_base)
{
	struct mib *m = &shadow->mibs[mib];
	struct shadow *other;
	uint32_t id = mib_id(shadow, mib), other_mib, *head = l1_head(l1, m->l1_pa);

	BUG_ON(m->flags & MIB_LINKED);
	m->l1_table = l1;
	m->l1_prev = 0;
	m->l1_next = *head;
	if (*head)
		mib_of(mmu, *head, &other, &other_mib)->l1_prev = id;
	*head = id;
	l1->deps++;
	m->l2_table = l2;
	if (l2) {
		head = l2_head(l2, l2_base);
		m->l2_prev = 0;
		m->l2_next = *head;
		if (*head)
			mib_of(mmu, *head, &other, &other_mib)->l2_prev = id;
		*head = id;
		l2->deps++;
	}
	m->flags |= MIB_LINKED;
	mmu->shared_mibs[mib] += shadow->shared;
	shadow->used[mib >> 6] |= 1ull << (mib & 63);
}

void table_unlink(struct mmu *mmu, struct shadow *shadow, uint32_t mib)
{
	struct mib *m = &shadow->mibs[mib];
	struct table *l1 = m->l1_table, *l2 = m->l2_table;
	struct shadow *other;
	uint32_t other_mib;

	BUG_ON(!(m->flags & MIB_LINKED));
	if (m->l1_next)
		mib_of(mmu, m->l1_next, &other, &other_mib)->l1_prev = m->l1_prev;
	if (m->l1_prev)
		mib_of(mmu, m->l1_prev, &other, &other_mib)->l1_next = m->l1_next;
	else
		*l1_head(l1, m->l1_pa) = m->l1_next;
	if (l2) {
		if (m->l2_next)
			mib_of(mmu, m->l2_next, &other, &other_mib)->l2_prev = m->l2_prev;
		if (m->l2_prev)
			mib_of(mmu, m->l2_prev, &other, &other_mib)->l2_next = m->l2_next;
		else
			*l2_head(l2, m->l1_value & 0xc00) = m->l2_next;
	}
	m->flags &= ~MIB_LINKED;
	mmu->shared_mibs[mib] -= shadow->shared;
	m->l1_table = m->l2_table = NULL;
	if (--l1->deps == 0)
		untrace(mmu, l1);
	/* One frame may hold both levels. */
	if (l2 && --l2->deps == 0)
		untrace(mmu, l2);
}

static void drop_list(struct mmu *mmu, const uint32_t *head)
{
	uint32_t id;

	while ((id = *head)) {
		struct shadow *shadow;
		uint32_t mib;

		mib_of(mmu, id, &shadow, &mib);
		shadow_drop_mib(mmu, shadow, mib);
	}
}

/* Everything that was derived from the table goes, and with the last dependency its trace. */
static void drop_table(struct mmu *mmu, struct table *table)
{
	/* The dummy dependency keeps the table from being freed under our feet. */
	table->deps++;
	for (unsigned i = 0; i < L1_BUCKETS; i++)
		drop_list(mmu, &table->l1_head[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(table->l2_head); i++)
		drop_list(mmu, &table->l2_head[i]);
	if (--table->deps == 0)
		untrace(mmu, table);
}

/* A store of the value that was there is common (set_pte twice, table synchronisation) and drops nothing. */
static void first_level_written(struct mmu *mmu, struct table *table, uint32_t pa, uint32_t word)
{
	uint32_t id = *l1_head(table, pa);

	while (id) {
		struct shadow *shadow;
		uint32_t mib;
		struct mib *m = mib_of(mmu, id, &shadow, &mib);
		uint32_t value = shadow->key.sctlr & SCTLR_EE ? __builtin_bswap32(word) : word;

		id = m->l1_next;
		if (m->l1_pa == pa && m->l1_value != value)
			shadow_drop_mib(mmu, shadow, mib);
	}
}

static void second_level_written(struct mmu *mmu, struct table *table, uint32_t pa)
{
	uint32_t id = *l2_head(table, pa), page = (pa & 0x3ff) >> 2;

	while (id) {
		struct shadow *shadow;
		uint32_t mib;
		struct mib *m = mib_of(mmu, id, &shadow, &mib);

		id = m->l2_next;
		shadow_drop_page(mmu, shadow, mib * MIB_PAGES + page);
	}
}

void mmu_table_written(void *opaque, struct frame *frame, gpa_t addr, unsigned size)
{
	struct mmu *mmu = opaque;
	struct table *table = frame->table;
	gpa_t first = addr & ~(gpa_t)3, last = addr + size - 1;
	struct region *region;

	if (!table)
		return;
	mmu->cpu->stats[CPU_STAT_TRACED_WRITES]++;
	if (++table->writes > TABLE_WRITE_LIMIT || size > 64) {
		drop_table(mmu, table);
		return;
	}
	region = phys_find_frame(mmu->phys, addr, &frame);
	table->deps++;
	for (gpa_t pa = first; pa <= last; pa += 4) {
		first_level_written(mmu, table, (uint32_t)pa, *(const uint32_t *)(region->host + (pa - region->base)));
		second_level_written(mmu, table, (uint32_t)pa);
	}
	if (--table->deps == 0)
		untrace(mmu, table);
}

bool writer_link(struct mmu *mmu, struct shadow *shadow, uint32_t page, struct frame *frame)
{
	uint32_t id = shadow->writer[page], first;
	struct writer *writer;

	if (id) {
		writer = &mmu->writers[id];
		if (writer->frame == frame)
			return true;
		/* The page maps another frame now. */
		if (writer->next)
			mmu->writers[writer->next].prev = writer->prev;
		if (writer->prev)
			mmu->writers[writer->prev].next = writer->next;
		else
			writer->frame->writers = (void *)(uintptr_t)writer->next;
	} else if (mmu->free_writer) {
		id = mmu->free_writer;
		mmu->free_writer = mmu->writers[id].next;
	} else if (mmu->writers_used < MMU_WRITERS) {
		id = mmu->writers_used++;
	} else {
		return false;
	}
	first = (uint32_t)(uintptr_t)frame->writers;
	writer = &mmu->writers[id];
	*writer = (struct writer){ .frame = frame, .next = first, .page = shadow->index << 20 | page };
	if (first)
		mmu->writers[first].prev = id;
	frame->writers = (void *)(uintptr_t)id;
	shadow->writer[page] = id;
	return true;
}

void writers_remove(struct mmu *mmu, struct frame *frame)
{
	uint32_t id = (uint32_t)(uintptr_t)frame->writers;

	while (id) {
		struct writer *writer = &mmu->writers[id];
		struct shadow *shadow = &mmu->shadows[writer->page >> 20];
		uint32_t page = writer->page & (SPACE_PAGES - 1), next = writer->next;

		shadow->space->write[page] = 0;
		if (shadow->mibs[page / MIB_PAGES].flags & MIB_WINDOW)
			window_protect_page(mmu, shadow, page);
		shadow->writer[page] = 0;
		writer->frame = NULL;
		writer->next = mmu->free_writer;
		mmu->free_writer = id;
		id = next;
	}
	frame->writers = NULL;
}

void mmu_trace_code(struct mmu *mmu, gpa_t pa, struct frame *frame)
{
	if (frame->trace & FRAME_TRACE_CODE)
		return;
	frame->trace |= FRAME_TRACE_CODE;
	writers_remove(mmu, frame);
	if (unlikely(log_has(mmu->cpu->log_mask, LOG_SHADOW)))
		log_printf(mmu->cpu->log, LOG_SHADOW, "shadow: code trace on 0x%08" PRIx64 "\n", pa & ~(gpa_t)GUEST_PAGE_MASK);
}

void mmu_untrace_code(struct mmu *mmu, gpa_t pa, struct frame *frame)
{
	frame->trace &= (uint8_t)~FRAME_TRACE_CODE;
}
