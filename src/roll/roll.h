/*
 * The muster roll: finding a person's records in the personnel directories, and what they prove.
 * Pure but for roll_lookup, which asks every source on the loop and calls back once.
 */
#ifndef ROLL_ROLL_H
#define ROLL_ROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "model/record.h"

struct application;
struct conf;
struct conf_personnel;
struct dir;
struct err;
struct identifier;
struct person;
struct question;
struct reply;

/* The search for a person's records in one source (its index in the configuration). */
void roll_question(const struct conf_personnel *source, size_t index,
    const struct identifier *identifier, struct question *question);
/* Adds the reply's entries to the records. -1 with err: ERR_BUSY where the source did not answer
 * the question (hidden, too many), ERR_BROKEN where a record can't be read. */
int roll_read(const struct conf_personnel *source, const struct reply *reply,
    struct records *records, struct err *err);

enum roll_verdict {
	ROLL_PROVED,
	ROLL_NOT_VERIFIED, /* nobody, or a part differs: one answer */
	ROLL_NOT_ELIGIBLE, /* proved, but no current record in an admitted category */
	ROLL_CONFLICT,     /* records of one identifier that contradict each other: for a person */
};
/*
 * Compares what was claimed with what is recorded, every part whatever the first ones say; with
 * names false (an identity check) the legal name is not asked for. why gets words for the
 * helpdesk ("birth date differs"), never a value.
 */
enum roll_verdict roll_judge(const struct conf *conf, const struct application *claimed, bool names,
    const struct records *records, struct person *person_out, char **why_out);
/* Whether the person still has a current record in an admitted category, and which they are. */
enum roll_verdict roll_judge_again(
    const struct conf *conf, const struct records *records, struct person *person_out);

/* kind: REPLY_DONE with all records, or what the first source in trouble said. */
typedef void roll_done_fn(const struct reply *trouble, struct records *records, void *arg);
void roll_lookup(const struct conf *const *conf, struct dir *const *sources,
    const struct identifier *identifier, roll_done_fn *done, void *arg);

#endif
