/*
 * The audit log: one JSON line a decision, in a chain that can't be changed unseen (chain.h), with
 * signed heads (head.h). Hides files, keys, rotation and what is done where the disk is full.
 *
 * A line is written at once (one write(2) to the end of the file), before its decision is answered,
 * so that a killed daemon has lost none; a thread flushes within a second. What can't be written
 * waits in memory, in order, and is written when that is possible again; audit_trouble says so
 * meanwhile, and new registrations are not taken. Of what a stranger can cause at will, audit_count
 * writes some lines a minute and then how many more there were.
 *
 * The usual order: audit_open, audit_write and audit_count, audit_reopen on SIGHUP, audit_close
 * before the loop is freed. In all but audit_open audit may be NULL: then none is kept.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit;
struct err;
struct loop;

/* What was decided: codes, ids and keyed hashes alone. All but event and actor may be NULL; texts
 * are cut at 128 bytes. */
struct audit_decision {
	const char *event;        /* one word for the kind of decision */
	const char *actor;        /* who: "musterd", "portal:NAME", "admin:UID", "unknown" */
	const char *request;      /* the request's id */
	const char *registration; /* its id */
	const char *person;       /* keyed hash of the identifier */
	const char *account;      /* uid */
	const char *what;         /* a verb, a route, a row of the plan */
	const char *outcome;      /* one word */
	const char *reason;       /* the name of a problem or a code */
	const char *digest;       /* SHA-256 of what is too long, or no business of the log's */
	int64_t count;            /* of whatever the event counts; 0: none */
};

/* Where the log and its keys are; copied. Beside key_file is the chain's state, KEY_FILE.state;
 * beside sign_file the public key, SIGN_FILE.pub. */
struct audit_files {
	const char *path, *key_file, *sign_file;
	int64_t head_every; /* milliseconds from a line to the head that covers it, at most */
};

/* What the daemon's own log is to say: heads (with them there it is seen where the log was cut),
 * and trouble. */
typedef void audit_notice_fn(bool is_trouble, const char *words, void *arg);

struct audit *audit_open(struct loop *loop, const struct audit_files *files,
    audit_notice_fn *notice, void *arg, struct err *err);
void audit_close(struct audit **audit); /* with a head */
void audit_write(struct audit *audit, const struct audit_decision *decision);
void audit_count(struct audit *audit, const struct audit_decision *decision);
/* Where the file was renamed: ends it with a line that says so, and goes on in a new one. */
void audit_reopen(struct audit *audit);
/* Why lines can't be written or flushed; NULL: all is well. */
const char *audit_trouble(const struct audit *audit);
size_t audit_waiting(const struct audit *audit); /* lines that wait in memory */
int64_t audit_seq(const struct audit *audit);    /* of the last line */

#endif
