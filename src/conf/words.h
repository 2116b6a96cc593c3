/* Words for people about rows, and how they are laid out. */
#ifndef CONF_WORDS_H
#define CONF_WORDS_H

#include <stddef.h>
#include <stdio.h>

struct row;

/* "number, 1 to 8; default 2"; the caller frees. */
char *words_describe(const struct row *row);
/* Each line begins with indent, and is of width bytes at most, the indent not counted. */
void words_wrap(FILE *file, const char *indent, const char *words, size_t width);

#endif
