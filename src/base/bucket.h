/*
 * A token bucket: tokens come in at a rate, and so many are held at most. What is kept is how much
 * is spent, so that one of zeros is full. Pure, and whole numbers alone: a token has 60,000 parts,
 * of which a rate of one a minute brings one a millisecond. now is of a clock that is never set
 * (clock_boot).
 */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdint.h>

#define BUCKET_MOST 1000000000 /* of either number of a limit */

struct bucket_limit {
	int64_t per_minute; /* 0: there is no limit */
	int64_t burst;      /* tokens that a full one holds, 1 or more */
};

struct bucket {
	int64_t spent; /* parts */
	int64_t at;
};

/* Milliseconds until there is a token; 0: there is one. */
int64_t bucket_wait(struct bucket *bucket, const struct bucket_limit *limit, int64_t now);
/* Takes one, also where there is none: what comes in pays for that first. */
void bucket_spend(struct bucket *bucket, const struct bucket_limit *limit, int64_t now);
/* After another limit was set: no more is spent than it holds. */
void bucket_clamp(struct bucket *bucket, const struct bucket_limit *limit);

#endif
