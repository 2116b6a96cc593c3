/*
 * What people see: text from the daemon made harmless for a terminal, times in local time (RFC 3339
 * with the offset), columns. And JSON, for programs. Returned texts are the caller's to free.
 */
#ifndef MUSTERCTL_SCREEN_H
#define MUSTERCTL_SCREEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A copy with every control character (C0, DEL, C1), what reorders text (Unicode's bidi controls)
 * and what is no UTF-8 replaced; NULL becomes "-". Line ends too, unless keep_lines.
 */
char *screen_clean(const char *text, bool keep_lines);
void screen_print(const char *text, FILE *file); /* the same, printed, line ends kept */

/* "2026-01-31 09:00:00+01:00" of RFC 3339 UTC; "-" for NULL; anything else cleaned. */
char *screen_time(const char *rfc3339);
/* The same with " (3 min ago)" or " (in 3 min)". */
char *screen_time_about(const char *rfc3339);
char *screen_duration(int64_t seconds); /* "3 h 12 min" */

/*
 * A bar on stderr, drawn again and again on one line; permille below 0: only the words. Nothing
 * where stderr is no terminal that can draw one, or it was drawn a moment ago.
 */
void screen_bar(int permille, const char *words);
void screen_bar_clear(void);

/* Rows of cells, the widest of each column decides; the cells are the table's. */
struct table {
	size_t columns, count;
	char **cells;
};
void table_add(struct table *table, char *cell); /* takes the cell */
void table_add_text(struct table *table, const char *text);
void table_print(struct table *table, FILE *file); /* and frees what is in it */

/* One document over several lines, or (line) one on one line; ASCII alone. */
void screen_json(const json_t *document, bool line, FILE *file);

/* A member's text; NULL where it is null, missing or something else. */
const char *json_text(const json_t *object, const char *name);
int64_t json_number(const json_t *object, const char *name); /* 0 where it is none */

#endif
