/*
 * GET /v1/admin/registrations/{id}/explain: why a registration is where it is, for the helpdesk.
 * The facts, and the same in sentences; no secret and no value of an identity.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_internal.h"
#include "base/clock.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "budget/budget.h"
#include "conf/conf.h"
#include "dir/dir.h"
#include "model/registration.h"
#include "pipeline/driver.h"
#include "pipeline/step.h"

static void
say(json_t *says, char *sentence)
{
	json_array_append_new(says, json_string(sentence));
	free(sentence);
}

static const char *
explain_reason(const struct registration *registration)
{
	static const char *const words[][2] = {
	    {"identity-not-verified", "what was claimed does not fit the personnel records"},
	    {"not-eligible", "the identity is proved, but no current record is in a category that "
			     "may have an account"},
	    {"account-exists", "the person has an account already"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (registration->reason != NULL && strcmp(words[i][0], registration->reason) == 0)
			return words[i][1];
	return registration->reason != NULL ? registration->reason : "no reason was kept";
}

/* A time on the line, as the clock on the wall has it. */
static const char *
explain_time(int64_t at, char when[INSTANT_SIZE])
{
	return instant_rfc3339(at + clock_lead(), when);
}

static char *
explain_state(const struct registration *registration)
{
	char when[INSTANT_SIZE];
	const char *uid = registration->uid != NULL ? registration->uid : "without a uid";

	switch (registration->state) {
	case STATE_RECEIVED:
		return mem_text("Received: it is on disk, and the identity is not proved yet.");
	case STATE_VERIFIED:
		return mem_text("Verified: the identity is proved, and there is no entry in the "
				"account directory yet.");
	case STATE_PENDING:
		return mem_format("Pending: the account %s is in the directory and can't log in "
				  "before %s.",
		    uid, explain_time(registration->activates_at, when));
	case STATE_ACTIVE:
		return mem_format("Active: the account %s may log in since %s.", uid,
		    explain_time(registration->activated_at, when));
	case STATE_REJECTED:
		return mem_format("Rejected: %s.", explain_reason(registration));
	case STATE_CANCELLED:
		return mem_text("Cancelled: somebody withdrew it before it was active.");
	case STATE_FAILED:
		return mem_format(
		    "Failed, and waits for a person: %s.", explain_reason(registration));
	}
	return mem_text("");
}

/* "birth date, legal name" of a list of parts. */
static char *
explain_parts(const json_t *parts)
{
	struct text words = {0};
	const json_t *part;
	size_t i;

	json_array_foreach(parts, i, part)
	    text_add(&words, "%s%s", i > 0 ? ", " : "", json_string_value(part));
	for (char *at = words.bytes; at != NULL && (at = strchr(at, '_')) != NULL;)
		*at = ' ';
	return words.bytes == NULL ? mem_text("nothing") : text_take(&words);
}

static const char *
explain_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static void
explain_record(const json_t *record, json_t *says)
{
	const json_t *differing = json_object_get(record, "differs");
	char *asked = explain_parts(json_object_get(record, "asked"));
	char *differs = explain_parts(differing);
	bool current = json_is_true(json_object_get(record, "current"));

	say(says, mem_format("Record %s in %s: %s; %s.", explain_text(record, "dn"),
		      explain_text(record, "source"), explain_text(record, "rule"),
		      current ? "it is current" : "it is not current, and so makes no account"));
	if (json_array_size(json_object_get(record, "asked")) > 0)
		say(says, mem_format("  Asked for: %s. %s%s.", asked,
			      json_array_size(differing) > 0 ? "Differs: " : "All of it agrees",
			      json_array_size(differing) > 0 ? differs : ""));
	mem_free_text(&asked);
	mem_free_text(&differs);
}

static void
explain_findings(const json_t *findings, json_t *says)
{
	const json_t *records = json_object_get(findings, "records"), *record;
	size_t i;

	if (findings == NULL) {
		say(says, mem_text("The personnel records were not compared yet."));
		return;
	}
	say(says, mem_format("The personnel directories were asked at %s and have %zu record(s) of "
			     "that identifier.",
		      explain_text(findings, "at"), json_array_size(records)));
	json_array_foreach(records, i, record) explain_record(record, says);
}

