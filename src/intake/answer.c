/* What a POST is answered once its registration has come to rest, or its time is over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "intake/intake_internal.h"
#include "journal/journal.h"

char *
answer_text(const struct intake *intake, const struct registration *registration, int *status_out)
{
	struct lateness lateness = intake_lateness(intake);
	json_t *json;
	char *text;

	if (registration->state == STATE_REJECTED) {
		*status_out = http_problem_status(registration->reason);
		return http_problem_text(registration->reason, NULL);
	}
	*status_out = 202;
	json = registration_json(registration, &lateness, clock_now());
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (text == NULL)
		err_end("out of memory");
	return text;
}

/* The same form whether the person exists or not: nobody has looked. */
bool
answer_over_budget(
    struct intake *intake, struct http_request *request, const struct budget_keys *keys)
{
	char seconds[24];
	int64_t wait;

	switch (budget_ask(intake->parts.site->budget, keys, NULL, &wait)) {
	case BUDGET_OPEN:
		return false;
	case BUDGET_LOCKED:
		snprintf(seconds, sizeof(seconds), "%lld", (long long)(wait + 999) / 1000);
		http_add_header(request, "Retry-After", seconds);
		http_reply_problem(request, "rate-limited", NULL);
		return true;
	case BUDGET_UNKNOWN:
		break;
	}
	http_reply_problem(request, "unavailable", "nothing was kept");
	return true;
}

void
answer_request(struct http_request *request, int status, const char *id, const char *body)
{
	char *location;

	if (status == 202) {
		location = mem_format("/v1/registrations/%s", id);
		http_add_header(request, "Location", location);
		mem_free_text(&location);
	}
	http_reply_text(
	    request, status, status == 202 ? "application/json" : "application/problem+json", body);
}

void
submit_free(struct submit *submit)
{
	if (submit->before != NULL)
		submit->before->after = submit->after;
	else
		submit->intake->submits = submit->after;
	if (submit->after != NULL)
		submit->after->before = submit->before;
	driver_unlisten(submit->intake->parts.driver, &submit->listener);
	loop_timer_free(&submit->timer);
	registration_free(&submit->registration);
	submission_fini(&submit->submission);
	mem_free_text(&submit->portal);
	free(submit->requests);
	free(submit);
}

void
submit_problem(struct submit *submit, const char *name, const char *detail)
{
	for (size_t i = 0; i < submit->request_count; i++)
		http_reply_problem(submit->requests[i], name, detail);
	submit->request_count = 0;
}

/* registration is NULL where the journal is to be asked. Frees the submit. */
void
submit_answer(struct submit *submit, const struct registration *registration)
{
	struct intake *intake = submit->intake;
	struct registration *found = NULL;
	char *body;
	int status;

	if (registration == NULL)
		registration = found = journal_find(intake->parts.journal, submit->id);
	if (registration == NULL) {
		/* It is kept all the same: who asks again with the same key will be told. */
		submit_problem(submit,
		    journal_has_misread(intake->parts.journal) ? "unavailable" : "internal", NULL);
		submit_free(submit);
		return;
	}
	body = answer_text(intake, registration, &status);
	if (submit->key_mac[0] != '\0')
		journal_save_answer(intake->parts.journal, submit->id, status, body);
	for (size_t i = 0; i < submit->request_count; i++)
		answer_request(submit->requests[i], status, submit->id, body);
	submit->request_count = 0;
	mem_free_text(&body);
	registration_free(&found);
	submit_free(submit);
}

static void
submit_on_time(void *arg)
{
	submit_answer(arg, NULL);
}

static void
submit_on_change(const struct registration *registration, struct driver_news news, void *arg)
{
	struct submit *submit = arg;

	if (!news.rests || submit->phase != SUBMIT_WAITING)
		return;
	if (registration->state != STATE_REJECTED ||
	    strcmp(registration->reason, "identity-not-verified") != 0) {
		submit_answer(submit, registration);
		return;
	}
	/* The same time, whichever part did not match and whether the person exists at all. */
	submit->phase = SUBMIT_REFUSED;
	loop_timer_set(submit->timer, intake_beat(submit->intake, submit->came_at));
}

void
submit_wait(struct submit *submit)
{
	struct intake *intake = submit->intake;
	int64_t wait = intake_conf(intake)->identity.answer_wait - (clock_boot() - submit->came_at);

	submit->phase = SUBMIT_WAITING;
	submit->listener =
	    driver_listen(intake->parts.driver, submit->id, submit_on_change, submit);
	submit->timer = loop_timer_new(intake->parts.loop, submit_on_time, submit);
	loop_timer_set(submit->timer, intake->draining ? 0 : wait);
}
