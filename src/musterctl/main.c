/*
 * musterctl: reads the command line by the table of verbs, and hands over to the verb.
 * The reason of a failure is on stderr; the exit codes are those of enum exit_code.
 */
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "conf/conf.h"
#include "config.h"
#include "musterctl/screen.h"
#include "musterctl/usage.h"
#include "musterctl/verbs.h"

#define DEFAULT_CONFIG SYSCONFDIR "/musterd/musterd.conf"

enum {
	OPTION_JSON = 256,
	OPTION_VERBS,
	OPTION_COMPLETION,
	OPTION_OF_VERB, /* + its place in the row */
};
#define COMMON_OPTIONS 4

void
command_say(const char *format, ...)
{
	va_list args;
	char *text, *clean;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	clean = screen_clean(text, false);
	fprintf(stderr, "musterctl: %s\n", clean);
	free(text);
	free(clean);
}

int
command_conf(const struct command *command, struct conf **conf_out)
{
	struct conf_faults faults = {0};

	*conf_out = conf_read(command->config != NULL ? command->config : DEFAULT_CONFIG, &faults);
	for (size_t i = 0; i < faults.count; i++)
		command_say("%s", faults.lines[i]);
	conf_faults_fini(&faults);
	return *conf_out != NULL ? 0 : EXIT_CONFIG;
}

int
command_socket(const struct command *command, char **socket_out)
{
	struct conf *conf;

	if (command->socket != NULL) {
		*socket_out = mem_text(command->socket);
		return 0;
	}
	if (command_conf(command, &conf) != 0) {
		command_say("the admin socket is not known: name it with -s SOCKET, or another "
			    "configuration with -c FILE");
		return EXIT_CONFIG;
	}
	*socket_out = mem_text(conf->listen.admin_socket);
	conf_free(&conf);
	return 0;
}

static int
main_wrong_usage(const char *verb)
{
	command_say("'musterctl %s%s--help' says how it is used", verb, *verb != '\0' ? " " : "");
	return EXIT_USAGE;
}

/* One option that every verb takes. -1 to go on, or an exit code. */
static int
main_common(struct command *command, int letter)
{
	switch (letter) {
	case 'c':
		command->config = optarg;
		return -1;
	case 's':
		command->socket = optarg;
		return -1;
	case OPTION_JSON:
		command->json = true;
		return -1;
	case 'h':
		if (command->verb == NULL)
			usage_program(stdout);
		else
			usage_verb(command->verb, stdout);
		return EXIT_DONE;
	case 'V':
		puts("musterctl " PACKAGE_VERSION);
		return EXIT_DONE;
	case OPTION_VERBS:
		usage_manual(stdout);
		return EXIT_DONE;
	case OPTION_COMPLETION:
		usage_completion(stdout);
		return EXIT_DONE;
	default:
		return main_wrong_usage(command->verb != NULL ? command->verb->name : "");
	}
}

/* Options up to the next word; optind is where that is. -1 to go on, or an exit code. */
static int
main_options(struct command *command, int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"socket", required_argument, NULL, 's'},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {"print-verbs", no_argument, NULL, OPTION_VERBS},
	    {"print-completion", no_argument, NULL, OPTION_COMPLETION},
	    {NULL, 0, NULL, 0},
	};
	int letter, code = -1;

	while (code < 0 && (letter = getopt_long(argc, argv, "+c:s:hV", options, NULL)) != -1)
		code = main_common(command, letter);
	return code;
}

/* The verb's own options and the common ones, wherever they are. -1 to go on, or an exit code. */
static int
main_verb_options(struct command *command, int argc, char **argv)
{
	struct option options[COMMON_OPTIONS + VERB_OPTIONS + 1] = {
	    {"config", required_argument, NULL, 'c'},
	    {"socket", required_argument, NULL, 's'},
	    {"json", no_argument, NULL, OPTION_JSON},
	    {"help", no_argument, NULL, 'h'},
	};
	const struct verb_option *own = command->verb->options;
	int letter, code = -1;

	for (int i = 0; i < VERB_OPTIONS && own[i].name != NULL; i++)
		options[COMMON_OPTIONS + i] = (struct option){own[i].name,
		    own[i].value != NULL ? required_argument : no_argument, NULL,
		    OPTION_OF_VERB + i};
	optind = 0; /* glibc: starts afresh, and moves operands to the end */
	while (code < 0 && (letter = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1) {
		if (letter >= OPTION_OF_VERB)
			command->values[letter - OPTION_OF_VERB] = optarg != NULL ? optarg : "";
		else
			code = main_common(command, letter);
	}
	return code;
}

/* Whether the value is one of "a|b|c". */
static bool
main_is_choice(const char *value, const char *choices)
{
	size_t size = strlen(value);

	for (; size > 0 && choices != NULL; choices = strchr(choices, '|')) {
		choices += *choices == '|';
		if (strncmp(choices, value, size) == 0 &&
		    (choices[size] == '|' || choices[size] == '\0'))
			return true;
	}
	return false;
}

static int
main_check(const struct command *command)
{
	const struct verb *verb = command->verb;
	size_t count = mem_texts_count(command->operands);

	for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++) {
		const char *choices = verb->options[i].choices;

		if (choices == NULL || command->values[i] == NULL ||
		    main_is_choice(command->values[i], choices))
			continue;
		command_say("%s: --%s is one of %s", verb->name, verb->options[i].name, choices);
		return EXIT_USAGE;
	}
	if (count < (size_t)verb->least || count > (size_t)verb->most) {
		command_say("usage: musterctl %s%s%s", verb->name,
		    *verb->operands != '\0' ? " " : "", verb->operands);
		return main_wrong_usage(verb->name);
	}
	return -1;
}

static int
main_unknown(const char *first, const char *second)
{
	if (second != NULL)
		command_say("there is no verb '%s %s'", first, second);
	else if (verb_is_group(first))
		command_say("'%s' needs a second word", first);
	else
		command_say("there is no verb '%s'", first);
	return main_wrong_usage("");
}

/*
 * Takes the verb's one or two words, with common options before each. -1 to go on, or an exit
 * code; optind is then behind the verb.
 */
static int
main_find_verb(struct command *command, int argc, char **argv)
{
	const char *first, *second = NULL;
	int code = main_options(command, argc, argv);

	if (code >= 0)
		return code;
	if (optind >= argc) {
		usage_program(stderr);
		return EXIT_USAGE;
	}
	first = argv[optind++];
	if (verb_is_group(first) && verb_find(first, NULL) == NULL) {
		code = main_options(command, argc, argv);
		if (code >= 0)
			return code;
		if (optind < argc)
			second = argv[optind++];
	}
	command->verb = verb_find(first, second);
	return command->verb != NULL ? -1 : main_unknown(first, second);
}

static int
main_run(int argc, char **argv)
{
	struct command command = {0};
	int code = main_find_verb(&command, argc, argv);

	if (code >= 0)
		return code;
	/* What is left, behind a name for getopt's messages. */
	argc -= optind - 1;
	argv += optind - 1;
	argv[0] = "musterctl";
	code = main_verb_options(&command, argc, argv);
	if (code >= 0)
		return code;
	command.operands = argv + optind;
	code = main_check(&command);
	return code >= 0 ? code : command.verb->run(&command);
}

int
main(int argc, char **argv)
{
	int code;

	secret_protect_process();
	mem_setup_process();
	setlocale(LC_CTYPE, "");
	if (argc > 0)
		argv[0] = "musterctl";
	code = main_run(argc, argv);
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_DONE) {
		command_say("standard output could not be written");
		return EXIT_FAILED;
	}
	return code;
}
