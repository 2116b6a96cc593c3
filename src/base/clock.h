/*
 * The clock. Time is UTC milliseconds in 64 bits everywhere. clock_now is what due times are
 * measured by: the wall clock at the first call, moved on by CLOCK_BOOTTIME, so that a wall clock
 * that is set never makes anything due early. Tests link a clock of their own before this one.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall(void); /* the wall clock: what people are shown */
int64_t clock_boot(void); /* since boot, suspend included */
int64_t clock_now(void);  /* steady UTC: wall at the anchor + time since then */

/*
 * Anchors clock_now: a steady time that was clock_boot at boot. The journal keeps it for the boot
 * that it was made in, so that a restart of the daemon goes on with the same line.
 */
void clock_anchor(int64_t offset);
int64_t clock_offset(void);      /* clock_now() - clock_boot() */
const char *clock_boot_id(void); /* the kernel's id of this boot; "" where there is none */

#endif
