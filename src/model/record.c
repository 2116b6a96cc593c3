#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

struct record *
records_add(struct records *records)
{
	struct record *record;

	/* The room is always the count rounded up to a power of two. */
	if ((records->count & (records->count - 1)) == 0)
		records->items = mem_grow(records->items,
		    records->count == 0 ? 1 : 2 * records->count, sizeof(*records->items));
	record = &records->items[records->count++];
	memset(record, 0, sizeof(*record));
	return record;
}

void
records_fini(struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		record_fini(&records->items[i]);
	mem_free(records->items);
	records->items = NULL;
	records->count = 0;
}
