/* How the daemon does, and by which configuration. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

static void
status_head(const json_t *status)
{
	char *version = screen_clean(json_text(status, "version"), false);
	char *uptime = screen_duration(json_number(status, "uptime_seconds"));

	printf("musterd %s, process %" PRId64 ", up %s\n", version, json_number(status, "pid"),
	    uptime);
	mem_free_text(&version);
	mem_free_text(&uptime);
}

static void
status_row(struct table *table, const char *name, int64_t number)
{
	table_add_text(table, name);
	table_add(table, mem_format("%" PRId64, number));
}

static void
status_counts(json_t *status)
{
	struct table table = {.columns = 2};
	const char *state;
	json_t *count;

	puts("\nRegistrations");
	json_object_foreach(json_object_get(status, "counts"), state, count)
	{
		status_row(&table, state, (int64_t)json_integer_value(count));
	}
	status_row(&table, "set aside", json_number(status, "set_aside"));
	table_add_text(&table, "oldest pending");
	table_add(&table, screen_time_about(json_text(status, "oldest_pending")));
	table_add_text(&table, "next due");
	table_add(&table, screen_time_about(json_text(status, "next_due")));
	table_print(&table, stdout);
}

static void
status_journal(const json_t *journal)
{
	int64_t damage = json_number(journal, "damage") + json_number(journal, "unreadable");
	const char *trouble = json_text(journal, "trouble");
	struct table table = {.columns = 2};

	puts("\nJournal");
	table_add_text(&table, "written");
	table_add(&table, trouble == NULL ? mem_text("yes") : mem_format("NO: %s", trouble));
	table_add_text(&table, "sound");
	table_add_text(&table, damage == 0 ? "yes" : "NO: see 'musterctl journal check'");
	table_add_text(&table, "checked");
	table_add(&table, screen_time_about(json_text(journal, "checked_at")));
	table_print(&table, stdout);
}

static void
status_audit(const json_t *audit)
{
	struct table table = {.columns = 2};
	const char *trouble = json_text(audit, "trouble");

	puts("\nAudit log");
	if (!json_is_true(json_object_get(audit, "kept"))) {
		puts("none is kept");
		return;
	}
	table_add_text(&table, "writable");
	table_add_text(&table, trouble != NULL ? trouble : "yes");
	status_row(&table, "lines", json_number(audit, "seq"));
	if (json_number(audit, "waiting") > 0)
		status_row(&table, "wait in memory", json_number(audit, "waiting"));
	table_print(&table, stdout);
}

static void
status_directories(const json_t *status)
{
	struct table table = {.columns = 4};
	json_t *directory;
	size_t i;

	puts("\nDirectories");
	json_array_foreach(json_object_get(status, "directories"), i, directory)
	{
		bool up = json_is_true(json_object_get(directory, "up"));
		const char *stopped = json_text(directory, "stopped");
		const char *trouble = up ? stopped : json_text(directory, "trouble");

		table_add_text(&table, json_text(directory, "name"));
		table_add_text(&table, !up ? "DOWN" : stopped != NULL ? "STOPPED" : "up");
		table_add(&table,
		    mem_format("%" PRId64 " in the queue", json_number(directory, "depth")));
		table_add_text(&table, trouble != NULL ? trouble : "");
	}
	table_print(&table, stdout);
}

static void
status_portals(const json_t *status)
{
	struct table table = {.columns = 3};
	json_t *portal;
	size_t i;

	puts("\nPortals since the start");
	json_array_foreach(json_object_get(status, "portals"), i, portal)
	{
		const char *name = json_text(portal, "portal");

		table_add_text(&table, name != NULL ? name : "(none known)");
		table_add(&table,
		    mem_format("%" PRId64 " failed proofs", json_number(portal, "failures")));
		table_add(&table,
		    mem_format("%" PRId64 " over the rate", json_number(portal, "refused")));
	}
	table_print(&table, stdout);
}

static void
status_queues(json_t *status)
{
	struct table table = {.columns = 2};
	const char *name;
	json_t *depth;

	puts("\nQueues");
	json_object_foreach(json_object_get(status, "queues"), name, depth)
	{
		char *words = mem_text(name);

		for (char *at = strchr(words, '_'); at != NULL; at = strchr(at, '_'))
			*at = ' ';
		status_row(&table, words, (int64_t)json_integer_value(depth));
		mem_free_text(&words);
	}
	table_print(&table, stdout);
}

int
status_verb(const struct command *command)
{
	json_t *status;
	int code = client_ask(command, "GET", "/v1/admin/status", &status);

	if (code != 0)
		return code;
	if (command->json) {
		screen_json(status, false, stdout);
	} else {
		status_head(status);
		status_counts(status);
		status_journal(json_object_get(status, "journal"));
		status_audit(json_object_get(status, "audit"));
		status_directories(status);
		status_portals(status);
		status_queues(status);
	}
	json_decref(status);
	return EXIT_DONE;
}

int
config_verb(const struct command *command)
{
	const char *text;
	json_t *config;
	int code = client_ask(command, "GET", "/v1/admin/config", &config);

	if (code != 0)
		return code;
	text = json_text(config, "text");
	if (command->json) {
		screen_json(config, false, stdout);
	} else {
		char *file = screen_clean(json_text(config, "file"), false);

		printf("# in force, read from %s\n", file);
		screen_print(text != NULL ? text : "", stdout);
		if (text == NULL || *text == '\0' || text[strlen(text) - 1] != '\n')
			putchar('\n');
		mem_free_text(&file);
	}
	json_decref(config);
	return EXIT_DONE;
}
