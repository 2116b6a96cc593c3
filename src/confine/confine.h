/*
 * Confinement: what the process gives up for good, so that whoever takes it over gets little. Its
 * user, all files but those that the configuration names (Landlock), all system calls but those
 * that it makes (seccomp). Calls in this order: confine_user and confine_files while there is one
 * thread, for both count for the threads that are started after them; confine_calls once everything
 * is open and all sockets listen, it counts for every thread. None of them can be undone.
 */
#ifndef CONFINE_CONFINE_H
#define CONFINE_CONFINE_H

#include <stdbool.h>

struct conf;
struct conf_confine;
struct err;

/* Becomes confine.user for good; *changed_out where that is not who we were. */
int confine_user(const struct conf_confine *conf, bool *changed_out, struct err *err);
int confine_check_user(const struct conf_confine *conf, struct err *err); /* is there such a one */

/* -1 only where the configuration requires it and it can't be; else a line in the log says so. */
int confine_files(const struct conf *conf, struct err *err);
int confine_calls(const struct conf_confine *conf, struct err *err);

#endif
