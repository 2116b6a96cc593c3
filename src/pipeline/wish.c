/*
 * What people want done with one registration: activate, hold, release, cancel, retry. A wish
 * changes the registration between two steps, never during one, and is answered after the commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/journal.h"
#include "pipeline/driver_internal.h"

const char *
wish_result_name(enum wish_result result)
{
	static const char *const names[] = {
	    [WISH_GRANTED] = "granted",
	    [WISH_NOT_FOUND] = "not-found",
	    [WISH_CONFLICT] = "refused",
	    [WISH_TRY_LATER] = "put-off",
	};

	return names[result];
}

/* The state in which a row is worked on: what the row before it reached. */
static enum registration_state
wish_state_before(const struct step *plan, const struct step *step)
{
	if (step->reached == STATE_CANCELLED)
		return STATE_CANCELLED;
	return step == plan ? STATE_RECEIVED : step[-1].reached;
}

/* Why nothing can be done where the registration's step has no row. What such a row may have put
 * into the directory is not known here, so nothing can be taken out again either. */
static const char *
wish_no_step(const struct registration *registration)
{
	if (strcmp(registration->step, STEP_DONE) == 0)
		return "the registration has ended";
	return "its step is not in this version's plan: a musterd that knows it can go on";
}

static const char *
wish_cancel(struct flight *flight, const struct step *step)
{
	struct registration *registration = flight->registration;

	if (registration->state == STATE_CANCELLED)
		return NULL;
	if (registration->state == STATE_ACTIVE)
		return "the account is active already";
	if (registration->state == STATE_REJECTED)
		return "the registration has ended";
	if (step == NULL)
		return wish_no_step(registration);
	registration->state = STATE_CANCELLED;
	mem_free_text(&registration->reason);
	if (step->withdraw == NULL) {
		flight_finish(flight);
		return NULL;
	}
	mem_set_text(&registration->step, step->withdraw);
	return NULL;
}

static const char *
wish_retry(struct flight *flight, const struct step *step)
{
	struct registration *registration = flight->registration;

	if (step == NULL)
		return wish_no_step(registration);
	if (registration->state == STATE_FAILED) {
		registration->state = wish_state_before(flight->driver->plan, step);
		/* The detail stays: the withdrawal must know that a try came to nothing. */
		mem_free_text(&registration->reason);
	}
	return NULL;
}

static const char *
wish_activate(struct registration *registration)
{
	if (registration->state != STATE_PENDING)
		return "only a pending account can be activated";
	registration->held = false;
	/* Whole seconds, as the directory has them: what it says then is not before this. */
	if (registration->activates_at > clock_now())
		registration->activates_at = clock_now() / 1000 * 1000;
	return NULL;
}

static const char *
wish_hold(struct registration *registration, bool hold)
{
	if (registration->state != STATE_RECEIVED && registration->state != STATE_VERIFIED &&
	    registration->state != STATE_PENDING)
		return "the registration is not on its way any more";
	registration->held = hold;
	return NULL;
}

/*
 * A withdrawal whose last try did not fail is at work, or waits for what may come late (LATER):
 * whoever asks again after the first answer makes that no sooner.
 */
static bool
wish_waits_for_late(const struct registration *registration)
{
	return (registration->state == STATE_CANCELLED || registration->state == STATE_REJECTED) &&
	       registration->attempts == 0 && registration->waits_for == NULL;
}

/* NULL where it is granted, else why not. */
static const char *
wish_apply(struct flight *flight, enum wish wish)
{
	struct registration *registration = flight->registration;
	const struct step *step = step_find(flight->driver->plan, registration->step);
	bool waits = wish_waits_for_late(registration);
	const char *why = NULL;

	if (registration->set_aside && wish != WISH_CANCEL)
		return "it is set aside: what the journal holds of it can't be read, so it can "
		       "only be cancelled until it can ('musterctl explain' says more)";
	switch (wish) {
	case WISH_CANCEL:
		why = wish_cancel(flight, step);
		break;
	case WISH_RETRY:
		why = wish_retry(flight, step);
		flight->insists = true;
		break;
	case WISH_ACTIVATE:
		why = wish_activate(registration);
		break;
	case WISH_HOLD:
	case WISH_RELEASE:
		why = wish_hold(registration, wish == WISH_HOLD);
		break;
	}
	if (why != NULL || waits || strcmp(registration->step, STEP_DONE) == 0)
		return why;
	registration_reset_work(registration);
	mem_free_text(&registration->waits_for);
	registration->attempts = 0;
	registration->due_at = clock_now();
	flight->rests = false;
	return NULL;
}

bool
wish_look(struct flight *flight)
{
	static const char *const names[] = {"activate", "hold", "release", "cancel", "retry"};
	struct wanted *wanted;
	bool changed = false;

	while ((wanted = flight->wanted) != NULL) {
		const char *why = wish_apply(flight, wanted->wish);

		flight->wanted = wanted->next;
		if (why == NULL) {
			log_line(LOG_LEVEL_INFO, flight->registration->id, "%s: as was wished",
			    names[wanted->wish]);
			wanted->next = flight->granted;
			flight->granted = wanted;
			changed = true;
		} else {
			wanted->done(WISH_CONFLICT, flight->registration, why, wanted->arg);
			free(wanted);
		}
	}
	return changed;
}

/* Nothing of it was kept. */
static void
wish_put_off(struct flight *flight, struct wanted **list)
{
	struct wanted *wanted;

	while ((wanted = *list) != NULL) {
		*list = wanted->next;
		wanted->done(WISH_TRY_LATER, flight->registration, "the journal can't take it now",
		    wanted->arg);
		free(wanted);
	}
}

void
wish_answer(struct flight *flight, bool saved)
{
	struct wanted *wanted;

	if (!saved) {
		wish_put_off(flight, &flight->granted);
		wish_put_off(flight, &flight->wanted);
		return;
	}
	while ((wanted = flight->granted) != NULL) {
		flight->granted = wanted->next;
		wanted->done(WISH_GRANTED, flight->registration, NULL, wanted->arg);
		free(wanted);
	}
}

void
driver_wish(struct driver *driver, const char *id, enum wish wish, wish_done_fn *done, void *arg)
{
	struct flight *flight = flight_find(driver, id);
	struct registration *registration;
	struct wanted *wanted, **last;

	if (flight == NULL) {
		registration = driver->stopped ? NULL : journal_find(driver->journal, id);
		if (registration == NULL) {
			bool later = driver->stopped || journal_has_misread(driver->journal);

			done(later ? WISH_TRY_LATER : WISH_NOT_FOUND, NULL, NULL, arg);
			return;
		}
		flight = flight_begin(driver, registration);
		flight->rests = true;
	}
	wanted = mem_new(sizeof(*wanted));
	wanted->wish = wish;
	wanted->done = done;
	wanted->arg = arg;
	for (last = &flight->wanted; *last != NULL; last = &(*last)->next)
		;
	*last = wanted;
	/* One that is at work looks at it after its step. */
	if (flight->asking || flight->ask_pending || flight->saving)
		return;
	if (wish_look(flight))
		flight_save(flight, flight->registration->step, "as was wished");
	else
		flight_end(flight);
}
