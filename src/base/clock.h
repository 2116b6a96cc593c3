/*
 * The clock. Time is UTC milliseconds in 64 bits everywhere. clock_now is what due times are
 * measured by: the wall clock at the first call, moved on by CLOCK_BOOTTIME, so that a wall clock
 * that is set never makes anything due early. Tests link a clock of their own before this one.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_wall(void); /* the wall clock: what people are shown */
int64_t clock_boot(void); /* since boot, suspend included */
int64_t clock_now(void);  /* steady UTC: wall at the anchor + time since then */
/* Whether the kernel says that something (NTP, PTP) keeps the wall clock right. */
bool clock_is_synchronised(void);

/*
 * Anchors clock_now: a steady time that was clock_boot at boot. pipeline/timekeeper keeps the line
 * going across restarts of the daemon and of the machine.
 */
void clock_anchor(int64_t offset);
int64_t clock_offset(void);      /* clock_now() - clock_boot() */
const char *clock_boot_id(void); /* the kernel's id of this boot; "" where there is none */

/*
 * What is added to a time on the line before people see it: how far the wall clock that they have
 * is ahead, in whole seconds, so that it stays the same from one answer to the next.
 */
static inline int64_t
clock_lead(void)
{
	int64_t lead = clock_wall() - clock_now();

	return (lead + (lead < 0 ? -500 : 500)) / 1000 * 1000;
}

#endif
