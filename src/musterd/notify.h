/* sd_notify(3)'s protocol, for a supervisor that set NOTIFY_SOCKET; nothing where there is none. */
#ifndef MUSTERD_NOTIFY_H
#define MUSTERD_NOTIFY_H

void notify_supervisor(const char *state); /* "READY=1" */

#endif
