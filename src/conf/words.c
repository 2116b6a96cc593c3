/* Words for people about rows. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#include "conf/row.h"
#include "conf/words.h"

static void
describe_words(const struct row *row, const char *what, struct text *text)
{
	text_add(text, "%s", what);
	for (const struct row_word *word = row->words; word->name != NULL; word++)
		text_add(text, "%s%s", word == row->words ? "" : ", ", word->name);
}

static void
describe_kind(const struct row *row, struct text *text)
{
	static const char *const units[] = {
	    [ROW_NUMBER] = "number",
	    [ROW_SECONDS] = "seconds",
	    [ROW_MILLISECONDS] = "milliseconds",
	};

	switch (row->kind) {
	case ROW_TEXT:
	case ROW_CHOICE:
	case ROW_SWITCH:
		if (row->words != NULL)
			describe_words(row, "one of ", text);
		else
			text_add(text, "text");
		break;
	case ROW_SET:
		describe_words(row, "list of ", text);
		break;
	case ROW_TEXTS:
		text_add(text, "%s", row->low > 0 ? "list of texts, not empty" : "list of texts");
		break;
	case ROW_BOOL:
		text_add(text, "true or false");
		break;
	case ROW_GROUP:
		text_add(text, "group");
		break;
	case ROW_LIST:
		text_add(text, "%s", row->low > 0 ? "list of groups, not empty" : "list of groups");
		break;
	default:
		text_add(
		    text, "%s, %" PRId64 " to %" PRId64, units[row->kind], row->low, row->high);
	}
}

static void
describe_texts(const struct row *row, struct text *text)
{
	char **texts = NULL;

	row_add_texts(&texts, row->fallback);
	text_add(text, "; default [");
	for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
		text_add(text, "%s\"%s\"", i > 0 ? ", " : "", texts[i]);
	text_add(text, "]");
	mem_texts_free(&texts);
}

/* How the default is written in the file. */
static void
describe_default(const struct row *row, struct text *text)
{
	const char *fallback = row->fallback;

	if (fallback == NULL)
		text_add(text, "; required");
	else if (row->kind == ROW_TEXTS)
		describe_texts(row, text);
	else if (row->kind == ROW_TEXT || row->kind == ROW_CHOICE || row->kind == ROW_SWITCH)
		text_add(text, "; default \"%s\"", fallback);
	else
		text_add(text, "; default %s", fallback);
}

char *
words_describe(const struct row *row)
{
	struct text text = {0};

	describe_kind(row, &text);
	if (row->kind != ROW_GROUP && row->kind != ROW_LIST)
		describe_default(row, &text);
	if (row->flags & ROW_SECRET)
		text_add(&text, "; secret");
	if (row->flags & ROW_FIXED)
		text_add(&text, "; restart");
	return text_take(&text);
}

void
words_wrap(FILE *file, const char *indent, const char *words, size_t width)
{
	size_t column = 0;

	fputs(indent, file);
	while (*words != '\0') {
		size_t size = strcspn(words, " ");

		if (column > 0 && column + 1 + size > width) {
			fprintf(file, "\n%s", indent);
			column = 0;
		}
		column += (size_t)fprintf(file, "%s%.*s", column > 0 ? " " : "", (int)size, words);
		words += size + strspn(words + size, " ");
	}
	fputc('\n', file);
}
