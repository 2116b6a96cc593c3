/*
 * The simulation: the real driver, plan and steps of one or two daemons, each with a journal of its
 * own, on one account directory; directories, journals, clocks, the loop and chance are fakes
 * linked in front of libmuster. One seed decides everything, so a failure is repeated by its seed.
 *
 *   world.c      who registers, who crashes, what people and administrators do, and when
 *   directory.c  behind dir/dir.h: replies late, lost, reordered; writes after they were given up
 *   journal.c    behind journal/journal.h: commits in groups, full at times, loses what is queued
 *   queue.c      time, and behind base/loop.h and pipeline/alarm.h
 *   oracle.c     judges every change of the directory and every commit, by rules of its own
 *   run.c        the seeds, the plants, the last line
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINES 2
#define SOURCES 2
#define SERVERS (1 + SOURCES)
#define TIMEOUT 10000 /* a question to a directory is given up after that */
#define PEOPLE "ou=people,dc=example,dc=mil"
#define CLAIMS "ou=claims,dc=example,dc=mil"
#define PERSONNEL "ou=personnel,dc=example,dc=mil"

/* A bug that is put in on purpose: the oracle must find it. */
enum plant {
	PLANT_NONE,
	PLANT_REPLACE,     /* the activation is a plain replace, no compare-and-set */
	PLANT_EARLY,       /* the steady line follows the wall clock */
	PLANT_LOSE_COMMIT, /* what is not committed is acknowledged */
	PLANT_TWICE,       /* nobody sees that the person has a claim or an account */
	PLANT_DEAF,        /* the timer does not ring for what was saved */
	PLANT_BLIND,       /* a lapsed record is shown as it was */
	PLANT_KEEP,        /* deletes are answered, and not carried out */
	PLANT_FORGET,      /* one save in a thousand is answered, and not kept */
	PLANT_COUNT,
};

struct sim {
	uint64_t seed;
	enum plant plant;
	bool trace;
	bool failed;
	char why[600];
	uint64_t registrations, crashes, faults, questions, events;
	uint64_t ended[8]; /* by state */
	uint64_t reboots, wishes, hands, strays;
};
extern struct sim sim;

/* One seed's world, from its first registration until everything has ended. */
void world_run(uint64_t seed, unsigned registrations);

/* ---- chance ---- */

void chance_seed(uint64_t seed);
uint64_t chance_below(uint64_t limit);             /* 0 … limit - 1 */
int64_t chance_between(int64_t low, int64_t high); /* both may come */
bool chance_of(unsigned many);                     /* many in 10,000 */

/* A line of the trace. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The seed has failed; the first reason is kept. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
