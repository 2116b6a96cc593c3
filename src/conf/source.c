/*
 * Puts the includes of a configuration in their places. The scanner knows of libconfig's grammar
 * just what tells an @include and a number from what stands in a string or comment.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#include "conf/conf.h"
#include "conf/faults.h"
#include "conf/source.h"

#define MOST_BYTES (4 << 20)
#define MOST_DEPTH 8
#define MOST_FILES 64
#define TOO_LARGE "999999999999999999L" /* out of every row's range, and within 64 bits */

struct scan {
	struct source *source;
	struct conf_faults *faults;
	size_t file;
	int line;
	int depth;
	const char *at;
};

static void scan_file(struct scan *scan);

/* The line of the text that is being written is this line of this file. */
static void
scan_mark(struct scan *scan)
{
	struct source_line line = {scan->file, scan->line};

	scan->source->lines[scan->source->line_count - 1] = line;
}

static void
scan_begin_line(struct scan *scan)
{
	struct source *source = scan->source;

	source->lines = mem_grow(source->lines, source->line_count + 1, sizeof(*source->lines));
	source->line_count++;
	scan_mark(scan);
}

static void
scan_copy(struct scan *scan, size_t size)
{
	text_add_bytes(&scan->source->text, scan->at, size);
	for (; size > 0; size--)
		if (*scan->at++ == '\n') {
			scan->line++;
			scan_begin_line(scan);
		}
}

static void
scan_fault(struct scan *scan, const char *what)
{
	conf_faults_add(
	    scan->faults, scan->source->files[scan->file], scan->line, "@include", "%s", what);
}

/* The size of a string or a block comment at the scanner; both must end within their file. */
static size_t
scan_size_until(struct scan *scan, const char *end, bool escapes)
{
	const char *at = scan->at + (escapes ? 1 : 2);

	while (*at != '\0' && strncmp(at, end, strlen(end)) != 0)
		at += escapes && at[0] == '\\' && at[1] != '\0' ? 2 : 1;
	if (*at != '\0')
		return (size_t)(at - scan->at) + strlen(end);
	conf_faults_add(scan->faults, scan->source->files[scan->file], scan->line, NULL,
	    escapes ? "a string begins here and does not end"
		    : "a comment begins here and does not end");
	return (size_t)(at - scan->at);
}

/* A whole number gets its L, or becomes TOO_LARGE; a float stays what it is. */
static void
scan_number(struct scan *scan)
{
	const char *at = scan->at + (strchr("+-", *scan->at) != NULL);
	bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
	const char *digits = at + (hex ? 2 : 0);
	size_t size, zeros = strspn(digits, "0");

	size = hex ? strspn(digits, "0123456789abcdefABCDEF") : strspn(digits, "0123456789");
	if (!hex && digits[size] != '\0' && strchr(".eE", digits[size]) != NULL) {
		scan_copy(scan, 1);
		scan_copy(scan, strspn(scan->at, "0123456789.eE+-"));
		return;
	}
	scan_copy(scan, (size_t)(at - scan->at));
	if (size - zeros > (hex ? 15 : 18)) {
		text_add_bytes(&scan->source->text, TOO_LARGE, strlen(TOO_LARGE));
		scan->at = digits + size;
	} else {
		scan_copy(scan, (size_t)(digits - at) + size);
		text_add_bytes(&scan->source->text, "L", 1);
	}
	scan->at += strspn(scan->at, "L");
}

static bool
is_number(const char *at)
{
	return isdigit((unsigned char)at[0]) ||
	       ((at[0] == '+' || at[0] == '-') && isdigit((unsigned char)at[1])) ||
	       (at[0] == '.' && isdigit((unsigned char)at[1]));
}

/* The path of an include at the scanner, which then stands after it; NULL where it is none. */
static char *
scan_include_path(struct scan *scan)
{
	const char *at = scan->at + strlen("@include");
	size_t size;
	char *path;

	at += strspn(at, " \t");
	size = *at == '"' ? strcspn(at + 1, "\"\n\\") : 0;
	if (size == 0 || at[1 + size] != '"')
		return NULL;
	path = mem_text_n(at + 1, size);
	at += size + 2;
	at += strspn(at, " \t\r");
	if (*at != '\0' && strchr("\n#", *at) == NULL && strncmp(at, "//", 2) != 0)
		mem_free_text(&path);
	else
		scan->at = at;
	return path;
}

