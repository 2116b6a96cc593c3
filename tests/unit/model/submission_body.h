/*
 * A good body, changed in one place, and the faults that this must give.
 */
#ifndef TEST_SUBMISSION_BODY_H
#define TEST_SUBMISSION_BODY_H

#include <jansson.h>
#include <stddef.h>

#include "model/submission_json.h"

struct faults;

extern const char submission_good[]; /* its text */

struct row {
	const char *pointer, *json; /* a change: "" is none */
	const char *faults;         /* "POINTER CODE" with ", " between */
};

struct submission_rules rules_usual(void);
/* Sets the member at a pointer to a JSON value, or takes it away where json is NULL. */
void change(json_t *body, const char *pointer, const char *json);
char *faults_list(const struct faults *faults); /* the caller frees */
void assert_faults(const json_t *body, const struct submission_rules *rules, const char *expected);
/* The good body with the change of each row. */
void assert_rows(const struct submission_rules *rules, const struct row *rows, size_t count);

#define ASSERT_ROWS(rules, rows) assert_rows(rules, rows, sizeof(rows) / sizeof((rows)[0]))

#endif
