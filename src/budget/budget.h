/*
 * The attempt budget: how often an identity may be guessed at. Failures are counted by identifier
 * (some in a row lock it for a time, some more for ever) and by what else was claimed, so that one
 * person's dates are not sprayed over many identifiers. Hides where the counts are kept: in the
 * journal, and in memory while a change of them is not committed.
 *
 * The usual order: budget_keys, budget_ask before anything is compared, then budget_fail or
 * budget_pass, in one go. A change counts at once; it is in the journal with or before whatever is
 * saved after it. Nothing here blocks. Free it after the journal is closed, before the loop and
 * before those who wait for a call.
 */
#ifndef BUDGET_BUDGET_H
#define BUDGET_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/keyring.h"

struct application;
struct audit;
struct budget;
struct conf;
struct journal;
struct loop;

/* For the helpdesk, where a claim met a lock: it ends as one that was not verified. */
#define BUDGET_NOT_COMPARED "not compared: locked after too many failures"

/* conf is read anew at every call: a reload counts at once. audit may be NULL. */
struct budget *budget_new(struct loop *loop, struct journal *journal,
    const struct conf *const *conf, struct audit *audit);
void budget_free(struct budget **budget); /* who still waits is called, with false */

struct budget_keys {
	char person[KEYRING_HMAC_SIZE]; /* of the identifier's digits: registration->person_key */
	char spray[KEYRING_HMAC_SIZE];  /* of the dates and, with names, the family name */
};
void budget_keys(const struct keyring *keys, const struct application *claimed, bool names,
    struct budget_keys *keys_out);

enum budget_answer {
	BUDGET_OPEN,
	BUDGET_LOCKED,
	BUDGET_UNKNOWN, /* the counts can't be read, or too much is not committed: later */
};
/*
 * Whether the claim may be compared. id: the registration's, which may be compared again where its
 * failure was counted last (a step is repeated after a crash); NULL where there is none. wait_out
 * gets milliseconds while it is locked; those of an ordinary lock where it is locked for ever.
 */
enum budget_answer budget_ask(
    struct budget *budget, const struct budget_keys *keys, const char *id, int64_t *wait_out);

/* kept: the change is committed; false: not yet, and it counts until the daemon ends. Never called
 * from within the call. */
typedef void budget_done_fn(bool kept, void *arg);
/* A comparison failed. Counted once for a registration. done may be NULL. -1 where the counts can't
 * be read: nothing was counted, done is not called, and the claim is to be compared again later. */
int budget_fail(struct budget *budget, const struct budget_keys *keys, const char *id,
    budget_done_fn *done, void *arg);
/* The identity was proved, whatever came of it: the row of failures is over. */
void budget_pass(struct budget *budget, const struct budget_keys *keys);

/* What stands against an identifier. */
struct budget_look {
	int64_t in_row, total;
	int64_t locked_until; /* 0 where it is not locked for a time */
	bool locked_for_ever;
};
/* By the person's key; -1 where it can't be read. */
int budget_look(struct budget *budget, const char *person_key, struct budget_look *look_out);
/* Forgets all of it; was_out says what it was. -1 where it can't be read, and done is not called.
 */
int budget_unlock(struct budget *budget, const char *person_key, struct budget_look *was_out,
    budget_done_fn *done, void *arg);

#endif
