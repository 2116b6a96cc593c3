/*
 * The lines of a file or a pipe, numbered, bounded, and wiped behind them: they hold passwords.
 * lines_read blocks where the descriptor is not readable yet: poll lines_fd first.
 */
#ifndef MUSTERCTL_SUBMIT_LINES_H
#define MUSTERCTL_SUBMIT_LINES_H

#include <stddef.h>
#include <stdint.h>

#define LINE_MOST 65536

struct err;
struct lines;

enum line_kind {
	LINE_NONE, /* none that is whole: read more */
	LINE_GOOD,
	LINE_LONG, /* longer than LINE_MOST: passed over */
	LINE_END,
};

struct line {
	const char *bytes; /* until the next call; without its end of line; not NUL-terminated */
	size_t size;
	size_t number; /* from 1 */
};

struct lines *lines_open(const char *path, struct err *err); /* "-" is standard input */
void lines_close(struct lines **lines);
int lines_fd(const struct lines *lines);
/* The next that is not blank. */
enum line_kind lines_next(struct lines *lines, struct line *line_out);
/* Makes room and reads once; only after LINE_NONE. -1 with err where reading fails. */
int lines_read(struct lines *lines, struct err *err);
/* How much was taken, 0 to 1000; -1 where the size is not known. */
int lines_permille(const struct lines *lines);

#endif
