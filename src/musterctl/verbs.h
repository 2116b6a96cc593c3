/*
 * The verbs of musterctl: one table. Help, the manual page's list of verbs and the bash completion
 * are made from it, and main.c reads options by it, so a new verb is a row and its function.
 */
#ifndef MUSTERCTL_VERBS_H
#define MUSTERCTL_VERBS_H

#include <stdbool.h>
#include <stddef.h>

#define VERB_OPTIONS 6

/* Every exit code that a musterctl can end with. */
enum exit_code { EXIT_DONE, EXIT_FAILED, EXIT_USAGE, EXIT_CONFIG, EXIT_UNREACHABLE };

struct command;

struct verb_option {
	const char *name;    /* without the two hyphens; NULL ends the list */
	const char *value;   /* what stands for its value in the help; NULL where it takes none */
	const char *choices; /* the values that there are: "a|b|c"; NULL where any will do */
	const char *help;
};

struct verb {
	const char *name;     /* one word or two: "schema check" */
	const char *operands; /* as the help shows them; lower-case words are literal: "FILE|-" */
	int least, most;      /* how many operands it takes */
	const char *summary;  /* one sentence */
	const char *words;    /* more for its own help and the manual page; or NULL */
	struct verb_option options[VERB_OPTIONS];
	int (*run)(const struct command *command); /* returns an exit code */
};

/* A verb with what was said on the command line. */
struct command {
	const struct verb *verb;
	const char *config;               /* -c, or NULL: the default file */
	const char *socket;               /* -s, or NULL: the configuration's */
	bool json;                        /* JSON on stdout and nothing else */
	const char *values[VERB_OPTIONS]; /* as the row's options; NULL where not given */
	char **operands;                  /* ends with NULL */
};

/* What every verb takes: -c, -s, --json, --help. Ends with a NULL name. */
extern const struct verb_option verb_common[];
/* The letter of a common option, '\0' where it has none. */
char verb_common_letter(const char *name);

/* The table; ends with a NULL name. */
extern const struct verb verb_table[];

/* NULL where there is none of that name; second may be NULL. */
const struct verb *verb_find(const char *first, const char *second);
bool verb_is_group(const char *first); /* whether a second word must follow */

/* The option's value, "" for one that takes none, NULL where it was not given. */
const char *command_option(const struct command *command, const char *name);

/* The configuration: -c, or the default file. 0, or EXIT_CONFIG with every fault said. */
struct conf;
int command_conf(const struct command *command, struct conf **conf_out);

/* The admin socket: -s, or what the configuration says. 0, or EXIT_CONFIG with every fault said. */
int command_socket(const struct command *command, char **socket_out);

/* Says 'musterctl: …' on stderr, harmless for a terminal. */
void command_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One for each verb. */
int status_verb(const struct command *command);
int config_verb(const struct command *command);
int list_verb(const struct command *command);
int show_verb(const struct command *command);
int explain_verb(const struct command *command);
int act_verb(const struct command *command); /* activate, hold, release, cancel, retry */
int unlock_verb(const struct command *command);
int watch_verb(const struct command *command);
int submit_verb(const struct command *command);
int sandbox_verb(const struct command *command);
int schema_check_verb(const struct command *command);
int schema_print_verb(const struct command *command);
int journal_check_verb(const struct command *command);
int journal_rekey_verb(const struct command *command);
int journal_backup_verb(const struct command *command);
int audit_verify_verb(const struct command *command);

#endif
