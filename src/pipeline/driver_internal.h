/*
 * Inside the driver: flights (registrations at work) and who moves them. driver.c holds the
 * flights and the pump, flight.c carries out verdicts, wish.c what people want.
 */
#ifndef PIPELINE_DRIVER_INTERNAL_H
#define PIPELINE_DRIVER_INTERNAL_H

#include "base/err.h"
#include "base/idmap.h"
#include "dir/question.h"
#include "pipeline/driver.h"
#include "pipeline/gate.h"

#define STUMBLE 1000 /* milliseconds until the next try, where the journal could not save */

/* One thing that somebody wants; waits until the flight can be changed. */
struct wanted {
	enum wish wish;
	wish_done_fn *done;
	void *arg;
	struct wanted *next;
};

/* A registration at work. Known outside by its id and serial, never by pointer. */
struct flight {
	struct driver *driver;
	struct registration *registration;
	unsigned serial;
	bool due;         /* found in the journal as due, not just taken or wished for */
	bool ask_pending; /* question is ready, to be put once the save is committed */
	bool saving;
	bool asking;    /* a question is in flight */
	int told;       /* the state that listeners heard of last, or STATE_COUNT */
	bool rests;     /* ends once the save is committed */
	bool goes_back; /* on its way, from the row's "again", to the row that it rested at */
	bool insists;   /* somebody wants it tried now, though the gate is closed */
	bool is_turn;   /* it was let through a closed gate */
	/* Of the try that was made: whose trouble it was, or NULL; DONE where it was not let
	 * through. */
	const char *troubled_by;
	enum reply_kind trouble;
	int questions;    /* asked in a row for one step */
	char *since;      /* the first step that no line of the timeline tells of yet */
	struct text what; /* that line so far */
	struct question question;
	struct wanted *wanted;  /* not looked at yet */
	struct wanted *granted; /* to be answered once the save is committed */
};

struct driver_listener {
	char id[UUID_SIZE]; /* "" for all */
	driver_change_fn *change;
	void *arg;
	bool gone; /* unlistened during a call: freed after it */
	struct driver_listener *next;
};

struct driver {
	struct loop *loop;
	struct journal *journal;
	const struct step *plan;
	struct gate *gates; /* one for each row */
	const struct site *site;
	struct dir *const *directories;
	size_t in_flight; /* the most at a time */
	size_t due_flights;
	struct idmap flights;
	unsigned serial;
	bool stopped, calling;
	struct alarm *alarm;
	struct driver_listener *listeners;
};

/* What waits for the directory is due at once. */
void driver_wake_waiting(struct driver *driver, const char *directory);

struct flight *flight_find(struct driver *driver, const char *id);
struct flight *flight_begin(struct driver *driver, struct registration *registration);
void flight_end(struct flight *flight); /* frees it, its registration, and looks for more work */
void flight_tell(struct flight *flight, bool rests); /* listeners */

/* flight.c */
void flight_take(struct flight *flight); /* one that was just committed: tells, and runs it */
void flight_run(struct flight *flight);  /* from the registration's step on */
/* Saves with a line for the timeline; then goes on, or ends if it rests. */
void flight_save(struct flight *flight, const char *step, const char *what);

/* verdict.c */
const struct step *flight_step(const struct flight *flight); /* NULL: not in this plan */
struct gate *flight_gate(const struct flight *flight);
/* To the row's 'again', where it has one. */
void flight_go_back(struct flight *flight);
/* Carries out a verdict on the registration in memory; what is said of it goes into what. */
void flight_apply(struct flight *flight, const struct step *step, enum verdict verdict,
    const struct err *err, struct text *what);
/* Whether the timeline told of this trouble before: once is enough for thousands of tries. */
bool flight_has_said(const struct flight *flight, const struct err *err);
void flight_finish(struct flight *flight); /* nothing is left to do for the registration */

/* wish.c */
/* Looks at what is wanted; true where the registration was changed, and must be saved and run. */
bool wish_look(struct flight *flight);
/* Those that were granted; where the save failed, all. */
void wish_answer(struct flight *flight, bool saved);

#endif
