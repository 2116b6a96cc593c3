/* The rows as a part of musterd.conf(5), in mdoc. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#include "conf/conf.h"
#include "conf/row.h"
#include "conf/words.h"

#define WIDTH 78

/* A word in mdoc: a backslash is an escape, and a dot or quote that begins a line a macro. Returns
 * its columns. */
static size_t
manual_word(FILE *file, const char *word, size_t size, bool begins_line)
{
	struct text text = {0};

	if (begins_line && strchr(".'", *word) != NULL)
		text_add(&text, "\\&");
	for (const char *at = word; at < word + size; at++)
		if (*at == '\\')
			text_add(&text, "\\e");
		else if (strncmp(at, "…", strlen("…")) == 0) {
			text_add(&text, "...");
			at += strlen("…") - 1;
		} else
			text_add_bytes(&text, at, 1);
	fputs(text.bytes, file);
	size = text.size;
	text_fini(&text);
	return size;
}

/* Lines of WIDTH columns; a new sentence is a new line, so that formatters space it. */
static void
manual_text(FILE *file, const char *words)
{
	size_t column = 0;

	while (*words != '\0') {
		size_t size = strcspn(words, " ");

		if (column > 0 && (words[-2] == '.' || column + 1 + size > WIDTH)) {
			fputc('\n', file);
			column = 0;
		}
		if (column > 0)
			fputc(' ', file);
		column += 1 + manual_word(file, words, size, column == 0);
		words += size + (words[size] == ' ');
	}
	fputc('\n', file);
}

static void manual_rows(FILE *file, const struct row *rows);

static void
manual_row(FILE *file, const struct row *row)
{
	char *description = words_describe(row), *words = mem_format("(%s)", description);

	fprintf(file, ".It Ic %s\n", row->name);
	manual_text(file, row->help);
	manual_text(file, words);
	free(words);
	free(description);
	if (row->rows == NULL)
		return;
	fputs(".Bl -tag -width Ds\n", file);
	manual_rows(file, row->rows);
	fputs(".El\n", file);
}

static void
manual_rows(FILE *file, const struct row *rows)
{
	for (; rows->name != NULL; rows++)
		if (rows->kind == ROW_JOINED)
			manual_rows(file, rows->rows);
		else
			manual_row(file, rows);
}

void
conf_print_manual(FILE *file)
{
	fputs(".Bl -tag -width Ds\n", file);
	manual_rows(file, conf_rows);
	fputs(".El\n", file);
}
