/*
 * The fake journal of one machine, behind the whole of journal/journal.h. What is committed
 * survives; commits are made of what has queued up, in groups that chance makes, and called back
 * later, one by one.
 */
#ifndef SIM_JOURNAL_H
#define SIM_JOURNAL_H

#include <stdbool.h>

struct registration;

void store_begin(int machine); /* empty */
void store_end(int machine);
/* From now on it has room, or none. */
void store_set_full(int machine, bool full);
/* The machine dies: a part of what is queued may still have been committed. Then journal_close. */
void store_crash(int machine);
/* As it is committed; NULL where there is none. */
const struct registration *store_row(int machine, const char *id);

#endif
