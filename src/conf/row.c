/* What the rows' values are in memory. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#include "conf/row.h"

void *
row_at(const struct row *row, const void *base)
{
	return (char *)(uintptr_t)base + row->offset;
}

char *
row_text(const struct row *row, const void *base)
{
	return *(char **)row_at(row, base);
}

char **
row_texts(const struct row *row, const void *base)
{
	return *(char ***)row_at(row, base);
}

bool
row_bool(const struct row *row, const void *base)
{
	return *(bool *)row_at(row, base);
}

int64_t
row_number(const struct row *row, const void *base)
{
	void *at = row_at(row, base);
	int64_t time;

	switch (row->kind) {
	case ROW_NUMBER:
	case ROW_CHOICE:
		return *(int *)at;
	case ROW_SET:
		return *(unsigned *)at;
	case ROW_BOOL:
	case ROW_SWITCH:
		return *(bool *)at;
	default:
		time = *(int64_t *)at;
		return row->kind == ROW_SECONDS && time > 0 ? time / 1000 : time;
	}
}

void *
row_list(const struct row *row, const void *base, size_t *count_out)
{
	void *items;

	memcpy(&items, row_at(row, base), sizeof(items));
	memcpy(count_out, (const char *)base + row->count_offset, sizeof(*count_out));
	return items;
}

void
row_set_number(const struct row *row, void *base, int64_t number)
{
	void *at = row_at(row, base);

	switch (row->kind) {
	case ROW_NUMBER:
	case ROW_CHOICE:
		*(int *)at = (int)number;
		break;
	case ROW_SET:
		*(unsigned *)at = (unsigned)number;
		break;
	case ROW_BOOL:
	case ROW_SWITCH:
		*(bool *)at = number != 0;
		break;
	default:
		*(int64_t *)at = row->kind == ROW_SECONDS && number > 0 ? number * 1000 : number;
	}
}

void
row_add_texts(char ***texts, const char *fallback)
{
	char *copy = mem_text(fallback == NULL ? "" : fallback), *save = NULL;

	for (char *text = strtok_r(copy, " ", &save); text != NULL;
	     text = strtok_r(NULL, " ", &save))
		mem_texts_add(texts, text);
	mem_free_text(&copy);
}

void
row_set_default(const struct row *row, void *base)
{
	const char *fallback = row->fallback;
	const struct row_word *word;
	int64_t number = row->low;

	switch (row->kind) {
	case ROW_TEXT:
		mem_set_text(row_at(row, base), fallback == NULL ? "" : fallback);
		break;
	case ROW_TEXTS:
		mem_texts_free(row_at(row, base));
		row_add_texts(row_at(row, base), fallback);
		break;
	case ROW_BOOL:
		row_set_number(row, base, fallback != NULL && strcmp(fallback, "true") == 0);
		break;
	case ROW_CHOICE:
	case ROW_SWITCH:
		word = fallback == NULL ? NULL : row_word_find(row, fallback);
		row_set_number(row, base, word == NULL ? 0 : word->value);
		break;
	case ROW_NUMBER:
	case ROW_SECONDS:
	case ROW_MILLISECONDS:
		if (fallback != NULL)
			text_number(fallback, row->low, row->high, &number);
		row_set_number(row, base, number);
		break;
	default:
		break;
	}
}

void
row_free(const struct row *row, void *base)
{
	char *items;
	size_t count;

	switch (row->kind) {
	case ROW_TEXT:
		mem_free_text(row_at(row, base));
		break;
	case ROW_TEXTS:
		mem_texts_free(row_at(row, base));
		break;
	case ROW_GROUP:
	case ROW_JOINED:
		rows_free(row->rows, row_at(row, base));
		break;
	case ROW_LIST:
		items = row_list(row, base, &count);
		for (size_t i = 0; i < count; i++)
			rows_free(row->rows, items + i * row->size);
		free(items);
		break;
	default:
		break;
	}
}

void
rows_free(const struct row *rows, void *base)
{
	for (; rows->name != NULL; rows++)
		row_free(rows, base);
}

const struct row_word *
row_word_find(const struct row *row, const char *name)
{
	for (const struct row_word *word = row->words; word->name != NULL; word++)
		if (strcmp(word->name, name) == 0)
			return word;
	return NULL;
}

const char *
row_word_name(const struct row *row, int64_t value)
{
	for (const struct row_word *word = row->words; word->name != NULL; word++)
		if (word->value == value)
			return word->name;
	return "";
}

int64_t
row_most(const struct row *row)
{
	if (row->high != 0)
		return row->high;
	return row->kind == ROW_TEXT ? ROW_MOST_BYTES : ROW_MOST_ITEMS;
}
