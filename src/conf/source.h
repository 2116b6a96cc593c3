/*
 * The source text of a configuration: the file with its includes put in their places, and which
 * line of which file each line came from. libconfig is given this text, because its own includes
 * end the process on a directory (1.5), and start from the working directory instead of the file.
 *
 * Whole numbers get the suffix L on the way: without it libconfig 1.5 wraps them silently at 32
 * bits. What even 64 bits may not hold becomes a number that is out of every row's range.
 */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include <stddef.h>

#include "base/text.h"

struct conf_faults;

struct source_line {
	size_t file; /* index into files */
	int number;  /* from 1 */
};
struct source {
	struct text text;
	struct source_line *lines;
	size_t line_count;
	char **files; /* as opened, the first is the one that was asked for */
};

/* -1 with faults where a file can't be used. The source is to be freed in any case. */
int source_read(struct source *source, const char *path, struct conf_faults *faults);
void source_fini(struct source *source);

/* The file and line of a line of the text, from 1; 0 is the beginning. */
const char *source_where(const struct source *source, unsigned text_line, int *line_out);

/* A file, whole: regular, readable, UTF-8 without NUL, of most bytes at most. NULL with the reason
 * in *why_out (a constant, or of strerror). */
char *source_load(const char *path, size_t most, const char **why_out);
/* path, or where it is relative, path from the folder of the file beside. */
char *source_beside(const char *beside, const char *path);

#endif
