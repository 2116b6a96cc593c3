/*
 * A flight: ask, judge, carry out the verdict, save, go on. Every change of a registration's step
 * and times is made in verdict.c or, on somebody's wish, in wish.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "dir/dir.h"
#include "dir/gather.h"
#include "journal/journal.h"
#include "pipeline/alarm.h"
#include "pipeline/driver_internal.h"

#define ASKED_MOST 200 /* in a row for one step: more is a loop */

/* How a question or a save that comes back finds its flight. */
struct ticket {
	struct driver *driver;
	char id[UUID_SIZE];
	unsigned serial;
};

static struct ticket *
ticket_new(const struct flight *flight)
{
	struct ticket *ticket = mem_new(sizeof(*ticket));

	ticket->driver = flight->driver;
	memcpy(ticket->id, flight->registration->id, UUID_SIZE);
	ticket->serial = flight->serial;
	return ticket;
}

/* NULL where it has gone meanwhile, which is normal. */
static struct flight *
ticket_redeem(struct ticket *ticket)
{
	struct flight *flight =
	    ticket->driver->stopped ? NULL : flight_find(ticket->driver, ticket->id);

	if (flight != NULL && flight->serial != ticket->serial)
		flight = NULL;
	free(ticket);
	return flight;
}

static void flight_on_reply(struct reply *reply, void *arg);

static void
flight_put(struct flight *flight)
{
	struct question question = flight->question;

	memset(&flight->question, 0, sizeof(flight->question));
	flight->ask_pending = false;
	flight->asking = true;
	dir_gather(flight->driver->directories, &question, flight_on_reply, ticket_new(flight));
}

/* Through the gate of its row; where it is not let through, err says why. */
static bool
flight_enter(struct flight *flight, struct err *err)
{
	struct gate *gate = flight_gate(flight);

	flight->is_turn = gate->closed;
	if (gate_lets(gate, clock_now()) || flight->insists)
		return true;
	flight->troubled_by = gate->waits_for;
	flight->trouble = REPLY_DONE;
	err_set(err, ERR_BUSY, "%s", gate->why);
	return false;
}

/* Readies the step's question. What asks nothing is judged here and now: its verdict; else AGAIN.
 */
static enum verdict
flight_ready(struct flight *flight, struct err *err)
{
	const struct step *step = flight_step(flight);

	err_clear(err);
	if (flight->questions == 0 && !flight_enter(flight, err))
		return RETRY;
	if (++flight->questions > ASKED_MOST) {
		err_set(err, ERR_BROKEN, "%s asked too often without coming to an end", step->name);
		return RETRY;
	}
	if (step->ask(flight->driver->site, flight->registration, &flight->question, err) != 0) {
		question_fini(&flight->question);
		return RETRY;
	}
	if (flight->question.kind != QUESTION_NONE) {
		flight->ask_pending = true;
		return AGAIN;
	}
	return step->judge(flight->driver->site, flight->registration, NULL, clock_now(), err);
}

/*
 * What a step comes to after its verdict. Rows that ask nothing are judged at once, so that one
 * save covers them; the row after them has its question ready when the save is made.
 */
static void
flight_conclude(struct flight *flight, enum verdict verdict, struct err *err)
{
	struct text *what = &flight->what;
	bool says_again = false;

	while (verdict != AGAIN) {
		const struct step *step = flight_step(flight);

		if (what->size > 0)
			text_add(what, "; %s: ", step->name);
		else
			mem_set_text(&flight->since, step->name);
		says_again = (what->size == 0 || step->again != NULL) && verdict == RETRY &&
			     flight_has_said(flight, err);
		flight_apply(flight, step, verdict, err, what);
		if (flight->wanted != NULL && wish_look(flight)) {
			text_add(what, "; as was wished");
			says_again = false;
			flight_go_back(flight);
		}
		if (flight->rests)
			break;
		verdict = flight_ready(flight, err);
	}
	/* What a crash would take back needs no save; the next one tells of it. */
	if (!flight->rests && flight_step(flight)->again != NULL) {
		flight_put(flight);
		return;
	}
	flight_save(flight, flight->since, says_again ? NULL : what->bytes);
	text_fini(what);
}

