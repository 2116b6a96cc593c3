#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "musterctl/usage.h"
#include "musterctl/verbs.h"

#define WIDTH 78

/* "list [--state S] [--limit N] [--overdue]" */
static int
usage_form(const struct verb *verb, FILE *file)
{
	int n =
	    fprintf(file, "%s%s%s", verb->name, *verb->operands != '\0' ? " " : "", verb->operands);

	for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++) {
		const struct verb_option *option = &verb->options[i];

		n += fprintf(file, " [--%s%s%s]", option->name, option->value != NULL ? " " : "",
		    option->value != NULL ? option->value : "");
	}
	return n;
}

/* Words folded at the width of a page, each line set in. */
static void
usage_fold(const char *words, size_t indent, FILE *file)
{
	size_t column = 0;

	while (*words != '\0') {
		size_t size = strcspn(words, " ");

		if (column != 0 && column + 1 + size > WIDTH) {
			fputc('\n', file);
			column = 0;
		}
		if (column == 0)
			column = (size_t)fprintf(file, "%*s", (int)indent, "");
		else
			column += (size_t)fprintf(file, " ");
		column += (size_t)fprintf(file, "%.*s", (int)size, words);
		words += size;
		words += strspn(words, " ");
	}
	fputc('\n', file);
}

static void
usage_option(const struct verb_option *option, char letter, FILE *file)
{
	char form[80];

	snprintf(form, sizeof(form), "%c%c%s--%s%s%s", letter != '\0' ? '-' : ' ',
	    letter != '\0' ? letter : ' ', letter != '\0' ? ", " : "  ", option->name,
	    option->value != NULL ? " " : "", option->value != NULL ? option->value : "");
	fprintf(file, "  %-22s %s\n", form, option->help);
	if (option->choices != NULL)
		fprintf(file, "  %-22s (%s)\n", "", option->choices);
}

static void
usage_common(FILE *file)
{
	for (const struct verb_option *option = verb_common; option->name != NULL; option++)
		usage_option(option, verb_common_letter(option->name), file);
}

void
usage_program(FILE *file)
{
	fputs("usage: musterctl [-c FILE] [-s SOCKET] [--json] VERB …\n"
	      "Administers musterd over its admin socket.\n\nVerbs:\n",
	    file);
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++) {
		fputs("  ", file);
		usage_form(verb, file);
		fputc('\n', file);
		usage_fold(verb->summary, 6, file);
	}
	fputs("\nOptions, before the verb or after it:\n", file);
	usage_common(file);
	fputs("  -V, --version          say the version\n"
	      "\n'musterctl VERB --help' says more about one verb.\n"
	      "Exit codes: 0 done; 1 failed (reason on standard error); 2 usage; 3 configuration;\n"
	      "4 daemon not reachable. The default configuration is\n" SYSCONFDIR
	      "/musterd/musterd.conf.\n",
	    file);
}

void
usage_verb(const struct verb *verb, FILE *file)
{
	fputs("usage: musterctl ", file);
	usage_form(verb, file);
	fputc('\n', file);
	usage_fold(verb->summary, 0, file);
	if (verb->words != NULL)
		usage_fold(verb->words, 0, file);
	fputs("\nOptions:\n", file);
	for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++)
		usage_option(&verb->options[i], '\0', file);
	usage_common(file);
}

/* Every sentence begins a line, as mdoc wants it. */
static void
usage_manual_words(const char *words, FILE *file)
{
	while (*words != '\0') {
		const char *stop = strstr(words, ". ");
		size_t size = stop != NULL ? (size_t)(stop - words) + 1 : strlen(words);
		char *sentence = mem_text_n(words, size);

		usage_fold(sentence, 0, file);
		free(sentence);
		words += size;
		words += *words == ' ';
	}
}

static void
usage_manual_item(const struct verb *verb, FILE *file)
{
	fprintf(file, ".It Cm %s", verb->name);
	if (*verb->operands == '[')
		fprintf(
		    file, " Op Ar %.*s", (int)strcspn(verb->operands + 1, "]"), verb->operands + 1);
	else if (*verb->operands != '\0')
		fprintf(file, isupper((unsigned char)*verb->operands) ? " Ar %s" : " Cm %s",
		    verb->operands);
	for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++) {
		const struct verb_option *option = &verb->options[i];

		fprintf(file, " Oo Fl -%s", option->name);
		if (option->value != NULL)
			fprintf(file, " Ar %s", option->value);
		fputs(" Oc", file);
	}
	fputc('\n', file);
}

static void
usage_manual_options(const struct verb *verb, FILE *file)
{
	fputs(".Bl -tag -width Ds\n", file);
	for (int i = 0; i < VERB_OPTIONS && verb->options[i].name != NULL; i++) {
		const struct verb_option *option = &verb->options[i];

		fprintf(file, ".It Fl -%s", option->name);
		if (option->value != NULL)
			fprintf(file, " Ar %s", option->value);
		fprintf(file, "\n%c%s", toupper((unsigned char)*option->help), option->help + 1);
		if (option->choices != NULL) {
			fputs(":\n", file);
			for (const char *at = option->choices; *at != '\0'; at++)
				if (*at == '|')
					fputs(", ", file);
				else
					fputc(*at, file);
		}
		fputs(".\n", file);
	}
	fputs(".El\n", file);
}

void
usage_manual(FILE *file)
{
	for (const struct verb *verb = verb_table; verb->name != NULL; verb++) {
		usage_manual_item(verb, file);
		usage_manual_words(verb->summary, file);
		if (verb->words != NULL)
			usage_manual_words(verb->words, file);
		if (verb->options[0].name != NULL)
			usage_manual_options(verb, file);
	}
}
