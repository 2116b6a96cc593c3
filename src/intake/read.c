/* The handlers for a registration that is there: show it, follow it, withdraw it. */
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "intake/intake_internal.h"
#include "journal/journal.h"

/* NULL where it was answered 404: not there, or another portal's; or 503: it can't be read. */
static struct registration *
read_own(struct intake *intake, struct http_request *request)
{
	const char *id = http_param(request, "id");
	bool is_id = text_is_uuid(id);
	struct registration *registration = is_id ? journal_find(intake->parts.journal, id) : NULL;

	if (is_id && journal_has_misread(intake->parts.journal)) {
		http_reply_problem(request, "unavailable", "the journal can't be read there");
		return NULL;
	}
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

/* problem: NULL where entry and claim are gone. Frees the follow once the driver has let go. */
static void
delete_answer(struct follow *follow, const char *problem, const char *detail)
{
	if (problem == NULL)
		http_reply_none(follow->request, 204);
	else
		http_reply_problem(follow->request, problem, detail);
	follow->request = NULL;
	if (!follow->wishing)
		follow_free(follow);
}

/* One that rests without an end waits for its next try: the directory is away. */
static void
delete_on_change(const struct registration *registration, struct driver_news news, void *arg)
{
	if (!news.rests || !registration_is_final(registration) || registration->due_at != 0)
		return;
	if (registration->state == STATE_ACTIVE)
		delete_answer(arg, "already-active", NULL);
	else
		delete_answer(arg, NULL, NULL);
}

/* No 204: the account may still turn out to be active, where an activation's reply was lost. */
static void
delete_on_time(void *arg)
{
	struct follow *follow = arg;

	if (follow->request == NULL)
		return;
	delete_answer(follow, "unavailable",
	    follow->wishing ? "the registration is being worked on and not withdrawn yet: ask again"
			    : "the withdrawal is kept and goes on: ask again");
}

void
follow_let_go(struct follow *follow)
{
	if (follow->streams) {
		http_stream_comment(follow->request, "shutting down: connect again");
		follow_free(follow);
	} else if (follow->request != NULL) {
		delete_answer(follow, "unavailable", "shutting down: ask again");
	}
}

/* The request may have been answered by then: it took too long. */
static void
delete_audit(
    const struct follow *follow, enum wish_result result, const struct registration *registration)
{
	const struct http_request *request = follow->request;
	const char *portal = registration != NULL ? registration->portal : NULL;
	struct audit_decision decision = {
	    .event = "withdrawal",
	    .actor = request != NULL ? http_actor(request) : portal,
	    .request = request != NULL ? http_request_id(request) : NULL,
	    .registration = follow->id,
	    .outcome = wish_result_name(result),
	};

	audit_write(follow->intake->parts.site->audit, &decision);
}

static void
delete_on_wish(
    enum wish_result result, const struct registration *registration, const char *why, void *arg)
{
	struct follow *follow = arg;

	follow->wishing = false;
	delete_audit(follow, result, registration);
	if (follow->request == NULL)
		follow_free(follow);
	else if (result == WISH_GRANTED)
		follow->listener = driver_listen(
		    follow->intake->parts.driver, follow->id, delete_on_change, follow);
	else if (result == WISH_NOT_FOUND)
		delete_answer(follow, "not-found", NULL);
	else if (result == WISH_TRY_LATER)
		delete_answer(follow, "unavailable", NULL);
	else if (registration->state == STATE_ACTIVE)
		delete_answer(follow, "already-active", NULL);
	else
		delete_answer(follow, "conflict", why);
}

void
intake_on_delete(struct http_request *request, void *context)
{
	struct intake *intake = context;
	struct registration *registration = read_own(intake, request);
	struct follow *follow;

	if (registration == NULL)
		return;
	follow = follow_new(intake, request, registration->id);
	follow->timer = loop_timer_new(intake->parts.loop, delete_on_time, follow);
	loop_timer_set(follow->timer, intake_conf(intake)->identity.answer_wait);
	follow->wishing = true;
	driver_wish(intake->parts.driver, registration->id, WISH_CANCEL, delete_on_wish, follow);
	registration_free(&registration);
}

/* One event a change: what looks the same as the last one is not sent again. */
static void
events_send(struct follow *follow, const struct registration *registration)
{
	json_t *json = read_json(follow->intake, registration);
	char *text = json_dumps(json, JSON_COMPACT);

	if (text == NULL)
		err_end("out of memory");
	if (follow->last == NULL || strcmp(follow->last, text) != 0)
		http_stream_send(follow->request, "state", json);
	json_decref(json);
	free(follow->last);
	follow->last = text;
}

static void
events_on_change(const struct registration *registration, struct driver_news news, void *arg)
{
	struct follow *follow = arg;

	events_send(follow, registration);
	if (news.rests && registration_is_final(registration))
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
	if (intake->draining)
		http_reply_problem(request, "unavailable", "shutting down: connect again");
	if (intake->draining || http_stream_start(request) != 0) {
		registration_free(&registration);
		return;
	}
	follow = follow_new(intake, request, registration->id);
	follow->streams = true;
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
