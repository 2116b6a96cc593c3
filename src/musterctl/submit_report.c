#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "musterctl/client.h"
#include "musterctl/screen.h"
#include "musterctl/submit_report.h"
#include "musterctl/verbs.h"

#define DRAW_MILLISECONDS 100
#define BAR_MOST 40
#define BAR_LEAST 10
#define BAR_WORDS 60 /* columns for the words beside it */

void
report_start(struct report *report, bool json)
{
	const char *terminal = getenv("TERM");

	*report = (struct report){.json = json, .began = clock_boot()};
	report->bar = isatty(STDERR_FILENO) && terminal != NULL && *terminal != '\0' &&
		      strcmp(terminal, "dumb") != 0;
}

static void
report_clear(struct report *report)
{
	if (report->bar && report->drawn != 0)
		fputs("\r\033[K", stderr);
	report->drawn = 0;
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

	report_clear(report);
	if (taken)
		report->taken++;
	else
		report->failed++;
	if (report->json)
		report_line_json(number, status, answer, taken);
	else
		report_line_words(number, status, answer, taken);
}

static int
report_bar_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return BAR_MOST;
	if (size.ws_col < BAR_LEAST + BAR_WORDS)
		return 0;
	return size.ws_col - BAR_WORDS < BAR_MOST ? size.ws_col - BAR_WORDS : BAR_MOST;
}

void
report_progress(struct report *report, int permille)
{
	int64_t now = clock_boot(), passed = now - report->began;
	size_t count = report->taken + report->failed;
	int width = report_bar_width();

	if (!report->bar || (report->drawn != 0 && now - report->drawn < DRAW_MILLISECONDS))
		return;
	report->drawn = now;
	fputs("\r\033[K", stderr);
	if (permille >= 0 && width > 0) {
		fputc('[', stderr);
		for (int i = 0; i < width; i++)
			fputc(i < permille * width / 1000 ? '#' : '.', stderr);
		fprintf(stderr, "] %3d %%  ", permille / 10);
	}
	fprintf(stderr, "%zu lines, %zu failed, %.0f a second", count, report->failed,
	    passed > 0 ? (double)count * 1000 / (double)passed : 0.0);
	fflush(stderr);
}

void
report_end(struct report *report)
{
	report_clear(report);
	fflush(stdout);
	command_say("%zu lines: %zu taken, %zu failed", report->taken + report->failed,
	    report->taken, report->failed);
}
