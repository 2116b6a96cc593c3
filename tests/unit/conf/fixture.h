/* A temporary folder with configuration files, and one that is right to start from. */
#ifndef TESTS_CONF_FIXTURE_H
#define TESTS_CONF_FIXTURE_H

#include "conf/conf.h"

extern const char fixture_base[];

/* cmocka's set-up and tear-down of a group of tests. */
int fixture_begin(void **state);
int fixture_end(void **state);

/* The path of a file in the folder; a constant buffer until the next call. */
const char *fixture_path(const char *name);
void fixture_write(const char *name, const char *text);
/* fixture_base with one part (which must be there once) replaced; the caller frees. */
char *fixture_with(const char *part, const char *by);

/* Writes musterd.conf and reads it. */
struct conf *fixture_read(const char *text, struct conf_faults *faults);
/* The same, and it must have no fault. */
struct conf *fixture_read_right(const char *text);
/* The faults, the folder's path and a slash left out, each with a newline; the caller frees. */
char *fixture_faults(const struct conf_faults *faults);
/* Everything that conf_print prints; the caller frees. */
char *fixture_print(const struct conf *conf, unsigned flags);

#endif
