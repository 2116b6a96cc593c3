#include <ctype.h>
#include <string.h>

#include "musterctl/usage.h"
#include "musterctl/verbs.h"

/* Whether it is the first row of a group: "schema check" before "schema print". */
static bool
completion_opens_group(const struct verb *verb)
{
	size_t size = strcspn(verb->name, " ");

	return verb->name[size] == ' ' &&
	       (verb == verb_table || strncmp(verb[-1].name, verb->name, size + 1) != 0);
}

static void
completion_choices(const char *choices, FILE *file)
{
	for (; *choices != '\0'; choices++)
		fputc(*choices == '|' ? ' ' : *choices, file);
}

/* What a verb takes beside the common options; nothing for one that takes nothing. */
static void
completion_verb(const struct verb *verb, FILE *file)
{
	bool literal = islower((unsigned char)*verb->operands);
	bool files =
	    strstr(verb->operands, "FILE") != NULL || strstr(verb->operands, "DIR") != NULL;

	if (verb->options[0].name == NULL && !literal && !files)
		return;
	fprintf(file, "\t'%s')\n", verb->name);
	if (verb->options[0].name != NULL) {
		fputs("\t\toptions+='", file);
		for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++)
			fprintf(file, " --%s", verb->options[i].name);
		fputs("'\n", file);
	}
	if (literal) {
		fputs("\t\toperands='", file);
		completion_choices(verb->operands, file);
		fputs("'\n", file);
	}
	if (files)
		fputs("\t\tfiles=yes\n", file);
	fputs("\t\t;;\n", file);
}

/* What may follow an option that takes a value. */
static void
completion_values(const struct verb_option *option, char letter, FILE *file)
{
	if (option->value == NULL)
		return;
	fprintf(file, "\t--%s", option->name);
	if (letter != '\0')
		fprintf(file, " | -%c", letter);
	fputs(")\n\t\t", file);
	if (option->choices != NULL) {
		fputs("mapfile -t COMPREPLY < <(compgen -W '", file);
		completion_choices(option->choices, file);
		fputs("' -- \"$word\")\n\t\t", file);
	} else if (letter != '\0' || strncmp(option->value, "FILE", 4) == 0) {
		fputs("mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\t\t", file);
	}
	fputs("return\n\t\t;;\n", file);
}

/* The first words of the verbs, each once. */
static void
completion_firsts(FILE *file)
{
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++) {
		int size = (int)strcspn(verb->name, " ");

		if (verb->name[size] == '\0' || completion_opens_group(verb))
			fprintf(file, "%s%.*s", verb == verb_table ? "" : " ", size, verb->name);
	}
}

static void
completion_groups(FILE *file)
{
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++) {
		size_t size = strcspn(verb->name, " ");

		if (!completion_opens_group(verb))
			continue;
		fprintf(file, "\t%.*s)\n\t\toperands='", (int)size, verb->name);
		for (const struct verb *next = verb;
		     next->name != NULL && strncmp(next->name, verb->name, size + 1) == 0; next++)
			fprintf(file, "%s%s", next != verb ? " " : "", next->name + size + 1);
		fputs("'\n\t\t;;\n", file);
	}
}

static const char completion_head[] =
    "# Bash completion for musterctl: made by 'musterctl --print-completion'.\n"
    "# shellcheck shell=bash\n"
    "\n"
    "_musterctl()\n"
    "{\n"
    "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "\tlocal verb='' options='' operands='' files='' i\n"
    "\n"
    "\tcase $before in\n";

static const char completion_words[] =
    "\tesac\n"
    "\n"
    "\t# The verb is the first one or two words that are no options, nor their values.\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tcase ${COMP_WORDS[i]} in\n"
    "\t\t-c | -s | --config | --socket) ((i++)) ;;\n"
    "\t\t-*) ;;\n"
    "\t\t*)\n"
    "\t\t\tverb=${verb:+$verb }${COMP_WORDS[i]}\n"
    "\t\t\tcase $verb in\n";

static const char completion_tail[] =
    "\tesac\n"
    "\n"
    "\tif [[ $word == -* ]]; then\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
    "\telif [[ -n $files ]]; then\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
    "\telse\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$operands\" -- \"$word\")\n"
    "\tfi\n"
    "}\n"
    "complete -o filenames -F _musterctl musterctl\n";

/* Whether an earlier verb has an option of that name: its values are said once. */
static bool
completion_said(const struct verb *until, const char *name)
{
	for (const struct verb *verb = verb_table; verb != until; verb++)
		for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++)
			if (strcmp(verb->options[i].name, name) == 0)
				return true;
	return false;
}

void
usage_completion(FILE *file)
{
	fputs(completion_head, file);
	for (const struct verb_option *option = verb_common; option->name != NULL; option++)
		completion_values(option, verb_common_letter(option->name), file);
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++)
		for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++)
			if (!completion_said(verb, verb->options[i].name))
				completion_values(&verb->options[i], '\0', file);
	fputs(completion_words, file);
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++)
		if (completion_opens_group(verb))
			fprintf(
			    file, "\t\t\t%.*s) ;;\n", (int)strcspn(verb->name, " "), verb->name);
	fputs("\t\t\t*) break ;;\n\t\t\tesac\n\t\t\t;;\n\t\tesac\n\tdone\n\n", file);
	fputs("\toptions='", file);
	for (const struct verb_option *option = verb_common; option->name != NULL; option++)
		fprintf(file, "%s--%s", option == verb_common ? "" : " ", option->name);
	fputs("'\n\tcase $verb in\n\t'')\n\t\toptions+=' --version'\n\t\toperands='", file);
	completion_firsts(file);
	fputs("'\n\t\t;;\n", file);
	completion_groups(file);
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++)
		completion_verb(verb, file);
	fputs(completion_tail, file);
}
