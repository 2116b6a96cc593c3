/*
 * Other hands on the directories: an administrator who deletes, disables or edits, records that
 * lapse or vanish. The oracle is told whose they were.
 */
#ifndef SIM_HANDS_H
#define SIM_HANDS_H

struct subject;

/* Something is done to the subject's entry, claim or records, by chance; perhaps nothing. */
void hand_on_account(struct subject *subject);
void hand_on_records(struct subject *subject);

#endif