static void
flight_go_on(struct flight *flight, enum verdict verdict, struct err *err)
{
	/* Another question of the same row needs no save. */
	if (verdict == AGAIN && !flight->ask_pending)
		verdict = flight_ready(flight, err);
	if (verdict == AGAIN)
		flight_put(flight);
	else
		flight_conclude(flight, verdict, err);
}

/* The first directory that could not answer as it was asked; NULL where all did. */
static const struct reply *
flight_trouble(const struct reply *reply)
{
	for (; reply != NULL; reply = reply->also)
		if (reply->kind == REPLY_AWAY || reply->kind == REPLY_BUSY ||
		    reply->kind == REPLY_NO_BASE || reply->kind == REPLY_DENIED)
			return reply;
	return NULL;
}

static void
flight_on_reply(struct reply *reply, void *arg)
{
	struct flight *flight = ticket_redeem(arg);
	const struct reply *trouble = flight_trouble(reply);
	const char *asked;
	struct err err = {0};

	if (flight == NULL)
		return;
	flight->asking = false;
	if (trouble != NULL) {
		asked = dir_name(flight->driver->directories[trouble->directory]);
		err_set(&err, ERR_BUSY, "%s: %s", asked, trouble->text);
		flight->troubled_by = asked;
		flight->trouble = trouble->kind;
		flight_go_on(flight, RETRY, &err);
		return;
	}
	flight_go_on(flight,
	    flight_step(flight)->judge(
		flight->driver->site, flight->registration, reply, clock_now(), &err),
	    &err);
}

void
flight_run(struct flight *flight)
{
	struct registration *registration = flight->registration;
	struct err err = {0};

	registration_reset_work(registration);
	flight->questions = 0;
	flight->rests = false;
	flight_go_back(flight);
	if (flight_step(flight) != NULL) {
		flight_go_on(flight, AGAIN, &err);
		return;
	}
	log_line(LOG_LEVEL_ERROR, registration->id, "unknown step %s", registration->step);
	registration->state = STATE_FAILED;
	mem_set_text(&registration->reason, "its step is not in this version's plan");
	registration->due_at = 0;
	flight->rests = true;
	flight_save(flight, registration->step, "unknown step");
}

void
flight_take(struct flight *flight)
{
	flight->told = STATE_COUNT;
	/* As after a save: what a listener wishes waits for the lines below. */
	flight->saving = true;
	flight_tell(flight, false);
	flight->saving = false;
	if (flight->wanted != NULL && wish_look(flight))
		flight_save(flight, flight->registration->step, "as was wished");
	else
		flight_run(flight);
}

static void
flight_on_saved(enum journal_result result, const char *id, void *arg)
{
	struct ticket *ticket = arg;
	struct driver *driver = ticket->driver;
	struct flight *flight = ticket_redeem(ticket);

	if (flight == NULL)
		return;
	wish_answer(flight, result == JOURNAL_DONE);
	if (result != JOURNAL_DONE) {
		/* As the journal has it, it is still due: every step may be repeated. */
		log_line(LOG_LEVEL_ERROR, id,
		    "%s: the journal could not save what came of it; it is done again later",
		    flight->registration->step);
		alarm_set_earlier(driver->alarm, clock_now() + STUMBLE);
		flight_end(flight);
		return;
	}
	/* It still counts as being saved: what a listener wishes waits for the lines below. */
	flight_tell(flight, flight->rests && flight->wanted == NULL);
	flight->saving = false;
	if (flight->wanted != NULL && wish_look(flight)) {
		question_fini(&flight->question);
		flight->ask_pending = false;
		flight_save(flight, flight->registration->step, "as was wished");
	} else if (flight->ask_pending) {
		flight_put(flight);
	} else if (flight->rests) {
		alarm_set_earlier(driver->alarm, flight->registration->due_at);
		flight_end(flight);
	} else {
		flight_run(flight);
	}
}

void
flight_save(struct flight *flight, const char *step, const char *what)
{
	struct journal_note note = {step, what};

	flight->saving = true;
	journal_save(flight->driver->journal, flight->registration, what != NULL ? &note : NULL,
	    flight_on_saved, ticket_new(flight));
}
