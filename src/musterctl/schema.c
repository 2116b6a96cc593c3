/* The schema of the account directory: whether it is there. */
#include <stdio.h>

#include "musterctl/client.h"
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
