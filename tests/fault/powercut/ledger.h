/*
 * What a journal must hold: everything that was submitted, in order, and for each number of writes
 * one sum over all that is in the journal after so many. A journal that was cut off must have
 * exactly one of these sums, so a row that is lost, old, mixed or more than there ever was shows.
 */
#ifndef TESTS_POWERCUT_LEDGER_H
#define TESTS_POWERCUT_LEDGER_H

#include "journal/journal.h"

#define HELD_MOST 64   /* registrations in a journal */
#define ATTEMPT_KEYS 6 /* "key 0" … */
#define FACTS 3        /* "fact 0" … */

/* A registration, and what is kept beside it. */
struct held {
	struct registration *registration;
	uint64_t timeline; /* over its lines */
	int answer_status; /* only where it has a key */
	char *answer;
	uint64_t hash; /* over everything */
};

struct ledger {
	struct held held[HELD_MOST];
	size_t held_count;
	struct journal_attempts attempts[ATTEMPT_KEYS];
	char *facts[FACTS];

	uint64_t sum;
	uint64_t *sums; /* after the first n writes */
	size_t writes;  /* submitted since the journal was opened for the first time */
};

/* Begins with what the journal holds; 0 writes. */
void ledger_init(struct ledger *ledger, struct journal *journal);
void ledger_fini(struct ledger *ledger);

/* What the next write changes: call these, then ledger_submit, then the journal. */
struct held *ledger_add(struct ledger *ledger, struct registration *registration); /* takes it */
void ledger_note(struct held *held, const struct journal_note *note);
void ledger_changed(struct ledger *ledger, struct held *held);
void ledger_set_attempts(
    struct ledger *ledger, size_t which, const struct journal_attempts *attempts);
void ledger_set_fact(struct ledger *ledger, size_t which, const char *value);
size_t ledger_submit(struct ledger *ledger); /* the write's number, from 1 */

/* The sum of what a journal holds; -1 where it contradicts itself or can't be read: why says how.
 */
int ledger_sum_of(struct journal *journal, uint64_t *sum_out, const char **why);
/* How many writes make that sum, the least that is 'low' or more, else any; -1 where none do. */
int64_t ledger_find(const struct ledger *ledger, uint64_t sum, size_t low);

const char *ledger_key(size_t which);
const char *ledger_fact(size_t which);

#endif
