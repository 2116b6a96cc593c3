#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/submit_report.h"
#include "musterctl/verbs.h"

void
report_start(struct report *report, bool json)
{
	*report = (struct report){.json = json, .began = clock_boot()};
}

static void
report_line_json(size_t number, long status, json_t *answer, bool taken)
{
	json_t *line = json_object();

	json_object_set_new(line, "line", json_integer((json_int_t)number));
	json_object_set_new(
	    line, "status", status != 0 ? json_integer((json_int_t)status) : json_null());
	json_object_set_new(line, taken ? "registration" : "problem",
	    answer != NULL ? json_incref(answer) : json_object());
	screen_json(line, true, stdout);
	json_decref(line);
}

static void
report_line_words(size_t number, long status, const json_t *answer, bool taken)
{
	char *words;

	printf("%7zu  ", number);
	if (status != 0)
		printf("%3ld  ", status);
	else
		fputs("  -  ", stdout);
	if (taken) {
		const char *uid = json_text(answer, "uid");

		words = mem_format("%s  %-9s  %s",
		    json_text(answer, "id") != NULL ? json_text(answer, "id") : "-",
		    json_text(answer, "state") != NULL ? json_text(answer, "state") : "-",
		    uid != NULL ? uid : "-");
	} else {
		words = client_problem_words(answer, status);
	}
	for (char *at = strchr(words, '\n'); at != NULL; at = strchr(at, '\n'))
		*at = ' ';
	screen_print(words, stdout);
	putchar('\n');
	free(words);
}

void
report_line(struct report *report, size_t number, long status, json_t *answer)
{
	bool taken = status >= 200 && status < 300;

	screen_bar_clear();
	if (taken)
		report->taken++;
	else
		report->failed++;
	if (report->json)
		report_line_json(number, status, answer, taken);
	else
		report_line_words(number, status, answer, taken);
}

void
report_progress(struct report *report, int permille)
{
	int64_t passed = clock_boot() - report->began;
	size_t count = report->taken + report->failed;
	char *words = mem_format("%zu lines, %zu failed, %.0f a second", count, report->failed,
	    passed > 0 ? (double)count * 1000 / (double)passed : 0.0);

	screen_bar(permille, words);
	free(words);
}

void
report_end(struct report *report)
{
	screen_bar_clear();
	fflush(stdout);
	command_say("%zu lines: %zu taken, %zu failed", report->taken + report->failed,
	    report->taken, report->failed);
}
