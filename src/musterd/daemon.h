/*
 * The daemon put together: daemon_start and daemon_stop are mirror images. daemon_check is what
 * 'musterd -t' does.
 */
#ifndef MUSTERD_DAEMON_H
#define MUSTERD_DAEMON_H

struct conf;
struct daemon;
struct err;

/* Everything up to listening; NULL with err (ERR_INPUT: the configuration, as conf_read said on
 * stderr; else the start failed). */
struct daemon *daemon_start(const char *conf_path, struct err *err);
void daemon_run(struct daemon *daemon); /* until SIGTERM or SIGINT, drained */
void daemon_stop(struct daemon **daemon);

/* The configuration, every fault said on stderr; NULL where there is one. */
struct conf *daemon_read_conf(const char *path);

/* Checks the configuration and all that it names; says every fault on stderr. 0 where there is
 * none. (check.c) */
int daemon_check(const char *conf_path);

#endif
