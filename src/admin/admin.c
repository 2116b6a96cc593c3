#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin_internal.h"
#include "audit/audit.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "dir/dir.h"
#include "http/rates.h"
#include "journal/journal.h"
#include "model/registration_json.h"
#include "pipeline/driver.h"
#include "pipeline/step.h"

#define LIST_DEFAULT 50
#define LIST_MOST 10000

struct admin *
admin_new(const struct admin_parts *parts)
{
	struct admin *admin = mem_new(sizeof(*admin));

	admin->parts = *parts;
	admin->started_at = clock_boot();
	return admin;
}

void
admin_drain(struct admin *admin)
{
	while (admin->watches != NULL) {
		http_stream_comment(admin->watches->request, "shutting down");
		admin_watch_free(admin->watches);
	}
}

void
admin_stop(struct admin *admin)
{
	admin_drain(admin);
	admin_unlock_let_go(admin);
}

void
admin_free(struct admin **admin)
{
	if (*admin == NULL)
		return;
	schema_look_free_all(*admin);
	free(*admin);
	*admin = NULL;
}

/* Of the wall clock. */
static json_t *
admin_wall(int64_t instant)
{
	char text[INSTANT_SIZE];

	return instant == 0 ? json_null() : json_string(instant_rfc3339(instant, text));
}

json_t *
admin_instant(int64_t instant)
{
	return admin_wall(instant == 0 ? 0 : instant + clock_lead());
}

json_t *
admin_registration_json(const struct admin *admin, const struct registration *registration)
{
	const struct conf_activation *activation = &admin->parts.site->conf->activation;
	struct lateness lateness = {
	    activation->late_after, activation->escalate_after, clock_lead()};
	json_t *json = registration_json(registration, &lateness, clock_now());
	json_t *more = json_pack("{s:b, s:s, s:s, s:o, s:i, s:s?, s:s?}", "set_aside",
	    registration->set_aside, "portal", registration->portal, "step", registration->step,
	    "due_at", admin_instant(registration->due_at), "attempts", registration->attempts,
	    "waits_for", registration->waits_for, "detail", registration->detail);

	json_object_update(json, more);
	json_decref(more);
	return json;
}

static json_t *
status_directories(const struct admin *admin)
{
	json_t *list = json_array();

	for (size_t i = 0; i <= admin->parts.site->conf->personnel_count; i++) {
		const struct dir *dir = admin->parts.directories[i];
		char *stopped = driver_trouble(admin->parts.driver, dir_name(dir));

		json_array_append_new(
		    list, json_pack("{s:s, s:b, s:I, s:s, s:s?}", "name", dir_name(dir), "up",
			      dir_is_up(dir), "depth", (json_int_t)dir_depth(dir), "trouble",
			      dir_trouble(dir), "stopped", stopped));
		mem_free_text(&stopped);
	}
	return list;
}

static json_t *
admin_audit_json(const struct admin *admin)
{
	const struct audit *audit = admin->parts.site->audit;

	return json_pack("{s:b, s:s?, s:I, s:I}", "kept", audit != NULL, "trouble",
	    audit_trouble(audit), "seq", (json_int_t)audit_seq(audit), "waiting",
	    (json_int_t)audit_waiting(audit));
}

static void
admin_on_status(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	struct journal_counts counts;
	json_t *states = json_object();

	journal_counts(admin->parts.journal, &counts);
	for (int i = 0; i < STATE_COUNT; i++)
		json_object_set_new(states, registration_state_name((enum registration_state)i),
		    json_integer(counts.by_state[i]));
	http_reply_json(request, 200,
	    json_pack("{s:s, s:i, s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:{s:i, s:I, s:I}}",
		"version", PACKAGE_VERSION, "pid", (int)getpid(), "uptime_seconds",
		(json_int_t)((clock_boot() - admin->started_at) / 1000), "counts", states,
		"oldest_pending", admin_instant(counts.oldest_pending), "next_due",
		admin_instant(counts.next_due), "set_aside", (json_int_t)counts.set_aside,
		"journal", admin_journal_json(admin, &counts), "audit", admin_audit_json(admin),
		"directories", status_directories(admin), "portals", rates_json(admin->parts.rates),
		"queues", "hash", hash_pool_depth(admin->parts.hash_pool), "journal",
		(json_int_t)journal_depth(admin->parts.journal), "in_flight",
		(json_int_t)driver_in_flight(admin->parts.driver)));
}

struct listing {
	const struct admin *admin;
	json_t *list;
};

static void
list_on_each(const struct registration *registration, void *arg)
{
	struct listing *listing = arg;

	json_array_append_new(listing->list, admin_registration_json(listing->admin, registration));
}

