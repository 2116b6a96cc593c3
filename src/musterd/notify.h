/* sd_notify(3)'s protocol, for a supervisor that set NOTIFY_SOCKET; nothing where there is none. */
#ifndef MUSTERD_NOTIFY_H
#define MUSTERD_NOTIFY_H

#include <stdint.h>

void notify_supervisor(const char *state); /* "READY=1" */
void notify_reloading(void);               /* until the next "READY=1" */
/* How long the supervisor waits for "WATCHDOG=1", in milliseconds; 0: it wants none from us. */
int64_t notify_watchdog(void);

#endif
