/*
 * The driver: the only one who changes a registration's step, saves it, schedules and logs. It
 * takes due registrations from the journal, a bounded number at a time, puts each step's question
 * to its directory, and carries out the verdict. Nothing is in memory that is not in the journal.
 *
 * The usual order: driver_new, driver_listen, driver_start; at the end driver_stop (wishes that are
 * open are told to try later), then the directories and the journal are closed, which call back
 * whatever is still on its way, then driver_free. Nothing here blocks.
 */
#ifndef PIPELINE_DRIVER_H
#define PIPELINE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "pipeline/step.h"

struct dir;
struct driver;
struct journal;
struct loop;

/* directories[TO_ACCOUNTS], directories[TO_PERSONNEL(i)]; both lists stay the caller's. */
struct driver *driver_new(struct loop *loop, struct journal *journal, const struct step *plan,
    const struct site *site, struct dir *const *directories, int in_flight);
void driver_free(struct driver **driver);
void driver_start(struct driver *driver);
/* Takes nothing new, lets go of what is at work, ignores what still comes. */
void driver_stop(struct driver *driver);
void driver_wake(struct driver *driver); /* looks at once for what is due */

/* Goes on with one that was just committed; takes it over. */
void driver_take(struct driver *driver, struct registration *registration);
/* A directory is back: what waits for it is due at once. */
void driver_directory_is_up(struct driver *driver, const char *name);
/* Why the directory is left alone, though it may be up: what it said to all who came to a row of
 * the plan. The caller frees; NULL: it is not. */
char *driver_trouble(const struct driver *driver, const char *name);
size_t driver_in_flight(const struct driver *driver);

/* What an administrator or a portal wants done with one registration. */
enum wish { WISH_ACTIVATE, WISH_HOLD, WISH_RELEASE, WISH_CANCEL, WISH_RETRY };
enum wish_result {
	WISH_GRANTED, /* it is in the journal */
	WISH_NOT_FOUND,
	WISH_CONFLICT,  /* not in this state; why says so in words */
	WISH_TRY_LATER, /* the journal can't take it now */
};
const char *wish_result_name(enum wish_result result); /* one word */
/* registration is NULL for WISH_NOT_FOUND. */
typedef void wish_done_fn(
    enum wish_result result, const struct registration *registration, const char *why, void *arg);
/* Calls back once, perhaps from within the call. */
void driver_wish(
    struct driver *driver, const char *id, enum wish wish, wish_done_fn *done, void *arg);

/*
 * Listeners hear of a registration when it is taken, and of every change that is committed. rests:
 * the driver has nothing to do for it right now (it waits for a time, a directory or a person, or
 * has ended). is_new: its state is another than the last that was told.
 */
struct driver_listener;
struct driver_news {
	bool rests, is_new;
};
typedef void driver_change_fn(
    const struct registration *registration, struct driver_news news, void *arg);
/* id: of one registration, or NULL for all. */
struct driver_listener *driver_listen(
    struct driver *driver, const char *id, driver_change_fn *change, void *arg);
void driver_unlisten(struct driver *driver, struct driver_listener **listener);

#endif