static void
explain_categories(const struct conf *conf, const struct registration *registration, json_t *says)
{
	struct text words = {0};

	for (size_t i = 0; i < mem_texts_count(registration->categories); i++) {
		const char *id = registration->categories[i];
		const struct conf_category *category = conf_category_find(conf, id);

		text_add(&words, "%s%s (%s)", i > 0 ? ", " : "", id,
		    category != NULL ? category->label : "not in the configuration any more");
	}
	if (words.bytes == NULL)
		return;
	say(says, mem_format("Categories, the primary one first: %s%s.", words.bytes,
		      registration_is_dual(registration) ? "; a dual account" : ""));
	text_fini(&words);
}

static void
explain_wait(const struct admin *admin, const struct dir *dir, json_t *says)
{
	char *stopped = driver_trouble(admin->parts.driver, dir_name(dir));

	if (!dir_is_up(dir))
		say(says, mem_format("It waits for the directory %s, which is down: %s.",
			      dir_name(dir), dir_trouble(dir)));
	else if (stopped != NULL)
		say(says, mem_format("It waits for the directory %s, which is left alone (%s). One "
				     "registration at a time is tried; once one passes, all go on.",
			      dir_name(dir), stopped));
	else
		say(says,
		    mem_format("It waits for the directory %s, which is up now.", dir_name(dir)));
	mem_free_text(&stopped);
}

static void
explain_directory(const struct admin *admin, const struct registration *registration, json_t *says)
{
	char when[INSTANT_SIZE];

	if (registration->attempts > 0)
		say(says,
		    mem_format("%d tries of this step in a row came to nothing; the next is at %s.",
			registration->attempts, explain_time(registration->due_at, when)));
	for (size_t i = 0; i <= admin->parts.site->conf->personnel_count; i++)
		if (registration->waits_for != NULL &&
		    strcmp(dir_name(admin->parts.directories[i]), registration->waits_for) == 0)
			explain_wait(admin, admin->parts.directories[i], says);
}

static void
explain_failures(const struct admin *admin, const struct registration *registration, json_t *says)
{
	struct budget_look look;
	struct text words = {0};
	char when[INSTANT_SIZE];

	if (registration->person_key[0] == '\0' ||
	    budget_look(admin->parts.site->budget, registration->person_key, &look) != 0 ||
	    look.total == 0)
		return;
	text_add(&words, "Failed proofs of this identifier: %lld in a row, %lld in all",
	    (long long)look.in_row, (long long)look.total);
	if (look.locked_for_ever)
		text_add(&words, "; it is locked until 'musterctl unlock'");
	else if (look.locked_until > 0)
		text_add(&words, "; it is locked until %s or 'musterctl unlock'",
		    explain_time(look.locked_until, when));
	text_add(&words, ".");
	say(says, text_take(&words));
}

static void
explain_next(const struct admin *admin, const struct registration *registration, json_t *says)
{
	const struct step *step = step_find(admin->parts.plan, registration->step);
	char when[INSTANT_SIZE];

	if (strcmp(registration->step, STEP_DONE) == 0)
		say(says, mem_text("Next: nothing; it has come to its end."));
	else if (registration->state == STATE_FAILED)
		say(says,
		    mem_text("Next: nothing by itself. Once the cause is mended, 'musterctl retry' "
			     "goes on; 'musterctl cancel' withdraws it."));
	else if (registration->held)
		say(says, mem_text("Next: nothing by itself. An administrator holds it; 'musterctl "
				   "release' lets it go on."));
	else if (registration->due_at > clock_now())
		say(says,
		    mem_format("Next, at %s: %s (%s).", explain_time(registration->due_at, when),
			step != NULL ? step->does : "unknown", registration->step));
	else
		say(says, mem_format("Next, now: %s (%s).", step != NULL ? step->does : "unknown",
			      registration->step));
}

void
admin_on_explain(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	struct registration *registration = admin_find(admin, http_param(request, "id"));
	json_t *json, *findings, *says;

	if (registration == NULL) {
		admin_reply_none(admin, request);
		return;
	}
	findings =
	    registration->findings == NULL ? NULL : json_loads(registration->findings, 0, NULL);
	says = json_array();
	say(says, explain_state(registration));
	if (registration->detail != NULL)
		say(says, mem_format("Noted: %s.", registration->detail));
	explain_findings(findings, says);
	explain_categories(admin->parts.site->conf, registration, says);
	explain_failures(admin, registration, says);
	explain_directory(admin, registration, says);
	explain_next(admin, registration, says);
	json = admin_registration_json(admin, registration);
	json_object_set_new(json, "findings", findings != NULL ? findings : json_null());
	json_object_set_new(json, "says", says);
	http_reply_json(request, 200, json);
	registration_free(&registration);
}
