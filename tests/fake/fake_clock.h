/*
 * A clock that tests turn, behind base/clock.h, linked in front of libmuster. It stands still until
 * it is turned. Its boot line runs far ahead of the machine's, so that no timerfd armed by it ever
 * rings: a test turns the clock, then calls driver_wake.
 */
#ifndef FAKE_CLOCK_H
#define FAKE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

void fake_clock_set(int64_t now);                /* the wall and the steady line */
void fake_clock_add(int64_t milliseconds);       /* time goes by */
void fake_clock_step_wall(int64_t milliseconds); /* somebody sets the wall clock */
void fake_clock_reboot(void);                    /* another boot id; the wall alone goes on */
void fake_clock_synchronise(bool yes); /* what the kernel says of the wall; yes at first */

#endif
