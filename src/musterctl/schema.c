/* The schema of the account directory: whether it is there, and its text. */
#include <stdio.h>
#include <string.h>

#include "musterctl/client.h"
#include "musterctl/sandbox_files.h"
#include "musterctl/screen.h"
#include "musterctl/verbs.h"

static void
schema_say_missing(const json_t *missing)
{
	json_t *name;
	size_t i;

	puts("the account directory lacks the schema, or part of it:");
	json_array_foreach(missing, i, name)
	{
		fputs("  ", stdout);
		screen_print(json_is_string(name) ? json_string_value(name) : "?", stdout);
		putchar('\n');
	}
	puts("'musterctl schema print openldap' or '… 389ds' prints it");
}

int
schema_check_verb(const struct command *command)
{
	json_t *answer;
	bool present;
	int code = client_ask(command, "GET", "/v1/admin/schema", &answer);

	if (code != 0)
		return code;
	present = json_is_true(json_object_get(answer, "present"));
	if (command->json)
		screen_json(answer, false, stdout);
	else if (present)
		puts("the account directory carries the schema");
	else
		schema_say_missing(json_object_get(answer, "missing"));
	json_decref(answer);
	if (!present)
		command_say("the schema is missing in the account directory");
	return present ? EXIT_DONE : EXIT_FAILED;
}

int
schema_print_verb(const struct command *command)
{
	const char *server = command->operands[0], *schema;
	json_t *document;

	if (strcmp(server, "openldap") == 0) {
		schema = sandbox_schema_openldap;
	} else if (strcmp(server, "389ds") == 0) {
		schema = sandbox_schema_389ds;
	} else {
		command_say("schema print: the servers are openldap and 389ds");
		return EXIT_USAGE;
	}
	if (command->json) {
		document = json_pack("{s:s, s:s}", "server", server, "text", schema);
		screen_json(document, false, stdout);
		json_decref(document);
	} else {
		fputs(schema, stdout);
	}
	return EXIT_DONE;
}
