/*
 * What the files of 'musterctl sandbox' share. The usual order: folder_open, ports_settle,
 * slapd_prepare, slapd_start, daemon_configure, daemon_start, endpoints_write, then waiting. What
 * can fail returns -1 with err. Blocks; signals are blocked and taken by sandbox_pause alone.
 */
#ifndef MUSTERCTL_SANDBOX_INTERNAL_H
#define MUSTERCTL_SANDBOX_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define SUFFIX "dc=example,dc=mil"
#define ACCOUNTS_BASE "ou=people," SUFFIX
#define CLAIMS_BASE "ou=claims," SUFFIX
#define PERSONNEL_BASE "ou=personnel," SUFFIX
#define ADMIN_DN "cn=admin," SUFFIX
#define SERVICE_DN "cn=musterd,ou=services," SUFFIX

struct child {
	const char *name;
	pid_t pid; /* 0 where none runs */
};

struct sandbox {
	/* As the command line says. */
	char *people;                    /* absolute; NULL for the sample */
	int64_t asked_port, asked_delay; /* 0, -1 where not given */
	bool json;

	char *dir; /* absolute */
	int lock;
	bool stop; /* a signal said so */
	sigset_t signals_before;
	int64_t port, ldap_port;
	bool ports_changed;
	char *socket_dir; /* for unix sockets: the folder, or a short one where that is too long */
	struct child slapd, musterd;
};

/* sandbox.c: waits at most that long; a signal ends the waiting. */
void sandbox_pause(struct sandbox *sandbox, int64_t milliseconds);

/* sandbox_folder.c */
/* Makes or takes dir (NULL: a new temporary one) and its lock. */
int folder_open(struct sandbox *sandbox, const char *dir, struct err *err);
void folder_close(struct sandbox *sandbox);
char *folder_path(const struct sandbox *sandbox, const char *name); /* the caller frees */
int folder_make(const struct sandbox *sandbox, const char *name, struct err *err);
/* Written beside and renamed, with mode 0600. */
int folder_write(
    const struct sandbox *sandbox, const char *name, const char *text, struct err *err);
bool folder_has(const struct sandbox *sandbox, const char *name);
/* The secret in the file, made at random where it is missing; the caller wipes and frees. */
char *folder_secret(const struct sandbox *sandbox, const char *name, struct err *err);
/* The end of a log, on stderr. */
void folder_show_tail(const struct sandbox *sandbox, const char *name);

/* sandbox_net.c */
/* Ports as asked for, as the last time, or free ones; kept in DIR/sandbox.json. */
int ports_settle(struct sandbox *sandbox, struct err *err);
bool net_answers(int64_t port);  /* something accepts connections */
bool net_is_ready(int64_t port); /* /readyz: 200, and no directory is down */

/* sandbox_children.c */
/* The program's path, the caller's; NULL where it is in no place for programs. */
char *child_find(const char *name);
/* Starts a program that goes on running; its output is added to the log. */
int child_start(const struct sandbox *sandbox, struct child *child, char *const *argv,
    const char *log, struct err *err);
/* Runs a program to its end; output_out (may be NULL) is the caller's. What it said is in err where
 * it fails. */
int child_run(const struct sandbox *sandbox, char *const *argv, char **output_out, struct err *err);
/* Whether it has ended by now; then pid is 0 and how_out says how (the caller frees). */
bool child_has_ended(struct child *child, char **how_out);
void child_stop(struct sandbox *sandbox, struct child *child);

/* sandbox_slapd.c */
/* Builds the directories where they are missing, and loads other people where they are given. */
int slapd_prepare(struct sandbox *sandbox, struct err *err);
int slapd_start(struct sandbox *sandbox, struct err *err);
char *slapd_ldapi(const struct sandbox *sandbox); /* the socket's URI; the caller frees */

/* sandbox_daemon.c */
/* DIR/musterd.conf and what it names; an existing one is kept while nothing else is asked for. */
int daemon_configure(struct sandbox *sandbox, struct err *err);
/* Starts musterd and waits until it is ready. */
int daemon_start(struct sandbox *sandbox, struct err *err);
/* DIR/endpoints.json, and on stdout what to try next, or the same JSON. */
int endpoints_write(const struct sandbox *sandbox, struct err *err);
void endpoints_remove(const struct sandbox *sandbox);
char *daemon_admin_socket(const struct sandbox *sandbox); /* the caller frees */

#endif
