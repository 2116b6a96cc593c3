/*
 * The supervisor's watchdog (sd_watchdog_enabled(3)): pings from the loop every half of
 * WATCHDOG_USEC, as long as no thread is stuck. So a loop that hangs is noticed after
 * WATCHDOG_USEC, and another thread that has been at one piece of work for twice as long: an fsync
 * on a slow disk takes seconds now and then, and ends; the shipped unit gives it two minutes.
 */
#ifndef MUSTERD_WATCHDOG_H
#define MUSTERD_WATCHDOG_H

struct loop;
struct watchdog;

/* NULL where no supervisor wants pings. */
struct watchdog *watchdog_new(struct loop *loop);
void watchdog_free(struct watchdog **watchdog);

#endif
