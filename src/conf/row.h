/*
 * A row of the configuration: one key, what it may hold, where it goes in struct conf, and what it
 * means. Reading, printing, the manual page, freeing and the reload check all walk the same rows.
 */
#ifndef CONF_ROW_H
#define CONF_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

enum row_kind {
	ROW_TEXT,         /* char *: one of words where there are words */
	ROW_TEXTS,        /* char **, ends with NULL */
	ROW_BOOL,         /* bool */
	ROW_NUMBER,       /* int */
	ROW_SECONDS,      /* int64_t milliseconds, whole seconds in the file; -1 stays -1 */
	ROW_MILLISECONDS, /* int64_t */
	ROW_CHOICE,       /* int: one of words */
	ROW_SWITCH,       /* bool: one of two words, with values 0 and 1 */
	ROW_SET,          /* unsigned: a list of words, their values or-ed */
	ROW_GROUP,        /* a struct within the struct */
	ROW_JOINED,       /* a struct within the struct whose keys stand among the others */
	ROW_LIST,         /* a pointer to structs, and their count */
};

#define ROW_SECRET 1  /* masked in print */
#define ROW_FIXED 2   /* only a restart can change it */
#define ROW_LINES 4   /* a text that may hold line breaks */
#define ROW_COMPACT 8 /* a list whose groups print on a line each */

struct row_word {
	const char *name;
	int value;
};

/* low and high: of a number; the bytes of a text; the items of a list. high 0 of a text or list:
 * ROW_MOST_BYTES, ROW_MOST_ITEMS. */
#define ROW_MOST_BYTES 1024
#define ROW_MOST_ITEMS 1000
struct row {
	const char *name; /* NULL ends the rows */
	enum row_kind kind;
	size_t offset, count_offset; /* in the struct that the rows are of */
	const char *help;
	const char *fallback; /* as written in the file, without quotes; a list's with spaces
			       * between; NULL: required */
	int64_t low, high;
	const struct row_word *words;
	int (*check)(const char *text, struct err *err); /* of a text, or of each text of a list */
	const struct row *rows;                          /* of a group or list */
	size_t size;                                     /* of a list's struct */
	unsigned flags;
};

extern const struct row conf_rows[];

/* A key's value within its struct, as what it is. */
void *row_at(const struct row *row, const void *base);
char *row_text(const struct row *row, const void *base);
char **row_texts(const struct row *row, const void *base);
bool row_bool(const struct row *row, const void *base);
int64_t row_number(const struct row *row, const void *base); /* in the file's unit */
void *row_list(const struct row *row, const void *base, size_t *count_out);

void row_set_number(const struct row *row, void *base, int64_t number);
void row_set_default(const struct row *row, void *base); /* empty or low where required */
void row_add_texts(char ***texts, const char *fallback); /* of a list's default */
void row_free(const struct row *row, void *base);
void rows_free(const struct row *rows, void *base);

const struct row_word *row_word_find(const struct row *row, const char *name);
const char *row_word_name(const struct row *row, int64_t value);
int64_t row_most(const struct row *row);

#endif
