/*
 * A clock that tests turn, behind base/clock.h, linked in front of libmuster. It stands still until
 * it is turned. Its boot line runs far ahead of the machine's, so that no timerfd armed by it ever
 * rings: a test turns the clock, then calls driver_wake. There may be several machines, each with a
 * wall, a boot and a line of its own; time goes by on all.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_MACHINES 4

void fake_clock_choose(int machine);             /* whom all the others speak of; 0 at first */
void fake_clock_set(int64_t now);                /* the wall and the steady line */
void fake_clock_add(int64_t milliseconds);       /* time goes by */
void fake_clock_step_wall(int64_t milliseconds); /* somebody sets the wall clock */
void fake_clock_reboot(void);                    /* another boot id; the wall alone goes on */
void fake_clock_synchronise(bool yes); /* what the kernel says of the wall; yes at first */
/* A bug that a test puts in: the line follows the wall. */
void fake_clock_follow_wall(bool yes);

#endif
