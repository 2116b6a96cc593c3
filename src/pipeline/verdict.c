/*
 * What a verdict means for a registration: its next step, state, times and tries. In memory alone;
 * flight.c asks, and saves what came of it.
 */
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "model/application.h"
#include "pipeline/driver_internal.h"

#define BACKOFF_FIRST 1000
#define BACKOFF_MOST 15000

const struct step *
flight_step(const struct flight *flight)
{
	return step_find(flight->driver->plan, flight->registration->step);
}

/* Exponential, with half of it by chance, so that many do not come back at once. */
static int64_t
flight_backoff(int attempts)
{
	int64_t wait = BACKOFF_FIRST;
	uint32_t chance;

	for (int i = 1; i < attempts && wait < BACKOFF_MOST; i++)
		wait *= 2;
	if (wait > BACKOFF_MOST)
		wait = BACKOFF_MOST;
	secret_random(&chance, sizeof(chance));
	return wait / 2 + (int64_t)(chance % (uint32_t)wait) / 2;
}

struct gate *
flight_gate(const struct flight *flight)
{
	const struct driver *driver = flight->driver;

	return &driver->gates[flight_step(flight) - driver->plan];
}

static bool
flight_is_withdrawing(const struct registration *registration)
{
	return registration->state == STATE_CANCELLED || registration->state == STATE_REJECTED;
}

void
flight_go_back(struct flight *flight)
{
	const struct step *step = flight_step(flight);

	flight->goes_back = step != NULL && step->again != NULL;
	if (flight->goes_back)
		mem_set_text(&flight->registration->step, step->again);
}

void
flight_finish(struct flight *flight)
{
	struct registration *registration = flight->registration;

	mem_set_text(&registration->step, STEP_DONE);
	application_free(&registration->application);
	registration->due_at = 0;
	flight->rests = true;
}

/* The directory answers as it should: those that wait for it go on as well. */
static void
flight_pass(struct flight *flight)
{
	const char *directory = gate_pass(flight_gate(flight));

	if (directory != NULL)
		driver_wake_waiting(flight->driver, directory);
}

static void
flight_next(struct flight *flight, const struct step *step, int64_t due_at)
{
	struct registration *registration = flight->registration;

	flight_pass(flight);
	if (!flight_is_withdrawing(registration))
		registration->state = step->reached;
	flight->goes_back = flight->goes_back && step[1].again != NULL;
	/* On the way to a row that was in trouble before, its tries still count. */
	if (!flight->goes_back) {
		registration->attempts = 0;
		mem_free_text(&registration->waits_for);
	}
	registration_reset_work(registration);
	if (step->last) {
		flight_finish(flight);
		return;
	}
	mem_set_text(&registration->step, step[1].name);
	registration->due_at = due_at;
}

static void
flight_fail(struct flight *flight, const struct err *err)
{
	struct registration *registration = flight->registration;

	registration->state = STATE_FAILED;
	mem_set_text(&registration->reason, err->text);
	mem_free_text(&registration->waits_for);
	registration->due_at = 0;
}

static void
flight_retry(struct flight *flight, const struct err *err)
{
	struct registration *registration = flight->registration;
	struct gate *gate = flight_gate(flight);
	int64_t now = clock_now(), wait = -1;

	registration_reset_work(registration);
	flight->rests = true;
	if (err->kind == ERR_BROKEN) {
		flight_pass(flight);
		flight_fail(flight, err);
		return;
	}
	mem_set_text(&registration->detail, err->text);
	mem_set_text(&registration->waits_for, flight->troubled_by);
	if (flight->troubled_by != NULL && flight->trouble == REPLY_DONE) {
		registration->due_at = now + gate_park(gate, registration->id, now);
		return;
	}
	if (flight->troubled_by != NULL) {
		wait = gate_trouble(gate, registration->id, registration->attempts == 0,
		    flight->is_turn, flight->troubled_by, flight->trouble, err->text, now);
		/* Who opens the gate wakes those that wait for that. */
		if (gate->closed)
			mem_set_text(&registration->waits_for, gate->waits_for);
	} else {
		flight_pass(flight);
	}
	registration->attempts++;
	registration->due_at = now + (wait >= 0 ? wait : flight_backoff(registration->attempts));
}

