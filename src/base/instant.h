/*
 * How an instant (UTC milliseconds) is written: RFC 3339 for the API, generalizedTime (RFC 4517
 * section 3.3.13, whole seconds, Z) for the directory. An instant of 0 is 'none'.
 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stdint.h>

#define INSTANT_SIZE 32

/* "2026-01-31T08:00:00.123Z" into out; returns out. */
const char *instant_rfc3339(int64_t instant, char out[INSTANT_SIZE]);
/* "20260131080000Z" into out, milliseconds cut; returns out. */
const char *instant_generalized(int64_t instant, char out[INSTANT_SIZE]);
/* The next whole second: never earlier than the instant. */
int64_t instant_ceil_second(int64_t instant);
/* Reads "YYYYMMDDHHMMSSZ"; -1 where it is anything else. */
int instant_read_generalized(const char *text, int64_t *instant_out);

#endif
