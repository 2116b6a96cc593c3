/* Registrations: listed, shown, acted on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "musterctl/attempts.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

#define LIMIT_MOST 10000 /* as the daemon */

static bool
registration_is(const json_t *registration, const char *name)
{
	return json_is_true(json_object_get(registration, name));
}

/* What a helpdesk should see beside the state: "held, overdue, not-eligible". */
static void
registration_add_notes(struct table *table, const json_t *registration)
{
	static const char *const marks[] = {"set_aside", "held", "overdue", "escalated", "dual"};
	const char *reason = json_text(registration, "reason");
	const char *waits_for = json_text(registration, "waits_for");
	struct text notes = {0};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (registration_is(registration, marks[i]))
			text_add(&notes, "%s%s", notes.size > 0 ? ", " : "",
			    i == 0 ? "set aside" : marks[i]);
	if (reason != NULL)
		text_add(&notes, "%s%s", notes.size > 0 ? ", " : "", reason);
	if (waits_for != NULL)
		text_add(&notes, "%swaits for %s", notes.size > 0 ? ", " : "", waits_for);
	table_add_text(table, notes.bytes != NULL ? notes.bytes : "");
	text_fini(&notes);
}

static void
list_row(struct table *table, const json_t *registration)
{
	const char *activated = json_text(registration, "activated_at");

	table_add_text(table, json_text(registration, "id"));
	table_add_text(table, json_text(registration, "state"));
	table_add_text(table, json_text(registration, "uid"));
	table_add(table, screen_time(json_text(registration, "created_at")));
	table_add(table,
	    screen_time(activated != NULL ? activated : json_text(registration, "activates_at")));
	registration_add_notes(table, registration);
}

static void
list_print(const json_t *registrations)
{
	static const char *const heads[] = {
	    "ID", "STATE", "UID", "CREATED", "ACTIVE FROM", "NOTES"};
	struct table table = {.columns = sizeof(heads) / sizeof(*heads)};
	json_t *registration;
	size_t i;

	if (json_array_size(registrations) == 0) {
		puts("no registrations");
		return;
	}
	for (i = 0; i < table.columns; i++)
		table_add_text(&table, heads[i]);
	json_array_foreach(registrations, i, registration) list_row(&table, registration);
	table_print(&table, stdout);
}

static int
list_path(const struct command *command, struct text *path)
{
	const char *state = command_option(command, "state");
	const char *limit = command_option(command, "limit");
	int64_t number;

	text_add(path, "/v1/admin/registrations");
	if (state != NULL)
		client_add_query(path, "state", state);
	if (limit != NULL) {
		if (text_number(limit, 1, LIMIT_MOST, &number) != 0) {
			command_say("list: --limit is a whole number from 1 to %d", LIMIT_MOST);
			return EXIT_USAGE;
		}
		client_add_query(path, "limit", limit);
	}
	if (command_option(command, "overdue") != NULL)
		client_add_query(path, "overdue", "true");
	if (command_option(command, "set-aside") != NULL)
		client_add_query(path, "set_aside", "true");
	return 0;
}

int
list_verb(const struct command *command)
{
	struct text path = {0};
	json_t *answer, *registrations, *registration;
	bool incomplete;
	size_t i;
	int code = list_path(command, &path);

	if (code == 0)
		code = client_ask(command, "GET", path.bytes, &answer);
	text_fini(&path);
	if (code != 0)
		return code;
	registrations = json_object_get(answer, "registrations");
	if (command->json) {
		json_array_foreach(registrations, i, registration)
		    screen_json(registration, true, stdout);
	} else {
		list_print(registrations);
	}
	incomplete = json_is_true(json_object_get(answer, "incomplete"));
	json_decref(answer);
	if (!incomplete)
		return EXIT_DONE;
	command_say("list: the journal is damaged, so some may be missing here: see 'musterctl "
		    "journal check'");
	return EXIT_FAILED;
}

static void
show_text(struct table *table, const char *label, const char *value)
{
	if (value == NULL)
		return;
	table_add_text(table, label);
	table_add_text(table, value);
}

static void
show_time(struct table *table, const char *label, const char *value)
{
	if (value == NULL)
		return;
	table_add_text(table, label);
	table_add(table, screen_time_about(value));
}

static void
show_categories(struct table *table, const json_t *registration)
{
	const char *primary = json_text(registration, "primary_category");
	struct text list = {0};
	json_t *category;
	size_t i;

	json_array_foreach(json_object_get(registration, "categories"), i, category)
	{
		const char *name = json_string_value(category);

		if (name == NULL)
			continue;
		text_add(&list, "%s%s", list.size > 0 ? ", " : "", name);
		if (primary != NULL && strcmp(name, primary) == 0)
			text_add(&list, " (primary)");
	}
	show_text(table, "categories", list.bytes);
	text_fini(&list);
}

