/*
 * The stage of the flow tests: the real driver, plan and journal (on a temporary file) between fake
 * directories and a fake clock. A life is what lies between stage_open and stage_crash; the journal
 * file, the directories and what was heard survive it.
 *
 * The usual order: stage_begin, stage_register, stage_run, checks, stage_end.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "dir/question.h"
#include "model/registration.h"
#include "pipeline/driver.h"

#define PEOPLE "ou=people,dc=example,dc=mil"
#define CLAIMS "ou=claims,dc=example,dc=mil"
#define PERSONNEL "ou=personnel,dc=example,dc=mil"

#define DELAY INT64_C(900000)
#define SOURCES 2 /* army, civilians */
#define DIRECTORIES (1 + SOURCES)

/* Whether the question that follows the last commit still reaches its directory. */
enum crash { CRASH_BEFORE_ASKING, CRASH_AFTER_ASKING };

struct stage {
	char folder[64];
	char *journal_path, *journal_key, *person_key;
	struct conf conf;
	struct conf_personnel personnel[SOURCES];
	struct site site;
	struct dir *fakes[DIRECTORIES]; /* by TO_ACCOUNTS, TO_PERSONNEL */

	/* one life */
	struct loop *loop;
	struct keyring *journal_keys, *person_keys;
	struct journal *journal;
	struct timekeeper *timekeeper;
	struct dir *directories[DIRECTORIES];
	struct driver *driver;

	/* heard in all lives */
	int changes; /* commits: appends, and what the listener was told */
	int asks;    /* questions put to any directory */
	bool early;  /* an account was to be made active before its time */
	int64_t off; /* which the machine was off, and is paid back */
	bool harmed; /* an active account was to be deleted */
	int crashes;

	/* what is to happen */
	int crash_at;      /* after that many changes; 0: never */
	bool crash_always; /* and again after the first change of each life */
	enum crash crash;
	bool crashing;
	void (*on_ask)(struct stage *stage, struct dir *fake, const struct question *question);
	void (*on_change)(struct stage *stage, const struct registration *registration, bool rests);
	void (*on_death)(struct stage *stage); /* between two lives: the journal is closed */
	void *test;                            /* the test's own */
};

/* The answer to a wish; calls ends at 1. */
struct answer {
	int calls;
	enum wish_result result;
	char why[128];
};

void stage_begin(struct stage *stage);
void stage_end(struct stage *stage);
void stage_open(struct stage *stage);
/* Queued writes are committed; nothing else comes out of the daemon any more. */
void stage_crash(struct stage *stage);
/* For a listener of changes: this life ends with the change, as if crash_at had said so. */
void stage_die(struct stage *stage);

/* The person's two records (a retired soldier who is a civilian now); number makes the identifier.
 * stage_begin puts number 1. */
void stage_put_person(struct stage *stage, int number);
/* One attribute of the person's record in one source; NULL takes it away. */
void stage_set(
    struct stage *stage, int number, size_t source, const char *attribute, const char *value);
void stage_remove_person(struct stage *stage, int number);

/* An application of John Quincy Doe under that number. */
struct registration *stage_application(int number);
/* Appends it, and hands it to the driver once it is committed. Takes the registration; returns its
 * id, which the caller frees. */
char *stage_append(struct stage *stage, struct registration *registration);
char *stage_register(struct stage *stage, int number);

/* Turns the loop until nothing is at work; crashes and starts again where that is due. */
void stage_settle(struct stage *stage);
/* Time goes by, and the driver looks at once; settled. */
void stage_wait(struct stage *stage, int64_t milliseconds);
/* Turns the clock to what is due next, again and again, until nothing waits for a time. */
void stage_run(struct stage *stage);
/* The same, but stops once the registration is in the state. */
void stage_run_to(struct stage *stage, const char *id, enum registration_state state);

void stage_wish(struct stage *stage, const char *id, enum wish wish, struct answer *answer);
/* The same, settled; returns the result. */
enum wish_result stage_wish_now(struct stage *stage, const char *id, enum wish wish);

struct registration *stage_find(struct stage *stage, const char *id); /* never NULL; caller frees */
void stage_check_state(struct stage *stage, const char *id, enum registration_state state);
/* Active for good: one entry, one claim, hash in force, application erased, not before its time. */
void stage_check_active(struct stage *stage, const char *id, const char *uid);
/* Ended that way, with nothing left in the directory. */
void stage_check_gone(
    struct stage *stage, const char *id, enum registration_state state, const char *reason);
size_t stage_accounts(struct stage *stage);
size_t stage_claims(struct stage *stage);

#endif