static void
admin_on_list(struct http_request *request, void *context)
{
	struct listing listing = {context, json_array()};
	const char *state = http_query(request, "state"), *limit = http_query(request, "limit");
	const char *overdue = http_query(request, "overdue");
	const char *set_aside = http_query(request, "set_aside");
	bool incomplete;
	struct journal_filter filter = {.limit = LIST_DEFAULT};
	int64_t number = LIST_DEFAULT;

	if ((state != NULL && registration_state_parse(state, &filter.state) != 0) ||
	    (limit != NULL && text_number(limit, 1, LIST_MOST, &number) != 0)) {
		json_decref(listing.list);
		http_reply_problem(
		    request, "malformed", "no such state, or the limit is not 1 to 10000");
		return;
	}
	filter.by_state = state != NULL;
	filter.limit = (int)number;
	if (overdue != NULL && strcmp(overdue, "true") == 0) {
		filter.open = true;
		filter.created_before =
		    clock_now() - listing.admin->parts.site->conf->activation.late_after;
	}
	filter.set_aside = set_aside != NULL && strcmp(set_aside, "true") == 0;
	incomplete =
	    journal_list(listing.admin->parts.journal, &filter, list_on_each, &listing) != 0;
	http_reply_json(request, 200,
	    json_pack("{s:o, s:b}", "registrations", listing.list, "incomplete", incomplete));
}

struct registration *
admin_find(const struct admin *admin, const char *name)
{
	struct registration *registration = NULL;

	if (text_is_uuid(name))
		registration = journal_find(admin->parts.journal, name);
	if (registration == NULL &&
	    !(text_is_uuid(name) && journal_has_misread(admin->parts.journal)))
		registration = journal_find_uid(admin->parts.journal, name);
	return registration;
}

void
admin_not_found(const struct admin *admin, struct http_request *request)
{
	if (journal_has_misread(admin->parts.journal))
		http_reply_problem(request, "unavailable",
		    "the journal is damaged where it stands: see 'musterctl journal check'");
	else
		http_reply_problem(request, "not-found", "no registration has that id or uid");
}

void
admin_audit(const struct admin *admin, const struct http_request *request,
    const struct registration *registration, const char *what, const char *outcome)
{
	struct audit_decision decision = {
	    .event = "admin",
	    .actor = http_actor(request),
	    .request = http_request_id(request),
	    .what = what,
	    .outcome = outcome,
	};

	if (registration != NULL) {
		decision.registration = registration->id;
		decision.person = registration->person_key;
		decision.account = registration->uid;
	}
	audit_write(admin->parts.site->audit, &decision);
}

static void
show_on_line(int64_t at, const char *step, const char *state, const char *what, void *arg)
{
	json_array_append_new(arg, json_pack("{s:o, s:s?, s:s?, s:s?}", "at", admin_wall(at),
				       "step", step, "state", state, "what", what));
}

static void
admin_on_show(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	struct registration *registration = admin_find(admin, http_param(request, "id"));
	json_t *json, *timeline;

	if (registration == NULL) {
		admin_not_found(admin, request);
		return;
	}
	json = admin_registration_json(admin, registration);
	timeline = json_array();
	journal_timeline(admin->parts.journal, registration->id, show_on_line, timeline);
	json_object_set_new(json, "failures", admin_attempts_json(admin, registration));
	json_object_set_new(json, "timeline", timeline);
	http_reply_json(request, 200, json);
	registration_free(&registration);
}

static void
admin_on_config(struct http_request *request, void *context)
{
	const struct admin *admin = context;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		err_end("out of memory");
	conf_print(admin->parts.site->conf, file, CONF_PRINT_MASK);
	fclose(file);
	http_reply_json(
	    request, 200, json_pack("{s:s, s:s}", "file", admin->parts.conf_path, "text", text));
	free(text);
}

static void
admin_on_submit(struct http_request *request, void *context)
{
	const struct admin *admin = context;

	admin->parts.submit(request, admin->parts.submit_context);
}

const struct http_route admin_routes[] = {
    {"GET", "/v1/admin/status", 0, admin_on_status},
    {"GET", "/v1/admin/registrations", 0, admin_on_list},
    {"POST", "/v1/admin/registrations", 0, admin_on_submit},
    {"GET", "/v1/admin/registrations/{id}", 0, admin_on_show},
    {"GET", "/v1/admin/registrations/{id}/explain", 0, admin_on_explain},
    {"POST", "/v1/admin/registrations/{id}/{verb}", 0, admin_on_wish},
    {"POST", "/v1/admin/unlock", 0, admin_on_unlock},
    {"GET", "/v1/admin/journal/check", 0, admin_on_journal_check_look},
    {"POST", "/v1/admin/journal/check", 0, admin_on_journal_check},
    {"GET", "/v1/admin/journal/rekey", 0, admin_on_journal_rekey_look},
    {"POST", "/v1/admin/journal/rekey", 0, admin_on_journal_rekey},
    {"GET", "/v1/admin/journal/backup", 0, admin_on_journal_backup_look},
    {"POST", "/v1/admin/journal/backup", 0, admin_on_journal_backup},
    {"POST", "/v1/admin/journal/backup/taken", 0, admin_on_journal_backup_taken},
    {"GET", "/v1/admin/watch", 0, admin_on_watch},
    {"GET", "/v1/admin/schema", 0, admin_on_schema},
    {"GET", "/v1/admin/config", 0, admin_on_config},
};
const size_t admin_route_count = sizeof(admin_routes) / sizeof(admin_routes[0]);
