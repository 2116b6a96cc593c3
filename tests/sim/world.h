/*
 * The world of one seed: people and their records, machines and their lives, the weather.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

struct subject;

/* How likely what goes wrong is, in 10,000; all 0 once it has calmed down. */
struct weather {
	unsigned refused; /* of questions: busy, denied … */
	unsigned invalid; /* of the writes among them: never to be accepted */
	unsigned lost, late, slow;
	int64_t late_most;           /* after it was given up */
	unsigned broken, queue_full; /* of commits, of writes to the journal */
	unsigned mischief;           /* events between two of the world's, about; 0: none */
};
const struct weather *weather_now(void);

/* Since when every machine, directory and journal has been well; INT64_MAX while one is not. */
int64_t world_healthy_since(void);
/* Time that a machine was off and can't know of: its clock was not synchronised on both sides. */
int64_t world_may_be_late(int machine);
/* The client of a registration was told to come again, or heard nothing. */
void world_not_acknowledged(struct subject *subject);

#endif
