/* Prints a configuration so that it reads back as the same. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

#include "conf/conf.h"
#include "conf/row.h"
#include "conf/words.h"

#define WIDTH 96 /* columns of a comment, its indent not counted */

struct printer {
	FILE *file;
	unsigned flags;
	int depth;
	bool help; /* of the rows at hand: within a list the first group alone has it */
};

static void print_rows(struct printer *printer, const struct row *rows, const void *base);

static void
print_indent(const struct printer *printer)
{
	for (int i = 0; i < printer->depth; i++)
		fputc('\t', printer->file);
}

static void
print_byte(FILE *file, char byte)
{
	static const char plain[] = "\"\\\n\t\r\f", escaped[] = "\"\\ntrf";
	const char *found = byte == '\0' ? NULL : strchr(plain, byte);

	if (found != NULL)
		fprintf(file, "\\%c", escaped[found - plain]);
	else if ((unsigned char)byte < ' ')
		fprintf(file, "\\x%02x", (unsigned)byte);
	else
		fputc(byte, file);
}

/* A long text goes over lines: libconfig joins strings that stand beside each other. */
static void
print_text(const struct printer *printer, const char *text)
{
	size_t column = 0;

	fputc('"', printer->file);
	for (; *text != '\0'; text++) {
		if (column >= WIDTH - 24 && text[-1] == ' ') {
			fputs("\"\n", printer->file);
			print_indent(printer);
			fputs("\t\"", printer->file);
			column = 0;
		}
		print_byte(printer->file, *text);
		column++;
	}
	fputc('"', printer->file);
}

static void
print_list_of_texts(const struct printer *printer, char *const *texts)
{
	const char *before = "[ ";

	if (mem_texts_count(texts) == 0) {
		fputs("[]", printer->file);
		return;
	}
	for (; *texts != NULL; texts++, before = ", ") {
		fputs(before, printer->file);
		print_text(printer, *texts);
	}
	fputs(" ]", printer->file);
}

static void
print_set(const struct printer *printer, const struct row *row, int64_t set)
{
	const char *before = "[ ";

	for (const struct row_word *word = row->words; word->name != NULL; word++)
		if (set & word->value) {
			fprintf(printer->file, "%s\"%s\"", before, word->name);
			before = ", ";
		}
	fputs(*before == '[' ? "[]" : " ]", printer->file);
}

static void
print_value(const struct printer *printer, const struct row *row, const void *base)
{
	switch (row->kind) {
	case ROW_TEXT:
		if (row->flags & ROW_SECRET && printer->flags & CONF_PRINT_MASK &&
		    *row_text(row, base) != '\0')
			print_text(printer, "***");
		else
			print_text(printer, row_text(row, base));
		break;
	case ROW_TEXTS:
		print_list_of_texts(printer, row_texts(row, base));
		break;
	case ROW_BOOL:
		fputs(row_bool(row, base) ? "true" : "false", printer->file);
		break;
	case ROW_CHOICE:
	case ROW_SWITCH:
		print_text(printer, row_word_name(row, row_number(row, base)));
		break;
	case ROW_SET:
		print_set(printer, row, row_number(row, base));
		break;
	default:
		fprintf(printer->file, "%" PRId64, row_number(row, base));
	}
}

static void
print_group(struct printer *printer, const struct row *rows, const void *base)
{
	fputs("{\n", printer->file);
	printer->depth++;
	print_rows(printer, rows, base);
	printer->depth--;
	print_indent(printer);
	fputs("}", printer->file);
}

static void
print_on_a_line(const struct printer *printer, const struct row *rows, const void *base)
{
	fputs("{ ", printer->file);
	for (; rows->name != NULL; rows++) {
		fprintf(printer->file, "%s = ", rows->name);
		print_value(printer, rows, base);
		fputs("; ", printer->file);
	}
	fputs("}", printer->file);
}

static void
print_list(struct printer *printer, const struct row *row, const void *base)
{
	size_t count;
	const char *items = row_list(row, base, &count);
	bool help = printer->help;

	fputs("(", printer->file);
	printer->depth++;
	for (size_t i = 0; i < count; i++) {
		fputs(i == 0 ? "\n" : ",\n", printer->file);
		print_indent(printer);
		if (row->flags & ROW_COMPACT)
			print_on_a_line(printer, row->rows, items + i * row->size);
		else
			print_group(printer, row->rows, items + i * row->size);
		printer->help = false;
	}
	printer->depth--;
	printer->help = help;
	if (count > 0) {
		fputc('\n', printer->file);
		print_indent(printer);
	}
	fputs(")", printer->file);
}

/* The help, and in brackets what may stand there. */
static void
print_help(const struct printer *printer, const struct row *row, const char *name)
{
	bool is_key = row->kind != ROW_GROUP && row->kind != ROW_LIST;
	char *description = words_describe(row);
	char *words = mem_format("%s%s%s%s%s%s", name, *name == '\0' ? "" : ": ", row->help,
	    is_key ? " (" : "", is_key ? description : "", is_key ? ")" : "");
	char *indent =
	    mem_format("%.*s# %s", printer->depth, "\t\t\t\t\t\t\t\t", *name == '\0' ? "" : "  ");

	words_wrap(printer->file, indent, words, WIDTH - 8 * (size_t)printer->depth);
	mem_free_text(&indent);
	mem_free_text(&words);
	mem_free_text(&description);
}

/* Groups that stand on a line each have no room for help within: it goes before the list. */
static void
print_row_help(const struct printer *printer, const struct row *row)
{
	print_help(printer, row, "");
	if (row->kind == ROW_LIST && row->flags & ROW_COMPACT)
		for (const struct row *member = row->rows; member->name != NULL; member++)
			print_help(printer, member, member->name);
}

static void
print_row(struct printer *printer, const struct row *row, const void *base)
{
	if (printer->help)
		print_row_help(printer, row);
	print_indent(printer);
	fprintf(printer->file, "%s = ", row->name);
	if (row->kind == ROW_GROUP)
		print_group(printer, row->rows, row_at(row, base));
	else if (row->kind == ROW_LIST)
		print_list(printer, row, base);
	else
		print_value(printer, row, base);
	fputs(printer->depth == 0 && printer->flags & CONF_PRINT_HELP && row[1].name != NULL
		  ? ";\n\n"
		  : ";\n",
	    printer->file);
}

static void
print_rows(struct printer *printer, const struct row *rows, const void *base)
{
	for (; rows->name != NULL; rows++)
		if (rows->kind == ROW_JOINED)
			print_rows(printer, rows->rows, row_at(rows, base));
		else
			print_row(printer, rows, base);
}

void
conf_print(const struct conf *conf, FILE *file, unsigned flags)
{
	struct printer printer = {file, flags, 0, (flags & CONF_PRINT_HELP) != 0};

	print_rows(&printer, conf_rows, conf);
}
