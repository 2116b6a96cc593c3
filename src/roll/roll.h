/*
 * The muster roll: finding a person's records in the personnel directories, and what they prove.
 * All sources are asked at the same time, and all must answer: one that is away makes the proof
 * wait, and never a dual person single. Pure but for roll_lookup, which asks on the loop and calls
 * back once.
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

/*
 * The searches for a person's records, two of each source and chained: for the records, and for any
 * record at all, which tells 'no such person' from a directory that hides its people from us. The
 * second is always asked, so that it takes the same time whether somebody exists.
 */
void roll_question(
    const struct conf *conf, const struct identifier *identifier, struct question *question);
/* The second of them alone, of one source: any record that shows the identifier, the family name
 * and the birth date. */
void roll_question_any(
    const struct conf_personnel *source, size_t index, struct question *question);
/* Adds the entries of the replies to the records, in the order of the sources. -1 with err:
 * ERR_BUSY where a source did not answer the question (hidden, too many), ERR_BROKEN where a record
 * can't be read. */
int roll_read(const struct conf *conf, const struct identifier *identifier,
    const struct reply *reply, struct records *records, struct err *err);

enum roll_verdict {
	ROLL_PROVED,
	ROLL_NOT_VERIFIED, /* nobody, or a part differs: one answer */
	ROLL_NOT_ELIGIBLE, /* proved, but no current record in an admitted category */
	ROLL_CONFLICT,     /* records of one identifier that contradict each other: for a person */
};
/*
 * Compares what was claimed with what is recorded, every part whatever the first ones say; with
 * names false (an identity check) the legal name is not asked for. why gets words for the
 * helpdesk ("birth date differs"), never a value; each record is marked with what it was asked for
 * and what of it differs.
 */
enum roll_verdict roll_judge(const struct conf *conf, const struct application *claimed, bool names,
    struct records *records, struct person *person_out, char **why_out);
/* Whether the person still has a current record in an admitted category, and which they are. */
enum roll_verdict roll_judge_again(
    const struct conf *conf, const struct records *records, struct person *person_out);

/* trouble: NULL with all records, or in words what kept a source from answering. *conf is looked at
 * again when the answers are there: a reload may replace it meanwhile. identifier must live as
 * long; directories are indexed by the questions (TO_PERSONNEL). */
typedef void roll_done_fn(const char *trouble, struct records *records, void *arg);
void roll_lookup(const struct conf *const *conf, struct dir *const *directories,
    const struct identifier *identifier, roll_done_fn *done, void *arg);

#endif
