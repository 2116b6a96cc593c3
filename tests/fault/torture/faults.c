#include <sanitizer/common_interface_defs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"

static atomic_bool within_main;
static _Atomic(struct site *) sites;
/* The point that fails. */
static char point_site[64], point_label[32];
static unsigned point_call;

static void
site_note(struct site *site)
{
	site->next = sites;
	while (!atomic_compare_exchange_weak(&sites, &site->next, site))
		;
}

const struct failure *
fault_at(struct site *site)
{
	const struct failure *failure = site->failures;
	unsigned call;

	if (!within_main)
		return NULL;
	call = ++site->calls;
	if (call == 1)
		site_note(site);
	if (call != point_call || strcmp(site->name, point_site) != 0)
		return NULL;
	while (failure->label != NULL && strcmp(failure->label, point_label) != 0)
		failure++;
	if (failure->label == NULL)
		return NULL;
	dprintf(2, "torture: %s.%s:%u\n", site->name, failure->label, call);
	if (getenv("MUSTER_TORTURE_TRACE") != NULL)
		__sanitizer_print_stack_trace();
	return failure;
}

static void
faults_tell(const char *path)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		abort();
	for (const struct site *site = sites; site != NULL; site = site->next) {
		fprintf(file, "%s %u", site->name, site->calls);
		for (const struct failure *it = site->failures; it->label != NULL; it++)
			fprintf(file, " %s", it->label);
		fputc('\n', file);
	}
	fclose(file);
}

/* The daemon's own main between ours, by --wrap. */
int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

int
__wrap_main(int argc, char **argv)
{
	const char *point = getenv("MUSTER_TORTURE"), *counts = getenv("MUSTER_TORTURE_COUNTS");
	int result;

	if (point != NULL &&
	    sscanf(point, "%63[^.].%31[^:]:%u", point_site, point_label, &point_call) != 3) {
		fprintf(stderr, "MUSTER_TORTURE is SITE.LABEL:N\n");
		return 2;
	}
	hooks_install();
	within_main = true;
	result = __real_main(argc, argv);
	within_main = false;
	if (counts != NULL)
		faults_tell(counts);
	return result;
}
