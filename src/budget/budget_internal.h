/*
 * Inside the budget: budget.c holds what is not committed yet, rules.c says what counts mean
 * (pure), keys.c makes the keys.
 */
#ifndef BUDGET_BUDGET_INTERNAL_H
#define BUDGET_BUDGET_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "budget/budget.h"
#include "journal/journal.h"

struct conf_identity;

/* Drops what is over: a lock that has passed with its row, a window with all in it. */
void rules_settle(const struct conf_identity *conf, struct journal_attempts *attempts, int64_t now);
/* Milliseconds until the next comparison; 0: now. What it is given is settled, as below. */
int64_t rules_wait(
    const struct conf_identity *conf, const struct journal_attempts *attempts, int64_t now);
/* One more failure; windowed for the limiter against spraying. id may be NULL. */
void rules_fail(const struct conf_identity *conf, struct journal_attempts *attempts, bool windowed,
    const char *id, int64_t now);
void rules_look(const struct conf_identity *conf, const struct journal_attempts *attempts,
    struct budget_look *look_out);

#endif
