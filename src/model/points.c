#include <errno.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/points_internal.h"

static void
points_drop_ignorable(struct points *points)
{
	size_t kept = 0;

	for (size_t i = 0; i < points->count; i++)
		if (!uc_is_property_default_ignorable_code_point(points->items[i]))
			points->items[kept++] = points->items[i];
	points->count = kept;
}

int
points_fold(const char *text, uninorm_t form, struct points *points_out)
{
	struct points read, folded;

	read.items =
	    u8_to_u32((const uint8_t *)text, u8_strlen((const uint8_t *)text), NULL, &read.count);
	if (read.items == NULL && errno == ENOMEM)
		err_end("out of memory");
	if (read.items == NULL)
		return -1;
	points_drop_ignorable(&read);
	/* With a form, u32_casefold decomposes first, as Unicode's definition D145 asks. */
	folded.items = u32_casefold(read.items, read.count, NULL, form, NULL, &folded.count);
	points_fini(&read);
	if (folded.items == NULL)
		err_end("out of memory");
	*points_out = folded;
	return 0;
}

char *
points_text(const struct points *points)
{
	size_t size;
	uint8_t *bytes = u32_to_u8(points->items, points->count, NULL, &size);
	char *text;

	if (bytes == NULL)
		err_end("out of memory");
	text = mem_text_n((const char *)bytes, size);
	mem_free(bytes);
	return text;
}

void
points_fini(struct points *points)
{
	mem_free(points->items);
	points->items = NULL;
	points->count = 0;
}