/* What stands against the identifier; nothing where nothing does. */
static void
show_attempts(struct table *table, const json_t *attempts)
{
	int64_t total = json_number(attempts, "total");
	char *words;

	if (total == 0)
		return;
	words = attempts_words(attempts);
	table_add_text(table, "failures");
	table_add(table, words);
}

static void
show_fields(const json_t *registration)
{
	struct table table = {.columns = 2};
	int64_t tries = json_number(registration, "attempts");

	show_text(&table, "registration", json_text(registration, "id"));
	show_text(&table, "state", json_text(registration, "state"));
	show_text(&table, "reason", json_text(registration, "reason"));
	show_text(&table, "set aside", registration_is(registration, "set_aside") ? "yes" : NULL);
	show_text(&table, "held", registration_is(registration, "held") ? "yes" : NULL);
	show_text(&table, "overdue",
	    registration_is(registration, "escalated") ? "yes, escalated"
	    : registration_is(registration, "overdue") ? "yes"
						       : NULL);
	show_text(&table, "uid", json_text(registration, "uid"));
	show_text(&table, "mail", json_text(registration, "mail"));
	show_categories(&table, registration);
	show_text(&table, "dual account", registration_is(registration, "dual") ? "yes" : NULL);
	show_time(&table, "created", json_text(registration, "created_at"));
	show_time(&table, "activates", json_text(registration, "activates_at"));
	show_time(&table, "activated", json_text(registration, "activated_at"));
	show_text(&table, "portal", json_text(registration, "portal"));
	show_text(&table, "next step", json_text(registration, "step"));
	show_time(&table, "due", json_text(registration, "due_at"));
	show_text(&table, "waits for", json_text(registration, "waits_for"));
	if (tries > 0) {
		table_add_text(&table, "tries");
		table_add(&table, mem_format("%" PRId64, tries));
	}
	show_attempts(&table, json_object_get(registration, "failures"));
	show_text(&table, "detail", json_text(registration, "detail"));
	table_print(&table, stdout);
}

static void
show_timeline(const json_t *timeline)
{
	struct table table = {.columns = 4};
	json_t *event;
	size_t i;

	if (json_array_size(timeline) == 0)
		return;
	puts("\nTimeline");
	json_array_foreach(timeline, i, event)
	{
		table_add(&table, screen_time(json_text(event, "at")));
		table_add_text(&table, json_text(event, "step"));
		table_add_text(&table, json_text(event, "state"));
		table_add_text(&table, json_text(event, "what"));
	}
	table_print(&table, stdout);
}

int
show_verb(const struct command *command)
{
	struct text path = {0};
	json_t *registration;
	int code;

	text_add(&path, "/v1/admin/registrations");
	client_add_segment(&path, command->operands[0]);
	code = client_ask(command, "GET", path.bytes, &registration);
	text_fini(&path);
	if (code != 0)
		return code;
	if (command->json) {
		screen_json(registration, false, stdout);
	} else {
		show_fields(registration);
		show_timeline(json_object_get(registration, "timeline"));
	}
	json_decref(registration);
	return EXIT_DONE;
}

int
explain_verb(const struct command *command)
{
	struct text path = {0};
	json_t *answer, *sentence;
	size_t i;
	int code;

	text_add(&path, "/v1/admin/registrations");
	client_add_segment(&path, command->operands[0]);
	text_add(&path, "/explain");
	code = client_ask(command, "GET", path.bytes, &answer);
	text_fini(&path);
	if (code != 0)
		return code;
	if (command->json)
		screen_json(answer, false, stdout);
	json_array_foreach(command->json ? NULL : json_object_get(answer, "says"), i, sentence)
	{
		char *clean = screen_clean(json_string_value(sentence), false);

		puts(clean);
		free(clean);
	}
	json_decref(answer);
	return EXIT_DONE;
}

/* The path ends with the verb's own name. */
int
act_verb(const struct command *command)
{
	struct text path = {0};
	json_t *registration;
	int code;

	text_add(&path, "/v1/admin/registrations");
	client_add_segment(&path, command->operands[0]);
	client_add_segment(&path, command->verb->name);
	code = client_ask(command, "POST", path.bytes, &registration);
	text_fini(&path);
	if (code != 0)
		return code;
	if (command->json)
		screen_json(registration, false, stdout);
	else
		show_fields(registration);
	json_decref(registration);
	return EXIT_DONE;
}
