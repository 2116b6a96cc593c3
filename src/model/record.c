#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "model/record.h"

static void
record_fini(struct record *record)
{
	name_fini(&record->name);
	mem_free_text(&record->source);
	mem_free_text(&record->dn);
	mem_free_text(&record->edipi);
	mem_free_text(&record->category);
	mem_free_text(&record->rule);
	mem_free_text(&record->o);
	mem_free_text(&record->ou);
	mem_free_text(&record->title);
}

/* By hand, not by realloc, which would leave the dates behind where the old items were. */
static void
records_double(struct records *records)
{
	size_t room = records->count == 0 ? 1 : 2 * records->count;
	struct record *items = mem_grow(NULL, room, sizeof(*items));

	if (records->count > 0) {
		memcpy(items, records->items, records->count * sizeof(*items));
		secret_wipe(records->items, records->count * sizeof(*items));
	}
	free(records->items);
	records->items = items;
}

struct record *
records_add(struct records *records)
{
	struct record *record;

	/* The room is always the count rounded up to a power of two. */
	if ((records->count & (records->count - 1)) == 0)
		records_double(records);
	record = &records->items[records->count++];
	memset(record, 0, sizeof(*record));
	return record;
}

void
records_fini(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		record_fini(&records->items[i]);
	if (records->count > 0)
		secret_wipe(records->items, records->count * sizeof(*records->items));
	free(records->items);
	records->items = NULL;
	records->count = 0;
}
