#include <string.h>

#include "musterctl/verbs.h"

#define STATES "received|verified|pending|active|rejected|cancelled|failed"

const struct verb_option verb_common[] = {
    {"config", "FILE", NULL, "the configuration that names the admin socket"},
    {"socket", "SOCKET", NULL, "the admin socket itself"},
    {"json", NULL, NULL, "print JSON on standard output, and nothing else there"},
    {"help", NULL, NULL, "say what there is to know"},
    {NULL, NULL, NULL, NULL},
};

char
verb_common_letter(const char *name)
{
	if (strcmp(name, "config") == 0)
		return 'c';
	if (strcmp(name, "socket") == 0)
		return 's';
	return strcmp(name, "help") == 0 ? 'h' : '\0';
}

const struct verb verb_table[] = {
    {.name = "sandbox",
	.operands = "[DIR]",
	.most = 1,
	.summary = "Starts a private slapd with sample data and musterd over it, to try things.",
	.words = "Everything is in one folder, a new temporary one where none is named. Needs no "
		 "root and touches nothing outside the folder. When all is ready it writes "
		 "endpoints.json there and says what to try next. Ctrl-C ends it all. Started "
		 "again on the same folder it goes on with the same data.",
	.options = {{"delay", "SECONDS", NULL, "how long activation takes"},
	    {"people", "FILE", NULL, "the personnel entries (LDIF) instead of the sample"},
	    {"port", "N", NULL, "the port of the API; a free one where it is not given"},
	    {"portal-port", "N", NULL,
		"kept for the web portal, which this version does not have"}},
	.run = sandbox_verb},
    {.name = "status",
	.operands = "",
	.summary =
	    "One screen: counts by state, oldest pending, next due, directories, portals, queues.",
	.run = status_verb},
    {.name = "list",
	.operands = "",
	.summary = "Lists registrations, newest first.",
	.options = {{"state", "S", STATES, "only those in this state"},
	    {"limit", "N", NULL, "at most so many (1 to 100000)"},
	    {"overdue", NULL, NULL, "only those that should be active by now"},
	    {"set-aside", NULL, NULL, "only those whose row in the journal can't be read"}},
	.run = list_verb},
    {.name = "show",
	.operands = "ID|UID",
	.least = 1,
	.most = 1,
	.summary = "Shows one registration with its whole timeline.",
	.words = "No secret and no full identifier is shown.",
	.run = show_verb},
    {.name = "explain",
	.operands = "ID|UID",
	.least = 1,
	.most = 1,
	.summary = "Says why a registration is in the state that it is in.",
	.words = "Which personnel records were found where, which rule made which category, what "
		 "was asked for and what differed, what it waits for, and what happens next.",
	.run = explain_verb},
    {.name = "watch",
	.operands = "",
	.summary = "Shows every change of state as it happens, until Ctrl-C.",
	.run = watch_verb},
    {.name = "submit",
	.operands = "FILE|-",
	.least = 1,
	.most = 1,
	.summary = "Registers each line of a file (NDJSON, a line as the body of the API).",
	.words = "Prints a result a line, in the order of the file, and a summary on standard "
		 "error. A line may have 65536 bytes. An overloaded daemon is asked again a few "
		 "times. Can be run again on the same file: a line that was taken before gets the "
		 "same answer and nothing is done twice.",
	.run = submit_verb},
    {.name = "activate",
	.operands = "ID",
	.least = 1,
	.most = 1,
	.summary = "Activates a pending registration now.",
	.run = act_verb},
    {.name = "hold",
	.operands = "ID",
	.least = 1,
	.most = 1,
	.summary = "Holds a registration: it does not go on by itself.",
	.run = act_verb},
    {.name = "release",
	.operands = "ID",
	.least = 1,
	.most = 1,
	.summary = "Lets a held registration go on.",
	.run = act_verb},
    {.name = "cancel",
	.operands = "ID",
	.least = 1,
	.most = 1,
	.summary = "Cancels a registration before it is active; its entry is removed.",
	.run = act_verb},
    {.name = "retry",
	.operands = "ID",
	.least = 1,
	.most = 1,
	.summary = "Tries a failed or waiting registration again, at once.",
	.run = act_verb},
    {.name = "unlock",
	.operands = "ID|UID|-",
	.least = 1,
	.most = 1,
	.summary = "Lifts the lock of an identifier after too many failures, and forgets them.",
	.words = "The registration ID or the account UID says whose. With - the identifier itself "
		 "is read from standard input: it is never given on the command line, where "
		 "others can see it. Says what the counters were.",
	.run = unlock_verb},
    {.name = "schema check",
	.operands = "",
	.summary = "Says whether the account directory carries the schema.",
	.words = "Ends with 1 where it does not, and names what is missing.",
	.run = schema_check_verb},
    {.name = "schema print",
	.operands = "openldap|389ds",
	.least = 1,
	.most = 1,
	.summary = "Prints the schema for OpenLDAP (cn=config LDIF) or 389-ds (LDIF).",
	.words = "Needs no daemon.",
	.run = schema_print_verb},
    {.name = "journal check",
	.operands = "",
	.summary = "Looks at the whole journal: its pages, and every registration in it.",
	.words = "Ends with 1 where the file is damaged or registrations are set aside, and lists "
		 "them. The daemon works on meanwhile. Where none runs, 'musterd -t' checks the "
		 "file.",
	.run = journal_check_verb},
    {.name = "journal backup",
	.operands = "FILE",
	.least = 1,
	.most = 1,
	.summary =
	    "Copies the journal as of one moment into a new file, while the daemon works on.",
	.words = "The daemon makes the copy beside its journal, and musterctl takes it from there: "
		 "FILE is whoever's runs it, with mode 0600; a file that is there is not "
		 "replaced. It gets this name once it is whole. The key files are not in it.",
	.run = journal_backup_verb},
    {.name = "journal rekey",
	.operands = "",
	.summary = "Makes a new key for what is sealed in the journal, while the daemon works on.",
	.words =
	    "Everything is sealed again with it; the older keys that no registration needs any "
	    "more go from the key file. One that was cut short goes on by itself when musterd is "
	    "started, or with this command. A check comes with it: what does not open is set "
	    "aside and listed, and its key stays. Backups that were made before need the old key: "
	    "keep a copy of the key file as it was. Where the key file can't be written (a "
	    "credential), a new key must be put in front of the others there and musterd started "
	    "anew; this command then seals everything again with that one.",
	.options = {{"keep-old", NULL, NULL, "leave the older keys in the key file"}},
	.run = journal_rekey_verb},
    {.name = "audit verify",
	.operands = "[FILE]",
	.most = 1000,
	.summary = "Checks the audit log: every line's MAC, the signed heads, and its end.",
	.words = "FILE is the configuration's where none is named; where it was rotated, name its "
		 "files from the oldest on. Ends with 1 at the first bad line, and says which it "
		 "is and what is wrong with it: edited, missing, reordered, repeated, truncated, "
		 "or a head with a bad signature. Needs no daemon. MACs are checked where the "
		 "log's first key is at hand, heads where the public key is, and the end with "
		 "musterd's own state on its machine, or with a head that was seen before. On "
		 "another machine name the keys.",
	.options = {{"key", "FILE", NULL, "the first key, instead of the configuration's"},
	    {"public", "FILE", NULL, "the public key of the heads, instead of the configuration's"},
	    {"head", "SEQ:HASH", NULL, "a head that the log must have"}},
	.run = audit_verify_verb},
    {.name = "config",
	.operands = "",
	.summary = "Prints the configuration in force, secrets masked.",
	.run = config_verb},
    {.name = NULL},
};

/* Whether the name's first word is this one; *rest_out is what follows it, "" or its second. */
static bool
verb_begins(const char *name, const char *first, const char **rest_out)
{
	size_t size = strlen(first);

	if (strncmp(name, first, size) != 0 || (name[size] != '\0' && name[size] != ' '))
		return false;
	*rest_out = name[size] == ' ' ? name + size + 1 : "";
	return true;
}

const struct verb *
verb_find(const char *first, const char *second)
{
	const char *rest;

	if (second == NULL)
		second = "";
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++)
		if (verb_begins(verb->name, first, &rest) && strcmp(rest, second) == 0)
			return verb;
	return NULL;
}

bool
verb_is_group(const char *first)
{
	const char *rest;

	for (const struct verb *verb = verb_table; verb->name != NULL; verb++)
		if (verb_begins(verb->name, first, &rest) && *rest != '\0')
			return true;
	return false;
}

const char *
command_option(const struct command *command, const char *name)
{
	for (int i = 0; i < VERB_OPTIONS && command->verb->options[i].name != NULL; i++)
		if (strcmp(command->verb->options[i].name, name) == 0)
			return command->values[i];
	return NULL;
}
