/*
 * Signs of life of the threads that work beside the loop: each says when it begins and ends a piece
 * of work, and whoever looks now and then sees which one has been at the same piece for too long.
 * All but pulse_begin and pulse_end are for the loop's thread.
 */
#ifndef BASE_PULSE_H
#define BASE_PULSE_H

#include <stdatomic.h>
#include <stdint.h>

struct pulse {
	const char *what;  /* "journal": for the log */
	atomic_uint count; /* odd: at work */
	unsigned seen;
	int64_t still; /* milliseconds of looking for which it was at the same piece of work */
	struct pulse *next;
};

/* The pulse stays the caller's, and beats until pulse_stop. */
void pulse_start(struct pulse *pulse, const char *what);
void pulse_stop(struct pulse *pulse);

void pulse_begin(struct pulse *pulse);
void pulse_end(struct pulse *pulse);

/*
 * What has been at one piece of work for 'limit' milliseconds, or NULL. To be called every 'passed'
 * milliseconds: only the time that the loop was awake counts, so that a machine that slept, or a
 * process that was stopped, makes nobody late.
 */
const char *pulse_stuck(int64_t passed, int64_t limit);

#endif
