/*
 * What submit says: a result a line on stdout, a bar on a terminal's stderr, a summary there.
 */
#ifndef MUSTERCTL_SUBMIT_REPORT_H
#define MUSTERCTL_SUBMIT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report {
	bool json;
	size_t taken, failed;
	int64_t began; /* clock_boot */
};

void report_start(struct report *report, bool json);
/*
 * The result of one line. status is HTTP's, 0 where the daemon was not asked; answer is the
 * registration, or a problem, or NULL.
 */
void report_line(struct report *report, size_t number, long status, json_t *answer);
/* Draws the bar, a few times a second at most; permille is -1 where the whole is not known. */
void report_progress(struct report *report, int permille);
/* Takes the bar away, and says how it went. */
void report_end(struct report *report);

#endif
