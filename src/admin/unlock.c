/* Failed attempts at an identity: what stands against an identifier, and how that is lifted. */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "audit/audit.h"
#include "base/log.h"
#include "base/mem.h"
#include "budget/budget.h"
#include "model/application.h"
#include "model/registration.h"
#include "pipeline/step.h"

/* A request that waits for its unlock to be in the journal. */
struct admin_unlock {
	struct admin *admin;
	struct http_request *request; /* NULL once it was let go of */
	struct budget_look was;
	struct admin_unlock *before, *after;
};

static json_t *
unlock_json(const struct budget_look *look)
{
	return json_pack("{s:I, s:I, s:o, s:b}", "in_row", (json_int_t)look->in_row, "total",
	    (json_int_t)look->total, "locked_until", admin_instant(look->locked_until),
	    "locked_for_ever", look->locked_for_ever);
}

json_t *
admin_attempts_json(const struct admin *admin, const struct registration *registration)
{
	struct budget_look look;

	if (registration->person_key[0] == '\0' ||
	    budget_look(admin->parts.site->budget, registration->person_key, &look) != 0)
		return json_null();
	return unlock_json(&look);
}

static void
unlock_free(struct admin_unlock *unlock)
{
	if (unlock->before != NULL)
		unlock->before->after = unlock->after;
	else
		unlock->admin->unlocks = unlock->after;
	if (unlock->after != NULL)
		unlock->after->before = unlock->before;
	free(unlock);
}

void
admin_unlock_let_go(struct admin *admin)
{
	for (struct admin_unlock *unlock = admin->unlocks; unlock != NULL; unlock = unlock->after) {
		http_reply_problem(unlock->request, "unavailable", "shutting down");
		unlock->request = NULL;
	}
}

static void
unlock_on_done(bool kept, void *arg)
{
	struct admin_unlock *unlock = arg;

	if (kept)
		log_note("unlocked an identifier: it had %lld failures in a row, %lld in all",
		    (long long)unlock->was.in_row, (long long)unlock->was.total);
	if (unlock->request != NULL && kept)
		http_reply_json(
		    unlock->request, 200, json_pack("{s:o}", "was", unlock_json(&unlock->was)));
	else if (unlock->request != NULL)
		http_reply_problem(unlock->request, "unavailable",
		    "it is unlocked, but the journal does not hold that yet");
	unlock_free(unlock);
}

/* It counts at once. */
static void
unlock_audit(const struct admin_unlock *unlock, const char *person_key)
{
	struct audit_decision decision = {
	    .event = "admin",
	    .actor = http_actor(unlock->request),
	    .request = http_request_id(unlock->request),
	    .person = person_key,
	    .what = "unlock",
	    .outcome = "granted",
	    .count = unlock->was.total,
	};

	audit_write(unlock->admin->parts.site->audit, &decision);
}

static void
unlock_begin(struct admin *admin, struct http_request *request, const char *person_key)
{
	struct admin_unlock *unlock = mem_new(sizeof(*unlock));

	unlock->admin = admin;
	unlock->request = request;
	unlock->after = admin->unlocks;
	if (unlock->after != NULL)
		unlock->after->before = unlock;
	admin->unlocks = unlock;
	if (budget_unlock(
		admin->parts.site->budget, person_key, &unlock->was, unlock_on_done, unlock) == 0) {
		unlock_audit(unlock, person_key);
		return;
	}
	http_reply_problem(request, "unavailable", "the failures so far can't be read");
	unlock_free(unlock);
}

static void
unlock_by_name(struct admin *admin, struct http_request *request, const char *name)
{
	struct registration *registration = admin_find(admin, name);

	if (registration == NULL)
		admin_not_found(admin, request);
	else if (registration->person_key[0] == '\0')
		http_reply_problem(request, "conflict",
		    "an older version rejected it, and its identifier was forgotten: name the "
		    "identifier itself");
	else
		unlock_begin(admin, request, registration->person_key);
	registration_free(&registration);
}

/* Whichever kind it is: its digits count. */
static void
unlock_by_identifier(struct admin *admin, struct http_request *request, const char *text)
{
	struct application *application = application_new();
	struct budget_keys keys;

	if (identifier_parse(IDENTIFIER_SSN, text, &application->identifier) != 0) {
		http_reply_problem(request, "malformed",
		    "identifier: nine digits are needed, as 123456789 or 123-45-6789");
	} else {
		budget_keys(admin->parts.site->person_keys, application, false, &keys);
		unlock_begin(admin, request, keys.person);
	}
	application_free(&application);
}

void
admin_on_unlock(struct http_request *request, void *context)
{
	json_t *body = http_json(request);
	const char *name, *identifier;

	if (body == NULL)
		return;
	name = json_string_value(json_object_get(body, "id"));
	identifier = json_string_value(json_object_get(body, "identifier"));
	if (json_object_size(body) != 1 || (name == NULL && identifier == NULL))
		http_reply_problem(request, "malformed", "either id or identifier is needed");
	else if (name != NULL)
		unlock_by_name(context, request, name);
	else
		unlock_by_identifier(context, request, identifier);
	json_decref(body);
}
