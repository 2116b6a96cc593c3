/*
 * What a step is: a row of the plan (musterd/plan.c). 'ask' writes what we say to a directory,
 * 'judge' reads what its answer means. They never block, save, log or schedule; only the driver
 * does. An unreachable or busy directory never reaches judge.
 */
#ifndef PIPELINE_STEP_H
#define PIPELINE_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/registration.h"

struct audit;
struct budget;
struct conf;
struct err;
struct keyring;
struct question;
struct reply;

enum verdict {
	NEXT,   /* the next row of the plan */
	LATER,  /* the next row, at registration->due_at */
	AGAIN,  /* this row, another question */
	HOLD,   /* nothing to do until registration->due_at (0: until somebody acts) */
	RETRY,  /* ERR_BUSY: the driver computes the back-off; ERR_BROKEN: failed, for a person */
	REFUSE, /* ends: err->text is the reason, the name of a problem */
};

/* What a step may know of the world. The driver holds it; a reload replaces conf. */
struct site {
	const struct conf *conf;
	const struct keyring *person_keys;
	struct budget *budget; /* of failed attempts at an identity */
	struct audit *audit;   /* NULL: none is kept */
};

struct step {
	const char *name; /* stored in the journal: rows are inserted, never renamed */
	const char *does; /* in words, for the helpdesk */
	enum registration_state reached; /* the state once this row is passed */
	/* The row that undoes what may be in the directory by now; NULL: nothing is. */
	const char *withdraw;
	/* The row to go on at where this one is taken up anew, after a rest or a crash: what that
	 * row found out may not hold any more. NULL: this row itself. */
	const char *again;
	bool last; /* passing this row ends the life: "done" */
	/* A question may have others chained to it (question_also): all are asked at the same time,
	 * and judge gets the replies chained in the same order. -1 with err: as RETRY. */
	int (*ask)(const struct site *site, struct registration *registration,
	    struct question *question, struct err *err);
	/* reply is NULL where ask had no question. */
	enum verdict (*judge)(const struct site *site, struct registration *registration,
	    const struct reply *reply, int64_t now, struct err *err);
};

#define STEP_DONE "done"

/* The plan ends with a row whose name is NULL. */
const struct step *step_find(const struct step *plan, const char *name);
/* Whether a later row's 'again' names it: what is taken up there may have been interrupted further
 * down. */
bool step_is_gone_back_to(const struct step *plan, const char *name);

#endif