/* Takes a file in; faults are of the place that named it. */
static void
scan_take(struct scan *from, const char *path)
{
	struct source *source = from->source;
	struct scan scan = {
	    source, from->faults, mem_texts_count(source->files), 1, from->depth + 1, NULL};
	const char *why;
	char *content;

	if (scan.depth > MOST_DEPTH || scan.file >= MOST_FILES) {
		scan_fault(from, "too many files are included, or too deep");
		return;
	}
	content = source_load(path, MOST_BYTES, &why);
	if (content == NULL) {
		conf_faults_add(from->faults, source->files[from->file], from->line, "@include",
		    "%s: %s", path, why);
		return;
	}
	mem_texts_add(&source->files, path);
	scan.at = content;
	scan_file(&scan);
	free(content);
}

static void
scan_include(struct scan *scan)
{
	char *named = scan_include_path(scan), *path;
	struct text *text = &scan->source->text;

	if (named == NULL) {
		scan_fault(scan, "must be alone on its line, and name a file: @include \"FILE\"");
		scan->at += strcspn(scan->at, "\n");
		return;
	}
	path = source_beside(scan->source->files[scan->file], named);
	scan_take(scan, path);
	if (text->size > 0 && text->bytes[text->size - 1] != '\n') {
		text_add_bytes(text, "\n", 1);
		scan_begin_line(scan);
	}
	scan_mark(scan);
	free(path);
	free(named);
}

static void
scan_token(struct scan *scan)
{
	const char *at = scan->at;

	if (*at == '#' || strncmp(at, "//", 2) == 0)
		scan_copy(scan, strcspn(at, "\n"));
	else if (strncmp(at, "/*", 2) == 0)
		scan_copy(scan, scan_size_until(scan, "*/", false));
	else if (*at == '"')
		scan_copy(scan, scan_size_until(scan, "\"", true));
	else if (is_number(at))
		scan_number(scan);
	else if (isalpha((unsigned char)*at) || *at == '*')
		scan_copy(scan, 1 + strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
						   "abcdefghijklmnopqrstuvwxyz0123456789_*-"));
	else
		scan_copy(scan, 1);
}

static void
scan_file(struct scan *scan)
{
	bool line_begins = true;

	scan_mark(scan);
	while (*scan->at != '\0') {
		const char *word = scan->at + (line_begins ? strspn(scan->at, " \t") : 0);

		if (*word == '@') {
			scan->at = word;
			if (line_begins && strncmp(word, "@include", 8) == 0)
				scan_include(scan);
			else {
				scan_fault(scan, "'@' is for a line of its own: @include \"FILE\"");
				scan->at++;
			}
		} else
			scan_token(scan);
		line_begins = scan->at[-1] == '\n';
	}
}

int
source_read(struct source *source, const char *path, struct conf_faults *faults)
{
	struct scan scan = {source, faults, 0, 1, 0, NULL};
	size_t before = faults->count;
	const char *why;
	char *content;

	*source = (struct source){0};
	mem_texts_add(&source->files, path);
	content = source_load(path, MOST_BYTES, &why);
	if (content == NULL) {
		conf_faults_add(faults, path, 1, NULL, "%s", why);
		return -1;
	}
	scan_begin_line(&scan);
	text_add_bytes(&source->text, "", 0);
	scan.at = content;
	scan_file(&scan);
	free(content);
	return faults->count == before ? 0 : -1;
}

void
source_fini(struct source *source)
{
	text_fini(&source->text);
	free(source->lines);
	mem_texts_free(&source->files);
	*source = (struct source){0};
}

const char *
source_where(const struct source *source, unsigned text_line, int *line_out)
{
	struct source_line line = {0, 1};

	if (text_line > source->line_count)
		text_line = (unsigned)source->line_count;
	if (text_line > 0)
		line = source->lines[text_line - 1];
	*line_out = line.number;
	return source->files[line.file];
}