static void
flight_refuse(struct flight *flight, const struct step *step, const struct err *err)
{
	struct registration *registration = flight->registration;

	flight_pass(flight);
	registration_reset_work(registration);
	mem_free_text(&registration->waits_for);
	registration->attempts = 0;
	if (flight_is_withdrawing(registration)) {
		/* Too late: another daemon has made the account active. */
		registration->state = STATE_ACTIVE;
		mem_free_text(&registration->reason);
		mem_free_text(&registration->detail);
		flight_finish(flight);
		return;
	}
	registration->state = STATE_REJECTED;
	mem_set_text(&registration->reason, err->text);
	if (step->withdraw == NULL) {
		flight_finish(flight);
		return;
	}
	mem_set_text(&registration->step, step->withdraw);
	registration->due_at = clock_now();
}

static void
flight_log(const struct flight *flight, const struct step *step, enum verdict verdict,
    const struct err *err)
{
	const struct registration *registration = flight->registration;
	const char *state = registration_state_name(registration->state);
	const struct gate *gate = &flight->driver->gates[step - flight->driver->plan];

	if (verdict == RETRY && registration->state == STATE_FAILED)
		log_line(
		    LOG_LEVEL_ERROR, registration->id, "%s: failed: %s", step->name, err->text);
	else if (verdict == RETRY && gate->closed)
		return; /* the gate has said it for all */
	else if (verdict == RETRY)
		log_line(LOG_LEVEL_WARNING, registration->id, "%s: try %d came to nothing: %s",
		    step->name, registration->attempts, err->text);
	else if (verdict == REFUSE)
		log_line(
		    LOG_LEVEL_INFO, registration->id, "%s: %s, %s", step->name, state, err->text);
	else
		log_line(LOG_LEVEL_INFO, registration->id, "%s: %s", step->name,
		    verdict == HOLD ? "waits" : state);
}

/* Whether passing the row changed something outside: the state, or what would have to be undone. */
static bool
flight_has_changed(
    const struct flight *flight, const struct step *step, enum registration_state before)
{
	const char *undo = step == flight->driver->plan ? NULL : step[-1].withdraw;

	return flight->registration->state != before ||
	       (step->withdraw == NULL) != (undo == NULL) ||
	       (undo != NULL && strcmp(step->withdraw, undo) != 0);
}

/*
 * Before the save: a row that a crash takes back is passed again, and told of twice rather than
 * never. Words of a directory stay out of it: the timeline has them.
 */
static void
flight_audit(const struct flight *flight, const struct step *step, enum verdict verdict,
    const struct err *err, enum registration_state before)
{
	const struct registration *registration = flight->registration;
	struct audit_decision decision = {
	    .event = "step",
	    .actor = "musterd",
	    .registration = registration->id,
	    .person = registration->person_key,
	    .account = registration->uid,
	    .what = step->name,
	    .outcome = registration_state_name(registration->state),
	};

	if (verdict == REFUSE)
		decision.reason = err->text;
	else if (verdict == RETRY && registration->state == STATE_FAILED)
		decision.reason = "failed";
	else if ((verdict != NEXT && verdict != LATER) || !flight_has_changed(flight, step, before))
		return;
	audit_write(flight->driver->site->audit, &decision);
}

void
flight_apply(struct flight *flight, const struct step *step, enum verdict verdict,
    const struct err *err, struct text *what)
{
	enum registration_state before = flight->registration->state;

	flight->rests = verdict == HOLD;
	flight->questions = 0;
	switch (verdict) {
	case NEXT:
		text_add(what, "done");
		flight_next(flight, step, clock_now());
		break;
	case LATER:
		text_add(what, "done for now");
		flight_next(flight, step, flight->registration->due_at);
		flight->rests = true;
		break;
	case HOLD:
		text_add(what, flight->registration->held ? "held" : "waits");
		flight->registration->attempts = 0;
		break;
	case REFUSE:
		text_add(what, "refused: %s", err->text);
		flight_refuse(flight, step, err);
		break;
	case AGAIN:
	case RETRY:
		text_add(what, "%s: %s", err->kind == ERR_BROKEN ? "failed" : "will be tried again",
		    err->text);
		flight_retry(flight, err);
		break;
	}
	flight_log(flight, step, verdict, err);
	flight_audit(flight, step, verdict, err, before);
	flight->troubled_by = NULL;
}

bool
flight_has_said(const struct flight *flight, const struct err *err)
{
	const struct registration *registration = flight->registration;

	return err->kind != ERR_BROKEN &&
	       (registration->attempts > 1 || registration->waits_for != NULL) &&
	       registration->detail != NULL && strcmp(registration->detail, err->text) == 0;
}
