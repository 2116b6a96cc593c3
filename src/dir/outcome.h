/*
 * What an LDAP result code means for us: one table (outcome.c), from the code to a kind of reply
 * and to words that quote nothing of what was asked.
 */
#ifndef DIR_OUTCOME_H
#define DIR_OUTCOME_H

#include "dir/question.h"

enum reply_kind outcome_kind(int code);
const char *outcome_words(int code);
/* Sets kind, code and text; the entries stay. */
void outcome_set(struct reply *reply, int code);
/* There is no such entry, for there is no place for it. */
void outcome_set_no_base(struct reply *reply);
/* As above, AWAY with a text of our own where no server spoke. */
void outcome_set_away(struct reply *reply, const char *text);

#endif
