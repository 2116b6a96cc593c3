/*
 * Makes the papers that come from the configuration's rows:
 *	conf_doc example FILE	the configuration FILE, complete and with every key's meaning
 *	conf_doc manual FILE	the manual page FILE with the part between its markers renewed
 * Both go to standard output; 'make regenerate' puts them where they belong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/source.h"

#define BEGIN ".\\\" BEGIN of what conf_doc makes\n"
#define END ".\\\" END of what conf_doc makes\n"

static int
example(const char *path)
{
	struct conf_faults faults = {0};
	struct conf *conf = conf_read(path, &faults);

	for (size_t i = 0; i < faults.count; i++)
		fprintf(stderr, "%s\n", faults.lines[i]);
	conf_faults_fini(&faults);
	if (conf == NULL)
		return EXIT_FAILURE;
	fputs("# The configuration of musterd: see musterd.conf(5). Check it with 'musterd -t'.\n"
	      "# In brackets: what a key may hold, what it is where it is left out, and 'restart' "
	      "where only a\n"
	      "# restart can change it.\n\n",
	    stdout);
	conf_print(conf, stdout, CONF_PRINT_HELP);
	conf_free(&conf);
	return EXIT_SUCCESS;
}

static int
manual(const char *path)
{
	const char *why = "has no markers";
	char *page = source_load(path, 1 << 20, &why);
	char *begin = page == NULL ? NULL : strstr(page, BEGIN);
	char *end = begin == NULL ? NULL : strstr(begin, END);

	if (end == NULL) {
		fprintf(stderr, "%s: %s\n", path, page == NULL ? why : "has no markers");
		free(page);
		return EXIT_FAILURE;
	}
	fwrite(page, 1, (size_t)(begin - page) + strlen(BEGIN), stdout);
	conf_print_manual(stdout);
	fputs(end, stdout);
	free(page);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	int rc;

	if (argc == 3 && strcmp(argv[1], "example") == 0)
		rc = example(argv[2]);
	else if (argc == 3 && strcmp(argv[1], "manual") == 0)
		rc = manual(argv[2]);
	else {
		fputs("usage: conf_doc example|manual FILE\n", stderr);
		return 2;
	}
	return fflush(stdout) == 0 ? rc : EXIT_FAILURE;
}
