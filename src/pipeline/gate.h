/*
 * A gate before each row of the plan. Where a directory answers one registration after the other
 * with trouble (it is busy, lost, refuses, or its base is missing), the rest need not ask and be
 * told the same: the gate closes, says why once, and lets through one at a time, with back-off. The
 * first that passes the row opens it. Trouble of one entry alone (an access rule of its own, a
 * value that makes the directory unwilling) closes nothing as long as others pass between its
 * tries.
 *
 * In memory alone: after a start the gates are open, and close again if they must.
 */
#ifndef PIPELINE_GATE_H
#define PIPELINE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "dir/question.h"

struct step;

struct gate {
	const struct step *step;
	int troubled; /* registrations, one after the other, with none that passed between */
	bool closed;
	const char *directory; /* whose trouble it is: the directory's own name */
	const char *waits_for; /* whose it was when it closed: what all wait for that are parked */
	char why[192];         /* as it was told to the registrations */
	int64_t interval, next_at;
	char next[UUID_SIZE]; /* who is sure to come by then */
};

/* One for each row; the caller frees. */
struct gate *gates_new(const struct step *plan);
/* Whether a registration may ask now: where the gate is closed, as the one whose turn it is. */
bool gate_lets(struct gate *gate, int64_t now);
/*
 * A registration met trouble; is_first: it had not at this row before; is_turn: it was let through
 * a closed gate. Returns how long it is to wait before it asks again, should nobody wake it
 * earlier; -1: the gate is open, and it tries by a back-off of its own.
 */
int64_t gate_trouble(struct gate *gate, const char *id, bool is_first, bool is_turn,
    const char *directory, enum reply_kind kind, const char *why, int64_t now);
/* The same for one that was not let through. */
int64_t gate_park(const struct gate *gate, const char *id, int64_t now);
/* A registration passed, and opens it: the name of the directory whose others are to be woken; NULL
 * where it was open. */
const char *gate_pass(struct gate *gate);
/* Opens those that the directory closed: it is up again. */
void gates_open(struct gate *gates, const char *directory);
/* Why the directory is left alone, in words: "add-entry: …"; the caller frees; NULL: it is not. */
char *gates_words(const struct gate *gates, const char *directory);

#endif
