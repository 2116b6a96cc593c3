/* The handlers for a registration that is there: show it, follow it, withdraw it. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "intake/intake_internal.h"
#include "journal/journal.h"

/* NULL where it was answered 404: not there, or another portal's. */
static struct registration *
read_own(struct intake *intake, struct http_request *request)
{
	const char *id = http_param(request, "id");
	struct registration *registration =
	    text_is_uuid(id) ? journal_find(intake->parts.journal, id) : NULL;

	if (registration != NULL && strcmp(registration->portal, http_portal(request)) != 0)
		registration_free(&registration);
	if (registration == NULL)
		http_reply_problem(request, "not-found", NULL);
	return registration;
}

static json_t *
read_json(const struct intake *intake, const struct registration *registration)
{
	struct lateness lateness = intake_lateness(intake);

	return registration_json(registration, &lateness, clock_now());
}

void
intake_on_get(struct http_request *request, void *context)
{
	struct intake *intake = context;
	struct registration *registration = read_own(intake, request);

	if (registration == NULL)
		return;
	http_reply_json(request, 200, read_json(intake, registration));
	registration_free(&registration);
}

static struct follow *
follow_new(struct intake *intake, struct http_request *request, const char *id)
{
	struct follow *follow = mem_new(sizeof(*follow));

	follow->intake = intake;
	follow->request = request;
	memcpy(follow->id, id, UUID_SIZE);
	follow->after = intake->follows;
	if (follow->after != NULL)
		follow->after->before = follow;
	intake->follows = follow;
	return follow;
}

void
follow_free(struct follow *follow)
{
	if (follow->before != NULL)
		follow->before->after = follow->after;
	else
		follow->intake->follows = follow->after;
	if (follow->after != NULL)
		follow->after->before = follow->before;
	if (follow->request != NULL && follow->streams)
		http_stream_end(follow->request);
	else if (follow->request != NULL)
		http_reply_problem(follow->request, "unavailable", "shutting down");
	driver_unlisten(follow->intake->parts.driver, &follow->listener);
	loop_timer_free(&follow->timer);
	mem_free_text(&follow->last);
	free(follow);
}

/* The withdrawal has come to an end, or goes on behind the answer: the cancel is in the journal. */
static void
delete_answer(struct follow *follow, enum registration_state state)
{
	if (state == STATE_ACTIVE)
		http_reply_problem(follow->request, "already-active", NULL);
	else
		http_reply_none(follow->request, 204);
	follow->request = NULL;
	follow_free(follow);
}

static void
delete_on_change(const struct registration *registration, bool rests, void *arg)
{
	if (rests)
		delete_answer(arg, registration->state);
}

static void
delete_on_time(void *arg)
{
	delete_answer(arg, STATE_CANCELLED);
}

static void
delete_on_wish(
    enum wish_result result, const struct registration *registration, const char *why, void *arg)
{
	struct follow *follow = arg;
	struct intake *intake = follow->intake;

	if (result == WISH_GRANTED) {
		follow->listener =
		    driver_listen(intake->parts.driver, follow->id, delete_on_change, follow);
		follow->timer = loop_timer_new(intake->parts.loop, delete_on_time, follow);
		loop_timer_set(follow->timer, intake_conf(intake)->identity.answer_wait);
		return;
	}
	if (result == WISH_NOT_FOUND)
		http_reply_problem(follow->request, "not-found", NULL);
	else if (result == WISH_TRY_LATER)
		http_reply_problem(follow->request, "unavailable", NULL);
	else if (registration->state == STATE_ACTIVE)
		http_reply_problem(follow->request, "already-active", NULL);
	else
		http_reply_problem(follow->request, "conflict", why);
	follow->request = NULL;
	follow_free(follow);
}

void
intake_on_delete(struct http_request *request, void *context)
{
	struct intake *intake = context;
	struct registration *registration = read_own(intake, request);

	if (registration == NULL)
		return;
	driver_wish(intake->parts.driver, registration->id, WISH_CANCEL, delete_on_wish,
	    follow_new(intake, request, registration->id));
	registration_free(&registration);
}

/* One event a change: what looks the same as the last one is not sent again. */
static void
events_send(struct follow *follow, const struct registration *registration)
{
	json_t *json = read_json(follow->intake, registration);
	char *text = json_dumps(json, JSON_COMPACT);

	if (text == NULL)
		abort();
	if (follow->last == NULL || strcmp(follow->last, text) != 0)
		http_stream_send(follow->request, "state", json);
	json_decref(json);
	free(follow->last);
	follow->last = text;
}

static void
events_on_change(const struct registration *registration, bool rests, void *arg)
{
	struct follow *follow = arg;

	events_send(follow, registration);
	if (rests && registration_is_final(registration))
		follow_free(follow);
}

static void
events_on_gone(void *arg)
{
	follow_free(arg);
}

void
intake_on_events(struct http_request *request, void *context)
{
	struct intake *intake = context;
	struct registration *registration = read_own(intake, request);
	struct follow *follow;

	if (registration == NULL)
		return;
	follow = follow_new(intake, request, registration->id);
	follow->streams = true;
	http_stream_start(request);
	events_send(follow, registration);
	if (registration_is_final(registration) && registration->due_at == 0) {
		follow_free(follow);
	} else {
		follow->listener =
		    driver_listen(intake->parts.driver, follow->id, events_on_change, follow);
		http_on_gone(request, events_on_gone, follow); /* perhaps calls back at once */
	}
	registration_free(&registration);
}
