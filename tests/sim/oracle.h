/*
 * The oracle: what the promises are, checked at every change of the directory and every commit, by
 * rules of its own and on the true time. What it does not expect is a failure of the seed.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "dir/question.h"
#include "model/registration.h"
#include "pipeline/driver.h"

struct human;

/* A registration as the oracle knows it. */
struct subject {
	char id[UUID_SIZE];
	char hash[64];
	struct human *human;
	int machine;
	bool wrong; /* a date in it is */
	bool acknowledged;
	int64_t submitted_at;
	/* as committed */
	bool committed, ended;
	enum registration_state state;
	char step[32];
	char *reason;
	bool held;
	int64_t committed_at;
	/* wishes */
	bool cancel_wished, cancel_granted;
	int activate_wished; /* that may have been granted */
	int releases;        /* wished, by either name */
	int64_t held_since;  /* granted, and nothing wished since that undoes it; -1 */
	int64_t touched_at;  /* by a wish, or by a journal that refused */
	unsigned saves;      /* in the last minute */
	/* in the directory */
	int64_t earliest; /* true time before which it must not be active; -1 unknown */
	int entries, activations;
	bool stray_entry; /* one of them was added after its question had been given up */
	/* heard */
	int told; /* the state, in this life of the machine; -1 */
	unsigned told_life;
};

/* What is known of an entry before a change. */
struct oracle_before {
	bool there;
	char status[16], id[UUID_SIZE], key[65];
	bool was_active;
	bool activates; /* the question does */
};

void oracle_end(void);
struct subject *oracle_subject_new(const char *id, struct human *human, int machine, bool wrong);
struct subject *oracle_find(const char *id); /* or NULL */
struct subject *oracle_at(size_t index);
size_t oracle_count(void);
const char *oracle_next_hash(void); /* of the subject that comes next */

/* directories; stray: nobody waits for the answer any more */
bool oracle_is_activation(const struct question *question);
void oracle_asked(int machine, const struct question *question, int server);
void oracle_troubled(const struct question *question, int server, enum reply_kind kind);
void oracle_look(const struct question *question, int server, struct oracle_before *before);
void oracle_changed(const struct question *question, int server, int64_t put_at,
    const struct oracle_before *before, bool stray);

/* journals: old is NULL for a new one */
void oracle_committed(
    int machine, const struct registration *old, const struct registration *row, bool sealed);
void oracle_saves(const char *id);
void oracle_refused(const char *id);

/* the driver's news; life counts the machine's lives */
void oracle_told(int machine, unsigned life, const struct registration *registration, bool is_new);

/* From time to time: nothing stands still, nobody asks without end. */
void oracle_sweep(void);
/* At the end of all: every registration has ended, and the directory shows it. */
void oracle_judge(void);

#endif
